//! Where the trails are: at the administration listener of the process that writes them, else in their databases, which are only read.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use roles::administration::{Administration, Keeps};
use store::StoreError;

use super::WhoseFlags;
use super::whose::Whose;
use crate::config::Role;
use crate::failure::{Exit, Failure};
use crate::network::{self, SystemIds};
use crate::verbs::administered::{Keeper, answer};
use crate::verbs::caller::VERBS;

/// The roles that have a trail, in the order in which they are shown.
const ROLES: [Role; 5] = [Role::Provider, Role::Registry, Role::Ssp, Role::Token, Role::Sds];

/// Every trail that is meant.
pub(super) struct Trails {
    keeper: Keeper,
    /// The databases of those that no listener looks after.
    here: Administration,
    trails: Vec<(Whose, bool)>,
}

impl Trails {
    /// The trails that these flags mean.
    ///
    /// # Errors
    /// Exit 2 when there is none, exit 3 when a database does not answer.
    pub(super) async fn open(flags: &WhoseFlags) -> Result<Self, Failure> {
        if flags.role == Some(Whose::Consumer) {
            return Self::of_the_verbs(flags).await;
        }
        let is_meant = |role: &Role| flags.role.is_none_or(|named| named == Whose::Role(*role));
        let wanted: Vec<Role> = ROLES.into_iter().filter(is_meant).collect();
        if wanted.is_empty() {
            let why = "the pages hold nothing and change nothing";
            return Err(Failure::new(Exit::Usage, "this role has no audit trail", why, "name another with --role"));
        }
        let keeper = Keeper::open(&flags.keeper)?;
        let listed =
            keeper.ask(Method::GET, "/audit", Bytes::new()).await?.unwrap_or_else(|| Bytes::from_static(b"[]"));
        let listed: Vec<String> = serde_json::from_slice(&listed).map_err(super::unusable)?;
        let mut trails = Vec::new();
        for role in wanted {
            let is_listed = listed.iter().any(|name| name == role.name());
            if is_listed || is_here(&keeper, role, flags.role.is_some()).await? {
                trails.push((Whose::Role(role), is_listed));
            }
        }
        if trails.is_empty() {
            let why = "no role runs there, and none has a database where the configuration says";
            let cure = "start a role, or name its configuration with --config FILE";
            return Err(Failure::new(Exit::Usage, "there is no audit trail", why, cure));
        }
        let in_databases = |(whose, is_listed): &(Whose, bool)| match whose {
            Whose::Role(role) if !is_listed => Some(*role),
            _ => None,
        };
        let from_databases: Vec<Role> = trails.iter().filter_map(in_databases).collect();
        let keeps = network::keeps(&from_databases, &keeper.reading).await;
        let keeps = keeps.map_err(|error| Failure::starting("the audit trail cannot be read", &error))?;
        let here = Administration::new(keeps, None, keeper.clock.clone(), Arc::new(SystemIds));
        Ok(Self { keeper, here, trails })
    }

    /// The trail of the verbs, in the database that they share: only read, also while others write to it.
    async fn of_the_verbs(flags: &WhoseFlags) -> Result<Self, Failure> {
        let keeper = Keeper::of_the_verbs(&flags.keeper)?;
        let unread = |error| Failure::starting("the audit trail cannot be read", &error);
        if !keeper.reading.has(VERBS) {
            let why = "no verb has made a call there yet";
            let cure = "name the network that you called in with --env FILE, or its configuration with --config FILE";
            return Err(Failure::new(Exit::Usage, "there is no audit trail", why, cure));
        }
        let store = keeper.reading.of(VERBS).await.map_err(unread)?;
        let mut keeps = Keeps::default();
        keeps.audit.insert(Whose::Consumer.name(), Arc::new(store));
        let here = Administration::new(keeps, None, keeper.clock.clone(), Arc::new(SystemIds));
        Ok(Self { keeper, here, trails: vec![(Whose::Consumer, false)] })
    }

    /// Those whose trails are there.
    pub(super) fn whose(&self) -> impl Iterator<Item = Whose> {
        self.trails.iter().map(|(whose, _)| *whose)
    }

    /// What the administration of this role's trail answers.
    ///
    /// # Errors
    /// What it refuses, or that it went away.
    pub(super) async fn ask(&self, whose: Whose, method: Method, what: &str, body: Bytes) -> Result<Bytes, Failure> {
        let target = format!("/audit/{}/{what}", whose.name());
        let gone = || {
            let why = format!("the audit trail of {} was there a moment ago", whose.name());
            Failure::new(Exit::Unreachable, "the administration went away", why, "try again")
        };
        if self.trails.iter().any(|(each, listed)| *each == whose && *listed) {
            return self.keeper.ask(method, &target, body).await?.ok_or_else(gone);
        }
        answer(self.here.ask(method.as_str(), &target, body).await)?.ok_or_else(gone)
    }

    /// Closes what was opened.
    pub(super) async fn close(self) {
        let Self { keeper, here, .. } = self;
        drop(here);
        keeper.close().await;
    }
}

/// Whether the role's database is there. One that was named has to be.
async fn is_here(keeper: &Keeper, role: Role, is_named: bool) -> Result<bool, Failure> {
    let Err(error) = keeper.reading.of(role.name()).await else { return Ok(true) };
    let is_absent = error.chain().any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Absent(_))));
    if is_absent && !is_named { Ok(false) } else { Err(Failure::starting("the audit trail cannot be read", &error)) }
}
