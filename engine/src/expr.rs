//! [`Expr`]: what a program says an argument will be, as data that can be inspected, recorded and partly evaluated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::urn::{SourceLine, Urn};
use crate::value::{Unknown, Value};

/// An expression over literals and the outputs of resources and reads.
#[derive(Clone)]
pub enum Expr {
    /// A known value.
    Literal(Value),
    /// An output of a resource or a read.
    Output {
        /// Whose.
        urn: Urn,
        /// Which.
        name: String,
    },
    /// A list.
    List(Vec<Expr>),
    /// A block or a map with known keys.
    Record(BTreeMap<String, Expr>),
    /// A map of which the keys are computed as well (the issuer in an IRSA condition is a JSON key).
    Entries(Vec<(Expr, Expr)>),
    /// The texts of the parts, one after the other.
    Join(Vec<Expr>),
    /// An element of a list, counted from 0.
    At(Box<Expr>, usize),
    /// A named entry of a map.
    Field(Box<Expr>, String),
    /// The JSON text of the value; entries that are `Null` are left out of objects.
    Json(Box<Expr>),
    /// What a closure makes of the value. Recorded only by its place and types.
    Map(Mapped),
    /// The same value, secret.
    Secret(Box<Expr>),
}

/// A closure over values; an error names the reason and never the value.
pub type Closure = dyn Fn(&Value) -> Result<Value, String> + Send + Sync;

/// A closure applied to an expression.
#[derive(Clone)]
pub struct Mapped {
    /// What it is applied to.
    pub input: Box<Expr>,
    /// The closure.
    pub function: Arc<Closure>,
    /// Where the program wrote it.
    pub place: SourceLine,
    /// The types it maps between, such as `String -> i64`.
    pub types: &'static str,
}

/// Why an expression could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot evaluate `{expression}`: {reason}")]
pub struct EvalError {
    /// The expression in readable form.
    pub expression: String,
    /// What is wrong, without values.
    pub reason: String,
}

/// Where expressions get the outputs of resources from.
///
/// # Guarantees
/// An output that is not known yet is answered as [`Value::Unknown`], not as an error.
pub trait Outputs {
    /// The value of an output.
    ///
    /// # Errors
    /// When the resource has no such output.
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String>;
}

impl Expr {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Expr::Literal(Value::Text(text.into()))
    }

    /// `Null`: nothing declared.
    pub fn null() -> Self {
        Expr::Literal(Value::Null)
    }

    /// Evaluates as far as the outputs are known.
    ///
    /// # Guarantees
    /// Deterministic. What is computed from a secret is secret. What is computed from an unknown is unknown, but a list or a record keeps its known parts.
    ///
    /// # Errors
    /// A part that cannot be: an index out of range, a closure that failed.
    pub fn evaluate(&self, outputs: &dyn Outputs) -> Result<Value, EvalError> {
        let fail = |reason: String| EvalError { expression: self.to_string(), reason };
        match self {
            Expr::Literal(value) => Ok(value.clone()),
            Expr::Output { urn, name } => match outputs.output(urn, name).map_err(fail)? {
                Value::Unknown(unknown) => {
                    Ok(Value::Unknown(Unknown { expression: self.to_string(), secret: unknown.secret }))
                }
                known => Ok(known),
            },
            Expr::List(items) => {
                items.iter().map(|item| item.evaluate(outputs)).collect::<Result<_, _>>().map(Value::List)
            }
            Expr::Record(fields) => fields
                .iter()
                .map(|(name, field)| Ok((name.clone(), field.evaluate(outputs)?)))
                .collect::<Result<_, _>>()
                .map(Value::Map),
            Expr::Entries(entries) => {
                let mut map = BTreeMap::new();
                for (key, value) in entries {
                    match key.evaluate(outputs)? {
                        Value::Unknown(_) => return Ok(self.unknown(entries.iter().any(|(_, v)| v.may_be_secret()))),
                        key => {
                            let name = key.as_text().ok_or_else(|| fail(format!("a key is {}", key.sort())))?;
                            map.insert(name.to_owned(), value.evaluate(outputs)?);
                        }
                    }
                }
                Ok(Value::Map(map))
            }
            Expr::Join(parts) => self.join(parts, outputs),
            Expr::At(list, index) => {
                let value = list.evaluate(outputs)?;
                self.pick(&value, |value| {
                    let list = value.as_list().ok_or_else(|| format!("it is {} and not a list", value.sort()))?;
                    list.get(*index).cloned().ok_or_else(|| {
                        format!("it has {} elements, and element {index} (counted from 0) is asked for", list.len())
                    })
                })
            }
            Expr::Field(map, name) => {
                let value = map.evaluate(outputs)?;
                self.pick(&value, |value| {
                    let map = value.as_map().ok_or_else(|| format!("it is {} and not a map", value.sort()))?;
                    map.get(name).cloned().ok_or_else(|| format!("it has no entry `{name}`"))
                })
            }
            Expr::Json(inner) => {
                let value = inner.evaluate(outputs)?;
                if !value.is_whole() {
                    return Ok(self.unknown(value.has_secret()));
                }
                let secret = value.has_secret();
                let text = Value::Text(json_text(&value));
                Ok(if secret { text.into_secret() } else { text })
            }
            Expr::Map(mapped) => {
                let value = mapped.input.evaluate(outputs)?;
                if !value.is_whole() {
                    return Ok(self.unknown(value.has_secret()));
                }
                let result = (mapped.function)(&value).map_err(&fail)?;
                if cfg!(debug_assertions) && (mapped.function)(&value).as_ref() != Ok(&result) {
                    return Err(fail(format!(
                        "the closure at {} gave two different results for one input",
                        mapped.place
                    )));
                }
                Ok(if value.has_secret() { result.into_secret() } else { result })
            }
            Expr::Secret(inner) => Ok(inner.evaluate(outputs)?.into_secret()),
        }
    }

    fn pick(&self, value: &Value, from: impl FnOnce(&Value) -> Result<Value, String>) -> Result<Value, EvalError> {
        match value {
            Value::Unknown(unknown) => Ok(self.unknown(unknown.secret)),
            Value::Digest(_) => Ok(self.unknown(true)),
            known => {
                let picked = from(known).map_err(|reason| EvalError { expression: self.to_string(), reason })?;
                Ok(if matches!(known, Value::Secret(_)) { picked.into_secret() } else { picked })
            }
        }
    }

    fn join(&self, parts: &[Expr], outputs: &dyn Outputs) -> Result<Value, EvalError> {
        // Of one part alone nothing is computed: its digest is the digest of the whole.
        if let [part] = parts
            && let digest @ Value::Digest(_) = part.evaluate(outputs)?
        {
            return Ok(digest);
        }
        let mut text = String::new();
        let (mut secret, mut unknown) = (false, false);
        for part in parts {
            let value = part.evaluate(outputs)?;
            secret |= value.has_secret();
            match value.reveal() {
                Value::Text(part) => text.push_str(part),
                Value::Int(number) => text.push_str(&number.to_string()),
                Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
                Value::Unknown(_) | Value::Digest(_) => unknown = true,
                other => {
                    let reason = format!("the part `{part}` is {} and not text", other.sort());
                    return Err(EvalError { expression: self.to_string(), reason });
                }
            }
        }
        Ok(match (unknown, secret) {
            (true, _) => self.unknown(secret),
            (false, true) => Value::Text(text).into_secret(),
            (false, false) => Value::Text(text),
        })
    }

    fn unknown(&self, secret: bool) -> Value {
        Value::Unknown(Unknown { expression: self.to_string(), secret })
    }

    /// Whether a secret stands in it in plain sight. What an output will be is not known here.
    pub fn may_be_secret(&self) -> bool {
        match self {
            Expr::Literal(value) => value.has_secret(),
            Expr::Output { .. } => false,
            Expr::List(items) | Expr::Join(items) => items.iter().any(Expr::may_be_secret),
            Expr::Record(fields) => fields.values().any(Expr::may_be_secret),
            Expr::Entries(entries) => entries.iter().any(|(k, v)| k.may_be_secret() || v.may_be_secret()),
            Expr::At(inner, _) | Expr::Field(inner, _) | Expr::Json(inner) => inner.may_be_secret(),
            Expr::Map(mapped) => mapped.input.may_be_secret(),
            Expr::Secret(_) => true,
        }
    }

    /// Calls `visit` with every output that it refers to.
    pub fn visit_outputs<'a>(&'a self, visit: &mut dyn FnMut(&'a Urn, &'a str)) {
        match self {
            Expr::Literal(_) => {}
            Expr::Output { urn, name } => visit(urn, name),
            Expr::List(items) | Expr::Join(items) => items.iter().for_each(|item| item.visit_outputs(visit)),
            Expr::Record(fields) => fields.values().for_each(|field| field.visit_outputs(visit)),
            Expr::Entries(entries) => entries.iter().for_each(|(key, value)| {
                key.visit_outputs(visit);
                value.visit_outputs(visit);
            }),
            Expr::At(inner, _) | Expr::Field(inner, _) | Expr::Json(inner) | Expr::Secret(inner) => {
                inner.visit_outputs(visit);
            }
            Expr::Map(mapped) => mapped.input.visit_outputs(visit),
        }
    }

    /// Calls `visit` with every value that it holds.
    pub fn visit_literals<'a>(&'a self, visit: &mut dyn FnMut(&'a Value)) {
        match self {
            Expr::Literal(value) => visit(value),
            Expr::Output { .. } => {}
            Expr::List(items) | Expr::Join(items) => items.iter().for_each(|item| item.visit_literals(visit)),
            Expr::Record(fields) => fields.values().for_each(|field| field.visit_literals(visit)),
            Expr::Entries(entries) => entries.iter().for_each(|(key, value)| {
                key.visit_literals(visit);
                value.visit_literals(visit);
            }),
            Expr::At(inner, _) | Expr::Field(inner, _) | Expr::Json(inner) => inner.visit_literals(visit),
            Expr::Secret(inner) => inner.visit_literals(visit),
            Expr::Map(mapped) => mapped.input.visit_literals(visit),
        }
    }

    /// The resources and reads that it refers to.
    pub fn references(&self) -> BTreeSet<&Urn> {
        let mut found = BTreeSet::new();
        self.visit_outputs(&mut |urn, _| {
            found.insert(urn);
        });
        found
    }
}

impl From<Vec<Expr>> for Expr {
    fn from(items: Vec<Expr>) -> Self {
        Expr::List(items)
    }
}

impl<V: Into<Value>> From<V> for Expr {
    fn from(value: V) -> Self {
        Expr::Literal(value.into())
    }
}

/// The JSON text of a known value, secrets in the clear, absent entries left out: for documents that are sent to AWS.
pub fn json_text(value: &Value) -> String {
    fn tree(value: &Value) -> serde_json::Value {
        use serde_json::Value as Json;
        match value.reveal() {
            Value::List(list) => Json::Array(list.iter().map(tree).collect()),
            Value::Map(map) => {
                Json::Object(map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), tree(v))).collect())
            }
            plain => plain.to_json(),
        }
    }
    tree(value).to_string()
}

impl fmt::Display for Expr {
    /// The readable form, in the user's names: `network/main.id`. Secrets print as `(secret)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &[Expr]| {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    f.write_str(", ")?;
                }
                write!(f, "{item}")?;
            }
            Ok(())
        };
        match self {
            Expr::Literal(value) => write!(f, "{value:?}"),
            Expr::Output { urn, name } => write!(f, "{}.{name}", urn.path()),
            Expr::List(items) => {
                f.write_str("[")?;
                list(f, items)?;
                f.write_str("]")
            }
            Expr::Record(fields) => {
                f.write_str("{")?;
                for (index, (name, field)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {field}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
            Expr::Entries(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}[{key}]: {value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
            Expr::Join(parts) => {
                f.write_str("join(")?;
                list(f, parts)?;
                f.write_str(")")
            }
            Expr::At(inner, index) => write!(f, "{inner}[{index}]"),
            Expr::Field(inner, name) => write!(f, "{inner}.{name}"),
            Expr::Json(inner) => write!(f, "json({inner})"),
            Expr::Map(mapped) => write!(f, "{}.map({})", mapped.input, mapped.place),
            Expr::Secret(_) => f.write_str("(secret)"),
        }
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known(BTreeMap<&'static str, Value>);

    impl Outputs for Known {
        fn output(&self, _: &Urn, name: &str) -> Result<Value, String> {
            let unknown = Value::Unknown(Unknown { expression: String::new(), secret: false });
            Ok(self.0.get(name).cloned().unwrap_or(unknown))
        }
    }

    fn output(name: &str) -> Expr {
        Expr::Output { urn: "prod::network/main::aws:ec2/vpc".parse().unwrap(), name: name.to_owned() }
    }

    fn known() -> Known {
        let zones = Value::List(vec!["a".into(), "b".into()]);
        Known([("id", "vpc-1".into()), ("zones", zones), ("key", Value::from("k").into_secret())].into())
    }

    #[test]
    fn known_parts_of_a_record_stay_known() {
        let record = Expr::Record([("a".into(), Expr::text("x")), ("b".into(), output("later"))].into());
        let value = record.evaluate(&known()).unwrap();
        assert_eq!(value.get("a"), &Value::from("x"));
        assert_eq!(format!("{:?}", value.get("b")), "(network/main.later known after apply)");
    }

    #[test]
    fn what_is_computed_from_a_secret_is_secret() {
        let joined = Expr::Join(vec![Expr::text("user:"), output("key")]);
        let json = Expr::Json(Box::new(Expr::Entries(vec![(output("id"), output("key"))])));
        let mapped = Expr::Map(Mapped {
            input: Box::new(output("key")),
            function: Arc::new(|value| Ok(value.as_text().unwrap().len().to_string().into())),
            place: SourceLine::here(),
            types: "String -> String",
        });
        for expr in [joined, json, mapped] {
            let value = expr.evaluate(&known()).unwrap();
            assert!(matches!(value, Value::Secret(_)), "{expr}");
        }
    }

    #[test]
    fn an_index_out_of_range_names_the_expression() {
        let error = Expr::At(Box::new(output("zones")), 2).evaluate(&known()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot evaluate `network/main.zones[2]`: it has 2 elements, and element 2 (counted from 0) is asked for"
        );
    }

    #[test]
    fn an_unknown_key_makes_the_whole_map_unknown() {
        let entries = Expr::Entries(vec![(output("issuer"), Expr::text("x"))]);
        assert!(!entries.evaluate(&known()).unwrap().is_known());
        let json = Expr::Json(Box::new(entries)).evaluate(&known()).unwrap();
        assert!(matches!(json, Value::Unknown(_)));
    }

    #[test]
    fn references_are_found_at_any_depth() {
        let expr = Expr::Json(Box::new(Expr::Entries(vec![(output("id"), Expr::List(vec![output("zones")]))])));
        assert_eq!(expr.references().len(), 1);
    }
}
