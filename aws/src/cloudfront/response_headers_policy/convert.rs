//! Between a response headers policy and what the SDK sends and receives.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types as sdk;
use formwork_engine::Name;

use super::{
    ContentSecurityPolicy, ContentTypeOptions, Cors, CorsMethod, CorsSettings, CustomHeader, FrameOptions, Referrer,
    ReferrerPolicy, ResponseHeadersPolicy, ResponseHeadersPolicyId, ResponseHeadersPolicyOutputs, ServerTiming,
    StrictTransportSecurity, XssProtection,
};
use crate::cloudfront::{counted, unfinished};
use crate::error::{Error, Result};
use crate::lifecycle::Observed;

/// A rate of sampling of 1 %, in parts of a million.
const PERCENT: f64 = 10_000.0;

impl ResponseHeadersPolicy {
    pub(super) fn to_sdk(&self, operation: &'static str) -> Result<sdk::ResponseHeadersPolicyConfig> {
        let unfinished = unfinished(operation);
        let headers = self.custom_headers.iter().map(|it| {
            let header = sdk::ResponseHeadersPolicyCustomHeader::builder().header(&it.header).value(&it.value);
            header.r#override(it.override_origin).build().map_err(&unfinished)
        });
        let (quantity, headers) = counted(headers.collect::<Result<Vec<_>>>()?);
        let custom = sdk::ResponseHeadersPolicyCustomHeadersConfig::builder().quantity(quantity).set_items(headers);
        let removed = self
            .remove_headers
            .iter()
            .map(|name| sdk::ResponseHeadersPolicyRemoveHeader::builder().header(name).build().map_err(&unfinished));
        let (quantity, removed) = counted(removed.collect::<Result<Vec<_>>>()?);
        let remove = sdk::ResponseHeadersPolicyRemoveHeadersConfig::builder().quantity(quantity).set_items(removed);
        sdk::ResponseHeadersPolicyConfig::builder()
            .name(self.name.as_str())
            .comment(&self.comment)
            .set_cors_config(self.cors_to_sdk(operation)?)
            .set_security_headers_config(self.security_to_sdk(operation)?)
            .custom_headers_config(custom.build().map_err(&unfinished)?)
            .remove_headers_config(remove.build().map_err(&unfinished)?)
            .set_server_timing_headers_config(self.timing_to_sdk(operation)?)
            .build()
            .map_err(&unfinished)
    }

    fn cors_to_sdk(&self, operation: &'static str) -> Result<Option<sdk::ResponseHeadersPolicyCorsConfig>> {
        let unfinished = unfinished(operation);
        let Cors::Answered { settings } = &self.cors else { return Ok(None) };
        // Here the lists must be there even where they are empty.
        let names = |names: &BTreeSet<String>| {
            let (quantity, items) = counted(names.iter().cloned().collect());
            (quantity, Some(items.unwrap_or_default()))
        };
        let (quantity, origins) = names(&settings.allow_origins);
        let origins = sdk::ResponseHeadersPolicyAccessControlAllowOrigins::builder()
            .quantity(quantity)
            .set_items(origins)
            .build();
        let (quantity, allowed) = names(&settings.allow_headers);
        let allowed = sdk::ResponseHeadersPolicyAccessControlAllowHeaders::builder()
            .quantity(quantity)
            .set_items(allowed)
            .build();
        let (quantity, methods) = counted(settings.allow_methods.iter().map(|it| it.as_str().into()).collect());
        let methods = sdk::ResponseHeadersPolicyAccessControlAllowMethods::builder()
            .quantity(quantity)
            .set_items(Some(methods.unwrap_or_default()))
            .build();
        let (quantity, exposed) = counted(settings.expose_headers.iter().cloned().collect());
        let exposed = sdk::ResponseHeadersPolicyAccessControlExposeHeaders::builder()
            .quantity(quantity)
            .set_items(exposed)
            .build();
        sdk::ResponseHeadersPolicyCorsConfig::builder()
            .access_control_allow_origins(origins.map_err(&unfinished)?)
            .access_control_allow_headers(allowed.map_err(&unfinished)?)
            .access_control_allow_methods(methods.map_err(&unfinished)?)
            .access_control_expose_headers(exposed.map_err(&unfinished)?)
            .access_control_allow_credentials(settings.allow_credentials)
            .access_control_max_age_sec(settings.max_age_seconds)
            .origin_override(settings.origin_override)
            .build()
            .map(Some)
            .map_err(&unfinished)
    }

    fn security_to_sdk(
        &self,
        operation: &'static str,
    ) -> Result<Option<sdk::ResponseHeadersPolicySecurityHeadersConfig>> {
        let unfinished = unfinished(operation);
        let content = match &self.content_security_policy {
            ContentSecurityPolicy::Off => None,
            ContentSecurityPolicy::Sent { policy, override_origin } => {
                let header = sdk::ResponseHeadersPolicyContentSecurityPolicy::builder().content_security_policy(policy);
                Some(header.r#override(*override_origin).build().map_err(&unfinished)?)
            }
        };
        let types = match self.content_type_options {
            ContentTypeOptions::Off => None,
            ContentTypeOptions::Nosniff { override_origin } => {
                let header = sdk::ResponseHeadersPolicyContentTypeOptions::builder().r#override(override_origin);
                Some(header.build().map_err(&unfinished)?)
            }
        };
        let frame = match self.frame_options {
            FrameOptions::Off => None,
            FrameOptions::Deny { override_origin } => Some((sdk::FrameOptionsList::Deny, override_origin)),
            FrameOptions::SameOrigin { override_origin } => Some((sdk::FrameOptionsList::Sameorigin, override_origin)),
        };
        let frame = frame.map(|(word, over)| {
            sdk::ResponseHeadersPolicyFrameOptions::builder().frame_option(word).r#override(over).build()
        });
        let referrer = match self.referrer_policy {
            ReferrerPolicy::Off => None,
            ReferrerPolicy::Sent { policy, override_origin } => {
                let header =
                    sdk::ResponseHeadersPolicyReferrerPolicy::builder().referrer_policy(policy.as_str().into());
                Some(header.r#override(override_origin).build().map_err(&unfinished)?)
            }
        };
        let transport = match self.strict_transport_security {
            StrictTransportSecurity::Off => None,
            StrictTransportSecurity::Sent { max_age_seconds, include_subdomains, preload, override_origin } => {
                let header = sdk::ResponseHeadersPolicyStrictTransportSecurity::builder()
                    .access_control_max_age_sec(max_age_seconds)
                    .include_subdomains(include_subdomains)
                    .preload(preload);
                Some(header.r#override(override_origin).build().map_err(&unfinished)?)
            }
        };
        let (protects, blocks, report, over) = match &self.xss_protection {
            XssProtection::Off => (None, false, None, false),
            XssProtection::Disabled { override_origin } => (Some(false), false, None, *override_origin),
            XssProtection::Filtered { override_origin } => (Some(true), false, None, *override_origin),
            XssProtection::Blocked { override_origin } => (Some(true), true, None, *override_origin),
            XssProtection::Reported { report_uri, override_origin } => {
                (Some(true), false, Some(report_uri.clone()), *override_origin)
            }
        };
        let scripts = protects.map(|protects| {
            sdk::ResponseHeadersPolicyXssProtection::builder()
                .protection(protects)
                .set_mode_block(blocks.then_some(true))
                .set_report_uri(report)
                .r#override(over)
                .build()
        });
        let config = sdk::ResponseHeadersPolicySecurityHeadersConfig::builder()
            .set_content_security_policy(content)
            .set_content_type_options(types)
            .set_frame_options(frame.transpose().map_err(&unfinished)?)
            .set_referrer_policy(referrer)
            .set_strict_transport_security(transport)
            .set_xss_protection(scripts.transpose().map_err(&unfinished)?)
            .build();
        Ok((config != sdk::ResponseHeadersPolicySecurityHeadersConfig::builder().build()).then_some(config))
    }

    fn timing_to_sdk(
        &self,
        operation: &'static str,
    ) -> Result<Option<sdk::ResponseHeadersPolicyServerTimingHeadersConfig>> {
        let ServerTiming::Sampled { per_million } = self.server_timing else { return Ok(None) };
        sdk::ResponseHeadersPolicyServerTimingHeadersConfig::builder()
            .enabled(true)
            .sampling_rate(f64::from(per_million) / PERCENT)
            .build()
            .map(Some)
            .map_err(unfinished(operation))
    }
}

pub(super) fn observe(
    id: ResponseHeadersPolicyId,
    config: sdk::ResponseHeadersPolicyConfig,
) -> Result<Observed<ResponseHeadersPolicy>> {
    let security = config
        .security_headers_config
        .unwrap_or_else(|| sdk::ResponseHeadersPolicySecurityHeadersConfig::builder().build());
    let removed = config.remove_headers_config.and_then(|all| all.items).unwrap_or_default();
    let custom = config.custom_headers_config.and_then(|all| all.items).unwrap_or_default();
    let args = ResponseHeadersPolicy {
        name: Name::new(config.name.as_str()),
        comment: config.comment.unwrap_or_default(),
        cors: config.cors_config.map_or(Ok(Cors::Off), cors)?,
        content_security_policy: security.content_security_policy.map_or(ContentSecurityPolicy::Off, |it| {
            ContentSecurityPolicy::Sent { policy: it.content_security_policy, override_origin: it.r#override }
        }),
        content_type_options: security
            .content_type_options
            .map_or(ContentTypeOptions::Off, |it| ContentTypeOptions::Nosniff { override_origin: it.r#override }),
        frame_options: security.frame_options.map_or(Ok(FrameOptions::Off), |it| match it.frame_option.as_str() {
            "DENY" => Ok(FrameOptions::Deny { override_origin: it.r#override }),
            "SAMEORIGIN" => Ok(FrameOptions::SameOrigin { override_origin: it.r#override }),
            word => Err(unknown("frame option", word)),
        })?,
        referrer_policy: security.referrer_policy.map_or(Ok::<_, Error>(ReferrerPolicy::Off), |it| {
            let word = it.referrer_policy.as_str();
            let policy = Referrer::parse(word).ok_or_else(|| unknown("referrer policy", word))?;
            Ok(ReferrerPolicy::Sent { policy, override_origin: it.r#override })
        })?,
        strict_transport_security: security.strict_transport_security.map_or(StrictTransportSecurity::Off, |it| {
            StrictTransportSecurity::Sent {
                max_age_seconds: it.access_control_max_age_sec,
                include_subdomains: it.include_subdomains.unwrap_or(false),
                preload: it.preload.unwrap_or(false),
                override_origin: it.r#override,
            }
        }),
        xss_protection: security.xss_protection.map_or(XssProtection::Off, xss_protection),
        custom_headers: custom
            .into_iter()
            .map(|it| CustomHeader { header: it.header, value: it.value, override_origin: it.r#override })
            .collect(),
        remove_headers: removed.into_iter().map(|it| it.header).collect(),
        server_timing: config
            .server_timing_headers_config
            .filter(|it| it.enabled)
            .map_or(ServerTiming::Off, |it| ServerTiming::Sampled { per_million: per_million(it.sampling_rate) }),
    };
    // It has no tags: whose it is, is not known.
    Ok(Observed::new(args, ResponseHeadersPolicyOutputs { id, name: config.name }, None))
}

fn unknown(what: &str, word: &str) -> Error {
    Error::unexpected("cloudfront GetResponseHeadersPolicy", format!("{word:?} is no known {what}"))
}

fn cors(it: sdk::ResponseHeadersPolicyCorsConfig) -> Result<Cors> {
    let methods = it.access_control_allow_methods.map(|all| all.items).unwrap_or_default();
    let methods = methods
        .iter()
        .map(|method| CorsMethod::parse(method.as_str()).ok_or_else(|| unknown("method", method.as_str())));
    let settings = CorsSettings {
        allow_origins: it.access_control_allow_origins.map(|all| all.items).unwrap_or_default().into_iter().collect(),
        allow_methods: methods.collect::<Result<_>>()?,
        allow_headers: it.access_control_allow_headers.map(|all| all.items).unwrap_or_default().into_iter().collect(),
        expose_headers: it
            .access_control_expose_headers
            .and_then(|all| all.items)
            .unwrap_or_default()
            .into_iter()
            .collect(),
        allow_credentials: it.access_control_allow_credentials,
        max_age_seconds: it.access_control_max_age_sec.unwrap_or_default(),
        origin_override: it.origin_override,
    };
    Ok(Cors::Answered { settings })
}

fn xss_protection(it: sdk::ResponseHeadersPolicyXssProtection) -> XssProtection {
    let override_origin = it.r#override;
    match (it.protection, it.mode_block, it.report_uri.filter(|uri| !uri.is_empty())) {
        (false, ..) => XssProtection::Disabled { override_origin },
        (true, _, Some(report_uri)) => XssProtection::Reported { report_uri, override_origin },
        (true, Some(true), None) => XssProtection::Blocked { override_origin },
        (true, _, None) => XssProtection::Filtered { override_origin },
    }
}

/// A rate in percent, of which AWS knows four decimals, in whole parts of a million.
fn per_million(percent: Option<f64>) -> i32 {
    let parts = (percent.unwrap_or_default() * PERCENT).round().clamp(0.0, 1_000_000.0);
    #[expect(clippy::cast_possible_truncation, reason = "whole, and at most a million")]
    let parts = parts as i32;
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_survives_the_way_there_and_back() {
        for parts in [0, 1, 50, 333_333, 999_999, 1_000_000] {
            assert_eq!(per_million(Some(f64::from(parts) / PERCENT)), parts);
        }
        assert_eq!(per_million(None), 0);
    }
}
