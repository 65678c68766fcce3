//! Two stacks, of which one uses what the other has: `app` makes a subnet in the VPC of `network`.

use formwork_emulator::{Action, Fault};
use rustix::process::Signal;

use super::{Project, REGION, Running, code};

const BOTH: [&str; 2] = ["aws:ec2/subnet", "aws:ec2/vpc"];

/// A project with the configuration of both.
fn project() -> Project {
    let project = Project::new();
    configure(&project, "network", "10.0.0.0/16");
    configure(&project, "app", "10.0.1.0/24");
    project
}

fn configure(project: &Project, stack: &str, range: &str) {
    let account = &project.account.id;
    let text = format!("cidr_block = \"{range}\"\n[aws]\naccount_id = \"{account}\"\nregion = \"{REGION}\"\n");
    std::fs::write(project.path(&format!("stacks/{stack}.toml")), text).unwrap();
}

fn deleted(project: &Project) -> Vec<String> {
    project.called().into_iter().filter(|operation| operation.starts_with("Delete")).collect()
}

#[test]
fn a_network_is_not_taken_away_under_the_stack_that_uses_it() {
    let project = project();
    project
        .expect("up app --yes", code::BAD_INPUT)
        .says(&["no run of the stack network", "bring it up first: `up network`"]);
    assert!(project.standing().is_empty());
    project.expect("up network --yes", code::DONE);
    project.expect("up app --yes", code::DONE);
    assert_eq!(project.standing(), BOTH);
    let vpc = project.expect("output network vpc_id", code::DONE).out;
    let subnet = project.account.resources().into_iter().find(|one| one.kind == BOTH[0]).unwrap();
    assert_eq!(subnet.tags["network-of"], "platform");
    for stack in ["network", "app"] {
        project.expect(&format!("preview {stack} --detailed-exitcode"), code::DONE);
    }

    project.called();
    let says = ["failed to delete main: the stack app uses `vpc_id`, which comes from it", "first `destroy app`"];
    project.expect("destroy network --yes --allow-delete main", code::REFUSED).says(&says);
    configure(&project, "network", "10.8.0.0/16");
    project.expect("preview network", code::REFUSED).says(&["failed to replace main: the stack app uses `vpc_id`"]);
    project.expect("up network --yes", code::REFUSED);
    assert_eq!(deleted(&project), Vec::<String>::new());
    assert_eq!(project.expect("output network vpc_id", code::DONE).out, vpc);

    project.expect("destroy app --yes", code::DONE);
    // The next network has another id, and the application is made in that one.
    project.expect("up network --yes", code::DONE);
    configure(&project, "app", "10.8.1.0/24");
    project.expect("up app --yes", code::DONE);
    assert_ne!(project.expect("output network vpc_id", code::DONE).out, vpc);
    project.expect("destroy app --yes", code::DONE);
    project.expect("destroy network --yes", code::DONE);
    assert!(project.standing().is_empty());
    project.expect("up app --yes", code::BAD_INPUT).says(&["it was destroyed, or exports none"]);
}

#[test]
fn a_use_of_which_nothing_was_made_keeps_the_network_until_the_next_run_ends_well() {
    let project = project();
    project.expect("up network --yes", code::DONE);
    let fault = Fault::error(&project.account.id, "InvalidParameterValue", 400).operation("CreateSubnet");
    project.admin().inject(&fault).unwrap();
    let failed = project.run("up app --yes");
    assert_eq!(failed.code, Some(3), "{failed:#?}");
    project.admin().clear_faults(&project.account.id).unwrap();
    project.expect("destroy network --yes", code::REFUSED).says(&["the stack app uses `vpc_id`"]);

    // It is given up: taken back although there is nothing to destroy.
    project.expect("destroy app --yes", code::DONE);
    project.expect("destroy network --yes", code::DONE);
    assert!(project.standing().is_empty());
}

#[test]
fn a_killed_run_holds_what_it_uses_and_the_next_one_goes_on() {
    let project = project();
    project.expect("up network --yes", code::DONE);
    let running = project.held_at("up app --yes", "CreateSubnet", Action::HoldAfter);
    running.signal(Signal::KILL);
    assert_eq!(running.end().code, None);
    project.admin().clear_faults(&project.account.id).unwrap();
    project.expect("destroy network --yes", code::REFUSED).says(&["the stack app uses `vpc_id`"]);
    project.expect("up app --yes", code::DONE);
    assert_eq!(project.standing(), BOTH);
    project.expect("destroy app --yes", code::DONE);
    project.expect("destroy network --yes", code::DONE);
}

#[test]
fn nobody_begins_to_use_a_network_that_is_being_deleted() {
    let project = project();
    project.expect("up network --yes", code::DONE);
    let going: Running = project.held_at("destroy network --yes", "DeleteVpc", Action::HoldBefore);
    let waits = ["its output `vpc_id` is being taken away", "wait for it, or finish it with `up network`"];
    project.expect("up app --yes", code::REFUSED).says(&waits);
    project.admin().clear_faults(&project.account.id).unwrap();
    going.end().expect(code::DONE);
    assert!(project.standing().is_empty());
    project.expect("up app --yes", code::BAD_INPUT).says(&["bring it up first: `up network`"]);
}
