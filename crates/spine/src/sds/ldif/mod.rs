//! LDIF, the text in which directory entries are exchanged: read and written as RFC 2849 says, with folding and base64
//! (SDS-63). Records of changes and values by URL are refused.

mod read;
mod write;

pub use read::{LONGEST_LDIF, LONGEST_LINE, LdifFault, MOST_ENTRIES, Placed, read, read_placed};
pub use write::write;
