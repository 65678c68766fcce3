//! `history`, `diff`, `rollback`, `state export`, `state import`.

use serde_json::json;

use super::*;

/// Three deployments: two subnets, one subnet, and back to the first.
fn gone_back() -> Project {
    let project = Project::new();
    expect(project.run("up prod --yes"), exit::DONE, &[], &["done: 3 steps done"]);
    project.configure("cidr_block = \"10.0.0.0/16\"\nsubnets = 1\n");
    expect(project.run("up prod --yes"), exit::DONE, &[], &["- private/subnet-1 (ec2/subnet) deleted"]);
    expect(
        project.run("rollback prod 1 --yes"),
        exit::DONE,
        &["vpc_id = "],
        &["Back to deployment 1 of prod", "+ private/subnet-1 (ec2/subnet) created", "done: 1 step done"],
    );
    project
}

#[test]
fn a_stack_goes_back_and_the_code_of_then_has_nothing_to_do() {
    let project = gone_back();
    assert_eq!(project.cloud.things().len(), 3);
    project.configure("cidr_block = \"10.0.0.0/16\"\nsubnets = 2\n");
    expect(project.run("preview prod --detailed-exitcode"), exit::DONE, &["nothing to do: 3 resources"], &[]);
    expect(project.run("rollback prod 1 --yes"), exit::DONE, &[], &["nothing to do"]);
    expect(
        project.run("rollback prod 9 --yes"),
        exit::BAD_INPUT,
        &[],
        &["there are deployments 1 to 3", "`history` lists them"],
    );
    expect(project.run("rollback prod 2"), exit::REFUSED, &[], &["no terminal to ask on"]);
    let shown = expect(project.run("rollback prod 2 --preview"), exit::DONE, &["- private/subnet-1"], &[]);
    assert!(shown.out.starts_with("Back to deployment 2 of prod"), "{}", shown.out);
    assert_eq!(project.cloud.things().len(), 3, "a preview does nothing");
    expect(project.run("rollback prod 1 --plan x"), exit::BAD_INPUT, &[], &["leave --plan out"]);
}

#[test]
fn the_history_tells_who_did_what_with_which_outcome() {
    let project = gone_back();
    let listed = expect(project.run("history prod"), exit::DONE, &["COMMAND", "rollback 1", "somebody"], &[]);
    let lines: Vec<&str> = listed.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", listed.out);
    assert!(lines[1].starts_with("3 ") && lines[3].starts_with("1 "), "the last one first: {}", listed.out);

    let json: Json = serde_json::from_str(&project.run("history prod --json").1.out).unwrap();
    let commands: Vec<&str> = json.as_array().unwrap().iter().map(|it| it["command"].as_str().unwrap()).collect();
    assert_eq!(commands, ["up", "up", "rollback 1"]);
    assert_eq!(json[1]["steps"], json!({ "done": 1, "failed": 0, "blocked": 0 }));
    assert_ne!(json[0]["program"], json[1]["program"]);

    expect(
        project.run("history show prod 2"),
        exit::DONE,
        &["deployment 2: up", "- delete private/subnet-1", "program"],
        &[],
    );
    let json: Json = serde_json::from_str(&project.run("history show prod 2 --json").1.out).unwrap();
    assert_eq!((&json["plan"][0]["op"], &json["plan"][0]["outcome"]), (&json!("delete"), &json!("done")));
    expect(project.run("history show prod 7"), exit::BAD_INPUT, &[], &["find deployment 7"]);
    for line in ["history prod 2", "history", "history show prod"] {
        expect(project.run(line), exit::BAD_INPUT, &[], &["Usage"]);
    }
}

#[test]
fn a_step_that_failed_stands_in_the_history_with_its_reason() {
    let project = Project::new();
    project.cloud.fail(Fault::new("aws:ec2/subnet", "create", CallClass::Refused).times(2));
    assert_eq!(project.run("up prod --yes").0, exit::FAILED);
    expect(project.run("history prod"), exit::DONE, &["failed", "1 of 3"], &[]);
    expect(
        project.run("history show prod 1"),
        exit::DONE,
        &["+ create private/subnet-0 (ec2/subnet), new failed:"],
        &[],
    );
}

#[test]
fn a_diff_shows_what_came_went_and_changed() {
    let project = gone_back();
    expect(
        project.run("diff prod 1 2"),
        exit::DONE,
        &["- private/subnet-1 (ec2/subnet) deleted", "between 1 and 2: 0 created, 0 updated, 0 replaced, 1 deleted"],
        &[],
    );
    expect(project.run("diff prod 1 1"), exit::DONE, &["nothing differs between deployment 1 and deployment 1"], &[]);
    let json: Json = serde_json::from_str(&project.run("diff prod 2 3 --json").1.out).unwrap();
    assert_eq!(json["rows"][0]["changed"], "created");
    expect(project.run("diff prod 1 8"), exit::BAD_INPUT, &[], &["find deployment 8"]);
}

#[test]
fn a_state_is_exported_and_imported_with_its_history() {
    let project = gone_back();
    let exported = expect(project.run("state export prod"), exit::DONE, &["\"lineage\""], &[]).out;
    assert!(!exported.contains("digest_key"));
    let file = project.folder.path().join("export.json");
    std::fs::write(&file, &exported).unwrap();
    let import = |flags: &str| project.run(&format!("state import prod {} {flags}", file.display()));

    // Into its own store: nothing differs.
    expect(import("--yes"), exit::DONE, &["prod has 3 rows now"], &["nothing was called"]);
    // The import itself made the store newer.
    expect(import("--yes"), exit::REFUSED, &[], &["the store is at commit", "--force imports it"]);
    expect(import("--force"), exit::REFUSED, &[], &["would have 3 rows in place of its 3", "no terminal"]);

    // Into no store at all.
    let store = project.folder.path().join(".formwork/prod");
    let aside = project.folder.path().join("aside");
    std::fs::rename(&store, &aside).unwrap();
    expect(import("--json"), exit::DONE, &["\"secrets_comparable\": false"], &[]);
    project.configure("cidr_block = \"10.0.0.0/16\"\nsubnets = 2\n");
    expect(project.run("preview prod --detailed-exitcode"), exit::DONE, &["nothing to do: 3 resources"], &[]);
    expect(project.run("history prod"), exit::DONE, &["state import", "rollback 1"], &[]);
    expect(project.run("diff prod 1 2"), exit::BAD_INPUT, &[], &["the log was begun anew later"]);

    // Over another lineage.
    std::fs::remove_dir_all(&store).unwrap();
    let other = Project::new();
    expect(other.run("up prod --yes"), exit::DONE, &[], &[]);
    let foreign = |flags: &str| other.run(&format!("state import prod {} {flags}", file.display()));
    expect(foreign("--yes"), exit::REFUSED, &[], &["it is of the lineage", "add --replace-lineage"]);
    expect(foreign("--yes --replace-lineage"), exit::DONE, &["prod has 3 rows now"], &["the former store is"]);
    let lineage = |text: &str| serde_json::from_str::<Json>(text).unwrap()["binding"]["lineage"].clone();
    assert_eq!(lineage(&other.run("state export prod").1.out), lineage(&exported));
}

#[test]
fn a_document_that_is_none_changes_nothing_and_is_named() {
    let project = gone_back();
    let file = project.folder.path().join("export.json");
    let import = |text: &str| {
        std::fs::write(&file, text).unwrap();
        project.run(&format!("state import prod {} --yes", file.display()))
    };
    let before = project.run("state export prod").1.out;
    expect(import("{ \"version\": 1,"), exit::BAD_INPUT, &[], &["it is no JSON: EOF while parsing", "line 1"]);
    expect(import("{}"), exit::BAD_INPUT, &[], &["`version`: it is missing"]);
    expect(
        import(&before.replace("\"version\": 1,", "\"version\": 4,")),
        exit::BAD_INPUT,
        &[],
        &["it is 4, and this build reads 1"],
    );
    expect(
        import(&before.replace("\"project\": \"acme\"", "\"project\": \"other\"")),
        exit::REFUSED,
        &[],
        &["it is of other/prod"],
    );
    expect(
        import(&before.replace("123456789012", "999999999999")),
        exit::REFUSED,
        &[],
        &["it is of the account 999999999999"],
    );
    assert_eq!(project.run("state export prod").1.out, before);
}
