//! The readable form of profiles, both ways.
//!
//! ```text
//! prefix uk = https://fhir.hl7.org.uk/STU3/                      a short form for the beginning of URLs
//!
//! profile uk:StructureDefinition/CareConnect-Patient-1 1.3.0 of Patient
//!   identifier                   by value system others at-end   how the items are told apart
//!   identifier:nhsNumber         0..1                            a slice
//!   identifier:nhsNumber.system  1..* = "https://fhir.nhs.uk/Id/nhs-number"
//!   link.other                   Reference(RelatedPerson|uk:StructureDefinition/CareConnect-Patient-1)
//!
//! profile uk:StructureDefinition/Extension-CareConnect-DeliveryChannel-1 1.0.0 of Extension in Slot Appointment
//!   valueCode                    code -> extensible uk:ValueSet/CareConnect-DeliveryChannel-1
//! ```
//!
//! - Header: URL, version or `-`, `of` and the type, `on` and the profile that it builds on, `in` and the contexts.
//! - Row: path; number, `*` where no greatest is said; types as in the base definitions' text; `=` fixed, `~` pattern (`value.rs`);
//!   `->` strength, value set and `within` its largest; `longest` and a count; `by` and pairs of kind and path, `others`
//!   `at-end` or `nowhere`, `ordered`.
//! - Names that are not URLs belong to FHIR itself. `#` begins a note. Invariants have no text form.

use std::borrow::Cow;
use std::fmt;

use fhir::schema::{Binding, Strength, TypeReference};

use super::{Discriminator, DiscriminatorKind, Profile, Rules, Slicing, Unmatched, value};

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileTextError {
    /// The line, from 1.
    pub line: usize,
    /// What was expected there.
    pub reason: &'static str,
}

impl fmt::Display for ProfileTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for ProfileTextError {}

const STRENGTHS: &[(&str, Strength)] = &[
    ("required", Strength::Required),
    ("extensible", Strength::Extensible),
    ("preferred", Strength::Preferred),
    ("example", Strength::Example),
];

const KINDS: &[(&str, DiscriminatorKind)] = &[
    ("value", DiscriminatorKind::Value),
    ("exists", DiscriminatorKind::Exists),
    ("pattern", DiscriminatorKind::Pattern),
    ("type", DiscriminatorKind::Type),
    ("profile", DiscriminatorKind::Profile),
];

/// Reads profiles.
///
/// # Errors
/// The line that cannot be read, and why.
pub fn read(text: &str) -> Result<Vec<Profile>, ProfileTextError> {
    let mut profiles: Vec<Profile> = Vec::new();
    let mut prefixes: Vec<(&str, &str)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let fail = |reason| ProfileTextError { line: at + 1, reason };
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(rest) = line.strip_prefix("prefix ") {
            prefixes.push(rest.split_once(" = ").ok_or(fail("expected `prefix NAME = URL`"))?);
            continue;
        }
        let words = words(line).map_err(fail)?;
        let mut row = Words { words: words.into_iter().peekable(), prefixes: &prefixes };
        if line.starts_with(' ') {
            let profile = profiles.last_mut().ok_or(fail("a row before any header"))?;
            row.row(&mut profile.root).map_err(fail)?;
        } else {
            profiles.push(row.header().map_err(fail)?);
        }
    }
    Ok(profiles)
}

/// One word of a line; a quoted one keeps its blanks.
#[derive(Debug, PartialEq)]
pub(super) enum Word<'t> {
    Plain(&'t str),
    Quoted(Cow<'t, str>),
}

fn words(line: &str) -> Result<Vec<Word<'_>>, &'static str> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('"') {
            let (text, after) = value::quoted(inner)?;
            words.push(Word::Quoted(text));
            rest = after.trim_start();
        } else {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            words.push(Word::Plain(word));
            rest = after.trim_start();
        }
    }
    Ok(words)
}

struct Words<'t, I: Iterator<Item = Word<'t>>> {
    words: std::iter::Peekable<I>,
    prefixes: &'t [(&'t str, &'t str)],
}

impl<'t, I: Iterator<Item = Word<'t>>> Words<'t, I> {
    fn plain(&mut self) -> Result<&'t str, &'static str> {
        match self.words.next() {
            Some(Word::Plain(word)) => Ok(word),
            _ => Err("the line ends too early"),
        }
    }

    fn peek(&mut self) -> Option<&'t str> {
        match self.words.peek() {
            Some(Word::Plain(word)) => Some(word),
            _ => None,
        }
    }

    fn url(&mut self) -> Result<Box<str>, &'static str> {
        self.plain().map(|word| self.full(word))
    }

    /// The URL with its prefix written out.
    fn full(&self, word: &str) -> Box<str> {
        let known = word.split_once(':').and_then(|(name, rest)| {
            let (_, url) = self.prefixes.iter().find(|(prefix, _)| *prefix == name)?;
            Some(format!("{url}{rest}").into())
        });
        known.unwrap_or_else(|| word.into())
    }

    fn header(&mut self) -> Result<Profile, &'static str> {
        if self.plain()? != "profile" {
            return Err("expected `profile` or `prefix`");
        }
        let url = self.url()?;
        let version = Some(self.plain()?).filter(|version| *version != "-").map(Into::into);
        if self.plain()? != "of" {
            return Err("expected `of` and a type");
        }
        let of = self.plain()?.into();
        let mut profile = Profile { url, version, of, base: None, contexts: Vec::new(), root: Rules::default() };
        if self.peek() == Some("on") {
            self.plain()?;
            profile.base = Some(self.url()?);
        }
        if self.peek() == Some("in") {
            self.plain()?;
            while self.peek().is_some() {
                profile.contexts.push(self.plain()?.into());
            }
        }
        Ok(profile)
    }

    fn row(&mut self, root: &mut Rules) -> Result<(), &'static str> {
        let rules = find(root, self.plain()?);
        if let Some((min, max)) = self.peek().and_then(|word| word.split_once("..")) {
            self.plain()?;
            rules.min = min.parse().map_err(|_| "the least number is not a number")?;
            rules.max = match max {
                "*" => None,
                max => Some(max.parse().map_err(|_| "the greatest number is not a number")?),
            };
        }
        while let Some(word) = self.peek() {
            self.plain()?;
            match word {
                "=" => rules.fixed = Some(value::read(&mut self.words)?),
                "~" => rules.pattern = Some(value::read(&mut self.words)?),
                "->" => rules.binding = Some(self.binding()?),
                "longest" => rules.longest = Some(self.plain()?.parse().map_err(|_| "expected a count")?),
                "by" => rules.slicing = Some(self.slicing()?),
                types => rules.types = self.types(types)?,
            }
        }
        if self.words.peek().is_some() { Err("a value without = or ~ before it") } else { Ok(()) }
    }

    fn binding(&mut self) -> Result<Binding, &'static str> {
        let strength = named(STRENGTHS, self.plain()?).ok_or("expected a strength")?;
        let value_set = Some(self.url()?).filter(|set| &**set != "-");
        let within = if self.peek() == Some("within") {
            self.plain()?;
            Some(self.url()?)
        } else {
            None
        };
        Ok(Binding { strength, value_set, within })
    }

    fn slicing(&mut self) -> Result<Slicing, &'static str> {
        let mut slicing = Slicing { by: Vec::new(), unmatched: Unmatched::Anywhere, ordered: false };
        while let Some(word) = self.peek() {
            self.plain()?;
            match word {
                "ordered" => slicing.ordered = true,
                "others" => {
                    slicing.unmatched = match self.plain()? {
                        "at-end" => Unmatched::AtTheEnd,
                        "nowhere" => Unmatched::Nowhere,
                        _ => return Err("expected at-end or nowhere"),
                    }
                }
                kind => {
                    let kind = named(KINDS, kind).ok_or("expected value, exists, pattern, type or profile")?;
                    slicing.by.push(Discriminator { kind, path: self.plain()?.into() });
                }
            }
        }
        Ok(slicing)
    }

    fn types(&self, text: &str) -> Result<Vec<TypeReference>, &'static str> {
        let mut types = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(['<', '(', '|']).unwrap_or(rest.len());
            let mut one = TypeReference { code: rest[..end].into(), profiles: Vec::new(), targets: Vec::new() };
            rest = &rest[end..];
            if let Some(inner) = rest.strip_prefix('<') {
                let (list, after) = inner.split_once('>').ok_or("expected >")?;
                one.profiles = list.split('|').map(|url| self.full(url)).collect();
                rest = after;
            }
            if let Some(inner) = rest.strip_prefix('(') {
                let (list, after) = inner.split_once(')').ok_or("expected )")?;
                one.targets = list.split('|').map(|url| self.full(url)).collect();
                rest = after;
            }
            rest = match rest.strip_prefix('|') {
                Some(after) => after,
                None if rest.is_empty() => rest,
                None => return Err("expected | between types"),
            };
            types.push(one);
        }
        Ok(types)
    }
}

fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn name_of<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, known)| known == value).map_or("", |(name, _)| name)
}

/// The rules at a path, made where there are none.
fn find<'r>(root: &'r mut Rules, path: &str) -> &'r mut Rules {
    let mut rules = root;
    for step in path.split('.') {
        let (name, slice) = match step.split_once(':') {
            Some((name, slice)) => (name, Some(slice)),
            None => (step, None),
        };
        rules = named_rules(&mut rules.children, name);
        if let Some(slice) = slice {
            rules = named_rules(&mut rules.slices, slice);
        }
    }
    rules
}

fn named_rules<'r>(list: &'r mut Vec<Rules>, name: &str) -> &'r mut Rules {
    let at = list.iter().position(|rules| *rules.name == *name).unwrap_or_else(|| {
        list.push(Rules::about(name));
        list.len() - 1
    });
    &mut list[at]
}

/// The text form, without prefixes.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "profile {} {} of {}", self.url, self.version.as_deref().unwrap_or("-"), self.of)?;
        if let Some(base) = &self.base {
            write!(f, " on {base}")?;
        }
        if !self.contexts.is_empty() {
            write!(f, " in {}", self.contexts.join(" "))?;
        }
        writeln!(f)?;
        self.root.children.iter().try_for_each(|child| write_rules(f, child, &child.name, false))
    }
}

fn write_rules(f: &mut fmt::Formatter<'_>, rules: &Rules, path: &str, slice: bool) -> fmt::Result {
    let own = Rules { slices: Vec::new(), children: Vec::new(), ..rules.clone() };
    if slice || !own.is_empty() {
        write!(f, "  {path}")?;
        if slice || rules.min > 0 || rules.max.is_some() {
            let max = rules.max.map_or("*".to_owned(), |max| max.to_string());
            write!(f, " {}..{max}", rules.min)?;
        }
        write_words(f, rules)?;
        writeln!(f)?;
    }
    for slice in &rules.slices {
        write_rules(f, slice, &format!("{path}:{}", slice.name), true)?;
    }
    rules.children.iter().try_for_each(|child| write_rules(f, child, &format!("{path}.{}", child.name), false))
}

fn write_words(f: &mut fmt::Formatter<'_>, rules: &Rules) -> fmt::Result {
    let one = |of: &TypeReference| {
        let list = |open, urls: &[Box<str>], close| {
            if urls.is_empty() { String::new() } else { format!("{open}{}{close}", urls.join("|")) }
        };
        format!("{}{}{}", of.code, list('<', &of.profiles, '>'), list('(', &of.targets, ')'))
    };
    if !rules.types.is_empty() {
        write!(f, " {}", rules.types.iter().map(one).collect::<Vec<_>>().join("|"))?;
    }
    for (sign, value) in [("=", &rules.fixed), ("~", &rules.pattern)] {
        if let Some(value) = value {
            write!(f, " {sign} ")?;
            value::write(f, value)?;
        }
    }
    if let Some(longest) = rules.longest {
        write!(f, " longest {longest}")?;
    }
    if let Some(binding) = &rules.binding {
        let strength = name_of(STRENGTHS, &binding.strength);
        write!(f, " -> {strength} {}", binding.value_set.as_deref().unwrap_or("-"))?;
        if let Some(within) = &binding.within {
            write!(f, " within {within}")?;
        }
    }
    if let Some(slicing) = &rules.slicing {
        write!(f, " by")?;
        for one in &slicing.by {
            write!(f, " {} {}", name_of(KINDS, &one.kind), one.path)?;
        }
        match slicing.unmatched {
            Unmatched::Anywhere => {}
            Unmatched::AtTheEnd => write!(f, " others at-end")?,
            Unmatched::Nowhere => write!(f, " others nowhere")?,
        }
        if slicing.ordered {
            write!(f, " ordered")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::read;

    const TEXT: &str = "profile http://a.example/p 1.0 of Patient on http://a.example/base
  identifier by value system type $this others at-end ordered
  identifier:one 0..*
  identifier:one.system 1..* uri = \"a b\"
  identifier:one.extension:two 1..1 Extension<http://a.example/x>
  value[x] 0..0
  code longest 5 -> required http://a.example/set within all-languages
  link.other 1..2 Reference(RelatedPerson|http://a.example/p)|string ~ \"x\"
";

    #[test]
    fn a_profile_is_read_and_written() {
        let read_once = read(TEXT).unwrap();
        assert_eq!(read_once.len(), 1);
        assert_eq!(read_once[0].to_string(), TEXT);
    }

    #[test]
    fn prefixes_are_written_out() {
        let text = "prefix a = http://a.example/\n# note\n\nprofile a:p - of Extension in Slot Patient.identifier\n  valueReference Reference(a:q|Patient)\n";
        let profile = &read(text).unwrap()[0];
        assert_eq!((&*profile.url, profile.contexts.len()), ("http://a.example/p", 2));
        assert_eq!(&*profile.root.children[0].types[0].targets[0], "http://a.example/q");
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        let head = "profile http://a - of X\n";
        for row in
            ["nonsense", "  a 1..b", "  a = x", "  a \"x\"", "  a -> firm x", "  a by colour x", "  a X<y", "  a = \"x"]
        {
            assert_eq!(read(&format!("{head}{row}\n")).unwrap_err().line, 2, "{row}");
        }
        assert_eq!(read("  a 1..1\n").unwrap_err().line, 1);
        assert_eq!(read("profile http://a 1.0\n").unwrap_err().line, 1);
    }
}
