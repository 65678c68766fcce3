//! Mistakes in policy documents that IAM, S3 and KMS answer with "malformed".

use formwork_engine::preflight::{Intended, Problem};
use serde_json::{Map, Value as Json};

use super::of;

/// What a document is attached to decides what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Of an identity: it has resources and no principals.
    Identity,
    /// The trust policy of a role: it has principals and no resources.
    Trust,
    /// Of a resource: it has principals.
    Resource,
}

/// Documents by kind and argument, with the most characters that AWS takes, white space not counted (IAM's quotas).
const DOCUMENTS: &[(&str, &str, Sort, usize)] = &[
    ("aws:iam/role", "assume_role_policy", Sort::Trust, 2048),
    ("aws:iam/role-policy", "policy", Sort::Identity, 10240),
    ("aws:iam/policy", "policy", Sort::Identity, 6144),
    ("aws:s3/bucket-policy", "policy", Sort::Resource, 20480),
    ("aws:kms/key", "policy", Sort::Resource, 32768),
    ("aws:ecr/repository", "policy", Sort::Resource, 10240),
    ("aws:secretsmanager/secret", "policy", Sort::Resource, 20480),
    ("aws:ec2/vpc-endpoint", "policy", Sort::Resource, 20480),
    ("aws:dynamodb/table", "resource_policy", Sort::Resource, 20480),
    ("aws:sns/topic-policy", "policy", Sort::Resource, 30720),
    ("aws:sqs/queue-policy", "policy", Sort::Resource, 65536),
];

const OF_DOCUMENTS: [&str; 3] = ["Version", "Id", "Statement"];
const OF_STATEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

pub(super) fn check(intended: &[Intended]) -> Vec<Problem> {
    let mut found = Vec::new();
    for (kind, arg, sort, most) in DOCUMENTS {
        for one in of(intended, kind).filter(|one| one.is_touched()) {
            let Some(document) = one.documents.get(*arg) else { continue };
            for reason in mistakes(document, *sort) {
                let hint = "the grammar is in IAM's documentation; `PolicyDocument` writes documents that keep to it";
                found.push(one.problem(arg, reason, hint));
            }
            let size = size(document);
            if size > *most {
                let reason = format!("has {size} characters, and AWS takes {most}");
                found.push(one.problem(arg, reason, "say it in fewer statements, or in several policies"));
            }
        }
    }
    found
}

/// The characters that count; what is not known yet counts as nothing.
fn size(document: &Json) -> usize {
    fn known(value: &Json) -> Json {
        match value {
            Json::Object(map) if map.contains_key("$unknown") => Json::String(String::new()),
            Json::Object(map) => Json::Object(map.iter().map(|(name, value)| (name.clone(), known(value))).collect()),
            Json::Array(list) => Json::Array(list.iter().map(known).collect()),
            other => other.clone(),
        }
    }
    known(document).to_string().chars().count()
}

fn is_unknown(value: &Json) -> bool {
    value.get("$unknown").is_some()
}

fn mistakes(document: &Json, sort: Sort) -> Vec<String> {
    let Json::Object(map) = document else { return vec!["is no object".to_owned()] };
    let mut found = Vec::new();
    for name in map.keys().filter(|name| !OF_DOCUMENTS.contains(&name.as_str())) {
        found.push(format!("has `{name}`, which no policy has"));
    }
    match map.get("Version").and_then(Json::as_str) {
        Some("2012-10-17" | "2008-10-17") => {}
        Some(other) => found.push(format!("is of version \"{other}\", and there are 2012-10-17 and 2008-10-17")),
        None if map.contains_key("Version") => found.push("has a version that is no text".to_owned()),
        // Without one AWS takes the older language, in which variables are plain text.
        None => {}
    }
    let statements = match map.get("Statement") {
        Some(Json::Array(list)) if !list.is_empty() => list.iter().collect(),
        Some(one @ Json::Object(_)) => vec![one],
        _ => {
            found.push("has no statement".to_owned());
            Vec::new()
        }
    };
    for (at, statement) in statements.into_iter().enumerate() {
        match statement {
            Json::Object(_) if is_unknown(statement) => {}
            Json::Object(map) => found.extend(of_statement(map, sort).map(|said| format!("statement {at}: {said}"))),
            _ => found.push(format!("statement {at} is no object")),
        }
    }
    found
}

fn of_statement(map: &Map<String, Json>, sort: Sort) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    let has = |name: &str| map.contains_key(name);
    for name in map.keys().filter(|name| !OF_STATEMENTS.contains(&name.as_str())) {
        found.push(format!("it has `{name}`, which no statement has"));
    }
    match map.get("Effect") {
        Some(Json::String(word)) if word == "Allow" || word == "Deny" => {}
        Some(Json::String(word)) => found.push(format!("its effect is \"{word}\", and there are Allow and Deny")),
        Some(other) if is_unknown(other) => {}
        _ => found.push("it has no effect, which is Allow or Deny".to_owned()),
    }
    let one_of = |one: &str, other: &str, found: &mut Vec<String>| match (has(one), has(other)) {
        (true, true) => found.push(format!("it has `{one}` and `{other}`")),
        (false, false) => found.push(format!("it has no `{one}`")),
        _ => {}
    };
    one_of("Action", "NotAction", &mut found);
    match sort {
        Sort::Trust => {
            one_of("Principal", "NotPrincipal", &mut found);
            if has("Resource") || has("NotResource") {
                found.push("it has a `Resource`, which a trust policy has not: the role itself is meant".to_owned());
            }
        }
        Sort::Identity => {
            one_of("Resource", "NotResource", &mut found);
            if has("Principal") || has("NotPrincipal") {
                found.push(
                    "it has a `Principal`, which the policy of an identity has not: whoever has it is meant".to_owned(),
                );
            }
        }
        Sort::Resource => one_of("Principal", "NotPrincipal", &mut found),
    }
    for name in ["Action", "NotAction"] {
        let wrong = |action: &str| {
            let parts: Vec<&str> = action.split(':').collect();
            action != "*" && (parts.len() != 2 || parts.iter().any(|part| part.is_empty()) || action.contains(' '))
        };
        for action in texts(map.get(name)).filter(|action| wrong(action)) {
            found.push(format!("its action \"{action}\" is not written service:Action"));
        }
    }
    for name in ["Resource", "NotResource"] {
        let wrong = |resource: &str| resource != "*" && !resource.starts_with("arn:") && !resource.starts_with("${");
        for resource in texts(map.get(name)).filter(|resource| wrong(resource)) {
            found.push(format!("its resource \"{resource}\" is neither an ARN nor `*`"));
        }
    }
    if map.get("Condition").is_some_and(|condition| !condition.is_object()) {
        found.push("its condition is no object".to_owned());
    }
    found.into_iter()
}

/// The texts of a value that is one or a list of them.
fn texts(value: Option<&Json>) -> impl Iterator<Item = &str> {
    let list = value.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    value.and_then(Json::as_str).into_iter().chain(list.iter().filter_map(Json::as_str))
}
