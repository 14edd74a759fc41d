//! What a Consumer must be told before it can call anyone: addresses, who it is, and which dialect it speaks.

use std::time::Duration;

use spine::{Asid, Dialect, OdsCode};

use crate::edge::client::Timeouts;

/// A Consumer's settings; nothing in them is assumed from the demo.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The Consumer's own ASID, sent as `Ssp-From` (SSP-21).
    pub asid: Asid,
    /// The organisation that calls (JW2-11).
    pub organisation: OdsCode,
    /// Its name (JW2-11).
    pub organisation_name: String,
    /// The name of the Consumer's own system, as the tokens that it makes itself have it (JW2-10).
    pub system: String,
    /// The dialect that bookings are written in.
    pub dialect: &'static Dialect,
    /// The proxy's address, with or without a slash at its end (SSP-02).
    pub ssp: String,
    /// The token endpoint and this Consumer's registration there; `None` where no signed token is to be had.
    pub token: Option<TokenClient>,
    /// The Registry's service root, called directly; `None` where there is no Registry.
    pub registry: Option<String>,
    /// The longest answer that is read, in bytes.
    pub answer_limit: usize,
    /// How long each step of a call may take.
    pub timeouts: Timeouts,
    /// The waits before the second attempt and each further one; as many attempts more as there are waits (SSP-131, SSP-132).
    pub back_off: Vec<Duration>,
    /// The longest `Retry-After` that is waited for; a longer one ends the attempts.
    pub patience: Duration,
}

impl Settings {
    /// The URL of the Consumer's own endpoint, as a token of its own making names its issuer (JW2-03): the system that the
    /// ASID stands for.
    pub(super) fn own_url(&self) -> String {
        format!("https://{}.{}.thirdparty.nhs.uk/", self.asid, self.organisation.to_string().to_ascii_lowercase())
    }
}

/// A registration at the token endpoint (TOK-03, TOK-09).
#[derive(Clone)]
pub struct TokenClient {
    /// The token endpoint's URL.
    pub endpoint: String,
    /// The client id.
    pub client_id: String,
    /// The client secret. It is in no `Debug` output.
    pub client_secret: String,
}

impl std::fmt::Debug for TokenClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenClient")
            .field("endpoint", &self.endpoint)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The waits that SSP-132 suggests: half a second, one and two.
pub const BACK_OFF: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];
