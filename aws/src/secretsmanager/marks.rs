//! Secrets that carry the tag of a stack.

use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};
use formwork_engine::kind::{Sought, Swept};

use crate::context::Aws;
use crate::error::Result;
use crate::sweep::among;
use crate::tags::STACK;

/// Those whose deletion is scheduled are not in the list.
pub(crate) async fn secrets(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let tagged = Filter::builder().key(FilterNameStringType::TagKey).values(STACK).build();
    let mut swept = Swept::default();
    let mut pages = aws.secretsmanager().list_secrets().filters(tagged).into_paginator().send();
    while let Some(page) = pages.next().await {
        let secrets = page?.secret_list.unwrap_or_default().into_iter().filter_map(|secret| {
            let tags = secret.tags.unwrap_or_default().into_iter();
            let tags: Vec<_> = tags.filter_map(|tag| Some((tag.key?, tag.value?))).collect();
            Some((secret.arn?, tags))
        });
        swept.marks.extend(among(sought, "aws:secretsmanager/secret", secrets));
    }
    Ok(swept)
}
