//! Tokens that were verified are remembered, and no longer than they may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use roles::edge::authorise::{Authoriser, Caller, Trust};
use roles::edge::base::Base;
use roles::edge::issuer_keys::IssuerKeys;
use roles::edge::refusal::Refusal;
use serde_json::{Map, Value, json};
use spine::dialect::{DIALECT_1_0_4, DIALECT_2_0_4};
use spine::interaction::Group;
use spine::token::{AcceptUnsigned, ClientNames, GroupIds, KeySet, SigningKey};
use spine::{OdsCode, Operation, Reason};

use crate::provider::house::{BASE_1, BASE_2, BOOKERS, ISSUER, KEY, NOW, READERS, claims, new_key, unsigned};

fn trust() -> Trust {
    Trust {
        issuer: ISSUER.to_owned(),
        audiences: vec![BASE_1.to_owned(), BASE_2.to_owned()],
        groups: GroupIds::from([(READERS.to_owned(), Group::ReadSlot), (BOOKERS.to_owned(), Group::CreateAppointment)]),
        clients: ClientNames::new(),
        organisations: Vec::new(),
        leeway: 60,
        accept_unsigned: AcceptUnsigned::BehindSsp,
    }
}

fn set(keys: &[&SigningKey]) -> Arc<KeySet> {
    Arc::new(KeySet::of(keys.iter().map(|key| key.public_key().expect("a public key")).collect()))
}

async fn ask(authoriser: &Authoriser, token: &str, operation: Operation, second: i64) -> Result<Arc<Caller>, Reason> {
    let base = Base::new(BASE_1, &DIALECT_1_0_4).expect("a base");
    asked(authoriser, token, &base, operation, second).await.map_err(|refusal| refusal.reason)
}

async fn asked(
    authoriser: &Authoriser,
    token: &str,
    base: &Base,
    operation: Operation,
    second: i64,
) -> Result<Arc<Caller>, Refusal> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().expect("a header"));
    let now = Timestamp::from_second(second).expect("a timestamp");
    authoriser.check(&headers, base, operation, true, now).await
}

fn signed_by(key: &SigningKey, change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut claims = claims().as_object().expect("claims").clone();
    change(&mut claims);
    key.sign(&claims).expect("a token")
}

const READ: Operation = Operation::SearchFreeSlots;

// covers: JWT-16, JWT-19, X-30
#[tokio::test]
async fn a_remembered_token_still_expires_and_still_needs_its_group() {
    let authoriser = Authoriser::new(trust(), IssuerKeys::from(set(&[&KEY])));
    let reader = signed_by(&KEY, |claims| drop(claims.insert("groups".to_owned(), json!([READERS]))));
    for _ in 0..2 {
        assert!(ask(&authoriser, &reader, READ, NOW).await.is_ok());
        let booking = ask(&authoriser, &reader, Operation::BookAppointment, NOW).await;
        assert_eq!(booking.err(), Some(Reason::TokenGroupMissing));
    }
    assert!(ask(&authoriser, &reader, READ, NOW + 3600 + 59).await.is_ok());
    assert_eq!(ask(&authoriser, &reader, READ, NOW + 3600 + 60).await.err(), Some(Reason::TokenExpired));
}

// covers: TOK-08, JWT-12
#[tokio::test]
async fn a_remembered_token_is_forgotten_with_its_key() {
    let (keys, next) = (IssuerKeys::from(set(&[&KEY])), new_key());
    let authoriser = Authoriser::new(trust(), keys.clone());
    let (old, new) = (signed_by(&KEY, |_| ()), signed_by(&next, |_| ()));
    assert!(ask(&authoriser, &old, READ, NOW).await.is_ok());
    assert_eq!(ask(&authoriser, &new, READ, NOW).await.err(), Some(Reason::TokenKeyUnknown));
    keys.renew(Some(set(&[&KEY, &next])));
    assert!(ask(&authoriser, &old, READ, NOW).await.is_ok(), "both while one takes the other's place");
    assert!(ask(&authoriser, &new, READ, NOW).await.is_ok());
    keys.renew(Some(set(&[&next])));
    assert_eq!(ask(&authoriser, &old, READ, NOW).await.err(), Some(Reason::TokenKeyUnknown));
    assert!(ask(&authoriser, &new, READ, NOW).await.is_ok());
    keys.renew(Some(set(&[])));
    assert_eq!(ask(&authoriser, &new, READ, NOW).await.err(), Some(Reason::TokenKeyUnknown));
}

// covers: JWT-12
#[tokio::test]
async fn a_token_of_a_new_key_has_the_keys_read_again_once() {
    let (keys, next) = (IssuerKeys::from(set(&[&KEY])), Arc::new(new_key()));
    let authoriser = Authoriser::new(trust(), keys.clone());
    let (new, readings) = (signed_by(&next, |_| ()), Arc::new(AtomicU32::new(0)));
    let (listening, listens) = tokio::sync::oneshot::channel();
    let follower = tokio::spawn({
        let (keys, next, readings) = (keys.clone(), next.clone(), readings.clone());
        async move {
            // Begun once, so that it listens before anyone asks.
            tokio::select! { biased; () = keys.wanted() => {}, () = std::future::ready(()) => {} }
            listening.send(()).expect("somebody waits");
            keys.wanted().await;
            keys.reading();
            readings.fetch_add(1, Ordering::Relaxed);
            keys.renew(Some(set(&[&KEY, &next])));
        }
    });
    listens.await.expect("it listens");
    let expired = signed_by(&new_key(), |claims| drop(claims.insert("exp".to_owned(), json!(1))));
    assert!(ask(&authoriser, &expired, READ, NOW).await.is_err());
    assert_eq!(readings.load(Ordering::Relaxed), 0, "what is refused anyway is worth no reading");
    assert!(ask(&authoriser, &new, READ, NOW).await.is_ok());
    follower.await.expect("it has read");
    let unknown = signed_by(&new_key(), |_| ());
    assert_eq!(ask(&authoriser, &unknown, READ, NOW).await.err(), Some(Reason::TokenKeyUnknown));
    assert_eq!(readings.load(Ordering::Relaxed), 1);
}

// covers: JWT-17, JWT-21, JWT-23, JW2-15, JW1-07, JWT-95
#[tokio::test]
async fn a_client_that_is_not_on_the_list_is_refused_and_one_that_is_has_its_name_recorded() {
    let clients = ClientNames::from([("client-1".to_owned(), "North 111".to_owned())]);
    let authoriser = Authoriser::new(Trust { clients, ..trust() }, IssuerKeys::from(set(&[&KEY])));
    for _ in 0..2 {
        let caller = ask(&authoriser, &signed_by(&KEY, |_| ()), READ, NOW).await.expect("known");
        let record: Value = serde_json::from_str(caller.record.as_json()).expect("JSON");
        assert_eq!((&record["client"], &record["appid"]), (&json!("North 111"), &json!("client-1")));
        assert_eq!((&record["sub"], &record["uti"]), (&json!("o"), &json!("u")));
        assert_eq!(record["assurance"], "signed");
    }
    let other = signed_by(&KEY, |claims| drop(claims.insert("appid".to_owned(), json!("client-2"))));
    assert_eq!(ask(&authoriser, &other, READ, NOW).await.err(), Some(Reason::TokenClientUnknown));
}

// covers: JW2-16, JWT-93
#[tokio::test]
async fn only_organisations_on_the_list_may_ask_where_there_is_one() {
    let base = Base::new(BASE_2, &DIALECT_2_0_4).expect("a base");
    let token = unsigned("organization/slot.read");
    for (codes, expected) in
        [(vec![], None), (vec!["A1001"], None), (vec!["B2002"], Some(Reason::OrganisationNotPermitted))]
    {
        let organisations = codes.into_iter().map(|code| OdsCode::parse(code).expect("a code")).collect();
        let authoriser = Authoriser::new(Trust { organisations, ..trust() }, IssuerKeys::from(set(&[&KEY])));
        let outcome = asked(&authoriser, &token, &base, READ, NOW).await;
        assert_eq!(outcome.err().map(|refusal| refusal.reason), expected);
    }
}
