//! The parameters of a slot search, in every spelling that is on the wire, read into one search (SLT-02 to SLT-16, SLT-20 to SLT-23,
//! HTTP-34, X-05, X-28).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use spine::dialect::{ServiceAbsent, UnknownParameter, WindowReversed};
use spine::{Dialect, Reason};
use store::{Include, SlotCursor, SlotStatus};

use super::times::TimeStyle;
use crate::appointment::start_window::StartWindow;
use crate::edge::negotiate::shortened;
use crate::edge::query::{Query, add_parameter, is_control};
use crate::edge::refusal::Refusal;

/// The most values in one comma list.
const MOST_VALUES: usize = 50;

/// The names under which a service may be sought besides `schedule.actor:healthcareservice`, compared without regard to case in
/// that one only (SLT-02).
const SERVICE_NAMES: [&str; 2] = ["service", "schedule.actor:healthcareservice"];

/// The names that a longer, unknown one is measured against.
const KNOWN_NAMES: [&str; 4] = ["service", "schedule.actor", "status", "start"];

/// A slot search that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SlotParameters {
    /// The services, by id, identifier or ASID; `None` for all of them.
    pub(super) services: Option<Vec<String>>,
    /// The statuses; empty for all (SLT-06).
    pub(super) statuses: Vec<SlotStatus>,
    /// Where the start may lie.
    pub(super) window: StartWindow,
    /// Which related resources come along.
    pub(super) includes: Vec<Include>,
    /// Slots on a page; 0 asks for the total alone.
    pub(super) count: u32,
    /// The last Slot of the page before.
    pub(super) after: Option<SlotCursor>,
    /// How the answer writes times.
    pub(super) style: TimeStyle,
    /// The query as it was understood, encoded, without the page (SLT-34).
    pub(super) understood: String,
}

/// What reading needs besides the query.
pub(super) struct Reading<'a> {
    /// The dialect of the root that was called.
    pub(super) dialect: &'a Dialect,
    /// The time of the request.
    pub(super) now: Timestamp,
    /// The zone of days without a time (TIM-03).
    pub(super) zone: &'a TimeZone,
    /// Slots on a page when `_count` does not say, and at most.
    pub(super) page: u32,
}

impl SlotParameters {
    /// Reads the parameters of a search.
    ///
    /// # Errors
    /// The first parameter that cannot be followed, as the dialect has it.
    pub(super) fn read(query: &Query, reading: &Reading<'_>) -> Result<Self, Refusal> {
        let starts: Vec<&str> = query.all("start").collect();
        let mut parameters = Self {
            services: None,
            statuses: Vec::new(),
            window: StartWindow::read(&starts, reading.zone, reading.now)?,
            includes: Vec::new(),
            count: reading.page,
            after: None,
            style: TimeStyle::of_request(starts.iter().copied(), reading.zone),
            understood: String::new(),
        };
        for (name, value) in query.pairs() {
            parameters.take(name, value, reading)?;
        }
        if parameters.services.is_none() && reading.dialect.service_absent == ServiceAbsent::Refused {
            return Err(Refusal::new(Reason::ServiceMissing, ""));
        }
        if parameters.window.is_past(reading.now) {
            return Err(Refusal::new(Reason::WindowInThePast, "").at("start"));
        }
        if parameters.window.is_reversed() && reading.dialect.window_reversed == WindowReversed::Refused {
            return Err(Refusal::new(Reason::InvalidParameter, "the upper bound lies before the lower one").at("start"));
        }
        Ok(parameters)
    }

    fn take(&mut self, name: &str, value: &str, reading: &Reading<'_>) -> Result<(), Refusal> {
        if is_service(name) {
            self.take_service(name, value)?;
        } else if name == "status" {
            self.take_status(value)?;
        } else if name == "_include" || name.starts_with("_include:") {
            self.includes.extend(value.split(',').flat_map(include));
        } else if name == "_count" {
            let count: u32 = value.parse().map_err(|_| invalid("_count", "expected a whole number", value))?;
            self.count = count.min(reading.page);
        } else if name == "_page" {
            self.after =
                Some(cursor(value).ok_or_else(|| invalid("_page", "expected the value of a next link", value))?);
            return Ok(());
        } else if name != "start" && name != "_format" {
            return unknown(name, reading.dialect);
        }
        if name == "start" {
            add_parameter(&mut self.understood, name, &value.replace(' ', "+"));
        } else {
            add_parameter(&mut self.understood, name, value);
        }
        Ok(())
    }

    fn take_service(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        if self.services.is_some() {
            return Err(invalid(name, "expected one service parameter, with a comma list for several services", value));
        }
        let services: Vec<String> = values(name, value)?.map(service_value).collect();
        if services.iter().any(String::is_empty) {
            return Err(invalid(name, "expected the id of a service", value));
        }
        self.services = Some(services);
        Ok(())
    }

    fn take_status(&mut self, value: &str) -> Result<(), Refusal> {
        for each in values("status", value)? {
            let code = each.rsplit_once('|').map_or(each, |(_, code)| code);
            let status = SlotStatus::from_code(code).ok_or_else(|| {
                invalid("status", "expected free, busy or another code of FHIR's slot statuses", each)
            })?;
            self.statuses.push(status);
        }
        Ok(())
    }

    /// The query of the page after the one that ends with this Slot.
    pub(super) fn query_after(&self, start: i64, id: &str) -> String {
        let page = BASE64_URL_SAFE_NO_PAD.encode(format!("{start}.{id}"));
        let separator = if self.understood.is_empty() { "" } else { "&" };
        format!("{}{separator}_page={page}", self.understood)
    }
}

/// SLT-02: the documented name, the one on the wire, and that one with a capital.
fn is_service(name: &str) -> bool {
    SERVICE_NAMES.contains(&name)
        || name.strip_prefix("schedule.actor:").is_some_and(|kind| kind.eq_ignore_ascii_case("healthcareservice"))
}

/// The values of a comma list.
fn values<'a>(name: &str, value: &'a str) -> Result<impl Iterator<Item = &'a str>, Refusal> {
    if value.is_empty() || value.split(',').count() > MOST_VALUES {
        return Err(invalid(name, &format!("expected 1 to {MOST_VALUES} values"), value));
    }
    Ok(value.split(',').map(str::trim))
}

/// A service as a token (`system|value`), as a reference (`HealthcareService/value`) or as the bare value (SLT-03).
fn service_value(text: &str) -> String {
    let value = text.rsplit_once('|').map_or(text, |(_, value)| value);
    value.strip_prefix("HealthcareService/").unwrap_or(value).to_owned()
}

/// What each include brings (SLT-20, X-28), in small letters and with colons.
const INCLUDES: [(&str, &[Include]); 12] = [
    ("slot:schedule", &[Include::Schedule]),
    ("slot:schedule:schedule", &[Include::Schedule]),
    ("schedule:actor", &[Include::Practitioner, Include::PractitionerRole, Include::HealthcareService]),
    ("schedule:actor:practitioner", &[Include::Practitioner]),
    ("schedule:actor:practitionerrole", &[Include::PractitionerRole]),
    ("schedule:actor:healthcareservice", &[Include::HealthcareService]),
    ("healthcareservice:providedby", &[Include::Organization]),
    ("healthcareservice:organization", &[Include::Organization]),
    ("healthcareservice:providedby:organization", &[Include::Organization]),
    ("healthcareservice:location", &[Include::Location]),
    ("healthcareservice:location:location", &[Include::Location]),
    ("*", &Include::ALL),
];

/// The includes that one value asks for, in any spelling (SLT-20, SLT-21, X-28). One that cannot be served is left out (SLT-22).
fn include(value: &str) -> &'static [Include] {
    let as_listed = |byte: u8| if byte == b'.' { b':' } else { byte.to_ascii_lowercase() };
    let value = value.trim();
    let found = INCLUDES.iter().find(|(name, _)| value.bytes().map(as_listed).eq(name.bytes()));
    found.map_or(&[], |(_, includes)| includes)
}

/// HTTP-34, X-05: FHIR's controls are passed over; whether anything else is, the dialect decides.
fn unknown(name: &str, dialect: &Dialect) -> Result<(), Refusal> {
    if is_control(name) {
        return Ok(());
    }
    let like_a_known_one = KNOWN_NAMES.iter().any(|known| name.starts_with(known));
    match dialect.unknown_parameter {
        UnknownParameter::IgnoredUnlessLikeAKnownName if !like_a_known_one => Ok(()),
        _ => {
            let what =
                format!("{}; known are service, schedule.actor:healthcareservice, status and start", shortened(name));
            Err(Refusal::new(Reason::UnknownParameter, what).at(name.chars().take(100).collect::<String>()))
        }
    }
}

fn invalid(name: &str, expected: &str, came: &str) -> Refusal {
    Refusal::new(Reason::InvalidParameter, format!("{expected}, got {}", shortened(came))).at(name)
}

fn cursor(value: &str) -> Option<SlotCursor> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
    let (start, id) = text.split_once('.')?;
    Some(SlotCursor { start: start.parse().ok()?, id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use spine::dialect::{DIALECT_1_0_4, DIALECT_2_0_4};

    fn read_in(dialect: &Dialect, query: &str) -> Result<SlotParameters, Refusal> {
        let zone = TimeZone::get("Europe/London").unwrap();
        let reading = Reading { dialect, now: "2026-11-23T09:00:00Z".parse().unwrap(), zone: &zone, page: 100 };
        SlotParameters::read(&Query::read(Some(query)).unwrap(), &reading)
    }

    // covers: SLT-02, SLT-03, X-03
    #[test]
    fn a_service_is_sought_by_every_name_and_form() {
        for query in [
            "schedule.actor:healthcareservice=918999198999",
            "schedule.actor%3Ahealthcareservice=918999198999",
            "schedule.actor:HealthcareService=918999198999",
            "service=918999198999",
            "service=https%3A%2F%2Fx%7C918999198999",
            "schedule.actor:HealthcareService=HealthcareService/918999198999",
        ] {
            let parameters = read_in(&DIALECT_1_0_4, query).unwrap();
            assert_eq!(parameters.services.unwrap(), ["918999198999"], "{query}");
        }
        assert_eq!(read_in(&DIALECT_1_0_4, "service=a,b").unwrap().services.unwrap(), ["a", "b"]);
    }

    // covers: SLT-05
    #[test]
    fn a_search_without_service_is_the_dialects_decision() {
        assert_eq!(read_in(&DIALECT_1_0_4, "status=free").unwrap_err().reason, Reason::ServiceMissing);
        assert_eq!(read_in(&DIALECT_2_0_4, "status=free").unwrap().services, None);
    }

    // covers: SLT-06, SLT-07
    #[test]
    fn several_statuses_may_be_sought() {
        let statuses = |value: &str| read_in(&DIALECT_2_0_4, &format!("status={value}")).map(|found| found.statuses);
        assert_eq!(statuses("free").unwrap(), [SlotStatus::Free]);
        assert_eq!(statuses("busy%2Cfree").unwrap(), [SlotStatus::Busy, SlotStatus::Free]);
        assert_eq!(statuses("http://hl7.org/fhir/slotstatus%7Cbusy").unwrap(), [SlotStatus::Busy]);
        assert_eq!(statuses("open").unwrap_err().reason, Reason::InvalidParameter);
        assert_eq!(statuses("").unwrap_err().reason, Reason::InvalidParameter);
    }

    // covers: SLT-20, SLT-21, SLT-22, SLT-23, X-28
    #[test]
    fn includes_are_understood_in_every_spelling() {
        let table: &[(&str, &[Include])] = &[
            ("_include=Slot:schedule", &[Include::Schedule]),
            ("_include=Slot.schedule", &[Include::Schedule]),
            ("_include:iterate=Schedule:actor:Practitioner", &[Include::Practitioner]),
            ("_include%3Arecurse=Schedule%3Aactor%3APractitionerRole", &[Include::PractitionerRole]),
            ("_include=Schedule:actor:healthcareservice", &[Include::HealthcareService]),
            ("_include=HealthcareService.providedBy", &[Include::Organization]),
            ("_include=HealthcareService:Organization", &[Include::Organization]),
            ("_include=HealthcareService:providedBy", &[Include::Organization]),
            ("_include=HealthcareService.location", &[Include::Location]),
            ("_include=HealthcareService:Location", &[Include::Location]),
            ("_include=Appointment:patient", &[]),
            ("_revinclude=Slot:schedule", &[]),
        ];
        for (query, expected) in table {
            let parameters = read_in(&DIALECT_1_0_4, &format!("service=1&{query}")).unwrap();
            assert_eq!(parameters.includes, *expected, "{query}");
        }
    }

    // covers: HTTP-34, X-05, SLT-16
    #[test]
    fn an_unknown_parameter_is_the_dialects_decision() {
        let table = [
            ("startXXXXXXX=ge2026", true, true),
            ("statuses=free", true, true),
            ("colour=red", true, false),
            ("end=le2026", true, false),
            ("_schedule.actor:healthcareservice=1", true, false),
            ("_id=7", true, false),
            ("_summary=count", false, false),
            ("_sort=start", false, false),
            ("_format=json", false, false),
            ("_pretty=true", false, false),
        ];
        for (query, refused_in_1, refused_in_2) in table {
            let query = format!("service=1&{query}");
            let refused =
                |dialect| read_in(dialect, &query).is_err_and(|refusal| refusal.reason == Reason::UnknownParameter);
            assert_eq!((refused(&DIALECT_1_0_4), refused(&DIALECT_2_0_4)), (refused_in_1, refused_in_2), "{query}");
        }
    }

    // covers: SLT-12, SLT-13
    #[test]
    fn a_window_wholly_past_is_refused_and_a_reversed_one_is_empty() {
        let of = |query: &str| read_in(&DIALECT_1_0_4, &format!("service=1&{query}")).map_err(|refusal| refusal.reason);
        assert_eq!(of("start=ge2026-11-20&start=le2026-11-21").unwrap_err(), Reason::WindowInThePast);
        assert_eq!(of("start=le2026-11-21").unwrap_err(), Reason::WindowInThePast);
        assert!(of("start=ge2026-11-20&start=le2026-11-30").is_ok());
        assert!(of("start=ge2026-11-30&start=le2026-11-21").is_ok());
        assert!(of("start=ge2026-12-30&start=le2026-12-21").unwrap().window.is_reversed());
    }

    // covers: SLT-15, SLT-34
    #[test]
    fn the_understood_query_is_echoed_and_leads_to_the_next_page() {
        let query =
            "schedule.actor:healthcareservice=1&start=ge2026-11-23T09:00:00+00:00&_count=5&_format=xml&colour=red";
        let parameters = read_in(&DIALECT_2_0_4, query).unwrap();
        assert_eq!(parameters.count, 5);
        let understood =
            "schedule.actor%3Ahealthcareservice=1&start=ge2026-11-23T09%3A00%3A00%2B00%3A00&_count=5&_format=xml";
        assert_eq!(parameters.understood, understood);
        let next = parameters.query_after(1_795_424_400, "slot.5");
        let again = read_in(&DIALECT_2_0_4, &next).unwrap();
        assert_eq!(again.after, Some(SlotCursor { start: 1_795_424_400, id: "slot.5".to_owned() }));
        assert_eq!(again.understood, understood);
        assert_eq!(read_in(&DIALECT_2_0_4, "_page=!").unwrap_err().reason, Reason::InvalidParameter);
        assert_eq!(read_in(&DIALECT_2_0_4, "_count=-1").unwrap_err().reason, Reason::InvalidParameter);
        assert_eq!(read_in(&DIALECT_2_0_4, "_count=1000").unwrap().count, 100);
    }
}
