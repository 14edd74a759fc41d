//! `careslot book`: book a Slot for a patient, then register the Appointment (BOOK-01, CON-11, XTI-01).

use std::path::PathBuf;

use uuid::Uuid;

use fhir::Node;
use roles::consumer::{Booking, Endpoint, FoundSlot};
use spine::Operation;

use super::caller::{Caller, Outbox, Step};
use super::fault::failure_of;
use super::registration::{self, News};
use super::{choose, instance, patient, resource};
use crate::cli::ConsumerFlags;
use crate::failure::{Exit, Failure};
use crate::terminal::{OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The Slot, by its id or as Slot/ID
    #[arg(value_name = "SLOT", required_unless_present = "interactive")]
    pub slot: Option<String>,
    /// Choose the Slot from a list, on a terminal
    #[arg(long, short, conflicts_with = "slot")]
    pub interactive: bool,
    /// Offer Slots that start at this time or later [default: now]
    #[arg(long, value_name = "TIME", requires = "interactive")]
    pub from: Option<String>,
    /// Offer Slots that start at this time or earlier [default: two weeks later]
    #[arg(long, value_name = "TIME", requires = "interactive")]
    pub to: Option<String>,
    /// Who the patient is.
    #[command(flatten)]
    pub patient: PatientFlags,
    /// UUID of the CDA document that the booking belongs to [default: a new one]
    #[arg(long, value_name = "UUID")]
    pub document: Option<Uuid>,
    /// X-Request-ID of an earlier attempt, to try the same booking again
    #[arg(long, value_name = "UUID")]
    pub request_id: Option<Uuid>,
    /// Do not register the Appointment
    #[arg(long)]
    pub no_register: bool,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Who an Appointment is for: a Patient resource, or the parts of one.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PatientFlags {
    /// A Patient as JSON or XML
    #[arg(long, value_name = "FILE", conflicts_with_all = ["family", "given", "birth_date", "gender", "phone", "address", "city", "postcode"])]
    pub patient: Option<PathBuf>,
    /// NHS number
    #[arg(long, value_name = "N", required_unless_present_any = ["patient", "interactive"], conflicts_with = "patient")]
    pub nhs_number: Option<String>,
    /// Family name
    #[arg(long, value_name = "NAME")]
    pub family: Option<String>,
    /// Given name
    #[arg(long, value_name = "NAME")]
    pub given: Option<String>,
    /// Date of birth, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub birth_date: Option<String>,
    /// male, female, other or unknown
    #[arg(long, value_name = "GENDER")]
    pub gender: Option<String>,
    /// Telephone number
    #[arg(long, value_name = "NUMBER")]
    pub phone: Option<String>,
    /// First line of the address
    #[arg(long, value_name = "LINE")]
    pub address: Option<String>,
    /// Town or city
    #[arg(long, value_name = "NAME")]
    pub city: Option<String>,
    /// Postcode
    #[arg(long, value_name = "POSTCODE")]
    pub postcode: Option<String>,
}

/// What lists show an Appointment as (RES-A11).
const DESCRIPTION: &str = "111 Referral";

/// Do it.
pub async fn run(mut args: Args, terminal: &Terminal) -> Result<(), Failure> {
    if args.interactive {
        choose::somebody_is_there(terminal)?;
    }
    let outbox = if args.no_register { Outbox::Unneeded } else { Outbox::Needed };
    let caller = Caller::open(&args.consumer, outbox, terminal).await?.for_step(Step::Call(Operation::BookAppointment));
    let document = args.document.unwrap_or_else(|| caller.shared.ids.uuid());
    let (caller, document) = (caller.in_encounter(Some(document)), document.to_string());
    let chosen = if args.interactive {
        let window = [args.from.as_deref(), args.to.as_deref()];
        Some(choose::slot(&caller, window, terminal).await?)
    } else {
        None
    };
    if args.interactive && args.patient.patient.is_none() && args.patient.nhs_number.is_none() {
        args.patient.nhs_number = Some(choose::nhs_number(terminal)?);
    }
    let patient = patient::patient(&args.patient, caller.is_a_demonstration())?;
    let endpoint = caller.endpoint(Operation::BookAppointment).await?;
    let slot = match chosen {
        Some(slot) => slot,
        None => named_slot(&caller, &endpoint, args.slot.as_deref().unwrap_or_default()).await?,
    };
    let request_id = args.request_id.unwrap_or_else(|| caller.shared.ids.uuid()).to_string();
    let at = caller.shared.clock.now();
    let booking = Booking { slot: &slot, patient: &patient, document: &document, description: DESCRIPTION, at };
    let booked = caller.consumer.book_appointment(&endpoint, &booking, Some(&request_id)).await;
    let booked = booked.map_err(|fault| with_request_id(caller.ended(fault), &request_id))?;
    let appointment = booked.received.resource("Appointment").map_err(failure_of)?;
    let registry = if args.no_register {
        "not told".to_owned()
    } else {
        registration::tell(&caller, News::Booked, &appointment, &booked.link, terminal).await
    };
    let form = args.consumer.output.form();
    if form != OutputForm::Table {
        terminal.say(&format!("CDA link: {}\nRegistry: {registry}", booked.link));
    }
    let more = [("CDA link", booked.link.clone()), ("Registry", registry)];
    let shown = |appointment: &Node| resource::appointment(appointment, &more);
    resource::write(&booked.received, "Appointment", form, terminal, shown)?;
    caller.close().await;
    Ok(())
}

async fn named_slot(caller: &Caller, endpoint: &Endpoint, named: &str) -> Result<FoundSlot, Failure> {
    let id = instance::id_at(endpoint, "Slot", named)?;
    caller.consumer.slot(endpoint, &id).await.map_err(failure_of)
}

/// An answer that was lost may stand for a booking that was made: the same X-Request-ID finds it (XTI-01, SSP-132).
pub(super) fn with_request_id(mut failure: Failure, request_id: &str) -> Failure {
    if failure.exit == Exit::Unreachable {
        failure.cure = format!(
            "{}; whether the booking was made is not known: try again with --request-id {request_id}",
            failure.cure
        );
    }
    failure
}
