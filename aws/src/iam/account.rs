//! IAM read at once: `GetAccountAuthorizationDetails` answers all roles with their policies, and all policies with their documents, in a few
//! pages, where one by one a role takes a call, each of its inline policies another, and its attachments a third.
//!
//! It reads the whole account, so that it is worth it from some number of them on only; and it may lag behind, so that it is used while the
//! account is looked at and never in the middle of a run, and what it does not show is asked for by name before it counts as gone. What it
//! leaves out comes from elsewhere: a role's description and longest session from `ListRoles`, which in turn leaves out tags and boundary; a
//! policy's tags from a call for each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_iam::types::{AttachedPolicy, EntityType, ManagedPolicyDetail, Role, RoleDetail};
use formwork_engine::kind::CallClass;

use crate::context::Aws;
use crate::error::Result;

/// From this many roles (or policies) on, all of the account are read at once.
const AT_ONCE: usize = 50;

/// The most that IAM puts on a page; it may put less.
pub(super) const PAGE: i32 = 1000;

/// What was answered of roles, by name.
pub(super) type Roles = BTreeMap<String, Role>;

/// What belongs to roles, by name.
pub(super) type RoleDetails = BTreeMap<String, RoleDetail>;

/// What was answered of policies.
#[derive(Default)]
pub(super) struct Policies {
    /// The policies, by ARN.
    pub(super) policies: BTreeMap<String, ManagedPolicyDetail>,
    /// The users that have one, by its ARN.
    pub(super) users: BTreeMap<String, BTreeSet<String>>,
    /// The groups that have one, by its ARN.
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
}

/// The roles of the account, each complete; none when so few are wanted that each is better read by itself, and when it is not permitted.
pub(super) async fn roles(aws: &Aws, wanted: usize) -> Result<Arc<Roles>> {
    let details = role_details(aws, wanted).await?;
    if details.is_empty() {
        return Ok(Arc::default());
    }
    let asked = aws.once("iam roles", async {
        let mut roles = Roles::new();
        let mut pages = aws.iam().list_roles().into_paginator().page_size(PAGE).send();
        while let Some(page) = pages.next().await {
            for mut role in page?.roles {
                let Some(detail) = details.get(&role.role_name) else { continue };
                // AWS says that the list leaves out these two and two more; should it leave out others, the role is read by itself.
                if role.max_session_duration.is_some() && role.assume_role_policy_document.is_some() {
                    role.tags = Some(detail.tags().to_vec());
                    role.permissions_boundary = detail.permissions_boundary.clone();
                    roles.insert(role.role_name.clone(), role);
                }
            }
        }
        Ok(roles)
    });
    permitted(aws, asked.await)
}

/// The policies and attachments of all roles; none as for [`roles`].
pub(super) async fn role_details(aws: &Aws, wanted: usize) -> Result<Arc<RoleDetails>> {
    if wanted < AT_ONCE || !aws.is_observing() {
        return Ok(Arc::default());
    }
    let asked = aws.once("iam role details", async {
        let mut details = RoleDetails::new();
        let call = aws.iam().get_account_authorization_details().filter(EntityType::Role);
        let mut pages = call.into_paginator().page_size(PAGE).send();
        while let Some(page) = pages.next().await {
            for mut part in page?.role_detail_list.unwrap_or_default() {
                let Some(name) = part.role_name.clone() else { continue };
                // Who has very many policies may be told of on two pages.
                if let Some(before) = details.remove(&name) {
                    part = joined(before, part);
                }
                details.insert(name, part);
            }
        }
        Ok(details)
    });
    permitted(aws, asked.await)
}

/// The policies that the account itself has, and who has them; none as for [`roles`].
pub(super) async fn policies(aws: &Aws, wanted: usize) -> Result<Arc<Policies>> {
    if wanted < AT_ONCE || !aws.is_observing() {
        return Ok(Arc::default());
    }
    let asked = aws.once("iam policies", async {
        let mut found = Policies::default();
        let call = aws.iam().get_account_authorization_details().filter(EntityType::LocalManagedPolicy);
        let call = call.filter(EntityType::User).filter(EntityType::Group);
        let mut pages = call.into_paginator().page_size(PAGE).send();
        while let Some(page) = pages.next().await {
            let page = page?;
            let policies = page.policies.unwrap_or_default().into_iter();
            found.policies.extend(policies.filter_map(|policy| Some((policy.arn.clone()?, policy))));
            for user in page.user_detail_list.unwrap_or_default() {
                let Some(name) = user.user_name else { continue };
                note(&mut found.users, &name, user.attached_managed_policies);
            }
            for group in page.group_detail_list.unwrap_or_default() {
                let Some(name) = group.group_name else { continue };
                note(&mut found.groups, &name, group.attached_managed_policies);
            }
        }
        Ok(found)
    });
    permitted(aws, asked.await)
}

fn note(who: &mut BTreeMap<String, BTreeSet<String>>, name: &str, has: Option<Vec<AttachedPolicy>>) {
    for arn in has.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn) {
        who.entry(arn).or_default().insert(name.to_owned());
    }
}

fn joined(mut one: RoleDetail, other: RoleDetail) -> RoleDetail {
    one.role_policy_list.get_or_insert_default().extend(other.role_policy_list.unwrap_or_default());
    one.attached_managed_policies.get_or_insert_default().extend(other.attached_managed_policies.unwrap_or_default());
    one
}

/// The answer, or nothing and a warning where reading at once is not permitted, as it often is not: one by one does it too.
fn permitted<T: Default>(aws: &Aws, asked: Result<Arc<T>>) -> Result<Arc<T>> {
    match asked {
        Err(error) if error.0.class == CallClass::Denied => {
            aws.warn(
                "IAM was read one by one, which takes a call or more for each role and policy: reading all at once is not permitted \
                 (iam:GetAccountAuthorizationDetails, iam:ListRoles)",
            );
            Ok(Arc::default())
        }
        asked => asked,
    }
}
