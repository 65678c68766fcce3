//! The view: the snapshot in sled, so that a store is opened without folding its whole history.
//!
//! It can always be made again from the log, and is whenever anything about it is not as it was left. sled 0.34 opens damaged
//! files without a word and with fewer rows, or panics, or asks for memory that is not there. So its files are compared with the
//! sums that were written when it was last closed, before sled sees them; every value carries a checksum; and one sum over all
//! values tells a value that is missing. A view that was not closed (the process was killed) has no fitting sums and is made again.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::frame::{self, Position, hex, unhex};
use super::snapshot::{Item, Snapshot};
use crate::record::Entry;

/// The most memory that sled keeps pages in; the default of 1 GB is for servers.
const CACHE: u64 = 16 * 1024 * 1024;

/// The key, in the tree `meta`, of what the view is the view of. Another one whenever views hold more than before: one that does not have it is
/// made again.
const EXTENT: &str = "extent-2";

/// An open view.
pub(super) struct View {
    files: ViewFiles,
    db: sled::Db,
    rows: sled::Tree,
    intents: sled::Tree,
    meta: sled::Tree,
    extent: Extent,
}

/// Where a view is kept.
#[derive(Debug, Clone)]
pub(super) struct ViewFiles {
    /// sled's folder.
    pub(super) folder: PathBuf,
    /// The sums of the files in it.
    pub(super) sums: PathBuf,
}

/// What a view is the view of, and the sum over its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    position: Position,
    count: u64,
    // The wrapping sum of the checksums: changes with each value alone, whatever the number of the others.
    sum: u128,
}

impl View {
    /// Opens the view if its files are as they were when it was closed, and its content is whole.
    ///
    /// # Errors
    /// Why it cannot be used, fitting "the view …".
    pub(super) fn open(files: &ViewFiles) -> Result<(Self, Snapshot), String> {
        let sums = match fs::read_to_string(&files.sums) {
            Ok(sums) => sums,
            Err(_) => return Err("was not closed".to_owned()),
        };
        let found = sums_of(&files.folder).map_err(|error| format!("cannot be read: {error}"))?;
        if sums != found {
            return Err("is not as it was left".to_owned());
        }
        let view = Self::open_unchecked(files)?;
        let (extent, snapshot) = view.load()?;
        Ok((Self { extent, ..view }, snapshot))
    }

    /// Makes the view of a snapshot, in place of whatever is there. One that is made half has no sums and is never believed.
    ///
    /// # Errors
    /// Why it cannot be made, fitting "the view …".
    pub(super) fn make(files: &ViewFiles, snapshot: &Snapshot, position: &Position) -> Result<Self, String> {
        Self::remove(files).map_err(|error| format!("cannot be removed: {error}"))?;
        let mut view = Self::open_unchecked(files)?;
        view.put(&snapshot.items().collect(), snapshot, position)?;
        Ok(view)
    }

    /// Removes whatever is there.
    pub(super) fn remove(files: &ViewFiles) -> io::Result<()> {
        remove(&files.sums)?;
        match fs::remove_dir_all(&files.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            // Something that is no folder.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => remove(&files.folder),
            other => other,
        }
    }

    /// What is left of a view whose files cannot be trusted, read from a copy, so that nothing is changed: for saying what was
    /// lost. Its values are whole; some may be missing.
    pub(super) fn salvage(files: &ViewFiles) -> Option<Snapshot> {
        // One for each process: readers take no lock.
        let copy = files.folder.with_extension(format!("copy-{}", std::process::id()));
        let salvaged = copied(&files.folder, &copy).ok().and_then(|()| {
            let files = ViewFiles { folder: copy.clone(), sums: copy.with_extension("sums-of-copy") };
            Self::open_unchecked(&files).ok()?.load().ok().map(|(_, snapshot)| snapshot)
        });
        let _ = fs::remove_dir_all(&copy);
        salvaged
    }

    /// How far the log went when it was last written.
    pub(super) fn position(&self) -> &Position {
        &self.extent.position
    }

    /// Takes over what a commit of these entries changed.
    ///
    /// # Errors
    /// Why it cannot be used any more.
    pub(super) fn follow(&mut self, entries: &[Entry], snapshot: &Snapshot, position: &Position) -> Result<(), String> {
        self.put(&entries.iter().flat_map(Item::touched).collect(), snapshot, position)
    }

    /// Writes everything out and then the sums of the files, which make it believed at the next open.
    pub(super) fn close(self) {
        let Self { files, db, rows, intents, meta, extent: _ } = self;
        let closed = guarded(move || {
            db.flush()?;
            drop((rows, intents, meta, db));
            Ok(())
        });
        // Without sums, the next run makes the view again: that is all that can go wrong here.
        if closed.is_ok()
            && released(&files.folder.join("db"))
            && let Ok(sums) = sums_of(&files.folder)
        {
            let _ = super::folder::write_private(&files.sums, sums.as_bytes());
        }
    }

    fn open_unchecked(files: &ViewFiles) -> Result<Self, String> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&files.folder);
        made.map_err(|error| format!("cannot be made: {error}"))?;
        let (db, rows, intents, meta) = guarded(|| {
            // Nothing is flushed on a timer: a view that was not closed is made again anyway.
            let config = sled::Config::default().path(&files.folder).cache_capacity(CACHE).flush_every_ms(None);
            let db = config.open()?;
            Ok((db.clone(), db.open_tree("rows")?, db.open_tree("intents")?, db.open_tree("meta")?))
        })?;
        // sled leaves this to the umask. Files that it makes later are hidden by the folder.
        let private = files_of(&files.folder).and_then(|paths| {
            paths.iter().try_for_each(|path| fs::set_permissions(path, Permissions::from_mode(0o600)))
        });
        private.map_err(|error| format!("cannot be made private: {error}"))?;
        let extent = Extent { position: Position::START, count: 0, sum: 0 };
        Ok(Self { files: files.clone(), db, rows, intents, meta, extent })
    }

    fn load(&self) -> Result<(Extent, Snapshot), String> {
        let mut stated = None;
        let mut found = Extent { position: Position::START, count: 0, sum: 0 };
        let mut entries = Vec::new();
        for tree in [&self.meta, &self.rows, &self.intents] {
            let values: Vec<(sled::IVec, sled::IVec)> = guarded(|| tree.iter().collect())?;
            for (key, value) in values {
                let (check, text) = checked(tree, &key, &value).ok_or("holds a broken value")?;
                if key == EXTENT.as_bytes() {
                    stated = Extent::decode(text);
                    continue;
                }
                found.count += 1;
                found.sum = found.sum.wrapping_add(check);
                entries.extend(frame::entries(text).map_err(|_| "holds a value that cannot be read")?);
            }
        }
        let stated = stated.ok_or("does not say what it is the view of")?;
        if (stated.count, stated.sum) != (found.count, found.sum) {
            return Err("lacks values".to_owned());
        }
        Ok((stated, Snapshot::restored(stated.position.sequence, &entries)))
    }

    fn put(&mut self, items: &BTreeSet<Item>, snapshot: &Snapshot, position: &Position) -> Result<(), String> {
        let (mut rows, mut intents, mut meta) = <(sled::Batch, sled::Batch, sled::Batch)>::default();
        let mut extent = Extent { position: *position, ..self.extent };
        for item in items {
            let key = key(item);
            let (tree, batch) = match item {
                Item::Row(_) => (&self.rows, &mut rows),
                Item::Intent(_) => (&self.intents, &mut intents),
                _ => (&self.meta, &mut meta),
            };
            if let Some(before) = guarded(|| tree.get(&key))? {
                let (check, _) = checked(tree, key.as_bytes(), &before).ok_or("holds a broken value")?;
                extent.count -= 1;
                extent.sum = extent.sum.wrapping_sub(check);
            }
            let entries = snapshot.entries(item);
            if entries.is_empty() {
                batch.remove(key.as_bytes());
                continue;
            }
            let text = frame::payload(&entries).map_err(|error| error.to_string())?;
            let (check, value) = sealed(tree, key.as_bytes(), &text);
            extent.count += 1;
            extent.sum = extent.sum.wrapping_add(check);
            batch.insert(key.as_bytes(), value);
        }
        let (_, value) = sealed(&self.meta, EXTENT.as_bytes(), extent.encode().as_bytes());
        meta.insert(EXTENT.as_bytes(), value);
        // Three batches are not one: a view torn between them is told by its sum. sled writes, and waits, for an empty one too.
        let has = |sort: fn(&Item) -> bool| items.iter().any(sort);
        guarded(|| {
            if has(|item| matches!(item, Item::Row(_))) {
                self.rows.apply_batch(rows)?;
            }
            if has(|item| matches!(item, Item::Intent(_))) {
                self.intents.apply_batch(intents)?;
            }
            self.meta.apply_batch(meta)
        })?;
        self.extent = extent;
        Ok(())
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("files", &self.files).field("extent", &self.extent).finish_non_exhaustive()
    }
}

impl Extent {
    fn encode(&self) -> String {
        let Position { sequence, hash, length } = &self.position;
        let sum = hex(&self.sum.to_be_bytes());
        json!({ "sequence": sequence, "length": length, "hash": hex(hash), "count": self.count, "sum": sum })
            .to_string()
    }

    fn decode(text: &[u8]) -> Option<Self> {
        let json: Json = serde_json::from_slice(text).ok()?;
        let number = |name| json.get(name).and_then(Json::as_u64);
        let text = |name| json.get(name).and_then(Json::as_str);
        let position =
            Position { sequence: number("sequence")?, hash: unhex(text("hash")?)?, length: number("length")? };
        Some(Self { position, count: number("count")?, sum: u128::from_be_bytes(unhex(text("sum")?)?) })
    }
}

/// The key of an item in its tree.
fn key(item: &Item) -> String {
    match item {
        Item::Binding => "binding".to_owned(),
        Item::Outputs => "outputs".to_owned(),
        Item::Pin(urn) => format!("pin/{urn}"),
        Item::Deployment(number) => format!("deployment/{number:016x}"),
        Item::Row((uid, generation)) | Item::Intent((uid, generation)) => format!("{uid}/{generation:08x}"),
        Item::LetGo((uid, generation)) => format!("let-go/{uid}/{generation:08x}"),
    }
}

/// A value as it is kept: 16 bytes of SHA-256 over its place and text, and the text. Cut, since it guards against accidents and
/// the log is there to tell what is true.
fn sealed(tree: &sled::Tree, key: &[u8], text: &[u8]) -> (u128, Vec<u8>) {
    let check = check(tree, key, text);
    (check, [&check.to_be_bytes(), text].concat())
}

/// The checksum and the text of a value, if they fit.
fn checked<'a>(tree: &sled::Tree, key: &[u8], value: &'a [u8]) -> Option<(u128, &'a [u8])> {
    let (stated, text) = value.split_first_chunk::<16>()?;
    let check = check(tree, key, text);
    (u128::from_be_bytes(*stated) == check).then_some((check, text))
}

fn check(tree: &sled::Tree, key: &[u8], text: &[u8]) -> u128 {
    let mut hash = Sha256::new();
    for part in [tree.name().as_ref(), key] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let hash = hash.chain_update(text).finalize();
    hash.iter().take(16).fold(0, |check, byte| check << 8 | u128::from(*byte))
}

/// Calls sled, whose panics count as errors.
fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("cannot be used: {error}")),
        Err(_) => Err("made sled panic".to_owned()),
    }
}

/// Waits until sled has let go of its file: a thread of its own may hold on to it for a moment after it was dropped, and the sums
/// are those of files that nobody writes any more. Whether it has, within a tenth of a second.
fn released(db: &Path) -> bool {
    let Ok(file) = File::open(db) else { return false };
    (0..100).any(|_| {
        let free = file.try_lock().is_ok();
        if !free {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        free
    })
}

/// A line for each file of a folder, at every depth: its SHA-256 and its path.
fn sums_of(folder: &Path) -> io::Result<String> {
    let mut lines = String::new();
    for path in files_of(folder)? {
        let mut hash = Sha256::new();
        let mut file = File::open(&path)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => hash.update(&buffer[..read]),
            }
        }
        let name = path.strip_prefix(folder).unwrap_or(&path);
        lines.push_str(&format!("{} {}\n", hex(&hash.finalize()), name.display()));
    }
    Ok(lines)
}

fn files_of(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_of(&entry.path())?);
        } else {
            files.insert(entry.path());
        }
    }
    Ok(files)
}

fn copied(from: &Path, to: &Path) -> io::Result<()> {
    for path in files_of(from)? {
        let copy = to.join(path.strip_prefix(from).unwrap_or(&path));
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&path, &copy)?;
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
