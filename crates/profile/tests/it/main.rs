//! What the crate's parts do together, and whether its definitions are the published ones.

mod corpus;
mod invariants;
mod mistakes;
mod profiles;
mod shared;
mod terminology;
mod verdicts;
