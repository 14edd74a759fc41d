//! The test PKI, made on the spot: a root, a subordinate CA, a CRL and a certificate for every party of the demo,
//! with the ones that must be refused beside them (TLS-23). Nothing of it is ever committed or meant for the internet.
//!
//! PEM files hold the leaf first, then its issuer; `ca.pem` holds the subordinate CA first, then the root (TLS-16); keys are PKCS#8.

mod leaves;
mod standing;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256, RevocationReason, RevokedCertParams, RsaKeySize, SerialNumber, date_time_ymd,
};

pub use leaves::{CONSUMER_FQDN, SECOND_CONSUMER_FQDN, SSP_CLIENT_FQDN, STRANGER_FQDN};
use leaves::{KEYS, LEAVES, Leaf, Naming};
pub use standing::{still_good, validity};

/// The CRL file: the subordinate CA's list, then the root's.
pub const CRL_FILE: &str = "crl.pem";
/// The key pair that the demo's token endpoint signs with.
pub const TOKEN_KEY_FILE: &str = "token.key";
/// The certificates that every party trusts: subordinate CA, then root.
pub const CA_FILE: &str = "ca.pem";
/// The subordinate CA's private key, so that a tester can issue more certificates.
pub const CA_KEY_FILE: &str = "ca.key";

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// One file of the PKI.
#[derive(Clone)]
pub struct PkiFile {
    /// Its name within the folder, `consumer.pem`.
    pub name: String,
    /// PEM text.
    pub text: String,
    /// Whether it holds a private key, and so is written with mode 0600.
    pub secret: bool,
}

impl std::fmt::Debug for PkiFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PkiFile").field("name", &self.name).field("secret", &self.secret).finish_non_exhaustive()
    }
}

/// A whole test PKI in memory.
#[derive(Debug)]
pub struct Pki {
    /// Certificates, keys and the CRL, in a fixed order.
    pub files: Vec<PkiFile>,
}

impl Pki {
    /// The PEM text of the file called `name`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.files.iter().find(|file| file.name == name).map(|file| file.text.as_str())
    }

    /// Write every file into `folder`, which is made when it is absent; keys with mode 0600.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        for file in &self.files {
            let path = folder.join(&file.name);
            write_file(&path, &file.text, file.secret).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// Write `text` to `path`, readable by its owner alone when it is a secret.
pub fn write_file(path: &Path, text: &str, secret: bool) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    // An earlier file is removed first: opening it would keep the mode that it has.
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mode = if secret { 0o600 } else { 0o644 };
    fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(text.as_bytes())
}

/// Make a test PKI that is valid from a day before `now` for 397 days; server certificates also name `host_name`.
pub fn make(now: Timestamp, host_name: Option<&str>) -> Result<Pki> {
    let keys = make_keys()?;
    let span = Span { from: now - DAY, to: now + DAY * 397 };
    let root = Authority::root("CareSlot Test Root", &keys["root"], span)?;
    let sub = root.subordinate("CareSlot Test Sub CA", &keys["sub"], span)?;
    // Nobody trusts this one, so its kind of key does not matter, and this kind is made at once.
    let other_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make an ECDSA key")?;
    let other = Authority::root("A CA that nobody trusts", &other_key, span)?;

    let mut files = vec![
        PkiFile { name: CA_FILE.into(), text: sub.certificate.pem() + &root.certificate.pem(), secret: false },
        PkiFile { name: CA_KEY_FILE.into(), text: sub.key.serialize_pem(), secret: true },
        PkiFile { name: TOKEN_KEY_FILE.into(), text: keys["token"].serialize_pem(), secret: true },
    ];
    let mut revoked = Vec::new();
    for leaf in LEAVES {
        let authority = match leaf.issuer {
            leaves::Issuer::Ours => &sub,
            leaves::Issuer::Other => &other,
        };
        let params = leaf_params(leaf, now, span, host_name)?;
        if leaf.revoked {
            revoked.extend(params.serial_number.clone());
        }
        let key = &keys[leaf.key];
        let certificate = params.signed_by(key, &authority.issuer())?;
        let text = certificate.pem() + &authority.certificate.pem();
        files.push(PkiFile { name: format!("{}.pem", leaf.name), text, secret: false });
        files.push(PkiFile { name: format!("{}.key", leaf.name), text: key.serialize_pem(), secret: true });
    }
    let text = sub.crl(now, span, &revoked)? + &root.crl(now, span, &[])?;
    files.push(PkiFile { name: CRL_FILE.into(), text, secret: false });
    Ok(Pki { files })
}

#[derive(Clone, Copy)]
struct Span {
    from: Timestamp,
    to: Timestamp,
}

struct Authority<'k> {
    params: CertificateParams,
    key: &'k KeyPair,
    certificate: Certificate,
}

impl<'k> Authority<'k> {
    fn root(common_name: &str, key: &'k KeyPair, span: Span) -> Result<Self> {
        let params = authority_params(common_name, span, BasicConstraints::Unconstrained)?;
        let certificate = params.self_signed(key)?;
        Ok(Self { params, key, certificate })
    }

    fn subordinate<'s>(&self, common_name: &str, key: &'s KeyPair, span: Span) -> Result<Authority<'s>> {
        let params = authority_params(common_name, span, BasicConstraints::Constrained(0))?;
        let certificate = params.signed_by(key, &self.issuer())?;
        Ok(Authority { params, key, certificate })
    }

    fn issuer(&self) -> Issuer<'_, &'k KeyPair> {
        Issuer::from_params(&self.params, self.key)
    }

    fn crl(&self, now: Timestamp, span: Span, serials: &[SerialNumber]) -> Result<String> {
        let revoked_certs = serials
            .iter()
            .map(|serial| RevokedCertParams {
                serial_number: serial.clone(),
                revocation_time: date_time_ymd(1970, 1, 1) + since_1970(now - SignedDuration::from_hours(1)),
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: None,
            })
            .collect();
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(1970, 1, 1) + since_1970(now - SignedDuration::from_hours(1)),
            next_update: date_time_ymd(1970, 1, 1) + since_1970(span.to),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer())?.pem()?)
    }
}

fn authority_params(common_name: &str, span: Span, constraint: BasicConstraints) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("CA", common_name);
    params.is_ca = IsCa::Ca(constraint);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(1970, 1, 1) + since_1970(span.from);
    params.not_after = date_time_ymd(1970, 1, 1) + since_1970(span.to);
    params.serial_number = Some(serial()?);
    Ok(params)
}

fn leaf_params(leaf: &Leaf, now: Timestamp, span: Span, host_name: Option<&str>) -> Result<CertificateParams> {
    let (common_name, names) = match leaf.naming {
        Naming::ThisMachine => ("localhost", machine_names(host_name)),
        Naming::Full(fqdn) => (fqdn, vec![fqdn.to_owned()]),
        Naming::CommonNameOnly(fqdn) => (fqdn, Vec::new()),
    };
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = name("Devices", common_name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    // Both, as published NHS certificates have it (TLS-09).
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(serial()?);
    params.not_before = date_time_ymd(1970, 1, 1) + since_1970(if leaf.expired { now - DAY * 30 } else { span.from });
    params.not_after = date_time_ymd(1970, 1, 1) + since_1970(if leaf.expired { now - DAY } else { span.to });
    Ok(params)
}

/// The names of servers on this machine; a host name that no certificate may hold is left out.
fn machine_names(host_name: Option<&str>) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let is_dns_name = |text: &str| {
        text.len() <= 253
            && text.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            })
    };
    if let Some(host) = host_name.filter(|host| is_dns_name(host) && !host.eq_ignore_ascii_case("localhost")) {
        names.push(host.to_owned());
    }
    names
}

fn name(unit: &str, common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "CareSlot test PKI");
    name.push(DnType::OrganizationalUnitName, unit);
    name.push(DnType::CommonName, common_name);
    name
}

/// Sixteen random bytes, positive. Certificates may share a key, so the library's own choice, a digest of the key, would repeat.
fn serial() -> Result<SerialNumber> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow!("the operating system gave no random bytes"))?;
    bytes[0] = (bytes[0] & 0x3f) | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

/// What to add to 1970 to get the library's kind of time; whole seconds, since a certificate holds no finer ones.
fn since_1970(at: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0))
}

/// All key pairs, made on as many threads as there are processors: one takes 20 to 100 ms, as chance has it.
fn make_keys() -> Result<BTreeMap<&'static str, KeyPair>> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<_>> {
        std::iter::from_fn(|| KEYS.get(next.fetch_add(1, Ordering::Relaxed))).map(|name| make_key(name)).collect()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(KEYS.len());
    let made: Vec<Result<Vec<_>>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(anyhow!("a key maker stopped"))))
            .collect()
    });
    let mut keys = BTreeMap::new();
    for some in made {
        keys.extend(some?);
    }
    Ok(keys)
}

fn make_key(name: &'static str) -> Result<(&'static str, KeyPair)> {
    Ok((name, KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).context("cannot make an RSA key")?))
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use x509_parser::pem::Pem;

    use super::*;

    const NOW: i64 = 1_795_000_000;

    fn pki() -> &'static Pki {
        static PKI: OnceLock<Pki> = OnceLock::new();
        PKI.get_or_init(|| make(now(), Some("booking.example.test")).unwrap())
    }

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).unwrap()
    }

    fn certificates(name: &str) -> Vec<Pem> {
        Pem::iter_from_buffer(pki().text(name).unwrap().as_bytes()).map(Result::unwrap).collect()
    }

    // covers: TLS-23, TLS-16, TLS-09
    #[test]
    fn every_certificate_stands_before_its_issuer_and_is_signed_by_it() {
        for leaf in LEAVES {
            let chain = certificates(&format!("{}.pem", leaf.name));
            assert_eq!(chain.len(), 2, "{}: leaf, then issuer", leaf.name);
            let (leaf_certificate, issuer) = (chain[0].parse_x509().unwrap(), chain[1].parse_x509().unwrap());
            assert!(leaf_certificate.verify_signature(Some(issuer.public_key())).is_ok(), "{}", leaf.name);
            assert_eq!(leaf_certificate.issuer(), issuer.subject());
            let usage = leaf_certificate.extended_key_usage().unwrap().unwrap().value;
            assert!(usage.server_auth && usage.client_auth, "{}: both usages", leaf.name);
        }
        let ca = certificates(CA_FILE);
        let (sub, root) = (ca[0].parse_x509().unwrap(), ca[1].parse_x509().unwrap());
        assert!(sub.verify_signature(Some(root.public_key())).is_ok());
        assert!(root.verify_signature(None).is_ok());
    }

    // covers: TLS-23, TLS-10
    #[test]
    fn each_bad_certificate_is_bad_in_one_way_only() {
        let trusted = certificates(CA_FILE);
        let sub = trusted[0].parse_x509().unwrap();
        let crl = certificates(CRL_FILE);
        let (_, crl) = x509_parser::parse_x509_crl(&crl[0].contents).unwrap();
        crl.verify_signature(sub.public_key()).unwrap();
        for leaf in LEAVES {
            let chain = certificates(&format!("{}.pem", leaf.name));
            let certificate = chain[0].parse_x509().unwrap();
            let is_ours = certificate.verify_signature(Some(sub.public_key())).is_ok();
            let valid_now =
                certificate.validity().is_valid_at(x509_parser::time::ASN1Time::from_timestamp(NOW).unwrap());
            let listed =
                crl.iter_revoked_certificates().any(|revoked| revoked.raw_serial() == certificate.raw_serial());
            let has_names = certificate.subject_alternative_name().unwrap().is_some();
            let found = (is_ours, valid_now, listed, has_names);
            let expected = match leaf.name {
                "expired" => (true, false, false, true),
                "revoked" => (true, true, true, true),
                "other-ca" => (false, true, false, true),
                "cn-only" => (true, true, false, false),
                _ => (true, true, false, true),
            };
            assert_eq!(
                found, expected,
                "{}: (signed by our CA, valid now, in the CRL, has alternative names)",
                leaf.name
            );
        }
    }

    #[test]
    fn server_certificates_name_this_machine_in_three_ways() {
        let chain = certificates("ssp-server.pem");
        let certificate = chain[0].parse_x509().unwrap();
        let names = certificate.subject_alternative_name().unwrap().unwrap().value;
        let names: Vec<String> = names.general_names.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names[0].contains("localhost") && names[2].contains("booking.example.test"), "{names:?}");
    }

    #[test]
    fn a_host_name_that_is_no_dns_name_is_left_out() {
        for odd in ["", "localhost", "my_laptop", "-x", "a..b", "Käse"] {
            assert_eq!(machine_names(Some(odd)), ["localhost", "127.0.0.1"], "{odd:?}");
        }
        assert_eq!(machine_names(Some("pc-7.ward.test")).len(), 3);
    }

    // covers: TLS-22
    #[test]
    fn keys_are_written_for_their_owner_alone_and_a_second_start_uses_them_again() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        assert!(!still_good(folder.path(), now()));
        pki().write(folder.path()).unwrap();
        for file in &pki().files {
            let mode = fs::metadata(folder.path().join(&file.name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if file.secret { 0o600 } else { 0o644 }, "{}", file.name);
            assert!(!file.secret || file.text.starts_with("-----BEGIN PRIVATE KEY-----"), "{} is PKCS#8", file.name);
        }
        assert!(still_good(folder.path(), now()));
        assert!(!still_good(folder.path(), now() + DAY * 395), "about to expire");
        fs::remove_file(folder.path().join("consumer.key")).unwrap();
        assert!(!still_good(folder.path(), now()));
    }
}
