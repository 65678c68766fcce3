//! The lease of a shared store: who may write it, decided from data, and [`Keeper`], which keeps it for one run.
//!
//! The holder counts from before it sent a renewal, on a clock that goes on while the machine sleeps ([`Clock::lasting`]). A call that changes
//! something leaves only while more than a request timeout is left. Whoever finds a lease that has ended waits a request timeout and a
//! visibility window more, until everything that was sent is there to be seen; and it watches for as long as a renewal takes to come, so
//! that a clock that is ahead takes nothing from a holder that is alive.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::objects::{Object, Objects, ObjectsError, Only, Put};
use super::{Fence, Holder, StateError};
use crate::clock::Clock;
use crate::record::{Lease, SHARED_FORMAT};
use crate::urn::random_hex;

/// The name of its object.
pub(super) const NAME: &str = "lease";

/// How long a lease lasts, and what follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long it lasts after a renewal; it is renewed at each third.
    pub length: Duration,
    /// The longest that one call may be under way.
    pub request: Duration,
    /// How long what a call has made may stay invisible.
    pub visibility: Duration,
}

impl Terms {
    /// The terms of a length. A request has a third of it, and never more than `request`: between two renewals there is then always more left.
    pub fn new(length: Duration, request: Duration, visibility: Duration) -> Self {
        Self { length, request: request.min(length / 3), visibility }
    }
}

/// Who wants to write a shared store.
#[derive(Debug, Clone)]
pub struct Claimant {
    /// Who, for others to read.
    pub holder: Holder,
    /// On these terms.
    pub terms: Terms,
    /// Who is told when there is something to wait for; nobody when left out.
    pub waits: Option<Arc<dyn Waits>>,
}

/// Is told that a lease which has ended is watched before it is taken over.
pub trait Waits: std::fmt::Debug + Send + Sync {
    /// The lease of this holder has ended, and it takes this long at most until everything that he sent is there to be seen.
    fn waits(&self, from: &Holder, longest: Duration);
}

/// What may be done about a lease that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nobody has it.
    Free,
    /// Somebody has it.
    Held,
    /// It has ended, and that long must pass without a renewal before it can be taken over.
    Watch(Duration),
    /// It can be taken over.
    Ended,
}

/// What may be done about a lease that has been there unchanged for `watched`, at `now` (milliseconds since 1970).
pub(super) fn claim(found: Option<&Lease>, watched: Duration, now: u64, visibility: Duration) -> Claim {
    let Some(lease) = found.filter(|lease| !lease.released) else { return Claim::Free };
    let millis = Duration::from_millis;
    let (length, settling) = (millis(lease.length), millis(lease.request) + visibility);
    // A renewal in the future says that the clocks differ, and then only watching tells.
    let ahead = lease.renewed_at > now.saturating_add(1000);
    if !ahead && now < lease.ends_at() {
        return Claim::Held;
    }
    let by_watching = if ahead { length + settling } else { length / 3 + length / 30 };
    let by_clock = if ahead { Duration::ZERO } else { settling.saturating_sub(millis(now - lease.ends_at())) };
    match by_clock.max(by_watching.saturating_sub(watched)) {
        Duration::ZERO => Claim::Ended,
        left => Claim::Watch(left),
    }
}

/// Keeps a lease for a run.
pub(super) struct Keeper {
    objects: Arc<dyn Objects>,
    clock: Arc<dyn Clock>,
    terms: Terms,
    holder: Holder,
    run: String,
    /// The last commit.
    reached: Mutex<Floor>,
    standing: Mutex<Standing>,
    // Held while it is renewed.
    renewed: tokio::sync::Mutex<Renewed>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("objects", &self.objects).field("holder", &self.holder).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Standing {
    /// By [`Clock::lasting`].
    until: Duration,
    lost: Option<StateError>,
}

#[derive(Debug)]
struct Renewed {
    tag: String,
    renewal: u64,
}

/// How far a log went when its lease was last renewed: it goes at least as far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Floor {
    /// Which log.
    pub(super) log: u64,
    /// The last commit in it.
    pub(super) sequence: u64,
}

impl Floor {
    /// That of a store that nobody has written.
    pub(super) const NONE: Floor = Floor { log: 1, sequence: 0 };

    /// What a lease says.
    pub(super) fn of(lease: &Lease) -> Self {
        Self { log: lease.log, sequence: lease.sequence }
    }
}

/// A lease that was taken, and what was found there before.
pub(super) struct Taken {
    pub(super) keeper: Arc<Keeper>,
    pub(super) found: Option<Lease>,
}

impl Taken {
    /// From whom it was taken, when its holder had not let go of it.
    pub(super) fn from(&self) -> Option<&Lease> {
        self.found.as_ref().filter(|lease| !lease.released)
    }

    /// How far the log goes at least.
    pub(super) fn floor(&self) -> Floor {
        self.found.as_ref().map_or(Floor::NONE, Floor::of)
    }

    /// Whether this is how far the log goes: the last holder said so when it let go, and nobody writes without a lease.
    pub(super) fn is_at(&self, reached: Floor) -> bool {
        self.from().is_none() && self.floor() == reached
    }
}

impl Keeper {
    /// Takes the lease: at once when it is free, after watching it when it has ended.
    pub(super) async fn take(
        objects: Arc<dyn Objects>,
        clock: Arc<dyn Clock>,
        by: Claimant,
    ) -> Result<Taken, StateError> {
        let Claimant { holder, terms, mut waits } = by;
        let run = random_hex();
        // What was found first, and when.
        let mut seen: Option<(String, Duration)> = None;
        loop {
            let found = read(&*objects, &*clock).await?;
            let now = clock.lasting();
            let watched = match (&found, &seen) {
                (Some((_, tag)), Some((first, since))) if first == tag => now.saturating_sub(*since),
                (Some((lease, _)), Some(_)) if !lease.released => return Err(held(&*objects, lease)),
                (Some((_, tag)), _) => {
                    seen = Some((tag.clone(), now));
                    Duration::ZERO
                }
                (None, _) => Duration::ZERO,
            };
            let lease = found.as_ref().map(|(lease, _)| lease);
            match claim(lease, watched, clock.now_millis(), terms.visibility) {
                Claim::Held => match lease {
                    Some(lease) => return Err(held(&*objects, lease)),
                    None => continue,
                },
                Claim::Watch(left) => {
                    if let (Some(lease), Some(told)) = (lease, waits.take()) {
                        told.waits(&lease.holder, left);
                    }
                    clock.sleep(left.clamp(Duration::from_millis(50), Duration::from_secs(1))).await;
                    continue;
                }
                Claim::Free | Claim::Ended => {}
            }
            let reached = lease.map_or(Floor::NONE, Floor::of);
            let next = Lease {
                format: SHARED_FORMAT,
                holder: holder.clone(),
                run: run.clone(),
                renewal: 0,
                renewed_at: clock.now_millis(),
                length: in_millis(terms.length),
                request: in_millis(terms.request),
                log: reached.log,
                sequence: reached.sequence,
                released: false,
            };
            let before = clock.lasting();
            let only = found.as_ref().map_or(Only::IfNew, |(_, tag)| Only::IfTag(tag));
            let put = objects.put(NAME, bytes(&next)?, only).await;
            let tag = match put {
                Ok(Put::Done(tag)) => tag,
                // Somebody else was faster, or an answer was lost; the next look tells.
                Ok(Put::Refused) => match read(&*objects, &*clock).await? {
                    Some((lease, tag)) if lease.run == run => tag,
                    Some((lease, _)) if !lease.released => return Err(held(&*objects, &lease)),
                    _ => continue,
                },
                Err(error) if error.passing => match read(&*objects, &*clock).await? {
                    Some((lease, tag)) if lease.run == run => tag,
                    _ => {
                        clock.sleep(Duration::from_millis(500)).await;
                        continue;
                    }
                },
                Err(error) => return Err(failed("take the lease of", &*objects, &error)),
            };
            let standing = Mutex::new(Standing { until: before + terms.length, lost: None });
            let renewed = tokio::sync::Mutex::new(Renewed { tag, renewal: 0 });
            let reached = Mutex::new(reached);
            let keeper = Arc::new(Self { objects, clock, terms, holder, run, reached, standing, renewed });
            return Ok(Taken { keeper, found: found.map(|(lease, _)| lease) });
        }
    }

    /// Renews it for as long as it is held.
    pub(super) async fn beat(self: Arc<Self>) {
        let mut pause = self.terms.length / 3;
        while self.lost().is_none() {
            self.clock.sleep(pause).await;
            // After a failure soon again: the lease goes on for a while.
            pause = self.terms.length / if self.renew().await.is_ok() { 3 } else { 30 };
        }
    }

    /// Who has it.
    pub(super) fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Says in the next renewal that the log goes so far.
    pub(super) fn reach(&self, reached: Floor) {
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = reached;
    }

    fn standing(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lost(&self) -> Option<StateError> {
        self.standing().lost.clone()
    }

    /// Renews it once. A lease that has ended and that nobody has taken is as good as before: the condition of the write tells.
    async fn renew(&self) -> Result<(), StateError> {
        let mut renewed = self.renewed.lock().await;
        for _ in 0..3 {
            if let Some(lost) = self.lost() {
                return Err(lost);
            }
            let before = self.clock.lasting();
            let next = self.lease(renewed.renewal + 1, false);
            match self.objects.put(NAME, bytes(&next)?, Only::IfTag(&renewed.tag)).await {
                Ok(Put::Done(tag)) => {
                    *renewed = Renewed { tag, renewal: next.renewal };
                    self.standing().until = before + self.terms.length;
                    return Ok(());
                }
                Ok(Put::Refused) => match read(&*self.objects, &*self.clock).await? {
                    // The answer to an earlier renewal was lost.
                    Some((lease, tag)) if lease.run == self.run && !lease.released => {
                        *renewed = Renewed { tag, renewal: lease.renewal };
                    }
                    found => return Err(self.lose(found.map(|(lease, _)| lease))),
                },
                Err(error) => return Err(failed("renew the lease of", &*self.objects, &error)),
            }
        }
        Err(self.unsure("it is changed by somebody all the time"))
    }

    /// Somebody else writes: the error that names them, from now on the answer to everything.
    pub(super) async fn overtaken(&self) -> StateError {
        match read(&*self.objects, &*self.clock).await {
            Ok(Some((lease, _))) if lease.run != self.run => self.lose(Some(lease)),
            _ => self.lose(None),
        }
    }

    fn lose(&self, now: Option<Lease>) -> StateError {
        let holder = now.map(|lease| Box::new(lease.holder));
        let error = StateError::LeaseLost { place: self.objects.place(), holder };
        self.standing().lost.get_or_insert(error).clone()
    }

    fn unsure(&self, reason: &str) -> StateError {
        StateError::Objects {
            act: "renew the lease of".to_owned(),
            place: self.objects.place(),
            reason: reason.to_owned(),
            next: "run again: the next run finds out what was done and goes on".to_owned(),
        }
    }

    fn lease(&self, renewal: u64, released: bool) -> Lease {
        let reached = *self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        Lease {
            format: SHARED_FORMAT,
            holder: self.holder.clone(),
            run: self.run.clone(),
            renewal,
            renewed_at: self.clock.now_millis(),
            length: in_millis(self.terms.length),
            request: in_millis(self.terms.request),
            log: reached.log,
            sequence: reached.sequence,
            released,
        }
    }

    /// Lets go of it, so that the next one need not wait. A tombstone and no deletion: that has no condition everywhere.
    pub(super) async fn release(&self) -> Result<(), StateError> {
        let renewed = self.renewed.lock().await;
        if self.lost().is_some() {
            return Ok(());
        }
        let put =
            self.objects.put(NAME, bytes(&self.lease(renewed.renewal + 1, true))?, Only::IfTag(&renewed.tag)).await;
        self.lose(None);
        put.map(drop).map_err(|error| failed("let go of the lease of", &*self.objects, &error))
    }
}

#[async_trait]
impl Fence for Keeper {
    fn allows(&self) -> bool {
        let standing = self.standing();
        standing.lost.is_none() && standing.until.saturating_sub(self.clock.lasting()) > self.terms.request
    }

    async fn check(&self) -> Result<(), StateError> {
        for _ in 0..2 {
            if self.allows() {
                return Ok(());
            }
            // After a sleep of the machine, or a stop of the process: it may be ours still.
            self.renew().await?;
        }
        if self.allows() { Ok(()) } else { Err(self.unsure("a renewal takes longer than the lease allows for")) }
    }
}

/// The lease that is there now.
async fn read(objects: &dyn Objects, clock: &dyn Clock) -> Result<Option<(Lease, String)>, StateError> {
    let found =
        patient(clock, || objects.get(NAME)).await.map_err(|error| failed("read the lease of", objects, &error))?;
    let Some(Object { bytes, tag }) = found else { return Ok(None) };
    match serde_json::from_slice::<Lease>(&bytes) {
        Ok(lease) if lease.format > SHARED_FORMAT => {
            Err(StateError::Newer { path: objects.place().into(), found: lease.format, known: SHARED_FORMAT })
        }
        Ok(lease) => Ok(Some((lease, tag))),
        Err(error) => Err(StateError::Objects {
            act: "read the lease of".to_owned(),
            place: objects.place(),
            reason: format!("the object `{NAME}` is no lease: {error}"),
            next: format!("make sure that nobody works with the stack, then remove the object `{NAME}` there"),
        }),
    }
}

/// Tries again for a while what may pass.
pub(crate) async fn patient<T, F: Future<Output = Result<T, ObjectsError>>>(
    clock: &dyn Clock,
    make: impl Fn() -> F,
) -> Result<T, ObjectsError> {
    let mut pause = Duration::from_millis(200);
    for _ in 0..5 {
        match make().await {
            Err(error) if error.passing => clock.sleep(pause).await,
            answer => return answer,
        }
        pause *= 2;
    }
    make().await
}

pub(crate) fn failed(act: &str, objects: &dyn Objects, error: &ObjectsError) -> StateError {
    let ObjectsError { reason, next, passing: _ } = error.clone();
    StateError::Objects { act: act.to_owned(), place: objects.place(), reason, next }
}

fn held(objects: &dyn Objects, lease: &Lease) -> StateError {
    StateError::Leased { place: objects.place(), holder: Box::new(lease.holder.clone()), ends_at: lease.ends_at() }
}

fn bytes(lease: &Lease) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec(lease).map_err(|error| StateError::Misuse { reason: error.to_string() })
}

fn in_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease() -> Lease {
        let holder = Holder {
            pid: 1,
            boot: String::new(),
            host: "box".into(),
            user: "ada".into(),
            started_at: 0,
            command: "up".into(),
        };
        Lease {
            format: 1,
            holder,
            run: "r".into(),
            renewal: 3,
            renewed_at: 100_000,
            length: 30_000,
            request: 10_000,
            log: 1,
            sequence: 0,
            released: false,
        }
    }

    #[test]
    fn a_lease_is_taken_over_after_its_end_a_request_and_a_window_and_not_unwatched() {
        let seconds = Duration::from_secs;
        let at = |watched: u64, now: u64| claim(Some(&lease()), seconds(watched), now, seconds(5));
        assert_eq!(claim(None, Duration::ZERO, 0, Duration::ZERO), Claim::Free);
        assert_eq!(claim(Some(&Lease { released: true, ..lease() }), Duration::ZERO, 0, Duration::ZERO), Claim::Free);
        assert_eq!(at(100, 129_999), Claim::Held);
        // 15 seconds for what was sent, counted from the end.
        assert_eq!(at(100, 130_000), Claim::Watch(seconds(15)));
        assert_eq!(at(100, 144_000), Claim::Watch(seconds(1)));
        assert_eq!(at(100, 145_000), Claim::Ended);
        // Long ended by this clock, which may be ahead: a living holder renews within a third.
        assert_eq!(at(0, 900_000), Claim::Watch(seconds(11)));
        assert_eq!(at(11, 900_000), Claim::Ended);
        // By a clock that is behind it is never over: only watching tells.
        assert_eq!(at(0, 10_000), Claim::Watch(seconds(45)));
        assert_eq!(at(45, 10_000), Claim::Ended);
    }

    #[test]
    fn more_than_a_request_is_left_between_two_renewals() {
        let terms = Terms::new(Duration::from_secs(15), Duration::from_secs(60), Duration::ZERO);
        assert!(terms.length - terms.length / 3 > terms.request);
    }
}
