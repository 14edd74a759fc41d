//! The first page: every part with its address, dialect, version and health, how many Slots are free and booked, and
//! commands to copy.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use futures_util::future::join_all;

use super::health::{self, Health};
use super::{Command, Frame, Link, Pages, Part, SlotCounts, times};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    frame: &'a Frame,
    headline: String,
    counts: Option<SlotCounts>,
    rows: Vec<Row<'a>>,
    commands: &'a [Command],
    links: &'a [Link],
    at: String,
    at_machine: String,
}

struct Row<'a> {
    part: &'a Part,
    health: Health,
}

impl Row<'_> {
    fn version(&self) -> &str {
        self.part.version.as_deref().unwrap_or("unknown")
    }

    fn word(&self) -> &'static str {
        match &self.health {
            Health::Up => "Up",
            Health::NotReady(_) => "Not ready",
            Health::Down(_) => "Down",
            Health::NotAsked => "Not known",
        }
    }

    fn colour(&self) -> &'static str {
        match &self.health {
            Health::Up => "nhsuk-tag--green",
            Health::NotReady(_) => "nhsuk-tag--yellow",
            Health::Down(_) => "nhsuk-tag--red",
            Health::NotAsked => "nhsuk-tag--grey",
        }
    }

    fn why(&self) -> Option<&str> {
        match &self.health {
            Health::NotReady(why) | Health::Down(why) => Some(why),
            Health::Up | Health::NotAsked => None,
        }
    }
}

/// Asks every part how it is and shows them.
pub(super) async fn home(State(pages): State<Arc<Pages>>) -> Response {
    let parts = &pages.settings.parts;
    let asked = join_all(parts.iter().map(|part| health::ask(part.operations.as_ref())));
    let counted = async {
        match &pages.settings.slots {
            Some(count) => count().await,
            None => None,
        }
    };
    let (healths, counts) = tokio::join!(asked, counted);
    let rows: Vec<Row<'_>> = parts.iter().zip(healths).map(|(part, health)| Row { part, health }).collect();
    let now = pages.clock.now();
    pages.shown(&HomePage {
        frame: &pages.frame,
        headline: headline(&rows),
        counts,
        rows,
        commands: &pages.settings.commands,
        links: &pages.settings.links,
        at: times::in_words(now),
        at_machine: times::for_machines(now),
    })
}

/// A long word cut after its slashes, where a browser may begin a new line.
fn breakable(text: &str) -> std::str::SplitInclusive<'_, char> {
    text.split_inclusive('/')
}

/// One sentence that says how the network is.
fn headline(rows: &[Row<'_>]) -> String {
    let broken: Vec<&str> = rows
        .iter()
        .filter(|row| matches!(row.health, Health::Down(_) | Health::NotReady(_)))
        .map(|row| row.part.name.as_str())
        .collect();
    match broken.as_slice() {
        [] => "The whole network is up".to_owned(),
        [one] => format!("{one} is not up"),
        many => format!("{} of {} parts are not up", many.len(), rows.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str) -> Part {
        Part {
            name: name.to_owned(),
            duty: String::new(),
            addresses: Vec::new(),
            operations: None,
            dialect: None,
            version: None,
        }
    }

    #[test]
    fn the_headline_names_what_is_broken() {
        let (ssp, sds) = (part("SSP"), part("SDS"));
        let rows =
            |first: Health, second: Health| vec![Row { part: &ssp, health: first }, Row { part: &sds, health: second }];
        let down = || Health::Down("no answer".to_owned());
        assert_eq!(headline(&rows(Health::Up, Health::NotAsked)), "The whole network is up");
        assert_eq!(headline(&rows(down(), Health::Up)), "SSP is not up");
        assert_eq!(headline(&rows(down(), Health::NotReady(String::new()))), "2 of 2 parts are not up");
    }
}
