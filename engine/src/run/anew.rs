//! Rows of what was found in the account and that no row knows: what the account tells of it, and what hangs on what by the ids in arguments.

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::Digester;
use crate::plan::natural_key;
use crate::record::{Edge, RecordedOptions, Row, RowState, Stored};
use crate::shape::Schema;
use crate::urn::{Uid, Urn};
use crate::value::Value;

/// A row that knows what the account tells: the arguments as if they had been applied, and the outputs.
pub(super) fn plain(
    schema: &Schema,
    uid: Uid,
    urn: &Urn,
    id: &str,
    (applied, outputs): (&Value, &Value),
    digester: &Digester,
) -> Row {
    Row {
        uid,
        generation: 1,
        urn: urn.clone(),
        kind: urn.kind(),
        kind_version: schema.version,
        state: RowState::Ready,
        provider: String::new(),
        account: String::new(),
        region: String::new(),
        id: id.to_owned(),
        natural_key: natural_key(schema, applied),
        applied: Stored::from_value(applied, digester),
        observed: None,
        outputs: Stored::from_value(outputs, digester),
        expressions: BTreeMap::new(),
        formulas: BTreeMap::new(),
        left: BTreeSet::new(),
        waiting: None,
        edges: Vec::new(),
        options: RecordedOptions::default(),
        token: None,
        deployment: 0,
        source: None,
        reason: None,
        accepted: BTreeMap::new(),
    }
}

/// The rows, each with edges to what its arguments name by its id: others of them, or `known` ones.
pub(super) fn edges_by_ids<'a>(rows: Vec<(Row, Value)>, known: impl IntoIterator<Item = &'a Row>) -> Vec<Row> {
    let named = |row: &Row| (!row.id.is_empty()).then(|| (row.id.clone(), row.uid.clone()));
    let mut ids: BTreeMap<String, Uid> = known.into_iter().filter_map(named).collect();
    ids.extend(rows.iter().filter_map(|(row, _)| named(row)));
    let with_edges = rows.into_iter().map(|(mut row, applied)| {
        let mut edges = BTreeSet::new();
        for (name, value) in applied.as_map().into_iter().flatten() {
            texts(value, &mut |text| {
                if let Some(to) = ids.get(text).filter(|to| **to != row.uid) {
                    edges.insert(Edge { to: to.clone(), field: name.clone(), output: Some("id".to_owned()) });
                }
            });
        }
        row.edges = edges.into_iter().collect();
        row
    });
    with_edges.collect()
}

fn texts(value: &Value, tell: &mut impl FnMut(&str)) {
    match value {
        Value::Text(text) => tell(text),
        Value::List(list) => list.iter().for_each(|item| texts(item, tell)),
        Value::Map(map) => map.values().for_each(|item| texts(item, tell)),
        _ => {}
    }
}
