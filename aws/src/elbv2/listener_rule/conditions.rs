//! What a request must be like for a rule, and what is changed of it.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types as sdk;
use formwork_engine::Block;

/// Something that a request must be like. Of several values one must be met.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[block(choice = "field", choice_cfn = "")]
pub enum Condition {
    /// The host that it asks for.
    #[choice("host-header")]
    Host {
        /// What it looks like.
        #[arg(cfn = "")]
        hosts: Patterns,
    },
    /// The path, without the query.
    #[choice("path-pattern")]
    Path {
        /// What it looks like.
        #[arg(cfn = "")]
        paths: Patterns,
    },
    /// A header.
    #[choice("http-header")]
    Header {
        /// Which, and what it looks like.
        #[arg(cfn = "")]
        header: Header,
    },
    /// The method.
    #[choice("http-request-method")]
    Methods {
        /// Such as `GET`.
        #[arg(cfn = "")]
        methods: BTreeSet<String>,
    },
    /// The query.
    #[choice("query-string")]
    Query {
        /// What stands in it.
        #[arg(cfn = "")]
        query: BTreeSet<QueryPair>,
    },
    /// The address that it comes from; not the one in `X-Forwarded-For`.
    #[choice("source-ip")]
    Sources {
        /// Ranges of addresses.
        #[arg(cfn = "")]
        sources: BTreeSet<String>,
    },
}

/// Patterns, of which one must be met: either with wildcards or regular expressions.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Patterns {
    /// With `*` for any characters and `?` for one.
    #[arg(default)]
    pub values: BTreeSet<String>,
    /// Regular expressions.
    #[arg(default)]
    pub regexes: BTreeSet<String>,
}

/// A header and the patterns of which it must meet one.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Header {
    /// Its name, in any case; not `Host`.
    pub name: String,
    /// With `*` for any characters and `?` for one.
    #[arg(default)]
    pub values: BTreeSet<String>,
    /// Regular expressions.
    #[arg(default)]
    pub regexes: BTreeSet<String>,
}

/// Something in a query.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueryPair {
    /// The key; any when absent.
    pub key: Option<String>,
    /// The value, with `*` for any characters and `?` for one.
    pub value: String,
}

/// Something that is changed of a request.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[block(choice = "type", choice_cfn = "")]
pub enum Transform {
    /// The host that it asks for.
    #[choice("host-header-rewrite")]
    Host {
        /// How.
        #[arg(cfn = "")]
        host: Rewrite,
    },
    /// Path and query.
    #[choice("url-rewrite")]
    Path {
        /// How.
        #[arg(cfn = "")]
        path: Rewrite,
    },
}

/// What takes the place of what.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rewrite {
    /// The regular expression of what is replaced.
    pub regex: String,
    /// By what, with `$1` for its first group.
    pub replace: String,
}

/// A list of a call, absent when it is empty.
fn some(values: &BTreeSet<String>) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| values.iter().cloned().collect())
}

fn set(values: Option<Vec<String>>) -> BTreeSet<String> {
    values.unwrap_or_default().into_iter().collect()
}

impl Condition {
    pub(super) fn to_sdk(&self) -> sdk::RuleCondition {
        let condition = sdk::RuleCondition::builder();
        match self {
            Condition::Host { hosts } => {
                let config = sdk::HostHeaderConditionConfig::builder().set_values(some(&hosts.values));
                let config = config.set_regex_values(some(&hosts.regexes)).build();
                condition.field("host-header").host_header_config(config)
            }
            Condition::Path { paths } => {
                let config = sdk::PathPatternConditionConfig::builder().set_values(some(&paths.values));
                let config = config.set_regex_values(some(&paths.regexes)).build();
                condition.field("path-pattern").path_pattern_config(config)
            }
            Condition::Header { header } => {
                let config = sdk::HttpHeaderConditionConfig::builder().http_header_name(&header.name);
                let config = config.set_values(some(&header.values)).set_regex_values(some(&header.regexes)).build();
                condition.field("http-header").http_header_config(config)
            }
            Condition::Methods { methods } => {
                let config = sdk::HttpRequestMethodConditionConfig::builder().set_values(some(methods)).build();
                condition.field("http-request-method").http_request_method_config(config)
            }
            Condition::Query { query } => {
                let pair = |pair: &QueryPair| {
                    let made = sdk::QueryStringKeyValuePair::builder().set_key(pair.key.clone());
                    made.value(&pair.value).build()
                };
                let pairs = query.iter().map(pair).collect();
                let config = sdk::QueryStringConditionConfig::builder().set_values(Some(pairs)).build();
                condition.field("query-string").query_string_config(config)
            }
            Condition::Sources { sources } => {
                let config = sdk::SourceIpConditionConfig::builder().set_values(some(sources)).build();
                condition.field("source-ip").source_ip_config(config)
            }
        }
        .build()
    }

    /// `None` for a field that is not known here.
    pub(super) fn from_sdk(condition: sdk::RuleCondition) -> Option<Self> {
        // Hosts and paths may be told as values of the condition itself.
        let (values, regexes) = (condition.values, condition.regex_values);
        let patterns = |own: Option<Vec<String>>, own_regexes: Option<Vec<String>>| Patterns {
            values: set(own.or(values.clone())),
            regexes: set(own_regexes.or(regexes.clone())),
        };
        Some(match condition.field?.as_str() {
            "host-header" => {
                let config = condition.host_header_config;
                let (own, regexes) = config.map_or((None, None), |config| (config.values, config.regex_values));
                Condition::Host { hosts: patterns(own, regexes) }
            }
            "path-pattern" => {
                let config = condition.path_pattern_config;
                let (own, regexes) = config.map_or((None, None), |config| (config.values, config.regex_values));
                Condition::Path { paths: patterns(own, regexes) }
            }
            "http-header" => {
                let config = condition.http_header_config?;
                let name = config.http_header_name.unwrap_or_default();
                Condition::Header {
                    header: Header { name, values: set(config.values), regexes: set(config.regex_values) },
                }
            }
            "http-request-method" => Condition::Methods { methods: set(condition.http_request_method_config?.values) },
            "query-string" => {
                let pairs = condition.query_string_config?.values.unwrap_or_default().into_iter();
                let query = pairs.map(|pair| QueryPair { key: pair.key, value: pair.value.unwrap_or_default() });
                Condition::Query { query: query.collect() }
            }
            "source-ip" => Condition::Sources { sources: set(condition.source_ip_config?.values) },
            _ => return None,
        })
    }
}

impl Rewrite {
    fn to_sdk(&self) -> sdk::RewriteConfig {
        sdk::RewriteConfig::builder().regex(&self.regex).replace(&self.replace).build()
    }

    fn from_sdk(rewrites: Option<Vec<sdk::RewriteConfig>>) -> Option<Self> {
        let first = rewrites.unwrap_or_default().into_iter().next()?;
        Some(Self { regex: first.regex.unwrap_or_default(), replace: first.replace.unwrap_or_default() })
    }
}

impl Transform {
    pub(super) fn to_sdk(&self) -> sdk::RuleTransform {
        let transform = sdk::RuleTransform::builder();
        match self {
            Transform::Host { host } => {
                let config = sdk::HostHeaderRewriteConfig::builder().rewrites(host.to_sdk()).build();
                transform.r#type("host-header-rewrite".into()).host_header_rewrite_config(config)
            }
            Transform::Path { path } => {
                let config = sdk::UrlRewriteConfig::builder().rewrites(path.to_sdk()).build();
                transform.r#type("url-rewrite".into()).url_rewrite_config(config)
            }
        }
        .build()
    }

    /// `None` for a sort that is not known here.
    pub(super) fn from_sdk(transform: sdk::RuleTransform) -> Option<Self> {
        match transform.r#type?.as_str() {
            "host-header-rewrite" => {
                let host = Rewrite::from_sdk(transform.host_header_rewrite_config?.rewrites)?;
                Some(Transform::Host { host })
            }
            "url-rewrite" => Some(Transform::Path { path: Rewrite::from_sdk(transform.url_rewrite_config?.rewrites)? }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_read_back() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
        let header = Header { name: "X-A".into(), values: words(&["b*"]), regexes: words(&[]) };
        for condition in [
            Condition::Host { hosts: Patterns { values: words(&["a", "b"]), regexes: words(&[]) } },
            Condition::Path { paths: Patterns { values: words(&[]), regexes: words(&["^/a$"]) } },
            Condition::Header { header },
            Condition::Methods { methods: words(&["GET", "PUT"]) },
            Condition::Query { query: [QueryPair { key: None, value: "a".into() }].into() },
            Condition::Sources { sources: words(&["10.0.0.0/8"]) },
        ] {
            assert!(Condition::from_sdk(condition.to_sdk()) == Some(condition.clone()), "{condition:?}");
        }
        let rewrite = Rewrite { regex: "a".into(), replace: "b".into() };
        for transform in [Transform::Host { host: rewrite.clone() }, Transform::Path { path: rewrite }] {
            assert!(Transform::from_sdk(transform.to_sdk()) == Some(transform.clone()), "{transform:?}");
        }
    }

    #[test]
    fn hosts_and_paths_may_be_told_in_two_ways() {
        let told = sdk::RuleCondition::builder().field("path-pattern").values("/a").build();
        let paths = Patterns { values: BTreeSet::from(["/a".to_owned()]), regexes: BTreeSet::new() };
        assert!(Condition::from_sdk(told) == Some(Condition::Path { paths }));
    }
}
