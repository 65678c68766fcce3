//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn access_entry(stack: &mut Stack) {
    stack.component("access-entry", |stack| {
        let access_entry = eks::AccessEntry::builder()
            .cluster(eks::ClusterName::new("cluster-id-1"))
            .principal_arn(Arn::new("one-arn-1"))
            .kubernetes_groups(["viewers"])
            .user_name("viewer")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("access-entry", access_entry, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn access_policy_association(stack: &mut Stack) {
    stack.component("access-policy-association", |stack| {
        let access_policy_association = eks::AccessPolicyAssociation::builder()
            .cluster(eks::ClusterName::new("cluster-id-1"))
            .principal_arn(Arn::new("one-arn-1"))
            .policy_arn(Arn::new("arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"))
            .namespaces(["one"])
            .build();
        stack.add_with("access-policy-association", access_policy_association, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn addon(stack: &mut Stack) {
    stack.component("addon", |stack| {
        // AWS does not tell `preserve_on_delete`, `resolve_conflicts`: the code leaves it out.
        let addon = eks::Addon::builder()
            .cluster(eks::ClusterName::new("cluster-id-1"))
            .addon_name("kube-proxy")
            .addon_version("v1.31.2-eksbuild.3")
            .configuration_values(r#"{"mode":"iptables"}"#)
            .service_account_role_arn(Arn::new("one-arn-1"))
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("addon", addon, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn cluster(stack: &mut Stack) {
    stack.component("cluster", |stack| {
        // AWS does not tell `bootstrap_creator_admin`, `bootstrap_self_managed_addons`, `force_upgrade`: the code
        // leaves it out.
        let conformance = eks::Cluster::builder()
            .name("Conformance")
            .role_arn(Arn::new("eks-conformance-1-arn-1"))
            .version("1.31")
            .subnets([ec2::SubnetId::new("a-id-1"), ec2::SubnetId::new("b-id-1")])
            .security_groups([ec2::SecurityGroupId::new("group-id-1")])
            .endpoint_public_access(true)
            .public_access_cidrs(["192.0.2.0/24"])
            .service_ipv4_cidr("172.20.0.0/16")
            .log_types([eks::LogType::Api, eks::LogType::Audit])
            .authentication_mode(eks::AuthenticationMode::ApiAndConfigMap)
            .support_type(eks::SupportType::Standard)
            .control_plane_tier(eks::ControlPlaneTier::Standard)
            .remote_node_networks(["10.80.0.0/16"])
            .remote_pod_networks(["10.81.0.0/16"])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance", conformance, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn fargate_profile(stack: &mut Stack) {
    stack.component("fargate-profile", |stack| {
        let fargate_profile = eks::FargateProfile::builder()
            .cluster(eks::ClusterName::new("cluster-id-1"))
            .name("batch")
            .pod_execution_role_arn(Arn::new("fargate-pods-1-arn-1"))
            .selectors([
                eks::FargateSelector::builder().namespace("batch").labels([("size", "small")]).build(),
                eks::FargateSelector::builder().namespace("jobs-*").build(),
            ])
            .subnets([ec2::SubnetId::new("a-id-1"), ec2::SubnetId::new("b-id-1")])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("fargate-profile", fargate_profile, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn node_group(stack: &mut Stack) {
    stack.component("node-group", |stack| {
        // AWS does not tell `force_update`: the code leaves it out.
        let conformance = eks::NodeGroup::builder()
            .cluster(eks::ClusterName::new("cluster-id-1"))
            .name("Conformance")
            .node_role_arn(Arn::new("one-arn-1"))
            .subnets([ec2::SubnetId::new("a-id-1"), ec2::SubnetId::new("b-id-1")])
            .max_size(3)
            .desired_size(2)
            .instance_types(["m6i.large"])
            .ami_type("AL2023_x86_64_STANDARD")
            .disk_size(40)
            .version("1.31")
            .labels([("pool", "a"), ("zone", "x")])
            .taints([eks::Taint::builder().key("only").value("a").effect(eks::TaintEffect::NoSchedule).build()])
            .max_unavailable(1)
            .remote_access(eks::RemoteAccess::builder().ec2_ssh_key("admin").build())
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance", conformance, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn pod_identity_association(stack: &mut Stack) {
    stack.component("pod-identity-association", |stack| {
        let pod_identity_association = eks::PodIdentityAssociation::builder()
            .cluster(eks::ClusterName::new("cluster-id-1"))
            .namespace("app")
            .service_account("gateway")
            .role_arn(Arn::new("one-arn-1"))
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("pod-identity-association", pod_identity_association, options().import("the-id"));
    });
}
