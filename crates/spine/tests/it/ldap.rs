//! LDAP sessions without a socket: binds, extended operations, controls, refusals, hostile bytes.

use std::time::Duration;

use proptest::prelude::*;
use rasn_ldap::{
    AbandonRequest, AddRequest, AuthenticationChoice, BindRequest, Control, DelRequest, ExtendedRequest, Filter,
    LdapMessage, ProtocolOp, ResultCode, SaslCredentials, SearchRequest, SearchRequestDerefAliases, SearchRequestScope,
    UnbindRequest,
};
use spine::sds::session::{Answer, Frames, LONGEST_REQUEST, Session, SessionLimits};
use spine::sds::{Directory, Dn, Entry};

/// A directory with a Consumer, a Provider and the Provider's records for two interactions.
pub(crate) fn directory() -> Directory {
    let mut directory = Directory::new();
    let entry = |id: &str, class: &str, ods: &str, party_key: &str| {
        Entry::new(Dn::parse(&format!("uniqueIdentifier={id},ou=Services,o=nhs")).unwrap())
            .with("objectClass", "top")
            .with("objectClass", class)
            .with("uniqueIdentifier", id)
            .with("nhsIDCode", ods)
            .with("nhsMHSPartyKey", party_key)
    };
    let interaction = |name: &str| format!("urn:nhs:names:services:careconnect:fhir:rest:{name}");
    directory.put(entry("200000000359", "nhsAs", "A1001", "A1001-0000359"));
    directory.put(
        entry("918999198999", "nhsAs", "A91545", "A91545-9198999")
            .with("nhsAsSvcIA", interaction("search:slot"))
            .with("nhsAsSvcIA", interaction("create:appointment")),
    );
    for (id, name) in [("S918999198999", "search:slot"), ("S918999198998", "create:appointment")] {
        directory.put(
            entry(id, "nhsMhs", "A91545", "A91545-9198999")
                .with("nhsMhsSvcIA", interaction(name))
                .with("nhsMHSEndPoint", "https://provider.nhs.uk/STU3/1/uec")
                .with("nhsMhsFQDN", "provider.nhs.uk"),
        );
    }
    directory
}

pub(crate) fn searching(base: &str, scope: SearchRequestScope, filter: Filter, attributes: &[&str]) -> SearchRequest {
    let attributes = attributes.iter().map(|name| (*name).into()).collect();
    SearchRequest::new(
        base.into(),
        scope,
        SearchRequestDerefAliases::NeverDerefAliases,
        0,
        0,
        false,
        filter,
        attributes,
    )
}

/// A search that takes no time.
pub(crate) fn at_once() -> Duration {
    Duration::ZERO
}

pub(crate) fn ask(op: ProtocolOp) -> Answer {
    ask_with(op, None)
}

/// One request through its bytes, as it comes over a socket.
pub(crate) fn ask_with(op: ProtocolOp, control: Option<Control>) -> Answer {
    let mut message = LdapMessage::new(7, op);
    message.controls = control.map(|control| vec![control]);
    let mut frames = Frames::new(LONGEST_REQUEST);
    frames.push(&rasn::ber::encode(&message).unwrap());
    let bytes = frames.next_message().unwrap().unwrap().to_vec();
    let answer = Session::new(SessionLimits { most_entries: 5, ..SessionLimits::default() }).answer(
        &bytes,
        &directory(),
        &at_once,
    );
    assert!(answer.messages.iter().all(|message| message.message_id == if answer.ends { 0 } else { 7 }));
    answer
}

fn code(answer: &Answer) -> Option<u32> {
    answer.exchange.result
}

// covers: SDS-02, SDS-60, FIND-02
#[test]
fn only_an_anonymous_bind_of_version_3_succeeds() {
    let simple = |password: &[u8]| AuthenticationChoice::Simple(password.to_vec().into());
    let sasl = AuthenticationChoice::Sasl(SaslCredentials::new("PLAIN".into(), None));
    let cases = [
        (3, "", simple(b""), ResultCode::Success),
        (2, "", simple(b""), ResultCode::ProtocolError),
        (3, "cn=admin,o=nhs", simple(b"secret"), ResultCode::InvalidCredentials),
        (3, "", simple(b"secret"), ResultCode::InvalidCredentials),
        (3, "cn=admin,o=nhs", simple(b""), ResultCode::UnwillingToPerform),
        (3, "", sasl, ResultCode::AuthMethodNotSupported),
    ];
    for (version, name, authentication, expected) in cases {
        let answer = ask(ProtocolOp::BindRequest(BindRequest::new(version, name.into(), authentication)));
        assert_eq!(code(&answer), Some(expected as u32));
        assert!(matches!(answer.messages[0].protocol_op, ProtocolOp::BindResponse(_)));
    }
}

// covers: SDS-01, SDS-60
#[test]
fn who_am_i_is_answered_and_start_tls_refused() {
    let extended = |name: &str| {
        ask(ProtocolOp::ExtendedReq(ExtendedRequest {
            request_name: name.as_bytes().to_vec().into(),
            request_value: None,
        }))
    };
    let answer = extended("1.3.6.1.4.1.4203.1.11.3");
    let ProtocolOp::ExtendedResp(response) = &answer.messages[0].protocol_op else { panic!("no extended response") };
    assert_eq!((code(&answer), response.response_value.as_deref()), (Some(0), Some(&[][..])));
    for name in ["1.3.6.1.4.1.1466.20037", "1.2.3"] {
        assert_eq!(code(&extended(name)), Some(ResultCode::ProtocolError as u32), "{name}");
    }
}

// covers: SDS-60
#[test]
fn writes_are_refused_and_abandon_and_unbind_get_no_answer() {
    let add = ProtocolOp::AddRequest(AddRequest { entry: "o=nhs".into(), attributes: vec![] });
    let delete = ProtocolOp::DelRequest(DelRequest("o=nhs".into()));
    for op in [add, delete] {
        assert_eq!(code(&ask(op)), Some(ResultCode::UnwillingToPerform as u32));
    }
    let abandon = ask(ProtocolOp::AbandonRequest(AbandonRequest(3)));
    assert_eq!((abandon.messages.len(), abandon.ends), (0, false));
    let unbind = ask(ProtocolOp::UnbindRequest(UnbindRequest));
    assert_eq!((unbind.messages.len(), unbind.ends), (0, true));
}

// covers: SDS-60
#[test]
fn an_unknown_control_refuses_the_request_only_when_it_is_critical() {
    let control = |criticality| Control::new(b"1.2.3.4".to_vec().into(), criticality, None);
    let search = || {
        let filter = Filter::Present("objectClass".into());
        ProtocolOp::SearchRequest(searching("o=nhs", SearchRequestScope::BaseObject, filter, &[]))
    };
    let refused = ask_with(search(), Some(control(true)));
    assert_eq!(code(&refused), Some(ResultCode::UnavailableCriticalExtension as u32));
    assert!(matches!(refused.messages[0].protocol_op, ProtocolOp::SearchResDone(_)));
    assert_eq!(code(&ask_with(search(), Some(control(false)))), Some(0));
}

// covers: SDS-60
#[test]
fn what_is_no_request_ends_the_session_with_a_notice() {
    let mut session = Session::default();
    let good = rasn::ber::encode(&LdapMessage::new(1, ProtocolOp::UnbindRequest(UnbindRequest))).unwrap();
    let zero = rasn::ber::encode(&LdapMessage::new(0, ProtocolOp::UnbindRequest(UnbindRequest))).unwrap();
    let answered =
        ask(ProtocolOp::BindRequest(BindRequest::new(3, "".into(), AuthenticationChoice::Simple(vec![].into()))));
    let response = answered.to_bytes();
    for bytes in [&[0x30, 0x00][..], &[0x30, 0x03, 0x02, 0x01, 0x05], &good[..good.len() - 1], &zero, &response] {
        let answer = session.answer(bytes, &directory(), &at_once);
        assert!(answer.ends, "{bytes:02x?}");
        let ProtocolOp::ExtendedResp(notice) = &answer.messages[0].protocol_op else { panic!("no notice") };
        assert_eq!(notice.response_name.as_deref(), Some(&b"1.3.6.1.4.1.1466.20036"[..]));
    }
    let mut frames = Frames::new(10);
    frames.push(b"GET /");
    assert!(session.refuse_stream(frames.next_message().unwrap_err()).ends);
}

proptest! {
    #[test]
    fn no_bytes_make_a_session_panic(bytes in any::<Vec<u8>>(), place in 0..200_usize, byte in any::<u8>()) {
        let directory = directory();
        let mut session = Session::default();
        let _ = session.answer(&bytes, &directory, &at_once).to_bytes();
        let filter = Filter::And(vec![Filter::Present("o".into()), Filter::Present("nhsIDCode".into())].into());
        let request = searching("ou=services, o=nhs", SearchRequestScope::WholeSubtree, filter, &["*", "+"]);
        let mut message = rasn::ber::encode(&LdapMessage::new(1, ProtocolOp::SearchRequest(request))).unwrap();
        if let Some(target) = message.get_mut(place) {
            *target = byte;
        }
        let _ = session.answer(&message, &directory, &at_once).to_bytes();
    }
}
