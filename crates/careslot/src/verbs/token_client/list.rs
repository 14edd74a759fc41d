//! `careslot token-client list`: the clients, with the names and ends of their secrets and never more of them.

use jiff::Timestamp;
use serde_json::Value;

use super::{ClientsAtHand, KeeperFlags};
use crate::failure::Failure;
use crate::terminal::{OutputFlags, OutputForm, Terminal};
use crate::verbs::table::{harmless, table, whole, words};
use crate::verbs::times;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Whose clients are meant.
    #[command(flatten)]
    pub keeper: KeeperFlags,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// Do it.
pub(super) async fn run(args: &Args, terminal: &Terminal) -> Result<(), Failure> {
    let clients = ClientsAtHand::open(&args.keeper)?;
    let all = clients.all().await?;
    clients.close().await;
    match args.output.form() {
        OutputForm::Json => terminal.data(&format!("{:#}\n", Value::from(all))),
        OutputForm::Xml => return Err(crate::verbs::no_xml("the list of clients")),
        OutputForm::Table => {
            let rows: Vec<Vec<String>> = all.iter().flat_map(rows).collect();
            terminal.data(&table(&[whole("client_id"), words("name"), words("groups"), words("secret")], &rows));
        }
    }
    Ok(())
}

/// A client's row, with a further one for each secret after the first.
fn rows(client: &Value) -> Vec<Vec<String>> {
    let text = |name: &str| harmless(client[name].as_str().unwrap_or_default());
    let groups = client["groups"].as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let groups: Vec<&str> = groups.filter_map(|group| group.as_str()?.rsplit("rest:").next()).collect();
    let mut secrets = client["secrets"].as_array().map(Vec::as_slice).unwrap_or_default().iter().map(secret);
    let off = if client["enabled"] == false { " (not enabled)" } else { "" };
    let first = vec![
        text("client_id"),
        format!("{}{off}", text("name")),
        harmless(&groups.join(" ")),
        secrets.next().unwrap_or_else(|| "none".to_owned()),
    ];
    let further = secrets.map(|secret| vec![String::new(), String::new(), String::new(), secret]);
    std::iter::once(first).chain(further).collect()
}

/// A secret's name, and when it ends.
fn secret(secret: &Value) -> String {
    let name = harmless(secret["id"].as_str().unwrap_or_default());
    let end = secret["expires_at"].as_i64().and_then(|end| Timestamp::from_millisecond(end).ok());
    end.map_or(name.clone(), |end| format!("{name} until {}", times::local(end)))
}
