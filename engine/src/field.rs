//! [`Field`]: how a Rust type becomes a [`Value`] and back, and which [`Shape`] it has.

use std::collections::{BTreeMap, BTreeSet};

use crate::rust::Rust;
use crate::shape::Shape;
use crate::value::Value;

/// Why a value does not fit a type. Never holds the value itself: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{expected} is wanted, and {found} was found", if path.is_empty() { String::new() } else { format!("`{path}`: ") })]
pub struct Mismatch {
    /// Where in the value, such as `lifecycle_rules[0].id`.
    pub path: String,
    /// What the type takes.
    pub expected: String,
    /// What sort of value stood there.
    pub found: String,
}

impl Mismatch {
    /// A mismatch at the top.
    pub fn new(expected: impl Into<String>, found: &Value) -> Self {
        Self { path: String::new(), expected: expected.into(), found: found.sort().to_owned() }
    }

    /// The same, seen from one level further out.
    pub fn within(mut self, segment: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => segment.to_owned(),
            rest if rest.starts_with('[') => format!("{segment}{rest}"),
            rest => format!("{segment}.{rest}"),
        };
        self
    }
}

/// A type that arguments, block fields and outputs may have.
pub trait Field: Sized + Send + Sync + 'static {
    /// Its shape.
    const SHAPE: Shape;

    /// How a value is written in a program; a literal where the type does not say otherwise.
    const RUST: Rust = Rust::literal::<Self>();

    /// As a dynamic value.
    fn to_value(&self) -> Value;

    /// From a known dynamic value; a secret one is revealed.
    ///
    /// # Errors
    /// When the value is of another sort.
    fn from_value(value: &Value) -> Result<Self, Mismatch>;
}

impl Field for bool {
    const SHAPE: Shape = Shape::Bool;

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }

    fn from_value(value: &Value) -> Result<Self, Mismatch> {
        match value.reveal() {
            Value::Bool(b) => Ok(*b),
            other => Err(Mismatch::new("a bool", other)),
        }
    }
}

impl Field for String {
    const SHAPE: Shape = Shape::Text;

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }

    fn from_value(value: &Value) -> Result<Self, Mismatch> {
        value.as_text().map(str::to_owned).ok_or_else(|| Mismatch::new("text", value))
    }
}

macro_rules! integer_fields {
    ($($int:ty),*) => {$(
        impl Field for $int {
            const SHAPE: Shape = Shape::Int;

            fn to_value(&self) -> Value {
                Value::Int(i64::from(*self))
            }

            fn from_value(value: &Value) -> Result<Self, Mismatch> {
                match value.reveal() {
                    Value::Int(i) => (*i).try_into().map_err(|_| Mismatch::new(concat!("a number that fits ", stringify!($int)), value)),
                    other => Err(Mismatch::new("a number", other)),
                }
            }
        }
    )*};
}
integer_fields!(i32, i64, u16, u32);

impl<T: Field> Field for Option<T> {
    const SHAPE: Shape = Shape::Optional(&T::SHAPE);
    const RUST: Rust = T::RUST;

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Field::to_value)
    }

    fn from_value(value: &Value) -> Result<Self, Mismatch> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

fn items<T: Field, C: FromIterator<T>>(value: &Value) -> Result<C, Mismatch> {
    let list = value.as_list().ok_or_else(|| Mismatch::new("a list", value))?;
    list.iter().enumerate().map(|(i, item)| T::from_value(item).map_err(|e| e.within(&format!("[{i}]")))).collect()
}

impl<T: Field> Field for Vec<T> {
    const SHAPE: Shape = Shape::List(&T::SHAPE);
    const RUST: Rust = T::RUST;

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(Field::to_value).collect())
    }

    fn from_value(value: &Value) -> Result<Self, Mismatch> {
        items(value)
    }
}

impl<T: Field + Ord> Field for BTreeSet<T> {
    const SHAPE: Shape = Shape::Set(&T::SHAPE);
    const RUST: Rust = T::RUST;

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(Field::to_value).collect())
    }

    fn from_value(value: &Value) -> Result<Self, Mismatch> {
        items(value)
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    const SHAPE: Shape = Shape::Map(&T::SHAPE);
    const RUST: Rust = T::RUST;

    fn to_value(&self) -> Value {
        Value::Map(self.iter().map(|(k, v)| (k.clone(), v.to_value())).collect())
    }

    fn from_value(value: &Value) -> Result<Self, Mismatch> {
        let map = value.as_map().ok_or_else(|| Mismatch::new("a map", value))?;
        map.iter().map(|(k, v)| Ok((k.clone(), T::from_value(v).map_err(|e| e.within(k))?))).collect()
    }
}

/// A secret. No `Debug` that shows it, no `Display`, no `Serialize`; whatever is computed from it is secret too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret<T = String> {
    value: T,
    // What stands for it in a plan, where the value itself is not at hand.
    stand_in: Option<Box<Value>>,
}

impl<T> Secret<T> {
    /// Makes a secret of a value.
    pub fn new(value: T) -> Self {
        Self { value, stand_in: None }
    }

    /// The value in the clear; for the call that sends it. In a preview without the key of a sealed configuration it is empty.
    pub fn reveal(&self) -> &T {
        &self.value
    }
}

impl<T> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// The name under which a [`Secret`] asks serde for itself: a reader of configuration sees by it that a secret is wanted, and can take
/// it from where the configuration says it stands.
pub const SECRET_NAME: &str = "formwork::Secret";

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Secret<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inner<T>(std::marker::PhantomData<T>);

        impl<'de, T: serde::Deserialize<'de>> serde::de::Visitor<'de> for Inner<T> {
            type Value = Secret<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a secret")
            }

            fn visit_newtype_struct<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Secret<T>, D::Error> {
                // A wrong type must not print what stood there, which serde's own message does.
                T::deserialize(deserializer)
                    .map(Secret::new)
                    .map_err(|_| serde::de::Error::custom("a secret of another type is wanted here"))
            }

            // A stand-in, in the form in which records and plans have them: a digest, or an expression that is not known yet.
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Secret<T>, A::Error> {
                use serde::de::Error as _;
                let stand_in = match map.next_entry::<String, String>()? {
                    Some((name, digest)) if name == "$secret" => Value::Digest(digest),
                    Some((name, expression)) if name == "$unknown" => {
                        Value::Unknown(crate::value::Unknown { expression, secret: true })
                    }
                    _ => return Err(A::Error::custom("a secret is wanted here")),
                };
                let empty = serde::de::value::StrDeserializer::<A::Error>::new("");
                Ok(Secret { stand_in: Some(Box::new(stand_in)), ..Secret::new(T::deserialize(empty)?) })
            }
        }

        deserializer.deserialize_newtype_struct(SECRET_NAME, Inner(std::marker::PhantomData))
    }
}

impl<T: Field> Field for Secret<T> {
    const SHAPE: Shape = Shape::Secret(&T::SHAPE);
    const RUST: Rust = T::RUST;

    fn to_value(&self) -> Value {
        match &self.stand_in {
            Some(stand_in) => (**stand_in).clone(),
            None => self.value.to_value().into_secret(),
        }
    }

    fn from_value(value: &Value) -> Result<Self, Mismatch> {
        T::from_value(value.reveal()).map(Self::new)
    }
}

macro_rules! text_fields {
    ($($(#[$doc:meta])* $name:ident: $shape:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Field for $name {
            const SHAPE: Shape = Shape::$shape;

            fn to_value(&self) -> Value {
                Value::Text(self.0.clone())
            }

            fn from_value(value: &Value) -> Result<Self, Mismatch> {
                value.as_text().map(Self::new).ok_or_else(|| Mismatch::new("text", value))
            }
        }

        $crate::accepts_text!($name);
    )*};
}

text_fields! {
    /// A version such as `16` or `16.4`: what is declared may be a prefix of what AWS reports.
    Version: Version;
    /// The text of a JSON document, compared as JSON.
    Json: Json;
    /// Text of which the case does not matter, such as a name that AWS lower-cases.
    Caseless: Caseless;
    /// A physical name as it was sent to AWS. Declared either fixed (`"orders"`) or as [`crate::Prefix`], to which a suffix is added.
    Name: Name;
}
