//! The three ways in which a proxy's refusals have been written (ERR-08). Where the live proxy has no words of its own, and
//! where no Spine code fits, they are one.

use bytes::Bytes;
use fhir::Node;
use http::Response;
use spine::Dialect;

use crate::edge::negotiate::Format;
use crate::edge::refusal::Refusal;

/// The list of codes that the live proxy names.
const LIVE_CODES: &str = "http://fhir.nhs.net/ValueSet/gpconnect-schedule-response-code-1-0";
/// The list that it names for a verb that it does not pass, with another severity and another issue type.
const LIVE_VERB_CODES: &str = "https://fhir.nhs.uk/StructureDefinition/spine-operationoutcome-1";

/// How refusals are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// The Spine's code, and the live proxy's words at the beginning of the diagnostics.
    #[default]
    Coded,
    /// As the live proxy was seen to write: its status as the code, its words alone.
    Live,
    /// Severity, issue type and diagnostics only.
    Minimal,
}

impl Style {
    /// The answer to a refused call.
    pub(super) fn render(self, refusal: &Refusal, dialect: &Dialect, format: Format, id: &str) -> Response<Bytes> {
        let refused = refusal.reason.refused(dialect);
        let answer = refusal.render_refused(&refused, format, id);
        let words = refusal.opening_words().map(str::to_owned);
        let outcome = match (self, words) {
            (Self::Coded, _) | (Self::Live, None) => return answer,
            (Self::Live, Some(words)) => live(refused.status, refused.issue_code, &words, id),
            (Self::Minimal, _) => {
                let diagnostics = refusal.diagnostics(&refused, &refusal.what);
                let mut outcome = begun(id);
                let issue = outcome.element("issue");
                issue.set_text("severity", "error").set_text("code", refused.issue_code);
                issue.set_text("diagnostics", &diagnostics);
                outcome
            }
        };
        answer.map(|_| match format {
            Format::Json => fhir::json::write(&outcome).into(),
            Format::Xml => fhir::xml::write(&outcome).into(),
        })
    }
}

fn live(status: u16, issue_code: &str, words: &str, id: &str) -> Node {
    let (severity, code, system) = match status {
        405 => ("fatal", "forbidden", LIVE_VERB_CODES),
        _ => ("error", issue_code, LIVE_CODES),
    };
    let mut outcome = begun(id);
    let issue = outcome.element("issue");
    issue.set_text("severity", severity).set_text("code", code);
    let coding = issue.element("details").element("coding");
    coding.set_text("system", system).set_text("code", &status.to_string()).set_text("display", words);
    issue.set_text("diagnostics", words);
    outcome
}

fn begun(id: &str) -> Node {
    // The type is one that the definitions have, so that there is always a resource to fill.
    let Some(mut outcome) = Node::resource("OperationOutcome") else { unreachable!("OperationOutcome is defined") };
    outcome.set_text("id", id);
    outcome
}
