//! `POST /oauth2/token`: a client proves itself and gets an access token for one endpoint
//! (TOK-01…07, TOK-09, TOK-10, JWT-01…05, X-27).

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use spine::Reason;
use store::TokenClient;

use super::request::{LARGEST_FORM, TokenRequest, audience};
use super::{Token, claims, secret};
use crate::edge::audit::Trail;
use crate::edge::oauth::Issued;
use crate::edge::refusal::Refusal;

/// How long a client may take to send its form.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers one request for a token; `trail` learns who asked for what.
pub(super) async fn issue_token(
    token: &Token,
    headers: &HeaderMap,
    body: axum::body::Body,
    trail: &mut Trail,
) -> Result<Issued, Refusal> {
    let form = read_form(body).await?;
    let request = TokenRequest::read(one(headers, &CONTENT_TYPE)?, one(headers, &AUTHORIZATION)?, &form)?;
    let client = authenticate(token, &request, trail).await?;
    let audience = audience(&request.scope, &token.settings.audiences)?;
    let now = token.clock.now();
    let claims = claims::claims(&token.settings, &client, audience, now, token.ids.uuid());
    let signed = token.signing_key().sign(&claims);
    let access_token = signed.map_err(|fault| Refusal::new(Reason::InternalError, "").caused_by(fault))?;
    trail.token = json!({
        "appid": client.client_id, "aud": audience, "groups": client.groups, "exp": claims["exp"], "uti": claims["uti"],
    })
    .into();
    Ok(Issued { access_token, expires_in: token.settings.lifetime })
}

/// The client that the request proves to be (TOK-03). Unknown clients and wrong secrets are told nothing apart, and take
/// the same time.
async fn authenticate(token: &Token, request: &TokenRequest, trail: &mut Trail) -> Result<TokenClient, Refusal> {
    let now = token.clock.now();
    if let Some(seconds) = token.attempts.wait(&request.client_id, now.as_second()) {
        return Err(Refusal::new(
            Reason::TokenRequestsTooMany,
            format!("too many failures with this client_id, try again in {seconds} seconds"),
        )
        .retry_after(u64::from(seconds)));
    }
    let known = token.clients.token_client(&request.client_id).await?;
    if let Some(client) = &known {
        // Only a name that is on the list is kept: what a stranger writes there might be somebody's secret.
        trail.token = json!({ "appid": client.client_id }).into();
    }
    let proved = match &known {
        Some(client) => has_live_secret(client, &request.client_secret, now.as_millisecond()),
        None => secret::matches(&token.nobodys_hash, &request.client_secret),
    };
    let Some(client) = known.filter(|_| proved) else {
        token.attempts.failed(&request.client_id, now.as_second());
        return Err(Refusal::new(Reason::ClientUnknown, ""));
    };
    token.attempts.succeeded(&request.client_id);
    if !client.enabled {
        return Err(Refusal::new(Reason::ClientNotAllowed, "this client is not enabled"));
    }
    Ok(client)
}

/// Whether the secret is one of the client's live ones: there are several while one is being replaced (TOK-03).
fn has_live_secret(client: &TokenClient, given: &str, now: i64) -> bool {
    let live = client.secrets.iter().filter(|secret| secret.expires_at.is_none_or(|end| now < end));
    // No early end: how long it takes must not tell which of the secrets was meant.
    live.fold(false, |proved, secret| secret::matches(&secret.hash, given) | proved)
}

/// A header that may come once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(http::HeaderValue::as_bytes)),
        _ => Err(Refusal::new(Reason::TokenRequestInvalid, format!("the header {name} came more than once"))),
    }
}

async fn read_form(body: axum::body::Body) -> Result<Bytes, Refusal> {
    let refuse = |why: String| Refusal::new(Reason::TokenRequestInvalid, why);
    match tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, LARGEST_FORM)).await {
        Ok(Ok(form)) => Ok(form),
        Ok(Err(_)) => Err(refuse(format!("the form broke off, or is larger than {LARGEST_FORM} bytes"))),
        Err(_) => Err(refuse("the form took too long to arrive".to_owned())),
    }
}

/// What the audit record keeps of a request that was refused before its client was known.
pub(super) fn nobody() -> Value {
    json!({ "appid": null })
}
