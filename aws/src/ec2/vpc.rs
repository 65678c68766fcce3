//! `aws:ec2/vpc`: a virtual private cloud.
//!
//! ```
//! use formwork_aws::ec2::Vpc;
//!
//! let vpc = Vpc::builder().cidr_block("10.0.0.0/16").enable_dns_hostnames(true).build();
//! # drop(vpc);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, VpcAttributeName, VpcTenancy};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Change, Choice, Outputs, Resource, Stack, id};

use super::{FILTER_VALUES, candidate, filter, owned_by, read_tags, retag, tag_specification};
use crate::cidr;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;
use crate::tags::Tags;

id! {
    /// The id of a VPC, such as `vpc-0123456789abcdef0`.
    pub struct VpcId;
}

/// A virtual private cloud: the network that subnets lie in.
///
/// Its main route table, default security group and default network ACL come and go with it; they are never managed.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/vpc",
    cfn = "AWS::EC2::VPC",
    id = VpcId,
    outputs = VpcOutputs,
    guard = tag_only,
    visibility = 300,
    create_wait = (0, 1, 1, 600),
    delete_wait = (0, 1, 1, 300)
)]
pub struct Vpc {
    /// The IPv4 range, /16 to /28, such as `10.0.0.0/16`.
    #[arg(replace, same = cidr::same)]
    pub cidr_block: String,
    /// Whether Amazon's DNS server answers inside the VPC.
    #[arg(in_place, after_create, default = true)]
    pub enable_dns_support: bool,
    /// Whether instances with public addresses get public DNS names; needs `enable_dns_support`.
    #[arg(in_place, after_create, default = false)]
    pub enable_dns_hostnames: bool,
    /// Whether instances run on hardware of their own. Dedicated tenancy can be given up in place, not taken on.
    #[arg(decide = tenancy_change, default = Tenancy::Default)]
    pub instance_tenancy: Tenancy,
    /// The id of the IPAM pool that `cidr_block` is taken from. AWS does not tell it again.
    #[arg(replace, write_only)]
    pub ipv4_ipam_pool_id: Option<String>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

fn tenancy_change(_: &Tenancy, after: &Tenancy) -> Change {
    if *after == Tenancy::Default { Change::InPlace } else { Change::Replace }
}

/// Whose hardware instances run on.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenancy {
    /// Shared with other accounts.
    #[choice("default")]
    Default,
    /// Reserved for this account.
    #[choice("dedicated")]
    Dedicated,
}

/// What is known of a VPC once it is there.
#[derive(Outputs)]
pub struct VpcOutputs {
    /// The id.
    pub id: VpcId,
    /// The IPv4 range.
    #[output(echoes = cidr_block)]
    pub cidr_block: String,
    /// The account it belongs to.
    pub owner_id: String,
}

impl Lifecycle for Vpc {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .ec2()
            .create_vpc()
            .cidr_block(&args.cidr_block)
            .instance_tenancy(args.instance_tenancy.as_str().into())
            .set_ipv4_ipam_pool_id(args.ipv4_ipam_pool_id.clone())
            .tag_specifications(tag_specification(owner, &args.tags, ResourceType::Vpc))
            .send()
            .await?;
        let id = answer
            .vpc
            .and_then(|vpc| vpc.vpc_id)
            .ok_or_else(|| Error::unexpected("ec2 CreateVpc", "no VPC id in the answer"))?;
        Ok(Created::whole(id))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<VpcId> = waiting.iter().map(|one| VpcId::new(&one.id)).collect();
        let vpcs = describe(aws, &ids).await?;
        Ok(vpcs
            .into_iter()
            .filter_map(|vpc| {
                let status = match vpc.state.as_ref().map(|state| state.as_str()) {
                    Some("available") => Status::Ready,
                    other => Status::Pending(other.unwrap_or("pending").to_owned()),
                };
                Some((vpc.vpc_id?, status))
            })
            .collect())
    }

    async fn read(aws: &Aws, ids: &[VpcId]) -> Result<Readings<Self>> {
        let vpcs = describe(aws, ids).await?;
        let vpcs: BTreeMap<_, _> = vpcs.into_iter().filter_map(|vpc| Some((vpc.vpc_id.clone()?, vpc))).collect();
        let seen = each(vpcs, |(id, vpc)| async {
            let id = VpcId::new(id);
            let seen = observe(aws, &id, vpc).await;
            // Deleted between the two calls: absent, like any other that is gone.
            Some((id, seen.or_gone(&["InvalidVpcID.NotFound"]).transpose()?))
        });
        Ok(seen.await.into_iter().flatten().collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let answer = aws.ec2().describe_vpcs().filters(owned_by(owner)).send().await?;
        let vpcs = answer.vpcs.unwrap_or_default().into_iter();
        Ok(vpcs.filter_map(|vpc| candidate(aws, owner, vpc.vpc_id, vpc.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<VpcChanges>> {
        let VpcChanges { enable_dns_support, enable_dns_hostnames, instance_tenancy, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        // One attribute per call; support before hostnames, which need it, and after them when both are switched off.
        let mut attributes = [(enable_dns_support, true), (enable_dns_hostnames, false)];
        if !planned.enable_dns_support {
            attributes.reverse();
        }
        for (_, support) in attributes.into_iter().filter(|(changed, _)| *changed) {
            let call = aws.ec2().modify_vpc_attribute().vpc_id(id.as_str());
            if support {
                call.enable_dns_support(boolean(planned.enable_dns_support)).send().await?;
            } else {
                call.enable_dns_hostnames(boolean(planned.enable_dns_hostnames)).send().await?;
            }
        }
        if instance_tenancy {
            aws.ec2().modify_vpc_tenancy().vpc_id(id.as_str()).instance_tenancy(VpcTenancy::Default).send().await?;
        }
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &VpcId, _: &Self) -> Result<Deletion> {
        aws.ec2().delete_vpc().vpc_id(id.as_str()).send().await.or_gone(&["InvalidVpcID.NotFound"])?;
        Ok(Deletion::Done)
    }
}

fn boolean(value: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(value).build()
}

async fn describe(aws: &Aws, ids: &[VpcId]) -> Result<Vec<aws_sdk_ec2::types::Vpc>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        // By filter: one dead id in a list of ids would fail the whole call.
        let ids = chunk.iter().map(VpcId::as_str);
        let mut pages = aws.ec2().describe_vpcs().filters(filter("vpc-id", ids)).into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page?.vpcs.unwrap_or_default());
        }
    }
    Ok(found)
}

/// The two DNS attributes have no batch form: a call each.
async fn observe(aws: &Aws, id: &VpcId, vpc: aws_sdk_ec2::types::Vpc) -> Result<Observed<Vpc>> {
    let attribute = |name| aws.ec2().describe_vpc_attribute().vpc_id(id.as_str()).attribute(name).send();
    let (support, hostnames) = futures::future::join(
        attribute(VpcAttributeName::EnableDnsSupport),
        attribute(VpcAttributeName::EnableDnsHostnames),
    )
    .await;
    let read = read_tags(aws, vpc.tags);
    let cidr_block = vpc.cidr_block.unwrap_or_default();
    let args = Vpc {
        cidr_block: cidr_block.clone(),
        enable_dns_support: support?.enable_dns_support.and_then(|it| it.value).unwrap_or_default(),
        enable_dns_hostnames: hostnames?.enable_dns_hostnames.and_then(|it| it.value).unwrap_or_default(),
        instance_tenancy: vpc.instance_tenancy.and_then(|it| Tenancy::parse(it.as_str())).unwrap_or(Tenancy::Default),
        ipv4_ipam_pool_id: None,
        tags: read.tags,
    };
    let outputs = VpcOutputs { id: id.clone(), cidr_block, owner_id: vpc.owner_id.unwrap_or_default() };
    Ok(Observed::new(args, outputs, read.owner))
}

impl Conforms for Vpc {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let base = Vpc::builder()
            .cidr_block("10.7.0.0/16")
            .enable_dns_support(true)
            .enable_dns_hostnames(true)
            .instance_tenancy(Tenancy::Dedicated)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("enable_dns_hostnames", false)
            .change("enable_dns_support", false)
            .change("instance_tenancy", "default")
            .change("cidr_block", "10.8.0.0/16")
            .unseen("ipv4_ipam_pool_id", "the emulator has no IPAM")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dedicated_tenancy_is_only_given_up_in_place() {
        assert_eq!(tenancy_change(&Tenancy::Dedicated, &Tenancy::Default), Change::InPlace);
        assert_eq!(tenancy_change(&Tenancy::Default, &Tenancy::Dedicated), Change::Replace);
    }
}
