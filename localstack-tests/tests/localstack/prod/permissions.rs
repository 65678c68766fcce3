//! What `permissions` prints for `prod`, against what its runs call; and previews by somebody who may change nothing.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use formwork_aws::permissions::{Existing, Policy, Purpose, StateAccess, policy};
use formwork_emulator::{Action, Fault};
use formwork_engine::Program;
use formwork_engine::plan::Op;
use formwork_engine::settings::{OnDrift, Settings};
use localstack_tests::{REGION, Trial, told};

use super::{config, program};
use crate::conformance::used;

fn printed(trial: &Trial, program: &Program, purpose: Purpose) -> Result<Policy> {
    let recorded = trial.recorded()?;
    let existing = recorded.rows().values().map(|row| Existing {
        kind: row.kind.as_str().to_owned(),
        path: row.urn.path().to_owned(),
        region: row.region.clone(),
        args: row.applied.to_value(),
    });
    Ok(policy(
        program,
        &existing.collect::<Vec<_>>(),
        &StateAccess::default(),
        purpose,
        ("aws", &trial.account.id, REGION),
    ))
}

/// Every call that was made since this was last asked is allowed.
fn allowed(trial: &Trial, policy: &Policy, seen: &mut u64, during: &str) -> Result<BTreeSet<String>> {
    let calls = trial.account.calls(*seen);
    *seen = calls.last().map_or(*seen, |call| call.seq);
    let used = used(&calls);
    ensure!(!used.is_empty(), "{during} called nothing");
    let missing: Vec<_> = used.iter().filter(|action| !policy.allows(action)).collect();
    ensure!(missing.is_empty(), "{during} needs {missing:?}, which the policy does not allow");
    Ok(used)
}

#[tokio::test]
async fn every_call_of_a_command_is_allowed_by_the_policy_that_is_printed_for_it() {
    every_call().await.unwrap_or_else(|error| panic!("{error:?}"));
}

async fn every_call() -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let (mut seen, mut ever) = (0, BTreeSet::new());
    let mut config = config();
    let first = program(&config);
    trial.plan(&first).await?;
    allowed(&trial, &printed(&trial, &first, Purpose::Preview)?, &mut seen, "the first preview")?;
    trial.up(&first).await?;
    ever.extend(allowed(&trial, &printed(&trial, &first, Purpose::Up)?, &mut seen, "up")?);
    trial.plan(&first).await?;
    allowed(&trial, &printed(&trial, &first, Purpose::Preview)?, &mut seen, "a preview")?;
    config.database.instance_class = "db.r6g.xlarge".to_owned();
    config.network.flow_log_retention_in_days = 60;
    let changed = program(&config);
    trial.up(&changed).await?;
    ever.extend(allowed(&trial, &printed(&trial, &changed, Purpose::Up)?, &mut seen, "a change")?);
    let ending = printed(&trial, &changed, Purpose::Destroy)?;
    trial.destroy(&changed).await?;
    ever.extend(allowed(&trial, &ending, &mut seen, "destroy")?);
    let up = printed(&trial, &changed, Purpose::Up)?;
    ensure!(up.allows("iam:PassRole") && !ever.contains("iam:PassRole"), "AWS asks for it, and nobody calls it");
    ensure!(ever.contains("iam:CreateServiceLinkedRole"), "no role was made that services act with");
    Ok(())
}

/// Refuses everything that changes something, until the fault is removed.
fn refuse_changes(trial: &Trial) -> Result<String> {
    let message = "is not authorized to change anything".to_owned();
    let action = Action::Error { code: "AccessDenied".to_owned(), message, status: 403 };
    Ok(trial.account.emulator.admin().inject(&Fault::new(&trial.account.id, action).mutating().always())?)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_sees_the_plan_of_what_stands_of_what_was_cut_short_and_of_what_drifted() {
    only_looking().await.unwrap_or_else(|error| panic!("{error:?}"));
}

async fn only_looking() -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let (admin, account) = (trial.account.emulator.admin().clone(), trial.account.id.clone());
    let program = program(&config());
    // An `up` that dies with the answer of a create on its way: what it made is in no record.
    let held = admin.inject(&Fault::new(&account, Action::HoldAfter).operation("CreateNatGateway"))?;
    let dying = async {
        let waiting = {
            let (admin, account) = (admin.clone(), account.clone());
            tokio::task::spawn_blocking(move || admin.held(&account, std::time::Duration::from_secs(90)))
        };
        tokio::select! {
            ended = trial.up(&program) => Err(anyhow::anyhow!("it ended: {:?}", ended.map(|summary| summary.exit_code()))),
            held = waiting => Ok(held??.len()),
        }
    };
    ensure!(dying.await? == 1, "nothing came to CreateNatGateway");
    admin.remove_fault(&account, &held)?;
    let open = trial.recorded()?.intents().len();
    ensure!(open > 0, "nothing is open");
    let before = trial.recorded()?;

    let refusing = refuse_changes(&trial)?;
    // `Trial::plan` fails when a call that changes something was so much as tried.
    let plan = trial.plan(&program).await?;
    let nat = plan.steps.iter().find(|step| step.kind.as_str() == "aws:ec2/nat-gateway").map(|step| step.op);
    ensure!(nat == Some(Op::Resume), "the gateway that the dead run made is gone on with: {}", told(&plan));
    ensure!(trial.recorded()?.intents() == before.intents(), "a preview resolves intents in memory alone");
    admin.remove_fault(&account, &refusing)?;

    trial.up(&program).await?;
    let refusing = refuse_changes(&trial)?;
    let plan = trial.plan(&program).await?;
    ensure!(plan.is_noop(), "after up there is to do:\n{}", told(&plan));
    admin.remove_fault(&account, &refusing)?;

    let aws = trial.cloud.aws().await?;
    aws.iam()
        .update_role()
        .role_name("prod-operators")
        .description("by hand")
        .max_session_duration(3600)
        .send()
        .await?;
    let refusing = refuse_changes(&trial)?;
    let failing = Settings { on_drift: OnDrift::Fail, ..trial.settings.clone() };
    let plan = trial.plan_with(&program, failing).await?;
    let drifted: Vec<_> = plan.steps.iter().filter(|step| step.drift).map(|step| step.urn.path()).collect();
    ensure!(drifted == ["operators"], "drift is seen by who may only look: {}", told(&plan));
    admin.remove_fault(&account, &refusing)?;
    Ok(())
}
