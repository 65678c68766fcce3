//! The stack `prod`: an AI product on EKS, with its database, cache, artefacts, images and secrets.
//!
//! Sizes, versions and names come from `stacks/prod.toml`; what makes it a production stack stands here: who reaches whom, what is
//! encrypted, what is kept.

use std::collections::BTreeMap;

use formwork::components::{
    Access, AccessFrom, ClusterAddon, EksCluster, FlowLogs, ImageRepository, IrsaRole, NatGateways, Network, NodePool,
    PostgresDatabase, PrivateBucket, RedisCache, ServiceAccount,
};
use formwork::prelude::*;
use serde::Deserialize;

/// `stacks/prod.toml`.
#[derive(Debug, Clone, Deserialize)]
pub struct ProdConfig {
    /// The first part of names that must be told apart in the account.
    pub prefix: String,
    /// The network.
    pub network: NetworkConfig,
    /// Kubernetes.
    pub cluster: ClusterConfig,
    /// PostgreSQL.
    pub database: DatabaseConfig,
    /// Redis.
    pub cache: CacheConfig,
    /// The bucket of verification artefacts.
    pub artefacts: ArtefactsConfig,
    /// Container images.
    pub images: ImagesConfig,
    /// What workloads read at run time.
    pub secrets: SecretsConfig,
    /// Service accounts with a role of their own.
    pub workloads: WorkloadsConfig,
}

/// `[network]`.
#[derive(Debug, Clone, Deserialize)]
pub struct NetworkConfig {
    /// The range of the VPC.
    pub cidr_block: String,
    /// One range per zone for load balancers and NAT gateways.
    pub public_subnets: Vec<String>,
    /// One range per zone for everything else.
    pub private_subnets: Vec<String>,
    /// One NAT gateway, or one per zone.
    pub nat_gateways: NatGateways,
    /// Days for which the network's traffic is logged.
    pub flow_log_retention_in_days: i32,
}

/// `[cluster]`.
#[derive(Debug, Clone, Deserialize)]
pub struct ClusterConfig {
    /// The cluster's name.
    pub name: String,
    /// The Kubernetes version.
    pub version: String,
    /// Whether the API is reached from inside the VPC.
    pub private_endpoint: bool,
    /// The ranges that reach the API over the internet.
    pub public_endpoint_cidrs: Vec<String>,
    /// Days for which control-plane logs are kept.
    pub log_retention_in_days: i32,
    /// The node groups.
    pub node_pools: BTreeMap<String, NodePool>,
    /// The add-ons.
    pub addons: BTreeMap<String, ClusterAddon>,
    /// What operators may do.
    pub operators: OperatorsConfig,
}

/// `[cluster.operators]`.
#[derive(Debug, Clone, Deserialize)]
pub struct OperatorsConfig {
    /// EKS's access policy.
    pub policy: String,
    /// The namespaces it holds in; all when empty.
    pub namespaces: Vec<String>,
}

/// `[database]`.
#[derive(Debug, Clone, Deserialize)]
pub struct DatabaseConfig {
    /// The version of PostgreSQL.
    pub engine_version: String,
    /// The instance class.
    pub instance_class: String,
    /// The storage to begin with.
    pub allocated_storage_gib: i32,
    /// How far storage may grow by itself.
    pub max_allocated_storage_gib: i32,
    /// Whether a standby waits in another zone.
    pub multi_az: bool,
    /// Days for which backups are kept.
    pub backup_retention_in_days: i32,
    /// When backups are made, in UTC.
    pub backup_window: String,
    /// When AWS may work on it, in UTC.
    pub maintenance_window: String,
}

/// `[cache]`.
#[derive(Debug, Clone, Deserialize)]
pub struct CacheConfig {
    /// The version of Redis.
    pub engine_version: String,
    /// The node type.
    pub node_type: String,
    /// The number of nodes, over as many zones.
    pub nodes: i32,
    /// Days for which snapshots are kept.
    pub snapshot_retention_in_days: i32,
    /// What clients authenticate with.
    pub auth_token: Secret,
}

/// `[artefacts]`.
#[derive(Debug, Clone, Deserialize)]
pub struct ArtefactsConfig {
    /// Days after which a version that is not the newest any more expires.
    pub expire_noncurrent_after_days: i32,
    /// Days after which an artefact expires.
    pub expire_after_days: i32,
}

/// `[images]`.
#[derive(Debug, Clone, Deserialize)]
pub struct ImagesConfig {
    /// The repositories.
    pub repositories: Vec<String>,
    /// Days after which images without a tag expire.
    pub untagged_expire_after_days: u32,
    /// How many images are kept in each.
    pub keep_images: u32,
}

/// `[secrets]`.
#[derive(Debug, Clone, Deserialize)]
pub struct SecretsConfig {
    /// Days for which a deleted secret can be restored.
    pub recovery_window_in_days: i32,
    /// The application's environment.
    pub app_env: Secret,
    /// The LLM proxy's environment.
    pub llm_proxy_env: Secret,
}

/// `[workloads]`.
#[derive(Debug, Clone, Deserialize)]
pub struct WorkloadsConfig {
    /// The External Secrets Operator.
    pub external_secrets: ServiceAccount,
    /// The gateway.
    pub gateway: ServiceAccount,
}

/// Declares the stack.
///
/// # Errors
/// None: mistakes of the configuration are collected by the stack.
pub fn prod(stack: &mut Stack, config: &ProdConfig) -> Result<()> {
    let prefix = &config.prefix;
    let account = reads::caller_identity(stack).account;
    let region = reads::region(stack);

    let zones = ec2::availability_zones(stack);
    let network = Network {
        cidr_block: config.network.cidr_block.clone(),
        zones: (0..config.network.private_subnets.len()).map(|zone| zones.at(zone)).collect(),
        public_subnets: config.network.public_subnets.clone(),
        private_subnets: config.network.private_subnets.clone(),
        // Database and cache have security groups of their own in the private subnets, as in the architecture this stack is modelled on.
        database_subnets: Vec::new(),
        nat_gateways: config.network.nat_gateways,
        flow_logs: Some(FlowLogs { retention_in_days: config.network.flow_log_retention_in_days }),
        s3_endpoint: true,
        interface_endpoints: Vec::new(),
        kubernetes_cluster: Some(config.cluster.name.clone()),
        tags: BTreeMap::new(),
    }
    .declare(stack, "network");
    // Database and cache are reached from inside the VPC, and from nowhere else.
    let inside = AccessFrom::Cidr(config.network.cidr_block.clone());

    let operators = stack.add(
        "operators",
        iam::Role::builder()
            .name(format!("{prefix}-operators"))
            .description("administers the cluster; assumed by people of this account")
            .assume_role_policy(iam::PolicyDocument::of([iam::Statement::allow()
                .principal(iam::Principal::aws(join(["arn:aws:iam::".into(), (&account).into(), ":root".into()])))
                .action("sts:AssumeRole")]))
            .build(),
    );
    let cluster = EksCluster {
        cluster_name: config.cluster.name.clone(),
        version: config.cluster.version.clone(),
        private_endpoint: config.cluster.private_endpoint,
        public_endpoint_cidrs: config.cluster.public_endpoint_cidrs.clone(),
        log_retention_in_days: config.cluster.log_retention_in_days,
        node_pools: config.cluster.node_pools.clone(),
        addons: config.cluster.addons.clone(),
        access: BTreeMap::from([(
            "operators".to_owned(),
            Access {
                principal_arn: operators.arn.clone(),
                policy: config.cluster.operators.policy.clone(),
                namespaces: config.cluster.operators.namespaces.clone(),
            },
        )]),
        deletion_protection: true,
        options: options(),
        tags: BTreeMap::new(),
    }
    .declare(stack, "cluster", &network.private_subnets);

    let database = PostgresDatabase {
        identifier: format!("{prefix}-postgres"),
        database_name: "app".to_owned(),
        master_username: "app".to_owned(),
        // RDS makes the password and rotates it in Secrets Manager: it is in no configuration and no state.
        master_password: None,
        engine_version: config.database.engine_version.clone(),
        instance_class: config.database.instance_class.clone(),
        allocated_storage_gib: config.database.allocated_storage_gib,
        max_allocated_storage_gib: Some(config.database.max_allocated_storage_gib),
        multi_az: config.database.multi_az,
        backup_retention_in_days: config.database.backup_retention_in_days,
        backup_window: config.database.backup_window.clone(),
        maintenance_window: config.database.maintenance_window.clone(),
        parameters: BTreeMap::from([("rds.force_ssl".to_owned(), "1".to_owned())]),
        access: vec![inside.clone()],
        deletion_protection: true,
        options: options(),
        tags: BTreeMap::new(),
    }
    .declare(stack, "database", &network.vpc, &network.private_subnets);

    let cache = RedisCache {
        replication_group_id: format!("{prefix}-redis"),
        engine_version: config.cache.engine_version.clone(),
        node_type: config.cache.node_type.clone(),
        nodes: config.cache.nodes,
        auth_token: Some(config.cache.auth_token.clone()),
        snapshot_retention_in_days: config.cache.snapshot_retention_in_days,
        // Job queues live in it: what is not there any more was never done.
        parameters: BTreeMap::from([("maxmemory-policy".to_owned(), "noeviction".to_owned())]),
        access: vec![inside],
        options: options(),
        tags: BTreeMap::new(),
    }
    .declare(stack, "cache", &network.vpc, &network.private_subnets);

    let artefacts = PrivateBucket {
        bucket_name: join([format!("{prefix}-artefacts-").into(), (&account).into(), "-".into(), (&region).into()]),
        expire_after_days: Some(config.artefacts.expire_after_days),
        expire_noncurrent_after_days: Some(config.artefacts.expire_noncurrent_after_days),
        options: options(),
        tags: BTreeMap::new(),
    }
    .declare(stack, "artefacts");

    let mut repositories = BTreeMap::new();
    for name in &config.images.repositories {
        let repository = ImageRepository {
            repository_name: format!("{prefix}/{name}").into(),
            untagged_expire_after_days: config.images.untagged_expire_after_days,
            keep_images: config.images.keep_images,
            tags: BTreeMap::new(),
        };
        repositories.insert(name.clone(), stack.component("images", |stack| repository.declare(stack, name)));
    }

    let secret = |stack: &mut Stack, name: &str, value: &Secret| {
        let secret = secretsmanager::Secret::builder()
            .name(format!("{prefix}-{name}"))
            .secret_string(value)
            .recovery_window_in_days(config.secrets.recovery_window_in_days);
        stack.component("secrets", |stack| stack.add(name, secret.build()))
    };
    let app_env = secret(stack, "app-env", &config.secrets.app_env);
    let llm_proxy_env = secret(stack, "llm-proxy-env", &config.secrets.llm_proxy_env);

    let external_secrets = IrsaRole {
        role_name: format!("{prefix}-external-secrets").into(),
        service_accounts: vec![config.workloads.external_secrets.clone()],
        policy: iam::PolicyDocument::of([iam::Statement::allow()
            .actions(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"])
            .resources([&app_env.arn, &llm_proxy_env.arn])]),
        tags: BTreeMap::new(),
    }
    .declare(stack, "external-secrets", &cluster.service_accounts);
    let gateway = IrsaRole {
        role_name: format!("{prefix}-gateway").into(),
        service_accounts: vec![config.workloads.gateway.clone()],
        policy: iam::PolicyDocument::of([
            iam::Statement::allow().action("s3:ListBucket").resource(&artefacts.bucket.arn),
            iam::Statement::allow()
                .actions(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
                .resource(join([(&artefacts.bucket.arn).into(), "/*".into()])),
        ]),
        tags: BTreeMap::new(),
    }
    .declare(stack, "gateway", &cluster.service_accounts);

    stack.export("cluster_name", &cluster.cluster.name);
    stack.export("cluster_endpoint", &cluster.cluster.endpoint);
    stack.export("kubeconfig", cluster.kubeconfig(&region));
    stack.export("vpc_id", &network.vpc.id);
    stack.export("public_subnet_ids", all(network.public_subnets.iter().map(|subnet| subnet.id.clone())));
    stack.export("private_subnet_ids", all(network.private_subnets.iter().map(|subnet| subnet.id.clone())));
    for (name, repository) in &repositories {
        stack.export(&format!("repository_url_{}", name.replace('-', "_")), &repository.url);
    }
    stack.export("database_endpoint", &database.instance.endpoint);
    stack.export("database_url", database.url());
    stack.export("database_password_secret_arn", &database.instance.master_user_secret);
    stack.export("redis_endpoint", &cache.replication_group.primary_endpoint);
    stack.export("redis_url", cache.url());
    stack.export("artefacts_bucket", &artefacts.bucket.id);
    stack.export("operators_role_arn", &operators.arn);
    stack.export("external_secrets_role_arn", &external_secrets.arn);
    stack.export("gateway_role_arn", &gateway.arn);
    Ok(())
}
