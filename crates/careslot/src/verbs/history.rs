//! `careslot history`: every version of an Appointment (VER-02).

use spine::Operation;

use super::caller::{Caller, Outbox, Step};
use super::{instance, resource};
use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Its id, Appointment/ID or address
    #[arg(value_name = "ID")]
    pub id: String,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let caller =
        Caller::open(&args.consumer, Outbox::Unneeded, terminal).await?.for_step(Step::Call(Operation::GetAppointment));
    let endpoint = caller.endpoint(Operation::GetAppointment).await?;
    let id = instance::id_at(&endpoint, "Appointment", &args.id)?;
    let received = caller.consumer.appointment_history(&endpoint, &id).await.map_err(|fault| caller.ended(fault))?;
    resource::write(&received, "Bundle", args.consumer.output.form(), terminal, resource::versions)?;
    caller.close().await;
    Ok(())
}
