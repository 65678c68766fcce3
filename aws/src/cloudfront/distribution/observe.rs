//! What a distribution is, from what CloudFront answers.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudfront::types as sdk;

use super::convert::default_of;
use super::{
    AllowedMethods, Behavior, CachedMethods, CustomOrigin, Distribution, DistributionId, DistributionOutputs,
    ErrorAnswer, ErrorResponse, Event, ForwardedCookies, ForwardedValues, Function, GeoRestriction, HOSTED_ZONE,
    HttpVersion, IpAddressType, LambdaFunction, Logging, MinimumProtocolVersion, MtlsMode, Origin, OriginGroup,
    OriginProtocolPolicy, OriginSelection, OriginType, PathBehavior, PriceClass, SslProtocol, SslSupportMethod,
    ViewerCertificate, ViewerMtls, ViewerProtocolPolicy, VpcOrigin,
};
use crate::arn::Arn;
use crate::cloudfront::{CachePolicyId, OriginAccessControlId, OriginRequestPolicyId, ResponseHeadersPolicyId};
use crate::error::{Error, Result};
use crate::lifecycle::Observed;
use crate::route53::HostedZoneId;
use crate::tags;

const READ: &str = "cloudfront GetDistribution";

fn unknown(what: &str, word: &str) -> Error {
    Error::unexpected(READ, format!("{word:?} is no known {what}"))
}

/// A word of CloudFront's, where there is one.
macro_rules! word {
    ($choice:ident, $value:expr, $default:expr) => {
        $value.as_ref().map_or(Ok($default), |value| {
            $choice::parse(value.as_str()).ok_or_else(|| unknown(stringify!($choice), value.as_str()))
        })
    };
}

pub(super) fn observe(
    id: DistributionId,
    distribution: sdk::Distribution,
    tags: tags::Read,
) -> Result<Observed<Distribution>> {
    let config = distribution
        .distribution_config
        .ok_or_else(|| Error::unexpected(READ, "there is no configuration in the answer"))?;
    let behavior =
        config.default_cache_behavior.ok_or_else(|| Error::unexpected(READ, "it has no default behaviour"))?;
    let origins = config.origins.map(|origins| origins.items).unwrap_or_default();
    let groups = config.origin_groups.and_then(|groups| groups.items).unwrap_or_default();
    let behaviors = config.cache_behaviors.and_then(|behaviors| behaviors.items).unwrap_or_default();
    let answers = config.custom_error_responses.and_then(|answers| answers.items).unwrap_or_default();
    let args = Distribution {
        origins: origins.into_iter().map(origin).collect::<Result<_>>()?,
        origin_groups: groups.into_iter().map(origin_group).collect::<Result<_>>()?,
        default_cache_behavior: self::behavior(behavior)?,
        cache_behaviors: behaviors.into_iter().map(path_behavior).collect::<Result<_>>()?,
        custom_error_responses: answers.into_iter().map(error_response).collect::<Result<_>>()?,
        aliases: config.aliases.and_then(|aliases| aliases.items).unwrap_or_default().into_iter().collect(),
        viewer_certificate: viewer_certificate(config.viewer_certificate)?,
        viewer_mtls: viewer_mtls(config.viewer_mtls_config)?,
        geo_restriction: geo_restriction(config.restrictions.and_then(|all| all.geo_restriction))?,
        default_root_object: config.default_root_object.unwrap_or_default(),
        comment: config.comment,
        enabled: config.enabled,
        price_class: word!(PriceClass, config.price_class, PriceClass::All)?,
        http_version: word!(HttpVersion, config.http_version, HttpVersion::Http2)?,
        ipv6_enabled: config.is_ipv6_enabled.unwrap_or(false),
        logging: config.logging.filter(|logging| logging.enabled).map_or(Logging::Off, |logging| Logging::Bucket {
            domain_name: logging.bucket,
            prefix: logging.prefix,
            include_cookies: logging.include_cookies,
        }),
        web_acl: config.web_acl_id.unwrap_or_default(),
        anycast_ip_list: config.anycast_ip_list_id.unwrap_or_default(),
        connection_function: config.connection_function_association.map(|function| function.id).unwrap_or_default(),
        continuous_deployment_policy: config.continuous_deployment_policy_id.unwrap_or_default(),
        staging: config.staging.unwrap_or(false),
        tags: tags.tags,
    };
    let outputs = DistributionOutputs {
        id,
        arn: Arn::new(distribution.arn),
        domain_name: distribution.domain_name,
        hosted_zone_id: HostedZoneId::new(HOSTED_ZONE),
    };
    Ok(Observed::new(args, outputs, tags.owner))
}

fn origin(it: sdk::Origin) -> Result<Origin> {
    let (mut read_timeout, mut keepalive_timeout) = (None, None);
    let origin_type = match (it.s3_origin_config, it.custom_origin_config, it.vpc_origin_config) {
        (_, Some(custom), _) => {
            (read_timeout, keepalive_timeout) = (custom.origin_read_timeout, custom.origin_keepalive_timeout);
            OriginType::Custom { endpoint: endpoint(custom)? }
        }
        (_, None, Some(vpc)) => {
            (read_timeout, keepalive_timeout) = (vpc.origin_read_timeout, vpc.origin_keepalive_timeout);
            let owner_account = vpc.owner_account_id.unwrap_or_default();
            OriginType::Vpc { origin: VpcOrigin { vpc_origin: vpc.vpc_origin_id, owner_account } }
        }
        (Some(bucket), None, None) => {
            read_timeout = bucket.origin_read_timeout;
            match bucket.origin_access_identity {
                identity if identity.is_empty() => OriginType::S3,
                identity => OriginType::S3Identity { identity },
            }
        }
        (None, None, None) => OriginType::S3,
    };
    let headers = it.custom_headers.and_then(|headers| headers.items).unwrap_or_default().into_iter();
    let shield = it.origin_shield.filter(|shield| shield.enabled);
    Ok(Origin {
        id: it.id,
        domain_name: it.domain_name,
        path: it.origin_path.unwrap_or_default(),
        origin_type,
        access_control: OriginAccessControlId::new(it.origin_access_control_id.unwrap_or_default()),
        custom_headers: headers.map(|header| (header.header_name, header.header_value)).collect::<BTreeMap<_, _>>(),
        connection_attempts: it.connection_attempts.unwrap_or(3),
        connection_timeout: it.connection_timeout.unwrap_or(10),
        read_timeout: read_timeout.unwrap_or(30),
        keepalive_timeout: keepalive_timeout.unwrap_or(5),
        response_completion_timeout: it.response_completion_timeout,
        shield_region: shield.and_then(|shield| shield.origin_shield_region).unwrap_or_default(),
    })
}

fn endpoint(it: sdk::CustomOriginConfig) -> Result<CustomOrigin> {
    let policy = it.origin_protocol_policy.as_str();
    let protocols = it.origin_ssl_protocols.map(|protocols| protocols.items).unwrap_or_default();
    let protocol = |protocol: &sdk::SslProtocol| {
        SslProtocol::parse(protocol.as_str()).ok_or_else(|| unknown("version of TLS", protocol.as_str()))
    };
    Ok(CustomOrigin {
        protocol_policy: OriginProtocolPolicy::parse(policy).ok_or_else(|| unknown("protocol policy", policy))?,
        http_port: it.http_port,
        https_port: it.https_port,
        ssl_protocols: protocols.iter().map(protocol).collect::<Result<_>>()?,
        ip_address_type: word!(IpAddressType, it.ip_address_type, IpAddressType::Ipv4)?,
        client_certificate: it.origin_mtls_config.map(|shown| shown.client_certificate_arn).unwrap_or_default(),
    })
}

fn origin_group(it: sdk::OriginGroup) -> Result<OriginGroup> {
    let members = it.members.map(|members| members.items).unwrap_or_default();
    let codes = it.failover_criteria.and_then(|criteria| criteria.status_codes).map(|codes| codes.items);
    Ok(OriginGroup {
        id: it.id,
        members: members.into_iter().map(|member| member.origin_id).collect(),
        status_codes: codes.unwrap_or_default().into_iter().collect(),
        selection: word!(OriginSelection, it.selection_criteria, OriginSelection::Default)?,
    })
}

fn path_behavior(it: sdk::CacheBehavior) -> Result<PathBehavior> {
    Ok(PathBehavior { path_pattern: it.path_pattern.clone(), behavior: behavior(default_of(it)?)? })
}

fn behavior(mut it: sdk::DefaultCacheBehavior) -> Result<Behavior> {
    let policy = it.viewer_protocol_policy.as_str();
    let viewer_protocol_policy =
        ViewerProtocolPolicy::parse(policy).ok_or_else(|| unknown("viewer protocol policy", policy))?;
    let forwarded_values = forwarded_values(&mut it)?;
    let (allowed_methods, cached_methods) = methods(it.allowed_methods)?;
    let event = |event: &sdk::EventType| Event::parse(event.as_str()).ok_or_else(|| unknown("event", event.as_str()));
    let functions = it.function_associations.and_then(|all| all.items).unwrap_or_default().into_iter();
    let lambdas = it.lambda_function_associations.and_then(|all| all.items).unwrap_or_default().into_iter();
    let groups = it.trusted_key_groups.filter(|groups| groups.enabled).and_then(|groups| groups.items);
    let signers = it.trusted_signers.filter(|signers| signers.enabled).and_then(|signers| signers.items);
    Ok(Behavior {
        target_origin: it.target_origin_id,
        viewer_protocol_policy,
        allowed_methods,
        cached_methods,
        compress: it.compress.unwrap_or(false),
        cache_policy: CachePolicyId::new(it.cache_policy_id.unwrap_or_default()),
        origin_request_policy: OriginRequestPolicyId::new(it.origin_request_policy_id.unwrap_or_default()),
        response_headers_policy: ResponseHeadersPolicyId::new(it.response_headers_policy_id.unwrap_or_default()),
        forwarded_values,
        functions: functions
            .map(|it| Ok(Function { event: event(&it.event_type)?, function: it.function_arn }))
            .collect::<Result<_>>()?,
        lambda_functions: lambdas
            .map(|it| {
                let include_body = it.include_body.unwrap_or(false);
                Ok(LambdaFunction { event: event(&it.event_type)?, function: it.lambda_function_arn, include_body })
            })
            .collect::<Result<_>>()?,
        trusted_key_groups: groups.unwrap_or_default().into_iter().collect(),
        trusted_signers: signers.unwrap_or_default().into_iter().collect(),
        field_level_encryption: it.field_level_encryption_id.unwrap_or_default(),
        realtime_log_config: it.realtime_log_config_arn.unwrap_or_default(),
        smooth_streaming: it.smooth_streaming.unwrap_or(false),
        grpc: it.grpc_config.is_some_and(|grpc| grpc.enabled),
    })
}

/// Methods in whatever order CloudFront answers them.
fn methods(it: Option<sdk::AllowedMethods>) -> Result<(AllowedMethods, CachedMethods)> {
    let Some(it) = it else { return Ok((AllowedMethods::GetHead, CachedMethods::GetHead)) };
    let joined = |methods: &[sdk::Method]| {
        let words: BTreeSet<&str> = methods.iter().map(sdk::Method::as_str).collect();
        words.into_iter().collect::<Vec<_>>().join(",")
    };
    let (allowed, cached) = (joined(&it.items), it.cached_methods.map(|cached| joined(&cached.items)));
    let allowed = AllowedMethods::parse(&allowed).ok_or_else(|| unknown("set of methods", &allowed))?;
    let cached = cached.map_or(Ok(CachedMethods::GetHead), |cached| {
        CachedMethods::parse(&cached).ok_or_else(|| unknown("set of methods", &cached))
    });
    Ok((allowed, cached?))
}

#[expect(deprecated, reason = "deprecated by AWS, and still what a distribution without cache policies has")]
fn forwarded_values(it: &mut sdk::DefaultCacheBehavior) -> Result<Option<ForwardedValues>> {
    let Some(forwarded) = it.forwarded_values.take() else { return Ok(None) };
    let set = |items: Option<Vec<String>>| items.unwrap_or_default().into_iter().collect::<BTreeSet<_>>();
    let cookies = match forwarded.cookies {
        None => ForwardedCookies::None,
        Some(cookies) => match cookies.forward.as_str() {
            "none" => ForwardedCookies::None,
            "all" => ForwardedCookies::All,
            "whitelist" => {
                ForwardedCookies::Only { names: set(cookies.whitelisted_names.and_then(|names| names.items)) }
            }
            word => return Err(unknown("choice of cookies", word)),
        },
    };
    Ok(Some(ForwardedValues {
        query_string: forwarded.query_string,
        query_string_cache_keys: set(forwarded.query_string_cache_keys.and_then(|keys| keys.items)),
        headers: set(forwarded.headers.and_then(|headers| headers.items)),
        cookies,
        min_ttl: it.min_ttl.unwrap_or(0),
        default_ttl: it.default_ttl.unwrap_or(86_400),
        max_ttl: it.max_ttl.unwrap_or(31_536_000),
    }))
}

fn error_response(it: sdk::CustomErrorResponse) -> Result<ErrorResponse> {
    let page = it.response_page_path.filter(|path| !path.is_empty());
    let code = it.response_code.filter(|code| !code.is_empty());
    let answer = match (page, code) {
        (Some(path), Some(code)) => {
            let code = code.parse().map_err(|_| unknown("code", &code))?;
            ErrorAnswer::Page { path, code }
        }
        _ => ErrorAnswer::Itself,
    };
    let caching_seconds = it.error_caching_min_ttl.unwrap_or(10);
    Ok(ErrorResponse { error_code: it.error_code, answer, caching_seconds })
}

fn viewer_certificate(it: Option<sdk::ViewerCertificate>) -> Result<ViewerCertificate> {
    let Some(it) = it else { return Ok(ViewerCertificate::Cloudfront) };
    let ssl_support_method = word!(SslSupportMethod, it.ssl_support_method, SslSupportMethod::SniOnly)?;
    let minimum_protocol_version =
        word!(MinimumProtocolVersion, it.minimum_protocol_version, MinimumProtocolVersion::Tls1)?;
    let named = |name: Option<String>| name.filter(|name| !name.is_empty());
    Ok(match (named(it.acm_certificate_arn), named(it.iam_certificate_id)) {
        (Some(arn), _) => {
            ViewerCertificate::Acm { certificate: Arn::new(arn), ssl_support_method, minimum_protocol_version }
        }
        (None, Some(certificate_id)) => {
            ViewerCertificate::Iam { certificate_id, ssl_support_method, minimum_protocol_version }
        }
        (None, None) => ViewerCertificate::Cloudfront,
    })
}

fn viewer_mtls(it: Option<sdk::ViewerMtlsConfig>) -> Result<ViewerMtls> {
    // A connection that is only handed on with its certificate is checked by the origin.
    let Some((it, store)) = it.and_then(|it| it.trust_store_config.clone().map(|store| (it, store))) else {
        return Ok(ViewerMtls::Off);
    };
    let mode = it.mode.as_str();
    Ok(ViewerMtls::Verified {
        mode: MtlsMode::parse(mode).ok_or_else(|| unknown("mode of certificates of viewers", mode))?,
        trust_store: store.trust_store_id,
        advertise_authorities: store.advertise_trust_store_ca_names.unwrap_or(false),
        ignore_expiry: store.ignore_certificate_expiry.unwrap_or(false),
    })
}

fn geo_restriction(it: Option<sdk::GeoRestriction>) -> Result<GeoRestriction> {
    let Some(it) = it else { return Ok(GeoRestriction::Unrestricted) };
    let countries = it.items.unwrap_or_default().into_iter().collect();
    match it.restriction_type.as_str() {
        "none" => Ok(GeoRestriction::Unrestricted),
        "whitelist" => Ok(GeoRestriction::Only { countries }),
        "blacklist" => Ok(GeoRestriction::AllBut { countries }),
        word => Err(unknown("restriction", word)),
    }
}
