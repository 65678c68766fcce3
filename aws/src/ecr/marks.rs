//! Repositories that carry the tag of a stack.

use formwork_engine::kind::{Sought, Swept};

use super::repository::{PAGE, all_tags};
use crate::context::Aws;
use crate::error::Result;
use crate::sweep::{Listed, one_by_one};

pub(crate) async fn repositories(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.ecr().describe_repositories().into_paginator().page_size(PAGE).send();
    while let Some(page) = pages.next().await {
        for it in page?.repositories.unwrap_or_default() {
            let made_at = it.created_at.map_or(0, |at| at.secs());
            let (Some(id), Some(by)) = (it.repository_name, it.repository_arn) else { continue };
            listed.push(Listed { id, by, made_at });
        }
    }
    one_by_one(sought, "aws:ecr/repository", listed, async |arn: String| all_tags(aws, &arn).await).await
}
