//! [`EksCluster`]: a Kubernetes cluster with nodes, add-ons, access and the identity provider for service accounts.

use std::collections::BTreeMap;

use formwork_aws::Arn;
use formwork_aws::ec2::Subnet;
use formwork_aws::eks::{
    AccessEntry, AccessPolicyAssociation, Addon, AuthenticationMode, Cluster, LogType, NodeGroup, Taint,
    cluster_access_policy,
};
use formwork_aws::iam::{
    OpenIdConnectProvider, PolicyDocument, Principal, Role, RolePolicyAttachment, Statement, aws_managed_policy,
};
use formwork_aws::kms::{Alias, Key};
use formwork_aws::logs::LogGroup;
use formwork_engine::{Handle, Options, Output, Stack, join};

use super::{Tags, irsa_role};

/// An EKS cluster.
///
/// Its log group is made before it, so that EKS does not make one that never expires; Kubernetes secrets are encrypted with a key of
/// its own; who may administer it is said by access entries and by nothing else.
#[derive(Debug, Clone)]
pub struct EksCluster {
    /// The name.
    pub cluster_name: String,
    /// The Kubernetes version, such as `1.33`.
    pub version: String,
    /// Whether the API is reached from inside the VPC.
    pub private_endpoint: bool,
    /// The ranges from which the API is reached over the internet; empty for not at all.
    pub public_endpoint_cidrs: Vec<String>,
    /// For how many days control-plane logs are kept.
    pub log_retention_in_days: i32,
    /// The node groups by name.
    pub node_pools: BTreeMap<String, NodePool>,
    /// The add-ons by name, such as `vpc-cni`.
    pub addons: BTreeMap<String, ClusterAddon>,
    /// Who may do what, by a name of one's own.
    pub access: BTreeMap<String, Access>,
    /// Whether AWS refuses to delete the cluster.
    pub deletion_protection: bool,
    /// Options of the cluster itself, such as `protect`.
    pub options: Options,
    /// Tags for everything that has tags.
    pub tags: Tags,
}

/// A managed node group.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct NodePool {
    /// Instance types, such as `m6i.large`.
    pub instance_types: Vec<String>,
    /// The fewest nodes.
    pub min_size: i32,
    /// The most nodes.
    pub max_size: i32,
    /// The nodes to begin with.
    pub desired_size: i32,
    /// The image type.
    #[serde(default = "al2023")]
    pub ami_type: String,
    /// Labels of the nodes.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Taints of the nodes.
    #[serde(default)]
    pub taints: Vec<NodeTaint>,
}

fn al2023() -> String {
    "AL2023_x86_64_STANDARD".to_owned()
}

/// A taint as configuration has it.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct NodeTaint {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Option<String>,
    /// `NO_SCHEDULE`, `PREFER_NO_SCHEDULE` or `NO_EXECUTE`.
    pub effect: String,
}

/// An add-on.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct ClusterAddon {
    /// Its version; EKS's default for the cluster's version when absent.
    pub version: Option<String>,
    /// Its configuration as JSON.
    pub configuration: Option<String>,
}

/// Who may do what in a cluster.
#[derive(Debug, Clone)]
pub struct Access {
    /// The role that is let in: of the stack, or `Output::known(Arn::new("arn:…"))`.
    pub principal_arn: Output<Arn<Role>>,
    /// EKS's access policy, such as `AmazonEKSClusterAdminPolicy`.
    pub policy: String,
    /// The namespaces it holds in; the whole cluster when empty.
    pub namespaces: Vec<String>,
}

/// The handles of an [`EksCluster`].
#[derive(Debug)]
pub struct EksClusterParts {
    /// The cluster.
    pub cluster: Handle<Cluster>,
    /// The identity provider of its service accounts.
    pub service_accounts: Handle<OpenIdConnectProvider>,
    /// The role of the nodes.
    pub node_role: Handle<Role>,
    /// The node groups by name.
    pub node_groups: BTreeMap<String, Handle<NodeGroup>>,
    /// The key of Kubernetes secrets.
    pub secrets_key: Handle<Key>,
}

impl EksClusterParts {
    /// A kubeconfig for people and pipelines: who they are is asked of the AWS command line (`aws eks get-token`), so that there is no
    /// secret in it.
    pub fn kubeconfig(&self, region: &Output<String>) -> Output<String> {
        let (name, endpoint, authority) =
            (&self.cluster.name, &self.cluster.endpoint, &self.cluster.certificate_authority);
        join([
            "apiVersion: v1\nkind: Config\nclusters:\n- name: ".into(),
            name.into(),
            "\n  cluster:\n    server: ".into(),
            endpoint.into(),
            "\n    certificate-authority-data: ".into(),
            authority.into(),
            "\ncontexts:\n- name: ".into(),
            name.into(),
            "\n  context:\n    cluster: ".into(),
            name.into(),
            "\n    user: ".into(),
            name.into(),
            "\ncurrent-context: ".into(),
            name.into(),
            "\nusers:\n- name: ".into(),
            name.into(),
            "\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n      command: aws\n      args: [--region, ".into(),
            region.into(),
            ", eks, get-token, --cluster-name, ".into(),
            name.into(),
            "]\n".into(),
        ])
    }
}

impl EksCluster {
    /// Declares it under `name`, with control plane and nodes in these subnets.
    #[track_caller]
    pub fn declare(&self, stack: &mut Stack, name: &str, subnets: &[Handle<Subnet>]) -> EksClusterParts {
        stack.component(name, |stack| {
            let key = Key::builder()
                .description(format!("Kubernetes secrets of {}", self.cluster_name))
                .enable_key_rotation(true)
                .tags(self.tags.clone());
            let secrets_key = stack.add("secrets", key.build());
            stack.add(
                "secrets",
                Alias::builder().name(format!("alias/eks/{}", self.cluster_name)).key(&secrets_key).build(),
            );
            let cluster = self.control_plane(stack, subnets, &secrets_key);
            let service_accounts = irsa_role::identity_provider(stack, &cluster, &self.tags);
            let node_role = self.node_role(stack);
            let node_groups = self.node_groups(stack, &cluster, &node_role, subnets);
            self.addons(stack, &cluster);
            self.access(stack, &cluster);
            EksClusterParts { cluster, service_accounts, node_role, node_groups, secrets_key }
        })
    }

    fn control_plane(&self, stack: &mut Stack, subnets: &[Handle<Subnet>], key: &Handle<Key>) -> Handle<Cluster> {
        let role = self.role(stack, "control-plane", "eks.amazonaws.com", &["AmazonEKSClusterPolicy"]);
        let logs = LogGroup::builder()
            .name(format!("/aws/eks/{}/cluster", self.cluster_name))
            .retention_in_days(self.log_retention_in_days)
            .tags(self.tags.clone());
        stack.add("control-plane", logs.build());
        let cluster = Cluster::builder()
            .name(&self.cluster_name)
            .version(&self.version)
            .role_arn(&role.arn)
            .subnets(subnets.iter().collect::<Vec<_>>())
            .endpoint_private_access(self.private_endpoint)
            .endpoint_public_access(!self.public_endpoint_cidrs.is_empty())
            .log_types([
                LogType::Api,
                LogType::Audit,
                LogType::Authenticator,
                LogType::ControllerManager,
                LogType::Scheduler,
            ])
            .secrets_key(&key.arn)
            .authentication_mode(AuthenticationMode::Api)
            .bootstrap_self_managed_addons(false)
            .deletion_protection(self.deletion_protection)
            .tags(self.tags.clone());
        let cluster = match &self.public_endpoint_cidrs[..] {
            [] => cluster,
            cidrs => cluster.public_access_cidrs(cidrs.to_vec()),
        };
        stack.add_with("main", cluster.build(), self.options.clone())
    }

    fn node_role(&self, stack: &mut Stack) -> Handle<Role> {
        let policies = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"];
        self.role(stack, "nodes", "ec2.amazonaws.com", &policies)
    }

    fn role(&self, stack: &mut Stack, name: &str, service: &str, policies: &[&str]) -> Handle<Role> {
        let trust =
            PolicyDocument::of([Statement::allow().principal(Principal::service(service)).action("sts:AssumeRole")]);
        let role = Role::builder()
            .name(format!("{}-{name}", self.cluster_name))
            .assume_role_policy(trust)
            .tags(self.tags.clone());
        let role = stack.add(name, role.build());
        for policy in policies {
            let attachment = RolePolicyAttachment::builder().role(&role).policy_arn(aws_managed_policy(policy));
            stack.add(&format!("{name}-{policy}"), attachment.build());
        }
        role
    }

    fn node_groups(
        &self,
        stack: &mut Stack,
        cluster: &Handle<Cluster>,
        role: &Handle<Role>,
        subnets: &[Handle<Subnet>],
    ) -> BTreeMap<String, Handle<NodeGroup>> {
        let mut groups = BTreeMap::new();
        for (name, pool) in &self.node_pools {
            let mut taints = Vec::new();
            for taint in &pool.taints {
                let Some(effect) = formwork_aws::eks::TaintEffect::parse(&taint.effect) else {
                    stack.mistake(format!("node pool {name}: `{}` is no effect of a taint", taint.effect));
                    continue;
                };
                let built = Taint::builder().key(&taint.key).effect(effect);
                taints.push(match &taint.value {
                    Some(value) => built.value(value).build(),
                    None => built.build(),
                });
            }
            let group = NodeGroup::builder()
                .cluster(cluster)
                .name(name)
                .node_role_arn(&role.arn)
                .subnets(subnets.iter().collect::<Vec<_>>())
                .instance_types(pool.instance_types.clone())
                .ami_type(&pool.ami_type)
                .min_size(pool.min_size)
                .max_size(pool.max_size)
                .desired_size(pool.desired_size)
                .labels(pool.labels.clone())
                .taints(taints)
                .tags(self.tags.clone());
            groups.insert(name.clone(), stack.add(name, group.build()));
        }
        groups
    }

    fn addons(&self, stack: &mut Stack, cluster: &Handle<Cluster>) {
        for (name, addon) in &self.addons {
            let mut built = Addon::builder().cluster(cluster).addon_name(name).tags(self.tags.clone());
            if let Some(version) = &addon.version {
                built = built.addon_version(version);
            }
            if let Some(configuration) = &addon.configuration {
                built = built.configuration_values(configuration);
            }
            stack.add(name, built.build());
        }
    }

    fn access(&self, stack: &mut Stack, cluster: &Handle<Cluster>) {
        for (name, access) in &self.access {
            let principal = &access.principal_arn;
            let entry = AccessEntry::builder().cluster(cluster).principal_arn(principal).tags(self.tags.clone());
            stack.add(name, entry.build());
            let association = AccessPolicyAssociation::builder()
                .cluster(cluster)
                .principal_arn(principal)
                .policy_arn(cluster_access_policy(&access.policy))
                .namespaces(access.namespaces.clone());
            stack.add(name, association.build());
        }
    }
}
