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
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let call = aws.dynamodb().list_tags_of_resource().resource_arn(&arn).set_next_token(next);
            let Some(page) = call.send().await.or_gone(&["ResourceNotFoundException"])? else { return Ok(None) };
            found.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(Some(found))
    })
    .await
}
