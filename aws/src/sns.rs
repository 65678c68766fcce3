//! Amazon Simple Notification Service: topics, and who is told what is published.

pub(crate) mod marks;
mod permissions;
pub mod subscription;
pub mod topic;
pub mod topic_policy;

pub use subscription::{Endpoint, FilterPolicyScope, Protocol, Subscription, SubscriptionArn, SubscriptionOutputs};
pub use topic::{
    DeliveryStatusLogging, FifoThroughputScope, LoggedProtocol, SignatureVersion, Topic, TopicArn, TopicOutputs,
    TracingConfig,
};
pub use topic_policy::{TopicPolicy, TopicPolicyOutputs};

use std::collections::BTreeMap;

use serde_json::Value as Document;

/// What SNS says of what is not there.
const GONE: &[&str] = &["NotFound", "ResourceNotFound"];

/// Attributes by their names.
type Attributes = BTreeMap<String, String>;

/// Whether two attributes say the same document, where nothing and `{}` are the same: that is how one is taken away.
fn same_document(wanted: Option<&str>, found: Option<&str>) -> bool {
    let parsed = |text: Option<&str>| {
        let text = text.filter(|text| !text.is_empty()).unwrap_or("{}");
        serde_json::from_str::<Document>(text).unwrap_or_else(|_| Document::String(text.to_owned()))
    };
    wanted.is_none() || parsed(wanted) == parsed(found)
}
