//! Whose trail is meant: that of a role, or that of the verbs, which act as the Consumer and run as no role (SSP-135).

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::config::Role;

/// Who writes an audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A role.
    Role(Role),
    /// The verbs of whoever runs this command, in a trail of their own.
    Consumer,
}

impl Whose {
    /// The name, as it is written on the command line and in a record.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Role(role) => role.name(),
            Self::Consumer => "consumer",
        }
    }
}

impl ValueEnum for Whose {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Role(Role::Provider),
            Self::Role(Role::Registry),
            Self::Role(Role::Ssp),
            Self::Role(Role::Sds),
            Self::Role(Role::Token),
            Self::Role(Role::Web),
            Self::Consumer,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Role(role) => role.to_possible_value(),
            Self::Consumer => Some(PossibleValue::new("consumer").help("The verbs that you ran yourself")),
        }
    }
}
