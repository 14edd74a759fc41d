//! careslot
fn main() {}
