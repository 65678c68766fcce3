//! [`MemoryExchange`]: an exchange in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::Journal;
use crate::exchange::Exchange;
use crate::record::{Published, Uses};
use crate::state::StateError;

/// An exchange in memory, shared by clones. Of one project: others would only make tests longer.
#[derive(Debug, Clone, Default)]
pub struct MemoryExchange {
    objects: Arc<Mutex<Objects>>,
    journal: Journal,
}

#[derive(Debug, Default)]
struct Objects {
    published: BTreeMap<String, Published>,
    uses: BTreeMap<String, Uses>,
    /// Registrations that come in later, and before which look.
    coming: Vec<(u32, Uses)>,
    looks: u32,
    /// Whether nothing can be written.
    broken: bool,
}

impl MemoryExchange {
    /// One in which nothing was published.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, seen by a run that writes into this journal and dies at its points: each write has two.
    #[must_use]
    pub fn journaled(&self, journal: &Journal) -> Self {
        Self { objects: Arc::clone(&self.objects), journal: journal.clone() }
    }

    /// What a stack has published.
    pub fn of(&self, stack: &str) -> Option<Published> {
        self.with(|objects| objects.published.get(stack).cloned())
    }

    /// What a stack uses.
    pub fn uses(&self, stack: &str) -> Option<Uses> {
        self.with(|objects| objects.uses.get(stack).cloned())
    }

    /// Lets another stack's publication stand there.
    pub fn put(&self, published: Published) {
        self.with(|objects| objects.published.insert(published.stack.clone(), published));
    }

    /// Lets another stack be registered at once.
    pub fn enter(&self, uses: Uses) {
        self.with(|objects| objects.uses.insert(uses.stack.clone(), uses));
    }

    /// Lets another stack register right before the registrations are looked at for the so-manieth time from now, counted from 1.
    pub fn enter_before(&self, look: u32, uses: Uses) {
        self.with(|objects| objects.coming.push((objects.looks + look, uses)));
    }

    /// Lets every write fail, or none any more.
    pub fn set_broken(&self, broken: bool) {
        self.with(|objects| objects.broken = broken);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Objects) -> T) -> T {
        act(&mut self.objects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reading and writing take a while: others get their turn.
    async fn while_it_takes(&self) {
        tokio::task::yield_now().await;
    }

    async fn write(&self, line: String, act: impl FnOnce(&mut Objects) + Send) -> Result<(), StateError> {
        self.journal.point().await;
        self.while_it_takes().await;
        if self.with(|objects| objects.broken) {
            let next = "mend it, then run again".to_owned();
            let reason = "it is broken".to_owned();
            return Err(StateError::File { act: "write".to_owned(), path: "memory".into(), reason, next });
        }
        self.with(act);
        self.journal.write(line);
        self.journal.point().await;
        Ok(())
    }
}

#[async_trait]
impl Exchange for MemoryExchange {
    async fn publish(&self, published: &Published) -> Result<(), StateError> {
        let (stack, published) = (published.stack.clone(), published.clone());
        self.write(format!("published {stack}"), |objects| drop(objects.published.insert(stack, published))).await
    }

    async fn fetch(&self, _project: &str, stack: &str) -> Result<Option<Published>, StateError> {
        self.while_it_takes().await;
        Ok(self.of(stack))
    }

    async fn published(&self, _project: &str) -> Result<Vec<String>, StateError> {
        Ok(self.with(|objects| objects.published.keys().cloned().collect()))
    }

    async fn register(&self, uses: &Uses) -> Result<(), StateError> {
        let (stack, uses) = (uses.stack.clone(), uses.clone());
        self.write(format!("registered {stack}"), |objects| drop(objects.uses.insert(stack, uses))).await
    }

    async fn withdraw(&self, _project: &str, stack: &str) -> Result<(), StateError> {
        self.write(format!("withdrew {stack}"), |objects| drop(objects.uses.remove(stack))).await
    }

    async fn registered(&self, _project: &str) -> Result<Vec<Uses>, StateError> {
        self.while_it_takes().await;
        Ok(self.with(|objects| {
            objects.looks += 1;
            let looks = objects.looks;
            let (come, coming) = std::mem::take(&mut objects.coming).into_iter().partition(|(look, _)| *look <= looks);
            objects.coming = coming;
            let come: Vec<(u32, Uses)> = come;
            objects.uses.extend(come.into_iter().map(|(_, uses)| (uses.stack.clone(), uses)));
            objects.uses.values().cloned().collect()
        }))
    }

    fn place(&self, project: &str, stack: &str) -> String {
        format!("memory:{project}/{stack}")
    }
}
