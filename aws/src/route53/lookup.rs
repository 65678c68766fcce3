//! `aws:route53/hosted-zone-by-name`: a zone that exists already, by the name of its domain.
//!
//! ```
//! use formwork_aws::route53::{self, RecordSet, RecordType};
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let zone = route53::hosted_zone(stack, "example.com");
//! let www = RecordSet::builder().hosted_zone(&zone.id).name("www.example.com").record_type(RecordType::A);
//! stack.add("www", www.records(["192.0.2.1"]).build());
//! # }
//! ```

use std::collections::BTreeMap;

use aws_sdk_route53::types as sdk;
use formwork_engine::shape::ReadSchema;
use formwork_engine::{Expr, Output, ProviderName, Stack, Value};

use super::hosted_zone::all;
use super::names::canonical;
use super::{HostedZoneId, bare};
use crate::context::Aws;
use crate::error::{Error, Result};
use crate::reads::Lookup;

/// A zone that was looked up.
#[derive(Debug, Clone)]
pub struct ExistingZone {
    /// Its id.
    pub id: Output<HostedZoneId>,
    /// The name of its domain, without a dot at the end.
    pub domain_name: Output<String>,
    /// Its name servers; none of a private zone.
    pub name_servers: Output<Vec<String>>,
}

/// The public zone of a domain in the account of the default provider.
///
/// Pinned: should a second zone of that name appear, or another one take its place, the first answer stays until `--repin` asks for the present
/// one, and the preview says so. Several zones of one name are an error as long as nothing is pinned: which one is meant, only its id tells.
#[track_caller]
pub fn hosted_zone(stack: &mut Stack, domain_name: &str) -> ExistingZone {
    hosted_zone_in(stack, domain_name, &ProviderName::default())
}

/// The same in the account of another provider. Zones belong to no region.
#[track_caller]
pub fn hosted_zone_in(stack: &mut Stack, domain_name: &str, provider: &ProviderName) -> ExistingZone {
    look_up(stack, domain_name, false, provider)
}

/// The private zone of a domain in the account of the default provider; pinned as [`hosted_zone`] is.
#[track_caller]
pub fn private_hosted_zone(stack: &mut Stack, domain_name: &str) -> ExistingZone {
    private_hosted_zone_in(stack, domain_name, &ProviderName::default())
}

/// The same in the account of another provider.
#[track_caller]
pub fn private_hosted_zone_in(stack: &mut Stack, domain_name: &str, provider: &ProviderName) -> ExistingZone {
    look_up(stack, domain_name, true, provider)
}

#[track_caller]
fn look_up(stack: &mut Stack, domain_name: &str, private: bool, provider: &ProviderName) -> ExistingZone {
    let args = || {
        let name = Expr::text(canonical(domain_name));
        BTreeMap::from([("domain_name".to_owned(), name), ("private".to_owned(), Expr::Literal(Value::from(private)))])
    };
    let schema = HostedZoneByName::SCHEMA;
    // One read, however many of its outputs are used.
    ExistingZone {
        id: stack.read(schema, args(), "id", provider.clone()),
        domain_name: stack.read(schema, args(), "domain_name", provider.clone()),
        name_servers: stack.read(schema, args(), "name_servers", provider.clone()),
    }
}

pub(crate) struct HostedZoneByName;

impl Lookup for HostedZoneByName {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:route53/hosted-zone-by-name",
        doc: "The zone of a domain: id, domain name and name servers.",
        pinned: true,
    };

    async fn look_up(aws: &Aws, args: &Value) -> Result<Value> {
        let name = args.get("domain_name").as_text().unwrap_or_default();
        let private = matches!(args.get("private"), Value::Bool(true));
        let zone = only(name, private, &all(aws).await?)?;
        let answer = aws.route53().get_hosted_zone().id(&zone).send().await?;
        let servers = answer.delegation_set.map(|set| set.name_servers).unwrap_or_default();
        let servers = servers.into_iter().map(Value::from).collect();
        Ok(Value::from([
            ("id", Value::from(zone)),
            ("domain_name", Value::from(name)),
            ("name_servers", Value::List(servers)),
        ]))
    }
}

/// The id of the one zone of a name and sort.
fn only(name: &str, private: bool, zones: &[sdk::HostedZone]) -> Result<String> {
    let is_private = |zone: &sdk::HostedZone| zone.config.as_ref().is_some_and(|config| config.private_zone);
    let of_name = zones.iter().filter(|zone| canonical(&zone.name) == canonical(name) && is_private(zone) == private);
    let ids: Vec<&str> = of_name.map(|zone| bare(&zone.id)).collect();
    let sort = if private { "private" } else { "public" };
    match ids[..] {
        [id] => Ok(id.to_owned()),
        [] => {
            let reason = format!("the account has no {sort} zone {name}");
            Err(Error::refused("route53 ListHostedZones", reason))
        }
        _ => {
            let reason =
                format!("the account has several {sort} zones {name}: take one by its id, of {}", ids.join(", "));
            Err(Error::refused("route53 ListHostedZones", reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(id: &str, name: &str, private: bool) -> sdk::HostedZone {
        let config = sdk::HostedZoneConfig::builder().private_zone(private).build();
        let zone = sdk::HostedZone::builder().id(format!("/hostedzone/{id}")).name(name).caller_reference(id);
        zone.config(config).build().unwrap()
    }

    #[test]
    fn a_zone_is_told_by_its_whole_name_and_its_sort() {
        let zones = [
            zone("Z1", "example.com.", false),
            zone("Z2", "www.example.com.", false),
            zone("Z3", "example.com.", true),
        ];
        assert_eq!(only("Example.com", false, &zones).unwrap(), "Z1");
        assert_eq!(only("example.com.", true, &zones).unwrap(), "Z3");
        assert!(only("com", false, &zones).unwrap_err().to_string().contains("no public zone com"));
    }

    #[test]
    fn of_several_zones_of_a_name_none_is_taken() {
        let zones = [zone("Z1", "example.com.", false), zone("Z2", "example.com.", false)];
        let said = only("example.com", false, &zones).unwrap_err().to_string();
        assert!(said.contains("Z1, Z2"), "{said}");
    }

    #[test]
    fn the_outputs_of_one_zone_are_one_read() {
        let mut stack = Stack::new("shop", "dev", BTreeMap::new());
        hosted_zone(&mut stack, "example.com");
        hosted_zone(&mut stack, "Example.com.");
        private_hosted_zone(&mut stack, "example.com");
        let program = stack.finish().expect("no mistakes");
        assert_eq!(program.reads.len(), 2);
    }
}
