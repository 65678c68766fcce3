//! Taking over a resource that exists already.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::Three;
use super::likeness::granted;
use super::node::{Decided, Deciding, Progress};
use super::{Op, Reason, Step};
use crate::compare::complete;
use crate::error::Error;
use crate::kind::Observed;
use crate::observe::Sight;
use crate::record::LET_GO;

impl Deciding<'_> {
    pub(super) fn adopt(&self, id: &str, progress: &mut Progress) -> Result<Decided, Vec<Error>> {
        let urn = &self.declaration.urn;
        let observed = match self.context.seen.imports.get(urn) {
            Some(Sight::Seen(observed)) => observed,
            Some(Sight::Gone) => return Err(vec![self.refuse("adopt", format!("there is nothing with the id {id}"))]),
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
}
