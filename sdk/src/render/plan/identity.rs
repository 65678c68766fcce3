//! The few arguments by which a person recognises a new resource.

use std::collections::BTreeMap;

use formwork_engine::Value;
use formwork_engine::plan::Step;

/// How many are shown.
const MOST: usize = 3;

/// What policies that AWS manages have in their ARNs, IAM's and those of EKS's access; what follows the last slash is the name.
const MANAGED_POLICIES: [&str; 2] = [":iam::aws:policy/", ":eks::aws:cluster-access-policy/"];

/// Arguments that tell a resource apart by their value alone, the most telling first.
const TELLING: [&str; 31] = [
    "cidr_block",
    "destination",
    "destination_cidr_block",
    "destination_ipv6_cidr_block",
    "cidr_ipv4",
    "cidr_ipv6",
    "availability_zone",
    "name",
    "role_name",
    "policy_name",
    "bucket",
    "identifier",
    "group_name",
    "repository_name",
    "addon_name",
    "cluster_name",
    "node_group_name",
    "alias_name",
    "url",
    "service_name",
    "policy_arn",
    "principal_arn",
    "namespace",
    "service_account",
    "engine",
    "engine_version",
    "version",
    "instance_class",
    "node_type",
    "cache_node_type",
    "instance_types",
];

/// What identifies the resource of a create, in one text each: a port range, telling values, and where nothing tells, what it refers to.
pub(super) fn of(step: &Step) -> Option<String> {
    let args = step.planned.as_map()?;
    let mut told: Vec<String> = ports(args).into_iter().collect();
    for name in TELLING {
        if told.len() == MOST {
            break;
        }
        let value = args.get(name).unwrap_or(&Value::Null);
        // The resource's own name in the tree need not be said twice.
        told.extend(plain(value).filter(|text| text != step.urn.name()));
    }
    if told.is_empty() {
        told = references(args, &here(step)).into_iter().take(2).collect();
        return if told.is_empty() { None } else { Some(format!("of {}", told.join(", "))) };
    }
    Some(told.join(", "))
}

/// `tcp 5432`, `tcp 8000-9000`, `all traffic`.
fn ports(args: &BTreeMap<String, Value>) -> Option<String> {
    let protocol = args.get("ip_protocol").or_else(|| args.get("protocol"))?.as_text()?;
    let port = |name: &str| match args.get(name) {
        Some(Value::Int(port)) => Some(*port),
        _ => None,
    };
    Some(match (protocol, port("from_port"), port("to_port")) {
        ("-1", ..) => "all traffic".to_owned(),
        (protocol, Some(from), Some(to)) if from == to => format!("{protocol} {from}"),
        (protocol, Some(from), Some(to)) => format!("{protocol} {from}-{to}"),
        (protocol, ..) => protocol.to_owned(),
    })
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if !text.is_empty() && !text.contains('\n') => {
            let managed = MANAGED_POLICIES.iter().any(|part| text.contains(part));
            let name = text.rsplit_once('/').map(|(_, name)| name).filter(|_| managed);
            Some(name.unwrap_or(text).to_owned())
        }
        Value::Int(number) => Some(number.to_string()),
        Value::Map(map) => {
            map.get(formwork_engine::input::PREFIX_KEY).and_then(plain).map(|prefix| format!("{prefix}-…"))
        }
        Value::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(plain).collect();
            items.filter(|items| !items.is_empty() && items.len() <= 3).map(|items| items.join(" "))
        }
        _ => None,
    }
}

/// The component that the step stands in, with a slash at its end.
fn here(step: &Step) -> String {
    let path = step.urn.path();
    path[..path.len() - step.urn.name().len()].to_owned()
}

/// The resources that arguments refer to, as seen from `here`.
fn references(args: &BTreeMap<String, Value>, here: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in args.values() {
        let Value::Unknown(unknown) = value else { continue };
        let Some((path, _)) = unknown.expression.rsplit_once('.') else { continue };
        if path.contains(['(', '[', '{', ' ']) {
            continue;
        }
        let path = path.strip_prefix(here).unwrap_or(path).to_owned();
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found
}
