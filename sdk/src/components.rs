//! Components: what production stacks are mostly made of, built from public resource types only.
//!
//! Each is a plain struct of settings with a method `declare(stack, name)` that declares the resources under that path and answers
//! their handles. What it does not cover is one `stack.add` away: the handles are the same.

mod access;
mod aurora_postgres;
mod bastion;
mod dns_validated_certificate;
mod eks_cluster;
mod host;
mod image_repository;
mod irsa_role;
mod network;
mod postgres_database;
mod private_bucket;
mod redis_cache;
mod static_site;
mod tenant;
mod vpn_access;

pub use access::AccessFrom;
pub use aurora_postgres::{AuroraPostgres, AuroraPostgresParts};
pub use bastion::{Bastion, BastionParts};
pub use dns_validated_certificate::{DnsValidatedCertificate, DnsValidatedCertificateParts, IssuedCertificate};
pub use eks_cluster::{Access, ClusterAddon, EksCluster, EksClusterParts, NodePool};
pub use host::HostImage;
pub use image_repository::ImageRepository;
pub use irsa_role::{IrsaRole, ServiceAccount};
pub use network::{FlowLogs, NatGateways, Network, NetworkParts};
pub use postgres_database::{PostgresDatabase, PostgresDatabaseParts};
pub use private_bucket::{PrivateBucket, PrivateBucketParts};
pub use redis_cache::{RedisCache, RedisCacheParts};
pub use static_site::{SiteCertificate, StaticSite, StaticSiteParts};
pub use tenant::{Tenant, TenantDatabase, TenantObjects, TenantParts};
pub use vpn_access::{
    ClientVpn, ClientVpnParts, VpnAccess, VpnAccessParts, VpnAuthorization, VpnEnd, VpnHost, VpnHostParts,
};

use std::collections::BTreeMap;

/// Tags as the builders take them.
type Tags = BTreeMap<String, String>;
