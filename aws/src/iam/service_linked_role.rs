//! `aws:iam/service-linked-role`: the role that a service of AWS acts with in the account.
//!
//! ```
//! use formwork_aws::iam::ServiceLinkedRole;
//!
//! let role = ServiceLinkedRole::builder().service("autoscaling.amazonaws.com").custom_suffix("orders").build();
//! # drop(role);
//! ```
//!
//! Most of these need not be declared: where a plan makes the first thing of a service in an account, it says that the service's role is made
//! before, and leaves it in the account for whoever comes next. Declared, a role belongs to its stack like anything else: for services that
//! take several, or where the account is to be left as it was.

use std::collections::BTreeMap;

use aws_sdk_iam::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Outputs, Resource, Stack};

use super::{Role, RoleName};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;

const GONE: &[&str] = &["NoSuchEntity"];

/// What the path of each begins with; its service follows.
pub(crate) const PATH: &str = "/aws-service-role/";

/// The services that take several roles in one account, told apart by a suffix behind `_`. The roles of others may have a `_` in their own name.
const SUFFIXED: &[&str] = &["autoscaling.amazonaws.com", "connect.amazonaws.com", "lexv2.amazonaws.com"];

/// The role that a service of AWS acts with in the account. The service says what it may do, and by whom it is used; it has no tags here.
///
/// It goes only when its service needs it nowhere any more: IAM looks through all regions for that, which may take minutes.
#[derive(Resource)]
#[resource(
    kind = "aws:iam/service-linked-role",
    cfn = "AWS::IAM::ServiceLinkedRole",
    id = RoleName,
    outputs = ServiceLinkedRoleOutputs,
    guard = unique_name,
    natural_key(service, custom_suffix),
    visibility = 120,
    delete_wait = (2, 5, 1, 1200)
)]
pub struct ServiceLinkedRole {
    /// The service, such as `autoscaling.amazonaws.com`.
    #[arg(replace, cfn = "AWSServiceName")]
    pub service: String,
    /// What the name ends with, for services that take several roles.
    #[arg(replace, write_only)]
    pub custom_suffix: Option<String>,
    /// What it is for, at most 1000 characters; the service's own words when absent.
    #[arg(in_place)]
    pub description: Option<String>,
}

/// What is known of a service-linked role once it is there.
#[derive(Outputs)]
pub struct ServiceLinkedRoleOutputs {
    /// The name, which the service chooses.
    pub id: RoleName,
    /// The ARN.
    pub arn: Arn<Role>,
}

impl Lifecycle for ServiceLinkedRole {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .iam()
            .create_service_linked_role()
            .aws_service_name(&args.service)
            .set_custom_suffix(args.custom_suffix.clone())
            .set_description(args.description.clone())
            .send()
            .await?;
        let name = answer.role.map(|role| role.role_name);
        let missing = || Error::unexpected("iam CreateServiceLinkedRole", "no role in the answer");
        name.map(Created::whole).ok_or_else(missing)
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let asked = each(waiting, |one| async {
            let status = match &one.change {
                Some(task) => deletion(aws, task).await?,
                None => get(aws, &one.id).await?.map(|_| Status::Ready),
            };
            Ok(status.map(|status| (one.id.clone(), status)))
        });
        asked.await.into_iter().filter_map(Result::transpose).collect()
    }

    async fn read(aws: &Aws, ids: &[RoleName]) -> Result<Readings<Self>> {
        let found = each(ids, |id| get(aws, id.as_str())).await;
        let found = ids.iter().cloned().zip(found).filter_map(|(id, role)| {
            let seen = role.transpose()?.map(observe);
            Some((id, seen))
        });
        Ok(found.collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let names = names(aws, &args.service).await?;
        let found = named(&names, &args.service, args.custom_suffix.as_deref());
        Ok(found.map(|name| Candidate { id: name.to_owned(), proof: Proof::Name }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ServiceLinkedRoleChanges>> {
        let ServiceLinkedRoleChanges { description } = update.changes;
        if description && let Some(text) = &update.planned.description {
            aws.iam().update_role().role_name(update.id.as_str()).description(text).send().await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &RoleName, _: &Self) -> Result<Deletion> {
        // While an earlier request is under way, its task is answered.
        let answer = aws.iam().delete_service_linked_role().role_name(id.as_str()).send().await.or_gone(GONE)?;
        Ok(answer.map_or(Deletion::Done, |answer| Deletion::Task(answer.deletion_task_id)))
    }
}

async fn get(aws: &Aws, name: &str) -> Result<Option<sdk::Role>> {
    let answer = aws.iam().get_role().role_name(name).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| answer.role))
}

/// The names of a service's roles in the account.
async fn names(aws: &Aws, service: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut pages = aws.iam().list_roles().path_prefix(format!("{PATH}{service}/")).into_paginator().send();
    while let Some(page) = pages.next().await {
        names.extend(page?.roles.into_iter().map(|role| role.role_name));
    }
    Ok(names)
}

/// The role with a suffix, or the one without.
fn named<'n>(names: &'n [String], service: &str, suffix: Option<&str>) -> Option<&'n str> {
    let fits = |name: &&String| match suffix {
        Some(suffix) => name.rsplit_once('_').is_some_and(|(_, end)| end == suffix),
        None => !SUFFIXED.contains(&service) || !name.contains('_'),
    };
    names.iter().find(fits).map(String::as_str)
}

/// How far a deletion is; `None` when it is done.
async fn deletion(aws: &Aws, task: &str) -> Result<Option<Status>> {
    let call = aws.iam().get_service_linked_role_deletion_status().deletion_task_id(task);
    let answer = call.send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| ended(answer.status.as_str(), answer.reason.as_ref())))
}

fn ended(status: &str, reason: Option<&sdk::DeletionTaskFailureReasonType>) -> Option<Status> {
    match status {
        "SUCCEEDED" => None,
        "FAILED" => Some(Status::Failed(refusal(reason))),
        word => Some(Status::Pending(word.to_owned())),
    }
}

/// Why a role cannot go, and what uses it where.
fn refusal(reason: Option<&sdk::DeletionTaskFailureReasonType>) -> String {
    let Some(reason) = reason else { return "IAM gives no reason".to_owned() };
    let mut text = reason.reason.clone().unwrap_or_else(|| "it is in use".to_owned());
    for usage in reason.role_usage_list() {
        let region = usage.region.as_deref().unwrap_or("some region");
        text.push_str(&format!("; in {region}: {}", usage.resources().join(", ")));
    }
    text
}

fn observe(role: sdk::Role) -> Observed<ServiceLinkedRole> {
    let service = role.path.strip_prefix(PATH).map(|rest| rest.trim_end_matches('/')).unwrap_or_default();
    let args = ServiceLinkedRole {
        service: service.to_owned(),
        custom_suffix: None,
        description: Some(role.description.unwrap_or_default()),
    };
    let outputs = ServiceLinkedRoleOutputs { id: RoleName::new(role.role_name), arn: Arn::new(role.arn) };
    Observed::new(args, outputs, None)
}

impl Conforms for ServiceLinkedRole {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let base = ServiceLinkedRole::builder()
            .service("autoscaling.amazonaws.com")
            .custom_suffix("Conformance")
            .description("made by the conformance suite")
            .build();
        Conformance::of(base)
            .change("description", "changed")
            .change("custom_suffix", "Conformance-2")
            .change("service", "lexv2.amazonaws.com")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_told_by_its_suffix_or_by_having_none() {
        let names = ["AWSServiceRoleForAutoScaling_one", "AWSServiceRoleForAutoScaling"].map(str::to_owned);
        let of = |suffix| named(&names, "autoscaling.amazonaws.com", suffix);
        assert_eq!(of(None), Some("AWSServiceRoleForAutoScaling"));
        assert_eq!(of(Some("one")), Some("AWSServiceRoleForAutoScaling_one"));
        assert_eq!(of(Some("two")), None);
        assert_eq!(named(&names[..1], "autoscaling.amazonaws.com", None), None);
        let own = ["AWSServiceRoleForAmazonSSM_OpsInsights".to_owned()];
        assert_eq!(named(&own, "opsinsights.ssm.amazonaws.com", None), Some(own[0].as_str()));
    }

    #[test]
    fn a_refused_deletion_says_what_uses_the_role() {
        let usage = sdk::RoleUsageType::builder().region("eu-west-1").resources("arn:aws:eks:eu-west-1:1:cluster/a");
        let reason = sdk::DeletionTaskFailureReasonType::builder().reason("The role is in use");
        let reason = reason.role_usage_list(usage.build()).build();
        let words = "The role is in use; in eu-west-1: arn:aws:eks:eu-west-1:1:cluster/a";
        assert_eq!(ended("FAILED", Some(&reason)), Some(Status::Failed(words.into())));
        assert_eq!(ended("IN_PROGRESS", None), Some(Status::Pending("IN_PROGRESS".into())));
        assert_eq!(ended("SUCCEEDED", None), None);
    }
}
