//! The records of a zone as Route 53 lists them.

use std::collections::BTreeMap;

use aws_sdk_route53::types as sdk;

use super::names::canonical;
use super::record_set::RecordSetId;
use super::{HostedZoneId, NO_ZONE, RecordType};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::questions::{each, many};

/// The most records that a page has.
const PAGE: i32 = 300;
/// The most changes of a batch: a thousand values, of which an upsert counts each twice.
pub(super) const BATCH: usize = 100;

/// The id of a record that was read in a zone.
pub(super) fn id_of(zone: &str, record: &sdk::ResourceRecordSet) -> RecordSetId {
    RecordSetId::of(zone, &record.name, record.r#type.as_str(), record.set_identifier.as_deref().unwrap_or_default())
}

/// All records of a zone, in Route 53's order; `None` when there is no such zone.
pub(super) async fn all(aws: &Aws, zone: &str) -> Result<Option<Vec<sdk::ResourceRecordSet>>> {
    let mut found = Vec::new();
    let mut call = aws.route53().list_resource_record_sets().hosted_zone_id(zone).max_items(PAGE);
    loop {
        let Some(page) = call.send().await.or_gone(NO_ZONE)? else { return Ok(None) };
        found.extend(page.resource_record_sets);
        let Some(name) = page.next_record_name.filter(|_| page.is_truncated) else { return Ok(Some(found)) };
        call = aws
            .route53()
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .max_items(PAGE)
            .start_record_name(name)
            .set_start_record_type(page.next_record_type)
            .set_start_record_identifier(page.next_record_identifier);
    }
}

/// One record; `None` also when there is no such zone.
pub(super) async fn one(aws: &Aws, id: &RecordSetId) -> Result<Option<sdk::ResourceRecordSet>> {
    let parts = id.parts();
    let call = aws.route53().list_resource_record_sets().hosted_zone_id(parts.zone).max_items(1);
    let call = call.start_record_name(parts.name).start_record_type(parts.record_type.into());
    // A list that begins at a name begins at the next one when that is not there.
    let call =
        call.set_start_record_identifier((!parts.set_identifier.is_empty()).then(|| parts.set_identifier.to_owned()));
    let page = call.send().await.or_gone(NO_ZONE)?;
    let first = page.and_then(|page| page.resource_record_sets.into_iter().next());
    Ok(first.filter(|record| id_of(parts.zone, record) == id.canonical()))
}

/// The records of these ids that are there: of a few in one zone each by itself, of more of them the whole list of the zone, since Route 53
/// takes five calls a second of an account.
pub(super) async fn these(aws: &Aws, ids: &[RecordSetId]) -> Result<BTreeMap<RecordSetId, sdk::ResourceRecordSet>> {
    let mut zones: BTreeMap<&str, Vec<&RecordSetId>> = BTreeMap::new();
    for id in ids {
        zones.entry(id.parts().zone).or_default().push(id);
    }
    let looked = each(zones, async |(zone, ids): (&str, Vec<&RecordSetId>)| {
        if !many(ids.len()) {
            let found = each(ids.iter().copied(), |id| one(aws, id)).await;
            let found = ids.into_iter().zip(found).map(|(id, found)| Ok(found?.map(|record| (id.clone(), record))));
            return found.filter_map(Result::transpose).collect::<Result<Vec<_>>>();
        }
        let listed = all(aws, zone).await?.unwrap_or_default().into_iter();
        let mut listed: BTreeMap<RecordSetId, _> = listed.map(|record| (id_of(zone, &record), record)).collect();
        Ok(ids.into_iter().filter_map(|id| Some((id.clone(), listed.remove(&id.canonical())?))).collect())
    });
    let looked: Result<Vec<Vec<_>>> = looked.await.into_iter().collect();
    Ok(looked?.into_iter().flatten().collect())
}

/// The records that a zone does not have from its beginning and to its end: all but its own name servers and its start of authority.
pub(super) fn foreign(zone_name: &str, records: Vec<sdk::ResourceRecordSet>) -> Vec<sdk::ResourceRecordSet> {
    let apex = canonical(zone_name);
    let own = |record: &sdk::ResourceRecordSet| {
        matches!(record.r#type, sdk::RrType::Ns | sdk::RrType::Soa) && canonical(&record.name) == apex
    };
    records.into_iter().filter(|record| !own(record)).collect()
}

/// Makes one batch of changes, all or none of which are made. Answers the change to wait for.
pub(super) async fn change(
    aws: &Aws,
    zone: &HostedZoneId,
    comment: &str,
    changes: impl IntoIterator<Item = (sdk::ChangeAction, sdk::ResourceRecordSet)>,
) -> Result<Option<String>> {
    let refused = |error: aws_smithy_types::error::operation::BuildError| {
        Error::refused("route53 ChangeResourceRecordSets", error.to_string())
    };
    let mut batch = sdk::ChangeBatch::builder().set_comment((!comment.is_empty()).then(|| comment.to_owned()));
    for (action, record) in changes {
        let change = sdk::Change::builder().action(action).resource_record_set(record).build();
        batch = batch.changes(change.map_err(refused)?);
    }
    let call = aws.route53().change_resource_record_sets().hosted_zone_id(zone.as_str());
    let answer = call.change_batch(batch.build().map_err(refused)?).send().await?;
    Ok(super::change_of(answer.change_info.as_ref()))
}

/// The type of a record that was read, if it is one that can be declared.
pub(super) fn type_of(record: &sdk::ResourceRecordSet) -> Result<RecordType> {
    RecordType::parse(record.r#type.as_str()).ok_or_else(|| {
        let reason = format!("{} has records of the type {}, which is unknown here", record.name, record.r#type);
        Error::unexpected("route53 ListResourceRecordSets", reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, kind: sdk::RrType) -> sdk::ResourceRecordSet {
        sdk::ResourceRecordSet::builder().name(name).r#type(kind).build().unwrap()
    }

    #[test]
    fn the_name_servers_of_the_zone_itself_are_its_own_and_those_of_others_are_not() {
        let records = vec![
            record("Example.com.", sdk::RrType::Ns),
            record("example.com.", sdk::RrType::Soa),
            record("example.com.", sdk::RrType::Mx),
            record("team.example.com.", sdk::RrType::Ns),
        ];
        let foreign = foreign("example.com.", records);
        let names: Vec<_> = foreign.iter().map(|record| (record.name.as_str(), record.r#type.as_str())).collect();
        assert_eq!(names, [("example.com.", "MX"), ("team.example.com.", "NS")]);
    }

    #[test]
    fn a_record_has_one_id_in_all_spellings() {
        let read = record("\\052.Example.com.", sdk::RrType::A);
        assert_eq!(id_of("Z1", &read), RecordSetId::new("Z1|*.example.com|A"));
        assert_eq!(RecordSetId::new("Z1|*.Example.com.|A|").canonical(), RecordSetId::new("Z1|*.example.com|A"));
    }
}
