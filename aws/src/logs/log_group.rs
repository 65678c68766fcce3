//! `aws:logs/log-group`: where log events are kept, and for how long.
//!
//! ```
//! use formwork_aws::logs::LogGroup;
//!
//! let group = LogGroup::builder().name("/aws/eks/prod/cluster").retention_in_days(90).build();
//! # drop(group);
//! ```
//!
//! Services make log groups themselves when theirs is missing: EKS makes `/aws/eks/<cluster>/cluster` anew when it writes its last
//! events after the group was deleted, RDS makes the groups of the logs it exports. Such a left-over, which belongs to nobody and never
//! expires, is taken over by the create that finds its name taken, and the plan says so. Any other group of the name is refused: import it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatchlogs::types::{self as sdk, DataProtectionStatus};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Choice, Ending, Expr, Hazard, Json, Name, Outputs, Resource, Stack, id};

use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result, readable};
use crate::hazards::unguarded;
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::{each, named};
use crate::tags::{self, Tags};

id! {
    /// The name of a log group, unique in its account and region.
    pub struct LogGroupName;
}

const ENDING: Ending = Ending { refused_by: Some("deletion_protection"), ..Ending::PLAIN };

/// A log group. Its events are lost with it.
#[derive(Resource)]
#[resource(
    kind = "aws:logs/log-group",
    cfn = "AWS::Logs::LogGroup",
    id = LogGroupName,
    outputs = LogGroupOutputs,
    guard = unique_name,
    natural_key(name),
    data_store,
    visibility = 60,
    ending = ENDING
)]
pub struct LogGroup {
    /// The name, 1 to 512 characters of `[A-Za-z0-9_/.#-]`, or a prefix of it.
    #[arg(replace, cfn = "LogGroupName")]
    pub name: Name,
    /// For how many days events are kept, one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    /// 3288 and 3653. They never expire when it is 0, which is AWS's default. The class `DELIVERY` keeps them as long as AWS says.
    #[arg(in_place, after_create, default = 0, hazards = shortened)]
    pub retention_in_days: i32,
    /// The key that encrypts events; CloudWatch Logs' own key when absent. Its policy must let `logs.<region>.amazonaws.com` use it.
    #[arg(in_place, same = same_key, cfn = "KmsKeyId")]
    pub kms_key: Option<Arn<Key>>,
    /// What can be done with the events, and what they cost.
    #[arg(replace, default = LogGroupClass::Standard, cfn = "LogGroupClass")]
    pub class: LogGroupClass,
    /// Whether AWS refuses to delete it. Lifted by Formwork itself once the deletion is consented to.
    #[arg(in_place, default = false, cfn = "DeletionProtectionEnabled", hazards = unguarded)]
    pub deletion_protection: bool,
    /// What is masked in events, as a data protection policy.
    #[arg(in_place, after_create)]
    pub data_protection_policy: Option<Json>,
    /// The fields that are indexed, at most 20. They are not read back.
    #[arg(in_place, after_create, default, write_only, cfn = "FieldIndexPolicies")]
    pub indexed_fields: BTreeSet<String>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// Events older than the new term are deleted within days.
fn shortened(before: &i32, after: &i32) -> &'static [Hazard] {
    let shorter = *after != 0 && (*before == 0 || after < before);
    if shorter { &[Hazard::DataLoss] } else { &[] }
}

/// What can be done with the events of a log group.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogGroupClass {
    /// Everything.
    #[choice("STANDARD")]
    Standard,
    /// Queries only, at half the price.
    #[choice("INFREQUENT_ACCESS")]
    InfrequentAccess,
    /// Delivery of Lambda's logs to S3 and Firehose.
    #[choice("DELIVERY")]
    Delivery,
}

/// What is known of a log group once it is there.
#[derive(Outputs)]
pub struct LogGroupOutputs {
    /// The name.
    pub id: LogGroupName,
    /// The ARN, without the `:*` that stands for its streams.
    pub arn: Arn<LogGroup>,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
}

impl Lifecycle for LogGroup {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let made = aws
            .logs()
            .create_log_group()
            .log_group_name(args.name.as_str())
            .set_kms_key_id(args.kms_key.as_ref().map(ToString::to_string))
            .log_group_class(args.class.as_str().into())
            .deletion_protection_enabled(args.deletion_protection)
            .set_tags(Some(tags::all(owner, &args.tags).into_iter().collect()))
            .send()
            .await
            .map_err(Error::from);
        match made {
            // The answer is empty.
            Ok(_) => Ok(Created::whole(args.name.as_str())),
            Err(error) if error.is(&["ResourceAlreadyExistsException"]) && is_of_a_service(aws, args).await? => {
                let left = LogGroupChanges {
                    retention_in_days: true,
                    kms_key: args.kms_key.is_some(),
                    deletion_protection: args.deletion_protection,
                    data_protection_policy: args.data_protection_policy.is_some(),
                    indexed_fields: !args.indexed_fields.is_empty(),
                    tags: true,
                };
                let left = formwork_engine::ChangeSet::names(&left);
                Ok(Created { id: args.name.to_string(), left, waiting: None })
            }
            Err(error) => Err(error),
        }
    }

    async fn left_over(aws: &Aws, _: &Owner, args: &Self) -> Result<Option<String>> {
        let sentence =
            || format!("the log group {} was made by a service, belongs to nobody, and is taken over", args.name);
        Ok(is_of_a_service(aws, args).await?.then(sentence))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = groups(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let found = found.into_iter().map(|(name, group)| group.map(|_| name.to_owned()));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[LogGroupName]) -> Result<Readings<Self>> {
        let found = groups(aws, ids.iter().map(LogGroupName::as_str)).await?;
        let names: Vec<_> = found.keys().map(|name| LogGroupName::new(*name)).collect();
        let seen = each(names.iter().zip(found.into_values()), |(id, it)| async { observe(aws, id, it?).await }).await;
        Ok(names.iter().cloned().zip(seen).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        // Log groups cannot be filtered by tag; their names are unique.
        let Some(args) = args else { return Ok(Vec::new()) };
        let name = args.name.as_str();
        if get(aws, name).await?.is_none() {
            return Ok(Vec::new());
        }
        let theirs = read_tags(aws, arn(aws, name).as_str()).await?.and_then(|read| read.owner);
        Ok(vec![tags::candidate(owner, name, theirs.as_ref())])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<LogGroupChanges>> {
        let LogGroupChanges {
            retention_in_days,
            kms_key,
            deletion_protection,
            data_protection_policy,
            indexed_fields,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let name = id.as_str();
        if kms_key {
            match &planned.kms_key {
                Some(key) => {
                    let call = aws.logs().associate_kms_key().log_group_name(name);
                    call.kms_key_id(key.as_str()).send().await?;
                }
                None => {
                    aws.logs().disassociate_kms_key().log_group_name(name).send().await?;
                }
            }
        }
        if retention_in_days {
            if planned.retention_in_days == 0 {
                aws.logs().delete_retention_policy().log_group_name(name).send().await?;
            } else {
                let call = aws.logs().put_retention_policy().log_group_name(name);
                call.retention_in_days(planned.retention_in_days).send().await?;
            }
        }
        if deletion_protection {
            let call = aws.logs().put_log_group_deletion_protection().log_group_identifier(name);
            call.deletion_protection_enabled(planned.deletion_protection).send().await?;
        }
        if let (true, Some(policy)) = (data_protection_policy, &planned.data_protection_policy) {
            let call = aws.logs().put_data_protection_policy().log_group_identifier(name);
            call.policy_document(policy.as_str()).send().await?;
        }
        if indexed_fields {
            if planned.indexed_fields.is_empty() {
                let call = aws.logs().delete_index_policy().log_group_identifier(name);
                call.send().await.or_gone(&["ResourceNotFoundException"])?;
            } else {
                let document = serde_json::json!({ "Fields": planned.indexed_fields }).to_string();
                let call = aws.logs().put_index_policy().log_group_identifier(name);
                call.policy_document(document).send().await?;
            }
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let arn = arn(aws, name);
            let call = aws.logs().tag_resource().resource_arn(arn.as_str());
            call.set_tags(Some(set.into_iter().collect())).send().await?;
            if !removed.is_empty() {
                let call = aws.logs().untag_resource().resource_arn(arn.as_str());
                call.set_tag_keys(Some(removed.into_iter().collect())).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &LogGroupName, _: &Self) -> Result<Deletion> {
        let protected = get(aws, id.as_str()).await?.and_then(|group| group.deletion_protection_enabled);
        if protected == Some(true) {
            let call = aws.logs().put_log_group_deletion_protection().log_group_identifier(id.as_str());
            call.deletion_protection_enabled(false).send().await.or_gone(&["ResourceNotFoundException"])?;
        }
        let call = aws.logs().delete_log_group().log_group_name(id.as_str());
        call.send().await.or_gone(&["ResourceNotFoundException"])?;
        Ok(Deletion::Done)
    }
}

/// The beginnings of the names that EKS and RDS make groups under when theirs is missing.
const OF_SERVICES: [&str; 2] = ["/aws/eks/", "/aws/rds/"];

/// Whether there is a group of this name that a service made by itself: without tags, without a term, without a key, of the usual class.
async fn is_of_a_service(aws: &Aws, args: &LogGroup) -> Result<bool> {
    let name = args.name.as_str();
    if !OF_SERVICES.iter().any(|start| name.starts_with(start)) || args.class != LogGroupClass::Standard {
        return Ok(false);
    }
    let Some(group) = get(aws, name).await? else { return Ok(false) };
    let standard = group.log_group_class().is_none_or(|class| class.as_str() == LogGroupClass::Standard.as_str());
    if group.retention_in_days.is_some() || group.kms_key_id.is_some() || !standard {
        return Ok(false);
    }
    let call = aws.logs().list_tags_for_resource().resource_arn(arn(aws, name).as_str());
    let answer = call.send().await.or_gone(&["ResourceNotFoundException"])?;
    Ok(answer.is_some_and(|answer| answer.tags.is_none_or(|tags| tags.is_empty())))
}

pub(super) fn arn(aws: &Aws, name: &str) -> Arn<LogGroup> {
    let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
    Arn::new(format!("arn:{partition}:logs:{region}:{account}:log-group:{name}"))
}

/// The group of exactly this name. Asked for by prefix, which other names may have too: asked for by name, AWS does not say what a
/// name that is gone does to the others.
async fn get(aws: &Aws, name: &str) -> Result<Option<sdk::LogGroup>> {
    let mut pages = aws.logs().describe_log_groups().log_group_name_prefix(name).into_paginator().send();
    while let Some(page) = pages.next().await {
        let groups = page?.log_groups.unwrap_or_default();
        if let Some(group) = groups.into_iter().find(|group| group.log_group_name() == Some(name)) {
            return Ok(Some(group));
        }
    }
    Ok(None)
}

/// The groups of these names that are there.
async fn groups<'n>(
    aws: &Aws,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<sdk::LogGroup>>> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let all = async {
        let mut found = BTreeMap::new();
        let call = aws.logs().describe_log_groups();
        let call = call.set_log_group_name_prefix(Some(common_prefix(&names).to_owned()).filter(|it| !it.is_empty()));
        let mut pages = call.into_paginator().page_size(PAGE).send();
        // An account may have thousands of groups that are nobody's here: no more pages than a call for each name would be.
        for _ in 0..names.len() {
            let Some(page) = pages.next().await else { break };
            let groups = page?.log_groups.unwrap_or_default().into_iter();
            let named = groups.filter_map(|group| Some((group.log_group_name.clone()?, group)));
            found.extend(named.filter(|(name, _)| names.contains(name.as_str())));
            if found.len() == names.len() {
                break;
            }
        }
        Ok(found)
    };
    named(names.iter().copied(), all, |name| get(aws, name)).await
}

/// The most groups that a page has.
pub(super) const PAGE: i32 = 50;

/// What all names begin with.
fn common_prefix<'n>(names: &BTreeSet<&'n str>) -> &'n str {
    // Between the first and the last in order lie all others.
    let (Some(first), Some(last)) = (names.first(), names.last()) else { return "" };
    let same = first.char_indices().zip(last.chars()).find(|((_, one), other)| one != other);
    let end = same.map_or(first.len().min(last.len()), |((at, _), _)| at);
    first.get(..end).unwrap_or_default()
}

/// The tags; `None` when there is no such group.
async fn read_tags(aws: &Aws, arn: &str) -> Result<Option<tags::Read>> {
    Ok(all_tags(aws, arn).await?.map(|pairs| tags::read(aws, pairs)))
}

/// All tags, ours too; `None` when there is no such group.
pub(super) async fn all_tags(aws: &Aws, arn: &str) -> Result<Option<Vec<(String, String)>>> {
    let call = aws.logs().list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.or_gone(&["ResourceNotFoundException"])?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
}

/// What a group is; its tags are a call of their own. `None` when it went between the two.
async fn observe(aws: &Aws, id: &LogGroupName, group: sdk::LogGroup) -> Result<Option<Observed<LogGroup>>> {
    let arn = arn(aws, id.as_str());
    let Some(read) = read_tags(aws, arn.as_str()).await? else { return Ok(None) };
    let mut unreadable = BTreeMap::new();
    // A call of its own, made for the few that have such a policy.
    let data_protection_policy = match group.data_protection_status {
        Some(DataProtectionStatus::Activated) => {
            let call = aws.logs().get_data_protection_policy().log_group_identifier(id.as_str());
            let answer = call.send().await.or_gone(&["ResourceNotFoundException"]);
            let answer = readable(answer, &["data_protection_policy"], &mut unreadable)?;
            answer.and_then(|answer| answer.policy_document).map(Json::new)
        }
        _ => None,
    };
    let class = group.log_group_class.and_then(|class| LogGroupClass::parse(class.as_str()));
    let class = class.unwrap_or(LogGroupClass::Standard);
    let args = LogGroup {
        name: Name::new(id.as_str()),
        // AWS fixes the term of the delivery class: there is nothing to manage.
        retention_in_days: group.retention_in_days.filter(|_| class != LogGroupClass::Delivery).unwrap_or(0),
        kms_key: group.kms_key_id.map(Arn::new),
        class,
        deletion_protection: group.deletion_protection_enabled.unwrap_or_default(),
        data_protection_policy,
        indexed_fields: BTreeSet::new(),
        tags: read.tags,
    };
    let outputs = LogGroupOutputs { id: id.clone(), arn, name: id.to_string() };
    Ok(Some(Observed { unreadable, ..Observed::new(args, outputs, read.owner) }))
}

impl Conforms for LogGroup {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let key = stack.add("key", Key::builder().description("log events").build());
        let other = stack.add("other", Key::builder().description("log events, too").build());
        let base = LogGroup::builder()
            .name("/Formwork/Conformance")
            .retention_in_days(90)
            .kms_key(&key.arn)
            .class(LogGroupClass::Standard)
            .deletion_protection(true)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("retention_in_days", 30_i64)
            .change("retention_in_days", 0_i64)
            .change("kms_key", Expr::from(&other.arn))
            .change("deletion_protection", false)
            .change("tags", [("team", "b")])
            .change("name", "/Formwork/Conformance-2")
            .change("class", "INFREQUENT_ACCESS")
            .together_with("name", "/Formwork/Conformance-3")
            .unseen("data_protection_policy", "the emulator has no data protection policies")
            .unseen("indexed_fields", "the emulator has no field indexes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_listed_by_what_all_of_their_names_begin_with() {
        let prefix = |names: &[&'static str]| common_prefix(&names.iter().copied().collect());
        assert_eq!(prefix(&["/aws/eks/prod/cluster", "/aws/eks/dev/cluster", "/aws/eks/prod"]), "/aws/eks/");
        assert_eq!(prefix(&["prod", "prod-2", "prod/é"]), "prod");
        assert_eq!(prefix(&["prodé", "prodè"]), "prod");
        assert_eq!(prefix(&["a", "b"]), "");
    }

    #[test]
    fn a_term_that_is_introduced_or_shortened_loses_events() {
        let loses = |before, after| !shortened(&before, &after).is_empty();
        assert!(loses(0, 30) && loses(90, 30));
        assert!(!loses(30, 90) && !loses(30, 0) && !loses(0, 0));
    }
}
