//! `careslot audit list` and `careslot audit export`: the records of the trails, narrowed by call, time and party (AUD-06, AUD-08,
//! AUD-10). A record names no patient, and nothing here can be narrowed by one.

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use roles::administration::audit::WrittenPage;
use roles::edge::clock::Clock as _;
use roles::edge::query::encoded;
use serde_json::Value;
use serde_json::value::RawValue;

use super::trails::Trails;
use super::whose::Whose;
use super::{WhoseFlags, unusable};
use crate::failure::Failure;
use crate::network::SystemClock;
use crate::terminal::{OutputFlags, OutputForm, Terminal};
use crate::verbs::no_xml;
use crate::verbs::table::{table, whole, words};
use crate::verbs::times::{self, Edge};

/// How long the longest interaction is: `create:appointment`.
const INTERACTION: usize = 18;

/// The flags that narrow.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct NarrowFlags {
    /// Only the call with this Ssp-TraceID
    #[arg(long, value_name = "ID")]
    pub trace: Option<String>,
    /// Only the exchange with this X-Request-ID, the caller's or the answer's
    #[arg(long, value_name = "ID")]
    pub request: Option<String>,
    /// Only calls of this party: its ASID, ODS code, client_id or the name in its certificate
    #[arg(long, value_name = "PARTY")]
    pub caller: Option<String>,
    /// Only calls to this service
    #[arg(long, value_name = "ASID")]
    pub service: Option<String>,
    /// Only what happened from then on
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only what happened until then
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Only what was refused
    #[arg(long)]
    pub refused: bool,
}

/// The flags of `audit list`.
#[derive(Clone, Debug, clap::Args)]
pub struct ListArgs {
    /// Narrower.
    #[command(flatten)]
    pub narrow: NarrowFlags,
    /// How many records, the newest
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
    /// Whose trails.
    #[command(flatten)]
    pub whose: WhoseFlags,
    /// Form of the output.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// The flags of `audit export`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportArgs {
    /// Narrower.
    #[command(flatten)]
    pub narrow: NarrowFlags,
    /// Whose trails.
    #[command(flatten)]
    pub whose: WhoseFlags,
}

impl NarrowFlags {
    /// As the query that the administration understands.
    fn query(&self, now: Timestamp) -> Result<String, Failure> {
        let from = self.from.as_ref().map(|text| times::moment("--from", text, Edge::Start, now)).transpose()?;
        let to = self.to.as_ref().map(|text| times::moment("--to", text, Edge::End, now)).transpose()?;
        // The second that is named is meant whole.
        let until = to.map(|to| format!("{}", Timestamp::from_second(to.as_second() + 1).unwrap_or(to)));
        let pairs = [
            ("trace", self.trace.clone()),
            ("request", self.request.clone()),
            ("caller", self.caller.clone()),
            ("service", self.service.clone()),
            ("from", from.map(|from| from.to_string())),
            ("until", until),
            ("refused", self.refused.then(|| "true".to_owned())),
        ];
        let written = pairs.iter().filter_map(|(name, value)| Some(format!("&{name}={}", encoded(value.as_ref()?))));
        Ok(written.collect())
    }
}

/// The pages of one trail, one after another.
struct Pages<'t> {
    trails: &'t Trails,
    whose: Whose,
    query: String,
    after: Option<String>,
    is_over: bool,
}

impl<'t> Pages<'t> {
    fn new(trails: &'t Trails, whose: Whose, query: String) -> Self {
        Self { trails, whose, query, after: None, is_over: false }
    }

    async fn next(&mut self) -> Result<Option<Vec<Box<RawValue>>>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        let after = self.after.as_ref().map(|after| format!("&after={}", encoded(after))).unwrap_or_default();
        let what = format!("records?limit=1000{}{after}", self.query);
        let page = self.trails.ask(self.whose, Method::GET, &what, Bytes::new()).await?;
        let page: WrittenPage = serde_json::from_slice(&page).map_err(unusable)?;
        self.is_over = page.next.is_none();
        self.after = page.next;
        Ok(Some(page.records))
    }
}

/// The newest records of every trail that is meant, in the order in which they happened.
pub(super) async fn list(args: ListArgs, terminal: &Terminal) -> Result<(), Failure> {
    let form = args.output.form();
    if form == OutputForm::Xml {
        return Err(no_xml("an audit trail"));
    }
    let now = SystemClock.now();
    let query = format!("&newest-first=true{}", args.narrow.query(now)?);
    let trails = Trails::open(&args.whose).await?;
    let limit = args.limit as usize;
    let (mut newest, mut more) = (Vec::new(), false);
    for whose in trails.whose() {
        let mut pages = Pages::new(&trails, whose, query.clone());
        let mut found: Vec<Box<RawValue>> = Vec::new();
        while let Some(mut page) = pages.next().await? {
            found.append(&mut page);
            if found.len() > limit {
                break;
            }
        }
        more |= found.len() > limit;
        found.truncate(limit);
        newest.extend(found.into_iter().map(Record::read).collect::<Result<Vec<_>, _>>()?);
    }
    trails.close().await;
    newest.sort_by_key(Record::place);
    let surplus = newest.len().saturating_sub(limit);
    newest.drain(..surplus);
    match form {
        OutputForm::Json => {
            let lines: Vec<&str> = newest.iter().map(|record| record.line.get()).collect();
            terminal.data(&format!("[{}]\n", lines.join(",\n")));
        }
        OutputForm::Table | OutputForm::Xml => terminal.data(&shown(&newest)),
    }
    if newest.is_empty() {
        terminal.say("there is no such record");
    } else if more || surplus > 0 {
        terminal.say(&format!(
            "these are the newest {limit}: narrow the list, or see them all with `careslot audit export`"
        ));
    }
    Ok(())
}

/// Every record that is meant, a line each.
pub(super) async fn export(args: ExportArgs, terminal: &Terminal) -> Result<(), Failure> {
    let now = SystemClock.now();
    let query = args.narrow.query(now)?;
    let trails = Trails::open(&args.whose).await?;
    for whose in trails.whose() {
        let mut pages = Pages::new(&trails, whose, query.clone());
        while let Some(page) = pages.next().await? {
            // A line feed can only stand between the parts of a record.
            let lines = page.iter().map(|line| format!("{}\n", line.get().replace('\n', " ")));
            terminal.data(&lines.collect::<String>());
        }
    }
    trails.close().await;
    Ok(())
}

/// A record, read.
struct Record {
    line: Box<RawValue>,
    value: Value,
}

impl Record {
    fn read(line: Box<RawValue>) -> Result<Self, Failure> {
        let value = serde_json::from_str(line.get()).map_err(unusable)?;
        Ok(Self { line, value })
    }

    /// The first of these that the record has, as text.
    fn first(&self, pointers: &[&str]) -> String {
        let found = pointers.iter().filter_map(|pointer| self.value.pointer(pointer)).find(|value| !value.is_null());
        found.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default()
    }

    fn place(&self) -> (String, String, i64) {
        (self.first(&["/at"]), self.first(&["/chain"]), self.value["sequence"].as_i64().unwrap_or_default())
    }

    fn row(&self) -> Vec<String> {
        let at = self.first(&["/at"]).parse::<Timestamp>();
        let at = at.map(|at| at.to_zoned_datetime(times::london()).strftime("%Y-%m-%d %H:%M:%S").to_string());
        let interaction = self.first(&["/record/interaction"]);
        let what = match interaction.rsplit_once("fhir:rest:") {
            Some((_, short)) => short.to_owned(),
            None if interaction.is_empty() || interaction == "unknown" => {
                let method = self.first(&["/record/method"]);
                if method.is_empty() {
                    self.first(&["/requirement"])
                } else {
                    method + " " + &self.first(&["/record/path"])
                }
            }
            None => interaction,
        };
        let refusal = self.first(&["/record/refusal"]);
        let became = match refusal.as_str() {
            "" => self.first(&["/record/identity", "/record/decision", "/record/event"]),
            _ => format!("{} {refusal}", self.first(&["/requirement"])),
        };
        let outcome = format!("{} {became}", self.first(&["/record/status"]));
        vec![
            at.unwrap_or_default(),
            self.first(&["/role"]),
            self.first(&[
                "/record/ssp/from",
                "/record/caller/asid",
                "/record/caller/cn",
                "/record/connection/certificate/cn",
            ]),
            shortened(&what),
            outcome.trim().to_owned(),
        ]
    }
}

/// An interaction is whole, a long path is not.
fn shortened(what: &str) -> String {
    if what.chars().count() <= INTERACTION {
        return what.to_owned();
    }
    what.chars().take(INTERACTION - 1).chain(['…']).collect()
}

fn shown(records: &[Record]) -> String {
    let columns = [whole("LOCAL TIME"), whole("ROLE"), words("CALLER"), whole("WHAT"), words("OUTCOME")];
    if records.is_empty() {
        return String::new();
    }
    table(&columns, &records.iter().map(Record::row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: AUD-10
    #[test]
    fn what_narrows_becomes_a_query() {
        let now: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
        let flags = NarrowFlags {
            trace: Some("a b".to_owned()),
            from: Some("2026-07-01".to_owned()),
            to: Some("2026-07-01".to_owned()),
            refused: true,
            ..NarrowFlags::default()
        };
        let expected = "&trace=a%20b&from=2026-06-30T23%3A00%3A00Z&until=2026-07-01T23%3A00%3A00Z&refused=true";
        assert_eq!(flags.query(now).unwrap(), expected);
        assert_eq!(NarrowFlags::default().query(now).unwrap(), "");
    }

    // covers: AUD-04
    #[test]
    fn a_row_says_who_asked_for_what_and_what_became_of_it() {
        let record = |text: &str| Record::read(RawValue::from_string(text.to_owned()).unwrap()).unwrap();
        let refused = record(
            r#"{"role":"provider","at":"2026-07-01T08:00:00.250Z","requirement":"BOOK-10","record":
            {"interaction":"urn:nhs:names:services:careconnect:fhir:rest:create:appointment","ssp":{"from":"200000000359"},
             "status":422,"refusal":"SlotNotFree","identity":null}}"#,
        );
        let row = ["2026-07-01 09:00:00", "provider", "200000000359", "create:appointment", "422 BOOK-10 SlotNotFree"];
        assert_eq!(refused.row(), row);
        let other = record(r#"{"role":"sds","at":"x","requirement":"demo","record":{"event":"laid out"}}"#);
        assert_eq!(other.row(), ["", "sds", "", "demo", "laid out"]);
        let text = shown(&[refused, other]);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
