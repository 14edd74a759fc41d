//! Each rule of the lint, broken alone.

use super::*;
use crate::sds::ldif;

/// A Provider, a GP Connect Provider and a Consumer with nothing to find.
const SOUND: &str = include_str!("sound.ldif");

fn found(text: &str) -> Vec<(&'static str, usize)> {
    let placed = ldif::read_placed(text).unwrap();
    let entries: Vec<Entry> = placed.iter().map(|each| each.entry.clone()).collect();
    lint(&entries).iter().map(|finding| (finding.rule.id, placed[finding.entry].line)).collect()
}

/// SOUND with one text in place of another, in the first place where it stands.
fn with(before: &str, after: &str) -> String {
    assert!(SOUND.contains(before), "{before}");
    SOUND.replacen(before, after, 1)
}

/// SOUND without the lines that begin so.
fn without(start: &str) -> String {
    SOUND.lines().filter(|line| !line.starts_with(start)).map(|line| format!("{line}\n")).collect()
}

// covers: SDS-65, SDS-05, SDS-10, SDS-11, SDS-18, SDS-19, SDS-42, SDS-43, SDS-44, FIND-10, FIND-11, SSP-47
#[test]
fn each_rule_finds_its_own_breach_and_nothing_else() {
    assert_eq!(found(SOUND), []);
    let line_of = |text: &str, start: &str| text.lines().position(|line| line.starts_with(start)).unwrap() + 1;
    let (system, record) = ("dn: uniqueIdentifier=918999198999,", "dn: uniqueIdentifier=S91899919899900,");
    let second = |entry: &str| format!("{SOUND}\n{entry}");
    let record_text = |id: &str, endpoint: &str| {
        let whole = SOUND.split("\n\n").nth(1).unwrap();
        whole.replace("S91899919899900", id).replace("https://provider.test/STU3/1/uec", endpoint)
    };
    let cases = [
        ("unreadable", with("nhsIDCode: A91545\n", "nhsIDCode: NOT A CODE\n"), system),
        (
            "misplaced",
            with("S91899919899900,ou=Services,", "S91899919899900,"),
            "dn: uniqueIdentifier=S91899919899900,o",
        ),
        (
            "misnamed",
            with("dn: uniqueIdentifier=S91899919899900,", "dn: uniqueIdentifier=S1,"),
            "dn: uniqueIdentifier=S1,",
        ),
        (
            "record-alone",
            with("nhsMHSPartyKey: A91545-9198999\nnhsMhsSvcIA", "nhsMHSPartyKey: A91545-1\nnhsMhsSvcIA"),
            record,
        ),
        ("no-certificate-name", without("nhsMhsFQDN: consumer.test"), "dn: uniqueIdentifier=200000000359,"),
        (
            "organisations-differ",
            with(
                "nhsIDCode: A91545\nnhsMHSPartyKey: A91545-9198999\nnhsMhs",
                "nhsIDCode: A91546\nnhsMHSPartyKey: A91545-9198999\nnhsMhs",
            ),
            record,
        ),
        (
            "not-on-system",
            with(
                "nhsMhsSvcIA: urn:nhs:names:services:careconnect:fhir:rest:search:slot",
                "nhsMhsSvcIA: urn:nhs:names:services:careconnect:fhir:rest:read:other",
            ),
            record,
        ),
        (
            "not-answered",
            with("nhsAsSvcIA", "nhsAsSvcIA: urn:nhs:names:services:careconnect:fhir:rest:read:other\nnhsAsSvcIA"),
            system,
        ),
        (
            "central-asid",
            with("nhsAsSvcIA", "nhsAsSvcIA: urn:nhs:names:services:pds:QUPA_IN000008UK02\nnhsAsSvcIA"),
            system,
        ),
        ("url-organisation", with("/Q12345/", "/Q12346/"), "dn: uniqueIdentifier=S91899919900000,"),
        ("no-endpoint", without("nhsMHSEndPoint: https://provider"), record),
        ("endpoint-form", with("https://provider.test/STU3/1/uec", "http://provider.test/STU3/1/uec"), record),
        ("endpoint-form", with("https://provider.test/STU3/1/uec", "https://provider.test/STU3?a=b"), record),
        ("endpoint-form", with("https://provider.test/STU3/1/uec", "https://user@provider.test/"), record),
        ("endpoint-form", with("https://provider.test/STU3/1/uec", "https://:443/"), record),
        ("endpoints-differ", second(&record_text("S2", "https://provider.test/other")), "dn: uniqueIdentifier=S2,"),
        ("record-twice", second(&record_text("S2", "https://provider.test/STU3/1/uec")), "dn: uniqueIdentifier=S2,"),
        ("host-differs", with("https://provider.test/", "https://elsewhere.test/"), record),
        ("asid-on-record", SOUND.replace("S91899919899900", "918999198990"), "dn: uniqueIdentifier=918999198990,"),
        ("unknown-attribute", with("nhsAsACF", "nhsaASvcIA"), system),
        ("unknown-attribute", with("nhsAsACF", "nhsMhsNetwork"), system),
        ("missing-attribute", without("nhsEPInteractionType: FHIR"), record),
        ("several-values", with("nhsProductKey: 7374\n", "nhsProductKey: 7374\nnhsProductKey: 7375\n"), system),
        ("halves-differ", with("nhsMHsIN: fhir:rest:search:slot", "nhsMHsIN: fhir:rest:create:appointment"), record),
        ("ods-case", with("nhsAsClient: A91545", "nhsAsClient: a91545"), system),
        ("date-form", with("nhsDateRequested: 20190601000000", "nhsDateRequested: 2019-06-01"), system),
    ];
    let mut shown: Vec<&str> = cases.iter().map(|(rule, ..)| *rule).collect();
    for (rule, text, place) in cases {
        let found = found(&text);
        assert!(found.contains(&(rule, line_of(&text, place))), "{rule}: {found:?}");
        assert!(found.iter().all(|(other, _)| *other == rule || follows(rule, other)), "{rule}: {found:?}");
    }
    shown.extend(["asid-twice", "party-key-shared", "two-providers"]);
    assert!(RULES.iter().all(|rule| shown.contains(&rule.id)), "each rule is shown to find something");
}

/// What cannot be broken without breaking another rule as well.
fn follows(rule: &str, other: &str) -> bool {
    matches!(
        (rule, other),
        ("unreadable", "record-alone")
            | ("missing-attribute" | "no-certificate-name", "missing-attribute")
            | ("record-alone", "no-certificate-name")
            | ("not-on-system", "not-answered" | "halves-differ")
    )
}

// covers: SDS-65
#[test]
fn systems_that_share_what_must_be_their_own_are_found() {
    let system = |id: &str, party_key: &str| {
        let whole = SOUND.split("\n\n").next().unwrap();
        whole
            .replace("dn: uniqueIdentifier=918999198999", &format!("dn: uniqueIdentifier={id}"))
            .replace("A91545-9198999", party_key)
    };
    let same_asid = found(&format!("{SOUND}\n{}", system("918999198998", "A91545-9198999")));
    let rules: Vec<&str> = same_asid.iter().map(|(rule, _)| *rule).collect();
    assert!(rules.contains(&"asid-twice") && rules.contains(&"party-key-shared"), "{rules:?}");

    let other = SOUND.split("\n\n").take(2).map(|entry| {
        let entry = entry.replace("918999198999", "118111118111").replace("A91545-9198999", "A91545-8111111");
        entry.replace("S91899919899900", "S11811111811100")
    });
    let two = found(&format!("{SOUND}\n{}", other.collect::<Vec<_>>().join("\n\n")));
    assert_eq!(two.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), ["two-providers"]);
}

// covers: SDS-65
#[test]
fn every_rule_says_what_it_asks_and_what_to_do() {
    for (index, rule) in RULES.iter().enumerate() {
        assert!(!rule.asks.is_empty() && !rule.cure.is_empty(), "{}", rule.id);
        assert!(RULES[..index].iter().all(|other| other.id != rule.id), "{}", rule.id);
    }
}

// covers: SDS-65
#[test]
fn the_reference_lists_every_rule() {
    let page = include_str!("../../../../../docs/reference/directory.md");
    for Rule { id, requirement, severity, asks, cure } in RULES {
        let row = format!("| `{id}` | {requirement} | {} | {asks} | {cure} |\n", severity.word());
        assert!(page.contains(&row), "{row}");
    }
}
