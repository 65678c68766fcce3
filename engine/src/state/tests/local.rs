//! The local store while nothing is damaged.

use std::fs::{self, File};
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::task::{Context, Waker};

use super::*;
use crate::digest::Digester;
use crate::error::{Error, Turn};
use crate::value::Value;

#[tokio::test]
async fn what_was_committed_is_there_again() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join(".formwork/prod");
    let ready = row("main", 1, RowState::Ready);
    let before = filled(&folder, &[&[bound(), started(1)], &[Entry::Row(ready)], &[ended(1)]]).await;
    assert_eq!(before.sequence(), 3);

    let store = writing(&folder).unwrap();
    assert_eq!(store.snapshot(), &before);
    assert_eq!(store.notes(), [] as [String; 0], "the view was closed and is believed");
    drop(store);
    assert_eq!(reading(&folder).unwrap().snapshot(), &before);
}

#[tokio::test]
async fn a_store_that_was_not_closed_is_made_whole_from_the_log() {
    let place = tempfile::tempdir().unwrap();
    let mut store = writing(&place.path().join("a")).unwrap();
    store.commit(&[bound()]).await.unwrap();
    store.commit(&[Entry::Row(row("main", 1, RowState::Ready))]).await.unwrap();
    copy(&place.path().join("a"), &place.path().join("b"));

    let killed = writing(&place.path().join("b")).unwrap();
    assert_eq!(killed.snapshot(), store.snapshot());
    assert!(killed.notes()[0].contains("made again from the log"), "{:?}", killed.notes());
}

#[tokio::test]
async fn the_second_writer_is_told_who_holds_the_store() {
    let place = tempfile::tempdir().unwrap();
    let first = writing(place.path()).unwrap();
    let error = writing(place.path()).unwrap_err();
    assert!(matches!(&error, StateError::Held { holder: Some(found), .. } if **found == holder()), "{error:?}");
    assert_eq!(holder().pid, std::process::id());
    let error = Error::from(error);
    assert_eq!(error.turn, Turn::Held);
    assert!(error.reason.contains("`up prod`") && error.reason.contains("since 2023-11-14"), "{error}");

    // The name stays behind when a holder is killed, and hinders nobody.
    let name = fs::read(place.path().join("holder.json")).unwrap();
    drop(first);
    fs::write(place.path().join("holder.json"), name).unwrap();
    writing(place.path()).unwrap();
}

#[tokio::test]
async fn a_reader_sees_every_commit_while_a_writer_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let mut store = writing(place.path()).unwrap();
    assert_eq!(reading(place.path()).unwrap().snapshot().sequence(), 0);
    store.commit(&[bound()]).await.unwrap();
    for number in 1..5 {
        store.commit(&[started(number)]).await.unwrap();
        let mut reader = reading(place.path()).unwrap();
        assert_eq!(reader.snapshot(), store.snapshot());
        assert_eq!(reader.commit(&[ended(number)]).await, Err(StateError::ReadOnly));
    }
}

#[test]
fn reading_a_store_that_is_not_there_creates_nothing() {
    let place = tempfile::tempdir().unwrap();
    let store = reading(&place.path().join(".formwork/prod")).unwrap();
    assert_eq!(store.snapshot(), &Snapshot::default());
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_folder_is_private_and_ignored_by_git() {
    let place = tempfile::tempdir().unwrap();
    let top = place.path().join(".formwork");
    let folder = top.join("local/prod");
    let mut store = writing(&folder).unwrap();
    store.commit(&[bound()]).await.unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(top.clone()), mode(folder.clone())), (0o700, 0o700));
    assert_eq!(mode(folder.join("view")), 0o700);
    for file in ["log", "head", "lock", "holder.json", "view/db", "view/conf"] {
        assert_eq!(mode(folder.join(file)), 0o600, "{file}");
    }
    assert_eq!(fs::read_to_string(top.join(".gitignore")).unwrap(), "*\n");
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_the_next_step() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    for folder in [file.join("prod"), PathBuf::from("/proc/formwork/prod")] {
        let error = Error::from(writing(&folder).unwrap_err());
        assert_eq!(error.turn, Turn::State);
        assert!(error.reason.contains(&folder.display().to_string()), "{error}");
        assert_eq!(error.hints.len(), 1);
    }
}

#[tokio::test]
async fn a_full_disk_ends_the_commits_of_this_run_and_loses_nothing() {
    let place = tempfile::tempdir().unwrap();
    let mut store = writing(place.path()).unwrap();
    store.commit(&[bound()]).await.unwrap();
    let before = store.snapshot().clone();
    store.append_to(File::options().write(true).open("/dev/full").unwrap());

    let error = store.commit(&[started(1)]).await.unwrap_err();
    assert!(error.hint().unwrap().contains("make space"), "{error}");
    assert!(matches!(store.commit(&[started(1)]).await, Err(StateError::Poisoned { .. })));
    assert_eq!(store.snapshot(), &before);
    drop(store);
    assert_eq!(writing(place.path()).unwrap().snapshot(), &before);
}

#[tokio::test]
async fn a_commit_that_is_durable_but_was_not_acknowledged_counts() {
    let place = tempfile::tempdir().unwrap();
    let mut store = writing(place.path()).unwrap();
    store.commit(&[bound()]).await.unwrap();
    // The head cannot be written while something that is no file is in the way.
    fs::create_dir(place.path().join("head.next")).unwrap();
    assert!(store.commit(&[started(1)]).await.is_err());
    drop(store);
    fs::remove_dir(place.path().join("head.next")).unwrap();

    assert_eq!(reading(place.path()).unwrap().snapshot().sequence(), 2);
    let store = writing(place.path()).unwrap();
    assert_eq!(store.snapshot().sequence(), 2);
    assert!(store.notes().iter().any(|note| note.contains("commit 2 was durable")), "{:?}", store.notes());
    drop(store);
    assert_eq!(writing(place.path()).unwrap().notes(), [] as [String; 0]);
}

#[tokio::test]
async fn after_an_abandoned_commit_none_is_taken() {
    let place = tempfile::tempdir().unwrap();
    let mut store = writing(place.path()).unwrap();
    store.commit(&[bound()]).await.unwrap();
    {
        let entries = [started(1)];
        let mut commit = std::pin::pin!(store.commit(&entries));
        // Begun, and dropped before it is awaited to its end.
        let _ = commit.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    assert!(matches!(store.commit(&[started(2)]).await, Err(StateError::Poisoned { .. })));
}

#[tokio::test]
async fn the_bytes_of_a_commit_do_not_depend_on_the_number_of_rows() {
    let place = tempfile::tempdir().unwrap();
    let mut growth = Vec::new();
    for rows in [10, 1000] {
        let folder = place.path().join(rows.to_string());
        let mut store = writing(&folder).unwrap();
        let mut entries = vec![bound()];
        entries.extend((0..rows).map(|number| Entry::Row(row(&format!("row-{number}"), 1, RowState::Ready))));
        store.commit(&entries).await.unwrap();
        let size = |name: &str| fs::metadata(folder.join(name)).unwrap().len();
        let before = size("log");
        store.commit(&[Entry::Row(row("row-1", 1, RowState::Deleting))]).await.unwrap();
        growth.push(size("log") - before);
        assert!(size("head") < 256);
    }
    assert_eq!(growth[0], growth[1]);
    assert!(growth[0] < 1024, "{growth:?}");
}

#[tokio::test]
async fn no_byte_of_the_folder_holds_a_secret() {
    let place = tempfile::tempdir().unwrap();
    let Entry::Bound(binding) = bound() else { unreachable!() };
    let secret = Value::from([("password", Value::from("canary-hunter2").into_secret())]);
    let stored = Stored::from_value(&secret, &Digester::of(&binding));
    let with_secret = Row { applied: stored.clone(), ..row("main", 1, RowState::Ready) };
    let outputs = Entry::Outputs { values: [("password".to_owned(), stored)].into() };
    filled(
        place.path(),
        &[&[bound(), intent(IntentOp::Create, with_secret.clone())], &[Entry::Row(with_secret), outputs]],
    )
    .await;

    let bytes = bytes_below(place.path());
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("$secret"), "the digest is there");
    assert!(!holds("canary") && !holds("hunter2"));
}

fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { bytes_below(&path) } else { fs::read(&path).unwrap() });
    }
    bytes
}

#[tokio::test]
async fn a_store_of_a_newer_format_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let Entry::Bound(binding) = bound() else { unreachable!() };
    let newer = Entry::Bound(Binding { format: FORMAT + 1, ..binding });
    filled(place.path(), &[&[newer]]).await;
    for opened in [reading(place.path()), writing(place.path())] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StateError::Newer { found: 2, known: 1, .. }), "{error:?}");
    }
    // And one whose binding cannot even be read.
    let payload = br#"[{"entry":"bound","format":7,"something":"else"}]"#;
    assert_eq!(frame::entries(payload), Err(frame::PayloadError::Newer(7)));
}

#[test]
fn a_store_of_format_1_is_still_read() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state-1");
    let place = tempfile::tempdir().unwrap();
    copy(&kept, place.path());
    let store = writing(place.path()).unwrap();
    let snapshot = store.snapshot();
    assert_eq!(snapshot, reading(&kept).unwrap().snapshot());
    assert_eq!(snapshot.sequence(), 5);
    assert_eq!(snapshot.binding().unwrap().format, 1);
    assert_eq!(snapshot.live(&urn("main")).unwrap().observed, Some(Stored(json!({ "cidr_block": "10.9.0.0/16" }))));
    assert_eq!(snapshot.intents().len(), 1);
    assert_eq!(snapshot.pins().len(), 1);
    assert_eq!(snapshot.outputs()["password"].to_value(), Value::Digest("00ff".into()));
    assert!(snapshot.deployments()[&1].end.is_some());
}
