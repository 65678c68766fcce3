//! [`Rust`]: how a value is written in a program, for code that is generated from what exists.

/// How values of a field type are written in Rust. That of a list, a set, a map, an option or a secret is that of what it holds: the rest is in
/// the [`crate::Shape`].
#[derive(Debug, Clone, Copy)]
pub struct Rust {
    /// The type with its whole path, such as `formwork_aws::ec2::vpc::VpcId`.
    pub path: fn() -> &'static str,
    /// The form of a value.
    pub form: Form,
}

/// The form of a value in Rust.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// A literal, which setters take as it is: a truth value, a number, text.
    Literal,
    /// `VpcId::new("vpc-1")`: a type around text that setters do not take text for.
    New,
    /// `Tenancy::Default`: each word and the variant that stands for it.
    Choice(&'static [(&'static str, &'static str)]),
    /// `LifecycleRule::builder().id("a").build()`.
    Block,
    /// `Encryption::kms(&key)`: the entry of the word, and what there is to choose from.
    Alternatives(&'static str, &'static [Alternative]),
}

/// One of the alternatives of a block.
#[derive(Debug, Clone, Copy)]
pub struct Alternative {
    /// Its word.
    pub word: &'static str,
    /// The function that makes it.
    pub constructor: &'static str,
    /// The fields that the function takes, in its order.
    pub fields: &'static [&'static str],
}

impl Rust {
    /// A type of which values are literals.
    pub const fn literal<T>() -> Self {
        Self::of::<T>(Form::Literal)
    }

    /// A type with values of a form.
    pub const fn of<T>(form: Form) -> Self {
        Self { path: std::any::type_name::<T>, form }
    }
}
