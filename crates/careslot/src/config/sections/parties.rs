//! `[provider]` and `[registry]`: the two that hold Appointments.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::Identity;
use crate::config::reader::Reader;

/// The dialects that a base can speak.
const DIALECTS: &[(&str, &str)] = &[("1.0.4", "1.0.4"), ("2.0.4", "2.0.4")];

/// `[provider]`
#[derive(Clone, Debug)]
pub struct Provider {
    /// Where the SSP reaches it.
    pub listen: Option<SocketAddr>,
    /// The operations listener.
    pub operations: Option<SocketAddr>,
    /// What the SSP sees.
    pub identity: Option<Identity>,
    /// The dialect whose base SDS names.
    pub dialect: &'static str,
    /// The service roots, by dialect (VER-10).
    pub bases: BTreeMap<String, String>,
    /// The ASIDs that it answers to (SSP-113).
    pub asids: Vec<String>,
    /// Slots on one page, at most.
    pub page_slots: u32,
    /// Whether the public demonstrator's check list is run (DEM-09).
    pub demonstrator_checks: bool,
    /// Whether the official test pack's service ids are answered (ASR-03).
    pub test_service_ids: bool,
}

impl Provider {
    /// The base that SDS names.
    pub fn endpoint(&self) -> Option<&str> {
        self.bases.get(self.dialect).map(String::as_str)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let dialect = reader.choice("dialect", DIALECTS);
        let provider = Self {
            listen: reader.listener("listen"),
            operations: reader.listener("operations"),
            identity: Identity::read(reader, "cert_file", "key_file"),
            dialect,
            bases: bases(reader, dialect),
            asids: reader.list("asids"),
            page_slots: reader.whole("page_slots", 1..=10_000),
            demonstrator_checks: reader.switch("demonstrator_checks"),
            test_service_ids: reader.switch("test_service_ids"),
        };
        for asid in &provider.asids {
            reader.check_asid("asids", asid);
        }
        provider
    }
}

/// `[registry]`
#[derive(Clone, Debug)]
pub struct Registry {
    /// Where it is reached.
    pub listen: Option<SocketAddr>,
    /// The operations listener.
    pub operations: Option<SocketAddr>,
    /// What callers see.
    pub identity: Option<Identity>,
    /// The dialect whose base SDS names.
    pub dialect: &'static str,
    /// The service roots, by dialect.
    pub bases: BTreeMap<String, String>,
    /// The ASID that it answers to.
    pub asid: Option<String>,
}

impl Registry {
    /// The base that SDS names.
    pub fn endpoint(&self) -> Option<&str> {
        self.bases.get(self.dialect).map(String::as_str)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let dialect = reader.choice("dialect", DIALECTS);
        Self {
            listen: reader.listener("listen"),
            operations: reader.listener("operations"),
            identity: Identity::read(reader, "cert_file", "key_file"),
            dialect,
            bases: bases(reader, dialect),
            asid: reader.asid("asid"),
        }
    }
}

/// The dialect that a Consumer speaks.
pub(super) fn dialect(reader: &mut Reader<'_>) -> &'static str {
    reader.choice("dialect", DIALECTS)
}

/// The service roots: one for each dialect that is spoken, an https address without a slash at its end (SSP-117).
fn bases(reader: &mut Reader<'_>, dialect: &str) -> BTreeMap<String, String> {
    let bases = reader.table("bases");
    for (name, base) in &bases {
        if !DIALECTS.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = DIALECTS.iter().map(|(known, _)| *known).collect();
            reader.problem(
                "bases",
                format!("names {name:?}, which is no dialect"),
                format!("choose among {}", known.join(" and ")),
            );
        }
        reader.check_address("bases", base, &["https"]);
        if base.ends_with('/') || base.contains(['?', '#']) {
            reader.problem(
                "bases",
                format!("holds {base:?}"),
                "give the service root alone: no slash at the end, no query (SSP-117)",
            );
        }
    }
    if !bases.is_empty() && !bases.contains_key(dialect) {
        reader.problem(
            "dialect",
            format!("is {dialect:?}, and bases has none for it"),
            "add that base, or choose a dialect that has one",
        );
    }
    bases
}
