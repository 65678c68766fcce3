//! `aws:ec2/elastic-ip`: a public IPv4 address that stays.
//!
//! ```
//! use formwork_aws::ec2::ElasticIp;
//!
//! let address = ElasticIp::builder().tags([("Name", "nat")]).build();
//! # drop(address);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{self as sdk, DomainType, ResourceType};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::shape::{After, Link};
use formwork_engine::{Outputs, Resource, Stack, id};

use super::{
    FILTER_VALUES, Instance, InstanceId, InternetGateway, Subnet, Vpc, candidate, filter, owned_by, read_tags, retag,
    tag_specification,
};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::tags::Tags;

id! {
    /// The id of an allocated address, such as `eipalloc-0123456789abcdef0`.
    pub struct AllocationId;
}

/// A gateway cannot be detached from its VPC while addresses of the VPC are public, so addresses go before it. Which VPC an address is
/// used in is not known from the address.
const AFTER: &[After] =
    &[After { kind: "aws:ec2/internet-gateway", link: Link::Any, where_theirs: None, where_mine: None }];

/// A public IPv4 address that stays until it is released. It costs while it is allocated, used or not.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/elastic-ip",
    cfn = "AWS::EC2::EIP",
    id = AllocationId,
    outputs = ElasticIpOutputs,
    guard = tag_only,
    exclusive(address),
    exclusive(transfer_address),
    visibility = 300,
    create_wait = (0, 1, 1, 1200),
    delete_wait = (0, 1, 1, 180),
    after = AFTER
)]
pub struct ElasticIp {
    /// The instance that it leads to; an address of a NAT gateway is named there instead. No longer declared, it stays there.
    #[arg(in_place, after_create, cfn = "InstanceId")]
    pub instance: Option<InstanceId>,
    /// The pool of own addresses to take it from; Amazon's pool when absent.
    #[arg(replace)]
    pub public_ipv4_pool: Option<String>,
    /// The id of the IPAM pool to take it from. AWS does not tell it again.
    #[arg(replace, write_only)]
    pub ipam_pool_id: Option<String>,
    /// Where it is announced, such as `eu-west-1`; the region when absent.
    #[arg(replace)]
    pub network_border_group: Option<String>,
    /// A certain address: one of an own pool, or one that was released a short while ago.
    #[arg(replace)]
    pub address: Option<String>,
    /// An address that another account has offered; it is taken over instead of allocating one.
    #[arg(replace, write_only)]
    pub transfer_address: Option<String>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of an address once it is there.
#[derive(Outputs)]
pub struct ElasticIpOutputs {
    /// The id of the allocation.
    pub id: AllocationId,
    /// The address itself, such as `203.0.113.7`.
    #[output(echoes = address)]
    pub public_ip: String,
}

impl Lifecycle for ElasticIp {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let tags = tag_specification(owner, &args.tags, ResourceType::ElasticIp);
        let id = match &args.transfer_address {
            Some(address) => {
                let call = aws.ec2().accept_address_transfer().address(address).tag_specifications(tags);
                call.send().await?.address_transfer.and_then(|transfer| transfer.allocation_id)
            }
            None => {
                let call = aws
                    .ec2()
                    .allocate_address()
                    .domain(DomainType::Vpc)
                    .set_address(args.address.clone())
                    .set_public_ipv4_pool(args.public_ipv4_pool.clone())
                    .set_ipam_pool_id(args.ipam_pool_id.clone())
                    .set_network_border_group(args.network_border_group.clone())
                    .tag_specifications(tags);
                call.send().await?.allocation_id
            }
        };
        Ok(Created::whole(
            id.ok_or_else(|| Error::unexpected("ec2 AllocateAddress", "no allocation id in the answer"))?,
        ))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<AllocationId> = waiting.iter().map(|one| AllocationId::new(&one.id)).collect();
        Ok(all_ready(describe(aws, &ids).await?.into_iter().filter_map(|address| address.allocation_id)))
    }

    async fn read(aws: &Aws, ids: &[AllocationId]) -> Result<Readings<Self>> {
        let addresses = describe(aws, ids).await?.into_iter();
        Ok(addresses
            .filter_map(|address| {
                let id = AllocationId::new(address.allocation_id?);
                let read = read_tags(aws, address.tags);
                let public_ip = address.public_ip.unwrap_or_default();
                let args = Self {
                    instance: address.instance_id.filter(|id| !id.is_empty()).map(InstanceId::new),
                    public_ipv4_pool: address.public_ipv4_pool,
                    ipam_pool_id: None,
                    network_border_group: address.network_border_group,
                    address: Some(public_ip.clone()),
                    transfer_address: None,
                    tags: read.tags,
                };
                let outputs = ElasticIpOutputs { id: id.clone(), public_ip };
                Some((id, Ok(Observed::new(args, outputs, read.owner))))
            })
            .collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let answer = aws.ec2().describe_addresses().filters(owned_by(owner)).send().await?;
        let addresses = answer.addresses.unwrap_or_default().into_iter();
        Ok(addresses.filter_map(|one| candidate(aws, owner, one.allocation_id, one.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ElasticIpChanges>> {
        let ElasticIpChanges { instance, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if let (true, Some(instance)) = (instance, &planned.instance) {
            // Moves it in one call when it is at another instance, and does nothing when it is at this one.
            let call = aws.ec2().associate_address().allocation_id(id.as_str()).instance_id(instance.as_str());
            call.allow_reassociation(true).send().await?;
        }
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &AllocationId, recorded: &Self) -> Result<Deletion> {
        if recorded.instance.is_some() {
            for address in describe(aws, std::slice::from_ref(id)).await? {
                let Some(association) = address.association_id else { continue };
                let call = aws.ec2().disassociate_address().association_id(association);
                call.send().await.or_gone(&["InvalidAssociationID.NotFound"])?;
            }
        }
        let call = aws.ec2().release_address().allocation_id(id.as_str());
        call.send().await.or_gone(&["InvalidAllocationID.NotFound"])?;
        Ok(Deletion::Done)
    }
}

/// AWS has no pages of addresses: the answer is whole.
async fn describe(aws: &Aws, ids: &[AllocationId]) -> Result<Vec<sdk::Address>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let by_id = filter("allocation-id", chunk.iter().map(AllocationId::as_str));
        found.extend(aws.ec2().describe_addresses().filters(by_id).send().await?.addresses.unwrap_or_default());
    }
    Ok(found)
}

impl Conforms for ElasticIp {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.36.0.0/16").build());
        stack.add("gateway", InternetGateway::builder().vpc(&vpc).build());
        let subnet = stack.add("subnet", Subnet::builder().vpc(&vpc).cidr_block("10.36.1.0/24").build());
        let image = super::ami(stack, &super::AmiFilter::of("amazon", "al2023-ami-2023.*-kernel-6.1-x86_64"));
        let mut host = |name: &str| {
            let host = Instance::builder().ami(&image.id).instance_type("t3.micro").subnet(&subnet);
            stack.add(name, host.build())
        };
        let (host, other) = (host("host"), host("other"));
        let base = ElasticIp::builder().address("198.51.100.23").instance(&host).tags([("Name", "egress-a")]).build();
        Conformance::of(base)
            .change("tags", [("Name", "egress-b")])
            .change("instance", &other)
            .change("address", "198.51.100.24")
            .unseen("public_ipv4_pool", "the emulator has no pools of own addresses")
            .unseen("ipam_pool_id", "the emulator has no IPAM")
            .unseen("network_border_group", "the emulator does not show it")
            .unseen("transfer_address", "the emulator has no second account that offers one")
    }
}
