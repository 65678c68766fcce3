//! The generic type: properties as its reading shows them, each in a call of its own.
//!
//! Reading shows every property, and not which of them only a new resource can have otherwise or which AWS makes itself: the schema of the type
//! says that, which is not here. What the identifier is made of is surely of the first sort; the rest is said in a remark.

use std::collections::BTreeSet;

use formwork_engine::Value;
use serde_json::Value as Json;

use super::Existing;
use super::layout::{Code, quoted};
use super::references::References;

/// The kind of the generic type.
const KIND: &str = "aws:cloudcontrol/resource";

/// Whether it is one of the generic type.
pub(super) fn is(one: Existing<'_>) -> bool {
    one.schema.kind == KIND
}

/// What the code cannot say of one.
pub(super) const REMARKS: [&str; 2] = [
    "AWS does not tell what the type's schema lists under `writeOnlyProperties`, nor `type_version` and `role`: the code leaves it out.",
    "What the schema lists under `createOnlyProperties` belongs into `fixed`, and what it lists under `readOnlyProperties` can go.",
];

/// What people call it: the last part of its identifier.
pub(super) fn name(one: Existing<'_>) -> Option<&str> {
    let (_, identifier) = one.id.split_once('|').filter(|_| is(one))?;
    identifier.rsplit(['|', '/', ':']).next()
}

/// `cloudcontrol::Resource::of("AWS::Athena::WorkGroup").fixed("Name", "reports")…build()`.
pub(super) fn builder(one: Existing<'_>, references: &References) -> Code {
    let args = &one.observed.args;
    let sort = args.get("type_name").as_text().unwrap_or_default();
    let (fixed, properties) = (documents(args.get("fixed")), documents(args.get("properties")));
    let identifying: BTreeSet<&str> = one.id.split('|').skip(1).collect();
    let mut calls = Vec::new();
    for (name, value) in &fixed {
        let named = value.as_str().is_some_and(|text| identifying.contains(text));
        if named || !properties.iter().any(|(other, _)| other == name) {
            calls.push(call("fixed", name, value, references));
        }
    }
    let said: BTreeSet<&str> = calls.iter().map(|(_, name, _)| *name).collect();
    let rest = properties.iter().filter(|(name, _)| !said.contains(name));
    let rest: Vec<_> = rest.map(|(name, value)| call("property", name, value, references)).collect();
    let mut calls: Vec<(String, Vec<Code>)> = calls
        .into_iter()
        .chain(rest)
        .map(|(call, name, value)| (call.to_owned(), vec![Code::Atom(quoted(name)), value]))
        .collect();
    calls.push(("build".to_owned(), Vec::new()));
    Code::Chain(format!("cloudcontrol::Resource::of({})", quoted(sort)), calls)
}

fn call<'n>(call: &'static str, name: &'n str, value: &Json, references: &References) -> (&'static str, &'n str, Code) {
    (call, name, property(value, references, false))
}

/// The properties of a map of JSON texts, without those that are nothing.
fn documents(of: &Value) -> Vec<(&str, Json)> {
    let entries = of.as_map().into_iter().flatten();
    let texts = entries.filter_map(|(name, value)| Some((name.as_str(), value.as_text()?)));
    let read = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Json::from(text));
    texts.map(|(name, text)| (name, read(text))).filter(|(_, value)| !value.is_null()).collect()
}

/// A value as `Property` takes it; `within` a list or an object each has to become one.
fn property(value: &Json, references: &References, within: bool) -> Code {
    let plain = |text: String| match within {
        true => Code::Atom(format!("{text}.into()")),
        false => Code::Atom(text),
    };
    match value {
        // Nothing within something: what serde writes of `()`.
        Json::Null => plain("()".to_owned()),
        Json::Bool(truth) => plain(truth.to_string()),
        Json::Number(number) => plain(self::number(number)),
        Json::String(text) => match references.anything(text) {
            Some(Code::Atom(code)) if within && code.starts_with('&') => Code::Atom(format!("({code}).into()")),
            Some(Code::Atom(code)) => plain(code),
            _ => plain(quoted(text)),
        },
        Json::Array(items) => {
            let items = items.iter().map(|item| property(item, references, true));
            Code::Call("cloudcontrol::Property::list".to_owned(), vec![Code::Array(items.collect())])
        }
        Json::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(name, value)| Code::Tuple(vec![Code::Atom(quoted(name)), property(value, references, true)]));
            Code::Call("cloudcontrol::Property::object".to_owned(), vec![Code::Array(entries.collect())])
        }
    }
}

/// A number with a type that holds it. One that none holds is text, which AWS takes for the same.
fn number(number: &serde_json::Number) -> String {
    match (number.as_i64(), number.is_f64()) {
        (Some(small), _) if i32::try_from(small).is_ok() => small.to_string(),
        (Some(large), _) => format!("{large}_i64"),
        (None, true) => number.to_string(),
        (None, false) => quoted(&number.to_string()),
    }
}
