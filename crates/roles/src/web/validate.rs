//! `POST /STU3/{Type}/$validate`, without a token and without the proxy (VAL-01 to VAL-03, VAL-05 to VAL-07, VAL-09).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::Method;
use http::request::Parts;
use spine::{Dialect, Reason};

use super::Pages;
use crate::edge::answer::{Answer, Content, ExchangeIds, finished};
use crate::edge::body::read_body;
use crate::edge::negotiate::{answer_format, body_format, refusal_format};
use crate::edge::query::Query;
use crate::edge::refusal::Refusal;
use crate::edge::validation::{Judging, validated};

/// The dialect whose table of reasons is looked up; the validator's refusals are the same in all.
const DIALECT: &Dialect = &spine::dialect::DIALECT_1_0_4;
/// The longest body, in bytes, packed and unpacked.
const LONGEST_BODY: usize = 4 * 1024 * 1024;

/// Answers what is asked below `/STU3`: an operation on a resource type, of which `$validate` is the only one.
pub(super) async fn operation(
    State(pages): State<Arc<Pages>>,
    Path(below): Path<String>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match (below.strip_suffix("/$validate"), &parts.method) {
        (Some(resource_type), &Method::POST) => judged(&pages, resource_type, &parts, body).await,
        (Some(_), _) => Err(Refusal::new(Reason::WrongVerb, "$validate answers POST").allowing("POST".to_owned())),
        (None, _) => Err(unknown_path()),
    };
    rendered(&pages, &parts, answer)
}

fn unknown_path() -> Refusal {
    Refusal::new(Reason::UnknownPath, "the pages answer POST /STU3/[resource type]/$validate alone")
}

async fn judged(pages: &Pages, resource_type: &str, parts: &Parts, body: Body) -> Result<Answer, Refusal> {
    let query = Query::read(parts.uri.query());
    let query =
        query.map_err(|_| Refusal::new(Reason::InvalidParameter, "the query string is too long or no UTF-8 text"))?;
    answer_format(query.first("_format"), &parts.headers)?;
    let format = body_format(&parts.headers)?;
    let body = read_body(&parts.headers, body, LONGEST_BODY).await?;
    let judging = Judging { resource_type, query: &query, definitions: pages.settings.definitions };
    Ok(Answer::found(Content::Tree(validated(&judging, &body, format)?)))
}

/// The answer in the format that was asked for; refusals as the validator words them (VAL-07).
fn rendered(pages: &Pages, parts: &Parts, answer: Result<Answer, Refusal>) -> Response {
    let own_id = pages.ids.uuid().to_string();
    let query = Query::read(parts.uri.query()).ok();
    let asked = query.as_ref().and_then(|query| query.first("_format"));
    let format = refusal_format(asked, &parts.headers);
    let response = answer.and_then(|answer| answer.render(format)).unwrap_or_else(|refusal| {
        refusal.log("web", &own_id);
        refusal.render_refused(&refusal.reason.refused(DIALECT).by_the_validator(), format, &own_id)
    });
    let request_id = parts.headers.get("x-request-id").and_then(|value| value.to_str().ok());
    finished(response, &parts.headers, ExchangeIds { own: &own_id, request: request_id }).into_response()
}
