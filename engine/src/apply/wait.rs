//! [`Waits`]: waiting and reading for many steps with few calls.
//!
//! There is one poller and one reader per type and provider. A poller asks for all of its resources in one `status` call when the first of them is
//! due; a reader answers in one `read` call whatever was asked while its call before was under way. Two thousand pending creates of one type
//! cost two thousand entries in a list and one call per period.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::retry::{Advice, Failing, Jitter, Verb, advise};
use crate::clock::Clock;
use crate::kind::{CallError, Kind, Observed, Status, Waiting};
use crate::shape::Wait;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// That it may be used.
    Ready,
    /// That it is not there any more.
    Gone,
    /// Either: between the calls of a delete in steps.
    Settled,
}

/// How a wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Waited {
    /// It may be used.
    Ready,
    /// It is not there.
    Gone,
    /// It failed for good, in the cloud's words.
    Failed(String),
    /// The limit was reached; this is what was last heard.
    Paused(String),
    /// It could not be asked for.
    Refused(CallError),
}

/// Is told a word that was heard, and whether it means being stuck.
pub(super) type Tell = Box<dyn Fn(&str, bool) + Send + Sync>;

/// A wait to make.
pub(super) struct Watch {
    /// Of what.
    pub(super) waiting: Waiting,
    /// When to ask, and how long.
    pub(super) wait: Wait,
    /// What for.
    pub(super) until: Until,
    /// How long from now "absent" means "not visible yet".
    pub(super) unseen: Duration,
    /// Is told what is heard while it is not done, each word once: the word, and whether it is stuck.
    pub(super) tell: Tell,
}

/// The answer of a read: `None` when it is not there.
pub(super) type ReadAnswer = Result<Option<Observed>, CallError>;

type Key = (String, &'static str);

/// The pollers and readers of a run; they end when it is dropped.
pub(super) struct Waits {
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    pollers: BTreeMap<Key, mpsc::UnboundedSender<Subscription>>,
    readers: BTreeMap<Key, mpsc::UnboundedSender<Request>>,
    tasks: JoinSet<()>,
}

struct Subscription {
    watch: Watch,
    done: oneshot::Sender<Waited>,
}

struct Request {
    id: String,
    done: oneshot::Sender<ReadAnswer>,
}

impl Waits {
    /// None yet.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, inner: Mutex::default() }
    }

    /// Waits. Dropping the future ends the wait.
    pub(super) async fn wait(&self, place: &str, kind: &Arc<dyn Kind>, watch: Watch) -> Waited {
        let (done, told) = oneshot::channel();
        {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let Inner { pollers, tasks, .. } = &mut *inner;
            let poller = pollers.entry((place.to_owned(), kind.schema().kind)).or_insert_with(|| {
                let (sender, arriving) = mpsc::unbounded_channel();
                tasks.spawn(poll(Arc::clone(kind), Arc::clone(&self.clock), arriving));
                sender
            });
            // The receiver lives as long as its task, which lives as long as `self`.
            let _ = poller.send(Subscription { watch, done });
        }
        told.await.unwrap_or_else(|_| Waited::Paused("the poller ended".to_owned()))
    }

    /// Reads one resource, together with whatever else is asked for meanwhile.
    pub(super) async fn read(&self, place: &str, kind: &Arc<dyn Kind>, id: &str) -> ReadAnswer {
        let (done, told) = oneshot::channel();
        {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let Inner { readers, tasks, .. } = &mut *inner;
            let reader = readers.entry((place.to_owned(), kind.schema().kind)).or_insert_with(|| {
                let (sender, requests) = mpsc::unbounded_channel();
                tasks.spawn(read(Arc::clone(kind), Arc::clone(&self.clock), requests));
                sender
            });
            let _ = reader.send(Request { id: id.to_owned(), done });
        }
        told.await.unwrap_or(Ok(None))
    }
}

/// One resource that is polled.
struct Watched {
    watch: Watch,
    done: oneshot::Sender<Waited>,
    began: Duration,
    next: Duration,
    /// The same final answer so many times in a row.
    agreed: (Option<Waited>, u32),
    heard: String,
    /// How many looks in a row have not seen it.
    missed: u32,
}

/// How many looks in a row must miss something that is to be there before it counts as gone, beside the time that it may be invisible for: where
/// answers are slow to come, the time is over with the first few. A thing that is read with two calls, one after the other, may be missed by each
/// as often as an answer is old.
pub(crate) const MISSES: u32 = 6;

impl Watched {
    fn new(Subscription { watch, done }: Subscription, now: Duration) -> Self {
        let next = now + watch.wait.delay;
        Self { watch, done, began: now, next, agreed: (None, 0), heard: String::new(), missed: 0 }
    }

    /// Whether it is asked for along with one that is due: it is due itself within half of its period.
    fn is_nearly_due(&self, now: Duration) -> bool {
        self.next <= now + self.watch.wait.every / 2
    }

    /// Whether it is new, and so few looks have missed it that they may all have come too early.
    fn is_missed_by_chance(&self) -> bool {
        self.watch.unseen > Duration::ZERO && self.missed < MISSES
    }

    fn hear(&mut self, word: &str, stuck: bool) {
        if self.heard != word {
            self.heard = word.to_owned();
            (self.watch.tell)(word, stuck);
        }
    }

    /// Takes an answer; the end of the wait if it is one.
    fn take(&mut self, status: Option<Status>, now: Duration) -> Option<Waited> {
        let until = self.watch.until;
        let unseen = matches!(status, None | Some(Status::Gone));
        self.missed = if unseen { self.missed + 1 } else { 0 };
        let end = match status.unwrap_or(Status::Gone) {
            Status::Failed(reason) => return Some(Waited::Failed(reason)),
            Status::Ready if until == Until::Gone => {
                self.hear("still there", false);
                None
            }
            Status::Ready => Some(Waited::Ready),
            Status::Gone
                if until == Until::Ready && (now < self.began + self.watch.unseen || self.is_missed_by_chance()) =>
            {
                self.hear("not visible yet", false);
                None
            }
            Status::Gone => Some(Waited::Gone),
            Status::Pending(word) => {
                self.hear(&word, false);
                None
            }
            Status::Stuck(reason) => {
                self.hear(&reason, true);
                None
            }
        };
        match end {
            Some(end) if self.agreed.0.as_ref() == Some(&end) => self.agreed.1 += 1,
            Some(end) => self.agreed = (Some(end), 1),
            None => self.agreed = (None, 0),
        }
        self.next = now + self.watch.wait.every;
        match &self.agreed {
            (Some(end), times) if *times >= self.watch.wait.agree => Some(end.clone()),
            _ if now >= self.began + self.watch.wait.limit => Some(Waited::Paused(self.heard.clone())),
            _ => None,
        }
    }
}

async fn poll(kind: Arc<dyn Kind>, clock: Arc<dyn Clock>, mut arriving: mpsc::UnboundedReceiver<Subscription>) {
    let mut watched: Vec<Watched> = Vec::new();
    let mut trouble = Trouble::new(kind.schema().kind);
    loop {
        watched.retain(|one| !one.done.is_closed());
        let now = clock.elapsed();
        let Some(due) = watched.iter().map(|one| one.next).min() else {
            let Some(first) = arriving.recv().await else { return };
            watched.push(Watched::new(first, clock.elapsed()));
            continue;
        };
        // Those that arrived meanwhile go into this call, if they are due.
        while let Ok(next) = arriving.try_recv() {
            watched.push(Watched::new(next, now));
        }
        if due > now {
            tokio::select! {
                arrived = arriving.recv() => {
                    let Some(arrived) = arrived else { return };
                    watched.push(Watched::new(arrived, clock.elapsed()));
                }
                () = clock.sleep(due - now) => {}
            }
            continue;
        }
        let (asked, mut rest): (Vec<Watched>, Vec<Watched>) =
            watched.into_iter().partition(|one| one.is_nearly_due(now));
        let question: BTreeSet<Waiting> = asked.iter().map(|one| one.watch.waiting.clone()).collect();
        let question: Vec<Waiting> = question.into_iter().collect();
        let answer = kind.status(&question).await;
        let now = clock.elapsed();
        match answer {
            Ok(mut answers) => {
                trouble.over();
                for mut one in asked {
                    // Two waits for one id (of different changes) get the same answer.
                    let status = answers.get_mut(&one.watch.waiting.id).map(|status| status.clone());
                    match one.take(status, now) {
                        Some(end) => drop(one.done.send(end)),
                        None => rest.push(one),
                    }
                }
            }
            Err(error) => match trouble.met(&error, &*clock) {
                Some(later) => rest.extend(asked.into_iter().map(|mut one| {
                    one.next = now + later;
                    one
                })),
                None => asked.into_iter().for_each(|one| drop(one.done.send(Waited::Refused(error.clone())))),
            },
        }
        watched = rest;
    }
}

async fn read(kind: Arc<dyn Kind>, clock: Arc<dyn Clock>, mut requests: mpsc::UnboundedReceiver<Request>) {
    while let Some(first) = requests.recv().await {
        let mut asked = vec![first];
        while let Ok(next) = requests.try_recv() {
            asked.push(next);
        }
        let ids: BTreeSet<String> = asked.iter().map(|request| request.id.clone()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let mut trouble = Trouble::new(kind.schema().kind);
        let answer = loop {
            match kind.read(&ids).await {
                Ok(answers) => break Ok(answers),
                Err(error) => match trouble.met(&error, &*clock) {
                    Some(later) => clock.sleep(later).await,
                    None => break Err(error),
                },
            }
        };
        for request in asked {
            let one = match &answer {
                Ok(answers) => answers.get(&request.id).cloned().transpose(),
                Err(error) => Err(error.clone()),
            };
            // Who asked may have stopped waiting.
            let _ = request.done.send(one);
        }
    }
}

/// Failures of looks in a row.
struct Trouble {
    failing: Failing,
    jitter: Jitter,
}

impl Trouble {
    fn new(seed: &str) -> Self {
        Self { failing: Failing::default(), jitter: Jitter::seeded(seed) }
    }

    fn over(&mut self) {
        self.failing = Failing::default();
    }

    /// When to ask again, if at all.
    fn met(&mut self, error: &CallError, clock: &dyn Clock) -> Option<Duration> {
        let tried = self.failing.again(error.class, clock);
        match advise(error.class, Verb::Look, tried, self.jitter.draw()) {
            Advice::RetryAfter(later) => Some(later),
            Advice::FindFirst(_) | Advice::GiveUp => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wait for something new, looked at after so many seconds each; how it ended, and with which look.
    fn ends(unseen: u64, looks: &[(u64, Option<Status>)]) -> Option<(usize, Waited)> {
        let (done, _told) = oneshot::channel();
        let watch = Watch {
            waiting: Waiting { id: "vpc-1".to_owned(), change: None },
            wait: Wait::seconds(0, 1, 1, 600),
            until: Until::Ready,
            unseen: Duration::from_secs(unseen),
            tell: Box::new(|_, _| {}),
        };
        let mut watched = Watched::new(Subscription { watch, done }, Duration::ZERO);
        let mut looks = looks.iter().enumerate();
        looks.find_map(|(at, (second, status))| Some((at, watched.take(status.clone(), Duration::from_secs(*second))?)))
    }

    #[test]
    fn what_is_new_is_gone_when_its_time_is_over_and_several_looks_have_missed_it() {
        let missed = |seconds: &[u64]| seconds.iter().map(|second| (*second, None)).collect::<Vec<_>>();
        // The first look comes late, after a refusal that lasted: it is not the only one that counts.
        assert_eq!(ends(5, &missed(&[30, 31, 32, 33, 34, 35])), Some((5, Waited::Gone)));
        assert_eq!(ends(5, &missed(&[30, 31, 32, 33, 34])), None);
        assert_eq!(ends(5, &missed(&[1, 2, 3, 4, 4, 4])), None);
        let mut seen = missed(&[30, 31, 32]);
        seen.extend([(33, Some(Status::Pending("pending".to_owned()))), (34, None), (35, Some(Status::Ready))]);
        assert_eq!(ends(5, &seen), Some((5, Waited::Ready)));
        // What was there before needs no patience.
        assert_eq!(ends(0, &missed(&[1])), Some((0, Waited::Gone)));
    }
}
