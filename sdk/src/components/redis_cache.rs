//! [`RedisCache`]: Redis on ElastiCache as production wants it.

use std::collections::BTreeMap;

use formwork_aws::ec2::{SecurityGroup, Subnet, Vpc};
use formwork_aws::elasticache::{ParameterGroup, ReplicationGroup, SubnetGroup};
use formwork_engine::{Handle, Options, Output, Part, Secret, Stack, join};

use super::Tags;
use super::access::{AccessFrom, security_group};

/// Redis on ElastiCache: encrypted on disk and on the way, in private subnets, over several zones with automatic failover.
#[derive(Debug, Clone)]
pub struct RedisCache {
    /// The id of the replication group, in lower case.
    pub replication_group_id: String,
    /// The version, such as `7.1`.
    pub engine_version: String,
    /// The node type, such as `cache.r6g.large`.
    pub node_type: String,
    /// The number of nodes; with two and more, a replica takes over from a failed primary.
    pub nodes: i32,
    /// What clients authenticate with.
    pub auth_token: Option<Secret>,
    /// Days for which snapshots are kept; 0 for none.
    pub snapshot_retention_in_days: i32,
    /// Settings of Redis, such as `maxmemory-policy`.
    pub parameters: BTreeMap<String, String>,
    /// Who may connect.
    pub access: Vec<AccessFrom>,
    /// Options of the replication group itself, such as `protect`.
    pub options: Options,
    /// Tags for everything that has tags.
    pub tags: Tags,
}

/// The handles of a [`RedisCache`].
#[derive(Debug)]
pub struct RedisCacheParts {
    /// The replication group.
    pub replication_group: Handle<ReplicationGroup>,
    /// Who reaches it.
    pub security_group: Handle<SecurityGroup>,
    auth_token: Option<Secret>,
}

impl RedisCacheParts {
    /// The URL with the token: secret, if there is one.
    pub fn url(&self) -> Output<String> {
        let token: Part = match &self.auth_token {
            Some(token) => token.into(),
            None => "".into(),
        };
        let at = if self.auth_token.is_some() { "@" } else { "" };
        let colon = if self.auth_token.is_some() { ":" } else { "" };
        join([
            format!("rediss://{colon}").into(),
            token,
            at.into(),
            (&self.replication_group.primary_endpoint).into(),
            format!(":{PORT}").into(),
        ])
    }
}

const PORT: i32 = 6379;

impl RedisCache {
    /// Declares it under `name`, in these subnets of the VPC.
    #[track_caller]
    pub fn declare(
        &self,
        stack: &mut Stack,
        name: &str,
        vpc: &Handle<Vpc>,
        subnets: &[Handle<Subnet>],
    ) -> RedisCacheParts {
        stack.component(name, |stack| {
            let group = security_group(stack, vpc, &self.replication_group_id, PORT, &self.access, &self.tags);
            let subnet_group = SubnetGroup::builder()
                .name(&self.replication_group_id)
                .description(format!("where {} stands", self.replication_group_id))
                .subnets(subnets.iter().collect::<Vec<_>>())
                .tags(self.tags.clone());
            let subnet_group = stack.add("main", subnet_group.build());

            let major = self.engine_version.split('.').next().unwrap_or_default();
            let parameter_group = ParameterGroup::builder()
                .name(format!("{}-redis{major}", self.replication_group_id))
                .family(format!("redis{major}"))
                .description(format!("settings of {}", self.replication_group_id))
                .parameters(self.parameters.clone())
                .tags(self.tags.clone());
            let parameter_group = stack.add("main", parameter_group.build());

            let replicated = self.nodes > 1;
            let cache = ReplicationGroup::builder()
                .name(&self.replication_group_id)
                .description(format!("cache and queues: {}", self.replication_group_id))
                .engine_version(&self.engine_version)
                .node_type(&self.node_type)
                .num_cache_clusters(self.nodes)
                .automatic_failover(replicated)
                .multi_az(replicated)
                .at_rest_encryption(true)
                .transit_encryption(true)
                .subnet_group(&subnet_group)
                .security_groups([&group])
                .parameter_group(&parameter_group)
                .snapshot_retention_limit(self.snapshot_retention_in_days)
                .tags(self.tags.clone());
            let cache = match &self.auth_token {
                Some(token) => cache.auth_token(token),
                None => cache,
            };
            RedisCacheParts {
                replication_group: stack.add_with("main", cache.build(), self.options.clone()),
                security_group: group,
                auth_token: self.auth_token.clone(),
            }
        })
    }
}
