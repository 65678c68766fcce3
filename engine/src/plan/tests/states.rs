//! Rows that an earlier run left unfinished, things that vanished, failed, are foreign or are to be adopted.

use crate::digest::Digester;
use crate::fixtures::*;
use crate::kind::{Observed, Ownership};
use crate::observe::Sight;
use crate::options::options;
use crate::plan::{FieldChange, OWNERSHIP_TAGS, Op, Reason, likeness};
use crate::record::RowState;
use crate::value::Value;

fn one(world: &mut World) -> crate::Urn {
    let network = world.add(&NETWORK, "main", [("cidr", text("a")), ("dns", value(true))]);
    world.up();
    network
}

#[test]
fn an_unfinished_create_is_resumed_with_what_is_left_to_do() {
    let mut world = World::new();
    let network = one(&mut world);
    let row = world.row(&network);
    row.state = RowState::Creating;
    row.left = ["dns".to_owned()].into();
    // What is seen of something half made is no drift.
    world.drift(&network, "tags", [("x", "y")]);
    world.drift(&network, "dns", false);
    let plan = world.plan();
    assert_eq!((plan.steps[0].op, plan.steps[0].drift), (Op::Resume, false));
    assert_eq!(plan.steps[0].changed_args, ["dns".to_owned()].into());
}

#[test]
fn an_unfinished_create_that_cannot_be_seen_yet_is_not_made_twice() {
    let mut world = World::new();
    let network = one(&mut world);
    world.row(&network).state = RowState::Creating;
    let key = world.row(&network).key();
    world.things.remove(&key);
    assert_eq!(world.plan().steps[0].op, Op::Resume);
}

#[test]
fn an_unfinished_update_does_what_is_left_and_what_differs() {
    let mut world = World::new();
    let network = one(&mut world);
    let row = world.row(&network);
    row.state = RowState::Incomplete;
    row.left = ["tags".to_owned()].into();
    world.add(&NETWORK, "main", [("cidr", text("a")), ("dns", value(false))]);
    let plan = world.up();
    assert_eq!(plan.steps[0].op, Op::Resume);
    assert_eq!(plan.steps[0].changed_args, ["dns".to_owned(), "tags".to_owned()].into());
    assert_eq!(plan.steps[0].changes[1].reason, Reason::Resumed);
}

#[test]
fn what_was_begun_needs_no_second_consent_unless_the_program_says_something_else() {
    let mut world = World::new();
    let bucket = world.add(&BUCKET, "main", [("name", text("a")), ("versioning", value(false))]);
    world.up();
    let row = world.row(&bucket);
    row.state = RowState::Incomplete;
    row.left = ["versioning".to_owned()].into();
    world.drift(&bucket, "versioning", true);
    let plan = world.plan();
    assert_eq!((plan.steps[0].op, plan.steps[0].hazards.is_empty()), (Op::Resume, true));
    assert!(plan.consents.is_empty(), "{:?}", plan.consents);

    world.row(&bucket).expressions.insert("versioning".to_owned(), "true".to_owned());
    assert_eq!(world.plan().consents.len(), 1);
}

#[test]
fn an_unfinished_deletion_of_something_declared_is_finished_before_it_is_made_again() {
    let mut world = World::new();
    let network = one(&mut world);
    world.row(&network).state = RowState::Deleting;
    assert_eq!(world.lines(), ["0 delete main [replaces] (resumed)", "1 create main#2 [replaces] (resumed) after 0"]);
    world.up();
}

#[test]
fn what_failed_for_good_is_deleted_and_made_again_without_consent_if_it_never_was_ready() {
    let mut world = World::new();
    let database = world.add(&DATABASE, "db", [("engine", text("pg"))]);
    world.up();
    let row = world.row(&database);
    (row.state, row.reason, row.observed) = (RowState::Failed, Some("incompatible-network".into()), None);
    let plan = world.plan();
    assert_eq!(plan.line(&plan.steps[0]), "  0 delete db [replaces] (failed: incompatible-network)");
    assert!(plan.consents.is_empty());
    let applied = world.row(&database).applied.clone();
    world.row(&database).observed = Some(applied);
    assert_eq!(world.plan().consents.len(), 1, "it was ready once and may hold data");
    world.up();
}

#[test]
fn what_vanished_is_made_again_as_the_next_generation() {
    let mut world = World::new();
    let network = one(&mut world);
    world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    world.up();
    let key = world.row(&network).key();
    world.things.remove(&key);
    world.strict = false;
    let plan = world.plan();
    assert_eq!(plan.line(&plan.steps[0]), "  0 create main#2 (gone from the account)");
    assert_eq!((&plan.steps[0].uid, plan.counts().create, plan.counts().delete), (&key.0, 1, 0));
    assert!(plan.steps.iter().any(|step| step.op == Op::Forget && step.row == Some(key.clone())));
    world.up();
}

#[test]
fn a_data_store_that_vanished_is_only_made_again_when_that_is_accepted() {
    let mut world = World::new();
    let database = world.add(&DATABASE, "db", [("engine", text("pg"))]);
    world.up();
    world.things.clear();
    assert!(world.plan().consents[0].1.contains("--accept-gone test::db::test:store/database"));
    world.settings.accept_gone = vec![database.to_string()];
    assert!(world.plan().consents.is_empty());
    world.remove(&database);
    world.settings.accept_gone.clear();
    let plan = world.plan();
    assert_eq!((plan.steps[0].op, plan.consents.len()), (Op::Forget, 1));
}

#[test]
fn what_cannot_be_read_is_unchanged() {
    let mut world = World::new();
    let network = one(&mut world);
    world.drift(&network, "note", "x");
    let mut seen = world.seen();
    seen.rows.insert(world.row(&network).key(), Sight::Unreadable("AccessDenied".into()));
    let plan = crate::plan::make(&world.graph().unwrap(), &world.recorded(), &seen, &world.settings).unwrap();
    assert!(plan.is_noop());
    assert_eq!(plan.warnings, ["main could not be read and counts as unchanged: AccessDenied"]);
    seen.rows.clear();
    assert!(crate::plan::make(&world.graph().unwrap(), &world.recorded(), &seen, &world.settings).unwrap().is_noop());
}

#[test]
fn a_foreign_thing_is_refused_and_not_overwritten() {
    let mut world = World::new();
    let urn = world.add(&ATTACHMENT, "read", [("role", text("r")), ("policy", text("p"))]);
    world.foreign.insert(urn, "r/p".into());
    let errors = world.try_plan().unwrap_err();
    assert!(errors[0].reason.contains("r/p exists already"), "{}", errors[0]);
    assert_eq!(errors[0].hints, [r#"adopt it with the option import("r/p"), or choose another name"#]);
}

fn existing(cidr: &str, owner: Option<&str>) -> Sight {
    Sight::Seen(Box::new(Observed {
        args: Value::from([("cidr", cidr)]),
        outputs: Value::from([("id", "network-77"), ("resolver", "r"), ("revision", "v")]),
        version: None,
        unreadable: [].into(),
        pending: [].into(),
        owner: owner.map(|stack| Ownership { stack: stack.into(), uid: crate::Uid::random(), token: None }),
    }))
}

#[test]
fn an_existing_resource_is_adopted_and_brought_to_what_is_declared() {
    let mut world = World::new();
    let args = [("cidr", text("a")), ("dns", value(true))];
    let urn = world.add_with(&NETWORK, "main", args, options().import("network-77"));
    world.imports.insert(urn.clone(), existing("a", None));
    world.add(&SUBNET, "a", [("network", of(&urn, "id"))]);
    let plan = world.plan();
    assert_eq!((plan.steps[0].op, plan.steps[0].resource_id.as_deref()), (Op::Adopt, Some("network-77")));
    assert_eq!(plan.steps[0].changed_args, ["dns".to_owned()].into());
    assert_eq!(plan.steps[1].planned.get("network"), &Value::from("network-77"), "its id is known");
    world.up();
}

#[test]
fn what_the_caller_says_is_taken_over_is_adopted_and_nothing_else_is_done() {
    let mut world = World::new();
    let said = world.add(&NETWORK, "said", [("cidr", text("a"))]);
    let declared = world.add_with(&NETWORK, "declared", [("cidr", text("a"))], options().import("network-77"));
    world.settings.imports.insert(said.to_string(), "network-78".to_owned());
    world.settings.imports.insert("declared".to_owned(), "network-79".to_owned());
    world.add(&NETWORK, "other", [("cidr", text("b"))]);
    for urn in [&said, &declared] {
        world.imports.insert(urn.clone(), existing("a", None));
    }
    let plan = world.plan();
    let ids: Vec<_> = plan.steps.iter().map(|step| (step.op, step.resource_id.clone().unwrap())).collect();
    // What the run is told wins over the option, since it was said later.
    assert_eq!(ids, [(Op::Adopt, "network-78".to_owned()), (Op::Adopt, "network-79".to_owned())]);
}

/// Likeness and plan are the same comparison.
#[test]
fn the_likeness_of_a_thing_is_what_its_adoption_would_change() {
    let mut world = World::new();
    let args = [("cidr", text("a")), ("dns", value(true))];
    let urn = world.add_with(&NETWORK, "main", args, options().import("network-77"));
    let declared = Value::from([("cidr", Value::from("a")), ("dns", Value::from(true))]);
    let like = |world: &World, sight: &Sight| {
        let declaration = &world.program.resources[&urn];
        likeness(declaration, &declared, sight.seen().unwrap(), &Digester::new("key"))
    };
    let sight = existing("a", None);
    world.imports.insert(urn.clone(), sight.clone());
    let planned = &world.plan().steps[0].changes;
    let found = like(&world, &sight);
    let paths = |changes: &[FieldChange]| changes.iter().map(|change| change.path.clone()).collect::<Vec<_>>();
    // The plan says beside it that the marks of ownership are written, which is no difference of the two.
    assert_eq!(planned[0].path, OWNERSHIP_TAGS);
    assert_eq!(paths(&found.changes), paths(&planned[1..]));
    assert_eq!((&found.changes[0].before, &found.changes[0].after), (&planned[1].before, &planned[1].after));
    let other = like(&world, &existing("b", None));
    assert!(other.changes.iter().any(|change| change.path == "cidr" && change.forces_replacement), "{other:?}");
}

#[test]
fn what_is_decided_when_a_thing_is_made_and_never_shown_is_believed_of_an_adopted_one() {
    let mut world = World::new();
    let args = [("bootstrap", value(false)), ("force", value(true))];
    let urn = world.add_with(&BLIND, "main", args, options().import("blind-1"));
    let Sight::Seen(mut observed) = existing("a", None) else { unreachable!() };
    (observed.args, observed.outputs) = (Value::empty_map(), Value::from([("id", "blind-1")]));
    world.imports.insert(urn, Sight::Seen(observed));
    let plan = world.plan();
    // What an update can set is set, since nobody knows what it is.
    assert_eq!((plan.steps[0].op, &plan.steps[0].changed_args), (Op::Adopt, &["force".to_owned()].into()));
    assert_eq!(plan.steps[0].planned.get("bootstrap"), &Value::from(false));
}

#[test]
fn what_does_not_fit_or_belongs_to_others_or_is_not_there_is_not_adopted() {
    let mut world = World::new();
    let urn = world.add_with(&NETWORK, "main", [("cidr", text("a"))], options().import("network-77"));
    for (sight, reason) in [
        (existing("b", None), r#"`cidr` of network-77 is "b" and cannot be changed to "a""#),
        (existing("a", Some("project/other:1")), "network-77 belongs to the stack project/other:1"),
        (existing("a", Some("project/test:2")), "network-77 belongs to the stack project/test:2"),
        (Sight::Gone, "there is no test:net/network with the id network-77 in 1 eu-west-1"),
    ] {
        world.imports.insert(urn.clone(), sight);
        assert!(world.errors().contains(reason), "{}", world.errors());
    }
    world.imports.insert(urn.clone(), existing("a", Some("project/test:2")));
    assert!(world.try_plan().unwrap_err()[0].hints[0].contains("take its tag `formwork:stack` off"));
    world.imports.insert(urn, existing("a", Some("project/test:1")));
    world.plan();
}

#[test]
fn all_problems_are_reported_at_once_and_not_repeated_by_dependants() {
    let mut world = World::new();
    let database = world.add(&DATABASE, "db", [("engine", text("pg"))]);
    let other = world.add(&DATABASE, "other", [("engine", text("pg"))]);
    world.add(&SUBNET, "a", [("network", of(&database, "id"))]);
    world.up();
    world.add(&DATABASE, "db", [("engine", text("x"))]);
    world.add(&DATABASE, "other", [("engine", text("x"))]);
    let errors = world.try_plan().unwrap_err();
    assert_eq!(errors.iter().map(|e| e.urn.clone().unwrap()).collect::<Vec<_>>(), [database, other]);
}
