//! Plans that are saved and done later; drift that is accepted; names and rows that are changed in the records alone.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Tag;
use formwork_aws::AwsCloud;
use localstack_tests::REGION;
use serde_json::Value;

use super::{CONFIG, Project, WHOLE, code};

/// The stack with a tag on everything.
fn tagged(project: &Project, config: &str) {
    let account = &project.account.id;
    let aws = format!("[aws]\naccount_id = \"{account}\"\nregion = \"{REGION}\"\ndefault_tags = {{ team = \"a\" }}\n");
    project.write_config(&format!("{config}\n{aws}"));
}

/// Writes a tag of a network thing behind Formwork's back.
fn tag(project: &Project, id: &str, key: &str, value: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let aws = AwsCloud::connect(project.account.config()).await.aws().await.unwrap();
        let tag = Tag::builder().key(key).value(value).build();
        aws.ec2().create_tags().resources(id).tags(tag).send().await.unwrap();
    });
}

fn tag_of(project: &Project, id: &str, key: &str) -> Option<String> {
    let things = project.account.resources();
    things.iter().find(|thing| thing.id == id).and_then(|thing| thing.tags.get(key).cloned())
}

fn id_of(project: &Project, path: &str) -> String {
    let rows = project.rows();
    let urn = |row: &&Value| row["urn"].as_str().unwrap().contains(&format!("::{path}::"));
    rows.as_array().unwrap().iter().find(urn).unwrap()["id"].as_str().unwrap().to_owned()
}

/// The truth of the store: its log, and how far it goes.
fn state(project: &Project) -> BTreeMap<&'static str, Vec<u8>> {
    let file = |name: &'static str| (name, std::fs::read(project.path(".formwork/small").join(name)).unwrap());
    ["log", "head"].into_iter().map(file).collect()
}

#[test]
fn a_saved_plan_is_refused_when_what_it_read_has_moved_and_done_when_something_else_has() {
    let project = Project::new();
    tagged(&project, CONFIG);
    project.expect("up small --yes", code::DONE);
    let (vpc, subnet) = (id_of(&project, "main"), id_of(&project, "subnet-0"));
    // The subnet is replaced; of its VPC it reads the id.
    tagged(&project, &CONFIG.replace("10.0.1.0/24", "10.0.9.0/24"));
    project.expect("preview small --save plan.json", code::DONE).says(&["up small --plan plan.json", "or refuses"]);
    assert!(!std::fs::read_to_string(project.path("plan.json")).unwrap().contains("hunter2"));

    tag(&project, &subnet, "team", "b");
    let (before, export) = (state(&project), project.expect("state export small", code::DONE).out);
    project.called();
    let refused = project.expect("up small --plan plan.json", code::REFUSED);
    refused.says(&["what it was made from has moved; nothing was changed", "subnet-0: tags.team was \"a\", is \"b\""]);
    assert!(project.account.news().iter().all(|call| !call.mutating));
    assert_eq!((state(&project), project.expect("state export small", code::DONE).out), (before, export));

    tag(&project, &subnet, "team", "a");
    tag(&project, &vpc, "team", "b");
    let done = project.expect("up small --plan plan.json", code::DONE);
    done.says(&["not in the saved plan, and left as it is: update of main", "done: 2 steps done"]);
    assert_eq!(tag_of(&project, &vpc, "team").as_deref(), Some("b"), "it was not reverted");
    assert_ne!(id_of(&project, "subnet-0"), subnet);
    let preview = project.expect("preview small", code::DONE);
    assert!(preview.out.contains("1 to update, 0 to replace"), "{}", preview.out);

    project.expect("up small --plan plan.json", code::REFUSED).says(&["it was done already, by run 2"]);
    std::fs::write(project.path("torn.json"), "{\"version\": 1,").unwrap();
    project.expect("up small --plan torn.json", code::BAD_INPUT).says(&["torn.json: it is no JSON"]);
}

#[test]
fn the_first_plan_of_a_stack_is_saved_without_its_secrets_and_done_once() {
    let project = Project::new();
    project.expect("preview small --save plan.json", code::DONE);
    let text = std::fs::read_to_string(project.path("plan.json")).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&plan["version"], &plan["read_set"]["lineage"]), (&Value::from(1), &Value::Null));
    project.expect("up small --plan plan.json", code::DONE).says(&["done: 4 steps done"]);
    project.expect("preview small --detailed-exitcode", code::DONE);
    project.expect("up small --plan plan.json", code::REFUSED);
}

#[test]
fn a_saved_plan_is_no_consent() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    project.configure(&CONFIG.replace("retention_in_days = 30\n", ""));
    project.expect("preview small --allow-delete data/events --save plan.json", code::DONE);
    project.expect("up small --plan plan.json", code::REFUSED).says(&["add --allow-delete data/events"]);
    assert_eq!(project.standing(), WHOLE);
    project.expect("up small --plan plan.json --allow-delete data/events", code::DONE).says(&["done: 1 step done"]);
    assert_eq!(project.standing().len(), 3);
}

#[test]
fn accepted_drift_stays_until_it_moves_again() {
    let project = Project::new();
    tagged(&project, CONFIG);
    project.expect("up small --yes", code::DONE);
    let vpc = id_of(&project, "main");
    tag(&project, &vpc, "team", "b");
    project.expect("up small --yes", code::REFUSED).says(&["--on-drift revert"]);
    project.called();
    let accepted = project.expect("accept small main", code::DONE);
    assert_eq!(accepted.out, "main: tags.team stays \"b\" (declared \"a\")\n");
    assert!(project.account.news().iter().all(|call| !call.mutating));

    let preview = project.expect("preview small --detailed-exitcode", code::DONE);
    let notes: Vec<&str> = preview.out.lines().filter(|line| line.starts_with("note:")).collect();
    assert_eq!(notes, ["note: accepted drift stays as it is: main tags.team is \"b\", declared \"a\""]);
    project.expect("up small --yes", code::DONE).says(&["nothing to do"]);
    assert_eq!(tag_of(&project, &vpc, "team").as_deref(), Some("b"));

    tag(&project, &vpc, "team", "c");
    project.expect("up small --yes", code::REFUSED).says(&["`tags.team` is \"c\""]);
    project.expect("up small --yes --on-drift revert", code::DONE).says(&["1 step done"]);
    assert_eq!(tag_of(&project, &vpc, "team").as_deref(), Some("a"));
}

#[test]
fn records_are_renamed_and_forgotten_without_a_call() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    let standing = project.account.listed();
    project.called();
    let renamed = project.expect("state rename small data stores/inner", code::DONE);
    assert_eq!(renamed.out, "data/events is stores/inner/events now\ndata/token is stores/inner/token now\n");
    project.expect("state rename small stores/inner stores", code::DONE);
    assert_eq!(project.called(), [""; 0]);
    project.configure(&format!("component = \"stores\"\n{CONFIG}"));
    let preview = project.expect("preview small --detailed-exitcode", code::DONE);
    assert!(preview.out.contains("nothing to do: 4 resources are as declared"), "{}", preview.out);
    // The tag that names it follows with the next update.
    let token = id_of(&project, "stores/token");
    project.expect("up small --yes", code::DONE).says(&["nothing to do"]);
    assert!(tag_of(&project, &token, "formwork:urn").is_none_or(|urn| urn.contains("::data/token::")));

    project.expect("state forget small main --yes", code::REFUSED).says(&["depend on it: subnet-0", "name these too"]);
    project.expect("state forget small subnet-0", code::REFUSED).says(&["would be forgotten", "no --yes"]);
    let (subnet, forgotten) =
        (id_of(&project, "subnet-0"), project.expect("state forget small subnet-0 --yes", code::DONE));
    assert_eq!(forgotten.out, format!("subnet-0 is forgotten; {subnet} stays in the account\n"));
    assert_eq!(project.account.listed(), standing);
    // What was let go is no stray, though it carries the stack's tag: the program, which still declares it, would make another.
    let preview = project.expect("preview small", code::DONE).out;
    let let_go = format!("{subnet} was let go by this stack");
    assert!(preview.contains("+ subnet-0") && preview.contains(&let_go), "{preview}");
}

#[test]
fn what_is_excluded_is_neither_made_nor_destroyed() {
    let project = Project::new();
    project.expect("up small --yes --exclude data/events subnet-0", code::DONE).says(&["done: 2 steps done"]);
    assert_eq!(project.standing(), ["aws:ec2/vpc", "aws:secretsmanager/secret"]);
    project.expect("up small --yes --exclude data/event", code::BAD_INPUT).says(&["nearest: data/events"]);
    project.expect("up small --yes", code::DONE).says(&["done: 2 steps done"]);
    let destroyed =
        project.expect("destroy small --yes --exclude subnet-0 --allow-delete data/events data/token", code::DONE);
    destroyed.says(&["main (generation 1) stays for now: subnet-0 uses it and is excluded"]);
    let rows = project.rows();
    let urns: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["urn"].as_str().unwrap()).collect();
    assert_eq!(urns, ["small::main::aws:ec2/vpc", "small::subnet-0::aws:ec2/subnet"]);
}
