//! `aws:ec2/availability-zones`: the zones that a region has for this account.
//!
//! ```
//! use formwork_aws::ec2::{self, Subnet, Vpc};
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let zones = ec2::availability_zones(stack);
//! let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.0.0.0/16").build());
//! for index in 0..3 {
//!     let subnet = Subnet::builder().vpc(&vpc).cidr_block(format!("10.0.{index}.0/24"));
//!     stack.add(&format!("private-{index}"), subnet.availability_zone(zones.at(index)).build());
//! }
//! # }
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types as sdk;
use formwork_engine::shape::ReadSchema;
use formwork_engine::{Output, ProviderName, Stack, Value};

use crate::context::Aws;
use crate::error::{Error, Result};
use crate::reads::Lookup;

/// The names of the availability zones of the default provider's region, such as `eu-west-1a`, in alphabetical order.
///
/// Only zones that may be used: available, switched on for the account where that is needed, neither local nor Wavelength zones. Pinned:
/// the zones of the first run stay, so that a new zone never moves a subnet, until `--repin` asks for the present ones.
#[track_caller]
pub fn availability_zones(stack: &mut Stack) -> Output<Vec<String>> {
    availability_zones_in(stack, &ProviderName::default())
}

/// The same for the region of another provider.
#[track_caller]
pub fn availability_zones_in(stack: &mut Stack, provider: &ProviderName) -> Output<Vec<String>> {
    stack.read(AvailabilityZones::SCHEMA, BTreeMap::new(), "names", provider.clone())
}

pub(crate) struct AvailabilityZones;

impl Lookup for AvailabilityZones {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:ec2/availability-zones",
        doc: "The names of the availability zones that may be used, in alphabetical order.",
        pinned: true,
    };

    async fn look_up(aws: &Aws, _: &Value) -> Result<Value> {
        let answer = aws.ec2().describe_availability_zones().send().await?;
        let names = usable(&answer.availability_zones.unwrap_or_default());
        if names.is_empty() {
            // An empty answer would be pinned.
            return Err(Error::unexpected("ec2 DescribeAvailabilityZones", "not one zone may be used"));
        }
        Ok(Value::from([("names", Value::List(names.into_iter().map(Value::from).collect()))]))
    }
}

fn usable(zones: &[sdk::AvailabilityZone]) -> Vec<String> {
    let usable = zones.iter().filter(|zone| {
        zone.state == Some(sdk::AvailabilityZoneState::Available)
            && zone.zone_type.as_deref() == Some("availability-zone")
            && zone.opt_in_status != Some(sdk::AvailabilityZoneOptInStatus::NotOptedIn)
    });
    let mut names: Vec<String> = usable.filter_map(|zone| zone.zone_name.clone()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::AvailabilityZoneOptInStatus::{NotOptedIn, OptInNotRequired, OptedIn};

    #[test]
    fn only_zones_that_may_be_used_are_named() {
        let zone = |name: &str, state: &str, kind: &str, opt_in| {
            let zone = sdk::AvailabilityZone::builder().zone_name(name).state(state.into());
            zone.zone_type(kind).opt_in_status(opt_in).build()
        };
        let zones = [
            zone("eu-west-1c", "available", "availability-zone", OptInNotRequired),
            zone("eu-west-1a", "available", "availability-zone", OptedIn),
            zone("eu-west-1b", "impaired", "availability-zone", OptInNotRequired),
            zone("eu-west-1d", "available", "availability-zone", NotOptedIn),
            zone("eu-west-1-lax-1a", "available", "local-zone", OptedIn),
        ];
        assert_eq!(usable(&zones), ["eu-west-1a", "eu-west-1c"]);
    }
}
