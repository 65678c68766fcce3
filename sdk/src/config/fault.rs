//! [`Fault`]: one thing wrong in a configuration file, with its key and its place in the text.

use std::fmt;
use std::ops::Range;

/// What is wrong, where.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fault {
    /// The dotted path of the key.
    pub(crate) path: String,
    /// The bytes of the text that it is about.
    pub(crate) span: Option<Range<usize>>,
    /// What is wrong.
    pub(crate) reason: String,
    /// What to do.
    pub(crate) hints: Vec<String>,
}

impl Fault {
    /// A fault without a place.
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::default() }
    }

    /// The same, seen from one level further out; the innermost place wins.
    pub(crate) fn within(mut self, segment: &str, span: &Range<usize>) -> Self {
        self.path = match self.path.as_str() {
            "" => segment.to_owned(),
            rest if rest.starts_with('[') => format!("{segment}{rest}"),
            rest => format!("{segment}.{rest}"),
        };
        self.span.get_or_insert_with(|| span.clone());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.reason)
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self { path: field.to_owned(), ..Self::new("this key is required and missing") }
    }
}
