//! Who asks, and may they: the bearer token, checked once and remembered until it expires
//! (JW1-01 to JW1-06, JW2-13 to JW2-17, JWT-91, JWT-92, JWT-95, X-01, X-30).

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderMap;
use jiff::Timestamp;
use moka::sync::Cache;
use serde_json::json;
use spine::Reason;
use spine::headers::{BearerFault, bearer};
use spine::interaction::Operation;
use spine::token::{self, AcceptUnsigned, Checked, Claims, Expectation, GroupIds, KeySet, TokenFault};

use super::audit::TokenRecord;
use super::base::Base;
use super::refusal::Refusal;

/// Verified tokens that are remembered at once. A Consumer uses one for an hour, so that this is more than any Provider meets.
const REMEMBERED: u64 = 20_000;

/// What a role believes.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The issuer of signed tokens, compared exactly (JWT-14).
    pub issuer: String,
    /// The service roots that a token may be for (JWT-15).
    pub audiences: Vec<String>,
    /// Which group each group id means (TOK-10).
    pub groups: GroupIds,
    /// The seconds by which clocks may differ (JWT-16).
    pub leeway: i64,
    /// Whether unsigned tokens are taken at all (JWT-91); the Registry never does.
    pub accept_unsigned: AcceptUnsigned,
}

/// The checks of one role.
pub struct Authoriser {
    trust: Trust,
    keys: ArcSwap<KeySet>,
    remembered: Cache<Remembered, Arc<Known>>,
}

/// What a verified token was verified for. Its operation is asked for anew each time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Remembered {
    token: String,
    base: String,
    behind_ssp: bool,
}

/// A token that was verified, and what it says of its bearer.
struct Known {
    checked: Checked,
    caller: Arc<Caller>,
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
    /// Believes these keys until they are renewed.
    #[must_use]
    pub fn new(trust: Trust, keys: Arc<KeySet>) -> Self {
        let remembered = Cache::builder().max_capacity(REMEMBERED).build();
        Self { trust, keys: ArcSwap::new(keys), remembered }
    }

    /// Puts the issuer's renewed keys in place; tokens are verified anew (TOK-08).
    pub fn renew_keys(&self, keys: Arc<KeySet>) {
        self.keys.store(keys);
        self.remembered.invalidate_all();
    }

    /// Checks the token of a request for one operation at one root.
    ///
    /// # Errors
    /// The reason of the first rule that the token breaks.
    pub fn check(
        &self,
        headers: &HeaderMap,
        base: &Base,
        operation: Operation,
        behind_ssp: bool,
        now: Timestamp,
    ) -> Result<Arc<Caller>, Refusal> {
        let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let token = bearer(pairs).map_err(no_token)?;
        let key = Remembered { token: token.to_owned(), base: base.url().to_owned(), behind_ssp };
        let now = now.as_second();
        let known = self.remembered.get(&key).filter(|known| known.checked.is_current(now, self.trust.leeway));
        if let Some(known) = known {
            known.checked.allows(operation).map_err(refused)?;
            return Ok(Arc::clone(&known.caller));
        }
        let expectation = Expectation {
            dialect: base.dialect(),
            audiences: &self.trust.audiences,
            issuer: &self.trust.issuer,
            keys: &self.keys.load(),
            groups: &self.trust.groups,
            operation,
            now,
            leeway: self.trust.leeway,
            behind_ssp,
            accept_unsigned: self.trust.accept_unsigned,
        };
        let checked = token::check(token, &expectation).map_err(first_of)?;
        let caller = Arc::new(caller(&checked));
        self.remembered.insert(key, Arc::new(Known { checked, caller: Arc::clone(&caller) }));
        Ok(caller)
    }
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

fn caller(checked: &Checked) -> Caller {
    let assurance = checked.assurance().words();
    let (consumer, record) = match &checked.claims {
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
    let organisation = checked.organisation().map(|code| code.as_str().to_owned());
    Caller { consumer, organisation, record: record.into() }
}
