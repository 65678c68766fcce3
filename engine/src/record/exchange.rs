//! What stacks write for each other: what one has ([`Published`]) and what one uses ([`Uses`]). Kept apart from the stores, as JSON files or
//! objects of their own ([`crate::exchange`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{RowKey, Stored};
use crate::urn::{Uid, Urn};

/// The version of what is written here; a newer one is refused.
pub const EXCHANGE_FORMAT: u32 = 1;

/// The outputs of a stack after its last run, for other stacks to read. Holds no secret and no digest of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// [`EXCHANGE_FORMAT`].
    pub format: u32,
    /// The project.
    pub project: String,
    /// The stack.
    pub stack: String,
    /// The lineage of its store.
    pub lineage: String,
    /// The account of its default provider.
    pub account: String,
    /// The region of its default provider.
    pub region: String,
    /// The endpoint when it is not AWS itself; for the emulator, with its instance.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The number of the run that it tells of.
    pub deployment: u64,
    /// The outputs by name.
    pub outputs: BTreeMap<String, PublishedOutput>,
}

/// One output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedOutput {
    /// Whether it may be used.
    pub standing: Standing,
    /// Its value, where it may be used.
    #[serde(default)]
    pub value: Option<Stored>,
    /// The resources whose outputs it is computed from.
    #[serde(default)]
    pub sources: Vec<Source>,
}

/// Whether an output may be used by another stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its value is known and stays.
    Known,
    /// It is a secret, and secrets are not published.
    Secret,
    /// The last run did not get as far as its value.
    Unfinished,
    /// A run that is going on, or was cut short, takes it away: nobody begins to use it any more.
    Leaving,
}

/// A resource that an output comes from: this very generation of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub urn: Urn,
    /// Its identity.
    pub uid: Uid,
    /// Its generation.
    pub generation: u32,
    /// Its id in the account, for people.
    pub id: String,
}

impl Source {
    /// What its row is named by.
    pub fn key(&self) -> RowKey {
        (self.uid.clone(), self.generation)
    }
}

/// What a stack uses: by the other stack's name, by its output, the resources that the output came from when it was read.
pub type Used = BTreeMap<String, BTreeMap<String, Vec<Source>>>;

/// Everything that a stack uses of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses {
    /// [`EXCHANGE_FORMAT`].
    pub format: u32,
    /// The project.
    pub project: String,
    /// The stack that uses.
    pub stack: String,
    /// The lineage of its store.
    pub lineage: String,
    /// The endpoint when it is not AWS itself; for the emulator, with its instance.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// What it uses.
    pub of: Used,
}
