//! The Provider, driven through its whole course of checks over SQLite, one file an interaction.

mod book_appointment;
mod diary;
mod house;
