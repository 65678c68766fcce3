//! Nobody holds keys: workloads are told by the cluster's identity provider, and may do what they need and no more.

use formwork::engine::Value;
use formwork::prelude::*;
use formwork::testing::TypedPlan;
use serde_json::Value as Json;

use super::{referring, some};
use crate::{altered, check, configured};

#[test]
fn there_are_no_static_credentials() {
    let keys = r#"{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}"#;
    let trust = |statement: iam::Statement| iam::PolicyDocument::of([statement]).output();
    let assume = || iam::Statement::allow().action("sts:AssumeRole");
    check(
        no_static_credentials,
        [
            ("holds an access key", configured(|config| config.secrets.app_env = Secret::new(keys.to_owned()))),
            (
                "user/ci",
                altered(|it| {
                    let user = iam::Principal::aws("arn:aws:iam::123456789012:user/ci");
                    it.altering::<iam::Role>("operators", "assume_role_policy", trust(assume().principal(user)))
                }),
            ),
            (
                "everybody",
                altered(|it| {
                    it.altering::<iam::Role>(
                        "operators",
                        "assume_role_policy",
                        trust(assume().principal(iam::Principal::anybody())),
                    )
                }),
            ),
        ],
    );
}

#[test]
fn workloads_are_trusted_by_service_account_and_audience() {
    let trust = |conditions: &[(&'static str, &'static str)]| {
        let statement = iam::Statement::allow()
            .principal(iam::Principal::federated("arn:aws:iam::123456789012:oidc-provider/x"))
            .action("sts:AssumeRoleWithWebIdentity");
        let with = |it: iam::Statement, (key, value): &(&'static str, &'static str)| {
            it.condition(if value.contains('*') { "StringLike" } else { "StringEquals" }, *key, [*value])
        };
        iam::PolicyDocument::of([conditions.iter().fold(statement, with)]).output()
    };
    let gateway = |document: Output<Json_>| {
        altered(|it| it.altering::<iam::Role>("gateway/role", "assume_role_policy", document))
    };
    let (audience, subject) = (("x:aud", "sts.amazonaws.com"), ("x:sub", "system:serviceaccount:app:gateway"));
    check(
        workloads_are_trusted_exactly,
        [
            (":sub", gateway(trust(&[audience]))),
            (":aud", gateway(trust(&[subject]))),
            (":sub", gateway(trust(&[audience, ("x:sub", "system:serviceaccount:app:*")]))),
            (":aud", gateway(trust(&[("x:aud", "somebody-else"), subject]))),
            ("not the cluster's", gateway(trust(&[audience, subject]))),
        ],
    );
}

#[test]
fn workloads_may_do_only_what_they_need() {
    let policy = |action: &str, resource: &str| {
        iam::PolicyDocument::of([iam::Statement::allow().action(action.to_owned()).resource(resource.to_owned())])
            .output()
    };
    let gateway =
        |document: Output<Json_>| altered(|it| it.altering::<iam::RolePolicy>("gateway/policy", "policy", document));
    check(
        workloads_are_narrow,
        [
            ("`*`", gateway(policy("s3:GetObject", "*"))),
            ("`s3:*`", gateway(policy("s3:*", "arn:aws:s3:::prod-artefacts/*"))),
            ("not the stack's own", gateway(policy("s3:GetObject", "arn:aws:s3:::somebody-elses/*"))),
        ],
    );
}

/// Engine's JSON text, beside serde's tree.
type Json_ = formwork::Json;

/// Roles are assumed by services, by people of the account, or by service accounts; no secret holds an access key.
fn no_static_credentials(plan: &TypedPlan) -> Result<(), String> {
    if let Some(step) =
        plan.plan().steps.iter().find(|step| matches!(step.kind.as_str(), "aws:iam/user" | "aws:iam/access-key"))
    {
        return Err(format!("{} is a standing identity", step.urn.path()));
    }
    for role in some::<iam::Role>(plan)? {
        for statement in statements(&role.document("assume_role_policy")) {
            if statement["Principal"] == "*" {
                return Err(format!("{} is assumed by everybody", role.path()));
            }
            for principal in texts(&statement["Principal"]["AWS"]) {
                if !principal.ends_with(":root") {
                    return Err(format!("{} is assumed by {principal}", role.path()));
                }
            }
        }
    }
    match plan.plan().steps.iter().find(|step| holds_a_key(&step.planned)) {
        Some(step) => Err(format!("{} holds an access key", step.urn.path())),
        None => Ok(()),
    }
}

fn holds_a_key(value: &Value) -> bool {
    match value.reveal() {
        Value::Text(text) => {
            text.to_ascii_lowercase().contains("aws_secret_access_key")
                || text
                    .split(|c: char| !c.is_ascii_alphanumeric())
                    .any(|word| word.starts_with("AKIA") && word.len() == 20)
        }
        Value::List(list) => list.iter().any(holds_a_key),
        Value::Map(map) => map.values().any(holds_a_key),
        _ => false,
    }
}

/// Every role that trusts an identity provider trusts the cluster's, and names the service accounts and the audience in full.
fn workloads_are_trusted_exactly(plan: &TypedPlan) -> Result<(), String> {
    let mut workloads = 0;
    for role in some::<iam::Role>(plan)? {
        for statement in statements(&role.document("assume_role_policy")) {
            if statement["Principal"].get("Federated").is_none() {
                continue;
            }
            workloads += 1;
            let exact = &statement["Condition"]["StringEquals"];
            let values = |suffix: &str| {
                let found = exact.as_object().and_then(|keys| keys.iter().find(|(key, _)| key.ends_with(suffix)));
                found.map(|(_, value)| texts(value)).unwrap_or_default()
            };
            if values(":aud") != ["sts.amazonaws.com"] {
                return Err(format!("{} takes tokens of any audience (:aud)", role.path()));
            }
            let subjects = values(":sub");
            if subjects.is_empty()
                || !subjects.iter().all(|it| it.starts_with("system:serviceaccount:") && !it.contains('*'))
            {
                return Err(format!("{} does not name its service accounts (:sub)", role.path()));
            }
            if texts(&statement["Principal"]["Federated"]) != ["${cluster/service-accounts.arn}"] {
                return Err(format!("{} trusts a provider that is not the cluster's", role.path()));
            }
        }
    }
    if workloads == 2 { Ok(()) } else { Err(format!("{workloads} workloads have a role, and there are two")) }
}

/// What workloads may do names each action, and resources of the stack.
fn workloads_are_narrow(plan: &TypedPlan) -> Result<(), String> {
    for role in some::<iam::Role>(plan)? {
        let federated = |it: &Json| it["Principal"].get("Federated").is_some();
        if !statements(&role.document("assume_role_policy")).iter().any(federated) {
            continue;
        }
        for policy in referring::<iam::RolePolicy, _>(plan, "role", &role) {
            for statement in statements(&policy.document("policy")) {
                let said = texts(&statement["Action"]).into_iter().chain(texts(&statement["Resource"]));
                if let Some(wide) = said.into_iter().find(|it| it == "*" || it.ends_with(":*")) {
                    return Err(format!("{} says `{wide}`", policy.path()));
                }
                if let Some(other) = texts(&statement["Resource"]).iter().find(|it| !it.starts_with("${")) {
                    return Err(format!("{} is about {other}, which is not the stack's own", policy.path()));
                }
            }
        }
    }
    Ok(())
}

fn statements(document: &Json) -> Vec<Json> {
    document["Statement"].as_array().cloned().unwrap_or_default()
}

/// One text or several.
fn texts(value: &Json) -> Vec<String> {
    match value {
        Json::String(text) => vec![text.clone()],
        Json::Array(all) => all.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
