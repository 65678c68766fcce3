//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn listener(stack: &mut Stack) {
    stack.component("listener", |stack| {
        // `oidc_client_secret` is a secret, which AWS does not tell: give it where it is to be managed.
        let listener_default_actions = elbv2::Forward::builder()
            .target_groups([elbv2::WeightedTargets::builder().target_group(Arn::new("one-id-1")).build()])
            .build();
        let listener_default_actions = elbv2::Action::forward(listener_default_actions);
        let listener = elbv2::Listener::builder()
            .load_balancer(Arn::new("balancer-id-1"))
            .port(8443)
            .protocol(elbv2::Protocol::Https)
            .default_actions([listener_default_actions])
            .certificate(Arn::new("first-arn-1"))
            .ssl_policy("ELBSecurityPolicy-TLS13-1-2-2021-06")
            .mutual_authentication(elbv2::MutualAuthentication::builder().build())
            .server_header(false)
            .headers([("response.x_frame_options.header_value", "DENY")])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("listener", listener, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn listener_rule(stack: &mut Stack) {
    stack.component("listener-rule", |stack| {
        // `oidc_client_secret` is a secret, which AWS does not tell: give it where it is to be managed.
        let listener_rule_actions = elbv2::Forward::builder()
            .target_groups([elbv2::WeightedTargets::builder().target_group(Arn::new("ruled-id-1")).build()])
            .build();
        let listener_rule_actions = elbv2::Action::forward(listener_rule_actions);
        let listener_rule = elbv2::ListenerRule::builder()
            .listener(Arn::new("listener-id-1"))
            .priority(10)
            .conditions([
                elbv2::Condition::host(elbv2::Patterns::builder().values(["shop.formwork.example"]).build()),
                elbv2::Condition::path(elbv2::Patterns::builder().values(["/api/*", "/v2/*"]).build()),
            ])
            .actions([listener_rule_actions])
            .transforms([elbv2::Transform::path(elbv2::Rewrite::builder().regex("^/api/(.*)$").replace("/$1").build())])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("listener-rule", listener_rule, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn load_balancer(stack: &mut Stack) {
    stack.component("load-balancer", |stack| {
        let conformance_balancer_connection_logs =
            elbv2::Logs::builder().bucket(s3::BucketName::new("logs-id-1")).prefix("connections").build();
        let conformance_balancer = elbv2::LoadBalancer::builder()
            .name("Conformance-Balancer")
            .subnets([ec2::SubnetId::new("a-id-1"), ec2::SubnetId::new("b-id-1")])
            .security_groups([ec2::SecurityGroupId::new("one-id-1")])
            .ip_address_type(elbv2::IpAddressType::Ipv4)
            .minimum_capacity_units(100)
            .deletion_protection(true)
            .cross_zone(true)
            .access_logs(elbv2::Logs::builder().bucket(s3::BucketName::new("logs-id-1")).prefix("access").build())
            .connection_logs(conformance_balancer_connection_logs)
            .health_check_logs(elbv2::Logs::builder().bucket(s3::BucketName::new("logs-id-1")).prefix("checks").build())
            .deny_all_internet_gateway_traffic(true)
            .zonal_shift(true)
            .idle_timeout_seconds(120)
            .client_keep_alive_seconds(600)
            .desync_mitigation(elbv2::DesyncMitigation::Strictest)
            .drop_invalid_headers(true)
            .preserve_host_header(true)
            .tls_headers(true)
            .forwarded_for_port(true)
            .forwarded_for(elbv2::ForwardedFor::Preserve)
            .http2(false)
            .waf_fail_open(true)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Balancer", conformance_balancer, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn target_group(stack: &mut Stack) {
    stack.component("target-group", |stack| {
        let conformance_targets = elbv2::TargetGroup::builder()
            .name("Conformance-Targets")
            .target_type(elbv2::TargetType::Ip)
            .protocol(elbv2::Protocol::Http)
            .protocol_version("HTTP1")
            .port(8080)
            .vpc(ec2::VpcId::new("vpc-id-1"))
            .ip_address_type(elbv2::IpFamily::Ipv4)
            .health_check_enabled(true)
            .health_check_protocol(elbv2::Protocol::Http)
            .health_check_port("8081")
            .health_check_path("/healthz")
            .health_check_interval_seconds(20)
            .health_check_timeout_seconds(4)
            .healthy_threshold_count(3)
            .unhealthy_threshold_count(4)
            .healthy_http_codes("200-299")
            .targets([
                elbv2::Target::builder().id("10.72.0.10").port(8080).build(),
                elbv2::Target::builder().id("10.72.0.11").port(9090).build(),
            ])
            .deregistration_delay_seconds(30)
            .sticky(true)
            .stickiness(elbv2::Stickiness::ApplicationCookie)
            .cookie_seconds(60)
            .application_cookie("session")
            .application_cookie_seconds(120)
            .load_balancing(elbv2::LoadBalancing::WeightedRandom)
            .anomaly_mitigation(elbv2::Switch::On)
            .cross_zone(elbv2::CrossZone::On)
            .slow_start_seconds(30)
            .dns_failover_count("2")
            .dns_failover_percentage("50")
            .fail_open_count(2)
            .fail_open_percentage("60")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Targets", conformance_targets, options().import("the-id"));
    });
}
