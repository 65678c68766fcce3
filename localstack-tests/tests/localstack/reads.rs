//! Looking at an account takes few calls, however much is in it, and sees as much as reading everything by itself would.

use std::collections::BTreeMap;

use formwork_aws::ec2::{Subnet, Vpc};
use formwork_aws::iam::{Policy, PolicyDocument, Statement};
use formwork_aws::logs::LogGroup;
use formwork_aws::{ecr, elasticache, rds};
use formwork_emulator::Fault;
use formwork_engine::plan::{Op, Plan};
use formwork_engine::{Program, Stack};
use localstack_tests::{Many, Trial, one_by_one, told};

/// The calls of a look at the account, a line for each operation.
fn counted(calls: &BTreeMap<String, u64>) -> String {
    let lines: Vec<String> = calls.iter().map(|(operation, count)| format!("{count} {operation}")).collect();
    lines.join("\n")
}

const A_THOUSAND: &str = "\
3 EC2 DescribeSecurityGroupRules
1 EC2 DescribeSecurityGroups
2 EC2 DescribeSubnets
1 EC2 DescribeTags
2 EC2 DescribeVpcAttribute
1 EC2 DescribeVpcs
1 IAM GetAccountAuthorizationDetails
1 IAM ListRoles";

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_resources_are_read_with_a_dozen_calls() -> anyhow::Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let program = Many { subnets: 300, groups: 100, rules: 5, roles: 50 }.program()?;
    trial.up(&program).await?;

    let preview = trial.preview(&program).await?;
    assert!(preview.plan.is_noop(), "{}", told(&preview.plan));
    assert_eq!(preview.plan.warnings, [""; 0]);
    assert_eq!(preview.plan.counts().same, 1051);
    assert_eq!(counted(&preview.calls), A_THOUSAND);

    let refreshed = trial.refresh(&program).await?;
    assert_eq!((refreshed.resources, refreshed.changed.len(), refreshed.gone.len()), (1051, 0, 0));
    // A refresh does not look for what no row knows.
    assert_eq!(counted(&refreshed.calls), A_THOUSAND.replace("1 EC2 DescribeTags\n", ""));

    let naive: u64 = one_by_one(&trial).await?.values().sum();
    assert_eq!(naive, 1053, "a call for each, and two more for the attributes of the VPC");
    Ok(())
}

/// Fifty roles, each with a policy of its own and an attached one, of which some were changed by somebody else.
async fn changed_roles() -> anyhow::Result<(Trial, Program)> {
    let trial = Trial::new(crate::emulator()).await;
    let program = Many { roles: 50, ..Many::default() }.program()?;
    trial.up(&program).await?;
    let aws = trial.cloud.aws().await?;
    let iam = aws.iam();
    iam.update_role().role_name("many-1").description("changed").max_session_duration(3600).send().await?;
    iam.delete_role_permissions_boundary().role_name("many-2").send().await?;
    iam.untag_role().role_name("many-3").tag_keys("number").send().await?;
    iam.delete_role_policy().role_name("many-4").policy_name("reads").send().await?;
    let attached = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    iam.detach_role_policy().role_name("many-5").policy_arn(attached).send().await?;
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    iam.put_role_policy().role_name("many-6").policy_name("reads").policy_document(document).send().await?;
    Ok((trial, program))
}

/// What the plan would do, and to which fields.
fn changes(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().filter(|step| !matches!(step.op, Op::Same | Op::Forget));
    let named = steps.map(|step| {
        let paths: Vec<&str> = step.changes.iter().map(|change| change.path.as_str()).collect();
        format!("{} {}: {}", step.op.word(), step.urn.path(), paths.join(" "))
    });
    named.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_all_roles_at_once_sees_what_reading_each_sees() -> anyhow::Result<()> {
    let (trial, program) = changed_roles().await?;
    let at_once = trial.preview(&program).await?;
    let expected = "\
1 EC2 DescribeTags
2 EC2 DescribeVpcAttribute
1 EC2 DescribeVpcs
1 IAM GetAccountAuthorizationDetails
1 IAM GetRolePolicy
1 IAM ListAttachedRolePolicies
1 IAM ListRoles";
    // What is not among all roles is asked for by name before it counts as gone.
    assert_eq!(counted(&at_once.calls), expected);
    let seen = changes(&at_once.plan);
    assert_eq!(seen.len(), 6, "{seen:?}");
    assert!(seen.iter().any(|step| step.contains("role-1/role") && step.contains("max_session_duration")), "{seen:?}");
    assert!(seen.iter().any(|step| step.contains("role-1/role") && step.contains("description")), "{seen:?}");

    let refused = Fault::error(&trial.account.id, "AccessDenied", 403).operation("GetAccountAuthorizationDetails");
    trial.account.emulator.admin().inject(&refused.always())?;
    let singly = trial.preview(&program).await?;
    assert_eq!(changes(&singly.plan), seen);
    let expected = "\
1 EC2 DescribeTags
2 EC2 DescribeVpcAttribute
1 EC2 DescribeVpcs
1 IAM GetAccountAuthorizationDetails
50 IAM GetRole
50 IAM GetRolePolicy
50 IAM ListAttachedRolePolicies
1 IAM ListRoles";
    assert_eq!(counted(&singly.calls), expected, "one refusal is enough for three types");
    assert_eq!(singly.plan.warnings.len(), 1 + at_once.plan.warnings.len(), "{:?}", singly.plan.warnings);
    assert!(singly.plan.warnings.iter().any(|warning| warning.contains("iam:GetAccountAuthorizationDetails")));
    let refreshed = trial.refresh(&program).await?;
    assert_eq!((refreshed.gone.len(), refreshed.changed.len()), (2, 4), "{refreshed:?}");
    assert_eq!(refreshed.warnings.len(), 1, "{:?}", refreshed.warnings);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_roles_are_read_by_themselves_and_a_step_does_not_believe_an_earlier_look() -> anyhow::Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let program = Many { roles: 3, ..Many::default() }.program()?;
    trial.up(&program).await?;
    let calls = trial.preview(&program).await?.calls;
    let of = |operation: &str| calls.get(&format!("IAM {operation}")).copied().unwrap_or_default();
    assert_eq!((of("GetRole"), of("GetRolePolicy"), of("ListAttachedRolePolicies")), (3, 3, 3));
    // The list of all is for what no row knows.
    assert_eq!((of("GetAccountAuthorizationDetails"), of("ListRoles")), (0, 1));

    let aws = trial.cloud.aws().await?;
    aws.iam().update_role().role_name("many-1").description("changed").max_session_duration(7200).send().await?;
    let said = changes(&trial.preview(&program).await?.plan);
    assert_eq!(said, ["update role-1/role: description"], "the next look asks again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_filter_is_picked_out_of_one_list() -> anyhow::Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let mut stack = Stack::new("tests", "lists", BTreeMap::new());
    let vpc = stack.add("main", Vpc::builder().cidr_block("10.0.0.0/16").build());
    let mut subnet = |zone: &str, third: u8| {
        let range = format!("10.0.{third}.0/24");
        let zone_name = format!("eu-west-1{zone}");
        stack.add(zone, Subnet::builder().vpc(&vpc).cidr_block(range).availability_zone(zone_name).build())
    };
    let (a, b) = (subnet("a", 1), subnet("b", 2));
    for number in 1..=4 {
        stack.component(&format!("{number}"), |stack| {
            let tags = [("number", number.to_string())];
            let name = format!("lists-{number}");
            stack.add("logs", LogGroup::builder().name(format!("/lists/{number}")).tags(tags.clone()).build());
            stack.add("images", ecr::Repository::builder().name(&name).tags(tags.clone()).build());
            let group = rds::SubnetGroup::builder().name(&name).description("one of four").subnets([&a, &b]);
            stack.add("database-subnets", group.tags(tags.clone()).build());
            let group = rds::ParameterGroup::builder().name(&name).description("one of four").family("postgres16");
            stack.add("database-parameters", group.tags(tags.clone()).build());
            let group = elasticache::SubnetGroup::builder().name(&name).description("one of four").subnets([&a, &b]);
            stack.add("cache-subnets", group.tags(tags.clone()).build());
            let group = elasticache::ParameterGroup::builder().name(&name).description("one of four").family("redis7");
            stack.add("cache-parameters", group.tags(tags).build());
        });
    }
    let program = stack.finish().unwrap();
    trial.up(&program).await?;

    let lists = [
        "RDS DescribeDBParameterGroups",
        "RDS DescribeDBSubnetGroups",
        "CloudWatch Logs DescribeLogGroups",
        "ECR DescribeRepositories",
        "ElastiCache DescribeCacheSubnetGroups",
        "ElastiCache DescribeCacheParameterGroups",
    ];
    let preview = trial.preview(&program).await?;
    assert!(preview.plan.is_noop(), "{}", told(&preview.plan));
    for list in lists {
        // Once for what the stack has, and once for what carries its tag and no row knows.
        assert_eq!(preview.calls.get(list), Some(&2), "{list}\n{}", counted(&preview.calls));
    }

    let aws = trial.cloud.aws().await?;
    aws.rds().delete_db_parameter_group().db_parameter_group_name("lists-2").send().await?;
    aws.rds().delete_db_subnet_group().db_subnet_group_name("lists-3").send().await?;
    let preview = trial.preview(&program).await?;
    assert_eq!(changes(&preview.plan).len(), 2, "{}", told(&preview.plan));
    for (list, calls) in lists.into_iter().zip([3, 3, 2, 2, 2, 2]) {
        assert_eq!(preview.calls.get(list), Some(&calls), "what is in no list is asked for by name once: {list}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn many_policies_are_read_with_a_call_for_the_tags_of_each() -> anyhow::Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let aws = trial.cloud.aws().await?;
    aws.iam().create_user().user_name("reader").send().await?;
    aws.iam().create_group().group_name("readers").send().await?;
    let mut stack = Stack::new("tests", "policies", BTreeMap::new());
    for number in 0..50 {
        let reads = Statement::allow().action("s3:GetObject").resource(format!("arn:aws:s3:::reads-{number}/*"));
        let policy = Policy::builder()
            .name(format!("reads-{number}"))
            .policy(PolicyDocument::of([reads]))
            .description("one of fifty")
            .tags([("number", number.to_string())]);
        let policy = if number == 7 { policy.users(["reader"]).groups(["readers"]) } else { policy };
        stack.add(&format!("reads-{number}"), policy.build());
    }
    let program = stack.finish().unwrap();
    trial.up(&program).await?;
    let preview = trial.preview(&program).await?;
    assert!(preview.plan.is_noop(), "{}", told(&preview.plan));
    let expected = "1 IAM GetAccountAuthorizationDetails\n1 IAM ListPolicies\n50 IAM ListPolicyTags";
    assert_eq!(counted(&preview.calls), expected);

    let arn = format!("arn:aws:iam::{}:policy/reads-7", trial.account.id);
    aws.iam().detach_user_policy().user_name("reader").policy_arn(arn).send().await?;
    let preview = trial.preview(&program).await?;
    assert_eq!(changes(&preview.plan), ["update reads-7: users"], "{}", told(&preview.plan));
    trial.destroy(&program).await?;
    Ok(())
}
