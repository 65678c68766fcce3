//! The shared store's objects in S3: conditional writes are what makes one writer ([`S3Objects`]), and [`bucket`] makes the bucket.

pub mod bucket;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use formwork_engine::kind::CallClass;
use formwork_engine::state::objects::{Object, Objects, ObjectsError, Only, Put};

use crate::error::Error;

/// Where a shared store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Place {
    /// The bucket.
    pub bucket: String,
    /// What the names of its objects begin with, without a `/` at its end.
    pub root: String,
    /// The account that the bucket must belong to: one of another is refused by S3 itself.
    pub account: String,
    /// The key that objects are encrypted with; that of the bucket when absent.
    pub kms_key: Option<String>,
}

/// Objects in a bucket.
#[derive(Debug, Clone)]
pub struct S3Objects {
    client: Client,
    place: S3Place,
    /// The longest time for one call, its body included.
    limit: Duration,
}

impl S3Objects {
    /// The objects of a place, by a client that repeats nothing by itself ([`crate::AwsCloud::store_client`]).
    pub fn new(client: Client, place: S3Place, limit: Duration) -> Self {
        Self { client, place, limit }
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.place.root)
    }

    async fn within<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Failed> {
        match tokio::time::timeout(self.limit, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Failed::Answered(error)),
            Err(_) => Err(Failed::Silent(self.limit)),
        }
    }

    fn explained(&self, failed: Failed) -> ObjectsError {
        let error = match failed {
            Failed::Answered(error) => error,
            Failed::Silent(limit) => {
                return ObjectsError {
                    reason: format!("S3 did not answer within {} s", limit.as_secs()),
                    next: "look at the network, then run again".to_owned(),
                    passing: true,
                };
            }
        };
        let bucket = &self.place.bucket;
        let next = match error.code() {
            "NoSuchBucket" => "make the bucket with `state bucket STACK`, or correct [store] s3".to_owned(),
            "AccessDenied" | "Http403" | "Forbidden" => format!(
                "let the caller read, write and list {bucket}, which must belong to account {}",
                self.place.account
            ),
            "PermanentRedirect" | "Http301" | "AuthorizationHeaderMalformed" => {
                format!("{bucket} is in another region: write it into [store] s3")
            }
            _ => "look at what S3 answered, then run again".to_owned(),
        };
        let class = error.0.class;
        let passing =
            matches!(class, CallClass::Throttled | CallClass::Unsent | CallClass::Uncertain | CallClass::Passing(_))
                || error.is(&["ConditionalRequestConflict", "OperationAborted", "RequestTimeout"]);
        ObjectsError { reason: error.to_string(), next, passing }
    }
}

/// Why a call failed.
enum Failed {
    Answered(Error),
    Silent(Duration),
}

impl Failed {
    fn is(&self, codes: &[&str]) -> bool {
        matches!(self, Failed::Answered(error) if error.is(codes))
    }
}

#[async_trait]
impl Objects for S3Objects {
    fn place(&self) -> String {
        format!("s3://{}/{}", self.place.bucket, self.place.root)
    }

    async fn get(&self, name: &str) -> Result<Option<Object>, ObjectsError> {
        let S3Place { bucket, account, .. } = &self.place;
        let get = self.client.get_object().bucket(bucket).key(self.key(name)).expected_bucket_owner(account);
        let read = self.within(async {
            let answer = get.send().await?;
            let tag = answer.e_tag.unwrap_or_default();
            let body = answer.body.collect().await;
            // Cut off in the middle: what was read is of no use, and reading again may be.
            let bytes = body.map_err(|error| Error::broken("s3 GetObject", error.to_string()))?;
            Ok(Object { bytes: bytes.to_vec(), tag })
        });
        match read.await {
            Ok(object) => Ok(Some(object)),
            Err(failed) if failed.is(&["NoSuchKey"]) => Ok(None),
            Err(failed) => Err(self.explained(failed)),
        }
    }

    async fn put(&self, name: &str, bytes: Vec<u8>, only: Only<'_>) -> Result<Put, ObjectsError> {
        let S3Place { bucket, account, kms_key, .. } = &self.place;
        let put = self.client.put_object().bucket(bucket).key(self.key(name)).expected_bucket_owner(account);
        let put = match only {
            Only::IfNew => put.if_none_match("*"),
            Only::IfTag(tag) => put.if_match(tag),
            Only::Always => put,
        };
        let put = match kms_key {
            Some(key) => put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key),
            None => put,
        };
        let sent = self.within(async { Ok(put.body(ByteStream::from(bytes)).send().await?) });
        match sent.await {
            Ok(answer) => Ok(Put::Done(answer.e_tag.unwrap_or_default())),
            // The tag of an object that is not there holds for nothing.
            Err(failed) if failed.is(&["PreconditionFailed", "Http412", "NoSuchKey"]) => Ok(Put::Refused),
            Err(failed) => Err(self.explained(failed)),
        }
    }

    async fn remove(&self, name: &str) -> Result<(), ObjectsError> {
        let S3Place { bucket, account, .. } = &self.place;
        let delete = self.client.delete_object().bucket(bucket).key(self.key(name)).expected_bucket_owner(account);
        let sent = self.within(async { Ok(delete.send().await?) });
        sent.await.map(drop).map_err(|failed| self.explained(failed))
    }

    async fn list(&self, folder: &str, after: &str) -> Result<Vec<String>, ObjectsError> {
        let S3Place { bucket, account, root, .. } = &self.place;
        let mut names = Vec::new();
        let mut token = None;
        loop {
            let list = self.client.list_objects_v2().bucket(bucket).prefix(self.key(folder));
            let list = list.start_after(self.key(after)).expected_bucket_owner(account).set_continuation_token(token);
            let page = self.within(async { Ok(list.send().await?) }).await.map_err(|failed| self.explained(failed))?;
            let keys = page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
            names.extend(keys.filter_map(|key| Some(key.strip_prefix(root)?.strip_prefix('/')?.to_owned())));
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(names);
            }
        }
    }
}
