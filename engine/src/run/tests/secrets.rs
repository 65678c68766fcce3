//! Secrets in runs: kept sealed where there is a key, and in no text of anything.

use super::bench::Bench;
use crate::apply::Cancel;
use crate::error::exit;
use crate::expr::Expr;
use crate::fixtures::*;
use crate::program::{Export, Program};
use crate::run::{Session, Summary};
use crate::seal::{DataKey, Sealer};
use crate::urn::SourceLine;
use crate::value::Value;

const CANARY: &str = "canary-of-the-engine";

fn program() -> Program {
    let mut world = World::new();
    world.add(&DATABASE, "db", [("engine", text("x")), ("password", secret(CANARY))]);
    let mut program = world.program;
    let expr = Expr::Join(vec![text("user:"), secret(CANARY)]);
    program.exports.insert("url".to_owned(), Export { expr, source: SourceLine::here() });
    program
}

fn sealer() -> Sealer {
    Sealer::new(&DataKey::from_bytes(&[7; 32]).unwrap())
}

async fn up(mut session: Session, program: &Program) -> (Session, Summary) {
    let preview = session.preview(program).await.unwrap();
    let summary = session.up(program, preview, &Cancel::new()).await.unwrap();
    assert_eq!(summary.exit_code(), exit::DONE, "{summary:#?}");
    (session, summary)
}

#[tokio::test]
async fn with_a_key_secrets_are_kept_sealed_and_a_run_without_it_leaves_them_so() {
    let (bench, program) = (Bench::new(), program());
    up(bench.session().with_sealer(Some(sealer())), &program).await;
    let state = bench.state();
    let row = state.rows().values().next().unwrap();
    assert_eq!(row.applied.opened(&sealer()).unwrap().get("password").as_text(), Some(CANARY));
    assert_eq!(state.outputs()["url"].opened(&sealer()).unwrap().as_text(), Some("user:canary-of-the-engine"));

    // Nothing to do, with the key and without it.
    let commits = bench.log.commits().len();
    up(bench.session(), &program).await;
    up(bench.session().with_sealer(Some(sealer())), &program).await;
    assert_eq!(bench.log.commits().len(), commits);
    assert_eq!(bench.state(), state);
}

#[tokio::test]
async fn a_key_that_comes_later_seals_the_outputs_with_the_next_run() {
    let (bench, program) = (Bench::new(), program());
    up(bench.session(), &program).await;
    assert!(bench.state().sealed().is_empty());
    up(bench.session().with_sealer(Some(sealer())), &program).await;
    assert!(bench.state().outputs()["url"].opened(&sealer()).unwrap().is_whole());
}

#[tokio::test]
async fn nothing_of_a_run_prints_a_secret() {
    let (bench, program) = (Bench::new(), program());
    let mut session = bench.session().with_sealer(Some(sealer()));
    let preview = session.preview(&program).await.unwrap();
    let saved = preview.to_saved(&session.settings);
    let mut printed = format!("{program:#?} {:#?} {preview:#?} {saved:#?}", preview.graph);
    printed += &format!("{} {}", preview.plan.to_json(), preview.plan);
    let summary = session.up(&program, preview, &Cancel::new()).await.unwrap();
    printed += &format!("{summary:#?} {:#?} {:#?}", bench.state(), bench.log.entries());
    printed += &format!("{:?} {:?}", bench.told.lines(), sealer());
    printed += &serde_json::to_string(&bench.log.entries()).unwrap();
    assert!(printed.contains("(secret)") && !printed.contains(CANARY));
    // The same search finds it where it is asked for.
    let revealed = summary.outputs["url"].as_text().map(str::to_owned);
    assert!(revealed.is_some_and(|url| url.contains(CANARY)));
    assert_ne!(Value::from(CANARY), summary.outputs["url"]);
}
