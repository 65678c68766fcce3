//! Every row of the table, with attributes as the tools write them, and the id as our type's file has it.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Terraform's type, its attributes, our type, our id.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

const ROLE: &str = "arn:aws:iam::123456789012:role/admin";
const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/1";
const PORT: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/a/1/2";
const RULE: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/a/1/2/3";
const TARGETS: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/1";
const POLICY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const ACCESS: &str = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";
const TOLD: &str = "arn:aws:sns:eu-west-1:123456789012:orders:0a1b2c3d-0000-0000-0000-000000000000";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/env-Ab12Cd";
const OIDC: &str = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB";

const CERTIFICATE: &str = "arn:aws:acm:us-east-1:123456789012:certificate/0123";

const THINGS: &[Case] = &[
    ("aws_acm_certificate", &[("id", CERTIFICATE)], "aws:acm/certificate", CERTIFICATE),
    (
        "aws_acm_certificate_validation",
        &[("id", "2026-01-01 00:00:00 +0000 UTC"), ("certificate_arn", CERTIFICATE)],
        "aws:acm/certificate-validation",
        CERTIFICATE,
    ),
    (
        "aws_cloudfront_cache_policy",
        &[("id", "b2884449-e4de-46a7-ac36-70bc7f1ddd6d")],
        "aws:cloudfront/cache-policy",
        "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
    ),
    ("aws_cloudfront_distribution", &[("id", "EDFDVBD632BHDS5")], "aws:cloudfront/distribution", "EDFDVBD632BHDS5"),
    (
        "aws_cloudfront_origin_access_control",
        &[("id", "E327GJI25M56DG")],
        "aws:cloudfront/origin-access-control",
        "E327GJI25M56DG",
    ),
    (
        "aws_cloudfront_response_headers_policy",
        &[("id", "67f7725c-6f97-4210-82d7-5512b31e9d03")],
        "aws:cloudfront/response-headers-policy",
        "67f7725c-6f97-4210-82d7-5512b31e9d03",
    ),
    ("aws_route53_zone", &[("id", "Z1"), ("zone_id", "Z1")], "aws:route53/hosted-zone", "Z1"),
    (
        "aws_route53_record",
        &[
            ("id", "Z1_www_A"),
            ("zone_id", "Z1"),
            ("name", "www"),
            ("fqdn", "www.example.com"),
            ("type", "A"),
            ("set_identifier", ""),
        ],
        "aws:route53/record-set",
        "Z1|www.example.com|A",
    ),
    (
        "aws_route53_record",
        &[("zone_id", "Z1"), ("fqdn", "www.example.com"), ("type", "A"), ("set_identifier", "blue")],
        "aws:route53/record-set",
        "Z1|www.example.com|A|blue",
    ),
    (
        "aws_ec2_client_vpn_authorization_rule",
        &[
            ("id", "cvpn-endpoint-1,10.0.0.0/16"),
            ("client_vpn_endpoint_id", "cvpn-endpoint-1"),
            ("target_network_cidr", "10.0.0.0/16"),
            ("access_group_id", ""),
        ],
        "aws:ec2/client-vpn-authorization-rule",
        "cvpn-endpoint-1|10.0.0.0/16",
    ),
    (
        "aws_ec2_client_vpn_authorization_rule",
        &[
            ("client_vpn_endpoint_id", "cvpn-endpoint-1"),
            ("target_network_cidr", "10.0.0.0/16"),
            ("access_group_id", "S-1"),
        ],
        "aws:ec2/client-vpn-authorization-rule",
        "cvpn-endpoint-1|10.0.0.0/16|S-1",
    ),
    ("aws_ec2_client_vpn_endpoint", &[("id", "cvpn-endpoint-1")], "aws:ec2/client-vpn-endpoint", "cvpn-endpoint-1"),
    (
        "aws_ec2_client_vpn_network_association",
        &[("id", "cvpn-assoc-1"), ("association_id", "cvpn-assoc-1"), ("client_vpn_endpoint_id", "cvpn-endpoint-1")],
        "aws:ec2/client-vpn-target-network-association",
        "cvpn-endpoint-1|cvpn-assoc-1",
    ),
    (
        "aws_ec2_client_vpn_route",
        &[
            ("id", "cvpn-endpoint-1,subnet-1,0.0.0.0/0"),
            ("client_vpn_endpoint_id", "cvpn-endpoint-1"),
            ("target_vpc_subnet_id", "subnet-1"),
            ("destination_cidr_block", "0.0.0.0/0"),
        ],
        "aws:ec2/client-vpn-route",
        "cvpn-endpoint-1|0.0.0.0/0|subnet-1",
    ),
    ("aws_eip", &[("id", "eipalloc-1"), ("allocation_id", "eipalloc-1")], "aws:ec2/elastic-ip", "eipalloc-1"),
    // Of the time when addresses were not in a VPC, the id was the address.
    ("aws_eip", &[("id", "192.0.2.1"), ("allocation_id", "eipalloc-2")], "aws:ec2/elastic-ip", "eipalloc-2"),
    ("aws_flow_log", &[("id", "fl-1")], "aws:ec2/flow-log", "fl-1"),
    ("aws_instance", &[("id", "i-1")], "aws:ec2/instance", "i-1"),
    ("aws_key_pair", &[("id", "anna"), ("key_pair_id", "key-1")], "aws:ec2/key-pair", "key-1"),
    ("aws_launch_template", &[("id", "lt-1")], "aws:ec2/launch-template", "lt-1"),
    ("aws_network_acl", &[("id", "acl-1")], "aws:ec2/network-acl", "acl-1"),
    (
        "aws_network_acl_association",
        &[("id", "aclassoc-1"), ("subnet_id", "subnet-1"), ("network_acl_id", "acl-1")],
        "aws:ec2/network-acl-association",
        "subnet-1",
    ),
    (
        "aws_network_acl_rule",
        &[("id", "nacl-4242"), ("network_acl_id", "acl-1"), ("egress", "false"), ("rule_number", "100")],
        "aws:ec2/network-acl-entry",
        "acl-1|false|100",
    ),
    ("aws_ec2_managed_prefix_list", &[("id", "pl-1")], "aws:ec2/prefix-list", "pl-1"),
    ("aws_internet_gateway", &[("id", "igw-1")], "aws:ec2/internet-gateway", "igw-1"),
    ("aws_nat_gateway", &[("id", "nat-1")], "aws:ec2/nat-gateway", "nat-1"),
    (
        "aws_route",
        &[("id", "r-rtb-11080289494"), ("route_table_id", "rtb-1"), ("destination_cidr_block", "0.0.0.0/0")],
        "aws:ec2/route",
        "rtb-1|0.0.0.0/0",
    ),
    (
        "aws_route",
        &[
            ("id", "r-rtb-12750132062"),
            ("route_table_id", "rtb-1"),
            ("destination_cidr_block", ""),
            ("destination_ipv6_cidr_block", "::/0"),
        ],
        "aws:ec2/route",
        "rtb-1|::/0",
    ),
    (
        "aws_route",
        &[("route_table_id", "rtb-1"), ("destination_prefix_list_id", "pl-1")],
        "aws:ec2/route",
        "rtb-1|pl-1",
    ),
    ("aws_route_table", &[("id", "rtb-1")], "aws:ec2/route-table", "rtb-1"),
    (
        "aws_route_table_association",
        &[("id", "rtbassoc-1"), ("subnet_id", "subnet-1"), ("route_table_id", "rtb-1"), ("gateway_id", "")],
        "aws:ec2/route-table-association",
        "subnet-1",
    ),
    ("aws_security_group", &[("id", "sg-1")], "aws:ec2/security-group", "sg-1"),
    ("aws_vpc_security_group_egress_rule", &[("id", "sgr-1")], "aws:ec2/security-group-egress-rule", "sgr-1"),
    ("aws_vpc_security_group_ingress_rule", &[("id", "sgr-2")], "aws:ec2/security-group-ingress-rule", "sgr-2"),
    (
        "aws_security_group_rule",
        &[("id", "sgrule-4242"), ("type", "ingress"), ("security_group_rule_id", "sgr-3")],
        "aws:ec2/security-group-ingress-rule",
        "sgr-3",
    ),
    (
        "aws_security_group_rule",
        &[("id", "sgrule-4243"), ("type", "egress"), ("security_group_rule_id", "sgr-4")],
        "aws:ec2/security-group-egress-rule",
        "sgr-4",
    ),
    ("aws_subnet", &[("id", "subnet-1")], "aws:ec2/subnet", "subnet-1"),
    ("aws_vpc", &[("id", "vpc-1")], "aws:ec2/vpc", "vpc-1"),
    ("aws_vpc_endpoint", &[("id", "vpce-1")], "aws:ec2/vpc-endpoint", "vpce-1"),
    (
        "aws_cloudcontrolapi_resource",
        &[("id", "reports"), ("type_name", "AWS::Athena::WorkGroup")],
        "aws:cloudcontrol/resource",
        "AWS::Athena::WorkGroup|reports",
    ),
    ("aws_ecr_repository", &[("id", "team/web")], "aws:ecr/repository", "team/web"),
    (
        "aws_eks_access_entry",
        &[("id", "main:arn"), ("cluster_name", "main"), ("principal_arn", ROLE)],
        "aws:eks/access-entry",
        "main|arn:aws:iam::123456789012:role/admin",
    ),
    (
        "aws_eks_access_policy_association",
        &[("id", "main#…#…"), ("cluster_name", "main"), ("principal_arn", ROLE), ("policy_arn", ACCESS)],
        "aws:eks/access-policy-association",
        "main|arn:aws:iam::123456789012:role/admin|arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    ),
    (
        "aws_eks_addon",
        &[("id", "main:coredns"), ("cluster_name", "main"), ("addon_name", "coredns")],
        "aws:eks/addon",
        "main|coredns",
    ),
    ("aws_eks_cluster", &[("id", "main"), ("name", "main")], "aws:eks/cluster", "main"),
    (
        "aws_eks_fargate_profile",
        &[("id", "main:batch"), ("cluster_name", "main"), ("fargate_profile_name", "batch")],
        "aws:eks/fargate-profile",
        "main|batch",
    ),
    (
        "aws_eks_node_group",
        &[("id", "main:general"), ("cluster_name", "main"), ("node_group_name", "general")],
        "aws:eks/node-group",
        "main|general",
    ),
    (
        "aws_eks_pod_identity_association",
        &[("cluster_name", "main"), ("association_id", "a-1")],
        "aws:eks/pod-identity-association",
        "main|a-1",
    ),
    (
        "aws_elasticache_parameter_group",
        &[("id", "redis7"), ("name", "redis7")],
        "aws:elasticache/parameter-group",
        "redis7",
    ),
    ("aws_elasticache_replication_group", &[("id", "cache")], "aws:elasticache/replication-group", "cache"),
    ("aws_elasticache_subnet_group", &[("id", "cache"), ("name", "cache")], "aws:elasticache/subnet-group", "cache"),
    ("aws_iam_instance_profile", &[("id", "nodes"), ("name", "nodes")], "aws:iam/instance-profile", "nodes"),
    ("aws_iam_openid_connect_provider", &[("id", OIDC), ("arn", OIDC)], "aws:iam/open-id-connect-provider", OIDC),
    ("aws_iam_policy", &[("id", POLICY), ("arn", POLICY)], "aws:iam/policy", POLICY),
    ("aws_iam_role", &[("id", "admin"), ("name", "admin"), ("arn", ROLE)], "aws:iam/role", "admin"),
    (
        "aws_iam_role_policy",
        &[("id", "admin:inline"), ("role", "admin"), ("name", "inline")],
        "aws:iam/role-policy",
        "admin|inline",
    ),
    (
        "aws_iam_role_policy_attachment",
        &[("id", "admin-20240121143236117600000009"), ("role", "admin"), ("policy_arn", POLICY)],
        "aws:iam/role-policy-attachment",
        "admin|arn:aws:iam::aws:policy/ReadOnlyAccess",
    ),
    ("aws_kms_alias", &[("id", "alias/app"), ("name", "alias/app")], "aws:kms/alias", "alias/app"),
    ("aws_kms_key", &[("id", "1234-abcd"), ("key_id", "1234-abcd")], "aws:kms/key", "1234-abcd"),
    ("aws_cloudwatch_log_group", &[("id", "/app"), ("name", "/app")], "aws:logs/log-group", "/app"),
    ("aws_rds_cluster", &[("id", "orders"), ("cluster_identifier", "orders")], "aws:rds/cluster", "orders"),
    ("aws_rds_cluster_instance", &[("id", "one"), ("identifier", "one")], "aws:rds/cluster-instance", "one"),
    (
        "aws_rds_cluster_parameter_group",
        &[("id", "apg16"), ("name", "apg16")],
        "aws:rds/cluster-parameter-group",
        "apg16",
    ),
    // Since version 5 of the provider the id is the resource id.
    ("aws_iam_service_linked_role", &[("id", ROLE), ("name", "linked")], "aws:iam/service-linked-role", "linked"),
    ("aws_efs_file_system", &[("id", "fs-1")], "aws:efs/file-system", "fs-1"),
    ("aws_efs_mount_target", &[("id", "fsmt-1")], "aws:efs/mount-target", "fsmt-1"),
    ("aws_lb", &[("id", BALANCER), ("arn", BALANCER)], "aws:elbv2/load-balancer", BALANCER),
    ("aws_alb", &[("id", BALANCER), ("arn", BALANCER)], "aws:elbv2/load-balancer", BALANCER),
    ("aws_lb_listener", &[("id", PORT), ("arn", PORT)], "aws:elbv2/listener", PORT),
    ("aws_alb_listener", &[("id", PORT), ("arn", PORT)], "aws:elbv2/listener", PORT),
    ("aws_lb_listener_rule", &[("id", RULE), ("arn", RULE)], "aws:elbv2/listener-rule", RULE),
    ("aws_alb_listener_rule", &[("id", RULE), ("arn", RULE)], "aws:elbv2/listener-rule", RULE),
    ("aws_lb_target_group", &[("id", TARGETS), ("arn", TARGETS)], "aws:elbv2/target-group", TARGETS),
    ("aws_alb_target_group", &[("id", TARGETS), ("arn", TARGETS)], "aws:elbv2/target-group", TARGETS),
    ("aws_db_instance", &[("id", "db-ABC"), ("identifier", "app")], "aws:rds/instance", "app"),
    ("aws_db_parameter_group", &[("id", "pg16"), ("name", "pg16")], "aws:rds/parameter-group", "pg16"),
    ("aws_db_subnet_group", &[("id", "db"), ("name", "db")], "aws:rds/subnet-group", "db"),
    ("aws_s3_bucket", &[("id", "files"), ("bucket", "files")], "aws:s3/bucket", "files"),
    ("aws_s3_bucket_policy", &[("id", "files"), ("bucket", "files")], "aws:s3/bucket-policy", "files"),
    ("aws_cloudwatch_metric_alarm", &[("id", "slow"), ("alarm_name", "slow")], "aws:cloudwatch/alarm", "slow"),
    ("aws_dynamodb_table", &[("id", "orders"), ("name", "orders")], "aws:dynamodb/table", "orders"),
    ("aws_sns_topic", &[("id", TOPIC), ("arn", TOPIC)], "aws:sns/topic", TOPIC),
    ("aws_sns_topic_subscription", &[("id", TOLD), ("arn", TOLD)], "aws:sns/subscription", TOLD),
    ("aws_sns_topic_policy", &[("id", TOPIC), ("arn", TOPIC)], "aws:sns/topic-policy", TOPIC),
    ("aws_sqs_queue_policy", &[("id", QUEUE), ("queue_url", QUEUE)], "aws:sqs/queue-policy", QUEUE),
    ("aws_sqs_queue", &[("id", QUEUE), ("url", QUEUE)], "aws:sqs/queue", QUEUE),
    ("aws_ssm_parameter", &[("id", "/app/url"), ("name", "/app/url")], "aws:ssm/parameter", "/app/url"),
    ("aws_secretsmanager_secret", &[("id", SECRET), ("arn", SECRET)], "aws:secretsmanager/secret", SECRET),
];

/// Looks attributes up in Terraform's spelling.
fn snake<'a>(attributes: &'a [(&'static str, &'static str)]) -> impl Fn(&str) -> Attribute + 'a {
    |name| look(attributes.iter().map(|(key, value)| ((*key).to_owned(), *value)), name)
}

fn look(mut attributes: impl Iterator<Item = (String, &'static str)>, name: &str) -> Attribute {
    match attributes.find(|(key, _)| key == name) {
        Some((_, value)) if !value.is_empty() => Attribute::Text(value.to_owned()),
        _ => Attribute::Missing,
    }
}

fn row(terraform: &str) -> &'static Type {
    TYPES.iter().find(|known| known.terraform == terraform).unwrap_or_else(|| panic!("no row of {terraform}"))
}

#[test]
fn every_id_is_made_as_our_type_has_it() {
    for (terraform, attributes, kind, id) in THINGS {
        let wanted = Is::Thing { kind, id: (*id).to_owned() };
        assert_eq!(of_terraform(terraform, snake(attributes)), wanted, "{terraform}");
        for pulumi in row(terraform).pulumi {
            let spelled = |name: &str| look(attributes.iter().map(|(key, value)| (camel(key), *value)), name);
            assert_eq!(of_pulumi(pulumi, spelled), wanted, "{pulumi}");
        }
    }
}

#[test]
fn every_row_of_a_thing_has_a_case_and_every_type_of_ours_a_row() {
    let tested: BTreeSet<&str> = THINGS.iter().map(|(terraform, ..)| *terraform).collect();
    let mut ours: BTreeSet<&str> = formwork_aws::schemas().iter().map(|schema| schema.kind).collect();
    for known in TYPES {
        let kinds: Vec<&str> = match &known.becomes {
            Becomes::Kind { kind, .. } => vec![kind],
            Becomes::Either { cases, .. } => cases.iter().map(|(_, kind)| *kind).collect(),
            Becomes::Part { .. } | Becomes::Nothing(_) => continue,
        };
        assert!(tested.contains(known.terraform), "{} has no case", known.terraform);
        let cases: BTreeSet<&str> = THINGS
            .iter()
            .filter(|(terraform, ..)| *terraform == known.terraform)
            .map(|(_, _, kind, _)| *kind)
            .collect();
        assert_eq!(cases, kinds.iter().copied().collect(), "{}", known.terraform);
        for kind in kinds {
            assert!(formwork_aws::schemas().iter().any(|schema| schema.kind == kind), "{kind} is no type");
            ours.remove(kind);
        }
    }
    ours.retain(|kind| !WITHOUT.iter().any(|(without, why)| without == kind && !why.is_empty()));
    assert!(ours.is_empty(), "no row and no reason: {ours:?}");
}

/// Types of ours that neither tool has, with the reason.
const WITHOUT: &[(&str, &str)] = &[];

#[test]
fn names_are_used_once_and_parts_are_arguments() {
    let schemas: BTreeMap<&str, &formwork_engine::Schema> =
        formwork_aws::schemas().into_iter().map(|schema| (schema.kind, schema)).collect();
    let mut names = BTreeSet::new();
    for known in TYPES {
        for name in known.pulumi.iter().chain([&known.terraform]) {
            assert!(names.insert(name), "{name} is there twice");
        }
        for token in known.pulumi {
            // `aws:ec2/vpc:Vpc`: the file is the class, with a small letter.
            let (module, class) = token.strip_prefix("aws:").and_then(|rest| rest.split_once(':')).unwrap();
            let file = module.split_once('/').unwrap().1;
            assert_eq!(file[1..], class[1..], "{token}");
            assert_eq!(file[..1], class[..1].to_lowercase(), "{token}");
        }
        match &known.becomes {
            Becomes::Part { kind, argument, .. } => {
                assert!(schemas[kind].arg(argument).is_some(), "{}: {kind} has no `{argument}`", known.terraform);
            }
            Becomes::Nothing(why) => assert!(!why.is_empty() && !why.ends_with('.'), "{}: {why}", known.terraform),
            Becomes::Kind { .. } | Becomes::Either { .. } => {}
        }
    }
}

#[test]
fn parts_name_the_resource_that_they_are_part_of() {
    for known in TYPES {
        let Becomes::Part { kind, of, argument } = &known.becomes else { continue };
        let spelled = |name: &str| match name == *of {
            true => Attribute::Text("whole".to_owned()),
            false => Attribute::Missing,
        };
        let wanted = Is::Part { kind, of: Some("whole".to_owned()), argument };
        assert_eq!(of_terraform(known.terraform, spelled), wanted);
        for pulumi in known.pulumi {
            let spelled = |name: &str| spelled(if name == camel(of) { of } else { "" });
            assert_eq!(of_pulumi(pulumi, spelled), wanted);
        }
        let none = Is::Part { kind, of: None, argument };
        assert_eq!(of_terraform(known.terraform, |_| Attribute::Missing), none);
    }
}

#[track_caller]
fn unsupported(is: Is, why: &str) {
    let Is::Unsupported(said) = is else { panic!("{is:?}") };
    assert!(said.contains(why), "{said}");
}

#[test]
fn what_is_not_known_or_has_no_counterpart_says_why() {
    let none = |_: &str| Attribute::Missing;
    unsupported(of_terraform("aws_lambda_function", none), "no type for aws_lambda_function");
    unsupported(of_terraform("random_password", none), "random_password is no resource of AWS");
    unsupported(of_terraform("awscc_ec2_vpc", none), "awscc");
    unsupported(of_pulumi("aws:lambda/function:Function", none), "no type for aws:lambda/function:Function");
    unsupported(of_pulumi("aws-native:ec2:Vpc", none), "aws-native");
    unsupported(of_pulumi("random:index/randomPet:RandomPet", none), "no resource of AWS");
    unsupported(of_terraform("aws_default_vpc", none), "never managed");
    unsupported(of_terraform("aws_vpc", none), "does not say its id");
    unsupported(of_terraform("aws_vpc", |_| Attribute::Withheld), "marked as a secret");
    let several = [("id", "sgrule-1"), ("type", "ingress"), ("security_group_rule_id", "")];
    unsupported(of_terraform("aws_security_group_rule", snake(&several)), "stands for several rules");
    unsupported(of_terraform("aws_security_group_rule", none), "none of ingress, egress");
    let gateway = [("id", "rtbassoc-1"), ("gateway_id", "igw-1"), ("subnet_id", "")];
    unsupported(of_terraform("aws_route_table_association", snake(&gateway)), "associates subnets only");
}

#[test]
fn attributes_of_pulumi_are_in_camel_case() {
    for (snake, wanted) in
        [("id", "id"), ("route_table_id", "routeTableId"), ("destination_ipv6_cidr_block", "destinationIpv6CidrBlock")]
    {
        assert_eq!(camel(snake), wanted);
    }
}
