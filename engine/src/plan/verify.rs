//! [`verify`]: what a step turns out to be once everything it depends on is known.

use std::collections::BTreeSet;

use super::fields::{believed, named};
use super::recorded::recorded_options;
use super::{FieldChange, Op, Reason, Step};
use crate::compare::{Comparison, Difference, complete};
use crate::digest::Digester;
use crate::error::{Error, Turn};
use crate::expr::Outputs;
use crate::program::Declaration;
use crate::record::{Edge, Row};
use crate::shape::{ArgSchema, Change, Schema, Shape};
use crate::value::Value;

/// What a step is now that its arguments are known (as far as they are).
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The planned operation, or a smaller one: a replacement may shrink to [`Op::Update`], and both to [`Op::Same`].
    pub op: Op,
    /// The complete arguments to send and to record. The beginning of a name stands as it was declared where the name is still to be made.
    pub args: Value,
    /// The arguments to hand to `update`.
    pub changed_args: BTreeSet<String>,
}

/// Judges a step again with the outputs that are known by now. For a deletion that is half of a replacement, give the step that makes the
/// next generation: the deletion is done if that one is still an [`Op::Create`].
///
/// # Guarantees
/// The answer is the step or something smaller; what is still unknown is judged as the worst.
///
/// # Errors
/// With [`Turn::Refused`] where reality demands more than was planned: plan again.
pub fn verify(
    step: &Step,
    declaration: &Declaration,
    row: Option<&Row>,
    outputs: &dyn Outputs,
    digester: &Digester,
) -> Result<Verified, Error> {
    let schema = declaration.schema;
    let mut args = std::collections::BTreeMap::new();
    for (name, expr) in &declaration.args {
        let value = expr.evaluate(outputs).map_err(|error| {
            Error::new(Turn::You, format!("resolve `{name}` of"), error.to_string())
                .about(&step.urn, Some(&declaration.source))
        })?;
        args.insert(name.clone(), value);
    }
    let resolved = complete(schema.args, &Value::Map(args));
    let filled = complete(schema.args, &fill(&step.planned, &resolved));
    let again = Again { step, declaration, schema, comparison: Comparison::new(digester), row };
    match step.op {
        Op::Update | Op::Resume | Op::Adopt => again.stay(&filled),
        Op::Create if step.replaces && step.maybe => again.replace(filled, outputs),
        op => Ok(Verified { op, args: filled, changed_args: step.changed_args.clone() }),
    }
}

/// The planned value with the resolved one in the place of what was unknown.
fn fill(planned: &Value, resolved: &Value) -> Value {
    match (planned, resolved) {
        (Value::Unknown(_), resolved) => resolved.clone(),
        (Value::Map(planned), Value::Map(_)) => {
            Value::Map(planned.iter().map(|(key, value)| (key.clone(), fill(value, resolved.get(key)))).collect())
        }
        (Value::List(planned), Value::List(resolved)) if planned.len() == resolved.len() => {
            Value::List(planned.iter().zip(resolved).map(|(planned, resolved)| fill(planned, resolved)).collect())
        }
        (Value::Secret(inner), resolved) if !inner.is_known() => fill(inner, resolved.reveal()).into_secret(),
        (planned, _) => planned.clone(),
    }
}

struct Again<'a> {
    step: &'a Step,
    declaration: &'a Declaration,
    schema: &'static Schema,
    comparison: Comparison<'a>,
    row: Option<&'a Row>,
}

impl Again<'_> {
    /// What is there now, as the plan saw it.
    fn now(&self) -> Value {
        let applied = self.row.map(|row| row.applied.to_value()).unwrap_or(Value::Null);
        let applied = complete(self.schema.args, &applied);
        match &self.step.observed {
            Some(observed) if self.row.is_some() => believed(self.schema.args, observed, &applied),
            Some(observed) => observed.clone(),
            None => applied,
        }
    }

    fn stay(&self, filled: &Value) -> Result<Verified, Error> {
        let step = self.step;
        let open = |name: &str| !step.planned.get(name).is_known();
        // What refers to something made anew is sent again even where it reads the same: the service may have resolved it to what is gone.
        let sure = |name: &str| step.changes.iter().any(|change| argument(&change.path) == name && !change.maybe);
        let stays = |name: &&String| !open(name) || self.is_left(name) || sure(name);
        let mut changed: BTreeSet<String> = step.changed_args.iter().filter(stays).cloned().collect();
        for difference in self.comparison.diff(self.schema.args, filled, &self.now()) {
            let name = difference.path.argument();
            if !open(name) {
                continue;
            }
            if difference.change != Change::InPlace {
                return Err(self.harder(&difference, "it cannot be changed on the living resource"));
            }
            if let Some(hazard) = difference.hazards.difference(&step.hazards).next() {
                return Err(self.harder(&difference, &format!("the change is marked {}", hazard.word())));
            }
            if !step.changed_args.contains(name) {
                return Err(self.harder(&difference, "the plan did not change it"));
            }
            changed.insert(name.to_owned());
        }
        let noted = step.changes.iter().any(|change| !step.changed_args.contains(argument(&change.path)));
        let op = if step.op == Op::Update && changed.is_empty() && !noted { Op::Same } else { step.op };
        Ok(Verified { op, args: filled.clone(), changed_args: changed })
    }

    /// A replacement that was planned for the worst case.
    fn replace(&self, filled: Value, outputs: &dyn Outputs) -> Result<Verified, Error> {
        let create = |args: Value| Verified { op: Op::Create, args, changed_args: self.step.changed_args.clone() };
        // What is known and yet uncertain goes along with something that is deleted first, and that shows later whether it must be.
        let along = |change: &FieldChange| change.forces_replacement && change.after.is_known();
        if self.asked_again(outputs) || self.step.changes.iter().any(along) {
            return Ok(create(filled));
        }
        let now = self.now();
        let wanted = named(self.schema.args, &filled, Some(&now));
        let mut args = wanted.clone();
        let (mut changed, mut left_alone) = (BTreeSet::new(), BTreeSet::new());
        for difference in self.comparison.diff(self.schema.args, &wanted, &now) {
            // What the plan left alone (ignored, kept drift) is not among its changes.
            let name = difference.path.argument();
            if !self.step.changes.iter().any(|change| argument(&change.path) == name) {
                difference.path.set(&mut args, difference.before.clone());
                left_alone.insert(name.to_owned());
                continue;
            }
            match difference.change {
                Change::Replace => return Ok(create(filled)),
                Change::Never => return Err(self.harder(&difference, "the service offers no way to change it")),
                Change::InPlace => {
                    if difference.hazards.iter().any(|hazard| hazard.needs_consent()) && !self.step.data_store {
                        return Err(self.harder(&difference, "the change needs consent"));
                    }
                    changed.insert(name.to_owned());
                }
            }
        }
        let args = complete(self.schema.args, &args);
        let recorded = changed.is_empty() && !self.record_moves(outputs) && !self.notes(&args, &left_alone);
        let op = if recorded { Op::Same } else { Op::Update };
        Ok(Verified { op, args, changed_args: changed })
    }

    /// Whether the row says something else of arguments that no call changes: one that is no longer declared, or that is so already.
    fn notes(&self, args: &Value, left_alone: &BTreeSet<String>) -> bool {
        let applied = self.row.map_or(Value::Null, |row| complete(self.schema.args, &row.applied.to_value()));
        let cleared = |arg: &ArgSchema| {
            let optional = matches!(arg.shape, Shape::Optional(_));
            optional && args.get(arg.name).is_null() && !applied.get(arg.name).is_null()
        };
        let mut differences = self.comparison.diff(self.schema.args, args, &applied).into_iter();
        self.schema.args.iter().any(cleared)
            || differences.any(|difference| !left_alone.contains(difference.path.argument()))
    }

    /// Whether the row must be written although nothing is called.
    fn record_moves(&self, outputs: &dyn Outputs) -> bool {
        let digester = self.comparison.digester();
        self.row.is_none_or(|row| {
            let options = recorded_options(self.declaration, Some(&row.options), outputs, digester);
            let edges = |edges: &[Edge]| edges.iter().cloned().collect::<BTreeSet<Edge>>();
            row.urn != self.step.urn
                || row.provider != self.step.provider
                || edges(&row.edges) != edges(&self.step.edges)
                || options.is_ok_and(|options| options != row.options)
        })
    }

    /// Whether a value of `replace_when` still asks for the replacement.
    fn asked_again(&self, outputs: &dyn Outputs) -> bool {
        let Reason::Asked(_) = self.step.reason else { return false };
        let recorded = self.row.map(|row| row.options.replace_when.as_slice()).unwrap_or_default();
        self.declaration.options.replace_when.iter().zip(recorded).any(|(expr, before)| match expr.evaluate(outputs) {
            Ok(Value::Digest(digest)) => before.to_value() != Value::Digest(digest),
            Ok(value) if value.is_known() => {
                before.to_value() != Value::Digest(self.comparison.digester().digest(&value))
            }
            _ => true,
        })
    }

    fn is_left(&self, name: &str) -> bool {
        self.row.is_some_and(|row| row.left.contains(name))
    }

    fn harder(&self, difference: &Difference, why: &str) -> Error {
        let shown = |value: &Value| format!("{:?}", self.comparison.digester().seal(value));
        let reason = format!(
            "`{}` turned out to be {} where {} stands: {why}",
            difference.path,
            shown(&difference.after),
            shown(&difference.before)
        );
        Error::new(Turn::Refused, format!("{} as planned", self.step.op.word()), reason)
            .about(&self.step.urn, Some(&self.declaration.source))
            .hint("plan again: the next preview shows what it takes")
    }
}

/// The argument that a displayed path begins with.
fn argument(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}
