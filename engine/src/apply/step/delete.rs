//! Deleting a resource, in as many steps as its type takes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use super::{Finish, OnStop, Stop, Task, Until, Verb, Waited, with_limit};
use crate::error::Turn;
use crate::kind::{Deletion, Kind};
use crate::plan::Op;
use crate::record::{Entry, IntentOp, Row, RowState};

/// How often a type may answer that another step is needed; more is a type that goes round in circles.
const ROUNDS: u32 = 20;

impl Task {
    pub(super) async fn delete(&mut self) -> Result<Finish, Stop> {
        let Some(mut row) = self.row.clone() else { return Ok(Finish::default()) };
        if let Some(next) = self.successor.clone().filter(|next| next.maybe) {
            let decided = self.decide(&next, Some(&row), "")?;
            if decided.op != Op::Create {
                return Ok(Finish { shrunk: Some(Op::Same), ..Finish::default() });
            }
        }
        let recorded = row.applied.to_value();
        let intent = self.intent(IntentOp::Delete, row.clone(), &self.mint(), BTreeSet::new());
        self.commit(vec![Entry::Intent(intent)], None).await?;
        self.on_stop = OnStop::Drop;
        let id = row.id.clone();
        let recorded_limit = row.options.delete_timeout.map(Duration::from_secs);
        let wait = with_limit(self.schema.delete_wait, self.step.timeouts.delete.or(recorded_limit));
        for _ in 0..ROUNDS {
            let call = |kind: Arc<dyn Kind>| {
                let (id, recorded) = (id.clone(), recorded.clone());
                async move { kind.delete(&id, &recorded).await }.boxed()
            };
            let done = self.call(Verb::Delete, call).await?;
            let until = match done.map_err(|error| self.refused(error))? {
                Deletion::Done => return Ok(self.removed(&row)),
                Deletion::Wait => Until::Gone,
                Deletion::Again => Until::Settled,
            };
            // A deposed one stays deposed: that says already that it is to go, and it must not pass for the living one.
            if !matches!(row.state, RowState::Deleting | RowState::Deposed) {
                row.state = RowState::Deleting;
                row.deployment = self.context.deployment;
                self.commit(vec![Entry::Progress(row.clone())], None).await?;
            }
            self.on_stop = OnStop::Record(Box::new(row.clone()));
            match self.wait(&id, None, wait, until, Duration::ZERO).await? {
                Waited::Gone => return Ok(self.removed(&row)),
                Waited::Failed(reason) => {
                    row.reason = Some(reason.clone());
                    self.on_stop = OnStop::Record(Box::new(row));
                    return Err(Stop::Failed(self.error(Turn::Provider, format!("the delete failed: {reason}"))));
                }
                // Paused and refused waits were turned into errors by `wait`.
                Waited::Ready | Waited::Paused(_) | Waited::Refused(_) => {}
            }
        }
        Err(Stop::Failed(self.error(Turn::Bug, format!("its type asked for more than {ROUNDS} deletes of {id}"))))
    }

    fn removed(&mut self, row: &Row) -> Finish {
        self.on_stop = OnStop::LeaveOpen;
        let entry = Entry::Removed { uid: row.uid.clone(), generation: row.generation, forgotten: false };
        Finish { entries: vec![entry], outputs: None, shrunk: None, id: Some(row.id.clone()) }
    }
}
