//! [`MemoryStore`]: a store for tests, whose process can be killed and whose disk can fail.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::record::Entry;
use crate::state::{Snapshot, StateError, Store};

/// What survives a [`MemoryStore`]: the commits, shared between the stores opened on it one after the other.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog {
    commits: Arc<Mutex<Vec<Vec<Entry>>>>,
}

impl MemoryLog {
    /// A log without commits.
    pub fn new() -> Self {
        Self::default()
    }

    /// A log with one commit.
    pub fn with(entries: Vec<Entry>) -> Self {
        Self { commits: Arc::new(Mutex::new(vec![entries])) }
    }

    /// The commits so far.
    pub fn commits(&self) -> Vec<Vec<Entry>> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The entries of all commits so far, one after the other.
    pub fn entries(&self) -> Vec<Entry> {
        self.commits().into_iter().flatten().collect()
    }

    /// The fold of the commits so far.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for commit in &self.commits() {
            snapshot.fold(commit);
        }
        snapshot
    }

    /// Changes the entries of the past: for records as earlier versions wrote them.
    #[cfg(test)]
    pub(crate) fn edit(&self, mut change: impl FnMut(&mut Entry)) {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        commits.iter_mut().flatten().for_each(&mut change);
    }

    fn append(&self, entries: &[Entry]) {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner).push(entries.to_vec());
    }
}

/// What goes wrong in a [`MemoryStore`]; commits are counted from 1 since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryFault {
    /// This commit is not written and fails, and so does every later one.
    FailAt(usize),
    /// The process dies before this commit is written: it never returns, and [`MemoryStore::stopped`] is told.
    StopBefore(usize),
    /// The process dies after this commit was written: it never returns, and [`MemoryStore::stopped`] is told.
    StopAfter(usize),
}

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    log: MemoryLog,
    snapshot: Snapshot,
    fault: Option<MemoryFault>,
    commits: usize,
    stopped: Arc<Notify>,
}

impl MemoryStore {
    /// Opens a log; its commits are folded.
    pub fn open(log: &MemoryLog) -> Self {
        Self { log: log.clone(), snapshot: log.snapshot(), ..Self::default() }
    }

    /// Makes something go wrong later.
    #[must_use]
    pub fn with_fault(mut self, fault: MemoryFault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// What is told when the process died by [`MemoryFault::StopBefore`] or [`MemoryFault::StopAfter`]: a test waits for it beside
    /// the run, and then drops the run.
    pub fn stopped(&self) -> Arc<Notify> {
        Arc::clone(&self.stopped)
    }

    /// The log it writes into.
    pub fn log(&self) -> &MemoryLog {
        &self.log
    }

    async fn stop(&self) -> Result<(), StateError> {
        self.stopped.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    async fn commit(&mut self, entries: &[Entry]) -> Result<(), StateError> {
        self.snapshot.check(entries)?;
        self.commits += 1;
        match self.fault {
            Some(MemoryFault::FailAt(number)) if self.commits >= number => {
                return Err(StateError::Poisoned { reason: format!("commit {number} was made to fail") });
            }
            Some(MemoryFault::StopBefore(number)) if self.commits >= number => return self.stop().await,
            _ => {}
        }
        self.log.append(entries);
        if matches!(self.fault, Some(MemoryFault::StopAfter(number)) if self.commits >= number) {
            return self.stop().await;
        }
        self.snapshot.fold(entries);
        Ok(())
    }

    async fn commits(&self) -> Result<Vec<Vec<Entry>>, StateError> {
        Ok(self.log.commits())
    }

    fn notes(&self) -> &[String] {
        &[]
    }
}
