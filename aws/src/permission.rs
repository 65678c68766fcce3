//! The IAM permission that an operation needs, where AWS refuses it without naming one.

/// Operations whose permission has another name: those of S3, which came before their operations were named.
const OTHERWISE: &[(&str, &str)] = &[
    ("DeleteBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    ("DeleteBucketCors", "PutBucketCORS"),
    ("DeleteBucketEncryption", "PutEncryptionConfiguration"),
    ("DeleteBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    ("DeleteBucketInventoryConfiguration", "PutInventoryConfiguration"),
    ("DeleteBucketLifecycle", "PutLifecycleConfiguration"),
    ("DeleteBucketMetricsConfiguration", "PutMetricsConfiguration"),
    ("DeleteBucketOwnershipControls", "PutBucketOwnershipControls"),
    ("DeleteBucketReplication", "PutReplicationConfiguration"),
    ("DeleteBucketTagging", "PutBucketTagging"),
    ("DeleteObjects", "DeleteObject"),
    ("DeletePublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("GetBucketAccelerateConfiguration", "GetAccelerateConfiguration"),
    ("GetBucketCors", "GetBucketCORS"),
    ("GetBucketEncryption", "GetEncryptionConfiguration"),
    ("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("GetBucketNotificationConfiguration", "GetBucketNotification"),
    ("GetBucketReplication", "GetReplicationConfiguration"),
    ("GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
    ("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("HeadBucket", "ListBucket"),
    ("ListBucketAnalyticsConfigurations", "GetAnalyticsConfiguration"),
    ("ListBucketIntelligentTieringConfigurations", "GetIntelligentTieringConfiguration"),
    ("ListBucketInventoryConfigurations", "GetInventoryConfiguration"),
    ("ListBucketMetricsConfigurations", "GetMetricsConfiguration"),
    ("ListBuckets", "ListAllMyBuckets"),
    ("ListMultipartUploads", "ListBucketMultipartUploads"),
    ("ListObjectVersions", "ListBucketVersions"),
    ("ListObjectsV2", "ListBucket"),
    ("PutBucketAccelerateConfiguration", "PutAccelerateConfiguration"),
    ("PutBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    ("PutBucketCors", "PutBucketCORS"),
    ("PutBucketEncryption", "PutEncryptionConfiguration"),
    ("PutBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    ("PutBucketInventoryConfiguration", "PutInventoryConfiguration"),
    ("PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"),
    ("PutBucketMetricsConfiguration", "PutMetricsConfiguration"),
    ("PutBucketNotificationConfiguration", "PutBucketNotification"),
    ("PutBucketReplication", "PutReplicationConfiguration"),
    ("PutObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    ("PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
];

/// What was said to a call that is not allowed, with the permission that is missing: the one that AWS names, or else the one that the operation
/// needs. `service` is named as the SDK's crate is.
pub(crate) fn denied(service: &str, operation: &str, message: &str) -> String {
    let permission = named(message).map_or_else(|| needed(service, operation), str::to_owned);
    match message.is_empty() {
        true => format!("the permission {permission} is missing"),
        false => format!("{message} (the permission {permission} is missing)"),
    }
}

/// The permission in AWS's "is not authorized to perform: s3:GetBucketCORS on resource: …".
fn named(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("not authorized to perform: ")?;
    let word = rest.split_whitespace().next()?.trim_end_matches(['.', ',', ';']);
    word.contains(':').then_some(word)
}

pub(crate) fn needed(service: &str, operation: &str) -> String {
    let prefix = match service {
        "cloudwatchlogs" => "logs",
        "efs" => "elasticfilesystem",
        "cloudcontrol" => "cloudformation",
        "elasticloadbalancingv2" | "elbv2" => "elasticloadbalancing",
        "service-quotas" => "servicequotas",
        service => service,
    };
    // The tags need a permission of their own.
    if (service, operation) == ("cloudfront", "CreateDistributionWithTags") {
        return "cloudfront:CreateDistribution".to_owned();
    }
    let other = OTHERWISE.iter().find(|(name, _)| service == "s3" && *name == operation);
    format!("{prefix}:{}", other.map_or(operation, |(_, permission)| permission))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permission_is_the_one_that_aws_names_or_the_operations_own() {
        let said = "User: arn:aws:iam::123456789012:user/a is not authorized to perform: kms:GetKeyPolicy on resource: arn:aws:kms:key/1 \
                    because no identity-based policy allows the kms:GetKeyPolicy action";
        assert_eq!(named(said), Some("kms:GetKeyPolicy"));
        assert!(denied("kms", "GetKeyPolicy", said).ends_with("(the permission kms:GetKeyPolicy is missing)"));
        assert_eq!(
            denied("s3", "GetBucketCors", "Access Denied"),
            "Access Denied (the permission s3:GetBucketCORS is missing)"
        );
        assert_eq!(denied("s3", "HeadBucket", ""), "the permission s3:ListBucket is missing");
        assert_eq!(needed("cloudwatchlogs", "DescribeLogGroups"), "logs:DescribeLogGroups");
        assert_eq!(needed("ec2", "DescribeVpcs"), "ec2:DescribeVpcs");
        assert_eq!(needed("s3", "GetBucketWebsite"), "s3:GetBucketWebsite");
    }

    #[test]
    fn the_table_is_in_order_and_names_nothing_twice() {
        assert!(OTHERWISE.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
