//! [`ScriptedCloud`]: an account in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::account::{Behaviour, Thing, check_known, mentions, natural_name, revealed};
use super::journal::Journal;
use crate::error::Answer;
use crate::kind::{
    CallClass, CallError, Candidate, Cloud, Created, Deletion, Identity, Kind, Mark, Observed, Owner, Ownership, Proof,
    Read, Registry, Sought, Status, Swept, Update, Updated, Waiting,
};
use crate::preflight::{Intended, Preflight, Problem};
use crate::program::{ProviderName, ProviderSpec};
use crate::shape::{Guard, ReadSchema, Schema};
use crate::urn::{Uid, Urn};
use crate::value::Value;

/// The account that everything is in.
const ACCOUNT: &str = "123456789012";
/// The region of the default provider.
const REGION: &str = "eu-west-1";

/// Whether a fault comes before or after the call has taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Nothing was done.
    Before,
    /// It was done, and the answer was lost.
    After,
}

/// A failure that is planned.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Of which type; empty for any.
    pub kind: String,
    /// Of which verb: `create`, `status`, `read`, `find`, `update`, `delete`.
    pub verb: String,
    /// Calls of that type and verb that are let through before it.
    pub skip: u32,
    /// Calls that fail then.
    pub times: u32,
    /// Before or after the effect.
    pub when: When,
    /// What the failure means.
    pub class: CallClass,
}

impl Fault {
    /// The next call of this type and verb fails, before it has taken effect.
    pub fn new(kind: &str, verb: &str, class: CallClass) -> Self {
        Self { kind: kind.to_owned(), verb: verb.to_owned(), skip: 0, times: 1, when: When::Before, class }
    }

    /// Lets so many through first.
    #[must_use]
    pub fn skip(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// Fails so many.
    #[must_use]
    pub fn times(mut self, calls: u32) -> Self {
        self.times = calls;
        self
    }

    /// Loses the answer instead of the call.
    #[must_use]
    pub fn after(mut self) -> Self {
        self.when = When::After;
        self
    }
}

/// An account in memory, of the types it was given. Shared by clones.
///
/// It is strict: a thing that another one mentions is not deleted, what mentions something deleted is not made, and a value that is not known
/// or a digest is refused. Nothing in it depends on time or chance.
#[derive(Clone)]
pub struct ScriptedCloud {
    shared: Arc<Shared>,
}

struct Shared {
    schemas: Vec<&'static Schema>,
    reads: Vec<&'static ReadSchema>,
    journal: Journal,
    account: Mutex<Account>,
}

#[derive(Default)]
struct Account {
    identity: Option<Identity>,
    things: BTreeMap<(String, String), Thing>,
    deleted: BTreeSet<String>,
    /// What is gone and still shown, for so many looks.
    ghosts: BTreeMap<(String, String), u32>,
    minted: u64,
    /// The names in the tags of things, by the uid in them.
    names: BTreeMap<Uid, Urn>,
    behaviours: BTreeMap<String, Behaviour>,
    faults: Vec<Fault>,
    answers: BTreeMap<String, Value>,
    calls: BTreeMap<String, u64>,
    under_way: usize,
    most_under_way: usize,
    most_waiting: usize,
    looks: usize,
    warnings: Vec<String>,
    refusals: BTreeMap<String, String>,
}

impl ScriptedCloud {
    /// An empty account of these types.
    pub fn new(schemas: &[&'static Schema]) -> Self {
        Self::with_reads(schemas, &[])
    }

    /// An empty account of these types and reads.
    pub fn with_reads(schemas: &[&'static Schema], reads: &[&'static ReadSchema]) -> Self {
        let shared = Shared {
            schemas: schemas.to_vec(),
            reads: reads.to_vec(),
            journal: Journal::new(),
            account: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Says of a resource, by its path, that it would be refused: the reason begins with its argument in backticks.
    pub fn would_refuse(&self, path: &str, reason: &str) {
        self.with(|account| account.refusals.insert(path.to_owned(), reason.to_owned()));
    }

    /// What happened; its points are those of the calls.
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// Says who the credentials are.
    pub fn set_identity(&self, identity: Identity) {
        self.with(|account| account.identity = Some(identity));
    }

    /// Says how things of a type behave from now on.
    pub fn behave(&self, kind: &str, behaviour: Behaviour) {
        self.with(|account| account.behaviours.insert(kind.to_owned(), behaviour));
    }

    /// Plans a failure.
    pub fn fail(&self, fault: Fault) {
        self.with(|account| account.faults.push(fault));
    }

    /// Says what a read answers.
    pub fn answer(&self, read: &str, outputs: Value) {
        self.with(|account| account.answers.insert(read.to_owned(), outputs));
    }

    /// Says what the next look at the account ends with.
    pub fn warn(&self, sentence: &str) {
        self.with(|account| account.warnings.push(sentence.to_owned()));
    }

    /// How many looks at the account are under way.
    pub fn looks(&self) -> usize {
        self.with(|account| account.looks)
    }

    /// What is in the account, by kind and id.
    pub fn things(&self) -> Vec<Thing> {
        self.with(|account| account.things.values().cloned().collect())
    }

    /// Changes an argument behind the engine's back.
    pub fn drift(&self, id: &str, arg: &str, value: impl Into<Value>) {
        let value = value.into();
        self.with(|account| {
            for thing in account.things.values_mut().filter(|thing| thing.id == id) {
                set(&mut thing.args, arg, value.clone());
            }
        });
    }

    /// The next reads of something say of an argument what it was before.
    pub fn read_late(&self, id: &str, arg: &str, value: impl Into<Value>, reads: u32) {
        let value = value.into();
        self.with(|account| {
            for thing in account.things.values_mut().filter(|thing| thing.id == id) {
                thing.stale = Some((reads, arg.to_owned(), value.clone()));
            }
        });
    }

    /// Hides something from the next reads, as if it had just been made.
    pub fn hide(&self, id: &str, reads: u32) {
        self.with(|account| {
            account.things.values_mut().filter(|thing| thing.id == id).for_each(|thing| thing.unseen = reads);
        });
    }

    /// Deletes something behind the engine's back.
    pub fn remove(&self, id: &str) {
        self.with(|account| account.things.retain(|_, thing| thing.id != id));
    }

    /// Puts something there that is somebody else's.
    pub fn put_foreign(&self, kind: &str, args: Value, owner: Option<Ownership>) -> String {
        let Some(schema) = self.shared.schemas.iter().find(|schema| schema.kind == kind) else {
            return String::new();
        };
        self.with(|account| account.insert(schema, REGION, args, owner))
    }

    /// The most mutating calls and finds that were under way at once.
    pub fn most_at_once(&self) -> usize {
        self.with(|account| account.most_under_way)
    }

    /// The most ids that one status call asked for.
    pub fn most_polled_together(&self) -> usize {
        self.with(|account| account.most_waiting)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Account) -> T) -> T {
        act(&mut self.shared.account.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One call: its points, its faults, its line in the journal, and its effect.
    async fn call<T>(
        &self,
        kind: &str,
        verb: &str,
        subject: &str,
        effect: impl FnOnce(&mut Account) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let counted = !matches!(verb, "status" | "read");
        self.with(|account| {
            *account.calls.entry(format!("{kind} {verb}")).or_default() += 1;
            account.under_way += usize::from(counted);
            account.most_under_way = account.most_under_way.max(account.under_way);
        });
        self.shared.journal.point().await;
        // A call takes a while: others get their turn.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let result = self.with(|account| {
            account.under_way -= usize::from(counted);
            let fault = account.take_fault(kind, verb);
            if let Some(fault) = fault.as_ref().filter(|fault| fault.when == When::Before) {
                return Err(error(kind, verb, "Scripted", "a planned failure", fault.class));
            }
            let result = effect(account);
            fault.map_or(result, |fault| Err(error(kind, verb, "Scripted", "a lost answer", fault.class)))
        });
        let outcome = if result.is_ok() { "" } else { " failed" };
        self.shared.journal.write(format!("call {verb} {kind} {subject}{outcome}").trim_end().to_owned());
        self.shared.journal.point().await;
        result
    }
}

impl Account {
    fn take_fault(&mut self, kind: &str, verb: &str) -> Option<Fault> {
        let at = self
            .faults
            .iter()
            .position(|fault| (fault.kind.is_empty() || fault.kind == kind) && fault.verb == verb && fault.times > 0)?;
        let fault = self.faults.get_mut(at)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.clone())
    }

    fn insert(&mut self, schema: &'static Schema, region: &str, args: Value, owner: Option<Ownership>) -> String {
        self.minted += 1;
        let noun = schema.kind.rsplit('/').next().unwrap_or(schema.kind);
        let name = natural_name(schema, &args).filter(|_| schema.guard != Guard::Token);
        let id = name.unwrap_or_else(|| format!("{noun}-{:04}", self.minted));
        let behaviour = self.behaviours.get(schema.kind).cloned().unwrap_or_default();
        let mut taken = BTreeMap::new();
        for arg in schema.args {
            let given = args.get(arg.name);
            let absent = arg.after_create || given.is_null() || behaviour.leaves.contains(arg.name);
            let value = if absent { arg.default.map_or(Value::Null, |default| default()) } else { revealed(given) };
            taken.insert(arg.name.to_owned(), value);
        }
        let thing = Thing {
            kind: schema.kind.to_owned(),
            region: region.to_owned(),
            id: id.clone(),
            args: Value::Map(taken),
            owner,
            pending: behaviour.create_polls,
            unseen: behaviour.lag,
            stale: None,
            failed: behaviour.fails,
            stuck: behaviour.stuck,
            deleting: false,
            disabled: false,
            updates: 0,
        };
        self.things.insert((schema.kind.to_owned(), id.clone()), thing);
        id
    }

    /// Takes a thing away. An id that is a name may be taken again; one that was minted never comes back.
    fn bury(&mut self, schema: &Schema, key: &(String, String)) {
        if let Some(shown) = self.behaviours.get(schema.kind).map(|behaviour| behaviour.shows_deleted) {
            self.ghosts.insert(key.clone(), shown);
        }
        if let Some(thing) = self.things.remove(key)
            && thing.name(schema).as_ref() != Some(&thing.id)
        {
            self.deleted.insert(thing.id);
        }
    }

    fn named(&self, schema: &Schema, region: &str, args: &Value) -> Option<&Thing> {
        let name = natural_name(schema, args)?;
        self.things.values().find(|thing| {
            thing.kind == schema.kind && thing.region == region && thing.name(schema).as_ref() == Some(&name)
        })
    }
}

/// One type in one region.
struct ScriptedKind {
    cloud: ScriptedCloud,
    schema: &'static Schema,
    region: String,
}

impl ScriptedKind {
    fn key(&self, id: &str) -> (String, String) {
        (self.schema.kind.to_owned(), id.to_owned())
    }

    fn refuse(&self, verb: &str, code: &str, message: impl Into<String>) -> CallError {
        error(self.schema.kind, verb, code, message, CallClass::Refused)
    }
}

#[async_trait]
impl Kind for ScriptedKind {
    fn schema(&self) -> &'static Schema {
        self.schema
    }

    async fn create(&self, owner: &Owner, args: &Value) -> Result<Created, CallError> {
        let schema = self.schema;
        self.cloud
            .call(schema.kind, "create", owner.urn.path(), |account| {
                check_known(args).map_err(|reason| self.refuse("create", "InvalidParameterValue", reason))?;
                if let Some(id) = account.deleted.iter().find(|id| mentions(args, id)) {
                    return Err(self.refuse("create", "InvalidId.NotFound", format!("{id} does not exist")));
                }
                let left = account.behaviours.get(schema.kind).map(|it| it.leaves.clone()).unwrap_or_default();
                let created = |id: String| Created { id, left: left.clone(), waiting: None };
                let again = account.things.values().find(|thing| {
                    let token = thing.owner.as_ref().and_then(|owner| owner.token.as_ref());
                    schema.guard == Guard::Token && thing.kind == schema.kind && token == Some(&owner.token)
                });
                if let Some(thing) = again {
                    return Ok(created(thing.id.clone()));
                }
                account.names.insert(owner.uid.clone(), owner.urn.clone());
                let ours =
                    Ownership { stack: owner.stack.clone(), uid: owner.uid.clone(), token: Some(owner.token.clone()) };
                if let Some(taken) = account.named(schema, &self.region, args) {
                    if schema.guard != Guard::Upsert {
                        let message = format!("{} exists already", taken.id);
                        return Err(error(schema.kind, "create", "AlreadyExists", message, CallClass::Exists));
                    }
                    let id = taken.id.clone();
                    account.things.remove(&self.key(&id));
                }
                let tags = crate::apply::has_tags(schema);
                Ok(created(account.insert(schema, &self.region, args.clone(), tags.then_some(ours))))
            })
            .await
    }

    async fn status(&self, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>, CallError> {
        let subject = waiting.iter().map(|one| one.id.as_str()).collect::<Vec<_>>().join(" ");
        self.cloud
            .call(self.schema.kind, "status", &subject, |account| {
                account.most_waiting = account.most_waiting.max(waiting.len());
                let mut answers = BTreeMap::new();
                for one in waiting {
                    let key = self.key(&one.id);
                    let Some(thing) = account.things.get_mut(&key).filter(|thing| thing.region == self.region) else {
                        if let Some(shown) = account.ghosts.get_mut(&key).filter(|shown| **shown > 0) {
                            *shown -= 1;
                            answers.insert(one.id.clone(), Status::Ready);
                        }
                        continue;
                    };
                    let status = thing.poll();
                    if status.is_none() && thing.deleting && thing.pending == 0 {
                        account.bury(self.schema, &key);
                    }
                    if let Some(status) = status {
                        answers.insert(one.id.clone(), status);
                    }
                }
                Ok(answers)
            })
            .await
    }

    async fn read(&self, ids: &[String]) -> Result<BTreeMap<String, Result<Observed, CallError>>, CallError> {
        self.cloud
            .call(self.schema.kind, "read", &ids.join(" "), |account| {
                let mut answers = BTreeMap::new();
                for id in ids {
                    let key = self.key(id);
                    let Some(thing) = account.things.get_mut(&key).filter(|thing| thing.region == self.region) else {
                        continue;
                    };
                    if thing.unseen > 0 {
                        thing.unseen -= 1;
                        continue;
                    }
                    let mut args = thing.readable(self.schema);
                    if let Some((reads, arg, value)) = &mut thing.stale
                        && *reads > 0
                    {
                        *reads -= 1;
                        set(&mut args, arg, value.clone());
                    }
                    let observed = Observed {
                        args,
                        outputs: thing.outputs(self.schema),
                        version: Some(format!("v{}", thing.updates)),
                        unreadable: BTreeMap::new(),
                        pending: BTreeMap::new(),
                        owner: thing.owner.clone(),
                    };
                    answers.insert(id.clone(), Ok(observed));
                }
                Ok(answers)
            })
            .await
    }

    async fn find(&self, owner: &Owner, args: Option<&Value>) -> Result<Vec<Candidate>, CallError> {
        let schema = self.schema;
        self.cloud
            .call(schema.kind, "find", owner.urn.path(), |account| {
                let mut found = Vec::new();
                for thing in account.things.values_mut() {
                    if thing.kind != schema.kind || thing.region != self.region {
                        continue;
                    }
                    let proof = match &thing.owner {
                        Some(tags) if tags.token.as_ref() == Some(&owner.token) => Some(Proof::Token),
                        Some(tags) if tags.uid == owner.uid && tags.stack == owner.stack => Some(Proof::Tag),
                        _ => None,
                    };
                    let same_name = args
                        .and_then(|args| natural_name(schema, args))
                        .is_some_and(|name| thing.name(schema) == Some(name));
                    let Some(proof) = proof.or(same_name.then_some(Proof::Name)) else { continue };
                    if thing.unseen > 0 {
                        thing.unseen -= 1;
                        continue;
                    }
                    found.push(Candidate { id: thing.id.clone(), proof });
                }
                Ok(found)
            })
            .await
    }

    async fn update(&self, update: &Update) -> Result<Updated, CallError> {
        let schema = self.schema;
        let subject =
            format!("{} {}", update.id, update.changes.iter().map(String::as_str).collect::<Vec<_>>().join(","));
        self.cloud
            .call(schema.kind, "update", &subject, |account| {
                let sent = |(name, value): (&String, &Value)| update.changes.contains(name).then(|| check_known(value));
                let sent = update.planned.as_map().into_iter().flatten().filter_map(sent).collect::<Result<(), _>>();
                sent.map_err(|reason| self.refuse("update", "InvalidParameterValue", reason))?;
                let behaviour = account.behaviours.get(schema.kind).cloned().unwrap_or_default();
                let thing =
                    account
                        .things
                        .get_mut(&self.key(&update.id))
                        .filter(|thing| thing.region == self.region)
                        .ok_or_else(|| self.refuse("update", "NotFound", format!("{} does not exist", update.id)))?;
                let mut changes: Vec<&String> = update.changes.iter().collect();
                let later =
                    if behaviour.one_at_a_time && changes.len() > 1 { changes.split_off(1) } else { Vec::new() };
                let made = |arg: &&String| *thing.args.get(arg) == revealed(update.planned.get(arg));
                if behaviour.refuses_no_change && changes.iter().all(made) {
                    return Err(self.refuse(
                        "update",
                        "InvalidParameterException",
                        "it is as wanted already".to_owned(),
                    ));
                }
                for arg in changes {
                    set(&mut thing.args, arg, revealed(update.planned.get(arg)));
                    // Whoever writes tags writes whose the thing is.
                    if schema.arg(arg).is_some_and(|arg| arg.tags) {
                        let Owner { stack, uid, token, urn } = update.owner.clone();
                        account.names.insert(uid.clone(), urn);
                        let token = Some(token).filter(|token| !token.is_empty());
                        thing.owner = Some(Ownership { stack, uid, token });
                    }
                }
                thing.updates += 1;
                thing.pending = behaviour.update_polls;
                Ok(Updated { left: later.into_iter().cloned().collect(), waiting: None })
            })
            .await
    }

    async fn delete(&self, id: &str, _recorded: &Value) -> Result<Deletion, CallError> {
        let schema = self.schema;
        self.cloud
            .call(schema.kind, "delete", id, |account| {
                let key = self.key(id);
                if account.things.get(&key).is_none_or(|thing| thing.region != self.region) {
                    return Ok(Deletion::Done);
                }
                let user = account.things.values().find(|thing| thing.id != id && mentions(&thing.args, id));
                if let Some(user) = user {
                    return Err(self.refuse("delete", "DependencyViolation", format!("{} uses {id}", user.id)));
                }
                let behaviour = account.behaviours.get(schema.kind).cloned().unwrap_or_default();
                let Some(thing) = account.things.get_mut(&key) else { return Ok(Deletion::Done) };
                if thing.deleting {
                    return Ok(Deletion::Wait);
                }
                if behaviour.disable_first && !thing.disabled {
                    thing.disabled = true;
                    thing.pending = behaviour.update_polls;
                    return Ok(Deletion::Again);
                }
                if behaviour.delete_polls > 0 {
                    (thing.deleting, thing.pending) = (true, behaviour.delete_polls);
                    return Ok(Deletion::Wait);
                }
                account.bury(schema, &key);
                Ok(Deletion::Done)
            })
            .await
    }
}

/// A read that answers what it was told to.
struct ScriptedRead {
    cloud: ScriptedCloud,
    schema: &'static ReadSchema,
}

#[async_trait]
impl Read for ScriptedRead {
    fn schema(&self) -> &'static ReadSchema {
        self.schema
    }

    async fn read(&self, _args: &Value) -> Result<Value, CallError> {
        let kind = self.schema.kind;
        self.cloud
            .call(kind, "look up", "", |account| {
                account.answers.get(kind).cloned().ok_or_else(|| {
                    error(kind, "look up", "NotFound", "no answer was given for this read", CallClass::Refused)
                })
            })
            .await
    }
}

#[async_trait]
impl Cloud for ScriptedCloud {
    async fn identity(&self) -> Result<Identity, CallError> {
        let scripted = self.with(|account| account.identity.clone());
        Ok(scripted.unwrap_or_else(|| Identity {
            account: ACCOUNT.to_owned(),
            partition: "aws".to_owned(),
            caller: format!("arn:aws:iam::{ACCOUNT}:user/tester"),
            region: REGION.to_owned(),
            endpoint: None,
        }))
    }

    async fn registry(&self, name: &ProviderName, spec: Option<&ProviderSpec>) -> Result<Arc<Registry>, CallError> {
        let default = || if name.0.is_empty() { REGION.to_owned() } else { name.0.clone() };
        let region = spec.and_then(|spec| spec.region.clone()).unwrap_or_else(default);
        let mut registry = Registry::new(ACCOUNT, region.clone());
        for schema in &self.shared.schemas {
            let kind = ScriptedKind { cloud: self.clone(), schema, region: region.clone() };
            registry.add_kind(Arc::new(kind));
        }
        for schema in &self.shared.reads {
            registry.add_read(Arc::new(ScriptedRead { cloud: self.clone(), schema }));
        }
        Ok(Arc::new(registry))
    }

    async fn marked(
        &self,
        name: &ProviderName,
        spec: Option<&ProviderSpec>,
        sought: &Sought,
    ) -> Result<Swept, CallError> {
        let region = self.registry(name, spec).await?.region.clone();
        let of_stack = |value: &str| value.strip_prefix(&*sought.stack).is_some_and(|rest| rest.starts_with(':'));
        Ok(self.with(|account| {
            let here = account.things.values().filter(|thing| thing.region == region && sought.asks(&thing.kind));
            let owned = here.filter_map(|thing| Some((thing, thing.owner.clone()?)));
            let marks = owned.filter(|(_, owner)| of_stack(&owner.stack)).map(|(thing, owner)| Mark {
                kind: thing.kind.clone(),
                id: thing.id.clone(),
                urn: account.names.get(&owner.uid).cloned(),
                owner,
            });
            Swept { marks: marks.collect(), ..Swept::default() }
        }))
    }

    async fn preflight(&self, intended: &[Intended]) -> Preflight {
        let refusals = self.with(|account| account.refusals.clone());
        let problem = |one: &Intended| {
            let reason = refusals.get(one.urn.path()).filter(|_| one.is_touched())?.clone();
            Some(Problem {
                urn: one.urn.clone(),
                source: one.source.clone(),
                reason,
                hint: "say something else".to_owned(),
            })
        };
        Preflight { problems: intended.iter().filter_map(problem).collect(), ..Preflight::default() }
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.with(|account| account.calls.clone())
    }

    fn observation_begins(&self) {
        self.with(|account| account.looks += 1);
    }

    fn observation_ends(&self) -> Vec<String> {
        self.with(|account| {
            account.looks -= 1;
            std::mem::take(&mut account.warnings)
        })
    }
}

/// The ownership tags that the engine would write for a stack; for [`ScriptedCloud::put_foreign`].
impl Ownership {
    /// The tags of a thing of that stack tag.
    pub fn of(stack: &str, uid: &Uid) -> Self {
        Self { stack: stack.to_owned(), uid: uid.clone(), token: None }
    }
}

fn set(args: &mut Value, arg: &str, value: Value) {
    if let Value::Map(map) = args {
        map.insert(arg.to_owned(), value);
    }
}

fn error(kind: &str, verb: &str, code: &str, message: impl Into<String>, class: CallClass) -> CallError {
    let answer = Answer {
        operation: format!("{kind} {verb}"),
        code: code.to_owned(),
        message: message.into(),
        request_id: None,
    };
    CallError { answer, class }
}
