//! `careslot jwt decode`: header and claims in the standard's words, with times as dates (UTL-01, UTL-06).

use jiff::Timestamp;
use roles::edge::clock::Clock;
use serde_json::{Map, Value, json};
use spine::token::{Compact, MARK};

use super::super::table::harmless;
use super::super::{no_xml, times};
use super::{given_token, not_a_token};
use crate::failure::Failure;
use crate::network::SystemClock;
use crate::terminal::{Colour, OutputFlags, OutputForm, Terminal};

/// The flags of `jwt decode`.
#[derive(Clone, Debug, clap::Args)]
pub struct Decode {
    /// The token; without it, or with -, it comes from stdin. A leading `Bearer ` is dropped
    #[arg(value_name = "TOKEN")]
    pub token: Option<String>,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// Do it.
pub(super) fn run(args: &Decode, terminal: &Terminal) -> Result<(), Failure> {
    let token = given_token(args.token.as_deref())?;
    let parts = Compact::split(&token).map_err(|fault| not_a_token(&fault))?;
    match args.output.form() {
        OutputForm::Json => {
            terminal.data(&format!("{:#}\n", json!({"header": parts.header, "claims": parts.claims})));
        }
        OutputForm::Xml => return Err(no_xml("a token")),
        OutputForm::Table => terminal.data(&shown(&parts, terminal)),
    }
    terminal.say(if parts.signature.is_empty() {
        "this token is unsigned: anybody can have written it, and nothing in it is proof (UTL-06)"
    } else {
        "the signature was not checked: nothing in it is proof until it is"
    });
    Ok(())
}

fn shown(parts: &Compact<'_>, terminal: &Terminal) -> String {
    let mut text = format!("{}\n", terminal.paint(Colour::Bold, "Header"));
    members(&mut text, &parts.header, HEADER, terminal);
    let heading = format!("Claims: {}", parts.shape().words());
    text.push_str(&format!("\n{}\n", terminal.paint(Colour::Bold, &heading)));
    members(&mut text, &parts.claims, CLAIMS, terminal);
    text
}

fn members(text: &mut String, members: &Map<String, Value>, meanings: &[(&str, &str)], terminal: &Terminal) {
    let widest = members.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, value) in members {
        let mut lines = match value {
            Value::String(word) => vec![harmless(word)],
            Value::Array(items) if items.iter().all(Value::is_string) => {
                items.iter().filter_map(Value::as_str).map(harmless).collect()
            }
            other => format!("{other:#}").lines().map(str::to_owned).collect(),
        };
        if TIMES.contains(&name.as_str())
            && let Some(moment) = value.as_i64().and_then(|second| Timestamp::from_second(second).ok())
        {
            lines = vec![format!("{value}: {}", with_seconds(moment)), from_now(moment, SystemClock.now())];
        }
        let meaning = meanings.iter().find(|(known, _)| known == name).map(|(_, meaning)| *meaning);
        lines.extend(meaning.map(|meaning| terminal.paint(Colour::Dim, &format!("({meaning})"))));
        for (number, line) in lines.iter().enumerate() {
            let name = if number == 0 { harmless(name) } else { String::new() };
            text.push_str(&format!("  {name:widest$}  {line}\n"));
        }
    }
}

/// Times of tokens are to the second.
fn with_seconds(moment: Timestamp) -> String {
    let local = moment.to_zoned_datetime(times::london()).strftime("%a %d %b %Y %H:%M:%S %Z").to_string();
    format!("{local} ({})", moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
}

/// How far off a moment is: `59 min 58 s from now`, `2 min 1 s ago`.
fn from_now(moment: Timestamp, now: Timestamp) -> String {
    let seconds = moment.as_second() - now.as_second();
    let (length, whole) = (seconds.unsigned_abs(), if seconds < 0 { "ago" } else { "from now" });
    let parts = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = length;
    let mut told: Vec<String> = Vec::new();
    for (unit, name) in parts {
        if rest >= unit {
            told.push(format!("{} {name}", rest / unit));
            rest %= unit;
        }
    }
    if told.is_empty() { "now".to_owned() } else { format!("{} {whole}", told[..told.len().min(2)].join(" ")) }
}

/// Claims that are seconds since 1970.
const TIMES: [&str; 4] = ["iat", "nbf", "exp", "auth_time"];

/// What the header's members mean.
const HEADER: &[(&str, &str)] = &[
    ("alg", "how it is signed: RS256 from the token endpoint, none where the Consumer makes it itself"),
    ("kid", "which of the issuer's keys signed it"),
    ("x5t", "thumbprint of the certificate of that key"),
    ("typ", "what this is: always JWT"),
];

/// What the claims mean, in the standard's words.
const CLAIMS: &[(&str, &str)] = &[
    ("aud", "the service root that it is for, letter by letter as SDS has it"),
    ("iss", "who made it: the token endpoint, or the Consumer's own endpoint"),
    ("iat", "when it was made"),
    ("nbf", "not good before"),
    ("exp", "not good from then on"),
    ("appid", "the Consumer, as the token endpoint knows it"),
    ("appidacr", "how the Consumer proved itself: 1 is with a secret"),
    ("groups", "what the Consumer may do: the ids of its groups"),
    ("idp", "who knows the Consumer"),
    ("oid", "the Consumer's object at the issuer"),
    ("sub", "whom it speaks of: the Consumer, or its ASID or user"),
    ("tid", "the issuer's tenant"),
    ("uti", "the id of this one token"),
    ("ver", "the version of the issuer's form"),
    ("scope", "what may be done with it"),
    ("reason_for_request", "why the data are asked for: always directcare"),
    ("requested_scope", "what may be done with it: patient or organization, read or write"),
    ("requesting_device", "the system that asks"),
    ("requesting_system", "the system that asks: its ASID"),
    ("requesting_organization", "the organisation that asks, with its ODS code"),
    ("requesting_practitioner", "the person who asks"),
    ("requesting_user", "the person who asks"),
    ("requesting_patient", "the patient who asks"),
    ("act", "whom the patient lets act"),
    (MARK, "made by `careslot jwt make --break`, to see it refused"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_off_a_moment_is_is_told_in_two_units_at_most() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        for (moment, told) in [
            (1_000_000, "now"),
            (1_000_001, "1 s from now"),
            (1_003_599, "59 min 59 s from now"),
            (999_700, "5 min ago"),
            (1_000_000 - 90_061, "1 d 1 h ago"),
        ] {
            assert_eq!(from_now(at(moment), at(1_000_000)), told);
        }
    }
}
