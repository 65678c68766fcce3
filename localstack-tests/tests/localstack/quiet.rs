//! What is not seen, or not made yet, is no difference, and is said.

use std::collections::BTreeMap;

use formwork::prelude::*;
use formwork_emulator::{Action, Fault};
use formwork_engine::Program;
use formwork_engine::settings::{OnDrift, Settings};
use localstack_tests::{Trial, told};
use serde_json::json;

/// The reads of a bucket's settings, the permission of each, and the arguments that it shows.
const READS: [(&str, &str, &[&str]); 16] = [
    ("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls", &["ownership"]),
    ("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", &["public_access_block"]),
    ("GetBucketEncryption", "s3:GetEncryptionConfiguration", &["encryption"]),
    ("GetBucketVersioning", "s3:GetBucketVersioning", &["versioning"]),
    ("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration", &["object_lock", "default_retention"]),
    ("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration", &["lifecycle_rules"]),
    ("GetBucketCors", "s3:GetBucketCORS", &["cors_rules"]),
    ("GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration", &["acceleration"]),
    ("GetBucketLogging", "s3:GetBucketLogging", &["logging"]),
    ("GetBucketWebsite", "s3:GetBucketWebsite", &["website"]),
    ("GetBucketNotificationConfiguration", "s3:GetBucketNotification", &["notification"]),
    ("GetBucketReplication", "s3:GetReplicationConfiguration", &["replication"]),
    ("ListBucketIntelligentTieringConfigurations", "s3:GetIntelligentTieringConfiguration", &["intelligent_tiering"]),
    ("ListBucketInventoryConfigurations", "s3:GetInventoryConfiguration", &["inventories"]),
    ("ListBucketAnalyticsConfigurations", "s3:GetAnalyticsConfiguration", &["analytics"]),
    ("ListBucketMetricsConfigurations", "s3:GetMetricsConfiguration", &["metrics"]),
];

fn program(declare: impl FnOnce(&mut Stack)) -> Program {
    let mut stack = Stack::new("quiet", "quiet", BTreeMap::new());
    declare(&mut stack);
    stack.finish().unwrap()
}

/// Refuses an operation, plans, and expects nothing to do and a warning with all of these words.
async fn refused(trial: &Trial, program: &Program, operation: &str, code: &str, says: &[&str]) {
    let (admin, account) = (trial.account.emulator.admin(), &trial.account.id);
    let action = Action::Error { code: code.to_owned(), message: "Access Denied".to_owned(), status: 403 };
    let fault = admin.inject(&Fault::new(account, action).operation(operation).always()).unwrap();
    let plan = trial.plan(program).await.unwrap();
    admin.remove_fault(account, &fault).unwrap();
    assert!(plan.is_noop(), "without {operation}:\n{}", told(&plan));
    let said = plan.warnings.iter().any(|warning| says.iter().all(|word| warning.contains(word)));
    assert!(said, "without {operation}: {says:?} in {:#?}", plan.warnings);
}

#[tokio::test]
async fn a_setting_that_may_not_be_read_is_unchanged_and_its_permission_is_named() {
    let trial = Trial::new(crate::emulator()).await;
    let name = format!("quiet-{}", trial.account.id);
    let program = program(|stack| {
        let cors = s3::CorsRule::builder().allowed_methods(["GET"]).allowed_origins(["https://example.com"]).build();
        let old = s3::LifecycleRule::builder().id("old").prefix("tmp/").expiration_days(7).build();
        let bucket = s3::Bucket::builder().name(name.as_str()).versioning(true).cors_rules([cors]);
        stack.add("archive", bucket.lifecycle_rules([old]).acceleration(true).build());
    });
    trial.up(&program).await.unwrap();
    for (operation, permission, args) in READS {
        for arg in args {
            let says = format!("archive: `{arg}` could not be read and counts as unchanged");
            let missing = format!("the permission {permission} is missing");
            refused(&trial, &program, operation, "AccessDenied", &[&says, &missing]).await;
        }
    }
    let whole = "archive could not be read and counts as unchanged";
    refused(&trial, &program, "GetBucketTagging", "AccessDenied", &[whole, "the permission s3:GetBucketTagging"]).await;
}

#[tokio::test]
async fn a_resource_that_may_not_be_read_is_unchanged_and_its_permission_is_named() {
    let trial = Trial::new(crate::emulator()).await;
    let program = program(|stack| {
        stack.add("network", ec2::Vpc::builder().cidr_block("10.90.0.0/16").build());
        stack.add("key", kms::Key::builder().description("quiet").enable_key_rotation(true).build());
        stack.add("images", ecr::Repository::builder().name("quiet").build());
        stack.add("events", logs::LogGroup::builder().name("/quiet").retention_in_days(7).build());
    });
    trial.up(&program).await.unwrap();
    for (operation, code, says, permission) in [
        ("DescribeVpcs", "UnauthorizedOperation", "network could not be read", "ec2:DescribeVpcs"),
        ("GetKeyPolicy", "AccessDeniedException", "key: `policy` could not be read", "kms:GetKeyPolicy"),
        (
            "GetKeyRotationStatus",
            "AccessDeniedException",
            "key: `enable_key_rotation` could not be read",
            "kms:GetKeyRotationStatus",
        ),
        ("DescribeKey", "AccessDeniedException", "key could not be read", "kms:DescribeKey"),
        (
            "GetLifecyclePolicy",
            "AccessDeniedException",
            "images: `lifecycle_policy` could not be read",
            "ecr:GetLifecyclePolicy",
        ),
        (
            "GetRepositoryPolicy",
            "AccessDeniedException",
            "images: `policy` could not be read",
            "ecr:GetRepositoryPolicy",
        ),
        ("DescribeLogGroups", "AccessDeniedException", "events could not be read", "logs:DescribeLogGroups"),
    ] {
        let missing = format!("the permission {permission} is missing");
        refused(&trial, &program, operation, code, &[says, "counts as unchanged", &missing]).await;
    }
}

#[tokio::test]
async fn what_a_cache_has_accepted_counts_as_made_and_is_said_with_its_window() {
    let trial = Trial::new(crate::emulator()).await;
    let cache = |node_type: &'static str| {
        program(|stack| {
            let group = elasticache::ReplicationGroup::builder().name("quiet-cache").node_type(node_type);
            let group = group.num_cache_clusters(2).engine_version("7.0").maintenance_window("Sun:05:00-Sun:06:00");
            stack.add("cache", group.apply_immediately(false).build());
        })
    };
    trial.up(&cache("cache.t4g.small")).await.unwrap();
    let (admin, account) = (trial.account.emulator.admin(), &trial.account.id);
    let values = json!({ "CacheNodeType": "cache.m7g.large" });
    let pending = Action::Overlay { path: "CacheClusters[].PendingModifiedValues".to_owned(), value: values };
    admin.inject(&Fault::new(account, pending).operation("DescribeCacheClusters").always()).unwrap();
    let plan = trial.plan(&cache("cache.m7g.large")).await.unwrap();
    let said = "cache: the change of `node_type` is accepted and will be made in the window sun:05:00-sun:06:00";
    assert!(plan.warnings.iter().any(|warning| warning == said), "{:#?}", plan.warnings);
    // The record follows, and no call is made.
    assert!(plan.steps.iter().all(|step| step.changed_args.is_empty()), "{}", told(&plan));
    let another = trial.plan(&cache("cache.r7g.large")).await.unwrap();
    assert!(another.steps.iter().any(|step| step.changed_args.contains("node_type")), "{}", told(&another));
}

#[tokio::test]
async fn what_an_autoscaler_and_aws_itself_move_is_no_drift() {
    let trial = Trial::new(crate::emulator()).await;
    let group = formwork_aws::examples().into_iter().find(|example| example.kind == "aws:eks/node-group").unwrap();
    let program = program(|stack| (group.declare)(stack, 0));
    trial.up(&program).await.unwrap();
    let (admin, account) = (trial.account.emulator.admin(), &trial.account.id);
    let overlay = |path: &str, value| Action::Overlay { path: path.to_owned(), value };
    let moved = overlay("nodegroup.scalingConfig.desiredSize", json!(7));
    admin.inject(&Fault::new(account, moved).operation("DescribeNodegroup").always()).unwrap();
    let tags = overlay("nodegroup.tags.aws:autoscaling:groupName", json!("made by AWS"));
    admin.inject(&Fault::new(account, tags).operation("DescribeNodegroup").always()).unwrap();
    let failing = Settings { on_drift: OnDrift::Fail, ..trial.settings.clone() };
    let plan = trial.plan_with(&program, failing).await.unwrap();
    assert!(plan.is_noop(), "{}", told(&plan));
}
