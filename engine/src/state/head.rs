//! The file `head`: how far the log goes, so that a cut tail is told from a whole log.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::frame::{Position, hex, unhex};

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// How far the log goes.
    Known(Position),
    /// There is no such file.
    Missing,
    /// There is one, and its checksum is wrong.
    Broken,
}

impl Head {
    /// The position, where it is known.
    pub(super) fn position(&self) -> Option<&Position> {
        match self {
            Head::Known(position) => Some(position),
            Head::Missing | Head::Broken => None,
        }
    }
}

/// Reads it.
pub(super) fn read(path: &Path) -> io::Result<Head> {
    match fs::read(path) {
        Ok(bytes) => Ok(decode(&bytes).map_or(Head::Broken, Head::Known)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Head::Missing),
        Err(error) => Err(error),
    }
}

/// Replaces it, durably: the next one is complete on the disk before it takes the place of the last.
pub(super) fn write(path: &Path, position: &Position) -> io::Result<()> {
    let next = path.with_extension("next");
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
    file.write_all(encode(position).as_bytes())?;
    file.sync_all()?;
    fs::rename(&next, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn encode(position: &Position) -> String {
    let Position { sequence, hash, length } = position;
    let (hash, check) = (hex(hash), check(position));
    format!("{}\n", json!({ "sequence": sequence, "length": length, "hash": hash, "check": check }))
}

fn decode(bytes: &[u8]) -> Option<Position> {
    let json: Json = serde_json::from_slice(bytes).ok()?;
    let position = Position {
        sequence: json.get("sequence")?.as_u64()?,
        hash: unhex(json.get("hash")?.as_str()?)?,
        length: json.get("length")?.as_u64()?,
    };
    (json.get("check")?.as_str()? == check(&position)).then_some(position)
}

fn check(position: &Position) -> String {
    let Position { sequence, hash, length } = position;
    hex(&Sha256::digest(format!("formwork-head {sequence} {length} {}", hex(hash))))
}
