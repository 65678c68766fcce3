use serde_json::json;

use super::*;
use crate::fixtures::{NETWORK, urn};
use crate::record::{DeploymentEnd, DeploymentStart, Row, RowState, Stored};
use crate::value::Value;

fn start(number: u64) -> Entry {
    Entry::DeploymentStarted(DeploymentStart {
        number,
        started_at: number,
        who: "ada".into(),
        command: "up".into(),
        plan: Vec::new(),
        saved_plan: None,
        program: None,
        steps: Vec::new(),
    })
}

fn end(number: u64) -> Entry {
    Entry::DeploymentEnded(DeploymentEnd {
        number,
        ended_at: number,
        outcome: "done".into(),
        steps: [0; 3],
        calls: BTreeMap::new(),
        troubles: Vec::new(),
    })
}

fn row(name: &str, generation: u32, note: &str) -> Entry {
    let mut row = crate::fixtures::row_of(&crate::plan::Step::empty(
        &urn(&NETWORK, name),
        crate::plan::Op::Create,
        crate::plan::Reason::New,
    ));
    row.uid = crate::urn::Uid::from_text(name.to_owned());
    (row.generation, row.state) = (generation, RowState::Ready);
    row.applied = Stored(json!({ "note": note, "password": { "$secret": note } }));
    Entry::Row(row)
}

fn notes(snapshot: &Snapshot) -> Vec<String> {
    let note = |row: &Row| row.applied.to_value().get("note").as_text().unwrap_or_default().to_owned();
    snapshot.rows().values().map(note).collect()
}

#[test]
fn a_deployment_is_what_was_recorded_until_its_end() {
    let commits = vec![
        vec![start(1)],
        vec![row("a", 1, "first")],
        vec![end(1)],
        // A refresh, and a run that is killed.
        vec![row("a", 1, "seen")],
        vec![start(2)],
        vec![row("a", 1, "second")],
        // What the next one finds of it.
        vec![row("b", 1, "found")],
        vec![start(3), row("a", 1, "third"), end(3)],
        vec![row("a", 1, "later")],
    ];
    let history = History::of(commits);
    let at = |number| notes(&history.at(number).unwrap());
    assert_eq!(at(1), ["first"]);
    assert_eq!(at(2), ["second", "found"]);
    assert_eq!(at(3), ["third", "found"]);
    assert_eq!(notes(history.now()), ["later", "found"]);
    assert!(history.at(4).unwrap_err().to_string().contains("there are deployments 1 to 3"));
}

#[test]
fn of_a_log_that_was_begun_anew_only_what_it_holds_is_told() {
    let commits = vec![vec![row("a", 1, "kept"), start(1), end(1), start(2), end(2)], vec![start(3)], vec![end(3)]];
    let history = History::of(commits);
    let error = history.at(1).unwrap_err();
    assert!(error.to_string().contains("the log was begun anew later"), "{error}");
    assert_eq!(error.hints, ["the first deployment that can be looked at is 2"]);
    assert_eq!(notes(&history.at(2).unwrap()), ["kept"]);
    assert_eq!(notes(&history.at(3).unwrap()), ["kept"]);
}

#[test]
fn two_deployments_differ_by_resource_and_by_field() {
    let before = Snapshot::of(&[row("a", 1, "x"), row("b", 1, "x"), row("c", 1, "x"), row("d", 1, "x")]);
    let mut after = before.clone();
    let gone = Entry::Removed { uid: crate::urn::Uid::from_text("b"), generation: 1, forgotten: false };
    after.fold(&[row("a", 1, "y"), gone, row("c", 2, "x"), row("e", 1, "x")]);
    let outputs = Entry::Outputs { values: [("id".to_owned(), Stored(json!("n-2")))].into() };
    after.fold(&[outputs]);
    let (rows, outputs) = diff(&before, &after);
    let told: Vec<(&str, &str)> = rows.iter().map(|row| (row.urn.path(), row.changed.word())).collect();
    assert_eq!(told, [("a", "updated"), ("b", "deleted"), ("c", "replaced"), ("e", "created")]);
    let fields: Vec<&str> = rows[0].fields.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(fields, ["note", "password"]);
    assert_eq!(rows[0].fields[1].after, Value::Digest("y".into()));
    assert_eq!((outputs[0].path.as_str(), &outputs[0].before), ("id", &Value::Null));
    assert_eq!(diff(&after, &after), (Vec::new(), Vec::new()));
}
