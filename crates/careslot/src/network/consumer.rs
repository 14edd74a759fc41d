//! A Consumer out of `[consumer]`: for the verbs of the command line and for the demo's own booking.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use roles::consumer::{BACK_OFF, Consumer, Settings, TokenClient};
use roles::edge::client::Timeouts;
use roles::edge::directory::{DirectoryClient, DirectorySettings};
use store::Outbox;

use super::{Shared, tls};

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 64 << 20;

/// Makes a Consumer. `outbox` keeps what the Registry could not be told.
///
/// # Errors
/// A key that is not set, or a file that cannot be read.
pub fn consumer(shared: &Shared, outbox: Option<Arc<dyn Outbox>>) -> Result<Consumer> {
    let section = &shared.config.consumer;
    let unset = |key: &str| anyhow!("consumer.{key} is not set");
    let url = section.sds.clone().ok_or_else(|| unset("sds"))?;
    let identity = section.identity.as_ref().ok_or_else(|| unset("cert_file"))?;
    let for_ldaps = url.starts_with("ldaps:").then(|| tls::client(shared, Some(identity))).transpose()?;
    let directory = DirectoryClient::new(DirectorySettings::new(url, section.sds_base.clone(), for_ldaps));
    let organisation = section.ods_code.clone().ok_or_else(|| unset("ods_code"))?;
    let ssp = section.ssp.clone().ok_or_else(|| unset("ssp"))?;
    let settings = Settings {
        asid: section.asid.clone().ok_or_else(|| unset("asid"))?,
        organisation_name: section.organisation.clone().unwrap_or_else(|| organisation.to_string()),
        organisation,
        system: section.system_name.clone(),
        dialect: section.dialect,
        ssp,
        token: token_client(shared)?,
        registry: section.registry.clone(),
        answer_limit: ANSWER_LIMIT,
        timeouts: Timeouts { head: section.answer, total: section.answer, ..Timeouts::default() },
        back_off: BACK_OFF.into_iter().take(section.retries as usize).collect(),
        patience: section.answer,
    };
    let client = Arc::new(tls::https(shared, Some(identity))?);
    Ok(Consumer::new(settings, client, directory, outbox, shared.clock.clone(), shared.ids.clone()))
}

fn token_client(shared: &Shared) -> Result<Option<TokenClient>> {
    let section = &shared.config.consumer;
    let (Some(endpoint), Some(client_id)) = (&section.token_endpoint, &section.client_id) else { return Ok(None) };
    let file = section.client_secret.as_deref().context("consumer.client_secret_file is not set")?;
    let client_secret = secret(file)?;
    Ok(Some(TokenClient { endpoint: endpoint.clone(), client_id: client_id.clone(), client_secret }))
}

fn secret(file: &Path) -> Result<String> {
    let text = String::from_utf8(tls::read(file)?).with_context(|| format!("{} is no text", file.display()))?;
    Ok(text.trim().to_owned())
}
