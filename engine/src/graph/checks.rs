//! Checks of a program that need no account: keys and names used twice.

use std::collections::BTreeMap;

use super::rules::known_text;
use crate::error::{Error, Turn};
use crate::expr::Expr;
use crate::program::{Declaration, Program};
use crate::urn::Urn;
use crate::value::Value;

/// The former names of each resource; a text without `::` is a path of the same kind in the same stack.
pub(super) fn aliases(program: &Program, errors: &mut Vec<Error>) -> BTreeMap<Urn, Vec<Urn>> {
    let mut found: BTreeMap<Urn, Vec<Urn>> = BTreeMap::new();
    let mut claimed: BTreeMap<Urn, &Urn> = BTreeMap::new();
    for resource in program.order.iter().filter_map(|urn| program.resources.get(urn)) {
        let urn = &resource.urn;
        let refuse = |reason: String| {
            Error::new(Turn::You, "take over a former name for", reason).about(urn, Some(&resource.source))
        };
        for alias in &resource.options.aliases {
            let parsed = if alias.contains("::") {
                alias.parse()
            } else {
                Urn::new(urn.stack(), &alias.split('/').collect::<Vec<_>>(), &urn.kind())
            };
            let former = match parsed {
                Ok(former) => former,
                Err(error) => {
                    errors.push(refuse(error.to_string()));
                    continue;
                }
            };
            if former.kind() != urn.kind() {
                errors.push(refuse(format!("the alias {former} is of another kind")));
            } else if let Some(other) = program.resources.get(&former).filter(|_| former != *urn) {
                errors.push(
                    refuse(format!("the alias {} is the name of what {} declares", former.path(), other.source)).hint(
                        "an alias names what the resource was called before; take it away or rename the other one",
                    ),
                );
            } else if let Some(other) = claimed.insert(former.clone(), urn) {
                errors.push(refuse(format!("the alias {} is claimed by {} too", former.path(), other.path())));
            }
            if former != *urn {
                found.entry(urn.clone()).or_default().push(former);
            }
        }
    }
    found
}

/// Refuses two resources with one natural or exclusive key in one provider, as far as that can be seen without the account.
pub(super) fn keys(program: &Program, errors: &mut Vec<Error>) {
    let mut taken: BTreeMap<(&str, &str, String, String), &Declaration> = BTreeMap::new();
    for resource in program.order.iter().filter_map(|urn| program.resources.get(urn)) {
        let schema = resource.schema;
        let sets = std::iter::once(&schema.natural_key).chain(schema.exclusive).filter(|set| !set.is_empty());
        for set in sets {
            // A further key of which a part is absent is nobody's; an absent part of the natural one is a part of it.
            let absent = |arg: &&str| matches!(resource.args.get(*arg), None | Some(Expr::Literal(Value::Null)));
            if *set != schema.natural_key && set.iter().any(absent) {
                continue;
            }
            let Some(values) = key(program, resource, set) else { continue };
            let provider = &resource.options.provider.0;
            let place = (schema.kind, provider.as_str(), set.join(", "), values.join("\u{0}"));
            if let Some(first) = taken.get(&place) {
                let named: Vec<String> =
                    set.iter().zip(&values).map(|(arg, value)| format!("`{arg}` {value}")).collect();
                let reason = format!(
                    "{} may exist once, and {} at {} has it too (declared at {})",
                    named.join(", "),
                    first.urn.path(),
                    first.source,
                    resource.source
                );
                errors.push(
                    Error::new(Turn::You, "declare", reason)
                        .about(&resource.urn, Some(&resource.source))
                        .hint("give one of them another name, or remove it"),
                );
            } else {
                taken.insert(place, resource);
            }
        }
    }
}

/// The readable values of a key; `None` where one of them cannot be told without the account.
fn key(program: &Program, resource: &Declaration, set: &[&str]) -> Option<Vec<String>> {
    let mut any = false;
    let values = set
        .iter()
        .map(|arg| match resource.args.get(*arg) {
            None => Some(String::new()),
            Some(expr) => {
                any = true;
                known_text(program, expr).map(|text| format!("{text:?}")).or_else(|| match expr {
                    // The same output is the same value, whatever it will be.
                    Expr::Output { .. } => Some(expr.to_string()),
                    _ => None,
                })
            }
        })
        .collect::<Option<Vec<_>>>()?;
    any.then_some(values)
}
