//! The searches that both servers are asked.

use ldap3::Scope;
use spine::sds::schema::ATTRIBUTES;

/// One search.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) base: String,
    pub(super) scope: Scope,
    pub(super) filter: String,
    pub(super) attributes: Vec<&'static str>,
    pub(super) types_only: bool,
    pub(super) size_limit: i32,
    pub(super) time_limit: i32,
    /// A control that nobody knows: whether it is critical.
    pub(super) unknown_control: Option<bool>,
}

const ANY: &str = "(objectClass=*)";
const SYSTEM: &str = "uniqueIdentifier=918999198999,ou=Services,o=nhs";

fn ask(base: &str, scope: Scope, filter: &str, attributes: &[&'static str]) -> Ask {
    Ask {
        base: base.to_owned(),
        scope,
        filter: filter.to_owned(),
        attributes: attributes.to_vec(),
        types_only: false,
        size_limit: 0,
        time_limit: 0,
        unknown_control: None,
    }
}

fn everywhere(filter: &str) -> Ask {
    ask("o=nhs", Scope::Subtree, filter, &["*"])
}

/// All of them.
pub(super) fn asks() -> Vec<Ask> {
    let mut all = each_attribute();
    all.extend(scopes_and_bases());
    all.extend(FILTERS.iter().map(|filter| everywhere(filter)));
    all.extend(SELECTIONS.iter().map(|attributes| ask(SYSTEM, Scope::Base, ANY, attributes)));
    all.extend(
        SELECTIONS.iter().map(|attributes| Ask { types_only: true, ..ask(SYSTEM, Scope::Base, ANY, attributes) }),
    );
    all.extend([1, 2, 5, 100_000].map(|size_limit| Ask { size_limit, ..everywhere("(nhsIDCode=Q99999)") }));
    all.extend([1, 100_000].map(|time_limit| Ask { time_limit, ..everywhere("(nhsIDCode=A91545)") }));
    all.extend([true, false].map(|critical| Ask { unknown_control: Some(critical), ..everywhere(ANY) }));
    all
}

/// Filters whose results are asked for in pages, with the sizes of the pages.
pub(super) fn names_and_pages() -> [(&'static str, i32); 6] {
    [
        (ANY, 1),
        (ANY, 7),
        (ANY, 1000),
        ("(objectClass=nhsMhs)", 2),
        ("(nhsIDCode=nobody)", 3),
        ("(|(nhsIDCode=A91545)(nhsIDCode=Q99999))", 4),
    ]
}

/// Every attribute of the two classes by each kind of match, with values that are there and values that nearly are.
fn each_attribute() -> Vec<Ask> {
    let mut all = Vec::new();
    for row in ATTRIBUTES.iter().filter(|row| !row.operational && row.name.starts_with("nhs")) {
        let (name, value) = (row.name, value_of(row.name));
        all.extend(
            [
                format!("({name}={value})"),
                format!("({name}={})", value.to_lowercase()),
                format!("({name}=  {} )", value.to_uppercase()),
                format!("({}=*)", name.to_uppercase()),
                format!("({}={value})", row.oid),
                format!("(!({name}={value}))"),
                format!("({name}={}*)", &value[..1]),
                format!("({name}>={value})"),
                format!("({name}<={value})"),
            ]
            .iter()
            .map(|filter| Ask { attributes: vec!["1.1"], ..everywhere(filter) }),
        );
    }
    all
}

/// A value that some entry has.
fn value_of(name: &str) -> String {
    let entries = super::ldif::read(super::ENTRIES).expect("LDIF");
    let value = entries.iter().find_map(|entry| entry.first(name));
    value.unwrap_or_else(|| panic!("some entry has {name}")).to_owned()
}

fn scopes_and_bases() -> Vec<Ask> {
    let bases = [
        "o=nhs",
        "O=NHS",
        "ou=services, o=nhs",
        " ou = Services , o = nhs ",
        "2.5.4.11=services,2.5.4.10=nhs",
        "ou=People,o=nhs",
        SYSTEM,
        "UNIQUEIDENTIFIER=S91899919899900,OU=SERVICES,O=NHS",
        "uniqueIdentifier=000000000000,ou=Services,o=nhs",
        "cn=below,uniqueIdentifier=000000000000,ou=Services,o=nhs",
        "ou=nowhere,o=nhs",
        "o=elsewhere",
        "dc=spine2,dc=ncrs,dc=nhs,dc=uk",
        "",
        "nonsense",
        "ou=a,,o=nhs",
        "=x,o=nhs",
        "uniqueIdentifier=S\\2c1 and more,ou=Services,o=nhs",
        "uniqueIdentifier=S\\,1 AND  more,ou=Services,o=nhs",
    ];
    let scopes = [Scope::Base, Scope::OneLevel, Scope::Subtree];
    let filters = [ANY, "(objectClass=nhsAs)"];
    let each =
        |base: &'static str| scopes.into_iter().flat_map(move |scope| filters.map(|filter| (base, scope, filter)));
    bases.into_iter().flat_map(each).map(|(base, scope, filter)| ask(base, scope, filter, &["1.1"])).collect()
}

const FILTERS: [&str; 62] = [
    "(uniqueIdentifier=918999198999)",
    "(&(uniqueIdentifier=918999198999)(objectClass=nhsAs))",
    "(&(uniqueIdentifier=918999198999)(objectClass=nhsAS)(nhsAsSvcIA=urn:nhs:names:services:careconnect:fhir:rest:search:slot))",
    "(&(nhsMhsPartyKey=A91545-9198999)(nhsMhsSvcIA=urn:nhs:names:services:careconnect:fhir:rest:search:slot))",
    "(&(nhsMHSPartyKey= a91545-9198999)(objectClass=nhsMhs)(nhsMhsSvcIA=urn:nhs:names:services:careconnect:fhir:rest:search:slot))",
    "(&(nhsIDCode=A91545)(objectClass=nhsMhs)(nhsMhsSvcIA=urn:nhs:names:services:careconnect:fhir:rest:search:slot))",
    "(&(nhsIDCode=A91545)(objectClass=nhsAs)(nhsMHSPartyKey=A91545-9198999))",
    "(&(nhsIDCode=A91545)(objectClass=nhsAs)(nhsMhsManufacturerOrg=X26))",
    "(&(objectClass=nhsMhs)(nhsMHSPartyKey=A1001-2000359))",
    "(objectClass=top)",
    "(objectClass=NHSMHS)",
    "(objectClass=1.2.826.0.1285.0.2.0.108)",
    "(objectClass=organizationalUnit)",
    "(objectClass=organization)",
    "(objectClass=unknownClass)",
    "(!(objectClass=unknownClass))",
    "(!(objectClass=nhsAs))",
    "(ou=Services)",
    "(ou=services)",
    "(o=NHS)",
    "(nhsaASvcIA=urn:nhs:names:services:careconnect:fhir:rest:search:slot)",
    "(nhsaASvcIA=*)",
    "(!(nhsaASvcIA=*))",
    "(nhsMhsFQDN=provider.test)",
    "(!(nhsMhsFQDN=provider.test))",
    "(&(objectClass=nhsMhs)(nhsMhsFQDN=provider.test))",
    "(|(objectClass=nhsAs)(nhsMhsFQDN=provider.test))",
    "(|(nhsMhsFQDN=provider.test)(nhsMHsSN=x))",
    "(!(|(nhsMhsFQDN=provider.test)(objectClass=nhsAs)))",
    "(!(&(nhsMhsFQDN=provider.test)(objectClass=nhsAs)))",
    "(&(!(objectClass=nhsAs))(!(objectClass=nhsMhs)))",
    "(&)",
    "(|)",
    "(!(&))",
    "(!(|))",
    "(&(objectClass=nhsAs)(&(nhsIDCode=A91545)(|(nhsMHSPartyKey=A91545-9198999)(nhsMHSPartyKey=none))))",
    "(nhsIDCode=)",
    "(nhsIDCode= )",
    "(nhsMHSPartyKey=)",
    "(nhsMHSEndPoint=https://provider.test/STU3/1/uec)",
    "(nhsMHSEndPoint=https://PROVIDER.test/STU3/1/uec)",
    "(nhsMHSEndPoint=https://second.test/STU3/1/uec)",
    "(nhsAsCategoryBag=two  words)",
    "(nhsAsCategoryBag=TWO WORDS)",
    "(nhsAsCategoryBag=twowords)",
    "(description=\\c3\\a9cole)",
    "(description=\\c3\\89COLE)",
    "(description=e\\cc\\81cole)",
    "(description=stra\\c3\\9fe)",
    "(description=STRASSE)",
    "(description=\\28parenthesis\\29 \\2a \\5c)",
    "(description=\\ff\\fe)",
    "(nhsIDCode=\\ff)",
    "(!(nhsIDCode=\\ff))",
    "(description=sof\\c2\\adthyphen)",
    "(description=no\\c2\\a0break)",
    "(description=caf*)",
    "(nhsIDCode~=A91545)",
    "(nhsIDCode:caseExactMatch:=A91545)",
    "(nhsIDCode;lang-en=A91545)",
    "(nhsIDCode;lang-en=*)",
    "(entryDN=uniqueIdentifier=918999198999,ou=Services,o=nhs)",
];

const SELECTIONS: [&[&str]; 21] = [
    &[],
    &["*"],
    &["+"],
    &["*", "+"],
    &["1.1"],
    &["1.1", "nhsIDCode"],
    &["*", "1.1"],
    &["nhsIDCode"],
    &["NHSIDCODE"],
    &["nhsidcode", "nhsIDCode"],
    &["1.2.826.0.1285.0.1.10"],
    &["nhsMhsPartyKey", "nhsAsSvcIA", "nhsUnknown"],
    &["nhsUnknown"],
    &["objectClass"],
    &["structuralObjectClass"],
    &["entryDN", "subschemaSubentry"],
    &["nhsIDCode;lang-en"],
    &["nhsIDCode;lang-en", "nhsMHSPartyKey"],
    &["description;lang-en"],
    &["@nhsAs"],
    &["*", "structuralObjectClass"],
];
