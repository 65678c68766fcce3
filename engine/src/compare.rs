//! Comparison of arguments by the shapes of their schema: completion, equality, differences by path, inheritance of secrecy.
//!
//! Equality is directed: `same(wanted, found)` says whether what was found satisfies what is wanted. "16" is satisfied by
//! "16.4", an absent optional by everything. A digest on one side is compared with the digest of the value on the other, so
//! declared values (secrets in the clear), recorded ones (digests) and observed ones (plain) can all be compared with each other.

mod path;
mod policy;

use std::collections::BTreeSet;

pub use path::{Path, Segment};

use crate::digest::Digester;
use crate::input::PREFIX_KEY;
use crate::shape::{ArgSchema, Change, ChangeRule, Hazard, Shape};
use crate::value::Value;

/// One place where what is found does not satisfy what is wanted.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Where.
    pub path: Path,
    /// What is found.
    pub before: Value,
    /// What is wanted; may be unknown.
    pub after: Value,
    /// What making it so does to the resource: the hardest that any level of the path says.
    pub change: Change,
    /// The hazards of it, of all levels of the path.
    pub hazards: BTreeSet<Hazard>,
    leaf: Leaf,
}

/// What compares at the end of a path.
#[derive(Debug, Clone, Copy)]
enum Leaf {
    Shape(&'static Shape),
    Arg(&'static ArgSchema),
}

/// Fills in the defaults at all depths and `Null` for what is absent; drops names that the schema does not have.
pub fn complete(args: &[ArgSchema], value: &Value) -> Value {
    match value {
        Value::Unknown(_) | Value::Digest(_) => return value.clone(),
        Value::Secret(inner) => return complete(args, inner).into_secret(),
        _ => {}
    }
    let entry = |arg: &ArgSchema| {
        let given = value.get(arg.name);
        let value = match (given.is_null(), arg.default) {
            (true, Some(default)) => default(),
            _ => given.clone(),
        };
        (arg.name.to_owned(), complete_shape(&arg.shape, value))
    };
    Value::Map(args.iter().map(entry).collect())
}

fn complete_shape(shape: &Shape, value: Value) -> Value {
    match (shape, value) {
        (_, Value::Null) => Value::Null,
        (Shape::Optional(inner), value) => complete_shape(inner, value),
        (Shape::Secret(inner), Value::Secret(value)) => complete_shape(inner, *value).into_secret(),
        (Shape::Secret(inner), value) => complete_shape(inner, value).into_secret(),
        (shape, Value::Secret(value)) => complete_shape(shape, *value).into_secret(),
        (Shape::Block(args), value @ Value::Map(_)) => complete(args, &value),
        (Shape::List(inner) | Shape::Set(inner), Value::List(list)) => {
            Value::List(list.into_iter().map(|item| complete_shape(inner, item)).collect())
        }
        (Shape::Map(inner), Value::Map(map)) => {
            // A key without a value is no key.
            let present = map.into_iter().filter(|(_, value)| !value.is_null());
            Value::Map(present.map(|(key, value)| (key, complete_shape(inner, value))).collect())
        }
        (_, value) => value,
    }
}

/// The observed value, secret wherever one of the others is secret at the same path. A secret inside a list makes the whole list
/// secret, since its elements may stand in another order.
pub fn taint(observed: &Value, others: &[&Value]) -> Value {
    let secret = |value: &&&Value| match value {
        Value::Unknown(unknown) => unknown.secret,
        Value::Secret(_) | Value::Digest(_) => true,
        _ => false,
    };
    if others.iter().any(|other| secret(&other)) {
        return observed.clone().into_secret();
    }
    match observed {
        Value::List(_) if others.iter().any(|other| other.has_secret()) => observed.clone().into_secret(),
        Value::Map(map) => {
            let inner = |(key, value): (&String, &Value)| {
                let others: Vec<&Value> = others.iter().map(|other| other.get(key)).collect();
                (key.clone(), taint(value, &others))
            };
            Value::Map(map.iter().map(inner).collect())
        }
        _ => observed.clone(),
    }
}

/// Compares values of which one side may hold digests of one store.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    digester: &'a Digester,
}

impl<'a> Comparison<'a> {
    /// Compares with the digests of this digester.
    pub fn new(digester: &'a Digester) -> Self {
        Self { digester }
    }

    /// The digester it compares with.
    pub fn digester(&self) -> &'a Digester {
        self.digester
    }

    /// Whether the found value of an argument satisfies the wanted one.
    pub fn same_arg(&self, arg: &ArgSchema, wanted: &Value, found: &Value) -> bool {
        match arg.same {
            Some(_) if matches!(arg.shape, Shape::Optional(_)) && wanted.is_null() => true,
            Some(same) if wanted.is_known() && found.is_known() && !holds_digest(wanted) && !holds_digest(found) => {
                same(wanted.reveal(), found.reveal())
            }
            _ => self.same(&arg.shape, wanted, found),
        }
    }

    /// Whether the found value satisfies the wanted one. An unknown is satisfied by nothing.
    pub fn same(&self, shape: &Shape, wanted: &Value, found: &Value) -> bool {
        if let Shape::Optional(inner) = shape {
            return wanted.is_null() || self.same(inner, wanted, found);
        }
        let (wanted, found) = (wanted.reveal(), found.reveal());
        match (wanted, found) {
            (Value::Unknown(_), _) | (_, Value::Unknown(_)) => return false,
            (Value::Digest(a), Value::Digest(b)) => return a == b,
            (Value::Digest(digest), plain) | (plain, Value::Digest(digest)) => {
                return plain.is_known() && self.digester.digest(plain) == *digest;
            }
            _ => {}
        }
        match shape {
            Shape::Secret(inner) => self.same(inner, wanted, found),
            Shape::Caseless => match (wanted.as_text(), found.as_text()) {
                (Some(wanted), Some(found)) => wanted.eq_ignore_ascii_case(found),
                _ => wanted == found,
            },
            Shape::Version => match (wanted.as_text(), found.as_text()) {
                (Some(wanted), Some(found)) => {
                    found.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                }
                _ => wanted == found,
            },
            Shape::Json => match (wanted.as_text(), found.as_text()) {
                (Some(wanted), Some(found)) => policy::same_json(wanted, found),
                _ => wanted == found,
            },
            Shape::Name => match (name_prefix(wanted), found.as_text()) {
                (Some(prefix), Some(found)) => is_name_of(prefix, found),
                _ => wanted == found,
            },
            Shape::List(inner) => match (wanted.as_list(), found.as_list()) {
                (Some(wanted), Some(found)) => {
                    wanted.len() == found.len() && wanted.iter().zip(found).all(|(w, f)| self.same(inner, w, f))
                }
                _ => wanted == found,
            },
            Shape::Set(inner) => match (wanted.as_list(), found.as_list()) {
                (Some(wanted), Some(found)) => {
                    wanted == found
                        || wanted.iter().all(|w| found.iter().any(|f| self.same(inner, w, f)))
                            && found.iter().all(|f| wanted.iter().any(|w| self.same(inner, w, f)))
                }
                _ => wanted == found,
            },
            Shape::Map(inner) => match (wanted.as_map(), found.as_map()) {
                (Some(wanted), Some(found)) => {
                    wanted.len() == found.len()
                        && wanted.iter().all(|(key, w)| found.get(key).is_some_and(|f| self.same(inner, w, f)))
                }
                _ => wanted == found,
            },
            Shape::Block(args) => match (wanted.as_map(), found.as_map()) {
                (Some(_), Some(_)) => {
                    args.iter().all(|arg| self.same_arg(arg, wanted.get(arg.name), found.get(arg.name)))
                }
                _ => wanted == found,
            },
            Shape::Bool | Shape::Int | Shape::Text | Shape::Choice(_) | Shape::Optional(_) => wanted == found,
        }
    }

    /// Every place where what is found does not satisfy what is wanted, as deep as the two have the same form.
    ///
    /// A set, a document and anything secret are one place. `before` and `after` keep their secrets in the clear.
    pub fn diff(&self, args: &'static [ArgSchema], wanted: &Value, found: &Value) -> Vec<Difference> {
        let mut differences = Vec::new();
        for arg in args {
            let (wanted, found) = (wanted.get(arg.name), found.get(arg.name));
            let mut walk = Walk { comparison: self, levels: Vec::new(), into: &mut differences };
            walk.arg(arg, Path::of(arg.name), wanted, found);
        }
        differences
    }

    /// Whether another found value satisfies what a difference wants: for telling why it is there.
    pub fn satisfies(&self, difference: &Difference, found: &Value) -> bool {
        match difference.leaf {
            Leaf::Shape(shape) => self.same(shape, &difference.after, found),
            Leaf::Arg(arg) => self.same_arg(arg, &difference.after, found),
        }
    }

    /// Whether two values, of which either may be a digest, are the same where a difference is.
    pub fn equal(&self, difference: &Difference, then: &Value, now: &Value) -> bool {
        // An absent optional is satisfied by everything, and equal to nothing but itself.
        then.is_null() == now.is_null()
            && match difference.leaf {
                _ if then.is_null() => true,
                Leaf::Shape(shape) => self.same(shape, then, now),
                Leaf::Arg(arg) => self.same_arg(arg, then, now),
            }
    }
}

pub(crate) fn holds_digest(value: &Value) -> bool {
    match value {
        Value::Digest(_) => true,
        Value::Secret(inner) => holds_digest(inner),
        Value::List(list) => list.iter().any(holds_digest),
        Value::Map(map) => map.values().any(holds_digest),
        _ => false,
    }
}

/// The beginning that a name was declared with, when only a beginning was.
pub fn name_prefix(value: &Value) -> Option<&str> {
    value.get(PREFIX_KEY).as_text()
}

/// Whether a physical name is one that the engine made of this beginning: `-` and eight small letters and digits follow it. The beginning is
/// compared without regard to ASCII case, since some services lower-case what they are given.
pub fn is_name_of(prefix: &str, name: &str) -> bool {
    let (Some(start), Some(rest)) = (name.get(..prefix.len()), name.get(prefix.len()..)) else { return false };
    let made = |s: &str| s.len() == 8 && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    start.eq_ignore_ascii_case(prefix) && rest.strip_prefix('-').is_some_and(made)
}

/// What stands at a displayed path of arguments (`subnet`, `rules[0].group`), before and after, and what changing it does to the resource.
pub(crate) struct Spot<'v> {
    pub(crate) before: &'v Value,
    pub(crate) after: &'v Value,
    /// The hardest that any level of the path says.
    pub(crate) change: Change,
}

/// Follows a displayed path, as the edges of rows have it, as far as the schema tells blocks; `None` where it begins with no argument.
pub(crate) fn spot<'v>(
    args: &'static [ArgSchema],
    path: &str,
    before: &'v Value,
    after: &'v Value,
) -> Option<Spot<'v>> {
    let mut spot = Spot { before, after, change: Change::InPlace };
    let mut fields = Some(args);
    let mut shape = None;
    for segment in path.split(['.', '[']) {
        if let Some(index) = segment.strip_suffix(']') {
            let (Some(Shape::List(inner) | Shape::Set(inner)), Ok(index)) = (shape.map(inner), index.parse()) else {
                break;
            };
            let at =
                |value: &'v Value| value.as_list().and_then(|list| list.get::<usize>(index)).unwrap_or(&Value::Null);
            (spot.before, spot.after) = (at(spot.before.reveal()), at(spot.after.reveal()));
            shape = Some(*inner);
        } else {
            let Some(arg) = fields.take().and_then(|fields| fields.iter().find(|arg| arg.name == segment)) else {
                break;
            };
            (spot.before, spot.after) = (spot.before.reveal().get(arg.name), spot.after.reveal().get(arg.name));
            spot.change = harder(spot.change, rule(arg, spot.before, spot.after));
            shape = Some(&arg.shape);
        }
        fields = match shape.map(inner) {
            Some(Shape::Block(args)) => Some(args),
            _ => None,
        };
    }
    shape.is_some().then_some(spot)
}

/// The shape without what wraps it.
fn inner(shape: &'static Shape) -> &'static Shape {
    match shape {
        Shape::Optional(within) | Shape::Secret(within) => inner(within),
        shape => shape,
    }
}

struct Walk<'a, 'w> {
    comparison: &'w Comparison<'w>,
    levels: Vec<(&'static ArgSchema, &'a Value, &'a Value)>,
    into: &'w mut Vec<Difference>,
}

impl<'a> Walk<'a, '_> {
    fn arg(&mut self, arg: &'static ArgSchema, path: Path, wanted: &'a Value, found: &'a Value) {
        if self.comparison.same_arg(arg, wanted, found) {
            return;
        }
        self.levels.push((arg, wanted, found));
        if arg.same.is_some() {
            self.leaf(Leaf::Arg(arg), path, wanted, found);
        } else {
            self.shape(&arg.shape, path, wanted, found);
        }
        self.levels.pop();
    }

    fn shape(&mut self, shape: &'static Shape, path: Path, wanted: &'a Value, found: &'a Value) {
        if self.comparison.same(shape, wanted, found) {
            return;
        }
        match (shape, wanted, found) {
            (Shape::Optional(inner), _, _) => self.shape(inner, path, wanted, found),
            (Shape::Block(args), Value::Map(_), Value::Map(_)) => {
                for arg in *args {
                    self.arg(arg, path.name(arg.name), wanted.get(arg.name), found.get(arg.name));
                }
            }
            (Shape::Map(inner), Value::Map(w), Value::Map(f)) => {
                let keys: BTreeSet<&String> = w.keys().chain(f.keys()).collect();
                for key in keys {
                    match (w.get(key), f.get(key)) {
                        (Some(wanted), Some(found)) => self.shape(inner, path.name(key), wanted, found),
                        _ => self.leaf(Leaf::Shape(inner), path.name(key), wanted.get(key), found.get(key)),
                    }
                }
            }
            (Shape::List(inner), Value::List(w), Value::List(f)) if !wanted.has_secret() && !found.has_secret() => {
                for index in 0..w.len().max(f.len()) {
                    let path = path.index(index);
                    match (w.get(index), f.get(index)) {
                        (Some(wanted), Some(found)) => self.shape(inner, path, wanted, found),
                        (wanted, found) => {
                            let (wanted, found) = (wanted.unwrap_or(&Value::Null), found.unwrap_or(&Value::Null));
                            self.leaf(Leaf::Shape(inner), path, wanted, found);
                        }
                    }
                }
            }
            _ => self.leaf(Leaf::Shape(shape), path, wanted, found),
        }
    }

    fn leaf(&mut self, leaf: Leaf, path: Path, wanted: &Value, found: &Value) {
        let mut change = Change::InPlace;
        let mut hazards = BTreeSet::new();
        for (arg, wanted, found) in &self.levels {
            change = harder(change, rule(arg, found, wanted));
            if let Some(of) = arg.hazards {
                // What cannot be judged yet is judged as the worst.
                let judged =
                    if wanted.is_known() { of(found, wanted) } else { &[Hazard::DataLoss, Hazard::Irreversible] };
                hazards.extend(judged);
            }
        }
        // Secrets of a list or a set are shown and compared as one.
        let secret = wanted.has_secret() || found.has_secret();
        let keep = |value: &Value| match value {
            Value::List(_) if secret => value.clone().into_secret(),
            plain => taint(plain, &[wanted, found]),
        };
        self.into.push(Difference { path, before: keep(found), after: keep(wanted), change, hazards, leaf });
    }
}

pub(crate) fn rule(arg: &ArgSchema, before: &Value, after: &Value) -> Change {
    match arg.change {
        ChangeRule::Always(change) => change,
        ChangeRule::Decide(decide) if after.is_known() => decide(before, after),
        ChangeRule::Decide(_) => Change::Replace,
    }
}

fn harder(a: Change, b: Change) -> Change {
    match (a, b) {
        (Change::Never, _) | (_, Change::Never) => Change::Never,
        (Change::Replace, _) | (_, Change::Replace) => Change::Replace,
        _ => Change::InPlace,
    }
}

#[cfg(test)]
mod tests;
