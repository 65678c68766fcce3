//! Every resource type, from the examples in its own file ([`formwork_aws::conformance`]): one test for each, one for the table of
//! what was changed behind the engine's back, and one for the permissions that nobody needed.

mod coverage;
mod drift;
mod permissions;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use formwork_aws::conformance::Example;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::{JoinSet, LocalSet};

pub(crate) use permissions::used;
use walk::Walked;

/// A test for each type, and one that no type was forgotten.
macro_rules! types {
    ($($test:ident $kind:literal)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                let wrong = &walked($kind).await.wrong;
                assert!(wrong.is_empty(), "{}:\n{}", $kind, wrong.join("\n"));
            }
        )*

        const KINDS: &[&str] = &[$($kind),*];

        /// The walks of this process, each made once, for the test of its type and for the table.
        static WALKED: [OnceCell<Walked>; KINDS.len()] = [const { OnceCell::const_new() }; KINDS.len()];

        #[test]
        fn every_registered_type_has_a_test() {
            let tested = BTreeSet::from([$($kind),*]);
            let registered: BTreeSet<&str> = formwork_aws::schemas().iter().map(|schema| schema.kind).collect();
            assert_eq!(registered, tested);
        }
    };
}

types! {
    acm_certificate "aws:acm/certificate"
    acm_certificate_validation "aws:acm/certificate-validation"
    cloudcontrol_resource "aws:cloudcontrol/resource"
    cloudfront_cache_policy "aws:cloudfront/cache-policy"
    cloudfront_distribution "aws:cloudfront/distribution"
    cloudfront_origin_access_control "aws:cloudfront/origin-access-control"
    cloudfront_response_headers_policy "aws:cloudfront/response-headers-policy"
    cloudwatch_alarm "aws:cloudwatch/alarm"
    dynamodb_table "aws:dynamodb/table"
    ec2_client_vpn_authorization_rule "aws:ec2/client-vpn-authorization-rule"
    ec2_client_vpn_endpoint "aws:ec2/client-vpn-endpoint"
    ec2_client_vpn_route "aws:ec2/client-vpn-route"
    ec2_client_vpn_target_network_association "aws:ec2/client-vpn-target-network-association"
    ec2_elastic_ip "aws:ec2/elastic-ip"
    ec2_flow_log "aws:ec2/flow-log"
    ec2_instance "aws:ec2/instance"
    ec2_internet_gateway "aws:ec2/internet-gateway"
    ec2_key_pair "aws:ec2/key-pair"
    ec2_launch_template "aws:ec2/launch-template"
    ec2_nat_gateway "aws:ec2/nat-gateway"
    ec2_network_acl "aws:ec2/network-acl"
    ec2_network_acl_association "aws:ec2/network-acl-association"
    ec2_network_acl_entry "aws:ec2/network-acl-entry"
    ec2_prefix_list "aws:ec2/prefix-list"
    ec2_route "aws:ec2/route"
    ec2_route_table "aws:ec2/route-table"
    ec2_route_table_association "aws:ec2/route-table-association"
    ec2_security_group "aws:ec2/security-group"
    ec2_security_group_egress_rule "aws:ec2/security-group-egress-rule"
    ec2_security_group_ingress_rule "aws:ec2/security-group-ingress-rule"
    ec2_subnet "aws:ec2/subnet"
    ec2_vpc "aws:ec2/vpc"
    ec2_vpc_endpoint "aws:ec2/vpc-endpoint"
    ecr_repository "aws:ecr/repository"
    efs_file_system "aws:efs/file-system"
    efs_mount_target "aws:efs/mount-target"
    eks_access_entry "aws:eks/access-entry"
    eks_access_policy_association "aws:eks/access-policy-association"
    eks_addon "aws:eks/addon"
    eks_cluster "aws:eks/cluster"
    eks_fargate_profile "aws:eks/fargate-profile"
    eks_node_group "aws:eks/node-group"
    eks_pod_identity_association "aws:eks/pod-identity-association"
    elasticache_parameter_group "aws:elasticache/parameter-group"
    elasticache_replication_group "aws:elasticache/replication-group"
    elasticache_subnet_group "aws:elasticache/subnet-group"
    elbv2_listener "aws:elbv2/listener"
    elbv2_listener_rule "aws:elbv2/listener-rule"
    elbv2_load_balancer "aws:elbv2/load-balancer"
    elbv2_target_group "aws:elbv2/target-group"
    iam_instance_profile "aws:iam/instance-profile"
    iam_open_id_connect_provider "aws:iam/open-id-connect-provider"
    iam_policy "aws:iam/policy"
    iam_role "aws:iam/role"
    iam_role_policy "aws:iam/role-policy"
    iam_role_policy_attachment "aws:iam/role-policy-attachment"
    iam_service_linked_role "aws:iam/service-linked-role"
    kms_alias "aws:kms/alias"
    kms_key "aws:kms/key"
    logs_log_group "aws:logs/log-group"
    rds_cluster "aws:rds/cluster"
    rds_cluster_instance "aws:rds/cluster-instance"
    rds_cluster_parameter_group "aws:rds/cluster-parameter-group"
    rds_instance "aws:rds/instance"
    rds_parameter_group "aws:rds/parameter-group"
    rds_subnet_group "aws:rds/subnet-group"
    route53_hosted_zone "aws:route53/hosted-zone"
    route53_record_set "aws:route53/record-set"
    s3_bucket "aws:s3/bucket"
    s3_bucket_policy "aws:s3/bucket-policy"
    secretsmanager_secret "aws:secretsmanager/secret"
    sns_subscription "aws:sns/subscription"
    sns_topic "aws:sns/topic"
    sns_topic_policy "aws:sns/topic-policy"
    sqs_queue "aws:sqs/queue"
    sqs_queue_policy "aws:sqs/queue-policy"
    ssm_parameter "aws:ssm/parameter"
}

/// How many types are walked through at the same time: the emulator has one core for all of them.
const AT_ONCE: usize = 6;

/// All walks, a few at a time.
async fn all() -> BTreeMap<&'static str, &'static Walked> {
    static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
    let walks = async {
        let mut walking = JoinSet::new();
        for kind in KINDS {
            walking.spawn_local(async move {
                let _turn = TURNS.acquire().await;
                (*kind, walked(kind).await)
            });
        }
        walking.join_all().await
    };
    LocalSet::new().run_until(walks).await.into_iter().collect()
}

async fn walked(kind: &str) -> &'static Walked {
    let place = KINDS.iter().position(|one| *one == kind).unwrap();
    let walk = || async {
        let _names = if kind.starts_with("aws:s3/") { Some(crate::EXAMPLE_BUCKETS.lock().await) } else { None };
        walk::walk(&example(kind)).await
    };
    WALKED[place].get_or_init(walk).await
}

fn example(kind: &str) -> Example {
    let example = formwork_aws::examples().into_iter().find(|example| example.kind == kind);
    example.unwrap_or_else(|| panic!("{kind} is not registered"))
}
