//! AWS Key Management Service: keys and their aliases, and what the types here share.

pub mod alias;
pub mod key;

pub use alias::{Alias, AliasName, AliasOutputs};
pub use key::{Key, KeyId, KeyOrigin, KeyOutputs, KeySpec, KeyUsage};

use aws_sdk_kms::types::Tag;
use formwork_engine::kind::Owner;

use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::tags::{self, Tags};

fn tag(key: &str, value: &str) -> Result<Tag> {
    Tag::builder().tag_key(key).tag_value(value).build().map_err(|error| Error::refused("kms Tag", error.to_string()))
}

fn tags_of(owner: &Owner, tags: &Tags) -> Result<Vec<Tag>> {
    tags::all(owner, tags).iter().map(|(key, value)| tag(key, value)).collect()
}

/// The tags of a key; `None` when there is no such key.
async fn read_tags(aws: &Aws, key: &str) -> Result<Option<tags::Read>> {
    let mut pairs = Vec::new();
    let mut pages = aws.kms().list_resource_tags().key_id(key).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(&["NotFoundException"])? else { return Ok(None) };
        pairs.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.tag_key, tag.tag_value)));
    }
    Ok(Some(tags::read(aws, pairs)))
}
