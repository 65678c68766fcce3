//! The bucket of shared stores: private, encrypted, versioned, spoken to over TLS only. Made once, and made complete each time.

use aws_sdk_s3::Client;
use aws_sdk_s3::types as sdk;
use serde_json::{Value as Json, json};

use super::S3Place;
use crate::error::{Error, Result};

/// The name of our rule among the lifecycle rules of the bucket.
const RULE: &str = "formwork-replaced-versions";
/// The name of our statement in the policy of the bucket.
const STATEMENT: &str = "FormworkTlsOnly";
/// How long a version that was replaced or removed can be restored.
const KEPT_DAYS: i32 = 90;

/// Makes the bucket, or what it lacks of being fit for state; answers what was done, in sentences. What else is set there stays.
///
/// # Errors
/// The bucket belongs to another account or is in another region; a call is refused.
pub async fn make(client: &Client, place: &S3Place, partition: &str, region: &str) -> Result<Vec<String>> {
    let S3Place { bucket, account, kms_key, .. } = place;
    let mut done = Vec::new();
    if !exists(client, place, region).await? {
        let location = (region != "us-east-1").then(|| region.into());
        let made = sdk::CreateBucketConfiguration::builder().set_location_constraint(location.clone()).build();
        let create = client.create_bucket().bucket(bucket);
        let create = create.object_ownership(sdk::ObjectOwnership::BucketOwnerEnforced);
        let create = create.set_create_bucket_configuration(location.map(|_| made));
        match create.send().await.map_err(Error::from) {
            Ok(_) => done.push(format!("made the bucket {bucket} in {region}")),
            // Somebody makes the same one beside us.
            Err(error) if error.is(&["BucketAlreadyOwnedByYou"]) => {}
            Err(error) if error.is(&["BucketAlreadyExists"]) => return Err(foreign(bucket, account)),
            Err(error) => return Err(error),
        }
    }
    // First what keeps it closed.
    let read = client.get_public_access_block().bucket(bucket).expected_bucket_owner(account).send().await;
    let block = none(read.map_err(Error::from), "NoSuchPublicAccessBlockConfiguration")?;
    let closed = block.and_then(|read| read.public_access_block_configuration).is_some_and(|block| {
        [block.block_public_acls, block.ignore_public_acls, block.block_public_policy, block.restrict_public_buckets]
            .iter()
            .all(|set| *set == Some(true))
    });
    if !closed {
        let block = sdk::PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        let put = client.put_public_access_block().bucket(bucket).expected_bucket_owner(account);
        put.public_access_block_configuration(block).send().await?;
        done.push("blocked public access".to_owned());
    }
    policy(client, place, partition, &mut done).await?;
    encryption(client, place, kms_key.as_deref(), &mut done).await?;
    let read = client.get_bucket_versioning().bucket(bucket).expected_bucket_owner(account).send().await?;
    if read.status != Some(sdk::BucketVersioningStatus::Enabled) {
        let versioning = sdk::VersioningConfiguration::builder().status(sdk::BucketVersioningStatus::Enabled).build();
        let put = client.put_bucket_versioning().bucket(bucket).expected_bucket_owner(account);
        put.versioning_configuration(versioning).send().await?;
        done.push("turned versioning on".to_owned());
    }
    lifecycle(client, place, &mut done).await?;
    Ok(done)
}

async fn exists(client: &Client, S3Place { bucket, account, .. }: &S3Place, region: &str) -> Result<bool> {
    let head = client.head_bucket().bucket(bucket).expected_bucket_owner(account).send().await;
    match head.map_err(Error::from) {
        Ok(head) => match head.bucket_region {
            Some(found) if found != region => Err(elsewhere(bucket, Some(&found), region)),
            _ => Ok(true),
        },
        Err(error) if error.is(&["NotFound", "NoSuchBucket", "Http404"]) => Ok(false),
        Err(error) if error.is(&["Http403", "Forbidden", "AccessDenied"]) => Err(foreign(bucket, account)),
        Err(error) if error.is(&["Http301", "PermanentRedirect"]) => Err(elsewhere(bucket, None, region)),
        Err(error) => Err(error),
    }
}

fn foreign(bucket: &str, account: &str) -> Error {
    let message = format!(
        "the bucket {bucket} belongs to another account than {account}, or may not be looked at: names of buckets are taken worldwide, choose another one"
    );
    Error::refused("s3 HeadBucket", message)
}

fn elsewhere(bucket: &str, found: Option<&str>, wanted: &str) -> Error {
    let found = found.unwrap_or("another region");
    let message = format!("the bucket {bucket} is in {found} and not in {wanted}: write its region into [store] s3");
    Error::refused("s3 HeadBucket", message)
}

/// What is set, or nothing when the service says by this code that nothing is.
fn none<T>(read: Result<T>, code: &str) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.is(&[code]) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn policy(client: &Client, place: &S3Place, partition: &str, done: &mut Vec<String>) -> Result<()> {
    let S3Place { bucket, account, .. } = place;
    let read = client.get_bucket_policy().bucket(bucket).expected_bucket_owner(account).send().await;
    let read = read.map_err(Error::from).map_err(|error| match error.is(&["AccessDenied"]) {
        true => foreign(bucket, account),
        false => error,
    });
    let text = none(read, "NoSuchBucketPolicy")?.and_then(|read| read.policy);
    let Some(policy) = with_tls_only(text.as_deref(), bucket, partition)? else { return Ok(()) };
    let put = client.put_bucket_policy().bucket(bucket).expected_bucket_owner(account);
    put.policy(policy.to_string()).send().await?;
    done.push("refused everything that does not come over TLS".to_owned());
    Ok(())
}

/// A policy with our statement beside what it says; `None` when it has it.
fn with_tls_only(text: Option<&str>, bucket: &str, partition: &str) -> Result<Option<Json>> {
    let arn = format!("arn:{partition}:s3:::{bucket}");
    let ours = json!({
        "Sid": STATEMENT,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    let Some(text) = text else { return Ok(Some(json!({ "Version": "2012-10-17", "Statement": [ours] }))) };
    let mut policy: Json = serde_json::from_str(text)
        .map_err(|error| Error::unexpected("s3 GetBucketPolicy", format!("the policy is no JSON: {error}")))?;
    let statements = policy.get_mut("Statement").map(Json::take);
    let mut statements = match statements {
        Some(Json::Array(statements)) => statements,
        Some(Json::Null) | None => Vec::new(),
        Some(one) => vec![one],
    };
    if statements.contains(&ours) {
        return Ok(None);
    }
    statements.retain(|statement| statement.get("Sid").and_then(Json::as_str) != Some(STATEMENT));
    statements.push(ours);
    policy["Statement"] = Json::Array(statements);
    Ok(Some(policy))
}

async fn encryption(client: &Client, place: &S3Place, key: Option<&str>, done: &mut Vec<String>) -> Result<()> {
    let S3Place { bucket, account, .. } = place;
    let read = client.get_bucket_encryption().bucket(bucket).expected_bucket_owner(account).send().await;
    let read = none(read.map_err(Error::from), "ServerSideEncryptionConfigurationNotFoundError")?;
    let rules = read.and_then(|read| read.server_side_encryption_configuration).map(|set| set.rules);
    let set = rules.into_iter().flatten().find_map(|rule| rule.apply_server_side_encryption_by_default);
    let fits = match (key, &set) {
        // Encrypted with whatever key somebody chose.
        (None, Some(_)) => true,
        (Some(key), Some(set)) => set.kms_master_key_id.as_deref() == Some(key),
        (_, None) => false,
    };
    if fits {
        return Ok(());
    }
    let algorithm = if key.is_some() { sdk::ServerSideEncryption::AwsKms } else { sdk::ServerSideEncryption::Aes256 };
    let default = sdk::ServerSideEncryptionByDefault::builder()
        .sse_algorithm(algorithm)
        .set_kms_master_key_id(key.map(str::to_owned));
    let default = default.build().map_err(|error| Error::unexpected("s3 PutBucketEncryption", error.to_string()))?;
    let rule = sdk::ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default);
    let rule = rule.bucket_key_enabled(key.is_some()).build();
    let rules = sdk::ServerSideEncryptionConfiguration::builder().rules(rule).build();
    let rules = rules.map_err(|error| Error::unexpected("s3 PutBucketEncryption", error.to_string()))?;
    let put = client.put_bucket_encryption().bucket(bucket).expected_bucket_owner(account);
    put.server_side_encryption_configuration(rules).send().await?;
    done.push(match key {
        Some(key) => format!("encrypted with {key}"),
        None => "encrypted with the keys of S3".to_owned(),
    });
    Ok(())
}

async fn lifecycle(client: &Client, place: &S3Place, done: &mut Vec<String>) -> Result<()> {
    let S3Place { bucket, account, .. } = place;
    let read = client.get_bucket_lifecycle_configuration().bucket(bucket).expected_bucket_owner(account).send().await;
    let read = none(read.map_err(Error::from), "NoSuchLifecycleConfiguration")?;
    let mut rules = read.and_then(|read| read.rules).unwrap_or_default();
    if rules.iter().any(|rule| rule.id.as_deref() == Some(RULE)) {
        return Ok(());
    }
    let unset = |error: aws_sdk_s3::error::BuildError| {
        Error::unexpected("s3 PutBucketLifecycleConfiguration", error.to_string())
    };
    let rule = sdk::LifecycleRule::builder()
        .id(RULE)
        .status(sdk::ExpirationStatus::Enabled)
        .filter(sdk::LifecycleRuleFilter::builder().prefix("").build())
        .noncurrent_version_expiration(sdk::NoncurrentVersionExpiration::builder().noncurrent_days(KEPT_DAYS).build())
        .abort_incomplete_multipart_upload(
            sdk::AbortIncompleteMultipartUpload::builder().days_after_initiation(7).build(),
        );
    rules.push(rule.build().map_err(unset)?);
    let rules = sdk::BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().map_err(unset)?;
    let put = client.put_bucket_lifecycle_configuration().bucket(bucket).expected_bucket_owner(account);
    put.lifecycle_configuration(rules).send().await?;
    done.push(format!("kept replaced versions for {KEPT_DAYS} days"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_statement_stands_beside_others_and_only_once() {
        let made = with_tls_only(None, "b", "aws").unwrap().unwrap();
        assert_eq!(made["Statement"][0]["Resource"], json!(["arn:aws:s3:::b", "arn:aws:s3:::b/*"]));
        assert_eq!(with_tls_only(Some(&made.to_string()), "b", "aws").unwrap(), None);
        let one = json!({ "Version": "2012-10-17", "Statement": { "Sid": "Theirs", "Effect": "Deny" } }).to_string();
        let both = with_tls_only(Some(&one), "b", "aws").unwrap().unwrap();
        assert_eq!(both["Statement"].as_array().unwrap().len(), 2);
        assert_eq!(both["Statement"][0]["Sid"], "Theirs");
        assert!(with_tls_only(Some("no json"), "b", "aws").is_err());
    }
}
