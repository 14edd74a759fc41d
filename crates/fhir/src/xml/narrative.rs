//! The `div` of a narrative: XHTML that is kept letter for letter, so it must be a whole, well-formed piece of XML.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::is_xml_character;
use super::tag::{Attribute, LONGEST_NAMESPACE, Scope, Tag, bad_reference, resolve};
use crate::issue::{Fault, SyntaxError};

/// Says why a text is not a well-formed `div` that XML can carry as it is, white space around it aside. Which elements
/// and attributes FHIR allows in it is the profile's business.
#[must_use]
pub fn narrative_fault(text: &str) -> Option<SyntaxError> {
    check(text, &Scope::default()).err().map(|fault| fault.locate(text.as_bytes()))
}

/// Checks a `div`; prefixes may be declared in it or in `scope`.
pub(super) fn check(text: &str, scope: &Scope<'_>) -> Result<(), Fault> {
    if let Some((at, _)) = text.char_indices().find(|(_, letter)| !is_xml_character(*letter)) {
        return Err(Fault::malformed(at, "a character that XML cannot hold"));
    }
    let mut checker =
        Checker { text, scope, declared: Vec::new(), open: Vec::new(), attributes: Vec::new(), done: false };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    loop {
        let at = position(&reader);
        let event = reader.read_event().map_err(|error| not_well_formed(&reader, &error))?;
        let end = position(&reader);
        match event {
            Event::Start(_) => checker.tag(at, end - 1, false)?,
            Event::Empty(_) => checker.tag(at, end - 2, true)?,
            Event::End(_) => checker.close(),
            Event::Text(_) => checker.text(at, end)?,
            Event::CData(_) if checker.open.is_empty() => return Err(checker.outside(at)),
            Event::GeneralRef(name) => {
                if checker.open.is_empty() {
                    return Err(checker.outside(at));
                }
                resolve(&name).ok_or_else(|| bad_reference(at))?;
            }
            Event::Comment(_) | Event::PI(_) if checker.open.is_empty() => return Err(checker.outside(at)),
            Event::CData(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Decl(_) | Event::DocType(_) => {
                return Err(Fault::forbidden(at, "a narrative has neither a declaration nor a DTD"));
            }
            Event::Eof => break,
        }
    }
    if checker.done && checker.open.is_empty() {
        Ok(())
    } else {
        Err(Fault::malformed(text.len(), "expected a whole <div>, but the text ends here"))
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

pub(super) fn not_well_formed(reader: &Reader<&[u8]>, error: &quick_xml::Error) -> Fault {
    let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
    Fault::malformed(at, format!("not well-formed XML: {error}"))
}

/// Most prefixes that may be declared at once within a narrative.
const MOST_DECLARED: usize = 256;

struct Checker<'t, 'c> {
    text: &'t str,
    scope: &'c Scope<'c>,
    /// Prefixes declared by the elements that are open, and for each of these how many there were before.
    declared: Vec<&'t str>,
    open: Vec<usize>,
    attributes: Vec<Attribute<'t>>,
    done: bool,
}

impl<'t> Checker<'t, '_> {
    fn tag(&mut self, at: usize, end: usize, empty: bool) -> Result<(), Fault> {
        let tag = Tag::new(self.text.get(at + 1..end).unwrap_or_default(), at)?;
        if self.open.is_empty() && (self.done || tag.local() != "div") {
            return Err(Fault::malformed(at, "expected one <div> around the whole narrative"));
        }
        self.done = true;
        let mark = self.declared.len();
        tag.attributes(&mut self.attributes)?;
        self.declared.extend(self.attributes.iter().filter_map(|attribute| attribute.declares));
        let is_long =
            |attribute: &Attribute<'_>| attribute.declares.is_some() && attribute.value.len() > LONGEST_NAMESPACE;
        if self.attributes.iter().any(is_long) {
            return Err(Fault::too_large(at, "a namespace with a longer name than is allowed here"));
        }
        if self.declared.len() > MOST_DECLARED {
            return Err(Fault::too_large(at, "more namespaces than may be declared in a narrative"));
        }
        let plain = self.attributes.iter().filter(|attribute| attribute.declares.is_none());
        for (name, at) in plain.map(|attribute| (attribute.name, attribute.at)).chain([(tag.name, at)]) {
            let prefix = super::tag::split_name(name).0;
            if !prefix.is_empty() && !self.declared.contains(&prefix) {
                self.scope.find(prefix, at)?;
            }
        }
        if empty {
            self.declared.truncate(mark);
        } else {
            self.open.push(mark);
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some(mark) = self.open.pop() {
            self.declared.truncate(mark);
        }
    }

    fn text(&self, at: usize, end: usize) -> Result<(), Fault> {
        let text = self.text.get(at..end).unwrap_or_default();
        if self.open.is_empty() && !text.bytes().all(super::tag::is_space) {
            return Err(self.outside(at));
        }
        match text.find("]]>") {
            Some(index) => Err(Fault::malformed(at + index, "']]>' in text must be written ]]&gt;")),
            None => Ok(()),
        }
    }

    fn outside(&self, at: usize) -> Fault {
        Fault::malformed(at, "expected one <div> around the whole narrative")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrative_is_one_well_formed_div() {
        let good = [
            "<div/>",
            " <div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a &amp; b<br/></p></div>\n",
            "<div><!-- a comment --><?pi a?><![CDATA[<]]>&#233;</div>",
            "<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:p xml:lang=\"en\"/></h:div>",
        ];
        for text in good {
            assert_eq!(narrative_fault(text), None, "{text}");
        }
        let bad = [
            "",
            "words",
            "<p/>",
            "<div>",
            "<div><p></div>",
            "<div/><div/>",
            "<div/>words",
            "<!-- before --><div/>",
            "<div>&nbsp;</div>",
            "<div a=\"&nbsp;\"/>",
            "<div a=\"1\" a=\"2\"/>",
            "<div><h:p/></div>",
            "<div>]]></div>",
            "<div>\u{1}</div>",
            "<!DOCTYPE div><div/>",
            "<?xml version=\"1.0\"?><div/>",
            "<div><1/></div>",
            "<div a=\"<\"/>",
            "<div><!-- a -- b --></div>",
            "</div>",
        ];
        for text in bad {
            assert!(narrative_fault(text).is_some(), "{text}");
        }
    }
}
