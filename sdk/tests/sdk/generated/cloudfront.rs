//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn cache_policy(stack: &mut Stack) {
    stack.component("cache-policy", |stack| {
        let conformance_cache = cloudfront::CachePolicy::builder()
            .name("Conformance-Cache")
            .comment("made by the conformance suite")
            .min_ttl(2)
            .default_ttl(60)
            .max_ttl(600)
            .cookies(cloudfront::Cookies::only(["session", "theme"]))
            .headers(cloudfront::Headers::only(["Accept-Language"]))
            .query_strings(cloudfront::QueryStrings::all_except(["utm_source"]))
            .build();
        stack.add_with("Conformance-Cache", conformance_cache, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn distribution(stack: &mut Stack) {
    stack.component("distribution", |stack| {
        let distribution_origins_1 = cloudfront::Origin::builder()
            .id("assets")
            .domain_name("conformance-assets.s3.eu-west-1.amazonaws.com")
            .path("/site")
            .access_control(cloudfront::OriginAccessControlId::new("control-id-1"))
            .connection_attempts(2)
            .connection_timeout(5)
            .read_timeout(20)
            .response_completion_timeout(60)
            .shield_region("eu-west-1")
            .build();
        let distribution_origins_2_origin_type = cloudfront::CustomOrigin::builder()
            .protocol_policy(cloudfront::OriginProtocolPolicy::MatchViewer)
            .http_port(8080)
            .https_port(8443)
            .ssl_protocols([cloudfront::SslProtocol::Tls11, cloudfront::SslProtocol::Tls12])
            .ip_address_type(cloudfront::IpAddressType::Dualstack)
            .build();
        let distribution_origins_2_origin_type = cloudfront::OriginType::custom(distribution_origins_2_origin_type);
        let distribution_origins_2 = cloudfront::Origin::builder()
            .id("api")
            .domain_name("api.example.com")
            .origin_type(distribution_origins_2_origin_type)
            .custom_headers([("X-Team", "a")])
            .keepalive_timeout(30)
            .build();
        let distribution_origin_groups =
            cloudfront::OriginGroup::builder().id("either").members(["assets", "api"]).status_codes([500, 503]).build();
        let distribution_default_cache_behavior = cloudfront::Behavior::builder()
            .target_origin("either")
            .allowed_methods(cloudfront::AllowedMethods::GetHeadOptions)
            .cached_methods(cloudfront::CachedMethods::GetHeadOptions)
            .cache_policy(cloudfront::CachePolicyId::new("cache-id-1"))
            .origin_request_policy(cloudfront::OriginRequestPolicyId::new("88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"))
            .response_headers_policy(cloudfront::ResponseHeadersPolicyId::new("headers-id-1"))
            .build();
        let distribution_cache_behaviors_1_behavior_functions_1 = cloudfront::Function::builder()
            .event(cloudfront::Event::ViewerRequest)
            .function("arn:aws:cloudfront::123456789012:function/conformance")
            .build();
        let distribution_cache_behaviors_1_behavior_functions_2 = cloudfront::Function::builder()
            .event(cloudfront::Event::ViewerResponse)
            .function("arn:aws:cloudfront::123456789012:function/conformance")
            .build();
        let distribution_cache_behaviors_1_behavior_lambda_functions = cloudfront::LambdaFunction::builder()
            .event(cloudfront::Event::OriginRequest)
            .function("arn:aws:lambda:us-east-1:123456789012:function:conformance:1")
            .include_body(true)
            .build();
        let distribution_cache_behaviors_1_behavior = cloudfront::Behavior::builder()
            .target_origin("api")
            .viewer_protocol_policy(cloudfront::ViewerProtocolPolicy::HttpsOnly)
            .allowed_methods(cloudfront::AllowedMethods::All)
            .cache_policy(cloudfront::CachePolicyId::new("4135ea2d-6df8-44a3-9df3-4b5a84be39ad"))
            .origin_request_policy(cloudfront::OriginRequestPolicyId::new("b689b0a8-53d0-40ab-baf2-68738e2966ac"))
            .functions([
                distribution_cache_behaviors_1_behavior_functions_1,
                distribution_cache_behaviors_1_behavior_functions_2,
            ])
            .lambda_functions([distribution_cache_behaviors_1_behavior_lambda_functions])
            .trusted_key_groups(["conformance-keys"])
            .field_level_encryption("C3KM2WVD605UAY")
            .realtime_log_config("arn:aws:cloudfront::123456789012:realtime-log-config/conformance")
            .grpc(true)
            .build();
        let distribution_cache_behaviors_1 = cloudfront::PathBehavior::builder()
            .path_pattern("/api/*")
            .behavior(distribution_cache_behaviors_1_behavior)
            .build();
        let distribution_cache_behaviors_2_behavior_forwarded_values = cloudfront::ForwardedValues::builder()
            .query_string(true)
            .query_string_cache_keys(["page"])
            .headers(["Accept"])
            .cookies(cloudfront::ForwardedCookies::only(["session"]))
            .min_ttl(1)
            .default_ttl(60)
            .max_ttl(600)
            .build();
        let distribution_cache_behaviors_2_behavior = cloudfront::Behavior::builder()
            .target_origin("assets")
            .forwarded_values(distribution_cache_behaviors_2_behavior_forwarded_values)
            .trusted_signers(["123456789012"])
            .smooth_streaming(true)
            .build();
        let distribution_cache_behaviors_2 = cloudfront::PathBehavior::builder()
            .path_pattern("/former/*")
            .behavior(distribution_cache_behaviors_2_behavior)
            .build();
        let distribution_custom_error_responses_1 = cloudfront::ErrorResponse::builder()
            .error_code(403)
            .answer(cloudfront::ErrorAnswer::page("/index.html", 200))
            .caching_seconds(60)
            .build();
        let distribution_custom_error_responses_2 = cloudfront::ErrorResponse::builder()
            .error_code(404)
            .answer(cloudfront::ErrorAnswer::page("/index.html", 200))
            .caching_seconds(60)
            .build();
        let distribution_viewer_certificate = cloudfront::ViewerCertificate::acm(
            Arn::new("arn:aws:acm:us-east-1:123456789012:certificate/0e3c1b5a-0000-4000-8000-000000000001"),
            cloudfront::SslSupportMethod::SniOnly,
            cloudfront::MinimumProtocolVersion::Tls12_2019,
        );
        let distribution_viewer_mtls =
            cloudfront::ViewerMtls::verified(cloudfront::MtlsMode::Optional, "conformance-trust", true, false);
        let distribution = cloudfront::Distribution::builder()
            .origins([distribution_origins_1, distribution_origins_2])
            .origin_groups([distribution_origin_groups])
            .default_cache_behavior(distribution_default_cache_behavior)
            .cache_behaviors([distribution_cache_behaviors_1, distribution_cache_behaviors_2])
            .custom_error_responses([distribution_custom_error_responses_1, distribution_custom_error_responses_2])
            .aliases(["conformance.example.com"])
            .viewer_certificate(distribution_viewer_certificate)
            .viewer_mtls(distribution_viewer_mtls)
            .geo_restriction(cloudfront::GeoRestriction::only(["DE", "FR"]))
            .default_root_object("index.html")
            .comment("made by the conformance suite")
            .price_class(cloudfront::PriceClass::Class100)
            .http_version(cloudfront::HttpVersion::Http2and3)
            .logging(cloudfront::Logging::bucket("conformance-logs.s3.amazonaws.com", "site/", true))
            .web_acl("arn:aws:wafv2:us-east-1:123456789012:global/webacl/conformance/1")
            .anycast_ip_list("aip_conformance")
            .connection_function("cf_conformance")
            .continuous_deployment_policy("0e3c1b5a-0000-4000-8000-000000000002")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("distribution", distribution, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn origin_access_control(stack: &mut Stack) {
    stack.component("origin-access-control", |stack| {
        let conformance_access = cloudfront::OriginAccessControl::builder()
            .name("Conformance-Access")
            .description("made by the conformance suite")
            .build();
        stack.add_with("Conformance-Access", conformance_access, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn response_headers_policy(stack: &mut Stack) {
    stack.component("response-headers-policy", |stack| {
        let conformance_headers_cors = cloudfront::CorsSettings::builder()
            .allow_origins(["https://example.com"])
            .allow_methods([cloudfront::CorsMethod::Get, cloudfront::CorsMethod::Head])
            .allow_headers(["Authorization"])
            .expose_headers(["ETag"])
            .allow_credentials(true)
            .max_age_seconds(60)
            .origin_override(false)
            .build();
        let conformance_headers_cors = cloudfront::Cors::answered(conformance_headers_cors);
        let conformance_headers = cloudfront::ResponseHeadersPolicy::builder()
            .name("Conformance-Headers")
            .comment("made by the conformance suite")
            .cors(conformance_headers_cors)
            .content_security_policy(cloudfront::ContentSecurityPolicy::sent("default-src 'self'", true))
            .content_type_options(cloudfront::ContentTypeOptions::nosniff(true))
            .frame_options(cloudfront::FrameOptions::deny(true))
            .referrer_policy(cloudfront::ReferrerPolicy::sent(cloudfront::Referrer::SameOrigin, true))
            .strict_transport_security(cloudfront::StrictTransportSecurity::sent(31536000, true, false, true))
            .xss_protection(cloudfront::XssProtection::blocked(true))
            .custom_headers([cloudfront::CustomHeader::builder().header("X-Team").value("a").build()])
            .remove_headers(["Server"])
            .server_timing(cloudfront::ServerTiming::sampled(5000))
            .build();
        stack.add_with("Conformance-Headers", conformance_headers, options().import("the-id"));
    });
}
