//! Writing LDIF (RFC 2849): lines of at most 76 characters, base64 where a value is no safe text.

use crate::sds::entry::Entry;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const WIDTH: usize = 76;

/// The LDIF text of these entries, in their order. It has no `version:` line, which OpenLDAP's `slapadd` does not read.
#[must_use]
pub fn write<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> String {
    let mut text = String::new();
    for entry in entries {
        if !text.is_empty() {
            text.push('\n');
        }
        push_line(&mut text, "dn", entry.dn().as_str());
        for attribute in entry.attributes() {
            for value in &attribute.values {
                push_line(&mut text, &attribute.name, value);
            }
        }
    }
    text
}

fn push_line(text: &mut String, name: &str, value: &str) {
    let line = match (is_safe(value), value) {
        (true, "") => format!("{name}:"),
        (true, value) => format!("{name}: {value}"),
        (false, value) => format!("{name}:: {}", STANDARD.encode(value)),
    };
    // The line is ASCII, so that it can be cut anywhere; each further line begins with a space.
    let mut rest = line.as_str();
    let mut room = WIDTH;
    while rest.len() > room {
        let (head, tail) = rest.split_at(room);
        text.push_str(head);
        text.push_str("\n ");
        (rest, room) = (tail, WIDTH - 1);
    }
    text.push_str(rest);
    text.push('\n');
}

/// SAFE-STRING of RFC 2849, without a space at the end, which would not survive.
fn is_safe(value: &str) -> bool {
    !value.starts_with([' ', ':', '<'])
        && !value.ends_with(' ')
        && value.bytes().all(|byte| byte.is_ascii() && !b"\0\r\n".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sds::dn::Dn;
    use crate::sds::ldif::read;
    use proptest::prelude::*;

    // covers: SDS-63
    #[test]
    fn long_lines_are_folded_and_unsafe_values_encoded() {
        let entry = Entry::new(Dn::parse("o=nhs").unwrap())
            .with("nhsAsSvcIA", format!("urn:nhs:names:services:{}", "x".repeat(100)))
            .with("description", " begins with a space")
            .with("description", "");
        let text = write([&entry]);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.contains("\ndescription:: ") && text.ends_with("\ndescription:\n"));
        assert_eq!(read(&text).unwrap(), [entry]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(values in proptest::collection::vec(any::<String>(), 1..4)) {
            let mut entry = Entry::new(Dn::parse("cn=a\\,b,o=nhs").unwrap());
            values.iter().for_each(|value| entry.add("description", value.as_str()));
            prop_assert_eq!(read(&write([&entry])).unwrap(), vec![entry]);
        }
    }
}
