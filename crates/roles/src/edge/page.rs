//! Answers to a browser: pages, styles and pictures with the headers that keep a page to itself.
//!
//! Nothing is fetched from outside this address and nothing may put the page into a frame, so a page can show a whole
//! network without telling anyone else about it. A page works without JavaScript; none is allowed beyond our own.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

/// The body of a page: whole.
pub type PageBody = Full<Bytes>;

/// What a page may load, and who may embed it: itself, nobody.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'";

/// The headers that each answer carries.
const ON_EVERY_ANSWER: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Why a browser gets a page about its request instead of the page that it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageRefusal {
    /// No page has this address.
    NoSuchPage,
    /// The page exists and is read with GET.
    OnlyRead,
    /// The page was asked for under a host name that is not this address. A foreign page could point its own name at
    /// the loopback to read what stands here (DNS rebinding), so only names that are expected are answered.
    WrongHost,
    /// The page could not be made; the cause is in the log.
    Broken,
}

/// A page that is made anew each time.
#[must_use]
pub fn page(html: String) -> Response<PageBody> {
    answer(StatusCode::OK, "text/html; charset=utf-8", "no-store", html.into())
}

/// A page that says why the one that was asked for is not shown.
#[must_use]
pub fn refused_page(refusal: PageRefusal, html: String) -> Response<PageBody> {
    let status = match refusal {
        PageRefusal::NoSuchPage => StatusCode::NOT_FOUND,
        PageRefusal::OnlyRead => StatusCode::METHOD_NOT_ALLOWED,
        PageRefusal::WrongHost => StatusCode::MISDIRECTED_REQUEST,
        PageRefusal::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = answer(status, "text/html; charset=utf-8", "no-store", html.into());
    if refusal == PageRefusal::OnlyRead {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

/// A file that never changes under its address, because the address names its content.
#[must_use]
pub fn lasting_file(content_type: &'static str, bytes: Bytes) -> Response<PageBody> {
    answer(StatusCode::OK, content_type, "public, max-age=31536000, immutable", bytes)
}

fn answer(status: StatusCode, content_type: &'static str, caching: &'static str, bytes: Bytes) -> Response<PageBody> {
    let mut response = Response::new(Full::new(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    protect(headers);
    response
}

/// Adds the headers that each answer of this address carries.
pub fn protect(headers: &mut HeaderMap) {
    for (name, value) in ON_EVERY_ANSWER {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
