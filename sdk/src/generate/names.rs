//! What resources and variables are called.

use std::collections::BTreeSet;

use formwork_engine::{Shape, Value};

use super::{Existing, generic};

/// Words that cannot be variables, and those that the code uses itself.
const TAKEN: [&str; 46] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "gen", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self",
    "Self", "static", "struct", "super", "trait", "true", "try", "type", "unsafe", "use", "where", "while", "yield",
    "abstract", "final", "stack", "options", "join",
];

/// The longest name: a segment of a urn has 64 characters, and a number may follow.
const LONGEST: usize = 60;

/// The name in the stack and the variable of each.
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    pub(super) fn of(existing: &[Existing<'_>]) -> Self {
        let mut urns: BTreeSet<(String, &str)> = BTreeSet::new();
        let mut variables: BTreeSet<String> = BTreeSet::new();
        let mut names = Vec::new();
        for one in existing {
            let noun = one.schema.kind.rsplit('/').next().unwrap_or(one.schema.kind);
            let base = telling(one).map_or_else(|| noun.to_owned(), |name| segment(&name, noun));
            let name = free(&base, "-", |name| urns.insert((name.to_owned(), one.schema.kind)));
            let plain = variable(&name);
            // Two kinds of one name are told apart by what they are.
            let base = if variables.contains(&plain) { variable(&format!("{name}_{noun}")) } else { plain };
            let variable = free(&base, "_", |name| variables.insert(name.to_owned()));
            names.push((name, variable));
        }
        Self(names)
    }

    /// The name in the stack and the variable of the one at that place.
    pub(super) fn get(&self, index: usize) -> (&str, &str) {
        self.0.get(index).map_or(("", ""), |(name, variable)| (name, variable))
    }
}

/// What people call it: its tag `Name`, or else the name it has in its service.
fn telling(one: &Existing<'_>) -> Option<String> {
    let args = &one.observed.args;
    let tags = one.schema.args.iter().find(|arg| arg.tags).map(|arg| args.get(arg.name).get("Name"));
    let named = one.schema.args.iter().find(|arg| matches!(arg.shape, Shape::Name | Shape::Optional(Shape::Name)));
    let own = || named.and_then(|arg| args.get(arg.name).as_text()).or_else(|| generic::name(*one));
    let name = tags.and_then(Value::as_text).or_else(own)?;
    name.chars().any(|c| c.is_ascii_alphanumeric()).then(|| name.to_owned())
}

/// A text as the segment of a urn.
fn segment(text: &str, noun: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "._+=@-".contains(c) { c } else { '-' };
    let mut segment = String::new();
    for c in text.chars().map(allowed) {
        if c != '-' || !segment.ends_with('-') {
            segment.push(c);
        }
    }
    let segment: String = segment.trim_matches('-').chars().take(LONGEST).collect();
    if segment.is_empty() { noun.to_owned() } else { segment.trim_end_matches('-').to_owned() }
}

/// A name as a variable or a function.
pub(super) fn variable(name: &str) -> String {
    let mut variable = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => variable.extend(c.to_lowercase()),
            _ if !variable.is_empty() && !variable.ends_with('_') => variable.push('_'),
            _ => {}
        }
    }
    let variable = variable.trim_end_matches('_');
    match variable.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("the_{variable}"),
        None => "it".to_owned(),
        Some(_) if TAKEN.contains(&variable) => format!("the_{variable}"),
        Some(_) => variable.to_owned(),
    }
}

/// The first of `base`, `base-2`, `base-3` … that can be taken.
fn free(base: &str, between: &str, mut take: impl FnMut(&str) -> bool) -> String {
    let numbered = (2_u32..).map(|number| format!("{base}{between}{number}"));
    std::iter::once(base.to_owned()).chain(numbered).find(|name| take(name)).unwrap_or_else(|| base.to_owned())
}
