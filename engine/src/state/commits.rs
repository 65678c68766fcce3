//! Reads the entries of a log again, commit by commit: what a snapshot is the fold of.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use super::StateError;
use super::folder::failed;
use super::frame::{self, MARK, Next, PayloadError, Records};
use super::sealing::Sealing;
use crate::record::{Entry, FORMAT};

/// The entries of the first `upto` commits of a log that was read before and found whole that far.
pub(super) fn commits(log: &Path, upto: u64, sealing: &Sealing) -> Result<Vec<Vec<Entry>>, StateError> {
    if upto == 0 {
        return Ok(Vec::new());
    }
    let unreadable = |error: std::io::Error| failed("read", log, &error);
    let file = File::open(log).map_err(unreadable)?;
    let end = file.metadata().map_err(unreadable)?.len();
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    reader.by_ref().take(MARK.len() as u64).read_to_end(&mut Vec::new()).map_err(unreadable)?;
    let mut records = Records::new(reader, end);
    let mut commits = Vec::new();
    for sequence in 1..=upto {
        let offset = records.position().length;
        let damaged = |reason: String| StateError::Damaged {
            path: log.to_owned(),
            sequence,
            offset,
            reason,
            knowledge: "it was whole when it was opened".to_owned(),
        };
        let payload = match records.read().map_err(unreadable)? {
            Next::Record(payload) => payload,
            Next::End => return Err(damaged("the log ends here now".to_owned())),
            Next::Broken(reason) => return Err(damaged(reason)),
        };
        let entries = sealing.open(sequence, &payload).and_then(|payload| frame::entries(&payload));
        commits.push(entries.map_err(|error| match error {
            PayloadError::Locked { key, reason } => StateError::Locked { path: log.to_owned(), key, reason },
            PayloadError::Newer(found) => StateError::Newer { path: log.to_owned(), found, known: FORMAT },
            PayloadError::Unreadable(reason) => damaged(reason),
        })?);
    }
    Ok(commits)
}
