//! [`Restricted`]: the part of a plan that a saved one names.

use std::collections::{BTreeMap, BTreeSet};

use super::{Op, Plan, Step};
use crate::error::{Error, Turn};
use crate::preflight::Preparation;
use crate::urn::Urn;

/// A plan that does what a saved one says, and what it leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct Restricted {
    /// The steps that are done.
    pub plan: Plan,
    /// The steps that are called for now and stand in no saved plan.
    pub left_out: Vec<Step>,
    /// The outputs of the stack that would become something else than was saved: they are not recorded.
    pub outputs_left_out: BTreeSet<String>,
}

/// The name of a step in a saved plan: what it does to which generation of what, and to which id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StepName {
    pub(super) urn: Urn,
    pub(super) op: &'static str,
    pub(super) generation: u64,
    pub(super) id: Option<String>,
}

impl StepName {
    fn of(step: &Step) -> Self {
        Self {
            urn: step.urn.clone(),
            op: step.op.word(),
            generation: u64::from(step.generation),
            id: step.resource_id.clone(),
        }
    }
}

impl std::fmt::Display for StepName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.op, self.urn.path())
    }
}

impl Plan {
    /// The steps of these names, and those that do nothing; in the orders of the whole plan.
    ///
    /// # Errors
    /// When one of them needs a step that is none of these.
    pub(super) fn restricted_to(&self, names: &BTreeSet<StepName>) -> Result<Restricted, Error> {
        let kept = |step: &Step| step.op == Op::Same || names.contains(&StepName::of(step));
        let mut number = BTreeMap::new();
        // What comes before a step that is left out comes before what stands after it.
        let mut before: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        // The steps left out that others cannot be done without.
        let mut needed: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let (mut steps, mut left_out, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for step in &self.steps {
            let (mut after, mut needs) = (BTreeSet::new(), BTreeSet::new());
            for first in &step.after {
                after.extend(before.get(first).into_iter().flatten());
                needs.extend(needed.get(first).into_iter().flatten().copied());
            }
            if kept(step) {
                if step.op != Op::Same {
                    let urns = needs.iter().filter_map(|id: &usize| self.steps.get(*id));
                    missing.extend(urns.map(|first| {
                        format!(
                            "{}: its {} comes first now: {} needs it, and it is not in the saved plan",
                            first.urn.path(),
                            first.op.word(),
                            step.urn.path()
                        )
                    }));
                }
                let id = steps.len();
                number.insert(step.id, id);
                before.insert(step.id, [id].into());
                needed.insert(step.id, needs);
                steps.push(Step { id, after, ..step.clone() });
            } else {
                // A change in place, of the account or of the record, holds nothing up: what it would have made of outputs that others use
                // makes those others' steps differ.
                if !matches!(step.op, Op::Update | Op::Move) {
                    needs.insert(step.id);
                }
                before.insert(step.id, after);
                needed.insert(step.id, needs);
                left_out.push(step.clone());
            }
        }
        if !missing.is_empty() {
            return Err(refusal(missing));
        }
        let urns: BTreeSet<&Urn> = names.iter().map(|name| &name.urn).collect();
        let consents = self.consents.iter().filter(|(urn, _)| urns.contains(urn)).cloned().collect();
        let problems = self.problems.iter().filter(|problem| urns.contains(&problem.urn)).cloned().collect();
        let needed = |one: &&Preparation| one.needed_by.iter().any(|urn| urns.contains(urn));
        let preparations = self.preparations.iter().filter(needed).cloned().collect();
        let plan = Plan { preparations, steps, consents, problems, ..self.clone() };
        Ok(Restricted { plan, left_out, outputs_left_out: BTreeSet::new() })
    }
}

/// More than this is no help to anybody: another store, or another program.
const SHOWN: usize = 20;
pub(super) const ACT: &str = "do the saved plan";

/// What moved, as one refusal.
pub(super) fn refusal(moved: Vec<String>) -> Error {
    let reason = "what it was made from has moved; nothing was changed";
    let more = moved.len().saturating_sub(SHOWN);
    let mut error = moved.into_iter().take(SHOWN).fold(Error::new(Turn::Refused, ACT, reason), Error::hint);
    if more > 0 {
        error = error.hint(format!("and {more} more"));
    }
    error.hint("run `preview --save` again and look at the new plan")
}
