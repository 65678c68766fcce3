//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn parameter_group(stack: &mut Stack) {
    stack.component("parameter-group", |stack| {
        let conformance_cache_parameters = elasticache::ParameterGroup::builder()
            .name("Conformance-Cache-Parameters")
            .family("redis7")
            .description("made by the conformance suite")
            .parameters([("activedefrag", "yes"), ("maxmemory-policy", "noeviction")])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Cache-Parameters", conformance_cache_parameters, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn replication_group(stack: &mut Stack) {
    stack.component("replication-group", |stack| {
        // `auth_token` is a secret, which AWS does not tell: give it where it is to be managed.
        // AWS does not tell `apply_immediately`, `auth_token_strategy`, `final_snapshot`, `preferred_zones`, `shards`,
        // `snapshot_arns`, `snapshot_name`: the code leaves it out.
        let conformance_cache_log_delivery = elasticache::LogDelivery::builder()
            .log_type(elasticache::LogType::SlowLog)
            .destination_type(elasticache::LogDestination::CloudWatchLogs)
            .destination("/conformance/cache")
            .build();
        let conformance_cache = elasticache::ReplicationGroup::builder()
            .name("Conformance-Cache")
            .description("made by the conformance suite")
            .engine_version("7.0")
            .node_type("cache.t4g.small")
            .num_cache_clusters(2)
            .automatic_failover(true)
            .multi_az(true)
            .kms_key(Arn::new("key-arn-1"))
            .user_groups(["conformance-users"])
            .parameter_group(elasticache::ParameterGroupName::new("Conformance-Cache-Seven-id-1"))
            .subnet_group(elasticache::SubnetGroupName::new("Conformance-Cache-Here-id-1"))
            .security_groups([ec2::SecurityGroupId::new("conformance-cache-clients-id-1")])
            .port(6380)
            .ip_discovery(elasticache::IpProtocol::Ipv4)
            .maintenance_window("Sun:05:00-Sun:06:00")
            .snapshot_retention_limit(7)
            .snapshot_window("03:00-04:00")
            .log_delivery([conformance_cache_log_delivery])
            .notification_topic(Arn::new("arn:aws:sns:eu-west-1:123456789012:cache"))
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Cache", conformance_cache, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn subnet_group(stack: &mut Stack) {
    stack.component("subnet-group", |stack| {
        let conformance_cache_subnets = elasticache::SubnetGroup::builder()
            .name("Conformance-Cache-Subnets")
            .description("made by the conformance suite")
            .subnets([ec2::SubnetId::new("a-id-1"), ec2::SubnetId::new("b-id-1")])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Cache-Subnets", conformance_cache_subnets, options().import("the-id"));
    });
}
