//! The permissions of the types of Elastic Load Balancing.

use super::{Listener, ListenerRule, LoadBalancer, TargetGroup};
use crate::permissions::{Permission, Permitted, create, delete, look, own_role, update};

const BALANCER: &[&str] = &[LoadBalancer::ARN];
const GROUP: &[&str] = &[TargetGroup::ARN];
const LISTENER: &[&str] = &[Listener::ARN];
/// A create is allowed on what it is made in.
const IN_BALANCERS: &[&str] = &[LoadBalancer::ARN, Listener::ARN];
const RULE: &[&str] = &[ListenerRule::ARN];
const IN_LISTENERS: &[&str] = &[Listener::ARN, ListenerRule::ARN];

impl Permitted for Listener {
    const ARN: &'static str = "arn:{partition}:elasticloadbalancing:{region}:{account}:listener/*";
    const ID_IS_ARN: bool = true;
    const PERMISSIONS: &'static [Permission] = &[
        look(&[
            "elasticloadbalancing:DescribeListenerAttributes",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeTags",
        ]),
        create(&["elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener"]).on(IN_BALANCERS),
        update(&[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:ModifyListenerAttributes",
            "elasticloadbalancing:RemoveTags",
        ])
        .on(LISTENER),
        delete(&["elasticloadbalancing:DeleteListener"]).on(LISTENER),
    ];
}

impl Permitted for ListenerRule {
    const ARN: &'static str = "arn:{partition}:elasticloadbalancing:{region}:{account}:listener-rule/*";
    const ID_IS_ARN: bool = true;
    const PERMISSIONS: &'static [Permission] = &[
        look(&["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags"]),
        create(&["elasticloadbalancing:AddTags", "elasticloadbalancing:CreateRule"]).on(IN_LISTENERS),
        update(&[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:RemoveTags",
            "elasticloadbalancing:SetRulePriorities",
        ])
        .on(RULE),
        delete(&["elasticloadbalancing:DeleteRule"]).on(RULE),
    ];
}

impl Permitted for LoadBalancer {
    const ARN: &'static str = "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/*";
    const ID_IS_ARN: bool = true;
    const PERMISSIONS: &'static [Permission] = &[
        // None of these can be allowed on single load balancers.
        look(&[
            "elasticloadbalancing:DescribeCapacityReservation",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
        ]),
        create(&["elasticloadbalancing:AddTags", "elasticloadbalancing:CreateLoadBalancer"]).on(BALANCER),
        own_role(
            "elasticloadbalancing.amazonaws.com",
            &["arn:{partition}:iam::{account}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"],
        ),
        update(&[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:RemoveTags",
            "elasticloadbalancing:SetIpAddressType",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
        ])
        .on(BALANCER),
        update(&["elasticloadbalancing:ModifyCapacityReservation"]).on(BALANCER).when(&["minimum_capacity_units"]),
        update(&["elasticloadbalancing:ModifyIpPools"]).on(BALANCER).when(&["ipv4_ipam_pool_id"]),
        delete(&["elasticloadbalancing:DeleteLoadBalancer"]).on(BALANCER),
        delete(&["elasticloadbalancing:ModifyLoadBalancerAttributes"])
            .on(BALANCER)
            .when(&["deletion_protection"])
            .because("the protection against deletion is lifted first"),
    ];
}

impl Permitted for TargetGroup {
    const ARN: &'static str = "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{name}/*";
    const ID_IS_ARN: bool = true;
    const PERMISSIONS: &'static [Permission] = &[
        look(&[
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        ]),
        create(&["elasticloadbalancing:AddTags", "elasticloadbalancing:CreateTargetGroup"]).on(GROUP),
        update(&[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:RemoveTags",
        ])
        .on(GROUP),
        update(&["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"])
            .on(GROUP)
            .when(&["targets"]),
        delete(&["elasticloadbalancing:DeleteTargetGroup"]).on(GROUP),
    ];
}
