//! AWS Key Management Service: keys and their aliases, and what the types here share.

pub mod alias;
pub mod key;
pub(crate) mod marks;
mod permissions;

pub use alias::{Alias, AliasName, AliasOutputs};
pub use key::{Key, KeyId, KeyOrigin, KeyOutputs, KeySpec, KeyUsage};

use aws_sdk_kms::types::Tag;
use formwork_engine::kind::Owner;

use crate::arn::Arn;
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::tags::{self, Tags};

/// Whether a key that is named is the one that AWS answers. Services are given a key's ARN, its id alone or an alias, and most of them answer the
/// ARN.
///
/// An alias leads to a key only when it is given; which one that was is in no answer, so that it is satisfied by any key. To go over to
/// the key that an alias leads to now: `--replace`, or name the key.
pub(crate) fn same_key(wanted: &Option<Arn<Key>>, found: &Option<Arn<Key>>) -> bool {
    let (Some(wanted), Some(found)) = (wanted, found) else { return wanted.is_none() && found.is_none() };
    let is_alias = |key: &Arn<Key>| key.as_str().starts_with("alias/") || key.as_str().contains(":alias/");
    match (is_alias(wanted), is_alias(found)) {
        (false, false) => wanted.name() == found.name(),
        (true, true) => alias_name(wanted) == alias_name(found),
        (true, false) => true,
        (false, true) => false,
    }
}

/// `alias/orders/main` of the ARN of an alias.
fn alias_name(alias: &Arn<Key>) -> &str {
    alias.as_str().rsplit(':').next().unwrap_or_default()
}

fn tag(key: &str, value: &str) -> Result<Tag> {
    Tag::builder().tag_key(key).tag_value(value).build().map_err(|error| Error::refused("kms Tag", error.to_string()))
}

fn tags_of(owner: &Owner, tags: &Tags) -> Result<Vec<Tag>> {
    tags::all(owner, tags).iter().map(|(key, value)| tag(key, value)).collect()
}

/// The tags of a key; `None` when there is no such key.
async fn read_tags(aws: &Aws, key: &str) -> Result<Option<tags::Read>> {
    Ok(all_tags(aws, key).await?.map(|pairs| tags::read(aws, pairs)))
}

/// The tags of a key as they are; `None` where there is no such key.
async fn all_tags(aws: &Aws, key: &str) -> Result<Option<Vec<(String, String)>>> {
    let mut pairs = Vec::new();
    let mut pages = aws.kms().list_resource_tags().key_id(key).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(&["NotFoundException"])? else { return Ok(None) };
        pairs.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.tag_key, tag.tag_value)));
    }
    Ok(Some(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_by_whatever_name_a_service_answers_it() {
        // The four forms of a key identifier in the documentation of KMS.
        let arn = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let alias = "alias/ExampleAlias";
        let alias_arn = "arn:aws:kms:us-east-2:111122223333:alias/ExampleAlias";
        let other = "arn:aws:kms:us-east-2:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321";
        for (wanted, found, same) in [
            (arn, arn, true),
            (id, arn, true),
            (arn, id, true),
            (other, arn, false),
            (alias, alias_arn, true),
            (alias_arn, "arn:aws:kms:us-east-2:111122223333:alias/Other", false),
            (alias_arn, arn, true),
            (alias, arn, true),
            (arn, alias_arn, false),
        ] {
            assert_eq!(same_key(&Some(Arn::new(wanted)), &Some(Arn::new(found))), same, "{wanted} and {found}");
        }
        assert!(same_key(&None, &None) && !same_key(&Some(Arn::new(arn)), &None));
    }
}
