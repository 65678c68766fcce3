//! `aws:ec2/instance`: a virtual machine.
//!
//! ```
//! use formwork_aws::ec2::{AmiId, Instance, SecurityGroupId, SubnetId};
//!
//! let host = Instance::builder()
//!     .ami(AmiId::new("ami-0123456789abcdef0"))
//!     .instance_type("t3.micro")
//!     .subnet(SubnetId::new("subnet-0123456789abcdef0"))
//!     .security_groups([SecurityGroupId::new("sg-0123456789abcdef0")])
//!     .tags([("Name", "bastion")])
//!     .build();
//! # drop(host);
//! ```

mod blocks;
mod changes;
mod observe;
#[cfg(test)]
mod tests;

pub use blocks::{
    AmdSevSnp, AttachedVolume, BlockDevice, CpuCredits, CpuOptions, HostTenancy, LaunchTemplateVersion,
    MetadataOptions, PrivateDnsNames, ShutdownBehavior, VolumeType,
};

pub(super) use blocks::{switched, tokens};
pub(super) use observe::{decoded, gone};

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types as sdk;
use aws_smithy_types::base64;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::shape::{After, Ending, Link};
use formwork_engine::{Expr, Outputs, Resource, Stack, id};

use super::{
    AmiId, InternetGateway, KeyPair, KeyPairName, SecurityGroup, SecurityGroupId, Subnet, SubnetId, Vpc, VpcId,
    candidate, owned_by, tag_specification,
};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::iam::{InstanceProfile, InstanceProfileName, PolicyDocument, Principal, Role, Statement};
use crate::lifecycle::{Lifecycle, Readings, Update, Updated};
use crate::tags::Tags;

id! {
    /// The id of an instance, such as `i-0123456789abcdef0`.
    pub struct InstanceId;
}

/// A gateway cannot be detached from its VPC while machines of the VPC have public addresses. And what a machine does at its first start may need
/// the way out of its subnet.
const AFTER: &[After] = &[
    After {
        kind: "aws:ec2/internet-gateway",
        link: Link::Shared(&[("subnet.vpc", "vpc")]),
        where_theirs: None,
        where_mine: None,
    },
    After {
        kind: "aws:ec2/route-table-association",
        link: Link::Shared(&[("subnet", "subnet")]),
        where_theirs: None,
        where_mine: None,
    },
];

const ENDING: Ending = Ending { refused_by: Some("termination_protection"), leaves: None, opens: false };

/// A virtual machine.
///
/// What AWS changes only while it is stopped (`instance_type`, `ebs_optimized`, `user_data`, and the form of its name) stops it, and starts it
/// again: an outage, also for one that somebody had stopped. What it keeps on volumes ends with it, unless the volume says otherwise
/// (`delete_on_termination`) or is one of `volumes`.
///
/// `user_data` runs when the machine starts for the first time only. Where a change of it is to make a new machine, declare the resource with the
/// option `replace_when`. The instance metadata service answers only to sessions (IMDSv2), unless `metadata_options` says otherwise.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/instance",
    cfn = "AWS::EC2::Instance",
    id = InstanceId,
    outputs = InstanceOutputs,
    guard = token,
    exclusive(subnet, private_ip_address),
    visibility = 300,
    create_wait = (0, 5, 1, 600),
    update_wait = (0, 5, 1, 1200),
    delete_wait = (0, 5, 1, 1200),
    after = AFTER,
    ending = ENDING
)]
pub struct Instance {
    /// The image it starts from; that of the launch template when absent.
    #[arg(replace, cfn = "ImageId")]
    pub ami: Option<AmiId>,
    /// The sort of machine, such as `t3.micro`; that of the launch template when absent.
    #[arg(in_place, hazards = changes::outage)]
    pub instance_type: Option<String>,
    /// The subnet of its network interface; one of the default VPC when absent.
    #[arg(replace, cfn = "SubnetId")]
    pub subnet: Option<SubnetId>,
    /// The availability zone; that of the subnet.
    #[arg(replace)]
    pub availability_zone: Option<String>,
    /// The security groups of its network interface; the VPC's default group when absent.
    #[arg(in_place, cfn = "SecurityGroupIds")]
    pub security_groups: Option<BTreeSet<SecurityGroupId>>,
    /// The key that lets in by SSH.
    #[arg(replace, cfn = "KeyName")]
    pub key_pair: Option<KeyPairName>,
    /// The instance profile, whose role programs on the machine have.
    #[arg(in_place, cfn = "IamInstanceProfile")]
    pub instance_profile: Option<InstanceProfileName>,
    /// What the machine does at its first start, as text of at most 16 KiB: a script or a cloud-config document. What is joined from a secret stays
    /// secret, though programs on the machine and everybody who may describe the instance can read it.
    #[arg(in_place, hazards = changes::outage)]
    pub user_data: Option<String>,
    /// How programs on the machine ask who they are.
    #[arg(in_place, default)]
    pub metadata_options: MetadataOptions,
    /// Whether its metrics come every minute, at a price, and not every five.
    #[arg(in_place, default = false)]
    pub monitoring: bool,
    /// Whether it has a network of its own to its volumes; every current sort of machine has.
    #[arg(in_place, hazards = changes::outage)]
    pub ebs_optimized: Option<bool>,
    /// Its address in the subnet; AWS chooses one when absent.
    #[arg(replace)]
    pub private_ip_address: Option<String>,
    /// Whether it gets a public address for as long as it runs; the subnet decides when absent. An [`super::ElasticIp`] stays.
    #[arg(replace, write_only, cfn = "NetworkInterfaces")]
    pub associate_public_ip: Option<bool>,
    /// Its IPv6 addresses, from the range of the subnet.
    #[arg(replace)]
    pub ipv6_addresses: Option<BTreeSet<String>>,
    /// How many IPv6 addresses AWS chooses, instead of `ipv6_addresses`.
    #[arg(replace, instead_of = ipv6_addresses)]
    pub ipv6_address_count: Option<i32>,
    /// Whether traffic is dropped that is neither from it nor for it. Off for what routes for others, such as a VPN host.
    #[arg(in_place, after_create, default = true)]
    pub source_dest_check: bool,
    /// Whether AWS refuses to terminate it.
    #[arg(in_place, default = false, cfn = "DisableApiTermination")]
    pub termination_protection: bool,
    /// What becomes of it when it is shut down from within.
    #[arg(in_place, default = ShutdownBehavior::Stop, cfn = "InstanceInitiatedShutdownBehavior")]
    pub shutdown_behavior: ShutdownBehavior,
    /// The volumes that are made with it, by device: how the root volume differs from what the image says (its device is the image's
    /// `root_device_name`, such as `/dev/xvda`), and further ones. Size, sort and speed of one change in place; others make another machine. What
    /// is not named here, or not any more, is not looked at.
    #[arg(decide = changes::devices, default, same = changes::same_devices, cfn = "BlockDeviceMappings")]
    pub block_devices: Vec<BlockDevice>,
    /// Volumes that exist already and are attached to it. What is not named here, or not any more, is not looked at.
    #[arg(in_place, after_create, default, same = changes::same_volumes)]
    pub volumes: BTreeSet<AttachedVolume>,
    /// The tags of the volumes that are made with it; not looked at when absent.
    #[arg(in_place, cfn = "PropagateTagsToVolumeOnCreation")]
    pub volume_tags: Option<Tags>,
    /// Whether a burstable machine (`t3`, `t4g`) may use more than it has earned, at a price.
    #[arg(in_place, cfn = "CreditSpecification.CPUCredits")]
    pub cpu_credits: Option<CpuCredits>,
    /// How many cores and threads of the machine are there.
    #[arg(replace)]
    pub cpu_options: Option<CpuOptions>,
    /// Whether it can hibernate: stop with its memory kept on the root volume, which must be encrypted and large enough.
    #[arg(replace, default = false, cfn = "HibernationOptions.Configured")]
    pub hibernation: bool,
    /// Whether it can run Nitro Enclaves.
    #[arg(replace, default = false, cfn = "EnclaveOptions.Enabled")]
    pub enclaves: bool,
    /// The launch template from which everything comes that is not said here.
    #[arg(replace, write_only)]
    pub launch_template: Option<LaunchTemplateVersion>,
    /// Whether it shares its hardware with others'.
    #[arg(replace)]
    pub tenancy: Option<HostTenancy>,
    /// The name of its placement group.
    #[arg(replace, cfn = "PlacementGroupName")]
    pub placement_group: Option<String>,
    /// The dedicated host it runs on, by its id `h-…`.
    #[arg(replace, cfn = "HostId")]
    pub host: Option<String>,
    /// The ARN of the host resource group that a dedicated host is chosen from.
    #[arg(replace, cfn = "HostResourceGroupArn")]
    pub host_resource_group: Option<String>,
    /// Whether it comes back to the same dedicated host after a stop (`host`) or to any (`default`).
    #[arg(replace)]
    pub affinity: Option<String>,
    /// The name that the VPC's DNS knows it by.
    #[arg(in_place, hazards = changes::name_outage, cfn = "PrivateDnsNameOptions")]
    pub private_dns_names: Option<PrivateDnsNames>,
    /// The kernel of a paravirtual image, by its id `aki-…`.
    #[arg(replace, cfn = "KernelId")]
    pub kernel: Option<String>,
    /// The RAM disk of a paravirtual image, by its id `ari-…`.
    #[arg(replace, cfn = "RamdiskId")]
    pub ram_disk: Option<String>,
    /// The ARNs of the licence configurations that it counts for.
    #[arg(replace, write_only, default, cfn = "LicenseSpecifications")]
    pub license_configurations: BTreeSet<String>,
    /// Reserved by AWS.
    #[arg(replace, write_only)]
    pub additional_info: Option<String>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of an instance once it runs.
#[derive(Outputs)]
pub struct InstanceOutputs {
    /// The id.
    pub id: InstanceId,
    /// The ARN.
    pub arn: Arn<Instance>,
    /// Its address in the subnet.
    #[output(echoes = private_ip_address)]
    pub private_ip: String,
    /// Its name in the VPC's DNS.
    #[output(moves_with(private_dns_names))]
    pub private_dns_name: String,
    /// Its public address, if it has one now. Unless it is an elastic address, another one comes with each start.
    #[output(always)]
    pub public_ip: Option<String>,
    /// The public name that leads to its public address.
    #[output(always)]
    pub public_dns_name: Option<String>,
    /// Its first network interface, such as `eni-0123456789abcdef0`.
    pub network_interface_id: String,
    /// The VPC.
    pub vpc_id: Option<VpcId>,
    /// The availability zone.
    #[output(echoes = availability_zone)]
    pub availability_zone: String,
}

impl Lifecycle for Instance {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let call = aws.ec2().run_instances().min_count(1).max_count(1).client_token(&owner.token);
        let call = args.machine(call);
        let call = args.placed(args.networked(call));
        // The tags of the volumes stand beside those of the instance, in the one call.
        let mut tags = vec![tag_specification(owner, &args.tags, sdk::ResourceType::Instance)];
        tags.extend(args.volume_tags.as_ref().filter(|tags| !tags.is_empty()).map(blocks::tags_of_volumes));
        let answer = call.set_tag_specifications(Some(tags)).send().await?;
        let id = answer.instances.unwrap_or_default().into_iter().find_map(|instance| instance.instance_id);
        let id = id.ok_or_else(|| Error::unexpected("ec2 RunInstances", "no instance id in the answer"))?;
        // One that fails on the way ends terminated, which without this would be no different from one that is gone.
        Ok(Created { waiting: Some(changes::RUNNING.to_owned()), ..Created::whole(id) })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| InstanceId::new(&one.id)).collect();
        let found = observe::describe(aws, &ids).await?;
        let status = |one: &Waiting| {
            let instance = found.iter().find(|instance| instance.instance_id.as_ref() == Some(&one.id))?;
            Some((one.id.clone(), changes::status_of(instance, one.change.as_deref())?))
        };
        Ok(waiting.iter().filter_map(status).collect())
    }

    async fn read(aws: &Aws, ids: &[InstanceId]) -> Result<Readings<Self>> {
        observe::read(aws, ids).await
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let ours = observe::filtered(aws, owned_by(owner)).await?.into_iter();
        // A terminated one was made by an attempt that is over; AWS shows it for about an hour.
        let there = ours.filter(|instance| !changes::is_gone(instance));
        Ok(there.filter_map(|one| candidate(aws, owner, one.instance_id, one.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<InstanceChanges>> {
        changes::update(aws, update).await
    }

    async fn delete(aws: &Aws, id: &InstanceId, recorded: &Self) -> Result<Deletion> {
        const GONE: &[&str] = &["InvalidInstanceID.NotFound"];
        if recorded.termination_protection {
            let call = aws.ec2().modify_instance_attribute().instance_id(id.as_str());
            call.disable_api_termination(changes::boolean(false)).send().await.or_gone(GONE)?;
        }
        let call = aws.ec2().terminate_instances().instance_ids(id.as_str());
        let gone = call.send().await.or_gone(GONE)?.is_none();
        Ok(if gone { Deletion::Done } else { Deletion::Wait })
    }
}

impl Instance {
    /// What the machine is.
    fn machine(&self, call: RunInstancesFluentBuilder) -> RunInstancesFluentBuilder {
        let devices: Vec<_> = self.block_devices.iter().map(BlockDevice::request).collect();
        let profile = self
            .instance_profile
            .as_ref()
            .map(|profile| sdk::IamInstanceProfileSpecification::builder().name(profile.as_str()).build());
        let credits = self
            .cpu_credits
            .map(|credits| sdk::CreditSpecificationRequest::builder().cpu_credits(credits.as_str()).build());
        let licenses: Vec<_> = self
            .license_configurations
            .iter()
            .map(|arn| sdk::LicenseConfigurationRequest::builder().license_configuration_arn(arn).build())
            .collect();
        let hibernation = self.hibernation.then(|| sdk::HibernationOptionsRequest::builder().configured(true).build());
        let enclaves = self.enclaves.then(|| sdk::EnclaveOptionsRequest::builder().enabled(true).build());
        call.set_image_id(self.ami.as_ref().map(ToString::to_string))
            .set_instance_type(self.instance_type.as_deref().map(Into::into))
            .set_key_name(self.key_pair.as_ref().map(ToString::to_string))
            .set_iam_instance_profile(profile)
            .set_user_data(self.user_data.as_ref().map(base64::encode))
            .metadata_options(self.metadata_options.request())
            .monitoring(sdk::RunInstancesMonitoringEnabled::builder().enabled(self.monitoring).build())
            .set_ebs_optimized(self.ebs_optimized)
            .disable_api_termination(self.termination_protection)
            .instance_initiated_shutdown_behavior(self.shutdown_behavior.as_str().into())
            .set_block_device_mappings((!devices.is_empty()).then_some(devices))
            .set_credit_specification(credits)
            .set_cpu_options(self.cpu_options.as_ref().map(CpuOptions::request))
            .set_hibernation_options(hibernation)
            .set_enclave_options(enclaves)
            .set_launch_template(self.launch_template.as_ref().map(LaunchTemplateVersion::request))
            .set_kernel_id(self.kernel.clone())
            .set_ramdisk_id(self.ram_disk.clone())
            .set_license_specifications((!licenses.is_empty()).then_some(licenses))
            .set_additional_info(self.additional_info.clone())
    }

    /// How it is in the network. AWS takes either these of the machine itself or a network interface with all of them; only the interface can be
    /// told to get a public address.
    fn networked(&self, call: RunInstancesFluentBuilder) -> RunInstancesFluentBuilder {
        let subnet = self.subnet.as_ref().map(ToString::to_string);
        let groups = self.security_groups.as_ref();
        let groups = groups.map(|groups| groups.iter().map(ToString::to_string).collect::<Vec<_>>());
        let addresses = self.ipv6_addresses.as_ref().map(|addresses| {
            let one = |address| sdk::InstanceIpv6Address::builder().ipv6_address(address).build();
            addresses.iter().map(one).collect::<Vec<_>>()
        });
        let names = self.private_dns_names.as_ref().map(PrivateDnsNames::request);
        let call = call.set_private_dns_name_options(names);
        match self.associate_public_ip {
            None => call
                .set_subnet_id(subnet)
                .set_security_group_ids(groups)
                .set_private_ip_address(self.private_ip_address.clone())
                .set_ipv6_addresses(addresses)
                .set_ipv6_address_count(self.ipv6_address_count),
            Some(public) => call.network_interfaces(
                sdk::InstanceNetworkInterfaceSpecification::builder()
                    .device_index(0)
                    .associate_public_ip_address(public)
                    .set_subnet_id(subnet)
                    .set_groups(groups)
                    .set_private_ip_address(self.private_ip_address.clone())
                    .set_ipv6_addresses(addresses)
                    .set_ipv6_address_count(self.ipv6_address_count)
                    .build(),
            ),
        }
    }

    /// On which hardware it is.
    fn placed(&self, call: RunInstancesFluentBuilder) -> RunInstancesFluentBuilder {
        let given =
            [&self.availability_zone, &self.placement_group, &self.host, &self.host_resource_group, &self.affinity];
        if given.iter().all(|it| it.is_none()) && self.tenancy.is_none() {
            return call;
        }
        let placement = sdk::Placement::builder()
            .set_availability_zone(self.availability_zone.clone())
            .set_group_name(self.placement_group.clone())
            .set_host_id(self.host.clone())
            .set_host_resource_group_arn(self.host_resource_group.clone())
            .set_affinity(self.affinity.clone())
            .set_tenancy(self.tenancy.map(|tenancy| tenancy.as_str().into()));
        call.placement(placement.build())
    }
}

impl Conforms for Instance {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.29.0.0/16").build());
        stack.add("gateway", InternetGateway::builder().vpc(&vpc).build());
        let mut subnet = |name: &str, range: &str, zone: &str| {
            let subnet = Subnet::builder().vpc(&vpc).cidr_block(range).availability_zone(zone);
            stack.add(name, subnet.build())
        };
        let (subnet, other) = (subnet("a", "10.29.1.0/24", "eu-west-1a"), subnet("b", "10.29.2.0/24", "eu-west-1b"));
        let mut group = |name: &str| {
            let group = SecurityGroup::builder().name(format!("Instances-{name}")).description("hosts").vpc(&vpc);
            stack.add(name, group.build())
        };
        let (group, another) = (group("hosts"), group("others"));
        let mut key = |name: &str, public_key: &str| {
            stack.add(name, KeyPair::builder().name(name).public_key(public_key).build())
        };
        let [first, second] = super::key_pair::ED25519;
        let (key, next_key) = (key("Hosts-1", first), key("Hosts-2", second));
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::service("ec2.amazonaws.com"))
            .action("sts:AssumeRole")]);
        let role = stack.add("role", Role::builder().name("Hosts").assume_role_policy(trust).build());
        let mut profile = |name: &str| stack.add(name, InstanceProfile::builder().name(name).role(&role).build());
        let (profile, next_profile) = (profile("Hosts-1"), profile("Hosts-2"));
        let mut image = |name: &str| super::ami(stack, &super::AmiFilter::of("amazon", name)).id;
        let image_a = image("al2023-ami-2023.*-kernel-6.1-x86_64");
        let image_b = image("al2023-ami-2023.*-kernel-6.12-x86_64");
        let root = |size: i32, kind: VolumeType| {
            let root = BlockDevice::builder().device_name("/dev/xvda").volume_size(size).volume_type(kind);
            root.encrypted(true).delete_on_termination(true).build()
        };
        let data = |iops: i32, ends: bool| {
            let data = BlockDevice::builder().device_name("/dev/sdf").volume_size(20).volume_type(VolumeType::Gp3);
            data.iops(iops).throughput(250).delete_on_termination(ends).build()
        };
        let metadata = |limit: i32| MetadataOptions::builder().hop_limit(limit).tags(true).build();
        let names = |kind: super::HostnameType, record: bool| {
            PrivateDnsNames::builder().hostname_type(kind).resource_name_a_record(record).build()
        };
        let cores = |count: i32| CpuOptions::builder().core_count(count).threads_per_core(1).build();
        let template = super::LaunchTemplate::builder()
            .name("Hosts")
            .data(super::LaunchTemplateData::builder().instance_type("t3.micro").ebs_optimized(true).build());
        let template = stack.add("template", template.build());
        let from_template = LaunchTemplateVersion::builder().launch_template(&template).version("1").build();
        let base = Instance::builder()
            .ami(&image_a)
            .instance_type("t3.micro")
            .subnet(&subnet)
            .availability_zone("eu-west-1a")
            .security_groups([&group])
            .key_pair(&key.name)
            .instance_profile(&profile)
            .user_data("#!/bin/sh\necho ä > /tmp/started\n")
            .metadata_options(metadata(2))
            .monitoring(true)
            .ebs_optimized(true)
            .private_ip_address("10.29.1.77")
            .associate_public_ip(true)
            .source_dest_check(false)
            .termination_protection(true)
            .shutdown_behavior(ShutdownBehavior::Terminate)
            .block_devices([root(10, VolumeType::Gp3), data(3000, true)])
            .volume_tags([("of", "host"), ("team", "a")])
            .cpu_credits(CpuCredits::Standard)
            .cpu_options(cores(1))
            .hibernation(false)
            .enclaves(false)
            .tenancy(HostTenancy::Default)
            .private_dns_names(names(super::HostnameType::IpName, false))
            .license_configurations(["arn:aws:license-manager:eu-west-1:123456789012:license-configuration:lic-1"])
            .additional_info("a")
            .tags([("Name", "host"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("tags", [("Name", "bastion")])
            .change("security_groups", vec![Expr::from(&another)])
            .change("instance_profile", &next_profile)
            .change("metadata_options", metadata(1))
            .change("monitoring", false)
            .change("source_dest_check", true)
            .change("termination_protection", false)
            .change("shutdown_behavior", "stop")
            .change("block_devices", vec![Expr::from(root(12, VolumeType::Gp3)), Expr::from(data(4000, false))])
            .change("volume_tags", [("of", "bastion")])
            .change("cpu_credits", "unlimited")
            .change("private_dns_names", names(super::HostnameType::IpName, true))
            .change("instance_type", "t3.small")
            .change("ebs_optimized", false)
            .change("user_data", "#cloud-config\n{}\n")
            .change("private_dns_names", names(super::HostnameType::ResourceName, true))
            .change("block_devices", vec![Expr::from(root(8, VolumeType::Gp3))])
            .change("ami", &image_b)
            .together_with("key_pair", &next_key.name)
            .change("associate_public_ip", false)
            .together_with("private_ip_address", "10.29.1.78")
            .change("availability_zone", "eu-west-1b")
            .together_with("subnet", &other)
            .together_with("private_ip_address", "10.29.2.78")
            .change("hibernation", true)
            .change("enclaves", true)
            .together_with("hibernation", false)
            .together_with("cpu_options", cores(2))
            .together_with("license_configurations", Vec::<Expr>::new())
            .together_with("additional_info", "b")
            .change("host", "h-0123456789abcdef0")
            .together_with("tenancy", "host")
            .together_with("affinity", "host")
            .together_with("host_resource_group", "arn:aws:resource-groups:eu-west-1:123456789012:group/hosts")
            .together_with("placement_group", "together")
            .together_with("kernel", "aki-0123456789abcdef0")
            .together_with("ram_disk", "ari-0123456789abcdef0")
            .change("launch_template", from_template)
            .unseen("volumes", "there is no type for volumes yet")
            .unseen("ipv6_addresses", "there is no type yet that gives a VPC an IPv6 range")
            .unseen("ipv6_address_count", "there is no type yet that gives a VPC an IPv6 range")
    }
}
