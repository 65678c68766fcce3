//! A whole store as one document: what `state export` writes and `state import` reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DeploymentEnd, DeploymentStart, Intent, Row, RowKey, Stored};
use crate::kind::Identity;
use crate::urn::Urn;

/// The version of [`Exported`]; a newer one is refused.
pub const EXPORT_VERSION: u32 = 1;

/// Everything that is recorded of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Exported {
    /// [`EXPORT_VERSION`].
    pub version: u32,
    /// The commits that it is the fold of.
    pub sequence: u64,
    /// What the store belongs to; `None` of one that nothing was written to.
    pub binding: Option<ExportedBinding>,
    /// The rows.
    pub rows: Vec<Row>,
    /// The steps that are open.
    pub intents: Vec<Intent>,
    /// The pinned answers by the name of the read.
    pub pins: BTreeMap<Urn, ExportedPin>,
    /// The outputs of the stack.
    pub outputs: BTreeMap<String, Stored>,
    /// The runs.
    pub deployments: Vec<ExportedDeployment>,
    /// The resources that were let go, by uid and generation: what carries their tags is no stray.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub let_go: Vec<RowKey>,
}

/// What the store belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedBinding {
    /// The format of the records.
    pub format: u32,
    /// The lineage.
    pub lineage: String,
    /// The project.
    pub project: String,
    /// The stack.
    pub stack: String,
    /// Account, partition, region and endpoint.
    pub identity: Identity,
    /// The key of the digests; left out where the document stands in the clear, since with it secrets can be guessed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_key: Option<String>,
}

/// The answer of a pinned read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedPin {
    /// Its arguments when it was pinned.
    pub args: Stored,
    /// Its outputs.
    pub outputs: Stored,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedDeployment {
    /// How it began.
    pub start: DeploymentStart,
    /// How it ended; `None` when it did not.
    pub end: Option<DeploymentEnd>,
}
