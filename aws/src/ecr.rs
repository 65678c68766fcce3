//! Amazon Elastic Container Registry.

pub(crate) mod marks;
mod permissions;
pub mod repository;

pub use repository::{Encryption, Repository, RepositoryName, RepositoryOutputs, TagMutability};
