//! Days, clock changes and offsets: every day of 2026 and 2027, reckoned here by hand and there by the Provider.

use serde_json::{Value, json};
use store::DiaryContent;

use super::diary::{SERVICE_ONE, booking, profile};
use super::house::House;

const DAY: i64 = 86_400;
/// Midnight of 1 January 2026, in seconds since 1970.
const NEW_YEAR: i64 = 1_767_225_600;
/// From then on: 2026 and 2027 have 365 days each.
const DAYS: i64 = 730;
/// The Sundays on which clocks go forward and back, by day of these two years: 29 March and 25 October, 28 March and 31 October.
const SUMMERS: [(i64, i64); 2] = [(87, 297), (365 + 86, 365 + 303)];

/// Whether clocks in London are an hour ahead of UTC: from 01:00 UTC of the one Sunday to 01:00 UTC of the other.
fn is_summer(at: i64) -> bool {
    let hour_of = |day: i64| NEW_YEAR + day * DAY + 3600;
    SUMMERS.iter().any(|(forward, back)| (hour_of(*forward)..hour_of(*back)).contains(&at))
}

/// The moment at which clocks in London first show this many seconds of this day.
fn in_london(day: i64, seconds: i64) -> i64 {
    let at = NEW_YEAR + day * DAY + seconds;
    if is_summer(at - 3600) { at - 3600 } else { at }
}

/// `2026-03-29`: the day of these two years with this number, by counting.
fn date(day: i64) -> String {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (year, mut rest) = (2026 + day / 365, day % 365);
    for (month, length) in (1..).zip(LENGTHS) {
        if rest < length {
            return format!("{year}-{month:02}-{:02}", rest + 1);
        }
        rest -= length;
    }
    unreachable!("a year has twelve months")
}

/// A moment as text in UTC, or with an offset of whole hours.
fn text(at: i64, hours: i64) -> String {
    let local = at + hours * 3600 - NEW_YEAR;
    let (day, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}+{hours:02}:00", date(day))
}

/// One service whose Slots of a quarter of an hour begin at these moments.
fn diary(starts: impl IntoIterator<Item = i64>) -> DiaryContent {
    let mut resources = vec![
        json!({"resourceType": "HealthcareService", "id": SERVICE_ONE}),
        json!({"resourceType": "Schedule", "id": "sched1",
            "actor": [{"reference": format!("HealthcareService/{SERVICE_ONE}")}]}),
    ];
    for (nth, start) in starts.into_iter().enumerate() {
        resources.push(
            json!({"resourceType": "Slot", "id": format!("slot-{nth}"), "meta": {"profile": [profile("Slot")]},
            "schedule": {"reference": "Schedule/sched1"}, "status": "free", "start": text(start, 0),
            "end": text(start + 900, 0)}),
        );
    }
    let node = |resource: &Value| {
        fhir::json::read(resource.to_string().as_bytes(), &fhir::Limits::STRICT).expect("a resource").resource
    };
    roles::provider::diary_of(&resources.iter().map(node).collect::<Vec<_>>()).expect("a diary")
}

async fn found(house: &House, query: &str) -> Vec<String> {
    let path = format!("/Slot?service={SERVICE_ONE}&status=free&{query}");
    let told = house.ask("GET", &path.replace('+', "%2B")).send().await;
    assert_eq!(told.status, 200, "{query}: {}", told.text);
    let bundle = told.value();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let slots = entries.iter().filter(|entry| entry["resource"]["resourceType"] == "Slot");
    slots.map(|entry| entry["resource"]["start"].as_str().unwrap_or_default().to_owned()).collect()
}

// covers: TIM-03, SLT-10, SLT-36, X-31
#[tokio::test]
async fn each_day_of_two_years_has_its_own_slots_in_londons_time() {
    // Midnight, noon and the last quarter of each day, which ends in the next one.
    let of_day = |day: i64| [0, 43_200, DAY - 900].map(|second| in_london(day, second));
    let house = House::new().await.holding(diary((0..DAYS).flat_map(of_day))).await.at("2025-12-31T12:00:00Z");
    for day in 0..DAYS {
        let expected = of_day(day).map(|start| text(start, i64::from(is_summer(start))));
        assert_eq!(found(&house, &format!("start={}", date(day))).await, expected, "{}", date(day));
        if SUMMERS.iter().any(|(forward, back)| day == *forward || day == *back) {
            // A day of 23 or of 25 hours, whole, by both bounds too.
            let both = format!("start=ge{0}&start=le{0}", date(day));
            assert_eq!(found(&house, &both).await, expected);
            let after = format!("start=sa{}&start=lt{}", date(day - 1), date(day + 1));
            assert_eq!(found(&house, &after).await, expected);
        }
    }
}

// covers: TIM-03, TIM-04, SLT-08, SLT-09, SLT-10, SLT-36, X-31
#[tokio::test]
async fn around_a_clock_change_instants_are_told_apart_by_their_offset() {
    for (forward, back) in SUMMERS {
        for sunday in [forward, back] {
            let one = NEW_YEAR + sunday * DAY + 3600;
            // From an hour before the change to an hour after, a Slot each quarter; one of them lies across it.
            let starts = (-4..4).map(|quarter| one + quarter * 900 + 450);
            let house = House::new().await.holding(diary(starts.clone())).await.at("2025-12-31T12:00:00Z");
            let written = |hours: i64, from: i64, until: i64| -> Vec<String> {
                starts.clone().filter(|at| (from..until).contains(at)).map(|at| text(at, hours)).collect()
            };
            // The hour before the change and the one after it, asked for in either offset, are answered in that offset.
            for hours in [0, 1, 2] {
                for (from, until) in [(one - 3600, one), (one, one + 3600), (one - 450, one + 451)] {
                    let query = format!("start=ge{}&start=lt{}", text(from, hours), text(until, hours));
                    assert_eq!(found(&house, &query).await, written(hours, from, until), "{query}");
                }
            }
            let zulu = format!("start=ge{}&start=lt{}", text(one, 0), text(one + 900, 0)).replace("+00:00", "Z");
            assert_eq!(found(&house, &zulu).await, [text(one + 450, 0).replace("+00:00", "Z")]);
            let fraction = format!("start=ge{}", text(one + 450, 0).replace("+00:00", ".001+00:00"));
            assert_eq!(found(&house, &fraction).await.len(), 3, "{fraction}");
            // By whole day, times are London's: the hour that comes twice is written with both offsets.
            let by_day = found(&house, &format!("start={}", date(sunday))).await;
            let offsets: Vec<i64> = starts.clone().map(|at| i64::from(is_summer(at))).collect();
            assert_eq!(offsets[..4] == [0; 4], sunday == forward);
            let expected: Vec<String> = starts.clone().zip(offsets).map(|(at, hours)| text(at, hours)).collect();
            assert_eq!(by_day, expected);
        }
    }
}

// covers: TIM-03, SLT-12
#[tokio::test]
async fn today_ends_when_it_ends_in_london() {
    let cases = [
        // In winter the day ends at midnight UTC, in summer an hour earlier.
        ("2026-11-23", "2026-11-23T23:59:59Z", 200),
        ("2026-11-23", "2026-11-24T00:00:00Z", 400),
        ("2026-06-23", "2026-06-23T22:59:59Z", 200),
        ("2026-06-23", "2026-06-23T23:00:00Z", 400),
        // The day on which clocks go forward ends in summer's time, that on which they go back in winter's.
        ("2026-03-29", "2026-03-29T22:59:59Z", 200),
        ("2026-03-29", "2026-03-29T23:00:00Z", 400),
        ("2026-10-24", "2026-10-24T23:00:00Z", 400),
        ("2026-10-25", "2026-10-25T23:59:59Z", 200),
        ("2027-03-28", "2027-03-28T23:00:00Z", 400),
        ("2027-10-31", "2027-10-31T23:59:59Z", 200),
        ("2027-10-31", "2027-11-01T00:00:00Z", 400),
    ];
    let mut house = House::new().await;
    for (day, now, status) in cases {
        house = house.at(now);
        let path = format!("/Slot?service={SERVICE_ONE}&start=ge{day}&start=le{day}");
        assert_eq!(house.ask("GET", &path).send().await.status, status, "{day} at {now}");
    }
}

// covers: SMG-08, SLT-12, BOOK-10
#[tokio::test]
async fn a_slot_that_has_begun_is_neither_offered_nor_booked() {
    let change = NEW_YEAR + SUMMERS[0].1 * DAY + 3600;
    let starts = [change - 900, change - 1, change, change + 1, change + 900];
    let mut house = House::new().await.holding(diary(starts)).await.at("2026-10-25T01:00:00Z");
    let offered = |told: Value| told["total"].as_u64().unwrap_or_default();
    let path = format!("/Slot?service={SERVICE_ONE}&status=free&start=ge2026-10-24");
    assert_eq!(offered(house.ask("GET", &path).send().await.value()), 3, "a lower bound in the past is no fault");
    let mut body = booking(0);
    (body["start"], body["end"]) = (json!(text(change - 1, 1)), json!(text(change + 899, 1)));
    body["slot"][0]["reference"] = json!("Slot/slot-1");
    let told = house.ask("POST", "/Appointment").json(&body).send().await;
    assert_eq!((told.status, told.diagnostics().as_str()), (422, "Slot no longer available"));
    // The one that begins now can still be had.
    (body["start"], body["end"]) = (json!(text(change, 1)), json!(text(change + 900, 0)));
    body["slot"][0]["reference"] = json!("Slot/slot-2");
    let told = house.ask("POST", "/Appointment").json(&body).send().await;
    assert_eq!(told.status, 201, "{}", told.text);
    house = house.at("2026-10-25T01:00:01Z");
    assert_eq!(offered(house.ask("GET", &path).send().await.value()), 2);
}

// covers: TIM-01, TIM-02, TIM-04, BOOK-19, BOOK-24, RES-A08, RES-A09, RES-A10
#[tokio::test]
async fn an_appointment_across_midnight_and_across_the_change_keeps_its_times_as_they_were_sent() {
    let midnight = in_london(SUMMERS[0].1, 0);
    let change = NEW_YEAR + SUMMERS[0].1 * DAY + 3600;
    let starts = [midnight - 450, change - 450];
    let house = House::new().await.holding(diary(starts)).await.at("2026-10-24T12:00:00.250Z");
    let forms = [
        ("2026-10-24T23:52:30.000+01:00", "2026-10-24T23:07:30Z"),
        ("2026-10-25T01:52:30+01:00", "2026-10-25T01:07:30+00:00"),
    ];
    for (nth, (start, end)) in forms.into_iter().enumerate() {
        let mut body = booking(0);
        (body["start"], body["end"]) = (json!(start), json!(end));
        body["slot"][0]["reference"] = json!(format!("Slot/slot-{nth}"));
        body["created"] = json!("2026-10-24T14:00:00+02:00");
        let told = house.ask("POST", "/Appointment").json(&body).send().await;
        assert_eq!(told.status, 201, "{}", told.text);
        let read = house.ask("GET", &format!("/Appointment/{}", told.id())).send().await.value();
        assert_eq!((&read["start"], &read["end"]), (&json!(start), &json!(end)));
        assert_eq!(read["created"], "2026-10-24T14:00:00+02:00");
        assert_eq!(read["meta"]["lastUpdated"], "2026-10-24T12:00:00.250+00:00");
    }
    // A time without an offset is no instant.
    let mut body = booking(0);
    body["start"] = json!("2026-10-24T23:52:30");
    assert_eq!(house.ask("POST", "/Appointment").json(&body).send().await.status, 422);
}
