//! [`Ungrouped`]: a store that commits each step by itself, to be measured against the one that commits together what comes together.

use std::pin::Pin;

use formwork_engine::Uid;
use formwork_engine::record::Entry;
use formwork_engine::state::{LocalStore, Snapshot, StateError, Store};

/// A local store without group commit.
pub(crate) struct Ungrouped(pub(crate) LocalStore);

type Committed<'a, T> = Pin<Box<dyn Future<Output = Result<T, StateError>> + Send + 'a>>;

/// Whose an entry is; nobody's where it is of the run.
fn of(entry: &Entry) -> Option<&Uid> {
    match entry {
        Entry::Intent(intent) => Some(&intent.row.uid),
        Entry::Accepted { row } | Entry::Progress(row) | Entry::Row(row) => Some(&row.uid),
        Entry::Removed { uid, .. } | Entry::Dropped { uid, .. } | Entry::Observed { uid, .. } => Some(uid),
        _ => None,
    }
}

impl Store for Ungrouped {
    fn snapshot(&self) -> &Snapshot {
        self.0.snapshot()
    }

    fn commit<'s, 'e, 'a>(&'s mut self, entries: &'e [Entry]) -> Committed<'a, ()>
    where
        's: 'a,
        'e: 'a,
    {
        Box::pin(async move {
            // What one step hands over is about one resource, and stands together.
            for group in entries.chunk_by(|one, next| of(one) == of(next)) {
                self.0.commit(group).await?;
            }
            Ok(())
        })
    }

    fn commits<'s, 'a>(&'s self) -> Committed<'a, Vec<Vec<Entry>>>
    where
        's: 'a,
    {
        Box::pin(self.0.commits())
    }

    fn notes(&self) -> &[String] {
        self.0.notes()
    }
}
