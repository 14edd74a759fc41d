//! One suite for both databases: what holds on SQLite holds on PostgreSQL.

mod audit;
mod booking;
mod changing;
mod diary;
mod opening;
mod place;
mod registering;
mod sample;
mod small_owners;
mod sudden_end;
mod sudden_end_of_registry;
mod tampering;
