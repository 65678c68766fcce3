//! The two halves of a replacement, and what is made again because it vanished.

use std::collections::BTreeSet;

use super::along::First;
use super::fields::Fields;
use super::make::{holds_data, retire};
use super::node::{Decided, Deciding, Former, Progress};
use super::recorded::{RecordedRow, key_in};
use super::stay::{record_change, text};
use super::{Op, Reason, Step};
use crate::error::{Error, Turn};
use crate::observe::Sight;
use crate::record::RowState;
use crate::shape::Guard;
use crate::urn::{Uid, Urn};
use crate::value::Value;

impl Deciding<'_> {
    /// It is gone from the account: the next generation is made, and the row of this one forgotten.
    pub(super) fn vanished(&self, recorded: &RecordedRow, progress: &mut Progress) -> Result<Decided, Vec<Error>> {
        let step = Step { generation: recorded.row.generation + 1, ..self.create(Reason::Vanished) };
        progress.known.after(self.schema, &step, &Value::Null, true);
        let mut former = retire(recorded, self.schema, Op::Forget, Reason::Vanished);
        former.source = Some(self.declaration.source.clone());
        Ok(Decided {
            node: self.node,
            step,
            former: Some(Former { step: former, first: false, along: BTreeSet::new() }),
        })
    }

    pub(super) fn replace(
        &self,
        recorded: &RecordedRow,
        sight: Option<&Sight>,
        reason: Reason,
        fields: Fields,
        along: BTreeSet<Uid>,
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
            || !along.is_empty()
            || self.declaration.options.delete_before_create
            || self.schema.delete_first
            || self.schema.data_store
            || self.same_key(recorded, &step.planned) && !self.moves_place(recorded);
        if first && op == Op::Delete {
            let gone = First { urn: self.declaration.urn.clone(), maybe: step.maybe };
            progress.first.insert(self.uid.clone(), gone);
        }
        progress.known.after(self.schema, &step, &Value::Null, true);
        Ok(Decided { node: self.node, step, former: Some(Former { step: former, first, along }) })
    }

    pub(super) fn moves_place(&self, recorded: &RecordedRow) -> bool {
        self.context
            .seen
            .places
            .get(&self.declaration.options.provider)
            .is_some_and(|place| (&place.account, &place.region) != (&recorded.row.account, &recorded.row.region))
    }

    /// Whether the next generation will have a key that only one may have, and the present one has it.
    fn same_key(&self, recorded: &RecordedRow, planned: &Value) -> bool {
        let applied = recorded.complete(self.schema);
        std::iter::once(&self.schema.natural_key).chain(self.schema.exclusive).filter(|set| !set.is_empty()).any(
            |set| {
                match (key_in(self.schema, set, planned), key_in(self.schema, set, &applied)) {
                    (Some(planned), Some(applied)) => planned == applied,
                    // An upsert of the same thing would be deleted with the former one.
                    _ => self.schema.guard == Guard::Upsert && set == &self.schema.natural_key,
                }
            },
        )
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
