//! The parameters of the two searches, and which of them go together (SDS-71, SDS-72).

use spine::systems::ODS_ORGANISATION;

use super::Kind;
use crate::edge::query::Query;
use crate::edge::r4::R4Refusal;

/// Identifier system of an Interaction ID.
pub(super) const INTERACTION: &str = "https://fhir.nhs.uk/Id/nhsServiceInteractionId";
/// Identifier system of a party key.
pub(super) const PARTY_KEY: &str = "https://fhir.nhs.uk/Id/nhsMhsPartyKey";

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// ODS code.
    pub(super) organisation: Option<String>,
    /// Interaction ID.
    pub(super) interaction: Option<String>,
    /// Party key.
    pub(super) party_key: Option<String>,
    /// ODS code of the manufacturer; of a Device alone.
    pub(super) manufacturer: Option<String>,
}

impl Asked {
    /// Reads the parameters of a search.
    ///
    /// # Errors
    /// An unknown parameter, one that is there twice, one of another system, or a combination that is not served.
    pub(super) fn read(query: &Query, kind: Kind) -> Result<Self, R4Refusal> {
        let mut asked = Self::default();
        for (name, value) in query.pairs() {
            if !known(kind).contains(&name) {
                let (known, came) = (known(kind).join(", "), spine::identifiers::quote(name));
                return Err(refused(format!("expected only the parameters {known}, got {came}")));
            }
            let (system, value) = token(name, value)?;
            let place = match (name, system) {
                ("organization", ODS_ORGANISATION) => &mut asked.organisation,
                ("identifier", INTERACTION) => &mut asked.interaction,
                ("identifier", PARTY_KEY) => &mut asked.party_key,
                ("manufacturing-organization", ODS_ORGANISATION) => &mut asked.manufacturer,
                _ => {
                    let (expected, came) = (systems_of(name), spine::identifiers::quote(system));
                    return Err(refused(format!("expected {name} of the system {expected}, got {came}")));
                }
            };
            if place.replace(value.to_owned()).is_some() {
                return Err(refused(format!("expected each {name} of a system once, got it twice")));
            }
        }
        asked.checked(kind)
    }

    fn checked(self, kind: Kind) -> Result<Self, R4Refusal> {
        let given = (self.organisation.is_some(), self.interaction.is_some(), self.party_key.is_some());
        match (kind, given) {
            (Kind::Device, (true, true, _)) => Ok(self),
            (Kind::Device, _) => Err(refused("expected organization and the identifier of an interaction")),
            (Kind::Endpoint, (true, true, _) | (true, _, true) | (_, true, true)) => Ok(self),
            (Kind::Endpoint, _) => Err(refused(
                "expected two or three of organization, the identifier of an interaction and that of a party key",
            )),
        }
    }
}

/// `system|value`.
fn token<'a>(name: &str, value: &'a str) -> Result<(&'a str, &'a str), R4Refusal> {
    let parts = value.split_once('|').filter(|(system, value)| !system.is_empty() && !value.trim().is_empty());
    parts.ok_or_else(|| {
        let came = spine::identifiers::quote(value);
        refused(format!("expected {} as SYSTEM|VALUE, got {came}", spine::identifiers::quote(name)))
    })
}

fn systems_of(name: &str) -> String {
    if name == "identifier" { format!("{INTERACTION} or {PARTY_KEY}") } else { ODS_ORGANISATION.to_owned() }
}

/// The parameters of a search.
fn known(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Device => &["organization", "identifier", "manufacturing-organization"],
        Kind::Endpoint => &["organization", "identifier"],
    }
}

fn refused(what: impl Into<String>) -> R4Refusal {
    R4Refusal::BadRequest(format!("{} [SDS-71, SDS-72]", what.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SDS-71, SDS-72
    #[test]
    fn only_the_combinations_that_are_served_are_read() {
        let organisation = format!("organization={ODS_ORGANISATION}|A91545");
        let interaction = format!("identifier={INTERACTION}|urn:a:b");
        let party_key = format!("identifier={PARTY_KEY}|A91545-1");
        let manufacturer = format!("manufacturing-organization={ODS_ORGANISATION}|X26");
        let (o, i, p, m) = (organisation.as_str(), interaction.as_str(), party_key.as_str(), manufacturer.as_str());
        let both = [(Kind::Device, "Device"), (Kind::Endpoint, "Endpoint")];
        for (parameters, device, endpoint) in [
            (vec![o, i], true, true),
            (vec![i, o, p], true, true),
            (vec![o, i, m], true, false),
            (vec![o, p], false, true),
            (vec![i, p], false, true),
            (vec![o], false, false),
            (vec![i], false, false),
            (vec![p], false, false),
            (vec![], false, false),
            (vec![o, o, i], false, false),
            (vec![o, i, "_count=1"], false, false),
            (vec![o, i, "other=https://a|b"], false, false),
            (vec![o, i, "identifier=https://fhir.nhs.uk/Id/other|x"], false, false),
            (vec!["organization=A91545", i], false, false),
            (vec!["organization=|A91545", i], false, false),
            (vec!["organization=https://fhir.nhs.uk/Id/ods-organization-code|", i], false, false),
        ] {
            let query = Query::read(Some(&parameters.join("&"))).expect("a query");
            for ((kind, name), good) in both.into_iter().zip([device, endpoint]) {
                assert_eq!(Asked::read(&query, kind).is_ok(), good, "{name}: {parameters:?}");
            }
        }
    }
}
