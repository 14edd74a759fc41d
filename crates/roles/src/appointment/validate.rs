//! `POST [base]/{Type}/$validate` at Provider and Registry: does a resource keep to its profile? (VAL-01 to VAL-03, VAL-05 to
//! VAL-07, VIA-33)

use spine::Reason;

use crate::edge::answer::{Answer, Content};
use crate::edge::fhir_call::Call;
use crate::edge::refusal::Refusal;
use crate::edge::validation::{Judging, validated};

/// Judges the body and answers what was found; that it is invalid is no refusal (VAL-03).
pub(crate) fn validate(call: &Call) -> Result<Answer, Refusal> {
    let resource_type = call.path.first().map_or("", String::as_str);
    let (body, format) = call.body.as_ref().ok_or_else(|| Refusal::new(Reason::BodyMissing, ""))?;
    let judging = Judging { resource_type, query: &call.query, definitions: call.definitions };
    let outcome = validated(&judging, body, *format)?;
    Ok(Answer::found(Content::Tree(outcome)).about(format!("{resource_type}/$validate")))
}
