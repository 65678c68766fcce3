//! `aws:ec2/client-vpn-route`: a way from the clients of a Client VPN endpoint to a network beyond its VPC.
//!
//! ```
//! use formwork_aws::ec2::{ClientVpnEndpointId, ClientVpnRoute, SubnetId};
//!
//! let internet = ClientVpnRoute::builder()
//!     .client_vpn_endpoint(ClientVpnEndpointId::new("cvpn-endpoint-0123456789abcdef0"))
//!     .destination_cidr_block("0.0.0.0/0")
//!     .target_subnet(SubnetId::new("subnet-0123456789abcdef0"))
//!     .build();
//! # drop(internet);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::shape::{After, Link};
use formwork_engine::{Outputs, Resource, Stack, id};

use super::client_vpn::{ENDPOINT_GONE, leaves, listed, split, words};
use super::client_vpn_endpoint::example;
use super::{ClientVpnEndpointId, ClientVpnTargetNetworkAssociation, Subnet, SubnetId, Vpc};
use crate::cidr::{self, canonical};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};

id! {
    /// Endpoint, destination and subnet as `cvpn-endpoint-0123456789abcdef0|0.0.0.0/0|subnet-0123456789abcdef0`.
    pub struct ClientVpnRouteId;
}

impl ClientVpnRouteId {
    fn of(endpoint: &str, destination: &str, subnet: &str) -> Self {
        Self::new(format!("{endpoint}|{}|{subnet}", canonical(destination)))
    }

    fn endpoint(&self) -> &str {
        split(self.as_str()).0
    }

    fn destination(&self) -> &str {
        split(split(self.as_str()).1).0
    }

    fn subnet(&self) -> &str {
        split(split(self.as_str()).1).1
    }
}

/// AWS takes a route only through a subnet that the endpoint is in, and drops it with the association.
const AFTER: &[After] = &[After {
    kind: "aws:ec2/client-vpn-target-network-association",
    link: Link::Shared(&[("client_vpn_endpoint", "client_vpn_endpoint"), ("target_subnet", "subnet")]),
    where_theirs: None,
    where_mine: None,
}];

/// A way from the clients of an endpoint to a network: to the internet, a peered VPC, a network on premises. It is made after the association of its
/// subnet without being told so.
///
/// The route to the VPC itself belongs to AWS, which makes one with each association. It has no tags, and AWS changes none of it.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/client-vpn-route",
    cfn = "AWS::EC2::ClientVpnRoute",
    id = ClientVpnRouteId,
    outputs = ClientVpnRouteOutputs,
    guard = unique_name,
    natural_key(client_vpn_endpoint, destination_cidr_block, target_subnet),
    visibility = 300,
    create_wait = (0, 5, 1, 600),
    delete_wait = (0, 5, 1, 600),
    after = AFTER
)]
pub struct ClientVpnRoute {
    /// The endpoint.
    #[arg(replace, cfn = "ClientVpnEndpointId")]
    pub client_vpn_endpoint: ClientVpnEndpointId,
    /// The range that it leads to, such as `0.0.0.0/0`. An authorization rule must let it through, too.
    #[arg(replace, same = cidr::same)]
    pub destination_cidr_block: String,
    /// The subnet through which it leads, in which the endpoint must be; `local` for the clients' own network.
    #[arg(replace, cfn = "TargetVpcSubnetId")]
    pub target_subnet: SubnetId,
    /// What it is for; nothing when it is empty.
    #[arg(replace, default = "")]
    pub description: String,
}

/// What is known of a route once it is there.
#[derive(Outputs)]
pub struct ClientVpnRouteOutputs {
    /// Endpoint, destination and subnet.
    pub id: ClientVpnRouteId,
}

impl Lifecycle for ClientVpnRoute {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let id = id_of(args);
        aws.ec2()
            .create_client_vpn_route()
            .client_vpn_endpoint_id(id.endpoint())
            .destination_cidr_block(id.destination())
            .target_vpc_subnet_id(id.subnet())
            .set_description((!args.description.is_empty()).then(|| args.description.clone()))
            .client_token(&owner.token)
            .send()
            .await?;
        Ok(Created::whole(id.to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| ClientVpnRouteId::new(&one.id)).collect();
        let found = routes(aws, &ids).await.into_iter();
        found.map(|(id, route)| Ok((id.to_string(), status_of(&route?)))).collect()
    }

    async fn read(aws: &Aws, ids: &[ClientVpnRouteId]) -> Result<Readings<Self>> {
        let found = routes(aws, ids).await.into_iter();
        let there = found.filter(|(_, route)| route.as_ref().map_or(true, stands));
        Ok(there.map(|(id, route)| (id.clone(), route.map(|route| observe(id, route)))).collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = id_of(args);
        let there = describe(aws, id.endpoint()).await?.iter().any(|route| is(&id, route) && stands(route));
        Ok(there.then(|| Candidate { id: id.to_string(), proof: Proof::Name }).into_iter().collect())
    }

    async fn update(_: &Aws, update: Update<'_, Self>) -> Result<Updated<ClientVpnRouteChanges>> {
        let ClientVpnRouteChanges {} = update.changes;
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &ClientVpnRouteId, _: &Self) -> Result<Deletion> {
        if leaves(routes(aws, std::slice::from_ref(id)).await, stands)? {
            return Ok(Deletion::Wait);
        }
        let call = aws.ec2().delete_client_vpn_route().client_vpn_endpoint_id(id.endpoint());
        let call = call.destination_cidr_block(id.destination()).target_vpc_subnet_id(id.subnet());
        let gone = call.send().await.or_gone(GONE)?.is_none();
        Ok(if gone { Deletion::Done } else { Deletion::Wait })
    }
}

/// An endpoint that is in no subnet has no routes, and says that it can do nothing with them.
const GONE: &[&str] = &["InvalidClientVpnRouteNotFound", "InvalidClientVpnActiveAssociationNotFound", ENDPOINT_GONE];

fn id_of(args: &ClientVpnRoute) -> ClientVpnRouteId {
    let (endpoint, subnet) = (args.client_vpn_endpoint.as_str(), args.target_subnet.as_str());
    ClientVpnRouteId::of(endpoint, &args.destination_cidr_block, subnet)
}

async fn routes(aws: &Aws, ids: &[ClientVpnRouteId]) -> BTreeMap<ClientVpnRouteId, Result<sdk::ClientVpnRoute>> {
    listed(ids, ClientVpnRouteId::endpoint, |endpoint| describe(aws, endpoint), is).await
}

/// The routes of an endpoint that a call has made, and not an association.
async fn describe(aws: &Aws, endpoint: &str) -> Result<Vec<sdk::ClientVpnRoute>> {
    let mut found = Vec::new();
    let mut pages = aws.ec2().describe_client_vpn_routes().client_vpn_endpoint_id(endpoint).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(&[ENDPOINT_GONE])? else { break };
        found.extend(page.routes.unwrap_or_default());
    }
    found.retain(|route| route.origin() != Some("associate"));
    Ok(found)
}

fn is(id: &ClientVpnRouteId, route: &sdk::ClientVpnRoute) -> bool {
    let destination = route.destination_cidr().map(canonical);
    destination.as_deref() == Some(id.destination()) && route.target_subnet() == Some(id.subnet())
}

fn state(route: &sdk::ClientVpnRoute) -> &str {
    route.status().and_then(|status| status.code()).map_or("creating", |code| code.as_str())
}

fn stands(route: &sdk::ClientVpnRoute) -> bool {
    state(route) != "deleting"
}

fn status_of(route: &sdk::ClientVpnRoute) -> Status {
    match state(route) {
        "active" => Status::Ready,
        state @ "failed" => Status::Failed(words(state, route.status().and_then(|status| status.message()))),
        other => Status::Pending(other.to_owned()),
    }
}

fn observe(id: ClientVpnRouteId, route: sdk::ClientVpnRoute) -> Observed<ClientVpnRoute> {
    let args = ClientVpnRoute {
        client_vpn_endpoint: ClientVpnEndpointId::new(id.endpoint()),
        destination_cidr_block: route.destination_cidr.unwrap_or_default(),
        target_subnet: SubnetId::new(id.subnet()),
        description: route.description.unwrap_or_default(),
    };
    Observed::new(args, ClientVpnRouteOutputs { id }, None)
}

impl Conforms for ClientVpnRoute {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.45.0.0/16").build());
        let mut subnet = |name: &str, block: &str, zone: &str| {
            stack.add(name, Subnet::builder().vpc(&vpc).cidr_block(block).availability_zone(zone).build())
        };
        let one = subnet("one", "10.45.1.0/24", "eu-west-1a");
        let two = subnet("two", "10.45.2.0/24", "eu-west-1b");
        let endpoint = example(stack, "endpoint", "10.200.0.0/22");
        let other = example(stack, "other", "10.204.0.0/22");
        for (name, endpoint, subnet) in
            [("one", &endpoint, &one), ("two", &endpoint, &two), ("other-two", &other, &two)]
        {
            let association = ClientVpnTargetNetworkAssociation::builder().client_vpn_endpoint(endpoint).subnet(subnet);
            stack.add(name, association.build());
        }
        let base = ClientVpnRoute::builder()
            .client_vpn_endpoint(&endpoint)
            .destination_cidr_block("192.168.7.7/16")
            .target_subnet(&one)
            .description("the office")
            .build();
        Conformance::of(base)
            .on_double("Client VPN, which the emulator has no part of: nothing connects to it")
            .change("description", "all offices")
            .change("destination_cidr_block", "0.0.0.0/0")
            .change("target_subnet", &two)
            .change("client_vpn_endpoint", &other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_endpoint_destination_and_subnet() {
        let id = ClientVpnRouteId::of("cvpn-endpoint-1", "10.1.2.3/8", "subnet-1");
        assert_eq!(id.as_str(), "cvpn-endpoint-1|10.0.0.0/8|subnet-1");
        assert_eq!((id.endpoint(), id.destination(), id.subnet()), ("cvpn-endpoint-1", "10.0.0.0/8", "subnet-1"));
    }

    #[test]
    fn a_route_that_leaves_is_waited_for_and_not_there() {
        let route = |state: &str| {
            let status = sdk::ClientVpnRouteStatus::builder().code(state.into()).build();
            sdk::ClientVpnRoute::builder().status(status).build()
        };
        assert!(stands(&route("active")) && !stands(&route("deleting")));
        assert_eq!(status_of(&route("deleting")), Status::Pending("deleting".into()));
        assert_eq!(status_of(&route("failed")), Status::Failed("failed".into()));
    }
}
