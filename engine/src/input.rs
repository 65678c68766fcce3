//! [`Output`], [`Input`], [`IntoInput`]: typed expressions, the way arguments are wired.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::expr::{Expr, Mapped};
use crate::field::{Field, Name, Secret};
use crate::program::Handle;
use crate::resource::Resource;
use crate::urn::SourceLine;
use crate::value::Value;

/// A typed expression over the outputs of resources, known later.
pub struct Output<T> {
    expr: Expr,
    marker: PhantomData<fn() -> T>,
}

impl<T> Clone for Output<T> {
    fn clone(&self) -> Self {
        Self::of(self.expr.clone())
    }
}

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expr)
    }
}

impl<T> Output<T> {
    /// Gives an expression a type; the caller vouches for it.
    pub fn of(expr: Expr) -> Self {
        Self { expr, marker: PhantomData }
    }

    /// The expression.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// The same value, secret from here on.
    pub fn secret(&self) -> Output<T> {
        Output::of(Expr::Secret(Box::new(self.expr.clone())))
    }
}

impl<T: Field> Output<T> {
    /// An output that is known already.
    pub fn known(value: T) -> Self {
        Self::of(Expr::Literal(value.to_value()))
    }

    /// What a pure closure makes of the value. Prefer [`join`], [`Output::at`] and [`Output::json`], which can be recorded and inspected.
    #[track_caller]
    pub fn map<U: Field>(&self, function: impl Fn(T) -> U + Send + Sync + 'static) -> Output<U> {
        Output::of(Expr::Map(Mapped {
            input: Box::new(self.expr.clone()),
            function: Arc::new(move |value| {
                T::from_value(value).map(|value| function(value).to_value()).map_err(|mismatch| mismatch.to_string())
            }),
            place: SourceLine::here(),
            types: std::any::type_name::<fn(T) -> U>(),
        }))
    }

    /// This and another value as JSON-like pair for [`Output::map`].
    pub fn zip<U: Field>(&self, other: &Output<U>) -> Output<(T, U)> {
        Output::of(Expr::List(vec![self.expr.clone(), other.expr.clone()]))
    }

    /// The value as JSON text.
    pub fn json(&self) -> Output<crate::field::Json> {
        Output::of(Expr::Json(Box::new(self.expr.clone())))
    }
}

impl<T: Field> Output<Vec<T>> {
    /// An element, counted from 0.
    pub fn at(&self, index: usize) -> Output<T> {
        Output::of(Expr::At(Box::new(self.expr.clone()), index))
    }
}

impl<T: Field> Output<BTreeMap<String, T>> {
    /// A named entry.
    pub fn field(&self, name: &str) -> Output<T> {
        Output::of(Expr::Field(Box::new(self.expr.clone()), name.to_owned()))
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    const SHAPE: crate::shape::Shape = crate::shape::Shape::List(&crate::shape::Shape::Text);

    fn to_value(&self) -> Value {
        Value::List(vec![self.0.to_value(), self.1.to_value()])
    }

    fn from_value(value: &Value) -> Result<Self, crate::field::Mismatch> {
        match value.as_list() {
            Some([a, b]) => Ok((A::from_value(a)?, B::from_value(b)?)),
            _ => Err(crate::field::Mismatch::new("a pair", value)),
        }
    }
}

/// A list of all these values.
pub fn all<T: Field>(outputs: impl IntoIterator<Item = Output<T>>) -> Output<Vec<T>> {
    Output::of(Expr::List(outputs.into_iter().map(|output| output.expr).collect()))
}

/// Text put together from parts: literals, outputs, secrets. Secret when a part is.
///
/// ```
/// # use formwork_engine::{join, Output};
/// let host: Output<String> = Output::known("db.internal".to_owned());
/// let url = join(["postgres://".into(), (&host).into(), ":5432".into()]);
/// assert_eq!(format!("{url:?}"), r#"join("postgres://", "db.internal", ":5432")"#);
/// ```
pub fn join<const N: usize>(parts: [Part; N]) -> Output<String> {
    Output::of(Expr::Join(parts.into_iter().map(|part| part.0).collect()))
}

/// One part of [`join`].
#[derive(Debug, Clone)]
pub struct Part(Expr);

impl Part {
    /// The expression of the part.
    pub fn into_expr(self) -> Expr {
        self.0
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self(Expr::text(text))
    }
}

impl From<&String> for Part {
    fn from(text: &String) -> Self {
        Self(Expr::text(text))
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self(Expr::text(text))
    }
}

impl<T: Field> From<&Output<T>> for Part {
    fn from(output: &Output<T>) -> Self {
        Self(output.expr.clone())
    }
}

impl<T: Field> From<Output<T>> for Part {
    fn from(output: Output<T>) -> Self {
        Self(output.expr)
    }
}

impl From<&Secret> for Part {
    fn from(secret: &Secret) -> Self {
        Self(Expr::Literal(secret.to_value()))
    }
}

/// What an argument of type `T` was given: a value or an expression.
pub struct Input<T> {
    expr: Expr,
    marker: PhantomData<fn() -> T>,
}

impl<T> Clone for Input<T> {
    fn clone(&self) -> Self {
        Self::of(self.expr.clone())
    }
}

impl<T> fmt::Debug for Input<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expr)
    }
}

impl<T> Input<T> {
    /// Gives an expression a type; the caller vouches for it.
    pub fn of(expr: Expr) -> Self {
        Self { expr, marker: PhantomData }
    }

    /// The expression.
    pub fn into_expr(self) -> Expr {
        self.expr
    }
}

impl<T> From<Input<T>> for Expr {
    fn from(input: Input<T>) -> Self {
        input.expr
    }
}

impl<T> From<Output<T>> for Expr {
    fn from(output: Output<T>) -> Self {
        output.expr
    }
}

impl<T> From<&Output<T>> for Expr {
    fn from(output: &Output<T>) -> Self {
        output.expr.clone()
    }
}

impl<T> From<Input<T>> for Output<T> {
    fn from(input: Input<T>) -> Self {
        Output::of(input.expr)
    }
}

/// What may be given for an argument of type `T`: a `T`, something that obviously becomes one, an output, or the handle of the
/// resource whose id it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not accepted where a `{T}` is wanted",
    label = "wanted: a `{T}`, an `Output<{T}>`, or the handle of the resource whose id that is"
)]
pub trait IntoInput<T> {
    /// As an input.
    fn into_input(self) -> Input<T>;
}

impl<T> IntoInput<T> for Input<T> {
    fn into_input(self) -> Input<T> {
        self
    }
}

impl<T> IntoInput<T> for Output<T> {
    fn into_input(self) -> Input<T> {
        Input::of(self.expr)
    }
}

impl<T> IntoInput<T> for &Output<T> {
    fn into_input(self) -> Input<T> {
        Input::of(self.expr.clone())
    }
}

impl<R: Resource> IntoInput<R::Id> for &Handle<R> {
    fn into_input(self) -> Input<R::Id> {
        Input::of(self.id_expr())
    }
}

/// Implements [`IntoInput`] of a [`Field`] type for itself, by value and by reference. For types of other crates.
#[macro_export]
macro_rules! accepts_itself {
    ($type:ty) => {
        impl $crate::IntoInput<$type> for $type {
            fn into_input(self) -> $crate::Input<$type> {
                $crate::Input::of($crate::Expr::Literal($crate::Field::to_value(&self)))
            }
        }

        impl $crate::IntoInput<$type> for &$type {
            fn into_input(self) -> $crate::Input<$type> {
                $crate::Input::of($crate::Expr::Literal($crate::Field::to_value(self)))
            }
        }
    };
}

/// Implements [`IntoInput`] of a text-like [`Field`] type for itself, `&str`, `String` and `Output<String>`.
#[macro_export]
macro_rules! accepts_text {
    ($type:ty) => {
        $crate::accepts_itself!($type);

        impl $crate::IntoInput<$type> for &str {
            fn into_input(self) -> $crate::Input<$type> {
                $crate::Input::of($crate::Expr::text(self))
            }
        }

        impl $crate::IntoInput<$type> for String {
            fn into_input(self) -> $crate::Input<$type> {
                $crate::Input::of($crate::Expr::text(self))
            }
        }

        impl $crate::IntoInput<$type> for &String {
            fn into_input(self) -> $crate::Input<$type> {
                $crate::Input::of($crate::Expr::text(self.as_str()))
            }
        }

        impl $crate::IntoInput<$type> for $crate::Output<String> {
            fn into_input(self) -> $crate::Input<$type> {
                $crate::Input::of(self.expr().clone())
            }
        }

        impl $crate::IntoInput<$type> for &$crate::Output<String> {
            fn into_input(self) -> $crate::Input<$type> {
                $crate::Input::of(self.expr().clone())
            }
        }
    };
}

/// Declares the id type of a resource: a newtype over text that no other id converts into.
///
/// ```
/// formwork_engine::id! {
///     /// The id of a VPC, such as `vpc-0123456789abcdef0`.
///     pub struct VpcId;
/// }
/// assert_eq!(VpcId::new("vpc-1").as_str(), "vpc-1");
/// ```
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* pub struct $name:ident;) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the id of something that exists already.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl $crate::Field for $name {
            const SHAPE: $crate::Shape = $crate::Shape::Text;
            const RUST: $crate::Rust = $crate::Rust::of::<Self>($crate::Form::New);

            fn to_value(&self) -> $crate::Value {
                $crate::Value::Text(self.0.clone())
            }

            fn from_value(value: &$crate::Value) -> ::std::result::Result<Self, $crate::Mismatch> {
                value.as_text().map(Self::new).ok_or_else(|| $crate::Mismatch::new("an id", value))
            }
        }

        $crate::accepts_itself!($name);
    };
}

accepts_itself!(bool);
accepts_itself!(i32);
accepts_itself!(i64);
accepts_itself!(u16);
accepts_itself!(u32);

impl IntoInput<String> for String {
    fn into_input(self) -> Input<String> {
        Input::of(Expr::text(self))
    }
}

impl IntoInput<String> for &String {
    fn into_input(self) -> Input<String> {
        Input::of(Expr::text(self.as_str()))
    }
}

impl IntoInput<String> for &str {
    fn into_input(self) -> Input<String> {
        Input::of(Expr::text(self))
    }
}

impl<T: Field> IntoInput<Secret<T>> for Secret<T> {
    fn into_input(self) -> Input<Secret<T>> {
        Input::of(Expr::Literal(self.to_value()))
    }
}

impl<T: Field> IntoInput<Secret<T>> for &Secret<T> {
    fn into_input(self) -> Input<Secret<T>> {
        Input::of(Expr::Literal(self.to_value()))
    }
}

impl IntoInput<Secret<String>> for Output<String> {
    fn into_input(self) -> Input<Secret<String>> {
        Input::of(Expr::Secret(Box::new(self.expr)))
    }
}

impl IntoInput<Secret<String>> for &Output<String> {
    fn into_input(self) -> Input<Secret<String>> {
        Input::of(Expr::Secret(Box::new(self.expr.clone())))
    }
}

impl<T> IntoInput<BTreeSet<T>> for Output<Vec<T>> {
    fn into_input(self) -> Input<BTreeSet<T>> {
        Input::of(self.expr)
    }
}

impl<T> IntoInput<BTreeSet<T>> for &Output<Vec<T>> {
    fn into_input(self) -> Input<BTreeSet<T>> {
        Input::of(self.expr.clone())
    }
}

/// The beginning of a physical name: the engine adds `-` and eight random letters and digits, keeps them in the intent, and a
/// replacement can therefore be created before the former one is deleted.
#[derive(Debug, Clone)]
pub struct Prefix(pub String);

/// Says that a name is only a beginning; see [`Prefix`].
pub fn prefix(text: impl Into<String>) -> Prefix {
    Prefix(text.into())
}

/// The entry under which a [`Prefix`] stands in a value.
pub const PREFIX_KEY: &str = "$prefix";
/// How many characters are added to the beginning of a name, the hyphen included.
pub const SUFFIX_LENGTH: usize = 9;

impl IntoInput<Name> for Prefix {
    fn into_input(self) -> Input<Name> {
        Input::of(Expr::Literal(Value::from([(PREFIX_KEY, self.0)])))
    }
}

fn list<T, I: IntoInput<T>>(items: impl IntoIterator<Item = I>) -> Expr {
    Expr::List(items.into_iter().map(|item| item.into_input().expr).collect())
}

impl<T, I: IntoInput<T>, const N: usize> IntoInput<Vec<T>> for [I; N] {
    fn into_input(self) -> Input<Vec<T>> {
        Input::of(list(self))
    }
}

impl<T, I: IntoInput<T>> IntoInput<Vec<T>> for Vec<I> {
    fn into_input(self) -> Input<Vec<T>> {
        Input::of(list(self))
    }
}

impl<T, I: IntoInput<T>, const N: usize> IntoInput<BTreeSet<T>> for [I; N] {
    fn into_input(self) -> Input<BTreeSet<T>> {
        Input::of(list(self))
    }
}

impl<T, I: IntoInput<T>> IntoInput<BTreeSet<T>> for Vec<I> {
    fn into_input(self) -> Input<BTreeSet<T>> {
        Input::of(list(self))
    }
}

fn entries<T, K: IntoInput<String>, V: IntoInput<T>>(items: impl IntoIterator<Item = (K, V)>) -> Expr {
    let entries: Vec<_> = items.into_iter().map(|(k, v)| (k.into_input().expr, v.into_input().expr)).collect();
    let literal: Option<BTreeMap<_, _>> = entries
        .iter()
        .map(|(key, value)| match key {
            Expr::Literal(Value::Text(key)) => Some((key.clone(), value.clone())),
            _ => None,
        })
        .collect();
    literal.map_or(Expr::Entries(entries), Expr::Record)
}

impl<T, K: IntoInput<String>, V: IntoInput<T>, const N: usize> IntoInput<BTreeMap<String, T>> for [(K, V); N] {
    fn into_input(self) -> Input<BTreeMap<String, T>> {
        Input::of(entries(self))
    }
}

impl<T, K: IntoInput<String>, V: IntoInput<T>> IntoInput<BTreeMap<String, T>> for Vec<(K, V)> {
    fn into_input(self) -> Input<BTreeMap<String, T>> {
        Input::of(entries(self))
    }
}

impl<T, V: IntoInput<T>> IntoInput<BTreeMap<String, T>> for BTreeMap<String, V> {
    fn into_input(self) -> Input<BTreeMap<String, T>> {
        Input::of(entries(self))
    }
}
