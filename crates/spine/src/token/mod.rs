//! Bearer tokens.
/// The longest token that is looked at, in bytes (JWT-35).
pub const LONGEST_TOKEN: usize = 16 * 1024;
