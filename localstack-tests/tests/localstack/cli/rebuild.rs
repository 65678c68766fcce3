//! `state rebuild`, as a process: a store that is gone, one that is damaged, and what it must not take for its own.

use formwork_aws::AwsCloud;

use super::{CONFIG, Project, Ran, WHOLE, code};

fn lose(project: &Project) {
    std::fs::remove_dir_all(project.path(".formwork/small")).unwrap();
}

fn names(ran: &Ran, list: &str) -> Vec<String> {
    let json = ran.json();
    let list = json[list].as_array().unwrap();
    list.iter().map(|one| one["urn"].as_str().unwrap().split("::").nth(1).unwrap().to_owned()).collect()
}

#[test]
fn a_lost_store_is_made_anew_and_nothing_is_changed() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    let rows = project.rows();
    project.account.news();
    lose(&project);
    project.expect("preview small", code::REFUSED).says(&["the store is empty", "`state rebuild small`"]);

    // Without a yes it is only shown.
    let shown = project.expect("state rebuild small", code::REFUSED);
    assert!(
        shown.out.contains("To record: 4 resources of lineage") && shown.out.contains("data/token: secret_string"),
        "{}",
        shown.out
    );
    shown.says(&["there is no terminal to ask on, and no --yes"]);
    let proposed = project.expect("state rebuild small --json", code::DONE);
    assert_eq!((proposed.json()["recorded"].as_bool(), names(&proposed, "rows").len()), (Some(false), 4));
    assert!(project.rows().as_array().unwrap().is_empty());

    project.expect("state rebuild small --yes", code::DONE).says(&["4 resources are recorded"]);
    assert_eq!(project.rows(), rows);
    project.expect("preview small --detailed-exitcode", code::DONE);
    let again = project.expect("state rebuild small --yes", code::DONE);
    assert!(again.out.contains("everything that was found is recorded already"), "{}", again.out);
    assert!(project.account.news().iter().all(|call| !call.mutating));
    assert_eq!(project.standing(), WHOLE);
    project.expect("destroy small --yes --allow-delete data/events data/token", code::DONE);
}

#[test]
fn what_is_tagged_and_not_declared_is_recorded_and_deleted_in_sight() {
    let project = Project::new();
    project.configure(&CONFIG.replace("[\"10.0.1.0/24\"]", "[\"10.0.1.0/24\", \"10.0.2.0/24\"]"));
    project.expect("up small --yes", code::DONE);
    lose(&project);
    // The program of now declares one subnet less, and another value.
    project.configure(&CONFIG.replace("retention_in_days = 30", "retention_in_days = 60"));
    let ran = project.expect("state rebuild small --yes --json", code::DONE);
    let undeclared: Vec<serde_json::Value> =
        ran.json()["rows"].as_array().unwrap().iter().filter(|row| row["declared"] == false).cloned().collect();
    assert_eq!(undeclared.len(), 1, "{}", ran.out);
    assert!(undeclared[0]["urn"].as_str().unwrap().contains("subnet-1"));

    let up = project.expect("up small --yes --allow-delete data/events", code::DONE);
    up.says(&["retention_in_days: 30 → 60", "done: 2 steps done"]);
    assert_eq!(project.standing(), WHOLE);
}

#[test]
fn without_any_tag_of_the_stack_nothing_is_its_own() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    project.expect("destroy small --yes --allow-delete data/events data/token", code::DONE);
    lose(&project);
    let refused = project.expect("state rebuild small --yes", code::REFUSED);
    refused.says(&["nothing in the account carries the tag of tests/small", "check account, region"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn things_of_two_stores_are_told_apart() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    let (rows, first) = (project.rows(), lineage(&project));
    // A colleague's store has made a VPC for the same stack.
    let aws = AwsCloud::connect(project.account.config()).await.aws().await.unwrap();
    let marks =
        [("formwork:stack", "tests/small:0123"), ("formwork:id", "77"), ("formwork:urn", "small::main::aws:ec2/vpc")];
    let tags = marks.map(|(key, value)| aws_sdk_ec2::types::Tag::builder().key(key).value(value).build());
    let made = aws.ec2().create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap();
    let theirs = made.vpc.unwrap().vpc_id.unwrap();
    aws.ec2().create_tags().resources(&theirs).set_tags(Some(tags.to_vec())).send().await.unwrap();
    lose(&project);

    let refused = project.expect("state rebuild small --yes", code::REFUSED);
    refused.says(&["made out of several stores", &first, &format!("0123 ({theirs})"), "--lineage LINEAGE"]);
    let wrong = project.expect("state rebuild small --yes --lineage 4567", code::REFUSED);
    wrong.says(&["nothing carries the lineage 4567"]);
    project.expect(&format!("state rebuild small --yes --lineage {first}"), code::DONE);
    assert_eq!((project.rows(), lineage(&project)), (rows, first));
    let bound = project.expect("state rebuild small --yes --lineage 0123", code::REFUSED);
    bound.says(&["the store is of the lineage", "leave --lineage out"]);

    // Two things under the tag of one resource: nobody can tell which is the living one.
    let stack =
        aws_sdk_ec2::types::Tag::builder().key("formwork:stack").value(format!("tests/small:{}", lineage(&project)));
    aws.ec2().create_tags().resources(&theirs).tags(stack.build()).send().await.unwrap();
    lose(&project);
    let twice = project.expect("state rebuild small --yes", code::REFUSED);
    twice.says(&["several things carry its tag", &theirs, "delete the one that is not wanted"]);
}

fn lineage(project: &Project) -> String {
    let ran = project.expect("state export small", code::DONE);
    ran.json()["binding"]["lineage"].as_str().unwrap().to_owned()
}

#[test]
fn a_damaged_store_goes_on_with_what_is_left_and_finds_the_rest() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    let rows = project.rows();
    let log = project.path(".formwork/small/log");
    let whole = std::fs::read(&log).unwrap();
    // Neither view nor log knows the last commits.
    std::fs::remove_dir_all(project.path(".formwork/small/view")).unwrap();
    std::fs::write(&log, &whole[..whole.len() / 2]).unwrap();
    project.expect("state list small", code::BAD_INPUT).says(&["are missing from", "state rebuild small"]);
    project.expect("state rebuild small", code::REFUSED).says(&["no terminal to ask on"]);
    assert_eq!(std::fs::read(&log).unwrap().len(), whole.len() / 2);
    // What was cut off may have been the end of a step: that is resolved first, and finished by the next `up`.
    project.expect("state rebuild small --yes", code::DONE).says(&["from the log before its damage", "are lost"]);
    let ids = |rows: &serde_json::Value| {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(ids(&project.rows()), ids(&rows));
    project.expect("up small --yes", code::DONE);
    assert_eq!(project.rows(), rows);
    project.expect("preview small --detailed-exitcode", code::DONE);

    // Nothing at all is left.
    std::fs::remove_dir_all(project.path(".formwork/small/view")).unwrap();
    std::fs::write(&log, "").unwrap();
    project.expect("state rebuild small --yes", code::DONE).says(&["nothing is left of the records", "was kept as"]);
    assert_eq!(project.rows(), rows);
    project.expect("preview small --detailed-exitcode", code::DONE);
}
