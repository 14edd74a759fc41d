//! Reading claims out of a payload: each reader either gives the value or records the fault.

use super::super::fault::TokenFault;
use crate::reason::Reason;
use serde_json::{Map, Value};

/// The claims of a token and the faults found in them so far.
pub(super) struct Reading<'a, 'f> {
    claims: &'a Map<String, Value>,
    faults: &'f mut Vec<TokenFault>,
}

impl<'a, 'f> Reading<'a, 'f> {
    pub(super) fn new(claims: &'a Map<String, Value>, faults: &'f mut Vec<TokenFault>) -> Self {
        Self { claims, faults }
    }

    pub(super) fn fault(&mut self, reason: Reason, requirement: &'static str, sentence: impl Into<String>) {
        self.faults.push(TokenFault::new(reason, requirement, sentence));
    }

    /// The claim unless it is absent or null.
    pub(super) fn optional(&self, name: &str) -> Option<&'a Value> {
        self.claims.get(name).filter(|value| !value.is_null())
    }

    /// The claim, which must be there.
    pub(super) fn required(&mut self, name: &str, requirement: &'static str) -> Option<&'a Value> {
        let found = self.optional(name);
        if found.is_none() {
            self.fault(Reason::TokenClaimMissing, requirement, format!("the claim {name} is missing"));
        }
        found
    }

    /// A claim that must be text and not empty.
    pub(super) fn text(&mut self, name: &str, requirement: &'static str) -> Option<&'a str> {
        let value = self.required(name, requirement)?;
        self.as_text(name, value, requirement)
    }

    /// A claim that is text if it is there.
    pub(super) fn optional_text(&mut self, name: &str, requirement: &'static str) -> Option<&'a str> {
        let value = self.optional(name)?;
        self.as_text(name, value, requirement)
    }

    fn as_text(&mut self, name: &str, value: &'a Value, requirement: &'static str) -> Option<&'a str> {
        let text = value.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            let sentence = format!("the claim {name} must be text that is not empty");
            self.fault(Reason::TokenClaimMalformed, requirement, sentence);
        }
        text
    }

    /// A claim that must be a whole number of seconds since 1970.
    pub(super) fn seconds(&mut self, name: &str, requirement: &'static str) -> Option<i64> {
        let value = self.required(name, requirement)?;
        self.as_seconds(name, value, requirement)
    }

    /// A claim that is a whole number of seconds since 1970 if it is there.
    pub(super) fn optional_seconds(&mut self, name: &str, requirement: &'static str) -> Option<i64> {
        let value = self.optional(name)?;
        self.as_seconds(name, value, requirement)
    }

    fn as_seconds(&mut self, name: &str, value: &Value, requirement: &'static str) -> Option<i64> {
        let seconds = value.as_i64().filter(|seconds| (0..=9_999_999_999).contains(seconds));
        if seconds.is_none() {
            let sentence = format!("the claim {name} must be a whole number of seconds since 1970, without quotes");
            self.fault(Reason::TokenClaimMalformed, requirement, sentence);
        }
        seconds
    }
}
