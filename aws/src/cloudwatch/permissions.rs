//! The permissions of an alarm.

use super::Alarm;
use crate::permissions::{Permission, Permitted, create, delete, look, own_role, update};

const OWN: &[&str] = &[Alarm::ARN];

impl Permitted for Alarm {
    const ARN: &'static str = "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["cloudwatch:DescribeAlarms"]),
        look(&["cloudwatch:ListTagsForResource"]).on(OWN),
        create(&["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"]).on(OWN),
        own_role(
            "events.amazonaws.com",
            &["arn:{partition}:iam::{account}:role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents"],
        )
        .when(&["alarm_actions"]),
        update(&["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]).on(OWN),
        delete(&["cloudwatch:DeleteAlarms"]).on(OWN),
    ];
}
