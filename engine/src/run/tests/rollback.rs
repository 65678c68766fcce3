//! Going back: what was declared then is declared again from the records, and what cannot be known is refused by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::bench::Bench;
use super::random::{program, sketch};
use crate::apply::Cancel;
use crate::error::{Error, exit};
use crate::expr::{Expr, Mapped};
use crate::fixtures::*;
use crate::history::History;
use crate::options::options;
use crate::record::{Edge, Entry, Row};
use crate::run::{Session, Summary};
use crate::seal::{DataKey, Sealer};
use crate::urn::SourceLine;
use crate::value::Value;

async fn try_back(bench: &Bench, number: u64) -> Result<(Vec<String>, Summary), Vec<Error>> {
    back_in(bench.session(), number).await
}

async fn back_in(mut session: Session, number: u64) -> Result<(Vec<String>, Summary), Vec<Error>> {
    let history = History::read(&*session.store).await.unwrap();
    let rollback = session.rollback(&history, number).await?;
    session.recover(&rollback.program).await?;
    let preview = session.preview_rollback(&rollback).await?;
    let notes = preview.plan.notes.clone();
    Ok((notes, session.up(&rollback.program, preview, &Cancel::new()).await?))
}

/// Goes back, and everything is done; what the plan noted.
async fn back(bench: &Bench, number: u64) -> Vec<String> {
    let (notes, summary) = try_back(bench, number).await.unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!(summary.exit_code(), exit::DONE, "{summary:#?}");
    notes
}

async fn refused(bench: &Bench, number: u64) -> String {
    match try_back(bench, number).await {
        Ok(done) => panic!("it was done: {done:#?}"),
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

/// The living rows by name, as far as they are the program's: ids and what comes with them by the names of their resources.
fn rows(bench: &Bench) -> BTreeMap<String, Json> {
    let state = bench.state();
    let names: BTreeMap<String, String> =
        state.rows().values().map(|row| (row.uid.to_string(), row.urn.as_str().to_owned())).collect();
    let mut outputs: BTreeMap<String, String> = BTreeMap::new();
    for row in state.rows().values() {
        for (name, value) in row.outputs.to_value().as_map().into_iter().flatten() {
            outputs.extend(value.as_text().map(|text| (text.to_owned(), format!("{}.{name}", row.urn))));
        }
    }
    fn masked(json: &Json, outputs: &BTreeMap<String, String>) -> Json {
        match json {
            Json::String(text) => Json::from(outputs.get(text).unwrap_or(text).clone()),
            Json::Array(list) => list.iter().map(|item| masked(item, outputs)).collect(),
            Json::Object(map) => map.iter().map(|(name, item)| (name.clone(), masked(item, outputs))).collect(),
            other => other.clone(),
        }
    }
    let told = |row: &Row| {
        // The edge of an option that is no longer declared is kept, since the option stays in the account.
        let declared = |edge: &&Edge| !row.applied.to_value().get(&edge.field).is_null();
        let edges = row.edges.iter().filter(declared);
        let edges = edges.map(|edge| (names.get(edge.to.as_str()), &edge.field, &edge.output));
        let edges: BTreeSet<_> = edges.collect();
        let applied = masked(&row.applied.0, &outputs);
        serde_json::json!([row.state, row.region, applied, edges, row.options, row.left, row.natural_key.is_empty()])
    };
    state.rows().values().map(|row| (row.urn.to_string(), told(row))).collect()
}

fn closure(input: Expr, function: impl Fn(&Value) -> Value + Send + Sync + 'static) -> Expr {
    let function = Arc::new(move |value: &Value| Ok(function(value)));
    Expr::Map(Mapped {
        input: Box::new(input),
        function,
        place: SourceLine::named("main.rs:7"),
        types: "String -> String",
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn going_back_makes_what_was_and_the_program_of_then_has_nothing_to_do(before in sketch(), after in sketch()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new();
            let (before, after) = (program(&before), program(&after));
            bench.done(&before).await;
            let was = rows(&bench);
            bench.done(&after).await;
            // A program of nothing leaves no deployment to go back to.
            if before.resources.is_empty() {
                return;
            }
            back(&bench, 1).await;
            assert_eq!(rows(&bench), was);
            bench.settled(&before).await;
        });
    }
}

#[tokio::test]
async fn a_rollback_is_a_run_of_its_own_in_the_history() {
    let bench = Bench::new();
    let mut world = World::new();
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("note", text("one"))]);
    bench.done(&world.program).await;
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("note", text("two"))]);
    bench.done(&world.program).await;
    back(&bench, 1).await;
    let state = bench.state();
    let (first, last) = (&state.deployments()[&1], &state.deployments()[&3]);
    assert_eq!((&*last.start.command, last.end.as_ref().unwrap().outcome.as_str()), ("rollback 1", "done"));
    assert_eq!(last.start.steps[0].paths, ["note"]);
    let fingerprint = |number: u64| state.deployments()[&number].start.program.as_ref().unwrap().fingerprint.clone();
    assert_ne!(fingerprint(1), fingerprint(2));
    assert_eq!(first.start.steps[0].op, "create");
    assert_eq!(state.live(&urn(&NETWORK, "main")).unwrap().applied.to_value().get("note"), &Value::from("one"));
}

#[tokio::test]
async fn a_reference_leads_to_what_stands_there_now() {
    let bench = Bench::new();
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    let peer = Expr::Join(vec![text("peer-"), of(&network, "id")]);
    world.add(&SUBNET, "a", [("network", of(&network, "id")), ("peer", peer)]);
    let then = world.program.clone();
    bench.done(&then).await;
    world.add(&NETWORK, "main", [("cidr", text("10.9.0.0/16"))]);
    bench.done(&world.program).await;
    back(&bench, 1).await;
    bench.settled(&then).await;
    let state = bench.state();
    let id = &state.live(&network).unwrap().id;
    assert_eq!(
        state.live(&urn(&SUBNET, "a")).unwrap().applied.to_value().get("peer"),
        &Value::from(format!("peer-{id}"))
    );
}

#[tokio::test]
async fn what_went_through_a_closure_is_taken_as_it_was_until_what_it_reads_is_another() {
    let bench = Bench::new();
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    let shouted = || closure(of(&network, "id"), |id| Value::from(id.as_text().unwrap().to_uppercase()));
    world.add(&SUBNET, "a", [("network", text("elsewhere")), ("size", value(1)), ("peer", shouted())]);
    bench.done(&world.program).await;
    world.add(&SUBNET, "a", [("network", text("elsewhere")), ("size", value(2)), ("peer", text("other"))]);
    bench.done(&world.program).await;
    back(&bench, 1).await;
    let peer = bench.state().live(&urn(&SUBNET, "a")).unwrap().applied.to_value().get("peer").clone();
    assert_eq!(peer, Value::from("NETWORK-0001"));

    // The network of now is another one, which going back replaces.
    world.add(&NETWORK, "main", [("cidr", text("10.9.0.0/16"))]);
    bench.done(&world.program).await;
    let said = refused(&bench, 1).await;
    assert!(said.contains("`peer` went through main.rs:7, and main.id will be another one"), "{said}");
    assert_eq!(bench.state().deployments().len(), 4, "nothing was begun");
}

#[tokio::test]
async fn a_secret_that_stays_needs_not_be_known_and_one_that_would_be_sent_is_refused() {
    let bench = Bench::new();
    let mut world = World::new();
    let database = |capacity: i64, password: &str| {
        [("engine", text("postgres")), ("capacity", value(capacity)), ("password", secret(password))]
    };
    let urn = world.add(&DATABASE, "db", database(2, "hunter22"));
    bench.done(&world.program).await;
    world.add(&DATABASE, "db", database(4, "hunter22"));
    bench.done(&world.program).await;
    let notes = back(&bench, 1).await;
    assert_eq!(bench.state().live(&urn).unwrap().applied.to_value().get("capacity"), &Value::from(2));
    assert_eq!(notes, ["db keeps what it holds now; what it held in deployment 1 is not brought back"]);

    world.add(&DATABASE, "db", database(2, "another one"));
    bench.done(&world.program).await;
    let said = refused(&bench, 1).await;
    assert!(said.contains("`password` is a secret that would have to be sent"), "{said}");
}

#[tokio::test]
async fn with_a_key_a_secret_of_then_is_sent_again() {
    let bench = Bench::new();
    let sealer = || Some(Sealer::new(&DataKey::from_bytes(&[7; 32]).unwrap()));
    let mut world = World::new();
    let mut urn = None;
    for password in ["hunter22", "another one"] {
        urn = Some(world.add(&DATABASE, "db", [("engine", text("postgres")), ("password", secret(password))]));
        let mut session = bench.session().with_sealer(sealer());
        let preview = session.preview(&world.program).await.unwrap();
        session.up(&world.program, preview, &Cancel::new()).await.unwrap();
    }
    let (_, summary) = back_in(bench.session().with_sealer(sealer()), 1).await.unwrap();
    assert_eq!(summary.exit_code(), exit::DONE, "{summary:#?}");
    let id = bench.state().live(&urn.unwrap()).unwrap().id.clone();
    let thing = bench.cloud.things().into_iter().find(|thing| thing.id == id).unwrap();
    assert_eq!(thing.args.get("password").as_text(), Some("hunter22"));
    assert!(!format!("{:?}", bench.log.entries()).contains("hunter22"));
}

#[tokio::test]
async fn a_field_without_a_way_back_stays_and_is_listed() {
    let bench = Bench::new();
    let mut world = World::new();
    let database = |engine: &str, version: &str| [("engine", text(engine)), ("version", text(version))];
    let urn = world.add(&DATABASE, "db", database("postgres", "16"));
    bench.done(&world.program).await;
    // The service changes it, and that is accepted: the only way in which such a field moves.
    let mut row = bench.state().live(&urn).unwrap().clone();
    row.applied.0["engine"] = "aurora".into();
    bench.session().store.commit(&[Entry::Row(row)]).await.unwrap();
    bench.cloud.drift(&bench.state().live(&urn).unwrap().id, "engine", "aurora");
    world.add(&DATABASE, "db", database("aurora", "17"));
    bench.done(&world.program).await;
    let notes = back(&bench, 1).await;
    assert!(notes.iter().any(|note| note.contains("db: `engine` stays \"aurora\"")), "{notes:?}");
    let applied = bench.state().live(&urn).unwrap().applied.to_value();
    assert_eq!((applied.get("engine"), applied.get("version")), (&"aurora".into(), &"16".into()));
}

#[tokio::test]
async fn what_was_renamed_since_gets_its_name_back_and_stays() {
    let bench = Bench::new();
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    let then = world.program.clone();
    bench.done(&then).await;
    world.remove(&network);
    let renamed = world.add_with(&NETWORK, "vpc", [("cidr", text("10.0.0.0/16"))], options().alias("main"));
    world.add(&SUBNET, "a", [("network", of(&renamed, "id"))]);
    bench.done(&world.program).await;
    back(&bench, 1).await;
    bench.settled(&then).await;
    assert_eq!(bench.state().live(&network).unwrap().id, "network-0001");
}

#[tokio::test]
async fn rows_from_before_expressions_were_kept_go_back_by_their_edges() {
    let bench = Bench::new();
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    world.add(&SUBNET, "a", [("network", of(&network, "id"))]);
    let then = world.program.clone();
    bench.done(&then).await;
    bench.log.edit(|entry| match entry {
        Entry::Row(row) | Entry::Progress(row) | Entry::Accepted { row } => row.formulas.clear(),
        Entry::DeploymentStarted(start) => start.program = None,
        _ => {}
    });
    world.add(&NETWORK, "main", [("cidr", text("10.9.0.0/16"))]);
    bench.done(&world.program).await;
    back(&bench, 1).await;
    bench.settled(&then).await;
}

#[tokio::test]
async fn what_is_gone_is_made_again_and_what_came_since_is_deleted() {
    let bench = Bench::new();
    let mut world = World::new();
    let bucket = world.add(&BUCKET, "data", [("name", text("data")), ("versioning", value(true))]);
    let then = world.program.clone();
    bench.done(&then).await;
    world.remove(&bucket);
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    bench.done(&world.program).await;
    let notes = back(&bench, 1).await;
    assert_eq!(notes, ["data was deleted or replaced since deployment 1: what it held then is not brought back"]);
    bench.settled(&then).await;
}

#[tokio::test]
async fn the_outputs_of_the_stack_go_back_too() {
    let bench = Bench::new();
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    let export = |expr: Expr| crate::program::Export { expr, source: SourceLine::named("main.rs:1") };
    world.program.exports.insert("vpc".to_owned(), export(of(&network, "id")));
    let then = world.program.clone();
    bench.done(&then).await;
    world.add(&NETWORK, "main", [("cidr", text("10.9.0.0/16"))]);
    world.program.exports.insert("vpc".to_owned(), export(Expr::Join(vec![text("-"), of(&network, "id")])));
    world.program.exports.insert("added".to_owned(), export(text("since")));
    bench.done(&world.program).await;
    back(&bench, 1).await;
    bench.settled(&then).await;
    let state = bench.state();
    assert_eq!(state.outputs().len(), 1);
    assert_eq!(state.outputs()["vpc"].to_value(), Value::from(state.live(&network).unwrap().id.as_str()));
}

#[tokio::test]
async fn a_deployment_that_never_was_is_named() {
    let bench = Bench::new();
    let mut world = World::new();
    world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16"))]);
    bench.done(&world.program).await;
    assert!(refused(&bench, 7).await.contains("find deployment 7: there is only deployment 1"));
}
