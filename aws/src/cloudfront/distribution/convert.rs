//! From a distribution to the configuration that is sent. Each part begins with the one that was read, so that what is not modelled survives.

use std::collections::BTreeMap;

use aws_sdk_cloudfront::types as sdk;
use formwork_engine::{ChangeSet, Resource};

use super::{
    Behavior, CustomOrigin, Distribution, DistributionChanges, ErrorAnswer, ErrorResponse, ForwardedCookies,
    ForwardedValues, GeoRestriction, Logging, Origin, OriginGroup, OriginType, ViewerCertificate, ViewerMtls,
};
use crate::cloudfront::{counted, some, unfinished};
use crate::error::Result;

/// What is said of a part that lacks something.
const SENT: &str = "cloudfront UpdateDistribution";

/// A list of the SDK's, with its number.
macro_rules! list {
    ($list:ident, $items:expr) => {{
        let (quantity, items) = counted($items);
        sdk::$list::builder().quantity(quantity).set_items(items).build().map_err(unfinished(SENT))
    }};
}

/// The same where there must be elements, though there be none.
macro_rules! full_list {
    ($list:ident, $items:expr) => {{
        let (quantity, items) = counted($items);
        let items = items.unwrap_or_default();
        sdk::$list::builder().quantity(quantity).set_items(Some(items)).build().map_err(unfinished(SENT))
    }};
}

/// What the account or key groups are trusted for.
macro_rules! trusted {
    ($list:ident, $items:expr) => {{
        let (quantity, items) = counted($items.iter().cloned().collect::<Vec<_>>());
        let enabled = quantity > 0;
        sdk::$list::builder().enabled(enabled).quantity(quantity).set_items(items).build().map_err(unfinished(SENT))
    }};
}

impl Distribution {
    /// The configuration of a new one.
    pub(super) fn config(&self, token: &str) -> Result<sdk::DistributionConfig> {
        let empty = sdk::DistributionConfig::builder().caller_reference(token).comment("").enabled(true);
        let mut config = empty.staging(self.staging).build().map_err(unfinished(SENT))?;
        let everything = Self::schema().args.iter().map(|arg| arg.name.to_owned()).collect();
        self.put_into(&mut config, &DistributionChanges::from_names(&everything))?;
        Ok(config)
    }

    /// Puts what changes into a configuration.
    pub(super) fn put_into(&self, config: &mut sdk::DistributionConfig, changes: &DistributionChanges) -> Result<()> {
        let DistributionChanges {
            origins,
            origin_groups,
            default_cache_behavior,
            cache_behaviors,
            custom_error_responses,
            aliases,
            viewer_certificate,
            viewer_mtls,
            geo_restriction,
            default_root_object,
            comment,
            enabled,
            price_class,
            http_version,
            ipv6_enabled,
            logging,
            web_acl,
            anycast_ip_list,
            connection_function,
            continuous_deployment_policy,
            // Not of the configuration.
            tags: _,
        } = *changes;
        if origins {
            config.origins = Some(self.origins_to_sdk(config.origins.take())?);
        }
        if origin_groups {
            let groups = self.origin_groups.iter().map(OriginGroup::to_sdk).collect::<Result<Vec<_>>>()?;
            config.origin_groups = Some(list!(OriginGroups, groups)?);
        }
        if default_cache_behavior {
            let behavior = self.default_cache_behavior.to_sdk(config.default_cache_behavior.take())?;
            config.default_cache_behavior = Some(behavior);
        }
        if cache_behaviors {
            config.cache_behaviors = Some(self.behaviors_to_sdk(config.cache_behaviors.take())?);
        }
        if custom_error_responses {
            let answers = self.custom_error_responses.iter().map(ErrorResponse::to_sdk).collect::<Result<Vec<_>>>()?;
            config.custom_error_responses = Some(list!(CustomErrorResponses, answers)?);
        }
        if aliases {
            config.aliases = Some(list!(Aliases, self.aliases.iter().cloned().collect())?);
        }
        if viewer_certificate {
            config.viewer_certificate = Some(self.viewer_certificate.to_sdk());
        }
        if viewer_mtls {
            config.viewer_mtls_config = self.viewer_mtls.to_sdk()?;
        }
        if geo_restriction {
            let restriction = self.geo_restriction.to_sdk()?;
            config.restrictions = Some(sdk::Restrictions::builder().geo_restriction(restriction).build());
        }
        if default_root_object {
            config.default_root_object = Some(self.default_root_object.clone());
        }
        if comment {
            config.comment.clone_from(&self.comment);
        }
        if enabled {
            config.enabled = self.enabled;
        }
        if price_class {
            config.price_class = Some(self.price_class.as_str().into());
        }
        if http_version {
            config.http_version = Some(self.http_version.as_str().into());
        }
        if ipv6_enabled {
            config.is_ipv6_enabled = Some(self.ipv6_enabled);
        }
        if logging {
            config.logging = Some(self.logging.to_sdk());
        }
        if web_acl {
            config.web_acl_id = Some(self.web_acl.clone());
        }
        if anycast_ip_list {
            config.anycast_ip_list_id = some(&self.anycast_ip_list);
        }
        if connection_function {
            let of = |id| sdk::ConnectionFunctionAssociation::builder().id(id).build().map_err(unfinished(SENT));
            config.connection_function_association = some(&self.connection_function).map(of).transpose()?;
        }
        if continuous_deployment_policy {
            config.continuous_deployment_policy_id = Some(self.continuous_deployment_policy.clone());
        }
        Ok(())
    }

    fn origins_to_sdk(&self, found: Option<sdk::Origins>) -> Result<sdk::Origins> {
        let found = found.map(|origins| origins.items).unwrap_or_default();
        let mut found: BTreeMap<String, sdk::Origin> = found.into_iter().map(|it| (it.id.clone(), it)).collect();
        let origins = self.origins.iter().map(|origin| origin.to_sdk(found.remove(&origin.id)));
        full_list!(Origins, origins.collect::<Result<Vec<_>>>()?)
    }

    fn behaviors_to_sdk(&self, found: Option<sdk::CacheBehaviors>) -> Result<sdk::CacheBehaviors> {
        let found = found.and_then(|behaviors| behaviors.items).unwrap_or_default().into_iter();
        let mut found: BTreeMap<String, sdk::CacheBehavior> = found.map(|it| (it.path_pattern.clone(), it)).collect();
        let behaviors = self.cache_behaviors.iter().map(|one| {
            let found = found.remove(&one.path_pattern).map(default_of).transpose()?;
            for_path(&one.path_pattern, one.behavior.to_sdk(found)?)
        });
        list!(CacheBehaviors, behaviors.collect::<Result<Vec<_>>>()?)
    }
}

impl Origin {
    fn to_sdk(&self, found: Option<sdk::Origin>) -> Result<sdk::Origin> {
        let empty = || sdk::Origin::builder().id(&self.id).domain_name(&self.domain_name).build();
        let mut origin = found.map_or_else(empty, Ok).map_err(unfinished(SENT))?;
        origin.domain_name.clone_from(&self.domain_name);
        origin.origin_path = Some(self.path.clone());
        origin.origin_access_control_id = Some(self.access_control.to_string());
        origin.connection_attempts = Some(self.connection_attempts);
        origin.connection_timeout = Some(self.connection_timeout);
        if let Some(seconds) = self.response_completion_timeout {
            origin.response_completion_timeout = Some(seconds);
        }
        let headers = self.custom_headers.iter().map(|(name, value)| {
            let header = sdk::OriginCustomHeader::builder().header_name(name).header_value(value);
            header.build().map_err(unfinished(SENT))
        });
        origin.custom_headers = Some(list!(CustomHeaders, headers.collect::<Result<Vec<_>>>()?)?);
        let shield = sdk::OriginShield::builder().enabled(!self.shield_region.is_empty());
        let shield = shield.set_origin_shield_region(some(&self.shield_region)).build();
        origin.origin_shield = Some(shield.map_err(unfinished(SENT))?);
        let bucket = |identity: &str| {
            let bucket = sdk::S3OriginConfig::builder().origin_access_identity(identity);
            bucket.origin_read_timeout(self.read_timeout).build()
        };
        origin.s3_origin_config = match &self.origin_type {
            OriginType::S3 => Some(bucket("")),
            OriginType::S3Identity { identity } => Some(bucket(identity)),
            OriginType::Custom { .. } | OriginType::Vpc { .. } => None,
        };
        origin.custom_origin_config = match &self.origin_type {
            OriginType::Custom { endpoint } => Some(self.endpoint_to_sdk(endpoint)?),
            _ => None,
        };
        origin.vpc_origin_config = match &self.origin_type {
            OriginType::Vpc { origin } => {
                let config = sdk::VpcOriginConfig::builder()
                    .vpc_origin_id(&origin.vpc_origin)
                    .set_owner_account_id(some(&origin.owner_account))
                    .origin_read_timeout(self.read_timeout)
                    .origin_keepalive_timeout(self.keepalive_timeout);
                Some(config.build().map_err(unfinished(SENT))?)
            }
            _ => None,
        };
        Ok(origin)
    }

    fn endpoint_to_sdk(&self, endpoint: &CustomOrigin) -> Result<sdk::CustomOriginConfig> {
        let protocols = endpoint.ssl_protocols.iter().map(|protocol| protocol.as_str().into()).collect();
        let shown = some(&endpoint.client_certificate);
        let shown = shown.map(|arn| sdk::OriginMtlsConfig::builder().client_certificate_arn(arn).build());
        sdk::CustomOriginConfig::builder()
            .origin_protocol_policy(endpoint.protocol_policy.as_str().into())
            .http_port(endpoint.http_port)
            .https_port(endpoint.https_port)
            .origin_ssl_protocols(full_list!(OriginSslProtocols, protocols)?)
            .ip_address_type(endpoint.ip_address_type.as_str().into())
            .set_origin_mtls_config(shown.transpose().map_err(unfinished(SENT))?)
            .origin_read_timeout(self.read_timeout)
            .origin_keepalive_timeout(self.keepalive_timeout)
            .build()
            .map_err(unfinished(SENT))
    }
}

impl OriginGroup {
    fn to_sdk(&self) -> Result<sdk::OriginGroup> {
        let members = self
            .members
            .iter()
            .map(|id| sdk::OriginGroupMember::builder().origin_id(id).build().map_err(unfinished(SENT)));
        let codes = full_list!(StatusCodes, self.status_codes.iter().copied().collect())?;
        sdk::OriginGroup::builder()
            .id(&self.id)
            .members(full_list!(OriginGroupMembers, members.collect::<Result<Vec<_>>>()?)?)
            .failover_criteria(sdk::OriginGroupFailoverCriteria::builder().status_codes(codes).build())
            .selection_criteria(self.selection.as_str().into())
            .build()
            .map_err(unfinished(SENT))
    }
}

impl Behavior {
    fn to_sdk(&self, found: Option<sdk::DefaultCacheBehavior>) -> Result<sdk::DefaultCacheBehavior> {
        let policy: sdk::ViewerProtocolPolicy = self.viewer_protocol_policy.as_str().into();
        let empty = || {
            let empty = sdk::DefaultCacheBehavior::builder().target_origin_id(&self.target_origin);
            empty.viewer_protocol_policy(policy.clone()).build()
        };
        let mut behavior = found.map_or_else(empty, Ok).map_err(unfinished(SENT))?;
        behavior.target_origin_id.clone_from(&self.target_origin);
        behavior.viewer_protocol_policy = policy;
        behavior.allowed_methods = Some(self.methods_to_sdk()?);
        behavior.compress = Some(self.compress);
        behavior.cache_policy_id = some(self.cache_policy.as_str());
        behavior.origin_request_policy_id = some(self.origin_request_policy.as_str());
        behavior.response_headers_policy_id = some(self.response_headers_policy.as_str());
        behavior.smooth_streaming = Some(self.smooth_streaming);
        behavior.field_level_encryption_id = Some(self.field_level_encryption.clone());
        behavior.realtime_log_config_arn = some(&self.realtime_log_config);
        let grpc = sdk::GrpcConfig::builder().enabled(self.grpc).build();
        behavior.grpc_config = Some(grpc.map_err(unfinished(SENT))?);
        behavior.trusted_key_groups = Some(trusted!(TrustedKeyGroups, self.trusted_key_groups)?);
        behavior.trusted_signers = Some(trusted!(TrustedSigners, self.trusted_signers)?);
        let functions = self.functions.iter().map(|it| {
            let function = sdk::FunctionAssociation::builder().function_arn(&it.function);
            function.event_type(it.event.as_str().into()).build().map_err(unfinished(SENT))
        });
        behavior.function_associations = Some(list!(FunctionAssociations, functions.collect::<Result<Vec<_>>>()?)?);
        let lambdas = self.lambda_functions.iter().map(|it| {
            let function = sdk::LambdaFunctionAssociation::builder().lambda_function_arn(&it.function);
            let function = function.event_type(it.event.as_str().into()).include_body(it.include_body);
            function.build().map_err(unfinished(SENT))
        });
        let lambdas = list!(LambdaFunctionAssociations, lambdas.collect::<Result<Vec<_>>>()?)?;
        behavior.lambda_function_associations = Some(lambdas);
        match &self.forwarded_values {
            Some(forwarded) => forwarded.put_into(&mut behavior)?,
            // The two exclude each other; where neither is declared, what there was goes on.
            None if behavior.cache_policy_id.is_some() => forget_forwarded(&mut behavior),
            None => {}
        }
        Ok(behavior)
    }

    fn methods_to_sdk(&self) -> Result<sdk::AllowedMethods> {
        let words = |words: &str| words.split(',').map(sdk::Method::from).collect::<Vec<_>>();
        let (quantity, allowed) = counted(words(self.allowed_methods.as_str()));
        sdk::AllowedMethods::builder()
            .quantity(quantity)
            .set_items(allowed)
            .cached_methods(full_list!(CachedMethods, words(self.cached_methods.as_str()))?)
            .build()
            .map_err(unfinished(SENT))
    }
}

impl ForwardedValues {
    fn put_into(&self, behavior: &mut sdk::DefaultCacheBehavior) -> Result<()> {
        let (word, names) = match &self.cookies {
            ForwardedCookies::None => ("none", None),
            ForwardedCookies::All => ("all", None),
            ForwardedCookies::Only { names } => ("whitelist", Some(names)),
        };
        let names = names.map(|names| list!(CookieNames, names.iter().cloned().collect())).transpose()?;
        let cookies = sdk::CookiePreference::builder().forward(word.into()).set_whitelisted_names(names).build();
        let forwarded = sdk::ForwardedValues::builder()
            .query_string(self.query_string)
            .query_string_cache_keys(list!(
                QueryStringCacheKeys,
                self.query_string_cache_keys.iter().cloned().collect()
            )?)
            .headers(list!(Headers, self.headers.iter().cloned().collect())?)
            .cookies(cookies.map_err(unfinished(SENT))?);
        #[expect(deprecated, reason = "deprecated by AWS, and still what a distribution without cache policies has")]
        {
            behavior.forwarded_values = Some(forwarded.build().map_err(unfinished(SENT))?);
            behavior.min_ttl = Some(self.min_ttl);
            behavior.default_ttl = Some(self.default_ttl);
            behavior.max_ttl = Some(self.max_ttl);
        }
        Ok(())
    }
}

#[expect(deprecated, reason = "deprecated by AWS, and still what a distribution without cache policies has")]
fn forget_forwarded(behavior: &mut sdk::DefaultCacheBehavior) {
    behavior.forwarded_values = None;
    behavior.min_ttl = None;
    behavior.default_ttl = None;
    behavior.max_ttl = None;
}

/// The behaviour for a path: the SDK has the same fields in two types.
#[expect(deprecated, reason = "every field, so that none is lost")]
fn for_path(path: &str, it: sdk::DefaultCacheBehavior) -> Result<sdk::CacheBehavior> {
    sdk::CacheBehavior::builder()
        .path_pattern(path)
        .target_origin_id(it.target_origin_id)
        .set_trusted_signers(it.trusted_signers)
        .set_trusted_key_groups(it.trusted_key_groups)
        .viewer_protocol_policy(it.viewer_protocol_policy)
        .set_allowed_methods(it.allowed_methods)
        .set_smooth_streaming(it.smooth_streaming)
        .set_compress(it.compress)
        .set_lambda_function_associations(it.lambda_function_associations)
        .set_function_associations(it.function_associations)
        .set_field_level_encryption_id(it.field_level_encryption_id)
        .set_realtime_log_config_arn(it.realtime_log_config_arn)
        .set_cache_policy_id(it.cache_policy_id)
        .set_origin_request_policy_id(it.origin_request_policy_id)
        .set_response_headers_policy_id(it.response_headers_policy_id)
        .set_grpc_config(it.grpc_config)
        .set_forwarded_values(it.forwarded_values)
        .set_min_ttl(it.min_ttl)
        .set_default_ttl(it.default_ttl)
        .set_max_ttl(it.max_ttl)
        .build()
        .map_err(unfinished(SENT))
}

/// The way back.
#[expect(deprecated, reason = "every field, so that none is lost")]
pub(super) fn default_of(it: sdk::CacheBehavior) -> Result<sdk::DefaultCacheBehavior> {
    sdk::DefaultCacheBehavior::builder()
        .target_origin_id(it.target_origin_id)
        .set_trusted_signers(it.trusted_signers)
        .set_trusted_key_groups(it.trusted_key_groups)
        .viewer_protocol_policy(it.viewer_protocol_policy)
        .set_allowed_methods(it.allowed_methods)
        .set_smooth_streaming(it.smooth_streaming)
        .set_compress(it.compress)
        .set_lambda_function_associations(it.lambda_function_associations)
        .set_function_associations(it.function_associations)
        .set_field_level_encryption_id(it.field_level_encryption_id)
        .set_realtime_log_config_arn(it.realtime_log_config_arn)
        .set_cache_policy_id(it.cache_policy_id)
        .set_origin_request_policy_id(it.origin_request_policy_id)
        .set_response_headers_policy_id(it.response_headers_policy_id)
        .set_grpc_config(it.grpc_config)
        .set_forwarded_values(it.forwarded_values)
        .set_min_ttl(it.min_ttl)
        .set_default_ttl(it.default_ttl)
        .set_max_ttl(it.max_ttl)
        .build()
        .map_err(unfinished(SENT))
}

impl ErrorResponse {
    fn to_sdk(&self) -> Result<sdk::CustomErrorResponse> {
        let (path, code) = match &self.answer {
            ErrorAnswer::Itself => (None, None),
            ErrorAnswer::Page { path, code } => (Some(path.clone()), Some(code.to_string())),
        };
        sdk::CustomErrorResponse::builder()
            .error_code(self.error_code)
            .set_response_page_path(path)
            .set_response_code(code)
            .error_caching_min_ttl(self.caching_seconds)
            .build()
            .map_err(unfinished(SENT))
    }
}

impl ViewerCertificate {
    fn to_sdk(&self) -> sdk::ViewerCertificate {
        let certificate = sdk::ViewerCertificate::builder();
        let (certificate, ssl_support_method, minimum_protocol_version) = match self {
            Self::Cloudfront => return certificate.cloud_front_default_certificate(true).build(),
            Self::Acm { certificate: arn, ssl_support_method, minimum_protocol_version } => {
                (certificate.acm_certificate_arn(arn.as_str()), ssl_support_method, minimum_protocol_version)
            }
            Self::Iam { certificate_id, ssl_support_method, minimum_protocol_version } => {
                (certificate.iam_certificate_id(certificate_id), ssl_support_method, minimum_protocol_version)
            }
        };
        certificate
            .cloud_front_default_certificate(false)
            .ssl_support_method(ssl_support_method.as_str().into())
            .minimum_protocol_version(minimum_protocol_version.as_str().into())
            .build()
    }
}

impl ViewerMtls {
    fn to_sdk(&self) -> Result<Option<sdk::ViewerMtlsConfig>> {
        let Self::Verified { mode, trust_store, advertise_authorities, ignore_expiry } = self else { return Ok(None) };
        let store = sdk::TrustStoreConfig::builder()
            .trust_store_id(trust_store)
            .advertise_trust_store_ca_names(*advertise_authorities)
            .ignore_certificate_expiry(*ignore_expiry)
            .build()
            .map_err(unfinished(SENT))?;
        let config = sdk::ViewerMtlsConfig::builder().mode(mode.as_str().into()).trust_store_config(store).build();
        Ok(Some(config))
    }
}

impl GeoRestriction {
    fn to_sdk(&self) -> Result<sdk::GeoRestriction> {
        let (word, countries) = match self {
            Self::Unrestricted => ("none", Vec::new()),
            Self::Only { countries } => ("whitelist", countries.iter().cloned().collect()),
            Self::AllBut { countries } => ("blacklist", countries.iter().cloned().collect()),
        };
        let (quantity, items) = counted(countries);
        let restriction = sdk::GeoRestriction::builder().restriction_type(word.into()).quantity(quantity);
        restriction.set_items(items).build().map_err(unfinished(SENT))
    }
}

impl Logging {
    fn to_sdk(&self) -> sdk::LoggingConfig {
        let logging = match self {
            Self::Off => sdk::LoggingConfig::builder().enabled(false).include_cookies(false).bucket("").prefix(""),
            Self::Bucket { domain_name, prefix, include_cookies } => sdk::LoggingConfig::builder()
                .enabled(true)
                .include_cookies(*include_cookies)
                .bucket(domain_name)
                .prefix(prefix),
        };
        logging.build()
    }
}
