//! What the end of a resource lifts, and what stays because of what it leaves behind.

use crate::Urn;
use crate::fixtures::*;
use crate::options::options;
use crate::plan::{Op, Plan};
use crate::record::RowState;
use crate::value::Value;

/// An archive and the key that encrypts it, up and then out of the program.
fn removed(last_copy: bool, retained: bool) -> (World, [Urn; 2]) {
    let mut world = World::new();
    let key = world.add(&KEY, "key", []);
    let options = if retained { options().retain_on_delete() } else { options() };
    let args = [("key", of(&key, "id")), ("guarded", value(true)), ("last_copy", value(last_copy))];
    let archive = world.add_with(&ARCHIVE, "archive", args, options);
    world.up();
    world.remove(&archive);
    world.remove(&key);
    (world, [key, archive])
}

fn op(plan: &Plan, urn: &Urn) -> Op {
    plan.steps.iter().find(|step| step.urn == *urn).map(|step| step.op).unwrap()
}

#[test]
fn the_services_own_protection_is_lifted_visibly_and_with_consent() {
    let (world, [_, archive]) = removed(false, false);
    let plan = world.plan();
    let step = plan.steps.iter().find(|step| step.urn == archive).unwrap();
    let lifted: Vec<_> = step.changes.iter().map(|c| (c.path.as_str(), c.before.clone(), c.after.clone())).collect();
    assert_eq!(lifted, [("guarded", Value::Bool(true), Value::Bool(false))]);
    let sentences: Vec<&str> = plan.consents.iter().map(|(_, sentence)| sentence.as_str()).collect();
    let archive = "archive is deleted with everything it holds; `guarded` is lifted before";
    assert_eq!(sentences, [archive, "key is deleted with everything it holds"]);
}

#[test]
fn the_key_of_what_is_left_behind_stays() {
    let (mut world, [key, archive]) = removed(true, false);
    let plan = world.plan();
    assert_eq!((op(&plan, &archive), op(&plan, &key)), (Op::Delete, Op::Forget));
    let said =
        "key (key-1) stays in the account and is forgotten: it encrypts what archive leaves behind (a last copy)";
    assert_eq!(plan.warnings, [said]);
    let sentence =
        "archive is deleted with everything it holds; `guarded` is lifted before; it leaves a last copy behind";
    assert_eq!(plan.consents, [(archive, sentence.to_owned())], "what stays needs no consent");
    world.settings.consent_implied = true;
    world.up();
    assert!(world.rows.is_empty());
    assert_eq!(world.things.len(), 1, "the key stands");
}

#[test]
fn a_key_that_stays_is_forgotten_before_what_it_opens_goes() {
    let (world, [key, _]) = removed(true, false);
    let plan = world.plan();
    let kept = plan.steps.iter().find(|step| step.urn == key).unwrap();
    assert!(kept.after.is_empty(), "{plan}");
    assert!(plan.steps.iter().all(|step| !step.after.contains(&kept.id)), "{plan}");
}

#[test]
fn a_deletion_on_its_way_leaves_something_and_what_never_was_ready_does_not() {
    for (state, expected) in [(RowState::Deleting, Op::Forget), (RowState::Failed, Op::Delete)] {
        let (mut world, [key, archive]) = removed(true, false);
        let row = world.rows.values_mut().find(|row| row.urn == archive).unwrap();
        (row.state, row.observed) = (state, None);
        assert_eq!(op(&world.plan(), &key), expected, "{state:?}");
    }
}

#[test]
fn the_key_of_what_stays_itself_stays() {
    let (world, [key, archive]) = removed(false, true);
    let plan = world.plan();
    assert_eq!((op(&plan, &archive), op(&plan, &key)), (Op::Forget, Op::Forget));
    assert!(plan.warnings.iter().any(|said| said.ends_with("it encrypts archive, which stays")), "{:?}", plan.warnings);
}

#[test]
fn a_key_goes_where_nothing_is_left_behind() {
    let (mut world, [key, _]) = removed(false, false);
    assert_eq!(op(&world.plan(), &key), Op::Delete);
    let (other, [other_key, _]) = removed(true, false);
    world = other;
    world.settings.leave_nothing = true;
    assert_eq!(op(&world.plan(), &other_key), Op::Delete, "a stack that leaves nothing behind keeps no key for it");
}

#[test]
fn a_label_with_a_keys_id_keeps_no_key() {
    let mut world = World::new();
    let key = world.add(&KEY, "key", []);
    let tags = crate::Expr::Record([("key".to_owned(), of(&key, "id"))].into());
    let archive = world.add(&ARCHIVE, "archive", [("key", text("another")), ("tags", tags)]);
    world.up();
    world.remove(&archive);
    world.remove(&key);
    assert_eq!(op(&world.plan(), &key), Op::Delete);
}

#[test]
fn the_former_key_stays_when_its_archive_is_made_anew_with_another() {
    let mut world = World::new();
    let (one, two) = (world.add(&KEY, "one", []), world.add(&KEY, "two", []));
    world.add(&ARCHIVE, "archive", [("key", of(&one, "id"))]);
    world.up();
    world.add(&ARCHIVE, "archive", [("key", of(&two, "id"))]);
    world.remove(&one);
    let plan = world.plan();
    assert_eq!(op(&plan, &one), Op::Forget, "{plan}");
    world.settings.consent_implied = true;
    world.up();
}

#[test]
fn what_stood_there_before_is_named_when_only_part_of_a_change_is_hazardous() {
    let mut world = World::new();
    world.add(&BUCKET, "data", [("name", text("data")), ("versioning", value(true)), ("policy", text("{}"))]);
    world.up();
    world.add(&BUCKET, "data", [("name", text("data")), ("policy", text(r#"{"a":1}"#))]);
    assert_eq!(world.plan().consents[0].1, "data: the change of `versioning` may lose data");
}
