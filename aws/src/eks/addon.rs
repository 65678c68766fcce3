//! `aws:eks/addon`: software that EKS installs and upgrades in a cluster.

use std::collections::BTreeMap;

use aws_sdk_eks::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{After, Choice, Json, Link, Outputs, Resource, Stack};

use super::{ClusterName, UpdateOf, candidate, pair_id, present, read_tags, retag, tags_of, update_status};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::iam::Role;
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;
use crate::tags::Tags;

pair_id! {
    /// Cluster and add-on as `cluster|name`.
    pub struct AddonId;
}

/// coredns is a deployment and stays DEGRADED until there are nodes or Fargate takes it; daemon sets such as vpc-cni come before the nodes, which need them.
const AFTER: &[After] = &[
    After {
        kind: "aws:eks/fargate-profile",
        link: Link::Shared(&[("cluster", "cluster")]),
        where_theirs: None,
        where_mine: Some(("addon_name", "coredns")),
    },
    After {
        kind: "aws:eks/node-group",
        link: Link::Shared(&[("cluster", "cluster")]),
        where_theirs: None,
        where_mine: Some(("addon_name", "coredns")),
    },
    After {
        kind: "aws:iam/role-policy-attachment",
        link: Link::Shared(&[("service_account_role_arn", "role")]),
        where_theirs: None,
        where_mine: None,
    },
];

/// An EKS add-on.
#[derive(Resource)]
#[resource(
    kind = "aws:eks/addon",
    cfn = "AWS::EKS::Addon",
    id = AddonId,
    outputs = AddonOutputs,
    guard = token,
    natural_key(cluster, addon_name),
    visibility = 300,
    create_wait = (2, 5, 1, 1200),
    update_wait = (2, 5, 1, 1200),
    delete_wait = (2, 5, 1, 2400),
    after = AFTER
)]
pub struct Addon {
    /// The cluster.
    #[arg(replace, cfn = "ClusterName")]
    pub cluster: ClusterName,
    /// The add-on's name, such as `vpc-cni`.
    #[arg(replace)]
    pub addon_name: String,
    /// Its version, such as `v1.19.0-eksbuild.1`; EKS's default for the cluster's version when absent.
    #[arg(in_place)]
    pub addon_version: Option<String>,
    /// Its configuration as JSON, after the add-on's own schema.
    #[arg(in_place)]
    pub configuration_values: Option<Json>,
    /// The role of its service account (IRSA).
    #[arg(in_place)]
    pub service_account_role_arn: Option<Arn<Role>>,
    /// What happens to what is there already or was changed by hand.
    #[arg(in_place, default = ResolveConflicts::Overwrite, write_only)]
    pub resolve_conflicts: ResolveConflicts,
    /// The namespace; the add-on's own when absent.
    #[arg(replace, cfn = "NamespaceConfig.Namespace")]
    pub namespace: Option<String>,
    /// Whether the software stays in the cluster when the add-on is deleted.
    #[arg(in_place, default = false, write_only)]
    pub preserve_on_delete: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What happens to settings that somebody else made.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveConflicts {
    /// The add-on's own win.
    #[choice("OVERWRITE")]
    Overwrite,
    /// They stay, and the add-on's are not applied.
    #[choice("PRESERVE")]
    Preserve,
    /// The change fails.
    #[choice("NONE")]
    None,
}

/// What is known of an add-on once it is there.
#[derive(Outputs)]
pub struct AddonOutputs {
    /// Cluster and name.
    pub id: AddonId,
    /// The ARN.
    pub arn: Arn<Addon>,
    /// The version that runs.
    #[output(moves_with(addon_version))]
    pub running_version: String,
}

impl Lifecycle for Addon {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let (cluster, name) = (args.cluster.as_str(), args.addon_name.as_str());
        let namespace =
            args.namespace.as_ref().map(|name| sdk::AddonNamespaceConfigRequest::builder().namespace(name).build());
        aws.eks()
            .create_addon()
            .cluster_name(cluster)
            .addon_name(name)
            .client_request_token(&owner.token)
            .set_addon_version(args.addon_version.clone())
            .set_configuration_values(args.configuration_values.as_ref().map(ToString::to_string))
            .set_service_account_role_arn(args.service_account_role_arn.as_ref().map(ToString::to_string))
            .resolve_conflicts(args.resolve_conflicts.as_str().into())
            .set_namespace_config(namespace)
            .set_tags(Some(tags_of(owner, &args.tags).collect()))
            .send()
            .await?
            .addon
            .ok_or_else(|| Error::unexpected("eks CreateAddon", "no add-on in the answer"))?;
        Ok(Created::whole(AddonId::of(cluster, name).to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let answers = each(waiting, |one| async {
            let id = AddonId::new(&one.id);
            let (cluster, name) = id.parts();
            match &one.change {
                Some(update) => update_status(aws, UpdateOf::Addon(cluster, name), update).await,
                None => Ok(describe(aws, &id).await?.map(|addon| status(&addon))),
            }
        });
        let found = present(waiting.iter().map(|one| one.id.clone()), answers.await);
        found.into_iter().map(|(id, status)| Ok((id, status?))).collect()
    }

    async fn read(aws: &Aws, ids: &[AddonId]) -> Result<Readings<Self>> {
        let answers = each(ids, |id| describe(aws, id)).await;
        let found = present(ids.iter().cloned(), answers);
        Ok(found.into_iter().map(|(id, addon)| (id.clone(), addon.map(|addon| observe(aws, id, addon)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = AddonId::of(args.cluster.as_str(), &args.addon_name);
        let found = describe(aws, &id).await?;
        Ok(found
            .map(|addon| candidate(owner, id.as_str(), read_tags(aws, addon.tags).owner.as_ref()))
            .into_iter()
            .collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<AddonChanges>> {
        let AddonChanges {
            addon_version,
            configuration_values,
            service_account_role_arn,
            resolve_conflicts: _sent_with_the_others,
            preserve_on_delete: _used_by_delete,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let (cluster, name) = id.parts();
        if tags {
            let arn = describe(aws, id).await?.and_then(|addon| addon.addon_arn).unwrap_or_default();
            retag(aws, owner, &arn, &now.tags, &planned.tags).await?;
        }
        if !(addon_version || configuration_values || service_account_role_arn) {
            return Ok(Updated::done());
        }
        // What is not named is reset: role and configuration go along with a new version.
        let made = aws
            .eks()
            .update_addon()
            .cluster_name(cluster)
            .addon_name(name)
            .set_addon_version(planned.addon_version.clone().filter(|_| addon_version))
            .set_configuration_values(planned.configuration_values.as_ref().map(ToString::to_string))
            .set_service_account_role_arn(planned.service_account_role_arn.as_ref().map(ToString::to_string))
            .resolve_conflicts(planned.resolve_conflicts.as_str().into())
            .send()
            .await?
            .update;
        Ok(Updated { left: AddonChanges::default(), waiting: made.and_then(|update| update.id) })
    }

    async fn delete(aws: &Aws, id: &AddonId, recorded: &Self) -> Result<Deletion> {
        let (cluster, name) = id.parts();
        let call =
            aws.eks().delete_addon().cluster_name(cluster).addon_name(name).preserve(recorded.preserve_on_delete);
        let answer = call.send().await.or_gone(&["ResourceNotFoundException"])?;
        Ok(if answer.is_some() { Deletion::Wait } else { Deletion::Done })
    }
}

async fn describe(aws: &Aws, id: &AddonId) -> Result<Option<sdk::Addon>> {
    let (cluster, name) = id.parts();
    let answer = aws.eks().describe_addon().cluster_name(cluster).addon_name(name).send().await;
    Ok(answer.or_gone(&["ResourceNotFoundException"])?.and_then(|answer| answer.addon))
}

fn status(addon: &sdk::Addon) -> Status {
    let issues = addon.health.as_ref().map(|health| health.issues()).unwrap_or_default();
    let words: Vec<String> = issues.iter().filter_map(|issue| issue.message.clone()).collect();
    let words = |word: &str| if words.is_empty() { word.to_owned() } else { words.join("; ") };
    match addon.status.as_ref().map(|status| status.as_str()) {
        Some("ACTIVE") => Status::Ready,
        Some(word @ ("CREATE_FAILED" | "DELETE_FAILED" | "UPDATE_FAILED")) => Status::Failed(words(word)),
        // Waits for nodes: AWS goes on by itself.
        Some(word @ "DEGRADED") => Status::Stuck(words(word)),
        other => Status::Pending(other.unwrap_or("CREATING").to_owned()),
    }
}

fn observe(aws: &Aws, id: AddonId, addon: sdk::Addon) -> Observed<Addon> {
    let read = read_tags(aws, addon.tags);
    let (cluster, name) = id.parts();
    let version = addon.addon_version.unwrap_or_default();
    let args = Addon {
        cluster: ClusterName::new(cluster),
        addon_name: name.to_owned(),
        addon_version: Some(version.clone()),
        configuration_values: addon.configuration_values.filter(|values| !values.is_empty()).map(Json::new),
        service_account_role_arn: addon.service_account_role_arn.map(Arn::new),
        resolve_conflicts: ResolveConflicts::Overwrite,
        namespace: addon.namespace_config.and_then(|namespace| namespace.namespace),
        preserve_on_delete: false,
        tags: read.tags,
    };
    let outputs = AddonOutputs { arn: Arn::new(addon.addon_arn.unwrap_or_default()), running_version: version, id };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for Addon {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let parts = super::example_cluster(stack, "addon", "10.23");
        let other = super::example_cluster(stack, "addon-2", "10.24").cluster;
        let base = Addon::builder()
            .cluster(&parts.cluster)
            .addon_name("kube-proxy")
            .addon_version("v1.31.2-eksbuild.3")
            .configuration_values(r#"{"mode":"iptables"}"#)
            .service_account_role_arn(&parts.role.arn)
            .resolve_conflicts(ResolveConflicts::Overwrite)
            .preserve_on_delete(false)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("addon_version", "v1.32.0-eksbuild.2")
            .change("configuration_values", r#"{"mode":"ipvs"}"#)
            .change("service_account_role_arn", &parts.other_role.arn)
            .change("resolve_conflicts", "PRESERVE")
            .change("preserve_on_delete", true)
            .change("tags", [("team", "b")])
            .change("addon_name", "eks-pod-identity-agent")
            .change("cluster", &other)
            .unseen("namespace", "the emulator takes it and does not answer it")
    }
}
