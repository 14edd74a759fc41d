//! Builds OperationOutcomes (OO-02, OO-03), for everybody. What is said in them, and when, is decided elsewhere.

use std::borrow::Cow;

use crate::node::Node;

/// An OperationOutcome to be.
#[derive(Debug, Clone, Default)]
pub struct Outcome<'a> {
    /// Its logical id.
    pub id: Option<&'a str>,
    /// The profile that it claims.
    pub profile: Option<&'a str>,
    /// What it says; at least one issue by the standard.
    pub issues: Vec<OutcomeIssue<'a>>,
}

/// One issue of an OperationOutcome.
#[derive(Debug, Clone, Default)]
pub struct OutcomeIssue<'a> {
    /// A code of `http://hl7.org/fhir/issue-severity`, such as `error`.
    pub severity: &'a str,
    /// A code of `http://hl7.org/fhir/issue-type`, such as `invalid`.
    pub code: &'a str,
    /// The code of whoever answers.
    pub coding: Option<OutcomeCoding<'a>>,
    /// What happened, in words that stay the same.
    pub text: Option<Cow<'a, str>>,
    /// What happened this time, for the person who looks into it.
    pub diagnostics: Option<String>,
    /// The element or the parameter that is at fault.
    pub location: Option<&'a str>,
    /// The same as a FHIRPath, where it is one.
    pub expression: Option<&'a str>,
}

/// The code of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeCoding<'a> {
    /// The code system.
    pub system: &'a str,
    /// The code.
    pub code: &'a str,
    /// The code in words.
    pub display: &'a str,
}

impl Outcome<'_> {
    /// Builds the resource. One without issues is built all the same.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let mut node = match Node::resource("OperationOutcome") {
            Some(node) => node,
            // wall 4: the definitions are compiled in, and a test holds that they have this type; no input leads here
            None => unreachable!("OperationOutcome is one of the built-in types"),
        };
        if let Some(id) = self.id {
            node.set_text("id", id);
        }
        if let Some(profile) = self.profile {
            node.element("meta").add_text("profile", profile);
        }
        for issue in &self.issues {
            issue.fill(node.element("issue"));
        }
        node
    }
}

impl OutcomeIssue<'_> {
    fn fill(&self, node: &mut Node) {
        node.set_text("severity", self.severity).set_text("code", self.code);
        if self.coding.is_some() || self.text.is_some() {
            let details = node.element("details");
            if let Some(OutcomeCoding { system, code, display }) = self.coding {
                let coding = details.element("coding");
                coding.set_text("system", system).set_text("code", code).set_text("display", display);
            }
            if let Some(text) = &self.text {
                details.set_text("text", text);
            }
        }
        if let Some(diagnostics) = &self.diagnostics {
            node.set_text("diagnostics", diagnostics);
        }
        for (name, place) in [("location", self.location), ("expression", self.expression)] {
            if let Some(place) = place {
                node.add_text(name, place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    // covers: OO-02, OO-03
    #[test]
    fn an_outcome_is_built_as_the_sample_has_it() {
        let outcome = Outcome {
            id: Some("2b1d0d0e-7d0a-4a3a-8c5f-6f2f2b8a9c10"),
            profile: Some("https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1"),
            issues: vec![OutcomeIssue {
                severity: "error",
                code: "not-found",
                coding: Some(OutcomeCoding {
                    system: "https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1",
                    code: "NO_RECORD_FOUND",
                    display: "No record found",
                }),
                diagnostics: Some("No Appointment 3f9c".to_owned()),
                ..OutcomeIssue::default()
            }],
        };
        let expected = concat!(
            r#"{"resourceType":"OperationOutcome","id":"2b1d0d0e-7d0a-4a3a-8c5f-6f2f2b8a9c10","meta":{"profile":"#,
            r#"["https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1"]},"#,
            r#""issue":[{"severity":"error","code":"not-found","details":{"coding":[{"system":"#,
            r#""https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1","code":"NO_RECORD_FOUND","#,
            r#""display":"No record found"}]},"diagnostics":"No Appointment 3f9c"}]}"#
        );
        assert_eq!(String::from_utf8(json::write(&outcome.to_node())).unwrap(), expected);
    }

    // covers: OO-04
    #[test]
    fn an_outcome_points_at_the_fault() {
        let issue = OutcomeIssue {
            severity: "fatal",
            code: "value",
            text: Some("No such day".into()),
            location: Some("Slot.start"),
            expression: Some("Slot.start"),
            ..OutcomeIssue::default()
        };
        let node = Outcome { issues: vec![issue], ..Outcome::default() }.to_node();
        let expected = concat!(
            r#"{"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"value","details":{"text":"#,
            r#""No such day"},"location":["Slot.start"],"expression":["Slot.start"]}]}"#
        );
        assert_eq!(String::from_utf8(json::write(&node)).unwrap(), expected);
    }
}
