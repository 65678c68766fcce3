//! The permissions of the types of IAM.

use super::{
    InstanceProfile, OpenIdConnectProvider, Policy, Role, RolePolicy, RolePolicyAttachment, ServiceLinkedRole,
};
use crate::permissions::{Permission, Permitted, Verb, create, delete, look, pass, update};

const PROFILE: &[&str] = &[InstanceProfile::ARN];
const PROVIDER: &[&str] = &[OpenIdConnectProvider::ARN];
const POLICY: &[&str] = &[Policy::ARN];
const ROLE: &[&str] = &[Role::ARN];
const LINKED: &[&str] = &[ServiceLinkedRole::ARN];
/// The role that something hangs on.
const ITS_ROLE: &[&str] = &["{role@aws:iam/role}"];
/// One call for many, which IAM allows on everything only.
const MANY: Permission =
    look(&["iam:GetAccountAuthorizationDetails"]).because("many are read as one list; without it, one by one");

impl Permitted for InstanceProfile {
    const ARN: &'static str = "arn:{partition}:iam::{account}:instance-profile{path}{name}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["iam:GetInstanceProfile"]).on(PROFILE),
        create(&["iam:CreateInstanceProfile", "iam:TagInstanceProfile"]).on(PROFILE),
        update(&[
            "iam:AddRoleToInstanceProfile",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:TagInstanceProfile",
            "iam:UntagInstanceProfile",
        ])
        .on(PROFILE),
        pass(Verb::Update, ITS_ROLE, "ec2.amazonaws.com"),
        delete(&["iam:DeleteInstanceProfile", "iam:RemoveRoleFromInstanceProfile"]).on(PROFILE),
    ];
}

impl Permitted for OpenIdConnectProvider {
    const ARN: &'static str = "arn:{partition}:iam::{account}:oidc-provider/{url:host}";
    const ID_IS_ARN: bool = true;
    const PERMISSIONS: &'static [Permission] = &[
        look(&["iam:GetOpenIDConnectProvider"]).on(PROVIDER),
        create(&["iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"]).on(PROVIDER),
        update(&[
            "iam:AddClientIDToOpenIDConnectProvider",
            "iam:RemoveClientIDFromOpenIDConnectProvider",
            "iam:TagOpenIDConnectProvider",
            "iam:UntagOpenIDConnectProvider",
            "iam:UpdateOpenIDConnectProviderThumbprint",
        ])
        .on(PROVIDER),
        delete(&["iam:DeleteOpenIDConnectProvider"]).on(PROVIDER),
    ];
}

impl Permitted for Policy {
    const ARN: &'static str = "arn:{partition}:iam::{account}:policy{path}{name}";
    const ID_IS_ARN: bool = true;
    const PERMISSIONS: &'static [Permission] = &[
        MANY,
        look(&[
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListEntitiesForPolicy",
            "iam:ListPolicyTags",
            "iam:ListPolicyVersions",
        ])
        .on(POLICY),
        create(&["iam:CreatePolicy", "iam:TagPolicy"]).on(POLICY),
        update(&["iam:CreatePolicyVersion", "iam:DeletePolicyVersion", "iam:TagPolicy", "iam:UntagPolicy"]).on(POLICY),
        update(&["iam:AttachUserPolicy", "iam:DetachUserPolicy"])
            .on(&["arn:{partition}:iam::{account}:user/*"])
            .when(&["users"]),
        update(&["iam:AttachGroupPolicy", "iam:DetachGroupPolicy"])
            .on(&["arn:{partition}:iam::{account}:group/*"])
            .when(&["groups"]),
        delete(&["iam:DeletePolicy", "iam:DeletePolicyVersion"]).on(POLICY),
        delete(&["iam:DetachUserPolicy"]).on(&["arn:{partition}:iam::{account}:user/*"]).when(&["users"]),
        delete(&["iam:DetachGroupPolicy"]).on(&["arn:{partition}:iam::{account}:group/*"]).when(&["groups"]),
    ];
}

impl Permitted for Role {
    const ARN: &'static str = "arn:{partition}:iam::{account}:role{path}{name}";
    const PERMISSIONS: &'static [Permission] = &[
        MANY,
        look(&["iam:ListRoles"]).because("what the list of many does not tell of each"),
        look(&["iam:GetRole"]).on(ROLE),
        create(&["iam:CreateRole", "iam:TagRole"]).on(ROLE),
        update(&["iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole"]).on(ROLE),
        update(&["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"])
            .on(ROLE)
            .when(&["permissions_boundary"]),
        delete(&["iam:DeleteRole"]).on(ROLE),
    ];
}

impl Permitted for RolePolicy {
    const PERMISSIONS: &'static [Permission] = &[
        MANY,
        look(&["iam:GetRolePolicy"]).on(ITS_ROLE),
        create(&["iam:PutRolePolicy"]).on(ITS_ROLE),
        update(&["iam:PutRolePolicy"]).on(ITS_ROLE),
        delete(&["iam:DeleteRolePolicy"]).on(ITS_ROLE),
    ];
}

impl Permitted for RolePolicyAttachment {
    const PERMISSIONS: &'static [Permission] = &[
        MANY,
        look(&["iam:ListAttachedRolePolicies"]).on(ITS_ROLE),
        create(&["iam:AttachRolePolicy"]).on(ITS_ROLE),
        delete(&["iam:DetachRolePolicy"]).on(ITS_ROLE),
    ];
}

impl Permitted for ServiceLinkedRole {
    const ARN: &'static str = "arn:{partition}:iam::{account}:role/aws-service-role/{service}/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["iam:GetRole", "iam:GetServiceLinkedRoleDeletionStatus"]).on(LINKED),
        look(&["iam:ListRoles"]).because("a lost create is looked for by its service"),
        create(&["iam:CreateServiceLinkedRole"]).on(LINKED),
        update(&["iam:UpdateRole"]).on(LINKED),
        delete(&["iam:DeleteServiceLinkedRole"]).on(LINKED),
    ];
}
