//! [`Digester`]: keyed digests that stand for secrets, and the two ways between [`Value`] and [`Stored`].
//!
//! Where there is a key ([`crate::seal`]), a secret is kept sealed beside its digest; whoever has no key sees the digest alone, and comparing
//! never asks for more.
//!
//! A digest says whether two secrets are equal and nothing else. It is keyed, so that it cannot be looked up in a table of
//! common passwords and cannot be compared between stores.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, Mac};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use crate::record::{Binding, Stored};
use crate::seal::{OpenError, Sealer};
use crate::urn::random_hex;
use crate::value::{Unknown, Value};

/// The key of an object that stands for a secret.
const SECRET: &str = "$secret";
/// The key, beside it, of the secret itself, sealed.
const SEALED: &str = "$sealed";
/// The key of an object that stands for a value that is not known.
const UNKNOWN: &str = "$unknown";

/// Makes digests of secrets with the key of one store.
#[derive(Clone)]
pub struct Digester {
    key: Vec<u8>,
    sealer: Option<Sealer>,
    known: Arc<Sealed>,
}

/// Secrets that are kept sealed, by their digests.
pub type Sealed = BTreeMap<String, String>;

impl Digester {
    /// A digester with the key of [`Binding::digest_key`].
    ///
    /// The hex text itself is the key: its 64 bytes fill one block of SHA-256 exactly, and a text of another form is no error.
    pub fn new(digest_key: &str) -> Self {
        Self { key: digest_key.as_bytes().to_vec(), sealer: None, known: Arc::default() }
    }

    /// The same, which keeps secrets sealed where there is a key. `known` are those that are kept sealed already: they stay so where only
    /// their digests are at hand.
    #[must_use]
    pub fn sealing(self, sealer: Option<Sealer>, known: Sealed) -> Self {
        Self { sealer, known: Arc::new(known), ..self }
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
    /// The form in which a value is kept: secrets become digests, with the secret itself sealed beside where there is a key.
    pub fn from_value(value: &Value, digester: &Digester) -> Self {
        Self(store(value, &|secret| digester.kept(secret)))
    }

    /// The form in which a value is kept of which the secrets are digests already, as plans show it.
    pub(crate) fn from_sealed(value: &Value) -> Self {
        Self(store(value, &Value::to_json))
    }

    /// The value; a secret comes back as [`Value::Digest`].
    pub fn to_value(&self) -> Value {
        load(&self.0)
    }

    /// Whether it is the same value, whatever of it is kept sealed.
    pub fn same(&self, other: &Stored) -> bool {
        self == other || self.to_value() == other.to_value()
    }

    /// The value with those of its secrets that are kept sealed, and with digests for the others.
    ///
    /// # Errors
    /// When a secret does not open with this key.
    pub fn opened(&self, sealer: &Sealer) -> Result<Value, OpenError> {
        open(&self.0, sealer)
    }

    /// Adds the secrets that are kept sealed in it.
    pub fn collect_sealed(&self, into: &mut Sealed) {
        collect(&self.0, into);
    }
}

impl Digester {
    /// What is kept of a secret or of a digest.
    fn kept(&self, secret: &Value) -> Json {
        let (digest, sealed) = match self.seal(secret) {
            Value::Digest(digest) => {
                let fresh = match secret.reveal() {
                    Value::Digest(_) => None,
                    plain => self.sealer.as_ref().map(|sealer| sealer.seal_value(plain)),
                };
                let sealed = fresh.or_else(|| self.known.get(&digest).cloned());
                (digest, sealed)
            }
            other => return other.to_json(),
        };
        match sealed {
            Some(sealed) => json!({ SECRET: digest, SEALED: sealed }),
            None => json!({ SECRET: digest }),
        }
    }
}

/// The payload of a record with every secret that is kept sealed in it sealed anew; `None` where that changes nothing.
///
/// # Errors
/// When one does not open.
pub(crate) fn resealed(plain: &[u8], sealer: &Sealer) -> Result<Option<Vec<u8>>, OpenError> {
    let malformed = |_| OpenError::Malformed;
    let mut json: Json = serde_json::from_slice(plain).map_err(malformed)?;
    let before = serde_json::to_vec(&json).map_err(malformed)?;
    reseal(&mut json, sealer)?;
    let after = serde_json::to_vec(&json).map_err(malformed)?;
    // What does not change keeps its bytes, whoever wrote them.
    Ok((before != after).then_some(after))
}

fn reseal(json: &mut Json, sealer: &Sealer) -> Result<(), OpenError> {
    match json {
        Json::Array(list) => list.iter_mut().try_for_each(|item| reseal(item, sealer)),
        Json::Object(map) => {
            if let (Some(_), Some(sealed)) = secret_of(map) {
                let sealed = sealer.seal_value(&sealer.open_value(sealed)?);
                map.insert(SEALED.to_owned(), Json::String(sealed));
                return Ok(());
            }
            map.values_mut().try_for_each(|item| reseal(item, sealer))
        }
        _ => Ok(()),
    }
}

/// The digest of an object that stands for a secret, and the secret itself where it is kept sealed.
fn secret_of(map: &serde_json::Map<String, Json>) -> (Option<&str>, Option<&str>) {
    let text = |name: &str| map.get(name).and_then(Json::as_str);
    match (text(SECRET), text(SEALED), map.len()) {
        (Some(digest), sealed @ Some(_), 2) => (Some(digest), sealed),
        (Some(digest), None, 1) => (Some(digest), None),
        _ => (None, None),
    }
}

fn collect(json: &Json, into: &mut Sealed) {
    match json {
        Json::Array(list) => list.iter().for_each(|item| collect(item, into)),
        Json::Object(map) => match secret_of(map) {
            (Some(digest), Some(sealed)) => drop(into.insert(digest.to_owned(), sealed.to_owned())),
            _ => map.values().for_each(|item| collect(item, into)),
        },
        _ => {}
    }
}

fn open(json: &Json, sealer: &Sealer) -> Result<Value, OpenError> {
    match json {
        Json::Array(list) => Ok(Value::List(list.iter().map(|item| open(item, sealer)).collect::<Result<_, _>>()?)),
        Json::Object(map) => match secret_of(map) {
            (Some(_), Some(sealed)) => sealer.open_value(sealed).map(Value::into_secret),
            (Some(digest), None) => Ok(Value::Digest(digest.to_owned())),
            (None, _) => {
                let entry = |(name, value): (&String, &Json)| Ok((unescaped(name), open(value, sealer)?));
                map.iter().map(entry).collect::<Result<_, OpenError>>().map(Value::Map)
            }
        },
        other => Ok(load(other)),
    }
}

/// A name of a map as it was before [`store`] doubled its `$`.
fn unescaped(name: &str) -> String {
    if name.starts_with("$$") { name[1..].to_owned() } else { name.to_owned() }
}

fn store(value: &Value, secret: &dyn Fn(&Value) -> Json) -> Json {
    match value {
        Value::Secret(_) | Value::Digest(_) => secret(value),
        Value::List(list) => Json::Array(list.iter().map(|item| store(item, secret)).collect()),
        Value::Map(map) => Json::Object(
            map.iter()
                .map(|(name, value)| {
                    let name = if name.starts_with('$') { format!("${name}") } else { name.clone() };
                    (name, store(value, secret))
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
            if let (Some(digest), _) = secret_of(map) {
                return Value::Digest(digest.to_owned());
            }
            if let (1, Some(Json::String(expression))) = (map.len(), map.get(UNKNOWN)) {
                return Value::Unknown(Unknown { expression: expression.clone(), secret: false });
            }
            let entry = |(name, value): (&String, &Json)| (unescaped(name), load(value));
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

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&crate::seal::DataKey::from_bytes(&[byte; 32]).unwrap())
    }

    #[test]
    fn with_a_key_a_secret_is_kept_sealed_beside_its_digest_and_reads_as_before() {
        let value = Value::from([("password", Value::from("hunter2").into_secret()), ("name", Value::from("db"))]);
        let sealing = digester().sealing(Some(sealer(1)), Sealed::new());
        let (stored, plain) = (Stored::from_value(&value, &sealing), Stored::from_value(&value, &digester()));
        assert!(!stored.0.to_string().contains("hunter2"));
        assert_eq!(stored.to_value(), plain.to_value());
        assert!(stored.same(&plain) && stored != plain);
        assert_eq!(stored.opened(&sealer(1)).unwrap(), value);
        assert!(matches!(stored.opened(&sealer(2)), Err(OpenError::OtherKey { .. })));
        assert_eq!(plain.opened(&sealer(1)).unwrap(), digester().seal(&value));
    }

    #[test]
    fn what_is_kept_sealed_stays_so_where_only_its_digest_is_at_hand() {
        let value = Value::from([("password", Value::from("hunter2").into_secret())]);
        let stored = Stored::from_value(&value, &digester().sealing(Some(sealer(1)), Sealed::new()));
        let mut known = Sealed::new();
        stored.collect_sealed(&mut known);
        assert_eq!(Stored::from_value(&stored.to_value(), &digester().sealing(None, known)), stored);
    }

    #[test]
    fn records_are_sealed_anew_with_the_next_key_and_keep_their_digests() {
        let value = Value::List(vec![Value::from([("password", Value::from("hunter2").into_secret())])]);
        let stored = Stored::from_value(&value, &digester().sealing(Some(sealer(1)), Sealed::new()));
        let mut next = stored.clone();
        let key = crate::seal::DataKey::from_bytes(&[1; 32]).unwrap();
        reseal(&mut next.0, &sealer(2).opening(&key)).unwrap();
        assert!(next.same(&stored) && next != stored);
        assert_eq!(next.opened(&sealer(2)).unwrap(), value);
        assert!(reseal(&mut next.0, &sealer(3)).is_err());
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
