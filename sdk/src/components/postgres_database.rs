//! [`PostgresDatabase`]: PostgreSQL on RDS as production wants it.

use std::collections::BTreeMap;

use formwork_aws::ec2::{SecurityGroup, Subnet, Vpc};
use formwork_aws::logs::LogGroup;
use formwork_aws::rds::{Instance, ParameterGroup, StorageType, SubnetGroup};
use formwork_engine::{Handle, Options, Output, Secret, Stack, join};

use super::Tags;
use super::access::{AccessFrom, security_group};

/// PostgreSQL on RDS: encrypted, in private subnets, with TLS only, backups, a last snapshot, and its logs in CloudWatch Logs.
#[derive(Debug, Clone)]
pub struct PostgresDatabase {
    /// The identifier of the instance.
    pub identifier: String,
    /// The database made with it.
    pub database_name: String,
    /// The master user.
    pub master_username: String,
    /// The master user's password; RDS makes one and rotates it in Secrets Manager when absent, and it is in no state then.
    pub master_password: Option<Secret>,
    /// The version, such as `16` or `16.4`.
    pub engine_version: String,
    /// The instance class, such as `db.r6g.large`.
    pub instance_class: String,
    /// The storage to begin with.
    pub allocated_storage_gib: i32,
    /// How far storage may grow by itself; not at all when absent.
    pub max_allocated_storage_gib: Option<i32>,
    /// Whether a standby waits in another zone.
    pub multi_az: bool,
    /// Days for which backups are kept.
    pub backup_retention_in_days: i32,
    /// When backups are made, in UTC: `02:00-03:00`.
    pub backup_window: String,
    /// When AWS may work on it, in UTC: `sun:03:30-sun:04:30`.
    pub maintenance_window: String,
    /// Settings of PostgreSQL beside `rds.force_ssl`, which is always on.
    pub parameters: BTreeMap<String, String>,
    /// Who may connect.
    pub access: Vec<AccessFrom>,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Options of the instance itself, such as `protect`.
    pub options: Options,
    /// Tags for everything that has tags.
    pub tags: Tags,
}

/// The handles of a [`PostgresDatabase`].
#[derive(Debug)]
pub struct PostgresDatabaseParts {
    /// The instance.
    pub instance: Handle<Instance>,
    /// Who reaches it.
    pub security_group: Handle<SecurityGroup>,
    master_username: String,
    database_name: String,
}

impl PostgresDatabaseParts {
    /// The URL without the password, which clients read from Secrets Manager.
    pub fn url(&self) -> Output<String> {
        join([
            format!("postgresql://{}@", self.master_username).into(),
            (&self.instance.endpoint).into(),
            format!("/{}?sslmode=require", self.database_name).into(),
        ])
    }
}

const PORT: i32 = 5432;

impl PostgresDatabase {
    /// Declares it under `name`, in these subnets of the VPC.
    #[track_caller]
    pub fn declare(
        &self,
        stack: &mut Stack,
        name: &str,
        vpc: &Handle<Vpc>,
        subnets: &[Handle<Subnet>],
    ) -> PostgresDatabaseParts {
        stack.component(name, |stack| {
            let group = security_group(stack, vpc, &self.identifier, PORT, &self.access, &self.tags);
            let subnet_group = SubnetGroup::builder()
                .name(&self.identifier)
                .description(format!("where {} stands", self.identifier))
                .subnets(subnets.iter().collect::<Vec<_>>())
                .tags(self.tags.clone());
            let subnet_group = stack.add("main", subnet_group.build());

            let major = self.engine_version.split('.').next().unwrap_or_default();
            let mut parameters = self.parameters.clone();
            parameters.insert("rds.force_ssl".to_owned(), "1".to_owned());
            // The family is part of the name: a major upgrade takes a new group beside the former one.
            let parameter_group = ParameterGroup::builder()
                .name(format!("{}-postgres{major}", self.identifier))
                .family(format!("postgres{major}"))
                .description(format!("settings of {}", self.identifier))
                .parameters(parameters)
                .tags(self.tags.clone());
            let parameter_group = stack.add("main", parameter_group.build());

            let exports = ["postgresql", "upgrade"];
            for export in exports {
                let group = LogGroup::builder()
                    .name(format!("/aws/rds/instance/{}/{export}", self.identifier))
                    .retention_in_days(30)
                    .tags(self.tags.clone());
                stack.add(export, group.build());
            }

            let instance = Instance::builder()
                .identifier(&self.identifier)
                .engine("postgres")
                .engine_version(&self.engine_version)
                .instance_class(&self.instance_class)
                .allocated_storage(self.allocated_storage_gib)
                .storage_type(StorageType::Gp3)
                .storage_encrypted(true)
                .multi_az(self.multi_az)
                .db_name(&self.database_name)
                .master_username(&self.master_username)
                .subnet_group(&subnet_group)
                .security_groups([&group])
                .parameter_group(&parameter_group)
                .publicly_accessible(false)
                .backup_retention_period(self.backup_retention_in_days)
                .preferred_backup_window(&self.backup_window)
                .preferred_maintenance_window(&self.maintenance_window)
                .copy_tags_to_snapshot(true)
                .skip_final_snapshot(false)
                .deletion_protection(self.deletion_protection)
                .enable_performance_insights(true)
                .enable_cloudwatch_logs_exports(exports)
                .tags(self.tags.clone());
            let instance = match self.max_allocated_storage_gib {
                Some(most) => instance.max_allocated_storage(most),
                None => instance,
            };
            let instance = match &self.master_password {
                Some(password) => instance.master_user_password(password),
                None => instance.manage_master_user_password(true),
            };
            PostgresDatabaseParts {
                instance: stack.add_with("main", instance.build(), self.options.clone()),
                security_group: group,
                master_username: self.master_username.clone(),
                database_name: self.database_name.clone(),
            }
        })
    }
}
