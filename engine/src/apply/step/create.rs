//! Making a resource: intent, the one call that makes it, its id, the wait, and the rest as an update.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use super::{Finish, MISSES, OnStop, Stop, Task, Until, Verb, Waited, is_none, with_limit};
use crate::apply::resolve;
use crate::apply::retry::{Advice, Failing, advise};
use crate::error::{Error, Turn};
use crate::event::Event;
use crate::kind::{CallClass, Candidate, Kind, Owner, Proof};
use crate::plan::Op;
use crate::record::{Entry, IntentOp, Row, RowState};
use crate::shape::{Guard, Schema};
use crate::value::Value;

/// What the create call came to.
struct Made {
    id: String,
    left: BTreeSet<String>,
    waiting: Option<String>,
}

/// What a look for a lost create came to.
enum Look {
    Ours(String),
    Foreign(String),
    Nothing,
}

impl Task {
    pub(super) async fn create(&mut self) -> Result<Finish, Stop> {
        let token = self.mint();
        let mut step = self.step.clone();
        let former = self.former().cloned();
        // Once the former generation is gone there is nothing to shrink to.
        step.maybe &= former.is_some();
        let unsure = former.as_ref().filter(|_| step.replaces && step.maybe);
        let decided = self.decide(&step, unsure, &token)?;
        if let (Some(former), Op::Update | Op::Same) = (unsure, decided.op) {
            // The replacement was the worst case, and it did not come to that: the present generation stays.
            self.step.generation = former.generation;
            self.row = Some(former.clone());
            return self.change(former.clone(), decided).await;
        }
        let planned = decided.planned;
        let mut row = self.row_ahead(&planned, RowState::Creating)?;
        row.token = Some(token.clone());
        let owner = self.owner(&token);
        if self.schema.guard == Guard::Upsert {
            self.refuse_foreign(&owner, &planned).await?;
        }
        let made = self.make(&owner, &planned, &row).await?;

        row.id = made.id;
        row.waiting = made.waiting;
        row.left = resolve::after_create(self.schema, &planned, &made.left);
        self.on_stop = OnStop::LeaveOpen;
        let mut entries = vec![Entry::Accepted { row: row.clone() }];
        entries.extend(self.depose());
        let event = Event::StepAccepted { step: self.step.id, urn: self.step.urn.clone(), id: row.id.clone() };
        self.commit(entries, Some(event)).await?;
        self.on_stop = OnStop::Record(Box::new(row.clone()));
        self.complete_create(row, planned).await
    }

    /// From the accepted create to the end; a resumed one comes in here.
    pub(super) async fn complete_create(&mut self, mut row: Row, planned: Value) -> Result<Finish, Stop> {
        let wait = with_limit(self.schema.create_wait, self.step.timeouts.create);
        if !is_none(&wait) || row.waiting.is_some() {
            let unseen = wait.delay + self.schema.visibility;
            match self.wait(&row.id, row.waiting.clone(), wait, Until::Ready, unseen).await? {
                Waited::Failed(reason) => {
                    let error = self.error(Turn::Provider, format!("it failed for good: {reason}"));
                    return Err(self.never_ready(row, reason, error));
                }
                Waited::Gone => return Err(self.disappeared(row)),
                // Paused and refused waits were turned into errors by `wait`.
                Waited::Ready | Waited::Paused(_) | Waited::Refused(_) => {}
            }
        }
        row.waiting = None;
        row.state = RowState::Incomplete;
        self.on_stop = OnStop::Record(Box::new(row.clone()));
        match self.look_at(&row.id, self.schema.visibility).await? {
            Some(now) => self.converge(row, None, planned, now).await,
            None => Err(self.disappeared(row)),
        }
    }

    fn disappeared(&mut self, row: Row) -> Stop {
        let reason = format!("{} disappeared while it was being made", row.id);
        let error = self.error(Turn::Provider, reason.clone());
        self.never_ready(row, reason, error)
    }

    /// Records that a resource will never be ready.
    fn never_ready(&mut self, row: Row, reason: String, error: Error) -> Stop {
        self.on_stop =
            OnStop::Record(Box::new(Row { state: RowState::Failed, reason: Some(reason), waiting: None, ..row }));
        Stop::failed(error.hint("run again: it is deleted and made anew"))
    }

    /// The calls that make it exactly once.
    async fn make(&mut self, owner: &Owner, planned: &Value, row: &Row) -> Result<Made, Stop> {
        let guard = self.schema.guard;
        let (mut failing, mut begun) = (Failing::default(), false);
        // Whether an answer was lost, so that what exists may be what we made.
        let mut lost = false;
        loop {
            let slot = self.slot().await?;
            if !std::mem::replace(&mut begun, true) {
                let intent = self.intent(IntentOp::Create, row.clone(), &owner.token, BTreeSet::new());
                self.commit(vec![Entry::Intent(intent)], None).await?;
                self.on_stop = OnStop::Drop;
            }
            self.fenced().await?;
            let answer = self.under(slot, self.kind.create(owner, planned)).await;
            let error = match answer {
                Ok(created) => return Ok(Made { id: created.id, left: created.left, waiting: created.waiting }),
                Err(error) => error,
            };
            if error.class == CallClass::Uncertain {
                lost = true;
                self.on_stop = OnStop::LeaveOpen;
            }
            let tried = failing.again(error.class, &*self.context.clock);
            match advise(error.class, Verb::Create(guard), tried, self.jitter.draw()) {
                Advice::RetryAfter(after) => self.pause(&error, after).await?,
                Advice::GiveUp => return Err(self.refused(error)),
                Advice::FindFirst(after) => {
                    self.pause(&error, after).await?;
                    match self.look(owner, planned, lost, error.class).await? {
                        Look::Ours(id) => {
                            let left = resolve::after_lost_create(self.schema, planned);
                            return Ok(Made { id, left, waiting: None });
                        }
                        Look::Foreign(id) => {
                            self.on_stop = OnStop::Drop;
                            return Err(self.foreign(&id));
                        }
                        Look::Nothing if error.class == CallClass::Exists => {
                            self.on_stop = OnStop::Drop;
                            return Err(self.refused(error));
                        }
                        // It is certain now that nothing was made; should the name be taken nevertheless, it was us after all.
                        Look::Nothing => self.on_stop = OnStop::Drop,
                    }
                }
            }
        }
    }

    /// What a create of ours may have made. Where only a tag tells, or where something is known to exist, "absent" counts after the visibility
    /// window; elsewhere when two looks agree, since the repeated create would say that the name is taken.
    async fn look(&mut self, owner: &Owner, planned: &Value, lost: bool, class: CallClass) -> Result<Look, Stop> {
        let began = self.context.clock.elapsed();
        let mut pause = Duration::from_secs(1);
        let mut looks = 0;
        loop {
            let found = self.find(owner, planned).await?;
            looks += 1;
            match self.judge(found, lost) {
                Look::Nothing => {}
                told => return Ok(told),
            }
            let elapsed = self.context.clock.elapsed().saturating_sub(began);
            let patient = self.schema.guard == Guard::TagOnly || class == CallClass::Exists;
            let enough = if patient { looks > MISSES && elapsed >= self.schema.visibility } else { looks >= 2 };
            if enough {
                return Ok(Look::Nothing);
            }
            self.sleep(pause).await?;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    async fn find(&mut self, owner: &Owner, planned: &Value) -> Result<Vec<Candidate>, Stop> {
        let call = |kind: Arc<dyn Kind>| {
            let (owner, args) = (owner.clone(), planned.clone());
            async move { kind.find(&owner, Some(&args)).await }.boxed()
        };
        let found = self.call(Verb::Look, call).await?;
        found.map_err(|error| self.refused(error))
    }

    fn judge(&self, found: Vec<Candidate>, lost: bool) -> Look {
        let known: BTreeSet<&str> = self.family.iter().map(|row| row.id.as_str()).collect();
        judge(found, &known, has_tags(self.schema), lost)
    }

    /// An upsert would overwrite what somebody else made: it is looked for first.
    async fn refuse_foreign(&mut self, owner: &Owner, planned: &Value) -> Result<(), Stop> {
        let found = self.find(owner, planned).await?;
        match self.judge(found, false) {
            Look::Foreign(id) => Err(self.foreign(&id)),
            Look::Ours(_) | Look::Nothing => Ok(()),
        }
    }

    fn foreign(&self, id: &str) -> Stop {
        let reason = format!("{id} exists already and was not made by this stack");
        let error = self.error(Turn::You, reason);
        Stop::failed(
            error
                .hint(format!("to take it over: options().import(\"{id}\")"))
                .hint("to leave it alone: give this one another name"),
        )
    }

    /// In a replacement that creates first, the former generation is deposed with the same commit that records the next one.
    fn depose(&self) -> Option<Entry> {
        let former = self.former().filter(|row| row.state != RowState::Deleting)?;
        Some(Entry::Row(Row { state: RowState::Deposed, ..former.clone() }))
    }

    /// The generation that stands until this one does.
    fn former(&self) -> Option<&Row> {
        let former = self.family.iter();
        let former = former.filter(|row| row.generation < self.step.generation && row.state != RowState::Deposed);
        former.max_by_key(|row| row.generation)
    }
}

/// Which of the candidates is what our create made. `known` are the ids that rows of the same uid have; `tagged` is whether the type has tags;
/// `lost` is whether a create of ours may have been executed, in which case a type without tags has nothing but the intent for a proof.
pub(crate) fn is_ours(candidate: &Candidate, known: &BTreeSet<&str>, tagged: bool, lost: bool) -> bool {
    match candidate.proof {
        Proof::Token => true,
        Proof::Tag => !known.contains(candidate.id.as_str()),
        Proof::Name => !tagged && lost && !known.contains(candidate.id.as_str()),
    }
}

/// Whether things of a type carry ownership tags. Those that no name tells apart do, or nothing could ever find them again.
pub(crate) fn has_tags(schema: &Schema) -> bool {
    matches!(schema.guard, Guard::TagOnly | Guard::Token) || schema.args.iter().any(|arg| arg.tags)
}

fn judge(found: Vec<Candidate>, known: &BTreeSet<&str>, tagged: bool, lost: bool) -> Look {
    let ours = found.iter().filter(|candidate| is_ours(candidate, known, tagged, lost));
    if let Some(ours) = ours.max_by_key(|candidate| candidate.proof) {
        return Look::Ours(ours.id.clone());
    }
    match found.iter().find(|candidate| candidate.proof == Proof::Name) {
        Some(foreign) => Look::Foreign(foreign.id.clone()),
        None => Look::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proves_that_a_candidate_is_ours() {
        let known = BTreeSet::from(["vpc-1"]);
        let ours = |id: &str, proof, tagged, lost| is_ours(&Candidate { id: id.into(), proof }, &known, tagged, lost);
        // The token of this very create, always.
        assert!(ours("vpc-2", Proof::Token, true, false));
        // Our uid: unless that is another generation, which a row knows.
        assert!(ours("vpc-2", Proof::Tag, true, false));
        assert!(!ours("vpc-1", Proof::Tag, true, true));
        // A name alone: only where there can be no tag, and only when an answer of ours was lost.
        assert!(!ours("vpc-2", Proof::Name, true, true));
        assert!(!ours("vpc-2", Proof::Name, false, false));
        assert!(ours("vpc-2", Proof::Name, false, true));
    }
}
