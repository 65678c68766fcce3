//! The edges that types ask for by themselves: orders which no argument shows.

use std::collections::{BTreeMap, BTreeSet};

use super::{BUILT_IN, GraphEdge, NodeId};
use crate::expr::{Expr, Outputs, json_text};
use crate::program::{Declaration, Program};
use crate::shape::{After, Link};
use crate::urn::Urn;
use crate::value::{Unknown, Value};

/// What an argument leads to: a resource (whichever of its outputs is named) or a literal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Anchor<'a> {
    Resource(&'a Urn),
    Literal(String),
}

/// A rule of one kind of second resources about one kind of first ones, with the first ones indexed by what they must share.
struct Firsts<'a> {
    all: Vec<&'a Declaration>,
    by_anchor: BTreeMap<Anchor<'a>, Vec<&'a Declaration>>,
}

/// Adds the edges of all rules. References must be free of cycles.
pub(super) fn add_edges(program: &Program, index: &BTreeMap<Urn, NodeId>, edges: &mut [BTreeSet<GraphEdge>]) {
    let mut by_kind: BTreeMap<(&str, &str), Vec<&Declaration>> = BTreeMap::new();
    for resource in program.resources.values() {
        by_kind.entry((resource.schema.kind, &resource.options.provider.0)).or_default().push(resource);
    }
    for ((_, provider), seconds) in &by_kind {
        // All of a kind have the same schema.
        let Some(schema) = seconds.first().map(|second| second.schema) else { continue };
        for rule in schema.after {
            let firsts = by_kind.get(&(rule.kind, *provider)).map(Vec::as_slice).unwrap_or_default();
            let firsts = collect(program, rule, firsts);
            for second in seconds.iter().filter(|second| literal_is(program, second, rule.where_mine)) {
                for first in linked(program, rule, &firsts, second) {
                    if first.urn != second.urn {
                        let edge = GraphEdge { to: index[&first.urn], field: BUILT_IN.to_owned(), output: None };
                        let edges = &mut edges[index[&second.urn]];
                        // An edge that the program made says the same and more.
                        if !edges.iter().any(|known| known.to == edge.to) {
                            edges.insert(edge);
                        }
                    }
                }
            }
        }
    }
}

fn collect<'a>(program: &'a Program, rule: &After, candidates: &[&'a Declaration]) -> Firsts<'a> {
    let all: Vec<&Declaration> =
        candidates.iter().copied().filter(|first| literal_is(program, first, rule.where_theirs)).collect();
    let mut by_anchor: BTreeMap<Anchor, Vec<&Declaration>> = BTreeMap::new();
    let path = match &rule.link {
        Link::Any => None,
        Link::Shared(pairs) => pairs.first().map(|(_, theirs)| *theirs),
        Link::Named { theirs, .. } => Some(*theirs),
    };
    if let Some(path) = path {
        for first in &all {
            for anchor in anchors(program, first, path) {
                by_anchor.entry(anchor).or_default().push(first);
            }
        }
    }
    Firsts { all, by_anchor }
}

fn linked<'a>(
    program: &'a Program,
    rule: &After,
    firsts: &Firsts<'a>,
    second: &'a Declaration,
) -> Vec<&'a Declaration> {
    let at = |anchor: &Anchor| -> Vec<&'a Declaration> { firsts.by_anchor.get(anchor).cloned().unwrap_or_default() };
    match &rule.link {
        Link::Any => firsts.all.clone(),
        Link::Named { format, .. } => match filled(program, format, second) {
            Some(text) => at(&Anchor::Literal(text)),
            None => Vec::new(),
        },
        Link::Shared(pairs) => {
            let Some((mine, _)) = pairs.first() else { return Vec::new() };
            let shared: BTreeMap<&Urn, &Declaration> =
                anchors(program, second, mine).iter().flat_map(at).map(|first| (&first.urn, first)).collect();
            let meets = |first: &Declaration| {
                pairs[1..].iter().all(|(mine, theirs)| {
                    let theirs = anchors(program, first, theirs);
                    anchors(program, second, mine).iter().any(|anchor| theirs.contains(anchor))
                })
            };
            shared.into_values().filter(|first| meets(first)).collect()
        }
    }
}

/// What a path such as `subnet.vpc` of a resource leads to.
fn anchors<'a>(program: &'a Program, resource: &'a Declaration, path: &str) -> BTreeSet<Anchor<'a>> {
    let (argument, rest) = path.split_once('.').map_or((path, None), |(argument, rest)| (argument, Some(rest)));
    let Some(expr) = resource.args.get(argument) else { return BTreeSet::new() };
    let mut found = BTreeSet::new();
    match rest {
        None => {
            found.extend(expr.references().into_iter().map(Anchor::Resource));
            literals(program, expr, &mut found);
        }
        Some(rest) => {
            for urn in expr.references() {
                if let Some(next) = program.resources.get(urn) {
                    found.extend(anchors(program, next, rest));
                }
            }
        }
    }
    found
}

fn literals<'a>(program: &Program, expr: &Expr, into: &mut BTreeSet<Anchor<'a>>) {
    match expr {
        Expr::List(items) => items.iter().for_each(|item| literals(program, item, into)),
        Expr::Literal(Value::List(items)) => {
            into.extend(items.iter().filter(|item| !item.has_secret()).map(|item| Anchor::Literal(text(item))));
        }
        other => into.extend(known_text(program, other).map(Anchor::Literal)),
    }
}

fn literal_is(program: &Program, resource: &Declaration, wanted: Option<(&str, &str)>) -> bool {
    let Some((argument, wanted)) = wanted else { return true };
    let declared = match resource.args.get(argument) {
        Some(expr) => known_text(program, expr),
        None => resource.schema.arg(argument).and_then(|arg| arg.default).map(|default| text(&default())),
    };
    declared.as_deref() == Some(wanted)
}

fn filled(program: &Program, format: &str, resource: &Declaration) -> Option<String> {
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('{') {
        let (argument, after) = after.split_once('}')?;
        text.push_str(before);
        text.push_str(&known_text(program, resource.args.get(argument)?)?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => json_text(other),
    }
}

/// The text of an expression as far as the program alone says it: literals, and outputs that repeat an argument.
/// `None` for secrets, for names of which only the beginning is declared, and for what the account decides.
pub(super) fn known_text(program: &Program, expr: &Expr) -> Option<String> {
    let value = expr.evaluate(&Echoes { program, depth: 0 }).ok()?;
    let plain = value.is_known() && !value.has_secret() && !value.is_null();
    (plain && crate::compare::name_prefix(&value).is_none()).then(|| text(&value))
}

/// Answers outputs that repeat an argument of their resource.
struct Echoes<'a> {
    program: &'a Program,
    depth: usize,
}

/// So deep an argument may repeat an output that repeats an argument; also the end of references that go in a circle, which are
/// refused later and must not hang before that.
const DEPTH: usize = 16;

impl Outputs for Echoes<'_> {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        let unknown = Value::Unknown(Unknown { expression: String::new(), secret: false });
        let echoed = self.program.resources.get(urn).and_then(|resource| {
            let argument = resource.schema.output(name)?.echoes?;
            resource.args.get(argument)
        });
        match echoed {
            Some(expr) if self.depth < DEPTH => {
                let value = expr
                    .evaluate(&Echoes { program: self.program, depth: self.depth + 1 })
                    .map_err(|error| error.to_string())?;
                Ok(if crate::compare::name_prefix(&value).is_some() { unknown } else { value })
            }
            _ => Ok(unknown),
        }
    }
}
