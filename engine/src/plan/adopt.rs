//! Taking over a resource that exists already.
//!
//! What is to be adopted is said by the run ([`crate::Settings::imports`]), by the option `import`, or found under the natural key where the
//! option `adopt_if_exists` asks for that; or it carries the tags of this very store, and its row was lost. Either way it is the same step.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::Three;
use super::likeness::granted;
use super::node::{Decided, Deciding, Progress};
use super::recorded::{RecordedRow, key_of};
use super::{FieldChange, Op, Reason, Step};
use crate::compare::{complete, name_prefix};
use crate::error::Error;
use crate::graph::Declared;
use crate::kind::Observed;
use crate::observe::Sight;
use crate::record::{LET_GO, RowState};
use crate::value::Value;

/// The path of the change that says that the ownership tags are written. It is no argument.
pub const OWNERSHIP_TAGS: &str = "ownership tags";

impl Step {
    /// For an adoption: whether the ownership tags are written. The type has none otherwise, and what was adopted is known by its name only.
    pub fn writes_ownership(&self) -> bool {
        self.changes.iter().any(|change| change.path == OWNERSHIP_TAGS)
    }
}

impl Deciding<'_> {
    /// The id of what exists and is to be adopted, if anything is.
    ///
    /// # Errors
    /// Where it is to be looked for by a natural key, and there is none to look for.
    pub(super) fn existing(&self) -> Result<Option<&str>, Vec<Error>> {
        let (declaration, context) = (self.declaration, self.context);
        if let Some(id) = context.settings.import(&declaration.urn) {
            return Ok(Some(id));
        }
        if let Some(id) = &declaration.options.import {
            return Ok(Some(id));
        }
        if let Some(claim) = context.seen.claims.get(&declaration.urn) {
            return Ok(Some(&claim.id));
        }
        if !declaration.options.adopt_if_exists {
            return Ok(None);
        }
        let key = self.schema.natural_key;
        if key.is_empty() {
            let reason = format!("things of the type {} have no name to find them by", self.schema.kind);
            return Err(vec![
                self.refuse("look for", reason).hint("adopt it by its id, with the option import(id) or `import`"),
            ]);
        }
        if let Some(name) = key.iter().find(|name| name_prefix(self.declared.get(name)).is_some()) {
            let reason = format!("only the beginning of its `{name}` is declared, which is the name of nothing");
            return Err(vec![self.refuse("look for", reason).hint(format!("give `{name}` as it is in the account"))]);
        }
        Ok(context.seen.foreign.get(&declaration.urn).map(String::as_str).filter(|_| self.key_is_known()))
    }

    fn key_is_known(&self) -> bool {
        key_of(self.schema.natural_key, &self.declared).is_some()
    }

    pub(super) fn adopt(&self, id: &str, progress: &mut Progress) -> Result<Decided, Vec<Error>> {
        let urn = &self.declaration.urn;
        self.adoptable(id, progress)?;
        let observed = match self.context.seen.imports.get(urn) {
            Some(Sight::Seen(observed)) => observed,
            Some(Sight::Gone) => return Err(vec![self.nothing_there(id)]),
            Some(Sight::Unreadable(reason)) => {
                return Err(vec![self.refuse("adopt", format!("{id} could not be read: {reason}"))]);
            }
            None => return Err(vec![self.refuse("adopt", format!("{id} was not read"))]),
        };
        if let Some(owner) = observed.others(self.context.recorded.owner_tag()) {
            let reason = format!("{id} belongs to the stack {}", owner.stack);
            return Err(vec![self.refuse("adopt", reason).hint(LET_GO)]);
        }
        let applied = granted(self.schema, &self.declared);
        let now = complete(self.schema.args, &observed.args);
        let left: BTreeSet<String> = BTreeSet::new();
        // What is there counts as applied, so that the difference is the program's and no drift.
        let three = Three {
            schema: self.schema,
            urn,
            comparison: self.context.comparison(),
            exprs: &self.declaration.args,
            recorded_exprs: &BTreeMap::new(),
            declared: &self.declared,
            applied: &applied,
            observed: Some(&Observed { args: now, pending: BTreeMap::new(), ..(**observed).clone() }),
            left: &left,
            accepted: &BTreeMap::new(),
            ignore_changes: &self.declaration.options.ignore_changes,
            keep_drift: false,
            known: &progress.known,
        };
        let mut fields = three.compare();
        fields.warnings.clear();
        for change in &mut fields.changes {
            if !matches!(change.reason, Reason::DependsOn(..)) {
                change.reason = Reason::Adopted;
            }
        }
        let hard = fields.changes.iter().filter(|change| change.forces_replacement && !change.maybe);
        let errors: Vec<Error> = hard
            .chain(&fields.refused)
            .map(|change| {
                let reason = format!(
                    "`{}` of {id} is {:?} and cannot be changed to {:?} on the living resource",
                    change.path, change.before, change.after
                );
                self.refuse("adopt", reason).hint("declare what is there, or do not adopt it")
            })
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let maybe = fields.maybe();
        let is_stray = self.context.seen.claims.get(urn).is_some_and(|claim| claim.id == id);
        let mut changes: Vec<FieldChange> = self.marking(observed).into_iter().collect();
        changes.append(&mut fields.changes);
        let step = Step {
            generation: 1,
            resource_id: Some(id.to_owned()),
            maybe,
            changes,
            changed_args: fields.changed_args,
            planned: fields.planned,
            observed: fields.observed,
            hazards: fields.hazards,
            ..self.step(Op::Adopt, if is_stray { Reason::Stray } else { Reason::Adopted })
        };
        progress.known.after(self.schema, &step, &observed.outputs, false);
        progress.adopted.insert((urn.kind(), id.to_owned()), urn.clone());
        Ok(Decided { node: self.node, step, former: None })
    }

    /// A run that only adopts goes on with what it was asked for before and did not finish, and with nothing else that has a row.
    pub(super) fn adopted_before(&self, recorded: &RecordedRow) -> Result<(), Vec<Error>> {
        let Some(id) = self.context.settings.import(&self.declaration.urn) else { return Ok(()) };
        let row = &recorded.row;
        if row.id == id && matches!(row.state, RowState::Incomplete) {
            return Ok(());
        }
        let error = match row.id == id {
            true if row.urn != self.declaration.urn => self
                .refuse("adopt", format!("{id} is managed already, as {}, which is no longer declared", row.urn.path()))
                .hint("run `up`: it takes the name that is declared now, and nothing is called for that"),
            true => self.refuse("adopt", format!("it is managed already: {id} is what the records have")),
            false => self
                .refuse("adopt", format!("it is recorded as {} ({}), and {id} is another thing", row.id, row.state.word()))
                .hint("declare another resource for it; or destroy or let go of the recorded one first (retain_on_delete)"),
        };
        Err(vec![error])
    }

    /// One thing is one row's; and what it refers to is known.
    fn adoptable(&self, id: &str, progress: &Progress) -> Result<(), Vec<Error>> {
        let urn = &self.declaration.urn;
        let place = self.context.seen.places.get(&self.declaration.options.provider).cloned().unwrap_or_default();
        let rows = self.context.recorded.rows().values().map(|recorded| &recorded.row);
        let here = |row: &&crate::record::Row| {
            row.kind == urn.kind() && row.id == id && row.account == place.account && row.region == place.region
        };
        if let Some(row) = { rows }.find(here) {
            let reason = format!("{id} is recorded already, as {}", row.urn.path());
            let hint = format!("to give it another name: declare it with options().alias({:?})", row.urn.path());
            return Err(vec![self.refuse("adopt", reason).hint(hint)]);
        }
        if let Some(other) = progress.adopted.get(&(urn.kind(), id.to_owned())) {
            let reason = format!("{id} is one thing, and {} adopts it too", other.path());
            return Err(vec![self.refuse("adopt", reason)]);
        }
        if self.context.settings.imports.is_empty() {
            return Ok(());
        }
        let graph = self.context.graph;
        let missing = graph.node(self.node).edges.iter().filter(|edge| edge.output.is_some()).filter(|edge| {
            let resource = matches!(graph.declared(edge.to), Declared::Resource(_));
            resource && !progress.uids.contains_key(&edge.to)
        });
        let errors: Vec<Error> = missing
            .map(|edge| {
                let to = &graph.node(edge.to).urn;
                let reason = format!("its `{}` refers to {}, of which nothing is recorded", edge.field, to.path());
                self.refuse("adopt", reason).hint(format!(
                    "adopt that one in the same call: {} ID {} {id}",
                    to.path(),
                    urn.path()
                ))
            })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn nothing_there(&self, id: &str) -> Error {
        let kind = self.schema.kind;
        let other_kinds =
            self.context.seen.other_kinds.get(&self.declaration.urn).map(Vec::as_slice).unwrap_or_default();
        let kinds: Vec<&str> = other_kinds.iter().map(|kind| kind.as_str()).collect();
        if kinds.is_empty() {
            let place = self.context.seen.places.get(&self.declaration.options.provider).cloned().unwrap_or_default();
            let reason = format!("there is no {kind} with the id {id} in {} {}", place.account, place.region);
            return self.refuse("adopt", reason).hint("look at the id, the account and the region");
        }
        let reason = format!("{id} is a {}, and a {kind} is wanted", kinds.join(" or a "));
        self.refuse("adopt", reason).hint("name the resource that is declared with that type, or give another id")
    }

    /// The change that writes whose it is; `None` where the type takes no tags.
    fn marking(&self, observed: &Observed) -> Option<FieldChange> {
        if !self.schema.args.iter().any(|arg| arg.tags) {
            return None;
        }
        // The lineage of a store that nothing was written to is not settled yet: it is left out.
        let shown = |stack: &str| Value::from(stack.split(':').next().unwrap_or_default());
        let program = self.context.graph.program();
        let before = observed.owner.as_ref().map_or(Value::Null, |owner| shown(&owner.stack));
        Some(FieldChange {
            path: OWNERSHIP_TAGS.to_owned(),
            before: before.clone(),
            after: shown(&format!("{}/{}", program.project, program.stack)),
            applied: Value::Null,
            observed: Some(before),
            reason: Reason::Adopted,
            forces_replacement: false,
            maybe: false,
        })
    }
}
