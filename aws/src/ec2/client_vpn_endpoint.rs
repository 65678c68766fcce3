//! `aws:ec2/client-vpn-endpoint`: where the VPN clients of people connect to, run by AWS.
//!
//! ```
//! use formwork_aws::Arn;
//! use formwork_aws::ec2::{Authentication, ClientVpnEndpoint};
//!
//! let endpoint = ClientVpnEndpoint::builder()
//!     .client_cidr_block("10.200.0.0/22")
//!     .server_certificate(Arn::new("arn:aws:acm:eu-west-1:123456789012:certificate/0a"))
//!     .authentication([Authentication::certificate(Arn::new("arn:aws:acm:eu-west-1:123456789012:certificate/0b"))])
//!     .split_tunnel(true)
//!     .build();
//! # drop(endpoint);
//! ```
//!
//! It leads nowhere by itself: [`ClientVpnTargetNetworkAssociation`](super::ClientVpnTargetNetworkAssociation) puts it into subnets,
//! [`ClientVpnAuthorizationRule`](super::ClientVpnAuthorizationRule) says who may reach what, and
//! [`ClientVpnRoute`](super::ClientVpnRoute) leads to networks beyond its VPC.

mod blocks;
mod conformance;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{self as sdk, ResourceType};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::shape::After;
use formwork_engine::{Change, Hazard, Outputs, Resource, id};

pub use blocks::{
    Authentication, ConnectHandler, ConnectHandlerFunction, ConnectionLog, DirectoryId, SamlAuthentication,
    SamlProvider, TransportProtocol, VpnAddresses,
};

pub(super) use conformance::example;

use super::client_vpn::ENDPOINT_GONE;
use super::{FILTER_VALUES, SecurityGroupId, VpcId, candidate, filter, read_tags, retag, tag_specification};
use crate::acm::Certificate;
use crate::arn::Arn;
use crate::cidr::{canonical, same_if_given as same_cidr};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, after_role_of};
use crate::tags::Tags;

id! {
    /// The id of a Client VPN endpoint, such as `cvpn-endpoint-0123456789abcdef0`.
    pub struct ClientVpnEndpointId;
}

const AFTER: &[After] =
    &[after_role_of("clientvpn.amazonaws.com"), after_role_of("clientvpn-connections.amazonaws.com")];

/// Where the VPN clients of people (OpenVPN, or AWS's own) connect to, run by AWS. It costs by the hour for each associated subnet, and by the hour
/// for each connection.
///
/// Anybody can talk to it; who gets in is said by `authentication`, and what they reach then by authorization rules. A replacement has another name
/// in DNS, so that every client needs its configuration anew.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/client-vpn-endpoint",
    cfn = "AWS::EC2::ClientVpnEndpoint",
    id = ClientVpnEndpointId,
    outputs = ClientVpnEndpointOutputs,
    guard = token,
    visibility = 300,
    create_wait = (0, 5, 1, 300),
    update_wait = (0, 5, 1, 300),
    delete_wait = (0, 5, 1, 300),
    after = AFTER
)]
pub struct ClientVpnEndpoint {
    /// The range that clients get IPv4 addresses of, from `/22` to `/12`, which overlaps neither with the VPC nor with the networks that routes lead
    /// to. Needed unless the tunnel carries IPv6 only.
    #[arg(replace, same = same_cidr)]
    pub client_cidr_block: Option<String>,
    /// The certificate with which it proves who it is, issued by ACM or imported there, of the endpoint's region.
    #[arg(in_place, cfn = "ServerCertificateArn")]
    pub server_certificate: Arn<Certificate>,
    /// How people prove who they are: one way, or a certificate together with one of the others, both of which are asked for then.
    #[arg(replace, cfn = "AuthenticationOptions")]
    pub authentication: BTreeSet<Authentication>,
    /// Where connections, and attempts at them, are logged.
    #[arg(in_place, default = ConnectionLog::Off, same = same_log, cfn = "ConnectionLogOptions")]
    pub connection_log: ConnectionLog,
    /// What is asked about each new connection whether it may be.
    #[arg(in_place, default = ConnectHandler::Off, cfn = "ClientConnectOptions")]
    pub connect_handler: ConnectHandler,
    /// What AWS's own clients show when they are connected, at most 1400 characters; nothing when it is empty.
    #[arg(in_place, default = "", cfn = "ClientLoginBannerOptions.BannerText")]
    pub login_banner: String,
    /// Whether AWS's own clients put the routes of the VPN back that something on the machine has changed.
    #[arg(in_place, default = false, cfn = "ClientRouteEnforcementOptions.Enforced")]
    pub enforce_client_routes: bool,
    /// What it is for; nothing when it is empty.
    #[arg(in_place, default = "")]
    pub description: String,
    /// The addresses of the DNS servers that clients use, at most two; those of the machine itself when there are none. A change ends all connections.
    #[arg(in_place, default, hazards = dropped)]
    pub dns_servers: Vec<String>,
    /// Whether only the traffic for the networks behind it goes through the tunnel, and not all of it.
    #[arg(in_place, default = false)]
    pub split_tunnel: bool,
    /// What carries the tunnel.
    #[arg(replace, default = TransportProtocol::Udp)]
    pub transport_protocol: TransportProtocol,
    /// The port that clients connect to, 443 or 1194.
    #[arg(in_place, default = 443)]
    pub vpn_port: i32,
    /// Whether people who prove themselves to a directory or an identity provider can fetch client and configuration from a page of AWS's.
    #[arg(in_place, default = false)]
    pub self_service_portal: bool,
    /// After how many hours a session ends: 8, 10, 12 or 24.
    #[arg(in_place, default = 24)]
    pub session_timeout_hours: i32,
    /// Whether people must connect again when a session has ended; otherwise their client tries it by itself.
    #[arg(in_place, default = true)]
    pub disconnect_on_session_timeout: bool,
    /// The VPC of the subnets that it is to be in; that of the first associated one when absent. Another one is another endpoint, since AWS does not
    /// move one that is in subnets.
    #[arg(decide = vpc_change, cfn = "VpcId")]
    pub vpc: Option<VpcId>,
    /// The security groups that its traffic into the VPC belongs to, at most 5, which need `vpc`; the VPC's default group when absent.
    #[arg(in_place, cfn = "SecurityGroupIds")]
    pub security_groups: Option<BTreeSet<SecurityGroupId>>,
    /// The addresses under which clients reach it.
    #[arg(replace, default = VpnAddresses::Ipv4)]
    pub endpoint_ip_address_type: VpnAddresses,
    /// The addresses of what goes through the tunnel.
    #[arg(replace, default = VpnAddresses::Ipv4)]
    pub traffic_ip_address_type: VpnAddresses,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags, cfn = "TagSpecifications")]
    pub tags: Tags,
}

fn vpc_change(before: &Option<VpcId>, after: &Option<VpcId>) -> Change {
    if before.is_some() && after.is_some() { Change::Replace } else { Change::InPlace }
}

/// AWS makes a stream where none is said.
fn same_log(wanted: &ConnectionLog, found: &ConnectionLog) -> bool {
    match (wanted, found) {
        (ConnectionLog::LogGroup { log_group: wanted }, ConnectionLog::LogStream { log_group, .. }) => {
            wanted == log_group
        }
        (wanted, found) => wanted == found,
    }
}

/// AWS ends all connections so that clients learn of other servers.
fn dropped(before: &Vec<String>, after: &Vec<String>) -> &'static [Hazard] {
    if before == after { &[] } else { &[Hazard::Outage] }
}

/// What is known of a Client VPN endpoint once it is there.
#[derive(Outputs)]
pub struct ClientVpnEndpointOutputs {
    /// The id.
    pub id: ClientVpnEndpointId,
    /// The ARN.
    pub arn: Arn<ClientVpnEndpoint>,
    /// The name in DNS that clients connect to; `*.` at its beginning stands for any label, with which AWS's configuration of clients keeps
    /// caches from answering.
    pub dns_name: String,
    /// The page where people fetch client and configuration; none without `self_service_portal`.
    #[output(moves_with(self_service_portal))]
    pub self_service_portal_url: Option<String>,
}

impl Lifecycle for ClientVpnEndpoint {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        check(args).map_err(|reason| Error::refused("ec2 CreateClientVpnEndpoint", reason))?;
        let dns_servers = (!args.dns_servers.is_empty()).then(|| args.dns_servers.clone());
        let mut call = aws
            .ec2()
            .create_client_vpn_endpoint()
            .client_token(&owner.token)
            .set_client_cidr_block(args.client_cidr_block.as_deref().map(canonical))
            .server_certificate_arn(args.server_certificate.as_str())
            .set_authentication_options(Some(args.authentication.iter().map(Authentication::request).collect()))
            .connection_log_options(args.connection_log.request())
            .client_connect_options(args.connect_handler.request())
            .client_login_banner_options(blocks::banner(&args.login_banner))
            .client_route_enforcement_options(blocks::enforcement(args.enforce_client_routes))
            .set_description((!args.description.is_empty()).then(|| args.description.clone()))
            .set_dns_servers(dns_servers)
            .split_tunnel(args.split_tunnel)
            .transport_protocol(args.transport_protocol.as_str().into())
            .vpn_port(args.vpn_port)
            .self_service_portal(blocks::portal(args.self_service_portal))
            .session_timeout_hours(args.session_timeout_hours)
            .disconnect_on_session_timeout(args.disconnect_on_session_timeout)
            .set_vpc_id(args.vpc.as_ref().map(ToString::to_string))
            .set_security_group_ids(groups(args))
            .tag_specifications(tag_specification(owner, &args.tags, ResourceType::ClientVpnEndpoint));
        // Regions that know IPv4 only refuse to be told of it.
        if args.endpoint_ip_address_type != VpnAddresses::Ipv4 {
            call = call.endpoint_ip_address_type(args.endpoint_ip_address_type.as_str().into());
        }
        if args.traffic_ip_address_type != VpnAddresses::Ipv4 {
            call = call.traffic_ip_address_type(args.traffic_ip_address_type.as_str().into());
        }
        let id = call.send().await?.client_vpn_endpoint_id;
        id.map(Created::whole)
            .ok_or_else(|| Error::unexpected("ec2 CreateClientVpnEndpoint", "no endpoint id in the answer"))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| ClientVpnEndpointId::new(&one.id)).collect();
        let found = describe(aws, &ids).await?.into_iter();
        Ok(found.filter_map(|one| Some((one.client_vpn_endpoint_id.clone()?, status_of(&one)))).collect())
    }

    async fn read(aws: &Aws, ids: &[ClientVpnEndpointId]) -> Result<Readings<Self>> {
        let found = describe(aws, ids).await?.into_iter().filter(|one| state(one) != "deleting");
        Ok(found.filter_map(|one| observe(aws, one).map(|(id, seen)| (id, Ok(seen)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        // No filter by tags is documented; an account has a handful of them.
        let there = filtered(aws, None).await?.into_iter().filter(|one| state(one) != "deleting");
        Ok(there.filter_map(|one| candidate(aws, owner, one.client_vpn_endpoint_id, one.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ClientVpnEndpointChanges>> {
        let ClientVpnEndpointChanges {
            server_certificate,
            connection_log,
            connect_handler,
            login_banner,
            enforce_client_routes,
            description,
            dns_servers,
            split_tunnel,
            vpn_port,
            self_service_portal,
            session_timeout_hours,
            disconnect_on_session_timeout,
            vpc,
            security_groups,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        check(planned).map_err(|reason| Error::refused("ec2 ModifyClientVpnEndpoint", reason))?;
        let mut call = aws.ec2().modify_client_vpn_endpoint().client_vpn_endpoint_id(id.as_str());
        if server_certificate {
            call = call.server_certificate_arn(planned.server_certificate.as_str());
        }
        if connection_log {
            call = call.connection_log_options(planned.connection_log.request());
        }
        if connect_handler {
            call = call.client_connect_options(planned.connect_handler.request());
        }
        if login_banner {
            call = call.client_login_banner_options(blocks::banner(&planned.login_banner));
        }
        if enforce_client_routes {
            call = call.client_route_enforcement_options(blocks::enforcement(planned.enforce_client_routes));
        }
        if description {
            call = call.description(&planned.description);
        }
        if dns_servers {
            call = call.dns_servers(blocks::servers(&planned.dns_servers));
        }
        if split_tunnel {
            call = call.split_tunnel(planned.split_tunnel);
        }
        if vpn_port {
            call = call.vpn_port(planned.vpn_port);
        }
        if self_service_portal {
            call = call.self_service_portal(blocks::portal(planned.self_service_portal));
        }
        if session_timeout_hours {
            call = call.session_timeout_hours(planned.session_timeout_hours);
        }
        if disconnect_on_session_timeout {
            call = call.disconnect_on_session_timeout(planned.disconnect_on_session_timeout);
        }
        if vpc || security_groups {
            // AWS takes groups only together with the VPC that they are of.
            let of = planned.vpc.as_ref().or(now.vpc.as_ref());
            call = call.set_vpc_id(of.map(ToString::to_string)).set_security_group_ids(groups(planned));
        }
        let tunnel = dns_servers || split_tunnel || vpn_port || vpc || security_groups || server_certificate;
        let sessions = login_banner || session_timeout_hours || disconnect_on_session_timeout || enforce_client_routes;
        if tunnel || sessions || connection_log || connect_handler || description || self_service_portal {
            call.send().await?;
        }
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &ClientVpnEndpointId, _: &Self) -> Result<Deletion> {
        // A second delete while the first one is under way is not documented, and not needed.
        let found = describe(aws, std::slice::from_ref(id)).await?;
        if found.iter().any(|one| state(one) == "deleting") {
            return Ok(Deletion::Wait);
        }
        let call = aws.ec2().delete_client_vpn_endpoint().client_vpn_endpoint_id(id.as_str());
        let gone = call.send().await.or_gone(&[ENDPOINT_GONE])?.is_none();
        Ok(if gone { Deletion::Done } else { Deletion::Wait })
    }
}

/// What AWS would refuse only after some of a plan was done.
fn check(args: &ClientVpnEndpoint) -> std::result::Result<(), String> {
    if args.security_groups.is_some() && args.vpc.is_none() {
        return Err("`security_groups` need the `vpc` that they are of".to_owned());
    }
    if args.client_cidr_block.is_none() && args.traffic_ip_address_type != VpnAddresses::Ipv6 {
        return Err("`client_cidr_block` is needed where IPv4 goes through the tunnel".to_owned());
    }
    if args.authentication.is_empty() {
        return Err("nobody can prove who he is: say how in `authentication`".to_owned());
    }
    Ok(())
}

fn groups(args: &ClientVpnEndpoint) -> Option<Vec<String>> {
    args.security_groups.as_ref().map(|groups| groups.iter().map(ToString::to_string).collect())
}

/// The endpoints that pass a filter, without those that are gone: AWS shows them for a while.
async fn filtered(aws: &Aws, filter: Option<sdk::Filter>) -> Result<Vec<sdk::ClientVpnEndpoint>> {
    let mut found = Vec::new();
    let call = aws.ec2().describe_client_vpn_endpoints().set_filters(filter.map(|filter| vec![filter]));
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        found.extend(page?.client_vpn_endpoints.unwrap_or_default());
    }
    found.retain(|one| state(one) != "deleted");
    Ok(found)
}

async fn describe(aws: &Aws, ids: &[ClientVpnEndpointId]) -> Result<Vec<sdk::ClientVpnEndpoint>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let by_id = filter("endpoint-id", chunk.iter().map(ClientVpnEndpointId::as_str));
        found.extend(filtered(aws, Some(by_id)).await?);
    }
    Ok(found)
}

fn state(endpoint: &sdk::ClientVpnEndpoint) -> &str {
    endpoint.status().and_then(|status| status.code()).map_or("pending", |code| code.as_str())
}

fn status_of(endpoint: &sdk::ClientVpnEndpoint) -> Status {
    match state(endpoint) {
        // Without a subnet it takes no connections, and is as ready as it can be.
        "available" | "pending-associate" => {
            let handler = endpoint.client_connect_options().and_then(|options| options.status());
            let code = handler.and_then(|status| status.code()).map(|code| code.as_str());
            match code {
                Some("applying") => Status::Pending("applying".to_owned()),
                _ => Status::Ready,
            }
        }
        "deleted" => Status::Gone,
        other => Status::Pending(other.to_owned()),
    }
}

fn observe(aws: &Aws, endpoint: sdk::ClientVpnEndpoint) -> Option<(ClientVpnEndpointId, Observed<ClientVpnEndpoint>)> {
    let id = ClientVpnEndpointId::new(endpoint.client_vpn_endpoint_id.clone()?);
    let read = read_tags(aws, endpoint.tags.clone());
    let groups: BTreeSet<_> = endpoint.security_group_ids().iter().map(SecurityGroupId::new).collect();
    let url = endpoint.self_service_portal_url.clone().filter(|url| !url.is_empty());
    let words = |word: Option<&str>| word.and_then(VpnAddresses::parse).unwrap_or(VpnAddresses::Ipv4);
    let transport = endpoint.transport_protocol().and_then(|it| TransportProtocol::parse(it.as_str()));
    let args = ClientVpnEndpoint {
        client_cidr_block: endpoint.client_cidr_block.clone().filter(|block| !block.is_empty()),
        server_certificate: Arn::new(endpoint.server_certificate_arn.clone().unwrap_or_default()),
        authentication: endpoint.authentication_options().iter().filter_map(Authentication::of).collect(),
        connection_log: ConnectionLog::of(endpoint.connection_log_options()),
        connect_handler: ConnectHandler::of(endpoint.client_connect_options()),
        login_banner: blocks::banner_of(endpoint.client_login_banner_options()),
        enforce_client_routes: endpoint
            .client_route_enforcement_options()
            .and_then(|options| options.enforced())
            .unwrap_or_default(),
        description: endpoint.description.clone().unwrap_or_default(),
        dns_servers: endpoint.dns_servers().to_vec(),
        split_tunnel: endpoint.split_tunnel.unwrap_or_default(),
        transport_protocol: transport.unwrap_or(TransportProtocol::Udp),
        vpn_port: endpoint.vpn_port.unwrap_or(443),
        self_service_portal: url.is_some(),
        session_timeout_hours: endpoint.session_timeout_hours.unwrap_or(24),
        disconnect_on_session_timeout: endpoint.disconnect_on_session_timeout.unwrap_or(true),
        vpc: endpoint.vpc_id.as_ref().map(VpcId::new),
        security_groups: (!groups.is_empty()).then_some(groups),
        endpoint_ip_address_type: words(endpoint.endpoint_ip_address_type().map(|it| it.as_str())),
        traffic_ip_address_type: words(endpoint.traffic_ip_address_type().map(|it| it.as_str())),
        tags: read.tags,
    };
    let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
    let outputs = ClientVpnEndpointOutputs {
        arn: Arn::new(format!("arn:{partition}:ec2:{region}:{account}:client-vpn-endpoint/{id}")),
        id: id.clone(),
        dns_name: endpoint.dns_name.unwrap_or_default(),
        self_service_portal_url: url,
    };
    Some((id, Observed::new(args, outputs, read.owner)))
}

#[cfg(test)]
mod tests {
    use sdk::ClientVpnEndpointAttributeStatusCode::{Applied, Applying};

    use super::*;
    use crate::logs::LogGroupName;

    fn endpoint(state: &str, handler: Option<sdk::ClientVpnEndpointAttributeStatusCode>) -> sdk::ClientVpnEndpoint {
        let status = sdk::ClientVpnEndpointStatus::builder().code(state.into()).build();
        let handler = handler.map(|code| sdk::ClientVpnEndpointAttributeStatus::builder().code(code).build());
        let options = sdk::ClientConnectResponseOptions::builder().set_status(handler).build();
        sdk::ClientVpnEndpoint::builder().status(status).client_connect_options(options).build()
    }

    #[test]
    fn an_endpoint_without_subnets_is_ready() {
        assert_eq!(status_of(&endpoint("pending-associate", None)), Status::Ready);
        assert_eq!(status_of(&endpoint("available", Some(Applied))), Status::Ready);
        assert_eq!(status_of(&endpoint("deleting", None)), Status::Pending("deleting".into()));
        assert_eq!(status_of(&endpoint("deleted", None)), Status::Gone);
    }

    #[test]
    fn a_handler_that_is_being_changed_is_waited_for() {
        assert_eq!(status_of(&endpoint("available", Some(Applying))), Status::Pending("applying".into()));
    }

    #[test]
    fn a_stream_that_aws_made_is_no_difference() {
        let group = |name: &str| ConnectionLog::LogGroup { log_group: LogGroupName::new(name) };
        let stream = |name: &str, stream: &str| ConnectionLog::LogStream {
            log_group: LogGroupName::new(name),
            log_stream: stream.to_owned(),
        };
        assert!(same_log(&group("a"), &stream("a", "cvpn-endpoint-1")));
        assert!(!same_log(&group("a"), &stream("b", "cvpn-endpoint-1")));
        assert!(!same_log(&stream("a", "x"), &stream("a", "cvpn-endpoint-1")));
        assert!(!same_log(&group("a"), &ConnectionLog::Off));
    }

    #[test]
    fn a_vpc_can_be_given_and_not_exchanged() {
        let vpc = |id: &str| Some(VpcId::new(id));
        assert_eq!(vpc_change(&None, &vpc("vpc-1")), Change::InPlace);
        assert_eq!(vpc_change(&vpc("vpc-1"), &vpc("vpc-2")), Change::Replace);
    }
}
