//! Rules of security groups that contradict themselves or each other.

use std::collections::BTreeMap;

use formwork_engine::Value;
use formwork_engine::preflight::{Intended, Problem};

use super::of;
use crate::cidr::canonical;
use crate::ec2::protocol;

const KINDS: [&str; 2] = ["aws:ec2/security-group-ingress-rule", "aws:ec2/security-group-egress-rule"];
const PEERS: [&str; 4] = ["cidr_ipv4", "cidr_ipv6", "prefix_list", "referenced_group"];

pub(super) fn check(intended: &[Intended]) -> Vec<Problem> {
    let mut found = Vec::new();
    for kind in KINDS {
        let mut seen: BTreeMap<Vec<String>, &Intended> = BTreeMap::new();
        for rule in of(intended, kind) {
            if rule.is_touched() {
                alone(rule, &mut found);
            }
            let Some(key) = key(rule) else { continue };
            match seen.get(&key) {
                Some(other) if rule.is_touched() || other.is_touched() => {
                    let reason = format!("of group, ports and peer is that of {} too", other.urn.path());
                    found.push(rule.problem("protocol", reason, "AWS has a rule only once: remove one of the two"));
                }
                Some(_) => {}
                None => drop(seen.insert(key, rule)),
            }
        }
    }
    found
}

/// What is wrong with a rule by itself.
fn alone(rule: &Intended, found: &mut Vec<Problem>) {
    let given: Vec<&str> = PEERS.into_iter().filter(|peer| !rule.args.get(peer).is_null()).collect();
    match given.as_slice() {
        [_] => {}
        [] => found.push(rule.problem(
            "cidr_ipv4",
            format!("is missing, and so are {}", PEERS[1..].join(", ")),
            "say where the traffic comes from or goes to",
        )),
        several => found.push(rule.problem(
            several[0],
            format!("and `{}` are both given", several[1..].join("`, `")),
            "a rule has one peer: make a rule for each",
        )),
    }
    let Some(name) = rule.text("protocol") else { return };
    let (from, to) = (number(rule.args.get("from_port")), number(rule.args.get("to_port")));
    match (protocol(name).as_str(), from, to) {
        ("-1", Some(_), _) | ("-1", _, Some(_)) => {
            let hint = "leave out from_port and to_port, or name the protocol";
            found.push(rule.problem("from_port", "is given for all protocols, which have no ports", hint));
        }
        ("tcp" | "udp", Some(from), Some(to)) => {
            for (arg, port) in [("from_port", from), ("to_port", to)] {
                if !(0..=65535).contains(&port) {
                    found.push(rule.problem(arg, format!("is {port}, which is no port"), "ports go from 0 to 65535"));
                }
            }
            if from > to {
                let reason = format!("{from} lies after `to_port` {to}");
                found.push(rule.problem("from_port", reason, "the first port is not after the last one"));
            }
        }
        ("tcp" | "udp", from, to) => {
            let known = |value: &str| rule.args.get(value).is_null();
            for (arg, port) in [("from_port", from), ("to_port", to)] {
                if port.is_none() && known(arg) {
                    found.push(rule.problem(
                        arg,
                        format!("is missing, and {name} needs it"),
                        "give the first and the last port",
                    ));
                }
            }
        }
        _ => {}
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

/// What AWS tells rules apart by; `None` where a part of it cannot be known. A reference to the same output is the same value, whatever it will be.
fn key(rule: &Intended) -> Option<Vec<String>> {
    let part = |arg: &str| match rule.args.get(arg) {
        Value::Null => Some(String::new()),
        Value::Int(number) => Some(number.to_string()),
        value if value.is_known() => {
            let text = value.as_text()?;
            Some(match arg {
                "protocol" => protocol(text),
                "cidr_ipv4" | "cidr_ipv6" => canonical(text),
                _ => text.to_owned(),
            })
        }
        _ => {
            let to = rule.references.get(arg)?.iter().next().filter(|_| rule.references[arg].len() == 1)?;
            Some(format!("{}.{}", to.urn, to.output))
        }
    };
    ["security_group", "protocol", "from_port", "to_port"].into_iter().chain(PEERS).map(part).collect()
}
