//! Amazon S3: buckets and their policies.

pub mod bucket;
pub mod bucket_policy;
pub(crate) mod marks;
mod permissions;

pub use bucket::{
    Algorithm, Analytics, AnalyticsExport, Bucket, BucketName, BucketOutputs, CorsRule, DateSource, DefaultRetention,
    Encryption, Frequency, IntelligentTiering, Inventory, InventoryFormat, LifecycleRule, Listener, Logging,
    MinimumObjectSize, Notification, Ownership, PublicAccessBlock, RedirectAll, Replication, ReplicationRule,
    RequestMetrics, RetentionMode, RoutingRule, Site, StorageClass, Transition, Website,
};
pub use bucket_policy::{BucketPolicy, BucketPolicyOutputs};
