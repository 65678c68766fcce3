//! The shared store by real calls to S3: twenty that want it at once, and the bucket that it is in.

use std::sync::Arc;
use std::time::Duration;

use formwork_aws::AwsCloud;
use formwork_aws::store::{S3Objects, S3Place, bucket};
use formwork_engine::clock::TokioClock;
use formwork_engine::state::objects::{Objects as _, Only, Put};
use formwork_engine::state::{
    Claimant, Holder, Sealing, SharedMode, SharedPurpose, SharedStore, StateError, Store as _, Terms,
};
use localstack_tests::{Account, REGION};
use tokio::task::JoinSet;

fn place(account: &Account) -> S3Place {
    let bucket = format!("shared-{}", account.id);
    S3Place { bucket, root: "shop/prod".to_owned(), account: account.id.clone(), kms_key: None }
}

async fn objects(account: &Account) -> (S3Objects, aws_sdk_s3::Client) {
    let cloud = AwsCloud::connect(account.config()).await;
    let (client, region) = cloud.store_client(None);
    bucket::make(&client, &place(account), "aws", &region).await.unwrap();
    (S3Objects::new(client.clone(), place(account), Duration::from_secs(60)), client)
}

#[tokio::test]
async fn twenty_contenders_for_a_bucket_and_one_winner() {
    let account = Account::new(crate::emulator());
    let (objects, _) = objects(&account).await;
    let terms = Terms::new(Duration::from_secs(180), Duration::from_secs(60), Duration::from_secs(1));
    let open = |number: usize| {
        let objects = Arc::new(objects.clone());
        let holder = Holder::here(format!("up prod {number}"), 0);
        let by = Claimant { holder, terms, waits: None };
        let mode = SharedMode::Write { by, purpose: SharedPurpose::Run };
        async move { SharedStore::open(objects, Arc::new(TokioClock::new()), &Sealing::clear(), mode).await }
    };
    let stores = (0..20).map(open).collect::<JoinSet<_>>().join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = stores.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 19));
    assert!(lost.iter().all(|store| matches!(store, Err(StateError::Leased { .. }))));
    let mut won = won.into_iter().next().unwrap().unwrap();
    won.close().await.unwrap();
    open(20).await.unwrap().close().await.unwrap();
    // One name, one writer, without any lease.
    let put = |number: u8| {
        let objects = objects.clone();
        async move { objects.put("log/1", vec![number], Only::IfNew).await.unwrap() }
    };
    let puts = (0..20).map(put).collect::<JoinSet<_>>().join_all().await;
    assert_eq!(puts.iter().filter(|put| **put != Put::Refused).count(), 1);
}

#[tokio::test]
async fn the_bucket_is_closed_and_of_one_account() {
    let account = Account::new(crate::emulator());
    let (_, client) = objects(&account).await;
    let S3Place { bucket, .. } = place(&account);
    let done = bucket::make(&client, &place(&account), "aws", REGION).await.unwrap();
    assert_eq!(done, Vec::<String>::new(), "made a second time there is nothing to do");
    let versioning = client.get_bucket_versioning().bucket(&bucket).send().await.unwrap();
    assert_eq!(versioning.status.unwrap().as_str(), "Enabled");
    let policy = client.get_bucket_policy().bucket(&bucket).send().await.unwrap().policy.unwrap();
    assert!(policy.contains("aws:SecureTransport"), "{policy}");
    let block = client.get_public_access_block().bucket(&bucket).send().await.unwrap();
    assert_eq!(block.public_access_block_configuration.unwrap().block_public_policy, Some(true));
    let rules = client.get_bucket_lifecycle_configuration().bucket(&bucket).send().await.unwrap().rules.unwrap();
    assert!(rules[0].noncurrent_version_expiration.is_some());
    let encrypted = client.get_bucket_encryption().bucket(&bucket).send().await.unwrap();
    assert_eq!(encrypted.server_side_encryption_configuration.unwrap().rules.len(), 1);

    // The same name from another account.
    let other = Account::new(crate::emulator());
    let cloud = AwsCloud::connect(other.config()).await;
    let (client, region) = cloud.store_client(None);
    let theirs = S3Place { bucket, ..place(&other) };
    let error = bucket::make(&client, &theirs, "aws", &region).await.unwrap_err();
    assert!(error.to_string().contains("belongs to another account"), "{error}");
}
