//! Log lines on stderr, as `[process]` asks for them. Never NHS numbers, names, tokens or bodies.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::{LogFormat, Process};

/// Begin to log. A second call in one process, as tests make it, changes nothing.
pub fn start(process: &Process) {
    let filter: Targets = process.log.parse().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let lines = fmt::layer().with_writer(io::stderr);
    let layer = match process.log_format {
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
        LogFormat::Text => lines.compact().with_ansi(io::stderr().is_terminal()).with_filter(filter).boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer).try_init();
}
