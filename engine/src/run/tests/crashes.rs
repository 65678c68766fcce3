//! Promise 3: whatever dies whenever, the next run finishes the work. Every run here is killed before and after every call and every commit.

use std::time::Duration;

use super::bench::Bench;
use crate::apply::Cancel;
use crate::error::exit;
use crate::fixtures::*;
use crate::program::Program;
use crate::settings::{OnDrift, Settings};
use crate::testing::Behaviour;
use crate::value::Value;

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
async fn what_a_killed_run_deleted_and_the_next_one_still_sees_is_no_loss_to_ask_about() {
    let shown = |bench: &Bench| {
        for schema in all_schemas() {
            bench.cloud.behave(schema.kind, Behaviour { shows_deleted: 3, ..Behaviour::default() });
        }
    };
    kill_everywhere(&small().program, &World::new().program, shown).await;
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

/// Runs that are killed at every point, each followed by one whose first reads are behind; what that one came to.
async fn kill_everywhere_and_read_late(change: impl Fn(&Bench)) {
    let world = small();
    for point in 1.. {
        let mut bench = Bench::new();
        bench.settings = Settings { on_drift: OnDrift::Fail, ..bench.settings };
        if bench.dying(&world.program, point).await.is_some() {
            return;
        }
        change(&bench);
        let summary = bench.try_up(&world.program, &Cancel::new()).await;
        let summary = summary.unwrap_or_else(|errors| panic!("killed at point {point}: {errors:#?}"));
        assert_eq!(summary.exit_code(), 0, "killed at point {point}: {summary:#?}");
        assert_eq!(bench.cloud.things().len(), 5, "killed at point {point}");
        // Who looks later sees everything.
        bench.cloud.things().iter().for_each(|thing| bench.cloud.read_late(&thing.id, "", Value::Null, 0));
        bench.settled(&world.program).await;
    }
}

#[tokio::test]
async fn what_a_killed_run_made_and_the_next_one_does_not_see_yet_is_not_made_again() {
    kill_everywhere_and_read_late(|bench| bench.cloud.things().iter().for_each(|thing| bench.cloud.hide(&thing.id, 3)))
        .await;
}

#[tokio::test]
async fn what_a_killed_run_changed_and_the_next_one_reads_as_before_is_no_drift() {
    kill_everywhere_and_read_late(|bench| {
        bench.cloud.things().iter().for_each(|thing| match thing.kind.as_str() {
            kind if kind == NETWORK.kind => bench.cloud.read_late(&thing.id, "dns", false, 3),
            kind if kind == BUCKET.kind => bench.cloud.read_late(&thing.id, "versioning", false, 3),
            _ => {}
        });
    })
    .await;
}

#[tokio::test]
async fn who_begins_late_looks_as_often_before_a_change_of_the_last_run_is_called_drift() {
    let world = small();
    let mut bench = Bench::new();
    bench.done(&world.program).await;
    bench.settings = Settings { on_drift: OnDrift::Fail, ..bench.settings };
    bench.clock.advance(Duration::from_secs(29));
    bench.cloud.read_late("network-0001", "dns", false, 4);
    let summary = bench.try_up(&world.program, &Cancel::new()).await.unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!(summary.exit_code(), exit::DONE, "{summary:#?}");
}

#[tokio::test]
async fn drift_that_stays_after_a_killed_run_is_asked_about() {
    let (before, mut after) = (small(), small());
    after.add(&ROLE, "other", [("name", text("other"))]);
    let mut bench = Bench::new();
    bench.done(&before.program).await;
    assert!(bench.dying(&after.program, 12).await.is_none());
    bench.cloud.drift("network-0001", "dns", false);
    bench.settings = Settings { on_drift: OnDrift::Fail, ..bench.settings };
    let errors = bench.try_up(&after.program, &Cancel::new()).await.unwrap_err();
    assert!(errors.len() == 1 && errors[0].reason.contains("`dns` is false and was true"), "{errors:#?}");
}
