//! [`Digester`]: keyed digests that stand for secrets, and the two ways between [`Value`] and [`Stored`].
//!
//! A digest says whether two secrets are equal and nothing else. It is keyed, so that it cannot be looked up in a table of
//! common passwords and cannot be compared between stores.

use std::fmt;

use hmac::{Hmac, Mac};
use serde_json::Value as Json;
use sha2::Sha256;

use crate::record::{Binding, Stored};
use crate::urn::random_hex;
use crate::value::{Unknown, Value};

/// The key of an object that stands for a secret.
const SECRET: &str = "$secret";
/// The key of an object that stands for a value that is not known.
const UNKNOWN: &str = "$unknown";

/// Makes digests of secrets with the key of one store.
#[derive(Clone)]
pub struct Digester {
    key: Vec<u8>,
}

impl Digester {
    /// A digester with the key of [`Binding::digest_key`].
    ///
    /// The hex text itself is the key: its 64 bytes fill one block of SHA-256 exactly, and a text of another form is no error.
    pub fn new(digest_key: &str) -> Self {
        Self { key: digest_key.as_bytes().to_vec() }
    }

    /// The digester of a store.
    pub fn of(binding: &Binding) -> Self {
        Self::new(&binding.digest_key)
    }

    /// A random key for a new store: 32 bytes as hex.
    pub fn random_key() -> String {
        random_hex() + &random_hex()
    }

    /// The digest of a value, secret or not, as 32 hex digits: HMAC-SHA256 over its JSON text, cut to 128 bits, which is
    /// plenty for telling the values of one argument apart and keeps rows small.
    pub fn digest(&self, value: &Value) -> String {
        let text = revealed(value).to_string();
        let mac = match Hmac::<Sha256>::new_from_slice(&self.key) {
            Ok(mac) => mac.chain_update(text.as_bytes()),
            Err(_) => unreachable!("HMAC takes keys of every length"),
        };
        mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The value with every secret replaced by its digest, so that it compares with a recorded one by `==`.
    pub fn seal(&self, value: &Value) -> Value {
        match value {
            Value::Secret(inner) => match inner.reveal() {
                sealed @ (Value::Digest(_) | Value::Null) => sealed.clone(),
                plain => Value::Digest(self.digest(plain)),
            },
            Value::List(list) => Value::List(list.iter().map(|value| self.seal(value)).collect()),
            Value::Map(map) => Value::Map(map.iter().map(|(name, value)| (name.clone(), self.seal(value))).collect()),
            other => other.clone(),
        }
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digester(key hidden)")
    }
}

/// JSON of a value with its secrets in the clear: only ever the input of a digest or of a seal.
pub(crate) fn revealed(value: &Value) -> Json {
    match value {
        Value::Secret(inner) => revealed(inner),
        Value::List(list) => Json::Array(list.iter().map(revealed).collect()),
        Value::Map(map) => Json::Object(map.iter().map(|(name, value)| (name.clone(), revealed(value))).collect()),
        other => other.to_json(),
    }
}

impl Stored {
    /// The form in which a value is kept: secrets become digests.
    pub fn from_value(value: &Value, digester: &Digester) -> Self {
        Self(store(&digester.seal(value)))
    }

    /// The form in which a value is kept of which the secrets are digests already, as plans show it.
    pub(crate) fn from_sealed(value: &Value) -> Self {
        Self(store(value))
    }

    /// The value; a secret comes back as [`Value::Digest`].
    pub fn to_value(&self) -> Value {
        load(&self.0)
    }
}

fn store(value: &Value) -> Json {
    match value {
        Value::List(list) => Json::Array(list.iter().map(store).collect()),
        Value::Map(map) => Json::Object(
            map.iter()
                .map(|(name, value)| {
                    let name = if name.starts_with('$') { format!("${name}") } else { name.clone() };
                    (name, store(value))
                })
                .collect(),
        ),
        other => other.to_json(),
    }
}

fn load(json: &Json) -> Value {
    match json {
        Json::Array(list) => Value::List(list.iter().map(load).collect()),
        Json::Object(map) => {
            if let (1, Some((name, Json::String(text)))) = (map.len(), map.iter().next()) {
                match name.as_str() {
                    SECRET => return Value::Digest(text.clone()),
                    UNKNOWN => return Value::Unknown(Unknown { expression: text.clone(), secret: false }),
                    _ => {}
                }
            }
            let entry = |(name, value): (&String, &Json)| {
                let name = if name.starts_with("$$") { &name[1..] } else { name };
                (name.to_owned(), load(value))
            };
            Value::Map(map.iter().map(entry).collect())
        }
        other => Value::from_json(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digester() -> Digester {
        Digester::new(&"5a".repeat(32))
    }

    #[test]
    fn a_secret_is_stored_as_a_digest_and_compares_with_the_sealed_one() {
        let value = Value::from([("password", Value::from("hunter2").into_secret()), ("name", Value::from("db"))]);
        let stored = Stored::from_value(&value, &digester());
        assert!(!stored.0.to_string().contains("hunter2"));
        assert_eq!(stored.to_value(), digester().seal(&value));
        assert_ne!(stored.to_value(), Digester::new("another key").seal(&value));
    }

    #[test]
    fn equal_secrets_have_equal_digests_however_they_are_nested() {
        let inner = Value::from([("a", Value::from("x").into_secret())]);
        let plain = Value::from([("a", Value::from("x"))]);
        assert_eq!(digester().digest(&inner), digester().digest(&plain));
        assert_eq!(digester().seal(&inner.clone().into_secret()), digester().seal(&plain.into_secret()));
        assert_ne!(digester().digest(&inner), digester().digest(&Value::from("x")));
    }

    #[test]
    fn a_sealed_value_is_sealed_already() {
        let sealed = digester().seal(&Value::from("x").into_secret());
        assert_eq!(digester().seal(&sealed), sealed);
    }

    #[test]
    fn names_that_begin_with_a_dollar_come_back_as_they_were() {
        let value = Value::from([("$secret", Value::from("no secret")), ("$$x", Value::from(1)), ("y", Value::Null)]);
        let alone = Value::from([("$secret", Value::from("no secret"))]);
        for value in [value, alone, Value::List(vec![Value::from(true), Value::Null])] {
            assert_eq!(Stored::from_value(&value, &digester()).to_value(), value);
        }
    }
}
