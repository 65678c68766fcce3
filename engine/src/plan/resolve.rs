//! [`Known`]: the outputs that are known while planning, and which of them a step makes unknown.

use std::collections::BTreeMap;

use super::{Op, Step};
use crate::expr::Outputs;
use crate::shape::{Moves, OutputSchema, Schema, Shape, Stage};
use crate::urn::Urn;
use crate::value::{Unknown, Value};

/// The outputs of everything that has been decided so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    outputs: BTreeMap<Urn, Value>,
}

impl Known {
    /// Takes the outputs as they are: of a read that was answered, or of a resource that is left alone.
    pub(super) fn keep(&mut self, urn: &Urn, outputs: Value) {
        self.outputs.insert(urn.clone(), outputs);
    }

    /// Takes the outputs of a resource as they will be after its step. `current` are those it has now, as far as it has any.
    pub(super) fn after(&mut self, schema: &Schema, step: &Step, current: &Value, creating: bool) {
        let entry = |output: &OutputSchema| {
            let value = expected(schema, output, step, current, creating)?;
            Some((output.name.to_owned(), value))
        };
        let outputs = schema.outputs.iter().filter_map(entry).collect();
        self.outputs.insert(step.urn.clone(), Value::Map(outputs));
    }

    /// The first output of an expression that is not known.
    pub(super) fn first_unknown<'e>(&self, expr: &'e crate::expr::Expr) -> Option<(&'e Urn, &'e str)> {
        let mut first = None;
        expr.visit_outputs(&mut |urn, name| {
            if first.is_none() && self.output(urn, name).is_ok_and(|value| !value.is_known()) {
                first = Some((urn, name));
            }
        });
        first
    }
}

/// What an output will be; `None` where it should be known and nobody recorded it.
fn expected(schema: &Schema, output: &OutputSchema, step: &Step, current: &Value, creating: bool) -> Option<Value> {
    let unknown = || {
        let secret = matches!(output.shape, Shape::Secret(_) | Shape::Optional(Shape::Secret(_)));
        Value::Unknown(Unknown { expression: format!("{}.{}", step.urn.path(), output.name), secret })
    };
    let echoed = |value: &dyn Fn() -> Value| match output.echoes.map(|arg| step.planned.get(arg)) {
        Some(planned) if planned.is_known() && !planned.is_null() => planned.clone(),
        _ => value(),
    };
    let now = current.as_map().and_then(|map| map.get(output.name)).cloned();
    let changed = |args: &[&str]| args.iter().any(|arg| step.changed_args.contains(*arg));
    let moves = |output: &OutputSchema| match output.moves {
        Moves::Stable => false,
        Moves::With(args) => changed(args),
        Moves::Always => true,
    };
    match step.op {
        Op::Create => Some(echoed(&unknown)),
        Op::Resume if creating => match now {
            // What the rest of the create still moves is not known by what it is now.
            Some(now) if output.stage == Stage::Accepted && !now.is_null() && !moves(output) => Some(now),
            _ => Some(echoed(&unknown)),
        },
        Op::Update | Op::Resume | Op::Adopt if !step.changed_args.is_empty() || now.is_none() => match output.moves {
            _ if now.is_none() => Some(echoed(&unknown)),
            _ if output.echoes.is_some_and(|arg| schema.arg(arg).is_some() && changed(&[arg])) => {
                Some(echoed(&unknown))
            }
            Moves::Stable => now,
            Moves::With(args) if !changed(args) => now,
            Moves::With(_) | Moves::Always => Some(unknown()),
        },
        _ => now,
    }
}

impl Outputs for Known {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        let Some(outputs) = self.outputs.get(urn) else {
            // Not part of this plan and never made.
            return Ok(Value::Unknown(Unknown { expression: format!("{}.{name}", urn.path()), secret: false }));
        };
        let found = outputs.as_map().and_then(|map| map.get(name)).cloned();
        found.ok_or_else(|| format!("the output `{name}` of {} was never recorded; run with refresh", urn.path()))
    }
}
