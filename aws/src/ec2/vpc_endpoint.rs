//! `aws:ec2/vpc-endpoint`: reaches a service of AWS, or of others, from a VPC without the internet.
//!
//! ```
//! use formwork_aws::ec2::{RouteTableId, VpcEndpoint, VpcId};
//!
//! let s3 = VpcEndpoint::builder()
//!     .vpc(VpcId::new("vpc-0123456789abcdef0"))
//!     .service_name("com.amazonaws.eu-west-1.s3")
//!     .route_tables([RouteTableId::new("rtb-0123456789abcdef0")])
//!     .build();
//! # drop(s3);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{DnsOptionsSpecification, ResourceType};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Choice, Expr, Json, Outputs, Resource, Stack, id};

use super::unsuccessful::unsuccessful;
use super::{
    FILTER_VALUES, RouteTable, RouteTableId, SecurityGroup, SecurityGroupId, Subnet, SubnetId, Vpc, VpcId, candidate,
    filter, owned_by, read_tags, retag, tag_specification,
};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::iam::{PolicyDocument, Principal, Statement};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::tags::Tags;

id! {
    /// The id of a VPC endpoint, such as `vpce-0123456789abcdef0`.
    pub struct VpcEndpointId;
}

/// A VPC endpoint: a gateway in route tables (S3 and DynamoDB, without charge), or network interfaces in subnets.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/vpc-endpoint",
    cfn = "AWS::EC2::VPCEndpoint",
    id = VpcEndpointId,
    outputs = VpcEndpointOutputs,
    guard = token,
    visibility = 300,
    create_wait = (5, 5, 1, 600),
    update_wait = (5, 5, 1, 600),
    delete_wait = (5, 5, 1, 600)
)]
pub struct VpcEndpoint {
    /// The VPC.
    #[arg(replace, cfn = "VpcId")]
    pub vpc: VpcId,
    /// The service, such as `com.amazonaws.eu-west-1.s3`.
    #[arg(replace)]
    pub service_name: String,
    /// What it is made of.
    #[arg(replace, default = VpcEndpointType::Gateway, cfn = "VpcEndpointType")]
    pub endpoint_type: VpcEndpointType,
    /// The region of the service, where it is another one.
    #[arg(replace)]
    pub service_region: Option<String>,
    /// What may be done through it; everything when absent.
    #[arg(in_place, cfn = "PolicyDocument")]
    pub policy: Option<Json>,
    /// The route tables that lead to a gateway.
    #[arg(in_place, default, cfn = "RouteTableIds")]
    pub route_tables: BTreeSet<RouteTableId>,
    /// The subnets in which an interface endpoint has network interfaces, at most one per availability zone.
    #[arg(in_place, default, cfn = "SubnetIds")]
    pub subnets: BTreeSet<SubnetId>,
    /// The security groups of its network interfaces; the VPC's default group when absent.
    #[arg(in_place, cfn = "SecurityGroupIds")]
    pub security_groups: Option<BTreeSet<SecurityGroupId>>,
    /// Whether the service's own name leads to the interface endpoint inside the VPC. Needs DNS support and hostnames of the VPC.
    #[arg(in_place, default = false)]
    pub private_dns_enabled: bool,
    /// The addresses of its network interfaces.
    #[arg(in_place)]
    pub ip_address_type: Option<EndpointAddresses>,
    /// The addresses that its names lead to.
    #[arg(in_place, cfn = "DnsOptions.DnsRecordIpType")]
    pub dns_record_ip_type: Option<EndpointRecords>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What a VPC endpoint is made of.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum VpcEndpointType {
    /// Routes, for S3 and DynamoDB.
    #[choice("Gateway")]
    Gateway,
    /// Network interfaces.
    #[choice("Interface")]
    Interface,
    /// A network interface in front of appliances.
    #[choice("GatewayLoadBalancer")]
    GatewayLoadBalancer,
}

/// The addresses of an endpoint's network interfaces.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointAddresses {
    /// IPv4.
    #[choice("ipv4")]
    Ipv4,
    /// IPv6.
    #[choice("ipv6")]
    Ipv6,
    /// Both.
    #[choice("dualstack")]
    Dualstack,
}

/// The addresses that an endpoint's names lead to.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointRecords {
    /// IPv4.
    #[choice("ipv4")]
    Ipv4,
    /// IPv6.
    #[choice("ipv6")]
    Ipv6,
    /// Both.
    #[choice("dualstack")]
    Dualstack,
    /// What the service says.
    #[choice("service-defined")]
    ServiceDefined,
}

/// What is known of a VPC endpoint once it is there.
#[derive(Outputs)]
pub struct VpcEndpointOutputs {
    /// The id.
    pub id: VpcEndpointId,
    /// The ARN.
    pub arn: Arn<VpcEndpoint>,
    /// The names of an interface endpoint, the regional one first.
    #[output(moves_with(subnets, private_dns_enabled))]
    pub dns_names: Vec<String>,
    /// The network interfaces.
    #[output(moves_with(subnets))]
    pub network_interfaces: Vec<String>,
}

impl Lifecycle for VpcEndpoint {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .ec2()
            .create_vpc_endpoint()
            .client_token(&owner.token)
            .vpc_id(args.vpc.as_str())
            .service_name(&args.service_name)
            .vpc_endpoint_type(args.endpoint_type.as_str().into())
            .set_service_region(args.service_region.clone())
            .set_policy_document(args.policy.as_ref().map(ToString::to_string))
            .set_route_table_ids(given(&args.route_tables))
            .set_subnet_ids(given(&args.subnets))
            .set_security_group_ids(args.security_groups.as_ref().and_then(given))
            .private_dns_enabled(args.private_dns_enabled)
            .set_ip_address_type(args.ip_address_type.map(|it| it.as_str().into()))
            .set_dns_options(args.dns_record_ip_type.map(dns_options))
            .tag_specifications(tag_specification(owner, &args.tags, ResourceType::VpcEndpoint))
            .send()
            .await?;
        let id = answer.vpc_endpoint.and_then(|endpoint| endpoint.vpc_endpoint_id);
        id.map(Created::whole).ok_or_else(|| Error::unexpected("ec2 CreateVpcEndpoint", "no id in the answer"))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| VpcEndpointId::new(&one.id)).collect();
        let found = describe(aws, &ids).await?.into_iter();
        Ok(found.filter_map(|endpoint| Some((endpoint.vpc_endpoint_id.clone()?, status_of(&endpoint)))).collect())
    }

    async fn read(aws: &Aws, ids: &[VpcEndpointId]) -> Result<Readings<Self>> {
        let found = describe(aws, ids).await?.into_iter().filter(stands);
        Ok(found.filter_map(|endpoint| observe(aws, endpoint).map(|(id, seen)| (id, Ok(seen)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let answer = aws.ec2().describe_vpc_endpoints().filters(owned_by(owner)).send().await?;
        let endpoints = answer.vpc_endpoints.unwrap_or_default().into_iter().filter(stands);
        Ok(endpoints.filter_map(|it| candidate(aws, owner, it.vpc_endpoint_id, it.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<VpcEndpointChanges>> {
        let VpcEndpointChanges {
            policy,
            route_tables,
            subnets,
            security_groups,
            private_dns_enabled,
            ip_address_type,
            dns_record_ip_type,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let members = route_tables || subnets || security_groups;
        if policy || members || private_dns_enabled || ip_address_type || dns_record_ip_type {
            let mut call = aws.ec2().modify_vpc_endpoint().vpc_endpoint_id(id.as_str());
            if policy {
                call = match &planned.policy {
                    Some(policy) => call.policy_document(policy.as_str()),
                    None => call.reset_policy(true),
                };
            }
            if route_tables {
                call = call
                    .set_add_route_table_ids(more(&planned.route_tables, &now.route_tables))
                    .set_remove_route_table_ids(more(&now.route_tables, &planned.route_tables));
            }
            if subnets {
                call = call
                    .set_add_subnet_ids(more(&planned.subnets, &now.subnets))
                    .set_remove_subnet_ids(more(&now.subnets, &planned.subnets));
            }
            if let (true, Some(groups)) = (security_groups, &planned.security_groups) {
                let present = now.security_groups.clone().unwrap_or_default();
                call = call
                    .set_add_security_group_ids(more(groups, &present))
                    .set_remove_security_group_ids(more(&present, groups));
            }
            if private_dns_enabled {
                call = call.private_dns_enabled(planned.private_dns_enabled);
            }
            if ip_address_type {
                call = call.set_ip_address_type(planned.ip_address_type.map(|it| it.as_str().into()));
            }
            if dns_record_ip_type {
                call = call.set_dns_options(planned.dns_record_ip_type.map(dns_options));
            }
            call.send().await?;
        }
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &VpcEndpointId, _: &Self) -> Result<Deletion> {
        const GONE: &[&str] = &["InvalidVpcEndpoint.NotFound", "InvalidVpcEndpointId.NotFound"];
        let answer = aws.ec2().delete_vpc_endpoints().vpc_endpoint_ids(id.as_str()).send().await.or_gone(GONE)?;
        let going = unsuccessful("DeleteVpcEndpoints", answer.and_then(|answer| answer.unsuccessful)).or_gone(GONE)?;
        // Its network interfaces take minutes to go, and hold subnets and security groups until then.
        Ok(going.map_or(Deletion::Done, |()| Deletion::Wait))
    }
}

fn dns_options(records: EndpointRecords) -> DnsOptionsSpecification {
    DnsOptionsSpecification::builder().dns_record_ip_type(records.as_str().into()).build()
}

fn given<T: ToString>(ids: &BTreeSet<T>) -> Option<Vec<String>> {
    (!ids.is_empty()).then(|| ids.iter().map(ToString::to_string).collect())
}

/// Those of the one set that are not in the other.
fn more<T: Ord + ToString>(of: &BTreeSet<T>, than: &BTreeSet<T>) -> Option<Vec<String>> {
    let more: Vec<String> = of.difference(than).map(ToString::to_string).collect();
    (!more.is_empty()).then_some(more)
}

/// AWS writes its states with a small first letter, and the SDK's words have a large one.
fn state(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> String {
    endpoint.state.as_ref().map_or("pending", |state| state.as_str()).to_ascii_lowercase()
}

/// Deleted endpoints stay listed for a while.
fn stands(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> bool {
    !matches!(state(endpoint).as_str(), "deleting" | "deleted")
}

fn status_of(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> Status {
    let state = state(endpoint);
    match state.as_str() {
        // Acceptance is up to the owner of the service, and may take days.
        "available" | "pendingacceptance" => Status::Ready,
        "deleted" => Status::Gone,
        "failed" | "rejected" | "expired" => {
            let told = endpoint.last_error.as_ref().and_then(|error| error.message.clone());
            Status::Failed(told.or_else(|| endpoint.failure_reason.clone()).unwrap_or(state))
        }
        _ => Status::Pending(state),
    }
}

async fn describe(aws: &Aws, ids: &[VpcEndpointId]) -> Result<Vec<aws_sdk_ec2::types::VpcEndpoint>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let ids = chunk.iter().map(VpcEndpointId::as_str);
        let call = aws.ec2().describe_vpc_endpoints().filters(filter("vpc-endpoint-id", ids));
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page?.vpc_endpoints.unwrap_or_default());
        }
    }
    Ok(found)
}

fn observe(aws: &Aws, endpoint: aws_sdk_ec2::types::VpcEndpoint) -> Option<(VpcEndpointId, Observed<VpcEndpoint>)> {
    let id = VpcEndpointId::new(endpoint.vpc_endpoint_id?);
    let read = read_tags(aws, endpoint.tags);
    let endpoint_type = endpoint.vpc_endpoint_type.and_then(|it| VpcEndpointType::parse(it.as_str()));
    let groups = endpoint.groups.unwrap_or_default().into_iter().filter_map(|group| group.group_id);
    let groups: BTreeSet<_> = groups.map(SecurityGroupId::new).collect();
    let records = endpoint.dns_options.and_then(|options| options.dns_record_ip_type);
    let args = VpcEndpoint {
        vpc: VpcId::new(endpoint.vpc_id.unwrap_or_default()),
        service_name: endpoint.service_name.unwrap_or_default(),
        endpoint_type: endpoint_type.unwrap_or(VpcEndpointType::Gateway),
        service_region: endpoint.service_region,
        policy: endpoint.policy_document.map(Json::new),
        route_tables: endpoint.route_table_ids.unwrap_or_default().into_iter().map(RouteTableId::new).collect(),
        subnets: endpoint.subnet_ids.unwrap_or_default().into_iter().map(SubnetId::new).collect(),
        security_groups: (!groups.is_empty()).then_some(groups),
        private_dns_enabled: endpoint.private_dns_enabled.unwrap_or_default(),
        ip_address_type: endpoint.ip_address_type.and_then(|it| EndpointAddresses::parse(it.as_str())),
        dns_record_ip_type: records.and_then(|it| EndpointRecords::parse(it.as_str())),
        tags: read.tags,
    };
    let (partition, region) = (aws.partition(), aws.region());
    let account = endpoint.owner_id.as_deref().unwrap_or(aws.account());
    let names = endpoint.dns_entries.unwrap_or_default().into_iter().filter_map(|entry| entry.dns_name);
    let outputs = VpcEndpointOutputs {
        arn: Arn::new(format!("arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}")),
        id: id.clone(),
        dns_names: names.collect(),
        network_interfaces: endpoint.network_interface_ids.unwrap_or_default(),
    };
    Some((id, Observed::new(args, outputs, read.owner)))
}

impl Conforms for VpcEndpoint {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let network = |block: &str| Vpc::builder().cidr_block(block).enable_dns_hostnames(true).build();
        let vpc = stack.add("vpc", network("10.26.0.0/16"));
        let other_vpc = stack.add("other-vpc", network("10.27.0.0/16"));
        let subnet = stack.add("subnet", Subnet::builder().vpc(&vpc).cidr_block("10.26.1.0/24").build());
        let next_subnet = stack.add("next-subnet", Subnet::builder().vpc(&vpc).cidr_block("10.26.2.0/24").build());
        let mut group = |name: &str| {
            let group = SecurityGroup::builder().name(format!("Endpoint-{name}")).description("of an endpoint");
            stack.add(name, group.vpc(&vpc).build())
        };
        let (group, next_group) = (group("group"), group("next-group"));
        let table = stack.add("table", RouteTable::builder().vpc(&vpc).build());
        let next_table = stack.add("next-table", RouteTable::builder().vpc(&vpc).build());
        let policy = |action: &str| {
            let anybody = Statement::allow().principal(Principal::anybody());
            PolicyDocument::of([anybody.action(action).resource("*")])
        };
        let base = VpcEndpoint::builder()
            .vpc(&vpc)
            .service_name("com.amazonaws.eu-west-1.ecr.api")
            .endpoint_type(VpcEndpointType::Interface)
            .policy(policy("ecr:*"))
            .subnets([&subnet])
            .security_groups([&group])
            .private_dns_enabled(true)
            .ip_address_type(EndpointAddresses::Ipv4)
            .dns_record_ip_type(EndpointRecords::Ipv4)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let list = |items: &[Expr]| Expr::List(items.to_vec());
        Conformance::of(base)
            .change("policy", policy("ecr:GetAuthorizationToken").output())
            .change("subnets", list(&[(&subnet).into(), (&next_subnet).into()]))
            .change("security_groups", list(&[(&next_group).into()]))
            .change("private_dns_enabled", false)
            .change("ip_address_type", "dualstack")
            .change("dns_record_ip_type", "dualstack")
            .change("tags", [("team", "b")])
            .change("service_name", "com.amazonaws.eu-west-1.ecr.dkr")
            .change("endpoint_type", "Gateway")
            .together_with("service_name", "com.amazonaws.eu-west-1.s3")
            .together_with("subnets", list(&[]))
            .together_with("security_groups", Expr::null())
            .together_with("ip_address_type", Expr::null())
            .together_with("dns_record_ip_type", Expr::null())
            .together_with("route_tables", list(&[(&table).into()]))
            .change("route_tables", list(&[(&next_table).into()]))
            .change("vpc", &other_vpc)
            .together_with("route_tables", list(&[]))
            .unseen("service_region", "the emulator knows the services of one region only")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::LastError;

    use super::*;

    fn status(state: &str) -> Status {
        let error = LastError::builder().message("no free addresses").build();
        status_of(&aws_sdk_ec2::types::VpcEndpoint::builder().state(state.into()).last_error(error).build())
    }

    #[test]
    fn states_count_in_either_spelling() {
        assert_eq!(status("available"), Status::Ready);
        assert_eq!(status("Available"), Status::Ready);
        assert_eq!(status("pendingAcceptance"), Status::Ready);
        assert_eq!(status("deleted"), Status::Gone);
        assert_eq!(status("deleting"), Status::Pending("deleting".to_owned()));
        assert_eq!(status("failed"), Status::Failed("no free addresses".to_owned()));
    }
}
