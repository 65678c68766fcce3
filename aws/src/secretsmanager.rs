//! AWS Secrets Manager.

mod permissions;
pub mod secret;

pub use secret::{ReplicaRegion, Secret, SecretArn, SecretOutputs};
