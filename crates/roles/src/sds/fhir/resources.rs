//! An nhsAs as a Device and an nhsMhs as Endpoints, in R4 (SDS-74, SDS-75).

use serde_json::{Map, Value, json};
use spine::sds::Entry;
use spine::systems::ODS_ORGANISATION;

use super::parameters::{INTERACTION, PARTY_KEY};

/// Where the extensions are defined.
const DEFINITIONS: &str = "https://fhir.nhs.uk/StructureDefinition";
const ASID: &str = "https://fhir.nhs.uk/Id/nhsSpineASID";
const FQDN: &str = "https://fhir.nhs.uk/Id/nhsMhsFQDN";
const CPA_ID: &str = "https://fhir.nhs.uk/Id/nhsMhsCPAId";
const MHS_ID: &str = "https://fhir.nhs.uk/Id/nhsMHSId";
/// The attributes of the reliability extension.
const RELIABILITY: [&str; 7] = [
    "nhsMHSSyncReplyMode",
    "nhsMHSRetryInterval",
    "nhsMHSRetries",
    "nhsMHSPersistDuration",
    "nhsMHSDuplicateElimination",
    "nhsMHSAckRequested",
    "nhsMHSActor",
];

/// The system as a Device.
pub(super) fn device(system: &Entry) -> Value {
    let manufacturer = system.first("nhsMhsManufacturerOrg");
    let manufacturer =
        manufacturer.map(|ods_code| referring("Extension-SDS-ManufacturingOrganisation", ODS_ORGANISATION, ods_code));
    let owner = system.first("nhsAsClient").or_else(|| system.first("nhsIDCode"));
    without_nulls(json!({
        "resourceType": "Device",
        "id": id(system, None),
        "extension": manufacturer.into_iter().chain(interactions(system, "nhsAsSvcIA")).collect::<Vec<_>>(),
        "identifier": identifiers(system, &[(ASID, "uniqueIdentifier"), (PARTY_KEY, "nhsMHSPartyKey")]),
        "owner": owner.map(|ods_code| reference(ODS_ORGANISATION, ods_code)),
    }))
}

/// The record as one Endpoint for each address.
pub(super) fn endpoints(record: &Entry) -> Vec<Value> {
    let addresses: Vec<&String> = record.values("nhsMHSEndPoint").iter().filter(|url| !url.trim().is_empty()).collect();
    let several = addresses.len() > 1;
    let numbered = addresses.into_iter().enumerate();
    numbered.map(|(number, address)| endpoint(record, several.then_some(number), address)).collect()
}

fn endpoint(record: &Entry, number: Option<usize>, address: &str) -> Value {
    let names =
        [(FQDN, "nhsMhsFQDN"), (PARTY_KEY, "nhsMHSPartyKey"), (CPA_ID, "nhsMhsCPAId"), (MHS_ID, "uniqueIdentifier")];
    let coded = |set: &str, code: &str, display: &str| json!({ "system": format!("http://terminology.hl7.org/CodeSystem/{set}"), "code": code, "display": display });
    without_nulls(json!({
        "resourceType": "Endpoint",
        "id": id(record, number),
        "extension": reliability(record).into_iter().chain(interactions(record, "nhsMhsSvcIA")).collect::<Vec<_>>(),
        "identifier": identifiers(record, &names),
        "status": "active",
        "connectionType": coded("endpoint-connection-type", "hl7-fhir-msg", "HL7 FHIR Messaging"),
        "managingOrganization": record.first("nhsIDCode").map(|ods_code| reference(ODS_ORGANISATION, ods_code)),
        "payloadType": [{ "coding": [coded("endpoint-payload-type", "any", "Any")] }],
        "address": address,
    }))
}

/// The entry's own id in the letters that an id of FHIR may have.
fn id(entry: &Entry, number: Option<usize>) -> String {
    let own = entry.first("uniqueIdentifier").unwrap_or("unknown");
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
    let mut id: String = own.chars().take(60).map(plain).collect();
    if let Some(number) = number {
        id.push_str(&format!("-{}", number + 1));
    }
    id
}

fn interactions<'a>(entry: &'a Entry, name: &str) -> impl Iterator<Item = Value> + 'a {
    entry.values(name).iter().map(|iid| referring("Extension-SDS-NhsServiceInteractionId", INTERACTION, iid))
}

fn reliability(record: &Entry) -> Option<Value> {
    let part = |name: &&'static str| {
        let value = record.first(name)?;
        match value.trim().parse::<i32>() {
            Ok(number) if *name == "nhsMHSRetries" => Some(json!({ "url": name, "valueInteger": number })),
            _ => Some(json!({ "url": name, "valueString": value })),
        }
    };
    let parts: Vec<Value> = RELIABILITY.iter().filter_map(part).collect();
    let url = format!("{DEFINITIONS}/Extension-SDS-ReliabilityConfiguration");
    (!parts.is_empty()).then(|| json!({ "url": url, "extension": parts }))
}

fn referring(extension: &str, system: &str, value: &str) -> Value {
    json!({ "url": format!("{DEFINITIONS}/{extension}"), "valueReference": reference(system, value) })
}

fn reference(system: &str, value: &str) -> Value {
    json!({ "identifier": { "system": system, "value": value } })
}

fn identifiers(entry: &Entry, names: &[(&str, &str)]) -> Vec<Value> {
    let each = |(system, name): &(&str, &str)| Some(json!({ "system": system, "value": entry.first(name)? }));
    names.iter().filter_map(each).collect()
}

/// FHIR has neither nulls nor empty lists.
fn without_nulls(resource: Value) -> Value {
    let Value::Object(members) = resource else { return resource };
    let is_there = |value: &Value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty());
    Value::Object(members.into_iter().filter(|(_, value)| is_there(value)).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use spine::sds::ldif;

    // covers: SDS-74, SDS-75
    #[test]
    fn a_system_is_a_device_and_a_record_an_endpoint_for_each_address() {
        let entries = ldif::read(include_str!("../../../tests/it/slapd/entries.ldif")).expect("LDIF");
        let device = device(&entries[0]);
        assert_eq!(device["identifier"][0], json!({ "system": ASID, "value": "918999198999" }));
        assert_eq!(device["identifier"][1], json!({ "system": PARTY_KEY, "value": "A91545-9198999" }));
        assert_eq!(device["owner"]["identifier"], json!({ "system": ODS_ORGANISATION, "value": "A91545" }));
        assert_eq!(device["extension"].as_array().map(Vec::len), Some(3), "a manufacturer and two interactions");
        assert_eq!(device["extension"][0]["valueReference"]["identifier"]["value"], "X26");

        let [one] = endpoints(&entries[1]).try_into().expect("one address");
        assert_eq!((&one["id"], &one["status"]), (&json!("S91899919899900"), &json!("active")));
        assert_eq!(one["connectionType"]["code"], "hl7-fhir-msg");
        assert_eq!(one["payloadType"][0]["coding"][0]["code"], "any");
        let retries = one["extension"][0]["extension"].as_array().expect("parts");
        assert!(retries.contains(&json!({ "url": "nhsMHSRetries", "valueInteger": 2 })), "{retries:?}");
        assert_eq!(one["identifier"].as_array().map(Vec::len), Some(4));

        let two = endpoints(&entries[2]);
        let told: Vec<(&Value, &Value)> = two.iter().map(|each| (&each["id"], &each["address"])).collect();
        let expected = [
            (json!("S91899919899901-1"), json!("https://provider.test/STU3/1/uec")),
            (json!("S91899919899901-2"), json!("https://second.test/STU3/1/uec")),
        ];
        assert_eq!(told, expected.iter().map(|(id, address)| (id, address)).collect::<Vec<_>>());
        assert!(two[0].get("extension").is_some_and(|list| list.as_array().is_some_and(|list| list.len() == 1)));
    }
}
