//! `careslot cancel`: cancel an Appointment, then its registration (CAN-01, VER-06).

use fhir::Node;
use spine::Operation;
use uuid::Uuid;

use super::caller::{Caller, Outbox, Step};
use super::registration::{self, News};
use super::{instance, resource};
use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::{OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Its id, Appointment/ID or address
    #[arg(value_name = "ID")]
    pub id: String,
    /// The version to cancel [default: the newest, read first]
    #[arg(long, value_name = "V")]
    pub if_match: Option<String>,
    /// UUID of the CDA document of the encounter in which it is cancelled, for the audit trail
    #[arg(long, value_name = "UUID")]
    pub document: Option<Uuid>,
    /// Do not cancel the registration
    #[arg(long)]
    pub no_register: bool,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let outbox = if args.no_register { Outbox::Unneeded } else { Outbox::Needed };
    let caller =
        Caller::open(&args.consumer, outbox, terminal).await?.for_step(Step::Call(Operation::CancelAppointment));
    let caller = caller.in_encounter(args.document);
    let endpoint = caller.endpoint(Operation::CancelAppointment).await?;
    let id = instance::id_at(&endpoint, "Appointment", &args.id)?;
    let cancelled = caller.consumer.cancel_appointment(&endpoint, &id, args.if_match.as_deref()).await;
    let cancelled = cancelled.map_err(|fault| caller.ended(fault))?;
    let link = format!("{}/Appointment/{id}", endpoint.root);
    let registry = if args.no_register {
        "left alone".to_owned()
    } else {
        registration::tell(&caller, News::Cancelled, &cancelled.appointment, &link, terminal).await
    };
    let form = args.consumer.output.form();
    if form != OutputForm::Table {
        terminal.say(&format!("Registry: {registry}"));
    }
    let more = [("link", link), ("Registry", registry)];
    let shown = |appointment: &Node| resource::appointment(appointment, &more);
    resource::write(&cancelled.received, "Appointment", form, terminal, shown)?;
    caller.close().await;
    Ok(())
}
