//! Each message of a Consumer as somebody who watches sees it, with secrets masked, and the one that is shown instead of being
//! sent (CON-15, SSP-135, AUD-09).

use std::sync::Arc;

use http::HeaderMap;
use spine::Operation;

use super::fault::Party;

/// One message and its answer.
#[derive(Debug, Clone)]
pub struct WireMessage {
    /// Who was asked.
    pub party: Party,
    /// The method, or `SEARCH` for a look-up in the directory.
    pub method: String,
    /// The whole URL, or the filter of a look-up.
    pub url: String,
    /// The request's headers; `Authorization` shows only its scheme.
    pub headers: Vec<(String, String)>,
    /// The request's body; a client secret in it is masked.
    pub body: Option<String>,
    /// The status of the answer, or why there is none.
    pub outcome: Result<u16, String>,
    /// The answer's headers.
    pub answer_headers: Vec<(String, String)>,
    /// The answer's body, where it is text; a token in it is masked.
    pub answer: Option<String>,
}

/// A step of the way that can be shown instead of being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Get Token.
    Token,
    /// A call to a Provider or to the Registry.
    Call(Operation),
}

/// The request that would have been sent, secrets and all: it is for whoever asked for it and for no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Unsent {
    /// Who would have been asked.
    pub party: Party,
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers, `Authorization` among them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

impl std::fmt::Debug for Unsent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// Someone who watches a Consumer's messages.
pub trait Observer: Send + Sync {
    /// A message was sent and answered, or not answered.
    fn seen(&self, message: WireMessage);
}

/// Whoever watches, or nobody.
pub(super) type Watched = Option<Arc<dyn Observer>>;

/// What stands where a secret was.
pub(super) const MASK: &str = "•••";

/// The headers as they may be shown.
pub(super) fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let text = if *name == http::header::AUTHORIZATION {
                format!("{} {MASK}", text.split(' ').next().unwrap_or_default())
            } else {
                text
            };
            (name.as_str().to_owned(), text)
        })
        .collect()
}

/// The headers as they are sent.
pub(super) fn whole(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    // covers: AUD-09
    #[test]
    fn a_token_is_never_shown() {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer abc.def.ghi"));
        assert_eq!(shown(&headers), [("authorization".to_owned(), format!("Bearer {MASK}"))]);
    }
}
