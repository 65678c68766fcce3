//! Rust code that declares what exists: from schemas and what was read to text. Pure; nothing here calls or prints.
//!
//! The code is a function over a [`crate::Stack`]. Each resource gets every argument that differs from its default, and the option `import`
//! with its id: the first run of a stack that calls the function takes everything over, writes the ownership tags and changes nothing else.
//! Where an argument is the id or the ARN of another resource of the same call, the code passes that one's handle or output.
//!
//! ```text
//! let main = ec2::Vpc::builder().cidr_block("10.0.0.0/16").build();
//! let main = stack.add_with("main", main, options().import("vpc-1"));
//! let private = ec2::Subnet::builder().vpc(&main).cidr_block("10.0.1.0/24").build();
//! stack.add_with("private", private, options().import("subnet-1"));
//! ```

mod generic;
mod layout;
mod names;
mod policy;
mod references;
mod values;

use std::collections::BTreeSet;

use formwork_engine::kind::Observed;
use formwork_engine::{ArgSchema, Schema, Shape};

use crate::render::wrapped;
use layout::{Code, statement};
use names::Names;
use references::References;
use values::Writer;

/// A resource that exists.
#[derive(Debug, Clone, Copy)]
pub struct Existing<'a> {
    /// Its type.
    pub schema: &'static Schema,
    /// Its id.
    pub id: &'a str,
    /// What was read of it.
    pub observed: &'a Observed,
}

/// Code, and what it declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The text, ready to be a file.
    pub code: String,
    /// The resources in the order of the code: path in the stack, kind, id.
    pub declared: Vec<(String, String, String)>,
}

/// Writes the code of these. Those that others refer to come first; otherwise their order is kept.
///
/// `component`, where it is given, must be a segment of a urn.
pub fn generate(existing: &[Existing<'_>], component: Option<&str>) -> Generated {
    let names = Names::of(existing);
    let order = references::order(existing);
    let used = references::used(existing);
    let indent = if component.is_some() { 8 } else { 4 };
    let mut references = References::default();
    let (mut body, mut declared) = (String::new(), Vec::new());
    for index in order {
        let one = existing[index];
        let (name, variable) = names.get(index);
        let writer = Writer { references: &references };
        let builder = match generic::is(one) {
            true => generic::builder(one, &references),
            false => writer.builder(one.schema, &one.observed.args),
        };
        body.push_str(&remarks(one, indent));
        body.push_str(&statement(indent, Some(variable), builder));
        let id = layout::quoted(one.id);
        let add = Code::Chain(
            "stack".to_owned(),
            vec![(
                "add_with".to_owned(),
                vec![
                    Code::Atom(layout::quoted(name)),
                    Code::Atom(variable.to_owned()),
                    Code::Atom(format!("options().import({id})")),
                ],
            )],
        );
        body.push_str(&statement(indent, Some(variable).filter(|_| used.contains(&index)), add));
        references.add(one, variable);
        let path = component.map_or_else(|| name.to_owned(), |component| format!("{component}/{name}"));
        declared.push((path, one.schema.kind.to_owned(), one.id.to_owned()));
    }
    let function = component.map_or_else(|| "existing".to_owned(), names::variable);
    let body = match component {
        Some(component) => {
            format!("    stack.component({}, |stack| {{\n{body}    }});\n", layout::quoted(component))
        }
        None => body,
    };
    let doc = "/// What exists already: the first run takes it over by its ids, and writes whose it is.";
    let code = format!("use formwork::prelude::*;\n\n{doc}\npub fn {function}(stack: &mut Stack) {{\n{body}}}\n");
    Generated { code, declared }
}

/// What the code cannot say of a resource, as comments.
fn remarks(one: Existing<'_>, indent: usize) -> String {
    let mut untold = Untold::default();
    let mut remarks = Vec::new();
    match generic::is(one) {
        true => remarks.extend(generic::REMARKS.map(str::to_owned)),
        false => untold.look(one.schema.args, ""),
    }
    for (path, required) in &untold.secrets {
        let when = if *required { "it must be given" } else { "give it where it is to be managed" };
        remarks.push(format!("`{path}` is a secret, which AWS does not tell: {when}."));
    }
    if !untold.unread.is_empty() {
        let names: Vec<String> = untold.unread.iter().map(|path| format!("`{path}`")).collect();
        remarks.push(format!("AWS does not tell {}: the code leaves it out.", names.join(", ")));
    }
    for (name, reason) in &one.observed.unreadable {
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        remarks.push(format!("`{name}` could not be read, and is not given: {reason}"));
    }
    let prefix = format!("{}// ", " ".repeat(indent));
    remarks.iter().map(|remark| format!("{}\n", wrapped(remark, layout::WIDTH, &prefix, &prefix))).collect()
}

/// The arguments that reading does not show.
#[derive(Default)]
struct Untold {
    /// Secrets, and whether they must be there.
    secrets: Vec<(String, bool)>,
    unread: BTreeSet<String>,
}

impl Untold {
    fn look(&mut self, args: &[ArgSchema], at: &str) {
        for arg in args {
            let path = format!("{at}{}", arg.name);
            match &arg.shape {
                shape if is_secret(shape) => self.secrets.push((path, arg.required)),
                _ if arg.write_only => drop(self.unread.insert(path)),
                Shape::Block(fields) | Shape::Optional(Shape::Block(fields)) => self.look(fields, &format!("{path}.")),
                _ => {}
            }
        }
    }
}

fn is_secret(shape: &Shape) -> bool {
    match shape {
        Shape::Secret(_) => true,
        Shape::Optional(inner) | Shape::List(inner) | Shape::Set(inner) | Shape::Map(inner) => is_secret(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
