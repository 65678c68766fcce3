//! `preview`: the plan, and nothing else.

use formwork_engine::Error;
use formwork_engine::error::exit;
use serde_json::json;

use super::args::PreviewArgs;
use super::session::{self, Purpose};
use super::target::Target;
use super::{At, saved};
use crate::render::{self, Intent, Telling};

/// Runs `preview`.
pub(super) fn command(at: At<'_>, args: &PreviewArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let settings = session::settings(&target, &args.plan)?;
    let program = target.program(at)?;
    let emulator = target.emulator(at)?;
    let (preview, heading) = at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let telling = if at.terminal.is_live() { Telling::Live } else { Telling::Lines };
        let (mut session, progress) = session::open(at, &target, &connected, settings, telling, &Purpose::Look)?;
        let preview = session.preview(&program).await;
        progress.end();
        Ok((preview?, connected.heading(Intent::Preview)))
    })?;
    let plan = &preview.plan;
    let mut json = plan.to_json();
    if let Some(file) = &args.save {
        saved::save(&json, file).map_err(|error| vec![error])?;
        let command = target.command(at, "up", &args.stack);
        at.terminal.say(&format!("saved: `{command} --plan {}` does exactly this, or refuses", file.display()));
    }
    if args.json {
        // What it took to make the plan is no part of a plan that is kept.
        json["calls"] = json!(preview.calls);
        at.terminal.data(&format!("{json:#}"));
    } else {
        at.terminal.data(&render::plan(plan, &heading, at.terminal.out_look()));
        at.terminal.say(&render::calls(&preview.calls, at.terminal.err_look()));
    }
    Ok(if args.detailed_exitcode && !plan.is_noop() { exit::CHANGES } else { exit::DONE })
}
