//! What is decided about one declared resource or read.

use std::collections::{BTreeMap, BTreeSet};

use super::along::First;
use super::fields::{Fields, Three, named};
use super::recorded::{RecordedRow, key_of};
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
use crate::shape::{Guard, Schema};
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
    /// Fields whose drift was accepted, with what stands there.
    pub(super) accepted: Vec<String>,
    /// What is adopted, by kind and id.
    pub(super) adopted: BTreeMap<(KindName, String), Urn>,
    /// The resources of which the present generation is deleted before the next one is made.
    pub(super) first: BTreeMap<Uid, First>,
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
    /// The resources that go first and could not while this one is there.
    pub(super) along: BTreeSet<Uid>,
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

pub(super) fn unresolved(name: &str, error: &EvalError) -> Error {
    Error::new(Turn::You, format!("resolve `{name}` of"), format!("`{}`: {}", error.expression, error.reason))
}

/// One resource while it is decided.
pub(super) struct Deciding<'a> {
    pub(super) context: Context<'a>,
    pub(super) node: NodeId,
    pub(super) declaration: &'a Declaration,
    pub(super) schema: &'static Schema,
    /// Complete, beginnings of names as they were declared.
    pub(super) declared: Value,
    /// The values of `replace_when`.
    pub(super) asked: Vec<Value>,
    pub(super) row: Option<&'a RecordedRow>,
    pub(super) uid: Uid,
    pub(super) edges: Vec<Edge>,
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
        let claimed = || context.seen.claims.get(&declaration.urn).map_or_else(Uid::random, |claim| claim.uid.clone());
        let uid = row.map_or_else(claimed, |recorded| recorded.row.uid.clone());
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
        self.adopted_before(recorded)?;
        let key = recorded.row.key();
        let creating = recorded.row.state == RowState::Creating;
        let sight = self.context.sight(&key);
        match (recorded.row.state, sight) {
            // One that was just made may not be visible yet; its own wait tells whether it is gone.
            (RowState::Ready | RowState::Incomplete, Some(Sight::Gone)) => return self.vanished(recorded, progress),
            (RowState::Failed, sight) => {
                let words = recorded.row.reason.clone().unwrap_or_else(|| "no reason was given".to_owned());
                let (fields, along) = (Fields::default(), BTreeSet::new());
                return self.replace(recorded, sight, Reason::Failed(words), fields, along, progress);
            }
            (RowState::Deleting, sight) => {
                let (fields, along) = (Fields::default(), BTreeSet::new());
                return self.replace(recorded, sight, Reason::Resumed, fields, along, progress);
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
        progress.accepted.append(&mut fields.accepted);
        if !fields.refused.is_empty() {
            return Err(fields.refused.iter().map(|change| self.impossible(change)).collect());
        }
        let along = self.go_along(recorded, &mut fields, progress);
        if let Some(reason) = self.forced(recorded, &fields) {
            return self.replace(recorded, sight, reason, fields, along, progress);
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
            accepted: &recorded.row.accepted,
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

    fn without_row(self, progress: &mut Progress) -> Result<Decided, Vec<Error>> {
        let urn = &self.declaration.urn;
        if let Some(id) = self.existing()? {
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

    pub(super) fn create(&self, reason: Reason) -> Step {
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

    pub(super) fn step(&self, op: Op, reason: Reason) -> Step {
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

    pub(super) fn refuse(&self, act: &str, reason: String) -> Error {
        Error::new(Turn::You, act, reason).about(&self.declaration.urn, Some(&self.declaration.source))
    }
}

impl<'a> Context<'a> {
    /// The row of a declared resource: under its name, under a former name, or under the natural key that it takes over.
    pub(super) fn row_of(
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

impl Step {
    /// A step with nothing in it yet.
    pub(crate) fn empty(urn: &Urn, op: Op, reason: Reason) -> Self {
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
