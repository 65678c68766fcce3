//! What a change of an argument does, and the calls that make it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types as sdk;
use formwork_engine::kind::Status;
use formwork_engine::{Change, Hazard};

use super::blocks::{AttachedVolume, BlockDevice, PrivateDnsNames};
use super::{Instance, InstanceChanges, InstanceId, observe};
use crate::context::Aws;
use crate::ec2::{filter, retag, tag};
use crate::error::{Error, OrGone, Result};
use crate::iam::InstanceProfileName;
use crate::lifecycle::{Update, Updated};
use crate::tags::{self, Tags};

/// What a start, and a create, waits for.
pub(super) const RUNNING: &str = "running";
/// What a stop waits for.
pub(super) const STOPPED: &str = "stopped";

/// It is stopped for it, and started again.
pub(super) fn outage<T: PartialEq>(before: &T, after: &T) -> &'static [Hazard] {
    if before == after { &[] } else { &[Hazard::Outage] }
}

/// Only another form of the name needs a stop.
pub(super) fn name_outage(before: &Option<PrivateDnsNames>, after: &Option<PrivateDnsNames>) -> &'static [Hazard] {
    let form = |names: &Option<PrivateDnsNames>| names.and_then(|names| names.hostname_type);
    outage(&form(before), &form(after))
}

/// A declared device is what it should be where every property that it declares is. Devices that are not declared are not looked at.
#[expect(clippy::ptr_arg, reason = "an equality takes references to the type of its field")]
pub(super) fn same_devices(wanted: &Vec<BlockDevice>, found: &Vec<BlockDevice>) -> bool {
    wanted.iter().all(|wanted| found.iter().any(|found| fits(wanted, found)))
}

fn fits(wanted: &BlockDevice, found: &BlockDevice) -> bool {
    fn as_wanted<T: PartialEq>(wanted: &Option<T>, found: &Option<T>) -> bool {
        wanted.is_none() || wanted == found
    }
    let key = |device: &BlockDevice| device.kms_key.as_ref().map(|key| key.name().to_owned());
    wanted.device_name == found.device_name
        && as_wanted(&wanted.volume_size, &found.volume_size)
        && as_wanted(&wanted.volume_type, &found.volume_type)
        && as_wanted(&wanted.iops, &found.iops)
        && as_wanted(&wanted.throughput, &found.throughput)
        && as_wanted(&wanted.encrypted, &found.encrypted)
        && as_wanted(&key(wanted), &key(found))
        && as_wanted(&wanted.snapshot_id, &found.snapshot_id)
        && as_wanted(&wanted.delete_on_termination, &found.delete_on_termination)
}

/// Whether the volumes can be brought there. A volume that would have to shrink, or be encrypted, or that is not there, comes with another machine.
#[expect(clippy::ptr_arg, reason = "a decision takes references to the type of its field")]
pub(super) fn devices(before: &Vec<BlockDevice>, after: &Vec<BlockDevice>) -> Change {
    let in_place = after.iter().all(|after| {
        let Some(before) = before.iter().find(|before| before.device_name == after.device_name) else { return false };
        let shrinks = matches!((before.volume_size, after.volume_size), (Some(before), Some(after)) if after < before);
        let made_so = BlockDevice {
            volume_size: None,
            volume_type: None,
            iops: None,
            throughput: None,
            delete_on_termination: None,
            ..after.clone()
        };
        !shrinks && fits(&made_so, before)
    });
    if in_place { Change::InPlace } else { Change::Replace }
}

/// Further volumes that somebody attached are not looked at.
pub(super) fn same_volumes(wanted: &BTreeSet<AttachedVolume>, found: &BTreeSet<AttachedVolume>) -> bool {
    wanted.is_subset(found)
}

pub(super) fn boolean(value: bool) -> sdk::AttributeBooleanValue {
    sdk::AttributeBooleanValue::builder().value(value).build()
}

pub(super) fn state(instance: &sdk::Instance) -> &str {
    let name = instance.state.as_ref().and_then(|state| state.name.as_ref());
    name.map_or("pending", |name| name.as_str())
}

/// Terminated, or on its way there, from which nothing comes back.
pub(super) fn is_gone(instance: &sdk::Instance) -> bool {
    matches!(state(instance), "terminated" | "shutting-down")
}

/// How an instance is, for whom waits for a word or for none; nothing when it is gone.
pub(super) fn status_of(instance: &sdk::Instance, waits_for: Option<&str>) -> Option<Status> {
    let why = || {
        let reason = instance.state_reason.as_ref();
        let words = [reason.and_then(|it| it.code.as_deref()), reason.and_then(|it| it.message.as_deref())];
        // The message repeats the code in front of itself.
        let words: Vec<&str> = words.into_iter().flatten().collect();
        words.last().map_or_else(|| "AWS gives no reason".to_owned(), |word| (*word).to_owned())
    };
    Some(match (state(instance), waits_for) {
        ("terminated", Some(RUNNING)) => Status::Failed(why()),
        ("terminated", _) => return None,
        ("running", Some(STOPPED)) | ("stopped", Some(RUNNING)) => Status::Pending(state(instance).to_owned()),
        ("running" | "stopped", _) => Status::Ready,
        (word, _) => Status::Pending(word.to_owned()),
    })
}

/// Makes what a running machine takes; then, where the rest needs it, stops the machine, makes the rest, and starts it.
pub(super) async fn update(aws: &Aws, update: Update<'_, Instance>) -> Result<Updated<InstanceChanges>> {
    let InstanceChanges {
        instance_type,
        security_groups,
        instance_profile,
        user_data,
        metadata_options,
        monitoring,
        ebs_optimized,
        source_dest_check,
        termination_protection,
        shutdown_behavior,
        block_devices,
        volumes,
        volume_tags,
        cpu_credits,
        private_dns_names,
        tags,
    } = update.changes;
    let Update { owner, id, now, planned, .. } = update;
    let modify = || aws.ec2().modify_instance_attribute().instance_id(id.as_str());
    if tags {
        retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
    }
    if let (true, Some(groups)) = (security_groups, &planned.security_groups) {
        modify().set_groups(Some(groups.iter().map(ToString::to_string).collect())).send().await?;
    }
    if source_dest_check {
        modify().source_dest_check(boolean(planned.source_dest_check)).send().await?;
    }
    if termination_protection {
        modify().disable_api_termination(boolean(planned.termination_protection)).send().await?;
    }
    if shutdown_behavior {
        let value = sdk::AttributeValue::builder().value(planned.shutdown_behavior.as_str()).build();
        modify().instance_initiated_shutdown_behavior(value).send().await?;
    }
    if let (true, Some(profile)) = (instance_profile, &planned.instance_profile) {
        exchange_profile(aws, id, profile).await?;
    }
    if monitoring {
        switch_monitoring(aws, id, planned.monitoring).await?;
    }
    if metadata_options {
        let wanted = planned.metadata_options.request();
        let call = aws.ec2().modify_instance_metadata_options().instance_id(id.as_str());
        call.set_http_endpoint(wanted.http_endpoint)
            .set_http_tokens(wanted.http_tokens)
            .set_http_put_response_hop_limit(wanted.http_put_response_hop_limit)
            .set_http_protocol_ipv6(wanted.http_protocol_ipv6)
            .set_instance_metadata_tags(wanted.instance_metadata_tags)
            .send()
            .await?;
    }
    if let (true, Some(credits)) = (cpu_credits, planned.cpu_credits) {
        let wanted = sdk::InstanceCreditSpecificationRequest::builder()
            .instance_id(id.as_str())
            .cpu_credits(credits.as_str())
            .build();
        let call = aws.ec2().modify_instance_credit_specification().instance_credit_specifications(wanted);
        let refused = call.send().await?.unsuccessful_instance_credit_specifications.unwrap_or_default();
        if let Some(error) = refused.into_iter().find_map(|one| one.error) {
            let code = error.code.map(|code| code.as_str().to_owned()).unwrap_or_default();
            let reason = format!("{code}: {}", error.message.unwrap_or_default());
            return Err(Error::refused("ec2 ModifyInstanceCreditSpecification", reason));
        }
    }
    if block_devices {
        change_devices(aws, id, &now.block_devices, &planned.block_devices).await?;
    }
    let volumes_left = volumes && !exchange_volumes(aws, id, &now.volumes, &planned.volumes).await?;
    if let (true, Some(planned)) = (volume_tags, &planned.volume_tags) {
        retag_volumes(aws, id, &now.volume_tags.clone().unwrap_or_default(), planned).await?;
    }
    let form = |names: &Option<PrivateDnsNames>| names.and_then(|names| names.hostname_type);
    let new_form = private_dns_names
        && form(&planned.private_dns_names).is_some()
        && form(&planned.private_dns_names) != form(&now.private_dns_names);
    if private_dns_names && !new_form {
        rename(aws, id, planned, false).await?;
    }
    let left = InstanceChanges {
        instance_type,
        user_data,
        ebs_optimized,
        private_dns_names: new_form,
        volumes: volumes_left,
        ..InstanceChanges::default()
    };
    if volumes_left {
        return Ok(Updated::later(left));
    }
    if !(instance_type || user_data || ebs_optimized || new_form) {
        return Ok(Updated::done());
    }
    while_stopped(aws, id, planned, left).await
}

/// One step towards what a machine takes only while it is stopped. After it, it runs, whoever had stopped it: a run that was killed in
/// between cannot tell either.
async fn while_stopped(
    aws: &Aws,
    id: &InstanceId,
    planned: &Instance,
    left: InstanceChanges,
) -> Result<Updated<InstanceChanges>> {
    let Some(instance) = observe::describe(aws, std::slice::from_ref(id)).await?.into_iter().next() else {
        return Err(Error::unexpected("ec2 DescribeInstances", "the instance is not there any more"));
    };
    match state(&instance) {
        "stopped" => {}
        "running" => {
            aws.ec2().stop_instances().instance_ids(id.as_str()).send().await?;
            return Ok(Updated { left, waiting: Some(STOPPED.to_owned()) });
        }
        "stopping" => return Ok(Updated { left, waiting: Some(STOPPED.to_owned()) }),
        _ => return Ok(Updated { left, waiting: Some(RUNNING.to_owned()) }),
    }
    let modify = || aws.ec2().modify_instance_attribute().instance_id(id.as_str());
    if let (true, Some(kind)) = (left.instance_type, &planned.instance_type) {
        modify().instance_type(sdk::AttributeValue::builder().value(kind).build()).send().await?;
    }
    if let (true, Some(is)) = (left.ebs_optimized, planned.ebs_optimized) {
        modify().ebs_optimized(boolean(is)).send().await?;
    }
    if let (true, Some(text)) = (left.user_data, &planned.user_data) {
        // The SDK encodes it, other than in RunInstances.
        let data = sdk::SecureBlobAttributeValue::builder().value(Blob::new(text.as_bytes())).build();
        modify().user_data(data).send().await?;
    }
    if left.private_dns_names {
        rename(aws, id, planned, true).await?;
    }
    aws.ec2().start_instances().instance_ids(id.as_str()).send().await?;
    Ok(Updated { left: InstanceChanges::default(), waiting: Some(RUNNING.to_owned()) })
}

/// Its names in the VPC's DNS; the form of the name only where it is stopped.
async fn rename(aws: &Aws, id: &InstanceId, planned: &Instance, form: bool) -> Result<()> {
    let Some(names) = &planned.private_dns_names else { return Ok(()) };
    let wanted = names.request();
    let call = aws.ec2().modify_private_dns_name_options().instance_id(id.as_str());
    let hostname_type = wanted.hostname_type.filter(|_| form);
    call.set_private_dns_hostname_type(hostname_type)
        .set_enable_resource_name_dns_a_record(wanted.enable_resource_name_dns_a_record)
        .set_enable_resource_name_dns_aaaa_record(wanted.enable_resource_name_dns_aaaa_record)
        .send()
        .await?;
    Ok(())
}

async fn switch_monitoring(aws: &Aws, id: &InstanceId, on: bool) -> Result<()> {
    if on {
        aws.ec2().monitor_instances().instance_ids(id.as_str()).send().await?;
    } else {
        aws.ec2().unmonitor_instances().instance_ids(id.as_str()).send().await?;
    }
    Ok(())
}

/// Another profile is put in the place of the former one in one call, so that programs on the machine are never without a role.
async fn exchange_profile(aws: &Aws, id: &InstanceId, profile: &InstanceProfileName) -> Result<()> {
    let wanted = sdk::IamInstanceProfileSpecification::builder().name(profile.as_str()).build();
    let call = aws.ec2().describe_iam_instance_profile_associations().filters(filter("instance-id", [id.as_str()]));
    let found = call.filters(filter("state", ["associating", "associated"])).send().await?;
    let found = found.iam_instance_profile_associations.unwrap_or_default();
    match found.into_iter().find_map(|association| association.association_id) {
        Some(association) => {
            let call = aws.ec2().replace_iam_instance_profile_association().association_id(association);
            call.iam_instance_profile(wanted).send().await?;
        }
        None => {
            let call = aws.ec2().associate_iam_instance_profile().instance_id(id.as_str());
            call.iam_instance_profile(wanted).send().await?;
        }
    }
    Ok(())
}

/// Volumes change while they are used; the machine sees more room once its file system is told to grow.
async fn change_devices(aws: &Aws, id: &InstanceId, now: &[BlockDevice], planned: &[BlockDevice]) -> Result<()> {
    let Some(instance) = observe::describe(aws, std::slice::from_ref(id)).await?.into_iter().next() else {
        return Err(Error::unexpected("ec2 DescribeInstances", "the instance is not there any more"));
    };
    let volumes: BTreeMap<&str, &str> = observe::volumes_of(&instance).collect();
    for wanted in planned {
        let Some(found) = now.iter().find(|found| found.device_name == wanted.device_name) else { continue };
        let Some(volume) = volumes.get(wanted.device_name.as_str()) else { continue };
        let ends = BlockDevice { delete_on_termination: None, ..wanted.clone() };
        if !fits(&ends, found) {
            let call = aws.ec2().modify_volume().volume_id(*volume).set_size(wanted.volume_size);
            call.set_volume_type(wanted.volume_type.map(|kind| kind.as_str().into()))
                .set_iops(wanted.iops)
                .set_throughput(wanted.throughput)
                .send()
                .await?;
        }
        if let Some(ends) = wanted.delete_on_termination.filter(|ends| Some(*ends) != found.delete_on_termination) {
            let ebs = sdk::EbsInstanceBlockDeviceSpecification::builder().delete_on_termination(ends).build();
            let device = sdk::InstanceBlockDeviceMappingSpecification::builder().device_name(&wanted.device_name);
            let call = aws.ec2().modify_instance_attribute().instance_id(id.as_str());
            call.block_device_mappings(device.ebs(ebs).build()).send().await?;
        }
    }
    Ok(())
}

/// Detaches what stands at a device that a declared volume is to have, and attaches what is missing. False while a device is not free yet.
async fn exchange_volumes(
    aws: &Aws,
    id: &InstanceId,
    now: &BTreeSet<AttachedVolume>,
    planned: &BTreeSet<AttachedVolume>,
) -> Result<bool> {
    let in_the_way = |held: &&AttachedVolume| planned.iter().any(|it| it.device == held.device && it != *held);
    let leaving: Vec<_> = now.iter().filter(in_the_way).collect();
    for leaving in &leaving {
        let call = aws.ec2().detach_volume().volume_id(&leaving.volume_id).instance_id(id.as_str());
        call.send().await.or_gone(&["IncorrectState", "InvalidVolume.NotFound"])?;
    }
    let missing = planned.difference(now).filter(|it| !leaving.iter().any(|leaving| leaving.device == it.device));
    for missing in missing {
        let call = aws.ec2().attach_volume().volume_id(&missing.volume_id).instance_id(id.as_str());
        call.device(&missing.device).send().await?;
    }
    Ok(leaving.is_empty())
}

async fn retag_volumes(aws: &Aws, id: &InstanceId, now: &Tags, planned: &Tags) -> Result<()> {
    let (set, removed) = tags::pairs_difference(now, planned);
    let Some(instance) = observe::describe(aws, std::slice::from_ref(id)).await?.into_iter().next() else {
        return Ok(());
    };
    let volumes: Vec<String> = observe::ending_volumes(&instance).map(str::to_owned).collect();
    if volumes.is_empty() {
        return Ok(());
    }
    if !set.is_empty() {
        let set = set.into_iter().map(|(key, value)| tag(key, value)).collect();
        aws.ec2().create_tags().set_resources(Some(volumes.clone())).set_tags(Some(set)).send().await?;
    }
    if !removed.is_empty() {
        let removed = removed.into_iter().map(|key| sdk::Tag::builder().key(key).build()).collect();
        aws.ec2().delete_tags().set_resources(Some(volumes)).set_tags(Some(removed)).send().await?;
    }
    Ok(())
}
