//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn elastic_ip(stack: &mut Stack) {
    stack.component("elastic-ip", |stack| {
        // AWS does not tell `ipam_pool_id`, `transfer_address`: the code leaves it out.
        let egress_a = ec2::ElasticIp::builder().address("198.51.100.23").tags([("Name", "egress-a")]).build();
        stack.add_with("egress-a", egress_a, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn flow_log(stack: &mut Stack) {
    stack.component("flow-log", |stack| {
        let flow_log = ec2::FlowLog::builder()
            .vpc(ec2::VpcId::new("vpc-id-1"))
            .log_group(Arn::new("group-arn-1"))
            .role(Arn::new("role-arn-1"))
            .traffic_type(ec2::TrafficType::Reject)
            .log_format("${srcaddr} ${dstaddr} ${action}")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("flow-log", flow_log, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn internet_gateway(stack: &mut Stack) {
    stack.component("internet-gateway", |stack| {
        let gate_a =
            ec2::InternetGateway::builder().vpc(ec2::VpcId::new("vpc-id-1")).tags([("Name", "gate-a")]).build();
        stack.add_with("gate-a", gate_a, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn nat_gateway(stack: &mut Stack) {
    stack.component("nat-gateway", |stack| {
        // AWS does not tell `max_drain_duration_seconds`: the code leaves it out.
        let out_a = ec2::NatGateway::builder()
            .subnet(ec2::SubnetId::new("subnet-id-1"))
            .allocation(ec2::AllocationId::new("address-id-1"))
            .private_ip_address("10.23.1.77")
            .tags([("Name", "out-a")])
            .build();
        stack.add_with("out-a", out_a, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn route(stack: &mut Stack) {
    stack.component("route", |stack| {
        let route = ec2::Route::builder()
            .route_table(ec2::RouteTableId::new("table-id-1"))
            .destination("172.16.5.9/12")
            .target(ec2::Target::internet_gateway(ec2::InternetGatewayId::new("gateway-id-1")))
            .build();
        stack.add_with("route", route, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn route_table(stack: &mut Stack) {
    stack.component("route-table", |stack| {
        let private_a =
            ec2::RouteTable::builder().vpc(ec2::VpcId::new("vpc-id-1")).tags([("Name", "private-a")]).build();
        stack.add_with("private-a", private_a, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn route_table_association(stack: &mut Stack) {
    stack.component("route-table-association", |stack| {
        let route_table_association = ec2::RouteTableAssociation::builder()
            .subnet(ec2::SubnetId::new("subnet-id-1"))
            .route_table(ec2::RouteTableId::new("table-id-1"))
            .build();
        stack.add_with("route-table-association", route_table_association, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn security_group(stack: &mut Stack) {
    stack.component("security-group", |stack| {
        let conformance_group = ec2::SecurityGroup::builder()
            .name("Conformance-Group")
            .description("made by the conformance suite")
            .vpc(ec2::VpcId::new("vpc-id-1"))
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Group", conformance_group, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn security_group_egress_rule(stack: &mut Stack) {
    stack.component("security-group-egress-rule", |stack| {
        let security_group_egress_rule = ec2::SecurityGroupEgressRule::builder()
            .security_group(ec2::SecurityGroupId::new("holder-id-1"))
            .protocol("6")
            .from_port(5432)
            .to_port(5433)
            .cidr_ipv4("10.24.7.9/16")
            .description("made by the conformance suite")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("security-group-egress-rule", security_group_egress_rule, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn security_group_ingress_rule(stack: &mut Stack) {
    stack.component("security-group-ingress-rule", |stack| {
        let security_group_ingress_rule = ec2::SecurityGroupIngressRule::builder()
            .security_group(ec2::SecurityGroupId::new("holder-id-1"))
            .protocol("6")
            .from_port(5432)
            .to_port(5433)
            .cidr_ipv4("10.23.7.9/16")
            .description("made by the conformance suite")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("security-group-ingress-rule", security_group_ingress_rule, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn subnet(stack: &mut Stack) {
    stack.component("subnet", |stack| {
        // AWS does not tell `ipv4_ipam_pool_id`, `ipv6_ipam_pool_id`: the code leaves it out.
        let subnet = ec2::Subnet::builder()
            .vpc(ec2::VpcId::new("vpc-id-1"))
            .cidr_block("10.20.1.0/24")
            .availability_zone("eu-west-1a")
            .map_public_ip_on_launch(true)
            .hostname_type(ec2::HostnameType::ResourceName)
            .enable_resource_name_dns_a_record(true)
            .enable_lni_at_device_index(1)
            .tags([("kubernetes.io/role/elb", "1")])
            .build();
        stack.add_with("subnet", subnet, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn vpc(stack: &mut Stack) {
    stack.component("vpc", |stack| {
        // AWS does not tell `ipv4_ipam_pool_id`: the code leaves it out.
        let vpc = ec2::Vpc::builder()
            .cidr_block("10.7.0.0/16")
            .enable_dns_hostnames(true)
            .instance_tenancy(ec2::Tenancy::Dedicated)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("vpc", vpc, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn vpc_endpoint(stack: &mut Stack) {
    stack.component("vpc-endpoint", |stack| {
        let vpc_endpoint_policy =
            iam::Statement::allow().principal(iam::Principal::anybody()).action("ecr:*").resource("*");
        let vpc_endpoint_policy = iam::PolicyDocument::of([vpc_endpoint_policy]);
        let vpc_endpoint = ec2::VpcEndpoint::builder()
            .vpc(ec2::VpcId::new("vpc-id-1"))
            .service_name("com.amazonaws.eu-west-1.ecr.api")
            .endpoint_type(ec2::VpcEndpointType::Interface)
            .policy(vpc_endpoint_policy)
            .subnets([ec2::SubnetId::new("subnet-id-1")])
            .security_groups([ec2::SecurityGroupId::new("group-id-1")])
            .private_dns_enabled(true)
            .ip_address_type(ec2::EndpointAddresses::Ipv4)
            .dns_record_ip_type(ec2::EndpointRecords::Ipv4)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("vpc-endpoint", vpc_endpoint, options().import("the-id"));
    });
}
