//! [`Deadline`]: the time limit of a call, from when it leaves to the last byte of its answer.
//!
//! The SDK's own limit of an attempt begins before the call is signed, and so would count the wait for its turn ([`crate::pace`]).

use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;

/// A way to AWS whose calls take at most so long.
#[derive(Debug)]
pub(crate) struct Deadline {
    inner: SharedHttpClient,
    limit: Duration,
}

impl Deadline {
    pub(crate) fn of(limit: Duration, inner: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Self { inner, limit })
    }
}

impl HttpClient for Deadline {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Punctual { inner, limit: self.limit })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        bag: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_base_client_config(components, bag)
    }

    fn validate_final_config(&self, components: &RuntimeComponents, bag: &ConfigBag) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, bag)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Debug)]
struct Punctual {
    inner: SharedHttpConnector,
    limit: Duration,
}

impl HttpConnector for Punctual {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (call, limit) = (self.inner.call(request), self.limit);
        HttpConnectorFuture::new(async move {
            match tokio::time::timeout(limit, whole(call)).await {
                Ok(answer) => answer,
                Err(_) => {
                    let late = format!("there was no whole answer within {} seconds", limit.as_secs());
                    Err(ConnectorError::timeout(late.into()))
                }
            }
        })
    }
}

/// The answer with all of its body: no call here has one that does not fit into memory.
async fn whole(call: HttpConnectorFuture) -> Result<HttpResponse, ConnectorError> {
    let mut response = call.await?;
    let body = std::mem::replace(response.body_mut(), SdkBody::taken());
    let bytes = ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
    *response.body_mut() = SdkBody::from(bytes.into_bytes());
    Ok(response)
}
