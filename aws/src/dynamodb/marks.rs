//! Tables that carry the tag of a stack: their list has no tags.

use formwork_engine::kind::{Sought, Swept};

use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::sweep::{Listed, one_by_one};

pub(crate) async fn tables(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.dynamodb().list_tables().into_paginator().send();
    while let Some(page) = pages.next().await {
        let by =
            |name: &str| format!("arn:{}:dynamodb:{}:{}:table/{name}", aws.partition(), aws.region(), aws.account());
        listed.extend(page?.table_names.unwrap_or_default().into_iter().map(|id| Listed {
            by: by(&id),
            id,
            made_at: 0,
        }));
    }
    one_by_one(sought, "aws:dynamodb/table", listed, async |arn: String| {
        let mut found = Vec::new();
        let mut pages = aws.dynamodb().list_tags_of_resource().resource_arn(arn).into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = page.or_gone(&["ResourceNotFoundException"])? else { return Ok(None) };
            found.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
        }
        Ok(Some(found))
    })
    .await
}
