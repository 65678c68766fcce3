//! What a step really sends: the plan's values, with what was unknown filled in from the outputs of finished steps, and names completed.
//!
//! What the plan knew is taken from the plan and not computed again: the plan is the truth.

use std::collections::{BTreeMap, BTreeSet};

use crate::compare::{self, is_name_of, name_prefix};
use crate::error::{Error, Turn};
use crate::expr::{Expr, Outputs};
use crate::input::SUFFIX_LENGTH;
use crate::program::Declaration;
use crate::shape::{ArgSchema, Schema, Shape};
use crate::urn::Urn;
use crate::value::{Unknown, Value};

/// The outputs of resources and reads that are known now, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct OutputsNow(pub(crate) BTreeMap<Urn, Value>);

impl OutputsNow {
    /// Only those that these expressions refer to.
    pub(crate) fn restricted<'a>(&self, expressions: impl IntoIterator<Item = &'a Expr>) -> Self {
        let wanted: BTreeSet<&Urn> = expressions.into_iter().flat_map(Expr::references).collect();
        let known = wanted.into_iter().filter_map(|urn| Some((urn.clone(), self.0.get(urn)?.clone())));
        Self(known.collect())
    }
}

impl Outputs for OutputsNow {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        match self.0.get(urn) {
            Some(outputs) => match outputs.as_map().and_then(|map| map.get(name)) {
                Some(value) => Ok(value.clone()),
                None => Err(format!("{} has no output `{name}`", urn.path())),
            },
            None => Ok(Value::Unknown(Unknown { expression: format!("{}.{name}", urn.path()), secret: false })),
        }
    }
}

/// The complete arguments of a declaration, every part known.
///
/// # Errors
/// When an expression fails, when an output is not there, or when only the digest of a secret is known that is `sent`.
pub(super) fn planned(
    schema: &Schema,
    declaration: Option<&Declaration>,
    plan: &Value,
    outputs: &OutputsNow,
    sent: &dyn Fn(&str) -> bool,
) -> Result<Value, Error> {
    let fail = |turn, reason: String| Error::new(turn, "resolve the arguments of", reason);
    if is_sendable(plan) {
        return Ok(plan.clone());
    }
    let Some(declaration) = declaration else {
        return Err(fail(Turn::Bug, "it is not declared and its planned arguments are not known".to_owned()));
    };
    let evaluated = declaration
        .args
        .iter()
        .map(|(name, expr)| Ok((name.clone(), expr.evaluate(outputs)?)))
        .collect::<Result<BTreeMap<_, _>, crate::expr::EvalError>>()
        .map_err(|error| fail(Turn::You, error.to_string()))?;
    let filled = fill(plan, compare::complete(schema.args, &Value::Map(evaluated)));
    // Of what is not sent, a digest says enough: a run that goes back has no more of a secret that stays.
    let args = filled.as_map().into_iter().flatten();
    match args.filter(|(name, value)| sent(name) || !value.is_known()).find_map(|(_, value)| unsendable(value)) {
        None => Ok(filled),
        Some(reason) => Err(fail(Turn::You, reason).hint("run without --no-refresh, so that it can be read")),
    }
}

/// Whether it may be sent: nothing unknown in it, and no digest in place of a secret.
fn is_sendable(value: &Value) -> bool {
    unsendable(value).is_none()
}

fn unsendable(value: &Value) -> Option<String> {
    match value {
        Value::Unknown(unknown) => Some(format!("{} is still not known", unknown.expression)),
        Value::Digest(_) => Some("a secret of another resource is recorded as a digest only".to_owned()),
        Value::Secret(inner) => unsendable(inner),
        Value::List(list) => list.iter().find_map(unsendable),
        Value::Map(map) => map.values().find_map(unsendable),
        _ => None,
    }
}

/// The plan's value, with its unknown parts (and digests) taken from what was evaluated.
fn fill(plan: &Value, evaluated: Value) -> Value {
    match (plan, evaluated) {
        (plan, _) if is_sendable(plan) => plan.clone(),
        (Value::Map(plan), Value::Map(evaluated)) => {
            let mut filled = plan.clone();
            for (name, value) in evaluated {
                let value = match plan.get(&name) {
                    Some(plan) => fill(plan, value),
                    None => value,
                };
                filled.insert(name, value);
            }
            // A key that the plan could not know stood there as unknown, and is not one of the map's.
            Value::Map(filled)
        }
        (Value::List(plan), Value::List(evaluated)) if plan.len() == evaluated.len() => {
            Value::List(plan.iter().zip(evaluated).map(|(plan, value)| fill(plan, value)).collect())
        }
        (_, evaluated) => evaluated,
    }
}

/// The arguments that no call is given and of which the plan has digests where secrets are: an ignored change, whose new value is not to be
/// recorded as made.
pub(super) fn unsent(
    plan: &Value,
    left: Option<&BTreeSet<String>>,
    changes: &BTreeSet<String>,
) -> BTreeMap<String, Value> {
    let sent = |name: &String| changes.contains(name) || left.is_some_and(|left| left.contains(name));
    let args = plan.as_map().into_iter().flatten();
    let kept = args.filter(|(name, value)| !sent(name) && compare::holds_digest(value));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The arguments with the digests of those that are kept in the place of what the program says.
pub(super) fn with_kept(args: &Value, kept: &BTreeMap<String, Value>) -> Value {
    fn keep(plan: &Value, value: &Value) -> Value {
        match (plan, value) {
            (Value::Digest(_), _) => plan.clone(),
            (Value::Secret(plan), _) => keep(plan, value.reveal()).into_secret(),
            (Value::Map(plan), Value::Map(map)) => {
                let entry = |(name, value): (&String, &Value)| {
                    let value = plan.get(name).map_or_else(|| value.clone(), |plan| keep(plan, value));
                    (name.clone(), value)
                };
                Value::Map(map.iter().map(entry).collect())
            }
            (Value::List(plan), Value::List(list)) if plan.len() == list.len() => {
                Value::List(plan.iter().zip(list).map(|(plan, value)| keep(plan, value)).collect())
            }
            (_, value) => value.clone(),
        }
    }
    let Value::Map(map) = args else { return args.clone() };
    let mut map = map.clone();
    for (name, plan) in kept {
        if let Some(value) = map.get_mut(name) {
            *value = keep(plan, value);
        }
    }
    Value::Map(map)
}

/// Completes names of which only the beginning is declared: the recorded name where it fits, otherwise with a suffix taken from the token.
pub(super) fn names(args: &[ArgSchema], planned: &Value, recorded: &Value, token: &str) -> Value {
    let Value::Map(map) = planned else { return planned.clone() };
    let mut named = map.clone();
    for arg in args {
        if let Some(value) = named.get_mut(arg.name) {
            *value = name(&arg.shape, value, recorded.get(arg.name), token);
        }
    }
    Value::Map(named)
}

fn name(shape: &Shape, value: &Value, recorded: &Value, token: &str) -> Value {
    match (shape, value) {
        (Shape::Optional(inner), value) => name(inner, value, recorded, token),
        (Shape::Name, value) => match (name_prefix(value), recorded.as_text()) {
            (Some(prefix), Some(recorded)) if is_name_of(prefix, recorded) => Value::from(recorded),
            // Hex digits are small letters and digits, and eight of them are 32 random bits.
            (Some(prefix), _) => {
                Value::from(format!("{prefix}-{}", token.get(..SUFFIX_LENGTH - 1).unwrap_or("00000000")))
            }
            (None, _) => value.clone(),
        },
        (Shape::Block(args), value) => names(args, value, recorded, token),
        _ => value.clone(),
    }
}

/// The names of the arguments that `update` is handed right after a create: those that the create call does not take and that are not at
/// their default, and those that it said it left.
pub(super) fn after_create(schema: &Schema, planned: &Value, left: &BTreeSet<String>) -> BTreeSet<String> {
    let marked = schema.args.iter().filter(|arg| arg.after_create && !is_default(arg, planned));
    marked.map(|arg| arg.name.to_owned()).chain(left.iter().cloned()).collect()
}

/// The same after a create whose answer was lost, and with it what it left: a new security group has a rule that no argument at its default
/// speaks of. So arguments at their default are handed over too, unless nobody could see whether they are.
pub(crate) fn after_lost_create(schema: &Schema, planned: &Value) -> BTreeSet<String> {
    let marked = schema.args.iter().filter(|arg| arg.after_create && (!arg.write_only || !is_default(arg, planned)));
    marked.map(|arg| arg.name.to_owned()).collect()
}

/// Whether an argument is planned to be what it is when nobody declares it.
pub(super) fn is_default(arg: &ArgSchema, planned: &Value) -> bool {
    *planned.get(arg.name) == arg.default.map_or(Value::Null, |default| default())
}

/// The text with every secret of the value blotted out: clouds repeat what they were sent.
pub(super) fn without_secrets(text: &str, value: &Value) -> String {
    fn blot(text: String, value: &Value, secret: bool) -> String {
        match value {
            Value::Secret(inner) => blot(text, inner, true),
            // Very short secrets would blot out half of the message, and are none.
            Value::Text(found) if secret && found.len() > 3 => text.replace(found, "(secret)"),
            Value::List(list) => list.iter().fold(text, |text, item| blot(text, item, secret)),
            Value::Map(map) => map.values().fold(text, |text, item| blot(text, item, secret)),
            _ => text,
        }
    }
    blot(text.to_owned(), value, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(expression: &str) -> Value {
        Value::Unknown(Unknown { expression: expression.to_owned(), secret: false })
    }

    #[test]
    fn what_the_plan_knew_wins_and_what_it_did_not_know_is_filled_in() {
        let plan = Value::from([
            ("cidr", Value::from("10.0.0.0/16")),
            ("vpc", unknown("main.id")),
            ("tags", Value::from([("a", Value::from("kept")), ("b", unknown("main.arn"))])),
        ]);
        let evaluated = Value::from([
            ("cidr", Value::from("192.168.0.0/16")),
            ("vpc", Value::from("vpc-1")),
            ("tags", Value::from([("a", "other"), ("b", "arn")])),
        ]);
        let expected = Value::from([
            ("cidr", Value::from("10.0.0.0/16")),
            ("vpc", Value::from("vpc-1")),
            ("tags", Value::from([("a", "kept"), ("b", "arn")])),
        ]);
        assert_eq!(fill(&plan, evaluated), expected);
    }

    #[test]
    fn a_digest_is_never_sent() {
        let plan = Value::from([("password", Value::Digest("abc".into()))]);
        let evaluated = Value::from([("password", Value::from("s3cret").into_secret())]);
        assert_eq!(fill(&plan, evaluated.clone()), evaluated);
        assert!(unsendable(&plan).is_some());
    }

    #[test]
    fn a_name_keeps_its_recorded_suffix_and_gets_one_from_the_token_otherwise() {
        let declared = Value::from([("$prefix", "orders")]);
        let complete = |recorded: &str| name(&Shape::Name, &declared, &Value::from(recorded), "0123456789abcdef");
        assert_eq!(complete("orders-abcd0123"), Value::from("orders-abcd0123"));
        assert_eq!(complete("invoices-abcd0123"), Value::from("orders-01234567"));
        assert_eq!(name(&Shape::Name, &"fixed".into(), &Value::Null, "0123456789"), Value::from("fixed"));
    }

    #[test]
    fn secrets_are_blotted_out_of_what_the_cloud_repeats() {
        let sent = Value::from([("master", Value::from("hunter22").into_secret()), ("name", Value::from("orders"))]);
        let message = "the password hunter22 of orders is too short";
        assert_eq!(without_secrets(message, &sent), "the password (secret) of orders is too short");
    }

    #[test]
    fn an_output_that_no_finished_step_has_given_is_unknown_and_a_missing_one_is_an_error() {
        let urn: Urn = "prod::main::aws:ec2/vpc".parse().unwrap();
        let expr = Expr::Output { urn: urn.clone(), name: "id".to_owned() };
        assert!(!expr.evaluate(&OutputsNow::default()).unwrap().is_known());
        let outputs = OutputsNow([(urn, Value::from([("arn", "x")]))].into());
        assert!(expr.evaluate(&outputs).unwrap_err().reason.contains("no output `id`"));
        assert!(outputs.restricted([&Expr::text("literal")]).0.is_empty());
    }
}
