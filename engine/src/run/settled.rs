//! What an earlier run had just changed may still be read as it was before: a look that contradicts the records is repeated before it is
//! believed.
//!
//! A run that comes to its end has waited for most of what it did. One that was killed has not, and the next one may begin at once. Its look
//! would take a create for gone, and make it again, or a change for drift, and ask a person about it.

use std::time::Duration;

use super::Session;
use super::strays::Strays;
use crate::error::Error;
use crate::graph::Graph;
use crate::kind::Identity;
use crate::observe::{Observations, Sight};
use crate::plan::{self, Recorded};
use crate::record::{DeploymentEnd, Row, RowState};
use crate::state::Snapshot;

/// For how long the records of a run that was cut short are believed more than a look: longer than AWS's reads were seen to be behind.
const SETTLES: Duration = Duration::from_secs(60);

/// The same, from the end of a run that came to one.
const SETTLES_AFTER_END: Duration = Duration::from_secs(30);

/// Pauses before a contradiction is believed, however little of that time is left: a run that came late to its first look, on a busy machine,
/// has not looked more often for that.
const PAUSES: u32 = 4;

impl Session {
    /// The first look that agrees with what the latest runs had recorded, or the last one when none does in time: then it was somebody else.
    pub(super) async fn settled(
        &self,
        program: &crate::Program,
        graph: &Graph,
        view: &Snapshot,
        identity: &Identity,
        strays: &Strays,
        first: Observations,
    ) -> Result<Observations, Vec<Error>> {
        let Some((since, time)) = latest(view, self.clock.now_millis()) else { return Ok(first) };
        // The pauses count and not the looks: a slow look is not a second one.
        let (mut seen, mut pause, mut waited, mut pauses) = (first, Duration::from_secs(1), Duration::ZERO, 0);
        while (waited + pause <= time || pauses < PAUSES) && self.contradicts(&seen, graph, view, since) {
            self.clock.sleep(pause).await;
            waited += pause;
            pauses += 1;
            pause = (pause * 2).min(Duration::from_secs(10));
            seen = self.look(program, graph, view, identity, strays).await?;
        }
        Ok(seen)
    }

    /// Whether something that these runs left in place is not seen, or is seen otherwise.
    fn contradicts(&self, seen: &Observations, graph: &Graph, view: &Snapshot, since: u64) -> bool {
        // A row is of the run that last finished with it: what is not finished was being changed by a later one.
        let is_recent = |row: &Row| row.deployment >= since || row.state != RowState::Ready;
        let mut stands = view
            .rows()
            .values()
            .filter(|row| is_recent(row))
            .filter(|row| !row.id.is_empty() && !matches!(row.state, RowState::Deposed | RowState::Deleting));
        if stands.any(|row| seen.rows.get(&row.key()) == Some(&Sight::Gone)) {
            return true;
        }
        // Whether it can be planned is for the plan to say.
        let Ok(plan) = plan::make(graph, &Recorded::of(view), seen, &self.settings) else { return false };
        let row = |step: &plan::Step| step.row.as_ref().and_then(|(uid, generation)| view.row(uid, *generation));
        plan.steps.iter().any(|step| step.drift && row(step).is_some_and(is_recent))
    }
}

/// The first of the runs whose changes may not be seen yet, and for how long that is so: those that were cut short since the last that came to
/// its end, and that one when it has just ended. `None` when there is none.
pub(super) fn latest(view: &Snapshot, now: u64) -> Option<(u64, Duration)> {
    let left =
        |end: &DeploymentEnd| SETTLES_AFTER_END.checked_sub(Duration::from_millis(now.saturating_sub(end.ended_at)));
    let mut latest = None;
    for (number, run) in view.deployments().iter().rev() {
        let Some(end) = &run.end else {
            latest = Some((*number, SETTLES));
            continue;
        };
        let Some(left) = left(end) else { break };
        latest = Some((*number, latest.map_or(left, |(_, time)| time)));
    }
    latest
}
