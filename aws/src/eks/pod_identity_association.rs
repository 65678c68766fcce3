//! `aws:eks/pod-identity-association`: gives the pods of a service account the credentials of a role.

use std::collections::BTreeMap;

use aws_sdk_eks::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Outputs, Resource, Stack};

use super::{ClusterName, candidate, pair_id, present, read_tags, retag, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::iam::Role;
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;
use crate::tags::Tags;

pair_id! {
    /// Cluster and association as `cluster|a-…`.
    pub struct PodIdentityAssociationId;
}

/// A pod identity association: needs the add-on `eks-pod-identity-agent` in the cluster.
#[derive(Resource)]
#[resource(
    kind = "aws:eks/pod-identity-association",
    cfn = "AWS::EKS::PodIdentityAssociation",
    id = PodIdentityAssociationId,
    outputs = PodIdentityAssociationOutputs,
    guard = token,
    natural_key(cluster, namespace, service_account),
    visibility = 120
)]
pub struct PodIdentityAssociation {
    /// The cluster.
    #[arg(replace, cfn = "ClusterName")]
    pub cluster: ClusterName,
    /// The namespace of the service account; need not exist yet.
    #[arg(replace)]
    pub namespace: String,
    /// The service account; need not exist yet.
    #[arg(replace)]
    pub service_account: String,
    /// The role; it must trust `pods.eks.amazonaws.com`.
    #[arg(in_place)]
    pub role_arn: Arn<Role>,
    /// A role of another account that the first one assumes for the pods.
    #[arg(in_place)]
    pub target_role_arn: Option<Arn<Role>>,
    /// Leaves out the session tags that name cluster, namespace and pod.
    #[arg(in_place, default = false)]
    pub disable_session_tags: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of an association once it is there.
#[derive(Outputs)]
pub struct PodIdentityAssociationOutputs {
    /// Cluster and association.
    pub id: PodIdentityAssociationId,
    /// The ARN.
    pub arn: Arn<PodIdentityAssociation>,
    /// The external id by which the target role is assumed; empty without one.
    #[output(moves_with(target_role_arn))]
    pub external_id: String,
}

impl Lifecycle for PodIdentityAssociation {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let cluster = args.cluster.as_str();
        let answer = aws
            .eks()
            .create_pod_identity_association()
            .cluster_name(cluster)
            .namespace(&args.namespace)
            .service_account(&args.service_account)
            .role_arn(args.role_arn.as_str())
            .set_target_role_arn(args.target_role_arn.as_ref().map(ToString::to_string))
            .disable_session_tags(args.disable_session_tags)
            .client_request_token(&owner.token)
            .set_tags(Some(tags_of(owner, &args.tags).collect()))
            .send()
            .await?;
        let id = answer.association.and_then(|association| association.association_id);
        let id =
            id.ok_or_else(|| Error::unexpected("eks CreatePodIdentityAssociation", "no association id in the answer"))?;
        Ok(Created::whole(PodIdentityAssociationId::of(cluster, &id).to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| PodIdentityAssociationId::new(&one.id)).collect();
        Ok(all_ready(Self::read(aws, &ids).await?.into_keys().map(|id| id.to_string())))
    }

    async fn read(aws: &Aws, ids: &[PodIdentityAssociationId]) -> Result<Readings<Self>> {
        let answers = each(ids, |id| describe(aws, id)).await;
        let found = present(ids.iter().cloned(), answers);
        Ok(found.into_iter().map(|(id, found)| (id.clone(), found.map(|found| observe(aws, id, found)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let cluster = args.cluster.as_str();
        let call = aws.eks().list_pod_identity_associations().cluster_name(cluster);
        let mut pages = call.namespace(&args.namespace).service_account(&args.service_account).into_paginator().send();
        let mut candidates = Vec::new();
        while let Some(page) = pages.next().await {
            let Some(page) = page.or_gone(&["ResourceNotFoundException"])? else { break };
            for id in page.associations.unwrap_or_default().into_iter().filter_map(|it| it.association_id) {
                let id = PodIdentityAssociationId::of(cluster, &id);
                let Some(found) = describe(aws, &id).await? else { continue };
                candidates.push(candidate(owner, id.as_str(), read_tags(aws, found.tags).owner.as_ref()));
            }
        }
        Ok(candidates)
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<PodIdentityAssociationChanges>> {
        let PodIdentityAssociationChanges { role_arn, target_role_arn, disable_session_tags, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let (cluster, association) = id.parts();
        if role_arn || target_role_arn || disable_session_tags {
            aws.eks()
                .update_pod_identity_association()
                .cluster_name(cluster)
                .association_id(association)
                .role_arn(planned.role_arn.as_str())
                .set_target_role_arn(planned.target_role_arn.as_ref().map(ToString::to_string))
                .disable_session_tags(planned.disable_session_tags)
                .send()
                .await?;
        }
        if tags {
            let arn = describe(aws, id).await?.and_then(|found| found.association_arn).unwrap_or_default();
            retag(aws, owner, &arn, &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &PodIdentityAssociationId, _: &Self) -> Result<Deletion> {
        let (cluster, association) = id.parts();
        let call = aws.eks().delete_pod_identity_association().cluster_name(cluster).association_id(association);
        call.send().await.or_gone(&["ResourceNotFoundException", "NotFoundException"])?;
        Ok(Deletion::Done)
    }
}

async fn describe(aws: &Aws, id: &PodIdentityAssociationId) -> Result<Option<sdk::PodIdentityAssociation>> {
    let (cluster, association) = id.parts();
    let call = aws.eks().describe_pod_identity_association().cluster_name(cluster).association_id(association);
    let answer = call.send().await.or_gone(&["ResourceNotFoundException", "NotFoundException"])?;
    Ok(answer.and_then(|answer| answer.association))
}

fn observe(
    aws: &Aws,
    id: PodIdentityAssociationId,
    found: sdk::PodIdentityAssociation,
) -> Observed<PodIdentityAssociation> {
    let read = read_tags(aws, found.tags);
    let args = PodIdentityAssociation {
        cluster: ClusterName::new(id.parts().0),
        namespace: found.namespace.unwrap_or_default(),
        service_account: found.service_account.unwrap_or_default(),
        role_arn: Arn::new(found.role_arn.unwrap_or_default()),
        target_role_arn: found.target_role_arn.map(Arn::new),
        disable_session_tags: found.disable_session_tags.unwrap_or_default(),
        tags: read.tags,
    };
    let outputs = PodIdentityAssociationOutputs {
        arn: Arn::new(found.association_arn.unwrap_or_default()),
        external_id: found.external_id.unwrap_or_default(),
        id,
    };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for PodIdentityAssociation {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let parts = super::example_cluster(stack, "pod-identity", "10.29");
        let other = super::example_cluster(stack, "pod-identity-2", "10.30").cluster;
        let base = PodIdentityAssociation::builder()
            .cluster(&parts.cluster)
            .namespace("app")
            .service_account("gateway")
            .role_arn(&parts.role.arn)
            .disable_session_tags(false)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("role_arn", &parts.other_role.arn)
            .change("target_role_arn", &parts.role.arn)
            .change("target_role_arn", &parts.other_role.arn)
            .change("disable_session_tags", true)
            .change("tags", [("team", "b")])
            .change("namespace", "other")
            .change("service_account", "worker")
            .change("cluster", &other)
    }
}
