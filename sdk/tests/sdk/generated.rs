//! Generated code of every resource type, by service.

#![expect(unreachable_pub, reason = "the code is for a crate that uses it from anywhere")]

mod acm;
mod cloudcontrol;
mod cloudfront;
mod cloudwatch;
mod dynamodb;
mod ec2;
mod ecr;
mod efs;
mod eks;
mod elasticache;
mod elbv2;
mod iam;
mod kms;
mod logs;
mod rds;
mod route53;
mod s3;
mod secretsmanager;
mod sns;
mod sqs;
mod ssm;

use formwork::Stack;

/// Every function of these files.
pub(crate) const ALL: &[fn(&mut Stack)] = &[
    acm::certificate,
    acm::certificate_validation,
    cloudcontrol::resource,
    cloudfront::cache_policy,
    cloudfront::distribution,
    cloudfront::origin_access_control,
    cloudfront::response_headers_policy,
    cloudwatch::alarm,
    dynamodb::table,
    ec2::client_vpn_authorization_rule,
    ec2::client_vpn_endpoint,
    ec2::client_vpn_route,
    ec2::client_vpn_target_network_association,
    ec2::elastic_ip,
    ec2::flow_log,
    ec2::instance,
    ec2::internet_gateway,
    ec2::key_pair,
    ec2::launch_template,
    ec2::nat_gateway,
    ec2::network_acl,
    ec2::network_acl_association,
    ec2::network_acl_entry,
    ec2::prefix_list,
    ec2::route,
    ec2::route_table,
    ec2::route_table_association,
    ec2::security_group,
    ec2::security_group_egress_rule,
    ec2::security_group_ingress_rule,
    ec2::subnet,
    ec2::vpc,
    ec2::vpc_endpoint,
    ecr::repository,
    efs::file_system,
    efs::mount_target,
    eks::access_entry,
    eks::access_policy_association,
    eks::addon,
    eks::cluster,
    eks::fargate_profile,
    eks::node_group,
    eks::pod_identity_association,
    elasticache::parameter_group,
    elasticache::replication_group,
    elasticache::subnet_group,
    elbv2::listener,
    elbv2::listener_rule,
    elbv2::load_balancer,
    elbv2::target_group,
    iam::instance_profile,
    iam::open_id_connect_provider,
    iam::policy,
    iam::role,
    iam::role_policy,
    iam::role_policy_attachment,
    iam::service_linked_role,
    kms::alias,
    kms::key,
    logs::log_group,
    rds::cluster,
    rds::cluster_instance,
    rds::cluster_parameter_group,
    rds::instance,
    rds::parameter_group,
    rds::subnet_group,
    route53::hosted_zone,
    route53::record_set,
    s3::bucket,
    s3::bucket_policy,
    secretsmanager::secret,
    sns::subscription,
    sns::topic,
    sns::topic_policy,
    sqs::queue,
    sqs::queue_policy,
    ssm::parameter,
];
