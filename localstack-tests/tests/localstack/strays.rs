//! Things with the stack's own tags that no row knows, in the account: made with the very calls of a run, and the rows never written.

use formwork_aws::ec2::{SecurityGroup, Vpc};
use formwork_aws::logs::LogGroup;
use formwork_aws::s3::Bucket;
use formwork_engine::compare::complete;
use formwork_engine::kind::Owner;
use formwork_engine::plan::{Op, Plan, Reason};
use formwork_engine::record::owner_tag;
use formwork_engine::settings::Settings;
use formwork_engine::{Program, Stack, Uid, Value};
use localstack_tests::{Trial, told};

/// A network, a log group and a bucket; with `more`, a second network with a group in it and a second log group.
fn program(account: &str, more: bool) -> Program {
    let mut stack = Stack::new("strays", "strays", Default::default());
    let vpc = stack.add("main", Vpc::builder().cidr_block("10.0.0.0/16").build());
    stack.add("group", SecurityGroup::builder().vpc(&vpc).name("first").description("the first").build());
    stack.add("logs", LogGroup::builder().name("/strays/first").build());
    stack.add("bucket", Bucket::builder().name(format!("strays-{account}")).build());
    if more {
        let vpc = stack.add("next", Vpc::builder().cidr_block("10.1.0.0/16").enable_dns_support(true).build());
        stack.add("next-group", SecurityGroup::builder().vpc(&vpc).name("second").description("the second").build());
        stack.add("next-logs", LogGroup::builder().name("/strays/second").retention_in_days(30).build());
    }
    stack.finish().unwrap()
}

/// Makes something as a run would, under the name of a resource, and records nothing.
async fn make(trial: &Trial, kind: &str, path: &str, args: Value) -> anyhow::Result<String> {
    let recorded = trial.recorded()?;
    let binding = recorded.binding().unwrap();
    let kind = trial.kind(kind).await?;
    let owner = Owner {
        stack: owner_tag(&binding.project, &binding.stack, &binding.lineage),
        uid: Uid::random(),
        token: Uid::random().to_string(),
        urn: format!("strays::{path}::{}", kind.schema().kind).parse()?,
    };
    Ok(kind.create(&owner, &complete(kind.schema().args, &args)).await?.id)
}

fn steps(plan: &Plan, op: Op) -> Vec<&str> {
    let mut steps: Vec<&str> = plan.steps.iter().filter(|step| step.op == op).map(|step| step.urn.path()).collect();
    steps.sort_unstable();
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn strays_are_taken_over_where_they_are_declared_and_deleted_where_not() -> anyhow::Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let account = trial.account.id.clone();
    trial.up(&program(&account, false)).await?;

    let vpc = make(&trial, "aws:ec2/vpc", "next", Value::from([("cidr_block", "10.1.0.0/16")])).await?;
    let group = |vpc: &str| Value::from([("vpc", vpc), ("name", "second"), ("description", "the second")]);
    make(&trial, "aws:ec2/security-group", "next-group", group(&vpc)).await?;
    make(&trial, "aws:logs/log-group", "next-logs", Value::from([("name", "/strays/second")])).await?;
    // What nothing declares: a network with a group in it, and a bucket.
    let other = make(&trial, "aws:ec2/vpc", "gone", Value::from([("cidr_block", "10.2.0.0/16")])).await?;
    make(&trial, "aws:ec2/security-group", "gone-group", group(&other)).await?;
    let name = format!("strays-{account}-lost");
    make(&trial, "aws:s3/bucket", "lost", Value::from([("name", name.as_str())])).await?;

    // Without consent, the bucket stands in the way, and events that a retention would drop.
    let asked = Settings { consent_implied: false, ..trial.settings.clone() };
    let plan = trial.plan_with(&program(&account, true), asked).await?;
    let consents: Vec<&str> = plan.consents.iter().map(|(urn, _)| urn.path()).collect();
    assert_eq!(consents, ["next-logs", "lost"], "{}", told(&plan));

    let plan = trial.plan(&program(&account, true)).await?;
    assert_eq!(steps(&plan, Op::Adopt), ["next", "next-group", "next-logs"], "{}", told(&plan));
    assert_eq!(steps(&plan, Op::Delete), ["gone", "gone-group", "lost"], "{}", told(&plan));
    assert_eq!(steps(&plan, Op::Create), [""; 0], "{}", told(&plan));
    let strays = plan.steps.iter().filter(|step| step.op != Op::Same);
    assert!(strays.into_iter().all(|step| step.reason == Reason::Stray), "{}", told(&plan));
    assert_eq!(plan.warnings, [""; 0]);

    trial.up(&program(&account, true)).await?;
    let plan = trial.plan(&program(&account, true)).await?;
    assert!(plan.is_noop(), "{}", told(&plan));
    assert_eq!(trial.account.listed(), trial.rows()?);

    // One more, and everything goes.
    make(&trial, "aws:ec2/vpc", "late", Value::from([("cidr_block", "10.3.0.0/16")])).await?;
    trial.destroy(&program(&account, true)).await?;
    assert_eq!(trial.account.listed(), []);
    Ok(())
}
