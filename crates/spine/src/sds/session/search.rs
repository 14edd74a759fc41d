//! The Search and Compare operations (SDS-40, SDS-41, SDS-46, SDS-60; RFC 4511 sections 4.5 and 4.10).

use super::control::{self, Controls, Page};
use super::special::{SUBSCHEMA, root_dse, subschema};
use super::{Answer, Exchange, Searched, SessionLimits, Time, result};
use crate::sds::directory::{Directory, NoSuchObject, OF_EVERY_ENTRY, Scope};
use crate::sds::dn::Dn;
use crate::sds::entry::Entry;
use crate::sds::filter::{Compiled, Filter};
use crate::sds::schema::{self, AttributeId};
use rasn_ldap::{
    CompareRequest, LdapMessage, PartialAttribute, ProtocolOp, ResultCode, SearchRequest, SearchRequestScope,
    SearchResultDone, SearchResultEntry,
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Why a search returns nothing: result code, matched name, text.
type Refusal = (ResultCode, String, String);

pub(super) fn search(
    id: u32,
    request: &SearchRequest,
    controls: &Controls,
    directory: &Directory,
    limits: SessionLimits,
    time: &Time<'_>,
) -> Answer {
    let refused = |(code, matched, text): Refusal| {
        let done = ProtocolOp::SearchResDone(SearchResultDone(result(code, &matched, &text)));
        Answer::one(id, "search", code, done)
    };
    match prepare(request) {
        Ok(search) => {
            let answer = run(id, &search, request, controls, directory, limits, time).unwrap_or_else(refused);
            Answer { searched: Some(search.told), ..answer }
        }
        Err(refusal) => refused(refusal),
    }
}

struct Prepared {
    base: Dn,
    scope: Scope,
    filter: Compiled,
    selection: Selection,
    told: Searched,
}

fn prepare(request: &SearchRequest) -> Result<Prepared, Refusal> {
    let base = parse_name(&request.base_object)?;
    let (scope, word) = match request.scope {
        SearchRequestScope::BaseObject => (Scope::Base, "base"),
        SearchRequestScope::SingleLevel => (Scope::One, "one"),
        SearchRequestScope::WholeSubtree => (Scope::Subtree, "sub"),
        _ => return Err((ResultCode::ProtocolError, String::new(), "the scope is not known".to_owned())),
    };
    let filter = Filter::of_message(&request.filter)
        .map_err(|complex| (ResultCode::AdminLimitExceeded, String::new(), complex.to_string()))?;
    let names: Vec<&str> = request.attributes.iter().map(|name| name.0.as_str()).collect();
    let told = Searched { base: request.base_object.to_string(), scope: word, filter: filter.to_string() };
    Ok(Prepared { base, scope, filter: filter.compile(), selection: Selection::of(&names, request.types_only), told })
}

fn parse_name(name: &str) -> Result<Dn, Refusal> {
    Dn::parse(name).map_err(|fault| (ResultCode::InvalidDnSyntax, String::new(), fault.to_string()))
}

fn run(
    id: u32,
    search: &Prepared,
    request: &SearchRequest,
    controls: &Controls,
    directory: &Directory,
    limits: SessionLimits,
    time: &Time<'_>,
) -> Result<Answer, Refusal> {
    let special = special_entry(&search.base, search.scope);
    if let Some(entry) = special {
        let mut alone = Directory::empty();
        alone.put(entry);
        let found = alone.search(&search.base, Scope::Base, &search.filter).map_err(no_such_object)?;
        return Ok(send(id, search, found, Window::all(limits), controls.page.is_some(), time));
    }
    let found = directory.search_while(&search.base, search.scope, &search.filter, || time.is_left());
    let found = found.map_err(no_such_object)?;
    let window = Window::of(request, controls.page, limits)?;
    Ok(send(id, search, found, window, controls.page.is_some(), time))
}

/// The root DSE or the subschema where the base names one of them.
fn special_entry(base: &Dn, scope: Scope) -> Option<Entry> {
    match scope {
        Scope::Base if base.is_empty() => Some(root_dse()),
        Scope::Base | Scope::Subtree if !base.is_empty() && Dn::parse(SUBSCHEMA).is_ok_and(|name| name == *base) => {
            Some(subschema())
        }
        _ => None,
    }
}

fn no_such_object(fault: NoSuchObject) -> Refusal {
    (ResultCode::NoSuchObject, fault.matched, "the base of the search does not exist".to_owned())
}

/// Which of the entries that match are sent.
#[derive(Clone, Copy)]
struct Window {
    skip: usize,
    most: usize,
    /// The mark for the cookie of the next page; without one a search that is cut short says so (SDS-46).
    mark: Option<u64>,
}

impl Window {
    fn all(limits: SessionLimits) -> Self {
        Self { skip: 0, most: limits.most_entries, mark: None }
    }

    fn of(request: &SearchRequest, page: Option<Page>, limits: SessionLimits) -> Result<Self, Refusal> {
        let asked = usize::try_from(request.size_limit).ok().filter(|asked| *asked > 0);
        let most = asked.map_or(limits.most_entries, |asked| asked.min(limits.most_entries));
        let Some(page) = page else { return Ok(Self { skip: 0, most, mark: None }) };
        let mark = mark_of(request);
        let skip = match page.from {
            Some((_, other)) if other != mark => {
                let text = "the cookie was made for another search".to_owned();
                return Err((ResultCode::UnwillingToPerform, String::new(), text));
            }
            Some((skip, _)) => skip,
            None => 0,
        };
        Ok(Self { skip, most: most.min(page.size), mark: Some(mark) })
    }
}

/// A mark by which the pages of one search know each other.
fn mark_of(request: &SearchRequest) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.base_object.hash(&mut hasher);
    request.scope.hash(&mut hasher);
    request.filter.hash(&mut hasher);
    hasher.finish()
}

fn send<'a>(
    id: u32,
    search: &Prepared,
    found: impl Iterator<Item = &'a Entry>,
    window: Window,
    paged: bool,
    time: &Time<'_>,
) -> Answer {
    let mut found = found.skip(window.skip);
    let entries = found.by_ref().take(window.most).map(|entry| search.selection.entry(entry));
    let mut messages: Vec<LdapMessage> =
        entries.map(|entry| LdapMessage::new(id, ProtocolOp::SearchResEntry(entry))).collect();
    let sent = messages.len();
    let more = (window.most > 0 && found.next().is_some()).then_some(window.skip + sent);
    let code = match (more, window.mark) {
        _ if time.up.get() => ResultCode::TimeLimitExceeded,
        (Some(_), None) => ResultCode::SizeLimitExceeded,
        _ => ResultCode::Success,
    };
    let mut done = LdapMessage::new(id, ProtocolOp::SearchResDone(SearchResultDone(result(code, "", ""))));
    if paged {
        done.controls = control::paged_answer(more.zip(window.mark)).map(|control| vec![control]);
    }
    messages.push(done);
    let exchange = Exchange { operation: "search", result: Some(code as u32), entries: sent };
    Answer { messages, ends: false, exchange, searched: None }
}

/// Which attributes of an entry are returned, and whether with values (RFC 4511 section 4.5.1.8, RFC 3673, RFC 4529).
struct Selection {
    user: bool,
    operational: bool,
    named: Vec<String>,
    types_only: bool,
}

impl Selection {
    /// Nothing or `*` asks for all user attributes, `+` for all operational ones, `@CLASS` for those of a class, `1.1` for none.
    fn of(names: &[&str], types_only: bool) -> Self {
        let mut selection = Self { user: names.is_empty(), operational: false, named: Vec::new(), types_only };
        for name in names {
            match *name {
                "*" => selection.user = true,
                "+" => selection.operational = true,
                "1.1" => {}
                name => match name.strip_prefix('@').and_then(schema::class) {
                    Some(class) => {
                        let of_class = class.must.iter().chain(class.may).chain(&["objectClass"]);
                        selection.named.extend(of_class.map(|name| (*name).to_owned()));
                    }
                    None => selection.named.push(name_of(name).to_ascii_lowercase()),
                },
            }
        }
        selection
    }

    fn wants(&self, name: &str, operational: bool) -> bool {
        let by_kind = if operational { self.operational } else { self.user };
        by_kind || self.named.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
    }

    fn entry(&self, entry: &Entry) -> SearchResultEntry {
        let mut attributes = Vec::new();
        let mut push = |name: &str, operational: bool, values: &[String]| {
            if !values.is_empty() && self.wants(name, operational) {
                let values = if self.types_only { &[] } else { values };
                let values: Vec<rasn::types::OctetString> =
                    values.iter().map(|value| value.clone().into_bytes().into()).collect();
                attributes.push(PartialAttribute::new(name.into(), values.into()));
            }
        };
        let told = |name: &str| !entry.dn().is_empty() && OF_EVERY_ENTRY.contains(&name);
        for attribute in entry.attributes().iter().filter(|attribute| !told(&attribute.name)) {
            let operational = AttributeId::of(&attribute.name).is_some_and(|id| id.row().operational);
            push(&attribute.name, operational, &attribute.values);
        }
        if !entry.dn().is_empty() {
            let class = entry.values("objectClass").iter().rev().find(|class| !class.eq_ignore_ascii_case("top"));
            push("structuralObjectClass", true, class.map(std::slice::from_ref).unwrap_or_default());
            push("entryDN", true, &[entry.dn().to_string()]);
            push("subschemaSubentry", true, &[SUBSCHEMA.to_owned()]);
        }
        SearchResultEntry::new(entry.dn().as_str().into(), attributes)
    }
}

/// Whether an entry has a value: compareTrue, compareFalse, or why neither.
pub(super) fn compare(request: &CompareRequest, directory: &Directory) -> Refusal {
    let base = match parse_name(&request.entry) {
        Ok(base) => base,
        Err(refusal) => return refusal,
    };
    let assertion = rasn_ldap::Filter::EqualityMatch(request.ava.clone());
    let equal = match Filter::of_message(&assertion).map(|filter| filter.compile()) {
        Ok(Compiled::Always(_)) | Err(_) => return compare_refusal(&request.ava.attribute_desc),
        Ok(equal) => equal,
    };
    match directory.search(&base, Scope::Base, &equal).map(|mut found| found.next().is_some()) {
        Ok(true) => (ResultCode::CompareTrue, String::new(), String::new()),
        Ok(false) => {
            match directory
                .get(&base)
                .is_some_and(|entry| !entry.values(name_of(&request.ava.attribute_desc)).is_empty())
            {
                true => (ResultCode::CompareFalse, String::new(), String::new()),
                false => (ResultCode::NoSuchAttribute, String::new(), "the entry has no such attribute".to_owned()),
            }
        }
        Err(fault) => no_such_object(fault),
    }
}

/// The name that the schema has for a description; the description itself where it has none.
fn name_of(description: &str) -> &str {
    AttributeId::of(description).map_or(description, |id| id.row().name)
}

fn compare_refusal(description: &str) -> Refusal {
    match AttributeId::of(description) {
        Some(_) => (ResultCode::InappropriateMatching, String::new(), "the attribute has no equality rule".to_owned()),
        None => (ResultCode::UndefinedAttributeType, String::new(), "the attribute is not known".to_owned()),
    }
}
