//! Deleting a resource, in as many steps as its type takes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use super::{Finish, OnStop, Stop, Task, Until, Verb, Waited, with_limit};
use crate::error::Turn;
use crate::kind::{Deletion, Kind};
use crate::plan::{self, Op, Step};
use crate::record::{Entry, IntentOp, Row, RowState};

/// How often a type may answer that another step is needed; more is a type that goes round in circles.
const ROUNDS: u32 = 20;

impl Task {
    pub(super) async fn delete(&mut self) -> Result<Finish, Stop> {
        let Some(mut row) = self.row.clone() else { return Ok(Finish::default()) };
        if let Some(next) = self.successor.clone().filter(|next| next.maybe)
            && !self.still_replaces(&next, &row)?
        {
            return Ok(Finish { shrunk: Some(Op::Same), ..Finish::default() });
        }
        // The preview has looked, and so has the beginning of the run; another stack may have come since.
        if let Some(watch) = &self.context.watch
            && let Some(error) = watch.refusal(&self.step).await
        {
            return Err(Stop::failed(error));
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
            let (until, task) = match done.map_err(|error| self.refused(error))? {
                Deletion::Done => return Ok(self.removed(&row)),
                Deletion::Wait => (Until::Gone, None),
                Deletion::Task(task) => (Until::Gone, Some(task)),
                Deletion::Again => (Until::Settled, None),
            };
            // A deposed one stays deposed: that says already that it is to go, and it must not pass for the living one.
            if !matches!(row.state, RowState::Deleting | RowState::Deposed) {
                row.state = RowState::Deleting;
                row.deployment = self.context.deployment;
                self.commit(vec![Entry::Progress(row.clone())], None).await?;
            }
            self.on_stop = OnStop::Record(Box::new(row.clone()));
            match self.wait(&id, task, wait, until, Duration::ZERO).await? {
                Waited::Gone => return Ok(self.removed(&row)),
                Waited::Failed(reason) => {
                    row.reason = Some(reason.clone());
                    self.on_stop = OnStop::Record(Box::new(row));
                    return Err(Stop::failed(self.error(Turn::Provider, format!("the delete failed: {reason}"))));
                }
                // Paused and refused waits were turned into errors by `wait`.
                Waited::Ready | Waited::Paused(_) | Waited::Refused(_) => {}
            }
        }
        Err(Stop::failed(self.error(Turn::Bug, format!("its type asked for more than {ROUNDS} deletes of {id}"))))
    }

    /// Whether the next generation is made after all, as far as that is known by now: what is not known counts as the worst, as in the plan.
    fn still_replaces(&self, next: &Step, row: &Row) -> Result<bool, Stop> {
        let Some(declaration) = &self.declaration else { return Ok(true) };
        let verified = plan::verify(next, declaration, Some(row), &self.outputs, &self.context.digester);
        match verified {
            Ok(verified) => Ok(verified.op == Op::Create),
            Err(error) => Err(Stop::failed(error.about(&next.urn, next.source.as_ref()))),
        }
    }

    fn removed(&mut self, row: &Row) -> Finish {
        self.on_stop = OnStop::LeaveOpen;
        let entry = Entry::Removed { uid: row.uid.clone(), generation: row.generation, forgotten: false };
        Finish { entries: vec![entry], outputs: None, shrunk: None, id: Some(row.id.clone()) }
    }
}
