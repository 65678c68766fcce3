//! Credentials that end in the middle of a run, and what they do not allow.

use formwork_emulator::{Action, Fault};
use serde_json::json;

use super::{CONFIG, Project, REGION, Running, WHOLE, code};

fn finish(project: &Project) {
    project.expect("up small --yes", code::DONE);
    assert_eq!(project.standing(), WHOLE);
    project.expect("preview small --detailed-exitcode", code::DONE);
}

/// Lets the call go on that a run is held at, and nothing else.
fn let_go(project: &Project) {
    let (admin, account) = (project.admin(), &project.account.id);
    for held in admin.held(account, std::time::Duration::ZERO).unwrap() {
        admin.remove_fault(account, &held.fault).unwrap();
    }
}

/// What a run says and leaves whose credentials end.
fn resumable(running: Running, project: &Project) {
    let ended = running.end();
    ended.expect(code::INTERRUPTED);
    let next = format!("next: {} up small", env!("CARGO_BIN_EXE_small"));
    ended.says(&["renew the credentials, then run again: it goes on where it stopped", &next]);
    // Nothing was begun after it, and what was made is known.
    assert!(!project.called().contains(&"CreateSubnet".to_owned()));
    assert!(project.rows().to_string().contains("small::main::aws:ec2/vpc"));
}

#[test]
fn credentials_that_expire_stop_a_run_which_the_next_one_finishes() {
    for code in ["ExpiredToken", "RequestExpired"] {
        let project = Project::new();
        let running = project.held_at("up small --yes", "CreateVpc", Action::HoldAfter);
        project.admin().inject(&Fault::error(&project.account.id, code, 403).always()).unwrap();
        let_go(&project);
        resumable(running, &project);
        project.admin().clear_faults(&project.account.id).unwrap();
        finish(&project);
    }
}

#[test]
fn credentials_that_have_expired_before_a_run_are_said_to_have() {
    let project = Project::new();
    project.admin().inject(&Fault::error(&project.account.id, "ExpiredToken", 403).always()).unwrap();
    let ran = project.expect("up small --yes", code::INTERRUPTED);
    ran.says(&["the credentials have expired"]);
    project.admin().clear_faults(&project.account.id).unwrap();
    finish(&project);
}

/// A project whose runs assume a role.
fn with_a_role() -> Project {
    let project = Project::new();
    assuming(&project, CONFIG);
    project
}

fn assuming(project: &Project, config: &str) {
    let account = &project.account.id;
    let aws = format!("[aws]\naccount_id = \"{account}\"\nregion = \"{REGION}\"");
    let role = format!("[aws.assume_role]\narn = \"arn:aws:iam::{account}:role/deployer\"");
    project.write_config(&format!("{config}\n{aws}\n\n{role}\n"));
}

fn over(project: &Project) -> Fault {
    let over = Action::Overlay { path: "Credentials.Expiration".to_owned(), value: json!("2020-01-01T00:00:00Z") };
    Fault::new(&project.account.id, over).operation("AssumeRole").always()
}

fn assumed(project: &Project) -> usize {
    project.called().iter().filter(|operation| *operation == "AssumeRole").count()
}

#[test]
fn a_role_whose_hour_is_over_is_assumed_again() {
    let project = with_a_role();
    project.expect("up small --yes", code::DONE);
    assert_eq!(assumed(&project), 1, "an hour is enough for a run");
    assuming(&project, &CONFIG.replace("[\"10.0.1.0/24\"]", "[\"10.0.1.0/24\", \"10.0.2.0/24\"]"));
    project.admin().inject(&over(&project)).unwrap();
    project.expect("up small --yes", code::DONE);
    assert!(assumed(&project) > 5, "each call finds that the credentials are over");
}

#[test]
fn a_role_that_cannot_be_assumed_again_stops_a_run_which_the_next_one_finishes() {
    let project = with_a_role();
    project.admin().inject(&over(&project)).unwrap();
    let running = project.held_at("up small --yes", "CreateVpc", Action::HoldAfter);
    let refused = Fault::error(&project.account.id, "ExpiredToken", 403).operation("AssumeRole").always();
    project.admin().inject(&refused).unwrap();
    let_go(&project);
    resumable(running, &project);
    project.admin().clear_faults(&project.account.id).unwrap();
    finish(&project);
}

#[test]
fn what_is_not_allowed_fails_its_step_alone_and_names_the_permission() {
    let project = Project::new();
    let denied = Fault::error(&project.account.id, "UnauthorizedOperation", 403).operation("CreateSubnet").always();
    project.admin().inject(&denied).unwrap();
    let ran = project.expect("up small --yes", code::FAILED);
    ran.says(&["ec2:CreateSubnet", "allow the caller this action, then run again"]);
    // What does not hang on it was done.
    assert_eq!(project.standing(), ["aws:ec2/vpc", "aws:logs/log-group", "aws:secretsmanager/secret"]);
    project.admin().clear_faults(&project.account.id).unwrap();
    finish(&project);
}
