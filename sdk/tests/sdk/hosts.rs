//! The components of hosts: [`Bastion`] and [`VpnAccess`].

use formwork::components::{AccessFrom, Bastion, ClientVpn, HostImage, VpnAccess, VpnAuthorization, VpnEnd, VpnHost};
use formwork::engine::Value;
use formwork::prelude::*;
use formwork::testing::{self, Planner};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIESRu+F5HH74W8WWGBAtysAWMqolk8RHIYUllXU4JCP7 anna";

fn bastion(access: &[&str], public_key: Option<&str>) -> Bastion {
    Bastion {
        host_name: "bastion".into(),
        image: HostImage::amazon_linux(),
        instance_type: "t3.micro".into(),
        access: access.iter().map(|range| AccessFrom::Cidr((*range).into())).collect(),
        public_key: public_key.map(str::to_owned),
        user_data: None,
        termination_protection: true,
        options: options(),
        tags: [("team".to_owned(), "platform".to_owned())].into(),
    }
}

fn vpn(access: &[&str]) -> VpnAccess {
    VpnAccess {
        network_name: "vpn".into(),
        access: access.iter().map(|range| AccessFrom::Cidr((*range).into())).collect(),
        end: VpnEnd::Host(VpnHost {
            image: HostImage::pinned(ec2::AmiId::new("ami-0123456789abcdef0")),
            instance_type: "t3.small".into(),
            udp_port: 51820,
            ssh_access: Vec::new(),
            public_key: None,
            user_data: Some(join(["#!/bin/sh\ndnf install -y wireguard-tools\n".into()])),
            termination_protection: false,
            options: options(),
        }),
        tags: Default::default(),
    }
}

/// A public subnet, as far as a host needs one.
fn network(stack: &mut Stack) -> (Handle<ec2::Vpc>, Handle<ec2::Subnet>) {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
    stack.add("main", ec2::InternetGateway::builder().vpc(&vpc).build());
    let subnet = stack.add("public", ec2::Subnet::builder().vpc(&vpc).cidr_block("10.0.101.0/24").build());
    (vpc, subnet)
}

fn with_bastion(stack: &mut Stack, bastion: &Bastion) -> Result<()> {
    let (vpc, subnet) = network(stack);
    let parts = bastion.declare(stack, "bastion", &vpc, &subnet);
    stack.export("bastion_role", &parts.role.arn);
    Ok(())
}

fn with_vpn(stack: &mut Stack, vpn: &VpnAccess) -> Result<()> {
    let (vpc, subnet) = network(stack);
    vpn.declare(stack, "vpn", &vpc, &subnet);
    Ok(())
}

#[test]
fn a_bastion_lets_in_whom_it_is_told_and_answers_only_within_sessions() {
    let plan = testing::plan(with_bastion, &bastion(&["198.51.100.0/24", "2001:db8::/32"], Some(KEY)));
    let hosts = ["bastion/main", "bastion/out", "bastion/session-manager", "bastion/ssh-1", "bastion/ssh-2"];
    assert_eq!(plan.creates(), [&hosts[..], &["main", "public"]].concat());
    let host = plan.resource::<ec2::Instance>("bastion/main");
    for on in ["metadata_options.session_required", "termination_protection", "source_dest_check"] {
        assert_eq!(host.arg(on), &Value::Bool(true), "{on}");
    }
    assert_eq!(host.arg("tags.Name").as_text(), Some("bastion"));
    assert!(host.refers_to("subnet", "public") && host.refers_to("security_groups", "bastion/main"));
    assert!(host.refers_to("key_pair", "bastion/main") && host.refers_to("instance_profile", "bastion/main"));
    let ssh = plan.resource::<ec2::SecurityGroupIngressRule>("bastion/ssh-1");
    assert_eq!((ssh.arg("from_port"), ssh.arg("cidr_ipv4").as_text()), (&Value::Int(22), Some("198.51.100.0/24")));
    let ipv6 = plan.resource::<ec2::SecurityGroupIngressRule>("bastion/ssh-2");
    assert_eq!(ipv6.arg("cidr_ipv6").as_text(), Some("2001:db8::/32"));
}

#[test]
fn a_bastion_without_open_ports_is_reached_by_session_manager() {
    let plan = testing::plan(with_bastion, &bastion(&[], None));
    assert!(!plan.creates().iter().any(|path| path.starts_with("bastion/ssh")));
    let attachment = plan.resource::<iam::RolePolicyAttachment>("bastion/session-manager");
    assert_eq!(attachment.arg("policy_arn").as_text(), Some("arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"));
}

#[test]
fn ssh_without_a_key_is_a_mistake() {
    let errors = Planner::new().plan(with_bastion, &bastion(&["198.51.100.0/24"], None)).unwrap_err();
    assert!(errors[0].to_string().contains("lets in no key"), "{errors:?}");
}

#[test]
fn a_vpn_host_has_an_address_that_stays_and_routes_for_others() {
    let plan = testing::plan(with_vpn, &vpn(&["0.0.0.0/0"]));
    assert_eq!(plan.creates(), ["main", "public", "vpn/main", "vpn/out", "vpn/session-manager", "vpn/tunnels-1"]);
    let host = plan.resource::<ec2::Instance>("vpn/main");
    assert_eq!(host.arg("source_dest_check"), &Value::Bool(false));
    let address = plan.resource::<ec2::ElasticIp>("vpn/main");
    assert!(address.refers_to("instance", "vpn/main") && address.comes_after("vpn/main", &plan));
    let tunnels = plan.resource::<ec2::SecurityGroupIngressRule>("vpn/tunnels-1");
    assert_eq!((tunnels.arg("protocol").as_text(), tunnels.arg("to_port")), (Some("udp"), &Value::Int(51820)));
}

#[test]
fn a_vpn_that_nobody_reaches_is_a_mistake() {
    let errors = Planner::new().plan(with_vpn, &vpn(&[])).unwrap_err();
    assert!(errors[0].to_string().contains("nobody may connect to vpn"), "{errors:?}");
}

/// Two machines in one subnet, both with this address or both without one of their own.
fn twins(stack: &mut Stack, address: &Option<&str>) -> Result<()> {
    let (_, subnet) = network(stack);
    for name in ["one", "two"] {
        let host = ec2::Instance::builder().instance_type("t3.micro").subnet(&subnet);
        let host = match address {
            Some(address) => host.private_ip_address(*address),
            None => host,
        };
        stack.add(name, host.build());
    }
    Ok(())
}

#[test]
fn an_address_of_a_subnet_is_one_machines() {
    assert!(testing::plan(twins, &None).creates().contains(&"two"));
    let errors = Planner::new().plan(twins, &Some("10.0.101.9")).unwrap_err();
    assert!(errors[0].to_string().contains("may exist once"), "{errors:?}");
}

/// A VPN that ends at AWS's endpoint, in two subnets.
fn client_vpn(access: &[&str], authorized: Vec<VpnAuthorization>) -> VpnAccess {
    let chain = Arn::new("arn:aws:acm:eu-west-1:123456789012:certificate/people");
    let server: Arn<acm::Certificate> = Arn::new("arn:aws:acm:eu-west-1:123456789012:certificate/server");
    let end = ClientVpn {
        authorized,
        routes: vec!["192.168.0.0/16".into()],
        dns_servers: vec!["10.0.0.2".into()],
        ..ClientVpn::new(server, [ec2::Authentication::certificate(chain)])
    };
    VpnAccess { end: VpnEnd::ClientVpn(end), ..vpn(access) }
}

fn with_client_vpn(stack: &mut Stack, vpn: &VpnAccess) -> Result<()> {
    let (vpc, subnet) = network(stack);
    let further = ec2::Subnet::builder().vpc(&vpc).cidr_block("10.0.102.0/24").availability_zone("eu-west-1b");
    let further = stack.add("further", further.build());
    let mut vpn = vpn.clone();
    if let VpnEnd::ClientVpn(end) = &mut vpn.end {
        end.further_subnets = vec![further.id.clone()];
    }
    let parts = vpn.declare(stack, "vpn", &vpc, &subnet);
    if let Some(end) = &parts.client_vpn {
        stack.export("vpn_endpoint", &end.endpoint.id);
    }
    Ok(())
}

fn authorized() -> Vec<VpnAuthorization> {
    let offices = VpnAuthorization { range: "192.168.0.0/16".into(), groups: vec!["ops".into(), "dev".into()] };
    vec![VpnAuthorization::everybody("10.0.0.0/16"), offices]
}

#[test]
fn a_client_vpn_is_in_its_subnets_and_leads_where_it_is_authorized() {
    let plan = testing::plan(with_client_vpn, &client_vpn(&[], authorized()));
    let ends = ["main", "out", "reach-1", "reach-2", "reach-3", "route-1-1", "route-1-2", "subnet-1", "subnet-2"];
    let ends = ends.map(|name| format!("vpn/{name}"));
    let made: std::collections::BTreeSet<&str> = plan.creates().into_iter().collect();
    let wanted = ["further", "main", "public"].into_iter().chain(ends.iter().map(String::as_str));
    assert_eq!(made, wanted.collect());

    let endpoint = plan.resource::<ec2::ClientVpnEndpoint>("vpn/main");
    assert!(endpoint.refers_to("vpc", "main") && endpoint.refers_to("security_groups", "vpn/main"));
    assert_eq!((endpoint.arg("tags.Name").as_text(), endpoint.arg("split_tunnel")), (Some("vpn"), &Value::Bool(true)));
    assert_eq!(endpoint.arg("self_service_portal"), &Value::Bool(false));
    for (name, subnet) in [("vpn/subnet-1", "public"), ("vpn/subnet-2", "further")] {
        let association = plan.resource::<ec2::ClientVpnTargetNetworkAssociation>(name);
        assert!(association.refers_to("client_vpn_endpoint", "vpn/main") && association.refers_to("subnet", subnet));
    }
    let everybody = plan.resource::<ec2::ClientVpnAuthorizationRule>("vpn/reach-1");
    assert_eq!(everybody.arg("access.who").as_text(), Some("everybody"));
    let group = plan.resource::<ec2::ClientVpnAuthorizationRule>("vpn/reach-3");
    assert_eq!(group.arg("access.access_group").as_text(), Some("dev"));
    // A route waits for the association of its own subnet, of which no argument tells.
    let route = plan.resource::<ec2::ClientVpnRoute>("vpn/route-1-2");
    assert!(route.refers_to("target_subnet", "further") && route.comes_after("vpn/subnet-2", &plan));
    assert!(!route.comes_after("vpn/subnet-1", &plan));
}

#[test]
fn an_endpoint_of_aws_cannot_be_narrowed_by_addresses() {
    let errors = Planner::new().plan(with_client_vpn, &client_vpn(&["198.51.100.0/24"], authorized())).unwrap_err();
    assert!(errors[0].to_string().contains("takes connections from anywhere"), "{errors:?}");
    assert!(Planner::new().plan(with_client_vpn, &client_vpn(&["0.0.0.0/0"], authorized())).is_ok());
}

#[test]
fn a_client_vpn_through_which_nobody_reaches_anything_is_a_mistake() {
    let errors = Planner::new().plan(with_client_vpn, &client_vpn(&[], Vec::new())).unwrap_err();
    assert!(errors[0].to_string().contains("nobody reaches anything through vpn"), "{errors:?}");
}
