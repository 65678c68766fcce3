//! [`Lifecycle`]: the verbs of a resource type in its own types, and `Erased`, which offers them to the engine.

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use formwork_engine::apply::retry::THROTTLED_LIMIT;
use formwork_engine::kind::{
    self, CallClass, CallError, Candidate, Created, Deletion, Kind, Owner, Ownership, Status, Waiting,
};
use formwork_engine::shape::{After, Link};
use formwork_engine::{Answer, ChangeSet, Field, Mismatch, OutputFields, Resource, Schema, Value};

use crate::context::Aws;
use crate::error::{Error, Result};

/// What AWS says a resource is now.
pub struct Observed<R: Resource> {
    /// The arguments as they are now; those that cannot be read (`write_only`) as `None` or default.
    pub args: R,
    /// The outputs.
    pub outputs: R::Outputs,
    /// Whose it is, from its tags.
    pub owner: Option<Ownership>,
    /// A version tag such as an ETag, which an update must name.
    pub version: Option<String>,
    /// Arguments that could not be read, with the reason.
    pub unreadable: BTreeMap<&'static str, String>,
    /// Modifications that AWS has accepted and not made yet, by argument.
    pub pending: BTreeMap<&'static str, Value>,
}

impl<R: Resource> Observed<R> {
    /// An observation of everything.
    pub fn new(args: R, outputs: R::Outputs, owner: Option<Ownership>) -> Self {
        Self { args, outputs, owner, version: None, unreadable: BTreeMap::new(), pending: BTreeMap::new() }
    }
}

/// An update to make: start from `now`, so that what Formwork does not model survives.
pub struct Update<'a, R: Resource> {
    /// Whose it is.
    pub owner: &'a Owner,
    /// Its id.
    pub id: &'a R::Id,
    /// As observed just before.
    pub now: &'a R,
    /// As it is to be.
    pub planned: &'a R,
    /// What to change; destructure it exhaustively.
    pub changes: R::Changes,
    /// The version tag of the observation.
    pub version: Option<&'a str>,
}

/// What an update left to do.
pub struct Updated<C> {
    /// What must wait until the resource is ready; must shrink from call to call.
    pub left: C,
    /// An update id to wait for.
    pub waiting: Option<String>,
}

impl<C: Default> Updated<C> {
    /// Everything was done.
    pub fn done() -> Self {
        Self { left: C::default(), waiting: None }
    }

    /// The rest waits until the resource is ready.
    pub fn later(left: C) -> Self {
        Self { left, waiting: None }
    }
}

/// Per id, what was read; an id that is absent is gone.
pub type Readings<R> = BTreeMap<<R as Resource>::Id, Result<Observed<R>>>;

/// The verbs of a resource type. Contracts: [`formwork_engine::kind::Kind`].
///
/// Order, tokens, waits, retries, comparisons and records are the engine's; a verb only speaks to its service.
pub trait Lifecycle: Resource {
    /// Makes the thing with exactly one call, under the owner's token and tags.
    fn create(aws: &Aws, owner: &Owner, args: &Self) -> impl Future<Output = Result<Created>> + Send;

    /// The status of each, in as few calls as the service allows; absent is gone.
    fn status(aws: &Aws, waiting: &[Waiting]) -> impl Future<Output = Result<BTreeMap<String, Status>>> + Send;

    /// What each is now, batched by filter where the service allows; absent is gone.
    fn read(aws: &Aws, ids: &[Self::Id]) -> impl Future<Output = Result<Readings<Self>>> + Send;

    /// What a lost create of this owner may have made.
    fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> impl Future<Output = Result<Vec<Candidate>>> + Send;

    /// What an earlier deletion left under the name that a create would take, and what the create does about it, in a sentence.
    fn left_over(aws: &Aws, owner: &Owner, args: &Self) -> impl Future<Output = Result<Option<String>>> + Send {
        let _ = (aws, owner, args);
        std::future::ready(Ok(None))
    }

    /// Makes the calls that may be made now, each idempotent.
    fn update(aws: &Aws, update: Update<'_, Self>) -> impl Future<Output = Result<Updated<Self::Changes>>> + Send;

    /// Deletes, or makes a step towards it; not found is done.
    fn delete(aws: &Aws, id: &Self::Id, recorded: &Self) -> impl Future<Output = Result<Deletion>> + Send;
}

/// Offers a [`Lifecycle`] to the engine: the only implementor of [`Kind`].
pub(crate) struct Erased<R> {
    aws: Aws,
    marker: PhantomData<fn() -> R>,
}

/// One line of the registry.
pub(crate) fn kind<R: Lifecycle>(aws: &Aws) -> Arc<dyn Kind> {
    Arc::new(Erased::<R> { aws: aws.clone(), marker: PhantomData })
}

/// A recorded value for a verb: digests stand where secrets were and are of no use to a call.
fn without_digests(value: &Value) -> Value {
    match value {
        Value::Digest(_) => Value::Null,
        Value::List(items) => Value::List(items.iter().map(without_digests).collect()),
        Value::Map(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), without_digests(v))).collect()),
        other => other.clone(),
    }
}

fn mismatch<R: Resource>(verb: &str) -> impl Fn(Mismatch) -> CallError {
    move |mismatch| CallError {
        answer: Answer {
            operation: format!("{} {verb}", R::schema().kind),
            code: "Mismatch".to_owned(),
            message: mismatch.to_string(),
            request_id: None,
        },
        class: CallClass::Refused,
    }
}

fn id<R: Resource>(id: &str) -> std::result::Result<R::Id, CallError> {
    R::Id::from_value(&Value::from(id)).map_err(mismatch::<R>("id"))
}

/// How long a question is asked again.
struct Patience<'a> {
    aws: &'a Aws,
    wait: Duration,
    /// How often it was not answered, and how often that is borne.
    lost: (u32, u32),
    throttled_since: Option<Duration>,
}

impl<'a> Patience<'a> {
    fn new(aws: &'a Aws, bears: u32) -> Self {
        Self { aws, wait: Duration::from_millis(100), lost: (0, bears), throttled_since: None }
    }

    /// Waits before the question is asked again; false when it is not worth asking again.
    async fn has(&mut self, error: &CallError) -> bool {
        match error.class {
            CallClass::Throttled => {
                let now = self.aws.clock().elapsed();
                if now.saturating_sub(*self.throttled_since.get_or_insert(now)) >= THROTTLED_LIMIT {
                    return false;
                }
                // The governor holds it back for longer.
                self.aws.clock().sleep(Duration::from_millis(100)).await;
                true
            }
            CallClass::Unsent | CallClass::Uncertain if self.lost.0 < self.lost.1 => {
                self.lost.0 += 1;
                tokio::time::sleep(self.wait).await;
                self.wait = (self.wait * 2).min(Duration::from_secs(8));
                true
            }
            _ => false,
        }
    }
}

/// How often a question that was not answered is asked again: for about half a minute.
const BEARS: u32 = 7;
/// The same for what is read of one thing with many calls, of which each may fail by itself.
const BEARS_OF_ONE: u32 = 14;

/// Repeats a call that changes nothing while the service does not answer. While the service refuses calls for coming too fast, it is repeated for
/// as long as the engine would bear it: when, is decided by the governor of calls. Mutating calls are repeated by the engine alone, which knows
/// their tokens.
pub(crate) async fn again<T, F: Future<Output = Result<T>>>(
    aws: &Aws,
    call: impl Fn() -> F,
) -> std::result::Result<T, CallError> {
    let mut patience = Patience::new(aws, BEARS);
    loop {
        match call().await {
            Err(Error(error)) if patience.has(&error).await => {}
            answer => return answer.map_err(CallError::from),
        }
    }
}

/// What is read of many things. One that was not answered, or was asked for too fast, is asked for again without the others: neither is it
/// unreadable, nor does it keep them waiting for ever.
async fn read_all<R: Lifecycle>(aws: &Aws, ids: &[R::Id]) -> std::result::Result<Readings<R>, CallError> {
    let mut found = again(aws, || R::read(aws, ids)).await?;
    let mut patience = Patience::new(aws, BEARS_OF_ONE);
    loop {
        let passing =
            |error: &Error| matches!(error.0.class, CallClass::Throttled | CallClass::Unsent | CallClass::Uncertain);
        let missed: Vec<(R::Id, Error)> = found
            .iter()
            .filter_map(|(id, reading)| {
                Some((id.clone(), reading.as_ref().err().filter(|error| passing(error))?.clone()))
            })
            .collect();
        let Some((_, first)) = missed.first() else { return Ok(found) };
        if !patience.has(&first.0).await {
            return Ok(found);
        }
        let missed: Vec<R::Id> = missed.into_iter().map(|(id, _)| id).collect();
        let mut anew = again(aws, || R::read(aws, &missed)).await?;
        for id in missed {
            // Not in the answer any more: gone meanwhile.
            match anew.remove(&id) {
                Some(reading) => drop(found.insert(id, reading)),
                None => drop(found.remove(&id)),
            }
        }
    }
}

#[async_trait]
impl<R: Lifecycle> Kind for Erased<R> {
    fn schema(&self) -> &'static Schema {
        R::schema()
    }

    async fn create(&self, owner: &Owner, args: &Value) -> std::result::Result<Created, CallError> {
        let args = R::from_value(args).map_err(mismatch::<R>("create"))?;
        Ok(R::create(&self.aws, owner, &args).await?)
    }

    async fn status(&self, waiting: &[Waiting]) -> std::result::Result<BTreeMap<String, Status>, CallError> {
        again(&self.aws, || R::status(&self.aws, waiting)).await
    }

    async fn read(
        &self,
        ids: &[String],
    ) -> std::result::Result<BTreeMap<String, std::result::Result<kind::Observed, CallError>>, CallError> {
        let ids = ids.iter().map(|text| id::<R>(text)).collect::<std::result::Result<Vec<_>, _>>()?;
        let readings = read_all::<R>(&self.aws, &ids).await?;
        Ok(readings
            .into_iter()
            .map(|(id, reading)| {
                let observed = reading.map(|seen| kind::Observed {
                    args: seen.args.to_value(),
                    outputs: seen.outputs.to_value(),
                    version: seen.version,
                    unreadable: seen.unreadable.into_iter().map(|(name, why)| (name.to_owned(), why)).collect(),
                    pending: seen.pending.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                    owner: seen.owner,
                });
                (id.to_string(), observed.map_err(CallError::from))
            })
            .collect())
    }

    async fn find(&self, owner: &Owner, args: Option<&Value>) -> std::result::Result<Vec<Candidate>, CallError> {
        // Recovery has digests for secrets; a type that needs a secret to recognise its resource does not exist.
        let args = args.map(|args| R::from_value(&without_digests(args)).map_err(mismatch::<R>("find"))).transpose()?;
        again(&self.aws, || R::find(&self.aws, owner, args.as_ref())).await
    }

    async fn left_over(&self, owner: &Owner, args: &Value) -> std::result::Result<Option<String>, CallError> {
        // Where an argument is not known before another step, nothing can be said yet; the create says it then.
        let Ok(args) = R::from_value(&without_digests(args)) else { return Ok(None) };
        again(&self.aws, || R::left_over(&self.aws, owner, &args)).await
    }

    async fn update(&self, update: &kind::Update) -> std::result::Result<kind::Updated, CallError> {
        let target = id::<R>(&update.id)?;
        let now = R::from_value(&without_digests(&update.now)).map_err(mismatch::<R>("update, from"))?;
        let planned = R::from_value(&without_digests(&update.planned)).map_err(mismatch::<R>("update, to"))?;
        let updated = R::update(
            &self.aws,
            Update {
                owner: &update.owner,
                id: &target,
                now: &now,
                planned: &planned,
                changes: R::Changes::from_names(&update.changes),
                version: update.version.as_deref(),
            },
        )
        .await?;
        Ok(kind::Updated { left: updated.left.names(), waiting: updated.waiting })
    }

    async fn delete(&self, target: &str, recorded: &Value) -> std::result::Result<Deletion, CallError> {
        let target = id::<R>(target)?;
        let recorded = R::from_value(&without_digests(recorded)).map_err(mismatch::<R>("delete"))?;
        Ok(R::delete(&self.aws, &target, &recorded).await?)
    }
}

/// A declared role of a service comes before what the service makes, and goes after it.
pub(crate) const fn after_role_of(service: &'static str) -> After {
    After {
        kind: "aws:iam/service-linked-role",
        link: Link::Any,
        where_theirs: Some(("service", service)),
        where_mine: None,
    }
}

/// Every id is ready as soon as it is there: for types without a status of their own.
pub(crate) fn all_ready(ids: impl IntoIterator<Item = String>) -> BTreeMap<String, Status> {
    ids.into_iter().map(|id| (id, Status::Ready)).collect()
}
