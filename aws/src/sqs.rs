//! Amazon Simple Queue Service: queues, and who may use them.

pub(crate) mod marks;
mod permissions;
mod propagation;
pub mod queue;
pub mod queue_policy;

pub use queue::{
    DeduplicationScope, FifoThroughputLimit, Queue, QueueOutputs, QueueUrl, RedriveAllowPolicy, RedrivePolicy,
};
pub use queue_policy::{QueuePolicy, QueuePolicyOutputs};

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName;

use crate::context::Aws;
use crate::error::{OrGone, Result};

/// What SQS says of a queue that is not there, in the words of its two protocols.
const GONE: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

/// Attributes of a queue by their names.
type Attributes = BTreeMap<String, String>;

/// All attributes of a queue; `None` when it is not there.
async fn attributes(aws: &Aws, url: &str) -> Result<Option<Attributes>> {
    let call = aws.sqs().get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
    let answer = call.send().await.or_gone(GONE)?;
    let pairs = answer.map(|answer| answer.attributes.unwrap_or_default().into_iter());
    Ok(pairs.map(|pairs| pairs.map(|(name, value)| (name.as_str().to_owned(), value)).collect()))
}

/// Sets attributes and leaves the others as they are.
async fn set(aws: &Aws, url: &str, attributes: &Attributes) -> Result<()> {
    let call = aws.sqs().set_queue_attributes().queue_url(url);
    let call = attributes.iter().fold(call, |call, (name, value)| call.attributes(name.as_str().into(), value));
    call.send().await?;
    Ok(())
}
