//! What a run tells other stacks, and what it heeds of theirs: the two sides of [`crate::exchange`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Preview;
use crate::digest::Digester;
use crate::error::{Error, Turn};
use crate::exchange::{self, Elsewhere, Exchange, Party};
use crate::graph::Graph;
use crate::kind::Identity;
use crate::observe::ReadAnswer;
use crate::plan::Step;
use crate::program::Program;
use crate::record::{
    Binding, EXCHANGE_FORMAT, Published, PublishedOutput, RowKey, Source, Standing, Stored, Used, Uses,
};
use crate::state::{Snapshot, StateError};
use crate::urn::Urn;
use crate::value::Value;

/// What a plan must know of other stacks, and the answers of the reads of them. Writes nothing.
///
/// # Errors
/// Outputs that are not to be had; an exchange that cannot be read.
pub(super) async fn look(
    exchange: Option<&dyn Exchange>,
    program: &Program,
    identity: &Identity,
) -> Result<(Elsewhere, BTreeMap<Urn, ReadAnswer>), Vec<Error>> {
    let reads: Vec<_> =
        program.reads.values().filter_map(|read| Some((read, read.stack.as_ref()?.stack.as_str()))).collect();
    let Some(exchange) = exchange else {
        let error = |read: &crate::program::ReadDeclaration| {
            Error::new(Turn::You, "read the outputs of", "this run was given no exchange to read other stacks from")
                .about(&read.urn, Some(&read.source))
                .hint("give it one with Session::with_exchange")
        };
        let errors: Vec<Error> = reads.iter().map(|(read, _)| error(read)).collect();
        return if errors.is_empty() { Ok(Default::default()) } else { Err(errors) };
    };
    let fail = |error: StateError| vec![Error::from(error)];
    let mut elsewhere = Elsewhere::default();
    let mut stacks = Vec::new();
    for (_, stack) in &reads {
        match exchange.fetch(&program.project, stack).await.map_err(fail)? {
            Some(published) => drop(elsewhere.published.insert((*stack).to_owned(), published)),
            None => stacks = exchange.published(&program.project).await.map_err(fail)?,
        }
    }
    stacks.retain(|stack| *stack != program.stack);
    let answers = exchange::answers(program, &elsewhere, &stacks, identity.endpoint.as_deref())?;
    users(exchange, &party(program, identity), &mut elsewhere).await.map_err(fail)?;
    Ok((elsewhere, answers))
}

/// Who uses the outputs of a stack now.
async fn users(exchange: &dyn Exchange, me: &Party, elsewhere: &mut Elsewhere) -> Result<(), StateError> {
    note_users(exchange, exchange.users_of(me).await?, elsewhere);
    Ok(())
}

fn note_users(exchange: &dyn Exchange, users: Vec<Uses>, elsewhere: &mut Elsewhere) {
    let place = |uses: &Uses| (uses.stack.clone(), exchange.place(&uses.project, &uses.stack));
    elsewhere.places = users.iter().map(place).collect();
    elsewhere.users = users;
}

fn party(program: &Program, identity: &Identity) -> Party {
    Party { project: program.project.clone(), stack: program.stack.clone(), endpoint: identity.endpoint.clone() }
}

/// The part of a run that others see.
pub(super) struct Sharing {
    exchange: Arc<dyn Exchange>,
    me: Party,
    lineage: String,
    /// What the program uses of others.
    wanted: Used,
    /// What is registered now.
    registered: Option<Uses>,
    /// What is published now.
    published: Option<Published>,
    /// The rows that somebody uses, or may begin to use while this run goes on.
    guarded: BTreeSet<RowKey>,
}

impl Sharing {
    /// Registers what the run will use beside what was used before, marks what it takes away, and looks whether another stack has come in
    /// between since the preview.
    ///
    /// # Errors
    /// Another stack has: what was written is taken back, and nothing may be called. The exchange cannot be read or written.
    pub(super) async fn begin(
        exchange: Arc<dyn Exchange>,
        program: &Program,
        preview: &Preview,
        binding: &Binding,
    ) -> Result<Self, Vec<Error>> {
        let fail = |error: StateError| vec![Error::from(error)];
        let me = party(program, &preview.identity);
        let all = exchange.registered(&me.project).await.map_err(fail)?;
        let registered = all.iter().find(|uses| uses.stack == me.stack).cloned();
        let published = exchange.fetch(&me.project, &me.stack).await.map_err(fail)?;
        let elsewhere = &preview.observations.elsewhere;
        let wanted = exchange::used(program, &elsewhere.published);
        let (lineage, guarded) = (binding.lineage.clone(), BTreeSet::new());
        let mut sharing = Self { exchange, me, lineage, wanted, registered, published, guarded };
        let before = (sharing.registered.clone(), sharing.published.clone());
        let mut errors = match sharing.announce(program, preview, all).await {
            Ok(errors) => errors,
            Err(error) => fail(error),
        };
        if errors.is_empty() {
            return Ok(sharing);
        }
        if let Err(error) = sharing.take_back(before).await {
            errors.push(Error::from(error));
        }
        Err(errors)
    }

    /// First everything is written, and then everything is looked at. `all` is what was registered before: where there is nothing to write, that
    /// look counts.
    async fn announce(
        &mut self,
        program: &Program,
        preview: &Preview,
        all: Vec<Uses>,
    ) -> Result<Vec<Error>, StateError> {
        let (steps, mut elsewhere) = (&preview.plan.steps, preview.observations.elsewhere.clone());
        let exported: BTreeSet<&str> = program.exports.keys().map(String::as_str).collect();
        let mut both = self.wanted.clone();
        for (stack, outputs) in self.former().into_iter().flatten() {
            for (output, sources) in outputs {
                let all = both.entry(stack.clone()).or_default().entry(output).or_default();
                all.extend(sources);
                all.sort();
                all.dedup();
            }
        }
        let mut wrote = self.register(both).await?;
        if let Some(published) = &self.published
            && let Some(marked) = exchange::leaving(published, &exported, steps)
        {
            self.exchange.publish(&marked).await?;
            (self.published, wrote) = (Some(marked), true);
        }
        let mut errors = Vec::new();
        for (stack, outputs) in &self.wanted {
            let now = self.exchange.fetch(&self.me.project, stack).await?;
            let then = elsewhere.published.get(stack);
            for name in outputs.keys() {
                let of = |published: Option<&Published>| published?.outputs.get(name).cloned();
                if of(now.as_ref()) != of(then) {
                    let reason = format!("the output `{name}` of {stack} has moved since the plan was made");
                    errors.push(Error::new(Turn::Refused, "apply the plan", reason).hint("plan again"));
                }
            }
        }
        let all = if wrote { self.exchange.registered(&self.me.project).await? } else { all };
        note_users(&*self.exchange, self.me.users_among(all), &mut elsewhere);
        errors.extend(exchange::refusals(&self.me.stack, &exported, steps, &elsewhere));
        let of_users = elsewhere.users.iter().filter_map(|uses| uses.of.get(&self.me.stack));
        self.guarded = of_users.flat_map(|outputs| outputs.values().flatten().map(Source::key)).collect();
        self.guarded.extend(self.published.iter().flat_map(exchange::sources));
        Ok(errors)
    }

    /// What this store registered before, at this endpoint: another one's resources are not ours to speak for.
    fn former(&self) -> Option<Used> {
        let ours = |uses: &&Uses| uses.lineage == self.lineage && uses.endpoint == self.me.endpoint;
        self.registered.as_ref().filter(ours).map(|uses| uses.of.clone())
    }

    /// Answers whether that wrote something.
    async fn register(&mut self, of: Used) -> Result<bool, StateError> {
        let (Party { project, stack, endpoint }, lineage) = (self.me.clone(), self.lineage.clone());
        let uses = Uses { format: EXCHANGE_FORMAT, project, stack, lineage, endpoint, of };
        if uses.of.is_empty() {
            if self.registered.take().is_none() {
                return Ok(false);
            }
            self.exchange.withdraw(&self.me.project, &self.me.stack).await?;
        } else {
            if self.registered.as_ref() == Some(&uses) {
                return Ok(false);
            }
            self.exchange.register(&uses).await?;
            self.registered = Some(uses);
        }
        Ok(true)
    }

    /// Puts back what stood there before.
    async fn take_back(&mut self, (uses, published): (Option<Uses>, Option<Published>)) -> Result<(), StateError> {
        if self.registered != uses {
            match &uses {
                Some(uses) => self.exchange.register(uses).await?,
                None => self.exchange.withdraw(&self.me.project, &self.me.stack).await?,
            }
        }
        match published {
            // It may have been marked.
            Some(published) => self.exchange.publish(&published).await,
            None => Ok(()),
        }
    }

    /// What keeps deletes of the run from taking away what somebody uses.
    pub(super) fn watch(&self) -> Watch {
        Watch { exchange: Arc::clone(&self.exchange), me: self.me.clone(), guarded: self.guarded.clone() }
    }

    /// Publishes what the run has come to. `whole`: all of the program is done, so that nothing else is used any more.
    ///
    /// # Errors
    /// The exchange cannot be written: the next run does it, also when it has nothing else to do.
    pub(super) async fn end(mut self, ended: Ended<'_>, whole: bool) -> Result<(), StateError> {
        // A store that nothing was ever written to has nothing to tell.
        if ended.snapshot.binding().is_some() {
            let published = self.publication(&ended);
            // Nobody else writes it while this run goes on.
            if self.published.as_ref() != Some(&published) {
                self.exchange.publish(&published).await?;
            }
        }
        if whole {
            let wanted = self.wanted.clone();
            self.register(wanted).await?;
        }
        Ok(())
    }

    fn publication(&self, ended: &Ended<'_>) -> Published {
        let Ended { graph, snapshot, outputs, binding, .. } = *ended;
        let digester = Digester::of(binding);
        let exports = &graph.program().exports;
        let names: BTreeSet<&String> = exports.keys().chain(snapshot.outputs().keys()).collect();
        let output = |name: &String| {
            let (standing, value) = match outputs.get(name) {
                Some(value) if value.has_secret() => (Standing::Secret, None),
                Some(value) => (Standing::Known, Some(Stored::from_value(value, &digester))),
                None => (Standing::Unfinished, None),
            };
            let sources = match exports.get(name) {
                Some(export) => export.expr.references().into_iter().filter_map(|urn| source(snapshot, urn)).collect(),
                // Of an output that the program no longer has, and that a run did not get as far as taking away.
                None => self
                    .published
                    .as_ref()
                    .and_then(|it| it.outputs.get(name))
                    .map(|it| it.sources.clone())
                    .unwrap_or_default(),
            };
            PublishedOutput { standing, value, sources }
        };
        Published {
            format: EXCHANGE_FORMAT,
            project: self.me.project.clone(),
            stack: self.me.stack.clone(),
            lineage: self.lineage.clone(),
            account: ended.identity.account.clone(),
            region: ended.identity.region.clone(),
            endpoint: self.me.endpoint.clone(),
            deployment: snapshot.next_deployment().saturating_sub(1),
            outputs: names.into_iter().map(|name| (name.clone(), output(name))).collect(),
        }
    }
}

fn source(snapshot: &Snapshot, urn: &Urn) -> Option<Source> {
    let row = snapshot.live(urn)?;
    Some(Source { urn: row.urn.clone(), uid: row.uid.clone(), generation: row.generation, id: row.id.clone() })
}

/// What a run has come to.
#[derive(Clone, Copy)]
pub(super) struct Ended<'a> {
    pub(super) graph: &'a Graph,
    pub(super) snapshot: &'a Snapshot,
    /// The outputs that are known now, in the clear.
    pub(super) outputs: &'a BTreeMap<String, Value>,
    pub(super) binding: &'a Binding,
    pub(super) identity: &'a Identity,
}

/// Looks, right before a delete, whether another stack has come to use what it takes away.
pub(crate) struct Watch {
    exchange: Arc<dyn Exchange>,
    me: Party,
    guarded: BTreeSet<RowKey>,
}

impl Watch {
    /// Why a delete may not be made, when it may not.
    pub(crate) async fn refusal(&self, step: &Step) -> Option<Error> {
        if !step.row.as_ref().is_some_and(|key| self.guarded.contains(key)) {
            return None;
        }
        let mut elsewhere = Elsewhere::default();
        match users(&*self.exchange, &self.me, &mut elsewhere).await {
            Ok(()) => exchange::kept_from(step, &self.me.stack, &elsewhere),
            Err(error) => Some(Error::from(error).about(&step.urn, step.source.as_ref())),
        }
    }
}
