//! Which format an answer takes and which one a body is in (HTTP-01 to HTTP-09, HTTP-16, OO-06, X-07).

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

use super::refusal::Refusal;
use spine::Reason;

/// The two formats of a FHIR resource on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `application/fhir+json`
    Json,
    /// `application/fhir+xml`
    Xml,
}

impl Format {
    /// The Content-Type to send, with the charset that HTTP-09 asks for.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/fhir+json;charset=utf-8",
            Self::Xml => "application/fhir+xml;charset=utf-8",
        }
    }
}

/// Every name a format goes by in `_format` and `Accept` (HTTP-05, and the DSTU2 names of HTTP-06). In a URL a literal plus
/// decodes to a space, hence the two names with one.
const NAMES: &[(&str, Format)] = &[
    ("application/fhir+json", Format::Json),
    ("application/fhir+xml", Format::Xml),
    ("application/fhir json", Format::Json),
    ("application/fhir xml", Format::Xml),
    ("json", Format::Json),
    ("xml", Format::Xml),
    ("application/json", Format::Json),
    ("application/xml", Format::Xml),
    ("text/json", Format::Json),
    ("text/xml", Format::Xml),
    ("application/json+fhir", Format::Json),
    ("application/xml+fhir", Format::Xml),
    ("application/json fhir", Format::Json),
    ("application/xml fhir", Format::Xml),
];

/// Ranges of `Accept` that leave the choice to us; JSON is the default (HTTP-16).
const WILDCARDS: &[&str] = &["*/*", "*", "application/*"];

/// What `_format` may also say: pages are not served here, and the answer is JSON (HTTP-05).
const PAGES: &[&str] = &["html", "text/html"];

/// The format of the answer: `_format`, else `Accept`, else the request's own `Content-Type`, else JSON (HTTP-03, HTTP-04).
///
/// # Errors
/// `Reason::FormatNotOffered` when `_format` or `Accept` name only formats that are not served.
pub fn answer_format(format_parameter: Option<&str>, headers: &HeaderMap) -> Result<Format, Refusal> {
    if let Some(asked) = format_parameter {
        return named(asked).ok_or_else(|| not_offered("_format", asked));
    }
    if headers.contains_key(ACCEPT) {
        let accept = joined_accept(headers);
        return accepted(&accept).ok_or_else(|| not_offered("Accept", &accept));
    }
    Ok(content_type_format(headers).unwrap_or(Format::Json))
}

/// The format for a refusal when [`answer_format`] itself refuses: whatever of the three can still be followed (OO-06).
#[must_use]
pub fn refusal_format(format_parameter: Option<&str>, headers: &HeaderMap) -> Format {
    format_parameter
        .and_then(named)
        .or_else(|| accepted(&joined_accept(headers)))
        .or_else(|| content_type_format(headers))
        .unwrap_or(Format::Json)
}

/// The format of a request's body, from its `Content-Type` alone (HTTP-07).
///
/// # Errors
/// `Reason::UnsupportedContentType` when the header is absent, is not a FHIR media type, or names a charset other than UTF-8.
pub fn body_format(headers: &HeaderMap) -> Result<Format, Refusal> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Err(unsupported("there is no Content-Type header"));
    };
    let text = value.to_str().map_err(|_| unsupported("the Content-Type header is not plain text"))?;
    let (essence, parameters) = media_type(text);
    let format = match essence.as_str() {
        "application/fhir+json" | "application/json+fhir" => Format::Json,
        "application/fhir+xml" | "application/xml+fhir" => Format::Xml,
        _ => return Err(unsupported(&format!("Content-Type is {}", shortened(text)))),
    };
    match parameters.iter().find(|(name, _)| name == "charset") {
        Some((_, charset)) if !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("utf8") => {
            Err(unsupported(&format!("the charset must be utf-8, came: {}", shortened(charset))))
        }
        _ => Ok(format),
    }
}

fn named(text: &str) -> Option<Format> {
    let (essence, _) = media_type(text);
    let known = NAMES.iter().find(|(name, _)| *name == essence).map(|(_, format)| *format);
    known.or_else(|| PAGES.contains(&essence.as_str()).then_some(Format::Json))
}

/// The best-liked format of an `Accept` list; JSON where both are liked equally and JSON is liked by a wildcard or comes first.
fn accepted(list: &str) -> Option<Format> {
    let mut best: Option<(u16, Format)> = None;
    for range in list.split(',') {
        let (essence, parameters) = media_type(range);
        let weight = quality(&parameters);
        let named = NAMES.iter().find(|(name, _)| *name == essence).map(|(_, format)| *format);
        let format = named.or_else(|| WILDCARDS.contains(&essence.as_str()).then_some(Format::Json));
        if let Some(format) = format
            && weight > best.map_or(0, |(weight, _)| weight)
        {
            best = Some((weight, format));
        }
    }
    best.map(|(_, format)| format)
}

fn content_type_format(headers: &HeaderMap) -> Option<Format> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let (essence, _) = media_type(text);
    NAMES.iter().find(|(name, _)| *name == essence).map(|(_, format)| *format)
}

fn joined_accept(headers: &HeaderMap) -> String {
    let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

/// A media type in lower case without its parameters, and the parameters (RFC 9110 §8.3.1).
fn media_type(text: &str) -> (String, Vec<(String, String)>) {
    let mut parts = text.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let parameters = parts
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_owned()))
        .collect();
    (essence, parameters)
}

/// A `q` parameter in thousandths, 1000 when there is none, 0 when it cannot be read (RFC 9110 §12.4.2).
fn quality(parameters: &[(String, String)]) -> u16 {
    let Some((_, text)) = parameters.iter().find(|(name, _)| name == "q") else { return 1000 };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" if digits && fraction.bytes().all(|byte| byte == b'0') => 1000,
        "0" if digits => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

fn not_offered(what: &str, asked: &str) -> Refusal {
    Refusal::new(Reason::FormatNotOffered, format!("{what} asks for {}", shortened(asked)))
}

fn unsupported(came: &str) -> Refusal {
    Refusal::new(Reason::UnsupportedContentType, came)
}

/// What came, short enough and plain enough to be sent back.
pub(crate) fn shortened(text: &str) -> String {
    let plain: String = text.chars().filter(|each| !each.is_control()).take(100).collect();
    format!("'{plain}'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    type Pairs<'a> = &'a [(&'static str, &'static str)];

    fn headers(pairs: Pairs<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    // covers: HTTP-03, HTTP-04, HTTP-05, HTTP-06, HTTP-16
    #[test]
    fn the_answers_format_follows_format_then_accept_then_content_type() {
        const JSON: Format = Format::Json;
        const XML: Format = Format::Xml;
        let table: &[(Option<&str>, Pairs<'_>, Format)] = &[
            (None, &[], JSON),
            (Some("xml"), &[("accept", "application/fhir+json")], XML),
            (Some("json"), &[("accept", "application/fhir+xml")], JSON),
            (Some("text/xml"), &[], XML),
            (Some("application/xml"), &[], XML),
            (Some("application/fhir+xml"), &[], XML),
            (Some("application/fhir xml"), &[], XML),
            (Some("application/json"), &[], JSON),
            (Some("application/fhir+json;charset=utf-8"), &[], JSON),
            (Some("html"), &[], JSON),
            (Some("text/html"), &[], JSON),
            (Some("application/xml+fhir"), &[], XML),
            (None, &[("accept", "application/fhir+xml")], XML),
            (None, &[("accept", "APPLICATION/FHIR+XML; charset=utf-8")], XML),
            (None, &[("accept", "*/*")], JSON),
            (None, &[("accept", "application/*;q=0.2")], JSON),
            (None, &[("accept", "application/fhir+json;q=0.5, application/fhir+xml;q=0.9")], XML),
            (None, &[("accept", "application/fhir+json, application/fhir+xml")], JSON),
            (None, &[("accept", "application/fhir+xml, */*")], XML),
            (None, &[("accept", "text/html, application/xml;q=0.9, */*;q=0.8")], XML),
            (None, &[("accept", "text/html"), ("accept", "application/fhir+xml")], XML),
            (None, &[("content-type", "application/fhir+xml")], XML),
            (None, &[("content-type", "text/plain")], JSON),
            (None, &[("accept", "application/fhir+json"), ("content-type", "application/fhir+xml")], JSON),
        ];
        for (parameter, pairs, expected) in table {
            let format = answer_format(*parameter, &headers(pairs));
            assert_eq!(format.ok(), Some(*expected), "{parameter:?} {pairs:?}");
        }
    }

    // covers: HTTP-08, X-07
    #[test]
    fn a_format_that_is_not_served_is_refused() {
        let table: &[(Option<&str>, Pairs<'_>)] = &[
            (Some("turtle"), &[]),
            (Some(""), &[]),
            (Some("turtle"), &[("accept", "application/fhir+json")]),
            (None, &[("accept", "text/turtle")]),
            (None, &[("accept", "application/fhir+json;q=0")]),
            (None, &[("accept", "application/fhir+json;q=2")]),
        ];
        for (parameter, pairs) in table {
            let refusal = answer_format(*parameter, &headers(pairs)).unwrap_err();
            assert_eq!(refusal.reason, Reason::FormatNotOffered, "{parameter:?} {pairs:?}");
        }
        assert_eq!(refusal_format(Some("turtle"), &headers(&[("accept", "application/fhir+xml")])), Format::Xml);
        assert_eq!(refusal_format(Some("turtle"), &headers(&[])), Format::Json);
    }

    // covers: HTTP-07
    #[test]
    fn a_body_is_taken_in_fhir_media_types_only() {
        let table: &[(&str, Option<Format>)] = &[
            ("application/fhir+json", Some(Format::Json)),
            ("application/fhir+xml; charset=UTF-8", Some(Format::Xml)),
            ("application/fhir+json;charset=\"utf-8\"", Some(Format::Json)),
            ("application/json+fhir", Some(Format::Json)),
            ("application/json", None),
            ("application/xml", None),
            ("text/xml", None),
            ("application/fhir+json;charset=latin1", None),
            ("", None),
        ];
        for (content_type, expected) in table {
            let format = body_format(&headers(&[("content-type", content_type)]));
            assert_eq!(format.ok(), *expected, "{content_type}");
        }
        assert_eq!(body_format(&headers(&[])).unwrap_err().reason, Reason::UnsupportedContentType);
    }
}
