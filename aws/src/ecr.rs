//! Amazon Elastic Container Registry.

mod permissions;
pub mod repository;

pub use repository::{Encryption, Repository, RepositoryName, RepositoryOutputs, TagMutability};
