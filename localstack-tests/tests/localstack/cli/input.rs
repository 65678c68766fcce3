//! What a person gets wrong: named, with what was probably meant, before anything is called.

use super::{CONFIG, Project, code};

#[test]
fn an_unknown_key_is_named_with_the_near_one() {
    let project = Project::new();
    project.configure(&CONFIG.replace("cidr_block", "cidr_blok"));
    let failed = project.expect("preview small", code::BAD_INPUT);
    failed.says(&["stacks/small.toml:1: `cidr_blok`: this key is not known", "did you mean `cidr_block`?"]);
    failed.says(&["`cidr_block`: this key is required and missing"]);
    assert_eq!(project.called(), [""; 0]);
}

#[test]
fn a_missing_value_is_named() {
    let project = Project::new();
    project.configure(&CONFIG.replace("cidr_block = \"10.0.0.0/16\"\n", ""));
    project.expect("up small --yes", code::BAD_INPUT).says(&["`cidr_block`: this key is required and missing"]);

    project.configure(CONFIG);
    let failed = super::run(project.command("up small --yes").env_remove("SMALL_TOKEN"));
    failed.expect(code::BAD_INPUT);
    failed.says(&["`token`: the environment variable SMALL_TOKEN is not set", "--local"]);
    assert_eq!(project.called(), [""; 0]);
}

#[test]
fn an_unknown_stack_is_named_with_the_near_one() {
    let project = Project::new();
    project.expect("up smal --yes", code::BAD_INPUT).says(&["there is no stack `smal`", "did you mean `small`?"]);
    project.expect("preview production", code::BAD_INPUT).says(&["stacks here: app, network, small"]);
    std::fs::remove_file(project.path("stacks/small.toml")).unwrap();
    project.expect("preview small", code::BAD_INPUT).says(&["there is no stacks/small.toml", "--config FILE"]);
    assert_eq!(project.called(), [""; 0]);
}

#[test]
fn an_unknown_target_is_named_with_the_near_one() {
    let project = Project::new();
    for line in ["preview small --target data/event", "up small --yes --target data/event"] {
        let failed = project.expect(line, code::BAD_INPUT);
        failed.says(&["data/event", "data/events"]);
    }
    assert!(project.account.news().iter().all(|call| !call.mutating));
    assert_eq!(project.standing(), [""; 0]);
}

#[test]
fn an_unknown_flag_or_command_is_a_wrong_input() {
    let project = Project::new();
    project.expect("preview small --detailed-exit-code", code::BAD_INPUT).says(&["--detailed-exitcode"]);
    project.expect("previev small", code::BAD_INPUT).says(&["preview"]);
    project.expect("up", code::BAD_INPUT).says(&["<STACK>"]);
    project.expect("output small vpc_ids", code::BAD_INPUT);
    project.expect("schema aws:ec2/vcp", code::BAD_INPUT).says(&["did you mean aws:ec2/vpc?"]);
    assert_eq!(project.called(), [""; 0]);
}
