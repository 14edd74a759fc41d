//! Code systems and value sets: is this code one of that list? (VAL-05)
//!
//! The lists that the required bindings need, and the small extensible ones, are in `definitions/terminology/`. Large or
//! licensed terminologies are known by name only: about their codes the answer is "cannot tell", never a guess.

mod resource;
mod syntax;
mod text;

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

pub(crate) use syntax::has_syntax;
pub use syntax::{is_language_tag, is_media_type};
pub use text::TextError;

/// What is known about all code systems and value sets.
#[derive(Debug, Default)]
pub struct Terminology {
    systems: HashMap<Box<str>, CodeSystem>,
    sets: HashMap<Box<str>, ValueSet>,
}

/// One list of codes, all of them or examples.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct CodeSystem {
    /// The list names only examples: a code that is not in it may still be good.
    pub example: bool,
    /// Codes are compared without regard to case.
    pub any_case: bool,
    /// The codes in the order of the definition.
    pub concepts: Vec<Concept>,
    index: HashMap<Box<str>, u32>,
}

/// One code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concept {
    /// The code itself.
    pub code: Box<str>,
    /// How people say it, where the definition says so.
    pub display: Option<Box<str>>,
    /// Position of the code that this one is a child of.
    pub parent: Option<u32>,
}

/// Which codes of which systems belong together.
#[derive(Debug, Default)]
pub struct ValueSet {
    /// The parts that are put together, then those that are taken away.
    pub parts: Vec<Part>,
    expansion: OnceLock<Expansion>,
}

/// One line of a value set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// True where the part is taken away instead of added.
    pub except: bool,
    /// The codes meant.
    pub codes: Codes,
}

/// How a part of a value set names its codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// All codes of a system.
    All(Box<str>),
    /// The codes listed, of a system.
    Listed(Box<str>, Vec<Box<str>>),
    /// A code of a system and everything below it.
    Under(Box<str>, Box<str>),
    /// The codes of another value set.
    Set(Box<str>),
    /// Codes of a system whose list is not here.
    Unlisted(Box<str>),
}

/// A value set worked out: the pairs of system and code, and the systems that cannot be worked out.
#[derive(Debug, Default)]
struct Expansion {
    members: HashMap<Box<str>, Vec<Box<str>>>,
    unlisted: Vec<Box<str>>,
}

/// Is a code in a value set?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// It is.
    Member,
    /// It is not.
    NotMember,
    /// The set or the system is not listed here.
    Unknown,
}

/// What a code system says about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<'a> {
    /// The system has the code, with this display.
    Code(Option<&'a str>),
    /// The system does not have it.
    NoSuchCode,
    /// The list names examples only, and this code is not one of them.
    NotAnExample,
    /// The system is not listed here.
    NoSuchSystem,
}

/// How deep value sets may include each other.
const DEEPEST_SET: usize = 16;

impl CodeSystem {
    fn push(&mut self, concept: Concept) {
        let at = u32::try_from(self.concepts.len()).unwrap_or(u32::MAX);
        self.index.insert(self.key(&concept.code).into(), at);
        self.concepts.push(concept);
    }

    fn key<'a>(&self, code: &'a str) -> std::borrow::Cow<'a, str> {
        if self.any_case { code.to_ascii_lowercase().into() } else { code.into() }
    }

    /// The concept of `code`.
    pub fn concept(&self, code: &str) -> Option<&Concept> {
        self.concepts.get(*self.index.get(self.key(code).as_ref())? as usize)
    }

    /// True where `code` is `ancestor` or below it.
    fn is_under(&self, code: &Concept, ancestor: &str) -> bool {
        let mut at = Some(code);
        // A parent always stands before its child, so that this ends.
        while let Some(concept) = at {
            if *concept.code == *ancestor {
                return true;
            }
            at = concept.parent.and_then(|parent| self.concepts.get(parent as usize));
        }
        false
    }
}

impl Terminology {
    /// Reads the compact form (see `definitions/terminology/`) and adds what it says; a list read before under the same
    /// URL is replaced.
    ///
    /// # Errors
    /// The line that cannot be read, and why.
    pub fn read(&mut self, text: &str) -> Result<(), TextError> {
        text::read(self, text)
    }

    /// Adds a code system, replacing one of the same URL.
    pub fn add_system(&mut self, url: &str, system: CodeSystem) {
        self.systems.insert(url.into(), system);
    }

    /// Adds a value set, replacing one of the same URL.
    pub fn add_set(&mut self, url: &str, parts: Vec<Part>) {
        self.sets.insert(url.into(), ValueSet { parts, expansion: OnceLock::new() });
    }

    /// The code system of a URL.
    pub fn system(&self, url: &str) -> Option<&CodeSystem> {
        self.systems.get(url)
    }

    /// The value set of a URL, with or without `|version`.
    pub fn set(&self, url: &str) -> Option<&ValueSet> {
        self.sets.get(without_version(url))
    }

    /// All code systems, by URL.
    pub fn systems(&self) -> impl Iterator<Item = (&str, &CodeSystem)> {
        self.systems.iter().map(|(url, system)| (&**url, system))
    }

    /// All value sets, by URL.
    pub fn sets(&self) -> impl Iterator<Item = (&str, &ValueSet)> {
        self.sets.iter().map(|(url, set)| (&**url, set))
    }

    /// What the system says about the code; systems with a syntax (languages, media types) are asked that.
    pub fn known(&self, system: &str, code: &str) -> Known<'_> {
        if let Some(good) = syntax::check(system, code) {
            return if good { Known::Code(None) } else { Known::NoSuchCode };
        }
        let Some(found) = self.systems.get(system) else { return Known::NoSuchSystem };
        match found.concept(code) {
            Some(concept) => Known::Code(concept.display.as_deref()),
            None if found.example => Known::NotAnExample,
            None => Known::NoSuchCode,
        }
    }

    /// Is the code in the value set? Without a system (an element of type `code`) any system of the set may have it.
    pub fn membership(&self, set: &str, system: Option<&str>, code: &str) -> Membership {
        let set = without_version(set);
        if let Some(good) = syntax::check(set, code) {
            return if good { Membership::Member } else { Membership::NotMember };
        }
        let Some(set) = self.sets.get(set) else { return Membership::Unknown };
        let expansion = self.expansion(set);
        let fits = |candidate: &str| system.is_none_or(|system| system == candidate);
        let has = |code: &str| {
            expansion.members.get(code).is_some_and(|systems| systems.iter().any(|candidate| fits(candidate)))
        };
        if has(code) || self.has_in_any_case(expansion, system, code) {
            return Membership::Member;
        }
        self.unlisted_membership(expansion, system, code)
    }

    /// A member whose system takes its codes in any case.
    fn has_in_any_case(&self, expansion: &Expansion, system: Option<&str>, code: &str) -> bool {
        let Some(found) = system.and_then(|url| self.systems.get(url)).filter(|found| found.any_case) else {
            return false;
        };
        let own = found.concept(code).and_then(|concept| expansion.members.get(&concept.code));
        own.is_some_and(|systems| systems.iter().any(|candidate| Some(&**candidate) == system))
    }

    fn unlisted_membership(&self, expansion: &Expansion, system: Option<&str>, code: &str) -> Membership {
        let mut answer = Membership::NotMember;
        for candidate in &expansion.unlisted {
            if system.is_some_and(|system| system != &**candidate) {
                continue;
            }
            match syntax::check(candidate, code) {
                Some(true) => return Membership::Member,
                Some(false) => {}
                None => answer = Membership::Unknown,
            }
        }
        answer
    }

    /// The codes of a set, for a message: up to `most` of them, and whether there are more. Empty where they are unlisted.
    pub fn examples(&self, set: &str, most: usize) -> (Vec<&str>, bool) {
        let Some(set) = self.sets.get(without_version(set)) else { return (Vec::new(), false) };
        let mut codes = Vec::new();
        self.each_code(set, 0, &mut |_, code| codes.push(code));
        let more = codes.len() > most;
        codes.truncate(most);
        (codes, more)
    }

    fn expansion<'a>(&self, set: &'a ValueSet) -> &'a Expansion {
        set.expansion.get_or_init(|| {
            let mut expansion = Expansion::default();
            self.each_code(set, 0, &mut |system, code| {
                expansion.members.entry(code.into()).or_default().push(system.into());
            });
            self.each_unlisted(set, 0, &mut |system| expansion.unlisted.push(system.into()));
            expansion
        })
    }

    /// Calls `found` with each system and code of the set, in the order of the definition.
    fn each_code<'a>(&'a self, set: &'a ValueSet, depth: usize, found: &mut dyn FnMut(&'a str, &'a str)) {
        if depth > DEEPEST_SET {
            return;
        }
        let mut taken_away: HashSet<(&str, &str)> = HashSet::new();
        for part in set.parts.iter().filter(|part| part.except) {
            self.each_code_of_part(part, depth, &mut |system, code| {
                taken_away.insert((system, code));
            });
        }
        for part in set.parts.iter().filter(|part| !part.except) {
            self.each_code_of_part(part, depth, &mut |system, code| {
                if !taken_away.contains(&(system, code)) {
                    found(system, code);
                }
            });
        }
    }

    fn each_code_of_part<'a>(&'a self, part: &'a Part, depth: usize, found: &mut dyn FnMut(&'a str, &'a str)) {
        let system_of = |url: &str| self.systems.get(url);
        match &part.codes {
            Codes::Listed(system, codes) => codes.iter().for_each(|code| found(system, code)),
            Codes::All(system) => {
                for concept in system_of(system).iter().flat_map(|found| &found.concepts) {
                    found(system, &concept.code);
                }
            }
            Codes::Under(system, ancestor) => {
                let Some(of) = system_of(system) else { return };
                for concept in of.concepts.iter().filter(|concept| of.is_under(concept, ancestor)) {
                    found(system, &concept.code);
                }
            }
            Codes::Set(url) => {
                if let Some(set) = self.sets.get(url) {
                    self.each_code(set, depth + 1, found);
                }
            }
            Codes::Unlisted(_) => {}
        }
    }

    /// Calls `found` with each system whose codes cannot be listed; an unknown set counts as a system of its own.
    fn each_unlisted<'a>(&'a self, set: &'a ValueSet, depth: usize, found: &mut dyn FnMut(&'a str)) {
        if depth > DEEPEST_SET {
            return;
        }
        for part in set.parts.iter().filter(|part| !part.except) {
            match &part.codes {
                Codes::Unlisted(system) => found(system),
                Codes::All(system) | Codes::Under(system, _) if !self.systems.contains_key(system) => found(system),
                Codes::Set(url) => match self.sets.get(url) {
                    Some(set) => self.each_unlisted(set, depth + 1, found),
                    None => found(url),
                },
                Codes::All(_) | Codes::Under(..) | Codes::Listed(..) => {}
            }
        }
    }
}

/// A canonical URL without its `|version`.
pub(crate) fn without_version(url: &str) -> &str {
    url.split_once('|').map_or(url, |(url, _)| url)
}
