//! `--ndjson`: a line out for each line in, in the same order, whatever the line holds. Other programs rely on it.

use std::io::{self, BufRead, Read};
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::judged::{Format, Judge};
use crate::failure::{Exit, Failure};
use crate::files::LONGEST;
use crate::terminal::Terminal;

/// One line of stdin.
#[derive(Deserialize)]
struct Line<'l> {
    #[serde(default)]
    id: Value,
    #[serde(borrow, default)]
    resource: Option<&'l RawValue>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    format: Option<String>,
}

/// Answers stdin line by line.
pub(super) fn judge(judge: &Judge, terminal: &Terminal) -> Result<(), Failure> {
    let (total, wrong) =
        answer(judge, &mut io::stdin().lock(), LONGEST, |answer| terminal.data(&format!("{answer}\n"))).map_err(
            |error| {
                let what = format!("{} cannot be read", Path::new("-").display());
                Failure::new(Exit::Usage, what, error.to_string(), "send lines of JSON on stdin")
            },
        )?;
    if wrong == 0 {
        return Ok(());
    }
    let cure = "see the lines whose \"valid\" is false";
    Err(Failure::new(Exit::Refused, format!("{wrong} of {total} are not valid"), "their issues are listed", cure))
}

/// How many lines there were, and how many of them are not valid. Blank lines are passed over.
fn answer(
    judge: &Judge,
    input: &mut impl BufRead,
    longest: u64,
    mut tell: impl FnMut(Value),
) -> io::Result<(usize, usize)> {
    let (mut total, mut wrong) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(longest + 1).read_until(b'\n', &mut line)? == 0 {
            return Ok((total, wrong));
        }
        let answer = if line.len() as u64 > longest && !line.ends_with(b"\n") {
            skip_line(input)?;
            unreadable(&Value::Null, &format!("the line is longer than {longest} bytes"), "Send less in one line.")
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            judge_line(judge, &line)
        };
        total += 1;
        wrong += usize::from(answer["valid"] != json!(true));
        tell(answer);
    }
}

/// Passes over the rest of a line without keeping it.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let held = input.fill_buf()?;
        if held.is_empty() {
            return Ok(());
        }
        let (taken, ended) = match held.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (held.len(), false),
        };
        input.consume(taken);
        if ended {
            return Ok(());
        }
    }
}

fn judge_line(judge: &Judge, line: &[u8]) -> Value {
    const WANTED: &str = "Send {\"id\",\"resource\"} or {\"id\",\"text\",\"format\":\"json|xml\"}.";
    // An array would be taken for the members in their order.
    if !line.trim_ascii_start().starts_with(b"{") {
        return unreadable(&Value::Null, "the line is no object as expected", WANTED);
    }
    let read: Line<'_> = match serde_json::from_slice(line) {
        Ok(read) => read,
        Err(fault) => return unreadable(&Value::Null, &format!("the line is no object as expected: {fault}"), WANTED),
    };
    let format = match read.format.as_deref() {
        None => None,
        Some("json") => Some(Format::Json),
        Some("xml") => Some(Format::Xml),
        Some(_) => return unreadable(&read.id, "the format is neither json nor xml", WANTED),
    };
    let (text, format) = match (read.resource, &read.text) {
        (Some(resource), None) => (resource.get(), Some(Format::Json)),
        (None, Some(text)) => (text.as_str(), format),
        _ => return unreadable(&read.id, "either resource or text was expected", WANTED),
    };
    judge.text(read.id, text.as_bytes(), format).as_json()
}

fn unreadable(id: &Value, message: &str, cure: &str) -> Value {
    let issue = json!({
        "severity": "fatal", "location": "", "code": "structure", "message": message, "requirement": "VAL-01", "cure": cure,
    });
    json!({"id": id, "valid": false, "issues": [issue]})
}

#[cfg(test)]
mod tests {
    use profile::{Definitions, Options};

    use super::*;

    fn answers(input: &str, longest: u64) -> Vec<Value> {
        let judge = Judge { definitions: Definitions::standard(), options: Options::validator() };
        let mut told = Vec::new();
        // A small buffer, so that long lines come in several pieces.
        let mut input = io::BufReader::with_capacity(7, input.as_bytes());
        let (total, wrong) = answer(&judge, &mut input, longest, |answer| told.push(answer)).expect("read");
        assert_eq!((total, wrong), (told.len(), told.iter().filter(|answer| answer["valid"] == json!(false)).count()));
        told
    }

    // covers: VAL-01
    #[test]
    fn each_line_is_answered_by_its_id() {
        for (line, valid) in [
            (
                r#"{"id":1,"resource":{"resourceType":"Slot","schedule":{"reference":"Schedule/1"},"status":"free","start":"2026-07-01T09:00:00Z","end":"2026-07-01T09:15:00Z"}}"#,
                true,
            ),
            (r#"{"id":1,"resource":{"resourceType":"Slot"}}"#, false),
            (r#"{"id":1,"text":"<Patient xmlns=\"http://hl7.org/fhir\"/>","format":"xml"}"#, true),
            (r#"{"id":1,"text":"<Patient xmlns=\"http://hl7.org/fhir\"/>"}"#, true),
            (r#"{"id":1,"text":"<Patient","format":"xml"}"#, false),
            (r#"{"id":1,"text":"<Patient xmlns=\"http://hl7.org/fhir\"/>","format":"json"}"#, false),
            (r#"{"id":1,"text":"{}","format":"yaml"}"#, false),
            (r#"{"id":1}"#, false),
        ] {
            let [answer] = &answers(line, 1000)[..] else { panic!("one answer to {line}") };
            assert_eq!((&answer["id"], &answer["valid"]), (&json!(1), &json!(valid)), "{line}: {answer}");
            let refusing = |issue: &Value| issue["severity"] == "error" || issue["severity"] == "fatal";
            assert_eq!(answer["issues"].as_array().unwrap().iter().any(refusing), !valid, "{answer}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_used_is_answered_and_the_next_is_read() {
        let patient = r#"{"id":"p","resource":{"resourceType":"Patient"}}"#;
        let long = format!("{{\"id\":\"long\",\"text\":\"{}\"}}", "x".repeat(200));
        let input = format!("nonsense\n\n{long}\n[1]\n{patient}\r\n{long}");
        let told: Vec<(Value, bool)> =
            answers(&input, 100).iter().map(|answer| (answer["id"].clone(), answer["valid"] == json!(true))).collect();
        let null = || (Value::Null, false);
        assert_eq!(told, [null(), null(), null(), (json!("p"), true), null()]);
    }
}
