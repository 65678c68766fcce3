//! Distributions of CloudFront: their certificates, names, origins and behaviours.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::Value;
use formwork_engine::preflight::{Intended, Problem};

use super::of;

const KIND: &str = "aws:cloudfront/distribution";
/// The region that CloudFront takes its certificates from.
const CERTIFICATES: &str = "us-east-1";
/// Characters of the comment of a distribution or a policy.
const COMMENT: usize = 128;

pub(super) fn check(intended: &[Intended]) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut names: BTreeMap<&str, &Intended> = BTreeMap::new();
    for one in of(intended, KIND) {
        for name in texts(one.args.get("aliases")) {
            match names.insert(name, one) {
                Some(other) if one.is_touched() || other.is_touched() => {
                    let reason = format!("has {name}, which {} has too", other.urn.path());
                    found.push(one.problem(
                        "aliases",
                        reason,
                        "a name leads to one distribution: remove one of the two",
                    ));
                }
                _ => {}
            }
        }
        if one.is_touched() {
            certificate(intended, one, &mut found);
            origins(one, &mut found);
            behaviors(one, &mut found);
            rest(one, &mut found);
        }
    }
    for kind in ["aws:cloudfront/cache-policy", "aws:cloudfront/response-headers-policy"] {
        for one in of(intended, kind).filter(|one| one.is_touched()) {
            comment(one, &mut found);
        }
    }
    found
}

/// The certificate lies in one region, and names of one's own need one.
fn certificate(intended: &[Intended], one: &Intended, found: &mut Vec<Problem>) {
    let certificate = one.args.get("viewer_certificate");
    let source = certificate.get("source").as_text();
    let names: Vec<&str> = texts(one.args.get("aliases")).collect();
    if let (Some("cloudfront"), Some(name)) = (source, names.first()) {
        let reason = format!("has {name}, and `viewer_certificate` proves CloudFront's own name only");
        found.push(one.problem("aliases", reason, "give it a certificate that covers its names"));
    }
    let arg = "viewer_certificate.certificate";
    let hint = "make the certificate with a provider of us-east-1: CloudFront takes certificates from there only";
    let mut elsewhere = |region: &str, which: &str| {
        if region != CERTIFICATES {
            found.push(one.problem(arg, format!("is {which} in {region}"), hint));
        }
    };
    if let Some(arn) = certificate.get("certificate").as_text() {
        // arn:aws:acm:REGION:account:certificate/id
        if let Some(region) = arn.split(':').nth(3) {
            elsewhere(region, "a certificate");
        }
    } else if let Some(urn) = one.refers_to(arg)
        && let Some(other) = intended.iter().find(|other| other.urn == *urn)
    {
        elsewhere(&other.region, &format!("{}, which lies", other.urn.path()));
    }
}

fn origins(one: &Intended, found: &mut Vec<Problem>) {
    let origins = one.args.get("origins").as_list().unwrap_or_default();
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    for origin in origins {
        let Some(id) = origin.get("id").as_text() else { continue };
        if !ids.insert(id) {
            found.push(one.problem("origins", format!("have {id} twice"), "give each origin an id of its own"));
        }
        let sort = origin.get("origin_type").get("choice").as_text();
        if sort == Some("s3_identity") && given(origin.get("access_control")) {
            let reason = format!("has both an access control and an access identity in {id}");
            found.push(one.problem("origins", reason, "keep the access control"));
        }
        if let Some(path) = origin.get("path").as_text()
            && !path.is_empty()
            && (!path.starts_with('/') || path.ends_with('/'))
        {
            let reason = format!("has the path \"{path}\" in {id}");
            found.push(one.problem("origins", reason, "begin it with a slash, and end it without one"));
        }
    }
    for group in one.args.get("origin_groups").as_list().unwrap_or_default() {
        let Some(id) = group.get("id").as_text() else { continue };
        let members: Vec<&str> = texts(group.get("members")).collect();
        if group.get("members").as_list().is_some_and(|all| all.len() != 2) {
            let reason = format!("has {} origins in {id}", members.len());
            found.push(one.problem("origin_groups", reason, "name two, the first one first"));
        }
        if let Some(member) = members.iter().find(|member| !ids.contains(*member)) {
            let reason = format!("has {member} in {id}, which is none of `origins`");
            found.push(one.problem("origin_groups", reason, "name origins of this distribution"));
        }
    }
}

/// Each behaviour has an origin that there is, and a rule by which answers are kept.
fn behaviors(one: &Intended, found: &mut Vec<Problem>) {
    let ids = |list: &str| {
        let list = one.args.get(list).as_list().unwrap_or_default();
        list.iter().map(|it| it.get("id").as_text().map(str::to_owned)).collect::<Option<Vec<_>>>()
    };
    let targets: Option<BTreeSet<String>> =
        ids("origins").zip(ids("origin_groups")).map(|(origins, groups)| origins.into_iter().chain(groups).collect());
    let mut patterns = BTreeSet::new();
    let others = one.args.get("cache_behaviors").as_list().unwrap_or_default();
    let others = others.iter().enumerate().map(|(at, it)| (format!("cache_behaviors[{at}]"), it.get("behavior")));
    for (arg, behavior) in others.chain([("default_cache_behavior".to_owned(), one.args.get("default_cache_behavior"))])
    {
        if behavior.as_map().is_none() {
            continue;
        }
        if let (Some(targets), Some(target)) = (&targets, behavior.get("target_origin").as_text())
            && !targets.contains(target)
        {
            let reason = format!("is for {target}, which is none of `origins` and `origin_groups`");
            found.push(one.problem(&arg, reason, "name an origin of this distribution"));
        }
        match (given(behavior.get("cache_policy")), given(behavior.get("forwarded_values"))) {
            (false, false) => found.push(one.problem(
                &arg,
                "has no `cache_policy`",
                "take one of `cloudfront::managed`, such as `managed::caching_optimized()`",
            )),
            (true, true) => {
                found.push(one.problem(
                    &arg,
                    "has both `cache_policy` and `forwarded_values`",
                    "keep the cache policy",
                ));
            }
            _ => {}
        }
    }
    for it in one.args.get("cache_behaviors").as_list().unwrap_or_default() {
        let Some(pattern) = it.get("path_pattern").as_text() else { continue };
        if !patterns.insert(pattern) {
            let reason = format!("has {pattern} twice");
            found.push(one.problem("cache_behaviors", reason, "the second one never counts: remove it"));
        }
    }
}

fn rest(one: &Intended, found: &mut Vec<Problem>) {
    comment(one, found);
    if let Some(object) = one.text("default_root_object")
        && object.starts_with('/')
    {
        let reason = format!("is \"{object}\", and begins with a slash");
        found.push(one.problem("default_root_object", reason, "name the object without it"));
    }
    for answer in one.args.get("custom_error_responses").as_list().unwrap_or_default() {
        if let Value::Int(code) = answer.get("error_code")
            && !matches!(code, 400 | 403 | 404 | 405 | 414 | 416 | 500..=504)
        {
            let reason = format!("has one for {code}, which CloudFront does not answer otherwise");
            found.push(one.problem(
                "custom_error_responses",
                reason,
                "see `ErrorResponse::error_code` for those that it does",
            ));
        }
    }
}

fn comment(one: &Intended, found: &mut Vec<Problem>) {
    if let Some(text) = one.text("comment").filter(|text| text.chars().count() > COMMENT) {
        let reason = format!("has {} characters, and CloudFront takes {COMMENT}", text.chars().count());
        found.push(one.problem("comment", reason, "shorten it"));
    }
}

/// Whether something is said: what is not known yet is something.
fn given(value: &Value) -> bool {
    !value.is_null() && value.as_text() != Some("")
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_list().unwrap_or_default().iter().filter_map(Value::as_text)
}
