//! Cloud Control API: types that have no file of their own.

mod patch;
mod permissions;
pub mod property;
mod requests;
pub mod resource;

pub use property::Property;
pub use resource::{Desired, Resource, ResourceId, ResourceOutputs};
