//! The step of a resource that is kept: update, resume, move or nothing.

use std::collections::BTreeSet;

use super::fields::Fields;
use super::node::{Deciding, Progress, unresolved};
use super::recorded::{RecordedRow, recorded_options};
use super::{FieldChange, Op, Reason, Step};
use crate::error::Error;
use crate::record::{Edge, RowState, Stored};
use crate::shape::Shape;
use crate::urn::Uid;
use crate::value::Value;

impl Deciding<'_> {
    /// The step of a resource that is kept.
    pub(super) fn stay(&self, recorded: &RecordedRow, fields: Fields, progress: &Progress) -> Result<Step, Vec<Error>> {
        let row = &recorded.row;
        let mut recorded_only = fields.noted.clone();
        recorded_only.extend(self.option_changes(recorded, progress)?);
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
    fn option_changes(&self, recorded: &RecordedRow, progress: &Progress) -> Result<Vec<FieldChange>, Vec<Error>> {
        let before = &recorded.row.options;
        let digester = self.context.recorded.digester();
        let after = recorded_options(self.declaration, Some(before), &progress.known, digester)
            .map_err(|error| vec![unresolved("replace_when", &error)])?;
        let list = |texts: &[String]| Value::List(texts.iter().map(|t| Value::from(t.as_str())).collect());
        let seconds =
            |timeout: Option<u64>| timeout.map_or(Value::Null, |t| Value::Int(t.try_into().unwrap_or(i64::MAX)));
        let digests = |d: &[Stored]| Value::List(d.iter().map(Stored::to_value).collect());
        let (edges_before, edges_after) = self.edge_changes(&recorded.row.edges, &self.kept_edges(recorded), progress);
        let provider = &self.declaration.options.provider.0;
        let pairs = [
            ("options.protect", before.protect.into(), after.protect.into()),
            ("options.retain_on_delete", before.retain_on_delete.into(), after.retain_on_delete.into()),
            ("options.delete_before_create", before.delete_before_create.into(), after.delete_before_create.into()),
            ("options.ignore_changes", list(&before.ignore_changes), list(&after.ignore_changes)),
            ("options.replace_when", digests(&before.replace_when), digests(&after.replace_when)),
            ("options.timeouts.delete", seconds(before.delete_timeout), seconds(after.delete_timeout)),
            ("options.provider", text(&recorded.row.provider), text(provider)),
            ("edges", edges_before, edges_after),
        ];
        let changed = pairs.into_iter().filter(|(_, before, after): &(_, Value, Value)| before != after);
        Ok(changed.map(|(path, before, after)| record_change(path, before, after)).collect())
    }

    /// The edges before and after where they differ, by the names of resources: the uid of one that is still to be made is another one in every plan.
    fn edge_changes(&self, before: &[Edge], after: &[Edge], progress: &Progress) -> (Value, Value) {
        let places = |edges: &[Edge]| -> BTreeSet<(Uid, String)> {
            edges.iter().map(|edge| (edge.to.clone(), edge.field.clone())).collect()
        };
        let (before, after) = (places(before), places(after));
        if before == after {
            return (Value::Null, Value::Null);
        }
        let name = |uid: &Uid| {
            let node = progress.uids.iter().find(|(_, known)| *known == uid);
            let declared = node.map(|(node, _)| self.context.graph.node(*node).urn.path().to_owned());
            let rows = self.context.recorded.rows().range((uid.clone(), 0)..=(uid.clone(), u32::MAX));
            let recorded = rows.map(|(_, recorded)| recorded.row.urn.path().to_owned()).next_back();
            declared.or(recorded).unwrap_or_else(|| "something forgotten".to_owned())
        };
        let named = |places: &BTreeSet<(Uid, String)>| -> BTreeSet<String> {
            places.iter().map(|(uid, field)| format!("{} by {field}", name(uid))).collect()
        };
        let list = |names: BTreeSet<String>| Value::List(names.into_iter().map(Value::from).collect());
        let (names_before, mut names_after) = (named(&before), named(&after));
        if names_before == names_after {
            // Something else stands under the same name.
            names_after = after
                .iter()
                .map(|place| {
                    let anew = if before.contains(place) { "" } else { " (another one)" };
                    format!("{} by {}{anew}", name(&place.0), place.1)
                })
                .collect();
        }
        (list(names_before), list(names_after))
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
