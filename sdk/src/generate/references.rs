//! Which argument is another resource's id or ARN.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::{ArgSchema, Form, OutputSchema, Rust, Shape, Value};

use super::layout::{Code, quoted};
use super::{Existing, generic};

/// The outputs of resources that were declared already, by type and text.
#[derive(Default)]
pub(super) struct References {
    typed: BTreeMap<(&'static str, String), String>,
    arns: BTreeMap<String, String>,
}

impl References {
    pub(super) fn add(&mut self, one: Existing<'_>, variable: &str) {
        for (index, (output, text)) in telling(one).into_iter().enumerate() {
            // The handle stands for the id.
            let whole = format!("&{variable}.{}", output.name);
            let code = if output.name == "id" && index == 0 { format!("&{variable}") } else { whole.clone() };
            self.typed.entry(((output.rust.path)(), text.clone())).or_insert(code);
            if text.starts_with("arn:") {
                self.arns.entry(text).or_insert(whole);
            }
        }
    }

    /// The expression of an argument that is the output of another resource.
    pub(super) fn of(&self, rust: Rust, text: &str) -> Option<Code> {
        self.typed.get(&((rust.path)(), text.to_owned())).map(|code| Code::Atom(code.clone()))
    }

    /// The expression of a text of which no type is known: an ARN, what follows one, or an id that AWS has made.
    pub(super) fn anything(&self, text: &str) -> Option<Code> {
        if minted(text) {
            let found = self.typed.iter().find(|((_, known), _)| known == text);
            return found.map(|(_, code)| Code::Atom(code.clone()));
        }
        match self.pattern(text) {
            Code::Atom(code) if code.starts_with('"') => None,
            code => Some(code),
        }
    }

    /// The expression of text in a policy: an ARN, or what follows one.
    pub(super) fn pattern(&self, text: &str) -> Code {
        if let Some(code) = self.arns.get(text) {
            return Code::Atom(code.clone());
        }
        let longest = self
            .arns
            .iter()
            .filter(|(arn, _)| text.strip_prefix(arn.as_str()).is_some_and(|rest| rest.starts_with(['/', ':'])));
        match longest.max_by_key(|(arn, _)| arn.len()) {
            Some((arn, code)) => {
                let rest = quoted(&text[arn.len()..]);
                Code::Atom(format!("join([({code}).into(), {rest}.into()])"))
            }
            None => Code::Atom(quoted(text)),
        }
    }
}

/// The outputs that identify a resource: those of a type of their own, and ARNs. Other text may be equal by chance.
fn telling(one: Existing<'_>) -> Vec<(&'static OutputSchema, String)> {
    let own = |output: &&OutputSchema| matches!(output.rust.form, Form::New) || output.name == "arn";
    let plain = |output: &&OutputSchema| {
        !matches!(output.shape, Shape::Optional(_) | Shape::List(_) | Shape::Set(_) | Shape::Map(_))
    };
    let outputs = one.schema.outputs.iter().filter(own).filter(plain);
    outputs
        .filter_map(|output| {
            let text = one.observed.outputs.get(output.name).as_text().filter(|text| !text.is_empty())?;
            Some((output, text.to_owned()))
        })
        .collect()
}

/// Whether a text can be nothing but an id that AWS has made: `sg-0123456789abcdef0`. A name may be equal to another one by chance.
fn minted(text: &str) -> bool {
    let Some((sort, number)) = text.rsplit_once('-') else { return false };
    let hexadecimal = number.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    !sort.is_empty() && sort.chars().all(|c| c.is_ascii_lowercase() || c == '-') && number.len() >= 8 && hexadecimal
}

/// The order of the code: what is referred to first, otherwise as it was given. Two that refer to each other keep their order, and the first
/// one's reference stays a literal.
pub(super) fn order(existing: &[Existing<'_>]) -> Vec<usize> {
    let needs: Vec<BTreeSet<usize>> = needs(existing);
    let mut order: Vec<usize> = Vec::new();
    let mut open: Vec<usize> = (0..existing.len()).collect();
    while !open.is_empty() {
        let free = open.iter().position(|index| needs[*index].iter().all(|other| order.contains(other)));
        order.push(open.remove(free.unwrap_or(0)));
    }
    order
}

/// The resources that others, which come after them, refer to.
pub(super) fn used(existing: &[Existing<'_>]) -> BTreeSet<usize> {
    let (order, needs) = (order(existing), needs(existing));
    let place = |index: &usize| order.iter().position(|one| one == index);
    let pairs = needs.iter().enumerate().flat_map(|(index, needed)| needed.iter().map(move |other| (index, *other)));
    pairs.filter(|(index, other)| place(other) < place(index)).map(|(_, other)| other).collect()
}

fn needs(existing: &[Existing<'_>]) -> Vec<BTreeSet<usize>> {
    let tells: Vec<Vec<(&'static OutputSchema, String)>> = existing.iter().map(|one| telling(*one)).collect();
    let of = |index: usize, one: &Existing<'_>| {
        let mut found = BTreeSet::new();
        let generic = generic::is(*one);
        texts(one.schema.args, &one.observed.args, &mut |rust, text, document| {
            for (other, told) in tells.iter().enumerate().filter(|(other, _)| *other != index) {
                let same = told.iter().any(|(output, value)| match document {
                    true if generic && minted(value) => text.contains(&format!("\"{value}\"")),
                    true => value.starts_with("arn:") && text.contains(&format!("\"{value}")),
                    false => value == text && (output.rust.path)() == (rust.path)(),
                });
                if same {
                    found.insert(other);
                }
            }
        });
        found
    };
    existing.iter().enumerate().map(|(index, one)| of(index, one)).collect()
}

/// Every text in the arguments, with its type and whether it is a document.
fn texts(args: &[ArgSchema], value: &Value, tell: &mut dyn FnMut(Rust, &str, bool)) {
    for arg in args {
        within(&arg.shape, arg.rust, value.get(arg.name), tell);
    }
}

fn within(shape: &Shape, rust: Rust, value: &Value, tell: &mut dyn FnMut(Rust, &str, bool)) {
    match (shape, value) {
        (Shape::Secret(_), _) => {}
        (Shape::Block(fields), value) => texts(fields, value, tell),
        (Shape::Optional(inner) | Shape::List(inner) | Shape::Set(inner) | Shape::Map(inner), value) => match value {
            Value::List(items) => items.iter().for_each(|item| within(inner, rust, item, tell)),
            Value::Map(entries) if matches!(shape, Shape::Map(_)) => {
                entries.values().for_each(|item| within(inner, rust, item, tell));
            }
            value => within(inner, rust, value, tell),
        },
        (shape, Value::Text(text)) => tell(rust, text, matches!(shape, Shape::Json)),
        _ => {}
    }
}
