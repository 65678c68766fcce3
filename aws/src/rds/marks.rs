//! What carries the tag of a stack in RDS: instances are listed with their tags, groups without.

use formwork_engine::kind::{Sought, Swept};

use super::{all_tags, tag_pairs};
use crate::context::Aws;
use crate::error::Result;
use crate::sweep::{Listed, among, one_by_one};

pub(crate) async fn instances(aws: &Aws, sought: &Sought) -> Result<Swept> {
    alone_or_members(aws, sought, "aws:rds/instance", false).await
}

pub(crate) async fn cluster_instances(aws: &Aws, sought: &Sought) -> Result<Swept> {
    alone_or_members(aws, sought, "aws:rds/cluster-instance", true).await
}

/// RDS has one list of those that stand alone and of the members of clusters.
async fn alone_or_members(aws: &Aws, sought: &Sought, kind: &str, members: bool) -> Result<Swept> {
    let mut swept = Swept::default();
    let mut pages = aws.rds().describe_db_instances().into_paginator().send();
    while let Some(page) = pages.next().await {
        let found = page?.db_instances.unwrap_or_default().into_iter();
        let found = found.filter(|it| it.db_cluster_identifier.is_some() == members);
        let found = found.filter_map(|it| Some((it.db_instance_identifier?, tag_pairs(it.tag_list))));
        swept.marks.extend(among(sought, kind, found));
    }
    Ok(swept)
}

pub(crate) async fn clusters(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut swept = Swept::default();
    let mut pages = aws.rds().describe_db_clusters().into_paginator().send();
    while let Some(page) = pages.next().await {
        let found = page?.db_clusters.unwrap_or_default().into_iter();
        let found = found.filter_map(|it| Some((it.db_cluster_identifier?, tag_pairs(it.tag_list))));
        swept.marks.extend(among(sought, "aws:rds/cluster", found));
    }
    Ok(swept)
}

pub(crate) async fn cluster_parameter_groups(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.rds().describe_db_cluster_parameter_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        let found = page?.db_cluster_parameter_groups.unwrap_or_default().into_iter();
        let found =
            found.filter_map(|it| Some((it.db_cluster_parameter_group_name?, it.db_cluster_parameter_group_arn?)));
        listed.extend(found.filter(|(name, _)| !name.starts_with("default.")));
    }
    groups(aws, sought, "aws:rds/cluster-parameter-group", listed).await
}

pub(crate) async fn subnet_groups(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.rds().describe_db_subnet_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        let found = page?.db_subnet_groups.unwrap_or_default().into_iter();
        listed.extend(found.filter_map(|it| Some((it.db_subnet_group_name?, it.db_subnet_group_arn?))));
    }
    groups(aws, sought, "aws:rds/subnet-group", listed).await
}

pub(crate) async fn parameter_groups(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.rds().describe_db_parameter_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        let found = page?.db_parameter_groups.unwrap_or_default().into_iter();
        let found = found.filter_map(|it| Some((it.db_parameter_group_name?, it.db_parameter_group_arn?)));
        // RDS's own, one for each family that was ever used.
        listed.extend(found.filter(|(name, _)| !name.starts_with("default.")));
    }
    groups(aws, sought, "aws:rds/parameter-group", listed).await
}

async fn groups(aws: &Aws, sought: &Sought, kind: &str, listed: Vec<(String, String)>) -> Result<Swept> {
    const GONE: &[&str] = &[
        "DBSubnetGroupNotFoundFault",
        "DBParameterGroupNotFound",
        "DBParameterGroupNotFoundFault",
        "DBClusterParameterGroupNotFound",
    ];
    let listed = listed.into_iter().map(|(id, by)| Listed { id, by, made_at: 0 });
    one_by_one(sought, kind, listed, async |arn: String| all_tags(aws, &arn, GONE).await).await
}
