//! Amazon EKS: clusters, their nodes and add-ons, and who may use them; and what the types here share.

pub mod access_entry;
pub mod access_policy_association;
pub mod addon;
pub mod cluster;
pub mod fargate_profile;
pub(crate) mod marks;
pub mod node_group;
mod permissions;
pub mod pod_identity_association;
pub mod versions;

pub use access_entry::{AccessEntry, AccessEntryId, AccessEntryOutputs, EntryType};
pub use access_policy_association::{
    AccessPolicyAssociation, AccessPolicyAssociationId, AccessPolicyAssociationOutputs, cluster_access_policy,
};
pub use addon::{Addon, AddonId, AddonOutputs, ResolveConflicts};
pub use cluster::{
    AuthenticationMode, AutoMode, Cluster, ClusterName, ClusterOutputs, ControlPlaneTier, IpFamily, LogType,
    SupportType,
};
pub use fargate_profile::{FargateProfile, FargateProfileId, FargateProfileOutputs, FargateSelector};
pub use node_group::{
    CapacityType, LaunchTemplate, NodeGroup, NodeGroupId, NodeGroupOutputs, RemoteAccess, Taint, TaintEffect,
};
pub use pod_identity_association::{PodIdentityAssociation, PodIdentityAssociationId, PodIdentityAssociationOutputs};
pub use versions::{AddonVersion, Versions, addon_version, addon_version_in, versions, versions_in};

use std::collections::BTreeMap;

use formwork_engine::kind::{Owner, Status};
use formwork_engine::{Handle, Stack};

use crate::context::Aws;
use crate::ec2::{Subnet, Vpc};
use crate::error::{OrGone, Result};
use crate::iam::{PolicyDocument, Principal, Role, Statement};
pub(crate) use crate::tags::candidate;
use crate::tags::{self, Tags};

/// The tags of a create call: ownership and the user's.
pub(crate) fn tags_of(owner: &Owner, tags: &Tags) -> impl Iterator<Item = (String, String)> {
    tags::all(owner, tags).into_iter()
}

/// Takes apart the tags of an answer.
pub(crate) fn read_tags(aws: &Aws, tags: Option<impl IntoIterator<Item = (String, String)>>) -> tags::Read {
    tags::read(aws, tags.into_iter().flatten())
}

/// Brings the user's tags of any EKS resource from one set to the other, and writes the ownership tags along.
pub(crate) async fn retag(aws: &Aws, owner: &Owner, arn: &str, now: &Tags, planned: &Tags) -> Result<()> {
    let (set, removed) = tags::difference(owner, now, planned);
    let call = aws.eks().tag_resource().resource_arn(arn);
    call.set_tags(Some(set.into_iter().collect())).send().await?;
    if !removed.is_empty() {
        let removed = removed.into_iter().collect();
        aws.eks().untag_resource().resource_arn(arn).set_tag_keys(Some(removed)).send().await?;
    }
    Ok(())
}

/// What an update belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UpdateOf<'a> {
    /// The cluster itself.
    Cluster(&'a str),
    /// A node group of a cluster.
    NodeGroup(&'a str, &'a str),
    /// An add-on of a cluster.
    Addon(&'a str, &'a str),
}

/// How an update is: EKS says so by the update's id, while the resource itself may be `ACTIVE` all the time. `None` when the
/// resource, or the update, is not there any more.
pub(crate) async fn update_status(aws: &Aws, of: UpdateOf<'_>, id: &str) -> Result<Option<Status>> {
    let call = aws.eks().describe_update().update_id(id);
    let call = match of {
        UpdateOf::Cluster(cluster) => call.name(cluster),
        UpdateOf::NodeGroup(cluster, group) => call.name(cluster).nodegroup_name(group),
        UpdateOf::Addon(cluster, addon) => call.name(cluster).addon_name(addon),
    };
    let answer = call.send().await.or_gone(&["ResourceNotFoundException"])?;
    let Some(update) = answer.and_then(|answer| answer.update) else { return Ok(None) };
    let errors = update.errors.unwrap_or_default().into_iter();
    let errors: Vec<_> = errors.filter_map(|error| error.error_message).collect();
    Ok(Some(match update.status.as_ref().map(|status| status.as_str()) {
        Some("Successful") => Status::Ready,
        Some(word @ ("Failed" | "Cancelled")) => {
            Status::Failed(if errors.is_empty() { word.to_owned() } else { errors.join("; ") })
        }
        other => Status::Pending(other.unwrap_or("InProgress").to_owned()),
    }))
}

/// Pairs ids with their answers and drops those that are gone.
pub(crate) fn present<K: Ord, V>(
    ids: impl IntoIterator<Item = K>,
    answers: Vec<Result<Option<V>>>,
) -> BTreeMap<K, Result<V>> {
    ids.into_iter().zip(answers).filter_map(|(id, answer)| Some((id, answer.transpose()?))).collect()
}

/// Declares the id of something that lives in a cluster: both names, joined by a bar that neither can hold.
macro_rules! pair_id {
    ($(#[$doc:meta])* pub struct $name:ident;) => {
        formwork_engine::id! {
            $(#[$doc])*
            pub struct $name;
        }

        impl $name {
            fn of(cluster: &str, name: &str) -> Self {
                Self::new(format!("{cluster}|{name}"))
            }

            fn parts(&self) -> (&str, &str) {
                self.as_str().split_once('|').unwrap_or((self.as_str(), ""))
            }
        }
    };
}
pub(crate) use pair_id;

/// A small cluster for the examples of what lives in one.
pub(crate) struct ExampleCluster {
    pub(crate) cluster: Handle<Cluster>,
    pub(crate) a: Handle<Subnet>,
    pub(crate) b: Handle<Subnet>,
    pub(crate) role: Handle<Role>,
    pub(crate) other_role: Handle<Role>,
}

/// Declares a small cluster; `range` are the first two numbers of its network.
pub(crate) fn example_cluster(stack: &mut Stack, name: &str, range: &str) -> ExampleCluster {
    stack.component(name, |stack| {
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::service("eks.amazonaws.com"))
            .principal(Principal::service("ec2.amazonaws.com"))
            .principal(Principal::service("pods.eks.amazonaws.com"))
            .actions(["sts:AssumeRole", "sts:TagSession"])]);
        let vpc = stack.add("vpc", Vpc::builder().cidr_block(format!("{range}.0.0/16")).build());
        let mut subnet = |zone: &str, third: u8| {
            let range = format!("{range}.{third}.0/24");
            stack.add(
                zone,
                Subnet::builder().vpc(&vpc).cidr_block(range).availability_zone(format!("eu-west-1{zone}")).build(),
            )
        };
        let (a, b) = (subnet("a", 1), subnet("b", 2));
        let mut role = |suffix: &str| {
            let role = Role::builder().name(format!("{name}-{suffix}")).assume_role_policy(&trust).build();
            stack.add(suffix, role)
        };
        let (role, other_role) = (role("one"), role("two"));
        let declared =
            Cluster::builder().name(format!("example-{name}")).role_arn(&role.arn).version("1.32").subnets([&a, &b]);
        let cluster = stack.add("cluster", declared.build());
        ExampleCluster { cluster, a, b, role, other_role }
    })
}
