//! [`Session`]: a run, told in numbered steps.
//!
//! `recover` (runs that change things only):
//! 1. Who the credentials are, and whether the store belongs to them (`guard`).
//! 2. Intents that an earlier run left open become rows or come to nothing ([`crate::recover`]); that is committed.
//!
//! `preview`:
//! 1. As above; in a preview, open intents are resolved in memory alone.
//! 2. The program becomes a graph ([`Graph`]).
//! 3. Things in the account that carry the tags of this store and that no row knows are looked for: what is declared will be taken over, the rest
//!    deleted (`strays`). Those of other stores are shown; if there is no row at all, the run stops.
//! 4. The account is read ([`observe`]). Too much that is gone stops the run.
//! 5. Graph, records and observations become a plan ([`plan::make`]), and the cloud says what of it it would refuse ([`preflight`]).
//!
//! Before 4, what the program reads of other stacks is looked up, and who uses what this one has ([`crate::exchange`]).
//!
//! `up`:
//! 1. The preview must still be true of the store, nothing may have drifted unasked, and what needs consent must have it.
//! 2. What is used of other stacks is registered, and what goes is marked; nobody may have come in between.
//! 3. The store is bound at its first write; the deployment begins.
//! 4. What belongs to no stack and is missing in the account is made ([`crate::preflight::Preparation`]); the steps are done ([`crate::apply`]).
//! 5. What was done is held against the plan: anything beyond it is a fault of ours, and said.
//! 6. The stack's outputs and the end of the deployment are committed, and published for other stacks; the [`Summary`] says what happened.

mod anew;
mod chronicle;
mod guard;
mod places;
mod promise;
mod rebuild;
mod repair;
mod rollback;
mod saved;
mod settled;
mod sharing;
mod strays;
mod summary;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use rebuild::{Rebuilding, Rebuilt};
pub use repair::{Examination, Finding};
pub(crate) use sharing::Watch;
pub use summary::{Refreshed, Summary};

use self::sharing::{Ended, Sharing};
use self::strays::Strays;

use crate::amend::{self, Accepted, Amender};
use crate::apply::{self, Cancel, Context, OutputsNow, Parts};
use crate::clock::Clock;
use crate::compare::taint;
use crate::digest::Digester;
use crate::error::{Error, Turn, exit};
use crate::event::{Consumer, Event};
use crate::exchange::Exchange;
use crate::expr::Outputs;
use crate::graph::Graph;
use crate::kind::{Cloud, Identity};
use crate::mask::{Mask, MaskedCloud, MaskedConsumer};
use crate::observe::{Look, Looking, Observations, Sight, observe};
use crate::plan::{self, Op, Plan, Recorded};
use crate::preflight;
use crate::program::Program;
use crate::record::{Binding, DeploymentEnd, DeploymentStart, Entry, FORMAT, Row, RowState, Stored, owner_tag};
use crate::recover::{self, Patience, Recovery};
use crate::seal::Sealer;
use crate::settings::Settings;
use crate::state::{Snapshot, Store};
use crate::urn::{Urn, random_hex};
use crate::value::Value;

/// One run over one store: what it uses, and what the caller decided.
pub struct Session {
    /// The account.
    pub cloud: Arc<dyn Cloud>,
    /// What is recorded.
    pub store: Box<dyn Store>,
    /// Who is told what happens.
    pub events: Arc<dyn Consumer>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// What the caller decided.
    pub settings: Settings,
    /// What an unbound store will be bound to; made once, so that digests of a preview and of its run are the same.
    provisional: Option<Binding>,
    identity: Option<Identity>,
    exchange: Option<Arc<dyn Exchange>>,
    /// Whether what an earlier run left open was resolved by this one, which will change things.
    recovers: bool,
    sealer: Option<Sealer>,
    mask: Mask,
}

/// A plan and what it was made from.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What would be done.
    pub plan: Plan,
    /// What was seen of the account.
    pub observations: Observations,
    /// What is declared.
    pub graph: Graph,
    /// Who would do it.
    pub identity: Identity,
    /// What is recorded, as the plan saw it.
    pub recorded: Recorded,
    /// The lineage of the store; `None` while it is bound to nothing.
    pub lineage: Option<String>,
    /// Where it does a saved plan: which, and the outputs of the stack that are not recorded with it.
    pub saved: Option<(String, BTreeSet<String>)>,
    /// The commit that it was made from: an `up` takes it only while it is the last one.
    pub sequence: u64,
    /// The calls that it took, by `service operation`.
    pub calls: BTreeMap<String, u64>,
    /// The rows of strays, which the run that ends them records at its beginning.
    strays: Vec<Row>,
}

impl Session {
    /// A session that has called nothing yet.
    pub fn new(
        cloud: Arc<dyn Cloud>,
        store: Box<dyn Store>,
        events: Arc<dyn Consumer>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        if let Some(fence) = store.fence() {
            cloud.fence(fence);
        }
        let mask = Mask::default();
        let cloud = Arc::new(MaskedCloud { inner: cloud, mask: mask.clone() });
        let events: Arc<dyn Consumer> = Arc::new(MaskedConsumer { inner: events, mask: mask.clone() });
        cloud.listen(Arc::clone(&events));
        Self {
            cloud,
            store,
            events,
            clock,
            settings,
            provisional: None,
            identity: None,
            exchange: None,
            recovers: false,
            sealer: None,
            mask,
        }
    }

    /// The same with a key under which secrets are kept sealed beside their digests.
    #[must_use]
    pub fn with_sealer(mut self, sealer: Option<Sealer>) -> Self {
        self.sealer = sealer;
        self
    }

    /// The same with a place where outputs are published, and where programs read those of other stacks. Without one, nothing is published and
    /// nobody can use what the stack has.
    #[must_use]
    pub fn with_exchange(mut self, exchange: Arc<dyn Exchange>) -> Self {
        self.exchange = Some(exchange);
        self
    }

    /// Resolves what an earlier run left open, and commits what was found: the first thing that `up` and `destroy` do, before they plan. Answers
    /// one sentence for each.
    ///
    /// # Guarantees
    /// When it returns `Ok`, no intent is open. Nothing in the account is changed.
    ///
    /// # Errors
    /// A wrong account or store; an intent that cannot be looked into. Nothing may be planned then.
    pub async fn recover(&mut self, program: &Program) -> Result<Vec<String>, Vec<Error>> {
        self.mask.learn(program);
        self.identify(program).await?;
        self.recovers = true;
        if self.store.snapshot().intents().is_empty() {
            return Ok(Vec::new());
        }
        let graph = Graph::new(program)?;
        let snapshot = self.store.snapshot().clone();
        let findings = self.findings(&snapshot, &graph, Patience::Certain).await?;
        let entries: Vec<Entry> = findings.iter().flat_map(|finding| finding.entries.iter().cloned()).collect();
        if !entries.is_empty() {
            self.store.commit(&entries).await.map_err(|error| vec![Error::from(error)])?;
        }
        for recover::Finding { urn, sentence, .. } in &findings {
            self.events.consume(&Event::IntentRecovered { urn: urn.clone(), finding: sentence.clone() });
        }
        Ok(findings.iter().map(told).collect())
    }

    /// Reads the account and plans. Writes nothing and changes nothing.
    ///
    /// # Errors
    /// Everything that is wrong with the program; a wrong account or store; an empty store while things of the stack exist; too much that is gone;
    /// what cannot be planned.
    pub async fn preview(&mut self, program: &Program) -> Result<Preview, Vec<Error>> {
        self.mask.learn(program);
        self.planned(program).await.map_err(|errors| self.mask.errors(errors))
    }

    async fn planned(&mut self, program: &Program) -> Result<Preview, Vec<Error>> {
        let calls_before = self.cloud.calls();
        let identity = self.identify(program).await?;
        let graph = Graph::new(program)?;
        plan::check_imports(&graph, &self.settings)?;
        let sequence = self.store.snapshot().sequence();
        let mut view = self.store.snapshot().clone();
        let mut warnings = Vec::new();
        if !view.intents().is_empty() {
            for finding in self.findings(&view.clone(), &graph, Patience::OneLook).await? {
                finding.entries.iter().for_each(|entry| view.apply(entry));
                warnings.push(format!("an earlier run was cut short: {}", told(&finding)));
            }
        }
        let binding = self.binding(program, &identity);
        if view.binding().is_none() {
            view.apply(&Entry::Bound(binding.clone()));
        }
        // Lists that both ask for are asked for once.
        let cloud = Arc::clone(&self.cloud);
        let look = Look::begin(&*cloud);
        let strays = self.strays(program, &graph, &view, &identity, &binding).await?;
        strays.rows.iter().for_each(|row| view.apply(&Entry::Progress(row.clone())));
        let mut observations = self.look(program, &graph, &view, &identity, &strays).await?;
        warnings.extend(look.end());
        if self.recovers {
            observations = self.settled(program, &graph, &view, &identity, &strays, observations).await?;
        }
        warnings.extend(strays.warnings);
        guard::gone(&view, &observations, &self.settings)?;
        let recorded = Recorded::of(&view);
        let mut plan = plan::make(&graph, &recorded, &observations, &self.settings)?;
        plan.warnings.splice(..0, warnings);
        if !plan.is_noop() {
            let found = self.cloud.preflight(&preflight::intended(&graph, &plan, &recorded)).await;
            plan.warnings.extend(found.warnings);
            plan.problems = found.problems;
            plan.preparations = found.preparations;
        }
        let lineage = self.store.snapshot().binding().map(|binding| binding.lineage.clone());
        let calls = places::since(self.cloud.calls(), &calls_before);
        let strays = strays.rows;
        Ok(Preview { plan, observations, graph, identity, recorded, lineage, saved: None, sequence, calls, strays })
    }

    /// Reads what a plan of this program looks at. Writes nothing and changes nothing.
    ///
    /// # Errors
    /// A wrong account or store; the account cannot be read; another stack has not what the program reads of it.
    pub async fn observe(&mut self, program: &Program, graph: &Graph) -> Result<Observations, Vec<Error>> {
        let identity = self.identify(program).await?;
        let view = self.store.snapshot().clone();
        self.look(program, graph, &view, &identity, &Strays::default()).await
    }

    async fn look(
        &self,
        program: &Program,
        graph: &Graph,
        view: &Snapshot,
        identity: &Identity,
        strays: &Strays,
    ) -> Result<Observations, Vec<Error>> {
        let (elsewhere, stacks) = sharing::look(self.exchange.as_deref(), program, identity).await?;
        let mut observations = observe(Looking {
            cloud: &*self.cloud,
            graph,
            snapshot: view,
            settings: &self.settings,
            events: &*self.events,
            clock: &*self.clock,
            stacks: &stacks,
            claims: &strays.claims,
        })
        .await?;
        observations.elsewhere = elsewhere;
        observations.strays = strays.rows.iter().map(Row::key).collect();
        Ok(observations)
    }

    /// What needs consent and has none yet, with the sentence to show. Naming a urn in [`Settings::allow_delete`] consents.
    pub fn unmet_consents(&self, preview: &Preview) -> Vec<(Urn, String)> {
        guard::unmet_consents(&preview.plan, &self.settings)
    }

    /// Does the steps of a preview, and no others.
    ///
    /// # Guarantees
    /// `Err` means that nothing was called and nothing written; what other stacks see is as it was. When the future is dropped, or the process dies, the next run finishes the work.
    ///
    /// # Errors
    /// The store has moved on since the preview, intents are open, something drifted and [`Settings::on_drift`] says to stop, a consent is missing,
    /// another stack has come to use what goes, or has moved what is used.
    pub async fn up(&mut self, program: &Program, preview: Preview, cancel: &Cancel) -> Result<Summary, Vec<Error>> {
        self.mask.learn(program);
        let mut summary = self.done(program, preview, cancel).await.map_err(|errors| self.mask.errors(errors))?;
        summary.failed = summary.failed.into_iter().map(|(urn, error)| (urn, self.mask.error(error))).collect();
        Ok(summary)
    }

    async fn done(&mut self, program: &Program, preview: Preview, cancel: &Cancel) -> Result<Summary, Vec<Error>> {
        let began = self.clock.stopwatch();
        guard::still_true(self.store.snapshot(), preview.sequence)?;
        guard::problems(&preview.plan)?;
        guard::drift(&preview.plan, &self.settings)?;
        guard::consents(&preview.plan, &self.settings)?;

        let binding = self.binding(program, &preview.identity);
        let digester = self.digester(&binding);
        let command = match &self.settings.rollback {
            _ if self.settings.destroy => "destroy".to_owned(),
            Some(back) => format!("rollback {}", back.number),
            None => "up".to_owned(),
        };
        let command = command.as_str();
        let deployment = self.store.snapshot().next_deployment();
        let mut pins = pins(&preview.observations, &digester);
        pins.extend(self.settings.rollback.iter().flat_map(|back| back.pins.iter().cloned()));
        let known = known(self.store.snapshot(), &preview);
        if preview.plan.is_noop() && pins.is_empty() {
            let outputs = outputs(&preview.graph, &known);
            if recorded(&outputs, &digester, self.store.snapshot(), &self.stays(&preview))
                == *self.store.snapshot().outputs()
            {
                self.settle(program, &preview, &binding, &outputs).await?;
                return Ok(Summary::nothing(outputs, self.clock.stopwatch().saturating_sub(began)));
            }
        }
        // Registries first: a provider that is not to be had stops the run before anything is written.
        let steps = preview.plan.steps.iter().map(|step| (step.provider.clone(), step.region.clone()));
        let registries = places::registries(&*self.cloud, program, steps).await?;
        let sharing = match &self.exchange {
            Some(exchange) => Some(Sharing::begin(Arc::clone(exchange), program, &preview, &binding).await?),
            None => None,
        };

        let mut entries = Vec::new();
        if self.store.snapshot().binding().is_none() {
            entries.push(Entry::Bound(binding.clone()));
        }
        entries.push(Entry::DeploymentStarted(DeploymentStart {
            number: deployment,
            started_at: self.clock.now_millis(),
            who: preview.identity.caller.clone(),
            command: command.to_owned(),
            plan: Vec::new(),
            saved_plan: preview.saved.as_ref().map(|(id, _)| id.clone()),
            program: Some(chronicle::program(program, &digester)),
            steps: chronicle::steps(&preview.plan),
        }));
        entries.extend(pins);
        // From here on they are rows like any other, and a kill leaves them as that.
        let ends: BTreeSet<_> = preview.plan.steps.iter().filter_map(|step| step.row.as_ref()).collect();
        let strays = preview.strays.iter().filter(|row| ends.contains(&row.key()));
        entries.extend(strays.map(|row| Entry::Row(Row { deployment, ..row.clone() })));
        self.store.commit(&entries).await.map_err(|error| vec![Error::from(error)])?;

        let (calls_before, throttled_before) = (self.cloud.calls(), self.cloud.throttled());
        let context = Context::new(Parts {
            registries,
            program: Arc::new(program.clone()),
            clock: Arc::clone(&self.clock),
            digester: digester.clone(),
            stack_tag: owner_tag(&binding.project, &binding.stack, &binding.lineage),
            deployment,
            cancel: cancel.clone(),
            parallel: self.settings.parallel,
            watch: sharing.as_ref().map(Sharing::watch),
            fence: self.store.fence(),
        });
        self.prepare(&preview.plan, cancel).await?;
        let planned = preview.plan.steps.iter().filter(|step| step.op != Op::Same).count();
        self.events.consume(&Event::ApplyStarted { steps: planned });
        let events = Arc::clone(&self.events);
        let mut applied = apply::apply(
            &mut *self.store,
            &*events,
            Arc::new(context),
            preview.plan.steps.clone(),
            known,
            self.settings.fail_fast,
        )
        .await;
        applied.failed.extend(promise::broken(&preview.plan.steps, &applied.done));
        let calls = places::since(self.cloud.calls(), &calls_before);
        let took = self.clock.stopwatch().saturating_sub(began);
        let mut outputs = outputs(&preview.graph, &applied.outputs);
        if let Some((_, left_out)) = &preview.saved {
            outputs.retain(|name, _| !left_out.contains(name));
        }
        let end = DeploymentEnd {
            number: deployment,
            ended_at: self.clock.now_millis(),
            outcome: summary::outcome(&applied).to_owned(),
            steps: [applied.done.len(), applied.failed.len(), applied.blocked.len() + applied.not_begun.len()]
                .map(|number| u64::try_from(number).unwrap_or(u64::MAX)),
            calls: calls.clone(),
            troubles: chronicle::troubles(&applied, &self.mask),
        };
        let values = recorded(&outputs, &digester, self.store.snapshot(), &self.stays(&preview));
        let ended = self.store.commit(&[Entry::Outputs { values }, Entry::DeploymentEnded(end)]).await;
        self.events.consume(&Event::ApplyFinished {
            done: applied.done.len(),
            failed: applied.failed.len(),
            blocked: applied.blocked.len() + applied.not_begun.len(),
            took,
            calls: calls.clone(),
        });
        let mut summary = Summary::of(applied, self.store.snapshot(), command);
        if let Err(error) = ended
            && summary.failed.iter().all(|(_, error)| error.turn != Turn::State)
            && summary.store_error.is_none()
        {
            summary.store_error = Some(Error::from(error));
            summary.next.get_or_insert_with(|| format!("{command} {}", binding.stack));
        }
        if let Some(sharing) = sharing {
            let whole = summary.exit_code() == exit::DONE && self.settings.targets.is_empty();
            let (graph, identity) = (&preview.graph, &preview.identity);
            let snapshot = self.store.snapshot();
            let ended = Ended { graph, snapshot, outputs: &outputs, binding: &binding, identity };
            if let Err(error) = sharing.end(ended, whole).await {
                summary.store_error.get_or_insert(Error::from(error));
                summary.next.get_or_insert_with(|| format!("{command} {}", binding.stack));
            }
        }
        (summary.outputs, summary.took, summary.calls) = (outputs, took, calls);
        summary.throttled = places::throttled_since(self.cloud.throttled(), &throttled_before);
        Ok(summary)
    }

    /// Makes what belongs to no stack and is missing. What cannot be made is told, and ends nothing: what needs it says so better, and the service may
    /// make it itself.
    async fn prepare(&self, plan: &Plan, cancel: &Cancel) -> Result<(), Vec<Error>> {
        for preparation in &plan.preparations {
            if cancel.is_stopped() {
                break;
            }
            if let Some(fence) = self.store.fence() {
                fence.check().await.map_err(|error| vec![Error::from(error)])?;
            }
            let made = self.cloud.prepare(preparation).await;
            let error = made.err().map(|error| {
                Error::new(Turn::Provider, format!("make {}", preparation.what), error.to_string())
                    .hint("allow iam:CreateServiceLinkedRole, or have it made by whoever manages the account")
            });
            self.events.consume(&Event::Prepared { what: preparation.what.clone(), error });
        }
        Ok(())
    }

    /// Which outputs of before stay although they are not known now: the program's, those that a saved plan leaves out, and all of a stack of which
    /// only a part goes.
    fn stays<'a>(&self, preview: &'a Preview) -> impl Fn(&str) -> bool + use<'a> {
        let destroy = self.settings.destroy;
        move |name| {
            let left_out = preview.saved.as_ref().is_some_and(|(_, left_out)| left_out.contains(name));
            destroy || left_out || preview.graph.program().exports.contains_key(name)
        }
    }

    /// What others see of a run that has nothing to do: what an earlier one did not get as far as telling.
    async fn settle(
        &self,
        program: &Program,
        preview: &Preview,
        binding: &Binding,
        outputs: &BTreeMap<String, Value>,
    ) -> Result<(), Vec<Error>> {
        let Some(exchange) = &self.exchange else { return Ok(()) };
        let snapshot = self.store.snapshot();
        let sharing = Sharing::begin(Arc::clone(exchange), program, preview, binding).await?;
        let ended = Ended { graph: &preview.graph, snapshot, outputs, binding, identity: &preview.identity };
        sharing.end(ended, self.settings.targets.is_empty()).await.map_err(|error| vec![Error::from(error)])
    }

    /// Reads everything that is recorded and writes what was observed beside what was applied, never over it. Of the program, only project, stack
    /// and providers matter.
    ///
    /// # Errors
    /// A wrong account or store; the account cannot be read; the store cannot be written.
    pub async fn refresh(&mut self, program: &Program) -> Result<Refreshed, Vec<Error>> {
        let calls_before = self.cloud.calls();
        let identity = self.identify(program).await?;
        let graph = Graph::new(program)?;
        let snapshot = self.store.snapshot().clone();
        let binding = self.binding(program, &identity);
        let digester = self.digester(&binding);
        let settings = Settings { refresh: true, ..self.settings.clone() };
        let (cloud, events, clock) = (Arc::clone(&self.cloud), Arc::clone(&self.events), Arc::clone(&self.clock));
        let looking = Looking {
            cloud: &*cloud,
            graph: &graph,
            snapshot: &snapshot,
            settings: &settings,
            events: &*events,
            clock: &*clock,
            stacks: &BTreeMap::new(),
            claims: &BTreeMap::new(),
        };
        let observations = observe(looking).await?;
        let (resources, warnings) = (observations.rows.len(), observations.warnings.clone());
        let mut refreshed = Refreshed { resources, warnings, ..Refreshed::default() };
        let mut entries = Vec::new();
        for (key, sight) in &observations.rows {
            let Some(row) = snapshot.row(&key.0, key.1) else { continue };
            match sight {
                Sight::Gone => refreshed.gone.push(row.urn.clone()),
                Sight::Unreadable(reason) => refreshed.unreadable.push((row.urn.clone(), reason.clone())),
                Sight::Seen(observed) => {
                    let args = taint(&observed.args, &[&row.applied.to_value()]);
                    let args = Stored::from_value(&args, &digester);
                    let outputs = Stored::from_value(&observed.outputs, &digester);
                    let same =
                        row.observed.as_ref().is_some_and(|before| before.same(&args)) && row.outputs.same(&outputs);
                    if !same {
                        refreshed.changed.push(row.urn.clone());
                        entries.push(Entry::Observed { uid: key.0.clone(), generation: key.1, args, outputs });
                    }
                }
            }
        }
        if !entries.is_empty() {
            self.store.commit(&entries).await.map_err(|error| vec![Error::from(error)])?;
        }
        refreshed.calls = places::since(self.cloud.calls(), &calls_before);
        Ok(refreshed)
    }

    /// Makes the present drift of resources permanent in their records: urns, or paths such as `network/main`. Calls only to read.
    ///
    /// # Errors
    /// Those of a preview, and what [`amend::accept`] refuses. Nothing is written then.
    pub async fn accept(&mut self, program: &Program, named: &[String]) -> Result<Vec<Accepted>, Vec<Error>> {
        let preview = self.preview(program).await?;
        let snapshot = self.store.snapshot();
        let amendment = amend::accept(snapshot, &preview.plan, named)?;
        let by =
            Amender { who: preview.identity.caller.clone(), at: self.clock.now_millis(), command: "accept".to_owned() };
        let entries = amendment.commit(snapshot, by);
        self.store.commit(&entries).await.map_err(|error| vec![Error::from(error)])?;
        Ok(amendment.changes)
    }

    /// Who the credentials are, once, and whether the store belongs to them and to this program.
    async fn identify(&mut self, program: &Program) -> Result<Identity, Vec<Error>> {
        if self.identity.is_none() {
            let snapshot = self.store.snapshot();
            let (rows, notes) = (snapshot.rows().len(), self.store.notes().to_vec());
            self.events.consume(&Event::StoreOpened { rows, notes });
            let cloud = Arc::clone(&self.cloud);
            let identity = cloud.identity().await.map_err(|error| vec![guard::no_identity(error)])?;
            self.events.consume(&Event::IdentityConfirmed {
                account: identity.account.clone(),
                region: identity.region.clone(),
                endpoint: identity.endpoint.clone(),
            });
            self.identity = Some(identity);
        }
        let identity = self.identity.clone().unwrap_or_else(|| unreachable!("it was set just now"));
        if let Some(binding) = self.store.snapshot().binding() {
            guard::bound(binding, program, &identity)?;
        }
        Ok(identity)
    }

    /// The binding of the store, or the one that it will get.
    fn binding(&mut self, program: &Program, identity: &Identity) -> Binding {
        if let Some(binding) = self.store.snapshot().binding() {
            return binding.clone();
        }
        let make = || Binding {
            format: FORMAT,
            lineage: random_hex(),
            project: program.project.clone(),
            stack: program.stack.clone(),
            identity: identity.clone(),
            digest_key: Digester::random_key(),
        };
        self.provisional.get_or_insert_with(make).clone()
    }

    /// Makes the digests of the store, and seals where there is a key.
    fn digester(&self, binding: &Binding) -> Digester {
        Digester::of(binding).sealing(self.sealer.clone(), self.store.snapshot().sealed())
    }

    async fn findings(
        &mut self,
        snapshot: &Snapshot,
        graph: &Graph,
        patience: Patience,
    ) -> Result<Vec<recover::Finding>, Vec<Error>> {
        let (cloud, clock) = (Arc::clone(&self.cloud), Arc::clone(&self.clock));
        let places = snapshot.intents().values().map(|intent| (intent.row.provider.clone(), intent.row.region.clone()));
        let registries = places::registries(&*cloud, graph.program(), places).await?;
        let tag = |binding: &Binding| owner_tag(&binding.project, &binding.stack, &binding.lineage);
        let stack_tag = snapshot.binding().map(tag).unwrap_or_default();
        let aliases: BTreeMap<Urn, Urn> = graph
            .nodes()
            .iter()
            .flat_map(|node| node.aliases.iter().map(|former| (former.clone(), node.urn.clone())))
            .filter(|(former, _)| graph.find(former).is_none())
            .collect();
        let recovery = Recovery {
            snapshot,
            registries: &registries,
            aliases: &aliases,
            clock: &*clock,
            events: &*self.events,
            stack_tag: &stack_tag,
            patience,
        };
        recovery.findings().await
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn told(finding: &recover::Finding) -> String {
    format!("{}: {}", finding.urn.path(), finding.sentence)
}

/// The answers of reads that are to be recorded.
fn pins(observations: &Observations, digester: &Digester) -> Vec<Entry> {
    let pinned = observations.reads.iter().filter(|(_, answer)| answer.to_pin);
    pinned
        .map(|(urn, answer)| Entry::Pinned {
            urn: urn.clone(),
            args: Stored::from_value(&answer.args, digester),
            outputs: Stored::from_value(&answer.outputs, digester),
        })
        .collect()
}

/// The outputs that are known before the first step: of reads, and of resources as they were observed, or else recorded.
fn known(snapshot: &Snapshot, preview: &Preview) -> OutputsNow {
    let Preview { plan, observations, graph, .. } = preview;
    let of = |row: &Row| match observations.rows.get(&row.key()).and_then(Sight::seen) {
        Some(observed) => observed.outputs.clone(),
        None => row.outputs.to_value(),
    };
    let mut known = BTreeMap::new();
    for node in graph.nodes() {
        let names = std::iter::once(&node.urn).chain(&node.aliases);
        if let Some(row) = names.into_iter().find_map(|urn| snapshot.live(urn)) {
            known.insert(node.urn.clone(), of(row));
        }
    }
    for step in &plan.steps {
        let stays = matches!(step.op, Op::Same | Op::Update | Op::Move);
        let row = step.row.as_ref().filter(|_| stays).and_then(|key| snapshot.row(&key.0, key.1));
        match row {
            Some(row) => drop(known.insert(step.urn.clone(), of(row))),
            // What is made or finished by a step is known when the step is done, and not before.
            None if matches!(step.op, Op::Create | Op::Resume | Op::Adopt) => drop(known.remove(&step.urn)),
            None => {}
        }
    }
    known.extend(observations.reads.iter().map(|(urn, answer)| (urn.clone(), answer.outputs.clone())));
    OutputsNow(known)
}

/// The stack's outputs, as far as they can be evaluated now.
fn outputs(graph: &Graph, known: &dyn Outputs) -> BTreeMap<String, Value> {
    let evaluated = graph.program().exports.iter().filter_map(|(name, export)| {
        let value = export.expr.evaluate(known).ok()?;
        value.is_known().then(|| (name.clone(), value))
    });
    evaluated.collect()
}

/// The outputs to record: those that are known, and for the others of those that stay what was recorded before.
fn recorded(
    outputs: &BTreeMap<String, Value>,
    digester: &Digester,
    snapshot: &Snapshot,
    stays: &dyn Fn(&str) -> bool,
) -> BTreeMap<String, Stored> {
    let known = outputs.iter().map(|(name, value)| (name.clone(), Stored::from_value(value, digester)));
    let kept = snapshot.outputs().iter().filter(|(name, _)| !outputs.contains_key(*name) && stays(name));
    // A stack without rows has no outputs.
    let kept = kept.filter(|_| snapshot.rows().values().any(|row| row.state != RowState::Deposed));
    kept.map(|(name, value)| (name.clone(), value.clone())).chain(known).collect()
}

#[cfg(test)]
mod tests;
