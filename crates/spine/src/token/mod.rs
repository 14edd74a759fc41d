//! Bearer tokens: the three shapes of the published material, taken apart, checked and made.
//!
//! [`check`] is the one function that Provider, Registry, proxy and checker share; it lists every rule that fails. The
//! algorithm comes from configuration, never from the token: RS256, and unsigned only where JWT-91 lets it in.

mod breakage;
mod check;
mod claims;
mod compact;
mod der;
mod fault;
mod keys;
mod make;
mod pem;
mod signing;
mod strict_json;

pub use breakage::{BREAKAGES, Breakage, MARK};
pub use check::{AcceptUnsigned, Assurance, Checked, ClientNames, EVERY_CLIENT, Expectation, GroupIds, check};
pub use claims::{AccessClaims, Claims, Device, Practitioner, RequestingOrganisation, SelfMadeClaims};
pub use compact::{Compact, Shape};
pub use fault::TokenFault;
pub use keys::{KeyFault, KeySet, LONGEST_JWKS, MOST_KEYS, PublicKey};
pub use make::{Draft, Form, Signer, unsigned};
pub use signing::{SigningFailed, SigningKey};
pub use strict_json::DEEPEST;

/// The longest token that is looked at, in bytes (JWT-35).
pub const LONGEST_TOKEN: usize = 16 * 1024;
/// The life of a self-made token in seconds: `exp` is `iat` plus exactly this (JW2-06).
pub const SELF_MADE_LIFETIME: i64 = 300;
/// The seconds by which clocks may differ unless configured otherwise (JWT-16).
pub const USUAL_LEEWAY: i64 = 60;
/// What a Consumer adds to an endpoint to name the scope of its token (TOK-04).
pub const DEFAULT_SCOPE_SUFFIX: &str = "/.default";

/// The scope that asks for a token for `endpoint`; one trailing slash of it is dropped (TOK-04, TOK-07, FIND-19).
#[must_use]
pub fn scope_for(endpoint: &str) -> String {
    format!("{}{DEFAULT_SCOPE_SUFFIX}", without_trailing_slash(endpoint))
}

/// The audience that a scope asks for: the scope without `/.default`; `None` when it does not end so (TOK-07).
#[must_use]
pub fn audience_of_scope(scope: &str) -> Option<&str> {
    scope.strip_suffix(DEFAULT_SCOPE_SUFFIX).map(without_trailing_slash).filter(|audience| !audience.is_empty())
}

fn without_trailing_slash(root: &str) -> &str {
    root.strip_suffix('/').unwrap_or(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: TOK-04, TOK-07, FIND-19, JWT-02
    #[test]
    fn a_scope_is_the_endpoint_and_default_with_single_slashes() {
        for endpoint in ["https://p.nhs.uk/STU3/1/uec", "https://p.nhs.uk/STU3/1/uec/"] {
            assert_eq!(scope_for(endpoint), "https://p.nhs.uk/STU3/1/uec/.default");
        }
        assert_eq!(audience_of_scope("https://p.nhs.uk/x/.default"), Some("https://p.nhs.uk/x"));
        assert_eq!(audience_of_scope("https://p.nhs.uk/x//.default"), Some("https://p.nhs.uk/x"));
        for scope in ["https://p.nhs.uk/x", "/.default", "", ".default"] {
            assert_eq!(audience_of_scope(scope), None, "{scope}");
        }
    }
}
