//! Things that were made behind Formwork's back are taken over with `options().import(id)`, and with `options().adopt_if_exists()`.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Tag;
use aws_sdk_s3::types::CreateBucketConfiguration;
use formwork::prelude::*;
use formwork_aws::Aws;
use formwork_aws::ec2::{SecurityGroup, Subnet, Vpc};
use formwork_aws::iam::{PolicyDocument, Principal, Role, Statement};
use formwork_aws::logs::LogGroup;
use formwork_aws::s3::Bucket;
use formwork_engine::Program;
use formwork_engine::plan::Op;
use localstack_tests::{REGION, Trial, told};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// The tags that say whose a thing is, once it was taken over: there is no token of a create.
const MARKS: [&str; 3] = ["formwork:id", "formwork:stack", "formwork:urn"];

#[tokio::test]
async fn what_others_made_is_taken_over_and_is_ours_from_then_on() {
    let trial = Trial::new(crate::emulator()).await;
    let theirs = Theirs::made(&trial.cloud.aws().await.unwrap(), &trial.account.id).await;
    let program = theirs.program();

    let plan = trial.plan(&program).await.unwrap();
    let ops: Vec<(&str, Op)> = plan.steps.iter().map(|step| (step.urn.path(), step.op)).collect();
    assert_eq!(ops.len(), 5, "{ops:?}");
    assert!(ops.iter().all(|(_, op)| *op == Op::Adopt), "{ops:?}");

    let before = trial.account.listed();
    trial.up(&program).await.unwrap();
    assert_eq!(trial.account.listed(), before, "nothing was made and nothing deleted");
    let stack = trial.recorded().unwrap().binding().map(|it| format!("adopt/things:{}", it.lineage)).unwrap();
    for one in trial.account.resources().iter().filter(|one| theirs.ids().contains(&one.id.as_str())) {
        let marks: Vec<&str> = one.tags.keys().map(String::as_str).filter(|key| key.starts_with("formwork:")).collect();
        assert_eq!(marks, MARKS, "{} {}", one.kind, one.id);
        assert_eq!(one.tags["formwork:stack"], stack, "{} {}", one.kind, one.id);
        // Only some of them declare tags; what others have written there is no argument of theirs any more.
        assert_eq!(one.tags.get("team").map(String::as_str), Some("ours"), "{} {}", one.kind, one.id);
        assert!(!one.tags.contains_key("made-by"), "{} {}", one.kind, one.id);
    }

    let next = trial.plan(&program).await.unwrap();
    assert!(next.is_noop() && next.warnings.is_empty(), "{}\n{:?}", told(&next), next.warnings);

    trial.destroy(&program).await.unwrap();
    assert_eq!(trial.account.listed(), []);
}

#[tokio::test]
async fn taking_over_what_is_as_declared_still_says_whose_it_is() {
    let trial = Trial::new(crate::emulator()).await;
    let theirs = Theirs::made(&trial.cloud.aws().await.unwrap(), &trial.account.id).await;
    let mut stack = Stack::new("adopt", "things", BTreeMap::new());
    let vpc = Vpc::builder().cidr_block("10.9.0.0/16").tags([("made-by", "hand")]).build();
    stack.add_with("vpc", vpc, options().import(&theirs.vpc));
    let program = stack.finish().unwrap();
    trial.up(&program).await.unwrap();
    let found = trial.account.resources().into_iter().find(|one| one.id == theirs.vpc).unwrap();
    let keys: Vec<&str> = found.tags.keys().map(String::as_str).collect();
    assert_eq!(keys, ["formwork:id", "formwork:stack", "formwork:urn", "made-by"]);
    assert!(trial.plan(&program).await.unwrap().is_noop());
}

#[tokio::test]
async fn what_another_store_made_is_not_taken_over_until_it_is_let_go() {
    let trial = Trial::new(crate::emulator()).await;
    let aws = trial.cloud.aws().await.unwrap();
    Theirs::made(&aws, &trial.account.id).await;
    let before = trial.account.listed();
    let mut stack = Stack::new("adopt", "things", BTreeMap::new());
    let group = LogGroup::builder().name("adopt-logs").build();
    stack.add_with("logs", group, options().import("adopt-logs"));
    let program = stack.finish().unwrap();

    let arn = format!("arn:aws:logs:{REGION}:{}:log-group:adopt-logs", trial.account.id);
    // Of another stack; and of this one out of another store, of which the account tells before anything is planned.
    let refusals = [
        ("other/stack:1234", "adopt-logs belongs to the stack other/stack:1234"),
        (
            "adopt/things:1234",
            "the account has 1 things that are tagged as adopt/things: aws:logs/log-group adopt-logs",
        ),
    ];
    for (owner, words) in refusals {
        let call = aws.logs().tag_resource().resource_arn(&arn);
        call.tags("formwork:stack", owner).tags("formwork:id", "5678").send().await.unwrap();
        let said = trial.up(&program).await.unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
        let refused = trial.account.resources().into_iter().find(|one| one.id == "adopt-logs").unwrap();
        assert_eq!(refused.tags["formwork:id"], "5678", "refused, and not touched");
    }

    // The way out, as the refusal says it.
    aws.logs().untag_resource().resource_arn(&arn).tag_keys("formwork:stack").send().await.unwrap();
    trial.up(&program).await.unwrap();
    assert!(trial.plan(&program).await.unwrap().is_noop());
    trial.destroy(&program).await.unwrap();
    let left: Vec<_> = before.into_iter().filter(|(_, id)| id != "adopt-logs").collect();
    assert_eq!(trial.account.listed(), left, "and nothing else");
}

#[tokio::test]
async fn what_has_the_natural_key_is_taken_over_when_the_program_says_so() {
    let trial = Trial::new(crate::emulator()).await;
    let aws = trial.cloud.aws().await.unwrap();
    let theirs = Theirs::made(&aws, &trial.account.id).await;
    let program = |cidr_block: &str| {
        let mut stack = Stack::new("adopt", "things", BTreeMap::new());
        let vpc = Vpc::builder().cidr_block("10.9.0.0/16").build();
        // A VPC has no name to find it by; what lies in it is found once it is known.
        let vpc = stack.add_with("vpc", vpc, options().import(&theirs.vpc));
        let group = SecurityGroup::builder().name("adopt").description("by hand").vpc(&vpc).allow_all_egress(true);
        stack.add_with("group", group.build(), options().adopt_if_exists());
        let subnet = Subnet::builder().vpc(&vpc).cidr_block(cidr_block).build();
        stack.add_with("subnet", subnet, options().adopt_if_exists());
        stack.add_with("logs", LogGroup::builder().name("adopt-logs").build(), options().adopt_if_exists());
        stack.add_with("bucket", Bucket::builder().name(&theirs.bucket).build(), options().adopt_if_exists());
        stack.add_with("new", LogGroup::builder().name("adopt-new").build(), options().adopt_if_exists());
        stack.finish().unwrap()
    };
    let subnet = aws.ec2().create_subnet().vpc_id(&theirs.vpc).cidr_block("10.9.1.0/24").send().await.unwrap();
    let subnet = subnet.subnet.and_then(|subnet| subnet.subnet_id).unwrap();
    let program = program("10.9.1.0/24");
    let plan = trial.plan(&program).await.unwrap();
    let mut ops: Vec<(&str, Op, Option<&str>)> =
        plan.steps.iter().map(|step| (step.urn.path(), step.op, step.resource_id.as_deref())).collect();
    ops.sort_by_key(|(path, ..)| *path);
    assert_eq!(
        ops,
        [
            ("bucket", Op::Adopt, Some(theirs.bucket.as_str())),
            ("group", Op::Adopt, Some(theirs.group.as_str())),
            ("logs", Op::Adopt, Some("adopt-logs")),
            ("new", Op::Create, None),
            ("subnet", Op::Adopt, Some(subnet.as_str())),
            ("vpc", Op::Adopt, Some(theirs.vpc.as_str())),
        ]
    );
    trial.up(&program).await.unwrap();
    let next = trial.plan(&program).await.unwrap();
    assert!(next.is_noop() && next.warnings.is_empty(), "{}\n{:?}", told(&next), next.warnings);
    trial.destroy(&program).await.unwrap();
    assert_eq!(
        trial.account.listed(),
        [("aws:iam/role".to_owned(), "adopt".to_owned())],
        "what was not asked for stays"
    );
}

#[tokio::test]
async fn a_natural_key_takes_nothing_from_another_stack() {
    let trial = Trial::new(crate::emulator()).await;
    let aws = trial.cloud.aws().await.unwrap();
    let call = aws.logs().create_log_group().log_group_name("adopt-logs");
    call.tags("formwork:stack", "other/stack:1234").tags("formwork:id", "5678").send().await.unwrap();
    let mut stack = Stack::new("adopt", "things", BTreeMap::new());
    stack.add_with("logs", LogGroup::builder().name("adopt-logs").build(), options().adopt_if_exists());
    let said = trial.up(&stack.finish().unwrap()).await.unwrap_err().to_string();
    assert!(said.contains("adopt-logs belongs to the stack other/stack:1234"), "{said}");
}

/// What somebody made by hand.
struct Theirs {
    vpc: String,
    group: String,
    bucket: String,
}

impl Theirs {
    async fn made(aws: &Aws, account: &str) -> Self {
        let bucket = format!("adopt-{account}");
        let ec2 = aws.ec2();
        let made = ec2.create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap();
        let vpc = made.vpc.and_then(|vpc| vpc.vpc_id).unwrap();
        let group = ec2.create_security_group().group_name("adopt").description("by hand").vpc_id(&vpc);
        let group = group.send().await.unwrap().group_id.unwrap();
        let by_hand = Tag::builder().key("made-by").value("hand").build();
        ec2.create_tags().resources(&vpc).resources(&group).tags(by_hand).send().await.unwrap();
        aws.iam().create_role().role_name("adopt").assume_role_policy_document(TRUST).send().await.unwrap();
        aws.logs().create_log_group().log_group_name("adopt-logs").tags("made-by", "hand").send().await.unwrap();
        let place = CreateBucketConfiguration::builder().location_constraint(REGION.into()).build();
        aws.s3().create_bucket().bucket(&bucket).create_bucket_configuration(place).send().await.unwrap();
        Self { vpc, group, bucket }
    }

    fn ids(&self) -> [&str; 5] {
        [&self.vpc, &self.group, &self.bucket, "adopt", "adopt-logs"]
    }

    /// All of it, declared with tags of one's own.
    fn program(&self) -> Program {
        let mut stack = Stack::new("adopt", "things", BTreeMap::new());
        let tags = [("team", "ours")];
        let vpc = Vpc::builder().cidr_block("10.9.0.0/16").tags(tags).build();
        let vpc = stack.add_with("vpc", vpc, options().import(&self.vpc));
        let group = SecurityGroup::builder()
            .name("adopt")
            .description("by hand")
            .vpc(&vpc)
            .allow_all_egress(true)
            .tags(tags)
            .build();
        stack.add_with("group", group, options().import(&self.group));
        let trust = Statement::allow().principal(Principal::service("ec2.amazonaws.com")).action("sts:AssumeRole");
        let trust = PolicyDocument::of([trust]);
        let role = Role::builder().name("adopt").assume_role_policy(trust).tags(tags).build();
        stack.add_with("role", role, options().import("adopt"));
        let group = LogGroup::builder().name("adopt-logs").tags(tags).build();
        stack.add_with("logs", group, options().import("adopt-logs"));
        let bucket = Bucket::builder().name(&self.bucket).tags(tags).build();
        stack.add_with("bucket", bucket, options().import(&self.bucket));
        stack.finish().unwrap()
    }
}
