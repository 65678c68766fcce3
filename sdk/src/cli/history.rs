//! `history` and `diff`: what was deployed, by whom, and what differs between two deployments. Takes no lock and calls nothing.

use clap::Args;
use formwork_engine::Error;
use formwork_engine::clock::{Clock as _, TokioClock};
use formwork_engine::error::exit;
use formwork_engine::history::{self, History};
use formwork_engine::state::Store;

use super::At;
use super::args::StackArgs;
use super::session::open_for_reading;
use super::target::Target;
use crate::render;

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Tell all of this deployment.
    #[arg(value_name = "N")]
    pub(crate) number: Option<u64>,
    /// Print an array; of one deployment an object.
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
    let target = Target::find(at, &args.stack)?;
    let store = open_for_reading(at, &target)?;
    let deployments = store.snapshot().deployments();
    let listed = render::Listed { now: TokioClock::new().now_millis(), last: store.snapshot().next_deployment() - 1 };
    let look = at.terminal.out_look();
    at.terminal.data(&match args.number {
        None if args.json => format!("{:#}", render::deployments_json(deployments)),
        None if deployments.is_empty() => {
            at.terminal.say(&format!("nothing was ever deployed of {}", target.stack));
            String::new()
        }
        None => render::deployments(deployments, listed, look),
        Some(number) => {
            // What holds the deployments also knows which there are.
            let history = History::of(vec![store.snapshot().to_entries()]);
            let deployment = history.deployment(number).map_err(|error| vec![error])?;
            match args.json {
                true => format!("{:#}", render::deployment_json(deployment)),
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
    let history = at.block_on(read(&store))?;
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
