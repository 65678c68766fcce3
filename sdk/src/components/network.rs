//! [`Network`]: a VPC with public, private and database subnets over several zones, the way out, and the ways into AWS's services.

use std::collections::BTreeMap;

use formwork_aws::ec2::{
    ElasticIp, FlowLog, InternetGateway, NatGateway, Route, RouteTable, RouteTableAssociation, Subnet, Target,
    TrafficType, Vpc, VpcEndpoint, VpcEndpointType,
};
use formwork_aws::iam::{PolicyDocument, Principal, Role, RolePolicy, Statement};
use formwork_aws::logs::LogGroup;
use formwork_aws::reads;
use formwork_engine::{Handle, Output, Stack, join};

use super::{AccessFrom, Tags, access};

/// A VPC with public and private subnets, one of each per zone, and database subnets where they are wanted.
///
/// Only the public subnets have a route to the internet gateway; the private ones reach the internet through NAT gateways, if at all, and
/// the database subnets reach nothing outside of the VPC.
///
/// ```
/// use formwork::components::{FlowLogs, NatGateways, Network};
/// use formwork::prelude::*;
///
/// fn stack(stack: &mut Stack) {
///     let zones = ec2::availability_zones(stack);
///     let network = Network {
///         cidr_block: "10.0.0.0/16".into(),
///         zones: (0..3).map(|zone| zones.at(zone)).collect(),
///         public_subnets: ["10.0.101.0/24", "10.0.102.0/24", "10.0.103.0/24"].map(String::from).to_vec(),
///         private_subnets: ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"].map(String::from).to_vec(),
///         database_subnets: Vec::new(),
///         nat_gateways: NatGateways::Shared,
///         flow_logs: Some(FlowLogs { retention_in_days: 30 }),
///         s3_endpoint: true,
///         interface_endpoints: vec!["ecr.api".into(), "ecr.dkr".into()],
///         kubernetes_cluster: Some("prod".into()),
///         tags: Default::default(),
///     }
///     .declare(stack, "network");
///     stack.export("vpc_id", &network.vpc.id);
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Network {
    /// The IPv4 range of the VPC.
    pub cidr_block: String,
    /// The zones, one per subnet of each sort.
    pub zones: Vec<Output<String>>,
    /// The ranges of the public subnets, in the order of the zones.
    pub public_subnets: Vec<String>,
    /// The ranges of the private subnets, in the order of the zones.
    pub private_subnets: Vec<String>,
    /// The ranges of the subnets for data stores, in the order of the zones; none when empty. They have no route out of the VPC.
    pub database_subnets: Vec<String>,
    /// How private subnets reach the internet.
    pub nat_gateways: NatGateways,
    /// Whether and for how long the network's traffic is logged.
    pub flow_logs: Option<FlowLogs>,
    /// Whether S3 is reached inside AWS, without a NAT gateway and its price.
    pub s3_endpoint: bool,
    /// Services of AWS that are reached inside the VPC, through network interfaces in the private subnets, by the last part of their
    /// endpoint's name: `sts`, `ecr.api`, `secretsmanager`. Each costs by the hour and zone.
    pub interface_endpoints: Vec<String>,
    /// The Kubernetes cluster whose load balancers may use the subnets: tags them for its controllers.
    pub kubernetes_cluster: Option<String>,
    /// Tags for everything that has tags.
    pub tags: Tags,
}

/// How private subnets reach the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NatGateways {
    /// Not at all.
    None,
    /// Through one for all zones: a third of the price, and gone with its zone.
    Shared,
    /// Through one in each zone.
    PerZone,
}

/// How the traffic of a network is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct FlowLogs {
    /// For how many days; one of the numbers that CloudWatch Logs takes.
    pub retention_in_days: i32,
}

/// The handles of a [`Network`].
#[derive(Debug)]
pub struct NetworkParts {
    /// The VPC.
    pub vpc: Handle<Vpc>,
    /// The internet gateway.
    pub internet_gateway: Handle<InternetGateway>,
    /// The public subnets, in the order of the zones.
    pub public_subnets: Vec<Handle<Subnet>>,
    /// The private subnets, in the order of the zones.
    pub private_subnets: Vec<Handle<Subnet>>,
    /// The subnets for data stores, in the order of the zones.
    pub database_subnets: Vec<Handle<Subnet>>,
    /// The NAT gateways: none, one, or one per zone.
    pub nat_gateways: Vec<Handle<NatGateway>>,
    /// The interface endpoints, by the names they were asked for.
    pub interface_endpoints: BTreeMap<String, Handle<VpcEndpoint>>,
    /// The route table of the public subnets.
    pub public_route_table: Handle<RouteTable>,
    /// The route tables of the private subnets: one per zone, or one.
    pub private_route_tables: Vec<Handle<RouteTable>>,
}

const ANYWHERE: &str = "0.0.0.0/0";
const HTTPS: i32 = 443;

impl Network {
    /// Declares it under `name`.
    #[track_caller]
    pub fn declare(&self, stack: &mut Stack, name: &str) -> NetworkParts {
        let zones = self.zones.len();
        let wanted = [
            ("public", &self.public_subnets, true),
            ("private", &self.private_subnets, true),
            ("database", &self.database_subnets, !self.database_subnets.is_empty()),
        ];
        for (sort, given, wanted) in wanted {
            if wanted && given.len() != zones {
                stack.mistake(format!(
                    "{name} has {zones} zones and {} {sort} subnets: one per zone is wanted",
                    given.len()
                ));
            }
        }
        stack.component(name, |stack| self.inside(stack))
    }

    fn inside(&self, stack: &mut Stack) -> NetworkParts {
        let vpc = Vpc::builder()
            .cidr_block(&self.cidr_block)
            .enable_dns_support(true)
            .enable_dns_hostnames(true)
            .tags(self.named("main"));
        let vpc = stack.add("main", vpc.build());
        let gateway = stack.add("main", InternetGateway::builder().vpc(&vpc).tags(self.named("main")).build());

        let public_route_table =
            stack.add("public", RouteTable::builder().vpc(&vpc).tags(self.named("public")).build());
        let to_internet = Route::builder().route_table(&public_route_table).destination(ANYWHERE);
        stack.add("public", to_internet.target(Target::internet_gateway(&gateway)).build());
        let public_subnets = self.subnets(stack, &vpc, "public", &self.public_subnets);
        for (zone, subnet) in public_subnets.iter().enumerate() {
            let association = RouteTableAssociation::builder().subnet(subnet).route_table(&public_route_table);
            stack.add(&numbered("public", zone), association.build());
        }

        let nat_gateways = self.nat_gateways(stack, &public_subnets);
        let private_subnets = self.subnets(stack, &vpc, "private", &self.private_subnets);
        let private_route_tables = self.private_routes(stack, &vpc, &private_subnets, &nat_gateways);

        let database_subnets = self.subnets(stack, &vpc, "database", &self.database_subnets);
        let database_route_table = self.database_routes(stack, &vpc, &database_subnets);

        if self.s3_endpoint {
            let region = reads::region(stack);
            let tables: Vec<_> = std::iter::once(&public_route_table)
                .chain(&private_route_tables)
                .chain(&database_route_table)
                .collect();
            let endpoint = VpcEndpoint::builder()
                .vpc(&vpc)
                .service_name(join(["com.amazonaws.".into(), (&region).into(), ".s3".into()]))
                .route_tables(tables)
                .tags(self.named("s3"));
            stack.add("s3", endpoint.build());
        }
        let interface_endpoints = self.interface_endpoints(stack, &vpc, &private_subnets);
        if let Some(logs) = self.flow_logs {
            self.flow_log(stack, &vpc, logs);
        }
        NetworkParts {
            vpc,
            internet_gateway: gateway,
            public_subnets,
            private_subnets,
            database_subnets,
            nat_gateways,
            interface_endpoints,
            public_route_table,
            private_route_tables,
        }
    }

    fn subnets(&self, stack: &mut Stack, vpc: &Handle<Vpc>, sort: &str, ranges: &[String]) -> Vec<Handle<Subnet>> {
        let declare = |(index, (range, zone)): (usize, (&String, &Output<String>))| {
            let mut tags = self.named(&numbered(sort, index));
            if let Some(cluster) = self.kubernetes_cluster.as_ref().filter(|_| sort != "database") {
                let role = if sort == "public" { "kubernetes.io/role/elb" } else { "kubernetes.io/role/internal-elb" };
                tags.insert(role.to_owned(), "1".to_owned());
                tags.insert(format!("kubernetes.io/cluster/{cluster}"), "shared".to_owned());
            }
            let subnet = Subnet::builder()
                .vpc(vpc)
                .cidr_block(range)
                .availability_zone(zone)
                .map_public_ip_on_launch(sort == "public")
                .tags(tags);
            stack.add(&numbered(sort, index), subnet.build())
        };
        ranges.iter().zip(&self.zones).enumerate().map(declare).collect()
    }

    fn nat_gateways(&self, stack: &mut Stack, public_subnets: &[Handle<Subnet>]) -> Vec<Handle<NatGateway>> {
        let count = match self.nat_gateways {
            NatGateways::None => 0,
            NatGateways::Shared => 1,
            NatGateways::PerZone => public_subnets.len(),
        };
        let declare = |(index, subnet): (usize, &Handle<Subnet>)| {
            let name = numbered("nat", index);
            let address = stack.add(&name, ElasticIp::builder().tags(self.named(&name)).build());
            let gateway = NatGateway::builder().subnet(subnet).allocation(&address).tags(self.named(&name));
            stack.add(&name, gateway.build())
        };
        public_subnets.iter().take(count).enumerate().map(declare).collect()
    }

    /// One route table per NAT gateway, and one where there is none.
    fn private_routes(
        &self,
        stack: &mut Stack,
        vpc: &Handle<Vpc>,
        subnets: &[Handle<Subnet>],
        gateways: &[Handle<NatGateway>],
    ) -> Vec<Handle<RouteTable>> {
        let count = gateways.len().max(1);
        let tables: Vec<_> = (0..count)
            .map(|index| {
                let name = if count == 1 { "private".to_owned() } else { numbered("private", index) };
                let table = stack.add(&name, RouteTable::builder().vpc(vpc).tags(self.named(&name)).build());
                if let Some(gateway) = gateways.get(index) {
                    let route =
                        Route::builder().route_table(&table).destination(ANYWHERE).target(Target::nat_gateway(gateway));
                    stack.add(&name, route.build());
                }
                table
            })
            .collect();
        for (index, subnet) in subnets.iter().enumerate() {
            let association = RouteTableAssociation::builder().subnet(subnet).route_table(&tables[index % count]);
            stack.add(&numbered("private", index), association.build());
        }
        tables
    }

    /// A table of their own, so that they do not fall to the main one, whose routes are anybody's.
    fn database_routes(
        &self,
        stack: &mut Stack,
        vpc: &Handle<Vpc>,
        subnets: &[Handle<Subnet>],
    ) -> Option<Handle<RouteTable>> {
        if subnets.is_empty() {
            return None;
        }
        let table = stack.add("database", RouteTable::builder().vpc(vpc).tags(self.named("database")).build());
        for (index, subnet) in subnets.iter().enumerate() {
            let association = RouteTableAssociation::builder().subnet(subnet).route_table(&table);
            stack.add(&numbered("database", index), association.build());
        }
        Some(table)
    }

    fn interface_endpoints(
        &self,
        stack: &mut Stack,
        vpc: &Handle<Vpc>,
        subnets: &[Handle<Subnet>],
    ) -> BTreeMap<String, Handle<VpcEndpoint>> {
        if self.interface_endpoints.is_empty() {
            return BTreeMap::new();
        }
        let region = reads::region(stack);
        stack.component("endpoints", |stack| {
            let inside = [AccessFrom::Cidr(self.cidr_block.clone())];
            let group = access::security_group(stack, vpc, "endpoints", HTTPS, &inside, &self.tags);
            let declare = |service: &String| {
                let endpoint = VpcEndpoint::builder()
                    .vpc(vpc)
                    .service_name(join(["com.amazonaws.".into(), (&region).into(), format!(".{service}").into()]))
                    .endpoint_type(VpcEndpointType::Interface)
                    .subnets(subnets.iter().collect::<Vec<_>>())
                    .security_groups([&group])
                    .private_dns_enabled(true)
                    .tags(self.named(service));
                (service.clone(), stack.add(service, endpoint.build()))
            };
            self.interface_endpoints.iter().map(declare).collect()
        })
    }

    fn flow_log(&self, stack: &mut Stack, vpc: &Handle<Vpc>, logs: FlowLogs) {
        stack.component("flow-logs", |stack| {
            // The group's name is the VPC's id, so that two networks of one account never meet.
            let group = LogGroup::builder()
                .name(join(["/aws/vpc/".into(), (&vpc.id).into(), "/flow-logs".into()]))
                .retention_in_days(logs.retention_in_days)
                .tags(self.tags.clone());
            let group = stack.add("main", group.build());
            let trust = PolicyDocument::of([Statement::allow()
                .principal(Principal::service("vpc-flow-logs.amazonaws.com"))
                .action("sts:AssumeRole")]);
            let role = Role::builder()
                .name(formwork_engine::prefix("flow-logs"))
                .assume_role_policy(trust)
                .description("writes the flow logs of a VPC")
                .tags(self.tags.clone());
            let role = stack.add("writer", role.build());
            let write = PolicyDocument::of([Statement::allow()
                .actions([
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    "logs:DescribeLogGroups",
                    "logs:DescribeLogStreams",
                ])
                .resource(&group.arn)
                .resource(join([(&group.arn).into(), ":*".into()]))]);
            let policy = stack.add("writer", RolePolicy::builder().role(&role).name("write").policy(write).build());
            let log = FlowLog::builder()
                .vpc(vpc)
                .log_group(&group.arn)
                .role(&role.arn)
                .traffic_type(TrafficType::All)
                .tags(self.tags.clone());
            stack.add_with("main", log.build(), formwork_engine::options().depends_on(&policy));
        });
    }

    fn named(&self, name: &str) -> Tags {
        let mut tags = self.tags.clone();
        tags.insert("Name".to_owned(), name.to_owned());
        tags
    }
}

/// Counted from 1, as people count.
fn numbered(name: &str, index: usize) -> String {
    format!("{name}-{}", index + 1)
}
