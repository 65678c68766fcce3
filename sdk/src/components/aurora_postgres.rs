//! [`AuroraPostgres`]: a PostgreSQL cluster of Aurora as production wants it.

use std::collections::BTreeMap;

use formwork_aws::ec2::{SecurityGroup, Subnet, Vpc};
use formwork_aws::logs::LogGroup;
use formwork_aws::rds::{
    Cluster, ClusterInstance, ClusterParameterGroup, ParameterGroup, ServerlessV2Scaling, SubnetGroup,
};
use formwork_engine::{Handle, Options, Output, Secret, Stack, join, options};

use super::Tags;
use super::access::{AccessFrom, security_group};

/// Aurora PostgreSQL: encrypted, in private subnets, with TLS only, users by IAM, Performance Insights, backups, a last snapshot, and its
/// log in CloudWatch Logs.
///
/// ```
/// use formwork::components::{AccessFrom, AuroraPostgres};
/// use formwork::prelude::*;
///
/// fn platform(stack: &mut Stack, _: &()) -> Result<()> {
///     let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
///     let zones = ec2::availability_zones(stack);
///     let subnets: Vec<_> = (0..3)
///         .map(|zone| {
///             let subnet = ec2::Subnet::builder().vpc(&vpc).cidr_block(format!("10.0.{}.0/24", 4 + zone));
///             stack.add(&format!("database-{zone}"), subnet.availability_zone(zones.at(zone)).build())
///         })
///         .collect();
///     let access = vec![AccessFrom::Cidr("10.0.0.0/16".into())];
///     let database = AuroraPostgres { instances: 2, ..AuroraPostgres::new("platform", access) };
///     let database = database.declare(stack, "database", &vpc, &subnets);
///     stack.export("database_url", database.url());
///     Ok(())
/// }
/// # let plan = formwork::testing::plan(platform, &());
/// # assert!(plan.creates().contains(&"database/member-2"));
/// ```
#[derive(Debug, Clone)]
pub struct AuroraPostgres {
    /// The identifier of the cluster; members have `-1`, `-2` and so on after it.
    pub identifier: String,
    /// The database made with it.
    pub database_name: String,
    /// The master user.
    pub master_username: String,
    /// The master user's password; RDS makes one and rotates it in Secrets Manager when absent, and it is in no state then.
    pub master_password: Option<Secret>,
    /// The version, such as `16` or `16.8`.
    pub engine_version: String,
    /// The class of all members, such as `db.t4g.medium`, or `db.serverless` with `serverless_capacity`.
    pub instance_class: String,
    /// Between how many capacity units serverless members are, such as `0.5` and `8`; no member can be serverless when absent.
    pub serverless_capacity: Option<(String, String)>,
    /// How many members: one that writes, and readers in other zones that take over when it fails.
    pub instances: u8,
    /// Days for which backups are kept.
    pub backup_retention_in_days: i32,
    /// When backups are made, in UTC: `02:00-03:00`.
    pub backup_window: String,
    /// When AWS may work on it, in UTC: `sun:03:30-sun:04:30`.
    pub maintenance_window: String,
    /// For how many days Performance Insights keeps what it records: 7, a multiple of 31, or 731.
    pub performance_insights_in_days: i32,
    /// Settings that all members share, beside `rds.force_ssl`, which is always on.
    pub parameters: BTreeMap<String, String>,
    /// Settings of each member.
    pub member_parameters: BTreeMap<String, String>,
    /// Who may connect.
    pub access: Vec<AccessFrom>,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether its deletion leaves no snapshot.
    pub skip_final_snapshot: bool,
    /// Options of the cluster itself, such as `protect`.
    pub options: Options,
    /// Tags for everything that has tags.
    pub tags: Tags,
}

/// The handles of an [`AuroraPostgres`].
#[derive(Debug)]
pub struct AuroraPostgresParts {
    /// The cluster.
    pub cluster: Handle<Cluster>,
    /// Its members. What needs a database that answers comes after the first of them.
    pub members: Vec<Handle<ClusterInstance>>,
    /// Who reaches it.
    pub security_group: Handle<SecurityGroup>,
    master_username: String,
    database_name: String,
}

impl AuroraPostgresParts {
    /// The URL of the writer without the password, which clients read from Secrets Manager.
    pub fn url(&self) -> Output<String> {
        self.url_of(&self.cluster.endpoint)
    }

    /// The URL of the readers without the password; that of the writer where it has no reader.
    pub fn reader_url(&self) -> Output<String> {
        self.url_of(&self.cluster.reader_endpoint)
    }

    fn url_of(&self, endpoint: &Output<String>) -> Output<String> {
        join([
            format!("postgresql://{}@", self.master_username).into(),
            endpoint.into(),
            format!("/{}?sslmode=require", self.database_name).into(),
        ])
    }
}

const PORT: i32 = 5432;

impl AuroraPostgres {
    /// One of the present long-lived version, with one small member, backups of a week, and everything that protects it switched on.
    pub fn new(identifier: impl Into<String>, access: Vec<AccessFrom>) -> Self {
        Self {
            identifier: identifier.into(),
            database_name: "main".to_owned(),
            master_username: "main".to_owned(),
            master_password: None,
            engine_version: "16".to_owned(),
            instance_class: "db.t4g.medium".to_owned(),
            serverless_capacity: None,
            instances: 1,
            backup_retention_in_days: 7,
            backup_window: "02:00-03:00".to_owned(),
            maintenance_window: "sun:03:30-sun:04:30".to_owned(),
            performance_insights_in_days: 7,
            parameters: BTreeMap::new(),
            member_parameters: BTreeMap::new(),
            access,
            deletion_protection: true,
            skip_final_snapshot: false,
            options: options(),
            tags: BTreeMap::new(),
        }
    }

    /// Declares it under `name`, in these subnets of the VPC.
    #[track_caller]
    pub fn declare(
        &self,
        stack: &mut Stack,
        name: &str,
        vpc: &Handle<Vpc>,
        subnets: &[Handle<Subnet>],
    ) -> AuroraPostgresParts {
        if self.instances == 0 {
            stack.mistake(format!("nothing answers for {}: say how many `instances`", self.identifier));
        }
        stack.component(name, |stack| {
            let group = security_group(stack, vpc, &self.identifier, PORT, &self.access, &self.tags);
            let subnet_group = SubnetGroup::builder()
                .name(&self.identifier)
                .description(format!("where {} stands", self.identifier))
                .subnets(subnets.iter().collect::<Vec<_>>())
                .tags(self.tags.clone());
            let subnet_group = stack.add("main", subnet_group.build());
            let (parameters, member_parameters) = self.parameter_groups(stack);
            let log = LogGroup::builder()
                .name(format!("/aws/rds/cluster/{}/postgresql", self.identifier))
                .retention_in_days(30)
                .tags(self.tags.clone());
            stack.add("postgresql", log.build());

            let cluster = Cluster::builder()
                .identifier(&self.identifier)
                .engine("aurora-postgresql")
                .engine_version(&self.engine_version)
                // Formwork asks for consent to another major version itself; RDS need not be asked twice.
                .allow_major_version_upgrade(true)
                .storage_encrypted(true)
                .database_name(&self.database_name)
                .master_username(&self.master_username)
                .iam_database_authentication(true)
                .port(PORT)
                .subnet_group(&subnet_group)
                .security_groups([&group])
                .parameter_group(&parameters)
                .instance_parameter_group(&member_parameters)
                .backup_retention_period(self.backup_retention_in_days)
                .preferred_backup_window(&self.backup_window)
                .preferred_maintenance_window(self.maintenance_window.as_str())
                .copy_tags_to_snapshot(true)
                .skip_final_snapshot(self.skip_final_snapshot)
                .deletion_protection(self.deletion_protection)
                .enable_performance_insights(true)
                .performance_insights_retention_period(self.performance_insights_in_days)
                .enable_cloudwatch_logs_exports(["postgresql"])
                .tags(self.tags.clone());
            let cluster = match &self.serverless_capacity {
                Some((least, most)) => cluster.serverless_v2_scaling(
                    ServerlessV2Scaling::builder().min_capacity(least).max_capacity(most).build(),
                ),
                None => cluster,
            };
            let cluster = match &self.master_password {
                Some(password) => cluster.master_user_password(password),
                None => cluster.manage_master_user_password(true),
            };
            let cluster = stack.add_with("main", cluster.build(), self.options.clone());
            let members = (1..=self.instances).map(|number| {
                let member = ClusterInstance::builder()
                    .identifier(format!("{}-{number}", self.identifier))
                    .cluster(&cluster)
                    .engine(&cluster.engine)
                    .instance_class(&self.instance_class)
                    // The first ones take over first.
                    .promotion_tier(i32::from(number.min(16)) - 1)
                    .parameter_group(&member_parameters)
                    .publicly_accessible(false)
                    .preferred_maintenance_window(self.maintenance_window.as_str())
                    .enable_performance_insights(true)
                    .performance_insights_retention_period(self.performance_insights_in_days)
                    .tags(self.tags.clone());
                stack.add(&format!("member-{number}"), member.build())
            });
            AuroraPostgresParts {
                members: members.collect(),
                cluster,
                security_group: group,
                master_username: self.master_username.clone(),
                database_name: self.database_name.clone(),
            }
        })
    }

    /// The settings of the cluster and of its members. The family is part of their names: a major upgrade takes new groups beside the
    /// former ones.
    fn parameter_groups(&self, stack: &mut Stack) -> (Handle<ClusterParameterGroup>, Handle<ParameterGroup>) {
        let family = format!("aurora-postgresql{}", self.engine_version.split('.').next().unwrap_or_default());
        let mut parameters = self.parameters.clone();
        parameters.insert("rds.force_ssl".to_owned(), "1".to_owned());
        let shared = ClusterParameterGroup::builder()
            .name(format!("{}-{family}", self.identifier))
            .family(&family)
            .description(format!("settings of {}", self.identifier))
            .parameters(parameters)
            .tags(self.tags.clone());
        let own = ParameterGroup::builder()
            .name(format!("{}-{family}-members", self.identifier))
            .family(&family)
            .description(format!("settings of the members of {}", self.identifier))
            .parameters(self.member_parameters.clone())
            .tags(self.tags.clone());
        (stack.add("main", shared.build()), stack.add("members", own.build()))
    }
}

#[cfg(test)]
mod tests {
    use formwork_aws::rds;
    use formwork_engine::{Expr, Value};

    use super::*;
    use crate::testing;

    fn declared(database: AuroraPostgres) -> testing::TypedPlan {
        testing::plan(
            move |stack: &mut Stack, _: &()| {
                let vpc = stack.add("main", Vpc::builder().cidr_block("10.0.0.0/16").build());
                let subnets = [("a", 4), ("b", 5)].map(|(zone, third)| {
                    let subnet = Subnet::builder().vpc(&vpc).cidr_block(format!("10.0.{third}.0/24"));
                    stack.add(zone, subnet.availability_zone(format!("eu-west-1{zone}")).build())
                });
                let parts = database.declare(stack, "database", &vpc, &subnets);
                stack.export("url", parts.url());
                stack.export("reader_url", parts.reader_url());
                Ok(())
            },
            &(),
        )
    }

    fn from_the_vpc() -> Vec<AccessFrom> {
        vec![AccessFrom::Cidr("10.0.0.0/16".to_owned())]
    }

    #[test]
    fn what_nobody_said_is_safe() {
        let plan = declared(AuroraPostgres::new("platform", from_the_vpc()));
        let cluster = plan.resource::<rds::Cluster>("database/main");
        let is = |arg: &str, value: bool| *cluster.arg(arg) == Value::Bool(value);
        for on in [
            "storage_encrypted",
            "iam_database_authentication",
            "deletion_protection",
            "enable_performance_insights",
            "manage_master_user_password",
            "copy_tags_to_snapshot",
        ] {
            assert!(is(on, true), "{on}");
        }
        assert!(is("skip_final_snapshot", false));
        assert_eq!(*cluster.arg("backup_retention_period"), Value::Int(7));
        assert_eq!(cluster.arg("preferred_backup_window").as_text(), Some("02:00-03:00"));
        assert_eq!(cluster.arg("preferred_maintenance_window").as_text(), Some("sun:03:30-sun:04:30"));
        let parameters = plan.resource::<ClusterParameterGroup>("database/main").args();
        assert_eq!(parameters.family, "aurora-postgresql16");
        assert_eq!(parameters.parameters.get("rds.force_ssl").map(String::as_str), Some("1"));
        let member = plan.resource::<ClusterInstance>("database/member-1");
        assert_eq!(*member.arg("publicly_accessible"), Value::Bool(false));
        assert_eq!(member.arg("engine").as_text(), Some("aurora-postgresql"));
        assert_eq!(*member.arg("promotion_tier"), Value::Int(0));
    }

    #[test]
    fn members_come_after_the_cluster_and_the_cluster_after_its_log_group() {
        let three = AuroraPostgres { instances: 3, ..AuroraPostgres::new("platform", from_the_vpc()) };
        let plan = declared(three);
        for member in ["database/member-1", "database/member-2", "database/member-3"] {
            assert!(plan.resource::<ClusterInstance>(member).refers_to("cluster", "database/main"));
        }
        assert!(plan.resource::<rds::Cluster>("database/main").comes_after("database/postgresql", &plan));
        assert!(!plan.creates().contains(&"database/member-4"));
    }

    #[test]
    fn everybody_in_the_list_may_connect_and_nobody_else() {
        let access =
            vec![AccessFrom::Cidr("10.0.0.0/16".to_owned()), AccessFrom::SecurityGroup(Output::of(Expr::text("sg-1")))];
        let plan = declared(AuroraPostgres::new("platform", access));
        let rules: Vec<_> = plan.creates().into_iter().filter(|path| path.contains("access-")).collect();
        assert_eq!(rules, ["database/access-1", "database/access-2"]);
    }

    #[test]
    fn a_serverless_one_says_between_what_it_is() {
        let capacity = Some(("0.5".to_owned(), "8".to_owned()));
        let plan = declared(AuroraPostgres {
            serverless_capacity: capacity,
            instance_class: "db.serverless".to_owned(),
            ..AuroraPostgres::new("platform", from_the_vpc())
        });
        let cluster = plan.resource::<rds::Cluster>("database/main");
        assert_eq!(cluster.arg("serverless_v2_scaling.max_capacity").as_text(), Some("8"));
    }

    #[test]
    #[should_panic(expected = "nobody may connect to platform")]
    fn a_database_that_nobody_reaches_is_a_mistake() {
        declared(AuroraPostgres::new("platform", Vec::new()));
    }

    #[test]
    #[should_panic(expected = "nothing answers for platform")]
    fn a_cluster_without_members_is_a_mistake() {
        declared(AuroraPostgres { instances: 0, ..AuroraPostgres::new("platform", from_the_vpc()) });
    }
}
