//! The configuration: `careslot.toml`, then the user's file, then `CARESLOT_SECTION__KEY`, then flags, made into typed values.
//!
//! Every fault is reported at once, before anything binds. Nothing here opens the user's file or asks the environment, except
//! [`from_process`]: everything else takes what was found as values.

mod layers;
mod nearest;
mod problem;
mod process;
mod reader;
mod required;
mod sections;
mod show;

pub use layers::{Layers, Origin, Raw, Setting};
pub use problem::{Problem, Problems};
pub use process::{from_process, state_file, variables};
pub use required::{Role, missing_for};
pub use sections::{
    AcceptUnsigned, Admin, Audit, AuditWait, Base, Compat, Consumer, ErrorProfile, ErrorStyle, Http, Identity, Jwt,
    LogFormat, Process, Provider, Registry, Revocation, Sds, Ssp, Store, Tls, TlsReject, Token, TokenCheck, Validation,
    Web,
};
pub use show::{meaning, show};

/// The text of `careslot.toml`: every key, its default and its meaning.
pub const DEFAULTS: &str = include_str!("../../../../careslot.toml");

/// Every setting, typed and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The process itself.
    pub process: Process,
    /// Where the roles keep what they are told.
    pub store: Store,
    /// How the audit is written.
    pub audit: Audit,
    /// Limits of every HTTP listener.
    pub http: Http,
    /// Certificates and what is asked of them.
    pub tls: Tls,
    /// What is asked of a token.
    pub jwt: Jwt,
    /// The Secure Proxy.
    pub ssp: Ssp,
    /// The directory.
    pub sds: Sds,
    /// The token endpoint.
    pub token: Token,
    /// The Provider.
    pub provider: Provider,
    /// The Registry.
    pub registry: Registry,
    /// The Consumer.
    pub consumer: Consumer,
    /// The pages.
    pub web: Web,
    /// The administration listener.
    pub admin: Admin,
    /// What resources are judged by.
    pub validation: Validation,
}

impl Config {
    /// The typed settings, or everything that is wrong with them.
    pub fn read(layers: &Layers) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let config = sections::read(layers, &mut problems);
        problems.none_or(config)
    }
}

#[cfg(test)]
mod tests;
