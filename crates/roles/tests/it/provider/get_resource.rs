//! Reading what a Slot or an Appointment refers to.

use super::diary::SERVICE_ONE;
use super::house::House;

// covers: SLT-42, VIA-33
#[tokio::test]
async fn referenced_resources_are_read_under_three_interactions() {
    let house = House::new().await;
    for path in [
        "/Slot/slot-1-00",
        "/Schedule/sched1",
        "/Practitioner/ABCD123456",
        "/PractitionerRole/R0260",
        "/Organization/A91545",
        "/Location/loc1",
        "/HealthcareService/918999198999",
    ] {
        let told = house.ask("GET", path).send().await;
        assert_eq!(told.status, 200, "{path}: {}", told.text);
        let id = path.rsplit('/').next();
        assert_eq!(told.value()["id"].as_str(), id);
    }
    for (interaction, status) in [
        ("search:slot", 200),
        ("read:slot", 200),
        ("read:appointment", 200),
        ("read:metadata", 400),
        ("create:appointment", 400),
    ] {
        let urn = format!("urn:nhs:names:services:careconnect:fhir:rest:{interaction}");
        let told = house.ask("GET", "/Location/loc1").header("Ssp-InteractionID", &urn).send().await;
        assert_eq!(told.status, status, "{interaction}");
    }
}

// covers: HTTP-21, HTTP-35
#[tokio::test]
async fn unknown_ids_and_types_are_not_found() {
    let house = House::new().await;
    for path in ["/Slot/nowhere", "/Location/LOC1", "/Schedule/x", "/Patient/P1", "/slot/slot-1-00", "/Nothing", "/"] {
        assert_eq!(house.ask("GET", path).send().await.status, 404, "{path}");
    }
}

//
#[tokio::test]
async fn a_service_bears_its_value_as_id() {
    let house = House::new().await;
    let told = house.ask("GET", &format!("/HealthcareService/{SERVICE_ONE}")).send().await;
    assert_eq!(told.value()["id"], SERVICE_ONE);
}
