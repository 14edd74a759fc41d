//! The demo's ports: which part listens where, and what is said when a port is taken (interfaces.md §2).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};

use crate::failure::{Exit, Failure};

/// A listener of the demo.
struct Part {
    name: &'static str,
    /// Its port, counted from `--port-base`.
    offset: u16,
    /// Its port when nothing is said.
    usual: u16,
}

const fn part(name: &'static str, offset: u16, usual: u16) -> Part {
    Part { name, offset, usual }
}

/// Every listener. Roles' operations listeners are called `ROLE operations`.
const PARTS: &[Part] = &[
    part("web", 0, 8080),
    part("ssp", 1, 8443),
    part("provider", 2, 8444),
    part("registry", 3, 8445),
    part("token", 4, 8446),
    part("ldap", 5, 1389),
    part("ldaps", 6, 1636),
    part("admin", 7, 8447),
    part("sds fhir", 8, 8448),
    part("web operations", 10, 8450),
    part("ssp operations", 11, 8451),
    part("provider operations", 12, 8452),
    part("registry operations", 13, 8453),
    part("sds operations", 14, 8454),
    part("token operations", 15, 8455),
];

/// A listener for each part, by its name, on 127.0.0.1 and not blocking: at `base` and the ports after it, at free ports for 0, or at
/// the usual ones. A port that is taken is a matter of usage: exit code 2, with the port and its part.
pub fn bind(base: Option<u16>) -> Result<BTreeMap<&'static str, TcpListener>, Failure> {
    PARTS.iter().map(|part| Ok((part.name, bind_one(part, base)?))).collect()
}

fn bind_one(part: &Part, base: Option<u16>) -> Result<TcpListener, Failure> {
    let port = match base {
        None => Some(part.usual),
        Some(0) => Some(0),
        Some(base) => base.checked_add(part.offset),
    };
    let Some(port) = port else {
        let cure = format!("take one below {}", u16::MAX - 15);
        return Err(Failure::new(
            Exit::Usage,
            "the demo was not started",
            format!("--port-base {} leaves no port for {}", base.unwrap_or(0), part.name),
            cure,
        ));
    };
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    bound.map_err(|error| {
        let why = format!("port {port} of 127.0.0.1, for {}, cannot be listened on: {error}", part.name);
        Failure::new(
            Exit::Usage,
            "the demo was not started",
            why,
            "end what holds it, or choose other ports with --port-base N (0 takes free ones)",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_are_taken_for_every_part() {
        let listeners = bind(Some(0)).unwrap();
        assert_eq!(listeners.len(), PARTS.len());
        let again = bind(Some(0)).unwrap();
        assert_ne!(listeners["web"].local_addr().unwrap(), again["web"].local_addr().unwrap());
    }

    #[test]
    fn no_two_parts_share_a_port() {
        for (index, one) in PARTS.iter().enumerate() {
            for other in &PARTS[index + 1..] {
                assert!(one.offset != other.offset && one.usual != other.usual, "{} and {}", one.name, other.name);
            }
        }
    }

    #[test]
    fn a_port_that_is_taken_is_named_with_its_part() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let failure = bind(Some(port)).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.why.contains(&format!("port {port} of 127.0.0.1, for web")), "{failure}");
        let failure = bind_one(&PARTS[7], Some(65_530)).unwrap_err();
        assert!(failure.why.contains("leaves no port for admin"), "{failure}");
    }
}
