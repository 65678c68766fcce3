//! `aws:iam/instance-profile`: hands a role to EC2 instances.
//!
//! ```
//! use formwork_aws::iam::{InstanceProfile, RoleName};
//!
//! let profile = InstanceProfile::builder().name("bastion").role(RoleName::new("bastion")).build();
//! # drop(profile);
//! ```

use std::collections::BTreeMap;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Name, Outputs, Resource, Stack, id};

use super::{PolicyDocument, Principal, Role, RoleName, Statement, proof, read_tags, tag, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;
use crate::tags::{self, Tags};

id! {
    /// The name of an instance profile, unique in its account without regard to case.
    pub struct InstanceProfileName;
}

/// An instance profile: the form in which EC2 takes a role.
#[derive(Resource)]
#[resource(
    kind = "aws:iam/instance-profile",
    cfn = "AWS::IAM::InstanceProfile",
    id = InstanceProfileName,
    outputs = InstanceProfileOutputs,
    guard = unique_name,
    natural_key(name),
    visibility = 120
)]
pub struct InstanceProfile {
    /// The name, 1 to 128 characters of `[A-Za-z0-9+=,.@_-]`, or a prefix of it.
    #[arg(replace, cfn = "InstanceProfileName")]
    pub name: Name,
    /// The role; a profile has one. While it is exchanged, instances have none for a moment.
    #[arg(in_place, after_create, cfn = "Roles")]
    pub role: RoleName,
    /// The path, which begins and ends with `/`.
    #[arg(replace, default = "/")]
    pub path: String,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags, cfn = "")]
    pub tags: Tags,
}

/// What is known of an instance profile once it is there.
#[derive(Outputs)]
pub struct InstanceProfileOutputs {
    /// The name.
    pub id: InstanceProfileName,
    /// The ARN.
    pub arn: Arn<InstanceProfile>,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
    /// The id that never comes again, such as `AIPA…`.
    pub unique_id: String,
}

impl Lifecycle for InstanceProfile {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .iam()
            .create_instance_profile()
            .instance_profile_name(args.name.as_str())
            .path(&args.path)
            .set_tags(Some(tags_of(owner, &args.tags)?))
            .send()
            .await?;
        let profile = answer
            .instance_profile
            .ok_or_else(|| Error::unexpected("iam CreateInstanceProfile", "no profile in the answer"))?;
        Ok(Created::whole(profile.instance_profile_name))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| get(aws, &one.id)).await;
        let found = found.into_iter().filter_map(Result::transpose).collect::<Result<Vec<_>>>()?;
        Ok(all_ready(found.into_iter().map(|profile| profile.instance_profile_name)))
    }

    async fn read(aws: &Aws, ids: &[InstanceProfileName]) -> Result<Readings<Self>> {
        let found = each(ids, |id| get(aws, id.as_str())).await;
        let found = ids.iter().zip(found).filter_map(|(id, profile)| {
            let profile = profile.transpose()?;
            Some((id.clone(), profile.map(|profile| observe(aws, profile))))
        });
        Ok(found.collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        // Instance profiles cannot be filtered by tag; their names are unique.
        let Some(args) = args else { return Ok(Vec::new()) };
        let Some(profile) = get(aws, args.name.as_str()).await? else { return Ok(Vec::new()) };
        Ok(vec![Candidate { proof: proof(aws, owner, profile.tags), id: profile.instance_profile_name }])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<InstanceProfileChanges>> {
        let InstanceProfileChanges { role, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        // One role at a time: the former one makes room first.
        if role && now.role != planned.role {
            if !now.role.as_str().is_empty() {
                remove_role(aws, id, now.role.as_str()).await?;
            }
            let call = aws.iam().add_role_to_instance_profile().instance_profile_name(id.as_str());
            call.role_name(planned.role.as_str()).send().await?;
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let set = set.iter().map(|(key, value)| tag(key, value)).collect::<Result<_>>()?;
            let call = aws.iam().tag_instance_profile().instance_profile_name(id.as_str());
            call.set_tags(Some(set)).send().await?;
            if !removed.is_empty() {
                let call = aws.iam().untag_instance_profile().instance_profile_name(id.as_str());
                call.set_tag_keys(Some(removed.into_iter().collect())).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &InstanceProfileName, _: &Self) -> Result<Deletion> {
        let Some(profile) = get(aws, id.as_str()).await? else { return Ok(Deletion::Done) };
        for role in profile.roles {
            remove_role(aws, id, &role.role_name).await?;
        }
        let call = aws.iam().delete_instance_profile().instance_profile_name(id.as_str());
        call.send().await.or_gone(&["NoSuchEntity"])?;
        Ok(Deletion::Done)
    }
}

async fn remove_role(aws: &Aws, id: &InstanceProfileName, role: &str) -> Result<()> {
    let call = aws.iam().remove_role_from_instance_profile().instance_profile_name(id.as_str());
    call.role_name(role).send().await.or_gone(&["NoSuchEntity"])?;
    Ok(())
}

async fn get(aws: &Aws, name: &str) -> Result<Option<aws_sdk_iam::types::InstanceProfile>> {
    let call = aws.iam().get_instance_profile().instance_profile_name(name);
    let answer = call.send().await.or_gone(&["NoSuchEntity"])?;
    Ok(answer.and_then(|answer| answer.instance_profile))
}

fn observe(aws: &Aws, profile: aws_sdk_iam::types::InstanceProfile) -> Observed<InstanceProfile> {
    let read = read_tags(aws, profile.tags);
    let name = profile.instance_profile_name;
    let role = profile.roles.into_iter().next().map(|role| role.role_name);
    let args = InstanceProfile {
        name: Name::new(name.as_str()),
        // Without a role yet, or no longer: no role has the empty name.
        role: RoleName::new(role.unwrap_or_default()),
        path: profile.path,
        tags: read.tags,
    };
    let outputs = InstanceProfileOutputs {
        id: InstanceProfileName::new(name.as_str()),
        arn: Arn::new(profile.arn),
        name,
        unique_id: profile.instance_profile_id,
    };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for InstanceProfile {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::service("ec2.amazonaws.com"))
            .action("sts:AssumeRole")]);
        let role = stack.add("role", Role::builder().name("Profile-Holder").assume_role_policy(&trust).build());
        let other = stack.add("other", Role::builder().name("Profile-Holder-2").assume_role_policy(trust).build());
        let base = InstanceProfile::builder()
            .name("Conformance-Profile")
            .role(&role)
            .path("/formwork/profiles/")
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("role", &other)
            .change("tags", [("team", "b")])
            .change("path", "/")
            .change("name", "Conformance-Profile-2")
    }
}
