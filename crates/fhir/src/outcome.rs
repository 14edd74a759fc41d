//! Builds OperationOutcomes (OO-02, OO-03). What is said in them, and when, is decided elsewhere.

use crate::node::Node;

/// An OperationOutcome to be.
#[derive(Debug, Clone, Default)]
pub struct Outcome<'a> {
    /// Its logical id.
    pub id: Option<&'a str>,
    /// The profile that it claims.
    pub profile: Option<&'a str>,
    /// What it says.
    pub issues: Vec<OutcomeIssue<'a>>,
}

/// One issue of an OperationOutcome.
#[derive(Debug, Clone)]
pub struct OutcomeIssue<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// A code of `http://hl7.org/fhir/issue-type`, such as `invalid`.
    pub code: &'a str,
    /// The code of whoever answers, or words.
    pub details: Option<Details<'a>>,
    /// What happened, for the person who looks into it.
    pub diagnostics: Option<String>,
    /// The elements or parameters that are at fault.
    pub location: Vec<String>,
}

/// How bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Only said.
    Information,
    /// Better looked at.
    Warning,
    /// What was asked for cannot be done.
    Error,
    /// Nothing further was looked at.
    Fatal,
}

/// The details of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Details<'a> {
    /// One coding.
    Coding {
        /// The code system.
        system: &'a str,
        /// The code.
        code: &'a str,
        /// The code in words.
        display: &'a str,
    },
    /// Words only.
    Text(&'a str),
}

impl Severity {
    /// The code of `http://hl7.org/fhir/issue-severity`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Fatal => "fatal",
        }
    }
}

impl<'a> OutcomeIssue<'a> {
    /// An issue of severity error with nothing but its code.
    #[must_use]
    pub fn error(code: &'a str) -> Self {
        OutcomeIssue { severity: Severity::Error, code, details: None, diagnostics: None, location: Vec::new() }
    }
}

impl Outcome<'_> {
    /// Builds the resource. An outcome must have an issue by the standard; one without is built all the same.
    #[must_use]
    pub fn to_node(&self) -> Option<Node> {
        let mut node = Node::resource("OperationOutcome")?;
        if let Some(id) = self.id {
            node.set_text("id", id);
        }
        if let Some(profile) = self.profile {
            node.element("meta").add_text("profile", profile);
        }
        for issue in &self.issues {
            issue.fill(node.element("issue"));
        }
        Some(node)
    }
}

impl OutcomeIssue<'_> {
    fn fill(&self, node: &mut Node) {
        node.set_text("severity", self.severity.code()).set_text("code", self.code);
        match self.details {
            Some(Details::Coding { system, code, display }) => {
                let coding = node.element("details").element("coding");
                coding.set_text("system", system).set_text("code", code).set_text("display", display);
            }
            Some(Details::Text(text)) => {
                node.element("details").set_text("text", text);
            }
            None => {}
        }
        if let Some(diagnostics) = &self.diagnostics {
            node.set_text("diagnostics", diagnostics);
        }
        for location in &self.location {
            node.add_text("location", location);
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
                details: Some(Details::Coding {
                    system: "https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1",
                    code: "NO_RECORD_FOUND",
                    display: "No record found",
                }),
                diagnostics: Some("No Appointment 3f9c".to_owned()),
                ..OutcomeIssue::error("not-found")
            }],
        };
        let expected = concat!(
            r#"{"resourceType":"OperationOutcome","id":"2b1d0d0e-7d0a-4a3a-8c5f-6f2f2b8a9c10","meta":{"profile":"#,
            r#"["https://fhir.nhs.uk/STU3/StructureDefinition/Spine-OperationOutcome-1"]},"#,
            r#""issue":[{"severity":"error","code":"not-found","details":{"coding":[{"system":"#,
            r#""https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1","code":"NO_RECORD_FOUND","#,
            r#""display":"No record found"}]},"diagnostics":"No Appointment 3f9c"}]}"#
        );
        assert_eq!(String::from_utf8(json::write(&outcome.to_node().unwrap())).unwrap(), expected);
    }

    // covers: OO-04
    #[test]
    fn an_outcome_points_at_the_fault() {
        let issue = OutcomeIssue {
            severity: Severity::Fatal,
            details: Some(Details::Text("No such day")),
            location: vec!["Slot.start".to_owned()],
            ..OutcomeIssue::error("value")
        };
        let node = Outcome { issues: vec![issue], ..Outcome::default() }.to_node().unwrap();
        assert_eq!(node.find("issue.location").and_then(Node::text), Some("Slot.start"));
        assert_eq!(node.find("issue.details.text").and_then(Node::text), Some("No such day"));
        assert_eq!(node.find("issue.severity").and_then(Node::text), Some("fatal"));
    }
}
