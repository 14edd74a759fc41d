//! `careslot sds export`: every entry as LDIF (SDS-63), or the schema as OpenLDAP reads it (SDS-62).

use serde_json::{Map, Value, json};
use spine::sds::{Entry, ldif, schema};

use super::{DirectoryAtHand, KeeperFlags};
use crate::failure::Failure;
use crate::terminal::{OutputFlags, OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Write the schema as OpenLDAP reads it instead of the entries
    #[arg(long)]
    pub schema: bool,
    /// Whose directory is meant.
    #[command(flatten)]
    pub keeper: KeeperFlags,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// Do it.
pub(super) async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    if args.schema {
        terminal.data(&schema::for_openldap());
        return Ok(());
    }
    let directory = DirectoryAtHand::open(&args.keeper)?;
    let entries = directory.entries(false).await?;
    directory.close().await;
    match args.output.form() {
        OutputForm::Table => terminal.data(&ldif::write(&entries)),
        OutputForm::Json => terminal.data(&format!("{:#}\n", entries.iter().map(as_json).collect::<Value>())),
        OutputForm::Xml => return Err(crate::verbs::no_xml("the directory")),
    }
    Ok(())
}

fn as_json(entry: &Entry) -> Value {
    let attributes = entry.attributes().iter();
    let attributes: Map<String, Value> =
        attributes.map(|attribute| (attribute.name.clone(), json!(attribute.values))).collect();
    json!({"dn": entry.dn().as_str(), "attributes": attributes})
}
