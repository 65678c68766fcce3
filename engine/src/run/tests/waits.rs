//! Waits, slots and batches.

use std::time::Duration;

use super::bench::Bench;
use crate::clock::Clock;
use crate::error::exit;
use crate::fixtures::*;
use crate::kind::CallClass;
use crate::record::RowState;
use crate::rust::Rust;
use crate::settings::Settings;
use crate::shape::{ArgSchema, Change, ChangeRule, Guard, Moves, OutputSchema, Schema, Shape, Stage, Wait};
use crate::testing::{Behaviour, Fault};

/// A type that takes its time, guarded by a token.
static SLOW: Schema = Schema {
    kind: "test:slow/thing",
    rust: || "made_up::Slow",
    cfn: "",
    doc: "",
    version: 1,
    args: &[ArgSchema {
        name: "size",
        cfn: "",
        doc: "",
        shape: Shape::Int,
        rust: Rust::literal::<String>(),
        required: true,
        default: None,
        change: ChangeRule::Always(Change::InPlace),
        after_create: false,
        write_only: false,
        drift_ignored: false,
        tags: false,
        hazards: None,
        same: None,
        instead_of: None,
    }],
    outputs: &[OutputSchema {
        name: "id",
        doc: "",
        shape: Shape::Text,
        rust: Rust::literal::<String>(),
        moves: Moves::Stable,
        stage: Stage::Accepted,
        echoes: None,
    }],
    data_store: false,
    guard: Guard::Token,
    natural_key: &[],
    exclusive: &[],
    delete_first: false,
    visibility: Duration::from_secs(10),
    create_wait: Wait::seconds(10, 30, 2, 600),
    update_wait: Wait::seconds(10, 30, 1, 600),
    delete_wait: Wait::seconds(10, 30, 1, 600),
    after: &[],
    ending: crate::Ending::PLAIN,
};

fn many(number: usize) -> World {
    let mut world = World::new();
    for index in 0..number {
        world.add(&SLOW, &format!("thing-{index:03}"), [("size", value(1_i64))]);
    }
    world
}

#[tokio::test]
async fn calls_are_bounded_and_waits_are_not() {
    let mut bench = Bench::of(&[&SLOW]);
    bench.settings = Settings { parallel: 4, ..bench.settings };
    bench.cloud.behave(SLOW.kind, Behaviour { create_polls: 3, ..Behaviour::default() });
    let world = many(100);
    bench.done(&world.program).await;
    assert_eq!(bench.cloud.most_at_once(), 4);
    // All hundred waited at the same time, and were asked for together.
    assert!(bench.cloud.most_polled_together() > 90, "{}", bench.cloud.most_polled_together());
    assert!(bench.clock.elapsed() < Duration::from_secs(600), "{:?}", bench.clock.elapsed());
    let polls = bench.cloud.journal().lines().iter().filter(|line| line.starts_with("call status")).count();
    assert!(polls < 20, "{polls} status calls for 100 things");
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn reads_after_creates_are_batched() {
    let mut bench = Bench::of(&[&SLOW]);
    bench.settings = Settings { parallel: 100, ..bench.settings };
    let world = many(100);
    bench.done(&world.program).await;
    let reads = bench.cloud.journal().lines().iter().filter(|line| line.starts_with("call read")).count();
    assert!(reads < 10, "{reads} reads for 100 things");
}

#[tokio::test]
async fn a_status_must_be_heard_as_often_in_a_row_as_the_type_says() {
    let bench = Bench::of(&[&SLOW]);
    let world = many(1);
    bench.done(&world.program).await;
    let lines = bench.cloud.journal().lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("call status")).count(), 2);
    assert_eq!(bench.clock.elapsed(), Duration::from_secs(10 + 30));
}

#[tokio::test]
async fn a_wait_that_reaches_its_limit_pauses_and_the_next_run_goes_on_with_it() {
    let bench = Bench::of(&[&SLOW]);
    bench.cloud.behave(SLOW.kind, Behaviour { create_polls: 25, ..Behaviour::default() });
    let world = many(1);
    let summary = bench.up(&world.program).await;
    assert_eq!(summary.exit_code(), exit::FAILED);
    let error = &summary.failed[0].1;
    assert!(error.reason.contains("not done after 600 s") && error.reason.contains("pending"), "{error}");
    let row = bench.state().rows().values().next().cloned().unwrap();
    assert_eq!(row.state, RowState::Creating);
    assert!(bench.state().intents().is_empty());
    assert_eq!(summary.left_behind.len(), 1);
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
    let creates = bench.cloud.journal().lines().iter().filter(|line| line.starts_with("call create")).count();
    assert_eq!(creates, 1, "nothing was tainted");
}

#[tokio::test]
async fn what_is_stuck_is_told_once_and_waited_for() {
    let bench = Bench::of(&[&SLOW]);
    bench.cloud.behave(SLOW.kind, Behaviour { stuck: Some("no capacity".to_owned()), ..Behaviour::default() });
    let summary = bench.up(&many(1).program).await;
    assert!(summary.failed[0].1.reason.contains("no capacity"));
    let told = bench.told.lines();
    assert_eq!(told.iter().filter(|line| *line == "waiting thing-000 no capacity").count(), 1, "{told:#?}");
}

#[tokio::test]
async fn what_failed_for_good_is_recorded_so_and_made_anew_by_the_next_run() {
    let bench = Bench::of(&[&SLOW]);
    let broken = Behaviour { create_polls: 1, fails: Some("InsufficientStorage".to_owned()), ..Behaviour::default() };
    bench.cloud.behave(SLOW.kind, broken);
    let world = many(1);
    let summary = bench.up(&world.program).await;
    assert!(summary.failed[0].1.reason.contains("failed for good: InsufficientStorage"));
    let row = bench.state().rows().values().next().cloned().unwrap();
    assert_eq!((row.state, row.reason.as_deref()), (RowState::Failed, Some("InsufficientStorage")));
    bench.cloud.behave(SLOW.kind, Behaviour::default());
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn what_disappears_while_it_is_made_is_made_anew_by_the_next_run() {
    let bench = Bench::of(&[&SLOW]);
    bench.cloud.behave(SLOW.kind, Behaviour { create_polls: 30, ..Behaviour::default() });
    let world = many(1);
    assert_eq!(bench.up(&world.program).await.exit_code(), exit::FAILED);
    bench.cloud.remove("thing-0001");
    bench.cloud.behave(SLOW.kind, Behaviour::default());
    let summary = bench.up(&world.program).await;
    assert!(summary.failed[0].1.reason.contains("disappeared"), "{}", summary.failed[0].1);
    assert_eq!(bench.state().rows().values().next().unwrap().state, RowState::Failed);
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn new_things_may_be_invisible_for_a_while() {
    let bench = Bench::of(&[&SLOW]);
    bench.cloud.behave(SLOW.kind, Behaviour { lag: 1, ..Behaviour::default() });
    let world = many(1);
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
    assert!(bench.told.lines().contains(&"waiting thing-000 not visible yet".to_owned()), "{:#?}", bench.told.lines());
}

#[tokio::test]
async fn a_create_under_a_token_is_sent_again_and_makes_one_thing() {
    let bench = Bench::of(&[&SLOW]);
    let world = many(1);
    bench.cloud.fail(Fault::new(SLOW.kind, "create", CallClass::Uncertain).after().times(2));
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
    let lines = bench.cloud.journal().lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("call create")).count(), 3);
    assert!(lines.iter().all(|line| !line.starts_with("call find")), "the token is guard enough: {lines:#?}");
}
