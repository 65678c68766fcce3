//! What a launch template says: blocks and their equality.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::{Block, Choice};

use crate::ec2::instance::{
    BlockDevice, CpuCredits, CpuOptions, HostTenancy, MetadataOptions, PrivateDnsNames, ShutdownBehavior,
};
use crate::ec2::{AmiId, KeyPairName, SecurityGroupId, SubnetId};
use crate::iam::InstanceProfileName;
use crate::tags::Tags;

/// What a launch template says of a machine; see [`crate::ec2::Instance`] for what each is. What is absent is not said.
#[derive(Block, Clone, PartialEq, Eq, Default)]
#[block(cfn = "LaunchTemplateData")]
pub struct LaunchTemplateData {
    /// The image.
    #[arg(in_place, cfn = "ImageId")]
    pub ami: Option<AmiId>,
    /// The sort of machine.
    #[arg(in_place)]
    pub instance_type: Option<String>,
    /// What the machine needs, instead of `instance_type`: whoever starts one chooses a sort that has it.
    #[arg(in_place, cfn = "InstanceRequirements")]
    pub requirements: Option<InstanceRequirements>,
    /// The key that lets in by SSH.
    #[arg(in_place, cfn = "KeyName")]
    pub key_pair: Option<KeyPairName>,
    /// The instance profile.
    #[arg(in_place, cfn = "IamInstanceProfile")]
    pub instance_profile: Option<InstanceProfileName>,
    /// The security groups; where there are network interfaces, those have them.
    #[arg(in_place, default, cfn = "SecurityGroupIds")]
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// The network interfaces.
    #[arg(in_place, default)]
    pub network_interfaces: Vec<TemplateInterface>,
    /// The volumes that are made with a machine.
    #[arg(in_place, default, cfn = "BlockDeviceMappings")]
    pub block_devices: Vec<BlockDevice>,
    /// How the instance metadata service answers.
    #[arg(in_place)]
    pub metadata_options: Option<MetadataOptions>,
    /// Whether metrics come every minute.
    #[arg(in_place)]
    pub monitoring: Option<bool>,
    /// Whether it has a network of its own to its volumes.
    #[arg(in_place)]
    pub ebs_optimized: Option<bool>,
    /// Whether AWS refuses to terminate it.
    #[arg(in_place, cfn = "DisableApiTermination")]
    pub termination_protection: Option<bool>,
    /// Whether AWS refuses to stop it.
    #[arg(in_place, cfn = "DisableApiStop")]
    pub stop_protection: Option<bool>,
    /// What becomes of it when it is shut down from within.
    #[arg(in_place, cfn = "InstanceInitiatedShutdownBehavior")]
    pub shutdown_behavior: Option<ShutdownBehavior>,
    /// Whether a burstable machine may use more than it has earned.
    #[arg(in_place, cfn = "CreditSpecification")]
    pub cpu_credits: Option<CpuCredits>,
    /// How many cores and threads are there.
    #[arg(in_place)]
    pub cpu_options: Option<CpuOptions>,
    /// Whether it can hibernate.
    #[arg(in_place, cfn = "HibernationOptions")]
    pub hibernation: Option<bool>,
    /// Whether it can run Nitro Enclaves.
    #[arg(in_place, cfn = "EnclaveOptions")]
    pub enclaves: Option<bool>,
    /// On which hardware it is.
    #[arg(in_place)]
    pub placement: Option<TemplatePlacement>,
    /// The name that the VPC's DNS knows it by.
    #[arg(in_place, cfn = "PrivateDnsNameOptions")]
    pub private_dns_names: Option<PrivateDnsNames>,
    /// That it is a spot machine, which AWS may take back, and at what price.
    #[arg(in_place, cfn = "InstanceMarketOptions")]
    pub spot: Option<SpotOptions>,
    /// Which reserved capacity it uses.
    #[arg(in_place, cfn = "CapacityReservationSpecification")]
    pub capacity_reservation: Option<CapacityReservation>,
    /// The ARNs of the licence configurations that it counts for.
    #[arg(in_place, default, cfn = "LicenseSpecifications")]
    pub license_configurations: BTreeSet<String>,
    /// Whether AWS moves it to other hardware when its own fails; AWS does when absent.
    #[arg(in_place, cfn = "MaintenanceOptions")]
    pub auto_recovery: Option<bool>,
    /// The kernel of a paravirtual image, by its id `aki-…`.
    #[arg(in_place, cfn = "KernelId")]
    pub kernel: Option<String>,
    /// The RAM disk of a paravirtual image, by its id `ari-…`.
    #[arg(in_place, cfn = "RamDiskId")]
    pub ram_disk: Option<String>,
    /// The tags of what is made with a machine, by its sort: `instance`, `volume`, `network-interface`, `spot-instances-request`.
    #[arg(in_place, default, cfn = "TagSpecifications")]
    pub resource_tags: BTreeMap<String, Tags>,
}

/// A network interface of a machine.
#[derive(Block, Clone, PartialEq, Eq, Default)]
pub struct TemplateInterface {
    /// Its place: 0 is the first.
    #[arg(in_place, default = 0)]
    pub device_index: i32,
    /// The network card, of machines with several.
    #[arg(in_place)]
    pub network_card_index: Option<i32>,
    /// The subnet.
    #[arg(in_place)]
    pub subnet: Option<SubnetId>,
    /// The security groups.
    #[arg(in_place, default)]
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// Whether it gets a public address.
    #[arg(in_place)]
    pub associate_public_ip: Option<bool>,
    /// Its address in the subnet.
    #[arg(in_place)]
    pub private_ip_address: Option<String>,
    /// How many IPv6 addresses AWS chooses.
    #[arg(in_place)]
    pub ipv6_address_count: Option<i32>,
    /// Whether its first IPv6 address stays for as long as the interface does.
    #[arg(in_place)]
    pub primary_ipv6: Option<bool>,
    /// Whether it ends with the machine.
    #[arg(in_place)]
    pub delete_on_termination: Option<bool>,
    /// The sort of interface: `interface`, `efa` or `efa-only`.
    #[arg(in_place)]
    pub interface_type: Option<String>,
    /// One that exists already, by its id `eni-…`.
    #[arg(in_place)]
    pub network_interface_id: Option<String>,
    /// What it is for.
    #[arg(in_place)]
    pub description: Option<String>,
}

/// On which hardware a machine is.
#[derive(Block, Clone, PartialEq, Eq, Default)]
pub struct TemplatePlacement {
    /// The availability zone.
    #[arg(in_place)]
    pub availability_zone: Option<String>,
    /// Whether it shares its hardware with others'.
    #[arg(in_place)]
    pub tenancy: Option<HostTenancy>,
    /// The name of its placement group.
    #[arg(in_place)]
    pub group_name: Option<String>,
    /// The partition of its placement group.
    #[arg(in_place)]
    pub partition_number: Option<i32>,
    /// The dedicated host, by its id `h-…`.
    #[arg(in_place)]
    pub host: Option<String>,
    /// The ARN of the host resource group that a dedicated host is chosen from.
    #[arg(in_place)]
    pub host_resource_group: Option<String>,
    /// Whether it comes back to the same dedicated host after a stop (`host`) or to any (`default`).
    #[arg(in_place)]
    pub affinity: Option<String>,
}

/// How a spot machine is asked for.
#[derive(Block, Clone, PartialEq, Eq, Default)]
pub struct SpotOptions {
    /// The most that an hour may cost, in US dollars, such as `0.05`; the price on demand when absent.
    #[arg(in_place)]
    pub max_price: Option<String>,
    /// Whether it is asked for again after it was taken back.
    #[arg(in_place)]
    pub request: Option<SpotRequest>,
    /// What becomes of it when it is taken back.
    #[arg(in_place)]
    pub interruption: Option<SpotInterruption>,
}

/// Whether a spot machine is asked for again.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpotRequest {
    /// Once.
    #[choice("one-time")]
    OneTime,
    /// Until the request is cancelled.
    #[choice("persistent")]
    Persistent,
}

/// What becomes of a spot machine that is taken back.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpotInterruption {
    /// It is terminated.
    #[choice("terminate")]
    Terminate,
    /// It stops, and starts when there is capacity again.
    #[choice("stop")]
    Stop,
    /// It hibernates.
    #[choice("hibernate")]
    Hibernate,
}

/// Which reserved capacity a machine uses.
#[derive(Block, Clone, PartialEq, Eq, Default)]
pub struct CapacityReservation {
    /// Whether it uses any that fits.
    #[arg(in_place)]
    pub preference: Option<CapacityReservationPreference>,
    /// This one, by its id `cr-…`.
    #[arg(in_place)]
    pub reservation_id: Option<String>,
    /// Those of this resource group, by its ARN.
    #[arg(in_place)]
    pub resource_group: Option<String>,
}

/// Whether a machine uses reserved capacity.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapacityReservationPreference {
    /// Where there is any that fits.
    #[choice("open")]
    Open,
    /// Never.
    #[choice("none")]
    None,
    /// It starts only where there is any.
    #[choice("capacity-reservations-only")]
    Only,
}

/// What a machine needs.
#[derive(Block, Clone, PartialEq, Eq, Default)]
pub struct InstanceRequirements {
    /// The least number of virtual processors.
    #[arg(in_place)]
    pub vcpu_count_min: i32,
    /// The most; any number when absent.
    #[arg(in_place)]
    pub vcpu_count_max: Option<i32>,
    /// The least memory, in MiB.
    #[arg(in_place)]
    pub memory_mib_min: i32,
    /// The most; any when absent.
    #[arg(in_place)]
    pub memory_mib_max: Option<i32>,
    /// Whose processors: `intel`, `amd`, `amazon-web-services`, `apple`; anybody's when empty.
    #[arg(in_place, default)]
    pub cpu_manufacturers: BTreeSet<String>,
    /// Of which age: `current`, `previous`; any when empty.
    #[arg(in_place, default)]
    pub instance_generations: BTreeSet<String>,
    /// Only these sorts, such as `m7g.*`; all when empty.
    #[arg(in_place, default)]
    pub allowed_instance_types: BTreeSet<String>,
    /// Not these sorts.
    #[arg(in_place, default)]
    pub excluded_instance_types: BTreeSet<String>,
    /// Whether burstable sorts are `included`, `excluded` or `required`; excluded when absent.
    #[arg(in_place)]
    pub burstable: Option<String>,
    /// Whether sorts without a hypervisor are `included`, `excluded` or `required`; excluded when absent.
    #[arg(in_place)]
    pub bare_metal: Option<String>,
    /// Whether sorts with disks of their own are `included`, `excluded` or `required`; included when absent.
    #[arg(in_place)]
    pub local_storage: Option<String>,
}

/// A version says what it says: what is taken out of a template is a change, other than with an instance, where AWS decides what is not declared.
/// The order of volumes and interfaces is nobody's concern.
pub(super) fn same(wanted: &LaunchTemplateData, found: &LaunchTemplateData) -> bool {
    let in_order = |data: &LaunchTemplateData| {
        let mut data = data.clone();
        data.block_devices.sort_by(|a, b| a.device_name.cmp(&b.device_name));
        data.network_interfaces.sort_by_key(|it| (it.network_card_index, it.device_index));
        data
    };
    in_order(wanted) == in_order(found)
}
