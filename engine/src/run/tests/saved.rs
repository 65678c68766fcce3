//! Saved plans as runs, drift that was accepted over runs.

use super::bench::Bench;
use crate::apply::Cancel;
use crate::error::Turn;
use crate::fixtures::*;
use crate::plan::SavedPlan;
use crate::program::{Export, Program};
use crate::run::Summary;
use crate::settings::OnDrift;
use crate::urn::SourceLine;
use crate::value::Value;

async fn save(bench: &Bench, program: &Program) -> SavedPlan {
    let mut session = bench.session();
    let preview = session.preview(program).await.unwrap();
    SavedPlan::from_json(&preview.to_saved(&session.settings).to_json()).unwrap()
}

/// What `up --plan` does.
async fn redo(bench: &Bench, program: &Program, plan: &SavedPlan) -> Result<Summary, crate::Error> {
    let mut session = bench.session();
    session.settings = plan.shape(session.settings);
    session.recover(program).await.unwrap();
    let preview = session.preview(program).await.unwrap();
    let (preview, _) = session.restrict(preview, plan)?;
    Ok(session.up(program, preview, &Cancel::new()).await.unwrap_or_else(|errors| panic!("{errors:#?}")))
}

fn program(note: &str, more: bool) -> Program {
    let mut world = World::new();
    let network = world.add(&NETWORK, "main", [("cidr", text("10.0.0.0/16")), ("note", text(note))]);
    let mut export = |name: &str, expr| {
        world.program.exports.insert(name.to_owned(), Export { expr, source: SourceLine::here() });
    };
    export("network", of(&network, "id"));
    if more {
        export("more", text("more"));
        world.add(&SUBNET, "sub", [("network", of(&network, "id"))]);
    }
    world.program
}

#[tokio::test]
async fn what_is_called_for_beside_a_saved_plan_is_neither_done_nor_recorded() {
    let bench = Bench::new();
    bench.done(&program("a", false)).await;
    let plan = save(&bench, &program("b", false)).await;
    let summary = redo(&bench, &program("b", true), &plan).await.unwrap();
    assert_eq!(summary.done.len(), 1);
    assert_eq!(bench.cloud.things().len(), 1);
    assert_eq!(bench.state().outputs().keys().collect::<Vec<_>>(), ["network"]);
    assert_eq!(bench.state().deployments()[&2].start.saved_plan.as_deref(), Some(plan.id()));
    bench.done(&program("b", true)).await;
    bench.settled(&program("b", true)).await;
    assert_eq!(bench.state().outputs().len(), 2);
}

#[tokio::test]
async fn a_saved_plan_is_begun_once_and_what_a_death_leaves_of_it_is_finished_by_the_next_run() {
    for point in 1.. {
        let bench = Bench::new();
        bench.done(&program("a", false)).await;
        let (next, plan) = (program("b", true), save(&bench, &program("b", true)).await);
        bench.cloud.journal().die_at(point);
        let journal = bench.cloud.journal().clone();
        let over = tokio::select! {
            summary = redo(&bench, &next, &plan) => summary.is_ok(),
            () = journal.died() => false,
        };
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        bench.cloud.journal().revive();
        if bench.state().deployments().len() > 1 {
            let error = redo(&bench, &next, &plan).await.unwrap_err();
            assert_eq!(error.turn, Turn::Refused);
            // A death after the last commit of the run leaves it done.
            let reason = if over { "it was done already, by run 2" } else { "run 2" };
            assert!(error.reason.contains(reason), "{error}");
        }
        bench.done(&next).await;
        bench.settled(&next).await;
        if over {
            break;
        }
    }
}

#[tokio::test]
async fn accepted_drift_outlives_runs_and_later_changes() {
    let mut bench = Bench::new();
    bench.done(&program("a", false)).await;
    bench.cloud.drift("network-0001", "tags", Value::from([("team", "x")]));
    let accepted = bench.session().accept(&program("a", false), &["main".to_owned()]).await.unwrap();
    assert_eq!((accepted[0].path.as_str(), &accepted[0].observed), ("tags.team", &Value::from("x")));
    bench.settings.on_drift = OnDrift::Fail;
    assert!(bench.plan(&program("a", false)).await.unwrap().is_noop());
    // An update hands over what is planned, and leaves what was accepted.
    bench.done(&program("b", false)).await;
    assert_eq!(bench.cloud.things()[0].args.get("tags"), &Value::from([("team", "x")]));
    let plan = bench.plan(&program("b", false)).await.unwrap();
    assert!(plan.is_noop() && plan.notes.len() == 1, "{plan}");
    bench.cloud.drift("network-0001", "tags", Value::from([("team", "y")]));
    let errors = bench.try_up(&program("b", false), &Cancel::new()).await.unwrap_err();
    assert!(errors[0].reason.contains("`tags.team` is \"y\""), "{}", errors[0]);
}
