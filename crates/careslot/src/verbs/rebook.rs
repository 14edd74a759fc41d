//! `careslot rebook`: move an Appointment to another Slot – the new one is booked first, then the old one is cancelled – and tell
//! the Registry of both (PROC-09, REG-02, REG-11).

use fhir::Node;
use roles::consumer::{Rebooked, Rebooking};
use spine::Operation;
use uuid::Uuid;

use super::book::with_request_id;
use super::caller::{Caller, Outbox, Step, asid_of};
use super::fault::failure_of;
use super::registration::{self, News};
use super::{instance, resource};
use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::{OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The Appointment: its id, Appointment/ID or address
    #[arg(value_name = "ID")]
    pub id: String,
    /// The new Slot, by its id or as Slot/ID
    #[arg(value_name = "SLOT")]
    pub slot: String,
    /// ASID of the service whose Slot it is [default: that of the Appointment]
    #[arg(long, value_name = "ASID")]
    pub to_service: Option<String>,
    /// UUID of the CDA document that the new booking belongs to [default: a new one]
    #[arg(long, value_name = "UUID")]
    pub document: Option<Uuid>,
    /// X-Request-ID of an earlier attempt, to try the same booking again
    #[arg(long, value_name = "UUID")]
    pub request_id: Option<Uuid>,
    /// Tell the Registry nothing
    #[arg(long)]
    pub no_register: bool,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let outbox = if args.no_register { Outbox::Unneeded } else { Outbox::Needed };
    let caller = Caller::open(&args.consumer, outbox, terminal).await?;
    let caller = caller.for_step(Step::Call(Operation::BookAppointment));
    let from = caller.endpoint(Operation::CancelAppointment).await?;
    let id = instance::id_at(&from, "Appointment", &args.id)?;
    let to_service = args.to_service.as_deref().map_or_else(|| caller.service(), asid_of)?;
    let to = caller.endpoint_of(&to_service, Operation::BookAppointment).await?;
    let slot_id = instance::id_at(&to, "Slot", &args.slot)?;
    let slot = caller.consumer.slot(&to, &slot_id).await.map_err(failure_of)?;
    let document = args.document.unwrap_or_else(|| caller.shared.ids.uuid()).to_string();
    let request_id = args.request_id.unwrap_or_else(|| caller.shared.ids.uuid()).to_string();
    let rebooking =
        Rebooking { from: &from, id: &id, to: &to, slot: &slot, document: &document, request_id: &request_id };
    let rebooked = caller.consumer.rebook_appointment(&rebooking).await;
    let rebooked = rebooked.map_err(|fault| with_request_id(caller.ended(fault), &request_id))?;
    let old_link = format!("{}/Appointment/{id}", from.root);
    let registry = if args.no_register {
        "left alone".to_owned()
    } else {
        tell_both(&caller, &rebooked, &old_link, terminal).await?
    };
    let form = args.consumer.output.form();
    if form != OutputForm::Table {
        terminal.say(&format!("CDA link: {}\nRegistry: {registry}", rebooked.booked.link));
    }
    let instead_of = if rebooked.cancelled.is_ok() { format!("{id}, cancelled") } else { String::new() };
    let more = [("instead of", instead_of), ("CDA link", rebooked.booked.link.clone()), ("Registry", registry)];
    let shown = |appointment: &Node| resource::appointment(appointment, &more);
    resource::write(&rebooked.booked.received, "Appointment", form, terminal, shown)?;
    caller.close().await;
    match rebooked.cancelled {
        Ok(_) => Ok(()),
        Err(fault) => Err(both_stand(failure_of(fault), &id, &from.asid.to_string())),
    }
}

/// Tells the Registry of the new Appointment first, as the Provider was.
async fn tell_both(
    caller: &Caller,
    rebooked: &Rebooked,
    old_link: &str,
    terminal: &Terminal,
) -> Result<String, Failure> {
    let new = rebooked.booked.received.resource("Appointment").map_err(failure_of)?;
    let mut said = registration::tell(caller, News::Booked, &new, &rebooked.booked.link, terminal).await;
    if let Ok(cancelled) = &rebooked.cancelled {
        let old = registration::tell(caller, News::Cancelled, &cancelled.appointment, old_link, terminal).await;
        said = format!("{said}; the old one: {old}");
    }
    Ok(said)
}

/// The new booking was made and the old one still stands: nobody may be left believing otherwise.
fn both_stand(mut failure: Failure, id: &str, service: &str) -> Failure {
    failure.what = format!("the new Slot is booked, and Appointment {id} still stands beside it: {}", failure.what);
    failure.cure = format!("cancel it with `careslot cancel {id} --service {service}`; {}", failure.cure);
    failure
}
