//! The values of every key, each with where it comes from: defaults below, then file, variables and flags.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest::nearest;
use super::problem::Problems;

/// A value as it is written, before it has a meaning. Its kind is fixed by the key's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// `"…"`
    Text(String),
    /// A whole number.
    Whole(i64),
    /// `true` or `false`.
    Switch(bool),
    /// `["…", "…"]`
    List(Vec<String>),
    /// Names of the user's choice, each with a text.
    Table(BTreeMap<String, String>),
}

impl Raw {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text in quotes",
            Self::Whole(_) => "a whole number",
            Self::Switch(_) => "true or false",
            Self::List(_) => "a list of texts, [\"…\", \"…\"]",
            Self::Table(_) => "a table of texts",
        }
    }
}

/// As TOML.
impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        match self {
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Whole(number) => number.fmt(f),
            Self::Switch(on) => on.fmt(f),
            Self::List(items) => {
                write!(f, "[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
            }
            Self::Table(entries) if entries.is_empty() => f.write_str("{}"),
            Self::Table(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(key, value)| format!("{} = {}", quoted(key), quoted(value))).collect();
                write!(f, "{{ {} }}", entries.join(", "))
            }
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `careslot.toml` as compiled in.
    Default,
    /// The user's file and the line in it.
    File(PathBuf, usize),
    /// A variable of the environment.
    Variable(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// One key's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value as it is written.
    pub raw: Raw,
    /// Where it comes from.
    pub origin: Origin,
}

/// Every key, as `section.key`, with its value.
#[derive(Clone, Debug)]
pub struct Layers {
    settings: BTreeMap<String, Setting>,
    order: Vec<String>,
}

impl Layers {
    /// The defaults alone.
    pub fn defaults() -> Self {
        let mut problems = Problems::default();
        let found = parse(super::DEFAULTS, Path::new("careslot.toml"), &mut problems);
        // A default that cannot be read is found by this crate's tests, and by every key that a section then lacks.
        let order = found.iter().map(|(key, ..)| key.clone()).collect();
        let settings = found.into_iter().map(|(key, raw, _)| (key, Setting { raw, origin: Origin::Default })).collect();
        Self { settings, order }
    }

    /// Put the user's file over what is there. `path` is what faults and relative file names go by.
    pub fn add_file(&mut self, path: &Path, text: &str, problems: &mut Problems) {
        for (key, raw, line) in parse(text, path, problems) {
            self.put(&key, raw, Origin::File(path.to_path_buf(), line), problems);
        }
    }

    /// Put one variable of the environment over what is there; `name` begins with `CARESLOT_`.
    pub fn add_variable(&mut self, name: &str, text: &str, problems: &mut Problems) {
        let origin = Origin::Variable(name.to_owned());
        let key = name.strip_prefix("CARESLOT_").unwrap_or(name).to_lowercase().replacen("__", ".", 1);
        match self.settings.get(&key).map(|setting| setting.raw.clone()) {
            None => self.unknown(&key, &origin, problems),
            Some(default) => match from_text(&default, text) {
                Some(raw) => self.put(&key, raw, origin, problems),
                None => problems.add(&origin, format!("{key} cannot be read"), format!("give {}", default.kind())),
            },
        }
    }

    /// Put the value of one flag over what is there; `flag` is what the user typed, `--port-base`.
    pub fn add_flag(&mut self, flag: &str, key: &str, raw: Raw, problems: &mut Problems) {
        self.put(key, raw, Origin::Flag(flag.to_owned()), problems);
    }

    /// The value of `key` (`section.key`).
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// Every key with its value, in the order of `careslot.toml`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.order.iter().filter_map(|key| Some((key.as_str(), self.settings.get(key)?)))
    }

    fn put(&mut self, key: &str, raw: Raw, origin: Origin, problems: &mut Problems) {
        let Some(setting) = self.settings.get_mut(key) else {
            return self.unknown(key, &origin, problems);
        };
        if setting.raw.kind() == raw.kind() {
            *setting = Setting { raw, origin };
        } else {
            let (expected, came) = (setting.raw.kind(), raw.kind());
            problems.add(origin, format!("{key} is {expected}, and {came} came"), format!("write {key} as {expected}"));
        }
    }

    fn unknown(&self, key: &str, origin: &Origin, problems: &mut Problems) {
        let cure = match nearest(key, self.settings.keys().map(String::as_str)) {
            Some(meant) => format!("did you mean {meant}?"),
            None => "`careslot config show` lists every key".to_owned(),
        };
        problems.add(origin, format!("{key} is not a key"), cure);
    }
}

/// Every `section.key` of a TOML text with its value and line. What cannot be read is a problem, and the rest is still read.
fn parse(text: &str, path: &Path, problems: &mut Problems) -> Vec<(String, Raw, usize)> {
    let line_of = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error.span().map_or(1, |span| line_of(span.start));
        let what = format!("this is not TOML: {}", error.message());
        problems.add(Origin::File(path.to_path_buf(), line), what, "see https://toml.io for how it is written");
    }
    if !errors.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (section, value) in document.get_ref() {
        let section = section.get_ref();
        let DeValue::Table(keys) = value.get_ref() else {
            let origin = Origin::File(path.to_path_buf(), line_of(value.span().start));
            problems.add(
                origin,
                format!("{section} stands in no section"),
                "begin a section with a line such as [provider]",
            );
            continue;
        };
        for (key, value) in keys {
            let line = line_of(key.span().start);
            let name = format!("{section}.{}", key.get_ref());
            match raw(value) {
                Some(raw) => found.push((name, raw, line)),
                None => problems.add(
                    Origin::File(path.to_path_buf(), line),
                    format!("{name} cannot be read"),
                    "a value is a text in quotes, a whole number, true or false, a list of texts or a table of texts",
                ),
            }
        }
    }
    // The parser hands the keys out by name; people read them in the order in which they were written.
    found.sort_by_key(|(_, _, line)| *line);
    found
}

fn raw(value: &Spanned<DeValue<'_>>) -> Option<Raw> {
    Some(match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => Raw::Whole(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Boolean(on) => Raw::Switch(*on),
        DeValue::Array(items) => Raw::List(items.iter().map(text).collect::<Option<_>>()?),
        DeValue::Table(entries) => {
            let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| Some((key_text(key), text(value)?));
            Raw::Table(entries.iter().map(entry).collect::<Option<_>>()?)
        }
        DeValue::Float(_) | DeValue::Datetime(_) => return None,
    })
}

fn key_text(key: &Spanned<std::borrow::Cow<'_, str>>) -> String {
    key.get_ref().to_string()
}

fn text(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}

/// A variable's text as the kind of value that `default` is.
fn from_text(default: &Raw, text: &str) -> Option<Raw> {
    let as_toml = |text: &str| raw(DeTable::parse(&format!("value = {text}")).ok()?.get_ref().get("value")?);
    match default {
        Raw::Text(_) => Some(Raw::Text(text.to_owned())),
        Raw::Whole(_) => text.trim().parse().ok().map(Raw::Whole),
        Raw::Switch(_) => text.trim().parse().ok().map(Raw::Switch),
        Raw::List(_) if text.trim_start().starts_with('[') => as_toml(text),
        Raw::List(_) => {
            Some(Raw::List(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()))
        }
        Raw::Table(_) => as_toml(text),
    }
}
