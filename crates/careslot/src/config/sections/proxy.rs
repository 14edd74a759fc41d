//! `[ssp]`: the Secure Proxy (`spine.md` part 1).

use std::net::SocketAddr;
use std::time::Duration;

use super::Identity;
use crate::config::reader::Reader;

/// `[ssp]`
#[derive(Clone, Debug)]
pub struct Ssp {
    /// Where Consumers reach it.
    pub listen: Option<SocketAddr>,
    /// The operations listener.
    pub operations: Option<SocketAddr>,
    /// What Consumers see.
    pub identity: Option<Identity>,
    /// What Providers and the directory see; none when it is the same.
    pub client_identity: Option<Identity>,
    /// The names in that certificate, in lower case: how a Provider knows the SSP (TLS-07).
    pub client_fqdns: Vec<String>,
    /// The directory's address.
    pub sds: Option<String>,
    /// Base DN of the look-ups.
    pub sds_base: String,
    /// How long an answer of the directory is used again (SDS-53).
    pub sds_cache: Duration,
    /// How long an absence is remembered.
    pub sds_absent: Duration,
    /// How long an old answer serves while the directory is down.
    pub sds_stale: Duration,
    /// The verbs that are let through (SSP-38).
    pub verbs: Vec<String>,
    /// What is done about the bearer token (SSP-48).
    pub jwt: TokenCheck,
    /// Which refusals are copied (SSP-45).
    pub compat: Compat,
    /// How refusals are written (ERR-08).
    pub error_style: ErrorStyle,
    /// The programmes that need a sharing agreement (SSP-52).
    pub sharing_programmes: Vec<String>,
    /// The agreements: from and to (SSP-52).
    pub sharing_agreements: Vec<(String, String)>,
    /// The origins of browsers' pages that may call (SSP-97).
    pub cors_origins: Vec<String>,
    /// After how many failures in a row a Provider is left alone (SSP-95).
    pub circuit_failures: u32,
    /// For how long.
    pub circuit_pause: Duration,
    /// Media types that are let through; empty means all (SSP-50).
    pub media_types: Vec<String>,
    /// Whether NHS numbers in queries are checked (SSP-51).
    pub check_nhs_number: bool,
    /// Whether `%2f` may stand in a path (SSP-12).
    pub allow_encoded_slash: bool,
    /// Whether `Forwarded` names the caller's address (SSP-64).
    pub hide_caller: bool,
    /// The proxy's own name in `Forwarded` and `Via`.
    pub forwarded_by: String,
    /// How long to wait for a connection to a Provider (SSP-86).
    pub connect: Duration,
    /// How long its handshake may take.
    pub tls: Duration,
    /// How long the head of its answer may take.
    pub head: Duration,
    /// How long between two pieces of a body.
    pub body_idle: Duration,
    /// How long one exchange may take in all.
    pub total: Duration,
    /// How long a Consumer's connection may stay open without a request.
    pub client_idle: Duration,
    /// Calls of one ASID in a minute; none means no quota (SSP-95).
    pub per_asid_per_minute: Option<u32>,
    /// Calls from one address in a minute.
    pub per_address_per_minute: Option<u32>,
    /// Calls that may be under way to one Provider.
    pub per_provider_in_flight: Option<u32>,
}

/// What the proxy does about the bearer token (SSP-53).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenCheck {
    /// It does not look into it.
    Off,
    /// It notes what is wrong with it.
    Log,
    /// It refuses the call.
    Enforce,
}

/// How a call to an ASID that is not registered is refused, on which the live proxy differs from its documents (ERR-D13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compat {
    /// 403.
    Documented,
    /// 400, as seen.
    Live,
}

/// How refusals are written (ERR-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorStyle {
    /// The Spine's code and a whole sentence.
    Coded,
    /// As the live proxy was seen to write.
    Live,
    /// Severity, issue type and diagnostics.
    Minimal,
}

impl Ssp {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let ssp = Self {
            listen: reader.listener("listen"),
            operations: reader.listener("operations"),
            identity: Identity::read(reader, "cert_file", "key_file"),
            client_identity: Identity::read(reader, "client_cert_file", "client_key_file"),
            client_fqdns: reader.list("client_fqdns").iter().map(|name| name.to_ascii_lowercase()).collect(),
            sds: reader.address("sds", &["ldaps", "ldap"]),
            sds_base: reader.text("sds_base"),
            sds_cache: reader.seconds("sds_cache_seconds", 0..=60),
            sds_absent: reader.seconds("sds_absent_seconds", 0..=60),
            sds_stale: reader.seconds("sds_stale_seconds", 0..=300),
            verbs: reader.list("verbs"),
            jwt: reader
                .choice("jwt", &[("log", TokenCheck::Log), ("enforce", TokenCheck::Enforce), ("off", TokenCheck::Off)]),
            compat: reader.choice("compat", &[("documented", Compat::Documented), ("live", Compat::Live)]),
            error_style: reader.choice(
                "error_style",
                &[("coded", ErrorStyle::Coded), ("live", ErrorStyle::Live), ("minimal", ErrorStyle::Minimal)],
            ),
            sharing_programmes: reader.list("sharing_programmes"),
            sharing_agreements: agreements(reader),
            cors_origins: reader.list("cors_origins"),
            circuit_failures: quota(reader, "circuit_failures").unwrap_or(0),
            circuit_pause: reader.seconds("circuit_pause_seconds", 1..=3600),
            media_types: reader.list("media_types"),
            check_nhs_number: reader.switch("check_nhs_number"),
            allow_encoded_slash: reader.switch("allow_encoded_slash"),
            hide_caller: reader.choice("forwarded_for", &[("address", false), ("hidden", true)]),
            forwarded_by: reader.text("forwarded_by"),
            connect: reader.seconds("connect_seconds", 1..=120),
            tls: reader.seconds("tls_seconds", 1..=120),
            head: reader.seconds("head_seconds", 1..=600),
            body_idle: reader.seconds("body_idle_seconds", 1..=600),
            total: reader.seconds("total_seconds", 1..=3600),
            client_idle: reader.seconds("client_idle_seconds", 1..=3600),
            per_asid_per_minute: quota(reader, "per_asid_per_minute"),
            per_address_per_minute: quota(reader, "per_address_per_minute"),
            per_provider_in_flight: quota(reader, "per_provider_in_flight"),
        };
        ssp.validate(reader);
        ssp
    }

    fn validate(&self, reader: &mut Reader<'_>) {
        const KNOWN: &[&str] = &["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
        for verb in self.verbs.iter().filter(|verb| !KNOWN.contains(&verb.as_str())) {
            reader.problem("verbs", format!("holds {verb:?}"), format!("choose among {}", KNOWN.join(", ")));
        }
        for origin in self.cors_origins.iter().filter(|origin| !origin.starts_with("https://") || origin.ends_with('/'))
        {
            let cure =
                "write an origin as browsers do: https://HOST, with a port if it has one, without a slash at its end";
            reader.problem("cors_origins", format!("holds {origin:?}"), cure);
        }
        if self.forwarded_by.is_empty()
            || !self.forwarded_by.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        {
            let cure = "use letters, digits, dots, hyphens and underscores; a made-up name begins with an underscore";
            reader.problem("forwarded_by", format!("is {:?}", self.forwarded_by), cure);
        }
        if self.sds.as_ref().is_some_and(|sds| sds.starts_with("ldap://") && !is_loopback(sds)) {
            reader.problem(
                "sds",
                "is plain LDAP to another machine",
                "use ldaps:// (SDS-01); plain LDAP is for the loopback",
            );
        }
    }
}

/// Whether an address names this machine.
pub(super) fn is_loopback(address: &str) -> bool {
    let authority = address.split_once("://").map_or("", |(_, rest)| rest).split('/').next().unwrap_or("");
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `FROM TO` pairs of ASIDs or ODS codes.
fn agreements(reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let mut agreements = Vec::new();
    for text in reader.list("sharing_agreements") {
        match text.split_whitespace().collect::<Vec<_>>().as_slice() {
            [from, to] => agreements.push(((*from).to_owned(), (*to).to_owned())),
            _ => reader.problem(
                "sharing_agreements",
                format!("holds {text:?}"),
                "write two ASIDs or ODS codes with a space between them, who calls first",
            ),
        }
    }
    agreements
}

fn quota(reader: &mut Reader<'_>, key: &str) -> Option<u32> {
    Some(reader.whole(key, 0..=10_000_000)).filter(|quota| *quota > 0)
}
