//! [`Graph`]: the declared resources and reads with everything that comes before each.
//!
//! Edges come from references in arguments, from `depends_on`, from `replace_when`, and from the orders that types state for
//! themselves ([`crate::shape::After`]). Made from the program alone; nothing is contacted.

mod checks;
mod components;
mod edges;
mod rules;

use std::collections::{BTreeMap, BTreeSet, btree_map};

pub(crate) use components::components;
pub(crate) use components::order as order_of;
pub(crate) use edges::nearest;

use crate::error::{Error, Turn};
use crate::program::{Declaration, Program, ReadDeclaration};
use crate::urn::{SourceLine, Urn};

/// The number of a node in its graph: resources in the order of the program, then reads by name.
pub type NodeId = usize;

/// The field of an edge that `depends_on` made.
pub const DEPENDS_ON: &str = "depends_on";
/// The field of an edge that a type's own rule made.
pub const BUILT_IN: &str = "built-in";
/// The field of an edge that `replace_when` made.
pub const REPLACE_WHEN: &str = "replace_when";

/// Something that comes before a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GraphEdge {
    /// What comes first.
    pub to: NodeId,
    /// The argument path that made the edge (`vpc`, `tags.name`), or [`DEPENDS_ON`], [`REPLACE_WHEN`], [`BUILT_IN`].
    pub field: String,
    /// The output that is used, where a reference made it.
    pub output: Option<String>,
}

/// One resource or read with what comes before and after it.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name.
    pub urn: Urn,
    /// What comes before, without doubles.
    pub edges: Vec<GraphEdge>,
    /// What comes after, in the order of the program.
    pub dependants: BTreeSet<NodeId>,
    /// Its former names.
    pub aliases: Vec<Urn>,
    /// The longest way from here to the end, counted in nodes, itself included.
    pub weight: u32,
}

/// What a node stands for.
#[derive(Debug, Clone, Copy)]
pub enum Declared<'a> {
    /// A resource.
    Resource(&'a Declaration),
    /// A read.
    Read(&'a ReadDeclaration),
}

/// The graph of a program.
#[derive(Debug, Clone)]
pub struct Graph {
    program: Program,
    nodes: Vec<Node>,
    index: BTreeMap<Urn, NodeId>,
    order: Vec<NodeId>,
}

impl Graph {
    /// Builds the graph.
    ///
    /// # Errors
    /// Everything that is wrong, at once: references and `depends_on` that name nothing, cycles, names and keys used twice, aliases that
    /// name something that is declared.
    pub fn new(program: &Program) -> Result<Self, Vec<Error>> {
        let mut errors = Vec::new();
        let urns: Vec<&Urn> = program.order.iter().chain(program.reads.keys()).collect();
        let index: BTreeMap<Urn, NodeId> = urns.iter().enumerate().map(|(id, urn)| ((*urn).clone(), id)).collect();
        let mut edges: Vec<BTreeSet<GraphEdge>> =
            urns.iter().map(|urn| edges::declared(program, &index, urn, &mut errors)).collect();
        edges::check_exports(program, &index, &mut errors);
        let aliases = checks::aliases(program, &mut errors);
        checks::keys(program, &mut errors);
        let mut graph = Self { program: program.clone(), nodes: Vec::new(), index, order: Vec::new() };
        // Rules follow references, which must not go round in circles for that.
        if errors.is_empty() {
            errors.extend(graph.cycles(&edges));
        }
        if errors.is_empty() {
            rules::add_edges(&graph.program, &graph.index, &mut edges);
            errors.extend(graph.cycles(&edges));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        graph.connect(edges, aliases);
        Ok(graph)
    }

    /// The program it was made from.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The nodes; a [`NodeId`] is an index.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of that number.
    ///
    /// # Panics
    /// When the number is not one of this graph.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The number of a urn.
    pub fn find(&self, urn: &Urn) -> Option<NodeId> {
        self.index.get(urn).copied()
    }

    /// What a node stands for.
    pub fn declared(&self, id: NodeId) -> Declared<'_> {
        let urn = &self.nodes[id].urn;
        match (self.program.resources.get(urn), self.program.reads.get(urn)) {
            (Some(resource), _) => Declared::Resource(resource),
            (None, Some(read)) => Declared::Read(read),
            (None, None) => unreachable!("every node was made from a declaration"),
        }
    }

    /// The declaration of a resource.
    pub fn resource(&self, urn: &Urn) -> Option<&Declaration> {
        self.program.resources.get(urn)
    }

    /// The nodes in an order in which each comes after everything before it; where that leaves a choice, in the order of the program.
    pub fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// Where the program declares a node.
    pub fn source(&self, id: NodeId) -> &SourceLine {
        match self.declared(id) {
            Declared::Resource(resource) => &resource.source,
            Declared::Read(read) => &read.source,
        }
    }

    /// These nodes and everything they need.
    pub fn with_dependencies(&self, from: impl IntoIterator<Item = NodeId>) -> BTreeSet<NodeId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<NodeId> = from.into_iter().collect();
        while let Some(id) = open.pop() {
            if found.insert(id) {
                open.extend(self.nodes[id].edges.iter().map(|edge| edge.to));
            }
        }
        found
    }

    fn connect(&mut self, edges: Vec<BTreeSet<GraphEdge>>, mut aliases: BTreeMap<Urn, Vec<Urn>>) {
        let mut by_id: Vec<(&NodeId, &Urn)> = self.index.iter().map(|(urn, id)| (id, urn)).collect();
        by_id.sort();
        self.nodes = by_id
            .into_iter()
            .zip(edges)
            .map(|((_, urn), edges)| Node {
                urn: urn.clone(),
                edges: edges.into_iter().collect(),
                dependants: BTreeSet::new(),
                aliases: aliases.remove(urn).unwrap_or_default(),
                weight: 1,
            })
            .collect();
        for id in 0..self.nodes.len() {
            let before: Vec<NodeId> = self.nodes[id].edges.iter().map(|edge| edge.to).collect();
            for first in before {
                self.nodes[first].dependants.insert(id);
            }
        }
        self.order = components::order(self.nodes.len(), |id| self.nodes[id].edges.iter().map(|edge| edge.to));
        for position in (0..self.order.len()).rev() {
            let id = self.order[position];
            let rest = self.nodes[id].dependants.iter().map(|after| self.nodes[*after].weight).max();
            self.nodes[id].weight = 1 + rest.unwrap_or(0);
        }
    }

    /// One error per group of nodes that wait for each other, with one way round.
    fn cycles(&self, edges: &[BTreeSet<GraphEdge>]) -> Vec<Error> {
        let before: Vec<Vec<NodeId>> = edges.iter().map(|edges| edges.iter().map(|edge| edge.to).collect()).collect();
        let urns: BTreeMap<NodeId, &Urn> = self.index.iter().map(|(urn, id)| (*id, urn)).collect();
        let circular = components(&before).into_iter().filter_map(|group| {
            let members: BTreeSet<NodeId> = group.iter().copied().collect();
            let first = *members.iter().next()?;
            (members.len() > 1 || before[first].contains(&first)).then_some((first, members))
        });
        circular
            .map(|(first, members)| {
                let way = way_round(first, &members, edges);
                let mut text = String::new();
                for (id, edge) in &way {
                    let (urn, line) = (urns[id].path(), self.line(urns[id]));
                    let by = match (&*edge.field, &edge.output) {
                        (BUILT_IN, _) => "an order built into its type".to_owned(),
                        (DEPENDS_ON, _) => DEPENDS_ON.to_owned(),
                        (field, _) => format!("`{field}`"),
                    };
                    text.push_str(&format!("{urn} ({line}) needs {} by {by}; ", urns[&edge.to].path()));
                }
                let text = text.trim_end_matches("; ");
                Error::new(Turn::You, "order the program", format!("these wait for each other: {text}"))
                    .about(urns[&first], self.line_of(urns[&first]))
                    .hint("take one of these references away, or split the resource that both sides need")
            })
            .collect()
    }

    fn line_of(&self, urn: &Urn) -> Option<&SourceLine> {
        line_of(&self.program, urn)
    }

    fn line(&self, urn: &Urn) -> String {
        self.line_of(urn).map(ToString::to_string).unwrap_or_default()
    }
}

/// Where a program declares something.
fn line_of<'a>(program: &'a Program, urn: &Urn) -> Option<&'a SourceLine> {
    let resource = program.resources.get(urn).map(|resource| &resource.source);
    resource.or_else(|| program.reads.get(urn).map(|read| &read.source))
}

/// The shortest way from a node back to itself within its group.
fn way_round<'e>(
    first: NodeId,
    members: &BTreeSet<NodeId>,
    edges: &'e [BTreeSet<GraphEdge>],
) -> Vec<(NodeId, &'e GraphEdge)> {
    let mut came: BTreeMap<NodeId, (NodeId, &GraphEdge)> = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([first]);
    while let Some(id) = open.pop_front() {
        for edge in edges[id].iter().filter(|edge| members.contains(&edge.to)) {
            if let btree_map::Entry::Vacant(place) = came.entry(edge.to) {
                place.insert((id, edge));
                open.push_back(edge.to);
            }
        }
        if came.contains_key(&first) {
            break;
        }
    }
    let mut way = Vec::new();
    let mut at = first;
    while let Some((from, edge)) = came.get(&at) {
        way.push((*from, *edge));
        at = *from;
        if at == first {
            break;
        }
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests;
