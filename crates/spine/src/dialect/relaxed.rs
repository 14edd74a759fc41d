//! What a body may break by design although its profile, or STU3, asks for it: rows that are applied after the profile.

/// One rule that is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relaxed {
    /// The rule as the validator names it: the key of an invariant, or the path of an element that may be missing.
    pub rule: &'static str,
    /// The rows of the register and the requirements that let it go.
    pub rows: &'static str,
}

/// The rules that one kind of body may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relaxations {
    /// All of them in words, for the reference.
    pub words: &'static str,
    /// One row for each rule.
    pub rules: &'static [Relaxed],
}

impl Relaxations {
    /// May a body break this rule?
    #[must_use]
    pub fn let_go(&self, rule: &str) -> bool {
        self.rules.iter().any(|relaxed| relaxed.rule == rule)
    }
}

/// Nothing is let go.
pub const AS_THE_PROFILE_SAYS: Relaxations = Relaxations { words: "none", rules: &[] };

/// A registration as the sources publish it has a start and no end, and a participant without a status.
pub const REGISTRATION_AS_PUBLISHED: Relaxations = Relaxations {
    words: "app-2, app-3 and Appointment.participant.status",
    rules: &[
        Relaxed { rule: "app-2", rows: "X-14, REG-07" },
        Relaxed { rule: "app-3", rows: "X-14, REG-07" },
        Relaxed { rule: "Appointment.participant.status", rows: "X-14, REG-07" },
    ],
};

#[cfg(test)]
mod tests {
    use super::{AS_THE_PROFILE_SAYS, REGISTRATION_AS_PUBLISHED};

    #[test]
    fn the_words_name_each_rule_and_each_rule_cites_its_rows() {
        for relaxations in [AS_THE_PROFILE_SAYS, REGISTRATION_AS_PUBLISHED] {
            for relaxed in relaxations.rules {
                assert!(relaxations.words.contains(relaxed.rule), "{}", relaxed.rule);
                assert!(relaxed.rows.contains("X-"), "{}", relaxed.rule);
                assert!(relaxations.let_go(relaxed.rule));
            }
            assert!(!relaxations.let_go("app-1"));
        }
    }
}
