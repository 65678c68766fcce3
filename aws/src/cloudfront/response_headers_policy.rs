//! `aws:cloudfront/response-headers-policy`: the headers that a distribution adds to answers, and those that it takes away.
//!
//! ```
//! use formwork_aws::cloudfront::{ContentTypeOptions, FrameOptions, ResponseHeadersPolicy, StrictTransportSecurity};
//!
//! let careful = ResponseHeadersPolicy::builder()
//!     .name("careful")
//!     .content_type_options(ContentTypeOptions::nosniff(true))
//!     .frame_options(FrameOptions::deny(true))
//!     .strict_transport_security(StrictTransportSecurity::sent(31_536_000, true, true, true))
//!     .build();
//! # drop(careful);
//! ```
//!
//! Those that AWS maintains are in [`super::managed`].

mod blocks;
mod conformance;
mod convert;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudfront::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Name, Outputs, Resource, id};

pub use blocks::{
    ContentSecurityPolicy, ContentTypeOptions, Cors, CorsMethod, CorsSettings, CustomHeader, FrameOptions, Referrer,
    ReferrerPolicy, ServerTiming, StrictTransportSecurity, XssProtection,
};

use super::vanished;
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Readings, Update, Updated, all_ready};
use crate::questions::named;

id! {
    /// The id of a response headers policy, such as `67f7725c-6f97-4210-82d7-5512b31e9d03`.
    pub struct ResponseHeadersPolicyId;
}

const GONE: &[&str] = &["NoSuchResponseHeadersPolicy"];

/// Headers that are added to answers, also where the origin sends them (where it says so), and headers that are taken away.
#[derive(Resource)]
#[resource(
    kind = "aws:cloudfront/response-headers-policy",
    cfn = "AWS::CloudFront::ResponseHeadersPolicy",
    id = ResponseHeadersPolicyId,
    outputs = ResponseHeadersPolicyOutputs,
    guard = unique_name,
    natural_key(name)
)]
pub struct ResponseHeadersPolicy {
    /// The name, 1 to 128 characters of `[A-Za-z0-9_-]`, unique in the account, or a prefix of it.
    #[arg(replace, cfn = "ResponseHeadersPolicyConfig.Name")]
    pub name: Name,
    /// What it is for, at most 128 characters.
    #[arg(in_place, default, cfn = "ResponseHeadersPolicyConfig.Comment")]
    pub comment: String,
    /// What pages of other origins may do; nothing is said of it when left out.
    #[arg(in_place, default = Cors::Off, cfn = "ResponseHeadersPolicyConfig.CorsConfig")]
    pub cors: Cors,
    /// `Content-Security-Policy`: what a page may load; not sent when left out.
    #[arg(
        in_place,
        default = ContentSecurityPolicy::Off,
        cfn = "ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy"
    )]
    pub content_security_policy: ContentSecurityPolicy,
    /// `X-Content-Type-Options`: whether a browser may guess at types; not sent when left out.
    #[arg(
        in_place,
        default = ContentTypeOptions::Off,
        cfn = "ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentTypeOptions"
    )]
    pub content_type_options: ContentTypeOptions,
    /// `X-Frame-Options`: whether a page may stand in a frame; not sent when left out.
    #[arg(
        in_place,
        default = FrameOptions::Off,
        cfn = "ResponseHeadersPolicyConfig.SecurityHeadersConfig.FrameOptions"
    )]
    pub frame_options: FrameOptions,
    /// `Referrer-Policy`: what a browser says of where it comes from; not sent when left out.
    #[arg(
        in_place,
        default = ReferrerPolicy::Off,
        cfn = "ResponseHeadersPolicyConfig.SecurityHeadersConfig.ReferrerPolicy"
    )]
    pub referrer_policy: ReferrerPolicy,
    /// `Strict-Transport-Security`: for how long a browser asks with TLS only; not sent when left out.
    #[arg(
        in_place,
        default = StrictTransportSecurity::Off,
        cfn = "ResponseHeadersPolicyConfig.SecurityHeadersConfig.StrictTransportSecurity"
    )]
    pub strict_transport_security: StrictTransportSecurity,
    /// `X-XSS-Protection`, which only former browsers know; not sent when left out.
    #[arg(
        in_place,
        default = XssProtection::Off,
        cfn = "ResponseHeadersPolicyConfig.SecurityHeadersConfig.XSSProtection"
    )]
    pub xss_protection: XssProtection,
    /// Further headers.
    #[arg(in_place, default, cfn = "ResponseHeadersPolicyConfig.CustomHeadersConfig")]
    pub custom_headers: BTreeSet<CustomHeader>,
    /// Headers of the origin that viewers do not get, by name.
    #[arg(in_place, default, cfn = "ResponseHeadersPolicyConfig.RemoveHeadersConfig")]
    pub remove_headers: BTreeSet<String>,
    /// `Server-Timing`: how an answer came about; not sent when left out.
    #[arg(in_place, default = ServerTiming::Off, cfn = "ResponseHeadersPolicyConfig.ServerTimingHeadersConfig")]
    pub server_timing: ServerTiming,
}

/// What is known of a response headers policy once it is there.
#[derive(Outputs)]
pub struct ResponseHeadersPolicyOutputs {
    /// The id.
    pub id: ResponseHeadersPolicyId,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
}

impl Lifecycle for ResponseHeadersPolicy {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        const CREATE: &str = "cloudfront CreateResponseHeadersPolicy";
        let call = aws.cloudfront().create_response_headers_policy();
        let answer = call.response_headers_policy_config(args.to_sdk(CREATE)?).send().await?;
        let id = answer.response_headers_policy.map(|policy| policy.id);
        Ok(Created::whole(id.ok_or_else(|| Error::unexpected(CREATE, "no id in the answer"))?))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = policies(aws, waiting.iter().map(|one| one.id.as_str())).await?.into_iter();
        Ok(all_ready(found.map(|(id, policy)| policy.map(|_| id.to_owned())).collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[ResponseHeadersPolicyId]) -> Result<Readings<Self>> {
        let found = policies(aws, ids.iter().map(ResponseHeadersPolicyId::as_str)).await?.into_iter();
        Ok(found
            .map(|(id, policy)| {
                let id = ResponseHeadersPolicyId::new(id);
                (id.clone(), policy.and_then(|policy| convert::observe(id, policy)))
            })
            .collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let all = all(aws).await?.into_iter();
        let named = all.filter(|(_, policy)| policy.name == args.name.as_str());
        Ok(named.map(|(id, _)| Candidate { id, proof: Proof::Name }).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ResponseHeadersPolicyChanges>> {
        const UPDATE: &str = "cloudfront UpdateResponseHeadersPolicy";
        // One call takes everything.
        let ResponseHeadersPolicyChanges {
            comment: _,
            cors: _,
            content_security_policy: _,
            content_type_options: _,
            frame_options: _,
            referrer_policy: _,
            strict_transport_security: _,
            xss_protection: _,
            custom_headers: _,
            remove_headers: _,
            server_timing: _,
        } = update.changes;
        let (_, etag) = get(aws, update.id.as_str()).await?.ok_or_else(|| vanished(UPDATE))?;
        let call = aws.cloudfront().update_response_headers_policy().id(update.id.as_str()).set_if_match(etag);
        call.response_headers_policy_config(update.planned.to_sdk(UPDATE)?).send().await?;
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &ResponseHeadersPolicyId, _: &Self) -> Result<Deletion> {
        let Some((_, etag)) = get(aws, id.as_str()).await? else { return Ok(Deletion::Done) };
        let call = aws.cloudfront().delete_response_headers_policy().id(id.as_str()).set_if_match(etag);
        call.send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

/// A policy, and its version tag.
async fn get(aws: &Aws, id: &str) -> Result<Option<(sdk::ResponseHeadersPolicyConfig, Option<String>)>> {
    let answer = aws.cloudfront().get_response_headers_policy().id(id).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|it| Some((it.response_headers_policy?.response_headers_policy_config?, it.e_tag))))
}

/// The policies that are the account's own.
async fn all(aws: &Aws) -> Result<BTreeMap<String, sdk::ResponseHeadersPolicyConfig>> {
    let mut found = BTreeMap::new();
    let mut marker = None;
    loop {
        let call = aws.cloudfront().list_response_headers_policies();
        let call = call.r#type(sdk::ResponseHeadersPolicyType::Custom).set_marker(marker);
        let Some(list) = call.send().await?.response_headers_policy_list else { return Ok(found) };
        let policies = list.items.unwrap_or_default().into_iter().filter_map(|it| it.response_headers_policy);
        found.extend(policies.filter_map(|policy| Some((policy.id, policy.response_headers_policy_config?))));
        marker = list.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn policies<'n>(
    aws: &Aws,
    ids: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<sdk::ResponseHeadersPolicyConfig>>> {
    named(ids, all(aws), |id| async move { Ok(get(aws, id).await?.map(|(config, _)| config)) }).await
}
