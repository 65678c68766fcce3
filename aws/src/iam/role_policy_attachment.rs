//! `aws:iam/role-policy-attachment`: a managed policy attached to a role.
//!
//! An attachment has no tags and no token, and making it twice succeeds: the pair of role and policy is all there is to tell it by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Outputs, Resource, Stack, id};

use super::{Policy, PolicyDocument, Principal, Role, RoleName, Statement, account, aws_managed_policy};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;

id! {
    /// Role and policy as `role|policy arn`; neither can hold the bar.
    pub struct RolePolicyAttachmentId;
}

impl RolePolicyAttachmentId {
    fn of(role: &str, policy: &str) -> Self {
        Self::new(format!("{role}|{policy}"))
    }

    fn parts(&self) -> (&str, &str) {
        self.as_str().split_once('|').unwrap_or((self.as_str(), ""))
    }
}

/// A managed policy attached to a role.
#[derive(Resource)]
#[resource(
    kind = "aws:iam/role-policy-attachment",
    cfn = "",
    id = RolePolicyAttachmentId,
    outputs = RolePolicyAttachmentOutputs,
    guard = upsert,
    natural_key(role, policy_arn),
    visibility = 120
)]
pub struct RolePolicyAttachment {
    /// The role.
    #[arg(replace)]
    pub role: RoleName,
    /// The policy: one of the account, or AWS's own by [`aws_managed_policy`].
    #[arg(replace)]
    pub policy_arn: Arn<Policy>,
}

/// What is known of an attachment once it is there.
#[derive(Outputs)]
pub struct RolePolicyAttachmentOutputs {
    /// Role and policy.
    pub id: RolePolicyAttachmentId,
}

impl Lifecycle for RolePolicyAttachment {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let (role, policy) = (args.role.as_str(), args.policy_arn.as_str());
        aws.iam().attach_role_policy().role_name(role).policy_arn(policy).send().await?;
        Ok(Created::whole(RolePolicyAttachmentId::of(role, policy).to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| RolePolicyAttachmentId::new(&one.id)).collect();
        let read = Self::read(aws, &ids).await?;
        Ok(all_ready(read.into_keys().map(|id| id.to_string())))
    }

    async fn read(aws: &Aws, ids: &[RolePolicyAttachmentId]) -> Result<Readings<Self>> {
        let roles: BTreeSet<&str> = ids.iter().map(|id| id.parts().0).collect();
        let known = account::role_details(aws, roles.len()).await?;
        let (shown, others): (Vec<_>, Vec<_>) = ids.iter().partition(|id| shows(&known, id));
        let mut readings: Readings<Self> = shown.into_iter().map(|id| (id.clone(), Ok(observe(id)))).collect();
        // One list per role, however many of its attachments are asked for.
        let roles: BTreeSet<&str> = others.iter().map(|id| id.parts().0).collect();
        let lists = each(&roles, |role| attached(aws, role)).await;
        let lists: BTreeMap<&str, _> = roles.into_iter().zip(lists).collect();
        for id in others {
            let (role, policy) = id.parts();
            match &lists[role] {
                Ok(policies) if policies.contains(policy) => {
                    readings.insert(id.clone(), Ok(observe(id)));
                }
                Ok(_) => {}
                Err(error) => {
                    readings.insert(id.clone(), Err(error.clone()));
                }
            }
        }
        Ok(readings)
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let (role, policy) = (args.role.as_str(), args.policy_arn.as_str());
        let found = attached(aws, role).await?.contains(policy);
        let id = RolePolicyAttachmentId::of(role, policy).to_string();
        Ok(found.then_some(Candidate { id, proof: Proof::Name }).into_iter().collect())
    }

    async fn update(_: &Aws, update: Update<'_, Self>) -> Result<Updated<RolePolicyAttachmentChanges>> {
        let RolePolicyAttachmentChanges {} = update.changes;
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &RolePolicyAttachmentId, _: &Self) -> Result<Deletion> {
        let (role, policy) = id.parts();
        let call = aws.iam().detach_role_policy().role_name(role).policy_arn(policy);
        call.send().await.or_gone(&["NoSuchEntity"])?;
        Ok(Deletion::Done)
    }
}

fn observe(id: &RolePolicyAttachmentId) -> Observed<RolePolicyAttachment> {
    let (role, policy) = id.parts();
    let args = RolePolicyAttachment { role: RoleName::new(role), policy_arn: Arn::new(policy) };
    Observed::new(args, RolePolicyAttachmentOutputs { id: id.clone() }, None)
}

/// Whether it was seen when all roles were read.
fn shows(known: &account::RoleDetails, id: &RolePolicyAttachmentId) -> bool {
    let (role, policy) = id.parts();
    let attached = known.get(role).map(|role| role.attached_managed_policies()).unwrap_or_default();
    attached.iter().any(|attached| attached.policy_arn() == Some(policy))
}

/// The policies attached to a role; none when there is no such role. Attachments that are not made yet ask for the same list.
async fn attached(aws: &Aws, role: &str) -> Result<Arc<BTreeSet<String>>> {
    let asked = aws.once(format!("iam policies attached to {role}"), async {
        let mut policies = BTreeSet::new();
        let mut pages = aws.iam().list_attached_role_policies().role_name(role).into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = page.or_gone(&["NoSuchEntity"])? else { break };
            let attached = page.attached_policies.unwrap_or_default().into_iter();
            policies.extend(attached.filter_map(|policy| policy.policy_arn));
        }
        Ok(policies)
    });
    asked.await
}

impl Conforms for RolePolicyAttachment {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::service("ec2.amazonaws.com"))
            .action("sts:AssumeRole")]);
        let role = stack.add("role", Role::builder().name("attached").assume_role_policy(&trust).build());
        let other = stack.add("other", Role::builder().name("attached-2").assume_role_policy(trust).build());
        let base = RolePolicyAttachment::builder().role(&role).policy_arn(aws_managed_policy("ReadOnlyAccess")).build();
        Conformance::of(base).change("policy_arn", "arn:aws:iam::aws:policy/PowerUserAccess").change("role", &other)
    }
}
