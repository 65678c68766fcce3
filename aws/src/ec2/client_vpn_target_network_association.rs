//! `aws:ec2/client-vpn-target-network-association`: a subnet that the clients of a Client VPN endpoint come out in.
//!
//! ```
//! use formwork_aws::ec2::{ClientVpnEndpointId, ClientVpnTargetNetworkAssociation, SubnetId};
//!
//! let association = ClientVpnTargetNetworkAssociation::builder()
//!     .client_vpn_endpoint(ClientVpnEndpointId::new("cvpn-endpoint-0123456789abcdef0"))
//!     .subnet(SubnetId::new("subnet-0123456789abcdef0"))
//!     .build();
//! # drop(association);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Outputs, Resource, Stack, id};

use super::client_vpn::{ENDPOINT_GONE, leaves, listed, split, words};
use super::client_vpn_endpoint::example;
use super::{ClientVpnEndpointId, Subnet, SubnetId, Vpc, VpcId};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};

id! {
    /// Endpoint and association as `cvpn-endpoint-0123456789abcdef0|cvpn-assoc-0123456789abcdef0`: AWS finds the one only by the other.
    pub struct ClientVpnTargetNetworkAssociationId;
}

impl ClientVpnTargetNetworkAssociationId {
    fn of(endpoint: &str, association: &str) -> Self {
        Self::new(format!("{endpoint}|{association}"))
    }

    fn endpoint(&self) -> &str {
        split(self.as_str()).0
    }

    fn association(&self) -> &str {
        split(self.as_str()).1
    }
}

/// A subnet that the clients of an endpoint come out in, which costs by the hour. With the first one the endpoint takes connections.
///
/// An endpoint has at most one in each availability zone, all of one VPC. A route to the VPC comes and goes with it, and so do the routes that were
/// made through it.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/client-vpn-target-network-association",
    cfn = "AWS::EC2::ClientVpnTargetNetworkAssociation",
    id = ClientVpnTargetNetworkAssociationId,
    outputs = ClientVpnTargetNetworkAssociationOutputs,
    guard = unique_name,
    natural_key(client_vpn_endpoint, subnet),
    // The next subnet may be of the same zone.
    delete_first,
    visibility = 300,
    create_wait = (30, 10, 1, 1800),
    delete_wait = (30, 10, 1, 1800)
)]
pub struct ClientVpnTargetNetworkAssociation {
    /// The endpoint.
    #[arg(replace, cfn = "ClientVpnEndpointId")]
    pub client_vpn_endpoint: ClientVpnEndpointId,
    /// The subnet, of at least `/27` with 20 free addresses, whose range does not overlap with that of the clients.
    #[arg(replace, cfn = "SubnetId")]
    pub subnet: SubnetId,
}

/// What is known of an association once it is there.
#[derive(Outputs)]
pub struct ClientVpnTargetNetworkAssociationOutputs {
    /// Endpoint and association.
    pub id: ClientVpnTargetNetworkAssociationId,
    /// AWS's own id, such as `cvpn-assoc-0123456789abcdef0`.
    pub association_id: String,
    /// The VPC of the subnet.
    pub vpc: VpcId,
}

impl Lifecycle for ClientVpnTargetNetworkAssociation {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let endpoint = args.client_vpn_endpoint.as_str();
        let call = aws.ec2().associate_client_vpn_target_network().client_vpn_endpoint_id(endpoint);
        let answer = call.subnet_id(args.subnet.as_str()).client_token(&owner.token).send().await?;
        let association = answer.association_id.ok_or_else(|| {
            Error::unexpected("ec2 AssociateClientVpnTargetNetwork", "no association id in the answer")
        })?;
        Ok(Created::whole(ClientVpnTargetNetworkAssociationId::of(endpoint, &association).to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| ClientVpnTargetNetworkAssociationId::new(&one.id)).collect();
        let found = networks(aws, &ids).await.into_iter();
        found.map(|(id, network)| Ok((id.to_string(), status_of(&network?)))).collect()
    }

    async fn read(aws: &Aws, ids: &[ClientVpnTargetNetworkAssociationId]) -> Result<Readings<Self>> {
        let found = networks(aws, ids).await.into_iter();
        let there = found.filter(|(_, network)| network.as_ref().map_or(true, stands));
        Ok(there.map(|(id, network)| (id.clone(), network.map(|network| observe(id, network)))).collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let endpoint = args.client_vpn_endpoint.as_str();
        let networks = describe(aws, endpoint).await?.into_iter().filter(stands);
        let ours = networks.filter(|one| one.target_network_id() == Some(args.subnet.as_str()));
        let ids = ours.filter_map(|one| Some(ClientVpnTargetNetworkAssociationId::of(endpoint, one.association_id()?)));
        Ok(ids.map(|id| Candidate { id: id.to_string(), proof: Proof::Name }).collect())
    }

    async fn update(_: &Aws, update: Update<'_, Self>) -> Result<Updated<ClientVpnTargetNetworkAssociationChanges>> {
        let ClientVpnTargetNetworkAssociationChanges {} = update.changes;
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &ClientVpnTargetNetworkAssociationId, _: &Self) -> Result<Deletion> {
        if leaves(networks(aws, std::slice::from_ref(id)).await, stands)? {
            return Ok(Deletion::Wait);
        }
        let call = aws.ec2().disassociate_client_vpn_target_network().client_vpn_endpoint_id(id.endpoint());
        let gone = call.association_id(id.association()).send().await.or_gone(GONE)?.is_none();
        Ok(if gone { Deletion::Done } else { Deletion::Wait })
    }
}

/// AWS documents the first spelling; older clients know the second.
const GONE: &[&str] =
    &["InvalidClientVpnAssociationIdNotFound", "InvalidClientVpnAssociationId.NotFound", ENDPOINT_GONE];

async fn networks(
    aws: &Aws,
    ids: &[ClientVpnTargetNetworkAssociationId],
) -> BTreeMap<ClientVpnTargetNetworkAssociationId, Result<sdk::TargetNetwork>> {
    let is = |id: &ClientVpnTargetNetworkAssociationId, one: &sdk::TargetNetwork| {
        one.association_id() == Some(id.association())
    };
    listed(ids, ClientVpnTargetNetworkAssociationId::endpoint, |endpoint| describe(aws, endpoint), is).await
}

/// The subnets of an endpoint, without those that it has left: AWS shows them for a while.
async fn describe(aws: &Aws, endpoint: &str) -> Result<Vec<sdk::TargetNetwork>> {
    let mut found = Vec::new();
    let call = aws.ec2().describe_client_vpn_target_networks().client_vpn_endpoint_id(endpoint);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(&[ENDPOINT_GONE])? else { break };
        found.extend(page.client_vpn_target_networks.unwrap_or_default());
    }
    found.retain(|one| state(one) != "disassociated");
    Ok(found)
}

fn state(network: &sdk::TargetNetwork) -> &str {
    network.status().and_then(|status| status.code()).map_or("associating", |code| code.as_str())
}

fn stands(network: &sdk::TargetNetwork) -> bool {
    state(network) != "disassociating"
}

fn status_of(network: &sdk::TargetNetwork) -> Status {
    match state(network) {
        "associated" => Status::Ready,
        "disassociated" => Status::Gone,
        state @ "association-failed" => {
            Status::Failed(words(state, network.status().and_then(|status| status.message())))
        }
        other => Status::Pending(other.to_owned()),
    }
}

fn observe(
    id: ClientVpnTargetNetworkAssociationId,
    network: sdk::TargetNetwork,
) -> Observed<ClientVpnTargetNetworkAssociation> {
    let args = ClientVpnTargetNetworkAssociation {
        client_vpn_endpoint: ClientVpnEndpointId::new(id.endpoint()),
        subnet: SubnetId::new(network.target_network_id.unwrap_or_default()),
    };
    let outputs = ClientVpnTargetNetworkAssociationOutputs {
        association_id: id.association().to_owned(),
        id,
        vpc: VpcId::new(network.vpc_id.unwrap_or_default()),
    };
    Observed::new(args, outputs, None)
}

impl Conforms for ClientVpnTargetNetworkAssociation {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.43.0.0/16").build());
        let mut subnet = |name: &str, block: &str| {
            let subnet = Subnet::builder().vpc(&vpc).cidr_block(block).availability_zone("eu-west-1a");
            stack.add(name, subnet.build())
        };
        let (one, two) = (subnet("one", "10.43.1.0/24"), subnet("two", "10.43.2.0/24"));
        let endpoint = example(stack, "endpoint", "10.200.0.0/22");
        let other = example(stack, "other", "10.204.0.0/22");
        let base = ClientVpnTargetNetworkAssociation::builder().client_vpn_endpoint(&endpoint).subnet(&one).build();
        Conformance::of(base)
            .on_double("Client VPN, which the emulator has no part of: nothing connects to it")
            .change("subnet", &two)
            .change("client_vpn_endpoint", &other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(state: &str) -> sdk::TargetNetwork {
        let status = sdk::AssociationStatus::builder().code(state.into()).message("no free addresses").build();
        sdk::TargetNetwork::builder().status(status).build()
    }

    #[test]
    fn a_failed_association_says_why() {
        assert_eq!(status_of(&network("association-failed")), Status::Failed("no free addresses".into()));
        assert_eq!(status_of(&network("associating")), Status::Pending("associating".into()));
        assert_eq!(status_of(&network("associated")), Status::Ready);
    }

    #[test]
    fn an_id_is_endpoint_and_association() {
        let id = ClientVpnTargetNetworkAssociationId::of("cvpn-endpoint-1", "cvpn-assoc-2");
        assert_eq!((id.endpoint(), id.association()), ("cvpn-endpoint-1", "cvpn-assoc-2"));
    }
}
