//! [`Value`]: what arguments and outputs are made of once the types are gone.

use std::collections::BTreeMap;
use std::fmt;

/// A dynamic value. The core compares, records and shows these; typed code converts at its edge ([`crate::Field`]).
///
/// A value is *known* when it holds no [`Value::Unknown`] at any depth. `Secret` wraps the part that is secret; there is no
/// `Display` and no `Serialize`, and `Debug` prints `(secret)`, so that a secret cannot leave by accident.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing declared, or nothing there: an absent optional argument.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number. AWS's control planes take no fractions in the types that exist so far.
    Int(i64),
    /// Text.
    Text(String),
    /// A list; whether the order matters is said by the shape.
    List(Vec<Value>),
    /// A map or a block.
    Map(BTreeMap<String, Value>),
    /// A secret in the clear: lives in memory only.
    Secret(Box<Value>),
    /// The stand-in for a secret in state and plans: a keyed digest as hex digits.
    Digest(String),
    /// Not known yet: becomes known when the named expression can be evaluated. Occurs in plans only.
    Unknown(Unknown),
}

/// Why a value is not known yet.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unknown {
    /// The expression in a readable form, such as `network/main.id`.
    pub expression: String,
    /// Whether it will be a secret.
    pub secret: bool,
}

impl Value {
    /// An empty map.
    pub fn empty_map() -> Self {
        Value::Map(BTreeMap::new())
    }

    /// Wraps as a secret, once.
    pub fn into_secret(self) -> Self {
        match self {
            Value::Secret(_) | Value::Digest(_) | Value::Null => self,
            Value::Unknown(unknown) => Value::Unknown(Unknown { secret: true, ..unknown }),
            plain => Value::Secret(Box::new(plain)),
        }
    }

    /// The value without its secret wrapper.
    pub fn reveal(&self) -> &Value {
        match self {
            Value::Secret(inner) => inner.reveal(),
            other => other,
        }
    }

    /// The text, if it is one (secret or not).
    pub fn as_text(&self) -> Option<&str> {
        match self.reveal() {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        match self.reveal() {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self.reveal() {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// A named entry of a map; `Null` when it is absent or this is no map.
    pub fn get(&self, name: &str) -> &Value {
        self.as_map().and_then(|map| map.get(name)).unwrap_or(&Value::Null)
    }

    /// Whether it is `Null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Whether no part of it is unknown.
    pub fn is_known(&self) -> bool {
        match self {
            Value::Unknown(_) => false,
            Value::List(list) => list.iter().all(Value::is_known),
            Value::Map(map) => map.values().all(Value::is_known),
            Value::Secret(inner) => inner.is_known(),
            _ => true,
        }
    }

    /// Whether every part of it is known and at hand: of a secret that is a digest nothing can be computed.
    pub fn is_whole(&self) -> bool {
        match self {
            Value::Unknown(_) | Value::Digest(_) => false,
            Value::List(list) => list.iter().all(Value::is_whole),
            Value::Map(map) => map.values().all(Value::is_whole),
            Value::Secret(inner) => inner.is_whole(),
            _ => true,
        }
    }

    /// Whether some part of it is secret (or will be).
    pub fn has_secret(&self) -> bool {
        match self {
            Value::Secret(_) | Value::Digest(_) => true,
            Value::Unknown(unknown) => unknown.secret,
            Value::List(list) => list.iter().any(Value::has_secret),
            Value::Map(map) => map.values().any(Value::has_secret),
            _ => false,
        }
    }

    /// What sort of value it is, for messages that must not show the value.
    pub fn sort(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Secret(_) | Value::Digest(_) => "a secret",
            Value::Unknown(_) => "a value that is not known yet",
        }
    }

    /// Plain JSON, for values of which secrets do not matter (they become `"(secret)"`, unknowns `{"$unknown": …}`).
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Int(i) => Json::from(*i),
            Value::Text(t) => Json::String(t.clone()),
            Value::List(list) => Json::Array(list.iter().map(Value::to_json).collect()),
            Value::Map(map) => Json::Object(map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect()),
            Value::Secret(_) => Json::String("(secret)".to_owned()),
            Value::Digest(digest) => serde_json::json!({ "$secret": digest }),
            Value::Unknown(unknown) => serde_json::json!({ "$unknown": unknown.expression }),
        }
    }

    /// The value of a JSON text or tree; fractions become text, since [`Value`] has none.
    pub fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => n.as_i64().map_or_else(|| Value::Text(n.to_string()), Value::Int),
            Json::String(t) => Value::Text(t.clone()),
            Json::Array(list) => Value::List(list.iter().map(Value::from_json).collect()),
            Json::Object(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), Value::from_json(v))).collect()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Value::Int(i)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::List(items)
    }
}

impl<V: Into<Value>, const N: usize> From<[(&str, V); N]> for Value {
    fn from(entries: [(&str, V); N]) -> Self {
        Value::Map(entries.into_iter().map(|(k, v)| (k.to_owned(), v.into())).collect())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(i) => write!(f, "{i}"),
            Value::Text(t) => write!(f, "{t:?}"),
            Value::List(list) => f.debug_list().entries(list).finish(),
            Value::Map(map) => f.debug_map().entries(map).finish(),
            Value::Secret(_) | Value::Digest(_) => f.write_str("(secret)"),
            Value::Unknown(unknown) => write!(f, "({} known after apply)", unknown.expression),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        let value = Value::from([("password", Value::from("hunter2").into_secret())]);
        assert!(!format!("{value:?} {:#?} {}", value, value.to_json()).contains("hunter2"));
        assert!(value.has_secret());
    }

    #[test]
    fn unknown_at_any_depth_is_not_known() {
        let unknown = Value::Unknown(Unknown { expression: "main.id".into(), secret: false });
        assert!(!Value::from([("a", Value::List(vec![unknown]))]).is_known());
        assert!(Value::from([("a", 1_i64)]).is_known());
    }
}
