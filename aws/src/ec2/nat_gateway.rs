//! `aws:ec2/nat-gateway`: the way out of private subnets.
//!
//! ```
//! use formwork_aws::ec2::{AllocationId, NatGateway, SubnetId};
//!
//! let gateway = NatGateway::builder()
//!     .subnet(SubnetId::new("subnet-0123456789abcdef0"))
//!     .allocation(AllocationId::new("eipalloc-0123456789abcdef0"))
//!     .build();
//! # drop(gateway);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{self as sdk, NatGatewayAddressStatus, ResourceType};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::shape::{After, Link};
use formwork_engine::{Choice, Outputs, Resource, Stack, Value, id};

use super::{
    AllocationId, ElasticIp, FILTER_VALUES, InternetGateway, Subnet, SubnetId, Vpc, VpcId, candidate, filter, owned_by,
    read_tags, retag, tag_specification,
};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::tags::Tags;

id! {
    /// The id of a NAT gateway, such as `nat-0123456789abcdef0`.
    pub struct NatGatewayId;
}

/// A public gateway in a VPC without an attached internet gateway is accepted by AWS and then fails.
const AFTER: &[After] = &[
    After {
        kind: "aws:ec2/internet-gateway",
        link: Link::Shared(&[("subnet.vpc", "vpc")]),
        where_theirs: None,
        where_mine: None,
    },
    After {
        kind: "aws:ec2/internet-gateway",
        link: Link::Shared(&[("vpc", "vpc")]),
        where_theirs: None,
        where_mine: None,
    },
];

/// The way out of private subnets: what lies in them reaches the internet (public) or other networks (private) and cannot be reached.
///
/// It costs by the hour. A zonal gateway lies in one subnet, and what uses it from other zones stops with its zone; a regional one
/// spans the zones of its VPC. It is made after the internet gateway of its VPC without being told so.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/nat-gateway",
    cfn = "AWS::EC2::NatGateway",
    id = NatGatewayId,
    outputs = NatGatewayOutputs,
    guard = token,
    exclusive(allocation),
    visibility = 300,
    create_wait = (0, 5, 1, 600),
    update_wait = (0, 5, 1, 600),
    delete_wait = (10, 10, 1, 1800),
    after = AFTER
)]
pub struct NatGateway {
    /// The subnet that a zonal gateway lies in: for a public one, a subnet with a route to an internet gateway.
    #[arg(replace, cfn = "SubnetId")]
    pub subnet: Option<SubnetId>,
    /// The VPC of a regional gateway, instead of `subnet`.
    #[arg(replace, cfn = "VpcId", instead_of = subnet)]
    pub vpc: Option<VpcId>,
    /// Whether it lies in one zone or spans the zones of the VPC.
    #[arg(replace, default = AvailabilityMode::Zonal)]
    pub availability_mode: AvailabilityMode,
    /// Whether it leads to the internet.
    #[arg(replace, default = ConnectivityType::Public)]
    pub connectivity_type: ConnectivityType,
    /// The address that a public zonal gateway is seen under.
    #[arg(replace, cfn = "AllocationId")]
    pub allocation: Option<AllocationId>,
    /// Its address in the subnet; AWS chooses one when absent.
    #[arg(replace)]
    pub private_ip_address: Option<String>,
    /// Further addresses that a public gateway is seen under, each for another 55,000 connections to one destination; at most 7.
    #[arg(in_place, default, cfn = "SecondaryAllocationIds")]
    pub secondary_allocations: BTreeSet<AllocationId>,
    /// Its further addresses in the subnet: for a public gateway one for each of `secondary_allocations`; AWS chooses them when absent.
    #[arg(in_place)]
    pub secondary_private_ip_addresses: Option<BTreeSet<String>>,
    /// How many further addresses AWS chooses for a private gateway, instead of `secondary_private_ip_addresses`.
    #[arg(in_place, instead_of = secondary_private_ip_addresses)]
    pub secondary_private_ip_address_count: Option<i32>,
    /// How long connections of a further address may go on while it is taken away, in seconds, 1 to 4000; 350 when absent.
    #[arg(in_place, write_only)]
    pub max_drain_duration_seconds: Option<i32>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// Where a NAT gateway stands.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AvailabilityMode {
    /// In one zone, in a subnet.
    #[choice("zonal")]
    Zonal,
    /// In all zones of a VPC that need it, with addresses that AWS provides.
    #[choice("regional")]
    Regional,
}

/// What a NAT gateway leads to.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectivityType {
    /// The internet.
    #[choice("public")]
    Public,
    /// Other VPCs and networks on premises.
    #[choice("private")]
    Private,
}

/// What is known of a NAT gateway once it is there.
#[derive(Outputs)]
pub struct NatGatewayOutputs {
    /// The id.
    pub id: NatGatewayId,
    /// The public address that connections come from; none when it is private or regional.
    pub public_ip: Option<String>,
    /// Its address in the subnet; none when it is regional.
    #[output(echoes = private_ip_address)]
    pub private_ip: Option<String>,
    /// The network interface in the subnet; none when it is regional.
    pub network_interface_id: Option<String>,
}

impl Lifecycle for NatGateway {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let secondary = args.secondary_allocations.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut call = aws
            .ec2()
            .create_nat_gateway()
            .client_token(&owner.token)
            .set_subnet_id(args.subnet.as_ref().map(ToString::to_string))
            .set_vpc_id(args.vpc.as_ref().map(ToString::to_string))
            .connectivity_type(args.connectivity_type.as_str().into())
            .set_allocation_id(args.allocation.as_ref().map(ToString::to_string))
            .set_private_ip_address(args.private_ip_address.clone())
            .set_secondary_allocation_ids((!secondary.is_empty()).then_some(secondary))
            .set_secondary_private_ip_addresses(
                args.secondary_private_ip_addresses.as_ref().map(|all| all.iter().cloned().collect()),
            )
            .set_secondary_private_ip_address_count(args.secondary_private_ip_address_count)
            .tag_specifications(tag_specification(owner, &args.tags, ResourceType::Natgateway));
        if args.availability_mode == AvailabilityMode::Regional {
            call = call.availability_mode(args.availability_mode.as_str().into());
        }
        let id = call
            .send()
            .await?
            .nat_gateway
            .and_then(|gateway| gateway.nat_gateway_id)
            .ok_or_else(|| Error::unexpected("ec2 CreateNatGateway", "no gateway id in the answer"))?;
        Ok(Created::whole(id))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<NatGatewayId> = waiting.iter().map(|one| NatGatewayId::new(&one.id)).collect();
        let gateways = describe(aws, &ids).await?.into_iter();
        Ok(gateways.filter_map(|gateway| Some((gateway.nat_gateway_id.clone()?, status_of(&gateway)))).collect())
    }

    async fn read(aws: &Aws, ids: &[NatGatewayId]) -> Result<Readings<Self>> {
        let gateways = describe(aws, ids).await?.into_iter();
        Ok(gateways
            .filter_map(|gateway| {
                let id = NatGatewayId::new(gateway.nat_gateway_id.clone()?);
                Some((id.clone(), Ok(observe(aws, id, gateway))))
            })
            .collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let answer = aws.ec2().describe_nat_gateways().filter(owned_by(owner)).send().await?;
        let gateways = answer.nat_gateways.unwrap_or_default().into_iter();
        // One that is being deleted was made by an attempt that is over.
        let there = gateways.filter(|one| !matches!(state(one), "deleted" | "deleting"));
        Ok(there.filter_map(|one| candidate(aws, owner, one.nat_gateway_id, one.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<NatGatewayChanges>> {
        let NatGatewayChanges {
            secondary_allocations,
            secondary_private_ip_addresses,
            secondary_private_ip_address_count,
            // Sent with the calls that take addresses away.
            max_drain_duration_seconds: _,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        if secondary_allocations || secondary_private_ip_addresses || secondary_private_ip_address_count {
            let Some(gateway) = describe(aws, std::slice::from_ref(id)).await?.into_iter().next() else {
                return Err(Error::unexpected("ec2 DescribeNatGateways", "the gateway is not there any more"));
            };
            match planned.connectivity_type {
                ConnectivityType::Public => exchange_public(aws, id, &gateway, planned).await?,
                ConnectivityType::Private => exchange_private(aws, id, &gateway, planned).await?,
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &NatGatewayId, _: &Self) -> Result<Deletion> {
        let call = aws.ec2().delete_nat_gateway().nat_gateway_id(id.as_str());
        let gone = call.send().await.or_gone(&["NatGatewayNotFound"])?.is_none();
        Ok(if gone { Deletion::Done } else { Deletion::Wait })
    }
}

/// Takes away the further public addresses that are not planned, then adds those that are missing: the account's quota of addresses per
/// gateway may leave no room for the other order.
async fn exchange_public(aws: &Aws, id: &NatGatewayId, gateway: &sdk::NatGateway, planned: &NatGateway) -> Result<()> {
    let held: BTreeSet<AllocationId> =
        secondary(gateway).filter_map(|address| address.allocation_id.as_deref()).map(AllocationId::new).collect();
    let leaving: Vec<String> = secondary(gateway)
        .filter(|address| {
            let allocation = address.allocation_id.as_deref().map(AllocationId::new);
            allocation.is_some_and(|allocation| !planned.secondary_allocations.contains(&allocation))
        })
        .filter_map(|address| address.association_id.clone())
        .collect();
    if !leaving.is_empty() {
        let call = aws.ec2().disassociate_nat_gateway_address().nat_gateway_id(id.as_str());
        let call = call.set_association_ids(Some(leaving));
        call.set_max_drain_duration_seconds(planned.max_drain_duration_seconds).send().await?;
    }
    let missing: Vec<String> = planned.secondary_allocations.difference(&held).map(ToString::to_string).collect();
    let private = planned.secondary_private_ip_addresses.as_ref().map(|wanted| missing_private(gateway, wanted));
    let private = private.filter(|all| !all.is_empty());
    if !missing.is_empty() {
        let call = aws.ec2().associate_nat_gateway_address().nat_gateway_id(id.as_str());
        call.set_allocation_ids(Some(missing)).set_private_ip_addresses(private).send().await?;
    } else if private.is_some() {
        let reason =
            "`secondary_private_ip_addresses` of a public gateway are given only to new `secondary_allocations`";
        return Err(Error::refused("ec2 AssociateNatGatewayAddress", reason));
    }
    Ok(())
}

/// The same for the further addresses of a private gateway, of which all or only the number are planned.
async fn exchange_private(aws: &Aws, id: &NatGatewayId, gateway: &sdk::NatGateway, planned: &NatGateway) -> Result<()> {
    let held: Vec<String> = secondary(gateway).filter_map(|address| address.private_ip.clone()).collect();
    let exchange = match (&planned.secondary_private_ip_addresses, planned.secondary_private_ip_address_count) {
        (Some(wanted), _) => Exchange {
            leaving: held.iter().filter(|address| !wanted.contains(*address)).cloned().collect(),
            missing: missing_private(gateway, wanted),
            further: 0,
        },
        (None, Some(count)) => Exchange::to_count(held, usize::try_from(count).unwrap_or_default()),
        (None, None) => return Ok(()),
    };
    if !exchange.leaving.is_empty() {
        let call = aws.ec2().unassign_private_nat_gateway_address().nat_gateway_id(id.as_str());
        let call = call.set_private_ip_addresses(Some(exchange.leaving));
        call.set_max_drain_duration_seconds(planned.max_drain_duration_seconds).send().await?;
    }
    let assign = || aws.ec2().assign_private_nat_gateway_address().nat_gateway_id(id.as_str());
    if !exchange.missing.is_empty() {
        assign().set_private_ip_addresses(Some(exchange.missing)).send().await?;
    }
    if exchange.further > 0 {
        assign().private_ip_address_count(exchange.further).send().await?;
    }
    Ok(())
}

/// What changes among the further addresses of a private gateway.
#[derive(Debug, PartialEq, Eq)]
struct Exchange {
    leaving: Vec<String>,
    missing: Vec<String>,
    /// How many more AWS is to choose.
    further: i32,
}

impl Exchange {
    /// Takes the last ones away when there are too many.
    fn to_count(mut held: Vec<String>, count: usize) -> Self {
        let further = i32::try_from(count.saturating_sub(held.len())).unwrap_or(i32::MAX);
        let leaving = held.split_off(count.min(held.len()));
        Self { leaving, missing: Vec::new(), further }
    }
}

fn missing_private(gateway: &sdk::NatGateway, wanted: &BTreeSet<String>) -> Vec<String> {
    let held: BTreeSet<&str> = secondary(gateway).filter_map(|address| address.private_ip.as_deref()).collect();
    wanted.iter().filter(|address| !held.contains(address.as_str())).cloned().collect()
}

/// The gateways that are there. AWS shows deleted ones for about an hour: those are gone.
async fn describe(aws: &Aws, ids: &[NatGatewayId]) -> Result<Vec<sdk::NatGateway>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let by_id = filter("nat-gateway-id", chunk.iter().map(NatGatewayId::as_str));
        let mut pages = aws.ec2().describe_nat_gateways().filter(by_id).into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page?.nat_gateways.unwrap_or_default());
        }
    }
    found.retain(|gateway| state(gateway) != "deleted");
    Ok(found)
}

fn state(gateway: &sdk::NatGateway) -> &str {
    gateway.state.as_ref().map_or("pending", |state| state.as_str())
}

/// The further addresses that it has or is getting, in AWS's order.
fn secondary(gateway: &sdk::NatGateway) -> impl Iterator<Item = &sdk::NatGatewayAddress> {
    use NatGatewayAddressStatus::{Disassociating, Failed, Unassigning};
    gateway.nat_gateway_addresses().iter().filter(|address| {
        let leaving = matches!(address.status, Some(Disassociating | Unassigning | Failed));
        address.is_primary == Some(false) && !leaving
    })
}

fn status_of(gateway: &sdk::NatGateway) -> Status {
    match state(gateway) {
        "available" => addresses_status(gateway),
        "failed" => {
            let words = [gateway.failure_code.as_deref(), gateway.failure_message.as_deref()];
            let words: Vec<&str> = words.into_iter().flatten().collect();
            Status::Failed(if words.is_empty() { "failed".to_owned() } else { words.join(": ") })
        }
        other => Status::Pending(other.to_owned()),
    }
}

/// A gateway works while its further addresses come and go; a change of them is done when they have.
fn addresses_status(gateway: &sdk::NatGateway) -> Status {
    for address in gateway.nat_gateway_addresses() {
        match &address.status {
            None | Some(NatGatewayAddressStatus::Succeeded) => {}
            Some(NatGatewayAddressStatus::Failed) => {
                let which = address.allocation_id.as_ref().or(address.private_ip.as_ref());
                let which = which.map_or("an address", String::as_str);
                let why = address.failure_message.as_deref().unwrap_or("AWS gives no reason");
                return Status::Stuck(format!("{which}: {why}"));
            }
            Some(other) => return Status::Pending(other.as_str().to_owned()),
        }
    }
    Status::Ready
}

fn observe(aws: &Aws, id: NatGatewayId, gateway: sdk::NatGateway) -> Observed<NatGateway> {
    let read = read_tags(aws, gateway.tags.clone());
    let regional = gateway.availability_mode.as_ref().is_some_and(|mode| mode.as_str() == "regional");
    let public = gateway.connectivity_type.as_ref().is_none_or(|kind| kind.as_str() == "public");
    // Gateways from before further addresses existed do not say which is the first.
    let first = gateway.nat_gateway_addresses().iter().find(|one| one.is_primary != Some(false)).filter(|_| !regional);
    let further: Vec<_> = secondary(&gateway).filter(|_| !regional).collect();
    let allocations = further.iter().filter_map(|one| one.allocation_id.as_deref()).map(AllocationId::new).collect();
    let private: BTreeSet<String> = further.iter().filter_map(|one| one.private_ip.clone()).collect();
    let private_ip = first.and_then(|one| one.private_ip.clone());
    let args = NatGateway {
        subnet: gateway.subnet_id.as_deref().filter(|_| !regional).map(SubnetId::new),
        vpc: gateway.vpc_id.as_deref().map(VpcId::new),
        availability_mode: if regional { AvailabilityMode::Regional } else { AvailabilityMode::Zonal },
        connectivity_type: if public { ConnectivityType::Public } else { ConnectivityType::Private },
        allocation: first.and_then(|one| one.allocation_id.as_deref()).map(AllocationId::new),
        private_ip_address: private_ip.clone(),
        secondary_allocations: allocations,
        secondary_private_ip_address_count: i32::try_from(private.len()).ok(),
        secondary_private_ip_addresses: Some(private),
        max_drain_duration_seconds: None,
        tags: read.tags,
    };
    let outputs = NatGatewayOutputs {
        id,
        public_ip: first.and_then(|one| one.public_ip.clone()),
        private_ip,
        network_interface_id: first.and_then(|one| one.network_interface_id.clone()),
    };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for NatGateway {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.23.0.0/16").build());
        stack.add("gateway", InternetGateway::builder().vpc(&vpc).build());
        let subnet = stack.add("subnet", Subnet::builder().vpc(&vpc).cidr_block("10.23.1.0/24").build());
        let other = stack.add("other", Subnet::builder().vpc(&vpc).cidr_block("10.23.2.0/24").build());
        let address = stack.add("address", ElasticIp::builder().build());
        let another = stack.add("another", ElasticIp::builder().build());
        let base = NatGateway::builder()
            .subnet(&subnet)
            .connectivity_type(ConnectivityType::Public)
            .allocation(&address)
            .private_ip_address("10.23.1.77")
            .max_drain_duration_seconds(60)
            .tags([("Name", "out-a")])
            .build();
        Conformance::of(base)
            .change("tags", [("Name", "out-b")])
            .change("max_drain_duration_seconds", 90)
            .change("private_ip_address", "10.23.1.78")
            .change("allocation", &another)
            .change("subnet", &other)
            .together_with("private_ip_address", "10.23.2.77")
            .change("connectivity_type", "private")
            .together_with("allocation", Value::Null)
            .unseen("availability_mode", "the emulator has no regional gateways")
            .unseen("vpc", "the emulator has no regional gateways")
            .unseen("secondary_allocations", "the emulator does not keep further addresses")
            .unseen("secondary_private_ip_addresses", "the emulator does not keep further addresses")
            .unseen("secondary_private_ip_address_count", "the emulator does not keep further addresses")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(status: NatGatewayAddressStatus, primary: bool, ip: &str) -> sdk::NatGatewayAddress {
        sdk::NatGatewayAddress::builder()
            .status(status)
            .is_primary(primary)
            .private_ip(ip)
            .failure_message("no such address")
            .build()
    }

    fn gateway(state: &str, addresses: Vec<sdk::NatGatewayAddress>) -> sdk::NatGateway {
        sdk::NatGateway::builder().state(state.into()).set_nat_gateway_addresses(Some(addresses)).build()
    }

    #[test]
    fn a_failed_gateway_says_why_in_the_words_of_aws() {
        let failed = sdk::NatGateway::builder()
            .state("failed".into())
            .failure_code("Gateway.NotAttached")
            .failure_message("Network vpc-1 has no Internet gateway attached")
            .build();
        let words = "Gateway.NotAttached: Network vpc-1 has no Internet gateway attached";
        assert_eq!(status_of(&failed), Status::Failed(words.into()));
        assert_eq!(status_of(&gateway("failed", Vec::new())), Status::Failed("failed".into()));
        assert_eq!(status_of(&gateway("waking", Vec::new())), Status::Pending("waking".into()));
    }

    #[test]
    fn it_is_ready_when_its_addresses_are() {
        use NatGatewayAddressStatus::{Associating, Failed, Succeeded};
        let with = |status| gateway("available", vec![address(Succeeded, true, "a"), address(status, false, "b")]);
        assert_eq!(status_of(&with(Succeeded)), Status::Ready);
        assert_eq!(status_of(&with(Associating)), Status::Pending("associating".into()));
        assert_eq!(status_of(&with(Failed)), Status::Stuck("b: no such address".into()));
    }

    #[test]
    fn addresses_that_are_leaving_are_not_held() {
        use NatGatewayAddressStatus::{Succeeded, Unassigning};
        let addresses =
            [(Succeeded, true, "a"), (Succeeded, false, "b"), (Unassigning, false, "c"), (Succeeded, false, "d")];
        let addresses = addresses.into_iter().map(|(status, primary, ip)| address(status, primary, ip)).collect();
        let wanted = ["c".to_owned(), "d".to_owned()].into();
        assert_eq!(missing_private(&gateway("available", addresses), &wanted), ["c"]);
    }

    #[test]
    fn a_number_of_addresses_is_reached_from_both_sides() {
        let held = || vec!["b".to_owned(), "c".to_owned()];
        let more = Exchange { leaving: Vec::new(), missing: Vec::new(), further: 1 };
        assert_eq!(Exchange::to_count(held(), 3), more);
        let fewer = Exchange { leaving: vec!["c".to_owned()], missing: Vec::new(), further: 0 };
        assert_eq!(Exchange::to_count(held(), 1), fewer);
    }
}
