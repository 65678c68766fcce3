//! `aws:ecr/repository`: a repository of container images.
//!
//! ```
//! use formwork_aws::ecr::{Repository, TagMutability};
//!
//! let web = Repository::builder().name("web").scan_on_push(true).tag_mutability(TagMutability::Immutable).build();
//! # drop(web);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecr::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Block, Choice, Hazard, Json, Name, Outputs, Resource, Stack, id};
use futures::future::join3;

use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result, readable};
use crate::iam::{PolicyDocument, Principal, Statement};
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::{each, named};
use crate::tags::{self, Tags};

id! {
    /// The name of a repository, such as `prod/web`.
    pub struct RepositoryName;
}

const GONE: &[&str] = &["RepositoryNotFoundException"];

/// A repository of container images.
#[derive(Resource)]
#[resource(
    kind = "aws:ecr/repository",
    cfn = "AWS::ECR::Repository",
    id = RepositoryName,
    outputs = RepositoryOutputs,
    guard = unique_name,
    natural_key(name),
    data_store,
    visibility = 60
)]
pub struct Repository {
    /// The name: lower-case letters, digits, `._-/`, at most 256 characters.
    #[arg(replace, cfn = "RepositoryName")]
    pub name: Name,
    /// Whether a pushed image is scanned for vulnerabilities.
    #[arg(in_place, default = true, cfn = "ImageScanningConfiguration.ScanOnPush")]
    pub scan_on_push: bool,
    /// Whether a tag can be moved to another image.
    #[arg(in_place, default = TagMutability::Mutable, cfn = "ImageTagMutability")]
    pub tag_mutability: TagMutability,
    /// Tags (with `*` as wildcard) that are exempt from `tag_mutability`; for the two `WithExclusion` forms.
    #[arg(in_place, default, cfn = "ImageTagMutabilityExclusionFilters")]
    pub tag_mutability_exclusions: BTreeSet<String>,
    /// How images are encrypted.
    #[arg(replace, default = Encryption { sort: EncryptionSort::Aes256, kms_key: None }, cfn = "EncryptionConfiguration")]
    pub encryption: Encryption,
    /// Which images expire: ECR's lifecycle policy as JSON.
    #[arg(in_place, after_create, cfn = "LifecyclePolicy.LifecyclePolicyText", hazards = lifecycle_hazards)]
    pub lifecycle_policy: Option<Json>,
    /// Who else may use it.
    #[arg(in_place, after_create, cfn = "RepositoryPolicyText")]
    pub policy: Option<Json>,
    /// Whether its images are deleted with it. Without it a repository that holds images refuses to go.
    #[arg(in_place, default = false, write_only, cfn = "EmptyOnDelete")]
    pub force_delete: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// A policy that a repository did not have expires images that are there. Taken out of the program it stays as it is.
fn lifecycle_hazards(_: &Option<Json>, after: &Option<Json>) -> &'static [Hazard] {
    if after.is_some() { &[Hazard::DataLoss] } else { &[] }
}

/// Whether tags can be moved.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagMutability {
    /// They can.
    #[choice("MUTABLE")]
    Mutable,
    /// They cannot.
    #[choice("IMMUTABLE")]
    Immutable,
    /// They cannot, but for the exclusions.
    #[choice("IMMUTABLE_WITH_EXCLUSION")]
    ImmutableWithExclusion,
    /// They can, but for the exclusions.
    #[choice("MUTABLE_WITH_EXCLUSION")]
    MutableWithExclusion,
}

/// How images are encrypted.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// By which kind of key.
    #[arg(replace, default = EncryptionSort::Aes256)]
    pub sort: EncryptionSort,
    /// The key, for the KMS kinds; the account's `aws/ecr` when absent.
    #[arg(replace, same = same_key)]
    pub kms_key: Option<Arn<Key>>,
}

/// Kinds of encryption.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptionSort {
    /// A key of S3's.
    #[choice("AES256")]
    Aes256,
    /// A KMS key.
    #[choice("KMS")]
    Kms,
    /// A KMS key, two layers.
    #[choice("KMS_DSSE")]
    KmsDsse,
}

/// What is known of a repository once it is there.
#[derive(Outputs)]
pub struct RepositoryOutputs {
    /// The name.
    pub id: RepositoryName,
    /// The ARN.
    pub arn: Arn<Repository>,
    /// Where images are pushed to and pulled from, without `https://`.
    pub url: String,
    /// The registry, which is the account.
    pub registry_id: String,
}

impl Lifecycle for Repository {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let encryption = sdk::EncryptionConfiguration::builder()
            .encryption_type(args.encryption.sort.as_str().into())
            .set_kms_key(args.encryption.kms_key.as_ref().map(ToString::to_string))
            .build()
            .map_err(|error| Error::refused("ecr CreateRepository", error.to_string()))?;
        let answer = aws
            .ecr()
            .create_repository()
            .repository_name(args.name.as_str())
            .image_scanning_configuration(args.scanning())
            .image_tag_mutability(args.tag_mutability.as_str().into())
            .set_image_tag_mutability_exclusion_filters(args.exclusions()?)
            .encryption_configuration(encryption)
            .set_tags(Some(tags_of(tags::all(owner, &args.tags))?))
            .send()
            .await?;
        let name = answer.repository.and_then(|repository| repository.repository_name);
        Ok(Created::whole(
            name.ok_or_else(|| Error::unexpected("ecr CreateRepository", "no repository in the answer"))?,
        ))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = repositories(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let found = found.into_iter().map(|(name, repository)| repository.map(|_| name.to_owned()));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[RepositoryName]) -> Result<Readings<Self>> {
        let found = repositories(aws, ids.iter().map(RepositoryName::as_str)).await?;
        let names: Vec<_> = found.keys().map(|name| RepositoryName::new(*name)).collect();
        let seen = each(names.iter().zip(found.into_values()), |(id, it)| async { observe(aws, id, it?).await }).await;
        Ok(names.iter().cloned().zip(seen).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let Some(repository) = describe(aws, args.name.as_str()).await? else { return Ok(Vec::new()) };
        let tags = read_tags(aws, repository.repository_arn.as_deref().unwrap_or_default()).await?;
        let theirs = tags.and_then(|tags| tags.owner);
        Ok(vec![tags::candidate(owner, args.name.as_str(), theirs.as_ref())])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<RepositoryChanges>> {
        let RepositoryChanges {
            scan_on_push,
            tag_mutability,
            tag_mutability_exclusions,
            lifecycle_policy,
            policy,
            force_delete: _used_by_delete,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let name = id.as_str();
        if scan_on_push {
            let call = aws.ecr().put_image_scanning_configuration().repository_name(name);
            call.image_scanning_configuration(planned.scanning()).send().await?;
        }
        if tag_mutability || tag_mutability_exclusions {
            aws.ecr()
                .put_image_tag_mutability()
                .repository_name(name)
                .image_tag_mutability(planned.tag_mutability.as_str().into())
                .set_image_tag_mutability_exclusion_filters(planned.exclusions()?)
                .send()
                .await?;
        }
        if lifecycle_policy {
            match &planned.lifecycle_policy {
                Some(text) => {
                    let call = aws.ecr().put_lifecycle_policy().repository_name(name);
                    call.lifecycle_policy_text(text.as_str()).send().await?;
                }
                None => {
                    let call = aws.ecr().delete_lifecycle_policy().repository_name(name);
                    call.send().await.or_gone(&["LifecyclePolicyNotFoundException"])?;
                }
            }
        }
        if policy {
            match &planned.policy {
                Some(text) => {
                    aws.ecr().set_repository_policy().repository_name(name).policy_text(text.as_str()).send().await?;
                }
                None => {
                    let call = aws.ecr().delete_repository_policy().repository_name(name);
                    call.send().await.or_gone(&["RepositoryPolicyNotFoundException"])?;
                }
            }
        }
        if tags {
            let arn = describe(aws, name).await?.and_then(|repository| repository.repository_arn).unwrap_or_default();
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            aws.ecr().tag_resource().resource_arn(&arn).set_tags(Some(tags_of(set)?)).send().await?;
            if !removed.is_empty() {
                let removed = removed.into_iter().collect();
                aws.ecr().untag_resource().resource_arn(&arn).set_tag_keys(Some(removed)).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &RepositoryName, recorded: &Self) -> Result<Deletion> {
        let force = recorded.force_delete || aws.leaves_nothing();
        aws.ecr().delete_repository().repository_name(id.as_str()).force(force).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

impl Repository {
    fn scanning(&self) -> sdk::ImageScanningConfiguration {
        sdk::ImageScanningConfiguration::builder().scan_on_push(self.scan_on_push).build()
    }

    fn exclusions(&self) -> Result<Option<Vec<sdk::ImageTagMutabilityExclusionFilter>>> {
        let filters = self.tag_mutability_exclusions.iter().map(|filter| {
            sdk::ImageTagMutabilityExclusionFilter::builder()
                .filter_type(sdk::ImageTagMutabilityExclusionFilterType::Wildcard)
                .filter(filter)
                .build()
                .map_err(|error| Error::refused("ecr PutImageTagMutability", error.to_string()))
        });
        let filters = filters.collect::<Result<Vec<_>>>()?;
        Ok((!filters.is_empty()).then_some(filters))
    }
}

fn tags_of(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<sdk::Tag>> {
    let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build();
    let tags = tags.into_iter().map(|pair| tag(pair).map_err(|error| Error::refused("ecr Tag", error.to_string())));
    tags.collect()
}

async fn read_tags(aws: &Aws, arn: &str) -> Result<Option<tags::Read>> {
    Ok(all_tags(aws, arn).await?.map(|pairs| tags::read(aws, pairs)))
}

/// All tags, ours too; `None` when the repository is gone.
pub(super) async fn all_tags(aws: &Aws, arn: &str) -> Result<Option<Vec<(String, String)>>> {
    let answer = aws.ecr().list_tags_for_resource().resource_arn(arn).send().await.or_gone(GONE)?;
    let tags = answer.map(|answer| answer.tags.unwrap_or_default());
    Ok(tags.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

/// The most repositories that a page has.
pub(super) const PAGE: i32 = 1000;

async fn describe(aws: &Aws, name: &str) -> Result<Option<sdk::Repository>> {
    // One name per call: a dead one in a list fails the whole call, and there is no filter.
    let answer = aws.ecr().describe_repositories().repository_names(name).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| answer.repositories?.into_iter().next()))
}

/// The repositories of these names that are there.
async fn repositories<'n>(
    aws: &Aws,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<sdk::Repository>>> {
    let all = async {
        let mut found = BTreeMap::new();
        let mut pages = aws.ecr().describe_repositories().into_paginator().page_size(PAGE).send();
        while let Some(page) = pages.next().await {
            let repositories = page?.repositories.unwrap_or_default().into_iter();
            found.extend(repositories.filter_map(|it| Some((it.repository_name.clone()?, it))));
        }
        Ok(found)
    };
    named(names, all, |name| describe(aws, name)).await
}

/// What a repository is; both of its policies and its tags are calls of their own. `None` when it went between them.
async fn observe(aws: &Aws, id: &RepositoryName, repository: sdk::Repository) -> Result<Option<Observed<Repository>>> {
    let arn = repository.repository_arn.clone().unwrap_or_default();
    let name = id.as_str();
    let lifecycle = async {
        let answer = aws.ecr().get_lifecycle_policy().repository_name(name).send().await;
        answer.or_gone(&["LifecyclePolicyNotFoundException", GONE[0]])
    };
    let policy = async {
        let answer = aws.ecr().get_repository_policy().repository_name(name).send().await;
        answer.or_gone(&["RepositoryPolicyNotFoundException", GONE[0]])
    };
    let (lifecycle, policy, tags) = join3(lifecycle, policy, read_tags(aws, &arn)).await;
    let Some(tags) = tags? else { return Ok(None) };
    let mut unreadable = BTreeMap::new();
    let lifecycle = readable(lifecycle, &["lifecycle_policy"], &mut unreadable)?;
    let policy = readable(policy, &["policy"], &mut unreadable)?;
    let encryption = repository.encryption_configuration;
    let sort = encryption.as_ref().and_then(|it| EncryptionSort::parse(it.encryption_type.as_str()));
    let sort = sort.unwrap_or(EncryptionSort::Aes256);
    let args = Repository {
        name: Name::new(name),
        scan_on_push: repository.image_scanning_configuration.is_some_and(|scanning| scanning.scan_on_push),
        tag_mutability: repository
            .image_tag_mutability
            .and_then(|it| TagMutability::parse(it.as_str()))
            .unwrap_or(TagMutability::Mutable),
        tag_mutability_exclusions: repository
            .image_tag_mutability_exclusion_filters
            .unwrap_or_default()
            .into_iter()
            .map(|filter| filter.filter)
            .collect(),
        encryption: Encryption {
            sort,
            kms_key: encryption.and_then(|it| it.kms_key).filter(|_| sort != EncryptionSort::Aes256).map(Arn::new),
        },
        lifecycle_policy: lifecycle.and_then(|it| it.lifecycle_policy_text).map(Json::new),
        policy: policy.and_then(|it| it.policy_text).map(Json::new),
        force_delete: false,
        tags: tags.tags,
    };
    let outputs = RepositoryOutputs {
        id: id.clone(),
        arn: Arn::new(arn),
        url: repository.repository_uri.unwrap_or_default(),
        registry_id: repository.registry_id.unwrap_or_default(),
    };
    Ok(Some(Observed { unreadable, ..Observed::new(args, outputs, tags.owner) }))
}

impl Conforms for Repository {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let key = stack.add("key", Key::builder().description("images").build());
        let expire = |days: u32| {
            format!(
                r#"{{"rules":[{{"rulePriority":1,"selection":{{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":{days}}},"action":{{"type":"expire"}}}}]}}"#
            )
        };
        let policy = |sid| {
            PolicyDocument::of([Statement::allow()
                .sid(sid)
                .principal(Principal::service("codebuild.amazonaws.com"))
                .action("ecr:BatchGetImage")])
        };
        let base = Repository::builder()
            .name("conformance/repository")
            .scan_on_push(true)
            .tag_mutability(TagMutability::Immutable)
            .encryption(Encryption::builder().sort(EncryptionSort::Aes256).build())
            .lifecycle_policy(expire(14))
            .policy(policy("One"))
            .force_delete(false)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("scan_on_push", false)
            .change("tag_mutability", "MUTABLE")
            .change("lifecycle_policy", expire(7))
            .change("policy", policy("Two").output())
            .change("force_delete", true)
            .change("tags", [("team", "b")])
            .change("encryption", Encryption::builder().sort(EncryptionSort::Kms).kms_key(&key.arn).build())
            .change("name", "conformance/repository-2")
            .unseen("tag_mutability_exclusions", "the emulator takes them and does not answer them")
    }
}
