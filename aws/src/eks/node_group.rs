//! `aws:eks/node-group`: a managed group of nodes.
//!
//! The desired size belongs to the autoscaler once the group is there: its drift is not reported.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eks::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{After, Block, Change, Choice, Expr, Hazard, Link, Name, Outputs, Resource, Stack, Version};

use super::{ClusterName, UpdateOf, candidate, pair_id, present, read_tags, retag, tags_of, update_status};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::ec2::{LaunchTemplateId, SubnetId};
use crate::error::{Error, OrGone, Result};
use crate::iam::Role;
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, after_role_of};
use crate::questions::each;
use crate::tags::Tags;

pair_id! {
    /// Cluster and node group as `cluster|name`.
    pub struct NodeGroupId;
}

/// Nodes register by their role's policies, over a way out of their subnets, and need the network add-on to become ready.
const AFTER: &[After] = &[
    after_role_of("eks-nodegroup.amazonaws.com"),
    After {
        kind: "aws:iam/role-policy-attachment",
        link: Link::Shared(&[("node_role_arn", "role")]),
        where_theirs: None,
        where_mine: None,
    },
    After {
        kind: "aws:iam/role-policy",
        link: Link::Shared(&[("node_role_arn", "role")]),
        where_theirs: None,
        where_mine: None,
    },
    After {
        kind: "aws:eks/addon",
        link: Link::Shared(&[("cluster", "cluster")]),
        where_theirs: Some(("addon_name", "vpc-cni")),
        where_mine: None,
    },
    After {
        kind: "aws:eks/addon",
        link: Link::Shared(&[("cluster", "cluster")]),
        where_theirs: Some(("addon_name", "kube-proxy")),
        where_mine: None,
    },
    After { kind: "aws:ec2/route", link: Link::Any, where_theirs: None, where_mine: None },
    After { kind: "aws:ec2/route-table-association", link: Link::Any, where_theirs: None, where_mine: None },
];

/// A managed node group.
#[derive(Resource)]
#[resource(
    kind = "aws:eks/node-group",
    cfn = "AWS::EKS::Nodegroup",
    id = NodeGroupId,
    outputs = NodeGroupOutputs,
    guard = token,
    natural_key(cluster, name),
    visibility = 300,
    create_wait = (5, 10, 1, 3600),
    update_wait = (2, 10, 1, 3600),
    delete_wait = (5, 10, 1, 3600),
    after = AFTER
)]
pub struct NodeGroup {
    /// The cluster.
    #[arg(replace, cfn = "ClusterName")]
    pub cluster: ClusterName,
    /// The name, at most 63 letters, digits, hyphens and underscores.
    #[arg(replace, cfn = "NodegroupName")]
    pub name: Name,
    /// The role of the nodes.
    #[arg(replace, cfn = "NodeRole")]
    pub node_role_arn: Arn<Role>,
    /// The subnets that nodes are started in.
    #[arg(replace)]
    pub subnets: BTreeSet<SubnetId>,
    /// The fewest nodes.
    #[arg(in_place, default = 1, cfn = "ScalingConfig.MinSize")]
    pub min_size: i32,
    /// The most nodes.
    #[arg(in_place, default = 2, cfn = "ScalingConfig.MaxSize")]
    pub max_size: i32,
    /// The nodes to begin with; afterwards an autoscaler may move it, which is not reported as drift.
    #[arg(in_place, default = 1, drift_ignored, cfn = "ScalingConfig.DesiredSize")]
    pub desired_size: i32,
    /// Instance types, such as `m6i.large`; AWS's `t3.medium` when absent.
    #[arg(replace)]
    pub instance_types: Option<BTreeSet<String>>,
    /// The operating system's image, such as `AL2023_x86_64_STANDARD`; by architecture when absent.
    #[arg(replace)]
    pub ami_type: Option<String>,
    /// On demand or spot.
    #[arg(replace, default = CapacityType::OnDemand)]
    pub capacity_type: CapacityType,
    /// The root volume in GiB; AWS's 20 when absent. Not together with a launch template.
    #[arg(replace)]
    pub disk_size: Option<i32>,
    /// The Kubernetes version; the cluster's when absent. Never back.
    #[arg(decide = version_change, hazards = rolling)]
    pub version: Option<Version>,
    /// The image's release, such as `1.33.1-20250920`; the newest of the version when absent.
    #[arg(in_place)]
    pub release_version: Option<String>,
    /// Replaces nodes on an upgrade although pods cannot be moved away.
    #[arg(in_place, default = false, write_only, cfn = "ForceUpdateEnabled")]
    pub force_update: bool,
    /// Labels of the Kubernetes nodes.
    #[arg(in_place, default)]
    pub labels: BTreeMap<String, String>,
    /// Taints of the Kubernetes nodes.
    #[arg(in_place, default)]
    pub taints: BTreeSet<Taint>,
    /// A launch template instead of AWS's own; only its version can be changed in place.
    #[arg(decide = template_change)]
    pub launch_template: Option<LaunchTemplate>,
    /// How many nodes an upgrade may take away at once; AWS's 1 when neither this nor the percentage is given.
    #[arg(in_place, cfn = "UpdateConfig.MaxUnavailable")]
    pub max_unavailable: Option<i32>,
    /// The same in percent.
    #[arg(in_place, cfn = "UpdateConfig.MaxUnavailablePercentage")]
    pub max_unavailable_percentage: Option<i32>,
    /// Whether AWS replaces nodes that it finds unhealthy.
    #[arg(in_place, default = false, cfn = "NodeRepairConfig.Enabled")]
    pub node_repair: bool,
    /// Access to the nodes by SSH.
    #[arg(replace)]
    pub remote_access: Option<RemoteAccess>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// How instances are paid for.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapacityType {
    /// By the hour.
    #[choice("ON_DEMAND")]
    OnDemand,
    /// Spare capacity that AWS may take back.
    #[choice("SPOT")]
    Spot,
}

/// A taint of the Kubernetes nodes.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// Its key.
    #[arg(in_place)]
    pub key: String,
    /// Its value.
    #[arg(in_place)]
    pub value: Option<String>,
    /// What it does to pods that do not tolerate it.
    #[arg(in_place)]
    pub effect: TaintEffect,
}

/// What a taint does to pods that do not tolerate it.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaintEffect {
    /// They are not scheduled.
    #[choice("NO_SCHEDULE")]
    NoSchedule,
    /// They are not scheduled if it can be avoided.
    #[choice("PREFER_NO_SCHEDULE")]
    PreferNoSchedule,
    /// They are not scheduled, and moved away.
    #[choice("NO_EXECUTE")]
    NoExecute,
}

/// A launch template.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct LaunchTemplate {
    /// Its id.
    #[arg(in_place)]
    pub id: LaunchTemplateId,
    /// Its version; the default one when absent.
    #[arg(in_place)]
    pub version: Option<String>,
}

/// Access to the nodes by SSH.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct RemoteAccess {
    /// The name of the key pair.
    #[arg(replace)]
    pub ec2_ssh_key: String,
    /// The security groups that may connect; everybody when empty.
    #[arg(replace, default)]
    pub source_security_groups: BTreeSet<crate::ec2::SecurityGroupId>,
}

/// What is known of a node group once it is there.
#[derive(Outputs)]
pub struct NodeGroupOutputs {
    /// Cluster and name.
    pub id: NodeGroupId,
    /// The ARN.
    pub arn: Arn<NodeGroup>,
    /// The auto scaling groups behind it.
    #[output(always)]
    pub auto_scaling_groups: Vec<String>,
}

fn version_change(before: &Option<Version>, after: &Option<Version>) -> Change {
    let number = |version: &Option<Version>| {
        let mut parts = version.as_ref()?.as_str().split('.').map(|part| part.parse::<u32>().ok());
        Some((parts.next()??, parts.next()??))
    };
    match (number(before), number(after)) {
        (Some(before), Some(after)) if after < before => Change::Replace,
        _ => Change::InPlace,
    }
}

fn rolling(before: &Option<Version>, after: &Option<Version>) -> &'static [Hazard] {
    if before.is_some() && before != after { &[Hazard::Outage] } else { &[] }
}

fn template_change(before: &Option<LaunchTemplate>, after: &Option<LaunchTemplate>) -> Change {
    match (before, after) {
        (Some(before), Some(after)) if before.id == after.id => Change::InPlace,
        _ => Change::Replace,
    }
}

impl Lifecycle for NodeGroup {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let (cluster, name) = (args.cluster.as_str(), args.name.as_str());
        aws.eks()
            .create_nodegroup()
            .cluster_name(cluster)
            .nodegroup_name(name)
            .client_request_token(&owner.token)
            .node_role(args.node_role_arn.as_str())
            .set_subnets(Some(args.subnets.iter().map(ToString::to_string).collect()))
            .scaling_config(args.scaling())
            .set_instance_types(args.instance_types.clone().map(|types| types.into_iter().collect()))
            .set_ami_type(args.ami_type.as_deref().map(Into::into))
            .capacity_type(args.capacity_type.as_str().into())
            .set_disk_size(args.disk_size)
            .set_version(args.version.as_ref().map(ToString::to_string))
            .set_release_version(args.release_version.clone())
            .set_labels((!args.labels.is_empty()).then(|| args.labels.clone().into_iter().collect()))
            .set_taints(Some(args.taints.iter().map(taint).collect::<Vec<_>>()).filter(|taints| !taints.is_empty()))
            .set_launch_template(args.launch_template.as_ref().map(template))
            .set_update_config(args.update_config())
            .node_repair_config(args.repair())
            .set_remote_access(args.remote_access.as_ref().map(remote_access))
            .set_tags(Some(tags_of(owner, &args.tags).collect()))
            .send()
            .await?
            .nodegroup
            .ok_or_else(|| Error::unexpected("eks CreateNodegroup", "no node group in the answer"))?;
        Ok(Created::whole(NodeGroupId::of(cluster, name).to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let answers = each(waiting, |one| async {
            let id = NodeGroupId::new(&one.id);
            let (cluster, name) = id.parts();
            match &one.change {
                Some(update) => update_status(aws, UpdateOf::NodeGroup(cluster, name), update).await,
                None => Ok(describe(aws, &id).await?.map(|group| status(&group))),
            }
        });
        let found = present(waiting.iter().map(|one| one.id.clone()), answers.await);
        found.into_iter().map(|(id, status)| Ok((id, status?))).collect()
    }

    async fn read(aws: &Aws, ids: &[NodeGroupId]) -> Result<Readings<Self>> {
        let answers = each(ids, |id| describe(aws, id)).await;
        let found = present(ids.iter().cloned(), answers);
        Ok(found.into_iter().map(|(id, group)| (id.clone(), group.map(|group| observe(aws, id, group)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = NodeGroupId::of(args.cluster.as_str(), args.name.as_str());
        let found = describe(aws, &id).await?;
        Ok(found
            .map(|group| candidate(owner, id.as_str(), read_tags(aws, group.tags).owner.as_ref()))
            .into_iter()
            .collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<NodeGroupChanges>> {
        let NodeGroupChanges {
            min_size,
            max_size,
            desired_size,
            version,
            release_version,
            force_update: _sent_with_the_version,
            labels,
            taints,
            launch_template,
            max_unavailable,
            max_unavailable_percentage,
            node_repair,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let (cluster, name) = id.parts();
        if tags {
            let arn = describe(aws, id).await?.and_then(|group| group.nodegroup_arn).unwrap_or_default();
            retag(aws, owner, &arn, &now.tags, &planned.tags).await?;
        }
        let mut left = NodeGroupChanges { tags: false, force_update: false, ..update.changes };
        // What nodes run comes first, in a call and an update of its own.
        let made = if version || release_version || launch_template {
            (left.version, left.release_version, left.launch_template) = (false, false, false);
            let version = planned.version.as_ref().filter(|_| version).map(ToString::to_string);
            aws.eks()
                .update_nodegroup_version()
                .cluster_name(cluster)
                .nodegroup_name(name)
                .set_version(version)
                .set_release_version(planned.release_version.clone().filter(|_| release_version))
                .set_launch_template(planned.launch_template.as_ref().map(template))
                .force(planned.force_update)
                .send()
                .await?
                .update
        } else if min_size
            || max_size
            || desired_size
            || labels
            || taints
            || max_unavailable
            || max_unavailable_percentage
            || node_repair
        {
            let sizes = min_size || max_size || desired_size;
            let call = aws.eks().update_nodegroup_config().cluster_name(cluster).nodegroup_name(name);
            let update_config =
                (max_unavailable || max_unavailable_percentage).then(|| planned.update_config()).flatten();
            call.set_scaling_config(sizes.then(|| planned.scaling_from(now, desired_size)))
                .set_labels(labels.then(|| labels_payload(&now.labels, &planned.labels)))
                .set_taints(taints.then(|| taints_payload(&now.taints, &planned.taints)))
                .set_update_config(update_config)
                .set_node_repair_config(node_repair.then(|| planned.repair()))
                .send()
                .await
                .map(|answer| {
                    left = NodeGroupChanges::default();
                    answer.update
                })?
        } else {
            return Ok(Updated::done());
        };
        Ok(Updated { left, waiting: made.and_then(|update| update.id) })
    }

    async fn delete(aws: &Aws, id: &NodeGroupId, _: &Self) -> Result<Deletion> {
        let Some(group) = describe(aws, id).await? else { return Ok(Deletion::Done) };
        if group.status == Some(sdk::NodegroupStatus::Deleting) {
            return Ok(Deletion::Wait);
        }
        let (cluster, name) = id.parts();
        let call = aws.eks().delete_nodegroup().cluster_name(cluster).nodegroup_name(name);
        let answer = call.send().await.or_gone(&["ResourceNotFoundException"])?;
        Ok(if answer.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}

impl NodeGroup {
    fn scaling(&self) -> sdk::NodegroupScalingConfig {
        let sizes = sdk::NodegroupScalingConfig::builder().min_size(self.min_size).max_size(self.max_size);
        sizes.desired_size(self.desired_size).build()
    }

    /// Where only the bounds change, the desired size stays where the autoscaler left it, within the new bounds.
    fn scaling_from(&self, now: &Self, desired_changes: bool) -> sdk::NodegroupScalingConfig {
        let desired = if desired_changes { self.desired_size } else { now.desired_size };
        let desired = desired.max(self.min_size).min(self.max_size.max(self.min_size));
        let sizes = sdk::NodegroupScalingConfig::builder().min_size(self.min_size).max_size(self.max_size);
        sizes.desired_size(desired).build()
    }

    fn update_config(&self) -> Option<sdk::NodegroupUpdateConfig> {
        let (count, percentage) = (self.max_unavailable, self.max_unavailable_percentage);
        let config =
            sdk::NodegroupUpdateConfig::builder().set_max_unavailable(count).set_max_unavailable_percentage(percentage);
        (count.is_some() || percentage.is_some()).then(|| config.build())
    }

    fn repair(&self) -> sdk::NodeRepairConfig {
        sdk::NodeRepairConfig::builder().enabled(self.node_repair).build()
    }
}

fn taint(taint: &Taint) -> sdk::Taint {
    let built = sdk::Taint::builder().key(&taint.key).set_value(taint.value.clone());
    built.effect(taint.effect.as_str().into()).build()
}

fn template(template: &LaunchTemplate) -> sdk::LaunchTemplateSpecification {
    sdk::LaunchTemplateSpecification::builder().id(template.id.as_str()).set_version(template.version.clone()).build()
}

fn remote_access(access: &RemoteAccess) -> sdk::RemoteAccessConfig {
    let groups = access.source_security_groups.iter().map(ToString::to_string).collect::<Vec<_>>();
    sdk::RemoteAccessConfig::builder()
        .ec2_ssh_key(&access.ec2_ssh_key)
        .set_source_security_groups((!groups.is_empty()).then_some(groups))
        .build()
}

fn labels_payload(now: &BTreeMap<String, String>, planned: &BTreeMap<String, String>) -> sdk::UpdateLabelsPayload {
    let (set, removed) = crate::tags::pairs_difference(now, planned);
    let payload = sdk::UpdateLabelsPayload::builder();
    payload
        .set_add_or_update_labels(Some(set.into_iter().collect()))
        .set_remove_labels(Some(removed.into_iter().collect()))
        .build()
}

fn taints_payload(now: &BTreeSet<Taint>, planned: &BTreeSet<Taint>) -> sdk::UpdateTaintsPayload {
    let list = |taints: Vec<&Taint>| Some(taints.into_iter().map(taint).collect());
    sdk::UpdateTaintsPayload::builder()
        .set_add_or_update_taints(list(planned.difference(now).collect()))
        .set_remove_taints(list(now.difference(planned).collect()))
        .build()
}

async fn describe(aws: &Aws, id: &NodeGroupId) -> Result<Option<sdk::Nodegroup>> {
    let (cluster, name) = id.parts();
    let call = aws.eks().describe_nodegroup().cluster_name(cluster).nodegroup_name(name);
    Ok(call.send().await.or_gone(&["ResourceNotFoundException"])?.and_then(|answer| answer.nodegroup))
}

fn status(group: &sdk::Nodegroup) -> Status {
    let issues = group.health.as_ref().map(|health| health.issues()).unwrap_or_default();
    let words: Vec<String> = issues.iter().filter_map(|issue| issue.message.clone()).collect();
    match group.status.as_ref().map(|status| status.as_str()) {
        Some("ACTIVE") => Status::Ready,
        Some(word @ ("CREATE_FAILED" | "DELETE_FAILED")) => {
            Status::Failed(if words.is_empty() { word.to_owned() } else { words.join("; ") })
        }
        // It works, or what is left of it does, and AWS goes on trying.
        Some("DEGRADED") => Status::Stuck(if words.is_empty() { "DEGRADED".to_owned() } else { words.join("; ") }),
        other => Status::Pending(other.unwrap_or("CREATING").to_owned()),
    }
}

fn observe(aws: &Aws, id: NodeGroupId, group: sdk::Nodegroup) -> Observed<NodeGroup> {
    let read = read_tags(aws, group.tags);
    let (cluster, name) = id.parts();
    let sizes = group.scaling_config;
    let size =
        |pick: fn(&sdk::NodegroupScalingConfig) -> Option<i32>| sizes.as_ref().and_then(pick).unwrap_or_default();
    let update = group.update_config;
    let taints = group.taints.unwrap_or_default().into_iter();
    let args = NodeGroup {
        cluster: ClusterName::new(cluster),
        name: Name::new(name),
        node_role_arn: Arn::new(group.node_role.unwrap_or_default()),
        subnets: group.subnets.unwrap_or_default().into_iter().map(SubnetId::new).collect(),
        min_size: size(|sizes| sizes.min_size),
        max_size: size(|sizes| sizes.max_size),
        desired_size: size(|sizes| sizes.desired_size),
        instance_types: group.instance_types.map(|types| types.into_iter().collect()),
        ami_type: group.ami_type.map(|ami| ami.as_str().to_owned()),
        capacity_type: group
            .capacity_type
            .and_then(|capacity| CapacityType::parse(capacity.as_str()))
            .unwrap_or(CapacityType::OnDemand),
        disk_size: group.disk_size,
        version: group.version.map(Version::new),
        release_version: group.release_version,
        force_update: false,
        labels: group.labels.unwrap_or_default().into_iter().collect(),
        taints: taints
            .filter_map(|taint| {
                let effect = TaintEffect::parse(taint.effect?.as_str())?;
                Some(Taint { key: taint.key?, value: taint.value.filter(|value| !value.is_empty()), effect })
            })
            .collect(),
        launch_template: group
            .launch_template
            .and_then(|it| Some(LaunchTemplate { id: LaunchTemplateId::new(it.id?), version: it.version })),
        max_unavailable: update.as_ref().and_then(|update| update.max_unavailable),
        max_unavailable_percentage: update.and_then(|update| update.max_unavailable_percentage),
        node_repair: group.node_repair_config.and_then(|repair| repair.enabled).unwrap_or_default(),
        remote_access: group.remote_access.and_then(|access| {
            let groups = access.source_security_groups.unwrap_or_default().into_iter();
            let source_security_groups = groups.map(crate::ec2::SecurityGroupId::new).collect();
            Some(RemoteAccess { ec2_ssh_key: access.ec2_ssh_key?, source_security_groups })
        }),
        tags: read.tags,
    };
    let scaling = group.resources.and_then(|resources| resources.auto_scaling_groups).unwrap_or_default();
    let outputs = NodeGroupOutputs {
        arn: Arn::new(group.nodegroup_arn.unwrap_or_default()),
        auto_scaling_groups: scaling.into_iter().filter_map(|it| it.name).collect(),
        id,
    };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for NodeGroup {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let parts = super::example_cluster(stack, "node-group", "10.21");
        let other = super::example_cluster(stack, "node-group-2", "10.22");
        let taint = |value: &str| Taint::builder().key("only").value(value).effect(TaintEffect::NoSchedule).build();
        let base = NodeGroup::builder()
            .cluster(&parts.cluster)
            .name("Conformance")
            .node_role_arn(&parts.role.arn)
            .subnets([&parts.a, &parts.b])
            .min_size(1)
            .max_size(3)
            .desired_size(2)
            .instance_types(["m6i.large"])
            .ami_type("AL2023_x86_64_STANDARD")
            .capacity_type(CapacityType::OnDemand)
            .disk_size(40)
            .version("1.31")
            .force_update(false)
            .labels([("pool", "a"), ("zone", "x")])
            .taints([taint("a")])
            .max_unavailable(1)
            .node_repair(false)
            .remote_access(RemoteAccess::builder().ec2_ssh_key("admin").build())
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("max_size", 5_i64)
            .change("min_size", 2_i64)
            .change("desired_size", 4_i64)
            .change("labels", [("pool", "b")])
            .change("taints", vec![Expr::from(taint("b"))])
            .change("max_unavailable", Expr::null())
            .together_with("max_unavailable_percentage", 50_i64)
            .change("max_unavailable_percentage", 25_i64)
            .change("node_repair", true)
            .change("version", "1.32")
            .change("force_update", true)
            .change("tags", [("team", "b")])
            .change("disk_size", 50_i64)
            .change("instance_types", vec![Expr::text("m7i.large")])
            .change("ami_type", "BOTTLEROCKET_x86_64")
            .change("capacity_type", "SPOT")
            .change("subnets", vec![Expr::from(&parts.a)])
            .change("node_role_arn", &parts.other_role.arn)
            .change("remote_access", RemoteAccess::builder().ec2_ssh_key("other").build())
            .change("name", "Conformance-2")
            .change("cluster", &other.cluster)
            .together_with("subnets", vec![Expr::from(&other.a)])
            .unseen("release_version", "the emulator knows no image releases")
            .unseen("launch_template", "the emulator's node groups are made of no template")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_templates_version_changes_in_place() {
        let template = |id: &str, version: &str| {
            Some(LaunchTemplate { id: LaunchTemplateId::new(id), version: Some(version.into()) })
        };
        assert_eq!(template_change(&template("lt-1", "1"), &template("lt-1", "2")), Change::InPlace);
        assert_eq!(template_change(&template("lt-1", "1"), &template("lt-2", "1")), Change::Replace);
        assert_eq!(template_change(&None, &template("lt-1", "1")), Change::Replace);
    }

    #[test]
    fn an_older_version_takes_new_nodes() {
        let version = |text: &str| Some(Version::new(text));
        assert_eq!(version_change(&version("1.33"), &version("1.32")), Change::Replace);
        assert_eq!(version_change(&version("1.9"), &version("1.10")), Change::InPlace);
    }
}
