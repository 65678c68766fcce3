//! What carries the tag of a stack in ElastiCache. No list shows tags.

use formwork_engine::kind::{Sought, Swept};

use super::all_tags;
use crate::context::Aws;
use crate::error::Result;
use crate::sweep::{Listed, one_by_one};

pub(crate) async fn replication_groups(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.elasticache().describe_replication_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        for it in page?.replication_groups.unwrap_or_default() {
            let made_at = it.replication_group_create_time.map_or(0, |at| at.secs());
            let (Some(id), Some(by)) = (it.replication_group_id, it.arn) else { continue };
            listed.push(Listed { id, by, made_at });
        }
    }
    asked(aws, sought, "aws:elasticache/replication-group", listed).await
}

pub(crate) async fn subnet_groups(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.elasticache().describe_cache_subnet_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        for it in page?.cache_subnet_groups.unwrap_or_default() {
            let (Some(id), Some(by)) = (it.cache_subnet_group_name, it.arn) else { continue };
            listed.push(Listed { id, by, made_at: 0 });
        }
    }
    asked(aws, sought, "aws:elasticache/subnet-group", listed).await
}

pub(crate) async fn parameter_groups(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.elasticache().describe_cache_parameter_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        for it in page?.cache_parameter_groups.unwrap_or_default() {
            let (Some(id), Some(by)) = (it.cache_parameter_group_name, it.arn) else { continue };
            // ElastiCache's own, one for each family.
            if !id.starts_with("default.") {
                listed.push(Listed { id, by, made_at: 0 });
            }
        }
    }
    asked(aws, sought, "aws:elasticache/parameter-group", listed).await
}

async fn asked(aws: &Aws, sought: &Sought, kind: &str, listed: Vec<Listed>) -> Result<Swept> {
    const GONE: &[&str] =
        &["CacheParameterGroupNotFound", "CacheParameterGroupNotFoundFault", "CacheSubnetGroupNotFoundFault"];
    one_by_one(sought, kind, listed, async |arn: String| all_tags(aws, &arn, GONE).await).await
}
