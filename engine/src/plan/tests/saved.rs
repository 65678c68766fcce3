//! Plans that are kept: what makes one stale, what does not, and what is left out.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::promises::{Wish, declare, wish};

use crate::fixtures::*;
use crate::kind::Identity;
use crate::observe::Observations;
use crate::options::options;
use crate::plan::{Basis, Op, Reason, Recorded, Restricted, SavedPlan};
use crate::value::Value;

fn identity() -> Identity {
    Identity {
        account: "1".into(),
        partition: "aws".into(),
        caller: "somebody".into(),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

fn with<T>(world: &World, lineage: Option<&str>, then: impl FnOnce(Basis<'_>) -> T) -> T {
    let (graph, recorded): (_, Recorded) = (world.graph().unwrap(), world.recorded());
    let observations: Observations = world.seen();
    let plan = crate::plan::make(&graph, &recorded, &observations, &world.settings)
        .unwrap_or_else(|errors| panic!("{errors:#?}"));
    let (settings, identity) = (&world.settings, &identity());
    let basis = Basis {
        plan: &plan,
        graph: &graph,
        recorded: &recorded,
        observations: &observations,
        settings,
        identity,
        lineage,
    };
    then(basis)
}

/// The plan of a world as it comes out of its file.
fn saved(world: &World) -> SavedPlan {
    let json = with(world, Some("lineage"), |basis| SavedPlan::of(basis).to_json());
    let text = json.to_string();
    SavedPlan::from_json(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn hold(saved: &SavedPlan, world: &World) -> Result<Restricted, Vec<String>> {
    with(world, Some("lineage"), |basis| saved.hold(basis)).map_err(|error| error.hints)
}

#[track_caller]
fn refused(saved: &SavedPlan, world: &World) -> Vec<String> {
    let mut hints = hold(saved, world).unwrap_err();
    assert!(hints.pop().unwrap().contains("preview --save"));
    hints
}

fn tagged(team: &str) -> Value {
    Value::from([("team", team)])
}

/// Two networks with tags, a subnet in the first one, and a change of the subnet planned.
fn world() -> (World, crate::Urn, crate::Urn) {
    let mut world = World::new();
    let main = world.add(&NETWORK, "net/main", [("cidr", text("a")), ("tags", value(tagged("a")))]);
    let other = world.add(&NETWORK, "other", [("cidr", text("b")), ("tags", value(tagged("a")))]);
    world.add(&SUBNET, "net/sub", [("network", of(&main, "id")), ("size", value(1))]);
    world.up();
    world.add(&SUBNET, "net/sub", [("network", of(&main, "id")), ("size", value(5))]);
    (world, main, other)
}

#[test]
fn nothing_moved_and_the_same_steps_are_done() {
    let (mut world, ..) = world();
    let restricted = hold(&saved(&world), &world).unwrap();
    assert!(restricted.left_out.is_empty());
    assert_eq!(restricted.plan, world.plan());
    world.perform(&restricted.plan);
    assert!(world.plan().is_noop());
}

#[test]
fn a_plan_of_new_things_is_the_same_although_its_uids_are_not() {
    let mut world = World::new();
    let main = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add(&SUBNET, "sub", [("network", of(&main, "id"))]);
    let kept = saved(&world);
    assert!(hold(&kept, &world).is_ok());
    // A living thing that comes to depend on a new one has its uid among its edges.
    world.up();
    let args = [("network", of(&main, "id"))];
    let peer = world.add(&NETWORK, "peer", [("cidr", text("p"))]);
    world.add_with(&SUBNET, "sub", args, options().depends_on(peer));
    let kept = saved(&world);
    assert!(hold(&kept, &world).is_ok());
}

#[test]
fn a_field_that_a_step_was_compared_with_moves_it() {
    let (mut world, main, _) = world();
    world.add(&NETWORK, "net/main", [("cidr", text("a")), ("tags", value(tagged("a"))), ("dns", value(true))]);
    let kept = saved(&world);
    world.drift(&main, "tags", tagged("b"));
    assert_eq!(refused(&kept, &world), [r#"net/main: tags.team was "a", is "b""#]);
    world.drift(&main, "tags", Value::from([("team", "a"), ("more", "x")]));
    assert_eq!(refused(&kept, &world), [r#"net/main: tags.more was not there, is "x""#]);
}

#[test]
fn what_no_step_read_may_move_and_is_left_as_it_is() {
    let (mut world, main, other) = world();
    let kept = saved(&world);
    // The subnet reads the id of its network and nothing else of it.
    world.drift(&main, "tags", tagged("b"));
    world.drift(&other, "tags", tagged("b"));
    world.add(&ROLE, "more", [("name", text("r"))]);
    let restricted = hold(&kept, &world).unwrap();
    let left_out: Vec<_> = restricted.left_out.iter().map(|step| (step.op, step.urn.path())).collect();
    assert_eq!(left_out, [(Op::Update, "net/main"), (Op::Update, "other"), (Op::Create, "more")]);
    world.perform(&restricted.plan);
    assert_eq!(world.thing(&main).args.get("tags"), &tagged("b"));
    assert_eq!(world.lines().len(), 3, "what was left out is planned again");
}

#[test]
fn what_is_ignored_or_left_to_the_cloud_moves_nothing() {
    let mut world = World::new();
    let args = |engine: &'static str, version: &'static str| {
        [("engine", text(engine)), ("version", text(version)), ("password", secret("hunter2"))]
    };
    let database = world.add_with(&DATABASE, "db", args("pg", "16"), options().ignore_changes("subnets"));
    world.up();
    world.add_with(&DATABASE, "db", args("pg", "17"), options().ignore_changes("subnets"));
    let kept = saved(&world);
    world.drift(&database, "capacity", 7);
    world.drift(&database, "subnets", Value::List(vec![Value::from("s")]));
    assert!(hold(&kept, &world).is_ok());
    world.drift(&database, "version", "16.1");
    assert_eq!(refused(&kept, &world), [r#"db: version was "16", is "16.1""#]);
}

#[test]
fn a_step_that_needs_one_that_is_not_in_the_plan_is_refused() {
    let mut world = World::new();
    let main = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.up();
    world.remove(&main);
    let kept = saved(&world);
    // Since then something was made in it, which must go first.
    world.add(&NETWORK, "main", [("cidr", text("a"))]);
    let sub = world.add(&SUBNET, "sub", [("network", of(&main, "id"))]);
    world.up();
    world.remove(&sub);
    world.remove(&main);
    let hints = refused(&kept, &world);
    assert_eq!(hints, ["sub: its delete comes first now: main needs it, and it is not in the saved plan"]);
}

#[test]
fn another_run_that_changed_the_record_moves_it() {
    let (mut world, main, _) = world();
    world.add(&NETWORK, "net/main", [("cidr", text("a")), ("tags", value(tagged("a"))), ("dns", value(true))]);
    let kept = saved(&world);
    let before = world.clone();
    let row = world.row(&main);
    row.applied = crate::record::Stored::from_value(&Value::from([("cidr", "z")]), &digester());
    assert!(refused(&kept, &world).contains(&"net/main: its record has changed: `applied.cidr`".to_owned()));

    world = before.clone();
    let key = world.row(&main).key();
    world.rows.remove(&key);
    let hints = refused(&kept, &world);
    assert!(hints.contains(&"net/main: it was recorded, and nothing is now".to_owned()), "{hints:?}");

    // What only a refresh or an edit elsewhere in the program writes is no news.
    world = before;
    let row = world.row(&main);
    (row.observed, row.deployment, row.source) = (None, 99, None);
    assert!(hold(&kept, &world).is_ok());
}

#[test]
fn a_plan_that_was_done_is_not_done_twice() {
    let mut world = World::new();
    world.add(&NETWORK, "main", [("cidr", text("a"))]);
    let kept = saved(&world);
    world.up();
    assert_eq!(refused(&kept, &world), ["main: nothing was recorded of it, and now it is there"]);
}

#[test]
fn an_output_of_another_resource_moves_what_uses_it() {
    let mut world = World::new();
    let main = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    let args = |size: i64, main| [("network", of(main, "id")), ("size", value(size)), ("peer", of(main, "resolver"))];
    world.add(&SUBNET, "sub", args(1, &main));
    world.up();
    world.add(&SUBNET, "sub", args(2, &main));
    let kept = saved(&world);
    let Value::Map(outputs) = &mut world.thing(&main).outputs else { unreachable!() };
    outputs.insert("revision".into(), "moved and not used".into());
    assert!(hold(&kept, &world).is_ok());
    let Value::Map(outputs) = &mut world.thing(&main).outputs else { unreachable!() };
    outputs.insert("resolver".into(), "elsewhere".into());
    let hints = refused(&kept, &world);
    assert!(hints[0].starts_with("main: the output resolver was "), "{hints:?}");
    assert!(hints[0].ends_with(r#"is "elsewhere""#), "{hints:?}");
}

#[test]
fn a_program_or_a_setting_that_says_something_else_is_named() {
    let (mut world, main, _) = world();
    let kept = saved(&world);
    world.add(&SUBNET, "net/sub", [("network", of(&main, "id")), ("size", value(6))]);
    assert_eq!(refused(&kept, &world), ["net/sub: what size is to become was 5, is 6"]);
    world.add(&SUBNET, "net/sub", [("network", of(&main, "id")), ("size", value(5)), ("peer", text("p"))]);
    assert_eq!(refused(&kept, &world), ["net/sub: peer is changed as well, and was not"]);
    world.add(&SUBNET, "net/sub", [("network", of(&main, "id")), ("size", value(1))]);
    assert_eq!(refused(&kept, &world), ["net/sub: its update is not called for any more"]);
    world.add(&SUBNET, "net/sub", [("network", of(&main, "id")), ("size", value(5))]);
    world.settings.replace = vec!["net/main".into()];
    let hints = refused(&kept, &world);
    assert!(hints.contains(&r#"the setting `replace` was [], is ["net/main"]"#.to_owned()), "{hints:?}");
    world.settings = kept.shape(world.settings);
    assert!(hold(&kept, &world).is_ok());
}

#[test]
fn no_secret_is_in_the_file_and_another_one_moves_the_plan() {
    let mut world = World::new();
    world.add(&DATABASE, "db", [("engine", text("pg")), ("password", secret("canary-1"))]);
    world.up();
    world.add(&DATABASE, "db", [("engine", text("pg")), ("password", secret("canary-2"))]);
    let kept = saved(&world);
    let text = kept.to_json().to_string();
    assert!(!text.contains("canary"), "{text}");
    assert!(hold(&kept, &world).is_ok());
    world.add(&DATABASE, "db", [("engine", crate::fixtures::text("pg")), ("password", secret("canary-3"))]);
    assert_eq!(refused(&kept, &world), ["db: what password is to become is another secret"]);
}

#[test]
fn before_a_store_exists_digests_are_left_out_of_the_file() {
    let mut world = World::new();
    world.add(&DATABASE, "db", [("engine", text("pg")), ("password", secret("canary"))]);
    let json = with(&world, None, |basis| SavedPlan::of(basis).to_json());
    let changes = json["steps"][0]["changes"].as_array().unwrap();
    let password = changes.iter().find(|change| change["path"] == "password").unwrap();
    assert_eq!(password["after"], serde_json::json!({ "$secret": null }));
    let kept = SavedPlan::from_json(&json).unwrap();
    assert!(with(&world, None, |basis| kept.hold(basis)).is_ok());
    let error = with(&world, Some("lineage"), |basis| kept.hold(basis)).unwrap_err();
    assert!(error.reason.contains("made with an empty store, and the store is in use now"), "{error}");
}

#[test]
fn a_plan_of_elsewhere_is_refused_with_the_difference() {
    let (world, ..) = world();
    let kept = saved(&world);
    let there = with(&world, Some("another"), |basis| kept.hold(basis)).unwrap_err();
    assert!(there.reason.contains("another store of this stack"), "{there}");
    let there = with(&world, Some("lineage"), |basis| {
        let identity = Identity { account: "2".into(), ..identity() };
        kept.hold(Basis { identity: &identity, ..basis })
    });
    let there = there.unwrap_err();
    assert!(there.reason.contains("it was made for the account 1, and this run is for the account 2"), "{there}");
    assert_eq!(there.exit_code(), crate::error::exit::REFUSED);
}

#[test]
fn what_is_no_plan_is_refused_with_the_place() {
    let (world, ..) = world();
    let whole = saved(&world).to_json();
    let broken = |change: &dyn Fn(&mut Json)| {
        let mut json = whole.clone();
        change(&mut json);
        SavedPlan::from_json(&json).unwrap_err()
    };
    type Break = Box<dyn Fn(&mut Json)>;
    let cases: [(Break, &str); 9] = [
        (Box::new(|json| *json = Json::Null), "it is no JSON object"),
        (Box::new(|json| json["version"] = 9.into()), "a plan of version 9"),
        (Box::new(|json| drop(json.as_object_mut().unwrap().remove("version"))), "`version` is missing"),
        (Box::new(|json| drop(json.as_object_mut().unwrap().remove("read_set"))), "`read_set` is missing"),
        (Box::new(|json| json["steps"] = "x".into()), "`steps` is missing, or no list"),
        (Box::new(|json| json["steps"][0]["op"] = "explode".into()), "`steps[0].op`"),
        (Box::new(|json| json["read_set"]["account"] = 5.into()), "`read_set.account`"),
        (Box::new(|json| json["read_set"]["settings"]["on_drift"] = "x".into()), "`read_set.settings.on_drift`"),
        (Box::new(|json| json["read_set"]["facts"]["x"] = serde_json::json!({})), "`read_set.facts.x`"),
    ];
    for (change, place) in cases {
        let error = broken(&change);
        assert!(error.contains(place), "{error} does not name {place}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_saved_plan_holds_while_only_other_things_move_and_leaves_those_alone(
        first in proptest::collection::vec(proptest::option::weighted(0.9, wish()), 1..10),
        second in proptest::collection::vec(proptest::option::weighted(0.9, wish()), 10),
        kept in proptest::collection::vec(any::<bool>(), 10),
        drifting in proptest::collection::vec(any::<bool>(), 10),
    ) {
        let mut world = World::new();
        declare(&mut world, &first, false, 0);
        world.up();
        let change = |((first, second), kept): ((&Option<Wish>, &Option<Wish>), &bool)| match (kept, first, second) {
            (false, Some(first), Some(second)) => Some(second.of_kind(first)),
            _ => first.clone(),
        };
        let wishes: Vec<Option<Wish>> = first.iter().zip(&second).zip(&kept).map(change).collect();
        world.strict = false;
        declare(&mut world, &wishes, false, 0);
        let plan = saved(&world);
        let restricted = hold(&plan, &world).unwrap();
        prop_assert!(restricted.left_out.is_empty());
        prop_assert_eq!(restricted.plan.to_string(), world.plan().to_string());

        // Something drifts that has no step.
        let now = world.plan();
        let busy: BTreeSet<crate::Urn> =
            now.steps.iter().filter(|step| step.op != Op::Same).map(|step| step.urn.clone()).collect();
        let mut drifted = Vec::new();
        for (number, key) in world.rows.keys().cloned().collect::<Vec<_>>().into_iter().enumerate() {
            let urn = world.rows[&key].urn.clone();
            if drifting[number] && !busy.contains(&urn) && urn.kind().as_str() == NETWORK.kind {
                world.drift(&urn, "tags", tagged("drifted"));
                drifted.push(urn);
            }
        }
        match hold(&plan, &world) {
            Ok(restricted) => {
                let doing = restricted.plan.steps.iter().filter(|step| step.op != Op::Same);
                let doing: BTreeSet<crate::Urn> = doing.map(|step| step.urn.clone()).collect();
                prop_assert_eq!(&doing, &busy);
                world.perform(&restricted.plan);
                for urn in &drifted {
                    prop_assert_eq!(world.thing(urn).args.get("tags"), &tagged("drifted"));
                }
            }
            // Only where something uses an output that moves with every change: a saved step itself, or what has to go before or with it.
            Err(hints) => {
                let plan = world.plan();
                let reasons = plan.steps.iter().flat_map(|step| &step.changes).map(|change| &change.reason);
                let moves = |reason: &Reason| matches!(reason, Reason::DependsOn(urn, _) if drifted.contains(urn));
                prop_assert!(reasons.into_iter().any(moves), "{hints:?}");
                prop_assert!(hints.iter().any(|hint| hint.contains("preview --save")), "{hints:?}");
            }
        }
        world.up();
    }
}
