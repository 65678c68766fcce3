//! `aws:eks/fargate-profile`: which pods of a cluster run on AWS Fargate, and where.
//!
//! ```
//! use formwork_aws::Arn;
//! use formwork_aws::eks::{ClusterName, FargateProfile, FargateSelector};
//!
//! let profile = FargateProfile::builder()
//!     .cluster(ClusterName::new("main"))
//!     .name("batch")
//!     .pod_execution_role_arn(Arn::new("arn:aws:iam::123456789012:role/pods"))
//!     .selectors([FargateSelector::builder().namespace("batch").build()])
//!     .build();
//! # drop(profile);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eks::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{After, Block, Expr, Link, Outputs, Resource, Stack};

use super::{ClusterName, candidate, pair_id, present, read_tags, retag, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::ec2::SubnetId;
use crate::error::{Error, OrGone, Result};
use crate::iam::{PolicyDocument, Principal, Role, Statement};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;
use crate::tags::Tags;

pair_id! {
    /// Cluster and profile as `cluster|name`.
    pub struct FargateProfileId;
}

/// Without its policy the role cannot pull images, and the first pods fail.
const AFTER: &[After] = &[After {
    kind: "aws:iam/role-policy-attachment",
    link: Link::Shared(&[("pod_execution_role_arn", "role")]),
    where_theirs: None,
    where_mine: None,
}];

/// A Fargate profile: pods that fit one of its selectors run on Fargate, without nodes.
///
/// A cluster makes or deletes one at a time; others wait for their turn. Nothing of a profile can be changed but its tags. When it is
/// deleted, so are the pods that run by it.
#[derive(Resource)]
#[resource(
    kind = "aws:eks/fargate-profile",
    cfn = "AWS::EKS::FargateProfile",
    id = FargateProfileId,
    outputs = FargateProfileOutputs,
    guard = token,
    natural_key(cluster, name),
    delete_first,
    visibility = 300,
    create_wait = (5, 5, 1, 600),
    delete_wait = (5, 5, 1, 600),
    after = AFTER
)]
pub struct FargateProfile {
    /// The cluster.
    #[arg(replace, cfn = "ClusterName")]
    pub cluster: ClusterName,
    /// The name, 1 to 100 letters, digits, `_` and `-`, unique in the cluster.
    #[arg(replace, cfn = "FargateProfileName")]
    pub name: String,
    /// The role by which Fargate pulls images and writes logs; it must trust `eks-fargate-pods.amazonaws.com`.
    #[arg(replace)]
    pub pod_execution_role_arn: Arn<Role>,
    /// Which pods; one to five.
    #[arg(replace)]
    pub selectors: BTreeSet<FargateSelector>,
    /// The private subnets in which pods get their addresses; those of the cluster when absent.
    #[arg(replace)]
    pub subnets: Option<BTreeSet<SubnetId>>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// Pods of a namespace.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FargateSelector {
    /// The namespace; `*` and `?` stand for others.
    #[arg(replace)]
    pub namespace: String,
    /// Labels that a pod must have, all of them; any pod of the namespace when empty.
    #[arg(replace, default)]
    pub labels: BTreeMap<String, String>,
}

/// What is known of a profile once it is there.
#[derive(Outputs)]
pub struct FargateProfileOutputs {
    /// Cluster and name.
    pub id: FargateProfileId,
    /// The ARN.
    #[output(stage = accepted)]
    pub arn: Arn<FargateProfile>,
}

impl Lifecycle for FargateProfile {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let selectors = args.selectors.iter().map(|selector| {
            let labels = selector.labels.clone().into_iter().collect();
            sdk::FargateProfileSelector::builder().namespace(&selector.namespace).set_labels(Some(labels)).build()
        });
        let subnets = args.subnets.as_ref().map(|subnets| subnets.iter().map(ToString::to_string).collect());
        let (cluster, name) = (args.cluster.as_str(), args.name.as_str());
        aws.eks()
            .create_fargate_profile()
            .cluster_name(cluster)
            .fargate_profile_name(name)
            .pod_execution_role_arn(args.pod_execution_role_arn.as_str())
            .set_selectors(Some(selectors.collect()))
            .set_subnets(subnets)
            .client_request_token(&owner.token)
            .set_tags(Some(tags_of(owner, &args.tags).collect()))
            .send()
            .await?
            .fargate_profile
            .ok_or_else(|| Error::unexpected("eks CreateFargateProfile", "no profile in the answer"))?;
        Ok(Created::whole(FargateProfileId::of(cluster, name).to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let answers = each(waiting, |one| async {
            Ok(describe(aws, &FargateProfileId::new(&one.id)).await?.map(|profile| status(&profile)))
        });
        let found = present(waiting.iter().map(|one| one.id.clone()), answers.await);
        found.into_iter().map(|(id, status)| Ok((id, status?))).collect()
    }

    async fn read(aws: &Aws, ids: &[FargateProfileId]) -> Result<Readings<Self>> {
        let answers = each(ids, |id| describe(aws, id)).await;
        let found = present(ids.iter().cloned(), answers);
        Ok(found.into_iter().map(|(id, found)| (id.clone(), found.map(|found| observe(aws, id, found)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = FargateProfileId::of(args.cluster.as_str(), &args.name);
        let found = describe(aws, &id).await?;
        let found = found.map(|it| candidate(owner, id.as_str(), read_tags(aws, it.tags).owner.as_ref()));
        Ok(found.into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<FargateProfileChanges>> {
        let FargateProfileChanges { tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            let arn = describe(aws, id).await?.and_then(|it| it.fargate_profile_arn).unwrap_or_default();
            retag(aws, owner, &arn, &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &FargateProfileId, _: &Self) -> Result<Deletion> {
        let (cluster, name) = id.parts();
        let call = aws.eks().delete_fargate_profile().cluster_name(cluster).fargate_profile_name(name);
        let answer = call.send().await.or_gone(&["ResourceNotFoundException"])?;
        Ok(if answer.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}

async fn describe(aws: &Aws, id: &FargateProfileId) -> Result<Option<sdk::FargateProfile>> {
    let (cluster, name) = id.parts();
    let answer = aws.eks().describe_fargate_profile().cluster_name(cluster).fargate_profile_name(name).send().await;
    Ok(answer.or_gone(&["ResourceNotFoundException"])?.and_then(|answer| answer.fargate_profile))
}

fn status(profile: &sdk::FargateProfile) -> Status {
    let issues = profile.health.as_ref().map(|health| health.issues()).unwrap_or_default();
    let words: Vec<String> = issues.iter().filter_map(|issue| issue.message.clone()).collect();
    match profile.status.as_ref().map(|status| status.as_str()) {
        Some("ACTIVE") => Status::Ready,
        Some(word @ ("CREATE_FAILED" | "DELETE_FAILED")) => {
            Status::Failed(if words.is_empty() { word.to_owned() } else { words.join("; ") })
        }
        other => Status::Pending(other.unwrap_or("CREATING").to_owned()),
    }
}

fn observe(aws: &Aws, id: FargateProfileId, profile: sdk::FargateProfile) -> Observed<FargateProfile> {
    let read = read_tags(aws, profile.tags);
    let (cluster, name) = id.parts();
    let selectors = profile.selectors.unwrap_or_default().into_iter().filter_map(|selector| {
        let labels = selector.labels.unwrap_or_default().into_iter().collect();
        Some(FargateSelector { namespace: selector.namespace?, labels })
    });
    let args = FargateProfile {
        cluster: ClusterName::new(cluster),
        name: name.to_owned(),
        pod_execution_role_arn: Arn::new(profile.pod_execution_role_arn.unwrap_or_default()),
        selectors: selectors.collect(),
        subnets: profile.subnets.map(|subnets| subnets.into_iter().map(SubnetId::new).collect()),
        tags: read.tags,
    };
    let outputs = FargateProfileOutputs { arn: Arn::new(profile.fargate_profile_arn.unwrap_or_default()), id };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for FargateProfile {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let parts = super::example_cluster(stack, "fargate", "10.25");
        let other = super::example_cluster(stack, "fargate-2", "10.26").cluster;
        let mut role = |name: &str| {
            let trust = PolicyDocument::of([Statement::allow()
                .principal(Principal::service("eks-fargate-pods.amazonaws.com"))
                .action("sts:AssumeRole")]);
            stack.add(name, Role::builder().name(name).assume_role_policy(trust).build())
        };
        let (one, two) = (role("fargate-pods-1"), role("fargate-pods-2"));
        let pods = |namespace: &str| FargateSelector::builder().namespace(namespace);
        // A neighbour, which the cluster makes before or after it and never beside it.
        let neighbour = FargateProfile::builder()
            .cluster(&parts.cluster)
            .name("neighbour")
            .pod_execution_role_arn(&one.arn)
            .selectors([pods("neighbour").build()])
            .subnets([&parts.a])
            .build();
        stack.add("neighbour", neighbour);
        let base = FargateProfile::builder()
            .cluster(&parts.cluster)
            .name("batch")
            .pod_execution_role_arn(&one.arn)
            .selectors([pods("batch").labels([("size", "small")]).build(), pods("jobs-*").build()])
            .subnets([&parts.a, &parts.b])
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("selectors", vec![Expr::from(pods("batch").labels([("size", "big")]).build())])
            .change("subnets", vec![Expr::from(&parts.b)])
            .change("pod_execution_role_arn", &two.arn)
            .change("name", "nightly")
            .change("cluster", &other)
            .together_with("subnets", Expr::null())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_profile_says_what_is_the_matter() {
        let issue = sdk::FargateProfileIssue::builder().message("the role cannot be assumed").build();
        let health = sdk::FargateProfileHealth::builder().issues(issue).build();
        let profile = sdk::FargateProfile::builder().status(sdk::FargateProfileStatus::CreateFailed).health(health);
        assert_eq!(status(&profile.build()), Status::Failed("the role cannot be assumed".to_owned()));
        let going = sdk::FargateProfile::builder().status(sdk::FargateProfileStatus::Deleting).build();
        assert_eq!(status(&going), Status::Pending("DELETING".to_owned()));
    }
}
