//! `[tls]`: what is asked of certificates on every mutual TLS leg (TLS-02, TLS-10 to TLS-18, TLS-22).

use std::path::PathBuf;
use std::time::Duration;

use crate::config::reader::Reader;

/// `[tls]`
#[derive(Clone, Debug)]
pub struct Tls {
    /// File of the authorities that are trusted: subordinate CA, then root.
    pub ca: Option<PathBuf>,
    /// Files of revocation lists.
    pub crls: Vec<PathBuf>,
    /// What happens when no revocation list covers a certificate.
    pub revocation: Revocation,
    /// How long a list is used after its successor was due.
    pub crl_grace: Duration,
    /// Hosts that lists may be fetched from which certificates name.
    pub crl_hosts: Vec<String>,
    /// Also offer TLS 1.3.
    pub allow_13: bool,
    /// What a client without a good certificate sees.
    pub reject: TlsReject,
    /// Accept a server's common name where it has no alternative name.
    pub common_name_fallback: bool,
    /// How long a handshake may take.
    pub handshake: Duration,
    /// How often files are read again; none reads them once.
    pub reload: Option<Duration>,
}

/// What happens when no revocation list covers a certificate (TLS-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The certificate is refused.
    HardFail,
    /// It is let in.
    SoftFail,
    /// No list is looked at.
    Off,
}

/// What a client sees whose certificate is missing or refused (TLS-18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsReject {
    /// 495 or 496 with the reason.
    Http49x,
    /// The handshake ends.
    Close,
}

impl Tls {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let revocation =
            &[("hard-fail", Revocation::HardFail), ("soft-fail", Revocation::SoftFail), ("off", Revocation::Off)];
        Self {
            ca: reader.file("ca_file"),
            crls: reader.files("crl_files"),
            revocation: reader.choice("crl", revocation),
            crl_grace: reader.seconds("crl_grace_hours", 0..=8760) * 3600,
            crl_hosts: reader.list("crl_hosts"),
            allow_13: reader.switch("allow_13"),
            reject: reader.choice("reject", &[("http49x", TlsReject::Http49x), ("close", TlsReject::Close)]),
            common_name_fallback: reader.switch("common_name_fallback"),
            handshake: reader.seconds("handshake_seconds", 1..=120),
            reload: Some(reader.seconds("reload_seconds", 0..=86_400)).filter(|reload| !reload.is_zero()),
        }
    }
}
