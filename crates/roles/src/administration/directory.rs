//! `/directory`: the entries of the directory as LDIF, out and in (FIND-01, FIND-08, FIND-09, SDS-05).

use std::sync::Arc;

use spine::sds::{Dn, Entry, ldif};
use store::DirectoryEntries;

use super::{Administration, Asked, not_here};
use crate::edge::directory_entry::{as_kept, key_of, to_keep};
use crate::edge::local::{LocalAnswer, LocalRefusal};

fn kept(administration: &Administration) -> Result<&Arc<dyn DirectoryEntries>, LocalRefusal> {
    administration.keeps.directory.as_ref().ok_or_else(|| not_here("the directory"))
}

/// Every entry as LDIF.
pub(super) async fn export(administration: &Administration) -> Result<LocalAnswer, LocalRefusal> {
    let changes = kept(administration)?.directory_changes(0).await?;
    let entries: Result<Vec<Entry>, String> = changes.kept.iter().map(as_kept).collect();
    let entries = entries.map_err(|fault| LocalRefusal::Broken(fault.into()))?;
    Ok(LocalAnswer::Found("text/plain; charset=utf-8", ldif::write(&entries).into_bytes()))
}

/// Adds the entries of an LDIF body, or puts them in place of those of the same name.
pub(super) async fn add(administration: &Administration, asked: &Asked) -> Result<LocalAnswer, LocalRefusal> {
    let entries = read(asked)?.iter().map(to_keep).collect();
    kept(administration)?.keep_entries(entries, administration.record(asked, "directory entries")).await?;
    Ok(LocalAnswer::Done)
}

/// Puts the entries of an LDIF body in place of all that are there.
pub(super) async fn replace(administration: &Administration, asked: &Asked) -> Result<LocalAnswer, LocalRefusal> {
    let entries = read(asked)?.iter().map(to_keep).collect();
    kept(administration)?.replace_entries(entries, administration.record(asked, "the directory")).await?;
    Ok(LocalAnswer::Done)
}

/// Removes one entry.
pub(super) async fn remove(
    administration: &Administration,
    asked: &Asked,
    dn: &str,
) -> Result<LocalAnswer, LocalRefusal> {
    let name =
        Dn::parse(dn).map_err(|fault| LocalRefusal::Invalid(format!("expected the name of an entry: {fault}")))?;
    let record = administration.record(asked, &name.normal());
    if kept(administration)?.remove_entry(&key_of(&name), record).await? {
        Ok(LocalAnswer::Done)
    } else {
        Err(LocalRefusal::NotThere(format!("there is no entry {}", name.as_str())))
    }
}

fn read(asked: &Asked) -> Result<Vec<Entry>, LocalRefusal> {
    let text = std::str::from_utf8(&asked.body).map_err(|_| LocalRefusal::Invalid("LDIF is UTF-8".to_owned()))?;
    let entries = ldif::read(text).map_err(|fault| LocalRefusal::Invalid(format!("this is no LDIF, {fault}")))?;
    if entries.is_empty() {
        return Err(LocalRefusal::Invalid("expected LDIF with at least one entry".to_owned()));
    }
    Ok(entries)
}
