//! The verbs as scripts see them: exit code, stdout, stderr.

use insta::{Settings, assert_snapshot};
use serde_json::Value;

use super::Demo;

/// Ids, ports and times stand as words in snapshots.
pub(super) fn bound() -> impl Drop {
    let mut settings = Settings::clone_current();
    for (pattern, word) in [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
        (r"localhost:\d+", "localhost:[port]"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"),
        (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d", "[local time]"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[utc]"),
        (r"\b\d\d:\d\dZ", "[utc]"),
        (r"\b[12]\d{9}\b", "[seconds]"),
        (r"sched1111-\d{8}-\d{4}", "[slot]"),
    ] {
        settings.add_filter(pattern, word);
    }
    settings.bind_to_scope()
}

fn id(appointment: &Value) -> &str {
    appointment["id"].as_str().unwrap()
}

// covers: FIND-12, SDS-20, SDS-21
#[test]
fn endpoint_shows_both_look_ups() {
    let demo = Demo::shared();
    let seen = demo.careslot("endpoint 918999198999");
    assert_eq!(seen.exit, 0, "{seen:?}");
    for expected in [
        "Look-up 1: the system's record",
        "(&(uniqueIdentifier=918999198999)(objectClass=nhsAs))",
        "Look-up 2: the party key's endpoint",
        "party key  A91545-9198999\n",
        &format!("endpoint   {}\n", demo.text("/provider/endpoint")),
    ] {
        assert!(seen.stdout.contains(expected), "{expected}: {}", seen.stdout);
    }
    let json = demo.json("endpoint ASID:918999198999 --json");
    assert_eq!(json["lookups"].as_array().unwrap().len(), 2);
    let _bound = bound();
    assert_snapshot!(demo.careslot("endpoint 111111111111").whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: SDS does not lead to an endpoint
      SDS knows no system with ASID 111111111111 [FIND-12]
      check the ASID: the Directory of Services gives it for the service
    ");
    assert_snapshot!(demo.careslot("endpoint 1111").whole(), @r#"
    exit 2
    --- stdout
    --- stderr
    error: this is no ASID
      expected 12 digits, got "1111"
      write it so, and try again
    "#);
}

// covers: SLT-02, CON-03, CON-06, CON-07, CON-08, DEM-08
#[test]
fn slots_shows_the_free_slots_of_tomorrow_in_local_time() {
    let demo = Demo::shared();
    let seen = demo.careslot("slots 118111118111 --from tomorrow --to tomorrow");
    let _bound = bound();
    let first: String = seen.stdout.lines().take(5).map(|line| format!("{line}\n")).collect();
    assert_snapshot!(first, @"
    Service Two
    Treatment Centre Two, 2 Example Road, York, YO1 7HH
    Dr Libbie Webber, female, General Medical Practitioner
    LOCAL TIME             TO     UTC     SLOT     CHANNEL
    [local time]  09:15  [utc]  slot051  In-person
    ");
    assert_eq!(seen.stdout.lines().count(), 4 + 20, "{}", seen.stdout);
    assert!(seen.stdout.lines().all(|line| line.chars().count() <= 80), "{}", seen.stdout);

    // Three weeks are several pages; JSON has them as one Bundle.
    let bundle = demo.json("slots 118111118111 --from tomorrow --to 2099-01-01T00:00 --status all --json");
    let entries = bundle["entry"].as_array().unwrap();
    let slots = entries.iter().filter(|entry| entry["resource"]["resourceType"] == "Slot").count();
    assert_eq!(Some(slots as u64), bundle["total"].as_u64());
    let xml = demo.careslot("slots 118111118111 --from tomorrow --to tomorrow --output xml");
    assert!(xml.stdout.contains("<Bundle xmlns=\"http://hl7.org/fhir\">"), "{}", &xml.stdout[..200]);

    assert_snapshot!(demo.careslot("slots 118111118111 --from 2099-01-01 --to 2099-01-02").whole(), @"
    exit 0
    --- stdout
    --- stderr
    there are no such Slots: No Slot of this service matches: all are taken, or none begins in this window. Widen the window or choose another service. [SLT-37]
    ");
    assert_snapshot!(demo.careslot("slots 118111118111 --from tomorrow --to today").whole(), @"
    exit 2
    --- stdout
    --- stderr
    error: the window is empty
      --from is [local time], --to is [local time]
      let --to be later than --from
    ");
    assert_snapshot!(demo.careslot("slots 118111118111 --from 2020-01-01 --to 2020-01-02").whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: the Provider refused with 400 INVALID_PARAMETER
      The whole time window lies in the past. (at start) [SLT-12]
      Search from now on
    ");
    assert_snapshot!(demo.careslot("slots 118111118111 --from soon --to today").whole(), @r#"
    exit 2
    --- stdout
    --- stderr
    error: --from cannot be read
      "soon" is no time
      write 2026-11-25T09:00 (Europe/London), [utc], 2026-11-25, today, tomorrow or now
    "#);
}

// covers: BOOK-04, BOOK-10, CON-11, PROC-06, REG-02, READ-01
#[test]
fn book_shows_the_appointment_with_its_link_and_a_slot_is_booked_once() {
    let demo = Demo::shared();
    let slot = demo.slot();
    let _bound = bound();
    let line = format!("book {slot} --nhs-number 9990000018");
    assert_snapshot!(demo.careslot(&line).whole(), @"
    exit 0
    --- stdout
    Appointment  [uuid]
    version      1
    status       booked
    start        [local time] ([utc])
    end          [local time] ([utc])
    created      [local time] ([utc])
    Slot         Slot/[slot]
    about        111 Referral
    patient      Test Synthetic
    NHS number   999 000 0018
    document     [uuid]
    CDA link     https://localhost:[port]/STU3/1/demo/Appointment/[uuid]
    Registry     registered
    --- stderr
    ");
    assert_snapshot!(demo.careslot(&line).whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: the Provider refused with 422 processing
      Slot no longer available [BOOK-10]
      Search again and choose another Slot
    ");

    let seen = demo.careslot(&format!("book Slot/{} --nhs-number 9990000018 --json", demo.slot()));
    assert_snapshot!(format!("{}\n{}", seen.exit, seen.stderr), @"
    0
    CDA link: https://localhost:[port]/STU3/1/demo/Appointment/[uuid]
    Registry: registered
    ");
    let appointment: Value = serde_json::from_str(&seen.stdout).unwrap();
    let read = demo.careslot(&format!("get {}/Appointment/{}", demo.text("/provider/endpoint"), id(&appointment)));
    assert!(read.exit == 0 && read.stdout.contains(id(&appointment)), "{read:?}");
    let xml = demo.careslot(&format!("get {} --output xml", id(&appointment)));
    assert!(xml.stdout.contains("<Appointment xmlns=\"http://hl7.org/fhir\">"), "{xml:?}");
}

#[test]
fn book_refuses_what_is_no_patient_or_no_slot() {
    let demo = Demo::shared();
    let _bound = bound();
    assert_snapshot!(demo.careslot("book slot001 --nhs-number 9990000019").whole(), @"
    exit 2
    --- stdout
    --- stderr
    error: this is no NHS number
      expected 10 digits with a valid check digit, got 10 digits whose check digit is wrong
      write it so, and try again
    ");
    assert_snapshot!(demo.careslot("book nowhere --nhs-number 9990000018").whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: the Provider refused with 404 NO_RECORD_FOUND
      There is no resource of this type and id: Slot 'nowhere'. [READ-03]
      Check the type and the id
    ");
    assert_snapshot!(demo.careslot("book https://elsewhere.test/Slot/1 --nhs-number 9990000018").whole(), @"
    exit 2
    --- stdout
    --- stderr
    error: https://elsewhere.test/Slot/1 is not at this service
      the service 918999198999 is at https://localhost:[port]/STU3/1/demo
      name the service that holds it with --service ASID
    ");
}

// covers: XTI-01, XTI-04
#[test]
fn a_booking_tried_again_with_its_request_id_is_found_and_not_made_twice() {
    let demo = Demo::shared();
    let line = format!(
        "book {} --nhs-number 9990000018 --json --request-id 0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c2a11 --document 0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c2a12",
        demo.slot()
    );
    let first = demo.json(&line);
    assert_eq!(first["id"], demo.json(&line)["id"]);
}

// covers: CAN-01, VER-02, VER-03, VER-06, REG-11, READ-05, PAT-01
#[test]
fn cancel_ends_an_appointment_here_and_in_the_registry() {
    let demo = Demo::shared();
    let appointment = demo.book("");
    let id = id(&appointment);
    let _bound = bound();
    let stale = demo.careslot(&format!("cancel {id} --if-match 7"));
    assert_snapshot!(stale.whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: the Provider refused with 409 CONFLICTING_VALUES
      The Appointment has changed since that version: it is at version 1. [VER-03]
      Read the current version and try again
    ");
    let seen = demo.careslot(&format!("cancel {id}"));
    assert!(seen.stdout.contains("status       cancelled\n"), "{seen:?}");
    assert!(seen.stdout.contains("Registry     registration cancelled\n"), "{seen:?}");
    assert_snapshot!(demo.careslot(&format!("cancel {id}")).whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: the Provider refused with 422 INVALID_REQUEST_STATE
      The Appointment is already cancelled. (at Appointment.status) [CAN-12]
      Nothing is left to do
    ");
    assert_snapshot!(demo.careslot(&format!("history {id}")).whole(), @"
    exit 0
    --- stdout
    LOCAL TIME             UTC     STATUS     VERSION  WRITTEN
    [local time]  [utc]  cancelled  2        [local time]
    [local time]  [utc]  booked     1        [local time]
    --- stderr
    ");
    assert_eq!(demo.json(&format!("get {id} --version 1 --json"))["status"], "booked");
    for place in ["", "--registry"] {
        let bundle = demo.json(&format!("appointments --nhs-number 9990000018 --json {place}"));
        let entries = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
        let mut found = entries.filter(|resource| resource["identifier"][0]["value"].as_str().unwrap().ends_with(id));
        assert_eq!(found.next().unwrap()["status"], "cancelled", "{place}");
    }
    let table = demo.careslot("appointments --nhs-number 9990000018 --registry");
    assert!(table.stdout.contains(&format!("  {}/Appointment/{id}\n", demo.text("/provider/endpoint"))), "{table:?}");
}

// covers: REG-01, REG-05
#[test]
fn register_tells_the_registry_of_an_appointment_anywhere() {
    let demo = Demo::shared();
    let _bound = bound();
    let line =
        "register https://elsewhere.test/STU3/1/x/Appointment/77 --nhs-number 9990000026 --start 2099-06-01T09:00";
    assert_snapshot!(demo.careslot(line).whole(), @"
    exit 0
    --- stdout
    --- stderr
    registered
    ");
    assert_snapshot!(demo.careslot("appointments --nhs-number 9990000026 --registry").whole(), @"
    exit 0
    --- stdout
    LOCAL TIME             UTC     STATUS  ID
    [local time]  [utc]  booked  [uuid]
      https://elsewhere.test/STU3/1/x/Appointment/77
    --- stderr
    ");
    assert_snapshot!(demo.careslot("register --pending").whole(), @"
    exit 0
    --- stdout
    --- stderr
    0 messages sent to the Registry, 0 still waiting
    ");
    let line = "register http://elsewhere.test/77 --nhs-number 9990000026 --start 2099-06-01T09:00";
    assert_snapshot!(demo.careslot(line).whole(), @r#"
    exit 2
    --- stdout
    --- stderr
    error: this is no address of an Appointment
      "http://elsewhere.test/77" came
      write https://…/Appointment/ID, as the Provider's Location has it (REG-05)
    "#);
}

// covers: REG-02
#[test]
fn a_registry_that_cannot_be_told_does_not_undo_the_booking_and_is_told_later() {
    // In 2.0.4 the Provider is reached with a token of the Consumer's own making, and the Registry with one of the endpoint.
    let demo = Demo::start(&["--dialect", "2.0.4"], &[]);
    demo.environment_file("broken.json", "/token/endpoint", "https://localhost:9/oauth2/token");
    let seen = demo.careslot(&format!("book {} --nhs-number 9990000018 --env .careslot/broken.json", demo.slot()));
    assert_eq!(seen.exit, 0, "{seen:?}");
    assert!(seen.stdout.contains("Registry     not told yet, kept for later\n"), "{seen:?}");
    assert!(seen.stderr.contains("careslot register --pending"), "{seen:?}");
    let _bound = bound();
    assert_snapshot!(demo.careslot("register --pending").whole(), @"
    exit 0
    --- stdout
    --- stderr
    1 message sent to the Registry, 0 still waiting
    ");
    let table = demo.careslot("appointments --nhs-number 9990000018 --registry");
    assert_eq!(table.stdout.lines().count(), 1 + 2 * 2, "the demo's own booking and this one: {table:?}");
}

// covers: TOK-05, UTL-01, UTL-06
#[test]
fn token_prints_the_bare_token_and_jwt_decode_explains_it() {
    let demo = Demo::shared();
    let answer = demo.json("token --json");
    assert_eq!((&answer["token_type"], answer["expires_in"].is_i64()), (&Value::from("Bearer"), true));
    let token = demo.careslot("token");
    assert_eq!(token.stdout.trim().split('.').count(), 3, "{token:?}");
    let decoded = demo.careslot_with(&["jwt", "decode"], &format!("Bearer {}", token.stdout));
    assert_eq!(decoded.exit, 0, "{decoded:?}");
    for expected in ["Claims: access token", "the service root that it is for", &demo.text("/consumer/client_id")] {
        assert!(decoded.stdout.contains(expected), "{expected}: {}", decoded.stdout);
    }
    let json = demo.json(&format!("jwt decode {} --json", token.stdout.trim()));
    assert_eq!(json["claims"]["aud"], demo.text("/provider/endpoint"));
    let unsigned = demo.careslot_with(&["jwt", "decode", "-"], "eyJhbGciOiJub25lIn0=.eyJhdWQiOiJ4In0=");
    assert_snapshot!(unsigned.whole(), @"
    exit 0
    --- stdout
    Header
      alg  none
           (how it is signed: RS256 from the token endpoint, none where the Consumer makes it itself)

    Claims: access token of the token endpoint (generation 1)
      aud  x
           (the service root that it is for, letter by letter as SDS has it)
    --- stderr
    this token is unsigned: anybody can have written it, and nothing in it is proof (UTL-06)
    ");
    assert_snapshot!(demo.careslot("jwt decode abc").whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: this is no token
      a token has three segments joined by dots (the third empty when unsigned), this one has 1 [JWT-32]
      copy the whole of it: three parts joined by dots
    ");
    let _bound = bound();
    assert_snapshot!(demo.careslot("token --scope https://elsewhere.test/.default").whole(), @"
    exit 1
    --- stdout
    --- stderr
    error: the token endpoint refused with 400 invalid_scope
      The scope is not that of a known endpoint: no token is issued for the endpoint in this scope; send nhsMHSEndPoint exactly as the directory has it, followed by /.default (TOK-04).
      Use the endpoint from SDS followed by /.default, one scope a request
    ");
}

#[test]
fn doctor_finds_nothing_wrong_with_a_demo_that_runs() {
    let demo = Demo::shared();
    let seen = demo.careslot("doctor");
    assert_eq!(seen.exit, 0, "{seen:?}");
    assert!(!seen.stdout.contains('✘') && seen.stdout.contains("✔ metadata through the SSP: answered"), "{seen:?}");
    let findings = demo.json("doctor --json");
    assert!(findings.as_array().unwrap().iter().all(|finding| finding["ok"] == true), "{findings}");

    demo.environment_file("without-ssp.json", "/ssp", "https://localhost:9");
    let seen = demo.careslot("doctor --env .careslot/without-ssp.json");
    assert_eq!(seen.exit, 1, "{seen:?}");
    assert!(seen.stdout.contains("✘ SSP at https://localhost:9: "), "{seen:?}");
    assert!(seen.stdout.contains("✘ metadata through the SSP: the SSP cannot be reached"), "{seen:?}");
}

#[test]
fn without_a_network_a_verb_says_where_it_looked_and_a_dead_one_ends_with_3() {
    let demo = Demo::shared();
    let folder = tempfile::tempdir().unwrap();
    let seen = super::run(
        super::CARESLOT,
        &["slots", "918999198999", "--from", "today", "--to", "today"],
        folder.path(),
        &[],
        "",
    );
    assert_eq!(seen.exit, 2, "{seen:?}");
    assert!(seen.stderr.contains("careslot demo") && seen.stderr.contains("--env FILE"), "{seen:?}");
    demo.environment_file("without-sds.json", "/sds/ldaps", "ldaps://localhost:9");
    let seen = demo.careslot("endpoint 918999198999 --env .careslot/without-sds.json");
    assert_eq!(seen.exit, 3, "{seen:?}");
    assert!(
        seen.stderr.starts_with("error: SDS cannot be reached\n") && seen.stderr.contains("careslot doctor"),
        "{seen:?}"
    );
}

#[test]
fn any_network_is_reached_by_a_configuration_and_nothing_of_a_patient_is_made_up_there() {
    let demo = Demo::shared();
    let file = |pointer: &str| demo.file(pointer).display().to_string();
    let consumer = format!(
        "[tls]\nca_file = {:?}\ncrl = \"off\"\n[consumer]\nasid = {:?}\nods_code = \"A1001\"\ncert_file = {:?}\nkey_file = {:?}\n\
         client_id = {:?}\nclient_secret_file = {:?}\nssp = {:?}\nsds = {:?}\ntoken_endpoint = {:?}\nregistry = {:?}\n",
        file("/ca"),
        demo.text("/consumer/asid"),
        file("/consumer/cert"),
        file("/consumer/key"),
        demo.text("/consumer/client_id"),
        file("/consumer/client_secret_file"),
        demo.text("/ssp"),
        demo.text("/sds/ldaps"),
        demo.text("/token/endpoint"),
        demo.text("/registry/endpoint"),
    );
    std::fs::write(demo.folder.join("network.toml"), consumer).unwrap();
    let slot = demo.slot();
    let line = format!("book {slot} --nhs-number 9990000018 --service 918999198999 --config network.toml");
    let seen = demo.careslot(&line);
    assert_eq!(seen.exit, 2, "{seen:?}");
    assert!(seen.stderr.contains("--family, --given, --birth-date"), "{seen:?}");
    let words = "--family Example --given Alex --birth-date 1980-02-29 --gender other --phone 01632960123 --address Lane --city Leeds";
    let seen = demo.careslot(&format!("{line} {words} --postcode LS14HR"));
    assert_eq!(seen.exit, 0, "{seen:?}");
    assert!(seen.stdout.contains("Registry     registered\n"), "{seen:?}");
    assert!(
        demo.folder.join("state/careslot/verbs.db").is_file(),
        "what waits for the Registry is kept with the user's state"
    );
    let seen = demo.careslot("get 1 --config network.toml");
    assert!(seen.exit == 2 && seen.stderr.contains("--service ASID"), "{seen:?}");
}
