//! Formwork: production AWS infrastructure as one Rust function.
//!
//! ```no_run
//! use formwork::prelude::*;
//!
//! #[derive(serde::Deserialize)]
//! struct ProdConfig {
//!     cidr_block: String,
//! }
//!
//! fn prod(stack: &mut Stack, config: &ProdConfig) -> Result<()> {
//!     let vpc = stack.add("main", ec2::Vpc::builder().cidr_block(&config.cidr_block).build());
//!     stack.export("vpc_id", &vpc.id);
//!     Ok(())
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     formwork::Runner::new("acme").stack("prod", prod).main()
//! }
//! ```
//!
//! This crate is what a stack imports: the vocabulary of programs from the engine, the resource types of AWS by service,
//! [`components`] made of them, typed [`config`], the command line ([`Runner`]), and [`testing`] without a cloud. Other programs that
//! want the engine itself use [`engine`] and [`aws`] and leave the command line out.

// What `derive(StackOutputs)` writes names this crate, also within its own tests.
extern crate self as formwork;

mod cli;
pub mod components;
pub mod config;
mod environment;
pub mod generate;
mod keys;
mod migrate;
pub mod prelude;
pub mod render;
mod runner;
mod terminal;
pub mod testing;
mod trail;

pub use formwork_aws as aws;
pub use formwork_engine as engine;

pub use formwork_engine::{
    Error, Handle, Input, IntoInput, Json, Name, Options, Output, Program, ProviderName, ProviderSpec, Secret, Stack,
    StackOutputs, Timeouts, Urn, Version, all, join, options, prefix,
};
pub use runner::Runner;

/// What a stack function returns. Mistakes of a program are collected by [`Stack`] itself; an error from here ends the run with
/// them, before anything is called.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error for a stack function that cannot go on: the program or its configuration has to change.
pub fn mistake(reason: impl Into<String>) -> Error {
    Error::new(engine::error::Turn::You, "read the program", reason)
}
