//! What a token is judged against and made for: flags first, then the environment file or the configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use roles::edge::clock::Clock;
use spine::interaction::Group;
use spine::token::{GroupIds, KeySet, PublicKey, SigningKey};

use super::super::caller;
use crate::cli::ConfigFlags;
use crate::config::{Base, Config, Raw};
use crate::environment::Found;
use crate::failure::{Exit, Failure};
use crate::network::{self, SystemClock};

/// Where a network is described.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Against {
    /// Environment file of a demo [default: .careslot/environment.json here, else that of the demo that is running]
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub env: Option<PathBuf>,
    /// Configuration file whose [jwt], [provider] and [registry] are meant, instead of an environment file.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// A network, as far as tokens are concerned.
pub(super) struct Known {
    pub(super) config: Config,
    pub(super) environment: Option<Found>,
}

impl Against {
    /// What is known of the network: an environment file only where there is one, unless it was named.
    pub(super) fn read(&self, ca: Option<&Path>) -> Result<Known, Failure> {
        let environment = match (&self.config.config, &self.env) {
            (Some(_), _) => None,
            (None, Some(named)) => Some(caller::find(Some(named.clone()))?),
            (None, None) => caller::find(None).ok(),
        };
        let mut settings = environment.as_ref().map(Found::settings).unwrap_or_default();
        if let Some(ca) = ca {
            settings.retain(|(_, key, _)| !key.starts_with("tls."));
            settings.push(("--ca", "tls.ca_file", Raw::Text(ca.to_string_lossy().into_owned())));
            // The lists of revoked certificates of somebody else's authority are not at hand.
            settings.push(("--ca", "tls.crl", Raw::Text("off".to_owned())));
        }
        let (_, config) = self.config.read(settings)?;
        Ok(Known { config, environment })
    }
}

impl Known {
    pub(super) fn issuer(&self) -> Option<String> {
        let noted = self.environment.as_ref().map(|found| found.environment.token.issuer.clone());
        noted.or_else(|| self.config.jwt.issuer.clone())
    }

    /// The service roots of the Provider, that of the default dialect first.
    pub(super) fn provider_roots(&self) -> Vec<String> {
        match &self.environment {
            Some(found) => with_first(&found.environment.provider.endpoint, found.environment.provider.bases.values()),
            None => urls(&self.config.provider.bases),
        }
    }

    /// Those of the Registry.
    pub(super) fn registry_roots(&self) -> Vec<String> {
        match &self.environment {
            Some(found) => with_first(&found.environment.registry.endpoint, found.environment.registry.bases.values()),
            None => urls(&self.config.registry.bases),
        }
    }

    /// Which group each id means (TOK-10).
    pub(super) fn groups(&self) -> GroupIds {
        let groups = self.config.jwt.groups.iter();
        groups.filter_map(|(name, id)| Some((id.clone(), Group::named(name)?))).collect()
    }

    /// Where the issuer's public keys are.
    pub(super) fn jwks(&self) -> Option<String> {
        let noted = self.environment.as_ref().map(|found| found.environment.token.jwks.clone());
        noted.or_else(|| self.config.jwt.jwks.clone())
    }

    /// The demo's own signing key.
    pub(super) fn signing_key(&self) -> Option<PathBuf> {
        self.environment.as_ref().map(|found| found.path(&found.environment.token.signing_key))
    }

    /// A key set from a file, or from an https address through the trusted authorities: the only thing that is ever fetched.
    pub(super) async fn key_set(self, place: &str) -> Result<KeySet, Failure> {
        let unusable = |why: String| {
            let cure = "name a JWKS with --jwks, or a public key or certificate with --key; --ca names the authority of an address";
            Failure::new(Exit::Usage, format!("the keys of {place} cannot be used"), why, cure)
        };
        let document = if place.contains("://") {
            if !place.starts_with("https://") {
                return Err(unusable("keys are fetched by https only".to_owned()));
            }
            let client = network::anonymous_https(&self.config.tls, Arc::new(SystemClock));
            let client = client.map_err(|fault| unusable(format!("{fault:#}")))?;
            network::fetch(&client, place)
                .await
                .map_err(|fault| Failure { exit: Exit::Unreachable, ..unusable(format!("{fault:#}")) })?
        } else {
            fs::read(place).map_err(|fault| unusable(fault.to_string()))?
        };
        KeySet::from_jwks(&document).map_err(|fault| unusable(fault.to_string()))
    }
}

fn with_first<'a>(first: &str, all: impl Iterator<Item = &'a String>) -> Vec<String> {
    let others = all.filter(|url| *url != first).cloned();
    std::iter::once(first.to_owned()).chain(others).collect()
}

fn urls(bases: &[Base]) -> Vec<String> {
    bases.iter().map(|base| base.url.clone()).collect()
}

/// A public key out of a PEM file that holds one, a certificate or the private key.
pub(super) fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let text = pem(path)?;
    let key =
        SigningKey::from_pkcs8_pem(&text).and_then(|key| key.public_key()).or_else(|_| PublicKey::from_pem(&text));
    key.map_err(|fault| {
        let cure = "give a PEM file with an RSA public key, a certificate, or a PKCS#8 private key";
        Failure::new(Exit::Usage, format!("{} cannot be used", path.display()), fault.to_string(), cure)
    })
}

/// A private key out of a PEM file.
pub(super) fn signing_key(path: &Path) -> Result<SigningKey, Failure> {
    SigningKey::from_pkcs8_pem(&pem(path)?).map_err(|fault| {
        let cure = "give a PEM file with an RSA private key in PKCS#8; `careslot jwt keys --out FILE` makes one";
        Failure::new(Exit::Usage, format!("{} cannot be used", path.display()), fault.to_string(), cure)
    })
}

pub(super) fn pem(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|fault| {
        let what = format!("{} cannot be read", path.display());
        Failure::new(Exit::Usage, what, fault.to_string(), "name a file of text that is there")
    })
}

/// The time, in seconds since 1970.
pub(super) fn now() -> i64 {
    SystemClock.now().as_second()
}
