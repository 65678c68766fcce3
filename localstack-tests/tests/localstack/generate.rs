//! Code that is generated for a network made by hand compiles, takes everything over, and changes nothing.
//!
//! `generate/network.rs` is what the generator printed. It is compiled here and run as it stands, since the emulator gives the network the
//! ids that it asks for. Where it is not what the generator prints now, the failing test names the command that takes that over.

#[expect(unreachable_pub, reason = "the code is for a crate that uses it from anywhere")]
mod network;

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use aws_sdk_s3::types::{
    BucketVersioningStatus, CreateBucketConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleFilter, VersioningConfiguration,
};
use formwork::Stack;
use formwork::generate::{Existing, generate};
use formwork_aws::Aws;
use formwork_engine::Program;
use formwork_engine::kind::Observed;
use formwork_engine::plan::{OWNERSHIP_TAGS, Op};
use localstack_tests::{REGION, Trial, told};

const VPC: &str = "vpc-0aaa0000000000001";
const SUBNET: &str = "subnet-0aaa0000000000002";
const GROUP: &str = "sg-0aaa0000000000003";
const ROLE: &str = "generate-flow-logs";
const BUCKET: &str = "formwork-generate-trial";
const LOGS: &str = "/formwork/generate";

/// As a person would give them: what refers to something before what it refers to.
const EXISTING: [(&str, &str); 6] = [
    ("aws:ec2/subnet", SUBNET),
    ("aws:ec2/vpc", VPC),
    ("aws:ec2/security-group", GROUP),
    ("aws:iam/role", ROLE),
    ("aws:s3/bucket", BUCKET),
    ("aws:logs/log-group", LOGS),
];

/// By this tag the emulator is asked for an id.
const WANTED_ID: &str = "_custom_id_";

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Deliver","Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringLike":{"aws:SourceArn":"arn:aws:ec2:eu-west-1:123456789012:vpc-flow-log/*"}}}]}"#;

#[tokio::test]
async fn generated_code_takes_a_network_over_and_changes_nothing() {
    let trial = Trial::new(crate::emulator()).await;
    make(&trial.cloud.aws().await.unwrap()).await;
    same_as_committed(&code(&trial).await);

    let program = program();
    let plan = trial.plan(&program).await.unwrap();
    let steps: Vec<(&str, Op, Vec<&str>)> = plan
        .steps
        .iter()
        .map(|step| (step.urn.path(), step.op, step.changes.iter().map(|change| change.path.as_str()).collect()))
        .collect();
    assert_eq!(steps.len(), EXISTING.len(), "{}", told(&plan));
    for (path, op, changes) in &steps {
        assert_eq!((*op, &changes[..]), (Op::Adopt, &[OWNERSHIP_TAGS][..]), "{path}:\n{}", told(&plan));
    }

    let before = trial.account.listed();
    trial.up(&program).await.unwrap();
    assert_eq!(trial.account.listed(), before, "nothing was made and nothing deleted");
    let next = trial.plan(&program).await.unwrap();
    assert!(next.is_noop() && next.warnings.is_empty(), "{}\n{:?}", told(&next), next.warnings);
    same_as_committed(&code(&trial).await);
    trial.destroy(&program).await.unwrap();
    assert_eq!(trial.account.listed(), []);
}

fn program() -> Program {
    let mut stack = Stack::new("generate", "network", BTreeMap::new());
    network::network(&mut stack);
    stack.finish().unwrap()
}

/// What the generator says of what is there.
async fn code(trial: &Trial) -> String {
    let mut read: Vec<(&str, &str, Observed)> = Vec::new();
    for (kind, id) in EXISTING {
        let found = trial.kind(kind).await.unwrap().read(&[id.to_owned()]).await.unwrap();
        read.push((kind, id, found.into_values().next().unwrap_or_else(|| panic!("no {kind} {id}")).unwrap()));
    }
    let schema = |kind: &str| formwork_aws::schemas().into_iter().find(|schema| schema.kind == kind).unwrap();
    let existing: Vec<Existing<'_>> =
        read.iter().map(|(kind, id, observed)| Existing { schema: schema(kind), id, observed }).collect();
    generate(&existing, Some("network")).code
}

#[track_caller]
fn same_as_committed(code: &str) {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/localstack/generate/network.rs");
    if std::fs::read_to_string(committed).unwrap() != code {
        let fresh = concat!(env!("CARGO_TARGET_TMPDIR"), "/generated-network.rs");
        std::fs::write(fresh, code).unwrap();
        panic!("the generator says something else now; to take it over:\ncp {fresh} {committed}");
    }
}

/// Tags for a create: a name, and the id that is asked for.
fn tags(of: ResourceType, name: &str, id: &str) -> TagSpecification {
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    TagSpecification::builder().resource_type(of).tags(tag("Name", name)).tags(tag(WANTED_ID, id)).build()
}

/// Makes what somebody might have made in the console.
async fn make(aws: &Aws) {
    let ec2 = aws.ec2();
    let vpc = ec2.create_vpc().cidr_block("10.60.0.0/16").tag_specifications(tags(ResourceType::Vpc, "main", VPC));
    vpc.send().await.unwrap();
    let subnet = ec2.create_subnet().vpc_id(VPC).cidr_block("10.60.1.0/24").availability_zone("eu-west-1b");
    subnet.tag_specifications(tags(ResourceType::Subnet, "private 1", SUBNET)).send().await.unwrap();
    let group = ec2.create_security_group().vpc_id(VPC).group_name("web").description("web servers");
    group.tag_specifications(tags(ResourceType::SecurityGroup, "web", GROUP)).send().await.unwrap();
    let wanted_id = Tag::builder().key(WANTED_ID).build();
    ec2.delete_tags().resources(VPC).resources(SUBNET).resources(GROUP).tags(wanted_id).send().await.unwrap();

    let role = aws.iam().create_role().role_name(ROLE).assume_role_policy_document(TRUST);
    role.description("Writes flow logs").max_session_duration(7200).send().await.unwrap();

    let place = CreateBucketConfiguration::builder().location_constraint(REGION.into()).build();
    aws.s3().create_bucket().bucket(BUCKET).create_bucket_configuration(place).send().await.unwrap();
    let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    aws.s3().put_bucket_versioning().bucket(BUCKET).versioning_configuration(versioned).send().await.unwrap();
    let rule = LifecycleRule::builder()
        .id("old")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("tmp/").build())
        .expiration(LifecycleExpiration::builder().days(30).build())
        .build()
        .unwrap();
    let rules = aws_sdk_s3::types::BucketLifecycleConfiguration::builder().rules(rule).build().unwrap();
    aws.s3().put_bucket_lifecycle_configuration().bucket(BUCKET).lifecycle_configuration(rules).send().await.unwrap();

    aws.logs().create_log_group().log_group_name(LOGS).tags("team", "platform").send().await.unwrap();
    aws.logs().put_retention_policy().log_group_name(LOGS).retention_in_days(14).send().await.unwrap();
}
