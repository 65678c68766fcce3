//! `up`, `destroy` and `import`: what was left open is resolved, the plan is shown, consent is asked, the steps are done.

use std::collections::BTreeMap;

use formwork_engine::apply::Cancel;
use formwork_engine::error::{Turn, exit};
use formwork_engine::kind::Throttled;
use formwork_engine::plan::{Op, SavedPlan, Step};
use formwork_engine::rollback::Rollback;
use formwork_engine::run::{Preview, Session, Summary};
use formwork_engine::settings::{OnDrift, Settings};
use formwork_engine::{Error, Program, Urn};
use serde_json::{Value as Json, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::args::UpArgs;
use super::keys::Need;
use super::session::{self, Purpose};
use super::target::{Connected, Target};
use super::{At, output, prompt, rollback, saved};
use crate::environment::Environment;
use crate::render::{self, Intent, Outcome, Telling, error_json, wrapped};

/// What a run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doing {
    /// Everything that is declared.
    Up,
    /// The same with the program that declares nothing.
    Destroy,
    /// Only the adoption of these, by name with the id of what exists.
    Import(BTreeMap<String, String>),
    /// Only the adoption of what another tool has made; the line to type for going on with it.
    Migrate(String),
    /// What an earlier deployment declared.
    Rollback(u64),
}

/// Runs `up`, `destroy` or `import`.
pub(super) fn command(at: At<'_>, args: &UpArgs, doing: Doing) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    if args.json && !args.yes && args.saved.is_none() {
        let reason = "--json asks nothing, and there is no --yes";
        return Err(vec![Error::new(Turn::Refused, "begin", reason).hint("look at `preview` first, then add --yes")]);
    }
    let kept = match &args.saved {
        Some(file) => Some(saved::load(file, &target.stack, doing == Doing::Destroy).map_err(|error| vec![error])?),
        None => None,
    };
    let mut settings = Settings {
        parallel: args.parallel.map_or(Settings::default().parallel, usize::from),
        fail_fast: args.fail_fast,
        destroy: doing == Doing::Destroy,
        imports: match &doing {
            Doing::Import(pairs) => pairs.clone(),
            Doing::Up | Doing::Destroy | Doing::Migrate(_) | Doing::Rollback(_) => BTreeMap::new(),
        },
        ..session::settings(&target, &args.plan)?
    };
    if let Some(kept) = &kept {
        settings = saved::settings(kept, settings, &args.plan).map_err(|error| vec![error])?;
    }
    let program = match doing {
        // What goes back has its program from the records.
        Doing::Destroy | Doing::Rollback(_) => {
            target.unlock(at, Need::Welcome)?;
            Program::empty(at.runner.project(), &target.stack)
        }
        Doing::Up | Doing::Import(_) | Doing::Migrate(_) => target.program(at)?,
    };
    let emulator = target.emulator(at)?;
    at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        Run { at, args, target: &target, connected: &connected, program: &program, doing }.go(settings, kept).await
    })
}

/// One run, after its account is known.
pub(super) struct Run<'a> {
    pub(super) at: At<'a>,
    pub(super) args: &'a UpArgs,
    pub(super) target: &'a Target,
    pub(super) connected: &'a Connected,
    pub(super) program: &'a Program,
    pub(super) doing: Doing,
}

impl Run<'_> {
    pub(super) async fn go(&self, settings: Settings, kept: Option<SavedPlan>) -> Result<u8, Vec<Error>> {
        let at = self.at;
        let telling = match (self.args.json, at.terminal.is_live()) {
            (true, _) => Telling::Json,
            (false, true) => Telling::Live,
            (false, false) => Telling::Lines,
        };
        let purpose = Purpose::Change(format!("{} {}", self.verb(), self.target.stack));
        let (mut session, progress) = session::open(at, self.target, self.connected, settings, telling, &purpose)?;
        let mut back = self.back(&mut session).await?;
        let found = session.recover(back.as_ref().map_or(self.program, |back| &back.program)).await?;
        if !found.is_empty() {
            // What was left open has become rows, which going back starts from.
            back = self.back(&mut session).await?;
        }
        let program = back.as_ref().map_or(self.program, |back| &back.program);
        let preview = match &back {
            Some(back) => session.preview_rollback(back).await,
            None => session.preview(program).await,
        };
        progress.end();
        let (preview, left_out) = match &kept {
            Some(kept) => session.restrict(preview?, kept).map_err(|error| vec![error])?,
            None => (preview?, Vec::new()),
        };
        self.show(&preview, &left_out);
        if !preview.plan.problems.is_empty() {
            at.terminal.say(&render::problems(&preview.plan.problems, at.terminal.err_look()));
            return Ok(exit::BAD_INPUT);
        }
        if !preview.plan.is_noop() && self.args.expect_no_changes {
            let reason = "there are changes, and none were expected";
            return Err(vec![Error::new(Turn::Refused, "begin", reason)]);
        }
        if !preview.plan.is_noop() {
            self.consent(&mut session, &preview)?;
            if kept.is_some() {
                // Whoever saved the plan has seen what drifted and what becomes of it.
                decide_drift(&mut session);
            } else {
                self.go_ahead(&mut session)?;
            }
        }
        let summary = self.apply(&mut session, program, preview).await;
        progress.end();
        match summary? {
            Some(summary) => Ok(self.end(&summary)),
            None => {
                let command = self.next(&[]);
                at.terminal.say(&format!("left at once; what was done is recorded\n  next: {command}"));
                Ok(exit::INTERRUPTED)
            }
        }
    }

    async fn back(&self, session: &mut Session) -> Result<Option<Rollback>, Vec<Error>> {
        match self.doing {
            Doing::Rollback(number) => rollback::find(session, number).await.map(Some),
            _ => Ok(None),
        }
    }

    fn verb(&self) -> &'static str {
        match self.doing {
            Doing::Up => "up",
            Doing::Destroy => "destroy",
            Doing::Import(_) | Doing::Migrate(_) => "import",
            Doing::Rollback(_) => "rollback",
        }
    }

    /// The command that goes on where this run stopped, after these were done.
    fn next(&self, done: &[(Urn, Op)]) -> String {
        if let Doing::Migrate(line) = &self.doing {
            return line.clone();
        }
        let mut command = self.target.command(self.at, self.verb(), &self.args.stack);
        if let Doing::Rollback(number) = self.doing {
            command.push_str(&format!(" {number}"));
        }
        if let Doing::Import(pairs) = &self.doing {
            let is_done = |name: &str| done.iter().any(|(urn, _)| name == urn.as_str() || name == urn.path());
            for (name, id) in pairs.iter().filter(|(name, _)| !is_done(name)) {
                command.push_str(&format!(" {name} {id}"));
            }
        }
        command
    }

    /// Shows what will be done; and, of a saved plan, what is called for now and will not.
    fn show(&self, Preview { plan, calls, .. }: &Preview, left_out: &[Step]) {
        let terminal = self.at.terminal;
        if self.args.json {
            let left_out: Vec<Json> =
                left_out.iter().map(|step| json!({ "urn": step.urn, "op": step.op.word() })).collect();
            let plan = plan.to_json();
            let event = json!({ "version": 1, "event": "planned", "plan": plan, "left_out": left_out, "calls": calls });
            terminal.data(&event.to_string());
            return;
        }
        if let Some(sentence) = saved::left_out(left_out) {
            terminal.say(&wrapped(&sentence, terminal.err_look().width, "", "  "));
        }
        let heading = self.connected.heading(match self.doing {
            Doing::Up => Intent::Up,
            Doing::Destroy => Intent::Destroy,
            Doing::Import(_) | Doing::Migrate(_) => Intent::Import,
            Doing::Rollback(number) => Intent::Rollback(number),
        });
        terminal.say(&render::plan(plan, &heading, terminal.err_look()));
    }

    /// Asks for consent where it was not given by flags.
    fn consent(&self, session: &mut Session, preview: &Preview) -> Result<(), Vec<Error>> {
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
        Ok(())
    }

    /// Asks whether to do it, unless that was said by a flag.
    fn go_ahead(&self, session: &mut Session) -> Result<(), Vec<Error>> {
        let terminal = self.at.terminal;
        if self.args.yes {
            return Ok(());
        }
        let question = match self.doing {
            Doing::Up => format!("Make these changes to {}?", self.target.stack),
            Doing::Destroy => format!("Delete all of this from {} for good?", self.target.stack),
            Doing::Rollback(number) => {
                format!("Take {} back to deployment {number}, with these changes?", self.target.stack)
            }
            Doing::Import(_) | Doing::Migrate(_) => {
                format!("Take this over into {}, with these changes?", self.target.stack)
            }
        };
        prompt::go_ahead(&question, terminal).map_err(|error| vec![error])?;
        decide_drift(session);
        Ok(())
    }

    /// Does the steps. The first Ctrl-C lets running calls settle, the second one leaves at once: `None`. A terminal that closes asks for the first
    /// alone, however often: shells and the system both say it.
    async fn apply(
        &self,
        session: &mut Session,
        program: &Program,
        preview: Preview,
    ) -> Result<Option<Summary>, Vec<Error>> {
        let cancel = Cancel::new();
        let mut signals = Signals::listen(self.at.environment).map_err(|error| vec![error])?;
        let run = session.up(program, preview, &cancel);
        tokio::pin!(run);
        loop {
            tokio::select! {
                summary = &mut run => return summary.map(Some),
                asked = signals.next() => {
                    if cancel.is_stopped() && asked == Asked::ByHand {
                        return Ok(None);
                    }
                    cancel.stop();
                }
            }
        }
    }

    fn end(&self, summary: &Summary) -> u8 {
        let terminal = self.at.terminal;
        let next = summary.next.as_ref().map(|_| self.next(&summary.done));
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
            terminal.say(&format!(
                "\n{}",
                render::summary(&outcome(summary, self.doing == Doing::Destroy, next), terminal.err_look())
            ));
        }
        // After a run that did not get to its end they would only push out of sight what to do next; `output` has them.
        if matches!(self.doing, Doing::Up | Doing::Rollback(_))
            && !summary.outputs.is_empty()
            && summary.exit_code() == exit::DONE
        {
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
        throttled: summary.throttled.clone(),
        next,
    }
}

fn summary_json(summary: &Summary, next: Option<&str>) -> Json {
    let done: Vec<Json> = summary.done.iter().map(|(urn, op)| json!({ "urn": urn, "op": op.word() })).collect();
    let failed: Vec<Json> =
        summary.failed.iter().map(|(urn, error)| json!({ "urn": urn, "error": error_json(error) })).collect();
    let blocked: Vec<Json> = summary.blocked.iter().map(|(urn, by)| json!({ "urn": urn, "by": by })).collect();
    let left: Vec<Json> = summary.left_behind.iter().map(|(urn, what)| json!({ "urn": urn, "what": what })).collect();
    let throttled: Vec<Json> = summary.throttled.iter().map(throttled_json).collect();
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
        "throttled": throttled,
        "interrupted": summary.interrupted,
        "store_error": summary.store_error.as_ref().map(error_json),
        "next": next,
        "exit_code": summary.exit_code(),
    })
}

fn throttled_json(one: &Throttled) -> Json {
    json!({
        "service": one.service,
        "region": one.region,
        "mutate": one.mutate,
        "refused": one.refused,
        "calls_per_second": one.slowest,
        "waited_seconds": one.waited.as_secs_f64(),
    })
}

/// How a run was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// By somebody, who may ask again.
    ByHand,
    /// By the end of its terminal.
    Hangup,
}

/// Ctrl-C, the polite request to end, and the end of the terminal.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    fn listen(environment: Environment) -> Result<Self, Error> {
        let listen =
            |kind| signal(kind).map_err(|error| Error::new(Turn::Bug, "listen for signals", error.to_string()));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            // Whoever began it with `nohup` wants it to go on without a terminal.
            hangup: (!environment.ignores_hangup()).then(|| listen(SignalKind::hangup())).transpose()?,
        })
    }

    async fn next(&mut self) -> Asked {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Asked::ByHand,
            _ = self.terminate.recv() => Asked::ByHand,
            () = hangup => Asked::Hangup,
        }
    }
}
