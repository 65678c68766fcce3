//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn instance_profile(stack: &mut Stack) {
    stack.component("instance-profile", |stack| {
        let conformance_profile = iam::InstanceProfile::builder()
            .name("Conformance-Profile")
            .role(iam::RoleName::new("role-id-1"))
            .path("/formwork/profiles/")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Profile", conformance_profile, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn open_id_connect_provider(stack: &mut Stack) {
    stack.component("open-id-connect-provider", |stack| {
        let open_id_connect_provider = iam::OpenIdConnectProvider::builder()
            .url("https://issuer.formwork.example/id/CONFORMANCE")
            .client_ids(["sts.amazonaws.com"])
            .thumbprints(["9E99A48A9960B14926BB7F3B02E22DA2B0AB7280"])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("open-id-connect-provider", open_id_connect_provider, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn policy(stack: &mut Stack) {
    stack.component("policy", |stack| {
        let conformance_policy = iam::Policy::builder()
            .name("Conformance-Policy")
            .policy(iam::PolicyDocument::of([iam::Statement::allow().action("s3:GetObject").resource("*")]))
            .description("made by the conformance suite")
            .path("/formwork/policies/")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Policy", conformance_policy, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn role(stack: &mut Stack) {
    stack.component("role", |stack| {
        let conformance_role_assume_role_policy =
            iam::Statement::allow().principal(iam::Principal::service("ec2.amazonaws.com")).action("sts:AssumeRole");
        let conformance_role_assume_role_policy = iam::PolicyDocument::of([conformance_role_assume_role_policy]);
        let conformance_role = iam::Role::builder()
            .name("Conformance-Role")
            .assume_role_policy(conformance_role_assume_role_policy)
            .description("made by the conformance suite")
            .max_session_duration(7200)
            .path("/formwork/")
            .permissions_boundary(Arn::new("arn:aws:iam::aws:policy/ReadOnlyAccess"))
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Role", conformance_role, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn role_policy(stack: &mut Stack) {
    stack.component("role-policy", |stack| {
        let inline_policy = iam::RolePolicy::builder()
            .role(iam::RoleName::new("role-id-1"))
            .name("Inline-Policy")
            .policy(iam::PolicyDocument::of([iam::Statement::allow().action("s3:GetObject").resource("*")]))
            .build();
        stack.add_with("Inline-Policy", inline_policy, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn role_policy_attachment(stack: &mut Stack) {
    stack.component("role-policy-attachment", |stack| {
        let role_policy_attachment = iam::RolePolicyAttachment::builder()
            .role(iam::RoleName::new("role-id-1"))
            .policy_arn(Arn::new("arn:aws:iam::aws:policy/ReadOnlyAccess"))
            .build();
        stack.add_with("role-policy-attachment", role_policy_attachment, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn service_linked_role(stack: &mut Stack) {
    stack.component("service-linked-role", |stack| {
        // AWS does not tell `custom_suffix`: the code leaves it out.
        let service_linked_role = iam::ServiceLinkedRole::builder()
            .service("autoscaling.amazonaws.com")
            .description("made by the conformance suite")
            .build();
        stack.add_with("service-linked-role", service_linked_role, options().import("the-id"));
    });
}
