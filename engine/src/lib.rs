//! The engine of Formwork: a program in, a changed account out.
//!
//! Knows no AWS, no terminal, no environment. The way of a run, in the order of the modules:
//!
//! 1. The user's function writes into a [`Stack`], which becomes a [`Program`] ([`program`], with typed wiring in [`input`]
//!    and [`resource`] over the untyped [`expr`], [`value`] and [`shape`]).

extern crate self as formwork_engine;

pub mod clock;
pub mod compare;
pub mod digest;
pub mod error;
pub mod event;
pub mod expr;
pub mod field;
#[cfg(test)]
mod fixtures;
pub mod graph;
pub mod input;
pub mod kind;
pub mod observe;
pub mod options;
pub mod plan;
pub mod program;
pub mod record;
pub mod resource;
pub mod settings;
pub mod shape;
pub mod state;
pub mod testing;
pub mod urn;
pub mod value;

pub use error::{Answer, Error, Turn};
pub use expr::Expr;
pub use field::{Caseless, Field, Json, Mismatch, Name, Secret, Version};
pub use formwork_macros::*;
pub use input::{Input, IntoInput, Output, Part, Prefix, all, join, prefix};
pub use options::{Options, Timeouts, options};
pub use program::{Declaration, Handle, Program, ProviderName, ProviderSpec, Stack};
pub use resource::{ChangeSet, Declared, Given, OutputFields, Resource, Unset};
pub use shape::{
    After, ArgSchema, Change, ChangeRule, Guard, Hazard, Link, Moves, OutputSchema, Schema, Shape, Stage, Wait,
};
pub use urn::{KindName, SourceLine, Uid, Urn};
pub use value::Value;
