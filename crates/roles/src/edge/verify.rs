//! Certificate checks. For clients: a verifier that lets the handshake complete whatever was presented, and a judge that
//! gives the verdict afterwards, so that a refusal can be an HTTP answer (TLS-18, SSP-35, SSP-36). For servers: names in
//! the common name only, from configured authorities only (TLS-10).

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use x509_parser::extensions::GeneralName;

use super::crl::Revocation;
use super::peer::{Certificate, CertificateFault, Verdict};
use super::shards::{Shard, next_update};
use super::tls::{TlsFault, Trust};

/// Says whether a client certificate may be believed.
pub(crate) struct Judge {
    strict: Arc<dyn ClientCertVerifier>,
    trust: Trust,
    provider: Arc<CryptoProvider>,
    /// When the successors of the lists at hand are due, by issuer.
    due: Vec<(Vec<u8>, Option<u64>)>,
    /// The verifiers with one fetched list more, by that list.
    with_shard: Mutex<Vec<WithShard>>,
}

/// A fetched list, and the verifier that knows it too.
type WithShard = (Arc<Shard>, Arc<dyn ClientCertVerifier>);

/// How many verifiers with a fetched list are kept.
const MOST_VERIFIERS: usize = 64;

impl Judge {
    pub(crate) fn new(trust: &Trust, provider: Arc<CryptoProvider>) -> Result<Self, TlsFault> {
        Ok(Self {
            strict: client_verifier(trust, None, provider.clone())?,
            due: trust.lists.iter().filter_map(|list| Some((issuer_of_list(list)?, next_update(list)))).collect(),
            trust: trust.clone(),
            provider,
            with_shard: Mutex::default(),
        })
    }

    /// The verifier that ends the handshake of anyone it does not believe.
    pub(crate) fn strict(&self) -> Arc<dyn ClientCertVerifier> {
        self.strict.clone()
    }

    /// The verdict on what a client presented in its handshake, or in the one that it resumes.
    pub(crate) async fn judge(&self, presented: Option<&[CertificateDer<'_>]>, now: UnixTime) -> Verdict {
        let Some((leaf, intermediates)) = presented.and_then(<[_]>::split_first) else {
            return Verdict::None;
        };
        let Some(certificate) = read_certificate(leaf) else {
            return Verdict::Bad { fault: CertificateFault::Malformed, certificate: None };
        };
        let shard = self.shard(leaf, intermediates, now).await;
        if let Some(due) = shard.as_ref().and_then(|shard| next_update(&shard.list)) {
            metrics::gauge!("crl_next_update_seconds", "issuer" => certificate.issuer.clone())
                .set(f64::from(u32::try_from(due).unwrap_or(u32::MAX)));
        }
        let verifier = shard.as_ref().and_then(|shard| self.verifier_with(shard)).unwrap_or_else(|| self.strict());
        let fault = match verifier.verify_client_cert(leaf, intermediates, now) {
            Err(error) => fault_of(&error),
            Ok(_) if certificate.names().next().is_none() => CertificateFault::Nameless,
            Ok(_) if self.is_out_of_date(leaf, intermediates, shard.as_deref(), now) => {
                CertificateFault::RevocationUnknown
            }
            Ok(_) => return Verdict::Good(certificate),
        };
        Verdict::Bad { fault, certificate: Some(certificate) }
    }

    /// The list that a certificate names, where lists are fetched and the certificate is one of ours: nobody else's may
    /// send this process anywhere.
    async fn shard(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Option<Arc<Shard>> {
        let shards = self.trust.shards.as_ref().filter(|_| self.trust.revocation != Revocation::Off)?;
        match self.strict.verify_client_cert(leaf, intermediates, now) {
            Err(error) if fault_of(&error) != CertificateFault::RevocationUnknown => None,
            _ => shards.of(leaf, now).await,
        }
    }

    fn verifier_with(&self, shard: &Arc<Shard>) -> Option<Arc<dyn ClientCertVerifier>> {
        let mut kept = self.with_shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, verifier)) = kept.iter().find(|(known, _)| Arc::ptr_eq(known, shard)) {
            return Some(verifier.clone());
        }
        let verifier = client_verifier(&self.trust, Some(shard), self.provider.clone()).ok()?;
        if kept.len() >= MOST_VERIFIERS {
            kept.remove(0);
        }
        kept.push((shard.clone(), verifier.clone()));
        Some(verifier)
    }

    /// Whether every list that covers a certificate of the chain is past its next update by more than the grace. Under
    /// soft-fail an old list is as good as none, which is enough.
    fn is_out_of_date(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        shard: Option<&Shard>,
        now: UnixTime,
    ) -> bool {
        if self.trust.revocation != Revocation::HardFail {
            return false;
        }
        let old = |due: Option<u64>| due.is_some_and(|due| due + self.trust.grace.as_secs() < now.as_secs());
        let at_hand = |certificate| {
            let issuer = issuer_of_certificate(certificate)?;
            let mut covering = self.due.iter().filter(|(name, _)| *name == issuer).peekable();
            covering.peek()?;
            Some(covering.all(|(_, due)| old(*due)))
        };
        let leaf_is = match shard {
            Some(shard) => old(next_update(&shard.list)),
            None => at_hand(leaf).unwrap_or(false),
        };
        leaf_is || intermediates.iter().any(|certificate| at_hand(certificate).unwrap_or(false))
    }
}

fn issuer_of_list(list: &[u8]) -> Option<Vec<u8>> {
    Some(x509_parser::parse_x509_crl(list).ok()?.1.issuer().as_raw().to_vec())
}

fn issuer_of_certificate(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    Some(x509_parser::parse_x509_certificate(certificate).ok()?.1.issuer().as_raw().to_vec())
}

fn client_verifier(
    trust: &Trust,
    shard: Option<&Shard>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsFault> {
    let mut builder = WebPkiClientVerifier::builder_with_provider(trust.roots.clone(), provider);
    // A fetched list comes first: of several that cover a certificate, the first is asked.
    let lists = shard.map(|shard| shard.list.clone()).into_iter().chain(trust.lists.iter().cloned());
    match trust.revocation {
        Revocation::HardFail => builder = builder.with_crls(lists),
        Revocation::SoftFail => builder = builder.with_crls(lists).allow_unknown_revocation_status(),
        Revocation::Off => {}
    }
    builder.build().map_err(|fault| TlsFault::Unusable(fault.to_string()))
}

/// The closest of our words for rustls's reason.
pub(crate) fn fault_of(error: &Error) -> CertificateFault {
    if matches!(error, Error::InvalidCertRevocationList(_)) {
        return CertificateFault::RevocationUnknown;
    }
    let Error::InvalidCertificate(error) = error else { return CertificateFault::Other };
    match error {
        CertificateError::BadEncoding => CertificateFault::Malformed,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => CertificateFault::NotYetValid,
        CertificateError::Revoked => CertificateFault::Revoked,
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => CertificateFault::RevocationUnknown,
        CertificateError::UnknownIssuer | CertificateError::BadSignature => CertificateFault::UnknownIssuer,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            CertificateFault::WrongPurpose
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::WrongName
        }
        _ => CertificateFault::Other,
    }
}

/// Reads what we need of a certificate. `None` when it is not X.509.
fn read_certificate(der: &CertificateDer<'_>) -> Option<Certificate> {
    let (_, parsed) = x509_parser::parse_x509_certificate(der).ok()?;
    let dns_names = match parsed.subject_alternative_name() {
        Ok(Some(names)) => names.value.general_names.iter().filter_map(dns_name).collect(),
        Ok(None) => Vec::new(),
        Err(_) => return None,
    };
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    Some(Certificate {
        common_name: common_name(parsed.subject()),
        dns_names,
        issuer: common_name(parsed.issuer()).unwrap_or_default(),
        serial: hex::encode(parsed.raw_serial()),
        sha256: digest.as_ref().try_into().ok()?,
    })
}

/// A certificate's name and its last second since 1970.
pub(super) fn name_and_end(der: &CertificateDer<'_>) -> Option<(String, f64)> {
    let name = read_certificate(der)?.names().next()?.to_owned();
    let (_, parsed) = x509_parser::parse_x509_certificate(der).ok()?;
    let seconds = u32::try_from(parsed.validity().not_after.timestamp()).unwrap_or(u32::MAX);
    Some((name, f64::from(seconds)))
}

fn dns_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(dns) => Some((*dns).to_owned()),
        _ => None,
    }
}

fn common_name(name: &x509_parser::x509::X509Name<'_>) -> Option<String> {
    name.iter_common_name().next()?.as_str().ok().filter(|cn| !cn.is_empty()).map(str::to_owned)
}

/// Takes every client certificate, or none, so that the request can be answered with the reason (TLS-18). The client
/// must still prove that it holds the key of the certificate that it shows.
#[derive(Debug)]
pub(crate) struct CompletesTheHandshake {
    strict: Arc<dyn ClientCertVerifier>,
}

impl CompletesTheHandshake {
    pub(crate) fn around(strict: Arc<dyn ClientCertVerifier>) -> Self {
        Self { strict }
    }
}

impl ClientCertVerifier for CompletesTheHandshake {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// No hints: a client whose certificate comes from elsewhere should send it, so that we can say so.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}

/// Checks a server's certificate: path, dates, revocation and name, as webpki does, and for chains of the configured
/// authorities the common name where there is no DNS name at all (TLS-10).
#[derive(Debug)]
pub(crate) struct ServerNames {
    any: Arc<WebPkiServerVerifier>,
    common_name_only: Option<Arc<WebPkiServerVerifier>>,
    trust: Trust,
    spine: Option<Trust>,
    provider: Arc<CryptoProvider>,
}

impl ServerNames {
    pub(crate) fn new(
        trust: &Trust,
        common_name_only: Option<&Trust>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsFault> {
        let any = server_verifier(trust, None, provider.clone())?;
        let spine = common_name_only.cloned();
        let verifier = |trust: &Trust| server_verifier(trust, None, provider.clone());
        let common_name_only = common_name_only.map(verifier).transpose()?;
        Ok(Self { any, common_name_only, trust: trust.clone(), spine, provider })
    }

    /// The same with the list that a certificate names, if it was fetched before (TLS-13). A handshake cannot wait for
    /// one: the client fetches what was missed, and shakes hands once more.
    fn with_list_of(&self, leaf: &CertificateDer<'_>, now: UnixTime) -> Option<Self> {
        let shard = self.trust.shards.as_ref()?.kept(leaf, now)?;
        let verifier = |trust: &Trust| server_verifier(trust, Some(&shard), self.provider.clone()).ok();
        Some(Self {
            any: verifier(&self.trust)?,
            common_name_only: self.spine.as_ref().and_then(verifier),
            trust: Trust { shards: None, ..self.trust.clone() },
            spine: self.spine.clone(),
            provider: self.provider.clone(),
        })
    }
}

fn server_verifier(
    trust: &Trust,
    shard: Option<&Shard>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsFault> {
    let mut builder = WebPkiServerVerifier::builder_with_provider(trust.roots.clone(), provider);
    let lists = shard.map(|shard| shard.list.clone()).into_iter().chain(trust.lists.iter().cloned());
    match trust.revocation {
        Revocation::HardFail => builder = builder.with_crls(lists),
        Revocation::SoftFail => builder = builder.with_crls(lists).allow_unknown_revocation_status(),
        Revocation::Off => {}
    }
    builder.build().map_err(|fault| TlsFault::Unusable(fault.to_string()))
}

impl ServerCertVerifier for ServerNames {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let refused = match self.any.verify_server_cert(leaf, intermediates, name, ocsp, now) {
            Err(error) if fault_of(&error) == CertificateFault::WrongName => error,
            Err(error) if fault_of(&error) == CertificateFault::RevocationUnknown => {
                return match self.with_list_of(leaf, now) {
                    Some(with_list) => with_list.verify_server_cert(leaf, intermediates, name, ocsp, now),
                    None => Err(error),
                };
            }
            verdict => return verdict,
        };
        let Some(spine) = &self.common_name_only else { return Err(refused) };
        // webpki looks at the name last: a name error means that path, dates and revocation are in order.
        match spine.verify_server_cert(leaf, intermediates, name, ocsp, now) {
            Err(error) if fault_of(&error) == CertificateFault::WrongName && common_name_is(leaf, name) => {
                Ok(ServerCertVerified::assertion())
            }
            Err(_) => Err(refused),
            Ok(verified) => Ok(verified),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.any.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.any.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.any.supported_verify_schemes()
    }
}

/// Has the certificate no DNS name, and this host as its common name?
fn common_name_is(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    let ServerName::DnsName(host) = name else { return false };
    read_certificate(leaf).is_some_and(|certificate| {
        certificate.dns_names.is_empty()
            && certificate.common_name.is_some_and(|cn| cn.eq_ignore_ascii_case(host.as_ref()))
    })
}
