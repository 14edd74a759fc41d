//! `careslot token`: an access token from the token endpoint (TOK-01 to TOK-05).

use spine::Operation;
use spine::token::scope_for;

use super::caller::{Caller, Outbox, Step};
use crate::cli::ConsumerFlags;
use crate::failure::{Exit, Failure};
use crate::terminal::{OutputForm, Terminal};

/// The flags of the verb.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The scope: a service root followed by /.default [default: that of the Provider's endpoint]
    #[arg(long, value_name = "URL")]
    pub scope: Option<String>,
    /// Consumer flags.
    #[command(flatten)]
    pub consumer: ConsumerFlags,
}

/// Do it.
pub async fn run(args: Args, terminal: &Terminal) -> Result<(), Failure> {
    let caller = Caller::open(&args.consumer, Outbox::Unneeded, terminal).await?.for_step(Step::Token);
    let scope = match args.scope {
        Some(scope) => scope,
        None => usual_scope(&caller).await?,
    };
    let answer = caller.consumer.request_token(&scope).await.map_err(|fault| caller.ended(fault))?;
    match args.consumer.output.form() {
        OutputForm::Json => terminal.data(&format!("{answer}\n")),
        OutputForm::Xml => return Err(super::no_xml("a token")),
        OutputForm::Table => {
            let token = answer.get("access_token").and_then(|token| token.as_str()).ok_or_else(|| {
                let cure = "see the whole answer with --json, and tell whoever runs the token endpoint";
                Failure::new(Exit::Refused, "no token came", "the answer has no access_token [TOK-05]", cure)
            })?;
            terminal.data(&format!("{token}\n"));
        }
    }
    caller.close().await;
    Ok(())
}

/// The scope of the service: its root, as the environment or SDS has it (TOK-02).
async fn usual_scope(caller: &Caller) -> Result<String, Failure> {
    if let Some(found) = &caller.environment {
        return Ok(scope_for(&found.environment.provider.endpoint));
    }
    Ok(scope_for(&caller.endpoint(Operation::SearchFreeSlots).await?.root))
}
