//! What the token tests share: a key pair made on the spot, an issuer, an endpoint, good claims of both generations.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use spine::Operation;
use spine::dialect::{DIALECT_1_0_4, DIALECT_2_0_4, Dialect};
use spine::interaction::Group;
use spine::token::{
    AcceptUnsigned, AccessClaims, Device, EVERY_CLIENT, Expectation, GroupIds, KeySet, Practitioner,
    RequestingOrganisation, SelfMadeClaims, SigningKey, TokenFault, USUAL_LEEWAY, check,
};
use std::sync::{LazyLock, OnceLock};

pub(crate) const NOW: i64 = 1_561_971_700;
pub(crate) const ENDPOINT: &str = "https://provider.nhs.uk/STU3/1/uec";
pub(crate) const ISSUER: &str = "https://sts.example/tenant/";

/// The issuer: its key pair, the set that publishes it, and the ids of the groups.
pub(crate) struct Issuer {
    pub(crate) key: SigningKey,
    pub(crate) keys: KeySet,
    pub(crate) groups: GroupIds,
    audiences: Vec<String>,
}

pub(crate) fn new_key() -> SigningKey {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    SigningKey::from_pkcs8_der(der.as_ref()).unwrap()
}

pub(crate) fn issuer() -> &'static Issuer {
    static ISSUER_OF_ALL: LazyLock<Issuer> = LazyLock::new(|| {
        let key = new_key();
        let keys = KeySet::of(vec![key.public_key().unwrap()]);
        let groups = GroupIds::from([
            ("guid-read".to_owned(), Group::ReadSlot),
            ("guid-create".to_owned(), Group::CreateAppointment),
        ]);
        Issuer { key, keys, groups, audiences: vec![ENDPOINT.to_owned(), "https://localhost:8444/x".to_owned()] }
    });
    &ISSUER_OF_ALL
}

pub(crate) fn other_key() -> &'static SigningKey {
    static OTHER: OnceLock<SigningKey> = OnceLock::new();
    OTHER.get_or_init(new_key)
}

/// What a Provider of dialect 1.0.4 expects of a booking.
pub(crate) fn expected(dialect: &Dialect) -> Expectation<'_> {
    let issuer = issuer();
    Expectation {
        dialect,
        audiences: &issuer.audiences,
        issuer: ISSUER,
        keys: &issuer.keys,
        groups: &issuer.groups,
        clients: &EVERY_CLIENT,
        operation: Operation::BookAppointment,
        now: NOW,
        leeway: USUAL_LEEWAY,
        behind_ssp: true,
        accept_unsigned: AcceptUnsigned::BehindSsp,
    }
}

pub(crate) fn access_claims() -> AccessClaims {
    AccessClaims {
        issuer: ISSUER.to_owned(),
        audience: ENDPOINT.to_owned(),
        client: "11111111-2222-3333-4444-555555555555".to_owned(),
        groups: vec!["guid-read".to_owned(), "guid-create".to_owned(), "guid-of-something-else".to_owned()],
        issued_at: Some(NOW - 100),
        not_before: Some(NOW - 100),
        expires_at: NOW + 3500,
        subject: Some("66666666-7777-8888-9999-000000000000".to_owned()),
        tenant: Some("tenant".to_owned()),
        token_id: Some("abc".to_owned()),
    }
}

pub(crate) fn self_made_claims() -> SelfMadeClaims {
    SelfMadeClaims {
        issuer: "https://consumer.nhs.uk/".to_owned(),
        subject: "10019".to_owned(),
        audience: ENDPOINT.to_owned(),
        issued_at: NOW - 100,
        scope: Operation::BookAppointment.scope().to_owned(),
        device: Device {
            system: "https://supplier.example/Id/device".to_owned(),
            value: "APP-1".to_owned(),
            model: "Consumer".to_owned(),
            version: "1.0".to_owned(),
        },
        organisation: RequestingOrganisation { name: "Test 111".to_owned(), ods_code: "A1001".parse().unwrap() },
        practitioner: Some(Practitioner {
            id: "10019".to_owned(),
            family: "Caller".to_owned(),
            given: vec!["Sam".to_owned()],
            prefix: vec!["Dr".to_owned()],
            sds_user: None,
            sds_role_profile: None,
            local_identifier: Some(("https://supplier.example/Id/user".to_owned(), "10019".to_owned())),
        }),
    }
}

/// The faults of a token under an expectation; none when it passes.
pub(crate) fn faults(token: &str, expected: &Expectation<'_>) -> Vec<TokenFault> {
    check(token, expected).err().unwrap_or_default()
}

/// The requirements that a booking with this token breaks, in the dialect that takes every shape.
pub(crate) fn broken(token: &str) -> Vec<&'static str> {
    faults(token, &expected(&DIALECT_2_0_4)).iter().map(|fault| fault.requirement).collect()
}

pub(crate) fn dialects() -> [&'static Dialect; 2] {
    [&DIALECT_1_0_4, &DIALECT_2_0_4]
}
