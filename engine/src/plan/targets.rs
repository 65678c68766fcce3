//! [`Targets`]: which nodes and rows a run is about.

use std::collections::BTreeSet;

use super::Recorded;
use crate::error::{Error, Turn};
use crate::graph::{Graph, NodeId, nearest};
use crate::record::RowKey;
use crate::settings::{Settings, names};
use crate::urn::Urn;

/// The nodes and the rows that may get a step: those that are targets, unless all are, and are not excluded.
pub(super) struct Targets {
    targeted: Option<Chosen>,
    excluded: Chosen,
    /// The names of what is excluded.
    pub(super) excluded_urns: BTreeSet<Urn>,
    /// What a reader must know of the choice.
    pub(super) warnings: Vec<String>,
}

/// Some nodes and rows.
#[derive(Default)]
struct Chosen {
    nodes: BTreeSet<NodeId>,
    rows: BTreeSet<RowKey>,
}

impl Targets {
    /// Finds what `--target` and `--exclude` name, and checks the names of `--replace` as well.
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
        errors.extend(unknown("--exclude", &settings.excludes));
        errors.extend(unknown("--replace", &settings.replace));
        if !errors.is_empty() {
            return Err(errors);
        }
        let targeted = match settings.imports.is_empty() {
            true => (!settings.targets.is_empty()).then(|| targeted(graph, recorded, &settings.targets)),
            false => Some(adopted(graph, settings)),
        };
        let excluded = match settings.excludes.is_empty() {
            true => Chosen::default(),
            false => excluded(graph, recorded, &settings.excludes),
        };
        let nodes = excluded.nodes.iter().map(|node| &graph.node(*node).urn);
        let rows = excluded.rows.iter().filter_map(|key| recorded.rows().get(key)).map(|recorded| &recorded.row.urn);
        // A former name is the same resource.
        let aliases: BTreeSet<&Urn> = graph.nodes().iter().flat_map(|node| &node.aliases).collect();
        let names = nodes.chain(rows.filter(|urn| !aliases.contains(urn)));
        let excluded_urns = names.filter(|urn| !graph.program().reads.contains_key(*urn)).cloned().collect();
        let warnings = told(settings, &excluded_urns);
        Ok(Self { targeted, excluded, excluded_urns, warnings })
    }

    /// Whether nothing is left out.
    pub(super) fn are_all(&self) -> bool {
        self.targeted.is_none() && self.excluded.nodes.is_empty() && self.excluded.rows.is_empty()
    }

    pub(super) fn has_node(&self, node: NodeId) -> bool {
        self.targeted.as_ref().is_none_or(|chosen| chosen.nodes.contains(&node)) && !self.excluded.nodes.contains(&node)
    }

    pub(super) fn has_row(&self, key: &RowKey) -> bool {
        self.targeted.as_ref().is_none_or(|chosen| chosen.rows.contains(key)) && !self.excluded.rows.contains(key)
    }

    /// Whether a row is left alone because of `--exclude`.
    pub(super) fn excludes(&self, key: &RowKey) -> bool {
        self.excluded.rows.contains(key)
    }
}

/// What is to be adopted, and not what that needs: what is not recorded would be made for it.
fn adopted(graph: &Graph, settings: &Settings) -> Chosen {
    let nodes = graph.nodes().iter().enumerate().filter(|(_, node)| settings.import(&node.urn).is_some());
    Chosen { nodes: nodes.map(|(id, _)| id).collect(), rows: BTreeSet::new() }
}

/// The named with everything they need; and rows of the named, and of undeclared ones that depend on those, which must go first.
fn targeted(graph: &Graph, recorded: &Recorded, targets: &[String]) -> Chosen {
    let wanted = |urn: &Urn| names(targets, urn);
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
    Chosen { nodes, rows }
}

/// The named with everything that depends on them: as the program declares it, and as it is recorded.
fn excluded(graph: &Graph, recorded: &Recorded, excludes: &[String]) -> Chosen {
    let wanted = |urn: &Urn| names(excludes, urn);
    let mut chosen = Chosen::default();
    let named = graph.nodes().iter().enumerate();
    let named = named.filter(|(_, node)| std::iter::once(&node.urn).chain(&node.aliases).any(wanted));
    let mut nodes: Vec<NodeId> = named.map(|(id, _)| id).collect();
    let mut rows: Vec<RowKey> =
        recorded.rows().iter().filter(|(_, row)| wanted(&row.row.urn)).map(|(key, _)| key.clone()).collect();
    loop {
        if let Some(node) = nodes.pop() {
            if chosen.nodes.insert(node) {
                let node = graph.node(node);
                nodes.extend(&node.dependants);
                let names = std::iter::once(&node.urn).chain(&node.aliases);
                rows.extend(names.filter_map(|urn| recorded.live(urn)).map(|recorded| recorded.row.key()));
            }
        } else if let Some(key) = rows.pop() {
            if chosen.rows.insert(key.clone()) {
                rows.extend(recorded.dependants(&key.0).iter().cloned());
                // All generations of what is left alone, and the declaration that the living one belongs to.
                let family = recorded.rows().range((key.0.clone(), 0)..=(key.0.clone(), u32::MAX));
                rows.extend(family.map(|(key, _)| key.clone()));
                let urn = recorded.rows().get(&key).map(|recorded| &recorded.row.urn);
                let declared = |urn: &Urn| {
                    let alias = || graph.nodes().iter().position(|node| node.aliases.contains(urn));
                    graph.find(urn).or_else(alias)
                };
                nodes.extend(urn.and_then(declared));
            }
        } else {
            return chosen;
        }
    }
}

/// What is excluded beside what was named, and what was asked for and is excluded.
fn told(settings: &Settings, urns: &BTreeSet<Urn>) -> Vec<String> {
    let paths = |chosen: &dyn Fn(&Urn) -> bool| {
        let paths: BTreeSet<&str> = urns.iter().filter(|urn| chosen(urn)).map(Urn::path).collect();
        paths.into_iter().collect::<Vec<_>>().join(", ")
    };
    let beside = paths(&|urn| !names(&settings.excludes, urn));
    let asked = paths(&|urn| names(&settings.targets, urn) || names(&settings.replace, urn));
    let told = [
        ("excluded as well, since it depends on what is excluded", beside),
        ("asked for, and left alone since it is excluded", asked),
    ];
    let told = told.into_iter().filter(|(_, paths)| !paths.is_empty());
    told.map(|(what, paths)| format!("{what}: {paths}")).collect()
}

fn unknown_name(flag: &str, name: &str, known: &BTreeSet<&Urn>) -> Error {
    // Several kinds may share a path.
    let candidates: BTreeSet<&str> = known.iter().flat_map(|urn| [urn.as_str(), urn.path()]).collect();
    let near = nearest(name, candidates.into_iter());
    let error = Error::new(Turn::You, format!("find what {flag} names"), format!("there is no `{name}` in this stack"));
    if near.is_empty() { error } else { error.hint(format!("nearest: {}", near.join(", "))) }
}
