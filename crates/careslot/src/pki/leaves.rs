//! The certificates of the test PKI as a table: one row each, the good ones and the ones that must be refused (TLS-23).

/// The name that the demo's SSP shows to a Provider, to the Registry and to the SDS: `ssp.client_fqdns` (TLS-07).
pub const SSP_CLIENT_FQDN: &str = "ssp.careslot.test";
/// The name of the first Consumer, and the `nhsMhsFQDN` that SDS must hold for it (SSP-47).
pub const CONSUMER_FQDN: &str = "consumer.careslot.test";
/// The name of the Consumer that is registered for slot search only.
pub const SECOND_CONSUMER_FQDN: &str = "second-consumer.careslot.test";
/// A name that no ASID is registered for.
pub const STRANGER_FQDN: &str = "stranger.careslot.test";

/// Whose signature a certificate bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Issuer {
    /// The demo's subordinate CA: the one that every role trusts.
    Ours,
    /// A CA that nobody trusts.
    Other,
}

/// What a certificate is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// `localhost`, 127.0.0.1 and the machine's host name: what servers on this machine are reached by.
    ThisMachine,
    /// One name, as common name and as subjectAltName.
    Full(&'static str),
    /// One name, as common name only, with no subjectAltName: the way of many NHS certificates (TLS-09, TLS-10).
    CommonNameOnly(&'static str),
}

/// One certificate to make.
pub(super) struct Leaf {
    /// File name without its ending: `NAME.pem` and `NAME.key`.
    pub(super) name: &'static str,
    /// The key pair it is for. Some share one: making an RSA key takes long, and a demo shall be up in a second.
    pub(super) key: &'static str,
    pub(super) naming: Naming,
    pub(super) issuer: Issuer,
    /// Its time has passed.
    pub(super) expired: bool,
    /// It stands in the CRL.
    pub(super) revoked: bool,
}

const fn good(name: &'static str, key: &'static str, naming: Naming) -> Leaf {
    Leaf { name, key, naming, issuer: Issuer::Ours, expired: false, revoked: false }
}

/// Key pairs to make, each RSA 2048: both TLS 1.2 suites that rustls shares with the NHS list are ECDHE-RSA (TLS-04, TLS-05).
pub(super) const KEYS: &[&str] = &["root", "sub", "server", "token", "ssp", "consumer", "spare"];

/// Every certificate below the two CAs. The bad ones bear the first Consumer's name, so that nothing but the named fault is wrong.
pub(super) const LEAVES: &[Leaf] = &[
    good("ssp-server", "server", Naming::ThisMachine),
    good("sds-server", "server", Naming::ThisMachine),
    good("token-server", "server", Naming::ThisMachine),
    good("provider-server", "server", Naming::ThisMachine),
    good("registry-server", "server", Naming::ThisMachine),
    good("ssp", "ssp", Naming::Full(SSP_CLIENT_FQDN)),
    good("consumer", "consumer", Naming::Full(CONSUMER_FQDN)),
    good("second-consumer", "spare", Naming::Full(SECOND_CONSUMER_FQDN)),
    good("stranger", "spare", Naming::Full(STRANGER_FQDN)),
    Leaf { expired: true, ..good("expired", "spare", Naming::Full(CONSUMER_FQDN)) },
    Leaf { revoked: true, ..good("revoked", "spare", Naming::Full(CONSUMER_FQDN)) },
    Leaf { issuer: Issuer::Other, ..good("other-ca", "spare", Naming::Full(CONSUMER_FQDN)) },
    good("cn-only", "spare", Naming::CommonNameOnly(CONSUMER_FQDN)),
];
