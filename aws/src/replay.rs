//! AWS as it is told to answer, for tests of what the emulator does not show: pages, and what is asked with what.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use formwork_engine::kind::Cloud as _;

use crate::context::{Aws, AwsCloud, AwsConfig, EmulatorTarget};

/// The parameters of a call in the query protocol, `Action` among them.
pub(crate) type Parameters = BTreeMap<String, String>;

/// Answers a call: status and body.
type Answers = dyn Fn(&Parameters) -> (u16, String) + Send + Sync;

/// The calls that were made, and how they are answered.
#[derive(Clone)]
pub(crate) struct Replay {
    answers: Arc<Answers>,
    made: Arc<Mutex<Vec<Parameters>>>,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replay")
    }
}

impl Replay {
    /// An account that answers so, and its cloud. Who the caller is, is answered already.
    pub(crate) async fn of(
        answers: impl Fn(&Parameters) -> (u16, String) + Send + Sync + 'static,
    ) -> (Self, AwsCloud, Aws) {
        let replay = Self { answers: Arc::new(answers), made: Arc::default() };
        let connector = SharedHttpConnector::new(replay.clone());
        let target = EmulatorTarget {
            endpoint: "http://127.0.0.1:1".to_owned(),
            instance: "replay".to_owned(),
            account: "123456789012".to_owned(),
        };
        let config = AwsConfig { emulator: Some(target), ..AwsConfig::default() };
        let cloud = AwsCloud::connect(config).await.answered_by(http_client_fn(move |_, _| connector.clone()));
        let aws = cloud.aws().await.expect("the caller is answered");
        replay.made.lock().unwrap_or_else(PoisonError::into_inner).clear();
        (replay, cloud, aws)
    }

    /// The calls of an operation.
    pub(crate) fn made(&self, operation: &str) -> Vec<Parameters> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().filter(|call| call["Action"] == operation).cloned().collect()
    }
}

/// A look at the account, which ends when it is dropped.
pub(crate) struct Look<'a>(&'a AwsCloud);

impl<'a> Look<'a> {
    pub(crate) fn at(cloud: &'a AwsCloud) -> Self {
        cloud.observation_begins();
        Self(cloud)
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        drop(self.0.observation_ends());
    }
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        let parameters: Parameters = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (status, answer) = match parameters.get("Action").map(String::as_str) {
            Some("GetCallerIdentity") => (200, CALLER.to_owned()),
            _ => (self.answers)(&parameters),
        };
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(parameters);
        let status = StatusCode::try_from(status).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(answer))))
    }
}

const CALLER: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
    <Arn>arn:aws:iam::123456789012:user/tester</Arn><UserId>AIDA</UserId><Account>123456789012</Account>\
    </GetCallerIdentityResult></GetCallerIdentityResponse>";

#[cfg(test)]
mod tests;
