//! Names, adoptions, outputs, refreshes: what runs do beside making and deleting.

use super::bench::Bench;
use crate::apply::Cancel;
use crate::error::Turn;
use crate::fixtures::*;
use crate::kind::Ownership;
use crate::options::options;
use crate::plan::Op;
use crate::program::Export;
use crate::urn::{SourceLine, Uid};
use crate::value::Value;

fn export(world: &mut World, name: &str, expr: crate::Expr) {
    world.program.exports.insert(name.to_owned(), Export { expr, source: SourceLine::here() });
}

#[tokio::test]
async fn a_rename_between_a_death_and_the_next_run_makes_nothing_twice() {
    for point in 1.. {
        let bench = Bench::new();
        let mut first = World::new();
        let network = first.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("dns", value(true))]);
        first.add(&SUBNET, "a", [("network", of(&network, "id"))]);
        let mut renamed = World::new();
        let args = [("cidr", text("10.0.0.0/16")), ("dns", value(true))];
        let network = renamed.add_with(&NETWORK, "moved/main", args, options().alias("main"));
        renamed.add_with(&SUBNET, "moved/a", [("network", of(&network, "id"))], options().alias("a"));
        let over = bench.dying(&first.program, point).await.is_some();
        bench.done(&renamed.program).await;
        bench.settled(&renamed.program).await;
        let creates = bench.cloud.things().len();
        assert_eq!(creates, 2, "killed at point {point}");
        if over {
            break;
        }
    }
}

#[tokio::test]
async fn an_adopted_thing_is_recorded_and_brought_to_what_is_declared() {
    let bench = Bench::new();
    let args = Value::from([("cidr", Value::from("10.0.0.0/16")), ("note", Value::from("theirs"))]);
    let id = bench.cloud.put_foreign(NETWORK.kind, args, None);
    let mut world = World::new();
    let args = [("cidr", text("10.0.0.0/16")), ("note", text("ours"))];
    world.add_with(&NETWORK, "main", args, options().import(id.clone()));
    let summary = bench.done(&world.program).await;
    assert_eq!(summary.done[0].1, Op::Adopt);
    assert_eq!(*bench.cloud.things()[0].args.get("note"), Value::from("ours"));
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn a_thing_of_another_stack_is_not_adopted() {
    let bench = Bench::new();
    let owner = Ownership::of("project/other:lineage", &Uid::random());
    let id = bench.cloud.put_foreign(NETWORK.kind, Value::from([("cidr", "10.0.0.0/16")]), Some(owner));
    let mut world = World::new();
    world.add_with(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))], options().import(id));
    let reasons: Vec<String> = match bench.try_up(&world.program, &Cancel::new()).await {
        Ok(summary) => summary.failed.iter().map(|(_, error)| error.reason.clone()).collect(),
        Err(errors) => errors.iter().map(|error| error.reason.clone()).collect(),
    };
    assert!(reasons.len() == 1 && reasons[0].contains("project/other"), "{reasons:?}");
    assert!(bench.state().rows().is_empty());
}

#[tokio::test]
async fn outputs_are_given_in_the_clear_and_recorded_without_their_secrets() {
    let bench = Bench::new();
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    export(&mut world, "network", of(&network, "id"));
    export(&mut world, "password", secret("hunter22"));
    let summary = bench.done(&world.program).await;
    assert_eq!(summary.outputs["network"], Value::from("network-0001"));
    assert_eq!(summary.outputs["password"].as_text(), Some("hunter22"));
    let recorded = bench.state().outputs().clone();
    assert_eq!(recorded["network"].to_value(), Value::from("network-0001"));
    assert!(matches!(recorded["password"].to_value(), Value::Digest(_)));
    // An output alone is written too, and then no more.
    export(&mut world, "again", of(&network, "id"));
    bench.done(&world.program).await;
    assert!(bench.state().outputs().contains_key("again"));
    let commits = bench.log.commits().len();
    bench.done(&world.program).await;
    assert_eq!(bench.log.commits().len(), commits);
    // One that the program has no more is recorded no more, so that no later plan takes it away again.
    world.program.exports.remove("again");
    bench.done(&world.program).await;
    assert_eq!(bench.state().outputs().keys().collect::<Vec<_>>(), ["network", "password"]);
    let commits = bench.log.commits().len();
    bench.done(&world.program).await;
    assert_eq!(bench.log.commits().len(), commits);
}

#[tokio::test]
async fn a_refresh_writes_what_it_saw_beside_what_was_applied() {
    let bench = Bench::new();
    let mut world = World::new();
    let urn = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("note", text("declared"))]);
    bench.done(&world.program).await;
    bench.cloud.drift("network-0001", "note", "drifted");
    let refreshed = bench.session().refresh(&crate::Program::empty("project", "test")).await.unwrap();
    assert_eq!((refreshed.resources, refreshed.changed.as_slice()), (1, [urn.clone()].as_slice()));
    let row = bench.state().live(&urn).cloned().unwrap();
    assert_eq!(*row.applied.to_value().get("note"), Value::from("declared"));
    assert_eq!(*row.observed.unwrap().to_value().get("note"), Value::from("drifted"));
    let commits = bench.log.commits().len();
    bench.session().refresh(&world.program).await.unwrap();
    assert_eq!(bench.log.commits().len(), commits, "nothing moved, nothing written");
}

#[tokio::test]
async fn an_up_over_open_intents_is_refused_until_they_are_recovered() {
    let bench = Bench::new();
    let mut world = World::new();
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    // Before the create takes effect: bound and started are four points, the intent two more.
    assert!(bench.dying(&world.program, 7).await.is_none());
    assert_eq!(bench.state().intents().len(), 1);
    let mut session = bench.session();
    let preview = session.preview(&world.program).await.unwrap();
    assert!(preview.plan.warnings.iter().any(|warning| warning.contains("cut short")), "{:?}", preview.plan.warnings);
    let commits = bench.log.commits().len();
    let errors = session.up(&world.program, preview, &Cancel::new()).await.unwrap_err();
    assert_eq!(errors[0].turn, Turn::Refused);
    assert_eq!(bench.log.commits().len(), commits, "a preview writes nothing");
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn a_change_of_options_is_recorded_without_a_call() {
    let bench = Bench::new();
    let mut world = World::new();
    let urn = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    bench.done(&world.program).await;
    world.add_with(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))], options().protect());
    bench.cloud.journal().revive();
    bench.done(&world.program).await;
    assert!(bench.state().live(&urn).unwrap().options.protect);
    assert!(bench.cloud.journal().lines().iter().all(|line| !line.starts_with("call update")));
    bench.settled(&world.program).await;
}
