//! [`Kind`]: the verbs of a resource type as the engine calls them, and everything they take and answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::Answer;
use crate::event::Consumer;
use crate::preflight::{Intended, Preflight, Preparation};
use crate::program::{ProviderName, ProviderSpec};
use crate::shape::{ReadSchema, Schema};
use crate::state::Fence;
use crate::urn::{KindName, Uid, Urn};
use crate::value::Value;

/// Who a resource belongs to: what is written into its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// `project/stack:lineage` ([`crate::record::owner_tag`]): the value of the tag `formwork:stack`.
    pub stack: String,
    /// The value of the tag `formwork:id`.
    pub uid: Uid,
    /// The token of the create's intent: the value of the tag `formwork:token` and, where AWS takes one, the client token.
    pub token: String,
    /// A comment for people: the tag `formwork:urn`.
    pub urn: Urn,
}

/// What a create call answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The id as AWS answered it.
    pub id: String,
    /// Arguments that must be handed to `update` beside those marked `after_create`.
    pub left: BTreeSet<String>,
    /// A change id to wait for, where the status of the resource does not say it.
    pub waiting: Option<String>,
}

impl Created {
    /// Made, with nothing left beside the arguments marked `after_create`.
    pub fn whole(id: impl Into<String>) -> Self {
        Self { id: id.into(), left: BTreeSet::new(), waiting: None }
    }
}

/// One resource whose status is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// The resource.
    pub id: String,
    /// An update or change id answered by an earlier verb.
    pub change: Option<String>,
}

/// How a resource is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Under way, in AWS's own word. A word that is not known counts as pending too.
    Pending(String),
    /// May be used.
    Ready,
    /// Does not get on, for this reason; goes on waiting, shown.
    Stuck(String),
    /// Failed for good, in AWS's words.
    Failed(String),
    /// Not there.
    Gone,
}

/// What AWS says a resource is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The arguments in declared shape.
    pub args: Value,
    /// The outputs.
    pub outputs: Value,
    /// A version tag such as an ETag, which an update must name.
    pub version: Option<String>,
    /// Arguments that could not be read, with the reason (a missing permission): counted as unchanged, with a warning.
    pub unreadable: BTreeMap<String, String>,
    /// Modifications that AWS has accepted and not made yet, by argument; under [`crate::plan::PENDING_WINDOW`] the text of the window, where AWS
    /// names one.
    pub pending: BTreeMap<String, Value>,
    /// Whose it is, from its tags; `None` when untagged.
    pub owner: Option<Ownership>,
}

impl Observed {
    /// Whose it is, unless it is nobody's or the store's own (`ours` is its [`crate::record::owner_tag`]).
    pub(crate) fn others(&self, ours: &str) -> Option<&Ownership> {
        self.owner.as_ref().filter(|owner| owner.stack != ours)
    }
}

/// The ownership tags of an observed resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// The tag `formwork:stack`.
    pub stack: String,
    /// The tag `formwork:id`.
    pub uid: Uid,
    /// The tag `formwork:token`.
    pub token: Option<String>,
}

/// A thing that carries the ownership tags of a stack, as a list of tags shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its kind, where the list and the tags tell it; what is of no kind of ours is called in the list's own words.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub owner: Ownership,
    /// The name that it was made under, from the tag `formwork:urn`; `None` where that tag is missing or is no urn.
    pub urn: Option<Urn>,
}

/// What is looked for in the lists of tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sought {
    /// `project/stack`, of whatever lineage: the value of the tag `formwork:stack` goes on with `:`.
    pub stack: String,
    /// The kinds that are asked about; `None`: all that the cloud knows.
    pub kinds: Option<BTreeSet<KindName>>,
    /// Ids that rows have: where each thing would have to be asked for its tags, these need not be.
    pub known: BTreeSet<String>,
    /// Of how many things of one type the tags are asked for one by one at most, the newest first; `None`: of all.
    pub most: Option<usize>,
}

impl Sought {
    /// Whether a kind is asked about.
    pub fn asks(&self, kind: &str) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|asked| asked.as_str() == kind))
    }
}

/// What the lists of tags showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// What carries the tag.
    pub marks: Vec<Mark>,
    /// The kinds whose lists could not be had, with the reason.
    pub refused: Vec<(String, CallError)>,
    /// What was not asked since it would have been too many questions, in sentences.
    pub unasked: Vec<String>,
}

/// How a candidate for a lost create was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// Only its name fits: never ownership.
    Name,
    /// It carries our uid, from another token (another attempt or generation).
    Tag,
    /// It carries the token of this very intent.
    Token,
}

/// Something that may be what a lost create made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// Why it may be ours.
    pub proof: Proof,
}

/// An update to make.
#[derive(Debug, Clone)]
pub struct Update {
    /// Whose it is.
    pub owner: Owner,
    /// Its id.
    pub id: String,
    /// What was observed just before (what was applied, where it could not be read).
    pub now: Value,
    /// What is to be, complete and resolved.
    pub planned: Value,
    /// The arguments to change.
    pub changes: BTreeSet<String>,
    /// The version tag of the observation.
    pub version: Option<String>,
}

/// What an update left to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Updated {
    /// Arguments that must wait until the resource is ready; `update` is called again with them. Must shrink from call to call.
    pub left: BTreeSet<String>,
    /// An update id to wait for.
    pub waiting: Option<String>,
}

/// What a delete call did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Done,
    /// It is going: wait until `status` says `Gone`.
    Wait,
    /// The same, as a task of the service's with this id, by which `status` is asked for it: such a task may fail.
    Task(String),
    /// A step towards it was made (disabled, emptied): wait until `Ready`, then call `delete` again.
    Again,
}

/// Why a call to the cloud failed, classified so that the engine can decide without knowing the cloud.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} answered {}: {}", answer.operation, answer.code, answer.message)]
pub struct CallError {
    /// What was said.
    pub answer: Answer,
    /// What it means.
    pub class: CallClass,
}

/// What a failed call means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallClass {
    /// Too many calls: nothing was done; slow down and repeat.
    Throttled,
    /// It never left (no connection): nothing was done; repeat at once.
    Unsent,
    /// It may have been executed: the answer was lost, or a 5xx came. A create is repeated at once only under a token, otherwise after `find`.
    Uncertain,
    /// A known, passing refusal (an IAM principal not visible yet): repeat for at most this long.
    Passing(Duration),
    /// Not allowed.
    Denied,
    /// The credentials are expired or missing.
    Credentials,
    /// There is one already.
    Exists,
    /// Refused for good.
    Refused,
}

/// The verbs of a resource type. The engine decides order, tokens, waits, retries and records; a type only speaks to its service.
#[async_trait]
pub trait Kind: Send + Sync {
    /// The schema.
    fn schema(&self) -> &'static Schema;

    /// Makes the thing with exactly one call.
    ///
    /// # Guarantees
    /// Sends the owner's token and tags where the call takes them. Arguments marked `after_create` are not sent.
    async fn create(&self, owner: &Owner, args: &Value) -> Result<Created, CallError>;

    /// The status of each, in as few calls as the service allows; an id that is absent from the answer is gone.
    async fn status(&self, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>, CallError>;

    /// What each is now; an id that is absent from the answer is gone. One that cannot be read does not fail the rest.
    async fn read(&self, ids: &[String]) -> Result<BTreeMap<String, Result<Observed, CallError>>, CallError>;

    /// What a lost create of this owner may have made; with `args`, also by natural name.
    async fn find(&self, owner: &Owner, args: Option<&Value>) -> Result<Vec<Candidate>, CallError>;

    /// What an earlier deletion left under the name that a create of this owner would take, and what the create does about it, in a
    /// sentence: a secret that is only scheduled for deletion. Types that leave nothing answer nothing.
    async fn left_over(&self, owner: &Owner, args: &Value) -> Result<Option<String>, CallError> {
        let _ = (owner, args);
        Ok(None)
    }

    /// Makes the calls that may be made now, in the service's order, each idempotent.
    async fn update(&self, update: &Update) -> Result<Updated, CallError>;

    /// Deletes, or makes a step towards it; "not found" is done.
    async fn delete(&self, id: &str, recorded: &Value) -> Result<Deletion, CallError>;
}

/// The verb of a read.
#[async_trait]
pub trait Read: Send + Sync {
    /// The schema.
    fn schema(&self) -> &'static ReadSchema;

    /// Looks it up; answers a map of outputs.
    async fn read(&self, args: &Value) -> Result<Value, CallError>;
}

/// The types of one account and region.
#[derive(Clone, Default)]
pub struct Registry {
    kinds: BTreeMap<&'static str, Arc<dyn Kind>>,
    reads: BTreeMap<&'static str, Arc<dyn Read>>,
    /// The account, such as `123456789012`.
    pub account: String,
    /// The region, such as `eu-west-1`.
    pub region: String,
}

impl Registry {
    /// An empty registry.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        Self { account: account.into(), region: region.into(), ..Self::default() }
    }

    /// Adds a resource type.
    pub fn add_kind(&mut self, kind: Arc<dyn Kind>) {
        self.kinds.insert(kind.schema().kind, kind);
    }

    /// Adds a read.
    pub fn add_read(&mut self, read: Arc<dyn Read>) {
        self.reads.insert(read.schema().kind, read);
    }

    /// The resource type of that name.
    pub fn kind(&self, name: &str) -> Option<&Arc<dyn Kind>> {
        self.kinds.get(name)
    }

    /// The read of that name.
    pub fn read(&self, name: &str) -> Option<&Arc<dyn Read>> {
        self.reads.get(name)
    }

    /// All resource types, by name.
    pub fn kinds(&self) -> impl Iterator<Item = &Arc<dyn Kind>> {
        self.kinds.values()
    }

    /// All reads, by name.
    pub fn reads(&self) -> impl Iterator<Item = &Arc<dyn Read>> {
        self.reads.values()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("account", &self.account)
            .field("region", &self.region)
            .field("kinds", &self.kinds.keys())
            .finish()
    }
}

/// Gives the registry of each provider; the only way from the engine to a cloud.
#[async_trait]
pub trait Cloud: Send + Sync {
    /// Who the default credentials are: the first call of every run.
    async fn identity(&self) -> Result<Identity, CallError>;

    /// The registry of a provider. `spec` is `None` for the default one and for names that only the rows know (`region` then comes from the row).
    async fn registry(&self, name: &ProviderName, spec: Option<&ProviderSpec>) -> Result<Arc<Registry>, CallError>;

    /// What carries the tag of a stack, of any lineage, and is reached through a provider: for strays, for records that were lost, and for "the
    /// store is empty but the stack exists". One kind that may not be listed does not fail the rest.
    async fn marked(
        &self,
        name: &ProviderName,
        spec: Option<&ProviderSpec>,
        sought: &Sought,
    ) -> Result<Swept, CallError>;

    /// What it would refuse of what is intended, as far as that can be known before anything is called; asks at most a few questions of the account.
    /// A cloud that knows nothing finds nothing.
    async fn preflight(&self, intended: &[Intended]) -> Preflight {
        let _ = intended;
        Preflight::default()
    }

    /// Makes what [`Cloud::preflight`] found to be missing in an account. Made by somebody else meanwhile, it is made. A cloud that never finds
    /// anything missing has nothing to make.
    async fn prepare(&self, preparation: &Preparation) -> Result<(), CallError> {
        let _ = preparation;
        Ok(())
    }

    /// Calls made so far by `service operation`.
    fn calls(&self) -> BTreeMap<String, u64>;

    /// What every call that changes something must ask before it leaves; one that may not must not be sent. A cloud that cannot ask relies on the
    /// engine, which asks before every verb.
    fn fence(&self, fence: Arc<dyn Fence>) {
        drop(fence);
    }

    /// Tells this consumer from now on when calls wait for their turn ([`crate::event::Event::CallsPaced`]). A cloud that paces nothing has
    /// nothing to tell.
    fn listen(&self, events: Arc<dyn Consumer>) {
        let _ = events;
    }

    /// Where a service has refused calls for coming too fast so far.
    fn throttled(&self) -> Vec<Throttled> {
        Vec::new()
    }

    /// The account is about to be looked at for one plan or refresh: until [`Cloud::observation_ends`] a question that was answered need not be
    /// asked again, unless something was changed in between. A cloud that remembers nothing has nothing to do.
    fn observation_begins(&self) {}

    /// The look is over, whether it came to its end or not: what was remembered for it is forgotten. Answers what a reader must know of how it
    /// was looked, in sentences.
    fn observation_ends(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What came of calls that were too fast for their service, in one place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Throttled {
    /// The service, such as `ec2`.
    pub service: String,
    /// The region.
    pub region: String,
    /// Whether these are the calls that change something.
    pub mutate: bool,
    /// How many calls were refused.
    pub refused: u64,
    /// The fewest calls per second that were left to it.
    pub slowest: f64,
    /// How long all of its calls have waited for their turn, taken together.
    pub waited: Duration,
}

/// What the credentials are, for the binding of a store.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// The partition, such as `aws`.
    pub partition: String,
    /// The caller's ARN.
    pub caller: String,
    /// The default region.
    pub region: String,
    /// The endpoint when it is not AWS itself; for the emulator, with its instance.
    pub endpoint: Option<String>,
}
