//! Values as they are written, made into typed ones. A value that cannot be read is noted as a problem and stood in for, so that
//! one run finds every fault.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use spine::{Asid, Malformed};

use super::layers::{Layers, Origin, Raw, Setting};
use super::problem::Problems;

/// Reads one section.
pub(super) struct Reader<'a> {
    layers: &'a Layers,
    section: &'static str,
    problems: &'a mut Problems,
    /// Every key that was asked for: a test holds them equal to those of `careslot.toml`.
    asked: &'a mut BTreeSet<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(layers: &'a Layers, problems: &'a mut Problems, asked: &'a mut BTreeSet<String>) -> Self {
        Self { layers, section: "", problems, asked }
    }

    /// Turn to another section.
    pub(super) fn section(&mut self, section: &'static str) -> &mut Self {
        self.section = section;
        self
    }

    /// Note that the value of `key` is wrong.
    pub(super) fn problem(&mut self, key: &str, what: impl AsRef<str>, cure: impl Into<String>) {
        let key = format!("{}.{key}", self.section);
        let place = self.layers.get(&key).map_or(Origin::Default, |setting| setting.origin.clone());
        self.problems.add(place, format!("{key} {}", what.as_ref()), cure);
    }

    fn setting(&mut self, key: &str) -> Option<&'a Setting> {
        let key = format!("{}.{key}", self.section);
        let setting = self.layers.get(&key);
        if setting.is_none() {
            self.problems.add("careslot.toml", format!("{key} has no default"), "put it into careslot.toml");
        }
        self.asked.insert(key);
        setting
    }

    pub(super) fn text(&mut self, key: &str) -> String {
        match self.setting(key).map(|setting| &setting.raw) {
            Some(Raw::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    /// A text, none when it is empty.
    pub(super) fn optional_text(&mut self, key: &str) -> Option<String> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    pub(super) fn switch(&mut self, key: &str) -> bool {
        matches!(self.setting(key).map(|setting| &setting.raw), Some(Raw::Switch(true)))
    }

    pub(super) fn list(&mut self, key: &str) -> Vec<String> {
        match self.setting(key).map(|setting| &setting.raw) {
            Some(Raw::List(items)) => items.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn table(&mut self, key: &str) -> BTreeMap<String, String> {
        match self.setting(key).map(|setting| &setting.raw) {
            Some(Raw::Table(entries)) => entries.clone(),
            _ => BTreeMap::new(),
        }
    }

    /// A whole number within `range`.
    pub(super) fn whole(&mut self, key: &str, range: RangeInclusive<u32>) -> u32 {
        let Some(Raw::Whole(number)) = self.setting(key).map(|setting| &setting.raw) else { return *range.start() };
        match u32::try_from(*number).ok().filter(|number| range.contains(number)) {
            Some(number) => number,
            None => {
                let cure = format!("give a number from {} to {}", range.start(), range.end());
                self.problem(key, format!("is {number}"), cure);
                *range.start()
            }
        }
    }

    /// A size or a count.
    pub(super) fn size(&mut self, key: &str, range: RangeInclusive<u32>) -> usize {
        usize::try_from(self.whole(key, range)).unwrap_or(usize::MAX)
    }

    /// A span of time, written in whole seconds.
    pub(super) fn seconds(&mut self, key: &str, range: RangeInclusive<u32>) -> Duration {
        Duration::from_secs(self.whole(key, range).into())
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> T {
        let text = self.text(key);
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return *meaning;
        }
        let known: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        self.problem(key, format!("is {text:?}"), format!("choose one of {}", known.join(", ")));
        words[0].1
    }

    /// An address to listen on, none when it is empty.
    pub(super) fn listener(&mut self, key: &str) -> Option<SocketAddr> {
        let text = self.optional_text(key)?;
        let address = text.parse().ok();
        if address.is_none() {
            self.problem(
                key,
                format!("is {text:?}"),
                "give ADDRESS:PORT with the address in digits, such as 127.0.0.1:8443 or [::]:8443",
            );
        }
        address
    }

    /// An address on the loopback to listen on, none when it is empty.
    pub(super) fn loopback_listener(&mut self, key: &str, why: &str) -> Option<SocketAddr> {
        let address = self.listener(key)?;
        if !address.ip().is_loopback() {
            self.problem(
                key,
                format!("is {address}, which others can reach"),
                format!("{why}: give a port of 127.0.0.1 or [::1]"),
            );
        }
        Some(address)
    }

    /// A file, none when it is empty. Its name starts from the folder of the file that holds it.
    pub(super) fn file(&mut self, key: &str) -> Option<PathBuf> {
        let setting = self.setting(key)?;
        let Raw::Text(text) = &setting.raw else { return None };
        (!text.is_empty()).then(|| from_folder_of(&setting.origin, text))
    }

    /// Several files.
    pub(super) fn files(&mut self, key: &str) -> Vec<PathBuf> {
        let Some(Setting { raw: Raw::List(names), origin }) = self.setting(key) else { return Vec::new() };
        names.iter().map(|name| from_folder_of(origin, name)).collect()
    }

    /// An absolute address with one of `schemes`, none when it is empty. Nothing is rewritten: tokens compare it letter by letter.
    pub(super) fn address(&mut self, key: &str, schemes: &[&str]) -> Option<String> {
        let text = self.optional_text(key)?;
        self.check_address(key, &text, schemes);
        Some(text)
    }

    /// Note as a problem of `key` what is wrong with an address.
    pub(super) fn check_address(&mut self, key: &str, text: &str, schemes: &[&str]) {
        if let Some(fault) = address_fault(text, schemes) {
            self.problem(
                key,
                format!("is {text:?}, which {fault}"),
                format!("give {}://HOST…", schemes.join(":// or ")),
            );
        }
    }

    /// An identifier of the standard, none when it is empty.
    pub(super) fn identifier<T>(&mut self, key: &str, parse: fn(&str) -> Result<T, Malformed>) -> Option<T> {
        let text = self.optional_text(key)?;
        self.parsed(key, &text, parse)
    }

    /// An ASID, none when it is empty (SSP-21).
    pub(super) fn asid(&mut self, key: &str) -> Option<Asid> {
        self.identifier(key, Asid::parse)
    }

    /// Several ASIDs.
    pub(super) fn asids(&mut self, key: &str) -> Vec<Asid> {
        let texts = self.list(key);
        texts.iter().filter_map(|text| self.parsed(key, text, Asid::parse)).collect()
    }

    fn parsed<T>(&mut self, key: &str, text: &str, parse: fn(&str) -> Result<T, Malformed>) -> Option<T> {
        match parse(text) {
            Ok(value) => Some(value),
            Err(malformed) => {
                let cure = format!("{} is written as {}", malformed.what, malformed.expected);
                self.problem(key, format!("is {}", malformed.came), cure);
                None
            }
        }
    }
}

fn from_folder_of(origin: &Origin, name: &str) -> PathBuf {
    match origin {
        Origin::File(path, _) => path.parent().unwrap_or(Path::new("")).join(name),
        _ => PathBuf::from(name),
    }
}

/// What is wrong with an absolute address; none when nothing is.
fn address_fault(text: &str, schemes: &[&str]) -> Option<&'static str> {
    let Some((scheme, rest)) = text.split_once("://") else { return Some("has no scheme") };
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    if !schemes.contains(&scheme) {
        Some("has another scheme")
    } else if host.is_empty() || host.starts_with(':') {
        Some("names no host")
    } else if host.contains('@') {
        Some("names a user or a password")
    } else if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        Some("holds a space or a control character")
    } else {
        None
    }
}
