//! `aws:elasticache/replication-group`: a Redis or Valkey cache, in one shard (cluster mode off) or several (on).
//!
//! ```
//! use formwork_aws::elasticache::{ReplicationGroup, SubnetGroupName};
//!
//! let jobs = ReplicationGroup::builder()
//!     .name("jobs")
//!     .description("queues of the workers")
//!     .engine_version("7.1")
//!     .node_type("cache.t4g.small")
//!     .num_cache_clusters(2)
//!     .automatic_failover(true)
//!     .multi_az(true)
//!     .subnet_group(SubnetGroupName::new("jobs"))
//!     .snapshot_retention_limit(7)
//!     .build();
//! # drop(jobs);
//! ```
//!
//! ElastiCache makes one kind of change at a time and refuses the next until the group is `available` again: `update` makes the first
//! that is asked for and leaves the rest (module `update`).

mod blocks;
mod read;
mod update;

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{
    After, Caseless, Change, Ending, Expr, Hazard, Name, Outputs, Resource, Secret, Stack, Value, Version, id,
};

use super::{ParameterGroup, ParameterGroupName, SubnetGroup, SubnetGroupName};
use super::{candidate, same_id, same_name, tags_by_arn, tags_of};
use crate::arn::{Anything, Arn};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::ec2::{SecurityGroup, SecurityGroupId, Subnet, Vpc};
use crate::error::{Error, OrGone, Result};
use crate::hazards::{shorter, shorter_if_known};
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Readings, Update, Updated, after_role_of};
use crate::tags::Tags;

pub use blocks::{
    AuthTokenStrategy, ClusterMode, Engine, IpProtocol, LogDelivery, LogDestination, LogFormat, LogType, NetworkType,
    Shard, TransitMode,
};

id! {
    /// The id of a replication group, in lower case, unique in its account and region.
    pub struct ReplicationGroupName;
}

const GONE: &[&str] = &["ReplicationGroupNotFoundFault", "ReplicationGroupNotFound"];

/// A snapshot of that name is there already.
const TAKEN: &[&str] = &["SnapshotAlreadyExistsFault", "SnapshotAlreadyExists"];

/// How many last snapshots of one name there may be; ElastiCache keeps at most fifty by hand.
const SNAPSHOTS: u32 = 50;

const AFTER: &[After] = &[after_role_of("elasticache.amazonaws.com")];

const ENDING: Ending = Ending { leaves: Some(left_behind), ..Ending::PLAIN };

/// What the deletion of a group leaves, encrypted as the group was.
fn left_behind(recorded: &Value) -> Option<&'static str> {
    (!recorded.get("final_snapshot").is_null()).then_some("a final snapshot")
}

/// A Redis or Valkey cache: a primary with replicas, in one shard or several.
#[derive(Resource)]
#[resource(
    kind = "aws:elasticache/replication-group",
    cfn = "AWS::ElastiCache::ReplicationGroup",
    id = ReplicationGroupName,
    outputs = ReplicationGroupOutputs,
    guard = unique_name,
    natural_key(name),
    data_store,
    visibility = 120,
    create_wait = (30, 10, 1, 3600),
    update_wait = (10, 10, 2, 2400),
    delete_wait = (10, 10, 1, 2700),
    after = AFTER,
    ending = ENDING
)]
pub struct ReplicationGroup {
    /// The id, 1 to 40 letters, digits and hyphens, beginning with a letter. Kept in lower case; a prefix must be in lower case.
    #[arg(replace, same = same_name, cfn = "")]
    pub name: Name,
    /// What it is for.
    #[arg(in_place, default = "managed by Formwork", cfn = "ReplicationGroupDescription")]
    pub description: String,
    /// The engine. A Redis group can become a Valkey group, not the reverse.
    #[arg(decide = engine_change, default = Engine::Redis, hazards = engine_hazards)]
    pub engine: Engine,
    /// The engine's version, such as `7.1` or `6.x`; AWS's newest when absent. Never back.
    #[arg(decide = version_change, hazards = version_hazards, same = same_version)]
    pub engine_version: Option<Version>,
    /// The type of the nodes, such as `cache.t4g.small`.
    #[arg(in_place, cfn = "CacheNodeType", hazards = node_type_hazards)]
    pub node_type: String,
    /// Cluster mode off: how many nodes, the primary included, 1 to 6.
    #[arg(in_place)]
    pub num_cache_clusters: Option<i32>,
    /// Cluster mode on: how many shards, 1 to 500.
    #[arg(in_place, hazards = shorter_if_known)]
    pub num_node_groups: Option<i32>,
    /// Cluster mode on: how many replicas in each shard, 0 to 5.
    #[arg(in_place)]
    pub replicas_per_node_group: Option<i32>,
    /// Cluster mode off: the zone of each node, the primary's first. Nodes can be added and taken away at its end.
    #[arg(decide = zones_change, default, write_only, cfn = "PreferredCacheClusterAZs")]
    pub preferred_zones: Vec<String>,
    /// Cluster mode on: the shards one by one, where they differ or are placed by hand; counts are enough otherwise.
    #[arg(replace, default, write_only, cfn = "NodeGroupConfiguration")]
    pub shards: Vec<Shard>,
    /// Whether the group is made of several shards, or on its way there.
    #[arg(decide = cluster_mode_change, hazards = cluster_mode_hazards)]
    pub cluster_mode: Option<ClusterMode>,
    /// Whether a replica takes over from a failed primary. Needs a replica; needed with cluster mode on.
    #[arg(in_place, default = false, cfn = "AutomaticFailoverEnabled")]
    pub automatic_failover: bool,
    /// Whether the replicas stand in other zones than their primary. Needs `automatic_failover`.
    #[arg(in_place, default = false, cfn = "MultiAZEnabled")]
    pub multi_az: bool,
    /// Whether AWS takes the engine to new minor versions by itself.
    #[arg(in_place, default = true)]
    pub auto_minor_version_upgrade: bool,
    /// Whether data on disk is encrypted. AWS's own default for Redis is no; here it has to be said.
    #[arg(replace, default = true, cfn = "AtRestEncryptionEnabled")]
    pub at_rest_encryption: bool,
    /// The key of `at_rest_encryption`; one of AWS's when absent.
    #[arg(replace, same = same_key, cfn = "KmsKeyId")]
    pub kms_key: Option<Arn<Key>>,
    /// Whether connections are encrypted. AWS's own default is no; here it has to be said. Switched on a living group from Redis 7.0.5
    /// on, in two steps, so that clients can follow in between.
    #[arg(in_place, default = true, cfn = "TransitEncryptionEnabled")]
    pub transit_encryption: bool,
    /// Whether unencrypted connections are let in too; `required` when absent.
    #[arg(in_place)]
    pub transit_encryption_mode: Option<TransitMode>,
    /// The password of clients, 16 to 128 printable characters without blank, `"`, `@` and `/`. Needs `transit_encryption`.
    /// Taking it out of the program leaves it as it is.
    #[arg(in_place, write_only)]
    pub auth_token: Option<Secret<String>>,
    /// What happens to the former token when another one is declared.
    #[arg(in_place, default = AuthTokenStrategy::Rotate, write_only, cfn = "")]
    pub auth_token_strategy: AuthTokenStrategy,
    /// The groups of users who may connect, instead of a token.
    #[arg(in_place, default, cfn = "UserGroupIds")]
    pub user_groups: BTreeSet<String>,
    /// The settings of the engine; AWS's default group when absent. Cluster mode on needs one with `cluster-enabled` = `yes`.
    #[arg(in_place, same = same_id, cfn = "CacheParameterGroupName")]
    pub parameter_group: Option<ParameterGroupName>,
    /// The subnets of the nodes; those of the default VPC when absent.
    #[arg(replace, same = same_id, cfn = "CacheSubnetGroupName")]
    pub subnet_group: Option<SubnetGroupName>,
    /// Who reaches the nodes; the VPC's default group when absent.
    #[arg(in_place, cfn = "SecurityGroupIds")]
    pub security_groups: Option<BTreeSet<SecurityGroupId>>,
    /// The port.
    #[arg(replace, default = 6379)]
    pub port: i32,
    /// The addresses of the nodes.
    #[arg(replace, default = NetworkType::Ipv4)]
    pub network_type: NetworkType,
    /// Which addresses clients are told; for `dual_stack`.
    #[arg(in_place)]
    pub ip_discovery: Option<IpProtocol>,
    /// Whether rarely used data moves to SSD; for node types that have one.
    #[arg(replace, default = false, cfn = "DataTieringEnabled")]
    pub data_tiering: bool,
    /// When AWS does maintenance, in UTC, such as `sun:05:00-sun:06:00`.
    #[arg(in_place, cfn = "PreferredMaintenanceWindow")]
    pub maintenance_window: Option<Caseless>,
    /// For how many days daily snapshots are kept; 0 for none.
    #[arg(in_place, default = 0, hazards = shorter)]
    pub snapshot_retention_limit: i32,
    /// When daily snapshots are made, in UTC, such as `03:00-04:00`.
    #[arg(in_place)]
    pub snapshot_window: Option<String>,
    /// Cluster mode off: the node that daily snapshots are made of.
    #[arg(in_place, same = same_id, cfn = "SnapshottingClusterId")]
    pub snapshotting_cluster: Option<String>,
    /// The snapshot that it is made from.
    #[arg(replace, write_only)]
    pub snapshot_name: Option<String>,
    /// The files in S3 that it is made from.
    #[arg(replace, write_only)]
    pub snapshot_arns: Option<Vec<String>>,
    /// Logs that are delivered elsewhere, at most one of each type.
    #[arg(in_place, default, cfn = "LogDeliveryConfigurations")]
    pub log_delivery: BTreeSet<LogDelivery>,
    /// The SNS topic that hears of events.
    #[arg(in_place, cfn = "NotificationTopicArn")]
    pub notification_topic: Option<Arn<Anything>>,
    /// Whether changes are made at once. AWS's own default is the next maintenance window; the plan after it then says what is pending.
    #[arg(in_place, default = true, write_only, cfn = "")]
    pub apply_immediately: bool,
    /// The name of a snapshot that is made when the group is deleted. Where there is one of that name already, `-2` is added, or the next
    /// number that is free.
    #[arg(in_place, write_only, cfn = "")]
    pub final_snapshot: Option<String>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of a replication group once it is there.
#[derive(Outputs)]
pub struct ReplicationGroupOutputs {
    /// The id, in lower case.
    pub id: ReplicationGroupName,
    /// The ARN.
    #[output(stage = accepted)]
    pub arn: Arn<ReplicationGroup>,
    /// Cluster mode off: the host name of the primary.
    #[output(moves_with(transit_encryption, cluster_mode))]
    pub primary_endpoint: Option<String>,
    /// Cluster mode off: the host name that spreads readers over the replicas.
    #[output(moves_with(transit_encryption, cluster_mode))]
    pub reader_endpoint: Option<String>,
    /// Cluster mode on: the host name at which clients learn of the shards.
    #[output(moves_with(transit_encryption, cluster_mode))]
    pub configuration_endpoint: Option<String>,
    /// The port.
    #[output(echoes = port)]
    pub port: i32,
}

fn engine_change(before: &Engine, after: &Engine) -> Change {
    match (before, after) {
        (Engine::Valkey, Engine::Redis) => Change::Replace,
        _ => Change::InPlace,
    }
}

/// A Valkey group does not become a Redis group again.
fn engine_hazards(before: &Engine, after: &Engine) -> &'static [Hazard] {
    if (before, after) == (&Engine::Redis, &Engine::Valkey) { &[Hazard::Irreversible] } else { &[] }
}

/// What is made of shards, or said to be on its way there, stays so.
fn cluster_mode_hazards(_: &Option<ClusterMode>, after: &Option<ClusterMode>) -> &'static [Hazard] {
    if *after == Some(ClusterMode::Enabled) { &[Hazard::Irreversible] } else { &[] }
}

/// The numbers of a version: `6.x` is `[6]`.
fn numbers(version: &Version) -> Vec<u32> {
    version.as_str().split('.').map_while(|part| part.parse().ok()).collect()
}

/// Whether `after` is below `before`, as far as both say.
fn is_downgrade(before: &Version, after: &Version) -> bool {
    let (before, after) = (numbers(before), numbers(after));
    let common = before.len().min(after.len());
    after[..common] < before[..common]
}

fn version_change(before: &Option<Version>, after: &Option<Version>) -> Change {
    match (before, after) {
        (Some(before), Some(after)) if is_downgrade(before, after) => Change::Replace,
        _ => Change::InPlace,
    }
}

fn version_hazards(before: &Option<Version>, after: &Option<Version>) -> &'static [Hazard] {
    let major = |version: &Option<Version>| version.as_ref().and_then(|it| numbers(it).first().copied());
    // ElastiCache takes no version back.
    if before.is_some() && major(after) > major(before) { &[Hazard::Irreversible] } else { &[] }
}

/// `6.x` means the newest 6, whichever that is.
fn same_version(wanted: &Option<Version>, found: &Option<Version>) -> bool {
    let (Some(wanted), Some(found)) = (wanted, found) else { return wanted.is_none() };
    let wanted = wanted.as_str().strip_suffix(".x").unwrap_or(wanted.as_str());
    found.as_str().strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn node_type_hazards(_: &String, _: &String) -> &'static [Hazard] {
    &[Hazard::Outage]
}

/// The nodes that are there keep their zones.
#[expect(clippy::ptr_arg, reason = "takes references to the type of its field")]
fn zones_change(before: &Vec<String>, after: &Vec<String>) -> Change {
    if before.is_empty() || after.starts_with(before) || before.starts_with(after) {
        Change::InPlace
    } else {
        Change::Replace
    }
}

fn cluster_mode_change(before: &Option<ClusterMode>, after: &Option<ClusterMode>) -> Change {
    // A group that is made of shards stays so.
    match (before, after) {
        (Some(ClusterMode::Enabled), Some(ClusterMode::Disabled | ClusterMode::Compatible)) => Change::Replace,
        _ => Change::InPlace,
    }
}

impl Lifecycle for ReplicationGroup {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
        let shards: Vec<_> = args.shards.iter().map(Shard::to_sdk).collect();
        let logs: Vec<_> = args.log_delivery.iter().map(LogDelivery::on).collect();
        let groups = args.security_groups.as_ref();
        let answer = aws
            .elasticache()
            .create_replication_group()
            .replication_group_id(args.name.as_str())
            .replication_group_description(&args.description)
            .engine(args.engine.as_str())
            .set_engine_version(args.engine_version.as_ref().map(ToString::to_string))
            .cache_node_type(&args.node_type)
            .set_num_cache_clusters(args.num_cache_clusters)
            .set_num_node_groups(args.num_node_groups)
            .set_replicas_per_node_group(args.replicas_per_node_group)
            .set_preferred_cache_cluster_azs(some(args.preferred_zones.clone()))
            .set_node_group_configuration((!shards.is_empty()).then_some(shards))
            .set_cluster_mode(args.cluster_mode.map(|mode| mode.as_str().into()))
            .automatic_failover_enabled(args.automatic_failover)
            .multi_az_enabled(args.multi_az)
            .auto_minor_version_upgrade(args.auto_minor_version_upgrade)
            .at_rest_encryption_enabled(args.at_rest_encryption)
            .set_kms_key_id(args.kms_key.as_ref().map(ToString::to_string))
            .transit_encryption_enabled(args.transit_encryption)
            .set_transit_encryption_mode(args.transit_encryption_mode.map(|mode| mode.as_str().into()))
            .set_auth_token(args.auth_token.as_ref().map(|token| token.reveal().clone()))
            .set_user_group_ids(some(args.user_groups.iter().cloned().collect()))
            .set_cache_parameter_group_name(args.parameter_group.as_ref().map(ToString::to_string))
            .set_cache_subnet_group_name(args.subnet_group.as_ref().map(ToString::to_string))
            .set_security_group_ids(groups.map(|groups| groups.iter().map(ToString::to_string).collect()))
            .port(args.port)
            .network_type(args.network_type.as_str().into())
            .set_ip_discovery(args.ip_discovery.map(|protocol| protocol.as_str().into()))
            .set_data_tiering_enabled(args.data_tiering.then_some(true))
            .set_preferred_maintenance_window(args.maintenance_window.as_ref().map(ToString::to_string))
            .snapshot_retention_limit(args.snapshot_retention_limit)
            .set_snapshot_window(args.snapshot_window.clone())
            .set_snapshot_name(args.snapshot_name.clone())
            .set_snapshot_arns(args.snapshot_arns.clone())
            .set_log_delivery_configurations((!logs.is_empty()).then_some(logs))
            .set_notification_topic_arn(args.notification_topic.as_ref().map(ToString::to_string))
            .set_tags(Some(tags_of(owner, &args.tags)))
            .send()
            .await?;
        let id = answer.replication_group.and_then(|group| group.replication_group_id);
        let missing = || Error::unexpected("elasticache CreateReplicationGroup", "no id in the answer");
        // The one setting that the create call does not take, and that is rarely set.
        let left = args.snapshotting_cluster.as_ref().map(|_| "snapshotting_cluster".to_owned());
        Ok(Created { id: id.ok_or_else(missing)?, left: left.into_iter().collect(), waiting: None })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<&str> = waiting.iter().map(|one| one.id.as_str()).collect();
        let groups = read::groups(aws, &ids).await?.into_iter();
        Ok(groups.map(|(id, group)| (id, read::status(&group))).collect())
    }

    async fn read(aws: &Aws, ids: &[ReplicationGroupName]) -> Result<Readings<Self>> {
        read::read(aws, ids).await
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let Some(group) = read::describe(aws, args.name.as_str()).await? else { return Ok(Vec::new()) };
        let tags = tags_by_arn(aws, group.arn().unwrap_or_default(), GONE).await?;
        let theirs = tags.and_then(|tags| tags.owner);
        Ok(group.replication_group_id.map(|id| candidate(owner, id, theirs.as_ref())).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ReplicationGroupChanges>> {
        update::update(aws, update).await
    }

    async fn delete(aws: &Aws, id: &ReplicationGroupName, recorded: &Self) -> Result<Deletion> {
        let Some(group) = read::describe(aws, id.as_str()).await? else { return Ok(Deletion::Done) };
        if group.status() == Some("deleting") {
            return Ok(Deletion::Wait);
        }
        let mut snapshot = recorded.final_snapshot.clone().filter(|_| !aws.leaves_nothing());
        let mut number = 2;
        loop {
            let call = aws.elasticache().delete_replication_group().replication_group_id(id.as_str());
            let answer = call.set_final_snapshot_identifier(snapshot).send().await.or_gone(GONE);
            match answer {
                // The last snapshot of an earlier group: it stays, and the next one gets the next number.
                Err(error) if error.is(TAKEN) && number <= SNAPSHOTS => {
                    snapshot = recorded.final_snapshot.as_ref().map(|name| format!("{name}-{number}"));
                    number += 1;
                }
                answer => return Ok(if answer?.is_some() { Deletion::Wait } else { Deletion::Done }),
            }
        }
    }
}

impl Conforms for ReplicationGroup {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.62.0.0/16").build());
        let mut subnet = |name: &str, cidr: &str, zone: &str| {
            stack.add(name, Subnet::builder().vpc(&vpc).cidr_block(cidr).availability_zone(zone).build())
        };
        let (a, b) = (subnet("a", "10.62.1.0/24", "eu-west-1a"), subnet("b", "10.62.2.0/24", "eu-west-1b"));
        let mut places = |name: &str| stack.add(name, SubnetGroup::builder().name(name).subnets([&a, &b]).build());
        let (here, there) = (places("Conformance-Cache-Here"), places("Conformance-Cache-There"));
        let mut group = |name: &str| {
            stack.add(name, SecurityGroup::builder().name(name).description("cache clients").vpc(&vpc).build())
        };
        let (clients, others) = (group("conformance-cache-clients"), group("conformance-cache-others"));
        let mut parameters =
            |name: &str, family: &str| stack.add(name, ParameterGroup::builder().name(name).family(family).build());
        let seven = parameters("Conformance-Cache-Seven", "redis7");
        let queue = parameters("Conformance-Cache-Queue", "redis7");
        let key = stack.add("key", Key::builder().description("cache").build());
        let token = |text: &str| Secret::new(text.to_owned());
        let log = |format| {
            LogDelivery::builder()
                .log_type(LogType::SlowLog)
                .destination_type(LogDestination::CloudWatchLogs)
                .destination("/conformance/cache")
                .format(format)
                .build()
        };
        let shard = |slots| Expr::from(Shard::builder().slots(slots).replica_count(1).build());
        let zones = |names: &[&str]| names.iter().map(|name| Expr::text(*name)).collect::<Vec<_>>();
        let base = ReplicationGroup::builder()
            .name("Conformance-Cache")
            .description("made by the conformance suite")
            .engine(Engine::Redis)
            .engine_version("7.0")
            .node_type("cache.t4g.small")
            .num_cache_clusters(2)
            .preferred_zones(["eu-west-1a", "eu-west-1b"])
            .automatic_failover(true)
            .multi_az(true)
            .auto_minor_version_upgrade(true)
            .at_rest_encryption(true)
            .kms_key(&key.arn)
            .transit_encryption(true)
            .auth_token(token("conformance-token-1"))
            .auth_token_strategy(AuthTokenStrategy::Rotate)
            .user_groups(["conformance-users"])
            .parameter_group(&seven)
            .subnet_group(&here)
            .security_groups([&clients])
            .port(6380)
            .network_type(NetworkType::Ipv4)
            .ip_discovery(IpProtocol::Ipv4)
            .data_tiering(false)
            .maintenance_window("Sun:05:00-Sun:06:00")
            .snapshot_retention_limit(7)
            .snapshot_window("03:00-04:00")
            .log_delivery([log(LogFormat::Json)])
            .notification_topic(Arn::new("arn:aws:sns:eu-west-1:123456789012:cache"))
            .apply_immediately(true)
            .final_snapshot("conformance-cache-final-1")
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("description", "changed")
            .change("engine_version", "7.1")
            .change("node_type", "cache.m7g.large")
            .change("num_cache_clusters", 3_i64)
            .together_with("preferred_zones", zones(&["eu-west-1a", "eu-west-1b", "eu-west-1a"]))
            .change("num_cache_clusters", 2_i64)
            .together_with("preferred_zones", zones(&["eu-west-1a", "eu-west-1b"]))
            .change("multi_az", false)
            .change("automatic_failover", false)
            .change("auto_minor_version_upgrade", false)
            .change("auth_token", formwork_engine::Field::to_value(&token("conformance-token-2")))
            .change("auth_token_strategy", "SET")
            .change("user_groups", vec![Expr::text("conformance-others")])
            .change("parameter_group", &queue)
            .change("security_groups", vec![Expr::from(&others)])
            .change("ip_discovery", "ipv6")
            .change("maintenance_window", "mon:05:00-mon:06:00")
            .change("snapshot_retention_limit", 3_i64)
            .change("snapshot_window", "01:00-02:00")
            .change("log_delivery", vec![Expr::from(log(LogFormat::Text))])
            .change("notification_topic", "arn:aws:sns:eu-west-1:123456789012:other")
            .change("apply_immediately", false)
            .change("final_snapshot", "conformance-cache-final-2")
            .change("transit_encryption_mode", "preferred")
            .change("transit_encryption", false)
            .together_with("transit_encryption_mode", Expr::null())
            .together_with("auth_token", Expr::null())
            .change("snapshotting_cluster", "conformance-cache-002")
            .change("snapshotting_cluster", "conformance-cache-001")
            .change("engine", "valkey")
            .together_with("engine_version", "8.0")
            .together_with("parameter_group", "default.valkey8")
            .change("subnet_group", &there)
            .change("port", 6379_i64)
            .change("at_rest_encryption", false)
            .together_with("kms_key", Expr::null())
            .change("network_type", "dual_stack")
            .change("data_tiering", true)
            .change("kms_key", &key.arn)
            .together_with("at_rest_encryption", true)
            .change("cluster_mode", "enabled")
            .together_with("automatic_failover", true)
            .change("shards", vec![shard("0-8191"), shard("8192-16383")])
            .together_with("num_node_groups", 2_i64)
            .together_with("replicas_per_node_group", 1_i64)
            .together_with("num_cache_clusters", Expr::null())
            .together_with("preferred_zones", Vec::<Expr>::new())
            .together_with("snapshotting_cluster", Expr::null())
            .together_with("parameter_group", "default.valkey8.cluster.on")
            .change("shards", Vec::<Expr>::new())
            .change("num_node_groups", 3_i64)
            .change("replicas_per_node_group", 2_i64)
            .change("name", "Conformance-Cache-2")
            .unseen("snapshot_name", "the emulator makes no snapshots that a group can be made from")
            .unseen("snapshot_arns", "the emulator reads no snapshot files")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Option<Version> {
        Some(Version::new(text))
    }

    #[test]
    fn a_version_never_goes_back_and_a_major_one_is_for_good() {
        assert_eq!(version_change(&version("7.1.0"), &version("7.0")), Change::Replace);
        assert_eq!(version_change(&version("6.2.6"), &version("6.x")), Change::InPlace);
        assert_eq!(version_change(&version("6.2.6"), &version("7.1")), Change::InPlace);
        assert_eq!(version_hazards(&version("6.2.6"), &version("7.1")), [Hazard::Irreversible]);
        assert_eq!(version_hazards(&version("7.0.7"), &version("7.1")), []);
    }

    #[test]
    fn an_x_stands_for_any_minor_version() {
        assert!(same_version(&version("6.x"), &version("6.2.6")));
        assert!(same_version(&version("7.1"), &version("7.1.0")));
        assert!(!same_version(&version("7.1"), &version("7.10.0")));
        assert!(!same_version(&version("6.x"), &version("7.1.0")));
    }

    #[test]
    fn nodes_come_and_go_at_the_end_of_the_zones() {
        let zones = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(zones_change(&zones(&["a"]), &zones(&["a", "b"])), Change::InPlace);
        assert_eq!(zones_change(&zones(&["a", "b"]), &zones(&["a"])), Change::InPlace);
        assert_eq!(zones_change(&zones(&["a", "b"]), &zones(&["b", "a"])), Change::Replace);
    }

    #[test]
    fn the_case_of_names_makes_no_difference() {
        assert!(same_name(&Name::new("Jobs"), &Name::new("jobs")));
        let id = |text| Some(ParameterGroupName::new(text));
        assert!(same_id(&id("Jobs"), &id("jobs")));
        assert!(!same_id(&id("Jobs"), &None));
    }
}
