//! Rules about single values that no type's form can say: absolute URIs, identifiers that are URIs, attachments, and
//! elements that are attributes in XML.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::Node;
use fhir::schema::{Strength, XmlForm};

use super::Walk;
use super::extension::is_absolute;
use crate::findings::{Finding, quote};
use crate::issue::{Kind, Severity};
use crate::primitive::is_uuid;
use spine::systems::UUID;

/// URIs that have to be absolute: type and element.
const ABSOLUTE: &[(&str, &str)] =
    &[("Coding", "system"), ("Quantity", "system"), ("Identifier", "system"), ("CapabilityStatement", "url")];

/// The system of identifiers that are URIs themselves.
const URIS: &str = "urn:ietf:rfc:3986";

impl<'n> Walk<'n, '_> {
    /// Elements of this type that have to be absolute URIs. A Coding of a CodeableConcept is only warned of: its text and
    /// the other codings say what is meant, too. So is one that is bound
    /// to codes of which one is at least preferred: the binding says whether its code will do.
    pub(super) fn absolute(&mut self, node: &'n Node) {
        let type_name = node.kind().name();
        if matches!(type_name, "Coding" | "Quantity") && node.child("code").is_none() {
            return;
        }
        let binding = node.field().and_then(|field| field.row().binding.as_ref());
        let is_bound = binding.is_some_and(|binding| binding.strength >= Strength::Preferred);
        let is_judged_elsewhere = type_name == "Coding" && (node.name() == "coding" || is_bound);
        let severity = if is_judged_elsewhere { Severity::Warning } else { Severity::Error };
        for (_, name) in ABSOLUTE.iter().filter(|(of, _)| *of == type_name) {
            let Some(child) = node.child(name) else { continue };
            let Some(text) = child.text().filter(|text| !text.is_empty() && !is_absolute(text)) else { continue };
            self.path.enter(child, 0);
            self.report(
                child,
                Finding {
                    severity,
                    kind: Kind::Value,
                    rule: format!("{type_name}.{name}"),
                    expected: "an absolute URI".to_owned(),
                    got: quote(text),
                    message: "The URI has no scheme, such as https: or urn:.".to_owned(),
                    cure: "Write the URI in full.".to_owned(),
                },
            );
            self.path.leave();
        }
    }

    /// An identifier whose system says that it is a URI.
    pub(super) fn identifier(&mut self, node: &'n Node) {
        self.absolute(node);
        self.uuid(node);
        let Some(value) = node.text_of("value").filter(|value| !is_absolute(value)) else { return };
        if node.text_of("system") == Some(URIS) {
            self.value_issue(
                node,
                "Identifier.value".to_owned(),
                "a full URI",
                quote(value),
                "With the system urn:ietf:rfc:3986 the value is a full URI.",
                "Write urn:uuid: or urn:oid: before the value.",
            );
        }
    }

    /// An identifier whose system says that it is a UUID (RES-D03, RES-S02).
    fn uuid(&mut self, node: &'n Node) {
        let Some(value) = node.text_of("value") else { return };
        let plain = value.strip_prefix("urn:uuid:").unwrap_or(value);
        if node.text_of("system") != Some(UUID) || is_uuid(&plain.to_ascii_lowercase()) {
            return;
        }
        let message = "The system says that the value is a UUID.";
        self.value_issue(
            node,
            "RES-D03".to_owned(),
            "a UUID",
            quote(value),
            message,
            "Write a UUID, or name another system.",
        );
    }

    /// The size and the hash that an attachment states for its data.
    pub(super) fn attachment(&mut self, node: &'n Node) {
        let Some(data) = node.text_of("data").and_then(decode) else { return };
        if let Some(size) = node.text_of("size").filter(|size| size.parse() != Ok(data.len())) {
            let (expected, got) = (data.len().to_string(), size.to_owned());
            self.value_issue(
                node,
                "Attachment.size".to_owned(),
                &expected,
                got,
                "The size is not that of the data.",
                "Write the number of bytes before the base64 encoding.",
            );
        }
        let Some(hash) = node.text_of("hash").and_then(decode) else { return };
        if hash != digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &data).as_ref() {
            self.value_issue(
                node,
                "Attachment.hash".to_owned(),
                "the SHA-1 hash of the data",
                "another hash".to_owned(),
                "The hash is not that of the data.",
                "Write the SHA-1 hash of the data before the base64 encoding.",
            );
        }
    }

    /// What XML writes as an attribute, and the XHTML of a narrative, has no extension; an id of its own is lost in XML.
    pub(super) fn attribute(&mut self, node: &'n Node) {
        let form = node.field().map_or(XmlForm::Element, |field| field.row().form);
        let is_xhtml = node.kind().name() == "xhtml";
        if form == XmlForm::Attribute && node.name() == "id" {
            self.element_id(node);
        }
        if node.children().is_empty() || (form == XmlForm::Element && !is_xhtml) {
            return;
        }
        let only_id = node.children().iter().all(|child| child.name() == "id");
        let name = node.name();
        if node.value().is_none() {
            // The element that it belongs to lacks it.
            self.path.leave();
            self.missing(node, "Extension", name, 1, 0);
            self.path.enter(node, 0);
            return;
        }
        self.report(
            node,
            Finding {
                severity: if only_id && !is_xhtml { Severity::Warning } else { Severity::Error },
                kind: Kind::Structure,
                rule: name.to_owned(),
                expected: "a value alone".to_owned(),
                got: "an id or an extension of the value".to_owned(),
                message: format!("The element {name} is a plain value, which has neither id nor extension."),
                cure: format!("Remove _{name}."),
            },
        );
    }

    /// The id of an element may be any text without blanks.
    fn element_id(&mut self, node: &Node) {
        let Some(text) = node.text().filter(|text| text.contains(char::is_whitespace)) else { return };
        let message = "The id of an element has no blanks.";
        self.value_issue(
            node,
            "Element.id".to_owned(),
            "text without blanks",
            quote(text),
            message,
            "Take the blanks out.",
        );
    }

    fn value_issue(&mut self, node: &Node, rule: String, expected: &str, got: String, message: &str, cure: &str) {
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Value,
                rule,
                expected: expected.to_owned(),
                got,
                message: message.to_owned(),
                cure: cure.to_owned(),
            },
        );
    }
}

/// The octets of base64 with padding; white space between the characters is passed over. `None` where it is not base64.
fn decode(text: &str) -> Option<Vec<u8>> {
    let plain: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(plain).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn base64_is_decoded() {
        for (text, octets) in [("SGVsbG8=", &b"Hello"[..]), ("SGVs bG8h", b"Hello!"), ("SA==", b"H")] {
            assert_eq!(decode(text).as_deref(), Some(octets), "{text}");
        }
        assert_eq!(decode("SGVsbG8"), None);
    }
}
