//! [`Recorded`]: the rows of a store with their values taken out of their stored form.

use std::collections::BTreeMap;

use crate::compare::{complete, name_prefix};
use crate::digest::Digester;
use crate::expr::{EvalError, Outputs, json_text};
use crate::program::Declaration;
use crate::record::{RecordedOptions, Row, RowKey, RowState, Stored, owner_tag};
use crate::shape::Schema;
use crate::state::Snapshot;
use crate::urn::{Uid, Urn};
use crate::value::Value;

/// What the store knows of a stack, ready to be compared.
#[derive(Debug, Clone)]
pub struct Recorded {
    rows: BTreeMap<RowKey, RecordedRow>,
    live: BTreeMap<Urn, RowKey>,
    dependants: BTreeMap<Uid, Vec<RowKey>>,
    outputs: BTreeMap<String, Value>,
    digester: Digester,
    owner_tag: String,
}

/// A row and its values.
#[derive(Debug, Clone)]
pub struct RecordedRow {
    /// The row.
    pub row: Row,
    /// The arguments that were last made true; secrets are digests.
    pub applied: Value,
    /// The outputs as last seen; secrets are digests.
    pub outputs: Value,
}

impl Recorded {
    /// What a snapshot holds. Without a binding, as in a store that nothing was written to, digests are made under a passing key, and nothing
    /// in the account is the store's.
    pub fn of(snapshot: &Snapshot) -> Self {
        let (digester, owner_tag) = match snapshot.binding() {
            Some(binding) => (Digester::of(binding), owner_tag(&binding.project, &binding.stack, &binding.lineage)),
            None => (Digester::new(&Digester::random_key()), String::new()),
        };
        let outputs = snapshot.outputs().iter().map(|(name, value)| (name.clone(), value.to_value())).collect();
        Self::new(snapshot.rows().values().cloned(), outputs, digester, owner_tag)
    }

    /// Rows, outputs of the stack, the digester and the ownership tag of one store.
    pub fn new(
        rows: impl IntoIterator<Item = Row>,
        outputs: BTreeMap<String, Value>,
        digester: Digester,
        owner_tag: String,
    ) -> Self {
        let rows: BTreeMap<RowKey, RecordedRow> = rows
            .into_iter()
            .map(|row| {
                let (applied, outputs) = (row.applied.to_value(), row.outputs.to_value());
                (row.key(), RecordedRow { row, applied, outputs })
            })
            .collect();
        let mut live = BTreeMap::new();
        let mut dependants: BTreeMap<Uid, Vec<RowKey>> = BTreeMap::new();
        for (key, recorded) in &rows {
            // The last generation of a uid is the living one, unless only deposed ones are left. Keys are in order of generation.
            let newer = rows.range((key.0.clone(), key.1 + 1)..).next().is_some_and(|(next, _)| next.0 == key.0);
            if recorded.row.state != RowState::Deposed && !newer {
                live.entry(recorded.row.urn.clone()).or_insert_with(|| key.clone());
            }
            for edge in &recorded.row.edges {
                let list = dependants.entry(edge.to.clone()).or_default();
                if list.last() != Some(key) {
                    list.push(key.clone());
                }
            }
        }
        Self { rows, live, dependants, outputs, digester, owner_tag }
    }

    /// All rows.
    pub fn rows(&self) -> &BTreeMap<RowKey, RecordedRow> {
        &self.rows
    }

    /// The living row of a name: the last generation, not deposed.
    pub fn live(&self, urn: &Urn) -> Option<&RecordedRow> {
        self.live.get(urn).and_then(|key| self.rows.get(key))
    }

    /// Whether a row is the living one of its name.
    pub fn is_live(&self, key: &RowKey) -> bool {
        self.rows.get(key).is_some_and(|recorded| self.live.get(&recorded.row.urn) == Some(key))
    }

    /// The rows with an edge to a uid.
    pub fn dependants(&self, uid: &Uid) -> &[RowKey] {
        self.dependants.get(uid).map(Vec::as_slice).unwrap_or_default()
    }

    /// The outputs of the stack after the last run.
    pub fn outputs(&self) -> &BTreeMap<String, Value> {
        &self.outputs
    }

    /// Makes the digests of this store.
    pub fn digester(&self) -> &Digester {
        &self.digester
    }

    /// The ownership tag of what this store made.
    pub fn owner_tag(&self) -> &str {
        &self.owner_tag
    }
}

impl RecordedRow {
    /// The applied arguments with the defaults of arguments that are newer than the row.
    pub(super) fn complete(&self, schema: &Schema) -> Value {
        complete(schema.args, &self.applied)
    }
}

/// The natural key of a resource as rows hold it: the values joined with `/`. Empty where the type has none or where a part is not known.
pub fn natural_key(schema: &Schema, args: &Value) -> String {
    key_of(schema.natural_key, args).unwrap_or_default()
}

/// The values of some arguments as one text; `None` where there are none, one is not known, or only the beginning of a name is.
pub(super) fn key_of(names: &[&str], args: &Value) -> Option<String> {
    let part = |name: &&str| match args.get(name) {
        value if !value.is_known() || name_prefix(value).is_some() || value.has_secret() => None,
        Value::Null => Some(String::new()),
        Value::Text(text) => Some(text.clone()),
        other => Some(json_text(other)),
    };
    let parts = names.iter().map(part).collect::<Option<Vec<_>>>()?;
    (!parts.iter().all(String::is_empty)).then(|| parts.join("/"))
}

/// The same for one of the keys of a type. One of which a part is absent is nobody's: two machines of one subnet without an address of their own do
/// not have the same one.
pub(super) fn key_in(schema: &Schema, set: &[&str], args: &Value) -> Option<String> {
    let partial = set.iter().any(|name| args.get(name).is_null());
    if partial && set != schema.natural_key { None } else { key_of(set, args) }
}

/// The options of a declaration as its row records them. `before` are those of the row so far: protection stays until it is lifted by name.
///
/// A value of `replace_when` that is not known yet is recorded as a digest of its expression.
///
/// # Errors
/// When a value of `replace_when` cannot be evaluated.
pub fn recorded_options(
    declaration: &Declaration,
    before: Option<&RecordedOptions>,
    outputs: &dyn Outputs,
    digester: &Digester,
) -> Result<RecordedOptions, EvalError> {
    let options = &declaration.options;
    let digest = |expr: &crate::expr::Expr| {
        let value = match expr.evaluate(outputs)? {
            Value::Digest(digest) => Value::Digest(digest),
            value => Value::Digest(digester.digest(&value)),
        };
        Ok(Stored::from_value(&value, digester))
    };
    Ok(RecordedOptions {
        protect: options.protect.unwrap_or_else(|| before.is_some_and(|before| before.protect)),
        retain_on_delete: options.retain_on_delete,
        delete_before_create: options.delete_before_create,
        ignore_changes: options.ignore_changes.clone(),
        replace_when: options.replace_when.iter().map(digest).collect::<Result<_, _>>()?,
        delete_timeout: options.timeouts.delete.map(|timeout| timeout.as_secs()),
    })
}
