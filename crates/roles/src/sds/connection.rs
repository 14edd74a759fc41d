//! One LDAP connection: bytes in, messages through the session in their order, bytes out. Every wait has an end.

use std::sync::Arc;
use std::time::Instant;

use spine::sds::session::{Answer, Frames, Session, SessionLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

use super::record::{Recorder, Untold};
use super::{LiveDirectory, Settings};
use crate::edge::listen::{Connection, Stream};
use crate::edge::pace::PacedIo;
use crate::edge::peer::{Peer, Verdict};

/// How much is read at once.
const READ_AT_ONCE: usize = 16 * 1024;
/// How much of the answers is gathered before it is sent, so that pipelined requests share a packet and a large answer
/// does not wait in memory.
const SEND_AT: usize = 64 * 1024;

/// Serves one connection to its end.
pub(super) async fn serve(
    connection: Connection,
    directory: Arc<LiveDirectory>,
    recorder: Recorder,
    settings: Arc<Settings>,
    shutdown: CancellationToken,
) {
    let address = connection.peer.address;
    if let Err(why) = admitted(&connection.peer) {
        tracing::info!(%address, why, "an LDAP connection was refused");
        return;
    }
    let mut stream = PacedIo::new(connection.stream, settings.stall);
    let mut untold = Untold::new(&recorder, &connection.peer);
    let talk = talk(&mut stream, &mut untold, &directory, &settings);
    let ended = tokio::select! {
        ended = talk => ended,
        () = shutdown.cancelled() => Ok(()),
    };
    untold.tell().await;
    if let Err(fault) = ended {
        tracing::debug!(%address, %fault, "an LDAP connection ended early");
    }
    // The peer may have gone; then there is nobody to say good-bye to.
    let _ = stream.shutdown().await;
}

/// LDAPS asks for a certificate of ours (SDS-01); plain LDAP is for this machine alone (SDS-03).
fn admitted(peer: &Peer) -> Result<(), &'static str> {
    match &peer.certificate {
        Verdict::Good(_) => Ok(()),
        Verdict::NotAsked if peer.tls.is_some() => {
            Err("this listener asks for no client certificate, which LDAPS must")
        }
        Verdict::NotAsked if peer.address.ip().to_canonical().is_loopback() => Ok(()),
        Verdict::NotAsked => Err("plain LDAP is answered on the loopback only"),
        Verdict::PlainHttp => Err("this port speaks LDAPS"),
        Verdict::None => Err("no client certificate"),
        Verdict::Bad { .. } => Err("a client certificate that is not believed"),
    }
}

async fn talk(
    stream: &mut PacedIo<Stream>,
    untold: &mut Untold<'_>,
    directory: &LiveDirectory,
    settings: &Settings,
) -> std::io::Result<()> {
    let limits = SessionLimits { most_entries: settings.most_entries, longest_search: settings.longest_search };
    let mut session = Session::new(limits);
    let mut frames = Frames::new(settings.longest_request);
    let mut bytes = vec![0; READ_AT_ONCE];
    let mut out = Vec::new();
    loop {
        // A request that was begun has to be finished soon; between requests a client may think.
        let patience = if frames.waiting() == 0 { settings.idle } else { settings.stall };
        let came = more(stream, &mut bytes, Instant::now() + patience, untold).await?;
        if came == 0 {
            return Ok(());
        }
        frames.push(&bytes[..came]);
        while let Some(answer) = next_answer(&mut session, &mut frames, directory, untold).await {
            out.extend_from_slice(&answer.to_bytes());
            if answer.ends || out.len() >= SEND_AT {
                send(stream, &mut out, untold).await?;
            }
            if answer.ends {
                return Ok(());
            }
        }
        send(stream, &mut out, untold).await?;
    }
}

/// The next bytes. While they are waited for, the record of what was answered is written when it is due.
async fn more(
    stream: &mut PacedIo<Stream>,
    bytes: &mut [u8],
    end: Instant,
    untold: &mut Untold<'_>,
) -> std::io::Result<usize> {
    loop {
        let due = untold.due().filter(|due| *due < end);
        match timeout_at(due.unwrap_or(end).into(), stream.read(bytes)).await {
            Ok(came) => return came,
            Err(_) if due.is_some() => untold.tell().await,
            Err(_) => return Err(std::io::ErrorKind::TimedOut.into()),
        }
    }
}

/// The answer to the next whole request; `None` until more bytes come.
async fn next_answer(
    session: &mut Session,
    frames: &mut Frames,
    directory: &LiveDirectory,
    untold: &mut Untold<'_>,
) -> Option<Answer> {
    let message = match frames.next_message() {
        Ok(message) => message?,
        Err(fault) => return Some(session.refuse_stream(fault)),
    };
    let started = Instant::now();
    let answer = session.answer(message, &*directory.now().await, &|| started.elapsed());
    untold.note(&answer, started.elapsed());
    Some(answer)
}

async fn send(stream: &mut PacedIo<Stream>, out: &mut Vec<u8>, untold: &mut Untold<'_>) -> std::io::Result<()> {
    if untold.comes_first() {
        untold.tell().await;
    }
    if !out.is_empty() {
        stream.write_all(out).await?;
        stream.flush().await?;
        out.clear();
        out.shrink_to(SEND_AT);
    }
    Ok(())
}
