//! `aws:ec2/subnet`: a range of addresses of a VPC in one availability zone.
//!
//! ```
//! use formwork_aws::ec2::{Subnet, VpcId};
//!
//! let subnet = Subnet::builder()
//!     .vpc(VpcId::new("vpc-0123456789abcdef0"))
//!     .cidr_block("10.0.101.0/24")
//!     .availability_zone("eu-west-1a")
//!     .map_public_ip_on_launch(true)
//!     .build();
//! # drop(subnet);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{self as sdk, AttributeBooleanValue, ResourceType, SubnetCidrBlockStateCode};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Change, Choice, Outputs, Resource, Stack, id};

use super::{FILTER_VALUES, Vpc, VpcId, candidate, filter, owned_by, read_tags, retag, tag_specification};
use crate::cidr;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::tags::Tags;

id! {
    /// The id of a subnet, such as `subnet-0123456789abcdef0`.
    pub struct SubnetId;
}

/// A range of addresses of a VPC in one availability zone.
///
/// It uses the VPC's main route table and default network ACL until something else is associated with it.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/subnet",
    cfn = "AWS::EC2::Subnet",
    id = SubnetId,
    outputs = SubnetOutputs,
    guard = unique_name,
    natural_key(vpc, cidr_block),
    visibility = 300,
    create_wait = (0, 1, 1, 600),
    delete_wait = (0, 1, 1, 1200)
)]
pub struct Subnet {
    /// The VPC.
    #[arg(replace, cfn = "VpcId")]
    pub vpc: VpcId,
    /// The IPv4 range, /16 to /28 within the VPC's, such as `10.0.101.0/24`. Five of its addresses are AWS's own.
    #[arg(replace, same = cidr::same)]
    pub cidr_block: String,
    /// The zone by name, such as `eu-west-1a`. AWS chooses one when neither this nor `availability_zone_id` is given.
    #[arg(replace)]
    pub availability_zone: Option<String>,
    /// The zone by the id that is the same in all accounts, such as `euw1-az1`; instead of `availability_zone`.
    #[arg(replace, instead_of = availability_zone)]
    pub availability_zone_id: Option<String>,
    /// Whether instances get a public IPv4 address when they are launched.
    #[arg(in_place, after_create, default = false)]
    pub map_public_ip_on_launch: bool,
    /// The IPv6 range, /44 to /64 within the VPC's. One can be added in place, not exchanged.
    #[arg(decide = ipv6_change, same = cidr::same_if_given)]
    pub ipv6_cidr_block: Option<String>,
    /// Whether network interfaces get an IPv6 address when they are made; needs `ipv6_cidr_block`.
    #[arg(in_place, after_create, default = false)]
    pub assign_ipv6_address_on_creation: bool,
    /// Whether DNS answers with synthetic IPv6 addresses for names that have IPv4 ones only; needs `ipv6_cidr_block`.
    #[arg(in_place, after_create, default = false)]
    pub enable_dns64: bool,
    /// What the private DNS names of instances are made of.
    #[arg(in_place, after_create, cfn = "PrivateDnsNameOptionsOnLaunch.HostnameType")]
    pub hostname_type: Option<HostnameType>,
    /// Whether DNS answers queries for resource names with IPv4 addresses.
    #[arg(in_place, after_create, default = false, cfn = "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord")]
    pub enable_resource_name_dns_a_record: bool,
    /// Whether DNS answers queries for resource names with IPv6 addresses; needs `ipv6_cidr_block`.
    #[arg(
        in_place,
        after_create,
        default = false,
        cfn = "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord"
    )]
    pub enable_resource_name_dns_aaaa_record: bool,
    /// The position of the local network interface of instances, such as `1` for eth1; only on an Outpost.
    #[arg(in_place, after_create)]
    pub enable_lni_at_device_index: Option<i32>,
    /// The ARN of the Outpost that it lies on.
    #[arg(replace)]
    pub outpost_arn: Option<String>,
    /// The id of the IPAM pool that `cidr_block` is taken from. AWS does not tell it again.
    #[arg(replace, write_only)]
    pub ipv4_ipam_pool_id: Option<String>,
    /// The id of the IPAM pool that `ipv6_cidr_block` is taken from. AWS does not tell it again.
    #[arg(replace, write_only)]
    pub ipv6_ipam_pool_id: Option<String>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// A subnet has at most one IPv6 range, and the one that it has is in use by whatever lies in it.
fn ipv6_change(before: &Option<String>, _: &Option<String>) -> Change {
    if before.is_none() { Change::InPlace } else { Change::Replace }
}

/// What the private DNS names of instances are made of.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostnameType {
    /// The private IPv4 address.
    #[choice("ip-name")]
    IpName,
    /// The instance's id.
    #[choice("resource-name")]
    ResourceName,
}

/// What is known of a subnet once it is there.
#[derive(Outputs)]
pub struct SubnetOutputs {
    /// The id.
    pub id: SubnetId,
    /// The ARN.
    pub arn: String,
    /// The IPv4 range.
    #[output(echoes = cidr_block)]
    pub cidr_block: String,
    /// The name of the zone, also when AWS chose it.
    #[output(echoes = availability_zone)]
    pub availability_zone: String,
    /// The id of the zone, the same in all accounts.
    #[output(echoes = availability_zone_id)]
    pub availability_zone_id: String,
}

impl Lifecycle for Subnet {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .ec2()
            .create_subnet()
            .vpc_id(args.vpc.as_str())
            .cidr_block(&args.cidr_block)
            .set_availability_zone(args.availability_zone.clone())
            .set_availability_zone_id(args.availability_zone_id.clone())
            .set_ipv6_cidr_block(args.ipv6_cidr_block.clone())
            .set_outpost_arn(args.outpost_arn.clone())
            .set_ipv4_ipam_pool_id(args.ipv4_ipam_pool_id.clone())
            .set_ipv6_ipam_pool_id(args.ipv6_ipam_pool_id.clone())
            .tag_specifications(tag_specification(owner, &args.tags, ResourceType::Subnet))
            .send()
            .await?;
        let id = answer
            .subnet
            .and_then(|subnet| subnet.subnet_id)
            .ok_or_else(|| Error::unexpected("ec2 CreateSubnet", "no subnet id in the answer"))?;
        Ok(Created::whole(id))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<SubnetId> = waiting.iter().map(|one| SubnetId::new(&one.id)).collect();
        let subnets = describe(aws, &ids).await?;
        Ok(subnets.into_iter().filter_map(|subnet| Some((subnet.subnet_id.clone()?, status_of(&subnet)))).collect())
    }

    async fn read(aws: &Aws, ids: &[SubnetId]) -> Result<Readings<Self>> {
        let subnets = describe(aws, ids).await?.into_iter();
        Ok(subnets
            .filter_map(|subnet| {
                let id = SubnetId::new(subnet.subnet_id.clone()?);
                Some((id.clone(), Ok(observe(aws, id, subnet))))
            })
            .collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let answer = aws.ec2().describe_subnets().filters(owned_by(owner)).send().await?;
        let subnets = answer.subnets.unwrap_or_default().into_iter();
        let mut found: Vec<Candidate> =
            subnets.filter_map(|subnet| candidate(aws, owner, subnet.subnet_id, subnet.tags)).collect();
        if let (true, Some(args)) = (found.is_empty(), args) {
            let call = aws.ec2().describe_subnets().filters(filter("vpc-id", [args.vpc.as_str()]));
            let answer = call.filters(filter("cidr-block", [&args.cidr_block])).send().await?;
            let named = answer.subnets.unwrap_or_default().into_iter().filter_map(|subnet| subnet.subnet_id);
            found.extend(named.map(|id| Candidate { id, proof: Proof::Name }));
        }
        Ok(found)
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<SubnetChanges>> {
        let SubnetChanges {
            map_public_ip_on_launch,
            ipv6_cidr_block,
            assign_ipv6_address_on_creation,
            enable_dns64,
            hostname_type,
            enable_resource_name_dns_a_record,
            enable_resource_name_dns_aaaa_record,
            enable_lni_at_device_index,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        // AWS takes one attribute per call.
        let modify = || aws.ec2().modify_subnet_attribute().subnet_id(id.as_str());
        if map_public_ip_on_launch {
            modify().map_public_ip_on_launch(boolean(planned.map_public_ip_on_launch)).send().await?;
        }
        if let (true, Some(kind)) = (hostname_type, planned.hostname_type) {
            modify().private_dns_hostname_type_on_launch(kind.as_str().into()).send().await?;
        }
        if enable_resource_name_dns_a_record {
            let value = boolean(planned.enable_resource_name_dns_a_record);
            modify().enable_resource_name_dns_a_record_on_launch(value).send().await?;
        }
        if let (true, Some(index)) = (enable_lni_at_device_index, planned.enable_lni_at_device_index) {
            modify().enable_lni_at_device_index(index).send().await?;
        }
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        if let (true, None, Some(range)) = (ipv6_cidr_block, &now.ipv6_cidr_block, &planned.ipv6_cidr_block) {
            aws.ec2().associate_subnet_cidr_block().subnet_id(id.as_str()).ipv6_cidr_block(range).send().await?;
            // What needs the range is refused until it is associated.
            let left = SubnetChanges {
                assign_ipv6_address_on_creation,
                enable_dns64,
                enable_resource_name_dns_aaaa_record,
                ..SubnetChanges::default()
            };
            return Ok(Updated { left, waiting: Some(range.clone()) });
        }
        if assign_ipv6_address_on_creation {
            let value = boolean(planned.assign_ipv6_address_on_creation);
            modify().assign_ipv6_address_on_creation(value).send().await?;
        }
        if enable_dns64 {
            modify().enable_dns64(boolean(planned.enable_dns64)).send().await?;
        }
        if enable_resource_name_dns_aaaa_record {
            let value = boolean(planned.enable_resource_name_dns_aaaa_record);
            modify().enable_resource_name_dns_aaaa_record_on_launch(value).send().await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &SubnetId, _: &Self) -> Result<Deletion> {
        aws.ec2().delete_subnet().subnet_id(id.as_str()).send().await.or_gone(&["InvalidSubnetID.NotFound"])?;
        Ok(Deletion::Done)
    }
}

fn boolean(value: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(value).build()
}

async fn describe(aws: &Aws, ids: &[SubnetId]) -> Result<Vec<sdk::Subnet>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let ids = chunk.iter().map(SubnetId::as_str);
        let mut pages = aws.ec2().describe_subnets().filters(filter("subnet-id", ids)).into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page?.subnets.unwrap_or_default());
        }
    }
    Ok(found)
}

/// The IPv6 ranges with their states; those that are gone or going are none.
fn ipv6_ranges(subnet: &sdk::Subnet) -> impl Iterator<Item = (&str, &sdk::SubnetCidrBlockState)> {
    subnet.ipv6_cidr_block_association_set().iter().filter_map(|association| {
        let state = association.ipv6_cidr_block_state.as_ref()?;
        let gone = [SubnetCidrBlockStateCode::Disassociated, SubnetCidrBlockStateCode::Disassociating];
        let there = !state.state.as_ref().is_some_and(|code| gone.contains(code));
        there.then_some((association.ipv6_cidr_block.as_deref()?, state))
    })
}

fn status_of(subnet: &sdk::Subnet) -> Status {
    for (range, state) in ipv6_ranges(subnet) {
        match &state.state {
            Some(SubnetCidrBlockStateCode::Associated) => {}
            Some(SubnetCidrBlockStateCode::Failed | SubnetCidrBlockStateCode::Failing) => {
                let why = state.status_message.as_deref().unwrap_or("AWS gives no reason");
                return Status::Stuck(format!("the IPv6 range {range} is not associated: {why}"));
            }
            other => return Status::Pending(other.as_ref().map_or("associating", |code| code.as_str()).to_owned()),
        }
    }
    match subnet.state.as_ref().map(|state| state.as_str()) {
        Some("available") => Status::Ready,
        Some(word @ ("failed" | "failed-insufficient-capacity")) => Status::Failed(word.to_owned()),
        other => Status::Pending(other.unwrap_or("pending").to_owned()),
    }
}

fn observe(aws: &Aws, id: SubnetId, subnet: sdk::Subnet) -> Observed<Subnet> {
    let read = read_tags(aws, subnet.tags.clone());
    let ipv6_cidr_block = ipv6_ranges(&subnet).map(|(range, _)| range.to_owned()).next();
    let dns = subnet.private_dns_name_options_on_launch;
    let dns = dns.unwrap_or_else(|| sdk::PrivateDnsNameOptionsOnLaunch::builder().build());
    let cidr_block = subnet.cidr_block.unwrap_or_default();
    let args = Subnet {
        vpc: VpcId::new(subnet.vpc_id.unwrap_or_default()),
        cidr_block: cidr_block.clone(),
        availability_zone: subnet.availability_zone.clone(),
        availability_zone_id: subnet.availability_zone_id.clone(),
        map_public_ip_on_launch: subnet.map_public_ip_on_launch.unwrap_or_default(),
        ipv6_cidr_block,
        assign_ipv6_address_on_creation: subnet.assign_ipv6_address_on_creation.unwrap_or_default(),
        enable_dns64: subnet.enable_dns64.unwrap_or_default(),
        hostname_type: dns.hostname_type.and_then(|kind| HostnameType::parse(kind.as_str())),
        enable_resource_name_dns_a_record: dns.enable_resource_name_dns_a_record.unwrap_or_default(),
        enable_resource_name_dns_aaaa_record: dns.enable_resource_name_dns_aaaa_record.unwrap_or_default(),
        enable_lni_at_device_index: subnet.enable_lni_at_device_index,
        outpost_arn: subnet.outpost_arn,
        ipv4_ipam_pool_id: None,
        ipv6_ipam_pool_id: None,
        tags: read.tags,
    };
    let outputs = SubnetOutputs {
        id,
        arn: subnet.subnet_arn.unwrap_or_default(),
        cidr_block,
        availability_zone: subnet.availability_zone.unwrap_or_default(),
        availability_zone_id: subnet.availability_zone_id.unwrap_or_default(),
    };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for Subnet {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.20.0.0/16").build());
        let other = stack.add("other", Vpc::builder().cidr_block("10.20.0.0/16").build());
        let base = Subnet::builder()
            .vpc(&vpc)
            .cidr_block("10.20.1.0/24")
            .availability_zone("eu-west-1a")
            .map_public_ip_on_launch(true)
            .hostname_type(HostnameType::ResourceName)
            .enable_resource_name_dns_a_record(true)
            .enable_lni_at_device_index(1)
            .tags([("kubernetes.io/role/elb", "1")])
            .build();
        Conformance::of(base)
            .change("tags", [("kubernetes.io/role/internal-elb", "1")])
            .change("map_public_ip_on_launch", false)
            .change("hostname_type", "ip-name")
            .change("enable_resource_name_dns_a_record", false)
            .change("enable_lni_at_device_index", 2)
            .change("availability_zone", "eu-west-1b")
            .change("cidr_block", "10.20.2.0/24")
            .change("vpc", &other)
            .unseen("availability_zone_id", "it stands in the place of availability_zone")
            .unseen("ipv6_cidr_block", "there is no type yet that gives a VPC an IPv6 range")
            .unseen("assign_ipv6_address_on_creation", "AWS refuses it without an IPv6 range")
            .unseen("enable_dns64", "AWS refuses it without an IPv6 range")
            .unseen("enable_resource_name_dns_aaaa_record", "AWS refuses it without an IPv6 range")
            .unseen("outpost_arn", "the emulator has no Outposts")
            .unseen("ipv4_ipam_pool_id", "the emulator has no IPAM")
            .unseen("ipv6_ipam_pool_id", "the emulator has no IPAM")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(state: &str, ipv6: Option<SubnetCidrBlockStateCode>) -> sdk::Subnet {
        let association = ipv6.map(|code| {
            let state = sdk::SubnetCidrBlockState::builder().state(code).status_message("no room").build();
            let association = sdk::SubnetIpv6CidrBlockAssociation::builder();
            association.ipv6_cidr_block("2001:db8::/64").ipv6_cidr_block_state(state).build()
        });
        sdk::Subnet::builder()
            .state(state.into())
            .set_ipv6_cidr_block_association_set(association.map(|one| vec![one]))
            .build()
    }

    #[test]
    fn a_subnet_is_ready_when_it_and_its_ipv6_range_are() {
        use SubnetCidrBlockStateCode::{Associated, Associating, Disassociated, Failed};
        assert_eq!(status_of(&subnet("available", None)), Status::Ready);
        assert_eq!(status_of(&subnet("available", Some(Associated))), Status::Ready);
        assert_eq!(status_of(&subnet("available", Some(Disassociated))), Status::Ready);
        assert_eq!(status_of(&subnet("available", Some(Associating))), Status::Pending("associating".into()));
        assert_eq!(status_of(&subnet("resting", None)), Status::Pending("resting".into()));
        assert!(matches!(status_of(&subnet("available", Some(Failed))), Status::Stuck(why) if why.contains("no room")));
        assert!(matches!(status_of(&subnet("failed-insufficient-capacity", None)), Status::Failed(_)));
    }

    #[test]
    fn an_ipv6_range_is_only_added_in_place() {
        let range = |text: &str| Some(text.to_owned());
        assert_eq!(ipv6_change(&None, &range("2001:db8::/64")), Change::InPlace);
        assert_eq!(ipv6_change(&range("2001:db8::/64"), &range("2001:db8:1::/64")), Change::Replace);
    }
}
