//! [`held_back`]: how a cloud lets a call wait for its turn without holding what the run gives to calls that are under way.
//!
//! A call of a step is made under a slot. Inside of it the cloud may find that its service takes no more calls for the moment. That wait can be
//! long, and thirty-two calls that wait for one service would keep everything else from going on: so the slot is given back for the wait, and
//! taken again before the call leaves. A run that is asked to stop sends nothing new, and a call that waits has not been sent.

use std::sync::{Arc, Mutex, PoisonError};

use super::cancel::Cancel;
use super::slots::{Slot, Slots};

/// The run was asked to stop before the call left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run was asked to stop before this call was sent")]
pub struct Stopped;

tokio::task_local! {
    static UNDERWAY: Underway;
}

/// A call that is being made under a slot.
#[derive(Clone)]
struct Underway {
    slots: Slots,
    weight: u32,
    held: Arc<Mutex<Option<Slot>>>,
    cancel: Cancel,
}

impl Underway {
    fn put(&self, slot: Option<Slot>) {
        // What is replaced is given back outside of the lock.
        let before = std::mem::replace(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner), slot);
        drop(before);
    }
}

/// Makes a call under a slot, which is free again when the call ends.
pub(super) async fn under<T>(
    slots: &Slots,
    slot: Slot,
    weight: u32,
    cancel: &Cancel,
    call: impl Future<Output = T>,
) -> T {
    let held = Arc::new(Mutex::new(Some(slot)));
    let underway = Underway { slots: slots.clone(), weight, held, cancel: cancel.clone() };
    UNDERWAY.scope(underway, call).await
}

/// Waits until a call may leave, without the slot that the call is made under. For clouds that pace their calls.
///
/// # Errors
/// The run was asked to stop meanwhile: the call must not be sent.
pub async fn held_back<T>(wait: impl Future<Output = T>) -> Result<T, Stopped> {
    // Looks are made under no slot: by pollers, and while planning.
    let Ok(underway) = UNDERWAY.try_with(Clone::clone) else { return Ok(wait.await) };
    underway.put(None);
    let come = async {
        let come = wait.await;
        let slot = underway.slots.take(underway.weight).await;
        underway.put(Some(slot));
        come
    };
    tokio::select! {
        biased;
        () = underway.cancel.stopped() => Err(Stopped),
        come = come => Ok(come),
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_call_that_waits_for_its_turn_holds_no_slot() {
        let (slots, cancel) = (Slots::new(1), Cancel::new());
        let (turn, come) = tokio::sync::oneshot::channel::<()>();
        let slot = slots.take(0).await;
        let mut call = Box::pin(under(&slots, slot, 0, &cancel, async {
            let came = held_back(come).await;
            assert!(slots.take(0).now_or_never().is_none(), "the slot is held again once the call leaves");
            came.is_ok()
        }));
        assert!((&mut call).now_or_never().is_none());
        let other = slots.take(0).now_or_never().expect("a call of another service goes on");
        turn.send(()).expect("it is waited for");
        assert!((&mut call).now_or_never().is_none(), "the slot is another's");
        drop(other);
        assert!(call.await);
        assert!(slots.take(0).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_run_that_is_asked_to_stop_ends_the_wait_at_once() {
        let (slots, cancel) = (Slots::new(1), Cancel::new());
        let slot = slots.take(0).await;
        let call = under(&slots, slot, 0, &cancel, held_back(std::future::pending::<()>()));
        let mut call = Box::pin(call);
        assert!((&mut call).now_or_never().is_none());
        cancel.stop();
        assert_eq!(call.await, Err(Stopped));
        assert!(slots.take(0).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_look_outside_of_a_step_simply_waits() {
        assert_eq!(held_back(async { 7 }).await, Ok(7));
    }
}
