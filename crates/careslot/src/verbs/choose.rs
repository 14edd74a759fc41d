//! `book --interactive`: a person is asked for what a booking still needs – the Slot, out of a list, and the NHS number. Nothing is
//! asked where there is no terminal, so that a script never waits (CON-06, CON-08, PROC-01 step 6).

use std::io::{self, BufRead};

use jiff::ToSpan as _;
use roles::consumer::{FoundSlot, SlotQuestion};
use spine::{NhsNumber, Operation};

use super::caller::Caller;
use super::fault::failure_of;
use super::table::{Column, harmless, table, whole, words};
use super::times::{self, Edge};
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// How many Slots are offered at once.
const OFFERED: usize = 20;
/// How far ahead Slots are looked for where no end is given, in hours.
const AHEAD: i64 = 14 * 24;

const SLOTS: [Column; 6] =
    [whole("NO"), whole("LOCAL TIME"), whole("TO"), whole("UTC"), words("CHANNEL"), words("WHERE AND WITH WHOM")];

/// Refuses where nobody is there to answer.
///
/// # Errors
/// Exit 2: stdin or stderr is no terminal.
pub(super) fn somebody_is_there(terminal: &Terminal) -> Result<(), Failure> {
    if terminal.is_interactive() {
        return Ok(());
    }
    let (what, why) = ("nobody is there to choose", "--interactive asks on a terminal, and this is none");
    Err(Failure::new(Exit::Usage, what, why, "name SLOT and --nhs-number, as scripts do"))
}

/// The Slot that the person chooses among the free ones of the service.
///
/// # Errors
/// The search failed, there is none, or the person gave up (exit 1).
pub(super) async fn slot(
    caller: &Caller,
    window: [Option<&str>; 2],
    terminal: &Terminal,
) -> Result<FoundSlot, Failure> {
    let now = caller.shared.clock.now();
    let [from, to] = window;
    let from = from.map_or(Ok(now), |text| times::moment("--from", text, Edge::Start, now))?;
    let usual_end = from.checked_add(AHEAD.hours()).unwrap_or(from);
    let to = to.map_or(Ok(usual_end), |text| times::moment("--to", text, Edge::End, now))?;
    let service = caller.service()?;
    let endpoint = caller.endpoint_of(&service, Operation::SearchFreeSlots).await?;
    let question = SlotQuestion { service: service.to_string(), from, to, statuses: vec!["free".to_owned()] };
    let found = caller.consumer.search_free_slots(&endpoint, &question).await.map_err(failure_of)?;
    if found.slots.is_empty() {
        let why = found.explanation.unwrap_or_else(|| "the Provider gives no reason".to_owned());
        let cure = "ask for another time with --from and --to, or another service with --service";
        return Err(Failure::new(Exit::Refused, "there are no free Slots then", harmless(&why), cure));
    }
    chosen(&found.slots, terminal)
}

/// Shows the Slots a screen at a time until one is chosen.
fn chosen(slots: &[FoundSlot], terminal: &Terminal) -> Result<FoundSlot, Failure> {
    let mut first = 0;
    loop {
        let last = (first + OFFERED).min(slots.len());
        let rows: Vec<Vec<String>> = (first..last).map(|index| row(index + 1, &slots[index])).collect();
        terminal.say(&table(&SLOTS, &rows));
        let more = if last < slots.len() { ", Enter for more" } else { "" };
        let answer = asked(terminal, &format!("Which one? A number{more}, or q to stop:"))?;
        match answer.as_str() {
            "" if last < slots.len() => first = last,
            "q" => return Err(stopped()),
            number => match number.parse::<usize>().ok().and_then(|number| slots[..last].get(number.checked_sub(1)?)) {
                Some(slot) => return Ok(slot.clone()),
                None => terminal.say(&format!("There is no such number: 1 to {last} was expected.")),
            },
        }
    }
}

fn row(number: usize, slot: &FoundSlot) -> Vec<String> {
    let [local, utc] = times::columns(&slot.start);
    let parts = [&slot.location, &slot.practitioner, &slot.role];
    let place: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let channel = slot.delivery_channel.clone().unwrap_or_default();
    vec![number.to_string(), local, times::clock(&slot.end), utc, channel, place.join(", ")]
}

/// The patient's NHS number, asked for until it is one.
///
/// # Errors
/// The person gave up (exit 1).
pub(super) fn nhs_number(terminal: &Terminal) -> Result<String, Failure> {
    loop {
        let answer = asked(terminal, "The patient's NHS number, or q to stop:")?.replace(' ', "");
        if answer == "q" {
            return Err(stopped());
        }
        match NhsNumber::parse(&answer) {
            Ok(_) => return Ok(answer),
            Err(fault) => terminal.say(&format!("That is no NHS number: {} was expected.", fault.expected)),
        }
    }
}

/// A line from the terminal, without white space around it; its end counts as giving up.
fn asked(terminal: &Terminal, question: &str) -> Result<String, Failure> {
    terminal.say(question);
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => Err(stopped()),
        Ok(_) => Ok(line.trim().to_owned()),
    }
}

fn stopped() -> Failure {
    Failure::new(Exit::Refused, "nothing was booked", "the choice was left", "run it again to choose")
}
