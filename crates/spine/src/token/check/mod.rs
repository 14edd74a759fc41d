//! The checks of a token against what a role expects: every rule that fails, in the order form, algorithm, signature,
//! issuer, audience, times, and what it allows (sections 3.1 to 3.6 of the Spine catalogue; JW1-01 … JW2-19, X-01, X-30).

mod access;
mod reading;
mod self_made;
mod spine_core;

use super::claims::Claims;
use super::compact::{Compact, Shape};
use super::fault::TokenFault;
use super::keys::KeySet;
use crate::dialect::{Dialect, Tokens};
use crate::identifiers::quote;
use crate::interaction::{Group, Operation};
use crate::reason::Reason;
use std::collections::BTreeMap;

/// The ids that the token endpoint gives the two groups, each with its group (TOK-10, JWT-19).
pub type GroupIds = BTreeMap<String, Group>;

/// The clients that a role knows, by `appid`, each with the name that its audit records give it (JWT-17). Where there is
/// none, every client of the issuer is known.
pub type ClientNames = BTreeMap<String, String>;

/// No list of clients: every client of the issuer is known.
pub static EVERY_CLIENT: ClientNames = ClientNames::new();

/// Whether a role takes unsigned tokens at all: the setting `jwt.accept_unsigned` (JWT-91).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptUnsigned {
    /// Never. The Registry always uses this.
    Never,
    /// Over a connection whose client certificate is the SSP's, where the dialect has unsigned tokens.
    BehindSsp,
}

/// What a token has to be for one call.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The dialect of the service root that was called.
    pub dialect: &'a Dialect,
    /// The service roots that a token may be for; one trailing slash counts for nothing (JWT-15, JWT-62).
    pub audiences: &'a [String],
    /// The issuer of signed tokens, compared exactly (JWT-14).
    pub issuer: &'a str,
    /// The issuer's keys.
    pub keys: &'a KeySet,
    /// Which group each group id means.
    pub groups: &'a GroupIds,
    /// The clients whose signed tokens are taken (JWT-17).
    pub clients: &'a ClientNames,
    /// The operation that was called.
    pub operation: Operation,
    /// The time in seconds since 1970 UTC.
    pub now: i64,
    /// The seconds by which clocks may differ.
    pub leeway: i64,
    /// Whether the connection's client certificate is the SSP's.
    pub behind_ssp: bool,
    /// Whether unsigned tokens are taken at all.
    pub accept_unsigned: AcceptUnsigned,
}

impl Expectation<'_> {
    fn takes_unsigned(&self) -> bool {
        self.dialect.tokens == Tokens::UnsignedBehindSsp
            && self.accept_unsigned == AcceptUnsigned::BehindSsp
            && self.behind_ssp
    }
}

/// How far a token can be trusted, for the audit record (JWT-95).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assurance {
    /// Its signature was verified.
    Signed,
    /// It is a statement of the Consumer's that the proxy's mutual TLS vouches for.
    Unsigned,
}

impl Assurance {
    /// The word for it in audit records.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Unsigned => "unsigned",
        }
    }
}

/// A token that passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its claims.
    pub claims: Claims,
    /// The groups that its group ids mean; empty for an unsigned token.
    pub groups: Vec<Group>,
    /// The key that verified it.
    pub key_id: Option<String>,
}

impl Checked {
    /// `exp` in seconds since 1970 UTC.
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        match &self.claims {
            Claims::Access(claims) => claims.expires_at,
            Claims::SelfMade(claims) => claims.expires_at(),
        }
    }

    /// How far the token can be trusted.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        match self.claims {
            Claims::Access(_) => Assurance::Signed,
            Claims::SelfMade(_) => Assurance::Unsigned,
        }
    }

    /// `appid` of a signed token.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        match &self.claims {
            Claims::Access(claims) => Some(&claims.client),
            Claims::SelfMade(_) => None,
        }
    }

    /// The ODS code of the requesting organisation, which only a self-made token holds.
    #[must_use]
    pub fn organisation(&self) -> Option<&crate::identifiers::OdsCode> {
        match &self.claims {
            Claims::Access(_) => None,
            Claims::SelfMade(claims) => Some(&claims.organisation.ods_code),
        }
    }

    /// Whether the token, verified earlier, is still within its time.
    #[must_use]
    pub fn is_current(&self, now: i64, leeway: i64) -> bool {
        now < self.expires_at().saturating_add(leeway)
    }

    /// Whether the token allows an operation: its group, or its scope (X-30, JW2-09). [`check`] has asked this for the
    /// operation of its expectation; whoever keeps verified tokens asks again for another one.
    ///
    /// # Errors
    /// The group or the scope that is missing.
    pub fn allows(&self, operation: Operation) -> Result<(), TokenFault> {
        match &self.claims {
            Claims::Access(_) => access::allows(&self.groups, operation),
            Claims::SelfMade(claims) => self_made::allows(&claims.scope, operation),
        }
    }
}

/// Checks a token; `token` is what follows `Bearer `.
///
/// # Errors
/// Every rule that the token breaks, the most telling first; a role refuses with the first one's reason.
pub fn check(token: &str, expected: &Expectation<'_>) -> Result<Checked, Vec<TokenFault>> {
    let compact = Compact::split(token).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let checked = match compact.algorithm() {
        Some("RS256") => access::check(&compact, expected, &mut faults),
        Some("none") => {
            admit_unsigned(&compact, expected, &mut faults);
            if compact.shape() == Shape::SpineCore {
                spine_core::check(&compact, expected, &mut faults);
                None
            } else {
                self_made::check(&compact, expected, &mut faults)
            }
        }
        other => {
            faults.push(wrong_algorithm(other));
            None
        }
    };
    match checked {
        Some(checked) if faults.is_empty() => Ok(checked),
        _ => Err(faults),
    }
}

/// Any algorithm but the two that configuration can allow, `None` and `NONE` among them (JWT-11, JWT-92).
fn wrong_algorithm(algorithm: Option<&str>) -> TokenFault {
    let came = algorithm.map_or_else(|| "nothing".to_owned(), quote);
    let requirement = if algorithm.is_some_and(|name| name.eq_ignore_ascii_case("none")) { "JWT-92" } else { "JWT-11" };
    let sentence = format!("the header's alg must be RS256 (or exactly none behind the SSP), it is {came}");
    TokenFault::new(Reason::TokenAlgorithmRefused, requirement, sentence)
}

/// Whether an unsigned token may come in at all, and has the form of one (JWT-31, JWT-91, JWT-92, JW2-19).
fn admit_unsigned(compact: &Compact<'_>, expected: &Expectation<'_>, faults: &mut Vec<TokenFault>) {
    if !expected.takes_unsigned() {
        let sentence = match (expected.dialect.tokens, expected.accept_unsigned, expected.behind_ssp) {
            (Tokens::SignedOnly, ..) => "this dialect takes signed tokens only",
            (_, AcceptUnsigned::Never, _) => "this endpoint takes signed tokens only",
            _ => "an unsigned token is taken only over the SSP's own mutual TLS connection",
        };
        faults.push(TokenFault::new(Reason::TokenUnsigned, "JWT-91", sentence));
    }
    if !compact.signature.is_empty() {
        let sentence = "a token with alg none must have an empty signature";
        faults.push(TokenFault::new(Reason::TokenAlgorithmRefused, "JWT-92", sentence));
    }
    if compact.shape() == Shape::SpineCore {
        let sentence = "this is the Spine Core shape (scope, requesting_system …), which is not taken for bookings";
        faults.push(TokenFault::new(Reason::TokenShapeRefused, "JW2-19", sentence));
    }
}

/// The accepted audience that `audience` is, one trailing slash of either apart.
fn accepted_audience<'a>(audience: &str, expected: &'a Expectation<'_>) -> Option<&'a String> {
    let root = super::without_trailing_slash(audience);
    expected.audiences.iter().find(|accepted| super::without_trailing_slash(accepted) == root)
}
