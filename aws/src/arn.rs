//! [`Arn`]: an Amazon resource name, typed by what it names.

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;

use formwork_engine::{Expr, Field, Form, Input, IntoInput, Mismatch, Part, Rust, Shape, Value};

/// The ARN of an `R`: `Arn<iam::Role>` is not accepted where an `Arn<kms::Key>` is wanted.
pub struct Arn<R> {
    text: String,
    marker: PhantomData<fn() -> R>,
}

impl<R> Arn<R> {
    /// Takes the ARN of something that exists already.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), marker: PhantomData }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part after the last `/` or, without one, after the last `:`: the name in most ARNs.
    pub fn name(&self) -> &str {
        self.text.rsplit(['/', ':']).next().unwrap_or_default()
    }
}

impl<R> Clone for Arn<R> {
    fn clone(&self) -> Self {
        Self::new(self.text.clone())
    }
}

impl<R> PartialEq for Arn<R> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<R> Eq for Arn<R> {}

impl<R> PartialOrd for Arn<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R> Ord for Arn<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl<R> fmt::Display for Arn<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<R> fmt::Debug for Arn<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl<R: 'static> Field for Arn<R> {
    const SHAPE: Shape = Shape::Text;
    const RUST: Rust = Rust::of::<Self>(Form::New);

    fn to_value(&self) -> Value {
        Value::Text(self.text.clone())
    }

    fn from_value(value: &Value) -> Result<Self, Mismatch> {
        value.as_text().map(Self::new).ok_or_else(|| Mismatch::new("an ARN", value))
    }
}

impl<R: 'static> IntoInput<Arn<R>> for Arn<R> {
    fn into_input(self) -> Input<Arn<R>> {
        Input::of(Expr::text(self.text))
    }
}

impl<R: 'static> IntoInput<Arn<R>> for &Arn<R> {
    fn into_input(self) -> Input<Arn<R>> {
        Input::of(Expr::text(self.text.as_str()))
    }
}

impl<R> From<&Arn<R>> for Part {
    fn from(arn: &Arn<R>) -> Self {
        Part::from(arn.as_str())
    }
}

impl<R> From<Arn<R>> for Part {
    fn from(arn: Arn<R>) -> Self {
        Part::from(arn.as_str())
    }
}

/// What may be named by an ARN of any type, such as the resource of a policy statement or the destination of a flow log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anything;
