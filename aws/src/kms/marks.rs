//! Keys that carry the tag of a stack: they have no names, so that each key's tags are looked at.

use formwork_engine::kind::{Sought, Swept};

use super::all_tags;
use crate::context::Aws;
use crate::error::Result;
use crate::sweep::{Listed, one_by_one};

/// AWS's own keys and those of others do not show their tags.
pub(crate) async fn keys(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.kms().list_keys().into_paginator().send();
    while let Some(page) = pages.next().await {
        listed.extend(page?.keys.unwrap_or_default().into_iter().filter_map(|key| key.key_id).map(Listed::of));
    }
    one_by_one(sought, "aws:kms/key", listed, async |id: String| all_tags(aws, &id).await).await
}
