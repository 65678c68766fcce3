//! The permissions of the types of CloudFront. AWS makes their ids, so that what is there already cannot be told apart by ARN.

use super::{CachePolicy, Distribution, OriginAccessControl, ResponseHeadersPolicy};
use crate::permissions::{Permission, Permitted, create, delete, look, update};

const DISTRIBUTION: &[&str] = &[Distribution::ARN];
const CONTROL: &[&str] = &[OriginAccessControl::ARN];
const CACHE: &[&str] = &[CachePolicy::ARN];
const HEADERS: &[&str] = &[ResponseHeadersPolicy::ARN];

impl Permitted for Distribution {
    const ARN: &'static str = "arn:{partition}:cloudfront::{account}:distribution/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["cloudfront:GetDistribution", "cloudfront:ListTagsForResource"]).on(DISTRIBUTION),
        look(&["cloudfront:ListDistributions"]).because("one of which the answer was lost is found among all of them"),
        create(&["cloudfront:CreateDistribution", "cloudfront:TagResource"]).on(DISTRIBUTION),
        update(&["cloudfront:TagResource", "cloudfront:UntagResource", "cloudfront:UpdateDistribution"])
            .on(DISTRIBUTION),
        delete(&["cloudfront:DeleteDistribution"]).on(DISTRIBUTION),
        delete(&["cloudfront:UpdateDistribution"]).on(DISTRIBUTION).because("it is disabled before it is deleted"),
    ];
}

impl Permitted for OriginAccessControl {
    const ARN: &'static str = "arn:{partition}:cloudfront::{account}:origin-access-control/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["cloudfront:GetOriginAccessControl"]).on(CONTROL),
        look(&["cloudfront:ListOriginAccessControls"])
            .because("many are read as one list, and one of which the answer was lost is found by its name"),
        create(&["cloudfront:CreateOriginAccessControl"]).on(CONTROL),
        update(&["cloudfront:UpdateOriginAccessControl"]).on(CONTROL),
        delete(&["cloudfront:DeleteOriginAccessControl"]).on(CONTROL),
    ];
}

impl Permitted for CachePolicy {
    const ARN: &'static str = "arn:{partition}:cloudfront::{account}:cache-policy/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["cloudfront:GetCachePolicy"]).on(CACHE),
        look(&["cloudfront:ListCachePolicies"])
            .because("many are read as one list, and one of which the answer was lost is found by its name"),
        create(&["cloudfront:CreateCachePolicy"]).on(CACHE),
        update(&["cloudfront:UpdateCachePolicy"]).on(CACHE),
        delete(&["cloudfront:DeleteCachePolicy"]).on(CACHE),
    ];
}

impl Permitted for ResponseHeadersPolicy {
    const ARN: &'static str = "arn:{partition}:cloudfront::{account}:response-headers-policy/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["cloudfront:GetResponseHeadersPolicy"]).on(HEADERS),
        look(&["cloudfront:ListResponseHeadersPolicies"])
            .because("many are read as one list, and one of which the answer was lost is found by its name"),
        create(&["cloudfront:CreateResponseHeadersPolicy"]).on(HEADERS),
        update(&["cloudfront:UpdateResponseHeadersPolicy"]).on(HEADERS),
        delete(&["cloudfront:DeleteResponseHeadersPolicy"]).on(HEADERS),
    ];
}
