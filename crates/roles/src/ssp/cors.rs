//! Calls from a browser's page, off until origins are configured (SSP-97, section 1.11 of the catalogue). A preflight asks
//! before the call; it carries neither Ssp headers nor a token, so the proxy answers it itself.

use bytes::BytesMut;

use super::forward::write_field;
use super::settings::Settings;
use super::wire::Head;

const HEADERS: &str = "Authorization, Content-Type, Accept, If-Match, Prefer, Ssp-TraceID, Ssp-From, Ssp-To, \
    Ssp-InteractionID, X-Request-ID";
const EXPOSED: &str = "ETag, Location, X-Correlation-ID, X-Request-ID, X-Rate-Limit-Limit, X-Rate-Limit-Remaining, \
    X-Rate-Limit-Reset";

/// What a browser is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cors {
    origin: String,
    /// For a preflight: the verbs that may follow.
    verbs: Option<String>,
}

impl Cors {
    /// What the page that a request comes from is told. `None` where its origin is not on the list.
    pub(super) fn of(head: &Head, settings: &Settings) -> Option<Self> {
        if settings.cors_origins.is_empty() {
            return None;
        }
        let origin = head.text_value("origin")?;
        let listed = settings.cors_origins.iter().any(|listed| listed == origin);
        let preflight = head.first() == "OPTIONS" && head.value("access-control-request-method").is_some();
        listed.then(|| Self { origin: origin.to_owned(), verbs: preflight.then(|| settings.allowed_verbs()) })
    }

    pub(super) fn is_preflight(&self) -> bool {
        self.verbs.is_some()
    }

    pub(super) fn write(&self, out: &mut BytesMut) {
        write_field(out, "Access-Control-Allow-Origin", self.origin.as_bytes());
        write_field(out, "Vary", b"Origin");
        match &self.verbs {
            Some(verbs) => {
                write_field(out, "Access-Control-Allow-Methods", verbs.as_bytes());
                write_field(out, "Access-Control-Allow-Headers", HEADERS.as_bytes());
            }
            None => write_field(out, "Access-Control-Expose-Headers", EXPOSED.as_bytes()),
        }
    }
}
