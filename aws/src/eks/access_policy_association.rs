//! `aws:eks/access-policy-association`: gives an access entry the rights of one of EKS's access policies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_eks::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{After, Expr, Link, Outputs, Resource, Stack, id};

use super::{AccessEntry, ClusterName};
use crate::arn::{Anything, Arn};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::iam::Role;
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;

id! {
    /// Cluster, principal and policy as `cluster|principal arn|policy arn`.
    pub struct AccessPolicyAssociationId;
}

impl AccessPolicyAssociationId {
    fn of(cluster: &str, principal: &str, policy: &str) -> Self {
        Self::new(format!("{cluster}|{principal}|{policy}"))
    }

    fn parts(&self) -> (&str, &str, &str) {
        let mut parts = self.as_str().splitn(3, '|');
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }
}

/// A policy can only be given to a principal that has an entry.
const AFTER: &[After] = &[After {
    kind: "aws:eks/access-entry",
    link: Link::Shared(&[("cluster", "cluster"), ("principal_arn", "principal_arn")]),
    where_theirs: None,
    where_mine: None,
}];

/// The ARN of one of EKS's access policies, such as `AmazonEKSClusterAdminPolicy`.
pub fn cluster_access_policy(name: &str) -> Arn<Anything> {
    Arn::new(format!("arn:aws:eks::aws:cluster-access-policy/{name}"))
}

/// An access policy given to an access entry. It has no tags; giving it twice only changes its scope.
#[derive(Resource)]
#[resource(
    kind = "aws:eks/access-policy-association",
    cfn = "",
    id = AccessPolicyAssociationId,
    outputs = AccessPolicyAssociationOutputs,
    guard = upsert,
    natural_key(cluster, principal_arn, policy_arn),
    visibility = 120,
    after = AFTER
)]
pub struct AccessPolicyAssociation {
    /// The cluster.
    #[arg(replace)]
    pub cluster: ClusterName,
    /// The principal of the access entry.
    #[arg(replace)]
    pub principal_arn: Arn<Role>,
    /// The policy; see [`cluster_access_policy`].
    #[arg(replace)]
    pub policy_arn: Arn<Anything>,
    /// The namespaces it holds in; the whole cluster when empty.
    #[arg(in_place, default)]
    pub namespaces: BTreeSet<String>,
}

/// What is known of an association once it is there.
#[derive(Outputs)]
pub struct AccessPolicyAssociationOutputs {
    /// Cluster, principal and policy.
    pub id: AccessPolicyAssociationId,
}

impl Lifecycle for AccessPolicyAssociation {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let id =
            AccessPolicyAssociationId::of(args.cluster.as_str(), args.principal_arn.as_str(), args.policy_arn.as_str());
        args.associate(aws).await?;
        Ok(Created::whole(id.to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| AccessPolicyAssociationId::new(&one.id)).collect();
        Ok(all_ready(Self::read(aws, &ids).await?.into_keys().map(|id| id.to_string())))
    }

    async fn read(aws: &Aws, ids: &[AccessPolicyAssociationId]) -> Result<Readings<Self>> {
        // One list per entry, however many of its policies are asked for.
        let entries: BTreeSet<(&str, &str)> = ids.iter().map(|id| (id.parts().0, id.parts().1)).collect();
        let lists = each(&entries, |(cluster, principal)| list(aws, cluster, principal)).await;
        let lists: BTreeMap<_, _> = entries.into_iter().zip(lists).collect();
        let mut readings = Readings::<Self>::new();
        for id in ids {
            let (cluster, principal, policy) = id.parts();
            let reading = match &lists[&(cluster, principal)] {
                Ok(policies) => policies.get(policy).map(|scope| Ok(observe(id, scope.as_ref()))),
                Err(error) => Some(Err(error.clone())),
            };
            if let Some(reading) = reading {
                readings.insert(id.clone(), reading);
            }
        }
        Ok(readings)
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let (cluster, principal, policy) =
            (args.cluster.as_str(), args.principal_arn.as_str(), args.policy_arn.as_str());
        let found = list(aws, cluster, principal).await?.contains_key(policy);
        let id = AccessPolicyAssociationId::of(cluster, principal, policy).to_string();
        Ok(found.then_some(Candidate { id, proof: Proof::Name }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<AccessPolicyAssociationChanges>> {
        let AccessPolicyAssociationChanges { namespaces } = update.changes;
        if namespaces {
            update.planned.associate(aws).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &AccessPolicyAssociationId, _: &Self) -> Result<Deletion> {
        let (cluster, principal, policy) = id.parts();
        let call =
            aws.eks().disassociate_access_policy().cluster_name(cluster).principal_arn(principal).policy_arn(policy);
        call.send().await.or_gone(&["ResourceNotFoundException"])?;
        Ok(Deletion::Done)
    }
}

impl AccessPolicyAssociation {
    async fn associate(&self, aws: &Aws) -> Result<()> {
        let scope = if self.namespaces.is_empty() {
            sdk::AccessScope::builder().r#type(sdk::AccessScopeType::Cluster)
        } else {
            let namespaces = self.namespaces.iter().cloned().collect();
            sdk::AccessScope::builder().r#type(sdk::AccessScopeType::Namespace).set_namespaces(Some(namespaces))
        };
        aws.eks()
            .associate_access_policy()
            .cluster_name(self.cluster.as_str())
            .principal_arn(self.principal_arn.as_str())
            .policy_arn(self.policy_arn.as_str())
            .access_scope(scope.build())
            .send()
            .await?;
        Ok(())
    }
}

/// The policies of an entry, by ARN, with their scopes.
type Policies = BTreeMap<String, Option<sdk::AccessScope>>;

/// The policies of an entry; none when there is no such entry. Associations that are not made yet ask for the same list.
async fn list(aws: &Aws, cluster: &str, principal: &str) -> Result<Arc<Policies>> {
    let asked = aws.once(format!("eks access policies of {principal} in {cluster}"), async {
        let mut policies = Policies::new();
        let call = aws.eks().list_associated_access_policies().cluster_name(cluster).principal_arn(principal);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = page.or_gone(&["ResourceNotFoundException"])? else { break };
            let found = page.associated_access_policies.unwrap_or_default().into_iter();
            policies.extend(found.filter_map(|policy| Some((policy.policy_arn?, policy.access_scope))));
        }
        Ok(policies)
    });
    asked.await
}

fn observe(id: &AccessPolicyAssociationId, scope: Option<&sdk::AccessScope>) -> Observed<AccessPolicyAssociation> {
    let (cluster, principal, policy) = id.parts();
    let args = AccessPolicyAssociation {
        cluster: ClusterName::new(cluster),
        principal_arn: Arn::new(principal),
        policy_arn: Arn::new(policy),
        namespaces: scope.map(|scope| scope.namespaces().iter().cloned().collect()).unwrap_or_default(),
    };
    Observed::new(args, AccessPolicyAssociationOutputs { id: id.clone() }, None)
}

impl Conforms for AccessPolicyAssociation {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let parts = super::example_cluster(stack, "access-policy", "10.27");
        let other = super::example_cluster(stack, "access-policy-2", "10.28").cluster;
        for (name, cluster, role) in [
            ("entry", &parts.cluster, &parts.role),
            ("entry-2", &parts.cluster, &parts.other_role),
            ("entry-3", &other, &parts.other_role),
        ] {
            stack.add(name, AccessEntry::builder().cluster(cluster).principal_arn(&role.arn).build());
        }
        let base = AccessPolicyAssociation::builder()
            .cluster(&parts.cluster)
            .principal_arn(&parts.role.arn)
            .policy_arn(cluster_access_policy("AmazonEKSViewPolicy"))
            .namespaces(["one"])
            .build();
        Conformance::of(base)
            .change("namespaces", vec![Expr::text("one"), Expr::text("two")])
            .change("policy_arn", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy")
            .change("principal_arn", &parts.other_role.arn)
            .change("cluster", &other)
    }
}
