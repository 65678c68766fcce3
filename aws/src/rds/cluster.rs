//! `aws:rds/cluster`: an Aurora cluster, or a Multi-AZ DB cluster of RDS.
//!
//! An Aurora cluster is the storage, its users and its endpoints; what computes are its members
//! ([`ClusterInstance`](super::ClusterInstance)), which are made after it and go before it. A Multi-AZ DB cluster brings its three
//! members itself: it is one with an `instance_class`.
//!
//! ```
//! use formwork_aws::rds::{Cluster, ServerlessV2Scaling, SubnetGroupName};
//!
//! let cluster = Cluster::builder()
//!     .identifier("orders")
//!     .engine("aurora-postgresql")
//!     .engine_version("16")
//!     .database_name("orders")
//!     .master_username("orders")
//!     .manage_master_user_password(true)
//!     .subnet_group(SubnetGroupName::new("orders"))
//!     .serverless_v2_scaling(ServerlessV2Scaling::builder().min_capacity("0.5").max_capacity("8").build())
//!     .iam_database_authentication(true)
//!     .deletion_protection(true)
//!     .build();
//! # drop(cluster);
//! ```

mod changes;
mod conformance;
mod observe;
mod requests;

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{After, Block, Caseless, Choice, Ending, Link, Name, Outputs, Resource, Secret, Version, id};

use super::instance::changes::{key, outage, same_parameter_group, same_subnet_group, storage};
use super::{
    ClusterParameterGroupName, DatabaseInsightsMode, EngineLifecycleSupport, MasterUserAuthenticationType, NetworkType,
    ParameterGroupName, SubnetGroupName, arn, candidate, read_tags, retag, same_name,
};
use crate::arn::Arn;
use crate::context::Aws;
use crate::ec2::SecurityGroupId;
use crate::error::{Error, OrGone, Result};
use crate::hazards::{shorter, shorter_if_known, unguarded};
use crate::iam::Role;
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Readings, Update, Updated};
use crate::secretsmanager;
use crate::tags::Tags;

id! {
    /// The identifier of a cluster, in lower case, unique in its account and region.
    pub struct ClusterId;
}

const GONE: &[&str] = &["DBClusterNotFoundFault", "DBClusterNotFound"];

const fn log_group(format: &'static str) -> After {
    After {
        kind: "aws:logs/log-group",
        link: Link::Named { theirs: "name", format },
        where_theirs: None,
        where_mine: None,
    }
}

const fn of_the_monitor(kind: &'static str) -> After {
    After { kind, link: Link::Shared(&[("monitoring_role_arn", "role")]), where_theirs: None, where_mine: None }
}

/// The log groups must be there first, or RDS makes ones without retention. Without its policies the monitoring role cannot write.
const AFTER: &[After] = &[
    log_group("/aws/rds/cluster/{identifier}/postgresql"),
    log_group("/aws/rds/cluster/{identifier}/instance"),
    log_group("/aws/rds/cluster/{identifier}/upgrade"),
    log_group("/aws/rds/cluster/{identifier}/iam-db-auth-error"),
    log_group("/aws/rds/cluster/{identifier}/error"),
    log_group("/aws/rds/cluster/{identifier}/general"),
    log_group("/aws/rds/cluster/{identifier}/slowquery"),
    log_group("/aws/rds/cluster/{identifier}/audit"),
    of_the_monitor("aws:iam/role-policy-attachment"),
    of_the_monitor("aws:iam/role-policy"),
];

const ENDING: Ending =
    Ending { refused_by: Some("deletion_protection"), leaves: Some(changes::left_behind), opens: false };

/// An Aurora cluster (PostgreSQL or MySQL), or a Multi-AZ DB cluster of RDS.
///
/// New by itself, from one of `snapshot_identifier` and `point_in_time`, or as a replica of `replication_source`. A major upgrade takes
/// all members along, so that they are never changed one by one.
// The waits: a cluster says `available` before its members are done with a change, so that three answers in a row are wanted, and what it
// lists as accepted and not made counts as pending.
#[derive(Resource)]
#[resource(
    kind = "aws:rds/cluster",
    cfn = "AWS::RDS::DBCluster",
    id = ClusterId,
    outputs = ClusterOutputs,
    guard = unique_name,
    natural_key(identifier),
    data_store,
    visibility = 300,
    create_wait = (30, 10, 1, 7200),
    update_wait = (10, 10, 3, 7200),
    delete_wait = (10, 10, 1, 7200),
    after = AFTER,
    ending = ENDING
)]
pub struct Cluster {
    /// The identifier, 1 to 63 letters, digits and hyphens, beginning with a letter. Kept in lower case; give a prefix in lower case.
    #[arg(replace, same = same_name, cfn = "DBClusterIdentifier")]
    pub identifier: Name,
    /// The engine: `aurora-postgresql` or `aurora-mysql`; of Multi-AZ DB clusters `postgres` or `mysql`.
    #[arg(replace)]
    pub engine: String,
    /// The engine's version: a major one (`16`), which leaves the minor one to AWS, or a whole one (`16.4`, `8.0.mysql_aurora.3.08.0`).
    /// Never lowered. AWS's default when absent.
    #[arg(decide = changes::version, hazards = changes::version_hazards)]
    pub engine_version: Option<Version>,
    /// Whether a new `engine_version` may be another major one.
    #[arg(in_place, default = false, write_only, cfn = "")]
    pub allow_major_version_upgrade: bool,
    /// Whether AWS installs new minor versions in the maintenance window.
    #[arg(in_place, default = true)]
    pub auto_minor_version_upgrade: bool,
    /// Whether the major version may stay when its standard support ends, at a higher price. AWS's default is that it may.
    #[arg(in_place)]
    pub engine_lifecycle_support: Option<EngineLifecycleSupport>,
    /// The members of a Multi-AZ DB cluster, such as `db.m6gd.large`. Not of Aurora, whose members have resources of their own.
    #[arg(in_place, hazards = outage, cfn = "DBClusterInstanceClass")]
    pub instance_class: Option<String>,
    /// The storage of each member of a Multi-AZ DB cluster in GiB; never less than before. Aurora's grows and shrinks by itself.
    #[arg(decide = storage)]
    pub allocated_storage: Option<i32>,
    /// The sort of storage. Aurora's is `aurora` when absent; a Multi-AZ DB cluster needs one.
    #[arg(in_place)]
    pub storage_type: Option<ClusterStorageType>,
    /// Input and output operations per second of a Multi-AZ DB cluster.
    #[arg(in_place)]
    pub iops: Option<i32>,
    /// Between how many capacity units members of the class `db.serverless` are.
    #[arg(in_place, cfn = "ServerlessV2ScalingConfiguration")]
    pub serverless_v2_scaling: Option<ServerlessV2Scaling>,
    /// Whether it is one for Aurora Limitless Database; an ordinary one when absent.
    #[arg(replace)]
    pub cluster_scalability_type: Option<ScalabilityType>,
    /// Whether the storage is encrypted. AWS's own default is no; here it has to be said. What is made from a snapshot or another cluster
    /// is encrypted as that was, and must be declared so.
    #[arg(replace, default = true)]
    pub storage_encrypted: bool,
    /// The key that encrypts the storage; the account's `aws/rds` when absent.
    #[arg(replace, same = same_key)]
    pub kms_key_id: Option<Arn<Key>>,
    /// The name of the database that is made in the cluster; PostgreSQL has `postgres` in any case.
    #[arg(replace)]
    pub database_name: Option<String>,
    /// The first user. Needed unless it is made from a snapshot or another cluster.
    #[arg(replace)]
    pub master_username: Option<String>,
    /// The first user's password, 8 to 41 printable characters without `/`, `"`, `@` and space. Not together with
    /// `manage_master_user_password`.
    #[arg(in_place, write_only)]
    pub master_user_password: Option<Secret<String>>,
    /// Whether RDS makes the first user's password itself, keeps it in Secrets Manager and changes it every week. Switching it off needs
    /// `master_user_password`.
    #[arg(in_place, default = false)]
    pub manage_master_user_password: bool,
    /// The key that encrypts the managed secret; the account's `aws/secretsmanager` when absent. Cannot be changed while the password is managed.
    #[arg(decide = key, same = same_key, cfn = "MasterUserSecret.KmsKeyId")]
    pub master_user_secret_kms_key_id: Option<Arn<Key>>,
    /// Whether the first user proves itself by password or by IAM. PostgreSQL only.
    #[arg(in_place, write_only)]
    pub master_user_authentication_type: Option<MasterUserAuthenticationType>,
    /// Whether users of the database may prove themselves by IAM.
    #[arg(in_place, default = false, cfn = "EnableIAMDatabaseAuthentication")]
    pub iam_database_authentication: bool,
    /// Whether SQL can be sent through the Data API, with no connection. Aurora only.
    #[arg(in_place, default = false)]
    pub enable_http_endpoint: bool,
    /// The port; the engine's own when absent. A change restarts the members.
    #[arg(in_place, hazards = outage)]
    pub port: Option<i32>,
    /// The subnets its members may stand in; the default VPC's when absent.
    #[arg(replace, same = same_subnet_group, cfn = "DBSubnetGroupName")]
    pub subnet_group: Option<SubnetGroupName>,
    /// The security groups; the VPC's default one when absent.
    #[arg(in_place, cfn = "VpcSecurityGroupIds")]
    pub security_groups: Option<BTreeSet<SecurityGroupId>>,
    /// Whether the name of a Multi-AZ DB cluster leads to a public address. Members of Aurora say it themselves.
    #[arg(replace)]
    pub publicly_accessible: Option<bool>,
    /// Whether it has IPv6 addresses too.
    #[arg(in_place, default = NetworkType::Ipv4)]
    pub network_type: NetworkType,
    /// Zones that the storage is in; AWS adds others, up to three.
    #[arg(replace, same = changes::same_zones)]
    pub availability_zones: Option<BTreeSet<String>>,
    /// The settings of the engine that all members share; AWS's default group when absent.
    #[arg(in_place, same = changes::same_cluster_parameter_group, cfn = "DBClusterParameterGroupName")]
    pub parameter_group: Option<ClusterParameterGroupName>,
    /// The settings of the members after a major upgrade, which needs some of the new version's family where theirs are not AWS's default.
    #[arg(in_place, write_only, same = same_parameter_group, cfn = "DBInstanceParameterGroupName")]
    pub instance_parameter_group: Option<ParameterGroupName>,
    /// For how many days backups are kept, 1 to 35. AWS's own default is one day.
    #[arg(in_place, default = 7, hazards = shorter)]
    pub backup_retention_period: i32,
    /// When backups are made, in UTC: `04:00-05:00`. AWS chooses when absent.
    #[arg(in_place)]
    pub preferred_backup_window: Option<String>,
    /// When maintenance may happen, in UTC: `sun:05:00-sun:06:00`. AWS chooses when absent.
    #[arg(in_place)]
    pub preferred_maintenance_window: Option<Caseless>,
    /// For how many seconds back the cluster can be wound, up to 259200; 0 for not at all. Aurora MySQL, and only where it was on from the
    /// beginning.
    #[arg(in_place, default = 0, hazards = changes::shorter_backtrack)]
    pub backtrack_window: i64,
    /// Whether snapshots get the cluster's tags.
    #[arg(in_place, default = false)]
    pub copy_tags_to_snapshot: bool,
    /// Whether the automated backups go with the cluster when it is deleted.
    #[arg(in_place, default = true, write_only)]
    pub delete_automated_backups: bool,
    /// Whether it is deleted without a last snapshot.
    #[arg(in_place, default = false, write_only, cfn = "")]
    pub skip_final_snapshot: bool,
    /// The name of the last snapshot; made of the identifier and the resource id when absent. Where an earlier cluster's snapshot has the name,
    /// the beginning of the resource id is added.
    #[arg(in_place, write_only, cfn = "")]
    pub final_snapshot_identifier: Option<String>,
    /// Whether AWS refuses to delete it; its members can be deleted all the same. Lifted by Formwork itself once the deletion is consented to.
    #[arg(in_place, default = false, hazards = unguarded)]
    pub deletion_protection: bool,
    /// Whether Performance Insights records what the database does, for all members.
    #[arg(in_place, default = false, cfn = "PerformanceInsightsEnabled")]
    pub enable_performance_insights: bool,
    /// The key that encrypts these records; the account's `aws/rds` when absent. Cannot be changed.
    #[arg(decide = key, same = same_key)]
    pub performance_insights_kms_key_id: Option<Arn<Key>>,
    /// For how many days these records are kept: 7, a multiple of 31, or 731.
    #[arg(in_place, hazards = shorter_if_known)]
    pub performance_insights_retention_period: Option<i32>,
    /// How much CloudWatch Database Insights shows.
    #[arg(in_place)]
    pub database_insights_mode: Option<DatabaseInsightsMode>,
    /// Seconds between measurements of the operating system of all members: 0 for none, 1, 5, 10, 15, 30 or 60. Needs `monitoring_role_arn`.
    #[arg(in_place, default = 0)]
    pub monitoring_interval: i32,
    /// The role that sends these measurements to CloudWatch Logs.
    #[arg(in_place)]
    pub monitoring_role_arn: Option<Arn<Role>>,
    /// The logs that are sent to CloudWatch Logs: of Aurora PostgreSQL `postgresql`, `instance` and `iam-db-auth-error`.
    #[arg(in_place, default)]
    pub enable_cloudwatch_logs_exports: BTreeSet<String>,
    /// Roles by which the engine reaches other services, such as `s3Import` of PostgreSQL.
    #[arg(in_place, after_create, default)]
    pub associated_roles: BTreeSet<ClusterRole>,
    /// The directory (AWS Managed Active Directory) that it joins.
    #[arg(in_place)]
    pub domain: Option<String>,
    /// The role by which it joins the directory.
    #[arg(in_place, cfn = "DomainIAMRoleName")]
    pub domain_iam_role_name: Option<String>,
    /// The global database that it is a part of. It leaves that before it is deleted.
    #[arg(replace)]
    pub global_cluster_identifier: Option<Caseless>,
    /// Whether writes that reach it as a secondary one of a global database are sent to the primary one.
    #[arg(in_place, default = false)]
    pub enable_global_write_forwarding: bool,
    /// Whether writes that reach a reader are sent to the writer.
    #[arg(in_place, default = false)]
    pub enable_local_write_forwarding: bool,
    /// The cluster or instance, by ARN, that it is a read replica of. One that AWS was told to promote is on its own: take this argument
    /// out then.
    #[arg(replace, cfn = "ReplicationSourceIdentifier")]
    pub replication_source: Option<String>,
    /// The snapshot that it is restored from, by name or ARN; only looked at when it is made.
    #[arg(replace, write_only)]
    pub snapshot_identifier: Option<String>,
    /// The moment of another cluster's life that it is restored to; only looked at when it is made.
    #[arg(replace, write_only, cfn = "RestoreToTime")]
    pub point_in_time: Option<ClusterPointInTime>,
    /// The identifier (SID) of an RDS Custom database.
    #[arg(replace, cfn = "DBSystemId")]
    pub db_system_id: Option<String>,
    /// Whether changes are made at once. Otherwise AWS makes those that interrupt service, and some others, in the maintenance window,
    /// and plans say that they are accepted. AWS's own default is the window; here `up` does what its plan showed, outages included.
    #[arg(in_place, default = true, write_only, cfn = "")]
    pub apply_immediately: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// Between how many Aurora capacity units (2 GiB of memory each) a serverless member is. Numbers are text, since they go in halves.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct ServerlessV2Scaling {
    /// The least: `0.5`, or `0` where a member may pause.
    #[arg(in_place, same = changes::same_number)]
    pub min_capacity: String,
    /// The most, up to `256`.
    #[arg(in_place, same = changes::same_number)]
    pub max_capacity: String,
    /// After how many seconds without a connection a member pauses, 300 to 86400, where `min_capacity` is `0`.
    #[arg(in_place)]
    pub seconds_until_auto_pause: Option<i32>,
}

/// A moment in the life of another cluster: exactly one way to name the cluster, and either a time or the latest possible one.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct ClusterPointInTime {
    /// The cluster, while it exists; by its ARN where it is another account's.
    #[arg(replace, cfn = "SourceDBClusterIdentifier")]
    pub source_db_cluster: Option<ClusterId>,
    /// The resource id of a cluster that may be deleted already.
    #[arg(replace, cfn = "SourceDbClusterResourceId")]
    pub source_resource_id: Option<String>,
    /// The time, such as `2026-02-01T09:30:00Z`; the latest possible one when absent.
    #[arg(replace, cfn = "RestoreToTime")]
    pub restore_time: Option<String>,
    /// Whether all pages are copied, or only those that change (a clone, of the latest possible time).
    #[arg(replace, default = RestoreType::FullCopy)]
    pub restore_type: RestoreType,
}

/// A role by which the engine of a cluster reaches another service.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterRole {
    /// What it is for, such as `s3Import`, `s3Export` or `Lambda`. Aurora MySQL takes none.
    #[arg(in_place)]
    pub feature_name: Option<String>,
    /// The role.
    #[arg(in_place)]
    pub role_arn: Arn<Role>,
}

/// A sort of storage of a cluster.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterStorageType {
    /// Aurora's, of which input and output are paid by their number.
    #[choice("aurora")]
    Aurora,
    /// Aurora's, of which input and output are in the price. Can be changed back once a month.
    #[choice("aurora-iopt1")]
    AuroraIoOptimized,
    /// Of a Multi-AZ DB cluster: general purpose.
    #[choice("gp3")]
    Gp3,
    /// Of a Multi-AZ DB cluster: provisioned operations per second.
    #[choice("io1")]
    Io1,
    /// Of a Multi-AZ DB cluster: provisioned operations per second, Block Express.
    #[choice("io2")]
    Io2,
}

/// How an Aurora cluster grows beyond one writer.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalabilityType {
    /// It does not.
    #[choice("standard")]
    Standard,
    /// By shards (Aurora Limitless Database).
    #[choice("limitless")]
    Limitless,
}

/// How a cluster is made of another one's past.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreType {
    /// All pages are copied.
    #[choice("full-copy")]
    FullCopy,
    /// Pages are shared until they change.
    #[choice("copy-on-write")]
    CopyOnWrite,
}

/// What is known of a cluster once it is there.
#[derive(Outputs)]
pub struct ClusterOutputs {
    /// The identifier, in lower case.
    pub id: ClusterId,
    /// The ARN.
    #[output(stage = accepted)]
    pub arn: Arn<Cluster>,
    /// The id that AWS never gives again, such as `cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ`: part of the ARNs in policies for IAM users of the
    /// database.
    #[output(stage = accepted)]
    pub resource_id: String,
    /// The engine, which members repeat.
    #[output(echoes = engine)]
    pub engine: String,
    /// The name by which the writer is reached.
    pub address: String,
    /// The name by which the readers are reached, in turn; the writer where there is none.
    pub reader_address: String,
    /// The port on which both are reached.
    #[output(moves_with(port))]
    pub port: i32,
    /// Address and port of the writer, with a colon between.
    #[output(moves_with(port))]
    pub endpoint: String,
    /// Address and port of the readers, with a colon between.
    #[output(moves_with(port))]
    pub reader_endpoint: String,
    /// The hosted zone of both addresses, for alias records.
    pub hosted_zone_id: String,
    /// The secret with the managed password, when RDS manages it.
    #[output(moves_with(manage_master_user_password))]
    pub master_user_secret: Option<Arn<secretsmanager::Secret>>,
    /// The version that runs.
    #[output(always)]
    pub running_version: String,
}

impl Lifecycle for Cluster {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let (made, left) = requests::create(aws, owner, args).await?;
        let id = made.and_then(|cluster| cluster.db_cluster_identifier);
        let id = id.ok_or_else(|| Error::unexpected("rds CreateDBCluster", "no identifier in the answer"))?;
        Ok(Created { id, left, waiting: None })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = observe::describe(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let status = |one: &Waiting| {
            let cluster = found.get(&one.id)?;
            Some((one.id.clone(), observe::status(cluster, one.change.is_some())))
        };
        Ok(waiting.iter().filter_map(status).collect())
    }

    async fn read(aws: &Aws, ids: &[ClusterId]) -> Result<Readings<Self>> {
        let found = observe::describe(aws, ids.iter().map(ClusterId::as_str)).await?;
        Ok(found.into_iter().map(|(id, cluster)| (ClusterId::new(id), Ok(observe::observe(aws, cluster)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let name = args.identifier.as_str().to_ascii_lowercase();
        let found = observe::describe(aws, [name.as_str()]).await?;
        let candidates =
            found.into_iter().map(|(id, it)| candidate(owner, id, read_tags(aws, it.tag_list).owner.as_ref()));
        Ok(candidates.collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ClusterChanges>> {
        let Update { owner, id, now, planned, .. } = update;
        if update.changes.tags {
            retag(aws, owner, &arn(aws, "cluster", id.as_str()), &now.tags, &planned.tags).await?;
        }
        let Some((round, left)) = changes::next_round(update.changes) else { return Ok(Updated::done()) };
        requests::modify(aws, id, now, planned, round).await?;
        // Only changes that are made at once can be waited for; the others stay on the list until the window.
        let waiting = planned.apply_immediately.then(|| observe::AT_ONCE.to_owned());
        Ok(Updated { left, waiting })
    }

    async fn delete(aws: &Aws, id: &ClusterId, recorded: &Self) -> Result<Deletion> {
        let found = observe::describe(aws, [id.as_str()]).await?;
        let Some(cluster) = found.get(id.as_str()) else { return Ok(Deletion::Done) };
        if cluster.status() == Some("deleting") {
            return Ok(Deletion::Wait);
        }
        if cluster.deletion_protection == Some(true) {
            let call = aws.rds().modify_db_cluster().db_cluster_identifier(id.as_str());
            call.deletion_protection(false).apply_immediately(true).send().await.or_gone(GONE)?;
            return Ok(Deletion::Again);
        }
        if let Some(global) = cluster.global_cluster_identifier().filter(|global| !global.is_empty()) {
            // AWS refuses to delete a part of a global database.
            let arn = cluster.db_cluster_arn().unwrap_or_default();
            let call = aws.rds().remove_from_global_cluster().global_cluster_identifier(global);
            let gone = [GONE, &["GlobalClusterNotFoundFault"]].concat();
            call.db_cluster_identifier(arn).send().await.or_gone(&gone)?;
            return Ok(Deletion::Again);
        }
        let snapshot = requests::final_snapshot(cluster, recorded).filter(|_| !aws.leaves_nothing());
        let call = |snapshot: Option<String>| {
            aws.rds()
                .delete_db_cluster()
                .db_cluster_identifier(id.as_str())
                .skip_final_snapshot(snapshot.is_none())
                .set_final_db_snapshot_identifier(snapshot)
                .delete_automated_backups(recorded.delete_automated_backups || aws.leaves_nothing())
                .send()
        };
        let answer = match call(snapshot.clone()).await.or_gone(GONE) {
            // The last snapshot of an earlier cluster of this name: it stays, and the next one gets a name that is its own.
            Err(error) if error.is(&["DBClusterSnapshotAlreadyExistsFault"]) => {
                let snapshot = snapshot.map(|name| requests::told_apart(cluster, &name));
                call(snapshot).await.or_gone(GONE)?
            }
            answer => answer?,
        };
        Ok(if answer.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}
