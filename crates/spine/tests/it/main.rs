//! The national words from outside, through the public interface alone.

mod broken_tokens;
mod checks;
mod forged_tokens;
mod fuzz_corpora;
mod ldap;
mod ldap_search;
mod made_tokens;
mod tokens;
