//! What every Consumer verb can do beside its work: show the wire, write the command instead, ask a person; and rebooking.

use super::{CARESLOT, Demo, run};

// covers: CON-15, SSP-133, AUD-09
#[test]
fn trace_shows_every_message_of_the_wire_and_no_secret() {
    let demo = Demo::shared();
    let secret = std::fs::read_to_string(demo.file("/consumer/client_secret_file")).unwrap();
    let seen = demo.careslot("slots 918999198999 --from tomorrow --to tomorrow --trace --json");
    assert_eq!(seen.exit, 0, "{seen:?}");
    let headings: Vec<&str> = seen
        .stderr
        .lines()
        .filter(|line| line.starts_with("> SEARCH") || line.starts_with("> POST") || line.starts_with("> GET"))
        .collect();
    assert_eq!(headings.len(), 4, "two look-ups, a token, a search: {headings:?}");
    for told in [
        "< SDS answered",
        "< the token endpoint answered 200",
        "< the Provider answered 200",
        "ssp-traceid: ",
        "authorization: Bearer •••",
    ] {
        assert!(seen.stderr.contains(told), "{told} in {}", seen.stderr);
    }
    assert!(!seen.stderr.contains(secret.trim()) && !seen.stderr.contains("eyJ"), "{}", seen.stderr);
    // What programs read stays what it is.
    assert!(serde_json::from_str::<serde_json::Value>(&seen.stdout).is_ok());
}

// covers: CON-03, CON-05, VIA-01
#[test]
fn curl_writes_a_command_that_does_what_the_verb_would_have_done() {
    let demo = Demo::shared();
    let slot = demo.slot();
    let shell = |command: &str| run("sh", &["-c", command], &demo.folder, &[], "");
    let shown = |line: &str| {
        let seen = demo.careslot(&format!("{line} --curl"));
        assert_eq!((seen.exit, seen.stderr.as_str()), (0, ""), "{line}");
        assert!(!seen.stdout.contains("eyJ"), "no token stands in {}", seen.stdout);
        seen.stdout
    };
    let found = shell(&shown("endpoint 918999198999"));
    assert_eq!(found.exit, 0, "{found:?}");
    assert!(found.stdout.contains(&format!("nhsMHSEndPoint: {}", demo.text("/provider/endpoint"))), "{found:?}");
    let token = shell(&shown("token"));
    assert!(token.stdout.contains("\"access_token\""), "{token:?}");

    let searched = shell(&shown("slots 918999198999 --from tomorrow --to tomorrow"));
    assert!(searched.stdout.starts_with("{\"resourceType\":\"Bundle\""), "{searched:?}");

    let command = shown(&format!("book {slot} --nhs-number 9990000018"));
    assert!(demo.careslot(&format!("book {slot} --nhs-number 9990000018 --curl")).exit == 0, "nothing was booked yet");
    let booked = shell(&command);
    let appointment: serde_json::Value = serde_json::from_str(&booked.stdout).unwrap_or_else(|_| panic!("{booked:?}"));
    assert_eq!(appointment["status"], "booked");
    let id = appointment["id"].as_str().unwrap();

    let read = shell(&shown(&format!("get {id}")));
    assert!(read.stdout.contains(id), "{read:?}");
    let versions = shell(&shown(&format!("history {id}")));
    assert!(versions.stdout.contains("\"type\":\"history\""), "{versions:?}");
    let of_patient = shell(&shown("appointments --nhs-number 9990000018"));
    assert!(of_patient.stdout.contains(id), "{of_patient:?}");
    let pointer = format!("{}/Appointment/{id}", demo.text("/provider/endpoint"));
    let start = appointment["start"].as_str().unwrap();
    let registered = shell(&shown(&format!("register {pointer} --nhs-number 9990000018 --start {start}")));
    assert!(registered.stdout.contains(&pointer), "{registered:?}");
    let cancelled = shell(&shown(&format!("cancel {id}")));
    assert!(cancelled.stdout.contains("\"status\":\"cancelled\""), "{cancelled:?}");

    let pending = demo.careslot("register --pending --curl");
    assert_eq!(pending.exit, 2, "{pending:?}");
}

// covers: PROC-09
#[test]
fn rebook_books_the_new_slot_and_cancels_the_old_appointment_at_both_parties() {
    let demo = Demo::shared();
    let (first, second) = (demo.slot(), demo.slot());
    let old = demo.json(&format!("book {first} --nhs-number 9990000050 --json"));
    let old = old["id"].as_str().unwrap();
    let seen = demo.careslot(&format!("rebook {old} {second}"));
    assert_eq!(seen.exit, 0, "{seen:?}");
    assert!(seen.stdout.contains(&format!("instead of   {old}, cancelled")), "{}", seen.stdout);
    assert!(seen.stdout.contains("registered; the old one: registration cancelled"), "{}", seen.stdout);
    assert_eq!(demo.json(&format!("get {old} --json"))["status"], "cancelled");
    let held = |registry: &str| {
        let bundle = demo.json(&format!("appointments --nhs-number 9990000050 --json {registry}"));
        let all = bundle["entry"].as_array().unwrap().clone();
        all.iter().map(|entry| entry["resource"]["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for registry in ["", "--registry"] {
        let mut statuses = held(registry);
        statuses.sort();
        assert_eq!(statuses, ["booked", "cancelled"], "{registry}");
    }

    // A Slot that is taken leaves the Appointment as it is.
    let standing = demo.json(&format!("book {} --nhs-number 9990000069 --json", demo.slot()));
    let standing = standing["id"].as_str().unwrap();
    let refused = demo.careslot(&format!("rebook {standing} {second}"));
    assert_eq!(refused.exit, 1, "{refused:?}");
    assert!(refused.stderr.contains("the Provider refused with 422"), "{}", refused.stderr);
    assert_eq!(demo.json(&format!("get {standing} --json"))["status"], "booked");

    let again = demo.careslot(&format!("rebook {old} {}", demo.slot()));
    assert_eq!(again.exit, 2, "{again:?}");
    assert!(again.stderr.contains("the Appointment is cancelled"), "{}", again.stderr);
}

// covers: CON-06, CON-08
#[test]
fn a_person_at_a_terminal_chooses_the_slot_and_a_script_is_never_asked() {
    let demo = Demo::start(&[], &[]);
    let script = demo.careslot("book --interactive");
    assert_eq!((script.exit, script.stdout.as_str()), (2, ""), "{script:?}");
    assert!(script.stderr.contains("nobody is there to choose"), "{}", script.stderr);

    let command = format!("{CARESLOT} book --interactive --service 918999198999");
    let typed = "99\nx\n2\n123\n9990000077\n";
    let state = demo.folder.join("state");
    let seen = run("script", &["-qec", &command, "/dev/null"], &demo.folder, &[("XDG_STATE_HOME", &state)], typed);
    let screen = &seen.stdout;
    for told in [
        "NO  LOCAL TIME",
        "There is no such number: 1 to 20 was expected.",
        "That is no NHS number",
        "status       booked",
    ] {
        assert!(screen.contains(told), "{told} in {screen}");
    }
}
