//! What a role answers when it does not refuse, and the headers that every answer carries (HTTP-09, HTTP-11, HTTP-25, HTTP-26,
//! HTTP-28 to HTTP-31, XTI-02).

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LOCATION, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION,
    STRICT_TRANSPORT_SECURITY, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use jiff::Timestamp;
use spine::Reason;

use super::negotiate::Format;
use super::refusal::Refusal;

/// The body of every answer of a FHIR role: whole, since a stored version or a concatenation of stored bytes is at hand.
pub type AnswerBody = Full<Bytes>;

/// Bodies shorter than this go out as they are: gzip's own frame would eat the gain.
const WORTH_PACKING: usize = 1024;

/// A success, in the words of FHIR's interactions; the status is decided here and nowhere else.
#[derive(Debug, Clone)]
pub struct Answer {
    outcome: Outcome,
    content: Content,
    tag: Option<String>,
    location: Option<String>,
    content_location: Option<String>,
    last_modified: Option<Timestamp>,
    identity: Option<String>,
    recorded: bool,
}

/// The resource of an answer.
#[derive(Debug, Clone)]
pub enum Content {
    /// A resource as JSON bytes, as stored or put together from stored bytes; sent as they are where JSON is asked for.
    Json(Bytes),
    /// A resource that was built for this answer.
    Tree(fhir::Node),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Found,
    Created,
    Unchanged,
}

impl Answer {
    /// The resource that was asked for, or the changed one.
    #[must_use]
    pub fn found(content: Content) -> Self {
        Self {
            outcome: Outcome::Found,
            content,
            tag: None,
            location: None,
            content_location: None,
            last_modified: None,
            identity: None,
            recorded: false,
        }
    }

    /// A new resource, at an absolute URL with its version (HTTP-29).
    #[must_use]
    pub fn created(content: Content, location: String) -> Self {
        Self { outcome: Outcome::Created, ..Self::found(content) }.located_at(location)
    }

    /// The caller has the content with this tag already (HTTP-33).
    #[must_use]
    pub fn unchanged(tag: String) -> Self {
        Self { outcome: Outcome::Unchanged, ..Self::found(Content::Json(Bytes::new())) }.tagged(tag)
    }

    /// The version that the content is, for ETag (HTTP-28).
    #[must_use]
    pub fn in_version(self, version: u32) -> Self {
        self.tagged(version.to_string())
    }

    /// What tells this content from any other at its URL, for the ETag of what has no versions (HTTP-28).
    #[must_use]
    pub fn tagged(mut self, tag: String) -> Self {
        self.tag = Some(tag);
        self
    }

    /// When this version was made, for Last-Modified (HTTP-31).
    #[must_use]
    pub fn last_modified(mut self, at: Timestamp) -> Self {
        self.last_modified = Some(at);
        self
    }

    /// The versioned URL of what was written, for Location and Content-Location.
    #[must_use]
    pub fn located_at(mut self, url: String) -> Self {
        self.content_location = Some(url.clone());
        self.location = Some(url);
        self
    }

    /// The versioned URL of what was read, for Content-Location (HTTP-30).
    #[must_use]
    pub fn content_at(mut self, url: String) -> Self {
        self.content_location = Some(url);
        self
    }

    /// What was read or changed, for the audit record: `Appointment/3f9c/_history/1` (AUD-04).
    #[must_use]
    pub fn about(mut self, identity: String) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Its audit record is in the transaction of the change already.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.recorded = true;
        self
    }

    pub(crate) fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    pub(crate) fn is_recorded(&self) -> bool {
        self.recorded
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self.outcome {
            Outcome::Found => StatusCode::OK,
            Outcome::Created => StatusCode::CREATED,
            Outcome::Unchanged => StatusCode::NOT_MODIFIED,
        }
    }

    /// The answer on the wire, in the negotiated format.
    ///
    /// # Errors
    /// `Reason::InternalError` when stored bytes are no resource any more, or a URL cannot be a header (OO-09).
    pub fn render(&self, format: Format) -> Result<Response<Bytes>, Refusal> {
        let body = if self.outcome == Outcome::Unchanged { Bytes::new() } else { self.content.written(format)? };
        let mut headers = HeaderMap::new();
        if self.outcome != Outcome::Unchanged {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
        }
        if let Some(tag) = &self.tag {
            headers.insert(ETAG, header_value(&format!("W/\"{tag}\""))?);
        }
        if let Some(url) = &self.location {
            headers.insert(LOCATION, header_value(url)?);
        }
        if let Some(url) = &self.content_location {
            headers.insert(CONTENT_LOCATION, header_value(url)?);
        }
        if let Some(at) = self.last_modified {
            headers.insert(LAST_MODIFIED, header_value(&imf_fixdate(at))?);
        }
        let mut response = Response::new(body);
        *response.status_mut() = self.status();
        *response.headers_mut() = headers;
        Ok(response)
    }
}

impl Content {
    /// The bytes in one format. Stored JSON is only read again when XML is asked for.
    ///
    /// # Errors
    /// `Reason::InternalError` when stored bytes cannot be read.
    pub fn written(&self, format: Format) -> Result<Bytes, Refusal> {
        match (self, format) {
            (Self::Json(bytes), Format::Json) => Ok(bytes.clone()),
            (Self::Json(bytes), Format::Xml) => {
                let parsed = fhir::json::read(bytes, &fhir::Limits::GENEROUS)
                    .map_err(|error| Refusal::new(Reason::StoredResourceBroken, "").caused_by(error))?;
                Ok(fhir::xml::write(&parsed.resource).into())
            }
            (Self::Tree(tree), Format::Json) => Ok(fhir::json::write(tree).into()),
            (Self::Tree(tree), Format::Xml) => Ok(fhir::xml::write(tree).into()),
        }
    }
}

/// The two ids that every answer carries (XTI-02).
#[derive(Debug, Clone, Copy)]
pub struct ExchangeIds<'a> {
    /// Our own id of this exchange.
    pub own: &'a str,
    /// The caller's X-Request-ID, echoed as X-Correlation-ID.
    pub request: Option<&'a str>,
}

/// Adds what every answer and every refusal carries, and packs the body when the caller takes gzip.
pub fn finished(response: Response<Bytes>, asked: &HeaderMap, ids: ExchangeIds<'_>) -> Response<AnswerBody> {
    let (mut parts, mut body) = response.into_parts();
    let headers = &mut parts.headers;
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    insert_text(headers, "x-request-id", Some(ids.own));
    insert_text(headers, "x-correlation-id", ids.request);
    if body.len() >= WORTH_PACKING
        && takes_gzip(asked)
        && let Ok(packed) = packed(&body)
    {
        body = packed.into();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Response::from_parts(parts, Full::new(body))
}

fn insert_text(headers: &mut HeaderMap, name: &'static str, value: Option<&str>) {
    if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Whether Accept-Encoding names gzip, or everything, with a weight above zero (RFC 9110 §12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut by_wildcard = false;
    for value in headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for coding in value.split(',') {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = weight.trim().strip_prefix("q=").and_then(|text| text.trim().parse::<f32>().ok());
            let wanted = weight.is_none_or(|weight| weight > 0.0);
            match name.trim() {
                name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => return wanted,
                "*" => by_wildcard = wanted,
                _ => {}
            }
        }
    }
    by_wildcard
}

fn packed(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// An instant as HTTP dates are written (RFC 9110 §5.6.7), for example `Mon, 01 Jul 2019 09:00:01 GMT`.
#[must_use]
pub fn imf_fixdate(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn header_value(text: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_str(text).map_err(|error| {
        Refusal::new(Reason::InternalError, "A header of the answer cannot be written").caused_by(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: HTTP-31
    #[test]
    fn dates_in_headers_are_imf_fixdates() {
        let at: Timestamp = "2019-07-01T09:00:01.9Z".parse().unwrap();
        assert_eq!(imf_fixdate(at), "Mon, 01 Jul 2019 09:00:01 GMT");
    }

    // covers: HTTP-11
    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let table = [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("*", true),
            ("*;q=0", false),
            ("gzip;q=0, *", false),
            ("br", false),
            ("", false),
        ];
        for (value, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(takes_gzip(&headers), expected, "{value}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
