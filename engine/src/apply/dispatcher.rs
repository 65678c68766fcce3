//! [`Dispatcher`]: owns the state of the run and the store. It alone starts steps, commits, and tells events.
//!
//! Its handling of messages is synchronous: [`Dispatcher::take`] sorts a message into what is to be committed and what follows from it. A batch is
//! what has queued while the commit before was under way; it becomes one commit, and only then are acknowledgements sent, events told and
//! dependants released.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::ready::{Node, ReadySet};
use super::resolve::OutputsNow;
use super::step::{self, Assignment, Failure, Finish, Message, Stop};
use super::{Applied, Context, local};
use crate::error::{Error, Turn};
use crate::event::{Consumer, Event};
use crate::expr::Expr;
use crate::plan::{Op, Step, StepId};
use crate::record::{Entry, Row};
use crate::state::{Snapshot, StateError, Store};
use crate::urn::Urn;
use crate::value::Value;

/// The owner of a run.
pub(super) struct Dispatcher<'a> {
    store: &'a mut dyn Store,
    events: &'a dyn Consumer,
    context: Arc<Context>,
    steps: BTreeMap<StepId, Step>,
    ready: ReadySet<StepId>,
    running: BTreeMap<StepId, Duration>,
    outputs: OutputsNow,
    tally: Applied,
    /// Why nothing starts any more.
    stopped: Option<Stopped>,
    fail_fast: bool,
    tell: mpsc::UnboundedSender<Message>,
    heard: mpsc::UnboundedReceiver<Message>,
}

enum Stopped {
    /// By a signal.
    Interrupted,
    /// By a failure: the first one of a run that is to fail fast, or expired credentials.
    Failure,
    /// By the store.
    Store(StateError),
}

/// What follows from a batch once it is durable.
#[derive(Default)]
struct Consequences {
    entries: Vec<Entry>,
    acks: Vec<oneshot::Sender<bool>>,
    events: Vec<Event>,
    finished: Vec<(StepId, Finish)>,
    failed: Vec<(StepId, Stop)>,
}

impl<'a> Dispatcher<'a> {
    pub(super) fn new(
        store: &'a mut dyn Store,
        events: &'a dyn Consumer,
        context: Arc<Context>,
        steps: Vec<Step>,
        outputs: OutputsNow,
        fail_fast: bool,
    ) -> Self {
        let nodes = steps.iter().map(|step| Node { key: step.id, after: step.after.clone(), weight: step.weight });
        let ready = ReadySet::new(nodes);
        let (tell, heard) = mpsc::unbounded_channel();
        Self {
            store,
            events,
            context,
            steps: steps.into_iter().map(|step| (step.id, step)).collect(),
            ready,
            running: BTreeMap::new(),
            outputs,
            tally: Applied::default(),
            stopped: None,
            fail_fast,
            tell,
            heard,
        }
    }

    /// Runs until nothing runs and nothing can start.
    pub(super) async fn run(mut self) -> Applied {
        // Dropped with the run: a step does not outlive it.
        let mut tasks = JoinSet::new();
        let cancel = self.context.cancel.clone();
        loop {
            if cancel.is_stopped() && self.stopped.is_none() {
                self.stopped = Some(Stopped::Interrupted);
                self.events.consume(&Event::Interrupted);
            }
            let mut batch = self.start(&mut tasks);
            if batch.is_empty() {
                if self.running.is_empty() {
                    break;
                }
                tokio::select! {
                    biased;
                    () = cancel.stopped(), if self.stopped.is_none() => continue,
                    Some(message) = self.heard.recv() => batch.push(message),
                }
            }
            while let Ok(message) = self.heard.try_recv() {
                batch.push(message);
            }
            self.settle(batch).await;
        }
        self.end()
    }

    /// Starts what may start. Steps that make no call are done here, and answered as messages.
    fn start(&mut self, tasks: &mut JoinSet<()>) -> Vec<Message> {
        let mut done = Vec::new();
        while self.stopped.is_none() && !self.context.cancel.is_stopped() {
            let Some(id) = self.ready.start() else { break };
            let Some(step) = self.steps.get(&id) else { continue };
            self.running.insert(id, self.context.clock.stopwatch());
            if step.op != Op::Same {
                self.events.consume(&Event::StepStarted { step: id, urn: step.urn.clone(), op: step.op });
            }
            if local::is_local(step) {
                let row = self.row(step);
                done.push(local::perform(step, row, &self.context, &self.outputs));
                continue;
            }
            let (context, tell) = (Arc::clone(&self.context), self.tell.clone());
            let crash = Error::new(Turn::Bug, step.op.word(), "a step of the run crashed; see the log")
                .about(&step.urn, step.source.as_ref())
                .hint("run again: what was begun is found and finished");
            let work = match step.op {
                Op::Read => {
                    let reads = self.context.program.reads.get(&step.urn);
                    let outputs = self.outputs.restricted(reads.into_iter().flat_map(|read| read.args.values()));
                    let step = step.clone();
                    async move { step::told(id, local::read(&step, &outputs, &context).await) }.boxed()
                }
                _ => step::run(self.assign(step), context, tell.clone()).boxed(),
            };
            tasks.spawn(async move {
                let message = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
                    Message::Failed(id, Failure { entries: Vec::new(), stop: Stop::failed(crash) })
                });
                // Without a dispatcher the run is over, and nobody is left to tell.
                let _ = tell.send(message);
            });
        }
        done
    }

    fn row(&self, step: &Step) -> Option<Row> {
        step.row.as_ref().and_then(|key| self.store.snapshot().row(&key.0, key.1)).cloned()
    }

    fn assign(&self, step: &Step) -> Assignment {
        let snapshot: &Snapshot = self.store.snapshot();
        let declaration = self.context.program.resources.get(&step.urn);
        let expressions = declaration
            .into_iter()
            .flat_map(|declaration| declaration.args.values().chain(&declaration.options.replace_when));
        let expressions: Vec<&Expr> = expressions.collect();
        let successor = self.steps.values().find(|other| {
            step.op == Op::Delete && step.replaces && other.op == Op::Create && other.replaces && other.uid == step.uid
        });
        Assignment {
            step: step.clone(),
            row: self.row(step),
            successor: successor.cloned(),
            family: snapshot.rows_by_uid(&step.uid).cloned().collect(),
            outputs: self.outputs.restricted(expressions),
        }
    }

    /// Makes a batch durable, and then true for everybody.
    async fn settle(&mut self, batch: Vec<Message>) {
        let mut then = Consequences::default();
        for message in batch {
            self.take(message, &mut then);
        }
        let durable = self.commit(&then.entries).await;
        for ack in then.acks {
            // A step that is gone needs no answer.
            let _ = ack.send(durable);
        }
        if durable {
            then.events.iter().for_each(|event| self.events.consume(event));
        }
        for (id, finish) in then.finished {
            if durable || finish.entries.is_empty() { self.finished(id, finish) } else { self.failed(id, Stop::Store) }
        }
        for (id, stop) in then.failed {
            self.failed(id, stop);
        }
    }

    /// Sorts a message into what is to be committed and what follows.
    fn take(&mut self, message: Message, then: &mut Consequences) {
        match message {
            Message::Commit { entries, event, ack } => {
                then.entries.extend(entries);
                then.events.extend(event);
                then.acks.push(ack);
            }
            Message::Told(event) => self.events.consume(&event),
            Message::Finished(id, finish) => {
                then.entries.extend(finish.entries.iter().cloned());
                then.finished.push((id, finish));
            }
            Message::Failed(id, Failure { entries, stop }) => {
                then.entries.extend(entries);
                then.failed.push((id, stop));
            }
        }
    }

    async fn commit(&mut self, entries: &[Entry]) -> bool {
        if matches!(self.stopped, Some(Stopped::Store(_))) {
            return false;
        }
        if entries.is_empty() {
            return true;
        }
        match self.store.commit(entries).await {
            Ok(()) => true,
            Err(error) => {
                self.stopped = Some(Stopped::Store(error));
                false
            }
        }
    }

    fn finished(&mut self, id: StepId, finish: Finish) {
        let Some(began) = self.running.remove(&id) else { return };
        let Some(step) = self.steps.get(&id) else { return };
        if let Some(outputs) = finish.outputs {
            self.outputs.0.insert(step.urn.clone(), outputs);
        }
        let op = finish.shrunk.unwrap_or(step.op);
        if step.op != Op::Same {
            let took = self.context.clock.stopwatch().saturating_sub(began);
            let event = Event::StepFinished { step: id, urn: step.urn.clone(), op, id: finish.id, took };
            self.events.consume(&event);
        }
        if op != Op::Same {
            self.tally.done.push((step.urn.clone(), op));
        }
        self.ready.done(&id);
    }

    fn failed(&mut self, id: StepId, stop: Stop) {
        let Some(began) = self.running.remove(&id) else { return };
        let Some(step) = self.steps.get(&id) else { return };
        let (urn, op) = (step.urn.clone(), step.op);
        let error = match stop {
            Stop::Failed(error) => *error,
            Stop::Interrupted => {
                self.tally.interrupted.push(urn);
                self.ready.failed(&id).into_iter().for_each(|blocked| self.not_begun(blocked));
                return;
            }
            Stop::Store => match &self.stopped {
                Some(Stopped::Store(error)) => Error::from(error.clone()).about(&urn, step.source.as_ref()),
                _ => {
                    Error::new(Turn::Bug, op.word(), "a commit was not acknowledged").about(&urn, step.source.as_ref())
                }
            },
        };
        if self.stopped.is_none() && (self.fail_fast || matches!(error.turn, Turn::Credentials | Turn::Held)) {
            self.stopped = Some(Stopped::Failure);
        }
        let took = self.context.clock.stopwatch().saturating_sub(began);
        let event = Event::StepFailed { step: id, urn: urn.clone(), op, error: Box::new(error.clone()), took };
        self.events.consume(&event);
        self.tally.failed.push((urn.clone(), error));
        for blocked in self.ready.failed(&id) {
            self.blocked(blocked, &urn);
        }
    }

    fn blocked(&mut self, id: StepId, by: &Urn) {
        let Some(step) = self.steps.get(&id).filter(|step| step.op != Op::Same) else { return };
        let event = Event::StepBlocked { step: id, urn: step.urn.clone(), op: step.op, by: by.clone() };
        self.events.consume(&event);
        self.tally.blocked.push((step.urn.clone(), by.clone()));
    }

    fn not_begun(&mut self, id: StepId) {
        if let Some(step) = self.steps.get(&id).filter(|step| step.op != Op::Same) {
            self.tally.not_begun.push(step.urn.clone());
        }
    }

    fn end(mut self) -> Applied {
        for id in self.ready.abandon() {
            self.not_begun(id);
        }
        if let Some(Stopped::Store(error)) = &self.stopped
            && self.tally.failed.is_empty()
        {
            self.tally.store_error = Some(Error::from(error.clone()));
        }
        self.tally.signalled = matches!(self.stopped, Some(Stopped::Interrupted)) || self.context.cancel.is_stopped();
        self.tally.outputs = self.outputs;
        self.tally
    }
}

impl Finish {
    /// The end of a step that recorded something and called nothing.
    pub(super) fn recorded(entries: Vec<Entry>, id: Option<String>, outputs: Option<Value>) -> Self {
        Self { entries, outputs, shrunk: None, id }
    }
}
