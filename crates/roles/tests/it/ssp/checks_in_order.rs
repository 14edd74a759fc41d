//! The table of section 1.4, row by row: each check fails alone with its own answer and record, and where several would
//! fail the first of the table speaks.

use roles::ssp::Tokens;

use super::*;
use crate::edge::client_hello;

/// One row: what is wrong with the call, and what its sender and the record are told.
struct Row {
    check: &'static str,
    settings: Settings,
    /// Whose certificate is shown; `None` for none.
    certificate: Option<&'static str>,
    call: fn(&World) -> String,
    /// Good calls that go before.
    before: usize,
    status: u16,
    issue: &'static str,
    code: &'static str,
    /// What the live proxy says.
    live: fn(&World) -> String,
}

fn text(call: &Call) -> String {
    String::from_utf8(call.bytes()).unwrap()
}

fn rows() -> Vec<Row> {
    let row = |check, status, issue, code, call| Row {
        check,
        settings: Settings::default(),
        certificate: Some("consumer.test"),
        call,
        before: 0,
        status,
        issue,
        code,
        live: |_| String::new(),
    };
    let sender: fn(&World) -> String = |_| format!("ASID_CHECK_FAILED_MESSAGESENDER_{FROM}");
    let (asid, mut rows) = ("ASID_CHECK_FAILED", Vec::new());
    rows.push(Row { certificate: None, ..row("SSP-35", 496, "security", "", |w| text(&w.search())) });
    rows.push(row("SSP-37", 400, "structure", "BAD_REQUEST", |w| text(&w.search().header("Host", "b.test"))));
    rows.push(Row {
        live: |_| "405: Method Not Allowed".to_owned(),
        ..row("SSP-38", 405, "not-supported", "INVALID_REQUEST_TYPE", |w| text(&w.search().verb("TRACE")))
    });
    rows.push(row("SSP-39", 400, "invalid", "BAD_REQUEST", |w| text(&w.to(&format!("{}/../Slot", w.root())))));
    let header = "MISSING_OR_INVALID_HEADER";
    rows.push(row("SSP-26", 400, "invalid", header, |w| text(&w.search().without("Ssp-To"))));
    rows.push(row("SSP-26", 400, "invalid", header, |w| text(&w.search().without("Authorization"))));
    rows.push(Row {
        settings: Settings { per_address_per_minute: 1, ..Settings::default() },
        before: 1,
        ..row("SSP-41", 429, "throttled", "", |w| text(&w.search()))
    });
    rows.push(Row {
        live: |_| "ASID_CHECK_FAILED_MESSAGESENDER_999999999999".to_owned(),
        ..row("SSP-42", 403, "forbidden", asid, |w| text(&w.search().with("Ssp-From", "999999999999")))
    });
    rows.push(Row {
        certificate: Some("other.test"),
        live: sender,
        ..row("SSP-43", 403, "forbidden", asid, |w| text(&w.search()))
    });
    rows.push(Row {
        live: sender,
        ..row("SSP-44", 403, "forbidden", asid, |w| text(&w.search().with("Ssp-InteractionID", NOT_SENT)))
    });
    rows.push(Row {
        live: |_| format!("PARTYKEY_INTERACTION_CHECK_FAILED_MESSAGERECEIVER_{TO}"),
        ..row("SSP-45", 403, "forbidden", asid, |w| text(&w.search().with("Ssp-InteractionID", NOT_RECEIVED)))
    });
    rows.push(Row {
        live: |w| {
            let root = w.root();
            format!("ENDPOINT_{root}_CPAID_S301_VARIES_FROM_TARGETURL_{root}2/Slot")
        },
        ..row("SSP-40", 400, "invalid", "BAD_REQUEST", |w| text(&w.to(&format!("{}2/Slot", w.root()))))
    });
    rows.push(Row {
        live: |_| format!("FOT_CHECK_FAILED_MESSAGESENDER_{FROM}_MESSAGERECEIVER_{TO}"),
        ..row("SSP-46", 403, "forbidden", "NO_ORGANISATIONAL_CONSENT", |w| {
            text(&w.search().with("Ssp-InteractionID", GP_SEARCH))
        })
    });
    let enforcing = || Settings { tokens: Tokens::Enforce, ..Settings::default() };
    rows.push(Row {
        settings: enforcing(),
        ..row("SSP-48", 400, "invalid", header, |w| text(&w.search().with("Authorization", "Bearer not.a-token")))
    });
    rows.push(Row { settings: enforcing(), ..row("SSP-48", 403, "forbidden", header, |w| text(&w.search())) });
    rows.push(Row {
        settings: Settings { per_asid_per_minute: 1, ..Settings::default() },
        before: 1,
        ..row("SSP-49", 429, "throttled", "", |w| text(&w.search()))
    });
    rows.push(Row {
        settings: Settings { media_types: vec!["application/fhir+json".to_owned()], ..Settings::default() },
        live: |_| "Unsupported_Media_Type".to_owned(),
        ..row("SSP-50", 415, "not-supported", "UNSUPPORTED_MEDIA_TYPE", |w| {
            text(&w.search().header("Content-Type", "text/odd"))
        })
    });
    rows.push(Row {
        settings: Settings { check_nhs_numbers: true, ..Settings::default() },
        ..row("SSP-51", 400, "value", "INVALID_NHS_NUMBER", |w| {
            let value = "https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9476719932";
            text(&w.to(&format!("{}/Slot?patient.identifier={value}", w.root())))
        })
    });
    rows
}

// covers: SSP-26, SSP-35, SSP-37, SSP-38, SSP-39, SSP-40, SSP-41, SSP-42, SSP-43, SSP-44, SSP-45, SSP-46, SSP-48, SSP-49
// covers: SSP-50, SSP-51, SSP-100, ERR-08
#[tokio::test]
async fn each_check_fails_alone_with_its_own_answer_and_record() {
    for Row { check, settings, certificate, call, before, status, issue, code, live } in rows() {
        let mut world = World::with(settings, None).await;
        for _ in 0..before {
            assert_eq!(world.send(&world.search()).await.status, 200, "{check}");
            world.seen().await;
        }
        let identity = certificate.map(|name| world.nhs.client(name).identity());
        let mut line = world.connect(identity).await;
        line.write_all(call(&world).as_bytes()).await.unwrap();
        let heard = hear(&mut line).await.unwrap();
        let diagnostics = heard.diagnostics();
        let outcome = heard.json();
        assert_eq!((heard.status, heard.code().as_str()), (status, code), "{check}: {heard:?}");
        assert_eq!((&outcome["issue"][0]["code"], &outcome["issue"][0]["severity"]), (&issue.into(), &"error".into()));
        assert!(diagnostics.starts_with(&live(&world)) && diagnostics.ends_with(&format!("[{check}]")), "{heard:?}");
        assert_eq!(outcome.get("meta").is_some(), !code.is_empty(), "{check}: the profile only with a Spine code");
        let record = world.record(before + 1).await;
        let told = (&record["decision"], &record["check"], &record["status"], &record["requirement"]);
        assert_eq!(told, (&"refused".into(), &check.into(), &status.into(), &check.into()), "{record}");
        for phase in ["tls", "checks", "directory", "overhead", "total"] {
            assert!(record["ms"][phase].is_number(), "{check}: how long {phase} took is not recorded: {record}");
        }
        world.nothing_was_sent();
    }
}

// covers: SSP-33, SSP-34, SSP-100
#[tokio::test]
async fn before_a_handshake_plain_http_is_told_and_a_weak_suite_ends_in_an_alert() {
    let mut world = World::new().await;
    let mut socket = TcpStream::connect(world.ssp).await.unwrap();
    socket.write_all(b"anything, even no HTTP\r\n\r\n").await.unwrap();
    let heard = hear(&mut socket).await.unwrap();
    assert_eq!(heard.status, 497);
    assert!(heard.diagnostics().ends_with("[SSP-33]"), "{heard:?}");
    let record = world.record(1).await;
    assert_eq!((&record["check"], &record["status"]), (&"SSP-33".into(), &497.into()));
    for suite in [0x003c, 0x0001] {
        let mut socket = TcpStream::connect(world.ssp).await.unwrap();
        socket.write_all(&client_hello(suite)).await.unwrap();
        let mut alert = [0; 7];
        socket.read_exact(&mut alert).await.unwrap();
        assert_eq!((alert[0], &alert[5..]), (21, &[2, 40][..]), "a fatal alert: handshake_failure");
    }
    world.nothing_was_sent();
}

// covers: SSP-33, SSP-34, SSP-35, SSP-36, SSP-37, SSP-38, SSP-39, SSP-26, SSP-42, SSP-43, SSP-44, SSP-45, SSP-40, SSP-46
// covers: SSP-48, SSP-50, SSP-51
#[tokio::test]
async fn a_call_with_every_fault_is_healed_one_refusal_at_a_time_in_the_order_of_the_table() {
    let settings = Settings {
        tokens: Tokens::Enforce,
        media_types: vec!["application/fhir+json".to_owned()],
        check_nhs_numbers: true,
        ..Settings::default()
    };
    let mut world = World::with(settings, None).await;
    let nhs_number = "patient.identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9476719932";
    let root = world.root();
    let far = world.to(&format!("{root}2/../Slot?{nhs_number}")).verb("TRACE").header("Content-Type", "text/odd");
    let mut call = far.header("Host", "b.test").without("Ssp-To").with("Ssp-From", "999999999999");
    call = call.with("Ssp-InteractionID", NOT_SENT).with("Authorization", "Bearer not.a-token");
    let foreign = Authority::new("Another Root").client("other.test");
    let other = world.nhs.client("other.test");
    let consumer = world.nhs.client("consumer.test");
    let exp = jiff::Timestamp::from_second(1_900_000_000).unwrap().as_second();
    let claims =
        base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, format!("{{\"exp\":{exp}}}"));
    let token = format!("Bearer eyJhbGciOiJub25lIn0.{claims}.");
    let mut plain = TcpStream::connect(world.ssp).await.unwrap();
    plain.write_all(&call.bytes()).await.unwrap();
    assert_eq!(hear(&mut plain).await.unwrap().status, 497);
    type Heal<'a> = Box<dyn Fn(Call) -> Call + 'a>;
    let target = |to: String| move |call: Call| Call { target: format!("/{to}"), ..call };
    let steps: Vec<(&str, Option<&crate::pki::Issued>, Heal<'_>)> = vec![
        ("SSP-35", None, Box::new(|call| call)),
        ("SSP-36", Some(&foreign), Box::new(|call| call)),
        ("SSP-37", Some(&other), Box::new(|call| call)),
        ("SSP-38", Some(&other), Box::new(|call| call.with("Host", "localhost"))),
        ("SSP-39", Some(&other), Box::new(|call| call.verb("GET"))),
        ("SSP-26", Some(&other), Box::new(target(format!("{root}2/Slot?{nhs_number}")))),
        ("SSP-42", Some(&other), Box::new(|call| call.with("Ssp-To", "999999999999"))),
        ("SSP-43", Some(&other), Box::new(|call| call.with("Ssp-From", FROM))),
        ("SSP-44", Some(&consumer), Box::new(|call| call)),
        ("SSP-45", Some(&consumer), Box::new(|call| call.with("Ssp-InteractionID", GP_SEARCH))),
        ("SSP-40", Some(&consumer), Box::new(|call| call.with("Ssp-To", TO))),
        ("SSP-46", Some(&consumer), Box::new(target(format!("{root}/Slot?{nhs_number}")))),
        ("SSP-48", Some(&consumer), Box::new(|call| call.with("Ssp-InteractionID", SEARCH))),
        ("SSP-50", Some(&consumer), Box::new(|call| call.with("Authorization", &token))),
        ("SSP-51", Some(&consumer), Box::new(|call| call.with("Content-Type", "application/fhir+json"))),
    ];
    for (number, (check, issued, heal)) in steps.into_iter().enumerate() {
        call = heal(call);
        let heard = world.send_as(issued.map(crate::pki::Issued::identity), &call).await;
        assert!(heard.diagnostics().ends_with(&format!("[{check}]")), "{check}: {heard:?}");
        assert_eq!(world.record(number + 2).await["check"], check);
    }
    world.nothing_was_sent();
    let healed = Call { target: format!("/{root}/Slot"), ..call };
    assert_eq!(world.send(&healed).await.status, 200);
    world.seen().await;
}

// covers: ERR-D13, ERR-D14, SSP-44, SSP-45
#[tokio::test]
async fn where_that_is_set_what_nobody_registered_is_refused_as_the_live_proxy_was_seen_to() {
    use spine::dialect::{DIALECT_1_0_4, UnknownInteraction, UnknownReceiver};
    let unknown = |world: &World| world.search().with("Ssp-InteractionID", "urn:nhs:names:services:nobody:has:this");
    let stranger = |world: &World| world.search().with("Ssp-To", "999999999999");
    let documented = World::new().await;
    for call in [unknown(&documented), stranger(&documented)] {
        assert_eq!(documented.send(&call).await.status, 403);
    }
    assert_eq!(documented.record(1).await["refusal"], "InteractionUnknown");
    let mut live = DIALECT_1_0_4.clone();
    live.unknown_interaction = UnknownInteraction::UnsupportedMediaType;
    live.unknown_receiver = UnknownReceiver::BadRequest;
    let world = World::with(Settings { dialect: Box::leak(Box::new(live)), ..Settings::default() }, None).await;
    let heard = world.send(&unknown(&world)).await;
    assert_eq!((heard.status, heard.code().as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{heard:?}");
    let heard = world.send(&stranger(&world)).await;
    assert_eq!((heard.status, heard.code().as_str()), (400, "BAD_REQUEST"), "{heard:?}");
    assert_eq!(world.send(&world.search().with("Ssp-InteractionID", NOT_SENT)).await.status, 403, "others have it");
}

// covers: ERR-08
#[tokio::test]
async fn refusals_are_written_in_the_style_that_is_set() {
    use roles::ssp::Style;
    let styled = async |style| World::with(Settings { style, ..Settings::default() }, None).await;
    let live = styled(Style::Live).await;
    let issue = live.send(&live.search().with("Ssp-From", "999999999999")).await.json()["issue"][0].clone();
    let words = "ASID_CHECK_FAILED_MESSAGESENDER_999999999999";
    let coding = &issue["details"]["coding"][0];
    assert_eq!(
        (&issue["diagnostics"], &coding["display"], &coding["code"]),
        (&words.into(), &words.into(), &"403".into())
    );
    assert_eq!(coding["system"], "http://fhir.nhs.net/ValueSet/gpconnect-schedule-response-code-1-0");
    let issue = live.send(&live.search().verb("TRACE")).await.json()["issue"][0].clone();
    let told = (&issue["severity"], &issue["code"], &issue["details"]["coding"][0]["code"]);
    assert_eq!(told, (&"fatal".into(), &"forbidden".into(), &"405".into()));
    let heard = live.send(&live.search().without("Ssp-To")).await;
    assert_eq!(heard.code(), "MISSING_OR_INVALID_HEADER", "the live proxy has no words for this");
    let minimal = styled(Style::Minimal).await;
    let outcome = minimal.send(&minimal.search().without("Ssp-To")).await.json();
    let mut names: Vec<&str> = outcome["issue"][0].as_object().unwrap().keys().map(String::as_str).collect();
    names.sort();
    assert_eq!((names, outcome.get("meta")), (vec!["code", "diagnostics", "severity"], None));
}
