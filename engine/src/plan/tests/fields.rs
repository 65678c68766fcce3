//! What differs, and why.

use crate::fixtures::*;
use crate::options::options;
use crate::plan::{Op, Reason};
use crate::settings::OnDrift;
use crate::value::Value;

#[test]
fn a_new_stack_is_created_in_order_and_then_left_alone() {
    let mut world = World::new();
    let subnet = urn(&SUBNET, "net/a");
    world.add(
        &DATABASE,
        "db",
        [("engine", text("postgres")), ("subnets", crate::expr::Expr::List(vec![of(&subnet, "id")]))],
    );
    let network = urn(&NETWORK, "net/main");
    world.add(&SUBNET, "net/a", [("network", of(&network, "id"))]);
    world.add(&NETWORK, "net/main", [("cidr", text("10.0.0.0/16"))]);
    assert_eq!(
        world.up().to_string(),
        r#"  0 create net/main (new)
    cidr: null -> "10.0.0.0/16" (new)
    dns: null -> false (new)
    tags: null -> {} (new)
    rules: null -> [] (new)
  1 create net/a (new) after 0
    network: null -> (net/main.id known after apply) (new)
    size: null -> 1 (new)
  2 create db (new) after 1
    engine: null -> "postgres" (new)
    capacity: null -> 2 (new)
    subnets: null -> [(net/a.id known after apply)] (new)
3 to create, 0 to update, 0 to replace, 0 to delete, 0 unchanged"#
    );
}

#[test]
fn a_declared_change_and_a_drift_are_told_apart() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a")), ("tags", value([("team", "x"), ("env", "p")]))]);
    world.up();
    world.add(
        &NETWORK,
        "main",
        [("cidr", text("a")), ("dns", value(true)), ("tags", value([("team", "x"), ("env", "p")]))],
    );
    world.drift(&network, "tags", [("team", "y"), ("env", "p")]);
    let plan = world.up();
    let changes: Vec<_> =
        plan.steps[0].changes.iter().map(|change| (change.path.as_str(), change.reason.clone())).collect();
    assert_eq!(changes, [("dns", Reason::DeclaredChanged), ("tags.team", Reason::Drifted)]);
    assert!(plan.steps[0].drift);
    let drift = &plan.steps[0].changes[1];
    assert_eq!((&drift.before, &drift.after, &drift.applied), (&"y".into(), &"x".into(), &"x".into()));
    assert_eq!(drift.observed, Some("y".into()));
}

#[test]
fn drift_that_is_kept_is_neither_reverted_nor_sent() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a")), ("note", text("x"))]);
    world.up();
    world.drift(&network, "note", "y");
    world.settings.on_drift = OnDrift::Keep;
    let plan = world.plan();
    assert!(plan.is_noop());
    assert_eq!(plan.warnings, ["main: the drift of `note` is kept"]);
    world.add(&NETWORK, "main", [("cidr", text("a")), ("note", text("x")), ("dns", value(true))]);
    assert_eq!(world.plan().steps[0].planned.get("note"), &Value::from("y"));
}

#[test]
fn ignored_changes_are_left_as_they_are() {
    let mut world = World::new();
    let args =
        |team: &str, dns| [("cidr", text("a")), ("tags", value([("team", team), ("env", "p")])), ("dns", value(dns))];
    let network = world.add_with(&NETWORK, "main", args("x", false), options().ignore_changes("tags.team"));
    world.up();
    world.drift(&network, "tags", [("team", "drifted"), ("env", "p")]);
    world.add_with(&NETWORK, "main", args("y", true), options().ignore_changes("tags.team"));
    let plan = world.up();
    assert_eq!(plan.steps[0].changes.len(), 1, "{plan}");
    assert_eq!(plan.steps[0].planned.get("tags"), &Value::from([("team", "drifted"), ("env", "p")]));
}

#[test]
fn what_an_autoscaler_moves_is_no_drift_but_a_changed_declaration_is_applied() {
    let mut world = World::new();
    let database = world.add(&DATABASE, "db", [("engine", text("pg"))]);
    world.up();
    world.drift(&database, "capacity", 7);
    assert!(world.plan().is_noop());
    world.add(&DATABASE, "db", [("engine", text("pg")), ("capacity", value(3))]);
    assert_eq!(world.plan().steps[0].changes[0].reason, Reason::DeclaredChanged);
}

#[test]
fn a_version_is_satisfied_by_a_longer_one_and_an_absent_option_by_anything() {
    let mut world = World::new();
    let database = world.add(&DATABASE, "db", [("engine", text("pg")), ("version", text("16"))]);
    world.up();
    world.drift(&database, "version", "16.4");
    assert!(world.plan().is_noop());
    world.drift(&database, "version", "17.1");
    assert_eq!(world.plan().steps[0].changes[0].reason, Reason::Drifted);
}

#[test]
fn an_argument_that_is_no_longer_declared_is_said_once() {
    let mut world = World::new();
    world.add(&NETWORK, "main", [("cidr", text("a")), ("note", text("x"))]);
    world.up();
    world.add(&NETWORK, "main", [("cidr", text("a"))]);
    let plan = world.up();
    assert_eq!(plan.steps[0].op, Op::Update);
    assert!(plan.steps[0].changed_args.is_empty(), "no call is made for it");
    assert_eq!(plan.warnings, ["main: `note` is no longer declared: it stays as it is and is not compared any more"]);
}

#[test]
fn secrets_are_compared_by_digest_and_never_shown() {
    let mut world = World::new();
    world.add(&DATABASE, "db", [("engine", text("pg")), ("password", secret("hunter2"))]);
    let plan = world.up();
    let shown = format!("{plan} {} {plan:?}", plan.to_json());
    assert!(!shown.contains("hunter2"), "{shown}");
    world.add(&DATABASE, "db", [("engine", text("pg")), ("password", secret("correct horse"))]);
    let plan = world.up();
    assert_eq!(plan.steps[0].changed_args, ["password".to_owned()].into());
    assert!(
        matches!((&plan.steps[0].changes[0].before, &plan.steps[0].changes[0].after), (Value::Digest(a), Value::Digest(b)) if a != b)
    );
}

#[test]
fn an_observed_value_inherits_secrecy_from_what_was_declared_and_from_what_is() {
    let mut world = World::new();
    let tags = |expr| ("tags", crate::expr::Expr::Record([("key".to_owned(), expr)].into()));
    let network = world.add(&NETWORK, "main", [("cidr", text("a")), tags(secret("hunter2"))]);
    world.up();
    world.drift(&network, "tags", [("key", "hunter3")]);
    let shown = |world: &World| format!("{} {:?}", world.plan(), world.plan().to_json());
    assert!(!shown(&world).contains("hunter"), "{}", shown(&world));
    // Recorded alone is enough: the program has forgotten the tag.
    world.add(&NETWORK, "main", [("cidr", text("a"))]);
    assert!(!shown(&world).contains("hunter"), "{}", shown(&world));
}

#[test]
fn arguments_that_cannot_be_read_count_as_unchanged_with_a_warning() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a")), ("note", text("x"))]);
    world.up();
    world.drift(&network, "note", Value::Null);
    world.thing(&network).unreadable.insert("note".into(), "AccessDenied".into());
    let plan = world.plan();
    assert!(plan.is_noop(), "{plan}");
    assert_eq!(plan.warnings, ["main: `note` could not be read and counts as unchanged: AccessDenied"]);
}

#[test]
fn a_pending_modification_that_is_what_is_declared_counts_as_made() {
    let mut world = World::new();
    let database = world.add(&DATABASE, "db", [("engine", text("pg")), ("version", text("17"))]);
    world.up();
    world.drift(&database, "version", "16.4");
    world.thing(&database).pending =
        [("version".to_owned(), "17.1".into()), (crate::plan::PENDING_WINDOW.to_owned(), "sun:05:00".into())].into();
    let plan = world.plan();
    assert!(plan.is_noop(), "{plan}");
    assert_eq!(plan.warnings, ["db: the change of `version` is accepted and will be made in the window sun:05:00"]);
    world.thing(&database).pending.insert("version".into(), "18".into());
    assert!(!world.plan().is_noop());
}

#[test]
fn unknown_inputs_are_planned_as_maybe_and_shrink() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add(&SUBNET, "a", [("network", text("n")), ("peer", of(&network, "revision"))]);
    world.add(&SUBNET, "b", [("network", text("n")), ("peer", of(&network, "resolver"))]);
    world.up();
    world.add(&NETWORK, "main", [("cidr", text("a")), ("note", text("x"))]);
    let plan = world.up();
    assert_eq!(plan.steps[0].op, Op::Update);
    // Only `revision` moves with every update; `resolver` moves with `dns`.
    assert_eq!((plan.steps[1].op, plan.steps[1].maybe), (Op::Update, true));
    assert_eq!(plan.steps[1].reason, Reason::DependsOn(network.clone(), "revision".into()));
    assert_eq!(plan.steps[2].op, Op::Same);
}

#[test]
fn a_change_without_a_way_names_both_values_and_what_to_do() {
    let mut world = World::new();
    world.add(&DATABASE, "db", [("engine", text("pg"))]);
    world.up();
    world.add(&DATABASE, "db", [("engine", text("mysql"))]);
    let errors = world.try_plan().unwrap_err();
    assert!(errors[0].to_string().contains(r#"`engine` cannot be changed from "pg" to "mysql""#), "{}", errors[0]);
    assert!(!errors[0].hints.is_empty());
}

#[test]
fn a_change_of_options_is_recorded_without_a_call() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add(&SUBNET, "a", [("network", text("n"))]);
    world.up();
    world.add_with(&SUBNET, "a", [("network", text("n"))], options().protect().depends_on(network));
    let plan = world.up();
    assert_eq!(plan.steps[1].op, Op::Update);
    assert!(plan.steps[1].changed_args.is_empty());
    let paths: Vec<_> = plan.steps[1].changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["options.protect", "edges"]);
}

#[test]
fn the_outputs_of_the_stack_are_shown_before_and_after() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.up();
    let source = world.program.resources[&network].source.clone();
    world.program.exports.insert("id".into(), crate::program::Export { expr: of(&network, "id"), source });
    let plan = world.plan();
    assert!(!plan.is_noop());
    assert_eq!(plan.outputs["id"], (Value::Null, "network-1".into()));
    world.up();
}

#[test]
fn the_plan_for_machines_has_the_promised_shape() {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("a"))]);
    world.add(&DATABASE, "db", [("engine", of(&network, "id")), ("password", secret("hunter2"))]);
    let plan = world.plan().to_json();
    assert_eq!(plan["version"], 1);
    assert_eq!(plan["summary"], serde_json::json!({"create": 2, "update": 0, "replace": 0, "delete": 0, "same": 0}));
    let step = &plan["steps"][1];
    assert_eq!((&step["op"], &step["urn"]), (&"create".into(), &"test::db::test:store/database".into()));
    assert_eq!(step["after"], serde_json::json!([0]));
    let change = |path: &str| step["changes"].as_array().unwrap().iter().find(|c| c["path"] == path).unwrap().clone();
    assert_eq!(change("engine")["after"], serde_json::json!({ "$unknown": "main.id" }));
    assert!(change("password")["after"]["$secret"].is_string());
    let keys = ["generation", "maybe", "drift", "data_store", "hazards", "account", "region", "replaces", "id", "kind"];
    assert!(keys.iter().all(|key| step.get(key).is_some()));
}

#[test]
fn a_service_that_lower_cases_names_answers_the_same_names() {
    let mut world = World::new();
    let made = world.add(&ROLE, "made", [("name", prefixed("Deploy"))]);
    let fixed = world.add(&ROLE, "fixed", [("name", text("Release"))]);
    world.up();
    for role in [&made, &fixed] {
        let name = world.thing(role).args.get("name").as_text().unwrap().to_lowercase();
        world.drift(role, "name", name);
    }
    assert!(world.plan().is_noop(), "{}", world.plan());
    // Another name is another name.
    world.add(&ROLE, "fixed", [("name", text("release"))]);
    assert_eq!(world.plan().counts().replace, 1);
}
