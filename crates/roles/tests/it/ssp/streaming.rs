//! Bodies of any size in bounded memory, and slow readers that hold nobody else up.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// How much passes: 64 MiB, or 1 GiB and more where `SOAK` is set.
#[expect(clippy::disallowed_methods, reason = "the length of a soak comes from whoever starts it")]
fn length() -> u64 {
    let soak: u64 = std::env::var("SOAK").ok().and_then(|soak| soak.parse().ok()).unwrap_or(1);
    64 * 1024 * 1024 * soak.min(16)
}

/// A Provider that answers `/large` with so many bytes, counting what left, and all else with a Bundle; it takes bodies
/// and counts them too.
fn large(sent: Arc<AtomicU64>, taken: Arc<AtomicU64>, length: u64) -> Script {
    Arc::new(move |mut stream| {
        let (sent, taken) = (sent.clone(), taken.clone());
        Box::pin(async move {
            let part = vec![b'x'; 64 * 1024];
            while let Some((_, head)) = read_head(&mut stream).await {
                let mut left: u64 = header_of(&head, "content-length").map_or(0, |length| length.parse().unwrap());
                let mut buffer = vec![0; 64 * 1024];
                while left > 0 {
                    let most = usize::try_from(left.min(65_536)).unwrap();
                    let read = stream.read(&mut buffer[..most]).await.unwrap() as u64;
                    left -= read;
                    taken.fetch_add(read, Ordering::Relaxed);
                }
                if !head.contains("/large") {
                    stream.write_all(BUNDLE).await.unwrap();
                    continue;
                }
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
                for _ in 0..length / 65_536 {
                    if stream.write_all(&part).await.is_err() {
                        return;
                    }
                    sent.fetch_add(65_536, Ordering::Relaxed);
                }
            }
        })
    })
}

/// The memory that this process holds, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

// covers: SSP-67, SSP-66
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_and_a_request_of_any_size_pass_in_bounded_memory() {
    let (sent, taken) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
    let length = length();
    let world = World::with(Settings::default(), Some(large(sent, taken.clone(), length))).await;
    assert_eq!(world.send(&world.search()).await.status, 200);
    let before = memory();
    let mut line = world.connect(world.consumer()).await;
    line.write_all(&world.to(&format!("{}/large", world.root())).bytes()).await.unwrap();
    let (_, head) = read_head(&mut line).await.unwrap();
    assert!(head.contains(&format!("Content-Length: {length}\r\n")), "{head}");
    let (mut left, mut buffer) = (length, vec![0; 65_536]);
    while left > 0 {
        left -= line.read(&mut buffer).await.unwrap() as u64;
    }
    let post = world.search().verb("POST").with("Ssp-InteractionID", CREATE);
    line.write_all(&post.header("Content-Length", &length.to_string()).bytes()).await.unwrap();
    for _ in 0..length / 65_536 {
        line.write_all(&buffer).await.unwrap();
    }
    assert_eq!(hear(&mut line).await.unwrap().status, 200);
    assert_eq!(taken.load(Ordering::Relaxed), length);
    // Other tests run in this process: what is excluded is that the bodies were held.
    let grown = memory().saturating_sub(before);
    assert!(grown < length * 3 / 4, "{grown} bytes more are held after {length} passed each way");
    let records = (world.record_of(2).await, world.record(3).await);
    assert_eq!((&records.0["bytes_out"], &records.1["bytes_in"]), (&length.into(), &length.into()));
}

// covers: SSP-67
#[tokio::test]
async fn a_slow_reader_holds_the_provider_back_and_nobody_else_up() {
    let sent = Arc::<AtomicU64>::default();
    let world = World::with(Settings::default(), Some(large(sent.clone(), Arc::default(), length()))).await;
    let mut slow = world.connect(world.consumer()).await;
    slow.write_all(&world.to(&format!("{}/large", world.root())).bytes()).await.unwrap();
    read_head(&mut slow).await.unwrap();
    // The Provider goes on until every buffer between it and the reader is full, and then no further.
    let mut before = u64::MAX;
    while before != sent.load(Ordering::Relaxed) {
        before = sent.load(Ordering::Relaxed);
        for _ in 0..5 {
            assert_eq!(world.send(&world.search()).await.status, 200, "others are answered meanwhile");
        }
    }
    assert!(before < length() / 2, "{before} bytes were taken from the Provider and nobody read them");
    let (mut left, mut buffer) = (length(), vec![0; 65_536]);
    while left > 0 {
        left -= slow.read(&mut buffer).await.unwrap() as u64;
    }
}
