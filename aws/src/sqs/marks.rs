//! Queues that carry the tag of a stack: their list has no tags.

use formwork_engine::kind::{Sought, Swept};

use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::sweep::{Listed, one_by_one};

pub(crate) async fn queues(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.sqs().list_queues().into_paginator().send();
    while let Some(page) = pages.next().await {
        listed.extend(page?.queue_urls.unwrap_or_default().into_iter().map(Listed::of));
    }
    one_by_one(sought, "aws:sqs/queue", listed, async |url: String| {
        const GONE: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];
        let answer = aws.sqs().list_queue_tags().queue_url(url).send().await.or_gone(GONE)?;
        Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
    })
    .await
}
