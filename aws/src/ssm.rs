//! Systems Manager: parameters, and what others have put into them.

pub(crate) mod marks;
pub mod parameter;
pub mod parameter_value;
mod permissions;

pub use parameter::{DataType, Parameter, ParameterName, ParameterOutputs, ParameterType, Tier};
pub use parameter_value::{parameter, parameter_in};
