//! `aws:efs/file-system`: files that many machines share by NFS.
//!
//! ```
//! use formwork_aws::efs::{FileSystem, ThroughputMode, TransitionAfter};
//!
//! let shared = FileSystem::builder()
//!     .throughput_mode(ThroughputMode::Elastic)
//!     .transition_to_infrequent_access(TransitionAfter::Days30)
//!     .backup(true)
//!     .tags([("Name", "shared")])
//!     .build();
//! # drop(shared);
//! ```

use std::collections::BTreeMap;

use aws_sdk_efs::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Sought, Status, Swept, Waiting};
use formwork_engine::{After, Choice, Json, Outputs, Resource, Stack, id};
use futures::future::join3;

use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result, readable};
use crate::hazards::unguarded;
use crate::iam::{PolicyDocument, Principal, Statement};
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, after_role_of};
use crate::questions::{each, named};
use crate::sweep::among;
use crate::tags::{self, Tags};

id! {
    /// The id of a file system, such as `fs-0123456789abcdef0`.
    pub struct FileSystemId;
}

const GONE: &[&str] = &["FileSystemNotFound"];

const AFTER: &[After] = &[after_role_of("elasticfilesystem.amazonaws.com")];

/// Files that many machines share by NFS. A VPC reaches them at mount targets ([`super::MountTarget`]).
#[derive(Resource)]
#[resource(
    kind = "aws:efs/file-system",
    cfn = "AWS::EFS::FileSystem",
    id = FileSystemId,
    outputs = FileSystemOutputs,
    guard = token,
    data_store,
    visibility = 120,
    create_wait = (0, 2, 1, 600),
    update_wait = (0, 2, 1, 600),
    delete_wait = (2, 2, 1, 600),
    after = AFTER
)]
pub struct FileSystem {
    /// Whether it is encrypted.
    #[arg(replace, default = true)]
    pub encrypted: bool,
    /// The key, for an encrypted one; the account's `aws/elasticfilesystem` when absent.
    #[arg(replace, cfn = "KmsKeyId", same = same_key)]
    pub kms_key: Option<Arn<Key>>,
    /// Whether calls are answered fast, or as many as possible at once.
    #[arg(replace, default = PerformanceMode::GeneralPurpose)]
    pub performance_mode: PerformanceMode,
    /// How much may be read and written in a second. May be lowered once in 24 hours.
    #[arg(in_place, default = ThroughputMode::Bursting)]
    pub throughput_mode: ThroughputMode,
    /// The same in MiB, for `ThroughputMode::Provisioned`.
    #[arg(in_place, cfn = "ProvisionedThroughputInMibps")]
    pub provisioned_throughput_mibps: Option<i32>,
    /// The one zone that it is kept in; in several when absent.
    #[arg(replace, cfn = "AvailabilityZoneName")]
    pub availability_zone: Option<String>,
    /// When files that nobody asks for move to infrequent access.
    #[arg(in_place, after_create, default = TransitionAfter::Never, cfn = "LifecyclePolicies")]
    pub transition_to_infrequent_access: TransitionAfter,
    /// When they move on to the archive.
    #[arg(in_place, after_create, default = TransitionAfter::Never, cfn = "LifecyclePolicies")]
    pub transition_to_archive: TransitionAfter,
    /// Whether a file moves back when it is asked for.
    #[arg(in_place, after_create, default = false, cfn = "LifecyclePolicies")]
    pub transition_to_primary_on_access: bool,
    /// Whether AWS Backup takes a copy every day.
    #[arg(in_place, default = false, cfn = "BackupPolicy.Status", hazards = unguarded)]
    pub backup: bool,
    /// Who may do what with it: a resource policy.
    #[arg(in_place, after_create, cfn = "FileSystemPolicy")]
    pub policy: Option<Json>,
    /// Whether a policy is taken that keeps its own author out.
    #[arg(in_place, default = false, write_only)]
    pub bypass_policy_lockout_safety_check: bool,
    /// Whether it is kept from becoming the copy of another one, by which all that is in it would be overwritten.
    #[arg(
        in_place,
        after_create,
        default = true,
        cfn = "FileSystemProtection.ReplicationOverwriteProtection",
        hazards = unguarded
    )]
    pub overwrite_protection: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags, cfn = "FileSystemTags")]
    pub tags: Tags,
}

/// What a file system is made for.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerformanceMode {
    /// Fast answers.
    #[choice("generalPurpose")]
    GeneralPurpose,
    /// Many calls at once, each slower.
    #[choice("maxIO")]
    MaxIo,
}

/// How much may be read and written in a second.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThroughputMode {
    /// The more is kept, the more.
    #[choice("bursting")]
    Bursting,
    /// What is ordered.
    #[choice("provisioned")]
    Provisioned,
    /// What is needed, paid by use.
    #[choice("elastic")]
    Elastic,
}

/// After how many days without being asked for a file moves.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransitionAfter {
    /// It stays.
    #[choice("NEVER")]
    Never,
    /// One.
    #[choice("AFTER_1_DAY")]
    Day1,
    /// Seven.
    #[choice("AFTER_7_DAYS")]
    Days7,
    /// 14.
    #[choice("AFTER_14_DAYS")]
    Days14,
    /// 30.
    #[choice("AFTER_30_DAYS")]
    Days30,
    /// 60.
    #[choice("AFTER_60_DAYS")]
    Days60,
    /// 90.
    #[choice("AFTER_90_DAYS")]
    Days90,
    /// 180.
    #[choice("AFTER_180_DAYS")]
    Days180,
    /// 270.
    #[choice("AFTER_270_DAYS")]
    Days270,
    /// 365.
    #[choice("AFTER_365_DAYS")]
    Days365,
}

/// What is known of a file system once it is there.
#[derive(Outputs)]
pub struct FileSystemOutputs {
    /// The id.
    pub id: FileSystemId,
    /// The ARN.
    #[output(stage = accepted)]
    pub arn: Arn<FileSystem>,
    /// The name by which it is reached from a VPC with a mount target.
    #[output(stage = accepted)]
    pub dns_name: String,
}

impl Lifecycle for FileSystem {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .efs()
            .create_file_system()
            // At most 64 characters; one that was used already is answered with the id of what it made.
            .creation_token(&owner.token)
            .encrypted(args.encrypted)
            .set_kms_key_id(args.kms_key.as_ref().map(ToString::to_string))
            .performance_mode(args.performance_mode.as_str().into())
            .throughput_mode(args.throughput_mode.as_str().into())
            .set_provisioned_throughput_in_mibps(args.provisioned_throughput_mibps.map(f64::from))
            .set_availability_zone_name(args.availability_zone.clone())
            .backup(args.backup)
            .set_tags(Some(tags_of(tags::all(owner, &args.tags))?))
            .send()
            .await
            .or_gone(&["FileSystemAlreadyExists"])?;
        let id = match answer {
            Some(answer) => Some(answer.file_system_id),
            None => by_token(aws, &owner.token).await?,
        };
        id.map(Created::whole).ok_or_else(|| Error::unexpected("efs CreateFileSystem", "no file system has the token"))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = described(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        found.into_iter().map(|(id, it)| Ok((id.to_owned(), status_of(it?.life_cycle_state.as_str())))).collect()
    }

    async fn read(aws: &Aws, ids: &[FileSystemId]) -> Result<Readings<Self>> {
        let found = described(aws, ids.iter().map(FileSystemId::as_str)).await?;
        let ids: Vec<FileSystemId> = found.keys().map(|id| FileSystemId::new(*id)).collect();
        let seen = each(ids.iter().zip(found.into_values()), |(id, it)| async { observe(aws, id, it?).await }).await;
        Ok(ids.iter().cloned().zip(seen).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        if owner.token.is_empty() {
            return Ok(Vec::new());
        }
        let id = by_token(aws, &owner.token).await?;
        Ok(id.map(|id| Candidate { id, proof: Proof::Token }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<FileSystemChanges>> {
        let FileSystemChanges {
            throughput_mode,
            provisioned_throughput_mibps,
            transition_to_infrequent_access,
            transition_to_archive,
            transition_to_primary_on_access,
            backup,
            policy,
            bypass_policy_lockout_safety_check: _sent_with_the_policy,
            overwrite_protection,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            aws.efs().tag_resource().resource_id(id.as_str()).set_tags(Some(tags_of(set)?)).send().await?;
            if !removed.is_empty() {
                let removed = removed.into_iter().collect();
                aws.efs().untag_resource().resource_id(id.as_str()).set_tag_keys(Some(removed)).send().await?;
            }
        }
        if transition_to_infrequent_access || transition_to_archive || transition_to_primary_on_access {
            let call = aws.efs().put_lifecycle_configuration().file_system_id(id.as_str());
            call.set_lifecycle_policies(Some(planned.policies())).send().await?;
        }
        if backup {
            let status = if planned.backup { sdk::Status::Enabled } else { sdk::Status::Disabled };
            let policy = sdk::BackupPolicy::builder().status(status).build();
            let policy = policy.map_err(|error| Error::refused("efs PutBackupPolicy", error.to_string()))?;
            aws.efs().put_backup_policy().file_system_id(id.as_str()).backup_policy(policy).send().await?;
        }
        if policy {
            match &planned.policy {
                Some(text) => {
                    let call = aws.efs().put_file_system_policy().file_system_id(id.as_str()).policy(text.as_str());
                    let bypass = planned.bypass_policy_lockout_safety_check;
                    call.bypass_policy_lockout_safety_check(bypass).send().await?;
                }
                None => {
                    aws.efs().delete_file_system_policy().file_system_id(id.as_str()).send().await?;
                }
            }
        }
        if overwrite_protection {
            let protection = if planned.overwrite_protection { "ENABLED" } else { "DISABLED" };
            let call = aws.efs().update_file_system_protection().file_system_id(id.as_str());
            call.replication_overwrite_protection(protection.into()).send().await?;
        }
        if throughput_mode || provisioned_throughput_mibps {
            let call = aws.efs().update_file_system().file_system_id(id.as_str());
            let provisioned = planned.provisioned_throughput_mibps.map(f64::from);
            let call = call.throughput_mode(planned.throughput_mode.as_str().into());
            call.set_provisioned_throughput_in_mibps(provisioned).send().await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &FileSystemId, _: &Self) -> Result<Deletion> {
        let answer = aws.efs().delete_file_system().file_system_id(id.as_str()).send().await.or_gone(GONE)?;
        Ok(if answer.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}

impl FileSystem {
    /// One policy for each transition: a policy takes no more.
    fn policies(&self) -> Vec<sdk::LifecyclePolicy> {
        let policy = sdk::LifecyclePolicy::builder;
        let moves = |after: TransitionAfter| (after != TransitionAfter::Never).then(|| after.as_str());
        let infrequent = moves(self.transition_to_infrequent_access);
        let archive = moves(self.transition_to_archive);
        let back = self.transition_to_primary_on_access.then_some("AFTER_1_ACCESS");
        let policies = [
            infrequent.map(|after| policy().transition_to_ia(after.into()).build()),
            archive.map(|after| policy().transition_to_archive(after.into()).build()),
            back.map(|after| policy().transition_to_primary_storage_class(after.into()).build()),
        ];
        policies.into_iter().flatten().collect()
    }
}

/// The file systems that carry the tag of a stack.
pub(crate) async fn marked(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut swept = Swept::default();
    let mut pages = aws.efs().describe_file_systems().into_paginator().send();
    while let Some(page) = pages.next().await {
        let there = page?.file_systems.unwrap_or_default().into_iter().filter(|one| !is_gone(one));
        let there = there.map(|one| {
            let tags: Vec<_> = one.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
            (one.file_system_id, tags)
        });
        swept.marks.extend(among(sought, FileSystem::schema().kind, there));
    }
    Ok(swept)
}

fn tags_of(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<sdk::Tag>> {
    let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build();
    let tags = tags.into_iter().map(|pair| tag(pair).map_err(|error| Error::refused("efs Tag", error.to_string())));
    tags.collect()
}

/// The id of what was made under a token.
async fn by_token(aws: &Aws, token: &str) -> Result<Option<String>> {
    let answer = aws.efs().describe_file_systems().creation_token(token).send().await.or_gone(GONE)?;
    let found = answer.and_then(|answer| answer.file_systems).unwrap_or_default().into_iter();
    let mut there = found.filter(|one| !is_gone(one)).map(|one| one.file_system_id);
    Ok(there.next())
}

fn is_gone(one: &sdk::FileSystemDescription) -> bool {
    one.life_cycle_state.as_str() == "deleted"
}

/// The file systems of these ids that are there.
async fn described<'n>(
    aws: &Aws,
    ids: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<sdk::FileSystemDescription>>> {
    let all = async {
        let mut found = BTreeMap::new();
        let mut pages = aws.efs().describe_file_systems().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page?.file_systems.unwrap_or_default().into_iter();
            found.extend(page.filter(|one| !is_gone(one)).map(|one| (one.file_system_id.clone(), one)));
        }
        Ok(found)
    };
    let one = |id: &'n str| async move {
        let answer = aws.efs().describe_file_systems().file_system_id(id).send().await.or_gone(GONE)?;
        Ok(answer.and_then(|answer| answer.file_systems?.into_iter().find(|one| !is_gone(one))))
    };
    named(ids, all, one).await
}

/// A word that is not known counts as pending.
pub(super) fn status_of(state: &str) -> Status {
    match state {
        "available" => Status::Ready,
        "error" => Status::Failed("error".to_owned()),
        other => Status::Pending(other.to_owned()),
    }
}

fn transition(word: Option<&str>) -> TransitionAfter {
    word.and_then(TransitionAfter::parse).unwrap_or(TransitionAfter::Never)
}

/// What a file system is; lifecycle, policy and backup are calls of their own. `None` when it went between them.
async fn observe(
    aws: &Aws,
    id: &FileSystemId,
    one: sdk::FileSystemDescription,
) -> Result<Option<Observed<FileSystem>>> {
    let id_text = id.as_str();
    let lifecycle = async {
        let answer = aws.efs().describe_lifecycle_configuration().file_system_id(id_text).send().await;
        answer.or_gone(GONE)
    };
    let policy = async {
        let answer = aws.efs().describe_file_system_policy().file_system_id(id_text).send().await;
        answer.or_gone(&["PolicyNotFound", GONE[0]])
    };
    let backup = async {
        let answer = aws.efs().describe_backup_policy().file_system_id(id_text).send().await;
        answer.or_gone(&["PolicyNotFound", GONE[0]])
    };
    let (lifecycle, policy, backup) = join3(lifecycle, policy, backup).await;
    let mut unreadable = BTreeMap::new();
    let moves =
        ["transition_to_infrequent_access", "transition_to_archive", "transition_to_primary_on_access"].as_slice();
    let lifecycle = match readable(lifecycle, moves, &mut unreadable)? {
        None if unreadable.is_empty() => return Ok(None),
        lifecycle => lifecycle.and_then(|answer| answer.lifecycle_policies).unwrap_or_default(),
    };
    let policy = readable(policy, &["policy"], &mut unreadable)?;
    let backup = readable(backup, &["backup"], &mut unreadable)?.and_then(|answer| answer.backup_policy);
    let read = tags::read(aws, one.tags.into_iter().map(|tag| (tag.key, tag.value)));
    let protection = one.file_system_protection.and_then(|it| it.replication_overwrite_protection);
    // What is not a whole number was not ordered here.
    #[expect(clippy::cast_possible_truncation, reason = "at most some thousands")]
    let provisioned = one.provisioned_throughput_in_mibps.map(|mibps| mibps as i32);
    let args = FileSystem {
        encrypted: one.encrypted.unwrap_or_default(),
        kms_key: one.kms_key_id.map(Arn::new),
        performance_mode: PerformanceMode::parse(one.performance_mode.as_str())
            .unwrap_or(PerformanceMode::GeneralPurpose),
        throughput_mode: one
            .throughput_mode
            .and_then(|mode| ThroughputMode::parse(mode.as_str()))
            .unwrap_or(ThroughputMode::Bursting),
        provisioned_throughput_mibps: provisioned,
        availability_zone: one.availability_zone_name,
        transition_to_infrequent_access: transition(
            lifecycle.iter().find_map(|it| it.transition_to_ia.as_ref()).map(|it| it.as_str()),
        ),
        transition_to_archive: transition(
            lifecycle.iter().find_map(|it| it.transition_to_archive.as_ref()).map(|it| it.as_str()),
        ),
        transition_to_primary_on_access: lifecycle.iter().any(|it| it.transition_to_primary_storage_class.is_some()),
        backup: backup.is_some_and(|it| matches!(it.status, sdk::Status::Enabled | sdk::Status::Enabling)),
        policy: policy.and_then(|answer| answer.policy).map(Json::new),
        bypass_policy_lockout_safety_check: false,
        // The copy of another one is not protected.
        overwrite_protection: protection.is_none_or(|it| it.as_str() == "ENABLED"),
        tags: read.tags,
    };
    let arn = one.file_system_arn.unwrap_or_else(|| {
        let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
        format!("arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{id}")
    });
    let suffix = if aws.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let dns_name = format!("{id}.efs.{}.{suffix}", aws.region());
    let outputs = FileSystemOutputs { id: id.clone(), arn: Arn::new(arn), dns_name };
    Ok(Some(Observed { unreadable, ..Observed::new(args, outputs, read.owner) }))
}

impl Conforms for FileSystem {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let key = stack.add("key", Key::builder().description("files").build());
        let policy = |sid: &str| {
            PolicyDocument::of([Statement::allow()
                .sid(sid)
                .principal(Principal::anybody())
                .action("elasticfilesystem:ClientMount")])
        };
        let base = FileSystem::builder()
            .encrypted(false)
            .performance_mode(PerformanceMode::GeneralPurpose)
            .throughput_mode(ThroughputMode::Provisioned)
            .provisioned_throughput_mibps(16)
            .transition_to_infrequent_access(TransitionAfter::Days30)
            .transition_to_archive(TransitionAfter::Days90)
            .transition_to_primary_on_access(true)
            .backup(true)
            .policy(policy("One"))
            .bypass_policy_lockout_safety_check(false)
            .overwrite_protection(false)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("provisioned_throughput_mibps", 32)
            .change("throughput_mode", "elastic")
            .together_with("provisioned_throughput_mibps", formwork_engine::Expr::null())
            .change("transition_to_infrequent_access", "AFTER_7_DAYS")
            .change("transition_to_archive", "NEVER")
            .change("transition_to_primary_on_access", false)
            .change("backup", false)
            .change("policy", policy("Two").output())
            .change("bypass_policy_lockout_safety_check", true)
            .change("overwrite_protection", true)
            .change("tags", [("team", "b")])
            .change("encrypted", true)
            .change("kms_key", &key.arn)
            .change("performance_mode", "maxIO")
            .together_with("throughput_mode", "bursting")
            .change("availability_zone", "eu-west-1a")
            .together_with("performance_mode", "generalPurpose")
            .change("availability_zone", "eu-west-1b")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_waited_for_as_long_as_it_is_under_way() {
        assert_eq!(status_of("available"), Status::Ready);
        assert_eq!(status_of("updating"), Status::Pending("updating".into()));
        assert_eq!(status_of("thawing"), Status::Pending("thawing".into()));
        assert_eq!(status_of("error"), Status::Failed("error".into()));
    }
}
