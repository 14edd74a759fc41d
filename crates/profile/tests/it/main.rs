//! What the crate's parts do together, and whether its definitions are the published ones.

mod agreement;
mod checks;
mod corpus;
mod hostile;
mod invariants;
mod mistakes;
mod mutants;
mod own_corpus;
mod packages;
mod places;
mod profiles;
mod published;
mod references;
mod shared;
mod slicing;
mod terminology;
mod verdicts;
