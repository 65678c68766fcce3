//! [`Journal`]: one order of calls and commits, and the place where a run dies.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::record::Entry;
use crate::state::{Snapshot, StateError, Store};

/// What happened, in order, over calls and commits; shared by clones.
///
/// Every call and every commit has two *points*, one before and one after it takes effect, counted from 1. A run can be told to die at one of them.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    pages: Mutex<Pages>,
    died: Notify,
}

#[derive(Debug, Default)]
struct Pages {
    lines: Vec<String>,
    points: u64,
    deadly: Option<u64>,
    dead: bool,
}

impl Journal {
    /// An empty journal of something that lives for ever.
    pub fn new() -> Self {
        Self::default()
    }

    /// What happened so far, a line each.
    pub fn lines(&self) -> Vec<String> {
        self.with(|pages| pages.lines.clone())
    }

    /// Adds a line.
    pub fn write(&self, line: impl Into<String>) {
        self.with(|pages| pages.lines.push(line.into()));
    }

    /// Points passed since the last [`Journal::die_at`] or [`Journal::revive`].
    pub fn points(&self) -> u64 {
        self.with(|pages| pages.points)
    }

    /// Lets the run die at that point, counted from now, from 1.
    pub fn die_at(&self, point: u64) {
        self.with(|pages| (pages.points, pages.deadly, pages.dead) = (0, Some(point), false));
    }

    /// Forgets the death and the lines: the next run lives.
    pub fn revive(&self) {
        self.with(|pages| *pages = Pages::default());
    }

    /// Returns when the run has died.
    pub async fn died(&self) {
        loop {
            let told = self.inner.died.notified();
            if self.with(|pages| pages.dead) {
                return;
            }
            told.await;
        }
    }

    /// Passes a point; never returns in a run that dies here or is dead.
    pub async fn point(&self) {
        let dead = self.with(|pages| {
            pages.points += 1;
            pages.dead |= pages.deadly == Some(pages.points);
            pages.dead
        });
        if dead {
            self.inner.died.notify_waiters();
            std::future::pending::<()>().await;
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Pages) -> T) -> T {
        act(&mut self.inner.pages.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A store that writes its commits into a journal and passes its points.
#[derive(Debug)]
pub struct JournaledStore<S> {
    store: S,
    journal: Journal,
}

impl<S> JournaledStore<S> {
    /// Wraps a store.
    pub fn new(store: S, journal: Journal) -> Self {
        Self { store, journal }
    }
}

#[async_trait]
impl<S: Store + Send + Sync> Store for JournaledStore<S> {
    fn snapshot(&self) -> &Snapshot {
        self.store.snapshot()
    }

    async fn commit(&mut self, entries: &[Entry]) -> Result<(), StateError> {
        self.journal.point().await;
        self.store.commit(entries).await?;
        for entry in entries {
            self.journal.write(line(entry));
        }
        self.journal.point().await;
        Ok(())
    }

    async fn commits(&self) -> Result<Vec<Vec<Entry>>, StateError> {
        self.store.commits().await
    }

    fn notes(&self) -> &[String] {
        self.store.notes()
    }
}

/// Such as `commit accepted main id=vpc-0001`: enough to tell what became durable.
fn line(entry: &Entry) -> String {
    let left = |left: &std::collections::BTreeSet<String>| match left.is_empty() {
        true => String::new(),
        false => format!(" left={}", left.iter().map(String::as_str).collect::<Vec<_>>().join(",")),
    };
    match entry {
        Entry::Bound(_) => "commit bound".to_owned(),
        Entry::DeploymentStarted(start) => format!("commit deployment {} started", start.number),
        Entry::DeploymentEnded(end) => format!("commit deployment {} {}", end.number, end.outcome),
        Entry::Intent(intent) => format!("commit intent {:?} {}", intent.op, intent.row.urn.path()).to_lowercase(),
        Entry::Accepted { row } => format!("commit accepted {} id={}{}", row.urn.path(), row.id, left(&row.left)),
        Entry::Row(row) => format!("commit row {} {}{}", row.urn.path(), row.state.word(), left(&row.left)),
        Entry::Progress(row) => format!("commit progress {} {}{}", row.urn.path(), row.state.word(), left(&row.left)),
        Entry::Removed { forgotten: true, .. } => "commit forgotten".to_owned(),
        Entry::Removed { .. } => "commit removed".to_owned(),
        Entry::Dropped { .. } => "commit dropped".to_owned(),
        Entry::Observed { .. } => "commit observed".to_owned(),
        Entry::Unpinned { urn } => format!("commit unpinned {}", urn.path()),
        Entry::Pinned { urn, .. } => format!("commit pinned {}", urn.path()),
        Entry::Outputs { .. } => "commit outputs".to_owned(),
    }
}
