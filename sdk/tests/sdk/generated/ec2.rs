//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn client_vpn_authorization_rule(stack: &mut Stack) {
    stack.component("client-vpn-authorization-rule", |stack| {
        let client_vpn_authorization_rule = ec2::ClientVpnAuthorizationRule::builder()
            .client_vpn_endpoint(ec2::ClientVpnEndpointId::new("endpoint-id-1"))
            .target_network_cidr("10.44.3.1/16")
            .access(ec2::ClientVpnAccess::group("S-1-5-21-1-2-3-513"))
            .description("developers")
            .build();
        stack.add_with("client-vpn-authorization-rule", client_vpn_authorization_rule, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn client_vpn_endpoint(stack: &mut Stack) {
    stack.component("client-vpn-endpoint", |stack| {
        let client_vpn_endpoint_connect_handler =
            ec2::ConnectHandler::function(Arn::new("arn:aws:lambda:eu-west-1:123456789012:function:AWSClientVPN-Ask"));
        let client_vpn_endpoint = ec2::ClientVpnEndpoint::builder()
            .client_cidr_block("10.200.0.7/22")
            .server_certificate(Arn::new("server-id-1"))
            .authentication([ec2::Authentication::certificate(Arn::new("chain-id-1"))])
            .connection_log(ec2::ConnectionLog::log_group(logs::LogGroupName::new("log-id-1")))
            .connect_handler(client_vpn_endpoint_connect_handler)
            .login_banner("Welcome, and be careful")
            .enforce_client_routes(true)
            .description("for people")
            .dns_servers(["10.41.0.2", "1.1.1.1"])
            .split_tunnel(true)
            .self_service_portal(true)
            .session_timeout_hours(12)
            .disconnect_on_session_timeout(false)
            .vpc(ec2::VpcId::new("vpc-id-1"))
            .security_groups([ec2::SecurityGroupId::new("clients-id-1")])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("client-vpn-endpoint", client_vpn_endpoint, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn client_vpn_route(stack: &mut Stack) {
    stack.component("client-vpn-route", |stack| {
        let client_vpn_route = ec2::ClientVpnRoute::builder()
            .client_vpn_endpoint(ec2::ClientVpnEndpointId::new("endpoint-id-1"))
            .destination_cidr_block("192.168.7.7/16")
            .target_subnet(ec2::SubnetId::new("one-id-1"))
            .description("the office")
            .build();
        stack.add_with("client-vpn-route", client_vpn_route, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn client_vpn_target_network_association(stack: &mut Stack) {
    stack.component("client-vpn-target-network-association", |stack| {
        let client_vpn_target_network_association = ec2::ClientVpnTargetNetworkAssociation::builder()
            .client_vpn_endpoint(ec2::ClientVpnEndpointId::new("endpoint-id-1"))
            .subnet(ec2::SubnetId::new("one-id-1"))
            .build();
        stack.add_with(
            "client-vpn-target-network-association",
            client_vpn_target_network_association,
            options().import("the-id"),
        );
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn elastic_ip(stack: &mut Stack) {
    stack.component("elastic-ip", |stack| {
        // AWS does not tell `ipam_pool_id`, `transfer_address`: the code leaves it out.
        let egress_a = ec2::ElasticIp::builder()
            .instance(ec2::InstanceId::new("host-id-1"))
            .address("198.51.100.23")
            .tags([("Name", "egress-a")])
            .build();
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
pub fn instance(stack: &mut Stack) {
    stack.component("instance", |stack| {
        // AWS does not tell `additional_info`, `associate_public_ip`, `launch_template`, `license_configurations`: the
        // code leaves it out.
        let host_private_dns_names = ec2::PrivateDnsNames::builder()
            .hostname_type(ec2::HostnameType::IpName)
            .resource_name_a_record(false)
            .build();
        let host = ec2::Instance::builder()
            .ami(ec2::AmiId::new("ami-id-1"))
            .instance_type("t3.micro")
            .subnet(ec2::SubnetId::new("a-id-1"))
            .availability_zone("eu-west-1a")
            .security_groups([ec2::SecurityGroupId::new("hosts-id-1")])
            .key_pair(ec2::KeyPairName::new("Hosts-1-name-1"))
            .instance_profile(iam::InstanceProfileName::new("Hosts-1-id-1"))
            .user_data("#!/bin/sh\necho ä > /tmp/started\n")
            .metadata_options(ec2::MetadataOptions::builder().hop_limit(2).tags(true).build())
            .monitoring(true)
            .ebs_optimized(true)
            .private_ip_address("10.29.1.77")
            .source_dest_check(false)
            .termination_protection(true)
            .shutdown_behavior(ec2::ShutdownBehavior::Terminate)
            .volume_tags([("of", "host"), ("team", "a")])
            .cpu_credits(ec2::CpuCredits::Standard)
            .cpu_options(ec2::CpuOptions::builder().core_count(1).threads_per_core(1).build())
            .tenancy(ec2::HostTenancy::Default)
            .private_dns_names(host_private_dns_names)
            .tags([("Name", "host"), ("cost", "1")])
            .build();
        stack.add_with("host", host, options().import("the-id"));
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
pub fn key_pair(stack: &mut Stack) {
    stack.component("key-pair", |stack| {
        let conformance_key = ec2::KeyPair::builder()
            .name("Conformance-Key")
            .public_key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIESRu+F5HH74W8WWGBAtysAWMqolk8RHIYUllXU4JCP7 anna")
            .key_type(ec2::KeyType::Ed25519)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Key", conformance_key, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn launch_template(stack: &mut Stack) {
    stack.component("launch-template", |stack| {
        // AWS does not tell `keep_versions`: the code leaves it out.
        let conformance_template_data_network_interfaces = ec2::TemplateInterface::builder()
            .security_groups([ec2::SecurityGroupId::new("sg-0123456789abcdef0")])
            .associate_public_ip(false)
            .delete_on_termination(true)
            .build();
        let conformance_template_data_block_devices = ec2::BlockDevice::builder()
            .device_name("/dev/xvda")
            .volume_size(20)
            .volume_type(ec2::VolumeType::Gp3)
            .iops(4000)
            .throughput(250)
            .encrypted(true)
            .delete_on_termination(true)
            .build();
        let conformance_template_data_placement =
            ec2::TemplatePlacement::builder().tenancy(ec2::HostTenancy::Dedicated).group_name("nodes").build();
        let conformance_template_data_private_dns_names = ec2::PrivateDnsNames::builder()
            .hostname_type(ec2::HostnameType::ResourceName)
            .resource_name_a_record(true)
            .build();
        let conformance_template_data_capacity_reservation =
            ec2::CapacityReservation::builder().preference(ec2::CapacityReservationPreference::None).build();
        let conformance_template_data = ec2::LaunchTemplateData::builder()
            .ami(ec2::AmiId::new("ami-0123456789abcdef0"))
            .instance_type("m7g.large")
            .key_pair(ec2::KeyPairName::new("nodes"))
            .instance_profile(iam::InstanceProfileName::new("nodes"))
            .network_interfaces([conformance_template_data_network_interfaces])
            .block_devices([conformance_template_data_block_devices])
            .metadata_options(ec2::MetadataOptions::builder().hop_limit(2).tags(true).build())
            .monitoring(true)
            .ebs_optimized(true)
            .termination_protection(true)
            .stop_protection(false)
            .shutdown_behavior(ec2::ShutdownBehavior::Terminate)
            .cpu_credits(ec2::CpuCredits::Standard)
            .cpu_options(ec2::CpuOptions::builder().core_count(1).threads_per_core(1).build())
            .hibernation(false)
            .enclaves(false)
            .placement(conformance_template_data_placement)
            .private_dns_names(conformance_template_data_private_dns_names)
            .spot(ec2::SpotOptions::builder().max_price("0.05").request(ec2::SpotRequest::OneTime).build())
            .capacity_reservation(conformance_template_data_capacity_reservation)
            .license_configurations(["arn:aws:license-manager:eu-west-1:123456789012:license-configuration:lic-1"])
            .auto_recovery(false)
            .resource_tags([("instance", [("team", "a")])])
            .build();
        let conformance_template = ec2::LaunchTemplate::builder()
            .name("Conformance-Template")
            .data(conformance_template_data)
            .user_data("#!/bin/sh\ntrue\n")
            .version_description("the first")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Template", conformance_template, options().import("the-id"));
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
pub fn network_acl(stack: &mut Stack) {
    stack.component("network-acl", |stack| {
        let network_acl =
            ec2::NetworkAcl::builder().vpc(ec2::VpcId::new("vpc-id-1")).tags([("cost", "1"), ("team", "a")]).build();
        stack.add_with("network-acl", network_acl, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn network_acl_association(stack: &mut Stack) {
    stack.component("network-acl-association", |stack| {
        let network_acl_association = ec2::NetworkAclAssociation::builder()
            .subnet(ec2::SubnetId::new("subnet-id-1"))
            .network_acl(ec2::NetworkAclId::new("acl-id-1"))
            .build();
        stack.add_with("network-acl-association", network_acl_association, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn network_acl_entry(stack: &mut Stack) {
    stack.component("network-acl-entry", |stack| {
        let network_acl_entry = ec2::NetworkAclEntry::builder()
            .network_acl(ec2::NetworkAclId::new("acl-id-1"))
            .rule_number(100)
            .protocol("tcp")
            .action(ec2::RuleAction::Allow)
            .cidr_block("10.34.7.9/16")
            .from_port(5432)
            .to_port(5433)
            .build();
        stack.add_with("network-acl-entry", network_acl_entry, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn prefix_list(stack: &mut Stack) {
    stack.component("prefix-list", |stack| {
        let prefix_list = ec2::PrefixList::builder()
            .name("Conformance")
            .address_family(ec2::AddressFamily::Ipv4)
            .max_entries(3)
            .entries([
                ec2::PrefixEntry::builder().cidr("198.51.100.7/24").description("office").build(),
                ec2::PrefixEntry::builder().cidr("203.0.113.0/24").description("partner").build(),
            ])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("prefix-list", prefix_list, options().import("the-id"));
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
