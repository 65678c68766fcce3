//! `aws:iam/policy`: a managed policy of the account, for any number of roles.
//!
//! ```
//! use formwork_aws::iam::{Policy, PolicyDocument, Statement};
//!
//! let read = PolicyDocument::of([Statement::allow().action("s3:GetObject").resource("arn:aws:s3:::artefacts/*")]);
//! let policy = Policy::builder().name("read-artefacts").policy(read).build();
//! # drop(policy);
//! ```
//!
//! A policy keeps five versions, of which one is in force. A changed document becomes the next version; the oldest one that is not in
//! force makes room for it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{ManagedPolicyDetail, PolicyVersion, Tag};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Json, Name, Outputs, Resource, Stack};

use super::{PolicyDocument, Statement, account, document, proof, read_tags, tag, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;
use crate::tags::{self, Tags};

/// The id of a policy is its ARN: the handle of a policy stands wherever an `Arn<Policy>` is wanted.
pub type PolicyId = Arn<Policy>;

/// The most versions that a policy may have.
const VERSIONS: usize = 5;

/// The ARN of a policy that AWS maintains, in the partition `aws`, by its name with its path where it has one:
/// `AmazonEKSClusterPolicy`, `service-role/AmazonEBSCSIDriverPolicy`.
pub fn aws_managed_policy(name: &str) -> Arn<Policy> {
    Arn::new(format!("arn:aws:iam::aws:policy/{name}"))
}

/// A managed policy. To roles it is attached by [`super::RolePolicyAttachment`].
#[derive(Resource)]
#[resource(
    kind = "aws:iam/policy",
    cfn = "AWS::IAM::ManagedPolicy",
    id = PolicyId,
    outputs = PolicyOutputs,
    guard = unique_name,
    natural_key(name),
    visibility = 120
)]
pub struct Policy {
    /// The name, 1 to 128 characters of `[A-Za-z0-9+=,.@_-]`, unique in the account without regard to case, or a prefix of it.
    #[arg(replace, cfn = "ManagedPolicyName")]
    pub name: Name,
    /// What it allows and denies, at most 6144 characters without white space.
    #[arg(in_place, cfn = "PolicyDocument")]
    pub policy: Json,
    /// What it is for, at most 1000 characters.
    #[arg(replace, default)]
    pub description: String,
    /// The path, which begins and ends with `/`.
    #[arg(replace, default = "/")]
    pub path: String,
    /// The names of the users it is attached to; those are not looked at when absent.
    #[arg(in_place, after_create)]
    pub users: Option<BTreeSet<String>>,
    /// The names of the groups it is attached to; those are not looked at when absent.
    #[arg(in_place, after_create)]
    pub groups: Option<BTreeSet<String>>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags, cfn = "")]
    pub tags: Tags,
}

/// What is known of a policy once it is there.
#[derive(Outputs)]
pub struct PolicyOutputs {
    /// The ARN.
    pub id: PolicyId,
    /// The ARN.
    pub arn: Arn<Policy>,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
}

impl Lifecycle for Policy {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .iam()
            .create_policy()
            .policy_name(args.name.as_str())
            .policy_document(args.policy.as_str())
            .set_description((!args.description.is_empty()).then(|| args.description.clone()))
            .path(&args.path)
            .set_tags(Some(tags_of(owner, &args.tags)?))
            .send()
            .await?;
        let arn = answer.policy.and_then(|policy| policy.arn);
        arn.map(Created::whole).ok_or_else(|| Error::unexpected("iam CreatePolicy", "no ARN in the answer"))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| get(aws, &one.id)).await;
        let found = found.into_iter().filter_map(Result::transpose).collect::<Result<Vec<_>>>()?;
        Ok(all_ready(found.into_iter().filter_map(|policy| policy.arn)))
    }

    async fn read(aws: &Aws, ids: &[PolicyId]) -> Result<Readings<Self>> {
        let known = account::policies(aws, ids.len()).await?;
        let found = each(ids, |id| async {
            match known.policies.get(id.as_str()) {
                Some(policy) => observe_known(aws, id, policy, &known).await,
                None => observe(aws, id).await,
            }
        });
        let found = found.await;
        Ok(ids.iter().cloned().zip(found).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        // Policies cannot be filtered by tag; the ARN follows from the name.
        let Some(args) = args else { return Ok(Vec::new()) };
        let (partition, account) = (aws.partition(), aws.account());
        let arn = format!("arn:{partition}:iam::{account}:policy{}{}", args.path, args.name);
        let Some(policy) = get(aws, &arn).await? else { return Ok(Vec::new()) };
        Ok(vec![Candidate { id: arn, proof: proof(aws, owner, policy.tags) }])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<PolicyChanges>> {
        let PolicyChanges { policy, users, groups, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if policy {
            let versions = versions(aws, id).await?;
            if versions.len() >= VERSIONS
                && let Some(oldest) = oldest_spare(&versions)
            {
                remove_version(aws, id, oldest).await?;
            }
            let call = aws.iam().create_policy_version().policy_arn(id.as_str());
            call.policy_document(planned.policy.as_str()).set_as_default(true).send().await?;
        }
        if users {
            for user in more(&planned.users, &now.users) {
                aws.iam().attach_user_policy().user_name(user).policy_arn(id.as_str()).send().await?;
            }
            for user in more(&now.users, &planned.users) {
                detach_user(aws, id, user).await?;
            }
        }
        if groups {
            for group in more(&planned.groups, &now.groups) {
                aws.iam().attach_group_policy().group_name(group).policy_arn(id.as_str()).send().await?;
            }
            for group in more(&now.groups, &planned.groups) {
                detach_group(aws, id, group).await?;
            }
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let set = set.iter().map(|(key, value)| tag(key, value)).collect::<Result<_>>()?;
            aws.iam().tag_policy().policy_arn(id.as_str()).set_tags(Some(set)).send().await?;
            if !removed.is_empty() {
                let removed = removed.into_iter().collect();
                aws.iam().untag_policy().policy_arn(id.as_str()).set_tag_keys(Some(removed)).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &PolicyId, recorded: &Self) -> Result<Deletion> {
        for user in recorded.users.iter().flatten() {
            detach_user(aws, id, user).await?;
        }
        for group in recorded.groups.iter().flatten() {
            detach_group(aws, id, group).await?;
        }
        // The version in force goes with the policy, and every other one before it.
        for version in versions(aws, id).await?.iter().filter(|version| !version.is_default_version) {
            remove_version(aws, id, version.version_id.as_deref().unwrap_or_default()).await?;
        }
        aws.iam().delete_policy().policy_arn(id.as_str()).send().await.or_gone(&["NoSuchEntity"])?;
        Ok(Deletion::Done)
    }
}

async fn get(aws: &Aws, arn: &str) -> Result<Option<aws_sdk_iam::types::Policy>> {
    let answer = aws.iam().get_policy().policy_arn(arn).send().await.or_gone(&["NoSuchEntity"])?;
    Ok(answer.and_then(|answer| answer.policy))
}

/// The versions of a policy; none when there is no such policy.
async fn versions(aws: &Aws, id: &PolicyId) -> Result<Vec<PolicyVersion>> {
    let mut versions = Vec::new();
    let mut pages = aws.iam().list_policy_versions().policy_arn(id.as_str()).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(&["NoSuchEntity"])? else { break };
        versions.extend(page.versions.unwrap_or_default());
    }
    Ok(versions)
}

async fn remove_version(aws: &Aws, id: &PolicyId, version: &str) -> Result<()> {
    let call = aws.iam().delete_policy_version().policy_arn(id.as_str()).version_id(version);
    call.send().await.or_gone(&["NoSuchEntity"])?;
    Ok(())
}

/// Those of the one set that are not in the other.
fn more<'a>(of: &'a Option<BTreeSet<String>>, than: &'a Option<BTreeSet<String>>) -> impl Iterator<Item = &'a String> {
    of.iter().flatten().filter(|name| !than.as_ref().is_some_and(|than| than.contains(*name)))
}

async fn detach_user(aws: &Aws, id: &PolicyId, user: &str) -> Result<()> {
    let call = aws.iam().detach_user_policy().user_name(user).policy_arn(id.as_str());
    call.send().await.or_gone(&["NoSuchEntity"])?;
    Ok(())
}

async fn detach_group(aws: &Aws, id: &PolicyId, group: &str) -> Result<()> {
    let call = aws.iam().detach_group_policy().group_name(group).policy_arn(id.as_str());
    call.send().await.or_gone(&["NoSuchEntity"])?;
    Ok(())
}

/// The users and groups that a policy is attached to.
async fn entities(aws: &Aws, id: &PolicyId) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let (mut users, mut groups) = (BTreeSet::new(), BTreeSet::new());
    let mut pages = aws.iam().list_entities_for_policy().policy_arn(id.as_str()).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(&["NoSuchEntity"])? else { break };
        users.extend(page.policy_users.unwrap_or_default().into_iter().filter_map(|user| user.user_name));
        groups.extend(page.policy_groups.unwrap_or_default().into_iter().filter_map(|group| group.group_name));
    }
    Ok((users, groups))
}

/// The oldest version that is not in force. Their numbers only rise, and two made within a second have the same date.
fn oldest_spare(versions: &[PolicyVersion]) -> Option<&str> {
    let spare = versions.iter().filter(|version| !version.is_default_version);
    let numbered = spare.filter_map(|version| {
        let id = version.version_id.as_deref()?;
        Some((id.strip_prefix('v')?.parse::<u64>().ok()?, id))
    });
    numbered.min().map(|(_, id)| id)
}

/// The policy and its document are two calls, and who has it is a third, made where somebody has.
async fn observe(aws: &Aws, id: &PolicyId) -> Result<Option<Observed<Policy>>> {
    let Some(policy) = get(aws, id.as_str()).await? else { return Ok(None) };
    let call = aws.iam().get_policy_version().policy_arn(id.as_str());
    let answer = call.set_version_id(policy.default_version_id.clone()).send().await;
    let Some(answer) = answer.or_gone(&["NoSuchEntity"])? else { return Ok(None) };
    let attached = policy.attachment_count.unwrap_or_default() > 0;
    let (users, groups) = if attached { entities(aws, id).await? } else { Default::default() };
    let encoded = answer.policy_version.and_then(|version| version.document).unwrap_or_default();
    Ok(Some(seen(aws, id, policy, &encoded, (users, groups))))
}

/// The same of a policy that was read with all others: only its tags are not known yet.
async fn observe_known(
    aws: &Aws,
    id: &PolicyId,
    detail: &ManagedPolicyDetail,
    known: &account::Policies,
) -> Result<Option<Observed<Policy>>> {
    let in_force = detail.policy_version_list().iter().find(|version| version.is_default_version);
    let (Some(_), Some(encoded)) = (&detail.policy_name, in_force.and_then(|version| version.document())) else {
        return observe(aws, id).await;
    };
    let Some(tags) = tags_by_arn(aws, id).await? else { return Ok(None) };
    let policy = aws_sdk_iam::types::Policy::builder()
        .set_policy_name(detail.policy_name.clone())
        .set_path(detail.path.clone())
        .set_description(detail.description.clone())
        .set_tags(Some(tags))
        .build();
    let who = |who: &BTreeMap<String, BTreeSet<String>>| who.get(id.as_str()).cloned().unwrap_or_default();
    Ok(Some(seen(aws, id, policy, encoded, (who(&known.users), who(&known.groups)))))
}

/// The tags of a policy; `None` when there is no such policy.
pub(super) async fn tags_by_arn(aws: &Aws, id: &PolicyId) -> Result<Option<Vec<Tag>>> {
    let mut tags = Vec::new();
    let mut pages = aws.iam().list_policy_tags().policy_arn(id.as_str()).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(&["NoSuchEntity"])? else { return Ok(None) };
        tags.extend(page.tags);
    }
    Ok(Some(tags))
}

/// What a policy is; `attached` are the users and the groups that have it.
fn seen(
    aws: &Aws,
    id: &PolicyId,
    policy: aws_sdk_iam::types::Policy,
    encoded: &str,
    attached: (BTreeSet<String>, BTreeSet<String>),
) -> Observed<Policy> {
    let read = read_tags(aws, policy.tags);
    let name = policy.policy_name.unwrap_or_default();
    let args = Policy {
        name: Name::new(name.as_str()),
        policy: Json::new(document(encoded)),
        description: policy.description.unwrap_or_default(),
        path: policy.path.unwrap_or_else(|| "/".to_owned()),
        users: Some(attached.0),
        groups: Some(attached.1),
        tags: read.tags,
    };
    Observed::new(args, PolicyOutputs { id: id.clone(), arn: id.clone(), name }, read.owner)
}

impl Conforms for Policy {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let allows = |action: &str| PolicyDocument::of([Statement::allow().action(action).resource("*")]);
        let base = Policy::builder()
            .name("Conformance-Policy")
            .policy(allows("s3:GetObject"))
            .description("made by the conformance suite")
            .path("/formwork/policies/")
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let actions = ["s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish"];
        // One more than the versions that a policy may have.
        let cases = Conformance::of(base);
        let cases = actions.into_iter().fold(cases, |cases, action| cases.change("policy", allows(action).output()));
        cases
            .change("tags", [("team", "b")])
            .change("description", "changed")
            .change("path", "/")
            .change("name", "Conformance-Policy-2")
            .unseen("users", "a user would have to be made by hand first")
            .unseen("groups", "a group would have to be made by hand first")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: &str, in_force: bool) -> PolicyVersion {
        PolicyVersion::builder().version_id(id).is_default_version(in_force).build()
    }

    #[test]
    fn the_oldest_version_that_is_not_in_force_makes_room() {
        let versions = [version("v10", true), version("v9", false), version("v8", false), version("v11", false)];
        assert_eq!(oldest_spare(&versions), Some("v8"));
        assert_eq!(oldest_spare(&[version("v2", true), version("v10", false), version("v9", false)]), Some("v9"));
        assert_eq!(oldest_spare(&[version("v1", true)]), None);
    }

    #[test]
    fn who_is_not_looked_at_is_not_attached() {
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>());
        assert_eq!(more(&names(&["a", "b"]), &names(&["b"])).collect::<Vec<_>>(), ["a"]);
        assert_eq!(more(&None, &names(&["b"])).count(), 0);
    }

    #[test]
    fn aws_managed_policies_keep_their_path() {
        let arn = aws_managed_policy("service-role/AmazonEBSCSIDriverPolicy");
        assert_eq!(arn.as_str(), "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy");
    }
}
