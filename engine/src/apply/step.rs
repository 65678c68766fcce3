//! One step as a state machine on a task of its own. It owns nothing: what is to be recorded goes to the dispatcher, and each commit is awaited
//! before the call that needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::Context;
use super::resolve::{self, OutputsNow};
use super::retry::{Advice, Failing, Jitter, Verb, advise};
use super::slots::Slot;
use super::underway::under;
use super::wait::{MISSES, Until, Waited, Watch};
use crate::error::{Error, Turn};
use crate::event::Event;
use crate::kind::{CallClass, CallError, Kind, Observed, Owner, Waiting};
use crate::plan::{self, Op, Step, StepId, Verified};
use crate::program::Declaration;
use crate::record::{Entry, Intent, IntentOp, Row, RowState, Stored};
use crate::shape::{Schema, Wait};
use crate::urn::random_hex;
use crate::value::Value;

mod create;
mod delete;
mod update;

pub(crate) use create::{has_tags, is_ours};

/// What a step is given when it starts.
pub(super) struct Assignment {
    /// The step.
    pub(super) step: Step,
    /// The row it starts from.
    pub(super) row: Option<Row>,
    /// For the delete in a replacement: the create.
    pub(super) successor: Option<Step>,
    /// All rows of its uid.
    pub(super) family: Vec<Row>,
    /// The outputs that its expressions refer to.
    pub(super) outputs: OutputsNow,
}

/// What a step tells the dispatcher.
pub(super) enum Message {
    /// Make these durable, then tell the event, then answer whether they are.
    Commit {
        /// What to commit.
        entries: Vec<Entry>,
        /// What happened by it.
        event: Option<Event>,
        /// `true` when they are durable; `false` when the store failed and nothing more may be called.
        ack: oneshot::Sender<bool>,
    },
    /// Something to tell.
    Told(Event),
    /// It ended well.
    Finished(StepId, Finish),
    /// It did not.
    Failed(StepId, Failure),
}

/// How a step ended well.
#[derive(Default)]
pub(super) struct Finish {
    /// Its outcome, to be committed.
    pub(super) entries: Vec<Entry>,
    /// The outputs it has now.
    pub(super) outputs: Option<Value>,
    /// What it turned out to be, where that is less than was planned.
    pub(super) shrunk: Option<Op>,
    /// The id.
    pub(super) id: Option<String>,
}

/// How a step ended otherwise.
pub(super) struct Failure {
    /// What it leaves, to be committed.
    pub(super) entries: Vec<Entry>,
    /// Why.
    pub(super) stop: Stop,
}

/// Why a step does not go on.
pub(super) enum Stop {
    /// It cannot.
    Failed(Box<Error>),
    /// The run was asked to stop.
    Interrupted,
    /// The store failed.
    Store,
}

impl Stop {
    pub(super) fn failed(error: Error) -> Self {
        Stop::Failed(Box::new(error))
    }
}

/// What is recorded if the step stops where it is.
enum OnStop {
    /// Nothing was begun.
    Nothing,
    /// There is an intent of which no call took effect.
    Drop,
    /// The row as it stands resolves the intent.
    Record(Box<Row>),
    /// Only the next run can tell: the intent stays open.
    LeaveOpen,
}

/// Runs a step to its end; the message says how it ended.
pub(super) async fn run(
    assignment: Assignment,
    context: Arc<Context>,
    tell: mpsc::UnboundedSender<Message>,
) -> Message {
    let id = assignment.step.id;
    match Task::new(assignment, context, tell) {
        Ok(mut task) => match task.perform().await {
            Ok(finish) => Message::Finished(id, finish),
            Err(stop) => Message::Failed(id, task.failure(stop)),
        },
        Err(error) => told(id, Err(Stop::failed(error))),
    }
}

/// The message of a step that leaves nothing when it fails.
pub(super) fn told(id: StepId, ended: Result<Finish, Stop>) -> Message {
    match ended {
        Ok(finish) => Message::Finished(id, finish),
        Err(stop) => Message::Failed(id, Failure { entries: Vec::new(), stop }),
    }
}

/// What [`plan::verify`] made of a step, ready to be sent.
struct Decided {
    op: Op,
    planned: Value,
    changes: BTreeSet<String>,
}

struct Task {
    step: Step,
    row: Option<Row>,
    successor: Option<Step>,
    family: Vec<Row>,
    outputs: OutputsNow,
    kind: Arc<dyn Kind>,
    schema: &'static Schema,
    declaration: Option<Declaration>,
    context: Arc<Context>,
    tell: mpsc::UnboundedSender<Message>,
    jitter: Jitter,
    on_stop: OnStop,
    /// What the step sends: for telling its secrets from what the cloud repeats.
    sent: Value,
    /// The arguments that are not sent and of which only digests are known: the row keeps these.
    kept: BTreeMap<String, Value>,
}

impl Task {
    fn new(
        Assignment { step, row, successor, family, outputs }: Assignment,
        context: Arc<Context>,
        tell: mpsc::UnboundedSender<Message>,
    ) -> Result<Self, Error> {
        let registry = context.registry(&step);
        let kind = registry.and_then(|registry| registry.kind(step.kind.as_str())).cloned().ok_or_else(|| {
            let reason = format!("no type `{}` is known for its provider", step.kind);
            Error::new(Turn::Bug, step.op.word(), reason).about(&step.urn, step.source.as_ref())
        })?;
        let schema = kind.schema();
        let jitter = Jitter::seeded(step.uid.as_str());
        let declaration = context.program.resources.get(&step.urn).cloned();
        let on_stop = OnStop::Nothing;
        Ok(Self {
            step,
            row,
            successor,
            family,
            outputs,
            kind,
            schema,
            declaration,
            context,
            tell,
            jitter,
            on_stop,
            sent: Value::Null,
            kept: BTreeMap::new(),
        })
    }

    async fn perform(&mut self) -> Result<Finish, Stop> {
        match self.step.op {
            Op::Create => self.create().await,
            Op::Update => self.update().await,
            Op::Resume => self.resume().await,
            Op::Adopt => self.adopt().await,
            Op::Delete => self.delete().await,
            // The dispatcher does these itself: they make no call to a resource.
            Op::Read | Op::Move | Op::Forget | Op::Same => Ok(Finish::default()),
        }
    }

    fn failure(&mut self, stop: Stop) -> Failure {
        let key = (self.step.uid.clone(), self.step.generation);
        let entries = match std::mem::replace(&mut self.on_stop, OnStop::Nothing) {
            OnStop::Nothing | OnStop::LeaveOpen => Vec::new(),
            OnStop::Drop => vec![Entry::Dropped { uid: key.0, generation: key.1 }],
            OnStop::Record(row) => vec![Entry::Row(*row)],
        };
        Failure { entries, stop }
    }

    /// Waits until the entries are durable.
    async fn commit(&self, entries: Vec<Entry>, event: Option<Event>) -> Result<(), Stop> {
        let (ack, durable) = oneshot::channel();
        let _ = self.tell.send(Message::Commit { entries, event, ack });
        match durable.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Stop::Store),
        }
    }

    fn told(&self, event: Event) {
        let _ = self.tell.send(Message::Told(event));
    }

    /// A slot for a call, unless the run was asked to stop.
    async fn slot(&self) -> Result<Slot, Stop> {
        let slot = tokio::select! {
            biased;
            () = self.context.cancel.stopped() => return Err(Stop::Interrupted),
            slot = self.context.slots.take(self.step.weight) => slot,
        };
        if self.context.cancel.is_stopped() { Err(Stop::Interrupted) } else { Ok(slot) }
    }

    /// Whether the store is still this run's to write, asked directly before a call leaves.
    async fn fenced(&self) -> Result<(), Stop> {
        let Some(fence) = &self.context.fence else { return Ok(()) };
        let about = |error| Error::from(error).about(&self.step.urn, self.step.source.as_ref());
        fence.check().await.map_err(|error| Stop::failed(about(error)))
    }

    /// Makes a call under a slot.
    async fn under<T>(&self, slot: Slot, call: impl Future<Output = T>) -> T {
        let context = &self.context;
        under(&context.slots, slot, self.step.weight, &context.cancel, call).await
    }

    /// Waits before a repetition, and says so.
    async fn pause(&self, error: &CallError, after: Duration) -> Result<(), Stop> {
        if self.context.cancel.is_stopped() {
            return Err(Stop::Interrupted);
        }
        let reason = resolve::without_secrets(&error.to_string(), &self.sent);
        self.told(Event::StepRetried { step: self.step.id, urn: self.step.urn.clone(), reason, after });
        self.sleep(after).await
    }

    async fn sleep(&self, duration: Duration) -> Result<(), Stop> {
        tokio::select! {
            biased;
            () = self.context.cancel.stopped() => Err(Stop::Interrupted),
            () = self.context.clock.sleep(duration) => Ok(()),
        }
    }

    /// Makes a call that may be repeated as it is, until it is answered or the table says to give up. `Err` inside is the answer then.
    async fn call<T>(
        &mut self,
        verb: Verb,
        make: impl Fn(Arc<dyn Kind>) -> BoxFuture<'static, Result<T, CallError>>,
    ) -> Result<Result<T, CallError>, Stop> {
        let mut failing = Failing::default();
        loop {
            let slot = self.slot().await?;
            self.fenced().await?;
            let answer = self.under(slot, make(Arc::clone(&self.kind))).await;
            let error = match answer {
                Ok(answer) => return Ok(Ok(answer)),
                Err(error) => error,
            };
            let tried = failing.again(error.class, &*self.context.clock);
            match advise(error.class, verb, tried, self.jitter.draw()) {
                Advice::RetryAfter(after) => self.pause(&error, after).await?,
                Advice::FindFirst(_) | Advice::GiveUp => return Ok(Err(error)),
            }
        }
    }

    /// Waits for a status. `unseen` is how long "absent" means "not visible yet".
    async fn wait(
        &self,
        id: &str,
        change: Option<String>,
        wait: Wait,
        until: Until,
        unseen: Duration,
    ) -> Result<Waited, Stop> {
        let (tell, step, urn) = (self.tell.clone(), self.step.id, self.step.urn.clone());
        let told = move |word: &str, stuck: bool| {
            let event = Event::StepWaiting { step, urn: urn.clone(), status: word.to_owned(), stuck };
            let _ = tell.send(Message::Told(event));
        };
        let waiting = Waiting { id: id.to_owned(), change };
        let watch = Watch { waiting, wait, until, unseen, tell: Box::new(told) };
        let place = self.place();
        let waited = tokio::select! {
            biased;
            () = self.context.cancel.stopped() => return Err(Stop::Interrupted),
            waited = self.context.waits.wait(&place, &self.kind, watch) => waited,
        };
        match waited {
            Waited::Refused(error) => Err(self.refused(error)),
            Waited::Paused(heard) => {
                let heard = if heard.is_empty() { String::new() } else { format!("; last heard: {heard}") };
                let reason = format!("it is not done after {} s{heard}", wait.limit.as_secs());
                let error = self.error(Turn::Provider, reason);
                Err(Stop::failed(
                    error.hint("run again: the wait goes on, nothing was undone").hint("or raise its `timeouts`"),
                ))
            }
            ended => Ok(ended),
        }
    }

    /// What the resource is now; `None` when it is not there. One that is new may be invisible for as long as `unseen`.
    async fn look_at(&self, id: &str, unseen: Duration) -> Result<Option<Observed>, Stop> {
        // Even services that promise nothing may answer from a replica that is a moment behind.
        let unseen = unseen.max(Duration::from_secs(5));
        let began = self.context.clock.elapsed();
        let mut pause = Duration::from_millis(500);
        let mut misses = 0;
        loop {
            let place = self.place();
            let answer = tokio::select! {
                biased;
                () = self.context.cancel.stopped() => return Err(Stop::Interrupted),
                answer = self.context.waits.read(&place, &self.kind, id) => answer,
            };
            match answer {
                Ok(Some(observed)) => return Ok(Some(observed)),
                Err(error) => return Err(self.refused(error)),
                Ok(None) if misses >= MISSES && self.context.clock.elapsed().saturating_sub(began) >= unseen => {
                    return Ok(None);
                }
                Ok(None) => {
                    misses += 1;
                    self.sleep(pause).await?;
                }
            }
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    /// What an existing resource is now.
    async fn observe(&self, id: &str) -> Result<Observed, Stop> {
        match self.look_at(id, Duration::ZERO).await? {
            Some(observed) => Ok(observed),
            None => {
                let error = self.error(Turn::Provider, format!("{id} is not there any more"));
                Err(Stop::failed(error.hint("run again: the next plan sees what is left")))
            }
        }
    }

    /// What a step is now that its arguments are known: the planned thing or something smaller, and the complete arguments to make true.
    fn decide(&mut self, step: &Step, row: Option<&Row>, token: &str) -> Result<Decided, Stop> {
        let about = |error: Error| Stop::failed(error.about(&step.urn, step.source.as_ref()));
        let declaration = self.declaration.as_ref();
        let (op, args, changes) = match declaration {
            Some(declaration) => {
                let verified = plan::verify(step, declaration, row, &self.outputs, &self.context.digester);
                let Verified { op, args, changed_args } = verified.map_err(about)?;
                (op, args, changed_args)
            }
            None => (step.op, step.planned.clone(), step.changed_args.clone()),
        };
        let left = row.map(|row| &row.left);
        let sent =
            |name: &str| op == Op::Create || changes.contains(name) || left.is_some_and(|left| left.contains(name));
        let planned = resolve::planned(self.schema, declaration, &args, &self.outputs, &sent).map_err(about)?;
        self.kept = match op {
            Op::Create => BTreeMap::new(),
            _ => resolve::unsent(&args, row.map(|row| &row.left), &changes),
        };
        let recorded = row.map_or(Value::Null, |row| row.applied.to_value());
        let planned = resolve::names(self.schema.args, &planned, &recorded, token);
        self.sent = planned.clone();
        Ok(Decided { op, planned, changes })
    }

    /// What pollers and readers are shared by.
    fn place(&self) -> String {
        format!("{}/{}", self.step.provider, self.step.region)
    }

    fn owner(&self, token: &str) -> Owner {
        Owner {
            stack: self.context.stack_tag.clone(),
            uid: self.step.uid.clone(),
            token: token.to_owned(),
            urn: self.step.urn.clone(),
        }
    }

    fn error(&self, turn: Turn, reason: impl Into<String>) -> Error {
        Error::new(turn, self.step.op.word(), reason).about(&self.step.urn, self.step.source.as_ref())
    }

    /// The end of a call that was given up, as an error of the step.
    fn refused(&self, mut error: CallError) -> Stop {
        error.answer.message = resolve::without_secrets(&error.answer.message, &self.sent);
        let turn = match error.class {
            CallClass::Credentials => Turn::Credentials,
            _ => Turn::Provider,
        };
        let hint = match error.class {
            CallClass::Credentials => Some("renew the credentials, then run again: it goes on where it stopped"),
            CallClass::Denied => Some("allow the caller this action, then run again"),
            CallClass::Throttled | CallClass::Unsent | CallClass::Uncertain => {
                Some("run again: what was begun is found and finished")
            }
            _ => None,
        };
        let failed = self.error(turn, error.to_string()).answered(error.answer);
        Stop::failed(match hint {
            Some(hint) => failed.hint(hint),
            None => failed,
        })
    }

    /// The row as it will be when the step is done, without what only the cloud can say.
    fn row_ahead(&self, planned: &Value, state: RowState) -> Result<Row, Stop> {
        let before = self.row.as_ref();
        let context = &self.context;
        let registry = context.registry(&self.step);
        let mut row = Row {
            uid: self.step.uid.clone(),
            generation: self.step.generation,
            urn: self.step.urn.clone(),
            kind: self.step.kind.clone(),
            kind_version: self.schema.version,
            state,
            provider: self.step.provider.clone(),
            account: registry.map_or_else(|| self.step.account.clone(), |registry| registry.account.clone()),
            region: registry.map_or_else(|| self.step.region.clone(), |registry| registry.region.clone()),
            id: String::new(),
            natural_key: plan::natural_key(self.schema, planned),
            applied: self.stored(planned),
            observed: None,
            outputs: Stored::from_value(&Value::empty_map(), &context.digester),
            expressions: std::collections::BTreeMap::new(),
            formulas: std::collections::BTreeMap::new(),
            left: BTreeSet::new(),
            waiting: None,
            edges: self.step.edges.clone(),
            options: before.map(|row| row.options.clone()).unwrap_or_default(),
            token: None,
            deployment: context.deployment,
            source: self.step.source.clone(),
            reason: None,
            accepted: std::collections::BTreeMap::new(),
        };
        if let Some(declaration) = &self.declaration {
            row.expressions = super::expressions(declaration);
            row.formulas = super::formulas(declaration, &context.digester);
            row.options = super::options(declaration, before.map(|row| &row.options), &self.outputs, &context.digester)
                .map_err(|error| Stop::failed(self.error(Turn::You, error.to_string())))?;
        }
        if let Some(before) = before.filter(|row| row.generation == self.step.generation) {
            row.id = before.id.clone();
            row.observed = before.observed.clone();
            row.outputs = before.outputs.clone();
            row.token = before.token.clone();
            row.accepted = self.step.still_accepted(before);
        }
        Ok(row)
    }

    /// The arguments as a row records them: what is not sent stays as it was recorded.
    fn stored(&self, applied: &Value) -> Stored {
        Stored::from_value(&resolve::with_kept(applied, &self.kept), &self.context.digester)
    }

    /// Puts what was read into a row. What was declared secret stays secret in what the cloud says.
    fn record_observed(&self, row: &mut Row, observed: &Observed, planned: &Value) {
        let recorded = row.applied.to_value();
        let args = crate::compare::taint(&observed.args, &[planned, &recorded]);
        row.observed = Some(Stored::from_value(&args, &self.context.digester));
        row.outputs = Stored::from_value(&observed.outputs, &self.context.digester);
    }

    /// An intent for this step.
    fn intent(&self, op: IntentOp, row: Row, token: &str, changes: BTreeSet<String>) -> Intent {
        Intent {
            op,
            row,
            before: self.row.clone().filter(|_| op == IntentOp::Update),
            token: token.to_owned(),
            changes,
            first_sent_at: self.context.clock.now_millis(),
            attempts: 1,
        }
    }

    fn mint(&self) -> String {
        random_hex()
    }
}

/// A wait of a type with a limit of its own for one resource.
fn with_limit(wait: Wait, limit: Option<Duration>) -> Wait {
    Wait { limit: limit.unwrap_or(wait.limit), ..wait }
}

/// Whether a type is ready when its call answers, so that nothing has to be asked.
fn is_none(wait: &Wait) -> bool {
    let none = Wait::NONE;
    wait.delay == none.delay && wait.every == none.every && wait.agree == none.agree
}
