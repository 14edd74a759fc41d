//! `careslot appointments`: a patient's Appointments, at a Provider or at the Registry (PAT-01).

use spine::{NhsNumber, Operation};

use super::caller::{Caller, Outbox, Step};
use super::fault::{failure_of, wrong_word};
use super::{registration, resource};
use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::{OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The patient's NHS number
    #[arg(long, value_name = "N")]
    pub nhs_number: String,
    /// Ask the Registry, which knows of every Provider
    #[arg(long)]
    pub registry: bool,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let number = NhsNumber::parse(&args.nhs_number.replace(' ', "")).map_err(|fault| wrong_word(&fault))?;
    let outbox = if args.registry { Outbox::Needed } else { Outbox::Unneeded };
    let caller = Caller::open(&args.consumer, outbox, terminal)
        .await?
        .for_step(Step::Call(Operation::SearchPatientAppointments));
    let received = if args.registry {
        // What still waits would be missing from the answer.
        registration::send_waiting(&caller, terminal).await;
        caller.consumer.search_registered_appointments(&number).await
    } else {
        let endpoint = caller.endpoint(Operation::SearchPatientAppointments).await?;
        caller.consumer.search_patient_appointments(&endpoint, &number).await
    };
    let received = received.map_err(|fault| caller.ended(fault))?;
    let form = args.consumer.output.form();
    resource::write(&received, "Bundle", form, terminal, |bundle| {
        let table = resource::appointments(bundle);
        if table.lines().count() > 1 { table } else { String::new() }
    })?;
    let none = received.resource("Bundle").map_err(failure_of)?.child("entry").is_none();
    if none && form == OutputForm::Table {
        terminal
            .say("there are no Appointments from now on for this NHS number (those of the past are left out: PAT-05)");
    }
    caller.close().await;
    Ok(())
}
