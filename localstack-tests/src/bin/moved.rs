//! The command line around a stack that another tool has made already, for the tests of `import`: a network with one of each of its parts,
//! a group with rules, a role, a bucket, logs, and two addresses that nothing tells apart. And around one of every type.

use std::collections::BTreeMap;
use std::process::ExitCode;

use formwork::prelude::*;
use serde::Deserialize;

/// `stacks/moved.toml`.
#[derive(Deserialize)]
struct MovedConfig {
    /// The range of the VPC.
    cidr_block: String,
    /// The ranges of its subnets by zone.
    subnets: BTreeMap<String, String>,
    /// The name of the bucket.
    bucket: String,
    /// What the role is for.
    role_description: String,
}

fn moved(stack: &mut Stack, config: &MovedConfig) -> Result<()> {
    let vpc = stack.component("network", |stack| {
        let vpc =
            ec2::Vpc::builder().cidr_block(&config.cidr_block).enable_dns_hostnames(true).tags([("Name", "moved")]);
        let vpc = stack.add("main", vpc.build());
        let gateway = stack.add("main", ec2::InternetGateway::builder().vpc(&vpc).build());
        let table = stack.add("public", ec2::RouteTable::builder().vpc(&vpc).build());
        let route = ec2::Route::builder().route_table(&table).destination("0.0.0.0/0");
        stack.add("internet", route.target(ec2::Target::internet_gateway(&gateway)).build());
        for (zone, cidr_block) in &config.subnets {
            stack.component(zone, |stack| {
                let subnet = ec2::Subnet::builder().vpc(&vpc).cidr_block(cidr_block).availability_zone(zone);
                let subnet = stack.add("public", subnet.build());
                let association = ec2::RouteTableAssociation::builder().subnet(&subnet).route_table(&table);
                stack.add("public", association.build());
            });
        }
        for name in ["spare-1", "spare-2"] {
            stack.add(name, ec2::ElasticIp::builder().build());
        }
        vpc
    });
    let group = ec2::SecurityGroup::builder().name("moved-app").description("what serves").vpc(&vpc);
    let group = stack.add("app", group.allow_all_egress(true).build());
    for port in [80, 443] {
        let rule = ec2::SecurityGroupIngressRule::builder().security_group(&group).protocol("tcp");
        let rule = rule.from_port(port).to_port(port).cidr_ipv4(&config.cidr_block);
        stack.add(&format!("port-{port}"), rule.build());
    }
    let trust =
        iam::Statement::allow().principal(iam::Principal::service("ec2.amazonaws.com")).action("sts:AssumeRole");
    let role = iam::Role::builder().name("moved-app").description(&config.role_description);
    let role = stack.add("app", role.assume_role_policy(iam::PolicyDocument::of([trust])).build());
    let policy_arn = iam::aws_managed_policy("ReadOnlyAccess");
    stack.add("read", iam::RolePolicyAttachment::builder().role(&role).policy_arn(policy_arn).build());
    let bucket = s3::Bucket::builder().name(&config.bucket).versioning(true);
    let expiry = s3::LifecycleRule::builder().id("expiry").expiration_days(30).build();
    let bucket = stack.add("files", bucket.lifecycle_rules([expiry]).build());
    let secure = iam::Statement::deny().principal(iam::Principal::anybody()).action("s3:*").resource(&bucket.arn);
    let secure = iam::PolicyDocument::of([secure.condition("Bool", "aws:SecureTransport", ["false"])]);
    stack.add("files", s3::BucketPolicy::builder().bucket(&bucket).policy(secure).build());
    let list = iam::Statement::allow().action("s3:ListBucket").resource(&bucket.arn);
    let policy = iam::RolePolicy::builder().role(&role).name("list").policy(iam::PolicyDocument::of([list]));
    stack.add("list", policy.build());
    stack.add("app", logs::LogGroup::builder().name("/moved/app").retention_in_days(30).build());
    stack.export("vpc_id", &vpc.id);
    Ok(())
}

/// `stacks/every.toml`.
#[derive(Deserialize)]
struct EveryConfig {}

fn every(stack: &mut Stack, _: &EveryConfig) -> Result<()> {
    localstack_tests::examples(stack);
    Ok(())
}

fn main() -> ExitCode {
    formwork::Runner::new("tests").stack("moved", moved).stack("every", every).main()
}
