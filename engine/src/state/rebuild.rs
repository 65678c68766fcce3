//! [`LocalStore::rebuild`]: the way on from a damaged log when there is no backup.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::folder::{failed, prepare};
use super::frame::{self, MARK, Position};
use super::head;
use super::local::{Files, knowledge, lost, refusal};
use super::lock::Lock;
use super::scan::{Scan, Verdict, scan};
use super::sealing::Sealing;
use super::view::View;
use super::{Holder, LocalStore, Snapshot, StateError};

impl LocalStore {
    /// Makes a store that does not open usable again: with the state that the view has, where that is of a later commit than the
    /// log before its damage, and otherwise with that of the log. Answers what was done and what could not be kept, in sentences.
    ///
    /// # Guarantees
    /// The damaged log and head are kept under other names beside the next ones. A store that is whole is not touched. When it is
    /// interrupted, it can be done again.
    ///
    /// # Caveats
    /// What was made in the account by commits that are lost is found by its tags, in the next run, and not here.
    ///
    /// # Errors
    /// [`StateError::Held`]; [`StateError::Lost`] or [`StateError::Damaged`] when neither has anything; [`StateError::Newer`].
    pub fn rebuild(folder: &Path, holder: &Holder) -> Result<Vec<String>, StateError> {
        Self::rebuild_sealed(folder, holder, &Sealing::clear())
    }

    /// The same for a store whose records are sealed, which has no view: it goes on with what stands before the damage.
    ///
    /// # Errors
    /// As [`LocalStore::rebuild`], and [`StateError::Locked`].
    pub fn rebuild_sealed(folder: &Path, holder: &Holder, sealing: &Sealing) -> Result<Vec<String>, StateError> {
        let files = Files::of(folder);
        sealing.check(&files.log)?;
        prepare(folder)?;
        let _lock = Lock::take(folder, holder)?;
        let head = head::read(&files.head).map_err(|error| failed("read", &files.head, &error))?;
        let unborn = || Scan { snapshot: Snapshot::default(), position: Position::START, verdict: Verdict::Unborn };
        let scanned = scan(&files.log, head.position(), true, sealing)?.unwrap_or_else(unborn);
        let opened = View::open(&files.view).ok().map(|(view, known)| {
            view.close();
            known
        });
        let known = opened.or_else(|| View::salvage(&files.view));
        let reached = scanned.snapshot.sequence();
        let promised =
            head.position().map_or(0, |head| head.sequence).max(known.as_ref().map_or(0, Snapshot::sequence));
        match &scanned.verdict {
            Verdict::Whole | Verdict::Torn { .. } | Verdict::Unborn if promised <= reached => {
                return Ok(vec!["the log is whole; nothing was done".to_owned()]);
            }
            Verdict::Newer { .. } | Verdict::Locked { .. } => return Err(refusal(&files, &scanned, String::new)),
            _ => {}
        }
        let differing = knowledge(&scanned.snapshot, known.clone());
        let from_view = known.filter(|known| known.sequence() > reached);
        let source = if from_view.is_some() { "view" } else { "log before its damage" };
        let kept = from_view.unwrap_or(scanned.snapshot);
        if kept.binding().is_none() {
            return Err(lost(&files, 1, promised.max(1), "neither the log nor the view has anything left".to_owned()));
        }
        let mut notes =
            vec![format!("the store goes on with the state of commit {} from the {source}", kept.sequence())];
        notes.push(differing);
        // What was damaged may have been the last record, which only the head knows of.
        if promised > kept.sequence() {
            notes.push(format!("commits {} to {promised} are lost", kept.sequence() + 1));
        }
        let aside = replace(&files, &kept, sealing)?;
        notes.push(format!("the damaged log was kept as {}", aside.display()));
        Ok(notes)
    }
}

/// Puts a log of one commit in the place of the one that is there; answers where that one is kept.
fn replace(files: &Files, kept: &Snapshot, sealing: &Sealing) -> Result<PathBuf, StateError> {
    let misuse = |reason: String| StateError::Misuse { reason };
    let payload = frame::payload(&kept.to_entries()).map_err(|error| misuse(error.to_string()))?;
    let payload = sealing.close(Position::START.sequence + 1, payload);
    let (record, position) =
        frame::encode(&Position::START, &payload).ok_or_else(|| misuse("the state has 4 GiB or more".to_owned()))?;
    let next = files.log.with_extension("next");
    let made = File::options().write(true).create(true).truncate(true).mode(0o600).open(&next);
    let made = made.and_then(|file| {
        file.write_all_at(MARK, 0)?;
        file.write_all_at(&record, MARK.len() as u64)?;
        file.sync_all()
    });
    made.map_err(|error| failed("write", &next, &error))?;

    // Log and head are each replaced in one piece, so that at no moment there is none: that would look like a new store. Between the
    // two the store does not open, and this can be done again. The view goes last: it may be the only one to have the state.
    let aside = |path: &Path| {
        let free = (1..).map(|number| path.with_extension(format!("damaged-{number}"))).find(|name| !name.exists());
        free.unwrap_or_else(|| path.with_extension("damaged"))
    };
    let (log, head) = (aside(&files.log), aside(&files.head));
    let keep = |from: &Path, to: &Path| match fs::copy(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => File::open(to)?.sync_all(),
    };
    let moved = keep(&files.log, &log)
        .and_then(|()| keep(&files.head, &head))
        .and_then(|()| fs::rename(&next, &files.log))
        .and_then(|()| head::write(&files.head, &position));
    moved.map_err(|error| failed("replace", &files.log, &error))?;
    View::remove(&files.view).map_err(|error| failed("remove", &files.view.folder, &error))?;
    Ok(log)
}
