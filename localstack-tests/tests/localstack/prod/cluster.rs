//! The rows about Kubernetes.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use aws_sdk_eks::types::Cluster;

use super::network::retention;
use super::{Seen, check, one};

#[tokio::test]
async fn cluster_is_private_and_logs_everything() {
    check(cluster, "logs {\"api\"}").await;
}

#[tokio::test]
async fn kubernetes_secrets_are_encrypted_with_a_rotated_key() {
    check(secrets_are_encrypted, "is not rotated").await;
}

#[tokio::test]
async fn node_groups_are_as_configured() {
    check(node_groups, "general has the labels").await;
}

#[tokio::test]
async fn add_ons_are_installed() {
    check(addons, "the add-ons are").await;
}

#[tokio::test]
async fn service_accounts_are_known_to_iam() {
    check(identity_provider, "takes tokens for").await;
}

#[tokio::test]
async fn operators_administer_the_cluster() {
    check(access, "AmazonEKSViewPolicy").await;
}

async fn described(seen: &Seen) -> Result<Cluster> {
    let answer = seen.aws.eks().describe_cluster().name("prod").send().await?;
    one(answer.cluster, "cluster")
}

async fn cluster(seen: &Seen) -> Result<()> {
    let cluster = described(seen).await?;
    ensure!(cluster.version() == Some("1.33"), "version {:?}", cluster.version());
    let network = one(cluster.resources_vpc_config(), "network of the cluster")?;
    ensure!(network.endpoint_private_access(), "its API is not reached from inside");
    ensure!(!network.endpoint_public_access(), "its API is reached from the internet");
    let subnets: BTreeSet<&str> = network.subnet_ids().iter().map(String::as_str).collect();
    let private = seen.texts("private_subnet_ids")?;
    ensure!(subnets == private.iter().map(String::as_str).collect(), "it stands in {subnets:?}");
    let mode = cluster.access_config().and_then(|it| it.authentication_mode()).map(|it| it.as_str());
    ensure!(mode == Some("API"), "callers are told by {mode:?}");
    let logging = one(cluster.logging(), "logging")?.cluster_logging();
    let on = logging.iter().filter(|it| it.enabled() == Some(true));
    let logs: BTreeSet<&str> = on.flat_map(|it| it.types().iter().map(|it| it.as_str())).collect();
    let wanted = BTreeSet::from(["api", "audit", "authenticator", "controllerManager", "scheduler"]);
    ensure!(logs == wanted, "it logs {logs:?}");
    retention(seen, "/aws/eks/prod/cluster", 90).await
}

async fn secrets_are_encrypted(seen: &Seen) -> Result<()> {
    let cluster = described(seen).await?;
    let config = one(cluster.encryption_config().first(), "encryption of secrets")?;
    let key = one(config.provider().and_then(|it| it.key_arn()), "key of secrets")?;
    let rotation = seen.aws.kms().get_key_rotation_status().key_id(key).send().await?;
    ensure!(rotation.key_rotation_enabled(), "the key is not rotated");
    Ok(())
}

async fn node_groups(seen: &Seen) -> Result<()> {
    let eks = seen.aws.eks();
    let names = eks.list_nodegroups().cluster_name("prod").send().await?;
    let names: BTreeSet<&str> = names.nodegroups().iter().map(String::as_str).collect();
    ensure!(names == BTreeSet::from(["general", "workers"]), "the node groups are {names:?}");
    let config = super::config();
    for (name, pool) in &config.cluster.node_pools {
        let answer = eks.describe_nodegroup().cluster_name("prod").nodegroup_name(name).send().await?;
        let group = one(answer.nodegroup(), "node group")?;
        let scaling = one(group.scaling_config(), "scaling")?;
        let sizes = [scaling.min_size(), scaling.max_size(), scaling.desired_size()];
        let wanted = [pool.min_size, pool.max_size, pool.desired_size].map(Some);
        ensure!(sizes == wanted, "{name} has the sizes {sizes:?}");
        let types: BTreeSet<&String> = group.instance_types().iter().collect();
        ensure!(types == pool.instance_types.iter().collect(), "{name} is made of {types:?}");
        let image = group.ami_type().map(|it| it.as_str());
        ensure!(image == Some("AL2023_x86_64_STANDARD"), "{name} runs {image:?}");
        let labels: BTreeSet<_> = group.labels().into_iter().flatten().collect();
        ensure!(labels == pool.labels.iter().collect(), "{name} has the labels {labels:?}");
        let taint = |key: Option<&str>, value: Option<&str>, effect: Option<&str>| {
            [key, value, effect].map(Option::unwrap_or_default).join(" ")
        };
        let taints: BTreeSet<String> =
            group.taints().iter().map(|it| taint(it.key(), it.value(), it.effect().map(|it| it.as_str()))).collect();
        let wanted = pool.taints.iter().map(|it| taint(Some(&it.key), it.value.as_deref(), Some(&it.effect))).collect();
        ensure!(taints == wanted, "{name} has the taints {taints:?}");
        let subnets: BTreeSet<&String> = group.subnets().iter().collect();
        let private = seen.texts("private_subnet_ids")?;
        ensure!(subnets == private.iter().collect(), "{name} stands in {subnets:?}");
    }
    Ok(())
}

async fn addons(seen: &Seen) -> Result<()> {
    let eks = seen.aws.eks();
    let names = eks.list_addons().cluster_name("prod").send().await?;
    let names: BTreeSet<&str> = names.addons().iter().map(String::as_str).collect();
    let wanted = BTreeSet::from(["coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"]);
    ensure!(names == wanted, "the add-ons are {names:?}");
    for name in names {
        let answer = eks.describe_addon().cluster_name("prod").addon_name(name).send().await?;
        let status = answer.addon().and_then(|it| it.status()).map(|it| it.as_str());
        ensure!(status == Some("ACTIVE"), "{name} is {status:?}");
    }
    Ok(())
}

async fn identity_provider(seen: &Seen) -> Result<()> {
    let cluster = described(seen).await?;
    let issuer = cluster.identity().and_then(|it| it.oidc()).and_then(|it| it.issuer());
    let issuer = one(issuer, "issuer")?.trim_start_matches("https://");
    let iam = seen.aws.iam();
    let providers = iam.list_open_id_connect_providers().send().await?;
    let arns: Vec<&str> = providers.open_id_connect_provider_list().iter().filter_map(|it| it.arn()).collect();
    ensure!(arns.len() == 1 && arns[0].ends_with(issuer), "IAM knows {arns:?}, and the cluster is {issuer}");
    let provider = iam.get_open_id_connect_provider().open_id_connect_provider_arn(arns[0]).send().await?;
    let clients = provider.client_id_list();
    ensure!(clients == ["sts.amazonaws.com"], "IAM takes tokens for {clients:?}");
    Ok(())
}

async fn access(seen: &Seen) -> Result<()> {
    let (eks, role) = (seen.aws.eks(), seen.text("operators_role_arn")?);
    let entries = eks.list_access_entries().cluster_name("prod").send().await?;
    ensure!(entries.access_entries().contains(&role), "{:?} are let in", entries.access_entries());
    let answer = eks.list_associated_access_policies().cluster_name("prod").principal_arn(&role).send().await?;
    let policies: Vec<&str> = answer.associated_access_policies().iter().filter_map(|it| it.policy_arn()).collect();
    let administrates = |it: &str| it.ends_with("/AmazonEKSClusterAdminPolicy");
    ensure!(policies.len() == 1 && administrates(policies[0]), "operators have {policies:?}");
    let scope = answer.associated_access_policies()[0].access_scope().and_then(|it| it.r#type()).map(|it| it.as_str());
    ensure!(scope == Some("cluster"), "operators have it in {scope:?}");
    Ok(())
}
