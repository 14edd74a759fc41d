//! The client: what it sends, what it keeps, what it makes of servers that misbehave.

use std::time::Duration;

use roles::edge::client::ClientFault;
use roles::edge::listen::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// A plain server that gives each connection to `script`.
async fn scripted<F, A>(script: F) -> Authority
where
    F: Fn(usize, TcpStream) -> A + Send + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        for number in 0.. {
            let (socket, _) = listener.accept().await.unwrap();
            tokio::spawn(script(number, socket));
        }
    });
    Authority { secure: false, host: "127.0.0.1".to_owned(), port }
}

async fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

fn anonymous() -> Client {
    client(pki::Authority::new("Root").trust(), None)
}

fn impatient() -> Timeouts {
    let short = Duration::from_millis(500);
    Timeouts { tls: short, head: short, stall: short, ..Timeouts::default() }
}

// covers: SSP-09, SSP-63, SSP-73
#[tokio::test]
async fn the_target_goes_out_byte_for_byte_and_names_keep_their_case() {
    let (sent, mut seen) = tokio::sync::mpsc::channel(1);
    let server = scripted(move |_, mut socket| {
        let sent = sent.clone();
        async move {
            sent.send(read_head(&mut socket).await).await.unwrap();
            socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let target = "/a//b/%7e/../c?start=ge2026%3A&start=le|x&_include=Slot%3Aschedule&&=";
    let request = Request::get(target).header("x-b", "1").body(Upload::Empty).unwrap();
    anonymous().send(&server, request, &Timeouts::default()).await.unwrap();
    let head = seen.recv().await.unwrap();
    assert!(head.starts_with(&format!("GET {target} HTTP/1.1\r\n")), "{head}");
    assert!(head.contains(&format!("Host: 127.0.0.1:{}\r\n", server.port)), "{head}");
}

// covers: SSP-68, TLS-21
#[tokio::test]
async fn a_connection_is_used_again_until_the_identity_changes() {
    let ours = pki::Authority::new("Root");
    let mirror = Mirror::start(door(server_settings(&ours, ours.trust())), Limits::default()).await;
    let settings = |name| ClientTlsSettings {
        identity: Some(ours.client(name).identity()),
        trust: ours.trust(),
        common_name_only: None,
        versions: Versions::Only12,
    };
    let client = client_of(settings("first.test"));
    let send = async || {
        let request = Request::get("/").body(Upload::Empty).unwrap();
        let answered = client.send(&mirror.authority(), request, &Timeouts::default()).await.unwrap();
        let connected = answered.connecting.is_some();
        let body = answered.response.into_body().read_to_end(1000).await.unwrap();
        (connected, String::from_utf8(body.to_vec()).unwrap())
    };
    let (connected, body) = send().await;
    assert!(connected && body.starts_with("Good first.test"), "{body}");
    for _ in 0..3 {
        let (connected, body) = send().await;
        assert!(!connected && body.starts_with("Good first.test"), "{body}");
    }
    client.replace(tls::client_config(settings("second.test"), Arc::new(FixedClock::default())).unwrap());
    let (connected, body) = send().await;
    assert!(connected && body.starts_with("Good second.test"), "{body}");
}

// covers: SSP-69
#[tokio::test]
async fn only_a_get_is_sent_again_when_a_kept_connection_turns_out_closed() {
    // Every connection answers its first request, takes the second and closes without a word.
    let server = scripted(|_, mut socket| async move {
        read_head(&mut socket).await;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
        read_head(&mut socket).await;
    })
    .await;
    let client = anonymous();
    assert_eq!(get(&client, &server).await.unwrap().2, "ok");
    assert_eq!(get(&client, &server).await.unwrap().2, "ok");
    let post = Request::post("/").body(Upload::Whole(Bytes::from_static(b"book"))).unwrap();
    let refused = client.send(&server, post, &Timeouts::default()).await;
    assert!(matches!(refused, Err(ClientFault::ClosedUnanswered | ClientFault::Broken(_))));
}

// covers: SSP-80, SSP-81, SSP-83, SSP-86
#[tokio::test]
async fn a_server_that_misbehaves_gets_the_fault_its_name() {
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Authority { secure: false, host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() }
    };
    let silent = scripted(|_, socket| async move {
        std::future::pending::<()>().await;
        drop(socket);
    })
    .await;
    let closes = scripted(|_, mut socket| async move {
        read_head(&mut socket).await;
    })
    .await;
    let babbles = scripted(|_, mut socket| async move {
        read_head(&mut socket).await;
        socket.write_all(b"NOT HTTP AT ALL\r\n\r\n").await.unwrap();
    })
    .await;
    let client = anonymous();
    let fault = async |server: &Authority| {
        let request = Request::get("/").body(Upload::Empty).unwrap();
        client.send(server, request, &impatient()).await.err().unwrap()
    };
    assert!(matches!(fault(&nobody).await, ClientFault::Refused(_)));
    assert!(matches!(fault(&silent).await, ClientFault::HeadTimeout));
    assert!(matches!(fault(&closes).await, ClientFault::ClosedUnanswered));
    assert!(matches!(fault(&babbles).await, ClientFault::Malformed(_)));
    let plain_as_tls = Authority { secure: true, ..babbles };
    assert!(matches!(fault(&plain_as_tls).await, ClientFault::TlsTimeout | ClientFault::Tls(_)));
}

// covers: SSP-85, SSP-86
#[tokio::test]
async fn a_body_that_stalls_breaks_off_or_is_too_long_is_an_error() {
    let server = scripted(|_, mut socket| async move {
        let head = read_head(&mut socket).await;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun").await.unwrap();
        if head.starts_with("GET /stall") {
            std::future::pending::<()>().await;
        }
    })
    .await;
    let client = anonymous();
    for (target, limit, words) in [
        ("/stall", 1000, "the body stopped coming"),
        ("/break", 1000, "the body broke off"),
        ("/long", 3, "the body is longer than 3 bytes"),
    ] {
        let request = Request::get(target).body(Upload::Empty).unwrap();
        let answered = client.send(&server, request, &impatient()).await.unwrap();
        let fault = answered.response.into_body().read_to_end(limit).await.unwrap_err();
        assert_eq!(fault.to_string(), words);
    }
}

#[tokio::test]
async fn a_body_is_sent_whole_and_a_large_answer_received_whole() {
    let server = scripted(|_, mut socket| async move {
        let head = read_head(&mut socket).await;
        assert!(head.contains("content-length: 300000") || head.contains("Content-Length: 300000"), "{head}");
        let mut body = vec![0; 300_000];
        socket.read_exact(&mut body).await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
        for part in body.chunks(70_000) {
            socket.write_all(format!("{:x}\r\n", part.len()).as_bytes()).await.unwrap();
            socket.write_all(part).await.unwrap();
            socket.write_all(b"\r\n").await.unwrap();
        }
        socket.write_all(b"0\r\n\r\n").await.unwrap();
    })
    .await;
    let body: Vec<u8> = (0..300_000u32).map(|number| (number % 251) as u8).collect();
    let request = Request::post("/").body(Upload::Whole(Bytes::from(body.clone()))).unwrap();
    let answered = anonymous().send(&server, request, &Timeouts::default()).await.unwrap();
    let back = answered.response.into_body().read_to_end(1_000_000).await.unwrap();
    assert!(back == body, "the body came back changed");
}
