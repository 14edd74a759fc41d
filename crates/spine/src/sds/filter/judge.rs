//! Judging entries by a filter with three values (SDS-11 … SDS-14, RFC 4511 section 4.5.1.7).

use super::Filter;
use crate::sds::matching::normal;
use crate::sds::schema::{self, AttributeId, Equality};

/// What a filter says about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// The entry is returned.
    True,
    /// It is not.
    False,
    /// The filter cannot be judged, and the entry is not returned (SDS-13).
    Undefined,
}

impl From<bool> for Truth {
    fn from(is: bool) -> Self {
        if is { Self::True } else { Self::False }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;
    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undefined => Self::Undefined,
        }
    }
}

/// A filter made ready: names found in the schema, values in the form in which they are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compiled {
    /// All of them.
    And(Vec<Compiled>),
    /// Any of them.
    Or(Vec<Compiled>),
    /// Not this.
    Not(Box<Compiled>),
    /// The attribute has a value of this normal form.
    Equal(AttributeId, String),
    /// The attribute is there.
    Present(AttributeId),
    /// The same for every entry.
    Always(Truth),
}

/// What a filter asks of an entry.
pub trait Candidate {
    /// Whether the entry has a value of this normal form.
    fn has(&self, attribute: AttributeId, normal_value: &str) -> bool;
    /// Whether the entry has the attribute.
    fn holds(&self, attribute: AttributeId) -> bool;
}

impl Filter {
    /// Makes the filter ready for judging entries.
    #[must_use]
    pub fn compile(&self) -> Compiled {
        match self {
            Self::And(filters) => Compiled::And(filters.iter().map(Self::compile).collect()),
            Self::Or(filters) => Compiled::Or(filters.iter().map(Self::compile).collect()),
            Self::Not(filter) => Compiled::Not(Box::new(filter.compile())),
            Self::Equal { attribute, value } => compile_equal(attribute, value),
            Self::Present(attribute) => compile_present(attribute),
            Self::Unmatchable => Compiled::Always(Truth::Undefined),
        }
    }
}

/// The attribute of a description, and whether it carries options; no entry has an attribute with options.
fn described(description: &str) -> (Option<AttributeId>, bool) {
    match description.split_once(';') {
        Some((name, _)) => (AttributeId::of(name), true),
        None => (AttributeId::of(description), false),
    }
}

fn compile_equal(description: &str, value: &str) -> Compiled {
    let (Some(attribute), with_options) = described(description) else {
        return Compiled::Always(Truth::Undefined);
    };
    let Some(rule) = attribute.row().equality else {
        return Compiled::Always(Truth::Undefined);
    };
    if with_options {
        return Compiled::Always(Truth::False);
    }
    if attribute.row().name == "objectClass" {
        let known = schema::class(value.trim());
        let equal = Compiled::Equal(attribute, normal(known.map_or(value, |class| class.name), Equality::Ignore));
        // An entry may list a class that is not modelled here; of any other entry the filter says nothing.
        let undefined = || Compiled::Or(vec![equal.clone(), Compiled::Always(Truth::Undefined)]);
        return if known.is_some() { equal } else { undefined() };
    }
    Compiled::Equal(attribute, normal(value, rule))
}

fn compile_present(description: &str) -> Compiled {
    match described(description) {
        (Some(_), true) => Compiled::Always(Truth::False),
        (Some(attribute), false) => Compiled::Present(attribute),
        (None, _) => Compiled::Always(Truth::Undefined),
    }
}

impl Compiled {
    /// What the filter says about an entry.
    #[must_use]
    pub fn judge(&self, entry: &impl Candidate) -> Truth {
        match self {
            Self::And(filters) => strongest(filters, entry, Truth::False, Truth::True),
            Self::Or(filters) => strongest(filters, entry, Truth::True, Truth::False),
            Self::Not(filter) => !filter.judge(entry),
            Self::Equal(attribute, value) => entry.has(*attribute, value).into(),
            Self::Present(attribute) => entry.holds(*attribute).into(),
            Self::Always(truth) => *truth,
        }
    }
}

/// `decisive` as soon as one part says it, else Undefined if one part does, else `otherwise`.
fn strongest(parts: &[Compiled], entry: &impl Candidate, decisive: Truth, otherwise: Truth) -> Truth {
    let mut result = otherwise;
    for part in parts {
        match part.judge(entry) {
            truth if truth == decisive => return decisive,
            Truth::Undefined => result = Truth::Undefined,
            _ => {}
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One(&'static [(&'static str, &'static str)]);

    impl Candidate for One {
        fn has(&self, attribute: AttributeId, normal_value: &str) -> bool {
            self.0.iter().any(|(name, value)| AttributeId::of(name) == Some(attribute) && *value == normal_value)
        }
        fn holds(&self, attribute: AttributeId) -> bool {
            self.0.iter().any(|(name, _)| AttributeId::of(name) == Some(attribute))
        }
    }

    // covers: SDS-10, SDS-11, SDS-12, SDS-13, SDS-14, SDS-15
    #[test]
    fn each_attribute_is_judged_by_its_own_rule_and_with_three_values() {
        let entry = One(&[
            ("objectClass", "nhsas"),
            ("nhsIDCode", "A91342"),
            ("nhsMHSPartyKey", "a91342-9199203"),
            ("nhsMhsFQDN", ""),
        ]);
        let cases = [
            ("(nhsIDCode=A91342)", Truth::True),
            ("(nhsidcode=A91342)", Truth::True),
            ("(nhsIDCode=a91342)", Truth::False),
            ("(nhsMhsPartyKey= A91342-9199203)", Truth::True),
            ("(objectClass=NHSAS)", Truth::True),
            ("(objectClass=1.2.826.0.1285.0.2.0.107)", Truth::True),
            ("(objectClass=unknownClass)", Truth::Undefined),
            ("(!(objectClass=unknownClass))", Truth::Undefined),
            ("(nhsMhsFQDN=provider.nhs.uk)", Truth::Undefined),
            ("(nhsMhsFQDN=*)", Truth::True),
            ("(nhsaASvcIA=x)", Truth::Undefined),
            ("(nhsaASvcIA=*)", Truth::Undefined),
            ("(nhsAsClient=x)", Truth::False),
            ("(!(nhsAsClient=x))", Truth::True),
            ("(!(nhsMhsFQDN=x))", Truth::Undefined),
            ("(nhsIDCode=A9*)", Truth::Undefined),
            ("(nhsIDCode>=A)", Truth::Undefined),
            ("(nhsIDCode;lang-en=A91342)", Truth::False),
            ("(&)", Truth::True),
            ("(|)", Truth::False),
            ("(&(nhsIDCode=A91342)(nhsMhsFQDN=x))", Truth::Undefined),
            ("(&(nhsIDCode=other)(nhsMhsFQDN=x))", Truth::False),
            ("(|(nhsIDCode=A91342)(nhsMhsFQDN=x))", Truth::True),
            ("(|(nhsIDCode=other)(nhsMhsFQDN=x))", Truth::Undefined),
        ];
        for (text, truth) in cases {
            assert_eq!(Filter::parse(text).unwrap().compile().judge(&entry), truth, "{text}");
        }
    }
}
