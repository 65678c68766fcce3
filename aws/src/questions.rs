//! Asking with few calls: a bounded number at once where AWS has no form for many, and each question once while the account is looked at.
//!
//! What was answered is remembered for one observation only ([`formwork_engine::kind::Cloud::observation_begins`]), in this place and for all
//! types. Outside of an observation nothing is: a step that reads what it just changed asks AWS. A call that changes something makes the
//! memory forget at once, when it leaves and when it is answered, so that nothing is ever answered from before a change. Runs that share
//! their clients share the memory too: while one of them looks, what another asks for may be answered as of that look.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use formwork_engine::kind::CallClass;
use futures::stream::{self, StreamExt};
use tokio::sync::OnceCell;

use crate::error::{Error, Result};

/// How many things of one type are asked for at once. The smallest bucket of calls that AWS documents for reads is fifty with ten more a
/// second (EC2, without filter and pages), and several types are read at the same time.
const AT_ONCE: usize = 12;

/// Asks for each one, a bounded number at once. The answers stand in the order of the questions.
pub(crate) async fn each<T, F: Future>(of: impl IntoIterator<Item = T>, ask: impl Fn(T) -> F) -> Vec<F::Output> {
    // The futures are made beforehand, and cost little until they are polled: a closure inside of the stream would ask more of its lifetimes.
    let asked: Vec<F> = of.into_iter().map(ask).collect();
    stream::iter(asked).buffered(AT_ONCE).collect().await
}

/// Up to this many things are asked for one by one, each with a call of its own; of more of them the list of all is read, where AWS has
/// neither a filter nor a list of names that minds no dead one.
const BY_NAME: usize = 2;

/// Whether the list of all is worth its calls.
pub(crate) fn many(wanted: usize) -> bool {
    wanted > BY_NAME
}

/// The things of these names that are there, each with its answer. A few are asked for one by one (`one`). Many are picked out of the list of
/// all of them (`all`); one that is not in it is asked for by name before it counts as gone, since a list may lag behind what was just made.
/// Where the list is not permitted, each is asked for by name.
pub(crate) async fn named<'n, V, F: Future<Output = Result<Option<V>>>>(
    names: impl IntoIterator<Item = &'n str>,
    all: impl Future<Output = Result<BTreeMap<String, V>>>,
    one: impl Fn(&'n str) -> F,
) -> Result<BTreeMap<&'n str, Result<V>>> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let mut listed = if many(names.len()) {
        match all.await {
            Err(error) if error.0.class == CallClass::Denied => BTreeMap::new(),
            listed => listed?,
        }
    } else {
        BTreeMap::new()
    };
    let mut found = BTreeMap::new();
    let mut missing = Vec::new();
    for name in names {
        match listed.remove(name) {
            Some(it) => drop(found.insert(name, Ok(it))),
            None => missing.push(name),
        }
    }
    let asked = each(missing.iter().copied(), one).await;
    found.extend(missing.into_iter().zip(asked).filter_map(|(name, it)| Some((name, it.transpose()?))));
    Ok(found)
}

type Answer = Result<Arc<dyn Any + Send + Sync>>;

/// What was answered since an observation began, by question; shared by all accounts and regions of a run.
#[derive(Default)]
pub(crate) struct Memory(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// How many observations are under way.
    observations: usize,
    answers: BTreeMap<String, Arc<OnceCell<Answer>>>,
    warnings: BTreeSet<String>,
}

impl Memory {
    fn open(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An observation begins.
    pub(crate) fn begin(&self) {
        self.open().observations += 1;
    }

    /// An observation ended; with the last one everything is forgotten. Answers what was warned of.
    pub(crate) fn end(&self) -> Vec<String> {
        let mut remembered = self.open();
        remembered.observations = remembered.observations.saturating_sub(1);
        if remembered.observations == 0 {
            remembered.answers.clear();
        }
        std::mem::take(&mut remembered.warnings).into_iter().collect()
    }

    /// Something changes: what was answered until now may not be true any more.
    pub(crate) fn forget(&self) {
        self.open().answers.clear();
    }

    /// Where the answer to a question stands or will stand; `None` outside of an observation.
    fn place(&self, question: String) -> Option<Arc<OnceCell<Answer>>> {
        let mut remembered = self.open();
        (remembered.observations > 0).then(|| Arc::clone(remembered.answers.entry(question).or_default()))
    }

    /// Whether an observation is under way.
    pub(crate) fn is_observing(&self) -> bool {
        self.open().observations > 0
    }

    /// Something that whoever reads the plan must know, said once.
    pub(crate) fn warn(&self, sentence: String) {
        let mut remembered = self.open();
        if remembered.observations > 0 {
            remembered.warnings.insert(sentence);
        }
    }

    /// The answer to a question: remembered, or asked now; whoever asks the same meanwhile waits for it. A refusal is an answer too; a call that
    /// was throttled or lost is none, and whoever asks next tries again.
    pub(crate) async fn once<T: Any + Send + Sync>(
        &self,
        question: String,
        ask: impl Future<Output = Result<T>>,
    ) -> Result<Arc<T>> {
        let Some(cell) = self.place(question) else { return ask.await.map(Arc::new) };
        // The future is polled by whoever is the first to ask, and is dropped unpolled by the others.
        let asked = cell.get_or_try_init(|| async {
            match ask.await {
                Ok(answer) => Ok(Ok(Arc::new(answer) as Arc<dyn Any + Send + Sync>)),
                Err(error) if passes(error.0.class) => Err(error),
                Err(error) => Ok(Err(error)),
            }
        });
        match asked.await?.clone()?.downcast() {
            Ok(answer) => Ok(answer),
            Err(_) => Err(Error::unexpected("the memory of an observation", "one question has answers of two types")),
        }
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("questions", &self.open().answers.len()).finish_non_exhaustive()
    }
}

/// Whether the same call may be answered otherwise in a moment.
fn passes(class: CallClass) -> bool {
    matches!(class, CallClass::Throttled | CallClass::Unsent | CallClass::Uncertain | CallClass::Passing(_))
}

/// Whether an operation changes nothing, by its name.
pub(crate) fn only_reads(operation: &str) -> bool {
    ["Describe", "Get", "List", "Head"].iter().any(|verb| operation.starts_with(verb))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Asked(AtomicUsize);

    impl Asked {
        async fn ask(&self) -> Result<usize> {
            let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            Ok(number)
        }

        async fn fail(&self, class: CallClass) -> Result<usize> {
            self.0.fetch_add(1, Ordering::SeqCst);
            let mut error = Error::unexpected("iam GetRole", "no");
            error.0.class = class;
            Err(error)
        }

        fn times(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn what_is_asked_at_the_same_time_is_asked_once() {
        let (memory, asked) = (Memory::default(), Asked::default());
        memory.begin();
        let answers = each(0..AT_ONCE, |_| memory.once("who".to_owned(), asked.ask())).await;
        assert!(answers.iter().all(|answer| **answer.as_ref().unwrap() == 1), "{answers:?}");
        assert_eq!(*memory.once("what".to_owned(), asked.ask()).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn nothing_is_remembered_outside_of_an_observation() {
        let (memory, asked) = (Memory::default(), Asked::default());
        for number in 1..3 {
            assert_eq!(*memory.once("who".to_owned(), asked.ask()).await.unwrap(), number);
        }
        memory.begin();
        assert_eq!(*memory.once("who".to_owned(), asked.ask()).await.unwrap(), 3);
        memory.end();
        memory.begin();
        assert_eq!(*memory.once("who".to_owned(), asked.ask()).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_change_makes_it_forget() {
        let (memory, asked) = (Memory::default(), Asked::default());
        memory.begin();
        memory.once("who".to_owned(), asked.ask()).await.unwrap();
        memory.forget();
        assert_eq!(*memory.once("who".to_owned(), asked.ask()).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn an_observation_ends_with_the_last_of_those_that_overlap() {
        let (memory, asked) = (Memory::default(), Asked::default());
        memory.begin();
        memory.begin();
        memory.once("who".to_owned(), asked.ask()).await.unwrap();
        memory.end();
        assert_eq!(*memory.once("who".to_owned(), asked.ask()).await.unwrap(), 1);
        memory.end();
        assert!(!memory.is_observing());
    }

    #[tokio::test]
    async fn a_refusal_is_remembered_and_a_lost_call_is_not() {
        let (memory, asked) = (Memory::default(), Asked::default());
        memory.begin();
        for _ in 0..2 {
            memory.once("denied".to_owned(), asked.fail(CallClass::Denied)).await.unwrap_err();
        }
        assert_eq!(asked.times(), 1);
        for _ in 0..2 {
            memory.once("lost".to_owned(), asked.fail(CallClass::Throttled)).await.unwrap_err();
        }
        assert_eq!(asked.times(), 3);
    }

    #[tokio::test]
    async fn a_warning_is_told_once_and_to_one_observation() {
        let memory = Memory::default();
        memory.warn("nobody looks".to_owned());
        memory.begin();
        memory.warn("not permitted".to_owned());
        memory.warn("not permitted".to_owned());
        assert_eq!(memory.end(), ["not permitted"]);
        memory.begin();
        assert!(memory.end().is_empty());
    }

    #[tokio::test]
    async fn no_more_than_a_few_are_asked_at_once_and_answers_keep_their_order() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (now, most) = (&now, &most);
        let answers = each(0..200_usize, |number| async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            for _ in 0..=number % 7 {
                tokio::task::yield_now().await;
            }
            now.fetch_sub(1, Ordering::SeqCst);
            number
        });
        assert_eq!(answers.await, (0..200).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
    }

    #[test]
    fn reads_are_told_by_their_names() {
        for read in ["DescribeVpcs", "GetBucketPolicy", "ListRoles", "HeadBucket", "GetCallerIdentity"] {
            assert!(only_reads(read), "{read}");
        }
        for write in
            ["CreateVpc", "PutBucketPolicy", "DeleteRole", "ModifyVpcAttribute", "AuthorizeSecurityGroupEgress"]
        {
            assert!(!only_reads(write), "{write}");
        }
    }
}
