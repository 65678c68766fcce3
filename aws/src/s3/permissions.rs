//! The permissions of the types of S3, of which many have other names than their operations.

use super::{Bucket, BucketPolicy};
use crate::permissions::{Permission, Permitted, Verb, create, delete, look, pass, update};

const OWN: &[&str] = &[Bucket::ARN];
const OBJECTS: &[&str] = &["arn:{partition}:s3:::{name}/*"];
const ITS_BUCKET: &[&str] = &["arn:{partition}:s3:::{bucket}"];

impl Permitted for Bucket {
    const ARN: &'static str = "arn:{partition}:s3:::{name}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&[
            "s3:GetAccelerateConfiguration",
            "s3:GetAnalyticsConfiguration",
            "s3:GetBucketCORS",
            "s3:GetBucketLogging",
            "s3:GetBucketNotification",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetBucketWebsite",
            "s3:GetEncryptionConfiguration",
            "s3:GetIntelligentTieringConfiguration",
            "s3:GetInventoryConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:GetMetricsConfiguration",
            "s3:GetReplicationConfiguration",
            "s3:ListBucket",
        ])
        .on(OWN),
        create(&["s3:CreateBucket"]).on(OWN),
        create(&["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"])
            .on(OWN)
            .when(&["object_lock"])
            .because("the bucket is made with the lock, which brings versions along"),
        create(&["s3:PutBucketOwnershipControls"]).on(OWN).when(&["ownership"]).because("the bucket is made with it"),
        update(&["s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging"]).on(OWN),
        update(&["s3:PutBucketOwnershipControls"]).on(OWN).when(&["ownership"]),
        update(&["s3:PutEncryptionConfiguration"]).on(OWN).when(&["encryption"]),
        update(&["s3:PutBucketVersioning"]).on(OWN).when(&["versioning", "object_lock"]),
        update(&["s3:PutBucketObjectLockConfiguration"]).on(OWN).when(&["object_lock", "default_retention"]),
        update(&["s3:PutLifecycleConfiguration"]).on(OWN).when(&["lifecycle_rules", "transition_minimum_object_size"]),
        update(&["s3:PutBucketCORS"]).on(OWN).when(&["cors_rules"]),
        update(&["s3:PutAccelerateConfiguration"]).on(OWN).when(&["acceleration"]),
        update(&["s3:PutBucketLogging"]).on(OWN).when(&["logging"]),
        update(&["s3:DeleteBucketWebsite", "s3:PutBucketWebsite"]).on(OWN).when(&["website"]),
        update(&["s3:PutIntelligentTieringConfiguration"]).on(OWN).when(&["intelligent_tiering"]),
        update(&["s3:PutInventoryConfiguration"]).on(OWN).when(&["inventories"]),
        update(&["s3:PutAnalyticsConfiguration"]).on(OWN).when(&["analytics"]),
        update(&["s3:PutMetricsConfiguration"]).on(OWN).when(&["metrics"]),
        update(&["s3:PutBucketNotification"]).on(OWN).when(&["notification"]),
        update(&["s3:PutReplicationConfiguration"]).on(OWN).when(&["replication"]),
        pass(Verb::Update, &["arn:{partition}:iam::{account}:role/*"], "s3.amazonaws.com").when(&["replication"]),
        delete(&["s3:DeleteBucket"]).on(OWN),
        delete(&["s3:ListBucketMultipartUploads", "s3:ListBucketVersions"])
            .on(OWN)
            .when(&["force_destroy"])
            .because("the bucket is emptied first"),
        delete(&["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"])
            .on(OBJECTS)
            .when(&["force_destroy"])
            .because("the bucket is emptied first"),
    ];
}

impl Permitted for BucketPolicy {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["s3:GetBucketPolicy"]).on(ITS_BUCKET),
        create(&["s3:PutBucketPolicy"]).on(ITS_BUCKET),
        update(&["s3:PutBucketPolicy"]).on(ITS_BUCKET),
        delete(&["s3:DeleteBucketPolicy"]).on(ITS_BUCKET),
    ];
}
