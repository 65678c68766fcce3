//! Changing a resource, and everything that is one: the rest of a create, going on with what was left unfinished, taking over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use super::{Decided, Finish, OnStop, Stop, Task, Until, Verb, Waited, is_none, with_limit};
use crate::apply::resolve;
use crate::apply::retry::{UNCERTAIN_ATTEMPTS, backoff};
use crate::compare::{self, Comparison};
use crate::error::Turn;
use crate::kind::{CallClass, Kind, Observed, Update};
use crate::plan::Op;
use crate::record::{Entry, IntentOp, LET_GO, Row, RowState, Stored};
use crate::shape::ArgSchema;
use crate::value::Value;

impl Task {
    pub(super) async fn update(&mut self) -> Result<Finish, Stop> {
        let before = self.recorded()?;
        let step = self.step.clone();
        let decided = self.decide(&step, Some(&before), before.token.as_deref().unwrap_or_default())?;
        self.change(before, decided).await
    }

    /// Changes the resource of a row; also what a replacement may come down to.
    pub(super) async fn change(&mut self, before: Row, decided: Decided) -> Result<Finish, Stop> {
        let Decided { op, planned, changes } = decided;
        let mut row = self.row_ahead(&planned, before.state)?;
        let shrunk = (op != self.step.op).then_some(op);
        if changes.is_empty() {
            let id = Some(row.id.clone());
            let outputs = None;
            return Ok(Finish { entries: vec![Entry::Row(row)], outputs, shrunk, id });
        }
        let now = self.observe(&before.id).await?;
        row.left = changes.clone();
        self.intend(&row, &changes, &planned).await?;
        let finish = self.converge(row, Some(before.applied.to_value()), planned, now).await?;
        Ok(Finish { shrunk, ..finish })
    }

    pub(super) async fn resume(&mut self) -> Result<Finish, Stop> {
        let before = self.recorded()?;
        let step = self.step.clone();
        let decided = self.decide(&step, Some(&before), before.token.as_deref().unwrap_or_default())?;
        let Decided { planned, changes, .. } = decided;
        let mut row = self.row_ahead(&planned, before.state)?;
        row.left = before.left.union(&changes).cloned().collect();
        row.waiting = before.waiting.clone();
        if before.state == RowState::Creating {
            // Its own intent, if any, was resolved into the row; the wait needs none. What the program says now is recorded with it.
            self.commit(vec![Entry::Row(row.clone())], None).await?;
            self.on_stop = OnStop::Record(Box::new(row.clone()));
            return self.complete_create(row, planned).await;
        }
        let applied = before.applied.to_value();
        if !row.left.is_empty() {
            let left = row.left.clone();
            self.intend(&row, &left, &planned).await?;
        }
        if row.waiting.is_some() || !is_none(&self.schema.update_wait) {
            self.stand(&mut row, Some(&applied), &planned);
            self.wait_ready(&mut row, step.timeouts.update).await?;
        }
        let now = self.observe(&row.id).await?;
        self.converge(row, Some(applied), planned, now).await
    }

    pub(super) async fn adopt(&mut self) -> Result<Finish, Stop> {
        let id = self.step.resource_id.clone().unwrap_or_default();
        let now = self.observe(&id).await?;
        if let Some(owner) = now.others(&self.context.stack_tag) {
            let error = self.error(Turn::You, format!("{id} belongs to the stack {}", owner.stack));
            return Err(Stop::failed(error.hint(LET_GO)));
        }
        let step = self.step.clone();
        let Decided { planned, changes, .. } = self.decide(&step, None, "")?;
        let mut row = self.row_ahead(&planned, RowState::Incomplete)?;
        row.id = id;
        row.left = changes;
        // The tags are written in any case: they say whose it is from now on.
        row.left.extend(self.schema.args.iter().filter(|arg| arg.tags).map(|arg| arg.name.to_owned()));
        row.applied = Stored::from_value(&mixed(&planned, &now.args, &row.left), &self.context.digester);
        self.record_observed(&mut row, &now, &planned);
        self.commit(vec![Entry::Row(row.clone())], None).await?;
        self.on_stop = OnStop::Record(Box::new(row.clone()));
        let args = now.args.clone();
        self.converge(row, Some(args), planned, now).await
    }

    /// The update loop: hands what is left to `update`, records what is left then, waits, reads, and comes again until nothing is. Ends with the
    /// row as applied.
    pub(super) async fn converge(
        &mut self,
        mut row: Row,
        applied: Option<Value>,
        planned: Value,
        mut now: Observed,
    ) -> Result<Finish, Stop> {
        let token = row.token.clone().unwrap_or_default();
        let owner = self.owner(&token);
        // What was observed before a round that handed everything back: the next one must find something else. An upgrade over several
        // minor versions is such a round.
        let mut unshrunk = None;
        let mut uncertain = 0;
        if self.step.op == Op::Resume {
            self.drop_made(&mut row, applied.is_none(), &planned, &now);
        }
        while !row.left.is_empty() {
            self.stand(&mut row, applied.as_ref(), &planned);
            let update = Update {
                owner: owner.clone(),
                id: row.id.clone(),
                now: readable(&now, &row),
                planned: planned.clone(),
                changes: row.left.clone(),
                version: now.version.clone(),
            };
            let call = |kind: Arc<dyn Kind>| {
                let update = update.clone();
                async move { kind.update(&update).await }.boxed()
            };
            let done = match self.call(Verb::Update, call).await? {
                Ok(done) => done,
                Err(error) if error.class == CallClass::Uncertain && uncertain < UNCERTAIN_ATTEMPTS => {
                    uncertain += 1;
                    let after = backoff(uncertain, self.jitter.draw());
                    self.pause(&error, after).await?;
                    if !is_none(&self.schema.update_wait) {
                        self.wait_ready(&mut row, self.step.timeouts.update).await?;
                    }
                    now = self.observe(&row.id).await?;
                    self.drop_made(&mut row, applied.is_none(), &planned, &now);
                    continue;
                }
                Err(error) => return Err(self.refused(error)),
            };
            let shrank = done.left.len() < row.left.len();
            if !done.left.is_subset(&row.left) || (!shrank && unshrunk.as_ref() == Some(&now.args)) {
                let left = done.left.into_iter().collect::<Vec<_>>().join(", ");
                let reason = format!("its type handed back `{left}` of an update that did not get any further");
                return Err(Stop::failed(self.error(Turn::Bug, reason)));
            }
            unshrunk = (!shrank).then(|| now.args.clone());
            (row.left, row.waiting) = (done.left, done.waiting);
            self.stand(&mut row, applied.as_ref(), &planned);
            let waits = !row.left.is_empty() || row.waiting.is_some() || !is_none(&self.schema.update_wait);
            if waits {
                self.commit(vec![Entry::Progress(row.clone())], None).await?;
                self.wait_ready(&mut row, self.step.timeouts.update).await?;
            }
            now = self.observe(&row.id).await?;
        }
        row.state = RowState::Ready;
        (row.waiting, row.reason) = (None, None);
        row.applied = self.stored(&planned);
        self.record_observed(&mut row, &now, &planned);
        // The outcome goes out with `Finished`; should the run end before it is committed, the row as it stood is what is known.
        let id = Some(row.id.clone());
        self.on_stop = OnStop::LeaveOpen;
        Ok(Finish { entries: vec![Entry::Row(row)], outputs: Some(now.outputs), shrunk: None, id })
    }

    /// Takes from what is left the changes that an earlier call has made, though its answer was lost: EKS refuses to be brought to where it is.
    /// What cannot be read is sent again, and so are tags, until they say whose the resource is. Of a new resource, what is at its default says
    /// nothing: it may not be visible yet.
    fn drop_made(&self, row: &mut Row, new: bool, planned: &Value, now: &Observed) {
        let comparison = Comparison::new(&self.context.digester);
        let (planned, found) =
            (compare::complete(self.schema.args, planned), compare::complete(self.schema.args, &now.args));
        let marked =
            now.owner.as_ref().is_some_and(|owner| owner.uid == row.uid && owner.stack == self.context.stack_tag);
        let made = |arg: &ArgSchema| {
            let readable = !arg.write_only && !arg.shape.holds_write_only() && !now.unreadable.contains_key(arg.name);
            let told = !new || !resolve::is_default(arg, &planned);
            let sure = readable && told && !now.pending.contains_key(arg.name) && (!arg.tags || marked);
            sure && comparison.same_arg(arg, planned.get(arg.name), found.get(arg.name))
        };
        row.left.retain(|name| !self.schema.arg(name).is_some_and(made));
    }

    /// Puts into the row what is true while something is left: the arguments that are done as planned, the others as they were.
    fn stand(&mut self, row: &mut Row, applied: Option<&Value>, planned: &Value) {
        row.state = RowState::Incomplete;
        let stands = match applied {
            Some(applied) => mixed(planned, applied, &row.left),
            None => planned.clone(),
        };
        row.applied = self.stored(&stands);
        self.on_stop = OnStop::Record(Box::new(row.clone()));
    }

    async fn wait_ready(&mut self, row: &mut Row, limit: Option<Duration>) -> Result<(), Stop> {
        let wait = with_limit(self.schema.update_wait, limit);
        match self.wait(&row.id, row.waiting.clone(), wait, Until::Ready, Duration::ZERO).await? {
            Waited::Failed(reason) => {
                // A failed change is not a failed resource: it stays, and what was not done is left.
                row.left.extend(self.step.changed_args.iter().cloned());
                row.waiting = None;
                row.reason = Some(reason.clone());
                self.on_stop = OnStop::Record(Box::new(row.clone()));
                Err(Stop::failed(self.error(Turn::Provider, format!("the change failed: {reason}"))))
            }
            Waited::Gone => {
                let error = self.error(Turn::Provider, format!("{} disappeared while it was being changed", row.id));
                Err(Stop::failed(error.hint("run again: the next plan sees that it is gone")))
            }
            Waited::Ready | Waited::Paused(_) | Waited::Refused(_) => {
                row.waiting = None;
                Ok(())
            }
        }
    }

    /// Commits the intent of an update.
    async fn intend(&mut self, row: &Row, changes: &BTreeSet<String>, planned: &Value) -> Result<(), Stop> {
        let ahead = Row { state: RowState::Ready, left: BTreeSet::new(), applied: self.stored(planned), ..row.clone() };
        let intent = self.intent(IntentOp::Update, ahead, &self.mint(), changes.clone());
        self.commit(vec![Entry::Intent(intent)], None).await?;
        self.on_stop = OnStop::Drop;
        Ok(())
    }

    pub(super) fn recorded(&self) -> Result<Row, Stop> {
        self.row.clone().ok_or_else(|| Stop::failed(self.error(Turn::Bug, "its row is not in the store")))
    }
}

/// The planned arguments, except that those that are left are as they were.
fn mixed(planned: &Value, applied: &Value, left: &BTreeSet<String>) -> Value {
    let Value::Map(map) = planned else { return planned.clone() };
    let entry = |(name, value): (&String, &Value)| {
        let value = if left.contains(name) { applied.get(name) } else { value };
        (name.clone(), value.clone())
    };
    Value::Map(map.iter().map(entry).collect())
}

/// What is now, with the recorded value for what could not be read.
fn readable(now: &Observed, row: &Row) -> Value {
    let Value::Map(map) = &now.args else { return now.args.clone() };
    let applied = row.applied.to_value();
    let mut readable = map.clone();
    for name in now.unreadable.keys() {
        readable.insert(name.clone(), applied.get(name).clone());
    }
    Value::Map(readable)
}
