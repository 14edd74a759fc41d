//! What goes back to the Consumer: the Provider's head as it is but for what belongs to the connection, or the proxy's own
//! refusal (SSP-60, SSP-61, SSP-62, SSP-65, SSP-70, SSP-71, SSP-87, SSP-92, SSP-93, SSP-96).

use bytes::{BufMut as _, Bytes, BytesMut};
use http::Response;
use http::header::CONTENT_LENGTH;
use hyper::ext::ReasonPhrase;

use super::cors::Cors;
use super::forward::{end_to_end, via, write_field};
use super::settings::Settings;
use super::throttle::Standing;
use super::wire::{Framing, Head};

/// What the proxy adds to every answer.
pub(super) struct Additions<'a> {
    pub(super) settings: &'a Settings,
    pub(super) standing: Option<Standing>,
    /// For a browser's page, where that is configured (SSP-97).
    pub(super) cors: Option<Cors>,
    /// The connection goes on after it.
    pub(super) keep: bool,
}

/// The head of a Provider's answer. The framing is that of the body as it goes on.
pub(super) fn write_head(
    out: &mut BytesMut,
    head: &Head,
    framing: &Framing,
    trailers: bool,
    additions: &Additions<'_>,
) {
    out.reserve(4096);
    write_status(out, head.status(), head.reason());
    let own_length = matches!(framing, Framing::Chunks(_) | Framing::UntilEnd) || head.status() == 204;
    for (name, value) in end_to_end(head) {
        if !(own_length && name.eq_ignore_ascii_case("content-length")) {
            write_field(out, name, value);
        }
    }
    if matches!(framing, Framing::Chunks(_) | Framing::UntilEnd) {
        write_field(out, "Transfer-Encoding", b"chunked");
    }
    for value in head.values("trailer").filter(|_| trailers) {
        write_field(out, "Trailer", value);
    }
    let has = |name: &str| head.value(name).is_some();
    write_additions(out, additions, has);
    out.put_slice(b"\r\n");
}

/// An interim answer, which has no body.
pub(super) fn write_interim(out: &mut BytesMut, head: &Head) {
    write_status(out, head.status(), head.reason());
    for (name, value) in end_to_end(head).filter(|(name, _)| !name.eq_ignore_ascii_case("content-length")) {
        write_field(out, name, value);
    }
    out.put_slice(b"\r\n");
}

/// An answer of the proxy's own.
pub(super) fn write_own(answer: &Response<Bytes>, without_body: bool, additions: &Additions<'_>) -> BytesMut {
    let mut out = BytesMut::with_capacity(answer.body().len() + 1024);
    let status = answer.status();
    let known = answer.extensions().get::<ReasonPhrase>().map(ReasonPhrase::as_bytes);
    let phrase = known.unwrap_or_else(|| status.canonical_reason().unwrap_or_default().as_bytes());
    write_status(&mut out, status.as_u16(), phrase);
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != CONTENT_LENGTH) {
        write_field(&mut out, name.as_str(), value.as_bytes());
    }
    if status.as_u16() != 204 {
        write_field(&mut out, "Content-Length", answer.body().len().to_string().as_bytes());
    }
    write_field(&mut out, "Cache-Control", b"no-store");
    write_additions(&mut out, additions, |_| false);
    out.put_slice(b"\r\n");
    if !without_body {
        out.put_slice(answer.body());
    }
    out
}

fn write_status(out: &mut BytesMut, status: u16, reason: &[u8]) {
    out.put_slice(b"HTTP/1.1 ");
    out.put_slice(status.to_string().as_bytes());
    out.put_slice(b" ");
    out.put_slice(reason);
    out.put_slice(b"\r\n");
}

/// `Via`, HSTS, where the Consumer stands with its quota, and what a browser asks for; what the Provider said itself is
/// left alone (SSP-93).
fn write_additions(out: &mut BytesMut, additions: &Additions<'_>, has: impl Fn(&str) -> bool) {
    write_field(out, "Via", via(additions.settings).as_bytes());
    if !has("strict-transport-security") {
        write_field(out, "Strict-Transport-Security", b"max-age=31536000");
    }
    const QUOTA: [&str; 3] = ["X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"];
    if let Some(standing) = additions.standing
        && !QUOTA.iter().any(|name| has(name))
    {
        let values = [u64::from(standing.limit), u64::from(standing.remaining), standing.reset];
        for (name, value) in QUOTA.into_iter().zip(values) {
            write_field(out, name, value.to_string().as_bytes());
        }
    }
    if let Some(cors) = additions.cors.as_ref().filter(|_| !has("access-control-allow-origin")) {
        cors.write(out);
    }
    if !additions.keep {
        write_field(out, "Connection", b"close");
    }
}
