//! [`VpnAccess`]: a way into the VPC for people, as if they sat in it.

use formwork_aws::ec2::{ElasticIp, Instance, KeyPair, SecurityGroup, Subnet, Vpc};
use formwork_aws::iam::Role;
use formwork_engine::{Handle, Options, Output, Stack};

use super::Tags;
use super::access::{AccessFrom, Port, admit};
use super::host::{self, Host, HostImage};

/// A virtual private network that ends in the VPC.
///
/// What comes through it into the VPC is known by its security group: [`VpnAccessParts::as_access`] lets it into databases and caches, whichever
/// sort of end it has.
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
    /// From where people may connect.
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
    /// Declares it under `name`, with its end in a subnet of the VPC: for a machine a public one.
    #[track_caller]
    pub fn declare(&self, stack: &mut Stack, name: &str, vpc: &Handle<Vpc>, subnet: &Handle<Subnet>) -> VpnAccessParts {
        if self.access.is_empty() {
            stack.mistake(format!("nobody may connect to {}: say who in `access`", self.network_name));
        }
        stack.component(name, |stack| {
            let group = host::security_group(stack, vpc, &self.network_name, &self.tags);
            let VpnEnd::Host(machine) = &self.end;
            let host = self.host(stack, machine, subnet, &group);
            VpnAccessParts { security_group: group, host: Some(host) }
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
