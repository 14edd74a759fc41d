//! The Provider out of `[provider]`, `[jwt]` and `[ssp]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use roles::edge::authorise::Trust;
use roles::edge::base::Base;
use roles::edge::operations::Router;
use roles::provider::{self, Keeps, LocalRules, Provider, Settings, Software, StandIn, TestServiceIds};
use spine::interaction::Group;
use spine::token::AcceptUnsigned;
use tokio::task::JoinSet;

use super::audit::trail;
use super::dialects::as_configured;
use super::operations::{database_ready, start as start_operations};
use super::tls::{Asks, door};
use super::{Shared, Sockets, keys};
use crate::config;

/// Starts it.
pub(super) async fn start(sockets: &mut Sockets, shared: &Shared, tasks: &mut JoinSet<()>) -> Result<()> {
    let Some(listener) = sockets.provider.take() else { return Ok(()) };
    let identity = shared.config.provider.identity.as_ref().context("provider.cert_file is not set")?;
    let store = shared.stores.of("provider").await?;
    let kept = Arc::new(store.clone());
    let audit = trail(shared, store.clone());
    let keeps = Keeps { diary: kept.clone(), appointments: kept, audit };
    let keys = keys::followed(shared).await?;
    let provider = Arc::new(Provider::new(settings(shared)?, keys, keeps, shared.clock.clone(), shared.ids.clone()));
    let door = door(shared, identity, Asks::Certificate)?;
    tasks.spawn(provider::run(listener, door, shared.limits(), provider, shared.shutdown.clone()));
    let ready = move || database_ready(store.clone());
    start_operations(sockets.operations.provider.take(), shared, tasks, "provider", ready, Router::new());
    Ok(())
}

fn settings(shared: &Shared) -> Result<Settings> {
    let config = &shared.config;
    let section = &config.provider;
    let endpoint = section.endpoint().context("provider.bases has none for provider.dialect")?;
    Ok(Settings {
        bases: bases(config, &section.bases, endpoint)?,
        asids: section.asids.clone(),
        ssp_fqdns: config.ssp.client_fqdns.clone(),
        trust: trust(&config.jwt, &section.bases)?,
        publisher: "CareSlot".to_owned(),
        software: Software { version: env!("CARGO_PKG_VERSION").to_owned(), released: RELEASED.to_owned() },
        local_patient_system: format!("{endpoint}/Id/patient"),
        slots_on_a_page: section.page_slots,
        body_limit: config.http.max_body,
        local_rules: LocalRules { kept_for: section.kept_for.clone(), barred: section.barred.clone() },
        test_service_ids: test_service_ids(&section.test_service_ids),
        demonstrator_checks: section.demonstrator_checks,
        definitions: shared.definitions,
    })
}

/// What each service id of a test suite stands for (ASR-03).
fn test_service_ids(configured: &BTreeMap<String, String>) -> TestServiceIds {
    let meaning = |word: &String| match word.as_str() {
        "none" => StandIn::NoSlots,
        "fault" => StandIn::Fault,
        service => StandIn::Found(service.to_owned()),
    };
    TestServiceIds(configured.iter().map(|(id, word)| (id.clone(), meaning(word))).collect())
}

/// The day of this release, for the capability statement.
const RELEASED: &str = "2026-11-24";

/// The service roots, that of the default dialect first.
pub(super) fn bases(config: &config::Config, configured: &[config::Base], default: &str) -> Result<Vec<Base>> {
    let made = configured.iter().map(|base| Ok(Base::new(&base.url, as_configured(config, base.dialect))?));
    let mut made: Vec<Base> = made.collect::<Result<_>>()?;
    made.sort_by_key(|base| base.url() != default);
    Ok(made)
}

/// Whose tokens are believed, for these service roots.
pub(super) fn trust(jwt: &config::Jwt, roots: &[config::Base]) -> Result<Trust> {
    let groups = jwt.groups.iter().filter_map(|(name, id)| Some((id.clone(), Group::named(name)?)));
    Ok(Trust {
        issuer: jwt.issuer.clone().context("jwt.issuer is not set")?,
        audiences: roots.iter().map(|base| base.url.clone()).collect(),
        groups: groups.collect(),
        clients: jwt.clients.clone(),
        organisations: jwt.organisations.clone(),
        leeway: i64::try_from(jwt.leeway.as_secs())?,
        accept_unsigned: match jwt.accept_unsigned {
            config::AcceptUnsigned::BehindSsp => AcceptUnsigned::BehindSsp,
            config::AcceptUnsigned::Never => AcceptUnsigned::Never,
        },
    })
}
