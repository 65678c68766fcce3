//! What an earlier run left open is resolved before anything is planned, and without the program: an intent holds everything that is needed.
//!
//! | the intent | what is found | what becomes of it |
//! | --- | --- | --- |
//! | create, accepted | its row | the row is `creating`; the plan resumes it |
//! | create | a thing with its token or uid; for types without tags, of its name | a row `creating` with that id |
//! | create | nothing, by two looks of which the last comes after the visibility window | dropped |
//! | update | its row | `incomplete`, with the changes that may not have been made |
//! | delete | gone | removed |
//! | delete | on its way | the row is `deleting`; the plan deletes on |
//! | delete | untouched, by several looks | dropped: the row is as it was |
//!
//! What is found and no longer declared is deleted by the plan, as a visible step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};

use crate::apply::retry::{Advice, Failing, Jitter, UNREACHABLE_LIMIT, Verb, advise};
use crate::apply::{MISSES, after_lost_create, has_tags, is_ours};
use crate::clock::Clock;
use crate::error::{Error, Turn};
use crate::event::{Consumer, Event};
use crate::kind::{CallClass, CallError, Candidate, Kind, Owner, Registry, Status, Waiting};
use crate::record::{Entry, Intent, IntentOp, Row, RowState};
use crate::state::Snapshot;
use crate::urn::Urn;

/// How many intents are looked into at once.
const AT_ONCE: usize = 16;

/// For how long a thing is looked at again before a delete that may have been called counts as not begun: five looks.
const DELETE_SHOWS: Duration = Duration::from_secs(15);

/// Whether a recovery may take its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Waits until "absent" counts: before a run that changes things.
    Certain,
    /// Looks once: for a preview, which decides nothing.
    OneLook,
}

/// What was found about one intent, and what it becomes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    /// Whose.
    pub(crate) urn: Urn,
    /// In one sentence.
    pub(crate) sentence: String,
    /// What resolves it.
    pub(crate) entries: Vec<Entry>,
}

/// What recovery looks with.
pub(crate) struct Recovery<'a> {
    /// Everything that is recorded.
    pub(crate) snapshot: &'a Snapshot,
    /// The types, by provider and region of the rows.
    pub(crate) registries: &'a BTreeMap<(String, String), Arc<Registry>>,
    /// Present names of former ones.
    pub(crate) aliases: &'a BTreeMap<Urn, Urn>,
    pub(crate) clock: &'a dyn Clock,
    /// Who is told that a look takes its time.
    pub(crate) events: &'a dyn Consumer,
    pub(crate) stack_tag: &'a str,
    pub(crate) patience: Patience,
}

impl Recovery<'_> {
    /// Resolves every open intent of the snapshot. Writes nothing.
    ///
    /// # Errors
    /// Intents that could not be looked into, each with the reason; nothing may be planned before they are.
    pub(crate) async fn findings(&self) -> Result<Vec<Finding>, Vec<Error>> {
        let intents = self.snapshot.intents().values();
        let found: Vec<Result<Finding, Error>> =
            stream::iter(intents.map(|intent| self.finding(intent))).buffered(AT_ONCE).collect().await;
        let (mut findings, mut errors) = (Vec::new(), Vec::new());
        for one in found {
            match one {
                Ok(finding) => findings.push(finding),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(findings) } else { Err(errors) }
    }

    async fn finding(&self, intent: &Intent) -> Result<Finding, Error> {
        let row = self.snapshot.row(&intent.row.uid, intent.row.generation).cloned().map(|row| self.renamed(row));
        let (sentence, entries) = match (intent.op, row) {
            (IntentOp::Create, Some(row)) => {
                (format!("its create was accepted as {}; it goes on", row.id), vec![Entry::Row(row)])
            }
            (IntentOp::Create, None) => self.lost_create(intent).await?,
            (IntentOp::Update, Some(row)) => Self::lost_update(intent, row),
            (IntentOp::Delete, Some(row)) => self.lost_delete(intent, row).await?,
            (IntentOp::Update | IntentOp::Delete, None) => {
                ("its row is gone already".to_owned(), vec![dropped(intent)])
            }
        };
        Ok(Finding { urn: self.name(&intent.row.urn), sentence, entries })
    }

    async fn lost_create(&self, intent: &Intent) -> Result<(String, Vec<Entry>), Error> {
        let kind = self.kind(&intent.row)?;
        let schema = kind.schema();
        let family: Vec<&Row> = self.snapshot.rows_by_uid(&intent.row.uid).collect();
        let known: BTreeSet<&str> = family.iter().map(|row| row.id.as_str()).collect();
        let tagged = has_tags(schema);
        let ours = |candidate: &&Candidate| is_ours(candidate, &known, tagged, true);
        let sure_at = intent.first_sent_at
            + u64::try_from((schema.visibility + UNREACHABLE_LIMIT).as_millis()).unwrap_or(u64::MAX / 2);
        let began = self.clock.elapsed();
        let mut pause = Duration::from_secs(1);
        let mut looks = 0;
        let found = loop {
            let candidates = self.find(&kind, intent).await?;
            looks += 1;
            if let Some(found) = candidates.iter().filter(ours).max_by_key(|candidate| candidate.proof) {
                break Some(found.id.clone());
            }
            let waited = self.clock.elapsed().saturating_sub(began) >= schema.visibility && looks > MISSES;
            let sure = waited || self.clock.now_millis() >= sure_at;
            if self.patience == Patience::OneLook || sure && looks >= 2 {
                break None;
            }
            if looks == 1 && !sure {
                let urn = self.name(&intent.row.urn);
                let by_age = Duration::from_millis(sure_at.saturating_sub(self.clock.now_millis()));
                self.events.consume(&Event::RecoveryWaiting { urn, limit: schema.visibility.min(by_age) });
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        };
        let Some(id) = found else {
            let sentence = match self.patience {
                Patience::Certain => "its create came to nothing",
                Patience::OneLook => "nothing that its create made can be seen; `up` looks again before it plans",
            };
            return Ok((sentence.to_owned(), vec![dropped(intent)]));
        };
        // Which of its further arguments were set nobody knows: they are handed over again.
        let left = after_lost_create(schema, &intent.row.applied.to_value());
        let mut entries = vec![Entry::Row(Row {
            id: id.clone(),
            left,
            state: RowState::Creating,
            ..self.renamed(intent.row.clone())
        })];
        // The commit that would have deposed the former generation was never made.
        let former = family.into_iter().filter(|row| {
            row.generation < intent.row.generation && !matches!(row.state, RowState::Deposed | RowState::Deleting)
        });
        entries.extend(former.map(|row| Entry::Row(Row { state: RowState::Deposed, ..self.renamed(row.clone()) })));
        Ok((format!("its create had made {id}; it goes on"), entries))
    }

    fn lost_update(intent: &Intent, row: Row) -> (String, Vec<Entry>) {
        // A row that is not the one from before was written in the middle of the step and knows what is left.
        let untouched = intent.before.as_ref().is_none_or(|before| *before == row);
        let left: BTreeSet<String> = match untouched {
            true => row.left.union(&intent.changes).cloned().collect(),
            false => row.left.clone(),
        };
        let state = if row.state == RowState::Creating { row.state } else { RowState::Incomplete };
        let names = left.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let sentence = match names.is_empty() {
            true => "its update was waiting to be done; it goes on".to_owned(),
            false => format!("its update of {names} may not have been made; it is made again"),
        };
        (sentence, vec![Entry::Row(Row { left, state, ..row })])
    }

    async fn lost_delete(&self, intent: &Intent, row: Row) -> Result<(String, Vec<Entry>), Error> {
        let on_its_way = |row: Row| {
            let state = if row.state == RowState::Deposed { RowState::Deposed } else { RowState::Deleting };
            ("its delete had begun; it goes on".to_owned(), vec![Entry::Row(Row { state, ..row })])
        };
        if row.state == RowState::Deleting {
            return Ok(on_its_way(row));
        }
        let kind = self.kind(&row)?;
        let waiting = [Waiting { id: row.id.clone(), change: None }];
        let call = || {
            let (kind, waiting) = (Arc::clone(&kind), waiting.clone());
            async move { kind.status(&waiting).await }.boxed()
        };
        // What is deleted may still be read as it was; a row that is taken for untouched would then be one whose thing is lost.
        let (mut pause, mut waited) = (Duration::from_secs(1), Duration::ZERO);
        let status = loop {
            let status = self.ask(intent, "ask for the status of", call).await?;
            let untouched = matches!(status.get(&row.id), Some(Status::Ready));
            if !untouched || self.patience == Patience::OneLook || waited + pause > DELETE_SHOWS {
                break status;
            }
            self.clock.sleep(pause).await;
            waited += pause;
            pause *= 2;
        };
        Ok(match status.get(&row.id) {
            None | Some(Status::Gone) => {
                let entry = Entry::Removed { uid: row.uid, generation: row.generation, forgotten: false };
                ("it was deleted".to_owned(), vec![entry])
            }
            Some(Status::Ready) => ("its delete had not begun".to_owned(), vec![dropped(intent)]),
            Some(Status::Pending(_) | Status::Stuck(_) | Status::Failed(_)) => on_its_way(row),
        })
    }

    async fn find(&self, kind: &Arc<dyn Kind>, intent: &Intent) -> Result<Vec<Candidate>, Error> {
        let owner = Owner {
            stack: self.stack_tag.to_owned(),
            uid: intent.row.uid.clone(),
            token: intent.token.clone(),
            urn: intent.row.urn.clone(),
        };
        let args = intent.row.applied.to_value();
        let call = || {
            let (kind, owner, args) = (Arc::clone(kind), owner.clone(), args.clone());
            async move { kind.find(&owner, Some(&args)).await }.boxed()
        };
        self.ask(intent, "look for", call).await
    }

    /// A look, repeated while it is worth it.
    async fn ask<T>(
        &self,
        intent: &Intent,
        act: &str,
        make: impl Fn() -> BoxFuture<'static, Result<T, CallError>>,
    ) -> Result<T, Error> {
        let (mut failing, mut jitter) = (Failing::default(), Jitter::seeded(intent.row.uid.as_str()));
        loop {
            let error = match make().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let tried = failing.again(error.class, self.clock);
            match advise(error.class, Verb::Look, tried, jitter.draw()) {
                Advice::RetryAfter(after) => self.clock.sleep(after).await,
                Advice::FindFirst(_) | Advice::GiveUp => {
                    let turn = match error.class {
                        CallClass::Credentials => Turn::Credentials,
                        _ => Turn::Provider,
                    };
                    let error = Error::new(turn, act, error.to_string()).answered(error.answer);
                    return Err(error
                        .about(&intent.row.urn, intent.row.source.as_ref())
                        .hint("an earlier run may have changed it; nothing is planned before that is known"));
                }
            }
        }
    }

    fn kind(&self, row: &Row) -> Result<Arc<dyn Kind>, Error> {
        let registry = self.registries.get(&(row.provider.clone(), row.region.clone()));
        registry.and_then(|registry| registry.kind(row.kind.as_str())).cloned().ok_or_else(|| {
            let reason = format!("this build does not know the type {}", row.kind);
            Error::new(Turn::You, "recover", reason)
                .about(&row.urn, row.source.as_ref())
                .hint("use a version of the program that knows it")
        })
    }

    fn name(&self, urn: &Urn) -> Urn {
        self.aliases.get(urn).unwrap_or(urn).clone()
    }

    fn renamed(&self, row: Row) -> Row {
        Row { urn: self.name(&row.urn), ..row }
    }
}

fn dropped(intent: &Intent) -> Entry {
    Entry::Dropped { uid: intent.row.uid.clone(), generation: intent.row.generation }
}
