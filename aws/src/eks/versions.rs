//! `aws:eks/versions` and `aws:eks/addon-versions`: which versions there are of Kubernetes, and of an add-on for one of them.
//!
//! ```
//! use formwork_aws::eks::{self, Addon, ClusterName};
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let version = eks::versions(stack).default;
//! let cni = eks::addon_version(stack, "vpc-cni", &version);
//! let addon = Addon::builder().cluster(ClusterName::new("main")).addon_name("vpc-cni").addon_version(&cni.default);
//! stack.add("vpc-cni", addon.build());
//! # }
//! ```

use std::collections::BTreeMap;

use aws_sdk_eks::types as sdk;
use formwork_engine::shape::ReadSchema;
use formwork_engine::{IntoInput, Output, ProviderName, Stack, Value};

use crate::context::Aws;
use crate::error::{Error, Result};
use crate::reads::Lookup;

/// The versions of Kubernetes that EKS has in a region.
#[derive(Debug, Clone)]
pub struct Versions {
    /// All in standard or extended support, such as `1.33`, the newest first.
    pub supported: Output<Vec<String>>,
    /// The one that a cluster gets which does not say.
    pub default: Output<String>,
    /// The newest.
    pub newest: Output<String>,
}

/// The versions of Kubernetes in the default provider's region.
///
/// Pinned: the answer of the first run stays, so that a cluster is never upgraded because EKS has something new, until `--repin` asks for
/// the present ones.
#[track_caller]
pub fn versions(stack: &mut Stack) -> Versions {
    versions_in(stack, &ProviderName::default())
}

/// The same for the region of another provider.
#[track_caller]
pub fn versions_in(stack: &mut Stack, provider: &ProviderName) -> Versions {
    let schema = ClusterVersionsRead::SCHEMA;
    // One read, however many of its outputs are used.
    Versions {
        supported: stack.read(schema, BTreeMap::new(), "supported", provider.clone()),
        default: stack.read(schema, BTreeMap::new(), "default", provider.clone()),
        newest: stack.read(schema, BTreeMap::new(), "newest", provider.clone()),
    }
}

/// The versions of an add-on that fit a version of Kubernetes.
#[derive(Debug, Clone)]
pub struct AddonVersion {
    /// The one that the add-on gets which does not say, such as `v1.20.4-eksbuild.2`.
    pub default: Output<String>,
    /// The newest.
    pub newest: Output<String>,
}

/// The versions of an add-on for a version of Kubernetes, in the default provider's region.
///
/// Pinned, as [`versions`] are: with another version of Kubernetes it is another question, which gets an answer of its own.
#[track_caller]
pub fn addon_version(
    stack: &mut Stack,
    addon: impl IntoInput<String>,
    cluster_version: impl IntoInput<String>,
) -> AddonVersion {
    addon_version_in(stack, addon, cluster_version, &ProviderName::default())
}

/// The same for the region of another provider.
#[track_caller]
pub fn addon_version_in(
    stack: &mut Stack,
    addon: impl IntoInput<String>,
    cluster_version: impl IntoInput<String>,
    provider: &ProviderName,
) -> AddonVersion {
    let args = BTreeMap::from([
        ("addon".to_owned(), addon.into_input().into_expr()),
        ("cluster_version".to_owned(), cluster_version.into_input().into_expr()),
    ]);
    let schema = AddonVersionsRead::SCHEMA;
    AddonVersion {
        default: stack.read(schema, args.clone(), "default", provider.clone()),
        newest: stack.read(schema, args, "newest", provider.clone()),
    }
}

pub(crate) struct ClusterVersionsRead;

impl Lookup for ClusterVersionsRead {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:eks/versions",
        doc: "The versions of Kubernetes that EKS supports, the default one and the newest.",
        pinned: true,
    };

    async fn look_up(aws: &Aws, _: &Value) -> Result<Value> {
        let mut pages = aws.eks().describe_cluster_versions().into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            found.extend(page?.cluster_versions.unwrap_or_default());
        }
        let (supported, default) = supported(&found);
        // An empty answer would be pinned.
        let Some(newest) = supported.first().cloned() else {
            return Err(Error::unexpected("eks DescribeClusterVersions", "not one version is supported"));
        };
        let default = default.unwrap_or_else(|| newest.clone());
        let supported = Value::List(supported.into_iter().map(Value::from).collect());
        Ok(Value::from([("supported", supported), ("default", default.into()), ("newest", newest.into())]))
    }
}

/// The versions in support, the newest first, and the default one.
fn supported(all: &[sdk::ClusterVersionInformation]) -> (Vec<String>, Option<String>) {
    let is_supported = |it: &&sdk::ClusterVersionInformation| {
        it.version_status().is_none_or(|status| *status != sdk::VersionStatus::Unsupported)
    };
    let usable: Vec<_> = all.iter().filter(is_supported).collect();
    let mut names: Vec<String> = usable.iter().filter_map(|it| it.cluster_version.clone()).collect();
    names.sort_by_key(|name| std::cmp::Reverse(numbers(name)));
    names.dedup();
    let default = usable.iter().find(|it| it.default_version()).and_then(|it| it.cluster_version.clone());
    (names, default)
}

/// The numbers in a version, by which versions are put in order: `v1.20.4-eksbuild.2` has four.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|letter: char| !letter.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

pub(crate) struct AddonVersionsRead;

impl Lookup for AddonVersionsRead {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:eks/addon-versions",
        doc: "The default and the newest version of an add-on for a version of Kubernetes.",
        pinned: true,
    };

    async fn look_up(aws: &Aws, args: &Value) -> Result<Value> {
        let text = |name: &str| args.get(name).as_text().unwrap_or_default().to_owned();
        let (addon, cluster) = (text("addon"), text("cluster_version"));
        let operation = "eks DescribeAddonVersions";
        let call = aws.eks().describe_addon_versions().addon_name(&addon).kubernetes_version(&cluster);
        let mut pages = call.into_paginator().send();
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await {
            let addons = page?.addons.unwrap_or_default().into_iter();
            versions.extend(addons.flat_map(|addon| addon.addon_versions.unwrap_or_default()));
        }
        let Some((default, newest)) = choice(&versions, &cluster) else {
            let said = format!("there is no version of `{addon}` for Kubernetes {cluster}");
            return Err(Error::refused(operation, said));
        };
        Ok(Value::from([("default", default), ("newest", newest)]))
    }
}

/// The default version and the newest.
fn choice(versions: &[sdk::AddonVersionInfo], cluster: &str) -> Option<(String, String)> {
    let name = |it: &sdk::AddonVersionInfo| it.addon_version.clone();
    let newest = versions.iter().filter_map(name).max_by_key(|name| numbers(name))?;
    let is_default = |it: &&sdk::AddonVersionInfo| {
        let mut fitting = it.compatibilities().iter().filter(|fit| fit.cluster_version() == Some(cluster));
        fitting.any(|fit| fit.default_version())
    };
    let default = versions.iter().find(is_default).and_then(name);
    Some((default.unwrap_or_else(|| newest.clone()), newest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_order_and_only_those_that_can_be_had() {
        let version = |name: &str, status: sdk::VersionStatus, default: bool| {
            let it = sdk::ClusterVersionInformation::builder().cluster_version(name).version_status(status);
            it.default_version(default).build()
        };
        let all = [
            version("1.9", sdk::VersionStatus::Unsupported, false),
            version("1.30", sdk::VersionStatus::ExtendedSupport, false),
            version("1.33", sdk::VersionStatus::StandardSupport, true),
            version("1.34", sdk::VersionStatus::StandardSupport, false),
        ];
        assert_eq!(supported(&all), (vec!["1.34".into(), "1.33".into(), "1.30".into()], Some("1.33".into())));
    }

    #[test]
    fn the_default_of_an_addon_is_the_clusters_and_the_newest_is_told_by_numbers() {
        let version = |name: &str, of: &str, default: bool| {
            let fit = sdk::Compatibility::builder().cluster_version(of).default_version(default).build();
            sdk::AddonVersionInfo::builder().addon_version(name).compatibilities(fit).build()
        };
        let all = [
            version("v1.9.2-eksbuild.1", "1.33", true),
            version("v1.20.4-eksbuild.2", "1.33", false),
            version("v1.20.4-eksbuild.10", "1.33", false),
        ];
        let (default, newest) = choice(&all, "1.33").expect("there are some");
        assert_eq!((default.as_str(), newest.as_str()), ("v1.9.2-eksbuild.1", "v1.20.4-eksbuild.10"));
        assert_eq!(choice(&all, "1.32").map(|(default, _)| default).as_deref(), Some("v1.20.4-eksbuild.10"));
        assert_eq!(choice(&[], "1.33"), None);
    }

    #[test]
    fn an_addon_is_looked_up_once_for_each_version() {
        let mut stack = Stack::new("shop", "dev", BTreeMap::new());
        let version = versions(&mut stack);
        addon_version(&mut stack, "coredns", &version.default);
        addon_version(&mut stack, "coredns", &version.default);
        addon_version(&mut stack, "coredns", "1.33");
        let program = stack.finish().expect("no mistakes");
        let kinds: Vec<_> = program.reads.values().map(|read| read.schema.kind).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "aws:eks/addon-versions").count(), 2);
        assert_eq!(kinds.len(), 3);
    }
}
