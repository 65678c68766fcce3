//! The permissions of a table.

use super::Table;
use crate::permissions::{Permission, Permitted, create, delete, look, update};

const OWN: &[&str] = &[Table::ARN];
const WITH_INDEXES: &[&str] = &[Table::ARN, "arn:{partition}:dynamodb:{region}:{account}:table/{name}/index/*"];
const STREAMS: &[&str] = &["arn:{partition}:dynamodb:{region}:{account}:table/{name}/stream/*"];

impl Permitted for Table {
    const ARN: &'static str = "arn:{partition}:dynamodb:{region}:{account}:table/{name}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&[
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeKinesisStreamingDestination",
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:GetResourcePolicy",
            "dynamodb:ListTagsOfResource",
        ])
        .on(OWN),
        look(&["dynamodb:DescribeContributorInsights"]).on(WITH_INDEXES),
        look(&["dynamodb:GetResourcePolicy"]).on(STREAMS).when(&["stream_policy"]),
        create(&["dynamodb:CreateTable", "dynamodb:TagResource"]).on(OWN),
        create(&["dynamodb:PutResourcePolicy"])
            .on(OWN)
            .when(&["resource_policy"])
            .because("the table is made with its policy"),
        create(&["kms:CreateGrant", "kms:DescribeKey"])
            .on(&["{kms_key}"])
            .when(&["kms_key"])
            .because("items are encrypted under the key"),
        update(&["dynamodb:TagResource", "dynamodb:UntagResource", "dynamodb:UpdateTable"]).on(OWN),
        update(&["dynamodb:UpdateTimeToLive"]).on(OWN).when(&["ttl_attribute"]),
        update(&["dynamodb:UpdateContinuousBackups"]).on(OWN).when(&["point_in_time_recovery"]),
        update(&["dynamodb:UpdateContributorInsights"]).on(WITH_INDEXES),
        update(&["dynamodb:PutResourcePolicy"]).on(OWN).when(&["resource_policy"]),
        update(&["dynamodb:PutResourcePolicy"]).on(STREAMS).when(&["stream_policy"]),
        update(&[
            "dynamodb:DisableKinesisStreamingDestination",
            "dynamodb:EnableKinesisStreamingDestination",
            "dynamodb:UpdateKinesisStreamingDestination",
            "kinesis:DescribeStream",
            "kinesis:PutRecord",
            "kinesis:PutRecords",
        ])
        .when(&["kinesis_stream"])
        .because("changes are written to the stream in the name of the caller"),
        delete(&["dynamodb:DeleteTable"]).on(OWN),
        delete(&["dynamodb:UpdateTable"])
            .on(OWN)
            .when(&["deletion_protection"])
            .because("the protection against deletion is lifted first"),
    ];
}
