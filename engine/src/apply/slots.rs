//! [`Slots`]: how many calls may be under way at once. A slot is held during a call and never during a wait.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// A number of slots, given to the heaviest that waits, then to the one that came first. Shared by clones.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    free: usize,
    arrivals: u64,
    waiting: BTreeMap<(Reverse<u32>, u64), oneshot::Sender<Slot>>,
}

/// One slot; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Option<Slots>,
}

impl Slots {
    /// So many slots, at least one.
    pub(super) fn new(number: usize) -> Self {
        let inner = Inner { free: number.max(1), arrivals: 0, waiting: BTreeMap::new() };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Waits for a slot.
    pub(super) async fn take(&self, weight: u32) -> Slot {
        let turn = {
            let mut inner = self.lock();
            if inner.free > 0 {
                inner.free -= 1;
                return Slot { slots: Some(self.clone()) };
            }
            inner.arrivals += 1;
            let (sender, turn) = oneshot::channel();
            let key = (Reverse(weight), inner.arrivals);
            inner.waiting.insert(key, sender);
            turn
        };
        // The sender lives in `waiting` until it has sent, so the wait ends with a slot; the other case cannot be, and is no reason to stop.
        turn.await.unwrap_or(Slot { slots: None })
    }

    fn give_back(&self) {
        loop {
            let next = {
                let mut inner = self.lock();
                match inner.waiting.pop_first() {
                    Some((_, sender)) => sender,
                    None => {
                        inner.free += 1;
                        return;
                    }
                }
            };
            match next.send(Slot { slots: Some(self.clone()) }) {
                Ok(()) => return,
                // It stopped waiting: the slot is still ours to hand on, and must not come back through its drop.
                Err(mut slot) => slot.slots = None,
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(slots) = self.slots.take() {
            slots.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn the_heaviest_that_waits_comes_next() {
        let slots = Slots::new(1);
        let first = slots.take(0).await;
        let mut light = Box::pin(slots.take(1));
        let mut heavy = Box::pin(slots.take(9));
        assert!((&mut light).now_or_never().is_none() && (&mut heavy).now_or_never().is_none());
        drop(first);
        assert!((&mut light).now_or_never().is_none());
        let slot = heavy.now_or_never();
        assert!(slot.is_some());
        drop(slot);
        assert!(light.now_or_never().is_some());
    }

    #[tokio::test]
    async fn one_that_stopped_waiting_does_not_keep_a_slot() {
        let slots = Slots::new(1);
        let first = slots.take(0).await;
        let mut gone = Box::pin(slots.take(9));
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        drop(first);
        assert!(slots.take(0).now_or_never().is_some());
    }
}
