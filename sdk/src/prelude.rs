//! What a stack imports: `use formwork::prelude::*;`.

pub use formwork_aws::{
    Arn, Tags, acm, cloudcontrol, cloudfront, cloudwatch, dynamodb, ec2, ecr, efs, eks, elasticache, elbv2, iam, kms,
    logs, rds, reads, route53, s3, secretsmanager, sns, sqs, ssm,
};
pub use formwork_engine::{
    Handle, Input, IntoInput, Json, Name, Options, Output, ProviderName, ProviderSpec, Secret, Stack, StackOutputs,
    Timeouts, Urn, Version, all, join, options, prefix,
};

pub use crate::{Error, Result, mistake};
