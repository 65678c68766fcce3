//! The calls of a load balancer, and what is read of one.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types as sdk;
use formwork_engine::kind::{Created, Owner, Status};
use formwork_engine::{Field, Name};
use futures::future::join;

use super::super::attributes::Found;
use super::super::tags_of;
use super::{
    ATTRIBUTES, GONE, IpAddressType, LoadBalancer, LoadBalancerId, LoadBalancerOutputs, LoadBalancerType, Logs, Scheme,
    SubnetMapping, Switch,
};
use crate::arn::Arn;
use crate::context::Aws;
use crate::ec2::{AllocationId, SecurityGroupId, SubnetId, VpcId};
use crate::error::{Error, OrGone, Result, readable};
use crate::lifecycle::Observed;
use crate::questions::named;
use crate::s3::BucketName;
use crate::tags;

pub(super) async fn create(aws: &Aws, owner: &Owner, args: &LoadBalancer) -> Result<Created> {
    let mut call = aws
        .elbv2()
        .create_load_balancer()
        .name(args.name.as_str())
        .r#type(args.sort.as_str().into())
        .set_security_groups(args.security_groups.as_ref().map(texts))
        .set_ip_address_type(args.ip_address_type.map(|sort| sort.as_str().into()))
        .set_ipam_pools(args.ipv4_ipam_pool_id.as_deref().map(pools))
        .set_enable_prefix_for_ipv6_source_nat(args.enable_prefix_for_ipv6_source_nat.map(|it| it.as_str().into()))
        .set_tags(Some(tags_of(owner, &args.tags)));
    // Gateway load balancers have no scheme.
    if args.sort != LoadBalancerType::Gateway {
        call = call.scheme(args.scheme.as_str().into());
    }
    let (subnets, mappings) = places(args);
    let answer = call.set_subnets(subnets).set_subnet_mappings(mappings).send().await?;
    let arn = answer.load_balancers.unwrap_or_default().into_iter().next().and_then(|it| it.load_balancer_arn);
    let missing = || Error::unexpected("elasticloadbalancingv2 CreateLoadBalancer", "no ARN in the answer");
    arn.map(Created::whole).ok_or_else(missing)
}

fn texts<T: ToString + Ord>(all: &BTreeSet<T>) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

/// Its places in one of the two ways in which a call takes them.
fn places(args: &LoadBalancer) -> (Option<Vec<String>>, Option<Vec<sdk::SubnetMapping>>) {
    match &args.subnet_mappings {
        Some(mappings) => (None, Some(mappings.iter().map(SubnetMapping::to_sdk).collect())),
        None => (args.subnets.as_ref().map(texts), None),
    }
}

impl SubnetMapping {
    fn to_sdk(&self) -> sdk::SubnetMapping {
        sdk::SubnetMapping::builder()
            .subnet_id(self.subnet.as_str())
            .set_allocation_id(self.allocation.as_ref().map(ToString::to_string))
            .set_private_ipv4_address(self.private_ipv4_address.clone())
            .set_ipv6_address(self.ipv6_address.clone())
            .set_source_nat_ipv6_prefix(self.source_nat_ipv6_prefix.clone())
            .build()
    }
}

pub(super) fn pools(pool: &str) -> sdk::IpamPools {
    sdk::IpamPools::builder().ipv4_ipam_pool_id(pool).build()
}

pub(super) async fn set_groups(
    aws: &Aws,
    id: &LoadBalancerId,
    now: &LoadBalancer,
    planned: &LoadBalancer,
) -> Result<()> {
    // The call replaces the groups, whichever of the two changes.
    let groups = planned.security_groups.as_ref().or(now.security_groups.as_ref()).map(texts);
    let enforced = planned.enforce_security_group_inbound_rules_on_private_link_traffic;
    let call = aws.elbv2().set_security_groups().load_balancer_arn(id.as_str()).set_security_groups(groups);
    let enforced = enforced.map(|it| it.as_str().into());
    call.set_enforce_security_group_inbound_rules_on_private_link_traffic(enforced).send().await?;
    Ok(())
}

pub(super) async fn set_subnets(
    aws: &Aws,
    id: &LoadBalancerId,
    now: &LoadBalancer,
    planned: &LoadBalancer,
) -> Result<()> {
    let declared = planned.subnets.is_some() || planned.subnet_mappings.is_some();
    let (subnets, mappings) = places(if declared { planned } else { now });
    let call = aws.elbv2().set_subnets().load_balancer_arn(id.as_str());
    let source_nat = planned.enable_prefix_for_ipv6_source_nat.map(|it| it.as_str().into());
    let call = call.set_subnets(subnets).set_subnet_mappings(mappings);
    call.set_enable_prefix_for_ipv6_source_nat(source_nat).send().await?;
    Ok(())
}

pub(super) async fn reserve(aws: &Aws, id: &LoadBalancerId, units: i32) -> Result<()> {
    let call = aws.elbv2().modify_capacity_reservation().load_balancer_arn(id.as_str());
    let capacity = sdk::MinimumLoadBalancerCapacity::builder().capacity_units(units).build();
    match units {
        0 => call.reset_capacity_reservation(true).send().await?,
        _ => call.minimum_load_balancer_capacity(capacity).send().await?,
    };
    Ok(())
}

pub(super) async fn set_attributes(
    aws: &Aws,
    id: &LoadBalancerId,
    pairs: BTreeMap<&'static str, String>,
) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let pair = |(key, value)| sdk::LoadBalancerAttribute::builder().key(key).value(value).build();
    let call = aws.elbv2().modify_load_balancer_attributes().load_balancer_arn(id.as_str());
    call.set_attributes(Some(pairs.into_iter().map(pair).collect())).send().await?;
    Ok(())
}

/// The load balancers of these ARNs that are there. A dead ARN fails a whole list of them, hence one by one or all of the region.
pub(super) async fn described<'n>(
    aws: &Aws,
    arns: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<sdk::LoadBalancer>>> {
    let all = async {
        let mut found = BTreeMap::new();
        let mut pages = aws.elbv2().describe_load_balancers().into_paginator().send();
        while let Some(page) = pages.next().await {
            let balancers = page?.load_balancers.unwrap_or_default().into_iter();
            found.extend(balancers.filter_map(|balancer| Some((balancer.load_balancer_arn.clone()?, balancer))));
        }
        Ok(found)
    };
    let one = |arn: &'n str| async move {
        let answer = aws.elbv2().describe_load_balancers().load_balancer_arns(arn).send().await.or_gone(GONE)?;
        Ok(answer.and_then(|answer| answer.load_balancers?.into_iter().next()))
    };
    named(arns, all, one).await
}

/// A word that is not known counts as pending.
pub(super) fn status(balancer: &sdk::LoadBalancer) -> Status {
    let state = balancer.state.as_ref();
    match state.and_then(|state| state.code.as_ref()).map_or("provisioning", |code| code.as_str()) {
        // Some of its targets or addresses are impaired: it works.
        "active" | "active_impaired" => Status::Ready,
        "failed" => {
            let why = state.and_then(|state| state.reason.as_deref()).unwrap_or("failed");
            Status::Failed(why.to_owned())
        }
        other => Status::Pending(other.to_owned()),
    }
}

pub(super) async fn is_protected(aws: &Aws, arn: &str) -> Result<bool> {
    let found = attributes(aws, arn).await?;
    Ok(found.is_some_and(|found| found.of("deletion_protection") == Some(true)))
}

async fn attributes(aws: &Aws, arn: &str) -> Result<Option<Found>> {
    let answer = aws.elbv2().describe_load_balancer_attributes().load_balancer_arn(arn).send().await.or_gone(GONE)?;
    let pairs = answer.map(|answer| answer.attributes.unwrap_or_default().into_iter());
    Ok(pairs.map(|pairs| Found::new(ATTRIBUTES, pairs.filter_map(|pair| Some((pair.key?, pair.value?))).collect())))
}

async fn capacity(aws: &Aws, arn: &str) -> Result<Option<i32>> {
    let answer = aws.elbv2().describe_capacity_reservation().load_balancer_arn(arn).send().await.or_gone(GONE)?;
    Ok(answer.map(|answer| answer.minimum_load_balancer_capacity.and_then(|it| it.capacity_units).unwrap_or_default()))
}

fn logs(found: &Found, of: &str) -> Option<Logs> {
    let enabled = found.of(&format!("{of}.enabled"))?;
    let text = |field: &str| found.of::<String>(&format!("{of}.{field}")).unwrap_or_default();
    Some(Logs { enabled, bucket: BucketName::new(text("bucket")), prefix: text("prefix") })
}

fn mapping(zone: &sdk::AvailabilityZone) -> SubnetMapping {
    let addresses = zone.load_balancer_addresses();
    let some = |of: fn(&sdk::LoadBalancerAddress) -> Option<&str>| addresses.iter().find_map(of).map(str::to_owned);
    SubnetMapping {
        subnet: SubnetId::new(zone.subnet_id.as_deref().unwrap_or_default()),
        allocation: some(sdk::LoadBalancerAddress::allocation_id).map(AllocationId::new),
        private_ipv4_address: some(sdk::LoadBalancerAddress::private_ipv4_address),
        ipv6_address: some(sdk::LoadBalancerAddress::ipv6_address),
        source_nat_ipv6_prefix: zone.source_nat_ipv6_prefixes().first().cloned(),
    }
}

/// What a load balancer is; attributes and reserved capacity are calls of their own. `None` when it went between them.
pub(super) async fn observe(
    aws: &Aws,
    balancer: sdk::LoadBalancer,
    tags: &BTreeMap<String, tags::Read>,
) -> Result<Option<Observed<LoadBalancer>>> {
    let arn = balancer.load_balancer_arn.clone().unwrap_or_default();
    let (found, units) = join(attributes(aws, &arn), capacity(aws, &arn)).await;
    let (Some(found), Some(read)) = (found?, tags.get(&arn)) else { return Ok(None) };
    let mut unreadable = BTreeMap::new();
    let units = readable(units, &["minimum_capacity_units"], &mut unreadable)?;
    let switch = |word: Option<&str>| word.and_then(Switch::parse);
    let zones = balancer.availability_zones();
    let args = LoadBalancer {
        name: Name::new(balancer.load_balancer_name.as_deref().unwrap_or_default()),
        sort: choice(balancer.r#type.as_ref().map(|it| it.as_str())).unwrap_or(LoadBalancerType::Application),
        scheme: choice(balancer.scheme.as_ref().map(|it| it.as_str())).unwrap_or(Scheme::InternetFacing),
        subnets: Some(zones.iter().filter_map(|zone| zone.subnet_id.as_deref()).map(SubnetId::new).collect()),
        subnet_mappings: Some(zones.iter().map(mapping).collect()),
        security_groups: Some(balancer.security_groups().iter().map(SecurityGroupId::new).collect()),
        enforce_security_group_inbound_rules_on_private_link_traffic: switch(
            balancer.enforce_security_group_inbound_rules_on_private_link_traffic.as_deref(),
        ),
        ip_address_type: choice::<IpAddressType>(balancer.ip_address_type.as_ref().map(|it| it.as_str())),
        ipv4_ipam_pool_id: balancer.ipam_pools.as_ref().and_then(|pools| pools.ipv4_ipam_pool_id.clone()),
        enable_prefix_for_ipv6_source_nat: switch(
            balancer.enable_prefix_for_ipv6_source_nat.as_ref().map(|it| it.as_str()),
        ),
        minimum_capacity_units: units.unwrap_or_default(),
        deletion_protection: found.of("deletion_protection").unwrap_or_default(),
        cross_zone: found.of("cross_zone"),
        access_logs: logs(&found, "access_logs"),
        connection_logs: logs(&found, "connection_logs"),
        health_check_logs: logs(&found, "health_check_logs"),
        deny_all_internet_gateway_traffic: found.of("deny_all_internet_gateway_traffic"),
        zonal_shift: found.of("zonal_shift"),
        idle_timeout_seconds: found.of("idle_timeout_seconds"),
        client_keep_alive_seconds: found.of("client_keep_alive_seconds"),
        desync_mitigation: found.of("desync_mitigation"),
        drop_invalid_headers: found.of("drop_invalid_headers"),
        preserve_host_header: found.of("preserve_host_header"),
        tls_headers: found.of("tls_headers"),
        forwarded_for_port: found.of("forwarded_for_port"),
        forwarded_for: found.of("forwarded_for"),
        http2: found.of("http2"),
        waf_fail_open: found.of("waf_fail_open"),
        client_routing: found.of("client_routing"),
        secondary_ips_per_subnet: found.of("secondary_ips_per_subnet"),
        tags: read.tags.clone(),
    };
    let outputs = LoadBalancerOutputs {
        id: Arn::new(arn.as_str()),
        full_name: arn.split_once(":loadbalancer/").map_or("", |(_, rest)| rest).to_owned(),
        arn: Arn::new(arn),
        dns_name: balancer.dns_name.unwrap_or_default(),
        hosted_zone_id: balancer.canonical_hosted_zone_id.unwrap_or_default(),
        vpc: VpcId::new(balancer.vpc_id.unwrap_or_default()),
    };
    Ok(Some(Observed { unreadable, ..Observed::new(args, outputs, read.owner.clone()) }))
}

/// One of the words that are known here.
fn choice<T: Field>(word: Option<&str>) -> Option<T> {
    T::from_value(&formwork_engine::Value::from(word?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_not_known_is_waited_for_and_a_failure_says_why() {
        let of = |code: &str| {
            let state = sdk::LoadBalancerState::builder().code(code.into()).reason("no addresses are left").build();
            status(&sdk::LoadBalancer::builder().state(state).build())
        };
        assert_eq!(of("active"), Status::Ready);
        assert_eq!(of("active_impaired"), Status::Ready);
        assert_eq!(of("provisioning"), Status::Pending("provisioning".into()));
        assert_eq!(of("thawing"), Status::Pending("thawing".into()));
        assert_eq!(of("failed"), Status::Failed("no addresses are left".into()));
    }
}
