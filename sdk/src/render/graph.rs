//! The graph of a program: as a tree for people, as an object for machines, as a drawing for Graphviz.

use std::collections::BTreeMap;

use formwork_engine::Stage;
use formwork_engine::graph::{BUILT_IN, DEPENDS_ON, Declared, Graph, GraphEdge, NodeId, REPLACE_WHEN};
use serde_json::{Value as Json, json};

use super::{Ink, Look, plural, wide, wrapped};

/// The version of the object.
const VERSION: u32 = 1;

/// A tree: each node once, below the last of what it needs, with the argument that says so. What else it needs stands behind.
pub(crate) fn graph(graph: &Graph, look: Look) -> String {
    if graph.nodes().is_empty() {
        return "nothing is declared\n".to_owned();
    }
    let mut below: BTreeMap<Option<NodeId>, Vec<NodeId>> = BTreeMap::new();
    let parents = parents(graph);
    for &node in graph.order() {
        below.entry(parents[&node]).or_default().push(node);
    }
    let mut text = String::new();
    for &root in below.get(&None).into_iter().flatten() {
        branch(graph, root, (None, ""), &below, look, &mut text);
    }
    let edges = graph.nodes().iter().map(|node| node.edges.len()).sum();
    let reads = graph.program().reads.len();
    let of_reads = if reads == 0 { String::new() } else { format!(", {}", plural(reads, "read")) };
    text.push_str(&format!(
        "{}{of_reads}, {}\n",
        plural(graph.nodes().len() - reads, "resource"),
        plural(edges, "edge")
    ));
    text
}

/// Below which node each stands: of what it needs, the one that is furthest from the beginning, since the others mostly stand above that.
fn parents(graph: &Graph) -> BTreeMap<NodeId, Option<NodeId>> {
    let mut depth: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut parents = BTreeMap::new();
    for &node in graph.order() {
        let needs = graph.node(node).edges.iter().map(|edge| edge.to);
        // Of several that are as far, the first one.
        let parent = needs.max_by_key(|to| (depth.get(to).copied().unwrap_or_default(), std::cmp::Reverse(*to)));
        depth.insert(node, parent.map_or(0, |parent| depth.get(&parent).copied().unwrap_or_default() + 1));
        parents.insert(node, parent);
    }
    parents
}

fn branch(
    graph: &Graph,
    node: NodeId,
    (parent, indent): (Option<NodeId>, &str),
    below: &BTreeMap<Option<NodeId>, Vec<NodeId>>,
    look: Look,
    text: &mut String,
) {
    let children = below.get(&Some(node)).map(Vec::as_slice).unwrap_or_default();
    let trunk = if children.is_empty() { "  " } else { "│ " };
    // The line of a child begins with its own sign, which stands in the indent of its parent.
    let (first, rest) = match indent.strip_suffix("├─ ") {
        Some(before) => (indent.to_owned(), format!("{before}│  ")),
        None => match indent.strip_suffix("└─ ") {
            Some(before) => (indent.to_owned(), format!("{before}   ")),
            None => (indent.to_owned(), indent.to_owned()),
        },
    };
    let wrapped = wrapped(&line(graph, node, parent), look.width, &first, &format!("{rest}{trunk}  "));
    text.push_str(&painted(graph, node, &wrapped, wide(&first), look));
    text.push('\n');
    for (index, &child) in children.iter().enumerate() {
        let sign = if index + 1 == children.len() { "└─ " } else { "├─ " };
        branch(graph, child, (Some(node), &format!("{rest}{sign}")), below, look, text);
    }
}

/// `private/subnet-0 (ec2/subnet) by vpc; also zones by availability_zone`.
fn line(graph: &Graph, node: NodeId, parent: Option<NodeId>) -> String {
    let it = graph.node(node);
    let mut needs: BTreeMap<NodeId, Vec<&str>> = BTreeMap::new();
    for edge in &it.edges {
        let fields = needs.entry(edge.to).or_default();
        if !fields.contains(&word(edge)) {
            fields.push(word(edge));
        }
    }
    let mut text = format!("{} ({})", it.urn.path(), it.urn.kind().short());
    if let Some(fields) = parent.and_then(|parent| needs.remove(&parent)) {
        text.push_str(&format!(" by {}", fields.join(", ")));
    }
    if !needs.is_empty() {
        let others = needs.iter().map(|(to, by)| format!("{} by {}", graph.node(*to).urn.path(), by.join(", ")));
        text.push_str(&format!("; also {}", others.collect::<Vec<_>>().join("; ")));
    }
    text
}

/// The name stands out; the first line always holds it whole.
fn painted(graph: &Graph, node: NodeId, lines: &str, indent: usize, look: Look) -> String {
    let path = graph.node(node).urn.path();
    let at: usize = lines.chars().take(indent).map(char::len_utf8).sum();
    match lines[at..].strip_prefix(path) {
        Some(rest) => format!("{}{}{rest}", &lines[..at], look.paint(Ink::Strong, path)),
        None => lines.to_owned(),
    }
}

fn word(edge: &GraphEdge) -> &str {
    match edge.field.as_str() {
        BUILT_IN => "its type",
        field => field,
    }
}

/// When an edge lets go: once the output that is used is known; without one, when what comes first is ready.
fn stage(graph: &Graph, edge: &GraphEdge) -> &'static str {
    let Declared::Resource(declaration) = graph.declared(edge.to) else { return "answered" };
    let used = edge.output.as_deref();
    let output = declaration.schema.outputs.iter().find(|output| Some(output.name) == used);
    match output.map(|output| output.stage) {
        Some(Stage::Accepted) => "accepted",
        Some(Stage::Ready) | None => "ready",
    }
}

/// `{"version", "stack", "nodes": [{"urn", "kind", "type", "source"}], "edges": [{"urn", "needs", "field", "output", "stage"}]}`, both in an order
/// in which everything could be made.
pub(crate) fn graph_json(graph: &Graph) -> Json {
    let node = |&node: &NodeId| {
        let urn = &graph.node(node).urn;
        let (sort, source) = match graph.declared(node) {
            Declared::Resource(declaration) => ("resource", &declaration.source),
            Declared::Read(read) => ("read", &read.source),
        };
        json!({ "urn": urn, "kind": urn.kind(), "type": sort, "source": source.to_string() })
    };
    let edges = |&node: &NodeId| {
        let urn = &graph.node(node).urn;
        let edge = move |edge: &GraphEdge| {
            json!({
                "urn": urn,
                "needs": graph.node(edge.to).urn,
                "field": edge.field,
                "output": edge.output,
                "stage": stage(graph, edge),
            })
        };
        graph.node(node).edges.iter().map(edge).collect::<Vec<_>>()
    };
    json!({
        "version": VERSION,
        "stack": graph.program().stack,
        "nodes": graph.order().iter().map(node).collect::<Vec<_>>(),
        "edges": graph.order().iter().flat_map(edges).collect::<Vec<_>>(),
    })
}

/// An arrow from what comes first to what needs it; dashed where no argument says so.
pub(crate) fn graph_dot(graph: &Graph) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut text = format!("digraph {} {{\n  rankdir=LR;\n  node [shape=box];\n", quoted(&graph.program().stack));
    for &node in graph.order() {
        let urn = &graph.node(node).urn;
        let label = format!("{}\\n{}", urn.path(), urn.kind().short());
        let style = if matches!(graph.declared(node), Declared::Read(_)) { ", style=dotted" } else { "" };
        text.push_str(&format!("  {} [label=\"{label}\"{style}];\n", quoted(urn.as_str())));
    }
    for &node in graph.order() {
        for edge in &graph.node(node).edges {
            let loose = [BUILT_IN, DEPENDS_ON, REPLACE_WHEN].contains(&edge.field.as_str());
            let style = if loose { ", style=dashed" } else { "" };
            let (from, to) = (quoted(graph.node(edge.to).urn.as_str()), quoted(graph.node(node).urn.as_str()));
            text.push_str(&format!("  {from} -> {to} [label={}{style}];\n", quoted(word(edge))));
        }
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use formwork_aws::ec2;
    use formwork_engine::{Stack, options};

    use super::*;

    fn example() -> Graph {
        let mut stack = Stack::new("shop", "prod", BTreeMap::new());
        let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
        let gateway = stack.add("gateway", ec2::InternetGateway::builder().vpc(&vpc).build());
        stack.component("private", |stack| {
            let subnet = stack.add("a", ec2::Subnet::builder().vpc(&vpc).cidr_block("10.0.1.0/24").build());
            let address = ec2::ElasticIp::builder().build();
            let address = stack.add_with("address", address, options().depends_on(&gateway));
            stack.add("nat", ec2::NatGateway::builder().subnet(&subnet).allocation(&address).build());
        });
        Graph::new(&stack.finish().unwrap()).unwrap()
    }

    fn look(width: usize) -> Look {
        Look { width, colour: false }
    }

    #[test]
    fn each_node_stands_once_below_the_last_of_what_it_needs() {
        let text = graph(&example(), look(80));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "main (ec2/vpc)", "{text}");
        assert!(text.contains("├─ gateway (ec2/internet-gateway) by vpc\n"), "{text}");
        assert!(text.contains("│  └─ private/address (ec2/elastic-ip) by depends_on\n"), "{text}");
        assert!(text.contains("private/nat (ec2/nat-gateway) by allocation"), "{text}");
        assert!(text.contains("also") && text.contains("private/a by subnet"), "{text}");
        assert_eq!(text.matches("(ec2/").count(), 5, "{text}");
        assert!(text.ends_with("edges\n"), "{text}");
        assert!(lines.iter().all(|line| wide(line) <= 80), "{text}");
        let narrow = graph(&example(), look(50));
        assert!(narrow.lines().all(|line| wide(line) <= 50), "{narrow}");
    }

    #[test]
    fn machines_are_told_the_argument_and_the_stage_of_each_edge() {
        let json = graph_json(&example());
        assert_eq!((&json["version"], &json["stack"]), (&json!(1), &json!("prod")));
        assert_eq!(json["nodes"].as_array().unwrap().len(), 5);
        assert_eq!(json["nodes"][0]["kind"], "aws:ec2/vpc");
        let edges = json["edges"].as_array().unwrap();
        let edge = |urn: &str, field: &str| {
            let found = edges.iter().find(|edge| edge["field"] == field && edge["urn"].as_str().unwrap().contains(urn));
            found.unwrap_or_else(|| panic!("no edge {urn} {field}: {json:#}"))
        };
        let by_vpc = edge("private/a", "vpc");
        assert_eq!((&by_vpc["needs"], &by_vpc["output"]), (&json!("prod::main::aws:ec2/vpc"), &json!("id")));
        assert!(["accepted", "ready"].contains(&by_vpc["stage"].as_str().unwrap()));
        assert_eq!(edge("private/address", "depends_on")["stage"], "ready");
    }

    #[test]
    fn graphviz_gets_a_digraph_with_quoted_names() {
        let dot = graph_dot(&example());
        assert!(dot.starts_with("digraph \"prod\" {\n") && dot.ends_with("}\n"), "{dot}");
        let arrow = "  \"prod::main::aws:ec2/vpc\" -> \"prod::private/a::aws:ec2/subnet\" [label=\"vpc\"];\n";
        assert!(dot.contains(arrow), "{dot}");
        assert!(dot.contains("[label=\"depends_on\", style=dashed]"), "{dot}");
    }
}
