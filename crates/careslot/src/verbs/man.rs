//! `careslot man`: the man pages.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Folder for one page a verb; without it the page of `careslot` goes to stdout
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Write the pages.
pub fn run(args: &Args, terminal: &Terminal) -> Result<(), Failure> {
    let command = Cli::command().disable_help_subcommand(true);
    let written = match &args.out {
        Some(folder) => fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))
            .and_then(|()| write_pages(&built(command), folder)),
        None => page(&built(command)).map(|text| terminal.data(&text)),
    };
    written.map_err(|error| Failure::internal("the man pages were not written", &error))
}

fn built(mut command: Command) -> Command {
    command.build();
    command
}

fn page(command: &Command) -> Result<String> {
    let mut text = Vec::new();
    Man::new(command.clone()).render(&mut text)?;
    Ok(String::from_utf8(text)?)
}

fn write_pages(command: &Command, folder: &Path) -> Result<()> {
    // `careslot jwt decode` is displayed as careslot-jwt-decode, which is also what its page is called.
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = folder.join(format!("{name}.1"));
    fs::write(&path, page(command)?).with_context(|| format!("cannot write {}", path.display()))?;
    command.get_subcommands().try_for_each(|sub| write_pages(sub, folder))
}
