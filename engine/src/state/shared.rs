//! [`SharedStore`]: the store of a team, kept as objects that are written once.
//!
//! ```text
//! log/00000000000000000001 …   a record of the log each (frame), written only where there is none
//! snapshot/00000000000000000128   the fold of the log up to there
//! head                            which snapshot is the last, and its hash: a hint
//! lease                           who may write, and until when
//! moved                           where the log goes on, when it does elsewhere
//! ```
//!
//! A writer holds the lease ([`super::lease`]). What makes two writers impossible is the log itself: the next record has one name,
//! and only one object can be the first of it. A taker writes that it took over before anything else, so that the former holder's next
//! commit is refused.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use futures::StreamExt as _;
use sha2::{Digest, Sha256};

use super::frame::{self, Next, PayloadError, Position, Records, hex, unhex};
use super::lease::{self, Keeper, Taken, Terms, failed, patient};
use super::objects::{Objects, Only, Put};
use super::{Fence, Holder, Snapshot, StateError, Store};
use crate::clock::Clock;
use crate::record::{Entry, FORMAT, MovedMark, SHARED_FORMAT, SharedHead, TakenOver};

/// How many records are read at once.
const READERS: usize = 16;
/// After how many commits a snapshot is written: opening reads at most about as many records.
const SNAPSHOT_EVERY: u64 = 64;
const HEAD: &str = "head";
const MOVED: &str = "moved";

/// What a shared store is opened for.
#[derive(Debug, Clone)]
pub enum SharedMode {
    /// For reading, up to the last commit: takes no lease, and another run may write meanwhile.
    Read,
    /// For writing.
    Write {
        /// By whom.
        holder: Holder,
        /// On these terms.
        terms: Terms,
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
    position: Position,
    /// The commit of the last snapshot.
    snapshot: u64,
}

/// The log as it was read.
struct Read {
    snapshot: Snapshot,
    position: Position,
    from: u64,
    commits: Vec<Vec<Entry>>,
    notes: Vec<String>,
}

/// What is read of a log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Its fold, from the last snapshot on.
    Fold,
    /// Every commit.
    Commits,
}

impl SharedStore {
    /// Opens the store in a place.
    ///
    /// # Guarantees
    /// Every commit that was acknowledged is in the snapshot. For writing: nobody else can commit from here on, and what an earlier holder sent
    /// has arrived or never will.
    ///
    /// # Errors
    /// [`StateError::Leased`] while another run has it; [`StateError::Moved`]; objects that are missing or not what was written.
    pub async fn open(objects: Arc<dyn Objects>, clock: Arc<dyn Clock>, mode: SharedMode) -> Result<Self, StateError> {
        match mode {
            SharedMode::Read => {
                refuse_moved(&*objects, &*clock).await?;
                let floor = lease_floor(&*objects, &*clock).await?;
                let read = read_log(&*objects, &*clock, Wanted::Fold, floor).await?;
                let (snapshot, notes) = (read.snapshot, read.notes);
                let closed = StateError::ReadOnly;
                Ok(Self { objects, clock, snapshot, notes, writer: None, closed, keeper: None, beating: None })
            }
            SharedMode::Write { holder, terms, purpose } => {
                let taken = Keeper::take(Arc::clone(&objects), Arc::clone(&clock), holder.clone(), terms).await?;
                let keeper = Arc::clone(&taken.keeper);
                let beating = Some(tokio::spawn(Arc::clone(&keeper).beat()).abort_handle());
                let mut store = Self {
                    objects,
                    clock,
                    snapshot: Snapshot::default(),
                    notes: Vec::new(),
                    writer: None,
                    closed: StateError::Poisoned { reason: "a commit was abandoned before it was done".to_owned() },
                    keeper: Some(keeper),
                    beating,
                };
                match store.begin(taken, holder, purpose).await {
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

    /// Every commit of the log, for a migration.
    ///
    /// # Errors
    /// As for opening it.
    pub async fn commits(objects: &dyn Objects, clock: &dyn Clock) -> Result<Vec<Vec<Entry>>, StateError> {
        Ok(read_log(objects, clock, Wanted::Commits, 0).await?.commits)
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

    async fn begin(&mut self, taken: Taken, holder: Holder, purpose: SharedPurpose) -> Result<(), StateError> {
        if purpose == SharedPurpose::Run {
            refuse_moved(&*self.objects, &*self.clock).await?;
        }
        let floor = taken.keeper.sequence.load(Ordering::SeqCst);
        loop {
            let read = read_log(&*self.objects, &*self.clock, Wanted::Fold, floor).await?;
            taken.keeper.sequence.store(read.position.sequence, Ordering::SeqCst);
            self.snapshot = read.snapshot;
            self.writer = Some(Writer { position: read.position, snapshot: read.from });
            self.notes = read.notes;
            let Some(from) = &taken.from else { return Ok(()) };
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
                Appended::Refused => {}
            }
        }
    }

    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, StateError> {
        let payload = frame::payload(entries).map_err(|error| StateError::Misuse { reason: error.to_string() })?;
        // Away while it writes: when this future is dropped meanwhile, no later commit is taken.
        let Some(mut writer) = self.writer.take() else { return Err(self.closed.clone()) };
        let Some((record, after)) = frame::encode(&writer.position, &payload) else {
            return Err(StateError::Misuse { reason: "a commit has 4 GiB or more".to_owned() });
        };
        let name = log_name(after.sequence);
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
            keeper.sequence.store(after.sequence, Ordering::SeqCst);
        }
        if after.sequence >= writer.snapshot + SNAPSHOT_EVERY {
            match self.write_snapshot(&after).await {
                Ok(()) => writer.snapshot = after.sequence,
                Err(error) => {
                    // Tried again so many commits later; it only makes opening faster.
                    writer.snapshot = after.sequence;
                    self.notes.push(format!("no snapshot was written: {error}"));
                }
            }
        }
        self.writer = Some(writer);
        Ok(Appended::Done)
    }

    fn poison(&mut self, act: &str, error: &super::objects::ObjectsError) -> StateError {
        self.closed = StateError::Poisoned { reason: format!("an earlier commit failed: {error}") };
        failed(act, &*self.objects, error)
    }

    async fn write_snapshot(&self, position: &Position) -> Result<(), String> {
        let bytes = frame::payload(&self.snapshot.to_entries()).map_err(|error| error.to_string())?;
        let head = SharedHead {
            format: SHARED_FORMAT,
            sequence: position.sequence,
            hash: hex(&position.hash),
            length: position.length,
            digest: hex(&Sha256::digest(&bytes)),
        };
        let name = snapshot_name(position.sequence);
        self.objects.put(&name, bytes, Only::Always).await.map_err(|error| error.to_string())?;
        let bytes = json(&head).map_err(|error| error.to_string())?;
        self.objects.put(HEAD, bytes, Only::Always).await.map(drop).map_err(|error| error.to_string())
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
        Ok(read_log(&*self.objects, &*self.clock, Wanted::Commits, 0).await?.commits)
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

fn log_name(sequence: u64) -> String {
    format!("log/{sequence:020}")
}

fn snapshot_name(sequence: u64) -> String {
    format!("snapshot/{sequence:020}")
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
        Err(error) => Err(damaged(objects, MOVED, format!("it is no mark of a store that has moved: {error}"))),
    }
}

async fn refuse_moved(objects: &dyn Objects, clock: &dyn Clock) -> Result<(), StateError> {
    match moved(objects, clock).await? {
        Some(mark) => Err(StateError::Moved { place: objects.place(), to: mark.to }),
        None => Ok(()),
    }
}

/// The commit up to which the log went when the lease was last renewed.
async fn lease_floor(objects: &dyn Objects, clock: &dyn Clock) -> Result<u64, StateError> {
    let found = patient(clock, || objects.get(lease::NAME)).await.map_err(|error| failed("read", objects, &error))?;
    let lease = found.and_then(|object| serde_json::from_slice::<crate::record::Lease>(&object.bytes).ok());
    Ok(lease.map_or(0, |lease| lease.sequence))
}

fn damaged(objects: &dyn Objects, name: &str, reason: String) -> StateError {
    StateError::ObjectDamaged { place: format!("{}/{name}", objects.place()), reason }
}

/// The last snapshot with its position, when head and snapshot fit each other.
async fn from_snapshot(objects: &dyn Objects, clock: &dyn Clock) -> Result<Option<(Snapshot, Position)>, String> {
    let get = |name: String| async move {
        patient(clock, || objects.get(&name)).await.map_err(|error| format!("{name} cannot be read: {error}"))
    };
    let Some(head) = get(HEAD.to_owned()).await? else { return Ok(None) };
    let head: SharedHead =
        serde_json::from_slice(&head.bytes).map_err(|error| format!("`head` is not what was written: {error}"))?;
    let name = snapshot_name(head.sequence);
    let Some(object) = get(name.clone()).await? else { return Err(format!("`{name}` is missing")) };
    if hex(&Sha256::digest(&object.bytes)) != head.digest {
        return Err(format!("`{name}` has another hash than `head` says"));
    }
    let entries = frame::entries(&object.bytes).map_err(|error| format!("`{name}` cannot be read: {error:?}"))?;
    let hash = unhex(&head.hash).ok_or("`head` has no hash")?;
    let position = Position { sequence: head.sequence, hash, length: head.length };
    Ok(Some((Snapshot::restored(head.sequence, &entries), position)))
}

/// Reads the log, checks every record that is read, and folds. It goes at least as far as `floor`.
async fn read_log(objects: &dyn Objects, clock: &dyn Clock, wanted: Wanted, floor: u64) -> Result<Read, StateError> {
    let mut notes = Vec::new();
    let known = match wanted {
        Wanted::Commits => None,
        Wanted::Fold => from_snapshot(objects, clock).await.unwrap_or_else(|reason| {
            notes.push(format!("the snapshot is of no use, and the whole log was read: {reason}"));
            None
        }),
    };
    let (mut snapshot, mut position) = known.unwrap_or((Snapshot::default(), Position::START));
    let (from, mut commits) = (position.sequence, Vec::new());
    let after = log_name(position.sequence);
    let names = patient(clock, || objects.list("log/", &after)).await;
    let names = names.map_err(|error| failed("list the log of", objects, &error))?;
    // In order, although several are under way at once.
    let mut read = futures::stream::iter(names.into_iter().map(|name| async move {
        let object = patient(clock, || objects.get(&name)).await;
        (name, object)
    }))
    .buffered(READERS);
    while let Some((name, object)) = read.next().await {
        let expected = position.sequence + 1;
        let number = name.strip_prefix("log/").and_then(|number| number.parse::<u64>().ok());
        match number {
            Some(number) if number == expected => {}
            Some(number) if number > expected => {
                let missing = StateError::ObjectsLost { place: objects.place(), from: expected, to: number - 1 };
                return Err(missing);
            }
            _ => return Err(damaged(objects, &name, "it is no record of a log".to_owned())),
        }
        let object = object.map_err(|error| failed("read the log of", objects, &error))?;
        let Some(object) = object else {
            return Err(StateError::ObjectsLost { place: objects.place(), from: expected, to: expected });
        };
        let end = position.length + object.bytes.len() as u64;
        let mut records = Records::at(object.bytes.as_slice(), position, end);
        let payload = match records.read() {
            Ok(Next::Record(payload)) if records.position().length == end => payload,
            Ok(Next::Broken(reason)) => return Err(damaged(objects, &name, reason)),
            Ok(Next::Record(_) | Next::End) => {
                return Err(damaged(objects, &name, "it is not just one record".to_owned()));
            }
            Err(error) => return Err(damaged(objects, &name, error.to_string())),
        };
        position = *records.position();
        let entries = frame::entries(&payload).map_err(|error| match error {
            PayloadError::Newer(found) => StateError::Newer { path: objects.place().into(), found, known: FORMAT },
            PayloadError::Unreadable(reason) => {
                damaged(objects, &name, format!("the record is whole, but its entries cannot be read: {reason}"))
            }
            PayloadError::Locked { key, reason } => StateError::Locked { path: objects.place().into(), key, reason },
        })?;
        snapshot.fold(&entries);
        if wanted == Wanted::Commits {
            commits.push(entries);
        }
    }
    if position.sequence < floor {
        return Err(StateError::ObjectsLost { place: objects.place(), from: position.sequence + 1, to: floor });
    }
    Ok(Read { snapshot, position, from, commits, notes })
}

#[cfg(test)]
mod tests;
