//! Each admission check fails alone, with its status, code, live text and record, and nothing reaches the Provider.

use roles::ssp::Tokens;

use super::*;
use crate::pki::Leaf;

// covers: SSP-33, SSP-35, SSP-36, SSP-87, SSP-100, TLS-18
#[tokio::test]
async fn v15_plain_http_no_certificate_and_bad_ones_are_answered_and_recorded() {
    let mut world = World::new().await;
    let mut plain = TcpStream::connect(world.ssp).await.unwrap();
    plain.write_all(&world.search().bytes()).await.unwrap();
    let heard = hear(&mut plain).await.unwrap();
    assert!(heard.head.starts_with("HTTP/1.1 497 HTTP Request Sent to HTTPS Port\r\n"), "{heard:?}");
    assert!(heard.diagnostics().ends_with("[SSP-33]"), "{heard:?}");
    let foreign = Authority::new("Another Root").client("consumer.test");
    let revoked = world.nhs.issue(&Leaf { common_name: Some("consumer.test"), serial: 66, ..Leaf::default() });
    let expired =
        world.nhs.issue(&Leaf { common_name: Some("consumer.test"), last_day: (2026, 11, 22), ..Leaf::default() });
    let cases = [(None, 496, "SSP-35"), (Some(foreign), 495, "SSP-36"), (Some(revoked), 495, "SSP-36")];
    for (number, (issued, status, requirement)) in cases.into_iter().chain([(Some(expired), 495, "SSP-36")]).enumerate()
    {
        let heard = world.send_as(issued.map(|issued| issued.identity()), &world.search()).await;
        assert_eq!((heard.status, heard.header("connection")), (status, Some("close")), "{heard:?}");
        assert!(heard.diagnostics().ends_with(&format!("[{requirement}]")), "{heard:?}");
        assert!(heard.json().get("meta").is_none(), "no Spine code fits, so no profile is claimed");
        let record = world.record(number + 2).await;
        assert_eq!((&record["check"], &record["status"]), (&requirement.into(), &status.into()));
    }
    world.nothing_was_sent();
}

// covers: SSP-38
#[tokio::test]
async fn v10_other_verbs_get_405_and_allow() {
    let mut world = World::new().await;
    for (number, verb) in ["TRACE", "DELETE", "PATCH", "OPTIONS"].into_iter().enumerate() {
        let heard = world.send(&world.search().verb(verb)).await;
        assert_eq!((heard.status, heard.header("allow")), (405, Some("GET, POST, PUT")), "{heard:?}");
        assert!(heard.diagnostics().starts_with("405: Method Not Allowed"), "{heard:?}");
        assert_eq!(heard.code(), "INVALID_REQUEST_TYPE");
        assert_eq!(world.record(number + 1).await["check"], "SSP-38");
    }
    let mut line = world.connect(world.consumer()).await;
    line.write_all(&world.search().verb("HEAD").bytes()).await.unwrap();
    let (_, head) = read_head(&mut line).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 405 ") && head.contains("GET, POST, PUT"), "{head}");
    let mut line = world.connect(world.consumer()).await;
    line.write_all(b"CONNECT p.test:443 HTTP/1.1\r\nHost: p.test:443\r\n\r\n").await.unwrap();
    assert_eq!(hear(&mut line).await.unwrap().status, 405);
    world.nothing_was_sent();
}

// covers: SSP-10, SSP-11, SSP-14, SSP-39
#[tokio::test]
async fn v03_targets_that_are_malformed_are_refused() {
    let mut world = World::new().await;
    let raw = |target: &str| Call { target: target.to_owned(), ..world.search() };
    for target in ["//https://p.test/a", "/https:/p.test/a", "/http://p.test/a", "/", "/Slot", "https://p.test/a"] {
        let heard = world.send(&raw(target)).await;
        assert_eq!((heard.status, heard.code().as_str()), (400, "BAD_REQUEST"), "{target} {heard:?}");
    }
    let long = format!("{}/{}", world.root(), "a".repeat(17_000));
    assert_eq!(world.send(&world.to(&long)).await.status, 414);
    world.nothing_was_sent();
}

// covers: SSP-20, SSP-21, SSP-22, SSP-23, SSP-24, SSP-26
#[tokio::test]
async fn v06_a_missing_or_invalid_header_is_named() {
    let mut world = World::new().await;
    let good = || world.search();
    let cases = [
        (good().with("Ssp-From", "20000000035"), "Ssp-From"),
        (good().with("Ssp-From", "20000000035x"), "Ssp-From"),
        (good().header("Ssp-From", FROM), "Ssp-From"),
        (good().with("Ssp-From", &format!("{FROM},{FROM}")), "Ssp-From"),
        (good().without("Ssp-From"), "Ssp-From"),
        (good().with("Ssp-To", ""), "Ssp-To"),
        (good().with("Ssp-TraceID", "{1c3c5e3e-0c0e-4c39-9a1f-5d3b6f1f2a77}"), "Ssp-TraceID"),
        (good().with("Ssp-InteractionID", "slots"), "Ssp-InteractionID"),
        (good().without("Authorization"), "Authorization"),
        (good().with("Authorization", "Basic YTpi"), "Authorization"),
        (good().with("Authorization", "Bearer"), "Authorization"),
    ];
    for (call, named) in cases {
        let heard = world.send(&call).await;
        assert_eq!((heard.status, heard.code().as_str()), (400, "MISSING_OR_INVALID_HEADER"), "{heard:?}");
        assert!(heard.diagnostics().contains(named), "{heard:?}");
    }
    world.nothing_was_sent();
}

// covers: SSP-42, SSP-43, SSP-44, SSP-45, SSP-47, SSP-52, SSP-100
#[tokio::test]
async fn v07_v08_who_may_call_whom_is_the_directorys_word() {
    let mut world = World::new().await;
    let good = || world.search();
    let other = world.nhs.client("other.test").identity();
    let cases = [
        (good().with("Ssp-From", "999999999999"), None, "ASID_CHECK_FAILED_MESSAGESENDER_999999999999", "SSP-42"),
        (good(), Some(other), "ASID_CHECK_FAILED_MESSAGESENDER_200000000359", "SSP-43"),
        (good().with("Ssp-InteractionID", NOT_SENT), None, "ASID_CHECK_FAILED_MESSAGESENDER_200000000359", "SSP-44"),
        (
            good().with("Ssp-To", "999999999999"),
            None,
            "PARTYKEY_INTERACTION_CHECK_FAILED_MESSAGERECEIVER_999999999999",
            "SSP-45",
        ),
        (
            good().with("Ssp-InteractionID", NOT_RECEIVED),
            None,
            "PARTYKEY_INTERACTION_CHECK_FAILED_MESSAGERECEIVER_918999198999",
            "SSP-45",
        ),
        (
            good().with("Ssp-InteractionID", GP_SEARCH),
            None,
            "FOT_CHECK_FAILED_MESSAGESENDER_200000000359_MESSAGERECEIVER_918999198999",
            "SSP-46",
        ),
    ];
    for (number, (call, identity, live, check)) in cases.into_iter().enumerate() {
        let heard = world.send_as(identity.or(world.consumer()), &call).await;
        assert_eq!(heard.status, 403, "{heard:?}");
        assert!(heard.diagnostics().starts_with(live), "{heard:?}");
        let code = if check == "SSP-46" { "NO_ORGANISATIONAL_CONSENT" } else { "ASID_CHECK_FAILED" };
        assert_eq!((heard.code().as_str(), &heard.json()["id"]), (code, &TRACE.into()));
        let record = world.record(number + 1).await;
        assert_eq!(
            (&record["check"], &record["fault"], &record["decision"]),
            (&check.into(), &"consumer".into(), &"refused".into())
        );
        assert_eq!(record["token"]["assurance"], "unsigned", "refused calls are recorded with their token's claims");
    }
    world.nothing_was_sent();
    let settings = Settings { sharing_agreements: [("A1001".to_owned(), TO.to_owned())].into(), ..Settings::default() };
    let agreed = World::with(settings, None).await;
    let call = agreed.search().with("Ssp-InteractionID", GP_SEARCH);
    assert_eq!(agreed.send(&call).await.status, 200);
}

// covers: SSP-04, SSP-12, SSP-40
#[tokio::test]
async fn v04_v05_a_target_outside_the_registered_endpoint_is_refused() {
    let mut world = World::new().await;
    let port = world.provider;
    let varies = [
        format!("https://localhost:{port}/STU3/1/demo2/Slot"),
        format!("https://localhost:{port}/STU3/1/dem"),
        format!("https://localhost:{port}/stu3/1/demo/Slot"),
        format!("https://LOCALHOST:{port}/STU3/1/demo/Slot"),
        format!("https://localhost:0{port}/STU3/1/demo/Slot"),
        "https://localhost:1/STU3/1/demo/Slot".to_owned(),
        "https://localhost/STU3/1/demo/Slot".to_owned(),
        format!("https://localhost.evil:{port}/STU3/1/demo/Slot"),
        format!("https://127.0.0.1:{port}/STU3/1/demo/Slot"),
    ];
    for target in varies {
        let heard = world.send(&world.to(&format!("{target}?patient=9476719931"))).await;
        assert_eq!((heard.status, heard.code().as_str()), (400, "BAD_REQUEST"), "{heard:?}");
        let live = format!("ENDPOINT_{}_CPAID_S301_VARIES_FROM_TARGETURL_{target}", world.root());
        assert!(heard.diagnostics().starts_with(&live), "{heard:?}");
        assert!(!heard.diagnostics().contains("9476719931"), "{heard:?}");
    }
    let dotted = format!("{}/../x", world.root());
    assert_eq!(world.send(&world.to(&dotted)).await.status, 400);
    world.nothing_was_sent();
}

// covers: SSP-48, SSP-53
#[tokio::test]
async fn a_token_is_only_recorded_unless_enforcement_is_on() {
    let world = World::new().await;
    let call = world.search().with("Authorization", "Bearer not.a-token");
    assert_eq!(world.send(&call).await.status, 200);
    assert_eq!(world.record(1).await["token"]["assurance"], "invalid");
    let enforcing = World::with(Settings { tokens: Tokens::Enforce, ..Settings::default() }, None).await;
    let call = enforcing.search().with("Authorization", "Bearer not.a-token");
    let heard = enforcing.send(&call).await;
    assert_eq!((heard.status, heard.code().as_str()), (400, "MISSING_OR_INVALID_HEADER"), "{heard:?}");
    assert_eq!(enforcing.send(&enforcing.search()).await.status, 403, "it has no exp");
    let off = World::with(Settings { tokens: Tokens::Off, ..Settings::default() }, None).await;
    assert_eq!(off.send(&off.search()).await.status, 200);
    assert_eq!(off.record(1).await["token"], Value::Null);
}

// covers: SSP-41, SSP-49, SSP-90, SSP-92, SSP-93
#[tokio::test]
async fn v14_a_quota_that_is_used_up_gets_429_with_its_headers() {
    let by_asid = Settings { per_asid_per_minute: 1, ..Settings::default() };
    let by_address = Settings { per_address_per_minute: 1, ..Settings::default() };
    for settings in [by_asid, by_address] {
        let world = World::with(settings, None).await;
        let first = world.send(&world.search()).await;
        assert_eq!(first.status, 200, "{first:?}");
        let second = world.send(&world.search()).await;
        assert_eq!((second.status, second.header("x-rate-limit-limit")), (429, Some("1")), "{second:?}");
        assert_eq!(second.header("x-rate-limit-remaining"), Some("0"));
        let seconds: u64 = second.header("x-rate-limit-reset").unwrap().parse().unwrap();
        assert!((1..=61).contains(&seconds) && second.header("retry-after").is_some(), "{second:?}");
        assert!(second.json().get("meta").is_none());
    }
}

// covers: SSP-50, SSP-51, SSP-66
#[tokio::test]
async fn media_types_and_nhs_numbers_are_looked_at_only_where_that_is_set() {
    let with_nhs_number = |world: &World| {
        let value = "https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9476719932";
        world.to(&format!("{}/Slot?patient.identifier={value}", world.root()))
    };
    let odd_type = |world: &World| world.search().header("Content-Type", "text/odd").body(b"x");
    let open = World::new().await;
    assert_eq!(open.send(&with_nhs_number(&open)).await.status, 200);
    assert_eq!(open.send(&odd_type(&open)).await.status, 200);
    let settings = Settings {
        check_nhs_numbers: true,
        media_types: vec!["application/fhir+json".to_owned()],
        ..Settings::default()
    };
    let strict = World::with(settings, None).await;
    let heard = strict.send(&with_nhs_number(&strict)).await;
    assert_eq!((heard.status, heard.code().as_str()), (400, "INVALID_NHS_NUMBER"), "{heard:?}");
    assert!(!heard.diagnostics().contains("9476719932"));
    let heard = strict.send(&odd_type(&strict)).await;
    assert_eq!(heard.status, 415, "{heard:?}");
    assert!(heard.diagnostics().starts_with("Unsupported_Media_Type"));
    assert_eq!(strict.send(&strict.search()).await.status, 200);
}

// covers: SDS-45, SDS-53
#[tokio::test]
async fn v25_an_answer_of_the_directory_is_kept_and_without_one_the_call_is_503() {
    let world = World::new().await;
    assert_eq!(world.send(&world.search()).await.status, 200);
    assert_eq!(world.record(1).await["directory"], "asked");
    let searches = world.directory.searches();
    assert_eq!(world.send(&world.search()).await.status, 200);
    assert_eq!(world.record(2).await["directory"], "kept");
    assert_eq!(world.directory.searches(), searches);
    world.directory.stop();
    assert_eq!(world.send(&world.search()).await.status, 200);
    let heard = world.send(&world.search().with("Ssp-To", "918999198111")).await;
    assert_eq!((heard.status, heard.header("retry-after")), (503, Some("5")), "{heard:?}");
    let record = world.record(4).await;
    assert_eq!((&record["fault"], &record["check"]), (&"directory".into(), &"SDS-45".into()));
}

// covers: SDS-44, SSP-40, SSP-10
#[tokio::test]
async fn an_endpoint_that_is_no_https_url_can_never_be_called() {
    let world = World::new().await;
    world.directory.change(|entries| {
        for (name, values) in entries.iter_mut().flatten() {
            if *name == "nhsMHSEndPoint" {
                *values = vec!["http://cis.test.fifteen/listener-mhs".to_owned()];
            }
        }
    });
    let heard = world.send(&world.search()).await;
    assert_eq!(heard.status, 400);
    assert!(heard.diagnostics().starts_with("ENDPOINT_http://cis.test.fifteen/listener-mhs_CPAID_"), "{heard:?}");
}

// covers: ERR-08, ERR-65
#[tokio::test]
async fn a_refusal_is_worded_in_the_format_that_was_asked_for() {
    let world = World::new().await;
    let wrong = || world.search().with("Ssp-From", "999999999999");
    let by_accept = wrong().header("Accept", "application/fhir+xml");
    let by_format = world.to(&format!("{}/Slot?_format=xml", world.root())).with("Ssp-From", "999999999999");
    for call in [by_accept, by_format] {
        let heard = world.send(&call).await;
        assert_eq!(heard.header("content-type"), Some("application/fhir+xml;charset=utf-8"));
        let body = String::from_utf8(heard.body).unwrap();
        assert!(body.contains("<OperationOutcome") && body.contains(TRACE), "{body}");
    }
    let heard = world.send(&wrong()).await;
    assert_eq!(heard.header("content-type"), Some("application/fhir+json;charset=utf-8"));
}
