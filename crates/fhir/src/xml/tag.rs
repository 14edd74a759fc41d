//! The inside of a tag: names, attributes, references and namespaces, checked as XML 1.0 and Namespaces in XML ask.

use std::borrow::Cow;

use super::{FHIR, XHTML, is_xml_character};
use crate::issue::Fault;

/// A start tag or an empty-element tag, without its brackets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'s> {
    /// The name with its prefix.
    pub(super) name: &'s str,
    /// Where the tag begins, in bytes.
    pub(super) at: usize,
    /// What stands behind the name.
    rest: &'s str,
    rest_at: usize,
}

/// One attribute, its value unescaped.
#[derive(Debug)]
pub(super) struct Attribute<'s> {
    pub(super) name: &'s str,
    pub(super) value: Cow<'s, str>,
    pub(super) at: usize,
    /// The prefix whose namespace it declares, if that is what it does; empty for the default namespace.
    pub(super) declares: Option<&'s str>,
}

/// Most attributes of one tag. FHIR needs two and XHTML a handful.
pub(super) const MOST_ATTRIBUTES: usize = 128;

impl<'s> Tag<'s> {
    /// Takes the text between `<` at `at` and the closing bracket apart.
    pub(super) fn new(inside: &'s str, at: usize) -> Result<Self, Fault> {
        let end = inside.bytes().position(is_space).unwrap_or(inside.len());
        let (name, rest) = inside.split_at(end);
        if !is_qualified_name(name) {
            return Err(Fault::malformed(at, "expected the name of an element behind '<'"));
        }
        Ok(Tag { name, at, rest, rest_at: at + 1 + end })
    }

    pub(super) fn prefix(&self) -> &'s str {
        split_name(self.name).0
    }

    pub(super) fn local(&self) -> &'s str {
        split_name(self.name).1
    }

    /// Where an addition to the attributes goes: behind the name.
    pub(super) fn name_end(&self) -> usize {
        self.rest_at
    }

    /// Reads the attributes into `list`, which is emptied first.
    pub(super) fn attributes(&self, list: &mut Vec<Attribute<'s>>) -> Result<(), Fault> {
        list.clear();
        let mut at = 0;
        while let Some((attribute, next)) = self.attribute(at)? {
            if list.iter().any(|other| other.name == attribute.name) {
                return Err(Fault::malformed(attribute.at, "this attribute is in its tag twice"));
            }
            if list.len() >= MOST_ATTRIBUTES {
                return Err(Fault::too_large(attribute.at, "more attributes than a tag may have here"));
            }
            list.push(attribute);
            at = next;
        }
        Ok(())
    }

    /// Reads the attribute that begins at or after `from`, a place in `rest`.
    fn attribute(&self, from: usize) -> Result<Option<(Attribute<'s>, usize)>, Fault> {
        let bytes = self.rest.as_bytes();
        let skip = |from: usize| from + bytes.iter().skip(from).take_while(|byte| is_space(**byte)).count();
        let start = skip(from);
        if start == bytes.len() {
            return Ok(None);
        }
        let fail = |at: usize, reason: &'static str| Err(Fault::malformed(self.rest_at + at, reason));
        if start == from {
            return fail(start, "expected white space before an attribute");
        }
        let length = bytes.iter().skip(start).take_while(|byte| !is_space(**byte) && **byte != b'=').count();
        let name = self.rest.get(start..start + length).unwrap_or_default();
        if !is_qualified_name(name) {
            return fail(start, "expected the name of an attribute");
        }
        let equals = skip(start + length);
        if bytes.get(equals) != Some(&b'=') {
            return fail(equals, "expected '=' behind the attribute's name");
        }
        let open = skip(equals + 1);
        let quote = match bytes.get(open) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return fail(open, "expected the attribute's value in quotes"),
        };
        let Some(length) = bytes.iter().skip(open + 1).position(|byte| *byte == quote) else {
            return fail(open, "expected a quote at the end of the attribute's value");
        };
        let end = open + 1 + length;
        let value = unescape(self.rest.get(open + 1..end).unwrap_or_default(), self.rest_at + open + 1)?;
        let declares = declared_prefix(name);
        Ok(Some((Attribute { name, value, at: self.rest_at + start, declares }, end + 1)))
    }
}

/// Replaces references, and white space by blanks as XML asks for attributes.
fn unescape(raw: &str, at: usize) -> Result<Cow<'_, str>, Fault> {
    let is_special = |byte: &u8| matches!(byte, b'&' | b'<' | b'\t' | b'\n' | b'\r');
    if !raw.as_bytes().iter().any(&is_special) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(index) = rest.as_bytes().iter().position(&is_special) {
        let (plain, special) = rest.split_at(index);
        text.push_str(plain);
        let here = at + raw.len() - special.len();
        rest = if let Some(reference) = special.strip_prefix('&') {
            let (name, behind) = reference.split_once(';').ok_or_else(|| bad_reference(here))?;
            text.push(resolve(name).ok_or_else(|| bad_reference(here))?);
            behind
        } else if special.starts_with('<') {
            return Err(Fault::malformed(here, "'<' in an attribute must be written &lt;"));
        } else {
            text.push(' ');
            special.strip_prefix("\r\n").or_else(|| special.get(1..)).unwrap_or_default()
        };
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

/// The character that a reference names: one of the five entities of XML, or a number.
pub(super) fn resolve(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
            let plain = !digits.is_empty() && digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let code = plain.then(|| u32::from_str_radix(digits, radix).ok()).flatten()?;
            char::from_u32(code).filter(|letter| is_xml_character(*letter))
        }
    }
}

pub(super) fn bad_reference(at: usize) -> Fault {
    Fault::forbidden(
        at,
        "only &amp; &lt; &gt; &quot; &apos; and numeric references are allowed; write other characters as they are",
    )
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Prefix (empty when there is none) and local name.
pub(super) fn split_name(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

fn is_qualified_name(name: &str) -> bool {
    match name.split_once(':') {
        None => is_name(name),
        Some((prefix, local)) => is_name(prefix) && is_name(local),
    }
}

/// Whether a text is a name without a colon.
pub(super) fn is_name(text: &str) -> bool {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    }
    text.chars().enumerate().all(|(index, letter)| match letter {
        'A'..='Z' | 'a'..='z' | '_' => true,
        '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}' => index > 0,
        '\u{C0}'..='\u{2FF}' => !matches!(letter, '\u{D7}' | '\u{F7}'),
        '\u{370}'..='\u{1FFF}' => letter != '\u{37E}',
        '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' => true,
        '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}' => true,
        _ => false,
    })
}

/// The namespaces that are declared where the reader is.
#[derive(Debug, Default)]
pub(super) struct Scope<'s> {
    declared: Vec<(&'s str, Space<'s>)>,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Space<'s> {
    None,
    Fhir,
    Xhtml,
    Other(Cow<'s, str>),
}

impl Space<'_> {
    pub(super) fn name(&self) -> &str {
        match self {
            Space::None => "",
            Space::Fhir => FHIR,
            Space::Xhtml => XHTML,
            Space::Other(name) => name,
        }
    }
}

/// Most namespace declarations that are in force at once.
pub(super) const MOST_DECLARED: usize = 64;
/// Longest name of a namespace. It is repeated in the name of every element in it, so it may not be a way to make much
/// out of little.
pub(super) const LONGEST_NAMESPACE: usize = 200;

impl<'s> Scope<'s> {
    /// How many declarations are in force; [`Scope::leave`] goes back to it.
    pub(super) fn enter(&self) -> usize {
        self.declared.len()
    }

    pub(super) fn leave(&mut self, mark: usize) {
        self.declared.truncate(mark);
    }

    /// Takes the declarations of a tag.
    pub(super) fn declare(&mut self, attributes: &[Attribute<'s>]) -> Result<(), Fault> {
        for attribute in attributes {
            let Some(prefix) = attribute.declares else { continue };
            let reserved = matches!(prefix, "xml" | "xmlns") || (!prefix.is_empty() && attribute.value.is_empty());
            if reserved {
                return Err(Fault::malformed(attribute.at, "this prefix cannot be declared so"));
            }
            if attribute.value.len() > LONGEST_NAMESPACE {
                return Err(Fault::too_large(attribute.at, "a namespace with a longer name than is allowed here"));
            }
            if self.declared.len() >= MOST_DECLARED {
                return Err(Fault::too_large(attribute.at, "more namespaces than may be declared here"));
            }
            self.declared.push((prefix, space(&attribute.value)));
        }
        Ok(())
    }

    /// Refuses two attributes that are the same one under different prefixes.
    pub(super) fn check_twins(&self, attributes: &[Attribute<'s>]) -> Result<(), Fault> {
        let prefixed = |attribute: &&Attribute<'s>| attribute.declares.is_none() && attribute.name.contains(':');
        for (index, one) in attributes.iter().enumerate().filter(|(_, one)| prefixed(one)) {
            let (prefix, local) = split_name(one.name);
            let space = self.find(prefix, one.at)?;
            for other in attributes.iter().skip(index + 1).filter(prefixed) {
                let (prefix, other_local) = split_name(other.name);
                if other_local == local && self.find(prefix, other.at)? == space {
                    return Err(Fault::malformed(other.at, "this attribute is in its tag twice, under two prefixes"));
                }
            }
        }
        Ok(())
    }

    /// The namespace of a prefix; without a prefix the default one.
    pub(super) fn find(&self, prefix: &str, at: usize) -> Result<Space<'s>, Fault> {
        // Almost every name is without a prefix, so that case does not compare texts.
        let found = match prefix {
            "" => self.declared.iter().rev().find(|(declared, _)| declared.is_empty()),
            _ => self.declared.iter().rev().find(|(declared, _)| *declared == prefix),
        };
        match found {
            Some((_, space)) => Ok(space.clone()),
            None if prefix.is_empty() => Ok(Space::None),
            None if prefix == "xml" => Ok(Space::Other(Cow::Borrowed("http://www.w3.org/XML/1998/namespace"))),
            None => Err(Fault::malformed(at, "the namespace of this prefix is not declared")),
        }
    }

    /// The declarations in force, the innermost of each prefix.
    pub(super) fn in_force(&self) -> impl Iterator<Item = (&'s str, &Space<'s>)> {
        self.declared.iter().enumerate().filter_map(|(index, (prefix, space))| {
            let hidden = self.declared.iter().skip(index + 1).any(|(other, _)| other == prefix);
            (!hidden).then_some((*prefix, space))
        })
    }
}

/// The prefix that an attribute declares, if it declares one; empty for the default namespace.
fn declared_prefix(name: &str) -> Option<&str> {
    match name.strip_prefix("xmlns") {
        Some("") => Some(""),
        Some(prefix) => prefix.strip_prefix(':'),
        None => None,
    }
}

fn space<'s>(name: &Cow<'s, str>) -> Space<'s> {
    match &**name {
        "" => Space::None,
        FHIR => Space::Fhir,
        XHTML => Space::Xhtml,
        _ => Space::Other(name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inside: &str) -> Result<Vec<(String, String)>, String> {
        let mut list = Vec::new();
        let tag = Tag::new(inside, 0).map_err(|fault| fault.reason.into_owned())?;
        tag.attributes(&mut list).map_err(|fault| format!("{} at {}", fault.reason, fault.offset))?;
        Ok(list.into_iter().map(|attribute| (attribute.name.to_owned(), attribute.value.into_owned())).collect())
    }

    #[test]
    fn attributes_are_read_and_unescaped() {
        let table = [
            (r#"a b="1""#, "1"),
            ("a\n\tb = '1' ", "1"),
            (r#"a b="&lt;&amp;&quot;&apos;&gt;&#65;&#x41;""#, "<&\"'>AA"),
            ("a b=\"1\t2\r\n3\n4\"", "1 2 3 4"),
            (r#"a b="1&#10;2""#, "1\n2"),
            (r#"a b="é>""#, "é>"),
        ];
        for (inside, value) in table {
            assert_eq!(read(inside), Ok(vec![("b".to_owned(), value.to_owned())]), "{inside}");
        }
    }

    #[test]
    fn a_tag_that_xml_does_not_allow_is_refused() {
        let table = [
            ("1a", "name of an element"),
            ("", "name of an element"),
            ("a:b:c", "name of an element"),
            (r#"a b="1"c="2""#, "white space"),
            (r#"a b="1" b="2""#, "twice"),
            ("a b", "'='"),
            ("a b=1", "quotes"),
            (r#"a b="1"#, "quote at the end"),
            (r#"a b="<""#, "&lt;"),
            (r#"a b="&nbsp;""#, "only &amp;"),
            (r#"a b="&#0;""#, "only &amp;"),
            (r#"a b="&#xD800;""#, "only &amp;"),
            (r#"a b="&amp""#, "only &amp;"),
            (r#"a -="1""#, "name of an attribute"),
        ];
        for (inside, reason) in table {
            let got = read(inside);
            assert!(got.as_ref().is_err_and(|error| error.contains(reason)), "{inside}: {got:?}");
        }
    }
}
