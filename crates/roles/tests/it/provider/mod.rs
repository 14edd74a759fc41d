//! The Provider, driven through its whole course of checks over SQLite, one file an interaction.

mod book_appointment;
mod cancel_appointment;
mod capability_statement;
mod clock_set_back;
mod common_course;
mod days;
mod demonstrator_checks;
pub(crate) mod diary;
mod formats;
mod get_appointment;
mod get_resource;
pub(crate) mod house;
mod local_rules;
mod resources;
mod search_free_slots;
mod search_patient_appointments;
mod slots;
mod sockets;
mod status_matrix;
mod tokens;
mod validate;
mod versions;
pub(crate) mod wire;
