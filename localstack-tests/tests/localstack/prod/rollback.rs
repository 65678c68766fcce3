//! `prod` goes back to an earlier deployment, without its configuration of then.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use formwork_engine::plan::Op;
use formwork_engine::{Program, Urn};
use localstack_tests::{Trial, told};

use super::{config, default_tags, program_with_tags};

#[tokio::test]
async fn prod_goes_back_to_its_first_deployment() {
    back().await.unwrap_or_else(|error| panic!("{error:?}"));
}

/// A default tag, a parameter of the database, a security group with its rules, an instance class, a schedule of deletions: all back.
async fn back() -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let mut config = config();
    let first = program_with_tags(&config, default_tags());
    trial.up(&first).await?;
    let (listed, recorded) = (trial.account.listed(), trial.recorded()?);

    let mut tags = default_tags();
    tags.insert("cost-centre".to_owned(), "platform".to_owned());
    config.database.instance_class = "db.r6g.xlarge".to_owned();
    config.artefacts.expire_after_days = 180;
    config.cache.snapshot_retention_in_days += 1;
    let mut second = program_with_tags(&config, tags);
    let rule = remove(&mut second, "aws:ec2/security-group-ingress-rule")?;
    let changed = trial.up(&second).await?.done.len();
    ensure!(changed > 10, "only {changed} steps were changes");

    let (plan, summary) = trial.rollback(1).await?;
    let created: Vec<&Urn> = plan.steps.iter().filter(|step| step.op == Op::Create).map(|step| &step.urn).collect();
    ensure!(created == [&rule], "planned is\n{}", told(&plan));
    ensure!(summary.done.len() == changed, "{} steps took {changed} changes back", summary.done.len());

    let after = trial.recorded()?;
    for urn in first.resources.keys() {
        let (was, is) = (recorded.live(urn), after.live(urn));
        let applied =
            |row: Option<&formwork_engine::record::Row>| row.map(|row| (row.applied.clone(), row.options.clone()));
        ensure!(applied(was) == applied(is), "{urn} is not as it was: {:?} and {:?}", applied(was), applied(is));
    }
    let kinds = |things: &BTreeMap<String, usize>| things.clone();
    ensure!(kinds(&counted(&trial.account.listed())) == counted(&listed), "the account holds something else");
    let plan = trial.plan(&first).await?;
    ensure!(plan.is_noop(), "the program of then has still to do:\n{}", told(&plan));
    ensure!(trial.recorded()?.deployments()[&3].start.command == "rollback 1", "the history names another command");
    Ok(())
}

/// Takes the first resource of a type out of a program that nothing refers to.
fn remove(program: &mut Program, kind: &str) -> Result<Urn> {
    let found = program.order.iter().find(|urn| urn.kind().as_str() == kind).cloned();
    let Some(urn) = found else { anyhow::bail!("there is no {kind}") };
    program.resources.remove(&urn);
    program.order.retain(|other| *other != urn);
    Ok(urn)
}

fn counted(things: &[(String, String)]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for (kind, _) in things {
        *counted.entry(kind.clone()).or_default() += 1;
    }
    counted
}
