//! What people and programs see: data on stdout, talk on stderr, colour only where it is wanted.

use std::env;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

use crate::failure::Failure;

/// In which form a command writes its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputForm {
    /// A table for people.
    #[default]
    Table,
    /// The body as it was received, or one JSON object.
    Json,
    /// The body as XML.
    Xml,
}

/// The output flags that every verb with data has.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct OutputFlags {
    /// Write JSON, for programs (short for --output json)
    #[arg(long, conflicts_with = "output")]
    json: bool,
    /// The form of the data
    #[arg(long, value_enum, value_name = "FORM")]
    output: Option<OutputForm>,
}

impl OutputFlags {
    /// The form that was asked for.
    pub fn form(self) -> OutputForm {
        if self.json { OutputForm::Json } else { self.output.unwrap_or_default() }
    }
}

/// The colours that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Failures.
    Red,
    /// What is in order.
    Green,
    /// What wants attention.
    Yellow,
    /// Headings.
    Bold,
    /// What may be passed over.
    Dim,
}

impl Colour {
    fn code(self) -> &'static str {
        match self {
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Bold => "1",
            Self::Dim => "2",
        }
    }
}

/// The two streams of the process.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    colour_out: bool,
    colour_err: bool,
    interactive: bool,
}

impl Terminal {
    /// The process's own streams. `NO_COLOR` (https://no-color.org) and a stream that is no terminal turn colour off.
    pub fn of_process() -> Self {
        let wanted = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            colour_out: wanted && io::stdout().is_terminal(),
            colour_err: wanted && io::stderr().is_terminal(),
            interactive: io::stdin().is_terminal() && io::stderr().is_terminal(),
        }
    }

    /// Whether a person is there to be asked. Nothing asks a question otherwise.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Whether progress may be drawn over itself on stderr.
    pub fn draws_progress(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Write data, as it is, to stdout. A reader that has gone away is no fault of ours.
    pub fn data(&self, text: &str) {
        let _ = io::stdout().lock().write_all(text.as_bytes());
    }

    /// Write one line for people to stderr.
    pub fn say(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Draw one line for people over the last one that was drawn; nothing takes it away. Only where [`Self::draws_progress`].
    pub fn draw(&self, line: &str) {
        let _ = write!(io::stderr().lock(), "\r\x1b[K{line}");
    }

    /// Write a failure to stderr: what, why, what to do.
    pub fn fail(&self, failure: &Failure) {
        self.say(&format!("{} {failure}", self.paint_err(Colour::Red, "error:")));
    }

    /// `text` in colour when stdout wants it.
    pub fn paint(&self, colour: Colour, text: &str) -> String {
        painted(self.colour_out, colour, text)
    }

    /// `text` in colour when stderr wants it.
    pub fn paint_err(&self, colour: Colour, text: &str) -> String {
        painted(self.colour_err, colour, text)
    }
}

fn painted(wanted: bool, colour: Colour, text: &str) -> String {
    if wanted { format!("\x1b[{}m{text}\x1b[0m", colour.code()) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_put_around_text_only_where_it_is_wanted() {
        assert_eq!(painted(true, Colour::Red, "no"), "\x1b[31mno\x1b[0m");
        assert_eq!(painted(false, Colour::Red, "no"), "no");
    }
}
