//! An Appointment or a Slot as somebody names it on the command line: by its id, as `Type/ID`, or by its address at the Provider.

use roles::consumer::Endpoint;

use crate::failure::{Exit, Failure};

/// The id of what `text` names at this endpoint. A version in an address is dropped.
///
/// # Errors
/// Exit 2: another Provider's address, or no id.
pub(super) fn id_at(endpoint: &Endpoint, resource_type: &str, text: &str) -> Result<String, Failure> {
    let local = if text.contains("://") {
        text.strip_prefix(endpoint.root.as_str()).and_then(|rest| rest.strip_prefix('/')).ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                format!("{text} is not at this service"),
                format!("the service {} is at {}", endpoint.asid, endpoint.root),
                "name the service that holds it with --service ASID",
            )
        })?
    } else {
        text
    };
    let local = local.split("/_history/").next().unwrap_or(local);
    let id = local.strip_prefix(resource_type).and_then(|rest| rest.strip_prefix('/')).unwrap_or(local);
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    if (1..=64).contains(&id.len()) && id.bytes().all(is_id) {
        return Ok(id.to_owned());
    }
    let why = format!("an id has 1 to 64 letters, digits, - and ., and {} came", spine::identifiers::quote(id));
    let cure = format!("write ID, {resource_type}/ID, or its address");
    Err(Failure::new(Exit::Usage, format!("this names no {resource_type}"), why, cure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_stand_alone_with_its_type_or_in_an_address() {
        let endpoint = Endpoint {
            asid: spine::Asid::parse("918999198999").unwrap(),
            party_key: "X".into(),
            root: "https://p.test/STU3/1/demo".into(),
            lookups: Vec::new(),
        };
        for text in [
            "a-1",
            "Appointment/a-1",
            "https://p.test/STU3/1/demo/Appointment/a-1",
            "https://p.test/STU3/1/demo/Appointment/a-1/_history/2",
        ] {
            assert_eq!(id_at(&endpoint, "Appointment", text).unwrap(), "a-1", "{text}");
        }
        for text in ["", "Slot/1", "a b", "../1", "https://p.test/STU3/1/demonstration/Appointment/1", "https://q/1"] {
            assert_eq!(id_at(&endpoint, "Appointment", text).unwrap_err().exit, Exit::Usage, "{text}");
        }
    }
}
