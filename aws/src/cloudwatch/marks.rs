//! Alarms that carry the tag of a stack: their list has no tags.

use formwork_engine::kind::{Sought, Swept};

use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::sweep::{Listed, one_by_one};

pub(crate) async fn alarms(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let mut listed = Vec::new();
    let mut pages = aws.cloudwatch().describe_alarms().into_paginator().send();
    while let Some(page) = pages.next().await {
        listed.extend(page?.metric_alarms.unwrap_or_default().into_iter().filter_map(|alarm| {
            let made_at = alarm.alarm_configuration_updated_timestamp.map_or(0, |moment| moment.secs());
            Some(Listed { id: alarm.alarm_name?, by: alarm.alarm_arn?, made_at })
        }));
    }
    one_by_one(sought, "aws:cloudwatch/alarm", listed, async |arn: String| {
        let call = aws.cloudwatch().list_tags_for_resource().resource_arn(arn);
        let answer = call.send().await.or_gone(&["ResourceNotFoundException", "ResourceNotFound"])?;
        let tags = answer.map(|answer| answer.tags.unwrap_or_default());
        Ok(tags.map(|tags| tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value?))).collect()))
    })
    .await
}
