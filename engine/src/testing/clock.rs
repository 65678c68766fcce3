//! [`ScriptedClock`]: virtual time.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::Clock;

/// How often everybody else gets a turn before time is taken to be the only thing that is waited for.
const ROUNDS: u32 = 400;

/// Time that passes when nobody has anything to do: a sleep lets every other task run, again and again, and when it is the earliest and
/// nothing came of that, the clock jumps to its end. For runtimes of one thread.
#[derive(Debug, Clone, Default)]
pub struct ScriptedClock {
    time: Arc<Mutex<Time>>,
}

#[derive(Debug, Default)]
struct Time {
    now: Duration,
    sleepers: BTreeSet<(Duration, u64)>,
    minted: u64,
}

impl ScriptedClock {
    /// A clock that stands at 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets time pass at once.
    pub fn advance(&self, by: Duration) {
        self.with(|time| time.now += by);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Time) -> T) -> T {
        act(&mut self.time.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Clock for ScriptedClock {
    fn now_millis(&self) -> u64 {
        // A fixed day, so that what is recorded is the same in every run.
        1_750_000_000_000 + u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX / 2)
    }

    fn elapsed(&self) -> Duration {
        self.with(|time| time.now)
    }

    async fn sleep(&self, duration: Duration) {
        let key = self.with(|time| {
            time.minted += 1;
            let key = (time.now + duration, time.minted);
            time.sleepers.insert(key);
            key
        });
        Sleep { clock: self.clone(), key, rounds: 0 }.await;
    }
}

struct Sleep {
    clock: ScriptedClock,
    key: (Duration, u64),
    rounds: u32,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (key, rounds) = (self.key, self.rounds);
        let (over, rounds) = self.clock.with(|time| {
            if time.now >= key.0 {
                return (true, 0);
            }
            if time.sleepers.first() != Some(&key) {
                return (false, 0);
            }
            if rounds >= ROUNDS {
                time.now = key.0;
                return (true, 0);
            }
            (false, rounds + 1)
        });
        self.rounds = rounds;
        if over {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let key = self.key;
        self.clock.with(|time| time.sleepers.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleeps_end_in_the_order_of_their_ends_and_cost_no_time() {
        let clock = ScriptedClock::new();
        let order = Mutex::new(Vec::new());
        let nap = |seconds: u64| {
            let (clock, order) = (&clock, &order);
            async move {
                clock.sleep(Duration::from_secs(seconds)).await;
                order.lock().unwrap().push(seconds);
            }
        };
        futures::join!(nap(600), nap(5), nap(60));
        assert_eq!(*order.lock().unwrap(), [5, 60, 600]);
        assert_eq!(clock.elapsed(), Duration::from_secs(600));
    }

    #[tokio::test]
    async fn a_sleep_that_is_given_up_does_not_hold_the_others() {
        let clock = ScriptedClock::new();
        tokio::select! {
            () = clock.sleep(Duration::from_secs(1)) => {}
            () = clock.sleep(Duration::from_secs(900)) => {}
        }
        clock.sleep(Duration::from_secs(1)).await;
        assert_eq!(clock.elapsed(), Duration::from_secs(2));
    }
}
