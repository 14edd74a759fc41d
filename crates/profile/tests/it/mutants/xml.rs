//! One change to a resource in XML: at one tag, of one sort, or of the whole document.

/// A tag: from `<` to behind `>`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'x> {
    pub(super) start: usize,
    pub(super) text: &'x str,
}

/// The start tags and empty-element tags outside of narratives.
pub(super) fn tags(xml: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(start) = xml[at..].find('<').map(|offset| at + offset) {
        let end = xml[start..].find('>').map_or(xml.len(), |offset| start + offset + 1);
        let text = &xml[start..end];
        at = if text.starts_with("<div") {
            xml[start..].find("</div>").map_or(end, |offset| start + offset)
        } else {
            end
        };
        if !text.starts_with("</") && !text.starts_with("<?") {
            tags.push(Tag { start, text });
        }
    }
    tags
}

impl Tag<'_> {
    pub(super) fn name(&self) -> &str {
        self.text[1..].split([' ', '/', '>']).next().unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.text.ends_with("/>")
    }
}

/// What is put into, or in place of, a value.
const VALUES: &[&str] = &["", " ", "junk", "2026-03-02", "true", "#none", "&amp;", "a&#9;b", " x", "1.50"];

/// Changes of a tag, by name.
pub(super) const CHANGES: &[&str] = &[
    "removed",
    "misspelt",
    "capital",
    "doubled",
    "swapped",
    "attribute",
    "no-value",
    "with-id",
    "value-element",
    "stray-text",
    "stray-cdata",
    "comment",
    "unknown-child",
    "extension-child",
    "extension-child-no-url",
    "other-namespace",
    "no-namespace",
    "prefixed",
    "value:0",
    "value:1",
    "value:2",
    "value:3",
    "value:4",
    "value:5",
    "value:6",
    "value:7",
    "value:8",
    "value:9",
];

/// The document with one change of one tag; `None` where the change does not apply.
pub(super) fn changed(xml: &str, tags: &[Tag<'_>], at: usize, change: &str) -> Option<String> {
    let tag = tags.get(at)?;
    let (before, after) = (&xml[..tag.start], &xml[tag.start + tag.text.len()..]);
    let name = tag.name();
    let head = tag.text.trim_end_matches('>').trim_end_matches('/').to_owned();
    let with =
        |inside: &str| if tag.is_empty() { format!("{head}>{inside}</{name}>") } else { format!("{head}>{inside}") };
    let close = if tag.is_empty() { "/>" } else { ">" };
    let whole = |new: String| Some(format!("{before}{new}{after}"));
    if let Some(index) = change.strip_prefix("value:") {
        let value = VALUES.get(index.parse::<usize>().ok()?)?;
        let from = head.find(" value=\"")? + " value=\"".len();
        let to = from + head[from..].find('"')?;
        return whole(format!("{}{value}{}{close}", &head[..from], &head[to..]));
    }
    match change {
        "removed" if tag.is_empty() => whole(String::new()),
        "misspelt" if tag.is_empty() => whole(tag.text.replacen(name, &format!("{name}x"), 1)),
        "capital" if tag.is_empty() => {
            whole(tag.text.replacen(name, &format!("{}{}", name[..1].to_uppercase(), &name[1..]), 1))
        }
        "doubled" if tag.is_empty() => whole(format!("{0}{0}", tag.text)),
        "swapped" if tag.is_empty() => {
            let next = tags.get(at + 1).filter(|next| next.is_empty() && next.start == tag.start + tag.text.len())?;
            let rest = &xml[next.start + next.text.len()..];
            Some(format!("{before}{}{}{rest}", next.text, tag.text))
        }
        "attribute" => whole(format!("{head} colour=\"red\"{close}")),
        "no-value" => whole(format!("<{name}{close}")).filter(|_| head.contains(" value=")),
        "with-id" if !head.contains(" id=") => whole(format!("{head} id=\"e1\"{close}")),
        "value-element" => whole(with("<value value=\"x\"/>")),
        "stray-text" => whole(with("stray")),
        "stray-cdata" => whole(with("<![CDATA[stray]]>")),
        "comment" => whole(with("<!-- note -->")),
        "unknown-child" => whole(with("<colour value=\"red\"/>")),
        "extension-child" => {
            whole(with("<extension url=\"https://supplier.example/x\"><valueString value=\"y\"/></extension>"))
        }
        "extension-child-no-url" => whole(with("<extension><valueString value=\"y\"/></extension>")),
        "other-namespace" if !head.contains("xmlns") => whole(format!("{head} xmlns=\"urn:other\"{close}")),
        "no-namespace" if !head.contains("xmlns") => whole(format!("{head} xmlns=\"\"{close}")),
        "prefixed" if tag.is_empty() => {
            whole(format!("<f:{} xmlns:f=\"http://hl7.org/fhir\"{close}", &head[1..]).replacen("/>/>", "/>", 1))
        }
        _ => None,
    }
}

/// Makes another document of one.
type Change = fn(&str) -> String;

/// Changes of the whole document, by name.
pub(super) const WHOLE: &[(&str, Change)] = &[
    ("as-is", |xml| xml.to_owned()),
    ("declared", |xml| format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", plain(xml))),
    ("declared-latin", |xml| format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{}", plain(xml))),
    ("instruction", |xml| format!("<?go now?>{}", plain(xml))),
    ("doctype", |xml| format!("<!DOCTYPE x>{}", plain(xml))),
    ("doctype-entity", |xml| format!("<!DOCTYPE x [<!ENTITY e \"free\">]>{}", plain(xml))),
    ("comment-before", |xml| format!("<!-- a -->{}", plain(xml))),
    ("text-behind", |xml| format!("{xml}behind")),
    ("twice", |xml| format!("{xml}{}", plain(xml))),
    ("blank-lines", |xml| xml.replace("><", ">\r\n\t<")),
    ("no-namespace", |xml| xml.replacen(" xmlns=\"http://hl7.org/fhir\"", "", 1)),
    ("other-namespace", |xml| xml.replacen("http://hl7.org/fhir\"", "http://hl7.org/fhir/\"", 1)),
    ("single-quotes", |xml| if xml.contains('\'') { xml.to_owned() } else { xml.replace('"', "'") }),
    ("cut", |xml| xml[..xml.len() - 4].to_owned()),
    ("entity", |xml| xml.replacen("value=\"", "value=\"&copy;", 1)),
    ("reference", |xml| xml.replacen("value=\"", "value=\"&#x41;", 1)),
];

/// The document without a declaration before it.
fn plain(xml: &str) -> &str {
    match xml.strip_prefix("<?") {
        Some(rest) => rest.split_once("?>").map_or(xml, |(_, rest)| rest.trim_start()),
        None => xml,
    }
}
