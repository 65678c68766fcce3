//! `aws:route53/hosted-zone`: a zone in DNS.
//!
//! ```
//! use formwork_aws::ec2::VpcId;
//! use formwork_aws::route53::{HostedZone, ZoneVpc};
//!
//! let public = HostedZone::builder().name("example.com").build();
//! let inside = ZoneVpc::builder().vpc(VpcId::new("vpc-0123456789abcdef0")).build();
//! let private = HostedZone::builder().name("internal.example.com").vpcs([inside]).build();
//! # drop((public, private));
//! ```
//!
//! A public zone counts once its parent zone, or the registrar of the domain, names its name servers.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Sought, Status, Swept, Waiting};
use formwork_engine::{Block, Change, Handle, Input, IntoInput, Outputs, Resource, Stack, Value, id, options};

use super::{NO_ZONE, bare, change_of, names, records, under_way};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::ec2::{Vpc, VpcId};
use crate::error::{Error, OrGone, Result, readable};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::logs::LogGroup;
use crate::questions::each;
use crate::sweep::among;
use crate::tags::{self, Tags};

id! {
    /// The id of a hosted zone, such as `Z0123456789ABCDEFGHIJ`.
    pub struct HostedZoneId;
}

id! {
    /// The id of a reusable delegation set, such as `N0123456789ABCDEFGHIJ`.
    pub struct DelegationSetId;
}

/// A zone in DNS: public, or private to the VPCs that it names.
#[derive(Resource)]
#[resource(
    kind = "aws:route53/hosted-zone",
    cfn = "AWS::Route53::HostedZone",
    id = HostedZoneId,
    outputs = HostedZoneOutputs,
    guard = token,
    visibility = 120,
    create_wait = (0, 5, 1, 1800),
    update_wait = (0, 5, 1, 1800)
)]
pub struct HostedZone {
    /// The name of the domain, such as `example.com`. Several zones may have the same one.
    #[arg(replace, same = names::same)]
    pub name: String,
    /// What it is for, at most 256 characters.
    #[arg(in_place, default, cfn = "HostedZoneConfig.Comment")]
    pub comment: String,
    /// The VPCs that a private zone answers in; a public zone has none, and neither sort becomes the other.
    #[arg(decide = same_sort, default, cfn = "VPCs")]
    pub vpcs: BTreeSet<ZoneVpc>,
    /// The name servers that it shares with other zones; four of its own when absent.
    #[arg(replace, cfn = "")]
    pub delegation_set: Option<DelegationSetId>,
    /// The log group, in us-east-1, that queries are written to; left as it is when absent. A resource policy of CloudWatch Logs must let
    /// Route 53 write. Public zones only.
    #[arg(in_place, after_create, same = same_log_group, cfn = "QueryLoggingConfig.CloudWatchLogsLogGroupArn")]
    pub query_logging: Option<Arn<LogGroup>>,
    /// Whether records can be changed within an hour also while us-east-1 is down. Public zones only.
    #[arg(in_place, after_create, default = false, cfn = "HostedZoneFeatures.EnableAcceleratedRecovery")]
    pub accelerated_recovery: bool,
    /// Whether the records that others have made in it are deleted with it. Without it a zone that has some refuses to go.
    #[arg(in_place, default = false, write_only, cfn = "")]
    pub force_delete: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, after_create, default, tags, cfn = "HostedZoneTags")]
    pub tags: Tags,
}

/// Public zones have no VPC, and private ones never none.
fn same_sort(before: &BTreeSet<ZoneVpc>, after: &BTreeSet<ZoneVpc>) -> Change {
    if before.is_empty() == after.is_empty() { Change::InPlace } else { Change::Replace }
}

/// The ARN of a log group may end with `:*` for its streams.
fn same_log_group(wanted: &Option<Arn<LogGroup>>, found: &Option<Arn<LogGroup>>) -> bool {
    let group = |arn: &Option<Arn<LogGroup>>| arn.as_ref().map(|arn| arn.as_str().trim_end_matches(":*").to_owned());
    group(wanted) == group(found)
}

/// A VPC that a private zone answers in.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[block(cfn = "VPCs")]
pub struct ZoneVpc {
    /// The VPC, which must have DNS support and DNS hostnames.
    #[arg(cfn = "VPCId")]
    pub vpc: VpcId,
    /// Its region; that of the zone's provider when absent.
    #[arg(cfn = "VPCRegion")]
    pub region: Option<String>,
}

impl ZoneVpc {
    fn sent(&self, aws: &Aws) -> sdk::Vpc {
        let region = self.region.as_deref().unwrap_or(aws.region());
        sdk::Vpc::builder().vpc_id(self.vpc.as_str()).vpc_region(region.into()).build()
    }
}

/// What is known of a hosted zone once it is there.
#[derive(Outputs)]
pub struct HostedZoneOutputs {
    /// The id.
    pub id: HostedZoneId,
    /// The ARN.
    pub arn: Arn<HostedZone>,
    /// The name of the domain, without a dot at the end.
    pub domain_name: String,
    /// The name servers that the parent zone, or the registrar, must name; none of a private zone.
    pub name_servers: Vec<String>,
}

impl Lifecycle for HostedZone {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let operation = "route53 CreateHostedZone";
        let config = sdk::HostedZoneConfig::builder()
            .set_comment((!args.comment.is_empty()).then(|| args.comment.clone()))
            .private_zone(!args.vpcs.is_empty())
            .build();
        let answer = aws
            .route53()
            .create_hosted_zone()
            .name(&args.name)
            // Never to be used again, also when the zone is gone.
            .caller_reference(&owner.token)
            .hosted_zone_config(config)
            .set_vpc(args.vpcs.first().map(|vpc| vpc.sent(aws)))
            .set_delegation_set_id(args.delegation_set.as_ref().map(ToString::to_string))
            .send()
            .await?;
        let zone = answer.hosted_zone.ok_or_else(|| Error::unexpected(operation, "no zone in the answer"))?;
        // The call takes one VPC, and no tags: those that mark the owner are set in any case.
        let left = HostedZoneChanges { vpcs: args.vpcs.len() > 1, tags: true, ..HostedZoneChanges::default() };
        let left = formwork_engine::ChangeSet::names(&left);
        Ok(Created { id: bare(&zone.id).to_owned(), left, waiting: change_of(answer.change_info.as_ref()) })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let looked = each(waiting, async |one: &Waiting| {
            let Some(answer) = describe(aws, &one.id).await? else { return Ok(None) };
            let status = match under_way(aws, one).await? {
                Some(pending) => pending,
                None => features_status(answer.hosted_zone.as_ref()),
            };
            Ok(Some((one.id.clone(), status)))
        });
        looked.await.into_iter().filter_map(Result::transpose).collect()
    }

    async fn read(aws: &Aws, ids: &[HostedZoneId]) -> Result<Readings<Self>> {
        let logging = query_logging(aws).await;
        let seen = each(ids, |id| observe(aws, id, &logging)).await;
        Ok(ids.iter().cloned().zip(seen).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let zones = all(aws).await?;
        let ours = zones.iter().filter(|zone| zone.caller_reference == owner.token);
        let mut found: Vec<Candidate> =
            ours.map(|zone| Candidate { id: bare(&zone.id).to_owned(), proof: Proof::Token }).collect();
        if found.is_empty() {
            let ids: Vec<&str> = zones.iter().map(|zone| bare(&zone.id)).collect();
            for (id, tags) in tags_of_many(aws, &ids).await? {
                let theirs = tags::read(aws, tags).owner.filter(|theirs| theirs.uid == owner.uid);
                found.extend(theirs.map(|theirs| tags::candidate(owner, id, Some(&theirs))));
            }
        }
        Ok(found)
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<HostedZoneChanges>> {
        let HostedZoneChanges {
            comment,
            vpcs,
            query_logging,
            accelerated_recovery,
            force_delete: _used_by_delete,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let mut waiting = None;
        if tags {
            retag(aws, owner, id, &now.tags, &planned.tags).await?;
        }
        if comment {
            // Without a comment in the call, the zone has none.
            let text = (!planned.comment.is_empty()).then(|| planned.comment.clone());
            aws.route53().update_hosted_zone_comment().id(id.as_str()).set_comment(text).send().await?;
        }
        if vpcs {
            waiting = exchange_vpcs(aws, id, &now.vpcs, &planned.vpcs).await?;
        }
        if let Some(to) = planned.query_logging.as_ref().filter(|_| query_logging) {
            log_queries(aws, id, to).await?;
        }
        // After a lost create it is handed over also where it is off, which a private zone does not even take.
        if accelerated_recovery && now.accelerated_recovery != planned.accelerated_recovery {
            let call = aws.route53().update_hosted_zone_features().hosted_zone_id(id.as_str());
            call.enable_accelerated_recovery(planned.accelerated_recovery).send().await?;
        }
        Ok(Updated { waiting, ..Updated::done() })
    }

    async fn delete(aws: &Aws, id: &HostedZoneId, recorded: &Self) -> Result<Deletion> {
        if recorded.force_delete || aws.leaves_nothing() {
            let listed = records::all(aws, id.as_str()).await?.unwrap_or_default();
            let foreign = records::foreign(&recorded.name, listed);
            for batch in foreign.chunks(records::BATCH) {
                let deletes = batch.iter().map(|record| (sdk::ChangeAction::Delete, record.clone()));
                records::change(aws, id, "", deletes).await.or_gone(NO_ZONE)?;
            }
        }
        let gone = aws.route53().delete_hosted_zone().id(id.as_str()).send().await.or_gone(NO_ZONE);
        match gone {
            Err(error) if error.is(&["HostedZoneNotEmpty"]) => Err(not_empty(aws, id, recorded, error).await),
            gone => gone.map(|_| Deletion::Done),
        }
    }
}

/// Why a zone refuses to go, with the records that are in the way.
async fn not_empty(aws: &Aws, id: &HostedZoneId, recorded: &HostedZone, mut error: Error) -> Error {
    const NAMED: usize = 5;
    let listed = records::all(aws, id.as_str()).await.ok().flatten().unwrap_or_default();
    let foreign = records::foreign(&recorded.name, listed);
    let mut names: Vec<String> = foreign.iter().take(NAMED).map(|it| format!("{} {}", it.name, it.r#type)).collect();
    if foreign.len() > NAMED {
        names.push(format!("and {} more", foreign.len() - NAMED));
    }
    error.0.answer.message =
        format!("others have made records in it ({}): delete them, or set `force_delete` first", names.join(", "));
    error
}

fn features_status(zone: Option<&sdk::HostedZone>) -> Status {
    let recovery = zone.and_then(|zone| zone.features.as_ref()?.accelerated_recovery_status.as_ref());
    match recovery.map(|word| word.as_str()) {
        None | Some("ENABLED" | "DISABLED") => Status::Ready,
        Some(word @ ("ENABLE_FAILED" | "DISABLE_FAILED")) => Status::Stuck(format!("accelerated recovery: {word}")),
        Some(word) => Status::Pending(format!("accelerated recovery: {word}")),
    }
}

/// Adds before it takes away: a private zone cannot be without a VPC. Answers the last change, to be waited for.
async fn exchange_vpcs(
    aws: &Aws,
    id: &HostedZoneId,
    now: &BTreeSet<ZoneVpc>,
    planned: &BTreeSet<ZoneVpc>,
) -> Result<Option<String>> {
    let named = |vpcs: &BTreeSet<ZoneVpc>| vpcs.iter().map(|one| one.vpc.clone()).collect::<BTreeSet<VpcId>>();
    let (held, wanted) = (named(now), named(planned));
    let mut last = None;
    for vpc in planned.iter().filter(|one| !held.contains(&one.vpc)) {
        let call = aws.route53().associate_vpc_with_hosted_zone().hosted_zone_id(id.as_str()).vpc(vpc.sent(aws));
        last = change_of(call.send().await?.change_info.as_ref()).or(last);
    }
    for vpc in now.iter().filter(|one| !wanted.contains(&one.vpc)) {
        let call = aws.route53().disassociate_vpc_from_hosted_zone().hosted_zone_id(id.as_str()).vpc(vpc.sent(aws));
        let answer = call.send().await.or_gone(&["VPCAssociationNotFound"])?;
        last = change_of(answer.and_then(|answer| answer.change_info).as_ref()).or(last);
    }
    Ok(last)
}

/// A zone has one configuration at most, and none is changed: another one takes its place.
async fn log_queries(aws: &Aws, id: &HostedZoneId, to: &Arn<LogGroup>) -> Result<()> {
    for config in configs(aws, Some(id)).await? {
        let present = Some(Arn::new(&config.cloud_watch_logs_log_group_arn));
        if same_log_group(&Some(to.clone()), &present) {
            return Ok(());
        }
        let call = aws.route53().delete_query_logging_config().id(&config.id);
        call.send().await.or_gone(&["NoSuchQueryLoggingConfig"])?;
    }
    let group = format!("{}:*", to.as_str().trim_end_matches(":*"));
    let call = aws.route53().create_query_logging_config().hosted_zone_id(id.as_str());
    call.cloud_watch_logs_log_group_arn(group).send().await?;
    Ok(())
}

async fn configs(aws: &Aws, zone: Option<&HostedZoneId>) -> Result<Vec<sdk::QueryLoggingConfig>> {
    let mut found = Vec::new();
    let call = aws.route53().list_query_logging_configs().set_hosted_zone_id(zone.map(ToString::to_string));
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        found.extend(page?.query_logging_configs);
    }
    Ok(found)
}

/// By zone, the log group that its queries are written to: of all zones at once.
async fn query_logging(aws: &Aws) -> Result<BTreeMap<String, Arn<LogGroup>>> {
    let group = |config: sdk::QueryLoggingConfig| {
        let arn = config.cloud_watch_logs_log_group_arn.trim_end_matches(":*").to_owned();
        (bare(&config.hosted_zone_id).to_owned(), Arn::new(arn))
    };
    Ok(configs(aws, None).await?.into_iter().map(group).collect())
}

async fn describe(
    aws: &Aws,
    id: &str,
) -> Result<Option<aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput>> {
    aws.route53().get_hosted_zone().id(id).send().await.or_gone(NO_ZONE)
}

/// All zones of the account.
pub(super) async fn all(aws: &Aws) -> Result<Vec<sdk::HostedZone>> {
    let mut found = Vec::new();
    let mut pages = aws.route53().list_hosted_zones().into_paginator().send();
    while let Some(page) = pages.next().await {
        found.extend(page?.hosted_zones);
    }
    Ok(found)
}

/// How many zones one call tells the tags of.
const TAGGED: usize = 10;

/// The tags of zones that are there.
async fn tags_of_many(aws: &Aws, ids: &[&str]) -> Result<Vec<(String, Vec<(String, String)>)>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(TAGGED) {
        let ids = chunk.iter().map(|id| (*id).to_owned()).collect();
        let call = aws.route53().list_tags_for_resources().resource_type(sdk::TagResourceType::Hostedzone);
        let answer = call.set_resource_ids(Some(ids)).send().await?;
        found.extend(answer.resource_tag_sets.into_iter().filter_map(|set| {
            let pairs = set.tags.unwrap_or_default().into_iter();
            Some((set.resource_id?, pairs.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()))
        }));
    }
    Ok(found)
}

/// The zones that carry the tags of a stack: no name tells a zone apart.
pub(crate) async fn marked(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let zones = all(aws).await?;
    let ids: Vec<&str> = zones.iter().map(|zone| bare(&zone.id)).filter(|id| !sought.known.contains(*id)).collect();
    let tags = tags_of_many(aws, &ids).await?;
    Ok(Swept { marks: among(sought, "aws:route53/hosted-zone", tags), ..Swept::default() })
}

async fn retag(aws: &Aws, owner: &Owner, id: &HostedZoneId, now: &Tags, planned: &Tags) -> Result<()> {
    // A call takes ten tags, and as many keys to remove.
    const AT_ONCE: usize = 10;
    let (set, removed) = tags::difference(owner, now, planned);
    let set: Vec<sdk::Tag> =
        set.into_iter().map(|(key, value)| sdk::Tag::builder().key(key).value(value).build()).collect();
    let removed: Vec<String> = removed.into_iter().collect();
    let call = || {
        let call = aws.route53().change_tags_for_resource().resource_type(sdk::TagResourceType::Hostedzone);
        call.resource_id(id.as_str())
    };
    for chunk in removed.chunks(AT_ONCE) {
        call().set_remove_tag_keys(Some(chunk.to_vec())).send().await?;
    }
    for chunk in set.chunks(AT_ONCE) {
        call().set_add_tags(Some(chunk.to_vec())).send().await?;
    }
    Ok(())
}

async fn observe(
    aws: &Aws,
    id: &HostedZoneId,
    logging: &Result<BTreeMap<String, Arn<LogGroup>>>,
) -> Result<Option<Observed<HostedZone>>> {
    let Some(answer) = describe(aws, id.as_str()).await? else { return Ok(None) };
    let Some(zone) = answer.hosted_zone else { return Ok(None) };
    let tags = aws.route53().list_tags_for_resource().resource_type(sdk::TagResourceType::Hostedzone);
    let Some(tags) = tags.resource_id(id.as_str()).send().await.or_gone(NO_ZONE)? else { return Ok(None) };
    let pairs = tags.resource_tag_set.and_then(|set| set.tags).unwrap_or_default().into_iter();
    let tags = tags::read(aws, pairs.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))));
    let mut unreadable = BTreeMap::new();
    let logging = readable(logging.clone().map(Some), &["query_logging"], &mut unreadable)?.unwrap_or_default();
    let recovery = zone.features.as_ref().and_then(|features| features.accelerated_recovery_status.as_ref());
    let recovers = recovery.is_some_and(|word| {
        let word = word.as_str();
        word.starts_with("ENABL") && word != "ENABLE_FAILED" || word == "DISABLE_FAILED"
    });
    let set = answer.delegation_set;
    let domain_name = names::canonical(&zone.name);
    let args = HostedZone {
        name: domain_name.clone(),
        comment: zone.config.and_then(|config| config.comment).unwrap_or_default(),
        vpcs: answer
            .vpcs
            .unwrap_or_default()
            .into_iter()
            .filter_map(|vpc| {
                let region = vpc.vpc_region.map(|region| region.as_str().to_owned());
                Some(ZoneVpc { vpc: VpcId::new(vpc.vpc_id?), region })
            })
            .collect(),
        // Only a set that can be shared has an id.
        delegation_set: set.as_ref().and_then(|set| set.id.as_deref().map(bare)).map(DelegationSetId::new),
        query_logging: logging.get(id.as_str()).cloned(),
        accelerated_recovery: recovers,
        force_delete: false,
        tags: tags.tags,
    };
    let outputs = HostedZoneOutputs {
        id: id.clone(),
        arn: Arn::new(format!("arn:{}:route53:::hostedzone/{id}", aws.partition())),
        domain_name,
        name_servers: set.map(|set| set.name_servers).unwrap_or_default(),
    };
    Ok(Some(Observed { unreadable, ..Observed::new(args, outputs, tags.owner) }))
}

impl Conforms for HostedZone {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = |stack: &mut Stack, name: &str, block: &str| {
            stack.add(name, Vpc::builder().cidr_block(block).enable_dns_hostnames(true).build())
        };
        let (first, second) = (vpc(stack, "first", "10.30.0.0/16"), vpc(stack, "second", "10.31.0.0/16"));
        let third = vpc(stack, "third", "10.32.0.0/16");
        let virginia = stack.provider("us-east-1");
        let mut group = |name: &str| {
            let group = LogGroup::builder().name(format!("/aws/route53/conformance-{name}")).build();
            stack.add_with(name, group, options().provider(&virginia))
        };
        let (logs, other_logs) = (group("logs"), group("other-logs"));
        let inside = |vpc: &Handle<Vpc>| ZoneVpc::builder().vpc(vpc).build();
        let all = |vpcs: Vec<Input<ZoneVpc>>| IntoInput::<BTreeSet<ZoneVpc>>::into_input(vpcs);
        let base = HostedZone::builder()
            .name("Zone.example.com.")
            .comment("made by the conformance suite")
            .vpcs([inside(&first), inside(&second)])
            .force_delete(true)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("comment", "changed")
            .change("tags", Value::from([("team", "b")]))
            .change("vpcs", all(vec![inside(&second), inside(&third)]))
            .change("force_delete", false)
            .change("vpcs", all(Vec::new()))
            .change("query_logging", &logs.arn)
            .change("query_logging", &other_logs.arn)
            .change("accelerated_recovery", true)
            .change("name", "other.example.com")
            .unseen("delegation_set", "a set would have to be made by hand first")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_zone_does_not_become_private_nor_the_other_way_round() {
        let one = |id: &str| ZoneVpc { vpc: VpcId::new(id), region: None };
        let (none, some) = (BTreeSet::new(), BTreeSet::from([one("vpc-1")]));
        assert_eq!(same_sort(&none, &some), Change::Replace);
        assert_eq!(same_sort(&some, &none), Change::Replace);
        assert_eq!(same_sort(&some, &[one("vpc-2")].into()), Change::InPlace);
    }

    #[test]
    fn a_feature_that_comes_or_goes_is_waited_for() {
        let zone = |word: &str| {
            let features = sdk::HostedZoneFeatures::builder().accelerated_recovery_status(word.into()).build();
            let zone = sdk::HostedZone::builder().id("/hostedzone/Z1").name("a.").caller_reference("r");
            zone.features(features).build().unwrap()
        };
        assert_eq!(features_status(None), Status::Ready);
        assert_eq!(features_status(Some(&zone("ENABLED"))), Status::Ready);
        assert!(matches!(features_status(Some(&zone("ENABLING"))), Status::Pending(_)));
        assert!(matches!(features_status(Some(&zone("ENABLE_FAILED"))), Status::Stuck(_)));
    }

    #[test]
    fn ids_are_kept_without_what_stands_before_them() {
        assert_eq!(bare("/hostedzone/Z1"), "Z1");
        assert_eq!(bare("Z1"), "Z1");
    }
}
