//! An Aurora database as the component declares it: members come and go one by one, and the cluster goes last. Versions of EKS are looked up
//! beside it.

use std::collections::BTreeMap;

use formwork::components::{AccessFrom, AuroraPostgres};
use formwork::prelude::*;
use formwork_engine::Program;
use formwork_engine::plan::{Op, Plan};
use localstack_tests::{Trial, told};

fn program(instances: u8) -> Program {
    let mut stack = Stack::new("tests", "aurora", BTreeMap::new());
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
    let subnets = [("a", 4), ("b", 5)].map(|(zone, third)| {
        let subnet = ec2::Subnet::builder().vpc(&vpc).cidr_block(format!("10.0.{third}.0/24"));
        stack.add(zone, subnet.availability_zone(format!("eu-west-1{zone}")).build())
    });
    let access = vec![AccessFrom::Cidr("10.0.0.0/16".to_owned())];
    let database = AuroraPostgres { instances, ..AuroraPostgres::new("platform", access) };
    let parts = database.declare(&mut stack, "database", &vpc, &subnets);
    stack.export("url", parts.url());
    let versions = eks::versions(&mut stack);
    let proxy = eks::addon_version(&mut stack, "kube-proxy", &versions.default);
    stack.export("kubernetes", &versions.default);
    stack.export("kube_proxy", &proxy.default);
    stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// What a plan does, as verb and path.
fn steps(plan: &Plan) -> Vec<String> {
    let done = plan.steps.iter().filter(|step| !matches!(step.op, Op::Same | Op::Read));
    done.map(|step| format!("{} {}", step.op.word(), step.urn.path())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_cluster_come_and_go_one_by_one_and_the_cluster_goes_last() -> anyhow::Result<()> {
    let trial = Trial::new(super::emulator()).await;
    let summary = trial.up(&program(1)).await?;
    let output = |name: &str| summary.outputs.get(name).and_then(|it| it.as_text().map(str::to_owned));
    let url = output("url").unwrap_or_default();
    assert!(
        url.starts_with("postgresql://main@platform.cluster-") && url.ends_with(":5432/main?sslmode=require"),
        "{url}"
    );
    assert_eq!(
        (output("kubernetes").as_deref(), output("kube_proxy").as_deref()),
        (Some("1.33"), Some("v1.33.0-eksbuild.2"))
    );
    let plan = trial.plan(&program(1)).await?;
    assert!(plan.is_noop(), "{}", told(&plan));

    assert_eq!(steps(&trial.plan(&program(2)).await?), ["create database/member-2"]);
    trial.up(&program(2)).await?;
    let plan = trial.plan(&program(2)).await?;
    assert!(plan.is_noop(), "{}", told(&plan));
    assert_eq!(steps(&trial.plan(&program(1)).await?), ["delete database/member-2"]);
    trial.up(&program(1)).await?;

    trial.destroy(&program(1)).await?;
    assert_eq!(trial.account.listed(), []);
    Ok(())
}
