//! [`LocalStore`]: the store in a folder of the local disk.

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use super::commits::commits;
use super::folder::{failed, prepare};
use super::frame::{self, MARK, Position};
use super::head::{self, Head};
use super::lock::Lock;
use super::scan::{Scan, Verdict, scan};
use super::sealing::Sealing;
use super::view::{View, ViewFiles};
use super::{Holder, Snapshot, StateError, Store};
use crate::record::{Entry, Row, RowKey};

/// What a store is opened for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenMode {
    /// For reading: takes no lock, creates and changes nothing, and may be done while another run writes. A store that does not
    /// exist is an empty one.
    Read,
    /// For writing, as this holder.
    Write(Holder),
}

/// The store in a folder of the local disk, one for each stack. What becomes of it in every failure stands in
/// [`crate::state`].
#[derive(Debug)]
pub struct LocalStore {
    snapshot: Snapshot,
    notes: Vec<String>,
    // What the snapshot was read from.
    log: PathBuf,
    sealing: Sealing,
    writer: Option<Writer>,
    // Why there is no writer, for when there is none.
    closed: StateError,
    view: Option<View>,
    // After the view: it is closed under the lock.
    _lock: Option<Arc<Lock>>,
}

/// The files of a store.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) folder: PathBuf,
    pub(super) log: PathBuf,
    pub(super) head: PathBuf,
    pub(super) view: ViewFiles,
}

impl Files {
    pub(super) fn of(folder: &Path) -> Self {
        let view = ViewFiles { folder: folder.join("view"), sums: folder.join("view.sums") };
        Self { folder: folder.to_owned(), log: folder.join("log"), head: folder.join("head"), view }
    }
}

impl LocalStore {
    /// Opens the store in a folder, such as `.formwork/prod`; makes it when it does not exist and is opened for writing.
    ///
    /// # Guarantees
    /// Every commit that was acknowledged is in the snapshot. What had to be repaired is in the notes. After an error nothing of
    /// the log and head was changed.
    ///
    /// # Caveats
    /// Blocks on the disk.
    ///
    /// # Errors
    /// [`StateError::Held`] while another run has it open for writing; otherwise whatever of the folder, the log or the head is
    /// not as it must be.
    pub fn open(folder: &Path, mode: OpenMode) -> Result<Self, StateError> {
        Self::open_sealed(folder, mode, &Sealing::clear())
    }

    /// The same for a store whose records are sealed, or may be. A store that is sealed as a whole has no view.
    ///
    /// # Errors
    /// [`StateError::Locked`] when the records do not open, or stand in the clear and should not; then nothing at all was touched.
    pub fn open_sealed(folder: &Path, mode: OpenMode, sealing: &Sealing) -> Result<Self, StateError> {
        let files = Files::of(folder);
        sealing.check(&files.log)?;
        match mode {
            OpenMode::Read => Self::open_for_reading(&files, sealing),
            OpenMode::Write(holder) => Self::open_for_writing(&files, &holder, sealing),
        }
    }

    /// Appends to another file from here on: one on which writing fails.
    #[cfg(test)]
    pub(super) fn append_to(&mut self, file: File) {
        if let Some(writer) = &mut self.writer {
            writer.file = file;
        }
    }

    fn open_for_reading(files: &Files, sealing: &Sealing) -> Result<Self, StateError> {
        // The head first: what it names is in the log already, whatever a writer does meanwhile.
        let head = head::read(&files.head).map_err(|error| failed("read", &files.head, &error))?;
        let mut notes = Vec::new();
        let snapshot = match scan(&files.log, head.position(), true, sealing)? {
            None | Some(Scan { verdict: Verdict::Unborn, .. }) => match head.position() {
                Some(position) if position.sequence > 0 => {
                    return Err(lost(files, 1, position.sequence, NOT_ASKED.to_owned()));
                }
                _ => Snapshot::default(),
            },
            Some(Scan { verdict: Verdict::Whole | Verdict::Torn { .. }, snapshot, .. }) => {
                notes.extend(head_note(&head, &snapshot));
                snapshot
            }
            Some(scan) => return Err(refusal(files, &scan, || NOT_ASKED.to_owned())),
        };
        let (log, sealing) = (files.log.clone(), sealing.clone());
        Ok(Self { snapshot, notes, log, sealing, writer: None, closed: StateError::ReadOnly, view: None, _lock: None })
    }

    fn open_for_writing(files: &Files, holder: &Holder, sealing: &Sealing) -> Result<Self, StateError> {
        prepare(&files.folder)?;
        let lock = Arc::new(Lock::take(&files.folder, holder)?);
        let head = head::read(&files.head).map_err(|error| failed("read", &files.head, &error))?;
        // The values of a view stand in the clear: a sealed store has none.
        let viewed = if sealing.is_whole() { Err(None) } else { View::open(&files.view).map_err(Some) };
        let fold = !matches!(&viewed, Ok((view, _)) if Some(view.position()) == head.position());
        let opened = Self::read_log(files, &head, viewed, fold, sealing)?;
        let Opened { snapshot, position, view, mut notes } = opened;
        let log = File::options().read(true).write(true).open(&files.log);
        let file = log.map_err(|error| failed("open", &files.log, &error))?;
        if head.position() != Some(&position) {
            head::write(&files.head, &position).map_err(|error| failed("write", &files.head, &error))?;
        }
        let view = view.or_else(|| {
            if sealing.is_whole() {
                return None;
            }
            let made = View::make(&files.view, &snapshot, &position);
            made.map_err(|reason| notes.push(format!("the view {reason}; the store works without it"))).ok()
        });
        let writer =
            Writer { file, files: files.clone(), position, sealing: sealing.clone(), _lock: Arc::clone(&lock) };
        let closed = StateError::Poisoned { reason: "a commit was abandoned before it was done".to_owned() };
        let (log, sealing) = (files.log.clone(), sealing.clone());
        Ok(Self { snapshot, notes, log, sealing, writer: Some(writer), closed, view, _lock: Some(lock) })
    }

    fn read_log(
        files: &Files,
        head: &Head,
        viewed: Result<(View, Snapshot), Option<String>>,
        fold: bool,
        sealing: &Sealing,
    ) -> Result<Opened, StateError> {
        let (view, known, unusable) = match viewed {
            Ok((view, known)) => (Some(view), Some(known), None),
            Err(reason) => (None, None, reason),
        };
        let scanned = match scan(&files.log, head.position(), fold, sealing)? {
            None | Some(Scan { verdict: Verdict::Unborn, .. }) => return Self::begin(files, head, known),
            // Who was promised a snapshot by the view and needs one of the log after all reads it again; that is rare.
            Some(scanned) if !fold && view.as_ref().map(View::position) != Some(&scanned.position) => {
                scan(&files.log, head.position(), true, sealing)?.unwrap_or(scanned)
            }
            Some(scanned) => scanned,
        };
        let position = scanned.position;
        let mut notes = Vec::new();
        match &scanned.verdict {
            Verdict::Whole => {}
            Verdict::Torn { bytes } => {
                cut(&files.log, position.length)?;
                notes.push(format!(
                    "commit {} was cut off while it was being written, so nothing was done on the strength of it; its {bytes} \
                     bytes were removed from the log",
                    position.sequence + 1
                ));
            }
            _ => {
                return Err(refusal(files, &scanned, || {
                    knowledge(&scanned.snapshot, known.or_else(|| View::salvage(&files.view)))
                }));
            }
        }
        if let (Some(view), Some(known)) = (&view, &known)
            && view.position().sequence > position.sequence
        {
            let more = format!(
                "{}; if the log was put back from a backup on purpose, remove {} to go on with it",
                knowledge(&scanned.snapshot, Some(known.clone())),
                files.view.folder.display()
            );
            return Err(lost(files, position.sequence + 1, view.position().sequence, more));
        }
        notes.extend(head_note(head, &Snapshot::restored(position.sequence, [])));
        if let Some(head) = head.position()
            && head.sequence < position.sequence
        {
            notes.push(format!(
                "commit {} was durable when the last run ended without having heard so; it counts",
                position.sequence
            ));
        }
        match (view, known) {
            (Some(view), Some(known)) if *view.position() == position => {
                Ok(Opened { snapshot: known, position, view: Some(view), notes })
            }
            _ => {
                if position.sequence > 0 && !sealing.is_whole() {
                    let reason = unusable.unwrap_or_else(|| "does not go as far as the log".to_owned());
                    notes.push(format!("the view {reason}; it was made again from the log"));
                }
                Ok(Opened { snapshot: scanned.snapshot, position, view: None, notes })
            }
        }
    }

    /// Begins a log where there is none.
    fn begin(files: &Files, head: &Head, known: Option<Snapshot>) -> Result<Opened, StateError> {
        let known = known.or_else(|| View::salvage(&files.view)).filter(|known| known.sequence() > 0);
        let to = head.position().map_or(0, |position| position.sequence);
        let to = to.max(known.as_ref().map_or(0, Snapshot::sequence));
        if to > 0 {
            return Err(lost(files, 1, to, knowledge(&Snapshot::default(), known)));
        }
        let begun = File::options().write(true).create(true).truncate(true).mode(0o600).open(&files.log);
        let begun = begun.and_then(|file| file.write_all_at(MARK, 0).and_then(|()| file.sync_all()));
        // The names of the log and of the folder must be durable too.
        let above = files.folder.parent().filter(|path| !path.as_os_str().is_empty());
        let synced = begun.and_then(|()| File::open(&files.folder)?.sync_all()).and_then(|()| match above {
            Some(path) => File::open(path)?.sync_all(),
            None => Ok(()),
        });
        synced.map_err(|error| failed("begin", &files.log, &error))?;
        Ok(Opened { snapshot: Snapshot::default(), position: Position::START, view: None, notes: Vec::new() })
    }
}

#[async_trait]
impl Store for LocalStore {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    async fn commit(&mut self, entries: &[Entry]) -> Result<(), StateError> {
        let payload = frame::payload(entries).map_err(|error| StateError::Misuse { reason: error.to_string() })?;
        if self.writer.is_some() {
            self.snapshot.check(entries)?;
        }
        // Away while it writes: when this future is dropped meanwhile, no later commit is taken.
        let Some(mut writer) = self.writer.take() else { return Err(self.closed.clone()) };
        let written = tokio::task::spawn_blocking(move || match writer.append(payload) {
            Ok(()) => Ok(writer),
            Err(error) => Err(error),
        });
        let outcome = written.await.unwrap_or_else(|error| {
            Err(StateError::Poisoned { reason: format!("the thread that wrote the log ended: {error}") })
        });
        let writer = match outcome {
            Ok(writer) => writer,
            Err(error) => {
                self.closed = StateError::Poisoned { reason: format!("an earlier commit failed: {error}") };
                return Err(error);
            }
        };
        self.snapshot.fold(entries);
        if let Some(view) = &mut self.view
            && let Err(reason) = view.follow(entries, &self.snapshot, &writer.position)
        {
            self.view = None;
            self.notes.push(format!("the view {reason}; it will be made again by the next run"));
        }
        self.writer = Some(writer);
        Ok(())
    }

    async fn commits(&self) -> Result<Vec<Vec<Entry>>, StateError> {
        let (log, upto, sealing) = (self.log.clone(), self.snapshot.sequence(), self.sealing.clone());
        let read = tokio::task::spawn_blocking(move || commits(&log, upto, &sealing)).await;
        read.unwrap_or_else(|error| {
            Err(StateError::Misuse { reason: format!("the thread that read the log ended: {error}") })
        })
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Drop for LocalStore {
    fn drop(&mut self) {
        if let Some(view) = self.view.take() {
            view.close();
        }
    }
}

/// What opening for writing found.
struct Opened {
    snapshot: Snapshot,
    position: Position,
    view: Option<View>,
    notes: Vec<String>,
}

/// The one that appends to the log.
#[derive(Debug)]
struct Writer {
    file: File,
    files: Files,
    position: Position,
    sealing: Sealing,
    // Held for as long as something may still be written, even after the store was dropped in the middle of a commit.
    _lock: Arc<Lock>,
}

impl Writer {
    /// Appends one commit: durable in the log first, then in the head.
    fn append(&mut self, payload: Vec<u8>) -> Result<(), StateError> {
        let payload = self.sealing.close(self.position.sequence + 1, payload);
        let Some((record, after)) = frame::encode(&self.position, &payload) else {
            return Err(StateError::Misuse { reason: "a commit has 4 GiB or more".to_owned() });
        };
        let written = self.file.write_all_at(&record, self.position.length).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // A try: where it fails, the next run removes the torn record.
            let _ = self.file.set_len(self.position.length).and_then(|()| self.file.sync_data());
            return Err(failed("append to", &self.files.log, &error));
        }
        // The record stays when the head fails: it is durable, and the next run counts it.
        head::write(&self.files.head, &after).map_err(|error| failed("write", &self.files.head, &error))?;
        self.position = after;
        Ok(())
    }
}

const NOT_ASKED: &str = "the view was not asked, since this command only reads";

pub(super) fn lost(files: &Files, from: u64, to: u64, knowledge: String) -> StateError {
    StateError::Lost { path: files.log.clone(), from, to, knowledge }
}

/// The error for a log that cannot be used.
pub(super) fn refusal(files: &Files, scan: &Scan, knowledge: impl FnOnce() -> String) -> StateError {
    let path = files.log.clone();
    match &scan.verdict {
        Verdict::Lost { to } => lost(files, scan.position.sequence + 1, *to, knowledge()),
        Verdict::Locked { key, reason } => StateError::Locked { path, key: key.clone(), reason: reason.clone() },
        Verdict::Newer { found, known } => StateError::Newer { path, found: *found, known: *known },
        Verdict::Damaged { sequence, offset, reason } => StateError::Damaged {
            path,
            sequence: *sequence,
            offset: *offset,
            reason: reason.clone(),
            knowledge: knowledge(),
        },
        Verdict::Whole | Verdict::Torn { .. } | Verdict::Unborn => {
            StateError::Misuse { reason: "a usable log was refused".to_owned() }
        }
    }
}

/// Removes a torn record.
fn cut(log: &Path, length: u64) -> Result<(), StateError> {
    let file = File::options().write(true).open(log);
    let cut = file.and_then(|file| file.set_len(length).and_then(|()| file.sync_data()));
    cut.map_err(|error| failed("cut the torn end off", log, &error))
}

/// What to say about a head that does not say how far the log goes.
fn head_note(head: &Head, snapshot: &Snapshot) -> Option<String> {
    let how = match head {
        Head::Known(_) => return None,
        Head::Missing => "missing",
        Head::Broken => "broken",
    };
    Some(format!("the file head was {how}; the log itself is whole up to commit {}", snapshot.sequence()))
}

/// What a view knows beyond a damage, in a sentence: the names whose rows differ.
pub(super) fn knowledge(before: &Snapshot, known: Option<Snapshot>) -> String {
    let Some(known) = known else { return "the view cannot tell more".to_owned() };
    if known.sequence() <= before.sequence() {
        return format!("the view goes no further than commit {}", known.sequence());
    }
    let absent = |rows: &Snapshot, key: &RowKey, row: &Row| rows.rows().get(key) != Some(row);
    let ahead = known.rows().iter().filter(|(key, row)| absent(before, key, row));
    let behind = before.rows().iter().filter(|(key, _)| !known.rows().contains_key(key));
    let mut names: Vec<&str> = ahead.chain(behind).map(|(_, row)| row.urn.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let shown = names.iter().take(20).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => format!("the view knows commit {}, and no row differs there", known.sequence()),
        1..=20 => format!("the view knows commit {}, where these differ: {shown}", known.sequence()),
        more => {
            format!("the view knows commit {}, where these differ: {shown} and {} more", known.sequence(), more - 20)
        }
    }
}
