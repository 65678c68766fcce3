//! `aws:ec2/network-acl`: a list of rules that filters what enters and leaves subnets.
//!
//! ```
//! use formwork_aws::ec2::{NetworkAcl, VpcId};
//!
//! let acl = NetworkAcl::builder().vpc(VpcId::new("vpc-0123456789abcdef0")).tags([("Name", "database")]).build();
//! # drop(acl);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{self as sdk, ResourceType};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Outputs, Resource, Stack, id};

use super::{FILTER_VALUES, Vpc, VpcId, candidate, filter, read_tags, retag, tag_specification};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::tags::{self, Tags};

id! {
    /// The id of a network ACL, such as `acl-0123456789abcdef0`.
    pub struct NetworkAclId;
}

/// A network ACL, which a subnet gets by a [`super::NetworkAclAssociation`].
///
/// A new one lets nothing through: its entries are [`super::NetworkAclEntry`]. Unlike a security group it knows no connections, so that answers need
/// an entry of their own. Every VPC has one that lets everything through, for subnets without an association; that one is AWS's.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/network-acl",
    cfn = "AWS::EC2::NetworkAcl",
    id = NetworkAclId,
    outputs = NetworkAclOutputs,
    guard = token,
    visibility = 300,
    create_wait = (0, 1, 1, 300),
    delete_wait = (0, 1, 1, 300)
)]
pub struct NetworkAcl {
    /// The VPC.
    #[arg(replace, cfn = "VpcId")]
    pub vpc: VpcId,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of a network ACL once it is there.
#[derive(Outputs)]
pub struct NetworkAclOutputs {
    /// The id.
    pub id: NetworkAclId,
    /// The ARN.
    pub arn: Arn<NetworkAcl>,
}

impl Lifecycle for NetworkAcl {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let call = aws.ec2().create_network_acl().vpc_id(args.vpc.as_str()).client_token(&owner.token);
        let answer = call.tag_specifications(tag_specification(owner, &args.tags, ResourceType::NetworkAcl));
        let id = answer.send().await?.network_acl.and_then(|acl| acl.network_acl_id);
        id.map(Created::whole).ok_or_else(|| Error::unexpected("ec2 CreateNetworkAcl", "no ACL id in the answer"))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = describe(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        Ok(all_ready(found.into_iter().filter_map(|acl| acl.network_acl_id)))
    }

    async fn read(aws: &Aws, ids: &[NetworkAclId]) -> Result<Readings<Self>> {
        let found = describe(aws, ids.iter().map(NetworkAclId::as_str)).await?.into_iter();
        Ok(found
            .filter_map(|acl| {
                let id = NetworkAclId::new(acl.network_acl_id?);
                let read = read_tags(aws, acl.tags);
                let args = Self { vpc: VpcId::new(acl.vpc_id.unwrap_or_default()), tags: read.tags };
                let (partition, region) = (aws.partition(), aws.region());
                let account = acl.owner_id.as_deref().unwrap_or(aws.account());
                let arn = Arn::new(format!("arn:{partition}:ec2:{region}:{account}:network-acl/{id}"));
                Some((id.clone(), Ok(Observed::new(args, NetworkAclOutputs { id, arn }, read.owner))))
            })
            .collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let ours = describe_by(aws, &format!("tag:{}", tags::ID), [owner.uid.as_str()]).await?.into_iter();
        Ok(ours.filter_map(|acl| candidate(aws, owner, acl.network_acl_id, acl.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<NetworkAclChanges>> {
        let NetworkAclChanges { tags } = update.changes;
        if tags {
            retag(aws, update.owner, update.id.as_str(), &update.now.tags, &update.planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &NetworkAclId, _: &Self) -> Result<Deletion> {
        let call = aws.ec2().delete_network_acl().network_acl_id(id.as_str());
        call.send().await.or_gone(&["InvalidNetworkAclID.NotFound"])?;
        Ok(Deletion::Done)
    }
}

/// The ACLs of these ids.
pub(super) async fn describe(aws: &Aws, ids: impl IntoIterator<Item = &str>) -> Result<Vec<sdk::NetworkAcl>> {
    describe_by(aws, "network-acl-id", ids).await
}

/// The ACLs that a filter finds with one of these values. ACLs, their entries and their associations are three types that most often ask for the
/// same ACLs.
pub(super) async fn describe_by(
    aws: &Aws,
    by: &str,
    values: impl IntoIterator<Item = &str>,
) -> Result<Vec<sdk::NetworkAcl>> {
    let values: Vec<&str> = values.into_iter().collect();
    let mut found = Vec::new();
    for chunk in values.chunks(FILTER_VALUES) {
        let asked = aws.once(format!("ec2 network ACLs by {by} {}", chunk.join(" ")), async {
            let mut acls = Vec::new();
            let filter = filter(by, chunk.iter().copied());
            let mut pages = aws.ec2().describe_network_acls().filters(filter).into_paginator().send();
            while let Some(page) = pages.next().await {
                acls.extend(page?.network_acls.unwrap_or_default());
            }
            Ok(acls)
        });
        found.extend(asked.await?.iter().cloned());
    }
    Ok(found)
}

impl Conforms for NetworkAcl {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.33.0.0/16").build());
        let other = stack.add("other", Vpc::builder().cidr_block("10.33.0.0/16").build());
        let base = NetworkAcl::builder().vpc(&vpc).tags([("team", "a"), ("cost", "1")]).build();
        Conformance::of(base).change("tags", [("team", "b")]).change("vpc", &other)
    }
}
