//! `aws:ec2/security-group`: which traffic reaches and leaves network interfaces.
//!
//! ```
//! use formwork_aws::ec2::{SecurityGroup, VpcId};
//! use formwork_engine::prefix;
//!
//! let group = SecurityGroup::builder()
//!     .name(prefix("database"))
//!     .description("PostgreSQL, from the VPC only")
//!     .vpc(VpcId::new("vpc-0123456789abcdef0"))
//!     .build();
//! # drop(group);
//! ```
//!
//! Name and description can only be changed by a replacement. Under a prefix, the next group is made and taken into use before the
//! former one is deleted; under a fixed name that is not possible.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{IpPermission, IpRange, ResourceType, SecurityGroupRule};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Name, Outputs, Resource, Stack, id};

use super::{FILTER_VALUES, Vpc, VpcId, candidate, filter, owned_by, read_tags, retag, tag_specification};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::tags::{self, Tags};

id! {
    /// The id of a security group, such as `sg-0123456789abcdef0`.
    pub struct SecurityGroupId;
}

/// A security group without rules: those are [`super::SecurityGroupIngressRule`] and [`super::SecurityGroupEgressRule`].
///
/// The default group of a VPC is AWS's and is never managed.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/security-group",
    cfn = "AWS::EC2::SecurityGroup",
    id = SecurityGroupId,
    outputs = SecurityGroupOutputs,
    guard = unique_name,
    natural_key(vpc, name),
    visibility = 300,
    create_wait = (0, 1, 3, 600),
    delete_wait = (0, 1, 1, 300)
)]
pub struct SecurityGroup {
    /// The name, at most 255 characters, unique in its VPC, not beginning with `sg-`; or a prefix of it.
    #[arg(replace, cfn = "GroupName")]
    pub name: Name,
    /// What it is for, 1 to 255 characters.
    #[arg(replace, cfn = "GroupDescription")]
    pub description: String,
    /// The VPC.
    #[arg(replace, cfn = "VpcId")]
    pub vpc: VpcId,
    /// Whether everything may leave. AWS gives each new group a rule that says so; it is taken away unless this is true, so that egress
    /// is what rules declare. It means rules for all traffic to anywhere that carry no ownership tags, whoever made them.
    #[arg(in_place, after_create, default = false, cfn = "")]
    pub allow_all_egress: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of a security group once it is there.
#[derive(Outputs)]
pub struct SecurityGroupOutputs {
    /// The id.
    pub id: SecurityGroupId,
    /// The ARN.
    pub arn: Arn<SecurityGroup>,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
    /// The account it belongs to.
    pub owner_id: String,
}

impl Lifecycle for SecurityGroup {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .ec2()
            .create_security_group()
            .group_name(args.name.as_str())
            .description(&args.description)
            .vpc_id(args.vpc.as_str())
            .tag_specifications(tag_specification(owner, &args.tags, ResourceType::SecurityGroup))
            .send()
            .await?;
        let id = answer.group_id.ok_or_else(|| Error::unexpected("ec2 CreateSecurityGroup", "no id in the answer"))?;
        // A new group lets everything out: the default of the argument has to be made true as well.
        Ok(Created { left: [String::from("allow_all_egress")].into(), ..Created::whole(id) })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| SecurityGroupId::new(&one.id)).collect();
        Ok(all_ready(describe(aws, &ids).await?.into_iter().filter_map(|group| group.group_id)))
    }

    async fn read(aws: &Aws, ids: &[SecurityGroupId]) -> Result<Readings<Self>> {
        let groups = describe(aws, ids).await?;
        // The groups do not show the tags of their rules: those that let everything out are looked at more closely.
        let wide = groups.iter().filter(|group| group.ip_permissions_egress().iter().any(lets_everything_out));
        let wide: Vec<String> = wide.filter_map(|group| group.group_id.clone()).collect();
        let wide: BTreeSet<String> =
            default_rules(aws, &wide).await?.into_iter().filter_map(|it| it.group_id).collect();
        let found = groups.into_iter().filter_map(|group| {
            let id = SecurityGroupId::new(group.group_id.clone()?);
            let allow_all_egress = wide.contains(id.as_str());
            Some((id.clone(), Ok(observe(aws, id, group, allow_all_egress))))
        });
        Ok(found.collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let answer = aws.ec2().describe_security_groups().filters(owned_by(owner)).send().await?;
        let groups = answer.security_groups.unwrap_or_default().into_iter();
        let mut found: Vec<_> = groups.filter_map(|group| candidate(aws, owner, group.group_id, group.tags)).collect();
        if let Some(args) = args {
            let call = aws.ec2().describe_security_groups().filters(filter("vpc-id", [args.vpc.as_str()]));
            let answer = call.filters(filter("group-name", [args.name.as_str()])).send().await?;
            let named = answer.security_groups.unwrap_or_default().into_iter().filter_map(|group| group.group_id);
            let named = named.filter(|id| !found.iter().any(|ours| ours.id == *id)).collect::<Vec<_>>();
            found.extend(named.into_iter().map(|id| Candidate { id, proof: Proof::Name }));
        }
        Ok(found)
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<SecurityGroupChanges>> {
        let SecurityGroupChanges { allow_all_egress, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if allow_all_egress && planned.allow_all_egress {
            let everything = IpPermission::builder().ip_protocol("-1");
            let everything = everything.ip_ranges(IpRange::builder().cidr_ip(ANYWHERE_IPV4).build()).build();
            let call = aws.ec2().authorize_security_group_egress().group_id(id.as_str());
            call.ip_permissions(everything).send().await.or_gone(&["InvalidPermission.Duplicate"])?;
        } else if allow_all_egress {
            let rules = default_rules(aws, &[id.to_string()]).await?;
            let rules: Vec<String> = rules.into_iter().filter_map(|rule| rule.security_group_rule_id).collect();
            if !rules.is_empty() {
                let call = aws.ec2().revoke_security_group_egress().group_id(id.as_str());
                let answer = call.set_security_group_rule_ids(Some(rules)).send().await;
                answer.or_gone(&["InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound"])?;
            }
        }
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &SecurityGroupId, _: &Self) -> Result<Deletion> {
        let answer = aws.ec2().delete_security_group().group_id(id.as_str()).send().await;
        answer.or_gone(&["InvalidGroup.NotFound"])?;
        Ok(Deletion::Done)
    }
}

const ANYWHERE_IPV4: &str = "0.0.0.0/0";
const ANYWHERE_IPV6: &str = "::/0";

fn lets_everything_out(permission: &IpPermission) -> bool {
    permission.ip_protocol() == Some("-1")
        && (permission.ip_ranges().iter().any(|range| range.cidr_ip() == Some(ANYWHERE_IPV4))
            || permission.ipv6_ranges().iter().any(|range| range.cidr_ipv6() == Some(ANYWHERE_IPV6)))
}

/// Whether it is a rule such as AWS gives a new group: all traffic, to anywhere, and nobody's.
fn is_default(rule: &SecurityGroupRule) -> bool {
    rule.is_egress() == Some(true)
        && rule.ip_protocol() == Some("-1")
        && (rule.cidr_ipv4() == Some(ANYWHERE_IPV4) || rule.cidr_ipv6() == Some(ANYWHERE_IPV6))
        && !rule.tags().iter().any(|tag| tag.key() == Some(tags::ID))
}

async fn default_rules(aws: &Aws, groups: &[String]) -> Result<Vec<SecurityGroupRule>> {
    let mut found = Vec::new();
    for chunk in groups.chunks(FILTER_VALUES) {
        let call = aws.ec2().describe_security_group_rules().filters(filter("group-id", chunk));
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page?.security_group_rules.unwrap_or_default().into_iter().filter(is_default));
        }
    }
    Ok(found)
}

async fn describe(aws: &Aws, ids: &[SecurityGroupId]) -> Result<Vec<aws_sdk_ec2::types::SecurityGroup>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let ids = chunk.iter().map(SecurityGroupId::as_str);
        let mut pages = aws.ec2().describe_security_groups().filters(filter("group-id", ids)).into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page?.security_groups.unwrap_or_default());
        }
    }
    Ok(found)
}

fn observe(
    aws: &Aws,
    id: SecurityGroupId,
    group: aws_sdk_ec2::types::SecurityGroup,
    allow_all_egress: bool,
) -> Observed<SecurityGroup> {
    let read = read_tags(aws, group.tags);
    let (name, owner_id) = (group.group_name.unwrap_or_default(), group.owner_id.unwrap_or_default());
    let arn = group.security_group_arn.unwrap_or_else(|| {
        let (partition, region) = (aws.partition(), aws.region());
        format!("arn:{partition}:ec2:{region}:{owner_id}:security-group/{id}")
    });
    let args = SecurityGroup {
        name: Name::new(name.as_str()),
        description: group.description.unwrap_or_default(),
        vpc: VpcId::new(group.vpc_id.unwrap_or_default()),
        allow_all_egress,
        tags: read.tags,
    };
    Observed::new(args, SecurityGroupOutputs { id, arn: Arn::new(arn), name, owner_id }, read.owner)
}

impl Conforms for SecurityGroup {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.21.0.0/16").build());
        let other = stack.add("other", Vpc::builder().cidr_block("10.22.0.0/16").build());
        let base = SecurityGroup::builder()
            .name("Conformance-Group")
            .description("made by the conformance suite")
            .vpc(&vpc)
            .allow_all_egress(false)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("allow_all_egress", true)
            .change("allow_all_egress", false)
            .change("tags", [("team", "b")])
            .change("vpc", &other)
            .change("name", "Conformance-Group-2")
            .change("description", "changed")
            // Under one name in one VPC the former group would have to go first.
            .together_with("name", "Conformance-Group-3")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::Tag;

    use super::*;

    fn rule() -> aws_sdk_ec2::types::builders::SecurityGroupRuleBuilder {
        SecurityGroupRule::builder().is_egress(true).ip_protocol("-1")
    }

    #[test]
    fn a_default_rule_is_all_traffic_to_anywhere_and_nobodys() {
        assert!(is_default(&rule().cidr_ipv4("0.0.0.0/0").build()));
        assert!(is_default(&rule().cidr_ipv6("::/0").build()));
        assert!(!is_default(&rule().cidr_ipv4("10.0.0.0/8").build()));
        assert!(!is_default(&rule().cidr_ipv4("0.0.0.0/0").is_egress(false).build()));
        assert!(!is_default(&rule().cidr_ipv4("0.0.0.0/0").ip_protocol("tcp").build()));
    }

    #[test]
    fn a_declared_rule_to_anywhere_is_no_default_rule() {
        let ours = Tag::builder().key(tags::ID).value("1").build();
        assert!(!is_default(&rule().cidr_ipv4("0.0.0.0/0").tags(ours).build()));
    }
}
