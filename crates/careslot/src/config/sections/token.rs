//! `[token]`: the token endpoint (`TOK-*`).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Identity;
use crate::config::reader::Reader;

/// `[token]`
#[derive(Clone, Debug)]
pub struct Token {
    /// Where clients reach it.
    pub listen: Option<SocketAddr>,
    /// The operations listener.
    pub operations: Option<SocketAddr>,
    /// What clients see.
    pub identity: Option<Identity>,
    /// The address that clients know it by.
    pub public_url: Option<String>,
    /// File of the signing key.
    pub signing_key: Option<PathBuf>,
    /// Files of keys that are published already and will sign next.
    pub next_keys: Vec<PathBuf>,
    /// Files of keys that are still published.
    pub old_keys: Vec<PathBuf>,
    /// How long a token is good.
    pub lifetime: Duration,
    /// How far its `iat` and `nbf` lie back.
    pub backdate: Duration,
    /// The service roots that tokens are given out for.
    pub audiences: Vec<String>,
    /// Failed attempts after which a client_id is slowed down.
    pub failures_before_slowing: u32,
}

impl Token {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let token = Self {
            listen: reader.listener("listen"),
            operations: reader.listener("operations"),
            identity: Identity::read(reader, "cert_file", "key_file"),
            public_url: reader.address("public_url", &["https"]),
            signing_key: reader.file("signing_key_file"),
            next_keys: reader.files("next_key_files"),
            old_keys: reader.files("old_key_files"),
            lifetime: reader.seconds("lifetime_seconds", 60..=86_400),
            backdate: reader.seconds("backdate_seconds", 0..=900),
            audiences: reader.list("audiences"),
            failures_before_slowing: reader.whole("failures_before_slowing", 1..=1_000_000),
        };
        for audience in &token.audiences {
            reader.check_address("audiences", audience, &["https", "http"]);
        }
        token
    }
}
