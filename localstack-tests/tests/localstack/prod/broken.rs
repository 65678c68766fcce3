//! `prod` with every row broken: what the rows' tests must find.

use formwork_aws::iam::{PolicyDocument, Principal, Statement};
use formwork_aws::{ec2, ecr, eks, elasticache, iam, kms, rds, s3};
use formwork_engine::expr::Expr;
use formwork_engine::{Program, Resource, Urn, Value};

use super::config;

/// The program.
pub(super) fn program() -> Program {
    let mut config = config();
    config.cluster.addons.remove("coredns");
    config.cluster.operators.policy = "AmazonEKSViewPolicy".to_owned();
    config.cluster.node_pools.entry("general".to_owned()).and_modify(|pool| pool.labels.clear());
    config.database.multi_az = false;
    config.cache.nodes = 1;
    config.images.repositories.retain(|name| name != "llm-proxy");
    let mut program = super::program(&config);
    network(&mut program);
    cluster(&mut program);
    stores(&mut program);
    workloads(&mut program);
    program
}

fn network(program: &mut Program) {
    set::<ec2::Vpc>(program, "network/main", "enable_dns_hostnames", false);
    set::<ec2::Subnet>(program, "network/public-1", "map_public_ip_on_launch", false);
    set::<ec2::Subnet>(program, "network/private-2", "tags", Value::empty_map());
    let out = [
        ("by".to_owned(), Expr::text("internet-gateway")),
        ("internet_gateway".to_owned(), id_of::<ec2::InternetGateway>("network/main")),
    ];
    set::<ec2::Route>(program, "network/private", "target", Expr::Record(out.into()));
    let public = Expr::List(vec![id_of::<ec2::RouteTable>("network/public")]);
    set::<ec2::VpcEndpoint>(program, "network/s3", "route_tables", public);
    set::<ec2::FlowLog>(program, "network/flow-logs/main", "traffic_type", "REJECT");
    set::<ec2::NatGateway>(program, "network/nat-1", "subnet", id_of::<ec2::Subnet>("network/private-1"));
    set::<ec2::SecurityGroupIngressRule>(program, "database/access-1", "cidr_ipv4", "0.0.0.0/0");
    set::<ec2::SecurityGroupIngressRule>(program, "cache/access-1", "to_port", 6380_i64);
}

fn cluster(program: &mut Program) {
    set::<eks::Cluster>(program, "cluster/main", "log_types", Value::List(vec!["api".into()]));
    set::<kms::Key>(program, "cluster/secrets", "enable_key_rotation", false);
    let clients = Value::List(vec!["somebody-else".into()]);
    set::<iam::OpenIdConnectProvider>(program, "cluster/service-accounts", "client_ids", clients);
}

fn stores(program: &mut Program) {
    set::<rds::Instance>(program, "database/main", "publicly_accessible", true);
    set::<rds::ParameterGroup>(program, "database/main", "parameters", Value::from([("rds.force_ssl", "0")]));
    let evicting = Value::from([("maxmemory-policy", "allkeys-lru")]);
    set::<elasticache::ParameterGroup>(program, "cache/main", "parameters", evicting);
    set::<elasticache::ReplicationGroup>(program, "cache/main", "transit_encryption", false);
    set::<elasticache::ReplicationGroup>(program, "cache/main", "auth_token", Expr::null());
}

fn workloads(program: &mut Program) {
    set::<ecr::Repository>(program, "images/web", "scan_on_push", false);
    set::<formwork_aws::secretsmanager::Secret>(program, "secrets/app-env", "secret_string", "{}");
    let anybody = Statement::allow().principal(Principal::anybody()).action("sts:AssumeRole");
    let trust = PolicyDocument::of([anybody]).output();
    set::<iam::Role>(program, "gateway/role", "assume_role_policy", Expr::from(trust));
    set::<s3::Bucket>(program, "artefacts/main", "versioning", false);
    set::<s3::Bucket>(program, "artefacts/main", "public_access_block", Value::from([("block_public_policy", false)]));
    let reading = Statement::deny().principal(Principal::anybody()).action("s3:GetObject").resource("arn:aws:s3:::x/*");
    let policy = PolicyDocument::of([reading]).output();
    set::<s3::BucketPolicy>(program, "artefacts/tls-only", "policy", Expr::from(policy));
    let policy = PolicyDocument::of([Statement::allow().action("s3:*").resource("*")]).output();
    set::<iam::RolePolicy>(program, "gateway/policy", "policy", Expr::from(policy));
    let everything = Statement::allow().action("secretsmanager:*").resource("*");
    let policy = PolicyDocument::of([everything]).output();
    set::<iam::RolePolicy>(program, "external-secrets/policy", "policy", Expr::from(policy));
}

/// Declares another value for an argument; `Null` takes it away.
pub(super) fn set<R: Resource>(program: &mut Program, path: &str, arg: &str, value: impl Into<Expr>) {
    let mut declared = program.resources.values_mut();
    let found = declared.find(|it| it.schema.kind == R::schema().kind && it.urn.path() == path);
    let found = found.unwrap_or_else(|| panic!("there is no {} at {path}", R::schema().kind));
    match value.into() {
        Expr::Literal(Value::Null) => found.args.remove(arg),
        value => found.args.insert(arg.to_owned(), value),
    };
}

/// The id of a resource, as the program would write it.
fn id_of<R: Resource>(path: &str) -> Expr {
    let path: Vec<&str> = path.split('/').collect();
    let kind = formwork_engine::KindName::new(R::schema().kind);
    Expr::Output { urn: Urn::new("prod", &path, &kind).unwrap(), name: "id".to_owned() }
}
