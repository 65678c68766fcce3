//! Requests of Cloud Control: every change is one, has a token of its own, and is asked about until it is over.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudcontrol::types::{
    HandlerErrorCode, Operation, OperationStatus, ProgressEvent, ResourceRequestStatusFilter,
};
use formwork_engine::kind::{CallClass, Status};

use crate::context::Aws;
use crate::error::{Error, OrGone, Result};

/// How long a request is asked about in one go. A create that takes longer is sent again, with its client token, and answers the same request.
const LIMIT: Duration = Duration::from_secs(900);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Asks about a request until it is over.
///
/// # Errors
/// With [`CallClass::Uncertain`] when it takes too long.
pub(super) async fn over(aws: &Aws, mut event: ProgressEvent) -> Result<ProgressEvent> {
    let since = aws.clock().elapsed();
    let mut pause = FIRST_PAUSE;
    while !is_over(&event) {
        if aws.clock().elapsed().saturating_sub(since) >= LIMIT {
            let reason = format!("the request {} is not over yet", event.request_token().unwrap_or_default());
            let mut error = Error::unexpected("cloudcontrol GetResourceRequestStatus", reason);
            error.0.class = CallClass::Uncertain;
            return Err(error);
        }
        aws.clock().sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let token = event.request_token.clone().unwrap_or_default();
        let next = crate::lifecycle::again(aws, || request(aws, &token)).await.map_err(Error)?;
        event =
            next.ok_or_else(|| Error::unexpected("cloudcontrol GetResourceRequestStatus", "the request is not known"))?;
    }
    Ok(event)
}

/// The identifier of what a create that is over has made.
///
/// A request that failed may name one nevertheless: of what it has made, when that did not come up, and otherwise perhaps of something that was
/// there before. Only the first is ours.
///
/// # Errors
/// When it has made nothing, in the words of the type's handler.
pub(super) fn made(event: &ProgressEvent) -> Result<&str> {
    let failed = event.operation_status != Some(OperationStatus::Success);
    if failed && event.error_code != Some(HandlerErrorCode::NotStabilized) {
        return Err(failure("cloudcontrol CreateResource", event));
    }
    let identifier = event.identifier().filter(|identifier| !identifier.is_empty());
    identifier.ok_or_else(|| failure("cloudcontrol CreateResource", event))
}

/// The identifiers of what these creates, all over, have made: but for those of which a later one was told that they exist already. It may have been
/// ours, and the thing somebody else's.
pub(super) fn undisputed(creates: &[ProgressEvent]) -> Vec<&str> {
    let disputed = |identifier: &str, since: &ProgressEvent| {
        creates.iter().any(|other| {
            other.identifier() == Some(identifier)
                && other.error_code == Some(HandlerErrorCode::AlreadyExists)
                && other.event_time >= since.event_time
        })
    };
    let made = creates.iter().filter_map(|event| Some((made(event).ok()?, event)));
    let mut found: Vec<&str> =
        made.filter(|(identifier, event)| !disputed(identifier, event)).map(|(identifier, _)| identifier).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// A request, unless it is forgotten: they are kept for seven days.
pub(super) async fn request(aws: &Aws, token: &str) -> Result<Option<ProgressEvent>> {
    let call = aws.cloudcontrol().get_resource_request_status().request_token(token);
    Ok(call.send().await.or_gone(&["RequestTokenNotFoundException"])?.and_then(|answer| answer.progress_event))
}

/// The requests of the last seven days for one operation, those that are over and the others.
pub(super) async fn all(aws: &Aws, operation: Operation) -> Result<Vec<ProgressEvent>> {
    let filter = ResourceRequestStatusFilter::builder().operations(operation).build();
    let call = aws.cloudcontrol().list_resource_requests().resource_request_status_filter(filter);
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page?.resource_request_status_summaries.unwrap_or_default());
    }
    Ok(found)
}

/// The last deletion of each resource that was asked for, by type and identifier.
pub(super) async fn deletions(aws: &Aws) -> Result<BTreeMap<(String, String), ProgressEvent>> {
    let mut last: BTreeMap<(String, String), ProgressEvent> = BTreeMap::new();
    for event in all(aws, Operation::Delete).await? {
        let (Some(kind), Some(identifier)) = (event.type_name.clone(), event.identifier.clone()) else { continue };
        let known = last.get(&(kind.clone(), identifier.clone()));
        if known.is_none_or(|known| known.event_time < event.event_time) {
            last.insert((kind, identifier), event);
        }
    }
    Ok(last)
}

/// Whether nothing more will happen.
pub(super) fn is_over(event: &ProgressEvent) -> bool {
    use OperationStatus::{CancelComplete, Failed, Success};
    matches!(event.operation_status, Some(Success | Failed | CancelComplete))
}

/// What a request means for its resource.
pub(super) fn status(event: &ProgressEvent) -> Status {
    match &event.operation_status {
        Some(OperationStatus::Success) if event.operation == Some(Operation::Delete) => Status::Gone,
        Some(OperationStatus::Success) => Status::Ready,
        Some(OperationStatus::Failed | OperationStatus::CancelComplete) => Status::Failed(words(event)),
        Some(other) => Status::Pending(other.as_str().to_lowercase()),
        None => Status::Pending("pending".to_owned()),
    }
}

/// A request that failed, as the answer of a call.
fn failure(operation: &str, event: &ProgressEvent) -> Error {
    use HandlerErrorCode::{AccessDenied, AlreadyExists, InvalidCredentials, UnauthorizedTaggingOperation};
    let mut error = Error::unexpected(operation, words(event));
    if let Some(code) = &event.error_code {
        error.0.answer.code = code.as_str().to_owned();
    }
    error.0.class = match &event.error_code {
        Some(AlreadyExists) => CallClass::Exists,
        Some(AccessDenied | UnauthorizedTaggingOperation) => CallClass::Denied,
        Some(InvalidCredentials) => CallClass::Credentials,
        // The request is over, also where the service was only too busy: another one needs another token, which the next run has.
        _ => CallClass::Refused,
    };
    error
}

fn words(event: &ProgressEvent) -> String {
    let code = event.error_code.as_ref().map(HandlerErrorCode::as_str);
    let words: Vec<&str> = [code, event.status_message.as_deref()].into_iter().flatten().collect();
    match words[..] {
        [] => "the request failed, and Cloud Control does not say why".to_owned(),
        _ => words.join(": "),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudcontrol::types::builders::ProgressEventBuilder;

    use super::*;

    fn event(operation: Operation, over: OperationStatus) -> ProgressEventBuilder {
        ProgressEvent::builder().operation(operation).operation_status(over)
    }

    #[test]
    fn a_request_says_how_its_resource_is() {
        let rows = [
            (Operation::Create, OperationStatus::Pending, Status::Pending("pending".to_owned())),
            (Operation::Create, OperationStatus::InProgress, Status::Pending("in_progress".to_owned())),
            (Operation::Create, OperationStatus::Success, Status::Ready),
            (Operation::Update, OperationStatus::Success, Status::Ready),
            (Operation::Delete, OperationStatus::Success, Status::Gone),
        ];
        for (operation, over, meaning) in rows {
            assert_eq!(status(&event(operation, over).build()), meaning);
        }
    }

    #[test]
    fn a_failed_request_speaks_in_the_words_of_its_handler() {
        let failed = event(Operation::Create, OperationStatus::Failed)
            .error_code(HandlerErrorCode::NotStabilized)
            .status_message("it did not come up")
            .build();
        assert_eq!(status(&failed), Status::Failed("NotStabilized: it did not come up".to_owned()));
    }

    #[test]
    fn only_what_a_failed_create_has_made_itself_is_ours() {
        let named = |code: HandlerErrorCode| {
            let failed =
                event(Operation::Create, OperationStatus::Failed).identifier("reports").error_code(code).build();
            made(&failed).map(str::to_owned)
        };
        assert_eq!(named(HandlerErrorCode::NotStabilized).ok().as_deref(), Some("reports"));
        for other in [
            HandlerErrorCode::AlreadyExists,
            HandlerErrorCode::InvalidRequest,
            HandlerErrorCode::GeneralServiceException,
        ] {
            assert!(named(other).is_err());
        }
    }

    #[test]
    fn what_a_later_create_was_told_to_exist_is_nobodys_to_claim() {
        use aws_smithy_types::DateTime;
        let create = |identifier: &str, second: i64, failed: Option<HandlerErrorCode>| {
            let over = if failed.is_some() { OperationStatus::Failed } else { OperationStatus::Success };
            let event = event(Operation::Create, over).identifier(identifier).set_error_code(failed);
            event.event_time(DateTime::from_secs(second)).build()
        };
        let exists = || Some(HandlerErrorCode::AlreadyExists);
        let creates = [
            create("theirs", 1, None),
            create("theirs", 2, exists()),
            create("ours", 4, None),
            create("ours", 3, exists()),
        ];
        assert_eq!(undisputed(&creates), ["ours"]);
    }

    #[test]
    fn a_name_that_is_taken_is_told_from_a_request_that_is_refused() {
        let failed = |code| {
            failure(
                "cloudcontrol CreateResource",
                &event(Operation::Create, OperationStatus::Failed).error_code(code).build(),
            )
        };
        assert_eq!(failed(HandlerErrorCode::AlreadyExists).0.class, CallClass::Exists);
        assert_eq!(failed(HandlerErrorCode::AccessDenied).0.class, CallClass::Denied);
        assert_eq!(failed(HandlerErrorCode::InvalidRequest).0.class, CallClass::Refused);
    }
}
