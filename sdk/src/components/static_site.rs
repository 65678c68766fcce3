//! [`StaticSite`]: files in a private bucket, and the distribution before it.

use formwork_aws::Arn;
use formwork_aws::acm::Certificate;
use formwork_aws::cloudfront::{
    AllowedMethods, Behavior, CachePolicyId, CachedMethods, Distribution, ErrorAnswer, ErrorResponse, HttpVersion,
    MinimumProtocolVersion, Origin, OriginAccessControl, OriginRequestPolicyId, PriceClass, ResponseHeadersPolicyId,
    SslSupportMethod, ViewerCertificate, ViewerProtocolPolicy, managed,
};
use formwork_aws::iam::{PolicyDocument, Principal, Statement};
use formwork_aws::route53::{Alias, HostedZoneId, RecordSet, RecordType};
use formwork_aws::s3::{Algorithm, Bucket, BucketPolicy, CorsRule, Encryption, LifecycleRule, Ownership};
use formwork_engine::{Handle, Input, IntoInput, Options, Output, Stack, join};

use super::Tags;

/// A static site: a closed bucket (AES-256, versions, all four public access blocks), a distribution of CloudFront before it that speaks TLS
/// only, and a policy of the bucket that lets just this distribution read.
///
/// ```
/// use formwork::components::{SiteCertificate, StaticSite};
/// use formwork::prelude::*;
/// use formwork::testing;
///
/// fn site(stack: &mut Stack, certificate: &String) -> Result<()> {
///     let site = StaticSite {
///         names: vec!["static.example.com".to_owned()],
///         certificate: Some(SiteCertificate::of(Arn::new(certificate.as_str()))),
///         zone: Some(Output::known(route53::HostedZoneId::new("Z0123456789ABCDEFGHIJ"))),
///         ..StaticSite::of("acme-static")
///     };
///     let site = site.declare(stack, "site");
///     stack.export("site_domain_name", &site.distribution.domain_name);
///     Ok(())
/// }
///
/// let certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0e3c1b5a-4d5f-4c51-9f39-5b2b0d3f8a10";
/// let plan = testing::plan(site, &certificate.to_owned());
/// assert_eq!(plan.resource::<cloudfront::Distribution>("site/main").arg("price_class").as_text(), Some("PriceClass_100"));
/// ```
///
/// The ARN of the distribution is known as soon as CloudFront has accepted it: the policy of the bucket is made while the edges still learn of it.
#[derive(Debug, Clone)]
pub struct StaticSite {
    /// The name of the bucket, unique in the world.
    pub bucket_name: Output<String>,
    /// What it is for; shown by CloudFront.
    pub comment: String,
    /// The names it is reached under beside CloudFront's own; they need a `certificate` that covers them.
    pub names: Vec<String>,
    /// The certificate for `names`.
    pub certificate: Option<SiteCertificate>,
    /// The zone in which `names` lead to the distribution, from IPv4 and IPv6; their records are somebody else's business when absent.
    pub zone: Option<Output<HostedZoneId>>,
    /// The object that stands for `/`.
    pub index: String,
    /// Whether the site is one page that looks at the path itself: what is not there is answered with `index`, as if it were.
    pub is_single_page: bool,
    /// For how many seconds an edge keeps such an answer.
    pub missing_seconds: i64,
    /// Which edges are used.
    pub price_class: PriceClass,
    /// For how long answers are kept.
    pub cache_policy: Input<CachePolicyId>,
    /// What of a request the bucket gets.
    pub origin_request_policy: Input<OriginRequestPolicyId>,
    /// Which headers answers get.
    pub response_headers_policy: Input<ResponseHeadersPolicyId>,
    /// The ARN of the web ACL that requests must pass; none when empty.
    pub web_acl: Output<String>,
    /// What pages of other origins may do with the files.
    pub cors_rules: Vec<Input<CorsRule>>,
    /// What becomes of files in the course of time, beside uploads that were never finished, which go after a week.
    pub lifecycle_rules: Vec<Input<LifecycleRule>>,
    /// Further statements of the bucket's policy, of which there is only one: who else may do what.
    pub statements: Vec<Statement>,
    /// Options of the bucket, such as `protect`.
    pub bucket_options: Options,
    /// Tags for everything that has tags.
    pub tags: Tags,
}

/// The certificate of a site: one that is issued, in us-east-1.
#[derive(Debug, Clone)]
pub struct SiteCertificate {
    /// Its ARN. From what waits until it is issued, so that the distribution is not made before.
    pub arn: Input<Arn<Certificate>>,
    /// The oldest version of TLS that browsers may speak.
    pub oldest: MinimumProtocolVersion,
}

impl SiteCertificate {
    /// A certificate, for browsers that speak TLS 1.2 with the ciphers of 2021.
    pub fn of(arn: impl IntoInput<Arn<Certificate>>) -> Self {
        Self { arn: arn.into_input(), oldest: MinimumProtocolVersion::Tls12_2021 }
    }
}

/// The handles of a [`StaticSite`].
#[derive(Debug)]
pub struct StaticSiteParts {
    /// The bucket with the files.
    pub bucket: Handle<Bucket>,
    /// Who the distribution is towards the bucket.
    pub access: Handle<OriginAccessControl>,
    /// The distribution.
    pub distribution: Handle<Distribution>,
    /// The policy that lets the distribution read.
    pub policy: Handle<BucketPolicy>,
    /// The records of the names, two for each, in the order of the names; none without a zone.
    pub records: Vec<Handle<RecordSet>>,
}

/// How the distribution calls the bucket.
const ORIGIN: &str = "bucket";
/// What an upload that was never finished may take before it is cleared away.
const ABORT_UPLOADS_AFTER_DAYS: i32 = 7;
/// What S3 says of what is not there: 403 to who may not list the bucket, which the distribution may not.
const MISSING: [i32; 2] = [403, 404];

impl StaticSite {
    /// A site in this bucket, with what most have: a single page, `index.html`, AWS's own policies for caches and headers, the cheapest edges, no
    /// name of its own.
    pub fn of(bucket_name: impl IntoInput<String>) -> Self {
        Self {
            bucket_name: bucket_name.into_input().into(),
            comment: String::new(),
            names: Vec::new(),
            certificate: None,
            zone: None,
            index: "index.html".to_owned(),
            is_single_page: true,
            missing_seconds: 10,
            price_class: PriceClass::Class100,
            cache_policy: managed::caching_optimized().into_input(),
            origin_request_policy: managed::cors_s3_origin().into_input(),
            response_headers_policy: managed::security_headers().into_input(),
            web_acl: Output::known(String::new()),
            cors_rules: Vec::new(),
            lifecycle_rules: Vec::new(),
            statements: Vec::new(),
            bucket_options: Options::default(),
            tags: Tags::new(),
        }
    }

    /// Declares bucket, access control, distribution and policy under `name`.
    #[track_caller]
    pub fn declare(&self, stack: &mut Stack, name: &str) -> StaticSiteParts {
        stack.component(name, |stack| {
            let bucket = stack.add_with("main", self.bucket(), self.bucket_options.clone());
            let access = OriginAccessControl::builder().name(&self.bucket_name).description(&self.comment).build();
            let access = stack.add("main", access);
            let distribution = stack.add("main", self.distribution(&bucket, &access));
            let policy = BucketPolicy::builder().bucket(&bucket).policy(self.policy(&bucket, &distribution)).build();
            let policy = stack.add("main", policy);
            let records = self.records(stack, &distribution);
            StaticSiteParts { bucket, access, distribution, policy, records }
        })
    }

    fn bucket(&self) -> formwork_engine::Declared<Bucket> {
        let uploads = LifecycleRule::builder()
            .id("unfinished-uploads")
            .abort_incomplete_multipart_upload_days(ABORT_UPLOADS_AFTER_DAYS)
            .build();
        let rules: Vec<_> = self.lifecycle_rules.iter().cloned().chain([uploads]).collect();
        Bucket::builder()
            .name(&self.bucket_name)
            .encryption(Encryption::builder().algorithm(Algorithm::Aes256).build())
            .versioning(true)
            .ownership(Ownership::BucketOwnerEnforced)
            .cors_rules(self.cors_rules.clone())
            .lifecycle_rules(rules)
            .tags(self.tags.clone())
            .build()
    }

    fn distribution(
        &self,
        bucket: &Handle<Bucket>,
        access: &Handle<OriginAccessControl>,
    ) -> formwork_engine::Declared<Distribution> {
        let origin = Origin::builder()
            .id(ORIGIN)
            // The regional name: under the other one S3 sends elsewhere until it knows the bucket everywhere.
            .domain_name(&bucket.regional_domain_name)
            .access_control(access)
            .build();
        let behavior = Behavior::builder()
            .target_origin(ORIGIN)
            .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
            .allowed_methods(AllowedMethods::GetHeadOptions)
            .cached_methods(CachedMethods::GetHeadOptions)
            .compress(true)
            .cache_policy(self.cache_policy.clone())
            .origin_request_policy(self.origin_request_policy.clone())
            .response_headers_policy(self.response_headers_policy.clone())
            .build();
        let certificate = self.certificate.as_ref().map_or_else(ViewerCertificate::cloudfront, |certificate| {
            ViewerCertificate::acm(certificate.arn.clone(), SslSupportMethod::SniOnly, certificate.oldest)
        });
        Distribution::builder()
            .origins([origin])
            .default_cache_behavior(behavior)
            .custom_error_responses(self.error_responses())
            .aliases(self.names.clone())
            .viewer_certificate(certificate)
            .default_root_object(&self.index)
            .comment(&self.comment)
            .price_class(self.price_class)
            .http_version(HttpVersion::Http2and3)
            .web_acl(&self.web_acl)
            .tags(self.tags.clone())
            .build()
    }

    fn error_responses(&self) -> Vec<Input<ErrorResponse>> {
        let answer = |code| {
            let page = ErrorAnswer::page(format!("/{}", self.index), 200);
            ErrorResponse::builder().error_code(code).answer(page).caching_seconds(self.missing_seconds).build()
        };
        if self.is_single_page { MISSING.map(answer).into() } else { Vec::new() }
    }

    fn records(&self, stack: &mut Stack, distribution: &Handle<Distribution>) -> Vec<Handle<RecordSet>> {
        let Some(zone) = &self.zone else { return Vec::new() };
        let kinds = [(RecordType::A, "ipv4"), (RecordType::Aaaa, "ipv6")];
        let both = self.names.iter().flat_map(|name| kinds.map(|(record_type, word)| (name, record_type, word)));
        both.map(|(name, record_type, word)| {
            let record = RecordSet::builder()
                .hosted_zone(zone)
                .name(name)
                .record_type(record_type)
                .alias(Alias::to_distribution(&distribution.domain_name));
            // `*` may stand in no urn.
            stack.add(&format!("{}-{word}", name.replace('*', "any")), record.build())
        })
        .collect()
    }

    fn policy(&self, bucket: &Handle<Bucket>, distribution: &Handle<Distribution>) -> PolicyDocument {
        let objects = || join([(&bucket.arn).into(), "/*".into()]);
        let read = Statement::allow()
            .sid("Distribution")
            .principal(Principal::service("cloudfront.amazonaws.com"))
            .action("s3:GetObject")
            .resource(objects())
            .condition("StringEquals", "AWS:SourceArn", [&distribution.arn]);
        let tls_only = Statement::deny()
            .sid("TlsOnly")
            .principal(Principal::anybody())
            .action("s3:*")
            .resource(&bucket.arn)
            .resource(objects())
            .condition("Bool", "aws:SecureTransport", ["false"]);
        PolicyDocument::of([read, tls_only].into_iter().chain(self.statements.iter().cloned()))
    }
}

#[cfg(test)]
mod tests {
    use formwork_engine::Value;

    use super::*;
    use crate::testing;

    fn site(stack: &mut Stack, certificate: &Option<String>) -> crate::Result<()> {
        let rule = CorsRule::builder().allowed_methods(["GET", "HEAD"]).allowed_origins(["*"]).build();
        let site = StaticSite {
            names: certificate.iter().map(|_| "static.example.com".to_owned()).collect(),
            certificate: certificate.as_ref().map(|arn| SiteCertificate::of(Arn::new(arn.as_str()))),
            cors_rules: vec![rule],
            ..StaticSite::of("acme-static")
        };
        site.declare(stack, "site");
        Ok(())
    }

    const CERTIFICATE: &str = "arn:aws:acm:us-east-1:123456789012:certificate/0e3c1b5a-4d5f-4c51-9f39-5b2b0d3f8a10";

    #[test]
    fn the_bucket_lets_in_just_its_distribution_and_nothing_goes_round() {
        let plan = testing::plan(site, &Some(CERTIFICATE.to_owned()));
        let distribution = plan.resource::<Distribution>("site/main");
        assert!(distribution.comes_after("site/main", &plan), "after bucket and access control");
        let policy = plan.resource::<BucketPolicy>("site/main");
        assert!(policy.refers_to("policy", "site/main"));
        let said = |kind: &str| {
            let resources = plan.program().resources.iter();
            let found = resources.filter(|(urn, _)| urn.kind().to_string() == kind);
            found.map(|(_, declared)| declared.args["policy"].to_string()).collect::<String>()
        };
        let text = said("aws:s3/bucket-policy");
        for part in ["cloudfront.amazonaws.com", "s3:GetObject", r#"["AWS:SourceArn"]: site/main.arn"#, "TlsOnly"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let bucket = plan.resource::<Bucket>("site/main");
        assert_eq!(*bucket.arg("versioning"), Value::Bool(true));
        assert_eq!(*bucket.arg("public_access_block.restrict_public_buckets"), Value::Bool(true));
    }

    #[test]
    fn browsers_get_tls_of_2021_and_the_page_for_every_path() {
        let plan = testing::plan(site, &Some(CERTIFICATE.to_owned()));
        let distribution = plan.resource::<Distribution>("site/main");
        assert_eq!(distribution.arg("viewer_certificate.certificate").as_text(), Some(CERTIFICATE));
        assert_eq!(distribution.arg("viewer_certificate.minimum_protocol_version").as_text(), Some("TLSv1.2_2021"));
        assert_eq!(
            distribution.arg("default_cache_behavior.viewer_protocol_policy").as_text(),
            Some("redirect-to-https")
        );
        let answers = distribution.arg("custom_error_responses").as_list().map(|list| list.len());
        assert_eq!(answers, Some(2));
    }

    #[test]
    fn without_a_name_it_has_the_one_of_cloudfront() {
        let plan = testing::plan(site, &None);
        let distribution = plan.resource::<Distribution>("site/main");
        assert_eq!(distribution.arg("viewer_certificate.source").as_text(), Some("cloudfront"));
        assert_eq!(plan.plan().steps.len(), 4);
    }
}
