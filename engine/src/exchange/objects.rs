//! [`ObjectExchange`]: an exchange beside the stores of a team, as objects.
//!
//! ```text
//! published/<stack>.json    the outputs of a stack
//! uses/<stack>.json         what a stack uses of others
//! ```
//!
//! There is one writer of each, the run that holds the lease of its stack's store. One that stood still while another run took over must not put
//! back what it knew: the fence of its store is asked before each write, and an object is replaced only under the tag that was read last.
//!
//! Nothing is removed, since a removal has no condition: a stack that uses nothing any more registers that.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Exchange;
use super::local::{ENDING, PUBLISHED, USES, file_name, understand};
use crate::clock::Clock;
use crate::record::{Published, Used, Uses};
use crate::state::objects::{Object, Objects, Only, Put};
use crate::state::{Fence, StateError, failed, patient};

/// How many objects are read at once.
const READERS: usize = 16;

/// An exchange in objects, for the stacks of one project.
pub struct ObjectExchange {
    objects: Arc<dyn Objects>,
    clock: Arc<dyn Clock>,
    fence: Option<Arc<dyn Fence>>,
    /// The tags of what was read or written last; `None` for what was not there.
    tags: Mutex<BTreeMap<String, Option<String>>>,
}

impl std::fmt::Debug for ObjectExchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectExchange").field("objects", &self.objects).finish_non_exhaustive()
    }
}

impl ObjectExchange {
    /// The exchange in a place. `fence` is asked before each write; where it is left out, whoever writes is alone.
    pub fn new(objects: Arc<dyn Objects>, clock: Arc<dyn Clock>, fence: Option<Arc<dyn Fence>>) -> Self {
        Self { objects, clock, fence, tags: Mutex::default() }
    }

    fn remember(&self, name: &str, tag: Option<String>) {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), tag);
    }

    fn known(&self, name: &str) -> Option<Option<String>> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn place_of(&self, name: &str) -> String {
        format!("{}/{name}", self.objects.place())
    }

    async fn get(&self, name: &str) -> Result<Option<Object>, StateError> {
        let got = patient(&*self.clock, || self.objects.get(name)).await;
        let object = got.map_err(|error| failed("read what stacks tell each other in", &*self.objects, &error))?;
        self.remember(name, object.as_ref().map(|object| object.tag.clone()));
        Ok(object)
    }

    async fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        let object = self.get(name).await?;
        object.map(|object| understand(Path::new(&self.place_of(name)), &object.bytes)).transpose()
    }

    async fn read_all<T: DeserializeOwned>(&self, folder: &str) -> Result<Vec<T>, StateError> {
        let folder = format!("{folder}/");
        let names = patient(&*self.clock, || self.objects.list(&folder, "")).await;
        let names = names.map_err(|error| failed("list what stacks tell each other in", &*self.objects, &error))?;
        let names = names.into_iter().filter(|name| name.ends_with(ENDING));
        let read = |name: String| async move { self.read(&name).await };
        let read: Vec<_> = futures::stream::iter(names).map(read).buffered(READERS).collect().await;
        read.into_iter().filter_map(Result::transpose).collect()
    }

    async fn write(&self, name: &str, object: &impl Serialize) -> Result<(), StateError> {
        let text = serde_json::to_string_pretty(object);
        let bytes = text.map_err(|error| StateError::Misuse { reason: error.to_string() })?.into_bytes();
        let known = match self.known(name) {
            Some(known) => known,
            None => self.get(name).await?.map(|object| object.tag),
        };
        if let Some(fence) = &self.fence {
            fence.check().await?;
        }
        let only = known.as_deref().map_or(Only::IfNew, Only::IfTag);
        let put = patient(&*self.clock, || self.objects.put(name, bytes.clone(), only)).await;
        match put.map_err(|error| failed("tell other stacks in", &*self.objects, &error))? {
            Put::Done(tag) => self.remember(name, Some(tag)),
            // By our own write, when its answer was lost.
            Put::Refused if self.get(name).await?.is_some_and(|object| object.bytes == bytes) => {}
            Put::Refused => {
                return Err(StateError::Objects {
                    act: "tell other stacks in".to_owned(),
                    place: self.place_of(name),
                    reason: "it was changed by somebody else meanwhile".to_owned(),
                    next: "run again, and let one run of a stack go at a time".to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn name_of(folder: &str, stack: &str) -> String {
    format!("{folder}/{}{ENDING}", file_name(stack))
}

#[async_trait]
impl Exchange for ObjectExchange {
    async fn publish(&self, published: &Published) -> Result<(), StateError> {
        self.write(&name_of(PUBLISHED, &published.stack), published).await
    }

    async fn fetch(&self, _project: &str, stack: &str) -> Result<Option<Published>, StateError> {
        self.read(&name_of(PUBLISHED, stack)).await
    }

    async fn published(&self, _project: &str) -> Result<Vec<String>, StateError> {
        let published: Vec<Published> = self.read_all(PUBLISHED).await?;
        Ok(published.into_iter().map(|published| published.stack).collect())
    }

    async fn register(&self, uses: &Uses) -> Result<(), StateError> {
        self.write(&name_of(USES, &uses.stack), uses).await
    }

    async fn withdraw(&self, _project: &str, stack: &str) -> Result<(), StateError> {
        let name = name_of(USES, stack);
        match self.read::<Uses>(&name).await? {
            Some(uses) if !uses.of.is_empty() => self.write(&name, &Uses { of: Used::new(), ..uses }).await,
            _ => Ok(()),
        }
    }

    async fn registered(&self, _project: &str) -> Result<Vec<Uses>, StateError> {
        let mut registered: Vec<Uses> = self.read_all(USES).await?;
        registered.retain(|uses| !uses.of.is_empty());
        Ok(registered)
    }

    fn place(&self, _project: &str, stack: &str) -> String {
        self.place_of(&name_of(USES, stack))
    }
}

#[cfg(test)]
mod tests;
