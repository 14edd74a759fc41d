//! `careslot jwt keys`: a key pair for a token endpoint, and the JWKS that publishes keys (TOK-08).

use std::path::PathBuf;

use clap::ValueEnum;
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use spine::token::{KeySet, PublicKey, SigningKey};

use super::super::private_file;
use super::against::{pem, public_key};
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// The flags of `jwt keys`.
#[derive(Clone, Debug, clap::Args)]
pub struct Keys {
    /// Keys that the set holds: PEM (private, public or certificate) or JWKS files
    #[arg(value_name = "FILE", required_unless_present = "out")]
    pub files: Vec<PathBuf>,
    /// Make a key pair; the private key goes to this new file (PEM, PKCS#8, mode 0600), and the set holds its public half first
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The length of the new key, in bits
    #[arg(long, value_enum, value_name = "BITS", default_value_t = Bits::Of2048, requires = "out")]
    pub bits: Bits,
}

/// The lengths of RSA keys that are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bits {
    /// 2048
    #[value(name = "2048")]
    Of2048,
    /// 3072
    #[value(name = "3072")]
    Of3072,
    /// 4096
    #[value(name = "4096")]
    Of4096,
}

/// Do it.
pub(super) fn run(args: &Keys, terminal: &Terminal) -> Result<(), Failure> {
    let mut keys: Vec<PublicKey> = Vec::new();
    for file in &args.files {
        let text = pem(file)?;
        if text.trim_start().starts_with('{') {
            keys.extend(published(&text).map_err(|fault| {
                let what = format!("{} cannot be used", file.display());
                Failure::new(Exit::Usage, what, fault.to_string(), "give a JWKS with RSA keys, or PEM")
            })?);
        } else {
            keys.push(public_key(file)?);
        }
    }
    if let Some(path) = &args.out {
        let private = new_key(args.bits)?;
        let key = SigningKey::from_pkcs8_pem(&private).and_then(|key| key.public_key());
        let key = key.map_err(|fault| Failure::internal("no key was made", &fault.into()))?;
        private_file::write(path, &private)?;
        terminal.say(&format!("the private key {} is in {}, for you alone to read", key.key_id(), path.display()));
        keys.insert(0, key);
    }
    terminal.data(&format!(
        "{:#}\n",
        serde_json::json!({ "keys": distinct(keys).iter().map(PublicKey::to_jwk).collect::<Vec<_>>() })
    ));
    Ok(())
}

fn published(text: &str) -> Result<Vec<PublicKey>, spine::token::KeyFault> {
    let set = KeySet::from_jwks(text.as_bytes())?;
    Ok(set.into_keys())
}

/// Each key once: readers refuse a set that names one twice.
fn distinct(keys: Vec<PublicKey>) -> Vec<PublicKey> {
    let mut distinct: Vec<PublicKey> = Vec::new();
    for key in keys {
        if distinct.iter().all(|other| other.key_id() != key.key_id()) {
            distinct.push(key);
        }
    }
    distinct
}

fn new_key(bits: Bits) -> Result<String, Failure> {
    let size = match bits {
        Bits::Of2048 => RsaKeySize::_2048,
        Bits::Of3072 => RsaKeySize::_3072,
        Bits::Of4096 => RsaKeySize::_4096,
    };
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size);
    pair.map(|pair| pair.serialize_pem()).map_err(|fault| Failure::internal("no key was made", &fault.into()))
}
