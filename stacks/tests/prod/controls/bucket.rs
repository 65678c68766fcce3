//! The bucket: encrypted, closed, TLS only.

use formwork::engine::{Expr, Value};
use formwork::prelude::*;
use formwork::testing::{Planner, TypedPlan};

use super::{has, referring, some};
use crate::{altered, beside, check};

#[test]
fn the_bucket_is_encrypted_and_closed() {
    let open = |block: &str| Value::from([(block, false)]);
    check(
        bucket_is_closed,
        [
            ("algorithm", altered(|it| alter(it, "encryption", Value::from([("algorithm", "aws:kms")])))),
            ("block_public_acls", altered(|it| alter(it, "public_access_block", open("block_public_acls")))),
            ("ignore_public_acls", altered(|it| alter(it, "public_access_block", open("ignore_public_acls")))),
            ("block_public_policy", altered(|it| alter(it, "public_access_block", open("block_public_policy")))),
            (
                "restrict_public_buckets",
                altered(|it| alter(it, "public_access_block", open("restrict_public_buckets"))),
            ),
            ("ownership", altered(|it| alter(it, "ownership", "ObjectWriter"))),
            ("versioning", altered(|it| alter(it, "versioning", false))),
            ("for ever", altered(|it| alter(it, "lifecycle_rules", Expr::null()))),
            (
                "versioning",
                beside(|stack| drop(stack.add("scratch", s3::Bucket::builder().name("scratch-123456789012").build()))),
            ),
        ],
    );
}

#[test]
fn the_bucket_takes_calls_with_tls_only() {
    let arn = || bucket_arn("");
    let all = || bucket_arn("/*");
    let deny = |actions: &str, secure: &str, resources: Vec<Output<String>>| {
        let statement = iam::Statement::deny()
            .principal(iam::Principal::anybody())
            .action(actions.to_owned())
            .resources(resources.iter())
            .condition("Bool", "aws:SecureTransport", [secure.to_owned()]);
        iam::PolicyDocument::of([statement]).output()
    };
    let policy = |document: Output<Json>| {
        altered(|it| it.altering::<s3::BucketPolicy>("artefacts/tls-only", "policy", document))
    };
    check(
        bucket_takes_tls_only,
        [
            ("does not refuse", policy(deny("s3:*", "true", vec![arn(), all()]))),
            ("does not refuse", policy(deny("s3:GetObject", "false", vec![arn(), all()]))),
            ("does not refuse", policy(deny("s3:*", "false", vec![arn()]))),
            (
                "does not refuse",
                altered(|it| it.altering::<s3::BucketPolicy>("artefacts/tls-only", "bucket", "somebody-elses")),
            ),
        ],
    );
}

fn bucket_is_closed(plan: &TypedPlan) -> Result<(), String> {
    for bucket in some::<s3::Bucket>(plan)? {
        has(&bucket, "encryption.algorithm", "AES256")?;
        for block in ["block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets"] {
            has(&bucket, &format!("public_access_block.{block}"), true)?;
        }
        has(&bucket, "ownership", "BucketOwnerEnforced")?;
        has(&bucket, "versioning", true)?;
        if bucket.arg("lifecycle_rules").as_list().is_none_or(<[Value]>::is_empty) {
            return Err(format!("{} keeps every version for ever", bucket.path()));
        }
    }
    Ok(())
}

fn bucket_takes_tls_only(plan: &TypedPlan) -> Result<(), String> {
    for bucket in some::<s3::Bucket>(plan)? {
        let arn = format!("${{{}.arn}}", bucket.path());
        let refusing = |statement: &serde_json::Value| {
            statement["Effect"] == "Deny"
                && statement["Principal"] == "*"
                && statement["Action"] == "s3:*"
                && statement["Resource"] == serde_json::json!([arn, format!("{arn}/*")])
                && statement["Condition"] == serde_json::json!({ "Bool": { "aws:SecureTransport": "false" } })
        };
        let refuses = referring::<s3::BucketPolicy, _>(plan, "bucket", &bucket).iter().any(|policy| {
            policy.document("policy")["Statement"].as_array().is_some_and(|all| all.iter().any(refusing))
        });
        if !refuses {
            return Err(format!("{} does not refuse calls without TLS", bucket.path()));
        }
    }
    Ok(())
}

fn alter(planner: Planner, arg: &'static str, value: impl Into<Expr>) -> Planner {
    planner.altering::<s3::Bucket>("artefacts/main", arg, value)
}

fn bucket_arn(suffix: &'static str) -> Output<String> {
    let Expr::Output { urn, .. } = super::stores::id_of::<s3::Bucket>("artefacts/main") else { unreachable!() };
    let arn: Output<Arn<s3::Bucket>> = Output::of(Expr::Output { urn, name: "arn".to_owned() });
    join([(&arn).into(), suffix.into()])
}
