//! `[consumer]`: the Consumer of any network, not only of the demo.

use std::path::PathBuf;
use std::time::Duration;

use spine::{Asid, Dialect, OdsCode};

use super::{Identity, parties};
use crate::config::reader::Reader;

/// `[consumer]`
#[derive(Clone, Debug)]
pub struct Consumer {
    /// The dialect that it speaks.
    pub dialect: &'static Dialect,
    /// Its ASID (Ssp-From).
    pub asid: Option<Asid>,
    /// The ODS code of its organisation.
    pub ods_code: Option<OdsCode>,
    /// The name of its organisation.
    pub organisation: Option<String>,
    /// The name of its system, as tokens of its own making hold it (JWT-67).
    pub system_name: String,
    /// What it shows on mutual TLS.
    pub identity: Option<Identity>,
    /// What the token endpoint knows it by.
    pub client_id: Option<String>,
    /// File of its secret at the token endpoint.
    pub client_secret: Option<PathBuf>,
    /// The proxy's address.
    pub ssp: Option<String>,
    /// The directory's address.
    pub sds: Option<String>,
    /// Base DN of the look-ups.
    pub sds_base: String,
    /// Where tokens are asked for.
    pub token_endpoint: Option<String>,
    /// The Registry's service root.
    pub registry: Option<String>,
    /// The Registry's ASID.
    pub registry_asid: Option<Asid>,
    /// Automatic retries after a fault that passes (SSP-131).
    pub retries: u32,
    /// How long one answer may take.
    pub answer: Duration,
}

impl Consumer {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            dialect: parties::dialect(reader),
            asid: reader.asid("asid"),
            ods_code: reader.identifier("ods_code", OdsCode::parse),
            organisation: reader.optional_text("organisation"),
            system_name: reader.text("system_name"),
            identity: Identity::read(reader, "cert_file", "key_file"),
            client_id: reader.optional_text("client_id"),
            client_secret: reader.file("client_secret_file"),
            ssp: reader.address("ssp", &["https"]),
            sds: reader.address("sds", &["ldaps", "ldap"]),
            sds_base: reader.text("sds_base"),
            token_endpoint: reader.address("token_endpoint", &["https"]),
            registry: reader.address("registry", &["https"]),
            registry_asid: reader.asid("registry_asid"),
            retries: reader.whole("retries", 0..=3),
            answer: reader.seconds("answer_seconds", 1..=600),
        }
    }
}
