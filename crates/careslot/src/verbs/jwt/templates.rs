//! The named templates of `careslot jwt make`, and the substitutions in templates of one's own (UTL-03, UTL-04).

use serde_json::Value;
use spine::Operation;

use crate::failure::{Exit, Failure};

/// A token that can be asked for by name.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    pub(super) kind: Kind,
}

/// What it is made of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A signed access token (generation 1).
    Access,
    /// Made by the Consumer for one operation, with or without a practitioner (generation 2).
    SelfMade(Operation, bool),
    /// The older Spine Core shape.
    SpineCore(Operation),
}

/// Every template.
pub(super) const TEMPLATES: [Template; 9] = [
    template("access", "as the token endpoint gives it, signed with --key or the demo's key", Kind::Access),
    template("metadata", "for the capability statement", Kind::SelfMade(Operation::CapabilityStatement, true)),
    template("slot-search", "to search for free Slots", Kind::SelfMade(Operation::SearchFreeSlots, true)),
    template(
        "slot-search-without-practitioner",
        "the same without requesting_practitioner",
        Kind::SelfMade(Operation::SearchFreeSlots, false),
    ),
    template("book", "to book an Appointment", Kind::SelfMade(Operation::BookAppointment, true)),
    template("cancel", "to cancel one", Kind::SelfMade(Operation::CancelAppointment, true)),
    template("read-appointment", "to read one", Kind::SelfMade(Operation::GetAppointment, true)),
    template(
        "patient-search",
        "to search a patient's Appointments",
        Kind::SelfMade(Operation::SearchPatientAppointments, true),
    ),
    template("spine-core", "in the older shape, which no booking takes", Kind::SpineCore(Operation::SearchFreeSlots)),
];

const fn template(name: &'static str, words: &'static str, kind: Kind) -> Template {
    Template { name, words, kind }
}

/// The template of that name.
pub(super) fn named(name: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name)
}

/// What stands for the marks of a template.
pub(super) struct Substitutions {
    pub(super) practitioner_id: String,
    pub(super) nhs_number: String,
    pub(super) now: i64,
    pub(super) guid: String,
    /// Marks of one's own.
    pub(super) more: Vec<(String, String)>,
}

impl Substitutions {
    /// The text with every mark replaced (UTL-03).
    pub(super) fn apply(&self, text: &str) -> String {
        let marks = [
            ("__PRACTITIONER_ID__", self.practitioner_id.clone()),
            ("__NHS_NUMBER__", self.nhs_number.clone()),
            // The longer mark begins as the shorter does.
            ("__CURRENT_UTC_PLUS_5_MIN__", (self.now + spine::token::SELF_MADE_LIFETIME).to_string()),
            ("__CURRENT_UTC__", self.now.to_string()),
            ("__GUID__", self.guid.clone()),
        ];
        let more = self.more.iter().map(|(mark, value)| (mark.as_str(), value.clone()));
        more.chain(marks).fold(text.to_owned(), |text, (mark, value)| text.replace(mark, &value))
    }
}

/// `NAME=VALUE` of a flag.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// The claims of a template of one's own, for changes that need them one by one.
pub(super) fn claims_of(text: &str) -> Result<serde_json::Map<String, Value>, Failure> {
    match serde_json::from_str(text) {
        Ok(Value::Object(claims)) => Ok(claims),
        other => {
            let why = other.err().map_or_else(|| "it is JSON, and no object".to_owned(), |error| error.to_string());
            let cure = "write one JSON object, or leave --claim and --break out";
            Err(Failure::new(Exit::Usage, "the template cannot be changed", why, cure))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: UTL-03
    #[test]
    fn every_mark_of_a_template_is_replaced() {
        let substitutions = Substitutions {
            practitioner_id: "p1".to_owned(),
            nhs_number: "https://provider.test".to_owned(),
            now: 1_600_000_000,
            guid: "g".to_owned(),
            more: vec![("__SCOPE__".to_owned(), "organization/slot.read".to_owned())],
        };
        let template = "__PRACTITIONER_ID__ __NHS_NUMBER__ __CURRENT_UTC__ __CURRENT_UTC_PLUS_5_MIN__ __GUID__ __SCOPE__ __OTHER__";
        let expected = "p1 https://provider.test 1600000000 1600000300 g organization/slot.read __OTHER__";
        assert_eq!(substitutions.apply(template), expected);
    }

    // covers: UTL-04
    #[test]
    fn there_is_a_template_for_each_operation_of_the_pack() {
        for name in
            ["metadata", "slot-search", "slot-search-without-practitioner", "book", "cancel", "read-appointment"]
        {
            assert!(named(name).is_some(), "{name}");
        }
        assert!(pair("a=b=c").is_ok_and(|(name, value)| name == "a" && value == "b=c"));
        assert!(pair("=b").is_err() && pair("a").is_err());
    }
}
