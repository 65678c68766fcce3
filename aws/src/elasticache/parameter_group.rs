//! `aws:elasticache/parameter-group`: the settings of a cache engine.
//!
//! ```
//! use formwork_aws::elasticache::ParameterGroup;
//!
//! // A queue of jobs must not lose any to eviction.
//! let group = ParameterGroup::builder()
//!     .name("jobs")
//!     .family("redis7")
//!     .parameters([("maxmemory-policy", "noeviction")])
//!     .build();
//! # drop(group);
//! ```

use std::collections::BTreeMap;

use aws_sdk_elasticache::types::{CacheParameterGroup, ParameterNameValue};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Name, Outputs, Resource, Stack, id};

use super::{arn, candidate, retag, same_name, tags_by_arn, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::{each, named};
use crate::tags::{self, Tags};

id! {
    /// The name of a parameter group, in lower case, unique in its account and region.
    pub struct ParameterGroupName;
}

const GONE: &[&str] = &["CacheParameterGroupNotFound", "CacheParameterGroupNotFoundFault"];

/// The most parameters that one call takes.
const PER_CALL: usize = 20;

/// The settings of a cache engine, used by any number of replication groups.
///
/// Most parameters take effect at once; a few (such as `databases`) do when a node restarts, which Formwork does not do by itself.
#[derive(Resource)]
#[resource(
    kind = "aws:elasticache/parameter-group",
    cfn = "AWS::ElastiCache::ParameterGroup",
    id = ParameterGroupName,
    outputs = ParameterGroupOutputs,
    guard = unique_name,
    natural_key(name),
    visibility = 120
)]
pub struct ParameterGroup {
    /// The name, 1 to 255 letters, digits and hyphens, beginning with a letter. Kept in lower case; a prefix must be in lower case.
    #[arg(replace, same = same_name, cfn = "")]
    pub name: Name,
    /// The engine and its major version, such as `redis7` or `valkey8`.
    #[arg(replace, cfn = "CacheParameterGroupFamily")]
    pub family: String,
    /// What it is for.
    #[arg(replace, default = "managed by Formwork")]
    pub description: String,
    /// The parameters that differ from the engine's defaults, such as `maxmemory-policy` = `noeviction`. One that is taken out goes back
    /// to its default.
    #[arg(in_place, after_create, default, cfn = "Properties")]
    pub parameters: BTreeMap<String, String>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of a parameter group once it is there.
#[derive(Outputs)]
pub struct ParameterGroupOutputs {
    /// The name, in lower case.
    pub id: ParameterGroupName,
    /// The ARN.
    pub arn: Arn<ParameterGroup>,
}

impl Lifecycle for ParameterGroup {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .elasticache()
            .create_cache_parameter_group()
            .cache_parameter_group_name(args.name.as_str())
            .cache_parameter_group_family(&args.family)
            .description(&args.description)
            .set_tags(Some(tags_of(owner, &args.tags)))
            .send()
            .await?;
        let name = answer.cache_parameter_group.and_then(|group| group.cache_parameter_group_name);
        let missing = || Error::unexpected("elasticache CreateCacheParameterGroup", "no name in the answer");
        Ok(Created::whole(name.ok_or_else(missing)?))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let groups = groups(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let found = groups.into_iter().map(|(name, group)| group.map(|_| name.to_owned()));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[ParameterGroupName]) -> Result<Readings<Self>> {
        let groups = groups(aws, ids.iter().map(ParameterGroupName::as_str)).await?;
        let names: Vec<_> = groups.keys().map(|name| ParameterGroupName::new(*name)).collect();
        let seen = each(groups.into_values(), |group| async { observe(aws, group?).await }).await;
        Ok(names.into_iter().zip(seen).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let Some(group) = describe(aws, args.name.as_str()).await? else { return Ok(Vec::new()) };
        let tags = tags_by_arn(aws, group.arn().unwrap_or_default(), GONE).await?;
        let theirs = tags.and_then(|tags| tags.owner);
        Ok(group.cache_parameter_group_name.map(|name| candidate(owner, name, theirs.as_ref())).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ParameterGroupChanges>> {
        let ParameterGroupChanges { parameters, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if parameters {
            let (set, removed) = tags::pairs_difference(&now.parameters, &planned.parameters);
            // Removed ones first: a value that is set may be valid only without them.
            let removed: Vec<_> = removed.iter().map(|name| parameter(name, None)).collect();
            for chunk in removed.chunks(PER_CALL) {
                let call = aws.elasticache().reset_cache_parameter_group().cache_parameter_group_name(id.as_str());
                call.set_parameter_name_values(Some(chunk.to_vec())).send().await?;
            }
            let set: Vec<_> = set.iter().map(|(name, value)| parameter(name, Some(value))).collect();
            for chunk in set.chunks(PER_CALL) {
                let call = aws.elasticache().modify_cache_parameter_group().cache_parameter_group_name(id.as_str());
                call.set_parameter_name_values(Some(chunk.to_vec())).send().await?;
            }
        }
        if tags {
            retag(aws, owner, &arn(aws, "parametergroup", id.as_str()), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &ParameterGroupName, _: &Self) -> Result<Deletion> {
        let call = aws.elasticache().delete_cache_parameter_group().cache_parameter_group_name(id.as_str());
        call.send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

fn parameter(name: &str, value: Option<&str>) -> ParameterNameValue {
    ParameterNameValue::builder().parameter_name(name).set_parameter_value(value.map(str::to_owned)).build()
}

async fn describe(aws: &Aws, name: &str) -> Result<Option<CacheParameterGroup>> {
    let call = aws.elasticache().describe_cache_parameter_groups().cache_parameter_group_name(name);
    let answer = call.send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| answer.cache_parameter_groups?.into_iter().next()))
}

/// The groups of these names that are there. The call takes no filter and no list: one name, or every group of the region.
async fn groups<'n>(
    aws: &Aws,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<CacheParameterGroup>>> {
    let all = async {
        let mut found = BTreeMap::new();
        let mut pages = aws.elasticache().describe_cache_parameter_groups().into_paginator().send();
        while let Some(page) = pages.next().await {
            let groups = page?.cache_parameter_groups.unwrap_or_default().into_iter();
            found.extend(groups.filter_map(|group| Some((group.cache_parameter_group_name.clone()?, group))));
        }
        Ok(found)
    };
    named(names, all, |name| describe(aws, name)).await
}

/// What somebody has set; the engine's own values are not asked for.
async fn parameters(aws: &Aws, name: &str) -> Result<Option<BTreeMap<String, String>>> {
    let call = aws.elasticache().describe_cache_parameters().cache_parameter_group_name(name).source("user");
    let mut pages = call.into_paginator().send();
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(GONE)? else { return Ok(None) };
        let set = page.parameters.unwrap_or_default().into_iter();
        found.extend(set.filter_map(|one| Some((one.parameter_name?, one.parameter_value?))));
    }
    Ok(Some(found))
}

/// What a group is; its tags and its parameters are calls of their own. `None` when it went between them.
async fn observe(aws: &Aws, group: CacheParameterGroup) -> Result<Option<Observed<ParameterGroup>>> {
    let name = group.cache_parameter_group_name.unwrap_or_default();
    let arn = group.arn.unwrap_or_default();
    let (parameters, tags) = futures::future::join(parameters(aws, &name), tags_by_arn(aws, &arn, GONE)).await;
    let (Some(parameters), Some(read)) = (parameters?, tags?) else { return Ok(None) };
    let args = ParameterGroup {
        name: Name::new(name.as_str()),
        family: group.cache_parameter_group_family.unwrap_or_default(),
        description: group.description.unwrap_or_default(),
        parameters,
        tags: read.tags,
    };
    let outputs = ParameterGroupOutputs { id: ParameterGroupName::new(name), arn: Arn::new(arn) };
    Ok(Some(Observed::new(args, outputs, read.owner)))
}

impl Conforms for ParameterGroup {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let base = ParameterGroup::builder()
            .name("Conformance-Cache-Parameters")
            .family("redis7")
            .description("made by the conformance suite")
            .parameters([("maxmemory-policy", "noeviction"), ("activedefrag", "yes")])
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("parameters", [("maxmemory-policy", "allkeys-lru"), ("active-expire-effort", "2")])
            .change("tags", [("team", "b")])
            .change("description", "another")
            .change("family", "redis6.x")
            .change("name", "Conformance-Cache-Parameters-2")
    }
}
