//! A stack as it is in production: what a destroy leaves behind (secrets that can be restored, last snapshots, the keys of both) is not in the
//! way of the next `up`, which says what it does about it.

use std::collections::BTreeMap;

use formwork::prelude::*;
use formwork_emulator::{Action, Call, Fault};
use formwork_engine::Program;
use formwork_engine::plan::Op;
use localstack_tests::{REGION, Trial, told};

/// A key, and what is encrypted with it and leaves something behind; a log group as EKS would make it.
fn program() -> Program {
    let mut stack = Stack::new("lasting", "lasting", BTreeMap::new());
    let key = stack.add("key", kms::Key::builder().description("what stays").build());
    let value = Secret::new("{}".to_owned());
    let secret = secretsmanager::Secret::builder().name("lasting/env").kms_key_id(&key.arn).secret_string(value);
    stack.add("env", secret.description("for workloads").tags([("team", "a")]).build());
    let orders = rds::Instance::builder()
        .identifier("lasting-orders")
        .engine("postgres")
        .instance_class("db.t4g.micro")
        .allocated_storage(20)
        .master_username("orders")
        .manage_master_user_password(true)
        .kms_key_id(&key.arn)
        .final_snapshot_identifier("lasting-orders-last")
        .deletion_protection(true);
    stack.add("orders", orders.build());
    let jobs = elasticache::ReplicationGroup::builder()
        .name("lasting-jobs")
        .node_type("cache.t4g.micro")
        .num_cache_clusters(1)
        .final_snapshot("lasting-jobs-last");
    stack.add("jobs", jobs.build());
    let events = logs::LogGroup::builder().name("/aws/eks/lasting/cluster").retention_in_days(30);
    stack.add("events", events.deletion_protection(true).build());
    stack.finish().unwrap()
}

/// Makes a log group as a service does: with nothing but a name.
fn log_group_by_a_service(trial: &Trial, name: &str) {
    by_others(trial, "logs", "Logs_20140328.CreateLogGroup", &serde_json::json!({ "logGroupName": name }));
}

/// A call that no stack makes.
fn by_others(trial: &Trial, service: &str, operation: &str, body: &serde_json::Value) {
    let account = &trial.account.id;
    let credential = format!("AWS4-HMAC-SHA256 Credential={account}/20260101/{REGION}/{service}/aws4_request");
    let answer = ureq::post(trial.account.emulator.endpoint())
        .header("Authorization", format!("{credential}, SignedHeaders=host, Signature=none"))
        .header("Content-Type", "application/x-amz-json-1.1")
        .header("X-Amz-Target", operation)
        .send(body.to_string());
    assert!(answer.unwrap().status().is_success());
}

fn called<'a>(calls: &'a [Call], operation: &str) -> Vec<&'a Call> {
    calls.iter().filter(|call| call.operation == operation).collect()
}

#[tokio::test]
async fn up_after_destroy_restores_what_is_left_and_meets_no_name_that_is_taken() {
    let trial = Trial::lasting(crate::emulator()).await;
    let program = program();
    trial.up(&program).await.unwrap();
    let key = trial.row(&urn("key", "aws:kms/key")).unwrap().id;
    trial.account.news();

    let destroyed = trial.plan_with(&Program::empty("lasting", "lasting"), destroying(&trial)).await.unwrap();
    let kept = format!(
        "key ({key}) stays in the account and is forgotten: it encrypts what env leaves behind (a secret that can be restored until its \
         recovery window ends) and what orders leaves behind (a final snapshot)"
    );
    assert!(destroyed.warnings.contains(&kept), "{:#?}", destroyed.warnings);
    trial.destroy(&program).await.unwrap();
    assert!(trial.rows().unwrap().is_empty());
    let calls = trial.account.news();
    assert_eq!(called(&calls, "ScheduleKeyDeletion").len(), 0);
    let snapshots = |calls: &[Call]| {
        let ok = |operation, name: &str| {
            let calls = called(calls, operation).into_iter().filter(|call| call.outcome == "ok");
            calls.map(|call| call.parameters[name].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let databases = ok("DeleteDBInstance", "FinalDBSnapshotIdentifier");
        (databases, ok("DeleteReplicationGroup", "FinalSnapshotIdentifier"))
    };
    assert_eq!(snapshots(&calls), (vec!["lasting-orders-last".to_owned()], vec!["lasting-jobs-last".to_owned()]));

    // EKS writes its last events into a group that it makes anew.
    log_group_by_a_service(&trial, "/aws/eks/lasting/cluster");
    let plan = trial.plan(&program).await.unwrap();
    for said in [
        "env: the secret lasting/env of an earlier run is scheduled for deletion: it is restored, and set to what is declared",
        "events: the log group /aws/eks/lasting/cluster was made by a service, belongs to nobody, and is taken over",
    ] {
        assert!(plan.warnings.iter().any(|warning| warning == said), "no `{said}` in {:#?}", plan.warnings);
    }
    assert!(plan.steps.iter().all(|step| step.op == Op::Create), "{}", told(&plan));
    trial.up(&program).await.unwrap();
    let calls = trial.account.news();
    let restored = called(&calls, "RestoreSecret").into_iter().map(|call| call.outcome.as_str());
    assert_eq!(restored.collect::<Vec<_>>(), ["ok"]);
    let settled = trial.plan(&program).await.unwrap();
    assert!(settled.is_noop(), "{}", told(&settled));

    // The second last snapshots stand beside the first.
    trial.destroy(&program).await.unwrap();
    let (databases, caches) = snapshots(&trial.account.news());
    assert!(matches!(&databases[..], [name] if name.starts_with("lasting-orders-last-")), "{databases:?}");
    assert_eq!(caches, ["lasting-jobs-last-2"]);
    assert_eq!(trial.account.gaps(), [""; 0]);
}

#[tokio::test]
async fn a_restore_whose_answer_is_lost_is_recognised_and_not_refused() {
    let trial = Trial::lasting(crate::emulator()).await;
    let mut stack = Stack::new("lasting", "lasting", BTreeMap::new());
    let value = Secret::new("{}".to_owned());
    stack.add("env", secretsmanager::Secret::builder().name("lasting/env").secret_string(value).build());
    let program = stack.finish().unwrap();
    trial.up(&program).await.unwrap();
    trial.destroy(&program).await.unwrap();
    let fault = Fault::new(&trial.account.id, Action::LoseAnswer).operation("RestoreSecret");
    trial.account.emulator.admin().inject(&fault).unwrap();
    trial.up(&program).await.unwrap();
    let settled = trial.plan(&program).await.unwrap();
    assert!(settled.is_noop(), "{}", told(&settled));
}

#[tokio::test]
async fn a_secret_that_others_delete_is_not_restored() {
    let trial = Trial::lasting(crate::emulator()).await;
    let secret =
        serde_json::json!({ "Name": "lasting/env", "SecretString": "theirs", "ClientRequestToken": "a".repeat(32) });
    by_others(&trial, "secretsmanager", "secretsmanager.CreateSecret", &secret);
    let secret = serde_json::json!({ "SecretId": "lasting/env" });
    by_others(&trial, "secretsmanager", "secretsmanager.DeleteSecret", &secret);
    let mut stack = Stack::new("lasting", "lasting", BTreeMap::new());
    stack.add("env", secretsmanager::Secret::builder().name("lasting/env").build());
    let program = stack.finish().unwrap();
    let warnings = trial.plan(&program).await.unwrap().warnings;
    let said = "env: the secret lasting/env is scheduled for deletion, was not made by this stack, and keeps its name from being taken";
    assert!(warnings.iter().any(|warning| warning.starts_with(said)), "{warnings:?}");
    trial.account.news();
    let refused = format!("{:#}", trial.up(&program).await.unwrap_err());
    assert!(refused.contains("CreateSecret answered InvalidRequestException"), "{refused}");
    assert!(called(&trial.account.news(), "RestoreSecret").is_empty());
}

#[tokio::test]
async fn a_log_group_that_somebody_made_is_not_taken_over() {
    let trial = Trial::lasting(crate::emulator()).await;
    log_group_by_a_service(&trial, "/lasting/events");
    let mut stack = Stack::new("lasting", "lasting", BTreeMap::new());
    stack.add("events", logs::LogGroup::builder().name("/lasting/events").build());
    let program = stack.finish().unwrap();
    assert!(trial.plan(&program).await.unwrap().warnings.is_empty());
    let refused = format!("{:#}", trial.up(&program).await.unwrap_err());
    assert!(refused.contains("/lasting/events exists already and was not made by this stack"), "{refused}");
}

fn urn(path: &str, kind: &str) -> Urn {
    format!("lasting::{path}::{kind}").parse().unwrap()
}

fn destroying(trial: &Trial) -> formwork_engine::settings::Settings {
    formwork_engine::settings::Settings { destroy: true, ..trial.settings.clone() }
}
