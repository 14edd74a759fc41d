//! What went wrong for the Consumer as what a command ends with: who refused, status and Spine code, why with the requirement ID,
//! what to do next, and the exit code (SSP-133, CON-15, CON-20).

use roles::consumer::{EndpointFault, Fault, Party, Refused};
use spine::{Dialect, Malformed, Reason};

use super::table::harmless;
use crate::failure::{Exit, Failure};

/// The failure that a command ends with.
pub(crate) fn failure_of(fault: Fault) -> Failure {
    match fault {
        Fault::Refused(refused) => refusal(&refused),
        Fault::Unreachable { party, why } => Failure::new(
            Exit::Unreachable,
            format!("{party} cannot be reached"),
            why,
            "see whether it runs and listens there: `careslot doctor` asks every part",
        ),
        Fault::Endpoint(fault) => {
            let cure = cure_in_the_directory(&fault);
            Failure::new(Exit::Refused, "SDS does not lead to an endpoint", sentence(&fault.to_string()), cure)
        }
        Fault::Unusable { party, what } => Failure::new(
            Exit::Refused,
            format!("{party} gave an answer that cannot be used"),
            sentence(&what),
            "that is a fault of the answering party: tell whoever runs it, with this message",
        ),
        Fault::GivenUp { about, why } => {
            let mut failure = failure_of(*why);
            failure.what = format!("the message about {} is given up: {}", harmless(&about), failure.what);
            failure
        }
        // Only a step that is shown by `Caller::ended` is asked to be shown.
        Fault::Unsent(unsent) => {
            Failure::new(Exit::Internal, "nothing was sent", format!("{unsent:?} was to be shown"), "leave --curl out")
        }
        Fault::Unsendable(why) => {
            Failure::new(Exit::Usage, "nothing was sent", sentence(&why), "mend what is named, then try again")
        }
    }
}

/// A word of the command line that is not what it should be.
pub(super) fn wrong_word(fault: &Malformed) -> Failure {
    let why = format!("expected {}, got {}", fault.expected, fault.came);
    Failure::new(Exit::Usage, format!("this is no {}", fault.what), why, "write it so, and try again")
}

fn refusal(refused: &Refused) -> Failure {
    let code = refused.code.as_deref().map(|code| format!(" {code}")).unwrap_or_default();
    let what = format!("{} refused with {}{code}", refused.by, refused.status);
    let row = row_of(refused);
    let (mut why, cure) = match &row {
        Some(row) => {
            let ending = format!("{} [{}]", row.cure, row.requirement);
            let why = refused.diagnostics.strip_suffix(&ending).unwrap_or(&refused.diagnostics).trim_end();
            (why.to_owned(), row.cure.to_owned())
        }
        None => (refused.diagnostics.clone(), usual_cure(refused).to_owned()),
    };
    if let Some(location) = &refused.location {
        why = format!("{why} (at {location})");
    }
    if let Some(requirement) = &refused.requirement
        && !why.contains(&format!("[{requirement}]"))
    {
        why = format!("{why} [{requirement}]");
    }
    let wait = refused.retry_after.map(|seconds| format!("; not before {seconds} s have passed")).unwrap_or_default();
    Failure::new(Exit::Refused, what, sentence(&why), format!("{}{wait}", cure.trim_end_matches('.')))
}

/// The row of our own table of refusals that speaks here: a party of CareSlot's words end with the row's cure and requirement, or
/// are the row's sentence alone where the standard fixes them.
fn row_of(refused: &Refused) -> Option<spine::Refused> {
    let rows = Dialect::all().iter().flat_map(|dialect| Reason::ALL.iter().map(|reason| reason.refused(dialect)));
    let mut rows = rows.filter(|row| row.status == refused.status);
    rows.find(|row| {
        refused.diagnostics.ends_with(&format!("{} [{}]", row.cure, row.requirement))
            || (refused.diagnostics == row.sentence && refused.requirement.as_deref() == Some(row.requirement))
    })
}

/// What to do about the refusal of a party that does not say it.
fn usual_cure(refused: &Refused) -> &'static str {
    match (refused.by, refused.status) {
        (Party::TokenEndpoint, _) => "check consumer.client_id, its secret and the scope",
        (_, 400 | 422) => "mend what is named and send it again",
        (_, 401) => "get a new token and try again",
        (_, 403) => "check what the token, the certificate and the ASID allow",
        (_, 404 | 410) => "check the id, and --service",
        (_, 409) => "read it again, it has changed; then decide anew",
        (_, 412) => "read the Appointment again and name the version that is changed",
        (_, 429) => "wait, then try again",
        (_, 495..=497) => "check the certificate that consumer.cert_file names: its dates, its CA, its revocation",
        (_, 502..=504) => "the Provider does not answer the SSP: try later, or tell the Provider",
        _ => "try again later; if it stays, tell whoever runs that party",
    }
}

fn cure_in_the_directory(fault: &EndpointFault) -> &'static str {
    match fault {
        EndpointFault::SystemNotFound(_) => "check the ASID: the Directory of Services gives it for the service",
        EndpointFault::NotForBooking { .. } => "choose a service that can be booked: this one is not registered for it",
        _ => "that is a fault in SDS: no booking can be made; tell whoever keeps the record",
    }
}

/// One line, without anything that would move a terminal's cursor.
fn sentence(text: &str) -> String {
    harmless(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(by: Party, status: u16, code: &str, requirement: Option<&str>, diagnostics: &str) -> Failure {
        failure_of(Fault::Refused(Box::new(Refused {
            by,
            status,
            code: Some(code.to_owned()),
            requirement: requirement.map(str::to_owned),
            diagnostics: diagnostics.to_owned(),
            location: None,
            made: None,
            retry_after: None,
        })))
    }

    // covers: CON-15, SSP-133
    #[test]
    fn a_refusal_of_our_own_table_is_told_with_the_tables_cure() {
        let row = Reason::TokenExpired.refused(&Dialect::all()[0]);
        let diagnostics = format!("{}. {} [{}]", row.sentence, row.cure, row.requirement);
        let failure = refused(Party::Provider, row.status, "ACCESS DENIED", Some(row.requirement), &diagnostics);
        assert_eq!(failure.exit, Exit::Refused);
        assert_eq!(failure.what, "the Provider refused with 403 ACCESS DENIED");
        assert_eq!(failure.why, format!("{}. [{}]", row.sentence, row.requirement));
        assert_eq!(failure.cure, row.cure.trim_end_matches('.'));
    }

    // covers: CON-15
    #[test]
    fn a_strangers_refusal_is_told_with_a_cure_for_its_status() {
        let failure = refused(Party::Proxy, 502, "exception", None, "no reason was given");
        assert_eq!(failure.what, "the SSP refused with 502 exception");
        assert_eq!((failure.exit, failure.why.as_str()), (Exit::Refused, "no reason was given"));
        assert!(failure.cure.contains("try later"), "{failure}");
    }

    #[test]
    fn each_kind_of_fault_has_its_exit_code() {
        let asid = spine::Asid::parse("200000000359").unwrap();
        for (fault, exit) in [
            (Fault::Unreachable { party: Party::Proxy, why: "x".into() }, Exit::Unreachable),
            (Fault::Endpoint(EndpointFault::SystemNotFound(asid)), Exit::Refused),
            (Fault::Unusable { party: Party::Provider, what: "x".into() }, Exit::Refused),
            (Fault::Unsendable("x".into()), Exit::Usage),
        ] {
            assert_eq!(failure_of(fault).exit, exit);
        }
    }
}
