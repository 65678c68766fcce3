//! `aws:ec2/network-acl-entry`: one rule of a network ACL.
//!
//! ```
//! use formwork_aws::ec2::{NetworkAclEntry, NetworkAclId, RuleAction};
//!
//! let postgres = NetworkAclEntry::builder()
//!     .network_acl(NetworkAclId::new("acl-0123456789abcdef0"))
//!     .rule_number(100)
//!     .protocol("tcp")
//!     .from_port(5432)
//!     .to_port(5432)
//!     .cidr_block("10.0.0.0/16")
//!     .action(RuleAction::Allow)
//!     .build();
//! # drop(postgres);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Choice, Outputs, Resource, Stack, id};

use super::network_acl::describe;
use super::{NetworkAcl, NetworkAclId, Vpc};
use crate::cidr::{canonical, same_if_given};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};

id! {
    /// ACL, whether it is for what leaves, and number, such as `acl-0123456789abcdef0|false|100`: AWS has no id for an entry.
    pub struct NetworkAclEntryId;
}

impl NetworkAclEntryId {
    fn of(acl: &str, egress: bool, number: i32) -> Self {
        Self::new(format!("{acl}|{egress}|{number}"))
    }

    fn acl(&self) -> &str {
        self.as_str().split('|').next().unwrap_or_default()
    }
}

/// A rule of a network ACL. Of those that fit, the one with the lowest number counts.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/network-acl-entry",
    cfn = "AWS::EC2::NetworkAclEntry",
    id = NetworkAclEntryId,
    outputs = NetworkAclEntryOutputs,
    guard = unique_name,
    natural_key(network_acl, egress, rule_number),
    visibility = 300
)]
pub struct NetworkAclEntry {
    /// The network ACL.
    #[arg(replace, cfn = "NetworkAclId")]
    pub network_acl: NetworkAclId,
    /// Whether it is for what leaves the subnet; otherwise for what enters.
    #[arg(replace, default = false)]
    pub egress: bool,
    /// Its place among the others, 1 to 32766.
    #[arg(replace)]
    pub rule_number: i32,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, the number of a protocol, or `all`.
    #[arg(in_place, same = same_protocol)]
    pub protocol: String,
    /// Whether what fits passes.
    #[arg(in_place, cfn = "RuleAction")]
    pub action: RuleAction,
    /// Which IPv4 addresses on the other side it is for, such as `10.0.0.0/16`; either this or `ipv6_cidr_block`.
    #[arg(in_place, same = same_if_given)]
    pub cidr_block: Option<String>,
    /// Which IPv6 addresses on the other side it is for.
    #[arg(in_place, same = same_if_given)]
    pub ipv6_cidr_block: Option<String>,
    /// The first port. Needed for TCP and UDP.
    #[arg(in_place, cfn = "PortRange.From")]
    pub from_port: Option<i32>,
    /// The last port. Needed for TCP and UDP.
    #[arg(in_place, cfn = "PortRange.To")]
    pub to_port: Option<i32>,
    /// The type of ICMP messages, where -1 is all. Needed for ICMP.
    #[arg(in_place, cfn = "Icmp.Type")]
    pub icmp_type: Option<i32>,
    /// The code of ICMP messages, where -1 is all. Needed for ICMP.
    #[arg(in_place, cfn = "Icmp.Code")]
    pub icmp_code: Option<i32>,
}

/// What becomes of what a rule fits.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleAction {
    /// It passes.
    #[choice("allow")]
    Allow,
    /// It is dropped.
    #[choice("deny")]
    Deny,
}

/// What is known of an entry once it is there.
#[derive(Outputs)]
pub struct NetworkAclEntryOutputs {
    /// ACL, whether it is for what leaves, and number.
    pub id: NetworkAclEntryId,
}

/// AWS answers the numbers of protocols, unlike for security groups.
#[expect(clippy::ptr_arg, reason = "an equality takes references to the type of its field")]
fn same_protocol(wanted: &String, found: &String) -> bool {
    number(wanted) == number(found)
}

fn number(protocol: &str) -> String {
    match super::protocol(protocol).as_str() {
        "icmp" => "1".to_owned(),
        "tcp" => "6".to_owned(),
        "udp" => "17".to_owned(),
        "icmpv6" => "58".to_owned(),
        other => other.to_owned(),
    }
}

/// What AWS would refuse in words that do not help, or would take and answer differently for ever.
fn check(args: &NetworkAclEntry) -> std::result::Result<(), &'static str> {
    if args.cidr_block.is_some() == args.ipv6_cidr_block.is_some() {
        return Err("exactly one of `cidr_block` and `ipv6_cidr_block` is needed");
    }
    let ports = (args.from_port.is_some(), args.to_port.is_some());
    let icmp = (args.icmp_type.is_some(), args.icmp_code.is_some());
    match number(&args.protocol).as_str() {
        "6" | "17" if ports != (true, true) => Err("TCP and UDP need `from_port` and `to_port`"),
        "1" | "58" if icmp != (true, true) => Err("ICMP needs `icmp_type` and `icmp_code`; -1 is all"),
        "6" | "17" if icmp != (false, false) => Err("only ICMP has `icmp_type` and `icmp_code`"),
        "1" | "58" if ports != (false, false) => Err("only TCP and UDP have `from_port` and `to_port`"),
        "6" | "17" | "1" | "58" => Ok(()),
        _ if ports != (false, false) || icmp != (false, false) => {
            Err("only TCP and UDP have ports, and only ICMP has types and codes")
        }
        _ => Ok(()),
    }
}

impl NetworkAclEntry {
    fn ports(&self) -> Option<sdk::PortRange> {
        let given = self.from_port.is_some() || self.to_port.is_some();
        given.then(|| sdk::PortRange::builder().set_from(self.from_port).set_to(self.to_port).build())
    }

    fn messages(&self) -> Option<sdk::IcmpTypeCode> {
        let given = self.icmp_type.is_some() || self.icmp_code.is_some();
        given.then(|| sdk::IcmpTypeCode::builder().set_type(self.icmp_type).set_code(self.icmp_code).build())
    }
}

/// Says the whole rule to a call: both calls have the same setters.
macro_rules! rule {
    ($call:expr, $args:expr) => {{
        let (call, args): (_, &NetworkAclEntry) = ($call, $args);
        call.network_acl_id(args.network_acl.as_str())
            .egress(args.egress)
            .rule_number(args.rule_number)
            .protocol(number(&args.protocol))
            .rule_action(args.action.as_str().into())
            .set_cidr_block(args.cidr_block.as_deref().map(canonical))
            .set_ipv6_cidr_block(args.ipv6_cidr_block.as_deref().map(canonical))
            .set_port_range(args.ports())
            .set_icmp_type_code(args.messages())
    }};
}

impl Lifecycle for NetworkAclEntry {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        check(args).map_err(|reason| Error::refused("ec2 CreateNetworkAclEntry", reason))?;
        rule!(aws.ec2().create_network_acl_entry(), args).send().await?;
        Ok(Created::whole(NetworkAclEntryId::of(args.network_acl.as_str(), args.egress, args.rule_number).to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| NetworkAclEntryId::new(&one.id)).collect();
        Ok(all_ready(entries(aws, &ids).await?.into_keys().map(|id| id.to_string())))
    }

    async fn read(aws: &Aws, ids: &[NetworkAclEntryId]) -> Result<Readings<Self>> {
        let found = entries(aws, ids).await?.into_iter();
        let seen =
            |id: NetworkAclEntryId, args| (id.clone(), Ok(Observed::new(args, NetworkAclEntryOutputs { id }, None)));
        Ok(found.map(|(id, args)| seen(id, args)).collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = NetworkAclEntryId::of(args.network_acl.as_str(), args.egress, args.rule_number);
        // With another content it is not what a create with these arguments can have made.
        let found = entries(aws, std::slice::from_ref(&id)).await?.remove(&id);
        let same = found.is_some_and(|found| same_rule(args, &found));
        Ok(same.then(|| Candidate { id: id.to_string(), proof: Proof::Name }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<NetworkAclEntryChanges>> {
        let NetworkAclEntryChanges {
            protocol,
            action,
            cidr_block,
            ipv6_cidr_block,
            from_port,
            to_port,
            icmp_type,
            icmp_code,
        } = update.changes;
        let address = cidr_block || ipv6_cidr_block;
        if protocol || action || address || from_port || to_port || icmp_type || icmp_code {
            check(update.planned).map_err(|reason| Error::refused("ec2 ReplaceNetworkAclEntry", reason))?;
            rule!(aws.ec2().replace_network_acl_entry(), update.planned).send().await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &NetworkAclEntryId, recorded: &Self) -> Result<Deletion> {
        let call = aws.ec2().delete_network_acl_entry().network_acl_id(id.acl());
        let call = call.egress(recorded.egress).rule_number(recorded.rule_number);
        call.send().await.or_gone(&["InvalidNetworkAclEntry.NotFound", "InvalidNetworkAclID.NotFound"])?;
        Ok(Deletion::Done)
    }
}

/// The entries that are there, one call per 200 ACLs.
async fn entries(aws: &Aws, ids: &[NetworkAclEntryId]) -> Result<BTreeMap<NetworkAclEntryId, NetworkAclEntry>> {
    let wanted: BTreeSet<&NetworkAclEntryId> = ids.iter().collect();
    let acls: BTreeSet<&str> = ids.iter().map(NetworkAclEntryId::acl).collect();
    let mut found = BTreeMap::new();
    for acl in describe(aws, acls).await? {
        let Some(acl_id) = acl.network_acl_id else { continue };
        for entry in acl.entries.unwrap_or_default() {
            let args = args_of(&acl_id, &entry);
            let id = NetworkAclEntryId::of(&acl_id, args.egress, args.rule_number);
            if wanted.contains(&id) {
                found.insert(id, args);
            }
        }
    }
    Ok(found)
}

fn args_of(acl: &str, entry: &sdk::NetworkAclEntry) -> NetworkAclEntry {
    let denies = entry.rule_action.as_ref().is_some_and(|action| action.as_str() == "deny");
    NetworkAclEntry {
        network_acl: NetworkAclId::new(acl),
        egress: entry.egress.unwrap_or_default(),
        rule_number: entry.rule_number.unwrap_or_default(),
        protocol: entry.protocol.clone().unwrap_or_default(),
        action: if denies { RuleAction::Deny } else { RuleAction::Allow },
        cidr_block: entry.cidr_block.clone(),
        ipv6_cidr_block: entry.ipv6_cidr_block.clone(),
        from_port: entry.port_range.as_ref().and_then(|range| range.from),
        to_port: entry.port_range.as_ref().and_then(|range| range.to),
        icmp_type: entry.icmp_type_code.as_ref().and_then(|code| code.r#type),
        icmp_code: entry.icmp_type_code.as_ref().and_then(|code| code.code),
    }
}

fn same_rule(wanted: &NetworkAclEntry, found: &NetworkAclEntry) -> bool {
    same_protocol(&wanted.protocol, &found.protocol)
        && wanted.action == found.action
        && same_if_given(&wanted.cidr_block, &found.cidr_block)
        && same_if_given(&wanted.ipv6_cidr_block, &found.ipv6_cidr_block)
        && (wanted.from_port, wanted.to_port) == (found.from_port, found.to_port)
        && (wanted.icmp_type, wanted.icmp_code) == (found.icmp_type, found.icmp_code)
}

impl Conforms for NetworkAclEntry {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.34.0.0/16").build());
        let acl = stack.add("acl", NetworkAcl::builder().vpc(&vpc).build());
        let other = stack.add("other", NetworkAcl::builder().vpc(&vpc).build());
        let base = NetworkAclEntry::builder()
            .network_acl(&acl)
            .egress(false)
            .rule_number(100)
            .protocol("tcp")
            .from_port(5432)
            .to_port(5433)
            // Not canonical: AWS clears the last two bytes.
            .cidr_block("10.34.7.9/16")
            .action(RuleAction::Allow)
            .build();
        let nothing = formwork_engine::Expr::null;
        Conformance::of(base)
            .change("to_port", 5434_i64)
            .change("from_port", 5433_i64)
            .change("action", "deny")
            .change("cidr_block", "10.0.0.0/8")
            .change("protocol", "17")
            .change("ipv6_cidr_block", "2001:DB8::/32")
            .together_with("cidr_block", nothing())
            .change("icmp_type", 128_i64)
            .together_with("icmp_code", -1_i64)
            .together_with("protocol", "icmpv6")
            .together_with("from_port", nothing())
            .together_with("to_port", nothing())
            .change("icmp_type", -1_i64)
            .change("icmp_code", 0_i64)
            .together_with("icmp_type", 1_i64)
            .change("rule_number", 200_i64)
            .change("egress", true)
            .change("network_acl", &other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(protocol: &str) -> NetworkAclEntry {
        NetworkAclEntry {
            network_acl: NetworkAclId::new("acl-1"),
            egress: true,
            rule_number: 100,
            protocol: protocol.to_owned(),
            action: RuleAction::Allow,
            cidr_block: Some("0.0.0.0/0".to_owned()),
            ipv6_cidr_block: None,
            from_port: None,
            to_port: None,
            icmp_type: None,
            icmp_code: None,
        }
    }

    #[test]
    fn an_id_is_acl_direction_and_number() {
        let id = NetworkAclEntryId::of("acl-1", true, 100);
        assert_eq!((id.as_str(), id.acl()), ("acl-1|true|100", "acl-1"));
        assert_ne!(id, NetworkAclEntryId::of("acl-1", false, 100));
    }

    #[test]
    fn protocols_are_their_numbers() {
        let same = |a: &str, b: &str| same_protocol(&a.to_owned(), &b.to_owned());
        assert!(same("tcp", "6") && same("TCP", "6") && same("all", "-1") && same("icmpv6", "58") && same("50", "50"));
        assert!(!same("tcp", "17"));
    }

    #[test]
    fn each_protocol_has_what_is_its_own() {
        assert_eq!(check(&entry("all")), Ok(()));
        assert_eq!(check(&entry("50")), Ok(()));
        assert!(check(&entry("tcp")).is_err());
        assert_eq!(check(&NetworkAclEntry { from_port: Some(1), to_port: Some(2), ..entry("udp") }), Ok(()));
        assert!(check(&NetworkAclEntry { from_port: Some(1), to_port: Some(2), ..entry("all") }).is_err());
        assert!(check(&NetworkAclEntry { from_port: Some(1), to_port: Some(2), ..entry("icmp") }).is_err());
        assert_eq!(check(&NetworkAclEntry { icmp_type: Some(-1), icmp_code: Some(-1), ..entry("1") }), Ok(()));
        assert!(check(&NetworkAclEntry { cidr_block: None, ..entry("all") }).is_err());
    }

    #[test]
    fn a_rule_of_another_content_was_not_made_by_the_same_create() {
        let found = NetworkAclEntry { protocol: "-1".to_owned(), ..entry("all") };
        assert!(same_rule(&entry("all"), &found));
        assert!(!same_rule(&NetworkAclEntry { action: RuleAction::Deny, ..entry("all") }, &found));
    }
}
