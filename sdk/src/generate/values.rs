//! Values as expressions: what setters and constructors really take.

use formwork_engine::compare::Comparison;
use formwork_engine::digest::Digester;
use formwork_engine::{ArgSchema, Form, Rust, Schema, Shape, Value};

use super::layout::{Code, quoted, raw};
use super::policy;
use super::references::References;

/// Writes values, with what may be referred to.
pub(super) struct Writer<'a> {
    pub(super) references: &'a References,
}

impl Writer<'_> {
    /// `ec2::Vpc::builder()…build()`.
    pub(super) fn builder(&self, schema: &Schema, args: &Value) -> Code {
        self.chain(&path((schema.rust)()), schema.args, args)
    }

    pub(super) fn chain(&self, path: &str, args: &[ArgSchema], value: &Value) -> Code {
        let twice = |arg: &ArgSchema| arg.instead_of.is_some_and(|other| !value.get(other).is_null());
        let given = args.iter().filter(|arg| !is_default(arg, value.get(arg.name)) && !twice(arg));
        let mut calls: Vec<(String, Vec<Code>)> = given
            .filter_map(|arg| Some((arg.name.to_owned(), vec![self.value(&arg.shape, arg.rust, value.get(arg.name))?])))
            .collect();
        calls.push(("build".to_owned(), Vec::new()));
        Code::Chain(format!("{path}::builder()"), calls)
    }

    /// `None` where there is nothing to give: an absent option, a secret.
    fn value(&self, shape: &Shape, rust: Rust, value: &Value) -> Option<Code> {
        match (shape, value) {
            (_, Value::Null | Value::Secret(_) | Value::Digest(_) | Value::Unknown(_)) | (Shape::Secret(_), _) => None,
            (Shape::Optional(inner), value) => self.value(inner, rust, value),
            (Shape::List(inner) | Shape::Set(inner), Value::List(items)) => {
                let items: Vec<Code> = items.iter().filter_map(|item| self.value(inner, rust, item)).collect();
                Some(if items.is_empty() { empty(&path((rust.path)())) } else { Code::Array(items) })
            }
            (Shape::Map(inner), Value::Map(entries)) => {
                let entries = entries.iter().filter_map(|(key, value)| {
                    Some(Code::Tuple(vec![Code::Atom(quoted(key)), self.value(inner, rust, value)?]))
                });
                let entries: Vec<Code> = entries.collect();
                let nothing = || empty(&format!("(String, {})", path((rust.path)())));
                Some(if entries.is_empty() { nothing() } else { Code::Array(entries) })
            }
            (Shape::Block(fields), value) => self.block(fields, rust, value),
            (Shape::Json, Value::Text(text)) => Some(self.document(text)),
            (_, Value::Bool(truth)) => Some(Code::Atom(truth.to_string())),
            (_, Value::Int(number)) => Some(Code::Atom(number.to_string())),
            (_, Value::Text(text)) => self.text(rust, text),
            // A value of another shape than its schema's: reading would have failed.
            (_, Value::List(_) | Value::Map(_)) => None,
        }
    }

    fn text(&self, rust: Rust, text: &str) -> Option<Code> {
        if let Form::Choice(variants) = rust.form {
            let (_, variant) = variants.iter().find(|(word, _)| *word == text)?;
            return Some(Code::Atom(format!("{}::{variant}", path((rust.path)()))));
        }
        if let Some(reference) = self.references.of(rust, text) {
            return Some(reference);
        }
        Some(Code::Atom(match rust.form {
            Form::New => format!("{}::new({})", path((rust.path)()), quoted(text)),
            _ => quoted(text),
        }))
    }

    fn block(&self, fields: &[ArgSchema], rust: Rust, value: &Value) -> Option<Code> {
        let path = path((rust.path)());
        let Form::Alternatives(entry, alternatives) = rust.form else {
            return Some(self.chain(&path, fields, value));
        };
        let word = value.get(entry).as_text()?;
        let alternative = alternatives.iter().find(|alternative| alternative.word == word)?;
        let args = alternative.fields.iter().map(|name| {
            let field = fields.iter().find(|field| field.name == *name)?;
            self.value(&field.shape, field.rust, value.get(name))
        });
        Some(Code::Call(format!("{path}::{}", alternative.constructor), args.collect::<Option<_>>()?))
    }

    /// A policy in typed statements where those can say it, and otherwise the text.
    fn document(&self, text: &str) -> Code {
        let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else {
            return Code::Atom(quoted(text));
        };
        policy::document(&json, self.references).unwrap_or_else(|| Code::Atom(raw(&json.to_string())))
    }
}

/// Whether leaving an argument out says the same.
fn is_default(arg: &ArgSchema, value: &Value) -> bool {
    let digester = Digester::new("");
    let default = arg.default.map(|default| default());
    value.is_null()
        || arg.write_only
        || default.is_some_and(|default| Comparison::new(&digester).same_arg(arg, &default, value))
}

/// An empty list of a type: `[]` alone has none.
fn empty(of: &str) -> Code {
    Code::Atom(format!("Vec::<{of}>::new()"))
}

/// A type as the prelude names it: `ec2::VpcId` of `formwork_aws::ec2::vpc::VpcId`.
pub(super) fn path(whole: &str) -> String {
    // What an ARN is the ARN of follows from the argument.
    let plain = whole.split('<').next().unwrap_or(whole);
    let parts: Vec<&str> = plain.split("::").collect();
    match parts[..] {
        ["formwork_aws", service, .., name] if service != "arn" => format!("{service}::{name}"),
        [.., name] => name.to_owned(),
        [] => String::new(),
    }
}
