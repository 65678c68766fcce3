//! Calls of EC2 that take several things answer with success and name inside what failed.

use aws_sdk_ec2::types::UnsuccessfulItem;
use formwork_engine::Answer;
use formwork_engine::kind::{CallClass, CallError};

use crate::error::{Error, Result};
use crate::retry;

/// The first failure, as the error it would be if it stood for the whole answer.
pub(super) fn unsuccessful(operation: &str, items: Option<Vec<UnsuccessfulItem>>) -> Result<()> {
    let Some(error) = items.unwrap_or_default().into_iter().find_map(|item| item.error) else { return Ok(()) };
    let (code, message) = (error.code.unwrap_or_default(), error.message.unwrap_or_default());
    let class = if let Some(window) = retry::window("ec2", operation, &code, &message) {
        CallClass::Passing(window)
    } else if code.contains("AlreadyExists") {
        CallClass::Exists
    } else {
        CallClass::Refused
    };
    let answer = Answer { operation: format!("ec2 {operation}"), code, message, request_id: None };
    Err(Error(CallError { answer, class }))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::UnsuccessfulItemError;

    use super::*;

    fn class(code: &str, message: &str) -> Option<CallClass> {
        let error = UnsuccessfulItemError::builder().code(code).message(message).build();
        let item = UnsuccessfulItem::builder().resource_id("vpc-1").error(error).build();
        unsuccessful("CreateFlowLogs", Some(vec![item])).err().map(|error| error.0.class)
    }

    #[test]
    fn an_item_that_failed_is_an_error_of_its_class() {
        assert_eq!(class("FlowLogAlreadyExists", ""), Some(CallClass::Exists));
        assert_eq!(class("InvalidVpcId.NotFound", ""), Some(CallClass::Refused));
        let passing = class("InvalidParameter", "Unable to assume given IAM role");
        assert!(matches!(passing, Some(CallClass::Passing(_))));
    }

    #[test]
    fn nothing_failed_without_an_error() {
        assert_eq!(unsuccessful("CreateFlowLogs", None), Ok(()));
        assert_eq!(unsuccessful("CreateFlowLogs", Some(vec![UnsuccessfulItem::builder().build()])), Ok(()));
    }
}
