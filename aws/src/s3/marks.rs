//! Buckets that carry the tag of a stack.

use formwork_engine::kind::{Sought, Swept};

use super::bucket::all_tags;
use crate::context::Aws;
use crate::error::Result;
use crate::sweep::{Listed, one_by_one};

pub(crate) async fn buckets(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.s3().list_buckets().into_paginator().send();
    while let Some(page) = pages.next().await {
        for bucket in page?.buckets.unwrap_or_default() {
            let elsewhere = bucket.bucket_region.is_some_and(|region| region != aws.region());
            let made_at = bucket.creation_date.map_or(0, |at| at.secs());
            if let Some(name) = bucket.name.filter(|_| !elsewhere) {
                listed.push(Listed { made_at, ..Listed::of(name) });
            }
        }
    }
    one_by_one(sought, "aws:s3/bucket", listed, async |name: String| all_tags(aws, &name).await).await
}
