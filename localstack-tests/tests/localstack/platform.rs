//! The stack `platform` through its life: two regions in one graph, and tenants that come and go by one line.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use formwork_engine::plan::Op;
use formwork_engine::{Program, Stack};
use localstack_tests::{Trial, told};
use stacks::PlatformConfig;
use stacks::platform::TenantConfig;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../stacks/platform.toml");
const ACME: [&str; 3] =
    ["tenants/acme/database", "tenants/acme/service-accounts/policy", "tenants/acme/service-accounts/role"];

fn program(config: &PlatformConfig) -> Program {
    let mut stack = Stack::new("stacks", "platform", BTreeMap::new());
    stacks::platform(&mut stack, config).unwrap();
    stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// What a plan does, but for what stays as it is.
fn steps(plan: &formwork_engine::plan::Plan) -> Vec<(Op, &str)> {
    let mut steps: Vec<(Op, &str)> =
        plan.steps.iter().filter(|step| step.op != Op::Same).map(|step| (step.op, step.urn.path())).collect();
    steps.sort_by_key(|(_, path)| *path);
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_come_and_go_and_nothing_stays_in_either_region() -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let mut config: PlatformConfig = formwork::testing::config(FILE);
    let declared = program(&config);
    trial.up(&declared).await?;
    let plan = trial.plan(&declared).await?;
    ensure!(plan.is_noop(), "there is still to do:\n{}", told(&plan));
    let regions: std::collections::BTreeSet<String> = trial
        .account
        .resources()
        .into_iter()
        .filter(|it| it.kind == "aws:acm/certificate")
        .map(|it| it.region)
        .collect();
    ensure!(regions == ["us-east-1".to_owned()].into(), "certificates stand in {regions:?}");

    config.tenants.insert("acme".to_owned(), TenantConfig::default());
    let more = program(&config);
    let plan = trial.plan(&more).await?;
    ensure!(steps(&plan) == ACME.map(|path| (Op::Create, path)), "a tenant more:\n{}", told(&plan));
    trial.up(&more).await?;

    let plan = trial.plan(&declared).await?;
    ensure!(steps(&plan) == ACME.map(|path| (Op::Delete, path)), "a tenant less:\n{}", told(&plan));
    trial.up(&declared).await?;

    trial.destroy(&declared).await?;
    let left = trial.account.listed();
    ensure!(left.is_empty(), "left in the account: {left:?}");
    Ok(())
}
