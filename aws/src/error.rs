//! [`Error`]: a failed call to AWS, with what it means for the engine.

use std::error::Error as StdError;
use std::io::ErrorKind as IoKind;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use formwork_engine::Answer;
use formwork_engine::apply::Stopped;
use formwork_engine::kind::{CallClass, CallError};

use crate::context::Fenced;
use crate::{permission, retry};

/// What the verbs of a resource type answer.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed call. `?` on any SDK call makes one, with service and operation taken from the error's type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Error(pub CallError);

impl Error {
    /// An answer of AWS that makes no sense, such as a create without an id: refused, and shown as it is.
    pub fn unexpected(operation: &str, message: impl Into<String>) -> Self {
        Self::of(operation, "UnexpectedAnswer", message, CallClass::Refused)
    }

    /// Something that the type itself refuses before it calls.
    pub fn refused(operation: &str, message: impl Into<String>) -> Self {
        Self::of(operation, "Refused", message, CallClass::Refused)
    }

    /// An answer that was cut off.
    #[cfg(feature = "s3")]
    pub(crate) fn broken(operation: &str, message: impl Into<String>) -> Self {
        Self::of(operation, "BrokenAnswer", message, CallClass::Uncertain)
    }

    fn of(operation: &str, code: &str, message: impl Into<String>, class: CallClass) -> Self {
        let (operation, code, message) = (operation.to_owned(), code.to_owned(), message.into());
        Self(CallError { answer: Answer { operation, code, message, request_id: None }, class })
    }

    /// The error code as AWS gave it.
    pub fn code(&self) -> &str {
        &self.0.answer.code
    }

    /// Whether the code is one of these.
    pub fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code())
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let (service, operation) = named::<E>();
        let status = error.raw_response().map(|response| response.status().as_u16());
        let request_id = error.raw_response().and_then(|response| {
            let headers = response.headers();
            headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id")).map(str::to_owned)
        });
        let (code, message, class) = match &error {
            SdkError::ServiceError(context) => {
                let code = context
                    .err()
                    .code()
                    .map_or_else(|| status.map_or("Unknown".into(), |s| format!("Http{s}")), str::to_owned);
                let message = context.err().message().unwrap_or_default().to_owned();
                let class = classify(&service, &operation, &code, &message, status);
                let message = match class {
                    CallClass::Denied => permission::denied(&service, &operation, &message),
                    _ => message,
                };
                (code, message, class)
            }
            SdkError::ConstructionFailure(_) => {
                ("InvalidRequest".into(), chain(&error), lost(&error, CallClass::Refused))
            }
            SdkError::TimeoutError(_) => ("Timeout".into(), chain(&error), CallClass::Uncertain),
            SdkError::DispatchFailure(_) => ("NoAnswer".into(), chain(&error), lost(&error, CallClass::Uncertain)),
            _ => ("BrokenAnswer".into(), chain(&error), CallClass::Uncertain),
        };
        Self(CallError {
            answer: Answer { operation: format!("{service} {operation}"), code, message, request_id },
            class,
        })
    }
}

/// Service and operation of an SDK error type: `aws_sdk_rds::operation::create_db_instance::CreateDBInstanceError` is
/// (`rds`, `CreateDBInstance`). The language does not promise the form of a type's name, hence a test per service.
fn named<E>() -> (String, String) {
    let name = std::any::type_name::<E>();
    let service = name.split("::").next().unwrap_or_default().trim_start_matches("aws_sdk_").to_owned();
    let operation = name.rsplit("::").next().unwrap_or_default().trim_end_matches("Error").to_owned();
    (service, operation)
}

fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut words = Vec::new();
    let mut next = Some(error);
    while let Some(current) = next {
        let text = current.to_string();
        if words.last() != Some(&text) {
            words.push(text);
        }
        next = current.source();
    }
    if words.is_empty() { DisplayErrorContext(error).to_string() } else { words.join(": ") }
}

/// What a call that got no answer means: without credentials or a connection it never left.
fn lost(error: &(dyn StdError + 'static), otherwise: CallClass) -> CallClass {
    let mut next = Some(error);
    while let Some(current) = next {
        // The run was asked to stop while it waited for its turn.
        if current.is::<Stopped>() {
            return CallClass::Unsent;
        }
        if current.is::<CredentialsError>() {
            return CallClass::Credentials;
        }
        if current.is::<Fenced>() {
            return CallClass::Unsent;
        }
        if let Some(io) = current.downcast_ref::<std::io::Error>()
            && matches!(
                io.kind(),
                IoKind::ConnectionRefused
                    | IoKind::AddrNotAvailable
                    | IoKind::NetworkUnreachable
                    | IoKind::HostUnreachable
            )
        {
            return CallClass::Unsent;
        }
        if current.to_string().contains("dns error") {
            return CallClass::Unsent;
        }
        next = current.source();
    }
    otherwise
}

/// The codes by which the services say "too many calls".
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException.Throttled",
    "TooManyRequestsException",
    "SlowDown",
    "PriorRequestNotComplete",
    "TransactionInProgressException",
    "EC2ThrottledException",
];

const CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "AuthFailure",
    "SignatureDoesNotMatch",
    "InvalidToken",
    "MissingAuthenticationToken",
];

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "UnauthorizedOperation",
    "UnauthorizedAccess",
    "OptInRequired",
    "AllAccessDisabled",
];

/// Whether an answer says that there are too many calls.
pub(crate) fn is_throttled(status: u16, code: &str) -> bool {
    status == 429 || THROTTLED.contains(&code)
}

pub(crate) fn classify(service: &str, operation: &str, code: &str, message: &str, status: Option<u16>) -> CallClass {
    if is_throttled(status.unwrap_or_default(), code) {
        CallClass::Throttled
    } else if CREDENTIALS.contains(&code) {
        CallClass::Credentials
    } else if DENIED.contains(&code) {
        CallClass::Denied
    } else if retry::is_hopeless(code) {
        CallClass::Refused
    } else if let Some(window) = retry::window(service, operation, code, message) {
        CallClass::Passing(window)
    } else if exists(code) {
        CallClass::Exists
    } else if status.is_some_and(|status| status >= 500 && status != 501) {
        CallClass::Uncertain
    } else {
        CallClass::Refused
    }
}

fn exists(code: &str) -> bool {
    code.contains("AlreadyExists")
        || code.ends_with(".Duplicate")
        || code.starts_with("InvalidClientVpnDuplicate")
        || matches!(
            code,
            "DuplicateListener"
                | "DuplicateLoadBalancerName"
                | "DuplicateTargetGroupName"
                | "EntityAlreadyExists"
                | "MountTargetConflict"
                | "PriorityInUse"
                | "BucketAlreadyOwnedByYou"
                | "ResourceInUseException"
                | "ResourceExistsException"
                | "RouteAlreadyExists"
                | "InvalidSubnet.Conflict"
                | "Resource.AlreadyAssociated"
        )
}

/// A part of a resource that is read by a call of its own: where that is not allowed, the part is unreadable, and not the whole.
///
/// # Errors
/// Any other error of the call.
pub(crate) fn readable<T>(
    answer: Result<Option<T>>,
    args: &[&'static str],
    unreadable: &mut std::collections::BTreeMap<&'static str, String>,
) -> Result<Option<T>> {
    match answer {
        Err(error) if error.0.class == CallClass::Denied => {
            unreadable.extend(args.iter().map(|name| (*name, error.to_string())));
            Ok(None)
        }
        answer => answer,
    }
}

/// Turns "not found" into `None`.
pub trait OrGone<T> {
    /// `None` when the error's code is one of these.
    ///
    /// # Errors
    /// Any other error.
    fn or_gone(self, codes: &[&str]) -> Result<Option<T>>;
}

impl<T, E: Into<Error>> OrGone<T> for std::result::Result<T, E> {
    fn or_gone(self, codes: &[&str]) -> Result<Option<T>> {
        match self.map_err(Into::into) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is(codes) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_and_operation_come_from_the_errors_type() {
        let names = [
            named::<aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError>(),
            #[cfg(feature = "ec2")]
            named::<aws_sdk_ec2::operation::create_vpc::CreateVpcError>(),
            #[cfg(feature = "rds")]
            named::<aws_sdk_rds::operation::create_db_instance::CreateDBInstanceError>(),
            #[cfg(feature = "logs")]
            named::<aws_sdk_cloudwatchlogs::operation::create_log_group::CreateLogGroupError>(),
        ];
        let names: Vec<_> = names.iter().map(|(service, operation)| format!("{service} {operation}")).collect();
        assert_eq!(names[0], "sts GetCallerIdentity");
        #[cfg(feature = "all")]
        assert_eq!(names[1..], ["ec2 CreateVpc", "rds CreateDBInstance", "cloudwatchlogs CreateLogGroup"]);
    }

    #[test]
    fn codes_mean_what_the_services_mean() {
        let class = |code, status| classify("ec2", "CreateVpc", code, "", Some(status));
        assert_eq!(class("RequestLimitExceeded", 503), CallClass::Throttled);
        assert_eq!(class("ExpiredToken", 400), CallClass::Credentials);
        assert_eq!(class("UnauthorizedOperation", 403), CallClass::Denied);
        assert_eq!(class("InternalError", 500), CallClass::Uncertain);
        assert_eq!(class("InternalFailure", 501), CallClass::Refused);
        assert_eq!(class("InvalidVpcRange", 400), CallClass::Refused);
        assert_eq!(class("InvalidGroup.Duplicate", 400), CallClass::Exists);
        assert_eq!(class("InvalidClientVpnDuplicateRoute", 400), CallClass::Exists);
    }
}
