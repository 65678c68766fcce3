//! [`Store`], [`Snapshot`]: what is known of a stack, and how it is kept.
//!
//! The truth is a log of entries ([`crate::record::Entry`]); a [`Snapshot`] is its fold and the only form in which the rest of
//! the engine sees it. A commit is a batch of entries that become durable together, or not at all.

mod error;
mod folder;
pub mod frame;
mod head;
mod local;
mod lock;
mod memory;
mod scan;
mod snapshot;
mod view;

use async_trait::async_trait;

use crate::record::Entry;

pub use error::{Holder, StateError};
pub use local::{LocalStore, OpenMode};
pub use memory::{MemoryFault, MemoryLog, MemoryStore};
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

    /// What was repaired or found when it was opened or since, in sentences.
    fn notes(&self) -> &[String];
}

#[cfg(test)]
mod tests;
