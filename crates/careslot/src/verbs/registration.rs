//! What a verb says and does about the Registry: first what still waits, then its own message; a Registry that cannot be told
//! never undoes what the Provider did (REG-02, interfaces.md §2).

use fhir::Node;
use roles::consumer::{Fault, Registered};

use super::caller::Caller;
use super::fault::failure_of;
use crate::terminal::{Colour, Terminal};

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The Appointment was booked.
    Booked,
    /// It was cancelled.
    Cancelled,
}

/// Tells the Registry, and says on stderr when that did not work. Returns one line for the table.
pub(super) async fn tell(caller: &Caller, news: News, appointment: &Node, link: &str, terminal: &Terminal) -> String {
    send_waiting(caller, terminal).await;
    let told = match news {
        News::Booked => caller.consumer.register_appointment(appointment, link).await,
        News::Cancelled => caller.consumer.cancel_registered_appointment(appointment, link).await,
    };
    let done = match news {
        News::Booked => "registered",
        News::Cancelled => "registration cancelled",
    };
    match told {
        Ok(Registered::Told) => done.to_owned(),
        Ok(Registered::WithoutNhsNumber) => "nothing to register: there is no NHS number [REG-06]".to_owned(),
        Ok(Registered::Kept { why }) => {
            warn(
                terminal,
                "the Registry could not be told; the message is kept, `careslot register --pending` sends it",
                why,
            );
            "not told yet, kept for later".to_owned()
        }
        Err(why) => {
            warn(terminal, "the Registry was not told, and would not be by waiting", why);
            format!("not {done}")
        }
    }
}

/// Sends what earlier verbs could not, and says what became of it; nothing where requests are only shown.
pub(super) async fn send_waiting(caller: &Caller, terminal: &Terminal) {
    if caller.curl.is_some() {
        return;
    }
    match caller.consumer.send_pending().await {
        Ok((0, faults)) if faults.is_empty() => {}
        Ok((sent, faults)) => {
            if sent > 0 {
                terminal.say(&format!("{sent} waiting {} sent to the Registry", messages(sent)));
            }
            if let Some(why) = faults.into_iter().next() {
                warn(terminal, "what waits for the Registry could not be sent", why);
            }
        }
        Err(why) => warn(terminal, "what waits for the Registry could not be looked at", why),
    }
}

/// `message` or `messages`.
pub(super) fn messages(count: usize) -> &'static str {
    if count == 1 { "message" } else { "messages" }
}

fn warn(terminal: &Terminal, what: &str, why: Fault) {
    let failure = failure_of(why);
    let label = terminal.paint_err(Colour::Yellow, "warning:");
    terminal.say(&format!("{label} {what}\n  {}: {}\n  {}", failure.what, failure.why, failure.cure));
}
