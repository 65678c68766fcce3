//! What failed for good is planned anew, with AWS's words in the plan.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use formwork_emulator::{Action, Fault};
use formwork_engine::plan::{Op, Reason};
use formwork_engine::record::RowState;
use formwork_engine::{KindName, Program, Stack, Urn};
use localstack_tests::{Trial, told};
use serde_json::{Value as Json, json};

fn example(kind: &str) -> Program {
    let example = formwork_aws::examples().into_iter().find(|example| example.kind == kind).unwrap();
    let mut stack = Stack::new("failed", "failed", BTreeMap::new());
    (example.declare)(&mut stack, 0);
    stack.finish().unwrap()
}

/// Brings the example of a type up while AWS says that it failed, and then again.
async fn anew(kind: &str, describe: &str, says: &[(&str, Json)], words: &str) -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let (admin, account) = (trial.account.emulator.admin(), &trial.account.id);
    let program = example(kind);
    let urn = Urn::new("failed", &["it"], &KindName::new(kind))?;
    for (path, value) in says {
        let overlay = Action::Overlay { path: (*path).to_owned(), value: value.clone() };
        admin.inject(&Fault::new(account, overlay).operation(describe).always())?;
    }
    let said = trial.up(&program).await.err().context("up succeeds with what failed")?;
    ensure!(format!("{said:#}").contains(words), "up does not say `{words}`: {said:#}");
    let failed = trial.row(&urn)?;
    ensure!(failed.state == RowState::Failed, "{kind} is {}", failed.state.word());

    // Also when nothing of it is to be seen any more.
    for clear in [false, true] {
        if clear {
            admin.clear_faults(account)?;
        }
        let plan = trial.plan(&program).await?;
        let step = plan.steps.iter().find(|step| step.urn == urn && step.op == Op::Create);
        let step = step.with_context(|| format!("it is not made anew:\n{}", told(&plan)))?;
        ensure!(step.replaces, "the one that failed is deleted:\n{}", told(&plan));
        let reason = matches!(&step.reason, Reason::Failed(said) if said.contains(words));
        ensure!(reason, "the plan does not say `{words}`:\n{}", told(&plan));
    }
    trial.up(&program).await?;
    let now = trial.row(&urn)?;
    ensure!((now.state, now.generation) == (RowState::Ready, failed.generation + 1), "{kind} is {}", now.state.word());
    let standing = trial.account.listed().into_iter().filter(|(one, _)| one == kind).count();
    ensure!(standing == 1, "{standing} of {kind} stand");
    ensure!(trial.plan(&program).await?.is_noop(), "there is still to do");
    Ok(())
}

#[tokio::test]
async fn a_nat_gateway_that_failed_is_made_anew() {
    let says = [
        ("NatGateways[].State", json!("failed")),
        ("NatGateways[].FailureCode", json!("InsufficientFreeAddressesInSubnet")),
        ("NatGateways[].FailureMessage", json!("the subnet has no free address")),
    ];
    let words = "the subnet has no free address";
    anew("aws:ec2/nat-gateway", "DescribeNatGateways", &says, words).await.unwrap_or_else(|error| panic!("{error:?}"));
}

#[tokio::test]
async fn what_the_generic_path_made_and_did_not_come_up_is_made_anew() {
    let says = [
        ("ProgressEvent.OperationStatus", json!("FAILED")),
        ("ProgressEvent.ErrorCode", json!("NotStabilized")),
        ("ProgressEvent.StatusMessage", json!("it did not come up in time")),
        ("ProgressEvent.Identifier", json!("reports")),
    ];
    let words = "NotStabilized: it did not come up in time";
    let kind = "aws:cloudcontrol/resource";
    anew(kind, "GetResourceRequestStatus", &says, words).await.unwrap_or_else(|error| panic!("{error:?}"));
}

#[tokio::test]
async fn a_certificate_that_can_not_be_issued_is_requested_anew() {
    let says = [("Certificate.Status", json!("FAILED")), ("Certificate.FailureReason", json!("CAA_ERROR"))];
    anew("aws:acm/certificate", "DescribeCertificate", &says, "CAA_ERROR")
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
}

#[tokio::test]
async fn a_node_group_of_which_no_node_joined_is_made_anew() {
    let issue = json!({ "code": "NodeCreationFailure", "message": "instances failed to join", "resourceIds": ["i-1"] });
    let says = [("nodegroup.status", json!("CREATE_FAILED")), ("nodegroup.health", json!({ "issues": [issue] }))];
    let words = "instances failed to join";
    anew("aws:eks/node-group", "DescribeNodegroup", &says, words).await.unwrap_or_else(|error| panic!("{error:?}"));
}
