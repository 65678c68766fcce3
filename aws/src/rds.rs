//! Amazon RDS: databases and the groups they are put into; and what the types here share: names, ARNs, tags.

pub mod cluster;
pub mod cluster_instance;
pub mod cluster_parameter_group;
pub mod instance;
pub(crate) mod marks;
pub mod parameter_group;
mod parameters;
mod permissions;
pub mod subnet_group;

pub use cluster::{
    Cluster, ClusterId, ClusterOutputs, ClusterPointInTime, ClusterRole, ClusterStorageType, RestoreType,
    ScalabilityType, ServerlessV2Scaling,
};
pub use cluster_instance::{ClusterInstance, ClusterInstanceId, ClusterInstanceOutputs};
pub use cluster_parameter_group::{ClusterParameterGroup, ClusterParameterGroupName, ClusterParameterGroupOutputs};
pub use instance::{
    AssociatedRole, DatabaseInsightsMode, EngineLifecycleSupport, Instance, InstanceId, InstanceOutputs,
    MasterUserAuthenticationType, NetworkType, PointInTime, ReplicaMode, StorageType,
};
pub use parameter_group::{ParameterGroup, ParameterGroupName, ParameterGroupOutputs};
pub use subnet_group::{SubnetGroup, SubnetGroupName, SubnetGroupOutputs};

use aws_sdk_rds::types::Tag;
use formwork_engine::Name;
use formwork_engine::kind::Owner;

use crate::context::Aws;
use crate::error::{OrGone, Result};
pub(crate) use crate::tags::candidate;
use crate::tags::{self, Tags};

fn tag(key: impl Into<String>, value: impl Into<String>) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// The tags of a create call: ownership and the user's.
pub(crate) fn tags_of(owner: &Owner, tags: &Tags) -> Vec<Tag> {
    tags::all(owner, tags).into_iter().map(|(key, value)| tag(key, value)).collect()
}

/// The tags of an answer as pairs.
pub(crate) fn tag_pairs(tags: Option<Vec<Tag>>) -> Vec<(String, String)> {
    let tags = tags.unwrap_or_default().into_iter();
    tags.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())).collect()
}

/// Takes apart the tags of an answer.
pub(crate) fn read_tags(aws: &Aws, tags: Option<Vec<Tag>>) -> tags::Read {
    tags::read(aws, tag_pairs(tags))
}

/// All tags of something whose description does not show them, ours too; `None` when it is gone.
pub(crate) async fn all_tags(aws: &Aws, arn: &str, gone: &[&str]) -> Result<Option<Vec<(String, String)>>> {
    // Documented for this call are the words for instances, snapshots and clusters only; groups that are not there yet are refused with those too.
    let gone = [gone, &["DBInstanceNotFound", "DBInstanceNotFoundFault"]].concat();
    let answer = aws.rds().list_tags_for_resource().resource_name(arn).send().await.or_gone(&gone)?;
    Ok(answer.map(|answer| tag_pairs(answer.tag_list)))
}

/// The same, taken apart.
pub(crate) async fn tags_by_arn(aws: &Aws, arn: &str, gone: &[&str]) -> Result<Option<tags::Read>> {
    Ok(all_tags(aws, arn, gone).await?.map(|pairs| tags::read(aws, pairs)))
}

/// Brings the user's tags of any RDS resource from one set to the other, and writes the ownership tags along.
pub(crate) async fn retag(aws: &Aws, owner: &Owner, arn: &str, now: &Tags, planned: &Tags) -> Result<()> {
    let (set, removed) = tags::difference(owner, now, planned);
    let set = set.into_iter().map(|(key, value)| tag(key, value)).collect();
    aws.rds().add_tags_to_resource().resource_name(arn).set_tags(Some(set)).send().await?;
    if !removed.is_empty() {
        let removed = removed.into_iter().collect();
        aws.rds().remove_tags_from_resource().resource_name(arn).set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// The ARN of something in RDS: `of` is `db`, `cluster`, `subgrp`, `pg` or `cluster-pg`.
pub(crate) fn arn(aws: &Aws, of: &str, id: &str) -> String {
    format!("arn:{}:rds:{}:{}:{of}:{id}", aws.partition(), aws.region(), aws.account())
}

/// RDS stores names in lower case and finds them in any.
pub(crate) fn same_name(wanted: &Name, found: &Name) -> bool {
    wanted.as_str().eq_ignore_ascii_case(found.as_str())
}
