//! [`ClientVpn`]: the end of a VPN that AWS runs.

use formwork_aws::Arn;
use formwork_aws::acm::Certificate;
use formwork_aws::ec2::{
    Authentication, ClientVpnAccess, ClientVpnAuthorizationRule, ClientVpnEndpoint, ClientVpnRoute,
    ClientVpnTargetNetworkAssociation, ConnectionLog, SecurityGroup, Subnet, SubnetId, Vpc,
};
use formwork_aws::logs::LogGroupName;
use formwork_engine::{Handle, Input, IntoInput, Options, Output, Stack};

use super::VpnAccess;

/// An endpoint of AWS Client VPN: in a subnet of each zone that people are to come out in, with rules who may reach what.
///
/// ```
/// use formwork::components::{ClientVpn, VpnAccess, VpnAuthorization, VpnEnd};
/// use formwork::engine::Handle;
/// use formwork::prelude::*;
///
/// fn vpn(stack: &mut Stack, vpc: &Handle<ec2::Vpc>, private: &[Handle<ec2::Subnet>; 2], server: &Handle<acm::Certificate>) {
///     let people = ec2::SamlAuthentication::builder()
///         .provider(Arn::new("arn:aws:iam::123456789012:saml-provider/people"))
///         .build();
///     let end = ClientVpn {
///         client_cidr_block: "10.200.0.0/22".into(),
///         further_subnets: vec![private[1].id.clone()],
///         dns_servers: vec!["10.0.0.2".into()],
///         authorized: vec![VpnAuthorization::everybody("10.0.0.0/16"), VpnAuthorization::group("192.168.0.0/16", "ops")],
///         routes: vec!["192.168.0.0/16".into()],
///         ..ClientVpn::new(server, [ec2::Authentication::federated(people)])
///     };
///     let vpn = VpnAccess {
///         network_name: "vpn".into(),
///         access: Vec::new(),
///         end: VpnEnd::ClientVpn(end),
///         tags: Default::default(),
///     }
///     .declare(stack, "vpn", vpc, &private[0]);
///     if let Some(end) = &vpn.client_vpn {
///         stack.export("vpn_endpoint", &end.endpoint.id);
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ClientVpn {
    /// The certificate with which the endpoint proves who it is.
    pub server_certificate: Input<Arn<Certificate>>,
    /// How people prove who they are.
    pub authentication: Vec<Input<Authentication>>,
    /// The range that clients get addresses of, from `/22` to `/12`, which overlaps with nothing that they are to reach.
    pub client_cidr_block: String,
    /// Further subnets that people come out in, of other zones than the first one. Each costs by the hour.
    pub further_subnets: Vec<Output<SubnetId>>,
    /// What may be reached, and by whom. Nothing can be reached that is not said here, not even the VPC.
    pub authorized: Vec<VpnAuthorization>,
    /// Ranges beyond the VPC that the tunnel leads to, such as those of peered VPCs, or `0.0.0.0/0` for the internet: through each of the subnets.
    pub routes: Vec<String>,
    /// The DNS servers that clients use, at most two; those of the machine itself when there are none. The VPC's own is its third address.
    pub dns_servers: Vec<String>,
    /// Whether only the traffic for the networks behind it goes through the tunnel.
    pub split_tunnel: bool,
    /// The log group that connections are logged in; nowhere when absent.
    pub log_group: Option<Output<LogGroupName>>,
    /// Options of the endpoint itself, such as `protect`.
    pub options: Options,
}

/// Who may reach a range of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VpnAuthorization {
    /// The range, such as `10.0.0.0/16`.
    pub range: String,
    /// The groups whose members may, by their SIDs or as the identity provider names them; everybody when there are none.
    pub groups: Vec<String>,
}

impl VpnAuthorization {
    /// Everybody who is connected may reach the range.
    pub fn everybody(range: impl Into<String>) -> Self {
        Self { range: range.into(), groups: Vec::new() }
    }

    /// The members of a group may.
    pub fn group(range: impl Into<String>, group: impl Into<String>) -> Self {
        Self { range: range.into(), groups: vec![group.into()] }
    }
}

/// The handles of an endpoint of AWS Client VPN.
#[derive(Debug)]
pub struct ClientVpnParts {
    /// The endpoint.
    pub endpoint: Handle<ClientVpnEndpoint>,
    /// It in each of the subnets, in their order.
    pub associations: Vec<Handle<ClientVpnTargetNetworkAssociation>>,
    /// Who may reach what.
    pub rules: Vec<Handle<ClientVpnAuthorizationRule>>,
    /// The ways to networks beyond the VPC.
    pub routes: Vec<Handle<ClientVpnRoute>>,
}

impl ClientVpn {
    /// One that splits the tunnel, gives clients addresses of `10.200.0.0/22`, logs nothing and lets nobody reach anything yet.
    pub fn new(
        server_certificate: impl IntoInput<Arn<Certificate>>,
        authentication: impl IntoIterator<Item = Input<Authentication>>,
    ) -> Self {
        Self {
            server_certificate: server_certificate.into_input(),
            authentication: authentication.into_iter().collect(),
            client_cidr_block: "10.200.0.0/22".to_owned(),
            further_subnets: Vec::new(),
            authorized: Vec::new(),
            routes: Vec::new(),
            dns_servers: Vec::new(),
            split_tunnel: true,
            log_group: None,
            options: Options::default(),
        }
    }

    #[track_caller]
    pub(super) fn declare(
        &self,
        stack: &mut Stack,
        of: &VpnAccess,
        vpc: &Handle<Vpc>,
        subnet: &Handle<Subnet>,
        group: &Handle<SecurityGroup>,
    ) -> ClientVpnParts {
        if self.authorized.is_empty() {
            stack.mistake(format!("nobody reaches anything through {}: say who in `authorized`", of.network_name));
        }
        let mut tags = of.tags.clone();
        tags.entry("Name".to_owned()).or_insert_with(|| of.network_name.clone());
        let endpoint = ClientVpnEndpoint::builder()
            .client_cidr_block(&self.client_cidr_block)
            .server_certificate(self.server_certificate.clone())
            .authentication(self.authentication.clone())
            .description(&of.network_name)
            .dns_servers(self.dns_servers.clone())
            .split_tunnel(self.split_tunnel)
            .vpc(vpc)
            .security_groups([group])
            .tags(tags);
        let endpoint = match &self.log_group {
            Some(group) => endpoint.connection_log(ConnectionLog::log_group(group)),
            None => endpoint,
        };
        let endpoint = stack.add_with("main", endpoint.build(), self.options.clone());

        let subnets: Vec<&Output<SubnetId>> = std::iter::once(&subnet.id).chain(&self.further_subnets).collect();
        let associations = subnets.iter().enumerate().map(|(index, subnet)| {
            let association =
                ClientVpnTargetNetworkAssociation::builder().client_vpn_endpoint(&endpoint).subnet(*subnet);
            stack.add(&format!("subnet-{}", index + 1), association.build())
        });
        let associations = associations.collect();
        let rules = self.rules(stack, &endpoint);
        let mut routes = Vec::new();
        for (number, range) in self.routes.iter().enumerate() {
            for (index, subnet) in subnets.iter().enumerate() {
                let route = ClientVpnRoute::builder()
                    .client_vpn_endpoint(&endpoint)
                    .destination_cidr_block(range)
                    .target_subnet(*subnet)
                    .description(format!("to {range}"));
                routes.push(stack.add(&format!("route-{}-{}", number + 1, index + 1), route.build()));
            }
        }
        ClientVpnParts { endpoint, associations, rules, routes }
    }

    /// One rule for each range and group: `reach-1`, `reach-2`.
    #[track_caller]
    fn rules(
        &self,
        stack: &mut Stack,
        endpoint: &Handle<ClientVpnEndpoint>,
    ) -> Vec<Handle<ClientVpnAuthorizationRule>> {
        let mut rules = Vec::new();
        for VpnAuthorization { range, groups } in &self.authorized {
            let who = match groups.as_slice() {
                [] => vec![ClientVpnAccess::everybody()],
                groups => groups.iter().map(ClientVpnAccess::group).collect(),
            };
            for access in who {
                let rule = ClientVpnAuthorizationRule::builder()
                    .client_vpn_endpoint(endpoint)
                    .target_network_cidr(range)
                    .access(access);
                rules.push(stack.add(&format!("reach-{}", rules.len() + 1), rule.build()));
            }
        }
        rules
    }
}
