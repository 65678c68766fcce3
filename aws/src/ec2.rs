//! Amazon EC2: networks, and what the types here share: tags, filters, lookups by ownership.

pub mod ami;
pub mod availability_zones;
mod client_vpn;
pub mod client_vpn_authorization_rule;
pub mod client_vpn_endpoint;
pub mod client_vpn_route;
pub mod client_vpn_target_network_association;
pub mod elastic_ip;
pub mod flow_log;
pub mod instance;
pub mod internet_gateway;
pub mod key_pair;
pub mod launch_template;
pub mod nat_gateway;
pub mod network_acl;
pub mod network_acl_association;
pub mod network_acl_entry;
mod permissions;
pub mod prefix_list;
pub mod route;
pub mod route_table;
pub mod route_table_association;
mod rule;
pub mod security_group;
pub mod security_group_egress_rule;
pub mod security_group_ingress_rule;
pub mod subnet;
mod unsuccessful;
pub mod vpc;
pub mod vpc_endpoint;

pub use ami::{Ami, AmiFilter, AmiId, ami, ami_in};
#[cfg(feature = "ssm")]
pub use ami::{ami_by_parameter, ami_by_parameter_in};
pub use availability_zones::{availability_zones, availability_zones_in};
pub use client_vpn_authorization_rule::{
    ClientVpnAccess, ClientVpnAuthorizationRule, ClientVpnAuthorizationRuleId, ClientVpnAuthorizationRuleOutputs,
};
pub use client_vpn_endpoint::{
    Authentication, ClientVpnEndpoint, ClientVpnEndpointId, ClientVpnEndpointOutputs, ConnectHandler,
    ConnectHandlerFunction, ConnectionLog, DirectoryId, SamlAuthentication, SamlProvider, TransportProtocol,
    VpnAddresses,
};
pub use client_vpn_route::{ClientVpnRoute, ClientVpnRouteId, ClientVpnRouteOutputs};
pub use client_vpn_target_network_association::{
    ClientVpnTargetNetworkAssociation, ClientVpnTargetNetworkAssociationId, ClientVpnTargetNetworkAssociationOutputs,
};
pub use elastic_ip::{AllocationId, ElasticIp, ElasticIpOutputs};
pub use flow_log::{BucketOptions, FileFormat, FlowLog, FlowLogId, FlowLogOutputs, TrafficType};
pub use instance::{
    AmdSevSnp, AttachedVolume, BlockDevice, CpuCredits, CpuOptions, HostTenancy, Instance, InstanceId, InstanceOutputs,
    LaunchTemplateVersion, MetadataOptions, PrivateDnsNames, ShutdownBehavior, VolumeType,
};
pub use internet_gateway::{InternetGateway, InternetGatewayId, InternetGatewayOutputs};
pub use key_pair::{KeyPair, KeyPairId, KeyPairName, KeyPairOutputs, KeyType};
pub use launch_template::{
    CapacityReservation, CapacityReservationPreference, InstanceRequirements, LaunchTemplate, LaunchTemplateData,
    LaunchTemplateId, LaunchTemplateOutputs, SpotInterruption, SpotOptions, SpotRequest, TemplateInterface,
    TemplatePlacement,
};
pub use nat_gateway::{AvailabilityMode, ConnectivityType, NatGateway, NatGatewayId, NatGatewayOutputs};
pub use network_acl::{NetworkAcl, NetworkAclId, NetworkAclOutputs};
pub use network_acl_association::{NetworkAclAssociation, NetworkAclAssociationId, NetworkAclAssociationOutputs};
pub use network_acl_entry::{NetworkAclEntry, NetworkAclEntryId, NetworkAclEntryOutputs, RuleAction};
pub use prefix_list::{
    AddressFamily, PrefixEntry, PrefixList, PrefixListId, PrefixListOutputs, managed_prefix_list,
    managed_prefix_list_in,
};
pub use route::{Route, RouteId, RouteOutputs, Target};
pub use route_table::{RouteTable, RouteTableId, RouteTableOutputs};
pub use route_table_association::{RouteTableAssociation, RouteTableAssociationId, RouteTableAssociationOutputs};
pub use rule::SecurityGroupRuleId;
pub(crate) use rule::protocol;
pub use security_group::{SecurityGroup, SecurityGroupId, SecurityGroupOutputs};
pub use security_group_egress_rule::{SecurityGroupEgressRule, SecurityGroupEgressRuleOutputs};
pub use security_group_ingress_rule::{SecurityGroupIngressRule, SecurityGroupIngressRuleOutputs};
pub use subnet::{HostnameType, Subnet, SubnetId, SubnetOutputs};
pub use vpc::{Tenancy, Vpc, VpcId, VpcOutputs};
pub use vpc_endpoint::{
    EndpointAddresses, EndpointRecords, VpcEndpoint, VpcEndpointId, VpcEndpointOutputs, VpcEndpointType,
};

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use formwork_engine::kind::{Candidate, Mark, Owner, Proof, Sought, Swept};

use crate::context::Aws;
use crate::error::Result;
use crate::tags::{self, Tags};

/// The most values that one filter may have.
pub(crate) const FILTER_VALUES: usize = 200;

fn tag(key: impl Into<String>, value: impl Into<String>) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// The tags of a create call: ownership and the user's.
pub(crate) fn tag_specification(owner: &Owner, tags: &Tags, of: ResourceType) -> TagSpecification {
    let all = tags::all(owner, tags).into_iter().map(|(key, value)| tag(key, value)).collect();
    TagSpecification::builder().resource_type(of).set_tags(Some(all)).build()
}

/// Takes apart the tags of an answer.
pub(crate) fn read_tags(aws: &Aws, tags: Option<Vec<Tag>>) -> tags::Read {
    let pairs = tags.unwrap_or_default().into_iter();
    tags::read(aws, pairs.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())))
}

/// Brings the user's tags of any EC2 resource from one set to the other, and writes the ownership tags along.
pub(crate) async fn retag(aws: &Aws, owner: &Owner, id: &str, now: &Tags, planned: &Tags) -> Result<()> {
    let (set, removed) = tags::difference(owner, now, planned);
    let set = set.into_iter().map(|(key, value)| tag(key, value)).collect();
    aws.ec2().create_tags().resources(id).set_tags(Some(set)).send().await?;
    if !removed.is_empty() {
        let removed = removed.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        aws.ec2().delete_tags().resources(id).set_tags(Some(removed)).send().await?;
    }
    Ok(())
}

/// A filter with these values.
pub(crate) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

/// The filter that finds everything a uid owns.
pub(crate) fn owned_by(owner: &Owner) -> Filter {
    filter(&format!("tag:{}", tags::ID), [owner.uid.as_str()])
}

/// A resource that carries the owner's uid, as a candidate: proven by the token where it is the same.
pub(crate) fn candidate(aws: &Aws, owner: &Owner, id: Option<String>, tags: Option<Vec<Tag>>) -> Option<Candidate> {
    let ownership = read_tags(aws, tags).owner?;
    if ownership.uid != owner.uid {
        return None;
    }
    let proof = if ownership.token.as_deref() == Some(owner.token.as_str()) { Proof::Token } else { Proof::Tag };
    Some(Candidate { id: id?, proof })
}

/// Everything in EC2 that carries the tags of a stack, of any lineage.
pub(crate) async fn marked(aws: &Aws, sought: &Sought) -> Result<Swept> {
    // All four tags in one list: the values cannot be asked for, since each thing has its own.
    let keys = [tags::STACK, tags::ID, tags::TOKEN, tags::URN];
    let mut pages = aws.ec2().describe_tags().filters(filter("key", keys)).into_paginator().send();
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for tag in page?.tags.unwrap_or_default() {
            if let (Some(id), Some(key), Some(value)) = (tag.resource_id, tag.key, tag.value) {
                found.entry(id).or_default().push((key, value));
            }
        }
    }
    let gone = instance::gone(aws, found.keys().map(String::as_str)).await?;
    found.retain(|id, _| !gone.contains(id));
    let marks = found.into_iter().filter_map(|(id, tags)| tags::mark(&sought.stack, &kind_of(&id), &id, tags));
    Ok(Swept { marks: marks.map(told_apart).collect(), ..Swept::default() })
}

/// A rule of a security group is listed without saying whether it lets in or out: its name says it.
fn told_apart(mark: Mark) -> Mark {
    let named = mark.urn.as_ref().map(formwork_engine::Urn::kind).filter(|kind| {
        mark.kind == "aws:ec2/security-group-rule"
            && ["aws:ec2/security-group-egress-rule", "aws:ec2/security-group-ingress-rule"].contains(&kind.as_str())
    });
    Mark { kind: named.map_or(mark.kind, |kind| kind.to_string()), ..mark }
}

/// The kind of what has this id, by how the id begins: EC2's own names of types in `DescribeTags` are not those of its API. A rule of a
/// security group does not say whether it lets in or out.
fn kind_of(id: &str) -> String {
    let prefix = id.rsplit_once('-').map_or(id, |(prefix, _)| prefix);
    let name = match prefix {
        "acl" => "network-acl",
        "cvpn-endpoint" => "client-vpn-endpoint",
        "eipalloc" => "elastic-ip",
        "fl" => "flow-log",
        "i" => "instance",
        "igw" => "internet-gateway",
        "key" => "key-pair",
        "lt" => "launch-template",
        "nat" => "nat-gateway",
        "pl" => "prefix-list",
        "rtb" => "route-table",
        "sg" => "security-group",
        "sgr" => "security-group-rule",
        "vpce" => "vpc-endpoint",
        other => other,
    };
    format!("aws:ec2/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_id_is_of_is_said_in_the_words_of_the_kinds() {
        let registered: Vec<&str> = crate::schemas().iter().map(|schema| schema.kind).collect();
        for id in [
            "acl-0a",
            "cvpn-endpoint-0a",
            "i-0a",
            "key-0a",
            "lt-0a",
            "pl-0a",
            "vpc-0a",
            "subnet-0a",
            "eipalloc-0a",
            "fl-0a",
            "igw-0a",
            "nat-0a",
            "rtb-0a",
            "sg-0a",
            "vpce-0a",
        ] {
            assert!(registered.contains(&kind_of(id).as_str()), "{id}");
        }
        assert_eq!((kind_of("sgr-0a"), kind_of("x-0a")), ("aws:ec2/security-group-rule".into(), "aws:ec2/x".into()));
    }
}
