//! Taking over what exists: by a run that was told so, and by natural key.

use super::bench::Bench;
use crate::apply::Cancel;
use crate::error::Error;
use crate::fixtures::*;
use crate::kind::Ownership;
use crate::options::options;
use crate::plan::{OWNERSHIP_TAGS, Op, Plan};
use crate::program::Export;
use crate::record::RowState;
use crate::urn::Uid;
use crate::value::Value;

/// A run that adopts these.
fn importing(bench: &mut Bench, pairs: &[(&str, &str)]) {
    bench.settings.imports = pairs.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
}

fn said(errors: &[Error]) -> String {
    errors.iter().map(|error| format!("{error} {:?}\n", error.hints)).collect()
}

fn ops(plan: &Plan) -> Vec<(&str, Op)> {
    plan.steps.iter().map(|step| (step.urn.path(), step.op)).collect()
}

/// A network and its subnet, declared beside a third thing, and made by somebody else.
struct Theirs {
    bench: Bench,
    world: World,
    network: String,
    subnet: String,
}

impl Theirs {
    fn new() -> Self {
        let bench = Bench::new();
        let network = bench.cloud.put_foreign(NETWORK.kind, Value::from([("cidr", "a")]), None);
        let subnet = bench.cloud.put_foreign(SUBNET.kind, Value::from([("network", network.as_str())]), None);
        let mut world = World::new();
        let main = world.add(&NETWORK, "main", [("cidr", text("a")), ("dns", value(true))]);
        world.add(&SUBNET, "zones/a", [("network", of(&main, "id"))]);
        world.add(&BUCKET, "other", [("name", text("other"))]);
        Self { bench, world, network, subnet }
    }
}

#[tokio::test]
async fn a_run_adopts_what_it_was_told_and_nothing_else() {
    let Theirs { mut bench, mut world, network, subnet } = Theirs::new();
    for (name, of_what) in [("network", urn(&NETWORK, "main")), ("bucket", urn(&BUCKET, "other"))] {
        let export = Export { expr: of(&of_what, "id"), source: crate::SourceLine::here() };
        world.program.exports.insert(name.to_owned(), export);
    }
    importing(&mut bench, &[("test::main::test:net/network", &network), ("zones/a", &subnet)]);
    let plan = bench.plan(&world.program).await.unwrap();
    // An output of what this run does not make is not promised.
    assert_eq!(plan.outputs, [("network".to_owned(), (Value::Null, Value::from(network.as_str())))].into());
    assert_eq!(ops(&plan), [("main", Op::Adopt), ("zones/a", Op::Adopt)]);
    let changes: Vec<&str> = plan.steps[0].changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(changes, [OWNERSHIP_TAGS, "dns"], "whose it is is a change of its own");
    let text = plan.to_string();
    assert!(text.contains(r#"    ownership tags: null -> "project/test" (adopted)"#), "{text}");
    assert!(text.contains("  1 adopt zones/a [name only] (adopted) after 0"), "{text}");
    let json = plan.to_json();
    assert_eq!(json["steps"][0]["ownership"], "ownership tags");
    assert_eq!((&json["steps"][1]["ownership"], &json["steps"][1]["op"]), (&"name only".into(), &"adopt".into()));

    bench.done(&world.program).await;
    let state = bench.state();
    let recorded: Vec<(&str, &str)> = state.rows().values().map(|row| (row.urn.path(), row.id.as_str())).collect();
    assert_eq!(recorded.len(), 2, "{recorded:?}");
    let owner = bench.cloud.things().into_iter().find(|thing| thing.id == network).unwrap().owner.unwrap();
    assert!(owner.stack.starts_with("project/test:"), "{owner:?}");

    // From then on it is like anything else: an ordinary run makes the rest, and a second one nothing.
    importing(&mut bench, &[]);
    assert_eq!(ops(&bench.plan(&world.program).await.unwrap())[2], ("other", Op::Create));
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn what_cannot_be_adopted_says_why_and_what_to_do() {
    let Theirs { mut bench, world, network, subnet } = Theirs::new();
    let owner = Ownership::of("project/other:lineage", &Uid::random());
    let foreign = bench.cloud.put_foreign(NETWORK.kind, Value::from([("cidr", "a")]), Some(owner));
    for (name, id, wanted) in [
        ("man", network.as_str(), "the program declares no `man` [\"nearest: main"),
        ("main", subnet.as_str(), "is a test:net/subnet, and a test:net/network is wanted"),
        ("main", "network-0", "there is no test:net/network with the id network-0 in 123456789012 eu-west-1"),
        ("main", foreign.as_str(), "belongs to the stack project/other:lineage [\"have it let go there"),
        ("zones/a", subnet.as_str(), "its `network` refers to main, of which nothing is recorded [\"adopt that one in"),
    ] {
        importing(&mut bench, &[(name, id)]);
        let errors = said(&bench.plan(&world.program).await.unwrap_err());
        assert!(errors.contains(wanted), "{name} {id}: {errors}");
    }
    importing(&mut bench, &[("main", &network), ("test::main::test:net/network", &subnet)]);
    assert!(said(&bench.plan(&world.program).await.unwrap_err()).contains("it is named twice"));
    assert!(bench.state().rows().is_empty());
}

#[tokio::test]
async fn a_path_that_several_things_have_is_not_guessed_at() {
    let Theirs { mut bench, mut world, network, .. } = Theirs::new();
    world.add(&GATEWAY, "main", [("network", text("n"))]);
    importing(&mut bench, &[("main", &network)]);
    let errors = said(&bench.plan(&world.program).await.unwrap_err());
    assert!(errors.contains("`main` is the path of 2 resources"), "{errors}");
    assert!(errors.contains("test::main::test:net/gateway, test::main::test:net/network"), "{errors}");
}

#[tokio::test]
async fn one_thing_is_not_taken_over_twice() {
    let Theirs { mut bench, mut world, network, .. } = Theirs::new();
    importing(&mut bench, &[("main", &network)]);
    bench.done(&world.program).await;
    let errors = said(&bench.plan(&world.program).await.unwrap_err());
    assert!(errors.contains("it is managed already"), "{errors}");
    importing(&mut bench, &[("main", "network-9")]);
    let errors = said(&bench.plan(&world.program).await.unwrap_err());
    assert!(
        errors.contains(&format!("it is recorded as {network} (ready), and network-9 is another thing")),
        "{errors}"
    );

    world.add(&NETWORK, "again", [("cidr", text("a"))]);
    importing(&mut bench, &[("again", &network)]);
    let errors = said(&bench.plan(&world.program).await.unwrap_err());
    assert!(errors.contains("is recorded already, as main") && errors.contains("alias(\\\"main\\\")"), "{errors}");

    let mut two = World::new();
    let free = bench.cloud.put_foreign(NETWORK.kind, Value::from([("cidr", "a")]), None);
    two.add_with(&NETWORK, "one", [("cidr", text("a"))], options().import(free.clone()));
    two.add_with(&NETWORK, "two", [("cidr", text("a"))], options().import(free));
    bench.settings.imports.clear();
    let errors = said(&bench.plan(&two.program).await.unwrap_err());
    assert!(errors.contains("is one thing, and one adopts it too"), "{errors}");
}

#[tokio::test]
async fn an_adoption_that_is_killed_at_any_point_is_finished_by_the_same_call() {
    for point in 0.. {
        let Theirs { mut bench, world, network, subnet } = Theirs::new();
        importing(&mut bench, &[("main", &network), ("zones/a", &subnet)]);
        let over = bench.dying(&world.program, point).await.is_some();
        // What is settled already is refused by name; the rest goes on.
        let ready = |path: &str| {
            let state = bench.state();
            state.rows().values().any(|row| row.urn.path() == path && row.state == RowState::Ready)
        };
        let open: Vec<(&str, &str)> =
            [("main", network.as_str()), ("zones/a", &subnet)].into_iter().filter(|(path, _)| !ready(path)).collect();
        if !open.is_empty() {
            importing(&mut bench, &open);
            bench.done(&world.program).await;
        }
        importing(&mut bench, &[]);
        bench.done(&world.program).await;
        bench.settled(&world.program).await;
        assert_eq!(bench.cloud.things().len(), 3, "killed at point {point}");
        if over {
            break;
        }
    }
}

#[tokio::test]
async fn what_exists_under_the_natural_key_is_adopted_only_when_asked() {
    let bench = Bench::new();
    let theirs = bench.cloud.put_foreign(ROLE.kind, Value::from([("name", "app")]), None);
    let attached = Value::from([("role", theirs.as_str()), ("policy", "p")]);
    bench.cloud.put_foreign(ATTACHMENT.kind, attached, None);
    let mut world = World::new();
    // The key of the second is known once the first was found.
    let role = world.add_with(&ROLE, "role", [("name", text("app"))], options().adopt_if_exists());
    let args = [("role", of(&role, "id")), ("policy", text("p"))];
    world.add_with(&ATTACHMENT, "attached", args.clone(), options().adopt_if_exists());
    world.add_with(&ROLE, "new", [("name", text("new"))], options().adopt_if_exists());
    let plan = bench.plan(&world.program).await.unwrap();
    assert_eq!(ops(&plan), [("role", Op::Adopt), ("attached", Op::Adopt), ("new", Op::Create)]);
    bench.done(&world.program).await;
    bench.settled(&world.program).await;

    let other = Bench::new();
    other.cloud.put_foreign(ROLE.kind, Value::from([("name", "app")]), None);
    let mut world = World::new();
    world.add(&ROLE, "role", [("name", text("app"))]);
    assert_eq!(ops(&other.plan(&world.program).await.unwrap()), [("role", Op::Create)]);
    let summary = other.try_up(&world.program, &Cancel::new()).await.unwrap();
    let hints = &summary.failed[0].1.hints;
    assert!(hints.iter().any(|hint| hint.contains("options().import")), "{hints:?}");
}

#[tokio::test]
async fn a_natural_key_does_not_take_from_others_and_must_be_there() {
    let bench = Bench::new();
    let owner = Ownership::of("project/other:lineage", &Uid::random());
    bench.cloud.put_foreign(ROLE.kind, Value::from([("name", "app")]), Some(owner));
    let mut world = World::new();
    world.add_with(&ROLE, "role", [("name", text("app"))], options().adopt_if_exists());
    let errors = said(&bench.plan(&world.program).await.unwrap_err());
    assert!(errors.contains("belongs to the stack project/other:lineage"), "{errors}");

    let mut world = World::new();
    world.add_with(&NETWORK, "main", [("cidr", text("a"))], options().adopt_if_exists());
    world.add_with(&ROLE, "role", [("name", prefixed("app"))], options().adopt_if_exists());
    let errors = said(&bench.plan(&world.program).await.unwrap_err());
    assert!(
        errors.contains("look for main: things of the type test:net/network have no name to find them by"),
        "{errors}"
    );
    assert!(errors.contains("look for role: only the beginning of its `name` is declared"), "{errors}");
}
