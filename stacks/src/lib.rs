//! The production stacks, readable as examples of how to write one.

pub mod prod;

pub use prod::{ProdConfig, prod};
