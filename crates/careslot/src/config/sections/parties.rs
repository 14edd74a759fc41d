//! `[provider]` and `[registry]`: the two that hold Appointments.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use spine::{Asid, Dialect};

use super::Identity;
use crate::config::reader::Reader;

/// A service root and the dialect that is spoken there (VER-10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The dialect.
    pub dialect: &'static Dialect,
    /// An https address without a slash at its end (SSP-117).
    pub url: String,
}

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
    pub dialect: &'static Dialect,
    /// The service roots.
    pub bases: Vec<Base>,
    /// The ASIDs that it answers to (SSP-113).
    pub asids: Vec<Asid>,
    /// Slots on one page, at most.
    pub page_slots: u32,
    /// Callers that may neither book nor cancel, by ODS code or client_id.
    pub barred: BTreeSet<String>,
    /// Schedules that are kept for some callers.
    pub kept_for: BTreeMap<String, BTreeSet<String>>,
    /// Whether bookings are held to the public demonstrator's list besides.
    pub demonstrator_checks: bool,
    /// What the service ids of a test suite stand for: a service, `none` or `fault`.
    pub test_service_ids: BTreeMap<String, String>,
}

impl Provider {
    /// The base that SDS names.
    pub fn endpoint(&self) -> Option<&str> {
        endpoint(&self.bases, self.dialect)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let dialect = dialect(reader);
        Self {
            listen: reader.listener("listen"),
            operations: reader.listener("operations"),
            identity: Identity::read(reader, "cert_file", "key_file"),
            dialect,
            bases: bases(reader, dialect),
            asids: reader.asids("asids"),
            page_slots: reader.whole("page_slots", 16..=10_000),
            barred: reader.list("barred").into_iter().collect(),
            kept_for: kept_for(reader),
            demonstrator_checks: reader.switch("demonstrator_checks"),
            test_service_ids: reader.table("test_service_ids"),
        }
    }
}

/// The Schedules that are kept for callers, each a list separated by commas.
fn kept_for(reader: &mut Reader<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut kept = BTreeMap::new();
    for (schedule, text) in reader.table("kept_for") {
        let callers: BTreeSet<String> =
            text.split(',').map(str::trim).filter(|caller| !caller.is_empty()).map(str::to_owned).collect();
        if callers.is_empty() {
            let cure = "name the ODS codes or client_ids that it is kept for, or take the Schedule out";
            reader.problem("kept_for", format!("keeps {schedule} for nobody"), cure);
        }
        kept.insert(schedule, callers);
    }
    kept
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
    pub dialect: &'static Dialect,
    /// The service roots.
    pub bases: Vec<Base>,
    /// The ASID that it answers to.
    pub asid: Option<Asid>,
}

impl Registry {
    /// The base that SDS names.
    pub fn endpoint(&self) -> Option<&str> {
        endpoint(&self.bases, self.dialect)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let dialect = dialect(reader);
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

fn endpoint<'b>(bases: &'b [Base], dialect: &Dialect) -> Option<&'b str> {
    bases.iter().find(|base| base.dialect == dialect).map(|base| base.url.as_str())
}

/// The value of the key `dialect`.
pub(super) fn dialect(reader: &mut Reader<'_>) -> &'static Dialect {
    let known: Vec<(&str, &'static Dialect)> = Dialect::all().iter().map(|dialect| (dialect.name, dialect)).collect();
    reader.choice("dialect", &known)
}

/// The service roots: one for each dialect that is spoken.
fn bases(reader: &mut Reader<'_>, dialect: &Dialect) -> Vec<Base> {
    let mut bases = Vec::new();
    for (name, url) in reader.table("bases") {
        reader.check_address("bases", &url, &["https"]);
        if url.ends_with('/') || url.contains(['?', '#']) {
            reader.problem(
                "bases",
                format!("holds {url:?}"),
                "give the service root alone: no slash at the end, no query (SSP-117)",
            );
        }
        match Dialect::named(&name) {
            Some(dialect) => bases.push(Base { dialect, url }),
            None => {
                let known: Vec<&str> = Dialect::all().iter().map(|dialect| dialect.name).collect();
                reader.problem(
                    "bases",
                    format!("names {name:?}, which is no dialect"),
                    format!("choose among {}", known.join(" and ")),
                );
            }
        }
    }
    if !bases.is_empty() && endpoint(&bases, dialect).is_none() {
        let cure = "add that base, or choose a dialect that has one";
        reader.problem("dialect", format!("is {:?}, and bases has none for it", dialect.name), cure);
    }
    bases
}
