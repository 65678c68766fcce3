//! Attributes: settings that Elastic Load Balancing keeps as pairs of texts, here arguments with types.
//!
//! Each type has a table of argument and AWS's key. What is written are the pairs that differ from what is there; what is read is looked up by
//! argument.

use std::collections::BTreeMap;

use formwork_engine::{Field, Resource, Shape, Value};

/// Argument (a dot leads into a block) and AWS's name of the attribute.
pub(super) type Table = &'static [(&'static str, &'static str)];

/// The attributes that bring what is there to what is planned, by AWS's name.
pub(super) fn difference<R: Resource>(table: Table, now: &R, planned: &R) -> BTreeMap<&'static str, String> {
    let now = said(table, now);
    said(table, planned).into_iter().filter(|(key, value)| now.get(key) != Some(value)).collect()
}

/// What the arguments say of attributes.
fn said<R: Resource>(table: Table, args: &R) -> BTreeMap<&'static str, String> {
    let args = args.to_value();
    table.iter().filter_map(|(arg, key)| Some((*key, text(at(&args, arg))?))).collect()
}

fn at<'v>(args: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(args, |value, part| value.get(part))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// Attributes as they were read.
pub(super) struct Found {
    table: Table,
    pairs: BTreeMap<String, String>,
}

impl Found {
    /// Of a type's table.
    pub(super) fn new(table: Table, pairs: BTreeMap<String, String>) -> Self {
        Self { table, pairs }
    }

    /// What an argument's attribute says, where it has one here that can be understood: not every load balancer has every attribute.
    pub(super) fn of<T: Field>(&self, arg: &str) -> Option<T> {
        let (_, key) = self.table.iter().find(|(name, _)| *name == arg)?;
        let text = self.pairs.get(*key)?;
        let value = match T::SHAPE {
            Shape::Bool => Value::Bool(text == "true"),
            Shape::Int => Value::Int(text.parse().ok()?),
            _ => Value::from(text.as_str()),
        };
        T::from_value(&value).ok()
    }

    /// All of them, by AWS's names.
    pub(super) fn into_pairs(self) -> BTreeMap<String, String> {
        self.pairs
    }
}
