//! `careslot jwt`: look into tokens, judge them and make them, without sending them anywhere (UTL-01 to UTL-06).

mod against;
mod check;
mod decode;
mod keys;
mod make;
mod templates;

use std::io::Read;

use clap::Subcommand;
use spine::token::TokenFault;

use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

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
    Decode(decode::Decode),
    /// Name every rule that a token breaks
    Check(Box<check::Check>),
    /// Make a token of any shape, good or broken on purpose
    Make(Box<make::Make>),
    /// Make a key pair, or write the JWKS of keys
    Keys(keys::Keys),
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    match args.verb {
        JwtVerb::Decode(decode) => decode::run(&decode, terminal),
        JwtVerb::Check(check) => check::run(&check, terminal).await,
        JwtVerb::Make(make) => make::run(&make, terminal),
        JwtVerb::Keys(keys) => keys::run(&keys, terminal),
    }
}

/// No token is longer; the rest of an endless stream is not read.
const LONGEST_INPUT: u64 = 64 * 1024;

/// The token that was given as a word, or comes on stdin.
fn given_token(word: Option<&str>) -> Result<String, Failure> {
    let given = match word {
        None | Some("-") => from_stdin()?,
        Some(token) => token.to_owned(),
    };
    Ok(bare(&given))
}

fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(LONGEST_INPUT).read_to_string(&mut text);
    read.map_err(|error| {
        Failure::new(Exit::Usage, "no token came", format!("stdin: {error}"), "give one as text, on stdin or as TOKEN")
    })?;
    Ok(text)
}

fn not_a_token(fault: &TokenFault) -> Failure {
    let why = format!("{} [{}]", fault.sentence, fault.requirement);
    Failure::new(Exit::Refused, "this is no token", why, "copy the whole of it: three parts joined by dots")
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
