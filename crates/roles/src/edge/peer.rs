//! Who is at the other end of a connection: its address, its certificate and what we think of it (TLS-08, TLS-18).
//! The listener puts an `Arc<Peer>` into every request's extensions.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// The other end of one accepted connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The remote address as the socket gave it.
    pub address: SocketAddr,
    /// What the connection's certificate is worth.
    pub certificate: Verdict,
    /// Version and suite, where the connection is TLS.
    pub tls: Option<TlsSession>,
}

/// What was agreed in the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsSession {
    /// `TLSv1_2` or `TLSv1_3`.
    pub version: &'static str,
    /// The suite's IANA name, for instance `TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384`.
    pub suite: &'static str,
    /// How long the handshake took.
    pub took: Duration,
}

/// What a listener found out about the client's certificate. Roles dispatch to their interactions only on `Good`, or on
/// `NotAsked` where the role's standard asks for no certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This listener does not ask for certificates.
    NotAsked,
    /// Plain HTTP was spoken to a TLS port (SSP-33, 497).
    PlainHttp,
    /// No certificate was presented (SSP-35, 496).
    None,
    /// A certificate was presented that must not be believed (SSP-36, 495).
    Bad {
        /// The first rule that it breaks.
        fault: CertificateFault,
        /// What it says of itself, for the audit record only; absent when it cannot be read.
        certificate: Option<Certificate>,
    },
    /// Chain, dates, purpose and revocation are all in order, and it has a name.
    Good(Certificate),
}

impl Verdict {
    /// The certificate, only when it may be believed.
    #[must_use]
    pub fn good(&self) -> Option<&Certificate> {
        match self {
            Self::Good(certificate) => Some(certificate),
            _ => None,
        }
    }

    /// The certificate as presented, believed or not: for audit records.
    #[must_use]
    pub fn presented(&self) -> Option<&Certificate> {
        match self {
            Self::Good(certificate) => Some(certificate),
            Self::Bad { certificate, .. } => certificate.as_ref(),
            _ => None,
        }
    }
}

/// Why a certificate is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateFault {
    /// It cannot be parsed.
    Malformed,
    /// Its last day has passed.
    Expired,
    /// Its first day is still to come.
    NotYetValid,
    /// No chain leads to an authority that this listener trusts, or a signature in the chain is wrong.
    UnknownIssuer,
    /// It stands on its authority's revocation list (TLS-12).
    Revoked,
    /// No revocation list covers it, and the policy is to fail then (TLS-14).
    RevocationUnknown,
    /// It is not meant for this use: no `clientAuth` (or, for a server, `serverAuth`) purpose.
    WrongPurpose,
    /// It has neither a common name nor a DNS name (SSP-36).
    Nameless,
    /// It is not issued for the host that was called.
    WrongName,
    /// It breaks a rule that has no word of its own here.
    Other,
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it cannot be read as an X.509 certificate",
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet",
            Self::UnknownIssuer => "it was not issued by an authority that is trusted here",
            Self::Revoked => "its issuer has revoked it",
            Self::RevocationUnknown => "no revocation list that is held here covers it",
            Self::WrongPurpose => "its extended key usage does not allow this use",
            Self::Nameless => "it has neither a common name nor a DNS name",
            Self::WrongName => "it was issued for another host",
            Self::Other => "it does not keep to the rules for certificates",
        })
    }
}

/// The parts of a certificate that decisions and audit records use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The subject's common name; on the Spine this is the system's FQDN (TLS-09).
    pub common_name: Option<String>,
    /// The subject alternative names of type DNS; Spine certificates often have none (TLS-09).
    pub dns_names: Vec<String>,
    /// The issuer's common name, empty when it has none.
    pub issuer: String,
    /// The serial number, lower-case hexadecimal.
    pub serial: String,
    /// SHA-256 of the whole certificate (DER).
    pub sha256: [u8; 32],
}

impl Certificate {
    /// Every host name that it was issued for: the common name first, then the DNS names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.common_name.iter().chain(&self.dns_names).map(String::as_str)
    }

    /// Was it issued for this FQDN? Compared without regard to case, wildcards mean nothing (SSP-47).
    #[must_use]
    pub fn has_name(&self, fqdn: &str) -> bool {
        self.names().any(|name| name.eq_ignore_ascii_case(fqdn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(common_name: Option<&str>, dns_names: &[&str]) -> Certificate {
        Certificate {
            common_name: common_name.map(str::to_owned),
            dns_names: dns_names.iter().map(|name| (*name).to_owned()).collect(),
            issuer: String::new(),
            serial: String::new(),
            sha256: [0; 32],
        }
    }

    // covers: SSP-47
    #[test]
    fn a_name_is_matched_whole_and_without_case() {
        let spine = certificate(Some("INT.EPR.Smoke.Tests.77.nhs.uk"), &["b.nhs.uk"]);
        for (fqdn, belongs) in [
            ("int.epr.smoke.tests.77.nhs.uk", true),
            ("B.nhs.uk", true),
            ("epr.smoke.tests.77.nhs.uk", false),
            ("b.nhs.uk.evil.test", false),
            ("", false),
        ] {
            assert_eq!(spine.has_name(fqdn), belongs, "{fqdn}");
        }
        assert!(!certificate(None, &["*.nhs.uk"]).has_name("a.nhs.uk"));
    }
}
