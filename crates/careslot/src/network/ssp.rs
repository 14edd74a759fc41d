//! The Spine Secure Proxy out of `[ssp]`.

use std::sync::Arc;

use anyhow::{Context, Result};
use http::Method;
use roles::edge::client::Timeouts;
use roles::edge::directory::{DirectoryClient, DirectorySettings};
use roles::ssp::{self, Lifetimes, Means, Settings, Ssp, Style, TargetRules, Tokens};
use tokio::task::JoinSet;

use super::audit::trail;
use super::dialects::as_configured;
use super::operations::start as start_operations;
use super::tls::{self, Asks};
use super::{Shared, Sockets};
use crate::config::{ErrorStyle, TokenCheck};

/// Starts it.
pub(super) async fn start(sockets: &mut Sockets, shared: &Shared, tasks: &mut JoinSet<()>) -> Result<()> {
    let Some(listener) = sockets.ssp.take() else { return Ok(()) };
    let section = &shared.config.ssp;
    let identity = section.identity.as_ref().context("ssp.cert_file is not set")?;
    let outbound = section.client_identity.as_ref().unwrap_or(identity);
    let url = section.sds.clone().context("ssp.sds is not set")?;
    let for_ldaps = url.starts_with("ldaps:").then(|| tls::client(shared, Some(outbound))).transpose()?;
    let directory = Arc::new(DirectoryClient::new(DirectorySettings::new(url, section.sds_base.clone(), for_ldaps)));
    let store = shared.stores.of("ssp").await?;
    let means = Means {
        settings: settings(shared)?,
        client: tls::https(shared, Some(outbound))?,
        directory: directory.clone(),
        audit: trail(shared, store),
        clock: shared.clock.clone(),
        ids: shared.ids.clone(),
    };
    let server = tls::server(shared, identity, Asks::Certificate)?;
    let limits = roles::edge::listen::Limits { head: section.client_idle, ..shared.limits() };
    let (ssp, recorder) = Ssp::new(means);
    let ssp = Arc::new(ssp);
    let ready = move || {
        let directory = directory.clone();
        async move { directory.reachable().await.map_err(|fault| fault.to_string()) }
    };
    let renewed = ssp.clone();
    tls::renew_client(shared, outbound, move |config| renewed.client().replace(config));
    let more = ssp.operations();
    start_operations(sockets.operations.ssp.take(), shared, tasks, "ssp", ready, more);
    let shutdown = shared.shutdown.clone();
    tasks.spawn(async move {
        ssp::serve(listener, server, limits, ssp, shutdown).await;
        // The last handles are the open exchanges' and the operations listener's; they end by themselves.
        if tokio::time::timeout(LAST_RECORDS, recorder).await.is_err() {
            tracing::error!("audit records of the proxy were still waiting at the end");
        }
    });
    Ok(())
}

/// How long the last audit records may take at shutdown.
const LAST_RECORDS: std::time::Duration = std::time::Duration::from_secs(5);

fn settings(shared: &Shared) -> Result<Settings> {
    let section = &shared.config.ssp;
    let verbs = section.verbs.iter().map(|verb| Ok(verb.parse::<Method>()?)).collect::<Result<_>>()?;
    Ok(Settings {
        forwarded_by: section.forwarded_by.clone(),
        hide_addresses: section.hide_caller,
        verbs,
        target: TargetRules { encoded_slash: section.allow_encoded_slash, ..TargetRules::default() },
        timeouts: Timeouts {
            connect: section.connect,
            tls: section.tls,
            head: section.head,
            stall: section.body_idle,
            total: section.total,
        },
        directory: Lifetimes {
            found: section.sds_cache,
            absent: section.sds_absent,
            stale: section.sds_stale,
            ..Lifetimes::default()
        },
        tokens: match section.jwt {
            TokenCheck::Off => Tokens::Off,
            TokenCheck::Log => Tokens::Log,
            TokenCheck::Enforce => Tokens::Enforce,
        },
        per_asid_per_minute: section.per_asid_per_minute.unwrap_or(0),
        per_address_per_minute: section.per_address_per_minute.unwrap_or(0),
        per_provider_in_flight: section.per_provider_in_flight.unwrap_or(0),
        media_types: section.media_types.clone(),
        check_nhs_numbers: section.check_nhs_number,
        sharing_programmes: section.sharing_programmes.iter().cloned().collect(),
        sharing_agreements: section.sharing_agreements.iter().cloned().collect(),
        cors_origins: section.cors_origins.clone(),
        circuit: (section.circuit_failures, section.circuit_pause),
        style: match section.error_style {
            ErrorStyle::Coded => Style::Coded,
            ErrorStyle::Live => Style::Live,
            ErrorStyle::Minimal => Style::Minimal,
        },
        dialect: as_configured(&shared.config, Settings::default().dialect),
        ..Settings::default()
    })
}
