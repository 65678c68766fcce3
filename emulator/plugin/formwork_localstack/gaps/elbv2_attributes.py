"""The attributes of load balancers, target groups and listeners: which there are, and what they begin with.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html and its neighbours.
"""

from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import fault

_LOGS = {"access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": ""}
_EVERY = {"deletion_protection.enabled": "false", "load_balancing.cross_zone.enabled": "false"}
_WEB = {
    "idle_timeout.timeout_seconds": "60",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
}
_BOTH = {**_LOGS, "ipv6.deny_all_igw_traffic": "false", "zonal_shift.config.enabled": "false"}

BALANCER: dict[str, dict[str, str]] = {
    "application": {**_EVERY, "load_balancing.cross_zone.enabled": "true", **_BOTH, **_WEB},
    "network": {**_EVERY, **_BOTH, "dns_record.client_routing_policy": "any_availability_zone", "secondary_ips.auto_assigned.per_subnet": "0"},
    "gateway": dict(_EVERY),
}

_HEALTH = {
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
_STICKY = {"stickiness.enabled": "false", "load_balancing.cross_zone.enabled": "use_load_balancer_configuration"}

GROUP: dict[str, dict[str, str]] = {
    "web": {
        "deregistration_delay.timeout_seconds": "300",
        **_STICKY,
        **_HEALTH,
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": "86400",
        "stickiness.app_cookie.cookie_name": "",
        "stickiness.app_cookie.duration_seconds": "86400",
        "load_balancing.algorithm.type": "round_robin",
        "load_balancing.algorithm.anomaly_mitigation": "off",
        "slow_start.duration_seconds": "0",
    },
    "lambda": {**_STICKY, **_HEALTH, "lambda.multi_value_headers.enabled": "false"},
    "other": {
        "deregistration_delay.timeout_seconds": "300",
        **_STICKY,
        **_HEALTH,
        "stickiness.type": "source_ip",
        "deregistration_delay.connection_termination.enabled": "false",
        "preserve_client_ip.enabled": "true",
        "proxy_protocol_v2.enabled": "false",
        "target_health_state.unhealthy.connection_termination.enabled": "true",
        "target_health_state.unhealthy.draining_interval_seconds": "0",
        "target_failover.on_deregistration": "no_rebalance",
        "target_failover.on_unhealthy": "no_rebalance",
        "send_tcp_reset.on_unhealthy.enabled": "false",
        "send_tcp_reset.on_deregistration.enabled": "false",
    },
}

_HEADERS = (
    "strict_transport_security", "access_control_allow_origin", "access_control_allow_methods", "access_control_allow_headers",
    "access_control_allow_credentials", "access_control_expose_headers", "access_control_max_age", "content_security_policy",
    "x_content_type_options", "x_frame_options",
)
_CLIENT = ("serial_number", "issuer", "subject", "validity", "leaf")
_NAMES = {f"routing.http.request.x_amzn_mtls_clientcert_{part}.header_name": f"X-Amzn-Mtls-Clientcert-{part.replace('_', '-').title()}" for part in _CLIENT} | {
    "routing.http.request.x_amzn_mtls_clientcert.header_name": "X-Amzn-Mtls-Clientcert",
    "routing.http.request.x_amzn_tls_version.header_name": "X-Amzn-Tls-Version",
    "routing.http.request.x_amzn_tls_cipher_suite.header_name": "X-Amzn-Tls-Cipher-Suite",
}

LISTENER: dict[str, dict[str, str]] = {
    "application": {
        "routing.http.response.server.enabled": "true",
        **{f"routing.http.response.{name}.header_value": "" for name in _HEADERS},
        **_NAMES,
    },
    "network": {"tcp.idle_timeout.seconds": "350"},
    "gateway": {"tcp.idle_timeout.seconds": "350", "send_tcp_reset.on_idle_timeout.enabled": "false"},
}


def checked(context: RequestContext, allowed: dict[str, str], pair: dict[str, Any]) -> None:
    """An attribute that its owner has not is refused."""
    if pair["Key"] not in allowed:
        raise fault(context, "InvalidConfigurationRequestException", f"The attribute '{pair['Key']}' is not supported here")
