//! [`Bucket`]: how fast calls of one kind may leave, as data: questions and answers in, decisions out. Knows no clock but the time it is told.
//!
//! ```text
//!            may a call leave?                   a call was refused for coming too fast
//!   open ── a token, and fewer under way ──> yes         │ half of the rate, no tokens
//!    ^      than have been seen to be served             v
//!    │                                                 closed: nobody leaves for a pause, then one
//!    └──────────── that one was served ───────────────── at a time; refused again, the pause is longer
//! ```
//!
//! A bucket begins with one call under way and allows one more for each that was served. A service that refuses everything is then met with one
//! call, and not with as many as happen to be ready; where nothing is refused, five answers later thirty-two are under way.

use std::time::Duration;

use super::limits::Limit;

/// How long a bucket stays closed after a refusal.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How many times longer when the one that tries is refused too. With four, a service that refuses everything for a minute gets four calls of
/// each bucket: a stack has a dozen buckets, and some of them make only a handful of calls.
const LONGER: u32 = 4;
/// The longest it stays closed before somebody tries again.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(45);
/// The most calls under way at once.
pub(super) const WIDEST: usize = 256;
/// A rate is never lower than this part of its beginning.
const LOWEST: f64 = 1.0 / 64.0;
/// What a served call adds to the rate, as a part of it: from half to whole in twenty-three. Of the rate and not of its beginning, so that a
/// service that takes few calls is not overrun by the first that it takes.
const STEP: f64 = 1.0 / 32.0;

/// Whether a call may leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// Now. The pass is handed in with the answer.
    Go(Pass),
    /// Not before this time.
    At(Duration),
    /// Not before a call that is under way was answered.
    OnAnswer,
}

/// A call that has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    /// How often the bucket had closed when it left: what left before a closing says nothing about what came after.
    era: u64,
    probe: bool,
}

/// How a call was answered, as far as the bucket minds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It was taken, whatever came of it.
    Served,
    /// It came too fast.
    Throttled,
    /// Nobody knows.
    Nothing,
}

/// The calls of one kind in one account and region.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    limit: Limit,
    tokens: f64,
    counted_at: Duration,
    rate: f64,
    /// How many may be under way at once.
    window: usize,
    under_way: usize,
    closed: Option<Closed>,
    pause: Duration,
    era: u64,
    refused: u64,
    slowest: f64,
}

#[derive(Debug, Clone, Copy)]
struct Closed {
    until: Duration,
    /// Whether the one that tries is under way.
    probed: bool,
}

impl Bucket {
    /// An unused one. With a `haste` above one the rate is so many times the documented; pauses stay what they are.
    pub(super) fn new(limit: Limit, haste: u32, now: Duration) -> Self {
        let limit = Limit { refill: limit.refill * f64::from(haste.max(1)), ..limit };
        Self {
            limit,
            tokens: limit.size,
            counted_at: now,
            rate: limit.refill,
            window: 1,
            under_way: 0,
            closed: None,
            pause: FIRST_PAUSE,
            era: 0,
            refused: 0,
            slowest: limit.refill,
        }
    }

    /// Calls that may leave in a second.
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// How many calls were refused, and the lowest rate that came of it.
    pub(super) fn refused(&self) -> (u64, f64) {
        (self.refused, self.slowest)
    }

    /// Whether a call may leave now; it counts as under way from then on.
    pub(super) fn ask(&mut self, now: Duration) -> Verdict {
        let pass = Pass { era: self.era, probe: self.closed.is_some() };
        if let Some(closed) = &mut self.closed {
            if closed.probed {
                return Verdict::OnAnswer;
            }
            if now < closed.until {
                return Verdict::At(closed.until);
            }
            closed.probed = true;
            self.under_way += 1;
            return Verdict::Go(pass);
        }
        if self.under_way >= self.window {
            return Verdict::OnAnswer;
        }
        self.count(now);
        if self.tokens < 1.0 {
            // A little later than exactly then: rounding must not make it come too early, and ask again for ever.
            let wait = Duration::from_secs_f64((1.0 - self.tokens) / self.rate) + Duration::from_millis(1);
            return Verdict::At(now + wait);
        }
        self.tokens -= 1.0;
        self.under_way += 1;
        Verdict::Go(pass)
    }

    /// Takes the answer of a call that has left.
    pub(super) fn answered(&mut self, pass: Pass, heard: Heard, now: Duration) {
        self.under_way = self.under_way.saturating_sub(1);
        self.refused += u64::from(heard == Heard::Throttled);
        if pass.era != self.era {
            return;
        }
        match (heard, self.closed) {
            (Heard::Throttled, closed) => self.close(now, closed.is_some()),
            (Heard::Served, Some(_)) => {
                self.closed = None;
                self.pause = FIRST_PAUSE;
                (self.tokens, self.counted_at, self.window) = (1.0, now, 1);
            }
            (Heard::Served, None) => {
                self.count(now);
                self.window = (self.window + 1).min(WIDEST);
                self.rate = (self.rate * (1.0 + STEP)).min(self.limit.refill);
            }
            // Who tried did not find out: somebody else may.
            (Heard::Nothing, Some(closed)) if pass.probe => self.closed = Some(Closed { probed: false, ..closed }),
            (Heard::Nothing, _) => {}
        }
    }

    fn close(&mut self, now: Duration, again: bool) {
        self.era += 1;
        // That one that tries is refused says that it is still too early, and not how fast the service is when it takes calls.
        if !again {
            self.rate = (self.rate / 2.0).max(LOWEST * self.limit.refill);
            self.slowest = self.slowest.min(self.rate);
        }
        (self.tokens, self.counted_at) = (0.0, now);
        self.closed = Some(Closed { until: now + self.pause, probed: false });
        self.pause = (self.pause * LONGER).min(LONGEST_PAUSE);
    }

    fn count(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.counted_at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate).min(self.limit.size);
        self.counted_at = self.counted_at.max(now);
    }
}

#[cfg(test)]
mod tests;
