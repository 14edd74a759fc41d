//! The body of a request as bytes, within a limit, unpacked when it came as gzip (HTTP-10, HTTP-11).

use std::io::Read as _;

use bytes::Bytes;
use fhir::{Limits, Parsed, SyntaxKind};
use flate2::read::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use profile::Definitions;
use spine::Reason;

use super::negotiate::{Format, shortened};
use super::refusal::Refusal;

/// Reads a whole body; neither what arrives nor what it unpacks to may be longer than `most` bytes.
///
/// # Errors
/// `Reason::BodyTooLarge` beyond the limit, `Reason::UnsupportedContentType` for a coding other than gzip, and
/// `Reason::BodyNotWellFormed` when the gzip data or the connection breaks off.
pub async fn read_body<B>(headers: &HeaderMap, body: B, most: usize) -> Result<Bytes, Refusal>
where
    B: http_body::Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let packed = is_gzip(headers)?;
    let collected = Limited::new(body, most).collect().await;
    let bytes = collected.map_err(|error| not_received(error, most))?.to_bytes();
    if packed { unpacked(&bytes, most) } else { Ok(bytes) }
}

/// The resource of a body, with what the reader noticed about its structure.
///
/// # Errors
/// `Reason::BodyMissing` where there is nothing, `Reason::BodyNotWellFormed` for no JSON or XML, `Reason::BodyTooLarge` when it is
/// nested too deeply or too long.
pub fn read_resource(body: &[u8], format: Format, definitions: &Definitions) -> Result<Parsed, Refusal> {
    if body.trim_ascii().is_empty() {
        return Err(Refusal::new(Reason::BodyMissing, ""));
    }
    let parsed = match format {
        Format::Json => fhir::json::read_with(definitions.types(), body, &Limits::STRICT),
        Format::Xml => fhir::xml::read_with(definitions.types(), body, &Limits::STRICT),
    };
    parsed.map_err(|error| {
        let reason = match error.kind {
            SyntaxKind::TooLarge => Reason::BodyTooLarge,
            SyntaxKind::Malformed | SyntaxKind::Forbidden => Reason::BodyNotWellFormed,
        };
        let refusal = Refusal::new(reason, error.to_string());
        match error.path {
            Some(path) => refusal.at(path),
            None => refusal,
        }
    })
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Refusal> {
    let mut packed = false;
    for value in headers.get_all(CONTENT_ENCODING) {
        let coding = value.to_str().unwrap_or("unreadable").trim();
        if (coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip")) && !packed {
            packed = true;
        } else if !coding.eq_ignore_ascii_case("identity") && !coding.is_empty() {
            return Err(Refusal::new(
                Reason::UnsupportedContentType,
                format!("Content-Encoding is {}", shortened(coding)),
            ));
        }
    }
    Ok(packed)
}

fn unpacked(bytes: &[u8], most: usize) -> Result<Bytes, Refusal> {
    let mut plain = Vec::with_capacity(bytes.len().saturating_mul(4).min(most));
    // One byte over the limit tells "exactly at the limit" from "longer" without unpacking a bomb.
    let reading = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(bytes).take(reading).read_to_end(&mut plain).map_err(|error| {
        Refusal::new(Reason::BodyNotWellFormed, "it says Content-Encoding gzip and cannot be unpacked").caused_by(error)
    })?;
    if plain.len() > most { Err(too_large(most)) } else { Ok(plain.into()) }
}

fn not_received(error: Box<dyn std::error::Error + Send + Sync>, most: usize) -> Refusal {
    if error.downcast_ref::<LengthLimitError>().is_some() {
        return too_large(most);
    }
    Refusal::new(Reason::BodyNotWellFormed, "it broke off before its end").caused_by(error)
}

fn too_large(most: usize) -> Refusal {
    Refusal::new(Reason::BodyTooLarge, format!("at most {most} bytes, also when unpacked"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use http::HeaderValue;
    use http_body_util::Full;
    use std::io::Write as _;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    async fn read(coding: Option<&'static str>, bytes: Vec<u8>, most: usize) -> Result<Bytes, Reason> {
        let mut headers = HeaderMap::new();
        if let Some(coding) = coding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        read_body(&headers, Full::new(Bytes::from(bytes)), most).await.map_err(|refusal| refusal.reason)
    }

    // covers: HTTP-11
    #[tokio::test]
    async fn a_body_is_read_within_its_limit_and_unpacked() {
        assert_eq!(read(None, b"plain".to_vec(), 5).await.unwrap(), "plain");
        assert_eq!(read(Some("identity"), b"plain".to_vec(), 5).await.unwrap(), "plain");
        assert_eq!(read(Some("GZIP"), packed(b"packed"), 1000).await.unwrap(), "packed");
        assert_eq!(read(None, b"longer".to_vec(), 5).await, Err(Reason::BodyTooLarge));
        assert_eq!(read(Some("gzip"), packed(&[b'x'; 100_000]), 10_000).await, Err(Reason::BodyTooLarge));
        assert_eq!(read(Some("gzip"), b"not gzip".to_vec(), 1000).await, Err(Reason::BodyNotWellFormed));
        assert_eq!(read(Some("br"), b"x".to_vec(), 1000).await, Err(Reason::UnsupportedContentType));
        assert_eq!(read(Some("gzip"), packed(b"broken")[..10].to_vec(), 1000).await, Err(Reason::BodyNotWellFormed));
    }
}
