//! `careslot config`: what the configuration is, and what is wrong with it.

use clap::Subcommand;

use crate::cli::ConfigFlags;
use crate::config::{self, Config, Role};
use crate::failure::{Exit, Failure};
use crate::terminal::{Colour, Terminal};

/// The verbs for the configuration.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub verb: ConfigVerb,
}

/// What can be done with the configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigVerb {
    /// Print every key with its value, as TOML, and where each value comes from
    Show(Show),
    /// Find every fault at once; exit code 2 when there is one
    Check(Check),
}

/// The flags of `config show`.
#[derive(Clone, Debug, clap::Args)]
pub struct Show {
    /// Print only this key, with its meaning
    #[arg(value_name = "SECTION.KEY")]
    pub key: Option<String>,
    /// Configuration file.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// The flags of `config check`.
#[derive(Clone, Debug, clap::Args)]
pub struct Check {
    /// Roles that are to run with it: what they cannot do without is checked too
    #[arg(long = "for", value_enum, value_name = "ROLE", num_args = 1..)]
    pub roles: Vec<Role>,
    /// Configuration file.
    #[command(flatten)]
    pub config: ConfigFlags,
}

/// Do it.
pub fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    match args.verb {
        ConfigVerb::Show(show) => run_show(&show, terminal),
        ConfigVerb::Check(check) => run_check(&check, terminal),
    }
}

fn run_show(args: &Show, terminal: &Terminal) -> Result<(), Failure> {
    let (layers, problems) = args.config.layers(Vec::new());
    let Some(key) = &args.key else {
        terminal.data(&config::show(&layers));
        if !problems.0.is_empty() {
            terminal
                .say(&terminal.paint_err(Colour::Yellow, "`careslot config check` finds faults in this configuration"));
        }
        return Ok(());
    };
    let Some(setting) = layers.get(key) else {
        let cure = "`careslot config show` lists every key";
        return Err(Failure::new(Exit::Usage, format!("{key} is not a key"), "keys are written section.key", cure));
    };
    if let Some(meaning) = config::meaning(key) {
        terminal.say(&meaning);
    }
    terminal.data(&format!("{key} = {}  # {}\n", setting.raw, setting.origin));
    Ok(())
}

fn run_check(args: &Check, terminal: &Terminal) -> Result<(), Failure> {
    let (layers, mut problems) = args.config.layers(Vec::new());
    if let Err(more) = Config::read(&layers) {
        problems.0.extend(more.0);
    }
    problems.0.extend(config::missing_for(&layers, &args.roles).0);
    problems.none_or(())?;
    terminal.say(&format!("{} the configuration is in order", terminal.paint_err(Colour::Green, "✔")));
    Ok(())
}
