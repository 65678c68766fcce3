//! `aws:ec2/route`: one route of a route table.
//!
//! ```
//! use formwork_aws::ec2::{NatGatewayId, Route, RouteTableId, Target};
//!
//! let out = Route::builder()
//!     .route_table(RouteTableId::new("rtb-0123456789abcdef0"))
//!     .destination("0.0.0.0/0")
//!     .target(Target::nat_gateway(NatGatewayId::new("nat-0123456789abcdef0")))
//!     .build();
//! # drop(out);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Block, Outputs, Resource, Stack, id};

use super::route_table::describe;
use super::{
    ElasticIp, InternetGateway, InternetGatewayId, NatGateway, NatGatewayId, RouteTable, RouteTableId, Subnet, Vpc,
    VpcEndpointId,
};
use crate::cidr::{self, canonical};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};

id! {
    /// Route table and destination as `rtb-0123456789abcdef0|0.0.0.0/0`; neither can hold the bar.
    pub struct RouteId;
}

impl RouteId {
    fn of(table: &str, destination: &str) -> Self {
        Self::new(format!("{table}|{}", canonical(destination)))
    }

    fn table(&self) -> &str {
        self.as_str().split_once('|').map_or(self.as_str(), |(table, _)| table)
    }

    fn destination(&self) -> &str {
        self.as_str().split_once('|').map_or("", |(_, destination)| destination)
    }
}

/// One route of a route table: where the traffic to a destination goes.
///
/// It has no tags and no token; table and destination are all there is to tell it by. The local route of a table and those of gateway
/// endpoints belong to AWS and are never managed.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/route",
    cfn = "AWS::EC2::Route",
    id = RouteId,
    outputs = RouteOutputs,
    guard = unique_name,
    natural_key(route_table, destination),
    visibility = 300,
    create_wait = (0, 1, 2, 300),
    delete_wait = (0, 1, 1, 300)
)]
pub struct Route {
    /// The route table.
    #[arg(replace, cfn = "RouteTableId")]
    pub route_table: RouteTableId,
    /// The traffic it is about: an IPv4 range such as `0.0.0.0/0`, an IPv6 range such as `::/0`, or the id of a prefix list.
    #[arg(replace, same = cidr::same, cfn = "DestinationCidrBlock")]
    pub destination: String,
    /// Where it goes. Another one is taken in one call, so that there is no moment without a route.
    #[arg(in_place, cfn = "")]
    pub target: Target,
}

/// Where the traffic of a route goes.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "by", choice_cfn = "")]
pub enum Target {
    /// An internet gateway that is attached to the VPC.
    #[choice("internet-gateway")]
    InternetGateway {
        /// The gateway.
        #[arg(cfn = "GatewayId")]
        internet_gateway: InternetGatewayId,
    },
    /// A NAT gateway.
    #[choice("nat-gateway")]
    NatGateway {
        /// The gateway.
        #[arg(cfn = "NatGatewayId")]
        nat_gateway: NatGatewayId,
    },
    /// The endpoint of a gateway load balancer. Gateway endpoints (S3, DynamoDB) make their routes themselves.
    #[choice("vpc-endpoint")]
    VpcEndpoint {
        /// The endpoint.
        #[arg(cfn = "VpcEndpointId")]
        vpc_endpoint: VpcEndpointId,
    },
    /// Another VPC.
    #[choice("vpc-peering-connection")]
    VpcPeeringConnection {
        /// The id of the connection.
        #[arg(cfn = "VpcPeeringConnectionId")]
        vpc_peering_connection: String,
    },
    /// A transit gateway.
    #[choice("transit-gateway")]
    TransitGateway {
        /// The id of the gateway.
        #[arg(cfn = "TransitGatewayId")]
        transit_gateway: String,
    },
    /// A network interface, such as that of an instance which forwards.
    #[choice("network-interface")]
    NetworkInterface {
        /// The id of the interface.
        #[arg(cfn = "NetworkInterfaceId")]
        network_interface: String,
    },
    /// A gateway that lets IPv6 traffic out only.
    #[choice("egress-only-internet-gateway")]
    EgressOnlyInternetGateway {
        /// The id of the gateway.
        #[arg(cfn = "EgressOnlyInternetGatewayId")]
        egress_only_internet_gateway: String,
    },
    /// The VPC's side of a VPN.
    #[choice("virtual-private-gateway")]
    VirtualPrivateGateway {
        /// The id of the gateway.
        #[arg(cfn = "GatewayId")]
        virtual_private_gateway: String,
    },
    /// The gateway of an Outpost.
    #[choice("local-gateway")]
    LocalGateway {
        /// The id of the gateway.
        #[arg(cfn = "LocalGatewayId")]
        local_gateway: String,
    },
    /// The gateway of a Wavelength zone.
    #[choice("carrier-gateway")]
    CarrierGateway {
        /// The id of the gateway.
        #[arg(cfn = "CarrierGatewayId")]
        carrier_gateway: String,
    },
    /// The core network of Cloud WAN.
    #[choice("core-network")]
    CoreNetwork {
        /// The ARN of the network.
        #[arg(cfn = "CoreNetworkArn")]
        core_network: String,
    },
}

/// What is known of a route once it is there.
#[derive(Outputs)]
pub struct RouteOutputs {
    /// Route table and destination.
    pub id: RouteId,
}

/// Says the destination to a call of which the builder has a setter for each form of it.
macro_rules! bound_for {
    ($call:expr, $destination:expr) => {{
        let (call, destination): (_, &str) = ($call, $destination);
        match Form::of(destination) {
            Form::Ipv4 => call.destination_cidr_block(destination),
            Form::Ipv6 => call.destination_ipv6_cidr_block(destination),
            Form::PrefixList => call.destination_prefix_list_id(destination),
        }
    }};
}

/// Says the target to a call that has a setter for each sort of it.
macro_rules! by_way_of {
    ($call:expr, $target:expr) => {{
        let (call, target): (_, &Target) = ($call, $target);
        match target {
            Target::InternetGateway { internet_gateway } => call.gateway_id(internet_gateway.as_str()),
            Target::NatGateway { nat_gateway } => call.nat_gateway_id(nat_gateway.as_str()),
            Target::VpcEndpoint { vpc_endpoint } => call.vpc_endpoint_id(vpc_endpoint.as_str()),
            Target::VpcPeeringConnection { vpc_peering_connection } => {
                call.vpc_peering_connection_id(vpc_peering_connection)
            }
            Target::TransitGateway { transit_gateway } => call.transit_gateway_id(transit_gateway),
            Target::NetworkInterface { network_interface } => call.network_interface_id(network_interface),
            Target::EgressOnlyInternetGateway { egress_only_internet_gateway } => {
                call.egress_only_internet_gateway_id(egress_only_internet_gateway)
            }
            Target::VirtualPrivateGateway { virtual_private_gateway } => call.gateway_id(virtual_private_gateway),
            Target::LocalGateway { local_gateway } => call.local_gateway_id(local_gateway),
            Target::CarrierGateway { carrier_gateway } => call.carrier_gateway_id(carrier_gateway),
            Target::CoreNetwork { core_network } => call.core_network_arn(core_network),
        }
    }};
}

impl Lifecycle for Route {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let id = RouteId::of(args.route_table.as_str(), &args.destination);
        let call = aws.ec2().create_route().route_table_id(id.table());
        by_way_of!(bound_for!(call, id.destination()), &args.target).send().await?;
        Ok(Created::whole(id.to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<RouteId> = waiting.iter().map(|one| RouteId::new(&one.id)).collect();
        // A black hole is there as well: what is wrong with it is its target.
        Ok(all_ready(routes(aws, &ids).await?.into_keys().map(|id| id.to_string())))
    }

    async fn read(aws: &Aws, ids: &[RouteId]) -> Result<Readings<Self>> {
        let routes = routes(aws, ids).await?.into_iter();
        Ok(routes
            .map(|(id, route)| {
                let observed = target_of(&route).map(|target| {
                    let (route_table, destination) = (RouteTableId::new(id.table()), id.destination().to_owned());
                    Observed::new(Self { route_table, destination, target }, RouteOutputs { id: id.clone() }, None)
                });
                let unknown =
                    || Error::unexpected("ec2 DescribeRouteTables", "the route has a target of an unknown sort");
                (id, observed.ok_or_else(unknown))
            })
            .collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = RouteId::of(args.route_table.as_str(), &args.destination);
        let found = routes(aws, std::slice::from_ref(&id)).await?;
        // To another target it is not what a create with these arguments can have made.
        let same = found.get(&id).and_then(target_of).is_some_and(|target| target == args.target);
        Ok(same.then(|| Candidate { id: id.to_string(), proof: Proof::Name }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<RouteChanges>> {
        let RouteChanges { target } = update.changes;
        if target {
            let call = aws.ec2().replace_route().route_table_id(update.id.table());
            by_way_of!(bound_for!(call, update.id.destination()), &update.planned.target).send().await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &RouteId, _: &Self) -> Result<Deletion> {
        let call = aws.ec2().delete_route().route_table_id(id.table());
        let call = bound_for!(call, id.destination());
        call.send().await.or_gone(&["InvalidRoute.NotFound", "InvalidRouteTableID.NotFound"])?;
        Ok(Deletion::Done)
    }
}

/// The form of a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Ipv4,
    Ipv6,
    PrefixList,
}

impl Form {
    fn of(destination: &str) -> Self {
        if destination.starts_with("pl-") {
            Form::PrefixList
        } else if destination.contains(':') {
            Form::Ipv6
        } else {
            Form::Ipv4
        }
    }
}

/// The routes that are there, one call per 200 tables.
async fn routes(aws: &Aws, ids: &[RouteId]) -> Result<BTreeMap<RouteId, sdk::Route>> {
    let mut wanted: BTreeMap<&str, Vec<&RouteId>> = BTreeMap::new();
    for id in ids {
        wanted.entry(id.table()).or_default().push(id);
    }
    let mut found = BTreeMap::new();
    for table in describe(aws, wanted.keys().copied()).await? {
        let Some(wanted) = table.route_table_id.as_deref().and_then(|id| wanted.get(id)) else { continue };
        for route in table.routes.unwrap_or_default().into_iter().filter(ours) {
            let Some(destination) = destination_of(&route).map(canonical) else { continue };
            if let Some(id) = wanted.iter().find(|id| id.destination() == destination) {
                found.insert((*id).clone(), route);
            }
        }
    }
    Ok(found)
}

/// Whether a call made the route, and not the table, a VPN or a route server. An answer without an origin counts as made.
fn ours(route: &sdk::Route) -> bool {
    route.origin.as_ref().is_none_or(|origin| *origin == sdk::RouteOrigin::CreateRoute)
}

fn destination_of(route: &sdk::Route) -> Option<&str> {
    let ranges = route.destination_cidr_block.as_deref().or(route.destination_ipv6_cidr_block.as_deref());
    ranges.or(route.destination_prefix_list_id.as_deref())
}

fn target_of(route: &sdk::Route) -> Option<Target> {
    let gateway = |prefix: &str| route.gateway_id.clone().filter(|id| id.starts_with(prefix));
    // The interface comes last: AWS names it beside other targets that have one.
    None.or_else(|| gateway("igw-").map(|id| Target::InternetGateway { internet_gateway: InternetGatewayId::new(id) }))
        .or_else(|| gateway("vgw-").map(|id| Target::VirtualPrivateGateway { virtual_private_gateway: id }))
        .or_else(|| gateway("vpce-").map(|id| Target::VpcEndpoint { vpc_endpoint: VpcEndpointId::new(id) }))
        .or_else(|| route.nat_gateway_id.as_ref().map(|id| Target::NatGateway { nat_gateway: NatGatewayId::new(id) }))
        .or_else(|| {
            let id = route.vpc_peering_connection_id.clone()?;
            Some(Target::VpcPeeringConnection { vpc_peering_connection: id })
        })
        .or_else(|| route.transit_gateway_id.clone().map(|id| Target::TransitGateway { transit_gateway: id }))
        .or_else(|| {
            let id = route.egress_only_internet_gateway_id.clone()?;
            Some(Target::EgressOnlyInternetGateway { egress_only_internet_gateway: id })
        })
        .or_else(|| route.local_gateway_id.clone().map(|id| Target::LocalGateway { local_gateway: id }))
        .or_else(|| route.carrier_gateway_id.clone().map(|id| Target::CarrierGateway { carrier_gateway: id }))
        .or_else(|| route.core_network_arn.clone().map(|arn| Target::CoreNetwork { core_network: arn }))
        .or_else(|| route.network_interface_id.clone().map(|id| Target::NetworkInterface { network_interface: id }))
}

impl Conforms for Route {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.27.0.0/16").build());
        let gateway = stack.add("gateway", InternetGateway::builder().vpc(&vpc).build());
        let subnet = stack.add("subnet", Subnet::builder().vpc(&vpc).cidr_block("10.27.1.0/24").build());
        let address = stack.add("address", ElasticIp::builder().build());
        let nat = stack.add("nat", NatGateway::builder().subnet(&subnet).allocation(&address).build());
        let table = stack.add("table", RouteTable::builder().vpc(&vpc).build());
        let other = stack.add("other", RouteTable::builder().vpc(&vpc).build());
        let base = Route::builder()
            .route_table(&table)
            .destination("172.16.5.9/12")
            .target(Target::internet_gateway(&gateway))
            .build();
        Conformance::of(base)
            .change("target", Target::nat_gateway(&nat))
            .change("destination", "0.0.0.0/0")
            .change("route_table", &other)
            .change("destination", "2001:DB8:0:0::1/32")
            .together_with("target", Target::internet_gateway(&gateway))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_kept_as_aws_keeps_them() {
        assert_eq!(canonical("10.1.2.3/16"), "10.1.0.0/16");
        assert_eq!(canonical("10.1.2.3/0"), "0.0.0.0/0");
        assert_eq!(canonical("10.1.2.3/32"), "10.1.2.3/32");
        assert_eq!(canonical("2001:DB8:0:0::1/32"), "2001:db8::/32");
        assert_eq!(canonical("0::0/0"), "::/0");
        assert_eq!(canonical("pl-0123"), "pl-0123");
        assert_eq!(canonical("10.1.2.3/33"), "10.1.2.3/33");
        assert!(cidr::same(&"0.0.0.0/0".into(), &"10.0.0.0/0".into()));
    }

    #[test]
    fn an_id_is_table_and_destination() {
        let id = RouteId::of("rtb-1", "10.1.2.3/8");
        assert_eq!(id.as_str(), "rtb-1|10.0.0.0/8");
        assert_eq!((id.table(), id.destination()), ("rtb-1", "10.0.0.0/8"));
    }

    #[test]
    fn the_form_of_a_destination_is_seen() {
        assert_eq!(Form::of("10.0.0.0/8"), Form::Ipv4);
        assert_eq!(Form::of("::/0"), Form::Ipv6);
        assert_eq!(Form::of("pl-6da54004"), Form::PrefixList);
    }

    #[test]
    fn targets_are_told_apart() {
        let route = || sdk::Route::builder();
        let internet_gateway = Target::InternetGateway { internet_gateway: InternetGatewayId::new("igw-1") };
        assert_eq!(target_of(&route().gateway_id("igw-1").build()), Some(internet_gateway));
        let endpoint = Target::VpcEndpoint { vpc_endpoint: VpcEndpointId::new("vpce-1") };
        assert_eq!(target_of(&route().gateway_id("vpce-1").build()), Some(endpoint));
        let interface = Target::NetworkInterface { network_interface: "eni-1".into() };
        let by_instance = route().instance_id("i-1").network_interface_id("eni-1").build();
        assert_eq!(target_of(&by_instance), Some(interface));
        assert_eq!(target_of(&route().gateway_id("local").build()), None);
    }

    #[test]
    fn routes_that_aws_made_are_not_ours() {
        let route = |origin| sdk::Route::builder().origin(origin).build();
        assert!(ours(&route(sdk::RouteOrigin::CreateRoute)));
        assert!(!ours(&route(sdk::RouteOrigin::CreateRouteTable)));
        assert!(!ours(&route(sdk::RouteOrigin::EnableVgwRoutePropagation)));
    }
}
