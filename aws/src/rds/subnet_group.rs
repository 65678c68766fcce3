//! `aws:rds/subnet-group`: the subnets in which databases may stand.
//!
//! ```
//! use formwork_aws::ec2::SubnetId;
//! use formwork_aws::rds::SubnetGroup;
//!
//! let group = SubnetGroup::builder().name("orders").subnets([SubnetId::new("subnet-1"), SubnetId::new("subnet-2")]).build();
//! # drop(group);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::DbSubnetGroup;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Expr, Name, Outputs, Resource, Stack, id};

use super::{arn, candidate, retag, same_name, tags_by_arn, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::ec2::{Subnet, SubnetId, Vpc, VpcId};
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::{each, named};
use crate::tags::Tags;

id! {
    /// The name of a subnet group, in lower case, unique in its account and region.
    pub struct SubnetGroupName;
}

const GONE: &[&str] = &["DBSubnetGroupNotFoundFault"];

/// The subnets in which databases may stand, in at least two zones of one VPC.
#[derive(Resource)]
#[resource(
    kind = "aws:rds/subnet-group",
    cfn = "AWS::RDS::DBSubnetGroup",
    id = SubnetGroupName,
    outputs = SubnetGroupOutputs,
    guard = unique_name,
    natural_key(name),
    visibility = 120,
    create_wait = (0, 2, 1, 300)
)]
pub struct SubnetGroup {
    /// The name, at most 255 letters, digits, periods, underscores, spaces and hyphens; not `default`. Kept in lower case.
    #[arg(replace, same = same_name, cfn = "DBSubnetGroupName")]
    pub name: Name,
    /// What it is for, at most 255 characters.
    #[arg(in_place, default = "managed by Formwork", cfn = "DBSubnetGroupDescription")]
    pub description: String,
    /// The subnets. One that holds a database cannot be taken out.
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
            .rds()
            .create_db_subnet_group()
            .db_subnet_group_name(args.name.as_str())
            .db_subnet_group_description(&args.description)
            .set_subnet_ids(Some(args.subnets.iter().map(ToString::to_string).collect()))
            .set_tags(Some(tags_of(owner, &args.tags)))
            .send()
            .await?;
        let name = answer.db_subnet_group.and_then(|group| group.db_subnet_group_name);
        Ok(Created::whole(name.ok_or_else(|| Error::unexpected("rds CreateDBSubnetGroup", "no name in the answer"))?))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let mut statuses = BTreeMap::new();
        for (name, group) in groups(aws, waiting.iter().map(|one| one.id.as_str())).await? {
            let status = match group?.subnet_group_status.as_deref() {
                Some("Complete") => Status::Ready,
                other => Status::Pending(other.unwrap_or("Creating").to_owned()),
            };
            statuses.insert(name.to_owned(), status);
        }
        Ok(statuses)
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
        let arn = group.db_subnet_group_arn.unwrap_or_default();
        let Some(tags) = tags_by_arn(aws, &arn, GONE).await? else { return Ok(Vec::new()) };
        Ok(group.db_subnet_group_name.map(|name| candidate(owner, name, tags.owner.as_ref())).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<SubnetGroupChanges>> {
        let SubnetGroupChanges { description, subnets, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if description || subnets {
            // The subnets are always replaced as a whole, so they go along with a new description too.
            let wanted = if subnets { &planned.subnets } else { &now.subnets };
            aws.rds()
                .modify_db_subnet_group()
                .db_subnet_group_name(id.as_str())
                .set_db_subnet_group_description(description.then(|| planned.description.clone()))
                .set_subnet_ids(Some(wanted.iter().map(ToString::to_string).collect()))
                .send()
                .await?;
        }
        if tags {
            retag(aws, owner, &arn(aws, "subgrp", id.as_str()), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &SubnetGroupName, _: &Self) -> Result<Deletion> {
        aws.rds().delete_db_subnet_group().db_subnet_group_name(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

async fn describe(aws: &Aws, name: &str) -> Result<Option<DbSubnetGroup>> {
    let answer = aws.rds().describe_db_subnet_groups().db_subnet_group_name(name).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| answer.db_subnet_groups.unwrap_or_default().into_iter().next()))
}

/// The groups of these names that are there. The call takes no filter and no list: one name, or every group of the region.
async fn groups<'n>(
    aws: &Aws,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<DbSubnetGroup>>> {
    let all = async {
        let mut found = BTreeMap::new();
        let mut pages = aws.rds().describe_db_subnet_groups().into_paginator().send();
        while let Some(page) = pages.next().await {
            let groups = page?.db_subnet_groups.unwrap_or_default().into_iter();
            found.extend(groups.filter_map(|group| Some((group.db_subnet_group_name.clone()?, group))));
        }
        Ok(found)
    };
    named(names, all, |name| describe(aws, name)).await
}

/// What a group is; its tags are a call of their own. `None` when it went between the two.
async fn observe(aws: &Aws, group: DbSubnetGroup) -> Result<Option<Observed<SubnetGroup>>> {
    let arn = group.db_subnet_group_arn.unwrap_or_default();
    let Some(tags) = tags_by_arn(aws, &arn, GONE).await? else { return Ok(None) };
    let subnets = group.subnets.unwrap_or_default().into_iter();
    let name = group.db_subnet_group_name.unwrap_or_default();
    let args = SubnetGroup {
        name: Name::new(name.as_str()),
        description: group.db_subnet_group_description.unwrap_or_default(),
        subnets: subnets.filter_map(|subnet| subnet.subnet_identifier).map(SubnetId::new).collect(),
        tags: tags.tags,
    };
    let outputs = SubnetGroupOutputs {
        id: SubnetGroupName::new(name),
        arn: Arn::new(arn),
        vpc: VpcId::new(group.vpc_id.unwrap_or_default()),
    };
    Ok(Some(Observed::new(args, outputs, tags.owner)))
}

impl Conforms for SubnetGroup {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.31.0.0/16").build());
        let mut subnet = |name: &str, cidr: &str, zone: &str| {
            stack.add(name, Subnet::builder().vpc(&vpc).cidr_block(cidr).availability_zone(zone).build())
        };
        let a = subnet("a", "10.31.1.0/24", "eu-west-1a");
        let b = subnet("b", "10.31.2.0/24", "eu-west-1b");
        let c = subnet("c", "10.31.3.0/24", "eu-west-1c");
        let base = SubnetGroup::builder()
            .name("Conformance-Databases")
            .description("made by the conformance suite")
            .subnets([&a, &b])
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("description", "changed")
            .change("subnets", vec![Expr::from(&b), Expr::from(&c)])
            .change("tags", [("team", "b")])
            .change("name", "Conformance-Databases-2")
    }
}
