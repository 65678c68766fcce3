//! What is done about a failed call: one pure table over what the failure means, what was called and how creates of the type are guarded.

use std::time::Duration;

use crate::clock::Clock;
use crate::kind::CallClass;
use crate::shape::Guard;

/// What was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// The create of a type that is guarded like this.
    Create(Guard),
    /// An update: each of its calls may be made again, but some services refuse a change that is made already.
    Update,
    /// A delete: "not found" is done, so it may be repeated.
    Delete,
    /// A find, read or status.
    Look,
}

/// How often and how long it has been tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// Attempts made, at least 1.
    pub attempts: u32,
    /// Since the first attempt.
    pub elapsed: Duration,
}

/// Attempts at one call that failed, one after the other.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Failing {
    attempts: u32,
    since: Option<(Duration, Duration)>,
}

impl Failing {
    /// It failed again. Time counts from the first failure: how long a call had waited for its turn before it was ever answered says nothing of
    /// how long its service has refused it. Whoever says that calls come too fast says it in the machine's time, also where the clock of the run
    /// goes faster.
    pub(crate) fn again(&mut self, class: CallClass, clock: &dyn Clock) -> Tried {
        self.attempts += 1;
        let (now, machine) = (clock.elapsed(), clock.stopwatch());
        let (since, machine_since) = *self.since.get_or_insert((now, machine));
        let elapsed = match class {
            CallClass::Throttled => machine.saturating_sub(machine_since),
            _ => now.saturating_sub(since),
        };
        Tried { attempts: self.attempts, elapsed }
    }
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Repeat the call after this long.
    RetryAfter(Duration),
    /// The call may have made or changed something, or met something: look what is there after this long before anything else.
    FindFirst(Duration),
    /// Do not repeat it.
    GiveUp,
}

/// How long throttling is borne. AWS's buckets refill within minutes, and nothing is gained by failing a run that only has to be slower.
pub const THROTTLED_LIMIT: Duration = Duration::from_secs(15 * 60);
/// How long a missing connection or a lost answer is borne.
pub const UNREACHABLE_LIMIT: Duration = Duration::from_secs(2 * 60);
/// How often something whose outcome is uncertain is sent again.
pub const UNCERTAIN_ATTEMPTS: u32 = 6;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(20);

/// The decision. `jitter` is in `0.0..1.0`.
pub fn advise(class: CallClass, verb: Verb, tried: Tried, jitter: f64) -> Advice {
    let later = backoff(tried.attempts, jitter);
    let within = |limit: Duration| match tried.elapsed < limit {
        true => Advice::RetryAfter(later),
        false => Advice::GiveUp,
    };
    match (class, verb) {
        (CallClass::Throttled, _) => within(THROTTLED_LIMIT),
        // Nothing left the machine: the first repetition comes at once.
        (CallClass::Unsent, _) if tried.attempts == 1 => Advice::RetryAfter(Duration::ZERO),
        (CallClass::Unsent, _) => within(UNREACHABLE_LIMIT),
        (CallClass::Uncertain, _) if tried.attempts >= UNCERTAIN_ATTEMPTS => Advice::GiveUp,
        (CallClass::Uncertain, Verb::Create(Guard::Token) | Verb::Delete | Verb::Look) => within(UNREACHABLE_LIMIT),
        (CallClass::Uncertain, Verb::Create(Guard::UniqueName | Guard::Upsert | Guard::TagOnly) | Verb::Update) => {
            Advice::FindFirst(later)
        }
        (CallClass::Passing(window), _) => within(window),
        // What exists may be what an earlier attempt of ours made.
        (CallClass::Exists, Verb::Create(_)) => Advice::FindFirst(Duration::ZERO),
        (CallClass::Exists, Verb::Update | Verb::Delete | Verb::Look) => Advice::GiveUp,
        (CallClass::Denied | CallClass::Credentials | CallClass::Refused, _) => Advice::GiveUp,
    }
}

/// The wait before the repetition that follows attempt number `attempts`: doubles from 200 ms to 20 s, and the second half of it is random, so
/// that many that failed together do not come back together.
pub fn backoff(attempts: u32, jitter: f64) -> Duration {
    let whole = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(LONGEST);
    whole / 2 + (whole / 2).mul_f64(jitter.clamp(0.0, 1.0))
}

/// A small source of jitter, seeded, so that a run can be repeated exactly (SplitMix64).
#[derive(Debug, Clone)]
pub struct Jitter(u64);

impl Jitter {
    /// Seeded by a text, such as a uid.
    pub fn seeded(text: &str) -> Self {
        Self(
            text.bytes()
                .fold(0x9e37_79b9_7f4a_7c15, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    /// The next number in `0.0..1.0`.
    pub fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit into an f64 exactly")]
        let share = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: [Verb; 4] = [
        Verb::Create(Guard::Token),
        Verb::Create(Guard::UniqueName),
        Verb::Create(Guard::Upsert),
        Verb::Create(Guard::TagOnly),
    ];
    const OTHERS: [Verb; 3] = [Verb::Update, Verb::Delete, Verb::Look];

    fn at(class: CallClass, verb: Verb, attempts: u32, seconds: u64) -> Advice {
        advise(class, verb, Tried { attempts, elapsed: Duration::from_secs(seconds) }, 0.0)
    }

    #[test]
    fn the_table_row_by_row() {
        use Advice::{FindFirst, GiveUp, RetryAfter};
        let ms = Duration::from_millis;
        let window = CallClass::Passing(Duration::from_secs(60));
        let token = Verb::Create(Guard::Token);
        let tag_only = Verb::Create(Guard::TagOnly);
        let name = Verb::Create(Guard::UniqueName);
        let upsert = Verb::Create(Guard::Upsert);
        for (class, verb, attempts, seconds, expected) in [
            (CallClass::Throttled, tag_only, 1, 0, RetryAfter(ms(100))),
            (CallClass::Throttled, Verb::Update, 20, 600, RetryAfter(ms(10_000))),
            (CallClass::Throttled, Verb::Delete, 99, 900, GiveUp),
            (CallClass::Unsent, tag_only, 1, 0, RetryAfter(ms(0))),
            (CallClass::Unsent, Verb::Look, 2, 1, RetryAfter(ms(200))),
            (CallClass::Unsent, token, 9, 120, GiveUp),
            (CallClass::Uncertain, token, 1, 5, RetryAfter(ms(100))),
            (CallClass::Uncertain, token, 2, 120, GiveUp),
            (CallClass::Uncertain, token, 6, 30, GiveUp),
            (CallClass::Uncertain, tag_only, 1, 5, FindFirst(ms(100))),
            (CallClass::Uncertain, name, 2, 5, FindFirst(ms(200))),
            (CallClass::Uncertain, upsert, 1, 200, FindFirst(ms(100))),
            (CallClass::Uncertain, tag_only, 6, 5, GiveUp),
            (CallClass::Uncertain, Verb::Update, 1, 5, FindFirst(ms(100))),
            (CallClass::Uncertain, Verb::Delete, 1, 5, RetryAfter(ms(100))),
            (CallClass::Uncertain, Verb::Look, 1, 5, RetryAfter(ms(100))),
            (window, name, 3, 59, RetryAfter(ms(400))),
            (window, name, 3, 60, GiveUp),
            (window, Verb::Update, 1, 0, RetryAfter(ms(100))),
            (CallClass::Exists, token, 1, 0, FindFirst(ms(0))),
            (CallClass::Exists, name, 1, 0, FindFirst(ms(0))),
            (CallClass::Exists, upsert, 1, 0, FindFirst(ms(0))),
            (CallClass::Exists, tag_only, 1, 0, FindFirst(ms(0))),
            (CallClass::Exists, Verb::Update, 1, 0, GiveUp),
        ] {
            assert_eq!(at(class, verb, attempts, seconds), expected, "{class:?} {verb:?} {attempts} {seconds}");
        }
    }

    #[test]
    fn a_clear_refusal_is_never_repeated() {
        for class in [CallClass::Denied, CallClass::Credentials, CallClass::Refused] {
            for verb in CREATE.into_iter().chain(OTHERS) {
                assert_eq!(at(class, verb, 1, 0), Advice::GiveUp, "{class:?} {verb:?}");
            }
        }
    }

    #[test]
    fn an_uncertain_create_without_a_token_is_never_simply_repeated() {
        for verb in &CREATE[1..] {
            for attempts in 1..10 {
                let advice = at(CallClass::Uncertain, *verb, attempts, 0);
                assert!(!matches!(advice, Advice::RetryAfter(_)), "{verb:?} {attempts}: {advice:?}");
            }
        }
    }

    #[test]
    fn the_backoff_doubles_to_a_cap_and_half_of_it_is_random() {
        assert_eq!(backoff(1, 0.0), Duration::from_millis(100));
        assert_eq!(backoff(4, 0.0), Duration::from_millis(800));
        assert_eq!(backoff(u32::MAX, 0.0), Duration::from_secs(10));
        assert_eq!(backoff(u32::MAX, 1.0), Duration::from_secs(20));
        let (mut one, mut same) = (Jitter::seeded("a"), Jitter::seeded("a"));
        for _ in 0..100 {
            let draw = one.draw();
            assert!((0.0..1.0).contains(&draw));
            assert!((draw - same.draw()).abs() < f64::EPSILON);
        }
    }
}
