//! [`Objects`]: what a shared store needs of a place for objects, and [`MemoryObjects`] for tests.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::frame::hex;

/// An object as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its content.
    pub bytes: Vec<u8>,
    /// What names this content and no other: an ETag.
    pub tag: String,
}

/// When an object may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only<'a> {
    /// When there is none of its name.
    IfNew,
    /// When it has this tag.
    IfTag(&'a str),
    /// Whatever there is.
    Always,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It was written, and has this tag.
    Done(String),
    /// The condition did not hold: nothing was written.
    Refused,
}

/// Why objects could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ObjectsError {
    /// What was answered.
    pub reason: String,
    /// What to do next.
    pub next: String,
    /// Whether the same may work in a moment. A write may have been done all the same.
    pub passing: bool,
}

/// A place for objects under names such as `log/00000000000000000001`: reads see every write that was acknowledged before them, and
/// conditions of writes are decided in one place.
#[async_trait]
pub trait Objects: Debug + Send + Sync {
    /// Where it is, as people write it, such as `s3://bucket/prefix`.
    fn place(&self) -> String;

    /// Reads one; `None` when there is none.
    async fn get(&self, name: &str) -> Result<Option<Object>, ObjectsError>;

    /// Writes one.
    async fn put(&self, name: &str, bytes: Vec<u8>, only: Only<'_>) -> Result<Put, ObjectsError>;

    /// Removes one; none is none. Has no condition: only for what nobody goes by any more.
    async fn remove(&self, name: &str) -> Result<(), ObjectsError>;

    /// The names that begin with `folder` and come after `after`, in order.
    async fn list(&self, folder: &str, after: &str) -> Result<Vec<String>, ObjectsError>;
}

/// Objects in memory, shared by clones. Every operation lets other tasks go first a few times, in an order that the seed decides.
#[derive(Debug, Clone, Default)]
pub struct MemoryObjects {
    objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    turns: Arc<AtomicU64>,
    seed: u64,
}

impl MemoryObjects {
    /// No objects; another seed makes another interleaving.
    pub fn seeded(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// The names and contents.
    pub fn all(&self) -> BTreeMap<String, Vec<u8>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts or removes an object behind everybody's back.
    pub fn tamper(&self, name: &str, bytes: Option<Vec<u8>>) {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        match bytes {
            Some(bytes) => drop(objects.insert(name.to_owned(), bytes)),
            None => drop(objects.remove(name)),
        }
    }

    async fn others_first(&self) {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let digest = Sha256::digest([self.seed.to_le_bytes(), turn.to_le_bytes()].concat());
        for _ in 0..digest[0] % 8 {
            tokio::task::yield_now().await;
        }
    }
}

fn tag(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[async_trait]
impl Objects for MemoryObjects {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    async fn get(&self, name: &str) -> Result<Option<Object>, ObjectsError> {
        self.others_first().await;
        Ok(self.all().get(name).map(|bytes| Object { tag: tag(bytes), bytes: bytes.clone() }))
    }

    async fn put(&self, name: &str, bytes: Vec<u8>, only: Only<'_>) -> Result<Put, ObjectsError> {
        self.others_first().await;
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let may = match only {
            Only::IfNew => !objects.contains_key(name),
            Only::IfTag(wanted) => objects.get(name).is_some_and(|found| tag(found) == wanted),
            Only::Always => true,
        };
        if !may {
            return Ok(Put::Refused);
        }
        let tag = tag(&bytes);
        objects.insert(name.to_owned(), bytes);
        Ok(Put::Done(tag))
    }

    async fn remove(&self, name: &str) -> Result<(), ObjectsError> {
        self.others_first().await;
        self.tamper(name, None);
        Ok(())
    }

    async fn list(&self, folder: &str, after: &str) -> Result<Vec<String>, ObjectsError> {
        self.others_first().await;
        Ok(self.all().into_keys().filter(|name| name.starts_with(folder) && name.as_str() > after).collect())
    }
}
