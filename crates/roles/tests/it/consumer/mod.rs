//! The Consumer against the real parties, each on its own socket with its own database, and against scripted ones where a
//! party has to misbehave.

mod audit;
mod cut_everywhere;
mod cut_rebooking;
mod cut_wire;
mod find_endpoint;
mod lost_answers;
mod network;
mod official_tool;
mod outbox;
mod refusals;
mod retries;
mod scripted;
mod search_free_slots;
mod steps;
mod walk;
