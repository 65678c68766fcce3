//! Amazon CloudWatch Logs: log groups.

pub mod log_group;
pub(crate) mod marks;
mod permissions;

pub use log_group::{LogGroup, LogGroupClass, LogGroupName, LogGroupOutputs};
