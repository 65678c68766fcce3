//! The rows about the network.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use super::{Seen, check, one};

const ANYWHERE: &str = "0.0.0.0/0";

#[tokio::test]
async fn vpc_has_its_range_and_dns() {
    check(vpc, "DNS hostnames").await;
}

#[tokio::test]
async fn public_subnets_are_one_per_zone_and_tagged_for_load_balancers() {
    let ranges = ["10.0.101.0/24", "10.0.102.0/24", "10.0.103.0/24"];
    let row = async |seen: &Seen| subnets(seen, "public_subnet_ids", ranges, "kubernetes.io/role/elb", true).await;
    check(row, "10.0.101.0/24 gives out public addresses: Some(false)").await;
}

#[tokio::test]
async fn private_subnets_are_one_per_zone_and_tagged_for_internal_load_balancers() {
    let ranges = ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"];
    let role = "kubernetes.io/role/internal-elb";
    let row = async |seen: &Seen| subnets(seen, "private_subnet_ids", ranges, role, false).await;
    check(row, "10.0.2.0/24 lacks the tag").await;
}

#[tokio::test]
async fn private_subnets_have_no_route_to_an_internet_gateway() {
    check(private_subnets_have_no_way_to_an_internet_gateway, "to an internet gateway").await;
}

#[tokio::test]
async fn egress_goes_through_one_nat_gateway_in_a_public_subnet() {
    check(nat, "not in a public subnet").await;
}

#[tokio::test]
async fn traffic_is_logged_and_the_logs_expire() {
    check(flow_logs, "REJECT").await;
}

#[tokio::test]
async fn s3_is_reached_inside_aws_from_every_subnet() {
    check(s3_endpoint, "has no route to S3").await;
}

async fn vpc(seen: &Seen) -> Result<()> {
    let (ec2, id) = (seen.aws.ec2(), seen.text("vpc_id")?);
    let answer = ec2.describe_vpcs().vpc_ids(&id).send().await?;
    let vpc = one(answer.vpcs().first(), "VPC")?;
    ensure!(vpc.cidr_block() == Some("10.0.0.0/16"), "the VPC is {:?}", vpc.cidr_block());
    let attribute = |name: &str| ec2.describe_vpc_attribute().vpc_id(&id).attribute(name.into()).send();
    let support = attribute("enableDnsSupport").await?;
    ensure!(support.enable_dns_support().and_then(|it| it.value()) == Some(true), "DNS support is off");
    let hostnames = attribute("enableDnsHostnames").await?;
    ensure!(hostnames.enable_dns_hostnames().and_then(|it| it.value()) == Some(true), "DNS hostnames are off");
    Ok(())
}

async fn subnets(seen: &Seen, output: &str, ranges: [&str; 3], role: &str, public: bool) -> Result<()> {
    let answer = seen.aws.ec2().describe_subnets().set_subnet_ids(Some(seen.texts(output)?)).send().await?;
    let found: BTreeSet<&str> = answer.subnets().iter().filter_map(|it| it.cidr_block()).collect();
    ensure!(found == BTreeSet::from(ranges), "the subnets are {found:?}");
    let zones: BTreeSet<&str> = answer.subnets().iter().filter_map(|it| it.availability_zone()).collect();
    ensure!(zones.len() == 3, "the subnets stand in {zones:?}");
    for subnet in answer.subnets() {
        let range = subnet.cidr_block().unwrap_or_default();
        let open = subnet.map_public_ip_on_launch();
        ensure!(open == Some(public), "{range} gives out public addresses: {open:?}");
        for (key, value) in [(role, "1"), ("kubernetes.io/cluster/prod", "shared")] {
            let tagged = subnet.tags().iter().any(|tag| tag.key() == Some(key) && tag.value() == Some(value));
            ensure!(tagged, "{range} lacks the tag {key}={value}");
        }
    }
    Ok(())
}

/// Where a subnet's default route leads: `igw-…` or `nat-…`.
async fn way_out(seen: &Seen, subnet: &str) -> Result<String> {
    let answer = seen.aws.ec2().describe_route_tables().send().await?;
    let mine = |it: &&_| associated(it).contains(subnet);
    let table = one(answer.route_tables().iter().find(mine), "route table of the subnet")?;
    let route = table.routes().iter().find(|it| it.destination_cidr_block() == Some(ANYWHERE));
    let route = one(route, "default route")?;
    Ok(route.nat_gateway_id().or(route.gateway_id()).unwrap_or_default().to_owned())
}

fn associated(table: &aws_sdk_ec2::types::RouteTable) -> BTreeSet<&str> {
    table.associations().iter().filter_map(|it| it.subnet_id()).collect()
}

async fn private_subnets_have_no_way_to_an_internet_gateway(seen: &Seen) -> Result<()> {
    for subnet in seen.texts("private_subnet_ids")? {
        let way = way_out(seen, &subnet).await?;
        ensure!(!way.starts_with("igw-"), "{subnet} has a route to an internet gateway");
        ensure!(way.starts_with("nat-"), "{subnet} leads to `{way}`");
    }
    Ok(())
}

async fn nat(seen: &Seen) -> Result<()> {
    let (ec2, vpc) = (seen.aws.ec2(), seen.text("vpc_id")?);
    let public = seen.texts("public_subnet_ids")?;
    for subnet in &public {
        let way = way_out(seen, subnet).await?;
        ensure!(way.starts_with("igw-"), "{subnet} leads to `{way}`");
        let gateways = ec2.describe_internet_gateways().internet_gateway_ids(&way).send().await?;
        let gateway = one(gateways.internet_gateways().first(), "internet gateway")?;
        ensure!(gateway.attachments().iter().any(|it| it.vpc_id() == Some(&vpc)), "{way} is not attached");
    }
    let answer = ec2.describe_nat_gateways().send().await?;
    let standing = |it: &&aws_sdk_ec2::types::NatGateway| {
        it.vpc_id() == Some(&vpc) && it.state().is_some_and(|state| state.as_str() == "available")
    };
    let gateways: Vec<_> = answer.nat_gateways().iter().filter(standing).collect();
    ensure!(gateways.len() == 1, "there are {} NAT gateways", gateways.len());
    let gateway = gateways[0];
    let inside = gateway.subnet_id().is_some_and(|id| public.iter().any(|it| it == id));
    ensure!(inside, "the NAT gateway is not in a public subnet");
    let addresses = ec2.describe_addresses().send().await?;
    let allocation = gateway.nat_gateway_addresses().first().and_then(|it| it.allocation_id());
    let elastic =
        addresses.addresses().iter().any(|it| it.allocation_id().is_some() && it.allocation_id() == allocation);
    ensure!(elastic, "the NAT gateway has no elastic ip");
    Ok(())
}

async fn flow_logs(seen: &Seen) -> Result<()> {
    let vpc = seen.text("vpc_id")?;
    let answer = seen.aws.ec2().describe_flow_logs().send().await?;
    let log = one(answer.flow_logs().iter().find(|it| it.resource_id() == Some(&vpc)), "flow log of the VPC")?;
    let traffic = log.traffic_type().map(|it| it.as_str()).unwrap_or_default();
    ensure!(traffic == "ALL", "of the traffic, {traffic} is logged");
    let name = format!("/aws/vpc/{vpc}/flow-logs");
    let to = log.log_destination().or(log.log_group_name()).unwrap_or_default();
    ensure!(to.contains(&name), "traffic is logged to {to}");
    retention(seen, &name, 30).await
}

/// A log group expires what it holds after so many days.
pub(super) async fn retention(seen: &Seen, name: &str, days: i32) -> Result<()> {
    let groups = seen.aws.logs().describe_log_groups().log_group_name_prefix(name).send().await?;
    let group = one(groups.log_groups().iter().find(|it| it.log_group_name() == Some(name)), "log group")?;
    ensure!(group.retention_in_days() == Some(days), "{name} is kept for {:?} days", group.retention_in_days());
    Ok(())
}

async fn s3_endpoint(seen: &Seen) -> Result<()> {
    let vpc = seen.text("vpc_id")?;
    let answer = seen.aws.ec2().describe_vpc_endpoints().send().await?;
    let endpoint = answer.vpc_endpoints().iter().find(|it| it.vpc_id() == Some(&vpc));
    let endpoint = one(endpoint, "endpoint in the VPC")?;
    ensure!(endpoint.service_name() == Some("com.amazonaws.eu-west-1.s3"), "{:?}", endpoint.service_name());
    ensure!(endpoint.vpc_endpoint_type().is_some_and(|it| it.as_str() == "Gateway"), "it is no gateway endpoint");
    let tables = seen.aws.ec2().describe_route_tables().send().await?;
    for subnet in seen.texts("public_subnet_ids")?.into_iter().chain(seen.texts("private_subnet_ids")?) {
        let table = tables.route_tables().iter().find(|it| associated(it).contains(subnet.as_str()));
        let table = one(table.and_then(|it| it.route_table_id()), "route table of the subnet")?;
        ensure!(endpoint.route_table_ids().iter().any(|it| it == table), "{subnet} has no route to S3");
    }
    Ok(())
}
