//! Promise 3: whatever dies whenever, the next run finishes the work. Every run here is killed before and after every call and every commit.

use super::bench::Bench;
use crate::fixtures::*;
use crate::program::Program;
use crate::testing::Behaviour;

/// Brings `before` up, then kills runs of `after` at point 1, 2, 3 … until one gets through; each is followed by a run that must finish.
async fn kill_everywhere(before: &Program, after: &Program, script: impl Fn(&Bench)) -> u64 {
    for point in 1.. {
        let bench = Bench::new();
        script(&bench);
        bench.done(before).await;
        if bench.dying(after, point).await.is_some() {
            return point;
        }
        let summary = bench.up(after).await;
        assert_eq!(summary.exit_code(), 0, "killed at point {point}: {summary:#?}");
        bench.settled(after).await;
    }
    unreachable!("a run has an end")
}

fn small() -> World {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("dns", value(true))]);
    world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    let role = world.add(&ROLE, "role", [("name", prefixed("orders"))]);
    world.add(&ATTACHMENT, "policy", [("role", of(&role, "name")), ("policy", text("read"))]);
    world.add(&BUCKET, "bucket", [("name", text("orders")), ("versioning", value(true))]);
    world
}

fn slow(bench: &Bench) {
    let slow = Behaviour { create_polls: 1, update_polls: 1, delete_polls: 1, lag: 2, ..Behaviour::default() };
    for schema in all_schemas() {
        bench.cloud.behave(schema.kind, slow.clone());
    }
}

#[tokio::test]
async fn creates_are_finished_by_the_next_run() {
    let points = kill_everywhere(&World::new().program, &small().program, |_| {}).await;
    assert!(points > 50, "{points}");
}

#[tokio::test]
async fn creates_of_a_slow_and_forgetful_cloud_are_finished_by_the_next_run() {
    kill_everywhere(&World::new().program, &small().program, slow).await;
}

#[tokio::test]
async fn updates_are_finished_by_the_next_run() {
    let mut after = small();
    after.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("dns", value(false)), ("note", text("changed"))]);
    after.add(&BUCKET, "bucket", [("name", text("orders")), ("versioning", value(false))]);
    let one_at_a_time = |bench: &Bench| {
        bench.cloud.behave(NETWORK.kind, Behaviour { one_at_a_time: true, ..Behaviour::default() });
    };
    kill_everywhere(&small().program, &after.program, one_at_a_time).await;
}

#[tokio::test]
async fn an_update_that_was_made_is_not_made_again_where_the_cloud_refuses_that() {
    let mut after = small();
    after.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("dns", value(false)), ("note", text("changed"))]);
    let strict = |bench: &Bench| {
        let refuses =
            Behaviour { one_at_a_time: true, refuses_no_change: true, update_polls: 1, ..Behaviour::default() };
        bench.cloud.behave(NETWORK.kind, refuses);
    };
    kill_everywhere(&small().program, &after.program, strict).await;
}

#[tokio::test]
async fn replacements_are_finished_by_the_next_run() {
    let mut after = small();
    // Create first with everything that hangs on it, delete first for the fixed name of data.
    after.add(&NETWORK, "main", [("cidr", text("10.9.0.0/16")), ("dns", value(true))]);
    after.add(&ROLE, "role", [("name", prefixed("orders")), ("path", text("/moved/"))]);
    kill_everywhere(&small().program, &after.program, |_| {}).await;
}

#[tokio::test]
async fn delete_first_replacements_are_finished_by_the_next_run() {
    let mut before = World::new();
    before.add(&ROLE, "role", [("name", text("orders"))]);
    let mut after = World::new();
    let role = after.add(&ROLE, "role", [("name", text("orders")), ("path", text("/moved/"))]);
    after.add(&ATTACHMENT, "policy", [("role", of(&role, "name")), ("policy", text("read"))]);
    kill_everywhere(&before.program, &after.program, slow).await;
}

#[tokio::test]
async fn deletes_are_finished_by_the_next_run() {
    let empty = World::new();
    kill_everywhere(&small().program, &empty.program, |_| {}).await;
    let in_steps = |bench: &Bench| {
        for schema in all_schemas() {
            let behaviour = Behaviour { disable_first: true, delete_polls: 1, ..Behaviour::default() };
            bench.cloud.behave(schema.kind, behaviour);
        }
    };
    kill_everywhere(&small().program, &empty.program, in_steps).await;
}

#[tokio::test]
async fn what_a_killed_run_made_and_nobody_declares_any_more_is_deleted() {
    let program = small().program;
    let empty = World::new().program;
    for point in 1.. {
        let bench = Bench::new();
        if bench.dying(&program, point).await.is_some() {
            break;
        }
        let summary = bench.up(&empty).await;
        assert_eq!(summary.exit_code(), 0, "killed at point {point}: {summary:#?}");
        bench.settled(&empty).await;
    }
}

#[tokio::test]
async fn a_change_that_was_cut_short_and_is_taken_back_is_taken_back_in_the_account() {
    // A password is never read back: only what the row says is left tells that it may have been changed.
    let with = |password: &str| {
        let mut world = World::new();
        world.add(&DATABASE, "db", [("engine", text("x")), ("password", secret(password))]);
        world.program
    };
    for point in 1.. {
        let bench = Bench::new();
        bench.done(&with("first-password")).await;
        let over = bench.dying(&with("second-password"), point).await.is_some();
        bench.done(&with("first-password")).await;
        bench.settled(&with("first-password")).await;
        let password = bench.cloud.things()[0].args.get("password").clone();
        assert_eq!(password.as_text(), Some("first-password"), "killed at point {point}");
        if over {
            break;
        }
    }
}

#[tokio::test]
async fn a_run_that_dies_while_it_recovers_is_recovered_itself() {
    let program = small().program;
    // Points are left out by primes, so that what is left out once is met by another one.
    for first in (1..).step_by(5) {
        for second in [1, 2, 4, 7, 11] {
            let bench = Bench::new();
            slow(&bench);
            if bench.dying(&program, first).await.is_some() {
                return;
            }
            let over = bench.dying(&program, second).await.is_some();
            bench.done(&program).await;
            bench.settled(&program).await;
            if over {
                break;
            }
        }
    }
}

#[tokio::test]
async fn what_a_dead_run_began_is_brought_to_what_the_program_says_by_then() {
    let mut after = small();
    after.add(&NETWORK, "main", [("cidr", text("10.9.0.0/16")), ("dns", value(false))]);
    after.add(&BUCKET, "bucket", [("name", text("orders")), ("versioning", value(false))]);
    for point in 1.. {
        let bench = Bench::new();
        if bench.dying(&small().program, point).await.is_some() {
            break;
        }
        bench.done(&after.program).await;
        bench.settled(&after.program).await;
    }
}

#[tokio::test]
async fn a_look_that_takes_its_time_is_said_with_how_long_it_may_take() {
    let program = small().program;
    let mut said = Vec::new();
    for point in 1.. {
        let bench = Bench::new();
        if bench.dying(&program, point).await.is_some() {
            break;
        }
        bench.plan(&program).await.unwrap();
        let waits = |bench: &Bench| bench.told.lines().into_iter().filter(|line| line.starts_with("looking for"));
        assert_eq!(waits(&bench).count(), 0, "a preview does not wait");
        bench.done(&program).await;
        said.extend(waits(&bench));
    }
    assert!(said.iter().any(|line| line.starts_with("looking for main up to ")), "{said:?}");
}
