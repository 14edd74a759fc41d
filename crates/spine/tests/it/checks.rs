//! What must hold for any bytes from outside. The fuzz targets and the plain tests share these.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use spine::dialect::{DIALECT_1_0_4, DIALECT_2_0_4};
use spine::headers::bearer;
use spine::interaction::Group;
use spine::sds::filter::LONGEST_FILTER;
use spine::sds::ldif;
use spine::sds::session::{Frames, LONGEST_REQUEST, Session, SessionLimits};
use spine::sds::{Directory, Dn, Filter, Scope};
use spine::token::{
    self, AcceptUnsigned, Assurance, Compact, EVERY_CLIENT, Expectation, GroupIds, KeySet, MOST_KEYS, PublicKey,
};
use spine::{Operation, SspHeaders};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A few entries, each of a kind that a search may meet.
const ENTRIES: &str = include_str!("../../../../fuzz/corpus/ldif/two-systems.ldif");

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// A token is never believed without its issuer's key, and judged the same twice. The bytes are a token, or the three
/// parts of one on lines of their own, so that what stands within base64 is reached too.
pub(crate) fn check_token(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    match (parts.next(), parts.next()) {
        (Some(header), Some(claims)) => {
            let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
            let signature = encode(parts.next().unwrap_or_default());
            check_one_token(&format!("{}.{}.{signature}", encode(header), encode(claims)));
        }
        _ => {
            text(bytes).map(check_one_token);
        }
    }
}

fn check_one_token(token: &str) {
    drop(Compact::split(token));
    for dialect in [&DIALECT_1_0_4, &DIALECT_2_0_4] {
        let expected = Expectation {
            dialect,
            audiences: &["https://provider.nhs.uk/STU3/1/uec".to_owned()],
            issuer: "https://sts.example/tenant/",
            keys: nobodys_keys(),
            groups: &GroupIds::from([("guid-create".to_owned(), Group::CreateAppointment)]),
            clients: &EVERY_CLIENT,
            operation: Operation::BookAppointment,
            now: 1_561_971_700,
            leeway: 60,
            behind_ssp: true,
            accept_unsigned: AcceptUnsigned::BehindSsp,
        };
        let checked = token::check(token, &expected);
        match &checked {
            Ok(checked) => assert_eq!(checked.assurance(), Assurance::Unsigned),
            Err(faults) => assert!(!faults.is_empty(), "a refusal has a reason"),
        }
        assert_eq!(checked, token::check(token, &expected), "judged the same twice");
    }
}

/// A key `k1` whose private half nobody has: its modulus is no product of two primes that anyone knows.
fn nobodys_keys() -> &'static KeySet {
    static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
        let key = PublicKey::from_components("k1", &[0xc1; 256], &[1, 0, 1]).expect("a modulus of 2048 bits");
        KeySet::of(vec![key])
    });
    &KEYS
}

/// A key set is refused, or read into a few keys that are told apart by their ids, believe nothing by chance, and are
/// published as they were read. The same bytes as DER hold a key or none.
pub(crate) fn check_jwks(bytes: &[u8]) {
    drop(PublicKey::from_der("k", bytes).map(|key| assert!(!key.verifies(b"a message", &[7; 256]))));
    let Ok(keys) = KeySet::from_jwks(bytes) else { return };
    let ids: BTreeSet<&str> = keys.keys().iter().map(PublicKey::key_id).collect();
    assert!((1..=MOST_KEYS).contains(&ids.len()) && ids.len() == keys.keys().len());
    assert!(keys.keys().iter().all(|key| !key.verifies(b"a message", &[7; 256])));
    let published = keys.to_jwks();
    let again = KeySet::from_jwks(published.as_bytes()).expect("what is published can be read");
    assert_eq!(again.to_jwks(), published);
}

/// A stream of LDAP: every message is answered within its own id, or the session ends.
pub(crate) fn check_ber(bytes: &[u8]) {
    let mut session = Session::new(SessionLimits::default());
    let mut frames = Frames::new(LONGEST_REQUEST);
    for part in bytes.chunks(61) {
        frames.push(part);
        loop {
            let answer = match frames.next_message() {
                Ok(Some(message)) => session.answer(message, &DIRECTORY, &|| Duration::ZERO),
                Ok(None) => break,
                Err(fault) => {
                    assert!(session.refuse_stream(fault).ends);
                    return;
                }
            };
            let mut sent = Frames::new(usize::MAX);
            sent.push(&answer.to_bytes());
            let mut count = 0;
            while sent.next_message().expect("what is sent is LDAP").is_some() {
                count += 1;
            }
            assert_eq!(count, answer.messages.len(), "every answer can be written");
            if answer.ends {
                return;
            }
        }
    }
}

/// The same directory each time; making it takes longer than any check.
static DIRECTORY: LazyLock<Directory> = LazyLock::new(|| {
    let mut directory = Directory::new();
    for entry in ldif::read(ENTRIES).expect("the entries are LDIF") {
        directory.put(entry);
    }
    directory
});

/// What is read is written so that it is read again as the same.
pub(crate) fn check_ldif(bytes: &[u8]) {
    let Some(Ok(entries)) = text(bytes).map(ldif::read) else { return };
    let written = ldif::write(&entries);
    assert_eq!(ldif::read(&written).as_ref(), Ok(&entries), "{written}");
}

/// A filter is written as it was meant, and any directory can be searched with it.
pub(crate) fn check_filter(bytes: &[u8]) {
    let Some(Ok(filter)) = text(bytes).map(Filter::parse) else { return };
    let written = filter.to_string();
    // What no attribute has a rule for is written as what it comes to, which no reader takes; escapes may outgrow the limit.
    if !written.contains("(?=undefined)") && written.len() <= LONGEST_FILTER {
        assert_eq!(Filter::parse(&written).as_ref(), Ok(&filter), "{written}");
    }
    let compiled = filter.compile();
    let root = Dn::parse("o=nhs").expect("a name");
    let found = DIRECTORY.search(&root, Scope::Subtree, &compiled).map(Iterator::count);
    assert!(found.is_ok_and(|found| found <= 16));
}

/// Header lines, `name: value` each: the four headers are read as they are written, or refused for a reason.
pub(crate) fn check_ssp_headers(bytes: &[u8]) {
    let pairs = || {
        bytes.split(|byte| *byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let value = line[colon + 1..].strip_prefix(b" ").unwrap_or(&line[colon + 1..]);
            Some((text(&line[..colon])?, value))
        })
    };
    let _ = bearer(pairs());
    drop(SspHeaders::read_if_present(pairs()));
    match SspHeaders::read(pairs()) {
        Ok(headers) => {
            let written = headers.write();
            let again = SspHeaders::read(written.iter().map(|(name, value)| (*name, value.as_bytes())));
            assert_eq!(again, Ok(headers));
        }
        Err(faults) => assert!(!faults.is_empty() && faults.len() <= 4, "{faults:?}"),
    }
}
