//! The token endpoint out of `[token]` and `[jwt]`.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use roles::edge::operations::Router;
use roles::token::{self, Group, Keys, Settings, Token};
use spine::token::{PublicKey, SigningKey};
use tokio::task::JoinSet;

use super::audit::trail;
use super::operations::{database_ready, start as start_operations};
use super::tls::{Asks, door, read};
use super::{Shared, Sockets};
use crate::config;

/// Starts it.
pub(super) async fn start(sockets: &mut Sockets, shared: &Shared, tasks: &mut JoinSet<()>) -> Result<()> {
    let Some(listener) = sockets.token.take() else { return Ok(()) };
    let section = &shared.config.token;
    let identity = section.identity.as_ref().context("token.cert_file is not set")?;
    let store = shared.stores.of("token").await?;
    let (clients, audit) = (Arc::new(store.clone()), trail(shared, store.clone()));
    let (clock, ids) = (shared.clock.clone(), shared.ids.clone());
    let token = Arc::new(Token::new(settings(shared)?, keys(section)?, clients, audit, clock, ids)?);
    follow_key_files(shared, token.clone());
    let door = door(shared, identity, Asks::Nothing)?;
    tasks.spawn(token::run(listener, door, token, shared.shutdown.clone()));
    let ready = move || database_ready(store.clone());
    start_operations(sockets.operations.token.take(), shared, tasks, "token", ready, Router::new());
    Ok(())
}

fn settings(shared: &Shared) -> Result<Settings> {
    let (section, jwt) = (&shared.config.token, &shared.config.jwt);
    let groups = jwt.groups.iter().map(|(name, id)| Ok(Group { name: name.clone(), id: id.parse()? }));
    Ok(Settings {
        issuer: jwt.issuer.clone().context("jwt.issuer is not set")?,
        tenant: jwt.tenant.clone(),
        address: section.public_url.clone().context("token.public_url is not set")?,
        audiences: section.audiences.clone(),
        groups: groups.collect::<Result<_>>()?,
        lifetime: u32::try_from(section.lifetime.as_secs())?,
        failures_before_slowing: section.failures_before_slowing,
        back_dated: u32::try_from(section.backdate.as_secs())?,
    })
}

fn keys(section: &config::Token) -> Result<Keys> {
    let signing = section.signing_key.as_deref().context("token.signing_key_file is not set")?;
    let others = section.next_keys.iter().chain(&section.old_keys).map(|path| public_key(path));
    Ok(Keys { signing: private_key(signing)?, others: others.collect::<Result<_>>()? })
}

fn private_key(path: &Path) -> Result<SigningKey> {
    SigningKey::from_pkcs8_pem(&pem(path)?).with_context(|| format!("{} is no RSA key", path.display()))
}

/// The public key in a file that may hold the private one too.
fn public_key(path: &Path) -> Result<PublicKey> {
    let text = pem(path)?;
    let key =
        SigningKey::from_pkcs8_pem(&text).and_then(|key| key.public_key()).or_else(|_| PublicKey::from_pem(&text));
    key.with_context(|| format!("{} is no RSA key", path.display()))
}

fn pem(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).with_context(|| format!("{} is no PEM text", path.display()))
}

/// Reads the key files again every `tls.reload_seconds`, and signs with what they hold then (TOK-08).
fn follow_key_files(shared: &Shared, token: Arc<Token>) {
    let Some(every) = shared.config.tls.reload else { return };
    let (config, shutdown) = (shared.config.clone(), shared.shutdown.clone());
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let before = token.published();
            match keys(&config.token).and_then(|keys| Ok(token.replace_keys(keys)?)) {
                Ok(()) if token.published() != before => tracing::info!("the signing keys have changed"),
                Ok(()) => {}
                Err(fault) => tracing::error!(
                    fault = format!("{fault:#}"),
                    "the signing keys could not be read again; the old ones stay"
                ),
            }
        }
    });
}
