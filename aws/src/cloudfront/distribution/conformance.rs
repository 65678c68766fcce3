//! The examples of a distribution.

use formwork_engine::{Expr, Input, Stack};

use super::{
    AllowedMethods, Behavior, CachedMethods, CustomOrigin, Distribution, ErrorAnswer, ErrorResponse, Event,
    ForwardedCookies, ForwardedValues, Function, GeoRestriction, HttpVersion, IpAddressType, LambdaFunction, Logging,
    MinimumProtocolVersion, MtlsMode, Origin, OriginGroup, OriginProtocolPolicy, OriginSelection, OriginType,
    PathBehavior, PriceClass, SslProtocol, SslSupportMethod, ViewerCertificate, ViewerMtls, ViewerProtocolPolicy,
    VpcOrigin,
};
use crate::arn::Arn;
use crate::cloudfront::{CachePolicy, OriginAccessControl, ResponseHeadersPolicy, managed};
use crate::conformance::{Conformance, Conforms};

const CERTIFICATE: &str = "arn:aws:acm:us-east-1:123456789012:certificate/0e3c1b5a-0000-4000-8000-000000000001";

impl Conforms for Distribution {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let control = stack.add("control", OriginAccessControl::builder().name("Conformance-Distribution").build());
        let cache = stack.add("cache", CachePolicy::builder().name("Conformance-Distribution").build());
        let headers = stack.add("headers", ResponseHeadersPolicy::builder().name("Conformance-Distribution").build());
        let assets = |path: &str| {
            Origin::builder()
                .id("assets")
                .domain_name("conformance-assets.s3.eu-west-1.amazonaws.com")
                .path(path)
                .origin_type(OriginType::s3())
                .access_control(&control)
                .connection_attempts(2)
                .connection_timeout(5)
                .read_timeout(20)
                .response_completion_timeout(60)
                .shield_region("eu-west-1")
                .build()
        };
        let api = |team: &str| {
            let endpoint = CustomOrigin::builder()
                .protocol_policy(OriginProtocolPolicy::MatchViewer)
                .http_port(8080)
                .https_port(8443)
                .ssl_protocols([SslProtocol::Tls11, SslProtocol::Tls12])
                .ip_address_type(IpAddressType::Dualstack)
                .build();
            Origin::builder()
                .id("api")
                .domain_name("api.example.com")
                .origin_type(OriginType::custom(endpoint))
                .custom_headers([("X-Team", team)])
                .keepalive_timeout(30)
                .build()
        };
        let within = || {
            let origin = VpcOrigin::builder().vpc_origin("vo_conformance").owner_account("123456789012").build();
            let origin =
                Origin::builder().id("api").domain_name("internal.example.com").origin_type(OriginType::vpc(origin));
            origin.build()
        };
        let before = || {
            let identity = OriginType::s3_identity("origin-access-identity/cloudfront/E74FTE3EXAMPLE");
            let host = "conformance-assets.s3.eu-west-1.amazonaws.com";
            Origin::builder().id("assets").domain_name(host).origin_type(identity).build()
        };
        let group = |codes: [i64; 2]| {
            OriginGroup::builder()
                .id("either")
                .members(["assets", "api"])
                .status_codes(codes.map(|code| i32::try_from(code).unwrap_or_default()))
                .selection(OriginSelection::Default)
                .build()
        };
        let default = |compress: bool| {
            Behavior::builder()
                .target_origin("either")
                .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
                .allowed_methods(AllowedMethods::GetHeadOptions)
                .cached_methods(CachedMethods::GetHeadOptions)
                .compress(compress)
                .cache_policy(&cache)
                .origin_request_policy(managed::cors_s3_origin())
                .response_headers_policy(&headers)
                .build()
        };
        let function = |event| {
            let arn = "arn:aws:cloudfront::123456789012:function/conformance";
            Function::builder().event(event).function(arn).build()
        };
        let lambda = |body| {
            let arn = "arn:aws:lambda:us-east-1:123456789012:function:conformance:1";
            LambdaFunction::builder().event(Event::OriginRequest).function(arn).include_body(body).build()
        };
        let path = |pattern: &str, body: bool| {
            let behavior = Behavior::builder()
                .target_origin("api")
                .viewer_protocol_policy(ViewerProtocolPolicy::HttpsOnly)
                .allowed_methods(AllowedMethods::All)
                .cache_policy(managed::caching_disabled())
                .origin_request_policy(managed::all_viewer_except_host_header())
                .functions([function(Event::ViewerRequest), function(Event::ViewerResponse)])
                .lambda_functions([lambda(body)])
                .trusted_key_groups(["conformance-keys"])
                .realtime_log_config("arn:aws:cloudfront::123456789012:realtime-log-config/conformance")
                .field_level_encryption("C3KM2WVD605UAY")
                .grpc(true)
                .build();
            PathBehavior::builder().path_pattern(pattern).behavior(behavior).build()
        };
        let former = |ttl| {
            let forwarded = ForwardedValues::builder()
                .query_string(true)
                .query_string_cache_keys(["page"])
                .headers(["Accept"])
                .cookies(ForwardedCookies::only(["session"]))
                .min_ttl(1)
                .default_ttl(ttl)
                .max_ttl(600)
                .build();
            let behavior = Behavior::builder()
                .target_origin("assets")
                .forwarded_values(forwarded)
                .trusted_signers(["123456789012"])
                .smooth_streaming(true)
                .build();
            PathBehavior::builder().path_pattern("/former/*").behavior(behavior).build()
        };
        let error = |code: i32, seconds: i64| {
            let answer = ErrorAnswer::page("/index.html", 200);
            ErrorResponse::builder().error_code(code).answer(answer).caching_seconds(seconds).build()
        };
        let certificate = |oldest| ViewerCertificate::acm(Arn::new(CERTIFICATE), SslSupportMethod::SniOnly, oldest);
        let log = |cookies: bool| Logging::bucket("conformance-logs.s3.amazonaws.com", "site/", cookies);
        let base = Distribution::builder()
            .origins([assets("/site"), api("a")])
            .origin_groups([group([500, 503])])
            .default_cache_behavior(default(true))
            .cache_behaviors([path("/api/*", true), former(60)])
            .custom_error_responses([error(403, 60), error(404, 60)])
            .aliases(["conformance.example.com"])
            .viewer_certificate(certificate(MinimumProtocolVersion::Tls12_2019))
            .viewer_mtls(ViewerMtls::verified(MtlsMode::Optional, "conformance-trust", true, false))
            .geo_restriction(GeoRestriction::only(["DE", "FR"]))
            .default_root_object("index.html")
            .comment("made by the conformance suite")
            .enabled(true)
            .price_class(PriceClass::Class100)
            .http_version(HttpVersion::Http2and3)
            .ipv6_enabled(true)
            .logging(log(true))
            .web_acl("arn:aws:wafv2:us-east-1:123456789012:global/webacl/conformance/1")
            .anycast_ip_list("aip_conformance")
            .connection_function("cf_conformance")
            .continuous_deployment_policy("0e3c1b5a-0000-4000-8000-000000000002")
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let list = |items: Vec<Input<PathBehavior>>| items.into_iter().map(Expr::from).collect::<Vec<_>>();
        let both = |one: Input<Origin>, other: Input<Origin>| vec![Expr::from(one), Expr::from(other)];
        let texts = |names: &[&str]| names.iter().map(|name| Expr::text(*name)).collect::<Vec<_>>();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("origins", both(assets(""), api("b")))
            .change("origins", both(before(), within()))
            .change("origins", both(assets("/site"), api("b")))
            .change("origin_groups", vec![Expr::from(group([502, 504]))])
            .change("default_cache_behavior", default(false))
            .change("cache_behaviors", list(vec![former(90), path("/api/*", false)]))
            .change("cache_behaviors", list(vec![path("/other/*", false)]))
            .change("custom_error_responses", vec![Expr::from(error(404, 30))])
            .change("viewer_certificate", certificate(MinimumProtocolVersion::Tls12_2021))
            .change("aliases", texts(&["conformance.example.com", "www.conformance.example.com"]))
            .change("aliases", Vec::<Expr>::new())
            .together_with("viewer_certificate", ViewerCertificate::cloudfront())
            .change("viewer_mtls", ViewerMtls::verified(MtlsMode::Required, "conformance-trust", false, true))
            .together_with("geo_restriction", GeoRestriction::all_but(["KP"]))
            .together_with("logging", log(false))
            .change("viewer_mtls", ViewerMtls::off())
            .together_with("geo_restriction", GeoRestriction::unrestricted())
            .together_with("logging", Logging::off())
            .change("default_root_object", "home.html")
            .together_with("comment", "changed")
            .together_with("price_class", "PriceClass_200")
            .together_with("http_version", "http2")
            .together_with("ipv6_enabled", false)
            .change("web_acl", "")
            .together_with("anycast_ip_list", "")
            .together_with("connection_function", "")
            .together_with("continuous_deployment_policy", "")
            .change("enabled", false)
            .change("enabled", true)
            .change("staging", true)
    }
}
