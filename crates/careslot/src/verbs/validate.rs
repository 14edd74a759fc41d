//! `careslot validate`: does a resource keep to its profiles? Issues with file, line and column (VAL-01 to VAL-10).

use std::fs::{self, File};
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use fhir::{Limits, Lines, Parsed, Position, SyntaxError};
use profile::{Definitions, Issue, Options};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::table::harmless;
use crate::failure::{Exit, Failure};
use crate::terminal::{Colour, OutputFlags, OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Files, folders (every .json and .xml below them), or - for stdin
    #[arg(value_name = "FILE", required_unless_present = "ndjson")]
    pub files: Vec<PathBuf>,
    /// A profile that each resource has to keep to, claimed or not
    #[arg(long, value_name = "URL")]
    pub profile: Vec<String>,
    /// Judge by the Care Connect profile of its type what claims none
    #[arg(long)]
    pub by_type: bool,
    /// Read lines {"id","resource"} or {"id","text","format":"json|xml"} from stdin and write a line for each
    #[arg(long, conflicts_with = "files")]
    pub ndjson: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// The longest text that is read, in bytes.
const LONGEST: u64 = 64 << 20;
/// How deep folders are looked through.
const DEEPEST: usize = 32;

/// A text that was judged.
struct Judged {
    /// What it is called: the file's path.
    name: String,
    /// Where each issue is, and the issue.
    issues: Vec<(Option<Position>, Issue)>,
    /// Why it could not be read as a resource at all.
    unreadable: Option<SyntaxError>,
}

impl Judged {
    fn is_valid(&self) -> bool {
        self.unreadable.is_none() && self.issues.iter().all(|(_, issue)| !issue.severity.refuses())
    }
}

/// Do it.
pub fn run(args: &Args, terminal: &Terminal) -> Result<(), Failure> {
    let options = Options { profiles: args.profile.clone(), by_type: args.by_type, ..Options::validator() };
    known(&args.profile)?;
    if args.output.form() == OutputForm::Xml {
        return Err(super::no_xml("a list of issues"));
    }
    if args.ndjson {
        return judge_lines(&options, terminal);
    }
    let mut paths = Vec::new();
    for path in &args.files {
        gather(path, &mut paths, 0)?;
    }
    let mut judged = Vec::new();
    for path in &paths {
        let text = read(path)?;
        let one = judge(&path.display().to_string(), &text, format_of(&text), &options);
        if args.output.form() == OutputForm::Table {
            terminal.data(&shown(&one, terminal));
        }
        judged.push(one);
    }
    if args.output.form() == OutputForm::Json {
        let all: Vec<Value> = judged.iter().map(|one| as_json(&json!(one.name), one)).collect();
        terminal.data(&format!("{:#}\n", json!(all)));
    }
    let wrong = judged.iter().filter(|one| !one.is_valid()).count();
    if wrong == 0 {
        return Ok(());
    }
    let what =
        format!("{wrong} of {} did not keep to {} profiles", judged.len(), if wrong == 1 { "its" } else { "their" });
    Err(Failure::new(Exit::Refused, what, "each error is listed above with its place", "mend them, then try again"))
}

fn known(profiles: &[String]) -> Result<(), Failure> {
    for url in profiles {
        if Definitions::standard().type_of(url).is_none() {
            let cure = "check the URL; the profiles that are known are listed in docs/reference/validator.md";
            return Err(Failure::new(
                Exit::Usage,
                "nothing was judged",
                format!("{url} is no profile that is known"),
                cure,
            ));
        }
    }
    Ok(())
}

/// The files of a path: itself, or what lies below a folder, by name.
fn gather(path: &Path, paths: &mut Vec<PathBuf>, depth: usize) -> Result<(), Failure> {
    if !path.is_dir() {
        paths.push(path.to_path_buf());
        return Ok(());
    }
    if depth > DEEPEST {
        return Err(unread(path, &io::Error::other(format!("folders lie more than {DEEPEST} deep in each other"))));
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut below: Vec<PathBuf> =
        entries.map_err(|error| unread(path, &error))?.into_iter().map(|entry| entry.path()).collect();
    below.sort();
    for path in below {
        let named = path.extension().is_some_and(|end| end == "json" || end == "xml");
        if path.is_dir() || named {
            gather(&path, paths, depth + 1)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let taken = if path == Path::new("-") {
        io::stdin().lock().take(LONGEST + 1).read_to_end(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut text))
    };
    taken.map_err(|error| unread(path, &error))?;
    if text.len() as u64 > LONGEST {
        return Err(unread(path, &io::Error::other("it is longer than 64 MiB")));
    }
    Ok(text)
}

fn unread(path: &Path, error: &io::Error) -> Failure {
    let what = format!("{} cannot be read", path.display());
    Failure::new(Exit::Usage, what, error.to_string(), "name files or folders that are there, or - for stdin")
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Xml,
}

fn format_of(text: &[u8]) -> Format {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'<') => Format::Xml,
        _ => Format::Json,
    }
}

fn judge(name: &str, text: &[u8], format: Format, options: &Options) -> Judged {
    let limits = Limits::GENEROUS;
    let parsed: Result<Parsed, SyntaxError> = match format {
        Format::Json => fhir::json::read(text, &limits),
        Format::Xml => fhir::xml::read(text, &limits),
    };
    match parsed {
        Err(fault) => Judged { name: name.to_owned(), issues: Vec::new(), unreadable: Some(fault) },
        Ok(parsed) => {
            let lines = Lines::new(text);
            let issues = profile::validate_parsed(&parsed, Definitions::standard(), options);
            let placed = issues.into_iter().map(|issue| (issue.at.map(|at| lines.position(at)), issue)).collect();
            Judged { name: name.to_owned(), issues: placed, unreadable: None }
        }
    }
}

/// `file:line:column: error: …`, and below it what to do.
fn shown(judged: &Judged, terminal: &Terminal) -> String {
    let name = harmless(&judged.name);
    if let Some(fault) = &judged.unreadable {
        let error = terminal.paint(Colour::Red, "error");
        let reason = harmless(&fault.reason);
        return format!(
            "{name}:{}:{}: {error}: {reason}\n    Send well-formed FHIR in JSON or XML.\n",
            fault.line, fault.column
        );
    }
    let mut text = String::new();
    for (position, issue) in &judged.issues {
        let place = position.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        let colour = if issue.severity.refuses() { Colour::Red } else { Colour::Yellow };
        let severity = terminal.paint(colour, issue.severity.as_str());
        let (location, message, cure) = (harmless(&issue.location), harmless(&issue.message), harmless(&issue.cure));
        text.push_str(&format!("{name}{place}: {severity}: {location}: {message} [{}]\n    {cure}\n", issue.rule));
    }
    if judged.is_valid() {
        text.push_str(&format!("{name}: {}\n", terminal.paint(Colour::Green, "valid")));
    }
    text
}

fn as_json(id: &Value, judged: &Judged) -> Value {
    let mut issues: Vec<Value> = Vec::new();
    if let Some(fault) = &judged.unreadable {
        issues.push(json!({
            "severity": "fatal", "location": fault.path.as_deref().unwrap_or_default(), "line": fault.line, "column": fault.column, "code": "structure",
            "message": fault.reason, "requirement": "VAL-01",
        }));
    }
    for (position, issue) in &judged.issues {
        issues.push(json!({
            "severity": issue.severity.as_str(), "location": issue.location,
            "line": position.map(|at| at.line), "column": position.map(|at| at.column),
            "code": issue.kind.as_str(), "message": issue.message, "requirement": issue.rule,
        }));
    }
    json!({"id": id, "valid": judged.is_valid(), "issues": issues})
}

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

/// A line out for each line in, in the same order; a line that cannot be read is answered too.
fn judge_lines(options: &Options, terminal: &Terminal) -> Result<(), Failure> {
    let mut stdin = io::stdin().lock();
    let (mut total, mut wrong) = (0_usize, 0_usize);
    loop {
        let mut line = Vec::new();
        let taken = stdin.by_ref().take(LONGEST + 1).read_until(b'\n', &mut line);
        let taken = taken.map_err(|error| unread(Path::new("-"), &error))?;
        if taken == 0 {
            break;
        }
        if line.len() as u64 > LONGEST {
            return Err(unread(Path::new("-"), &io::Error::other("a line is longer than 64 MiB")));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = judge_line(&line, options);
        total += 1;
        wrong += usize::from(answer["valid"] != json!(true));
        terminal.data(&format!("{answer}\n"));
    }
    if wrong == 0 {
        return Ok(());
    }
    let cure = "see the lines whose \"valid\" is false";
    Err(Failure::new(Exit::Refused, format!("{wrong} of {total} are not valid"), "their issues are listed", cure))
}

fn judge_line(line: &[u8], options: &Options) -> Value {
    let unreadable = |id: Value, message: String| {
        let issue = json!({"severity": "fatal", "location": "", "code": "structure", "message": message, "requirement": "VAL-01"});
        json!({"id": id, "valid": false, "issues": [issue]})
    };
    let read: Line<'_> = match serde_json::from_slice(line) {
        Ok(read) => read,
        Err(fault) => return unreadable(Value::Null, format!("the line is no object as expected: {fault}")),
    };
    let (text, format) = match (read.resource, &read.text, read.format.as_deref()) {
        (Some(resource), None, _) => (resource.get(), Format::Json),
        (None, Some(text), Some("xml")) => (text.as_str(), Format::Xml),
        (None, Some(text), Some("json")) => (text.as_str(), Format::Json),
        (None, Some(text), None) => (text.as_str(), format_of(text.as_bytes())),
        _ => return unreadable(read.id, "either resource, or text with format json or xml, was expected".to_owned()),
    };
    as_json(&read.id, &judge("", text.as_bytes(), format, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: VAL-01
    #[test]
    fn each_line_is_answered_by_its_id() {
        let options = Options::validator();
        for (line, valid) in [
            (
                r#"{"id":1,"resource":{"resourceType":"Slot","schedule":{"reference":"Schedule/1"},"status":"free","start":"2026-07-01T09:00:00Z","end":"2026-07-01T09:15:00Z"}}"#,
                true,
            ),
            (r#"{"id":1,"resource":{"resourceType":"Slot"}}"#, false),
            (r#"{"id":1,"text":"<Patient xmlns=\"http://hl7.org/fhir\"/>","format":"xml"}"#, true),
            (r#"{"id":1,"text":"<Patient","format":"xml"}"#, false),
            (r#"{"id":1,"text":"{}","format":"yaml"}"#, false),
            (r#"{"id":1}"#, false),
        ] {
            let answer = judge_line(line.as_bytes(), &options);
            assert_eq!((&answer["id"], &answer["valid"]), (&json!(1), &json!(valid)), "{line}: {answer}");
            assert_eq!(
                answer["issues"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|issue| issue["severity"] != "warning" && issue["severity"] != "information"),
                !valid
            );
        }
        assert_eq!(judge_line(b"nonsense", &options)["id"], Value::Null);
    }
}
