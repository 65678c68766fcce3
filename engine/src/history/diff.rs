//! [`diff`]: what differs between what was recorded at two moments.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{Row, RowState};
use crate::state::Snapshot;
use crate::urn::{KindName, Uid, Urn};
use crate::value::Value;

/// What became of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is new.
    Created,
    /// It is gone.
    Deleted,
    /// Another one stands in its place.
    Replaced,
    /// It is another in these fields.
    Updated,
}

impl Changed {
    /// The word in text and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Changed::Created => "created",
            Changed::Deleted => "deleted",
            Changed::Replaced => "replaced",
            Changed::Updated => "updated",
        }
    }
}

/// A field that differs. Secrets are digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDifference {
    /// Such as `tags.team`, `options.protect`, `id`, `urn`.
    pub path: String,
    /// What was.
    pub before: Value,
    /// What is.
    pub after: Value,
}

/// A resource that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDifference {
    /// Its name; the later one, where it has one.
    pub urn: Urn,
    /// Its type.
    pub kind: KindName,
    /// What became of it.
    pub changed: Changed,
    /// The fields that differ; none of what was created or deleted.
    pub fields: Vec<FieldDifference>,
}

/// The resources that differ, by name; and the outputs of the stack that do.
pub fn diff(before: &Snapshot, after: &Snapshot) -> (Vec<RowDifference>, Vec<FieldDifference>) {
    let (was, is) = (living(before), living(after));
    // Somebody else's uid under the same name is another resource in its place.
    let named: BTreeMap<&Urn, &Row> = was.values().map(|row| (&row.urn, *row)).collect();
    let mut differences = Vec::new();
    let mut met: BTreeSet<&Uid> = BTreeSet::new();
    for (uid, row) in &is {
        let former = was.get(uid).or_else(|| named.get(&row.urn).filter(|former| !is.contains_key(&former.uid)));
        let Some(former) = former else {
            differences.push(whole(row, Changed::Created));
            continue;
        };
        met.insert(&former.uid);
        let replaced = former.key() != row.key();
        let fields = fields(former, row);
        if replaced || !fields.is_empty() {
            let changed = if replaced { Changed::Replaced } else { Changed::Updated };
            differences.push(RowDifference { urn: row.urn.clone(), kind: row.kind.clone(), changed, fields });
        }
    }
    differences.extend(was.values().filter(|row| !met.contains(&row.uid)).map(|row| whole(row, Changed::Deleted)));
    differences.sort_by(|a, b| (&a.urn, a.changed.word()).cmp(&(&b.urn, b.changed.word())));
    let outputs = |snapshot: &Snapshot| {
        Value::Map(snapshot.outputs().iter().map(|(name, value)| (name.clone(), value.to_value())).collect())
    };
    let mut changed = Vec::new();
    walk(String::new(), &outputs(before), &outputs(after), &mut changed);
    (differences, changed)
}

/// The generation of each resource that stands for it.
fn living(snapshot: &Snapshot) -> BTreeMap<&Uid, &Row> {
    // In order of generation: the last one stays.
    snapshot.rows().values().filter(|row| row.state != RowState::Deposed).map(|row| (&row.uid, row)).collect()
}

fn whole(row: &Row, changed: Changed) -> RowDifference {
    RowDifference { urn: row.urn.clone(), kind: row.kind.clone(), changed, fields: Vec::new() }
}

fn fields(before: &Row, after: &Row) -> Vec<FieldDifference> {
    let mut found = Vec::new();
    let text = |text: &str| Value::from(text);
    walk("urn".to_owned(), &text(before.urn.as_str()), &text(after.urn.as_str()), &mut found);
    walk("id".to_owned(), &text(&before.id), &text(&after.id), &mut found);
    walk("state".to_owned(), &text(before.state.word()), &text(after.state.word()), &mut found);
    walk(String::new(), &before.applied.to_value(), &after.applied.to_value(), &mut found);
    let options = |row: &Row| {
        let json = serde_json::to_value(&row.options).unwrap_or_default();
        crate::record::Stored(json).to_value()
    };
    walk("options".to_owned(), &options(before), &options(after), &mut found);
    found
}

/// The parts that differ; what is of another sort, or a list of another length, differs as a whole.
fn walk(path: String, before: &Value, after: &Value, found: &mut Vec<FieldDifference>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Map(was), Value::Map(is)) => {
            let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(path, before.get(name), after.get(name), found);
            }
        }
        (Value::List(was), Value::List(is)) if was.len() == is.len() => {
            for (index, (was, is)) in was.iter().zip(is).enumerate() {
                walk(format!("{path}[{index}]"), was, is, found);
            }
        }
        _ => found.push(FieldDifference { path, before: before.clone(), after: after.clone() }),
    }
}
