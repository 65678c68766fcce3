//! What two runs do to each other on one shared store, in memory.

mod damage;
mod next;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;

use super::super::lease::{Terms, Waits};
use super::*;
use crate::record::{DeploymentStart, RowState};
use crate::state::objects::MemoryObjects;
use crate::state::tests::{bound, row};
use crate::testing::ScriptedClock;

fn holder(name: &str) -> Holder {
    Holder {
        pid: 7,
        boot: String::new(),
        host: "box".into(),
        user: name.into(),
        started_at: 0,
        command: "up prod".into(),
    }
}

fn terms() -> Terms {
    Terms::new(Duration::from_secs(180), Duration::from_secs(60), Duration::from_secs(30))
}

fn claimant(name: &str) -> Claimant {
    Claimant { holder: holder(name), terms: terms(), waits: None }
}

fn write(name: &str) -> SharedMode {
    SharedMode::Write { by: claimant(name), purpose: SharedPurpose::Run }
}

async fn open(objects: &MemoryObjects, clock: &ScriptedClock, mode: SharedMode) -> Result<SharedStore, StateError> {
    sealed(objects, clock, &Sealing::clear(), mode).await
}

async fn sealed(
    objects: &MemoryObjects,
    clock: &ScriptedClock,
    sealing: &Sealing,
    mode: SharedMode,
) -> Result<SharedStore, StateError> {
    SharedStore::open(Arc::new(objects.clone()), Arc::new(clock.clone()), sealing, mode).await
}

fn ready(name: &str) -> Vec<Entry> {
    vec![Entry::Row(row(name, 1, RowState::Ready))]
}

/// What somebody who waits is told.
#[derive(Debug, Default)]
struct Told(std::sync::Mutex<Vec<String>>);

impl Waits for Told {
    fn waits(&self, from: &Holder, longest: Duration) {
        self.0.lock().unwrap().push(format!("{}: {} s", from.user, longest.as_secs()));
    }
}

/// As if the process had been killed: nothing is let go of.
fn kill(store: SharedStore) {
    drop(store);
}

#[tokio::test]
async fn what_was_committed_is_read_again_also_through_snapshots() {
    let (objects, clock) = (MemoryObjects::seeded(1), ScriptedClock::new());
    let mut store = open(&objects, &clock, write("ada")).await.unwrap();
    store.commit(&[bound()]).await.unwrap();
    for number in 0..150 {
        store.commit(&ready(&format!("r{number}"))).await.unwrap();
    }
    let (written, snapshots) =
        (store.snapshot().clone(), objects.all().keys().filter(|k| k.starts_with("snap")).count());
    store.close().await.unwrap();
    assert_eq!(snapshots, 2);
    // A flipped byte in the snapshot: the whole log is read instead.
    for tampered in [false, true] {
        let read = open(&objects, &clock, SharedMode::Read).await.unwrap();
        assert_eq!(*read.snapshot(), written);
        assert_eq!(read.notes().len(), usize::from(tampered), "{:?}", read.notes());
        objects.tamper(&snapshot_name(1, 128), Some(b"[]".to_vec()));
    }
    let commits = open(&objects, &clock, SharedMode::Read).await.unwrap().commits().await.unwrap();
    assert_eq!(commits.len(), 151);
}

#[tokio::test]
async fn of_all_snapshots_the_last_and_the_one_before_stay() {
    let (objects, clock) = (MemoryObjects::seeded(1), ScriptedClock::new());
    let mut store = open(&objects, &clock, write("ada")).await.unwrap();
    store.commit(&[bound()]).await.unwrap();
    for number in 1..320 {
        store.commit(&ready(&format!("r{}", number % 7))).await.unwrap();
    }
    let written = store.snapshot().clone();
    store.close().await.unwrap();
    let snapshots: Vec<String> = objects.all().into_keys().filter(|name| name.starts_with("snapshot")).collect();
    assert_eq!(snapshots, [snapshot_name(1, 256), snapshot_name(1, 320)]);
    // The one before serves where the last is damaged, and then the log from there on is all that is read.
    objects.tamper(&snapshot_name(1, 320), Some(b"[]".to_vec()));
    assert_eq!(*open(&objects, &clock, SharedMode::Read).await.unwrap().snapshot(), written);
    let commits = open(&objects, &clock, SharedMode::Read).await.unwrap().commits().await.unwrap();
    assert_eq!(commits.len(), 320, "the log itself stays whole: it is the history");
}

#[tokio::test]
async fn twenty_contenders_one_winner() {
    for seed in 0..20 {
        let (objects, clock) = (MemoryObjects::seeded(seed), ScriptedClock::new());
        let open = |number: usize| {
            let (objects, clock) = (objects.clone(), clock.clone());
            async move { open(&objects, &clock, write(&format!("user{number}"))).await }
        };
        let stores: Vec<_> = futures::stream::iter((0..20).map(open)).buffer_unordered(20).collect().await;
        let (won, lost): (Vec<_>, Vec<_>) = stores.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 19), "seed {seed}");
        for error in lost.into_iter().filter_map(Result::err) {
            assert!(matches!(error, StateError::Leased { .. }), "{error}");
        }
        for store in won.into_iter().flatten() {
            let by = store.keeper.as_ref().unwrap();
            by.check().await.unwrap();
        }
    }
}

#[tokio::test]
async fn twenty_takers_of_a_lease_that_ended_are_one_too() {
    for seed in 0..3 {
        let (objects, clock) = (MemoryObjects::seeded(seed), ScriptedClock::new());
        let mut first = open(&objects, &clock, write("ada")).await.unwrap();
        first.commit(&[bound()]).await.unwrap();
        kill(first);
        clock.advance(Duration::from_secs(270));
        let open = |number: usize| {
            let (objects, clock) = (objects.clone(), clock.clone());
            async move { open(&objects, &clock, write(&format!("user{number}"))).await }
        };
        let stores: Vec<_> = futures::stream::iter((0..20).map(open)).buffer_unordered(20).collect().await;
        assert_eq!(stores.iter().filter(|store| store.is_ok()).count(), 1, "seed {seed}");
    }
}

#[tokio::test]
async fn who_finds_it_held_is_told_by_whom_and_reads_meanwhile() {
    let (objects, clock) = (MemoryObjects::seeded(3), ScriptedClock::new());
    let mut ada = open(&objects, &clock, write("ada")).await.unwrap();
    ada.commit(&[bound()]).await.unwrap();
    let error = open(&objects, &clock, write("bob")).await.unwrap_err();
    assert!(error.to_string().contains("held by `up prod` of ada on box (process 7) since 1970"), "{error}");
    assert_eq!(error.turn(), crate::error::Turn::Held);
    assert_eq!(open(&objects, &clock, SharedMode::Read).await.unwrap().snapshot().sequence(), 1);
    // Renewed again and again, it is never over.
    clock.sleep(Duration::from_secs(2000)).await;
    assert!(open(&objects, &clock, write("bob")).await.is_err());
    ada.close().await.unwrap();
    open(&objects, &clock, write("bob")).await.unwrap();
}

#[tokio::test]
async fn a_holder_that_stood_still_sends_nothing_and_cannot_write() {
    let (objects, clock) = (MemoryObjects::seeded(4), ScriptedClock::new());
    let mut ada = open(&objects, &clock, write("ada")).await.unwrap();
    let start = DeploymentStart {
        number: 1,
        started_at: 0,
        who: "ada".into(),
        command: "up".into(),
        plan: Vec::new(),
        saved_plan: None,
        program: None,
        steps: Vec::new(),
    };
    ada.commit(&[bound(), Entry::DeploymentStarted(start)]).await.unwrap();
    let fence = ada.fence().unwrap();
    assert!(fence.allows());
    // Stopped: its heart does not beat.
    ada.beating.take().unwrap().abort();
    clock.advance(Duration::from_secs(121));
    assert!(!fence.allows(), "less than a request is left");
    let began = clock.elapsed();
    clock.advance(Duration::from_secs(60));
    let told = Arc::new(Told::default());
    let by = Claimant { waits: Some(told.clone()), ..claimant("bob") };
    let bob = SharedMode::Write { by, purpose: SharedPurpose::Run };
    let mut bob = open(&objects, &clock, bob).await.unwrap();
    assert_eq!(*told.0.lock().unwrap(), ["ada: 89 s"], "once, and not at every look");
    assert!(clock.elapsed() - began >= Duration::from_secs(59 + 90), "end, request and window are waited for");
    assert!(bob.notes()[0].starts_with("took over from `up prod` of ada"), "{:?}", bob.notes());
    assert_eq!(bob.snapshot().taken_over(1).map(|took| took.by.user.as_str()), Some("bob"));
    assert!(!fence.allows());
    let error = fence.check().await.unwrap_err();
    assert!(error.to_string().contains("taken over by `up prod` of bob on box"), "{error}");
    assert_eq!(error.turn(), crate::error::Turn::Held);
    let before = objects.all();
    assert_eq!(ada.commit(&ready("late")).await.unwrap_err(), error);
    assert_eq!(ada.commit(&ready("later")).await.unwrap_err(), error);
    assert_eq!(objects.all(), before);
    bob.commit(&ready("bob")).await.unwrap();
    assert_eq!(open(&objects, &clock, SharedMode::Read).await.unwrap().snapshot().sequence(), 3);
}

#[tokio::test]
async fn a_record_that_somebody_else_wrote_ends_the_run_whatever_the_lease_says() {
    let (objects, clock) = (MemoryObjects::seeded(5), ScriptedClock::new());
    let mut ada = open(&objects, &clock, write("ada")).await.unwrap();
    ada.commit(&[bound()]).await.unwrap();
    objects.tamper(&log_name(1, 2), Some(b"somebody else's".to_vec()));
    let error = ada.commit(&ready("a")).await.unwrap_err();
    assert!(matches!(error, StateError::LeaseLost { .. }), "{error}");
    assert!(!ada.fence().unwrap().allows());
    assert!(ada.commit(&ready("b")).await.is_err());
}

#[tokio::test]
async fn a_holder_that_slept_and_was_not_replaced_goes_on() {
    let (objects, clock) = (MemoryObjects::seeded(6), ScriptedClock::new());
    let mut ada = open(&objects, &clock, write("ada")).await.unwrap();
    ada.commit(&[bound()]).await.unwrap();
    ada.beating.take().unwrap().abort();
    clock.advance(Duration::from_secs(5000));
    assert!(!ada.fence().unwrap().allows());
    ada.commit(&ready("a")).await.unwrap();
    assert!(ada.fence().unwrap().allows());
}

#[tokio::test]
async fn a_store_that_has_moved_says_where_to() {
    let (objects, clock) = (MemoryObjects::seeded(7), ScriptedClock::new());
    let mut ada = open(&objects, &clock, write("ada")).await.unwrap();
    ada.commit(&[bound()]).await.unwrap();
    ada.mark_moved(".formwork/prod").await.unwrap();
    ada.close().await.unwrap();
    for mode in [SharedMode::Read, write("bob")] {
        let error = open(&objects, &clock, mode).await.unwrap_err();
        assert_eq!(error.to_string(), "memory has moved to .formwork/prod");
    }
    let back = SharedMode::Write { by: claimant("bob"), purpose: SharedPurpose::MoveAway };
    let mut back = open(&objects, &clock, back).await.unwrap();
    back.unmark_moved().await.unwrap();
    back.close().await.unwrap();
    open(&objects, &clock, SharedMode::Read).await.unwrap();
}
