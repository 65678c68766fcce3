//! What hosts have in common: an image, a role that Systems Manager works with, a machine in a subnet.

use formwork_aws::ec2::{
    self, AmiFilter, AmiId, BlockDevice, Instance, KeyPair, SecurityGroup, SecurityGroupEgressRule, Subnet, VolumeType,
    Vpc,
};
use formwork_aws::iam::{
    InstanceProfile, PolicyDocument, Principal, Role, RolePolicyAttachment, Statement, aws_managed_policy,
};
use formwork_engine::{Handle, IntoInput, Options, Output, Stack, prefix};

use super::Tags;

/// The image that a host starts from. Whichever way it is chosen, it is recorded with the first run and stays until `--repin`, so that a newer
/// one never replaces a host by itself.
#[derive(Debug, Clone)]
pub enum HostImage {
    /// The image that a public parameter of Systems Manager names, such as
    /// `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`.
    Parameter(String),
    /// The newest image of an owner that passes filters.
    Newest(AmiFilter),
    /// This very image.
    Pinned(Output<AmiId>),
}

impl HostImage {
    /// Amazon Linux 2023 for x86-64 processors, with the agent of Systems Manager.
    pub fn amazon_linux() -> Self {
        Self::Parameter("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64".to_owned())
    }

    /// The same for Arm processors, such as those of `t4g` machines.
    pub fn amazon_linux_arm() -> Self {
        Self::Parameter("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64".to_owned())
    }

    /// This very image.
    pub fn pinned(id: impl IntoInput<AmiId>) -> Self {
        Self::Pinned(id.into_input().into())
    }

    #[track_caller]
    fn id(&self, stack: &mut Stack) -> Output<AmiId> {
        match self {
            Self::Parameter(name) => ec2::ami_by_parameter(stack, name),
            Self::Newest(filter) => ec2::ami(stack, filter).id,
            Self::Pinned(id) => id.clone(),
        }
    }
}

/// What a host is made of.
pub(super) struct Host<'a> {
    pub(super) name: &'a str,
    pub(super) image: &'a HostImage,
    pub(super) instance_type: &'a str,
    pub(super) public_key: Option<&'a str>,
    pub(super) user_data: Option<&'a Output<String>>,
    /// Whether it passes on what is not for it.
    pub(super) routes: bool,
    /// Whether AWS gives it a public address for as long as it runs.
    pub(super) public_ip: bool,
    pub(super) termination_protection: bool,
    pub(super) options: &'a Options,
    pub(super) tags: &'a Tags,
}

/// The handles of a host.
pub(super) struct HostParts {
    pub(super) instance: Handle<Instance>,
    pub(super) role: Handle<Role>,
    pub(super) key_pair: Option<Handle<KeyPair>>,
}

/// The security group of a host: everything may leave, and what may enter is said by rules.
#[track_caller]
pub(super) fn security_group(stack: &mut Stack, vpc: &Handle<Vpc>, of: &str, tags: &Tags) -> Handle<SecurityGroup> {
    let group =
        SecurityGroup::builder().name(prefix(of)).description(format!("who reaches {of}")).vpc(vpc).tags(tags.clone());
    let group = stack.add("main", group.build());
    let out = SecurityGroupEgressRule::builder().security_group(&group).protocol("all").cidr_ipv4("0.0.0.0/0");
    stack.add("out", out.description("to anywhere").tags(tags.clone()).build());
    group
}

impl Host<'_> {
    /// Declares machine, role, profile and key under the present path.
    #[track_caller]
    pub(super) fn declare(
        &self,
        stack: &mut Stack,
        subnet: &Handle<Subnet>,
        group: &Handle<SecurityGroup>,
    ) -> HostParts {
        let image = self.image.id(stack);
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::service("ec2.amazonaws.com"))
            .action("sts:AssumeRole")]);
        let role = Role::builder().name(prefix(self.name)).assume_role_policy(trust).tags(self.tags.clone());
        let role = stack.add("main", role.build());
        // Sessions, patches and inventory of Systems Manager: a way in without any open port.
        let managed = aws_managed_policy("AmazonSSMManagedInstanceCore");
        stack.add("session-manager", RolePolicyAttachment::builder().role(&role).policy_arn(managed).build());
        let profile = InstanceProfile::builder().name(prefix(self.name)).role(&role).tags(self.tags.clone());
        let profile = stack.add("main", profile.build());
        let key_pair = self.public_key.map(|key| {
            let pair = KeyPair::builder().name(prefix(self.name)).public_key(key).tags(self.tags.clone());
            stack.add("main", pair.build())
        });

        let mut tags = self.tags.clone();
        tags.entry("Name".to_owned()).or_insert_with(|| self.name.to_owned());
        // The device of the images that `HostImage` names by parameter; of another device, the root volume is what its image says.
        let root = BlockDevice::builder().device_name("/dev/xvda").volume_type(VolumeType::Gp3).encrypted(true);
        let instance = Instance::builder()
            .ami(&image)
            .instance_type(self.instance_type)
            .subnet(subnet)
            .security_groups([group])
            .instance_profile(&profile)
            .source_dest_check(!self.routes)
            .associate_public_ip(self.public_ip)
            .termination_protection(self.termination_protection)
            .volume_tags(tags.clone())
            .tags(tags);
        let instance = match self.image {
            HostImage::Parameter(_) => instance.block_devices([root.build()]),
            HostImage::Newest(_) | HostImage::Pinned(_) => instance,
        };
        let instance = match &key_pair {
            Some(pair) => instance.key_pair(&pair.name),
            None => instance,
        };
        let instance = match self.user_data {
            Some(data) => instance.user_data(data),
            None => instance,
        };
        HostParts { instance: stack.add_with("main", instance.build(), self.options.clone()), role, key_pair }
    }
}
