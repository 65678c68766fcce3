//! The examples of a load balancer.

use formwork_engine::{Expr, Stack, Value};

use super::{
    ClientRouting, DesyncMitigation, ForwardedFor, IpAddressType, LoadBalancer, LoadBalancerType, Logs, Scheme,
    SubnetMapping,
};
use crate::conformance::{Conformance, Conforms};
use crate::ec2::{InternetGateway, SecurityGroup, Subnet, Vpc};
use crate::s3::Bucket;

impl Conforms for LoadBalancer {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.71.0.0/16").build());
        stack.add("gateway", InternetGateway::builder().vpc(&vpc).build());
        let mut subnet = |name: &str, cidr: &str, zone: &str| {
            stack.add(name, Subnet::builder().vpc(&vpc).cidr_block(cidr).availability_zone(zone).build())
        };
        let a = subnet("a", "10.71.1.0/24", "eu-west-1a");
        let b = subnet("b", "10.71.2.0/24", "eu-west-1b");
        let c = subnet("c", "10.71.3.0/24", "eu-west-1c");
        let mut group = |name: &str| {
            let group = SecurityGroup::builder().name(format!("Balancer-{name}")).description("of a load balancer");
            stack.add(name, group.vpc(&vpc).build())
        };
        let (one, two) = (group("one"), group("two"));
        let logs = stack.add("logs", Bucket::builder().name(formwork_engine::prefix("conformance-elb-logs")).build());
        let to = |prefix: &str| Logs::builder().bucket(&logs).prefix(prefix).build();
        let base = LoadBalancer::builder()
            .name("Conformance-Balancer")
            .scheme(Scheme::InternetFacing)
            .subnets([&a, &b])
            .security_groups([&one])
            .ip_address_type(IpAddressType::Ipv4)
            .minimum_capacity_units(100)
            .deletion_protection(true)
            .cross_zone(true)
            .access_logs(to("access"))
            .connection_logs(to("connections"))
            .health_check_logs(to("checks"))
            .deny_all_internet_gateway_traffic(true)
            .zonal_shift(true)
            .idle_timeout_seconds(120)
            .client_keep_alive_seconds(600)
            .desync_mitigation(DesyncMitigation::Strictest)
            .drop_invalid_headers(true)
            .preserve_host_header(true)
            .tls_headers(true)
            .forwarded_for_port(true)
            .forwarded_for(ForwardedFor::Preserve)
            .http2(false)
            .waf_fail_open(true)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let nothing = Expr::null;
        let mapping = |subnet, address: &str| {
            Expr::from(SubnetMapping::builder().subnet(subnet).private_ipv4_address(address).build())
        };
        Conformance::of(base)
            .change("subnets", vec![Expr::from(&b), Expr::from(&c)])
            .together_with("security_groups", vec![Expr::from(&one), Expr::from(&two)])
            .together_with("minimum_capacity_units", 200)
            .change("ip_address_type", "dualstack")
            .together_with("tags", [("team", "b")])
            .change("deletion_protection", false)
            .together_with("cross_zone", false)
            .together_with("access_logs", to("access-2"))
            .together_with("connection_logs", to("connections-2"))
            .together_with("health_check_logs", to("checks-2"))
            .together_with("deny_all_internet_gateway_traffic", false)
            .together_with("zonal_shift", false)
            .together_with("idle_timeout_seconds", 60)
            .together_with("client_keep_alive_seconds", 3600)
            .together_with("desync_mitigation", "monitor")
            .together_with("drop_invalid_headers", false)
            .together_with("preserve_host_header", false)
            .together_with("tls_headers", false)
            .together_with("forwarded_for_port", false)
            .together_with("forwarded_for", "remove")
            .together_with("http2", true)
            .together_with("waf_fail_open", false)
            .change("name", "Conformance-Balancer-2")
            .change("scheme", "internal")
            // What only one sort has goes with it.
            .change("sort", LoadBalancerType::Network.as_str())
            .together_with("connection_logs", nothing())
            .together_with("health_check_logs", nothing())
            .together_with("idle_timeout_seconds", nothing())
            .together_with("client_keep_alive_seconds", nothing())
            .together_with("desync_mitigation", nothing())
            .together_with("drop_invalid_headers", nothing())
            .together_with("preserve_host_header", nothing())
            .together_with("tls_headers", nothing())
            .together_with("forwarded_for_port", nothing())
            .together_with("forwarded_for", nothing())
            .together_with("http2", nothing())
            .together_with("waf_fail_open", nothing())
            .together_with("minimum_capacity_units", 0)
            .together_with("client_routing", ClientRouting::Affinity.as_str())
            .together_with("secondary_ips_per_subnet", 1)
            .together_with("enable_prefix_for_ipv6_source_nat", "on")
            .together_with("enforce_security_group_inbound_rules_on_private_link_traffic", "off")
            .change("client_routing", ClientRouting::PartialAffinity.as_str())
            .together_with("secondary_ips_per_subnet", 2)
            .together_with("enable_prefix_for_ipv6_source_nat", "off")
            .together_with("enforce_security_group_inbound_rules_on_private_link_traffic", "on")
            .change("subnet_mappings", vec![mapping(&b, "10.71.2.10"), mapping(&c, "10.71.3.10")])
            .together_with("subnets", nothing())
            .change("subnet_mappings", vec![mapping(&a, "10.71.1.10"), mapping(&c, "10.71.3.10")])
            .together_with("deletion_protection", Value::Bool(true))
            .unseen("ipv4_ipam_pool_id", "the emulator has no pools of addresses")
    }
}
