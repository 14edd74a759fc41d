//! A patient's search in the Registry among ten thousand registrations and among a million: in the store alone, and through the
//! Registry's whole course of checks to the bytes of the Bundle, without sockets (goal: at most 1.5 times).

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::encoding::AsDer as _;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use roles::edge::authorise::Trust;
use roles::edge::base::Base;
use roles::edge::clock::Clock as _;
use roles::edge::fhir_call::FhirListener;
use roles::edge::peer::{Certificate, Peer, Verdict};
use roles::registry::{Registry, Settings};
use rusqlite::{Connection, params};
use serde_json::json;
use spine::Dialect;
use spine::interaction::Group;
use spine::token::{AcceptUnsigned, ClientNames, KeySet, SigningKey};
use store::{Bound, PatientQuery, Registrations as _, Store, Window};
use tower::ServiceExt as _;

use crate::credentials::{RandomIds, SystemClock};
use crate::load::{Fault, median_of};

/// Registrations in the two stores.
const SIZES: [u32; 2] = [10_000, 1_000_000];
/// Registrations of one patient, spread over all.
const OF_ONE_PATIENT: u32 = 4;
/// Searches of one run.
const SEARCHES: u32 = 10_000;
/// Runs, of which the median counts.
const RUNS: usize = 5;
/// The year 2099, so that no search leaves them out as past.
const BEGIN: i64 = 4_070_908_800;
const ROOT: &str = "https://registry.test/STU3/1/registry";
const ISSUER: &str = "https://sts.test/tenant/";

/// Measures and prints.
pub(crate) async fn measure() -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let key = new_key()?;
    let token = key.sign(
        json!({"aud": ROOT, "iss": ISSUER, "exp": SystemClock.now().as_second() + 86_000, "appid": "bench",
        "groups": ["readers"]})
        .as_object()
        .ok_or("claims")?,
    )?;
    let mut parties = Vec::new();
    for size in SIZES {
        let store = filled(&folder.path().join(format!("{size}.db")), size).await?;
        parties.push((registry(&key, &store)?, store, size / OF_ONE_PATIENT));
    }
    let mut times = [[Vec::new(), Vec::new()], [Vec::new(), Vec::new()]];
    for _ in 0..RUNS {
        for (number, (registry, store, patients)) in parties.iter().enumerate() {
            times[0][number].push(in_the_store(store, *patients).await?);
            times[1][number].push(through_the_registry(registry, &token, *patients).await?);
        }
    }
    for (what, times) in ["in the store alone", "through the Registry"].into_iter().zip(times) {
        let [few, many] = times.map(median_of);
        println!("a patient's {OF_ONE_PATIENT} registrations {what}, SQLite, median of {RUNS} runs of {SEARCHES}:");
        println!("  among {:7}   {few:6.1} microseconds", SIZES[0]);
        println!("  among {:7}   {many:6.1} microseconds, {:.2} times (goal at most 1.50)", SIZES[1], many / few);
    }
    Ok(())
}

fn new_key() -> Result<SigningKey, Fault> {
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048)?;
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'static> = pair.as_der()?;
    Ok(SigningKey::from_pkcs8_der(der.as_ref())?)
}

fn registry(key: &SigningKey, store: &Store) -> Result<FhirListener<Registry>, Fault> {
    let dialect = Dialect::named("1.0.4").ok_or("no such dialect")?;
    let settings = Settings {
        bases: vec![Base::new(ROOT, dialect)?],
        trust: Trust {
            issuer: ISSUER.to_owned(),
            audiences: vec![ROOT.to_owned()],
            groups: [("readers".to_owned(), Group::ReadSlot)].into(),
            clients: ClientNames::new(),
            organisations: Vec::new(),
            leeway: 60,
            accept_unsigned: AcceptUnsigned::Never,
        },
        publisher: "Bench".to_owned(),
        version: "0".to_owned(),
        body_limit: 256 * 1024,
        definitions: profile::Definitions::standard(),
    };
    let (keys, kept) = (Arc::new(KeySet::of(vec![key.public_key()?])), Arc::new(store.clone()));
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
    Ok(FhirListener::new(Arc::new(Registry::new(settings, keys, kept.clone(), kept, clock, ids))))
}

/// Ids in no order, as UUIDs are.
fn id_of(number: u32) -> String {
    let mixed = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:016x}-{number:08}")
}

/// A number with a valid check digit, for each patient.
fn patient_of(number: u32) -> Option<String> {
    let nine = 900_000_000 + number;
    (0..10).map(|last| format!("{nine}{last}")).find(|text| spine::NhsNumber::parse(text).is_ok())
}

/// The patients that there are: one in eleven numbers has no check digit.
fn patients(count: u32) -> Vec<String> {
    (0..).filter_map(patient_of).take(count as usize).collect()
}

fn registration(patient: &str, number: u32, start: i64) -> Vec<u8> {
    let id = id_of(number);
    let instant = jiff::Timestamp::from_second(start).map(|instant| instant.to_string()).unwrap_or_default();
    json!({
        "resourceType": "Appointment", "id": id,
        "meta": {"versionId": "1", "lastUpdated": "2026-11-23T09:00:00Z",
            "profile": ["https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Appointment-1"]},
        "language": "en-GB",
        "identifier": [{"system": "urn:ietf:rfc:3986",
            "value": format!("https://provider-{}.test.nhs.uk/STU3/1/demo/Appointment/{id}", number % 100)}],
        "status": "booked", "start": instant, "created": "2026-11-23T08:59:00Z",
        "participant": [{"actor": {"identifier": {"use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number",
            "value": patient}}, "status": "accepted"}],
    })
    .to_string()
    .into_bytes()
}

/// A store with so many registrations. The store makes the tables, the rows are put in at once.
async fn filled(path: &Path, size: u32) -> Result<Store, Fault> {
    Store::open_sqlite(path, "filling").await?.closed().await;
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "off")?;
    let transaction = connection.transaction()?;
    {
        let mut appointment = transaction
            .prepare("insert into appointment (id, version, pointer, start_at, end_at) values (?1, 1, ?2, ?3, null)")?;
        let mut version = transaction.prepare(
            "insert into appointment_version (appointment_id, version, status, stored_at, content)
             values (?1, 1, 'booked', ?2, ?3)",
        )?;
        let mut of_patient = transaction
            .prepare("insert into appointment_patient (patient, start_at, appointment_id) values (?1, ?2, ?3)")?;
        let patients = patients(size / OF_ONE_PATIENT);
        for number in 0..size {
            let (id, start) = (id_of(number), BEGIN + i64::from(number));
            let patient = &patients[number as usize % patients.len()];
            appointment.execute(params![id, format!("https://provider.test/Appointment/{id}"), start])?;
            version.execute(params![id, start, registration(patient, number, start)])?;
            of_patient.execute(params![format!("https://fhir.nhs.uk/Id/nhs-number|{patient}"), start, id])?;
        }
    }
    transaction.commit()?;
    drop(connection);
    Ok(Store::open_sqlite(path, "bench").await?)
}

/// Patients in no order.
fn strides(count: u32) -> impl Iterator<Item = String> {
    // Few enough to be made beforehand, so that making them is not measured.
    let known = patients(count);
    (0..SEARCHES).map(move |number| known[(u64::from(number) * 7_919 % u64::from(count)) as usize].clone())
}

/// Microseconds of one search.
async fn in_the_store(store: &Store, patients: u32) -> Result<f64, Fault> {
    let strides: Vec<String> = strides(patients).collect();
    let begin = Instant::now();
    for number in &strides {
        let patient = format!("https://fhir.nhs.uk/Id/nhs-number|{number}");
        let query = PatientQuery { patient, window: Window::new([Bound::AtOrAfter(0)]), limit: 1_000 };
        let found = store.registrations_of(&query).await?;
        if found.len() != OF_ONE_PATIENT as usize {
            return Err(format!("a search found {} registrations", found.len()).into());
        }
    }
    Ok(begin.elapsed().as_micros() as f64 / f64::from(SEARCHES))
}

/// Microseconds of one search through the Registry, with certificate, token and audit record.
async fn through_the_registry(registry: &FhirListener<Registry>, token: &str, patients: u32) -> Result<f64, Fault> {
    let certificate = Certificate {
        common_name: Some("consumer.test".to_owned()),
        dns_names: Vec::new(),
        issuer: "Test CA".to_owned(),
        serial: "01".to_owned(),
        sha256: [7; 32],
    };
    let peer = Peer { address: "127.0.0.1:40000".parse()?, certificate: Verdict::Good(certificate), tls: None };
    let peer = Arc::new(peer);
    let strides: Vec<String> = strides(patients).collect();
    let begin = Instant::now();
    for number in &strides {
        let target = format!(
            "/STU3/1/registry/Appointment?Appointment.participant.actor=https://fhir.nhs.uk/Id/nhs-number%7C{number}"
        );
        let request = Request::get(target).header("Authorization", format!("Bearer {token}"));
        let request = request.extension(peer.clone()).body(Empty::<bytes::Bytes>::new())?;
        let answer = registry.clone().oneshot(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        if status != 200 || body.len() < 2_000 {
            return Err(format!("a search was answered {status}: {}", String::from_utf8_lossy(&body)).into());
        }
    }
    Ok(begin.elapsed().as_micros() as f64 / f64::from(SEARCHES))
}
