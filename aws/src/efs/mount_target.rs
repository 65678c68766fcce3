//! `aws:efs/mount-target`: the address at which a zone of a VPC reaches a file system.
//!
//! ```
//! use formwork_aws::ec2::{SecurityGroupId, SubnetId};
//! use formwork_aws::efs::{FileSystemId, MountTarget};
//!
//! let target = MountTarget::builder()
//!     .file_system(FileSystemId::new("fs-0123456789abcdef0"))
//!     .subnet(SubnetId::new("subnet-0123456789abcdef0"))
//!     .security_groups([SecurityGroupId::new("sg-0123456789abcdef0")])
//!     .build();
//! # drop(target);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_efs::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Choice, Expr, Outputs, Resource, Stack, id};

use super::file_system::status_of;
use super::{FileSystem, FileSystemId};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::ec2::{SecurityGroup, SecurityGroupId, Subnet, SubnetId, Vpc, VpcId};
use crate::error::{OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;

id! {
    /// The id of a mount target, such as `fsmt-0123456789abcdef0`.
    pub struct MountTargetId;
}

const GONE: &[&str] = &["MountTargetNotFound"];

/// The address at which a zone of a VPC reaches a file system. There is one for each zone; it has no tags.
#[derive(Resource)]
#[resource(
    kind = "aws:efs/mount-target",
    cfn = "AWS::EFS::MountTarget",
    id = MountTargetId,
    outputs = MountTargetOutputs,
    guard = unique_name,
    natural_key(file_system, subnet),
    visibility = 120,
    create_wait = (0, 5, 1, 1800),
    delete_wait = (5, 5, 1, 600)
)]
pub struct MountTarget {
    /// The file system.
    #[arg(replace, cfn = "FileSystemId")]
    pub file_system: FileSystemId,
    /// The subnet that the address is in.
    #[arg(replace, cfn = "SubnetId")]
    pub subnet: SubnetId,
    /// Its security groups, at most 5: they let port 2049 in.
    #[arg(in_place)]
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// The address; AWS chooses one of the subnet when absent.
    #[arg(replace)]
    pub ip_address: Option<String>,
    /// Which addresses it has; IPv4 when absent.
    #[arg(replace, write_only)]
    pub ip_address_type: Option<MountTargetAddresses>,
    /// The IPv6 address; AWS chooses one of the subnet when absent.
    #[arg(replace)]
    pub ipv6_address: Option<String>,
}

/// Which addresses a mount target has.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountTargetAddresses {
    /// IPv4.
    #[choice("IPV4_ONLY")]
    Ipv4,
    /// IPv6.
    #[choice("IPV6_ONLY")]
    Ipv6,
    /// Both.
    #[choice("DUAL_STACK")]
    DualStack,
}

/// What is known of a mount target once it is there.
#[derive(Outputs)]
pub struct MountTargetOutputs {
    /// The id.
    pub id: MountTargetId,
    /// The address.
    #[output(echoes = ip_address)]
    pub address: Option<String>,
    /// The network interface.
    pub network_interface_id: Option<String>,
    /// The zone.
    pub availability_zone: Option<String>,
    /// The VPC.
    pub vpc: VpcId,
}

impl Lifecycle for MountTarget {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .efs()
            .create_mount_target()
            .file_system_id(args.file_system.as_str())
            .subnet_id(args.subnet.as_str())
            .set_security_groups(Some(args.groups()))
            .set_ip_address(args.ip_address.clone())
            .set_ip_address_type(args.ip_address_type.map(|it| it.as_str().into()))
            .set_ipv6_address(args.ipv6_address.clone())
            .send()
            .await?;
        Ok(Created::whole(answer.mount_target_id))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| get(aws, &one.id)).await.into_iter().filter_map(Result::transpose);
        found.map(|one| one.map(|one| (one.mount_target_id, status_of(one.life_cycle_state.as_str())))).collect()
    }

    async fn read(aws: &Aws, ids: &[MountTargetId]) -> Result<Readings<Self>> {
        let seen = each(ids, |id| observe(aws, id)).await;
        Ok(ids.iter().cloned().zip(seen).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let call = aws.efs().describe_mount_targets().file_system_id(args.file_system.as_str());
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = page.or_gone(&["FileSystemNotFound"])? else { break };
            let targets = page.mount_targets.unwrap_or_default().into_iter();
            found.extend(targets.filter(|target| target.subnet_id == args.subnet.as_str()));
        }
        let there = found.into_iter().filter(|target| !is_going(target));
        Ok(there.map(|target| Candidate { id: target.mount_target_id, proof: Proof::Name }).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<MountTargetChanges>> {
        let MountTargetChanges { security_groups } = update.changes;
        if security_groups {
            let call = aws.efs().modify_mount_target_security_groups().mount_target_id(update.id.as_str());
            call.set_security_groups(Some(update.planned.groups())).send().await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &MountTargetId, _: &Self) -> Result<Deletion> {
        let answer = aws.efs().delete_mount_target().mount_target_id(id.as_str()).send().await.or_gone(GONE)?;
        Ok(if answer.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}

impl MountTarget {
    fn groups(&self) -> Vec<String> {
        self.security_groups.iter().map(ToString::to_string).collect()
    }
}

fn is_going(target: &sdk::MountTargetDescription) -> bool {
    matches!(target.life_cycle_state.as_str(), "deleting" | "deleted")
}

async fn get(aws: &Aws, id: &str) -> Result<Option<sdk::MountTargetDescription>> {
    // One id for each call: there is neither a list of ids nor a filter, and a list of all only for one file system.
    let answer = aws.efs().describe_mount_targets().mount_target_id(id).send().await.or_gone(GONE)?;
    let found = answer.and_then(|answer| answer.mount_targets?.into_iter().next());
    Ok(found.filter(|one| one.life_cycle_state.as_str() != "deleted"))
}

/// What a mount target is; its groups are a call of their own. `None` when it is gone.
async fn observe(aws: &Aws, id: &MountTargetId) -> Result<Option<Observed<MountTarget>>> {
    let Some(one) = get(aws, id.as_str()).await? else { return Ok(None) };
    let call = aws.efs().describe_mount_target_security_groups().mount_target_id(id.as_str());
    // One that is on its way has no groups to tell yet, or none any more.
    let answer = call.send().await.or_gone(&[GONE[0], "IncorrectMountTargetState"])?;
    let groups = answer.map(|answer| answer.security_groups).unwrap_or_default();
    let args = MountTarget {
        file_system: FileSystemId::new(one.file_system_id),
        subnet: SubnetId::new(one.subnet_id),
        security_groups: groups.into_iter().map(SecurityGroupId::new).collect(),
        ip_address: one.ip_address.clone(),
        ip_address_type: None,
        ipv6_address: one.ipv6_address,
    };
    let outputs = MountTargetOutputs {
        id: id.clone(),
        address: one.ip_address,
        network_interface_id: one.network_interface_id,
        availability_zone: one.availability_zone_name,
        vpc: VpcId::new(one.vpc_id.unwrap_or_default()),
    };
    Ok(Some(Observed::new(args, outputs, None)))
}

impl Conforms for MountTarget {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.74.0.0/16").build());
        let mut subnet = |name: &str, cidr: &str, zone: &str| {
            stack.add(name, Subnet::builder().vpc(&vpc).cidr_block(cidr).availability_zone(zone).build())
        };
        let (a, b) = (subnet("a", "10.74.1.0/24", "eu-west-1a"), subnet("b", "10.74.2.0/24", "eu-west-1b"));
        let mut group = |name: &str| {
            let group = SecurityGroup::builder().name(format!("Mount-Target-{name}")).description("lets files in");
            stack.add(name, group.vpc(&vpc).build())
        };
        let (one, two) = (group("one"), group("two"));
        let files = stack.add("files", FileSystem::builder().build());
        let others = stack.add("others", FileSystem::builder().build());
        let base = MountTarget::builder()
            .file_system(&files)
            .subnet(&a)
            .security_groups([&one])
            .ip_address("10.74.1.20")
            .ip_address_type(MountTargetAddresses::Ipv4)
            .build();
        Conformance::of(base)
            .change("security_groups", vec![Expr::from(&one), Expr::from(&two)])
            .change("ip_address", "10.74.1.21")
            .change("subnet", &b)
            .together_with("ip_address", "10.74.2.20")
            // The former one goes last, and keeps its address until then.
            .change("file_system", &others)
            .together_with("ip_address", "10.74.2.21")
            .unseen("ip_address_type", "the emulator has no mount targets with IPv6")
            .unseen("ipv6_address", "the emulator has no mount targets with IPv6")
    }
}
