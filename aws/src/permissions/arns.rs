//! ARNs with holes, filled with what is known of a resource before it is made.
//!
//! | hole | becomes |
//! | --- | --- |
//! | `{partition}` `{region}` `{account}` | those of the resource |
//! | `{name}` | the argument; `*` where it is not known, `begin*` where it is only a beginning |
//! | `{name:lower}` | in small letters, as RDS and ElastiCache write their names |
//! | `{url:host}` | without `https://` |
//! | `{role@aws:iam/role}` | the ARN of what the argument names, where the stack has it; otherwise an ARN of that type with this name |

use formwork_engine::Value;
use formwork_engine::input::PREFIX_KEY;

use super::needs::Wanted;

/// Where a resource is.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub(super) partition: &'a str,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
}

/// Fills the holes of a template.
pub(super) fn filled(template: &str, wanted: &Wanted, all: &[Wanted], place: &Place<'_>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        text.push_str(before);
        let Some((hole, after)) = behind.split_once('}') else { break };
        text.push_str(&value(hole, wanted, all, place));
        rest = after;
    }
    text.push_str(rest);
    // Two in a row say nothing more than one.
    while text.contains("**") {
        text = text.replace("**", "*");
    }
    text
}

fn value(hole: &str, wanted: &Wanted, all: &[Wanted], place: &Place<'_>) -> String {
    match hole {
        "partition" => return place.partition.to_owned(),
        "account" => return place.account.to_owned(),
        "region" => return place.region.to_owned(),
        _ => {}
    }
    if let Some((arg, kind)) = hole.split_once('@') {
        return named(&text(&wanted.arg(arg)), kind, all, place);
    }
    let (arg, manner) = hole.split_once(':').unwrap_or((hole, ""));
    let text = text(&wanted.arg(arg));
    match manner {
        "lower" => text.to_lowercase(),
        "host" => text.trim_start_matches("https://").to_owned(),
        _ => text,
    }
}

/// The ARN of the resource of a kind that has this name.
fn named(name: &str, kind: &str, all: &[Wanted], place: &Place<'_>) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    let Some(table) = crate::tables().into_iter().find(|table| table.kind == kind) else { return "*".to_owned() };
    let theirs = all.iter().find(|one| one.kind == kind && one.name().as_deref() == Some(name));
    match theirs {
        Some(theirs) => filled(table.arn, theirs, all, place),
        None => {
            let schema = crate::schemas().into_iter().find(|schema| schema.kind == kind);
            let args = schema.map(|schema| Wanted::of_name(schema, name));
            args.map_or_else(|| "*".to_owned(), |args| filled(table.arn, &args, all, place))
        }
    }
}

/// A value as a part of an ARN. What is secret stands in no policy.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Text(text) if !text.is_empty() => text.clone(),
        Value::Map(map) => match map.get(PREFIX_KEY) {
            Some(Value::Text(beginning)) => format!("{beginning}*"),
            _ => "*".to_owned(),
        },
        _ => "*".to_owned(),
    }
}
