//! [`IrsaRole`]: a role that the pods of a service account assume, and nobody else.

use formwork_aws::eks::Cluster;
use formwork_aws::iam::{OpenIdConnectProvider, PolicyDocument, Principal, Role, RolePolicy, Statement};
use formwork_engine::{Handle, Name, Stack, join};

use super::Tags;

/// A Kubernetes service account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A role for service accounts of a cluster (IAM roles for service accounts).
///
/// It trusts the cluster's identity provider, and of its tokens only those of these service accounts (`sub`) that are meant for AWS
/// (`aud`).
#[derive(Debug, Clone)]
pub struct IrsaRole {
    /// The name of the role.
    pub role_name: Name,
    /// Who may assume it.
    pub service_accounts: Vec<ServiceAccount>,
    /// What it may do.
    pub policy: PolicyDocument,
    /// Tags of the role.
    pub tags: Tags,
}

impl IrsaRole {
    /// Declares role and policy under `name`, for the cluster of this identity provider.
    #[track_caller]
    pub fn declare(&self, stack: &mut Stack, name: &str, provider: &Handle<OpenIdConnectProvider>) -> Handle<Role> {
        let subjects =
            self.service_accounts.iter().map(|it| format!("system:serviceaccount:{}:{}", it.namespace, it.name));
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::federated(&provider.arn))
            .action("sts:AssumeRoleWithWebIdentity")
            .condition("StringEquals", join([(&provider.url).into(), ":aud".into()]), ["sts.amazonaws.com"])
            .condition("StringEquals", join([(&provider.url).into(), ":sub".into()]), subjects)]);
        stack.component(name, |stack| {
            let role = Role::builder().name(&self.role_name).assume_role_policy(trust).tags(self.tags.clone());
            let role = stack.add("role", role.build());
            stack.add("policy", RolePolicy::builder().role(&role).name(name).policy(&self.policy).build());
            role
        })
    }
}

/// Declares the identity provider of a cluster, which all its [`IrsaRole`]s need.
pub(super) fn identity_provider(
    stack: &mut Stack,
    cluster: &Handle<Cluster>,
    tags: &Tags,
) -> Handle<OpenIdConnectProvider> {
    let provider =
        OpenIdConnectProvider::builder().url(&cluster.oidc_issuer).client_ids(["sts.amazonaws.com"]).tags(tags.clone());
    stack.add("service-accounts", provider.build())
}
