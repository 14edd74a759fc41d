//! The token endpoint: access tokens of generation 1 by client credentials (TOK-01…10, JWT-01…05).
//!
//! The index: `POST /oauth2/token` is `issue_token`, `/.well-known/jwks.json` and `/.well-known/openid-configuration`
//! are `discovery`. It answers errors as RFC 6749 says, never with an OperationOutcome, and asks for no client
//! certificate. A role that is handed the same store and keys in another process issues the same tokens; only the count
//! of failed attempts is each process's own.

pub mod attempts;
mod claims;
mod discovery;
mod issue_token;
pub mod request;
pub mod secret;

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use spine::Reason;
use spine::token::{KeyFault, KeySet, PublicKey, SigningKey};
use store::{Audit, TokenClients};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::edge::audit::{Ending, Trail};
use crate::edge::clock::{Clock, Ids};
use crate::edge::listen::{self, Door, Limits};
use crate::edge::oauth;
use crate::edge::peer::Peer;
use crate::edge::refusal::Refusal;

/// The role's name in records and logs.
const ROLE: &str = "token";

/// What the endpoint is configured with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The `iss` of every token, exactly as receivers compare it (JWT-14).
    pub issuer: String,
    /// The `tid` of every token (JWT-20).
    pub tenant: String,
    /// The public address of this endpoint, scheme to port, without a trailing slash.
    pub address: String,
    /// The endpoints that tokens are issued for: the service roots of Provider and Registry (TOK-04).
    pub audiences: Vec<String>,
    /// The groups that a client may belong to, each with the id that stands for it in a token (TOK-10).
    pub groups: Vec<Group>,
    /// How long a token can be used from now on, in seconds; `expires_in` (TOK-05, X-27).
    pub lifetime: u32,
    /// How far `iat` and `nbf` lie back, in seconds (JWT-04).
    pub back_dated: u32,
    /// The failures after which a client_id is slowed down.
    pub failures_before_slowing: u32,
}

/// A group: what a client is assured for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name, an Interaction ID such as `urn:nhs:names:services:careconnect:fhir:rest:read:slot`.
    pub name: String,
    /// The id that stands in a token's `groups`.
    pub id: Uuid,
}

/// The keys that the endpoint signs with.
pub struct Keys {
    /// The one that signs from now on.
    pub signing: SigningKey,
    /// Keys that are published beside it: those that will sign next, so that receivers know them in time, and those that
    /// signed before, until the last token that they signed has expired (TOK-08).
    pub others: Vec<PublicKey>,
}

/// Keys in use, with the document that publishes them.
struct LiveKeys {
    signing: Arc<SigningKey>,
    jwks: String,
}

/// The token endpoint with everything that it needs.
pub struct Token {
    settings: Settings,
    keys: ArcSwap<LiveKeys>,
    clients: Arc<dyn TokenClients>,
    audit: Arc<dyn Audit>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    attempts: attempts::FailedAttempts,
    /// The hash of a secret that nobody has, to spend the same time on a client that is not known.
    nobodys_hash: String,
}

impl Token {
    /// Builds the endpoint.
    ///
    /// # Errors
    /// A key whose public half cannot be published.
    pub fn new(
        settings: Settings,
        keys: Keys,
        clients: Arc<dyn TokenClients>,
        audit: Arc<dyn Audit>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, KeyFault> {
        let nobodys_hash = secret::hashed(&ids.uuid().to_string(), ids.uuid().as_bytes()).unwrap_or_default();
        let keys = ArcSwap::from_pointee(LiveKeys::new(keys)?);
        let attempts = attempts::FailedAttempts::new(settings.failures_before_slowing);
        Ok(Self { settings, keys, clients, audit, clock, ids, attempts, nobodys_hash })
    }

    /// Signs with new keys from now on (TOK-08).
    ///
    /// # Errors
    /// As [`Token::new`]; the old keys then stay in use.
    pub fn replace_keys(&self, keys: Keys) -> Result<(), KeyFault> {
        self.keys.store(Arc::new(LiveKeys::new(keys)?));
        Ok(())
    }

    /// The key set as it is published now.
    #[must_use]
    pub fn published(&self) -> String {
        self.keys.load().jwks.clone()
    }

    fn signing_key(&self) -> Arc<SigningKey> {
        self.keys.load().signing.clone()
    }
}

impl LiveKeys {
    fn new(keys: Keys) -> Result<Self, KeyFault> {
        let mut published = vec![keys.signing.public_key()?];
        for key in keys.others {
            // While keys are being moved on, one may stand in two places; a set that names it twice is refused by readers.
            if published.iter().all(|other| other.key_id() != key.key_id()) {
                published.push(key);
            }
        }
        let jwks = KeySet::of(published).to_jwks();
        Ok(Self { signing: Arc::new(keys.signing), jwks })
    }
}

/// Serves the endpoint until `shutdown`. `door` is TLS that asks for no client certificate.
pub async fn run(listener: TcpListener, door: Door, token: Arc<Token>, shutdown: CancellationToken) {
    let limits = Limits { connections: 1024, head_bytes: 16 * 1024, headers: 64, ..Limits::default() };
    listen::serve(listener, door, limits, router(token), shutdown).await;
}

/// The endpoint's addresses.
pub fn router(token: Arc<Token>) -> Router {
    Router::new()
        .route("/oauth2/token", post(token_request).fallback(only_post))
        .route("/.well-known/jwks.json", get(discovery::jwks).fallback(only_get))
        .route("/.well-known/openid-configuration", get(discovery::openid_configuration).fallback(only_get))
        .fallback(no_such_address)
        .with_state(token)
}

/// One request for a token, with its audit record whatever becomes of it (AUD-04).
async fn token_request(State(token): State<Arc<Token>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let own_id = token.ids.uuid().to_string();
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    let mut trail = Trail::begin(ROLE, token.clock.now(), own_id, method, path, &parts.headers);
    trail.peer = parts.extensions.get::<Arc<Peer>>().cloned();
    trail.interaction = Some("issue_token");
    trail.token = issue_token::nobody().into();
    let outcome = issue_token::issue_token(&token, &parts.headers, body, &mut trail).await;
    let refused = outcome.as_ref().err().map(|refusal| refusal.reason.refused(oauth::DIALECT));
    let ending = Ending {
        status: refused.as_ref().map_or(oauth::ISSUED, |refused| refused.status),
        reason: refused.as_ref().map(|refused| refused.reason.name()),
        requirement: refused.as_ref().map(|refused| refused.requirement),
        identity: None,
        at: token.clock.now(),
    };
    // A token that nobody could be held to account for is not issued.
    let recorded = token.audit.append_behind(trail.record(ending)).await.map_err(Refusal::from);
    match outcome.and_then(|issued| recorded.map(|()| issued)) {
        Ok(issued) => issued.render(&trail.own_id),
        Err(refusal) => {
            refusal.log(ROLE, &trail.own_id);
            oauth::refused(&refusal, &trail.own_id)
        }
    }
    .into_response()
}

async fn only_post(State(token): State<Arc<Token>>) -> Response {
    refused_unread(&token, &Refusal::new(Reason::WrongVerb, "").allowing("POST".to_owned()))
}

async fn only_get(State(token): State<Arc<Token>>) -> Response {
    refused_unread(&token, &Refusal::new(Reason::WrongVerb, "").allowing("GET, HEAD".to_owned()))
}

async fn no_such_address(State(token): State<Arc<Token>>) -> Response {
    refused_unread(&token, &Refusal::new(Reason::UnknownPath, ""))
}

fn refused_unread(token: &Token, refusal: &Refusal) -> Response {
    oauth::refused(refusal, &token.ids.uuid().to_string()).into_response()
}
