//! [`Clock`]: where time comes from. Nothing else in the engine asks what time it is, and nothing sleeps but through it.

use std::time::Duration;

use async_trait::async_trait;

/// Time of day and waiting.
///
/// # Guarantees
/// `elapsed` never goes back; `now_millis` may, as clocks of machines do.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970, for what is recorded.
    fn now_millis(&self) -> u64;

    /// Time since some moment before the run began, for measuring how long something takes.
    fn elapsed(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// The clock of the machine, with tokio's timers.
#[derive(Debug, Clone, Copy)]
pub struct TokioClock {
    started: std::time::Instant,
}

impl TokioClock {
    /// A clock that counts from now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    pub fn new() -> Self {
        Self { started: std::time::Instant::now() }
    }
}

impl Default for TokioClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for TokioClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    fn now_millis(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The machine's clock with shorter sleeps, for an emulator: what takes AWS minutes is done there when the call answers, and waiting as
/// long as for AWS would only be waiting. How long things took is still measured in real time.
#[derive(Debug, Clone, Copy)]
pub struct ImpatientClock {
    machine: TokioClock,
    factor: u32,
}

impl ImpatientClock {
    /// A clock that counts from now; sleeps take a `factor`th of their time (at least 1).
    pub fn new(factor: u32) -> Self {
        Self { machine: TokioClock::new(), factor: factor.max(1) }
    }
}

#[async_trait]
impl Clock for ImpatientClock {
    fn now_millis(&self) -> u64 {
        self.machine.now_millis()
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        self.machine.sleep(duration / self.factor).await;
    }
}
