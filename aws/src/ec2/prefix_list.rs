//! `aws:ec2/prefix-list`: ranges of addresses under one id, for rules and routes. And the lookup of AWS's own lists.
//!
//! ```
//! use formwork_aws::ec2::{AddressFamily, PrefixEntry, PrefixList};
//!
//! let office = PrefixEntry::builder().cidr("198.51.100.0/24").description("office").build();
//! let list = PrefixList::builder()
//!     .name("partners")
//!     .address_family(AddressFamily::Ipv4)
//!     .max_entries(10)
//!     .entries([office])
//!     .build();
//! # drop(list);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{self as sdk, ResourceType};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::shape::ReadSchema;
use formwork_engine::{Block, Choice, Expr, Output, Outputs, ProviderName, Resource, Stack, Value, id};

use super::{FILTER_VALUES, candidate, filter, owned_by, read_tags, retag, tag_specification};
use crate::arn::Arn;
use crate::cidr::canonical;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;
use crate::reads::Lookup;
use crate::tags::Tags;

id! {
    /// The id of a prefix list, such as `pl-0123456789abcdef0`.
    pub struct PrefixListId;
}

/// How many entries one call may add and take away.
const ENTRIES_PER_CALL: usize = 100;

/// A prefix list of the account. Rules of security groups and routes that name it follow its entries.
///
/// Each of them counts as `max_entries` rules or routes, so choose no more than are needed. Each change is a new version; AWS keeps the former ones.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/prefix-list",
    cfn = "AWS::EC2::PrefixList",
    id = PrefixListId,
    outputs = PrefixListOutputs,
    guard = token,
    visibility = 300,
    create_wait = (0, 2, 1, 300),
    update_wait = (0, 2, 1, 300),
    delete_wait = (0, 2, 1, 300)
)]
pub struct PrefixList {
    /// The name, at most 255 characters; it need not be unique and does not begin with `com.amazonaws`.
    #[arg(in_place, cfn = "PrefixListName")]
    pub name: String,
    /// Whether its entries are IPv4 or IPv6.
    #[arg(replace)]
    pub address_family: AddressFamily,
    /// How many entries it may have, 1 to 1000.
    #[arg(in_place)]
    pub max_entries: i32,
    /// The entries, each range once. An entry whose description changes is not there for a moment.
    #[arg(in_place, default)]
    pub entries: BTreeSet<PrefixEntry>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// The addresses of a prefix list.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFamily {
    /// IPv4.
    #[choice("IPv4")]
    Ipv4,
    /// IPv6.
    #[choice("IPv6")]
    Ipv6,
}

/// An entry of a prefix list.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PrefixEntry {
    /// The range, such as `198.51.100.0/24`.
    #[arg(in_place, same = crate::cidr::same)]
    pub cidr: String,
    /// What it is, at most 255 characters.
    #[arg(in_place, default)]
    pub description: String,
}

/// What is known of a prefix list once it is there.
#[derive(Outputs)]
pub struct PrefixListOutputs {
    /// The id.
    pub id: PrefixListId,
    /// The ARN.
    pub arn: Arn<PrefixList>,
    /// The version, which each change of the entries raises.
    #[output(always)]
    pub version: String,
}

impl Lifecycle for PrefixList {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        check(args).map_err(|reason| Error::refused("ec2 CreateManagedPrefixList", reason))?;
        let first: Vec<_> = args.entries.iter().take(ENTRIES_PER_CALL).map(added).collect();
        let answer = aws
            .ec2()
            .create_managed_prefix_list()
            .prefix_list_name(&args.name)
            .address_family(args.address_family.as_str())
            .max_entries(args.max_entries)
            .set_entries((!first.is_empty()).then_some(first))
            .client_token(&owner.token)
            .tag_specifications(tag_specification(owner, &args.tags, ResourceType::PrefixList))
            .send()
            .await?;
        let id = answer.prefix_list.and_then(|list| list.prefix_list_id);
        let id = id.ok_or_else(|| Error::unexpected("ec2 CreateManagedPrefixList", "no list id in the answer"))?;
        let more = args.entries.len() > ENTRIES_PER_CALL;
        Ok(Created { left: more.then(|| "entries".to_owned()).into_iter().collect(), ..Created::whole(id) })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| PrefixListId::new(&one.id)).collect();
        let found = describe(aws, &ids).await?.into_iter();
        Ok(found.filter_map(|list| Some((list.prefix_list_id.clone()?, status_of(&list)))).collect())
    }

    async fn read(aws: &Aws, ids: &[PrefixListId]) -> Result<Readings<Self>> {
        let lists = describe(aws, ids).await?;
        let found = each(&lists, |list| entries(aws, list.prefix_list_id().unwrap_or_default())).await;
        let mut readings = Readings::<Self>::new();
        for (list, entries) in lists.into_iter().zip(found) {
            let Some(id) = list.prefix_list_id.clone().map(PrefixListId::new) else { continue };
            match entries {
                Ok(Some(entries)) => drop(readings.insert(id.clone(), Ok(observe(aws, id, list, entries)))),
                Ok(None) => {}
                Err(error) => drop(readings.insert(id, Err(error))),
            }
        }
        Ok(readings)
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let ours = filtered(aws, owned_by(owner)).await?.into_iter();
        Ok(ours.filter_map(|list| candidate(aws, owner, list.prefix_list_id, list.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<PrefixListChanges>> {
        let PrefixListChanges { name, max_entries, entries, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        check(planned).map_err(|reason| Error::refused("ec2 ModifyManagedPrefixList", reason))?;
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        let modify = || aws.ec2().modify_managed_prefix_list().prefix_list_id(id.as_str());
        // AWS takes the size by itself, and one change at a time. It is made larger before there are more entries, and smaller after there are fewer.
        let Some(current) = describe(aws, std::slice::from_ref(id)).await?.into_iter().next() else {
            return Err(Error::unexpected("ec2 DescribeManagedPrefixLists", "the list is not there any more"));
        };
        if name {
            modify().prefix_list_name(&planned.name).send().await?;
            return Ok(Updated::later(PrefixListChanges { max_entries, entries, ..PrefixListChanges::default() }));
        }
        let size = current.max_entries.unwrap_or_default();
        if max_entries && planned.max_entries > size {
            modify().max_entries(planned.max_entries).send().await?;
            return Ok(Updated::later(PrefixListChanges { entries, ..PrefixListChanges::default() }));
        }
        if entries {
            let change = Exchange::between(&now.entries, &planned.entries);
            if !change.is_none() {
                let removed: Vec<_> = change.removed.iter().map(|cidr| taken(cidr)).collect();
                let more: Vec<_> = change.added.iter().map(|entry| added(entry)).collect();
                // The version of which these are the entries: a change that somebody made meanwhile is not overwritten.
                let call = modify().set_current_version(current.version);
                call.set_remove_entries((!removed.is_empty()).then_some(removed))
                    .set_add_entries((!more.is_empty()).then_some(more))
                    .send()
                    .await?;
                let left = PrefixListChanges { max_entries, entries: !change.is_last, ..PrefixListChanges::default() };
                return Ok(Updated::later(left));
            }
        }
        if max_entries && planned.max_entries != size {
            modify().max_entries(planned.max_entries).send().await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &PrefixListId, _: &Self) -> Result<Deletion> {
        let call = aws.ec2().delete_managed_prefix_list().prefix_list_id(id.as_str());
        let gone = call.send().await.or_gone(GONE)?.is_none();
        Ok(if gone { Deletion::Done } else { Deletion::Wait })
    }
}

const GONE: &[&str] = &["InvalidPrefixListID.NotFound", "InvalidPrefixListId.NotFound"];

fn check(args: &PrefixList) -> std::result::Result<(), String> {
    let mut seen = BTreeSet::new();
    let twice = args.entries.iter().find(|entry| !seen.insert(canonical(&entry.cidr)));
    if let Some(entry) = twice {
        return Err(format!("the range {} is there twice", entry.cidr));
    }
    let most = usize::try_from(args.max_entries).unwrap_or_default();
    if args.entries.len() > most {
        return Err(format!("{} entries are more than `max_entries`, {most}", args.entries.len()));
    }
    Ok(())
}

fn added(entry: &PrefixEntry) -> sdk::AddPrefixListEntry {
    let description = (!entry.description.is_empty()).then(|| entry.description.clone());
    sdk::AddPrefixListEntry::builder().cidr(canonical(&entry.cidr)).set_description(description).build()
}

fn taken(cidr: &str) -> sdk::RemovePrefixListEntry {
    sdk::RemovePrefixListEntry::builder().cidr(cidr).build()
}

/// What one call does to the entries.
#[derive(Debug, Default, PartialEq, Eq)]
struct Exchange {
    removed: Vec<String>,
    added: Vec<PrefixEntry>,
    /// Whether nothing is left to do after it.
    is_last: bool,
}

impl Exchange {
    /// As much as one call may do. A range that gets another description is taken away by one call and added by another: AWS takes no range in both
    /// lists of a call.
    fn between(now: &BTreeSet<PrefixEntry>, planned: &BTreeSet<PrefixEntry>) -> Self {
        let by_range = |entries: &BTreeSet<PrefixEntry>| -> BTreeMap<String, PrefixEntry> {
            entries.iter().map(|entry| (canonical(&entry.cidr), entry.clone())).collect()
        };
        let (now, planned) = (by_range(now), by_range(planned));
        let stays = |range: &String, entry: &PrefixEntry| {
            planned.get(range).is_some_and(|planned| planned.description == entry.description)
        };
        let mut removed: Vec<String> =
            now.iter().filter(|(range, entry)| !stays(range, entry)).map(|(range, _)| range.clone()).collect();
        let mut added: Vec<PrefixEntry> =
            planned.iter().filter(|(range, _)| !now.contains_key(*range)).map(|(_, entry)| entry.clone()).collect();
        let again = removed.iter().any(|range| planned.contains_key(range));
        let all = removed.len() + added.len();
        removed.truncate(ENTRIES_PER_CALL);
        added.truncate(ENTRIES_PER_CALL - removed.len());
        let is_last = !again && all == removed.len() + added.len();
        Self { removed, added, is_last }
    }

    fn is_none(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

/// The lists that pass a filter, without those that are gone.
async fn filtered(aws: &Aws, filter: sdk::Filter) -> Result<Vec<sdk::ManagedPrefixList>> {
    let mut found = Vec::new();
    let mut pages = aws.ec2().describe_managed_prefix_lists().filters(filter).into_paginator().send();
    while let Some(page) = pages.next().await {
        found.extend(page?.prefix_lists.unwrap_or_default());
    }
    found.retain(|list| state(list) != "delete-complete");
    Ok(found)
}

async fn describe(aws: &Aws, ids: &[PrefixListId]) -> Result<Vec<sdk::ManagedPrefixList>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        found.extend(filtered(aws, filter("prefix-list-id", chunk.iter().map(PrefixListId::as_str))).await?);
    }
    Ok(found)
}

/// The entries of a list; nothing when it is gone.
async fn entries(aws: &Aws, id: &str) -> Result<Option<BTreeSet<PrefixEntry>>> {
    let mut found = BTreeSet::new();
    let mut pages = aws.ec2().get_managed_prefix_list_entries().prefix_list_id(id).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(GONE)? else { return Ok(None) };
        found.extend(page.entries.unwrap_or_default().into_iter().map(|entry| PrefixEntry {
            cidr: entry.cidr.unwrap_or_default(),
            description: entry.description.unwrap_or_default(),
        }));
    }
    Ok(Some(found))
}

fn state(list: &sdk::ManagedPrefixList) -> &str {
    // AWS's own lists have none.
    list.state.as_ref().map_or("create-complete", |state| state.as_str())
}

fn status_of(list: &sdk::ManagedPrefixList) -> Status {
    let why = || list.state_message.clone().unwrap_or_else(|| "AWS gives no reason".to_owned());
    match state(list) {
        "create-complete" | "modify-complete" | "restore-complete" => Status::Ready,
        "create-failed" | "modify-failed" => Status::Failed(why()),
        "delete-failed" => Status::Stuck(why()),
        other => Status::Pending(other.to_owned()),
    }
}

fn observe(
    aws: &Aws,
    id: PrefixListId,
    list: sdk::ManagedPrefixList,
    entries: BTreeSet<PrefixEntry>,
) -> Observed<PrefixList> {
    let read = read_tags(aws, list.tags);
    let args = PrefixList {
        name: list.prefix_list_name.unwrap_or_default(),
        address_family: match list.address_family.as_deref() {
            Some("IPv6") => AddressFamily::Ipv6,
            _ => AddressFamily::Ipv4,
        },
        max_entries: list.max_entries.unwrap_or_default(),
        entries,
        tags: read.tags,
    };
    let outputs = PrefixListOutputs {
        id,
        arn: Arn::new(list.prefix_list_arn.unwrap_or_default()),
        version: list.version.unwrap_or_default().to_string(),
    };
    Observed::new(args, outputs, read.owner)
}

/// The prefix list of a name in the default provider's region, such as `com.amazonaws.eu-west-1.s3` or
/// `com.amazonaws.global.cloudfront.origin-facing`.
///
/// Pinned: the list of the first run stays until `--repin` asks for the present one, which plans mention.
#[track_caller]
pub fn managed_prefix_list(stack: &mut Stack, name: &str) -> Output<PrefixListId> {
    managed_prefix_list_in(stack, name, &ProviderName::default())
}

/// The same in the region of another provider.
#[track_caller]
pub fn managed_prefix_list_in(stack: &mut Stack, name: &str, provider: &ProviderName) -> Output<PrefixListId> {
    let args = [("name".to_owned(), Expr::text(name))].into();
    stack.read(PrefixListByName::SCHEMA, args, "id", provider.clone())
}

pub(crate) struct PrefixListByName;

impl Lookup for PrefixListByName {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:ec2/managed-prefix-list",
        doc: "The prefix list of a name, AWS's own or one that may be used here.",
        pinned: true,
    };

    async fn look_up(aws: &Aws, args: &Value) -> Result<Value> {
        let name = args.get("name").as_text().unwrap_or_default();
        let found = filtered(aws, filter("prefix-list-name", [name])).await?;
        let ids: Vec<String> = found.into_iter().filter_map(|list| list.prefix_list_id).collect();
        let refused = |reason| Err(Error::refused("ec2 DescribeManagedPrefixLists", reason));
        match ids.as_slice() {
            [id] => Ok(Value::from([("id", id.as_str())])),
            [] => refused(format!("there is no prefix list {name} in {}", aws.region())),
            _ => refused(format!("several prefix lists are called {name}: {}", ids.join(", "))),
        }
    }
}

impl Conforms for PrefixList {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let entry = |cidr: &str, what: &str| PrefixEntry::builder().cidr(cidr).description(what).build();
        let base = PrefixList::builder()
            .name("Conformance")
            .address_family(AddressFamily::Ipv4)
            .max_entries(3)
            // Not canonical: AWS clears the last byte.
            .entries([entry("198.51.100.7/24", "office"), entry("203.0.113.0/24", "partner")])
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("name", "Conformance-2")
            .change(
                "entries",
                vec![Expr::from(entry("198.51.100.0/24", "the office")), Expr::from(entry("192.0.2.0/24", ""))],
            )
            .change("max_entries", 5_i64)
            .together_with(
                "entries",
                ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "10.5.0.0/16"]
                    .map(|range| Expr::from(entry(range, "")))
                    .to_vec(),
            )
            .change("max_entries", 1_i64)
            .together_with("entries", vec![Expr::from(entry("10.1.0.0/16", ""))])
            .change("address_family", "IPv6")
            .together_with("entries", vec![Expr::from(entry("2001:db8::/32", ""))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(entries: &[(&str, &str)]) -> BTreeSet<PrefixEntry> {
        let entry = |(cidr, what): &(&str, &str)| PrefixEntry { cidr: (*cidr).into(), description: (*what).into() };
        entries.iter().map(entry).collect()
    }

    #[test]
    fn a_range_with_another_description_goes_by_one_call_and_comes_by_the_next() {
        let (now, planned) = (set(&[("10.0.0.0/8", "a"), ("10.1.0.0/16", "")]), set(&[("10.0.0.9/8", "b")]));
        let first = Exchange::between(&now, &planned);
        assert_eq!(first.removed, ["10.0.0.0/8", "10.1.0.0/16"]);
        assert!(first.added.is_empty() && !first.is_last);
        let second = Exchange::between(&BTreeSet::new(), &planned);
        assert!(second.is_last && second.added.len() == 1);
        assert!(Exchange::between(&planned, &set(&[("10.0.0.0/8", "b")])).is_none());
    }

    #[test]
    fn a_call_takes_a_hundred_entries() {
        let ranges: Vec<String> = (0..250).map(|number| format!("10.{number}.0.0/16")).collect();
        let many: Vec<(&str, &str)> = ranges.iter().map(|range| (range.as_str(), "")).collect();
        let first = Exchange::between(&set(&many[..30]), &set(&many[30..]));
        assert_eq!((first.removed.len(), first.added.len(), first.is_last), (30, 70, false));
    }

    #[test]
    fn a_list_that_does_not_fit_or_has_a_range_twice_is_refused_before_it_is_sent() {
        let list = |most: i32, entries: &[(&str, &str)]| PrefixList {
            name: "a".into(),
            address_family: AddressFamily::Ipv4,
            max_entries: most,
            entries: set(entries),
            tags: Tags::new(),
        };
        assert_eq!(check(&list(1, &[("10.0.0.0/8", "")])), Ok(()));
        assert!(check(&list(1, &[("10.0.0.0/8", ""), ("11.0.0.0/8", "")])).is_err());
        assert!(check(&list(2, &[("10.0.0.0/8", ""), ("10.0.0.1/8", "b")])).is_err());
    }

    #[test]
    fn the_state_says_when_a_change_is_made() {
        let list = |state: &str| sdk::ManagedPrefixList::builder().state(state.into()).state_message("why").build();
        assert_eq!(status_of(&list("modify-complete")), Status::Ready);
        assert_eq!(status_of(&list("modify-in-progress")), Status::Pending("modify-in-progress".into()));
        assert_eq!(status_of(&list("create-failed")), Status::Failed("why".into()));
    }
}
