//! Reads a log from its beginning, checks every record, and says what is wrong with it.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::folder::failed;
use super::frame::{self, MARK, Next, PayloadError, Position, Records};
use super::sealing::Sealing;
use super::{Snapshot, StateError};
use crate::record::FORMAT;

/// What was read.
#[derive(Debug)]
pub(super) struct Scan {
    /// The fold of the whole records; empty when it was not asked for.
    pub(super) snapshot: Snapshot,
    /// The position after the last of them.
    pub(super) position: Position,
    /// How the log is.
    pub(super) verdict: Verdict,
}

/// How a log is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its creation was cut off: it holds no more than a part of the mark.
    Unborn,
    /// Every byte belongs to a record, and it goes at least as far as the head says.
    Whole,
    /// The same, and there are bytes of a further record that was never acknowledged.
    Torn {
        /// How many.
        bytes: u64,
    },
    /// A record that was acknowledged is not what was written.
    Damaged {
        /// Its number.
        sequence: u64,
        /// Where it begins.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// It ends before the record that the head names.
    Lost {
        /// The number of that record.
        to: u64,
    },
    /// A record does not open with the key at hand.
    Locked {
        /// The name of its key.
        key: Option<String>,
        /// Why.
        reason: String,
    },
    /// It was written by a newer Formwork.
    Newer {
        /// In this format.
        found: u32,
        /// The newest that is known.
        known: u32,
    },
}

/// Reads a log; `None` when there is none. `head` is where it must go to at least, where that is known; with `fold` the entries
/// are read too, and not only checked.
pub(super) fn scan(
    path: &Path,
    head: Option<&Position>,
    fold: bool,
    sealing: &Sealing,
) -> Result<Option<Scan>, StateError> {
    let unreadable = |error: io::Error| failed("read", path, &error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let end = file.metadata().map_err(unreadable)?.len();
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    let mut mark = Vec::new();
    reader.by_ref().take(MARK.len() as u64).read_to_end(&mut mark).map_err(unreadable)?;
    let scan = match marked(&mark, head) {
        Some(verdict) => Scan { snapshot: Snapshot::default(), position: Position::START, verdict },
        None => records(Records::new(reader, end), end, head, fold.then_some(sealing)).map_err(unreadable)?,
    };
    Ok(Some(scan))
}

/// The payload of the first record; `None` where there is none, or nothing that is one.
pub(super) fn first(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    let unreadable = |error: io::Error| failed("read", path, &error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let end = file.metadata().map_err(unreadable)?.len();
    let mut reader = BufReader::new(file);
    let mut mark = Vec::new();
    reader.by_ref().take(MARK.len() as u64).read_to_end(&mut mark).map_err(unreadable)?;
    if mark != MARK {
        return Ok(None);
    }
    match Records::new(reader, end).read().map_err(unreadable)? {
        Next::Record(payload) => Ok(Some(payload)),
        Next::End | Next::Broken(_) => Ok(None),
    }
}

/// What is wrong with the first bytes, if something is.
fn marked(mark: &[u8], head: Option<&Position>) -> Option<Verdict> {
    if mark == MARK {
        return None;
    }
    let damaged = |reason: String| Some(Verdict::Damaged { sequence: 1, offset: 0, reason });
    if MARK.starts_with(mark) {
        return match head {
            Some(head) if head.sequence > 0 => Some(Verdict::Lost { to: head.sequence }),
            _ => Some(Verdict::Unborn),
        };
    }
    // A later frame differs in the digit alone.
    let (name, version) = mark.split_at(mark.len().min(MARK.len() - 2));
    match version {
        [digit @ b'2'..=b'9', b'\n'] if MARK.starts_with(name) => {
            Some(Verdict::Newer { found: u32::from(digit - b'0'), known: 1 })
        }
        _ => damaged("it does not begin like a log of Formwork".to_owned()),
    }
}

fn records<R: Read>(
    mut records: Records<R>,
    end: u64,
    head: Option<&Position>,
    fold: Option<&Sealing>,
) -> io::Result<Scan> {
    let mut snapshot = Snapshot::default();
    let verdict = loop {
        let before = *records.position();
        let damaged =
            |reason: String| Verdict::Damaged { sequence: before.sequence + 1, offset: before.length, reason };
        // What the head does not vouch for was never acknowledged. Without a head nothing tells the two apart, so everything
        // counts as acknowledged: the head is replaced in one piece, so that no crash loses it.
        let acknowledged = head.is_none_or(|head| before.sequence < head.sequence);
        let payload = match records.read()? {
            Next::Record(payload) => payload,
            Next::End => match head {
                Some(head) if acknowledged => break Verdict::Lost { to: head.sequence },
                _ => break Verdict::Whole,
            },
            Next::Broken(_) if !acknowledged => break Verdict::Torn { bytes: end - before.length },
            Next::Broken(reason) => match head {
                Some(head) if end < head.length => break Verdict::Lost { to: head.sequence },
                _ => break damaged(reason),
            },
        };
        let after = records.position();
        if head.is_some_and(|head| head.sequence == after.sequence && head != after) {
            break damaged("the file head names another record of this number".to_owned());
        }
        let Some(sealing) = fold else { continue };
        match sealing.open(after.sequence, &payload).and_then(|payload| frame::entries(&payload)) {
            Ok(entries) => snapshot.fold(&entries),
            Err(PayloadError::Locked { key, reason }) => break Verdict::Locked { key, reason },
            Err(PayloadError::Newer(found)) => break Verdict::Newer { found, known: FORMAT },
            Err(PayloadError::Unreadable(reason)) => {
                break damaged(format!("the record is whole, but its entries cannot be read: {reason}"));
            }
        }
    };
    Ok(Scan { snapshot, position: *records.position(), verdict })
}
