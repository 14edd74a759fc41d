//! `careslot export`: the way of one Appointment as requests for other people's tools, with fresh tokens: a Postman collection, an
//! `.http` file, an OpenAPI description. Neither a client secret nor a private key is ever in it (interfaces.md §2).

mod http_file;
mod openapi;
mod postman;
mod requests;
mod schemas;

use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;
use spine::NhsNumber;

use self::requests::Walk;
use super::caller::{Caller, Outbox};
use crate::cli::ConsumerFlags;
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A Postman collection, and the list of certificates that newman reads
    Postman,
    /// An .http file, as editors and httpyac send it, and httpyac's list of certificates
    Http,
    /// An OpenAPI 3.0 description of Provider, Registry and token endpoint
    Openapi,
}

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to write
    #[arg(value_enum, value_name = "FORM")]
    pub form: Form,
    /// Folder for the files, instead of stdout
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// NHS number of the patient to book for [default: one of the test range, in a demo]
    #[arg(long, value_name = "N")]
    pub nhs_number: Option<String>,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Files of one export: the first is what goes to stdout where no folder is given.
struct Export {
    files: Vec<(&'static str, String)>,
    /// How the first is run.
    command: String,
}

/// The patient of a demo's export (synthetic, of the test range).
const TEST_PATIENT: &str = "9990000018";

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let caller = Caller::open(&args.consumer, Outbox::Unneeded, terminal).await?;
    let export = match args.form {
        Form::Openapi => openapi::written(&caller).await?,
        Form::Postman => postman::written(&walk(&args, &caller).await?, &certificates(&caller.shared.config)?),
        Form::Http => http_file::written(&walk(&args, &caller).await?, &certificates(&caller.shared.config)?),
    };
    match &args.out {
        Some(folder) => {
            for (name, text) in &export.files {
                let path = folder.join(name);
                let written = fs::create_dir_all(folder).and_then(|()| crate::pki::write_file(&path, text, true));
                written.map_err(|error| {
                    let what = format!("{} was not written", path.display());
                    Failure::new(Exit::Usage, what, error.to_string(), "name another folder with --out")
                })?;
            }
            let names: Vec<&str> = export.files.iter().map(|(name, _)| *name).collect();
            terminal.say(&format!("written: {} in {}", names.join(", "), folder.display()));
        }
        None => {
            terminal.data(&export.files[0].1);
            if export.files.len() > 1 {
                terminal.say(&format!("certificates: --out DIR writes {} beside it", export.files[1].0));
            }
        }
    }
    terminal.say(&export.command);
    caller.close().await;
    Ok(())
}

async fn walk(args: &Args, caller: &Caller) -> Result<Walk, Failure> {
    let number = match (&args.nhs_number, caller.is_a_demonstration()) {
        (Some(number), _) => number.replace(' ', ""),
        (None, true) => TEST_PATIENT.to_owned(),
        (None, false) => {
            let cure = "name one of your test data with --nhs-number N";
            return Err(Failure::new(Exit::Usage, "it is not clear who is booked", "only a demo has a patient", cure));
        }
    };
    let number = NhsNumber::parse(&number).map_err(|fault| super::fault::wrong_word(&fault))?;
    requests::walk(caller, &number).await
}

/// Who has to be shown which certificate, and whom to trust: paths only, no key leaves its file.
struct Certificates {
    ca: String,
    cert: String,
    key: String,
}

fn certificates(config: &Config) -> Result<Certificates, Failure> {
    let text = |path: Option<&PathBuf>| path.map(|path| path.display().to_string());
    let identity = config.consumer.identity.as_ref();
    let parts = (
        text(config.tls.ca.as_ref()),
        text(identity.map(|identity| &identity.cert)),
        text(identity.map(|identity| &identity.key)),
    );
    match parts {
        (Some(ca), Some(cert), Some(key)) => Ok(Certificates { ca, cert, key }),
        _ => Err(Failure::new(
            Exit::Usage,
            "there is no certificate to name",
            "tls.ca_file, consumer.cert_file and consumer.key_file must be set",
            "set them in the file that --config names",
        )),
    }
}

/// `https://host:port` of a URL.
fn origin(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let end = url[after_scheme..].find('/').map_or(url.len(), |at| after_scheme + at);
    &url[..end]
}
