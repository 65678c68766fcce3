//! `refresh`: what the account says now is written beside what was applied.

use formwork_engine::error::exit;
use formwork_engine::run::Refreshed;
use formwork_engine::settings::Settings;
use formwork_engine::{Error, Program};
use serde_json::{Value as Json, json};

use super::At;
use super::args::RefreshArgs;
use super::keys::Need;
use super::session::{self, Purpose};
use super::target::Target;
use crate::render::{Telling, calls, plural};

/// Runs `refresh`.
pub(super) fn command(at: At<'_>, args: &RefreshArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    target.unlock(at, Need::Welcome)?;
    let program = Program::empty(at.runner.project(), &target.stack);
    let emulator = target.emulator(at)?;
    let refreshed = at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let telling = if at.terminal.is_live() { Telling::Live } else { Telling::Lines };
        let purpose = Purpose::Change(format!("refresh {}", target.stack));
        let (mut session, progress) = session::open(at, &target, &connected, Settings::default(), telling, &purpose)?;
        let refreshed = session.refresh(&program).await;
        progress.end();
        refreshed
    })?;
    if args.json {
        at.terminal.data(&format!("{:#}", object(&refreshed)));
    } else {
        at.terminal.data(&lines(&refreshed));
        at.terminal.say(&calls(&refreshed.calls, at.terminal.err_look()));
    }
    Ok(exit::DONE)
}

fn object(refreshed: &Refreshed) -> Json {
    let unreadable = refreshed.unreadable.iter().map(|(urn, reason)| json!({ "urn": urn, "reason": reason }));
    json!({
        "version": 1,
        "resources": refreshed.resources,
        "changed": refreshed.changed,
        "gone": refreshed.gone,
        "unreadable": unreadable.collect::<Vec<_>>(),
        "warnings": refreshed.warnings,
        "calls": refreshed.calls,
    })
}

fn lines(refreshed: &Refreshed) -> String {
    let Refreshed { resources, changed, gone, unreadable, warnings, calls: _told_beside } = refreshed;
    let mut text =
        format!("{} read, {} changed outside, {} gone\n", plural(*resources, "resource"), changed.len(), gone.len());
    changed.iter().for_each(|urn| text.push_str(&format!("  ~ {}\n", urn.path())));
    gone.iter().for_each(|urn| text.push_str(&format!("  - {}\n", urn.path())));
    unreadable.iter().for_each(|(urn, reason)| text.push_str(&format!("  ? {}: {reason}\n", urn.path())));
    warnings.iter().for_each(|warning| text.push_str(&format!("warning: {warning}\n")));
    text
}
