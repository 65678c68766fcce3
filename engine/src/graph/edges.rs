//! The edges that the program itself makes: references, `depends_on`, `replace_when`.

use std::collections::{BTreeMap, BTreeSet};

use super::{DEPENDS_ON, GraphEdge, NodeId, REPLACE_WHEN, line_of};
use crate::compare::Path;
use crate::error::{Error, Turn};
use crate::expr::Expr;
use crate::program::Program;
use crate::urn::Urn;
use crate::value::Value;

/// Calls `visit` with every output in an expression and the argument path at which it stands.
pub(super) fn visit<'a>(expr: &'a Expr, path: &Path, visit_one: &mut dyn FnMut(&Path, &'a Urn, &'a str)) {
    match expr {
        Expr::Record(fields) => {
            for (name, field) in fields {
                visit(field, &path.name(name), visit_one);
            }
        }
        Expr::List(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, &path.index(index), visit_one);
            }
        }
        Expr::Entries(entries) => {
            for (key, value) in entries {
                visit(key, path, visit_one);
                match key {
                    Expr::Literal(Value::Text(name)) => visit(value, &path.name(name), visit_one),
                    _ => visit(value, path, visit_one),
                }
            }
        }
        other => other.visit_outputs(&mut |urn, output| visit_one(path, urn, output)),
    }
}

/// What comes before a resource or a read by the program's own words.
pub(super) fn declared(
    program: &Program,
    index: &BTreeMap<Urn, NodeId>,
    urn: &Urn,
    errors: &mut Vec<Error>,
) -> BTreeSet<GraphEdge> {
    let mut edges = BTreeSet::new();
    let resource = program.resources.get(urn);
    let args = resource.map(|r| &r.args).or_else(|| program.reads.get(urn).map(|read| &read.args));
    let mut reference = |field: String, to: &Urn, output: &str| match index.get(to) {
        Some(&id) => match wrong_output(program, to, output) {
            Some(reason) => errors.push(mistake(program, index, urn, &field, to, &reason)),
            None => {
                edges.insert(GraphEdge { to: id, field, output: Some(output.to_owned()) });
            }
        },
        None => errors.push(mistake(program, index, urn, &field, to, "which this program does not declare")),
    };
    for (name, expr) in args.into_iter().flatten() {
        visit(expr, &Path::of(name), &mut |path, to, output| reference(path.to_string(), to, output));
    }
    for expr in resource.iter().flat_map(|r| &r.options.replace_when) {
        expr.visit_outputs(&mut |to, output| reference(REPLACE_WHEN.to_owned(), to, output));
    }
    for to in resource.iter().flat_map(|r| &r.options.depends_on) {
        match index.get(to) {
            Some(&id) => {
                edges.insert(GraphEdge { to: id, field: DEPENDS_ON.to_owned(), output: None });
            }
            None => {
                errors.push(mistake(program, index, urn, DEPENDS_ON, to, "which this program does not declare"));
            }
        }
    }
    edges
}

/// Checks that the outputs of the stack refer to something.
pub(super) fn check_exports(program: &Program, index: &BTreeMap<Urn, NodeId>, errors: &mut Vec<Error>) {
    for (name, export) in &program.exports {
        export.expr.visit_outputs(&mut |to, output| {
            let reason = match index.get(to) {
                Some(_) => wrong_output(program, to, output),
                None => Some("which this program does not declare".to_owned()),
            };
            if let Some(reason) = reason {
                let reason = format!("it refers to {}, {reason} ({})", to.path(), export.source);
                errors.push(Error::new(Turn::You, format!("give the output `{name}`"), reason));
            }
        });
    }
}

fn wrong_output(program: &Program, to: &Urn, output: &str) -> Option<String> {
    let schema = program.resources.get(to)?.schema;
    schema.output(output).is_none().then(|| format!("which has no output `{output}`"))
}

fn mistake(program: &Program, index: &BTreeMap<Urn, NodeId>, urn: &Urn, field: &str, to: &Urn, reason: &str) -> Error {
    let reason = format!("`{field}` refers to {}, {reason}", to.path());
    let error = Error::new(Turn::You, "connect", reason).about(urn, line_of(program, urn));
    match nearest(to.as_str(), index.keys().map(Urn::as_str)).first() {
        Some(near) => error.hint(format!("declared is {near}")),
        None => error,
    }
}

/// Up to three of the candidates that read most like a name, best first; none where nothing is near.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = name.chars().count() / 3 + 1;
    let mut near: Vec<(usize, &str)> = candidates
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(far, near)| *far <= limit && *far < near.len())
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
