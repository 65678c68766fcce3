//! [`Resource`], [`OutputFields`], [`ChangeSet`]: what the derives write for a resource type.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use crate::expr::Expr;
use crate::field::{Field, Mismatch};
use crate::shape::{OutputSchema, Schema};
use crate::urn::Urn;
use crate::value::Value;

/// A resource type: identity and conversions, written by `derive(Resource)`. The verbs are elsewhere.
pub trait Resource: Sized + Send + Sync + 'static {
    /// The type of its id.
    type Id: Field + Clone + Ord + std::fmt::Display;
    /// Its outputs.
    type Outputs: OutputFields;
    /// One bool per argument that can be changed in place (or is handed over after create).
    type Changes: ChangeSet;

    /// The schema.
    fn schema() -> &'static Schema;

    /// The arguments as a value with all names.
    fn to_value(&self) -> Value;

    /// The arguments of a known value; entries that are missing take their defaults (an older row lacks newer arguments).
    ///
    /// # Errors
    /// When an entry is of another sort or a required one is missing.
    fn from_value(value: &Value) -> Result<Self, Mismatch>;
}

/// The outputs of a resource type, written by `derive(Outputs)`.
pub trait OutputFields: Sized + Send + Sync + 'static {
    /// A struct of the same fields, each an [`crate::Output`].
    type Refs: Send + Sync + 'static;

    /// The schema of each.
    const SCHEMA: &'static [OutputSchema];

    /// References to the outputs of a resource.
    fn refs(urn: &Urn) -> Self::Refs;

    /// As a value.
    fn to_value(&self) -> Value;

    /// From a known value.
    ///
    /// # Errors
    /// When an entry is missing or of another sort.
    fn from_value(value: &Value) -> Result<Self, Mismatch>;
}

/// A set of argument names as a struct of bools, written by `derive(Resource)`.
pub trait ChangeSet: Default + Send + Sync + 'static {
    /// Sets those named; other names are ignored, since they belong to arguments that force a replacement.
    fn from_names(names: &BTreeSet<String>) -> Self;

    /// The names that are set.
    fn names(&self) -> BTreeSet<String>;
}

/// What `build()` of a resource's builder gives: the declared arguments as expressions.
pub struct Declared<R> {
    /// The arguments that were given, by name.
    pub args: BTreeMap<String, Expr>,
    marker: PhantomData<fn() -> R>,
}

impl<R> Declared<R> {
    /// Puts the arguments together; called by the generated `build()`.
    pub fn new(args: BTreeMap<String, Expr>) -> Self {
        Self { args, marker: PhantomData }
    }
}

impl<R> std::fmt::Debug for Declared<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(&self.args).finish()
    }
}

/// The type parameter of a builder for a required argument that has not been given.
#[derive(Debug, Clone, Copy)]
pub struct Unset;

/// The type parameter of a builder for a required argument that has been given.
#[derive(Debug, Clone, Copy)]
pub struct Given;
