//! [`ScaledClock`]: the machine's clock, faster.

use std::time::Duration;

use async_trait::async_trait;
use formwork_engine::clock::{Clock, TokioClock};

/// Time that goes `factor` times as fast as the machine's: a wait of 30 seconds takes 300 milliseconds at 100. The time of day is the machine's.
#[derive(Debug, Clone, Copy)]
pub struct ScaledClock {
    machine: TokioClock,
    factor: u32,
}

impl ScaledClock {
    /// A clock that counts from now. `factor` is at least 1.
    pub fn new(factor: u32) -> Self {
        Self { machine: TokioClock::new(), factor: factor.max(1) }
    }
}

#[async_trait]
impl Clock for ScaledClock {
    fn now_millis(&self) -> u64 {
        self.machine.now_millis()
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed() * self.factor
    }

    async fn sleep(&self, duration: Duration) {
        self.machine.sleep(duration / self.factor).await;
    }
}
