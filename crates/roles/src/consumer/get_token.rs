//! Get Token: a signed access token from the token endpoint, kept until a minute before it ends, or a token of the
//! Consumer's own making where the dialect wants one (TOK-01, TOK-04, TOK-11, TOK-12, JWT-01…05, JWT-30…32, JW2-01…12, X-27).

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::response::Parts;
use http::{HeaderValue, Method, Request, Uri};
use serde_json::Value;
use spine::Operation;
use spine::token::{Device, RequestingOrganisation, SelfMadeClaims, unsigned};

use super::Consumer;
use super::call::{Target, encoded, split};
use super::fault::{Fault, Party, Refused};
use super::settings::TokenClient;
use super::wire::{MASK, Step, Unsent, WireMessage, shown, whole};
use crate::edge::client::Upload;

/// A signed token that is kept for further calls.
#[derive(Clone)]
pub(super) struct Held {
    token: String,
    /// In seconds since 1970.
    until: i64,
}

/// How long before its end a token is no longer used, in seconds (JWT-04).
const MARGIN: i64 = 60;

impl Consumer {
    /// The token for one call.
    pub(super) async fn token_for(&self, target: Target<'_>, operation: Operation) -> Result<String, Fault> {
        match target {
            // The Registry takes signed tokens only, in every dialect (JWT-91).
            Target::Provider(_) if self.makes_its_own_tokens() => Ok(self.own_token(target.root(), operation)),
            _ => self.get_token(target.root()).await,
        }
    }

    /// Keeps the token for a service root no longer: another attempt at a call has another token (SSP-132).
    pub(super) fn forget_token(&self, root: &str) {
        self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(root);
    }

    /// A signed access token for a service root, a kept one while it lasts.
    ///
    /// # Errors
    /// [`Fault::Refused`] by the token endpoint, or [`Fault::Unreachable`].
    pub async fn get_token(&self, root: &str) -> Result<String, Fault> {
        let now = self.clock.now().as_second();
        if let Some(held) = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(root)
            && now < held.until
        {
            return Ok(held.token.clone());
        }
        let answer = self.request_token(&format!("{root}/.default")).await?;
        let unusable = |what: &str| Fault::Unusable { party: Party::TokenEndpoint, what: what.to_owned() };
        let token =
            answer.get("access_token").and_then(Value::as_str).ok_or_else(|| unusable("it holds no access_token"))?;
        let lifetime = answer.get("expires_in").and_then(Value::as_i64).unwrap_or(0);
        let held = Held { token: token.to_owned(), until: now + lifetime - MARGIN };
        self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(root.to_owned(), held);
        Ok(token.to_owned())
    }

    /// Asks the token endpoint for a token with this scope; its answer as it came (TOK-05).
    ///
    /// # Errors
    /// [`Fault::Refused`], [`Fault::Unreachable`], or [`Fault::Unsendable`] when no token endpoint is configured.
    pub async fn request_token(&self, scope: &str) -> Result<Value, Fault> {
        let client = self.settings.token.as_ref().ok_or_else(|| {
            Fault::Unsendable(
                "a signed token is needed and no token endpoint is configured: set [consumer] token".to_owned(),
            )
        })?;
        let (authority, path) = split(&client.endpoint)?;
        let mut request = Request::new(Upload::Whole(Bytes::from(form(client, scope, &client.client_secret))));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.parse::<Uri>().map_err(|fault| Fault::Unsendable(fault.to_string()))?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        let headers = request.headers().clone();
        self.show(Step::Token, || Unsent {
            party: Party::TokenEndpoint,
            method: "POST".to_owned(),
            url: client.endpoint.clone(),
            headers: whole(&headers),
            body: Some(form(client, scope, &client.client_secret)),
        })?;
        self.is_accounted_for()?;
        let began = self.clock.now();
        let sent = self.sent(&authority, request).await;
        let seen = self.seen(began, 1, || WireMessage {
            party: Party::TokenEndpoint,
            method: "POST".to_owned(),
            url: client.endpoint.clone(),
            headers: shown(&headers),
            body: Some(form(client, scope, MASK)),
            outcome: sent.as_ref().map(|(head, _)| head.status.as_u16()).map_err(Clone::clone),
            answer_headers: sent.as_ref().map(|(head, _)| shown(&head.headers)).unwrap_or_default(),
            answer: sent.as_ref().ok().map(|(head, body)| {
                if head.status.is_success() { MASK.to_owned() } else { String::from_utf8_lossy(body).into_owned() }
            }),
        });
        let answer = token_answer(sent);
        self.noted(seen, answer.as_ref().err()).await;
        answer
    }

    /// An unsigned token for one call (JW2-01): new each time, five minutes long (JWT-30, JW2-06).
    fn own_token(&self, root: &str, operation: Operation) -> String {
        let settings = &self.settings;
        unsigned(&SelfMadeClaims {
            issuer: settings.own_url(),
            subject: settings.asid.to_string(),
            audience: root.to_owned(),
            issued_at: self.clock.now().as_second(),
            scope: operation.scope().to_owned(),
            device: Device {
                system: format!("{}Id/device", settings.own_url()),
                value: settings.asid.to_string(),
                model: settings.system.clone(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            organisation: RequestingOrganisation {
                name: settings.organisation_name.clone(),
                ods_code: settings.organisation.clone(),
            },
            practitioner: None,
        })
    }
}

/// The token endpoint's answer, or why there is none.
fn token_answer(sent: Result<(Parts, Bytes), String>) -> Result<Value, Fault> {
    let (head, body) = sent.map_err(|why| Fault::Unreachable { party: Party::TokenEndpoint, why })?;
    if !head.status.is_success() {
        let refused = Refused::read(Party::TokenEndpoint, head.status, &head.headers, &body, "");
        return Err(Fault::Refused(Box::new(refused)));
    }
    serde_json::from_slice(&body)
        .map_err(|fault| Fault::Unusable { party: Party::TokenEndpoint, what: format!("it is not JSON: {fault}") })
}

/// The form of TOK-01.
fn form(client: &TokenClient, scope: &str, secret: &str) -> String {
    format!(
        "client_id={}&client_secret={}&grant_type=client_credentials&scope={}",
        encoded(&client.client_id),
        encoded(secret),
        encoded(scope)
    )
}
