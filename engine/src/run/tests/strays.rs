//! Things that carry the tags of the very store and that no row knows: taken over where they are declared, deleted where they are not, in the plan.

use std::time::Duration;

use super::bench::Bench;
use crate::apply::Cancel;
use crate::error::Turn;
use crate::fixtures::*;
use crate::kind::Ownership;
use crate::options::options;
use crate::plan::{Op, Plan, Reason, SavedPlan};
use crate::record::{Entry, owner_tag};
use crate::settings::Settings;
use crate::urn::{Uid, Urn};
use crate::value::Value;

/// A network and a subnet in it, a role and a bucket.
fn world() -> World {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("note", text("a"))]);
    world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    world.add(&ROLE, "role", [("name", text("orders"))]);
    world.add(&BUCKET, "data", [("name", text("data"))]);
    world
}

async fn made(world: &World) -> Bench {
    let bench = Bench::new();
    bench.done(&world.program).await;
    bench
}

/// Takes the rows of these out of the store, and leaves the things.
async fn lose(bench: &Bench, paths: &[&str]) {
    let state = bench.state();
    let lost = state.rows().values().filter(|row| paths.contains(&row.urn.path()));
    let removed = |row: &crate::record::Row| Entry::Removed {
        uid: row.uid.clone(),
        generation: row.generation,
        forgotten: false,
    };
    let entries: Vec<Entry> = lost.map(removed).collect();
    bench.session().store.commit(&entries).await.unwrap();
}

fn ours(bench: &Bench) -> Ownership {
    let binding = bench.state().binding().cloned().unwrap();
    Ownership::of(&owner_tag(&binding.project, &binding.stack, &binding.lineage), &Uid::random())
}

/// Puts something into the account that carries the store's tags.
fn put(bench: &Bench, schema: &crate::Schema, args: Value) -> String {
    bench.cloud.put_foreign(schema.kind, args, Some(ours(bench)))
}

fn steps(plan: &Plan) -> Vec<(Op, &str)> {
    plan.steps.iter().filter(|step| step.op != Op::Same).map(|step| (step.op, step.urn.path())).collect()
}

#[tokio::test]
async fn what_is_declared_and_lost_its_row_is_taken_over() {
    let world = world();
    let bench = made(&world).await;
    let before = bench.state();
    lose(&bench, &["main", "a"]).await;
    let plan = bench.plan(&world.program).await.unwrap();
    assert_eq!(steps(&plan), [(Op::Adopt, "main"), (Op::Adopt, "a")], "{plan}");
    let adopted = plan.steps.iter().filter(|step| step.op == Op::Adopt);
    assert!(adopted.into_iter().all(|step| step.reason == Reason::Stray));
    assert_eq!(plan.to_json()["steps"][0]["reason"], "stray: tagged as ours, in no row");
    let things = bench.cloud.things().len();
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
    assert_eq!(bench.cloud.things().len(), things);
    // They are who they were.
    assert_eq!(bench.state().rows().keys().collect::<Vec<_>>(), before.rows().keys().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_differs_from_the_program_is_changed_with_the_adoption() {
    let mut world = world();
    let bench = made(&world).await;
    lose(&bench, &["main", "a"]).await;
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("note", text("b"))]);
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn what_cannot_become_what_is_declared_is_deleted_and_made() {
    let mut world = world();
    let bench = made(&world).await;
    lose(&bench, &["main", "a"]).await;
    world.add(&NETWORK, "main", [("cidr", text("10.9.0.0/16"))]);
    let plan = bench.plan(&world.program).await.unwrap();
    let main = bench.cloud.things().into_iter().find(|thing| thing.kind == NETWORK.kind).unwrap().id;
    let ends: Vec<_> = plan.steps.iter().filter(|step| step.op == Op::Delete).collect();
    assert!(ends.iter().any(|step| step.resource_id.as_ref() == Some(&main) && step.reason == Reason::Stray), "{plan}");
    assert!(ends.iter().all(|step| step.urn.path().starts_with("stray/")), "{plan}");
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn what_nothing_declares_is_deleted_in_the_order_of_what_hangs_on_what() {
    let world = world();
    let bench = made(&world).await;
    let network = put(&bench, &NETWORK, Value::from([("cidr", "10.7.0.0/16")]));
    put(&bench, &SUBNET, Value::from([("network", network.as_str())]));
    let plan = bench.plan(&world.program).await.unwrap();
    let ends: Vec<_> = plan.steps.iter().filter(|step| step.op == Op::Delete).collect();
    assert_eq!(ends.iter().map(|step| step.kind.as_str()).collect::<Vec<_>>(), [SUBNET.kind, NETWORK.kind], "{plan}");
    assert!(ends.iter().all(|step| step.reason == Reason::Stray) && ends[1].after.contains(&ends[0].id));
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn what_has_the_key_of_a_declared_resource_is_that_whatever_it_was_called() {
    let world = world();
    let bench = made(&world).await;
    lose(&bench, &["data"]).await;
    let bucket = bench.cloud.things().into_iter().find(|thing| thing.kind == BUCKET.kind).unwrap();
    bench.cloud.remove(&bucket.id);
    // Made under another uid, and without a name in its tags.
    put(&bench, &BUCKET, Value::from([("name", "data")]));
    let plan = bench.plan(&world.program).await.unwrap();
    assert_eq!(steps(&plan), [(Op::Adopt, "data")], "{plan}");
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn a_data_store_is_deleted_with_consent_only() {
    let world = world();
    let mut bench = made(&world).await;
    bench.settings = Settings { consent_implied: false, ..bench.settings };
    let id = put(&bench, &BUCKET, Value::from([("name", "other")]));
    let plan = bench.plan(&world.program).await.unwrap();
    let urn = plan.steps.iter().find(|step| step.op == Op::Delete).map(|step| step.urn.clone()).unwrap();
    assert_eq!(plan.consents.iter().map(|(urn, _)| urn).collect::<Vec<_>>(), [&urn]);
    let errors = bench.try_up(&world.program, &Cancel::new()).await.unwrap_err();
    assert_eq!(errors[0].turn, Turn::Refused);
    assert!(bench.cloud.things().iter().any(|thing| thing.id == id));
    // Nothing was recorded by a run that did not begin.
    assert!(bench.state().rows().values().all(|row| row.id != id));
    bench.settings.allow_delete = vec![urn.as_str().to_owned()];
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn what_was_let_go_is_no_stray() {
    let mut world = world();
    world.add_with(&NETWORK, "kept", [("cidr", text("10.8.0.0/16"))], options().retain_on_delete());
    let bench = made(&world).await;
    world.remove(&urn(&NETWORK, "kept"));
    bench.done(&world.program).await;
    bench.clock.advance(Duration::from_secs(100));
    let plan = bench.plan(&world.program).await.unwrap();
    assert!(plan.is_noop() && plan.warnings.iter().any(|warning| warning.contains("was let go")), "{plan}");
    // Also when the store is read from what its view or an export keeps.
    let again = crate::state::Snapshot::of(&bench.state().to_entries());
    assert_eq!(again.let_go(), bench.state().let_go());
}

#[tokio::test]
async fn what_another_store_made_is_shown_and_left_alone() {
    let world = world();
    let bench = made(&world).await;
    let owner = Ownership::of("project/test:another", &Uid::random());
    let id = bench.cloud.put_foreign(NETWORK.kind, Value::from([("cidr", "10.7.0.0/16")]), Some(owner));
    let plan = bench.plan(&world.program).await.unwrap();
    assert!(plan.is_noop());
    let said = plan.warnings.iter().find(|warning| warning.contains(&id)).unwrap();
    assert!(said.contains("`state rebuild test`"), "{said}");
}

#[tokio::test]
async fn a_run_about_a_part_leaves_strays_alone() {
    let world = world();
    let mut bench = made(&world).await;
    let id = put(&bench, &NETWORK, Value::from([("cidr", "10.7.0.0/16")]));
    bench.settings.targets = vec!["main".to_owned()];
    let plan = bench.plan(&world.program).await.unwrap();
    assert!(plan.is_noop() && plan.warnings.iter().any(|warning| warning.contains(&id)), "{plan}");
}

#[tokio::test]
async fn two_things_under_one_tag_are_not_told_apart_by_guessing() {
    let world = world();
    let bench = made(&world).await;
    let row = bench.state().live(&urn(&NETWORK, "main")).cloned().unwrap();
    lose(&bench, &["main", "a"]).await;
    let owner = Ownership { uid: row.uid, ..ours(&bench) };
    let args = Value::from([("cidr", "10.0.0.0/16")]);
    let twin = bench.cloud.put_foreign(NETWORK.kind, args, Some(owner));
    let errors = bench.plan(&world.program).await.unwrap_err();
    assert!(errors[0].reason.contains(&row.id) && errors[0].reason.contains(&twin), "{errors:#?}");
}

#[tokio::test]
async fn a_destruction_takes_strays_along() {
    let world = world();
    let mut bench = made(&world).await;
    put(&bench, &NETWORK, Value::from([("cidr", "10.7.0.0/16")]));
    bench.settings.destroy = true;
    let nothing = World::new();
    bench.done(&nothing.program).await;
    assert!(bench.cloud.things().is_empty() && bench.state().rows().is_empty());
}

#[tokio::test]
async fn what_was_just_deleted_and_is_still_shown_is_no_stray() {
    let mut world = world();
    let bench = made(&world).await;
    let row = bench.state().live(&urn(&SUBNET, "a")).cloned().unwrap();
    world.remove(&urn(&SUBNET, "a"));
    bench.done(&world.program).await;
    let owner = Ownership { uid: row.uid, ..ours(&bench) };
    bench.cloud.put_foreign(SUBNET.kind, row.applied.to_value(), Some(owner));
    assert!(bench.plan(&world.program).await.unwrap().is_noop());
    // What is still there when everything has settled was not deleted.
    bench.clock.advance(Duration::from_secs(100));
    assert_eq!(steps(&bench.plan(&world.program).await.unwrap()), [(Op::Delete, "a")]);
}

#[tokio::test]
async fn a_saved_plan_holds_strays() {
    let world = world();
    let bench = made(&world).await;
    lose(&bench, &["main", "a"]).await;
    put(&bench, &NETWORK, Value::from([("cidr", "10.7.0.0/16")]));
    let mut session = bench.session();
    let preview = session.preview(&world.program).await.unwrap();
    let saved = SavedPlan::from_json(&preview.to_saved(&session.settings).to_json()).unwrap();
    let mut session = bench.session();
    let preview = session.preview(&world.program).await.unwrap();
    let (preview, left_out) = session.restrict(preview, &saved).unwrap();
    assert!(left_out.is_empty());
    session.up(&world.program, preview, &Cancel::new()).await.unwrap();
    bench.settled(&world.program).await;
}

/// Wherever a run dies that takes over and deletes strays, the next one finishes.
#[tokio::test]
async fn a_run_over_strays_may_die_at_every_point() {
    for point in 1.. {
        let world = world();
        let bench = made(&world).await;
        lose(&bench, &["main", "a"]).await;
        let network = put(&bench, &NETWORK, Value::from([("cidr", "10.7.0.0/16")]));
        put(&bench, &SUBNET, Value::from([("network", network.as_str())]));
        let ended = bench.dying(&world.program, point).await.is_some();
        bench.done(&world.program).await;
        bench.settled(&world.program).await;
        if ended {
            assert!(point > 20, "{point}");
            break;
        }
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_not_given_to_a_stray() {
    let world = world();
    let bench = made(&world).await;
    let row = bench.state().live(&urn(&NETWORK, "main")).cloned().unwrap();
    // A copy of what has a row, with its tags.
    let owner = Ownership { uid: row.uid.clone(), ..ours(&bench) };
    let copy = bench.cloud.put_foreign(NETWORK.kind, Value::from([("cidr", "10.0.0.0/16")]), Some(owner));
    let plan = bench.plan(&world.program).await.unwrap();
    let named: Urn = format!("test::stray/{copy}::{}", NETWORK.kind).parse().unwrap();
    assert_eq!(steps(&plan), [(Op::Delete, named.path())], "{plan}");
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
    assert_eq!(bench.state().live(&row.urn).map(|row| row.id.as_str()), Some(row.id.as_str()));
}
