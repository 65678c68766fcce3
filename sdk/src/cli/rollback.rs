//! `rollback`: the way of `up`, with the program that an earlier deployment had.

use clap::Args;
use formwork_engine::Error;
use formwork_engine::error::Turn;
use formwork_engine::error::exit;
use formwork_engine::rollback::Rollback;
use formwork_engine::run::Session;
use formwork_engine::settings::Settings;
use serde_json::json;

use super::args::UpArgs;
use super::keys::Need;
use super::session::{self, Purpose};
use super::target::Target;
use super::up::{self, Doing};
use super::{At, history};
use crate::render::{self, Intent, Telling};

#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) up: UpArgs,
    /// The deployment to go back to; `history` lists them.
    #[arg(value_name = "N")]
    pub(crate) number: u64,
    /// Show the plan, and do nothing.
    #[arg(long, conflicts_with_all = ["yes", "expect_no_changes"])]
    pub(crate) preview: bool,
}

/// Runs `rollback`.
pub(super) fn command(at: At<'_>, args: &RollbackArgs) -> Result<u8, Vec<Error>> {
    if args.up.saved.is_some() {
        let reason = "--plan is of another run, and going back makes its own plan";
        return Err(vec![Error::new(Turn::You, "roll back", reason).hint("leave --plan out")]);
    }
    if args.preview { preview(at, args) } else { up::command(at, &args.up, Doing::Rollback(args.number)) }
}

fn preview(at: At<'_>, args: &RollbackArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.up.stack)?;
    let settings: Settings = session::settings(&target, &args.up.plan)?;
    target.unlock(at, Need::Welcome)?;
    let emulator = target.emulator(at)?;
    let (preview, heading) = at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let telling = if at.terminal.is_live() { Telling::Live } else { Telling::Lines };
        let (mut session, progress) = session::open(at, &target, &connected, settings, telling, &Purpose::Look)?;
        let rollback = find(&mut session, args.number).await?;
        let preview = session.preview_rollback(&rollback).await;
        progress.end();
        Ok((preview?, connected.heading(Intent::Rollback(args.number))))
    })?;
    if args.up.json {
        let mut json = preview.plan.to_json();
        json["calls"] = json!(preview.calls);
        at.terminal.data(&format!("{json:#}"));
    } else {
        at.terminal.data(&render::plan(&preview.plan, &heading, at.terminal.out_look()));
        at.terminal.say(&render::calls(&preview.calls, at.terminal.err_look()));
    }
    Ok(exit::DONE)
}

/// What the deployment declared.
pub(super) async fn find(session: &mut Session, number: u64) -> Result<Rollback, Vec<Error>> {
    let history = history::read(&*session.store).await?;
    session.rollback(&history, number).await
}
