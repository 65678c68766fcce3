//! Reading the log of a shared store: which of its logs is in force, from which snapshot on, and what is left where something is wrong.
//!
//! A store has one log at a time, in most lives only one. Where all records must be written anew (another key) or the log cannot go on (damage,
//! another lineage), a *next* log is written beside it, and the one before is closed: its next record is a mark that names the next log
//! ([`Closed`]). That mark has one name like every record, so that it is either there or not, and nobody writes behind it. `head` says which log
//! is in force; where it is wrong or missing, the marks lead from the first log to the last.

use std::cmp::Ordering;

use futures::StreamExt as _;

use super::super::frame::{self, Lone, Next, PayloadError, Position, Records};
use super::super::lease::{Floor, failed, patient};
use super::super::objects::{Object, Objects, Only};
use super::super::{Sealing, Snapshot, StateError};
use super::ruins;
use crate::clock::Clock;
use crate::record::{Closed, Entry, FORMAT, SHARED_FORMAT, SharedHead};

/// How many records are read or written at once.
pub(super) const AT_ONCE: usize = 16;
/// The name of the object that says which log and which snapshot is the last.
const HEAD: &str = "head";
/// What the payload of a mark that closes a log begins with; it is never sealed.
const CLOSED: &[u8] = b"formwork-closed1";

/// The folder of a log; the first has the name without a number.
pub(super) fn log_folder(log: u64) -> String {
    if log == 1 { "log/".to_owned() } else { format!("log.{log}/") }
}

/// The folder of its snapshots.
pub(super) fn snapshot_folder(log: u64) -> String {
    if log == 1 { "snapshot/".to_owned() } else { format!("snapshot.{log}/") }
}

/// The name of a record.
pub(super) fn log_name(log: u64, sequence: u64) -> String {
    format!("{}{sequence:020}", log_folder(log))
}

/// The name of a snapshot.
pub(super) fn snapshot_name(log: u64, sequence: u64) -> String {
    format!("{}{sequence:020}", snapshot_folder(log))
}

/// The number at the end of a name of either.
pub(super) fn number(name: &str) -> Option<u64> {
    name.rsplit_once('/')?.1.parse().ok()
}

/// The payload of a mark that closes a log.
pub(super) fn closing(mark: &Closed) -> Result<Vec<u8>, StateError> {
    Ok([CLOSED, &super::json(mark)?].concat())
}

/// The mark in a payload, where it is one.
pub(super) fn closed(payload: &[u8]) -> Option<Closed> {
    serde_json::from_slice(payload.strip_prefix(CLOSED)?).ok()
}

/// What is read of a log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Its fold, from the last snapshot on.
    Fold,
    /// Every commit.
    Commits,
}

/// A commit as it was read.
pub(super) struct Commit {
    /// The payload as it is written: sealed where the log is.
    pub(super) payload: Vec<u8>,
    pub(super) entries: Vec<Entry>,
}

/// A log as it was read.
pub(super) struct Read {
    /// Which log.
    pub(super) log: u64,
    pub(super) snapshot: Snapshot,
    pub(super) position: Position,
    /// The commit of the snapshot that it was read from; 0 for none.
    pub(super) from: u64,
    /// The tag of `head`; `None` where there is none.
    pub(super) head: Option<String>,
    pub(super) wanted: Wanted,
    /// Where every commit was wanted.
    pub(super) commits: Vec<Commit>,
    pub(super) notes: Vec<String>,
}

/// Where a log was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Behind its last record.
    Open,
    /// At a mark that names the next one.
    Closed(u64),
}

/// Reads the logs of a place.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) objects: &'a dyn Objects,
    pub(super) clock: &'a dyn Clock,
    pub(super) sealing: &'a Sealing,
}

impl Reader<'_> {
    /// Reads the log that is in force, and checks every record that is read.
    pub(super) async fn read(&self, wanted: Wanted, floor: Floor) -> Result<Read, StateError> {
        let (mut head, tag, mut notes) = self.head().await?;
        let mut log = head.as_ref().map_or(1, |head| head.log);
        loop {
            let from = head.take().filter(|head| head.log == log && head.sequence > 0).map(|head| head.sequence);
            match self.read_one(log, wanted, from, floor, &mut notes).await {
                Ok((mut read, End::Open)) => {
                    (read.head, read.notes) = (tag, notes);
                    return Ok(read);
                }
                Ok((_, End::Closed(next))) => log = self.after(log, next)?,
                Err(error) if !error.is_of_objects() && !matches!(error, StateError::Locked { .. }) => {
                    return Err(error);
                }
                // Sealed with a former key, or damaged: none of that matters in a log that another one has taken the place of.
                Err(error) => match self.closing_of(log).await? {
                    Some(next) => log = self.after(log, next)?,
                    None => return Err(error),
                },
            }
        }
    }

    /// The same read, up to what is there now.
    pub(super) async fn up_to_date(&self, mut read: Read, floor: Floor) -> Result<Read, StateError> {
        match self.on(&mut read, floor).await {
            Ok(End::Open) => Ok(read),
            // Another log is in force by now, or something is wrong: from the beginning, which finds out.
            Ok(End::Closed(_)) | Err(_) => self.read(Wanted::Fold, floor).await,
        }
    }

    /// Which log is in force, by `head` and by the marks that close logs, whatever else is wrong in them; with the tag of `head`.
    pub(super) async fn in_force(&self) -> Result<(u64, Option<String>), StateError> {
        let (head, tag, _) = self.head().await?;
        let mut log = head.map_or(1, |head| head.log);
        while let Some(next) = self.closing_of(log).await? {
            log = self.after(log, next)?;
        }
        Ok((log, tag))
    }

    /// A log from its last good snapshot up to where something is wrong, and the names of its records.
    pub(super) async fn up_to_damage(&self, log: u64) -> Result<(Read, Vec<String>), StateError> {
        let start = self.last_snapshot(log).await?;
        let mut read = Read::from(log, start, Wanted::Fold);
        // What is wrong there is looked at by whoever asks.
        let _ = self.on(&mut read, Floor::NONE).await;
        let names = self.names(&log_folder(log), "").await?;
        Ok((read, names))
    }

    fn after(&self, log: u64, next: u64) -> Result<u64, StateError> {
        let misled = || damaged(self.objects, &log_folder(log), format!("its last record names the log {next}"));
        if next > log { Ok(next) } else { Err(misled()) }
    }

    pub(super) async fn get(&self, name: &str) -> Result<Option<Object>, StateError> {
        let got = patient(self.clock, || self.objects.get(name)).await;
        got.map_err(|error| failed("read", self.objects, &error))
    }

    /// Several objects, in order, although several are under way at once.
    pub(super) fn each(
        &self,
        names: Vec<String>,
    ) -> impl futures::Stream<Item = Result<Option<Object>, StateError>> + Unpin + Send {
        let reader = *self;
        Box::pin(futures::stream::iter(names).map(move |name| async move { reader.get(&name).await }).buffered(AT_ONCE))
    }

    /// What `head` says, with its tag. What cannot be understood says nothing, with a note.
    async fn head(&self) -> Result<(Option<SharedHead>, Option<String>, Vec<String>), StateError> {
        let Some(Object { bytes, tag }) = self.get(HEAD).await? else { return Ok((None, None, Vec::new())) };
        match serde_json::from_slice::<SharedHead>(&bytes) {
            Ok(head) if head.format > SHARED_FORMAT => {
                Err(StateError::Newer { path: self.objects.place().into(), found: head.format, known: SHARED_FORMAT })
            }
            Ok(head) => Ok((Some(head), Some(tag), Vec::new())),
            Err(error) => {
                let note = format!("`{HEAD}` is not what was written ({error}); the log was read without it");
                Ok((None, Some(tag), vec![note]))
            }
        }
    }

    /// Reads one log, from the snapshot that `head` names; where something is wrong behind that one, from the last that is good.
    async fn read_one(
        &self,
        log: u64,
        wanted: Wanted,
        from: Option<u64>,
        floor: Floor,
        notes: &mut Vec<String>,
    ) -> Result<(Read, End), StateError> {
        let named = match from.filter(|_| wanted == Wanted::Fold) {
            Some(sequence) => match self.snapshot(log, sequence).await? {
                Ok(start) => Some(start),
                Err(reason) => {
                    notes.push(format!("the snapshot of commit {sequence} is of no use, another one or the whole log was read: {reason}"));
                    None
                }
            },
            None => None,
        };
        let tried = named.as_ref().map(|(_, position)| position.sequence);
        let mut read = Read::from(log, named, wanted);
        let error = match self.on(&mut read, floor).await {
            Ok(end) => return Ok((read, end)),
            Err(error) => error,
        };
        if !error.is_of_objects() || wanted == Wanted::Commits {
            return Err(error);
        }
        // A snapshot that goes further makes up for what is wrong before it.
        if let Some(start) = self.last_snapshot(log).await?
            && tried.is_none_or(|tried| start.1.sequence > tried)
        {
            let sequence = start.1.sequence;
            let mut read = Read::from(log, Some(start), wanted);
            if let Ok(end) = self.on(&mut read, floor).await {
                notes.push(format!("{error}; nothing is lost, since the snapshot of commit {sequence} has it"));
                return Ok((read, end));
            }
        }
        Err(error)
    }

    /// A snapshot and the place in the log that it is the fold up to; the reason where it is not what was written.
    pub(super) async fn snapshot(
        &self,
        log: u64,
        sequence: u64,
    ) -> Result<Result<(Snapshot, Position), String>, StateError> {
        let Some(object) = self.get(&snapshot_name(log, sequence)).await? else {
            return Ok(Err("it is missing".to_owned()));
        };
        // Written like the record that would come next: bound to the last one by its hash, and checked by its own.
        let Lone { sequence: next, previous, payload, .. } = match frame::lone(&object.bytes) {
            Ok(record) => record,
            Err(reason) => return Ok(Err(reason)),
        };
        if next != sequence + 1 {
            return Ok(Err("it is another one".to_owned()));
        }
        let entries = self.sealing.open_snapshot(sequence, &payload).and_then(|payload| frame::entries(&payload));
        match entries {
            Ok(entries) => {
                let position = Position { sequence, hash: previous, ..Position::START };
                Ok(Ok((Snapshot::restored(sequence, &entries), position)))
            }
            Err(PayloadError::Unreadable(reason)) => Ok(Err(reason)),
            Err(error) => Err(self.unusable(&snapshot_name(log, sequence), error)),
        }
    }

    /// The last good snapshot of a log, whatever `head` says.
    pub(super) async fn last_snapshot(&self, log: u64) -> Result<Option<(Snapshot, Position)>, StateError> {
        for name in self.names(&snapshot_folder(log), "").await?.iter().rev() {
            let Some(sequence) = number(name) else { continue };
            if let Ok(start) = self.snapshot(log, sequence).await? {
                return Ok(Some(start));
            }
        }
        Ok(None)
    }

    pub(super) async fn names(&self, folder: &str, after: &str) -> Result<Vec<String>, StateError> {
        let names = patient(self.clock, || self.objects.list(folder, after)).await;
        names.map_err(|error| failed("list the log of", self.objects, &error))
    }

    /// The log that takes the place of this one, where its last record says so.
    async fn closing_of(&self, log: u64) -> Result<Option<u64>, StateError> {
        match self.names(&log_folder(log), "").await?.last() {
            Some(last) => self.mark_in(last).await,
            None => Ok(None),
        }
    }

    /// The log that a record names as the next one.
    pub(super) async fn mark_in(&self, name: &str) -> Result<Option<u64>, StateError> {
        let Some(object) = self.get(name).await? else { return Ok(None) };
        Ok(frame::lone(&object.bytes).ok().and_then(|record| closed(&record.payload)).map(|mark| mark.next))
    }

    /// Reads on from where a read ended.
    pub(super) async fn on(&self, read: &mut Read, floor: Floor) -> Result<End, StateError> {
        let names = self.names(&log_folder(read.log), &log_name(read.log, read.position.sequence)).await?;
        let mut objects = self.each(names.clone());
        let mut expected = read.position.sequence;
        for name in &names {
            expected += 1;
            let object = objects.next().await.unwrap_or(Ok(None))?;
            let found =
                number(name).ok_or_else(|| damaged(self.objects, name, "it is no record of a log".to_owned()))?;
            if found != expected || object.is_none() {
                let to = if found > expected { found - 1 } else { expected };
                return Err(self.lost(read, &names, expected, to).await);
            }
            let bytes = object.map(|object| object.bytes).unwrap_or_default();
            let end = read.position.length + bytes.len() as u64;
            let mut records = Records::at(bytes.as_slice(), read.position, end);
            let wrong = match records.read() {
                Ok(Next::Record(payload)) if records.position().length == end => {
                    if let Some(mark) = closed(&payload) {
                        return Ok(End::Closed(mark.next));
                    }
                    match self.take(read, *records.position(), payload) {
                        Ok(()) => continue,
                        Err(PayloadError::Unreadable(reason)) => {
                            format!("the record is whole, but its entries cannot be read: {reason}")
                        }
                        Err(error) => return Err(self.unusable(name, error)),
                    }
                }
                Ok(Next::Broken(reason)) => reason,
                Ok(Next::Record(_) | Next::End) => "it is not just one record".to_owned(),
                Err(error) => error.to_string(),
            };
            let knowledge = ruins::Ruins::behind(self, read, &names).await?.knowledge();
            return Err(StateError::ObjectDamaged { place: self.place_of(name), reason: wrong, knowledge });
        }
        match read.log.cmp(&floor.log) {
            Ordering::Equal if read.position.sequence < floor.sequence => {
                Err(self.lost(read, &names, read.position.sequence + 1, floor.sequence).await)
            }
            // Both the log and what leads to it are gone.
            Ordering::Less => {
                let place = self.place_of(log_folder(floor.log).trim_end_matches('/'));
                let knowledge = format!("the log before it ends at commit {}", read.position.sequence);
                Err(StateError::ObjectsLost { place, from: 1, to: floor.sequence, knowledge })
            }
            _ => Ok(End::Open),
        }
    }

    /// The error for commits that are missing, with what the rest still tells.
    async fn lost(&self, read: &Read, names: &[String], from: u64, to: u64) -> StateError {
        match ruins::Ruins::behind(self, read, names).await {
            Ok(ruins) => {
                let knowledge = ruins.knowledge();
                StateError::ObjectsLost { place: self.objects.place(), from, to, knowledge }
            }
            Err(error) => error,
        }
    }

    fn take(&self, read: &mut Read, position: Position, payload: Vec<u8>) -> Result<(), PayloadError> {
        let plain = self.sealing.open(position.sequence, &payload)?;
        let entries = frame::entries(&plain)?;
        read.position = position;
        read.snapshot.fold(&entries);
        if read.wanted == Wanted::Commits {
            drop(plain);
            read.commits.push(Commit { payload, entries });
        }
        Ok(())
    }

    pub(super) fn place_of(&self, name: &str) -> String {
        format!("{}/{name}", self.objects.place())
    }

    /// The error for a payload that is whole and is not for this key or this Formwork.
    pub(super) fn unusable(&self, name: &str, error: PayloadError) -> StateError {
        let path = self.objects.place().into();
        match error {
            PayloadError::Newer(found) => StateError::Newer { path, found, known: FORMAT },
            PayloadError::Locked { key, reason } => StateError::Locked { path, key, reason },
            PayloadError::Unreadable(reason) => damaged(self.objects, name, reason),
        }
    }

    /// Makes `head` name this log and snapshot, unless somebody else has written it since it was read; answers its tag.
    pub(super) async fn point(&self, head: &SharedHead, tag: Option<&str>) -> Result<Option<String>, String> {
        let bytes = super::json(head).map_err(|error| error.to_string())?;
        let only = tag.map_or(Only::IfNew, Only::IfTag);
        match self.objects.put(HEAD, bytes, only).await {
            Ok(super::Put::Done(tag)) => Ok(Some(tag)),
            Ok(super::Put::Refused) => Err(format!("`{HEAD}` was written by somebody else")),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Read {
    /// How far it goes.
    pub(super) fn reached(&self) -> Floor {
        Floor { log: self.log, sequence: self.position.sequence }
    }

    fn from(log: u64, start: Option<(Snapshot, Position)>, wanted: Wanted) -> Self {
        let (snapshot, position) = start.unwrap_or((Snapshot::default(), Position::START));
        let from = position.sequence;
        Self { log, snapshot, position, from, head: None, wanted, commits: Vec::new(), notes: Vec::new() }
    }
}

pub(super) fn damaged(objects: &dyn Objects, name: &str, reason: String) -> StateError {
    let knowledge = String::new();
    StateError::ObjectDamaged { place: format!("{}/{name}", objects.place()), reason, knowledge }
}
