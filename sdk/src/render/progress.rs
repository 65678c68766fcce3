//! A run while it goes on: live lines on a terminal, plain lines in a pipe, JSON lines for machines.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use formwork_engine::Urn;
use formwork_engine::clock::Clock;
use formwork_engine::event::{Consumer, Event};
use formwork_engine::plan::{Op, StepId};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value as Json, json};

use super::{Ink, Look, duration, fit, pace, plural, shown_error, wrapped};
use crate::terminal::Terminal;

/// How many running steps are shown at once; the others are counted.
const SHOWN: usize = 12;
/// After how long a plain line says again that something is still waited for.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// How progress is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// Lines that move, on a terminal.
    Live,
    /// Plain lines on stderr.
    Lines,
    /// JSON lines on stdout.
    Json,
}

/// Tells of a run.
pub(crate) struct Progress {
    terminal: Terminal,
    telling: Telling,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: BTreeMap<StepId, Running>,
    live: Option<Live>,
    /// What is shown while the account is read.
    looking: Option<ProgressBar>,
    /// The calls that wait for their turn, by service, region, and whether they change something.
    paced: BTreeMap<(String, String, bool), Paced>,
}

struct Running {
    urn: Urn,
    op: Op,
    status: String,
    /// When a plain line last told of it.
    told_at: Duration,
    bar: Option<ProgressBar>,
}

/// Calls of one place that wait for their turn, or did.
#[derive(Default)]
struct Paced {
    /// What is said of them while they wait.
    text: Option<String>,
    /// When a plain line last told of it.
    told_at: Option<Duration>,
    bar: Option<ProgressBar>,
}

struct Live {
    bars: MultiProgress,
    total: ProgressBar,
}

impl Progress {
    pub(crate) fn new(terminal: Terminal, telling: Telling, clock: Arc<dyn Clock>) -> Self {
        Self { terminal, telling, clock, state: Mutex::default() }
    }

    /// Takes away what moves, so that something else can be written.
    pub(crate) fn end(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Consumer for Progress {
    fn consume(&self, event: &Event) {
        if self.telling == Telling::Json {
            self.terminal.data(&event_json(event).to_string());
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.stopwatch();
        let told = state.take(event, self.telling, now, self.terminal.err_look());
        if let Some(line) = told.and_then(|()| line(event, self.terminal.err_look())) {
            match &state.live {
                // Above what moves. `suspend` would do it too, and panics on a terminal that is gone.
                Some(live) => drop(live.bars.println(&line)),
                None => self.terminal.say(&line),
            }
        }
        state.draw(self.terminal.err_look());
    }
}

impl State {
    /// Takes notice of an event; `None` when no line is to be written about it.
    fn take(&mut self, event: &Event, telling: Telling, now: Duration, look: Look) -> Option<()> {
        match event {
            Event::ApplyStarted { steps } if telling == Telling::Live => {
                let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                let total = bars.add(ProgressBar::new(*steps as u64).with_style(total_style(look)));
                total.enable_steady_tick(Duration::from_millis(200));
                self.live = Some(Live { bars, total });
            }
            Event::StepStarted { step, urn, op } => {
                let running = Running { urn: urn.clone(), op: *op, status: String::new(), told_at: now, bar: None };
                self.running.insert(*step, running);
            }
            Event::StepWaiting { step, status, .. } => {
                let running = self.running.get_mut(step)?;
                let again = running.status == *status && now.saturating_sub(running.told_at) < SAY_AGAIN;
                status.clone_into(&mut running.status);
                if telling == Telling::Live || again {
                    return None;
                }
                running.told_at = now;
            }
            Event::StepFinished { step, .. } | Event::StepFailed { step, .. } | Event::StepBlocked { step, .. } => {
                let ended = self.running.remove(step);
                if let Some(live) = &self.live {
                    if let Some(bar) = ended.and_then(|running| running.bar) {
                        bar.finish_and_clear();
                        live.bars.remove(&bar);
                    }
                    live.total.inc(1);
                }
            }
            Event::ObservationStarted { resources } if telling == Telling::Live => {
                let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
                bar.set_style(step_style());
                bar.set_message(match resources {
                    0 => "looking into the account".to_owned(),
                    some => format!("reading {}", plural(*some, "resource")),
                });
                bar.enable_steady_tick(Duration::from_millis(200));
                self.looking = Some(bar);
            }
            Event::CallsPaced { service, region, mutate, rate, waiting, throttled } => {
                let key = (service.clone(), region.clone(), *mutate);
                let paced = self.paced.entry(key).or_default();
                paced.text = (*waiting > 0).then(|| pace::waiting(service, region, *waiting, *rate, *throttled));
                if paced.text.is_none()
                    && let Some(bar) = paced.bar.take()
                {
                    bar.finish_and_clear();
                }
                let again = paced.told_at.is_some_and(|told_at| now.saturating_sub(told_at) < SAY_AGAIN);
                if telling == Telling::Live || paced.text.is_none() || again {
                    return None;
                }
                paced.told_at = Some(now);
            }
            Event::ObservationFinished { .. } | Event::ApplyFinished { .. } => self.clear(),
            _ => {}
        }
        Some(())
    }

    /// Takes away what moves.
    fn clear(&mut self) {
        for paced in self.paced.values_mut() {
            paced.bar.take().iter().for_each(ProgressBar::finish_and_clear);
            paced.text = None;
        }
        if let Some(bar) = self.looking.take() {
            bar.finish_and_clear();
        }
        if let Some(live) = self.live.take() {
            live.total.finish_and_clear();
            // A terminal that is gone needs no clearing.
            let _ = live.bars.clear();
        }
    }

    /// Brings the moving lines up to date: the longest running ones have one each.
    fn draw(&mut self, look: Look) {
        let width = look.width.saturating_sub(14);
        let Some(live) = &self.live else {
            if let Some(bar) = &self.looking
                && let Some(text) = self.paced.values().find_map(|paced| paced.text.as_ref())
            {
                bar.set_message(fit(&format!("reading; {text}"), width));
            }
            return;
        };
        for paced in self.paced.values_mut() {
            let Some(text) = &paced.text else { continue };
            let bar = paced.bar.get_or_insert_with(|| {
                let bar = live.bars.insert_before(&live.total, ProgressBar::new_spinner().with_style(step_style()));
                bar.enable_steady_tick(Duration::from_millis(200));
                bar
            });
            bar.set_message(fit(text, width));
        }
        let mut shown = self.running.values().filter(|running| running.bar.is_some()).count();
        for running in self.running.values_mut() {
            if running.bar.is_none() && shown < SHOWN {
                let bar = live.bars.insert_before(&live.total, ProgressBar::new_spinner().with_style(step_style()));
                bar.enable_steady_tick(Duration::from_millis(200));
                running.bar = Some(bar);
                shown += 1;
            }
            if let Some(bar) = &running.bar {
                let status = if running.status.is_empty() { String::new() } else { format!(": {}", running.status) };
                let text =
                    format!("{} {} ({}){status}", doing(running.op), running.urn.path(), running.urn.kind().short());
                bar.set_message(fit(&text, width));
            }
        }
        let more = self.running.len() - shown;
        live.total.set_message(if more > 0 { format!(", and {more} more running") } else { String::new() });
    }
}

/// Tells of something that takes its time before a run: with the time that passes on a terminal, a line each elsewhere.
pub(crate) struct Waiting {
    terminal: Terminal,
    bar: Option<ProgressBar>,
}

impl Waiting {
    pub(crate) fn new(terminal: Terminal) -> Self {
        let bar = terminal.is_live().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.set_style(step_style());
            bar
        });
        Self { terminal, bar }
    }

    /// Something has begun.
    pub(crate) fn doing(&self, what: &str) {
        match &self.bar {
            Some(bar) => {
                bar.reset();
                bar.enable_steady_tick(Duration::from_millis(200));
                bar.set_message(fit(what, self.terminal.err_look().width.saturating_sub(14)));
            }
            None => self.terminal.say(what),
        }
    }

    /// It came to this.
    pub(crate) fn done(&self, what: &str) {
        self.end();
        self.terminal.say(what);
    }

    /// Takes away what moves.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn total_style(look: Look) -> ProgressStyle {
    // What stands beside the bar takes up to 52 columns.
    let bar = look.width.saturating_sub(52).clamp(4, 30);
    ProgressStyle::with_template(&format!("  {{bar:{bar}}} {{pos}} of {{len}} steps, {{elapsed}}{{msg}}"))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

fn step_style() -> ProgressStyle {
    ProgressStyle::with_template("  {spinner} {msg} {elapsed:.dim}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn doing(op: Op) -> &'static str {
    match op {
        Op::Create => "creating",
        Op::Update => "updating",
        Op::Delete => "deleting",
        Op::Read => "reading",
        Op::Adopt => "adopting",
        Op::Resume => "going on with",
        Op::Move => "renaming",
        Op::Forget => "forgetting",
        Op::Same => "looking at",
    }
}

fn done(op: Op) -> (&'static str, &'static str, Ink) {
    match op {
        Op::Create => ("+", "created", Ink::Create),
        Op::Update => ("~", "updated", Ink::Update),
        Op::Delete => ("-", "deleted", Ink::Delete),
        Op::Read => ("?", "read", Ink::Plain),
        Op::Adopt => ("=", "adopted", Ink::Create),
        Op::Resume => (">", "finished", Ink::Update),
        Op::Move => (">", "renamed", Ink::Update),
        Op::Forget => ("-", "forgotten", Ink::Update),
        Op::Same => (" ", "needed no change", Ink::Plain),
    }
}

/// The line that is written about an event, if one is.
fn line(event: &Event, look: Look) -> Option<String> {
    Some(match event {
        Event::StoreOpened { notes, .. } if notes.is_empty() => return None,
        Event::StoreOpened { notes, .. } => {
            notes.iter().map(|note| format!("{}\n", wrapped(note, look.width, "note: ", "  "))).collect()
        }
        Event::IdentityConfirmed { .. } | Event::ObservationStarted { .. } => return None,
        Event::ObservationFinished { resources, calls, took } if *resources > 0 => {
            format!(
                "read {} with {} in {}",
                plural(*resources, "resource"),
                plural(*calls as usize, "call"),
                duration(*took)
            )
        }
        Event::ObservationFinished { .. } | Event::ApplyStarted { .. } | Event::StepStarted { .. } => return None,
        Event::Prepared { what, error: None } => {
            wrapped(&format!("made {what}, for everybody"), look.width, "  + ", "    ")
        }
        Event::Prepared { what, error: Some(error) } => {
            wrapped(&format!("{what} could not be made: {error}"), look.width, "  ! ", "    ")
        }
        Event::IntentRecovered { urn, finding } => {
            wrapped(&format!("{}: {finding}", urn.path()), look.width, "  > ", "    ")
        }
        Event::RecoveryWaiting { urn, limit } => {
            let what = format!("{} {}", urn.kind().short(), urn.path());
            let text = format!("looking for {what}, which an earlier run may have made: up to {}", duration(*limit));
            wrapped(&text, look.width, "  . ", "    ")
        }
        Event::StepAccepted { .. } => return None,
        Event::StepWaiting { urn, status, stuck, .. } => {
            let what = if *stuck { "is stuck" } else { "waits" };
            format!("  . {} ({}) {what}: {status}", urn.path(), urn.kind().short())
        }
        Event::StepRetried { urn, reason, after, .. } => {
            format!("  . {} ({}) is tried again in {}: {reason}", urn.path(), urn.kind().short(), duration(*after))
        }
        Event::CallsPaced { service, region, waiting, rate, throttled, .. } => {
            format!("  . {}", pace::waiting(service, region, *waiting, *rate, *throttled))
        }
        Event::StepFinished { urn, op, id, took, .. } => {
            let (sign, word, ink) = done(*op);
            let id = id.as_ref().map(|id| format!(": {id}")).unwrap_or_default();
            let rest = format!("{} ({}) {word} in {}{id}", urn.path(), urn.kind().short(), duration(*took));
            format!("  {} {}", look.paint(ink, sign), fit(&rest, look.width.saturating_sub(4)))
        }
        Event::StepFailed { urn, op, error, took, .. } => {
            let rest = format!(
                "{} {} ({}) failed after {}: {}",
                doing(*op),
                urn.path(),
                urn.kind().short(),
                duration(*took),
                shown_error(error)
            );
            format!("  {} {}", look.paint(Ink::Bad, "!"), wrapped(&rest, look.width.saturating_sub(4), "", "    "))
        }
        Event::StepBlocked { urn, by, .. } => {
            format!(
                "  {} {} ({}) not begun: {} failed",
                look.paint(Ink::Faint, "x"),
                urn.path(),
                urn.kind().short(),
                by.path()
            )
        }
        Event::Interrupted => {
            let text = "stopping: no new calls, running ones are waited for and recorded. Ctrl-C again leaves at once; the next run then goes on from the records";
            wrapped(text, look.width, "", "  ")
        }
        Event::ApplyFinished { .. } => return None,
        _ => return None,
    })
}

/// An event for machines: one object, `version` and `event` first.
pub(crate) fn event_json(event: &Event) -> Json {
    let seconds = |time: &Duration| json!((time.as_secs_f64() * 1000.0).round() / 1000.0);
    let (name, fields) = match event {
        Event::StoreOpened { rows, notes } => ("store_opened", json!({ "rows": rows, "notes": notes })),
        Event::IdentityConfirmed { account, region, endpoint } => {
            ("identity_confirmed", json!({ "account": account, "region": region, "endpoint": endpoint }))
        }
        Event::ObservationStarted { resources } => ("observation_started", json!({ "resources": resources })),
        Event::ObservationFinished { resources, calls, took } => {
            ("observation_finished", json!({ "resources": resources, "calls": calls, "seconds": seconds(took) }))
        }
        Event::IntentRecovered { urn, finding } => ("intent_recovered", json!({ "urn": urn, "finding": finding })),
        Event::RecoveryWaiting { urn, limit } => {
            ("recovery_waiting", json!({ "urn": urn, "limit_seconds": seconds(limit) }))
        }
        Event::Prepared { what, error } => {
            ("prepared", json!({ "what": what, "error": error.as_ref().map(ToString::to_string) }))
        }
        Event::ApplyStarted { steps } => ("apply_started", json!({ "steps": steps })),
        Event::StepStarted { step, urn, op } => ("step_started", json!({ "step": step, "urn": urn, "op": op.word() })),
        Event::StepAccepted { step, urn, id } => ("step_accepted", json!({ "step": step, "urn": urn, "id": id })),
        Event::StepWaiting { step, urn, status, stuck } => {
            ("step_waiting", json!({ "step": step, "urn": urn, "status": status, "stuck": stuck }))
        }
        Event::StepRetried { step, urn, reason, after } => {
            ("step_retried", json!({ "step": step, "urn": urn, "reason": reason, "after_seconds": seconds(after) }))
        }
        Event::CallsPaced { service, region, mutate, rate, waiting, throttled } => (
            "calls_paced",
            json!({
                "service": service,
                "region": region,
                "mutate": mutate,
                "calls_per_second": (rate * 100.0).round() / 100.0,
                "waiting": waiting,
                "throttled": throttled,
            }),
        ),
        Event::StepFinished { step, urn, op, id, took } => {
            ("step_finished", json!({ "step": step, "urn": urn, "op": op.word(), "id": id, "seconds": seconds(took) }))
        }
        Event::StepFailed { step, urn, op, error, took } => (
            "step_failed",
            json!({ "step": step, "urn": urn, "op": op.word(), "error": error_json(error), "seconds": seconds(took) }),
        ),
        Event::StepBlocked { step, urn, op, by } => {
            ("step_blocked", json!({ "step": step, "urn": urn, "op": op.word(), "by": by }))
        }
        Event::Interrupted => ("interrupted", json!({})),
        Event::ApplyFinished { done, failed, blocked, took, calls } => (
            "apply_finished",
            json!({ "done": done, "failed": failed, "blocked": blocked, "seconds": seconds(took), "calls": calls }),
        ),
        _ => ("other", json!({})),
    };
    let mut object = serde_json::Map::from_iter([("version".to_owned(), json!(1)), ("event".to_owned(), json!(name))]);
    if let Json::Object(fields) = fields {
        object.extend(fields);
    }
    Json::Object(object)
}

/// An error for machines.
pub(crate) fn error_json(error: &formwork_engine::Error) -> Json {
    let answer = error.answer.as_ref().map(|answer| {
        json!({ "operation": answer.operation, "code": answer.code, "message": answer.message, "request_id": answer.request_id })
    });
    json!({
        "act": error.act,
        "urn": error.urn,
        "source": error.source_line,
        "reason": error.reason,
        "answer": answer,
        "hints": error.hints,
        "exit_code": error.exit_code(),
    })
}
