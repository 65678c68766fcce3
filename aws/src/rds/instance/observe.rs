//! What AWS says of instances: how they are, and what they are.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbInstance, DbInstanceRole, Filter, PendingModifiedValues, ProcessorFeature};
use formwork_engine::kind::Status;
use formwork_engine::plan::PENDING_WINDOW;
use formwork_engine::{Caseless, Field, Name, Value, Version};

use super::{
    AssociatedRole, DatabaseInsightsMode, EngineLifecycleSupport, Instance, InstanceId, InstanceOutputs, NetworkType,
    ReplicaMode, StorageType,
};
use crate::arn::Arn;
use crate::context::Aws;
use crate::ec2::SecurityGroupId;
use crate::error::Result;
use crate::lifecycle::Observed;
use crate::rds::{ParameterGroupName, SubnetGroupName, read_tags};

/// What an update waits for that is made at once: that nothing of it is outstanding.
pub(in crate::rds) const AT_ONCE: &str = "at once";

/// How many identifiers one filter gets; a page holds a hundred instances.
const PER_FILTER: usize = 50;

/// The instances of these identifiers that there are. A filter does not mind the absent ones.
pub(in crate::rds) async fn describe(
    aws: &Aws,
    ids: impl IntoIterator<Item = &str>,
) -> Result<BTreeMap<String, DbInstance>> {
    let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
    let mut found = BTreeMap::new();
    for ids in ids.chunks(PER_FILTER) {
        let filter = Filter::builder().name("db-instance-id").set_values(Some(ids.to_vec())).build();
        let mut pages = aws.rds().describe_db_instances().filters(filter).into_paginator().send();
        while let Some(page) = pages.next().await {
            let instances = page?.db_instances.unwrap_or_default().into_iter();
            found.extend(instances.filter_map(|it| Some((it.db_instance_identifier.clone()?, it))));
        }
    }
    Ok(found)
}

/// How an instance is; after an update that is made at once also whether it is made.
pub(in crate::rds) fn status(instance: &DbInstance, at_once: bool) -> Status {
    let word = instance.db_instance_status().unwrap_or("creating");
    match word {
        "available" | "storage-optimization" => match outstanding(instance).filter(|_| at_once) {
            Some(what) => Status::Pending(what),
            None => Status::Ready,
        },
        "failed" | "incompatible-create" | "incompatible-restore" | "restore-error" => {
            Status::Failed(reason(instance, word))
        }
        // Somebody has to do something; AWS goes on when it is done.
        "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable"
        | "incompatible-network"
        | "incompatible-option-group"
        | "incompatible-parameters"
        | "insufficient-capacity"
        | "stopped"
        | "storage-full" => Status::Stuck(reason(instance, word)),
        word => Status::Pending(match instance.percent_progress() {
            Some(percent) if !percent.is_empty() => format!("{word}, {percent} %"),
            _ => word.to_owned(),
        }),
    }
}

/// The status in AWS's words, with what it says about it.
fn reason(instance: &DbInstance, word: &str) -> String {
    let messages = instance.status_infos().iter().filter_map(|it| it.message());
    std::iter::once(word).chain(messages).collect::<Vec<_>>().join("; ")
}

/// What AWS has accepted and not made yet, in words.
fn outstanding(instance: &DbInstance) -> Option<String> {
    // These wait for a restart, whatever was asked for.
    let at_restart = |name: &str| matches!(name, "ca_certificate_identifier" | "dedicated_log_volume");
    let pending = instance.pending_modified_values.as_ref();
    let mut names: Vec<&str> = pending.map(modifications).unwrap_or_default().into_keys().collect();
    names.retain(|name| !at_restart(name));
    if pending.is_some_and(|it| it.master_user_password.is_some()) {
        names.push("master_user_password");
    }
    if pending.is_some_and(|it| it.pending_cloudwatch_logs_exports.is_some()) {
        names.push("enable_cloudwatch_logs_exports");
    }
    let under_way = |status: Option<&str>| {
        matches!(status, Some("adding" | "removing" | "applying" | "pending-apply" | "pending-removal" | "creating"))
    };
    if instance.vpc_security_groups().iter().any(|it| under_way(it.status())) {
        names.push("security_groups");
    }
    if instance.db_parameter_groups().iter().any(|it| under_way(it.parameter_apply_status())) {
        names.push("parameter_group");
    }
    if instance.option_group_memberships().iter().any(|it| under_way(it.status())) {
        names.push("option_group");
    }
    if instance.associated_roles().iter().any(|it| it.status() == Some("PENDING")) {
        names.push("associated_roles");
    }
    if instance.master_user_secret().is_some_and(|it| under_way(it.secret_status())) {
        names.push("manage_master_user_password");
    }
    (!names.is_empty()).then(|| format!("accepted, not made yet: {}", names.join(", ")))
}

/// The accepted modifications, by argument.
fn modifications(pending: &PendingModifiedValues) -> BTreeMap<&'static str, Value> {
    let text = |text: &Option<String>| text.as_ref().map(Field::to_value);
    let number = |number: Option<i32>| number.as_ref().map(Field::to_value);
    let truth = |truth: Option<bool>| truth.as_ref().map(Field::to_value);
    let features = pending.processor_features.clone().filter(|list| !list.is_empty());
    let all = [
        ("instance_class", text(&pending.db_instance_class)),
        ("allocated_storage", number(pending.allocated_storage)),
        ("port", number(pending.port)),
        ("backup_retention_period", number(pending.backup_retention_period)),
        ("multi_az", truth(pending.multi_az)),
        ("engine_version", text(&pending.engine_version)),
        ("license_model", text(&pending.license_model)),
        ("iops", number(pending.iops)),
        ("storage_throughput", number(pending.storage_throughput)),
        ("storage_type", text(&pending.storage_type)),
        ("ca_certificate_identifier", text(&pending.ca_certificate_identifier)),
        ("subnet_group", text(&pending.db_subnet_group_name)),
        ("iam_database_authentication", truth(pending.iam_database_authentication_enabled)),
        ("dedicated_log_volume", truth(pending.dedicated_log_volume)),
        ("processor_features", features.map(|list| processor_features(Some(list)).to_value())),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn processor_features(features: Option<Vec<ProcessorFeature>>) -> BTreeMap<String, String> {
    features.unwrap_or_default().into_iter().filter_map(|it| Some((it.name?, it.value?))).collect()
}

fn associated(role: DbInstanceRole) -> Option<AssociatedRole> {
    Some(AssociatedRole { feature_name: role.feature_name?, role_arn: Arn::new(role.role_arn?) })
}

/// What an instance is. What cannot be read is as its default says.
pub(super) fn observe(aws: &Aws, instance: DbInstance) -> Observed<Instance> {
    let tags = read_tags(aws, instance.tag_list);
    let identifier = instance.db_instance_identifier.unwrap_or_default();
    let version = instance.engine_version.unwrap_or_default();
    let certificate = instance.ca_certificate_identifier;
    let secret = instance.master_user_secret;
    let watched = instance.performance_insights_enabled.unwrap_or_default();
    let joined = instance.domain_memberships.and_then(|list| list.into_iter().next());
    let positive = |number: &i32| *number > 0;
    let port = instance.endpoint.as_ref().and_then(|endpoint| endpoint.port);
    let port = port.or(instance.db_instance_port).filter(positive);
    let groups = instance.vpc_security_groups.unwrap_or_default().into_iter();
    let groups = groups.filter(|it| it.status.as_deref() != Some("removing"));
    let option_groups = instance.option_group_memberships.unwrap_or_default().into_iter();
    let mut option_groups = option_groups.filter(|it| !it.status.as_deref().unwrap_or_default().contains("remov"));
    let parameter_groups = instance.db_parameter_groups.unwrap_or_default().into_iter();
    let window = instance.preferred_maintenance_window;
    let mut pending = instance.pending_modified_values.as_ref().map(modifications).unwrap_or_default();
    if let (false, Some(window)) = (pending.is_empty(), &window) {
        pending.insert(PENDING_WINDOW, window.to_value());
    }
    let args = Instance {
        identifier: Name::new(identifier.as_str()),
        engine: instance.engine.unwrap_or_default(),
        engine_version: Some(Version::new(version.as_str())),
        allow_major_version_upgrade: false,
        auto_minor_version_upgrade: instance.auto_minor_version_upgrade.unwrap_or_default(),
        engine_lifecycle_support: instance.engine_lifecycle_support.and_then(|it| EngineLifecycleSupport::parse(&it)),
        license_model: instance.license_model,
        instance_class: instance.db_instance_class.unwrap_or_default(),
        processor_features: processor_features(instance.processor_features),
        allocated_storage: instance.allocated_storage,
        // A limit that is reached already is how growing is switched off.
        max_allocated_storage: instance
            .max_allocated_storage
            .filter(|it| Some(*it) > instance.allocated_storage)
            .unwrap_or(0),
        storage_type: instance.storage_type.and_then(|it| StorageType::parse(&it)),
        iops: instance.iops.filter(positive),
        storage_throughput: instance.storage_throughput.filter(positive),
        dedicated_log_volume: instance.dedicated_log_volume.unwrap_or_default(),
        storage_encrypted: instance.storage_encrypted.unwrap_or_default(),
        kms_key_id: instance.kms_key_id.map(Arn::new),
        db_name: instance.db_name,
        master_username: instance.master_username,
        master_user_password: None,
        manage_master_user_password: secret.is_some(),
        master_user_secret_kms_key_id: secret.as_ref().and_then(|it| it.kms_key_id.clone()).map(Arn::new),
        master_user_authentication_type: None,
        iam_database_authentication: instance.iam_database_authentication_enabled.unwrap_or_default(),
        port,
        subnet_group: instance.db_subnet_group.and_then(|it| it.db_subnet_group_name).map(SubnetGroupName::new),
        security_groups: Some(groups.filter_map(|it| it.vpc_security_group_id).map(SecurityGroupId::new).collect()),
        publicly_accessible: instance.publicly_accessible.unwrap_or_default(),
        network_type: instance.network_type.and_then(|it| NetworkType::parse(&it)).unwrap_or(NetworkType::Ipv4),
        multi_az: instance.multi_az.unwrap_or_default(),
        availability_zone: instance.availability_zone,
        parameter_group: parameter_groups
            .filter_map(|it| it.db_parameter_group_name)
            .next()
            .map(ParameterGroupName::new),
        option_group: option_groups.find_map(|it| it.option_group_name).map(Caseless::new),
        backup_retention_period: instance.backup_retention_period.unwrap_or_default(),
        preferred_backup_window: instance.preferred_backup_window,
        preferred_maintenance_window: window.map(Caseless::new),
        backup_target: instance.backup_target,
        copy_tags_to_snapshot: instance.copy_tags_to_snapshot.unwrap_or_default(),
        delete_automated_backups: true,
        skip_final_snapshot: false,
        final_snapshot_identifier: None,
        deletion_protection: instance.deletion_protection.unwrap_or_default(),
        enable_performance_insights: watched,
        performance_insights_kms_key_id: instance.performance_insights_kms_key_id.filter(|_| watched).map(Arn::new),
        performance_insights_retention_period: instance.performance_insights_retention_period.filter(|_| watched),
        database_insights_mode: instance.database_insights_mode.and_then(|it| DatabaseInsightsMode::parse(it.as_str())),
        monitoring_interval: instance.monitoring_interval.unwrap_or_default(),
        monitoring_role_arn: instance.monitoring_role_arn.map(Arn::new),
        enable_cloudwatch_logs_exports: instance
            .enabled_cloudwatch_logs_exports
            .unwrap_or_default()
            .into_iter()
            .collect(),
        ca_certificate_identifier: certificate.clone(),
        certificate_rotation_restart: true,
        associated_roles: instance.associated_roles.unwrap_or_default().into_iter().filter_map(associated).collect(),
        character_set_name: instance.character_set_name,
        nchar_character_set_name: instance.nchar_character_set_name,
        timezone: instance.timezone,
        db_system_id: instance.db_system_id,
        custom_iam_instance_profile: instance.custom_iam_instance_profile,
        domain: joined.as_ref().and_then(|it| it.domain.clone()),
        domain_iam_role_name: joined.as_ref().and_then(|it| it.iam_role_name.clone()),
        domain_fqdn: joined.as_ref().and_then(|it| it.fqdn.clone()).map(Caseless::new),
        domain_ou: joined.as_ref().and_then(|it| it.ou.clone()),
        domain_auth_secret_arn: joined.as_ref().and_then(|it| it.auth_secret_arn.clone()).map(Arn::new),
        domain_dns_ips: joined
            .and_then(|it| it.dns_ips)
            .filter(|ips| !ips.is_empty())
            .map(|ips| ips.into_iter().collect()),
        snapshot_identifier: None,
        point_in_time: None,
        source_db_instance: instance.read_replica_source_db_instance_identifier.map(InstanceId::new),
        replica_mode: instance.replica_mode.and_then(|it| ReplicaMode::parse(it.as_str())),
        apply_immediately: true,
        tags: tags.tags,
    };
    let (address, zone) = match instance.endpoint {
        Some(endpoint) => (endpoint.address.unwrap_or_default(), endpoint.hosted_zone_id.unwrap_or_default()),
        None => (String::new(), String::new()),
    };
    let port = port.unwrap_or_default();
    let outputs = InstanceOutputs {
        id: InstanceId::new(identifier),
        arn: Arn::new(instance.db_instance_arn.unwrap_or_default()),
        resource_id: instance.dbi_resource_id.unwrap_or_default(),
        endpoint: format!("{address}:{port}"),
        address,
        port,
        hosted_zone_id: zone,
        master_user_secret: secret.and_then(|it| it.secret_arn).map(Arn::new),
        running_version: version,
        running_ca_certificate_identifier: certificate.unwrap_or_default(),
    };
    Observed { pending, ..Observed::new(args, outputs, tags.owner) }
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::VpcSecurityGroupMembership;
    use aws_sdk_rds::types::builders::DbInstanceBuilder;

    use super::*;

    fn available() -> DbInstanceBuilder {
        DbInstance::builder().db_instance_status("available")
    }

    #[test]
    fn available_is_not_ready_while_an_immediate_change_is_outstanding() {
        let pending = PendingModifiedValues::builder().db_instance_class("db.m7g.large").build();
        let instance = available().pending_modified_values(pending).build();
        assert_eq!(status(&instance, true), Status::Pending("accepted, not made yet: instance_class".to_owned()));
        // One that waits for its window holds nobody up.
        assert_eq!(status(&instance, false), Status::Ready);
    }

    #[test]
    fn groups_on_their_way_are_waited_for_and_restarts_are_not() {
        let group = VpcSecurityGroupMembership::builder().vpc_security_group_id("sg-1").status("adding").build();
        let instance = available().vpc_security_groups(group).build();
        assert_eq!(status(&instance, true), Status::Pending("accepted, not made yet: security_groups".to_owned()));
        let pending = PendingModifiedValues::builder().ca_certificate_identifier("rds-ca-rsa4096-g1").build();
        let instance = available().pending_modified_values(pending).build();
        assert_eq!(status(&instance, true), Status::Ready);
    }

    #[test]
    fn unknown_words_are_pending_and_full_storage_is_not_a_failure() {
        let with = |word: &str| status(&DbInstance::builder().db_instance_status(word).build(), false);
        assert_eq!(with("configuring-something-new"), Status::Pending("configuring-something-new".to_owned()));
        assert_eq!(with("storage-full"), Status::Stuck("storage-full".to_owned()));
        assert_eq!(with("incompatible-restore"), Status::Failed("incompatible-restore".to_owned()));
    }
}
