//! AWS Secrets Manager.

pub mod existing;
pub(crate) mod marks;
mod permissions;
pub mod secret;

pub use existing::{ExistingSecret, secret, secret_in, secret_value, secret_value_in};
pub use secret::{ReplicaRegion, Secret, SecretArn, SecretOutputs};
