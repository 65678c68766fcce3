//! `aws:rds/instance`: a database server.
//!
//! RDS takes any number of changes in one call, but not all go together: storage and password are sent first, engine version and
//! groups next, the rest last, and each round waits for the one before. See module `changes` for the rounds and for what a change does.
//!
//! ```
//! use formwork_aws::rds::{Instance, StorageType, SubnetGroupName};
//!
//! let database = Instance::builder()
//!     .identifier("orders")
//!     .engine("postgres")
//!     .engine_version("16")
//!     .instance_class("db.t4g.medium")
//!     .allocated_storage(50)
//!     .storage_type(StorageType::Gp3)
//!     .db_name("orders")
//!     .master_username("orders")
//!     .manage_master_user_password(true)
//!     .subnet_group(SubnetGroupName::new("orders"))
//!     .multi_az(true)
//!     .build();
//! # drop(database);
//! ```

pub(in crate::rds) mod changes;
mod conformance;
pub(in crate::rds) mod observe;
pub(in crate::rds) mod requests;

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{After, Block, Caseless, Choice, Ending, Link, Name, Outputs, Resource, Secret, Version, id};

use super::{ParameterGroupName, SubnetGroupName, arn, candidate, read_tags, retag, same_name};
use crate::arn::Arn;
use crate::context::Aws;
use crate::ec2::SecurityGroupId;
use crate::error::{Error, OrGone, Result};
use crate::hazards::{shorter, shorter_if_known, unguarded};
use crate::iam::Role;
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Readings, Update, Updated, after_role_of};
use crate::secretsmanager;
use crate::tags::Tags;

id! {
    /// The identifier of an instance, in lower case, unique in its account and region.
    pub struct InstanceId;
}

const GONE: &[&str] = &["DBInstanceNotFound", "DBInstanceNotFoundFault"];

const fn log_group(format: &'static str) -> After {
    After {
        kind: "aws:logs/log-group",
        link: Link::Named { theirs: "name", format },
        where_theirs: None,
        where_mine: None,
    }
}

/// The log groups must be there first, or RDS makes ones without retention. Without its policies the monitoring role cannot write.
const AFTER: &[After] = &[
    after_role_of("rds.amazonaws.com"),
    log_group("/aws/rds/instance/{identifier}/postgresql"),
    log_group("/aws/rds/instance/{identifier}/upgrade"),
    log_group("/aws/rds/instance/{identifier}/error"),
    log_group("/aws/rds/instance/{identifier}/general"),
    log_group("/aws/rds/instance/{identifier}/slowquery"),
    log_group("/aws/rds/instance/{identifier}/audit"),
    After {
        kind: "aws:iam/role-policy-attachment",
        link: Link::Shared(&[("monitoring_role_arn", "role")]),
        where_theirs: None,
        where_mine: None,
    },
    After {
        kind: "aws:iam/role-policy",
        link: Link::Shared(&[("monitoring_role_arn", "role")]),
        where_theirs: None,
        where_mine: None,
    },
];

const ENDING: Ending =
    Ending { refused_by: Some("deletion_protection"), leaves: Some(changes::left_behind), opens: false };

/// A database server of RDS: PostgreSQL, MySQL, MariaDB, Oracle, SQL Server or Db2. Not a member of an Aurora cluster.
///
/// New by itself, or from one of `snapshot_identifier`, `point_in_time` and `source_db_instance` (a read replica).
// The waits: RDS stays `available` for a moment after it has accepted a change, which others bridge with a minute of waiting. Here the
// status of an update counts as pending while the instance still lists modifications or groups that are not in place, so that three
// answers in a row need only cover the gaps between the stages of one change. A change that slips through them is finished all the
// same: the next call is refused with InvalidDBInstanceState meanwhile, which is repeated.
#[derive(Resource)]
#[resource(
    kind = "aws:rds/instance",
    cfn = "AWS::RDS::DBInstance",
    id = InstanceId,
    outputs = InstanceOutputs,
    guard = unique_name,
    natural_key(identifier),
    data_store,
    visibility = 300,
    create_wait = (60, 10, 3, 2400),
    update_wait = (10, 10, 3, 4800),
    delete_wait = (10, 10, 1, 3600),
    after = AFTER,
    ending = ENDING
)]
pub struct Instance {
    /// The identifier, 1 to 63 letters, digits and hyphens, beginning with a letter. Kept in lower case; give a prefix in lower case.
    #[arg(replace, same = same_name, cfn = "DBInstanceIdentifier")]
    pub identifier: Name,
    /// The engine: `postgres`, `mysql`, `mariadb`, `oracle-ee`, `sqlserver-se` and so on.
    #[arg(replace)]
    pub engine: String,
    /// The engine's version: a major one (`16`), which leaves the minor one to AWS, or a whole one (`16.4`). Never lowered. AWS's default
    /// when absent.
    #[arg(decide = changes::version, hazards = changes::version_hazards)]
    pub engine_version: Option<Version>,
    /// Whether a new `engine_version` may be another major one.
    #[arg(in_place, default = false, write_only)]
    pub allow_major_version_upgrade: bool,
    /// Whether AWS installs new minor versions in the maintenance window.
    #[arg(in_place, default = true)]
    pub auto_minor_version_upgrade: bool,
    /// Whether the major version may stay when its standard support ends, at a higher price. AWS's default is that it may.
    #[arg(in_place)]
    pub engine_lifecycle_support: Option<EngineLifecycleSupport>,
    /// The licence: `postgresql-license`, `general-public-license`, `license-included`, `bring-your-own-license`.
    #[arg(in_place)]
    pub license_model: Option<String>,
    /// The size of the machine, such as `db.m7g.large`.
    #[arg(in_place, hazards = changes::outage, cfn = "DBInstanceClass")]
    pub instance_class: String,
    /// Settings of the processor, such as `coreCount` and `threadsPerCore`; those of the class when empty. Oracle and SQL Server only.
    #[arg(in_place, default, hazards = changes::outage)]
    pub processor_features: BTreeMap<String, String>,
    /// The storage in GiB. Grows, by at least a tenth, and never shrinks: a smaller one is refused, and a replacement would lose the data.
    /// What AWS has added by `max_allocated_storage` is no drift.
    #[arg(decide = changes::storage, drift_ignored)]
    pub allocated_storage: Option<i32>,
    /// Up to how many GiB AWS adds storage by itself when it gets full; 0 for never.
    #[arg(in_place, default = 0)]
    pub max_allocated_storage: i32,
    /// The sort of storage.
    #[arg(in_place)]
    pub storage_type: Option<StorageType>,
    /// Input and output operations per second. Needed with `io1` and `io2`; with `gp3` possible from 400 GiB (Oracle 200) on.
    #[arg(in_place)]
    pub iops: Option<i32>,
    /// Throughput in MiB per second. With `gp3` from 400 GiB (Oracle 200) on.
    #[arg(in_place)]
    pub storage_throughput: Option<i32>,
    /// Whether the engine's log has a volume of its own. Takes effect with a restart.
    #[arg(in_place, default = false)]
    pub dedicated_log_volume: bool,
    /// Whether the storage is encrypted. AWS's own default is no; here it has to be said. What is made from a snapshot or another instance
    /// is encrypted as that was, and must be declared so.
    #[arg(replace, default = true)]
    pub storage_encrypted: bool,
    /// The key that encrypts the storage; the account's `aws/rds` when absent.
    #[arg(replace, same = same_key)]
    pub kms_key_id: Option<Arn<Key>>,
    /// The name of the database that is made in the server; PostgreSQL has `postgres` in any case.
    #[arg(replace, cfn = "DBName")]
    pub db_name: Option<String>,
    /// The first user. Needed unless it is made from a snapshot or another instance.
    #[arg(replace)]
    pub master_username: Option<String>,
    /// The first user's password, 8 to 128 printable characters without `/`, `"`, `@` and space. Not together with
    /// `manage_master_user_password`.
    #[arg(in_place, write_only)]
    pub master_user_password: Option<Secret<String>>,
    /// Whether RDS makes the first user's password itself, keeps it in Secrets Manager and changes it every week. Switching it off needs
    /// `master_user_password`.
    #[arg(in_place, default = false)]
    pub manage_master_user_password: bool,
    /// The key that encrypts the managed secret; the account's `aws/secretsmanager` when absent. Cannot be changed while the password is managed.
    #[arg(decide = changes::key, same = same_key, cfn = "MasterUserSecret.KmsKeyId")]
    pub master_user_secret_kms_key_id: Option<Arn<Key>>,
    /// Whether the first user proves itself by password or by IAM. PostgreSQL only.
    #[arg(in_place, write_only)]
    pub master_user_authentication_type: Option<MasterUserAuthenticationType>,
    /// Whether users of the database may prove themselves by IAM.
    #[arg(in_place, default = false, cfn = "EnableIAMDatabaseAuthentication")]
    pub iam_database_authentication: bool,
    /// The port; the engine's own when absent. A change restarts the server.
    #[arg(in_place, hazards = changes::outage)]
    pub port: Option<i32>,
    /// The subnets it may stand in; the default VPC's when absent. Another one means another VPC: AWS refuses to move it within one.
    #[arg(in_place, hazards = changes::outage, same = changes::same_subnet_group, cfn = "DBSubnetGroupName")]
    pub subnet_group: Option<SubnetGroupName>,
    /// The security groups; the VPC's default one when absent.
    #[arg(in_place, cfn = "VPCSecurityGroups")]
    pub security_groups: Option<BTreeSet<SecurityGroupId>>,
    /// Whether its name leads to a public address from outside the VPC.
    #[arg(in_place, default = false)]
    pub publicly_accessible: bool,
    /// Whether it has IPv6 addresses too.
    #[arg(in_place, default = NetworkType::Ipv4)]
    pub network_type: NetworkType,
    /// Whether a standby in another zone takes over when it fails.
    #[arg(in_place, default = false, cfn = "MultiAZ")]
    pub multi_az: bool,
    /// The zone. Not together with `multi_az`, whose failovers move it.
    #[arg(replace, drift_ignored)]
    pub availability_zone: Option<String>,
    /// The settings of the engine; AWS's default group when absent. Static parameters of another group take effect with a restart, which
    /// Formwork does not do.
    #[arg(in_place, same = changes::same_parameter_group, cfn = "DBParameterGroupName")]
    pub parameter_group: Option<ParameterGroupName>,
    /// The option group; AWS's default one when absent.
    #[arg(in_place, cfn = "OptionGroupName")]
    pub option_group: Option<Caseless>,
    /// For how many days backups are kept, 0 to 35; 0 switches them off and deletes those that are there. AWS's own default is one day.
    #[arg(in_place, default = 7, hazards = shorter)]
    pub backup_retention_period: i32,
    /// When backups are made, in UTC: `04:00-05:00`. AWS chooses when absent.
    #[arg(in_place)]
    pub preferred_backup_window: Option<String>,
    /// When maintenance may happen, in UTC: `sun:05:00-sun:06:00`. AWS chooses when absent.
    #[arg(in_place)]
    pub preferred_maintenance_window: Option<Caseless>,
    /// Where backups are: `region`, `outposts` or `local`.
    #[arg(replace)]
    pub backup_target: Option<String>,
    /// Whether snapshots get the instance's tags.
    #[arg(in_place, default = false)]
    pub copy_tags_to_snapshot: bool,
    /// Whether the automated backups go with the instance when it is deleted.
    #[arg(in_place, default = true, write_only)]
    pub delete_automated_backups: bool,
    /// Whether it is deleted without a last snapshot.
    #[arg(in_place, default = false, write_only, cfn = "")]
    pub skip_final_snapshot: bool,
    /// The name of the last snapshot; made of the identifier and the resource id when absent. Where an earlier instance's snapshot has the name,
    /// the beginning of the resource id is added.
    #[arg(in_place, write_only, cfn = "")]
    pub final_snapshot_identifier: Option<String>,
    /// Whether AWS refuses to delete it. Lifted by Formwork itself once the deletion is consented to.
    #[arg(in_place, default = false, hazards = unguarded)]
    pub deletion_protection: bool,
    /// Whether Performance Insights records what the database does.
    #[arg(in_place, default = false)]
    pub enable_performance_insights: bool,
    /// The key that encrypts these records; the account's `aws/rds` when absent. Cannot be changed.
    #[arg(decide = changes::key, same = same_key, cfn = "PerformanceInsightsKMSKeyId")]
    pub performance_insights_kms_key_id: Option<Arn<Key>>,
    /// For how many days these records are kept: 7, a multiple of 31, or 731.
    #[arg(in_place, hazards = shorter_if_known)]
    pub performance_insights_retention_period: Option<i32>,
    /// How much CloudWatch Database Insights shows.
    #[arg(in_place)]
    pub database_insights_mode: Option<DatabaseInsightsMode>,
    /// Seconds between measurements of the operating system: 0 for none, 1, 5, 10, 15, 30 or 60. Needs `monitoring_role_arn`.
    #[arg(in_place, default = 0)]
    pub monitoring_interval: i32,
    /// The role that sends these measurements to CloudWatch Logs.
    #[arg(in_place)]
    pub monitoring_role_arn: Option<Arn<Role>>,
    /// The logs that are sent to CloudWatch Logs: for PostgreSQL `postgresql`, `upgrade` and `iam-db-auth-error`.
    #[arg(in_place, default)]
    pub enable_cloudwatch_logs_exports: BTreeSet<String>,
    /// The authority of the server's certificate, such as `rds-ca-rsa2048-g1`.
    #[arg(in_place, hazards = changes::outage, cfn = "CACertificateIdentifier")]
    pub ca_certificate_identifier: Option<String>,
    /// Whether another certificate restarts the server. Without it the certificate waits for the next restart.
    #[arg(in_place, default = true, write_only)]
    pub certificate_rotation_restart: bool,
    /// Roles by which the engine reaches other services, such as `s3Import` of PostgreSQL.
    #[arg(in_place, after_create, default)]
    pub associated_roles: BTreeSet<AssociatedRole>,
    /// The character set of the database; the engine's default when absent. Oracle, Db2.
    #[arg(replace)]
    pub character_set_name: Option<String>,
    /// The national character set of the database. Oracle only.
    #[arg(replace)]
    pub nchar_character_set_name: Option<String>,
    /// The time zone. Db2 and SQL Server only.
    #[arg(replace)]
    pub timezone: Option<String>,
    /// The identifier (SID) of an RDS Custom for Oracle database.
    #[arg(replace, cfn = "DBSystemId")]
    pub db_system_id: Option<String>,
    /// The instance profile of an RDS Custom database.
    #[arg(replace, cfn = "CustomIAMInstanceProfile")]
    pub custom_iam_instance_profile: Option<String>,
    /// The directory (AWS Managed Active Directory) that it joins.
    #[arg(in_place)]
    pub domain: Option<String>,
    /// The role by which it joins the directory.
    #[arg(in_place, cfn = "DomainIAMRoleName")]
    pub domain_iam_role_name: Option<String>,
    /// The name of a self-managed Active Directory that it joins.
    #[arg(in_place)]
    pub domain_fqdn: Option<Caseless>,
    /// The organisational unit of a self-managed Active Directory.
    #[arg(in_place)]
    pub domain_ou: Option<String>,
    /// The secret with the credentials by which it joins a self-managed Active Directory.
    #[arg(in_place)]
    pub domain_auth_secret_arn: Option<Arn<secretsmanager::Secret>>,
    /// The addresses of the domain controllers of a self-managed Active Directory.
    #[arg(in_place)]
    pub domain_dns_ips: Option<BTreeSet<String>>,
    /// The snapshot that it is restored from; only looked at when it is made.
    #[arg(replace, write_only, cfn = "DBSnapshotIdentifier")]
    pub snapshot_identifier: Option<String>,
    /// The moment of another instance's life that it is restored to; only looked at when it is made.
    #[arg(replace, write_only, cfn = "RestoreTime")]
    pub point_in_time: Option<PointInTime>,
    /// The instance that it is a read replica of; by its ARN where that is in another region. A replica that AWS was told to promote is
    /// on its own: take this argument out then.
    #[arg(replace, same = changes::same_instance, cfn = "SourceDBInstanceIdentifier")]
    pub source_db_instance: Option<InstanceId>,
    /// Whether a replica can be read, or is only kept up to date. Oracle and Db2 only.
    #[arg(in_place, after_create)]
    pub replica_mode: Option<ReplicaMode>,
    /// Whether changes are made at once. Otherwise AWS makes those that interrupt service, and some others, in the maintenance window,
    /// and plans say that they are accepted. AWS's own default is the window; here `up` does what its plan showed, outages included.
    #[arg(in_place, default = true, write_only)]
    pub apply_immediately: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// A moment in the life of another instance: exactly one way to name the instance, and either a time or the latest possible one.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct PointInTime {
    /// The instance, while it exists.
    #[arg(replace, cfn = "SourceDBInstanceIdentifier")]
    pub source_db_instance: Option<InstanceId>,
    /// The resource id of an instance that may be deleted already.
    #[arg(replace, cfn = "SourceDbiResourceId")]
    pub source_resource_id: Option<String>,
    /// The automated backups, by ARN, when they were copied from another region.
    #[arg(replace, cfn = "SourceDBInstanceAutomatedBackupsArn")]
    pub source_automated_backups_arn: Option<String>,
    /// The time, such as `2026-02-01T09:30:00Z`; the latest possible one when absent.
    #[arg(replace, cfn = "RestoreTime")]
    pub restore_time: Option<String>,
}

/// A role by which the engine reaches another service.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssociatedRole {
    /// What it is for, such as `s3Import`, `s3Export` or `Lambda`.
    #[arg(in_place)]
    pub feature_name: String,
    /// The role.
    #[arg(in_place)]
    pub role_arn: Arn<Role>,
}

/// A sort of storage.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageType {
    /// Magnetic, of the first days.
    #[choice("standard")]
    Standard,
    /// General purpose; the performance depends on the size.
    #[choice("gp2")]
    Gp2,
    /// General purpose; the performance can be chosen.
    #[choice("gp3")]
    Gp3,
    /// Provisioned operations per second.
    #[choice("io1")]
    Io1,
    /// Provisioned operations per second, Block Express.
    #[choice("io2")]
    Io2,
}

/// The addresses of an instance.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkType {
    /// IPv4.
    #[choice("IPV4")]
    Ipv4,
    /// IPv4 and IPv6.
    #[choice("DUAL")]
    Dual,
}

/// Whether a major version may stay when its standard support ends.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineLifecycleSupport {
    /// It may, at a higher price.
    #[choice("open-source-rds-extended-support")]
    Extended,
    /// AWS upgrades it.
    #[choice("open-source-rds-extended-support-disabled")]
    Standard,
}

/// How the first user proves itself.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MasterUserAuthenticationType {
    /// By a password.
    #[choice("password")]
    Password,
    /// By IAM.
    #[choice("iam-db-auth")]
    Iam,
}

/// How much CloudWatch Database Insights shows.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseInsightsMode {
    /// Single instances.
    #[choice("standard")]
    Standard,
    /// Fleets, execution plans, locks. Needs Performance Insights with at least 465 days.
    #[choice("advanced")]
    Advanced,
}

/// What can be done with a replica.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaMode {
    /// It can be read.
    #[choice("open-read-only")]
    OpenReadOnly,
    /// It is kept up to date for an emergency.
    #[choice("mounted")]
    Mounted,
}

/// What is known of an instance once it is there.
#[derive(Outputs)]
pub struct InstanceOutputs {
    /// The identifier, in lower case.
    pub id: InstanceId,
    /// The ARN.
    #[output(stage = accepted)]
    pub arn: Arn<Instance>,
    /// The id that AWS never gives again, such as `db-ABCDEFGHIJKLMNOPQRSTUVWXYZ`: part of the ARNs in policies for IAM users of the database.
    #[output(stage = accepted)]
    pub resource_id: String,
    /// The name by which it is reached.
    pub address: String,
    /// The port on which it is reached.
    #[output(moves_with(port))]
    pub port: i32,
    /// Address and port, with a colon between.
    #[output(moves_with(port))]
    pub endpoint: String,
    /// The hosted zone of `address`, for alias records.
    pub hosted_zone_id: String,
    /// The secret with the managed password, when RDS manages it.
    #[output(moves_with(manage_master_user_password))]
    pub master_user_secret: Option<Arn<secretsmanager::Secret>>,
    /// The version that runs.
    #[output(always)]
    pub running_version: String,
    /// The authority of the server's certificate.
    #[output(moves_with(ca_certificate_identifier))]
    pub running_ca_certificate_identifier: String,
}

impl Lifecycle for Instance {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let (made, left) = requests::create(aws, owner, args).await?;
        let id = made.and_then(|instance| instance.db_instance_identifier);
        let id = id.ok_or_else(|| Error::unexpected("rds CreateDBInstance", "no identifier in the answer"))?;
        Ok(Created { id, left, waiting: None })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = observe::describe(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let status = |one: &Waiting| {
            let instance = found.get(&one.id)?;
            Some((one.id.clone(), observe::status(instance, one.change.is_some())))
        };
        Ok(waiting.iter().filter_map(status).collect())
    }

    async fn read(aws: &Aws, ids: &[InstanceId]) -> Result<Readings<Self>> {
        let found = observe::describe(aws, ids.iter().map(InstanceId::as_str)).await?;
        Ok(found.into_iter().map(|(id, instance)| (InstanceId::new(id), Ok(observe::observe(aws, instance)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let name = args.identifier.as_str().to_ascii_lowercase();
        let found = observe::describe(aws, [name.as_str()]).await?;
        let candidates = found
            .into_iter()
            .map(|(id, instance)| candidate(owner, id, read_tags(aws, instance.tag_list).owner.as_ref()));
        Ok(candidates.collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<InstanceChanges>> {
        let Update { owner, id, now, planned, .. } = update;
        if update.changes.tags {
            retag(aws, owner, &arn(aws, "db", id.as_str()), &now.tags, &planned.tags).await?;
        }
        let Some((round, left)) = changes::next_round(update.changes) else { return Ok(Updated::done()) };
        requests::modify(aws, id, now, planned, round).await?;
        // Only changes that are made at once can be waited for; the others stay on the list until the window.
        let waiting = planned.apply_immediately.then(|| observe::AT_ONCE.to_owned());
        Ok(Updated { left, waiting })
    }

    async fn delete(aws: &Aws, id: &InstanceId, recorded: &Self) -> Result<Deletion> {
        let found = observe::describe(aws, [id.as_str()]).await?;
        let Some(instance) = found.get(id.as_str()) else { return Ok(Deletion::Done) };
        if instance.db_instance_status() == Some("deleting") {
            return Ok(Deletion::Wait);
        }
        if instance.deletion_protection == Some(true) {
            let call = aws.rds().modify_db_instance().db_instance_identifier(id.as_str());
            call.deletion_protection(false).apply_immediately(true).send().await.or_gone(GONE)?;
            return Ok(Deletion::Again);
        }
        let snapshot = requests::final_snapshot(instance, recorded).filter(|_| !aws.leaves_nothing());
        let call = |snapshot: Option<String>| {
            aws.rds()
                .delete_db_instance()
                .db_instance_identifier(id.as_str())
                .skip_final_snapshot(snapshot.is_none())
                .set_final_db_snapshot_identifier(snapshot)
                .delete_automated_backups(recorded.delete_automated_backups || aws.leaves_nothing())
                .send()
        };
        let taken = &["DBSnapshotAlreadyExists", "DBSnapshotAlreadyExistsFault"];
        let answer = match call(snapshot.clone()).await.or_gone(GONE) {
            // The last snapshot of an earlier instance of this name: it stays, and the next one gets a name that is its own.
            Err(error) if error.is(taken) => {
                let snapshot = snapshot.map(|name| requests::told_apart(instance, &name));
                call(snapshot).await.or_gone(GONE)?
            }
            answer => answer?,
        };
        Ok(if answer.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}
