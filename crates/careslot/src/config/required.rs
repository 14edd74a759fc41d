//! The roles that `careslot serve` can run, and the keys that each of them cannot do without.

use clap::ValueEnum;

use super::layers::{Layers, Raw};
use super::problem::Problems;

/// A role that this process can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Role {
    /// Offers Slots and holds Appointments.
    Provider,
    /// Knows where a patient's Appointments are.
    Registry,
    /// The Secure Proxy that every call goes through.
    Ssp,
    /// The directory.
    Sds,
    /// Gives out access tokens.
    Token,
    /// Pages for people.
    Web,
}

impl Role {
    /// The role's name, as it is written on the command line and as its section is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Registry => "registry",
            Self::Ssp => "ssp",
            Self::Sds => "sds",
            Self::Token => "token",
            Self::Web => "web",
        }
    }

    /// Keys that must be set before the role can run.
    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Provider => &[
                "provider.listen",
                "provider.cert_file",
                "provider.key_file",
                "provider.bases",
                "provider.asids",
                "tls.ca_file",
                "jwt.issuer",
                "jwt.jwks",
                "ssp.client_fqdns",
            ],
            Self::Registry => &[
                "registry.listen",
                "registry.cert_file",
                "registry.key_file",
                "registry.bases",
                "registry.asid",
                "tls.ca_file",
                "jwt.issuer",
                "jwt.jwks",
            ],
            Self::Ssp => &["ssp.listen", "ssp.cert_file", "ssp.key_file", "ssp.sds", "tls.ca_file"],
            Self::Sds => &["sds.base"],
            Self::Token => &[
                "token.listen",
                "token.cert_file",
                "token.key_file",
                "token.public_url",
                "token.signing_key_file",
                "token.audiences",
                "jwt.issuer",
            ],
            Self::Web => &["web.listen"],
        }
    }
}

/// What is still missing before all of `roles` can run, each key named once.
pub fn missing_for(layers: &Layers, roles: &[Role]) -> Problems {
    let mut problems = Problems::default();
    let is_set = |key: &str| {
        !layers.get(key).is_none_or(|setting| match &setting.raw {
            Raw::Text(text) => text.is_empty(),
            Raw::List(items) => items.is_empty(),
            Raw::Table(entries) => entries.is_empty(),
            Raw::Whole(_) | Raw::Switch(_) => false,
        })
    };
    let mut missing = |key: &str, role: Role| {
        let variable = format!("CARESLOT_{}", key.to_uppercase().replacen('.', "__", 1));
        problems.add(
            format!("serve {}", role.name()),
            format!("{key} is not set"),
            format!(
                "set it in the file that --config names, or in {variable}; `careslot config show` says what it means"
            ),
        );
    };
    let mut named: Vec<&str> = Vec::new();
    for role in roles {
        for key in role.required().iter().filter(|key| !is_set(key)) {
            if !named.contains(key) {
                named.push(key);
                missing(key, *role);
            }
        }
        // LDAPS cannot do without a certificate, and nothing is gained by a directory without a listener.
        if *role == Role::Sds {
            if is_set("sds.listen_tls") {
                for key in ["sds.cert_file", "sds.key_file", "tls.ca_file"] {
                    if !is_set(key) && !named.contains(&key) {
                        named.push(key);
                        missing(key, *role);
                    }
                }
            } else if !is_set("sds.listen") && !is_set("sds.listen_fhir") {
                missing("sds.listen_tls", *role);
            }
        }
    }
    problems
}
