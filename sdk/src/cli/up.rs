//! `up` and `destroy`: what was left open is resolved, the plan is shown, consent is asked, the steps are done.

use formwork_engine::apply::Cancel;
use formwork_engine::error::{Turn, exit};
use formwork_engine::plan::Plan;
use formwork_engine::run::{Preview, Session, Summary};
use formwork_engine::settings::{OnDrift, Settings};
use formwork_engine::{Error, Program};
use serde_json::{Value as Json, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::args::UpArgs;
use super::session::{self, Purpose};
use super::target::{Connected, Target};
use super::{At, output, prompt, saved};
use crate::render::{self, Intent, Outcome, Telling, error_json};

/// Runs `up`, or `destroy`, which is the same with the program that declares nothing.
pub(super) fn command(at: At<'_>, args: &UpArgs, destroy: bool) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    if args.json && !args.yes && args.saved.is_none() {
        let reason = "--json asks nothing, and there is no --yes";
        return Err(vec![Error::new(Turn::Refused, "begin", reason).hint("look at `preview` first, then add --yes")]);
    }
    let settings = Settings {
        parallel: args.parallel.map_or(Settings::default().parallel, usize::from),
        fail_fast: args.fail_fast,
        destroy,
        ..session::settings(&target, &args.plan)?
    };
    let kept = match &args.saved {
        Some(file) => Some(saved::load(file, &target.stack).map_err(|error| vec![error])?),
        None => None,
    };
    let program = match destroy {
        true => Program::empty(at.runner.project(), &target.stack),
        false => target.program(at)?,
    };
    let emulator = target.emulator(at)?;
    at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let again = target.command(at, if destroy { "destroy" } else { "up" }, &args.stack);
        Run { at, args, target: &target, connected: &connected, program: &program, destroy, again }
            .go(settings, kept)
            .await
    })
}

/// One run, after its account is known.
pub(super) struct Run<'a> {
    pub(super) at: At<'a>,
    pub(super) args: &'a UpArgs,
    pub(super) target: &'a Target,
    pub(super) connected: &'a Connected,
    pub(super) program: &'a Program,
    pub(super) destroy: bool,
    /// The line to type for going on after a run that did not get to its end.
    pub(super) again: String,
}

impl Run<'_> {
    pub(super) async fn go(&self, settings: Settings, kept: Option<Json>) -> Result<u8, Vec<Error>> {
        let at = self.at;
        let telling = match (self.args.json, at.terminal.is_live()) {
            (true, _) => Telling::Json,
            (false, true) => Telling::Live,
            (false, false) => Telling::Lines,
        };
        let purpose = Purpose::Change(format!("{} {}", self.verb(), self.target.stack));
        let (mut session, progress) = session::open(at, self.target, self.connected, settings, telling, &purpose)?;
        session.recover(self.program).await?;
        let preview = session.preview(self.program).await;
        progress.end();
        let preview = preview?;
        self.show(&preview.plan);
        if !preview.plan.is_noop() && self.args.expect_no_changes {
            let reason = "there are changes, and none were expected";
            return Err(vec![Error::new(Turn::Refused, "begin", reason)]);
        }
        if let Some(kept) = kept {
            saved::compare(&kept, &preview.plan.to_json()).map_err(|error| vec![error])?;
            // Whoever saved the plan has seen what drifted and what becomes of it.
            decide_drift(&mut session);
        } else if !preview.plan.is_noop() {
            self.ask(&mut session, &preview)?;
        }
        let summary = self.apply(&mut session, preview).await;
        progress.end();
        match summary? {
            Some(summary) => Ok(self.end(&summary)),
            None => {
                let command = &self.again;
                at.terminal.say(&format!("left at once; what was done is recorded\n  next: {command}"));
                Ok(exit::INTERRUPTED)
            }
        }
    }

    fn verb(&self) -> &'static str {
        if self.destroy { "destroy" } else { "up" }
    }

    fn show(&self, plan: &Plan) {
        let terminal = self.at.terminal;
        if self.args.json {
            terminal.data(&json!({ "version": 1, "event": "planned", "plan": plan.to_json() }).to_string());
            return;
        }
        let heading = self.connected.heading(if self.destroy { Intent::Destroy } else { Intent::Up });
        terminal.say(&render::plan(plan, &heading, terminal.err_look()));
    }

    /// Asks for consent and for the go-ahead, where that was not given by flags.
    fn ask(&self, session: &mut Session, preview: &Preview) -> Result<(), Vec<Error>> {
        let terminal = self.at.terminal;
        let unmet = session.unmet_consents(preview);
        if !unmet.is_empty() {
            if self.args.yes || !terminal.can_ask() {
                let reason = "it needs consent, which --yes does not give";
                return Err(vec![prompt::refused(reason, &unmet)]);
            }
            let given = prompt::consents(&unmet, terminal).map_err(|error| vec![error])?;
            session.settings.allow_delete.extend(given.iter().map(ToString::to_string));
            session.settings.accept_gone.extend(given.iter().map(ToString::to_string));
        }
        if self.args.yes {
            return Ok(());
        }
        let question = match self.destroy {
            true => format!("Delete all of this from {} for good?", self.target.stack),
            false => format!("Make these changes to {}?", self.target.stack),
        };
        prompt::go_ahead(&question, terminal).map_err(|error| vec![error])?;
        decide_drift(session);
        Ok(())
    }

    /// Does the steps. The first Ctrl-C lets running calls settle, the second one leaves at once: `None`.
    async fn apply(&self, session: &mut Session, preview: Preview) -> Result<Option<Summary>, Vec<Error>> {
        let cancel = Cancel::new();
        let mut signals = Signals::listen().map_err(|error| vec![error])?;
        let run = session.up(self.program, preview, &cancel);
        tokio::pin!(run);
        loop {
            tokio::select! {
                summary = &mut run => return summary.map(Some),
                () = signals.next() => {
                    if cancel.is_stopped() {
                        return Ok(None);
                    }
                    cancel.stop();
                }
            }
        }
    }

    fn end(&self, summary: &Summary) -> u8 {
        let terminal = self.at.terminal;
        let next = summary.next.as_ref().map(|_| self.again.clone());
        if self.args.json {
            terminal.data(&summary_json(summary, next.as_deref()).to_string());
            return summary.exit_code();
        }
        let errors: Vec<Error> =
            summary.failed.iter().map(|(_, error)| error.clone()).chain(summary.store_error.clone()).collect();
        if !errors.is_empty() {
            terminal.say(&format!("\n{}", render::errors(&errors, terminal.err_look())));
        }
        let nothing = summary.done.is_empty() && summary.failed.is_empty() && summary.blocked.is_empty();
        if !nothing || summary.next.is_some() || !summary.left_behind.is_empty() {
            terminal.say(&format!("\n{}", render::summary(&outcome(summary, self.destroy, next), terminal.err_look())));
        }
        // After a run that did not get to its end they would only push out of sight what to do next; `output` has them.
        if !self.destroy && !summary.outputs.is_empty() && summary.exit_code() == exit::DONE {
            terminal.say("\noutputs");
            terminal.data(&output::lines(&summary.outputs));
        }
        summary.exit_code()
    }
}

/// What was seen in the plan and said yes to is not silent any more: what is declared wins.
fn decide_drift(session: &mut Session) {
    if session.settings.on_drift == OnDrift::Fail {
        session.settings.on_drift = OnDrift::Revert;
    }
}

fn outcome(summary: &Summary, destroy: bool, next: Option<String>) -> Outcome {
    let blocked = summary.blocked.iter().map(|(urn, by)| match urn == by {
        true => urn.path().to_owned(),
        false => format!("{}: {} failed", urn.path(), by.path()),
    });
    Outcome {
        destroy,
        interrupted: summary.interrupted,
        done: summary.done.len(),
        failed: summary.failed.len() + usize::from(summary.store_error.is_some()),
        blocked: blocked.collect(),
        left_behind: summary.left_behind.iter().map(|(urn, what)| format!("{}: {what}", urn.path())).collect(),
        took: summary.took,
        calls: summary.calls.clone(),
        next,
    }
}

fn summary_json(summary: &Summary, next: Option<&str>) -> Json {
    let done: Vec<Json> = summary.done.iter().map(|(urn, op)| json!({ "urn": urn, "op": op.word() })).collect();
    let failed: Vec<Json> =
        summary.failed.iter().map(|(urn, error)| json!({ "urn": urn, "error": error_json(error) })).collect();
    let blocked: Vec<Json> = summary.blocked.iter().map(|(urn, by)| json!({ "urn": urn, "by": by })).collect();
    let left: Vec<Json> = summary.left_behind.iter().map(|(urn, what)| json!({ "urn": urn, "what": what })).collect();
    let outputs: serde_json::Map<String, Json> =
        summary.outputs.iter().map(|(name, value)| (name.clone(), value.to_json())).collect();
    json!({
        "version": 1,
        "event": "summary",
        "done": done,
        "failed": failed,
        "blocked": blocked,
        "left_behind": left,
        "outputs": outputs,
        "seconds": summary.took.as_secs_f64(),
        "calls": summary.calls,
        "interrupted": summary.interrupted,
        "store_error": summary.store_error.as_ref().map(error_json),
        "next": next,
        "exit_code": summary.exit_code(),
    })
}

/// Ctrl-C and the polite request to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Error> {
        let listen =
            |kind| signal(kind).map_err(|error| Error::new(Turn::Bug, "listen for signals", error.to_string()));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
