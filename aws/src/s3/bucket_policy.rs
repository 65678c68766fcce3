//! `aws:s3/bucket-policy`: who may do what with a bucket.
//!
//! ```
//! use formwork_aws::iam::{PolicyDocument, Principal, Statement};
//! use formwork_aws::s3::{BucketName, BucketPolicy};
//!
//! let encrypted_only = PolicyDocument::of([Statement::deny()
//!     .principal(Principal::anybody())
//!     .action("s3:*")
//!     .resource("arn:aws:s3:::acme-backups/*")
//!     .condition("Bool", "aws:SecureTransport", ["false"])]);
//! let policy = BucketPolicy::builder().bucket(BucketName::new("acme-backups")).policy(encrypted_only).build();
//! # drop(policy);
//! ```

use std::collections::BTreeMap;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Json, Outputs, Resource, Stack};

use super::{Bucket, BucketName};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::iam::{PolicyDocument, Principal, Statement};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;

/// The policy of a bucket, of which there is at most one.
#[derive(Resource)]
#[resource(
    kind = "aws:s3/bucket-policy",
    cfn = "AWS::S3::BucketPolicy",
    id = BucketName,
    outputs = BucketPolicyOutputs,
    guard = upsert,
    natural_key(bucket),
    visibility = 120
)]
pub struct BucketPolicy {
    /// The bucket.
    #[arg(replace)]
    pub bucket: BucketName,
    /// Who may do what, at most 20 KiB.
    #[arg(in_place, cfn = "PolicyDocument")]
    pub policy: Json,
}

/// What is known of a policy once it is there.
#[derive(Outputs)]
pub struct BucketPolicyOutputs {
    /// The bucket.
    pub id: BucketName,
}

const GONE: &[&str] = &["NoSuchBucketPolicy", "NoSuchBucket"];

impl Lifecycle for BucketPolicy {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        put(aws, &args.bucket, args).await?;
        Ok(Created::whole(args.bucket.as_str()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| get(aws, &one.id)).await;
        let found = waiting.iter().zip(found).map(|(one, policy)| Ok(policy?.map(|_| one.id.clone())));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?.into_iter().flatten()))
    }

    async fn read(aws: &Aws, ids: &[BucketName]) -> Result<Readings<Self>> {
        let found = each(ids, |id| get(aws, id.as_str())).await;
        let seen = |id: &BucketName, policy: Json| {
            Observed::new(Self { bucket: id.clone(), policy }, BucketPolicyOutputs { id: id.clone() }, None)
        };
        let found = ids.iter().zip(found).filter_map(|(id, policy)| Some((id, policy.transpose()?)));
        Ok(found.map(|(id, policy)| (id.clone(), policy.map(|policy| seen(id, policy)))).collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let found = get(aws, args.bucket.as_str()).await?;
        Ok(found.map(|_| Candidate { id: args.bucket.to_string(), proof: Proof::Name }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<BucketPolicyChanges>> {
        let BucketPolicyChanges { policy } = update.changes;
        if policy {
            put(aws, update.id, update.planned).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &BucketName, _: &Self) -> Result<Deletion> {
        aws.s3().delete_bucket_policy().bucket(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

async fn put(aws: &Aws, bucket: &BucketName, args: &BucketPolicy) -> Result<()> {
    aws.s3().put_bucket_policy().bucket(bucket.as_str()).policy(args.policy.as_str()).send().await?;
    Ok(())
}

async fn get(aws: &Aws, bucket: &str) -> Result<Option<Json>> {
    let answer = aws.s3().get_bucket_policy().bucket(bucket).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| answer.policy).map(Json::new))
}

impl Conforms for BucketPolicy {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let mut bucket = |name: &str| stack.add(name, Bucket::builder().name(name).build());
        let (one, two) = (bucket("formwork-conformance-policy-1"), bucket("formwork-conformance-policy-2"));
        let denies = |action: &str| {
            let statement = Statement::deny().principal(Principal::anybody()).action(action);
            PolicyDocument::of([statement.resource("arn:aws:s3:::formwork-conformance-policy-1/*")])
        };
        let base = BucketPolicy::builder().bucket(&one).policy(denies("s3:PutObject")).build();
        let other = PolicyDocument::of([Statement::deny()
            .principal(Principal::anybody())
            .action("s3:GetObject")
            .resource("arn:aws:s3:::formwork-conformance-policy-2/*")]);
        Conformance::of(base)
            .change("policy", denies("s3:DeleteObject").output())
            .change("bucket", &two)
            .together_with("policy", other.output())
    }
}
