//! Amazon CloudWatch Logs: log groups.

pub mod log_group;

pub use log_group::{LogGroup, LogGroupClass, LogGroupName, LogGroupOutputs};
