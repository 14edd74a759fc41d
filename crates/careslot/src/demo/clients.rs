//! The demo's two clients at the token endpoint: one that may do everything, one that may look at Slots only (TOK-09, TOK-10).

use std::fs;

use anyhow::{Context, Result};
use roles::edge::clock::Ids;
use roles::token::secret::hashed;
use spine::interaction::Group;
use store::{AuditRecord, HashedSecret, TokenClient, TokenClients};

use super::folder::{Folder, SECRETS};
use crate::network::Shared;

/// The first Consumer's client id, which is the `appid` of its tokens.
pub(super) const CONSUMER: &str = "5d1f0f3c-2b0e-4a53-9a55-0c7f3c1f0001";
/// The second Consumer's.
pub(super) const SECOND_CONSUMER: &str = "5d1f0f3c-2b0e-4a53-9a55-0c7f3c1f0002";

/// Makes both.
pub(super) async fn fill(shared: &Shared, folder: &Folder) -> Result<()> {
    let store = shared.stores.of("token").await?;
    let now = shared.clock.now().as_millisecond();
    for client in clients(folder, shared.ids.as_ref(), now)? {
        store.keep_token_client(client, record(now, "token", "TOK-09")).await?;
    }
    Ok(())
}

/// Both clients, with the secrets that stand in the folder.
pub(super) fn clients(folder: &Folder, ids: &dyn Ids, now: i64) -> Result<Vec<TokenClient>> {
    let clients = [
        (CONSUMER, "The demo's Consumer", SECRETS[0], &Group::ALL[..]),
        (
            SECOND_CONSUMER,
            "The demo's second Consumer, which may look at Slots only",
            SECRETS[1],
            &[Group::ReadSlot][..],
        ),
    ];
    let made = clients.into_iter().map(|(client_id, name, file, groups)| {
        let path = folder.path().join(file);
        let secret = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let hash = hashed(secret.trim(), ids.uuid().as_bytes())?;
        Ok(TokenClient {
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            secrets: vec![HashedSecret { id: "demo".to_owned(), hash, created_at: now, expires_at: None }],
            groups: groups.iter().map(|group| group.name().to_owned()).collect(),
            enabled: true,
        })
    });
    made.collect()
}

/// The audit record of what the demo lays out.
pub(super) fn record(at: i64, role: &str, requirement: &str) -> AuditRecord {
    AuditRecord {
        at,
        trace_id: String::new(),
        requirement: requirement.to_owned(),
        body: format!("{{\"role\":\"{role}\",\"event\":\"demonstration data laid out\"}}").into_bytes(),
    }
}
