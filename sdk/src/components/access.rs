//! [`AccessFrom`]: who may connect to a data store.

use formwork_aws::ec2::{SecurityGroup, SecurityGroupId, SecurityGroupIngressRule, Vpc};
use formwork_engine::{Handle, Output, Stack};

use super::Tags;

/// Who may connect. A data store without anybody is a mistake that is told while planning: a database that nobody reaches has been
/// deployed often enough.
#[derive(Debug, Clone)]
pub enum AccessFrom {
    /// Everything with an address of this range.
    Cidr(String),
    /// The members of a security group.
    SecurityGroup(Output<SecurityGroupId>),
}

/// The security group of a data store, with one rule for each of those who may connect, to one TCP port. Nothing leaves from it.
#[track_caller]
pub(super) fn security_group(
    stack: &mut Stack,
    vpc: &Handle<Vpc>,
    of: &str,
    port: i32,
    access: &[AccessFrom],
    tags: &Tags,
) -> Handle<SecurityGroup> {
    if access.is_empty() {
        stack.mistake(format!("nobody may connect to {of}: say who in `access`"));
    }
    let group = SecurityGroup::builder()
        .name(formwork_engine::prefix(of))
        .description(format!("who reaches {of}"))
        .vpc(vpc)
        .tags(tags.clone());
    let group = stack.add("main", group.build());
    admit(stack, &group, "access", Port::tcp(port), access, tags);
    group
}

/// A port of a protocol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Port {
    protocol: &'static str,
    number: i32,
}

impl Port {
    pub(super) fn tcp(number: i32) -> Self {
        Self { protocol: "tcp", number }
    }

    pub(super) fn udp(number: i32) -> Self {
        Self { protocol: "udp", number }
    }
}

/// One rule for each of those who may connect to a port: `access-1`, `access-2`.
#[track_caller]
pub(super) fn admit(
    stack: &mut Stack,
    group: &Handle<SecurityGroup>,
    rules: &str,
    port: Port,
    access: &[AccessFrom],
    tags: &Tags,
) {
    for (index, from) in access.iter().enumerate() {
        let rule = SecurityGroupIngressRule::builder()
            .security_group(group)
            .protocol(port.protocol)
            .from_port(port.number)
            .to_port(port.number)
            .tags(tags.clone());
        let rule = match from {
            AccessFrom::Cidr(range) if range.contains(':') => {
                rule.cidr_ipv6(range).description(format!("from {range}"))
            }
            AccessFrom::Cidr(range) => rule.cidr_ipv4(range).description(format!("from {range}")),
            AccessFrom::SecurityGroup(id) => rule.referenced_group(id).description("from a security group"),
        };
        stack.add(&format!("{rules}-{}", index + 1), rule.build());
    }
}
