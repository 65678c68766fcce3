//! Log groups that carry the tag of a stack.

use formwork_engine::kind::{Sought, Swept};

use super::log_group::{PAGE, all_tags, arn};
use crate::context::Aws;
use crate::error::Result;
use crate::sweep::{Listed, one_by_one};

pub(crate) async fn log_groups(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.logs().describe_log_groups().into_paginator().page_size(PAGE).send();
    while let Some(page) = pages.next().await {
        for group in page?.log_groups.unwrap_or_default() {
            let Some(id) = group.log_group_name else { continue };
            let by = arn(aws, &id).to_string();
            listed.push(Listed { id, by, made_at: group.creation_time.unwrap_or_default() / 1000 });
        }
    }
    one_by_one(sought, "aws:logs/log-group", listed, async |arn: String| all_tags(aws, &arn).await).await
}
