//! What a failure keeps from running, and what it leaves.

use super::bench::Bench;
use crate::apply::Cancel;
use crate::error::{Turn, exit};
use crate::fixtures::*;
use crate::kind::{CallClass, Identity, Ownership};
use crate::plan::Op;
use crate::record::RowState;
use crate::settings::{OnDrift, Settings};
use crate::state::MemoryFault;
use crate::testing::{Behaviour, Fault, JournaledStore};
use crate::urn::Uid;
use crate::value::Value;

fn two_branches() -> World {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    let subnet = world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    world.add(&NAT, "nat", [("subnet", of(&subnet, "id"))]);
    world.add(&ROLE, "role", [("name", text("orders"))]);
    world
}

#[tokio::test]
async fn a_failure_blocks_its_dependants_and_nothing_else() {
    let bench = Bench::new();
    let world = two_branches();
    bench.cloud.fail(Fault::new(SUBNET.kind, "create", CallClass::Refused));
    let summary = bench.up(&world.program).await;
    assert_eq!(summary.exit_code(), exit::FAILED);
    let paths = |urns: Vec<&crate::Urn>| urns.into_iter().map(|urn| urn.path().to_owned()).collect::<Vec<_>>();
    let mut done = paths(summary.done.iter().map(|(urn, _)| urn).collect());
    done.sort();
    assert_eq!(done, ["main", "role"]);
    assert_eq!(paths(summary.failed.iter().map(|(urn, _)| urn).collect()), ["a"]);
    assert_eq!(paths(summary.blocked.iter().map(|(urn, _)| urn).collect()), ["nat"]);
    assert_eq!(summary.blocked[0].1.path(), "a");
    assert_eq!(summary.next.as_deref(), Some("up test"));
    assert!(bench.state().intents().is_empty(), "a refused create leaves no intent");
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn what_would_be_refused_stands_in_the_plan_and_nothing_is_begun() {
    let bench = Bench::new();
    let world = two_branches();
    bench.cloud.would_refuse("a", "`network` is taken");
    bench.cloud.would_refuse("role", "`name` is too long");
    let plan = bench.plan(&world.program).await.unwrap();
    let found: Vec<String> = plan.problems.iter().map(|it| format!("{} {}", it.urn.path(), it.reason)).collect();
    assert_eq!(found, ["a `network` is taken", "role `name` is too long"]);
    let errors = bench.try_up(&world.program, &Cancel::new()).await.unwrap_err();
    assert_eq!(errors.iter().map(|error| error.exit_code()).collect::<Vec<_>>(), [exit::BAD_INPUT; 2]);
    assert!(errors[0].source_line.is_some() && !errors[0].hints.is_empty());
    assert!(bench.cloud.things().is_empty() && bench.state().deployments().is_empty());
    // What stays as it is was accepted once, and an end of it is not looked at.
    let bench = Bench::new();
    bench.done(&world.program).await;
    bench.cloud.would_refuse("a", "`network` is taken");
    bench.settled(&world.program).await;
    bench.done(&World::new().program).await;
}

#[tokio::test]
async fn fail_fast_begins_nothing_after_the_first_failure() {
    let mut bench = Bench::new();
    bench.settings = Settings { fail_fast: true, parallel: 1, ..bench.settings };
    let world = two_branches();
    bench.cloud.fail(Fault::new(NETWORK.kind, "create", CallClass::Refused));
    let summary = bench.up(&world.program).await;
    assert_eq!(summary.failed.len(), 1);
    assert!(bench.cloud.things().len() <= 1, "{:#?}", bench.cloud.things());
    assert_eq!(summary.exit_code(), exit::FAILED);
}

#[tokio::test]
async fn a_lost_answer_of_a_create_is_looked_for_and_never_repeated_blindly() {
    for schema in [&NETWORK, &ROLE, &ATTACHMENT] {
        let bench = Bench::new();
        bench.cloud.behave(schema.kind, Behaviour { lag: 2, ..Behaviour::default() });
        let mut world = World::new();
        match schema.kind {
            "test:net/network" => world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("dns", value(true))]),
            "test:iam/role" => world.add(&ROLE, "role", [("name", text("orders"))]),
            _ => world.add(&ATTACHMENT, "policy", [("role", text("r")), ("policy", text("p"))]),
        };
        bench.cloud.fail(Fault::new(schema.kind, "create", CallClass::Uncertain).after());
        bench.done(&world.program).await;
        bench.settled(&world.program).await;
        assert_eq!(bench.cloud.things().len(), 1, "{}", schema.kind);
    }
}

#[tokio::test]
async fn a_lost_answer_of_an_update_is_looked_at_before_it_is_sent_again() {
    for fault in [
        Fault::new(NETWORK.kind, "update", CallClass::Uncertain).after(),
        Fault::new(NETWORK.kind, "update", CallClass::Uncertain),
    ] {
        let bench = Bench::new();
        let network = |dns: bool| {
            let mut world = World::new();
            world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("dns", value(dns))]);
            world.program
        };
        bench.done(&network(true)).await;
        bench.cloud.behave(NETWORK.kind, Behaviour { refuses_no_change: true, ..Behaviour::default() });
        bench.cloud.fail(fault);
        bench.done(&network(false)).await;
        bench.settled(&network(false)).await;
        assert_eq!(*bench.cloud.things()[0].args.get("dns"), Value::Bool(false));
    }
}

#[tokio::test]
async fn an_answer_lost_before_the_call_took_effect_leads_to_one_create() {
    let bench = Bench::new();
    let mut world = World::new();
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    bench.cloud.fail(Fault::new(NETWORK.kind, "create", CallClass::Uncertain));
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
    // The tag is the only guard of a network: "absent" counted after the visibility window.
    assert!(crate::clock::Clock::elapsed(&bench.clock) >= NETWORK.visibility);
}

#[tokio::test]
async fn throttling_and_passing_refusals_are_waited_out() {
    let bench = Bench::new();
    let world = two_branches();
    bench.cloud.fail(Fault::new("", "create", CallClass::Throttled).times(12));
    let window = CallClass::Passing(std::time::Duration::from_secs(60));
    bench.cloud.fail(Fault::new(ROLE.kind, "create", window).times(2));
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
    assert!(bench.told.lines().iter().any(|line| line == "retried role"));
}

#[tokio::test]
async fn what_somebody_else_made_is_neither_overwritten_nor_taken() {
    let bench = Bench::new();
    let mut world = World::new();
    world.add(&ROLE, "role", [("name", text("orders"))]);
    let args = Value::from([("name", Value::from("orders")), ("path", Value::from("/theirs/"))]);
    bench.cloud.put_foreign(ROLE.kind, args, None);
    let summary = bench.up(&world.program).await;
    let error = &summary.failed[0].1;
    assert!(error.reason.contains("exists already"), "{error}");
    assert!(error.hints.iter().any(|hint| hint.contains("import(\"orders\")")), "{:?}", error.hints);
    assert_eq!(*bench.cloud.things()[0].args.get("path"), Value::from("/theirs/"));
    assert!(bench.state().intents().is_empty() && bench.state().rows().is_empty());
}

#[tokio::test]
async fn a_foreign_thing_that_only_the_apply_can_see_is_not_overwritten() {
    let bench = Bench::new();
    let mut world = World::new();
    let role = world.add(&ROLE, "role", [("name", prefixed("orders"))]);
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    // Its natural key is known only when the network is there.
    world.add(&ATTACHMENT, "policy", [("role", of(&network, "id")), ("policy", text("p"))]);
    let args = Value::from([("role", "network-0002"), ("policy", "p")]);
    bench.cloud.put_foreign(ATTACHMENT.kind, args, None);
    let summary = bench.up(&world.program).await;
    assert_eq!(summary.failed.len(), 1, "{summary:#?}");
    assert!(summary.failed[0].1.reason.contains("not made by this stack"), "{}", summary.failed[0].1);
    let _ = role;
}

#[tokio::test]
async fn an_interrupted_run_settles_what_runs_and_begins_nothing() {
    let bench = Bench::new();
    let world = two_branches();
    let cancel = Cancel::new();
    let mut session = bench.session();
    let preview = session.preview(&world.program).await.unwrap();
    let stop_when_called = async {
        loop {
            if bench.cloud.journal().lines().iter().any(|line| line.starts_with("call create")) {
                cancel.stop();
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let (summary, ()) = futures::join!(session.up(&world.program, preview, &cancel), stop_when_called);
    let summary = summary.unwrap();
    assert!(summary.interrupted);
    assert_eq!(summary.exit_code(), exit::INTERRUPTED);
    assert_eq!(summary.next.as_deref(), Some("up test"));
    // Every call that was made is recorded, and nothing is open.
    let state = bench.state();
    assert!(state.intents().is_empty());
    assert_eq!(state.rows().len(), bench.cloud.things().len());
    assert!(state.rows().len() < world.program.resources.len());
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn a_store_that_fails_stops_the_run_and_the_next_one_finishes_it() {
    for commit in 1..12 {
        let bench = Bench::new();
        let world = two_branches();
        let store = crate::state::MemoryStore::open(&bench.log).with_fault(MemoryFault::FailAt(commit));
        let mut session = bench.session();
        session.store = Box::new(JournaledStore::new(store, bench.cloud.journal().clone()));
        let preview = session.preview(&world.program).await.unwrap();
        match session.up(&world.program, preview, &Cancel::new()).await {
            Ok(summary) => {
                let turns: Vec<Turn> = summary.failed.iter().map(|(_, error)| error.turn).collect();
                let told = summary.store_error.is_some() || turns.contains(&Turn::State);
                assert!(told, "commit {commit}: {summary:#?}");
                assert_ne!(summary.exit_code(), exit::DONE);
            }
            Err(errors) => assert_eq!(errors[0].turn, Turn::State),
        }
        bench.done(&world.program).await;
        bench.settled(&world.program).await;
    }
}

#[tokio::test]
async fn a_failed_update_keeps_what_is_left_in_the_row() {
    let bench = Bench::new();
    let mut world = World::new();
    let urn = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    bench.done(&world.program).await;
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("note", text("x"))]);
    bench.cloud.fail(Fault::new(NETWORK.kind, "update", CallClass::Refused));
    let summary = bench.up(&world.program).await;
    assert_eq!(summary.exit_code(), exit::FAILED);
    let row = bench.state().live(&urn).cloned().unwrap();
    assert_eq!((row.state, row.left), (RowState::Incomplete, ["note".to_owned()].into()));
    assert_eq!(*row.applied.to_value().get("note"), Value::Null, "what was not made true is not recorded as applied");
    let summary = bench.done(&world.program).await;
    assert_eq!(summary.done[0].1, Op::Resume);
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn a_store_of_another_account_or_region_is_refused_before_any_other_call() {
    let bench = Bench::new();
    let world = two_branches();
    bench.done(&world.program).await;
    let identity = |account: &str, region: &str| Identity {
        account: account.to_owned(),
        partition: "aws".to_owned(),
        caller: "arn".to_owned(),
        region: region.to_owned(),
        endpoint: None,
    };
    for other in [identity("999999999999", "eu-west-1"), identity("123456789012", "us-east-1")] {
        bench.cloud.set_identity(other);
        bench.cloud.journal().revive();
        let errors = bench.plan(&world.program).await.unwrap_err();
        assert_eq!(errors[0].turn, Turn::Refused);
        assert!(errors[0].reason.contains("it belongs to the"), "{}", errors[0]);
        assert!(bench.cloud.journal().lines().is_empty());
    }
}

#[tokio::test]
async fn an_empty_store_is_refused_while_things_of_the_stack_exist() {
    let bench = Bench::new();
    let world = two_branches();
    let owner = Ownership::of("project/test:another", &Uid::random());
    let id = bench.cloud.put_foreign(NETWORK.kind, Value::from([("cidr", "10.0.0.0/16")]), Some(owner));
    let errors = bench.plan(&world.program).await.unwrap_err();
    assert_eq!(errors[0].turn, Turn::Refused);
    assert!(errors[0].reason.contains(&id) && errors[0].hints.len() >= 2, "{errors:#?}");
}

#[tokio::test]
async fn the_loss_of_most_of_a_stack_is_not_believed() {
    let mut bench = Bench::new();
    let world = two_branches();
    bench.done(&world.program).await;
    for thing in bench.cloud.things().into_iter().skip(1) {
        bench.cloud.remove(&thing.id);
    }
    let errors = bench.plan(&world.program).await.unwrap_err();
    assert_eq!(errors.len(), 3);
    assert!(errors.iter().all(|error| error.turn == Turn::Refused && error.hints[1].contains("--accept-gone")));
    bench.settings.accept_gone = vec!["*".to_owned()];
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn the_loss_of_one_data_store_is_not_believed() {
    let bench = Bench::new();
    let mut world = two_branches();
    world.add(&BUCKET, "bucket", [("name", text("orders"))]);
    bench.done(&world.program).await;
    bench.cloud.remove("orders");
    // The role is called so as well, and is no data store: put it back.
    bench.cloud.put_foreign(ROLE.kind, Value::from([("name", "orders")]), None);
    let errors = bench.plan(&world.program).await.unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].reason.contains("it holds data"), "{}", errors[0]);
}

#[tokio::test]
async fn drift_and_missing_consents_stop_an_up_before_anything_is_written() {
    let mut bench = Bench::new();
    let mut world = World::new();
    let bucket = world.add(&BUCKET, "bucket", [("name", text("orders")), ("versioning", value(true))]);
    bench.done(&world.program).await;
    let commits = bench.log.commits().len();
    bench.settings = Settings { consent_implied: false, on_drift: OnDrift::Fail, ..bench.settings };
    bench.cloud.drift("orders", "versioning", false);
    let errors = bench.try_up(&world.program, &Cancel::new()).await.unwrap_err();
    assert!(errors[0].turn == Turn::Refused && errors[0].reason.contains("`versioning`"), "{errors:#?}");
    bench.cloud.drift("orders", "versioning", true);
    world.remove(&bucket);
    let errors = bench.try_up(&world.program, &Cancel::new()).await.unwrap_err();
    assert!(errors[0].hints[0].contains(&format!("--allow-delete {bucket}")), "{errors:#?}");
    assert_eq!(bench.log.commits().len(), commits);
    bench.settings.allow_delete = vec!["bucket".to_owned()];
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn a_plan_that_the_state_has_moved_away_from_is_refused() {
    let bench = Bench::new();
    let mut world = two_branches();
    let mut session = bench.session();
    let stale = session.preview(&world.program).await.unwrap();
    let fresh = session.preview(&world.program).await.unwrap();
    world.settings = Settings::default();
    session.up(&world.program, fresh, &Cancel::new()).await.unwrap();
    let errors = session.up(&world.program, stale, &Cancel::new()).await.unwrap_err();
    assert!(errors[0].turn == Turn::Refused && errors[0].hints == ["plan again"], "{errors:#?}");
}
