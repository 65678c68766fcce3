//! The three-way comparison of one resource, argument by argument: declared, applied, observed.

use std::collections::{BTreeMap, BTreeSet};

use super::resolve::Known;
use super::{FieldChange, Reason};
use crate::compare::{Comparison, Difference, complete, name_prefix, taint};
use crate::expr::Expr;
use crate::kind::Observed;
use crate::record::{AcceptedDrift, Stored};
use crate::shape::{ArgSchema, Change, Hazard, Schema, Shape};
use crate::urn::Urn;
use crate::value::{Unknown, Value};

/// The entry of [`Observed::pending`] that is no argument: the text of the window in which pending modifications are made.
pub const PENDING_WINDOW: &str = "$window";

/// What is compared, and by which rules.
pub(super) struct Three<'a> {
    pub(super) schema: &'static Schema,
    pub(super) urn: &'a Urn,
    pub(super) comparison: Comparison<'a>,
    /// The declared expressions.
    pub(super) exprs: &'a BTreeMap<String, Expr>,
    /// Their readable forms when they were last applied.
    pub(super) recorded_exprs: &'a BTreeMap<String, String>,
    /// Complete.
    pub(super) declared: &'a Value,
    /// Complete.
    pub(super) applied: &'a Value,
    pub(super) observed: Option<&'a Observed>,
    /// Arguments that an earlier run left to do.
    pub(super) left: &'a BTreeSet<String>,
    /// Drift that was accepted.
    pub(super) accepted: &'a BTreeMap<String, AcceptedDrift>,
    pub(super) ignore_changes: &'a [String],
    /// Whether drift is left alone.
    pub(super) keep_drift: bool,
    /// Tells which outputs are unknown.
    pub(super) known: &'a Known,
}

/// What differs, and what it means.
#[derive(Default)]
pub(super) struct Fields {
    /// Changes that a call makes.
    pub(super) changes: Vec<FieldChange>,
    /// Changes of the record alone: the account is as declared already, or the argument is left to AWS from now on.
    pub(super) noted: Vec<FieldChange>,
    pub(super) changed_args: BTreeSet<String>,
    /// The complete arguments that will be, where the resource stays.
    pub(super) planned: Value,
    /// The observed arguments, secrets marked.
    pub(super) observed: Option<Value>,
    pub(super) hazards: BTreeSet<Hazard>,
    /// Changes for which there is no way.
    pub(super) refused: Vec<FieldChange>,
    pub(super) warnings: Vec<String>,
    /// What stands where drift was accepted.
    pub(super) accepted: Vec<String>,
}

impl Fields {
    pub(super) fn drifted(&self) -> bool {
        self.changes.iter().any(|change| change.reason == Reason::Drifted)
    }

    /// Whether every change may turn out to be none.
    pub(super) fn maybe(&self) -> bool {
        !self.changes.is_empty() && self.changes.iter().all(|change| change.maybe)
    }
}

impl Three<'_> {
    pub(super) fn compare(&self) -> Fields {
        let mut fields = Fields::default();
        let args = self.schema.args;
        let observed = self.observed.map(|observed| {
            let tainted = taint(&complete(args, &observed.args), &[self.applied, self.declared]);
            complete(args, &tainted)
        });
        let mut now = match &observed {
            Some(observed) => believed(args, observed, self.applied),
            None => self.applied.clone(),
        };
        self.set_aside(&mut now, &mut fields.warnings);
        let mut planned = named(args, self.declared, Some(&now));
        let mut settled: BTreeSet<&str> = BTreeSet::new();
        for difference in self.comparison.diff(args, &planned.clone(), &now) {
            let Some(arg) = self.schema.arg(difference.path.argument()) else { continue };
            let reason = self.reason(arg, &difference);
            if self.acceptance(&difference) == Some(true) {
                difference.path.set(&mut planned, difference.before.clone());
                settled.insert(arg.name);
                let change = self.change(&difference, reason, observed.as_ref());
                let (path, is, declared) = (change.path, change.before, change.after);
                fields.accepted.push(format!("{} {path} is {is:?}, declared {declared:?}", self.urn.path()));
                continue;
            }
            let ignored = self.ignore_changes.iter().any(|pattern| difference.path.within(pattern));
            let drifted = reason == Reason::Drifted;
            if ignored || drifted && (arg.drift_ignored || self.keep_drift) {
                difference.path.set(&mut planned, difference.before.clone());
                settled.insert(arg.name);
                if drifted && self.keep_drift && !ignored && !arg.drift_ignored {
                    fields.warnings.push(format!("{}: the drift of `{}` is kept", self.urn.path(), difference.path));
                }
                continue;
            }
            // What an earlier run had begun, and the program still says in the same words, was consented to then; and what is only being
            // made has nothing to lose.
            let begun = reason == Reason::Resumed && self.same_words(arg);
            let change = self.change(&difference, reason, observed.as_ref());
            if difference.change == Change::Never && !change.maybe {
                fields.refused.push(change);
                continue;
            }
            fields.changed_args.insert(arg.name.to_owned());
            if !begun {
                fields.hazards.extend(&difference.hazards);
            }
            fields.changes.push(change);
        }
        self.add_left(&mut fields, &planned, &now);
        self.note(&mut fields, &settled, &planned, observed.as_ref());
        fields.planned = complete(args, &planned);
        fields.observed = observed;
        fields
    }

    /// Arguments that could not be read count as applied; a modification that AWS has accepted and that is what is declared counts as made.
    fn set_aside(&self, now: &mut Value, warnings: &mut Vec<String>) {
        let (Some(observed), Value::Map(now)) = (self.observed, now) else { return };
        for (name, reason) in &observed.unreadable {
            now.insert(name.clone(), self.applied.get(name).clone());
            warnings.push(format!("{}: `{name}` could not be read and counts as unchanged: {reason}", self.urn.path()));
        }
        for (name, pending) in &observed.pending {
            let Some(arg) = self.schema.arg(name) else { continue };
            let declared = self.declared.get(name);
            // What is shown already, though it is not in force before a restart, needs no word.
            let shown = now.get(name).is_some_and(|now| self.comparison.same_arg(arg, declared, now));
            if declared.is_known() && !shown && self.comparison.same_arg(arg, declared, pending) {
                now.insert(name.clone(), declared.clone());
                let window = match observed.pending.get(PENDING_WINDOW).and_then(Value::as_text) {
                    Some(window) => format!("in the window {window}"),
                    None => "in its next window".to_owned(),
                };
                warnings
                    .push(format!("{}: the change of `{name}` is accepted and will be made {window}", self.urn.path()));
            }
        }
    }

    /// Whether a difference is as it was accepted; `Some(false)` where something else stands there now, and `None` where nothing was accepted, or
    /// the program says something else since.
    fn acceptance(&self, difference: &Difference) -> Option<bool> {
        let accepted = self.accepted.get(&difference.path.to_string())?;
        let same = |then: &Stored, now: &Value| self.comparison.equal(difference, &then.to_value(), now);
        same(&accepted.declared, &difference.after).then(|| same(&accepted.observed, &difference.before))
    }

    fn reason(&self, arg: &ArgSchema, difference: &Difference) -> Reason {
        let expr = self.exprs.get(arg.name);
        if self.left.contains(arg.name) {
            return Reason::Resumed;
        }
        if !difference.after.is_known() {
            return match expr.and_then(|expr| self.known.first_unknown(expr)) {
                Some((urn, output)) => Reason::DependsOn(urn.clone(), output.to_owned()),
                None => Reason::DeclaredChanged,
            };
        }
        if self.observed.is_some() && self.acceptance(difference) == Some(false) {
            return Reason::Drifted;
        }
        if self.observed.is_some() && self.comparison.satisfies(difference, difference.path.get(self.applied)) {
            return Reason::Drifted;
        }
        // The program says the same words: what they refer to says something else.
        let mut reference = None;
        if let (true, Some(expr)) = (self.same_words(arg), expr) {
            expr.visit_outputs(&mut |urn, output| {
                reference.get_or_insert_with(|| Reason::DependsOn(urn.clone(), output.to_owned()));
            });
        }
        reference.unwrap_or(Reason::DeclaredChanged)
    }

    /// Whether the program says of an argument what it said when it was last recorded.
    fn same_words(&self, arg: &ArgSchema) -> bool {
        let recorded = self.recorded_exprs.get(arg.name);
        self.exprs.get(arg.name).is_some_and(|expr| recorded.is_some_and(|recorded| *recorded == expr.to_string()))
    }

    /// Whether the wanted value is unknown because of another step, and not because a name will be made anew.
    fn waits(&self, difference: &Difference) -> bool {
        let expr = self.exprs.get(difference.path.argument());
        expr.is_some_and(|expr| self.known.first_unknown(expr).is_some())
    }

    fn change(&self, difference: &Difference, reason: Reason, observed: Option<&Value>) -> FieldChange {
        let secret = difference.before.has_secret() || difference.after.has_secret();
        let shown = |value: &Value| {
            let value = if secret { taint(value, &[&difference.before, &difference.after]) } else { value.clone() };
            self.comparison.digester().seal(&value)
        };
        FieldChange {
            path: difference.path.to_string(),
            before: shown(&difference.before),
            after: shown(&difference.after),
            applied: shown(difference.path.get(self.applied)),
            observed: observed.map(|observed| shown(difference.path.get(observed))),
            reason,
            forces_replacement: difference.change == Change::Replace,
            maybe: !difference.after.is_known() && self.waits(difference),
        }
    }

    /// What an earlier run left to do is done even where nothing differs: some of it cannot be read.
    fn add_left(&self, fields: &mut Fields, planned: &Value, now: &Value) {
        for name in self.left {
            if self.schema.arg(name).is_none() || !fields.changed_args.insert(name.clone()) {
                continue;
            }
            let secret = planned.get(name).has_secret() || now.get(name).has_secret();
            let shown = |value: &Value| {
                let value = if secret { value.clone().into_secret() } else { value.clone() };
                self.comparison.digester().seal(&value)
            };
            fields.changes.push(FieldChange {
                path: name.clone(),
                before: shown(now.get(name)),
                after: shown(planned.get(name)),
                applied: shown(self.applied.get(name)),
                observed: fields.observed.as_ref().map(|observed| shown(observed.get(name))),
                reason: Reason::Resumed,
                forces_replacement: false,
                maybe: false,
            });
        }
    }

    /// Where the record must change although the resource need not.
    fn note(&self, fields: &mut Fields, settled: &BTreeSet<&str>, planned: &Value, observed: Option<&Value>) {
        let changed = |name: &str| fields.changed_args.contains(name) || settled.contains(name);
        let mut noted = Vec::new();
        for difference in self.comparison.diff(self.schema.args, planned, self.applied) {
            let untouched = !changed(difference.path.argument()) && difference.after.is_known();
            if untouched && !fields.refused.iter().any(|refused| refused.path == difference.path.to_string()) {
                let mut change = self.change(&difference, Reason::DeclaredChanged, observed);
                change.forces_replacement = false;
                noted.push(change);
            }
        }
        for arg in self.schema.args {
            let (declared, applied) = (self.declared.get(arg.name), self.applied.get(arg.name));
            if matches!(arg.shape, Shape::Optional(_)) && declared.is_null() && !applied.is_null() {
                fields.warnings.push(format!(
                    "{}: `{}` is no longer declared: it stays as it is and is not compared any more",
                    self.urn.path(),
                    arg.name
                ));
                let secret = applied.has_secret();
                let before = if secret { applied.clone().into_secret() } else { applied.clone() };
                let before = self.comparison.digester().seal(&before);
                noted.push(FieldChange {
                    path: arg.name.to_owned(),
                    before: before.clone(),
                    after: Value::Null,
                    applied: before,
                    observed: None,
                    reason: Reason::DeclaredChanged,
                    forces_replacement: false,
                    maybe: false,
                });
            }
        }
        fields.noted = noted;
    }
}

/// What is believed to be now: what was observed, and what was applied where reading cannot know.
pub(super) fn believed(args: &[ArgSchema], observed: &Value, applied: &Value) -> Value {
    let entry = |arg: &ArgSchema| {
        let (observed, applied) = (observed.get(arg.name), applied.get(arg.name));
        let value = if arg.write_only { applied.clone() } else { believed_shape(&arg.shape, observed, applied) };
        (arg.name.to_owned(), value)
    };
    Value::Map(args.iter().map(entry).collect())
}

fn believed_shape(shape: &Shape, observed: &Value, applied: &Value) -> Value {
    match (shape, observed, applied) {
        (Shape::Optional(inner), _, _) => believed_shape(inner, observed, applied),
        // Some services lower-case names; nobody changes a name behind our back.
        (Shape::Name, Value::Text(o), Value::Text(a)) if o.eq_ignore_ascii_case(a) => applied.clone(),
        (Shape::Block(args), Value::Map(_), Value::Map(_)) => believed(args, observed, applied),
        (Shape::List(inner), Value::List(o), Value::List(a)) if o.len() == a.len() => {
            Value::List(o.iter().zip(a).map(|(o, a)| believed_shape(inner, o, a)).collect())
        }
        _ => observed.clone(),
    }
}

/// The declared arguments with a name in place of each beginning of one: the present name where it was made of that beginning, and
/// otherwise one that is not known yet.
pub(super) fn named(args: &'static [ArgSchema], declared: &Value, now: Option<&Value>) -> Value {
    let Value::Map(map) = declared else { return declared.clone() };
    let mut map = map.clone();
    for arg in args {
        let Some(value) = map.get_mut(arg.name) else { continue };
        let present = now.map(|now| now.get(arg.name));
        match (&arg.shape, name_prefix(value).map(str::to_owned)) {
            (Shape::Name | Shape::Optional(Shape::Name), Some(prefix)) => {
                *value = match present.and_then(Value::as_text) {
                    Some(name) if crate::compare::is_name_of(&prefix, name) => Value::from(name),
                    _ => Value::Unknown(Unknown { expression: format!("{prefix}-*"), secret: false }),
                };
            }
            (Shape::Block(args) | Shape::Optional(Shape::Block(args)), None) => *value = named(args, value, present),
            _ => {}
        }
    }
    Value::Map(map)
}
