//! What is decided about one declared resource or read.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Fields, Three, named};
use super::make::{holds_data, retire};
use super::recorded::{RecordedRow, key_of, recorded_options};
use super::resolve::Known;
use super::{FieldChange, Op, Reason, Recorded, Step};
use crate::compare::{Comparison, complete};
use crate::error::{Error, Turn};
use crate::expr::{EvalError, Expr};
use crate::graph::{Declared, Graph, NodeId};
use crate::kind::Observed;
use crate::observe::{Observations, Sight};
use crate::options::Timeouts;
use crate::program::{Declaration, ReadDeclaration};
use crate::record::{Edge, RowKey, RowState};
use crate::settings::{OnDrift, Settings, names};
use crate::shape::{Guard, Schema, Shape};
use crate::urn::{KindName, Uid, Urn};
use crate::value::Value;

/// Everything that decisions look at and nothing that they change.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) graph: &'a Graph,
    pub(super) recorded: &'a Recorded,
    pub(super) seen: &'a Observations,
    pub(super) settings: &'a Settings,
}

/// What decisions leave behind for those after them.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) known: Known,
    /// The uid of each declared resource.
    pub(super) uids: BTreeMap<NodeId, Uid>,
    /// The rows that belong to declared resources.
    pub(super) claimed: BTreeMap<RowKey, NodeId>,
    /// Rows that no declared resource claims by name, by place and natural key.
    pub(super) unclaimed_keys: BTreeMap<KeyPlace, RowKey>,
    pub(super) warnings: Vec<String>,
}

/// Kind, account, region and natural key.
pub(super) type KeyPlace = (KindName, String, String, String);

/// What is decided about a node: its own step, and what happens to the generation before.
pub(super) struct Decided {
    pub(super) node: NodeId,
    pub(super) step: Step,
    pub(super) former: Option<Former>,
}

/// The end of the generation before.
pub(super) struct Former {
    pub(super) step: Step,
    /// Whether it goes before the next one is made.
    pub(super) first: bool,
}

impl<'a> Context<'a> {
    pub(super) fn comparison(&self) -> Comparison<'a> {
        Comparison::new(self.recorded.digester())
    }

    /// Decides about a node of which everything before has been decided. A read that was answered needs no step.
    pub(super) fn decide(&self, node: NodeId, progress: &mut Progress) -> Result<Option<Decided>, Vec<Error>> {
        match self.graph.declared(node) {
            Declared::Read(read) => self.read(node, read, progress),
            Declared::Resource(declaration) => {
                let decided = Deciding::new(*self, node, declaration, progress)?.decide(progress)?;
                Ok(Some(decided))
            }
        }
    }

    fn read(
        &self,
        node: NodeId,
        read: &ReadDeclaration,
        progress: &mut Progress,
    ) -> Result<Option<Decided>, Vec<Error>> {
        let args = evaluate(&read.args, &read.urn, &progress.known)
            .map_err(|errors| errors.into_iter().map(|e| e.about(&read.urn, Some(&read.source))).collect::<Vec<_>>())?;
        if let Some(answer) = self.seen.reads.get(&read.urn).filter(|answer| answer.args == args) {
            progress.known.keep(&read.urn, answer.outputs.clone());
            return Ok(None);
        }
        let place = self.seen.places.get(&read.provider).cloned().unwrap_or_default();
        let step = Step {
            provider: read.provider.0.clone(),
            account: place.account,
            region: place.region,
            planned: args,
            source: Some(read.source.clone()),
            maybe: true,
            ..Step::empty(&read.urn, Op::Read, Reason::New)
        };
        Ok(Some(Decided { node, step, former: None }))
    }

    /// What was seen of a row, unless reading it is not wanted.
    pub(super) fn sight(&self, key: &RowKey) -> Option<&'a Sight> {
        self.seen.rows.get(key)
    }
}

/// The values of arguments; one error for each that cannot be evaluated.
pub(super) fn evaluate(args: &BTreeMap<String, Expr>, urn: &Urn, known: &Known) -> Result<Value, Vec<Error>> {
    let mut errors = Vec::new();
    let mut map = BTreeMap::new();
    for (name, expr) in args {
        match expr.evaluate(known) {
            Ok(value) => {
                map.insert(name.clone(), value);
            }
            Err(error) => errors.push(unresolved(name, &error).about(urn, None)),
        }
    }
    if errors.is_empty() { Ok(Value::Map(map)) } else { Err(errors) }
}

fn unresolved(name: &str, error: &EvalError) -> Error {
    Error::new(Turn::You, format!("resolve `{name}` of"), format!("`{}`: {}", error.expression, error.reason))
}

/// One resource while it is decided.
struct Deciding<'a> {
    context: Context<'a>,
    node: NodeId,
    declaration: &'a Declaration,
    schema: &'static Schema,
    /// Complete, beginnings of names as they were declared.
    declared: Value,
    /// The values of `replace_when`.
    asked: Vec<Value>,
    row: Option<&'a RecordedRow>,
    uid: Uid,
    edges: Vec<Edge>,
}

impl<'a> Deciding<'a> {
    fn new(
        context: Context<'a>,
        node: NodeId,
        declaration: &'a Declaration,
        progress: &mut Progress,
    ) -> Result<Self, Vec<Error>> {
        let about = |e: Error| e.about(&declaration.urn, Some(&declaration.source));
        let args = evaluate(&declaration.args, &declaration.urn, &progress.known)
            .map_err(|errors| errors.into_iter().map(about).collect::<Vec<_>>())?;
        let asked = declaration.options.replace_when.iter().map(|expr| expr.evaluate(&progress.known));
        let asked = asked.collect::<Result<Vec<_>, _>>().map_err(|e| vec![about(unresolved("replace_when", &e))])?;
        let declared = complete(declaration.schema.args, &args);
        let row = context.row_of(node, declaration, &declared, progress);
        let uid = row.map_or_else(Uid::random, |recorded| recorded.row.uid.clone());
        progress.uids.insert(node, uid.clone());
        if let Some(recorded) = row {
            progress.claimed.insert(recorded.row.key(), node);
        }
        let edges = context.graph.node(node).edges.iter().filter_map(|edge| {
            let to = progress.uids.get(&edge.to)?.clone();
            Some(Edge { to, field: edge.field.clone(), output: edge.output.clone() })
        });
        let edges = edges.collect::<BTreeSet<_>>().into_iter().collect();
        Ok(Self { context, node, declaration, schema: declaration.schema, declared, asked, row, uid, edges })
    }

    fn decide(self, progress: &mut Progress) -> Result<Decided, Vec<Error>> {
        let Some(recorded) = self.row else { return self.without_row(progress) };
        let key = recorded.row.key();
        let creating = recorded.row.state == RowState::Creating;
        let sight = self.context.sight(&key);
        match (recorded.row.state, sight) {
            // One that was just made may not be visible yet; its own wait tells whether it is gone.
            (RowState::Ready | RowState::Incomplete, Some(Sight::Gone)) => return self.vanished(recorded, progress),
            (RowState::Failed, sight) => {
                let words = recorded.row.reason.clone().unwrap_or_else(|| "no reason was given".to_owned());
                return self.replace(recorded, sight, Reason::Failed(words), Fields::default(), progress);
            }
            (RowState::Deleting, sight) => {
                return self.replace(recorded, sight, Reason::Resumed, Fields::default(), progress);
            }
            _ => {}
        }
        if let Some(Sight::Unreadable(reason)) = sight {
            let path = self.declaration.urn.path();
            progress.warnings.push(format!("{path} could not be read and counts as unchanged: {reason}"));
        }
        // While it is being made, what is seen of it is half of the truth.
        let observed = sight.and_then(Sight::seen).filter(|_| !creating);
        let mut fields = self.compare(recorded, observed, &progress.known);
        progress.warnings.append(&mut fields.warnings);
        if !fields.refused.is_empty() {
            return Err(fields.refused.iter().map(|change| self.impossible(change)).collect());
        }
        if let Some(reason) = self.forced(recorded, &fields) {
            return self.replace(recorded, sight, reason, fields, progress);
        }
        let step = self.stay(recorded, fields, progress)?;
        let current = match sight.and_then(Sight::seen) {
            Some(observed) => &observed.outputs,
            None => &recorded.outputs,
        };
        progress.known.after(self.schema, &step, current, creating);
        Ok(Decided { node: self.node, step, former: None })
    }

    fn compare(&self, recorded: &RecordedRow, observed: Option<&Observed>, known: &Known) -> Fields {
        Three {
            schema: self.schema,
            urn: &self.declaration.urn,
            comparison: self.context.comparison(),
            exprs: &self.declaration.args,
            recorded_exprs: &recorded.row.expressions,
            declared: &self.declared,
            applied: &recorded.complete(self.schema),
            observed,
            left: &recorded.row.left,
            ignore_changes: &self.declaration.options.ignore_changes,
            keep_drift: self.context.settings.on_drift == OnDrift::Keep,
            known,
        }
        .compare()
    }

    /// Why the resource cannot stay, when it cannot.
    fn forced(&self, recorded: &RecordedRow, fields: &Fields) -> Option<Reason> {
        if self.moves_place(recorded) {
            return Some(Reason::DeclaredChanged);
        }
        if names(&self.context.settings.replace, &self.declaration.urn) {
            return Some(Reason::Asked("--replace".to_owned()));
        }
        let sure = fields.changes.iter().filter(|change| change.forces_replacement && !change.maybe);
        let maybe = fields.changes.iter().filter(|change| change.forces_replacement && change.maybe);
        if let Some(change) = sure.chain(maybe).next() {
            return Some(change.reason.clone());
        }
        let digester = self.context.recorded.digester();
        let moved = |(value, before): (&Value, &crate::record::Stored)| {
            !value.is_known() || {
                let now = match value {
                    Value::Digest(digest) => digest.clone(),
                    value => digester.digest(value),
                };
                before.to_value() != Value::Digest(now)
            }
        };
        self.asked
            .iter()
            .zip(&recorded.row.options.replace_when)
            .any(moved)
            .then(|| Reason::Asked("replace_when".to_owned()))
    }

    fn moves_place(&self, recorded: &RecordedRow) -> bool {
        self.context
            .seen
            .places
            .get(&self.declaration.options.provider)
            .is_some_and(|place| (&place.account, &place.region) != (&recorded.row.account, &recorded.row.region))
    }

    /// The step of a resource that is kept.
    fn stay(&self, recorded: &RecordedRow, fields: Fields, progress: &Progress) -> Result<Step, Vec<Error>> {
        let row = &recorded.row;
        let mut recorded_only = fields.noted.clone();
        recorded_only.extend(self.option_changes(recorded, &progress.known)?);
        let renamed = row.urn != self.declaration.urn;
        let resume = row.state != RowState::Ready;
        let (drift, maybe) = (fields.drifted(), fields.maybe());
        let (op, reason) = match fields.changes.first().or(recorded_only.first()) {
            _ if resume => (Op::Resume, Reason::Resumed),
            Some(change) => (Op::Update, change.reason.clone()),
            None if renamed => (Op::Move, Reason::DeclaredChanged),
            None => (Op::Same, Reason::DeclaredChanged),
        };
        let mut changes = fields.changes;
        let maybe = maybe && recorded_only.is_empty() && !renamed && !resume;
        changes.extend(recorded_only);
        changes
            .extend(renamed.then(|| record_change("urn", text(row.urn.as_str()), text(self.declaration.urn.as_str()))));
        Ok(Step {
            row: Some(row.key()),
            generation: row.generation,
            resource_id: Some(row.id.clone()).filter(|id| !id.is_empty()),
            changes,
            changed_args: fields.changed_args,
            planned: fields.planned,
            observed: fields.observed,
            hazards: fields.hazards,
            maybe,
            drift,
            edges: self.kept_edges(recorded),
            ..self.step(op, reason)
        })
    }

    /// The edges of a resource that is kept. An option that is no longer declared stays in the account as it is, and so does what it refers to:
    /// the recorded edge is kept, so that both are deleted in their order.
    fn kept_edges(&self, recorded: &RecordedRow) -> Vec<Edge> {
        let undeclared = |edge: &&Edge| {
            let name = edge.field.split(['.', '[']).next().unwrap_or_default();
            let optional = self.schema.arg(name).is_some_and(|arg| matches!(arg.shape, Shape::Optional(_)));
            optional && self.declared.get(name).is_null()
        };
        let kept = recorded.row.edges.iter().filter(undeclared).chain(&self.edges).cloned();
        kept.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Differences of the options and edges, which are in the record alone.
    fn option_changes(&self, recorded: &RecordedRow, known: &Known) -> Result<Vec<FieldChange>, Vec<Error>> {
        let before = &recorded.row.options;
        let digester = self.context.recorded.digester();
        let after = recorded_options(self.declaration, Some(before), known, digester)
            .map_err(|error| vec![unresolved("replace_when", &error)])?;
        let list = |texts: &[String]| Value::List(texts.iter().map(|t| Value::from(t.as_str())).collect());
        let seconds =
            |timeout: Option<u64>| timeout.map_or(Value::Null, |t| Value::Int(t.try_into().unwrap_or(i64::MAX)));
        let digests =
            |d: &[crate::record::Stored]| Value::List(d.iter().map(crate::record::Stored::to_value).collect());
        let edges = |edges: &[Edge]| {
            let set: BTreeSet<String> = edges.iter().map(|edge| format!("{} by {}", edge.to, edge.field)).collect();
            Value::List(set.into_iter().map(Value::from).collect())
        };
        let provider = &self.declaration.options.provider.0;
        let pairs = [
            ("options.protect", before.protect.into(), after.protect.into()),
            ("options.retain_on_delete", before.retain_on_delete.into(), after.retain_on_delete.into()),
            ("options.delete_before_create", before.delete_before_create.into(), after.delete_before_create.into()),
            ("options.ignore_changes", list(&before.ignore_changes), list(&after.ignore_changes)),
            ("options.replace_when", digests(&before.replace_when), digests(&after.replace_when)),
            ("options.timeouts.delete", seconds(before.delete_timeout), seconds(after.delete_timeout)),
            ("options.provider", text(&recorded.row.provider), text(provider)),
            ("edges", edges(&recorded.row.edges), edges(&self.kept_edges(recorded))),
        ];
        let changed = pairs.into_iter().filter(|(_, before, after): &(_, Value, Value)| before != after);
        Ok(changed.map(|(path, before, after)| record_change(path, before, after)).collect())
    }

    fn without_row(self, progress: &mut Progress) -> Result<Decided, Vec<Error>> {
        let urn = &self.declaration.urn;
        if let Some(id) = &self.declaration.options.import {
            return self.adopt(id, progress);
        }
        if let Some(id) = self.context.seen.foreign.get(urn) {
            let reason = format!("{id} exists already, no row of this stack knows it, and creating would overwrite it");
            return Err(vec![
                self.refuse("create", reason)
                    .hint(format!("adopt it with the option import({id:?}), or choose another name")),
            ]);
        }
        let step = Step { generation: 1, ..self.create(Reason::New) };
        progress.known.after(self.schema, &step, &Value::Null, true);
        Ok(Decided { node: self.node, step, former: None })
    }

    fn adopt(&self, id: &str, progress: &mut Progress) -> Result<Decided, Vec<Error>> {
        let urn = &self.declaration.urn;
        let observed = match self.context.seen.imports.get(urn) {
            Some(Sight::Seen(observed)) => observed,
            Some(Sight::Gone) => return Err(vec![self.refuse("adopt", format!("there is nothing with the id {id}"))]),
            Some(Sight::Unreadable(reason)) => {
                return Err(vec![self.refuse("adopt", format!("{id} could not be read: {reason}"))]);
            }
            None => return Err(vec![self.refuse("adopt", format!("{id} was not read"))]),
        };
        let ours = format!("{}/{}", self.context.graph.program().project, self.context.graph.program().stack);
        if let Some(owner) = &observed.owner
            && owner.stack != ours
            && !owner.stack.starts_with(&format!("{ours}:"))
        {
            return Err(vec![self.refuse("adopt", format!("{id} belongs to the stack {}", owner.stack))]);
        }
        let nothing = complete(self.schema.args, &Value::empty_map());
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
            applied: &nothing,
            observed: Some(&Observed { args: now, pending: BTreeMap::new(), ..(**observed).clone() }),
            left: &left,
            ignore_changes: &self.declaration.options.ignore_changes,
            keep_drift: false,
            known: &progress.known,
        };
        let mut fields = three.compare();
        fields.warnings.clear();
        for change in &mut fields.changes {
            if !matches!(change.reason, Reason::DependsOn(..)) {
                change.reason = Reason::New;
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
                self.refuse("adopt", reason).hint("declare what is there, or leave the option import away")
            })
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let step = Step {
            generation: 1,
            resource_id: Some(id.to_owned()),
            maybe: fields.maybe(),
            changes: fields.changes,
            changed_args: fields.changed_args,
            planned: fields.planned,
            observed: fields.observed,
            hazards: fields.hazards,
            ..self.step(Op::Adopt, Reason::New)
        };
        progress.known.after(self.schema, &step, &observed.outputs, false);
        Ok(Decided { node: self.node, step, former: None })
    }

    /// It is gone from the account: the next generation is made, and the row of this one forgotten.
    fn vanished(&self, recorded: &RecordedRow, progress: &mut Progress) -> Result<Decided, Vec<Error>> {
        let step = Step { generation: recorded.row.generation + 1, ..self.create(Reason::Vanished) };
        progress.known.after(self.schema, &step, &Value::Null, true);
        let mut former = retire(recorded, self.schema, Op::Forget, Reason::Vanished);
        former.source = Some(self.declaration.source.clone());
        Ok(Decided { node: self.node, step, former: Some(Former { step: former, first: false }) })
    }

    fn replace(
        &self,
        recorded: &RecordedRow,
        sight: Option<&Sight>,
        reason: Reason,
        fields: Fields,
        progress: &mut Progress,
    ) -> Result<Decided, Vec<Error>> {
        let row = &recorded.row;
        let gone = matches!(sight, Some(Sight::Gone));
        let dying = matches!(row.state, RowState::Failed | RowState::Deleting);
        if !gone && (row.options.protect || self.declaration.options.protect == Some(true)) {
            return Err(vec![protected(&self.declaration.urn, recorded, "replaced", &reason)]);
        }
        let certain = dying
            || self.moves_place(recorded)
            || matches!(&reason, Reason::Asked(how) if how == "--replace")
            || fields.changes.iter().any(|change| change.forces_replacement && !change.maybe)
            || matches!(&reason, Reason::Asked(_)) && self.asked.iter().all(Value::is_known);
        let mut step = Step {
            generation: row.generation + 1,
            replaces: true,
            maybe: !certain,
            data_store: holds_data(self.schema, row),
            ..self.create(reason.clone())
        };
        step.drift = fields.drifted();
        step.changes = fields.changes;
        if self.moves_place(recorded) {
            let place = |account: &str, region: &str| text(&format!("{account} {region}"));
            let mut change =
                record_change("options.provider", place(&row.account, &row.region), place(&step.account, &step.region));
            change.forces_replacement = true;
            step.changes.push(change);
        }
        let op = if gone { Op::Forget } else { Op::Delete };
        let mut former = retire(recorded, self.schema, op, reason);
        former.replaces = true;
        former.maybe = step.maybe;
        step.observed.clone_from(&fields.observed);
        former.observed = fields.observed;
        former.source = Some(self.declaration.source.clone());
        let first = dying
            || self.declaration.options.delete_before_create
            || self.schema.delete_first
            || self.schema.data_store
            || self.same_key(recorded, &step.planned) && !self.moves_place(recorded);
        progress.known.after(self.schema, &step, &Value::Null, true);
        Ok(Decided { node: self.node, step, former: Some(Former { step: former, first }) })
    }

    /// Whether the next generation will have a key that only one may have, and the present one has it.
    fn same_key(&self, recorded: &RecordedRow, planned: &Value) -> bool {
        let applied = recorded.complete(self.schema);
        std::iter::once(&self.schema.natural_key).chain(self.schema.exclusive).filter(|set| !set.is_empty()).any(
            |set| {
                match (key_of(set, planned), key_of(set, &applied)) {
                    (Some(planned), Some(applied)) => planned == applied,
                    // An upsert of the same thing would be deleted with the former one.
                    _ => self.schema.guard == Guard::Upsert && set == &self.schema.natural_key,
                }
            },
        )
    }

    fn create(&self, reason: Reason) -> Step {
        let planned = named(self.schema.args, &self.declared, None);
        let changes = if matches!(reason, Reason::New | Reason::Vanished) {
            let nothing = Value::empty_map();
            let differences = self.context.comparison().diff(self.schema.args, &planned, &nothing);
            let digester = self.context.recorded.digester();
            let set = differences.into_iter().filter(|difference| !difference.after.is_null());
            set.map(|difference| FieldChange {
                path: difference.path.to_string(),
                before: Value::Null,
                after: digester.seal(&difference.after),
                applied: Value::Null,
                observed: None,
                reason: Reason::New,
                forces_replacement: false,
                maybe: false,
            })
            .collect()
        } else {
            Vec::new()
        };
        Step { planned, changes, row: None, ..self.step(Op::Create, reason) }
    }

    fn step(&self, op: Op, reason: Reason) -> Step {
        let options = &self.declaration.options;
        let place = match (self.context.seen.places.get(&options.provider), self.row) {
            (Some(place), _) => place.clone(),
            (None, Some(recorded)) => {
                crate::observe::Place { account: recorded.row.account.clone(), region: recorded.row.region.clone() }
            }
            (None, None) => crate::observe::Place::default(),
        };
        Step {
            uid: self.uid.clone(),
            provider: options.provider.0.clone(),
            account: place.account,
            region: place.region,
            edges: self.edges.clone(),
            timeouts: options.timeouts,
            source: Some(self.declaration.source.clone()),
            ..Step::empty(&self.declaration.urn, op, reason)
        }
    }

    fn impossible(&self, change: &FieldChange) -> Error {
        let reason = format!(
            "`{}` cannot be changed from {:?} to {:?}: the service offers no way, and a replacement would not help",
            change.path, change.before, change.after
        );
        self.refuse("plan", reason).hint(format!(
            "declare `{}` as it is, or declare the resource under another name, which makes another one and deletes this one",
            change.path
        ))
    }

    fn refuse(&self, act: &str, reason: String) -> Error {
        Error::new(Turn::You, act, reason).about(&self.declaration.urn, Some(&self.declaration.source))
    }
}

impl<'a> Context<'a> {
    /// The row of a declared resource: under its name, under a former name, or under the natural key that it takes over.
    fn row_of(
        &self,
        node: NodeId,
        declaration: &Declaration,
        declared: &Value,
        progress: &mut Progress,
    ) -> Option<&'a RecordedRow> {
        if let Some(row) = self.recorded.live(&declaration.urn) {
            return Some(row);
        }
        let former = self.graph.node(node).aliases.iter().filter(|urn| self.graph.resource(urn).is_none());
        if let Some(row) = former.filter_map(|urn| self.recorded.live(urn)).next() {
            return Some(row);
        }
        // A thing of this very key stands in a row that is no longer declared: it is the same thing under another name.
        let place = self.seen.places.get(&declaration.options.provider).cloned().unwrap_or_default();
        let key = key_of(declaration.schema.natural_key, declared)?;
        let unique = matches!(declaration.schema.guard, Guard::UniqueName | Guard::Upsert);
        let found = unique
            .then(|| progress.unclaimed_keys.remove(&(declaration.urn.kind(), place.account, place.region, key)))
            .flatten()?;
        let row = self.recorded.rows().get(&found)?;
        progress.warnings.push(format!(
            "{} has the key of {}, which is no longer declared, and takes its place",
            declaration.urn.path(),
            row.row.urn.path()
        ));
        Some(row)
    }
}

/// The error for a protected resource that would have to go.
pub(super) fn protected(urn: &Urn, recorded: &RecordedRow, what: &str, reason: &Reason) -> Error {
    let why = match reason {
        Reason::Removed => String::new(),
        reason => format!(" ({reason})"),
    };
    Error::new(Turn::Refused, "plan", format!("it is protected and would be {what}{why}"))
        .about(urn, recorded.row.source.as_ref())
        .hint("declare it with `.unprotect()`, run up, and then make this change")
}

fn text(text: &str) -> Value {
    Value::from(text)
}

/// A change of the record and not of the resource.
fn record_change(path: &str, before: Value, after: Value) -> FieldChange {
    FieldChange {
        path: path.to_owned(),
        applied: before.clone(),
        before,
        after,
        observed: None,
        reason: Reason::DeclaredChanged,
        forces_replacement: false,
        maybe: false,
    }
}

impl Step {
    /// A step with nothing in it yet.
    pub(super) fn empty(urn: &Urn, op: Op, reason: Reason) -> Self {
        Self {
            id: 0,
            urn: urn.clone(),
            kind: urn.kind(),
            op,
            replaces: false,
            uid: Uid::from_text(String::new()),
            generation: 0,
            row: None,
            resource_id: None,
            reason,
            changes: Vec::new(),
            changed_args: BTreeSet::new(),
            planned: Value::Null,
            observed: None,
            after: BTreeSet::new(),
            maybe: false,
            drift: false,
            data_store: false,
            hazards: BTreeSet::new(),
            provider: String::new(),
            account: String::new(),
            region: String::new(),
            edges: Vec::new(),
            timeouts: Timeouts::default(),
            source: None,
            weight: 0,
        }
    }
}
