//! `careslot register`: tell the Registry of an Appointment (REG-01).

use fhir::Node;
use serde_json::json;
use spine::{NhsNumber, Operation, systems};

use super::caller::{Caller, Outbox, Step};
use super::fault::{failure_of, wrong_word};
use super::registration::messages;
use super::times::{self, Edge};
use crate::cli::ConsumerFlags;
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;
use roles::consumer::Registered;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Address of the Appointment at its Provider
    #[arg(value_name = "URL", requires_all = ["nhs_number", "start"], required_unless_present = "pending")]
    pub url: Option<String>,
    /// The patient's NHS number
    #[arg(long, value_name = "N")]
    pub nhs_number: Option<String>,
    /// When the Appointment starts
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Send what earlier commands could not
    #[arg(long, conflicts_with_all = ["url", "nhs_number", "start"])]
    pub pending: bool,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let caller =
        Caller::open(&args.consumer, Outbox::Needed, terminal).await?.for_step(Step::Call(Operation::BookAppointment));
    let done = match (&args.url, &args.nhs_number, &args.start) {
        (Some(url), Some(number), Some(start)) => register(&caller, url, number, start, terminal).await,
        _ if caller.curl.is_some() => Err(Failure::new(
            Exit::Usage,
            "there is no one command for what waits",
            "--pending may send several messages, and --curl shows one request",
            "name the Appointment's URL with --curl, or leave --curl out",
        )),
        _ => send_pending(&caller, terminal).await,
    };
    caller.close().await;
    done
}

async fn register(caller: &Caller, url: &str, number: &str, start: &str, terminal: &Terminal) -> Result<(), Failure> {
    let link = url.split("/_history/").next().unwrap_or(url);
    if !link.starts_with("https://") || !link.contains("/Appointment/") {
        let why = format!("{} came", spine::identifiers::quote(url));
        let cure = "write https://…/Appointment/ID, as the Provider's Location has it (REG-05)";
        return Err(Failure::new(Exit::Usage, "this is no address of an Appointment", why, cure));
    }
    let number = NhsNumber::parse(&number.replace(' ', "")).map_err(|fault| wrong_word(&fault))?;
    let start = times::moment("--start", start, Edge::Start, caller.shared.clock.now())?;
    let appointment = booked(&number, start)?;
    super::registration::send_waiting(caller, terminal).await;
    match caller.consumer.register_appointment(&appointment, link).await.map_err(|fault| caller.ended(fault))? {
        Registered::Told => {
            terminal.say("registered");
            Ok(())
        }
        Registered::Kept { why } => {
            let mut failure = failure_of(why);
            failure.cure = "the message is kept: send it later with `careslot register --pending`".to_owned();
            Err(failure)
        }
        Registered::WithoutNhsNumber => {
            Err(Failure::internal("nothing was registered", &anyhow::anyhow!("the NHS number was lost on the way")))
        }
    }
}

/// What a registration is made of, where the Appointment itself is not at hand.
fn booked(number: &NhsNumber, start: jiff::Timestamp) -> Result<Node, Failure> {
    let text = json!({
        "resourceType": "Appointment",
        "status": "booked",
        "start": start.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        "participant": [{
            "actor": {"identifier": {"use": "official", "system": systems::NHS_NUMBER, "value": number.as_str()}},
            "status": "accepted",
        }],
    });
    let read = fhir::json::read(text.to_string().as_bytes(), &fhir::Limits::STRICT);
    read.map(|parsed| parsed.resource).map_err(|fault| Failure::internal("nothing was registered", &fault.into()))
}

async fn send_pending(caller: &Caller, terminal: &Terminal) -> Result<(), Failure> {
    let (sent, faults) = caller.consumer.send_pending().await.map_err(failure_of)?;
    let waiting = caller.consumer.pending().await.map_err(failure_of)?;
    terminal.say(&format!("{sent} {} sent to the Registry, {} still waiting", messages(sent), waiting.len()));
    if let Some(fault) = faults.into_iter().next() {
        return Err(failure_of(fault));
    }
    let Some(next) = waiting.iter().min_by_key(|item| item.due_at) else { return Ok(()) };
    let due = jiff::Timestamp::from_millisecond(next.due_at).map(times::local).unwrap_or_default();
    let cure = format!("it is tried again from {due} on: repeat the command then");
    // What waits behind an older message of the same Appointment has not failed itself.
    let why = waiting.iter().map(|item| item.last_failure.as_str()).find(|why| !why.is_empty());
    Err(Failure::new(Exit::Unreachable, "not everything was sent", why.unwrap_or("it is not due yet"), cure))
}
