//! Everything that is ever written: rows, intents, log entries, and what stacks write for each other. Nothing else is serialised.
//!
//! Values are kept in a form of their own ([`Stored`]): a secret is a keyed digest and never the value.

mod exchange;
mod export;
mod history;
mod shared;

use std::collections::{BTreeMap, BTreeSet};

pub use exchange::{EXCHANGE_FORMAT, Published, PublishedOutput, Source, Standing, Used, Uses};
pub use export::{EXPORT_VERSION, Exported, ExportedBinding, ExportedDeployment, ExportedPin};
pub use history::{Formula, PlannedStep, RecordedProgram, RecordedProvider, StepTrouble};
use serde::{Deserialize, Serialize};
pub use shared::{Closed, ClosedBecause, Lease, MovedHere, MovedMark, SHARED_FORMAT, SharedHead, TakenOver};

use crate::kind::Identity;
use crate::urn::{KindName, SourceLine, Uid, Urn};

/// The version of this format; a store of a newer one is refused, an older one is migrated.
pub const FORMAT: u32 = 1;

/// A value as JSON: `{"$secret": digest}` for a secret, with `"$sealed"` beside it where the secret itself is kept sealed,
/// `{"$unknown": expression}` never occurs in a row, and a map whose own keys begin with `$` has them doubled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stored(pub serde_json::Value);

/// What a store belongs to; the first entry of every log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The format of the log.
    pub format: u32,
    /// Random, permanent: tells two stores of the same name apart; part of the ownership tag.
    pub lineage: String,
    /// The project.
    pub project: String,
    /// The stack.
    pub stack: String,
    /// Account, partition, region and endpoint of the first run.
    pub identity: Identity,
    /// The key of the digests that stand for secrets, 32 bytes as hex: they cannot be compared between stores.
    pub digest_key: String,
}

/// The value of the ownership tag `formwork:stack`: `project/stack:lineage`. The lineage tells two stores of one stack apart (a lost store, a colleague's
/// copy); whoever looks for the things of a stack whatever store made them looks for values that begin with `project/stack:`.
pub fn owner_tag(project: &str, stack: &str, lineage: &str) -> String {
    format!("{project}/{stack}:{lineage}")
}

/// The way out when a thing that is to be adopted carries the tags of another stack, or of another store of this one.
pub(crate) const LET_GO: &str = "have it let go there, with the option retain_on_delete; when nothing manages it any more, take its tag \
                                 `formwork:stack` off and plan again";

/// How a recorded resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// The create was accepted (there is an id) and it is not ready yet.
    Creating,
    /// It is there, and something of its arguments is left to do (`left`).
    Incomplete,
    /// It is as applied.
    Ready,
    /// A newer generation has taken its place; it waits for its deletion.
    Deposed,
    /// A delete was accepted.
    Deleting,
    /// AWS says it failed for good, in the words of `reason`.
    Failed,
}

impl RowState {
    /// The word in `state list`.
    pub fn word(self) -> &'static str {
        match self {
            RowState::Creating => "creating",
            RowState::Incomplete => "incomplete",
            RowState::Ready => "ready",
            RowState::Deposed => "deposed",
            RowState::Deleting => "deleting",
            RowState::Failed => "failed",
        }
    }
}

/// An edge to another recorded resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// The resource that comes first.
    pub to: Uid,
    /// The argument path that made the edge (`vpc`, `tags.name`), or `depends_on`, or `built-in`.
    pub field: String,
    /// The output that is used, where the edge comes from a reference.
    pub output: Option<String>,
}

/// The options that matter without the program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecordedOptions {
    /// May not be deleted or replaced.
    pub protect: bool,
    /// Stays in the account when it is removed.
    pub retain_on_delete: bool,
    /// A replacement deletes first.
    pub delete_before_create: bool,
    /// Ignored argument paths.
    pub ignore_changes: Vec<String>,
    /// Digests of the values of `replace_when`.
    pub replace_when: Vec<Stored>,
    /// The longest wait for a delete, in seconds.
    pub delete_timeout: Option<u64>,
}

/// A difference between what is declared and what stands in the account that was accepted: it is left alone while both are what they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedDrift {
    /// What was declared.
    pub declared: Stored,
    /// What stood there instead.
    pub observed: Stored,
}

/// One recorded resource: everything that is needed to read, compare and delete it without the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its permanent identity; a row is named by uid and generation.
    pub uid: Uid,
    /// 1 for the first; a replacement makes the next.
    pub generation: u32,
    /// Its name in the program.
    pub urn: Urn,
    /// Its type.
    pub kind: KindName,
    /// The version of the type's schema that wrote `applied`.
    pub kind_version: u32,
    /// How it is.
    pub state: RowState,
    /// The provider's name in the program; empty for the default one.
    pub provider: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its id as AWS answered it.
    pub id: String,
    /// The values of its natural key, joined with `/`; empty when the type has none.
    pub natural_key: String,
    /// The arguments that were last made true.
    pub applied: Stored,
    /// The arguments as AWS last said, when it was read after the apply.
    pub observed: Option<Stored>,
    /// The outputs as AWS last said.
    pub outputs: Stored,
    /// The argument expressions, readable.
    pub expressions: BTreeMap<String, String>,
    /// Those of the expressions that are more than a value, as they are: what `rollback` plans towards.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub formulas: BTreeMap<String, Formula>,
    /// Arguments that are still to be handed to `update`.
    pub left: BTreeSet<String>,
    /// The update or change id being waited for.
    pub waiting: Option<String>,
    /// What it depends on.
    pub edges: Vec<Edge>,
    /// Its options.
    pub options: RecordedOptions,
    /// The token of the create that made it; `None` when it was adopted.
    pub token: Option<String>,
    /// The number of the deployment that last changed it.
    pub deployment: u64,
    /// Where the program declares it.
    pub source: Option<SourceLine>,
    /// AWS's words, for a failed one.
    pub reason: Option<String>,
    /// Drift that was accepted, by the path of the field as plans show it, such as `tags.team`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accepted: BTreeMap<String, AcceptedDrift>,
}

/// What a row is named by.
pub type RowKey = (Uid, u32);

impl Row {
    /// What it is named by.
    pub fn key(&self) -> RowKey {
        (self.uid.clone(), self.generation)
    }
}

/// What an intent is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentOp {
    /// Make a new one.
    Create,
    /// Change it.
    Update,
    /// Delete it.
    Delete,
}

/// Committed before the first call of a step, resolved by the step's outcome. Holds everything that recovery needs without the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// What is about to happen.
    pub op: IntentOp,
    /// The row as it will be when the step is done (for a create: without id and outputs; for a delete: as it is).
    pub row: Row,
    /// The row before, for an update.
    pub before: Option<Row>,
    /// 32 hex digits, minted with the intent: client token and ownership tag of a create.
    pub token: String,
    /// The arguments that an update changes.
    pub changes: BTreeSet<String>,
    /// Milliseconds since 1970 when the first call was about to be sent.
    pub first_sent_at: u64,
    /// How many runs have tried.
    pub attempts: u32,
}

/// How a deployment ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentEnd {
    /// Its number.
    pub number: u64,
    /// Milliseconds since 1970.
    pub ended_at: u64,
    /// `done`, `failed`, `interrupted`.
    pub outcome: String,
    /// Steps done, failed, blocked.
    pub steps: [u64; 3],
    /// AWS calls by `service operation`.
    pub calls: BTreeMap<String, u64>,
    /// The steps that failed or were not come to; every other one of the plan was done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<StepTrouble>,
}

/// How a deployment began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentStart {
    /// Its number: 1, 2, 3 …
    pub number: u64,
    /// Milliseconds since 1970.
    pub started_at: u64,
    /// The caller's ARN; where nothing was called, user and host.
    pub who: String,
    /// `up`, `destroy`, `rollback 7`, or what changed the records alone: `accept`, `state rename`, `state forget`, `state import`.
    pub command: String,
    /// What changed the records alone in one line each; in logs from before `steps`, the planned steps.
    pub plan: Vec<String>,
    /// The id of the saved plan that it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_plan: Option<String>,
    /// What it was asked for; `None` for what changed the records alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<RecordedProgram>,
    /// The planned steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PlannedStep>,
}

impl DeploymentStart {
    /// Whether it was a run, and no change of the records alone.
    pub fn is_run(&self) -> bool {
        let word = self.command.split(' ').next().unwrap_or_default();
        matches!(word, "up" | "destroy" | "rollback")
    }
}

/// One entry of the log. A commit is one or more entries that become durable together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a commit has a handful of entries, and they are written and gone")]
pub enum Entry {
    /// The first entry.
    Bound(Binding),
    /// A run begins.
    DeploymentStarted(DeploymentStart),
    /// A run ended.
    DeploymentEnded(DeploymentEnd),
    /// A step is about to call.
    Intent(Intent),
    /// The create of the intent was accepted: its row now exists with this id, and the intent stays open until the outcome.
    Accepted {
        /// The row, with its id, in state `creating`.
        row: Row,
    },
    /// A row is written, and the intent of its uid and generation, if any, is resolved.
    Row(Row),
    /// A row is written in the middle of a step; its intent stays open.
    Progress(Row),
    /// A row is removed (deleted, or forgotten), and its intent, if any, is resolved.
    Removed {
        /// Which.
        uid: Uid,
        /// Which.
        generation: u32,
        /// Whether it was forgotten and not deleted.
        forgotten: bool,
    },
    /// An intent came to nothing: nothing was made.
    Dropped {
        /// Whose.
        uid: Uid,
        /// Whose.
        generation: u32,
    },
    /// What a row's resource was observed to be.
    Observed {
        /// Which row.
        uid: Uid,
        /// Which row.
        generation: u32,
        /// Its arguments as AWS says.
        args: Stored,
        /// Its outputs as AWS says.
        outputs: Stored,
    },
    /// The answer of a pinned read.
    Pinned {
        /// The read.
        urn: Urn,
        /// Its arguments when it was pinned.
        args: Stored,
        /// Its outputs.
        outputs: Stored,
    },
    /// The answer of a pinned read is recorded no more under this name.
    Unpinned {
        /// The read.
        urn: Urn,
    },
    /// A run took the store over whose holder did not let go of it.
    TakenOver(TakenOver),
    /// The log was copied here from another store, and goes on here.
    Moved(MovedHere),
    /// The stack's outputs after a run; secrets as digests.
    Outputs {
        /// By name.
        values: BTreeMap<String, Stored>,
    },
}
