//! What goes along with a resource that is deleted before its next generation is made.
//!
//! Between the two there is nothing that a reference could lead to, even where the reference reads the same afterwards. A dependant that
//! refers by an argument which cannot be changed on the living resource is replaced as well: the service refuses the delete while it is
//! there, or it is lost with what it is attached to. One that refers by an argument which can be changed stays and is given it again.

use std::collections::BTreeSet;

use super::fields::Fields;
use super::node::{Deciding, Progress};
use super::recorded::RecordedRow;
use super::{FieldChange, Reason, Step};
use crate::compare::{Spot, spot, taint};
use crate::record::Edge;
use crate::shape::Change;
use crate::urn::{Uid, Urn};
use crate::value::Value;

/// A resource that goes first.
#[derive(Debug, Clone)]
pub(super) struct First {
    /// Its declared name.
    pub(super) urn: Urn,
    /// Whether it may turn out to stay.
    pub(super) maybe: bool,
}

impl First {
    /// The resource of which a step deletes the former generation.
    pub(super) fn of(former: &Step) -> Self {
        Self { urn: former.urn.clone(), maybe: former.maybe }
    }
}

impl Deciding<'_> {
    /// Adds the changes that follow from what goes first, and answers what this resource must be replaced with.
    pub(super) fn go_along(
        &self,
        recorded: &RecordedRow,
        fields: &mut Fields,
        progress: &mut Progress,
    ) -> BTreeSet<Uid> {
        let mut along = BTreeSet::new();
        let applied = recorded.complete(self.schema);
        let planned = fields.planned.clone();
        let edges: BTreeSet<&Edge> = recorded.row.edges.iter().chain(&self.edges).collect();
        for edge in edges.into_iter().filter(|edge| edge.to != self.uid) {
            let Some(first) = progress.first.get(&edge.to) else { continue };
            // `depends_on` and orders built into types hold nothing.
            let Some(spot) = spot(self.schema.args, &edge.field, &applied, &planned) else { continue };
            // A reference that is only declared holds nothing yet, unless it reads what stands there.
            let recorded_too = recorded.row.edges.contains(edge);
            let reads_the_same = spot.after.is_known() && spot.before.reveal() == spot.after.reveal();
            if !recorded_too && !reads_the_same {
                continue;
            }
            match spot.change {
                Change::Replace => {
                    self.insist(fields, edge, first, &spot, true);
                    along.insert(edge.to.clone());
                }
                Change::InPlace if self.edges.contains(edge) && !self.is_label(edge) => {
                    self.insist(fields, edge, first, &spot, false);
                    if recorded_too {
                        progress.warnings.push(format!(
                            "{} is deleted before it is made again, while {} uses it by `{}`",
                            first.urn.path(),
                            self.declaration.urn.path(),
                            edge.field
                        ));
                    }
                }
                // A replacement would not help where there is no way to change it.
                Change::InPlace | Change::Never => {}
            }
        }
        along
    }

    /// Whether an edge comes from what only labels the resource, or from what the program leaves alone.
    fn is_label(&self, edge: &Edge) -> bool {
        let argument = edge.field.split(['.', '[']).next().unwrap_or_default();
        let tags = self.schema.arg(argument).is_some_and(|arg| arg.tags || arg.drift_ignored);
        tags || self.declaration.options.ignore_changes.iter().any(|pattern| within(&edge.field, pattern))
    }

    /// Makes the change of a reference as certain as what it refers to, or adds it where the reference reads the same.
    fn insist(&self, fields: &mut Fields, edge: &Edge, first: &First, spot: &Spot<'_>, replace: bool) {
        let mut known = false;
        for change in &mut fields.changes {
            let here = within(&change.path, &edge.field) || within(&edge.field, &change.path);
            if here && change.forces_replacement == replace {
                change.maybe &= first.maybe;
                known = true;
            }
        }
        if known {
            return;
        }
        let secret = spot.before.has_secret() || spot.after.has_secret();
        let shown = |value: &Value| {
            let value = if secret { taint(value, &[spot.before, spot.after]) } else { value.clone() };
            self.context.recorded.digester().seal(&value)
        };
        fields.noted.retain(|noted| noted.path != edge.field);
        fields.changed_args.extend(edge.field.split(['.', '[']).next().map(str::to_owned));
        fields.changes.push(FieldChange {
            path: edge.field.clone(),
            before: shown(spot.before),
            after: shown(spot.after),
            applied: shown(spot.before),
            observed: None,
            reason: Reason::DependsOn(first.urn.clone(), edge.output.clone().unwrap_or_else(|| "id".to_owned())),
            forces_replacement: replace,
            maybe: first.maybe,
        });
    }
}

/// Whether a displayed path is another one or lies within that.
fn within(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
