//! AWS Secrets Manager.

pub mod secret;

pub use secret::{ReplicaRegion, Secret, SecretArn, SecretOutputs};
