//! What the tests of this module share, and the tests of the fold.

mod damage;
mod local;
mod restored;
mod sealed;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::json;

use super::*;
use crate::kind::Identity;
use crate::record::{
    Binding, DeploymentEnd, DeploymentStart, FORMAT, Intent, IntentOp, RecordedOptions, Row, RowState, Stored,
};
use crate::urn::{KindName, Uid, Urn};

pub(super) fn bound() -> Entry {
    let identity = Identity {
        account: "123456789012".into(),
        partition: "aws".into(),
        caller: "arn:aws:iam::123456789012:user/ada".into(),
        region: "eu-west-1".into(),
        endpoint: None,
    };
    Entry::Bound(Binding {
        format: FORMAT,
        lineage: "0123456789abcdef0123456789abcdef".into(),
        project: "shop".into(),
        stack: "prod".into(),
        identity,
        digest_key: "5a".repeat(32),
    })
}

pub(super) fn urn(name: &str) -> Urn {
    format!("prod::{name}::aws:ec2/vpc").parse().unwrap()
}

pub(super) fn uid(name: &str) -> Uid {
    Uid::from_text(format!("uid-of-{name}"))
}

pub(super) fn row(name: &str, generation: u32, state: RowState) -> Row {
    Row {
        uid: uid(name),
        generation,
        urn: urn(name),
        kind: KindName::new("aws:ec2/vpc"),
        kind_version: 1,
        state,
        provider: String::new(),
        account: "123456789012".into(),
        region: "eu-west-1".into(),
        id: format!("vpc-{name}-{generation}"),
        natural_key: String::new(),
        applied: Stored(json!({ "cidr_block": "10.0.0.0/16" })),
        observed: None,
        outputs: Stored(json!({ "id": format!("vpc-{name}-{generation}") })),
        expressions: BTreeMap::new(),
        formulas: BTreeMap::new(),
        left: [].into(),
        waiting: None,
        edges: Vec::new(),
        options: RecordedOptions::default(),
        token: None,
        deployment: 1,
        source: None,
        reason: None,
        accepted: BTreeMap::new(),
    }
}

pub(super) fn intent(op: IntentOp, row: Row) -> Entry {
    Entry::Intent(Intent {
        op,
        row,
        before: None,
        token: "00112233445566778899aabbccddeeff".into(),
        changes: ["cidr_block".to_owned()].into(),
        first_sent_at: 1_700_000_000_000,
        attempts: 1,
    })
}

pub(super) fn started(number: u64) -> Entry {
    Entry::DeploymentStarted(DeploymentStart {
        saved_plan: None,
        number,
        started_at: 1,
        who: "ada".into(),
        command: "up".into(),
        plan: vec!["create main".into()],
        program: None,
        steps: Vec::new(),
    })
}

pub(super) fn ended(number: u64) -> Entry {
    let outcome = "done".to_owned();
    let (steps, calls, troubles) = ([1, 0, 0], BTreeMap::new(), Vec::new());
    Entry::DeploymentEnded(DeploymentEnd { number, ended_at: 2, outcome, steps, calls, troubles })
}

pub(super) fn holder() -> Holder {
    Holder::here("up prod", 1_700_000_000_000)
}

pub(super) fn writing(folder: &Path) -> Result<LocalStore, StateError> {
    LocalStore::open(folder, OpenMode::Write(holder()))
}

pub(super) fn reading(folder: &Path) -> Result<LocalStore, StateError> {
    LocalStore::open(folder, OpenMode::Read)
}

/// Commits to a store and closes it; answers the snapshot.
pub(super) async fn filled(folder: &Path, commits: &[&[Entry]]) -> Snapshot {
    let mut store = writing(folder).unwrap();
    for entries in commits {
        store.commit(entries).await.unwrap();
    }
    store.snapshot().clone()
}

/// Copies a store as a killed process would leave it.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn an_accepted_row_stands_beside_its_open_intent_until_the_outcome() {
    let creating = row("main", 1, RowState::Creating);
    let mut snapshot = Snapshot::of(&[bound(), intent(IntentOp::Create, creating.clone())]);
    assert_eq!((snapshot.rows().len(), snapshot.intents().len()), (0, 1));

    snapshot.apply(&Entry::Accepted { row: creating.clone() });
    snapshot.apply(&Entry::Progress(Row { left: ["tags".to_owned()].into(), ..creating }));
    assert_eq!((snapshot.rows().len(), snapshot.intents().len()), (1, 1));
    assert_eq!(snapshot.row(&uid("main"), 1).unwrap().left.len(), 1);

    snapshot.apply(&Entry::Row(row("main", 1, RowState::Ready)));
    assert_eq!((snapshot.rows().len(), snapshot.intents().len()), (1, 0));
    assert_eq!(snapshot.live(&urn("main")).unwrap().state, RowState::Ready);
}

#[test]
fn a_removal_takes_the_row_its_name_and_its_intent() {
    let ready = row("main", 1, RowState::Ready);
    let removed = Entry::Removed { uid: uid("main"), generation: 1, forgotten: false };
    let snapshot =
        Snapshot::of(&[bound(), Entry::Row(ready.clone()), intent(IntentOp::Delete, ready), removed.clone()]);
    assert_eq!(snapshot, Snapshot::of(&[bound()]));

    // Observations that come too late, and ends without a beginning, change nothing.
    let late = Entry::Observed { uid: uid("main"), generation: 1, args: Stored(json!({})), outputs: Stored(json!({})) };
    assert_eq!(Snapshot::of(&[bound(), late, removed, ended(7)]), Snapshot::of(&[bound()]));
}

#[test]
fn a_dropped_intent_leaves_the_row_as_it_was() {
    let ready = row("main", 1, RowState::Ready);
    let dropped = Entry::Dropped { uid: uid("main"), generation: 1 };
    let snapshot = Snapshot::of(&[Entry::Row(ready.clone()), intent(IntentOp::Update, ready.clone()), dropped]);
    assert_eq!(snapshot, Snapshot::of(&[Entry::Row(ready)]));
}

#[test]
fn the_live_row_of_a_name_is_the_highest_generation_that_is_not_deposed() {
    let deposed = row("main", 1, RowState::Deposed);
    let live = row("main", 2, RowState::Creating);
    let snapshot = Snapshot::of(&[Entry::Row(live.clone()), Entry::Row(deposed.clone())]);
    assert_eq!(snapshot.live(&urn("main")), Some(&live));
    assert_eq!(snapshot.deposed(&uid("main")).collect::<Vec<_>>(), [&deposed]);
    assert_eq!(snapshot.rows_by_uid(&uid("main")).count(), 2);

    let deleting = row("main", 3, RowState::Deleting);
    let snapshot = Snapshot::of(&[Entry::Row(live.clone()), Entry::Row(deleting.clone())]);
    assert_eq!(snapshot.live(&urn("main")), Some(&live), "what is going does not hide what is there");
    assert_eq!(Snapshot::of(&[Entry::Row(deleting.clone())]).live(&urn("main")), Some(&deleting));
    assert_eq!(Snapshot::of(&[Entry::Row(deposed)]).live(&urn("main")), None);
}

#[test]
fn a_renamed_row_is_found_by_its_next_name_only() {
    let renamed = Row { urn: urn("other"), ..row("main", 1, RowState::Ready) };
    let snapshot = Snapshot::of(&[Entry::Row(row("main", 1, RowState::Ready)), Entry::Row(renamed.clone())]);
    assert_eq!(snapshot.live(&urn("main")), None);
    assert_eq!(snapshot.live(&urn("other")), Some(&renamed));
    assert_eq!(snapshot.urns().collect::<Vec<_>>(), [&urn("other")]);
}

#[test]
fn an_observation_stands_beside_what_was_applied() {
    let seen = Stored(json!({ "cidr_block": "10.9.0.0/16" }));
    let observed =
        Entry::Observed { uid: uid("main"), generation: 1, args: seen.clone(), outputs: Stored(json!({ "id": "x" })) };
    let snapshot = Snapshot::of(&[Entry::Row(row("main", 1, RowState::Ready)), observed]);
    let row = snapshot.live(&urn("main")).unwrap();
    assert_eq!(row.observed.as_ref(), Some(&seen));
    assert_eq!(row.applied, Stored(json!({ "cidr_block": "10.0.0.0/16" })));
}

#[test]
fn runs_are_numbered_on_and_keep_their_end() {
    let snapshot = Snapshot::of(&[bound(), started(1), ended(1), started(2)]);
    assert!(snapshot.deployments()[&1].end.is_some());
    assert!(snapshot.deployments()[&2].end.is_none());
    assert_eq!(snapshot.next_deployment(), 3);
    assert_eq!(Snapshot::default().next_deployment(), 1);
}

#[tokio::test]
async fn a_log_begins_with_its_binding_and_has_no_other() {
    let mut store = MemoryStore::default();
    for wrong in [vec![], vec![started(1)], vec![started(1), bound()], vec![bound(), bound()]] {
        assert!(matches!(store.commit(&wrong).await, Err(StateError::Misuse { .. })), "{wrong:?}");
    }
    store.commit(&[bound(), started(1)]).await.unwrap();
    assert!(matches!(store.commit(&[bound()]).await, Err(StateError::Misuse { .. })));
    assert_eq!(store.snapshot().sequence(), 1);
}

#[tokio::test]
async fn a_memory_store_dies_before_or_after_a_commit() {
    for (fault, kept) in [(MemoryFault::StopBefore(2), 1), (MemoryFault::StopAfter(2), 2)] {
        let log = MemoryLog::new();
        let mut store = MemoryStore::open(&log).with_fault(fault);
        let stopped = store.stopped();
        store.commit(&[bound()]).await.unwrap();
        let entries = [started(1)];
        tokio::select! {
            biased;
            result = store.commit(&entries) => panic!("{result:?}"),
            () = stopped.notified() => {}
        }
        drop(store);
        assert_eq!(MemoryStore::open(&log).snapshot().sequence(), kept);
    }
}

#[tokio::test]
async fn a_memory_store_takes_no_commit_after_a_failed_one() {
    let log = MemoryLog::with(vec![bound()]);
    let mut store = MemoryStore::open(&log).with_fault(MemoryFault::FailAt(1));
    assert!(store.commit(&[started(1)]).await.is_err());
    assert!(store.commit(&[started(1)]).await.is_err());
    assert_eq!(log.entries(), [bound()]);
}
