//! The token endpoint out of `[token]` and `[jwt]`.

use std::sync::Arc;

use anyhow::{Context, Result};
use roles::edge::operations::Router;
use roles::token::{self, Group, Keys, Settings, Token};
use spine::token::SigningKey;
use tokio::task::JoinSet;

use super::audit::trail;
use super::operations::{database_ready, start as start_operations};
use super::tls::{Asks, door, read};
use super::{Shared, Sockets};

/// Starts it.
pub(super) async fn start(sockets: &mut Sockets, shared: &Shared, tasks: &mut JoinSet<()>) -> Result<()> {
    let Some(listener) = sockets.token.take() else { return Ok(()) };
    let section = &shared.config.token;
    let identity = section.identity.as_ref().context("token.cert_file is not set")?;
    let store = shared.stores.of("token").await?;
    let (clients, audit) = (Arc::new(store.clone()), trail(shared, store.clone()));
    let (clock, ids) = (shared.clock.clone(), shared.ids.clone());
    let token = Token::new(settings(shared)?, keys(shared)?, clients, audit, clock, ids)?;
    let door = door(shared, identity, Asks::Nothing)?;
    tasks.spawn(token::run(listener, door, Arc::new(token), shared.shutdown.clone()));
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

fn keys(shared: &Shared) -> Result<Keys> {
    let section = &shared.config.token;
    let key = |path: &std::path::Path| -> Result<SigningKey> {
        let text = String::from_utf8(read(path)?).with_context(|| format!("{} is no PEM text", path.display()))?;
        SigningKey::from_pkcs8_pem(&text).with_context(|| format!("{} is no RSA key", path.display()))
    };
    let signing = section.signing_key.as_deref().context("token.signing_key_file is not set")?;
    let former = section.old_keys.iter().map(|path| Ok(key(path)?.public_key()?)).collect::<Result<_>>()?;
    Ok(Keys { signing: key(signing)?, former })
}
