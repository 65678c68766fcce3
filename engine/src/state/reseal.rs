//! [`LocalStore::reseal`]: a log written anew under another key, or sealed, or in the clear.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::folder::failed;
use super::frame::{self, MARK, Next, Position, Records};
use super::head;
use super::local::{Files, refusal};
use super::lock::Lock;
use super::scan::{Verdict, scan};
use super::sealing::Sealing;
use super::view::View;
use super::{Holder, LocalStore, StateError};
use crate::digest;
use crate::seal::Sealer;

/// What became of a store that was to be sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resealed {
    /// There is no store.
    Nothing,
    /// Every record was as it should be.
    Already,
    /// So many records were written anew.
    Records(u64),
}

impl LocalStore {
    /// Writes the records of a store anew: with `whole` each of them sealed, otherwise in the clear with their secrets sealed one by one.
    /// The sealer opens what the former keys sealed.
    ///
    /// # Guarantees
    /// All or nothing: the next log is complete on the disk before it takes the place of the last. Numbers and contents stay. Interrupted at
    /// any moment, the store opens with the keys of this sealer, and this can be done again.
    ///
    /// # Errors
    /// [`StateError::Held`]; a log that is damaged; [`StateError::Locked`] when a record was sealed with a key that is not at hand.
    pub fn reseal(folder: &Path, holder: &Holder, sealer: &Sealer, whole: bool) -> Result<Resealed, StateError> {
        let files = Files::of(folder);
        let sealing = Sealing::either(sealer.clone(), whole);
        if !files.log.exists() && !files.head.exists() {
            return Ok(Resealed::Nothing);
        }
        sealing.check(&files.log)?;
        let _lock = Lock::take(folder, holder)?;
        let head = head::read(&files.head).map_err(|error| failed("read", &files.head, &error))?;
        let Some(scanned) = scan(&files.log, head.position(), true, &sealing)? else {
            let to = head.position().map_or(1, |head| head.sequence);
            return Err(super::local::lost(&files, 1, to, "there is no log".to_owned()));
        };
        match scanned.verdict {
            Verdict::Whole | Verdict::Torn { .. } => {}
            Verdict::Unborn => return Ok(Resealed::Nothing),
            _ => return Err(refusal(&files, &scanned, || "nothing was sealed anew".to_owned())),
        }
        let next = files.log.with_extension("next");
        let (position, changed) = write(&files, &next, &scanned.position, &sealing, sealer)?;
        if changed == 0 {
            fs::remove_file(&next).map_err(|error| failed("remove", &next, &error))?;
            return Ok(Resealed::Already);
        }
        // The view first, which would speak of another log. Then the head: a log without one counts as it stands, whichever of the two it is.
        View::remove(&files.view).map_err(|error| failed("remove", &files.view.folder, &error))?;
        let replaced = match fs::remove_file(&files.head) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => File::open(&files.folder).and_then(|folder| folder.sync_all()),
        };
        let replaced = replaced
            .and_then(|()| fs::rename(&next, &files.log))
            .and_then(|()| File::open(&files.folder)?.sync_all())
            .and_then(|()| head::write(&files.head, &position));
        replaced.map_err(|error| failed("replace", &files.log, &error))?;
        Ok(Resealed::Records(changed))
    }
}

/// Writes the next log, up to the position that the scan reached; answers where it ends and how many records are not what they were.
fn write(
    files: &Files,
    next: &Path,
    until: &Position,
    sealing: &Sealing,
    sealer: &Sealer,
) -> Result<(Position, u64), StateError> {
    let reading = |error: io::Error| failed("read", &files.log, &error);
    let writing = |error: io::Error| failed("write", next, &error);
    let misuse = |reason: String| StateError::Misuse { reason };
    let mut reader = BufReader::with_capacity(256 * 1024, File::open(&files.log).map_err(reading)?);
    reader.by_ref().take(MARK.len() as u64).read_to_end(&mut Vec::new()).map_err(reading)?;
    let mut records = Records::new(reader, until.length);
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(next).map_err(writing)?;
    let mut file = BufWriter::new(file);
    file.write_all(MARK).map_err(writing)?;
    let (mut position, mut changed) = (Position::START, 0);
    while let Next::Record(payload) = records.read().map_err(reading)? {
        let sequence = position.sequence + 1;
        let plain =
            sealing.open(sequence, &payload).map_err(|error| misuse(format!("commit {sequence}: {error:?}")))?;
        let anew = digest::resealed(&plain, sealer).map_err(|error| StateError::Locked {
            path: files.log.clone(),
            key: None,
            reason: format!("a secret in commit {sequence} does not open: {error}"),
        })?;
        let plain = anew.unwrap_or_else(|| plain.into_owned());
        let sealed = sealing.close(sequence, plain);
        changed += u64::from(sealed != payload);
        let encoded = frame::encode(&position, &sealed);
        let (record, after) = encoded.ok_or_else(|| misuse("a commit has 4 GiB or more".to_owned()))?;
        file.write_all(&record).map_err(writing)?;
        position = after;
    }
    file.flush().and_then(|()| file.get_ref().sync_all()).map_err(writing)?;
    match position.sequence == until.sequence {
        true => Ok((position, changed)),
        false => Err(misuse(format!("the log ended at commit {} while it was read again", position.sequence))),
    }
}
