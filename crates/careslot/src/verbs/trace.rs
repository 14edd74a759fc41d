//! `--trace`: each message of a verb on stderr as it goes over the wire, with secrets masked (SSP-133, CON-15).

use std::fmt::Write as _;

use roles::consumer::{Observer, WireMessage};

use super::table::harmless;
use crate::terminal::{Colour, Terminal};

/// Writes what it sees to stderr.
pub(super) struct Trace(pub(super) Terminal);

/// No more of a body is shown, in characters.
const LONGEST_BODY: usize = 20_000;

impl Observer for Trace {
    fn seen(&self, message: WireMessage) {
        let terminal = self.0;
        let heading = |text: &str| terminal.paint_err(Colour::Bold, text);
        let mut text = format!("{}\n", heading(&format!("> {} {}", message.method, harmless(&message.url))));
        part(&mut text, '>', &message.headers, message.body.as_deref());
        let outcome = match &message.outcome {
            Ok(0) => format!("< {} answered", message.party),
            Ok(status) => format!("< {} answered {status}", message.party),
            Err(why) => format!("< {} did not answer: {}", message.party, harmless(why)),
        };
        let _ = writeln!(text, "{}", heading(&outcome));
        part(&mut text, '<', &message.answer_headers, message.answer.as_deref());
        terminal.say(&text);
    }
}

fn part(text: &mut String, mark: char, headers: &[(String, String)], body: Option<&str>) {
    for (name, value) in headers {
        let _ = writeln!(text, "{mark} {name}: {}", harmless(value));
    }
    let Some(body) = body.filter(|body| !body.is_empty()) else { return };
    let shown: String = body.chars().take(LONGEST_BODY).collect();
    for line in shown.lines() {
        let _ = writeln!(text, "  {}", harmless(line));
    }
    if shown.len() < body.len() {
        let _ = writeln!(text, "  … {} bytes more", body.len() - shown.len());
    }
}
