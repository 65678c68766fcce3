//! `aws:elasticache/subnet-group`: the subnets in which caches may stand.
//!
//! ```
//! use formwork_aws::ec2::SubnetId;
//! use formwork_aws::elasticache::SubnetGroup;
//!
//! let group = SubnetGroup::builder().name("jobs").subnets([SubnetId::new("subnet-1"), SubnetId::new("subnet-2")]).build();
//! # drop(group);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticache::types::CacheSubnetGroup;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Expr, Name, Outputs, Resource, Stack, id};

use super::{arn, candidate, retag, same_name, tags_by_arn, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::ec2::{Subnet, SubnetId, Vpc, VpcId};
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::{each, named};
use crate::tags::Tags;

id! {
    /// The name of a subnet group, in lower case, unique in its account and region.
    pub struct SubnetGroupName;
}

const GONE: &[&str] = &["CacheSubnetGroupNotFoundFault"];

/// The subnets in which caches may stand, all in one VPC.
#[derive(Resource)]
#[resource(
    kind = "aws:elasticache/subnet-group",
    cfn = "AWS::ElastiCache::SubnetGroup",
    id = SubnetGroupName,
    outputs = SubnetGroupOutputs,
    guard = unique_name,
    natural_key(name),
    visibility = 120
)]
pub struct SubnetGroup {
    /// The name, at most 255 letters, digits and hyphens; not `default`. Kept in lower case; a prefix must be in lower case.
    #[arg(replace, same = same_name, cfn = "CacheSubnetGroupName")]
    pub name: Name,
    /// What it is for.
    #[arg(in_place, default = "managed by Formwork")]
    pub description: String,
    /// The subnets. One that holds a cache cannot be taken out.
    #[arg(in_place, cfn = "SubnetIds")]
    pub subnets: BTreeSet<SubnetId>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of a subnet group once it is there.
#[derive(Outputs)]
pub struct SubnetGroupOutputs {
    /// The name, in lower case.
    pub id: SubnetGroupName,
    /// The ARN.
    pub arn: Arn<SubnetGroup>,
    /// The VPC of its subnets.
    pub vpc: VpcId,
}

impl Lifecycle for SubnetGroup {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .elasticache()
            .create_cache_subnet_group()
            .cache_subnet_group_name(args.name.as_str())
            .cache_subnet_group_description(&args.description)
            .set_subnet_ids(Some(args.subnets.iter().map(ToString::to_string).collect()))
            .set_tags(Some(tags_of(owner, &args.tags)))
            .send()
            .await?;
        let name = answer.cache_subnet_group.and_then(|group| group.cache_subnet_group_name);
        let missing = || Error::unexpected("elasticache CreateCacheSubnetGroup", "no name in the answer");
        Ok(Created::whole(name.ok_or_else(missing)?))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let groups = groups(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let found = groups.into_iter().map(|(name, group)| group.map(|_| name.to_owned()));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[SubnetGroupName]) -> Result<Readings<Self>> {
        let groups = groups(aws, ids.iter().map(SubnetGroupName::as_str)).await?;
        let names: Vec<_> = groups.keys().map(|name| SubnetGroupName::new(*name)).collect();
        let seen = each(groups.into_values(), |group| async { observe(aws, group?).await }).await;
        Ok(names.into_iter().zip(seen).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let Some(group) = describe(aws, args.name.as_str()).await? else { return Ok(Vec::new()) };
        let tags = tags_by_arn(aws, group.arn().unwrap_or_default(), GONE).await?;
        let theirs = tags.and_then(|tags| tags.owner);
        Ok(group.cache_subnet_group_name.map(|name| candidate(owner, name, theirs.as_ref())).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<SubnetGroupChanges>> {
        let SubnetGroupChanges { description, subnets, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if description || subnets {
            aws.elasticache()
                .modify_cache_subnet_group()
                .cache_subnet_group_name(id.as_str())
                .cache_subnet_group_description(&planned.description)
                .set_subnet_ids(subnets.then(|| planned.subnets.iter().map(ToString::to_string).collect()))
                .send()
                .await?;
        }
        if tags {
            retag(aws, owner, &arn(aws, "subnetgroup", id.as_str()), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &SubnetGroupName, _: &Self) -> Result<Deletion> {
        let call = aws.elasticache().delete_cache_subnet_group().cache_subnet_group_name(id.as_str());
        call.send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

async fn describe(aws: &Aws, name: &str) -> Result<Option<CacheSubnetGroup>> {
    let call = aws.elasticache().describe_cache_subnet_groups().cache_subnet_group_name(name);
    let answer = call.send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| answer.cache_subnet_groups?.into_iter().next()))
}

/// The groups of these names that are there. The call takes no filter and no list: one name, or every group of the region.
async fn groups<'n>(
    aws: &Aws,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<CacheSubnetGroup>>> {
    let all = async {
        let mut found = BTreeMap::new();
        let mut pages = aws.elasticache().describe_cache_subnet_groups().into_paginator().send();
        while let Some(page) = pages.next().await {
            let groups = page?.cache_subnet_groups.unwrap_or_default().into_iter();
            found.extend(groups.filter_map(|group| Some((group.cache_subnet_group_name.clone()?, group))));
        }
        Ok(found)
    };
    named(names, all, |name| describe(aws, name)).await
}

/// What a group is; its tags are a call of their own. `None` when it went between the two.
async fn observe(aws: &Aws, group: CacheSubnetGroup) -> Result<Option<Observed<SubnetGroup>>> {
    let arn = group.arn.unwrap_or_default();
    let Some(read) = tags_by_arn(aws, &arn, GONE).await? else { return Ok(None) };
    let name = group.cache_subnet_group_name.unwrap_or_default();
    let subnets = group.subnets.unwrap_or_default().into_iter();
    let args = SubnetGroup {
        name: Name::new(name.as_str()),
        description: group.cache_subnet_group_description.unwrap_or_default(),
        subnets: subnets.filter_map(|subnet| subnet.subnet_identifier).map(SubnetId::new).collect(),
        tags: read.tags,
    };
    let outputs = SubnetGroupOutputs {
        id: SubnetGroupName::new(name),
        arn: Arn::new(arn),
        vpc: VpcId::new(group.vpc_id.unwrap_or_default()),
    };
    Ok(Some(Observed::new(args, outputs, read.owner)))
}

impl Conforms for SubnetGroup {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.61.0.0/16").build());
        let mut subnet = |name: &str, cidr: &str, zone: &str| {
            stack.add(name, Subnet::builder().vpc(&vpc).cidr_block(cidr).availability_zone(zone).build())
        };
        let a = subnet("a", "10.61.1.0/24", "eu-west-1a");
        let b = subnet("b", "10.61.2.0/24", "eu-west-1b");
        let c = subnet("c", "10.61.3.0/24", "eu-west-1c");
        let base = SubnetGroup::builder()
            .name("Conformance-Cache-Subnets")
            .description("made by the conformance suite")
            .subnets([&a, &b])
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("description", "changed")
            .change("subnets", vec![Expr::from(&b), Expr::from(&c)])
            .change("tags", [("team", "b")])
            .change("name", "Conformance-Cache-Subnets-2")
    }
}
