//! `aws:eks/access-entry`: lets a role or user into a cluster.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eks::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Choice, Expr, Outputs, Resource, Stack};

use super::{ClusterName, candidate, pair_id, present, read_tags, retag, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::iam::Role;
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;
use crate::tags::Tags;

pair_id! {
    /// Cluster and principal as `cluster|arn`.
    pub struct AccessEntryId;
}

/// An access entry: the principal is known to the cluster. What it may do is said by Kubernetes groups or by access policies.
#[derive(Resource)]
#[resource(
    kind = "aws:eks/access-entry",
    cfn = "AWS::EKS::AccessEntry",
    id = AccessEntryId,
    outputs = AccessEntryOutputs,
    guard = token,
    natural_key(cluster, principal_arn),
    visibility = 120
)]
pub struct AccessEntry {
    /// The cluster.
    #[arg(replace, cfn = "ClusterName")]
    pub cluster: ClusterName,
    /// The role that is let in.
    #[arg(replace)]
    pub principal_arn: Arn<Role>,
    /// The Kubernetes groups it belongs to; for `STANDARD` entries.
    #[arg(in_place, default)]
    pub kubernetes_groups: BTreeSet<String>,
    /// The Kubernetes user it acts as; EKS makes one of the ARN when absent.
    #[arg(in_place, cfn = "Username")]
    pub user_name: Option<String>,
    /// Who it is for.
    #[arg(replace, default = EntryType::Standard, cfn = "Type")]
    pub entry_type: EntryType,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// Who an access entry is for.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryType {
    /// People and pipelines.
    #[choice("STANDARD")]
    Standard,
    /// Linux nodes that are not managed.
    #[choice("EC2_LINUX")]
    Ec2Linux,
    /// Windows nodes that are not managed.
    #[choice("EC2_WINDOWS")]
    Ec2Windows,
    /// Fargate.
    #[choice("FARGATE_LINUX")]
    FargateLinux,
    /// Nodes of EKS Auto Mode.
    #[choice("EC2")]
    Ec2,
}

/// What is known of an access entry once it is there.
#[derive(Outputs)]
pub struct AccessEntryOutputs {
    /// Cluster and principal.
    pub id: AccessEntryId,
    /// The ARN.
    pub arn: Arn<AccessEntry>,
}

impl Lifecycle for AccessEntry {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let (cluster, principal) = (args.cluster.as_str(), args.principal_arn.as_str());
        let groups: Vec<String> = args.kubernetes_groups.iter().cloned().collect();
        aws.eks()
            .create_access_entry()
            .cluster_name(cluster)
            .principal_arn(principal)
            .client_request_token(&owner.token)
            .set_kubernetes_groups((!groups.is_empty()).then_some(groups))
            .set_username(args.user_name.clone())
            .r#type(args.entry_type.as_str())
            .set_tags(Some(tags_of(owner, &args.tags).collect()))
            .send()
            .await?;
        Ok(Created::whole(AccessEntryId::of(cluster, principal).to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| AccessEntryId::new(&one.id)).collect();
        Ok(all_ready(Self::read(aws, &ids).await?.into_keys().map(|id| id.to_string())))
    }

    async fn read(aws: &Aws, ids: &[AccessEntryId]) -> Result<Readings<Self>> {
        let answers = each(ids, |id| describe(aws, id)).await;
        let found = present(ids.iter().cloned(), answers);
        Ok(found.into_iter().map(|(id, entry)| (id.clone(), entry.map(|entry| observe(aws, id, entry)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = AccessEntryId::of(args.cluster.as_str(), args.principal_arn.as_str());
        let found = describe(aws, &id).await?;
        Ok(found
            .map(|entry| candidate(owner, id.as_str(), read_tags(aws, entry.tags).owner.as_ref()))
            .into_iter()
            .collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<AccessEntryChanges>> {
        let AccessEntryChanges { kubernetes_groups, user_name, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let (cluster, principal) = id.parts();
        if kubernetes_groups || user_name {
            aws.eks()
                .update_access_entry()
                .cluster_name(cluster)
                .principal_arn(principal)
                .set_kubernetes_groups(Some(planned.kubernetes_groups.iter().cloned().collect()))
                .set_username(planned.user_name.clone())
                .send()
                .await?;
        }
        if tags {
            let arn = describe(aws, id).await?.and_then(|entry| entry.access_entry_arn).unwrap_or_default();
            retag(aws, owner, &arn, &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &AccessEntryId, _: &Self) -> Result<Deletion> {
        let (cluster, principal) = id.parts();
        let call = aws.eks().delete_access_entry().cluster_name(cluster).principal_arn(principal);
        call.send().await.or_gone(&["ResourceNotFoundException"])?;
        Ok(Deletion::Done)
    }
}

async fn describe(aws: &Aws, id: &AccessEntryId) -> Result<Option<sdk::AccessEntry>> {
    let (cluster, principal) = id.parts();
    let answer = aws.eks().describe_access_entry().cluster_name(cluster).principal_arn(principal).send().await;
    Ok(answer.or_gone(&["ResourceNotFoundException"])?.and_then(|answer| answer.access_entry))
}

fn observe(aws: &Aws, id: AccessEntryId, entry: sdk::AccessEntry) -> Observed<AccessEntry> {
    let read = read_tags(aws, entry.tags);
    let (cluster, principal) = id.parts();
    let entry_type = entry.r#type.and_then(|it| EntryType::parse(&it)).unwrap_or(EntryType::Standard);
    // The groups of nodes are EKS's own, and cannot be declared.
    let groups = entry.kubernetes_groups.filter(|_| entry_type == EntryType::Standard).unwrap_or_default();
    let args = AccessEntry {
        cluster: ClusterName::new(cluster),
        principal_arn: Arn::new(principal),
        kubernetes_groups: groups.into_iter().collect(),
        user_name: entry.username,
        entry_type,
        tags: read.tags,
    };
    let outputs = AccessEntryOutputs { arn: Arn::new(entry.access_entry_arn.unwrap_or_default()), id };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for AccessEntry {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let parts = super::example_cluster(stack, "access-entry", "10.25");
        let other = super::example_cluster(stack, "access-entry-2", "10.26").cluster;
        let base = AccessEntry::builder()
            .cluster(&parts.cluster)
            .principal_arn(&parts.role.arn)
            .kubernetes_groups(["viewers"])
            .user_name("viewer")
            .entry_type(EntryType::Standard)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("kubernetes_groups", vec![Expr::text("editors"), Expr::text("viewers")])
            .change("user_name", "editor")
            .change("tags", [("team", "b")])
            .change("principal_arn", &parts.other_role.arn)
            .change("entry_type", "EC2_LINUX")
            .together_with("kubernetes_groups", Vec::<Expr>::new())
            .together_with("user_name", Expr::null())
            .change("cluster", &other)
    }
}
