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

/// From when until when every certificate of a PEM file is valid; none when it cannot be read.
pub fn validity(path: &Path) -> Option<(Timestamp, Timestamp)> {
    let text = fs::read(path).ok()?;
    let spans: Option<Vec<(Timestamp, Timestamp)>> = Pem::iter_from_buffer(&text)
        .map(|pem| {
            let pem = pem.ok()?;
            let certificate = pem.parse_x509().ok()?;
            let validity = certificate.validity();
            let moment = |seconds: i64| Timestamp::from_second(seconds).ok();
            Some((moment(validity.not_before.timestamp())?, moment(validity.not_after.timestamp())?))
        })
        .collect();
    let spans = spans?;
    Some((spans.iter().map(|(start, _)| *start).max()?, spans.iter().map(|(_, end)| *end).min()?))
}

fn last_day(path: &Path) -> Option<Timestamp> {
    validity(path).map(|(_, end)| end)
}
