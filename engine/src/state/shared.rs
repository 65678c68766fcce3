//! [`SharedStore`]: the store of a team, kept as objects that are written once.
//!
//! ```text
//! log/00000000000000000001 …   a record of the log each (frame), written only where there is none
//! snapshot/00000000000000000128   the fold of the log up to there, written like the record that would come next
//! log.2/ …, snapshot.2/ …         the next log, where all was written anew; the last record of the one before says so
//! head                            which log is in force, and which snapshot is the last: a hint
//! lease                           who may write, and until when
//! moved                           where the log goes on, when it does elsewhere
//! ```
//!
//! A writer holds the lease ([`super::lease`]). What makes two writers impossible is the log itself: the next record has one name,
//! and only one object can be the first of it. A taker writes that it took over before anything else, so that the former holder's next
//! commit is refused.
//!
//! # Order of opening it for writing
//!
//! 1. `head`, the snapshot and the records behind it are read and checked: a wrong key or damage ends it here, and nothing was written.
//! 2. The lease is taken.
//! 3. `moved` is read, and what was written since 1; nothing was when the last holder's last word fits what was read.

mod log;
mod next;
mod ruins;

use std::sync::Arc;

use async_trait::async_trait;

use super::frame::{self, Position};
use super::lease::{self, Claimant, Floor, Keeper, Taken, failed, patient};
use super::objects::{Objects, ObjectsError, Only, Put};
use super::{Fence, Holder, Sealing, Snapshot, StateError, Store};
use crate::clock::Clock;
use crate::record::{Entry, MovedMark, SHARED_FORMAT, SharedHead, TakenOver};
use log::{Read, Reader, Wanted, log_name, snapshot_folder, snapshot_name};

/// After how many commits a snapshot is written: opening reads at most about as many records.
const SNAPSHOT_EVERY: u64 = 64;
/// The last one, and the one before: a reader that read `head` just before it was written anew, and damage to the last, find another.
const KEPT_SNAPSHOTS: usize = 2;
const MOVED: &str = "moved";

/// What a shared store is opened for.
#[derive(Debug, Clone)]
pub enum SharedMode {
    /// For reading, up to the last commit: takes no lease, and another run may write meanwhile.
    Read,
    /// For writing.
    Write {
        /// By whom.
        by: Claimant,
        /// What for.
        purpose: SharedPurpose,
    },
}

/// What a shared store is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedPurpose {
    /// A run. Not where the store has moved.
    Run,
    /// A migration to elsewhere, which may have been cut off after the store was marked as moved.
    MoveAway,
    /// A migration to here. Takes over without an entry: what is here must stay the beginning of what is copied, and two that copy the same
    /// write the same.
    MoveHere,
}

/// The store in objects, one for each stack.
pub struct SharedStore {
    objects: Arc<dyn Objects>,
    clock: Arc<dyn Clock>,
    sealing: Sealing,
    snapshot: Snapshot,
    notes: Vec<String>,
    writer: Option<Writer>,
    // Why there is no writer, for when there is none.
    closed: StateError,
    keeper: Option<Arc<Keeper>>,
    beating: Option<tokio::task::AbortHandle>,
}

impl std::fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedStore").field("objects", &self.objects).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Writer {
    /// Which log.
    log: u64,
    position: Position,
    /// The commit of the last snapshot.
    snapshot: u64,
    /// The tag of `head`, under which it is replaced: a writer that stood still does not put it back.
    head: Option<String>,
}

impl Writer {
    fn of(read: &Read) -> Self {
        Self { log: read.log, position: read.position, snapshot: read.from, head: read.head.clone() }
    }
}

impl SharedStore {
    /// Opens the store in a place.
    ///
    /// # Guarantees
    /// Every commit that was acknowledged is in the snapshot. For writing: nobody else can commit from here on, and what an earlier holder sent
    /// has arrived or never will.
    ///
    /// # Errors
    /// [`StateError::Leased`] while another run has it; [`StateError::Moved`]; [`StateError::Locked`], and then nothing was written; objects that
    /// are missing or not what was written.
    pub async fn open(
        objects: Arc<dyn Objects>,
        clock: Arc<dyn Clock>,
        sealing: &Sealing,
        mode: SharedMode,
    ) -> Result<Self, StateError> {
        let reader = Reader { objects: &*objects, clock: &*clock, sealing };
        let mut store = Self {
            objects: Arc::clone(&objects),
            clock: Arc::clone(&clock),
            sealing: sealing.clone(),
            snapshot: Snapshot::default(),
            notes: Vec::new(),
            writer: None,
            closed: StateError::ReadOnly,
            keeper: None,
            beating: None,
        };
        match mode {
            SharedMode::Read => {
                let (moved, floor) = futures::join!(refuse_moved(&*objects, &*clock), lease_floor(&*objects, &*clock));
                moved?;
                let read = reader.read(Wanted::Fold, floor?).await?;
                (store.snapshot, store.notes) = (read.snapshot, read.notes);
                Ok(store)
            }
            SharedMode::Write { by, purpose } => {
                let holder = by.holder.clone();
                let read = reader.read(Wanted::Fold, Floor::NONE).await?;
                let taken = Keeper::take(Arc::clone(&objects), Arc::clone(&clock), by).await?;
                let keeper = Arc::clone(&taken.keeper);
                store.beating = Some(tokio::spawn(Arc::clone(&keeper).beat()).abort_handle());
                store.keeper = Some(keeper);
                store.closed = StateError::Poisoned { reason: "a commit was abandoned before it was done".to_owned() };
                match store.begin(read, &taken, holder, purpose).await {
                    Ok(()) => Ok(store),
                    Err(error) => {
                        // Nothing was begun, so nobody need wait for it; the error that counts is the first one.
                        let _ = store.close().await;
                        Err(error)
                    }
                }
            }
        }
    }

    /// Says that the log goes on elsewhere: nobody opens it here any more.
    ///
    /// # Errors
    /// When it is not held for writing, or cannot be written.
    pub async fn mark_moved(&self, to: &str) -> Result<(), StateError> {
        let Some(keeper) = &self.keeper else { return Err(StateError::ReadOnly) };
        keeper.check().await?;
        let at = self.clock.now_millis();
        let mark = MovedMark { format: SHARED_FORMAT, to: to.to_owned(), at, sequence: self.snapshot.sequence() };
        let bytes = json(&mark)?;
        let put = patient(&*self.clock, || self.objects.put(MOVED, bytes.clone(), Only::Always)).await;
        put.map(drop).map_err(|error| failed("mark as moved", &*self.objects, &error))
    }

    /// Takes such a mark back, since the log goes on here again.
    ///
    /// # Errors
    /// When it is not held for writing, or cannot be written.
    pub async fn unmark_moved(&self) -> Result<(), StateError> {
        if moved(&*self.objects, &*self.clock).await?.is_some() {
            // An empty mark is none: objects are not removed, since a removal has no condition.
            self.mark_moved("").await?;
        }
        Ok(())
    }

    fn reader(&self) -> Reader<'_> {
        Reader { objects: &*self.objects, clock: &*self.clock, sealing: &self.sealing }
    }

    async fn begin(
        &mut self,
        read: Read,
        taken: &Taken,
        holder: Holder,
        purpose: SharedPurpose,
    ) -> Result<(), StateError> {
        let floor = taken.floor();
        let up_to_date = async {
            match taken.is_at(read.reached()) {
                true => Ok(read),
                false => self.reader().up_to_date(read, floor).await,
            }
        };
        let not_moved = async {
            match purpose {
                SharedPurpose::Run => refuse_moved(&*self.objects, &*self.clock).await,
                SharedPurpose::MoveAway | SharedPurpose::MoveHere => Ok(()),
            }
        };
        let (read, not_moved) = futures::join!(up_to_date, not_moved);
        not_moved?;
        let mut read = read?;
        loop {
            taken.keeper.reach(read.reached());
            self.snapshot = read.snapshot.clone();
            self.writer = Some(Writer::of(&read));
            self.notes = read.notes.clone();
            let Some(from) = taken.from() else { return Ok(()) };
            let last = self.snapshot.deployments().last_key_value().filter(|(_, last)| last.end.is_none());
            let took = TakenOver {
                by: holder.clone(),
                from: from.holder.clone(),
                lease_ended_at: from.ends_at(),
                at: self.clock.now_millis(),
                deployment: last.map(|(number, _)| *number),
            };
            self.notes.push(format!("took over from {}, whose lease ended without being let go of", from.holder));
            // A log without a binding has nothing to fence off but its first record, which only one of two can write.
            if self.snapshot.binding().is_none() || purpose == SharedPurpose::MoveHere {
                return Ok(());
            }
            match self.append(&[Entry::TakenOver(took)]).await? {
                Appended::Done => return Ok(()),
                // The last thing that the former holder sent has arrived meanwhile.
                Appended::Refused => read = self.reader().up_to_date(read, floor).await?,
            }
        }
    }

    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, StateError> {
        let payload = frame::payload(entries).map_err(|error| StateError::Misuse { reason: error.to_string() })?;
        // Away while it writes: when this future is dropped meanwhile, no later commit is taken.
        let Some(mut writer) = self.writer.take() else { return Err(self.closed.clone()) };
        let payload = self.sealing.close(writer.position.sequence + 1, payload);
        let Some((record, after)) = frame::encode(&writer.position, &payload) else {
            return Err(StateError::Misuse { reason: "a commit has 4 GiB or more".to_owned() });
        };
        let name = log_name(writer.log, after.sequence);
        let put = patient(&*self.clock, || self.objects.put(&name, record.clone(), Only::IfNew)).await;
        let ours = match put {
            Ok(Put::Done(_)) => true,
            // Refused by our own record whose answer was lost, or by somebody else's.
            Ok(Put::Refused) => {
                let found = patient(&*self.clock, || self.objects.get(&name)).await;
                let found = found.map_err(|error| self.poison("read back a commit of", &error))?;
                found.is_some_and(|object| object.bytes == record)
            }
            Err(error) => return Err(self.poison("commit to", &error)),
        };
        if !ours {
            self.writer = Some(writer);
            return Ok(Appended::Refused);
        }
        writer.position = after;
        self.snapshot.fold(entries);
        if let Some(keeper) = &self.keeper {
            keeper.reach(Floor { log: writer.log, sequence: after.sequence });
        }
        if after.sequence >= writer.snapshot + SNAPSHOT_EVERY {
            // Where it fails it is tried again so many commits later: it only makes opening faster.
            writer.snapshot = after.sequence;
            match self.write_snapshot(&writer).await {
                Ok(head) => {
                    writer.head = head;
                    if let Err(error) = self.remove_outdated(writer.log).await {
                        self.notes.push(format!("outdated snapshots stay: {error}"));
                    }
                }
                Err(error) => self.notes.push(format!("no snapshot was written: {error}")),
            }
        }
        self.writer = Some(writer);
        Ok(Appended::Done)
    }

    fn poison(&mut self, act: &str, error: &ObjectsError) -> StateError {
        self.closed = StateError::Poisoned { reason: format!("an earlier commit failed: {error}") };
        failed(act, &*self.objects, error)
    }

    /// Writes the fold beside the log, and makes `head` name it; answers the tag of that.
    async fn write_snapshot(&self, writer: &Writer) -> Result<Option<String>, String> {
        let (log, sequence) = (writer.log, writer.position.sequence);
        let payload = frame::payload(&self.snapshot.to_entries()).map_err(|error| error.to_string())?;
        let payload = self.sealing.close_snapshot(sequence, payload);
        let (bytes, _) = frame::encode(&writer.position, &payload).ok_or("the state has 4 GiB or more")?;
        let put = self.objects.put(&snapshot_name(log, sequence), bytes, Only::Always).await;
        put.map_err(|error| error.to_string())?;
        let head = SharedHead { format: SHARED_FORMAT, log, sequence };
        self.reader().point(&head, writer.head.as_deref()).await
    }

    /// Removes all snapshots of a log but the last [`KEPT_SNAPSHOTS`].
    async fn remove_outdated(&self, log: u64) -> Result<(), ObjectsError> {
        let names = self.objects.list(&snapshot_folder(log), "").await?;
        let outdated = names.len().saturating_sub(KEPT_SNAPSHOTS);
        for name in &names[..outdated] {
            self.objects.remove(name).await?;
        }
        Ok(())
    }
}

/// What became of a record.
enum Appended {
    Done,
    /// There is another one of its number.
    Refused,
}

#[async_trait]
impl Store for SharedStore {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    async fn commit(&mut self, entries: &[Entry]) -> Result<(), StateError> {
        let Some(keeper) = self.keeper.clone() else { return Err(self.closed.clone()) };
        self.snapshot.check(entries)?;
        if let Err(error) = keeper.check().await {
            self.writer = None;
            self.closed = error.clone();
            return Err(error);
        }
        match self.append(entries).await? {
            Appended::Done => Ok(()),
            Appended::Refused => {
                let error = keeper.overtaken().await;
                self.writer = None;
                self.closed = error.clone();
                Err(error)
            }
        }
    }

    async fn commits(&self) -> Result<Vec<Vec<Entry>>, StateError> {
        let read = self.reader().read(Wanted::Commits, Floor::NONE).await?;
        Ok(read.commits.into_iter().map(|commit| commit.entries).collect())
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn fence(&self) -> Option<Arc<dyn Fence>> {
        self.keeper.clone().map(|keeper| keeper as Arc<dyn Fence>)
    }

    async fn close(&mut self) -> Result<(), StateError> {
        self.writer = None;
        if let Some(beating) = self.beating.take() {
            beating.abort();
        }
        match self.keeper.take() {
            Some(keeper) => keeper.release().await,
            None => Ok(()),
        }
    }
}

impl Drop for SharedStore {
    fn drop(&mut self) {
        if let Some(beating) = &self.beating {
            beating.abort();
        }
    }
}

fn json(record: &impl serde::Serialize) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec(record).map_err(|error| StateError::Misuse { reason: error.to_string() })
}

/// Where the log goes on, when it does elsewhere.
async fn moved(objects: &dyn Objects, clock: &dyn Clock) -> Result<Option<MovedMark>, StateError> {
    let found = patient(clock, || objects.get(MOVED)).await.map_err(|error| failed("read", objects, &error))?;
    let Some(object) = found else { return Ok(None) };
    match serde_json::from_slice::<MovedMark>(&object.bytes) {
        Ok(mark) => Ok(Some(mark).filter(|mark| !mark.to.is_empty())),
        Err(error) => Err(log::damaged(objects, MOVED, format!("it is no mark of a store that has moved: {error}"))),
    }
}

async fn refuse_moved(objects: &dyn Objects, clock: &dyn Clock) -> Result<(), StateError> {
    match moved(objects, clock).await? {
        Some(mark) => Err(StateError::Moved { place: objects.place(), to: mark.to }),
        None => Ok(()),
    }
}

/// How far the log went when the lease was last renewed.
async fn lease_floor(objects: &dyn Objects, clock: &dyn Clock) -> Result<Floor, StateError> {
    let found = patient(clock, || objects.get(lease::NAME)).await.map_err(|error| failed("read", objects, &error))?;
    let lease = found.and_then(|object| serde_json::from_slice::<crate::record::Lease>(&object.bytes).ok());
    Ok(lease.as_ref().map_or(Floor::NONE, Floor::of))
}

#[cfg(test)]
mod tests;
