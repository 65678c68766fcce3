//! [`PrivateBucket`]: an S3 bucket that nobody outside gets into.

use formwork_aws::iam::{PolicyDocument, Principal, Statement};
use formwork_aws::s3::{Algorithm, Bucket, BucketPolicy, Encryption, LifecycleRule, Ownership};
use formwork_engine::{Handle, Options, Output, Stack, join};

use super::Tags;

/// A bucket with everything closed: AES-256, all four public access blocks, versioning, TLS only, ACLs switched off, and a lifecycle that
/// keeps it from growing for ever.
#[derive(Debug, Clone)]
pub struct PrivateBucket {
    /// The name, unique in the world.
    pub bucket_name: Output<String>,
    /// Days after which objects expire; never when absent.
    pub expire_after_days: Option<i32>,
    /// Days after which a version expires that is not the newest any more; never when absent.
    pub expire_noncurrent_after_days: Option<i32>,
    /// Options of the bucket itself, such as `protect`.
    pub options: Options,
    /// Tags of the bucket.
    pub tags: Tags,
}

/// The handles of a [`PrivateBucket`].
#[derive(Debug)]
pub struct PrivateBucketParts {
    /// The bucket.
    pub bucket: Handle<Bucket>,
    /// The policy that refuses calls without TLS.
    pub policy: Handle<BucketPolicy>,
}

/// What an upload that was never finished may take before it is cleared away.
const ABORT_UPLOADS_AFTER_DAYS: i32 = 7;

impl PrivateBucket {
    /// Declares bucket and policy under `name`.
    #[track_caller]
    pub fn declare(&self, stack: &mut Stack, name: &str) -> PrivateBucketParts {
        stack.component(name, |stack| {
            let bucket = Bucket::builder()
                .name(&self.bucket_name)
                .encryption(Encryption::builder().algorithm(Algorithm::Aes256).build())
                .versioning(true)
                .ownership(Ownership::BucketOwnerEnforced)
                .lifecycle_rules(self.lifecycle())
                .tags(self.tags.clone());
            let bucket = stack.add_with("main", bucket.build(), self.options.clone());
            let tls_only = PolicyDocument::of([Statement::deny()
                .sid("TlsOnly")
                .principal(Principal::anybody())
                .action("s3:*")
                .resource(&bucket.arn)
                .resource(join([(&bucket.arn).into(), "/*".into()]))
                .condition("Bool", "aws:SecureTransport", ["false"])]);
            let policy = stack.add("tls-only", BucketPolicy::builder().bucket(&bucket).policy(tls_only).build());
            PrivateBucketParts { bucket, policy }
        })
    }

    fn lifecycle(&self) -> Vec<formwork_engine::Input<LifecycleRule>> {
        let uploads = LifecycleRule::builder()
            .id("unfinished-uploads")
            .abort_incomplete_multipart_upload_days(ABORT_UPLOADS_AFTER_DAYS)
            .build();
        let noncurrent = self
            .expire_noncurrent_after_days
            .map(|days| LifecycleRule::builder().id("noncurrent-versions").noncurrent_expiration_days(days).build());
        let expiry =
            self.expire_after_days.map(|days| LifecycleRule::builder().id("expiry").expiration_days(days).build());
        [Some(uploads), noncurrent, expiry].into_iter().flatten().collect()
    }
}
