//! Which profiles a resource is judged by: those that it claims, those that the caller names, and by its type (VAL-05).

use fhir::Node;
use fhir::schema::STRUCTURE_BASE;

use super::Walk;
use crate::constraint::Profile;
use crate::definitions::Definitions;
use crate::findings::{Finding, quote};
use crate::issue::{Kind, Severity};
use crate::terminology::without_version;

/// Where the Care Connect profile of a type is: this, the type, and `-1`.
const CARE_CONNECT: &str = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-";

/// The versions of STU3 that a claim of a base type may name.
const STU3_VERSIONS: &[&str] = &["3.0.0", "3.0.1", "3.0.2"];

/// What a claimed URL leads to.
enum Claimed<'d> {
    Profile(&'d Profile),
    /// A base type, by which the resource is judged anyway.
    Type(&'d str),
    Unknown,
}

impl<'n, 'd> Walk<'n, 'd> {
    /// Judges a resource by the profiles that it claims.
    pub(super) fn claims(&mut self, node: &'n Node) {
        let mut judged: Vec<&str> = Vec::new();
        let meta = node.child("meta");
        let claims: Vec<&'n Node> = meta.iter().flat_map(|meta| meta.all("profile")).collect();
        for (index, claim) in (0..).zip(&claims) {
            let Some(url) = claim.text().filter(|url| !url.is_empty()) else { continue };
            match self.claimed(url) {
                Claimed::Profile(profile) if &*profile.of == node.type_name() => {
                    if !judged.contains(&&*profile.url) {
                        judged.push(&profile.url);
                        self.keeps_to(node, profile);
                    }
                }
                Claimed::Profile(profile) => self.of_other_type(node, url, &profile.of),
                Claimed::Type(of) if of == node.type_name() => {}
                Claimed::Type(of) => self.of_other_type(node, url, of),
                Claimed::Unknown => self.unknown_profile(meta, claim, index, url),
            }
        }
        if claims.is_empty() && self.options.by_type {
            let url = format!("{CARE_CONNECT}{}-1", node.type_name());
            if let Some(profile) = self.definitions.profile(&url) {
                self.keeps_to(node, profile);
            }
        }
    }

    /// Judges the resource by the profiles that the caller named.
    pub(crate) fn demanded(&mut self, node: &'n Node) {
        let options = self.options;
        for url in &options.profiles {
            match self.claimed(url) {
                Claimed::Profile(profile) if &*profile.of == node.type_name() => self.keeps_to(node, profile),
                Claimed::Profile(profile) => self.of_other_type(node, url, &profile.of),
                Claimed::Type(of) if of == node.type_name() => {}
                Claimed::Type(of) => self.of_other_type(node, url, of),
                Claimed::Unknown => self.unknown_demand(node, url),
            }
        }
    }

    fn claimed(&self, url: &str) -> Claimed<'d> {
        let definitions: &'d Definitions = self.definitions;
        let (plain, version) = match url.split_once('|') {
            Some((plain, version)) => (plain, Some(version)),
            None => (url, None),
        };
        if let Some(profile) = definitions.profile(plain) {
            let fits = version.is_none_or(|version| profile.version.as_deref() == Some(version));
            return if fits { Claimed::Profile(profile) } else { Claimed::Unknown };
        }
        match plain.strip_prefix(STRUCTURE_BASE) {
            Some(of) if version.is_none_or(|version| STU3_VERSIONS.contains(&version)) => {
                definitions.table.named(of).map_or(Claimed::Unknown, |rules| Claimed::Type(rules.kind.name()))
            }
            _ => Claimed::Unknown,
        }
    }

    fn of_other_type(&mut self, node: &Node, url: &str, of: &str) {
        let own = node.type_name();
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind: Kind::Structure,
                rule: "Meta.profile".to_owned(),
                expected: format!("a profile of {own}"),
                got: quote(url),
                message: format!("The profile is about {of}, and the resource is a {own}."),
                cure: format!("Claim a profile of {own}."),
            },
        );
    }

    fn unknown_profile(&mut self, meta: Option<&'n Node>, claim: &'n Node, index: u32, url: &str) {
        let Some(meta) = meta else { return };
        self.path.enter(meta, 0);
        self.path.enter(claim, index);
        self.report(claim, self.unknown(url, "meta.profile"));
        self.path.leave();
        self.path.leave();
    }

    fn unknown_demand(&mut self, node: &Node, url: &str) {
        self.report(node, self.unknown(url, "profile"));
    }

    fn unknown(&self, url: &str, what: &str) -> Finding {
        let cure = match self.meant(url) {
            Some(meant) => format!("Write {}, if that is meant.", quote(meant)),
            None => "Mend the URL (http or https, spelling, version), or load the package that defines the profile."
                .to_owned(),
        };
        Finding {
            severity: Severity::Error,
            kind: Kind::NotFound,
            rule: "Meta.profile".to_owned(),
            expected: "the canonical URL of a profile that is known here".to_owned(),
            got: quote(url),
            message: format!("The {what} is not known here, so that the resource was not judged by it."),
            cure,
        }
    }

    /// The profile of the same name, whatever stands before it and however it is spelled: the usual slip.
    fn meant(&self, url: &str) -> Option<&'d str> {
        let name = |url: &'d str| url.rsplit('/').next().unwrap_or_default();
        let own = without_version(url).rsplit('/').next().unwrap_or_default();
        let definitions: &'d Definitions = self.definitions;
        let all = definitions.profiles().map(|profile| &*profile.url);
        all.filter(|known| name(known).eq_ignore_ascii_case(own)).min()
    }
}
