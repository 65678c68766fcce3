//! The generic path, on a double of Cloud Control: what its own example does not show.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use formwork_aws::cloudcontrol::Resource;
use formwork_emulator::{Action, Fault};
use formwork_engine::{Program, Secret, Stack, Timeouts, options};
use localstack_tests::Trial;
use serde_json::{Value as Json, json};

const NAMESPACE: &str = "AWS::RedshiftServerless::Namespace";

/// A namespace with this administrator, whose changes are waited for as long as this.
fn program(administrator: &str, patience: Duration) -> Program {
    let mut stack = Stack::new("generic", "generic", BTreeMap::new());
    let namespace = Resource::of(NAMESPACE)
        .fixed("NamespaceName", "figures")
        .property("AdminUsername", administrator)
        .secret("AdminUserPassword", Secret::new("Correct-Horse-1".to_owned()));
    stack.add_with(
        "it",
        namespace.build(),
        options().timeouts(Timeouts { update: Some(patience), ..Timeouts::default() }),
    );
    stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// The parameters of every call of an operation since this was last asked.
fn sent(trial: &Trial, operation: &str) -> Vec<Json> {
    let calls = trial.account.news().into_iter().filter(|call| call.operation == operation);
    calls.map(|call| call.parameters).collect()
}

#[tokio::test]
async fn a_change_that_is_still_under_way_is_waited_for_by_its_request() -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    trial.up(&program("first", Duration::from_secs(60))).await?;
    let (admin, account) = (trial.account.emulator.admin(), &trial.account.id);
    trial.account.news();

    let under_way = Action::Overlay { path: "ProgressEvent.OperationStatus".to_owned(), value: json!("IN_PROGRESS") };
    admin.inject(&Fault::new(account, under_way).operation("GetResourceRequestStatus").always())?;
    let cut = trial.up(&program("second", Duration::from_secs(10))).await.err().context("it is not cut short")?;
    ensure!(format!("{cut:#}").contains("it is not done after 10 s"), "{cut:#}");
    let calls = trial.account.news();
    let asked = |calls: &[formwork_emulator::Call]| -> Vec<String> {
        let asks = calls.iter().filter(|call| call.operation == "GetResourceRequestStatus");
        asks.filter_map(|call| call.parameters["RequestToken"].as_str().map(str::to_owned)).collect()
    };
    let updates = calls.iter().filter(|call| call.operation == "UpdateResource").count();
    let token = asked(&calls).pop().context("nobody asks about the request")?;
    ensure!(updates == 1, "{updates} updates");

    admin.clear_faults(account)?;
    trial.up(&program("second", Duration::from_secs(60))).await?;
    let calls = trial.account.news();
    ensure!(calls.iter().all(|call| call.operation != "UpdateResource"), "it is changed a second time");
    ensure!(asked(&calls).contains(&token), "another request is asked about: {:?}", asked(&calls));
    ensure!(trial.plan(&program("second", Duration::from_secs(60))).await?.is_noop(), "there is still to do");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_is_sent_again_with_every_change_and_never_recorded() -> Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    trial.up(&program("first", Duration::from_secs(60))).await?;
    trial.account.news();
    trial.up(&program("second", Duration::from_secs(60))).await?;
    let patches = sent(&trial, "UpdateResource");
    let patch: Json = serde_json::from_str(patches[0]["PatchDocument"].as_str().unwrap_or_default())?;
    let wanted = json!([
        { "op": "add", "path": "/AdminUsername", "value": "second" },
        { "op": "add", "path": "/AdminUserPassword", "value": "Correct-Horse-1" },
    ]);
    ensure!(patch == wanted, "{patch}");
    for file in walk(&trial.store()) {
        let bytes = std::fs::read(&file)?;
        let found = bytes.windows(15).any(|window| window == b"Correct-Horse-1");
        ensure!(!found, "{} has the password", file.display());
    }
    Ok(())
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_name_that_is_taken_by_somebody_else_is_refused_and_not_deleted() -> Result<()> {
    let theirs = Trial::new(crate::emulator()).await;
    let aws = theirs.cloud.aws().await?;
    let create = aws.cloudcontrol().create_resource().type_name(NAMESPACE);
    create.desired_state(r#"{"NamespaceName":"figures"}"#).send().await?;
    let program = program("first", Duration::from_secs(60));
    let said = theirs.up(&program).await.err().context("it takes what is somebody else's")?;
    ensure!(format!("{said:#}").contains("already exists"), "{said:#}");
    // Nor does the next run.
    ensure!(theirs.up(&program).await.is_err(), "the next run takes it");
    let standing = theirs.account.listed();
    ensure!(standing.len() == 1 && standing[0].0 == "aws:cloudcontrol/resource", "{standing:?}");
    Ok(())
}
