//! Topics that carry the tag of a stack: their list has no tags.

use formwork_engine::kind::{Sought, Swept};

use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::sweep::{Listed, one_by_one};

pub(crate) async fn topics(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.sns().list_topics().into_paginator().send();
    while let Some(page) = pages.next().await {
        listed.extend(page?.topics.unwrap_or_default().into_iter().filter_map(|topic| topic.topic_arn).map(Listed::of));
    }
    one_by_one(sought, "aws:sns/topic", listed, async |arn: String| {
        let call = aws.sns().list_tags_for_resource().resource_arn(arn);
        let answer = call.send().await.or_gone(&["ResourceNotFound", "NotFound"])?;
        let tags = answer.map(|answer| answer.tags.unwrap_or_default());
        Ok(tags.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
    })
    .await
}
