//! Amazon ElastiCache: replication groups and the groups they refer to; and what the types here share: names, ARNs, tags.

pub(crate) mod marks;
pub mod parameter_group;
mod permissions;
pub mod replication_group;
pub mod subnet_group;

pub use parameter_group::{ParameterGroup, ParameterGroupName, ParameterGroupOutputs};
pub use replication_group::{
    AuthTokenStrategy, ClusterMode, Engine, IpProtocol, LogDelivery, LogDestination, LogFormat, LogType, NetworkType,
    ReplicationGroup, ReplicationGroupName, ReplicationGroupOutputs, Shard, TransitMode,
};
pub use subnet_group::{SubnetGroup, SubnetGroupName, SubnetGroupOutputs};

use aws_sdk_elasticache::types::Tag;
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

/// All tags of a thing, ours too, which no description shows; `None` when it is gone.
pub(crate) async fn all_tags(aws: &Aws, arn: &str, gone: &[&str]) -> Result<Option<Vec<(String, String)>>> {
    // The call is one for all types, and what is not there yet may be refused with the word for another one.
    let gone = [gone, &["ReplicationGroupNotFoundFault", "CacheClusterNotFound"]].concat();
    let answer = aws.elasticache().list_tags_for_resource().resource_name(arn).send().await.or_gone(&gone)?;
    let tags = answer.map(|answer| answer.tag_list.unwrap_or_default());
    let pair = |tag: Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
    Ok(tags.map(|tags| tags.into_iter().map(pair).collect()))
}

/// The same, taken apart.
pub(crate) async fn tags_by_arn(aws: &Aws, arn: &str, gone: &[&str]) -> Result<Option<tags::Read>> {
    Ok(all_tags(aws, arn, gone).await?.map(|pairs| tags::read(aws, pairs)))
}

/// Brings the user's tags of anything in ElastiCache from one set to the other, and writes the ownership tags along.
pub(crate) async fn retag(aws: &Aws, owner: &Owner, arn: &str, now: &Tags, planned: &Tags) -> Result<()> {
    let (set, removed) = tags::difference(owner, now, planned);
    let set = set.into_iter().map(|(key, value)| tag(key, value)).collect();
    aws.elasticache().add_tags_to_resource().resource_name(arn).set_tags(Some(set)).send().await?;
    if !removed.is_empty() {
        let removed = removed.into_iter().collect();
        aws.elasticache().remove_tags_from_resource().resource_name(arn).set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// The ARN of something in ElastiCache: `of` is `replicationgroup`, `subnetgroup` or `parametergroup`.
pub(crate) fn arn(aws: &Aws, of: &str, name: &str) -> String {
    format!("arn:{}:elasticache:{}:{}:{of}:{name}", aws.partition(), aws.region(), aws.account())
}

/// ElastiCache stores names in lower case and finds them in any.
pub(crate) fn same_name(wanted: &Name, found: &Name) -> bool {
    wanted.as_str().eq_ignore_ascii_case(found.as_str())
}

/// The same for an id that somebody wrote down.
pub(crate) fn same_id<T: std::fmt::Display>(wanted: &Option<T>, found: &Option<T>) -> bool {
    match (wanted, found) {
        (Some(wanted), Some(found)) => wanted.to_string().eq_ignore_ascii_case(&found.to_string()),
        (wanted, found) => wanted.is_none() && found.is_none(),
    }
}
