//! The pages for people, through a real socket.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use roles::edge::client::Authority;
use roles::edge::clock::Clock;
use roles::edge::operations::{self, Operations};
use roles::web::{self, Command, Link, Part, Settings, SlotCounts};
use store::{AuditRecord, Diary, DiaryContent, NewSlot, ScheduleOffer, SlotStatus, Store};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::fixed::{CountedIds, FixedClock};
use crate::plain_http::{get, send};

/// A page address with its parts, and what ends it.
struct Shown {
    address: SocketAddr,
    shutdown: CancellationToken,
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// An operations listener that is ready, or lacks something.
async fn operations_listener(shutdown: &CancellationToken, lacks: Option<&'static str>) -> SocketAddr {
    let (listener, address) = listener().await;
    let ready =
        move || -> operations::Readiness { Box::pin(async move { lacks.map_or(Ok(()), |what| Err(what.to_owned())) }) };
    let operations = Operations { ready: Arc::new(ready), metrics: Arc::new(String::new) };
    tokio::spawn(operations::run(listener, operations.router(), shutdown.clone()));
    address
}

fn part(name: &str, operations: Option<SocketAddr>) -> Part {
    Part {
        name: name.to_owned(),
        duty: format!("What {name} does"),
        addresses: vec![format!("https://localhost:8443/{name}")],
        operations: operations.and_then(|address| Authority::parse(&address.to_string(), false)),
        dialect: Some("1.0.4".to_owned()),
        version: Some("0.1.0".to_owned()),
    }
}

async fn shown(parts: impl AsyncFnOnce(&CancellationToken) -> Vec<Part>) -> Shown {
    let shutdown = CancellationToken::new();
    let settings = Settings {
        version: "0.1.0".to_owned(),
        parts: parts(&shutdown).await,
        slots: Some(Arc::new(|| Box::pin(async { Some(SlotCounts { all: 41, free: 40, booked: 1 }) }))),
        commands: vec![Command {
            what: "Search <slots>".to_owned(),
            line: "careslot slots --from '<now>' & wait".to_owned(),
        }],
        links: vec![Link {
            what: "Signing keys".to_owned(),
            address: "https://localhost:8446/.well-known/jwks.json".to_owned(),
        }],
        styles: Bytes::from_static(b"body { color: #212b32 }"),
        hosts: Vec::new(),
        definitions: profile::Definitions::standard(),
    };
    let (listener, address) = listener().await;
    tokio::spawn(web::run(
        listener,
        settings,
        Arc::new(FixedClock::default()),
        Arc::new(CountedIds::default()),
        shutdown.clone(),
    ));
    Shown { address, shutdown }
}

#[tokio::test]
async fn the_first_page_shows_every_part_with_its_health() {
    let web = shown(async |shutdown| {
        let (dead, address_of_nobody) = listener().await;
        drop(dead);
        vec![
            part("SDS", Some(operations_listener(shutdown, None).await)),
            part("SSP", Some(operations_listener(shutdown, Some("the directory cannot be reached")).await)),
            part("Provider", Some(address_of_nobody)),
            part("Registry", None),
        ]
    })
    .await;
    let page = get(web.address, "/").await;
    assert_eq!(page.status, 200);
    let rows: Vec<&str> = page.body.split("<tr").skip(2).collect();
    assert_eq!(rows.len(), 4, "{}", page.body);
    for (row, name, word) in [
        (rows[0], "SDS", ">Up<"),
        (rows[1], "SSP", ">Not ready<"),
        (rows[2], "Provider", ">Down<"),
        (rows[3], "Registry", ">Not known<"),
    ] {
        assert!(row.contains(name) && row.contains(word), "{name}: {row}");
        assert!(row.replace("<wbr>", "").contains(&format!("https://localhost:8443/{name}")), "{row}");
        assert!(row.contains("1.0.4") && row.contains("0.1.0"), "{row}");
    }
    assert!(rows[1].contains("the directory cannot be reached"), "{}", rows[1]);
    assert!(page.body.contains("2 of 4 parts are not up"), "{}", page.body);
    assert!(page.body.contains("Monday 23 November 2026, 9am"), "{}", page.body);
    for count in ["<dd>41</dd>", "<dd>40</dd>", "<dd>1</dd>"] {
        assert!(page.body.contains(count), "{count}");
    }
}

#[tokio::test]
async fn slots_are_counted_as_they_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open_sqlite(&folder.path().join("provider.db"), "web-test").await.expect("a database");
    let now = FixedClock::default().now().as_second();
    let slot = |id: &str, start: i64, status| NewSlot {
        id: id.to_owned(),
        schedule_id: "s".to_owned(),
        identifier: None,
        start,
        end: start + 900,
        status,
        fragment: b"{}".to_vec(),
    };
    let slots = vec![
        slot("past", now - 900, SlotStatus::Free),
        slot("next", now + 900, SlotStatus::Free),
        slot("later", now + 1800, SlotStatus::Free),
        slot("taken", now + 2700, SlotStatus::Busy),
        slot("blocked", now + 3600, SlotStatus::BusyUnavailable),
    ];
    let schedules = vec![ScheduleOffer { id: "s".to_owned(), related: Vec::new() }];
    let content = DiaryContent { schedules, slots, ..DiaryContent::default() };
    let audit = AuditRecord { at: 0, trace_id: String::new(), requirement: String::new(), body: b"{}".to_vec() };
    store.load(content, audit).await.expect("loaded");
    let count = web::count_slots(Arc::new(store), Arc::new(FixedClock::default()));
    let counted = count().await.expect("counted");
    assert_eq!((counted.free, counted.booked), (2, 1));
    assert_eq!(counted.all, 4, "what is over and was never booked is no Slot to anyone");
}

#[tokio::test]
async fn a_page_is_kept_to_itself() {
    let web = shown(async |_| Vec::new()).await;
    for path in ["/", "/nowhere"] {
        let page = get(web.address, path).await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(!page.body.contains("<script") && !page.body.contains(" style="), "the policy forbids both");
        assert!(page.body.contains("development and test tool, synthetic data, not an NHS service"), "{path}");
    }
}

#[tokio::test]
async fn a_page_fetches_nothing_from_elsewhere() {
    let web = shown(async |_| vec![part("SDS", None)]).await;
    let page = get(web.address, "/").await;
    let mut files = 0;
    for attribute in ["src=\"", "href=\""] {
        for (at, _) in page.body.match_indices(attribute) {
            let target = page.body[at + attribute.len()..].split('"').next().expect("a closed attribute");
            let is_link = page.body[..at].ends_with("<a class=\"nhsuk-link\" ");
            assert!(target.starts_with(['/', '#']) || is_link, "{target} is not on this address");
            if target.starts_with("/files/") {
                let file = get(web.address, target).await;
                assert_eq!(file.status, 200, "{target}");
                assert!(file.header("cache-control").contains("immutable"), "{target}");
                assert_eq!(file.header("x-content-type-options"), "nosniff");
                assert!(!file.body.contains("://") || target.ends_with(".svg"), "{target} fetches from outside");
                files += 1;
            }
        }
    }
    assert!(files >= 3, "styles, layout and picture are linked");
}

#[tokio::test]
async fn what_the_settings_say_is_shown_as_text() {
    let web = shown(async |_| Vec::new()).await;
    let page = get(web.address, "/").await;
    assert!(page.body.contains("Search &#60;slots&#62;"), "{}", page.body);
    assert!(page.body.contains("careslot slots --from &#39;&#60;now&#62;&#39; &#38; wait"), "{}", page.body);
}

#[tokio::test]
async fn the_page_is_a_document_that_a_screen_reader_can_walk() {
    let web = shown(async |_| vec![part("SDS", None)]).await;
    let page = get(web.address, "/").await.body;
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en-GB\">"));
    assert_eq!(page.matches("<h1").count(), 1);
    assert_eq!(page.matches("<main").count(), 1);
    for wanted in [
        "href=\"#maincontent\"",
        "id=\"maincontent\"",
        "<header",
        "<footer",
        "<caption",
        "scope=\"col\"",
        "scope=\"row\"",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
    let first_link = page.split("<a ").nth(1).expect("a link");
    assert!(first_link.contains("skip-link"), "the skip link comes first");
}

#[tokio::test]
async fn other_addresses_verbs_and_hosts_get_a_page_that_says_so() {
    let web = shown(async |_| Vec::new()).await;
    assert_eq!(get(web.address, "/nowhere").await.status, 404);
    let posted = send(web.address, "POST", "/", &[], "x").await;
    assert_eq!((posted.status.as_u16(), posted.header("allow")), (405, "GET, HEAD"));
    let foreign = send(web.address, "GET", "/", &[("host", "evil.test")], "").await;
    assert_eq!(foreign.status, 421);
    assert!(!foreign.body.contains("Parts of the network"), "nothing of the network is told to a foreign page");
    assert_eq!(send(web.address, "HEAD", "/", &[], "").await.status, 200);
}

const SLOT: &str = r#"{"resourceType":"Slot","identifier":[{"system":"https://a.test","value":"1"}],"schedule":{"reference":"Schedule/1"},"status":"free",
    "start":"2026-11-24T09:00:00Z","end":"2026-11-24T09:15:00Z"}"#;
const JSON: (&str, &str) = ("content-type", "application/fhir+json");

// covers: VAL-01, VAL-03, VAL-09
#[tokio::test]
async fn a_resource_is_validated_without_a_token() {
    let web = shown(async |_| Vec::new()).await;
    for path in ["/STU3/Slot/$validate", "/STU3/Slot/%24validate"] {
        let right = send(web.address, "POST", path, &[JSON], SLOT).await;
        assert_eq!(right.status, 200, "{}", right.body);
        assert!(right.body.contains("OperationOutcome") && !right.body.contains("\"error\""), "{}", right.body);
        assert_eq!(right.header("content-type"), "application/fhir+json;charset=utf-8");
        assert_eq!(right.header("x-content-type-options"), "nosniff");
    }
    let broken = SLOT.replace("\"free\"", "\"gone\"");
    let wrong = send(web.address, "POST", "/STU3/Slot/$validate?_format=xml", &[JSON], &broken).await;
    assert_eq!(wrong.status, 200, "what is found is told, not refused");
    assert!(wrong.body.contains("<location value=\"Slot.status\"/>"), "{}", wrong.body);
}

// covers: VAL-01, VAL-07
#[tokio::test]
async fn what_cannot_be_validated_is_refused_as_processing() {
    let web = shown(async |_| Vec::new()).await;
    type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str, u16);
    let cases: [Case; 8] = [
        ("POST", "/STU3/Slot/$validate", &[JSON, ("accept", "text/turtle")], SLOT, 415),
        ("POST", "/STU3/Slot/$validate", &[("content-type", "application/json")], SLOT, 415),
        ("POST", "/STU3/Slot/$validate", &[JSON], "", 400),
        ("POST", "/STU3/Slot/$validate", &[JSON], "{", 400),
        ("POST", "/STU3/Schedule/$validate", &[JSON], SLOT, 400),
        ("GET", "/STU3/Slot/$validate", &[], "", 405),
        ("POST", "/STU3/Slot/$everything", &[JSON], SLOT, 404),
        ("POST", "/STU3/Slot", &[JSON], SLOT, 404),
    ];
    for (method, path, headers, body, status) in cases {
        let refused = send(web.address, method, path, headers, body).await;
        assert_eq!(refused.status, status, "{method} {path}: {}", refused.body);
        assert!(refused.body.contains("\"code\":\"processing\""), "{method} {path}: {}", refused.body);
        assert_eq!(refused.header("allow"), if status == 405 { "POST" } else { "" });
    }
}
