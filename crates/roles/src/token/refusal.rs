//! Why no token was issued: the errors of RFC 6749 §5.2 (TOK-06, JWT-05). The status of each is the edge's.

use super::request::Credentials;

/// The closed list of what the endpoint refuses with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// A parameter is missing, comes twice or cannot be read.
    InvalidRequest,
    /// The client is unknown, or its secret is wrong or missing. Says how the credentials came, because a client that
    /// used `Authorization` must be told the scheme in `WWW-Authenticate`.
    InvalidClient(Credentials),
    /// The scope is missing, or no token is issued for it.
    InvalidScope,
    /// A grant other than client_credentials.
    UnsupportedGrantType,
    /// The client is known and proved itself, but is not let in at present.
    UnauthorizedClient,
    /// Too many failures with this client_id; the next attempt is heard after this many seconds.
    TooManyFailures(u32),
    /// No such address at this endpoint.
    NoSuchAddress,
    /// The address exists and takes another verb.
    WrongVerb(&'static str),
    /// The endpoint cannot reach what it needs to know its clients; the cause is in the log.
    Unavailable,
}

impl TokenError {
    /// The word that stands in `error`, from RFC 6749 §5.2 (and §4.1.2.1 for what that list has no word for).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest | Self::NoSuchAddress | Self::WrongVerb(_) => "invalid_request",
            Self::InvalidClient(_) => "invalid_client",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::TooManyFailures(_) | Self::Unavailable => "temporarily_unavailable",
        }
    }
}

/// A refusal of the token endpoint: what happened, and one sentence for the person who reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRefusal {
    /// What happened.
    pub error: TokenError,
    /// What was expected, what came and what to do; ends with the requirement. Holds nothing secret.
    pub description: String,
}

impl TokenRefusal {
    /// A refusal with its sentence.
    #[must_use]
    pub fn new(error: TokenError, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
    }
}
