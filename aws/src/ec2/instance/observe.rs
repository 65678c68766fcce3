//! What an instance is: its own description, three attributes that it leaves out, its volumes and its credits.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types as sdk;
use aws_smithy_types::base64;
use formwork_engine::kind::CallClass;
use formwork_engine::plan::PENDING_WINDOW;
use formwork_engine::{Field, Value};

use super::blocks::{
    AttachedVolume, BlockDevice, CpuCredits, CpuOptions, HostTenancy, MetadataOptions, PrivateDnsNames,
    ShutdownBehavior, VolumeType,
};
use super::{Instance, InstanceId, InstanceOutputs, changes};
use crate::arn::Arn;
use crate::context::Aws;
use crate::ec2::{AmiId, FILTER_VALUES, KeyPairName, SecurityGroupId, SubnetId, VpcId, filter, read_tags};
use crate::error::{OrGone, Result, readable};
use crate::iam::InstanceProfileName;
use crate::lifecycle::{Observed, Readings};
use crate::questions::each;

const GONE: &[&str] = &["InvalidInstanceID.NotFound"];

/// The instances that pass a filter, also those that are terminated.
pub(super) async fn filtered(aws: &Aws, filter: sdk::Filter) -> Result<Vec<sdk::Instance>> {
    let mut found = Vec::new();
    let mut pages = aws.ec2().describe_instances().filters(filter).into_paginator().send();
    while let Some(page) = pages.next().await {
        found
            .extend(page?.reservations.unwrap_or_default().into_iter().flat_map(|it| it.instances.unwrap_or_default()));
    }
    Ok(found)
}

pub(super) async fn describe(aws: &Aws, ids: &[InstanceId]) -> Result<Vec<sdk::Instance>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        found.extend(filtered(aws, filter("instance-id", chunk.iter().map(InstanceId::as_str))).await?);
    }
    Ok(found)
}

/// Those of these ids that are instances and have ended: AWS shows them, and their tags, for about an hour. Where nobody may look, none.
pub(in crate::ec2) async fn gone(aws: &Aws, ids: impl IntoIterator<Item = &str>) -> Result<BTreeSet<String>> {
    let ids: Vec<InstanceId> = ids.into_iter().filter(|id| id.starts_with("i-")).map(InstanceId::new).collect();
    let found = match describe(aws, &ids).await {
        Err(error) if error.0.class == CallClass::Denied => Vec::new(),
        found => found?,
    };
    Ok(found.into_iter().filter(changes::is_gone).filter_map(|instance| instance.instance_id).collect())
}

/// The volumes by device.
pub(super) fn volumes_of(instance: &sdk::Instance) -> impl Iterator<Item = (&str, &str)> {
    let mappings = instance.block_device_mappings().iter();
    mappings.filter_map(|mapping| Some((mapping.device_name()?, mapping.ebs()?.volume_id()?)))
}

/// The volumes that end with the instance.
pub(super) fn ending_volumes(instance: &sdk::Instance) -> impl Iterator<Item = &str> {
    let ebs = instance.block_device_mappings().iter().filter_map(|mapping| mapping.ebs());
    ebs.filter(|ebs| ebs.delete_on_termination == Some(true)).filter_map(|ebs| ebs.volume_id())
}

pub(super) async fn read(aws: &Aws, ids: &[InstanceId]) -> Result<Readings<Instance>> {
    let mut found = describe(aws, ids).await?;
    found.retain(|instance| !changes::is_gone(instance));
    let volumes = volumes(aws, &found).await?;
    let credits = credits(aws, &found).await?;
    let attributes = each(&found, |instance| attributes(aws, instance.instance_id().unwrap_or_default())).await;
    let mut readings = Readings::<Instance>::new();
    for (instance, attributes) in found.into_iter().zip(attributes) {
        let Some(id) = instance.instance_id.clone().map(InstanceId::new) else { continue };
        match attributes {
            Ok(Some(attributes)) => {
                let credits = credits.get(id.as_str()).copied();
                readings.insert(id.clone(), Ok(observe(aws, id, &instance, attributes, &volumes, credits)));
            }
            Ok(None) => {}
            Err(error) => drop(readings.insert(id, Err(error))),
        }
    }
    Ok(readings)
}

/// Where there are no volumes in a plan of instances, there is none to ask for.
async fn volumes(aws: &Aws, of: &[sdk::Instance]) -> Result<BTreeMap<String, sdk::Volume>> {
    let ids: Vec<&str> = of.iter().flat_map(volumes_of).map(|(_, volume)| volume).collect();
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let filter = filter("volume-id", chunk.iter().copied());
        let mut pages = aws.ec2().describe_volumes().filters(filter).into_paginator().send();
        while let Some(page) = pages.next().await {
            let volumes = page?.volumes.unwrap_or_default().into_iter();
            found.extend(volumes.filter_map(|volume| Some((volume.volume_id.clone()?, volume))));
        }
    }
    Ok(found)
}

/// The credits of burstable machines, which are those whose sort begins so; AWS refuses the question for others.
async fn credits(aws: &Aws, of: &[sdk::Instance]) -> Result<BTreeMap<String, CpuCredits>> {
    let burstable = of.iter().filter(|instance| {
        let sort = instance.instance_type.as_ref().map(|sort| sort.as_str()).unwrap_or_default();
        sort.starts_with('t')
    });
    let ids: Vec<&str> = burstable.filter_map(|instance| instance.instance_id()).collect();
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let filter = filter("instance-id", chunk.iter().copied());
        let call = aws.ec2().describe_instance_credit_specifications().filters(filter);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let credits = page?.instance_credit_specifications.unwrap_or_default().into_iter();
            found.extend(credits.filter_map(|one| Some((one.instance_id?, CpuCredits::parse(&one.cpu_credits?)?))));
        }
    }
    Ok(found)
}

/// What the description of an instance leaves out.
#[derive(Default)]
struct Attributes {
    user_data: Option<String>,
    termination_protection: bool,
    shutdown_behavior: Option<String>,
    unreadable: BTreeMap<&'static str, String>,
}

/// One call each, and for one instance only; nothing when it is gone.
async fn attributes(aws: &Aws, id: &str) -> Result<Option<Attributes>> {
    let ask = async |name: sdk::InstanceAttributeName| {
        let call = aws.ec2().describe_instance_attribute().instance_id(id).attribute(name);
        call.send().await.or_gone(GONE)
    };
    let mut unreadable = BTreeMap::new();
    // The three say the same of one that is gone: nothing.
    let protection = ask(sdk::InstanceAttributeName::DisableApiTermination).await;
    if matches!(protection, Ok(None)) {
        return Ok(None);
    }
    let behavior = ask(sdk::InstanceAttributeName::InstanceInitiatedShutdownBehavior).await;
    let data = ask(sdk::InstanceAttributeName::UserData).await;
    let protection = readable(protection, &["termination_protection"], &mut unreadable)?;
    let behavior = readable(behavior, &["shutdown_behavior"], &mut unreadable)?;
    let data = readable(data, &["user_data"], &mut unreadable)?;
    let data = data.and_then(|answer| answer.user_data).and_then(|data| data.value);
    Ok(Some(Attributes {
        user_data: data.filter(|data| !data.is_empty()).map(|data| decoded(&data)),
        termination_protection: protection
            .and_then(|answer| answer.disable_api_termination)
            .and_then(|it| it.value)
            .unwrap_or_default(),
        shutdown_behavior: behavior
            .and_then(|answer| answer.instance_initiated_shutdown_behavior)
            .and_then(|it| it.value),
        unreadable,
    }))
}

/// User data as text; what is no text, such as something compressed, as AWS gives it.
pub(in crate::ec2) fn decoded(encoded: &str) -> String {
    let bytes = base64::decode(encoded.trim()).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| encoded.to_owned())
}

fn device(mapping: &sdk::InstanceBlockDeviceMapping, volumes: &BTreeMap<String, sdk::Volume>) -> Option<BlockDevice> {
    let ebs = mapping.ebs()?;
    let volume = volumes.get(ebs.volume_id()?)?;
    Some(BlockDevice {
        device_name: mapping.device_name.clone()?,
        volume_size: volume.size,
        volume_type: volume.volume_type.as_ref().and_then(|kind| VolumeType::parse(kind.as_str())),
        iops: volume.iops,
        throughput: volume.throughput,
        encrypted: volume.encrypted,
        kms_key: volume.kms_key_id.as_deref().map(Arn::new),
        snapshot_id: volume.snapshot_id.clone().filter(|id| !id.is_empty()),
        delete_on_termination: ebs.delete_on_termination,
    })
}

fn observe(
    aws: &Aws,
    id: InstanceId,
    instance: &sdk::Instance,
    attributes: Attributes,
    volumes: &BTreeMap<String, sdk::Volume>,
    cpu_credits: Option<CpuCredits>,
) -> Observed<Instance> {
    let read = read_tags(aws, instance.tags.clone());
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let placement = instance.placement.clone().unwrap_or_else(|| sdk::Placement::builder().build());
    let interface = instance
        .network_interfaces()
        .iter()
        .find(|it| it.attachment.as_ref().is_none_or(|attachment| attachment.device_index.unwrap_or_default() == 0));
    let ipv6 = interface.map(|it| it.ipv6_addresses()).unwrap_or_default();
    let ipv6: BTreeSet<String> = ipv6.iter().filter_map(|it| it.ipv6_address.clone()).collect();
    let monitoring = instance.monitoring.as_ref().and_then(|it| it.state.as_ref());
    // The root volume speaks for all of them, which are tagged together.
    let root = volumes_of(instance).find(|(device, _)| Some(*device) == instance.root_device_name());
    let root = root.and_then(|(_, volume)| volumes.get(volume));
    let volume_tags = root.map(|volume| read_tags(aws, volume.tags.clone()).tags);
    let private_ip = text(instance.private_ip_address());
    let groups = instance.security_groups().iter().filter_map(|group| group.group_id());
    let profile = instance.iam_instance_profile.as_ref().and_then(|it| it.arn.as_deref());
    let args = Instance {
        ami: instance.image_id.as_deref().map(AmiId::new),
        instance_type: instance.instance_type.as_ref().map(|sort| sort.as_str().to_owned()),
        subnet: instance.subnet_id.as_deref().map(SubnetId::new),
        availability_zone: text(placement.availability_zone()),
        security_groups: Some(groups.map(SecurityGroupId::new).collect()),
        key_pair: instance.key_name.as_deref().map(KeyPairName::new),
        instance_profile: profile.map(|arn| InstanceProfileName::new(Arn::<()>::new(arn).name())),
        user_data: attributes.user_data,
        metadata_options: MetadataOptions::of(instance.metadata_options.as_ref()),
        monitoring: monitoring.is_some_and(|state| matches!(state.as_str(), "enabled" | "pending")),
        ebs_optimized: instance.ebs_optimized,
        private_ip_address: private_ip.clone(),
        associate_public_ip: None,
        ipv6_address_count: i32::try_from(ipv6.len()).ok(),
        ipv6_addresses: Some(ipv6),
        source_dest_check: instance.source_dest_check.unwrap_or(true),
        termination_protection: attributes.termination_protection,
        shutdown_behavior: attributes
            .shutdown_behavior
            .and_then(|word| ShutdownBehavior::parse(&word))
            .unwrap_or(ShutdownBehavior::Stop),
        block_devices: instance.block_device_mappings().iter().filter_map(|it| device(it, volumes)).collect(),
        volumes: volumes_of(instance)
            .map(|(device, volume)| AttachedVolume { volume_id: volume.to_owned(), device: device.to_owned() })
            .collect(),
        volume_tags,
        cpu_credits,
        cpu_options: instance.cpu_options.as_ref().map(CpuOptions::of),
        hibernation: instance.hibernation_options.as_ref().and_then(|it| it.configured).unwrap_or_default(),
        enclaves: instance.enclave_options.as_ref().and_then(|it| it.enabled).unwrap_or_default(),
        launch_template: None,
        tenancy: placement.tenancy.as_ref().and_then(|it| HostTenancy::parse(it.as_str())),
        placement_group: text(placement.group_name()),
        host: text(placement.host_id()),
        host_resource_group: text(placement.host_resource_group_arn()),
        affinity: text(placement.affinity()),
        private_dns_names: instance.private_dns_name_options.as_ref().map(PrivateDnsNames::of),
        kernel: text(instance.kernel_id()),
        ram_disk: text(instance.ramdisk_id()),
        license_configurations: BTreeSet::new(),
        additional_info: None,
        tags: read.tags,
    };
    let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
    let outputs = InstanceOutputs {
        arn: Arn::new(format!("arn:{partition}:ec2:{region}:{account}:instance/{id}")),
        id,
        private_ip: private_ip.unwrap_or_default(),
        private_dns_name: instance.private_dns_name.clone().unwrap_or_default(),
        public_ip: text(instance.public_ip_address()),
        public_dns_name: text(instance.public_dns_name()),
        network_interface_id: interface.and_then(|it| it.network_interface_id.clone()).unwrap_or_default(),
        vpc_id: instance.vpc_id.as_deref().map(VpcId::new),
        availability_zone: args.availability_zone.clone().unwrap_or_default(),
    };
    let pending =
        if matches!(changes::state(instance), "stopped" | "stopping") { pending(&args) } else { BTreeMap::new() };
    Observed { unreadable: attributes.unreadable, pending, ..Observed::new(args, outputs, read.owner) }
}

/// What is changed on a stopped machine is in force when it is started. A run that was killed in between knows by this that the change, which AWS
/// shows already, is not done.
fn pending(args: &Instance) -> BTreeMap<&'static str, Value> {
    [
        (PENDING_WINDOW, Value::from("of its next start")),
        ("instance_type", args.instance_type.to_value()),
        ("ebs_optimized", args.ebs_optimized.to_value()),
        ("user_data", args.user_data.to_value()),
        ("private_dns_names", args.private_dns_names.to_value()),
    ]
    .into()
}
