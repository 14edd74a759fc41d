//! What the Provider's own administrators decide: Schedules that are kept for some callers, and callers that may neither book nor cancel
//! (SLT-38, SMG-04, CAN-08, JW2-16).
//!
//! A caller is named by the ODS code of its organisation, which unsigned tokens hold, or by its client_id, which signed ones hold
//! (`appid`). Nothing is granted by a name that anybody could write (JWT-93): without rules everything is open to every caller that the
//! proxy let through, and a rule only takes away from those that it does not name.

use std::collections::{BTreeMap, BTreeSet};

use spine::Reason;

use crate::edge::authorise::Caller;
use crate::edge::refusal::Refusal;

/// The rules of one Provider; by default there are none.
#[derive(Debug, Clone, Default)]
pub struct LocalRules {
    /// Schedules by id, each with the callers that alone see and book its Slots.
    pub kept_for: BTreeMap<String, BTreeSet<String>>,
    /// Callers that are offered no Slot and may neither book nor cancel.
    pub barred: BTreeSet<String>,
}

impl LocalRules {
    /// The Schedules whose Slots this caller is not offered.
    pub(super) fn withheld_from(&self, caller: &Caller) -> Vec<String> {
        let kept = self.kept_for.iter().filter(|(_, callers)| !is_among(callers, caller));
        kept.map(|(schedule, _)| schedule.clone()).collect()
    }

    /// Whether this caller may neither book nor cancel here.
    pub(super) fn bars(&self, caller: &Caller) -> bool {
        is_among(&self.barred, caller)
    }

    /// CAN-08: asked of every change, right after the token.
    ///
    /// # Errors
    /// `Reason::OrganisationNotPermitted`.
    pub(super) fn admit(&self, caller: &Caller) -> Result<(), Refusal> {
        if self.bars(caller) { Err(Refusal::new(Reason::OrganisationNotPermitted, "")) } else { Ok(()) }
    }

    /// SMG-04: a Slot that is not offered to a caller is not booked for it either.
    ///
    /// # Errors
    /// `Reason::OrganisationNotPermitted`.
    pub(super) fn admit_to_schedule(&self, caller: &Caller, schedule_id: &str) -> Result<(), Refusal> {
        match self.kept_for.get(schedule_id) {
            Some(callers) if !is_among(callers, caller) => {
                let what = "this Slot is kept for other organisations";
                Err(Refusal::new(Reason::OrganisationNotPermitted, what).at("Appointment.slot"))
            }
            _ => Ok(()),
        }
    }
}

fn is_among(callers: &BTreeSet<String>, caller: &Caller) -> bool {
    callers.contains(&caller.consumer)
        || caller.organisation.as_ref().is_some_and(|organisation| callers.contains(organisation))
}
