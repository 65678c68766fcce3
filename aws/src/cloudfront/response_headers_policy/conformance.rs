//! The examples of a response headers policy.

use formwork_engine::{Expr, Stack};

use super::{
    ContentSecurityPolicy, ContentTypeOptions, Cors, CorsMethod, CorsSettings, CustomHeader, FrameOptions, Referrer,
    ReferrerPolicy, ResponseHeadersPolicy, ServerTiming, StrictTransportSecurity, XssProtection,
};
use crate::conformance::{Conformance, Conforms};

impl Conforms for ResponseHeadersPolicy {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let cors = |origin: &str, age| {
            Cors::answered(
                CorsSettings::builder()
                    .allow_origins([origin])
                    .allow_methods([CorsMethod::Get, CorsMethod::Head])
                    .allow_headers(["Authorization"])
                    .expose_headers(["ETag"])
                    .allow_credentials(true)
                    .max_age_seconds(age)
                    .origin_override(false)
                    .build(),
            )
        };
        let header = |value: &str| CustomHeader::builder().header("X-Team").value(value).build();
        let base = ResponseHeadersPolicy::builder()
            .name("Conformance-Headers")
            .comment("made by the conformance suite")
            .cors(cors("https://example.com", 60))
            .content_security_policy(ContentSecurityPolicy::sent("default-src 'self'", true))
            .content_type_options(ContentTypeOptions::nosniff(true))
            .frame_options(FrameOptions::deny(true))
            .referrer_policy(ReferrerPolicy::sent(Referrer::SameOrigin, true))
            .strict_transport_security(StrictTransportSecurity::sent(31_536_000, true, false, true))
            .xss_protection(XssProtection::blocked(true))
            .custom_headers([header("a")])
            .remove_headers(["Server"])
            .server_timing(ServerTiming::sampled(5000))
            .build();
        Conformance::of(base)
            .change("comment", "changed")
            .change("cors", cors("https://example.org", 90))
            .change("cors", Cors::off())
            .change("content_security_policy", ContentSecurityPolicy::sent("default-src 'none'", true))
            .change("content_type_options", ContentTypeOptions::nosniff(false))
            .change("content_type_options", ContentTypeOptions::off())
            .change("frame_options", FrameOptions::same_origin(false))
            .change("referrer_policy", ReferrerPolicy::sent(Referrer::NoReferrer, false))
            .together_with("strict_transport_security", StrictTransportSecurity::sent(60, false, true, false))
            .change("xss_protection", XssProtection::reported("https://example.com/report", true))
            .change("xss_protection", XssProtection::disabled(true))
            .change("custom_headers", vec![Expr::from(header("b"))])
            .change("remove_headers", vec![Expr::text("Server"), Expr::text("X-Powered-By")])
            .change("server_timing", ServerTiming::sampled(1_000_000))
            .change("server_timing", ServerTiming::off())
            .change("name", "Conformance-Headers-2")
    }
}
