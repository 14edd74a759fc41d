//! Wall 8 (every module says what it is, interaction files name their requirements, no file over 500 lines), and the names that
//! are not used.

use super::source::{Fault, Source, mentions};
use super::walls::Wall;

/// The longest that a hand-written file may be.
const MAX_LINES: usize = 500;

/// The standard's interactions, each a file of Provider, Registry or both.
const INTERACTIONS: &[&str] = &[
    "search_free_slots",
    "book_appointment",
    "get_appointment",
    "cancel_appointment",
    "search_patient_appointments",
    "register_appointment",
    "cancel_registered_appointment",
    "capability_statement",
    "validate",
];

/// Endings that say nothing of what a thing is. The standard's HealthcareService is a word of its own.
const EMPTY_ENDINGS: &[&str] = &["Manager", "Service", "Helper", "Handler", "Util", "Utils", "Data", "Info", "Impl"];

pub(super) const OPENINGS: Wall = Wall { number: 8, name: "modules say what they are", faults: openings };
pub(super) const LENGTHS: Wall = Wall { number: 8, name: "files stay short", faults: lengths };
pub(super) const NAMES: Wall = Wall { number: 8, name: "names say what a thing is", faults: names };

fn openings(source: &Source) -> Vec<Fault> {
    if !source.path.ends_with(".rs") {
        return Vec::new();
    }
    if !source.text.starts_with("//! ") {
        return vec![source.fault(1, "the first line is no `//!` that says what the module is")];
    }
    let opening: String = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
    if is_interaction(source) && !has_requirement(&opening) {
        return vec![source.fault(1, "an interaction's `//!` names the requirement IDs that it serves, as in BOOK-09")];
    }
    Vec::new()
}

fn is_interaction(source: &Source) -> bool {
    let parts: Vec<&str> = source.path.split('/').collect();
    let ["crates", "roles", "src", "provider" | "registry", rest @ ..] = parts.as_slice() else { return false };
    let name = match rest {
        [file] => file.trim_end_matches(".rs"),
        [folder, "mod.rs"] => folder,
        _ => return false,
    };
    INTERACTIONS.contains(&name)
}

/// Whether a text holds something like `BOOK-09`, `X-04`, `JW1-03` or `ERR-D07`.
pub(super) fn has_requirement(text: &str) -> bool {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-')).any(is_requirement)
}

/// The families of requirement IDs, in the words of the two catalogues.
const FAMILIES: &[&str] = &[
    "ASR", "AUD", "BOOK", "CAN", "CON", "DEM", "DLV", "E", "ERR", "FIND", "HTTP", "IID", "JW1", "JW2", "JWT", "META",
    "NFR", "OO", "PAT", "PCT", "PROC", "READ", "REG", "REP", "RES", "SDS", "SLT", "SMG", "SSP", "TIM", "TLS", "TOK",
    "UTL", "VAL", "VER", "VIA", "X", "XTI",
];

/// Whether a word is a requirement ID.
pub(crate) fn is_requirement(word: &str) -> bool {
    let Some((family, number)) = word.split_once('-') else { return false };
    let number = number.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(number);
    FAMILIES.contains(&family) && !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
}

fn lengths(source: &Source) -> Vec<Fault> {
    let lines = source.text.lines().count();
    if lines > MAX_LINES {
        vec![source.fault(
            lines,
            &format!("the file has {lines} lines, and {MAX_LINES} is the most: split it by what its parts do"),
        )]
    } else {
        Vec::new()
    }
}

fn names(source: &Source) -> Vec<Fault> {
    if !source.path.ends_with(".rs") {
        return Vec::new();
    }
    let code = source.product_code();
    let mut faults = Vec::new();
    for keyword in ["struct", "enum", "trait"] {
        for line in mentions(&code, keyword) {
            let text = code.lines().nth(line - 1).unwrap_or("");
            let after = text.split_once(&format!("{keyword} ")).map_or("", |(_, after)| after);
            let name = after.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap_or("");
            let is_empty = EMPTY_ENDINGS.iter().any(|ending| name.ends_with(ending));
            if is_empty && !name.ends_with("HealthcareService") && !name.ends_with("BookableService") {
                faults.push(
                    source.fault(line, &format!("`{name}` does not say what it is: use the standard's word for it")),
                );
            }
        }
    }
    faults
}

#[test]
fn wall_8_fails_on_a_planted_file_without_a_word_or_a_requirement_or_an_end() {
    OPENINGS.fails_on(&[
        ("crates/fhir/src/x.rs", "// x\nfn f() {}"),
        ("crates/fhir/src/x.rs", "\n//! x\n"),
        ("crates/fhir/tests/it/main.rs", "fn f() {}"),
        ("crates/roles/src/provider/book_appointment.rs", "//! Books an Appointment.\n"),
        ("crates/roles/src/registry/register_appointment/mod.rs", "//! Registers (see page X-y).\n"),
    ]);
    OPENINGS.passes(&[
        ("crates/fhir/src/x.rs", "//! What x is.\n"),
        ("crates/roles/src/provider/book_appointment.rs", "//! Books an Appointment\n//! (BOOK-09).\n"),
        ("crates/roles/src/provider/times.rs", "//! Times.\n"),
    ]);
    let long = "//! x\n".repeat(MAX_LINES + 1);
    LENGTHS.fails_on(&[("crates/fhir/src/x.rs", &long), ("assets/careslot.scss", &long)]);
    LENGTHS.passes(&[("crates/fhir/src/x.rs", &"//! x\n".repeat(MAX_LINES))]);
    NAMES.fails_on(&[
        ("crates/store/src/x.rs", "//! x\npub struct SlotManager;\n"),
        ("crates/store/src/x.rs", "//! x\npub(crate) trait BookingService {}\n"),
        ("crates/store/src/x.rs", "//! x\nenum PatientInfo { A }\n"),
    ]);
    NAMES.passes(&[("crates/fhir/src/x.rs", "//! x\npub struct HealthcareService<'a>(&'a u8);\nstruct Informed;\n")]);
}

#[test]
fn requirement_ids_are_told_from_other_words() {
    for text in ["(BOOK-09)", "X-04,", "JW1-03", "ERR-D07.", "SSP-60…74"] {
        assert!(has_requirement(text), "{text}");
    }
    for text in ["RFC 2616", "UTF-8x", "If-Match", "a-9", "X-Request-ID", "-7"] {
        assert!(!has_requirement(text), "{text}");
    }
}
