//! What a proxy can be told: every rule of it that a deployment may choose.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use http::Method;
use spine::Dialect;
use spine::dialect::DIALECT_1_0_4;

use super::kept::Lifetimes;
use super::style::Style;
use super::target::TargetRules;
use crate::edge::client::Timeouts;

/// The settings of a proxy, as typed values.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How the proxy calls itself in `Forwarded` and, without the underscore, in `Via` (SSP-64, SSP-65): letters, digits,
    /// hyphens after an underscore, as RFC 7239 wants of a name that is no address.
    pub forwarded_by: String,
    /// Sends `for=_hidden` instead of the Consumer's address (SSP-64).
    pub hide_addresses: bool,
    /// Which verbs pass (SSP-38): GET, POST and PUT unless more are wanted.
    pub verbs: Vec<Method>,
    /// What is taken as a target (SSP-12, SSP-14).
    pub target: TargetRules,
    /// How long each step of a call may take (SSP-86).
    pub timeouts: Timeouts,
    /// The same for single Providers, by the authority of their endpoint (`host` or `host:port`).
    pub timeouts_of: HashMap<String, Timeouts>,
    /// How long the directory's answers are kept (SDS-53).
    pub directory: Lifetimes,
    /// What is done with the token (SSP-48, SSP-53).
    pub tokens: Tokens,
    /// The programmes that need a sharing agreement, as they stand in Interaction IDs (SSP-52).
    pub sharing_programmes: HashSet<String>,
    /// The agreements: from and to, each an ASID or an ODS code (SSP-52).
    pub sharing_agreements: HashSet<(String, String)>,
    /// Calls that one ASID may make in a minute; 0 is no limit (SSP-90, SSP-95).
    pub per_asid_per_minute: u32,
    /// Calls that one address may make in a minute; 0 is no limit (SSP-41).
    pub per_address_per_minute: u32,
    /// Calls that may be under way to one Provider; 0 is no limit (SSP-91, SSP-95).
    pub per_provider_in_flight: u32,
    /// After how many failures in a row a Provider is left alone, 0 for never, and for how long (SSP-95).
    pub circuit: (u32, Duration),
    /// How refusals are written (ERR-08).
    pub style: Style,
    /// The media types that bodies may have; empty is any (SSP-50, SSP-66).
    pub media_types: Vec<String>,
    /// Checks NHS numbers in queries (SSP-51).
    pub check_nhs_numbers: bool,
    /// The origins of browsers' pages that may call (SSP-97); none unless configured.
    pub cors_origins: Vec<String>,
    /// The dialect that words the refusals.
    pub dialect: &'static Dialect,
}

/// What the proxy does with tokens (SSP-53).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tokens {
    /// It does not look into them.
    Off,
    /// It reads them into the audit record. The default.
    #[default]
    Log,
    /// It refuses a call whose token it cannot read, or whose token has expired or names another system.
    Enforce,
}

impl Settings {
    /// The verbs that pass, as `Allow` lists them.
    pub(super) fn allowed_verbs(&self) -> String {
        self.verbs.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            forwarded_by: "_ssp".to_owned(),
            hide_addresses: false,
            verbs: vec![Method::GET, Method::POST, Method::PUT],
            target: TargetRules::default(),
            timeouts: Timeouts::default(),
            timeouts_of: HashMap::new(),
            directory: Lifetimes::default(),
            tokens: Tokens::default(),
            sharing_programmes: HashSet::from(["gpconnect".to_owned()]),
            sharing_agreements: HashSet::new(),
            per_asid_per_minute: 0,
            per_address_per_minute: 0,
            per_provider_in_flight: 0,
            circuit: (10, Duration::from_secs(5)),
            style: Style::default(),
            media_types: Vec::new(),
            check_nhs_numbers: false,
            cors_origins: Vec::new(),
            dialect: &DIALECT_1_0_4,
        }
    }
}
