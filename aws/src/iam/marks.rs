//! What carries the tag of a stack in IAM. Only the details of all roles show tags; everything else is asked.

use aws_sdk_iam::types::{PolicyScopeType, Tag};
use formwork_engine::kind::{Sought, Swept};

use super::{PolicyId, account, policy};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::sweep::{Listed, among, one_by_one};

const GONE: &[&str] = &["NoSuchEntity"];

fn pairs(tags: Vec<Tag>) -> Vec<(String, String)> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// With the details of all roles where they are permitted, and are asked for by the same look anyway or all roles are wanted.
pub(crate) async fn roles(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let details = account::role_details(aws, sought.most.map_or(usize::MAX, |_| sought.known.len())).await?;
    if !details.is_empty() {
        let roles = details.iter().map(|(name, role)| (name.clone(), pairs(role.tags().to_vec())));
        return Ok(Swept { marks: among(sought, "aws:iam/role", roles), ..Swept::default() });
    }
    let mut listed = Vec::new();
    let mut pages = aws.iam().list_roles().into_paginator().page_size(account::PAGE).send();
    while let Some(page) = pages.next().await {
        // Those of AWS's services are nobody's to tag.
        let roles = page?.roles.into_iter().filter(|role| !role.path.starts_with("/aws-"));
        listed.extend(roles.map(|role| Listed { made_at: role.create_date.secs(), ..Listed::of(role.role_name) }));
    }
    one_by_one(sought, "aws:iam/role", listed, async |name: String| {
        let mut tags = Vec::new();
        let mut pages = aws.iam().list_role_tags().role_name(&name).into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = page.or_gone(GONE)? else { return Ok(None) };
            tags.extend(page.tags);
        }
        Ok(Some(pairs(tags)))
    })
    .await
}

pub(crate) async fn policies(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let call = aws.iam().list_policies().scope(PolicyScopeType::Local);
    let mut pages = call.into_paginator().page_size(account::PAGE).send();
    while let Some(page) = pages.next().await {
        for it in page?.policies.unwrap_or_default() {
            let made_at = it.create_date.map_or(0, |at| at.secs());
            listed.extend(it.arn.map(|arn| Listed { made_at, ..Listed::of(arn) }));
        }
    }
    one_by_one(sought, "aws:iam/policy", listed, async |arn: String| {
        Ok(policy::tags_by_arn(aws, &PolicyId::new(arn)).await?.map(pairs))
    })
    .await
}

pub(crate) async fn instance_profiles(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.iam().list_instance_profiles().into_paginator().page_size(account::PAGE).send();
    while let Some(page) = pages.next().await {
        let found = page?.instance_profiles.into_iter();
        listed
            .extend(found.map(|it| Listed { made_at: it.create_date.secs(), ..Listed::of(it.instance_profile_name) }));
    }
    one_by_one(sought, "aws:iam/instance-profile", listed, async |name: String| {
        let mut tags = Vec::new();
        let mut pages = aws.iam().list_instance_profile_tags().instance_profile_name(&name).into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = page.or_gone(GONE)? else { return Ok(None) };
            tags.extend(page.tags);
        }
        Ok(Some(pairs(tags)))
    })
    .await
}

pub(crate) async fn providers(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let answer = aws.iam().list_open_id_connect_providers().send().await?;
    let listed = answer.open_id_connect_provider_list.unwrap_or_default();
    let listed: Vec<Listed> = listed.into_iter().filter_map(|it| it.arn).map(Listed::of).collect();
    one_by_one(sought, "aws:iam/open-id-connect-provider", listed, async |arn: String| {
        let mut tags = Vec::new();
        let call = aws.iam().list_open_id_connect_provider_tags().open_id_connect_provider_arn(&arn);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = page.or_gone(GONE)? else { return Ok(None) };
            tags.extend(page.tags);
        }
        Ok(Some(pairs(tags)))
    })
    .await
}
