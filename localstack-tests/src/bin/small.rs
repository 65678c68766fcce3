//! The command line around small stacks, for the tests of the command line: `small` has a network, two data stores and a secret from the
//! configuration; `app` uses what `network` has; `vault` has a key.

use std::process::ExitCode;

use formwork::prelude::*;
use serde::Deserialize;

/// `stacks/small.toml`.
#[derive(Deserialize)]
struct SmallConfig {
    /// The range of the VPC.
    cidr_block: String,
    /// The ranges of its subnets.
    subnets: Vec<String>,
    /// Days for which events are kept; there is no log group when absent.
    retention_in_days: Option<i32>,
    /// What workloads read.
    token: Secret,
    /// A database; there is none when absent.
    database: Option<DatabaseConfig>,
    /// A bucket; there is none when absent.
    archive: Option<ArchiveConfig>,
    /// The component of the data stores; `data` when absent.
    component: Option<String>,
}

/// The section `[database]`.
#[derive(Deserialize)]
struct DatabaseConfig {
    /// For how many days backups are kept.
    backup_days: i32,
    /// Whether AWS refuses to delete it.
    protected: bool,
    /// Whether it has a key of its own.
    #[serde(default)]
    own_key: bool,
}

/// The section `[archive]`.
#[derive(Deserialize)]
struct ArchiveConfig {
    /// Its name, which is one in all accounts.
    name: String,
    /// After how many days objects expire; they stay when absent.
    expire_after_days: Option<i32>,
}

fn database(stack: &mut Stack, config: &DatabaseConfig) {
    let mut database = rds::Instance::builder()
        .identifier("small-orders")
        .engine("postgres")
        .instance_class("db.t4g.micro")
        .allocated_storage(20)
        .master_username("orders")
        .manage_master_user_password(true)
        .backup_retention_period(config.backup_days)
        .final_snapshot_identifier("small-orders-last")
        .deletion_protection(config.protected);
    if config.own_key {
        let key = stack.add("key", kms::Key::builder().description("orders").build());
        database = database.kms_key_id(&key.arn);
    }
    stack.add("orders", database.build());
}

fn archive(stack: &mut Stack, config: &ArchiveConfig) {
    let rule = |days: i32| s3::LifecycleRule::builder().id("expire").expiration_days(days).build();
    let bucket = s3::Bucket::builder().name(config.name.as_str()).versioning(true);
    stack.add(
        "archive",
        bucket.lifecycle_rules(config.expire_after_days.map(rule).into_iter().collect::<Vec<_>>()).build(),
    );
}

fn small(stack: &mut Stack, config: &SmallConfig) -> Result<()> {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block(&config.cidr_block).build());
    for (index, cidr_block) in config.subnets.iter().enumerate() {
        stack.add(&format!("subnet-{index}"), ec2::Subnet::builder().vpc(&vpc).cidr_block(cidr_block).build());
    }
    stack.component(config.component.as_deref().unwrap_or("data"), |stack| {
        if let Some(days) = config.retention_in_days {
            stack.add("events", logs::LogGroup::builder().name("/small/events").retention_in_days(days).build());
        }
        let token = secretsmanager::Secret::builder().name("small-token").secret_string(&config.token);
        let token = stack.add("token", token.build());
        stack.export("token_arn", &token.arn);
        config.database.iter().for_each(|config| database(stack, config));
        config.archive.iter().for_each(|config| archive(stack, config));
    });
    stack.export("vpc_id", &vpc.id);
    stack.export("token", join([(&config.token).into()]));
    Ok(())
}

/// `stacks/network.toml` and `stacks/app.toml`.
#[derive(Deserialize)]
struct RangeConfig {
    /// The range of the VPC, or of the subnet in it.
    cidr_block: String,
}

fn network(stack: &mut Stack, config: &RangeConfig) -> Result<()> {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block(&config.cidr_block).build());
    stack.export("vpc_id", &vpc.id);
    stack.export("team", join(["platform".into()]));
    Ok(())
}

#[derive(StackOutputs)]
struct Network {
    vpc_id: Output<ec2::VpcId>,
    team: Output<String>,
}

fn app(stack: &mut Stack, config: &RangeConfig) -> Result<()> {
    let network = stack.read_stack::<Network>("network");
    let subnet = ec2::Subnet::builder().vpc(&network.vpc_id).cidr_block(&config.cidr_block);
    stack.add("app", subnet.tags([("network-of", &network.team)]).build());
    Ok(())
}

/// `stacks/vault.toml`.
#[derive(Deserialize)]
struct VaultConfig {
    /// What the key is for.
    description: String,
}

fn vault(stack: &mut Stack, config: &VaultConfig) -> Result<()> {
    let key = stack.add("key", kms::Key::builder().description(config.description.as_str()).build());
    stack.export("key_arn", &key.arn);
    Ok(())
}

fn main() -> ExitCode {
    let runner = formwork::Runner::new("tests").stack("small", small).stack("vault", vault);
    runner.stack("network", network).stack("app", app).main()
}
