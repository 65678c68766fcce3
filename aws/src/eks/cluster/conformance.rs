//! The example of the conformance suite.

use formwork_engine::{Expr, Stack};

use super::{AuthenticationMode, AutoMode, Cluster, ControlPlaneTier, IpFamily, LogType, SupportType};
use crate::conformance::{Conformance, Conforms};
use crate::ec2::{SecurityGroup, Subnet, Vpc};
use crate::iam::{PolicyDocument, Principal, Role, Statement};
use crate::kms::Key;

impl Conforms for Cluster {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let trust = |service| {
            PolicyDocument::of([Statement::allow().principal(Principal::service(service)).action("sts:AssumeRole")])
        };
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.20.0.0/16").build());
        let mut subnet = |name: &str, cidr: &str, zone: &str| {
            stack.add(name, Subnet::builder().vpc(&vpc).cidr_block(cidr).availability_zone(zone).build())
        };
        let a = subnet("a", "10.20.1.0/24", "eu-west-1a");
        let b = subnet("b", "10.20.2.0/24", "eu-west-1b");
        let c = subnet("c", "10.20.3.0/24", "eu-west-1c");
        let group = stack.add(
            "group",
            SecurityGroup::builder().name("eks-conformance").description("control plane").vpc(&vpc).build(),
        );
        let key = stack.add("key", Key::builder().description("cluster secrets").build());
        let mut role = |name: &str| {
            stack.add(name, Role::builder().name(name).assume_role_policy(trust("eks.amazonaws.com")).build())
        };
        let (one, two) = (role("eks-conformance-1"), role("eks-conformance-2"));
        let base = Cluster::builder()
            .name("Conformance")
            .role_arn(&one.arn)
            .version("1.31")
            .subnets([&a, &b])
            .security_groups([&group])
            .endpoint_private_access(true)
            .endpoint_public_access(true)
            .public_access_cidrs(["192.0.2.0/24"])
            .service_ipv4_cidr("172.20.0.0/16")
            .ip_family(IpFamily::Ipv4)
            .log_types([LogType::Api, LogType::Audit])
            .authentication_mode(AuthenticationMode::ApiAndConfigMap)
            .bootstrap_creator_admin(false)
            .bootstrap_self_managed_addons(false)
            .support_type(SupportType::Standard)
            .zonal_shift(false)
            .control_plane_tier(ControlPlaneTier::Standard)
            .remote_node_networks(["10.80.0.0/16"])
            .remote_pod_networks(["10.81.0.0/16"])
            .deletion_protection(false)
            .force_upgrade(false)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let auto = |pool: &str| AutoMode::builder().node_pools([pool]).node_role_arn(&two.arn).build();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("version", "1.33")
            .change("subnets", vec![Expr::from(&a), Expr::from(&b), Expr::from(&c)])
            .change("security_groups", Vec::<Expr>::new())
            .change("endpoint_public_access", false)
            .together_with("public_access_cidrs", Expr::null())
            .change("endpoint_private_access", false)
            .together_with("endpoint_public_access", true)
            .change("public_access_cidrs", vec![Expr::text("198.51.100.0/24")])
            .change("public_access_cidrs", vec![Expr::text("203.0.113.0/24")])
            .change("log_types", vec![Expr::text("scheduler")])
            .change("secrets_key", &key.arn)
            .change("authentication_mode", "API")
            .change("support_type", "EXTENDED")
            .change("zonal_shift", true)
            .change("control_plane_tier", "tier-xl")
            .change("remote_node_networks", vec![Expr::text("10.82.0.0/16")])
            .change("remote_pod_networks", vec![Expr::text("10.83.0.0/16")])
            .change("auto_mode", auto("system"))
            .change("auto_mode", auto("general-purpose"))
            .change("deletion_protection", true)
            .change("deletion_protection", false)
            .change("force_upgrade", true)
            .change("role_arn", &two.arn)
            .change("service_ipv4_cidr", "172.21.0.0/16")
            .change("ip_family", "ipv6")
            .together_with("service_ipv4_cidr", Expr::null())
            .change("bootstrap_creator_admin", true)
            .change("bootstrap_self_managed_addons", true)
            .change("name", "Conformance-2")
    }
}
