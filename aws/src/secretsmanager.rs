//! AWS Secrets Manager.

pub(crate) mod marks;
mod permissions;
pub mod secret;

pub use secret::{ReplicaRegion, Secret, SecretArn, SecretOutputs};
