//! What was found, for people: `file:line:column: severity: element`, which editors follow, and under it in 80 columns what is
//! wrong, the rule, what was expected, what came, and what to do.

use profile::Severity;

use super::super::table::harmless;
use super::judged::Judged;
use crate::terminal::{Colour, Terminal};

/// How wide the lines are.
const WIDTH: usize = 80;
/// How far in the names of the parts begin.
const MARGIN: usize = 4;
/// How far in the parts themselves begin.
const INDENT: usize = 14;

/// One text and its issues.
pub(super) fn shown(judged: &Judged, terminal: &Terminal) -> String {
    let name = harmless(judged.id.as_str().unwrap_or_default());
    let mut text = String::new();
    for (position, issue) in &judged.issues {
        let place = position.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        let colour = match issue.severity {
            Severity::Fatal | Severity::Error => Colour::Red,
            Severity::Warning => Colour::Yellow,
            Severity::Information => Colour::Dim,
        };
        let severity = terminal.paint(colour, issue.severity.as_str());
        let element = if issue.location.is_empty() { "the whole text" } else { &issue.location };
        text.push_str(&format!("{name}{place}: {severity}: {}\n", terminal.paint(Colour::Bold, &harmless(element))));
        text.push_str(&wrapped(&harmless(&issue.message), MARGIN, MARGIN));
        let parts = [("rule", &issue.rule), ("expected", &issue.expected), ("got", &issue.got), ("cure", &issue.cure)];
        for (part, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
            let heading = format!("{:MARGIN$}{}", "", terminal.paint(Colour::Dim, part));
            let gap = INDENT - MARGIN - part.len();
            text.push_str(&format!("{heading}{:gap$}{}", "", wrapped(&harmless(value), 0, INDENT)));
        }
    }
    if judged.is_valid() {
        text.push_str(&format!("{name}: {}\n", terminal.paint(Colour::Green, "valid")));
    }
    text
}

/// Words in lines no wider than [`WIDTH`], the first begun `first` columns in, the others `further`; with 0 the first line is begun
/// already. A word that is longer than a line stands whole, so that it can be copied.
fn wrapped(text: &str, first: usize, further: usize) -> String {
    let mut lines = String::new();
    let mut column = if first == 0 { further } else { first };
    lines.push_str(&" ".repeat(first));
    let mut is_begun = false;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if is_begun && column + 1 + length > WIDTH {
            lines.push('\n');
            lines.push_str(&" ".repeat(further));
            column = further;
        } else if is_begun {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
        is_begun = true;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_a_terminal_and_words_stay_whole() {
        let long = "w".repeat(90);
        let text = wrapped(&format!("{} {long} end", "word ".repeat(30)), 4, 14);
        for line in text.lines().filter(|line| !line.contains(&long)) {
            assert!(line.chars().count() <= WIDTH && line.starts_with("    "), "{line}");
        }
        assert!(text.contains(&format!("\n{:14}{long}\n", "")), "{text}");
        assert_eq!(wrapped("a b", 0, 14), "a b\n");
        assert_eq!(wrapped("", 0, 14), "\n");
    }
}
