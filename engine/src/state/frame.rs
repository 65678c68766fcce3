//! The form of a log: a mark, then records, each bound to the one before it by its hash.
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | length of the payload, little-endian |
//! | 8 | sequence, little-endian: 1, 2, 3 … |
//! | 32 | hash of the record before; zeros in the first |
//! | 32 | hash of this record: SHA-256 over the three fields above and the payload |
//! | length | payload: a JSON list of [`crate::record::Entry`], sealed where the store is ([`super::Sealing`]) |
//!
//! The hash is checksum and link in one. It is whole and not cut, since 64 bytes are little beside a payload of kilobytes.

use std::io::{self, Read};

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::record::{Entry, FORMAT};

/// The first bytes of every log; the digit is the version of this frame and not that of the entries.
pub const MARK: &[u8; 16] = b"formwork-log v1\n";

const HEADER: usize = 4 + 8 + 32 + 32;

/// A SHA-256.
pub type Hash = [u8; 32];

/// A place between two records: how far a log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The number of the last record before it; 0 at the beginning.
    pub sequence: u64,
    /// The hash of that record; zeros at the beginning.
    pub hash: Hash,
    /// The bytes up to here, the mark included.
    pub length: u64,
}

impl Position {
    /// Before the first record.
    pub const START: Position = Position { sequence: 0, hash: [0; 32], length: MARK.len() as u64 };
}

/// The record that comes at a position, and the position after it; `None` when the payload has 4 GiB or more.
pub fn encode(at: &Position, payload: &[u8]) -> Option<(Vec<u8>, Position)> {
    let length = u32::try_from(payload.len()).ok()?;
    let mut header = Vec::with_capacity(HEADER + payload.len());
    header.extend_from_slice(&length.to_le_bytes());
    header.extend_from_slice(&(at.sequence + 1).to_le_bytes());
    header.extend_from_slice(&at.hash);
    let hash = hash(&header, payload);
    let mut record = header;
    record.extend_from_slice(&hash);
    record.extend_from_slice(payload);
    let after = Position { sequence: at.sequence + 1, hash, length: at.length + record.len() as u64 };
    Some((record, after))
}

fn hash(fields: &[u8], payload: &[u8]) -> Hash {
    Sha256::new().chain_update(fields).chain_update(payload).finalize().into()
}

/// What comes next in a log.
#[derive(Debug)]
pub enum Next {
    /// A whole record; its payload.
    Record(Vec<u8>),
    /// Nothing: the log ends here.
    End,
    /// Bytes that are no record that belongs here, and why.
    Broken(String),
}

/// Reads records one after the other and checks each.
#[derive(Debug)]
pub struct Records<R> {
    reader: R,
    position: Position,
    end: u64,
}

impl<R: Read> Records<R> {
    /// Reads on after the mark; `end` is the length of the whole log in bytes.
    pub fn new(reader: R, end: u64) -> Self {
        Self { reader, position: Position::START, end }
    }

    /// Reads on at a position; `end` is that of the whole log, counted as the position's length is.
    pub fn at(reader: R, position: Position, end: u64) -> Self {
        Self { reader, position, end }
    }

    /// The position after the last whole record.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// The next record. After [`Next::Broken`] there is no way to go on.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read(&mut self) -> io::Result<Next> {
        let remaining = self.end.saturating_sub(self.position.length);
        if remaining == 0 {
            return Ok(Next::End);
        }
        let broken = |reason: &str| Ok(Next::Broken(reason.to_owned()));
        if remaining < HEADER as u64 {
            return broken("the record ends within its header");
        }
        let mut header = [0; HEADER];
        if !filled(self.reader.read_exact(&mut header))? {
            return broken("the file ends within the record's header");
        }
        let (fields, stated) = header.split_at(44);
        let length = u32::from_le_bytes(fixed(&fields[..4]));
        // Checked before the length is believed, so that a flipped bit does not ask for gigabytes.
        if u64::from_le_bytes(fixed(&fields[4..12])) != self.position.sequence + 1 {
            return broken("the record has another number");
        }
        if fields[12..] != self.position.hash {
            return broken("the record does not follow the one before it");
        }
        if u64::from(length) > remaining - HEADER as u64 {
            return broken("the record is longer than the file");
        }
        let mut payload = vec![0; length as usize];
        if !filled(self.reader.read_exact(&mut payload))? {
            return broken("the file ends within the record");
        }
        let hash = hash(fields, &payload);
        if stated != hash {
            return broken("its checksum is wrong");
        }
        let length = self.position.length + HEADER as u64 + u64::from(length);
        self.position = Position { sequence: self.position.sequence + 1, hash, length };
        Ok(Next::Record(payload))
    }
}

/// A record by itself, whatever comes before it.
#[derive(Debug)]
pub struct Lone {
    /// Its number.
    pub sequence: u64,
    /// The hash that it says the record before it has.
    pub previous: Hash,
    /// Its own.
    pub hash: Hash,
    /// What it holds.
    pub payload: Vec<u8>,
}

/// Reads bytes that are one record, and checks it by its own hash.
///
/// # Errors
/// The reason, when they are none, or more than one.
pub fn lone(bytes: &[u8]) -> Result<Lone, String> {
    let Some((header, payload)) = bytes.split_at_checked(HEADER) else {
        return Err("it ends within its header".to_owned());
    };
    let (fields, stated) = header.split_at(44);
    if u32::from_le_bytes(fixed(&fields[..4])) as usize != payload.len() {
        return Err("it has another length than it says".to_owned());
    }
    let hash = hash(fields, payload);
    if stated != hash {
        return Err("its checksum is wrong".to_owned());
    }
    let (sequence, previous) = (u64::from_le_bytes(fixed(&fields[4..12])), fixed(&fields[12..]));
    Ok(Lone { sequence, previous, hash, payload: payload.to_vec() })
}

/// Whether the bytes were there; a file that a failed writer cuts back while it is read ends early.
fn filled(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

/// Why the payload of a whole record cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadError {
    /// It was written by a newer Formwork, in this format.
    Newer(u32),
    /// It is not a list of entries.
    Unreadable(String),
    /// It is sealed and there is no key for it, or it stands in the clear and should not.
    Locked {
        /// The name of its key.
        key: Option<String>,
        /// Why it does not open.
        reason: String,
    },
}

/// The payload of a commit.
///
/// # Errors
/// When serde fails, which no entry makes it do.
pub fn payload(entries: &[Entry]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(entries)
}

/// The entries of a payload.
///
/// # Errors
/// When it is of a newer format (said by the binding, the first entry of all), or no list of entries.
pub fn entries(payload: &[u8]) -> Result<Vec<Entry>, PayloadError> {
    let unreadable = |error: serde_json::Error| PayloadError::Unreadable(error.to_string());
    match serde_json::from_slice::<Vec<Entry>>(payload) {
        Ok(entries) => match entries.first() {
            Some(Entry::Bound(binding)) if binding.format > FORMAT => Err(PayloadError::Newer(binding.format)),
            _ => Ok(entries),
        },
        // A newer binding may look different; its format number stays where it is in all versions.
        Err(error) => {
            let json: Json = serde_json::from_slice(payload).map_err(unreadable)?;
            match json.pointer("/0/format").and_then(Json::as_u64).and_then(|format| u32::try_from(format).ok()) {
                Some(format) if format > FORMAT => Err(PayloadError::Newer(format)),
                _ => Err(unreadable(error)),
            }
        }
    }
}

/// Bytes as lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hex as bytes, when it is just as many.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (byte, index) in bytes.iter_mut().zip(0..) {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}
