//! Reading a bucket: each setting is a call of its own, and all of them are made at once.

use std::collections::BTreeMap;

use super::{
    Analytics, Bucket, BucketName, BucketOutputs, CorsRule, DefaultRetention, Encryption, GONE, IntelligentTiering,
    Inventory, LifecycleRule, Logging, MinimumObjectSize, Notification, Ownership, PublicAccessBlock, Replication,
    RequestMetrics, Website,
};
use crate::arn::Arn;
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::Observed;
use crate::tags;
use formwork_engine::Name;
use formwork_engine::kind::CallClass;

pub(super) async fn exists(aws: &Aws, name: &str) -> Result<bool> {
    Ok(aws.s3().head_bucket().bucket(name).send().await.or_gone(GONE)?.is_some())
}

/// All tags, ours and AWS's too; `None` when the bucket is gone.
pub(in crate::s3) async fn tags(aws: &Aws, name: &str) -> Result<Option<Vec<(String, String)>>> {
    let answer = aws.s3().get_bucket_tagging().bucket(name).send().await.or_gone(&["NoSuchTagSet"]);
    let Some(answer) = answer.or_gone(GONE)? else { return Ok(None) };
    let tags = answer.map(|answer| answer.tag_set).unwrap_or_default();
    Ok(Some(tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

/// A setting as it was read.
enum Part<T> {
    Set(T),
    /// There is none: the default holds.
    Unset,
    /// It cannot be read here, for this reason.
    Unreadable(String),
}

/// What the answer to a setting's call means; `none` are the codes by which S3 says that there is none.
fn part<T>(answer: std::result::Result<T, impl Into<Error>>, none: &[&str]) -> Result<Part<T>> {
    let error = match answer {
        Ok(answer) => return Ok(Part::Set(answer)),
        Err(error) => error.into(),
    };
    // Not every region and not every kind of bucket knows every setting.
    let foreign = error.is(&["NotImplemented", "XNotImplemented", "MethodNotAllowed", "UnsupportedOperation"]);
    if error.is(none) {
        Ok(Part::Unset)
    } else if foreign || error.0.class == CallClass::Denied {
        Ok(Part::Unreadable(error.to_string()))
    } else {
        Err(error)
    }
}

/// Follows the pages of a list of settings.
macro_rules! all_pages {
    ($call:expr, $list:ident) => {{
        let mut found = Vec::new();
        let mut token = None;
        loop {
            match $call.set_continuation_token(token).send().await {
                Err(error) => break Err(Error::from(error)),
                Ok(page) => {
                    found.extend(page.$list.unwrap_or_default());
                    token = page.next_continuation_token;
                    if token.is_none() {
                        break Ok(found);
                    }
                }
            }
        }
    }};
}

/// The reasons why settings could not be read, gathered while they are taken apart.
#[derive(Default)]
struct Unreadable(BTreeMap<&'static str, String>);

impl Unreadable {
    fn take<T>(&mut self, args: &[&'static str], part: Result<Part<T>>) -> Result<Option<T>> {
        match part? {
            Part::Set(value) => Ok(Some(value)),
            Part::Unset => Ok(None),
            Part::Unreadable(reason) => {
                self.0.extend(args.iter().map(|name| (*name, reason.clone())));
                Ok(None)
            }
        }
    }
}

/// The bucket; `None` when it is gone.
pub(super) async fn observe(aws: &Aws, id: &BucketName) -> Result<Option<Observed<Bucket>>> {
    settings(aws, id).await.or_gone(GONE).map(Option::flatten)
}

async fn settings(aws: &Aws, id: &BucketName) -> Result<Option<Observed<Bucket>>> {
    let name = id.as_str();
    let s3 = aws.s3();
    let (tags, ownership, block, encryption, versioning, lock, lifecycle, cors) = futures::join!(
        tags(aws, name),
        s3.get_bucket_ownership_controls().bucket(name).send(),
        s3.get_public_access_block().bucket(name).send(),
        s3.get_bucket_encryption().bucket(name).send(),
        s3.get_bucket_versioning().bucket(name).send(),
        s3.get_object_lock_configuration().bucket(name).send(),
        s3.get_bucket_lifecycle_configuration().bucket(name).send(),
        s3.get_bucket_cors().bucket(name).send(),
    );
    let (acceleration, logging, website, notification, replication) = futures::join!(
        s3.get_bucket_accelerate_configuration().bucket(name).send(),
        s3.get_bucket_logging().bucket(name).send(),
        s3.get_bucket_website().bucket(name).send(),
        s3.get_bucket_notification_configuration().bucket(name).send(),
        s3.get_bucket_replication().bucket(name).send(),
    );
    let (tiering, inventories, analytics, metrics) = futures::join!(
        async {
            all_pages!(
                s3.list_bucket_intelligent_tiering_configurations().bucket(name),
                intelligent_tiering_configuration_list
            )
        },
        async { all_pages!(s3.list_bucket_inventory_configurations().bucket(name), inventory_configuration_list) },
        async { all_pages!(s3.list_bucket_analytics_configurations().bucket(name), analytics_configuration_list) },
        async { all_pages!(s3.list_bucket_metrics_configurations().bucket(name), metrics_configuration_list) },
    );
    let Some(tags) = tags? else { return Ok(None) };
    let read = tags::read(aws, tags);
    let mut not = Unreadable::default();
    let ownership = not.take(&["ownership"], part(ownership, &["OwnershipControlsNotFoundError"]))?;
    let ownership = ownership.and_then(|it| it.ownership_controls).and_then(|it| it.rules.into_iter().next());
    let block = not.take(&["public_access_block"], part(block, &["NoSuchPublicAccessBlockConfiguration"]))?;
    let none = &["ServerSideEncryptionConfigurationNotFoundError"];
    let encryption = not.take(&["encryption"], part(encryption, none))?;
    let versioning = not.take(&["versioning"], part(versioning, &[]))?;
    let none = &["ObjectLockConfigurationNotFoundError", "ObjectLockConfigurationNotFound"];
    let lock = not.take(&["object_lock", "default_retention"], part(lock, none))?;
    let lock = lock.and_then(|it| it.object_lock_configuration);
    let of_lifecycle = &["lifecycle_rules", "transition_minimum_object_size"];
    let lifecycle = not.take(of_lifecycle, part(lifecycle, &["NoSuchLifecycleConfiguration"]))?;
    let minimum = lifecycle.as_ref().and_then(|it| it.transition_default_minimum_object_size.as_ref());
    let minimum = minimum.and_then(|size| MinimumObjectSize::parse(size.as_str()));
    let cors = not.take(&["cors_rules"], part(cors, &["NoSuchCORSConfiguration"]))?;
    let acceleration = not.take(&["acceleration"], part(acceleration, &[]))?;
    let logging = not.take(&["logging"], part(logging, &[]))?;
    let website = not.take(&["website"], part(website, &["NoSuchWebsiteConfiguration"]))?;
    let notification = not.take(&["notification"], part(notification, &[]))?;
    let replication = not.take(&["replication"], part(replication, &["ReplicationConfigurationNotFoundError"]))?;
    let none = &["NoSuchConfiguration"];
    let tiering = not.take(&["intelligent_tiering"], part(tiering, none))?.unwrap_or_default();
    let inventories = not.take(&["inventories"], part(inventories, none))?.unwrap_or_default();
    let analytics = not.take(&["analytics"], part(analytics, none))?.unwrap_or_default();
    let metrics = not.take(&["metrics"], part(metrics, none))?.unwrap_or_default();
    let rules = lifecycle.and_then(|it| it.rules).unwrap_or_default();
    let cors = cors.and_then(|it| it.cors_rules).unwrap_or_default();
    let args = Bucket {
        name: Name::new(name),
        ownership: ownership
            .and_then(|rule| Ownership::parse(rule.object_ownership.as_str()))
            // A bucket of the time before there were such controls.
            .unwrap_or(Ownership::ObjectWriter),
        public_access_block: PublicAccessBlock::of(block.and_then(|it| it.public_access_block_configuration)),
        encryption: encryption
            .and_then(|it| it.server_side_encryption_configuration)
            .map(Encryption::of)
            .unwrap_or_default(),
        versioning: versioning.and_then(|it| it.status).is_some_and(|status| status.as_str() == "Enabled"),
        object_lock: lock
            .as_ref()
            .and_then(|lock| lock.object_lock_enabled.as_ref())
            .is_some_and(|enabled| enabled.as_str() == "Enabled"),
        default_retention: DefaultRetention::of(lock.and_then(|lock| lock.rule)),
        lifecycle_rules: rules.into_iter().map(LifecycleRule::of).collect(),
        transition_minimum_object_size: minimum,
        cors_rules: cors.into_iter().map(CorsRule::of).collect(),
        acceleration: acceleration.and_then(|it| it.status).is_some_and(|status| status.as_str() == "Enabled"),
        logging: Logging::of(logging.and_then(|it| it.logging_enabled)),
        website: website.map_or(Website::Off, Website::of),
        intelligent_tiering: tiering.into_iter().map(IntelligentTiering::of).collect(),
        inventories: inventories.into_iter().filter_map(Inventory::of).collect(),
        analytics: analytics.into_iter().map(Analytics::of).collect(),
        metrics: metrics.into_iter().map(RequestMetrics::of).collect(),
        notification: notification.map(Notification::of).unwrap_or_default(),
        replication: Replication::of(replication.and_then(|it| it.replication_configuration)),
        force_destroy: false,
        tags: read.tags,
    };
    let suffix = if aws.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let outputs = BucketOutputs {
        id: id.clone(),
        name: name.to_owned(),
        arn: Arn::new(format!("arn:{}:s3:::{name}", aws.partition())),
        domain_name: format!("{name}.s3.{suffix}"),
        regional_domain_name: format!("{name}.s3.{}.{suffix}", aws.region()),
    };
    let mut observed = Observed::new(args, outputs, read.owner);
    observed.unreadable = not.0;
    Ok(Some(observed))
}
