//! AWS resource types for Formwork: one file each, `src/<service>/<noun>.rs`.
//!
//! Every file has the same order: arguments, outputs, the [`Lifecycle`] verbs, private parts, tests. Nothing here knows of state,
//! plans or terminals.

pub mod arn;
#[cfg(any(feature = "ec2", feature = "eks"))]
mod cidr;
pub mod conformance;
pub mod context;
mod deadline;
pub mod decimal;
#[cfg(feature = "kms")]
pub mod envelope;
pub mod error;
#[cfg(any(
    feature = "dynamodb",
    feature = "ecr",
    feature = "eks",
    feature = "elasticache",
    feature = "kms",
    feature = "logs",
    feature = "rds",
    feature = "s3",
    feature = "secretsmanager",
    feature = "sqs"
))]
mod hazards;
pub mod lifecycle;
pub mod pace;
mod permission;
pub mod permissions;
pub mod preflight;
mod questions;
pub mod reads;
#[cfg(test)]
mod registry;
#[cfg(all(test, feature = "all"))]
mod replay;
pub mod retry;
#[cfg(test)]
mod rewritten;
mod sweep;
pub mod tags;
#[cfg(all(test, feature = "all"))]
mod waits;

#[cfg(feature = "acm")]
pub mod acm;
#[cfg(feature = "cloudcontrol")]
pub mod cloudcontrol;
#[cfg(feature = "cloudfront")]
pub mod cloudfront;
#[cfg(feature = "cloudwatch")]
pub mod cloudwatch;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "ec2")]
pub mod ec2;
#[cfg(feature = "ecr")]
pub mod ecr;
#[cfg(feature = "efs")]
pub mod efs;
#[cfg(feature = "eks")]
pub mod eks;
#[cfg(feature = "elasticache")]
pub mod elasticache;
#[cfg(feature = "elbv2")]
pub mod elbv2;
#[cfg(feature = "iam")]
pub mod iam;
#[cfg(feature = "kms")]
pub mod kms;
#[cfg(feature = "logs")]
pub mod logs;
#[cfg(feature = "rds")]
pub mod rds;
#[cfg(feature = "route53")]
pub mod route53;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "secretsmanager")]
pub mod secretsmanager;
#[cfg(feature = "sns")]
pub mod sns;
#[cfg(feature = "sqs")]
pub mod sqs;
#[cfg(feature = "ssm")]
pub mod ssm;
#[cfg(feature = "s3")]
pub mod store;

pub use arn::Arn;
pub use context::{AssumeRole, Aws, AwsCloud, AwsConfig, CALL_TIMEOUT, EmulatorTarget};
#[cfg(feature = "kms")]
pub use envelope::Envelope;
pub use error::{Error, OrGone, Result};
pub use lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
pub use tags::Tags;

use formwork_engine::kind::Registry;
use formwork_engine::{Resource, Schema};

macro_rules! kinds {
    ($($feature:literal: $($type:path),+;)*) => {
        /// Adds all types and reads to the registry of an account and region.
        pub(crate) fn register(aws: &Aws, registry: &mut Registry) {
            $(#[cfg(feature = $feature)] {
                $(registry.add_kind(lifecycle::kind::<$type>(aws));)+
            })*
            registry.add_read(reads::read::<reads::CallerIdentityRead>(aws));
            registry.add_read(reads::read::<reads::RegionRead>(aws));
            #[cfg(feature = "ec2")]
            registry.add_read(reads::read::<ec2::ami::AmiByFilter>(aws));
            #[cfg(all(feature = "ec2", feature = "ssm"))]
            registry.add_read(reads::read::<ec2::ami::AmiByParameter>(aws));
            #[cfg(feature = "ec2")]
            registry.add_read(reads::read::<ec2::availability_zones::AvailabilityZones>(aws));
            #[cfg(feature = "ec2")]
            registry.add_read(reads::read::<ec2::prefix_list::PrefixListByName>(aws));
            #[cfg(feature = "iam")]
            registry.add_read(reads::read::<iam::managed_policy::ManagedPolicy>(aws));
            #[cfg(feature = "eks")]
            {
                registry.add_read(reads::read::<eks::versions::AddonVersionsRead>(aws));
                registry.add_read(reads::read::<eks::versions::ClusterVersionsRead>(aws));
            }
            #[cfg(feature = "route53")]
            registry.add_read(reads::read::<route53::lookup::HostedZoneByName>(aws));
            #[cfg(feature = "secretsmanager")]
            registry.add_read(reads::read::<secretsmanager::existing::SecretRead>(aws));
            #[cfg(feature = "secretsmanager")]
            registry.add_read(reads::read::<secretsmanager::existing::SecretValueRead>(aws));
            #[cfg(feature = "ssm")]
            registry.add_read(reads::read::<ssm::parameter_value::ParameterValue>(aws));
        }

        /// The schemas of all types, in the order of this list.
        pub fn schemas() -> Vec<&'static Schema> {
            let mut schemas = Vec::new();
            $(#[cfg(feature = $feature)] {
                $(schemas.push(<$type as Resource>::schema());)+
            })*
            schemas
        }

        /// The permissions of all types, in the order of this list.
        pub fn tables() -> Vec<permissions::Table> {
            let mut tables = Vec::new();
            $(#[cfg(feature = $feature)] {
                $(tables.push(permissions::table::<$type>());)+
            })*
            tables
        }

        /// The examples of all types, for the conformance suite.
        pub fn examples() -> Vec<conformance::Example> {
            let mut examples = Vec::new();
            $(#[cfg(feature = $feature)] {
                $(examples.push(conformance::example::<$type>());)+
            })*
            examples
        }
    };
}

kinds! {
    "acm": acm::Certificate, acm::CertificateValidation;
    "cloudcontrol": cloudcontrol::Resource;
    "cloudfront": cloudfront::CachePolicy, cloudfront::Distribution, cloudfront::OriginAccessControl, cloudfront::ResponseHeadersPolicy;
    "cloudwatch": cloudwatch::Alarm;
    "dynamodb": dynamodb::Table;
    "ec2": ec2::ClientVpnAuthorizationRule, ec2::ClientVpnEndpoint, ec2::ClientVpnRoute, ec2::ClientVpnTargetNetworkAssociation, ec2::ElasticIp, ec2::FlowLog, ec2::Instance, ec2::InternetGateway, ec2::KeyPair, ec2::LaunchTemplate, ec2::NatGateway, ec2::NetworkAcl, ec2::NetworkAclAssociation, ec2::NetworkAclEntry, ec2::PrefixList, ec2::Route, ec2::RouteTable, ec2::RouteTableAssociation, ec2::SecurityGroup, ec2::SecurityGroupEgressRule, ec2::SecurityGroupIngressRule, ec2::Subnet, ec2::Vpc, ec2::VpcEndpoint;
    "ecr": ecr::Repository;
    "efs": efs::FileSystem, efs::MountTarget;
    "eks": eks::AccessEntry, eks::AccessPolicyAssociation, eks::Addon, eks::Cluster, eks::FargateProfile, eks::NodeGroup, eks::PodIdentityAssociation;
    "elasticache": elasticache::ParameterGroup, elasticache::ReplicationGroup, elasticache::SubnetGroup;
    "elbv2": elbv2::Listener, elbv2::ListenerRule, elbv2::LoadBalancer, elbv2::TargetGroup;
    "iam": iam::InstanceProfile, iam::OpenIdConnectProvider, iam::Policy, iam::Role, iam::RolePolicy, iam::RolePolicyAttachment, iam::ServiceLinkedRole;
    "kms": kms::Alias, kms::Key;
    "logs": logs::LogGroup;
    "rds": rds::Cluster, rds::ClusterInstance, rds::ClusterParameterGroup, rds::Instance, rds::ParameterGroup, rds::SubnetGroup;
    "route53": route53::HostedZone, route53::RecordSet;
    "s3": s3::Bucket, s3::BucketPolicy;
    "secretsmanager": secretsmanager::Secret;
    "sns": sns::Subscription, sns::Topic, sns::TopicPolicy;
    "sqs": sqs::Queue, sqs::QueuePolicy;
    "ssm": ssm::Parameter;
}

#[cfg(test)]
pub mod drafts;
