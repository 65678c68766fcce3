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
    let program = target.program_to_look_at(at)?;
    let emulator = target.emulator(at)?;
    let (preview, saved, heading) = at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let telling = if at.terminal.is_live() { Telling::Live } else { Telling::Lines };
        let (mut session, progress) = session::open(at, &target, &connected, settings, telling, &Purpose::Look)?;
        let preview = session.preview(&program).await;
        progress.end();
        let preview = preview?;
        let saved = args.save.as_ref().map(|_| preview.to_saved(&session.settings));
        Ok((preview, saved, connected.heading(Intent::Preview)))
    })?;
    if let (Some(file), Some(saved)) = (&args.save, &saved) {
        saved::save(saved, file).map_err(|error| vec![error])?;
        let command = target.command(at, "up", &args.stack);
        at.terminal.say(&format!("saved: `{command} --plan {}` does exactly this, or refuses", file.display()));
    }
    let plan = &preview.plan;
    if args.json {
        // What it took to make the plan is no part of a plan that is kept.
        let mut json = plan.to_json();
        json["calls"] = json!(preview.calls);
        at.terminal.data(&format!("{json:#}"));
    } else {
        at.terminal.data(&render::plan(plan, &heading, at.terminal.out_look()));
        at.terminal.say(&render::calls(&preview.calls, at.terminal.err_look()));
    }
    if !plan.problems.is_empty() {
        at.terminal.say(&render::problems(&plan.problems, at.terminal.err_look()));
        return Ok(exit::BAD_INPUT);
    }
    Ok(if args.detailed_exitcode && !plan.is_noop() { exit::CHANGES } else { exit::DONE })
}
