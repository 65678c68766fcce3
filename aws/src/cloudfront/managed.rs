//! The policies that AWS maintains, by their names. Every account has them, under ids that are the same for all.
//!
//! Sources: "Use managed cache policies", "Use managed origin request policies" and "Use managed response headers policies" in the CloudFront
//! Developer Guide.
//!
//! ```
//! use formwork_aws::cloudfront::{Behavior, managed};
//!
//! let behavior = Behavior::builder()
//!     .target_origin("assets")
//!     .cache_policy(managed::caching_optimized())
//!     .origin_request_policy(managed::cors_s3_origin())
//!     .response_headers_policy(managed::security_headers())
//!     .build();
//! # drop(behavior);
//! ```

use formwork_engine::id;

use super::{CachePolicyId, ResponseHeadersPolicyId};

id! {
    /// The id of an origin request policy: what of a request is sent on to the origin.
    pub struct OriginRequestPolicyId;
}

macro_rules! policies {
    ($($id:ident { $($(#[$doc:meta])* $name:ident $value:literal;)+ })+) => {
        $($(
            $(#[$doc])*
            pub fn $name() -> $id {
                $id::new($value)
            }
        )+)+

        /// All of them.
        #[cfg(test)]
        const ALL: &[&str] = &[$($($value),+),+];
    };
}

policies! {
    CachePolicyId {
    /// `Amplify`: for an origin that is a web app of Amplify's.
    amplify "2e54312d-136d-493c-8eb9-b001f22f67d2";
    /// `CachingDisabled`: nothing is kept. For what is made anew for each request.
    caching_disabled "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
    /// `CachingOptimized`: one object per path, kept for a day, compressed with gzip and Brotli. For static files.
    caching_optimized "658327ea-f89d-4fab-a63d-7e88639e58f6";
    /// `CachingOptimizedForUncompressedObjects`: the same without compression.
    caching_optimized_for_uncompressed_objects "b2884449-e4de-46a7-ac36-70bc7f1ddd6d";
    /// `Elemental-MediaPackage`: for an endpoint of MediaPackage.
    elemental_media_package "08627262-05a9-4f76-9ded-b50ca2e3a84f";
    /// `UseOriginCacheControlHeaders`: the origin's `Cache-Control` decides; the query string makes no difference.
    use_origin_cache_control_headers "83da9c7e-98b4-4e11-a168-04f0df8e2c65";
    /// `UseOriginCacheControlHeaders-QueryStrings`: the origin's `Cache-Control` decides, for each query string apart.
    use_origin_cache_control_headers_query_strings "4cc15a8a-d715-48a4-82b8-cc0b614638fe";
    }
    OriginRequestPolicyId {
    /// `AllViewer`: everything of the viewer's request. Not for S3, which knows no other host than its own.
    all_viewer "216adef6-5c7f-47e4-b989-5492eafa07d3";
    /// `AllViewerAndCloudFrontHeaders-2022-06`: everything of the viewer's request, and the headers that CloudFront had in June 2022.
    all_viewer_and_cloudfront_headers_2022_06 "33f36d7e-f396-46d9-90e0-52428a34d9dc";
    /// `AllViewerExceptHostHeader`: everything of the viewer's request but the host. For API Gateway and function URLs.
    all_viewer_except_host_header "b689b0a8-53d0-40ab-baf2-68738e2966ac";
    /// `CORS-CustomOrigin`: the origin of the page that asks.
    cors_custom_origin "59781a5b-3903-41f3-afcb-af62929ccde1";
    /// `CORS-S3Origin`: the headers by which S3 decides what a page of another origin may do.
    cors_s3_origin "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf";
    /// `Elemental-MediaTailor-PersonalizedManifests`: for an endpoint of MediaTailor.
    elemental_media_tailor "775133bc-15f2-49f9-abea-afb2e0bf67d2";
    /// `HostHeaderOnly`: the host of the viewer's request.
    host_header_only "bf0718e1-ba1e-49d1-88b1-f726733018ae";
    /// `UserAgentRefererHeaders`: which browser asks, and from which page.
    user_agent_referer_headers "acba4595-bd28-49b8-b9fe-13317c0390fa";
    }
    ResponseHeadersPolicyId {
    /// `CORS-and-SecurityHeadersPolicy`: pages of any origin may read simply, and the security headers.
    cors_and_security_headers "e61eb60c-9c35-4d20-a928-2b84e02af89c";
    /// `CORS-With-Preflight`: pages of any origin may do everything.
    cors_with_preflight "5cc3b908-e619-4b99-88e5-2cf7f45965bd";
    /// `CORS-with-preflight-and-SecurityHeadersPolicy`: pages of any origin may do everything, and the security headers.
    cors_with_preflight_and_security_headers "eaab4381-ed33-4a86-88ca-d9558dc6cd63";
    /// `SecurityHeadersPolicy`: the headers that make a browser careful.
    security_headers "67f7725c-6f97-4210-82d7-5512b31e9d03";
    /// `SimpleCORS`: pages of any origin may read simply.
    simple_cors "60669652-455b-4ae9-85a4-c4c02393f86c";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_policy_has_an_id_of_its_own_in_the_form_of_one() {
        let lengths = [8, 4, 4, 4, 12];
        for id in ALL {
            let parts: Vec<&str> = id.split('-').collect();
            assert!(parts.iter().map(|part| part.len()).eq(lengths), "{id}");
            assert!(
                parts.concat().bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit)),
                "{id}"
            );
        }
        assert_eq!(ALL.iter().collect::<BTreeSet<_>>().len(), ALL.len());
    }
}
