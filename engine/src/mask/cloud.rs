//! [`MaskedCloud`]: a cloud whose words have no secrets in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::Mask;
use crate::event::Consumer;
use crate::kind::{
    CallError, Candidate, Cloud, Created, Deletion, Identity, Kind, Observed, Owner, Read, Registry, Sought, Status,
    Swept, Throttled, Update, Updated, Waiting,
};
use crate::preflight::{Intended, Preflight, Preparation};
use crate::program::{ProviderName, ProviderSpec};
use crate::shape::{ReadSchema, Schema};
use crate::state::Fence;
use crate::value::Value;

/// A cloud, and the secrets that are taken out of what it says.
pub(crate) struct MaskedCloud {
    pub(crate) inner: Arc<dyn Cloud>,
    pub(crate) mask: Mask,
}

#[async_trait]
impl Cloud for MaskedCloud {
    async fn identity(&self) -> Result<Identity, CallError> {
        self.inner.identity().await
    }

    async fn registry(&self, name: &ProviderName, spec: Option<&ProviderSpec>) -> Result<Arc<Registry>, CallError> {
        let inner = self.inner.registry(name, spec).await?;
        let mut registry = Registry::new(inner.account.clone(), inner.region.clone());
        for kind in inner.kinds() {
            registry.add_kind(Arc::new(MaskedKind { inner: Arc::clone(kind), mask: self.mask.clone() }));
        }
        for read in inner.reads() {
            registry.add_read(Arc::new(MaskedRead { inner: Arc::clone(read), mask: self.mask.clone() }));
        }
        Ok(Arc::new(registry))
    }

    async fn marked(
        &self,
        name: &ProviderName,
        spec: Option<&ProviderSpec>,
        sought: &Sought,
    ) -> Result<Swept, CallError> {
        self.inner.marked(name, spec, sought).await
    }

    async fn preflight(&self, intended: &[Intended]) -> Preflight {
        let mut found = self.inner.preflight(intended).await;
        for problem in &mut found.problems {
            problem.reason = self.mask.text(&problem.reason);
            problem.hint = self.mask.text(&problem.hint);
        }
        found.warnings.iter_mut().for_each(|warning| *warning = self.mask.text(warning));
        found
    }

    async fn prepare(&self, preparation: &Preparation) -> Result<(), CallError> {
        self.inner.prepare(preparation).await.map_err(|error| masked(&self.mask, error))
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.inner.calls()
    }

    fn fence(&self, fence: Arc<dyn Fence>) {
        self.inner.fence(fence);
    }

    fn listen(&self, events: Arc<dyn Consumer>) {
        self.inner.listen(events);
    }

    fn throttled(&self) -> Vec<Throttled> {
        self.inner.throttled()
    }

    fn observation_begins(&self) {
        self.inner.observation_begins();
    }

    fn observation_ends(&self) -> Vec<String> {
        self.inner.observation_ends().iter().map(|sentence| self.mask.text(sentence)).collect()
    }
}

struct MaskedKind {
    inner: Arc<dyn Kind>,
    mask: Mask,
}

impl MaskedKind {
    fn error(&self, error: CallError) -> CallError {
        masked(&self.mask, error)
    }

    /// What was seen; its secrets are known from here on.
    fn observed(&self, mut observed: Observed) -> Observed {
        self.mask.learn_value(&observed.args);
        self.mask.learn_value(&observed.outputs);
        observed.unreadable.values_mut().for_each(|reason| *reason = self.mask.text(reason));
        observed
    }
}

#[async_trait]
impl Kind for MaskedKind {
    fn schema(&self) -> &'static Schema {
        self.inner.schema()
    }

    async fn create(&self, owner: &Owner, args: &Value) -> Result<Created, CallError> {
        self.mask.learn_value(args);
        self.inner.create(owner, args).await.map_err(|error| self.error(error))
    }

    async fn status(&self, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>, CallError> {
        let said = |status: Status| match status {
            Status::Pending(word) => Status::Pending(self.mask.text(&word)),
            Status::Stuck(reason) => Status::Stuck(self.mask.text(&reason)),
            Status::Failed(reason) => Status::Failed(self.mask.text(&reason)),
            Status::Ready | Status::Gone => status,
        };
        let all = self.inner.status(waiting).await.map_err(|error| self.error(error))?;
        Ok(all.into_iter().map(|(id, status)| (id, said(status))).collect())
    }

    async fn read(&self, ids: &[String]) -> Result<BTreeMap<String, Result<Observed, CallError>>, CallError> {
        let all = self.inner.read(ids).await.map_err(|error| self.error(error))?;
        let one = |(id, read): (String, Result<Observed, CallError>)| {
            (id, read.map(|observed| self.observed(observed)).map_err(|error| self.error(error)))
        };
        Ok(all.into_iter().map(one).collect())
    }

    async fn find(&self, owner: &Owner, args: Option<&Value>) -> Result<Vec<Candidate>, CallError> {
        self.inner.find(owner, args).await.map_err(|error| self.error(error))
    }

    async fn left_over(&self, owner: &Owner, args: &Value) -> Result<Option<String>, CallError> {
        let found = self.inner.left_over(owner, args).await.map_err(|error| self.error(error))?;
        Ok(found.map(|sentence| self.mask.text(&sentence)))
    }

    async fn update(&self, update: &Update) -> Result<Updated, CallError> {
        self.mask.learn_value(&update.planned);
        self.inner.update(update).await.map_err(|error| self.error(error))
    }

    async fn delete(&self, id: &str, recorded: &Value) -> Result<Deletion, CallError> {
        self.inner.delete(id, recorded).await.map_err(|error| self.error(error))
    }
}

struct MaskedRead {
    inner: Arc<dyn Read>,
    mask: Mask,
}

#[async_trait]
impl Read for MaskedRead {
    fn schema(&self) -> &'static ReadSchema {
        self.inner.schema()
    }

    async fn read(&self, args: &Value) -> Result<Value, CallError> {
        self.inner.read(args).await.map_err(|error| masked(&self.mask, error))
    }
}

/// What was said about a failed call, without secrets. The code decides what becomes of the call, and stays.
fn masked(mask: &Mask, mut error: CallError) -> CallError {
    error.answer.message = mask.text(&error.answer.message);
    error
}
