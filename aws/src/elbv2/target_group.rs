//! `aws:elbv2/target-group`: the targets that a listener or a rule sends to, and how their health is checked.
//!
//! ```
//! use formwork_aws::ec2::VpcId;
//! use formwork_aws::elbv2::{Protocol, TargetGroup, TargetType};
//!
//! let web = TargetGroup::builder()
//!     .name("web")
//!     .target_type(TargetType::Ip)
//!     .protocol(Protocol::Http)
//!     .port(8080)
//!     .vpc(VpcId::new("vpc-0123456789abcdef0"))
//!     .health_check_path("/healthz")
//!     .build();
//! # drop(web);
//! ```

mod choices;
mod conformance;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Block, Field, Name, Outputs, Resource, Value};
use futures::future::join;

pub use choices::{CrossZone, Failover, IpFamily, LoadBalancing, Protocol, Stickiness, TargetType};

use super::attributes::{self, Found, Table};
use super::{Switch, retag, tags_by_arn, tags_of};
use crate::arn::Arn;
use crate::context::Aws;
use crate::ec2::VpcId;
use crate::error::{Error, OrGone, Result, readable};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::{each, named};
use crate::tags::{self, Tags};

/// The id of a target group is its ARN.
pub type TargetGroupId = Arn<TargetGroup>;

const GONE: &[&str] = &["TargetGroupNotFound", "TargetGroupNotFoundException"];

/// The targets that a listener or a rule sends to, and how their health is checked.
///
/// What is not declared of checks and attributes is AWS's to choose, by protocol and type of the targets.
#[derive(Resource)]
#[resource(
    kind = "aws:elbv2/target-group",
    cfn = "AWS::ElasticLoadBalancingV2::TargetGroup",
    id = TargetGroupId,
    outputs = TargetGroupOutputs,
    guard = upsert,
    natural_key(name),
    visibility = 120
)]
pub struct TargetGroup {
    /// The name, at most 32 letters, digits and hyphens, unique in its account and region.
    #[arg(replace)]
    pub name: Name,
    /// What its targets are named by.
    #[arg(replace, default = TargetType::Instance)]
    pub target_type: TargetType,
    /// What the targets speak; none for functions.
    #[arg(replace)]
    pub protocol: Option<Protocol>,
    /// The version of HTTP that they speak: `HTTP1`, `HTTP2` or `GRPC`; `HTTP1` when absent.
    #[arg(replace)]
    pub protocol_version: Option<String>,
    /// The port that they listen on, where a target does not say another; none for functions.
    #[arg(replace)]
    pub port: Option<i32>,
    /// The VPC of the targets; none for functions.
    #[arg(replace, cfn = "VpcId")]
    pub vpc: Option<VpcId>,
    /// Which addresses the targets have; IPv4 when absent.
    #[arg(replace)]
    pub ip_address_type: Option<IpFamily>,
    /// The port over which targets say how much they can take, 1 to 65535.
    #[arg(replace)]
    pub target_control_port: Option<i32>,
    /// Whether health is checked; always, but for functions.
    #[arg(in_place)]
    pub health_check_enabled: Option<bool>,
    /// What the check speaks.
    #[arg(in_place)]
    pub health_check_protocol: Option<Protocol>,
    /// The port that is checked, or `traffic-port` for the one that traffic goes to.
    #[arg(in_place)]
    pub health_check_port: Option<String>,
    /// The path that is asked for. For checks by HTTP.
    #[arg(in_place)]
    pub health_check_path: Option<String>,
    /// How many seconds lie between checks, 5 to 300.
    #[arg(in_place)]
    pub health_check_interval_seconds: Option<i32>,
    /// After how many seconds without an answer a check has failed, 2 to 120.
    #[arg(in_place)]
    pub health_check_timeout_seconds: Option<i32>,
    /// How many checks in a row must succeed before a target is healthy, 2 to 10.
    #[arg(in_place)]
    pub healthy_threshold_count: Option<i32>,
    /// How many checks in a row must fail before it is not, 2 to 10.
    #[arg(in_place)]
    pub unhealthy_threshold_count: Option<i32>,
    /// The answers of HTTP that count as healthy, such as `200` or `200-299`.
    #[arg(in_place, cfn = "Matcher.HttpCode")]
    pub healthy_http_codes: Option<String>,
    /// The same for GRPC, such as `0` or `0-99`.
    #[arg(in_place, cfn = "Matcher.GrpcCode")]
    pub healthy_grpc_codes: Option<String>,
    /// Its targets; those are not looked at when absent, as where a controller or a service registers them.
    #[arg(in_place, after_create)]
    pub targets: Option<BTreeSet<Target>>,
    /// How many seconds a target that leaves may finish its connections, 0 to 3600.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub deregistration_delay_seconds: Option<i32>,
    /// Whether connections that are left then are cut. For network load balancers.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub terminate_connections_on_deregistration: Option<bool>,
    /// Whether a client stays with its target.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub sticky: Option<bool>,
    /// By what a client is recognised.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub stickiness: Option<Stickiness>,
    /// For how many seconds the load balancer's own cookie holds, 1 to 604800.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub cookie_seconds: Option<i32>,
    /// The name of the application's cookie.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub application_cookie: Option<String>,
    /// For how many seconds it holds, 1 to 604800.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub application_cookie_seconds: Option<i32>,
    /// How a target is chosen for a request. For application load balancers.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub load_balancing: Option<LoadBalancing>,
    /// Whether targets that answer worse than others get less. For `LoadBalancing::WeightedRandom`.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub anomaly_mitigation: Option<Switch>,
    /// Whether targets of all zones get traffic from each zone.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub cross_zone: Option<CrossZone>,
    /// Over how many seconds a new target is brought up to its share, 30 to 900; 0 for at once. For application load balancers.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub slow_start_seconds: Option<i32>,
    /// With fewer healthy targets a zone is taken out of DNS: a number, or `off`.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub dns_failover_count: Option<String>,
    /// The same in percent.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub dns_failover_percentage: Option<String>,
    /// With fewer healthy targets all get traffic, healthy or not: a number.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub fail_open_count: Option<i32>,
    /// The same in percent, or `off`.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub fail_open_percentage: Option<String>,
    /// Whether headers that occur twice reach a function as lists.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub multi_value_headers: Option<bool>,
    /// Whether targets see the client's address. For network load balancers.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub preserve_client_ip: Option<bool>,
    /// Whether targets are told of the client by Proxy Protocol 2. For network load balancers.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub proxy_protocol_v2: Option<bool>,
    /// Whether connections to a target that is not healthy any more are cut. For network load balancers.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub terminate_unhealthy_connections: Option<bool>,
    /// Otherwise for how many seconds they may go on, 0 to 360000.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub unhealthy_draining_seconds: Option<i32>,
    /// What becomes of the flows of a target that leaves; the same as `on_unhealthy`. For gateway load balancers.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub on_deregistration: Option<Failover>,
    /// What becomes of the flows of a target that is not healthy any more. For gateway load balancers.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub on_unhealthy: Option<Failover>,
    /// Whether senders are told by a reset when a target leaves. For gateway load balancers.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub reset_on_deregistration: Option<bool>,
    /// Whether senders are told by a reset when a target is not healthy any more. For gateway load balancers.
    #[arg(in_place, after_create, cfn = "TargetGroupAttributes")]
    pub reset_on_unhealthy: Option<bool>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

const ATTRIBUTES: Table = &[
    ("deregistration_delay_seconds", "deregistration_delay.timeout_seconds"),
    ("terminate_connections_on_deregistration", "deregistration_delay.connection_termination.enabled"),
    ("sticky", "stickiness.enabled"),
    ("stickiness", "stickiness.type"),
    ("cookie_seconds", "stickiness.lb_cookie.duration_seconds"),
    ("application_cookie", "stickiness.app_cookie.cookie_name"),
    ("application_cookie_seconds", "stickiness.app_cookie.duration_seconds"),
    ("load_balancing", "load_balancing.algorithm.type"),
    ("anomaly_mitigation", "load_balancing.algorithm.anomaly_mitigation"),
    ("cross_zone", "load_balancing.cross_zone.enabled"),
    ("slow_start_seconds", "slow_start.duration_seconds"),
    ("dns_failover_count", "target_group_health.dns_failover.minimum_healthy_targets.count"),
    ("dns_failover_percentage", "target_group_health.dns_failover.minimum_healthy_targets.percentage"),
    ("fail_open_count", "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"),
    ("fail_open_percentage", "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"),
    ("multi_value_headers", "lambda.multi_value_headers.enabled"),
    ("preserve_client_ip", "preserve_client_ip.enabled"),
    ("proxy_protocol_v2", "proxy_protocol_v2.enabled"),
    ("terminate_unhealthy_connections", "target_health_state.unhealthy.connection_termination.enabled"),
    ("unhealthy_draining_seconds", "target_health_state.unhealthy.draining_interval_seconds"),
    ("on_deregistration", "target_failover.on_deregistration"),
    ("on_unhealthy", "target_failover.on_unhealthy"),
    ("reset_on_deregistration", "send_tcp_reset.on_deregistration.enabled"),
    ("reset_on_unhealthy", "send_tcp_reset.on_unhealthy.enabled"),
];

/// A target of a group.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// What the group's type says: the id of an instance, an address, or the ARN of a function or an application load balancer.
    pub id: String,
    /// The port, where it is another than the group's.
    pub port: Option<i32>,
    /// The zone of an address outside of the VPC, or `all`.
    pub availability_zone: Option<String>,
    /// Its id in QUIC connections: `0x` and 16 hex digits. For groups that speak QUIC.
    pub quic_server_id: Option<String>,
}

/// What is known of a target group once it is there.
#[derive(Outputs)]
pub struct TargetGroupOutputs {
    /// The ARN.
    pub id: TargetGroupId,
    /// The ARN.
    pub arn: Arn<TargetGroup>,
    /// The end of its ARN, by which CloudWatch tells it: `targetgroup/web/0123456789abcdef`.
    pub full_name: String,
}

impl Lifecycle for TargetGroup {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .elbv2()
            .create_target_group()
            .name(args.name.as_str())
            .target_type(args.target_type.as_str().into())
            .set_protocol(args.protocol.map(|it| it.as_str().into()))
            .set_protocol_version(args.protocol_version.clone())
            .set_port(args.port)
            .set_vpc_id(args.vpc.as_ref().map(ToString::to_string))
            .set_ip_address_type(args.ip_address_type.map(|it| it.as_str().into()))
            .set_target_control_port(args.target_control_port)
            .set_health_check_enabled(args.health_check_enabled)
            .set_health_check_protocol(args.health_check_protocol.map(|it| it.as_str().into()))
            .set_health_check_port(args.health_check_port.clone())
            .set_health_check_path(args.health_check_path.clone())
            .set_health_check_interval_seconds(args.health_check_interval_seconds)
            .set_health_check_timeout_seconds(args.health_check_timeout_seconds)
            .set_healthy_threshold_count(args.healthy_threshold_count)
            .set_unhealthy_threshold_count(args.unhealthy_threshold_count)
            .set_matcher(args.matcher())
            .set_tags(Some(tags_of(owner, &args.tags)))
            .send()
            .await?;
        let arn = answer.target_groups.unwrap_or_default().into_iter().next().and_then(|group| group.target_group_arn);
        let missing = || Error::unexpected("elasticloadbalancingv2 CreateTargetGroup", "no ARN in the answer");
        arn.map(Created::whole).ok_or_else(missing)
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = described(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let found = found.into_iter().map(|(arn, group)| group.map(|_| arn.to_owned()));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[TargetGroupId]) -> Result<Readings<Self>> {
        let found = described(aws, ids.iter().map(Arn::as_str)).await?;
        let arns: Vec<String> = found.keys().map(|arn| (*arn).to_owned()).collect();
        let tags = tags_by_arn(aws, &arns, GONE).await?;
        let seen = each(found.into_values(), |group| async { observe(aws, group?, &tags).await }).await;
        let readings = arns.into_iter().zip(seen).filter_map(|(arn, seen)| Some((Arn::new(arn), seen.transpose()?)));
        Ok(readings.collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let answer = aws.elbv2().describe_target_groups().names(args.name.as_str()).send().await.or_gone(GONE)?;
        let found = answer.and_then(|answer| answer.target_groups).unwrap_or_default().into_iter();
        let arns: Vec<String> = found.filter_map(|group| group.target_group_arn).collect();
        let tags = tags_by_arn(aws, &arns, GONE).await?;
        let theirs = |arn: &String| tags.get(arn).and_then(|tags| tags.owner.as_ref());
        Ok(arns.iter().map(|arn| tags::candidate(owner, arn, theirs(arn))).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<TargetGroupChanges>> {
        let TargetGroupChanges {
            health_check_enabled,
            health_check_protocol,
            health_check_port,
            health_check_path,
            health_check_interval_seconds,
            health_check_timeout_seconds,
            healthy_threshold_count,
            unhealthy_threshold_count,
            healthy_http_codes,
            healthy_grpc_codes,
            targets,
            deregistration_delay_seconds,
            terminate_connections_on_deregistration,
            sticky,
            stickiness,
            cookie_seconds,
            application_cookie,
            application_cookie_seconds,
            load_balancing,
            anomaly_mitigation,
            cross_zone,
            slow_start_seconds,
            dns_failover_count,
            dns_failover_percentage,
            fail_open_count,
            fail_open_percentage,
            multi_value_headers,
            preserve_client_ip,
            proxy_protocol_v2,
            terminate_unhealthy_connections,
            unhealthy_draining_seconds,
            on_deregistration,
            on_unhealthy,
            reset_on_deregistration,
            reset_on_unhealthy,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        let asked = health_check_enabled || health_check_protocol || health_check_port || health_check_path;
        let times = health_check_interval_seconds || health_check_timeout_seconds;
        let counts = healthy_threshold_count || unhealthy_threshold_count || healthy_http_codes || healthy_grpc_codes;
        if asked || times || counts {
            check(aws, id, planned).await?;
        }
        let sticks = sticky || stickiness || cookie_seconds || application_cookie || application_cookie_seconds;
        let spreads = load_balancing || anomaly_mitigation || cross_zone || slow_start_seconds;
        let few = dns_failover_count || dns_failover_percentage || fail_open_count || fail_open_percentage;
        let leaving = deregistration_delay_seconds || terminate_connections_on_deregistration;
        let seen = multi_value_headers || preserve_client_ip || proxy_protocol_v2;
        let unhealthy = terminate_unhealthy_connections || unhealthy_draining_seconds;
        let flows = on_deregistration || on_unhealthy || reset_on_deregistration || reset_on_unhealthy;
        if sticks || spreads || few || leaving || seen || unhealthy || flows {
            set_attributes(aws, id, attributes::difference(ATTRIBUTES, now, planned)).await?;
        }
        if targets {
            exchange(aws, id, now, planned).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &TargetGroupId, _: &Self) -> Result<Deletion> {
        aws.elbv2().delete_target_group().target_group_arn(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

impl TargetGroup {
    fn matcher(&self) -> Option<sdk::Matcher> {
        let (http, grpc) = (self.healthy_http_codes.clone(), self.healthy_grpc_codes.clone());
        let some = http.is_some() || grpc.is_some();
        some.then(|| sdk::Matcher::builder().set_http_code(http).set_grpc_code(grpc).build())
    }
}

/// Brings the checks to what is planned: the call takes any of them, and leaves alone what it does not name.
async fn check(aws: &Aws, id: &TargetGroupId, planned: &TargetGroup) -> Result<()> {
    aws.elbv2()
        .modify_target_group()
        .target_group_arn(id.as_str())
        .set_health_check_enabled(planned.health_check_enabled)
        .set_health_check_protocol(planned.health_check_protocol.map(|it| it.as_str().into()))
        .set_health_check_port(planned.health_check_port.clone())
        .set_health_check_path(planned.health_check_path.clone())
        .set_health_check_interval_seconds(planned.health_check_interval_seconds)
        .set_health_check_timeout_seconds(planned.health_check_timeout_seconds)
        .set_healthy_threshold_count(planned.healthy_threshold_count)
        .set_unhealthy_threshold_count(planned.unhealthy_threshold_count)
        .set_matcher(planned.matcher())
        .send()
        .await?;
    Ok(())
}

async fn set_attributes(aws: &Aws, id: &TargetGroupId, pairs: BTreeMap<&'static str, String>) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let pair = |(key, value)| sdk::TargetGroupAttribute::builder().key(key).value(value).build();
    let call = aws.elbv2().modify_target_group_attributes().target_group_arn(id.as_str());
    call.set_attributes(Some(pairs.into_iter().map(pair).collect())).send().await?;
    Ok(())
}

/// New targets come before others leave, so that there is always somebody to answer.
async fn exchange(aws: &Aws, id: &TargetGroupId, now: &TargetGroup, planned: &TargetGroup) -> Result<()> {
    let (Some(wanted), held) = (&planned.targets, now.targets.clone().unwrap_or_default()) else { return Ok(()) };
    let missing: Vec<_> = wanted.iter().filter(|target| !held.iter().any(|held| target.is_met_by(held))).collect();
    let leaving: Vec<_> = held.iter().filter(|held| !wanted.iter().any(|target| target.is_met_by(held))).collect();
    if !missing.is_empty() {
        let targets = missing.into_iter().map(Target::to_sdk).collect();
        let call = aws.elbv2().register_targets().target_group_arn(id.as_str());
        call.set_targets(Some(targets)).send().await?;
    }
    if !leaving.is_empty() {
        let targets = leaving.into_iter().map(Target::to_sdk).collect();
        let call = aws.elbv2().deregister_targets().target_group_arn(id.as_str());
        call.set_targets(Some(targets)).send().await?;
    }
    Ok(())
}

impl Target {
    fn to_sdk(&self) -> sdk::TargetDescription {
        sdk::TargetDescription::builder()
            .id(&self.id)
            .set_port(self.port)
            .set_availability_zone(self.availability_zone.clone())
            .set_quic_server_id(self.quic_server_id.clone())
            .build()
    }

    /// Whether a registered target is this one, as far as this one says what it wants.
    fn is_met_by(&self, held: &Self) -> bool {
        let zone = self.availability_zone.is_none() || self.availability_zone == held.availability_zone;
        self.id == held.id && (self.port.is_none() || self.port == held.port) && zone
    }
}

/// The target groups of these ARNs that are there. A dead ARN fails a whole list of them, hence one by one or all of the region.
async fn described<'n>(
    aws: &Aws,
    arns: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<sdk::TargetGroup>>> {
    let all = async {
        let mut found = BTreeMap::new();
        let mut pages = aws.elbv2().describe_target_groups().into_paginator().send();
        while let Some(page) = pages.next().await {
            let groups = page?.target_groups.unwrap_or_default().into_iter();
            found.extend(groups.filter_map(|group| Some((group.target_group_arn.clone()?, group))));
        }
        Ok(found)
    };
    let one = |arn: &'n str| async move {
        let answer = aws.elbv2().describe_target_groups().target_group_arns(arn).send().await.or_gone(GONE)?;
        Ok(answer.and_then(|answer| answer.target_groups?.into_iter().next()))
    };
    named(arns, all, one).await
}

async fn attributes_of(aws: &Aws, arn: &str) -> Result<Option<Found>> {
    let answer = aws.elbv2().describe_target_group_attributes().target_group_arn(arn).send().await.or_gone(GONE)?;
    let pairs = answer.map(|answer| answer.attributes.unwrap_or_default().into_iter());
    Ok(pairs.map(|pairs| Found::new(ATTRIBUTES, pairs.filter_map(|pair| Some((pair.key?, pair.value?))).collect())))
}

async fn targets_of(aws: &Aws, arn: &str) -> Result<Option<BTreeSet<Target>>> {
    let answer = aws.elbv2().describe_target_health().target_group_arn(arn).send().await.or_gone(GONE)?;
    let rows = answer.map(|answer| answer.target_health_descriptions.unwrap_or_default().into_iter());
    let target = |row: sdk::TargetHealthDescription| {
        let state = row.target_health.and_then(|health| health.state);
        // One that drains has left; it only finishes its connections.
        let left = state.is_some_and(|state| state == sdk::TargetHealthStateEnum::Draining);
        let target = row.target.filter(|_| !left)?;
        Some(Target {
            id: target.id?,
            port: target.port,
            availability_zone: target.availability_zone,
            quic_server_id: target.quic_server_id,
        })
    };
    Ok(rows.map(|rows| rows.filter_map(target).collect()))
}

/// What a group is; attributes and targets are calls of their own. `None` when it went between them.
async fn observe(
    aws: &Aws,
    group: sdk::TargetGroup,
    tags: &BTreeMap<String, tags::Read>,
) -> Result<Option<Observed<TargetGroup>>> {
    let arn = group.target_group_arn.unwrap_or_default();
    let (found, targets) = join(attributes_of(aws, &arn), targets_of(aws, &arn)).await;
    let (Some(found), Some(read)) = (found?, tags.get(&arn)) else { return Ok(None) };
    let mut unreadable = BTreeMap::new();
    let targets = readable(targets, &["targets"], &mut unreadable)?;
    let matcher = group.matcher;
    let args = TargetGroup {
        name: Name::new(group.target_group_name.unwrap_or_default()),
        target_type: choice(group.target_type.as_ref().map(|it| it.as_str())).unwrap_or(TargetType::Instance),
        protocol: choice(group.protocol.as_ref().map(|it| it.as_str())),
        protocol_version: group.protocol_version,
        port: group.port,
        vpc: group.vpc_id.map(VpcId::new),
        ip_address_type: choice(group.ip_address_type.as_ref().map(|it| it.as_str())),
        target_control_port: group.target_control_port,
        health_check_enabled: group.health_check_enabled,
        health_check_protocol: choice(group.health_check_protocol.as_ref().map(|it| it.as_str())),
        health_check_port: group.health_check_port,
        health_check_path: group.health_check_path,
        health_check_interval_seconds: group.health_check_interval_seconds,
        health_check_timeout_seconds: group.health_check_timeout_seconds,
        healthy_threshold_count: group.healthy_threshold_count,
        unhealthy_threshold_count: group.unhealthy_threshold_count,
        healthy_http_codes: matcher.as_ref().and_then(|matcher| matcher.http_code.clone()),
        healthy_grpc_codes: matcher.and_then(|matcher| matcher.grpc_code),
        targets,
        deregistration_delay_seconds: found.of("deregistration_delay_seconds"),
        terminate_connections_on_deregistration: found.of("terminate_connections_on_deregistration"),
        sticky: found.of("sticky"),
        stickiness: found.of("stickiness"),
        cookie_seconds: found.of("cookie_seconds"),
        application_cookie: found.of("application_cookie"),
        application_cookie_seconds: found.of("application_cookie_seconds"),
        load_balancing: found.of("load_balancing"),
        anomaly_mitigation: found.of("anomaly_mitigation"),
        cross_zone: found.of("cross_zone"),
        slow_start_seconds: found.of("slow_start_seconds"),
        dns_failover_count: found.of("dns_failover_count"),
        dns_failover_percentage: found.of("dns_failover_percentage"),
        fail_open_count: found.of("fail_open_count"),
        fail_open_percentage: found.of("fail_open_percentage"),
        multi_value_headers: found.of("multi_value_headers"),
        preserve_client_ip: found.of("preserve_client_ip"),
        proxy_protocol_v2: found.of("proxy_protocol_v2"),
        terminate_unhealthy_connections: found.of("terminate_unhealthy_connections"),
        unhealthy_draining_seconds: found.of("unhealthy_draining_seconds"),
        on_deregistration: found.of("on_deregistration"),
        on_unhealthy: found.of("on_unhealthy"),
        reset_on_deregistration: found.of("reset_on_deregistration"),
        reset_on_unhealthy: found.of("reset_on_unhealthy"),
        tags: read.tags.clone(),
    };
    let full_name = arn.rsplit_once(':').map_or("", |(_, rest)| rest).to_owned();
    let outputs = TargetGroupOutputs { id: Arn::new(arn.as_str()), arn: Arn::new(arn), full_name };
    Ok(Some(Observed { unreadable, ..Observed::new(args, outputs, read.owner.clone()) }))
}

/// One of the words that are known here.
fn choice<T: Field>(word: Option<&str>) -> Option<T> {
    T::from_value(&Value::from(word?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_by_one_that_says_at_least_as_much() {
        let target = |port| Target { id: "10.0.0.1".into(), port, availability_zone: None, quic_server_id: None };
        assert!(target(None).is_met_by(&target(Some(80))));
        assert!(target(Some(80)).is_met_by(&target(Some(80))));
        assert!(!target(Some(81)).is_met_by(&target(Some(80))));
    }
}
