//! `stacks/platform.toml`, as the stack reads it.

use std::collections::BTreeMap;

use formwork::components::{ClusterAddon, NatGateways, NodePool};
use serde::Deserialize;

/// `stacks/platform.toml`.
#[derive(Debug, Clone, Deserialize)]
pub struct PlatformConfig {
    /// The first part of names that must be told apart in the account.
    pub prefix: String,
    /// The network.
    pub network: NetworkConfig,
    /// Kubernetes.
    pub cluster: ClusterConfig,
    /// Aurora.
    pub database: DatabaseConfig,
    /// The bastion and the end of the VPN.
    pub hosts: HostsConfig,
    /// Static assets.
    pub statics: StaticsConfig,
    /// What all tenants have in common.
    pub tenancy: TenancyConfig,
    /// The tenants, by name.
    pub tenants: BTreeMap<String, TenantConfig>,
}

/// `[network]`.
#[derive(Debug, Clone, Deserialize)]
pub struct NetworkConfig {
    /// The range of the VPC.
    pub cidr_block: String,
    /// The zones, by name: each subnet stays where it is, whatever zones AWS adds.
    pub availability_zones: Vec<String>,
    /// One range per zone for load balancers, hosts and the NAT gateway.
    pub public_subnets: Vec<String>,
    /// One range per zone for nodes.
    pub private_subnets: Vec<String>,
    /// One range per zone for databases.
    pub database_subnets: Vec<String>,
    /// One NAT gateway, or one per zone.
    pub nat_gateways: NatGateways,
    /// Services of AWS that are reached without the internet.
    pub interface_endpoints: Vec<String>,
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
    /// Days for which control-plane logs are kept.
    pub log_retention_in_days: i32,
    /// The node groups.
    pub node_pools: BTreeMap<String, NodePool>,
    /// The add-ons.
    pub addons: BTreeMap<String, ClusterAddon>,
}

/// `[database]`.
#[derive(Debug, Clone, Deserialize)]
pub struct DatabaseConfig {
    /// The version of Aurora PostgreSQL.
    pub engine_version: String,
    /// The instance class of its members.
    pub instance_class: String,
    /// The number of its members.
    pub instances: u8,
    /// Days for which backups are kept.
    pub backup_retention_in_days: i32,
    /// When backups are made, in UTC.
    pub backup_window: String,
    /// When AWS may work on it, in UTC.
    pub maintenance_window: String,
}

/// `[hosts]`.
#[derive(Debug, Clone, Deserialize)]
pub struct HostsConfig {
    /// The ranges from which administrators come.
    pub administrators: Vec<String>,
    /// The administrators' public key, as OpenSSH writes it.
    pub public_key: String,
    /// The sort of machine that the bastion is.
    pub bastion_instance_type: String,
    /// The sort of machine that ends the VPN.
    pub vpn_instance_type: String,
    /// An image to stay with; the newest Amazon Linux 2023, pinned at the first run, when absent.
    pub image: Option<String>,
}

/// `[statics]`.
#[derive(Debug, Clone, Deserialize)]
pub struct StaticsConfig {
    /// The domain, which becomes a zone.
    pub domain: String,
    /// The name in it that assets are served from.
    pub host: String,
}

/// `[tenancy]`.
#[derive(Debug, Clone, Deserialize)]
pub struct TenancyConfig {
    /// The application that tenants run: the first part of the names of their secrets.
    pub application: String,
    /// The stages of which each tenant has secrets.
    pub stages: Vec<String>,
    /// Days for which a deleted secret can be restored.
    pub recovery_window_in_days: i32,
}

/// A line of `[tenants]`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct TenantConfig {
    /// The namespaces of its service accounts; one of its own name when absent.
    pub namespaces: Option<Vec<String>>,
}
