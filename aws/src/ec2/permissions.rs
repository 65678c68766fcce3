//! The permissions of the types of EC2. AWS makes all of their ids, so that their actions cannot be tied to ARNs before.

use super::{
    ClientVpnAuthorizationRule, ClientVpnEndpoint, ClientVpnRoute, ClientVpnTargetNetworkAssociation, ElasticIp,
    FlowLog, Instance, InternetGateway, KeyPair, LaunchTemplate, NatGateway, NetworkAcl, NetworkAclAssociation,
    NetworkAclEntry, PrefixList, Route, RouteTable, RouteTableAssociation, SecurityGroup, SecurityGroupEgressRule,
    SecurityGroupIngressRule, Subnet, Vpc, VpcEndpoint,
};
use crate::permissions::{Permission, Permitted, Verb, create, delete, look, own_role, pass, update};

impl Permitted for ClientVpnAuthorizationRule {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeClientVpnAuthorizationRules"]),
        create(&["ec2:AuthorizeClientVpnIngress"]),
        delete(&["ec2:RevokeClientVpnIngress"]),
    ];
}

impl Permitted for ClientVpnEndpoint {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeClientVpnEndpoints"]),
        create(&["ec2:CreateClientVpnEndpoint"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        own_role(
            "clientvpn.amazonaws.com",
            &["arn:{partition}:iam::{account}:role/aws-service-role/clientvpn.amazonaws.com/*"],
        ),
        own_role(
            "clientvpn-connections.amazonaws.com",
            &["arn:{partition}:iam::{account}:role/aws-service-role/clientvpn-connections.amazonaws.com/*"],
        )
        .when(&["connect_handler.function"]),
        update(&["ec2:ModifyClientVpnEndpoint"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteClientVpnEndpoint"]),
    ];
}

impl Permitted for ClientVpnRoute {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeClientVpnRoutes"]),
        create(&["ec2:CreateClientVpnRoute"]),
        delete(&["ec2:DeleteClientVpnRoute"]),
    ];
}

impl Permitted for ClientVpnTargetNetworkAssociation {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeClientVpnTargetNetworks"]),
        create(&["ec2:AssociateClientVpnTargetNetwork"]),
        delete(&["ec2:DisassociateClientVpnTargetNetwork"]),
    ];
}

impl Permitted for ElasticIp {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeAddresses"]),
        create(&["ec2:AllocateAddress"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        create(&["ec2:AcceptAddressTransfer"]).when(&["transfer_address"]),
        update(&["ec2:AssociateAddress", "ec2:DisassociateAddress"]).when(&["instance"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:ReleaseAddress"]),
        delete(&["ec2:DisassociateAddress"]).when(&["instance"]),
    ];
}

impl Permitted for FlowLog {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeFlowLogs"]),
        create(&["ec2:CreateFlowLogs"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        create(&["logs:CreateLogDelivery"]).because("a flow log is a delivery of logs, too"),
        pass(Verb::Create, &["{role}"], "vpc-flow-logs.amazonaws.com").when(&["role"]),
        create(&["s3:GetBucketPolicy", "s3:PutBucketPolicy"])
            .on(&["arn:{partition}:s3:::*"])
            .when(&["bucket"])
            .because("the delivery is allowed in the policy of the bucket"),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteFlowLogs"]),
        delete(&["logs:DeleteLogDelivery"]).because("a flow log is a delivery of logs, too"),
    ];
}

impl Permitted for Instance {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeInstances", "ec2:DescribeInstanceAttribute"]),
        look(&["ec2:DescribeVolumes"]).because("its volumes are described by themselves"),
        look(&["ec2:DescribeInstanceCreditSpecifications"]).because("burstable machines have credits"),
        create(&["ec2:RunInstances"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        pass(Verb::Create, &["arn:{partition}:iam::{account}:role/*"], "ec2.amazonaws.com").when(&["instance_profile"]),
        pass(Verb::Update, &["arn:{partition}:iam::{account}:role/*"], "ec2.amazonaws.com").when(&["instance_profile"]),
        update(&["ec2:ModifyInstanceAttribute"]),
        update(&["ec2:StopInstances", "ec2:StartInstances"]).because("what it takes only while it is stopped"),
        update(&["ec2:ModifyInstanceMetadataOptions"]),
        update(&["ec2:MonitorInstances", "ec2:UnmonitorInstances"]),
        update(&["ec2:ModifyInstanceCreditSpecification"]).when(&["cpu_credits"]),
        update(&["ec2:ModifyPrivateDnsNameOptions"]).when(&["private_dns_names"]),
        update(&["ec2:ModifyVolume"]).when(&["block_devices"]),
        update(&["ec2:AttachVolume", "ec2:DetachVolume"]).when(&["volumes"]),
        update(&[
            "ec2:AssociateIamInstanceProfile",
            "ec2:DescribeIamInstanceProfileAssociations",
            "ec2:ReplaceIamInstanceProfileAssociation",
        ])
        .when(&["instance_profile"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:TerminateInstances"]),
        delete(&["ec2:ModifyInstanceAttribute"]).because("termination protection is lifted first"),
    ];
}

impl Permitted for InternetGateway {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeInternetGateways"]),
        create(&["ec2:CreateInternetGateway"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:AttachInternetGateway", "ec2:DetachInternetGateway"]).when(&["vpc"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteInternetGateway"]),
        delete(&["ec2:DetachInternetGateway"]).when(&["vpc"]),
    ];
}

impl Permitted for KeyPair {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeKeyPairs"]),
        create(&["ec2:ImportKeyPair"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteKeyPair"]),
    ];
}

impl Permitted for LaunchTemplate {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"]),
        create(&["ec2:CreateLaunchTemplate"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"]),
        update(&["ec2:DeleteLaunchTemplateVersions"]).when(&["keep_versions"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteLaunchTemplate"]),
    ];
}

impl Permitted for NatGateway {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeNatGateways"]),
        create(&["ec2:CreateNatGateway"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:AssociateNatGatewayAddress", "ec2:DisassociateNatGatewayAddress"])
            .when(&["secondary_allocations"]),
        update(&["ec2:AssignPrivateNatGatewayAddress", "ec2:UnassignPrivateNatGatewayAddress"])
            .when(&["secondary_private_ip_addresses", "secondary_private_ip_address_count"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteNatGateway"]),
    ];
}

impl Permitted for NetworkAcl {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeNetworkAcls"]),
        create(&["ec2:CreateNetworkAcl"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteNetworkAcl"]),
    ];
}

impl Permitted for NetworkAclAssociation {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeNetworkAcls"]),
        create(&["ec2:ReplaceNetworkAclAssociation"]),
        update(&["ec2:ReplaceNetworkAclAssociation"]),
        delete(&["ec2:ReplaceNetworkAclAssociation"]).because("the subnet gets the default ACL of its VPC back"),
    ];
}

impl Permitted for NetworkAclEntry {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeNetworkAcls"]),
        create(&["ec2:CreateNetworkAclEntry"]),
        update(&["ec2:ReplaceNetworkAclEntry"]),
        delete(&["ec2:DeleteNetworkAclEntry"]),
    ];
}

impl Permitted for PrefixList {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries"]),
        create(&["ec2:CreateManagedPrefixList"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:ModifyManagedPrefixList"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteManagedPrefixList"]),
    ];
}

impl Permitted for Route {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeRouteTables"]),
        create(&["ec2:CreateRoute"]),
        update(&["ec2:ReplaceRoute"]),
        delete(&["ec2:DeleteRoute"]),
    ];
}

impl Permitted for RouteTable {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeRouteTables"]),
        create(&["ec2:CreateRouteTable"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteRouteTable"]),
    ];
}

impl Permitted for RouteTableAssociation {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeRouteTables"]),
        create(&["ec2:AssociateRouteTable"]),
        update(&["ec2:ReplaceRouteTableAssociation"]),
        delete(&["ec2:DisassociateRouteTable"]),
    ];
}

impl Permitted for SecurityGroup {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups"]),
        create(&["ec2:CreateSecurityGroup"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupEgress"])
            .because("the rule that AWS gives to a new group is taken away, or put back"),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteSecurityGroup"]),
    ];
}

impl Permitted for SecurityGroupEgressRule {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeSecurityGroupRules"]),
        create(&["ec2:AuthorizeSecurityGroupEgress"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:ModifySecurityGroupRules"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:RevokeSecurityGroupEgress"]),
    ];
}

impl Permitted for SecurityGroupIngressRule {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeSecurityGroupRules"]),
        create(&["ec2:AuthorizeSecurityGroupIngress"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:ModifySecurityGroupRules"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:RevokeSecurityGroupIngress"]),
    ];
}

impl Permitted for Subnet {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeSubnets"]),
        create(&["ec2:CreateSubnet"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:ModifySubnetAttribute"]),
        update(&["ec2:AssociateSubnetCidrBlock"]).when(&["ipv6_cidr_block"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteSubnet"]),
    ];
}

impl Permitted for Vpc {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeVpcAttribute", "ec2:DescribeVpcs"]),
        create(&["ec2:CreateVpc"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        update(&["ec2:ModifyVpcAttribute"]),
        update(&["ec2:ModifyVpcTenancy"]).when(&["instance_tenancy"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteVpc"]),
    ];
}

impl Permitted for VpcEndpoint {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ec2:DescribeVpcEndpoints"]),
        create(&["ec2:CreateVpcEndpoint"]),
        create(&["ec2:CreateTags"]).because("its tags are given to it as it is made"),
        create(&["route53:AssociateVPCWithHostedZone"])
            .when(&["private_dns_enabled"])
            .because("its private names are a hosted zone that is tied to the VPC"),
        update(&["ec2:ModifyVpcEndpoint"]),
        update(&["ec2:CreateTags", "ec2:DeleteTags"]),
        delete(&["ec2:DeleteVpcEndpoints"]),
    ];
}
