//! Cutting a stream of bytes into LDAP messages: the outer BER header only, within a limit (RFC 4511 section 5.1).

/// The longest request that is read, in bytes.
pub const LONGEST_REQUEST: usize = 64 * 1024;

/// Why a stream holds no LDAP message; the connection ends with a notice of disconnection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// The next byte begins no SEQUENCE.
    #[error("an LDAP message begins with 0x30, got 0x{0:02x}")]
    NotAMessage(u8),
    /// The length is indefinite, or written in more than four octets.
    #[error("the length of an LDAP message must be definite and written in at most four octets")]
    LengthForm,
    /// The message is longer than the limit.
    #[error("the LDAP message has {0} bytes, which is more than is read")]
    TooLong(usize),
}

/// Bytes that came and have not been taken as messages yet.
#[derive(Debug)]
pub struct Frames {
    buffer: Vec<u8>,
    taken: usize,
    longest: usize,
}

impl Frames {
    /// An empty stream whose messages may have at most `longest` bytes.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self { buffer: Vec::new(), taken: 0, longest }
    }

    /// Adds bytes that came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The number of bytes that wait for the rest of their message.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.taken
    }

    /// The next whole message with its header; `None` until more bytes come.
    ///
    /// # Errors
    /// What begins no message, or one over the limit, as soon as its header shows it.
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, FrameFault> {
        let rest = &self.buffer[self.taken..];
        let Some(length) = message_length(rest)? else { return Ok(None) };
        if length > self.longest {
            return Err(FrameFault::TooLong(length));
        }
        if rest.len() < length {
            return Ok(None);
        }
        let start = self.taken;
        self.taken += length;
        Ok(Some(&self.buffer[start..self.taken]))
    }
}

/// The length of the first message with its header; `None` while the header is not complete.
fn message_length(bytes: &[u8]) -> Result<Option<usize>, FrameFault> {
    let [tag, rest @ ..] = bytes else { return Ok(None) };
    if *tag != 0x30 {
        return Err(FrameFault::NotAMessage(*tag));
    }
    let [first, rest @ ..] = rest else { return Ok(None) };
    match first {
        0..=0x7f => Ok(Some(2 + usize::from(*first))),
        0x81..=0x84 => {
            let octets = usize::from(first & 0x7f);
            let Some(length) = rest.get(..octets) else { return Ok(None) };
            let contents = length.iter().fold(0_usize, |length, octet| (length << 8) | usize::from(*octet));
            Ok(Some(contents.saturating_add(2 + octets)))
        }
        _ => Err(FrameFault::LengthForm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_cut_out_however_the_bytes_come() {
        let stream = [0x30, 0x02, 1, 2, 0x30, 0x81, 0x01, 9, 0x30, 0x84, 0, 0, 0, 1, 7, 0x30];
        for step in 1..=stream.len() {
            let mut frames = Frames::new(100);
            let mut messages = Vec::new();
            for bytes in stream.chunks(step) {
                frames.push(bytes);
                while let Some(message) = frames.next_message().unwrap() {
                    messages.push(message.len());
                }
            }
            assert_eq!((messages, frames.waiting()), (vec![4, 4, 7], 1), "in steps of {step}");
        }
    }

    #[test]
    fn what_is_no_message_or_too_long_is_refused_at_its_header() {
        let refuse = |bytes: &[u8]| {
            let mut frames = Frames::new(100);
            frames.push(bytes);
            frames.next_message().map(|message| message.is_some())
        };
        assert_eq!(refuse(b"GET / HTTP/1.1"), Err(FrameFault::NotAMessage(b'G')));
        assert_eq!(refuse(&[0x30, 0x80]), Err(FrameFault::LengthForm));
        assert_eq!(refuse(&[0x30, 0x85, 0, 0, 0, 0, 1]), Err(FrameFault::LengthForm));
        assert_eq!(refuse(&[0x30, 0x81, 0xff]), Err(FrameFault::TooLong(258)));
        assert!(matches!(refuse(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), Err(FrameFault::TooLong(_))));
        assert_eq!(refuse(&[0x30]), Ok(false));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            let mut frames = Frames::new(64);
            frames.push(&bytes);
            while let Ok(Some(_)) = frames.next_message() {}
        }
    }
}
