//! Waiting until attributes that were set are answered: SQS takes up to a minute to tell them to all of its servers.

use std::collections::BTreeMap;

use formwork_engine::kind::{Status, Waiting};
use serde_json::Value as Json;

use super::{Attributes, attributes};
use crate::context::Aws;
use crate::error::Result;
use crate::questions::each;

/// For how long an answer with other attributes counts as one from before the change. After that somebody else has changed them, which the
/// next plan shows.
const BELIEVED_AFTER: u64 = 3 * 60 * 1000;

/// Attributes that are answered otherwise than they were set: a key may be named by its alias, and what is at its default need not be said.
const REWRITTEN: [&str; 2] = ["KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId"];

/// What to wait for after attributes were set: they themselves, and until when.
pub(super) fn expect(aws: &Aws, set: &Attributes) -> Option<String> {
    let expected: BTreeMap<&String, &String> =
        set.iter().filter(|(name, value)| !REWRITTEN.contains(&name.as_str()) && !value.is_empty()).collect();
    let until = aws.clock().now_millis() + BELIEVED_AFTER;
    (!expected.is_empty()).then(|| serde_json::json!({ "until": until, "attributes": expected }).to_string())
}

/// The status of queues: those that are there, pending while something that was set is not answered.
pub(super) async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
    let found = each(waiting, |one| attributes(aws, &one.id)).await;
    let now = aws.clock().now_millis();
    let mut statuses = BTreeMap::new();
    for (one, attributes) in waiting.iter().zip(found) {
        let Some(attributes) = attributes? else { continue };
        let open = one.change.as_deref().and_then(|expected| open(expected, &attributes, now));
        statuses.insert(one.id.clone(), open.map_or(Status::Ready, Status::Pending));
    }
    Ok(statuses)
}

/// The first attribute that is not answered yet, in words; nothing when all are, or were waited for long enough.
fn open(expected: &str, answered: &Attributes, now: u64) -> Option<String> {
    let expected: Json = serde_json::from_str(expected).ok()?;
    if expected.get("until").and_then(Json::as_u64).is_none_or(|until| now >= until) {
        return None;
    }
    let wanted = expected.get("attributes")?.as_object()?;
    let open = wanted.iter().find(|(name, value)| {
        let answered = answered.get(*name).map(String::as_str).unwrap_or_default();
        value.as_str().is_some_and(|wanted| !same(wanted, answered))
    });
    open.map(|(name, _)| format!("{name} not answered yet"))
}

/// Whether two values of an attribute say the same: documents are answered with other white space and order.
fn same(wanted: &str, answered: &str) -> bool {
    let json = |text: &str| serde_json::from_str::<Json>(text).ok().filter(Json::is_object).map(|json| plain(&json));
    wanted == answered || json(wanted).zip(json(answered)).is_some_and(|(wanted, answered)| wanted == answered)
}

/// A document with its numbers as texts: SQS answers `"maxReceiveCount":5` and `"maxReceiveCount":"5"`, as it was told.
fn plain(json: &Json) -> Json {
    match json {
        Json::Number(number) => Json::String(number.to_string()),
        Json::Array(list) => Json::Array(list.iter().map(plain).collect()),
        Json::Object(map) => Json::Object(map.iter().map(|(name, value)| (name.clone(), plain(value))).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(pairs: &[(&str, &str)]) -> Attributes {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_was_set_is_waited_for_and_given_up_in_the_end() {
        let expected = r#"{"until":1000,"attributes":{"VisibilityTimeout":"60"}}"#;
        let before = attributes(&[("VisibilityTimeout", "30")]);
        assert_eq!(open(expected, &before, 999).as_deref(), Some("VisibilityTimeout not answered yet"));
        assert_eq!(open(expected, &before, 1000), None);
        assert_eq!(open(expected, &attributes(&[("VisibilityTimeout", "60")]), 0), None);
        assert!(open(expected, &attributes(&[]), 0).is_some());
    }

    #[test]
    fn documents_are_the_same_in_another_order() {
        let wanted = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:dead","maxReceiveCount":5}"#;
        let answered = r#"{ "maxReceiveCount" : "5", "deadLetterTargetArn" : "arn:aws:sqs:eu-west-1:1:dead" }"#;
        assert!(same(wanted, answered));
        assert!(!same(wanted, r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:dead","maxReceiveCount":6}"#));
        assert!(!same("30", "60"));
    }
}
