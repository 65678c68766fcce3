//! What a preview foresees of an account: roles that services act with, quotas that the plan would pass, policies that AWS maintains, zones that
//! have no control planes or not the machines and databases that are asked for.

use std::collections::BTreeMap;

use formwork_aws::ec2::{AmiId, Instance, SecurityGroup, SecurityGroupIngressRule, Subnet, Vpc, availability_zones_in};
use formwork_aws::efs::FileSystem;
use formwork_aws::elbv2::{LoadBalancer, LoadBalancerType, Scheme};
use formwork_aws::iam::{self, PolicyDocument, Principal, Role, RolePolicyAttachment, ServiceLinkedRole, Statement};
use formwork_aws::{Arn, eks, rds};
use formwork_engine::{Program, Stack, options};
use localstack_tests::Trial;

fn program(declare: impl FnOnce(&mut Stack)) -> Program {
    let mut stack = Stack::new("foreseen", "foreseen", BTreeMap::new());
    declare(&mut stack);
    stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// How often an operation was called in the account of a trial.
fn calls(trial: &Trial, operation: &str) -> usize {
    trial.account.calls(0).iter().filter(|call| call.operation == operation).count()
}

/// Makes a quota what it is not, which the emulator grants at once.
async fn quota(trial: &Trial, service: &str, code: &str, most: f64) {
    let aws = trial.cloud.aws().await.unwrap();
    let call = aws.servicequotas().request_service_quota_increase().service_code(service).quota_code(code);
    call.desired_value(most).send().await.unwrap();
}

#[tokio::test]
async fn the_role_of_a_service_is_made_once_and_stays() {
    let trial = Trial::new(crate::emulator()).await;
    let files = program(|stack| {
        stack.add("files", FileSystem::builder().build());
        stack.add("more", FileSystem::builder().build());
    });
    let plan = trial.plan(&files).await.unwrap();
    let [role] = plan.preparations.as_slice() else { panic!("{plan}") };
    assert_eq!(role.key, "elasticfilesystem.amazonaws.com");
    assert_eq!(role.needed_by.len(), 2);
    assert!(plan.to_string().starts_with("first the role that elasticfilesystem.amazonaws.com acts with\n"), "{plan}");
    let json = plan.to_json();
    assert_eq!(json["preparations"][0]["key"], "elasticfilesystem.amazonaws.com");
    assert_eq!(json["summary"]["create"], 2, "it is no resource of the stack");

    trial.up(&files).await.unwrap();
    assert_eq!(calls(&trial, "CreateServiceLinkedRole"), 1);
    let again = trial.plan(&files).await.unwrap();
    assert!(again.is_noop() && again.preparations.is_empty(), "{again}");

    trial.destroy(&files).await.unwrap();
    assert!(trial.rows().unwrap().is_empty());
    let plan = trial.plan(&files).await.unwrap();
    assert!(plan.preparations.is_empty(), "the account has it: {plan}");
    assert_eq!(calls(&trial, "DeleteServiceLinkedRole"), 0);
}

#[tokio::test]
async fn a_role_that_its_service_needs_does_not_go_and_says_why() {
    let trial = Trial::new(crate::emulator()).await;
    let balancer = |stack: &mut Stack| {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.0.0.0/16").build());
        let subnet = Subnet::builder().vpc(&vpc).cidr_block("10.0.1.0/24").availability_zone("eu-west-1a");
        let subnet = stack.add("subnet", subnet.build());
        let balancer = LoadBalancer::builder().name("uses-the-role").sort(LoadBalancerType::Network);
        stack.add("balancer", balancer.scheme(Scheme::Internal).subnets([&subnet]).build());
    };
    let with_role = program(|stack| {
        let role = ServiceLinkedRole::builder().service("elasticloadbalancing.amazonaws.com");
        stack.add("role", role.description("declared").build());
    });
    let both = program(|stack| {
        let role = ServiceLinkedRole::builder().service("elasticloadbalancing.amazonaws.com");
        stack.add("role", role.description("declared").build());
        balancer(stack);
    });
    trial.up(&with_role).await.unwrap();
    let plan = trial.plan(&both).await.unwrap();
    assert!(plan.preparations.is_empty(), "the account has it: {plan}");
    trial.up(&both).await.unwrap();
    let error = format!("{:#}", trial.up(&program(balancer)).await.unwrap_err());
    assert!(error.contains("The role is in use by the service."), "{error}");
    assert!(error.contains("loadbalancer/net/uses-the-role/"), "{error}");
    // Whichever of the two goes first, the next run finishes it.
    drop(trial.destroy(&both).await);
    trial.destroy(&both).await.unwrap();
    assert_eq!(trial.account.listed(), []);
}

#[tokio::test]
async fn what_passes_a_quota_is_named_before_anything_is_made() {
    let trial = Trial::new(crate::emulator()).await;
    // One VPC the account has already, the default one of its region.
    quota(&trial, "vpc", "L-F678F1CE", 3.0).await;
    quota(&trial, "vpc", "L-0EA8095F", 2.0).await;
    let wanted = program(|stack| {
        for number in 0..3 {
            stack.add(&format!("vpc-{number}"), Vpc::builder().cidr_block(format!("10.{number}.0.0/16")).build());
        }
        let vpc = stack.add("last", Vpc::builder().cidr_block("10.9.0.0/16").build());
        let group = SecurityGroup::builder().name("crowded").description("has many rules").vpc(&vpc);
        let group = stack.add("group", group.build());
        for port in 1..=3 {
            let rule = SecurityGroupIngressRule::builder().security_group(&group).protocol("tcp");
            let rule = rule.from_port(port).to_port(port).cidr_ipv4("10.0.0.0/8").build();
            stack.add(&format!("rule-{port}"), rule);
        }
    });
    let plan = trial.plan(&wanted).await.unwrap();
    let mut problems: Vec<&str> = plan.problems.iter().map(|problem| problem.reason.as_str()).collect();
    problems.sort_unstable();
    assert_eq!(
        problems,
        [
            "`cidr_block` cannot be had: the account may have 3 VPCs in the region, and 2 are left",
            "`cidr_block` cannot be had: the account may have 3 VPCs in the region, and 2 are left",
            "`security_group` cannot be had: the account may have 2 inbound rules in a security group, and 2 are left",
        ],
        "{plan}"
    );
    trial.up(&wanted).await.unwrap_err();
    assert_eq!(calls(&trial, "CreateVpc"), 0);
}

#[tokio::test]
async fn a_quota_that_cannot_be_read_is_a_warning() {
    let trial = Trial::new(crate::emulator()).await;
    let fault = formwork_emulator::Fault::error(&trial.account.id, "AccessDeniedException", 400);
    trial.account.emulator.admin().inject(&fault.operation("ListServiceQuotas").always()).unwrap();
    let wanted = program(|stack| drop(stack.add("vpc", Vpc::builder().cidr_block("10.0.0.0/16").build())));
    let plan = trial.plan(&wanted).await.unwrap();
    let said = plan.warnings.iter().find(|warning| warning.starts_with("the quota of VPCs could not be checked"));
    assert!(said.is_some_and(|said| said.contains("servicequotas:ListServiceQuotas")), "{plan}");
    trial.up(&wanted).await.unwrap();
}

/// Hosts, nodes, a cluster and databases in zones of us-east-1: `there` are those that have all of them.
fn placed(stack: &mut Stack, zones: [&str; 2], class: &'static str, sort: &'static str) {
    let region = stack.provider("us-east-1");
    let far = || options().provider(&region);
    let vpc = stack.add_with("vpc", Vpc::builder().cidr_block("10.0.0.0/16").build(), far());
    let subnets = [0, 1].map(|number| {
        let subnet = Subnet::builder().vpc(&vpc).cidr_block(format!("10.0.{number}.0/24"));
        stack.add_with(&format!("subnet-{number}"), subnet.availability_zone(zones[number]).build(), far())
    });
    let ids = || subnets.iter().map(|subnet| subnet.id.clone()).collect::<Vec<_>>();
    let group = rds::SubnetGroup::builder().name("databases").description("of databases").subnets(ids()).build();
    let group = stack.add_with("group", group, far());
    let database = rds::Instance::builder().identifier("orders").engine("postgres").engine_version("16");
    let database = database.instance_class(class).allocated_storage(20).multi_az(true).subnet_group(&group);
    let database = database.master_username("orders").manage_master_user_password(true).skip_final_snapshot(true);
    stack.add_with("database", database.build(), far());
    let role = Arn::new("arn:aws:iam::123456789012:role/eks");
    let cluster = eks::Cluster::builder().name("main").role_arn(role.clone()).subnets(ids()).build();
    let cluster = stack.add_with("cluster", cluster, far());
    let nodes = eks::NodeGroup::builder().cluster(&cluster).name("nodes").node_role_arn(role).subnets(ids());
    stack.add_with("nodes", nodes.instance_types([sort, "m6i.large"]).build(), far());
    let host = Instance::builder().ami(AmiId::new("ami-0123456789abcdef0")).instance_type(sort).subnet(&subnets[1]);
    stack.add_with("host", host.build(), far());
}

#[tokio::test]
async fn zones_that_have_not_what_is_asked_for_are_named_all_at_once() {
    let trial = Trial::new(crate::emulator()).await;
    // What is `us-east-1e` to this account is use1-az3 to everybody, where EKS has no control planes and EC2 few machines.
    let broken = program(|stack| placed(stack, ["us-east-1a", "us-east-1e"], "db.r5b.large", "m7i.large"));
    let plan = trial.plan(&broken).await.unwrap();
    let problems: Vec<String> =
        plan.problems.iter().map(|problem| format!("{}: {}", problem.urn.path(), problem.reason)).collect();
    assert_eq!(
        problems,
        [
            "cluster: `subnets` has subnet-1 in us-east-1e (use1-az3 for everybody), where EKS has no control planes",
            "database: `instance_class` is db.r5b.large, which RDS has for postgres 16 in us-east-1a alone of the zones \
             of group, and 2 are needed",
            "host: `instance_type` is m7i.large, which is not offered in us-east-1e",
        ],
        "{plan}"
    );
    assert!(plan.problems.iter().all(|problem| problem.source.is_some()), "{plan}");
    let warned =
        plan.warnings.iter().any(|warning| warning.starts_with("nodes: m7i.large is not offered in us-east-1e"));
    assert!(warned, "{plan}");
    trial.up(&broken).await.unwrap_err();
    assert_eq!(calls(&trial, "CreateVpc"), 0);

    let unknown = program(|stack| placed(stack, ["us-east-1a", "us-east-1b"], "db.r5b.enormous", "m9.large"));
    let plan = trial.plan(&unknown).await.unwrap();
    let reasons: Vec<&str> = plan.problems.iter().map(|problem| problem.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "`instance_class` is db.r5b.enormous, which RDS does not have for postgres 16",
            "`instance_type` is m9.large, which us-east-1 does not offer",
            "`instance_types` has m9.large, which us-east-1 does not offer",
        ],
        "{plan}"
    );

    let before = ["DescribeOrderableDBInstanceOptions", "DescribeInstanceTypeOfferings"].map(|it| calls(&trial, it));
    assert_eq!(before, [3, 3], "once for each look, whatever is in it");
    let sound = program(|stack| placed(stack, ["us-east-1a", "us-east-1b"], "db.r5b.large", "m7i.large"));
    assert!(trial.plan(&sound).await.unwrap().problems.is_empty());
}

#[tokio::test]
async fn a_change_is_held_against_the_zones_of_what_stands_and_nothing_is_asked_where_nothing_changes() {
    let trial = Trial::new(crate::emulator()).await;
    let spread = |multi: bool| {
        program(|stack| {
            let region = stack.provider("us-east-1");
            let far = || options().provider(&region);
            let zones = availability_zones_in(stack, &region);
            let vpc = stack.add_with("vpc", Vpc::builder().cidr_block("10.0.0.0/16").build(), far());
            let subnets = [("a", 0), ("e", 4)].map(|(name, zone)| {
                let subnet = Subnet::builder().vpc(&vpc).cidr_block(format!("10.0.{zone}.0/24"));
                stack.add_with(name, subnet.availability_zone(zones.at(zone)).build(), far())
            });
            let group = rds::SubnetGroup::builder().name("databases").description("of databases");
            let group = group.subnets([&subnets[0], &subnets[1]]).build();
            let group = stack.add_with("group", group, far());
            let database = rds::Instance::builder().identifier("orders").engine("postgres").engine_version("16");
            let database = database.instance_class("db.r6g.large").allocated_storage(20).multi_az(multi);
            let database = database.subnet_group(&group).master_username("orders").manage_master_user_password(true);
            stack.add_with("database", database.skip_final_snapshot(true).build(), far());
        })
    };
    let asked = || calls(&trial, "DescribeOrderableDBInstanceOptions");
    trial.up(&spread(false)).await.unwrap();
    let before = asked();
    let plan = trial.plan(&spread(false)).await.unwrap();
    assert!(plan.is_noop() && asked() == before, "{plan}");
    let plan = trial.plan(&spread(true)).await.unwrap();
    let reasons: Vec<&str> = plan.problems.iter().map(|problem| problem.reason.as_str()).collect();
    let reason = "`instance_class` is db.r6g.large, which RDS has for postgres 16 in us-east-1a alone of the zones of \
                  group, and 2 are needed";
    assert_eq!((reasons.as_slice(), asked()), ([reason].as_slice(), before + 1), "{plan}");
}

#[tokio::test]
async fn a_policy_of_aws_is_found_by_its_name_alone() {
    let trial = Trial::new(crate::emulator()).await;
    let with = |name: &'static str| {
        program(|stack| {
            let trust = PolicyDocument::of([Statement::allow()
                .principal(Principal::service("ec2.amazonaws.com"))
                .action("sts:AssumeRole")]);
            let role = stack.add("role", Role::builder().name("managed").assume_role_policy(trust).build());
            let policy = iam::managed_policy(stack, name);
            stack.add("attached", RolePolicyAttachment::builder().role(&role).policy_arn(policy).build());
        })
    };
    trial.up(&with("AmazonEBSCSIDriverPolicy")).await.unwrap();
    let rows = trial.account.listed();
    let found = rows.iter().any(|(_, id)| id.contains("service-role") && id.ends_with("AmazonEBSCSIDriverPolicy"));
    assert!(found, "{rows:?}");
    let error = format!("{:#}", trial.plan(&with("AmazonNoSuchPolicy")).await.unwrap_err());
    assert!(error.contains("AWS maintains no policy `AmazonNoSuchPolicy`"), "{error}");
}
