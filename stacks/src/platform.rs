//! The stack `platform`: a multi-tenant hosting platform, in eu-west-1, with the certificate of its distribution in us-east-1.
//!
//! Everything is one graph. The policy of the assets' bucket names the distribution that may read it, the trust of each role names the cluster's own
//! identity provider, hosts are let into the database by their security groups: no id is written down anywhere. A tenant is one line of
//! `stacks/platform.toml`.

mod config;
mod controllers;

use std::collections::BTreeMap;

use formwork::components::{
    Access, AccessFrom, AuroraPostgres, AuroraPostgresParts, Bastion, BastionParts, DnsValidatedCertificate,
    EksCluster, EksClusterParts, FlowLogs, HostImage, IrsaRole, Network, NetworkParts, ServiceAccount, SiteCertificate,
    StaticSite, StaticSiteParts, Tenant, TenantDatabase, TenantObjects, VpnAccess, VpnAccessParts, VpnEnd, VpnHost,
};
use formwork::prelude::*;

pub use config::{
    ClusterConfig, DatabaseConfig, HostsConfig, NetworkConfig, PlatformConfig, StaticsConfig, TenancyConfig,
    TenantConfig,
};

/// Where CloudFront takes certificates from.
const CLOUDFRONT_REGION: &str = "us-east-1";
/// The port of WireGuard.
const VPN_PORT: i32 = 51820;

/// Declares the stack.
///
/// # Errors
/// None: mistakes of the configuration are collected by the stack.
pub fn platform(stack: &mut Stack, config: &PlatformConfig) -> Result<()> {
    let network = network(stack, config);
    let bastion = bastion(stack, config, &network);
    let vpn = vpn(stack, config, &network);
    let cluster = cluster(stack, config, &network, [&bastion.as_access(), &vpn.as_access()], &bastion);
    let database = database(stack, config, &network);
    let site = statics(stack, config);
    controllers(stack, config, &cluster);
    tenants(stack, config, &cluster, &database, &site);

    stack.export("cluster_name", &cluster.cluster.name);
    stack.export("cluster_endpoint", &cluster.cluster.endpoint);
    stack.export("vpc_id", &network.vpc.id);
    stack.export("database_endpoint", &database.cluster.endpoint);
    stack.export("database_reader_endpoint", &database.cluster.reader_endpoint);
    stack.export("bastion_instance_id", &bastion.instance.id);
    if let Some(host) = &vpn.host {
        stack.export("vpn_address", &host.address.public_ip);
    }
    stack.export("statics_bucket", &site.bucket.id);
    stack.export("statics_url", format!("https://{}.{}", config.statics.host, config.statics.domain));
    stack.export("statics_distribution_id", &site.distribution.id);
    Ok(())
}

fn network(stack: &mut Stack, config: &PlatformConfig) -> NetworkParts {
    let wanted = &config.network;
    Network {
        cidr_block: wanted.cidr_block.clone(),
        zones: wanted.availability_zones.iter().cloned().map(Output::known).collect(),
        public_subnets: wanted.public_subnets.clone(),
        private_subnets: wanted.private_subnets.clone(),
        database_subnets: wanted.database_subnets.clone(),
        nat_gateways: wanted.nat_gateways,
        flow_logs: Some(FlowLogs { retention_in_days: wanted.flow_log_retention_in_days }),
        s3_endpoint: true,
        interface_endpoints: wanted.interface_endpoints.clone(),
        kubernetes_cluster: Some(config.cluster.name.clone()),
        tags: BTreeMap::new(),
    }
    .declare(stack, "network")
}

fn image(config: &PlatformConfig) -> HostImage {
    match &config.hosts.image {
        Some(id) => HostImage::pinned(ec2::AmiId::new(id)),
        None => HostImage::amazon_linux(),
    }
}

fn administrators(config: &PlatformConfig) -> Vec<AccessFrom> {
    config.hosts.administrators.iter().cloned().map(AccessFrom::Cidr).collect()
}

/// The way to the cluster's API, which nobody reaches over the internet.
fn bastion(stack: &mut Stack, config: &PlatformConfig, network: &NetworkParts) -> BastionParts {
    Bastion {
        host_name: format!("{}-bastion", config.prefix),
        image: image(config),
        instance_type: config.hosts.bastion_instance_type.clone(),
        access: administrators(config),
        public_key: Some(config.hosts.public_key.clone()),
        user_data: None,
        termination_protection: false,
        options: options(),
        tags: BTreeMap::new(),
    }
    .declare(stack, "bastion", &network.vpc, &network.public_subnets[0])
}

fn vpn(stack: &mut Stack, config: &PlatformConfig, network: &NetworkParts) -> VpnAccessParts {
    VpnAccess {
        network_name: format!("{}-vpn", config.prefix),
        // People work from everywhere; what lets them in is the key of their tunnel.
        access: vec![AccessFrom::Cidr("0.0.0.0/0".to_owned())],
        end: VpnEnd::Host(VpnHost {
            image: image(config),
            instance_type: config.hosts.vpn_instance_type.clone(),
            udp_port: VPN_PORT,
            ssh_access: administrators(config),
            public_key: Some(config.hosts.public_key.clone()),
            user_data: None,
            termination_protection: false,
            options: options(),
        }),
        tags: BTreeMap::new(),
    }
    .declare(stack, "vpn", &network.vpc, &network.public_subnets[0])
}

/// The cluster, whose API is reached from inside the VPC only: by its nodes, and by those who are let in here.
fn cluster(
    stack: &mut Stack,
    config: &PlatformConfig,
    network: &NetworkParts,
    from: [&AccessFrom; 2],
    administrator: &BastionParts,
) -> EksClusterParts {
    let wanted = &config.cluster;
    let cluster = EksCluster {
        cluster_name: wanted.name.clone(),
        version: wanted.version.clone(),
        private_endpoint: true,
        public_endpoint_cidrs: Vec::new(),
        log_retention_in_days: wanted.log_retention_in_days,
        node_pools: wanted.node_pools.clone(),
        addons: wanted.addons.clone(),
        access: BTreeMap::from([(
            "bastion".to_owned(),
            Access {
                principal_arn: administrator.role.arn.clone(),
                policy: "AmazonEKSClusterAdminPolicy".to_owned(),
                namespaces: Vec::new(),
            },
        )]),
        deletion_protection: true,
        options: options(),
        tags: BTreeMap::new(),
    }
    .declare(stack, "cluster", &network.private_subnets);
    stack.component("cluster", |stack| {
        for (name, from) in ["bastion", "vpn"].into_iter().zip(from) {
            let AccessFrom::SecurityGroup(group) = from else { continue };
            let rule = ec2::SecurityGroupIngressRule::builder()
                .security_group(&cluster.cluster.cluster_security_group)
                .protocol("tcp")
                .from_port(443)
                .to_port(443)
                .referenced_group(group)
                .description(format!("the API, from the {name}"));
            stack.add(&format!("api-from-{name}"), rule.build());
        }
    });
    cluster
}

fn database(stack: &mut Stack, config: &PlatformConfig, network: &NetworkParts) -> AuroraPostgresParts {
    let wanted = &config.database;
    AuroraPostgres {
        engine_version: wanted.engine_version.clone(),
        instance_class: wanted.instance_class.clone(),
        instances: wanted.instances,
        backup_retention_in_days: wanted.backup_retention_in_days,
        backup_window: wanted.backup_window.clone(),
        maintenance_window: wanted.maintenance_window.clone(),
        ..AuroraPostgres::new(
            format!("{}-aurora", config.prefix),
            vec![AccessFrom::Cidr(config.network.cidr_block.clone())],
        )
    }
    .declare(stack, "database", &network.vpc, &network.database_subnets)
}

/// Zone, certificate, bucket and distribution: the assets of all tenants, under one name.
fn statics(stack: &mut Stack, config: &PlatformConfig) -> StaticSiteParts {
    let account = reads::caller_identity(stack).account;
    let name = format!("{}.{}", config.statics.host, config.statics.domain);
    let zone = stack.component("dns", |stack| {
        stack.add("zone", route53::HostedZone::builder().name(&config.statics.domain).build())
    });
    let cloudfront = stack.provider(CLOUDFRONT_REGION);
    let certificate = DnsValidatedCertificate::new(&name, &zone).provider(&cloudfront).declare(stack, "certificate");

    let backups = s3::LifecycleRule::builder()
        .id("backups")
        .prefix("backups/")
        .expiration_days(7)
        .noncurrent_expiration_days(1)
        .abort_incomplete_multipart_upload_days(7);
    let former = s3::LifecycleRule::builder().id("former-versions").noncurrent_expiration_days(7);
    let markers = s3::LifecycleRule::builder().id("expired-delete-markers").expired_object_delete_marker(true);
    let anybody = s3::CorsRule::builder()
        .allowed_methods(["GET", "HEAD"])
        .allowed_origins(["*"])
        .allowed_headers(["*"])
        .max_age_seconds(3600);
    StaticSite {
        comment: format!("static assets of {}", config.prefix),
        names: vec![name],
        certificate: Some(SiteCertificate::of(certificate.arn())),
        zone: Some(zone.id.clone()),
        cors_rules: vec![anybody.build()],
        lifecycle_rules: vec![backups.build(), former.build(), markers.build()],
        ..StaticSite::of(join([format!("{}-statics-", config.prefix).into(), (&account).into()]))
    }
    .declare(stack, "statics")
}

/// Roles for what runs inside the cluster on behalf of all.
fn controllers(stack: &mut Stack, config: &PlatformConfig, cluster: &EksClusterParts) {
    let account = reads::caller_identity(stack).account;
    let region = reads::region(stack);
    let secrets = |name: &str| {
        let place = ["arn:aws:secretsmanager:".into(), (&region).into(), ":".into(), (&account).into()];
        join([join(place).into(), format!(":secret:{name}").into()])
    };
    let application = &config.tenancy.application;
    let wanted = [
        ("aws-load-balancer-controller", "kube-system", controllers::load_balancer_controller()),
        ("cluster-autoscaler", "kube-system", controllers::cluster_autoscaler(&config.cluster.name)),
        (
            "external-secrets",
            "external-secrets",
            controllers::external_secrets([
                secrets(&format!("{application}-*")),
                secrets(&format!("{}-*", config.prefix)),
            ]),
        ),
    ];
    stack.component("controllers", |stack| {
        for (name, namespace, policy) in wanted {
            IrsaRole {
                role_name: format!("{}-{name}", config.prefix).into(),
                service_accounts: vec![ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() }],
                policy,
                tags: BTreeMap::new(),
            }
            .declare(stack, name, &cluster.service_accounts);
        }
    });
}

fn tenants(
    stack: &mut Stack,
    config: &PlatformConfig,
    cluster: &EksClusterParts,
    database: &AuroraPostgresParts,
    site: &StaticSiteParts,
) {
    let common = &config.tenancy;
    let database = TenantDatabase {
        endpoint: database.cluster.address.clone(),
        port: 5432,
        resource_id: database.cluster.resource_id.clone(),
        secret_prefix: config.prefix.clone(),
        recovery_window_in_days: common.recovery_window_in_days,
    };
    stack.component("tenants", |stack| {
        for (name, tenant) in &config.tenants {
            let mut declared = Tenant::new(name)
                .role_name(format!("{}-{name}", config.prefix))
                .objects(TenantObjects { bucket_arn: site.bucket.arn.clone(), prefix: format!("{name}/") })
                .database(database.clone())
                .tags(BTreeMap::from([("tenant".to_owned(), name.clone())]));
            for namespace in tenant.namespaces.clone().unwrap_or_else(|| vec![name.clone()]) {
                declared = declared.service_account(namespace, &common.application);
            }
            for stage in &common.stages {
                declared = declared.secrets(format!("{}-{name}-*-{stage}-*", common.application));
            }
            declared.declare(stack, &cluster.service_accounts);
        }
    });
}
