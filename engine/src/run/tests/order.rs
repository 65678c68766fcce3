//! The order of commits around calls, as the documentation of [`crate::apply`] says.

use super::bench::Bench;
use crate::fixtures::*;
use crate::options::options;
use crate::testing::Behaviour;
use crate::value::Value;

fn journal(bench: &Bench) -> Vec<String> {
    let lines = bench.cloud.journal().lines();
    bench.cloud.journal().revive();
    lines
}

#[tokio::test]
async fn a_create_commits_its_intent_its_id_and_its_outcome_around_the_calls() {
    let bench = Bench::new();
    let mut world = World::new();
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("dns", value(true))]);
    bench.cloud.behave(NETWORK.kind, Behaviour { update_polls: 1, ..Behaviour::default() });
    bench.done(&world.program).await;
    assert_eq!(
        journal(&bench),
        [
            "commit bound",
            "commit deployment 1 started",
            "commit intent create main",
            "call create test:net/network main",
            "commit accepted main id=network-0001 left=dns",
            "call read test:net/network network-0001",
            "call update test:net/network network-0001 dns",
            "call read test:net/network network-0001",
            "commit row main ready",
            "commit outputs",
            "commit deployment 1 done",
        ]
    );
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn an_update_in_steps_journals_what_is_left_after_each() {
    let bench = Bench::new();
    let mut world = World::new();
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    bench.done(&world.program).await;
    journal(&bench);
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("dns", value(true)), ("note", text("x"))]);
    bench.cloud.behave(NETWORK.kind, Behaviour { one_at_a_time: true, update_polls: 1, ..Behaviour::default() });
    bench.done(&world.program).await;
    let lines = journal(&bench);
    let from = lines.iter().position(|line| line.starts_with("commit intent")).unwrap();
    assert_eq!(
        lines[from - 1..],
        [
            "call read test:net/network network-0001",
            "commit intent update main",
            "call update test:net/network network-0001 dns,note",
            "commit progress main incomplete left=note",
            "call status test:net/network network-0001",
            "call status test:net/network network-0001",
            "call read test:net/network network-0001",
            "call update test:net/network network-0001 note",
            "call read test:net/network network-0001",
            "commit row main ready",
            "commit outputs",
            "commit deployment 2 done",
        ]
    );
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn a_delete_in_steps_waits_for_each_and_removes_the_row_last() {
    let bench = Bench::new();
    let mut world = World::new();
    let urn = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    bench.done(&world.program).await;
    journal(&bench);
    world.remove(&urn);
    bench.cloud.behave(NETWORK.kind, Behaviour { disable_first: true, delete_polls: 1, ..Behaviour::default() });
    bench.done(&world.program).await;
    let lines = journal(&bench);
    let from = lines.iter().position(|line| line.starts_with("commit intent")).unwrap();
    assert_eq!(
        lines[from..],
        [
            "commit intent delete main",
            "call delete test:net/network network-0001",
            "commit progress main deleting",
            "call status test:net/network network-0001",
            "call delete test:net/network network-0001",
            "call status test:net/network network-0001",
            "call status test:net/network network-0001",
            "commit removed",
            "commit outputs",
            "commit deployment 2 done",
        ]
    );
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn a_replacement_deposes_the_former_with_the_id_of_the_next_and_deletes_it_after_its_dependants_moved() {
    let bench = Bench::new();
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    world.add(&SUBNET, "a", [("network", text("elsewhere")), ("peer", of(&network, "id"))]);
    bench.done(&world.program).await;
    journal(&bench);
    world.add(&NETWORK, "main", [("cidr", text("10.1.0.0/16"))]);
    bench.done(&world.program).await;
    let lines: Vec<String> = journal(&bench).into_iter().filter(|line| !line.starts_with("call read")).collect();
    let from = lines.iter().position(|line| line.starts_with("commit intent")).unwrap();
    assert_eq!(
        lines[from..],
        [
            "commit intent create main",
            "call create test:net/network main",
            "commit accepted main id=network-0003",
            "commit row main deposed",
            "commit row main ready",
            "commit intent update a",
            "call update test:net/subnet subnet-0002 peer",
            "commit row a ready",
            "commit intent delete main",
            "call delete test:net/network network-0001",
            "commit removed",
            "commit outputs",
            "commit deployment 2 done",
        ]
    );
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn a_second_up_calls_nothing_that_changes_and_writes_nothing() {
    let bench = Bench::new();
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    world.add(&ROLE, "role", [("name", prefixed("orders"))]);
    world.add(&DATABASE, "db", [("engine", text("x")), ("password", secret("hunter22"))]);
    bench.done(&world.program).await;
    let commits = bench.log.commits().len();
    journal(&bench);
    bench.done(&world.program).await;
    assert_eq!(bench.log.commits().len(), commits);
    let lines = journal(&bench);
    assert!(lines.iter().all(|line| line.starts_with("call read")), "{lines:#?}");
    // The name got its suffix from the token, and the secret is nowhere.
    let state = format!("{:?}", bench.log.entries());
    assert!(!state.contains("hunter22"));
    let role = bench.cloud.things().into_iter().find(|thing| thing.kind == ROLE.kind).unwrap();
    assert!(role.id.starts_with("orders-") && role.id.len() == "orders-".len() + 8, "{}", role.id);
    assert_ne!(Value::from("orders"), *role.args.get("name"));
}

#[tokio::test]
async fn an_ignored_change_of_a_secret_is_neither_sent_nor_recorded_as_made() {
    let bench = Bench::new();
    let with = |password: &str, capacity: i64| {
        let mut world = World::new();
        let args = [("engine", text("x")), ("password", secret(password)), ("capacity", value(capacity))];
        world.add_with(&DATABASE, "db", args, options().ignore_changes("password"));
        world.program
    };
    let recorded = || {
        let state = bench.state();
        state.rows().values().next().unwrap().applied.to_value().get("password").clone()
    };
    bench.done(&with("first-password", 2)).await;
    let first = recorded();
    assert!(matches!(first, Value::Digest(_)), "{first:?}");
    bench.done(&with("second-password", 3)).await;
    assert_eq!(recorded(), first);
    assert_eq!(bench.cloud.things()[0].args.get("password").as_text(), Some("first-password"));
    bench.settled(&with("second-password", 3)).await;
}

#[tokio::test]
async fn what_refers_to_a_name_is_gone_before_the_name_is_and_comes_back_with_it() {
    let bench = Bench::new();
    let with = |path: &str| {
        let mut world = World::new();
        let role = world.add(&ROLE, "role", [("name", text("deploy")), ("path", text(path))]);
        world.add(&ATTACHMENT, "read", [("role", of(&role, "name")), ("policy", text("read"))]);
        world.program
    };
    bench.done(&with("/")).await;
    journal(&bench);
    // The scripted account refuses to delete what something mentions.
    bench.done(&with("/moved/")).await;
    let calls = journal(&bench).into_iter();
    let calls: Vec<String> =
        calls.filter(|line| line.contains("call delete") || line.contains("call create")).collect();
    assert_eq!(
        calls,
        [
            "call delete test:iam/attachment deploy/read",
            "call delete test:iam/role deploy",
            "call create test:iam/role role",
            "call create test:iam/attachment read",
        ]
    );
    bench.settled(&with("/moved/")).await;
}
