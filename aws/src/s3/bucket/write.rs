//! Changing, emptying and deleting a bucket.

use std::collections::BTreeSet;

use aws_sdk_s3::types as sdk;
use formwork_engine::kind::Deletion;

use super::convert::{built, tag};
use super::{
    Bucket, BucketChanges, CorsRule, DefaultRetention, Encryption, GONE, LifecycleRule, Logging, Notification,
    Replication, Website, read,
};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::lifecycle::{Update, Updated};
use crate::tags;

/// The codes by which S3 says that there is no such setting to delete.
const NONE: &[&str] = &["NoSuchConfiguration"];

/// Sets what changed, each setting by its own call. After a create every setting comes here: one that S3 gives to a new bucket anyway,
/// and that is there, costs no call.
pub(super) async fn update(aws: &Aws, update: Update<'_, Bucket>) -> Result<Updated<BucketChanges>> {
    let BucketChanges {
        ownership,
        public_access_block,
        encryption,
        versioning,
        object_lock,
        default_retention,
        lifecycle_rules,
        transition_minimum_object_size,
        cors_rules,
        acceleration,
        logging,
        website,
        intelligent_tiering,
        inventories,
        analytics,
        metrics,
        notification,
        replication,
        force_destroy: _used_by_delete,
        tags,
    } = update.changes;
    let Update { owner, id, now, planned, .. } = update;
    let (s3, name) = (aws.s3(), id.as_str());
    if tags {
        retag(aws, owner, name, planned).await?;
    }
    // First what keeps it closed.
    if public_access_block {
        let block = planned.public_access_block.to_sdk();
        s3.put_public_access_block().bucket(name).public_access_block_configuration(block).send().await?;
    }
    if ownership {
        let rule = sdk::OwnershipControlsRule::builder().object_ownership(planned.ownership.as_str().into());
        let controls = built(sdk::OwnershipControls::builder().rules(built(rule.build())?).build())?;
        s3.put_bucket_ownership_controls().bucket(name).ownership_controls(controls).send().await?;
    }
    if encryption && !(planned.encryption == Encryption::default() && now.encryption == planned.encryption) {
        let encryption = planned.encryption.to_sdk()?;
        s3.put_bucket_encryption().bucket(name).server_side_encryption_configuration(encryption).send().await?;
    }
    // A bucket that never had versions cannot stop having them, and replication and object lock want them.
    if versioning && (planned.versioning || now.versioning) {
        let status = if planned.versioning { "Enabled" } else { "Suspended" };
        let versioning = sdk::VersioningConfiguration::builder().status(status.into()).build();
        s3.put_bucket_versioning().bucket(name).versioning_configuration(versioning).send().await?;
    }
    let locks = default_retention && (now.object_lock || planned.default_retention != DefaultRetention::Off);
    if planned.object_lock && (object_lock || locks) {
        let lock = planned.default_retention.to_sdk();
        s3.put_object_lock_configuration().bucket(name).object_lock_configuration(lock).send().await?;
    }
    let rules = (&now.lifecycle_rules, &planned.lifecycle_rules);
    if (lifecycle_rules || transition_minimum_object_size) && !(rules.0.is_empty() && rules.1.is_empty()) {
        if planned.lifecycle_rules.is_empty() {
            s3.delete_bucket_lifecycle().bucket(name).send().await?;
        } else {
            let rules = planned.lifecycle_rules.iter().map(LifecycleRule::to_sdk).collect::<Result<Vec<_>>>()?;
            let rules = built(sdk::BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build())?;
            let minimum = planned.transition_minimum_object_size.map(|size| size.as_str().into());
            let call = s3.put_bucket_lifecycle_configuration().bucket(name).lifecycle_configuration(rules);
            call.set_transition_default_minimum_object_size(minimum).send().await?;
        }
    }
    if cors_rules && !(planned.cors_rules.is_empty() && now.cors_rules.is_empty()) {
        if planned.cors_rules.is_empty() {
            s3.delete_bucket_cors().bucket(name).send().await?;
        } else {
            let rules = planned.cors_rules.iter().map(CorsRule::to_sdk).collect::<Result<Vec<_>>>()?;
            let rules = built(sdk::CorsConfiguration::builder().set_cors_rules(Some(rules)).build())?;
            s3.put_bucket_cors().bucket(name).cors_configuration(rules).send().await?;
        }
    }
    if acceleration && (planned.acceleration || now.acceleration) {
        let status = if planned.acceleration { "Enabled" } else { "Suspended" };
        let acceleration = sdk::AccelerateConfiguration::builder().status(status.into()).build();
        s3.put_bucket_accelerate_configuration().bucket(name).accelerate_configuration(acceleration).send().await?;
    }
    if logging && !(planned.logging == Logging::Off && now.logging == Logging::Off) {
        let status = planned.logging.to_sdk()?;
        s3.put_bucket_logging().bucket(name).bucket_logging_status(status).send().await?;
    }
    if website && !(planned.website == Website::Off && now.website == Website::Off) {
        match planned.website.to_sdk()? {
            Some(website) => {
                s3.put_bucket_website().bucket(name).website_configuration(website).send().await?;
            }
            None => {
                s3.delete_bucket_website().bucket(name).send().await?;
            }
        }
    }
    if intelligent_tiering {
        for gone in surplus(&now.intelligent_tiering, &planned.intelligent_tiering, |it| &it.id) {
            let call = s3.delete_bucket_intelligent_tiering_configuration().bucket(name).id(gone);
            call.send().await.or_gone(NONE)?;
        }
        for one in planned.intelligent_tiering.difference(&now.intelligent_tiering) {
            let call = s3.put_bucket_intelligent_tiering_configuration().bucket(name).id(&one.id);
            call.intelligent_tiering_configuration(one.to_sdk()?).send().await?;
        }
    }
    if inventories {
        for gone in surplus(&now.inventories, &planned.inventories, |it| &it.id) {
            let call = s3.delete_bucket_inventory_configuration().bucket(name).id(gone);
            call.send().await.or_gone(NONE)?;
        }
        for one in planned.inventories.difference(&now.inventories) {
            let call = s3.put_bucket_inventory_configuration().bucket(name).id(&one.id);
            call.inventory_configuration(one.to_sdk()?).send().await?;
        }
    }
    if analytics {
        for gone in surplus(&now.analytics, &planned.analytics, |it| &it.id) {
            let call = s3.delete_bucket_analytics_configuration().bucket(name).id(gone);
            call.send().await.or_gone(NONE)?;
        }
        for one in planned.analytics.difference(&now.analytics) {
            let call = s3.put_bucket_analytics_configuration().bucket(name).id(&one.id);
            call.analytics_configuration(one.to_sdk()?).send().await?;
        }
    }
    if metrics {
        for gone in surplus(&now.metrics, &planned.metrics, |it| &it.id) {
            s3.delete_bucket_metrics_configuration().bucket(name).id(gone).send().await.or_gone(NONE)?;
        }
        for one in planned.metrics.difference(&now.metrics) {
            let call = s3.put_bucket_metrics_configuration().bucket(name).id(&one.id);
            call.metrics_configuration(one.to_sdk()?).send().await?;
        }
    }
    let quiet = |notification: &Notification| *notification == Notification::default();
    if notification && !(quiet(&planned.notification) && quiet(&now.notification)) {
        let notification = planned.notification.to_sdk()?;
        s3.put_bucket_notification_configuration().bucket(name).notification_configuration(notification).send().await?;
    }
    if replication && !(planned.replication == Replication::Off && now.replication == Replication::Off) {
        match planned.replication.to_sdk()? {
            Some(replication) => {
                s3.put_bucket_replication().bucket(name).replication_configuration(replication).send().await?;
            }
            None => {
                s3.delete_bucket_replication().bucket(name).send().await?;
            }
        }
    }
    Ok(Updated::done())
}

/// The names of what is there and not wanted.
fn surplus<'a, T>(now: &'a BTreeSet<T>, planned: &BTreeSet<T>, id: for<'b> fn(&'b T) -> &'b String) -> Vec<&'a String> {
    let wanted: BTreeSet<&String> = planned.iter().map(id).collect();
    now.iter().map(id).filter(|name| !wanted.contains(name)).collect()
}

/// S3 takes all tags at once: ours and those of others are sent along.
async fn retag(aws: &Aws, owner: &formwork_engine::kind::Owner, name: &str, planned: &Bucket) -> Result<()> {
    let present = read::tags(aws, name).await?.unwrap_or_default();
    let foreign = |key: &str| aws.ignored_tags().iter().any(|prefix| key.starts_with(prefix.as_str()));
    let foreign = present.into_iter().filter(|(key, _)| foreign(key));
    let ours = tags::all(owner, &planned.tags);
    let set = ours.into_iter().chain(foreign).map(|(key, value)| tag(&key, &value)).collect::<Result<Vec<_>>>()?;
    let tagging = built(sdk::Tagging::builder().set_tag_set(Some(set)).build())?;
    aws.s3().put_bucket_tagging().bucket(name).tagging(tagging).send().await?;
    Ok(())
}

/// Deletes the bucket, or a page of what is in it.
pub(super) async fn delete(aws: &Aws, name: &str, empty: bool) -> Result<Deletion> {
    let error = match aws.s3().delete_bucket().bucket(name).send().await.or_gone(GONE) {
        Err(error) if error.is(&["BucketNotEmpty"]) && empty => error,
        answer => return answer.map(|_| Deletion::Done),
    };
    // A thousand at a time, as many as both calls take; the engine comes again until it is empty.
    let Some(page) = aws.s3().list_object_versions().bucket(name).send().await.or_gone(GONE)? else {
        return Ok(Deletion::Done);
    };
    let versions = page.versions.unwrap_or_default().into_iter().map(|it| (it.key, it.version_id));
    let markers = page.delete_markers.unwrap_or_default().into_iter().map(|it| (it.key, it.version_id));
    let named = versions.chain(markers).filter_map(|(key, version)| Some((key?, version)));
    let objects = named
        .map(|(key, version)| built(sdk::ObjectIdentifier::builder().key(key).set_version_id(version).build()))
        .collect::<Result<Vec<_>>>()?;
    if objects.is_empty() {
        // Not empty, and nothing to be seen: S3 has not caught up with itself, or parts of uploads hold it.
        return if abort_uploads(aws, name).await? { Ok(Deletion::Again) } else { Err(error) };
    }
    let objects = built(sdk::Delete::builder().set_objects(Some(objects)).quiet(true).build())?;
    let answer = aws.s3().delete_objects().bucket(name).delete(objects).send().await.or_gone(GONE)?;
    let refused = answer.and_then(|answer| answer.errors).unwrap_or_default();
    match refused.first() {
        // A locked object stays, and the bucket with it.
        Some(one) => Err(crate::error::Error::refused(
            "s3 DeleteObjects",
            format!("{}: {}", one.key().unwrap_or_default(), one.message().or(one.code()).unwrap_or_default()),
        )),
        None => Ok(Deletion::Again),
    }
}

/// Ends unfinished uploads; whether there were any.
async fn abort_uploads(aws: &Aws, name: &str) -> Result<bool> {
    let Some(page) = aws.s3().list_multipart_uploads().bucket(name).send().await.or_gone(GONE)? else {
        return Ok(true);
    };
    let uploads = page.uploads.unwrap_or_default();
    for upload in &uploads {
        let call = aws.s3().abort_multipart_upload().bucket(name);
        let call = call.set_key(upload.key.clone()).set_upload_id(upload.upload_id.clone());
        call.send().await.or_gone(&["NoSuchUpload"])?;
    }
    Ok(!uploads.is_empty())
}
