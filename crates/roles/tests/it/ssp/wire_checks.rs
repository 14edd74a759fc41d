//! What must hold for any bytes on the proxy's legs. The fuzz target and the plain test share this.

use bytes::BytesMut;
use roles::ssp::wire::{Chunk, Framing, Head, HeadLimits, end_of_head};

const LIMITS: HeadLimits = HeadLimits { bytes: 64 * 1024, fields: 100 };

/// A head that is taken reads the same when it is written out plainly; its body ends in one place, however its bytes
/// arrive, and what goes on of it ends in the same place (SSP-37, SSP-67).
pub(crate) fn check_wire(bytes: &[u8]) {
    let Some(end) = end_of_head(bytes, 0) else { return };
    for from in [1, end / 2, end.saturating_sub(1)] {
        assert_eq!(end_of_head(bytes, from), Some(end), "where the search begins does not matter");
    }
    let (head, body) = bytes.split_at(end);
    if let Ok(read) = Head::answer(head, LIMITS) {
        let line = [read.first().as_bytes(), b" ", read.status().to_string().as_bytes(), b" ", read.reason()].concat();
        same_fields(&read, &Head::answer(&written(&line, &read), LIMITS).expect("what was read is an answer"));
        if let Ok(framing) = Framing::of_answer(&read, "GET") {
            check_body(framing, body);
        }
    }
    let Ok(read) = Head::request(head, LIMITS) else { return };
    assert!(read.raw_target().iter().all(|byte| *byte > b' ' && *byte != 0x7f));
    let version: &[u8] = if read.is_request_11() { b"HTTP/1.1" } else { b"HTTP/1.0" };
    let line = [read.first().as_bytes(), b" ", read.raw_target(), b" ", version].concat();
    let again = Head::request(&written(&line, &read), LIMITS).expect("what was read is a request");
    assert_eq!((again.first(), again.raw_target()), (read.first(), read.raw_target()));
    same_fields(&read, &again);
    if let Ok(framing) = Framing::of_request(&read) {
        let (lengths, codings) = (read.values("Content-Length").count(), read.values("Transfer-Encoding").count());
        assert!(lengths + codings <= 1, "one field says where the body ends");
        check_body(framing, body);
    }
}

fn written(line: &[u8], head: &Head) -> Vec<u8> {
    let mut bytes = [line, b"\r\n"].concat();
    for (name, value) in head.fields() {
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'));
        assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
        bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend(b"\r\n");
    assert_eq!(end_of_head(&bytes, 0), Some(bytes.len()), "nothing within a head ends it");
    bytes
}

fn same_fields(one: &Head, other: &Head) {
    assert!(one.fields().eq(other.fields()));
}

fn check_body(framing: Framing, body: &[u8]) {
    let again = match &framing {
        Framing::Length(length) => Framing::Length(*length),
        Framing::Chunks(_) => Framing::Chunks(Chunk::Size),
        Framing::UntilEnd => return,
    };
    let whole = carried(framing, body, body.len().max(1));
    let parted = carried(again, body, 1);
    match (&whole, &parted) {
        (Some(whole), Some(parted)) => assert_eq!((whole.taken, &whole.rest), (parted.taken, &parted.rest)),
        (None, None) => {}
        _ => panic!("how bytes arrive does not matter: {:?} {:?}", whole.is_some(), parted.is_some()),
    }
    let Some(Carried { out, over: true, chunked: true, taken, .. }) = whole else { return };
    let plain = carried(Framing::Chunks(Chunk::Size), &out, out.len()).expect("what goes on is sound");
    assert!(plain.over && plain.rest.is_empty() && plain.taken == taken && plain.out == out);
}

struct Carried {
    out: Vec<u8>,
    rest: Vec<u8>,
    taken: u64,
    over: bool,
    chunked: bool,
}

/// The body as it goes on; `None` when it is malformed.
fn carried(mut framing: Framing, body: &[u8], part: usize) -> Option<Carried> {
    let chunked = matches!(framing, Framing::Chunks(_));
    let (mut raw, mut out, mut taken) = (BytesMut::new(), BytesMut::new(), 0);
    for part in body.chunks(part) {
        raw.extend_from_slice(part);
        if !framing.is_over() {
            taken += framing.carry(&mut raw, &mut out, true).ok()?;
        }
    }
    Some(Carried { out: out.to_vec(), rest: raw.to_vec(), taken, over: framing.is_over(), chunked })
}
