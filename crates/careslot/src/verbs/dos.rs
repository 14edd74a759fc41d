//! The service out of a record of the Directory of Services: `--dos FILE` (CON-01, CON-02, FIND-18).

use std::fs;
use std::path::Path;

use roles::consumer::{Bookable, DosRecord};
use spine::Asid;

use super::table::harmless;
use crate::failure::{Exit, Failure};
use crate::terminal::{Colour, Terminal};

/// A record this long is none.
const LONGEST_FILE: u64 = 1 << 20;

/// The ASID that the record in this file leads to; what it says about referrals goes to stderr.
///
/// # Errors
/// Exit 2: the file cannot be read. Exit 1: the service cannot be booked.
pub(super) fn asid_in(path: &Path, terminal: &Terminal) -> Result<Asid, Failure> {
    let unread = |why: String| {
        let cure = "name a file with one service's record; docs/reference/directory-of-services.md shows its form";
        Failure::new(Exit::Usage, format!("{} cannot be read", path.display()), why, cure)
    };
    let length = fs::metadata(path).map_err(|error| unread(error.to_string()))?.len();
    if length > LONGEST_FILE {
        return Err(unread("it is longer than 1 MiB".to_owned()));
    }
    let text = fs::read(path).map_err(|error| unread(error.to_string()))?;
    let record = DosRecord::read(&text).map_err(|fault| unread(fault.to_string()))?;
    let name = if record.name.is_empty() { "the service".to_owned() } else { harmless(&record.name) };
    let refused = |why: &str, cure: &str| Failure::new(Exit::Refused, format!("{name} cannot be booked"), why, cure);
    match record.bookable() {
        Ok(Bookable::Yes { asid, required }) => {
            if required {
                let label = terminal.paint_err(Colour::Yellow, "note:");
                terminal.say(&format!(
                    "{label} {name} takes patients only with a booking: the referral waits for it [CON-02]"
                ));
            }
            Ok(asid)
        }
        Ok(Bookable::No) => {
            Err(refused("its record has no address for booking [CON-01]", "refer without a booking [CON-02]"))
        }
        Ok(Bookable::NoButRequired) => Err(refused(
            "its record asks for a booking and has no address for one [CON-02]",
            "withhold the referral, and let the user choose another service",
        )),
        Err(fault) => {
            Err(refused(&format!("{fault} [FIND-18]"), "tell whoever keeps the record in the Directory of Services"))
        }
    }
}
