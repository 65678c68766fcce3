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

    /// Time since some moment before the run began, for deciding when something is due or over.
    fn elapsed(&self) -> Duration;

    /// The same for telling people how long something took; differs only where time is made to go faster.
    fn stopwatch(&self) -> Duration {
        self.elapsed()
    }

    /// The same counting the time in which the machine slept, and never made to go faster: for leases, which other machines believe in.
    fn lasting(&self) -> Duration {
        self.elapsed()
    }

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// The clock of the machine, with tokio's timers.
#[derive(Debug, Clone, Copy)]
pub struct TokioClock {
    started: std::time::Instant,
    /// How long the machine had been up, where the kernel says so.
    up: Option<Duration>,
}

impl TokioClock {
    /// A clock that counts from now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    pub fn new() -> Self {
        Self { started: std::time::Instant::now(), up: uptime() }
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

    fn lasting(&self) -> Duration {
        let running = self.started.elapsed();
        match (self.up, uptime()) {
            (Some(then), Some(now)) => running.max(now.saturating_sub(then)),
            _ => running,
        }
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// How long the machine has been up, its sleep included: what the kernel tells of its boot-time clock, in hundredths of a second.
fn uptime() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    Duration::try_from_secs_f64(text.split_whitespace().next()?.parse().ok()?).ok()
}

/// Time that goes `factor` times as fast as the machine's, for an emulator: what takes AWS minutes is done there when the call answers, and
/// a wait of 30 seconds takes one and a half at 20. Windows and limits shrink alike. The time of day, and what is told of how long things
/// took, are the machine's.
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

    fn stopwatch(&self) -> Duration {
        self.machine.elapsed()
    }

    fn lasting(&self) -> Duration {
        self.machine.lasting()
    }

    async fn sleep(&self, duration: Duration) {
        self.machine.sleep(duration / self.factor).await;
    }
}
