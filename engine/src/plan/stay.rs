//! The step of a resource that is kept: update, resume, move or nothing.

use std::collections::BTreeSet;

use super::fields::Fields;
use super::node::{Deciding, Progress, unresolved};
use super::recorded::{RecordedRow, recorded_options};
use super::resolve::Known;
use super::{FieldChange, Op, Reason, Step};
use crate::error::Error;
use crate::record::{Edge, RowState, Stored};
use crate::shape::Shape;
use crate::value::Value;

impl Deciding<'_> {
    /// The step of a resource that is kept.
    pub(super) fn stay(&self, recorded: &RecordedRow, fields: Fields, progress: &Progress) -> Result<Step, Vec<Error>> {
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
        let digests = |d: &[Stored]| Value::List(d.iter().map(Stored::to_value).collect());
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
}

pub(super) fn text(text: &str) -> Value {
    Value::from(text)
}

/// A change of the record and not of the resource.
pub(super) fn record_change(path: &str, before: Value, after: Value) -> FieldChange {
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
