//! Does the target lie under an endpoint that SDS has for the receiver and the interaction? Byte for byte, at a segment
//! boundary (SSP-40, section 1.5 of the catalogue; SSP-03, SSP-04).

use crate::edge::client::Authority;

/// An endpoint of the directory that can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The service root as the directory has it, without a slash at its end (SSP-03).
    pub root: String,
    /// The authority as the directory spells it: the `Host` header.
    pub host: String,
    /// Where to connect.
    pub authority: Authority,
    /// `nhsMhsCPAId` of the record.
    pub cpa_id: String,
}

impl Endpoint {
    /// Reads `nhsMHSEndPoint`. `None` when it is no absolute https URL, which no target can match.
    #[must_use]
    pub fn read(value: &str, cpa_id: &str) -> Option<Self> {
        let value = value.trim_matches(' ');
        let root = value.strip_suffix('/').unwrap_or(value);
        let (authority, path) = Authority::of_url(root)?;
        if !authority.secure || path.contains(['?', '#']) {
            return None;
        }
        let host = root.strip_prefix("https://")?.split('/').next()?.to_owned();
        Some(Self { root: root.to_owned(), host, authority, cpa_id: cpa_id.to_owned() })
    }

    /// Whether a target, without its query, is this root or lies under it.
    #[must_use]
    pub fn admits(&self, target: &str) -> bool {
        target.strip_prefix(self.root.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SSP-03, SSP-04, SSP-13, SSP-15, SSP-40
    #[test]
    fn a_target_is_admitted_only_under_the_root_and_byte_for_byte() {
        let table = [
            ("https://p.test/fhir", "https://p.test/fhir", true),
            ("https://p.test/fhir", "https://p.test/fhir/Slot", true),
            ("https://p.test/fhir/", "https://p.test/fhir/Slot", true),
            ("https://p.test/fhir/", "https://p.test/fhir", true),
            ("https://p.test", "https://p.test/x", true),
            ("https://p.test/", "https://p.test", true),
            ("https://p.test:19192/a", "https://p.test:19192/a/b", true),
            ("https://p.test/fhir", "https://p.test/fhir2/Slot", false),
            ("https://p.test", "https://p.test.evil/fhir", false),
            ("https://p.test", "https://p.test:443/fhir", false),
            ("https://p.test:443", "https://p.test/fhir", false),
            ("https://p.test/fhir", "https://P.test/fhir", false),
            ("https://p.test/fhir", "https://p.test/FHIR", false),
            ("https://p.test/fhir", "https://p.test/f%68ir", false),
            ("https://p.test/fhir//", "https://p.test/fhir/Slot", false),
        ];
        for (endpoint, target, admitted) in table {
            let endpoint = Endpoint::read(endpoint, "S1").unwrap();
            assert_eq!(endpoint.admits(target), admitted, "{endpoint:?} {target}");
        }
    }

    // covers: SSP-10, SSP-40, SDS-44
    #[test]
    fn an_endpoint_that_is_no_https_url_never_matches() {
        for value in ["", " ", "http://cis.test.fifteen/listener-mhs", "p.test/fhir", "https://", "https://p.test/a?b"]
        {
            assert_eq!(Endpoint::read(value, "S1"), None, "{value}");
        }
        let endpoint = Endpoint::read("https://P.test:8443/a", "S1").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.authority.port), ("P.test:8443", 8443));
    }
}
