//! `[jwt]`: what is asked of a token (`spine.md` §3, X-01).

use std::collections::BTreeMap;
use std::time::Duration;

use spine::OdsCode;

use crate::config::reader::Reader;

/// `[jwt]`
#[derive(Clone, Debug)]
pub struct Jwt {
    /// The `iss` that tokens must have, and that ours have.
    pub issuer: Option<String>,
    /// Where the issuer's public keys are: an https address, or a file.
    pub jwks: Option<String>,
    /// How often they are read again.
    pub jwks_every: Duration,
    /// The `tid`.
    pub tenant: String,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// Where unsigned tokens are taken.
    pub accept_unsigned: AcceptUnsigned,
    /// Which statuses a refused token is answered with.
    pub error_profile: ErrorProfile,
    /// The id of each group, by its name.
    pub groups: BTreeMap<String, String>,
    /// The clients that are let in, by client_id, with their names.
    pub clients: BTreeMap<String, String>,
    /// The organisations that may ask, where a token names one.
    pub organisations: Vec<OdsCode>,
}

/// Where unsigned tokens are taken, in the dialect that knows them (JWT-91).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptUnsigned {
    /// Over a connection on which the SSP showed its certificate.
    BehindSsp,
    /// Nowhere.
    Never,
}

/// Which document's statuses a refused token is answered with (JWT-81).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorProfile {
    /// 403 for every fault.
    Standard,
    /// The UEC error overview.
    Uec,
    /// GP Connect.
    GpConnect,
    /// RFC 6750.
    Rfc6750,
}

impl Jwt {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let jwt = Self {
            issuer: reader.address("issuer", &["https", "http"]),
            jwks: Self::jwks(reader),
            jwks_every: reader.seconds("jwks_seconds", 15..=86_400),
            tenant: reader.text("tenant"),
            leeway: reader.seconds("leeway_seconds", 0..=900),
            accept_unsigned: reader.choice(
                "accept_unsigned",
                &[("behind-ssp", AcceptUnsigned::BehindSsp), ("never", AcceptUnsigned::Never)],
            ),
            error_profile: reader.choice(
                "error_profile",
                &[
                    ("standard", ErrorProfile::Standard),
                    ("uec", ErrorProfile::Uec),
                    ("gpconnect", ErrorProfile::GpConnect),
                    ("rfc6750", ErrorProfile::Rfc6750),
                ],
            ),
            groups: reader.table("groups"),
            clients: reader.table("clients"),
            organisations: Self::organisations(reader),
        };
        for (key, id) in [("tenant", &jwt.tenant)].into_iter().chain(jwt.groups.values().map(|id| ("groups", id))) {
            if uuid::Uuid::try_parse(id).is_err() {
                reader.problem(
                    key,
                    format!("holds {id:?}, which is no UUID"),
                    "give 32 hexadecimal digits, 8-4-4-4-12",
                );
            }
        }
        jwt
    }

    fn organisations(reader: &mut Reader<'_>) -> Vec<OdsCode> {
        let mut known = Vec::new();
        for text in reader.list("organisations") {
            match OdsCode::parse(&text) {
                Ok(code) => known.push(code),
                Err(fault) => reader.problem("organisations", fault.to_string(), "give the codes as SDS has them"),
            }
        }
        known
    }

    /// An https address as it is; anything else names a file.
    fn jwks(reader: &mut Reader<'_>) -> Option<String> {
        let text = reader.optional_text("jwks")?;
        if text.contains("://") {
            reader.check_address("jwks", &text, &["https"]);
            return Some(text);
        }
        reader.file("jwks").map(|path| path.to_string_lossy().into_owned())
    }
}
