//! Names, rows and drift, changed in the records alone.

use super::*;
use crate::fixtures::*;
use crate::record::{Binding, Intent, IntentOp};
use crate::settings::OnDrift;

/// The store of a world.
fn snapshot(world: &World) -> Snapshot {
    let binding = Binding {
        format: crate::record::FORMAT,
        lineage: "1".into(),
        project: "project".into(),
        stack: "test".into(),
        identity: crate::kind::Identity {
            account: "1".into(),
            partition: "aws".into(),
            caller: String::new(),
            region: "eu-west-1".into(),
            endpoint: None,
        },
        digest_key: "a key for tests".into(),
    };
    let rows = world.rows.values().cloned().map(Entry::Row);
    Snapshot::of(&[Entry::Bound(binding)].into_iter().chain(rows).collect::<Vec<_>>())
}

/// Commits, and gives the rows back to the world.
fn commit<T>(world: &mut World, amendment: &Amendment<T>) -> Snapshot {
    let mut snapshot = snapshot(world);
    let by = Amender { who: "somebody".into(), at: 5, command: "amend".into() };
    snapshot.fold(&amendment.commit(&snapshot.clone(), by));
    world.rows = snapshot.rows().clone();
    snapshot
}

fn declare(world: &mut World, component: &str) -> [Urn; 3] {
    let path = |name: &str| if component.is_empty() { name.to_owned() } else { format!("{component}/{name}") };
    let network = world.add(&NETWORK, &path("main"), [("cidr", text("a")), ("note", text("x"))]);
    let subnet = world.add(&SUBNET, &path("sub"), [("network", of(&network, "id"))]);
    let gateway = world.add(&GATEWAY, &path("main"), [("network", of(&network, "id"))]);
    [network, subnet, gateway]
}

fn withdraw(world: &mut World, urns: &[Urn]) {
    urns.iter().for_each(|urn| world.remove(urn));
}

#[test]
fn a_renamed_component_goes_with_everything_in_it_and_the_next_plan_is_empty() {
    let mut world = World::new();
    let urns = declare(&mut world, "network");
    world.up();
    let amendment = rename(&snapshot(&world), "network", "core/net").unwrap();
    assert_eq!(amendment.changes.len(), 3);
    let after = commit(&mut world, &amendment);
    assert_eq!(after.deployments()[&1].start.plan.len(), 3);
    assert_eq!(after.deployments()[&1].end.as_ref().unwrap().outcome, "done");
    withdraw(&mut world, &urns);
    declare(&mut world, "core/net");
    assert!(world.plan().is_noop(), "{}", world.plan());
}

#[test]
fn one_resource_is_renamed_by_its_urn_or_by_a_path_that_only_it_has() {
    let mut world = World::new();
    let [network, subnet, gateway] = declare(&mut world, "");
    world.up();
    for (old, new, to) in [
        ("sub", "sub-1", "test::sub-1::test:net/subnet"),
        ("test::main::test:net/gateway", "exit", "test::exit::test:net/gateway"),
        (network.as_str(), "test::a/b::test:net/network", "test::a/b::test:net/network"),
    ] {
        let amendment = rename(&snapshot(&world), old, new).unwrap();
        assert_eq!(amendment.changes[0].to.as_str(), to);
        commit(&mut world, &amendment);
    }
    withdraw(&mut world, &[network, subnet, gateway]);
    let network = world.add(&NETWORK, "a/b", [("cidr", text("a")), ("note", text("x"))]);
    world.add(&SUBNET, "sub-1", [("network", of(&network, "id"))]);
    world.add(&GATEWAY, "exit", [("network", of(&network, "id"))]);
    assert!(world.plan().is_noop(), "{}", world.plan());
}

#[test]
fn every_generation_and_pinned_answers_take_the_new_name() {
    let mut world = World::new();
    let [network, ..] = declare(&mut world, "net");
    world.up();
    let deposed = Row { generation: 2, state: RowState::Deposed, ..world.row(&network).clone() };
    world.rows.insert(deposed.key(), deposed);
    let mut before = snapshot(&world);
    let read: Urn = "test::net/zones::test:net/zones".parse().unwrap();
    let nothing = Stored::from_sealed(&Value::empty_map());
    before.apply(&Entry::Pinned { urn: read.clone(), args: nothing.clone(), outputs: nothing });
    let amendment = rename(&before, "net", "x").unwrap();
    let mut after = before.clone();
    after.fold(&amendment.entries);
    assert!(after.rows().values().all(|row| row.urn.path().starts_with("x/")));
    assert_eq!(after.rows().len(), before.rows().len());
    assert_eq!(after.pins().keys().map(Urn::path).collect::<Vec<_>>(), ["x/zones"]);
}

#[test]
fn names_that_cannot_be_given_are_refused_with_the_reason() {
    let mut world = World::new();
    declare(&mut world, "net");
    world.add(&ROLE, "net", [("name", text("r"))]);
    world.add(&ROLE, "other", [("name", text("o"))]);
    world.up();
    let now = snapshot(&world);
    for (old, new, reason) in [
        ("nett/main", "x", "nothing is recorded as `nett/main`"),
        ("net/main", "x", "2 things are recorded under this path"),
        ("net", "x", "it is a resource and a component"),
        ("other", "net", "test::net::test:iam/role is recorded already"),
        ("other", "other", "other has this name already"),
        ("other", "a b", "has the character ' '"),
        ("other", "", "a segment is empty"),
        ("other", "prod::x::test:iam/role", "is of the stack prod"),
        ("other", "test::x::test:net/network", "is of the type test:net/network, and this is a test:iam/role"),
        ("net/", "net", "has this name already"),
    ] {
        let error = rename(&now, old, new).unwrap_err();
        assert!(error.reason.contains(reason), "{old} to {new}: {error}");
    }
    assert_eq!(rename(&now, "nett/main", "x").unwrap_err().hints, ["nearest: net/main"]);
    assert_eq!(rename(&now, "net/", "net/deep").unwrap().changes.len(), 3, "into itself");
}

#[test]
fn what_is_unfinished_is_neither_renamed_nor_forgotten() {
    let mut world = World::new();
    let [network, ..] = declare(&mut world, "net");
    world.up();
    let row = world.row(&network).clone();
    let mut now = snapshot(&world);
    now.apply(&Entry::Intent(Intent {
        op: IntentOp::Update,
        before: Some(row.clone()),
        row,
        token: String::new(),
        changes: BTreeSet::new(),
        first_sent_at: 0,
        attempts: 1,
    }));
    assert!(rename(&now, "net", "x").unwrap_err().reason.contains("left a step of net/main open"));
    let all = ["net/sub", "test::net/main::test:net/gateway", network.as_str()].map(str::to_owned);
    assert_eq!(forget(&now, &all).unwrap_err()[0].turn, Turn::Refused);
}

#[test]
fn a_forgotten_row_is_gone_and_its_resource_is_not() {
    let mut world = World::new();
    let [network, subnet, gateway] = declare(&mut world, "net");
    world.up();
    let named = |urns: &[&Urn]| urns.iter().map(ToString::to_string).collect::<Vec<_>>();
    let errors = forget(&snapshot(&world), &named(&[&network, &subnet])).unwrap_err();
    assert_eq!(errors[0].reason, "recorded resources depend on it: net/main");
    assert_eq!(errors[0].hints, [format!("name these too: {gateway}")]);
    let id = world.row(&subnet).id.clone();
    let amendment = forget(&snapshot(&world), &["net/sub".to_owned()]).unwrap();
    assert_eq!(amendment.changes[0].row.id, id);
    commit(&mut world, &amendment);
    assert_eq!((world.rows.len(), world.things.len()), (2, 3));
    let amendment = forget(&snapshot(&world), &named(&[&network, &gateway])).unwrap();
    commit(&mut world, &amendment);
    assert!(world.rows.is_empty());
}

fn drifted() -> (World, Urn) {
    let mut world = World::new();
    let tags = value([("team", "a"), ("env", "p")]);
    let args = [("cidr", text("a")), ("note", text("x")), ("tags", tags)];
    let network = world.add(&NETWORK, "main", args);
    world.up();
    world.drift(&network, "tags", [("team", "b"), ("env", "p")]);
    (world, network)
}

fn accepted(world: &mut World) {
    let amendment = accept(&snapshot(world), &world.plan(), &["main".to_owned()]).unwrap();
    commit(world, &amendment);
}

#[test]
fn accepted_drift_is_planned_no_more_and_noted() {
    let (mut world, network) = drifted();
    accepted(&mut world);
    let plan = world.plan();
    assert!(plan.is_noop(), "{plan}");
    assert_eq!(plan.notes, [r#"accepted drift stays as it is: main tags.team is "b", declared "a""#]);
    world.settings.on_drift = OnDrift::Fail;
    assert!(world.plan().steps.iter().all(|step| !step.drift));
    // Another update leaves the field alone, and it stays accepted after that.
    let args = [("cidr", text("a")), ("note", text("y")), ("tags", value([("team", "a"), ("env", "p")]))];
    world.add(&NETWORK, "main", args);
    let plan = world.up();
    assert_eq!(plan.steps[0].changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), ["note"]);
    assert_eq!(world.thing(&network).args.get("tags").get("team"), &Value::from("b"));
    assert_eq!(world.plan().notes.len(), 1);
}

#[test]
fn a_further_change_outside_is_reported_as_drift_again() {
    for update_between in [false, true] {
        let (mut world, network) = drifted();
        accepted(&mut world);
        let note = if update_between { "y" } else { "x" };
        let args = [("cidr", text("a")), ("note", text(note)), ("tags", value([("team", "a"), ("env", "p")]))];
        world.add(&NETWORK, "main", args);
        world.up();
        world.drift(&network, "tags", [("team", "c"), ("env", "p")]);
        let plan = world.plan();
        let changes: Vec<_> = plan.steps[0].changes.iter().map(|c| (c.path.as_str(), c.reason.clone())).collect();
        assert_eq!(changes, [("tags.team", Reason::Drifted)]);
        assert!(plan.notes.is_empty());
        world.up();
        assert_eq!(world.thing(&network).args.get("tags").get("team"), &Value::from("a"));
        assert!(world.row(&network).accepted.is_empty(), "what is put right is accepted no more");
    }
}

#[test]
fn a_changed_declaration_is_planned_again() {
    let (mut world, network) = drifted();
    accepted(&mut world);
    let args = [("cidr", text("a")), ("note", text("x")), ("tags", value([("team", "z"), ("env", "p")]))];
    world.add(&NETWORK, "main", args);
    let plan = world.up();
    assert_eq!(plan.steps[0].changes[0].path, "tags.team");
    assert_eq!(world.thing(&network).args.get("tags").get("team"), &Value::from("z"));
    assert!(world.row(&network).accepted.is_empty());
}

#[test]
fn only_drift_is_accepted() {
    let (mut world, network) = drifted();
    let named = |name: &str| vec![name.to_owned()];
    let reason =
        |world: &World, name: &str| accept(&snapshot(world), &world.plan(), &named(name)).unwrap_err().remove(0).reason;
    assert!(reason(&world, "mian").contains("nothing is recorded as `mian`"));
    // What the program says differently is not accepted with it.
    let args = [("cidr", text("a")), ("note", text("z")), ("tags", value([("team", "a"), ("env", "p")]))];
    world.add(&NETWORK, "main", args);
    let amendment = accept(&snapshot(&world), &world.plan(), &named("main")).unwrap();
    assert_eq!(amendment.changes.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["tags.team"]);
    world.up();
    assert!(reason(&world, "main").contains("nothing of it has drifted"));
    let key = world.row(&network).key();
    world.things.remove(&key);
    assert!(reason(&world, "main").contains("gone from the account"));
    world.remove(&network);
    assert!(accept(&snapshot(&world), &world.plan(), &named("main")).is_err());
}

#[test]
fn an_accepted_secret_is_a_digest() {
    let mut world = World::new();
    let args = [("cidr", text("a")), ("note", secret("canary-1"))];
    let network = world.add(&NETWORK, "main", args);
    world.up();
    world.drift(&network, "note", "canary-2");
    accepted(&mut world);
    let row = serde_json::to_string(world.row(&network)).unwrap();
    assert!(row.contains("accepted") && !row.contains("canary"), "{row}");
    assert!(world.plan().is_noop(), "{}", world.plan());
    assert!(!world.plan().to_string().contains("canary"));
    world.drift(&network, "note", "canary-3");
    assert!(!world.plan().is_noop());
}
