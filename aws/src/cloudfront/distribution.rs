//! `aws:cloudfront/distribution`: the edge of CloudFront before an origin.
//!
//! ```
//! use formwork_aws::cloudfront::{
//!     Behavior, Distribution, ErrorAnswer, ErrorResponse, Origin, OriginAccessControlId, PriceClass, managed,
//! };
//!
//! let assets = Origin::builder()
//!     .id("assets")
//!     .domain_name("acme-assets.s3.eu-west-1.amazonaws.com")
//!     .access_control(OriginAccessControlId::new("E327GJI25M56DG"))
//!     .build();
//! let page = ErrorResponse::builder().error_code(404).answer(ErrorAnswer::page("/index.html", 200)).build();
//! let site = Distribution::builder()
//!     .origins([assets])
//!     .default_cache_behavior(
//!         Behavior::builder().target_origin("assets").cache_policy(managed::caching_optimized()).build(),
//!     )
//!     .custom_error_responses([page])
//!     .default_root_object("index.html")
//!     .price_class(PriceClass::Class100)
//!     .build();
//! # drop(site);
//! ```
//!
//! A change is a whole configuration, sent under the version tag of the one before: what is not modelled here (tenants of a distribution,
//! tags of caches) is sent back as it was read. Only a disabled distribution can be deleted, so a delete disables it first and waits
//! until every edge knows.

mod blocks;
mod conformance;
mod convert;
mod observe;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudfront::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Sought, Status, Swept, Waiting};
use formwork_engine::{Hazard, Outputs, Resource, id};
use futures::future::join;

pub use blocks::{
    AllowedMethods, Behavior, CachedMethods, CustomOrigin, ErrorAnswer, ErrorResponse, Event, ForwardedCookies,
    ForwardedValues, Function, GeoRestriction, HttpVersion, IpAddressType, LambdaFunction, Logging,
    MinimumProtocolVersion, MtlsMode, Origin, OriginGroup, OriginProtocolPolicy, OriginSelection, OriginType,
    PathBehavior, PriceClass, SslProtocol, SslSupportMethod, ViewerCertificate, ViewerMtls, ViewerProtocolPolicy,
    VpcOrigin,
};

use super::{unfinished, vanished};
use crate::arn::Arn;
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Readings, Update, Updated};
use crate::questions::each;
use crate::route53::HostedZoneId;
use crate::sweep::{Listed, one_by_one};
use crate::tags::{self, Tags};

id! {
    /// The id of a distribution, such as `EDFDVBD632BHDS5`.
    pub struct DistributionId;
}

const GONE: &[&str] = &["NoSuchDistribution"];

/// Where aliases of Route 53 to any distribution lie: the same zone of CloudFront's for all.
const HOSTED_ZONE: &str = "Z2FDTNDATAQYW2";

/// The edge of CloudFront before one or more origins: what it answers from its caches, what it asks the origins, and under which names.
///
/// It takes minutes until all edges know a change. What it is (`arn`, `domain_name`) is known at once, so that the policy of a bucket can
/// name it meanwhile.
#[derive(Resource)]
#[resource(
    kind = "aws:cloudfront/distribution",
    cfn = "AWS::CloudFront::Distribution",
    id = DistributionId,
    outputs = DistributionOutputs,
    guard = token,
    // A name leads to one distribution: the next one could not have it while this one stands.
    delete_first,
    create_wait = (30, 15, 1, 5400),
    update_wait = (10, 15, 2, 5400),
    delete_wait = (30, 15, 1, 5400)
)]
pub struct Distribution {
    /// Where it asks for what it has not; at most 100.
    #[arg(in_place, cfn = "DistributionConfig.Origins")]
    pub origins: BTreeSet<Origin>,
    /// Pairs of origins, of which the second is asked where the first fails.
    #[arg(in_place, default, cfn = "DistributionConfig.OriginGroups")]
    pub origin_groups: BTreeSet<OriginGroup>,
    /// What is done with requests that none of `cache_behaviors` is for.
    #[arg(in_place, cfn = "DistributionConfig.DefaultCacheBehavior")]
    pub default_cache_behavior: Behavior,
    /// What is done with requests for certain paths: the first one that fits counts.
    #[arg(in_place, default, cfn = "DistributionConfig.CacheBehaviors")]
    pub cache_behaviors: Vec<PathBehavior>,
    /// What viewers get in place of errors, by code.
    #[arg(in_place, default, cfn = "DistributionConfig.CustomErrorResponses")]
    pub custom_error_responses: BTreeSet<ErrorResponse>,
    /// The names it answers to beside its own, such as `www.example.com` or `*.example.com`; they need a `viewer_certificate` that covers them.
    #[arg(in_place, default, cfn = "DistributionConfig.Aliases", hazards = aliases_hazards)]
    pub aliases: BTreeSet<String>,
    /// By which certificate it proves its names; by CloudFront's own, for the name that CloudFront gives it, when left out.
    #[arg(in_place, default = ViewerCertificate::Cloudfront, cfn = "DistributionConfig.ViewerCertificate")]
    pub viewer_certificate: ViewerCertificate,
    /// Whether viewers must have a certificate too; they need none when left out.
    #[arg(in_place, default = ViewerMtls::Off, cfn = "DistributionConfig.ViewerMtlsConfig")]
    pub viewer_mtls: ViewerMtls,
    /// Where it answers requests from; everywhere when left out.
    #[arg(in_place, default = GeoRestriction::Unrestricted, cfn = "DistributionConfig.Restrictions")]
    pub geo_restriction: GeoRestriction,
    /// The object that stands for `/`, such as `index.html`, without a slash before it; none when empty.
    #[arg(in_place, default, cfn = "DistributionConfig.DefaultRootObject")]
    pub default_root_object: String,
    /// What it is for, at most 128 characters.
    #[arg(in_place, default, cfn = "DistributionConfig.Comment")]
    pub comment: String,
    /// Whether it answers requests.
    #[arg(in_place, default = true, cfn = "DistributionConfig.Enabled", hazards = enabled_hazards)]
    pub enabled: bool,
    /// Which edges it uses, and so what it costs; all when left out.
    #[arg(in_place, default = PriceClass::All, cfn = "DistributionConfig.PriceClass")]
    pub price_class: PriceClass,
    /// The newest version of HTTP that viewers may speak.
    #[arg(in_place, default = HttpVersion::Http2, cfn = "DistributionConfig.HttpVersion")]
    pub http_version: HttpVersion,
    /// Whether it has IPv6 addresses too.
    #[arg(in_place, default = true, cfn = "DistributionConfig.IPV6Enabled")]
    pub ipv6_enabled: bool,
    /// Where requests are logged; nowhere when left out.
    #[arg(in_place, default = Logging::Off, cfn = "DistributionConfig.Logging")]
    pub logging: Logging,
    /// The web ACL that requests must pass: the ARN of one of WAF's (made in us-east-1), or the id of one of WAF Classic's; none when empty.
    #[arg(in_place, default, cfn = "DistributionConfig.WebACLId")]
    pub web_acl: String,
    /// The id of the list of static addresses that it is reached under; it has changing ones when empty.
    #[arg(in_place, default, cfn = "DistributionConfig.AnycastIpListId")]
    pub anycast_ip_list: String,
    /// The id of the function that sees each connection; none when empty.
    #[arg(in_place, default, cfn = "DistributionConfig.ConnectionFunctionAssociation")]
    pub connection_function: String,
    /// The id of the policy by which a part of the requests goes to a staging distribution; none when empty.
    #[arg(in_place, default, cfn = "DistributionConfig.ContinuousDeploymentPolicyId")]
    pub continuous_deployment_policy: String,
    /// Whether it is only for trying out changes of another one.
    #[arg(replace, default = false, cfn = "DistributionConfig.Staging")]
    pub staging: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// Who comes by a name that is taken away finds nothing.
fn aliases_hazards(before: &BTreeSet<String>, after: &BTreeSet<String>) -> &'static [Hazard] {
    if before.is_subset(after) { &[] } else { &[Hazard::Outage] }
}

fn enabled_hazards(_: &bool, after: &bool) -> &'static [Hazard] {
    if *after { &[] } else { &[Hazard::Outage] }
}

/// What is known of a distribution once it is there.
#[derive(Outputs)]
pub struct DistributionOutputs {
    /// The id.
    #[output(stage = accepted)]
    pub id: DistributionId,
    /// The ARN: what the policy of a bucket lets in.
    #[output(stage = accepted)]
    pub arn: Arn<Distribution>,
    /// Its own name, such as `d111111abcdef8.cloudfront.net`.
    #[output(stage = accepted)]
    pub domain_name: String,
    /// The hosted zone for an alias record to it, the same for all distributions.
    #[output(stage = accepted)]
    pub hosted_zone_id: HostedZoneId,
}

impl Lifecycle for Distribution {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        const CREATE: &str = "cloudfront CreateDistribution";
        let tags = tags_of(tags::all(owner, &args.tags))?;
        let config = sdk::DistributionConfigWithTags::builder()
            .distribution_config(args.config(&owner.token)?)
            .tags(sdk::Tags::builder().set_items(Some(tags)).build())
            .build();
        let call = aws.cloudfront().create_distribution_with_tags().distribution_config_with_tags(config);
        let id = call.send().await?.distribution.map(|distribution| distribution.id);
        Ok(Created::whole(id.ok_or_else(|| Error::unexpected(CREATE, "no id in the answer"))?))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| get(aws, &one.id)).await;
        let found =
            found.into_iter().filter_map(Result::transpose).map(|it| it.map(|it| (it.0.id.clone(), status(&it.0))));
        found.collect()
    }

    async fn read(aws: &Aws, ids: &[DistributionId]) -> Result<Readings<Self>> {
        let found = each(ids, |id| async {
            let (distribution, tags) = join(get(aws, id.as_str()), read_tags(aws, &arn(aws, id))).await;
            let (Some((distribution, etag)), Some(tags)) = (distribution?, tags?) else { return Ok(None) };
            let mut seen = observe::observe(id.clone(), distribution, tags)?;
            seen.version = etag;
            Ok(Some(seen))
        });
        let found = ids.iter().cloned().zip(found.await);
        Ok(found.filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let mut all = all(aws).await?;
        // Lists have no tags: what says something else of itself need not be asked whose it is.
        all.retain(|it| args.is_none_or(|args| args.comment == it.comment));
        let found = each(&all, |it| async {
            let owned = read_tags(aws, &it.arn).await?.and_then(|tags| tags.owner);
            Ok::<_, Error>(tags::candidate(owner, &it.id, owned.as_ref()))
        });
        let found = found.await.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(found.into_iter().filter(|candidate| candidate.proof != Proof::Name).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<DistributionChanges>> {
        const UPDATE: &str = "cloudfront UpdateDistribution";
        let Update { owner, id, now, planned, changes, .. } = update;
        let (found, etag) = get(aws, id.as_str()).await?.ok_or_else(|| vanished(UPDATE))?;
        let before = found.distribution_config.ok_or_else(|| Error::unexpected(UPDATE, "it has no configuration"))?;
        let mut config = before.clone();
        planned.put_into(&mut config, &changes)?;
        if config != before {
            put(aws, id, config, etag).await?;
        }
        if changes.tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let set = sdk::Tags::builder().set_items(Some(tags_of(set)?)).build();
            aws.cloudfront().tag_resource().resource(&found.arn).tags(set).send().await?;
            if !removed.is_empty() {
                let keys = sdk::TagKeys::builder().set_items(Some(removed.into_iter().collect())).build();
                aws.cloudfront().untag_resource().resource(&found.arn).tag_keys(keys).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &DistributionId, _: &Self) -> Result<Deletion> {
        let Some((found, etag)) = get(aws, id.as_str()).await? else { return Ok(Deletion::Done) };
        if let Some(mut config) = found.distribution_config.clone().filter(|config| config.enabled) {
            config.enabled = false;
            let answer = put(aws, id, config, etag).await;
            return Ok(if answer.or_gone(GONE)?.is_some() { Deletion::Again } else { Deletion::Done });
        }
        if status(&found) != Status::Ready {
            return Ok(Deletion::Again);
        }
        aws.cloudfront().delete_distribution().id(id.as_str()).set_if_match(etag).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

/// Every distribution that carries the tag of a stack. Their lists have no tags, and their names are made by CloudFront.
pub(crate) async fn marked(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let listed =
        all(aws).await?.into_iter().map(|it| Listed { made_at: it.last_modified_time.secs(), by: it.arn, id: it.id });
    one_by_one(sought, Distribution::schema().kind, listed, async |arn: String| pairs(aws, &arn).await).await
}

/// A distribution, and the version tag of its configuration.
async fn get(aws: &Aws, id: &str) -> Result<Option<(sdk::Distribution, Option<String>)>> {
    let answer = aws.cloudfront().get_distribution().id(id).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|it| Some((it.distribution?, it.e_tag))))
}

async fn put(aws: &Aws, id: &DistributionId, config: sdk::DistributionConfig, etag: Option<String>) -> Result<()> {
    let call = aws.cloudfront().update_distribution().id(id.as_str()).set_if_match(etag);
    call.distribution_config(config).send().await?;
    Ok(())
}

async fn all(aws: &Aws) -> Result<Vec<sdk::DistributionSummary>> {
    let mut found = Vec::new();
    let mut pages = aws.cloudfront().list_distributions().into_paginator().send();
    while let Some(page) = pages.next().await {
        found.extend(page?.distribution_list.and_then(|list| list.items).unwrap_or_default());
    }
    Ok(found)
}

fn status(distribution: &sdk::Distribution) -> Status {
    match distribution.status.as_str() {
        "Deployed" => Status::Ready,
        word => Status::Pending(word.to_owned()),
    }
}

fn arn(aws: &Aws, id: &DistributionId) -> String {
    format!("arn:{}:cloudfront::{}:distribution/{id}", aws.partition(), aws.account())
}

fn tags_of(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<sdk::Tag>> {
    let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build().map_err(unfinished("cloudfront Tag"));
    tags.into_iter().map(tag).collect()
}

async fn pairs(aws: &Aws, arn: &str) -> Result<Option<Vec<(String, String)>>> {
    let answer = aws.cloudfront().list_tags_for_resource().resource(arn).send().await.or_gone(&["NoSuchResource"])?;
    let tags = answer.map(|answer| answer.tags.and_then(|tags| tags.items).unwrap_or_default());
    Ok(tags.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()))
}

async fn read_tags(aws: &Aws, arn: &str) -> Result<Option<tags::Read>> {
    Ok(pairs(aws, arn).await?.map(|pairs| tags::read(aws, pairs)))
}
