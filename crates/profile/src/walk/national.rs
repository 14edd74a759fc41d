//! What the nation asks of values beyond the profiles: a valid NHS number, and one number to call first. The profiles do not
//! demand it, so it is a warning here (VAL-10, PCT-04).

use fhir::Node;
use spine::NhsNumber;
use spine::systems::is_nhs_number;

use super::Walk;
use crate::findings::Finding;
use crate::issue::{Kind, Severity};

impl<'n> Walk<'n, '_> {
    /// The check digit of an NHS number. The number itself is not repeated.
    pub(super) fn nhs_number(&mut self, node: &'n Node) {
        if !node.text_of("system").is_some_and(is_nhs_number) {
            return;
        }
        let Some(value) = node.child("value") else { return };
        let Some(Err(fault)) = value.text().map(NhsNumber::parse) else { return };
        self.path.enter(value, 0);
        self.report(
            value,
            Finding {
                severity: Severity::Warning,
                kind: Kind::Value,
                rule: "VAL-10".to_owned(),
                expected: fault.expected.to_owned(),
                message: format!("This is not a valid NHS number: {}.", fault.came),
                got: fault.came,
                cure: "Write the ten digits without blanks, as the PDS has them.".to_owned(),
            },
        );
        self.path.leave();
    }

    /// At most one of a patient's contact points, those of the contacts included, is the one to use first.
    pub(super) fn first_to_call(&mut self, node: &'n Node) {
        if node.kind().name() != "Patient" {
            return;
        }
        let mut seen = false;
        self.ranks(node, &mut seen);
        for (index, contact) in (0..).zip(node.all("contact")) {
            self.path.enter(contact, index);
            self.ranks(contact, &mut seen);
            self.path.leave();
        }
    }

    fn ranks(&mut self, node: &'n Node, seen: &mut bool) {
        for (index, telecom) in (0..).zip(node.all("telecom")) {
            let Some(rank) = telecom.child("rank").filter(|rank| rank.text() == Some("1")) else { continue };
            if !std::mem::replace(seen, true) {
                continue;
            }
            self.path.enter(telecom, index);
            self.path.enter(rank, 0);
            self.report(
                rank,
                Finding {
                    severity: Severity::Warning,
                    kind: Kind::Duplicate,
                    rule: "PCT-04".to_owned(),
                    expected: "rank 1 once".to_owned(),
                    got: "another rank 1".to_owned(),
                    message: "Two contact points have rank 1, and only one is to be called first.".to_owned(),
                    cure: "Give the others rank 2 or more.".to_owned(),
                },
            );
            self.path.leave();
            self.path.leave();
        }
    }
}
