//! `aws:kms/alias`: a name for a key, which can be pointed at another one.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_kms::types::AliasListEntry;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Name, Outputs, Resource, Stack, id};

use super::{Key, KeyId};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};

id! {
    /// The name of an alias, such as `alias/prod`.
    pub struct AliasName;
}

/// An alias of a KMS key. It has no tags: its name is all there is to tell it by.
#[derive(Resource)]
#[resource(
    kind = "aws:kms/alias",
    cfn = "AWS::KMS::Alias",
    id = AliasName,
    outputs = AliasOutputs,
    guard = unique_name,
    natural_key(name),
    visibility = 120
)]
pub struct Alias {
    /// The name, which begins with `alias/`, at most 256 characters.
    #[arg(replace, cfn = "AliasName")]
    pub name: Name,
    /// The key.
    #[arg(in_place, cfn = "TargetKeyId")]
    pub key: KeyId,
}

/// What is known of an alias once it is there.
#[derive(Outputs)]
pub struct AliasOutputs {
    /// The name.
    pub id: AliasName,
    /// The ARN.
    pub arn: Arn<Alias>,
}

impl Lifecycle for Alias {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let call = aws.kms().create_alias().alias_name(args.name.as_str());
        call.target_key_id(args.key.as_str()).send().await?;
        Ok(Created::whole(args.name.as_str()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let all = list(aws).await?;
        Ok(all_ready(waiting.iter().map(|one| one.id.clone()).filter(|id| all.contains_key(id))))
    }

    async fn read(aws: &Aws, ids: &[AliasName]) -> Result<Readings<Self>> {
        let all = list(aws).await?;
        let found = ids.iter().filter_map(|id| {
            let alias = all.get(id.as_str())?;
            let key = KeyId::new(alias.target_key_id().unwrap_or_default());
            let args = Alias { name: Name::new(id.as_str()), key };
            let outputs = AliasOutputs { id: id.clone(), arn: Arn::new(alias.alias_arn().unwrap_or_default()) };
            Some((id.clone(), Ok(Observed::new(args, outputs, None))))
        });
        Ok(found.collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let found = list(aws).await?.contains_key(args.name.as_str());
        let id = args.name.to_string();
        Ok(found.then_some(Candidate { id, proof: Proof::Name }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<AliasChanges>> {
        let AliasChanges { key } = update.changes;
        if key {
            let call = aws.kms().update_alias().alias_name(update.id.as_str());
            call.target_key_id(update.planned.key.as_str()).send().await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &AliasName, _: &Self) -> Result<Deletion> {
        aws.kms().delete_alias().alias_name(id.as_str()).send().await.or_gone(&["NotFoundException"])?;
        Ok(Deletion::Done)
    }
}

/// All aliases of the region by name: there is no other question to ask.
async fn list(aws: &Aws) -> Result<Arc<BTreeMap<String, AliasListEntry>>> {
    let asked = aws.once("kms aliases", async {
        let mut all = BTreeMap::new();
        let mut pages = aws.kms().list_aliases().into_paginator().send();
        while let Some(page) = pages.next().await {
            let aliases = page?.aliases.unwrap_or_default().into_iter();
            all.extend(aliases.filter_map(|alias| Some((alias.alias_name.clone()?, alias))));
        }
        Ok(all)
    });
    asked.await
}

impl Conforms for Alias {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let key = stack.add("key", Key::builder().description("one").build());
        let other = stack.add("other", Key::builder().description("two").build());
        let base = Alias::builder().name("alias/conformance").key(&key).build();
        Conformance::of(base).change("key", &other).change("name", "alias/conformance-2")
    }
}
