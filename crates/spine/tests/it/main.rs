//! The national words from outside, through the public interface alone.

mod forged_tokens;
mod ldap;
mod ldap_search;
mod made_tokens;
mod tokens;
