//! What a shared store keeps beside its log: the lease of its writer, the pointer to the last snapshot, and where it has moved.

use serde::{Deserialize, Serialize};

use crate::state::Holder;

/// The version of [`Lease`], [`SharedHead`], [`Closed`] and [`MovedMark`].
pub const SHARED_FORMAT: u32 = 1;

/// Who may write a shared store, and for how long. Replaced as a whole at each renewal, under the tag of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The format.
    pub format: u32,
    /// Who has it.
    pub holder: Holder,
    /// Random: tells two runs of one holder apart.
    pub run: String,
    /// Counts from 0.
    pub renewal: u64,
    /// Milliseconds since 1970, by the holder's clock.
    pub renewed_at: u64,
    /// How long it lasts from then, in milliseconds.
    pub length: u64,
    /// How long a call of the holder may be under way, in milliseconds.
    pub request: u64,
    /// The log in which the holder writes.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub log: u64,
    /// The last commit there when it was renewed: a log that ends before it has lost something.
    pub sequence: u64,
    /// Whether the holder has let go of it.
    pub released: bool,
}

impl Lease {
    /// When it ends, in milliseconds since 1970, by the holder's clock.
    pub fn ends_at(&self) -> u64 {
        self.renewed_at.saturating_add(self.length)
    }
}

/// Which log of a shared store is in force, and where its last snapshot is. A hint: without it the logs are read from the beginning of the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedHead {
    /// The format.
    pub format: u32,
    /// The log.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub log: u64,
    /// The last commit that the snapshot is the fold of; 0 while there is none.
    pub sequence: u64,
}

/// Why a log was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBecause {
    /// All of its records are in the next one, sealed with another key, or in the clear.
    Resealed,
    /// Something was wrong in it: the next one has what was left.
    Rebuilt,
    /// A state of another lineage was imported.
    Replaced,
}

/// The last record of a log that another one has taken the place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// The format.
    pub format: u32,
    /// The log that has.
    pub next: u64,
    /// Why.
    pub because: ClosedBecause,
    /// By whom.
    pub by: Holder,
    /// Milliseconds since 1970.
    pub at: u64,
}

fn first() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_first(log: &u64) -> bool {
    *log == 1
}

/// Left in a store whose log goes on elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedMark {
    /// The format.
    pub format: u32,
    /// Where it goes on, as people write it.
    pub to: String,
    /// Milliseconds since 1970.
    pub at: u64,
    /// The last commit that was taken along.
    pub sequence: u64,
}

/// A run took a store over whose holder did not let go of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOver {
    /// Who took it.
    pub by: Holder,
    /// From whom.
    pub from: Holder,
    /// When the former lease ended, in milliseconds since 1970 by its holder's clock.
    pub lease_ended_at: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// The deployment that was cut short, when there was one.
    pub deployment: Option<u64>,
}

/// The log was copied here from another store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedHere {
    /// From where, as people write it.
    pub from: String,
    /// Its last commit.
    pub sequence: u64,
    /// By whom.
    pub by: Holder,
    /// Milliseconds since 1970.
    pub at: u64,
}
