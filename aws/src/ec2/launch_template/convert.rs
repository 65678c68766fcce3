//! What a launch template says, as calls take it and as answers give it.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{self as sdk, builders::RequestLaunchTemplateDataBuilder};

use super::data::{
    CapacityReservation, CapacityReservationPreference, InstanceRequirements, LaunchTemplateData, SpotInterruption,
    SpotOptions, SpotRequest, TemplateInterface, TemplatePlacement,
};
use crate::arn::Arn;
use crate::ec2::instance::{
    AmdSevSnp, BlockDevice, CpuCredits, CpuOptions, HostTenancy, MetadataOptions, PrivateDnsNames, ShutdownBehavior,
    VolumeType, switched, tokens,
};
use crate::ec2::{AmiId, HostnameType, KeyPairName, SecurityGroupId, SubnetId, tag};
use crate::iam::InstanceProfileName;
use crate::tags::Tags;

/// Nothing in the place of an empty list: AWS refuses some of those.
fn some<T>(all: Vec<T>) -> Option<Vec<T>> {
    (!all.is_empty()).then_some(all)
}

/// Everything but the user data.
pub(super) fn request(data: &LaunchTemplateData) -> RequestLaunchTemplateDataBuilder {
    let profile = |name: &InstanceProfileName| {
        sdk::LaunchTemplateIamInstanceProfileSpecificationRequest::builder().name(name.as_str()).build()
    };
    let monitoring = |on| sdk::LaunchTemplatesMonitoringRequest::builder().enabled(on).build();
    let credits =
        |credits: CpuCredits| sdk::CreditSpecificationRequest::builder().cpu_credits(credits.as_str()).build();
    let hibernation = |is| sdk::LaunchTemplateHibernationOptionsRequest::builder().configured(is).build();
    let enclaves = |are| sdk::LaunchTemplateEnclaveOptionsRequest::builder().enabled(are).build();
    let recovery = |is: bool| {
        let word = if is { "default" } else { "disabled" };
        sdk::LaunchTemplateInstanceMaintenanceOptionsRequest::builder().auto_recovery(word.into()).build()
    };
    let license =
        |arn: &String| sdk::LaunchTemplateLicenseConfigurationRequest::builder().license_configuration_arn(arn).build();
    let tagged = |(of, tags): (&String, &Tags)| {
        let tags = tags.iter().map(|(key, value)| tag(key, value)).collect();
        let spec = sdk::LaunchTemplateTagSpecificationRequest::builder().resource_type(of.as_str().into());
        spec.set_tags(Some(tags)).build()
    };
    sdk::RequestLaunchTemplateData::builder()
        .set_image_id(data.ami.as_ref().map(ToString::to_string))
        .set_instance_type(data.instance_type.as_deref().map(Into::into))
        .set_instance_requirements(data.requirements.as_ref().map(requirements_request))
        .set_key_name(data.key_pair.as_ref().map(ToString::to_string))
        .set_iam_instance_profile(data.instance_profile.as_ref().map(profile))
        .set_security_group_ids(some(data.security_groups.iter().map(ToString::to_string).collect()))
        .set_network_interfaces(some(data.network_interfaces.iter().map(interface_request).collect()))
        .set_block_device_mappings(some(data.block_devices.iter().map(device_request).collect()))
        .set_metadata_options(data.metadata_options.as_ref().map(metadata_request))
        .set_monitoring(data.monitoring.map(monitoring))
        .set_ebs_optimized(data.ebs_optimized)
        .set_disable_api_termination(data.termination_protection)
        .set_disable_api_stop(data.stop_protection)
        .set_instance_initiated_shutdown_behavior(data.shutdown_behavior.map(|it| it.as_str().into()))
        .set_credit_specification(data.cpu_credits.map(credits))
        .set_cpu_options(data.cpu_options.as_ref().map(cpu_request))
        .set_hibernation_options(data.hibernation.map(hibernation))
        .set_enclave_options(data.enclaves.map(enclaves))
        .set_placement(data.placement.as_ref().map(placement_request))
        .set_private_dns_name_options(data.private_dns_names.as_ref().map(names_request))
        .set_instance_market_options(data.spot.as_ref().map(spot_request))
        .set_capacity_reservation_specification(data.capacity_reservation.as_ref().map(reservation_request))
        .set_license_specifications(some(data.license_configurations.iter().map(license).collect()))
        .set_maintenance_options(data.auto_recovery.map(recovery))
        .set_kernel_id(data.kernel.clone())
        .set_ram_disk_id(data.ram_disk.clone())
        .set_tag_specifications(some(data.resource_tags.iter().map(tagged).collect()))
}

fn device_request(device: &BlockDevice) -> sdk::LaunchTemplateBlockDeviceMappingRequest {
    let ebs = sdk::LaunchTemplateEbsBlockDeviceRequest::builder()
        .set_volume_size(device.volume_size)
        .set_volume_type(device.volume_type.map(|kind| kind.as_str().into()))
        .set_iops(device.iops)
        .set_throughput(device.throughput)
        .set_encrypted(device.encrypted)
        .set_kms_key_id(device.kms_key.as_ref().map(ToString::to_string))
        .set_snapshot_id(device.snapshot_id.clone())
        .set_delete_on_termination(device.delete_on_termination);
    let mapping = sdk::LaunchTemplateBlockDeviceMappingRequest::builder().device_name(&device.device_name);
    mapping.ebs(ebs.build()).build()
}

fn interface_request(it: &TemplateInterface) -> sdk::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest {
    sdk::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
        .device_index(it.device_index)
        .set_network_card_index(it.network_card_index)
        .set_subnet_id(it.subnet.as_ref().map(ToString::to_string))
        .set_groups(some(it.security_groups.iter().map(ToString::to_string).collect()))
        .set_associate_public_ip_address(it.associate_public_ip)
        .set_private_ip_address(it.private_ip_address.clone())
        .set_ipv6_address_count(it.ipv6_address_count)
        .set_primary_ipv6(it.primary_ipv6)
        .set_delete_on_termination(it.delete_on_termination)
        .set_interface_type(it.interface_type.clone())
        .set_network_interface_id(it.network_interface_id.clone())
        .set_description(it.description.clone())
        .build()
}

fn metadata_request(options: &MetadataOptions) -> sdk::LaunchTemplateInstanceMetadataOptionsRequest {
    sdk::LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .http_endpoint(switched(options.enabled).into())
        .http_tokens(tokens(options.session_required).into())
        .set_http_put_response_hop_limit(options.hop_limit)
        .http_protocol_ipv6(switched(options.ipv6).into())
        .instance_metadata_tags(switched(options.tags).into())
        .build()
}

fn cpu_request(options: &CpuOptions) -> sdk::LaunchTemplateCpuOptionsRequest {
    sdk::LaunchTemplateCpuOptionsRequest::builder()
        .set_core_count(options.core_count)
        .set_threads_per_core(options.threads_per_core)
        .set_amd_sev_snp(options.amd_sev_snp.map(|it| it.as_str().into()))
        .build()
}

fn placement_request(placement: &TemplatePlacement) -> sdk::LaunchTemplatePlacementRequest {
    sdk::LaunchTemplatePlacementRequest::builder()
        .set_availability_zone(placement.availability_zone.clone())
        .set_tenancy(placement.tenancy.map(|tenancy| tenancy.as_str().into()))
        .set_group_name(placement.group_name.clone())
        .set_partition_number(placement.partition_number)
        .set_host_id(placement.host.clone())
        .set_host_resource_group_arn(placement.host_resource_group.clone())
        .set_affinity(placement.affinity.clone())
        .build()
}

fn names_request(names: &PrivateDnsNames) -> sdk::LaunchTemplatePrivateDnsNameOptionsRequest {
    sdk::LaunchTemplatePrivateDnsNameOptionsRequest::builder()
        .set_hostname_type(names.hostname_type.map(|kind| kind.as_str().into()))
        .set_enable_resource_name_dns_a_record(names.resource_name_a_record)
        .set_enable_resource_name_dns_aaaa_record(names.resource_name_aaaa_record)
        .build()
}

fn spot_request(spot: &SpotOptions) -> sdk::LaunchTemplateInstanceMarketOptionsRequest {
    let options = sdk::LaunchTemplateSpotMarketOptionsRequest::builder()
        .set_max_price(spot.max_price.clone())
        .set_spot_instance_type(spot.request.map(|request| request.as_str().into()))
        .set_instance_interruption_behavior(spot.interruption.map(|it| it.as_str().into()));
    let market = sdk::LaunchTemplateInstanceMarketOptionsRequest::builder().market_type(sdk::MarketType::Spot);
    market.spot_options(options.build()).build()
}

fn reservation_request(
    reservation: &CapacityReservation,
) -> sdk::LaunchTemplateCapacityReservationSpecificationRequest {
    let named = reservation.reservation_id.is_some() || reservation.resource_group.is_some();
    let target = named.then(|| {
        sdk::CapacityReservationTarget::builder()
            .set_capacity_reservation_id(reservation.reservation_id.clone())
            .set_capacity_reservation_resource_group_arn(reservation.resource_group.clone())
            .build()
    });
    sdk::LaunchTemplateCapacityReservationSpecificationRequest::builder()
        .set_capacity_reservation_preference(reservation.preference.map(|it| it.as_str().into()))
        .set_capacity_reservation_target(target)
        .build()
}

fn requirements_request(needs: &InstanceRequirements) -> sdk::InstanceRequirementsRequest {
    let words = |words: &std::collections::BTreeSet<String>| some(words.iter().cloned().collect());
    let cpus = sdk::VCpuCountRangeRequest::builder().min(needs.vcpu_count_min).set_max(needs.vcpu_count_max);
    let memory = sdk::MemoryMiBRequest::builder().min(needs.memory_mib_min).set_max(needs.memory_mib_max);
    sdk::InstanceRequirementsRequest::builder()
        .v_cpu_count(cpus.build())
        .memory_mib(memory.build())
        .set_cpu_manufacturers(some(needs.cpu_manufacturers.iter().map(|it| it.as_str().into()).collect()))
        .set_instance_generations(some(needs.instance_generations.iter().map(|it| it.as_str().into()).collect()))
        .set_allowed_instance_types(words(&needs.allowed_instance_types))
        .set_excluded_instance_types(words(&needs.excluded_instance_types))
        .set_burstable_performance(needs.burstable.as_deref().map(Into::into))
        .set_bare_metal(needs.bare_metal.as_deref().map(Into::into))
        .set_local_storage(needs.local_storage.as_deref().map(Into::into))
        .build()
}

/// Everything but the user data.
pub(super) fn of(data: &sdk::ResponseLaunchTemplateData) -> LaunchTemplateData {
    let profile = data.iam_instance_profile.as_ref();
    // Somebody may have given it by its ARN.
    let profile = profile.and_then(|it| it.name.clone().or_else(|| Some(Arn::<()>::new(it.arn()?).name().to_owned())));
    LaunchTemplateData {
        ami: data.image_id.as_deref().map(AmiId::new),
        instance_type: data.instance_type.as_ref().map(|sort| sort.as_str().to_owned()),
        requirements: data.instance_requirements.as_ref().map(requirements),
        key_pair: data.key_name.as_deref().map(KeyPairName::new),
        instance_profile: profile.map(InstanceProfileName::new),
        security_groups: data.security_group_ids().iter().map(SecurityGroupId::new).collect(),
        network_interfaces: data.network_interfaces().iter().map(interface).collect(),
        block_devices: data.block_device_mappings().iter().filter_map(device).collect(),
        metadata_options: data.metadata_options.as_ref().map(metadata),
        monitoring: data.monitoring.as_ref().and_then(|it| it.enabled),
        ebs_optimized: data.ebs_optimized,
        termination_protection: data.disable_api_termination,
        stop_protection: data.disable_api_stop,
        shutdown_behavior: data
            .instance_initiated_shutdown_behavior
            .as_ref()
            .and_then(|it| ShutdownBehavior::parse(it.as_str())),
        cpu_credits: data
            .credit_specification
            .as_ref()
            .and_then(|it| CpuCredits::parse(it.cpu_credits.as_deref().unwrap_or_default())),
        cpu_options: data.cpu_options.as_ref().map(|it| CpuOptions {
            core_count: it.core_count,
            threads_per_core: it.threads_per_core,
            amd_sev_snp: it.amd_sev_snp.as_ref().and_then(|it| AmdSevSnp::parse(it.as_str())),
        }),
        hibernation: data.hibernation_options.as_ref().and_then(|it| it.configured),
        enclaves: data.enclave_options.as_ref().and_then(|it| it.enabled),
        placement: data.placement.as_ref().map(placement),
        private_dns_names: data.private_dns_name_options.as_ref().map(|it| PrivateDnsNames {
            hostname_type: it.hostname_type.as_ref().and_then(|kind| HostnameType::parse(kind.as_str())),
            resource_name_a_record: it.enable_resource_name_dns_a_record,
            resource_name_aaaa_record: it.enable_resource_name_dns_aaaa_record,
        }),
        spot: data.instance_market_options.as_ref().map(spot),
        capacity_reservation: data.capacity_reservation_specification.as_ref().map(reservation),
        license_configurations: data
            .license_specifications()
            .iter()
            .filter_map(|it| it.license_configuration_arn.clone())
            .collect(),
        auto_recovery: data
            .maintenance_options
            .as_ref()
            .and_then(|it| it.auto_recovery.as_ref())
            .map(|word| word.as_str() == "default"),
        kernel: data.kernel_id.clone(),
        ram_disk: data.ram_disk_id.clone(),
        resource_tags: data.tag_specifications().iter().filter_map(tags).collect(),
    }
}

fn tags(spec: &sdk::LaunchTemplateTagSpecification) -> Option<(String, Tags)> {
    let pairs = spec.tags().iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())));
    Some((spec.resource_type.as_ref()?.as_str().to_owned(), pairs.collect::<BTreeMap<_, _>>()))
}

fn device(mapping: &sdk::LaunchTemplateBlockDeviceMapping) -> Option<BlockDevice> {
    let ebs = mapping.ebs.as_ref()?;
    Some(BlockDevice {
        device_name: mapping.device_name.clone()?,
        volume_size: ebs.volume_size,
        volume_type: ebs.volume_type.as_ref().and_then(|kind| VolumeType::parse(kind.as_str())),
        iops: ebs.iops,
        throughput: ebs.throughput,
        encrypted: ebs.encrypted,
        kms_key: ebs.kms_key_id.as_deref().map(Arn::new),
        snapshot_id: ebs.snapshot_id.clone(),
        delete_on_termination: ebs.delete_on_termination,
    })
}

fn interface(it: &sdk::LaunchTemplateInstanceNetworkInterfaceSpecification) -> TemplateInterface {
    TemplateInterface {
        device_index: it.device_index.unwrap_or_default(),
        network_card_index: it.network_card_index,
        subnet: it.subnet_id.as_deref().map(SubnetId::new),
        security_groups: it.groups().iter().map(SecurityGroupId::new).collect(),
        associate_public_ip: it.associate_public_ip_address,
        private_ip_address: it.private_ip_address.clone(),
        ipv6_address_count: it.ipv6_address_count,
        primary_ipv6: it.primary_ipv6,
        delete_on_termination: it.delete_on_termination,
        interface_type: it.interface_type.clone(),
        network_interface_id: it.network_interface_id.clone(),
        description: it.description.clone(),
    }
}

fn metadata(found: &sdk::LaunchTemplateInstanceMetadataOptions) -> MetadataOptions {
    let is_on = |word: Option<&str>| word == Some("enabled");
    MetadataOptions {
        // What a template leaves out is AWS's default: it answers, to everybody.
        enabled: found.http_endpoint.as_ref().is_none_or(|it| it.as_str() == "enabled"),
        session_required: found.http_tokens.as_ref().is_some_and(|it| it.as_str() == "required"),
        hop_limit: found.http_put_response_hop_limit,
        ipv6: is_on(found.http_protocol_ipv6.as_ref().map(|it| it.as_str())),
        tags: is_on(found.instance_metadata_tags.as_ref().map(|it| it.as_str())),
    }
}

fn placement(found: &sdk::LaunchTemplatePlacement) -> TemplatePlacement {
    TemplatePlacement {
        availability_zone: found.availability_zone.clone(),
        tenancy: found.tenancy.as_ref().and_then(|tenancy| HostTenancy::parse(tenancy.as_str())),
        group_name: found.group_name.clone(),
        partition_number: found.partition_number,
        host: found.host_id.clone(),
        host_resource_group: found.host_resource_group_arn.clone(),
        affinity: found.affinity.clone(),
    }
}

fn spot(market: &sdk::LaunchTemplateInstanceMarketOptions) -> SpotOptions {
    let options = market.spot_options.as_ref();
    SpotOptions {
        max_price: options.and_then(|it| it.max_price.clone()),
        request: options
            .and_then(|it| it.spot_instance_type.as_ref())
            .and_then(|word| SpotRequest::parse(word.as_str())),
        interruption: options
            .and_then(|it| it.instance_interruption_behavior.as_ref())
            .and_then(|word| SpotInterruption::parse(word.as_str())),
    }
}

fn reservation(found: &sdk::LaunchTemplateCapacityReservationSpecificationResponse) -> CapacityReservation {
    let target = found.capacity_reservation_target.as_ref();
    CapacityReservation {
        preference: found
            .capacity_reservation_preference
            .as_ref()
            .and_then(|word| CapacityReservationPreference::parse(word.as_str())),
        reservation_id: target.and_then(|it| it.capacity_reservation_id.clone()),
        resource_group: target.and_then(|it| it.capacity_reservation_resource_group_arn.clone()),
    }
}

fn requirements(found: &sdk::InstanceRequirements) -> InstanceRequirements {
    let cpus = found.v_cpu_count.as_ref();
    let memory = found.memory_mib.as_ref();
    InstanceRequirements {
        vcpu_count_min: cpus.and_then(|it| it.min).unwrap_or_default(),
        vcpu_count_max: cpus.and_then(|it| it.max),
        memory_mib_min: memory.and_then(|it| it.min).unwrap_or_default(),
        memory_mib_max: memory.and_then(|it| it.max),
        cpu_manufacturers: found.cpu_manufacturers().iter().map(|it| it.as_str().to_owned()).collect(),
        instance_generations: found.instance_generations().iter().map(|it| it.as_str().to_owned()).collect(),
        allowed_instance_types: found.allowed_instance_types().iter().cloned().collect(),
        excluded_instance_types: found.excluded_instance_types().iter().cloned().collect(),
        burstable: found.burstable_performance.as_ref().map(|it| it.as_str().to_owned()),
        bare_metal: found.bare_metal.as_ref().map(|it| it.as_str().to_owned()),
        local_storage: found.local_storage.as_ref().map(|it| it.as_str().to_owned()),
    }
}
