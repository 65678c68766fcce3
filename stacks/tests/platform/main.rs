//! What `platform` promises, proven from its plan and its source: no cloud, no network.

use std::collections::BTreeSet;

use formwork::prelude::*;
use formwork::testing::{self, TypedPlan};
use stacks::PlatformConfig;

const SOURCES: [&str; 3] = [
    include_str!("../../src/platform.rs"),
    include_str!("../../src/platform/config.rs"),
    include_str!("../../src/platform/controllers.rs"),
];

fn config() -> PlatformConfig {
    testing::config(concat!(env!("CARGO_MANIFEST_DIR"), "/platform.toml"))
}

fn planned(config: &PlatformConfig) -> TypedPlan {
    testing::plan(stacks::platform, config)
}

/// Kind and path of everything that is made.
fn made(plan: &TypedPlan) -> BTreeSet<String> {
    plan.plan().steps.iter().map(|step| step.urn.to_string()).collect()
}

#[test]
fn a_tenant_is_one_line_and_exactly_its_resources() {
    let mut config = config();
    let before = made(&planned(&config));
    config.tenants.insert("acme".to_owned(), stacks::platform::TenantConfig::default());
    let after = made(&planned(&config));
    let added: Vec<&str> = after.difference(&before).map(String::as_str).collect();
    assert_eq!(
        added,
        [
            "test::tenants/acme/database::aws:secretsmanager/secret",
            "test::tenants/acme/service-accounts/policy::aws:iam/role-policy",
            "test::tenants/acme/service-accounts/role::aws:iam/role",
        ]
    );
    assert!(before.is_subset(&after), "a tenant more takes nothing away");
}

#[test]
fn only_the_certificate_is_in_the_region_that_cloudfront_takes_it_from() {
    let plan = planned(&config());
    let there: BTreeSet<&str> =
        plan.plan().steps.iter().filter(|step| step.region == "us-east-1").map(|step| step.urn.path()).collect();
    assert_eq!(there, ["certificate/certificate-us-east-1", "certificate/issued-us-east-1"].into());
    let certificate = plan.resource::<acm::CertificateValidation>("certificate/issued-us-east-1");
    assert_eq!(certificate.region(), "us-east-1");
}

#[test]
fn just_this_distribution_reads_the_assets() {
    let plan = planned(&config());
    let policy = plan.resource::<s3::BucketPolicy>("statics/main");
    assert!(policy.refers_to("policy", "statics/main"), "the distribution is named by a reference");
    let kinds: BTreeSet<String> = policy.references("policy").into_iter().map(|urn| urn.kind().to_string()).collect();
    assert!(kinds.contains("aws:cloudfront/distribution"), "{kinds:?}");
    let distribution = plan.resource::<cloudfront::Distribution>("statics/main");
    assert!(distribution.comes_after("certificate/issued-us-east-1", &plan), "the certificate is issued first");
}

#[test]
fn the_database_has_no_way_out_and_the_cluster_no_way_in_from_outside() {
    let plan = planned(&config());
    let routes = plan.resources::<ec2::Route>();
    assert!(routes.iter().all(|route| !route.refers_to("route_table", "network/database")));
    let database = plan.resource::<rds::SubnetGroup>("database/main");
    for zone in 1..=3 {
        assert!(database.refers_to("subnets", &format!("network/database-{zone}")));
    }
    let cluster = plan.resource::<eks::Cluster>("cluster/main").arg("endpoint_public_access").clone();
    assert_eq!(cluster, false.into());
    assert_eq!(plan.problems(), Vec::<String>::new());
}

/// Ids, ARNs and account numbers of things are references, never text: nobody pastes what another state printed.
#[test]
fn no_id_is_written_down() {
    let prefixes = [
        "vpc-",
        "subnet-",
        "sg-",
        "sgr-",
        "rtb-",
        "igw-",
        "nat-",
        "eipalloc-",
        "ami-0",
        "i-0",
        "vpce-",
        "acl-",
        "pl-",
        "arn:aws:s3:::",
        "arn:aws:iam::1",
        "arn:aws:cloudfront",
        "arn:aws:acm",
        ".cloudfront.net",
        "oidc.eks.",
    ];
    for source in SOURCES {
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let text: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
            for literal in text {
                for prefix in prefixes {
                    assert!(!literal.starts_with(prefix), "`{prefix}…` in: {line}");
                }
                let digits = literal.chars().filter(char::is_ascii_digit).count();
                assert!(digits < 12, "an account's number in: {line}");
            }
        }
    }
}
