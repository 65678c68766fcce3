//! [`Store`], [`Snapshot`]: what is known of a stack, and how it is kept.
//!
//! The truth is a log of entries ([`crate::record::Entry`]); a [`Snapshot`] is its fold and the only form in which the rest of
//! the engine sees it. A commit is a batch of entries that become durable together, or not at all. [`LocalStore`] keeps the log
//! in a folder, [`MemoryStore`] in a test. The bytes are described in `docs/state-format.md`, the records in [`frame`].
//!
//! # Order of a commit
//!
//! 1. The record is appended to `log` and synced.
//! 2. `head` (sequence, hash, length) is written beside itself, synced, renamed into place, and the folder synced.
//! 3. The snapshot folds the entries, and the view in sled takes over the rows they touch. Nothing of the view is synced.
//! 4. `commit` returns: acknowledged is what the head names.
//!
//! # What happens when …
//!
//! | failure | what is found | what happens |
//! | --- | --- | --- |
//! | killed before 1 | nothing of the commit | it did not happen |
//! | killed in 1 | a torn record that the head does not name | the next writer removes it and says so; readers pass over it |
//! | killed between 1 and 2 | a whole record that the head does not name | it counts, and the next writer says so |
//! | killed after 2 | a view that was not closed | it is made again from the log, with a note |
//! | killed while a store is made | a part of the mark, no head | the store is begun anew |
//! | killed while holding the lock | the lock is free, since the kernel lets go of it | nothing; the stale `holder.json` is not looked at |
//! | the disk is full in 1 | the append fails | the record is cut off again, and this run commits no more |
//! | the disk is full in 2 | the head fails | the record stays and counts in the next run; this run commits no more |
//! | the disk is full in 3 | sled fails | the view is given up until the next run, with a note |
//! | the log is shorter than the head says | a cut tail | [`StateError::Lost`] names the commits, and the rows that the view still knows |
//! | a byte of a record is wrong | checksum, number or link | [`StateError::Damaged`] names commit and place, and what the view still knows |
//! | a whole record cannot be read as entries | JSON of another shape | [`StateError::Damaged`], or [`StateError::Newer`] when its format is |
//! | the log is missing | a head, or a view, of a later commit | [`StateError::Lost`]: it is not taken for a new store |
//! | log and head were put back from before | a view that goes further | [`StateError::Lost`]; removing the view says that it was on purpose |
//! | the head is broken or missing | a log that is whole | it is written again, with a note; a torn end counts as damage then |
//! | log and head belong to two stores | another hash | [`StateError::Damaged`] |
//! | any file of the view is wrong or missing | other sums than when it was closed | it is made again from the log, with a note |
//! | the key is another one, or missing | the first record | [`StateError::Locked`], before anything is touched |
//! | killed while it is sealed anew | one whole log or the other, perhaps without a head | it opens with the next key and the former one; sealing it anew goes on |
//! | another run writes | the lock is taken | [`StateError::Held`] names who, since when, doing what |
//! | the folder is on a network | `/proc/self/mountinfo` | [`StateError::Network`] |
//! | the folder cannot be made or written | what the system says | [`StateError::File`] with path, reason and next step |
//!
//! After an error nothing of log and head was changed. Where no backup is left, [`LocalStore::rebuild`] goes on with what the log
//! before the damage, or the view, still has, and says what it could not keep. What is not told apart: a store whose files were all removed is a new
//! store, which is why a run with an empty store looks for things tagged with its stack before it makes any.

mod commits;
mod error;
pub(crate) mod folder;
pub mod frame;
mod head;
mod lease;
mod local;
mod lock;
mod memory;
mod migrate;
pub mod objects;
mod rebuild;
mod reseal;
mod scan;
mod sealing;
mod shared;
mod snapshot;
mod view;

use std::sync::Arc;

use async_trait::async_trait;

use crate::record::Entry;

pub use error::{Holder, StateError, utc};
pub use lease::{Claimant, Terms, Waits};
pub(crate) use lease::{failed, patient};
pub use local::{LocalStore, OpenMode};
pub use memory::{MemoryFault, MemoryLog, MemoryStore};
pub use migrate::{Copied, LocalMark, copy};
pub use reseal::Resealed;
pub use sealing::Sealing;
pub use shared::{SharedMode, SharedPurpose, SharedStore};
pub use snapshot::{Deployment, Pin, Snapshot};

/// Where the state of one stack is kept.
#[async_trait]
pub trait Store: Send {
    /// The fold of everything that is committed.
    fn snapshot(&self) -> &Snapshot;

    /// Makes entries durable together.
    ///
    /// # Guarantees
    /// When it returns `Ok`, the entries survive the loss of power and the snapshot holds them. The bytes written depend on the
    /// entries and not on the size of the stack.
    ///
    /// # Caveats
    /// After an error, or when the future was dropped before it was done, the entries may or may not have become durable, and no
    /// further commit is taken: the next run opens the store and sees which.
    ///
    /// # Errors
    /// When the entries could not be made durable; when the store was opened for reading; when the first entry of all is not the
    /// binding, or another one is.
    async fn commit(&mut self, entries: &[Entry]) -> Result<(), StateError>;

    /// The entries of every commit, the first one first: what [`Store::snapshot`] is the fold of. It may hold commits that another run has made since.
    ///
    /// # Errors
    /// When the log cannot be read, or not be opened with the key at hand.
    async fn commits(&self) -> Result<Vec<Vec<Entry>>, StateError>;

    /// What was repaired or found when it was opened or since, in sentences.
    fn notes(&self) -> &[String];

    /// What every call that changes something must ask before it leaves; `None` where nobody can come in between, since the kernel ends the
    /// lock with the process.
    fn fence(&self) -> Option<Arc<dyn Fence>> {
        None
    }

    /// Lets go of the store, so that the next run need not wait; no commit is taken any more.
    ///
    /// # Errors
    /// When nobody could be told: the next run waits until the lease ends.
    async fn close(&mut self) -> Result<(), StateError> {
        Ok(())
    }
}

/// Says whether this run may still change something.
#[async_trait]
pub trait Fence: std::fmt::Debug + Send + Sync {
    /// Whether a call may leave at this moment. Asked last of all, where nothing can be waited for.
    fn allows(&self) -> bool;

    /// The same, after trying to make it so.
    ///
    /// # Errors
    /// When it may not: says who has taken over, where that can be known.
    async fn check(&self) -> Result<(), StateError>;
}

#[cfg(test)]
mod tests;
