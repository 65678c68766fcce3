//! [`likeness`]: how far a thing that exists is what a program declares, in the same terms in which its adoption is planned.

use std::collections::{BTreeMap, BTreeSet};

use super::FieldChange;
use super::fields::Three;
use super::resolve::Known;
use crate::compare::{Comparison, complete, rule};
use crate::digest::Digester;
use crate::kind::Observed;
use crate::program::Declaration;
use crate::shape::{Change, Schema};
use crate::value::Value;

/// What taking over a thing would change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Likeness {
    /// The arguments that would be changed on the living thing; with `forces_replacement`, those that cannot be.
    pub changes: Vec<FieldChange>,
    /// The arguments for which there is no way at all.
    pub refused: Vec<FieldChange>,
}

impl Likeness {
    /// The arguments that differ, whether they could be changed or not.
    pub fn differing(&self) -> BTreeSet<String> {
        let names = self.changes.iter().chain(&self.refused).map(|change| change.path.split(['.', '[']).next());
        names.flatten().map(str::to_owned).collect()
    }
}

/// Compares what is declared with a thing that is not recorded. `declared` are the declaration's arguments as far as they can be evaluated;
/// what is not known differs from everything, and `after` says so.
///
/// # Guarantees
/// Pure. The values of the changes hold no secret in the clear.
pub fn likeness(declaration: &Declaration, declared: &Value, observed: &Observed, digester: &Digester) -> Likeness {
    let schema = declaration.schema;
    let declared = complete(schema.args, declared);
    let now = complete(schema.args, &observed.args);
    let fields = Three {
        schema,
        urn: &declaration.urn,
        comparison: Comparison::new(digester),
        exprs: &declaration.args,
        recorded_exprs: &BTreeMap::new(),
        declared: &declared,
        applied: &granted(schema, &declared),
        observed: Some(&Observed { args: now, pending: BTreeMap::new(), ..observed.clone() }),
        left: &BTreeSet::new(),
        accepted: &BTreeMap::new(),
        ignore_changes: &declaration.options.ignore_changes,
        keep_drift: false,
        known: &Known::default(),
    }
    .compare();
    Likeness { changes: fields.changes, refused: fields.refused }
}

/// What counts as applied to a thing that is taken over, complete: nothing, but for arguments that no reading shows and that no update could
/// set. Those were decided when it was made, and the program is believed about them: whoever declares a thing that exists says how it was made.
pub(super) fn granted(schema: &Schema, declared: &Value) -> Value {
    let Value::Map(mut applied) = complete(schema.args, &Value::empty_map()) else { return Value::empty_map() };
    for arg in schema.args.iter().filter(|arg| arg.write_only) {
        let wanted = declared.get(arg.name);
        let nothing = applied.get(arg.name).unwrap_or(&Value::Null);
        if wanted.is_known() && rule(arg, nothing, wanted) != Change::InPlace {
            applied.insert(arg.name.to_owned(), wanted.clone());
        }
    }
    Value::Map(applied)
}
