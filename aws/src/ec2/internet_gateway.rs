//! `aws:ec2/internet-gateway`: the way from a VPC to the internet.
//!
//! ```
//! use formwork_aws::ec2::{InternetGateway, VpcId};
//!
//! let gateway = InternetGateway::builder().vpc(VpcId::new("vpc-0123456789abcdef0")).build();
//! # drop(gateway);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{self as sdk, ResourceType};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Change, Outputs, Resource, Stack, id};

use super::{FILTER_VALUES, Vpc, VpcId, candidate, filter, owned_by, read_tags, retag, tag_specification};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::tags::Tags;

id! {
    /// The id of an internet gateway, such as `igw-0123456789abcdef0`.
    pub struct InternetGatewayId;
}

/// The way from a VPC to the internet, for whatever has a public address. A VPC has at most one.
///
/// It is detached before it is deleted, which AWS refuses while public addresses of the VPC are in use: elastic IPs and public NAT
/// gateways of the same stack are therefore made after it and deleted before it, without being told so.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/internet-gateway",
    cfn = "AWS::EC2::InternetGateway",
    id = InternetGatewayId,
    outputs = InternetGatewayOutputs,
    guard = tag_only,
    exclusive(vpc),
    visibility = 300,
    create_wait = (0, 1, 1, 1200),
    delete_wait = (0, 1, 1, 1200)
)]
pub struct InternetGateway {
    /// The VPC that it is attached to. Attached to nothing it can be attached in place; another VPC gets another gateway, since the
    /// present one cannot let go while addresses are in use.
    #[arg(decide = vpc_change, after_create, cfn = "")]
    pub vpc: Option<VpcId>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

fn vpc_change(before: &Option<VpcId>, _: &Option<VpcId>) -> Change {
    if before.is_none() { Change::InPlace } else { Change::Replace }
}

/// What is known of an internet gateway once it is there.
#[derive(Outputs)]
pub struct InternetGatewayOutputs {
    /// The id.
    pub id: InternetGatewayId,
    /// The account it belongs to.
    pub owner_id: String,
}

const GONE: &[&str] = &["InvalidInternetGatewayID.NotFound"];

impl Lifecycle for InternetGateway {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let tags = tag_specification(owner, &args.tags, ResourceType::InternetGateway);
        let answer = aws.ec2().create_internet_gateway().tag_specifications(tags).send().await?;
        let id = answer
            .internet_gateway
            .and_then(|gateway| gateway.internet_gateway_id)
            .ok_or_else(|| Error::unexpected("ec2 CreateInternetGateway", "no gateway id in the answer"))?;
        Ok(Created::whole(id))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<InternetGatewayId> = waiting.iter().map(|one| InternetGatewayId::new(&one.id)).collect();
        let gateways = describe(aws, &ids).await?;
        Ok(gateways
            .into_iter()
            .filter_map(|gateway| {
                let id = gateway.internet_gateway_id.clone()?;
                let wanted = waiting.iter().find(|one| one.id == id).and_then(|one| one.change.as_deref());
                let status = status_of(&gateway, wanted);
                Some((id, status))
            })
            .collect())
    }

    async fn read(aws: &Aws, ids: &[InternetGatewayId]) -> Result<Readings<Self>> {
        let gateways = describe(aws, ids).await?.into_iter();
        Ok(gateways
            .filter_map(|gateway| {
                let id = InternetGatewayId::new(gateway.internet_gateway_id.clone()?);
                let read = read_tags(aws, gateway.tags.clone());
                let args = Self { vpc: attached(&gateway).next().map(VpcId::new), tags: read.tags };
                let outputs = InternetGatewayOutputs { id: id.clone(), owner_id: gateway.owner_id.unwrap_or_default() };
                Some((id, Ok(Observed::new(args, outputs, read.owner))))
            })
            .collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let answer = aws.ec2().describe_internet_gateways().filters(owned_by(owner)).send().await?;
        let gateways = answer.internet_gateways.unwrap_or_default().into_iter();
        Ok(gateways.filter_map(|one| candidate(aws, owner, one.internet_gateway_id, one.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<InternetGatewayChanges>> {
        let InternetGatewayChanges { vpc, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        match &planned.vpc {
            Some(wanted) if vpc && now.vpc.as_ref() != Some(wanted) => {
                let call = aws.ec2().attach_internet_gateway().internet_gateway_id(id.as_str());
                call.vpc_id(wanted.as_str()).send().await?;
                // Until describes show it: what comes next (a NAT gateway, a route) is refused by those that do not see it yet.
                Ok(Updated { left: InternetGatewayChanges::default(), waiting: Some(wanted.to_string()) })
            }
            _ => Ok(Updated::done()),
        }
    }

    async fn delete(aws: &Aws, id: &InternetGatewayId, _: &Self) -> Result<Deletion> {
        for gateway in describe(aws, std::slice::from_ref(id)).await? {
            for vpc in attached(&gateway) {
                let call = aws.ec2().detach_internet_gateway().internet_gateway_id(id.as_str()).vpc_id(vpc);
                call.send().await.or_gone(&["Gateway.NotAttached", "InvalidInternetGatewayID.NotFound"])?;
            }
        }
        aws.ec2().delete_internet_gateway().internet_gateway_id(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

async fn describe(aws: &Aws, ids: &[InternetGatewayId]) -> Result<Vec<sdk::InternetGateway>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let by_id = filter("internet-gateway-id", chunk.iter().map(InternetGatewayId::as_str));
        let mut pages = aws.ec2().describe_internet_gateways().filters(by_id).into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page?.internet_gateways.unwrap_or_default());
        }
    }
    Ok(found)
}

/// The VPCs it is attached to or being attached to: one, or none.
fn attached(gateway: &sdk::InternetGateway) -> impl Iterator<Item = &str> {
    gateway.attachments().iter().filter_map(|attachment| {
        let state = attachment.state.as_ref().map(|state| state.as_str());
        if matches!(state, Some("detached" | "detaching")) { None } else { attachment.vpc_id.as_deref() }
    })
}

/// Ready, or on the way to the VPC that was just attached.
fn status_of(gateway: &sdk::InternetGateway, wanted: Option<&str>) -> Status {
    let Some(wanted) = wanted else { return Status::Ready };
    let attachment = gateway.attachments().iter().find(|attachment| attachment.vpc_id.as_deref() == Some(wanted));
    match attachment.and_then(|attachment| attachment.state.as_ref()).map(|state| state.as_str()) {
        // `available` is what AWS answers, `attached` what its documentation says.
        Some("available" | "attached") => Status::Ready,
        other => Status::Pending(other.unwrap_or("attaching").to_owned()),
    }
}

impl Conforms for InternetGateway {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.21.0.0/16").build());
        let other = stack.add("other", Vpc::builder().cidr_block("10.22.0.0/16").build());
        let base = InternetGateway::builder().vpc(&vpc).tags([("Name", "gate-a")]).build();
        Conformance::of(base).change("tags", [("Name", "gate-b")]).change("vpc", &other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(state: &str) -> sdk::InternetGateway {
        let attachment = sdk::InternetGatewayAttachment::builder().vpc_id("vpc-1").state(state.into()).build();
        sdk::InternetGateway::builder().attachments(attachment).build()
    }

    #[test]
    fn it_is_ready_when_the_vpc_that_was_asked_for_is_attached() {
        assert_eq!(status_of(&gateway("available"), Some("vpc-1")), Status::Ready);
        assert_eq!(status_of(&gateway("attaching"), Some("vpc-1")), Status::Pending("attaching".into()));
        assert_eq!(status_of(&gateway("available"), Some("vpc-2")), Status::Pending("attaching".into()));
        assert_eq!(status_of(&gateway("detaching"), None), Status::Ready);
    }

    #[test]
    fn what_is_detached_is_no_attachment() {
        assert_eq!(attached(&gateway("available")).collect::<Vec<_>>(), ["vpc-1"]);
        assert_eq!(attached(&gateway("detaching")).count(), 0);
    }

    #[test]
    fn only_a_gateway_that_is_attached_to_nothing_is_attached_in_place() {
        let vpc = Some(VpcId::new("vpc-1"));
        assert_eq!(vpc_change(&None, &vpc), Change::InPlace);
        assert_eq!(vpc_change(&vpc, &Some(VpcId::new("vpc-2"))), Change::Replace);
    }
}
