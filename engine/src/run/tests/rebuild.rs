//! A store is lost: its rows are made anew from the program and the account, and nothing that is not the stack's comes in.

use super::bench::Bench;
use crate::error::Error;
use crate::fixtures::*;
use crate::kind::Ownership;
use crate::observe::Evidence;
use crate::options::options;
use crate::plan::Op;
use crate::record::{Row, RowState};
use crate::run::Rebuilding;
use crate::shape::{ArgSchema, Guard, Schema, Shape};
use crate::state::MemoryLog;
use crate::urn::Uid;
use crate::value::Value;

/// What has a name and takes tags.
static FILES: Schema = Schema {
    guard: Guard::UniqueName,
    natural_key: &["name"],
    ..schema(
        "test:store/files",
        &[
            arg("name", Shape::Name, REPLACE),
            ArgSchema {
                default: Some(Value::empty_map),
                tags: true,
                ..arg("tags", Shape::Map(&Shape::Text), IN_PLACE)
            },
        ],
        &[ID],
    )
};

fn bench() -> Bench {
    Bench::of(&[&NETWORK, &SUBNET, &FILES, &ATTACHMENT])
}

/// A network, a subnet in it, and files.
fn world() -> World {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("dns", value(true))]);
    world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    world.add(&FILES, "files", [("name", text("files"))]);
    world
}

async fn rebuilt(bench: &Bench, world: &World) -> Result<Rebuilding, Vec<Error>> {
    let mut session = bench.session();
    let rebuilding = session.rebuild(&world.program, None).await?;
    session.record(rebuilding.clone()).await?;
    Ok(rebuilding)
}

fn said(errors: &[Error]) -> String {
    errors.iter().map(|error| format!("{error} {:?}\n", error.hints)).collect()
}

fn rows(bench: &Bench) -> Vec<Row> {
    let session = bench.session();
    session.store.snapshot().rows().values().cloned().collect()
}

#[tokio::test]
async fn lost_rows_come_back_as_they_were_and_nothing_is_left_to_do() {
    let mut bench = bench();
    let world = world();
    bench.done(&world.program).await;
    let before = rows(&bench);
    bench.log = MemoryLog::new();
    let errors = bench.plan(&world.program).await.unwrap_err();
    assert!(said(&errors).contains("`state rebuild test`"), "{}", said(&errors));

    let calls = bench.cloud.things().len();
    let rebuilding = rebuilt(&bench, &world).await.unwrap();
    assert!(rebuilding.missing.is_empty() && rebuilding.unknown.is_empty(), "{rebuilding:?}");
    let order: Vec<&str> = rebuilding.rows.iter().map(|one| one.row.urn.path()).collect();
    let place = |path: &str| order.iter().position(|one| *one == path).unwrap();
    assert!(place("main") < place("a"), "{order:?}");
    let plain = |row: &Row| {
        let Row { uid, id, state, token, edges, natural_key, .. } = row.clone();
        (uid, id, state, token, edges, natural_key)
    };
    assert_eq!(rows(&bench).iter().map(plain).collect::<Vec<_>>(), before.iter().map(plain).collect::<Vec<_>>());
    assert_eq!(bench.cloud.things().len(), calls);
    bench.settled(&world.program).await;
    // Done again, there is nothing to record.
    assert!(rebuilt(&bench, &world).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn what_differs_is_a_change_of_the_next_plan_and_no_drift() {
    let mut bench = bench();
    let mut first = world();
    bench.done(&first.program).await;
    bench.log = MemoryLog::new();
    first = World::new();
    let network =
        first.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("dns", value(true)), ("note", text("x"))]);
    first.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    first.add(&FILES, "files", [("name", text("files"))]);
    let rebuilding = rebuilt(&bench, &first).await.unwrap();
    let differing: Vec<_> =
        rebuilding.rows.iter().filter(|one| !one.differs.is_empty()).map(|one| one.differs.clone()).collect();
    assert_eq!(differing, [["note"]]);
    let plan = bench.plan(&first.program).await.unwrap();
    let changed: Vec<_> = plan.steps.iter().filter(|step| step.op != Op::Same).collect();
    assert_eq!(changed.len(), 1);
    assert!(changed[0].op == Op::Update && !changed[0].drift, "{changed:?}");
}

#[tokio::test]
async fn a_thing_that_only_has_the_name_is_not_recorded() {
    let mut bench = bench();
    let world = world();
    bench.done(&world.program).await;
    bench.log = MemoryLog::new();
    for owner in [None, Some(Ownership::of("project/other:lineage", &Uid::random()))] {
        let id = bench.cloud.things().into_iter().find(|thing| thing.kind == FILES.kind).unwrap().id;
        bench.cloud.remove(&id);
        let foreign = owner.is_some();
        bench.cloud.put_foreign(FILES.kind, Value::from([("name", "files")]), owner);
        bench.log = MemoryLog::new();
        let rebuilding = rebuilt(&bench, &world).await.unwrap();
        let [(urn, reason)] = &rebuilding.missing[..] else { panic!("{rebuilding:?}") };
        let words = if foreign { "belongs to project/other:lineage" } else { "carries no tag of this stack" };
        assert!(urn.path() == "files" && reason.contains(words), "{reason}");
        assert!(rows(&bench).iter().all(|row| row.urn.path() != "files"));
    }
}

#[tokio::test]
async fn what_takes_no_tags_is_known_by_its_name_only() {
    let mut bench = bench();
    let mut world = world();
    world.add(&ATTACHMENT, "policy", [("role", text("r")), ("policy", text("p"))]);
    bench.done(&world.program).await;
    bench.log = MemoryLog::new();
    let rebuilding = rebuilt(&bench, &world).await.unwrap();
    let by_name = rebuilding.rows.iter().filter(|one| one.evidence == Evidence::Name);
    assert_eq!(by_name.map(|one| one.row.urn.path()).collect::<Vec<_>>(), ["policy"]);
    bench.settled(&world.program).await;
    // Where nothing else proves that there ever was such a stack, a name is nothing.
    let mut alone = World::new();
    alone.add(&ATTACHMENT, "policy", [("role", text("x")), ("policy", text("p"))]);
    let other = Bench::of(&[&ATTACHMENT]);
    other.cloud.put_foreign(ATTACHMENT.kind, Value::from([("role", "x"), ("policy", "p")]), None);
    assert!(said(&rebuilt(&other, &alone).await.unwrap_err()).contains("nothing in the account carries the tag"));
}

#[tokio::test]
async fn what_was_declared_before_is_recorded_in_order_and_deleted_in_sight() {
    let mut bench = bench();
    let whole = world();
    bench.done(&whole.program).await;
    bench.log = MemoryLog::new();
    let mut less = World::new();
    less.add(&FILES, "files", [("name", text("files"))]);
    let rebuilding = rebuilt(&bench, &less).await.unwrap();
    let undeclared: Vec<&str> =
        rebuilding.rows.iter().filter(|one| !one.declared).map(|one| one.row.urn.path()).collect();
    assert_eq!(undeclared.len(), 2, "{undeclared:?}");
    assert!(rebuilding.rows.iter().all(|one| one.evidence == Evidence::Tag));
    // The cloud refuses to delete a network before the subnet that lies in it.
    bench.done(&less.program).await;
    assert_eq!(bench.cloud.things().len(), 1);
    bench.settled(&less.program).await;
}

#[tokio::test]
async fn a_renamed_resource_is_found_by_its_former_name() {
    let mut bench = bench();
    bench.done(&world().program).await;
    bench.log = MemoryLog::new();
    let mut renamed = World::new();
    let args = [("cidr", text("10.0.0.0/16")), ("dns", value(true))];
    let network = renamed.add_with(&NETWORK, "net/main", args, options().alias("main"));
    renamed.add_with(&SUBNET, "net/a", [("network", of(&network, "id"))], options().alias("a"));
    renamed.add(&FILES, "files", [("name", text("files"))]);
    let rebuilding = rebuilt(&bench, &renamed).await.unwrap();
    assert!(rebuilding.missing.is_empty() && rebuilding.rows.iter().all(|one| one.declared), "{rebuilding:?}");
    bench.settled(&renamed.program).await;
}

#[tokio::test]
async fn rows_that_are_there_stay_and_only_what_is_missing_is_added() {
    let bench = bench();
    let world = world();
    bench.done(&world.program).await;
    let subnet = rows(&bench).into_iter().find(|row| row.urn.path() == "a").unwrap();
    let removed = crate::record::Entry::Removed { uid: subnet.uid.clone(), generation: 1, forgotten: true };
    bench.session().store.commit(&[removed]).await.unwrap();
    let rebuilding = rebuilt(&bench, &world).await.unwrap();
    assert_eq!(rebuilding.rows.iter().map(|one| one.row.uid.clone()).collect::<Vec<_>>(), [subnet.uid]);
    assert!(rows(&bench).iter().all(|row| row.state == RowState::Ready));
    bench.settled(&world.program).await;
}

#[tokio::test]
async fn what_hangs_on_a_create_that_no_row_knows_the_outputs_of_is_found_all_the_same() {
    let bench = bench();
    let world = world();
    bench.done(&world.program).await;
    let all = rows(&bench);
    let of = |path: &str| all.iter().find(|row| row.urn.path() == path).unwrap().clone();
    let (main, subnet) = (of("main"), of("a"));
    // As a log that was cut in the middle of a run leaves it: the create was accepted, and what came after is lost.
    let accepted = Row { state: RowState::Creating, outputs: crate::record::Stored(serde_json::json!({})), ..main };
    let removed = crate::record::Entry::Removed { uid: subnet.uid.clone(), generation: 1, forgotten: true };
    bench.session().store.commit(&[crate::record::Entry::Row(accepted), removed]).await.unwrap();
    let rebuilding = rebuilt(&bench, &world).await.unwrap();
    assert!(rebuilding.missing.is_empty(), "{:?}", rebuilding.missing);
    assert_eq!(rebuilding.rows.iter().map(|one| one.row.uid.clone()).collect::<Vec<_>>(), [subnet.uid]);
    bench.done(&world.program).await;
    bench.settled(&world.program).await;
}
