//! The normal form in which values are compared: spaces at the ends and repeated spaces count for nothing, and case only
//! where the attribute's rule says so (SDS-11, SDS-12, RFC 4518). Letters that Unicode can write in several ways are the same.

use super::schema::Equality;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// The normal form of a value under an equality rule; two values are equal when their normal forms are.
#[must_use]
pub fn normal(value: &str, rule: Equality) -> String {
    let mut form = String::with_capacity(value.len());
    let value: Cow<'_, str> = if value.is_ascii() { value.into() } else { value.nfkc().collect() };
    for word in value.split(' ').filter(|word| !word.is_empty()) {
        if !form.is_empty() {
            form.push(' ');
        }
        match rule {
            Equality::Exact => form.push_str(word),
            Equality::Ignore if word.is_ascii() => form.extend(word.chars().map(|letter| letter.to_ascii_lowercase())),
            Equality::Ignore => form.push_str(&word.to_lowercase()),
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SDS-11, SDS-12
    #[test]
    fn spaces_never_count_and_case_counts_by_the_rule() {
        assert_eq!(normal("  A12345-1 ", Equality::Ignore), "a12345-1");
        assert_eq!(normal("Test   111 ", Equality::Exact), "Test 111");
        assert_eq!(normal("ÉCOLE", Equality::Ignore), "école");
        assert_eq!(normal("   ", Equality::Exact), "");
        assert_eq!(normal("e\u{301}cole", Equality::Exact), "\u{e9}cole");
        assert_eq!(normal("no\u{a0} break", Equality::Exact), "no break");
    }
}
