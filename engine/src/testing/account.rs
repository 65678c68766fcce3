//! What is in the account of a [`super::ScriptedCloud`], and how a type behaves there.

use std::collections::{BTreeMap, BTreeSet};

use crate::kind::{Ownership, Status};
use crate::shape::{Guard, Moves, Schema, Shape};
use crate::value::Value;

/// How things of one type behave beyond their schema. The default is a type that is ready at once.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// Polls for which a new thing is pending.
    pub create_polls: u32,
    /// Polls for which a changed thing is pending.
    pub update_polls: u32,
    /// Polls for which a deleted thing is still there; more than 0 makes `delete` answer `Wait`.
    pub delete_polls: u32,
    /// Looks at its status that still say of a deleted thing that it is ready.
    pub shows_deleted: u32,
    /// Looks (status, read, find) that do not see a new thing yet.
    pub lag: u32,
    /// Whether an update changes one argument a call and leaves the rest.
    pub one_at_a_time: bool,
    /// Whether an update to what is there already is refused, as EKS does.
    pub refuses_no_change: bool,
    /// Whether a delete must be made twice: the first call only disables.
    pub disable_first: bool,
    /// What a new thing fails for good with, after its polls.
    pub fails: Option<String>,
    /// What a new thing is stuck on for ever.
    pub stuck: Option<String>,
    /// Arguments that `create` answers as left although they are not marked `after_create`.
    pub leaves: BTreeSet<String>,
}

/// One thing in the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    /// Its type.
    pub kind: String,
    /// Its region.
    pub region: String,
    /// Its id.
    pub id: String,
    /// Its arguments, complete.
    pub args: Value,
    /// Its ownership tags; `None` for what nobody tagged.
    pub owner: Option<Ownership>,
    /// Polls for which it is pending.
    pub pending: u32,
    /// Looks that do not see it.
    pub unseen: u32,
    /// How many more reads say of an argument what it was before, and that.
    pub stale: Option<(u32, String, Value)>,
    /// What it failed for good with, once it is no longer pending.
    pub failed: Option<String>,
    /// What it is stuck on.
    pub stuck: Option<String>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Whether it was disabled, for types that want that before a delete.
    pub disabled: bool,
    /// How often it was updated.
    pub updates: u32,
}

impl Thing {
    /// One look at its status; `None` when it is not there (any more, or not yet visible).
    pub(super) fn poll(&mut self) -> Option<Status> {
        if self.unseen > 0 {
            self.unseen -= 1;
            return None;
        }
        if self.pending > 0 {
            self.pending -= 1;
            return Some(Status::Pending(if self.deleting { "deleting" } else { "pending" }.to_owned()));
        }
        if self.deleting {
            return None;
        }
        if let Some(reason) = &self.failed {
            return Some(Status::Failed(reason.clone()));
        }
        Some(self.stuck.clone().map_or(Status::Ready, Status::Stuck))
    }

    /// Its outputs, derived from its id and arguments alone.
    pub(super) fn outputs(&self, schema: &Schema) -> Value {
        let mut outputs = BTreeMap::new();
        for (index, output) in schema.outputs.iter().enumerate() {
            let moved = match output.moves {
                Moves::Stable => String::new(),
                Moves::With(args) => args.iter().map(|arg| format!("-{}", self.args.get(arg).to_json())).collect(),
                Moves::Always => format!("-{}", self.updates),
            };
            let value = match output.echoes {
                _ if index == 0 => Value::Text(self.id.clone()),
                Some(arg) => self.args.get(arg).clone(),
                None => sample(&output.shape, &format!("{}-of-{}{moved}", output.name, self.id)),
            };
            outputs.insert(output.name.to_owned(), value);
        }
        Value::Map(outputs)
    }

    /// The arguments as a read answers them: what is write-only does not come back, and nothing comes back marked as secret.
    pub(super) fn readable(&self, schema: &Schema) -> Value {
        let mut args = BTreeMap::new();
        for arg in schema.args {
            let value = match arg.write_only {
                true => arg.default.map_or(Value::Null, |default| default()),
                false => revealed(self.args.get(arg.name)),
            };
            args.insert(arg.name.to_owned(), value);
        }
        Value::Map(args)
    }

    /// The values of the natural key, joined; `None` when the type has none.
    pub(super) fn name(&self, schema: &Schema) -> Option<String> {
        natural_name(schema, &self.args)
    }
}

/// The values of the natural key in these arguments, joined with `/`.
pub(super) fn natural_name(schema: &Schema, args: &Value) -> Option<String> {
    if schema.natural_key.is_empty() || !matches!(schema.guard, Guard::UniqueName | Guard::Upsert | Guard::Token) {
        return None;
    }
    let parts: Vec<String> = schema
        .natural_key
        .iter()
        .map(|arg| args.get(arg).as_text().map_or_else(|| args.get(arg).to_json().to_string(), str::to_owned))
        .collect();
    Some(parts.join("/"))
}

/// The value without any secret wrapper.
pub(super) fn revealed(value: &Value) -> Value {
    match value.reveal() {
        Value::List(list) => Value::List(list.iter().map(revealed).collect()),
        Value::Map(map) => Value::Map(map.iter().map(|(name, value)| (name.clone(), revealed(value))).collect()),
        plain => plain.clone(),
    }
}

/// Whether some text in the value is this id.
pub(super) fn mentions(value: &Value, id: &str) -> bool {
    match value.reveal() {
        Value::Text(text) => text == id,
        Value::List(list) => list.iter().any(|item| mentions(item, id)),
        Value::Map(map) => map.values().any(|item| mentions(item, id)),
        _ => false,
    }
}

fn sample(shape: &Shape, text: &str) -> Value {
    match shape {
        Shape::Bool => Value::Bool(true),
        Shape::Int => Value::Int(i64::try_from(text.len()).unwrap_or_default()),
        Shape::Secret(inner) => sample(inner, text).into_secret(),
        Shape::List(inner) | Shape::Set(inner) => Value::List(vec![sample(inner, text)]),
        Shape::Map(inner) => Value::Map([("a".to_owned(), sample(inner, text))].into()),
        Shape::Optional(inner) => sample(inner, text),
        Shape::Block(fields) => {
            Value::Map(fields.iter().map(|field| (field.name.to_owned(), sample(&field.shape, text))).collect())
        }
        Shape::Choice(words) => Value::from(words.first().copied().unwrap_or_default()),
        Shape::Text | Shape::Caseless | Shape::Name | Shape::Version | Shape::Json => Value::from(text),
    }
}

/// Refuses what nobody could send: what is not known, and digests.
pub(super) fn check_known(args: &Value) -> Result<(), String> {
    match args {
        Value::Unknown(unknown) => Err(format!("{} is not known", unknown.expression)),
        Value::Digest(_) => Err("a digest was sent in place of a secret".to_owned()),
        Value::Secret(inner) => check_known(inner),
        Value::List(list) => list.iter().try_for_each(check_known),
        Value::Map(map) => map.values().try_for_each(check_known),
        _ => Ok(()),
    }
}
