//! What is kept of a run beside its rows: what it was asked for, what it planned, what became of each step.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Stored;
use crate::urn::{SourceLine, Urn};

/// An expression as it is kept: everything but the closures, of which the place and the types stand for themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    /// A known value; secrets as everywhere in records.
    Value(Stored),
    /// An output of a resource or a read.
    Output {
        /// Whose, as it was called then.
        urn: Urn,
        /// Which.
        name: String,
    },
    /// A list.
    List(Vec<Formula>),
    /// A block or a map with known keys.
    Record(BTreeMap<String, Formula>),
    /// A map with computed keys.
    Entries(Vec<(Formula, Formula)>),
    /// The texts of the parts, one after the other.
    Join(Vec<Formula>),
    /// An element of a list, counted from 0.
    At(Box<Formula>, usize),
    /// A named entry of a map.
    Field(Box<Formula>, String),
    /// The JSON text of the value.
    Json(Box<Formula>),
    /// What a closure made of the value.
    Map {
        /// What it was applied to.
        input: Box<Formula>,
        /// Where the program wrote it.
        place: SourceLine,
        /// The types it maps between.
        types: String,
    },
    /// The same value, secret.
    Secret(Box<Formula>),
}

/// What a run knew of its program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecordedProgram {
    /// Says whether two runs of one store had the same program: 32 hex digits over names, types, expressions and options. Places of closures are
    /// part of it.
    pub fingerprint: String,
    /// The version of the engine.
    pub version: String,
    /// The providers apart from the default one, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<String, RecordedProvider>,
    /// What the outputs of the stack were computed from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exports: BTreeMap<String, Formula>,
}

/// What a provider was.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecordedProvider {
    /// The region; the default provider's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The role for another account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume_role: Option<String>,
}

/// A step as it was planned; without values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// What it does, in the plan's word.
    pub op: String,
    /// Of what.
    pub urn: Urn,
    /// Why.
    pub reason: String,
    /// Whether it is half of a replacement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces: bool,
    /// The fields that it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// What became of a step that was not simply done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTrouble {
    /// Of what.
    pub urn: Urn,
    /// `failed`, `blocked`, `not begun`.
    pub outcome: String,
    /// Why: what the service said, or what it waited for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}
