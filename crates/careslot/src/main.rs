//! careslot
fn main(){}
