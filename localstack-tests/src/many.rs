//! [`Many`]: a stack with very many resources of a few types, for what grows with their number.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use formwork_aws::ec2::{SecurityGroup, SecurityGroupEgressRule, SecurityGroupIngressRule, Subnet, Vpc};
use formwork_aws::iam::{
    PolicyDocument, Principal, Role, RolePolicy, RolePolicyAttachment, Statement, aws_managed_policy,
};
use formwork_engine::kind::Cloud as _;
use formwork_engine::{Program, Stack};

use crate::Trial;

/// How many of each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Many {
    /// Subnets of the one VPC, at most 1024.
    pub subnets: u32,
    /// Security groups.
    pub groups: u32,
    /// Rules of each group, ingress and egress by turns.
    pub rules: u16,
    /// Roles, each with a policy of its own and one of AWS's.
    pub roles: u32,
}

impl Many {
    /// The program that declares them.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn program(self) -> Result<Program> {
        let mut stack = Stack::new("tests", "many", BTreeMap::new());
        let vpc = stack.add("main", Vpc::builder().cidr_block("10.0.0.0/16").build());
        for number in 0..self.subnets {
            // Sixty-four addresses each, one behind the other.
            let range = format!("10.0.{}.{}/26", number / 4, number % 4 * 64);
            stack.add(&format!("subnet-{number}"), Subnet::builder().vpc(&vpc).cidr_block(range).build());
        }
        for number in 0..self.groups {
            stack.component(&format!("group-{number}"), |stack| {
                let name = format!("many-{number}");
                let group = SecurityGroup::builder().name(name).description("one of many").vpc(&vpc).build();
                let group = stack.add("group", group);
                for rule in 0..self.rules {
                    let (name, port) = (format!("rule-{rule}"), i32::from(rule) + 8000);
                    let range = "10.0.0.0/16";
                    if rule % 2 == 0 {
                        let rule = SecurityGroupIngressRule::builder().security_group(&group).protocol("tcp");
                        stack.add(&name, rule.from_port(port).to_port(port).cidr_ipv4(range).build());
                    } else {
                        let rule = SecurityGroupEgressRule::builder().security_group(&group).protocol("tcp");
                        stack.add(&name, rule.from_port(port).to_port(port).cidr_ipv4(range).build());
                    }
                }
            });
        }
        let trust = Statement::allow().principal(Principal::service("ec2.amazonaws.com")).action("sts:AssumeRole");
        let trust = PolicyDocument::of([trust]);
        for number in 0..self.roles {
            stack.component(&format!("role-{number}"), |stack| {
                // Everything that one of the two ways of reading all roles leaves out.
                let role = Role::builder()
                    .name(format!("many-{number}"))
                    .assume_role_policy(&trust)
                    .description(format!("number {number} of many"))
                    .max_session_duration(7200)
                    .permissions_boundary(aws_managed_policy("PowerUserAccess"))
                    .tags([("number", number.to_string())]);
                let role = stack.add("role", role.build());
                let reads = PolicyDocument::of([Statement::allow().action("s3:GetObject").resource("*")]);
                stack.add("reads", RolePolicy::builder().role(&role).name("reads").policy(reads).build());
                let attached = RolePolicyAttachment::builder().role(&role);
                stack.add("lists", attached.policy_arn(aws_managed_policy("ReadOnlyAccess")).build());
            });
        }
        stack.finish().map_err(|errors| anyhow::anyhow!("{errors:?}"))
    }
}

/// What reading every recorded resource by itself would take: one resource of each kind is read, and its calls are counted for all of its kind.
///
/// # Errors
/// When the store or the account cannot be read.
pub async fn one_by_one(trial: &Trial) -> Result<BTreeMap<String, u64>> {
    let recorded = trial.recorded()?;
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in recorded.rows().values() {
        kinds.entry(row.kind.as_str()).or_default().push(&row.id);
    }
    let mut total = BTreeMap::new();
    for (name, ids) in kinds {
        let kind = trial.kind(name).await?;
        let before = trial.cloud.calls();
        let first = ids.first().context("a kind of which nothing is recorded")?;
        kind.read(&[(*first).to_owned()]).await?;
        for (operation, count) in trial.cloud.calls() {
            let made = count - before.get(&operation).copied().unwrap_or_default();
            if made > 0 {
                *total.entry(operation).or_default() += made * ids.len() as u64;
            }
        }
    }
    Ok(total)
}
