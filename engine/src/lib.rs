//! The engine of Formwork: a program in, a changed account out.
//!
//! Knows no AWS, no terminal, no environment. The way of a run, in the order of the modules:
//!
//! 1. The user's function writes into a [`Stack`], which becomes a [`Program`] ([`program`], with typed wiring in [`input`]
//!    and [`resource`] over the untyped [`expr`], [`value`] and [`shape`]).
//! 2. The program becomes a graph: what comes before what ([`graph`]).
//! 3. What an earlier run left open in the store ([`state`], written as [`record`]) is resolved ([`recover`]).
//! 4. The account is read, in batches ([`observe`], through [`kind`]).
//! 5. Declared, recorded and observed are compared ([`compare`]) and become a plan: the steps, and nothing else, that a run does ([`plan`]).
//!    What the cloud would refuse is found before the first call and stands in it ([`preflight`]).
//! 6. The steps are done, each remembered before and after every call ([`apply`]); what happens is told as it happens ([`event`]).
//!
//! With a key, secrets are kept sealed ([`seal`]), and a store may be sealed whole; without one, keyed digests stand in their place.
//! What others say of secrets is masked ([`mask`]).
//!
//! What a stack has for others, and what it uses of others, goes through an [`exchange`].
//!
//! A [`run::Session`] leads through all of it and stops where something is not right; [`settings`] are what its caller decides, [`amend`]
//! changes records alone, [`clock`] is where
//! time comes from, [`error`] is how anything that goes wrong is said. [`testing`] has a cloud and a clock for tests.

extern crate self as formwork_engine;

pub mod amend;
pub mod apply;
pub mod clock;
pub mod compare;
pub mod digest;
pub mod error;
pub mod event;
pub mod exchange;
pub mod expr;
pub mod field;
#[cfg(test)]
mod fixtures;
pub mod graph;
pub mod history;
pub mod input;
pub mod kind;
pub mod mask;
pub mod observe;
pub mod options;
pub mod plan;
pub mod preflight;
pub mod program;
pub mod record;
pub mod recover;
pub mod resource;
pub mod rollback;
pub mod run;
pub mod rust;
pub mod seal;
pub mod settings;
pub mod shape;
pub mod state;
pub mod testing;
pub mod transfer;
pub mod urn;
pub mod value;

pub use error::{Answer, Error, Turn};
pub use expr::Expr;
pub use field::{Caseless, Field, Json, Mismatch, Name, Secret, Version};
pub use formwork_macros::*;
pub use input::{Input, IntoInput, Output, Part, Prefix, all, join, prefix};
pub use options::{Options, Timeouts, options};
pub use program::{
    Declaration, Handle, Program, ProviderName, ProviderSpec, Stack, StackOutput, StackOutputs, WantedOutput,
};
pub use resource::{ChangeSet, Declared, Given, OutputFields, Resource, Unset};
pub use rust::{Alternative, Form, Rust};
pub use shape::{
    After, ArgSchema, Change, ChangeRule, Ending, Guard, Hazard, Link, Moves, OutputSchema, Schema, Shape, Stage, Wait,
};
pub use urn::{KindName, SourceLine, Uid, Urn};
pub use value::Value;
