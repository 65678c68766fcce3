//! [`VpnAccess`]: a way into the VPC for people, as if they sat in it.

mod client_vpn;

use formwork_aws::ec2::{ElasticIp, Instance, KeyPair, SecurityGroup, Subnet, Vpc};
use formwork_aws::iam::Role;
use formwork_engine::{Handle, Options, Output, Stack};

pub use client_vpn::{ClientVpn, ClientVpnParts, VpnAuthorization};

use super::Tags;
use super::access::{AccessFrom, Port, admit};
use super::host::{self, Host, HostImage};

/// A virtual private network that ends in the VPC.
///
/// What comes through it into the VPC is known by its security group: [`VpnAccessParts::as_access`] lets it into databases and caches, whichever
/// sort of end it has.
///
/// # Which end
///
/// | | [`VpnEnd::Host`] | [`VpnEnd::ClientVpn`] |
/// | --- | --- | --- |
/// | what it is | one machine with WireGuard, OpenVPN or the like | AWS's managed service, which speaks OpenVPN |
/// | who looks after it | you: software, users, updates | AWS; people come from a directory, an identity provider or with certificates |
/// | when a zone fails | it is gone with its zone | it goes on in the other subnets |
/// | what it costs | the machine and its address | each subnet by the hour, and each connection by the hour: more, for a few people |
/// | who may connect | ranges of addresses, in `access` | anybody; who gets in is said by `authentication` |
///
/// ```
/// use formwork::components::{AccessFrom, HostImage, VpnAccess, VpnEnd, VpnHost};
/// use formwork::engine::Handle;
/// use formwork::prelude::*;
///
/// fn vpn(stack: &mut Stack, vpc: &Handle<ec2::Vpc>, public_subnet: &Handle<ec2::Subnet>) {
///     let vpn = VpnAccess {
///         network_name: "vpn".into(),
///         access: vec![AccessFrom::Cidr("0.0.0.0/0".into())],
///         end: VpnEnd::Host(VpnHost {
///             image: HostImage::amazon_linux(),
///             instance_type: "t3.small".into(),
///             udp_port: 51820,
///             ssh_access: Vec::new(),
///             public_key: None,
///             user_data: None,
///             termination_protection: true,
///             options: options(),
///         }),
///         tags: Default::default(),
///     }
///     .declare(stack, "vpn", vpc, public_subnet);
///     if let Some(host) = &vpn.host {
///         stack.export("vpn_address", &host.address.public_ip);
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct VpnAccess {
    /// What it is called; the names of its parts begin so.
    pub network_name: String,
    /// From where people may connect. AWS's endpoints take connections from anywhere, so that for them it is empty or says so (`0.0.0.0/0`).
    pub access: Vec<AccessFrom>,
    /// What ends the tunnel in the VPC.
    pub end: VpnEnd,
    /// Tags for everything that has tags.
    pub tags: Tags,
}

/// What ends the tunnels of a [`VpnAccess`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum VpnEnd {
    /// A machine, such as one with WireGuard or OpenVPN.
    Host(VpnHost),
    /// An endpoint of AWS Client VPN.
    ClientVpn(ClientVpn),
}

/// A machine that ends tunnels. Its software comes with the image or with `user_data`.
#[derive(Debug, Clone)]
pub struct VpnHost {
    /// The image.
    pub image: HostImage,
    /// The sort of machine, such as `t3.small`.
    pub instance_type: String,
    /// The UDP port that tunnels come to: 51820 for WireGuard, 1194 for OpenVPN.
    pub udp_port: i32,
    /// Who may connect by SSH. Nobody: then the way in is Session Manager.
    pub ssh_access: Vec<AccessFrom>,
    /// The public key that SSH lets in, as OpenSSH writes it; none when absent.
    pub public_key: Option<String>,
    /// What the machine does at its first start.
    pub user_data: Option<Output<String>>,
    /// Whether AWS refuses to terminate it.
    pub termination_protection: bool,
    /// Options of the instance itself, such as `protect`.
    pub options: Options,
}

/// The handles of a [`VpnAccess`].
#[derive(Debug)]
pub struct VpnAccessParts {
    /// What comes out of the tunnels belongs to it.
    pub security_group: Handle<SecurityGroup>,
    /// The machine that ends the tunnels, where it is one.
    pub host: Option<VpnHostParts>,
    /// AWS's endpoint that ends the tunnels, where it is one.
    pub client_vpn: Option<ClientVpnParts>,
}

/// The handles of a machine that ends tunnels.
#[derive(Debug)]
pub struct VpnHostParts {
    /// The machine.
    pub instance: Handle<Instance>,
    /// The address that people connect to, which stays when the machine is replaced.
    pub address: Handle<ElasticIp>,
    /// The role that programs on it have.
    pub role: Handle<Role>,
    /// The key that SSH lets in.
    pub key_pair: Option<Handle<KeyPair>>,
}

impl VpnAccessParts {
    /// What comes out of the tunnels: for `access` of databases and caches.
    pub fn as_access(&self) -> AccessFrom {
        AccessFrom::SecurityGroup(self.security_group.id.clone())
    }
}

impl VpnAccess {
    /// Declares it under `name`, with its end in a subnet of the VPC: for a machine a public one, for AWS's endpoint the first of those that people
    /// come out in.
    #[track_caller]
    pub fn declare(&self, stack: &mut Stack, name: &str, vpc: &Handle<Vpc>, subnet: &Handle<Subnet>) -> VpnAccessParts {
        let is_host = matches!(self.end, VpnEnd::Host(_));
        if is_host && self.access.is_empty() {
            stack.mistake(format!("nobody may connect to {}: say who in `access`", self.network_name));
        }
        if !is_host && !self.access.iter().all(is_everywhere) {
            stack.mistake(format!(
                "{} ends at an endpoint of AWS, which takes connections from anywhere: `access` cannot narrow that; leave it empty, and \
                 say in `authentication` who gets in",
                self.network_name
            ));
        }
        stack.component(name, |stack| {
            let group = host::security_group(stack, vpc, &self.network_name, &self.tags);
            let (mut host, mut client_vpn) = (None, None);
            match &self.end {
                VpnEnd::Host(machine) => host = Some(self.host(stack, machine, subnet, &group)),
                VpnEnd::ClientVpn(end) => client_vpn = Some(end.declare(stack, self, vpc, subnet, &group)),
            }
            VpnAccessParts { security_group: group, host, client_vpn }
        })
    }

    #[track_caller]
    fn host(
        &self,
        stack: &mut Stack,
        machine: &VpnHost,
        subnet: &Handle<Subnet>,
        group: &Handle<SecurityGroup>,
    ) -> VpnHostParts {
        admit(stack, group, "tunnels", Port::udp(machine.udp_port), &self.access, &self.tags);
        admit(stack, group, "ssh", Port::tcp(22), &machine.ssh_access, &self.tags);
        let host = Host {
            name: &self.network_name,
            image: &machine.image,
            instance_type: &machine.instance_type,
            public_key: machine.public_key.as_deref(),
            user_data: machine.user_data.as_ref(),
            // What comes out of a tunnel is not from the machine itself, where it is not translated.
            routes: true,
            // For the time until the elastic address is there, which is when the software is fetched.
            public_ip: true,
            termination_protection: machine.termination_protection,
            options: &machine.options,
            tags: &self.tags,
        };
        let parts = host.declare(stack, subnet, group);
        let address = ElasticIp::builder().instance(&parts.instance).tags(self.tags.clone());
        VpnHostParts {
            address: stack.add("main", address.build()),
            instance: parts.instance,
            role: parts.role,
            key_pair: parts.key_pair,
        }
    }
}

fn is_everywhere(from: &AccessFrom) -> bool {
    matches!(from, AccessFrom::Cidr(range) if range == "0.0.0.0/0" || range == "::/0")
}
