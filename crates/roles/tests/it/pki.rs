//! A small public key infrastructure for tests, made on the spot (TLS-23).

use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, RsaKeySize, SerialNumber, date_time_ymd,
};
use roles::edge::crl::Revocation;
use roles::edge::tls::{Identity, Trust};

/// RSA keys take long to make, and the suites of TLS-04 need one: all servers of the tests share it.
static SERVER_KEY: LazyLock<String> = LazyLock::new(|| {
    KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).expect("an RSA key").serialize_pem()
});

/// An authority and its revocation list.
pub(crate) struct Authority {
    name: &'static str,
    key: KeyPair,
    pub(crate) pem: String,
}

/// What is special about a certificate.
pub(crate) struct Leaf<'a> {
    pub(crate) common_name: Option<&'a str>,
    pub(crate) dns_names: &'a [&'a str],
    pub(crate) purposes: &'a [ExtendedKeyUsagePurpose],
    pub(crate) last_day: (i32, u8, u8),
    pub(crate) serial: u64,
    pub(crate) rsa: bool,
    /// Where its revocation list is (TLS-13).
    pub(crate) list_at: Option<&'a str>,
}

impl Default for Leaf<'_> {
    fn default() -> Self {
        Self {
            common_name: None,
            dns_names: &[],
            purposes: &[ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth],
            last_day: (2030, 1, 1),
            serial: 1,
            rsa: false,
            list_at: None,
        }
    }
}

/// A certificate chain and its key, PEM.
pub(crate) struct Issued {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Issued {
    pub(crate) fn identity(&self) -> Identity {
        Identity::from_pem(self.chain.as_bytes(), self.key.as_bytes()).expect("an identity")
    }
}

impl Authority {
    pub(crate) fn new(name: &'static str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let pem = Self::params(name).self_signed(&key).expect("an authority").pem();
        Self { name, key, pem }
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2040, 1, 1);
        params
    }

    pub(crate) fn issue(&self, leaf: &Leaf<'_>) -> Issued {
        let names: Vec<String> = leaf.dns_names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("DNS names");
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(name) = leaf.common_name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        params.crl_distribution_points = leaf.list_at.map(distribution_point).into_iter().collect();
        params.extended_key_usages = leaf.purposes.to_vec();
        params.serial_number = Some(SerialNumber::from(leaf.serial));
        params.not_before = date_time_ymd(2025, 1, 1);
        let (year, month, day) = leaf.last_day;
        params.not_after = date_time_ymd(year, month, day);
        let key = match leaf.rsa {
            true => KeyPair::from_pem(&SERVER_KEY).expect("the servers' key"),
            false => KeyPair::generate().expect("a key"),
        };
        let certificate = params.signed_by(&key, &self.issuer()).expect("a certificate");
        Issued { chain: certificate.pem() + &self.pem, key: key.serialize_pem() }
    }

    /// A client's certificate with this common name and nothing special.
    pub(crate) fn client(&self, common_name: &str) -> Issued {
        self.issue(&Leaf { common_name: Some(common_name), ..Leaf::default() })
    }

    /// A server's certificate for `localhost`.
    pub(crate) fn server(&self) -> Issued {
        self.issue(&Leaf { common_name: Some("localhost"), dns_names: &["localhost"], rsa: true, ..Leaf::default() })
    }

    /// The revocation list, PEM, with these serial numbers on it.
    pub(crate) fn revocation_list(&self, serials: &[u64]) -> String {
        self.shard(serials, None, (2027, 1, 1))
    }

    /// One of several lists: that of an address, with the day on which its successor is due.
    pub(crate) fn shard(&self, serials: &[u64], at: Option<&str>, due: (i32, u8, u8)) -> String {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(due.0, due.1, due.2),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: at
                .map(|url| CrlIssuingDistributionPoint { distribution_point: distribution_point(url), scope: None }),
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer()).expect("a list").pem().expect("PEM")
    }

    /// Trust in this authority, with an empty revocation list.
    pub(crate) fn trust(&self) -> Trust {
        self.trust_but(&[])
    }

    /// Trust in this authority, except in these serial numbers.
    pub(crate) fn trust_but(&self, revoked: &[u64]) -> Trust {
        let list = self.revocation_list(revoked);
        Trust::from_pem(self.pem.as_bytes(), &[list.as_bytes()], Revocation::HardFail).expect("trust")
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::new(Self::params(self.name), &self.key)
    }
}

fn distribution_point(url: &str) -> CrlDistributionPoint {
    CrlDistributionPoint { uris: vec![url.to_owned()] }
}
