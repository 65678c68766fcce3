//! From the recorded argument of a row back to an expression.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Computed;
use crate::compare::{Path, holds_digest};
use crate::digest::Digester;
use crate::expr::{Expr, Mapped};
use crate::program::stack_of;
use crate::record::{Edge, Formula, Row, Stored};
use crate::seal::Sealer;
use crate::state::Snapshot;
use crate::urn::{SourceLine, Urn};
use crate::value::Value;

/// What one argument is revived from.
pub(super) struct Reviving<'a> {
    /// The argument, for what is told of it.
    pub(super) number: u64,
    pub(super) then: &'a Snapshot,
    /// The edges of the row; none for an output of the stack.
    pub(super) edges: &'a [Edge],
    pub(super) digester: Digester,
    pub(super) sealer: Option<&'a Sealer>,
    /// Where it was declared.
    pub(super) source: &'a SourceLine,
    /// The outputs of other stacks that were met.
    pub(super) stacks: BTreeSet<Urn>,
    /// What was met that only its value is known of.
    pub(super) computed: Vec<Computed>,
}

/// A reference of then, as it can be made now.
enum Reference {
    /// To something that is declared.
    To(Urn),
    /// To an answer that is recorded.
    Known(Value),
    /// To something of which nothing is recorded.
    Lost,
}

impl Reviving<'_> {
    /// A recorded value; secrets that are kept sealed are opened where there is a key.
    pub(super) fn value(&self, stored: &Stored) -> Value {
        self.sealer.and_then(|sealer| stored.opened(sealer).ok()).unwrap_or_else(|| stored.to_value())
    }

    /// The expression of a formula at a path, of which the value was this.
    pub(super) fn formula(&mut self, formula: &Formula, path: &Path, was: &Value) -> Expr {
        match (formula, was) {
            (Formula::Value(stored), _) => Expr::Literal(self.value(stored)),
            (Formula::Record(fields), _) => {
                let field = |(name, formula): (&String, &Formula)| {
                    (name.clone(), self.formula(formula, &path.name(name), was.get(name)))
                };
                Expr::Record(fields.iter().map(field).collect())
            }
            (Formula::List(items), Value::List(list)) if items.len() == list.len() => {
                let items = items.iter().zip(list).enumerate();
                Expr::List(items.map(|(index, (item, was))| self.formula(item, &path.index(index), was)).collect())
            }
            (Formula::Entries(entries), Value::Map(_)) if entries.iter().all(|(key, _)| key_text(key).is_some()) => {
                let entry = |(key, formula): &(Formula, Formula)| {
                    let name = key_text(key).unwrap_or_default();
                    let expr = self.formula(formula, &path.name(&name), was.get(&name));
                    (Expr::text(name), expr)
                };
                Expr::Entries(entries.iter().map(entry).collect())
            }
            _ => match self.pure(formula, path) {
                Some(expr) => expr,
                None => self.computed(formula, path, was),
            },
        }
    }

    /// The expression, where every part of it is known for what it is.
    fn pure(&mut self, formula: &Formula, path: &Path) -> Option<Expr> {
        let boxed = |expr: Option<Expr>| expr.map(Box::new);
        Some(match formula {
            Formula::Value(stored) => match self.value(stored) {
                // What is made of a digest is no value.
                value if holds_digest(&value) => return None,
                value => Expr::Literal(value),
            },
            Formula::Output { urn, name } => match self.reference(urn, name, path) {
                Reference::To(urn) => Expr::Output { urn, name: name.clone() },
                Reference::Known(value) => Expr::Literal(value),
                Reference::Lost => return None,
            },
            Formula::List(items) => Expr::List(self.all(items, path)?),
            Formula::Join(parts) => Expr::Join(self.all(parts, path)?),
            Formula::Record(fields) => {
                let field = |(name, it): (&String, &Formula)| Some((name.clone(), self.pure(it, &path.name(name))?));
                Expr::Record(fields.iter().map(field).collect::<Option<_>>()?)
            }
            Formula::Entries(entries) => {
                let entry = |(key, value): &(Formula, Formula)| Some((self.pure(key, path)?, self.pure(value, path)?));
                Expr::Entries(entries.iter().map(entry).collect::<Option<_>>()?)
            }
            Formula::At(list, index) => Expr::At(boxed(self.pure(list, path))?, *index),
            Formula::Field(map, name) => Expr::Field(boxed(self.pure(map, path))?, name.clone()),
            Formula::Json(inner) => Expr::Json(boxed(self.pure(inner, path))?),
            Formula::Secret(inner) => Expr::Secret(boxed(self.pure(inner, path))?),
            Formula::Map { .. } => return None,
        })
    }

    fn all(&mut self, formulas: &[Formula], path: &Path) -> Option<Vec<Expr>> {
        formulas.iter().map(|formula| self.pure(formula, path)).collect()
    }

    /// What was made of outputs in a way that is not kept: the value of then, while the outputs are those of then.
    fn computed(&mut self, formula: &Formula, path: &Path, was: &Value) -> Expr {
        let mut reads: Vec<(Urn, String)> = Vec::new();
        let mut places = BTreeSet::new();
        visit(formula, &mut |met| match met {
            Met::Closure(place) => drop(places.insert(place.to_string())),
            Met::Output(urn, name) => {
                if let Reference::To(urn) = self.reference(urn, name, path)
                    && !reads.iter().any(|read| read.0 == urn && read.1 == *name)
                {
                    reads.push((urn, name.to_owned()));
                }
            }
        });
        let place = places.into_iter().collect::<Vec<_>>().join(", ");
        let place = if place.is_empty() { "something that is not recorded".to_owned() } else { place };
        self.remembered(reads, place, was)
    }

    /// A value that holds while outputs are what they were.
    pub(super) fn remembered(&mut self, reads: Vec<(Urn, String)>, place: String, was: &Value) -> Expr {
        if reads.is_empty() {
            return Expr::Literal(was.clone());
        }
        let outputs = |(urn, name): &(Urn, String)| Expr::Output { urn: urn.clone(), name: name.clone() };
        let input = Expr::List(reads.iter().map(outputs).collect());
        // Of another stack's outputs nothing was kept: they count as what they were.
        let then: Vec<Option<Value>> =
            reads.iter().map(|(urn, name)| Some(self.then.live(urn)?.outputs.to_value().get(name).clone())).collect();
        let names: Vec<String> = reads.iter().map(|(urn, name)| format!("{}.{name}", urn.path())).collect();
        let (digester, was, number, told) = (self.digester.clone(), was.clone(), self.number, place.clone());
        let function = move |now: &Value| {
            let now = now.as_list().unwrap_or_default();
            let moved = then
                .iter()
                .zip(now)
                .position(|(then, now)| then.as_ref().is_some_and(|then| digester.seal(now) != digester.seal(then)));
            match moved.and_then(|index| names.get(index)) {
                None => Ok(was.clone()),
                Some(name) => {
                    Err(format!("it went through {told}, and {name} is not what it was in deployment {number}"))
                }
            }
        };
        self.computed.push(Computed { place, reads });
        Expr::Map(Mapped {
            input: Box::new(input),
            function: Arc::new(function),
            place: self.source.clone(),
            types: "as recorded",
        })
    }

    /// What a reference of then leads to.
    fn reference(&mut self, urn: &Urn, name: &str, path: &Path) -> Reference {
        if stack_of(urn).is_some() {
            self.stacks.insert(urn.clone());
            return Reference::To(urn.clone());
        }
        if let Some(pin) = self.then.pins().get(urn) {
            return match self.value(&pin.outputs).as_map().and_then(|map| map.get(name)) {
                Some(value) => Reference::Known(value.clone()),
                None => Reference::Lost,
            };
        }
        let field = path.to_string();
        let ours: Vec<&Edge> =
            self.edges.iter().filter(|edge| edge.output.as_deref() == Some(name) && edge.field == field).collect();
        let row = self.then.live(urn);
        // Something else may have been called so meanwhile: the edge tells which one was meant.
        if let Some(row) = row.filter(|row| self.edges.is_empty() || ours.iter().any(|edge| edge.to == row.uid)) {
            return Reference::To(row.urn.clone());
        }
        let renamed: BTreeSet<&Urn> =
            ours.iter().filter_map(|edge| living(self.then, edge)).map(|row| &row.urn).collect();
        match renamed.into_iter().collect::<Vec<_>>().as_slice() {
            [one] => Reference::To((*one).clone()),
            _ => Reference::Lost,
        }
    }

    /// The expression of an argument of a row from before formulas were kept: where an edge begins at a place of which the value is that of the
    /// output, a reference; where it is not, something that was made of it.
    pub(super) fn by_edges(&mut self, path: &Path, was: &Value) -> Expr {
        let field = path.to_string();
        let here: Vec<&Edge> = self.edges.iter().filter(|edge| edge.field == field).collect();
        if !here.is_empty() {
            let mut reads = Vec::new();
            for edge in here {
                let (Some(row), Some(output)) = (living(self.then, edge), &edge.output) else { continue };
                let read = (row.urn.clone(), output.clone());
                if *row.outputs.to_value().get(output) == self.digester.seal(was) {
                    return Expr::Output { urn: read.0, name: read.1 };
                }
                reads.push(read);
            }
            return self.remembered(reads, "something that was not recorded yet".to_owned(), was);
        }
        let deeper = |edge: &Edge| edge.field.starts_with(&field) && edge.field != field;
        match was {
            Value::Map(map) if self.edges.iter().any(deeper) => {
                let fields = map.iter().map(|(name, was)| (name.clone(), self.by_edges(&path.name(name), was)));
                Expr::Record(fields.collect::<BTreeMap<_, _>>())
            }
            Value::List(list) if self.edges.iter().any(deeper) => {
                let items = list.iter().enumerate();
                Expr::List(items.map(|(index, was)| self.by_edges(&path.index(index), was)).collect())
            }
            other => Expr::Literal(other.clone()),
        }
    }
}

/// The row that an edge leads to.
pub(super) fn living<'a>(then: &'a Snapshot, edge: &Edge) -> Option<&'a Row> {
    then.rows_by_uid(&edge.to).last()
}

fn key_text(key: &Formula) -> Option<String> {
    match key {
        Formula::Value(stored) => stored.to_value().as_text().map(str::to_owned),
        _ => None,
    }
}

/// What a formula is made of beside values.
enum Met<'a> {
    /// An output of something.
    Output(&'a Urn, &'a str),
    /// A closure.
    Closure(&'a SourceLine),
}

/// Calls `meet` with every output and every closure.
fn visit<'a>(formula: &'a Formula, meet: &mut dyn FnMut(Met<'a>)) {
    match formula {
        Formula::Value(_) => {}
        Formula::Output { urn, name } => meet(Met::Output(urn, name)),
        Formula::List(items) | Formula::Join(items) => items.iter().for_each(|item| visit(item, meet)),
        Formula::Record(fields) => fields.values().for_each(|field| visit(field, meet)),
        Formula::Entries(entries) => entries.iter().for_each(|(key, value)| {
            visit(key, meet);
            visit(value, meet);
        }),
        Formula::At(inner, _) | Formula::Field(inner, _) | Formula::Json(inner) | Formula::Secret(inner) => {
            visit(inner, meet);
        }
        Formula::Map { input, place, types: _ } => {
            meet(Met::Closure(place));
            visit(input, meet);
        }
    }
}
