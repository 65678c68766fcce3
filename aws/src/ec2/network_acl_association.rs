//! `aws:ec2/network-acl-association`: a subnet that a network ACL filters.
//!
//! ```
//! use formwork_aws::ec2::{NetworkAclAssociation, NetworkAclId, SubnetId};
//!
//! let association = NetworkAclAssociation::builder()
//!     .subnet(SubnetId::new("subnet-0123456789abcdef0"))
//!     .network_acl(NetworkAclId::new("acl-0123456789abcdef0"))
//!     .build();
//! # drop(association);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::shape::{After, Link};
use formwork_engine::{Outputs, Resource, Stack, id};

use super::network_acl::describe_by;
use super::{NetworkAcl, NetworkAclId, Subnet, SubnetId, Vpc, filter};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};

id! {
    /// The id of the subnet, such as `subnet-0123456789abcdef0`: a subnet has exactly one ACL, and the id that AWS gives the association is
    /// another one after each change.
    pub struct NetworkAclAssociationId;
}

/// A new ACL lets nothing through: its entries come first, and go last.
const AFTER: &[After] = &[After {
    kind: "aws:ec2/network-acl-entry",
    link: Link::Shared(&[("network_acl", "network_acl")]),
    where_theirs: None,
    where_mine: None,
}];

/// A subnet that a network ACL filters, instead of its VPC's default one, which it gets back in the end.
///
/// AWS only ever exchanges the ACL of a subnet; one that somebody else gave it is not taken over unseen. It is made after the entries of its ACL
/// without being told so, so that traffic is not interrupted.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/network-acl-association",
    cfn = "AWS::EC2::SubnetNetworkAclAssociation",
    id = NetworkAclAssociationId,
    outputs = NetworkAclAssociationOutputs,
    guard = upsert,
    natural_key(subnet),
    visibility = 300,
    after = AFTER
)]
pub struct NetworkAclAssociation {
    /// The subnet.
    #[arg(replace, cfn = "SubnetId")]
    pub subnet: SubnetId,
    /// The network ACL, of the same VPC, and not its default one.
    #[arg(in_place, cfn = "NetworkAclId")]
    pub network_acl: NetworkAclId,
}

/// What is known of an association once it is there.
#[derive(Outputs)]
pub struct NetworkAclAssociationOutputs {
    /// The id of the subnet.
    pub id: NetworkAclAssociationId,
    /// AWS's own id, such as `aclassoc-0123456789abcdef0`.
    #[output(moves_with(network_acl))]
    pub association_id: String,
}

/// The ACL of a subnet, whichever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    association: String,
    acl: String,
    vpc: String,
    is_default: bool,
}

impl Lifecycle for NetworkAclAssociation {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let Some(now) = held(aws, [args.subnet.as_str()]).await?.remove(args.subnet.as_str()) else {
            let reason = format!("{} has no network ACL, not even the default one of its VPC", args.subnet);
            return Err(Error::unexpected("ec2 DescribeNetworkAcls", reason));
        };
        if now.is_default && now.acl == args.network_acl.as_str() {
            let reason = format!("{} is the default ACL, which a subnet has without an association", now.acl);
            return Err(Error::refused("ec2 ReplaceNetworkAclAssociation", reason));
        }
        exchange(aws, now.association, &args.network_acl).await?;
        Ok(Created::whole(args.subnet.as_str()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = held(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        Ok(all_ready(found.into_iter().filter(|(_, held)| !held.is_default).map(|(subnet, _)| subnet)))
    }

    async fn read(aws: &Aws, ids: &[NetworkAclAssociationId]) -> Result<Readings<Self>> {
        let found = held(aws, ids.iter().map(NetworkAclAssociationId::as_str)).await?.into_iter();
        // A subnet with the default ACL is one without an association.
        Ok(found
            .filter(|(_, held)| !held.is_default)
            .map(|(subnet, held)| {
                let id = NetworkAclAssociationId::new(&subnet);
                let args = Self { subnet: SubnetId::new(subnet), network_acl: NetworkAclId::new(held.acl) };
                let outputs = NetworkAclAssociationOutputs { id: id.clone(), association_id: held.association };
                (id, Ok(Observed::new(args, outputs, None)))
            })
            .collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let found = held(aws, [args.subnet.as_str()]).await?.into_iter().filter(|(_, held)| !held.is_default);
        Ok(found.map(|(id, _)| Candidate { id, proof: Proof::Name }).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<NetworkAclAssociationChanges>> {
        let NetworkAclAssociationChanges { network_acl } = update.changes;
        let Update { id, planned, .. } = update;
        if network_acl
            && let Some(now) = held(aws, [id.as_str()]).await?.remove(id.as_str())
            && now.acl != planned.network_acl.as_str()
        {
            exchange(aws, now.association, &planned.network_acl).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &NetworkAclAssociationId, _: &Self) -> Result<Deletion> {
        let Some(now) = held(aws, [id.as_str()]).await?.remove(id.as_str()).filter(|now| !now.is_default) else {
            return Ok(Deletion::Done);
        };
        let call = aws.ec2().describe_network_acls().filters(filter("vpc-id", [&now.vpc]));
        let found = call.filters(filter("default", ["true"])).send().await?.network_acls.unwrap_or_default();
        let Some(default) = found.into_iter().find_map(|acl| acl.network_acl_id) else {
            return Err(Error::unexpected("ec2 DescribeNetworkAcls", format!("{} has no default ACL", now.vpc)));
        };
        // One that is gone was exchanged by somebody meanwhile, or went with its subnet.
        exchange(aws, now.association, &NetworkAclId::new(default))
            .await
            .or_gone(&["InvalidAssociationID.NotFound"])?;
        Ok(Deletion::Done)
    }
}

/// Puts an ACL in the place of the one that an association is of.
async fn exchange(aws: &Aws, association: String, acl: &NetworkAclId) -> Result<()> {
    let call = aws.ec2().replace_network_acl_association().association_id(association);
    call.network_acl_id(acl.as_str()).send().await?;
    Ok(())
}

/// The ACLs of these subnets, by subnet.
async fn held(aws: &Aws, subnets: impl IntoIterator<Item = &str>) -> Result<BTreeMap<String, Held>> {
    let wanted: BTreeSet<&str> = subnets.into_iter().collect();
    // An ACL comes with all of its associations, and once per chunk that names one of its subnets.
    let acls = describe_by(aws, "association.subnet-id", wanted.iter().copied()).await?;
    let found = acls.iter().flat_map(|acl| acl.associations().iter().filter_map(|one| of_subnet(acl, one)));
    Ok(found.filter(|(subnet, _)| wanted.contains(subnet.as_str())).collect())
}

fn of_subnet(acl: &sdk::NetworkAcl, association: &sdk::NetworkAclAssociation) -> Option<(String, Held)> {
    let held = Held {
        association: association.network_acl_association_id.clone()?,
        acl: acl.network_acl_id.clone()?,
        vpc: acl.vpc_id.clone()?,
        is_default: acl.is_default.unwrap_or_default(),
    };
    Some((association.subnet_id.clone()?, held))
}

impl Conforms for NetworkAclAssociation {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.35.0.0/16").build());
        let subnet = stack.add("subnet", Subnet::builder().vpc(&vpc).cidr_block("10.35.1.0/24").build());
        let another = stack.add("another", Subnet::builder().vpc(&vpc).cidr_block("10.35.2.0/24").build());
        let acl = stack.add("acl", NetworkAcl::builder().vpc(&vpc).build());
        let other = stack.add("other", NetworkAcl::builder().vpc(&vpc).build());
        let base = NetworkAclAssociation::builder().subnet(&subnet).network_acl(&acl).build();
        Conformance::of(base).change("network_acl", &other).change("subnet", &another)
    }
}
