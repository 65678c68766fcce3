//! The permissions of queues and their policies.

use super::{Queue, QueuePolicy};
use crate::permissions::{Permission, Permitted, create, delete, look, update};

const OWN: &[&str] = &[Queue::ARN];

impl Permitted for Queue {
    const ARN: &'static str = "arn:{partition}:sqs:{region}:{account}:{name}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"]).on(OWN),
        create(&["sqs:CreateQueue", "sqs:TagQueue"]).on(OWN),
        update(&["sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"]).on(OWN),
        delete(&["sqs:DeleteQueue"]).on(OWN),
    ];
}

const OF_QUEUE: &[&str] = &["{queue}"];

impl Permitted for QueuePolicy {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["sqs:GetQueueAttributes"]).on(OF_QUEUE),
        create(&["sqs:SetQueueAttributes"]).on(OF_QUEUE),
        update(&["sqs:SetQueueAttributes"]).on(OF_QUEUE),
        delete(&["sqs:SetQueueAttributes"]).on(OF_QUEUE),
    ];
}
