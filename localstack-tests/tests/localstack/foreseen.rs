//! What a preview foresees of an account: roles that services act with, quotas that the plan would pass, policies that AWS maintains.

use std::collections::BTreeMap;

use formwork_aws::ec2::{SecurityGroup, SecurityGroupIngressRule, Subnet, Vpc};
use formwork_aws::efs::FileSystem;
use formwork_aws::elbv2::{LoadBalancer, LoadBalancerType, Scheme};
use formwork_aws::iam::{self, PolicyDocument, Principal, Role, RolePolicyAttachment, ServiceLinkedRole, Statement};
use formwork_engine::{Program, Stack};
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
