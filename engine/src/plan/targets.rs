//! [`Targets`]: which nodes and rows a run is about.

use std::collections::BTreeSet;

use super::Recorded;
use crate::error::{Error, Turn};
use crate::graph::{Graph, NodeId, nearest};
use crate::record::RowKey;
use crate::settings::{Settings, names};
use crate::urn::Urn;

/// The nodes and the rows that may get a step.
pub(super) enum Targets {
    /// All of them.
    All,
    /// These.
    Some {
        /// With everything they need.
        nodes: BTreeSet<NodeId>,
        /// Rows of the named, and of undeclared ones that depend on those, which must go first.
        rows: BTreeSet<RowKey>,
    },
}

impl Targets {
    /// Finds what `--target` names, and checks the names of `--replace` as well.
    pub(super) fn of(graph: &Graph, recorded: &Recorded, settings: &Settings) -> Result<Self, Vec<Error>> {
        let known: BTreeSet<&Urn> = graph
            .nodes()
            .iter()
            .map(|node| &node.urn)
            .chain(recorded.rows().values().map(|recorded| &recorded.row.urn))
            .collect();
        let unknown = |flag: &'static str, wanted: &'_ [String]| -> Vec<Error> {
            let missing = wanted.iter().filter(|name| !known.iter().any(|urn| names(std::slice::from_ref(*name), urn)));
            missing.map(|name| unknown_name(flag, name, &known)).collect()
        };
        let mut errors = unknown("--target", &settings.targets);
        errors.extend(unknown("--replace", &settings.replace));
        if !errors.is_empty() {
            return Err(errors);
        }
        if !settings.imports.is_empty() {
            // Not what they need: what is not recorded would be made for it.
            let adopted = graph.nodes().iter().enumerate().filter(|(_, node)| settings.import(&node.urn).is_some());
            return Ok(Targets::Some { nodes: adopted.map(|(id, _)| id).collect(), rows: BTreeSet::new() });
        }
        if settings.targets.is_empty() {
            return Ok(Targets::All);
        }
        let wanted = |urn: &Urn| names(&settings.targets, urn);
        let named = graph.nodes().iter().enumerate().filter(|(_, node)| wanted(&node.urn)).map(|(id, _)| id);
        let nodes = graph.with_dependencies(named);
        let declared: BTreeSet<&Urn> =
            graph.nodes().iter().flat_map(|node| std::iter::once(&node.urn).chain(&node.aliases)).collect();
        let mut open: Vec<RowKey> = recorded
            .rows()
            .iter()
            .filter(|(_, row)| {
                let node = graph.find(&row.row.urn);
                wanted(&row.row.urn) || node.is_some_and(|node| nodes.contains(&node))
            })
            .map(|(key, _)| key.clone())
            .collect();
        let mut rows = BTreeSet::new();
        while let Some(key) = open.pop() {
            if !rows.insert(key.clone()) {
                continue;
            }
            let going = recorded.rows().get(&key).is_some_and(|row| !declared.contains(&row.row.urn));
            if going {
                let dependants = recorded.dependants(&key.0).iter();
                open.extend(
                    dependants
                        .filter(|key| recorded.rows().get(*key).is_some_and(|row| !declared.contains(&row.row.urn)))
                        .cloned(),
                );
            }
        }
        Ok(Targets::Some { nodes, rows })
    }

    pub(super) fn has_node(&self, node: NodeId) -> bool {
        match self {
            Targets::All => true,
            Targets::Some { nodes, .. } => nodes.contains(&node),
        }
    }

    pub(super) fn has_row(&self, key: &RowKey) -> bool {
        match self {
            Targets::All => true,
            Targets::Some { rows, .. } => rows.contains(key),
        }
    }
}

fn unknown_name(flag: &str, name: &str, known: &BTreeSet<&Urn>) -> Error {
    // Several kinds may share a path.
    let candidates: BTreeSet<&str> = known.iter().flat_map(|urn| [urn.as_str(), urn.path()]).collect();
    let near = nearest(name, candidates.into_iter());
    let error = Error::new(Turn::You, format!("find what {flag} names"), format!("there is no `{name}` in this stack"));
    if near.is_empty() { error } else { error.hint(format!("nearest: {}", near.join(", "))) }
}
