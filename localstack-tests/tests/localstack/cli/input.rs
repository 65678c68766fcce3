//! What a person gets wrong: named, with what was probably meant, before anything is called.

use super::{CONFIG, Project, code};

#[test]
fn everything_that_aws_would_refuse_is_said_at_once_before_anything_is_made() {
    let project = Project::new();
    project.configure(&CONFIG.replace("\"10.0.1.0/24\"", "\"10.1.1.0/24\", \"10.0.2.0/30\", \"10.0.2.0/24\""));
    let preview = project.expect("preview small", code::BAD_INPUT);
    assert!(preview.out.contains("to create"), "{}", preview.out);
    let problems = [
        "AWS would refuse this in 3 places; nothing was changed",
        "`cidr_block` 10.1.1.0/24 lies outside of",
        "`cidr_block` is 10.0.2.0/30, and AWS takes prefixes from /16 to /28",
        "`cidr_block` 10.0.2.0/24 shares addresses with 10.0.2.0/30",
    ];
    preview.says(&problems);
    let json = project.expect("preview small --json", code::BAD_INPUT).json();
    assert_eq!(json["problems"].as_array().map(Vec::len), Some(3), "{json:#}");
    assert!(json["problems"][0]["source"].as_str().is_some_and(|source| source.contains("small.rs:")), "{json:#}");
    project.expect("up small --yes", code::BAD_INPUT).says(&problems);
    assert!(project.standing().is_empty());
    let changed: Vec<_> = project.account.news().into_iter().filter(|call| call.mutating).collect();
    assert!(changed.is_empty(), "{changed:?}");
}

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
