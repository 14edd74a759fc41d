//! What reaches the Provider, what comes back, and that nothing else changes on the way.

use super::*;

// covers: SSP-09, SSP-27, SSP-30, SSP-63, SSP-64, SSP-65, SSP-73, SSP-100
#[tokio::test]
async fn v01_the_provider_gets_the_call_without_the_proxys_prefix() {
    let mut world = World::new().await;
    let call = world
        .search()
        .header("x-request-ID", "e8d5a1f0")
        .header("Accept-Encoding", "gzip")
        .header("Forwarded", "for=192.0.2.9")
        .header("Keep-Alive", "timeout=5")
        .header("Connection", "keep-alive, X-Hop")
        .header("X-Hop", "1");
    let heard = world.send(&call).await;
    assert_eq!(heard.status, 200, "{heard:?}");
    let seen = world.seen().await;
    let port = world.ssp.port();
    let expected = [
        "GET /STU3/1/demo/Slot?start=ge2026&start=le2027&_include=Slot%3Aschedule HTTP/1.1".to_owned(),
        format!("Host: localhost:{}", world.provider),
        format!("Ssp-TraceID: {TRACE}"),
        format!("Ssp-From: {FROM}"),
        format!("Ssp-To: {TO}"),
        format!("Ssp-InteractionID: {SEARCH}"),
        format!("Authorization: Bearer {TOKEN}"),
        "x-request-ID: e8d5a1f0".to_owned(),
        "Accept-Encoding: gzip".to_owned(),
        "Forwarded: for=192.0.2.9".to_owned(),
        format!("Forwarded: for=127.0.0.1;by=_ssp;host=\"localhost:{port}\";proto=https"),
        "Via: 1.1 ssp".to_owned(),
    ];
    let mut lines: Vec<&str> = seen.trim_end().lines().collect();
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);
    let record = world.record(1).await;
    assert_eq!(
        (&record["decision"], &record["status"], &record["fault"]),
        (&"relayed".into(), &200.into(), &Value::Null)
    );
    assert_eq!(record["target"]["url"], format!("/{}/Slot?start=…&start=…&_include=…", world.root()));
    assert_eq!((&record["caller"]["ods"], &record["target"]["cpa_id"]), (&"A1001".into(), &"S301".into()));
    assert_eq!((&record["trace_id"], &record["bytes_out"]), (&TRACE.into(), &27.into()));
    assert!(!record.to_string().contains(TOKEN), "the token itself is never recorded");
}

// covers: SSP-29, SSP-60, SSP-61, SSP-62, SSP-65, SSP-70, SSP-73, SSP-96
#[tokio::test]
async fn the_answer_comes_back_as_it_is_with_via_and_hsts_added() {
    let world = World::new().await;
    let heard = world.send(&world.search()).await;
    assert_eq!(heard.body, b"{\"resourceType\": \"Bundle\" }");
    for line in ["content-TYPE: application/fhir+json", "ETag: W/\"1\"", "X-odd-CASE: a", "Content-Length: 27"] {
        assert!(heard.head.lines().any(|given| given == line), "{line}: {}", heard.head);
    }
    assert_eq!(heard.header("via"), Some("1.1 ssp"));
    assert_eq!(heard.header("strict-transport-security"), Some("max-age=31536000"));
    assert_eq!(heard.header("keep-alive"), None);
}

// covers: SSP-07, SSP-08
#[tokio::test]
async fn v02_the_encoded_form_of_a_target_does_the_same() {
    let mut world = World::new().await;
    let port = world.provider;
    let encoded = format!("https%3A%2F%2Flocalhost%3A{port}%2FSTU3%2F1%2Fdemo%2FSlot%3Fstart%3Dge2026%26x%3D%253A");
    assert_eq!(world.send(&world.to(&encoded)).await.status, 200);
    assert!(world.seen().await.starts_with("GET /STU3/1/demo/Slot?start=ge2026&x=%3A HTTP/1.1\r\n"));
    let twice = format!("{encoded}?more");
    assert_eq!(world.send(&world.to(&twice)).await.status, 400);
}

// covers: SSP-25
#[tokio::test]
async fn v09_header_names_may_be_in_any_case() {
    let mut world = World::new().await;
    let mut call = world.search();
    for (name, _) in &mut call.headers {
        *name = name.to_uppercase();
    }
    assert_eq!(world.send(&call).await.status, 200);
    assert!(world.seen().await.contains(&format!("SSP-TRACEID: {TRACE}\r\n")));
}

// covers: SSP-60, SSP-67, SSP-68
#[tokio::test]
async fn bodies_pass_byte_for_byte_in_the_framing_that_they_came_in() {
    let mut world = World::new().await;
    let body = b"{\"resourceType\":\r\n\"Appointment\" , \"x\":1.10}";
    let post = || world.to(&format!("{}/Appointment", world.root())).verb("POST").with("Ssp-InteractionID", CREATE);
    let mut line = world.connect(world.consumer()).await;
    line.write_all(&post().body(body).bytes()).await.unwrap();
    assert_eq!(hear(&mut line).await.unwrap().status, 200);
    let mut chunked = post().header("Transfer-Encoding", "chunked");
    chunked.body = b"5\r\n{\"a\":\r\n3\r\n 1}\r\n0\r\n\r\n".to_vec();
    line.write_all(&chunked.bytes()).await.unwrap();
    assert_eq!(hear(&mut line).await.unwrap().status, 200, "on the same connection");
    let seen = world.seen().await;
    assert!(seen.ends_with(std::str::from_utf8(body).unwrap()), "{seen}");
    assert!(seen.contains(&format!("Content-Length: {}\r\n", body.len())), "{seen}");
    let (head, sent) =
        { world.seen().await }.split_once("\r\n\r\n").map(|(head, sent)| (head.to_owned(), sent.to_owned())).unwrap();
    assert!(head.to_lowercase().contains("transfer-encoding: chunked") && !head.contains("ontent-"), "{head}");
    assert_eq!(sent.replace("\r\n", "").replace(['5', '3', '8', '0'], ""), "{\"a\": 1}");
    assert_eq!(world.record(2).await["bytes_in"], 8);
}

// covers: SSP-68, SSP-71
#[tokio::test]
async fn every_call_on_a_kept_connection_is_checked_anew() {
    let mut world = World::new().await;
    let mut line = world.connect(world.consumer()).await;
    let calls = [(world.search(), 200), (world.search().with("Ssp-From", "200000000360"), 403), (world.search(), 200)];
    for (call, status) in calls {
        line.write_all(&call.bytes()).await.unwrap();
        assert_eq!(hear(&mut line).await.unwrap().status, status);
    }
    world.seen().await;
    world.seen().await;
    world.nothing_was_sent();
}

// covers: SSP-67, SSP-66
#[tokio::test]
async fn v13_a_large_chunked_answer_passes_as_it_comes() {
    let part = vec![b'x'; 50_000];
    let script: Script = Arc::new(move |mut stream| {
        let part = part.clone();
        Box::pin(async move {
            while read_request(&mut stream).await.is_some() {
                let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
                stream.write_all(head).await.unwrap();
                for _ in 0..100 {
                    stream.write_all(format!("{:x}\r\n", part.len()).as_bytes()).await.unwrap();
                    stream.write_all(&part).await.unwrap();
                    stream.write_all(b"\r\n").await.unwrap();
                }
                stream.write_all(b"0\r\n\r\n").await.unwrap();
            }
        })
    });
    let world = World::with(Settings::default(), Some(script)).await;
    let heard = world.send(&world.search()).await;
    assert_eq!((heard.body.len(), heard.header("content-encoding")), (5_000_000, Some("gzip")));
    assert!(heard.body.iter().all(|byte| *byte == b'x'));
    assert_eq!(world.record(1).await["bytes_out"], 5_000_000);
}

// covers: SSP-67
#[tokio::test]
async fn the_first_part_of_an_answer_passes_before_the_last_is_there() {
    let release = Arc::new(tokio::sync::Notify::new());
    let gate = release.clone();
    let script: Script = Arc::new(move |mut stream| {
        let gate = gate.clone();
        Box::pin(async move {
            read_request(&mut stream).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf").await.unwrap();
            gate.notified().await;
            stream.write_all(b"half").await.unwrap();
        })
    });
    let world = World::with(Settings::default(), Some(script)).await;
    let mut line = world.connect(world.consumer()).await;
    line.write_all(&world.search().bytes()).await.unwrap();
    read_head(&mut line).await.unwrap();
    let mut half = [0; 4];
    line.read_exact(&mut half).await.unwrap();
    release.notify_one();
    line.read_exact(&mut half).await.unwrap();
    assert_eq!(&half, b"half");
}

/// Where a fault of the proxy's own is planted.
struct Broken;

impl Ids for Broken {
    fn uuid(&self) -> uuid::Uuid {
        panic!("planted")
    }
}

// covers: SSP-74, SSP-100
#[tokio::test]
async fn a_fault_of_the_proxys_own_ends_one_call_with_500_and_a_record_and_nothing_else() {
    let mut world = World::with_ids(Settings::default(), None, None, Arc::new(Broken)).await;
    let heard = world.send(&world.search().without("Ssp-TraceID")).await;
    assert_eq!((heard.status, heard.header("connection")), (500, Some("close")), "{heard:?}");
    assert_eq!(heard.code(), "INTERNAL_SERVER_ERROR");
    let record = world.record(1).await;
    assert_eq!((&record["status"], &record["fault"]), (&500.into(), &"proxy".into()));
    world.nothing_was_sent();
    assert_eq!(world.send(&world.search()).await.status, 200);
}
