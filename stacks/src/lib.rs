//! The production stacks, readable as examples of how to write one.

pub mod platform;
pub mod prod;

pub use platform::{PlatformConfig, platform};
pub use prod::{ProdConfig, prod};
