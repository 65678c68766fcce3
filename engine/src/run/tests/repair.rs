//! What is wrong with records is found and named, and nothing is changed that was not asked for.

use super::bench::Bench;
use crate::fixtures::*;
use crate::record::{Edge, Entry, Intent, IntentOp, Row};
use crate::run::Examination;
use crate::urn::{KindName, Uid};

fn world() -> World {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    world
}

async fn examined(bench: &Bench, world: &World) -> Examination {
    bench.session().examine(&world.program).await.unwrap()
}

fn names(examination: &Examination) -> Vec<(&str, bool)> {
    examination.findings.iter().map(|one| (one.name.as_str(), one.is_of_records())).collect()
}

fn row(bench: &Bench, path: &str) -> Row {
    let session = bench.session();
    let row = session.store.snapshot().rows().values().find(|row| row.urn.path() == path).cloned();
    row.unwrap()
}

async fn write(bench: &Bench, entries: &[Entry]) {
    bench.session().store.commit(entries).await.unwrap();
}

#[tokio::test]
async fn sound_records_have_no_findings() {
    let bench = Bench::new();
    let world = world();
    bench.done(&world.program).await;
    let examination = examined(&bench, &world).await;
    assert_eq!((names(&examination), examination.rows), (vec![], 2));
}

#[tokio::test]
async fn what_records_say_against_themselves_is_found() {
    let bench = Bench::new();
    let world = world();
    bench.done(&world.program).await;
    let (main, a) = (row(&bench, "main"), row(&bench, "a"));
    let twice = Row { uid: Uid::random(), urn: urn(&NETWORK, "other"), ..main.clone() };
    let same_name = Row { uid: Uid::random(), id: "subnet-x".to_owned(), ..a.clone() };
    let nowhere = Edge { to: Uid::random(), field: "peer".to_owned(), output: None };
    let dangling = Row { edges: [a.edges.clone(), vec![nowhere]].concat(), ..a.clone() };
    let kind = KindName::new("test:of/another-version");
    let unknown = format!("test::strange::{kind}").parse().unwrap();
    let strange = Row { uid: Uid::random(), urn: unknown, kind, id: "x".to_owned(), edges: Vec::new(), ..main.clone() };
    let open = Entry::Intent(Intent {
        op: IntentOp::Delete,
        row: main.clone(),
        before: None,
        token: "00".repeat(16),
        changes: [].into(),
        first_sent_at: 1,
        attempts: 1,
    });
    write(&bench, &[Entry::Row(twice), Entry::Row(same_name), Entry::Row(dangling), Entry::Row(strange), open]).await;

    let things = bench.cloud.things().len();
    let examination = examined(&bench, &world).await;
    let mut found = names(&examination);
    found.sort_unstable();
    let wanted = [
        ("edge:a", true),
        ("gone:a", true),
        ("name:a", false),
        ("open:main", false),
        ("twice:main", false),
        ("twice:other", false),
        ("type:strange", false),
    ];
    assert_eq!(found, wanted, "{:#?}", examination.findings);
    assert_eq!(bench.cloud.things().len(), things);

    // What is not of the records alone is refused, and so is what nobody found; then nothing is written.
    let mut session = bench.session();
    let before = session.store.snapshot().clone();
    let errors = session.mend(&examination, &["twice:main".to_owned(), "edge:b".to_owned()]).await.unwrap_err();
    let said: Vec<String> = errors.iter().map(|error| format!("{error} {:?}", error.hints)).collect();
    assert!(said[0].contains("not put right by a change of the records alone") && said[0].contains("state forget"));
    assert!(said[1].contains("there is no finding `edge:b`") && said[1].contains("edge:a"), "{said:?}");
    assert_eq!(session.store.snapshot(), &before);
}

#[tokio::test]
async fn what_is_of_the_records_alone_is_mended_by_its_name() {
    let bench = Bench::new();
    let world = world();
    bench.done(&world.program).await;
    let a = row(&bench, "a");
    let nowhere = Edge { to: Uid::random(), field: "peer".to_owned(), output: None };
    write(&bench, &[Entry::Row(Row { edges: [a.edges.clone(), vec![nowhere]].concat(), ..a.clone() })]).await;
    let examination = examined(&bench, &world).await;
    assert_eq!(names(&examination), [("edge:a", true)]);
    let mut session = bench.session();
    let examination = session.examine(&world.program).await.unwrap();
    session.mend(&examination, &["edge:a".to_owned()]).await.unwrap();
    assert_eq!(row(&bench, "a").edges, a.edges);
    // What was found before the records moved on is done no more.
    assert!(session.mend(&examination, &["edge:a".to_owned()]).await.is_err());

    bench.cloud.remove(&a.id);
    let examination = session.examine(&world.program).await.unwrap();
    assert_eq!(names(&examination), [("gone:a", true)]);
    session.mend(&examination, &["gone:a".to_owned()]).await.unwrap();
    assert_eq!(names(&examined(&bench, &world).await), []);
    bench.done(&world.program).await;
    assert_eq!(bench.cloud.things().len(), 2);
}

#[tokio::test]
async fn what_no_row_knows_is_a_finding_with_its_way_out() {
    let bench = Bench::new();
    let world = world();
    bench.done(&world.program).await;
    let a = row(&bench, "a");
    write(&bench, &[Entry::Removed { uid: a.uid.clone(), generation: 1, forgotten: false }]).await;
    let examination = examined(&bench, &world).await;
    assert_eq!(names(&examination), [(format!("stray:{}", a.id).as_str(), false)]);
    assert!(examination.findings[0].proposal.contains("`up` takes it over"));
    // What was given up on purpose says so.
    write(&bench, &[Entry::Removed { uid: a.uid.clone(), generation: 1, forgotten: true }]).await;
    assert!(examined(&bench, &world).await.findings[0].sentence.contains("was let go"));
}
