//! `graph`: what the program declares, and what comes before what. Takes no lock and calls nothing.

use clap::Args;
use formwork_engine::Error;
use formwork_engine::error::exit;
use formwork_engine::graph::Graph;

use super::At;
use super::args::StackArgs;
use super::target::Target;
use crate::render;

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print an object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print it in the language of Graphviz: `graph STACK --dot | dot -Tsvg`.
    #[arg(long, conflicts_with = "json")]
    pub(crate) dot: bool,
}

/// Runs `graph`.
pub(super) fn command(at: At<'_>, args: &GraphArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let program = target.program_to_look_at(at)?;
    let graph = Graph::new(&program)?;
    at.terminal.data(&match (args.json, args.dot) {
        (true, _) => format!("{:#}", render::graph_json(&graph)),
        (_, true) => render::graph_dot(&graph),
        _ => render::graph(&graph, at.terminal.out_look()),
    });
    Ok(exit::DONE)
}
