//! The example of an endpoint, and a small one for the examples of its parts.

use formwork_engine::{Expr, Handle, Stack};

use super::{
    Authentication, ClientVpnEndpoint, ConnectHandler, ConnectionLog, DirectoryId, SamlAuthentication,
    TransportProtocol, VpnAddresses,
};
use crate::acm::Certificate;
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::ec2::{SecurityGroup, Vpc};
use crate::logs::LogGroup;

/// An endpoint for the examples of its parts.
pub(in crate::ec2) fn example(stack: &mut Stack, name: &str, clients: &str) -> Handle<ClientVpnEndpoint> {
    let mut certificate = |of: &str| {
        let certificate = Certificate::builder().domain_name(format!("{of}.{name}.formwork.example"));
        stack.add(&format!("{name}-{of}"), certificate.build())
    };
    let (server, chain) = (certificate("server"), certificate("people"));
    let endpoint = ClientVpnEndpoint::builder().client_cidr_block(clients).server_certificate(&server);
    stack.add(name, endpoint.authentication([Authentication::certificate(&chain)]).build())
}

impl Conforms for ClientVpnEndpoint {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.41.0.0/16").build());
        let other_vpc = stack.add("other-vpc", Vpc::builder().cidr_block("10.42.0.0/16").build());
        let mut group = |name: &str, vpc| {
            let group = SecurityGroup::builder().name(format!("Vpn-{name}")).description("out of the tunnels");
            stack.add(name, group.vpc(vpc).build())
        };
        let (clients, others) = (group("clients", &vpc), group("others", &vpc));
        let elsewhere = group("elsewhere", &other_vpc);
        let mut certificate = |name: &str| {
            stack.add(name, Certificate::builder().domain_name(format!("{name}.formwork.example")).build())
        };
        let (server, other_server) = (certificate("server"), certificate("other-server"));
        let (chain, other_chain) = (certificate("chain"), certificate("other-chain"));
        let mut log = |name: &str| stack.add(name, LogGroup::builder().name(format!("/Formwork/Vpn/{name}")).build());
        let (log, other_log) = (log("log"), log("other-log"));
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:AWSClientVPN-Ask";
        let saml = SamlAuthentication::builder()
            .provider(Arn::new("arn:aws:iam::123456789012:saml-provider/people"))
            .self_service_provider(Arn::new("arn:aws:iam::123456789012:saml-provider/portal"));
        let base = ClientVpnEndpoint::builder()
            .client_cidr_block("10.200.0.7/22")
            .server_certificate(&server)
            .authentication([Authentication::certificate(&chain)])
            .connection_log(ConnectionLog::log_group(&log))
            .connect_handler(ConnectHandler::function(Arn::new(function)))
            .login_banner("Welcome, and be careful")
            .enforce_client_routes(true)
            .description("for people")
            .dns_servers(["10.41.0.2", "1.1.1.1"])
            .split_tunnel(true)
            .transport_protocol(TransportProtocol::Udp)
            .vpn_port(443)
            .self_service_portal(true)
            .session_timeout_hours(12)
            .disconnect_on_session_timeout(false)
            .vpc(&vpc)
            .security_groups([&clients])
            .endpoint_ip_address_type(VpnAddresses::Ipv4)
            .traffic_ip_address_type(VpnAddresses::Ipv4)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let list = |items: Vec<Expr>| Expr::List(items);
        Conformance::of(base)
            .on_double("Client VPN, which the emulator has no part of: nothing connects to it")
            .change("tags", [("team", "b")])
            .change("description", "for all people")
            .change("login_banner", "")
            .change("connection_log", ConnectionLog::log_stream(&other_log, "connections"))
            .change("connection_log", ConnectionLog::off())
            .change("connect_handler", ConnectHandler::off())
            .change("enforce_client_routes", false)
            .change("dns_servers", list(vec![Expr::text("10.41.0.2")]))
            .change("split_tunnel", false)
            .change("vpn_port", 1194_i64)
            .change("self_service_portal", false)
            .change("session_timeout_hours", 8_i64)
            .change("disconnect_on_session_timeout", true)
            .change("server_certificate", &other_server)
            .change("security_groups", list(vec![(&clients).into(), (&others).into()]))
            .change("client_cidr_block", "10.204.0.0/22")
            .change(
                "authentication",
                list(vec![Expr::from(Authentication::directory(DirectoryId::new("d-0123456789")))]),
            )
            .change(
                "authentication",
                list(vec![
                    Expr::from(Authentication::federated(saml.build())),
                    Expr::from(Authentication::certificate(&other_chain)),
                ]),
            )
            .change("transport_protocol", "tcp")
            .change("vpc", &other_vpc)
            .together_with("security_groups", list(vec![(&elsewhere).into()]))
            .change("endpoint_ip_address_type", "dual-stack")
            .change("traffic_ip_address_type", "dual-stack")
    }
}
