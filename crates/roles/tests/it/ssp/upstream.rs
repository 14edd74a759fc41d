//! Providers that are away, silent, rude or slow, and Consumers that do not wait.

use super::*;

/// A proxy that waits only so long for the head of an answer.
fn impatient(head: u64) -> Settings {
    let timeouts = Timeouts { head: Duration::from_millis(head), ..Timeouts::default() };
    Settings { timeouts, ..Settings::default() }
}

fn scripted<F, A>(script: F) -> Option<Script>
where
    F: Fn(Stream) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    Some(Arc::new(move |stream| Box::pin(script(stream))))
}

async fn refused(world: &World, status: u16, check: &str) -> Value {
    let heard = world.send(&world.search()).await;
    assert_eq!(heard.status, status, "{heard:?}");
    let live = format!("ERROR_COMMUNICATING_TO_ENDPOINT_URL_{}/Slot", world.root());
    assert!(heard.diagnostics().starts_with(&live), "{heard:?}");
    assert_eq!((&heard.json()["issue"][0]["code"], &heard.json()["id"]), (&"transient".into(), &TRACE.into()));
    let record = world.record(1).await;
    assert_eq!(
        (&record["check"], &record["fault"], &record["status"]),
        (&check.into(), &"provider".into(), &status.into())
    );
    record
}

// covers: SSP-80, ERR-64
#[tokio::test]
async fn v11_a_provider_that_is_down_is_502() {
    let world = World::new().await;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let root = format!("https://localhost:{closed}/STU3/1/demo");
    world.directory.change(|entries| {
        for (name, values) in entries.iter_mut().flatten() {
            if *name == "nhsMHSEndPoint" {
                *values = vec![root.clone()];
            }
        }
    });
    let heard = world.send(&world.to(&format!("{root}/Slot"))).await;
    assert_eq!(heard.status, 502, "{heard:?}");
    assert_eq!(world.record(1).await["check"], "SSP-80");
}

// covers: SSP-80, TLS-10
#[tokio::test]
async fn a_provider_with_a_certificate_that_is_not_believed_is_502() {
    let world = World::new().await;
    let stop = world.stop.clone();
    let foreign = Authority::new("Another Root");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("https://localhost:{}/STU3/1/demo", listener.local_addr().unwrap().port());
    let door = Door::Tls(server_tls(&foreign));
    tokio::spawn(listen::accept(listener, door, Limits::default(), stop, |_, _| async {}));
    world.directory.change(|entries| {
        for (name, values) in entries.iter_mut().flatten() {
            if *name == "nhsMHSEndPoint" {
                *values = vec![root.clone()];
            }
        }
    });
    let heard = world.send(&world.to(&format!("{root}/Slot"))).await;
    assert_eq!(heard.status, 502, "{heard:?}");
    assert!(heard.diagnostics().contains("certificate is not accepted"), "{heard:?}");
}

// covers: SSP-81, SSP-86, ERR-65
#[tokio::test]
async fn v11_a_provider_that_is_silent_is_504() {
    let script = scripted(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    });
    let world = World::with(impatient(200), script).await;
    refused(&world, 504, "SSP-81").await;
}

// covers: SSP-83
#[tokio::test]
async fn v11_a_provider_that_closes_without_a_byte_is_502_and_recorded_as_444() {
    let script = scripted(|mut stream| async move {
        read_request(&mut stream).await;
    });
    let world = World::with(Settings::default(), script).await;
    let record = refused(&world, 502, "SSP-83").await;
    assert_eq!(record["provider_status"], 444);
}

// covers: SSP-80
#[tokio::test]
async fn a_provider_that_speaks_no_http_or_switches_protocols_is_502() {
    for answer in [&b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..], b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"] {
        let script = scripted(move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(answer).await.unwrap();
            let _ = stream.read_u8().await;
        });
        let world = World::with(Settings::default(), script).await;
        let heard = world.send(&world.search()).await;
        assert_eq!(heard.status, 502, "{heard:?}");
        assert_eq!(world.record(1).await["check"], "SSP-80");
    }
}

// covers: SSP-85
#[tokio::test]
async fn v11_a_provider_that_dies_within_its_answer_ends_the_connection() {
    for framing in ["Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"] {
        let script = scripted(move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{framing}").as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let world = World::with(Settings::default(), script).await;
        let mut line = world.connect(world.consumer()).await;
        line.write_all(&world.search().bytes()).await.unwrap();
        assert!(hear(&mut line).await.is_err(), "the Consumer must not take half an answer for a whole one");
        let record = world.record(1).await;
        assert_eq!(
            (&record["decision"], &record["fault"], &record["provider_status"]),
            (&"broke off".into(), &"provider".into(), &200.into())
        );
    }
}

// covers: SSP-70
#[tokio::test]
async fn a_providers_own_refusal_passes_unchanged() {
    const REFUSAL: &[u8] =
        b"HTTP/1.1 422 Unprocessable Entity\r\nContent-Length: 4\r\nX-Rate-Limit-Limit: 9\r\n\r\ntake";
    let (seeing, _seen) = mpsc::unbounded_channel();
    let settings = Settings { per_asid_per_minute: 5, ..Settings::default() };
    let world = World::with(settings, Some(answering(seeing, REFUSAL))).await;
    let heard = world.send(&world.search()).await;
    assert_eq!((heard.status, heard.body.as_slice()), (422, &b"take"[..]));
    assert_eq!((heard.header("x-rate-limit-limit"), heard.header("x-rate-limit-remaining")), (Some("9"), None));
    assert_eq!(world.record(1).await["fault"], "consumer");
}

// covers: SSP-84
#[tokio::test]
async fn v12_a_consumer_that_goes_away_ends_a_read_and_leaves_a_change_to_be_finished() {
    for (verb, interaction, provider_status) in [("GET", SEARCH, Value::Null), ("POST", CREATE, Value::from(201))] {
        let (sent, mut arrived) = mpsc::channel::<()>(1);
        let release = Arc::new(tokio::sync::Notify::new());
        let gate = release.clone();
        let script = scripted(move |mut stream| {
            let (sent, gate) = (sent.clone(), gate.clone());
            async move {
                read_request(&mut stream).await;
                sent.send(()).await.unwrap();
                gate.notified().await;
                let _ = stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}").await;
            }
        });
        let world = World::with(Settings::default(), script).await;
        let call = world.search().verb(verb).with("Ssp-InteractionID", interaction).body(b"{}");
        let mut line = world.connect(world.consumer()).await;
        line.write_all(&call.bytes()).await.unwrap();
        arrived.recv().await.unwrap();
        drop(line);
        if verb == "POST" {
            release.notify_one();
        }
        let record = world.record(1).await;
        assert_eq!((&record["decision"], &record["status"]), (&"abandoned".into(), &499.into()), "{verb}");
        assert_eq!(record["provider_status"], provider_status, "{verb}");
        release.notify_one();
    }
}

// covers: SSP-91, SSP-93, SSP-95
#[tokio::test]
async fn a_provider_with_too_many_calls_under_way_is_503() {
    let (sent, mut arrived) = mpsc::channel::<()>(1);
    let release = Arc::new(tokio::sync::Notify::new());
    let gate = release.clone();
    let script = scripted(move |mut stream| {
        let (sent, gate) = (sent.clone(), gate.clone());
        async move {
            while read_request(&mut stream).await.is_some() {
                sent.send(()).await.unwrap();
                gate.notified().await;
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
            }
        }
    });
    let world = World::with(Settings { per_provider_in_flight: 1, ..Settings::default() }, script).await;
    let mut first = world.connect(world.consumer()).await;
    first.write_all(&world.search().bytes()).await.unwrap();
    arrived.recv().await.unwrap();
    let heard = world.send(&world.search()).await;
    assert_eq!((heard.status, heard.header("retry-after")), (503, Some("1")), "{heard:?}");
    release.notify_one();
    assert_eq!(hear(&mut first).await.unwrap().status, 200);
    world.record(2).await;
    release.notify_one();
    assert_eq!(world.send(&world.search()).await.status, 200, "the place is free again");
}

// covers: SSP-67, SSP-86
#[tokio::test]
async fn a_long_upload_is_no_silence() {
    let world = World::with(impatient(600), None).await;
    let call = world.search().verb("POST").with("Ssp-InteractionID", CREATE).header("Content-Length", "10");
    let mut line = world.connect(world.consumer()).await;
    line.write_all(&call.bytes()).await.unwrap();
    for byte in b"0123456789" {
        // Longer in all than the Provider may be silent; the pause is what is tested.
        tokio::time::sleep(Duration::from_millis(100)).await;
        line.write_all(&[*byte]).await.unwrap();
    }
    assert_eq!(hear(&mut line).await.unwrap().status, 200);
    assert_eq!(world.record(1).await["bytes_in"], 10);
}

// covers: SSP-67, SSP-70
#[tokio::test]
async fn an_answer_that_comes_before_the_upload_is_over_is_passed_on() {
    let script = scripted(|mut stream| async move {
        read_head(&mut stream).await;
        let refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig";
        stream.write_all(refusal).await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    let world = World::with(Settings::default(), script).await;
    let call = world.search().verb("POST").with("Ssp-InteractionID", CREATE).header("Content-Length", "1000000");
    let mut line = world.connect(world.consumer()).await;
    line.write_all(&call.bytes()).await.unwrap();
    line.write_all(b"the beginning").await.unwrap();
    let heard = hear(&mut line).await.unwrap();
    assert_eq!((heard.status, heard.body.as_slice()), (413, &b"big"[..]));
    assert_eq!(world.record(1).await["provider_status"], 413);
}

// covers: SSP-72
#[tokio::test]
async fn a_consumer_that_expects_to_be_told_to_go_on_is_told_by_the_provider() {
    let (seeing, mut seen) = mpsc::unbounded_channel();
    let script = scripted(move |mut stream| {
        let seeing = seeing.clone();
        async move {
            let (_, head) = read_head(&mut stream).await.unwrap();
            seeing.send(head).unwrap();
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
            let mut body = [0; 2];
            stream.read_exact(&mut body).await.unwrap();
            seeing.send(String::from_utf8(body.to_vec()).unwrap()).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
        }
    });
    let world = World::with(Settings::default(), script).await;
    let call =
        world.search().verb("POST").with("Ssp-InteractionID", CREATE).body(b"{}").header("Expect", "100-continue");
    let mut line = world.connect(world.consumer()).await;
    line.write_all(&Call { body: Vec::new(), ..call }.bytes()).await.unwrap();
    assert!(seen.recv().await.unwrap().contains("Expect: 100-continue\r\n"));
    let (_, go_on) = read_head(&mut line).await.unwrap();
    assert!(go_on.starts_with("HTTP/1.1 100 Continue\r\n"), "{go_on}");
    line.write_all(b"{}").await.unwrap();
    assert_eq!(hear(&mut line).await.unwrap().status, 200);
    assert_eq!(seen.recv().await.unwrap(), "{}");
}

// covers: SSP-72
#[tokio::test]
async fn a_refused_call_is_not_told_to_go_on_and_its_connection_ends() {
    let mut world = World::new().await;
    let call =
        world.search().verb("POST").with("Ssp-From", "999999999999").body(b"{}").header("Expect", "100-continue");
    let heard = world.send(&Call { body: Vec::new(), ..call }).await;
    assert_eq!((heard.status, heard.header("connection")), (403, Some("close")));
    world.nothing_was_sent();
}

// covers: SSP-37, SSP-38
#[tokio::test]
async fn a_refused_call_on_a_kept_connection_leaves_nothing_of_its_body_behind() {
    let mut world = World::new().await;
    let refused = world.search().verb("POST").with("Ssp-From", "999999999999").body(b"GET /x HTTP/1.1\r\n\r\n");
    let mut line = world.connect(world.consumer()).await;
    line.write_all(&refused.bytes()).await.unwrap();
    assert_eq!(hear(&mut line).await.unwrap().status, 403);
    line.write_all(&world.search().bytes()).await.unwrap();
    // The body was drained, or the connection ends; it is never read as a call.
    if let Ok(heard) = hear(&mut line).await {
        assert_eq!(heard.status, 200, "{heard:?}");
        world.seen().await;
    }
    world.nothing_was_sent();
}
