//! The trail of the verbs: everything that they sent, and nothing of the patient, whoever else is recorded at the other end.

use serde_json::Value;

use super::Demo;

fn records(demo: &Demo, narrow: &str) -> Vec<Value> {
    demo.json(&format!("audit list --role consumer --json {narrow}")).as_array().unwrap().clone()
}

// covers: SSP-135, AUD-06, AUD-08, AUD-09, CON-15
#[test]
fn what_the_verbs_did_is_in_a_trail_of_their_own() {
    let demo = Demo::start(&[], &[]);
    let none = demo.careslot("audit list --role consumer");
    assert!(none.exit == 2 && none.stderr.contains("no verb has made a call there yet"), "{none:?}");

    let document = "0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c4a0f";
    demo.json(&format!("slots 918999198999 --from tomorrow --to tomorrow --document {document} --json"));
    demo.json(&format!("book slot001 --nhs-number 9990000018 --document {document} --json"));
    assert_eq!(demo.careslot("book slot001 --nhs-number 9990000018").exit, 1);

    let all = records(&demo, "");
    let of = |event: &str| {
        let found: Vec<&Value> = all.iter().filter(|record| record["record"]["event"] == event).collect();
        found
    };
    assert!(of("call").len() > 8, "{all:?}");
    for event in ["slots-shown", "booking-tried", "booking-made"] {
        assert_eq!(of(event)[0]["record"]["encounter"], document, "{event}");
    }
    let gone = &of("slot-gone")[0]["record"];
    assert_eq!((&gone["status"], &gone["refused"]["requirement"]), (&422.into(), &"BOOK-10".into()), "{gone}");
    // One call is the same call in the Provider's trail.
    let made = of("call").into_iter().find(|record| record["record"]["status"] == 201).expect("the booking's call");
    let trace = made["trace_id"].as_str().unwrap();
    assert_eq!(records(&demo, &format!("--trace {trace}")).len(), 1);
    assert_eq!(
        demo.json(&format!("audit list --trace {trace} --json")).as_array().unwrap().len(),
        2,
        "SSP and Provider"
    );
    assert!(!records(&demo, "--service 918999198999 --caller A1001 --refused").is_empty());

    let table = demo.careslot("audit list --role consumer");
    assert!(table.stdout.contains("422 BOOK-10"), "{table:?}");
    assert!(table.stdout.lines().all(|line| line.chars().count() <= 80), "{table:?}");
    let exported = demo.careslot("audit export --role consumer").stdout;
    let secret = std::fs::read_to_string(demo.file("/consumer/client_secret_file")).unwrap();
    for personal in ["9990000018", "Synthetic", "eyJ", secret.trim()] {
        assert!(!exported.contains(personal), "{personal}: {exported}");
    }
    let checked = demo.careslot("audit verify --role consumer");
    assert!(checked.exit == 0 && checked.stdout.contains("every record is as it was written"), "{checked:?}");
}
