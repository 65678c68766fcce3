//! Amazon Elastic File System: file systems and the addresses at which a VPC reaches them.

pub mod file_system;
pub mod mount_target;
mod permissions;

pub use file_system::{FileSystem, FileSystemId, FileSystemOutputs, PerformanceMode, ThroughputMode, TransitionAfter};
pub use mount_target::{MountTarget, MountTargetId, MountTargetOutputs};
