//! `aws:ec2/flow-log`: records which traffic passed or was refused, of a VPC, a subnet or a network interface.
//!
//! ```
//! use formwork_aws::Arn;
//! use formwork_aws::ec2::{FlowLog, VpcId};
//!
//! let log = FlowLog::builder()
//!     .vpc(VpcId::new("vpc-0123456789abcdef0"))
//!     .log_group(Arn::new("arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/flow"))
//!     .role(Arn::new("arn:aws:iam::123456789012:role/flow-logs"))
//!     .build();
//! # drop(log);
//! ```
//!
//! Nothing of a flow log can be changed but its tags, and AWS refuses a second one that writes the same to the same place: a
//! replacement deletes first, and what passes in between is not recorded.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    DestinationOptionsRequest, FlowLogsResourceType, LogDestinationType, ResourceType, TagSpecification,
};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{After, Block, Choice, Expr, Link, Outputs, Resource, Stack, id};

use super::unsuccessful::unsuccessful;
use super::{
    FILTER_VALUES, Subnet, SubnetId, Vpc, VpcId, candidate, filter, owned_by, read_tags, retag, tag_specification,
};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::iam::{PolicyDocument, Principal, Role, Statement};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::logs::LogGroup;
use crate::tags::Tags;

id! {
    /// The id of a flow log, such as `fl-0123456789abcdef0`.
    pub struct FlowLogId;
}

/// Without the policies of its role the delivery fails, and is tried again much later.
const AFTER: &[After] = &[
    After {
        kind: "aws:iam/role-policy",
        link: Link::Shared(&[("role", "role")]),
        where_theirs: None,
        where_mine: None,
    },
    After {
        kind: "aws:iam/role-policy-attachment",
        link: Link::Shared(&[("role", "role")]),
        where_theirs: None,
        where_mine: None,
    },
];

/// A flow log: of exactly one of `vpc`, `subnet` and `network_interface`, to exactly one of `log_group` and `bucket`.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/flow-log",
    cfn = "AWS::EC2::FlowLog",
    id = FlowLogId,
    outputs = FlowLogOutputs,
    guard = token,
    delete_first,
    visibility = 300,
    after = AFTER
)]
pub struct FlowLog {
    /// The VPC whose traffic is recorded.
    #[arg(replace, cfn = "ResourceId")]
    pub vpc: Option<VpcId>,
    /// The subnet whose traffic is recorded.
    #[arg(replace, cfn = "ResourceId")]
    pub subnet: Option<SubnetId>,
    /// The network interface whose traffic is recorded, by its id `eni-…`.
    #[arg(replace, cfn = "ResourceId")]
    pub network_interface: Option<String>,
    /// The log group in CloudWatch Logs that records are written to; needs `role`.
    #[arg(replace, cfn = "LogGroupName", same = same_log_group)]
    pub log_group: Option<Arn<LogGroup>>,
    /// The role that `vpc-flow-logs.amazonaws.com` assumes to write to `log_group`.
    #[arg(replace, cfn = "DeliverLogsPermissionArn")]
    pub role: Option<Arn<Role>>,
    /// The role that is assumed in the account of `log_group`, where that is another one.
    #[arg(replace, cfn = "DeliverCrossAccountRole")]
    pub cross_account_role: Option<Arn<Role>>,
    /// The ARN of the bucket that records are written to, or of a folder in it: `join([(&bucket.arn).into(), "/flow/".into()])`.
    #[arg(replace, cfn = "LogDestination")]
    pub bucket: Option<String>,
    /// In which form records are written to `bucket`.
    #[arg(replace, cfn = "DestinationOptions")]
    pub bucket_options: Option<BucketOptions>,
    /// Which traffic is recorded.
    #[arg(replace, default = TrafficType::All)]
    pub traffic_type: TrafficType,
    /// The fields of a record in their order, such as `${srcaddr} ${dstaddr} ${action}`; AWS's default format when absent.
    #[arg(replace)]
    pub log_format: Option<String>,
    /// The longest time, in seconds, for which a flow is gathered into one record: 60 or 600.
    #[arg(replace, default = 600)]
    pub max_aggregation_interval: i32,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// In which form records are written to a bucket.
#[derive(Block, Clone, Copy, PartialEq, Eq)]
#[block(cfn = "DestinationOptions")]
pub struct BucketOptions {
    /// The format of the files.
    #[arg(replace, default = FileFormat::PlainText)]
    pub file_format: FileFormat,
    /// Whether the folders have names as Hive wants them.
    #[arg(replace, default = false)]
    pub hive_compatible_partitions: bool,
    /// Whether there is a folder for each hour; otherwise for each day.
    #[arg(replace, default = false)]
    pub per_hour_partition: bool,
}

/// The format of files with records.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Lines of text.
    #[choice("plain-text")]
    PlainText,
    /// Apache Parquet.
    #[choice("parquet")]
    Parquet,
}

/// Which traffic is recorded.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrafficType {
    /// What passed.
    #[choice("ACCEPT")]
    Accept,
    /// What was refused.
    #[choice("REJECT")]
    Reject,
    /// All of it.
    #[choice("ALL")]
    All,
}

/// The ARN of a log group may end with `:*` for its streams.
fn same_log_group(wanted: &Option<Arn<LogGroup>>, found: &Option<Arn<LogGroup>>) -> bool {
    let group = |arn: &Option<Arn<LogGroup>>| arn.as_ref().map(|arn| arn.as_str().trim_end_matches(":*").to_owned());
    group(wanted) == group(found)
}

/// What is known of a flow log once it is there.
#[derive(Outputs)]
pub struct FlowLogOutputs {
    /// The id.
    pub id: FlowLogId,
    /// The ARN.
    pub arn: Arn<FlowLog>,
}

impl Lifecycle for FlowLog {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let refused = |reason| Error::refused("ec2 CreateFlowLogs", reason);
        let (source, id) = args.source().map_err(refused)?;
        let (destination, arn) = args.destination().map_err(refused)?;
        let options = args.bucket_options.map(|options| {
            DestinationOptionsRequest::builder()
                .file_format(options.file_format.as_str().into())
                .hive_compatible_partitions(options.hive_compatible_partitions)
                .per_hour_partition(options.per_hour_partition)
                .build()
        });
        let answer = aws
            .ec2()
            .create_flow_logs()
            .client_token(&owner.token)
            .resource_type(source)
            .resource_ids(id)
            .log_destination_type(destination)
            .log_destination(arn)
            .set_destination_options(options)
            .set_deliver_logs_permission_arn(args.role.as_ref().map(ToString::to_string))
            .set_deliver_cross_account_role(args.cross_account_role.as_ref().map(ToString::to_string))
            .traffic_type(args.traffic_type.as_str().into())
            .set_log_format(args.log_format.clone())
            .max_aggregation_interval(args.max_aggregation_interval)
            .tag_specifications(specification(owner, &args.tags))
            .send()
            .await?;
        unsuccessful("CreateFlowLogs", answer.unsuccessful)?;
        let id = answer.flow_log_ids.unwrap_or_default().into_iter().next();
        id.map(Created::whole).ok_or_else(|| Error::unexpected("ec2 CreateFlowLogs", "no id in the answer"))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| FlowLogId::new(&one.id)).collect();
        Ok(all_ready(describe(aws, &ids).await?.into_iter().filter_map(|log| log.flow_log_id)))
    }

    async fn read(aws: &Aws, ids: &[FlowLogId]) -> Result<Readings<Self>> {
        let found = describe(aws, ids).await?.into_iter();
        Ok(found.filter_map(|log| observe(aws, log).map(|(id, seen)| (id, Ok(seen)))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let answer = aws.ec2().describe_flow_logs().filter(owned_by(owner)).send().await?;
        let logs = answer.flow_logs.unwrap_or_default().into_iter();
        Ok(logs.filter_map(|log| candidate(aws, owner, log.flow_log_id, log.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<FlowLogChanges>> {
        let FlowLogChanges { tags } = update.changes;
        if tags {
            let Update { owner, id, now, planned, .. } = update;
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &FlowLogId, _: &Self) -> Result<Deletion> {
        const GONE: &[&str] = &["InvalidFlowLogId.NotFound"];
        let answer = aws.ec2().delete_flow_logs().flow_log_ids(id.as_str()).send().await.or_gone(GONE)?;
        unsuccessful("DeleteFlowLogs", answer.and_then(|answer| answer.unsuccessful)).or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

impl FlowLog {
    /// What is recorded.
    fn source(&self) -> std::result::Result<(FlowLogsResourceType, String), &'static str> {
        match (&self.vpc, &self.subnet, &self.network_interface) {
            (Some(vpc), None, None) => Ok((FlowLogsResourceType::Vpc, vpc.to_string())),
            (None, Some(subnet), None) => Ok((FlowLogsResourceType::Subnet, subnet.to_string())),
            (None, None, Some(interface)) => Ok((FlowLogsResourceType::NetworkInterface, interface.clone())),
            _ => Err("exactly one of vpc, subnet and network_interface is needed"),
        }
    }

    /// Where it is written to.
    fn destination(&self) -> std::result::Result<(LogDestinationType, String), &'static str> {
        match (&self.log_group, &self.bucket) {
            (Some(_), None) if self.role.is_none() => Err("a flow log to a log group needs a role"),
            (Some(group), None) => Ok((LogDestinationType::CloudWatchLogs, group.to_string())),
            (None, Some(bucket)) => Ok((LogDestinationType::S3, bucket.clone())),
            _ => Err("exactly one of log_group and bucket is needed"),
        }
    }
}

fn specification(owner: &Owner, tags: &Tags) -> TagSpecification {
    tag_specification(owner, tags, ResourceType::VpcFlowLog)
}

async fn describe(aws: &Aws, ids: &[FlowLogId]) -> Result<Vec<aws_sdk_ec2::types::FlowLog>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        let ids = chunk.iter().map(FlowLogId::as_str);
        let mut pages = aws.ec2().describe_flow_logs().filter(filter("flow-log-id", ids)).into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page?.flow_logs.unwrap_or_default());
        }
    }
    Ok(found)
}

fn observe(aws: &Aws, log: aws_sdk_ec2::types::FlowLog) -> Option<(FlowLogId, Observed<FlowLog>)> {
    let id = FlowLogId::new(log.flow_log_id?);
    let read = read_tags(aws, log.tags);
    let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
    let source = log.resource_id.unwrap_or_default();
    let of = |prefix: &str| source.starts_with(prefix).then(|| source.clone());
    let to_bucket = log.log_destination_type == Some(LogDestinationType::S3);
    let named = |name| format!("arn:{partition}:logs:{region}:{account}:log-group:{name}");
    let destination = log.log_destination.or_else(|| log.log_group_name.map(named));
    let options = log.destination_options.filter(|_| to_bucket).map(|options| BucketOptions {
        file_format: options
            .file_format
            .and_then(|format| FileFormat::parse(format.as_str()))
            .unwrap_or(FileFormat::PlainText),
        hive_compatible_partitions: options.hive_compatible_partitions.unwrap_or_default(),
        per_hour_partition: options.per_hour_partition.unwrap_or_default(),
    });
    let args = FlowLog {
        vpc: of("vpc-").map(VpcId::new),
        subnet: of("subnet-").map(SubnetId::new),
        network_interface: of("eni-"),
        log_group: destination.clone().filter(|_| !to_bucket).map(Arn::new),
        role: log.deliver_logs_permission_arn.map(Arn::new),
        cross_account_role: log.deliver_cross_account_role.map(Arn::new),
        bucket: destination.filter(|_| to_bucket),
        bucket_options: options,
        traffic_type: log.traffic_type.and_then(|it| TrafficType::parse(it.as_str())).unwrap_or(TrafficType::All),
        log_format: log.log_format,
        max_aggregation_interval: log.max_aggregation_interval.unwrap_or(600),
        tags: read.tags,
    };
    let arn = Arn::new(format!("arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}"));
    Some((id.clone(), Observed::new(args, FlowLogOutputs { id, arn }, read.owner)))
}

impl Conforms for FlowLog {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.25.0.0/16").build());
        let subnet = stack.add("subnet", Subnet::builder().vpc(&vpc).cidr_block("10.25.1.0/24").build());
        let mut group =
            |name: &str| stack.add(name, LogGroup::builder().name(format!("/Formwork/Flow/{name}")).build());
        let (group, other_group) = (group("group"), group("other-group"));
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::service("vpc-flow-logs.amazonaws.com"))
            .action("sts:AssumeRole")]);
        let mut role = |name: &str| {
            stack.add(name, Role::builder().name(format!("Flow-{name}")).assume_role_policy(&trust).build())
        };
        let (role, other_role) = (role("role"), role("other-role"));
        let base = FlowLog::builder()
            .vpc(&vpc)
            .log_group(&group.arn)
            .role(&role.arn)
            .traffic_type(TrafficType::Reject)
            .log_format("${srcaddr} ${dstaddr} ${action}")
            .max_aggregation_interval(600)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("traffic_type", "ALL")
            .change("log_format", "${srcaddr} ${dstaddr} ${dstport} ${action}")
            .change("max_aggregation_interval", 60_i64)
            .change("log_group", Expr::from(&other_group.arn))
            .change("role", Expr::from(&other_role.arn))
            .change("subnet", &subnet)
            .together_with("vpc", Expr::null())
            .change("vpc", &vpc)
            .together_with("subnet", Expr::null())
            .unseen("network_interface", "an interface would have to be made by hand first")
            .unseen("cross_account_role", "the emulator does not show it")
            .unseen("bucket", "a bucket would have to be made by hand first: ec2 does not know of s3")
            .unseen("bucket_options", "as for the bucket")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> FlowLog {
        FlowLog {
            vpc: Some(VpcId::new("vpc-1")),
            subnet: None,
            network_interface: None,
            log_group: Some(Arn::new("arn:aws:logs:eu-west-1:1:log-group:/vpc/flow")),
            role: Some(Arn::new("arn:aws:iam::1:role/flow")),
            cross_account_role: None,
            bucket: None,
            bucket_options: None,
            traffic_type: TrafficType::All,
            log_format: None,
            max_aggregation_interval: 600,
            tags: Tags::new(),
        }
    }

    #[test]
    fn a_flow_log_has_one_source_and_one_destination() {
        assert_eq!(log().source(), Ok((FlowLogsResourceType::Vpc, "vpc-1".to_owned())));
        assert!(FlowLog { vpc: None, ..log() }.source().is_err());
        assert!(FlowLog { subnet: Some(SubnetId::new("subnet-1")), ..log() }.source().is_err());
        assert!(log().destination().is_ok());
        assert!(FlowLog { bucket: Some("arn:aws:s3:::b".to_owned()), ..log() }.destination().is_err());
        assert!(FlowLog { role: None, ..log() }.destination().is_err());
    }

    #[test]
    fn the_streams_of_a_log_group_make_no_difference() {
        let arn = |end: &str| Some(Arn::new(format!("arn:aws:logs:eu-west-1:1:log-group:/vpc/flow{end}")));
        assert!(same_log_group(&arn(""), &arn(":*")) && same_log_group(&arn(":*"), &arn("")));
        assert!(!same_log_group(&arn(""), &arn("2")));
    }
}
