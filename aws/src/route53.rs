//! Route 53: hosted zones and their records.

pub mod hosted_zone;
pub mod lookup;
mod names;
mod permissions;
pub mod record_set;
mod records;
pub mod routing;

pub use hosted_zone::{DelegationSetId, HostedZone, HostedZoneId, HostedZoneOutputs, ZoneVpc};
pub use lookup::{ExistingZone, hosted_zone, hosted_zone_in, private_hosted_zone, private_hosted_zone_in};
pub use names::quoted;
pub use record_set::{Alias, RecordSet, RecordSetId, RecordSetOutputs, RecordType};
pub use routing::{Failover, GeoLocation, Nearness, Place, Routing};

use aws_sdk_route53::types as sdk;
use formwork_engine::kind::{Status, Waiting};

use crate::context::Aws;
use crate::error::{OrGone, Result};

const NO_ZONE: &[&str] = &["NoSuchHostedZone"];

/// The last part of `/hostedzone/Z0123456789ABCDEFGHIJ`, `/change/C…` and `/delegationset/N…`.
fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}

/// The change that an answer speaks of, for the wait until all name servers know it.
fn change_of(answer: Option<&sdk::ChangeInfo>) -> Option<String> {
    answer.filter(|change| change.status != sdk::ChangeStatus::Insync).map(|change| bare(&change.id).to_owned())
}

/// Whether all name servers know of a change that is waited for; `None` when nothing is waited for, or nobody remembers it any more.
async fn under_way(aws: &Aws, waiting: &Waiting) -> Result<Option<Status>> {
    let Some(change) = &waiting.change else { return Ok(None) };
    let answer = aws.route53().get_change().id(change).send().await.or_gone(&["NoSuchChange"])?;
    let pending = answer.and_then(|answer| answer.change_info).filter(|it| it.status != sdk::ChangeStatus::Insync);
    Ok(pending.map(|change| Status::Pending(change.status.as_str().to_owned())))
}
