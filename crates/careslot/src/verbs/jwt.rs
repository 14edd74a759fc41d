//! `careslot jwt`: look into tokens without sending them anywhere (UTL-01, UTL-05, UTL-06).

use std::io::Read;

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use spine::token::Compact;

use super::table::harmless;
use super::times;
use crate::failure::{Exit, Failure};
use crate::terminal::{Colour, OutputFlags, OutputForm, Terminal};

/// The verbs for tokens.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do with it.
    #[command(subcommand)]
    pub verb: JwtVerb,
}

/// What can be done with a token.
#[derive(Clone, Debug, Subcommand)]
pub enum JwtVerb {
    /// Show header and claims, with times as dates
    Decode(Decode),
}

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
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    match args.verb {
        JwtVerb::Decode(decode) => run_decode(&decode, terminal),
    }
}

fn run_decode(args: &Decode, terminal: &Terminal) -> Result<(), Failure> {
    let given = match args.token.as_deref() {
        None | Some("-") => from_stdin()?,
        Some(token) => token.to_owned(),
    };
    let token = bare(&given);
    let parts = Compact::split(&token).map_err(|fault| {
        let why = format!("{} [{}]", fault.sentence, fault.requirement);
        Failure::new(Exit::Refused, "this is no token", why, "copy the whole of it: three parts joined by dots")
    })?;
    match args.output.form() {
        OutputForm::Json => {
            terminal.data(&format!("{:#}\n", json!({"header": parts.header, "claims": parts.claims})));
        }
        OutputForm::Xml => return Err(super::no_xml("a token")),
        OutputForm::Table => terminal.data(&shown(&parts, terminal)),
    }
    terminal.say(if parts.signature.is_empty() {
        "this token is unsigned: anybody can have written it, and nothing in it is proof (UTL-06)"
    } else {
        "the signature was not checked: nothing in it is proof until it is"
    });
    Ok(())
}

fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(LONGEST_INPUT).read_to_string(&mut text);
    read.map_err(|error| {
        Failure::new(Exit::Usage, "no token came", format!("stdin: {error}"), "give one as text, on stdin or as TOKEN")
    })?;
    Ok(text)
}

/// The token alone: without space around it, `Bearer`, padding; with the dot that ends an unsigned one (UTL-06).
fn bare(text: &str) -> String {
    let text = text.trim();
    let after_scheme =
        text.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("bearer ")).map_or(text, |_| &text[7..]);
    let segments: Vec<&str> = after_scheme.trim().split('.').map(|segment| segment.trim_end_matches('=')).collect();
    match segments.as_slice() {
        [header, claims] => format!("{header}.{claims}."),
        _ => segments.join("."),
    }
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
            lines = vec![format!("{value}: {}", with_seconds(moment))];
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

/// No token is longer; the rest of an endless stream is not read.
const LONGEST_INPUT: u64 = 64 * 1024;

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
];

#[cfg(test)]
mod tests {
    use super::*;

    // covers: UTL-06
    #[test]
    fn a_token_is_found_however_it_was_copied() {
        for (text, expected) in [
            ("a.b.c", "a.b.c"),
            ("  a.b.c\n", "a.b.c"),
            ("Bearer a.b.c", "a.b.c"),
            ("bearer  a.b.", "a.b."),
            ("a==.b=.", "a.b."),
            ("a.b", "a.b."),
            ("a", "a"),
            ("", ""),
        ] {
            assert_eq!(bare(text), expected, "{text:?}");
        }
    }
}
