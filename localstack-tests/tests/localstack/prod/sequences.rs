//! Changes of `prod` over its life, each sequence in an account of its own: what is planned is exactly what was asked for.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use formwork_aws::ec2;
use formwork_engine::plan::{Op, Plan};
use formwork_engine::settings::Settings;
use formwork_engine::{Program, Urn};
use localstack_tests::{Trial, told};

use super::{broken::set, config, default_tags, program, program_with_tags};

#[tokio::test]
async fn each_change_of_the_configuration_changes_what_it_is_about() {
    changes().await.unwrap_or_else(|error| panic!("{error:?}"));
}

#[tokio::test]
async fn a_replacement_goes_in_order_and_destroy_leaves_nothing_and_up_begins_again() {
    life().await.unwrap_or_else(|error| panic!("{error:?}"));
}

/// What a plan does, one line per step: `update database/main rds/instance instance_class`.
fn steps(plan: &Plan) -> Vec<String> {
    let line = |step: &formwork_engine::plan::Step| {
        let kind = step.kind.as_str().trim_start_matches("aws:");
        let changed: Vec<&str> = step.changed_args.iter().map(String::as_str).collect();
        let replaces = if step.replaces { "replacing " } else { "" };
        format!("{replaces}{} {} {kind} {}", step.op.word(), step.urn.path(), changed.join(", ")).trim_end().to_owned()
    };
    plan.steps.iter().filter(|step| step.op != Op::Same).map(line).collect()
}

async fn nothing_to_do(trial: &Trial, program: &Program, after: &str) -> Result<()> {
    let plan = trial.plan(program).await?;
    ensure!(plan.is_noop(), "after {after} there is still to do:\n{}", told(&plan));
    Ok(())
}

/// Plans exactly these steps, does them, and has nothing left to do.
async fn change(trial: &Trial, program: &Program, wanted: &[&str]) -> Result<()> {
    let planned = steps(&trial.plan(program).await?);
    ensure!(planned == wanted, "planned is\n{}", planned.join("\n"));
    trial.up(program).await?;
    nothing_to_do(trial, program, &wanted.join(", ")).await
}

async fn changes() -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let mut config = config();
    let first = program(&config);
    let made = trial.up(&first).await?.done.len();
    ensure!(made == first.resources.len(), "{made} steps made {} resources", first.resources.len());
    nothing_to_do(&trial, &first, "up").await?;

    config.database.instance_class = "db.r6g.xlarge".to_owned();
    change(&trial, &program(&config), &["update database/main rds/instance instance_class"]).await?;
    let aws = trial.cloud.aws().await?;
    let database = aws.rds().describe_db_instances().db_instance_identifier("prod-postgres").send().await?;
    ensure!(database.db_instances()[0].db_instance_class() == Some("db.r6g.xlarge"), "the class is as it was");

    if let Some(pool) = config.cluster.node_pools.get_mut("general") {
        pool.desired_size = 4;
    }
    change(&trial, &program(&config), &["update cluster/general eks/node-group desired_size"]).await?;
    let nodes = aws.eks().describe_nodegroup().cluster_name("prod").nodegroup_name("general").send().await?;
    let desired = nodes.nodegroup().and_then(|it| it.scaling_config()).and_then(|it| it.desired_size());
    ensure!(desired == Some(4), "{desired:?} nodes are desired");

    config.artefacts.expire_after_days = 180;
    change(&trial, &program(&config), &["update artefacts/main s3/bucket lifecycle_rules"]).await?;

    config.images.keep_images = 50;
    let policies = config.images.repositories.iter();
    let mut wanted: Vec<String> =
        policies.map(|name| format!("update images/{name} ecr/repository lifecycle_policy")).collect();
    let mut planned = steps(&trial.plan(&program(&config)).await?);
    wanted.sort();
    planned.sort();
    ensure!(planned == wanted, "planned is\n{}", planned.join("\n"));

    // Of two changes, the one that is aimed at.
    config.cluster.node_pools.entry("workers".to_owned()).and_modify(|pool| pool.max_size = 12);
    let both = program(&config);
    let target = Settings { targets: vec!["cluster/workers".to_owned()], ..trial.settings.clone() };
    let planned = steps(&trial.plan_with(&both, target.clone()).await?);
    ensure!(planned == ["update cluster/workers eks/node-group max_size"], "planned is\n{}", planned.join("\n"));
    trial.up_with(&both, target).await?;
    let mut planned = steps(&trial.plan(&both).await?);
    planned.sort();
    ensure!(planned == wanted, "after the target is left\n{}", planned.join("\n"));
    trial.up(&both).await?;

    every_tag(&trial, &config).await
}

/// Another default tag updates everything that has tags, and nothing else.
async fn every_tag(trial: &Trial, config: &stacks::ProdConfig) -> Result<()> {
    let mut tags = default_tags();
    tags.insert("cost-centre".to_owned(), "platform".to_owned());
    let tagged = program_with_tags(config, tags);
    let plan = trial.plan(&tagged).await?;
    let has_tags = |urn: &&Urn| tagged.resources[*urn].schema.args.iter().any(|arg| arg.tags);
    let wanted: BTreeSet<&Urn> = tagged.resources.keys().filter(has_tags).collect();
    let updated: BTreeSet<&Urn> = plan.steps.iter().filter(|step| step.op != Op::Same).map(|step| &step.urn).collect();
    ensure!(updated == wanted, "planned is\n{}", told(&plan));
    let only_tags = |step: &&formwork_engine::plan::Step| step.op == Op::Same || step.changed_args.iter().eq(["tags"]);
    ensure!(plan.steps.iter().all(|step| only_tags(&step)), "planned is\n{}", told(&plan));
    trial.up(&tagged).await?;
    nothing_to_do(trial, &tagged, "another default tag").await?;
    let untagged: Vec<String> = trial
        .account
        .resources()
        .into_iter()
        .filter(|it| it.kind == "aws:ec2/subnet" && it.tags.get("cost-centre").map(String::as_str) != Some("platform"))
        .map(|it| it.id)
        .collect();
    ensure!(untagged.is_empty(), "the tag is not on {untagged:?}");
    Ok(())
}

async fn life() -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let first = program(&config());
    trial.up(&first).await?;
    let before = trial.account.listed();

    // A security group cannot change its description: another one is made, the rule and the database go over to it, and then it goes.
    let mut described = first.clone();
    set::<ec2::SecurityGroup>(&mut described, "database/main", "description", "who reaches PostgreSQL");
    let wanted = [
        "replacing create database/main ec2/security-group",
        "replacing create database/access-1 ec2/security-group-ingress-rule",
        "update database/main rds/instance security_groups",
        "replacing delete database/access-1 ec2/security-group-ingress-rule",
        "replacing delete database/main ec2/security-group",
    ];
    let plan = trial.plan(&described).await?;
    let mut planned = steps(&plan);
    ensure!(in_order(&plan, "database/main", "database/main"), "the group goes before the database has left it");
    let mut sorted = wanted.map(str::to_owned);
    planned.sort();
    sorted.sort();
    ensure!(planned == sorted, "planned is\n{}", planned.join("\n"));
    trial.up(&described).await?;
    nothing_to_do(&trial, &described, "the replacement").await?;
    ensure!(kinds(&trial.account.listed()) == kinds(&before), "the account has other things than before");

    trial.destroy(&described).await?;
    let left = trial.account.listed();
    ensure!(left.is_empty(), "destroy leaves {left:?}");
    ensure!(trial.rows()?.is_empty(), "destroy leaves rows");

    trial.up(&first).await?;
    nothing_to_do(&trial, &first, "up after destroy").await?;
    ensure!(kinds(&trial.account.listed()) == kinds(&before), "the second life has other things than the first");
    Ok(())
}

fn kinds(listed: &[(String, String)]) -> Vec<&str> {
    listed.iter().map(|(kind, _)| kind.as_str()).collect()
}

/// Whether the former security group is deleted after the database's update, which comes after the next one is made.
fn in_order(plan: &Plan, group: &str, user: &str) -> bool {
    let find = |op: Op, kind: &str, path: &str| {
        plan.steps.iter().find(|it| it.op == op && it.kind.as_str() == kind && it.urn.path() == path)
    };
    let made = find(Op::Create, "aws:ec2/security-group", group);
    let moved = find(Op::Update, "aws:rds/instance", user);
    let gone = find(Op::Delete, "aws:ec2/security-group", group);
    match (made, moved, gone) {
        (Some(made), Some(moved), Some(gone)) => moved.after.contains(&made.id) && gone.after.contains(&moved.id),
        _ => false,
    }
}
