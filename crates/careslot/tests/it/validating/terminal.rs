//! What a person sees at a terminal, and nobody else: colours, and a bar over many files.

use std::fs;
use std::process::{Command, Stdio};

use super::{BOOKING, told};

/// Runs a command line at a terminal of its own; what it shows, control characters included.
fn at_a_terminal(folder: &std::path::Path, words: &str, variables: &[(&str, &str)]) -> String {
    let command = format!("{} {words}", env!("CARGO_BIN_EXE_careslot"));
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("script runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn colours_and_the_bar_are_for_terminals_and_go_when_they_are_not_wanted() {
    let folder = tempfile::tempdir().unwrap();
    for name in 0..30 {
        fs::write(folder.path().join(format!("{name:02}.json")), BOOKING).unwrap();
    }
    fs::write(folder.path().join("30.json"), BOOKING.replace("\"booked\"", "\"bookd\"")).unwrap();
    let seen = at_a_terminal(folder.path(), "validate .", &[]);
    let (red, green) = ("\u{1b}[31merror\u{1b}[0m", "\u{1b}[32mvalid\u{1b}[0m");
    assert!(seen.contains(red) && seen.contains(green), "{seen:?}");
    // The bar is drawn over itself, and gone before a result is written.
    assert!(seen.contains("] 15 of 31") && seen.contains("\r\u{1b}[K./16.json: "), "{seen:?}");
    let plain = at_a_terminal(folder.path(), "validate .", &[("NO_COLOR", "1")]);
    assert!(!plain.contains("\u{1b}[3") && plain.contains("./30.json:1:"), "{plain:?}");
    let few = at_a_terminal(folder.path(), "validate 00.json 30.json", &[]);
    assert!(!few.contains("] 1 of 2") && few.contains("\u{1b}[31merror"), "{few:?}");
    let (_, stdout, stderr) = told(folder.path(), "validate .", b"");
    assert!(!stdout.contains('\u{1b}') && !stderr.contains(['\u{1b}', '\r']), "{stderr:?}");
}
