//! `aws:ec2/key-pair`: a public key that instances let in by SSH.
//!
//! ```
//! use formwork_aws::ec2::KeyPair;
//!
//! let key = KeyPair::builder().name("bastion").public_key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI… anna").build();
//! # drop(key);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{Filter, KeyPairInfo, ResourceType};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Choice, Name, Outputs, Resource, Stack, id};

use super::{FILTER_VALUES, candidate, filter, owned_by, read_tags, retag, tag_specification};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::tags::{self, Tags};

id! {
    /// The id of a key pair, such as `key-0123456789abcdef0`.
    pub struct KeyPairId;
}

id! {
    /// The name of a key pair, by which instances and launch templates take it.
    pub struct KeyPairName;
}

/// A public key that was made elsewhere. Its private key is never sent to AWS and is in no state.
///
/// AWS could also make the pair and hand out the private key once, in the answer of the create. Formwork has no place to keep it, so it takes
/// public keys only: `ssh-keygen -t ed25519` makes a pair.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/key-pair",
    cfn = "AWS::EC2::KeyPair",
    id = KeyPairId,
    outputs = KeyPairOutputs,
    guard = unique_name,
    natural_key(name),
    visibility = 300
)]
pub struct KeyPair {
    /// The name, unique in the account and region, at most 255 ASCII characters; or a prefix of it.
    #[arg(replace, cfn = "KeyName")]
    pub name: Name,
    /// The public key as OpenSSH writes it: its type, the key in base64, and a comment that is not compared.
    #[arg(replace, cfn = "PublicKeyMaterial", same = same_key)]
    pub public_key: String,
    /// What sort of key `public_key` is to be; another one is refused before it is sent. Not looked at when absent.
    #[arg(replace)]
    pub key_type: Option<KeyType>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// A sort of key.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// RSA.
    #[choice("rsa")]
    Rsa,
    /// Ed25519. Windows instances take none.
    #[choice("ed25519")]
    Ed25519,
}

impl KeyType {
    /// By the first word of a key as OpenSSH writes it.
    fn of(public_key: &str) -> Option<Self> {
        match public_key.split_whitespace().next()? {
            "ssh-rsa" => Some(Self::Rsa),
            "ssh-ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

/// What is known of a key pair once it is there.
#[derive(Outputs)]
pub struct KeyPairOutputs {
    /// The id.
    pub id: KeyPairId,
    /// The name, as instances take it.
    pub name: KeyPairName,
    /// The ARN.
    pub arn: Arn<KeyPair>,
    /// The fingerprint of the key: MD5 of an RSA key, SHA-256 of an Ed25519 key.
    pub fingerprint: String,
}

/// AWS puts the name of the pair, or nothing, in the place of the comment.
#[expect(clippy::ptr_arg, reason = "an equality takes references to the type of its field")]
fn same_key(wanted: &String, found: &String) -> bool {
    wanted.split_whitespace().take(2).eq(found.split_whitespace().take(2))
}

fn check(args: &KeyPair) -> std::result::Result<(), String> {
    let Some(found) = KeyType::of(&args.public_key) else {
        return Err("`public_key` is no RSA or Ed25519 key as OpenSSH writes it: `ssh-ed25519 AAAA…`".to_owned());
    };
    match args.key_type {
        Some(wanted) if wanted != found => {
            Err(format!("`public_key` is an {} key, and `key_type` says {}", found.as_str(), wanted.as_str()))
        }
        _ => Ok(()),
    }
}

impl Lifecycle for KeyPair {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        check(args).map_err(|reason| Error::refused("ec2 ImportKeyPair", reason))?;
        let answer = aws
            .ec2()
            .import_key_pair()
            .key_name(args.name.as_str())
            .public_key_material(Blob::new(args.public_key.trim().as_bytes()))
            .tag_specifications(tag_specification(owner, &args.tags, ResourceType::KeyPair))
            .send()
            .await?;
        let id = answer.key_pair_id;
        id.map(Created::whole).ok_or_else(|| Error::unexpected("ec2 ImportKeyPair", "no key pair id in the answer"))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| KeyPairId::new(&one.id)).collect();
        Ok(all_ready(describe(aws, &ids).await?.into_iter().filter_map(|key| key.key_pair_id)))
    }

    async fn read(aws: &Aws, ids: &[KeyPairId]) -> Result<Readings<Self>> {
        let found = describe(aws, ids).await?.into_iter();
        Ok(found
            .filter_map(|key| {
                let id = KeyPairId::new(key.key_pair_id.clone()?);
                Some((id.clone(), Ok(observe(aws, id, key))))
            })
            .collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let ours = filtered(aws, owned_by(owner)).await?.into_iter();
        let mut found: Vec<_> = ours.filter_map(|key| candidate(aws, owner, key.key_pair_id, key.tags)).collect();
        if let (true, Some(args)) = (found.is_empty(), args) {
            for key in filtered(aws, filter("key-name", [args.name.as_str()])).await? {
                let theirs = read_tags(aws, key.tags).owner;
                found.extend(key.key_pair_id.map(|id| tags::candidate(owner, id, theirs.as_ref())));
            }
        }
        Ok(found)
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<KeyPairChanges>> {
        let KeyPairChanges { tags } = update.changes;
        if tags {
            retag(aws, update.owner, update.id.as_str(), &update.now.tags, &update.planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &KeyPairId, _: &Self) -> Result<Deletion> {
        // AWS answers the same whether it was there or not.
        aws.ec2().delete_key_pair().key_pair_id(id.as_str()).send().await?;
        Ok(Deletion::Done)
    }
}

async fn filtered(aws: &Aws, filter: Filter) -> Result<Vec<KeyPairInfo>> {
    // There are no pages of it.
    let answer = aws.ec2().describe_key_pairs().include_public_key(true).filters(filter).send().await?;
    Ok(answer.key_pairs.unwrap_or_default())
}

async fn describe(aws: &Aws, ids: &[KeyPairId]) -> Result<Vec<KeyPairInfo>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        found.extend(filtered(aws, filter("key-pair-id", chunk.iter().map(KeyPairId::as_str))).await?);
    }
    Ok(found)
}

fn observe(aws: &Aws, id: KeyPairId, key: KeyPairInfo) -> Observed<KeyPair> {
    let read = read_tags(aws, key.tags);
    let name = key.key_name.unwrap_or_default();
    let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
    let arn = Arn::new(format!("arn:{partition}:ec2:{region}:{account}:key-pair/{id}"));
    let args = KeyPair {
        name: Name::new(name.as_str()),
        public_key: key.public_key.unwrap_or_default().trim().to_owned(),
        key_type: key.key_type.and_then(|kind| KeyType::parse(kind.as_str())),
        tags: read.tags,
    };
    let fingerprint = key.key_fingerprint.unwrap_or_default();
    Observed::new(args, KeyPairOutputs { id, name: KeyPairName::new(name), arn, fingerprint }, read.owner)
}

/// Two keys of which nobody has the private half.
pub(super) const ED25519: [&str; 2] = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIESRu+F5HH74W8WWGBAtysAWMqolk8RHIYUllXU4JCP7 anna",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN0xLHYSNYwuKdmhHIOtuorxQRPcEYoqfavYHSnFvmq5 bert",
];

impl Conforms for KeyPair {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let [first, second] = ED25519;
        let base = KeyPair::builder()
            .name("Conformance-Key")
            .public_key(first)
            .key_type(KeyType::Ed25519)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("public_key", second)
            .change("name", "Conformance-Key-2")
            .unseen("key_type", "it is that of the public key, and changes with it only")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 anna";

    fn key(public_key: &str, key_type: Option<KeyType>) -> KeyPair {
        KeyPair { name: Name::new("a"), public_key: public_key.to_owned(), key_type, tags: Tags::new() }
    }

    #[test]
    fn the_comment_of_a_key_does_not_count() {
        let same = |a: &str, b: &str| same_key(&a.to_owned(), &b.to_owned());
        assert!(same("ssh-ed25519 AAAA anna", "ssh-ed25519 AAAA"));
        assert!(same("ssh-ed25519  AAAA anna\n", "ssh-ed25519 AAAA bert"));
        assert!(!same("ssh-ed25519 AAAA", "ssh-ed25519 BBBB"));
        assert!(!same("ssh-rsa AAAA", "ssh-ed25519 AAAA"));
    }

    #[test]
    fn a_key_of_another_sort_is_refused_before_it_is_sent() {
        assert_eq!(check(&key(RSA, None)), Ok(()));
        assert_eq!(check(&key(RSA, Some(KeyType::Rsa))), Ok(()));
        assert!(check(&key(ED25519[0], Some(KeyType::Rsa))).is_err_and(|reason| reason.contains("ed25519")));
        assert!(check(&key("-----BEGIN PUBLIC KEY-----", None)).is_err());
    }
}
