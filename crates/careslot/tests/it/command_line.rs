//! The command line as scripts see it: exit code, stdout and stderr.

use std::fs;
use std::process::Command;

use insta::assert_snapshot;

/// Run `careslot` in `folder` with the words of `line`; answer with what a script sees.
pub(super) fn careslot(folder: &std::path::Path, line: &str, variables: &[(&str, &str)]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_careslot"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .expect("careslot runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    format!(
        "exit {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr)
    )
}

#[test]
fn a_configuration_in_order_is_called_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("my.toml"), "[ssp]\nhead_seconds = 20\n").unwrap();
    assert_snapshot!(careslot(folder.path(), "config check --config my.toml", &[]), @"
    exit 0
    --- stdout
    --- stderr
    ✔ the configuration is in order
    ");
    let variables = [("CARESLOT_SSP__HEAD_SECONDS", "25")];
    assert_snapshot!(careslot(folder.path(), "config show ssp.head_seconds --config my.toml", &variables), @"
    exit 0
    --- stdout
    ssp.head_seconds = 25  # CARESLOT_SSP__HEAD_SECONDS
    --- stderr
    ");
    assert_snapshot!(careslot(folder.path(), "config show tls.handshake_seconds", &[]), @"
    exit 0
    --- stdout
    tls.handshake_seconds = 10  # default
    --- stderr
    How long a handshake may take.
    ");
}

#[test]
fn every_fault_of_a_configuration_is_told_in_one_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("my.toml"),
        "[ssp]\nlisen = \"x\"\n[sds]\nlisten = \"0.0.0.0:389\"\nlisten_tls = \"\"\n",
    )
    .unwrap();
    assert_snapshot!(careslot(folder.path(), "config check --config my.toml --for ssp", &[]), @"
    exit 2
    --- stdout
    --- stderr
    error: the configuration has 6 faults
      my.toml:2: ssp.lisen is not a key
        did you mean ssp.listen?
      my.toml:4: sds.listen is 0.0.0.0:389, which others can reach
        plain LDAP is not protected (SDS-01): give a port of 127.0.0.1 or [::1]
      serve ssp: ssp.cert_file is not set
        set it in the file that --config names, or in CARESLOT_SSP__CERT_FILE; `careslot config show` says what it means
      serve ssp: ssp.key_file is not set
        set it in the file that --config names, or in CARESLOT_SSP__KEY_FILE; `careslot config show` says what it means
      serve ssp: ssp.sds is not set
        set it in the file that --config names, or in CARESLOT_SSP__SDS; `careslot config show` says what it means
      serve ssp: tls.ca_file is not set
        set it in the file that --config names, or in CARESLOT_TLS__CA_FILE; `careslot config show` says what it means
      mend them, then try `careslot config check`
    ");
}

#[test]
fn wrong_usage_ends_with_2_and_help_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let seen = |line: &str| careslot(folder.path(), line, &[]);
    for line in ["", "bok", "slots", "config show ssp.colour", "serve cook"] {
        let seen = seen(line);
        assert!(seen.starts_with("exit 2\n--- stdout\n--- stderr\n"), "`careslot {line}`: {seen}");
    }
    for line in ["--help", "book --help", "--version", "config show"] {
        let seen = seen(line);
        assert!(
            seen.starts_with("exit 0\n--- stdout\n") && seen.ends_with("--- stderr\n"),
            "`careslot {line}`: {seen}"
        );
    }
}

#[test]
fn completions_and_man_pages_know_every_verb() {
    let folder = tempfile::tempdir().unwrap();
    let bash = careslot(folder.path(), "completions bash", &[]);
    assert!(careslot(folder.path(), "man --out pages", &[]).starts_with("exit 0"));
    for verb in ["demo", "serve", "slots", "book", "cancel", "doctor"] {
        assert!(bash.contains(&format!("careslot,{verb}")), "{verb} in the completions");
        let page = fs::read_to_string(folder.path().join(format!("pages/careslot-{verb}.1"))).unwrap();
        assert!(page.contains(".TH"), "{verb}: {page}");
    }
}
