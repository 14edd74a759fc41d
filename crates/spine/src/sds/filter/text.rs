//! The text form of a filter (RFC 4515), read strictly: no spaces between components and no bare assertion, and a refusal
//! that says where it breaks (SDS-06, SDS-16, SDS-17, FIND-07).

use super::{Filter, TooComplex, count};
use std::fmt;

/// The longest filter that is read, in bytes.
pub const LONGEST_FILTER: usize = 8 * 1024;

/// Why a text is no filter, and where it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a search filter, at byte {at}: {problem}")]
pub struct FilterFault {
    /// Where it breaks, in bytes from the start.
    pub at: usize,
    /// What is wrong there, and what was expected.
    pub problem: String,
}

/// A value escaped so that it can stand in a filter: `* ( ) \` and NUL as hexadecimal (SDS-06).
#[must_use]
pub fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '*' | '(' | ')' | '\\' | '\0' => escaped.push_str(&format!("\\{:02x}", u32::from(letter))),
            other => escaped.push(other),
        }
    }
    escaped
}

impl Filter {
    /// Reads a filter such as `(&(nhsIDCode=A91545)(objectClass=nhsAs))`.
    ///
    /// # Errors
    /// Where and why the text is no filter, or a filter over the limits.
    pub fn parse(text: &str) -> Result<Self, FilterFault> {
        if text.len() > LONGEST_FILTER {
            return Err(FilterFault { at: LONGEST_FILTER, problem: "it is longer than 8 KiB".to_owned() });
        }
        let mut reader = Reader { text, at: 0, parts: 0 };
        let filter = reader.filter(1)?;
        match reader.rest() {
            "" => Ok(filter),
            _ => Err(reader.fault("nothing may follow the closing parenthesis")),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    parts: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fault(&self, problem: impl Into<String>) -> FilterFault {
        FilterFault { at: self.at, problem: problem.into() }
    }

    fn expect(&mut self, letter: char, problem: &str) -> Result<(), FilterFault> {
        if !self.rest().starts_with(letter) {
            return Err(self.fault(problem));
        }
        self.at += letter.len_utf8();
        Ok(())
    }

    fn filter(&mut self, depth: usize) -> Result<Filter, FilterFault> {
        count(depth, &mut self.parts).map_err(|complex: TooComplex| self.fault(complex.to_string()))?;
        self.expect('(', "an opening parenthesis was expected")?;
        let filter = match self.rest().chars().next() {
            Some('&') => Filter::And(self.list(depth)?),
            Some('|') => Filter::Or(self.list(depth)?),
            Some('!') => {
                self.at += 1;
                Filter::Not(Box::new(self.filter(depth + 1)?))
            }
            _ => self.item()?,
        };
        self.expect(')', "a closing parenthesis was expected")?;
        Ok(filter)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Filter>, FilterFault> {
        self.at += 1;
        let mut filters = Vec::new();
        while self.rest().starts_with('(') {
            filters.push(self.filter(depth + 1)?);
        }
        Ok(filters)
    }

    /// `attribute operator value`, up to the closing parenthesis.
    fn item(&mut self) -> Result<Filter, FilterFault> {
        let length = self.rest().find(['(', ')']).unwrap_or(self.rest().len());
        let item = &self.rest()[..length];
        let Some((left, value)) = item.split_once('=') else {
            return Err(self.fault(format!(
                "a component needs an attribute, = and a value, and {} has no =",
                crate::identifiers::quote(item)
            )));
        };
        let (attribute, operator) = match left.as_bytes().last() {
            Some(b'~' | b'<' | b'>' | b':') => left.split_at(left.len() - 1),
            _ => (left, ""),
        };
        let name = if operator == ":" { attribute.split(':').next().unwrap_or_default() } else { attribute };
        if !(is_description(name) || (name.is_empty() && operator == ":")) {
            let came = crate::identifiers::quote(attribute);
            return Err(self.fault(format!("an attribute name was expected before =, got {came}")));
        }
        let value_at = self.at + left.len() + 1;
        let filter = match (operator, value) {
            ("", "*") => Filter::Present(attribute.to_owned()),
            ("" | "~", value) if !value.contains('*') => match unescape(value) {
                Ok(value) => Filter::Equal { attribute: attribute.to_owned(), value },
                Err(Unescaped::NotText) => Filter::Unmatchable,
                Err(Unescaped::Broken) => {
                    let problem = "a backslash must be followed by two hexadecimal digits".to_owned();
                    return Err(FilterFault { at: value_at, problem });
                }
            },
            _ => Filter::Unmatchable,
        };
        self.at += length;
        Ok(filter)
    }
}

/// An attribute name or OID with its options.
fn is_description(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.;".contains(&byte))
}

enum Unescaped {
    Broken,
    NotText,
}

fn unescape(value: &str) -> Result<String, Unescaped> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16)).ok_or(Unescaped::Broken);
        let code = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(code).map_err(|_| Unescaped::Broken)?);
    }
    String::from_utf8(bytes).map_err(|_| Unescaped::NotText)
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, sign: char, filters: &[Self]| {
            write!(f, "({sign}")?;
            filters.iter().try_for_each(|filter| filter.fmt(f))?;
            f.write_str(")")
        };
        match self {
            Self::And(filters) => list(f, '&', filters),
            Self::Or(filters) => list(f, '|', filters),
            Self::Not(filter) => write!(f, "(!{filter})"),
            Self::Equal { attribute, value } => write!(f, "({attribute}={})", escape(value)),
            Self::Present(attribute) => write!(f, "({attribute}=*)"),
            Self::Unmatchable => f.write_str("(?=undefined)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // covers: SDS-06
    #[test]
    fn a_value_from_outside_cannot_change_a_filter() {
        let hostile = "A1)(objectClass=*)\\\0";
        let text = format!("(nhsIDCode={})", escape(hostile));
        assert_eq!(text, "(nhsIDCode=A1\\29\\28objectClass=\\2a\\29\\5c\\00)");
        let expected = Filter::Equal { attribute: "nhsIDCode".to_owned(), value: hostile.to_owned() };
        assert_eq!(Filter::parse(&text), Ok(expected));
    }

    // covers: SDS-12, SDS-14, SDS-16, SDS-17, FIND-07
    #[test]
    fn filters_are_read_strictly_and_a_refusal_says_where_they_break() {
        for text in [
            "(uniqueIdentifier=918999198999)",
            "(&(nhsMHSPartyKey= A12345-1234567)(nhsMhsSvcIA=urn:nhs:names:services:careconnect:fhir:rest:read:slot))",
            "(|(objectClass=nhsAs)(!(o=*)))",
            "(&)",
            "(nhsIDCode=)",
            "(1.2.3=x)",
            "(cn;lang-en=x)",
            "(nhsIDCode~=a)",
        ] {
            assert_eq!(
                Filter::parse(text).map(|filter| filter.to_string().replace('~', "")),
                Ok(text.replace('~', ""))
            );
        }
        for text in ["(nhsIDCode=A*)", "(nhsIDCode>=A)", "(nhsIDCode<=A)", "(nhsIDCode:caseExactMatch:=A)", "(:dn:=A)"]
        {
            assert_eq!(Filter::parse(text), Ok(Filter::Unmatchable), "{text}");
        }
        for (text, at) in [
            ("", 0),
            ("nhsIDCode=A", 0),
            ("(nhsIDCode=A", 12),
            (
                "(&(nhsMHSPartyKey= A12345-1234567)(urn:nhs:names:services:careconnect:fhir:rest:create:appointment))",
                35,
            ),
            ("(& (nhsIDCode=A))", 2),
            ("(&(a=b) (c=d))", 7),
            ("(a=b)x", 5),
            ("(a=\\4)", 3),
            ("(=b)", 1),
            ("(a b=c)", 1),
            ("(!)", 2),
        ] {
            assert_eq!(Filter::parse(text).map_err(|fault| fault.at), Err(at), "{text}");
        }
        let deep =
            format!("{}(a=b){}", "(!".repeat(super::super::DEEPEST_FILTER), ")".repeat(super::super::DEEPEST_FILTER));
        assert!(Filter::parse(&deep).is_err());
        assert!(Filter::parse(&format!("(a={})", "b".repeat(LONGEST_FILTER))).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>(), shape in "[()&|!=*a\\\\0~<>: ]{0,40}") {
            let _ = Filter::parse(&text);
            let _ = Filter::parse(&shape);
        }

        #[test]
        fn an_escaped_value_is_read_as_it_was(value in any::<String>()) {
            let filter = Filter::Equal { attribute: "o".to_owned(), value };
            let text = filter.to_string();
            if text.len() <= LONGEST_FILTER {
                prop_assert_eq!(Filter::parse(&text), Ok(filter));
            }
        }
    }
}
