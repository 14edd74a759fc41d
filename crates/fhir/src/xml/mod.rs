//! FHIR's XML form (`application/fhir+xml`, HTTP-02): a reader into the tree and a writer from it.
//!
//! The reader takes well-formed XML 1.0 in UTF-8 and neither a DTD nor processing instructions nor entities beyond the
//! five of XML; comments are passed over. The `div` of a narrative stays as it came, letter for letter, with the
//! namespaces that it uses declared on it. Elements that are out of order are reported and kept (HTTP-15).
//!
//! The writer puts elements in the order of the standard, whatever order the tree has, and unknown ones behind their
//! neighbour.
//!
//! # What only one of the formats can say
//!
//! For everything that the definitions know, JSON to XML to JSON and XML to JSON to XML lose nothing. Beyond that:
//!
//! - XML has no types and no arrays. An unknown element that JSON wrote as a number, as a boolean or as an array of one
//!   comes back as a string or alone; two or more of a name are an array.
//! - XML has no `null` and no empty arrays: a misplaced `null` is an empty element, an empty array is not written.
//!   Arrays within arrays become elements within elements.
//! - Unknown names that are not names in XML (`"a b"`) are not written. Characters that XML cannot write (controls below
//!   U+0020 but tab and line ends) become U+FFFD; the JSON reader reports them.
//! - The reader has bounds of its own for attributes and namespaces; what only unknown names could need beyond them is not
//!   written.
//! - A narrative that is not well-formed XHTML is written as an attribute, `<div value="…"/>`, and read back from it.
//! - JSON has no namespaces, attributes or mixed text: an unknown element of another namespace is `{namespace}name`, an
//!   unknown attribute `@name`, text between elements `#text`. `xsi:schemaLocation`, comments outside the narrative, and
//!   attributes of the element around a resource other than `value` are dropped; the latter are reported.
//! - The order of a JSON object's members has no meaning and does not survive XML.

mod narrative;
mod parts;
mod read;
mod tag;
mod write;

pub use narrative::narrative_fault;
pub use read::{read, read_with};
pub use write::{write, write_into, write_pretty};

/// The namespace of FHIR's elements.
pub const FHIR: &str = "http://hl7.org/fhir";
/// The namespace of the narrative.
pub const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// The name under which text between elements is kept.
const TEXT: &str = "#text";

/// Whether XML 1.0 can hold this character.
pub(crate) fn is_xml_character(letter: char) -> bool {
    !matches!(letter, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}
