//! `aws:ec2/security-group-egress-rule`: lets traffic out of the network interfaces of a security group; one rule per resource.
//!
//! ```
//! use formwork_aws::ec2::{SecurityGroupEgressRule, SecurityGroupId};
//!
//! let rule = SecurityGroupEgressRule::builder()
//!     .security_group(SecurityGroupId::new("sg-0123456789abcdef0"))
//!     .protocol("all")
//!     .cidr_ipv4("0.0.0.0/0")
//!     .build();
//! # drop(rule);
//! ```

use std::collections::BTreeMap;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Outputs, Resource, Stack};

use super::rule::{self, Changed, Directed, Rule, SecurityGroupRuleId, same_cidr, same_protocol, same_sort};
use super::{PrefixListId, SecurityGroup, SecurityGroupId, Vpc};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::Result;
use crate::lifecycle::{Lifecycle, Readings, Update, Updated};
use crate::tags::Tags;

/// A rule for traffic that leaves the members of a security group. Exactly one of `cidr_ipv4`, `cidr_ipv6`, `prefix_list` and
/// `referenced_group` says where the traffic goes; going over from one to another replaces the rule.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/security-group-egress-rule",
    cfn = "AWS::EC2::SecurityGroupEgress",
    id = SecurityGroupRuleId,
    outputs = SecurityGroupEgressRuleOutputs,
    guard = unique_name,
    natural_key(
        security_group,
        protocol,
        from_port,
        to_port,
        cidr_ipv4,
        cidr_ipv6,
        prefix_list,
        referenced_group
    ),
    visibility = 300
)]
pub struct SecurityGroupEgressRule {
    /// The security group that the rule belongs to.
    #[arg(replace, cfn = "GroupId")]
    pub security_group: SecurityGroupId,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, the number of a protocol, or `all`.
    #[arg(in_place, cfn = "IpProtocol", same = same_protocol)]
    pub protocol: String,
    /// The first port, or the ICMP type, where -1 is all. Needed but for protocols without ports.
    #[arg(in_place)]
    pub from_port: Option<i32>,
    /// The last port, or the ICMP code, where -1 is all. Needed but for protocols without ports.
    #[arg(in_place)]
    pub to_port: Option<i32>,
    /// Whereto: a range of IPv4 addresses, such as `10.0.0.0/16`.
    #[arg(decide = same_sort, cfn = "CidrIp", same = same_cidr)]
    pub cidr_ipv4: Option<String>,
    /// Whereto: a range of IPv6 addresses, such as `2001:db8::/32`.
    #[arg(decide = same_sort, same = same_cidr)]
    pub cidr_ipv6: Option<String>,
    /// Whereto: the addresses of a prefix list, by its id `pl-…`.
    #[arg(decide = same_sort, cfn = "DestinationPrefixListId")]
    pub prefix_list: Option<PrefixListId>,
    /// Whereto: the members of a security group, of this VPC or of a peered one.
    #[arg(decide = same_sort, cfn = "DestinationSecurityGroupId")]
    pub referenced_group: Option<SecurityGroupId>,
    /// The account of `referenced_group`; needed where that is another one's.
    #[arg(replace, cfn = "")]
    pub referenced_group_owner: Option<String>,
    /// What it is for, at most 255 characters.
    #[arg(in_place, default)]
    pub description: String,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags, cfn = "")]
    pub tags: Tags,
}

/// What is known of a rule once it is there.
#[derive(Outputs)]
pub struct SecurityGroupEgressRuleOutputs {
    /// The id.
    pub id: SecurityGroupRuleId,
    /// The ARN.
    pub arn: Arn<SecurityGroupEgressRule>,
}

impl Directed for SecurityGroupEgressRule {
    const EGRESS: bool = true;

    fn rule(&self) -> Rule {
        Rule {
            security_group: self.security_group.clone(),
            protocol: self.protocol.clone(),
            from_port: self.from_port,
            to_port: self.to_port,
            cidr_ipv4: self.cidr_ipv4.clone(),
            cidr_ipv6: self.cidr_ipv6.clone(),
            prefix_list: self.prefix_list.clone(),
            referenced_group: self.referenced_group.clone(),
            referenced_group_owner: self.referenced_group_owner.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
        }
    }

    fn observed(rule: Rule, id: SecurityGroupRuleId, arn: Arn<Self>) -> (Self, SecurityGroupEgressRuleOutputs) {
        let args = Self {
            security_group: rule.security_group,
            protocol: rule.protocol,
            from_port: rule.from_port,
            to_port: rule.to_port,
            cidr_ipv4: rule.cidr_ipv4,
            cidr_ipv6: rule.cidr_ipv6,
            prefix_list: rule.prefix_list,
            referenced_group: rule.referenced_group,
            referenced_group_owner: rule.referenced_group_owner,
            description: rule.description,
            tags: rule.tags,
        };
        (args, SecurityGroupEgressRuleOutputs { id, arn })
    }
}

impl Lifecycle for SecurityGroupEgressRule {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        rule::create(aws, owner, args).await
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        rule::status::<Self>(aws, waiting).await
    }

    async fn read(aws: &Aws, ids: &[SecurityGroupRuleId]) -> Result<Readings<Self>> {
        rule::read(aws, ids).await
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        rule::find(aws, owner, args).await
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<SecurityGroupEgressRuleChanges>> {
        let SecurityGroupEgressRuleChanges {
            protocol,
            from_port,
            to_port,
            cidr_ipv4,
            cidr_ipv6,
            prefix_list,
            referenced_group,
            description,
            tags,
        } = update.changes;
        let ports = protocol || from_port || to_port;
        let peer = cidr_ipv4 || cidr_ipv6 || prefix_list || referenced_group;
        let changed = Changed { rule: ports || peer || description, tags };
        rule::update(aws, update.owner, update.id, update.now, update.planned, changed).await?;
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &SecurityGroupRuleId, recorded: &Self) -> Result<Deletion> {
        rule::delete(aws, id, recorded).await
    }
}

impl Conforms for SecurityGroupEgressRule {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.24.0.0/16").build());
        let mut group = |name: &str| {
            let group =
                SecurityGroup::builder().name(format!("Egress-Rules-{name}")).description("has rules").vpc(&vpc);
            stack.add(name, group.build())
        };
        let (holder, other, peer, next) = (group("holder"), group("other"), group("peer"), group("next"));
        let base = SecurityGroupEgressRule::builder()
            .security_group(&holder)
            .protocol("6")
            .from_port(5432)
            .to_port(5433)
            // Not canonical: AWS clears the last two bytes.
            .cidr_ipv4("10.24.7.9/16")
            .description("made by the conformance suite")
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let nothing = formwork_engine::Expr::null;
        Conformance::of(base)
            .change("to_port", 5434_i64)
            .change("from_port", 5433_i64)
            .change("protocol", "udp")
            .change("cidr_ipv4", "10.0.0.0/8")
            .change("description", "")
            .change("tags", [("team", "b")])
            .change("cidr_ipv6", "2001:DB8::/32")
            .together_with("cidr_ipv4", nothing())
            .change("cidr_ipv6", "2001:db8:1::/48")
            .change("prefix_list", "pl-0123456789abcdef1")
            .together_with("cidr_ipv6", nothing())
            .change("prefix_list", "pl-0123456789abcdef3")
            .change("referenced_group", &peer)
            .together_with("prefix_list", nothing())
            .change("referenced_group", &next)
            .change("security_group", &other)
            .unseen("referenced_group_owner", "the emulator has no peered VPCs of other accounts")
    }
}
