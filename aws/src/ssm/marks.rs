//! Parameters that carry the tag of a stack: their list has no tags.

use aws_sdk_ssm::types::ResourceTypeForTagging;
use formwork_engine::kind::{Sought, Swept};

use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::sweep::{Listed, one_by_one};

pub(crate) async fn parameters(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.ssm().describe_parameters().into_paginator().send();
    while let Some(page) = pages.next().await {
        listed.extend(page?.parameters.unwrap_or_default().into_iter().filter_map(|one| {
            let made_at = one.last_modified_date.map_or(0, |moment| moment.secs());
            Some(Listed { made_at, ..Listed::of(one.name?) })
        }));
    }
    one_by_one(sought, "aws:ssm/parameter", listed, async |name: String| {
        let call = aws.ssm().list_tags_for_resource().resource_type(ResourceTypeForTagging::Parameter);
        let answer = call.resource_id(name).send().await.or_gone(&["InvalidResourceId"])?;
        let tags = answer.map(|answer| answer.tag_list.unwrap_or_default());
        Ok(tags.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
    })
    .await
}
