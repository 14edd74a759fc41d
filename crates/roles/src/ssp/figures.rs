//! The proxy's figures for `/metrics` (SSP-102). Labels hold nothing that a caller may choose freely: an interaction is
//! named only once the directory knows it for both ends.

use metrics::{counter, gauge, histogram};

use super::kept::Source;
use super::record::{Exchange, Outcome};

/// A call has begun.
pub(super) fn begun() {
    gauge!("ssp_inflight").increment(1);
}

/// A call has ended.
pub(super) fn count(exchange: &Exchange, outcome: &Outcome) {
    gauge!("ssp_inflight").decrement(1);
    let known = exchange.endpoint.as_ref().and(exchange.sender.as_ref().zip(exchange.receiver.as_ref()));
    let (interaction, from, to) = match known {
        Some((sender, receiver)) => {
            (receiver.interaction.clone(), sender.system.ods.clone(), receiver.system.ods.clone())
        }
        None => Default::default(),
    };
    let status = outcome.status.unwrap_or_default().to_string();
    counter!("ssp_requests_total", "iid" => interaction, "from_ods" => from, "to_ods" => to, "status" => status,
        "decision" => outcome.decision)
    .increment(1);
    if let Some(check) = outcome.check {
        counter!("ssp_rejects_total", "check" => check).increment(1);
    }
    let upstream = &exchange.upstream;
    if let Some(answer_took) = upstream.answer_took {
        histogram!("ssp_upstream_seconds").record(answer_took.as_secs_f64());
        histogram!("ssp_overhead_seconds").record(upstream.overhead.as_secs_f64());
    }
    let cache = match exchange.directory {
        Source::Kept => "kept",
        Source::Asked => "asked",
        Source::Stale => "stale",
    };
    histogram!("sds_lookup_seconds", "cache" => cache).record(upstream.directory_took.as_secs_f64());
    counter!("ssp_bytes_total", "dir" => "out").increment(upstream.bytes_out);
    counter!("ssp_bytes_total", "dir" => "in").increment(upstream.bytes_in.unwrap_or_default());
}
