//! [`Bastion`]: a host in a public subnet by which people reach what lies in private ones.

use formwork_aws::ec2::{Instance, KeyPair, SecurityGroup, Subnet, Vpc};
use formwork_aws::iam::Role;
use formwork_engine::{Handle, Options, Output, Stack};

use super::Tags;
use super::access::{AccessFrom, Port, admit};
use super::host::{self, Host, HostImage};

/// A bastion: a small machine with a role of its own, an encrypted volume, and a metadata service that answers only to sessions (IMDSv2).
///
/// People come in by Session Manager, which needs no open port and no key, or by SSH from where `access` says, with `public_key`. To be the
/// administrator of a cluster, its role gets an access entry there.
///
/// ```
/// use formwork::components::{AccessFrom, Bastion, HostImage};
/// use formwork::engine::Handle;
/// use formwork::prelude::*;
///
/// fn hosts(stack: &mut Stack, vpc: &Handle<ec2::Vpc>, public_subnet: &Handle<ec2::Subnet>) {
///     let bastion = Bastion {
///         host_name: "bastion".into(),
///         image: HostImage::amazon_linux(),
///         instance_type: "t3.micro".into(),
///         access: vec![AccessFrom::Cidr("198.51.100.0/24".into())],
///         public_key: Some("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI… anna".into()),
///         user_data: None,
///         termination_protection: false,
///         options: options(),
///         tags: Default::default(),
///     }
///     .declare(stack, "bastion", vpc, public_subnet);
///     stack.export("bastion_ip", &bastion.instance.public_ip);
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Bastion {
    /// What the machine is called; its role, profile, key and security group get names that begin so.
    pub host_name: String,
    /// The image.
    pub image: HostImage,
    /// The sort of machine, such as `t3.micro`.
    pub instance_type: String,
    /// Who may connect by SSH. Nobody: then the way in is Session Manager.
    pub access: Vec<AccessFrom>,
    /// The public key that SSH lets in, as OpenSSH writes it; none when absent.
    pub public_key: Option<String>,
    /// What the machine does at its first start.
    pub user_data: Option<Output<String>>,
    /// Whether AWS refuses to terminate it.
    pub termination_protection: bool,
    /// Options of the instance itself, such as `protect`.
    pub options: Options,
    /// Tags for everything that has tags.
    pub tags: Tags,
}

/// The handles of a [`Bastion`].
#[derive(Debug)]
pub struct BastionParts {
    /// The machine.
    pub instance: Handle<Instance>,
    /// The role that programs on it have.
    pub role: Handle<Role>,
    /// Who reaches it.
    pub security_group: Handle<SecurityGroup>,
    /// The key that SSH lets in.
    pub key_pair: Option<Handle<KeyPair>>,
}

impl BastionParts {
    /// What comes from the bastion: for `access` of databases and caches.
    pub fn as_access(&self) -> AccessFrom {
        AccessFrom::SecurityGroup(self.security_group.id.clone())
    }
}

impl Bastion {
    /// Declares it under `name`, in a public subnet of the VPC.
    #[track_caller]
    pub fn declare(
        &self,
        stack: &mut Stack,
        name: &str,
        vpc: &Handle<Vpc>,
        public_subnet: &Handle<Subnet>,
    ) -> BastionParts {
        if !self.access.is_empty() && self.public_key.is_none() && self.user_data.is_none() {
            let host = &self.host_name;
            stack.mistake(format!(
                "SSH to {host} is open and lets in no key: give `public_key`, or leave `access` empty"
            ));
        }
        stack.component(name, |stack| {
            let group = host::security_group(stack, vpc, &self.host_name, &self.tags);
            admit(stack, &group, "ssh", Port::tcp(22), &self.access, &self.tags);
            let host = Host {
                name: &self.host_name,
                image: &self.image,
                instance_type: &self.instance_type,
                public_key: self.public_key.as_deref(),
                user_data: self.user_data.as_ref(),
                routes: false,
                public_ip: true,
                termination_protection: self.termination_protection,
                options: &self.options,
                tags: &self.tags,
            };
            let parts = host.declare(stack, public_subnet, &group);
            BastionParts { instance: parts.instance, role: parts.role, security_group: group, key_pair: parts.key_pair }
        })
    }
}
