//! The call on its way to the Provider: what changes in its head, and what becomes of a Provider that does not answer
//! (SSP-27, SSP-60 to SSP-69, SSP-72, SSP-73, SSP-80 to SSP-83).

use std::fmt::Write as _;
use std::net::IpAddr;

use http::header::{
    CONNECTION, CONTENT_LENGTH, FORWARDED, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, VIA,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, Version};
use spine::Reason;

use super::admission::{Admitted, connection_names};
use super::settings::Settings;
use crate::edge::client::{ClientFault, Upload};
use crate::edge::peer::Peer;
use crate::edge::refusal::Refusal;

/// What belongs to one connection only, beside what `Connection` itself lists (SSP-63).
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Takes away what belongs to one connection only.
pub(super) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let listed: Vec<HeaderName> = connection_names(headers).collect();
        for name in listed {
            headers.remove(name);
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// The request as the Provider gets it. Everything that is not named here stays as it came.
pub(super) fn outbound(
    admitted: &Admitted,
    mut head: Parts,
    upload: Upload,
    peer: &Peer,
    settings: &Settings,
) -> Result<Request<Upload>, Refusal> {
    let malformed = || Refusal::new(Reason::TargetMalformed, "it cannot be sent as it is");
    head.uri = Uri::try_from(admitted.origin_form.as_str()).map_err(|_| malformed())?;
    head.version = Version::HTTP_11;
    let forwarded = forwarded(peer.address.ip(), head.headers.get(HOST), settings);
    strip_hop_by_hop(&mut head.headers);
    head.headers.insert(HOST, HeaderValue::from_str(&admitted.endpoint.host).map_err(|_| malformed())?);
    head.headers.append(FORWARDED, forwarded);
    head.headers.append(VIA, via(settings));
    Ok(Request::from_parts(head, upload))
}

/// `Via: 1.1 ssp` (SSP-65).
pub(super) fn via(settings: &Settings) -> HeaderValue {
    HeaderValue::try_from(format!("1.1 {}", settings.forwarded_by.trim_start_matches('_')))
        .unwrap_or_else(|_| HeaderValue::from_static("1.1 ssp"))
}

/// `for=…;by=…;host=…;proto=https` (SSP-64, RFC 7239).
fn forwarded(client: IpAddr, host: Option<&HeaderValue>, settings: &Settings) -> HeaderValue {
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
    if let Some(host) = host.and_then(|host| host.to_str().ok()) {
        let _ = if host.contains([':', '[']) { write!(text, ";host=\"{host}\"") } else { write!(text, ";host={host}") };
    }
    text.push_str(";proto=https");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("for=unknown;proto=https"))
}

/// Whether a request has a body worth counting.
pub(super) fn has_body(head: &Parts) -> bool {
    head.headers.contains_key(CONTENT_LENGTH) || head.headers.contains_key(TRANSFER_ENCODING)
}

/// What a Provider that does not answer is told of as (SSP-80, SSP-81, SSP-83).
pub(super) fn unanswered(fault: ClientFault, target: &str) -> Refusal {
    let reason = match &fault {
        fault if fault.is_timeout() => Reason::ProviderTimedOut,
        ClientFault::ClosedUnanswered => Reason::ProviderClosed,
        ClientFault::Broken(error) if error.is_user() => Reason::ConsumerWentAway,
        _ => Reason::ProviderUnreachable,
    };
    let target = crate::edge::audit::without_nhs_numbers(target);
    let live = format!("ERROR_COMMUNICATING_TO_ENDPOINT_URL_{target}");
    Refusal::new(reason, words(&fault)).opening(live).caused_by(fault)
}

/// What the Consumer may know of it: no addresses, no texts of libraries.
fn words(fault: &ClientFault) -> String {
    match fault {
        ClientFault::Tls(_) => "the TLS handshake failed".to_owned(),
        fault => fault.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SSP-64
    #[test]
    fn the_proxy_discloses_itself_as_rfc_7239_says() {
        let host = HeaderValue::from_static("proxy.test:8443");
        let mut settings = Settings::default();
        let table = [
            ("192.0.2.1", "for=192.0.2.1;by=_ssp;host=\"proxy.test:8443\";proto=https"),
            ("2001:db8::1", "for=\"[2001:db8::1]\";by=_ssp;host=\"proxy.test:8443\";proto=https"),
            ("::ffff:192.0.2.1", "for=192.0.2.1;by=_ssp;host=\"proxy.test:8443\";proto=https"),
        ];
        for (client, expected) in table {
            assert_eq!(forwarded(client.parse().unwrap(), Some(&host), &settings), expected);
        }
        settings.hide_addresses = true;
        let plain = HeaderValue::from_static("proxy.test");
        let hidden = forwarded("192.0.2.1".parse().unwrap(), Some(&plain), &settings);
        assert_eq!(hidden, "for=_hidden;by=_ssp;host=proxy.test;proto=https");
    }

    // covers: SSP-61, SSP-63, SSP-72
    #[test]
    fn only_what_belongs_to_the_connection_is_taken_away() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, X-Hop ,, close"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("proxy-authorization", "Basic x"),
            ("x-hop", "1"),
            ("x-end", "1"),
            ("x-end", "2"),
            ("accept-encoding", "gzip"),
            ("expect", "100-continue"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        strip_hop_by_hop(&mut headers);
        let mut left: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        left.sort_unstable();
        assert_eq!(left, [("accept-encoding", "gzip"), ("expect", "100-continue"), ("x-end", "1"), ("x-end", "2")]);
    }
}
