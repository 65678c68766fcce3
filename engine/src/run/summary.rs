//! [`Summary`]: what a run did, and what to do next.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::apply::Applied;
use crate::error::{Error, Turn, exit};
use crate::kind::Throttled;
use crate::plan::Op;
use crate::record::{Row, RowState};
use crate::state::Snapshot;
use crate::urn::Urn;
use crate::value::Value;

/// What a run did.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Steps that did something.
    pub done: Vec<(Urn, Op)>,
    /// Steps that failed, and why.
    pub failed: Vec<(Urn, Error)>,
    /// Steps that did not begin, and the failed one that kept them. A step that did not begin since the run stopped names itself.
    pub blocked: Vec<(Urn, Urn)>,
    /// What stands in the account unfinished, in a few words each.
    pub left_behind: Vec<(Urn, String)>,
    /// The stack's outputs, as far as they are known; secrets are in the clear inside [`Value::Secret`].
    pub outputs: BTreeMap<String, Value>,
    /// How long it took.
    pub took: Duration,
    /// Calls by `service operation`.
    pub calls: BTreeMap<String, u64>,
    /// Where services refused its calls for coming too fast.
    pub throttled: Vec<Throttled>,
    /// Whether it was asked to stop.
    pub interrupted: bool,
    /// Why the store or the exchange failed, where no step says so.
    pub store_error: Option<Error>,
    /// The command that goes on with it, such as `up prod`; `None` when nothing is left to do.
    pub next: Option<String>,
}

impl Summary {
    /// A run that had nothing to do.
    pub(super) fn nothing(outputs: BTreeMap<String, Value>, took: Duration) -> Self {
        Self { outputs, took, ..Self::default() }
    }

    pub(super) fn of(applied: Applied, snapshot: &Snapshot, command: &str) -> Self {
        let Applied { done, failed, mut blocked, interrupted, not_begun, signalled, store_error, outputs: _ } = applied;
        blocked.extend(not_begun.into_iter().map(|urn| (urn.clone(), urn)));
        // The two halves of a replacement are one line.
        let mut seen = std::collections::BTreeSet::new();
        blocked.retain(|pair| seen.insert(pair.clone()));
        let interrupted = signalled && !(interrupted.is_empty() && blocked.is_empty() && failed.is_empty());
        let left_behind: Vec<(Urn, String)> = snapshot.rows().values().filter_map(left_behind).collect();
        let unfinished = interrupted || !failed.is_empty() || !blocked.is_empty() || store_error.is_some();
        let stack = snapshot.binding().map(|binding| binding.stack.clone()).unwrap_or_default();
        let next = unfinished.then(|| format!("{command} {stack}"));
        Self { done, failed, blocked, left_behind, interrupted, store_error, next, ..Self::default() }
    }

    /// The exit code of a run that ended so; see [`exit`].
    pub fn exit_code(&self) -> u8 {
        let turns: Vec<Turn> =
            self.failed.iter().map(|(_, error)| error.turn).chain(self.store_error.iter().map(|e| e.turn)).collect();
        if turns.contains(&Turn::Bug) {
            return exit::BUG;
        }
        // A store that takes no more is like a signal: what was under way is found by the next run.
        if self.interrupted || turns.contains(&Turn::Credentials) || turns.contains(&Turn::State) {
            return exit::INTERRUPTED;
        }
        if turns.is_empty() && self.blocked.is_empty() { exit::DONE } else { exit::FAILED }
    }
}

/// How a deployment ended, in the word that is recorded.
pub(super) fn outcome(applied: &Applied) -> &'static str {
    let unfinished = !applied.interrupted.is_empty() || !applied.not_begun.is_empty();
    match () {
        () if applied.signalled && unfinished => "interrupted",
        () if !applied.failed.is_empty() || applied.store_error.is_some() || unfinished => "failed",
        () => "done",
    }
}

fn left_behind(row: &Row) -> Option<(Urn, String)> {
    let left = || row.left.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let what = match row.state {
        RowState::Ready => return None,
        RowState::Creating => format!("{} is being made", row.id),
        RowState::Incomplete if row.left.is_empty() => format!("{} was changed and is not known to be ready", row.id),
        RowState::Incomplete => format!("{} is there, without {}", row.id, left()),
        RowState::Deposed => format!("{} was replaced and is not deleted yet", row.id),
        RowState::Deleting => format!("{} is being deleted", row.id),
        RowState::Failed => format!("{} failed: {}", row.id, row.reason.as_deref().unwrap_or("no reason was given")),
    };
    Some((row.urn.clone(), what))
}

/// What a refresh found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// How many resources were asked for.
    pub resources: usize,
    /// Those that are not what was last observed.
    pub changed: Vec<Urn>,
    /// Those that are not there.
    pub gone: Vec<Urn>,
    /// Those that could not be read, and why.
    pub unreadable: Vec<(Urn, String)>,
    /// What a reader must know of how it was looked, in sentences.
    pub warnings: Vec<String>,
    /// Calls by `service operation`.
    pub calls: BTreeMap<String, u64>,
}
