//! `careslot book`: book a Slot for a patient, then register the Appointment (BOOK-01, CON-11, XTI-01).

use std::path::PathBuf;

use uuid::Uuid;

use crate::cli::ConsumerFlags;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The Slot, by its id or as Slot/ID
    #[arg(value_name = "SLOT")]
    pub slot: String,
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
#[derive(Clone, Debug, clap::Args)]
pub struct PatientFlags {
    /// A Patient as JSON or XML
    #[arg(long, value_name = "FILE", conflicts_with_all = ["family", "given", "birth_date", "gender", "phone", "postcode"])]
    pub patient: Option<PathBuf>,
    /// NHS number
    #[arg(long, value_name = "N", required_unless_present = "patient", conflicts_with = "patient")]
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
    /// Postcode
    #[arg(long, value_name = "POSTCODE")]
    pub postcode: Option<String>,
}

/// Do it.
pub async fn run(_args: Args, _terminal: &Terminal) -> Result<(), Failure> {
    Err(super::not_in_this_build("book"))
}
