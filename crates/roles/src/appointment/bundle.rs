//! A Bundle as bytes: a concatenation of resources that are stored as bytes (SLT-30, SLT-33, SLT-34, PAT-05, READ-05, RES-C12).

use std::io::Write as _;

/// Room for a usual answer, so that it is not copied as it grows.
const ROOM: usize = 16 * 1024;

/// What the Bundle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BundleType {
    /// The answer to a search.
    Searchset,
    /// The versions of a resource.
    History,
}

/// A Bundle that is being written.
pub(crate) struct Bundle {
    bytes: Vec<u8>,
    links: usize,
    entries: usize,
}

impl Bundle {
    /// Begins a Bundle with its total.
    pub(crate) fn begin(kind: BundleType, total: u64) -> Self {
        let kind = match kind {
            BundleType::Searchset => "searchset",
            BundleType::History => "history",
        };
        let mut bytes = Vec::with_capacity(ROOM);
        // A vector takes every byte.
        let _ = write!(bytes, "{{\"resourceType\":\"Bundle\",\"type\":\"{kind}\",\"total\":{total}");
        Self { bytes, links: 0, entries: 0 }
    }

    /// Adds a link. All links come before the first entry.
    pub(crate) fn link(&mut self, relation: &str, url: &str) {
        let opening: &[u8] = if self.links == 0 { b",\"link\":[" } else { b"," };
        self.bytes.extend_from_slice(opening);
        self.bytes.extend_from_slice(b"{\"relation\":");
        self.text(relation);
        self.bytes.extend_from_slice(b",\"url\":");
        self.text(url);
        self.bytes.push(b'}');
        self.links += 1;
    }

    /// Adds an entry whose resource is JSON already, and one further member that is JSON too: `search`, `request`.
    pub(crate) fn entry(&mut self, full_url: &str, resource: &[u8], member: &str, value: &str) {
        self.entry_with(full_url, |bytes| bytes.extend_from_slice(resource), member, value);
    }

    /// The same with a resource that is written in place.
    pub(crate) fn entry_with(
        &mut self,
        full_url: &str,
        resource: impl FnOnce(&mut Vec<u8>),
        member: &str,
        value: &str,
    ) {
        if self.entries == 0 {
            self.close_links();
            self.bytes.extend_from_slice(b",\"entry\":[");
        } else {
            self.bytes.push(b',');
        }
        self.bytes.extend_from_slice(b"{\"fullUrl\":");
        self.text(full_url);
        self.bytes.extend_from_slice(b",\"resource\":");
        resource(&mut self.bytes);
        self.bytes.push(b',');
        self.text(member);
        self.bytes.push(b':');
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.push(b'}');
        self.entries += 1;
    }

    /// The whole Bundle. One without entries has no `entry` (HTTP-14).
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.entries == 0 {
            self.close_links();
        } else {
            self.bytes.push(b']');
        }
        self.bytes.push(b'}');
        self.bytes
    }

    fn close_links(&mut self) {
        if self.links > 0 {
            self.bytes.push(b']');
        }
    }

    /// A JSON string. URLs here are ASCII without quotes, save for what an identifier may hold, which is escaped.
    fn text(&mut self, text: &str) {
        if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
            self.bytes.push(b'"');
            self.bytes.extend_from_slice(text.as_bytes());
            self.bytes.push(b'"');
        } else {
            self.bytes.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: SLT-33, SLT-34, HTTP-14
    #[test]
    fn a_bundle_is_well_formed_with_and_without_entries() {
        let empty = Bundle::begin(BundleType::Searchset, 0).finish();
        assert_eq!(String::from_utf8(empty).unwrap(), r#"{"resourceType":"Bundle","type":"searchset","total":0}"#);
        let mut bundle = Bundle::begin(BundleType::History, 2);
        bundle.link("self", "https://x/a?b=\"c");
        bundle.link("next", "https://x/d");
        bundle.entry("https://x/1", br#"{"resourceType":"Slot"}"#, "search", r#"{"mode":"match"}"#);
        bundle.entry_with("https://x/2", |out| out.extend_from_slice(b"{}"), "search", r#"{"mode":"include"}"#);
        let text = String::from_utf8(bundle.finish()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["link"][0]["url"], "https://x/a?b=\"c");
        assert_eq!(value["entry"][1]["search"]["mode"], "include");
        assert_eq!(value["entry"].as_array().unwrap().len(), 2);
    }
}
