//! `POST /reset`: a demonstration is put back to its beginning; the audit trail stays (DEM-05, AUD-04).

use std::collections::BTreeSet;

use super::{Administration, Asked};
use crate::edge::directory_entry::to_keep;
use crate::edge::local::{LocalAnswer, LocalRefusal};

/// Puts back whatever of diary, Registry, directory and token clients is looked after here.
pub(super) async fn reset(administration: &Administration, asked: &Asked) -> Result<LocalAnswer, LocalRefusal> {
    let seed = (administration.demonstration()?.seed)(administration.clock.now());
    let record = |what: &str| administration.record(asked, what);
    let keeps = &administration.keeps;
    if let Some(diary) = &keeps.diary {
        diary.load(seed.diary, record("the diary")).await?;
    }
    if let Some(registrations) = &keeps.registrations {
        registrations.clear_registrations(record("the Registry")).await?;
    }
    if let Some(directory) = &keeps.directory {
        let entries = seed.directory.iter().map(to_keep).collect();
        directory.replace_entries(entries, record("the directory")).await?;
    }
    if let Some(clients) = &keeps.token_clients {
        let kept: BTreeSet<&str> = seed.token_clients.iter().map(|client| client.client_id.as_str()).collect();
        for client in clients.token_clients().await?.iter().filter(|each| !kept.contains(each.client_id.as_str())) {
            clients.remove_token_client(&client.client_id, record("the token clients")).await?;
        }
        for client in &seed.token_clients {
            clients.keep_token_client(client.clone(), record("the token clients")).await?;
        }
    }
    Ok(LocalAnswer::Done)
}
