//! Amazon CloudFront: distributions, who they are towards their origins, and what they cache and answer.
//!
//! CloudFront is one service for the whole world: what it has stands in no region, whatever provider it is declared with.

pub mod cache_policy;
pub mod distribution;
pub mod managed;
pub mod origin_access_control;
mod permissions;
pub mod response_headers_policy;

pub use cache_policy::{CachePolicy, CachePolicyId, CachePolicyOutputs, Cookies, Headers, QueryStrings};
pub use distribution::{
    AllowedMethods, Behavior, CachedMethods, CustomOrigin, Distribution, DistributionId, DistributionOutputs,
    ErrorAnswer, ErrorResponse, Event, ForwardedCookies, ForwardedValues, Function, GeoRestriction, HttpVersion,
    IpAddressType, LambdaFunction, Logging, MinimumProtocolVersion, MtlsMode, Origin, OriginGroup,
    OriginProtocolPolicy, OriginSelection, OriginType, PathBehavior, PriceClass, SslProtocol, SslSupportMethod,
    ViewerCertificate, ViewerMtls, ViewerProtocolPolicy, VpcOrigin,
};
pub use managed::OriginRequestPolicyId;
pub use origin_access_control::{
    OriginAccessControl, OriginAccessControlId, OriginAccessControlOutputs, SignedOrigin, SigningBehavior,
    SigningProtocol,
};
pub use response_headers_policy::{
    ContentSecurityPolicy, ContentTypeOptions, Cors, CorsMethod, CorsSettings, CustomHeader, FrameOptions, Referrer,
    ReferrerPolicy, ResponseHeadersPolicy, ResponseHeadersPolicyId, ResponseHeadersPolicyOutputs, ServerTiming,
    StrictTransportSecurity, XssProtection,
};

use crate::error::Error;

/// How a list of CloudFront's is sent: its elements beside their number, and none at all where it is empty.
fn counted<T>(items: Vec<T>) -> (i32, Option<Vec<T>>) {
    let quantity = i32::try_from(items.len()).unwrap_or(i32::MAX);
    (quantity, (!items.is_empty()).then_some(items))
}

/// Text of which nothing is sent where it is empty.
fn some(text: impl AsRef<str>) -> Option<String> {
    let text = text.as_ref();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A part of a request that lacks something, which is this crate's own mistake.
fn unfinished(operation: &'static str) -> impl Fn(aws_sdk_cloudfront::error::BuildError) -> Error {
    move |error| Error::refused(operation, error.to_string())
}

/// Something that was there a moment ago is not any more.
fn vanished(operation: &str) -> Error {
    Error::unexpected(operation, "it is not there any more")
}
