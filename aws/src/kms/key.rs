//! `aws:kms/key`: a key that encrypts, signs or authenticates.
//!
//! ```
//! use formwork_aws::kms::Key;
//!
//! let key = Key::builder().description("secrets of the cluster").enable_key_rotation(true).build();
//! # drop(key);
//! ```

use std::collections::BTreeMap;

use aws_sdk_kms::types::KeyMetadata;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Choice, Ending, Hazard, Json, Outputs, Resource, Stack, id};
use futures::future::join3;

use super::{read_tags, tag, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result, readable};
use crate::hazards::shorter;
use crate::iam::{PolicyDocument, Principal, Statement};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;
use crate::tags::{self, Tags};

id! {
    /// The id of a key: a UUID, or `mrk-…` for a multi-region key.
    pub struct KeyId;
}

const ENDING: Ending = Ending { opens: true, ..Ending::PLAIN };

/// A KMS key. What it encrypted is lost with it: its deletion is scheduled, never immediate, and needs consent.
#[derive(Resource)]
#[resource(
    kind = "aws:kms/key",
    cfn = "AWS::KMS::Key",
    id = KeyId,
    outputs = KeyOutputs,
    guard = tag_only,
    data_store,
    visibility = 120,
    create_wait = (0, 2, 1, 1200),
    update_wait = (0, 1, 15, 1200),
    ending = ENDING
)]
pub struct Key {
    /// What it is for, at most 8192 characters.
    #[arg(in_place, default)]
    pub description: String,
    /// Who may use and administer it. AWS's default lets the account's own policies decide.
    #[arg(in_place, cfn = "KeyPolicy")]
    pub policy: Option<Json>,
    /// Whether it can be used. A disabled key decrypts nothing.
    #[arg(in_place, after_create, default = true, hazards = disabling)]
    pub enabled: bool,
    /// Whether its material is exchanged regularly; earlier material goes on decrypting. Symmetric keys only.
    #[arg(in_place, after_create, default = false)]
    pub enable_key_rotation: bool,
    /// Days between rotations, 90 to 2560; AWS's 365 when absent. Needs `enable_key_rotation`.
    #[arg(in_place, after_create)]
    pub rotation_period_in_days: Option<i32>,
    /// What it is used for.
    #[arg(replace, default = KeyUsage::EncryptDecrypt)]
    pub key_usage: KeyUsage,
    /// The type of its material.
    #[arg(replace, default = KeySpec::SymmetricDefault)]
    pub key_spec: KeySpec,
    /// Whether replicas of it can be made in other regions.
    #[arg(replace, default = false)]
    pub multi_region: bool,
    /// Where its material comes from.
    #[arg(replace, default = KeyOrigin::AwsKms)]
    pub origin: KeyOrigin,
    /// Days between the request to delete it and its end, 7 to 30; until then the deletion can be cancelled.
    #[arg(in_place, default = 30, write_only, hazards = shorter)]
    pub pending_window_in_days: i32,
    /// Accepts a policy that would lock the caller out of changing it again.
    #[arg(in_place, default = false, write_only)]
    pub bypass_policy_lockout_safety_check: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// RDS gives a database up for good whose key has been disabled for a week; everything else stands still.
fn disabling(before: &bool, after: &bool) -> &'static [Hazard] {
    if *before && !*after { &[Hazard::DataLoss, Hazard::Outage] } else { &[] }
}

/// What a key is used for.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUsage {
    /// Encrypts and decrypts.
    #[choice("ENCRYPT_DECRYPT")]
    EncryptDecrypt,
    /// Signs and verifies.
    #[choice("SIGN_VERIFY")]
    SignVerify,
    /// Makes and verifies message authentication codes.
    #[choice("GENERATE_VERIFY_MAC")]
    GenerateVerifyMac,
    /// Agrees on shared secrets.
    #[choice("KEY_AGREEMENT")]
    KeyAgreement,
}

/// The type of a key's material.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySpec {
    /// AES-256.
    #[choice("SYMMETRIC_DEFAULT")]
    SymmetricDefault,
    /// RSA, 2048 bits.
    #[choice("RSA_2048")]
    Rsa2048,
    /// RSA, 3072 bits.
    #[choice("RSA_3072")]
    Rsa3072,
    /// RSA, 4096 bits.
    #[choice("RSA_4096")]
    Rsa4096,
    /// The NIST curve P-256.
    #[choice("ECC_NIST_P256")]
    EccNistP256,
    /// The NIST curve P-384.
    #[choice("ECC_NIST_P384")]
    EccNistP384,
    /// The NIST curve P-521.
    #[choice("ECC_NIST_P521")]
    EccNistP521,
    /// The curve of Bitcoin and Ethereum.
    #[choice("ECC_SECG_P256K1")]
    EccSecgP256k1,
    /// HMAC, 256 bits.
    #[choice("HMAC_256")]
    Hmac256,
    /// HMAC, 512 bits.
    #[choice("HMAC_512")]
    Hmac512,
}

/// Where a key's material comes from.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// Made by KMS.
    #[choice("AWS_KMS")]
    AwsKms,
    /// Imported after the key was made.
    #[choice("EXTERNAL")]
    External,
}

/// What is known of a key once it is there.
#[derive(Outputs)]
pub struct KeyOutputs {
    /// The id.
    pub id: KeyId,
    /// The ARN.
    pub arn: Arn<Key>,
}

impl Lifecycle for Key {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .kms()
            .create_key()
            .description(&args.description)
            .set_policy(args.policy.as_ref().map(ToString::to_string))
            .bypass_policy_lockout_safety_check(args.bypass_policy_lockout_safety_check)
            .key_usage(args.key_usage.as_str().into())
            .key_spec(args.key_spec.as_str().into())
            .multi_region(args.multi_region)
            .origin(args.origin.as_str().into())
            .set_tags(Some(tags_of(owner, &args.tags)?))
            .send()
            .await?;
        let key = answer.key_metadata.ok_or_else(|| Error::unexpected("kms CreateKey", "no key in the answer"))?;
        Ok(Created::whole(key.key_id))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| describe(aws, &one.id)).await;
        let mut statuses = BTreeMap::new();
        for key in found {
            if let Some(key) = key? {
                let status = match key.key_state.as_ref().map(|state| state.as_str()) {
                    // A key whose material is imported later waits for the user, not for AWS.
                    Some("Enabled" | "Disabled" | "PendingImport") => Status::Ready,
                    other => Status::Pending(other.unwrap_or("Creating").to_owned()),
                };
                statuses.insert(key.key_id, status);
            }
        }
        Ok(statuses)
    }

    async fn read(aws: &Aws, ids: &[KeyId]) -> Result<Readings<Self>> {
        let found = each(ids, |id| observe(aws, id)).await;
        Ok(ids.iter().cloned().zip(found).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        // Keys have no name and cannot be filtered: every customer key's tags are looked at.
        let mut candidates = Vec::new();
        let mut pages = aws.kms().list_keys().into_paginator().send();
        while let Some(page) = pages.next().await {
            for key in page?.keys.unwrap_or_default() {
                let Some(id) = key.key_id else { continue };
                let tags = match read_tags(aws, &id).await {
                    // AWS's own keys and those of others do not show their tags.
                    Err(error) if error.is(&["AccessDeniedException"]) => continue,
                    other => other?,
                };
                let Some(theirs) = tags.and_then(|tags| tags.owner) else { continue };
                if theirs.uid != owner.uid || describe(aws, &id).await?.is_none() {
                    continue;
                }
                candidates.push(tags::candidate(owner, id, Some(&theirs)));
            }
        }
        Ok(candidates)
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<KeyChanges>> {
        let KeyChanges {
            description,
            policy,
            enabled,
            enable_key_rotation,
            rotation_period_in_days,
            pending_window_in_days: _used_by_delete,
            bypass_policy_lockout_safety_check: _sent_with_the_policy,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let id = id.as_str();
        // A disabled key refuses every other change: enable first, disable last.
        if enabled && planned.enabled {
            aws.kms().enable_key().key_id(id).send().await?;
        }
        if description {
            aws.kms().update_key_description().key_id(id).description(&planned.description).send().await?;
        }
        if let (true, Some(document)) = (policy, &planned.policy) {
            aws.kms()
                .put_key_policy()
                .key_id(id)
                .policy(document.as_str())
                .bypass_policy_lockout_safety_check(planned.bypass_policy_lockout_safety_check)
                .send()
                .await?;
        }
        if enable_key_rotation || rotation_period_in_days {
            if planned.enable_key_rotation {
                let call = aws.kms().enable_key_rotation().key_id(id);
                call.set_rotation_period_in_days(planned.rotation_period_in_days).send().await?;
            } else if now.enable_key_rotation {
                aws.kms().disable_key_rotation().key_id(id).send().await?;
            }
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let set = set.iter().map(|(key, value)| tag(key, value)).collect::<Result<_>>()?;
            aws.kms().tag_resource().key_id(id).set_tags(Some(set)).send().await?;
            if !removed.is_empty() {
                let removed = removed.into_iter().collect();
                aws.kms().untag_resource().key_id(id).set_tag_keys(Some(removed)).send().await?;
            }
        }
        if enabled && !planned.enabled {
            aws.kms().disable_key().key_id(id).send().await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &KeyId, recorded: &Self) -> Result<Deletion> {
        let call = aws.kms().schedule_key_deletion().key_id(id.as_str());
        let answer = call.pending_window_in_days(recorded.pending_window_in_days).send().await;
        match answer.or_gone(&["NotFoundException"]) {
            // Scheduled already, by an earlier attempt.
            Err(error) if error.is(&["KMSInvalidStateException"]) && describe(aws, id.as_str()).await?.is_none() => {
                Ok(Deletion::Done)
            }
            answer => answer.map(|_| Deletion::Done),
        }
    }
}

/// The key; `None` also when its deletion is scheduled, since nothing but a cancellation brings it back.
async fn describe(aws: &Aws, id: &str) -> Result<Option<KeyMetadata>> {
    let answer = aws.kms().describe_key().key_id(id).send().await.or_gone(&["NotFoundException"])?;
    let going = |key: &KeyMetadata| {
        matches!(key.key_state.as_ref().map(|state| state.as_str()), Some("PendingDeletion" | "PendingReplicaDeletion"))
    };
    Ok(answer.and_then(|answer| answer.key_metadata).filter(|key| !going(key)))
}

async fn observe(aws: &Aws, id: &KeyId) -> Result<Option<Observed<Key>>> {
    let Some(key) = describe(aws, id.as_str()).await? else { return Ok(None) };
    let policy = async {
        Ok::<_, Error>(Some(aws.kms().get_key_policy().key_id(id.as_str()).policy_name("default").send().await?))
    };
    let rotation = async {
        // Only symmetric keys with material of KMS's own rotate; the others refuse the question.
        let symmetric = key.key_spec.as_ref().is_none_or(|spec| spec.as_str() == "SYMMETRIC_DEFAULT");
        if !symmetric || key.origin.as_ref().is_some_and(|origin| origin.as_str() != "AWS_KMS") {
            return Ok(None);
        }
        Ok::<_, Error>(Some(aws.kms().get_key_rotation_status().key_id(id.as_str()).send().await?))
    };
    let (policy, rotation, tags) = join3(policy, rotation, read_tags(aws, id.as_str())).await;
    let Some(tags) = tags? else { return Ok(None) };
    let mut unreadable = BTreeMap::new();
    let policy = readable(policy, &["policy"], &mut unreadable)?;
    let rotation = readable(rotation, &["enable_key_rotation", "rotation_period_in_days"], &mut unreadable)?;
    let rotates = rotation.as_ref().is_some_and(|rotation| rotation.key_rotation_enabled);
    let args = Key {
        description: key.description.unwrap_or_default(),
        policy: policy.and_then(|policy| policy.policy).map(Json::new),
        enabled: key.enabled,
        enable_key_rotation: rotates,
        rotation_period_in_days: rotation.filter(|_| rotates).and_then(|rotation| rotation.rotation_period_in_days),
        key_usage: key.key_usage.and_then(|it| KeyUsage::parse(it.as_str())).unwrap_or(KeyUsage::EncryptDecrypt),
        key_spec: key.key_spec.and_then(|it| KeySpec::parse(it.as_str())).unwrap_or(KeySpec::SymmetricDefault),
        multi_region: key.multi_region.unwrap_or_default(),
        origin: key.origin.and_then(|it| KeyOrigin::parse(it.as_str())).unwrap_or(KeyOrigin::AwsKms),
        pending_window_in_days: 30,
        bypass_policy_lockout_safety_check: false,
        tags: tags.tags,
    };
    let outputs = KeyOutputs { id: KeyId::new(key.key_id), arn: Arn::new(key.arn.unwrap_or_default()) };
    Ok(Some(Observed { unreadable, ..Observed::new(args, outputs, tags.owner) }))
}

impl Conforms for Key {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let policy = |sid| {
            PolicyDocument::of([Statement::allow()
                .sid(sid)
                .principal(Principal::anybody())
                .action("kms:*")
                .resource("*")])
        };
        let base = Key::builder()
            .description("made by the conformance suite")
            .policy(policy("One"))
            .enabled(true)
            .enable_key_rotation(true)
            .rotation_period_in_days(180)
            .key_usage(KeyUsage::EncryptDecrypt)
            .key_spec(KeySpec::SymmetricDefault)
            .multi_region(false)
            .origin(KeyOrigin::AwsKms)
            .pending_window_in_days(7)
            .bypass_policy_lockout_safety_check(false)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("description", "changed")
            .change("policy", policy("Two").output())
            .change("rotation_period_in_days", 90_i64)
            .change("tags", [("team", "b")])
            .change("pending_window_in_days", 8_i64)
            .change("bypass_policy_lockout_safety_check", true)
            .change("enabled", false)
            .change("enabled", true)
            .change("enable_key_rotation", false)
            .together_with("rotation_period_in_days", formwork_engine::Expr::null())
            .change("multi_region", true)
            .change("key_spec", "HMAC_256")
            .together_with("key_usage", "GENERATE_VERIFY_MAC")
            .change("key_usage", "SIGN_VERIFY")
            .together_with("key_spec", "RSA_2048")
            .change("origin", "EXTERNAL")
            .together_with("key_usage", "ENCRYPT_DECRYPT")
            .together_with("key_spec", "SYMMETRIC_DEFAULT")
    }
}
