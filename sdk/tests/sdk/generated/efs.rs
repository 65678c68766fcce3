//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn file_system(stack: &mut Stack) {
    stack.component("file-system", |stack| {
        // AWS does not tell `bypass_policy_lockout_safety_check`: the code leaves it out.
        let file_system_policy = iam::Statement::allow()
            .sid("One")
            .principal(iam::Principal::anybody())
            .action("elasticfilesystem:ClientMount");
        let file_system_policy = iam::PolicyDocument::of([file_system_policy]);
        let file_system = efs::FileSystem::builder()
            .encrypted(false)
            .throughput_mode(efs::ThroughputMode::Provisioned)
            .provisioned_throughput_mibps(16)
            .transition_to_infrequent_access(efs::TransitionAfter::Days30)
            .transition_to_archive(efs::TransitionAfter::Days90)
            .transition_to_primary_on_access(true)
            .backup(true)
            .policy(file_system_policy)
            .overwrite_protection(false)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("file-system", file_system, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn mount_target(stack: &mut Stack) {
    stack.component("mount-target", |stack| {
        // AWS does not tell `ip_address_type`: the code leaves it out.
        let mount_target = efs::MountTarget::builder()
            .file_system(efs::FileSystemId::new("files-id-1"))
            .subnet(ec2::SubnetId::new("a-id-1"))
            .security_groups([ec2::SecurityGroupId::new("one-id-1")])
            .ip_address("10.74.1.20")
            .build();
        stack.add_with("mount-target", mount_target, options().import("the-id"));
    });
}
