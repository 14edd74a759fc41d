//! What can be seen in one entry alone.

use super::rules::{
    ASID_ON_RECORD, DATE_FORM, ENDPOINT_FORM, HALVES_DIFFER, HOST_DIFFERS, MISNAMED, MISPLACED, MISSING_ATTRIBUTE,
    NO_ENDPOINT, ODS_CASE, SEVERAL_VALUES, UNKNOWN_ATTRIBUTE, UNREADABLE, URL_ORGANISATION,
};
use super::{Found, systems};
use crate::identifiers::{Asid, quote};
use crate::sds::SERVICES;
use crate::sds::dn::{Dn, escape_dn_value};
use crate::sds::entry::Entry;
use crate::sds::records::{NhsAs, NhsMhs, RecordFault};
use crate::sds::schema::{AttributeId, NHS_AS, NHS_MHS, ObjectClass};

/// The attributes that hold a date and a time.
const DATES: [&str; 3] = ["nhsDateRequested", "nhsDateApproved", "nhsDateDNSApproved"];

pub(super) fn look(place: usize, entry: &Entry, found: &mut Found<'_>) {
    let (class, fault) = if entry.is_a(NHS_AS.name) {
        (NHS_AS, NhsAs::from_entry(entry).err())
    } else if entry.is_a(NHS_MHS.name) {
        (NHS_MHS, NhsMhs::from_entry(entry).err())
    } else {
        return;
    };
    if let Some(RecordFault { problem, .. }) = fault {
        found.add(&UNREADABLE, place, None, problem);
    }
    name(place, entry, found);
    attributes(place, entry, &class, found);
    values(place, entry, found);
    if class == NHS_MHS {
        record(place, entry, found);
    }
}

fn name(place: usize, entry: &Entry, found: &mut Found<'_>) {
    let below_services = Dn::parse(SERVICES).is_ok_and(|base| entry.dn().is_child_of(&base));
    if !below_services {
        found.add(&MISPLACED, place, None, "the entry does not stand directly below ou=Services,o=nhs");
    } else if let Some(id) = entry.first("uniqueIdentifier") {
        let expected = Dn::parse(&format!("uniqueIdentifier={},{SERVICES}", escape_dn_value(id)));
        if expected.is_ok_and(|expected| expected != *entry.dn()) {
            let problem = format!("the attribute says {}, and the entry's name says otherwise", quote(id));
            found.add(&MISNAMED, place, Some("uniqueIdentifier"), problem);
        }
    }
}

fn attributes(place: usize, entry: &Entry, class: &ObjectClass, found: &mut Found<'_>) {
    let has = |name: &&str| entry.values(name).iter().any(|value| !value.trim().is_empty());
    for missing in class.must.iter().filter(|name| !has(name)) {
        // What a record cannot be read without, and what has a rule of its own, is told elsewhere.
        if !["uniqueIdentifier", "nhsIDCode", "nhsMHSPartyKey", "nhsMHSEndPoint"].contains(missing) {
            found.add(&MISSING_ATTRIBUTE, place, Some(missing), format!("{} demands {missing}", class.name));
        }
    }
    for attribute in entry.attributes() {
        let name = attribute.name.as_str();
        let listed = class.must.iter().chain(class.may).any(|known| *known == name);
        let row = AttributeId::of(name).map(AttributeId::row);
        if !listed && name != "objectClass" && row.is_none_or(|row| !row.operational) {
            let problem = match row {
                Some(_) => format!("{name} is no attribute of {}", class.name),
                None => format!("the schema does not know {}", quote(name)),
            };
            found.add(&UNKNOWN_ATTRIBUTE, place, Some(name), problem);
        }
        if row.is_some_and(|row| row.single_valued) && attribute.values.len() > 1 {
            let problem = format!("{name} has {} values", attribute.values.len());
            found.add(&SEVERAL_VALUES, place, Some(name), problem);
        }
    }
}

fn values(place: usize, entry: &Entry, found: &mut Found<'_>) {
    for name in ["nhsIDCode", "nhsAsClient"] {
        for value in entry.values(name).iter().filter(|value| value.bytes().any(|byte| byte.is_ascii_lowercase())) {
            found.add(&ODS_CASE, place, Some(name), format!("{} is not in upper case", quote(value)));
        }
    }
    for name in DATES {
        let is_date = |value: &&String| value.len() == 14 && value.bytes().all(|byte| byte.is_ascii_digit());
        for value in entry.values(name).iter().filter(|value| !is_date(value)) {
            found.add(&DATE_FORM, place, Some(name), format!("{} is no date and time", quote(value)));
        }
    }
}

fn record(place: usize, entry: &Entry, found: &mut Found<'_>) {
    if let Some(id) = entry.first("uniqueIdentifier").filter(|id| Asid::parse(id).is_ok()) {
        found.add(&ASID_ON_RECORD, place, Some("uniqueIdentifier"), format!("{} looks like an ASID", quote(id)));
    }
    let interaction = entry.first("nhsMhsSvcIA").unwrap_or_default();
    if let (Some(service), Some(name)) = (entry.first("nhsMHsSN"), entry.first("nhsMHsIN"))
        && format!("{service}:{name}") != interaction
    {
        let problem = format!("{} and {} are not the halves of {}", quote(service), quote(name), quote(interaction));
        found.add(&HALVES_DIFFER, place, Some("nhsMHsIN"), problem);
    }
    let mut endpoints = entry.values("nhsMHSEndPoint").iter().filter(|url| !url.trim().is_empty()).peekable();
    if endpoints.peek().is_none() && systems::is_fhir(interaction) {
        found.add(&NO_ENDPOINT, place, Some("nhsMHSEndPoint"), "there is none");
    }
    for url in endpoints {
        endpoint(place, entry, url, found);
    }
}

fn endpoint(place: usize, entry: &Entry, url: &str, found: &mut Found<'_>) {
    let Some((host, path)) = service_root(url) else {
        let problem = format!("{} is no service root", quote(url));
        found.add(&ENDPOINT_FORM, place, Some("nhsMHSEndPoint"), problem);
        return;
    };
    if let Some(fqdn) = entry.first("nhsMhsFQDN").filter(|fqdn| !fqdn.trim().eq_ignore_ascii_case(host)) {
        let problem = format!("{} is not the endpoint's host {}", quote(fqdn), quote(host));
        found.add(&HOST_DIFFERS, place, Some("nhsMhsFQDN"), problem);
    }
    let ods_code = entry.first("nhsIDCode").unwrap_or_default();
    let of_gp_connect = entry.values("nhsMhsSvcIA").iter().any(|value| value.contains(":gpconnect:"));
    if of_gp_connect && !path.split('/').any(|segment| segment == ods_code) {
        let problem = format!("no part of {} is the ODS code {}", quote(path), quote(ods_code));
        found.add(&URL_ORGANISATION, place, Some("nhsMHSEndPoint"), problem);
    }
}

/// Host and path of an address that can be a service root.
fn service_root(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\"<>\\^`{}|".contains(&byte);
    if authority.contains('@') || !url.bytes().all(plain) {
        return None;
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse::<u16>().ok()),
        _ => (authority, Some(443)),
    };
    (!host.is_empty() && port.is_some()).then_some((host, path))
}
