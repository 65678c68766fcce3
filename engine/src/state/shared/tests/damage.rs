//! Something is wrong with the objects: the state as it was, or an error that says by commit and name what is lost; and the way on.

use super::*;
use crate::seal::{DataKey, Sealer};

/// A store of 150 rows in as many commits after its first, with snapshots of commits 64 and 128; closed. Its objects and its state.
async fn filled(sealing: &Sealing) -> (MemoryObjects, ScriptedClock, Snapshot) {
    let (objects, clock) = (MemoryObjects::seeded(11), ScriptedClock::new());
    let mut store = sealed(&objects, &clock, sealing, write("ada")).await.unwrap();
    store.commit(&[bound()]).await.unwrap();
    for number in 2..=151 {
        store.commit(&ready(&format!("r{number}"))).await.unwrap();
    }
    store.close().await.unwrap();
    let snapshot = store.snapshot().clone();
    (objects, clock, snapshot)
}

/// What is done to an object.
fn cases(bytes: &[u8]) -> Vec<(&'static str, Option<Vec<u8>>)> {
    let flipped = |at: usize| {
        let mut bytes = bytes.to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 0x04;
        Some(bytes)
    };
    let header = bytes.len().min(40);
    vec![
        ("missing", None),
        ("empty", Some(Vec::new())),
        ("cut in its header", Some(bytes[..header].to_vec())),
        ("cut in its payload", Some(bytes[..bytes.len() - 7].to_vec())),
        ("longer", Some([bytes, b"x"].concat())),
        ("another length", flipped(1)),
        ("another number", flipped(5)),
        ("another link", flipped(20)),
        ("another hash", flipped(50)),
        ("another payload", flipped(bytes.len() - 20)),
    ]
}

fn named(name: &str) -> String {
    format!("prod::{name}::aws:ec2/vpc")
}

#[tokio::test]
async fn what_is_wrong_before_a_good_snapshot_loses_nothing() {
    let (objects, clock, state) = filled(&Sealing::clear()).await;
    let whole = objects.all();
    for name in [
        "log/00000000000000000001",
        "log/00000000000000000100",
        "log/00000000000000000128",
        "head",
        "snapshot/00000000000000000064",
    ] {
        for (what, bytes) in cases(&whole[name]) {
            objects.tamper(name, bytes);
            let read = open(&objects, &clock, SharedMode::Read).await;
            let read = read.unwrap_or_else(|error| panic!("{name} {what}: {error}"));
            assert_eq!(*read.snapshot(), state, "{name} {what}");
            let mut store = open(&objects, &clock, write("bob")).await.unwrap();
            assert_eq!(*store.snapshot(), state, "{name} {what}");
            store.close().await.unwrap();
        }
        objects.tamper(name, Some(whole[name].clone()));
    }
    // Both a record and the hint are gone: the snapshots themselves are looked for.
    objects.tamper("head", None);
    objects.tamper("log/00000000000000000100", None);
    let read = open(&objects, &clock, SharedMode::Read).await.unwrap();
    assert_eq!(*read.snapshot(), state);
    assert!(read.notes()[0].contains("nothing is lost, since the snapshot of commit 128 has it"), "{:?}", read.notes());
    // The history is not whole, and says so.
    let error = read.commits().await.unwrap_err();
    assert!(
        error.to_string().starts_with("commit 100 is missing from memory; commits 101 to 151 behind that"),
        "{error}"
    );
}

#[tokio::test]
async fn a_damaged_snapshot_is_passed_over_wherever_it_is_damaged() {
    let (objects, clock, state) = filled(&Sealing::clear()).await;
    let name = "snapshot/00000000000000000128";
    let (whole, hundredth) = (objects.all()[name].clone(), objects.all()["log/00000000000000000100"].clone());
    for (what, bytes) in cases(&whole) {
        objects.tamper(name, bytes);
        let read = open(&objects, &clock, SharedMode::Read).await.unwrap();
        assert_eq!(*read.snapshot(), state, "{what}");
        assert!(read.notes()[0].contains("the snapshot of commit 128 is of no use"), "{:?}", read.notes());
    }
    // With a record that only this one had: an error, and no state that is too old.
    objects.tamper("log/00000000000000000100", None);
    let error = open(&objects, &clock, SharedMode::Read).await.unwrap_err();
    assert!(error.to_string().starts_with("commit 100 is missing from memory"), "{error}");
    // The snapshot before is good, and a record that it has does not matter.
    objects.tamper("log/00000000000000000100", Some(hundredth));
    objects.tamper("log/00000000000000000010", None);
    let read = open(&objects, &clock, SharedMode::Read).await.unwrap();
    assert_eq!(*read.snapshot(), state);
    assert!(read.notes()[1].contains("since the snapshot of commit 64 has it"), "{:?}", read.notes());
}

#[tokio::test]
async fn what_is_wrong_behind_the_last_snapshot_is_named_by_commit_and_name_and_nothing_is_written() {
    let (objects, clock, _) = filled(&Sealing::clear()).await;
    let whole = objects.all();
    for sequence in [132, 140, 151] {
        let name = log_name(1, sequence);
        for (what, bytes) in cases(&whole[&name]) {
            objects.tamper(&name, bytes.clone());
            let before = objects.all();
            let error = open(&objects, &clock, SharedMode::Read).await.unwrap_err();
            let text = error.to_string();
            assert!(text.contains(&sequence.to_string()), "{sequence} {what}: {text}");
            assert_eq!(error.turn(), crate::error::Turn::State);
            if sequence < 151 {
                let behind = if sequence == 132 { "commits 133 to 151" } else { "commits 141 to 151" };
                assert!(text.contains(&format!("{behind} behind that are whole and speak of")), "{text}");
                assert!(text.contains(&named("r150")) && text.contains(&named("r151")), "{text}");
            }
            let readable = bytes.is_some_and(|bytes| String::from_utf8_lossy(&bytes).contains("\"urn\":\"prod"));
            if readable {
                let names = format!("what can be read of commit {sequence} names {}", named(&format!("r{sequence}")));
                assert!(text.contains(&names), "{what}: {text}");
            }
            assert!(text.contains(&format!("the state of commit {} is whole", sequence - 1)), "{what}: {text}");
            // Whoever wants to write finds it too, and lets go again.
            assert!(open(&objects, &clock, write("bob")).await.is_err());
            let mut after = objects.all();
            after.insert("lease".to_owned(), before["lease"].clone());
            assert_eq!(after, before, "{sequence} {what}");
        }
        objects.tamper(&name, Some(whole[&name].clone()));
    }
    assert_eq!(open(&objects, &clock, SharedMode::Read).await.unwrap().snapshot().sequence(), 151);
}

async fn rebuild(objects: &MemoryObjects, clock: &ScriptedClock, sealing: &Sealing) -> Result<Vec<String>, StateError> {
    let by = claimant("bob");
    SharedStore::rebuild(Arc::new(objects.clone()), Arc::new(clock.clone()), by, sealing).await
}

#[tokio::test]
async fn a_rebuild_keeps_everything_that_is_whole_and_names_the_rest() {
    let sealer = Sealer::new(&DataKey::from_bytes(&[1; 32]).unwrap());
    for sealing in [Sealing::clear(), Sealing::whole(sealer)] {
        let (objects, clock, state) = filled(&sealing).await;
        let whole = objects.all();
        assert_eq!(rebuild(&objects, &clock, &sealing).await.unwrap(), ["the log is whole; nothing was done"]);
        objects.tamper(&log_name(1, 140), None);
        let mut flipped = whole[&log_name(1, 145)].clone();
        *flipped.last_mut().unwrap() ^= 1;
        objects.tamper(&log_name(1, 145), Some(flipped));
        objects.tamper(&log_name(1, 151), None);
        let notes = rebuild(&objects, &clock, &sealing).await.unwrap();
        assert!(notes[0].contains("goes on with what is whole, 147 rows"), "{notes:?}");
        assert!(notes.contains(&"lost: commit 140, commit 145, commit 151".to_owned()), "{notes:?}");
        assert!(notes[2].contains("kept as memory/log/"), "{notes:?}");

        let mut store = sealed(&objects, &clock, &sealing, write("ada")).await.unwrap();
        let rows = |snapshot: &Snapshot| {
            snapshot.rows().values().map(|row| row.urn.clone()).collect::<std::collections::BTreeSet<_>>()
        };
        let lost: Vec<String> = rows(&state).difference(&rows(store.snapshot())).map(ToString::to_string).collect();
        assert_eq!(lost, ["r140", "r145", "r151"].map(named));
        assert_eq!(store.snapshot().binding(), state.binding());
        // It goes on there, through snapshots of its own, and the first log stays as it was.
        for number in 0..70 {
            store.commit(&ready(&format!("later{number}"))).await.unwrap();
        }
        store.close().await.unwrap();
        let read = sealed(&objects, &clock, &sealing, SharedMode::Read).await.unwrap();
        assert_eq!((read.snapshot(), read.notes().len()), (store.snapshot(), 0), "{:?}", read.notes());
        assert!(objects.all().contains_key("snapshot.2/00000000000000000064"));
        assert_eq!(objects.all()[&log_name(1, 139)], whole[&log_name(1, 139)]);
        // Without the hint the mark at the end of the damaged log leads there.
        objects.tamper("head", None);
        assert_eq!(sealed(&objects, &clock, &sealing, SharedMode::Read).await.unwrap().snapshot(), store.snapshot());
    }
}

#[tokio::test]
async fn a_rebuild_of_a_history_that_is_not_whole_loses_nothing_of_the_state() {
    let (objects, clock, state) = filled(&Sealing::clear()).await;
    objects.tamper(&log_name(1, 10), None);
    let notes = rebuild(&objects, &clock, &Sealing::clear()).await.unwrap();
    assert!(
        notes[0].contains("the state is whole, 150 rows; of the history something is missing: commit 10"),
        "{notes:?}"
    );
    let read = open(&objects, &clock, SharedMode::Read).await.unwrap();
    assert_eq!(read.snapshot().rows(), state.rows());
    assert_eq!(read.commits().await.unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_has_another_key_is_told_so_also_where_something_is_damaged() {
    let sealer = |byte| Sealing::whole(Sealer::new(&DataKey::from_bytes(&[byte; 32]).unwrap()));
    let (objects, clock, _) = filled(&sealer(1)).await;
    for name in ["head", "log/00000000000000000001", "snapshot/00000000000000000064", "snapshot/00000000000000000128"] {
        objects.tamper(name, None);
    }
    let before = objects.all();
    for mode in [SharedMode::Read, write("bob")] {
        let error = sealed(&objects, &clock, &sealer(2), mode).await.unwrap_err();
        assert!(matches!(error, StateError::Locked { .. }), "{error}");
    }
    assert!(matches!(rebuild(&objects, &clock, &sealer(2)).await.unwrap_err(), StateError::Locked { .. }));
    let mut after = objects.all();
    after.insert("lease".to_owned(), before["lease"].clone());
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_run_that_stood_still_while_it_was_rebuilt_cannot_write() {
    let (objects, clock) = (MemoryObjects::seeded(12), ScriptedClock::new());
    let mut ada = open(&objects, &clock, write("ada")).await.unwrap();
    ada.commit(&[bound()]).await.unwrap();
    for name in ["a", "b", "c"] {
        ada.commit(&ready(name)).await.unwrap();
    }
    ada.beating.take().unwrap().abort();
    objects.tamper(&log_name(1, 2), None);
    clock.advance(Duration::from_secs(500));
    rebuild(&objects, &clock, &Sealing::clear()).await.unwrap();
    let before = objects.all();
    assert!(matches!(ada.commit(&ready("d")).await.unwrap_err(), StateError::LeaseLost { .. }));
    assert_eq!(objects.all(), before);
    let read = open(&objects, &clock, SharedMode::Read).await.unwrap();
    assert_eq!(read.snapshot().rows().len(), 2);
}

#[tokio::test]
async fn where_nothing_is_left_the_records_begin_anew() {
    let (objects, clock, _) = filled(&Sealing::clear()).await;
    for name in objects.all().into_keys().filter(|name| !["lease", "head"].contains(&name.as_str())) {
        objects.tamper(&name, None);
    }
    let error = open(&objects, &clock, SharedMode::Read).await.unwrap_err();
    assert_eq!(error.to_string(), "commits 1 to 151 are missing from memory; no state before that is left");
    let notes = rebuild(&objects, &clock, &Sealing::clear()).await.unwrap();
    assert!(notes[0].contains("nothing is left"), "{notes:?}");
    let mut store = open(&objects, &clock, write("ada")).await.unwrap();
    assert!(store.snapshot().binding().is_none());
    store.commit(&[bound()]).await.unwrap();
    assert!(objects.all().contains_key("log.2/00000000000000000001"));
}
