//! From an expression to the [`Formula`] that is kept of it.

use std::collections::BTreeMap;

use crate::compare::name_prefix;
use crate::digest::Digester;
use crate::expr::{Expr, Mapped};
use crate::program::Declaration;
use crate::record::{Formula, Stored};
use crate::value::Value;

/// Among the formulas of a row, those of the option `replace_when`; no argument is called so.
pub const REPLACE_WHEN: &str = "options.replace_when";

/// The arguments of a declaration that are more than a value: they refer to something, or say the beginning of a name.
pub fn formulas(declaration: &Declaration, digester: &Digester) -> BTreeMap<String, Formula> {
    let kept = declaration.args.iter().filter(|(_, expr)| refers(expr));
    let mut kept: BTreeMap<String, Formula> =
        kept.map(|(name, expr)| (name.clone(), formula(expr, digester))).collect();
    let asked = &declaration.options.replace_when;
    if asked.iter().any(refers) {
        let asked = asked.iter().map(|expr| formula(expr, digester)).collect();
        kept.insert(REPLACE_WHEN.to_owned(), Formula::List(asked));
    }
    kept
}

/// An expression as it is kept.
pub fn formula(expr: &Expr, digester: &Digester) -> Formula {
    let of = |expr: &Expr| formula(expr, digester);
    let boxed = |expr: &Expr| Box::new(formula(expr, digester));
    let all = |exprs: &[Expr]| exprs.iter().map(of).collect();
    match expr {
        Expr::Literal(value) => Formula::Value(Stored::from_value(value, digester)),
        Expr::Output { urn, name } => Formula::Output { urn: urn.clone(), name: name.clone() },
        Expr::List(items) => Formula::List(all(items)),
        Expr::Record(fields) => Formula::Record(fields.iter().map(|(name, expr)| (name.clone(), of(expr))).collect()),
        Expr::Entries(entries) => Formula::Entries(entries.iter().map(|(key, value)| (of(key), of(value))).collect()),
        Expr::Join(parts) => Formula::Join(all(parts)),
        Expr::At(list, index) => Formula::At(boxed(list), *index),
        Expr::Field(map, name) => Formula::Field(boxed(map), name.clone()),
        Expr::Json(inner) => Formula::Json(boxed(inner)),
        Expr::Map(Mapped { input, place, types, function: _ }) => {
            Formula::Map { input: boxed(input), place: place.clone(), types: (*types).to_owned() }
        }
        // What is inside must not stand anywhere in the clear, known as it may be.
        Expr::Secret(inner) => match &**inner {
            Expr::Literal(value) => Formula::Value(Stored::from_value(&value.clone().into_secret(), digester)),
            inner => Formula::Secret(boxed(&hidden(inner))),
        },
    }
}

/// The expression with its literals secret.
fn hidden(expr: &Expr) -> Expr {
    let all = |exprs: &[Expr]| exprs.iter().map(hidden).collect();
    match expr {
        Expr::Literal(value) => Expr::Literal(value.clone().into_secret()),
        Expr::Output { .. } | Expr::Secret(_) => expr.clone(),
        Expr::List(items) => Expr::List(all(items)),
        Expr::Record(fields) => Expr::Record(fields.iter().map(|(name, expr)| (name.clone(), hidden(expr))).collect()),
        Expr::Entries(entries) => Expr::Entries(entries.iter().map(|(k, v)| (hidden(k), hidden(v))).collect()),
        Expr::Join(parts) => Expr::Join(all(parts)),
        Expr::At(list, index) => Expr::At(Box::new(hidden(list)), *index),
        Expr::Field(map, name) => Expr::Field(Box::new(hidden(map)), name.clone()),
        Expr::Json(inner) => Expr::Json(Box::new(hidden(inner))),
        Expr::Map(mapped) => Expr::Map(Mapped { input: Box::new(hidden(&mapped.input)), ..mapped.clone() }),
    }
}

fn refers(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(value) => has_prefix(value),
        Expr::Output { .. } | Expr::Map(_) => true,
        Expr::List(items) | Expr::Join(items) => items.iter().any(refers),
        Expr::Record(fields) => fields.values().any(refers),
        Expr::Entries(entries) => entries.iter().any(|(key, value)| refers(key) || refers(value)),
        Expr::At(inner, _) | Expr::Field(inner, _) | Expr::Json(inner) | Expr::Secret(inner) => refers(inner),
    }
}

fn has_prefix(value: &Value) -> bool {
    name_prefix(value).is_some()
        || match value {
            Value::List(list) => list.iter().any(has_prefix),
            Value::Map(map) => map.values().any(has_prefix),
            _ => false,
        }
}
