//! `aws:rds/cluster-instance`: a member of an Aurora cluster, which computes on the storage of all.
//!
//! ```
//! use formwork_aws::rds::{ClusterId, ClusterInstance};
//!
//! let first = ClusterInstance::builder()
//!     .identifier("orders-1")
//!     .cluster(ClusterId::new("orders"))
//!     .engine("aurora-postgresql")
//!     .instance_class("db.t4g.medium")
//!     .build();
//! # drop(first);
//! ```

use std::collections::BTreeMap;

use aws_sdk_rds::types::DbInstance;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::plan::PENDING_WINDOW;
use formwork_engine::{After, Caseless, Expr, Field, Link, Name, Outputs, Resource, Stack, Value, id};

use super::instance::changes::{key, outage, same_parameter_group};
use super::instance::observe::{AT_ONCE, describe, status};
use super::{
    Cluster, ClusterId, DatabaseInsightsMode, ParameterGroup, ParameterGroupName, SubnetGroup, arn, candidate,
    read_tags, retag, same_name, tags_of,
};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::ec2::{Subnet, Vpc};
use crate::error::{Error, OrGone, Result};
use crate::hazards::shorter_if_known;
use crate::iam::{PolicyDocument, Principal, Role, Statement};
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::tags::Tags;

id! {
    /// The identifier of a member of a cluster, in lower case, unique among all instances of its account and region.
    pub struct ClusterInstanceId;
}

const GONE: &[&str] = &["DBInstanceNotFound", "DBInstanceNotFoundFault"];

const fn of_the_monitor(kind: &'static str) -> After {
    After { kind, link: Link::Shared(&[("monitoring_role_arn", "role")]), where_theirs: None, where_mine: None }
}

/// Without its policies the monitoring role cannot write.
const AFTER: &[After] = &[of_the_monitor("aws:iam/role-policy-attachment"), of_the_monitor("aws:iam/role-policy")];

/// A member of an Aurora cluster: its writer, or one of its readers.
///
/// Data, engine version, users, backups and security groups are the cluster's. Which member writes is Aurora's choice: the first that is
/// made, and after a failure one of the lowest `promotion_tier`. Deleting the writer makes a reader the next one.
#[derive(Resource)]
#[resource(
    kind = "aws:rds/cluster-instance",
    cfn = "AWS::RDS::DBInstance",
    id = ClusterInstanceId,
    outputs = ClusterInstanceOutputs,
    guard = unique_name,
    natural_key(identifier),
    visibility = 300,
    create_wait = (30, 10, 1, 5400),
    update_wait = (10, 10, 3, 5400),
    delete_wait = (10, 10, 1, 5400),
    after = AFTER
)]
pub struct ClusterInstance {
    /// The identifier, 1 to 63 letters, digits and hyphens, beginning with a letter. Kept in lower case; give a prefix in lower case.
    #[arg(replace, same = same_name, cfn = "DBInstanceIdentifier")]
    pub identifier: Name,
    /// The cluster.
    #[arg(replace, cfn = "DBClusterIdentifier")]
    pub cluster: ClusterId,
    /// The engine of the cluster; its output `engine`.
    #[arg(replace)]
    pub engine: String,
    /// The size of the machine, such as `db.r7g.large`, or `db.serverless`.
    #[arg(in_place, hazards = outage, cfn = "DBInstanceClass")]
    pub instance_class: String,
    /// In which order readers become the writer after a failure: 0 first, 15 last.
    #[arg(in_place, default = 1)]
    pub promotion_tier: i32,
    /// The zone; one of those of the cluster's subnets when absent.
    #[arg(replace, drift_ignored)]
    pub availability_zone: Option<String>,
    /// The settings of the engine that are of one member; AWS's default group when absent. Static parameters of another group take effect
    /// with a restart, which Formwork does not do.
    #[arg(in_place, same = same_parameter_group, cfn = "DBParameterGroupName")]
    pub parameter_group: Option<ParameterGroupName>,
    /// Whether its name leads to a public address from outside the VPC.
    #[arg(in_place, default = false)]
    pub publicly_accessible: bool,
    /// Whether AWS installs new minor versions in the maintenance window; where one member says no, the cluster gets none.
    #[arg(in_place, default = true)]
    pub auto_minor_version_upgrade: bool,
    /// When maintenance may happen, in UTC: `sun:05:00-sun:06:00`. AWS chooses when absent.
    #[arg(in_place)]
    pub preferred_maintenance_window: Option<Caseless>,
    /// Whether Performance Insights records what it does; as the cluster says when absent.
    #[arg(in_place)]
    pub enable_performance_insights: Option<bool>,
    /// The key that encrypts these records; the cluster's, or the account's `aws/rds`, when absent. Cannot be changed.
    #[arg(decide = key, same = same_key, cfn = "PerformanceInsightsKMSKeyId")]
    pub performance_insights_kms_key_id: Option<Arn<Key>>,
    /// For how many days these records are kept: 7, a multiple of 31, or 731.
    #[arg(in_place, hazards = shorter_if_known)]
    pub performance_insights_retention_period: Option<i32>,
    /// How much CloudWatch Database Insights shows; as the cluster says when absent.
    #[arg(in_place)]
    pub database_insights_mode: Option<DatabaseInsightsMode>,
    /// Seconds between measurements of the operating system: 0 for none, 1, 5, 10, 15, 30 or 60; as the cluster says when absent.
    #[arg(in_place)]
    pub monitoring_interval: Option<i32>,
    /// The role that sends these measurements to CloudWatch Logs.
    #[arg(in_place)]
    pub monitoring_role_arn: Option<Arn<Role>>,
    /// The authority of the server's certificate, such as `rds-ca-rsa2048-g1`.
    #[arg(in_place, hazards = outage, cfn = "CACertificateIdentifier")]
    pub ca_certificate_identifier: Option<String>,
    /// Whether another certificate restarts the server. Without it the certificate waits for the next restart.
    #[arg(in_place, default = true, write_only)]
    pub certificate_rotation_restart: bool,
    /// Whether changes are made at once. Otherwise AWS makes those that interrupt service in the maintenance window, and plans say that
    /// they are accepted. AWS's own default is the window; here `up` does what its plan showed, outages included.
    #[arg(in_place, default = true, write_only)]
    pub apply_immediately: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of a member of a cluster once it is there.
#[derive(Outputs)]
pub struct ClusterInstanceOutputs {
    /// The identifier, in lower case.
    pub id: ClusterInstanceId,
    /// The ARN.
    #[output(stage = accepted)]
    pub arn: Arn<ClusterInstance>,
    /// The id that AWS never gives again, such as `db-ABCDEFGHIJKLMNOPQRSTUVWXYZ`.
    #[output(stage = accepted)]
    pub resource_id: String,
    /// The name by which this member is reached, whether it writes or reads; those of the cluster lead to whichever does.
    pub address: String,
    /// The port on which it is reached.
    #[output(always)]
    pub port: i32,
    /// The hosted zone of `address`, for alias records.
    pub hosted_zone_id: String,
    /// The version that runs.
    #[output(always)]
    pub running_version: String,
}

impl Lifecycle for ClusterInstance {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let made = aws
            .rds()
            .create_db_instance()
            .db_instance_identifier(args.identifier.as_str())
            .db_cluster_identifier(args.cluster.as_str())
            .engine(&args.engine)
            .db_instance_class(&args.instance_class)
            .promotion_tier(args.promotion_tier)
            .set_availability_zone(args.availability_zone.clone())
            .set_db_parameter_group_name(args.parameter_group.as_ref().map(ToString::to_string))
            .publicly_accessible(args.publicly_accessible)
            .auto_minor_version_upgrade(args.auto_minor_version_upgrade)
            .set_preferred_maintenance_window(args.preferred_maintenance_window.as_ref().map(ToString::to_string))
            .set_enable_performance_insights(args.enable_performance_insights)
            .set_performance_insights_kms_key_id(args.performance_insights_kms_key_id.as_ref().map(ToString::to_string))
            .set_performance_insights_retention_period(args.performance_insights_retention_period)
            .set_database_insights_mode(args.database_insights_mode.map(|mode| mode.as_str().into()))
            .set_monitoring_interval(args.monitoring_interval)
            .set_monitoring_role_arn(args.monitoring_role())
            .set_ca_certificate_identifier(args.ca_certificate_identifier.clone())
            .set_tags(Some(tags_of(owner, &args.tags)))
            .send()
            .await?
            .db_instance;
        let id = made.and_then(|instance| instance.db_instance_identifier);
        Ok(Created::whole(id.ok_or_else(|| Error::unexpected("rds CreateDBInstance", "no identifier in the answer"))?))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = describe(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let status = |one: &Waiting| Some((one.id.clone(), status(found.get(&one.id)?, one.change.is_some())));
        Ok(waiting.iter().filter_map(status).collect())
    }

    async fn read(aws: &Aws, ids: &[ClusterInstanceId]) -> Result<Readings<Self>> {
        let found = describe(aws, ids.iter().map(ClusterInstanceId::as_str)).await?;
        let seen = found.into_iter().map(|(id, instance)| (ClusterInstanceId::new(id), Ok(observe(aws, instance))));
        Ok(seen.collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let name = args.identifier.as_str().to_ascii_lowercase();
        let found = describe(aws, [name.as_str()]).await?;
        let candidates =
            found.into_iter().map(|(id, it)| candidate(owner, id, read_tags(aws, it.tag_list).owner.as_ref()));
        Ok(candidates.collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ClusterInstanceChanges>> {
        let ClusterInstanceChanges {
            instance_class,
            promotion_tier,
            parameter_group,
            publicly_accessible,
            auto_minor_version_upgrade,
            preferred_maintenance_window,
            enable_performance_insights,
            performance_insights_kms_key_id,
            performance_insights_retention_period,
            database_insights_mode,
            monitoring_interval,
            monitoring_role_arn,
            ca_certificate_identifier,
            certificate_rotation_restart: _sent_with_the_certificate,
            apply_immediately: _sent_with_every_change,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            retag(aws, owner, &arn(aws, "db", id.as_str()), &now.tags, &planned.tags).await?;
        }
        let insights = enable_performance_insights
            || performance_insights_kms_key_id
            || performance_insights_retention_period
            || database_insights_mode;
        let watched = planned.enable_performance_insights.or(now.enable_performance_insights);
        let begins = watched == Some(true) && now.enable_performance_insights != Some(true);
        let monitoring = monitoring_interval || monitoring_role_arn;
        let interval = planned.monitoring_interval.or(now.monitoring_interval);
        let text = |changed: bool, value: &Option<String>| value.clone().filter(|_| changed);
        let bare = aws
            .rds()
            .modify_db_instance()
            .db_instance_identifier(id.as_str())
            .apply_immediately(planned.apply_immediately);
        let call = bare
            .clone()
            .set_db_instance_class(instance_class.then(|| planned.instance_class.clone()))
            .set_promotion_tier(promotion_tier.then_some(planned.promotion_tier))
            .set_db_parameter_group_name(
                planned.parameter_group.as_ref().filter(|_| parameter_group).map(ToString::to_string),
            )
            .set_publicly_accessible(publicly_accessible.then_some(planned.publicly_accessible))
            .set_auto_minor_version_upgrade(auto_minor_version_upgrade.then_some(planned.auto_minor_version_upgrade))
            .set_preferred_maintenance_window(
                planned
                    .preferred_maintenance_window
                    .as_ref()
                    .filter(|_| preferred_maintenance_window)
                    .map(ToString::to_string),
            )
            .set_enable_performance_insights(watched.filter(|_| insights))
            .set_performance_insights_kms_key_id(
                // Naming the key of what runs already is refused.
                planned
                    .performance_insights_kms_key_id
                    .as_ref()
                    .filter(|_| insights && begins)
                    .map(ToString::to_string),
            )
            .set_performance_insights_retention_period(
                planned.performance_insights_retention_period.filter(|_| insights && watched == Some(true)),
            )
            .set_database_insights_mode(
                planned.database_insights_mode.filter(|_| insights).map(|mode| mode.as_str().into()),
            )
            .set_monitoring_interval(interval.filter(|_| monitoring))
            .set_monitoring_role_arn(planned.monitoring_role().filter(|_| monitoring && interval > Some(0)))
            .set_ca_certificate_identifier(text(ca_certificate_identifier, &planned.ca_certificate_identifier))
            .set_certificate_rotation_restart(
                (ca_certificate_identifier && !planned.certificate_rotation_restart).then_some(false),
            );
        // AWS refuses a call that asks for nothing.
        if call.as_input() == bare.as_input() {
            return Ok(Updated::done());
        }
        call.send().await?;
        // Only changes that are made at once can be waited for; the others stay on the list until the window.
        let waiting = planned.apply_immediately.then(|| AT_ONCE.to_owned());
        Ok(Updated { left: ClusterInstanceChanges::default(), waiting })
    }

    async fn delete(aws: &Aws, id: &ClusterInstanceId, _: &Self) -> Result<Deletion> {
        let found = describe(aws, [id.as_str()]).await?;
        match found.get(id.as_str()).map(|instance| instance.db_instance_status()) {
            None => return Ok(Deletion::Done),
            Some(Some("deleting")) => return Ok(Deletion::Wait),
            Some(_) => {}
        }
        // A last snapshot is the cluster's to make.
        let call = aws.rds().delete_db_instance().db_instance_identifier(id.as_str()).skip_final_snapshot(true);
        let answer = call.send().await.or_gone(GONE)?;
        Ok(if answer.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}

impl ClusterInstance {
    fn monitoring_role(&self) -> Option<String> {
        self.monitoring_role_arn.as_ref().map(ToString::to_string)
    }
}

/// What a member is. What cannot be read is as its default says.
fn observe(aws: &Aws, instance: DbInstance) -> Observed<ClusterInstance> {
    let tags = read_tags(aws, instance.tag_list);
    let identifier = instance.db_instance_identifier.unwrap_or_default();
    let watched = instance.performance_insights_enabled.unwrap_or_default();
    let window = instance.preferred_maintenance_window;
    let accepted = instance.pending_modified_values;
    let waits = |name: &'static str, value: Option<String>| value.map(|value| (name, value.to_value()));
    let mut pending: BTreeMap<&'static str, Value> = [
        waits("instance_class", accepted.as_ref().and_then(|it| it.db_instance_class.clone())),
        waits("ca_certificate_identifier", accepted.and_then(|it| it.ca_certificate_identifier)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let (false, Some(window)) = (pending.is_empty(), &window) {
        pending.insert(PENDING_WINDOW, window.to_value());
    }
    let mut groups = instance.db_parameter_groups.unwrap_or_default().into_iter();
    let args = ClusterInstance {
        identifier: Name::new(identifier.as_str()),
        cluster: ClusterId::new(instance.db_cluster_identifier.unwrap_or_default()),
        engine: instance.engine.unwrap_or_default(),
        instance_class: instance.db_instance_class.unwrap_or_default(),
        promotion_tier: instance.promotion_tier.unwrap_or(1),
        availability_zone: instance.availability_zone,
        parameter_group: groups.find_map(|it| it.db_parameter_group_name).map(ParameterGroupName::new),
        publicly_accessible: instance.publicly_accessible.unwrap_or_default(),
        auto_minor_version_upgrade: instance.auto_minor_version_upgrade.unwrap_or_default(),
        preferred_maintenance_window: window.map(Caseless::new),
        enable_performance_insights: Some(watched),
        performance_insights_kms_key_id: instance.performance_insights_kms_key_id.filter(|_| watched).map(Arn::new),
        performance_insights_retention_period: instance.performance_insights_retention_period.filter(|_| watched),
        database_insights_mode: instance.database_insights_mode.and_then(|it| DatabaseInsightsMode::parse(it.as_str())),
        monitoring_interval: instance.monitoring_interval,
        monitoring_role_arn: instance.monitoring_role_arn.map(Arn::new),
        ca_certificate_identifier: instance.ca_certificate_identifier,
        certificate_rotation_restart: true,
        apply_immediately: true,
        tags: tags.tags,
    };
    let (address, zone, port) = match instance.endpoint {
        Some(it) => (it.address.unwrap_or_default(), it.hosted_zone_id.unwrap_or_default(), it.port),
        None => (String::new(), String::new(), None),
    };
    let outputs = ClusterInstanceOutputs {
        id: ClusterInstanceId::new(identifier),
        arn: Arn::new(instance.db_instance_arn.unwrap_or_default()),
        resource_id: instance.dbi_resource_id.unwrap_or_default(),
        address,
        port: port.or(instance.db_instance_port).unwrap_or_default(),
        hosted_zone_id: zone,
        running_version: instance.engine_version.unwrap_or_default(),
    };
    Observed { pending, ..Observed::new(args, outputs, tags.owner) }
}

impl Conforms for ClusterInstance {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let insights_key = stack.add("insights", Key::builder().description("insights of members").build());
        let mut role = |name: &str| {
            let trust = PolicyDocument::of([Statement::allow()
                .principal(Principal::service("monitoring.rds.amazonaws.com"))
                .action("sts:AssumeRole")]);
            stack.add(name, Role::builder().name(name).assume_role_policy(trust).build())
        };
        let (one, two) = (role("member-conformance-1"), role("member-conformance-2"));
        let mut parameters = |name: &str| {
            let group = ParameterGroup::builder().name(name).family("aurora-postgresql16").build();
            stack.add(name, group)
        };
        let (first_group, other_group) = (parameters("members-1"), parameters("members-2"));
        let vpc = stack.add("members", Vpc::builder().cidr_block("10.44.0.0/16").build());
        let mut subnet = |zone: &str, third: u8| {
            let range = format!("10.44.{third}.0/24");
            let subnet = Subnet::builder().vpc(&vpc).cidr_block(range).availability_zone(format!("eu-west-1{zone}"));
            stack.add(zone, subnet.build())
        };
        let (a, b) = (subnet("a", 1), subnet("b", 2));
        let subnets = stack.add("members", SubnetGroup::builder().name("members").subnets([&a, &b]).build());
        let mut cluster = |name: &str, engine: &str| {
            let cluster = Cluster::builder()
                .identifier(name)
                .engine(engine)
                .engine_version(if engine == "aurora-mysql" { "8.0" } else { "16" })
                .master_username("orders")
                .manage_master_user_password(true)
                .subnet_group(&subnets)
                .skip_final_snapshot(true);
            stack.add(name, cluster.build())
        };
        let mysql = cluster("members-mysql", "aurora-mysql");
        let other = cluster("members-other", "aurora-postgresql");
        let cluster = cluster("members-cluster", "aurora-postgresql");
        let base = ClusterInstance::builder()
            .identifier("Conformance-Member")
            .cluster(&cluster)
            .engine(&cluster.engine)
            .instance_class("db.t4g.medium")
            .promotion_tier(2)
            .availability_zone("eu-west-1a")
            .parameter_group(&first_group)
            .publicly_accessible(false)
            .auto_minor_version_upgrade(true)
            .preferred_maintenance_window("Sun:06:00-Sun:07:00")
            .enable_performance_insights(false)
            .database_insights_mode(DatabaseInsightsMode::Standard)
            .monitoring_interval(30)
            .monitoring_role_arn(&one.arn)
            .ca_certificate_identifier("rds-ca-rsa2048-g1")
            .certificate_rotation_restart(true)
            .apply_immediately(true)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("instance_class", "db.r7g.large")
            .change("promotion_tier", 5_i64)
            .change("parameter_group", &other_group.id)
            .change("publicly_accessible", true)
            .change("auto_minor_version_upgrade", false)
            .change("preferred_maintenance_window", "mon:06:00-mon:07:00")
            .change("performance_insights_kms_key_id", &insights_key.arn)
            .together_with("enable_performance_insights", true)
            .change("performance_insights_retention_period", 465_i64)
            .change("performance_insights_retention_period", 496_i64)
            .change("database_insights_mode", "advanced")
            .change("monitoring_interval", 60_i64)
            .change("monitoring_role_arn", &two.arn)
            .change("enable_performance_insights", false)
            .together_with("database_insights_mode", "standard")
            .together_with("performance_insights_kms_key_id", Expr::null())
            .together_with("performance_insights_retention_period", Expr::null())
            .change("ca_certificate_identifier", "rds-ca-rsa4096-g1")
            .change("certificate_rotation_restart", false)
            .change("apply_immediately", false)
            .change("availability_zone", "eu-west-1b")
            .change("identifier", "Conformance-Reader")
            .change("cluster", &other)
            .change("engine", "aurora-mysql")
            .together_with("cluster", &mysql)
            .together_with("parameter_group", Expr::null())
    }
}
