use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn network(stack: &mut Stack) {
    stack.component("network", |stack| {
        // AWS does not tell `ipv4_ipam_pool_id`: the code leaves it out.
        let main = ec2::Vpc::builder().cidr_block("10.60.0.0/16").tags([("Name", "main")]).build();
        let main = stack.add_with("main", main, options().import("vpc-0aaa0000000000001"));
        // AWS does not tell `ipv4_ipam_pool_id`, `ipv6_ipam_pool_id`: the code leaves it out.
        let private_1 = ec2::Subnet::builder()
            .vpc(&main)
            .cidr_block("10.60.1.0/24")
            .availability_zone("eu-west-1b")
            .hostname_type(ec2::HostnameType::IpName)
            .tags([("Name", "private 1")])
            .build();
        stack.add_with("private-1", private_1, options().import("subnet-0aaa0000000000002"));
        let web = ec2::SecurityGroup::builder()
            .name("web")
            .description("web servers")
            .vpc(&main)
            .tags([("Name", "web")])
            .build();
        stack.add_with("web", web, options().import("sg-0aaa0000000000003"));
        let generate_flow_logs_assume_role_policy = iam::Statement::allow()
            .sid("Deliver")
            .principal(iam::Principal::service("vpc-flow-logs.amazonaws.com"))
            .actions(["sts:AssumeRole", "sts:TagSession"])
            .condition("StringLike", "aws:SourceArn", ["arn:aws:ec2:eu-west-1:123456789012:vpc-flow-log/*"]);
        let generate_flow_logs_assume_role_policy = iam::PolicyDocument::of([generate_flow_logs_assume_role_policy]);
        let generate_flow_logs = iam::Role::builder()
            .name("generate-flow-logs")
            .assume_role_policy(generate_flow_logs_assume_role_policy)
            .description("Writes flow logs")
            .max_session_duration(7200)
            .build();
        stack.add_with("generate-flow-logs", generate_flow_logs, options().import("generate-flow-logs"));
        // AWS does not tell `force_destroy`: the code leaves it out.
        let formwork_generate_trial = s3::Bucket::builder()
            .name("formwork-generate-trial")
            .versioning(true)
            .lifecycle_rules([s3::LifecycleRule::builder().id("old").prefix("tmp/").expiration_days(30).build()])
            .transition_minimum_object_size(s3::MinimumObjectSize::AllStorageClasses128K)
            .build();
        stack.add_with("formwork-generate-trial", formwork_generate_trial, options().import("formwork-generate-trial"));
        // AWS does not tell `indexed_fields`: the code leaves it out.
        let formwork_generate = logs::LogGroup::builder()
            .name("/formwork/generate")
            .retention_in_days(14)
            .tags([("team", "platform")])
            .build();
        stack.add_with("formwork-generate", formwork_generate, options().import("/formwork/generate"));
    });
}
