//! `aws:iam/role`: an identity that services and workloads assume.
//!
//! ```
//! use formwork_aws::iam::{PolicyDocument, Principal, Role, Statement};
//!
//! let trust = PolicyDocument::of([Statement::allow().principal(Principal::service("eks.amazonaws.com")).action("sts:AssumeRole")]);
//! let role = Role::builder().name("prod-cluster").assume_role_policy(trust).build();
//! # drop(role);
//! ```

use std::collections::BTreeMap;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Json, Name, Outputs, Resource, Stack, id};

use super::{
    Policy, PolicyDocument, Principal, Statement, account, aws_managed_policy, document, proof, read_tags, tag, tags_of,
};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;
use crate::tags::{self, Tags};

id! {
    /// The name of a role, unique in its account without regard to case.
    pub struct RoleName;
}

/// An IAM role. Its policies are resources of their own: [`super::RolePolicyAttachment`] and [`super::RolePolicy`].
#[derive(Resource)]
#[resource(
    kind = "aws:iam/role",
    cfn = "AWS::IAM::Role",
    id = RoleName,
    outputs = RoleOutputs,
    guard = unique_name,
    natural_key(name),
    visibility = 120
)]
pub struct Role {
    /// The name, 1 to 64 characters of `[A-Za-z0-9+=,.@_-]`, or a prefix of at most 55.
    #[arg(replace, cfn = "RoleName")]
    pub name: Name,
    /// Who may assume it.
    #[arg(in_place, cfn = "AssumeRolePolicyDocument")]
    pub assume_role_policy: Json,
    /// What it is for, at most 1000 characters.
    #[arg(in_place, default)]
    pub description: String,
    /// The longest session, in seconds, 3600 to 43200.
    #[arg(in_place, default = 3600)]
    pub max_session_duration: i32,
    /// The path, which begins and ends with `/`.
    #[arg(replace, default = "/")]
    pub path: String,
    /// The policy that bounds what its policies can allow.
    #[arg(in_place)]
    pub permissions_boundary: Option<Arn<Policy>>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of a role once it is there.
#[derive(Outputs)]
pub struct RoleOutputs {
    /// The name.
    pub id: RoleName,
    /// The ARN.
    pub arn: Arn<Role>,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
    /// The id that policies of other accounts turn into, such as `AROA…`.
    pub unique_id: String,
}

impl Lifecycle for Role {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let description = (!args.description.is_empty()).then(|| args.description.clone());
        let answer = aws
            .iam()
            .create_role()
            .role_name(args.name.as_str())
            .assume_role_policy_document(args.assume_role_policy.as_str())
            .set_description(description)
            .max_session_duration(args.max_session_duration)
            .path(&args.path)
            .set_permissions_boundary(args.permissions_boundary.as_ref().map(ToString::to_string))
            .set_tags(Some(tags_of(owner, &args.tags)?))
            .send()
            .await?;
        let role = answer.role.ok_or_else(|| Error::unexpected("iam CreateRole", "no role in the answer"))?;
        Ok(Created::whole(role.role_name))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| get(aws, &one.id)).await;
        let mut statuses = BTreeMap::new();
        for role in found {
            // A new role answers with its unique id in place of its ARN until it has spread.
            if let Some(role) = role? {
                let status =
                    if role.arn.starts_with("arn:") { Status::Ready } else { Status::Pending("spreading".to_owned()) };
                statuses.insert(role.role_name, status);
            }
        }
        Ok(statuses)
    }

    async fn read(aws: &Aws, ids: &[RoleName]) -> Result<Readings<Self>> {
        let known = account::roles(aws, ids.len()).await?;
        let found = each(ids, |id| async {
            match known.get(id.as_str()) {
                Some(role) => Ok(Some(role.clone())),
                None => get(aws, id.as_str()).await,
            }
        });
        let found = found.await;
        let mut readings = Readings::<Self>::new();
        for (id, role) in ids.iter().zip(found) {
            if let Some(reading) = role.map(|role| role.map(|role| observe(aws, role))).transpose() {
                readings.insert(id.clone(), reading);
            }
        }
        Ok(readings)
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        // Roles cannot be filtered by tag; their names are unique.
        let Some(args) = args else { return Ok(Vec::new()) };
        let Some(role) = get(aws, args.name.as_str()).await? else { return Ok(Vec::new()) };
        Ok(vec![Candidate { proof: proof(aws, owner, role.tags), id: role.role_name }])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<RoleChanges>> {
        let RoleChanges { assume_role_policy, description, max_session_duration, permissions_boundary, tags } =
            update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if assume_role_policy {
            let document = planned.assume_role_policy.as_str();
            aws.iam().update_assume_role_policy().role_name(id.as_str()).policy_document(document).send().await?;
        }
        if description || max_session_duration {
            aws.iam()
                .update_role()
                .role_name(id.as_str())
                .description(&planned.description)
                .max_session_duration(planned.max_session_duration)
                .send()
                .await?;
        }
        if permissions_boundary {
            match &planned.permissions_boundary {
                Some(arn) => {
                    let call = aws.iam().put_role_permissions_boundary().role_name(id.as_str());
                    call.permissions_boundary(arn.as_str()).send().await?;
                }
                None => {
                    let call = aws.iam().delete_role_permissions_boundary().role_name(id.as_str());
                    call.send().await.or_gone(&["NoSuchEntity"])?;
                }
            }
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let set = set.iter().map(|(key, value)| tag(key, value)).collect::<Result<_>>()?;
            aws.iam().tag_role().role_name(id.as_str()).set_tags(Some(set)).send().await?;
            if !removed.is_empty() {
                let removed = removed.into_iter().collect();
                aws.iam().untag_role().role_name(id.as_str()).set_tag_keys(Some(removed)).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &RoleName, _: &Self) -> Result<Deletion> {
        aws.iam().delete_role().role_name(id.as_str()).send().await.or_gone(&["NoSuchEntity"])?;
        Ok(Deletion::Done)
    }
}

async fn get(aws: &Aws, name: &str) -> Result<Option<aws_sdk_iam::types::Role>> {
    let answer = aws.iam().get_role().role_name(name).send().await.or_gone(&["NoSuchEntity"])?;
    Ok(answer.and_then(|answer| answer.role))
}

fn observe(aws: &Aws, role: aws_sdk_iam::types::Role) -> Observed<Role> {
    let read = read_tags(aws, role.tags);
    let boundary = role.permissions_boundary.and_then(|it| it.permissions_boundary_arn);
    let args = Role {
        name: Name::new(role.role_name.as_str()),
        assume_role_policy: Json::new(document(&role.assume_role_policy_document.unwrap_or_default())),
        description: role.description.unwrap_or_default(),
        max_session_duration: role.max_session_duration.unwrap_or(3600),
        path: role.path,
        permissions_boundary: boundary.map(Arn::new),
        tags: read.tags,
    };
    let outputs = RoleOutputs {
        id: RoleName::new(role.role_name.as_str()),
        arn: Arn::new(role.arn),
        name: role.role_name,
        unique_id: role.role_id,
    };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for Role {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let trust = |service| {
            PolicyDocument::of([Statement::allow().principal(Principal::service(service)).action("sts:AssumeRole")])
        };
        let base = Role::builder()
            .name("Conformance-Role")
            .assume_role_policy(trust("ec2.amazonaws.com"))
            .description("made by the conformance suite")
            .max_session_duration(7200)
            .path("/formwork/")
            .permissions_boundary(aws_managed_policy("ReadOnlyAccess"))
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("assume_role_policy", trust("eks.amazonaws.com").output())
            .change("description", "")
            .change("max_session_duration", 3600_i64)
            .change("permissions_boundary", "arn:aws:iam::aws:policy/PowerUserAccess")
            .change("tags", [("team", "b")])
            .change("path", "/other/")
            .change("name", "Conformance-Role-2")
    }
}
