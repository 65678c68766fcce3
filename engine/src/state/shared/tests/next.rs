//! Sealed stores, and logs that are written anew: whenever it is cut off, the store opens with all it had.

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;

use super::*;
use crate::digest::{Digester, Sealed};
use crate::record::Stored;
use crate::seal::{DataKey, Sealer};
use crate::state::Resealed;
use crate::state::objects::{Object, ObjectsError};
use crate::state::tests::urn;
use crate::value::Value;

fn key(byte: u8) -> DataKey {
    DataKey::from_bytes(&[byte; 32]).unwrap()
}

fn sealer(byte: u8) -> Sealer {
    Sealer::new(&key(byte))
}

/// Objects of a process that dies after so many changes: nothing of what it does later arrives.
#[derive(Debug, Clone)]
struct Mortal {
    objects: MemoryObjects,
    left: Arc<AtomicI64>,
}

impl Mortal {
    fn dead(&self) -> Result<(), ObjectsError> {
        let reason = || ObjectsError { reason: "dead".to_owned(), next: String::new(), passing: false };
        if self.left.fetch_sub(1, Ordering::SeqCst) > 0 { Ok(()) } else { Err(reason()) }
    }
}

#[async_trait]
impl Objects for Mortal {
    fn place(&self) -> String {
        self.objects.place()
    }

    async fn get(&self, name: &str) -> Result<Option<Object>, ObjectsError> {
        self.objects.get(name).await
    }

    async fn put(&self, name: &str, bytes: Vec<u8>, only: Only<'_>) -> Result<Put, ObjectsError> {
        self.dead()?;
        self.objects.put(name, bytes, only).await
    }

    async fn remove(&self, name: &str) -> Result<(), ObjectsError> {
        self.dead()?;
        self.objects.remove(name).await
    }

    async fn list(&self, folder: &str, after: &str) -> Result<Vec<String>, ObjectsError> {
        self.objects.list(folder, after).await
    }
}

async fn fill(objects: &MemoryObjects, clock: &ScriptedClock, sealing: &Sealing, commits: usize) -> Snapshot {
    let mut store = sealed(objects, clock, sealing, write("ada")).await.unwrap();
    store.commit(&[bound()]).await.unwrap();
    let mut main = row("main", 1, RowState::Ready);
    let digester = Digester::new("key").sealing(Some(sealer(1)), Sealed::new());
    main.applied = Stored::from_value(&Value::from([("token", Value::from("hunter2").into_secret())]), &digester);
    store.commit(&[Entry::Row(main)]).await.unwrap();
    for number in 2..commits {
        store.commit(&ready(&format!("r{number}"))).await.unwrap();
    }
    store.close().await.unwrap();
    store.snapshot().clone()
}

fn shows(objects: &MemoryObjects, text: &str) -> bool {
    let records = objects.all().into_iter().filter(|(name, _)| name != "lease");
    records.into_iter().any(|(_, bytes)| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

async fn reseal(
    objects: impl Objects + 'static,
    clock: &ScriptedClock,
    sealer: &Sealer,
    whole: bool,
) -> Result<Resealed, StateError> {
    let by = claimant("bob");
    SharedStore::reseal(Arc::new(objects), Arc::new(clock.clone()), by, sealer, whole).await
}

#[tokio::test]
async fn nothing_of_a_sealed_store_can_be_read_and_a_wrong_key_writes_nothing() {
    let (objects, clock) = (MemoryObjects::seeded(21), ScriptedClock::new());
    let state = fill(&objects, &clock, &Sealing::whole(sealer(1)), 70).await;
    for text in ["network", "vpc-main-1", "shop", "123456789012", "applied", "hunter2"] {
        assert!(!shows(&objects, text), "{text}");
    }
    assert!(objects.all().contains_key("snapshot/00000000000000000064"));
    for sealing in [Sealing::whole(sealer(2)), Sealing::clear()] {
        // By a snapshot, and by the first record.
        let young = objects.all().into_iter().filter(|(name, _)| name != "head" && !name.starts_with("snapshot/"));
        let young: Vec<_> = young.collect();
        let only = MemoryObjects::seeded(1);
        young.into_iter().for_each(|(name, bytes)| only.tamper(&name, Some(bytes)));
        for objects in [&objects, &only] {
            let before = objects.all();
            for mode in [SharedMode::Read, write("bob")] {
                let error = sealed(objects, &clock, &sealing, mode).await.unwrap_err();
                let StateError::Locked { key: Some(named), .. } = &error else { panic!("{error:?}") };
                assert_eq!(*named, key(1).id());
            }
            assert!(matches!(reseal(objects.clone(), &clock, &sealer(2), true).await, Err(StateError::Locked { .. })));
            assert_eq!(objects.all(), before);
        }
    }
    let read = sealed(&objects, &clock, &Sealing::whole(sealer(1)), SharedMode::Read).await.unwrap();
    assert_eq!((read.snapshot(), read.notes().len()), (&state, 0));
}

#[tokio::test]
async fn records_in_the_clear_are_refused_where_they_should_be_sealed() {
    let (objects, clock) = (MemoryObjects::seeded(22), ScriptedClock::new());
    fill(&objects, &clock, &Sealing::clear(), 3).await;
    let error = sealed(&objects, &clock, &Sealing::whole(sealer(1)), write("bob")).await.unwrap_err();
    let says = "memory is not sealed as the configuration says: commit 1 stands there in the clear";
    assert_eq!(error.to_string(), says);
}

#[tokio::test]
async fn a_store_is_sealed_given_another_key_and_opened_again_with_all_its_commits() {
    let (objects, clock) = (MemoryObjects::seeded(23), ScriptedClock::new());
    assert_eq!(reseal(objects.clone(), &clock, &sealer(1), true).await.unwrap(), Resealed::Nothing);
    assert!(objects.all().is_empty());
    let state = fill(&objects, &clock, &Sealing::clear(), 70).await;
    let commits = open(&objects, &clock, SharedMode::Read).await.unwrap().commits().await.unwrap();
    assert!(shows(&objects, "vpc-main-1"));

    assert_eq!(reseal(objects.clone(), &clock, &sealer(1), true).await.unwrap(), Resealed::Records(70));
    assert!(!shows(&objects, "vpc-main-1"), "also the former log and its snapshots are gone");
    assert_eq!(reseal(objects.clone(), &clock, &sealer(1), true).await.unwrap(), Resealed::Already);
    let next = sealer(2).opening(&key(1));
    assert_eq!(reseal(objects.clone(), &clock, &next, true).await.unwrap(), Resealed::Records(70));
    let mut store = sealed(&objects, &clock, &Sealing::whole(sealer(2)), write("ada")).await.unwrap();
    assert_eq!(*store.snapshot(), state_with(&state, store.snapshot()));
    let applied = &store.snapshot().live(&urn("main")).unwrap().applied;
    assert_eq!(applied.opened(&sealer(2)).unwrap().get("token").as_text(), Some("hunter2"));
    store.commit(&ready("later")).await.unwrap();
    store.close().await.unwrap();

    assert_eq!(reseal(objects.clone(), &clock, &sealer(2), false).await.unwrap(), Resealed::Records(71));
    let read = open(&objects, &clock, SharedMode::Read).await.unwrap();
    assert_eq!((read.snapshot().sequence(), read.commits().await.unwrap().len()), (71, 71));
    assert_eq!(read.commits().await.unwrap()[2..70], commits[2..]);
    assert!(!shows(&objects, "hunter2"));
    // Without the hint, the marks lead from the first log to the fourth.
    objects.tamper("head", None);
    assert_eq!(open(&objects, &clock, SharedMode::Read).await.unwrap().snapshot(), read.snapshot());
}

/// The state with the row whose secret was sealed anew.
fn state_with(state: &Snapshot, resealed: &Snapshot) -> Snapshot {
    let mut state = state.clone();
    state.apply(&Entry::Row(resealed.live(&urn("main")).unwrap().clone()));
    state
}

#[tokio::test]
async fn a_rotation_that_is_killed_anywhere_leaves_a_store_that_opens_and_goes_on() {
    let (whole, clock) = (MemoryObjects::seeded(24), ScriptedClock::new());
    let state = fill(&whole, &clock, &Sealing::whole(sealer(1)), 4).await;
    let both = sealer(2).opening(&key(1));
    let (mut kills, mut in_force) = (0, std::collections::BTreeSet::new());
    for dies_after in 0.. {
        let objects = MemoryObjects::seeded(dies_after);
        whole.all().into_iter().for_each(|(name, bytes)| objects.tamper(&name, Some(bytes)));
        let mortal =
            Mortal { objects: objects.clone(), left: Arc::new(AtomicI64::new(dies_after.try_into().unwrap())) };
        let ended = reseal(mortal, &clock, &both, true).await;
        // Whoever reads has both keys, as long as the rotation is under way.
        let read = sealed(&objects, &clock, &Sealing::whole(both.clone()), SharedMode::Read).await.unwrap();
        assert_eq!(read.snapshot().rows().len(), state.rows().len(), "killed after {dies_after}");
        assert_eq!(read.commits().await.unwrap().len(), 4, "killed after {dies_after}");
        if ended.is_ok() {
            break;
        }
        kills += 1;
        // The next run waits until the lease of the dead one is over, takes over, and goes on.
        clock.advance(Duration::from_secs(400));
        let mut store = sealed(&objects, &clock, &Sealing::whole(both.clone()), write("eve")).await.unwrap();
        store.commit(&ready("eve")).await.unwrap();
        store.close().await.unwrap();
        reseal(objects.clone(), &clock, &both, true).await.unwrap();
        let with_the_next = sealed(&objects, &clock, &Sealing::whole(sealer(2)), SharedMode::Read).await.unwrap();
        assert_eq!(with_the_next.snapshot().rows().len(), state.rows().len() + 1, "killed after {dies_after}");
        let logs =
            objects.all().into_keys().filter_map(|name| Some(name.strip_prefix("log.")?.split_once('/')?.0.to_owned()));
        in_force.extend(logs.max());
    }
    assert!(kills > 9, "{kills}");
    // Where the records had begun to be written, the next try took another number.
    assert_eq!(in_force.into_iter().collect::<Vec<_>>(), ["2", "3"]);
}

#[tokio::test]
async fn who_stood_still_while_the_log_was_replaced_cannot_write_and_puts_no_head_back() {
    let (objects, clock) = (MemoryObjects::seeded(25), ScriptedClock::new());
    let mut ada = open(&objects, &clock, write("ada")).await.unwrap();
    ada.commit(&[bound()]).await.unwrap();
    ada.beating.take().unwrap().abort();
    let former = ada.reader().in_force().await.unwrap();
    assert_eq!(former, (1, None));
    clock.advance(Duration::from_secs(500));
    reseal(objects.clone(), &clock, &sealer(1), true).await.unwrap();
    let before = objects.all();
    assert!(matches!(ada.commit(&ready("a")).await.unwrap_err(), StateError::LeaseLost { .. }));
    // The last part of a commit whose process stood still between its record and the hint.
    let writer = Writer { log: 1, position: Position::START, snapshot: 0, head: None };
    assert!(ada.write_snapshot(&writer).await.unwrap_err().contains("written by somebody else"));
    assert_eq!(objects.all()["head"], before["head"]);
}

#[tokio::test]
async fn a_state_of_another_lineage_begins_a_log_of_its_own() {
    let (objects, clock) = (MemoryObjects::seeded(26), ScriptedClock::new());
    fill(&objects, &clock, &Sealing::clear(), 5).await;
    let mut store = open(&objects, &clock, write("ada")).await.unwrap();
    let Entry::Bound(binding) = bound() else { panic!("no binding") };
    let other = Entry::Bound(crate::record::Binding { lineage: "other".into(), ..binding });
    let anew = [other, Entry::Row(row("theirs", 1, RowState::Ready))];
    assert_eq!(store.begin_anew(&anew).await.unwrap(), "memory/log/");
    store.commit(&ready("more")).await.unwrap();
    store.close().await.unwrap();
    let read = open(&objects, &clock, SharedMode::Read).await.unwrap();
    assert_eq!(read.snapshot().binding().map(|binding| binding.lineage.as_str()), Some("other"));
    assert_eq!((read.snapshot().rows().len(), read.snapshot().sequence()), (2, 2));
    assert!(objects.all().contains_key(&log_name(1, 5)), "the former one stays");
}
