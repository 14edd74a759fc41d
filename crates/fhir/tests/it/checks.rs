//! What must hold of any bytes: the checks that the property tests, the replayed corpora and the fuzz targets share.

use fhir::date::{DateTime, TimeRange};
use fhir::search::{DateValue, Token, alternatives};
use fhir::{Limits, json, xml};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// For what was written: it may take fewer bytes than it came in.
const AGAIN: Limits = Limits { bytes_per_node: 1, ..Limits::GENEROUS };

/// What must hold of any text: it is refused with a place within it, or its tree can be written and read again.
pub(crate) fn codec(source: &[u8]) {
    let limits = Limits::STRICT;
    for (is_json, result) in [(true, json::read(source, &limits)), (false, xml::read(source, &limits))] {
        match result {
            Err(error) => assert!(error.offset <= source.len() && error.line > 0 && error.column > 0, "{error}"),
            Ok(parsed) => {
                let as_json = json::write(&parsed.resource);
                let again =
                    json::read(&as_json, &AGAIN).unwrap_or_else(|error| panic!("{error}: {}", beginning(&as_json)));
                if is_json {
                    assert!(parsed.resource.same_meaning(&again.resource), "{}", beginning(&as_json));
                    assert_eq!(json::write(&again.resource), as_json);
                }
                let as_xml = xml::write(&parsed.resource);
                let again =
                    xml::read(&as_xml, &AGAIN).unwrap_or_else(|error| panic!("{error}: {}", beginning(&as_xml)));
                if !is_json {
                    assert!(parsed.resource.same_meaning(&again.resource), "{}", beginning(&as_xml));
                }
                assert!(parsed.issues.iter().all(|issue| issue.at <= source.len() && !issue.to_string().is_empty()));
            }
        }
    }
}

/// The beginning of a text, for a message.
fn beginning(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(2000).collect()
}

/// What must hold of any date: it is refused or covers a range of time in every zone, and an instant is read again.
pub(crate) fn date(source: &[u8]) {
    let Ok(text) = std::str::from_utf8(source) else { return };
    for zone in ["Europe/London", "Pacific/Apia", "UTC"] {
        let zone = TimeZone::get(zone).expect("the zones are bundled");
        let readers =
            [DateTime::parse_date, DateTime::parse_date_time, DateTime::parse_instant, DateTime::parse_search];
        for date in readers.iter().filter_map(|read| read(text).ok()) {
            let range = date.range(&zone);
            assert!(range.from <= range.until && date.text() == text, "{text}");
            let written = fhir::date::format_instant_in(range.from, &zone);
            if range.from >= Timestamp::UNIX_EPOCH && range.from < Timestamp::MAX {
                let again = DateTime::parse_instant(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
                assert_eq!(again.range(&zone).from, range.from, "{written}");
            }
        }
    }
}

/// What must hold of any search value: it is refused, or its window selects a moment exactly when the moment matches.
pub(crate) fn search(source: &[u8]) {
    let Ok(text) = std::str::from_utf8(source) else { return };
    let zone = TimeZone::get("Europe/London").expect("the zones are bundled");
    let now = Timestamp::UNIX_EPOCH;
    for one in alternatives(text) {
        let token = Token::parse(one);
        assert!(token.matches(token.system.as_deref(), token.code.as_deref().or(Some("x"))), "{one}");
        if let Ok(value) = DateValue::parse(one) {
            let range = value.date.range(&zone);
            for at in [range.from, range.until, now].into_iter().filter(|at| *at < Timestamp::MAX) {
                let matches = value.matches(&TimeRange::moment(at), &zone, now);
                assert_eq!(matches, value.window(&zone, now).selects(at), "{one} at {at}");
            }
        }
    }
}
