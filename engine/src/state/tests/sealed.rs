//! Stores of which every record is sealed.

use std::path::PathBuf;

use super::*;
use crate::digest::{Digester, Sealed};
use crate::seal::{DataKey, Sealer};
use crate::value::Value;

fn key(byte: u8) -> DataKey {
    DataKey::from_bytes(&[byte; 32]).unwrap()
}

fn sealer(byte: u8) -> Sealer {
    Sealer::new(&key(byte))
}

fn opened(folder: &Path, sealing: &Sealing) -> Result<LocalStore, StateError> {
    LocalStore::open_sealed(folder, OpenMode::Write(holder()), sealing)
}

/// Every file of a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

fn shows(folder: &Path, text: &str) -> bool {
    files(folder).values().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

async fn fill(folder: &Path, sealing: &Sealing) -> Snapshot {
    let mut store = opened(folder, sealing).unwrap();
    store.commit(&[bound(), started(1)]).await.unwrap();
    let mut main = row("main", 1, RowState::Ready);
    let digester = Digester::new("key").sealing(Some(sealer(1)), Sealed::new());
    main.applied = Stored::from_value(&Value::from([("token", Value::from("hunter2").into_secret())]), &digester);
    store.commit(&[Entry::Row(main)]).await.unwrap();
    store.commit(&[ended(1)]).await.unwrap();
    store.snapshot().clone()
}

#[tokio::test]
async fn a_sealed_store_opens_again_and_nothing_of_it_can_be_read() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("prod");
    let before = fill(&folder, &Sealing::whole(sealer(1))).await;
    for text in ["network", "vpc-main-1", "shop", "123456789012", "applied", "deployment"] {
        assert!(!shows(&folder, text), "{text}");
    }
    let store = opened(&folder, &Sealing::whole(sealer(1))).unwrap();
    assert_eq!((store.snapshot(), store.notes().len()), (&before, 0), "{:?}", store.notes());
    drop(store);
    let read = LocalStore::open_sealed(&folder, OpenMode::Read, &Sealing::whole(sealer(1))).unwrap();
    assert_eq!(read.snapshot(), &before);
}

#[tokio::test]
async fn a_wrong_key_and_no_key_are_told_by_name_and_leave_no_trace() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("prod");
    fill(&folder, &Sealing::whole(sealer(1))).await;
    let before = files(&folder);
    for sealing in [Sealing::whole(sealer(2)), Sealing::clear()] {
        for mode in [OpenMode::Read, OpenMode::Write(holder())] {
            let error = LocalStore::open_sealed(&folder, mode, &sealing).unwrap_err();
            let StateError::Locked { key: Some(named), .. } = &error else { panic!("{error:?}") };
            assert_eq!(*named, key(1).id());
            assert!(error.to_string().contains(named.as_str()), "{error}");
        }
        assert!(matches!(LocalStore::rebuild_sealed(&folder, &holder(), &sealing), Err(StateError::Locked { .. })));
    }
    let error = LocalStore::reseal(&folder, &holder(), &sealer(2), true).unwrap_err();
    assert!(matches!(error, StateError::Locked { .. }), "{error}");
    assert_eq!(files(&folder), before);
}

#[tokio::test]
async fn damage_is_told_from_a_wrong_key_whoever_looks() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("prod");
    fill(&folder, &Sealing::whole(sealer(1))).await;
    let log = folder.join("log");
    let whole = fs::read(&log).unwrap();
    // Behind the first record, from which the key is known.
    let first = 16 + 76 + usize::try_from(u32::from_le_bytes(whole[16..20].try_into().unwrap())).unwrap();
    for offset in (first..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[offset] ^= 0x20;
        fs::write(&log, &bytes).unwrap();
        let error = opened(&folder, &Sealing::whole(sealer(1))).unwrap_err();
        assert!(matches!(error, StateError::Damaged { .. } | StateError::Lost { .. }), "byte {offset}: {error}");
    }
    fs::write(&log, &whole).unwrap();
    opened(&folder, &Sealing::whole(sealer(1))).unwrap();
}

#[tokio::test]
async fn no_record_opens_in_the_place_of_another() {
    let sealing = Sealing::whole(sealer(1));
    let sealed = sealing.close(1, b"[]".to_vec());
    assert_eq!(&sealing.open(1, &sealed).unwrap()[..], b"[]");
    assert!(matches!(sealing.open(2, &sealed), Err(frame::PayloadError::Unreadable(_))));
    assert!(matches!(sealing.open(1, b"[]"), Err(frame::PayloadError::Locked { key: None, .. })));
}

#[tokio::test]
async fn a_store_is_sealed_opened_and_given_another_key_with_all_its_commits() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("prod");
    let before = fill(&folder, &Sealing::clear()).await;
    assert!(shows(&folder, "vpc-main-1"));

    let sealed = LocalStore::reseal(&folder, &holder(), &sealer(1), true).unwrap();
    assert_eq!(sealed, Resealed::Records(3));
    assert!(!shows(&folder, "vpc-main-1"), "the view went too");
    assert_eq!(LocalStore::reseal(&folder, &holder(), &sealer(1), true).unwrap(), Resealed::Already);
    assert_eq!(opened(&folder, &Sealing::whole(sealer(1))).unwrap().snapshot(), &before);

    let next = sealer(2).opening(&key(1));
    assert_eq!(LocalStore::reseal(&folder, &holder(), &next, true).unwrap(), Resealed::Records(3));
    let store = opened(&folder, &Sealing::whole(sealer(2))).unwrap();
    let applied = &store.snapshot().live(&urn("main")).unwrap().applied;
    assert_eq!(applied.opened(&sealer(2)).unwrap().get("token").as_text(), Some("hunter2"));
    drop(store);

    assert_eq!(LocalStore::reseal(&folder, &holder(), &sealer(2), false).unwrap(), Resealed::Records(3));
    let store = opened(&folder, &Sealing::clear()).unwrap();
    assert_eq!(store.snapshot().sequence(), before.sequence());
    assert!(!shows(&folder, "hunter2"));
    let nothing = LocalStore::reseal(&place.path().join("none"), &holder(), &sealer(1), true).unwrap();
    assert_eq!(nothing, Resealed::Nothing);
    assert!(!place.path().join("none").exists());
}

#[tokio::test]
async fn a_rotation_that_is_cut_short_leaves_one_log_or_the_other() {
    let place = tempfile::tempdir().unwrap();
    let (former, next) = (place.path().join("former"), place.path().join("next"));
    let before = fill(&former, &Sealing::whole(sealer(1))).await;
    copy(&former, &next);
    let both = sealer(2).opening(&key(1));
    LocalStore::reseal(&next, &holder(), &both, true).unwrap();
    // In the order of what is written: the next log beside the last; no head; the next log in its place.
    for (log, head, beside) in [("former", true, true), ("former", false, true), ("next", false, false)] {
        let cut = place.path().join(format!("cut-{log}-{head}"));
        copy(&former, &cut);
        if beside {
            fs::copy(next.join("log"), cut.join("log.next")).unwrap();
        }
        if !head {
            fs::remove_file(cut.join("head")).unwrap();
        }
        fs::copy(place.path().join(log).join("log"), cut.join("log")).unwrap();
        let store = opened(&cut, &Sealing::whole(both.clone())).unwrap();
        assert_eq!(store.snapshot().rows().len(), before.rows().len());
        drop(store);
        LocalStore::reseal(&cut, &holder(), &both, true).unwrap();
        assert_eq!(opened(&cut, &Sealing::whole(sealer(2))).unwrap().snapshot().sequence(), before.sequence());
    }
}

#[tokio::test]
async fn records_in_the_clear_are_refused_where_they_should_be_sealed() {
    let place = tempfile::tempdir().unwrap();
    fill(place.path(), &Sealing::clear()).await;
    let error = opened(place.path(), &Sealing::whole(sealer(1))).unwrap_err();
    assert!(
        error.to_string().contains("is not sealed as the configuration says: commit 1 stands there in the clear"),
        "{error}"
    );
}
