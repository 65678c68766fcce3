//! [`Sealing`]: whether the records of a log are sealed, and with what.
//!
//! What is sealed is the payload; length, number, link and checksum of a record stay readable ([`super::frame`]), and the checksum is that of
//! the sealed bytes. So a log is checked without the key, and damage is told from a wrong key. The number of a record is part of what is
//! authenticated: no record opens in the place of another.

use std::borrow::Cow;
use std::path::Path;

use super::frame::PayloadError;
use super::{StateError, scan};
use crate::seal::{OpenError, Sealer};

/// The first bytes of a sealed payload; one in the clear begins with `[`.
const MARK: &[u8] = b"formwork-sealed1";

/// How the records of a log are written and read.
#[derive(Debug, Clone, Default)]
pub struct Sealing {
    sealer: Option<Sealer>,
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Rule {
    /// Records are written, and must be, in the clear.
    #[default]
    Clear,
    /// Records are written, and must be, sealed.
    Sealed,
    /// Records are read however they are, and written sealed or not.
    Either { sealed: bool },
}

impl Sealing {
    /// Records in the clear; secrets in them are digests, or sealed one by one.
    pub fn clear() -> Self {
        Self::default()
    }

    /// Every record sealed as a whole.
    pub fn whole(sealer: Sealer) -> Self {
        Self { sealer: Some(sealer), rule: Rule::Sealed }
    }

    /// Reads records however they are, where there is a key, and writes them sealed or in the clear: for changing from one to the other.
    pub(super) fn either(sealer: Sealer, sealed: bool) -> Self {
        Self { sealer: Some(sealer), rule: Rule::Either { sealed } }
    }

    /// Whether nothing of the records may stand anywhere in the clear.
    pub fn is_whole(&self) -> bool {
        self.rule == Rule::Sealed
    }

    /// The payload as it is written as the record of this number.
    pub fn close(&self, sequence: u64, payload: Vec<u8>) -> Vec<u8> {
        self.close_for(&purpose(sequence), payload)
    }

    /// A snapshot as it is written, of the fold up to the record of this number.
    pub fn close_snapshot(&self, sequence: u64, payload: Vec<u8>) -> Vec<u8> {
        self.close_for(&snapshot_purpose(sequence), payload)
    }

    fn close_for(&self, purpose: &[u8], payload: Vec<u8>) -> Vec<u8> {
        match (&self.sealer, self.rule) {
            (Some(sealer), Rule::Sealed | Rule::Either { sealed: true }) => {
                [MARK, &sealer.seal(purpose, &payload)].concat()
            }
            _ => payload,
        }
    }

    /// The payload that was written as the record of this number.
    ///
    /// # Errors
    /// When it is sealed and should not be, or the other way round; when the key is another one; when it does not open.
    pub fn open<'a>(&self, sequence: u64, payload: &'a [u8]) -> Result<Cow<'a, [u8]>, PayloadError> {
        self.open_for(&purpose(sequence), &|| format!("commit {sequence}"), payload)
    }

    /// The snapshot that was written as the fold up to the record of this number.
    ///
    /// # Errors
    /// As [`Sealing::open`].
    pub fn open_snapshot<'a>(&self, sequence: u64, payload: &'a [u8]) -> Result<Cow<'a, [u8]>, PayloadError> {
        self.open_for(&snapshot_purpose(sequence), &|| format!("the snapshot of commit {sequence}"), payload)
    }

    fn open_for<'a>(
        &self,
        purpose: &[u8],
        name: &dyn Fn() -> String,
        payload: &'a [u8],
    ) -> Result<Cow<'a, [u8]>, PayloadError> {
        let locked = |key: Option<String>, reason: String| Err(PayloadError::Locked { key, reason });
        let Some(sealed) = payload.strip_prefix(MARK) else {
            return match self.rule {
                Rule::Sealed => locked(None, format!("{} stands there in the clear", name())),
                _ => Ok(Cow::Borrowed(payload)),
            };
        };
        let key = || sealed.get(..8).map(super::frame::hex);
        let sealer = match (&self.sealer, self.rule) {
            (Some(sealer), Rule::Sealed | Rule::Either { .. }) => sealer,
            _ => return locked(key(), "it is sealed, and no key was given for it".to_owned()),
        };
        match sealer.open(purpose, sealed) {
            Ok(plain) => Ok(Cow::Owned(plain.to_vec())),
            Err(OpenError::OtherKey { id }) => locked(Some(id), format!("the key at hand is {}", sealer.id())),
            Err(error) => Err(PayloadError::Unreadable(error.to_string())),
        }
    }

    /// Looks at the first record, before anything of a store is touched, so that a wrong key leaves no trace.
    pub(super) fn check(&self, log: &Path) -> Result<(), StateError> {
        let Some(payload) = scan::first(log)? else { return Ok(()) };
        match self.open(1, &payload) {
            Err(PayloadError::Locked { key, reason }) => Err(StateError::Locked { path: log.to_owned(), key, reason }),
            // Whatever else is wrong is said where the whole log is read.
            _ => Ok(()),
        }
    }
}

fn snapshot_purpose(sequence: u64) -> Vec<u8> {
    [b"formwork snapshot v1".as_slice(), &sequence.to_le_bytes()].concat()
}

fn purpose(sequence: u64) -> Vec<u8> {
    [b"formwork record v1".as_slice(), &sequence.to_le_bytes()].concat()
}
