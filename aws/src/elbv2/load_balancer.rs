//! `aws:elbv2/load-balancer`: where traffic for many targets comes in.
//!
//! ```
//! use formwork_aws::ec2::{SecurityGroupId, SubnetId};
//! use formwork_aws::elbv2::{LoadBalancer, Logs};
//! use formwork_aws::s3::BucketName;
//!
//! let front = LoadBalancer::builder()
//!     .name("front")
//!     .subnets([SubnetId::new("subnet-1"), SubnetId::new("subnet-2")])
//!     .security_groups([SecurityGroupId::new("sg-1")])
//!     .access_logs(Logs::builder().bucket(BucketName::new("logs")).prefix("front").build())
//!     .deletion_protection(true)
//!     .build();
//! # drop(front);
//! ```

mod conformance;
mod requests;

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{After, Block, Choice, Ending, Hazard, Name, Outputs, Resource};

use super::attributes::{self, Table};
use super::{retag, tags_by_arn};
use crate::arn::Arn;
use crate::context::Aws;
use crate::ec2::{AllocationId, SecurityGroupId, SubnetId, VpcId};
use crate::error::{OrGone, Result};
use crate::lifecycle::{Lifecycle, Readings, Update, Updated, after_role_of};
use crate::questions::each;
use crate::s3::BucketName;
use crate::tags::{self, Tags};

/// The id of a load balancer is its ARN.
pub type LoadBalancerId = Arn<LoadBalancer>;

const GONE: &[&str] = &["LoadBalancerNotFound", "LoadBalancerNotFoundException"];

const AFTER: &[After] = &[after_role_of("elasticloadbalancing.amazonaws.com")];

const ENDING: Ending = Ending { refused_by: Some("deletion_protection"), leaves: None, opens: false };

/// Where traffic for many targets comes in: HTTP (application), connections (network) or packets for appliances (gateway).
///
/// It costs by the hour. Listeners ([`super::Listener`]) say what becomes of the traffic. Attributes that are not declared are left as they
/// are; each sort of load balancer has only some of them, and refuses the others.
// A create of the same name with the same settings answers what is there, whoever made it: hence the look beforehand.
#[derive(Resource)]
#[resource(
    kind = "aws:elbv2/load-balancer",
    cfn = "AWS::ElasticLoadBalancingV2::LoadBalancer",
    id = LoadBalancerId,
    outputs = LoadBalancerOutputs,
    guard = upsert,
    natural_key(name),
    visibility = 120,
    create_wait = (30, 10, 1, 600),
    delete_wait = (5, 5, 1, 600),
    after = AFTER,
    ending = ENDING
)]
pub struct LoadBalancer {
    /// The name, at most 32 letters, digits and hyphens, unique in its account and region, not beginning with `internal-`.
    #[arg(replace)]
    pub name: Name,
    /// What it understands: HTTP, connections, or packets that pass through appliances.
    #[arg(replace, default = LoadBalancerType::Application, cfn = "Type")]
    pub sort: LoadBalancerType,
    /// Whether the internet reaches it, or only its networks.
    #[arg(replace, default = Scheme::InternetFacing)]
    pub scheme: Scheme,
    /// The subnets that it stands in, one for each zone; for an application load balancer in at least two zones.
    #[arg(in_place)]
    pub subnets: Option<BTreeSet<SubnetId>>,
    /// The same with the addresses that it has there, instead of `subnets`.
    #[arg(in_place, instead_of = subnets)]
    pub subnet_mappings: Option<BTreeSet<SubnetMapping>>,
    /// Its security groups. The default one of the VPC, or for a network load balancer none, when absent; such a one never gets any.
    #[arg(in_place)]
    pub security_groups: Option<BTreeSet<SecurityGroupId>>,
    /// Whether the rules of its groups hold for what comes through AWS PrivateLink, too. For network load balancers with groups.
    #[arg(in_place, after_create)]
    pub enforce_security_group_inbound_rules_on_private_link_traffic: Option<Switch>,
    /// The addresses that it is reached at.
    #[arg(in_place)]
    pub ip_address_type: Option<IpAddressType>,
    /// The IPAM pool that its public addresses come from. For application load balancers.
    #[arg(in_place)]
    pub ipv4_ipam_pool_id: Option<String>,
    /// Whether a network load balancer translates to IPv6 addresses of its own, which UDP over IPv6 needs.
    #[arg(in_place)]
    pub enable_prefix_for_ipv6_source_nat: Option<Switch>,
    /// The capacity units that it has at any time; 0 leaves it to the traffic.
    #[arg(in_place, after_create, default = 0, cfn = "MinimumLoadBalancerCapacity.CapacityUnits")]
    pub minimum_capacity_units: i32,
    /// Whether AWS refuses to delete it.
    #[arg(in_place, after_create, default = false, cfn = "LoadBalancerAttributes")]
    pub deletion_protection: bool,
    /// Whether each of its zones sends to the targets of all zones.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub cross_zone: Option<bool>,
    /// Where it notes requests.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub access_logs: Option<Logs>,
    /// Where it notes connections of clients. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub connection_logs: Option<Logs>,
    /// Where it notes the checks of its targets. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub health_check_logs: Option<Logs>,
    /// Whether nothing reaches its IPv6 addresses through the internet gateway.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub deny_all_internet_gateway_traffic: Option<bool>,
    /// Whether its traffic can be moved out of a zone.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub zonal_shift: Option<bool>,
    /// After how many seconds without traffic a connection is closed, 1 to 4000. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub idle_timeout_seconds: Option<i32>,
    /// How many seconds a client's connection is kept at most, 60 to 604800. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub client_keep_alive_seconds: Option<i32>,
    /// What becomes of requests that could desynchronise client and target. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub desync_mitigation: Option<DesyncMitigation>,
    /// Whether headers with invalid names are taken out. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub drop_invalid_headers: Option<bool>,
    /// Whether targets get the `Host` header as the client sent it. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub preserve_host_header: Option<bool>,
    /// Whether targets are told version and cipher of the client's TLS. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub tls_headers: Option<bool>,
    /// Whether `X-Forwarded-For` has the client's port. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub forwarded_for_port: Option<bool>,
    /// What becomes of an `X-Forwarded-For` that the client sends. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub forwarded_for: Option<ForwardedFor>,
    /// Whether clients may speak HTTP/2. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub http2: Option<bool>,
    /// Whether requests pass when the firewall for web applications does not answer. For application load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub waf_fail_open: Option<bool>,
    /// Whether clients are sent to the addresses of their own zone. For network load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes")]
    pub client_routing: Option<ClientRouting>,
    /// How many further addresses it has in each subnet, 0 to 7; they are never fewer again. For network load balancers.
    #[arg(in_place, after_create, cfn = "LoadBalancerAttributes", hazards = more_addresses)]
    pub secondary_ips_per_subnet: Option<i32>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

const ATTRIBUTES: Table = &[
    ("deletion_protection", "deletion_protection.enabled"),
    ("cross_zone", "load_balancing.cross_zone.enabled"),
    ("access_logs.enabled", "access_logs.s3.enabled"),
    ("access_logs.bucket", "access_logs.s3.bucket"),
    ("access_logs.prefix", "access_logs.s3.prefix"),
    ("connection_logs.enabled", "connection_logs.s3.enabled"),
    ("connection_logs.bucket", "connection_logs.s3.bucket"),
    ("connection_logs.prefix", "connection_logs.s3.prefix"),
    ("health_check_logs.enabled", "health_check_logs.s3.enabled"),
    ("health_check_logs.bucket", "health_check_logs.s3.bucket"),
    ("health_check_logs.prefix", "health_check_logs.s3.prefix"),
    ("deny_all_internet_gateway_traffic", "ipv6.deny_all_igw_traffic"),
    ("zonal_shift", "zonal_shift.config.enabled"),
    ("idle_timeout_seconds", "idle_timeout.timeout_seconds"),
    ("client_keep_alive_seconds", "client_keep_alive.seconds"),
    ("desync_mitigation", "routing.http.desync_mitigation_mode"),
    ("drop_invalid_headers", "routing.http.drop_invalid_header_fields.enabled"),
    ("preserve_host_header", "routing.http.preserve_host_header.enabled"),
    ("tls_headers", "routing.http.x_amzn_tls_version_and_cipher_suite.enabled"),
    ("forwarded_for_port", "routing.http.xff_client_port.enabled"),
    ("forwarded_for", "routing.http.xff_header_processing.mode"),
    ("http2", "routing.http2.enabled"),
    ("waf_fail_open", "waf.fail_open.enabled"),
    ("client_routing", "dns_record.client_routing_policy"),
    ("secondary_ips_per_subnet", "secondary_ips.auto_assigned.per_subnet"),
];

/// Once set, their number can only grow.
fn more_addresses(before: &Option<i32>, after: &Option<i32>) -> &'static [Hazard] {
    if after.unwrap_or_default() > before.unwrap_or_default() { &[Hazard::Irreversible] } else { &[] }
}

/// What a load balancer understands.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadBalancerType {
    /// HTTP and HTTPS: it chooses by request.
    #[choice("application")]
    Application,
    /// TCP, UDP and TLS: it chooses by connection.
    #[choice("network")]
    Network,
    /// Packets, which pass through appliances on their way.
    #[choice("gateway")]
    Gateway,
}

/// Who reaches a load balancer.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// The internet.
    #[choice("internet-facing")]
    InternetFacing,
    /// Its VPC and what is connected with it.
    #[choice("internal")]
    Internal,
}

/// The addresses of a load balancer.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpAddressType {
    /// IPv4.
    #[choice("ipv4")]
    Ipv4,
    /// IPv4 and IPv6.
    #[choice("dualstack")]
    Dualstack,
    /// IPv6 for clients in the internet, and private IPv4.
    #[choice("dualstack-without-public-ipv4")]
    DualstackWithoutPublicIpv4,
}

/// On or off.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// On.
    #[choice("on")]
    On,
    /// Off.
    #[choice("off")]
    Off,
}

/// What becomes of requests that could desynchronise client and target.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DesyncMitigation {
    /// They pass, and are noted.
    #[choice("monitor")]
    Monitor,
    /// Known threats are refused.
    #[choice("defensive")]
    Defensive,
    /// Only what follows RFC 7230 passes.
    #[choice("strictest")]
    Strictest,
}

/// What becomes of an `X-Forwarded-For` header.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardedFor {
    /// The client's address is added to it.
    #[choice("append")]
    Append,
    /// It stays.
    #[choice("preserve")]
    Preserve,
    /// It goes.
    #[choice("remove")]
    Remove,
}

/// How clients are spread over the zones of a network load balancer.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientRouting {
    /// All in their own zone.
    #[choice("availability_zone_affinity")]
    Affinity,
    /// Most of them in their own zone.
    #[choice("partial_availability_zone_affinity")]
    PartialAffinity,
    /// Over all zones.
    #[choice("any_availability_zone")]
    Any,
}

/// Where a load balancer has a subnet, and with which addresses. Addresses that are not declared are AWS's to choose.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubnetMapping {
    /// The subnet.
    pub subnet: SubnetId,
    /// The address that the internet sees. For network load balancers that face it.
    pub allocation: Option<AllocationId>,
    /// The address in the subnet. For internal network load balancers.
    pub private_ipv4_address: Option<String>,
    /// The IPv6 address. For network load balancers.
    pub ipv6_address: Option<String>,
    /// The range for translations to IPv6, or `auto_assigned`. For network load balancers.
    pub source_nat_ipv6_prefix: Option<String>,
}

/// Where logs go. The bucket's policy must let Elastic Load Balancing write them.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Logs {
    /// Whether they are written.
    #[arg(default = true)]
    pub enabled: bool,
    /// The bucket, in the same region.
    pub bucket: BucketName,
    /// What their names begin with.
    #[arg(default = "")]
    pub prefix: String,
}

/// What is known of a load balancer once it is there.
#[derive(Outputs)]
pub struct LoadBalancerOutputs {
    /// The ARN.
    pub id: LoadBalancerId,
    /// The ARN.
    #[output(stage = accepted)]
    pub arn: Arn<LoadBalancer>,
    /// The name by which it is reached.
    #[output(stage = accepted)]
    pub dns_name: String,
    /// The hosted zone of `dns_name`, for alias records.
    #[output(stage = accepted)]
    pub hosted_zone_id: String,
    /// The end of its ARN, by which CloudWatch tells it: `app/front/0123456789abcdef`.
    #[output(stage = accepted)]
    pub full_name: String,
    /// The VPC of its subnets.
    #[output(stage = accepted)]
    pub vpc: VpcId,
}

impl Lifecycle for LoadBalancer {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        requests::create(aws, owner, args).await
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = requests::described(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        found.into_iter().map(|(arn, balancer)| Ok((arn.to_owned(), requests::status(&balancer?)))).collect()
    }

    async fn read(aws: &Aws, ids: &[LoadBalancerId]) -> Result<Readings<Self>> {
        let found = requests::described(aws, ids.iter().map(Arn::as_str)).await?;
        let arns: Vec<String> = found.keys().map(|arn| (*arn).to_owned()).collect();
        let tags = tags_by_arn(aws, &arns, GONE).await?;
        let seen = each(found.into_values(), |balancer| async { requests::observe(aws, balancer?, &tags).await }).await;
        let readings = arns.into_iter().zip(seen).filter_map(|(arn, seen)| Some((Arn::new(arn), seen.transpose()?)));
        Ok(readings.collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let answer = aws.elbv2().describe_load_balancers().names(args.name.as_str()).send().await.or_gone(GONE)?;
        let found = answer.and_then(|answer| answer.load_balancers).unwrap_or_default().into_iter();
        let arns: Vec<String> = found.filter_map(|balancer| balancer.load_balancer_arn).collect();
        let tags = tags_by_arn(aws, &arns, GONE).await?;
        let theirs = |arn: &String| tags.get(arn).and_then(|tags| tags.owner.as_ref());
        Ok(arns.iter().map(|arn| tags::candidate(owner, arn, theirs(arn))).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<LoadBalancerChanges>> {
        let LoadBalancerChanges {
            subnets,
            subnet_mappings,
            security_groups,
            enforce_security_group_inbound_rules_on_private_link_traffic: enforced,
            ip_address_type,
            ipv4_ipam_pool_id,
            enable_prefix_for_ipv6_source_nat: source_nat,
            minimum_capacity_units,
            deletion_protection,
            cross_zone,
            access_logs,
            connection_logs,
            health_check_logs,
            deny_all_internet_gateway_traffic,
            zonal_shift,
            idle_timeout_seconds,
            client_keep_alive_seconds,
            desync_mitigation,
            drop_invalid_headers,
            preserve_host_header,
            tls_headers,
            forwarded_for_port,
            forwarded_for,
            http2,
            waf_fail_open,
            client_routing,
            secondary_ips_per_subnet,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        if security_groups || enforced {
            requests::set_groups(aws, id, now, planned).await?;
        }
        if subnets || subnet_mappings || source_nat {
            requests::set_subnets(aws, id, now, planned).await?;
        }
        if ip_address_type && let Some(sort) = planned.ip_address_type {
            let call = aws.elbv2().set_ip_address_type().load_balancer_arn(id.as_str());
            call.ip_address_type(sort.as_str().into()).send().await?;
        }
        if ipv4_ipam_pool_id && let Some(pool) = &planned.ipv4_ipam_pool_id {
            let call = aws.elbv2().modify_ip_pools().load_balancer_arn(id.as_str());
            call.ipam_pools(requests::pools(pool)).send().await?;
        }
        if minimum_capacity_units {
            requests::reserve(aws, id, planned.minimum_capacity_units).await?;
        }
        let kept = access_logs || connection_logs || health_check_logs || deletion_protection || zonal_shift;
        let spread = cross_zone || client_routing || secondary_ips_per_subnet || deny_all_internet_gateway_traffic;
        let waits = idle_timeout_seconds || client_keep_alive_seconds;
        let headers =
            drop_invalid_headers || preserve_host_header || tls_headers || forwarded_for_port || forwarded_for;
        if kept || spread || waits || headers || desync_mitigation || http2 || waf_fail_open {
            let pairs = attributes::difference(ATTRIBUTES, now, planned);
            requests::set_attributes(aws, id, pairs).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &LoadBalancerId, _: &Self) -> Result<Deletion> {
        let [arn] = [id.as_str()];
        let found = requests::described(aws, [arn]).await?;
        if found.is_empty() {
            return Ok(Deletion::Done);
        }
        if requests::is_protected(aws, arn).await? {
            requests::set_attributes(aws, id, BTreeMap::from([("deletion_protection.enabled", "false".to_owned())]))
                .await?;
        }
        aws.elbv2().delete_load_balancer().load_balancer_arn(arn).send().await.or_gone(GONE)?;
        Ok(Deletion::Wait)
    }
}
