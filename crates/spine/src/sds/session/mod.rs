//! An LDAP session without a socket: a message in, messages out (SDS-01, SDS-02, SDS-60, RFC 4511). Result codes are made
//! here and nowhere else.
//!
//! The session holds no entries; whoever owns the socket hands it the directory as it is at that moment, cuts the stream
//! with [`Frames`], and writes what comes back.

mod control;
mod framing;
mod search;
mod special;

pub use framing::{FrameFault, Frames, LONGEST_REQUEST};

use super::directory::Directory;
use std::cell::Cell;
use std::time::Duration;

use rasn_ldap::{
    AuthenticationChoice, BindRequest, BindResponse, CompareRequest, CompareResponse, ExtendedRequest,
    ExtendedResponse, LdapMessage, LdapResult, ProtocolOp, ResultCode,
};

const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
const WHO_AM_I: &[u8] = b"1.3.6.1.4.1.4203.1.11.3";
const NOTICE_OF_DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";

/// What a session allows at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// The most entries that one search, or one page of it, returns.
    pub most_entries: usize,
    /// The longest that one search may take, whatever the client allows.
    pub longest_search: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { most_entries: 500, longest_search: Duration::from_secs(10) }
    }
}

/// What a search asked for, in words for a record. It names systems and organisations, never a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// The base, as it was written.
    pub base: String,
    /// `base`, `one` or `sub`.
    pub scope: &'static str,
    /// The filter; a match that no attribute has a rule for stands as `(?=undefined)`.
    pub filter: String,
}

/// What one request came to, for records and measurements. It holds no value of any attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// The operation, in LDAP's own word.
    pub operation: &'static str,
    /// The result code of the answer; `None` where the operation has no answer.
    pub result: Option<u32>,
    /// The entries that were returned.
    pub entries: usize,
}

/// What to send for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The messages, in the order in which they are sent; may be none.
    pub messages: Vec<LdapMessage>,
    /// Whether the connection is closed after them.
    pub ends: bool,
    /// What it came to.
    pub exchange: Exchange,
    /// What a search asked for; `None` of other operations, and of a search that could not be read.
    pub searched: Option<Searched>,
}

impl Answer {
    /// The messages as they go on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let encoded = self.messages.iter().filter_map(|message| rasn::ber::encode(message).ok());
        encoded.collect::<Vec<_>>().concat()
    }

    fn one(id: u32, operation: &'static str, code: ResultCode, op: ProtocolOp) -> Self {
        let exchange = Exchange { operation, result: Some(code as u32), entries: 0 };
        Self { messages: vec![LdapMessage::new(id, op)], ends: false, exchange, searched: None }
    }

    fn none(operation: &'static str, ends: bool) -> Self {
        let exchange = Exchange { operation, result: None, entries: 0 };
        Self { messages: Vec::new(), ends, exchange, searched: None }
    }
}

/// The time that a search has. How long it has taken is told from outside, where there is a clock.
pub(in crate::sds) struct Time<'a> {
    taken: &'a dyn Fn() -> Duration,
    allowed: Duration,
    looked: Cell<u32>,
    up: Cell<bool>,
}

impl<'a> Time<'a> {
    /// How many entries are looked at between two looks at the clock.
    const STEP: u32 = 256;

    fn new(taken: &'a dyn Fn() -> Duration, asked_seconds: u32, longest: Duration) -> Self {
        let asked = Some(asked_seconds).filter(|seconds| *seconds > 0);
        let allowed = asked.map_or(longest, |seconds| Duration::from_secs(seconds.into()).min(longest));
        Self { taken, allowed, looked: Cell::new(0), up: Cell::new(false) }
    }

    /// Whether there is some left.
    fn is_left(&self) -> bool {
        let looked = self.looked.get();
        self.looked.set(looked.wrapping_add(1));
        if looked.is_multiple_of(Self::STEP) && (self.taken)() >= self.allowed {
            self.up.set(true);
        }
        !self.up.get()
    }
}

/// One connection's session. LDAPv3 lets a client search without a bind; the only bind there is is anonymous (SDS-02).
#[derive(Debug, Clone, Default)]
pub struct Session {
    limits: SessionLimits,
}

impl Session {
    /// A session with these limits.
    #[must_use]
    pub fn new(limits: SessionLimits) -> Self {
        Self { limits }
    }

    /// Answers one whole message as [`Frames`] cuts it out; `taken` says how long that has taken so far. Malformed BER ends the
    /// session with a notice.
    #[must_use]
    pub fn answer(&mut self, message: &[u8], directory: &Directory, taken: &dyn Fn() -> Duration) -> Answer {
        match rasn::ber::decode::<LdapMessage>(message) {
            Ok(message) => self.answer_message(&message, directory, taken),
            Err(_) => disconnection("the message is not an LDAP request that can be decoded"),
        }
    }

    /// Answers a stream that cannot be cut into messages: the notice of disconnection, after which the connection ends.
    #[must_use]
    pub fn refuse_stream(&self, fault: FrameFault) -> Answer {
        disconnection(&fault.to_string())
    }

    /// Answers one decoded message.
    #[must_use]
    pub fn answer_message(
        &mut self,
        message: &LdapMessage,
        directory: &Directory,
        taken: &dyn Fn() -> Duration,
    ) -> Answer {
        let id = message.message_id;
        if id == 0 {
            return disconnection("a request must have a message id that is not zero");
        }
        let controls = match control::Controls::read(message.controls.as_deref().unwrap_or_default()) {
            Ok(controls) => controls,
            Err((code, text)) => return refuse(id, &message.protocol_op, code, &text),
        };
        match &message.protocol_op {
            ProtocolOp::BindRequest(request) => bind(id, request),
            ProtocolOp::UnbindRequest(_) => Answer::none("unbind", true),
            // Every operation is finished before the next message is looked at, so that there is nothing to abandon.
            ProtocolOp::AbandonRequest(_) => Answer::none("abandon", false),
            ProtocolOp::SearchRequest(request) => {
                let time = Time::new(taken, request.time_limit, self.limits.longest_search);
                search::search(id, request, &controls, directory, self.limits, &time)
            }
            ProtocolOp::CompareRequest(request) => compare(id, request, directory),
            ProtocolOp::ExtendedReq(request) => extended(id, request),
            ProtocolOp::AddRequest(_)
            | ProtocolOp::ModifyRequest(_)
            | ProtocolOp::DelRequest(_)
            | ProtocolOp::ModDnRequest(_) => {
                let text = "the directory is read-only here; its administrators load entries";
                refuse(id, &message.protocol_op, ResultCode::UnwillingToPerform, text)
            }
            _ => disconnection("a client sends requests, and this is none"),
        }
    }
}

fn result(code: ResultCode, matched: &str, text: &str) -> LdapResult {
    LdapResult::new(code, matched.into(), text.into())
}

/// The refusal of a request in the response that belongs to it; requests without a response get none.
fn refuse(id: u32, op: &ProtocolOp, code: ResultCode, text: &str) -> Answer {
    let refusal = result(code, "", text);
    let (operation, response) = match op {
        ProtocolOp::BindRequest(_) => ("bind", bind_response(code, text)),
        ProtocolOp::SearchRequest(_) => ("search", ProtocolOp::SearchResDone(rasn_ldap::SearchResultDone(refusal))),
        ProtocolOp::CompareRequest(_) => ("compare", ProtocolOp::CompareResponse(CompareResponse(refusal))),
        ProtocolOp::AddRequest(_) => ("add", ProtocolOp::AddResponse(rasn_ldap::AddResponse(refusal))),
        ProtocolOp::ModifyRequest(_) => ("modify", ProtocolOp::ModifyResponse(rasn_ldap::ModifyResponse(refusal))),
        ProtocolOp::DelRequest(_) => ("delete", ProtocolOp::DelResponse(rasn_ldap::DelResponse(refusal))),
        ProtocolOp::ModDnRequest(_) => ("modifyDN", ProtocolOp::ModDnResponse(rasn_ldap::ModifyDnResponse(refusal))),
        ProtocolOp::ExtendedReq(_) => ("extended", extended_response(code, text, None)),
        ProtocolOp::UnbindRequest(_) => return Answer::none("unbind", true),
        ProtocolOp::AbandonRequest(_) => return Answer::none("abandon", false),
        _ => return disconnection("a client sends requests, and this is none"),
    };
    Answer::one(id, operation, code, response)
}

/// The unsolicited notice that the connection ends (RFC 4511 section 4.4.1).
fn disconnection(text: &str) -> Answer {
    let mut notice = extended_response(ResultCode::ProtocolError, text, None);
    if let ProtocolOp::ExtendedResp(response) = &mut notice {
        response.response_name = Some(NOTICE_OF_DISCONNECTION.to_vec().into());
    }
    let mut answer = Answer::one(0, "disconnection", ResultCode::ProtocolError, notice);
    answer.ends = true;
    answer
}

/// Anonymous simple bind of version 3 and nothing else (SDS-02, SDS-60).
fn bind(id: u32, request: &BindRequest) -> Answer {
    let (code, text) = match &request.authentication {
        _ if request.version != 3 => (ResultCode::ProtocolError, "only LDAP version 3 is spoken"),
        AuthenticationChoice::Simple(password) if !password.is_empty() => {
            (ResultCode::InvalidCredentials, "there are no accounts: bind anonymously")
        }
        AuthenticationChoice::Simple(_) if !request.name.is_empty() => {
            (ResultCode::UnwillingToPerform, "a name without a password is no authentication: bind anonymously")
        }
        AuthenticationChoice::Simple(_) => (ResultCode::Success, ""),
        _ => (ResultCode::AuthMethodNotSupported, "SASL is not supported: bind anonymously"),
    };
    Answer::one(id, "bind", code, bind_response(code, text))
}

fn bind_response(code: ResultCode, text: &str) -> ProtocolOp {
    ProtocolOp::BindResponse(BindResponse::new(code, "".into(), text.into(), None, None))
}

/// WhoAmI answers with the empty identity; StartTLS is refused as the captured server does (SDS-01, SDS-60).
fn extended(id: u32, request: &ExtendedRequest) -> Answer {
    let (code, text, value) = match request.request_name.as_ref() {
        WHO_AM_I => (ResultCode::Success, "", Some(Vec::new())),
        START_TLS => (ResultCode::ProtocolError, "StartTLS is not supported: connect to the LDAPS port", None),
        _ => (ResultCode::ProtocolError, "this extended operation is not supported", None),
    };
    Answer::one(id, "extended", code, extended_response(code, text, value))
}

fn extended_response(code: ResultCode, text: &str, value: Option<Vec<u8>>) -> ProtocolOp {
    ProtocolOp::ExtendedResp(ExtendedResponse {
        result_code: code,
        matched_dn: "".into(),
        diagnostic_message: text.into(),
        referral: None,
        response_name: None,
        response_value: value.map(Into::into),
    })
}

fn compare(id: u32, request: &CompareRequest, directory: &Directory) -> Answer {
    let (code, matched, text) = search::compare(request, directory);
    let response = ProtocolOp::CompareResponse(CompareResponse(result(code, &matched, &text)));
    Answer::one(id, "compare", code, response)
}
