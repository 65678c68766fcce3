//! Moving the state of a stack from one store to another.
//!
//! 1. Both are opened for writing. What the destination has must be the beginning of what the source has: a copy that was cut off, or the
//!    store that the source was copied from once.
//! 2. The commits that are missing are committed there, one by one ([`copy`]).
//! 3. The fold of both must be the same; then the destination gets the entry [`Entry::Moved`].
//! 4. The source is marked: whoever opens it is told where the log goes on.
//! 5. A mark of the destination's own, from an earlier move away, is taken back.
//!
//! Cut off anywhere, the same command goes on: before 4 the source is whole and still the one, and after 4 the destination has everything.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::folder::{failed, write_private};
use super::{StateError, Store};
use crate::record::{Entry, MovedHere, MovedMark, SHARED_FORMAT};

/// The name of the mark's file.
const MOVED: &str = "moved";

/// The mark in the folder of a store that has moved.
#[derive(Debug)]
pub struct LocalMark;

impl LocalMark {
    /// Refuses a store whose log goes on elsewhere.
    ///
    /// # Errors
    /// [`StateError::Moved`].
    pub(super) fn refuse(folder: &Path) -> Result<(), StateError> {
        match Self::read(folder)? {
            Some(mark) => Err(StateError::Moved { place: folder.display().to_string(), to: mark.to }),
            None => Ok(()),
        }
    }

    /// Where the log goes on, when it does elsewhere.
    ///
    /// # Errors
    /// When the mark cannot be read.
    pub fn read(folder: &Path) -> Result<Option<MovedMark>, StateError> {
        let path = folder.join(MOVED);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(failed("read", &path, &error)),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| StateError::File {
            act: "read".to_owned(),
            path: path.clone(),
            reason: format!("it is no mark of a store that has moved: {error}"),
            next: "find out where the state of the stack is, then remove that file".to_owned(),
        })
    }

    /// Says that the log goes on elsewhere. Only while the store is held for writing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(folder: &Path, to: &str, at: u64, sequence: u64) -> Result<(), StateError> {
        let path = folder.join(MOVED);
        let mark = MovedMark { format: SHARED_FORMAT, to: to.to_owned(), at, sequence };
        let bytes = serde_json::to_vec(&mark).map_err(|error| StateError::Misuse { reason: error.to_string() })?;
        let next = folder.join("moved.next");
        let written = write_private(&next, &bytes).and_then(|()| File::open(&next)?.sync_all());
        let placed = written.and_then(|()| fs::rename(&next, &path)).and_then(|()| File::open(folder)?.sync_all());
        placed.map_err(|error| failed("write", &path, &error))
    }

    /// Takes the mark back. Only while the store is held for writing.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(folder: &Path) -> Result<(), StateError> {
        let path = folder.join(MOVED);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &path, &error)),
            _ => {
                File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed("sync", folder, &error))
            }
        }
    }
}

/// What a copy did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Commits that were there already.
    pub found: usize,
    /// Commits that were copied now.
    pub copied: usize,
}

/// Makes the destination, whose commits are `there`, go as far as `source`, and says in it where it comes from.
///
/// # Guarantees
/// When it returns `Ok`, the destination has every commit of the source, in order, and after them the entry that tells of the move. Done again,
/// it copies only what is missing.
///
/// # Errors
/// What the destination has is not the beginning of what the source has; it cannot be written.
pub async fn copy(
    source: &[Vec<Entry>],
    there: &[Vec<Entry>],
    destination: &mut dyn Store,
    moved: MovedHere,
) -> Result<Copied, StateError> {
    let same = source.iter().zip(there).take_while(|(from, to)| from == to).count();
    let is_mark = |commit: &Vec<Entry>| matches!(&commit[..], [Entry::Moved(mark)] if mark.from == moved.from && usize::try_from(mark.sequence) == Ok(same));
    // Whoever was cut off after the mark and comes again may have had to take the source over first.
    let only_taken = source[same..].iter().flatten().all(|entry| matches!(entry, Entry::TakenOver(_)));
    if only_taken && there.len() == same + 1 && there.last().is_some_and(is_mark) {
        return Ok(Copied { found: same, copied: 0 });
    }
    if same < there.len() {
        let reason = format!(
            "the destination has a commit {} that the source has not: they are stores of two different lives, and copying one over the other would lose it",
            same + 1
        );
        return Err(StateError::Misplaced { reason });
    }
    for commit in &source[same..] {
        destination.commit(commit).await?;
    }
    let mut folded = super::Snapshot::default();
    source.iter().for_each(|commit| folded.fold(commit));
    if *destination.snapshot() != folded {
        let reason = "what was copied is not the same as its source".to_owned();
        return Err(StateError::Misplaced { reason });
    }
    destination.commit(&[Entry::Moved(moved)]).await?;
    Ok(Copied { found: same, copied: source.len() - same })
}

#[cfg(test)]
mod tests {
    use super::super::Sealing;
    use super::*;
    use crate::state::tests::{bound, holder, row};
    use crate::state::{LocalStore, MemoryFault, MemoryLog, MemoryStore, OpenMode};

    fn commits() -> Vec<Vec<Entry>> {
        let rows = ["a", "b", "c"].map(|name| vec![Entry::Row(row(name, 1, crate::record::RowState::Ready))]);
        [vec![bound()]].into_iter().chain(rows).collect()
    }

    fn moved() -> MovedHere {
        MovedHere { from: "here".into(), sequence: 4, by: holder(), at: 7 }
    }

    #[tokio::test]
    async fn a_copy_that_was_cut_off_anywhere_goes_on() {
        let whole = {
            let log = MemoryLog::new();
            copy(&commits(), &[], &mut MemoryStore::open(&log), moved()).await.unwrap();
            log.commits()
        };
        assert_eq!(whole.len(), 5);
        for cut in 1..=5 {
            let log = MemoryLog::new();
            let mut store = MemoryStore::open(&log).with_fault(MemoryFault::FailAt(cut));
            assert!(copy(&commits(), &[], &mut store, moved()).await.is_err());
            let copied = copy(&commits(), &log.commits(), &mut MemoryStore::open(&log), moved()).await.unwrap();
            assert_eq!((copied.found, copied.copied), (cut - 1, 5 - cut));
            assert_eq!(log.commits(), whole);
            let again = copy(&commits(), &log.commits(), &mut MemoryStore::open(&log), moved()).await.unwrap();
            assert_eq!((again.found, again.copied, log.commits()), (4, 0, whole.clone()));
        }
    }

    #[tokio::test]
    async fn a_store_of_another_life_is_not_copied_over() {
        let other = vec![vec![bound()], vec![Entry::Row(row("other", 1, crate::record::RowState::Ready))]];
        let log = MemoryLog::new();
        let error = copy(&commits(), &other, &mut MemoryStore::open(&log), moved()).await.unwrap_err();
        assert!(error.to_string().contains("a commit 2 that the source has not"), "{error}");
        assert!(log.commits().is_empty());
    }

    #[tokio::test]
    async fn a_marked_folder_says_where_its_log_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prod");
        let mut store = LocalStore::open(&path, OpenMode::Write(holder())).unwrap();
        for commit in commits() {
            store.commit(&commit).await.unwrap();
        }
        LocalMark::write(&path, "s3://bucket/shop/prod", 1, 4).unwrap();
        drop(store);
        for mode in [OpenMode::Read, OpenMode::Write(holder())] {
            let error = LocalStore::open(&path, mode).unwrap_err();
            assert!(error.to_string().contains("has moved to s3://bucket/shop/prod"), "{error}");
        }
        let store = LocalStore::open_although_moved(&path, OpenMode::Write(holder()), &Sealing::clear()).unwrap();
        assert_eq!(store.commits().await.unwrap(), commits());
        LocalMark::remove(&path).unwrap();
        drop(store);
        assert_eq!(LocalStore::open(&path, OpenMode::Read).unwrap().snapshot().sequence(), 4);
    }
}
