//! Who asks, and may they: the bearer token, checked once and remembered until it expires or its key is gone
//! (JW1-01 to JW1-06, JW2-13 to JW2-17, JWT-91, JWT-92, JWT-95, X-01, X-30).

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderMap;
use jiff::Timestamp;
use moka::sync::Cache;
use serde_json::{Value, json};
use spine::headers::{BearerFault, bearer};
use spine::interaction::Operation;
use spine::token::{
    self, AcceptUnsigned, Assurance, Checked, Claims, ClientNames, Expectation, GroupIds, KeySet, TokenFault,
};
use spine::{OdsCode, Reason};

use super::audit::TokenRecord;
use super::base::Base;
use super::issuer_keys::IssuerKeys;
use super::refusal::Refusal;

/// Verified tokens that are remembered at once. A Consumer uses one for an hour, so that this is more than any Provider meets.
const REMEMBERED: u64 = 20_000;
/// A token that is remembered for longer is verified once more, so that none is kept long after its end.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3600);

/// What a role believes.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The issuer of signed tokens, compared exactly (JWT-14).
    pub issuer: String,
    /// The service roots that a token may be for (JWT-15).
    pub audiences: Vec<String>,
    /// Which group each group id means (TOK-10).
    pub groups: GroupIds,
    /// The clients that are let in, with their names; where there is none, every client of the issuer is (JWT-17).
    pub clients: ClientNames,
    /// The organisations that may ask, where a token names one; where there is none, every organisation may (JW2-16). This
    /// narrows what is allowed and grants nothing (JWT-93).
    pub organisations: Vec<OdsCode>,
    /// The seconds by which clocks may differ (JWT-16).
    pub leeway: i64,
    /// Whether unsigned tokens are taken at all (JWT-91); the Registry never does.
    pub accept_unsigned: AcceptUnsigned,
}

/// The checks of one role.
pub struct Authoriser {
    trust: Trust,
    keys: IssuerKeys,
    /// Signed tokens that were verified, by their SHA-256. A token that a Consumer makes itself is another one each time.
    remembered: Cache<[u8; 32], Arc<Known>>,
}

/// A token that was verified, and what it says of its bearer. Its operation is asked for anew each time.
struct Known {
    checked: Checked,
    caller: Arc<Caller>,
    /// The keys that it was verified with: it counts while they are the issuer's.
    keys: Arc<KeySet>,
}

/// One request, as far as its token is concerned.
struct Presented<'a> {
    token: &'a str,
    base: &'a Base,
    operation: Operation,
    behind_ssp: bool,
    now: i64,
}

/// Who asks, as far as the token tells.
#[derive(Debug, Clone)]
pub struct Caller {
    /// By what a Consumer is told from another where there is no `Ssp-From`: `appid`, else the token's issuer (XTI-05).
    pub consumer: String,
    /// The ODS code of the requesting organisation, where the token names it.
    pub organisation: Option<String>,
    /// What the audit record keeps of the token (JW2-15, AUD-03).
    pub record: TokenRecord,
}

impl Authoriser {
    /// Believes the issuer's keys as they are at each moment.
    #[must_use]
    pub fn new(trust: Trust, keys: IssuerKeys) -> Self {
        let remembered = Cache::builder().max_capacity(REMEMBERED).time_to_live(FORGOTTEN_AFTER).build();
        Self { trust, keys, remembered }
    }

    /// Checks the token of a request for one operation at one root.
    ///
    /// # Errors
    /// The reason of the first rule that the token breaks.
    pub async fn check(
        &self,
        headers: &HeaderMap,
        base: &Base,
        operation: Operation,
        behind_ssp: bool,
        now: Timestamp,
    ) -> Result<Arc<Caller>, Refusal> {
        let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let token = bearer(pairs).map_err(no_token)?;
        let presented = Presented { token, base, operation, behind_ssp, now: now.as_second() };
        let keys = self.keys.current();
        let id = digest_of(token);
        if let Some(known) = self.remembered.get(&id).filter(|known| self.still_counts(known, &keys, &presented)) {
            known.checked.allows(operation).map_err(refused)?;
            return Ok(Arc::clone(&known.caller));
        }
        let (checked, keys) = match self.verified(&presented, &keys) {
            Err(faults) if only_the_key_is_missing(&faults) => {
                self.keys.read_again().await;
                let keys = self.keys.current();
                (self.verified(&presented, &keys).map_err(first_of)?, keys)
            }
            outcome => (outcome.map_err(first_of)?, keys),
        };
        self.organisation_permitted(&checked)?;
        let caller = Arc::new(self.caller(&checked));
        if checked.assurance() == Assurance::Signed {
            self.remembered.insert(id, Arc::new(Known { checked, caller: Arc::clone(&caller), keys }));
        }
        Ok(caller)
    }

    fn still_counts(&self, known: &Known, keys: &Arc<KeySet>, presented: &Presented<'_>) -> bool {
        Arc::ptr_eq(&known.keys, keys) && known.checked.is_current(presented.now, self.trust.leeway)
    }

    fn verified(&self, presented: &Presented<'_>, keys: &KeySet) -> Result<Checked, Vec<TokenFault>> {
        let expectation = Expectation {
            dialect: presented.base.dialect(),
            audiences: &self.trust.audiences,
            issuer: &self.trust.issuer,
            keys,
            groups: &self.trust.groups,
            clients: &self.trust.clients,
            operation: presented.operation,
            now: presented.now,
            leeway: self.trust.leeway,
            behind_ssp: presented.behind_ssp,
            accept_unsigned: self.trust.accept_unsigned,
        };
        token::check(presented.token, &expectation)
    }

    fn organisation_permitted(&self, checked: &Checked) -> Result<(), Refusal> {
        let permitted = &self.trust.organisations;
        match checked.organisation() {
            Some(organisation) if !permitted.is_empty() && !permitted.contains(organisation) => {
                let what =
                    format!("requesting_organization is {organisation}, which is not on this party's list (JW2-16)");
                Err(Refusal::new(Reason::OrganisationNotPermitted, what))
            }
            _ => Ok(()),
        }
    }

    fn caller(&self, checked: &Checked) -> Caller {
        let name = checked.client().and_then(|client| self.trust.clients.get(client));
        caller(checked, name.map(String::as_str))
    }
}

fn digest_of(token: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

/// Only a token with which nothing else is wrong is worth reading the issuer's keys again.
fn only_the_key_is_missing(faults: &[TokenFault]) -> bool {
    matches!(faults, [fault] if fault.reason == Reason::TokenKeyUnknown)
}

fn no_token(fault: BearerFault) -> Refusal {
    let reason = match fault {
        BearerFault::Missing | BearerFault::Empty => Reason::TokenMissing,
        _ => Reason::TokenMalformed,
    };
    Refusal::new(reason, fault.to_string())
}

fn first_of(faults: Vec<TokenFault>) -> Refusal {
    let first = faults.into_iter().next();
    first.map_or_else(|| Refusal::new(Reason::TokenMalformed, ""), refused)
}

fn refused(fault: TokenFault) -> Refusal {
    Refusal::new(fault.reason, fault.sentence)
}

/// The bearer, and the client's name where it has one here.
fn caller(checked: &Checked, name: Option<&str>) -> Caller {
    let assurance = checked.assurance().words();
    let (consumer, mut record) = match &checked.claims {
        Claims::Access(claims) => (
            claims.client.clone(),
            json!({
                "assurance": assurance,
                "kid": checked.key_id,
                "iss": claims.issuer,
                "aud": claims.audience,
                "appid": claims.client,
                "groups": claims.groups,
                "sub": claims.subject,
                "uti": claims.token_id,
                "exp": claims.expires_at,
            }),
        ),
        Claims::SelfMade(claims) => {
            let practitioner = claims.practitioner.as_ref().map(|practitioner| {
                json!({
                    "id": practitioner.id,
                    "family": practitioner.family,
                    "given": practitioner.given,
                    "sds_user": practitioner.sds_user,
                    "role_profile": practitioner.sds_role_profile,
                })
            });
            (
                claims.issuer.clone(),
                json!({
                    "assurance": assurance,
                    "iss": claims.issuer,
                    "aud": claims.audience,
                    "sub": claims.subject,
                    "scope": claims.scope,
                    "reason": "directcare",
                    "organisation": { "ods": claims.organisation.ods_code.as_str(), "name": claims.organisation.name },
                    "device": { "value": claims.device.value, "model": claims.device.model, "version": claims.device.version },
                    "practitioner": practitioner,
                    "exp": claims.expires_at(),
                }),
            )
        }
    };
    if let (Some(name), Value::Object(record)) = (name, &mut record) {
        record.insert("client".to_owned(), name.into());
    }
    let organisation = checked.organisation().map(|code| code.as_str().to_owned());
    Caller { consumer, organisation, record: record.into() }
}
