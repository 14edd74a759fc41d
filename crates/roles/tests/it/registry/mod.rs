//! The Registry, driven through its whole course of checks over SQLite, one file an interaction.

mod admission;
mod both_databases;
mod cancel_registered_appointment;
mod capability_statement;
mod get_registered_appointment;
mod house;
mod register_appointment;
mod search_patient_appointments;
mod status_matrix;
mod validate;
