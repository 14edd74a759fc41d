//! What administrators keep for some callers, whom they bar, and the service ids of test suites.

use roles::provider::StandIn;

use super::diary::{SERVICE_ONE, SERVICE_TWO, booking};
use super::house::{Ask, BASE_1, BASE_2, House, unsigned};

const SLOTS: &str = "/Slot?status=free&start=ge2026-11-24";

/// A request of the organisation A1001, in whose name unsigned tokens are made.
fn by_a1001(ask: Ask, scope: &str) -> Ask {
    ask.token(&unsigned(scope))
}

// covers: SLT-38, SMG-04, JW2-16
#[tokio::test]
async fn a_schedule_that_is_kept_for_others_is_neither_shown_nor_booked() {
    let house = House::with(|settings| {
        let callers = ["A1001".to_owned(), "client-7".to_owned()];
        settings.local_rules.kept_for.insert("sched1".to_owned(), callers.into());
    })
    .await;
    // `client-1` is not among them; where it asks for no service it is shown the other's Slots alone.
    for (query, total) in
        [(format!("&service={SERVICE_ONE}"), 0), (format!("&service={SERVICE_ONE},{SERVICE_TWO}"), 20)]
    {
        let told = house.ask("GET", &format!("{SLOTS}{query}")).send().await;
        assert_eq!((told.status, &told.value()["total"]), (200, &total.into()), "{query}");
    }
    assert_eq!(house.ask_in(BASE_2, "GET", SLOTS).send().await.value()["total"], 20);
    let refused = house.ask("POST", "/Appointment").json(&booking(0)).send().await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "ACCESS DENIED"), "{}", refused.text);
    assert_eq!(refused.value()["issue"][0]["location"][0], "Appointment.slot");
    assert_eq!(house.ask("GET", "/Slot/slot-1-00").send().await.value()["status"], "free");

    let ask = by_a1001(house.ask_in(BASE_2, "GET", SLOTS), "organization/slot.read");
    assert_eq!(ask.send().await.value()["total"], 40);
    let ask = by_a1001(house.ask_in(BASE_2, "POST", "/Appointment"), "patient/appointment.write");
    assert_eq!(ask.json(&booking(0)).send().await.status, 201);
}

// covers: CAN-08, JW2-16, ERR-74, ERR-85, SLT-38
#[tokio::test]
async fn whom_the_administrators_bar_books_and_cancels_nothing_and_others_cancel_anything() {
    let house = House::with(|settings| {
        settings.local_rules.barred.insert("A1001".to_owned());
    })
    .await;
    let booked = house.book(0).await;
    let path = format!("/Appointment/{}", booked.id());
    let mut body = booked.value();
    body["status"] = "cancelled".into();
    for (verb, path) in [("POST", "/Appointment"), ("PUT", path.as_str())] {
        let ask = by_a1001(house.ask_in(BASE_2, verb, path), "patient/appointment.write");
        let told = ask.header("If-Match", "W/\"1\"").json(&body).send().await;
        assert_eq!((told.status, told.code().as_str()), (403, "ACCESS DENIED"), "{verb}: {}", told.text);
    }
    let shown = by_a1001(house.ask_in(BASE_2, "GET", SLOTS), "organization/slot.read").send().await;
    assert_eq!((shown.status, &shown.value()["total"]), (200, &0.into()));
    // Who booked it does not matter (ABUS.21): another Consumer cancels it.
    let ask = house.ask("PUT", &path).header("Ssp-From", "200000000360").header("If-Match", "W/\"1\"");
    assert_eq!(ask.json(&body).send().await.status, 200);
}

// covers: ASR-03
#[tokio::test]
async fn the_service_ids_of_a_test_suite_stand_for_what_they_are_told_to() {
    let house = House::with(|settings| {
        settings.test_service_ids.0.extend([
            ("999999999".to_owned(), StandIn::Found(SERVICE_ONE.to_owned())),
            ("999999998".to_owned(), StandIn::NoSlots),
            ("999999995".to_owned(), StandIn::Fault),
        ]);
    })
    .await;
    for base in [BASE_1, BASE_2] {
        for (service, status, total) in [
            ("999999999", 200, Some(20)),
            ("999999998", 200, Some(0)),
            ("999999995", 500, None),
            ("999999990", 404, None),
        ] {
            let path = format!("{SLOTS}&schedule.actor:healthcareservice={service}");
            let told = house.ask_in(base, "GET", &path).send().await;
            assert_eq!(told.status, status, "{service}: {}", told.text);
            assert_eq!(told.value()["total"].as_u64(), total, "{service}");
        }
    }
    let ordinary = House::new().await;
    assert_eq!(ordinary.ask("GET", &format!("{SLOTS}&service=999999999")).send().await.status, 404);
}
