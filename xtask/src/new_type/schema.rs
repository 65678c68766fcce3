//! A CloudFormation resource schema, as far as a skeleton is made of it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// A parsed schema.
pub(crate) struct Schema(Map<String, Value>);

/// The schema's lists of properties: what each may only be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// Only ever read.
    Read,
    /// Given at the creation only.
    Create,
    /// The values decide whether a change makes a new one.
    Sometimes,
    /// Never read.
    Write,
}

impl List {
    fn key(self) -> &'static str {
        match self {
            List::Read => "readOnlyProperties",
            List::Create => "createOnlyProperties",
            List::Sometimes => "conditionalCreateOnlyProperties",
            List::Write => "writeOnlyProperties",
        }
    }
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// When it is no JSON, or not the schema of a resource.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).context("not JSON")?;
        let Value::Object(map) = value else { bail!("not an object") };
        let schema = Self(map);
        if schema.type_name().is_empty() || schema.properties().is_none() {
            bail!("not the schema of a resource: it has no `typeName` and `properties`");
        }
        Ok(schema)
    }

    /// `AWS::SQS::Queue`; empty when it has none.
    pub(crate) fn type_name(&self) -> &str {
        self.0.get("typeName").and_then(Value::as_str).unwrap_or_default()
    }

    /// What it is, in AWS's words.
    pub(crate) fn description(&self) -> &str {
        self.0.get("description").and_then(Value::as_str).unwrap_or_default()
    }

    /// The properties at the top, in AWS's order.
    pub(crate) fn properties(&self) -> Option<&Map<String, Value>> {
        self.0.get("properties").and_then(Value::as_object)
    }

    /// The names that must be given at the top.
    pub(crate) fn required(&self) -> BTreeSet<&str> {
        required(&self.0)
    }

    /// The paths of a list: `Endpoint.Address`; what stands below elements of lists is left out.
    pub(crate) fn paths(&self, list: List) -> BTreeSet<String> {
        let pointers = self.0.get(list.key()).and_then(Value::as_array);
        let pointers = pointers.into_iter().flatten().filter_map(Value::as_str);
        let paths = pointers.filter_map(|pointer| pointer.strip_prefix("/properties/"));
        let paths = paths.map(|path| path.replace("/properties/", "/").replace('/', "."));
        paths.filter(|path| !path.contains('*')).collect()
    }

    /// The properties that name one, in order.
    pub(crate) fn primary_identifier(&self) -> Vec<&str> {
        let pointers = self.0.get("primaryIdentifier").and_then(Value::as_array);
        let pointers = pointers.into_iter().flatten().filter_map(Value::as_str);
        pointers.filter_map(|pointer| pointer.strip_prefix("/properties/")).collect()
    }

    /// The property that holds the tags.
    pub(crate) fn tag_property(&self) -> &str {
        let named = self.0.get("tagging").and_then(|tagging| tagging.get("tagProperty")).and_then(Value::as_str);
        named.and_then(|pointer| pointer.strip_prefix("/properties/")).unwrap_or("Tags")
    }

    /// What AWS's own handler of an operation (`create`, `read` …) is allowed to call.
    pub(crate) fn permissions(&self, handler: &str) -> Vec<&str> {
        let found = self.0.get("handlers").and_then(|handlers| handlers.get(handler));
        let found = found.and_then(|handler| handler.get("permissions")).and_then(Value::as_array);
        found.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// For how many minutes AWS's own handler of an operation waits.
    pub(crate) fn minutes(&self, handler: &str) -> Option<u64> {
        self.0.get("handlers")?.get(handler)?.get("timeoutInMinutes")?.as_u64()
    }

    /// Follows `$ref`; answers the definition's name as well, when there is one.
    pub(crate) fn resolve<'s>(&'s self, node: &'s Value) -> (Option<&'s str>, &'s Value) {
        let mut name = None;
        let mut node = node;
        // A schema that refers to itself without end has no more names than it has letters.
        for _ in 0..64 {
            let Some(pointer) = node.get("$ref").and_then(Value::as_str) else { break };
            let Some(path) = pointer.strip_prefix("#/") else { break };
            let mut target = path.split('/');
            let Some(first) = target.next().and_then(|part| self.0.get(part)) else { break };
            let Some(found) = target.try_fold(first, |node, part| node.get(part)) else { break };
            name = path.rsplit('/').next();
            node = found;
        }
        (name, node)
    }
}

/// The names that a node says must be given.
pub(crate) fn required(node: &Map<String, Value>) -> BTreeSet<&str> {
    node.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The words of a node's `type`.
pub(crate) fn types(node: &Value) -> Vec<&str> {
    match node.get("type") {
        Some(Value::String(word)) => vec![word],
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
