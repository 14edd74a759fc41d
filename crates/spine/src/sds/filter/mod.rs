//! Search filters: read from their text (RFC 4515) or from an LDAP message, and judged with three values, since an
//! attribute without an equality rule makes a filter neither true nor false (SDS-06, SDS-12 … SDS-17).

mod judge;
mod text;

pub use judge::{Candidate, Compiled, Truth};
pub use text::{FilterFault, LONGEST_FILTER, escape};

/// The deepest nesting of a filter.
pub const DEEPEST_FILTER: usize = 16;
/// The most parts that a filter may have in all.
pub const MOST_PARTS: usize = 256;

/// A search filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// Any of them.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// The attribute has this value; an approximate match is the same (SDS-60).
    Equal {
        /// The attribute's name or OID, as it was written.
        attribute: String,
        /// The value that is asserted.
        value: String,
    },
    /// The attribute is there.
    Present(String),
    /// A match that no attribute has a rule for: substring, ordering, extensible, or a value that is no text (SDS-14).
    Unmatchable,
}

/// A filter that is nested too deeply or has too many parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooComplex {
    /// Deeper than [`DEEPEST_FILTER`].
    #[error("the filter is nested deeper than 16 levels")]
    Depth,
    /// More parts than [`MOST_PARTS`].
    #[error("the filter has more than 256 parts")]
    Parts,
}

impl Filter {
    /// The filter that every entry passes.
    #[must_use]
    pub fn any() -> Self {
        Self::Present("objectClass".to_owned())
    }

    /// Reads a filter out of an LDAP message.
    ///
    /// # Errors
    /// A filter over the limits.
    pub fn of_message(filter: &rasn_ldap::Filter) -> Result<Self, TooComplex> {
        let mut parts = 0;
        of_message(filter, 1, &mut parts)
    }
}

fn of_message(filter: &rasn_ldap::Filter, depth: usize, parts: &mut usize) -> Result<Filter, TooComplex> {
    use rasn_ldap::Filter as Message;
    count(depth, parts)?;
    let mut inner = |filter: &Message| of_message(filter, depth + 1, parts);
    Ok(match filter {
        Message::And(filters) => Filter::And(filters.to_vec().into_iter().map(&mut inner).collect::<Result<_, _>>()?),
        Message::Or(filters) => Filter::Or(filters.to_vec().into_iter().map(&mut inner).collect::<Result<_, _>>()?),
        Message::Not(filter) => Filter::Not(Box::new(inner(filter)?)),
        Message::EqualityMatch(assertion) | Message::ApproxMatch(assertion) => {
            match std::str::from_utf8(&assertion.assertion_value) {
                Ok(value) => Filter::Equal { attribute: assertion.attribute_desc.0.clone(), value: value.to_owned() },
                Err(_) => Filter::Unmatchable,
            }
        }
        Message::Present(attribute) => Filter::Present(attribute.0.clone()),
        _ => Filter::Unmatchable,
    })
}

fn count(depth: usize, parts: &mut usize) -> Result<(), TooComplex> {
    *parts += 1;
    match (depth > DEEPEST_FILTER, *parts > MOST_PARTS) {
        (true, _) => Err(TooComplex::Depth),
        (_, true) => Err(TooComplex::Parts),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasn_ldap::{AttributeValueAssertion, Filter as Message};

    fn equal(value: &[u8]) -> Message {
        Message::EqualityMatch(AttributeValueAssertion::new("nhsIDCode".into(), value.to_vec().into()))
    }

    // covers: SDS-13, SDS-14
    #[test]
    fn a_message_filter_is_read_and_its_limits_are_kept() {
        let filter = Message::And(vec![equal(b"A91545"), Message::Not(Box::new(Message::Present("o".into())))].into());
        let expected = Filter::parse("(&(nhsIDCode=A91545)(!(o=*)))").unwrap();
        assert_eq!(Filter::of_message(&filter), Ok(expected));
        assert_eq!(Filter::of_message(&equal(b"\xff")), Ok(Filter::Unmatchable));

        let mut deep = equal(b"x");
        for _ in 0..DEEPEST_FILTER {
            deep = Message::Not(Box::new(deep));
        }
        assert_eq!(Filter::of_message(&deep), Err(TooComplex::Depth));
        let wide = Message::Or(vec![equal(b"x"); MOST_PARTS].into());
        assert_eq!(Filter::of_message(&wide), Err(TooComplex::Parts));
    }
}
