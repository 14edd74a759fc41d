//! Tests of the layers together: what wins, what is refused, and that every fault is found at once.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::*;

/// The defaults with a user's file and variables over them.
fn read(file: &str, variables: &[(&str, &str)]) -> (Layers, Result<Config, Problems>) {
    let mut problems = Problems::default();
    let mut layers = Layers::defaults();
    layers.add_file(Path::new("conf/my.toml"), file, &mut problems);
    for (name, value) in variables {
        layers.add_variable(name, value, &mut problems);
    }
    let config = sections::read(&layers, &mut problems);
    (layers, problems.none_or(config))
}

/// What is wrong with a file, one line a fault.
fn faults(file: &str) -> Vec<String> {
    read(file, &[])
        .1
        .err()
        .map(|problems| problems.0.iter().map(|p| format!("{}: {}", p.place, p.what)).collect())
        .unwrap_or_default()
}

#[test]
fn the_defaults_are_right_and_every_key_is_read_by_a_section() {
    let layers = Layers::defaults();
    let (mut problems, mut asked) = (Problems::default(), BTreeSet::new());
    sections::read_and_list(&layers, &mut problems, &mut asked);
    assert_eq!(problems.to_string(), "");
    let keys: BTreeSet<String> = layers.iter().map(|(key, _)| key.to_owned()).collect();
    assert_eq!(keys, asked);
    assert!(keys.len() > 100, "{}", keys.len());
}

#[test]
fn flags_go_over_variables_over_the_file_over_the_defaults() {
    let file = "[ssp]\nhead_seconds = 7\nconnect_seconds = 8\n[provider]\nlisten = \"127.0.0.1:1\"\n";
    let variables = [("CARESLOT_SSP__CONNECT_SECONDS", "9"), ("CARESLOT_PROVIDER__LISTEN", "127.0.0.1:2")];
    let (mut layers, _) = read(file, &variables);
    let mut problems = Problems::default();
    layers.add_flag("--listen", "provider.listen", Raw::Text("127.0.0.1:3".into()), &mut problems);
    let config = Config::read(&layers).unwrap();
    assert_eq!((config.ssp.tls, config.ssp.head, config.ssp.connect), (seconds(3), seconds(7), seconds(9)));
    assert_eq!(config.provider.listen.unwrap().port(), 3);
    let origins: Vec<String> = ["ssp.tls_seconds", "ssp.head_seconds", "ssp.connect_seconds", "provider.listen"]
        .iter()
        .map(|key| layers.get(key).unwrap().origin.to_string())
        .collect();
    assert_eq!(origins, ["default", "conf/my.toml:2", "CARESLOT_SSP__CONNECT_SECONDS", "--listen"]);
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn a_variable_takes_the_kind_of_its_key() {
    let variables = [
        ("CARESLOT_TLS__ALLOW_13", "true"),
        ("CARESLOT_SSP__VERBS", "GET, POST"),
        ("CARESLOT_SSP__CLIENT_FQDNS", "[\"A.example.test\"]"),
        ("CARESLOT_PROVIDER__BASES", "{ \"1.0.4\" = \"https://p.example.test/STU3/1\" }"),
    ];
    let config = read("", &variables).1.unwrap();
    assert!(config.tls.allow_13);
    assert_eq!(config.ssp.verbs, ["GET", "POST"]);
    assert_eq!(config.ssp.client_fqdns, ["a.example.test"]);
    assert_eq!(config.provider.endpoint(), Some("https://p.example.test/STU3/1"));

    let wrong =
        [("CARESLOT_TLS__ALLOW_13", "yes"), ("CARESLOT_SSP__HEAD_SECONDS", "soon"), ("CARESLOT_SPP__LISTEN", "")];
    let problems = read("", &wrong).1.unwrap_err().to_string();
    insta::assert_snapshot!(problems, @"
    CARESLOT_TLS__ALLOW_13: tls.allow_13 cannot be read
      give true or false
    CARESLOT_SSP__HEAD_SECONDS: ssp.head_seconds cannot be read
      give a whole number
    CARESLOT_SPP__LISTEN: spp.listen is not a key
      did you mean ssp.listen?
    ");
}

#[test]
fn every_fault_is_reported_at_once_with_its_line_and_a_cure() {
    let file = "\
listen = \"x\"
[provider]
lisen = \"127.0.0.1:8444\"
page_slots = 0
asids = [\"12\"]
dialect = \"1.0.5\"
cert_file = \"p.pem\"

[ssp]
listen = \"localhost:8443\"
verbs = [\"GET\", \"TRACE\"]
sds = \"ldap://sds.example.test\"
head_seconds = \"30\"
connect_seconds = 1.5
[bookings]
a = 1
";
    insta::assert_snapshot!(read(file, &[]).1.unwrap_err(), @r#"
    conf/my.toml:1: listen stands in no section
      begin a section with a line such as [provider]
    conf/my.toml:14: ssp.connect_seconds cannot be read
      a value is a text in quotes, a whole number, true or false, a list of texts or a table of texts
    conf/my.toml:3: provider.lisen is not a key
      did you mean provider.listen?
    conf/my.toml:13: ssp.head_seconds is a whole number, and a text in quotes came
      write ssp.head_seconds as a whole number
    conf/my.toml:16: bookings.a is not a key
      `careslot config show` lists every key
    conf/my.toml:10: ssp.listen is "localhost:8443"
      give ADDRESS:PORT with the address in digits, such as 127.0.0.1:8443 or [::]:8443
    conf/my.toml:11: ssp.verbs holds "TRACE"
      choose among GET, POST, PUT, DELETE, PATCH, OPTIONS
    conf/my.toml:12: ssp.sds is plain LDAP to another machine
      use ldaps:// (SDS-01); plain LDAP is for the loopback
    conf/my.toml:6: provider.dialect is "1.0.5"
      choose one of "1.0.4", "2.0.4"
    conf/my.toml:7: provider.cert_file is set and key_file is not
      set both, or neither
    conf/my.toml:5: provider.asids is "12"
      ASID is written as 12 digits
    conf/my.toml:4: provider.page_slots is 0
      give a number from 16 to 10000
    "#);
}

#[test]
fn a_text_that_is_not_toml_is_refused_with_its_line() {
    let faults = faults("[ssp]\nlisten = 127.0.0.1:8443\n");
    assert!(faults[0].starts_with("conf/my.toml:2: this is not TOML"), "{faults:?}");
}

#[test]
fn values_that_would_be_unsafe_are_refused() {
    for (file, fault) in [
        ("[store]\nurl = \"postgres://u:pw@db/x\"", "store.url holds a password"),
        ("[store]\nurl = \"postgres://db/x?user=u&password=pw\"", "store.url holds a password"),
        ("[store]\nurl = \"mysql://u:pw@db/x\"", "store.url is neither sqlite nor an address of PostgreSQL"),
        ("[sds]\nlisten = \"0.0.0.0:389\"", "sds.listen is 0.0.0.0:389, which others can reach"),
        ("[admin]\nlisten = \"10.0.0.1:9\"", "admin.listen is 10.0.0.1:9, which others can reach"),
        (
            "[web]\nlisten = \"0.0.0.0:80\"",
            "web.listen is 0.0.0.0:80, which others can reach, and there is no password",
        ),
        ("[tls]\nhandshake_seconds = 121", "tls.handshake_seconds is 121"),
        ("[consumer]\nretries = 4", "consumer.retries is 4"),
        (
            "[consumer]\nssp = \"https://u:p@ssp\"",
            "consumer.ssp is \"https://u:p@ssp\", which names a user or a password",
        ),
        ("[jwt.groups]\n\"a\" = \"b\"", "jwt.groups holds \"b\", which is no UUID"),
        ("[provider.bases]\n\"1.0.4\" = \"https://p/STU3/1/\"", "provider.bases holds \"https://p/STU3/1/\""),
        ("[provider.bases]\n\"3\" = \"https://p/STU3/3\"", "provider.bases names \"3\", which is no dialect"),
        ("[ssp]\nlisten = \"127.0.0.1:8080\"", "ssp.listen is 127.0.0.1:8080, and so is web.listen"),
        ("[process]\nlog = \"loud=very\"", "process.log is \"loud=very\""),
        ("[provider.kept_for]\nsched1 = \" , \"", "provider.kept_for keeps sched1 for nobody"),
        ("[provider]\ndemonstrator_checks = true", "provider.demonstrator_checks is set, and this is no demonstration"),
        ("[provider.test_service_ids]\n999999998 = \"none\"", "provider.test_service_ids is set, and this is no"),
    ] {
        let found = faults(file);
        assert!(found.first().is_some_and(|found| found.contains(fault)), "{file}: {found:?}");
        assert!(
            !found.iter().any(|line| line.contains(":pw@") || line.contains("=pw")),
            "a password is not repeated: {found:?}"
        );
    }
}

// covers: DEM-09, ASR-03, SMG-04
#[test]
fn what_is_for_demonstrations_is_off_by_default_and_taken_in_one() {
    let defaults = read("", &[]).1.unwrap().provider;
    assert!(!defaults.demonstrator_checks && defaults.test_service_ids.is_empty() && defaults.barred.is_empty());
    let file = "[process]\ndemonstration = true\n[provider]\ndemonstrator_checks = true\nbarred = [\"A1\"]\n\
                [provider.test_service_ids]\n999999998 = \"none\"\n[provider.kept_for]\nsched1 = \"A1, A2\"\n";
    let provider = read(file, &[]).1.unwrap().provider;
    assert!(provider.demonstrator_checks);
    assert_eq!(provider.test_service_ids["999999998"], "none");
    assert_eq!(provider.kept_for["sched1"].iter().collect::<Vec<_>>(), ["A1", "A2"]);
}

#[test]
fn file_names_start_from_the_folder_of_the_file_that_holds_them() {
    let file = "[tls]\nca_file = \"ca.pem\"\ncrl_files = [\"/abs/a.pem\", \"b.pem\"]\n[jwt]\njwks = \"keys.json\"";
    let config = read(file, &[("CARESLOT_SDS__LDIF_FILE", "here.ldif")]).1.unwrap();
    assert_eq!(config.tls.ca.unwrap(), Path::new("conf/ca.pem"));
    assert_eq!(config.tls.crls, [Path::new("/abs/a.pem"), Path::new("conf/b.pem")]);
    assert_eq!(config.jwt.jwks.unwrap(), "conf/keys.json");
    assert_eq!(config.sds.ldif.unwrap(), Path::new("here.ldif"));
}

#[test]
fn files_that_are_absent_or_open_to_everyone_are_found_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    crate::pki::write_file(&folder.path().join("good.key"), "k", true).unwrap();
    crate::pki::write_file(&folder.path().join("open.key"), "k", false).unwrap();
    let file = folder.path().join("my.toml");
    let text = "[ssp]\nkey_file = \"open.key\"\ncert_file = \"none.pem\"\n[token]\nsigning_key_file = \"good.key\"\n";
    std::fs::write(&file, text).unwrap();
    let (_, problems) = from_process(Some(&file), Vec::new());
    let found: Vec<&str> = problems.0.iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("none.pem, which cannot be read"), "{found:?}");
    assert!(found[1].contains("open.key, a secret that every user"), "{found:?}");
    assert!(problems.0[1].cure.starts_with("chmod 600"));
    let (_, problems) = from_process(Some(&folder.path().join("absent.toml")), Vec::new());
    assert!(problems.to_string().contains("absent.toml: cannot be read"));
}

#[test]
fn what_a_role_cannot_do_without_is_named_before_it_starts() {
    let (layers, _) = read("[provider]\nasids = [\"918999198999\"]\n", &[]);
    let missing = |roles: &[Role]| {
        missing_for(&layers, roles)
            .0
            .iter()
            .map(|p| p.what.trim_end_matches(" is not set").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(missing(&[Role::Web]), Vec::<String>::new());
    assert_eq!(missing(&[Role::Ssp]), ["ssp.cert_file", "ssp.key_file", "ssp.sds", "tls.ca_file"]);
    assert_eq!(missing(&[Role::Sds]), ["sds.cert_file", "sds.key_file", "tls.ca_file"]);
    let both = missing(&[Role::Provider, Role::Registry]);
    assert!(!both.contains(&"provider.asids".to_owned()), "it is set");
    assert_eq!(both.iter().filter(|key| *key == "tls.ca_file").count(), 1, "named once");
    for role in [Role::Provider, Role::Registry, Role::Ssp, Role::Sds, Role::Token, Role::Web] {
        for problem in missing_for(&Layers::defaults(), &[role]).0 {
            let key = problem.what.trim_end_matches(" is not set");
            assert!(layers.get(key).is_some(), "{key} is a key of careslot.toml");
        }
    }
}

#[test]
fn what_is_shown_can_be_used_again_and_says_where_values_come_from() {
    let (layers, _) = read("[provider]\nasids = [\"918999198999\"]\n[jwt]\ntenant = \"a\\\"b\\\\c\"", &[]);
    let shown = show(&layers);
    assert!(shown.contains("asids = [\"918999198999\"]  # conf/my.toml:2"), "{shown}");
    let mut problems = Problems::default();
    let mut again = Layers::defaults();
    again.add_file(Path::new("again.toml"), &shown, &mut problems);
    assert_eq!(problems.to_string(), "");
    for (key, setting) in layers.iter() {
        assert_eq!(again.get(key).unwrap().raw, setting.raw, "{key}");
    }
}

#[test]
fn the_meaning_of_a_key_is_its_comment() {
    assert_eq!(meaning("tls.handshake_seconds").unwrap(), "How long a handshake may take.");
    assert!(meaning("provider.bases").unwrap().contains("VER-10"));
    assert!(meaning("ssp.operations").unwrap().contains("/healthz"));
    assert_eq!(meaning("ssp.listen"), None);
    assert_eq!(meaning("ssp.absent"), None);
}
