//! The nested arguments of an instance, and what the calls make of them.

use aws_sdk_ec2::types as sdk;
use formwork_engine::{Block, Choice};

use crate::arn::Arn;
use crate::ec2::{HostnameType, LaunchTemplateId, tag};
use crate::kms::Key;
use crate::tags::Tags;

/// How the instance metadata service answers.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct MetadataOptions {
    /// Whether it answers at all.
    #[arg(in_place, default = true)]
    pub enabled: bool,
    /// Whether it answers only within a session (IMDSv2), so that a request that somebody smuggles in gets nothing.
    #[arg(in_place, default = true)]
    pub session_required: bool,
    /// Over how many network hops an answer goes, 1 to 64; containers with a network of their own need 2. AWS decides when absent.
    #[arg(in_place)]
    pub hop_limit: Option<i32>,
    /// Whether it has an IPv6 address, too.
    #[arg(in_place, default = false)]
    pub ipv6: bool,
    /// Whether it tells the tags of the instance.
    #[arg(in_place, default = false)]
    pub tags: bool,
}

impl Default for MetadataOptions {
    fn default() -> Self {
        Self { enabled: true, session_required: true, hop_limit: None, ipv6: false, tags: false }
    }
}

/// AWS's words for on and off.
pub(in crate::ec2) fn switched(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}

/// AWS's words for whether a session is needed.
pub(in crate::ec2) fn tokens(required: bool) -> &'static str {
    if required { "required" } else { "optional" }
}

impl MetadataOptions {
    pub(super) fn request(&self) -> sdk::InstanceMetadataOptionsRequest {
        sdk::InstanceMetadataOptionsRequest::builder()
            .http_endpoint(switched(self.enabled).into())
            .http_tokens(tokens(self.session_required).into())
            .set_http_put_response_hop_limit(self.hop_limit)
            .http_protocol_ipv6(switched(self.ipv6).into())
            .instance_metadata_tags(switched(self.tags).into())
            .build()
    }

    pub(super) fn of(found: Option<&sdk::InstanceMetadataOptionsResponse>) -> Self {
        let Some(found) = found else { return Self::default() };
        let is_on = |word: Option<&str>| word == Some("enabled");
        Self {
            enabled: is_on(found.http_endpoint.as_ref().map(|it| it.as_str())),
            session_required: found.http_tokens.as_ref().is_some_and(|it| it.as_str() == "required"),
            hop_limit: found.http_put_response_hop_limit,
            ipv6: is_on(found.http_protocol_ipv6.as_ref().map(|it| it.as_str())),
            tags: is_on(found.instance_metadata_tags.as_ref().map(|it| it.as_str())),
        }
    }
}

/// A volume that is made with an instance.
#[derive(Block, Clone, PartialEq, Eq, Default)]
pub struct BlockDevice {
    /// The device, such as `/dev/xvda`.
    #[arg(in_place)]
    pub device_name: String,
    /// Its size in GiB; it grows in place and never shrinks. That of the snapshot when absent.
    #[arg(in_place)]
    pub volume_size: Option<i32>,
    /// The sort of storage; AWS decides when absent.
    #[arg(in_place)]
    pub volume_type: Option<VolumeType>,
    /// Operations per second, for `gp3`, `io1` and `io2`.
    #[arg(in_place)]
    pub iops: Option<i32>,
    /// MiB per second, for `gp3`.
    #[arg(in_place)]
    pub throughput: Option<i32>,
    /// Whether it is encrypted; the account's default decides when absent.
    #[arg(in_place)]
    pub encrypted: Option<bool>,
    /// The key that encrypts it; the account's default key when absent.
    #[arg(in_place)]
    pub kms_key: Option<Arn<Key>>,
    /// The snapshot that it begins with, by its id `snap-…`; that of the image, or an empty volume, when absent.
    #[arg(in_place)]
    pub snapshot_id: Option<String>,
    /// Whether it ends with the instance; when absent, one that is made here does.
    #[arg(in_place)]
    pub delete_on_termination: Option<bool>,
}

impl BlockDevice {
    pub(super) fn request(&self) -> sdk::BlockDeviceMapping {
        let ebs = sdk::EbsBlockDevice::builder()
            .set_volume_size(self.volume_size)
            .set_volume_type(self.volume_type.map(|kind| kind.as_str().into()))
            .set_iops(self.iops)
            .set_throughput(self.throughput)
            .set_encrypted(self.encrypted)
            .set_kms_key_id(self.kms_key.as_ref().map(ToString::to_string))
            .set_snapshot_id(self.snapshot_id.clone())
            .delete_on_termination(self.delete_on_termination.unwrap_or(true));
        sdk::BlockDeviceMapping::builder().device_name(&self.device_name).ebs(ebs.build()).build()
    }
}

/// A sort of storage.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeType {
    /// Magnetic, of the first days.
    #[choice("standard")]
    Standard,
    /// General purpose; the speed depends on the size.
    #[choice("gp2")]
    Gp2,
    /// General purpose; the speed can be chosen.
    #[choice("gp3")]
    Gp3,
    /// Provisioned operations per second.
    #[choice("io1")]
    Io1,
    /// Provisioned operations per second, Block Express.
    #[choice("io2")]
    Io2,
    /// Magnetic, for throughput.
    #[choice("st1")]
    St1,
    /// Magnetic, for what is seldom read.
    #[choice("sc1")]
    Sc1,
}

/// A volume that exists already.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttachedVolume {
    /// The volume, by its id `vol-…`.
    #[arg(in_place)]
    pub volume_id: String,
    /// The device that it is attached as, such as `/dev/sdf`.
    #[arg(in_place)]
    pub device: String,
}

/// Whether a burstable machine may use more than it has earned.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuCredits {
    /// It slows down instead.
    #[choice("standard")]
    Standard,
    /// It may, at a price.
    #[choice("unlimited")]
    Unlimited,
}

/// How much of the machine's processor is there.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct CpuOptions {
    /// The number of cores.
    #[arg(replace)]
    pub core_count: Option<i32>,
    /// The threads of a core: 1 switches simultaneous multithreading off.
    #[arg(replace)]
    pub threads_per_core: Option<i32>,
    /// Whether its memory is encrypted by the processor (AMD SEV-SNP).
    #[arg(replace)]
    pub amd_sev_snp: Option<AmdSevSnp>,
}

impl CpuOptions {
    pub(super) fn request(&self) -> sdk::CpuOptionsRequest {
        sdk::CpuOptionsRequest::builder()
            .set_core_count(self.core_count)
            .set_threads_per_core(self.threads_per_core)
            .set_amd_sev_snp(self.amd_sev_snp.map(|it| it.as_str().into()))
            .build()
    }

    pub(super) fn of(found: &sdk::CpuOptions) -> Self {
        Self {
            core_count: found.core_count,
            threads_per_core: found.threads_per_core,
            amd_sev_snp: found.amd_sev_snp.as_ref().and_then(|it| AmdSevSnp::parse(it.as_str())),
        }
    }
}

/// Whether memory is encrypted by an AMD processor.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmdSevSnp {
    /// It is.
    #[choice("enabled")]
    Enabled,
    /// It is not.
    #[choice("disabled")]
    Disabled,
}

/// A version of a launch template.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct LaunchTemplateVersion {
    /// The launch template.
    #[arg(replace)]
    pub launch_template: LaunchTemplateId,
    /// The version: a number, such as the template's output `latest_version`, `$Latest` or `$Default`. What the two words lead to is looked up
    /// once, when the instance is made.
    #[arg(replace, default = "$Default")]
    pub version: String,
}

impl LaunchTemplateVersion {
    pub(super) fn request(&self) -> sdk::LaunchTemplateSpecification {
        let template = sdk::LaunchTemplateSpecification::builder().launch_template_id(self.launch_template.as_str());
        template.version(&self.version).build()
    }
}

/// Whether hardware is shared with other accounts.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostTenancy {
    /// It is.
    #[choice("default")]
    Default,
    /// It is the account's own.
    #[choice("dedicated")]
    Dedicated,
    /// It is a dedicated host.
    #[choice("host")]
    Host,
}

/// The name of an instance in the VPC's DNS.
#[derive(Block, Clone, Copy, PartialEq, Eq)]
pub struct PrivateDnsNames {
    /// What the name is made of: the address, or the id.
    #[arg(in_place)]
    pub hostname_type: Option<HostnameType>,
    /// Whether the name that is made of the id leads to the IPv4 address.
    #[arg(in_place)]
    pub resource_name_a_record: Option<bool>,
    /// Whether the name that is made of the id leads to the IPv6 address.
    #[arg(in_place)]
    pub resource_name_aaaa_record: Option<bool>,
}

impl PrivateDnsNames {
    pub(super) fn request(&self) -> sdk::PrivateDnsNameOptionsRequest {
        sdk::PrivateDnsNameOptionsRequest::builder()
            .set_hostname_type(self.hostname_type.map(|kind| kind.as_str().into()))
            .set_enable_resource_name_dns_a_record(self.resource_name_a_record)
            .set_enable_resource_name_dns_aaaa_record(self.resource_name_aaaa_record)
            .build()
    }

    pub(super) fn of(found: &sdk::PrivateDnsNameOptionsResponse) -> Self {
        Self {
            hostname_type: found.hostname_type.as_ref().and_then(|kind| HostnameType::parse(kind.as_str())),
            resource_name_a_record: found.enable_resource_name_dns_a_record,
            resource_name_aaaa_record: found.enable_resource_name_dns_aaaa_record,
        }
    }
}

/// What becomes of a machine that is shut down from within.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownBehavior {
    /// It stops, and can be started again.
    #[choice("stop")]
    Stop,
    /// It is terminated.
    #[choice("terminate")]
    Terminate,
}

/// Tags for the volumes that are made with an instance. They carry no mark of ownership: what ends with the instance is no resource of its own.
pub(super) fn tags_of_volumes(tags: &Tags) -> sdk::TagSpecification {
    let tags = tags.iter().map(|(key, value)| tag(key, value)).collect();
    sdk::TagSpecification::builder().resource_type(sdk::ResourceType::Volume).set_tags(Some(tags)).build()
}
