//! The accept loop: first bytes, slow peers, limits, shutdown.

use std::time::Duration;

use roles::edge::listen::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

async fn plain_exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

// covers: SSP-33, TLS-19
#[tokio::test]
async fn plain_http_on_a_tls_port_reaches_the_role_as_such_and_is_closed() {
    let ours = pki::Authority::new("Root");
    let mirror = Mirror::start(door(server_settings(&ours, ours.trust())), Limits::default()).await;
    let answer = plain_exchange(mirror.address, b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.contains("connection: close") && answer.ends_with("PlainHttp plain /x"), "{answer}");
}

// covers: SSP-33, TLS-19
#[tokio::test]
async fn plain_http_on_a_tls_port_without_client_certificates_gets_a_bare_497() {
    let ours = pki::Authority::new("Root");
    let mut settings = server_settings(&ours, ours.trust());
    settings.clients = ClientCertificates::NotAsked;
    let mirror = Mirror::start(door(settings), Limits::default()).await;
    let answer = plain_exchange(mirror.address, b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 497 "), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(answer.contains(&format!("Content-Length: {}\r\n", body.len())), "{answer}");
    let trusting = client(ours.trust(), None);
    assert!(get(&trusting, &mirror.authority()).await.unwrap().2.starts_with("NotAsked TLS_"));
}

#[tokio::test]
async fn a_slow_handshake_is_cut_off() {
    let ours = pki::Authority::new("Root");
    let limits = Limits { handshake: Duration::from_millis(50), ..Limits::default() };
    let mirror = Mirror::start(door(server_settings(&ours, ours.trust())), limits).await;
    for sent in [&b""[..], b"\x16\x03\x01"] {
        let mut socket = TcpStream::connect(mirror.address).await.unwrap();
        socket.write_all(sent).await.unwrap();
        // Closed, with or without a complaint about the bytes that were left unread.
        let ended = socket.read(&mut [0; 16]).await;
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    }
}

#[tokio::test]
async fn a_slow_request_head_is_cut_off() {
    let limits = Limits { head: Duration::from_millis(50), ..Limits::default() };
    let mirror = Mirror::start(Door::Plain, limits).await;
    let answer = plain_exchange(mirror.address, b"GET / HTTP/1.1\r\nHost: loc").await;
    assert!(!answer.contains("200"), "{answer}");
}

// covers: SSP-37
#[tokio::test]
async fn an_oversized_or_ambiguous_head_is_refused() {
    let limits = Limits { headers: 20, head_bytes: 8192, ..Limits::default() };
    let mirror = Mirror::start(Door::Plain, limits).await;
    let many = "X: y\r\n".repeat(30);
    let long = "a".repeat(20_000);
    let table = [
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"), "431"),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(), "400"),
        ("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(), "400"),
    ];
    for (request, status) in table {
        let answer = plain_exchange(mirror.address, request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.60}: {answer}");
    }
}

#[tokio::test]
async fn at_shutdown_an_open_exchange_ends_and_nothing_new_begins() {
    let (entered, mut inside) = tokio::sync::mpsc::channel::<()>(1);
    let release = Arc::new(tokio::sync::Notify::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let gate = release.clone();
    let service = tower::service_fn(move |_: Request<PacedBody>| {
        let (entered, gate) = (entered.clone(), gate.clone());
        async move {
            entered.send(()).await.unwrap();
            gate.notified().await;
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"done"))))
        }
    });
    let task = tokio::spawn(listen::serve(listener, Door::Plain, Limits::default(), service, shutdown.clone()));
    let waiting = tokio::spawn(async move { plain_exchange(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await });
    inside.recv().await.unwrap();
    shutdown.cancel();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    release.notify_one();
    let answer = waiting.await.unwrap();
    assert!(answer.ends_with("done"), "{answer}");
    task.await.unwrap();
}

#[tokio::test]
async fn at_shutdown_an_endless_exchange_is_cut_off_after_the_drain() {
    let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let (entered, mut inside) = tokio::sync::mpsc::channel::<()>(1);
    let service = tower::service_fn(move |_: Request<PacedBody>| {
        let entered = entered.clone();
        async move {
            entered.send(()).await.unwrap();
            std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>().await
        }
    });
    let task = tokio::spawn(listen::serve(listener, Door::Plain, limits, service, shutdown.clone()));
    let waiting = tokio::spawn(async move { plain_exchange(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await });
    inside.recv().await.unwrap();
    shutdown.cancel();
    task.await.unwrap();
    assert_eq!(waiting.await.unwrap(), "");
}

#[tokio::test]
async fn connections_past_the_limit_wait_for_a_place() {
    let limits = Limits { connections: 1, ..Limits::default() };
    let mirror = Mirror::start(Door::Plain, limits).await;
    let mut first = TcpStream::connect(mirror.address).await.unwrap();
    first.write_all(b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    first.readable().await.unwrap();
    let mut second = TcpStream::connect(mirror.address).await.unwrap();
    second.write_all(b"GET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(50), second.readable()).await;
    assert!(early.is_err(), "the second connection is served while the first holds the only place");
    drop(first);
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("/second"), "{answer}");
    mirror.shutdown.cancel();
    mirror.task.await.unwrap();
}
