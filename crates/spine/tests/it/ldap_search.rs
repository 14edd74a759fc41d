//! LDAP searches without a socket: booking's queries, attribute selection, limits, pages, the entries beside the tree.

use crate::ldap::{ask, ask_with, directory, searching};
use rasn_ldap::{
    AttributeValueAssertion, CompareRequest, Control, Filter, LdapMessage, ProtocolOp, ResultCode, SearchRequestScope,
    SearchResultEntry,
};
use spine::sds::session::{Answer, Session, SessionLimits};
use spine::sds::{Directory, Dn, Scope, ldif};
use std::time::Duration;

const SERVICES: &str = "ou=services, o=nhs";

fn equal(name: &str, value: &str) -> Filter {
    Filter::EqualityMatch(assertion(name, value))
}

fn assertion(name: &str, value: &str) -> AttributeValueAssertion {
    AttributeValueAssertion::new(name.into(), value.as_bytes().to_vec().into())
}

fn any() -> Filter {
    Filter::Present("objectClass".into())
}

fn subtree(filter: Filter, attributes: &[&str]) -> Answer {
    ask(ProtocolOp::SearchRequest(searching(SERVICES, SearchRequestScope::WholeSubtree, filter, attributes)))
}

fn entries(answer: &Answer) -> Vec<&SearchResultEntry> {
    answer
        .messages
        .iter()
        .filter_map(|message| match &message.protocol_op {
            ProtocolOp::SearchResEntry(entry) => Some(entry),
            _ => None,
        })
        .collect()
}

fn ids(answer: &Answer) -> Vec<String> {
    entries(answer)
        .iter()
        .map(|entry| entry.object_name.split(['=', ',']).nth(1).unwrap_or_default().to_owned())
        .collect()
}

fn attribute<'a>(entry: &'a SearchResultEntry, name: &str) -> Option<Vec<&'a str>> {
    let found = entry.attributes.iter().find(|attribute| attribute.r#type.0 == name)?;
    Some(found.vals.to_vec().into_iter().map(|value| std::str::from_utf8(value).unwrap()).collect())
}

fn code(answer: &Answer) -> u32 {
    answer.exchange.result.unwrap()
}

// covers: SDS-20, SDS-21, SDS-12, FIND-03, FIND-04, FIND-05, FIND-06
#[test]
fn bookings_two_queries_find_the_endpoint() {
    let system = subtree(equal("uniqueIdentifier", "918999198999"), &[]);
    assert_eq!(ids(&system), ["918999198999"]);
    let key = attribute(entries(&system)[0], "nhsMHSPartyKey").unwrap()[0];
    let interaction = "urn:nhs:names:services:careconnect:fhir:rest:search:slot";
    for spelling in [key.to_owned(), format!(" {}", key.to_lowercase())] {
        let filter = Filter::And(vec![equal("nhsMhsPartyKey", &spelling), equal("nhsMhsSvcIA", interaction)].into());
        let record = subtree(filter, &["nhsMhsEndpoint"]);
        assert_eq!(ids(&record), ["S918999198999"]);
        let entry = entries(&record)[0];
        assert_eq!(attribute(entry, "nhsMHSEndPoint"), Some(vec!["https://provider.nhs.uk/STU3/1/uec"]));
        assert_eq!(entry.attributes.len(), 1);
    }
    let base = "uniqueIdentifier=918999198999,ou=Services,o=nhs";
    let short =
        ask(ProtocolOp::SearchRequest(searching(base, SearchRequestScope::BaseObject, any(), &["nhsMHSPartyKey"])));
    assert_eq!(attribute(entries(&short)[0], "nhsMHSPartyKey"), Some(vec!["A91545-9198999"]));
}

// covers: SDS-13, SDS-40, SDS-41
#[test]
fn nothing_found_is_success_and_an_unknown_base_is_not() {
    for filter in [
        equal("uniqueIdentifier", "000000000000"),
        equal("nhsMhsFQDN", "provider.nhs.uk"),
        equal("nhsIDCode", "a91545"),
        equal("notInTheSchema", "x"),
        Filter::GreaterOrEqual(assertion("nhsIDCode", "A")),
    ] {
        let answer = subtree(filter, &[]);
        assert_eq!((ids(&answer).len(), code(&answer)), (0, 0));
    }
    let base = "uniqueIdentifier=000000000000,ou=services,o=nhs";
    let answer = ask(ProtocolOp::SearchRequest(searching(base, SearchRequestScope::BaseObject, any(), &[])));
    let ProtocolOp::SearchResDone(done) = &answer.messages[0].protocol_op else { panic!("no result") };
    assert_eq!((done.0.result_code, done.0.matched_dn.as_str()), (ResultCode::NoSuchObject, "ou=Services,o=nhs"));
    let answer = ask(ProtocolOp::SearchRequest(searching("nonsense", SearchRequestScope::BaseObject, any(), &[])));
    assert_eq!(code(&answer), ResultCode::InvalidDnSyntax as u32);
}

// covers: SDS-60
#[test]
fn the_attributes_are_those_that_were_asked_for() {
    let of = |attributes: &[&str]| {
        let answer = subtree(equal("uniqueIdentifier", "200000000359"), attributes);
        entries(&answer)[0].attributes.iter().map(|attribute| attribute.r#type.0.clone()).collect::<Vec<_>>()
    };
    let user = ["objectClass", "uniqueIdentifier", "nhsIDCode", "nhsMHSPartyKey"];
    let operational = ["structuralObjectClass", "entryDN", "subschemaSubentry"];
    assert_eq!(of(&[]), user);
    assert_eq!(of(&["*"]), user);
    assert_eq!(of(&["+"]), operational);
    assert_eq!(of(&["*", "+"]), [&user[..], &operational[..]].concat());
    assert_eq!(of(&["1.1"]), [""; 0]);
    assert_eq!(of(&["@nhsAs", "@unknown"]), user);
    assert_eq!(
        of(&["NHSIDCODE", "entrydn", "unknown", "1.2.826.0.1285.0.2.1.82"]),
        ["nhsIDCode", "nhsMHSPartyKey", "entryDN"]
    );
    let mut request =
        searching(SERVICES, SearchRequestScope::WholeSubtree, equal("nhsIDCode", "A1001"), &["nhsIDCode"]);
    request.types_only = true;
    let answer = ask(ProtocolOp::SearchRequest(request));
    assert_eq!(attribute(entries(&answer)[0], "nhsIDCode"), Some(vec![]));
}

// covers: SDS-04, SDS-60, SDS-62
#[test]
fn the_root_dse_and_the_subschema_are_there() {
    let base = |base: &str, attributes: &[&str]| {
        ask(ProtocolOp::SearchRequest(searching(base, SearchRequestScope::BaseObject, any(), attributes)))
    };
    let root = base("", &["+"]);
    let entry = entries(&root)[0];
    assert_eq!(attribute(entry, "namingContexts"), Some(vec!["o=nhs"]));
    assert_eq!(attribute(entry, "supportedLDAPVersion"), Some(vec!["3"]));
    assert!(!attribute(entry, "supportedExtension").unwrap().contains(&"1.3.6.1.4.1.1466.20037"));
    let schema = base("cn=subschema", &["attributeTypes", "objectClasses"]);
    let types = attribute(entries(&schema)[0], "attributeTypes").unwrap();
    let expected = "( 1.2.826.0.1285.0.2.1.123 NAME 'nhsMhsSvcIA' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )";
    assert!(types.contains(&expected));
    assert!(
        attribute(entries(&schema)[0], "objectClasses").unwrap().iter().any(|class| class.contains("NAME 'nhsMhs'"))
    );
    let below = ask(ProtocolOp::SearchRequest(searching("", SearchRequestScope::WholeSubtree, any(), &[])));
    assert_eq!(code(&below), ResultCode::NoSuchObject as u32);
}

// covers: SDS-46, SDS-60
#[test]
fn a_search_over_the_limit_is_cut_short_and_says_so() {
    let answer = ask(ProtocolOp::SearchRequest(searching("o=nhs", SearchRequestScope::WholeSubtree, any(), &[])));
    assert_eq!((ids(&answer).len(), code(&answer)), (5, ResultCode::SizeLimitExceeded as u32));
    let mut request = searching(SERVICES, SearchRequestScope::WholeSubtree, any(), &[]);
    for (limit, sent, expected) in [(2, 2, ResultCode::SizeLimitExceeded), (5, 5, ResultCode::Success)] {
        request.size_limit = limit;
        let answer = ask(ProtocolOp::SearchRequest(request.clone()));
        assert_eq!((ids(&answer).len(), code(&answer)), (sent, expected as u32));
    }
}

// covers: SDS-60
#[test]
fn a_search_out_of_time_says_so_and_gives_what_it_has() {
    let search = |time_limit, taken: Duration| {
        let mut request = searching("o=nhs", SearchRequestScope::WholeSubtree, any(), &["1.1"]);
        request.time_limit = time_limit;
        let message = LdapMessage::new(1, ProtocolOp::SearchRequest(request));
        let limits = SessionLimits { longest_search: Duration::from_secs(5), ..SessionLimits::default() };
        let answer = Session::new(limits).answer_message(&message, &directory(), &|| taken);
        (ids(&answer).len(), code(&answer))
    };
    let over = ResultCode::TimeLimitExceeded as u32;
    for (asked, taken, expected) in
        [(0, 0, (10, 0)), (0, 4, (10, 0)), (0, 5, (0, over)), (2, 1, (10, 0)), (2, 2, (0, over)), (60, 5, (0, over))]
    {
        assert_eq!(search(asked, Duration::from_secs(taken)), expected, "{asked} s asked, {taken} s taken");
    }
}

// covers: SDS-60
#[test]
fn pages_follow_each_other_until_everything_was_sent() {
    let paged = |filter: Filter, value: &[u8]| {
        let control = Control::new(b"1.2.840.113556.1.4.319".to_vec().into(), true, Some(value.to_vec().into()));
        let request = searching("o=nhs", SearchRequestScope::WholeSubtree, filter, &["1.1"]);
        ask_with(ProtocolOp::SearchRequest(request), Some(control))
    };
    let mut cookie: Vec<u8> = Vec::new();
    let mut pages = Vec::new();
    loop {
        let length = u8::try_from(cookie.len()).unwrap();
        let value = [&[0x30, 5 + length, 0x02, 0x01, 0x04, 0x04, length], cookie.as_slice()].concat();
        let answer = paged(any(), &value);
        assert_eq!(code(&answer), 0);
        pages.push(ids(&answer).len());
        let control = answer.messages.last().unwrap().controls.as_ref().unwrap()[0].control_value.clone().unwrap();
        cookie = control[7..].to_vec();
        if cookie.is_empty() {
            break;
        }
        let other_search =
            paged(equal("nhsIDCode", "A91545"), &[&[0x30, 21, 0x02, 0x01, 0x04, 0x04, 16], cookie.as_slice()].concat());
        assert_eq!(code(&other_search), ResultCode::UnwillingToPerform as u32);
    }
    assert_eq!((pages, directory().len()), (vec![4, 4, 2], 10));
    for malformed in [&[0x30, 0x00][..], &[0x30, 0x06, 0x02, 0x01, 0x04, 0x04, 0x01, 0x09], b"x"] {
        assert_eq!(code(&paged(any(), malformed)), ResultCode::ProtocolError as u32);
    }
}

// covers: SDS-11, SDS-13
#[test]
fn compare_uses_the_attributes_own_rule() {
    let compare = |name: &str, value: &str| {
        let entry = "uniqueIdentifier=S918999198999,ou=Services,o=nhs".into();
        code(&ask(ProtocolOp::CompareRequest(CompareRequest { entry, ava: assertion(name, value) })))
    };
    for (name, value, expected) in [
        ("nhsMHSPartyKey", "a91545-9198999", ResultCode::CompareTrue),
        ("nhsIDCode", "a91545", ResultCode::CompareFalse),
        ("nhsAsClient", "A91545", ResultCode::NoSuchAttribute),
        ("nhsMhsFQDN", "provider.nhs.uk", ResultCode::InappropriateMatching),
        ("unknown", "x", ResultCode::UndefinedAttributeType),
    ] {
        assert_eq!(compare(name, value), expected as u32, "{name}");
    }
}

// covers: SDS-63
#[test]
fn a_directory_survives_its_own_ldif() {
    let original = directory();
    let text = ldif::write(original.entries());
    let again = ldif::read(&text).unwrap();
    assert_eq!(again.iter().collect::<Vec<_>>(), original.entries().collect::<Vec<_>>());
}

// covers: SDS-20, SDS-21, SDS-23, SDS-24, SDS-25, SDS-26, SDS-27, SDS-28, SDS-29, SDS-30
#[test]
fn each_query_of_the_catalogue_finds_what_it_is_for() {
    let slot = "urn:nhs:names:services:careconnect:fhir:rest:search:slot";
    let mut directory = Directory::new();
    for entry in ldif::read(include_str!("../../../roles/tests/it/slapd/entries.ldif")).unwrap() {
        directory.put(entry);
    }
    let (system, record) = ("918999198999", "S91899919899900");
    for (filter, expected) in [
        ("(uniqueIdentifier=918999198999)".to_owned(), system),
        (format!("(&(nhsMHSPartyKey=A91545-9198999)(nhsMhsSvcIA={slot}))"), record),
        (format!("(&(uniqueIdentifier=918999198999)(objectClass=nhsAs)(nhsAsSvcIA={slot}))"), system),
        (format!("(&(nhsIDCode=A91545)(objectClass=nhsAs)(nhsAsSvcIA={slot}))"), system),
        (format!("(&(nhsIDCode=A91545)(objectClass=nhsMhs)(nhsMhsSvcIA={slot}))"), record),
        ("(&(nhsIDCode=A91545)(objectClass=nhsAs)(nhsMHSPartyKey=A91545-9198999))".to_owned(), system),
        (format!("(&(nhsIDCode=A91545)(objectClass=nhsAs)(nhsAsSvcIA={slot})(nhsMhsManufacturerOrg=X26))"), system),
        ("(&(objectClass=nhsMhs)(nhsMHSPartyKey=A1001-2000359))".to_owned(), "S20000000035900"),
        ("(&(uniqueIdentifier=918999198999)(objectClass=nhsAs))".to_owned(), system),
        (format!("(&(nhsMHSPartyKey=A91545-9198999)(objectClass=nhsMhs)(nhsMhsSvcIA={slot}))"), record),
    ] {
        let compiled = spine::sds::Filter::parse(&filter).unwrap().compile();
        let base = Dn::parse(SERVICES).unwrap();
        let found: Vec<&str> = directory
            .search(&base, Scope::Subtree, &compiled)
            .unwrap()
            .filter_map(|entry| entry.first("uniqueIdentifier"))
            .collect();
        assert_eq!(found, [expected], "{filter}");
    }
}
