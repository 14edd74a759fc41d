//! Bundles: what each entry needs by the Bundle's type, full URLs that agree with their resources, and references that
//! lead to entries (VAL-05, RES-C12).

use std::collections::HashMap;

use fhir::Node;

use super::Walk;
use super::extension::is_absolute;
use super::reference::{target_type, type_and_id};
use crate::findings::{Finding, quote};
use crate::issue::{Kind, Severity};

/// The Bundle around the element in hand.
#[derive(Debug, Clone)]
pub(super) struct Around<'n> {
    pub(super) node: &'n Node,
    /// The resource of each full URL, and how many entries have that URL.
    entries: HashMap<&'n str, (&'n Node, u32)>,
}

/// Bundles whose entries need no full URL: what they hold has no identity yet.
const WITHOUT_FULL_URLS: &[&str] = &["batch", "batch-response", "transaction", "transaction-response"];

/// Bundles that begin with a resource of a certain type.
const FIRST: &[(&str, &str)] = &[("document", "Composition"), ("message", "MessageHeader")];

impl<'n> Around<'n> {
    /// The Bundle's entries by full URL.
    pub(super) fn new(bundle: &'n Node) -> Around<'n> {
        let mut entries: HashMap<&'n str, (&'n Node, u32)> = HashMap::new();
        for entry in bundle.all("entry") {
            let (Some(url), Some(resource)) = (entry.text_of("fullUrl"), entry.child("resource")) else { continue };
            entries.entry(url).and_modify(|(_, count)| *count += 1).or_insert((resource, 1));
        }
        Around { node: bundle, entries }
    }
}

impl<'n> Walk<'n, '_> {
    /// Judges a Bundle's entries against its type.
    pub(super) fn bundle(&mut self, node: &'n Node) {
        let of_type = node.text_of("type").unwrap_or_default();
        let self_link = node.all("link").find(|link| link.text_of("relation") == Some("self"));
        let searched = self_link.and_then(|link| link.text_of("url")).and_then(searched_type);
        self.first_entry(node, of_type);
        for (index, entry) in (0..).zip(node.all("entry")) {
            self.path.enter(entry, index);
            self.full_url(entry, of_type);
            if of_type == "searchset" {
                self.search_entry(entry, self_link.is_some(), searched);
            }
            self.path.leave();
        }
    }

    fn first_entry(&mut self, node: &'n Node, of_type: &str) {
        let Some((_, wanted)) = FIRST.iter().find(|(of, _)| *of == of_type) else { return };
        let first = node.child("entry").and_then(|entry| entry.child("resource"));
        if first.is_some_and(|resource| resource.type_name() == *wanted) {
            return;
        }
        let got = first.map_or_else(|| "none".to_owned(), |resource| quote(resource.type_name()));
        let message = format!("A {of_type} begins with an entry that has a {wanted}.");
        self.bundle_issue(
            node,
            Kind::Structure,
            &format!("a {wanted} first"),
            got,
            message,
            "Put it first, or mend type.",
        );
    }

    fn full_url(&mut self, entry: &'n Node, of_type: &str) {
        let Some(url) = entry.child("fullUrl") else {
            if !WITHOUT_FULL_URLS.contains(&of_type) {
                let message = "The entry has no fullUrl, which says what its resource is.".to_owned();
                self.bundle_issue(
                    entry,
                    Kind::Required,
                    "a fullUrl",
                    "none".to_owned(),
                    message,
                    "Add fullUrl: the resource's URL, or urn:uuid: and a UUID.",
                );
            }
            return;
        };
        let Some(text) = url.text().filter(|text| !text.is_empty()) else { return };
        self.path.enter(url, 0);
        if !is_absolute(text) {
            let message = "The fullUrl is not absolute.".to_owned();
            self.bundle_issue(
                url,
                Kind::Value,
                "an absolute URL",
                quote(text),
                message,
                "Write the whole URL, or urn:uuid: and a UUID.",
            );
        } else if let Some(resource) = entry.child("resource") {
            self.agrees(url, text, resource);
        }
        self.path.leave();
    }

    /// A full URL that looks like that of a server ends in the resource's own type and id.
    fn agrees(&mut self, url: &'n Node, text: &str, resource: &'n Node) {
        // One with a version is bdl-8's business.
        if !text.starts_with("http") || text.contains("/_history/") || resource.type_name().is_empty() {
            return;
        }
        let Some((type_name, id)) = type_and_id(text).filter(|(type_name, _)| self.is_resource_type(type_name)) else {
            return;
        };
        let own_id = resource.text_of("id");
        if type_name == resource.type_name() && own_id == Some(id) {
            return;
        }
        let expected = format!(
            "a URL that ends in {}/{}",
            quote(resource.type_name()),
            quote(own_id.unwrap_or("the resource's id"))
        );
        let message = "The fullUrl does not agree with the type and the id of the resource.".to_owned();
        self.bundle_issue(url, Kind::Value, &expected, quote(text), message, "Mend fullUrl or the resource's id.");
    }

    fn search_entry(&mut self, entry: &'n Node, has_self_link: bool, searched: Option<&str>) {
        let Some(resource) = entry.child("resource") else {
            let message = "An entry of a search has a resource.".to_owned();
            self.bundle_issue(
                entry,
                Kind::Required,
                "a resource",
                "none".to_owned(),
                message,
                "Add the resource, or remove the entry.",
            );
            return;
        };
        self.path.enter(resource, 0);
        let type_name = resource.type_name();
        let mode = entry.find("search.mode").and_then(Node::text);
        let is_outcome = type_name == "OperationOutcome";
        let tells = is_outcome && matches!(mode, None | Some("outcome"));
        if resource.child("id").is_none() && has_self_link && !tells {
            let message = "A resource that was found has an id.".to_owned();
            self.bundle_issue(resource, Kind::Required, "an id", "none".to_owned(), message, "Add the resource's id.");
        }
        if mode == Some("outcome") && !is_outcome {
            let message = "The mode outcome is for an OperationOutcome.".to_owned();
            self.bundle_issue(
                resource,
                Kind::Structure,
                "an OperationOutcome",
                quote(type_name),
                message,
                "Set search.mode to match or include.",
            );
        }
        let is_other = searched.is_some_and(|searched| searched != type_name);
        if mode == Some("match") && is_other && !is_outcome && self.is_resource_type(type_name) {
            let message = "The resource is not of the type that was searched.".to_owned();
            self.bundle_issue(
                resource,
                Kind::Structure,
                searched.unwrap_or_default(),
                quote(type_name),
                message,
                "Set search.mode to include, or mend the link self.",
            );
        }
        self.path.leave();
    }

    /// The resource of the entry that has this full URL.
    pub(super) fn in_bundle(&self, url: &str) -> Option<&'n Node> {
        self.bundle.as_ref()?.entries.get(url).map(|(resource, _)| *resource)
    }

    /// A reference from within a Bundle: one that only an entry can answer leads to exactly one.
    pub(super) fn reference_in_bundle(&mut self, node: &'n Node, text: &str, targets: &[Box<str>]) {
        let Some(around) = &self.bundle else { return };
        let found = around.entries.get(text).copied();
        if let Some((_, count)) = found.filter(|(_, count)| *count > 1) {
            let message = "Several entries have the URL that the reference names.".to_owned();
            self.bundle_issue(
                node,
                Kind::Duplicate,
                "one entry with this URL",
                count.to_string(),
                message,
                "Give each entry a fullUrl of its own.",
            );
        } else if let Some((resource, _)) = found {
            if target_type(text).is_none() {
                self.target(node, resource.type_name(), targets);
            }
        } else if text.starts_with("urn:") {
            self.not_in_bundle(node, text);
        } else if !is_absolute(text) && !is_type_and_id(text) && !self.may_search(text) {
            let message = "Within a Bundle a relative reference is a resource type and an id.".to_owned();
            self.bundle_issue(
                node,
                Kind::Value,
                "Type/id",
                quote(text),
                message,
                "Write the type and the id, such as Slot/1.",
            );
        }
    }

    /// In a transaction or a batch a search may stand for what it finds.
    fn may_search(&self, text: &str) -> bool {
        let of_type = self.bundle.as_ref().and_then(|around| around.node.text_of("type"));
        let searched = text.split_once('?').map(|(type_name, _)| type_name);
        matches!(of_type, Some("transaction" | "batch")) && searched.is_some_and(|name| self.is_resource_type(name))
    }

    fn not_in_bundle(&mut self, node: &Node, text: &str) {
        self.report(
            node,
            Finding {
                severity: Severity::Warning,
                kind: Kind::NotFound,
                rule: "Bundle.entry".to_owned(),
                expected: "an entry with this fullUrl".to_owned(),
                got: quote(text),
                message: "No entry of the Bundle has the URN that the reference names.".to_owned(),
                cure: "Add the entry, or refer to the resource by its URL.".to_owned(),
            },
        );
    }

    fn bundle_issue(&mut self, node: &Node, kind: Kind, expected: &str, got: String, message: String, cure: &str) {
        self.report(
            node,
            Finding {
                severity: Severity::Error,
                kind,
                rule: "Bundle.entry".to_owned(),
                expected: expected.to_owned(),
                got,
                message,
                cure: cure.to_owned(),
            },
        );
    }
}

/// Two names with a slash between them, whatever they are called; a version may follow.
fn is_type_and_id(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(5, '/').collect();
    matches!(parts.as_slice(), [of, id] | [of, id, _, _] if !of.is_empty() && !id.is_empty())
}

/// The type that a search link asks for: `Slot` of `https://a.example/STU3/Slot?status=free`.
fn searched_type(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.trim_end_matches("/_search").rsplit('/').next()?;
    last.starts_with(|c: char| c.is_ascii_uppercase()).then_some(last)
}
