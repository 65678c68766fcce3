//! [`make`]: from graph, records and observations to a plan.

use std::collections::{BTreeMap, BTreeSet};

use super::along::First;
use super::node::{Context, Decided, KeyPlace, Progress, evaluate};
use super::order::{Drafts, Kept};
use super::recorded::RecordedRow;
use super::replace::protected;
use super::targets::Targets;
use super::{Op, Plan, Reason, Recorded, Step, consent, ends, order};
use crate::compare::complete;
use crate::error::{Error, Turn};
use crate::exchange;
use crate::graph::{Graph, NodeId};
use crate::observe::{Observations, Sight};
use crate::options::Timeouts;
use crate::record::{Row, RowKey, RowState};
use crate::settings::Settings;
use crate::shape::Schema;
use crate::urn::{Uid, Urn};
use crate::value::Value;

/// Makes the plan: compares what is declared, what was applied and what is observed, and decides the step of every resource.
///
/// # Guarantees
/// Pure: contacts nothing, and answers the same for the same input but for the uids of new resources. Every step's `after` names steps
/// that stand before it in the plan.
///
/// # Errors
/// Everything that cannot be planned, at once: arguments that cannot be evaluated, changes for which there is no way, protected resources
/// that would have to go, and such that other stacks use, foreign things that would be overwritten, unknown targets.
pub fn make(
    graph: &Graph,
    recorded: &Recorded,
    observations: &Observations,
    settings: &Settings,
) -> Result<Plan, Vec<Error>> {
    let context = Context { graph, recorded, seen: observations, settings };
    let targets = Targets::of(graph, recorded, settings)?;
    let mut first = BTreeMap::new();
    loop {
        let pass = Pass::new(&context, &targets, &first)?;
        let found: BTreeMap<Uid, First> =
            pass.drafts.first.iter().map(|(uid, first)| (uid.clone(), first.clone())).collect();
        // That something must go first may show only after what depends on it was decided: then everything is decided again. There are only
        // so many rows that can be added.
        if found.keys().all(|uid| first.contains_key(uid)) {
            let Pass { drafts, outputs, notes, mut warnings } = pass;
            let mut steps = order::number(drafts);
            ends::keep_what_opens(&context, &mut steps, &mut warnings);
            ends::lift_refusals(&context, &mut steps);
            let exported = graph.program().exports.keys().map(String::as_str).collect();
            let refused = exchange::refusals(&graph.program().stack, &exported, &steps, &observations.elsewhere);
            if !refused.is_empty() {
                return Err(refused);
            }
            warnings.extend(exchange::warnings(&graph.program().stack, &steps, &observations.elsewhere));
            let consents = consent::needed(&context, &steps);
            let stack = graph.program().stack.clone();
            let excluded = targets.excluded_urns;
            let (preparations, problems) = (Vec::new(), Vec::new());
            return Ok(Plan { stack, preparations, steps, outputs, excluded, notes, warnings, consents, problems });
        }
        first.extend(found);
    }
}

/// Everything decided once, under an assumption of what goes before its next generation is made.
struct Pass {
    drafts: Drafts,
    outputs: BTreeMap<String, (Value, Value)>,
    notes: Vec<String>,
    warnings: Vec<String>,
}

impl Pass {
    fn new(context: &Context<'_>, targets: &Targets, first: &BTreeMap<Uid, First>) -> Result<Self, Vec<Error>> {
        let Context { graph, recorded, seen: observations, .. } = *context;
        let mut errors = Vec::new();
        let mut progress = Progress {
            unclaimed_keys: unclaimed_keys(graph, recorded),
            first: first.clone(),
            warnings: observations.warnings.iter().chain(&targets.warnings).cloned().collect(),
            ..Progress::default()
        };
        let mut decided: Vec<Decided> = Vec::new();
        let mut undecided: BTreeSet<NodeId> = BTreeSet::new();
        for &node in graph.order() {
            if !targets.has_node(node) {
                leave_alone(context, node, &mut progress);
                continue;
            }
            // What depends on something that cannot be planned is not judged: its errors would only repeat the first one.
            if graph.node(node).edges.iter().any(|edge| undecided.contains(&edge.to)) {
                undecided.insert(node);
                continue;
            }
            match context.decide(node, &mut progress) {
                Ok(found) => decided.extend(found),
                Err(mut found) => {
                    undecided.insert(node);
                    errors.append(&mut found);
                }
            }
        }
        let removed =
            if undecided.is_empty() { removals(context, targets, &mut progress, &mut errors) } else { Vec::new() };
        let outputs = outputs(context, targets, &progress, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut warnings = std::mem::take(&mut progress.warnings);
        let notes = accepted_note(&progress.accepted).into_iter().collect();
        let kept = Kept { claimed: &progress.claimed, targets };
        let drafts = Drafts::new(context, decided, removed, &kept, &mut warnings)?;
        Ok(Self { drafts, outputs, notes, warnings })
    }
}

/// One sentence about all drift that was accepted.
fn accepted_note(accepted: &[String]) -> Option<String> {
    (!accepted.is_empty()).then(|| format!("accepted drift stays as it is: {}", accepted.join("; ")))
}

/// The rows that nothing declared claims by a name, by place and natural key.
fn unclaimed_keys(graph: &Graph, recorded: &Recorded) -> BTreeMap<KeyPlace, RowKey> {
    let named: BTreeSet<&Urn> =
        graph.nodes().iter().flat_map(|node| std::iter::once(&node.urn).chain(&node.aliases)).collect();
    let free = recorded.rows().iter().filter(|(key, row)| {
        let sound = matches!(row.row.state, RowState::Ready | RowState::Incomplete | RowState::Creating);
        sound && !row.row.natural_key.is_empty() && recorded.is_live(key) && !named.contains(&row.row.urn)
    });
    free.map(|(key, RecordedRow { row, .. })| {
        ((row.kind.clone(), row.account.clone(), row.region.clone(), row.natural_key.clone()), key.clone())
    })
    .collect()
}

/// A declared resource outside the targets: what is recorded of it stays, and is what others may use.
fn leave_alone(context: &Context<'_>, node: NodeId, progress: &mut Progress) {
    let urn = &context.graph.node(node).urn;
    if let Some(answer) = context.seen.reads.get(urn) {
        progress.known.keep(urn, answer.outputs.clone());
    }
    let aliases = context.graph.node(node).aliases.iter();
    let named = std::iter::once(urn).chain(aliases).find_map(|urn| context.recorded.live(urn));
    if let Some(recorded) = named.or_else(|| row_by_key(context, node, progress)) {
        let key = recorded.row.key();
        let current = match context.sight(&key) {
            Some(Sight::Seen(observed)) => observed.outputs.clone(),
            _ => recorded.outputs.clone(),
        };
        progress.known.keep(urn, current);
        progress.uids.insert(node, recorded.row.uid.clone());
        progress.claimed.insert(key, node);
    }
}

/// The row whose place a resource outside the targets will take, since it has its key: it must not be ended meanwhile.
fn row_by_key<'a>(context: &Context<'a>, node: NodeId, progress: &mut Progress) -> Option<&'a RecordedRow> {
    let declaration = context.graph.resource(&context.graph.node(node).urn)?;
    let args = evaluate(&declaration.args, &declaration.urn, &progress.known).ok()?;
    let warnings = progress.warnings.len();
    let row = context.row_of(node, declaration, &complete(declaration.schema.args, &args), progress);
    // That it takes the place is said when it does.
    progress.warnings.truncate(warnings);
    row
}

/// The steps that end rows which no declared resource claims.
fn removals(context: &Context<'_>, targets: &Targets, progress: &mut Progress, errors: &mut Vec<Error>) -> Vec<Step> {
    let mut steps = Vec::new();
    for (key, recorded) in context.recorded.rows() {
        if progress.claimed.contains_key(key) || !targets.has_row(key) {
            continue;
        }
        let row = &recorded.row;
        let Some(schema) = context.schema(row) else {
            let reason = format!("this build does not know the kind {}", row.kind);
            errors.push(
                Error::new(Turn::You, "plan the end of", reason)
                    .about(&row.urn, row.source.as_ref())
                    .hint("run a build that knows it, or take the row out with `state forget`"),
            );
            continue;
        };
        let sight = context.sight(key);
        let gone = matches!(sight, Some(Sight::Gone));
        let live = context.recorded.is_live(key);
        let reason = match (gone, live) {
            (true, _) => Reason::Vanished,
            (false, true) if context.seen.strays.contains(key) => Reason::Stray,
            (false, true) => Reason::Removed,
            (false, false) => Reason::Resumed,
        };
        let retained = live && row.options.retain_on_delete;
        if row.options.protect && live && !gone && !retained {
            errors.push(protected(&row.urn, recorded, "deleted", &reason));
            continue;
        }
        let op = if gone || retained { Op::Forget } else { Op::Delete };
        if retained && !gone {
            progress.warnings.push(format!("{} ({}) stays in the account and is forgotten", row.urn.path(), row.id));
        }
        let mut step = retire(recorded, schema, op, reason);
        step.observed = sight.and_then(Sight::seen).map(|observed| {
            crate::compare::taint(&crate::compare::complete(schema.args, &observed.args), &[&recorded.applied])
        });
        steps.push(step);
    }
    steps
}

impl Context<'_> {
    /// The schema of a row's kind.
    pub(super) fn schema(&self, row: &Row) -> Option<&'static Schema> {
        let declared = || self.graph.resource(&row.urn).map(|declaration| declaration.schema);
        self.seen.schemas.get(&row.kind).copied().or_else(declared)
    }
}

/// The step that ends a row.
pub(super) fn retire(recorded: &RecordedRow, schema: &'static Schema, op: Op, reason: Reason) -> Step {
    let row = &recorded.row;
    Step {
        uid: row.uid.clone(),
        generation: row.generation,
        row: Some(row.key()),
        resource_id: Some(row.id.clone()).filter(|id| !id.is_empty()),
        data_store: op == Op::Delete && holds_data(schema, row),
        provider: row.provider.clone(),
        account: row.account.clone(),
        region: row.region.clone(),
        edges: row.edges.clone(),
        timeouts: Timeouts {
            delete: row.options.delete_timeout.map(std::time::Duration::from_secs),
            ..Timeouts::default()
        },
        source: row.source.clone(),
        ..Step::empty(&row.urn, op, reason)
    }
}

/// Whether ending a row loses data: not where it never was ready, and not where its deletion was accepted already.
pub(super) fn holds_data(schema: &Schema, row: &Row) -> bool {
    schema.data_store
        && match row.state {
            RowState::Creating | RowState::Deleting => false,
            // It was read as ready once if anything was observed of it.
            RowState::Failed => row.observed.is_some(),
            RowState::Ready | RowState::Incomplete | RowState::Deposed => true,
        }
}

/// The outputs of the stack before and after.
fn outputs(
    context: &Context<'_>,
    targets: &Targets,
    progress: &Progress,
    errors: &mut Vec<Error>,
) -> BTreeMap<String, (Value, Value)> {
    // A stack of which only a part goes keeps its outputs.
    let kept = context.settings.destroy && !targets.are_all();
    let before = context.recorded.outputs().iter();
    let mut outputs: BTreeMap<String, (Value, Value)> = before
        .map(|(name, before)| (name.clone(), (before.clone(), if kept { before.clone() } else { Value::Null })))
        .collect();
    for (name, export) in &context.graph.program().exports {
        match export.expr.evaluate(&progress.known) {
            // A run that only adopts does not come to what it depends on: it stays as it was.
            Ok(value) if !context.settings.imports.is_empty() && !value.is_known() => {
                if let Some((before, after)) = outputs.get_mut(name) {
                    *after = before.clone();
                }
            }
            Ok(value) => {
                let after = context.recorded.digester().seal(&value);
                outputs.entry(name.clone()).or_insert((Value::Null, Value::Null)).1 = after;
            }
            Err(error) => {
                let reason = format!("`{}`: {} ({})", error.expression, error.reason, export.source);
                errors.push(Error::new(Turn::You, format!("give the output `{name}`"), reason));
            }
        }
    }
    outputs
}
