//! Asks the account: rows by kind and provider, reads of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt};

use super::existing::Existing;
use super::{Claim, Observations, Place, ReadAnswer, Sight};
use crate::clock::Clock;
use crate::digest::Digester;
use crate::error::{Error, Turn};
use crate::event::{Consumer, Event};
use crate::expr::Outputs;
use crate::graph::{Declared, Graph, NodeId};
use crate::kind::{CallClass, CallError, Cloud, Kind, Registry};
use crate::program::{Declaration, ProviderName, ProviderSpec, ReadDeclaration};
use crate::record::{Row, RowKey, RowState, Stored};
use crate::settings::{Settings, names};
use crate::shape::Schema;
use crate::state::Snapshot;
use crate::urn::Urn;
use crate::value::{Unknown, Value};

/// What is looked at, and with what.
#[derive(Clone, Copy)]
pub struct Looking<'a> {
    /// The account.
    pub cloud: &'a dyn Cloud,
    /// What is declared.
    pub graph: &'a Graph,
    /// What is recorded.
    pub snapshot: &'a Snapshot,
    /// What the caller decided.
    pub settings: &'a Settings,
    /// Who is told.
    pub events: &'a dyn Consumer,
    /// Measures how long it takes.
    pub clock: &'a dyn Clock,
    /// The answers of the reads of other stacks, which are no matter of the account.
    pub stacks: &'a BTreeMap<Urn, ReadAnswer>,
    /// What declared resources take over: they are read like what is adopted by its id.
    pub claims: &'a BTreeMap<Urn, Claim>,
}

pub(crate) type Registries = BTreeMap<(ProviderName, String), Arc<Registry>>;

/// Reads everything that a plan looks at.
///
/// # Expected flow
/// Rows, adoptions and upserts at the same time, one call per kind and provider, at most [`Settings::parallel`] at once; then what earlier
/// deletions left under names that will be taken; then the reads of the program in their order.
///
/// # Guarantees
/// Changes nothing. A resource that cannot be read does not fail the rest.
///
/// # Errors
/// When a registry is not to be had (wrong credentials, a region that does not exist), or when a read of the program fails.
pub async fn observe(looking: Looking<'_>) -> Result<Observations, Vec<Error>> {
    let started = looking.clock.stopwatch();
    let calls: u64 = looking.cloud.calls().values().sum();
    let rows = looking.rows_to_read();
    looking.events.consume(&Event::ObservationStarted { resources: rows.len() });
    let resources = rows.len();
    let registries = looking.registries().await?;
    let look = Look::begin(looking.cloud);
    let mut seen = Observations::default();
    for (name, _) in looking.providers() {
        if let Some(registry) = registries.get(&(name.clone(), String::new())) {
            let place = Place { account: registry.account.clone(), region: registry.region.clone() };
            seen.places.insert(name, place);
        }
    }
    for row in looking.snapshot.rows().values() {
        if let Some(kind) = looking.registry_of(row, &registries).and_then(|registry| registry.kind(row.kind.as_str()))
        {
            seen.schemas.insert(row.kind.clone(), kind.schema());
        }
    }
    let (read, existing) = futures::join!(looking.read_rows(rows, &registries), looking.existing(&registries));
    seen.rows = read?;
    let Existing { imports, other_kinds, foreign } = existing?;
    (seen.imports, seen.other_kinds, seen.foreign) = (imports, other_kinds, foreign);
    let left_over = looking.find_left_over(&registries, &seen).await?;
    seen.warnings.extend(left_over.into_iter().map(|(urn, sentence)| format!("{}: {sentence}", urn.path())));
    seen.reads.clone_from(looking.stacks);
    seen.claims.clone_from(looking.claims);
    looking.read_reads(&registries, &mut seen).await?;
    seen.warnings.extend(look.end());
    looking.events.consume(&Event::ObservationFinished {
        resources,
        calls: looking.cloud.calls().values().sum::<u64>().saturating_sub(calls),
        took: looking.clock.stopwatch().saturating_sub(started),
    });
    Ok(seen)
}

/// A look at the account, which the cloud is told of. It ends when this is dropped, by an error or with the future that looked.
pub(crate) struct Look<'a>(Option<&'a dyn Cloud>);

impl<'a> Look<'a> {
    pub(crate) fn begin(cloud: &'a dyn Cloud) -> Self {
        cloud.observation_begins();
        Self(Some(cloud))
    }

    /// Ends it; answers what the cloud has to say.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.0.take().map(|cloud| cloud.observation_ends()).unwrap_or_default()
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if let Some(cloud) = self.0.take() {
            drop(cloud.observation_ends());
        }
    }
}

/// Ids of one kind in one provider.
struct Batch {
    kind: Arc<dyn Kind>,
    ids: BTreeMap<String, Vec<RowKey>>,
}

impl Looking<'_> {
    /// The rows that the run may touch or lean on, and that may be read.
    pub(super) fn rows_to_read(&self) -> Vec<&Row> {
        let rows = self.snapshot.rows().values().filter(|row| !row.id.is_empty());
        let unread = |urn: &Urn| self.graph.resource(urn).is_some_and(|declared| declared.options.no_refresh);
        rows.filter(|row| self.settings.refresh && !unread(&row.urn)).collect()
    }

    /// The providers that the program uses, the default one included.
    pub(super) fn providers(&self) -> BTreeMap<ProviderName, Option<&ProviderSpec>> {
        let program = self.graph.program();
        let specs = program.providers.iter().map(|(name, spec)| (name.clone(), Some(spec)));
        std::iter::once((ProviderName::default(), None)).chain(specs).collect()
    }

    /// The registries of the program's providers, and those of rows whose provider the program no longer has or has in another region.
    pub(crate) async fn registries(&self) -> Result<Registries, Vec<Error>> {
        let mut registries = Registries::new();
        let mut errors = Vec::new();
        for (name, spec) in self.providers() {
            match self.cloud.registry(&name, spec).await {
                Ok(registry) => {
                    registries.insert((name, String::new()), registry);
                }
                Err(error) => errors.push(refused(&error, format!("use the provider {name}"))),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for row in self.snapshot.rows().values() {
            let name = ProviderName(row.provider.clone());
            let fits = |r: &Arc<Registry>| r.region == row.region;
            let place = (name.clone(), row.region.clone());
            if registries.get(&(name.clone(), String::new())).is_some_and(fits) || registries.contains_key(&place) {
                continue;
            }
            let known = self.graph.program().providers.get(&name);
            let spec = ProviderSpec {
                region: Some(row.region.clone()),
                assume_role: known.and_then(|spec| spec.assume_role.clone()),
            };
            let other = ProviderName(row.region.clone());
            match self.cloud.registry(&other, Some(&spec)).await {
                Ok(registry) => {
                    registries.insert(place, registry);
                }
                Err(error) => {
                    errors.push(refused(&error, format!("use the region {} for", row.region)).about(&row.urn, None))
                }
            }
        }
        if errors.is_empty() { Ok(registries) } else { Err(errors) }
    }

    fn registry_of<'r>(&self, row: &Row, registries: &'r Registries) -> Option<&'r Arc<Registry>> {
        let name = ProviderName(row.provider.clone());
        let declared = registries.get(&(name.clone(), String::new())).filter(|registry| registry.region == row.region);
        declared.or_else(|| registries.get(&(name, row.region.clone())))
    }

    pub(super) async fn read_rows(
        &self,
        rows: Vec<&Row>,
        registries: &Registries,
    ) -> Result<BTreeMap<RowKey, Sight>, Vec<Error>> {
        let mut batches: BTreeMap<(&str, &str, &str), Batch> = BTreeMap::new();
        let mut apart = Vec::new();
        for row in rows {
            let registry = self.registry_of(row, registries);
            if let Some(registry) = registry.filter(|registry| registry.account != row.account) {
                // Asking another account would read as gone what is not.
                let reason =
                    format!("it is in the account {}, and its provider works in {}", row.account, registry.account);
                apart.push((row.key(), Sight::Unreadable(reason)));
                continue;
            }
            let Some(kind) = self.registry_of(row, registries).and_then(|r| r.kind(row.kind.as_str())) else {
                continue;
            };
            let place = (row.kind.as_str(), row.account.as_str(), row.region.as_str());
            let batch = batches.entry(place).or_insert_with(|| Batch { kind: Arc::clone(kind), ids: BTreeMap::new() });
            batch.ids.entry(row.id.clone()).or_default().push(row.key());
        }
        let read = batches.into_values().map(|Batch { kind, ids }| async move {
            let asked: Vec<String> = ids.keys().cloned().collect();
            let mut answers = sights(&*kind, &asked).await?;
            // A single answer is not believed where being wrong means making a data store a second time.
            self.ask_again(&*kind, &ids, &mut answers).await?;
            let found = ids.into_iter().flat_map(|(id, keys)| {
                let sight = answers.remove(&id).unwrap_or(Sight::Gone);
                keys.into_iter().map(move |key| (key, sight.clone()))
            });
            Ok(found.collect::<Vec<_>>())
        });
        let mut seen = self.all(read.collect()).await?;
        seen.extend(apart);
        Ok(seen)
    }

    /// Asks a second time, by status, for what read as gone and holds data: a fault in reading pages must not look like a loss.
    async fn ask_again(
        &self,
        kind: &dyn Kind,
        ids: &BTreeMap<String, Vec<RowKey>>,
        answers: &mut BTreeMap<String, Sight>,
    ) -> Result<(), Error> {
        if !kind.schema().data_store {
            return Ok(());
        }
        let gone = ids.iter().filter(|(id, keys)| {
            let ready = keys.iter().any(|(uid, generation)| {
                self.snapshot.row(uid, *generation).is_some_and(|row| row.state == RowState::Ready)
            });
            ready && answers.get(*id).is_none_or(|sight| *sight == Sight::Gone)
        });
        let waiting: Vec<_> = gone.map(|(id, _)| crate::kind::Waiting { id: id.clone(), change: None }).collect();
        if waiting.is_empty() {
            return Ok(());
        }
        let statuses = match kind.status(&waiting).await {
            Ok(statuses) => statuses,
            Err(error) if error.class == CallClass::Credentials => return Err(refused(&error, "read the account")),
            Err(error) => {
                for asked in waiting {
                    answers.insert(asked.id, Sight::Unreadable(error.to_string()));
                }
                return Ok(());
            }
        };
        for asked in waiting {
            if !matches!(statuses.get(&asked.id), None | Some(crate::kind::Status::Gone)) {
                let reason = "reading it found nothing, and its status says that it is there".to_owned();
                answers.insert(asked.id, Sight::Unreadable(reason));
            }
        }
        Ok(())
    }

    pub(super) fn has_row(&self, declared: &Declaration) -> bool {
        let node = self.graph.find(&declared.urn);
        let aliases = node.into_iter().flat_map(|node| &self.graph.node(node).aliases);
        std::iter::once(&declared.urn).chain(aliases).any(|urn| self.snapshot.live(urn).is_some())
    }

    /// The reads, one wave after the other: those of which everything before is known run at the same time.
    pub(crate) async fn read_reads(&self, registries: &Registries, seen: &mut Observations) -> Result<(), Vec<Error>> {
        let reads = self.graph.order().iter().filter_map(|&node| match self.graph.declared(node) {
            Declared::Read(read) if read.stack.is_none() => Some((node, read)),
            Declared::Read(_) | Declared::Resource(_) => None,
        });
        let mut open: Vec<(NodeId, &ReadDeclaration)> = reads.collect();
        while !open.is_empty() {
            let waits: BTreeSet<NodeId> = open.iter().map(|(node, _)| *node).collect();
            let (ready, later): (Vec<_>, Vec<_>) = open
                .into_iter()
                .partition(|(node, _)| self.graph.node(*node).edges.iter().all(|edge| !waits.contains(&edge.to)));
            let mut asked = Vec::new();
            for (_, read) in &ready {
                let answers = Answers { looking: self, seen };
                if let Some(args) = evaluate(&read.args, &answers).filter(Value::is_known) {
                    asked.push(self.answer(read, args, registries));
                }
            }
            let answered: BTreeMap<Urn, (ReadAnswer, Option<String>)> = self.all(asked).await?;
            for (urn, (answer, warning)) in answered {
                seen.reads.insert(urn, answer);
                seen.warnings.extend(warning);
            }
            if ready.is_empty() {
                break;
            }
            open = later;
        }
        Ok(())
    }

    async fn answer(
        &self,
        read: &ReadDeclaration,
        args: Value,
        registries: &Registries,
    ) -> Result<Vec<(Urn, (ReadAnswer, Option<String>))>, Error> {
        let digester = self.snapshot.binding().map(Digester::of);
        let pin = self.snapshot.pins().get(&read.urn).filter(|pin| {
            let same = digester.as_ref().is_some_and(|d| pin.args.same(&Stored::from_value(&args, d)));
            read.schema.pinned && same && !names(&self.settings.repin, &read.urn)
        });
        let pinned = pin.map(|pin| pin.outputs.to_value());
        if let (Some(outputs), false) = (&pinned, self.settings.refresh) {
            let answer = ReadAnswer { args, outputs: outputs.clone(), to_pin: false };
            return Ok(vec![(read.urn.clone(), (answer, None))]);
        }
        let registry = registries.get(&(read.provider.clone(), String::new()));
        let Some(verb) = registry.and_then(|registry| registry.read(read.schema.kind)) else {
            let reason = format!("the provider {} does not know {}", read.provider, read.schema.kind);
            return Err(Error::new(Turn::Bug, "look up", reason).about(&read.urn, Some(&read.source)));
        };
        let newest = verb.read(&args).await;
        let (outputs, warning) = match (pinned, newest) {
            (Some(pinned), Ok(newest)) if digester.as_ref().is_none_or(|d| d.seal(&newest) == pinned) => (pinned, None),
            (Some(pinned), Ok(newest)) => {
                let newest = digester.as_ref().map_or(newest.clone(), |d| d.seal(&newest));
                let warning = format!(
                    "{}: {pinned:?} is recorded and stays; the newest answer is {newest:?} (--repin {})",
                    read.urn.path(),
                    read.urn
                );
                (pinned, Some(warning))
            }
            (Some(pinned), Err(error)) => {
                let warning =
                    format!("{}: the recorded answer is used, since reading failed: {error}", read.urn.path());
                (pinned, Some(warning))
            }
            (None, Ok(newest)) => {
                let answer = ReadAnswer { args, outputs: newest, to_pin: read.schema.pinned };
                return Ok(vec![(read.urn.clone(), (answer, None))]);
            }
            (None, Err(error)) => return Err(refused(&error, "look up").about(&read.urn, Some(&read.source))),
        };
        Ok(vec![(read.urn.clone(), (ReadAnswer { args, outputs, to_pin: false }, warning))])
    }

    /// Runs all of them, a bounded number at once, and collects answers or errors.
    pub(super) async fn all<F, K: Ord, V>(&self, asked: Vec<F>) -> Result<BTreeMap<K, V>, Vec<Error>>
    where
        F: Future<Output = Result<Vec<(K, V)>, Error>>,
    {
        let answers: Vec<_> = stream::iter(asked).buffered(self.settings.parallel.max(1)).collect().await;
        let mut found = BTreeMap::new();
        let mut errors = Vec::new();
        for answer in answers {
            match answer {
                Ok(pairs) => found.extend(pairs),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(found) } else { Err(errors) }
    }
}

pub(super) fn kind_of(declared: &Declaration, registries: &Registries) -> Option<Arc<dyn Kind>> {
    let registry = registries.get(&(declared.options.provider.clone(), String::new()))?;
    let schema: &'static Schema = declared.schema;
    registry.kind(schema.kind).cloned()
}

pub(super) async fn sights(kind: &dyn Kind, ids: &[String]) -> Result<BTreeMap<String, Sight>, Error> {
    match kind.read(ids).await {
        Ok(answers) => Ok(answers
            .into_iter()
            .map(|(id, answer)| match answer {
                Ok(observed) => (id, Sight::Seen(Box::new(observed))),
                Err(error) => (id, Sight::Unreadable(error.to_string())),
            })
            .collect()),
        Err(error) if error.class == CallClass::Credentials => Err(refused(&error, "read the account")),
        Err(error) => Ok(ids.iter().map(|id| (id.clone(), Sight::Unreadable(error.to_string()))).collect()),
    }
}

pub(super) fn refused(error: &CallError, act: impl Into<String>) -> Error {
    let turn = if error.class == CallClass::Credentials { Turn::Credentials } else { Turn::Provider };
    Error::new(turn, act, error.to_string()).answered(error.answer.clone())
}

pub(super) fn evaluate(args: &BTreeMap<String, crate::expr::Expr>, outputs: &dyn Outputs) -> Option<Value> {
    let values = args.iter().map(|(name, expr)| Some((name.clone(), expr.evaluate(outputs).ok()?)));
    values.collect::<Option<_>>().map(Value::Map)
}

/// The outputs as they are now: answers of reads, and what was observed or recorded of resources. The plan judges whether they stay.
pub(super) struct Answers<'a> {
    pub(super) looking: &'a Looking<'a>,
    pub(super) seen: &'a Observations,
}

impl Outputs for Answers<'_> {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        let row = || {
            let row = self.looking.snapshot.live(urn)?;
            match self.seen.rows.get(&row.key()) {
                Some(Sight::Seen(observed)) => Some(observed.outputs.get(name).clone()),
                Some(Sight::Gone) => None,
                _ => Some(row.outputs.to_value().get(name).clone()),
            }
        };
        let answer = self.seen.reads.get(urn).or_else(|| self.looking.stacks.get(urn));
        let read = answer.map(|answer| answer.outputs.get(name).clone());
        let import = || self.seen.imports.get(urn)?.seen().map(|observed| observed.outputs.get(name).clone());
        let found = read.or_else(row).or_else(import).filter(|value| !value.is_null());
        Ok(found.unwrap_or_else(|| Value::Unknown(Unknown { expression: String::new(), secret: false })))
    }
}

/// The value with empty text in the place of what is not known.
pub(super) fn emptied(value: &Value) -> Value {
    match value {
        Value::Unknown(_) => Value::from(""),
        Value::List(list) => Value::List(list.iter().map(emptied).collect()),
        Value::Map(map) => Value::Map(map.iter().map(|(name, value)| (name.clone(), emptied(value))).collect()),
        Value::Secret(inner) => emptied(inner).into_secret(),
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests;
