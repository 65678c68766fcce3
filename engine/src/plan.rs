//! [`Plan`]: what a run would do, as plain data.
//!
//! Made by [`make`] from the graph, the records and the observations; shown by the text and JSON forms; done by [`crate::apply`].

mod adopt;
mod along;
mod consent;
mod ends;
mod fields;
mod imports;
mod json;
mod likeness;
mod make;
mod node;
mod order;
mod read_set;
mod recorded;
mod replace;
mod resolve;
mod restrict;
mod saved;
mod stay;
mod targets;
mod text;
mod verify;

use std::collections::{BTreeMap, BTreeSet};

pub use adopt::OWNERSHIP_TAGS;
pub use fields::PENDING_WINDOW;
pub(crate) use imports::check as check_imports;
pub use likeness::{Likeness, likeness};
pub use make::make;
pub use read_set::ReadSet;
pub use recorded::{Recorded, RecordedRow, natural_key, recorded_options};
pub use restrict::Restricted;
pub(crate) use saved::Basis;
pub use saved::SavedPlan;
pub use verify::{Verified, verify};

use crate::options::Timeouts;
use crate::preflight::{Preparation, Problem};
use crate::program::stack_of;
use crate::record::{AcceptedDrift, Edge, Row, RowKey};
use crate::shape::Hazard;
use crate::urn::{KindName, SourceLine, Uid, Urn};
use crate::value::Value;

/// The number of a step in its plan.
pub type StepId = usize;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Makes a new resource.
    Create,
    /// Changes one.
    Update,
    /// Deletes one.
    Delete,
    /// Looks something up that could not be looked up while planning.
    Read,
    /// Takes over a resource that exists.
    Adopt,
    /// Goes on with what an earlier run left unfinished.
    Resume,
    /// Changes the recorded name.
    Move,
    /// Removes a row and leaves the resource (retained, or gone already).
    Forget,
    /// Does nothing.
    Same,
}

impl Op {
    /// All of them.
    pub const ALL: [Op; 9] =
        [Op::Create, Op::Update, Op::Delete, Op::Read, Op::Adopt, Op::Resume, Op::Move, Op::Forget, Op::Same];

    /// The word in text and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Op::Create => "create",
            Op::Update => "update",
            Op::Delete => "delete",
            Op::Read => "read",
            Op::Adopt => "adopt",
            Op::Resume => "resume",
            Op::Move => "move",
            Op::Forget => "forget",
            Op::Same => "same",
        }
    }
}

/// Why an argument changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A new resource, or an argument of one.
    New,
    /// The program says something else than what was applied.
    DeclaredChanged,
    /// Somebody changed it outside.
    Drifted,
    /// It exists already and is taken over; what is declared of it differs from what is there.
    Adopted,
    /// It is computed from an output that another step changes.
    DependsOn(Urn, String),
    /// Left over from an unfinished run.
    Resumed,
    /// The resource is gone from the account.
    Vanished,
    /// The resource failed for good, in AWS's words.
    Failed(String),
    /// No longer declared.
    Removed,
    /// Asked for by `--replace` or `replace_when`.
    Asked(String),
    /// It carries the tags of this very store, and no row knows it.
    Stray,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::New => f.write_str("new"),
            Reason::DeclaredChanged => f.write_str("declared changed"),
            Reason::Drifted => f.write_str("drifted"),
            Reason::Adopted => f.write_str("adopted"),
            Reason::DependsOn(urn, output) => match stack_of(urn) {
                Some(stack) => write!(f, "depends on stack {stack}'s {output}"),
                None => write!(f, "depends on {}.{output}", urn.path()),
            },
            Reason::Resumed => f.write_str("resumed"),
            Reason::Vanished => f.write_str("gone from the account"),
            Reason::Failed(words) => write!(f, "failed: {words}"),
            Reason::Removed => f.write_str("removed from the program"),
            Reason::Asked(how) => write!(f, "asked for by {how}"),
            Reason::Stray => f.write_str("stray: tagged as ours, in no row"),
        }
    }
}

/// One changed argument (or a part of it).
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Such as `cidr_block` or `lifecycle_rules[0].expiration_days`.
    pub path: String,
    /// What is now: what was observed, or what was applied where nothing was observed.
    pub before: Value,
    /// What will be; may be unknown.
    pub after: Value,
    /// What was last applied.
    pub applied: Value,
    /// What was observed, if it was.
    pub observed: Option<Value>,
    /// Why.
    pub reason: Reason,
    /// Whether it forces a replacement.
    pub forces_replacement: bool,
    /// Whether the value after is only known while applying and the change may therefore turn out to be none.
    pub maybe: bool,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// Of what.
    pub urn: Urn,
    /// The type.
    pub kind: KindName,
    /// What it does.
    pub op: Op,
    /// Whether it is half of a replacement.
    pub replaces: bool,
    /// The identity; minted while planning for a new resource.
    pub uid: Uid,
    /// The generation it makes, changes or deletes.
    pub generation: u32,
    /// The recorded row it starts from, if any.
    pub row: Option<RowKey>,
    /// The id in the account, where it is known.
    pub resource_id: Option<String>,
    /// Why the step is there.
    pub reason: Reason,
    /// What changes; of a delete, what is lifted so that the service does not refuse it.
    pub changes: Vec<FieldChange>,
    /// The top-level arguments that `update` is called with. An update without any makes no call: only the record changes.
    pub changed_args: BTreeSet<String>,
    /// The complete planned arguments, as far as they are known (create, update, resume, adopt; of a read its arguments). Secrets are in
    /// the clear where the program has them; nothing shows or writes this.
    pub planned: Value,
    /// What was observed, as far as it was (update, resume, adopt, delete), complete, with secrets marked as such.
    pub observed: Option<Value>,
    /// The steps that must be done before.
    pub after: BTreeSet<StepId>,
    /// Whether it may turn out to be nothing.
    pub maybe: bool,
    /// Whether some change reverts a drift.
    pub drift: bool,
    /// Whether it deletes or replaces a data store.
    pub data_store: bool,
    /// What needs consent or a warning.
    pub hazards: BTreeSet<Hazard>,
    /// The provider's name.
    pub provider: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The edges to record.
    pub edges: Vec<Edge>,
    /// The longest waits.
    pub timeouts: Timeouts,
    /// Where the program declares it.
    pub source: Option<SourceLine>,
    /// The rest of the way in steps, for longest path first.
    pub weight: u32,
}

impl Step {
    /// The accepted drift of a row that the step does not change.
    pub(crate) fn still_accepted(&self, row: &Row) -> BTreeMap<String, AcceptedDrift> {
        let touches = |path: &str| {
            let within = |inner: &str, outer: &str| {
                inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            self.changes.iter().any(|change| within(path, &change.path) || within(&change.path, path))
        };
        let kept = row.accepted.iter().filter(|(path, _)| !touches(path));
        kept.map(|(path, accepted)| (path.clone(), accepted.clone())).collect()
    }
}

/// How many of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// New resources.
    pub create: usize,
    /// Changed ones (adopted and resumed ones too).
    pub update: usize,
    /// Replaced ones.
    pub replace: usize,
    /// Deleted ones.
    pub delete: usize,
    /// Unchanged ones.
    pub same: usize,
}

/// A whole plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The stack.
    pub stack: String,
    /// What belongs to no stack and is made before the first step, since the account lacks it.
    pub preparations: Vec<Preparation>,
    /// All steps, `Same` ones included, in an order in which they could be done one after the other.
    pub steps: Vec<Step>,
    /// The outputs of the stack after the run: before and after.
    pub outputs: BTreeMap<String, (Value, Value)>,
    /// The resources that have no step because of `--exclude`.
    pub excluded: BTreeSet<Urn>,
    /// What stays as it is on purpose, in a sentence each: accepted drift.
    pub notes: Vec<String>,
    /// What a reader must know: unreadable arguments, pending modifications, retained things.
    pub warnings: Vec<String>,
    /// What must be consented to before `up`: (urn, sentence).
    pub consents: Vec<(Urn, String)>,
    /// What the cloud would refuse: a plan with any is shown and never done.
    pub problems: Vec<Problem>,
}

impl Plan {
    /// Whether nothing is to be done: no step, and no output of the stack changes.
    pub fn is_noop(&self) -> bool {
        self.steps.iter().all(|step| step.op == Op::Same)
            && self.outputs.values().all(|(before, after)| before == after)
    }

    /// How many of each; a replacement counts once.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            match step.op {
                Op::Create if step.replaces => counts.replace += 1,
                Op::Create => counts.create += 1,
                Op::Update | Op::Adopt | Op::Resume | Op::Move => counts.update += 1,
                Op::Delete if step.replaces => {}
                // The row of something that vanished and is made again.
                Op::Forget if step.replaces || step.reason == Reason::Vanished => {}
                Op::Delete | Op::Forget => counts.delete += 1,
                Op::Same => counts.same += 1,
                Op::Read => {}
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests;
