//! What the ends of resources need, and what is kept because of what they leave behind.

use std::collections::BTreeMap;

use super::node::Context;
use super::recorded::RecordedRow;
use super::{FieldChange, Op, Reason, Step};
use crate::record::{RowKey, RowState};
use crate::shape::Schema;
use crate::value::Value;

/// Forgets, instead of deleting, what others leave something behind with that cannot be read without it: the key of a last snapshot or of a
/// bucket that stays.
pub(super) fn keep_what_opens(context: &Context<'_>, steps: &mut [Step], warnings: &mut Vec<String>) {
    let ends: BTreeMap<RowKey, usize> = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| matches!(step.op, Op::Delete | Op::Forget))
        .filter_map(|(index, step)| Some((step.row.clone()?, index)))
        .collect();
    let mut kept = Vec::new();
    for (index, step) in steps.iter().enumerate().filter(|(_, step)| step.op == Op::Delete) {
        let Some((_, schema)) = row_of(context, step) else { continue };
        if !schema.ending.opens {
            continue;
        }
        let ending = context.recorded.dependants(&step.uid).iter().filter_map(|key| Some(&steps[*ends.get(key)?]));
        let mut left: Vec<String> = ending.filter_map(|other| left_behind(context, step, other)).collect();
        left.sort();
        if !left.is_empty() {
            kept.push((index, left));
        }
    }
    for (index, left) in kept {
        let step = &mut steps[index];
        step.op = Op::Forget;
        step.data_store = false;
        // Before what leaves something behind goes: a run that ends between the two must not leave a row that the next plan would delete.
        step.after.clear();
        let id = step.resource_id.as_deref().unwrap_or("it");
        let left = left.join(" and ");
        warnings.push(format!("{} ({id}) stays in the account and is forgotten: it encrypts {left}", step.urn.path()));
    }
}

/// What the end of a dependant leaves in the account that needs `opener`, in words.
fn left_behind(context: &Context<'_>, opener: &Step, ending: &Step) -> Option<String> {
    let (recorded, schema) = row_of(context, ending)?;
    let label = |field: &str| {
        let argument = field.split(['.', '[']).next().unwrap_or_default();
        schema.arg(argument).is_some_and(|arg| arg.tags)
    };
    if !recorded.row.edges.iter().any(|edge| edge.to == opener.uid && !label(&edge.field)) {
        return None;
    }
    let path = ending.urn.path();
    match ending.op {
        Op::Forget if ending.reason != Reason::Vanished => Some(format!("{path}, which stays")),
        Op::Delete => {
            let what = leaves(context, schema, recorded)?;
            Some(format!("what {path} leaves behind ({what})"))
        }
        _ => None,
    }
}

/// What a delete of this row leaves in the account, in words. What never was ready leaves nothing; what is on its way already does.
pub(super) fn leaves(context: &Context<'_>, schema: &Schema, recorded: &RecordedRow) -> Option<&'static str> {
    let never_ready = match recorded.row.state {
        RowState::Creating => true,
        RowState::Failed => recorded.row.observed.is_none(),
        RowState::Ready | RowState::Incomplete | RowState::Deposed | RowState::Deleting => false,
    };
    let leaves = schema.ending.leaves.filter(|_| !context.settings.leave_nothing && !never_ready)?;
    leaves(&recorded.applied)
}

/// Shows at each delete that the service's own refusal of it is lifted before.
pub(super) fn lift_refusals(context: &Context<'_>, steps: &mut [Step]) {
    for step in steps.iter_mut().filter(|step| step.op == Op::Delete) {
        let Some((recorded, schema)) = row_of(context, step) else { continue };
        let Some(name) = schema.ending.refused_by else { continue };
        let applied = recorded.applied.get(name).clone();
        let observed = step.observed.as_ref().map(|observed| observed.get(name).clone());
        if *observed.as_ref().unwrap_or(&applied) != Value::Bool(true) {
            continue;
        }
        step.changes.push(FieldChange {
            path: name.to_owned(),
            before: Value::Bool(true),
            after: Value::Bool(false),
            applied,
            observed,
            reason: step.reason.clone(),
            forces_replacement: false,
            maybe: false,
        });
    }
}

/// The row that a step ends, with its schema.
pub(super) fn row_of<'a>(context: &Context<'a>, step: &Step) -> Option<(&'a RecordedRow, &'static Schema)> {
    let recorded = context.recorded.rows().get(step.row.as_ref()?)?;
    Some((recorded, context.schema(&recorded.row)?))
}
