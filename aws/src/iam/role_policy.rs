//! `aws:iam/role-policy`: a policy that belongs to one role and goes with it.
//!
//! ```
//! use formwork_aws::iam::{PolicyDocument, RoleName, RolePolicy, Statement};
//!
//! let read = PolicyDocument::of([Statement::allow().action("secretsmanager:GetSecretValue").resource("*")]);
//! let policy = RolePolicy::builder().role(RoleName::new("external-secrets")).name("read").policy(read).build();
//! # drop(policy);
//! ```
//!
//! An inline policy has no tags and no token, and putting it twice overwrites: role and name are all there is to tell it by.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Json, Name, Outputs, Resource, Stack, id};

use super::{PolicyDocument, Principal, Role, RoleName, Statement, account, document};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;

id! {
    /// Role and policy as `role|name`; neither can hold the bar.
    pub struct RolePolicyId;
}

impl RolePolicyId {
    fn of(role: &RoleName, name: &Name) -> Self {
        Self::new(format!("{role}|{name}"))
    }

    fn parts(&self) -> (&str, &str) {
        self.as_str().split_once('|').unwrap_or((self.as_str(), ""))
    }
}

/// An inline policy of a role.
#[derive(Resource)]
#[resource(
    kind = "aws:iam/role-policy",
    cfn = "AWS::IAM::RolePolicy",
    id = RolePolicyId,
    outputs = RolePolicyOutputs,
    guard = upsert,
    natural_key(role, name),
    visibility = 120
)]
pub struct RolePolicy {
    /// The role.
    #[arg(replace, cfn = "RoleName")]
    pub role: RoleName,
    /// The name, 1 to 128 characters of `[A-Za-z0-9+=,.@_-]`, unique in its role, or a prefix of it.
    #[arg(replace, cfn = "PolicyName")]
    pub name: Name,
    /// What it allows and denies; all inline policies of a role together have at most 10240 characters without white space.
    #[arg(in_place, cfn = "PolicyDocument")]
    pub policy: Json,
}

/// What is known of an inline policy once it is there.
#[derive(Outputs)]
pub struct RolePolicyOutputs {
    /// Role and name.
    pub id: RolePolicyId,
}

impl Lifecycle for RolePolicy {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let id = RolePolicyId::of(&args.role, &args.name);
        put(aws, &id, args).await?;
        Ok(Created::whole(id.to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| RolePolicyId::new(&one.id)).collect();
        let found = each(&ids, |id| get(aws, id)).await;
        let mut there = Vec::new();
        for (id, policy) in ids.into_iter().zip(found) {
            there.extend(policy?.map(|_| id.to_string()));
        }
        Ok(all_ready(there))
    }

    async fn read(aws: &Aws, ids: &[RolePolicyId]) -> Result<Readings<Self>> {
        let roles: BTreeSet<&str> = ids.iter().map(|id| id.parts().0).collect();
        let known = account::role_details(aws, roles.len()).await?;
        let found = each(ids, |id| async {
            match shown(&known, id) {
                Some(policy) => Ok(Some(policy)),
                None => get(aws, id).await,
            }
        });
        let found = found.await;
        let seen = |id: &RolePolicyId, policy: Json| {
            let (role, name) = id.parts();
            let args = Self { role: RoleName::new(role), name: Name::new(name), policy };
            Observed::new(args, RolePolicyOutputs { id: id.clone() }, None)
        };
        let found = ids.iter().zip(found).filter_map(|(id, policy)| {
            let policy = policy.transpose()?;
            Some((id.clone(), policy.map(|policy| seen(id, policy))))
        });
        Ok(found.collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = RolePolicyId::of(&args.role, &args.name);
        let found = get(aws, &id).await?;
        Ok(found.map(|_| Candidate { id: id.to_string(), proof: Proof::Name }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<RolePolicyChanges>> {
        let RolePolicyChanges { policy } = update.changes;
        if policy {
            put(aws, update.id, update.planned).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &RolePolicyId, _: &Self) -> Result<Deletion> {
        let (role, name) = id.parts();
        let call = aws.iam().delete_role_policy().role_name(role).policy_name(name);
        call.send().await.or_gone(&["NoSuchEntity"])?;
        Ok(Deletion::Done)
    }
}

async fn put(aws: &Aws, id: &RolePolicyId, args: &RolePolicy) -> Result<()> {
    let (role, name) = id.parts();
    let call = aws.iam().put_role_policy().role_name(role).policy_name(name);
    call.policy_document(args.policy.as_str()).send().await?;
    Ok(())
}

/// The document as it was read with all roles.
fn shown(known: &account::RoleDetails, id: &RolePolicyId) -> Option<Json> {
    let (role, name) = id.parts();
    let mut policies = known.get(role)?.role_policy_list().iter();
    let policy = policies.find(|policy| policy.policy_name() == Some(name))?;
    policy.policy_document().map(|encoded| Json::new(document(encoded)))
}

/// The document; `None` also when there is no such role.
async fn get(aws: &Aws, id: &RolePolicyId) -> Result<Option<Json>> {
    let (role, name) = id.parts();
    let call = aws.iam().get_role_policy().role_name(role).policy_name(name);
    let answer = call.send().await.or_gone(&["NoSuchEntity"])?;
    Ok(answer.map(|answer| Json::new(document(&answer.policy_document))))
}

impl Conforms for RolePolicy {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::service("ec2.amazonaws.com"))
            .action("sts:AssumeRole")]);
        let role = stack.add("role", Role::builder().name("Inline-Holder").assume_role_policy(&trust).build());
        let other = stack.add("other", Role::builder().name("Inline-Holder-2").assume_role_policy(trust).build());
        let allows = |action: &str| PolicyDocument::of([Statement::allow().action(action).resource("*")]);
        let base = RolePolicy::builder().role(&role).name("Inline-Policy").policy(allows("s3:GetObject")).build();
        Conformance::of(base)
            .change("policy", allows("s3:PutObject").output())
            .change("name", "Inline-Policy-2")
            .change("role", &other)
    }
}
