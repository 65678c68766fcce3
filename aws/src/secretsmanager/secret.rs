//! `aws:secretsmanager/secret`: a secret that workloads read at run time.
//!
//! ```
//! use formwork_aws::secretsmanager::Secret;
//! use formwork_engine::Secret as Value;
//!
//! let secret = Secret::builder().name("prod-app-env").secret_string(Value::new("{}".to_owned())).recovery_window_in_days(30).build();
//! # drop(secret);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::{ReplicaRegionType, Tag};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Block, Ending, Expr, Hazard, Name, Outputs, Resource, Stack, Value, id};

use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::hazards::shorter;
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;
use crate::tags::{self, Tags};

id! {
    /// The ARN of a secret, with the six characters that Secrets Manager adds to its name.
    pub struct SecretArn;
}

const ENDING: Ending = Ending { leaves: Some(left_behind), ..Ending::PLAIN };

/// A secret can be restored until the end of its recovery window, and is read with its key then.
fn left_behind(recorded: &Value) -> Option<&'static str> {
    let at_once = *recorded.get("recovery_window_in_days") == Value::Int(0);
    (!at_once).then_some("a secret that can be restored until its recovery window ends")
}

/// A secret and its current value. The value is never read back and never recorded.
#[derive(Resource)]
#[resource(
    kind = "aws:secretsmanager/secret",
    cfn = "AWS::SecretsManager::Secret",
    id = SecretArn,
    outputs = SecretOutputs,
    guard = token,
    natural_key(name),
    data_store,
    visibility = 120,
    ending = ENDING
)]
pub struct Secret {
    /// The name, 1 to 512 letters, digits and `/_+=.@-`.
    #[arg(replace)]
    pub name: Name,
    /// What it is for, at most 2048 characters.
    #[arg(in_place, default)]
    pub description: String,
    /// The key that encrypts it; the account's `aws/secretsmanager` when absent.
    #[arg(in_place, same = same_key)]
    pub kms_key_id: Option<Arn<Key>>,
    /// The value; a secret without one is made empty and filled by others.
    #[arg(in_place, write_only, hazards = value_hazards)]
    pub secret_string: Option<formwork_engine::Secret<String>>,
    /// Other regions that hold a copy.
    #[arg(in_place, default, hazards = replica_hazards)]
    pub replica_regions: BTreeSet<ReplicaRegion>,
    /// The type of an external secret that its owner rotates.
    #[arg(in_place, cfn = "Type")]
    pub external_type: Option<String>,
    /// Days between the request to delete it and its end, 7 to 30, or 0 for at once; until then it can be restored.
    #[arg(in_place, default = 30, write_only, cfn = "", hazards = shorter)]
    pub recovery_window_in_days: i32,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

fn value_hazards(
    before: &Option<formwork_engine::Secret<String>>,
    after: &Option<formwork_engine::Secret<String>>,
) -> &'static [Hazard] {
    // The former value stays as AWSPREVIOUS; taking the value out of the program changes nothing.
    if before.is_some() && after.is_some() { &[Hazard::Outage] } else { &[] }
}

/// Workloads of a region read the copy there.
fn replica_hazards(before: &BTreeSet<ReplicaRegion>, after: &BTreeSet<ReplicaRegion>) -> &'static [Hazard] {
    if before.is_subset(after) { &[] } else { &[Hazard::Outage] }
}

/// A region that holds a copy of a secret.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplicaRegion {
    /// The region, such as `us-east-1`.
    #[arg(in_place)]
    pub region: String,
    /// The key of that region which encrypts the copy; the account's `aws/secretsmanager` there when absent.
    #[arg(in_place)]
    pub kms_key_id: Option<String>,
}

/// What is known of a secret once it is there.
#[derive(Outputs)]
pub struct SecretOutputs {
    /// The ARN.
    pub id: SecretArn,
    /// The ARN, for policies.
    pub arn: Arn<Secret>,
    /// The name.
    #[output(echoes = name)]
    pub name: String,
}

impl Lifecycle for Secret {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let description = (!args.description.is_empty()).then(|| args.description.clone());
        let made = aws
            .secretsmanager()
            .create_secret()
            .name(args.name.as_str())
            .client_request_token(&owner.token)
            .set_description(description)
            .set_kms_key_id(args.kms_key_id.as_ref().map(ToString::to_string))
            .set_secret_string(args.secret_string.as_ref().map(|value| value.reveal().clone()))
            .set_add_replica_regions(args.replicas(args.replica_regions.iter()))
            .set_type(args.external_type.clone())
            .set_tags(Some(tags::all(owner, &args.tags).into_iter().map(|(key, value)| tag(key, value)).collect()))
            .send()
            .await
            .map_err(Error::from);
        let answer = match made {
            Err(error) if error.is(&["InvalidRequestException", "ResourceExistsException"]) => {
                return restored(aws, owner, args, error).await;
            }
            answer => answer?,
        };
        let arn = answer.arn.ok_or_else(|| Error::unexpected("secretsmanager CreateSecret", "no ARN in the answer"))?;
        Ok(Created::whole(arn))
    }

    async fn left_over(aws: &Aws, owner: &Owner, args: &Self) -> Result<Option<String>> {
        let Some(left) = LeftOver::find(aws, owner, args.name.as_str()).await? else { return Ok(None) };
        let name = &args.name;
        Ok(match left {
            LeftOver { ours: true, scheduled: true, .. } => Some(format!(
                "the secret {name} of an earlier run is scheduled for deletion: it is restored, and set to what is declared"
            )),
            LeftOver { ours: true, .. } => Some(format!(
                "the secret {name} was restored by a run that did not get further: it is taken over, and set to what is declared"
            )),
            LeftOver { scheduled: true, .. } => Some(format!(
                "the secret {name} is scheduled for deletion, was not made by this stack, and keeps its name from being taken: \
                 restore and import it, or delete it for good"
            )),
            LeftOver { .. } => None,
        })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| describe(aws, &one.id)).await;
        let found = waiting.iter().zip(found).map(|(one, secret)| Ok(secret?.map(|_| one.id.clone())));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?.into_iter().flatten()))
    }

    async fn read(aws: &Aws, ids: &[SecretArn]) -> Result<Readings<Self>> {
        // The list of all secrets shows neither replicas nor the type of an external one.
        let found = each(ids, |id| describe(aws, id.as_str())).await;
        let found = ids.iter().zip(found).filter_map(|(id, secret)| Some((id.clone(), secret.transpose()?)));
        Ok(found.map(|(id, secret)| (id, secret.map(|secret| observe(aws, secret)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let Some(secret) = describe(aws, args.name.as_str()).await? else { return Ok(Vec::new()) };
        let theirs = read_tags(aws, secret.tags).owner;
        Ok(secret.arn.map(|id| tags::candidate(owner, id, theirs.as_ref())).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<SecretChanges>> {
        let SecretChanges {
            description,
            kms_key_id,
            secret_string,
            replica_regions,
            external_type,
            recovery_window_in_days: _used_by_delete,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if description || kms_key_id || external_type || (secret_string && planned.secret_string.is_some()) {
            // Without a value in the call, the value stays; a repeated call makes one more version of the same value.
            let value = planned.secret_string.as_ref().filter(|_| secret_string).map(|value| value.reveal().clone());
            aws.secretsmanager()
                .update_secret()
                .secret_id(id.as_str())
                .description(&planned.description)
                .set_kms_key_id(planned.kms_key_id.as_ref().map(ToString::to_string))
                .set_type(planned.external_type.clone())
                .set_secret_string(value)
                .send()
                .await?;
        }
        if replica_regions {
            let removed: Vec<String> = now
                .replica_regions
                .difference(&planned.replica_regions)
                .map(|replica| replica.region.clone())
                .collect();
            if !removed.is_empty() {
                let call = aws.secretsmanager().remove_regions_from_replication().secret_id(id.as_str());
                call.set_remove_replica_regions(Some(removed)).send().await?;
            }
            if let Some(added) = planned.replicas(planned.replica_regions.difference(&now.replica_regions)) {
                let call = aws.secretsmanager().replicate_secret_to_regions().secret_id(id.as_str());
                call.set_add_replica_regions(Some(added)).send().await?;
            }
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let set = set.into_iter().map(|(key, value)| tag(key, value)).collect();
            aws.secretsmanager().tag_resource().secret_id(id.as_str()).set_tags(Some(set)).send().await?;
            if !removed.is_empty() {
                let removed = removed.into_iter().collect();
                aws.secretsmanager().untag_resource().secret_id(id.as_str()).set_tag_keys(Some(removed)).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &SecretArn, recorded: &Self) -> Result<Deletion> {
        let gone = &["ResourceNotFoundException"];
        let Some(secret) = describe(aws, id.as_str()).await? else { return Ok(Deletion::Done) };
        let replicas: Vec<String> = secret.replication_status().iter().filter_map(|it| it.region.clone()).collect();
        if !replicas.is_empty() {
            // A secret with replicas cannot be deleted.
            let call = aws.secretsmanager().remove_regions_from_replication().secret_id(id.as_str());
            call.set_remove_replica_regions(Some(replicas)).send().await.or_gone(gone)?;
        }
        let at_once = aws.leaves_nothing() || recorded.recovery_window_in_days == 0;
        if !at_once {
            // Should the name be wanted again before the window ends, this says that no row has it any more.
            let call = aws.secretsmanager().untag_resource().secret_id(id.as_str());
            call.tag_keys(tags::ID).tag_keys(tags::TOKEN).send().await.or_gone(gone)?;
        }
        let call = aws.secretsmanager().delete_secret().secret_id(id.as_str());
        let call = if at_once {
            call.force_delete_without_recovery(true)
        } else {
            call.recovery_window_in_days(recorded.recovery_window_in_days.into())
        };
        call.send().await.or_gone(gone)?;
        Ok(Deletion::Done)
    }
}

impl Secret {
    fn replicas<'a>(&self, regions: impl Iterator<Item = &'a ReplicaRegion>) -> Option<Vec<ReplicaRegionType>> {
        let replica = |it: &ReplicaRegion| {
            ReplicaRegionType::builder().region(&it.region).set_kms_key_id(it.kms_key_id.clone()).build()
        };
        let replicas: Vec<_> = regions.map(replica).collect();
        (!replicas.is_empty()).then_some(replicas)
    }
}

/// A secret that has the name, although no row does.
struct LeftOver {
    arn: String,
    /// Made by this stack out of this store, and let go when it was deleted.
    ours: bool,
    /// Whether its deletion is scheduled.
    scheduled: bool,
}

impl LeftOver {
    async fn find(aws: &Aws, owner: &Owner, name: &str) -> Result<Option<Self>> {
        let answer = aws.secretsmanager().describe_secret().secret_id(name).send().await;
        let Some(secret) = answer.or_gone(&["ResourceNotFoundException"])? else { return Ok(None) };
        let scheduled = secret.deleted_date.is_some();
        let value = |key: &str| secret.tags().iter().find(|tag| tag.key() == Some(key)).and_then(Tag::value);
        let ours = value(tags::STACK) == Some(owner.stack.as_str()) && (scheduled || value(tags::ID).is_none());
        Ok(secret.arn.map(|arn| Self { arn, ours, scheduled }))
    }
}

/// A create that was refused because an earlier run's secret has the name: that one is restored, and all of it is left to be set.
async fn restored(aws: &Aws, owner: &Owner, args: &Secret, refused: Error) -> Result<Created> {
    let left = LeftOver::find(aws, owner, args.name.as_str()).await?.filter(|left| left.ours);
    let Some(LeftOver { arn, scheduled, .. }) = left else { return Err(refused) };
    if scheduled {
        aws.secretsmanager().restore_secret().secret_id(&arn).send().await?;
    }
    let left = SecretChanges {
        description: true,
        kms_key_id: args.kms_key_id.is_some(),
        secret_string: args.secret_string.is_some(),
        replica_regions: true,
        external_type: args.external_type.is_some(),
        recovery_window_in_days: false,
        tags: true,
    };
    Ok(Created { id: arn, left: formwork_engine::ChangeSet::names(&left), waiting: None })
}

fn tag(key: impl Into<String>, value: impl Into<String>) -> Tag {
    Tag::builder().key(key).value(value).build()
}

fn read_tags(aws: &Aws, tags: Option<Vec<Tag>>) -> tags::Read {
    let pairs = tags.unwrap_or_default().into_iter();
    tags::read(aws, pairs.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())))
}

/// The secret; `None` also when its deletion is scheduled.
async fn describe(aws: &Aws, id: &str) -> Result<Option<DescribeSecretOutput>> {
    let answer = aws.secretsmanager().describe_secret().secret_id(id).send().await;
    Ok(answer.or_gone(&["ResourceNotFoundException"])?.filter(|secret| secret.deleted_date.is_none()))
}

fn observe(aws: &Aws, secret: DescribeSecretOutput) -> Observed<Secret> {
    let read = read_tags(aws, secret.tags);
    let (arn, name) = (secret.arn.unwrap_or_default(), secret.name.unwrap_or_default());
    let replicas = secret.replication_status.unwrap_or_default().into_iter();
    let args = Secret {
        name: Name::new(name.as_str()),
        description: secret.description.unwrap_or_default(),
        kms_key_id: secret.kms_key_id.map(Arn::new),
        secret_string: None,
        replica_regions: replicas
            .filter_map(|it| {
                Some(ReplicaRegion {
                    region: it.region?,
                    kms_key_id: it.kms_key_id.filter(|key| !key.starts_with("alias/aws/")),
                })
            })
            .collect(),
        external_type: secret.r#type,
        recovery_window_in_days: 30,
        tags: read.tags,
    };
    let outputs = SecretOutputs { id: SecretArn::new(arn.as_str()), arn: Arn::new(arn), name };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for Secret {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let key = stack.add("key", Key::builder().description("secrets").build());
        let other = stack.add("other", Key::builder().description("secrets, too").build());
        let value = |text: &str| formwork_engine::Secret::new(text.to_owned());
        let base = Secret::builder()
            .name("conformance/secret")
            .description("made by the conformance suite")
            .secret_string(value("one"))
            .recovery_window_in_days(7)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("description", "changed")
            .change("kms_key_id", &key.arn)
            .change("kms_key_id", &other.arn)
            .change("secret_string", formwork_engine::Field::to_value(&value("two")))
            .change("replica_regions", vec![Expr::from(ReplicaRegion::builder().region("us-east-1").build())])
            .change("replica_regions", Vec::<Expr>::new())
            .change("recovery_window_in_days", 8_i64)
            .change("tags", [("team", "b")])
            .change("name", "conformance/secret-2")
            .unseen("external_type", "the emulator knows no external secrets")
    }
}
