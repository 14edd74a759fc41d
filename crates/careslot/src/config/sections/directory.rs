//! `[sds]`: the directory (`spine.md` part 2).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Identity;
use crate::config::reader::Reader;

/// `[sds]`
#[derive(Clone, Debug)]
pub struct Sds {
    /// Plain LDAP, on the loopback.
    pub listen: Option<SocketAddr>,
    /// LDAP over mutual TLS.
    pub listen_tls: Option<SocketAddr>,
    /// The FHIR face, on the loopback.
    pub listen_fhir: Option<SocketAddr>,
    /// The operations listener.
    pub operations: Option<SocketAddr>,
    /// What clients of LDAPS see.
    pub identity: Option<Identity>,
    /// Base DN.
    pub base: String,
    /// Entries to begin with.
    pub ldif: Option<PathBuf>,
    /// The most entries that one search answers with.
    pub max_entries: usize,
    /// The longest that one search may take.
    pub longest_search: Duration,
    /// The longest message that is read, in bytes.
    pub max_message: usize,
}

impl Sds {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let sds = Self {
            listen: reader.loopback_listener("listen", "plain LDAP is not protected (SDS-01)"),
            listen_tls: reader.listener("listen_tls"),
            listen_fhir: reader.loopback_listener("listen_fhir", "its apikey is not checked (SDS-70)"),
            operations: reader.listener("operations"),
            identity: Identity::read(reader, "cert_file", "key_file"),
            base: reader.text("base"),
            ldif: reader.file("ldif_file"),
            max_entries: reader.size("max_entries", 1..=1_000_000),
            longest_search: reader.seconds("max_search_seconds", 1..=3600),
            max_message: reader.size("max_message_bytes", 4096..=16_777_216),
        };
        if !sds.base.contains('=') {
            reader.problem("base", format!("is {:?}, which is no DN", sds.base), "give a DN such as ou=services,o=nhs");
        }
        sds
    }
}
