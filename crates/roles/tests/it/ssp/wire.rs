//! What HTTP lets a peer write in more ways than one: each is refused with its reason and its record, or passed on in one
//! spelling. A Provider that keeps every byte it gets is the witness.

use super::*;

/// A second call that must never be seen, for whoever ends the first one elsewhere than the proxy does.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A POST with everything right but what the trick changes: its own fields, its body.
fn posted(world: &World, fields: &str, body: &str) -> String {
    let call = world.search().verb("POST").with("Ssp-InteractionID", CREATE);
    let head = String::from_utf8(call.bytes()).unwrap();
    format!("{}{fields}\r\n{body}", head.strip_suffix("\r\n").unwrap())
}

/// A GET whose text is changed.
fn changed(world: &World, from: &str, to: &str) -> String {
    let text = String::from_utf8(world.search().bytes()).unwrap();
    assert!(text.contains(from), "{from:?} is not in the call");
    text.replacen(from, to, 1)
}

// covers: SSP-37, SSP-39, SSP-100
#[tokio::test]
async fn what_two_servers_could_read_differently_is_refused_told_and_recorded() {
    let mut world = World::new().await;
    let get = |from, to| changed(&world, from, to);
    let post = |fields, body| posted(&world, fields, body);
    let host = format!("Host: localhost:{}\r\n", world.ssp.port());
    let long = format!("X-Long: {}\r\nHost", "a".repeat(70_000));
    let many = format!("{}Host", "X: 1\r\n".repeat(101));
    let absolute = format!("GET https://localhost:{}/Slot", world.ssp.port());
    let table: Vec<(&str, String, u16)> = vec![
        ("CL and TE", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        ("TE and CL", post("Transfer-Encoding: chunked\r\nContent-Length: 60\r\n", "0\r\n\r\n"), 400),
        ("two lengths", post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"), 400),
        ("two other lengths", post("Content-Length: 2\r\nContent-Length: 60\r\n", "{}"), 400),
        ("a list of lengths", post("Content-Length: 2, 2\r\n", "{}"), 400),
        ("a signed length", post("Content-Length: +2\r\n", "{}"), 400),
        ("a hexadecimal length", post("Content-Length: 0x2\r\n", "{}"), 400),
        ("an endless length", post("Content-Length: 99999999999999999999\r\n", "{}"), 400),
        ("an empty length", post("Content-Length:\r\n", "{}"), 400),
        ("a length with a blank name end", post("Content-Length : 2\r\n", "{}"), 400),
        ("another coding", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400),
        ("an odd coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400),
        ("identity", post("Transfer-Encoding: identity\r\n", ""), 400),
        ("a coding twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        ("a coding with a tab in its name", post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"), 400),
        ("a coding after a fold", post("X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        ("a coding after a bare CR", post("X: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        ("a coding after a bare LF", post("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        ("a NUL in a value", post("X: a\0b\r\n", ""), 400),
        ("a NUL in a name", post("X\0Y: a\r\n", ""), 400),
        ("an empty name", post(": a\r\n", ""), 400),
        ("no colon", post("Content-Length\r\n", ""), 400),
        ("hop-by-hop Host", get("Host", "Connection: close, host\r\nHost"), 400),
        ("hop-by-hop Ssp-From", get("Host", "Connection: Ssp-From\r\nHost"), 400),
        ("hop-by-hop length", get("Host", "Connection: content-length\r\nHost"), 400),
        ("two hosts", get("Host", "Host: elsewhere.test\r\nHost"), 400),
        ("no host", get(&host, ""), 400),
        ("a host with a path", get(&host, "Host: p.test/x\r\n"), 400),
        ("a host with a blank", get(&host, "Host: a b\r\n"), 400),
        ("an empty host", get(&host, "Host: \r\n"), 400),
        ("a bare LF after the first line", get("HTTP/1.1\r\n", "HTTP/1.1\n"), 400),
        ("two blanks", get("GET ", "GET  "), 400),
        ("a tab for a blank", get("GET ", "GET\t"), 400),
        ("a leading blank", get("GET ", " GET "), 400),
        ("a blank within the target", get("/Slot?", "/Slot ?"), 400),
        ("a NUL within the target", get("/Slot?", "/Slot\0?"), 400),
        ("a bare CR within the target", get("/Slot?", "/Slot\r?"), 400),
        ("HTTP/1.0", get("HTTP/1.1", "HTTP/1.0"), 400),
        ("HTTP/1.2", get("HTTP/1.1", "HTTP/1.2"), 400),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400),
        ("no version", get(" HTTP/1.1", ""), 400),
        ("a head too long", get("Host", &long), 431),
        ("too many fields", get("Host", &many), 431),
        ("a fragment", get("/Slot?", "/Slot#?"), 400),
        ("an encoded NUL", get("/Slot?", "/Slot%00?"), 400),
        ("bytes that are not ASCII", get("/Slot?", "/Sl\u{f6}t?"), 400),
        ("a backslash", get("/Slot?", "\\Slot?"), 400),
        ("absolute-form", get("GET /https://localhost", "GET https://localhost"), 400),
        ("absolute-form of the proxy", get("GET /https://localhost", &absolute), 400),
        ("authority-form", get("GET /https://localhost", "GET localhost"), 400),
        ("asterisk-form", changed(&world, "GET /", "GET * HTTP/1.1\r\nX: /"), 400),
    ];
    let mut records = 0;
    for (trick, text, status) in table {
        let mut line = world.connect(world.consumer()).await;
        line.write_all(format!("{text}{HIDDEN}").as_bytes()).await.unwrap();
        let heard = hear(&mut line).await.unwrap_or_else(|fault| panic!("{trick}: {fault}"));
        assert_eq!((heard.status, heard.code().as_str()), (status, "BAD_REQUEST"), "{trick}: {heard:?}");
        let check = if heard.diagnostics().ends_with("[SSP-39]") { "SSP-39" } else { "SSP-37" };
        assert!(heard.diagnostics().ends_with(&format!("[{check}]")), "{trick}: {heard:?}");
        if heard.header("connection").is_none() {
            // It was the target that could not be used, not the head: what follows is a call of its own, refused too.
            assert_eq!((check, hear(&mut line).await.unwrap().status), ("SSP-39", 400), "{trick}");
            world.record(records + 2).await;
        }
        let record = world.record_of(records + 1).await;
        assert_eq!((&record["check"], &record["status"]), (&check.into(), &status.into()), "{trick}");
        records += if check == "SSP-39" { 2 } else { 1 };
        world.nothing_was_sent();
    }
}

// covers: SSP-37, SSP-67, SSP-72
#[tokio::test]
async fn chunks_reach_the_provider_in_one_spelling() {
    let mut world = World::new().await;
    let body = "2;name=\"a;b\"\r\n{\"\r\n0003;x\r\na\":\r\n2\r\n1}\r\n00\r\nContent-Length: 60\r\nX-Sum: 1\r\n\r\n";
    let mut line = world.connect(world.consumer()).await;
    line.write_all(posted(&world, "transfer-encoding: Chunked\r\n", body).as_bytes()).await.unwrap();
    assert_eq!(hear(&mut line).await.unwrap().status, 200);
    let seen = world.seen().await;
    let (head, sent) = seen.split_once("\r\n\r\n").unwrap();
    assert_eq!(sent, "2\r\n{\"\r\n3\r\na\":\r\n2\r\n1}\r\n0\r\n\r\n");
    assert!(head.contains("\r\nTransfer-Encoding: chunked\r\n") && !head.to_lowercase().contains("content-length"));
    assert_eq!(world.record(1).await["bytes_in"], 7);
}

// covers: SSP-37, SSP-100
#[tokio::test]
async fn a_body_that_turns_out_malformed_is_refused_and_never_ends_at_the_provider() {
    for body in
        ["2\r\n{}0\r\n\r\n", "2\n{}\r\n0\r\n\r\n", "0x2\r\n{}\r\n0\r\n\r\n", "-1\r\n", "2\r\n{}\r\n0\r\nX : y\r\n\r\n"]
    {
        let (seeing, mut seen) = mpsc::unbounded_channel();
        let script: Script = Arc::new(move |mut stream| {
            let seeing = seeing.clone();
            Box::pin(async move {
                let mut all = Vec::new();
                let _ = stream.read_to_end(&mut all).await;
                seeing.send(String::from_utf8(all).unwrap()).unwrap();
            })
        });
        let world = World::with(Settings::default(), Some(script)).await;
        let mut line = world.connect(world.consumer()).await;
        line.write_all(posted(&world, "Transfer-Encoding: chunked\r\n", body).as_bytes()).await.unwrap();
        line.write_all(HIDDEN.as_bytes()).await.unwrap();
        let heard = hear(&mut line).await.unwrap();
        assert_eq!((heard.status, heard.header("connection")), (400, Some("close")), "{body:?} {heard:?}");
        assert!(heard.diagnostics().ends_with("[SSP-37]"), "{heard:?}");
        let seen = seen.recv().await.unwrap();
        assert!(!seen.ends_with("0\r\n\r\n") && !seen.contains("hidden"), "{seen}");
        assert_eq!(world.record(1).await["check"], "SSP-37");
    }
}

// covers: SSP-80
#[tokio::test]
async fn an_answer_that_could_be_read_in_two_ways_is_no_answer() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 20\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\nX: y\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX: y\r\n Content-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let (seeing, _seen) = mpsc::unbounded_channel();
        let world = World::with(Settings::default(), Some(answering(seeing, head.as_bytes()))).await;
        let heard = world.send(&world.search()).await;
        assert_eq!(heard.status, 502, "{head:?} {heard:?}");
        assert_eq!(world.record(1).await["check"], "SSP-80");
    }
}

// covers: SSP-68
#[tokio::test]
async fn calls_that_come_at_once_are_answered_one_after_the_other() {
    let mut world = World::new().await;
    let refused = world.search().verb("POST").with("Ssp-From", "999999999999").body(b"GET /hidden HTTP/1.1\r\n\r\n");
    let last = world.to(&format!("{}/metadata", world.root())).header("Connection", "close");
    let calls = [world.search().bytes(), refused.bytes(), b"\r\n".to_vec(), last.bytes(), world.search().bytes()];
    let mut line = world.connect(world.consumer()).await;
    line.write_all(&calls.concat()).await.unwrap();
    for status in [200, 403, 200] {
        assert_eq!(hear(&mut line).await.unwrap().status, status);
    }
    assert!(hear(&mut line).await.is_err(), "after `Connection: close` nothing more is answered");
    assert!(world.seen().await.contains("/Slot?") && world.seen().await.contains("/metadata"));
    world.record(3).await;
    world.nothing_was_sent();
}

// covers: SSP-84
#[tokio::test]
async fn a_consumer_that_has_ended_its_own_side_still_gets_its_answer() {
    let (sent, mut arrived) = mpsc::channel::<()>(1);
    let release = Arc::new(tokio::sync::Notify::new());
    let gate = release.clone();
    let script: Script = Arc::new(move |mut stream| {
        let (sent, gate) = (sent.clone(), gate.clone());
        Box::pin(async move {
            read_request(&mut stream).await.unwrap();
            sent.send(()).await.unwrap();
            gate.notified().await;
            stream.write_all(BUNDLE).await.unwrap();
        })
    });
    let world = World::with(Settings::default(), Some(script)).await;
    let mut line = world.connect(world.consumer()).await;
    line.write_all(&world.search().bytes()).await.unwrap();
    let (socket, session) = line.get_mut();
    session.send_close_notify();
    while session.wants_write() {
        let mut bytes = Vec::new();
        session.write_tls(&mut bytes).unwrap();
        socket.write_all(&bytes).await.unwrap();
    }
    arrived.recv().await.unwrap();
    release.notify_one();
    let heard = hear(&mut line).await.unwrap();
    assert_eq!((heard.status, heard.body.len()), (200, 27));
    assert_eq!(world.record(1).await["decision"], "relayed");
}

// covers: SSP-72
#[tokio::test]
async fn trailers_pass_only_to_who_wants_them() {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n\
        2\r\n{}\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a\r\nContent-Length: 9\r\n\r\n";
    let (seeing, mut seen) = mpsc::unbounded_channel();
    let world = World::with(Settings::default(), Some(answering(seeing, ANSWER))).await;
    for wanted in [true, false] {
        let call = world.search().header("Connection", if wanted { "TE, close" } else { "close" });
        let call = if wanted { call.header("TE", "trailers") } else { call };
        let mut line = world.connect(world.consumer()).await;
        line.write_all(&call.bytes()).await.unwrap();
        let mut all = String::new();
        line.read_to_string(&mut all).await.unwrap();
        let end =
            if wanted { "2\r\n{}\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a\r\n\r\n" } else { "\r\n\r\n2\r\n{}\r\n0\r\n\r\n" };
        assert!(all.ends_with(end), "{all:?}");
        assert_eq!(all.contains("Trailer: X-Sum\r\n"), wanted, "{all:?}");
        let asked = String::from_utf8(seen.recv().await.unwrap()).unwrap();
        assert_eq!(asked.contains("TE: trailers\r\nConnection: TE\r\n"), wanted, "{asked:?}");
    }
}

// covers: SSP-67, SSP-85
#[tokio::test]
async fn an_answer_without_a_length_ends_with_its_connection_or_breaks_off() {
    for orderly in [true, false] {
        let script: Script = Arc::new(move |mut stream| {
            Box::pin(async move {
                read_request(&mut stream).await.unwrap();
                stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nwhole").await.unwrap();
                stream.flush().await.unwrap();
                if orderly {
                    stream.shutdown().await.unwrap();
                }
            })
        });
        let world = World::with(Settings::default(), Some(script)).await;
        let mut line = world.connect(world.consumer()).await;
        line.write_all(&world.search().bytes()).await.unwrap();
        let heard = hear(&mut line).await;
        let decision = world.record(1).await["decision"].clone();
        match orderly {
            true => assert_eq!((heard.unwrap().body.as_slice(), decision), (&b"whole"[..], "relayed".into())),
            false => assert_eq!((heard.is_err(), decision), (true, "broke off".into()), "a cut session is no end"),
        }
    }
}

// covers: SSP-61, SSP-73
#[tokio::test]
async fn fields_keep_their_order_their_case_and_their_repetitions() {
    let mut world = World::new().await;
    let fields = ["X-b: 1", "x-A: 2", "X-B: 3", "x-empty:", "X-Latin: \u{e9}", "X-b: 1"];
    let text = changed(&world, "\r\n\r\n", &format!("\r\n{}\r\n\r\n", fields.join("\r\n")));
    let mut line = world.connect(world.consumer()).await;
    line.write_all(text.as_bytes()).await.unwrap();
    assert_eq!(hear(&mut line).await.unwrap().status, 200);
    let seen = world.seen().await;
    let kept: Vec<&str> =
        seen.lines().filter(|line| line.to_lowercase().starts_with("x-")).map(str::trim_end).collect();
    assert_eq!(kept, fields);
}

// covers: SSP-38, SSP-97
#[tokio::test]
async fn verbs_and_origins_pass_only_where_they_are_configured() {
    let preflight = |world: &World| {
        let call = Call { headers: Vec::new(), ..world.search().verb("OPTIONS") };
        let call = call.header("Host", "localhost").header("Origin", "https://page.test");
        call.header("Access-Control-Request-Method", "POST")
    };
    let world = World::new().await;
    assert_eq!(world.send(&preflight(&world)).await.status, 405);
    let plain = world.send(&world.search().header("Origin", "https://page.test")).await;
    assert_eq!((plain.status, plain.header("access-control-allow-origin")), (200, None));
    let verbs = vec![http::Method::GET, http::Method::DELETE, http::Method::OPTIONS];
    let cors_origins = vec!["https://page.test".to_owned()];
    let mut world = World::with(Settings { verbs, cors_origins, ..Settings::default() }, None).await;
    let heard = world.send(&preflight(&world)).await;
    assert_eq!((heard.status, heard.header("access-control-allow-origin")), (204, Some("https://page.test")));
    assert_eq!(heard.header("access-control-allow-methods"), Some("GET, DELETE, OPTIONS"));
    assert!(heard.header("access-control-allow-headers").unwrap().contains("Ssp-TraceID"));
    assert_eq!(
        (&world.record(1).await["decision"], &world.record(1).await["status"]),
        (&"answered".into(), &204.into())
    );
    world.nothing_was_sent();
    let anonymous = world.send_as(None, &preflight(&world)).await;
    assert_eq!(anonymous.status, 496, "the certificate comes first");
    let elsewhere = world.send(&world.search().header("Origin", "https://other.test")).await;
    assert_eq!((elsewhere.status, elsewhere.header("access-control-allow-origin")), (200, None));
    world.seen().await;
    let heard = world.send(&world.search().verb("DELETE").header("Origin", "https://page.test")).await;
    assert_eq!((heard.status, heard.header("access-control-allow-origin")), (200, Some("https://page.test")));
    assert!(heard.header("access-control-expose-headers").unwrap().contains("ETag"));
    assert!(world.seen().await.starts_with("DELETE "));
    assert_eq!(world.send(&world.search().verb("POST")).await.status, 405);
}
