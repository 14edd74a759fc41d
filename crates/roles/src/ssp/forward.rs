//! The call on its way to the Provider: what changes in its head, and what becomes of a Provider that does not answer
//! (SSP-27, SSP-60 to SSP-69, SSP-72, SSP-73, SSP-80 to SSP-83).

use std::fmt::Write as _;
use std::net::IpAddr;

use bytes::{BufMut as _, BytesMut};
use spine::Reason;

use super::admission::Admitted;
use super::crossing::Cut;
use super::settings::Settings;
use super::wire::{Framing, Head};
use crate::edge::client::ClientFault;
use crate::edge::refusal::Refusal;

/// What belongs to one connection only, beside what `Connection` itself lists (SSP-63).
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The fields that go on to the other side, as they came.
pub(super) fn end_to_end(head: &Head) -> impl Iterator<Item = (&str, &[u8])> {
    let listed: Vec<&[u8]> = head.elements("connection").collect();
    head.fields().filter(move |(name, _)| {
        !HOP_BY_HOP.iter().any(|hop| hop.eq_ignore_ascii_case(name))
            && !listed.iter().any(|listed| listed.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// One field of a head.
pub(super) fn write_field(out: &mut BytesMut, name: &str, value: &[u8]) {
    out.put_slice(name.as_bytes());
    out.put_slice(b": ");
    out.put_slice(value);
    out.put_slice(b"\r\n");
}

/// The head as the Provider gets it. Everything that is not named here stays as it came, in its order and spelling.
pub(super) fn outbound(
    admitted: &Admitted,
    head: &Head,
    framing: &Framing,
    caller: IpAddr,
    settings: &Settings,
) -> BytesMut {
    let mut out = BytesMut::with_capacity(4096);
    for part in [head.first(), " ", &admitted.origin_form, " HTTP/1.1\r\n"] {
        out.put_slice(part.as_bytes());
    }
    for (name, value) in end_to_end(head) {
        let host = name.eq_ignore_ascii_case("host");
        write_field(&mut out, name, if host { admitted.endpoint.host.as_bytes() } else { value });
    }
    if matches!(framing, Framing::Chunks(_)) {
        write_field(&mut out, "Transfer-Encoding", b"chunked");
    }
    if head.lists("te", "trailers") {
        write_field(&mut out, "TE", b"trailers"); // SSP-72: only who wants trailers gets them
        write_field(&mut out, "Connection", b"TE");
    }
    write_field(&mut out, "Forwarded", forwarded(caller, head.text_value("host"), settings).as_bytes());
    write_field(&mut out, "Via", via(settings).as_bytes());
    out.put_slice(b"\r\n");
    out
}

/// `Via: 1.1 ssp` (SSP-65).
pub(super) fn via(settings: &Settings) -> String {
    format!("1.1 {}", settings.forwarded_by.trim_start_matches('_'))
}

/// `for=…;by=…;host=…;proto=https` (SSP-64, RFC 7239).
fn forwarded(client: IpAddr, host: Option<&str>, settings: &Settings) -> String {
    let mut text = String::with_capacity(96);
    let written = match client {
        _ if settings.hide_addresses => write!(text, "for=_hidden"),
        IpAddr::V4(address) => write!(text, "for={address}"),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => write!(text, "for={address}"),
            None => write!(text, "for=\"[{address}]\""),
        },
    };
    // Writing into a string cannot fail.
    let _ = written.and_then(|()| write!(text, ";by={}", settings.forwarded_by));
    if let Some(host) = host {
        let _ = if host.contains([':', '[']) { write!(text, ";host=\"{host}\"") } else { write!(text, ";host={host}") };
    }
    text.push_str(";proto=https");
    text
}

/// What a Provider that cannot be called is told of as (SSP-80, SSP-81).
pub(super) fn unreached(fault: ClientFault, target: &str) -> Refusal {
    let reason = if fault.is_timeout() { Reason::ProviderTimedOut } else { Reason::ProviderUnreachable };
    // What the Consumer may know of it: no addresses, no texts of libraries.
    let words = match &fault {
        ClientFault::Tls(_) => "the TLS handshake failed".to_owned(),
        fault => fault.to_string(),
    };
    Refusal::new(reason, words).opening(live(target)).caused_by(fault)
}

/// What a call that came to no answer is told of as (SSP-37, SSP-80, SSP-81, SSP-83, SSP-84).
pub(super) fn unanswered(cut: &Cut, target: &str) -> Refusal {
    let provider = |reason, words: &str| Refusal::new(reason, words).opening(live(target));
    match cut {
        Cut::ConsumerGone => Refusal::new(Reason::ConsumerWentAway, ""),
        Cut::BodyMalformed(what) => Refusal::new(Reason::RequestHeadBroken, format!("its body: {what}")),
        Cut::ProviderSilent => provider(Reason::ProviderClosed, ""),
        Cut::ProviderBroke => provider(Reason::ProviderUnreachable, "it ended the connection within its answer"),
        Cut::ProviderMalformed(_) => provider(Reason::ProviderUnreachable, "the answer is not well-formed HTTP"),
        Cut::TimedOut => provider(Reason::ProviderTimedOut, "no answer came in time"),
    }
}

/// What the live proxy says of a Provider that cannot be called.
fn live(target: &str) -> String {
    format!("ERROR_COMMUNICATING_TO_ENDPOINT_URL_{}", crate::edge::audit::without_nhs_numbers(target))
}

#[cfg(test)]
mod tests {
    use super::super::wire::HeadLimits;
    use super::*;

    // covers: SSP-64
    #[test]
    fn the_proxy_discloses_itself_as_rfc_7239_says() {
        let host = Some("proxy.test:8443");
        let mut settings = Settings::default();
        let table = [
            ("192.0.2.1", "for=192.0.2.1;by=_ssp;host=\"proxy.test:8443\";proto=https"),
            ("2001:db8::1", "for=\"[2001:db8::1]\";by=_ssp;host=\"proxy.test:8443\";proto=https"),
            ("::ffff:192.0.2.1", "for=192.0.2.1;by=_ssp;host=\"proxy.test:8443\";proto=https"),
        ];
        for (client, expected) in table {
            assert_eq!(forwarded(client.parse().unwrap(), host, &settings), expected);
        }
        settings.hide_addresses = true;
        let hidden = forwarded("192.0.2.1".parse().unwrap(), Some("proxy.test"), &settings);
        assert_eq!(hidden, "for=_hidden;by=_ssp;host=proxy.test;proto=https");
    }

    // covers: SSP-61, SSP-63, SSP-72
    #[test]
    fn only_what_belongs_to_the_connection_is_taken_away() {
        let bytes = b"GET / HTTP/1.1\r\nConnection: keep-alive, X-Hop ,, close\r\nKeep-Alive: timeout=5\r\n\
            TE: trailers\r\nTrailer: x\r\nTransfer-Encoding: chunked\r\nUpgrade: h2c\r\nProxy-Authorization: Basic x\r\n\
            x-hop: 1\r\nX-End: 1\r\nx-end: 2\r\nAccept-Encoding: gzip\r\nExpect: 100-continue\r\n\r\n";
        let head = Head::request(bytes, HeadLimits { bytes: 8192, fields: 50 }).unwrap();
        let left: Vec<_> = end_to_end(&head).map(|(name, _)| name).collect();
        assert_eq!(left, ["X-End", "x-end", "Accept-Encoding", "Expect"]);
    }
}
