//! A next log in the place of the one that is in force: [`SharedStore::reseal`], [`SharedStore::rebuild`], [`SharedStore::begin_anew`].
//!
//! 1. The records of the next log are written, under a number that no log has had, where nobody looks yet.
//! 2. The log in force gets its last record, the mark that names the next one. From here on the next one is in force: whoever had held the
//!    store before finds the name of its next record taken.
//! 3. `head` names the next log.
//!
//! Cut off before 2, the log is in force as it was, and what was written is passed over for ever. Cut off after 2, the mark leads to the next.

use std::sync::Arc;

use futures::StreamExt as _;

use super::super::frame::{self, Position};
use super::super::lease::{Claimant, Floor, Keeper, failed, patient};
use super::super::objects::{Objects, Only, Put};
use super::super::{Fence as _, Holder, Resealed, Sealing, Snapshot, StateError};
use super::log::{AT_ONCE, Read, Reader, Wanted, closing, log_folder, log_name, snapshot_folder, snapshot_name};
use super::ruins::Ruins;
use super::{SNAPSHOT_EVERY, SharedStore, Writer};
use crate::clock::Clock;
use crate::digest;
use crate::record::{Closed, ClosedBecause, Entry, SHARED_FORMAT, SharedHead};
use crate::seal::Sealer;

impl SharedStore {
    /// Writes the records anew: with `whole` each of them sealed, otherwise in the clear with their secrets sealed one by one. The sealer opens what
    /// the former keys sealed. Then removes what is left of all former logs, which would still show what they show.
    ///
    /// # Guarantees
    /// Numbers and contents of the records stay. Interrupted at any moment, the store opens with the keys of this sealer, and this can be done again.
    ///
    /// # Errors
    /// [`StateError::Leased`]; a log that is damaged; [`StateError::Locked`] when a record was sealed with a key that is not at hand, and then
    /// nothing was written.
    pub async fn reseal(
        objects: Arc<dyn Objects>,
        clock: Arc<dyn Clock>,
        by: Claimant,
        sealer: &Sealer,
        whole: bool,
    ) -> Result<Resealed, StateError> {
        let sealing = Sealing::either(sealer.clone(), whole);
        let reader = Reader { objects: &*objects, clock: &*clock, sealing: &sealing };
        super::refuse_moved(&*objects, &*clock).await?;
        // Before anything is written, since a wrong key leaves no trace.
        if reader.read(Wanted::Commits, Floor::NONE).await?.commits.is_empty() {
            return Ok(Resealed::Nothing);
        }
        Self::holding(&objects, &clock, by, async |keeper, floor| {
            let read = reader.read(Wanted::Commits, floor).await?;
            keeper.reach(read.reached());
            let (mut changed, mut payloads, mut snapshot) = (0, Vec::new(), Snapshot::default());
            for (commit, sequence) in read.commits.iter().zip(1..) {
                let payload = resealed(&reader, sealer, sequence, &commit.payload)?;
                let unusable = |error| reader.unusable(&log_name(read.log, sequence), error);
                let entries = sealing.open(sequence, &payload).and_then(|plain| frame::entries(&plain));
                snapshot.fold(&entries.map_err(unusable)?);
                changed += u64::from(payload != commit.payload);
                payloads.push(payload);
            }
            let next = Next { reader, keeper, by: keeper.holder() };
            let former = Former::of(&read);
            if changed == 0 {
                next.tidy(former.log).await?;
                return Ok(Resealed::Already);
            }
            let begun = next.go_on(&former, &payloads, &snapshot, ClosedBecause::Resealed).await?;
            next.tidy(begun.log).await?;
            Ok(Resealed::Records(changed))
        })
        .await
    }

    /// Makes a store that does not open usable again, with everything that is whole in it: a next log of one commit. Answers what was done and what
    /// could not be kept, in sentences.
    ///
    /// # Guarantees
    /// The damaged log stays where it is. A store that is whole is not touched. Interrupted, it can be done again.
    ///
    /// # Caveats
    /// Where nothing is left, not even who it belongs to, the next log is empty. What was made in the account by commits that are lost is found by
    /// its tags, in the next run, and not here.
    ///
    /// # Errors
    /// [`StateError::Leased`]; [`StateError::Locked`]; [`StateError::Newer`].
    pub async fn rebuild(
        objects: Arc<dyn Objects>,
        clock: Arc<dyn Clock>,
        by: Claimant,
        sealing: &Sealing,
    ) -> Result<Vec<String>, StateError> {
        let reader = Reader { objects: &*objects, clock: &*clock, sealing };
        super::refuse_moved(&*objects, &*clock).await?;
        Self::holding(&objects, &clock, by, async |keeper, floor| {
            let damage = match reader.read(Wanted::Commits, floor).await {
                Ok(_) => return Ok(vec!["the log is whole; nothing was done".to_owned()]),
                Err(damage) if damage.is_of_objects() => damage,
                Err(other) => return Err(other),
            };
            let (log, head) = reader.in_force().await?;
            let (read, names) = reader.up_to_damage(log).await?;
            let ruins = Ruins::behind(&reader, &read, &names).await?;
            let promised = if floor.log == log { floor.sequence } else { 0 };
            let mut losses = ruins.losses(promised);
            if floor.log > log {
                losses.push(format!("everything in {}", reader.place_of(&log_folder(floor.log))));
            }
            let kept = &ruins.snapshot;
            let entries = kept.to_entries();
            let mut notes = vec![match (kept.binding(), losses.is_empty()) {
                (None, _) => "nothing is left of the records: they begin anew, from the account alone".to_owned(),
                (Some(_), false) => {
                    format!("the store goes on with what is whole, {}; {}", rows(kept), ruins.knowledge())
                }
                (Some(_), true) => {
                    format!("the state is whole, {}; of the history something is missing: {damage}", rows(kept))
                }
            }];
            if !losses.is_empty() {
                notes.push(format!("lost: {}", losses.join(", ")));
            }
            let payloads = match kept.binding() {
                Some(_) => vec![sealing.close(1, payload(&entries)?)],
                None => Vec::new(),
            };
            let last = Position { sequence: ruins.last.max(promised), ..read.position };
            let former = Former { log, taken: log.max(floor.log), last, head };
            let next = Next { reader, keeper, by: keeper.holder() };
            next.go_on(&former, &payloads, &Snapshot::of(&entries), ClosedBecause::Rebuilt).await?;
            notes.push(format!("the damaged log was kept as {}", reader.place_of(&log_folder(log))));
            Ok(notes)
        })
        .await
    }

    /// Goes on in a next log of one commit: for a state of another lineage. Answers where the former log stays.
    ///
    /// # Errors
    /// When it is not held for writing, or cannot be written; then it is as before.
    pub async fn begin_anew(&mut self, entries: &[Entry]) -> Result<String, StateError> {
        let (Some(keeper), Some(writer)) = (self.keeper.clone(), self.writer.take()) else {
            return Err(self.closed.clone());
        };
        let snapshot = Snapshot::of(entries);
        let reader = Reader { objects: &*self.objects, clock: &*self.clock, sealing: &self.sealing };
        let next = Next { reader, keeper: &keeper, by: keeper.holder() };
        let former = Former { log: writer.log, taken: writer.log, last: writer.position, head: writer.head };
        let payloads = [self.sealing.close(1, payload(entries)?)];
        let begun = next.go_on(&former, &payloads, &snapshot, ClosedBecause::Replaced).await?;
        let place = reader.place_of(&log_folder(former.log));
        (self.writer, self.snapshot) = (Some(begun), snapshot);
        Ok(place)
    }

    /// Does something while the lease is held.
    async fn holding<T>(
        objects: &Arc<dyn Objects>,
        clock: &Arc<dyn Clock>,
        by: Claimant,
        act: impl AsyncFnOnce(&Keeper, Floor) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let taken = Keeper::take(Arc::clone(objects), Arc::clone(clock), by).await?;
        let beating = tokio::spawn(Arc::clone(&taken.keeper).beat()).abort_handle();
        let done = act(&taken.keeper, taken.floor()).await;
        beating.abort();
        let released = taken.keeper.release().await;
        done.and_then(|done| released.map(|()| done))
    }
}

fn payload(entries: &[Entry]) -> Result<Vec<u8>, StateError> {
    frame::payload(entries).map_err(|error| StateError::Misuse { reason: error.to_string() })
}

fn rows(snapshot: &Snapshot) -> String {
    match snapshot.rows().len() {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    }
}

/// The payload of a record under the next key. What does not change keeps its bytes, whoever wrote them.
fn resealed(reader: &Reader<'_>, sealer: &Sealer, sequence: u64, written: &[u8]) -> Result<Vec<u8>, StateError> {
    let plain =
        reader.sealing.open(sequence, written).map_err(|error| reader.unusable(&log_name(1, sequence), error))?;
    let anew = digest::resealed(&plain, sealer).map_err(|reason| StateError::Locked {
        path: reader.objects.place().into(),
        key: None,
        reason: format!("a secret in commit {sequence} does not open: {reason}"),
    })?;
    Ok(reader.sealing.close(sequence, anew.unwrap_or_else(|| plain.into_owned())))
}

/// The log that is replaced.
struct Former {
    log: u64,
    /// The highest number that a log is known to have had.
    taken: u64,
    /// Behind its last record.
    last: Position,
    /// The tag of `head`.
    head: Option<String>,
}

impl Former {
    fn of(read: &Read) -> Self {
        Self { log: read.log, taken: read.log, last: read.position, head: read.head.clone() }
    }
}

/// The next log of a store that is held.
struct Next<'a> {
    reader: Reader<'a>,
    keeper: &'a Keeper,
    by: &'a Holder,
}

impl Next<'_> {
    async fn go_on(
        &self,
        former: &Former,
        payloads: &[Vec<u8>],
        snapshot: &Snapshot,
        because: ClosedBecause,
    ) -> Result<Writer, StateError> {
        let Reader { clock, sealing, .. } = self.reader;
        let log = self.free(former.taken).await?;
        let mut position = Position::START;
        let mut records = Vec::new();
        for payload in payloads {
            let (record, after) = encoded(&position, payload)?;
            position = after;
            records.push((log_name(log, position.sequence), record));
        }
        let mut head = SharedHead { format: SHARED_FORMAT, log, sequence: 0 };
        if position.sequence >= SNAPSHOT_EVERY {
            head.sequence = position.sequence;
            let closed = sealing.close_snapshot(position.sequence, payload(&snapshot.to_entries())?);
            records.push((snapshot_name(log, position.sequence), encoded(&position, &closed)?.0));
        }
        let put = |(name, record): (String, Vec<u8>)| async move { self.put(&name, &record).await };
        let mut puts = std::pin::pin!(futures::stream::iter(records).map(put).buffer_unordered(AT_ONCE));
        while let Some(put) = puts.next().await {
            put?;
        }
        // The record that puts it in force.
        let mark = Closed { format: SHARED_FORMAT, next: log, because, by: self.by.clone(), at: clock.now_millis() };
        let (record, closed) = encoded(&former.last, &closing(&mark)?)?;
        self.put(&log_name(former.log, closed.sequence), &record).await?;
        self.keeper.reach(Floor { log, sequence: position.sequence });
        // Where it is not written it leads to the former log, and that one's last record to this one.
        let pointed = self.reader.point(&head, former.head.as_deref()).await;
        let head_tag = pointed.unwrap_or_else(|_| former.head.clone());
        Ok(Writer { log, position, snapshot: head.sequence, head: head_tag })
    }

    /// Writes what must not be there yet, while the lease lasts.
    async fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        let Reader { objects, clock, .. } = self.reader;
        self.keeper.check().await?;
        let put = patient(clock, || objects.put(name, bytes.to_vec(), Only::IfNew)).await;
        match put.map_err(|error| failed("write the next log of", objects, &error))? {
            Put::Done(_) => Ok(()),
            Put::Refused => {
                // By ourselves, when an answer was lost.
                let found = patient(clock, || objects.get(name)).await;
                let found = found.map_err(|error| failed("read back the next log of", objects, &error))?;
                match found.is_some_and(|object| object.bytes == bytes) {
                    true => Ok(()),
                    false => Err(self.keeper.overtaken().await),
                }
            }
        }
    }

    /// A number that no log has had, also none that was cut off.
    async fn free(&self, log: u64) -> Result<u64, StateError> {
        let names = self.reader.names("log.", "").await?;
        let numbers = names.iter().filter_map(|name| name.strip_prefix("log.")?.split('/').next()?.parse::<u64>().ok());
        Ok(numbers.fold(log, u64::max) + 1)
    }

    /// Removes the records and snapshots of all logs but this one, and not the marks that lead here.
    async fn tidy(&self, log: u64) -> Result<(), StateError> {
        let Reader { objects, clock, .. } = self.reader;
        let mut folders = vec![log_folder(1), snapshot_folder(1)];
        folders.extend(
            (2..=self.free(log).await?)
                .filter(|other| *other != log)
                .flat_map(|other| [log_folder(other), snapshot_folder(other)]),
        );
        if log == 1 {
            folders.drain(..2);
        }
        for folder in folders {
            let mut names = self.reader.names(&folder, "").await?;
            if let Some(last) = names.last()
                && self.reader.mark_in(last).await?.is_some()
            {
                names.pop();
            }
            self.keeper.check().await?;
            let remove = |name: String| async move { patient(clock, || objects.remove(&name)).await };
            let mut removed = std::pin::pin!(futures::stream::iter(names).map(remove).buffer_unordered(AT_ONCE));
            while let Some(removed) = removed.next().await {
                removed.map_err(|error| failed("remove the former log of", objects, &error))?;
            }
        }
        Ok(())
    }
}

fn encoded(at: &Position, payload: &[u8]) -> Result<(Vec<u8>, Position), StateError> {
    frame::encode(at, payload).ok_or_else(|| StateError::Misuse { reason: "a commit has 4 GiB or more".to_owned() })
}
