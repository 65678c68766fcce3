//! `aws:cloudfront/cache-policy`: for how long a distribution keeps what its origin answered, and for which requests it is the answer.
//!
//! ```
//! use formwork_aws::cloudfront::{CachePolicy, Cookies, QueryStrings};
//!
//! let by_language = CachePolicy::builder()
//!     .name("by-language")
//!     .default_ttl(3600)
//!     .query_strings(QueryStrings::only(["lang"]))
//!     .cookies(Cookies::none())
//!     .build();
//! # drop(by_language);
//! ```
//!
//! Those that AWS maintains are in [`super::managed`].

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudfront::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Block, Name, Outputs, Resource, Stack, id};

use super::{counted, unfinished, vanished};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::named;

id! {
    /// The id of a cache policy, such as `658327ea-f89d-4fab-a63d-7e88639e58f6`.
    pub struct CachePolicyId;
}

const GONE: &[&str] = &["NoSuchCachePolicy"];

/// For how long answers are kept, and for which requests they stand: the cache key. What is in the key is sent to the origin too.
#[derive(Resource)]
#[resource(
    kind = "aws:cloudfront/cache-policy",
    cfn = "AWS::CloudFront::CachePolicy",
    id = CachePolicyId,
    outputs = CachePolicyOutputs,
    guard = unique_name,
    natural_key(name)
)]
pub struct CachePolicy {
    /// The name, 1 to 128 characters of `[A-Za-z0-9_-]`, unique in the account, or a prefix of it.
    #[arg(replace, cfn = "CachePolicyConfig.Name")]
    pub name: Name,
    /// What it is for, at most 128 characters.
    #[arg(in_place, default, cfn = "CachePolicyConfig.Comment")]
    pub comment: String,
    /// For how many seconds an answer is kept at least, whatever the origin says.
    #[arg(in_place, default = 1, cfn = "CachePolicyConfig.MinTTL")]
    pub min_ttl: i64,
    /// For how many seconds an answer is kept of which the origin does not say it; a day when left out.
    #[arg(in_place, default = 86_400, cfn = "CachePolicyConfig.DefaultTTL")]
    pub default_ttl: i64,
    /// For how many seconds an answer is kept at most, whatever the origin says; a year when left out.
    #[arg(in_place, default = 31_536_000, cfn = "CachePolicyConfig.MaxTTL")]
    pub max_ttl: i64,
    /// Whether answers compressed with gzip are kept apart. Needs a `min_ttl` of at least 1 to be of use.
    #[arg(
        in_place,
        default = true,
        cfn = "CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.EnableAcceptEncodingGzip"
    )]
    pub gzip: bool,
    /// The same with Brotli.
    #[arg(
        in_place,
        default = true,
        cfn = "CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.EnableAcceptEncodingBrotli"
    )]
    pub brotli: bool,
    /// The cookies of the key; none when left out.
    #[arg(
        in_place,
        default = Cookies::None,
        cfn = "CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.CookiesConfig"
    )]
    pub cookies: Cookies,
    /// The headers of the key; none when left out.
    #[arg(
        in_place,
        default = Headers::None,
        cfn = "CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.HeadersConfig"
    )]
    pub headers: Headers,
    /// The query strings of the key; none when left out.
    #[arg(
        in_place,
        default = QueryStrings::None,
        cfn = "CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig"
    )]
    pub query_strings: QueryStrings,
}

/// Which cookies are in the key.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum Cookies {
    /// None.
    #[choice("none")]
    None,
    /// All.
    #[choice("all")]
    All,
    /// These.
    #[choice("whitelist")]
    Only {
        /// Their names.
        names: BTreeSet<String>,
    },
    /// All but these.
    #[choice("allExcept")]
    AllExcept {
        /// Their names.
        names: BTreeSet<String>,
    },
}

/// Which headers are in the key.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum Headers {
    /// None.
    #[choice("none")]
    None,
    /// These.
    #[choice("whitelist")]
    Only {
        /// Their names.
        names: BTreeSet<String>,
    },
}

/// Which query strings are in the key.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum QueryStrings {
    /// None.
    #[choice("none")]
    None,
    /// All.
    #[choice("all")]
    All,
    /// These.
    #[choice("whitelist")]
    Only {
        /// Their names.
        names: BTreeSet<String>,
    },
    /// All but these.
    #[choice("allExcept")]
    AllExcept {
        /// Their names.
        names: BTreeSet<String>,
    },
}

/// What is known of a cache policy once it is there.
#[derive(Outputs)]
pub struct CachePolicyOutputs {
    /// The id.
    pub id: CachePolicyId,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
}

impl Lifecycle for CachePolicy {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        const CREATE: &str = "cloudfront CreateCachePolicy";
        let answer = aws.cloudfront().create_cache_policy().cache_policy_config(args.to_sdk(CREATE)?).send().await?;
        let id = answer.cache_policy.map(|policy| policy.id);
        Ok(Created::whole(id.ok_or_else(|| Error::unexpected(CREATE, "no id in the answer"))?))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = policies(aws, waiting.iter().map(|one| one.id.as_str())).await?.into_iter();
        Ok(all_ready(found.map(|(id, policy)| policy.map(|_| id.to_owned())).collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[CachePolicyId]) -> Result<Readings<Self>> {
        let found = policies(aws, ids.iter().map(CachePolicyId::as_str)).await?.into_iter();
        Ok(found
            .map(|(id, policy)| {
                let id = CachePolicyId::new(id);
                (id.clone(), policy.and_then(|policy| observe(id, policy)))
            })
            .collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let all = all(aws).await?.into_iter();
        let named = all.filter(|(_, policy)| policy.name == args.name.as_str());
        Ok(named.map(|(id, _)| Candidate { id, proof: Proof::Name }).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<CachePolicyChanges>> {
        const UPDATE: &str = "cloudfront UpdateCachePolicy";
        // One call takes everything.
        let CachePolicyChanges {
            comment: _,
            min_ttl: _,
            default_ttl: _,
            max_ttl: _,
            gzip: _,
            brotli: _,
            cookies: _,
            headers: _,
            query_strings: _,
        } = update.changes;
        let (_, etag) = get(aws, update.id.as_str()).await?.ok_or_else(|| vanished(UPDATE))?;
        let call = aws.cloudfront().update_cache_policy().id(update.id.as_str()).set_if_match(etag);
        call.cache_policy_config(update.planned.to_sdk(UPDATE)?).send().await?;
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &CachePolicyId, _: &Self) -> Result<Deletion> {
        let Some((_, etag)) = get(aws, id.as_str()).await? else { return Ok(Deletion::Done) };
        let call = aws.cloudfront().delete_cache_policy().id(id.as_str()).set_if_match(etag);
        call.send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

impl CachePolicy {
    fn to_sdk(&self, operation: &'static str) -> Result<sdk::CachePolicyConfig> {
        let unfinished = unfinished(operation);
        let names = |names: &BTreeSet<String>| counted(names.iter().cloned().collect());
        let (cookies, cookie_names) = match &self.cookies {
            Cookies::None => ("none", None),
            Cookies::All => ("all", None),
            Cookies::Only { names } => ("whitelist", Some(names)),
            Cookies::AllExcept { names } => ("allExcept", Some(names)),
        };
        let cookie_names = cookie_names.map(|all| {
            let (quantity, items) = names(all);
            sdk::CookieNames::builder().quantity(quantity).set_items(items).build()
        });
        let cookies = sdk::CachePolicyCookiesConfig::builder()
            .cookie_behavior(cookies.into())
            .set_cookies(cookie_names.transpose().map_err(&unfinished)?)
            .build();
        let (headers, header_names) = match &self.headers {
            Headers::None => ("none", None),
            Headers::Only { names } => ("whitelist", Some(names)),
        };
        let header_names = header_names.map(|all| {
            let (quantity, items) = names(all);
            sdk::Headers::builder().quantity(quantity).set_items(items).build()
        });
        let headers = sdk::CachePolicyHeadersConfig::builder()
            .header_behavior(headers.into())
            .set_headers(header_names.transpose().map_err(&unfinished)?)
            .build();
        let (queries, query_names) = match &self.query_strings {
            QueryStrings::None => ("none", None),
            QueryStrings::All => ("all", None),
            QueryStrings::Only { names } => ("whitelist", Some(names)),
            QueryStrings::AllExcept { names } => ("allExcept", Some(names)),
        };
        let query_names = query_names.map(|all| {
            let (quantity, items) = names(all);
            sdk::QueryStringNames::builder().quantity(quantity).set_items(items).build()
        });
        let queries = sdk::CachePolicyQueryStringsConfig::builder()
            .query_string_behavior(queries.into())
            .set_query_strings(query_names.transpose().map_err(&unfinished)?)
            .build();
        let key = sdk::ParametersInCacheKeyAndForwardedToOrigin::builder()
            .enable_accept_encoding_gzip(self.gzip)
            .enable_accept_encoding_brotli(self.brotli)
            .cookies_config(cookies.map_err(&unfinished)?)
            .headers_config(headers.map_err(&unfinished)?)
            .query_strings_config(queries.map_err(&unfinished)?)
            .build()
            .map_err(&unfinished)?;
        sdk::CachePolicyConfig::builder()
            .name(self.name.as_str())
            .comment(&self.comment)
            .min_ttl(self.min_ttl)
            .default_ttl(self.default_ttl)
            .max_ttl(self.max_ttl)
            .parameters_in_cache_key_and_forwarded_to_origin(key)
            .build()
            .map_err(&unfinished)
    }
}

/// A policy, and its version tag.
async fn get(aws: &Aws, id: &str) -> Result<Option<(sdk::CachePolicyConfig, Option<String>)>> {
    let answer = aws.cloudfront().get_cache_policy().id(id).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|it| Some((it.cache_policy?.cache_policy_config?, it.e_tag))))
}

/// The policies that are the account's own.
async fn all(aws: &Aws) -> Result<BTreeMap<String, sdk::CachePolicyConfig>> {
    let mut found = BTreeMap::new();
    let mut marker = None;
    loop {
        let call = aws.cloudfront().list_cache_policies().r#type(sdk::CachePolicyType::Custom);
        let Some(list) = call.set_marker(marker).send().await?.cache_policy_list else { return Ok(found) };
        let policies = list.items.unwrap_or_default().into_iter().filter_map(|it| it.cache_policy);
        found.extend(policies.filter_map(|policy| Some((policy.id, policy.cache_policy_config?))));
        marker = list.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn policies<'n>(
    aws: &Aws,
    ids: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<sdk::CachePolicyConfig>>> {
    named(ids, all(aws), |id| async move { Ok(get(aws, id).await?.map(|(config, _)| config)) }).await
}

fn observe(id: CachePolicyId, config: sdk::CachePolicyConfig) -> Result<Observed<CachePolicy>> {
    let unknown =
        |what: &str, word: &str| Error::unexpected("cloudfront GetCachePolicy", format!("{word:?} is no known {what}"));
    let names = |items: Option<Vec<String>>| items.unwrap_or_default().into_iter().collect::<BTreeSet<_>>();
    let key = config.parameters_in_cache_key_and_forwarded_to_origin.as_ref();
    let cookies = match key.and_then(|key| key.cookies_config.clone()) {
        None => Cookies::None,
        Some(it) => {
            let names = names(it.cookies.and_then(|all| all.items));
            match it.cookie_behavior.as_str() {
                "none" => Cookies::None,
                "all" => Cookies::All,
                "whitelist" => Cookies::Only { names },
                "allExcept" => Cookies::AllExcept { names },
                word => return Err(unknown("choice of cookies", word)),
            }
        }
    };
    let headers = match key.and_then(|key| key.headers_config.clone()) {
        None => Headers::None,
        Some(it) => match it.header_behavior.as_str() {
            "none" => Headers::None,
            "whitelist" => Headers::Only { names: names(it.headers.and_then(|all| all.items)) },
            word => return Err(unknown("choice of headers", word)),
        },
    };
    let query_strings = match key.and_then(|key| key.query_strings_config.clone()) {
        None => QueryStrings::None,
        Some(it) => {
            let names = names(it.query_strings.and_then(|all| all.items));
            match it.query_string_behavior.as_str() {
                "none" => QueryStrings::None,
                "all" => QueryStrings::All,
                "whitelist" => QueryStrings::Only { names },
                "allExcept" => QueryStrings::AllExcept { names },
                word => return Err(unknown("choice of query strings", word)),
            }
        }
    };
    let args = CachePolicy {
        name: Name::new(config.name.as_str()),
        comment: config.comment.clone().unwrap_or_default(),
        min_ttl: config.min_ttl,
        // What AWS takes where they were left out.
        default_ttl: config.default_ttl.unwrap_or(86_400),
        max_ttl: config.max_ttl.unwrap_or(31_536_000),
        gzip: key.is_some_and(|key| key.enable_accept_encoding_gzip),
        brotli: key.and_then(|key| key.enable_accept_encoding_brotli).unwrap_or(false),
        cookies,
        headers,
        query_strings,
    };
    // It has no tags: whose it is, is not known.
    Ok(Observed::new(args, CachePolicyOutputs { id, name: config.name }, None))
}

impl Conforms for CachePolicy {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let base = CachePolicy::builder()
            .name("Conformance-Cache")
            .comment("made by the conformance suite")
            .min_ttl(2)
            .default_ttl(60)
            .max_ttl(600)
            .gzip(true)
            .brotli(true)
            .cookies(Cookies::only(["session", "theme"]))
            .headers(Headers::only(["Accept-Language"]))
            .query_strings(QueryStrings::all_except(["utm_source"]))
            .build();
        Conformance::of(base)
            .change("comment", "changed")
            .change("min_ttl", 3)
            .change("default_ttl", 90)
            .change("max_ttl", 900)
            .change("brotli", false)
            .change("gzip", false)
            .change("cookies", Cookies::all_except(["theme"]))
            .change("cookies", Cookies::all())
            .change("headers", Headers::only(["Accept-Language", "X-Tenant"]))
            .change("headers", Headers::none())
            .change("query_strings", QueryStrings::only(["page"]))
            .change("query_strings", QueryStrings::all())
            .change("name", "Conformance-Cache-2")
    }
}
