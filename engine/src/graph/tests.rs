//! Tests of the graph.

use super::*;
use crate::expr::Expr;
use crate::fixtures::*;
use crate::options::options;
use crate::program::Export;

fn edges(world: &World, urn: &Urn) -> Vec<String> {
    let graph = world.graph().unwrap_or_else(|errors| panic!("{errors:#?}"));
    let node = graph.node(graph.find(urn).unwrap());
    let output = |edge: &GraphEdge| edge.output.as_ref().map(|output| format!(".{output}")).unwrap_or_default();
    let edges = node.edges.iter().map(|e| format!("{} -> {}{}", e.field, graph.node(e.to).urn.path(), output(e)));
    edges.collect()
}

fn errors(world: &World) -> Vec<String> {
    let errors = world.graph().unwrap_err();
    errors.iter().map(|error| format!("{error} [{}]", error.hints.join("; "))).collect()
}

#[test]
fn edges_know_the_argument_path_and_the_output() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    let tags = Expr::Record([("net".to_owned(), Expr::Join(vec![text("in-"), of(&network, "resolver")]))].into());
    let rule = Expr::Record([("prefix".to_owned(), of(&network, "id"))].into());
    let args = [("cidr", of(&network, "id")), ("tags", tags), ("rules", Expr::List(vec![rule]))];
    let other = world.add(&NETWORK, "other", args);
    let last = options().depends_on(other.clone()).replace_when(of(&network, "revision"));
    let last = world.add_with(&NETWORK, "last", [("cidr", text("a"))], last);
    assert_eq!(edges(&world, &other), ["cidr -> main.id", "rules[0].prefix -> main.id", "tags.net -> main.resolver"]);
    assert_eq!(edges(&world, &last), ["replace_when -> main.revision", "depends_on -> other"]);
}

#[test]
fn the_order_is_that_of_the_program_where_nothing_else_says() {
    let mut world = World::new();
    let network = urn(&NETWORK, "b");
    world.add(&SUBNET, "c", [("network", of(&network, "id"))]);
    world.add(&NETWORK, "z", [("cidr", text("a"))]);
    world.add(&NETWORK, "b", [("cidr", text("a"))]);
    let graph = world.graph().unwrap();
    let order: Vec<&str> = graph.order().iter().map(|node| graph.node(*node).urn.path()).collect();
    assert_eq!(order, ["z", "b", "c"]);
    let weight = |path: &str| graph.nodes().iter().find(|node| node.urn.path() == path).unwrap().weight;
    assert_eq!((weight("b"), weight("z"), weight("c")), (2, 1, 1));
}

#[test]
fn everything_that_is_wrong_is_reported_at_once_with_its_line() {
    let mut world = World::new();
    let gone = urn(&NETWORK, "mian");
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add_with(&SUBNET, "a", [("network", of(&gone, "id"))], options().depends_on(gone.clone()));
    world.add(&SUBNET, "b", [("network", of(&network, "arn"))]);
    let source = world.program.resources[&network].source.clone();
    world.program.exports.insert("x".into(), Export { expr: of(&gone, "id"), source });
    assert_eq!(
        errors(&world),
        [
            "failed to connect a: `network` refers to mian, which this program does not declare [declared is test::main::test:net/network]",
            "failed to connect a: `depends_on` refers to mian, which this program does not declare [declared is test::main::test:net/network]",
            "failed to connect b: `network` refers to main, which has no output `arn` [declared is test::main::test:net/network]",
            "failed to give the output `x`: it refers to mian, which this program does not declare (stack.rs:1) []",
        ]
    );
}

#[test]
fn a_circle_is_shown_as_a_way_round_in_the_names_of_the_program() {
    let mut world = World::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| urn(&SUBNET, name));
    world.add(&SUBNET, "a", [("network", of(&b, "id"))]);
    world.add(&SUBNET, "b", [("network", text("n")), ("peer", of(&c, "id"))]);
    world.add_with(&SUBNET, "c", [("network", text("n"))], options().depends_on(a));
    let own = urn(&SUBNET, "own");
    world.add(&SUBNET, "own", [("network", of(&own, "id"))]);
    let errors = errors(&world);
    assert_eq!(errors.len(), 2);
    assert!(
        errors[0].contains(
            "these wait for each other: a (stack.rs:1) needs b by `network`; b (stack.rs:2) needs c by `peer`; \
             c (stack.rs:3) needs a by depends_on"
        ),
        "{}",
        errors[0]
    );
    assert!(errors[1].contains("own (stack.rs:4) needs own by `network`"), "{}", errors[1]);
}

#[test]
fn a_key_that_occurs_twice_names_both_lines() {
    let mut world = World::new();
    let role = world.add(&ROLE, "a", [("name", text("deploy"))]);
    world.add(&ROLE, "b", [("name", text("deploy"))]);
    world.add(&ROLE, "made", [("name", prefixed("deploy"))]);
    world.add(&ROLE, "made-too", [("name", prefixed("deploy"))]);
    world.add(&ATTACHMENT, "x", [("role", of(&role, "id")), ("policy", text("p"))]);
    world.add(&ATTACHMENT, "y", [("role", of(&role, "id")), ("policy", text("p"))]);
    let errors = errors(&world);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains(r#"failed to declare b: `name` "deploy" may exist once, and a at stack.rs:1 has it too (declared at stack.rs:2)"#), "{}", errors[0]);
    assert!(errors[1].contains("`role` a.id, `policy` \"p\" may exist once"), "{}", errors[1]);
}

#[test]
fn an_alias_that_is_declared_or_claimed_twice_or_of_another_kind_is_refused() {
    let mut world = World::new();
    world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add_with(&NETWORK, "a", [("cidr", text("a"))], options().alias("main"));
    world.add_with(&NETWORK, "b", [("cidr", text("a"))], options().alias("gone"));
    world.add_with(&NETWORK, "c", [("cidr", text("a"))], options().alias("test::gone::test:net/network"));
    world.add_with(&NETWORK, "d", [("cidr", text("a"))], options().alias("test::gone::test:net/subnet"));
    let errors = errors(&world);
    for (error, reason) in errors.iter().zip([
        "the alias main is the name of what stack.rs:1 declares",
        "the alias gone is claimed by b too",
        "the alias test::gone::test:net/subnet is of another kind",
    ]) {
        assert!(error.contains(reason), "{error}");
    }
    assert_eq!(errors.len(), 3);
}

#[test]
fn a_rule_follows_paths_through_references() {
    let mut world = World::new();
    let [one, two] = ["one", "two"].map(|name| world.add(&NETWORK, name, [("cidr", text("a"))]));
    let subnet = world.add(&SUBNET, "subnet", [("network", of(&one, "id"))]);
    let nat = world.add(&NAT, "nat", [("subnet", of(&subnet, "id"))]);
    world.add(&GATEWAY, "near", [("network", of(&one, "id"))]);
    world.add(&GATEWAY, "far", [("network", of(&two, "id"))]);
    assert_eq!(edges(&world, &nat), ["subnet -> subnet.id", "built-in -> near"]);
}

#[test]
fn rules_link_by_shared_resources_names_and_provider() {
    let mut world = World::new();
    let role = world.add(&ROLE, "role", [("name", text("r"))]);
    let cluster = world.add(&CLUSTER, "main", [("name", text("prod")), ("role", of(&role, "id"))]);
    let quiet = [("name", text("quiet")), ("role", text("other")), ("logging", value(false))];
    let quiet = world.add(&CLUSTER, "quiet", quiet);
    world.add(&ATTACHMENT, "policy", [("role", of(&role, "name")), ("policy", text("p"))]);
    world.add(&ATTACHMENT, "unrelated", [("role", text("else")), ("policy", text("p"))]);
    world.add(&LOGS, "logs", [("name", Expr::Join(vec![text("/cluster/"), text("prod")]))]);
    world.add(&LOGS, "quiet-logs", [("name", text("/cluster/quiet"))]);
    world.add(&GATEWAY, "gateway", [("network", text("n"))]);
    let elsewhere = options().provider(&crate::ProviderName("us-east-1".into()));
    world.add_with(&GATEWAY, "elsewhere", [("network", text("n"))], elsewhere);
    assert_eq!(
        edges(&world, &cluster),
        ["role -> role.id", "built-in -> policy", "built-in -> logs", "built-in -> gateway"]
    );
    assert_eq!(edges(&world, &quiet), ["built-in -> gateway"]);
}

#[test]
fn a_thousand_resources_in_one_network_are_connected_quickly() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    for number in 0..3000 {
        world.add(&GATEWAY, &format!("g{number}"), [("network", of(&network, "id"))]);
    }
    let graph = world.graph().unwrap();
    assert_eq!(graph.node(graph.find(&network).unwrap()).dependants.len(), 3000);
}
