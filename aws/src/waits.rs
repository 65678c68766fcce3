//! How long each type is waited for, held against what is known of the services: a number that is changed in one place only fails here.

use formwork_engine::{Schema, Wait};

/// Delay before the first look, time between looks, answers in a row that must agree, limit; in seconds.
type Numbers = (u64, u64, u32, u64);

/// Of a type that is there when its call answers, and is not waited for.
const AT_ONCE: Numbers = (0, 1, 1, 120);

/// Kind, and the waits after create, update and delete.
const WAITS: &[(&str, Numbers, Numbers, Numbers)] = &[
    // Until its validation records are known.
    ("aws:acm/certificate", (0, 2, 1, 5 * 60), AT_ONCE, AT_ONCE),
    ("aws:acm/certificate-validation", (0, 5, 1, 75 * 60), AT_ONCE, AT_ONCE),
    // Minutes until all edges know; the wait of a delete is the one between being disabled and being deleted.
    ("aws:cloudfront/distribution", (30, 15, 1, 90 * 60), (10, 15, 2, 90 * 60), (30, 15, 1, 90 * 60)),
    // An index of a large table is filled for hours.
    ("aws:dynamodb/table", (2, 2, 1, 30 * 60), (2, 2, 1, 6 * 60 * 60), (2, 2, 1, 20 * 60)),
    ("aws:ec2/vpc", (0, 1, 1, 10 * 60), AT_ONCE, (0, 1, 1, 5 * 60)),
    ("aws:ec2/subnet", (0, 1, 1, 10 * 60), AT_ONCE, (0, 1, 1, 20 * 60)),
    ("aws:ec2/instance", (0, 5, 1, 10 * 60), (0, 5, 1, 20 * 60), (0, 5, 1, 20 * 60)),
    ("aws:ec2/internet-gateway", (0, 1, 1, 20 * 60), AT_ONCE, (0, 1, 1, 20 * 60)),
    ("aws:ec2/elastic-ip", (0, 1, 1, 20 * 60), AT_ONCE, (0, 1, 1, 3 * 60)),
    ("aws:ec2/client-vpn-authorization-rule", (0, 5, 1, 10 * 60), AT_ONCE, (0, 5, 1, 10 * 60)),
    ("aws:ec2/client-vpn-endpoint", (0, 5, 1, 5 * 60), (0, 5, 1, 5 * 60), (0, 5, 1, 5 * 60)),
    ("aws:ec2/client-vpn-route", (0, 5, 1, 10 * 60), AT_ONCE, (0, 5, 1, 10 * 60)),
    // Minutes, in which network interfaces are made or go.
    ("aws:ec2/client-vpn-target-network-association", (30, 10, 1, 30 * 60), AT_ONCE, (30, 10, 1, 30 * 60)),
    ("aws:ec2/nat-gateway", (0, 5, 1, 10 * 60), (0, 5, 1, 10 * 60), (10, 10, 1, 30 * 60)),
    ("aws:ec2/network-acl", (0, 1, 1, 5 * 60), AT_ONCE, (0, 1, 1, 5 * 60)),
    ("aws:ec2/prefix-list", (0, 2, 1, 5 * 60), (0, 2, 1, 5 * 60), (0, 2, 1, 5 * 60)),
    // Must be seen twice in a row.
    ("aws:ec2/route-table", (0, 1, 2, 5 * 60), AT_ONCE, (0, 1, 1, 5 * 60)),
    ("aws:ec2/route", (0, 1, 2, 5 * 60), AT_ONCE, (0, 1, 1, 5 * 60)),
    ("aws:ec2/route-table-association", (0, 1, 1, 5 * 60), AT_ONCE, (0, 1, 1, 5 * 60)),
    // Whatever is behind the generic path, requests are asked about every few seconds; what it is decides how long they take.
    ("aws:cloudcontrol/resource", (2, 5, 1, 120 * 60), (2, 5, 1, 120 * 60), (2, 5, 1, 120 * 60)),
    ("aws:ec2/vpc-endpoint", (5, 5, 1, 10 * 60), (5, 5, 1, 10 * 60), (5, 5, 1, 10 * 60)),
    // Three times in a row. The fifteen minutes of its delete are the window of DependencyViolation; then it is waited for until it is gone.
    ("aws:ec2/security-group", (0, 1, 3, 10 * 60), AT_ONCE, (0, 1, 1, 5 * 60)),
    ("aws:efs/file-system", (0, 2, 1, 10 * 60), (0, 2, 1, 10 * 60), (2, 2, 1, 10 * 60)),
    ("aws:efs/mount-target", (0, 5, 1, 30 * 60), AT_ONCE, (5, 5, 1, 10 * 60)),
    ("aws:eks/cluster", (5, 10, 1, 30 * 60), (2, 10, 1, 60 * 60), (5, 10, 1, 15 * 60)),
    ("aws:eks/node-group", (5, 10, 1, 60 * 60), (2, 10, 1, 60 * 60), (5, 10, 1, 60 * 60)),
    ("aws:eks/addon", (2, 5, 1, 20 * 60), (2, 5, 1, 20 * 60), (2, 5, 1, 40 * 60)),
    ("aws:eks/fargate-profile", (5, 5, 1, 10 * 60), AT_ONCE, (5, 5, 1, 10 * 60)),
    ("aws:rds/cluster", (30, 10, 1, 120 * 60), (10, 10, 3, 120 * 60), (10, 10, 1, 120 * 60)),
    ("aws:rds/cluster-instance", (30, 10, 1, 90 * 60), (10, 10, 3, 90 * 60), (10, 10, 1, 90 * 60)),
    // An update looks at what is pending of it, and so need not wait a minute before it looks at all.
    ("aws:rds/instance", (60, 10, 3, 40 * 60), (10, 10, 3, 80 * 60), (10, 10, 1, 60 * 60)),
    ("aws:rds/subnet-group", (0, 2, 1, 5 * 60), AT_ONCE, AT_ONCE),
    ("aws:elasticache/replication-group", (30, 10, 1, 60 * 60), (10, 10, 2, 40 * 60), (10, 10, 1, 45 * 60)),
    // It is ready half a minute after its create at the earliest; its network interfaces go after it, which is for who deletes their groups and
    // subnets to wait for.
    ("aws:elbv2/load-balancer", (30, 10, 1, 10 * 60), AT_ONCE, (5, 5, 1, 10 * 60)),
    // IAM looks through all regions for what uses the role.
    ("aws:iam/service-linked-role", AT_ONCE, AT_ONCE, (2, 5, 1, 20 * 60)),
    // A key that was enabled or disabled must be seen to be so fifteen times in a row; policy and rotation five times.
    ("aws:kms/key", (0, 2, 1, 20 * 60), (0, 1, 15, 20 * 60), AT_ONCE),
    // Until all name servers know the change.
    ("aws:route53/hosted-zone", (0, 5, 1, 30 * 60), (0, 5, 1, 30 * 60), AT_ONCE),
    ("aws:route53/record-set", (0, 5, 1, 30 * 60), (0, 5, 1, 30 * 60), AT_ONCE),
    ("aws:s3/bucket", (0, 1, 2, 20 * 60), AT_ONCE, AT_ONCE),
    ("aws:sns/subscription", (0, 5, 1, 5 * 60), AT_ONCE, AT_ONCE),
    // Attributes take up to a minute to be known everywhere, and are believed when they were answered three times; so does the end of a queue.
    ("aws:sqs/queue", (0, 2, 3, 5 * 60), (0, 2, 3, 5 * 60), (0, 2, 3, 3 * 60)),
    ("aws:sqs/queue-policy", (0, 2, 3, 5 * 60), (0, 2, 3, 5 * 60), AT_ONCE),
];

/// Types that are there when their call answers. What other services have to learn of them first is in the table of passing refusals.
const WITHOUT: &[&str] = &[
    "aws:cloudfront/cache-policy",
    "aws:cloudfront/origin-access-control",
    "aws:cloudfront/response-headers-policy",
    "aws:cloudwatch/alarm",
    "aws:ec2/flow-log",
    "aws:ec2/key-pair",
    "aws:ec2/launch-template",
    "aws:ec2/network-acl-association",
    "aws:ec2/network-acl-entry",
    "aws:ec2/security-group-egress-rule",
    "aws:ec2/security-group-ingress-rule",
    "aws:ecr/repository",
    "aws:eks/access-entry",
    "aws:eks/access-policy-association",
    "aws:eks/pod-identity-association",
    "aws:elasticache/parameter-group",
    "aws:elasticache/subnet-group",
    "aws:elbv2/listener",
    "aws:elbv2/listener-rule",
    "aws:elbv2/target-group",
    "aws:iam/instance-profile",
    "aws:iam/open-id-connect-provider",
    "aws:iam/policy",
    "aws:iam/role",
    "aws:iam/role-policy",
    "aws:iam/role-policy-attachment",
    "aws:kms/alias",
    "aws:logs/log-group",
    "aws:rds/cluster-parameter-group",
    "aws:rds/parameter-group",
    "aws:s3/bucket-policy",
    "aws:secretsmanager/secret",
    "aws:sns/topic",
    "aws:sns/topic-policy",
    "aws:ssm/parameter",
];

/// For how many seconds a new thing may stay invisible: EC2, RDS and EKS five minutes, IAM and what names IAM's two.
const VISIBLE: &[(&str, u64)] = &[
    ("aws:ec2/", 300),
    ("aws:eks/addon", 300),
    ("aws:eks/cluster", 300),
    ("aws:eks/fargate-profile", 300),
    ("aws:eks/node-group", 300),
    ("aws:rds/cluster-parameter-group", 120),
    ("aws:rds/cluster", 300),
    ("aws:rds/instance", 300),
    ("aws:ecr/", 60),
    ("aws:logs/", 60),
    ("aws:", 120),
];

fn numbers(wait: &Wait) -> Numbers {
    (wait.delay.as_secs(), wait.every.as_secs(), wait.agree, wait.limit.as_secs())
}

fn waits(schema: &Schema) -> [Numbers; 3] {
    [&schema.create_wait, &schema.update_wait, &schema.delete_wait].map(numbers)
}

#[test]
fn every_type_is_waited_for_as_its_service_needs() {
    let mut wrong = Vec::new();
    for schema in crate::schemas() {
        let row = WAITS.iter().find(|(kind, ..)| *kind == schema.kind);
        let expected = match row {
            Some((_, create, update, delete)) => [*create, *update, *delete],
            None if WITHOUT.contains(&schema.kind) => [AT_ONCE; 3],
            None => {
                wrong.push(format!("{}: there is no row of how it is waited for", schema.kind));
                continue;
            }
        };
        if waits(schema) != expected {
            wrong.push(format!("{}: {:?}, and the table says {expected:?}", schema.kind, waits(schema)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let kinds: Vec<&str> = crate::schemas().iter().map(|schema| schema.kind).collect();
    let known = WAITS.iter().map(|(kind, ..)| *kind).chain(WITHOUT.iter().copied());
    let gone: Vec<&str> = known.filter(|kind| !kinds.contains(kind)).collect();
    assert!(gone.is_empty(), "rows of types that there are not: {gone:?}");
}

#[test]
fn a_new_thing_may_be_invisible_for_as_long_as_its_service_says() {
    for schema in crate::schemas() {
        let row = VISIBLE.iter().find(|(prefix, _)| schema.kind.starts_with(prefix));
        assert_eq!(row.map(|(_, seconds)| *seconds), Some(schema.visibility.as_secs()), "{}", schema.kind);
    }
}
