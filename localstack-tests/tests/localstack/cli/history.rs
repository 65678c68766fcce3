//! Going back with the real command line: without the configuration, and without the secrets of then.

use super::{CONFIG, Project, WHOLE, bare, code, run};

#[test]
fn a_stack_goes_back_without_its_configuration_and_its_secrets() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    project.configure(&CONFIG.replace("10.0.1.0/24", "10.0.2.0/24").replace("= 30", "= 90"));
    project.expect("up small --yes", code::DONE);
    let diff = project.expect("diff small 1 2", code::DONE);
    assert!(
        diff.out.contains("~ data/events (logs/log-group) updated\n    retention_in_days: 30 -> 90\n"),
        "{}",
        diff.out
    );
    assert!(diff.out.contains("± subnet-0 (ec2/subnet) replaced"), "{}", diff.out);

    // The secret is not at hand, and need not be: it stays.
    let without_consent = project.expect("rollback small 1 --yes", code::REFUSED);
    without_consent.says(&["add --allow-delete data/events"]);
    let mut back = project.command("rollback small 1 --yes --allow-delete data/events");
    back.env_remove("SMALL_TOKEN");
    let back = run(&mut back);
    back.expect(code::DONE);
    assert!(back.err.contains("Back to deployment 1 of small"), "{}", back.err);
    assert_eq!(project.standing(), WHOLE);
    project.configure(CONFIG);
    project.expect("preview small --detailed-exitcode", code::DONE);

    let history = project.expect("history small", code::DONE);
    assert!(history.out.contains("rollback 1"), "{}", history.out);
    // It needs neither credentials nor the account.
    let mut alone = bare(project.folder.path(), "history show small 3");
    let alone = run(&mut alone);
    alone.expect(code::DONE);
    assert!(
        alone.out.contains("~ update data/events (logs/log-group), declared changed: retention_in_days"),
        "{}",
        alone.out
    );
    project.expect("rollback small 7 --yes", code::BAD_INPUT).says(&["there are deployments 1 to 3"]);
}

#[test]
fn a_secret_that_would_have_to_be_sent_is_refused_by_name_and_nothing_is_begun() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    let mut other = project.command("up small --yes --allow-delete data/token");
    run(other.env("SMALL_TOKEN", "another hunter2")).expect(code::DONE);
    project.called();
    let refused = project.expect("rollback small 1 --yes", code::REFUSED);
    refused.says(&["data/token: `secret_string` is a secret that would have to be sent, and only its digest is kept"]);
    let history = project.expect("history small --json", code::DONE);
    assert_eq!(history.out.matches("\"number\"").count(), 2, "{}", history.out);
}
