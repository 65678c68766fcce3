//! [`MaskedConsumer`]: events without secrets, whoever is told of them.

use std::sync::Arc;

use super::Mask;
use crate::event::{Consumer, Event};

/// A consumer, and the secrets that it is not told.
pub(crate) struct MaskedConsumer {
    pub(crate) inner: Arc<dyn Consumer>,
    pub(crate) mask: Mask,
}

impl Consumer for MaskedConsumer {
    fn consume(&self, event: &Event) {
        let mut event = event.clone();
        match &mut event {
            Event::StepFailed { error, .. } => **error = self.mask.error((**error).clone()),
            Event::StepWaiting { status: text, .. }
            | Event::StepRetried { reason: text, .. }
            | Event::IntentRecovered { finding: text, .. } => *text = self.mask.text(text),
            Event::StoreOpened { notes, .. } => notes.iter_mut().for_each(|note| *note = self.mask.text(note)),
            _ => {}
        }
        self.inner.consume(&event);
    }
}
