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
    /// What happens when it cannot be told whether a certificate was revoked.
    pub revocation: Revocation,
    /// Hosts that certificates may send us to for a list.
    pub crl_hosts: Vec<String>,
    /// Also offer TLS 1.3.
    pub allow_13: bool,
    /// What a client without a good certificate sees.
    pub reject: TlsReject,
    /// Accept a server's common name where it has no alternative name.
    pub common_name_fallback: bool,
    /// How long a handshake may take.
    pub handshake: Duration,
    /// How long a session may be resumed.
    pub session: Duration,
    /// How often files are read again; none reads them once.
    pub reload: Option<Duration>,
}

/// What happens when it cannot be told whether a certificate was revoked (TLS-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The certificate is refused.
    HardFail,
    /// It is let in while the last list is not older than its next update and this.
    SoftFail {
        /// The grace.
        grace: Duration,
    },
    /// Nobody asks.
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
        let grace = reader.whole("crl_grace_hours", 0..=720);
        let grace = Duration::from_secs(u64::from(grace) * 3600);
        let revocation = &[
            ("hard-fail", Revocation::HardFail),
            ("soft-fail", Revocation::SoftFail { grace }),
            ("off", Revocation::Off),
        ];
        Self {
            ca: reader.file("ca_file"),
            crls: reader.files("crl_files"),
            revocation: reader.choice("crl", revocation),
            crl_hosts: reader.list("crl_hosts"),
            allow_13: reader.switch("allow_13"),
            reject: reader.choice("reject", &[("http49x", TlsReject::Http49x), ("close", TlsReject::Close)]),
            common_name_fallback: reader.switch("common_name_fallback"),
            handshake: reader.seconds("handshake_seconds", 1..=120),
            session: reader.seconds("session_seconds", 0..=600),
            reload: Some(reader.seconds("reload_seconds", 0..=86_400)).filter(|reload| !reload.is_zero()),
        }
    }
}
