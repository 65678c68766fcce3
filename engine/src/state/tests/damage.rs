//! Stores with damaged, cut and missing files: every committed row, or an error that names what is lost.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::*;

/// The rows of a small store, in the order of their commits.
const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
/// What a byte is turned into: all of its bits, or one.
const PATTERNS: [u8; 2] = [0xff, 0x04];

/// A closed store of six rows in six commits after its first, the bytes of its log and head, and where its records begin.
async fn six(folder: &Path) -> (Snapshot, Vec<u8>, Vec<u8>, Vec<u64>) {
    let rows = NAMES.map(|name| vec![Entry::Row(row(name, 1, RowState::Ready))]);
    committed(folder, [vec![bound()]].into_iter().chain(rows)).await
}

/// A closed store of three commits, the bytes of its log and head, and where its records begin.
async fn small(folder: &Path) -> (Snapshot, Vec<u8>, Vec<u8>, Vec<u64>) {
    let rows = |names: &[&str]| names.iter().map(|name| Entry::Row(row(name, 1, RowState::Ready))).collect::<Vec<_>>();
    committed(folder, [vec![bound()], rows(&["a"]), rows(&["b"])]).await
}

async fn committed(
    folder: &Path,
    commits: impl IntoIterator<Item = Vec<Entry>>,
) -> (Snapshot, Vec<u8>, Vec<u8>, Vec<u64>) {
    let mut store = writing(folder).unwrap();
    let size = || fs::metadata(folder.join("log")).unwrap().len();
    let mut begins = Vec::new();
    for entries in commits {
        begins.push(size());
        store.commit(&entries).await.unwrap();
    }
    let snapshot = store.snapshot().clone();
    drop(store);
    (snapshot, fs::read(folder.join("log")).unwrap(), fs::read(folder.join("head")).unwrap(), begins)
}

/// Opens a store with damaged bytes for reading, and, where asked, for writing, which must be refused in the same words; neither changes anything.
fn refused(folder: &Path, log: &[u8], head: &[u8], place: &str, write: bool) -> StateError {
    let error = reading(folder).unwrap_err();
    if write {
        assert_eq!(writing(folder).unwrap_err(), error, "{place}");
    }
    assert_eq!(fs::read(folder.join("log")).unwrap(), log, "{place}: nothing is overwritten");
    assert_eq!(fs::read(folder.join("head")).unwrap(), head, "{place}: nothing is overwritten");
    error
}

#[tokio::test]
async fn a_log_of_six_rows_cut_or_flipped_at_every_byte_names_the_commit_and_changes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let (_, log, head, begins) = six(folder).await;
    // sled is not opened twenty thousand times: that the view is asked for names is shown below, at every 97th byte. Readers meet each byte cut and
    // in both patterns, writers each byte in one of the three.
    fs::rename(folder.join("view"), folder.join("view-kept")).unwrap();
    for offset in 0..log.len() {
        let commit = sequence_at(&begins, offset as u64);
        fs::write(folder.join("log"), &log[..offset]).unwrap();
        let error = refused(folder, &log[..offset], &head, &format!("cut at {offset}"), offset % 3 == 0);
        assert!(matches!(error, StateError::Lost { from, to: 7, .. } if from == commit), "cut at {offset}: {error:?}");
        for (pattern, turn) in PATTERNS.into_iter().zip(1..) {
            let mut flipped = log.clone();
            flipped[offset] ^= pattern;
            fs::write(folder.join("log"), &flipped).unwrap();
            let error = refused(folder, &flipped, &head, &format!("{pattern:#x} at {offset}"), offset % 3 == turn);
            let begin = if offset < 16 { 0 } else { begins[commit as usize - 1] };
            match error {
                StateError::Damaged { sequence, offset: at, .. } if sequence == commit && at == begin => {}
                StateError::Newer { .. } if offset == 14 => {}
                other => panic!("{pattern:#x} at {offset}: {other:?}"),
            }
        }
    }
    // The rows of every commit that is lost are named where the view knows them, to readers too.
    fs::rename(folder.join("view-kept"), folder.join("view")).unwrap();
    for offset in (16..log.len()).step_by(97) {
        let commit = sequence_at(&begins, offset as u64);
        let mut flipped = log.clone();
        flipped[offset] ^= 0xff;
        for damaged in [&log[..offset], &flipped] {
            fs::write(folder.join("log"), damaged).unwrap();
            let error = refused(folder, damaged, &head, &format!("at {offset}"), true).to_string();
            for (name, made_by) in NAMES.iter().zip(2..) {
                let named = error.contains(&format!("prod::{name}::aws:ec2/vpc"));
                assert_eq!(named, made_by >= commit, "{offset}: {error}");
            }
        }
    }
    fs::write(folder.join("log"), &log).unwrap();
    assert_eq!(writing(folder).unwrap().snapshot().rows().len(), NAMES.len());
}

#[tokio::test]
async fn a_head_of_six_rows_cut_or_flipped_at_every_byte_loses_no_row() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let (snapshot, log, head, _) = six(folder).await;
    for offset in 0..head.len() {
        let flips = PATTERNS.map(|pattern| {
            let mut flipped = head.clone();
            flipped[offset] ^= pattern;
            flipped
        });
        // Readers meet each byte cut and in both patterns, writers each byte in one of the three.
        for (damaged, turn) in [head[..offset].to_vec()].into_iter().chain(flips).zip(0..) {
            fs::write(folder.join("head"), &damaged).unwrap();
            assert_eq!(reading(folder).unwrap().snapshot(), &snapshot, "{offset}");
            assert_eq!(fs::read(folder.join("head")).unwrap(), damaged, "a reader changes nothing");
            if offset % 3 != turn {
                continue;
            }
            let store = writing(folder).unwrap();
            assert_eq!(store.snapshot(), &snapshot, "{offset}");
            drop(store);
            assert_eq!(fs::read(folder.join("log")).unwrap(), log);
        }
    }
}

/// The view is compared with its sums before sled sees it, so that a damage is told from a whole one without opening sled; that the
/// store opens with every row then is shown beside, through the store itself.
#[tokio::test]
async fn a_view_of_six_rows_cut_or_flipped_anywhere_is_not_believed() {
    let place = tempfile::tempdir().unwrap();
    six(place.path()).await;
    let folder = place.path().join("view");
    let files = view::ViewFiles { folder: folder.clone(), sums: place.path().join("view.sums") };
    let damaged = |what: &str| match view::View::open(&files) {
        Ok(_) => panic!("believed: {what}"),
        // The second is said of sums that are no text any more.
        Err(reason) => assert!(reason == "is not as it was left" || reason == "was not closed", "{what}: {reason}"),
    };
    let mut places = 0;
    for path in files_below(&folder).into_iter().chain([files.sums.clone()]) {
        let bytes = fs::read(&path).unwrap();
        // Every byte of what is small, every 16th of sled's own file.
        let step = if bytes.len() <= 4096 { 1 } else { 16 };
        let file = fs::File::options().write(true).open(&path).unwrap();
        for (number, offset) in (0..bytes.len()).step_by(step).enumerate() {
            let patterns = if step == 1 { &PATTERNS[..] } else { &PATTERNS[number % 2..=number % 2] };
            for pattern in patterns {
                file.write_all_at(&[bytes[offset] ^ pattern], offset as u64).unwrap();
                damaged(&format!("{} {pattern:#x} at {offset}", path.display()));
                file.write_all_at(&bytes[offset..=offset], offset as u64).unwrap();
            }
            places += 1;
        }
        for offset in (0..bytes.len()).step_by(step).rev() {
            file.set_len(offset as u64).unwrap();
            damaged(&format!("{} cut at {offset}", path.display()));
        }
        fs::write(&path, &bytes).unwrap();
    }
    assert!(places > 500, "{places}");
    assert!(view::View::open(&files).is_ok());
}

fn sequence_at(begins: &[u64], offset: u64) -> u64 {
    begins.iter().filter(|begin| **begin <= offset).count().max(1) as u64
}

#[tokio::test]
async fn a_damaged_log_says_what_the_view_still_knows() {
    let place = tempfile::tempdir().unwrap();
    let (_, mut log, _, begins) = small(place.path()).await;
    log[begins[1] as usize + 100] ^= 1;
    fs::write(place.path().join("log"), &log).unwrap();
    let error = writing(place.path()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("damaged at byte {}, in commit 2: its checksum is wrong", begins[1])), "{text}");
    assert!(text.contains("the view knows commit 3, where these differ: prod::a::aws:ec2/vpc, prod::b::"), "{text}");
    assert!(error.hint().unwrap().contains("backup"));

    // A view that was not closed is asked too, in a copy.
    fs::remove_file(place.path().join("view.sums")).unwrap();
    assert_eq!(writing(place.path()).unwrap_err().to_string(), text);
    fs::remove_dir_all(place.path().join("view")).unwrap();
    assert!(writing(place.path()).unwrap_err().to_string().contains("the view cannot tell more"));
}

#[tokio::test]
async fn a_torn_record_is_removed_and_reported() {
    let place = tempfile::tempdir().unwrap();
    let (snapshot, log, _, begins) = small(place.path()).await;
    let position = head::read(&place.path().join("head")).unwrap();
    let (record, _) = frame::encode(position.position().unwrap(), &frame::payload(&[started(1)]).unwrap()).unwrap();
    for length in 1..record.len() {
        let torn = [&log, &record[..length]].concat();
        fs::write(place.path().join("log"), &torn).unwrap();
        assert_eq!(reading(place.path()).unwrap().snapshot(), &snapshot, "{length}");
        assert_eq!(
            fs::metadata(place.path().join("log")).unwrap().len(),
            torn.len() as u64,
            "a reader changes nothing"
        );
        if length % 61 == 0 {
            let store = writing(place.path()).unwrap();
            assert_eq!(store.snapshot(), &snapshot);
            assert!(store.notes()[0].contains("commit 4 was cut off"), "{:?}", store.notes());
            assert_eq!(fs::read(place.path().join("log")).unwrap(), log);
        }
    }
    assert_eq!(begins.len(), 3);
}

#[tokio::test]
async fn a_head_that_is_flipped_or_missing_loses_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (snapshot, log, head, begins) = small(place.path()).await;
    for offset in 0..head.len() {
        let mut flipped = head.clone();
        flipped[offset] ^= 1 << (offset % 8);
        fs::write(place.path().join("head"), &flipped).unwrap();
        let store = reading(place.path()).unwrap();
        assert_eq!(store.snapshot(), &snapshot, "{offset}");
        if offset % 37 == 5 {
            let store = writing(place.path()).unwrap();
            assert_eq!(store.snapshot(), &snapshot, "{offset}");
            assert!(store.notes().iter().any(|note| note.contains("head was broken")), "{:?}", store.notes());
            assert_eq!(fs::read(place.path().join("head")).unwrap(), head, "it is written again");
        }
    }
    fs::remove_file(place.path().join("head")).unwrap();
    assert_eq!(reading(place.path()).unwrap().notes().len(), 1);
    assert_eq!(writing(place.path()).unwrap().snapshot(), &snapshot);

    // Head and log damaged together: the view is the last witness.
    for (length, from) in [(begins[2] as usize, 3), (begins[1] as usize, 2), (16, 1), (0, 1)] {
        fs::remove_file(place.path().join("head")).unwrap();
        fs::write(place.path().join("log"), &log[..length]).unwrap();
        let error = writing(place.path()).unwrap_err();
        assert!(matches!(error, StateError::Lost { from: first, to: 3, .. } if first == from), "{length}: {error:?}");
        fs::write(place.path().join("log"), &log).unwrap();
        writing(place.path()).unwrap();
    }
}

#[tokio::test]
async fn a_missing_log_is_no_new_store() {
    let place = tempfile::tempdir().unwrap();
    small(place.path()).await;
    fs::remove_file(place.path().join("log")).unwrap();
    for opened in [reading(place.path()), writing(place.path())] {
        assert!(matches!(opened.unwrap_err(), StateError::Lost { from: 1, to: 3, .. }));
    }
    fs::remove_file(place.path().join("head")).unwrap();
    assert!(matches!(writing(place.path()).unwrap_err(), StateError::Lost { from: 1, to: 3, .. }));
}

#[tokio::test]
async fn a_log_put_back_from_before_is_noticed() {
    let place = tempfile::tempdir().unwrap();
    let (before, log, head, _) = small(place.path()).await;
    let gone = Entry::Removed { uid: uid("a"), generation: 1, forgotten: false };
    filled(place.path(), &[&[gone]]).await;
    fs::write(place.path().join("log"), &log).unwrap();
    fs::write(place.path().join("head"), &head).unwrap();
    let error = writing(place.path()).unwrap_err();
    assert!(matches!(error, StateError::Lost { from: 4, to: 4, .. }), "{error:?}");
    assert!(error.to_string().contains("prod::a::aws:ec2/vpc; if the log was put back"), "{error}");
    // The way out that it names.
    fs::remove_dir_all(place.path().join("view")).unwrap();
    assert_eq!(writing(place.path()).unwrap().snapshot(), &before);
}

#[tokio::test]
async fn the_head_of_another_store_is_noticed() {
    let place = tempfile::tempdir().unwrap();
    small(&place.path().join("a")).await;
    let other = [vec![bound()], vec![started(1)], vec![ended(1)]];
    filled(&place.path().join("b"), &other.each_ref().map(Vec::as_slice)).await;
    fs::copy(place.path().join("b/head"), place.path().join("a/head")).unwrap();
    for opened in [reading(&place.path().join("a")), writing(&place.path().join("a"))] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StateError::Damaged { sequence: 3, .. } | StateError::Lost { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_view_with_any_file_flipped_cut_or_missing_is_made_again() {
    let place = tempfile::tempdir().unwrap();
    let kept = place.path().join("kept");
    let (snapshot, ..) = small(&kept).await;
    let files = files_below(&kept.join("view"));
    assert!(files.len() >= 2, "{files:?}");
    let folder = place.path().join("damaged");
    let mut opened = 0;
    let mut check = |damage: &dyn Fn()| {
        let _ = fs::remove_dir_all(&folder);
        copy(&kept, &folder);
        damage();
        let store = writing(&folder).unwrap();
        assert_eq!(store.snapshot(), &snapshot);
        assert!(store.notes()[0].contains("made again from the log"), "{:?}", store.notes());
        opened += 1;
    };
    for file in
        files.iter().map(|file| folder.join(file.strip_prefix(&kept).unwrap())).chain([folder.join("view.sums")])
    {
        let name = kept.join(file.strip_prefix(&folder).unwrap());
        let bytes = fs::read(name).unwrap();
        check(&|| fs::remove_file(&file).unwrap());
        check(&|| fs::write(&file, b"").unwrap());
        for offset in (0..bytes.len()).step_by(bytes.len() / 6 + 1) {
            check(&|| {
                let mut flipped = bytes.clone();
                flipped[offset] ^= 0x10;
                fs::write(&file, &flipped).unwrap();
            });
        }
    }
    check(&|| fs::remove_dir_all(folder.join("view")).unwrap());
    check(&|| {
        fs::remove_dir_all(folder.join("view")).unwrap();
        fs::write(folder.join("view"), "no folder").unwrap();
    });
    assert!(opened > 10, "{opened}");
}

/// What the sums guard against: sled opens some damaged files and shows an earlier state. What is then believed, for the message
/// about a damaged log, is at least a state that once was.
#[tokio::test]
async fn a_damaged_view_that_sled_opens_shows_a_state_that_once_was_or_none() {
    let place = tempfile::tempdir().unwrap();
    let (snapshot, ..) = small(place.path()).await;
    let rows = |names: &[&str]| names.iter().map(|name| Entry::Row(row(name, 1, RowState::Ready))).collect::<Vec<_>>();
    let mut history = vec![Snapshot::default()];
    for entries in [vec![bound()], rows(&["a"]), rows(&["b"])] {
        let mut next = history.last().cloned().unwrap();
        next.fold(&entries);
        history.push(next);
    }
    assert_eq!(history.last(), Some(&snapshot));
    let folder = place.path().join("view");
    let files = view::ViewFiles { folder: folder.clone(), sums: place.path().join("view.sums") };
    assert_eq!(view::View::salvage(&files).as_ref(), Some(&snapshot));
    let bytes = fs::read(folder.join("db")).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    for offset in (0..used).step_by(used / 24 + 1) {
        let mut flipped = bytes.clone();
        flipped[offset] ^= 0x10;
        fs::write(folder.join("db"), &flipped).unwrap();
        let shown = view::View::salvage(&files);
        assert!(shown.is_none_or(|shown| history.contains(&shown)), "{offset}");
    }
}

#[tokio::test]
async fn a_damaged_store_is_rebuilt_from_the_view() {
    let place = tempfile::tempdir().unwrap();
    let (snapshot, log, _, begins) = small(place.path()).await;
    for damage in [begins[1] as usize + 100, begins[0] as usize + 100, 3] {
        let mut damaged = log.clone();
        damaged[damage] ^= 1;
        fs::write(place.path().join("log"), &damaged).unwrap();
        let head = fs::read(place.path().join("head")).unwrap();
        assert!(writing(place.path()).is_err());

        let notes = LocalStore::rebuild(place.path(), &holder()).unwrap();
        assert!(notes[0].ends_with("state of commit 3 from the view"), "{notes:?}");
        let aside = notes.last().unwrap().rsplit(' ').next().unwrap();
        assert_eq!(fs::read(aside).unwrap(), damaged);
        let store = writing(place.path()).unwrap();
        assert_eq!(store.snapshot().rows(), snapshot.rows());
        assert_eq!(store.snapshot().binding(), snapshot.binding());
        assert_eq!(store.snapshot().sequence(), 1);
        drop(store);
        assert_eq!(LocalStore::rebuild(place.path(), &holder()).unwrap(), ["the log is whole; nothing was done"]);

        let _ = fs::remove_dir_all(place.path());
        assert_eq!(small(place.path()).await.2, head);
    }
}

#[tokio::test]
async fn without_a_view_a_damaged_store_is_rebuilt_from_the_log_before_the_damage() {
    let place = tempfile::tempdir().unwrap();
    let (_, log, ..) = small(place.path()).await;
    fs::remove_dir_all(place.path().join("view")).unwrap();
    fs::write(place.path().join("log"), &log[..log.len() - 1]).unwrap();
    let notes = LocalStore::rebuild(place.path(), &holder()).unwrap();
    assert!(notes[0].ends_with("state of commit 2 from the log before its damage"), "{notes:?}");
    assert!(notes.contains(&"commits 3 to 3 are lost".to_owned()), "{notes:?}");
    assert_eq!(writing(place.path()).unwrap().snapshot().urns().collect::<Vec<_>>(), [&urn("a")]);

    // Where nothing is left, it says so and changes nothing.
    fs::remove_dir_all(place.path().join("view")).unwrap();
    fs::write(place.path().join("log"), "").unwrap();
    assert!(matches!(LocalStore::rebuild(place.path(), &holder()), Err(StateError::Lost { .. })));
    assert!(matches!(writing(place.path()), Err(StateError::Lost { .. })));
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}
