//! What a receiver of tokens reads once: the keys that verify them (TOK-08), and where everything is (OpenID Connect
//! Discovery 1.0 section 3, as far as client credentials have a use for it).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use spine::token::scope_for;

use super::Token;
use super::request::CLIENT_CREDENTIALS;
use crate::edge::oauth;

/// `/.well-known/jwks.json`: the public keys, the one that signs now first.
pub(super) async fn jwks(State(token): State<Arc<Token>>) -> Response {
    oauth::document(token.published()).into_response()
}

/// `/.well-known/openid-configuration`.
pub(super) async fn openid_configuration(State(token): State<Arc<Token>>) -> Response {
    let settings = &token.settings;
    let document = json!({
        "issuer": settings.issuer,
        "token_endpoint": format!("{}/oauth2/token", settings.address),
        "jwks_uri": format!("{}/.well-known/jwks.json", settings.address),
        "grant_types_supported": [CLIENT_CREDENTIALS],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "scopes_supported": settings.audiences.iter().map(|audience| scope_for(audience)).collect::<Vec<_>>(),
    });
    oauth::document(document.to_string()).into_response()
}
