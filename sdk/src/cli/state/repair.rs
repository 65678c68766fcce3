//! `state repair`: what is wrong with the records, and what would put it right.

use clap::Args;
use formwork_engine::Error;
use formwork_engine::error::exit;
use formwork_engine::run::{Examination, Finding};
use formwork_engine::settings::Settings;
use serde_json::{Value as Json, json};

use crate::cli::args::{PlanArgs, StackArgs};
use crate::cli::keys::Need;
use crate::cli::session::{self, Purpose};
use crate::cli::store::let_go;
use crate::cli::target::Target;
use crate::cli::{At, counted};
use crate::render::{Ink, Look, Telling, plural, wrapped};

/// The flags of `state repair`.
#[derive(Debug, Args)]
pub(crate) struct RepairArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Do what these findings propose, by their names, where that is a change of the records alone.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) apply: Vec<String>,
    /// Print an object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs `state repair`.
pub(super) fn command(at: At<'_>, args: &RepairArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    target.unlock(at, Need::Welcome)?;
    let settings = session::settings(&target, &PlanArgs::default())?;
    let program = target.program(at)?;
    let emulator = target.emulator(at)?;
    let purpose = match args.apply.is_empty() {
        true => Purpose::Look,
        false => Purpose::Change(format!("state repair {}", target.stack)),
    };
    let (examination, done) = at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let telling = if at.terminal.is_live() { Telling::Live } else { Telling::Lines };
        let settings = Settings { refresh: true, ..settings };
        let (mut session, progress) = session::open(at, &target, &connected, settings, telling, &purpose).await?;
        let examination = session.examine(&program).await;
        progress.end();
        let ended = match examination {
            Ok(examination) if args.apply.is_empty() => Ok((examination, Vec::new())),
            Ok(examination) => session.mend(&examination, &args.apply).await.map(|done| (examination, done)),
            Err(errors) => Err(errors),
        };
        let_go(at, &mut *session.store).await;
        ended
    })?;
    if args.json {
        at.terminal.data(&format!("{:#}", object(&examination, &args.apply)));
    } else if args.apply.is_empty() {
        at.terminal.data(&page(&examination, at.terminal.out_look()));
        if examination.findings.iter().any(Finding::is_of_records) {
            let command = target.command(at, "state repair", &args.stack);
            at.terminal.say(&format!("`{command} --apply NAME` does what is of the records alone"));
        }
    } else {
        at.terminal.data(&done.join("\n"));
    }
    Ok(exit::DONE)
}

fn object(examination: &Examination, applied: &[String]) -> Json {
    let finding = |one: &Finding| {
        json!({
            "name": one.name,
            "urn": one.urn,
            "finding": one.sentence,
            "proposal": one.proposal,
            "of_records": one.is_of_records(),
            "applied": applied.contains(&one.name),
        })
    };
    json!({
        "version": 1,
        "rows": examination.rows,
        "findings": examination.findings.iter().map(finding).collect::<Vec<_>>(),
        "warnings": examination.warnings,
    })
}

fn page(examination: &Examination, look: Look) -> String {
    let Examination { findings, rows, warnings, .. } = examination;
    let looked = plural(*rows, "row");
    let mut text = match findings.len() {
        0 => format!("{looked} looked at, and nothing is wrong\n"),
        count => format!("{looked} looked at, {}\n", counted(count, "finding", "findings")),
    };
    for one in findings {
        text.push_str(&format!("\n{}\n", look.paint(Ink::Strong, &one.name)));
        text.push_str(&format!("{}\n", wrapped(&one.sentence, look.width, "  ", "  ")));
        text.push_str(&format!("{}\n", wrapped(&one.proposal, look.width, "  next: ", "        ")));
    }
    warnings.iter().for_each(|warning| text.push_str(&format!("warning: {warning}\n")));
    text
}
