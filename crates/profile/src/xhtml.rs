//! The XHTML that a narrative may hold: which elements, which attributes, and what counts as saying something (txt-1, txt-2).
//!
//! The lists are those of FHIR's own schema for narratives: HTML 4.0 chapters 7 to 11 and 15 without forms, scripts,
//! frames and objects.

use std::collections::HashSet;

/// Attributes that every element may have.
const COMMON: &[&str] = &["class", "dir", "id", "lang", "style", "title", "xml:lang"];

/// How cells and their groups are aligned.
const ALIGNMENT: &[&str] = &["align", "char", "charoff", "valign"];

/// Elements, and the attributes that each may have beside the common ones.
const ELEMENTS: &[(&str, &[&[&str]])] = &[
    (
        "a",
        &[&["accesskey", "charset", "coords", "href", "hreflang", "name", "rel", "rev", "shape", "tabindex", "type"]],
    ),
    ("abbr", &[]),
    ("acronym", &[]),
    ("address", &[]),
    ("area", &[&["accesskey", "alt", "coords", "href", "nohref", "shape", "tabindex"]]),
    ("b", &[]),
    ("bdo", &[]),
    ("big", &[]),
    ("blockquote", &[&["cite"]]),
    ("br", &[]),
    ("caption", &[]),
    ("cite", &[]),
    ("code", &[]),
    ("col", &[ALIGNMENT, &["span", "width"]]),
    ("colgroup", &[ALIGNMENT, &["span", "width"]]),
    ("dd", &[]),
    ("dfn", &[]),
    ("div", &[]),
    ("dl", &[]),
    ("dt", &[]),
    ("em", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    ("i", &[]),
    ("img", &[&["alt", "height", "ismap", "longdesc", "src", "usemap", "width"]]),
    ("kbd", &[]),
    ("li", &[]),
    ("map", &[&["name"]]),
    ("ol", &[]),
    ("p", &[]),
    ("pre", &[&["xml:space"]]),
    ("q", &[&["cite"]]),
    ("samp", &[]),
    ("small", &[]),
    ("span", &[]),
    ("strong", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("table", &[&["border", "cellpadding", "cellspacing", "frame", "rules", "summary", "width"]]),
    ("tbody", &[ALIGNMENT]),
    ("td", &[ALIGNMENT, &["abbr", "axis", "colspan", "headers", "rowspan", "scope"]]),
    ("tfoot", &[ALIGNMENT]),
    ("th", &[ALIGNMENT, &["abbr", "axis", "colspan", "headers", "rowspan", "scope"]]),
    ("thead", &[ALIGNMENT]),
    ("tr", &[ALIGNMENT]),
    ("tt", &[]),
    ("ul", &[]),
    ("var", &[]),
];

/// The namespace that everything in a narrative is in.
const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// Schemes of names that a link cannot follow.
const UNLINKED_SCHEMES: &[&str] = &["urn:", "cid:"];

/// The most faults of one narrative, and the most namespaces in force at one place: no reader needs more.
const MOST: usize = 64;

/// Schemes that make something happen instead of leading somewhere.
const ACTIVE_SCHEMES: &[&str] = &["javascript:", "vbscript:", "data:text/html"];

/// One thing that a narrative may not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The outermost element is not a `div`.
    NotADiv,
    /// An element or attribute outside the namespace.
    Namespace(String),
    /// An element that is not allowed.
    Element(String),
    /// An attribute that the element may not have.
    Attribute(String, String),
    /// A link that would run something.
    Active(String),
    /// A link that leads nowhere: an empty one, or one that is no URL.
    NoLink(String),
    /// A link to an id that the narrative does not have.
    NoTarget(String),
    /// Neither text nor an image.
    Blank,
}

/// What a narrative has so far: its faults, and the ids that it has and that its links lead to.
#[derive(Debug, Default)]
struct Found<'t> {
    faults: Vec<Fault>,
    ids: HashSet<&'t str>,
    links: Vec<&'t str>,
}

impl Found<'_> {
    fn add(&mut self, fault: Fault) {
        if self.faults.len() < MOST && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// A namespace in force: the depth of the element that declares it, its prefix, and itself.
type Declared<'t> = (usize, &'t str, &'t str);

/// A tag taken apart.
struct Tag<'t> {
    name: &'t str,
    attributes: Vec<(&'t str, &'t str)>,
    ends: bool,
    is_end: bool,
}

/// What is wrong with a narrative that is well-formed, the first of each kind of name only once.
pub(crate) fn faults(text: &str) -> Vec<Fault> {
    let mut found = Found::default();
    let mut declared: Vec<Declared<'_>> = Vec::new();
    let mut depth = 0_usize;
    let mut says_something = false;
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        says_something |= depth > 0 && is_visible(&rest[..at]);
        let (markup, after) = markup(&rest[at..]);
        if let Some(data) = markup.strip_prefix("<![CDATA[") {
            says_something |= is_visible(data.trim_end_matches("]]>"));
        } else if !markup.starts_with("<!") && !markup.starts_with("<?") {
            let tag = tag(markup);
            if tag.is_end {
                depth = depth.saturating_sub(1);
                declared.retain(|(at, _, _)| *at <= depth);
            } else {
                depth += 1;
                says_something |= judge(&tag, depth, &mut declared, &mut found);
                if tag.ends {
                    depth -= 1;
                    declared.retain(|(at, _, _)| *at <= depth);
                }
            }
        }
        rest = after;
    }
    let dangling: Vec<&str> = found.links.iter().filter(|id| !found.ids.contains(*id)).copied().collect();
    dangling.into_iter().for_each(|id| found.add(Fault::NoTarget(id.to_owned())));
    if !says_something {
        found.faults.push(Fault::Blank);
    }
    found.faults
}

/// Judges a tag that opens an element; true where it shows something by itself.
fn judge<'t>(tag: &Tag<'t>, depth: usize, declared: &mut Vec<Declared<'t>>, found: &mut Found<'t>) -> bool {
    for (name, value) in &tag.attributes {
        match name.strip_prefix("xmlns") {
            Some("") => declared.push((depth, "", value)),
            Some(prefix) if prefix.starts_with(':') => declared.push((depth, &prefix[1..], value)),
            _ => {}
        }
    }
    if declared.len() > MOST {
        declared.truncate(MOST);
        found.add(Fault::Namespace(tag.name.to_owned()));
    }
    let (prefix, name) = tag.name.split_once(':').unwrap_or(("", tag.name));
    let namespace = declared.iter().rev().find(|(_, known, _)| *known == prefix).map(|(_, _, namespace)| *namespace);
    if namespace != Some(NAMESPACE) {
        found.add(Fault::Namespace(tag.name.to_owned()));
    }
    if depth == 1 && name != "div" {
        found.add(Fault::NotADiv);
    }
    let Some((_, groups)) = ELEMENTS.iter().find(|(known, _)| *known == name) else {
        found.add(Fault::Element(tag.name.to_owned()));
        return false;
    };
    for (attribute, value) in &tag.attributes {
        let is_declaration = *attribute == "xmlns" || attribute.starts_with("xmlns:");
        if !is_declaration && !COMMON.contains(attribute) && !groups.iter().any(|group| group.contains(attribute)) {
            found.add(Fault::Attribute((*attribute).to_owned(), tag.name.to_owned()));
        }
        if matches!(*attribute, "href" | "src" | "cite" | "longdesc") && is_active(value) {
            found.add(Fault::Active((*attribute).to_owned()));
        }
        match (name, *attribute) {
            ("a", "href") | ("img", "src") => link(value, name == "a", found),
            (_, "id") | ("a", "name") => drop(found.ids.insert(value)),
            _ => {}
        }
    }
    name == "img"
}

/// Judges where a link leads; an image may be named by any scheme.
fn link<'t>(link: &'t str, followed: bool, found: &mut Found<'t>) {
    let is_unlinked = followed && UNLINKED_SCHEMES.iter().any(|scheme| link.starts_with(scheme));
    match link.strip_prefix('#') {
        Some("") => {}
        Some(id) => found.links.push(id),
        None if link.is_empty() || link.trim().contains(' ') || is_unlinked => {
            found.add(Fault::NoLink(link.to_owned()));
        }
        None => {}
    }
}

/// White space and control characters do not hide a scheme from a browser, so they do not here.
fn is_active(link: &str) -> bool {
    let plain: String = link.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let plain = plain.to_ascii_lowercase();
    ACTIVE_SCHEMES.iter().any(|scheme| plain.starts_with(scheme)) || plain.contains("&#")
}

fn is_visible(text: &str) -> bool {
    !text.trim().is_empty()
}

/// The markup at the front, up to its end, and what follows.
fn markup(rest: &str) -> (&str, &str) {
    let closed_by = |end: &str| rest.find(end).map_or(rest.len(), |at| at + end.len());
    let length = if rest.starts_with("<!--") {
        closed_by("-->")
    } else if rest.starts_with("<![CDATA[") {
        closed_by("]]>")
    } else if rest.starts_with("<?") {
        closed_by("?>")
    } else {
        tag_length(rest)
    };
    rest.split_at(length)
}

/// The length of a tag: up to the first `>` outside quotes.
fn tag_length(rest: &str) -> usize {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'>') => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn tag(markup: &str) -> Tag<'_> {
    let inner = markup.trim_start_matches('<').trim_end_matches('>');
    let is_end = inner.starts_with('/');
    let ends = inner.ends_with('/');
    let inner = inner.trim_matches('/');
    let name_end = inner.find(char::is_whitespace).unwrap_or(inner.len());
    let (name, mut rest) = inner.split_at(name_end);
    let mut attributes = Vec::new();
    while let Some((attribute, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else { break };
        let Some((value, left)) = after[1..].split_once(quote) else { break };
        attributes.push((attribute.trim(), value));
        rest = left;
    }
    Tag { name, attributes, ends, is_end }
}

#[cfg(test)]
mod tests {
    use super::{Fault, faults};

    fn inside(text: &str) -> Vec<Fault> {
        faults(&format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{text}</div>"))
    }

    // covers: VAL-05
    #[test]
    fn a_narrative_may_have_what_fhir_allows() {
        for good in [
            "a",
            "<p class='x' style=\"color:red\">a</p>",
            "<img src=\"a.png\" alt='>'/>",
            "<table border='1'><thead><tr><th colspan='2'>a</th></tr></thead></table>",
            "<a href=\"https://a.example/x?y=z\">a</a>",
            "<a href='#b'>a</a><p id='b'>b</p><a href='#c'>c</a><a name='c'>d</a><a href='#'>e</a><img src='urn:a'/>",
            "<![CDATA[a]]>",
            "<!-- <script> --><?x <y> ?>a<br/>",
            "a &lt;script&gt;",
        ] {
            assert_eq!(inside(good), [], "{good}");
        }
        assert_eq!(faults("<h:div xmlns:h='http://www.w3.org/1999/xhtml'><h:p>a</h:p></h:div>"), []);
    }

    // covers: VAL-05
    #[test]
    fn a_narrative_may_not_have_anything_else() {
        let element = |name: &str| Fault::Element(name.to_owned());
        let table: &[(&str, &[Fault])] = &[
            ("<script>x</script>", &[element("script")]),
            ("<P>a</P>", &[element("P")]),
            ("<p onclick='x()'>a</p>", &[Fault::Attribute("onclick".to_owned(), "p".to_owned())]),
            ("<a href='javascript:x()'>a</a>", &[Fault::Active("href".to_owned())]),
            ("<a href=' java\tscript:x()'>a</a>", &[Fault::Active("href".to_owned())]),
            ("<a href='&#106;avascript:x()'>a</a>", &[Fault::Active("href".to_owned())]),
            ("<form><input type='text'/></form>a", &[element("form"), element("input")]),
            ("<a href='#b'>a</a><p id='c'>b</p>", &[Fault::NoTarget("b".to_owned())]),
            ("<a href=''>a</a>", &[Fault::NoLink(String::new())]),
            ("<a href='https://a b'>a</a>", &[Fault::NoLink("https://a b".to_owned())]),
            ("<a href='urn:a'>a</a>", &[Fault::NoLink("urn:a".to_owned())]),
            ("", &[Fault::Blank]),
            (" <!-- c --> <p> </p>", &[Fault::Blank]),
            ("<p xmlns=''>a</p>b", &[Fault::Namespace("p".to_owned())]),
        ];
        for (text, expected) in table {
            assert_eq!(inside(text), *expected, "{text}");
        }
        assert_eq!(faults("<p xmlns='http://www.w3.org/1999/xhtml'>a</p>"), [Fault::NotADiv]);
        assert_eq!(faults("<div>a</div>"), [Fault::Namespace("div".to_owned())]);
        assert_eq!(faults("<div xmlns='http://www.w3.org/1999/xhtml'/>"), [Fault::Blank]);
    }

    #[test]
    fn no_more_faults_are_told_than_anybody_reads() {
        let many: String = (0..1000).map(|at| format!("<x{at} xmlns:y{at}='urn:x'>a</x{at}>")).collect();
        assert_eq!(inside(&many).len(), super::MOST);
    }

    #[test]
    fn text_that_is_not_xml_ends() {
        for text in ["", "<", "<div", "<div a='", "<!--", "<![CDATA[", "</>", "<a=b>", "<div a=b c='d'>"] {
            let _ = faults(text);
        }
    }
}
