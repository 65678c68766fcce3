//! Amazon Elastic Container Registry.

pub mod repository;

pub use repository::{Encryption, Repository, RepositoryName, RepositoryOutputs, TagMutability};
