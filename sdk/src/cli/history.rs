//! `history` and `diff`: what was deployed, by whom, and what differs between two deployments. Takes no lock and calls nothing.

use clap::{Args, Subcommand};
use formwork_engine::Error;
use formwork_engine::clock::{Clock as _, TokioClock};
use formwork_engine::error::{Turn, exit};
use formwork_engine::history::{self, History};
use formwork_engine::state::Store;

use super::At;
use super::args::StackArgs;
use super::session::open_for_reading;
use super::target::Target;
use crate::render;

/// `history STACK`, `history show STACK N`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct HistoryArgs {
    #[command(subcommand)]
    pub(crate) show: Option<HistoryCommand>,
    #[command(flatten)]
    pub(crate) stack: Option<StackArgs>,
    /// Print an array.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// Tells all of one deployment.
    Show(HistoryShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct HistoryShowArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// The deployment.
    #[arg(value_name = "N")]
    pub(crate) number: u64,
    /// Print an object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// The deployment that is looked at first.
    #[arg(value_name = "N")]
    pub(crate) from: u64,
    /// The one that it is compared with.
    #[arg(value_name = "M")]
    pub(crate) to: u64,
    /// Print an object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs `history`.
pub(super) fn command(at: At<'_>, args: &HistoryArgs) -> Result<u8, Vec<Error>> {
    let (stack, number, json) = match (&args.show, &args.stack) {
        (Some(HistoryCommand::Show(show)), _) => (&show.stack, Some(show.number), show.json),
        (None, Some(stack)) => (stack, None, args.json),
        (None, None) => return Err(vec![Error::new(Turn::You, "tell the history", "no stack is named")]),
    };
    let target = Target::find(at, stack)?;
    let store = open_for_reading(at, &target)?;
    let snapshot = store.snapshot();
    let listed = render::Listed { now: TokioClock::new().now_millis(), snapshot };
    let look = at.terminal.out_look();
    at.terminal.data(&match number {
        None if json => format!("{:#}", render::deployments_json(snapshot)),
        None if snapshot.deployments().is_empty() => {
            at.terminal.say(&format!("nothing was ever deployed of {}", target.stack));
            String::new()
        }
        None => render::deployments(listed, look),
        Some(number) => {
            // What holds the deployments also knows which there are.
            let history = History::of(vec![snapshot.to_entries()]);
            let deployment = history.deployment(number).map_err(|error| vec![error])?;
            match json {
                true => format!("{:#}", render::deployment_json(deployment, snapshot)),
                false => render::deployment(deployment, listed, look),
            }
        }
    });
    Ok(exit::DONE)
}

/// Runs `diff`.
pub(super) fn diff(at: At<'_>, args: &DiffArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let store = open_for_reading(at, &target)?;
    let history = at.block_on(read(&*store))?;
    let snapshot = |number| history.at(number).map_err(|error| vec![error]);
    let (before, after) = (snapshot(args.from)?, snapshot(args.to)?);
    let (rows, outputs) = history::diff(&before, &after);
    at.terminal.data(&match args.json {
        true => format!("{:#}", render::differences_json((args.from, args.to), &rows, &outputs)),
        false => render::differences((args.from, args.to), &rows, &outputs, at.terminal.out_look()),
    });
    Ok(exit::DONE)
}

/// The whole history of a store.
pub(super) async fn read(store: &dyn Store) -> Result<History, Vec<Error>> {
    History::read(store).await.map_err(|error| vec![Error::from(error)])
}
