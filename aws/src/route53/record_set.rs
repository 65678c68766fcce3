//! `aws:route53/record-set`: the records of one name and type in a hosted zone.
//!
//! ```
//! use formwork_aws::route53::{HostedZone, RecordSet, RecordType, Routing};
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let zone = stack.add("zone", HostedZone::builder().name("example.com").build());
//! let www = RecordSet::builder().hosted_zone(&zone).name("www.example.com").record_type(RecordType::A);
//! for (place, address, weight) in [("old", "192.0.2.1", 10), ("new", "192.0.2.2", 90)] {
//!     let record = www.clone().records([address]).set_identifier(place).routing(Routing::weighted(weight));
//!     stack.add(&format!("www-{place}"), record.build());
//! }
//! # }
//! ```
//!
//! Records have no tags, no tokens and no owner: zone, name, type and set identifier are all there is to tell them by. So what a program
//! declares for the first time is looked for while planning, and what somebody else has made is never overwritten.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types as sdk;
use formwork_engine::kind::{CallClass, Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Block, Choice, Input, IntoInput, Outputs, Resource, Stack, Value, id};

use super::names::{self, canonical};
use super::routing::{Failover, GeoLocation, Nearness, Place, Routing};
use super::{HostedZone, HostedZoneId, NO_ZONE, bare, records, under_way};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;

id! {
    /// Zone, name and type as `Z0123456789ABCDEFGHIJ|www.example.com|A`; where there are several of them, with `|` and the set identifier.
    pub struct RecordSetId;
}

/// The parts of a [`RecordSetId`].
pub(super) struct Parts<'a> {
    pub(super) zone: &'a str,
    pub(super) name: &'a str,
    pub(super) record_type: &'a str,
    /// Empty where there is none. The only part that can hold a bar.
    pub(super) set_identifier: &'a str,
}

impl RecordSetId {
    pub(super) fn of(zone: &str, name: &str, record_type: &str, set_identifier: &str) -> Self {
        let id = format!("{}|{}|{record_type}", bare(zone), canonical(name));
        Self::new(if set_identifier.is_empty() { id } else { format!("{id}|{set_identifier}") })
    }

    pub(super) fn parts(&self) -> Parts<'_> {
        let mut parts = self.as_str().splitn(4, '|');
        let mut next = || parts.next().unwrap_or_default();
        Parts { zone: next(), name: next(), record_type: next(), set_identifier: next() }
    }

    /// The same in the spelling in which Route 53's answers are compared.
    pub(super) fn canonical(&self) -> Self {
        let Parts { zone, name, record_type, set_identifier } = self.parts();
        Self::of(zone, name, record_type, set_identifier)
    }
}

/// The records of one name and type, or one choice of several of them.
#[derive(Resource)]
#[resource(
    kind = "aws:route53/record-set",
    cfn = "AWS::Route53::RecordSet",
    id = RecordSetId,
    outputs = RecordSetOutputs,
    guard = upsert,
    natural_key(hosted_zone, name, record_type, set_identifier),
    visibility = 120,
    create_wait = (0, 5, 1, 1800),
    update_wait = (0, 5, 1, 1800)
)]
pub struct RecordSet {
    /// The zone.
    #[arg(replace, cfn = "HostedZoneId")]
    pub hosted_zone: HostedZoneId,
    /// The whole name, such as `www.example.com`, with or without a dot at the end; `*.example.com` for all that have no records of their own.
    #[arg(replace, same = names::same)]
    pub name: String,
    /// The type.
    #[arg(replace, cfn = "Type")]
    pub record_type: RecordType,
    /// Seconds for which an answer may be remembered, 0 to 2147483647. An alias has the time of what it leads to.
    #[arg(in_place, default = 300, cfn = "TTL")]
    pub ttl: i32,
    /// The values: an address each, or whatever the type wants. Those of TXT stand in quotation marks ([`super::quoted`]). Either these or
    /// `alias`.
    #[arg(in_place, default, cfn = "ResourceRecords")]
    pub records: BTreeSet<String>,
    /// The resource of AWS, or the other record of the zone, that the name leads to. Either this or `records`.
    #[arg(in_place, cfn = "AliasTarget")]
    pub alias: Option<Alias>,
    /// What tells this one apart from the others of its name and type, 1 to 128 characters; for every `routing` but the simple one.
    #[arg(replace, default)]
    pub set_identifier: String,
    /// How Route 53 chooses among those of one name and type. All of them choose by one sort: where there are several, another sort needs
    /// another name, or a run in between without them.
    #[arg(in_place, default = Routing::Simple, cfn = "")]
    pub routing: Routing,
    /// The id of the health check without whose consent it is not answered; none when empty.
    #[arg(in_place, default, cfn = "HealthCheckId")]
    pub health_check: String,
    /// A remark on the change that is made, at most 256 characters: Route 53 keeps it with the change and not with the records.
    #[arg(in_place, default, write_only)]
    pub comment: String,
}

/// Types of records.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordType {
    /// An IPv4 address.
    #[choice("A")]
    A,
    /// An IPv6 address.
    #[choice("AAAA")]
    Aaaa,
    /// Which authorities may issue certificates.
    #[choice("CAA")]
    Caa,
    /// Another name. Not for the name of the zone itself, and not beside records of another type.
    #[choice("CNAME")]
    Cname,
    /// The key that a delegated zone is signed with.
    #[choice("DS")]
    Ds,
    /// How a web server is reached.
    #[choice("HTTPS")]
    Https,
    /// A mail server with its preference, such as `10 mail.example.com`.
    #[choice("MX")]
    Mx,
    /// A rule that rewrites a name.
    #[choice("NAPTR")]
    Naptr,
    /// A name server that a part of the zone is delegated to.
    #[choice("NS")]
    Ns,
    /// The name of an address.
    #[choice("PTR")]
    Ptr,
    /// The start of authority, which each zone has by itself.
    #[choice("SOA")]
    Soa,
    /// Who may send mail; TXT has taken its place.
    #[choice("SPF")]
    Spf,
    /// A server of a service with priority, weight and port.
    #[choice("SRV")]
    Srv,
    /// The fingerprint of a host's SSH key.
    #[choice("SSHFP")]
    Sshfp,
    /// How a service is reached.
    #[choice("SVCB")]
    Svcb,
    /// The certificate of a server.
    #[choice("TLSA")]
    Tlsa,
    /// Text.
    #[choice("TXT")]
    Txt,
}

/// What a name leads to without an address of its own.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(cfn = "AliasTarget")]
pub struct Alias {
    /// The name of the target, such as that of a load balancer.
    #[arg(same = names::same, cfn = "DNSName")]
    pub dns_name: String,
    /// The zone of the target: that of its service in its region, as the target tells it, or the records' own.
    #[arg(cfn = "HostedZoneId")]
    pub hosted_zone: HostedZoneId,
    /// Whether it is answered only while the target is healthy. Not possible for a distribution of CloudFront.
    #[arg(default = false)]
    pub evaluate_target_health: bool,
}

/// The zone that all distributions of CloudFront stand in.
const CLOUDFRONT: &str = "Z2FDTNDATAQYW2";

impl Alias {
    /// To a distribution of CloudFront, by its domain name.
    pub fn to_distribution(domain_name: impl IntoInput<String>) -> Input<Self> {
        Self::builder().dns_name(domain_name).hosted_zone(HostedZoneId::new(CLOUDFRONT)).build()
    }
}

/// What is known of records once they are there.
#[derive(Outputs)]
pub struct RecordSetOutputs {
    /// Zone, name and type, and set identifier.
    pub id: RecordSetId,
    /// The name, without a dot at the end.
    pub fqdn: String,
}

impl Lifecycle for RecordSet {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        // Not an upsert: between the look and the call somebody else may have made it.
        let change = [(sdk::ChangeAction::Create, args.sent()?)];
        let waiting = records::change(aws, &args.hosted_zone, &args.comment, change).await.map_err(existing)?;
        Ok(Created { waiting, ..Created::whole(args.id().as_str()) })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<RecordSetId> = waiting.iter().map(|one| RecordSetId::new(&one.id)).collect();
        let there = records::these(aws, &ids).await?;
        let changes = each(waiting, |one| under_way(aws, one)).await;
        let found = waiting.iter().zip(changes).filter(|(one, _)| there.contains_key(&RecordSetId::new(&one.id)));
        found.map(|(one, pending)| Ok((one.id.clone(), pending?.unwrap_or(Status::Ready)))).collect()
    }

    async fn read(aws: &Aws, ids: &[RecordSetId]) -> Result<Readings<Self>> {
        let found = records::these(aws, ids).await?;
        Ok(found.into_iter().map(|(id, record)| (id.clone(), seen(id, &record))).collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = args.id();
        let found = records::one(aws, &id).await?;
        Ok(found.map(|_| Candidate { id: id.to_string(), proof: Proof::Name }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<RecordSetChanges>> {
        let RecordSetChanges { ttl, records, alias, routing, health_check, comment: _said_with_the_next_change } =
            update.changes;
        let Update { id, now, planned, .. } = update;
        if !(ttl || records || alias || routing || health_check) {
            return Ok(Updated::done());
        }
        let sent = planned.sent()?;
        let another_sort = std::mem::discriminant(&now.routing) != std::mem::discriminant(&planned.routing);
        let mut changes = Vec::new();
        match records::one(aws, id).await? {
            // Records of one name and type choose by one sort: the former one makes room in the same batch.
            Some(former) if another_sort => {
                changes.extend([(sdk::ChangeAction::Delete, former), (sdk::ChangeAction::Create, sent)]);
            }
            _ => changes.push((sdk::ChangeAction::Upsert, sent)),
        }
        let waiting = records::change(aws, &planned.hosted_zone, &planned.comment, changes).await?;
        Ok(Updated { waiting, ..Updated::done() })
    }

    async fn delete(aws: &Aws, id: &RecordSetId, recorded: &Self) -> Result<Deletion> {
        // Route 53 deletes what is said in full only.
        if let Some(record) = records::one(aws, id).await? {
            let change = [(sdk::ChangeAction::Delete, record)];
            records::change(aws, &HostedZoneId::new(id.parts().zone), &recorded.comment, change)
                .await
                .or_gone(NO_ZONE)?;
        }
        Ok(Deletion::Done)
    }
}

/// Route 53 has one code for everything that is wrong with a batch, and words for what it is.
fn existing(mut error: Error) -> Error {
    if error.is(&["InvalidChangeBatch"]) && error.0.answer.message.contains("already exists") {
        error.0.class = CallClass::Exists;
    }
    error
}

impl RecordSet {
    fn id(&self) -> RecordSetId {
        RecordSetId::of(self.hosted_zone.as_str(), &self.name, self.record_type.as_str(), &self.set_identifier)
    }

    /// What AWS would refuse in words that do not help.
    fn check(&self) -> std::result::Result<(), String> {
        match (&self.alias, self.records.is_empty()) {
            (None, true) => return Err(format!("{} leads nowhere: give it `records` or an `alias`", self.name)),
            (Some(_), false) => return Err(format!("{} has both `records` and an `alias`: leave one out", self.name)),
            _ => {}
        }
        match (&self.routing, self.set_identifier.is_empty()) {
            (Routing::Simple, false) => {
                let one = &self.set_identifier;
                Err(format!("{} has the set identifier {one} and no way to choose: say its `routing`", self.name))
            }
            (routing, true) if *routing != Routing::Simple => {
                Err(format!("{} is one of several: tell it apart by a `set_identifier`", self.name))
            }
            _ => Ok(()),
        }
    }

    fn sent(&self) -> Result<sdk::ResourceRecordSet> {
        let refused = |reason: String| Error::refused("route53 ChangeResourceRecordSets", reason);
        self.check().map_err(refused)?;
        let wrong = |error: aws_smithy_types::error::operation::BuildError| refused(error.to_string());
        let mut record = sdk::ResourceRecordSet::builder().name(&self.name).r#type(self.record_type.as_str().into());
        record = match &self.alias {
            Some(alias) => {
                let target = sdk::AliasTarget::builder()
                    .dns_name(&alias.dns_name)
                    .hosted_zone_id(alias.hosted_zone.as_str())
                    .evaluate_target_health(alias.evaluate_target_health);
                record.alias_target(target.build().map_err(wrong)?)
            }
            None => {
                let value = |value: &String| sdk::ResourceRecord::builder().value(value).build();
                let values = self.records.iter().map(value).collect::<std::result::Result<_, _>>().map_err(wrong)?;
                record.ttl(i64::from(self.ttl)).set_resource_records(Some(values))
            }
        };
        if !self.set_identifier.is_empty() {
            record = record.set_identifier(&self.set_identifier);
        }
        if !self.health_check.is_empty() {
            record = record.health_check_id(&self.health_check);
        }
        self.routing.said_to(record).map_err(refused)?.build().map_err(wrong)
    }
}

fn seen(id: RecordSetId, record: &sdk::ResourceRecordSet) -> Result<Observed<RecordSet>> {
    let fqdn = canonical(&record.name);
    let values = record.resource_records().iter().map(|value| value.value.clone()).collect();
    let alias = record.alias_target.as_ref().map(|target| Alias {
        dns_name: canonical(&target.dns_name),
        hosted_zone: HostedZoneId::new(&target.hosted_zone_id),
        evaluate_target_health: target.evaluate_target_health,
    });
    let args = RecordSet {
        hosted_zone: HostedZoneId::new(id.parts().zone),
        name: fqdn.clone(),
        record_type: records::type_of(record)?,
        // An alias has none of its own.
        ttl: record.ttl.map_or(DEFAULT_TTL, |ttl| i32::try_from(ttl).unwrap_or(i32::MAX)),
        records: values,
        alias,
        set_identifier: record.set_identifier.clone().unwrap_or_default(),
        routing: Routing::of(record),
        health_check: record.health_check_id.clone().unwrap_or_default(),
        comment: String::new(),
    };
    Ok(Observed::new(args, RecordSetOutputs { id, fqdn }, None))
}

impl Conforms for RecordSet {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let zone = stack.add("zone", HostedZone::builder().name("records.example.com").build());
        let other = stack.add("other", HostedZone::builder().name("b.records.example.com").build());
        let base = RecordSet::builder()
            .hosted_zone(&zone)
            .name("A.b.Records.example.com")
            .record_type(RecordType::A)
            .ttl(60)
            .records(["192.0.2.1", "192.0.2.2"])
            .set_identifier("first")
            .routing(Routing::weighted(10))
            .comment("made by the conformance suite")
            .build();
        let addresses = |addresses: &[&str]| Value::List(addresses.iter().map(|it| Value::from(*it)).collect());
        let near = |place| Routing::geoproximity(Nearness::builder().place(place).bias(7).build());
        let target = Alias::to_distribution("d111111abcdef8.cloudfront.net");
        Conformance::of(base)
            .change("ttl", 120)
            .change("records", addresses(&["192.0.2.1", "192.0.2.3"]))
            .change("comment", "changed")
            .change("health_check", "01234567-89ab-cdef-0123-456789abcdef")
            .change("routing", Routing::weighted(0))
            .change("routing", Routing::latency("eu-west-1"))
            .change("routing", Routing::failover(Failover::Primary))
            .change("routing", Routing::geolocation(GeoLocation::country("DE")))
            .change("routing", Routing::geolocation(GeoLocation::elsewhere()))
            .change("routing", near(Place::point("53.35", "-6.26")))
            .change("routing", Routing::multivalue())
            .change("routing", Routing::cidr("01234567-89ab-cdef-0123-456789abcdef", "offices"))
            .change("routing", Routing::weighted(20))
            .change("set_identifier", "second")
            .change("alias", target)
            .together_with("records", addresses(&[]))
            .together_with("ttl", i64::from(DEFAULT_TTL))
            .change("alias", Alias::to_distribution("d222222abcdef8.cloudfront.net"))
            .change("name", "*.b.records.example.com")
            .change("hosted_zone", &other)
            .change("record_type", "AAAA")
    }
}

/// As declared when nothing is.
const DEFAULT_TTL: i32 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    fn www() -> RecordSet {
        RecordSet {
            hosted_zone: HostedZoneId::new("Z1"),
            name: "WWW.Example.com.".to_owned(),
            record_type: RecordType::A,
            ttl: 60,
            records: ["192.0.2.1".to_owned()].into(),
            alias: None,
            set_identifier: String::new(),
            routing: Routing::Simple,
            health_check: String::new(),
            comment: String::new(),
        }
    }

    #[test]
    fn the_identity_is_zone_name_type_and_set_identifier() {
        assert_eq!(www().id(), RecordSetId::new("Z1|www.example.com|A"));
        let one = RecordSet { set_identifier: "a|b".to_owned(), ..www() };
        let id = one.id();
        assert_eq!(id, RecordSetId::new("Z1|www.example.com|A|a|b"));
        assert_eq!(id.parts().set_identifier, "a|b");
    }

    #[test]
    fn what_is_sent_is_read_back() {
        let alias = Alias {
            dns_name: "d1.cloudfront.net".to_owned(),
            hosted_zone: HostedZoneId::new(CLOUDFRONT),
            evaluate_target_health: false,
        };
        let to_alias = RecordSet { alias: Some(alias), records: BTreeSet::new(), ttl: DEFAULT_TTL, ..www() };
        for wanted in [www(), to_alias] {
            let sent = wanted.sent().unwrap();
            assert_eq!(sent.ttl.is_some(), wanted.alias.is_none());
            let read = seen(wanted.id(), &sent).unwrap().args;
            assert_eq!((read.ttl, &read.records, &read.alias), (wanted.ttl, &wanted.records, &wanted.alias));
            assert!(names::same(&wanted.name, &read.name));
        }
    }

    #[test]
    fn what_leads_nowhere_or_twice_or_cannot_be_told_apart_is_not_sent() {
        assert_eq!(www().check(), Ok(()));
        assert!(RecordSet { records: BTreeSet::new(), ..www() }.check().unwrap_err().contains("leads nowhere"));
        let weighted = RecordSet { routing: Routing::Weighted { weight: 1 }, ..www() };
        assert!(weighted.check().unwrap_err().contains("set_identifier"));
        assert!(RecordSet { set_identifier: "a".to_owned(), ..www() }.check().unwrap_err().contains("routing"));
    }

    #[test]
    fn a_record_that_exists_is_told_from_a_batch_that_is_wrong() {
        let refused = |message: &str| {
            let mut error = Error::refused("route53 ChangeResourceRecordSets", message);
            error.0.answer.code = "InvalidChangeBatch".to_owned();
            existing(error).0.class
        };
        let there = "[Tried to create resource record set [name='a.example.com.', type='A'] but it already exists]";
        assert_eq!(refused(there), CallClass::Exists);
        assert_eq!(refused("[RRSet with DNS name a.com. is not permitted in zone b.com.]"), CallClass::Refused);
    }
}
