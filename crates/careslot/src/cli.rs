//! The command line: every verb, with what it takes. Each verb's file holds its flags and what it does.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use spine::Dialect;

use crate::config::{self, Config, Layers, Problems, Raw};
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;
use crate::verbs;

/// The NHS appointment-booking network in one binary.
///
/// Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 refused or a check failed, 2 usage or configuration,
/// 3 a party could not be reached, 4 internal error.
#[derive(Debug, Parser)]
#[command(name = "careslot", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Every verb.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the whole network on this machine with synthetic data, and book once through it
    Demo(verbs::demo::Args),
    /// Run one or more roles in this process
    Serve(verbs::serve::Args),
    /// Find a Provider's endpoint in SDS, showing both queries
    Endpoint(verbs::endpoint::Args),
    /// Get an access token
    Token(verbs::token::Args),
    /// Search for free Slots
    Slots(verbs::slots::Args),
    /// Book an Appointment, and register it
    Book(Box<verbs::book::Args>),
    /// Read an Appointment, the newest version or a named one
    Get(verbs::get::Args),
    /// Show every version of an Appointment
    History(verbs::history::Args),
    /// Cancel an Appointment, and its registration
    Cancel(verbs::cancel::Args),
    /// Move an Appointment to another Slot: book first, then cancel
    Rebook(Box<verbs::rebook::Args>),
    /// Register an Appointment, or send what is waiting to be registered
    Register(verbs::register::Args),
    /// List a patient's Appointments
    Appointments(verbs::appointments::Args),
    /// Write the way of an Appointment for other tools: a Postman collection, an .http file, an OpenAPI description
    Export(verbs::export::Args),
    /// Judge resources by their profiles, naming line and column
    Validate(verbs::validate::Args),
    /// Look after the directory: find what is wrong in it, bring entries in and out
    Sds(verbs::sds::Args),
    /// Look into tokens, judge them, and make them
    Jwt(verbs::jwt::Args),
    /// Read the audit trails, and check that nobody changed them
    Audit(verbs::audit::Args),
    /// Say who may ask the token endpoint, and with which secrets
    TokenClient(verbs::token_client::Args),
    /// Show the configuration, or find what is wrong with it
    Config(verbs::config::Args),
    /// Find out what keeps the network from working
    Doctor(verbs::doctor::Args),
    /// Write the completions of a shell to stdout
    Completions(verbs::completions::Args),
    /// Write man pages
    Man(verbs::man::Args),
}

/// The flags of every verb that acts as a Consumer.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConsumerFlags {
    /// Environment file of a demo [default: .careslot/environment.json here, else that of the demo that is running]
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub env: Option<PathBuf>,
    /// Configuration file whose [consumer] is meant, instead of an environment file.
    #[command(flatten)]
    pub config: ConfigFlags,
    /// ASID of the service whose Slot or Appointment is meant [default: the environment's first]
    #[arg(long, value_name = "ASID")]
    pub service: Option<String>,
    /// Show each message of the wire on stderr, secrets masked
    #[arg(long)]
    pub trace: bool,
    /// Do everything up to the verb's own request, and write the command that makes it
    #[arg(long)]
    pub curl: bool,
    /// Form of the output.
    #[command(flatten)]
    pub output: crate::terminal::OutputFlags,
}

/// The flags of every verb that reads the configuration.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConfigFlags {
    /// Configuration file; `careslot config show` lists every key
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl ConfigFlags {
    /// The values of every key, and what is wrong with how they are written; `flags` are (flag, key, value).
    pub fn layers(&self, flags: Vec<(&str, &str, Raw)>) -> (Layers, Problems) {
        config::from_process(self.config.as_deref(), flags)
    }

    /// The typed configuration, or every fault of it.
    pub fn read(&self, flags: Vec<(&str, &str, Raw)>) -> Result<(Layers, Config), Failure> {
        let (layers, mut problems) = self.layers(flags);
        match Config::read(&layers) {
            Ok(config) => Ok((layers, problems.none_or(config)?)),
            Err(more) => {
                problems.0.extend(more.0);
                Err(problems.into())
            }
        }
    }
}

/// The dialect of that name, for flags.
pub fn parse_dialect(name: &str) -> Result<&'static Dialect, String> {
    let known: Vec<&str> = Dialect::all().iter().map(|dialect| dialect.name).collect();
    Dialect::named(name).ok_or_else(|| format!("choose one of {}", known.join(", ")))
}

/// Run the process: parse `arguments` (the first is the program's name), do what they ask, and say how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let terminal = Terminal::of_process();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    match run_verb(cli.verb, &terminal) {
        Ok(()) => Exit::Done.into(),
        // What was to be shown instead of being done.
        Err(ended) if ended.exit == Exit::Done => {
            terminal.data(&ended.what);
            Exit::Done.into()
        }
        Err(failure) => {
            terminal.fail(&failure);
            failure.exit.into()
        }
    }
}

fn run_verb(verb: Verb, terminal: &Terminal) -> Result<(), Failure> {
    match verb {
        Verb::Config(args) => verbs::config::run(args, terminal),
        Verb::Completions(args) => verbs::completions::run(&args, terminal),
        Verb::Man(args) => verbs::man::run(&args, terminal),
        Verb::Validate(args) => verbs::validate::run(&args, terminal),
        networked => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(|error| Failure::internal("the process could not start its threads", &error.into()))?;
            runtime.block_on(run_networked(networked, terminal))
        }
    }
}

async fn run_networked(verb: Verb, terminal: &Terminal) -> Result<(), Failure> {
    match verb {
        Verb::Demo(args) => verbs::demo::run(args, terminal).await,
        Verb::Serve(args) => verbs::serve::run(args, terminal).await,
        Verb::Endpoint(args) => verbs::endpoint::run(args, terminal).await,
        Verb::Token(args) => verbs::token::run(args, terminal).await,
        Verb::Slots(args) => verbs::slots::run(args, terminal).await,
        Verb::Book(args) => verbs::book::run(*args, terminal).await,
        Verb::Get(args) => verbs::get::run(args, terminal).await,
        Verb::History(args) => verbs::history::run(args, terminal).await,
        Verb::Cancel(args) => verbs::cancel::run(args, terminal).await,
        Verb::Rebook(args) => verbs::rebook::run(*args, terminal).await,
        Verb::Register(args) => verbs::register::run(args, terminal).await,
        Verb::Appointments(args) => verbs::appointments::run(args, terminal).await,
        Verb::Export(args) => verbs::export::run(args, terminal).await,
        Verb::Jwt(args) => verbs::jwt::run(args, terminal).await,
        Verb::Audit(args) => verbs::audit::run(args, terminal).await,
        Verb::TokenClient(args) => verbs::token_client::run(args, terminal).await,
        Verb::Sds(args) => verbs::sds::run(args, terminal).await,
        Verb::Doctor(args) => verbs::doctor::run(args, terminal).await,
        Verb::Config(args) => verbs::config::run(args, terminal),
        Verb::Completions(args) => verbs::completions::run(&args, terminal),
        Verb::Man(args) => verbs::man::run(&args, terminal),
        Verb::Validate(args) => verbs::validate::run(&args, terminal),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_and_flag_of_the_contract_is_taken() {
        for line in [
            "demo --dir d --port-base 9000 --dialect 2.0.4 --store postgres://u@h/d --once --seed 7 --config c.toml",
            "demo --store sqlite",
            "serve provider registry ssp sds token web --config c.toml",
            "endpoint 918999198999",
            "token --scope https://p/STU3/1/demo/.default --env e.json --json",
            "slots --dos record.json --from today --to tomorrow",
            "endpoint --dos record.json",
            "slots 918999198999 --from 2026-11-25T09:00 --to 2026-11-26 --status free --output xml",
            "book slot001 --patient p.json --document 0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c2a10 --request-id 0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c2a11",
            "book slot001 --nhs-number 9990000000 --family X --given Y --birth-date 1980-01-01 --gender female --phone 0 --postcode P --no-register",
            "get 1 --version 2 --service 918999198999",
            "history 1",
            "cancel 1 --if-match 1 --no-register",
            "rebook 1 slot002 --service 918999198999 --to-service 118111118111 --no-register --trace",
            "book slot001 --nhs-number 9990000018 --curl",
            "export postman --out d",
            "export http",
            "export openapi",
            "register https://p/STU3/1/demo/Appointment/1 --nhs-number 9990000000 --start 2026-11-25T09:00:00Z",
            "register --pending",
            "appointments --nhs-number 9990000000 --registry",
            "validate a.json folder - --profile https://p --by-type --package p.tgz --package folder --json",
            "validate --ndjson",
            "jwt decode a.b.c --json",
            "jwt decode",
            "audit verify --role provider --since heads.json --json",
            "audit list --trace 0b5b4ef8-7b5c-4d7d-9a77-0d2f4c8c2a10 --from today --to now --refused",
            "audit export --caller 200000000359 --service 918999198999 --config c.toml",
            "jwt check a.b.c --jwks https://t/jwks --ca ca.pem --issuer i --audience a --dialect 2.0.4 --operation book --json",
            "jwt check --key k.pem --config c.toml --direct --at 2026-11-25T09:00",
            "jwt make book --break expired --env e.json",
            "jwt make t.json --practitioner-id p --nhs-number n --secret-file s --alg HS256 --plain-base64 --payloads 2",
            "jwt make --list",
            "jwt keys --out k.pem --bits 3072 old.pem",
            "token-client add Name --group read:slot --out f --config c.toml",
            "token-client rotate id --older-days 1",
            "token-client list --json",
            "token-client revoke id --secret s",
            "sds lint a.ldif - --json",
            "sds lint --env e.json",
            "sds import a.ldif --replace --dry-run --strict",
            "sds export --schema",
            "sds add 918999198997 --ods A91545 --endpoint https://p/STU3/1/demo --party-key A91545-1 --interaction urn:a:b",
            "config show --config c.toml",
            "config check",
            "doctor --env e.json",
            "completions bash",
            "man --out d",
        ] {
            let arguments = std::iter::once("careslot").chain(line.split(' '));
            assert!(
                Cli::try_parse_from(arguments.clone()).is_ok(),
                "{line}: {:?}",
                Cli::try_parse_from(arguments).err()
            );
        }
        for line in [
            "",
            "serve",
            "serve cook",
            "book slot001 --patient p --nhs-number 1",
            "register",
            "validate",
            "token --json --output xml",
        ] {
            let arguments = std::iter::once("careslot").chain(line.split_whitespace());
            assert!(Cli::try_parse_from(arguments).is_err(), "{line} is refused");
        }
    }
}
