//! May a PKI that an earlier start left in a folder be used again? `careslot demo --dir` keeps it.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use x509_parser::pem::Pem;

use super::leaves::LEAVES;
use super::{CA_FILE, CA_KEY_FILE, CRL_FILE, TOKEN_KEY_FILE};

/// Whether `folder` holds every file of a PKI, and every certificate that is meant to be good stays so for a week from `now`.
pub fn still_good(folder: &Path, now: Timestamp) -> bool {
    let fixed = [CA_FILE, CA_KEY_FILE, CRL_FILE, TOKEN_KEY_FILE];
    let all_there = fixed.iter().all(|name| folder.join(name).is_file())
        && LEAVES.iter().all(|leaf| folder.join(format!("{}.key", leaf.name)).is_file());
    let enough = now + SignedDuration::from_hours(24 * 7);
    all_there
        && last_day(&folder.join(CA_FILE)).is_some_and(|end| end > enough)
        && LEAVES.iter().all(|leaf| {
            let end = last_day(&folder.join(format!("{}.pem", leaf.name)));
            end.is_some_and(|end| leaf.expired || end > enough)
        })
}

/// The earliest end of validity among the certificates of a PEM file; none when it cannot be read.
fn last_day(path: &Path) -> Option<Timestamp> {
    let text = fs::read(path).ok()?;
    let ends: Option<Vec<Timestamp>> = Pem::iter_from_buffer(&text)
        .map(|pem| {
            let pem = pem.ok()?;
            let certificate = pem.parse_x509().ok()?;
            Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
        })
        .collect();
    ends?.into_iter().min()
}
