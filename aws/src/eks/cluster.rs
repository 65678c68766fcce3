//! `aws:eks/cluster`: a Kubernetes control plane.
//!
//! EKS makes one kind of update at a time, each with an id of its own that has to be waited for: `update` makes the first that is
//! asked for and leaves the rest.

mod conformance;
mod requests;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eks::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{After, Block, Change, Choice, Ending, Hazard, Link, Name, Outputs, Resource, Version, id};

use self::requests::{encryption, load_balancing, scaling, storage};
use super::{UpdateOf, candidate, present, read_tags, retag, tags_of, update_status};
use crate::arn::Arn;
use crate::cidr;
use crate::context::Aws;
use crate::ec2::{SecurityGroupId, SubnetId, VpcId};
use crate::error::{Error, OrGone, Result};
use crate::hazards::unguarded;
use crate::iam::Role;
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, after_role_of};
use crate::questions::each;
use crate::tags::Tags;

id! {
    /// The name of a cluster, unique in its account and region.
    pub struct ClusterName;
}

/// Without its role's policies a cluster cannot make its network interfaces, and without them it cannot remove them either. The log
/// group must be there first, or EKS makes one without retention.
const AFTER: &[After] = &[
    after_role_of("eks.amazonaws.com"),
    After {
        kind: "aws:iam/role-policy-attachment",
        link: Link::Shared(&[("role_arn", "role")]),
        where_theirs: None,
        where_mine: None,
    },
    After {
        kind: "aws:iam/role-policy",
        link: Link::Shared(&[("role_arn", "role")]),
        where_theirs: None,
        where_mine: None,
    },
    After {
        kind: "aws:logs/log-group",
        link: Link::Named { theirs: "name", format: "/aws/eks/{name}/cluster" },
        where_theirs: None,
        where_mine: None,
    },
];

const ENDING: Ending = Ending { refused_by: Some("deletion_protection"), ..Ending::PLAIN };

/// An EKS cluster: the control plane. Nodes, add-ons and access are resources of their own.
#[derive(Resource)]
#[resource(
    kind = "aws:eks/cluster",
    cfn = "AWS::EKS::Cluster",
    id = ClusterName,
    outputs = ClusterOutputs,
    guard = token,
    natural_key(name),
    data_store,
    visibility = 300,
    create_wait = (5, 10, 1, 1800),
    update_wait = (2, 10, 1, 3600),
    delete_wait = (5, 10, 1, 900),
    after = AFTER,
    ending = ENDING
)]
pub struct Cluster {
    /// The name, 1 to 100 letters, digits and hyphens.
    #[arg(replace)]
    pub name: Name,
    /// The role by which the control plane acts.
    #[arg(replace)]
    pub role_arn: Arn<Role>,
    /// The Kubernetes version, such as `1.33`; upgraded minor by minor, never back. AWS's newest when absent.
    #[arg(decide = version_change, hazards = version_hazards)]
    pub version: Option<Version>,
    /// The subnets of the control plane's network interfaces, in at least two zones.
    #[arg(in_place, cfn = "ResourcesVpcConfig.SubnetIds")]
    pub subnets: BTreeSet<SubnetId>,
    /// Security groups of the control plane beside the one that EKS makes.
    #[arg(in_place, default, cfn = "ResourcesVpcConfig.SecurityGroupIds")]
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// Whether the API can be reached from inside the VPC.
    #[arg(in_place, default = true, cfn = "ResourcesVpcConfig.EndpointPrivateAccess")]
    pub endpoint_private_access: bool,
    /// Whether the API can be reached from the internet. AWS's own default is yes; here it has to be said.
    #[arg(in_place, default = false, cfn = "ResourcesVpcConfig.EndpointPublicAccess")]
    pub endpoint_public_access: bool,
    /// The ranges that may reach the public endpoint; everybody when absent. Needs `endpoint_public_access`.
    #[arg(in_place, same = cidr::same_set_if_given, cfn = "ResourcesVpcConfig.PublicAccessCidrs")]
    pub public_access_cidrs: Option<BTreeSet<String>>,
    /// The range of service addresses, /12 to /24 of a private range; AWS chooses when absent.
    #[arg(replace, same = cidr::same_if_given, cfn = "KubernetesNetworkConfig.ServiceIpv4Cidr")]
    pub service_ipv4_cidr: Option<String>,
    /// Whether pods and services have IPv4 or IPv6 addresses.
    #[arg(replace, default = IpFamily::Ipv4, cfn = "KubernetesNetworkConfig.IpFamily")]
    pub ip_family: IpFamily,
    /// The logs that the control plane writes to CloudWatch Logs.
    #[arg(in_place, default, cfn = "Logging.ClusterLogging")]
    pub log_types: BTreeSet<LogType>,
    /// The key that encrypts Kubernetes secrets. Can be added later, and never be taken away or changed.
    #[arg(decide = encryption_change, same = same_key, cfn = "EncryptionConfig", hazards = encryption_hazards)]
    pub secrets_key: Option<Arn<Key>>,
    /// How callers are told who they are: access entries (`API`), the `aws-auth` config map, or both. Only towards `API`.
    #[arg(
        decide = mode_change,
        default = AuthenticationMode::Api,
        cfn = "AccessConfig.AuthenticationMode",
        hazards = mode_hazards
    )]
    pub authentication_mode: AuthenticationMode,
    /// Whether the caller that makes the cluster becomes its administrator without an access entry.
    #[arg(replace, default = false, write_only, cfn = "AccessConfig.BootstrapClusterCreatorAdminPermissions")]
    pub bootstrap_creator_admin: bool,
    /// Whether EKS installs unmanaged add-ons (vpc-cni, kube-proxy, coredns) by itself.
    #[arg(replace, default = true, write_only)]
    pub bootstrap_self_managed_addons: bool,
    /// What happens when the version leaves standard support.
    #[arg(in_place, default = SupportType::Extended, cfn = "UpgradePolicy.SupportType")]
    pub support_type: SupportType,
    /// Whether traffic may be shifted away from an impaired zone.
    #[arg(in_place, default = false, cfn = "ZonalShiftConfig.Enabled")]
    pub zonal_shift: bool,
    /// EKS Auto Mode: AWS runs nodes, load balancing and block storage.
    #[arg(in_place, cfn = "ComputeConfig", hazards = auto_mode_hazards)]
    pub auto_mode: Option<AutoMode>,
    /// The scaling tier of the control plane; AWS's standard when absent.
    #[arg(in_place, cfn = "ControlPlaneScalingConfig.Tier")]
    pub control_plane_tier: Option<ControlPlaneTier>,
    /// Ranges of nodes outside AWS (EKS Hybrid Nodes).
    #[arg(in_place, default, same = cidr::same_set, cfn = "RemoteNetworkConfig.RemoteNodeNetworks")]
    pub remote_node_networks: BTreeSet<String>,
    /// Ranges of pods on nodes outside AWS.
    #[arg(in_place, default, same = cidr::same_set, cfn = "RemoteNetworkConfig.RemotePodNetworks")]
    pub remote_pod_networks: BTreeSet<String>,
    /// Whether AWS refuses to delete it. Lifted by Formwork itself once the deletion is consented to.
    #[arg(in_place, default = false, hazards = unguarded)]
    pub deletion_protection: bool,
    /// Upgrades the version although EKS's checks found problems.
    #[arg(in_place, default = false, write_only, cfn = "Force")]
    pub force_upgrade: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// EKS Auto Mode.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct AutoMode {
    /// The built-in node pools: `general-purpose`, `system`.
    #[arg(in_place, default)]
    pub node_pools: BTreeSet<String>,
    /// The role of the nodes; needed when there are node pools.
    #[arg(in_place)]
    pub node_role_arn: Option<Arn<Role>>,
}

/// A log of the control plane.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogType {
    /// The API server.
    #[choice("api")]
    Api,
    /// Who did what.
    #[choice("audit")]
    Audit,
    /// Who was let in.
    #[choice("authenticator")]
    Authenticator,
    /// The controllers.
    #[choice("controllerManager")]
    ControllerManager,
    /// The scheduler.
    #[choice("scheduler")]
    Scheduler,
}

/// How callers are told who they are.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationMode {
    /// Access entries only.
    #[choice("API")]
    Api,
    /// Access entries and the config map.
    #[choice("API_AND_CONFIG_MAP")]
    ApiAndConfigMap,
    /// The config map only.
    #[choice("CONFIG_MAP")]
    ConfigMap,
}

/// What happens when a version leaves standard support.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportType {
    /// It stays, at a higher price.
    #[choice("EXTENDED")]
    Extended,
    /// It is upgraded by AWS.
    #[choice("STANDARD")]
    Standard,
}

/// The addresses of pods and services.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpFamily {
    /// IPv4.
    #[choice("ipv4")]
    Ipv4,
    /// IPv6.
    #[choice("ipv6")]
    Ipv6,
}

/// The scaling tier of a control plane.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlPlaneTier {
    /// AWS scales it.
    #[choice("standard")]
    Standard,
    /// Extra large.
    #[choice("tier-xl")]
    TierXl,
    /// Twice that.
    #[choice("tier-2xl")]
    Tier2xl,
    /// Four times that.
    #[choice("tier-4xl")]
    Tier4xl,
}

/// What is known of a cluster once it is there.
#[derive(Outputs)]
pub struct ClusterOutputs {
    /// The name.
    pub id: ClusterName,
    /// The name as text.
    #[output(echoes = name, stage = accepted)]
    pub name: String,
    /// The ARN.
    #[output(stage = accepted)]
    pub arn: Arn<Cluster>,
    /// The address of the API server.
    pub endpoint: String,
    /// The certificate of the API server's authority, PEM in base64.
    #[output(always)]
    pub certificate_authority: String,
    /// The issuer of service accounts' tokens, with `https://`.
    pub oidc_issuer: String,
    /// The security group that EKS makes for control plane and nodes.
    pub cluster_security_group: SecurityGroupId,
    /// The VPC of its subnets.
    pub vpc: VpcId,
    /// The version that runs.
    #[output(moves_with(version))]
    pub running_version: String,
}

fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn version_change(before: &Option<Version>, after: &Option<Version>) -> Change {
    let number = |version: &Option<Version>| version.as_ref().and_then(|version| minor(version.as_str()));
    match (number(before), number(after)) {
        (Some(before), Some(after)) if after < before => Change::Never,
        _ => Change::InPlace,
    }
}

fn mode_change(before: &AuthenticationMode, after: &AuthenticationMode) -> Change {
    // What was left behind is not taken back by EKS.
    let way = [AuthenticationMode::ConfigMap, AuthenticationMode::ApiAndConfigMap, AuthenticationMode::Api];
    let place = |mode: &AuthenticationMode| way.iter().position(|one| one == mode);
    if place(after) < place(before) { Change::Never } else { Change::InPlace }
}

fn version_hazards(before: &Option<Version>, after: &Option<Version>) -> &'static [Hazard] {
    let number = |version: &Option<Version>| version.as_ref().and_then(|version| minor(version.as_str()));
    // EKS takes no version back.
    if before.is_some() && number(after) > number(before) { &[Hazard::Irreversible] } else { &[] }
}

fn mode_hazards(before: &AuthenticationMode, after: &AuthenticationMode) -> &'static [Hazard] {
    if before == after { &[] } else { &[Hazard::Irreversible] }
}

/// Without Auto Mode its nodes go, and what ran on them.
fn auto_mode_hazards(before: &Option<AutoMode>, after: &Option<AutoMode>) -> &'static [Hazard] {
    if before.is_some() && after.is_none() { &[Hazard::Outage] } else { &[] }
}

fn encryption_hazards(before: &Option<Arn<Key>>, after: &Option<Arn<Key>>) -> &'static [Hazard] {
    if before.is_none() && after.is_some() { &[Hazard::Irreversible] } else { &[] }
}

fn encryption_change(before: &Option<Arn<Key>>, _: &Option<Arn<Key>>) -> Change {
    if before.is_none() { Change::InPlace } else { Change::Replace }
}

/// The next version on the way: EKS upgrades one minor at a time.
fn next_version(now: &str, planned: &str) -> String {
    match (minor(now), minor(planned)) {
        (Some((major, from)), Some((to_major, to))) if major == to_major && to > from + 1 => {
            format!("{major}.{}", from + 1)
        }
        _ => planned.to_owned(),
    }
}

impl Lifecycle for Cluster {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let access = sdk::CreateAccessConfigRequest::builder()
            .authentication_mode(args.authentication_mode.as_str().into())
            .bootstrap_cluster_creator_admin_permissions(args.bootstrap_creator_admin)
            .build();
        let network = sdk::KubernetesNetworkConfigRequest::builder()
            .set_service_ipv4_cidr(args.service_ipv4_cidr.clone())
            .ip_family(args.ip_family.as_str().into())
            .set_elastic_load_balancing(args.auto_mode.as_ref().map(|_| load_balancing(true)))
            .build();
        let answer = aws
            .eks()
            .create_cluster()
            .name(args.name.as_str())
            .client_request_token(&owner.token)
            .role_arn(args.role_arn.as_str())
            .set_version(args.version.as_ref().map(ToString::to_string))
            .resources_vpc_config(args.vpc_request())
            .kubernetes_network_config(network)
            .logging(args.logging())
            .set_encryption_config(args.secrets_key.as_ref().map(|key| vec![encryption(key)]))
            .access_config(access)
            .bootstrap_self_managed_addons(args.bootstrap_self_managed_addons)
            .upgrade_policy(args.upgrade_policy())
            .zonal_shift_config(sdk::ZonalShiftConfigRequest::builder().enabled(args.zonal_shift).build())
            .set_compute_config(args.auto_mode.as_ref().map(|auto| auto.compute(true)))
            .set_storage_config(args.auto_mode.as_ref().map(|_| storage(true)))
            .set_control_plane_scaling_config(args.control_plane_tier.map(scaling))
            .set_remote_network_config(args.has_remote_networks().then(|| args.remote_networks()))
            .deletion_protection(args.deletion_protection)
            .set_tags(Some(tags_of(owner, &args.tags).collect()))
            .send()
            .await?;
        let name = answer.cluster.and_then(|cluster| cluster.name);
        Ok(Created::whole(name.ok_or_else(|| Error::unexpected("eks CreateCluster", "no cluster in the answer"))?))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let answers = each(waiting, |one| async {
            match &one.change {
                Some(update) => update_status(aws, UpdateOf::Cluster(&one.id), update).await,
                None => Ok(describe(aws, &one.id).await?.map(|cluster| status(&cluster))),
            }
        });
        let found = present(waiting.iter().map(|one| one.id.clone()), answers.await);
        found.into_iter().map(|(id, status)| Ok((id, status?))).collect()
    }

    async fn read(aws: &Aws, ids: &[ClusterName]) -> Result<Readings<Self>> {
        let answers = each(ids, |id| describe(aws, id.as_str())).await;
        let found = present(ids.iter().cloned(), answers);
        Ok(found.into_iter().map(|(id, cluster)| (id, cluster.map(|cluster| observe(aws, cluster)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let found = describe(aws, args.name.as_str()).await?;
        let found =
            found.map(|cluster| candidate(owner, args.name.as_str(), read_tags(aws, cluster.tags).owner.as_ref()));
        Ok(found.into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ClusterChanges>> {
        let ClusterChanges {
            version,
            subnets,
            security_groups,
            endpoint_private_access,
            endpoint_public_access,
            public_access_cidrs,
            log_types,
            secrets_key,
            authentication_mode,
            support_type,
            zonal_shift,
            auto_mode,
            control_plane_tier,
            remote_node_networks,
            remote_pod_networks,
            deletion_protection,
            force_upgrade: _sent_with_the_version,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            let arn = describe(aws, id.as_str()).await?.and_then(|cluster| cluster.arn);
            retag(aws, owner, &arn.unwrap_or_default(), &now.tags, &planned.tags).await?;
        }
        let config = || aws.eks().update_cluster_config().name(id.as_str());
        let mut left = ClusterChanges { tags: false, force_upgrade: false, ..update.changes };
        // The first that is asked for, in the order in which one may need the other; the rest waits for the update's end.
        let made = if let (true, Some(wanted)) = (version, &planned.version) {
            let running = now.version.as_ref().map_or("", Version::as_str);
            let next = next_version(running, wanted.as_str());
            left.version = next != wanted.as_str();
            let call = aws.eks().update_cluster_version().name(id.as_str()).version(next);
            call.force(planned.force_upgrade).send().await?.update
        } else if authentication_mode {
            left.authentication_mode = false;
            let mode = planned.authentication_mode.as_str().into();
            config()
                .access_config(sdk::UpdateAccessConfigRequest::builder().authentication_mode(mode).build())
                .send()
                .await?
                .update
        } else if auto_mode {
            left.auto_mode = false;
            let on = planned.auto_mode.is_some();
            let auto =
                planned.auto_mode.clone().unwrap_or(AutoMode { node_pools: BTreeSet::new(), node_role_arn: None });
            let network =
                sdk::KubernetesNetworkConfigRequest::builder().elastic_load_balancing(load_balancing(on)).build();
            let call = config().compute_config(auto.compute(on)).kubernetes_network_config(network);
            call.storage_config(storage(on)).send().await?.update
        } else if let (true, Some(key)) = (secrets_key, &planned.secrets_key) {
            left.secrets_key = false;
            let call = aws.eks().associate_encryption_config().cluster_name(id.as_str());
            call.encryption_config(encryption(key)).send().await?.update
        } else if log_types {
            left.log_types = false;
            config().logging(planned.logging()).send().await?.update
        } else if support_type {
            left.support_type = false;
            config().upgrade_policy(planned.upgrade_policy()).send().await?.update
        } else if endpoint_private_access || endpoint_public_access || public_access_cidrs {
            left.endpoint_private_access = false;
            left.endpoint_public_access = false;
            left.public_access_cidrs = false;
            config().resources_vpc_config(planned.endpoint_request()).send().await?.update
        } else if subnets || security_groups {
            left.subnets = false;
            left.security_groups = false;
            config().resources_vpc_config(planned.network_request()).send().await?.update
        } else if zonal_shift {
            left.zonal_shift = false;
            let shift = sdk::ZonalShiftConfigRequest::builder().enabled(planned.zonal_shift).build();
            config().zonal_shift_config(shift).send().await?.update
        } else if let (true, Some(tier)) = (control_plane_tier, planned.control_plane_tier) {
            left.control_plane_tier = false;
            config().control_plane_scaling_config(scaling(tier)).send().await?.update
        } else if remote_node_networks || remote_pod_networks {
            left.remote_node_networks = false;
            left.remote_pod_networks = false;
            config().remote_network_config(planned.remote_networks()).send().await?.update
        } else if deletion_protection {
            left.deletion_protection = false;
            config().deletion_protection(planned.deletion_protection).send().await?.update
        } else {
            return Ok(Updated::done());
        };
        Ok(Updated { left, waiting: made.and_then(|update| update.id) })
    }

    async fn delete(aws: &Aws, id: &ClusterName, _: &Self) -> Result<Deletion> {
        let gone = &["ResourceNotFoundException"];
        let Some(cluster) = describe(aws, id.as_str()).await? else { return Ok(Deletion::Done) };
        if cluster.deletion_protection == Some(true) {
            aws.eks()
                .update_cluster_config()
                .name(id.as_str())
                .deletion_protection(false)
                .send()
                .await
                .or_gone(gone)?;
            return Ok(Deletion::Again);
        }
        if cluster.status == Some(sdk::ClusterStatus::Deleting) {
            return Ok(Deletion::Wait);
        }
        let answer = aws.eks().delete_cluster().name(id.as_str()).send().await.or_gone(gone)?;
        Ok(if answer.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}

async fn describe(aws: &Aws, name: &str) -> Result<Option<sdk::Cluster>> {
    let answer = aws.eks().describe_cluster().name(name).send().await.or_gone(&["ResourceNotFoundException"])?;
    Ok(answer.and_then(|answer| answer.cluster))
}

fn status(cluster: &sdk::Cluster) -> Status {
    match cluster.status.as_ref().map(|status| status.as_str()) {
        Some("ACTIVE") => Status::Ready,
        Some("FAILED") => {
            let issues = cluster.health.as_ref().map(|health| health.issues()).unwrap_or_default();
            let words: Vec<_> = issues.iter().filter_map(|issue| issue.message()).collect();
            Status::Failed(if words.is_empty() { "FAILED".to_owned() } else { words.join("; ") })
        }
        other => Status::Pending(other.unwrap_or("CREATING").to_owned()),
    }
}

fn observe(aws: &Aws, cluster: sdk::Cluster) -> Observed<Cluster> {
    let read = read_tags(aws, cluster.tags);
    let name = cluster.name.unwrap_or_default();
    let vpc = cluster.resources_vpc_config;
    let ids = |ids: Option<Vec<String>>| ids.unwrap_or_default();
    let everybody = |cidrs: &BTreeSet<String>| cidrs.iter().eq(["0.0.0.0/0"]);
    let cidrs: BTreeSet<String> =
        ids(vpc.as_ref().and_then(|vpc| vpc.public_access_cidrs.clone())).into_iter().collect();
    let logs = cluster.logging.and_then(|logging| logging.cluster_logging).unwrap_or_default();
    let enabled =
        logs.into_iter().filter(|setup| setup.enabled == Some(true)).flat_map(|setup| setup.types.unwrap_or_default());
    let network = cluster.kubernetes_network_config;
    let remote = cluster.remote_network_config;
    let auto = cluster.compute_config.filter(|compute| compute.enabled == Some(true));
    let key = cluster.encryption_config.and_then(|list| list.into_iter().next()).and_then(|it| it.provider?.key_arn);
    let mode = cluster.access_config.as_ref().and_then(|access| access.authentication_mode.as_ref());
    let version = cluster.version.unwrap_or_default();
    let args = Cluster {
        name: Name::new(name.as_str()),
        role_arn: Arn::new(cluster.role_arn.unwrap_or_default()),
        version: Some(Version::new(version.as_str())),
        subnets: ids(vpc.as_ref().and_then(|vpc| vpc.subnet_ids.clone())).into_iter().map(SubnetId::new).collect(),
        security_groups: ids(vpc.as_ref().and_then(|vpc| vpc.security_group_ids.clone()))
            .into_iter()
            .map(SecurityGroupId::new)
            .collect(),
        endpoint_private_access: vpc.as_ref().is_some_and(|vpc| vpc.endpoint_private_access),
        endpoint_public_access: vpc.as_ref().is_some_and(|vpc| vpc.endpoint_public_access),
        public_access_cidrs: (!cidrs.is_empty() && !everybody(&cidrs)).then_some(cidrs),
        service_ipv4_cidr: network.as_ref().and_then(|network| network.service_ipv4_cidr.clone()),
        ip_family: network
            .and_then(|network| network.ip_family)
            .and_then(|family| IpFamily::parse(family.as_str()))
            .unwrap_or(IpFamily::Ipv4),
        log_types: enabled.filter_map(|log| LogType::parse(log.as_str())).collect(),
        secrets_key: key.map(Arn::new),
        authentication_mode: mode
            .and_then(|mode| AuthenticationMode::parse(mode.as_str()))
            .unwrap_or(AuthenticationMode::ConfigMap),
        bootstrap_creator_admin: false,
        bootstrap_self_managed_addons: true,
        support_type: cluster
            .upgrade_policy
            .and_then(|policy| policy.support_type)
            .and_then(|support| SupportType::parse(support.as_str()))
            .unwrap_or(SupportType::Extended),
        zonal_shift: cluster.zonal_shift_config.and_then(|shift| shift.enabled).unwrap_or_default(),
        auto_mode: auto.map(|compute| AutoMode {
            node_pools: compute.node_pools.unwrap_or_default().into_iter().collect(),
            node_role_arn: compute.node_role_arn.map(Arn::new),
        }),
        control_plane_tier: cluster
            .control_plane_scaling_config
            .and_then(|scaling| scaling.tier)
            .and_then(|tier| ControlPlaneTier::parse(tier.as_str())),
        remote_node_networks: remote
            .as_ref()
            .map(|remote| remote.remote_node_networks().iter().flat_map(|it| it.cidrs().to_vec()).collect())
            .unwrap_or_default(),
        remote_pod_networks: remote
            .as_ref()
            .map(|remote| remote.remote_pod_networks().iter().flat_map(|it| it.cidrs().to_vec()).collect())
            .unwrap_or_default(),
        deletion_protection: cluster.deletion_protection.unwrap_or_default(),
        force_upgrade: false,
        tags: read.tags,
    };
    let outputs = ClusterOutputs {
        id: ClusterName::new(name.as_str()),
        name,
        arn: Arn::new(cluster.arn.unwrap_or_default()),
        endpoint: cluster.endpoint.unwrap_or_default(),
        certificate_authority: cluster.certificate_authority.and_then(|it| it.data).unwrap_or_default(),
        oidc_issuer: cluster.identity.and_then(|it| it.oidc).and_then(|it| it.issuer).unwrap_or_default(),
        cluster_security_group: SecurityGroupId::new(
            vpc.as_ref().and_then(|vpc| vpc.cluster_security_group_id.clone()).unwrap_or_default(),
        ),
        vpc: VpcId::new(vpc.and_then(|vpc| vpc.vpc_id).unwrap_or_default()),
        running_version: version,
    };
    Observed::new(args, outputs, read.owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_go_up_one_minor_at_a_time_and_never_back() {
        assert_eq!(next_version("1.30", "1.33"), "1.31");
        assert_eq!(next_version("1.32", "1.33"), "1.33");
        let version = |text: &str| Some(Version::new(text));
        assert_eq!(version_change(&version("1.33"), &version("1.32")), Change::Never);
        assert_eq!(version_change(&version("1.32"), &version("1.33")), Change::InPlace);
        assert_eq!(version_hazards(&version("1.32"), &version("1.33")), [Hazard::Irreversible]);
    }

    #[test]
    fn a_key_for_secrets_is_added_and_never_changed() {
        let key = || Some(Arn::<Key>::new("arn:aws:kms:eu-west-1:1:key/1"));
        assert_eq!(encryption_change(&None, &key()), Change::InPlace);
        assert_eq!(encryption_change(&key(), &None), Change::Replace);
    }
}
